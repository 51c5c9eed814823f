//! `diligence retention`.

use clap::Subcommand;
use diligence_entities::retention;

use super::{Failure, block_on, console, open_with, organisation_called, print};
use crate::config::DatabaseFlags;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Delete what is past the organisation's retention periods; prints what was deleted: noun, id, what, why, with
    /// tabs between
    Apply {
        /// Whose register
        #[arg(long, value_name = "NAME")]
        organisation: String,
        /// Only say what would be deleted
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        database: DatabaseFlags,
    },
}

pub(super) fn run(command: Command) -> Result<(), Failure> {
    let Command::Apply { organisation, dry_run, database } = command;
    block_on(async {
        let store = open_with(database).await?;
        let scope = console(&organisation_called(&store, &organisation).await?.id);
        loop {
            let writer = store.write(&scope).await?;
            let report = retention::apply(&writer, dry_run).await?;
            writer.save().await?;
            for item in &report.items {
                print(&format!("{}\t{}\t{}\t{}\n", item.noun, item.item_id, item.what, item.because))?;
            }
            // A dry run would be told the same again.
            if !report.more || dry_run {
                return Ok(());
            }
        }
    })
}
