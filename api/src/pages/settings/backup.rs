//! How to keep a copy of everything, and how to take a whole register elsewhere.

use std::io::Cursor;

use askama::Template;
use diligence_entities::{error::Error, fault::Fault};
use poem::http::StatusCode;

use super::HERE;
use crate::{
    archive,
    auth::Admin,
    body::Cost,
    pages::{
        page::{FieldError, Frame, PageResult, at, html, redirect},
        sign_in::SignedIn,
        signed_in::{Page, Proven, Upload, WithFile},
    },
    payload::IMPORT_LIMIT,
    problem::Problem,
};

/// How many faults of an archive are shown.
const SHOWN: usize = 20;

#[derive(Template)]
#[template(path = "settings/backup.html")]
struct BackupPage {
    frame: Frame,
    csrf: String,
    errors: Vec<FieldError>,
}

fn page(here: &SignedIn, errors: Vec<FieldError>) -> PageResult {
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok(html(status, &BackupPage { frame: here.frame("Backup").at(HERE), csrf: here.csrf().to_owned(), errors })?)
}

/// How to keep a copy of everything.
pub(super) async fn show(who: Page<Admin>) -> PageResult {
    let (_, here) = who.parts();
    page(here, Vec::new())
}

/// The archive of a whole register.
pub(super) enum ArchiveUpload {}

impl Upload for ArchiveUpload {
    const MOST: usize = IMPORT_LIMIT;
    const COST: Cost = Cost::Bytes;
}

/// Brings a whole register into this one, in which there is nothing yet.
pub(super) async fn bring_in(who: Page<Admin>, form: Proven<WithFile<ArchiveUpload>>) -> PageResult {
    let (_, here) = who.parts();
    let (_, file) = form.into_inner();
    let Some(file) = file else {
        return page(here, vec![FieldError::new("file", "choose the archive: a file such as register.zip")]);
    };
    let told = |faults: Vec<Fault>| {
        let sentence = |fault: &Fault| match fault.pointer.trim_start_matches('/') {
            "" => fault.detail.clone(),
            place => format!("{place}: {}", fault.detail),
        };
        page(here, faults.iter().take(SHOWN).map(|fault| FieldError::new("file", sentence(fault))).collect())
    };
    // Unpacking is work: other requests need this thread.
    let unpacked = tokio::task::spawn_blocking(move || archive::unpack(Cursor::new(file.content)));
    let unpacked = match unpacked.await.map_err(Problem::internal)? {
        Ok(unpacked) => unpacked,
        Err(faults) => return told(faults),
    };
    match who.change(async |writer| archive::bring_in(writer, &unpacked, false).await).await {
        Ok(_) => Ok(redirect("/register")),
        Err(Error::Invalid(faults) | Error::InvalidRows(faults)) => told(faults),
        Err(Error::Conflict { detail, .. }) => page(here, vec![FieldError::new("file", detail)]),
        Err(error) => Err(Problem::from(error).into()),
    }
}
