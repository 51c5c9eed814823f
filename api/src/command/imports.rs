//! `diligence imports`.

use clap::Subcommand;
use diligence_entities::{
    error::Error,
    id::ImportId,
    import::record::{self, DoneFilter, Import, ImportFilter, UndoReport},
    organisation,
    scope::{Scope, Store},
    stored::word,
};

use super::{Failure, block_on, console, open_with, organisation_called, print};
use crate::config::DatabaseFlags;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List imports and drafts of some: id, state, what, when, until when it can be undone, rows, new, changed, who, file,
    /// with tabs between
    List {
        /// Whose register
        #[arg(long, value_name = "NAME")]
        organisation: String,
        #[command(flatten)]
        database: DatabaseFlags,
    },
    /// Print what an import did: what, new or changed, id, name, with tabs between
    Show {
        /// The import's id, as `list` shows it
        id: ImportId,
        #[command(flatten)]
        database: DatabaseFlags,
    },
    /// Undo an import: what it made goes away, what it changed is put back; what somebody has changed since is left
    Undo {
        /// The import's id, as `list` shows it
        id: ImportId,
        /// Only say what would happen
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        database: DatabaseFlags,
    },
}

pub(super) fn run(command: Command) -> Result<(), Failure> {
    block_on(async {
        match command {
            Command::List { organisation, database } => list(&open_with(database).await?, &organisation).await,
            Command::Show { id, database } => show(&open_with(database).await?, &id).await,
            Command::Undo { id, dry_run, database } => undo(&open_with(database).await?, &id, dry_run).await,
        }
    })
}

/// A name may hold anything; a line may not be broken by it.
fn plain(text: &str) -> String {
    text.replace(char::is_control, " ")
}

async fn list(store: &Store, organisation: &str) -> Result<(), Failure> {
    let organisation = organisation_called(store, organisation).await?;
    let reader = store.read(&console(&organisation.id)).await?;
    let mut filter = ImportFilter { limit: Some(200), ..ImportFilter::default() };
    let mut text = String::new();
    loop {
        let page = record::list(&reader, &filter).await?;
        page.items.iter().for_each(|import| text.push_str(&line(import)));
        filter.cursor = page.next;
        if filter.cursor.is_none() {
            return print(&text);
        }
    }
}

fn line(import: &Import) -> String {
    let count = |count: Option<i64>| count.map_or_else(|| "-".to_owned(), |count| count.to_string());
    let until = import.undo_until.map_or_else(|| "-".to_owned(), |day| day.to_string());
    format!(
        "{}\t{}\t{}\t{}\t{until}\t{}\t{}\t{}\t{}\t{}\n",
        import.id,
        word(&import.state.0),
        word(&import.noun.0),
        import.applied_at.unwrap_or(import.created_at),
        count(import.row_count),
        count(import.created_count),
        count(import.changed_count),
        plain(&import.created_by),
        plain(&import.file_name)
    )
}

/// Whose import it is.
async fn whose(store: &Store, id: &ImportId) -> Result<Scope, Failure> {
    for organisation in organisation::all(store).await? {
        let scope = console(&organisation.id);
        match record::read(&store.read(&scope).await?, id).await {
            Ok(_) => return Ok(scope),
            Err(Error::NotFound) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Failure::refused(format!("there is no import {id}")))
}

async fn show(store: &Store, id: &ImportId) -> Result<(), Failure> {
    let reader = store.read(&whose(store, id).await?).await?;
    let mut text = line(&record::read(&reader, id).await?);
    let mut filter = DoneFilter { limit: Some(200), ..DoneFilter::default() };
    loop {
        let page = record::done(&reader, id, &filter).await?;
        for item in page.items {
            let what = if item.is_new { "new" } else { "changed" };
            let name = plain(item.name.as_deref().unwrap_or_default());
            text.push_str(&format!("{}\t{what}\t{}\t{name}\n", word(&item.kind), item.id));
        }
        filter.cursor = page.next;
        if filter.cursor.is_none() {
            return print(&text);
        }
    }
}

async fn undo(store: &Store, id: &ImportId, dry_run: bool) -> Result<(), Failure> {
    let scope = whose(store, id).await?;
    let report = if dry_run {
        record::undo_plan(&store.read(&scope).await?, id).await?
    } else {
        let writer = store.write(&scope).await?;
        let report = record::undo(&writer, id).await?;
        writer.save().await?;
        report
    };
    print(&told(&report, dry_run))
}

fn told(report: &UndoReport, dry_run: bool) -> String {
    let mut text = String::new();
    for left in &report.left {
        text.push_str(&format!(
            "left: {}\t{}\t{}\n",
            left.id,
            plain(left.name.as_deref().unwrap_or_default()),
            left.why
        ));
    }
    text.push_str(&format!("{} undone, {} left as they are\n", report.undone_count, report.left_count));
    if dry_run {
        text.push_str("a dry run: nothing was changed\n");
    }
    text
}
