//! `diligence bulk`.

use clap::{Args, Subcommand};
use diligence_entities::{
    ahead::{self, Opened},
    bulk::{
        Bulk, BulkAction, BulkArchive, BulkAsk, BulkItem, BulkReport, BulkSelection, BulkSettings, BulkUpdate,
        BulkVerdict,
    },
    clock::Day,
    error::Error,
    id::SubjectId,
    register::RegisterFilter,
    respondent_link::Mailing,
    review::Rescheduling,
    stored::word,
};
use serde_json::{Map, Value};

use super::{Failure, Reached, block_on, console, open, organisation_called, print, say};
use crate::{
    bulk::addressed,
    config::{Config, DatabaseFlags, ServeFlags},
    query,
};

const EXAMPLES: &str = "\
Examples:
  diligence bulk ask supplier-security --organisation \"Our council\" --filter 'subject_type=supplier&tier=high' --dry-run
  diligence bulk set relationship_owner=\"Jo Bell\" status=active --organisation \"Our council\" --id sup_… --id sup_…
  diligence bulk reschedule 2027-09-01 --reason \"After the summer\" --organisation \"Our council\" --filter q=laundry
  diligence bulk archive --organisation \"Our council\" --id sup_…";

/// Each prints a line for each supplier or product: id, verdict, name, what changes or why not, link, with tabs between.
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(super) enum Command {
    /// Put a questionnaire to each
    Ask {
        /// The key of the questionnaire
        questionnaire: String,
        /// Also make a link to each, for the supplier's first contact, and print it; nothing is sent from here
        #[arg(long)]
        with_links: bool,
        /// What the links say: who asks, and why
        #[arg(long, value_name = "TEXT", requires = "with_links")]
        message: Option<String>,
        /// By when answers are wanted
        #[arg(long, value_name = "DATE", requires = "with_links")]
        due_on: Option<Day>,
        #[command(flatten)]
        reached: Reached,
        #[command(flatten)]
        which: Which,
    },
    /// Set fields of each: status, relationship_owner, data_role, personal_data (with ; between), data_sensitivity,
    /// system_access, service_criticality, people_affected; nothing behind the equals sign clears
    Set {
        /// A field, and what it shall say
        #[arg(required = true, value_name = "FIELD=VALUE")]
        fields: Vec<String>,
        #[command(flatten)]
        which: Which,
    },
    /// Move the open review of each
    Reschedule {
        /// The new day
        due_on: Day,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
        #[command(flatten)]
        which: Which,
    },
    /// Archive each
    Archive {
        #[command(flatten)]
        which: Which,
    },
}

/// Whose register, and which of it.
#[derive(Args, Debug)]
pub(super) struct Which {
    /// Whose register
    #[arg(long, value_name = "NAME")]
    organisation: String,
    /// A supplier or product; may be given several times
    #[arg(long, value_name = "ID", required_unless_present = "filter", conflicts_with = "filter")]
    id: Vec<SubjectId>,
    /// All that the register shows under this filter, as its address has it: `subject_type=supplier&tier=high`
    #[arg(long, value_name = "FILTER")]
    filter: Option<String>,
    /// One that is left out; may be given several times
    #[arg(long, value_name = "ID")]
    except: Vec<SubjectId>,
    /// Only say what would happen
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    database: DatabaseFlags,
}

pub(super) fn run(command: Command) -> Result<(), Failure> {
    let nothing = BulkAction::default();
    let (action, which, reached) = match command {
        Command::Ask { questionnaire, with_links, message, due_on, reached, which } => {
            let ask = BulkAsk { questionnaire, with_links, message, due_on, ..BulkAsk::default() };
            (BulkAction { ask: Some(ask), ..nothing }, which, Some(reached))
        }
        Command::Set { fields, which } => (BulkAction { set: Some(settings(&fields)?), ..nothing }, which, None),
        Command::Reschedule { due_on, reason, which } => {
            (BulkAction { reschedule: Some(Rescheduling { due_on, reason }), ..nothing }, which, None)
        }
        Command::Archive { which } => (BulkAction { archive: Some(BulkArchive {}), ..nothing }, which, None),
    };
    let Which { organisation, id, filter, except, dry_run, database } = which;
    let filter: Option<RegisterFilter> = filter.as_deref().map(read_filter).transpose()?;
    let ids = filter.is_none().then_some(id);
    let update = BulkUpdate { select: BulkSelection { ids, filter }, except, r#do: action, dry_run };
    let config = match reached {
        Some(reached) => reached.config(database)?,
        None => Config::resolve(ServeFlags { database, ..ServeFlags::default() }).map_err(Failure::usage)?,
    };
    let report = block_on(async {
        let store = open(&config).await?;
        let scope = console(&organisation_called(&store, &organisation).await?.id);
        let bulk = Bulk::new(update, None, store.clock().now().day()).map_err(refused)?;
        let Opened { plan, writer, .. } = ahead::open(&store, &scope, &bulk).await.map_err(refused)?;
        let carried = plan.carry_out(writer.as_ref(), Mailing::Impossible).await?;
        let (report, _) = addressed(&config, carried);
        if let Some(writer) = writer {
            writer.save().await?;
        }
        Ok(report)
    })?;
    if config.links_open_here_only() && report.items.iter().any(|item| item.link.is_some()) {
        say("These links open on this computer only: say with --public-url how others reach the program.");
    }
    tell(&report)
}

/// Every fault by its flag or field.
fn refused(error: Error) -> Failure {
    match error {
        Error::Invalid(faults) => {
            let told = faults.iter().map(|fault| {
                let name = fault.pointer.rsplit('/').next().unwrap_or_default();
                if name.is_empty() { fault.detail.clone() } else { format!("{name}: {}", fault.detail) }
            });
            Failure::refused(told.collect::<Vec<_>>().join("; "))
        }
        other => other.into(),
    }
}

fn read_filter(text: &str) -> Result<RegisterFilter, Failure> {
    let pairs: Vec<(String, String)> = form_urlencoded::parse(text.as_bytes()).into_owned().collect();
    query::accept(&pairs).map_err(|problem| Failure::refused(format!("--filter: {}", problem.detail)))
}

/// `FIELD=VALUE` as settings.
fn settings(fields: &[String]) -> Result<BulkSettings, Failure> {
    let mut all = Map::new();
    for field in fields {
        let Some((name, value)) = field.split_once('=') else {
            return Err(Failure::usage(format!("expected FIELD=VALUE, not {field:?}")));
        };
        let value = value.trim();
        let read = match name.trim() {
            "personal_data" => {
                Value::from(value.split(';').map(str::trim).filter(|word| !word.is_empty()).collect::<Vec<_>>())
            }
            _ if value.is_empty() => Value::Null,
            _ => Value::from(value),
        };
        all.insert(name.trim().to_owned(), read);
    }
    serde_json::from_value(Value::Object(all)).map_err(|error| Failure::refused(format!("what is to be set: {error}")))
}

fn tell(report: &BulkReport) -> Result<(), Failure> {
    // A name may hold anything; a line may not be broken by it.
    let plain = |text: &str| text.replace(char::is_control, " ");
    let mut text = String::new();
    for item in &report.items {
        let BulkItem { id, name, verdict, why, changes, link, .. } = item;
        let said = |side: &Option<String>| side.clone().unwrap_or_else(|| "nothing".into());
        let moves: Vec<String> = changes
            .iter()
            .map(|change| format!("{}: {} -> {}", change.field, said(&change.before), said(&change.after)))
            .collect();
        let told = why.clone().unwrap_or_else(|| moves.join("; "));
        let url = link.as_ref().and_then(|link| link.url.clone()).unwrap_or_default();
        let name = plain(name.as_deref().unwrap_or_default());
        text.push_str(&format!("{id}\t{}\t{name}\t{}\t{url}\n", word(verdict), plain(&told)));
    }
    print(&text)?;
    let BulkReport { dry_run, selected_count, change_count, unchanged_count, refused_count, .. } = report;
    say(&format!(
        "{selected_count} selected: {change_count} changed, {unchanged_count} unchanged, {refused_count} refused{}",
        if *dry_run { "; a dry run: nothing was changed" } else { "" }
    ));
    let is_refused = report.items.iter().any(|item| item.verdict == BulkVerdict::Refused);
    if is_refused { Err(Failure::refused("some were refused; nothing was changed")) } else { Ok(()) }
}
