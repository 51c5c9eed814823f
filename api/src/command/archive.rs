//! `diligence export everything` and `diligence import everything`.

use std::{
    fs::{File, OpenOptions},
    io::{BufWriter, Write as _},
    path::Path,
};

use diligence_entities::{audit, error::Error};

use super::{Failure, Whose, block_on, console, open_with, organisation_called, print, say};
use crate::{archive, config::DatabaseFlags};

/// Writes everything into a new file.
pub(super) fn export(path: &Path, organisation: &str, database: DatabaseFlags) -> Result<(), Failure> {
    block_on(async {
        let store = open_with(database).await?;
        let scope = console(&organisation_called(&store, organisation).await?.id);
        let unwritten =
            |error: std::io::Error| Failure::other(format!("{} cannot be written: {error}", path.display()));
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(path).map_err(unwritten)?;
        diligence_entities::backup::keep_private(&file).map_err(unwritten)?;
        let reader = store.read(&scope).await?;
        let written = match archive::write(&reader, BufWriter::new(file)).await {
            Ok(mut written) => written.flush().map_err(unwritten),
            Err(archive::Unwritten::Register(error)) => Err(error.into()),
            Err(other) => Err(Failure::other(other.to_string())),
        };
        drop(reader);
        if let Err(failure) = written {
            let _ = std::fs::remove_file(path);
            return Err(failure);
        }
        audit::record(&store, &scope, "export", "register", "register.zip", None).await?;
        say(&format!("{} holds the whole register; whoever has it can read everything in it", path.display()));
        Ok(())
    })
}

/// Brings everything in that a file holds.
pub(super) fn import(path: &Path, whose: Whose, dry_run: bool, database: DatabaseFlags) -> Result<(), Failure> {
    let file =
        File::open(path).map_err(|error| Failure::refused(format!("{} cannot be read: {error}", path.display())))?;
    let refused = |faults: Vec<diligence_entities::fault::Fault>| {
        for fault in &faults {
            let place = fault.pointer.trim_start_matches('/');
            say(&if place.is_empty() { fault.detail.clone() } else { format!("{place}: {}", fault.detail) });
        }
        Failure::refused(format!("{} was refused; nothing was changed", path.display()))
    };
    let unpacked = archive::unpack(file).map_err(refused)?;
    let (report, made) = block_on(async {
        let store = open_with(database).await?;
        let made = whose.find(&store).await?.is_none();
        let (organisation, writer) = whose.change(&store).await?;
        let report = match archive::bring_in(&writer, &unpacked, dry_run).await {
            Ok(report) => report,
            Err(Error::Invalid(faults) | Error::InvalidRows(faults)) => return Err(refused(faults)),
            Err(error) => return Err(error.into()),
        };
        if !dry_run {
            writer.save().await?;
        }
        Ok((report, made.then_some(organisation.name)))
    })?;
    let mut text = format!("the register of {:?} as of {}\n", report.organisation_name, report.made_at);
    for (part, count) in &report.row_counts {
        let noun = part.trim_start_matches("register/").trim_end_matches(".jsonl");
        text.push_str(&format!("{noun}: {count}\n"));
    }
    text.push_str(&format!("files: {}\n", report.file_count));
    if let Some(name) = made {
        text.push_str(&format!("organisation: {name:?} is new\n"));
    }
    if dry_run {
        text.push_str("a dry run: nothing was changed\n");
    }
    print(&text)
}
