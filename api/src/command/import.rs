//! `diligence import`.

use std::{
    fs,
    io::{self, IsTerminal as _, Read as _, Write as _},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use clap::{Args, ValueEnum, builder::PossibleValue};
use diligence_entities::{
    ahead::{self, Ahead as _, Opened},
    error::Error,
    import::Verdict,
    organisation::Organisation,
    recipe::{self, DateStyle, Recipe},
    scope::Store,
    stored::from_word,
};
use diligence_questionnaires::{
    cells,
    spreadsheet::{OfFile, Source as _},
};
use serde::de::DeserializeOwned;

use super::{Failure, Whose, block_on, console, open_with, print};
use crate::{
    config::DatabaseFlags,
    import_reader::{
        self, FileRows, ImportQuery, ImportQuestion, ImportReport, Intake, JsonRows, Noun, ProductImport,
        SupplierImport,
    },
    json,
    payload::{self, FILE_LIMIT, IMPORT_LIMIT},
    problem::{Problem, Type},
};

const EXAMPLES: &str = "\
The columns of a file of our own are those of `diligence export`, any of them in any order. A row is about the supplier or
product of its id, else of its identifiers, else of its name (a product: of its supplier and name), else about a new one.
Columns that are not there stay as they are, empty cells clear. All rows or none, unless --only-good is said.

Anybody else's file (CSV, TSV, JSON, JSON lines, XLSX, XLSB, XLS, ODS) is read by a recipe, or by --map, which is short for one:
only mapped columns count, empty cells and words such as N/A say nothing, rows about the same are put together. What the file
is, and how its dates are written, is found and said; what cannot be found is asked, and answered with --answer.

Examples:
  diligence import suppliers suppliers.csv --organisation \"Our council\" --dry-run
  diligence import suppliers list.xlsx --organisation \"Our council\" --map Vendor=name,Owner=owner --dry-run
  diligence import suppliers list.xlsx --organisation \"Our council\" --recipe list.yaml --only-good --refused to-mend.csv

  The companies in NHS England's list of organisations in the Data Security and Protection Toolkit, with their status as
  evidence. Some of its codes are no ODS codes: those are kept as local ones.

  diligence import suppliers dspt_organisations_2019-06-17.csv --organisation \"Our council\" --dates dmy \\
    --where PrimarySector=Company \\
    --map OrganisationName=name \\
    --map 'ODSCode=identifiers:GB-NHS|LOCAL' \\
    --map PublicationStatus=evidence.dspt.statement \\
    --map DateOfPublication=evidence.dspt.issued_on";

/// How many changes a dry run tells.
const TOLD_CHANGES: usize = 200;

#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Command {
    /// What is in the file
    noun: What,
    /// The file, whatever kind it is; - for standard input; the archive of everything
    file: PathBuf,
    #[command(flatten)]
    whose: Whose,
    /// Only say what would happen
    #[arg(long)]
    dry_run: bool,
    /// How the file becomes rows: the key of a recipe, or a file with one
    #[arg(long, value_name = "KEY|FILE")]
    recipe: Option<String>,
    /// For a file with other column names: its columns and our fields, with commas between, or given several times
    #[arg(long, value_name = "COLUMN=OURS")]
    map: Vec<String>,
    /// Only rows whose columns say this; COLUMN~TEXT has it somewhere, COLUMN^=TEXT at its beginning, COLUMN!=TEXT not
    #[arg(long = "where", value_name = "COLUMN=TEXT")]
    only: Vec<String>,
    /// How dates are written: iso, dmy, mdy or ymd [default: found in each column]
    #[arg(long, value_parser = one_of::<DateStyle>, value_name = "STYLE")]
    dates: Option<DateStyle>,
    /// The sheet of a workbook
    #[arg(long, value_name = "NAME")]
    sheet: Option<String>,
    /// The line or row of the names of the columns, or none
    #[arg(long, value_name = "LINE")]
    header: Option<String>,
    /// The encoding of a text file, such as windows-1252
    #[arg(long, value_name = "LABEL")]
    encoding: Option<String>,
    /// Empty cells of mapped columns clear their field
    #[arg(long)]
    clears: bool,
    /// An answer to a question of a dry run
    #[arg(long, value_name = "KEY=ANSWER")]
    answer: Vec<String>,
    /// Bring in the good rows, and leave those out that are refused or ask something
    #[arg(long)]
    only_good: bool,
    /// Write the rows that are refused or ask something to this file, as CSV, with the reason beside each
    #[arg(long, value_name = "FILE")]
    refused: Option<PathBuf>,
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
        const ALL: [What; 11] = [
            What::Rows(Noun::Suppliers),
            What::Rows(Noun::Products),
            What::Rows(Noun::Dependencies),
            What::Rows(Noun::Contacts),
            What::Rows(Noun::Contracts),
            What::Rows(Noun::Evidence),
            What::Rows(Noun::Incidents),
            What::Rows(Noun::Risks),
            What::Rows(Noun::Decisions),
            What::Rows(Noun::Reviews),
            What::Everything,
        ];
        &ALL
    }
    fn to_possible_value(&self) -> Option<PossibleValue> {
        let (name, help) = match self {
            Self::Rows(Noun::Suppliers) => ("suppliers", "Suppliers, with their contacts, contracts and evidence"),
            Self::Rows(Noun::Products) => ("products", "Products, with the profile of their AI"),
            Self::Rows(Noun::Dependencies) => ("dependencies", "Who depends on whom"),
            Self::Rows(Noun::Contacts) => ("contacts", "Contacts of suppliers"),
            Self::Rows(Noun::Contracts) => ("contracts", "Contracts with suppliers"),
            Self::Rows(Noun::Evidence) => ("evidence", "Evidence, without its files"),
            Self::Rows(Noun::Incidents) => ("incidents", "Incidents"),
            Self::Rows(Noun::Risks) => ("risks", "Risks, with their actions"),
            Self::Rows(Noun::Decisions) => ("decisions", "Decisions of before, with their conditions"),
            Self::Rows(Noun::Reviews) => ("reviews", "Reviews that were done, and the next"),
            Self::Everything => ("everything", "A whole register, into one in which there is nothing yet"),
        };
        Some(PossibleValue::new(name).help(help))
    }
}

fn one_of<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    from_word(text).ok_or_else(|| format!("there is no {text:?} here"))
}

/// What came of it.
struct Done {
    report: ImportReport,
    /// What the rows that are left out would have come to, where only the good ones came in.
    left_out: Option<ImportReport>,
    file_rows: FileRows,
    /// The organisation, where it is new.
    made: Option<String>,
}

pub(super) fn run(command: Command) -> Result<(), Failure> {
    if matches!(command.noun, What::Everything) {
        return everything(command);
    }
    let Command {
        noun, file, whose, dry_run, recipe, map, only, dates, sheet, header, encoding, clears, answer, ..
    } = &command;
    let What::Rows(noun) = noun else { return Ok(()) };
    let join = |list: &[String]| (!list.is_empty()).then(|| list.join(","));
    let query = ImportQuery {
        dry_run: Some(*dry_run),
        map: join(map),
        r#where: join(only),
        dates: *dates,
        recipe: recipe.clone(),
        sheet: sheet.clone(),
        header: header.clone(),
        encoding: encoding.clone(),
        answers: join(answer),
        clears: clears.then_some(true),
    };
    let is_json = file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    let done = block_on(async {
        let store = open_with(command.database.clone()).await?;
        let organisation = whose.find(&store).await?;
        let named = named_recipe(&store, organisation.as_ref(), recipe.as_deref(), file).await?;
        let has_rows = is_json && matches!(noun, Noun::Suppliers | Noun::Products);
        let intake = if has_rows && query.map.is_none() && query.recipe.is_none() {
            let bytes = read(file)?;
            match noun {
                Noun::Products => rows::<ProductImport>(&bytes, &query),
                _ => rows::<SupplierImport>(&bytes, &query),
            }
        } else {
            of_file(*noun, file, &query, named)
        };
        let intake = intake.map_err(|problem| refused(file, &query.told(problem)))?;
        let file_name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        bring_in(&store, organisation, whose, intake.called(&file_name), command.only_good && !dry_run).await
    })?;
    tell(&done, command.refused.as_deref())
}

fn everything(command: Command) -> Result<(), Failure> {
    let Command {
        file,
        whose,
        dry_run,
        recipe,
        map,
        only,
        dates,
        sheet,
        header,
        encoding,
        clears,
        answer,
        only_good,
        refused,
        ..
    } = command;
    let is_told = !map.is_empty() || !only.is_empty() || !answer.is_empty() || only_good || clears || dates.is_some();
    let words = [recipe, sheet, header, encoding];
    if is_told || words.iter().any(Option::is_some) || refused.is_some() {
        return Err(Failure::usage("everything is imported as it is: only --dry-run can be said of it"));
    }
    super::archive::import(&file, whose, dry_run, command.database)
}

/// Works it out, and does it.
async fn bring_in(
    store: &Store,
    organisation: Option<Organisation>,
    whose: &Whose,
    mut intake: Intake,
    only_good: bool,
) -> Result<Done, Failure> {
    let file_rows = intake.file_rows();
    let Some(organisation) = organisation else {
        // It is made with its rows or not at all: not by a dry run, nor where a row is refused.
        let (organisation, writer) = whose.begin(store).await?;
        let left_out = if only_good {
            let trial = intake.as_trial();
            let plan = ahead::within(&writer, &trial).await?;
            Some(without_bad(&mut intake, trial.run(plan, None).await?))
        } else {
            None
        };
        let plan = ahead::within(&writer, &intake).await?;
        let report = intake.run(plan, Some(&writer)).await?;
        if report.applied {
            writer.save().await?;
        }
        return Ok(Done { report, left_out, file_rows, made: Some(organisation.name) });
    };
    let scope = console(&organisation.id);
    let left_out = if only_good {
        let trial = intake.as_trial();
        let plan = trial.plan(&store.read(&scope).await?).await?;
        Some(without_bad(&mut intake, trial.run(plan, None).await?))
    } else {
        None
    };
    let Opened { plan, writer, .. } = ahead::open(store, &scope, &intake).await?;
    let report = intake.run(plan, writer.as_ref()).await?;
    if let Some(writer) = writer {
        writer.save().await?;
    }
    Ok(Done { report, left_out, file_rows, made: None })
}

fn without_bad(intake: &mut Intake, trial: ImportReport) -> ImportReport {
    intake.leave_out(&trial.bad_rows());
    trial
}

/// The recipe of a file, or of a key.
async fn named_recipe(
    store: &Store,
    organisation: Option<&Organisation>,
    named: Option<&str>,
    file: &Path,
) -> Result<Option<Recipe>, Failure> {
    let Some(named) = named else { return Ok(None) };
    let path = Path::new(named);
    let is_file = path.extension().is_some_and(|end| ["yaml", "yml", "json"].iter().any(|known| end == *known));
    if is_file || path.components().count() > 1 {
        let text =
            fs::read_to_string(path).map_err(|error| Failure::refused(format!("{named} cannot be read: {error}")))?;
        return recipe::parse(&text).map(Some).map_err(|faults| refused(path, &Problem::invalid(faults)));
    }
    let found = match organisation {
        Some(organisation) => recipe::resolve(&store.read(&console(&organisation.id)).await?, named).await,
        None => recipe::built_in(named).map(|built_in| built_in.recipe().clone()).ok_or(Error::NotFound),
    };
    match found {
        Err(Error::NotFound) => {
            let sentence =
                format!("{}: there is no recipe {named:?} here, nor one that comes with the program", file.display());
            Err(Failure::refused(sentence))
        }
        found => Ok(Some(found?)),
    }
}

fn too_large(path: &Path, limit: usize) -> Failure {
    Failure::refused(format!("{} is larger than {limit} bytes: import it in parts", path.display()))
}

fn unreadable(path: &Path) -> impl Fn(io::Error) -> Failure {
    let path = path.display().to_string();
    move |error| Failure::refused(format!("{path} cannot be read: {error}"))
}

/// The file, to be read as often as that is wanted; standard input is kept for that.
fn open_file(path: &Path) -> Result<OfFile, Failure> {
    let file = if path.as_os_str() == "-" {
        let mut kept = tempfile::tempfile().map_err(unreadable(path))?;
        io::copy(&mut io::stdin().lock().take(FILE_LIMIT as u64 + 1), &mut kept).map_err(unreadable(path))?;
        kept
    } else {
        fs::File::open(path).map_err(unreadable(path))?
    };
    let file = OfFile::new(file).map_err(unreadable(path))?;
    if file.len() > FILE_LIMIT as u64 { Err(too_large(path, FILE_LIMIT)) } else { Ok(file) }
}

fn of_file(noun: Noun, path: &Path, query: &ImportQuery, named: Option<Recipe>) -> Result<Intake, Problem> {
    let recipe = query.recipe(noun, named).map_err(Problem::invalid)?;
    let answers = import_reader::answers(query.answers.as_deref()).map_err(Problem::invalid)?;
    let file = open_file(path).map_err(|failure| Problem::new(Type::Malformed, failure.to_string()))?;
    let (is_watched, mut told_at) = (io::stderr().is_terminal(), Instant::now());
    let mut is_told = false;
    let intake = Intake::of_file_telling(noun, &file, Some(&recipe), &answers, query.dry_run == Some(true), |count| {
        if is_watched && told_at.elapsed() >= Duration::from_secs(1) {
            (told_at, is_told) = (Instant::now(), true);
            let _ = write!(io::stderr(), "\r{count} rows read");
        }
    });
    if is_told {
        let _ = writeln!(io::stderr());
    }
    intake
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let limit = IMPORT_LIMIT as u64 + 1;
    fs::File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes)).map_err(unreadable(path))?;
    if bytes.len() > IMPORT_LIMIT { Err(too_large(path, IMPORT_LIMIT)) } else { Ok(bytes) }
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

/// What the file is, what became of the rows, and of the organisation where it is new.
fn tell(done: &Done, refused: Option<&Path>) -> Result<(), Failure> {
    let Done { report, left_out, file_rows, made } = done;
    // Of those that are left out, it is said why.
    let judged = left_out.as_ref().unwrap_or(report);
    for row in &judged.rows {
        for error in &row.errors {
            complain(&error.sentence());
        }
    }
    for question in &judged.questions {
        complain(&asked(question));
    }
    if judged.questions.iter().filter(|question| question.key.starts_with("same:")).count() > 1 {
        complain("If all of these are new ones:\n  --answer 'same:*=new'");
    }
    let mut text = String::new();
    for sentence in report.recognised.iter().flat_map(|found| &found.sentences) {
        text.push_str(&format!("{sentence}\n"));
    }
    if report.dry_run {
        text.push_str(&changes(report));
    }
    let ImportReport { row_count, created_count, changed_count, unchanged_count, refused_count, .. } = report;
    let asked = match report.rows.iter().filter(|row| row.verdict == Verdict::Question).count() {
        0 => String::new(),
        count => format!(", {count} asked about"),
    };
    text.push_str(&format!(
        "{row_count} rows: {created_count} new, {changed_count} changed, {unchanged_count} unchanged, {refused_count} refused{asked}\n"
    ));
    let ImportReport { evidence_created_count, evidence_changed_count, question_count, .. } = report;
    if evidence_created_count + evidence_changed_count > 0 {
        text.push_str(&format!("evidence: {evidence_created_count} new, {evidence_changed_count} changed\n"));
    }
    if let Some(name) = made.as_ref().filter(|_| *refused_count == 0 && *question_count == 0) {
        text.push_str(&format!("organisation: {name:?} is new\n"));
    }
    let left_count = left_out.as_ref().map_or(0, |trial| trial.bad_rows().len());
    match left_count {
        0 => {}
        1 => text.push_str("1 row stays out, as it is said above\n"),
        count => text.push_str(&format!("{count} rows stay out, as it is said above\n")),
    }
    if let Some(path) = refused.filter(|_| !judged.bad_rows().is_empty()) {
        let written = file_rows.refused(judged);
        fs::write(path, format!("{}{written}", cells::BYTE_ORDER_MARK))
            .map_err(|error| Failure::other(format!("{} cannot be written: {error}", path.display())))?;
        text.push_str(&format!("to be mended: {}\n", path.display()));
    }
    if report.dry_run {
        text.push_str("a dry run: nothing was changed\n");
    }
    print(&text)?;
    match (*refused_count, *question_count) {
        (0, 0) => Ok(()),
        (1, _) => Err(Failure::refused("1 row was refused; nothing was changed")),
        (0, 1) => Err(Failure::refused("1 question has no answer yet; nothing was changed")),
        (0, count) => Err(Failure::refused(format!("{count} questions have no answer yet; nothing was changed"))),
        (count, _) => Err(Failure::refused(format!("{count} rows were refused; nothing was changed"))),
    }
}

/// What would be changed, field by field, as far as that can be read.
fn changes(report: &ImportReport) -> String {
    let said =
        |value: &Option<String>| value.as_ref().map_or_else(|| "nothing".to_owned(), |value| format!("{value:?}"));
    let all = report.rows.iter().flat_map(|row| row.changes.iter().map(move |change| (row, change)));
    let (mut text, mut count) = (String::new(), 0_usize);
    for (row, change) in all {
        count += 1;
        if count <= TOLD_CHANGES {
            let place = row.line.map_or_else(|| format!("row {}", row.row), |line| format!("line {line}"));
            let name = row.name.as_ref().map(|name| format!(", {name:?}")).unwrap_or_default();
            text.push_str(&format!(
                "{place}{name}: {} from {} to {}\n",
                change.field,
                said(&change.before),
                said(&change.after)
            ));
        }
    }
    if count > TOLD_CHANGES {
        text.push_str(&format!("and {} more changes\n", count - TOLD_CHANGES));
    }
    text
}

/// A question, and how to answer it.
fn asked(question: &ImportQuestion) -> String {
    let mut text = question.question.clone();
    let key = question.key.replace('\\', "\\\\").replace(',', "\\,").replace('=', "\\=");
    if question.choices.is_empty() {
        text.push_str(&format!("\n  --answer '{key}=ANSWER'"));
    }
    for choice in &question.choices {
        text.push_str(&format!("\n  --answer '{key}={}': {}", choice.answer, choice.meaning));
    }
    text
}

fn complain(sentence: &str) {
    let _ = writeln!(io::stderr(), "{sentence}");
}
