//! `diligence restore`.

use std::path::PathBuf;

use clap::Args;
use diligence_entities::{
    backup::{self, Restored, Restoring},
    clock::Clock,
};

use super::{Failure, block_on, say};
use crate::config::{Config, DatabaseFlags, ServeFlags};

/// The copy is checked first, and is not changed. An older one is brought up to date. Until all of it is there, the
/// database is what it was. For PostgreSQL the copy is made ready in the folder for temporary files.
#[derive(Args, Debug)]
pub(super) struct Command {
    /// What `diligence backup` has written
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Keep a SQLite database that is in the place under another name beside it (…before-restore-…); without this, one
    /// that holds anything is left as it is and nothing is restored
    #[arg(long)]
    move_aside: bool,
    /// Take the copy though its audit trail is not as it was written
    #[arg(long)]
    accept_altered_audit: bool,
    #[command(flatten)]
    database: DatabaseFlags,
}

pub(super) fn run(command: Command) -> Result<(), Failure> {
    let Command { file, move_aside, accept_altered_audit, database } = command;
    let config = Config::resolve(ServeFlags { database, ..ServeFlags::default() }).map_err(Failure::usage)?;
    let how = Restoring { moves_aside: move_aside, takes_altered_audit: accept_altered_audit };
    let Restored { organisations, row_count, kept } =
        block_on(async { Ok(backup::restore(&file, &config.database_url, how, &Clock::System, &say).await?) })?;
    if let Some(kept) = kept {
        say(&format!("what was there before is kept as {}", kept.display()));
    }
    let names = organisations.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ");
    say(&format!(
        "restored: {row_count} rows; organisations: {}",
        if names.is_empty() { "none".into() } else { names }
    ));
    Ok(())
}
