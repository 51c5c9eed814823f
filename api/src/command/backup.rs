//! `diligence backup`.

use std::{
    fs::{self, OpenOptions},
    io::ErrorKind,
    path::PathBuf,
};

use clap::Args;
use diligence_entities::scope::Store;

use super::{Failure, block_on, say};
use crate::config::{Config, DatabaseFlags, ServeFlags};

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
    if !config.database_url.starts_with("sqlite:") {
        return Err(Failure::refused("the data is not in one file: make the backup with pg_dump --format=custom --file=FILE \"$DATABASE_URL\""));
    }
    let name = file.to_str().ok_or_else(|| Failure::usage("the file's name must be text in UTF-8"))?;
    let mut how = OpenOptions::new();
    how.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut how, 0o600);
    let made = how.open(&file).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => Failure::refused(format!("{name} is there already, and is left as it is: name another file")),
        _ => Failure::other(format!("{name} cannot be written: {error}")),
    })?;
    let done = block_on(async { Ok(Store::back_up(&config.database_url, name).await?) });
    // On the disk before it is called done.
    let done = done.and_then(|()| made.sync_all().map_err(|error| Failure::other(format!("{name} cannot be written: {error}"))));
    if done.is_err() {
        let _ = fs::remove_file(&file);
        return done;
    }
    say(&format!("{name} holds everything as it stands now"));
    Ok(())
}
