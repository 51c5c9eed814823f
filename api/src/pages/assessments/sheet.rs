//! Answering offline: an assessment as a spreadsheet, and back.

use askama::Template;
use diligence_entities::{
    assessment::{self, SheetReading},
    error::Error,
    role::Role,
};
use poem::{Request, http::StatusCode};

use super::answers::About;
use crate::{
    auth::{Editor, Viewer},
    body::Cost,
    pages::{
        format,
        page::{FieldError, Frame, PageResult, at, faults, html, redirect, sentence},
        sign_in::SignedIn,
        signed_in::{Page, Proven, Upload, WithFile},
    },
    payload::SHEET_LIMIT,
};

#[derive(Template)]
#[template(path = "assessments/sheet.html")]
struct SheetPage {
    frame: Frame,
    about: About,
    csrf: String,
    may_answer: bool,
    /// Whether another assessment's sheet is taken too.
    for_another: bool,
    errors: Vec<FieldError>,
    /// Every cell that does not fit, and why.
    cells: Vec<String>,
}

/// The sheet to take away, and a form to send it back.
pub(super) async fn show(who: Page<Viewer>) -> PageResult {
    let (request, here) = who.parts();
    page(request, here, StatusCode::OK, false, Vec::new(), Vec::new()).await
}

async fn page(
    request: &Request,
    here: &SignedIn,
    status: StatusCode,
    for_another: bool,
    errors: Vec<FieldError>,
    cells: Vec<String>,
) -> PageResult {
    let about = About::of(&here.read(request).await?, request).await?;
    let (frame, csrf) = (here.frame("Answer in a spreadsheet").at("/assessments"), here.csrf().to_owned());
    let may_answer = about.is_open() && here.is_at_least(Role::Editor);
    Ok(html(status, &SheetPage { frame, about, csrf, may_answer, for_another, errors, cells })?)
}

/// An answer sheet.
pub(super) struct SheetFile;

impl Upload for SheetFile {
    const MOST: usize = SHEET_LIMIT;
    const COST: Cost = Cost::Document;
}

/// Puts the answers of a filled-in sheet in place, all or none.
pub(super) async fn fill_in(who: Page<Editor>, form: Proven<WithFile<SheetFile>>) -> PageResult {
    let (request, here) = who.parts();
    let (form, file) = form.into_inner();
    let for_another = form.text("for_another") == "true";
    let about = About::of(&here.read(request).await?, request).await?;
    let Some(file) = file else {
        return page(
            request,
            here,
            StatusCode::UNPROCESSABLE_ENTITY,
            for_another,
            vec![FieldError::new("file", "choose the file that was filled in")],
            Vec::new(),
        )
        .await;
    };
    // It is read before the change is opened: a workbook takes a while.
    let how = SheetReading { for_another: Some(for_another), ..SheetReading::default() };
    let sheet = assessment::read_sheet(here.read(request).await?, &about.assessment.id, &how, file.content).await;
    let version = form.version()?;
    match who.change(async |writer| assessment::fill_in(writer, &about.assessment.id, version, sheet).await).await {
        Ok(_) => Ok(redirect(&about.place("?notice=filled"))),
        Err(error) => refused(request, here, for_another, error).await,
    }
}

async fn refused(request: &Request, here: &SignedIn, for_another: bool, error: Error) -> PageResult {
    match error {
        Error::Stale { .. } => {
            let wrong = "someone else saved answers meanwhile, and nothing of the file is in place yet. Send it again if it is right all the same: what the file answers then counts";
            let errors = vec![FieldError::new("file", wrong)];
            page(request, here, StatusCode::CONFLICT, for_another, errors, Vec::new()).await
        }
        other => {
            let found = faults(other)?;
            let cells: Vec<String> = found.iter().map(|fault| sentence(&fault.detail)).collect();
            let wrong = format!(
                "nothing of the file is in place: {} not fit",
                format::count(cells.len(), "thing does", "things do")
            );
            let mut errors = vec![FieldError::new("file", wrong)];
            if found.iter().any(|fault| fault.code == "another_assessment") {
                let wrong = "the file is the sheet of another assessment: tick this if its answers are meant for this one all the same";
                errors.push(FieldError::new("for_another", wrong));
            }
            page(request, here, StatusCode::UNPROCESSABLE_ENTITY, for_another, errors, cells).await
        }
    }
}
