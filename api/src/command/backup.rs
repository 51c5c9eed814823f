//! `diligence backup`.

use std::{
    ffi::OsString,
    fs::{self, OpenOptions},
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

use clap::Args;
use diligence_entities::{backup, clock::Clock};

use super::{Failure, block_on, say};
use crate::config::{Config, DatabaseFlags, ServeFlags};

/// A copy is one SQLite file, whatever it was made from. `diligence restore` puts it back on either. That it was made
/// is noted in the audit trail of every organisation.
#[derive(Args, Debug)]
pub(super) struct Command {
    /// The file to write, which must not be there yet. Whoever has it has everything: keep it safe
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    database: DatabaseFlags,
}

pub(super) fn run(command: Command) -> Result<(), Failure> {
    let Command { file, database } = command;
    let config = Config::resolve(ServeFlags { database, ..ServeFlags::default() }).map_err(Failure::usage)?;
    let name = file.to_str().ok_or_else(|| Failure::usage("the file's name must be text in UTF-8"))?;
    let is_there = || Failure::refused(format!("{name} is there already, and is left as it is: name another file"));
    if file.symlink_metadata().is_ok() {
        return Err(is_there());
    }
    // Under its own name there is a whole copy or none, also where this is killed.
    let part = beside(&file, ".part");
    remove(&part);
    let mut how = OpenOptions::new();
    how.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut how, 0o600);
    let failed = |error: io::Error| Failure::other(format!("{name} cannot be written: {error}"));
    let made = how.open(&part).map_err(failed)?;
    block_on(async {
        let done = match backup::keep_private(&made) {
            Ok(()) => backup::back_up(&config.database_url, &part, &say).await.map_err(Failure::from),
            Err(error) => Err(failed(error)),
        };
        // On the disk before it is called done.
        let done = done.and_then(|()| {
            made.sync_all().and_then(|()| put_in_place(&part, &file)).map_err(|error| match error.kind() {
                ErrorKind::AlreadyExists => is_there(),
                _ => failed(error),
            })
        });
        if done.is_err() {
            remove(&part);
            return done;
        }
        say(&format!("{name} holds everything as it stands now"));
        if let Err(reason) = backup::note(&config.database_url, Clock::System).await {
            say(&format!("the backup could not be recorded in the database: {reason}"));
        }
        Ok(())
    })
}

fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(suffix);
    name.into()
}

/// Removes a copy that is not whole, and what SQLite keeps beside it.
fn remove(part: &Path) {
    for suffix in ["", "-journal", "-wal", "-shm"] {
        let _ = fs::remove_file(beside(part, suffix));
    }
}

/// Gives the copy its name, unless another file has it by now.
fn put_in_place(part: &Path, file: &Path) -> io::Result<()> {
    match fs::hard_link(part, file) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(error),
        // Some file systems know no second name.
        Err(_) => fs::rename(part, file),
        Ok(()) => fs::remove_file(part),
    }
}
