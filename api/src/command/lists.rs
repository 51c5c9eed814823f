//! `diligence lists`.

use std::{fs::File, path::Path, sync::Arc};

use clap::Subcommand;
use diligence_entities::{
    ahead::{self, Opened},
    clock::Day,
    published_list::{PublishedList, Refresh, RefreshReport},
    stored::word,
};
use diligence_questionnaires::spreadsheet::OfFile;

use super::{Failure, block_on, console, open_with, organisation_called, print, say};
use crate::{
    config::DatabaseFlags,
    list_reader,
    outbound::{self, Reach},
    problem::Problem,
};

/// How large a list may be that is fetched, in bytes: 256 MiB.
const MOST: u64 = 256 << 20;

const EXAMPLES: &str = "\
Nothing is fetched unless an address is named. An entry is about a supplier by its identifier; where only the name is the
same, it is a question, to be answered with --answer and never asked again.

Examples:
  diligence lists refresh dspt dspt_organisations_2019-06-17.csv --organisation \"Our council\" --dry-run
  diligence lists refresh companies-house companies.csv --organisation \"Our council\" --list-day 2027-03-01 \\
    --answer 'same:harbour linen=sup_…' --answer 'same:quay catering=new'";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Look at a list: dspt, cqc, companies-house or atrs; prints what is new, has changed or has left it: supplier,
    /// verdict, key, what it says, what it said before, with tabs between
    #[command(after_help = EXAMPLES)]
    Refresh {
        /// Which list
        list: PublishedList,
        /// The list as it is published, or its address, which begins with https://
        source: String,
        /// Whose register
        #[arg(long, value_name = "NAME")]
        organisation: String,
        /// Only say what would happen
        #[arg(long)]
        dry_run: bool,
        /// The day of the list [default: the day in its name, or today]
        #[arg(long, value_name = "DATE")]
        list_day: Option<Day>,
        /// The answer to a question; may be given several times
        #[arg(long = "answer", value_name = "KEY=ANSWER")]
        answers: Vec<String>,
        #[command(flatten)]
        database: DatabaseFlags,
    },
}

pub(super) fn run(command: Command) -> Result<(), Failure> {
    let Command::Refresh { list, source, organisation, dry_run, list_day, answers, database } = command;
    let answers = answers
        .iter()
        .map(|pair| pair.rsplit_once('=').map(|(key, answer)| (key.trim().to_owned(), answer.trim().to_owned())))
        .collect::<Option<_>>()
        .ok_or_else(|| Failure::usage("--answer: expected KEY=ANSWER"))?;
    let report = block_on(async {
        let store = open_with(database).await?;
        let scope = console(&organisation_called(&store, &organisation).await?.id);
        let file = opened(&source).await?;
        let reader = store.read(&scope).await?;
        let file =
            list_reader::read(reader, list, Arc::new(file)).await.map_err(|problem| refused(&source, &problem))?;
        let list_day = match list_day.or_else(|| day_in(&source)) {
            Some(day) => day,
            None => store.clock().now().day(),
        };
        let refresh = Refresh { list, file, list_day, answers, dry_run };
        let Opened { plan, writer, .. } = ahead::open(&store, &scope, &refresh).await?;
        let report = plan.carry_out(writer.as_ref()).await?;
        if let Some(writer) = writer {
            writer.save().await?;
        }
        Ok(report)
    })?;
    tell(&report)
}

/// The file, fetched first where its address is named.
async fn opened(source: &str) -> Result<OfFile, Failure> {
    if source.contains("://") {
        let unreadable =
            |error: std::io::Error| Failure::refused(format!("{} cannot be read: {error}", outbound::told(source)));
        let mut file = tempfile::tempfile().map_err(unreadable)?;
        Reach::new(&[]).fetch(source, &mut file, MOST).await.map_err(Failure::refused)?;
        return OfFile::new(file).map_err(unreadable);
    }
    let unreadable = |error: std::io::Error| Failure::refused(format!("{source} cannot be read: {error}"));
    File::open(source).and_then(OfFile::new).map_err(unreadable)
}

/// The day in a file's name: `dspt_organisations_2019-06-17.csv`.
fn day_in(source: &str) -> Option<Day> {
    let name = Path::new(source).file_name()?.to_str()?;
    (0..name.len()).find_map(|start| name.get(start..start + 10)?.parse().ok())
}

fn refused(source: &str, problem: &Problem) -> Failure {
    let told: Vec<&str> = problem.errors.iter().map(|fault| fault.detail.as_str()).collect();
    let told = if told.is_empty() { problem.detail.to_string() } else { told.join("; ") };
    let source = if source.contains("://") { outbound::told(source) } else { source.to_owned() };
    Failure::refused(format!("{source}: {told}"))
}

fn tell(report: &RefreshReport) -> Result<(), Failure> {
    // A name may hold anything; a line may not be broken by it.
    let plain = |text: &str| text.replace(char::is_control, " ");
    let mut text = String::new();
    for entry in &report.entries {
        let before = entry.status_before.as_deref().unwrap_or_default();
        let verdict = if entry.is_worse { "worse".to_owned() } else { word(&entry.verdict) };
        text.push_str(&format!(
            "{}\t{verdict}\t{}\t{}\t{}\n",
            plain(&entry.supplier_name),
            plain(&entry.entry_key),
            plain(&entry.status),
            plain(before)
        ));
    }
    print(&text)?;
    say(&format!(
        "list of {}: {} rows, {} about suppliers: {} new, {} changed, {} unchanged; {} left it; {} reviews brought forward; evidence: {} new, {} changed{}",
        report.list_day,
        report.row_count,
        report.matched_count,
        report.new_count,
        report.changed_count,
        report.unchanged_count,
        report.left_count,
        report.brought_forward_count,
        report.evidence_created_count,
        report.evidence_changed_count,
        if report.dry_run { "; a dry run: nothing was changed" } else { "" }
    ));
    for sentence in &report.sentences {
        say(&plain(sentence));
    }
    for question in &report.questions {
        say(&plain(&question.question));
        for choice in &question.choices {
            say(&format!("  --answer '{}={}'  {}", question.key, choice.answer, plain(&choice.meaning)));
        }
    }
    match report.question_count {
        0 => Ok(()),
        _ if report.dry_run => Ok(()),
        1 => Err(Failure::refused("a question is open; nothing was changed")),
        count => Err(Failure::refused(format!("{count} questions are open; nothing was changed"))),
    }
}
