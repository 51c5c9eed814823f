//! `diligence import`.

use std::{
    fs,
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum, builder::PossibleValue};
use diligence_entities::ahead::{self, Opened};
use serde::de::DeserializeOwned;

use super::{Failure, Whose, block_on, console, open_with, print};
use crate::{
    config::DatabaseFlags,
    import_reader::{DateStyle, ImportQuery, ImportReport, Intake, JsonRows, Noun, ProductImport, SupplierImport},
    json,
    payload::{self, IMPORT_LIMIT},
    problem::Problem,
};

const EXAMPLES: &str = "\
The columns are those of `diligence export`, any of them in any order, named in the first line. A row is about the supplier
or product of its id, else of its identifiers (a product: of its supplier and name), else about a new one. Columns that are
not there stay as they are, empty cells clear. All rows or none.

Examples:
  diligence import suppliers suppliers.csv --organisation \"Our council\" --dry-run

  The companies in NHS England's list of organisations in the Data Security and Protection Toolkit, with their status as
  evidence. Some of its codes are no ODS codes: those are kept as local ones.

  diligence import suppliers dspt_organisations_2019-06-17.csv --organisation \"Our council\" --dates dmy \\
    --where PrimarySector=Company \\
    --map OrganisationName=name \\
    --map 'ODSCode=identifiers:GB-NHS|LOCAL' \\
    --map PublicationStatus=evidence.dspt.statement \\
    --map DateOfPublication=evidence.dspt.issued_on";

#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Command {
    /// What is in the file
    noun: What,
    /// CSV, or JSON where its name ends in .json; - for CSV from standard input; the archive of everything
    file: PathBuf,
    #[command(flatten)]
    whose: Whose,
    /// Only say what would happen
    #[arg(long)]
    dry_run: bool,
    /// For a file with other column names: its columns and our fields, with commas between, or given several times
    #[arg(long, value_name = "COLUMN=OURS")]
    map: Vec<String>,
    /// Only rows whose columns say this
    #[arg(long = "where", value_name = "COLUMN=TEXT")]
    only: Vec<String>,
    /// How dates are written
    #[arg(long, value_enum, value_name = "STYLE")]
    dates: Option<DateStyle>,
    #[command(flatten)]
    database: DatabaseFlags,
}

/// What is brought in.
#[derive(Clone, Copy, Debug)]
enum What {
    /// Rows of a noun.
    Rows(Noun),
    /// A whole register, out of the archive that `diligence export everything` made.
    Everything,
}

impl ValueEnum for What {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Rows(Noun::Suppliers), Self::Rows(Noun::Products), Self::Everything]
    }
    fn to_possible_value(&self) -> Option<PossibleValue> {
        match self {
            Self::Rows(noun) => noun.to_possible_value(),
            Self::Everything => {
                Some(PossibleValue::new("everything").help("A whole register, into one in which there is nothing yet"))
            }
        }
    }
}

pub(super) fn run(command: Command) -> Result<(), Failure> {
    let Command { noun, file, whose, dry_run, map, only, dates, database } = command;
    let What::Rows(noun) = noun else {
        if !map.is_empty() || !only.is_empty() || dates.is_some() {
            return Err(Failure::usage("everything is brought in as it is: without --map, --where or --dates"));
        }
        return super::archive::import(&file, whose, dry_run, database);
    };
    let join = |list: Vec<String>| (!list.is_empty()).then(|| list.join(","));
    let query = ImportQuery { dry_run: Some(dry_run), map: join(map), r#where: join(only), dates };
    let bytes = read(&file)?;
    let is_json = file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    let intake = match (is_json, noun) {
        (false, noun) => Intake::of_file(noun, &bytes, &query),
        (true, Noun::Suppliers) => rows::<SupplierImport>(&bytes, &query),
        (true, Noun::Products) => rows::<ProductImport>(&bytes, &query),
    };
    let intake = intake.map_err(|problem| refused(&file, &problem))?;
    let (report, made) = block_on(async {
        let store = open_with(database).await?;
        let Some(organisation) = whose.find(&store).await? else {
            // It is made with its rows or not at all: not by a dry run, nor where a row is refused.
            let (organisation, writer) = whose.begin(&store).await?;
            let plan = ahead::within(&writer, &intake).await?;
            let report = intake.run(plan, Some(&writer)).await?;
            if report.applied {
                writer.save().await?;
            }
            return Ok((report, Some(organisation.name)));
        };
        let Opened { plan, writer, .. } = ahead::open(&store, &console(&organisation.id), &intake).await?;
        let report = intake.run(plan, writer.as_ref()).await?;
        if let Some(writer) = writer {
            writer.save().await?;
        }
        Ok((report, None))
    })?;
    tell(&report, made.as_deref())
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let limit = IMPORT_LIMIT as u64 + 1;
    let done = if path.as_os_str() == "-" {
        std::io::stdin().lock().take(limit).read_to_end(&mut bytes)
    } else {
        fs::File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes))
    };
    done.map_err(|error| Failure::refused(format!("{} cannot be read: {error}", path.display())))?;
    if bytes.len() > IMPORT_LIMIT {
        return Err(Failure::refused(format!(
            "{} is larger than {IMPORT_LIMIT} bytes: import it in parts",
            path.display()
        )));
    }
    Ok(bytes)
}

fn rows<R: JsonRows + DeserializeOwned + schemars::JsonSchema + validator::Validate + 'static>(
    bytes: &[u8],
    query: &ImportQuery,
) -> Result<Intake, Problem> {
    let value =
        json::parse(bytes).map_err(|malformed| Problem::new(crate::problem::Type::Malformed, malformed.detail))?;
    Intake::of_rows(payload::accept::<R>(value)?, query)
}

/// Every fault of the file as a whole on standard error, and the sentence that ends it.
fn refused(path: &Path, problem: &Problem) -> Failure {
    if let [_, _, ..] = problem.errors.as_slice() {
        for fault in &problem.errors {
            let flag =
                fault.pointer.strip_prefix('?').map_or_else(|| fault.pointer.clone(), |name| format!("--{name}"));
            complain(&if flag.is_empty() { fault.detail.clone() } else { format!("{flag}: {}", fault.detail) });
        }
        return Failure::refused(format!("{} was refused; nothing was changed", path.display()));
    }
    Failure::refused(format!(
        "{}: {}",
        path.display(),
        problem.detail.replacen('?', "--", usize::from(problem.detail.starts_with('?')))
    ))
}

/// What became of the rows, and of the organisation where it is new.
fn tell(report: &ImportReport, made: Option<&str>) -> Result<(), Failure> {
    let ImportReport {
        dry_run,
        row_count,
        created_count,
        changed_count,
        unchanged_count,
        refused_count,
        evidence_created_count,
        evidence_changed_count,
        ..
    } = report;
    for row in &report.rows {
        for error in &row.errors {
            complain(&error.sentence(row.row, row.line));
        }
    }
    let mut text = format!(
        "{row_count} rows: {created_count} new, {changed_count} changed, {unchanged_count} unchanged, {refused_count} refused\n"
    );
    if evidence_created_count + evidence_changed_count > 0 {
        text.push_str(&format!("evidence: {evidence_created_count} new, {evidence_changed_count} changed\n"));
    }
    if let Some(name) = made.filter(|_| *refused_count == 0) {
        text.push_str(&format!("organisation: {name:?} is new\n"));
    }
    if *dry_run {
        text.push_str("a dry run: nothing was changed\n");
    }
    print(&text)?;
    match refused_count {
        0 => Ok(()),
        1 => Err(Failure::refused("1 row was refused; nothing was changed")),
        count => Err(Failure::refused(format!("{count} rows were refused; nothing was changed"))),
    }
}

fn complain(sentence: &str) {
    let _ = writeln!(std::io::stderr(), "{sentence}");
}
