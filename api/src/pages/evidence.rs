//! Evidence: the list, one piece with its file, and what is said of it.

use std::collections::BTreeMap;

use askama::Template;
use diligence_entities::{
    clock::Day,
    error::Error,
    evidence::{
        self, ComparedFinding, Evidence, EvidenceFilter, EvidenceFinding, EvidenceSort, FindingsComparison, NewEvidence,
    },
    evidence_file::{self, NewFile},
    id::{AssessmentId, EvidenceId, SubjectId},
    patch::Change,
    register::{self, RegisterEntry},
    role::Role,
};
use diligence_questionnaires::EvidenceKind;
use poem::{Request, http::StatusCode};

use super::{
    fields::{FormPage, FormSection, Input, empty, field, fields, json, misread, read, said, stored, typed},
    form::Form,
    format,
    labels::Labelled as _,
    list_query::ListQuery,
    page::{FieldError, Frame, PageResult, at, faults, html, path_id, redirect},
    routes::Routes,
    sign_in::SignedIn,
    signed_in::{EvidenceFile, Page, Proven, WithFile},
    subject_picker::{SubjectPicker, back_to, chosen, line},
};
use crate::auth::{Editor, Viewer};

/// The routes of these pages.
pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .get("/evidence", show)
        .get("/evidence/new", show_new)
        .post("/evidence/new", enter)
        .get("/evidence/:id", show_one)
        .get("/evidence/:id/change", show_change)
        .post("/evidence/:id/change", change)
        .post("/evidence/:id/accept", accept)
        .post("/evidence/:id/file", store_file)
        .post("/evidence/:id/file/delete", delete_file)
        .post("/evidence/:id/delete", delete)
}

/// The part of the menu that these pages belong to.
const PART: &str = "/register";

const EVIDENCE: &[FormSection] = &[FormSection {
    title: "",
    fields: &[
        field("kind", "What it is", "", Input::EvidenceKind),
        field("reference", "Its number or title", "", Input::Text("text")),
        field("statement", "What it says, in a few words", "Such as: 22/23 Standards Met", Input::Text("text")),
        field("scope", "What it covers", "Such as: the whole organisation, or one product.", Input::TextArea),
        field("document_version", "The version of the document or scheme", "", Input::Text("text")),
        field("issued_on", "Issued on", "As the document says itself, not when it came.", Input::Date),
        field(
            "expires_on",
            "Valid until",
            "If it says no day, leave this empty: the end of a security certificate follows from its issue, by your policy.",
            Input::Date,
        ),
        field("address", "Where it can be seen", "Such as https://example.org", Input::Text("url")),
        field("notes", "Anything else worth knowing", "", Input::TextArea),
    ],
}];

#[derive(Template)]
#[template(path = "evidence/list.html")]
struct EvidencePage {
    frame: Frame,
    asked: ListQuery<EvidenceFilter>,
    evidence: Vec<Evidence>,
    names: BTreeMap<SubjectId, String>,
    today: Day,
    next: Option<String>,
    may_change: bool,
}

impl EvidencePage {
    fn name(&self, evidence: &Evidence) -> &str {
        self.names.get(&evidence.subject_id).map_or("", String::as_str)
    }

    fn end(&self, piece: &Evidence) -> String {
        format::evidence_end(piece.ends_on, piece.ends_because.0, self.today)
    }

    fn is_over(&self, piece: &Evidence) -> bool {
        piece.ends_on.is_some_and(|last| last < self.today)
    }

    fn kinds() -> Vec<(String, &'static str)> {
        EvidenceKind::ALL.into_iter().map(|kind| (format::slug(&kind), kind.title())).collect()
    }

    /// Quick ways to what one mostly looks for: an address, and what is there.
    fn ways(&self) -> [(String, &'static str); 4] {
        let soon = self.today.plus_days(91);
        [
            (format!("/evidence?expires_before={}", self.today), "Expired"),
            (format!("/evidence?valid_on={}&expires_before={soon}", self.today), "Ends within 90 days"),
            (format!("/evidence?valid_on={}", self.today), "Valid today"),
            ("/evidence?checked=false".to_owned(), "To accept"),
        ]
    }
}

/// The list, what ends first at the top.
pub(super) async fn show(who: Page<Viewer>) -> PageResult {
    let (request, here) = who.parts();
    let reader = here.read(request).await?;
    let mut asked = ListQuery::<EvidenceFilter>::of(request, "/evidence")?;
    asked.filter.sort.get_or_insert(EvidenceSort::Expiry);
    let page = evidence::list(&reader, &asked.filter).await?;
    let names = register::lines(&reader, page.items.iter().map(|evidence| evidence.subject_id.clone())).await?;
    let names = names.into_iter().map(|(id, line)| (id, format::subject(&line))).collect();
    let status = if asked.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let next = asked.next(page.next.as_ref());
    let (frame, may_change) = (here.frame("Evidence").at(PART), here.is_at_least(Role::Editor));
    Ok(html(
        status,
        &EvidencePage { frame, asked, evidence: page.items, names, today: reader.today(), next, may_change },
    )?)
}

#[derive(Template)]
#[template(path = "evidence/show.html")]
struct PiecePage<'a> {
    frame: Frame,
    here: &'a SignedIn,
    piece: Evidence,
    line: RegisterEntry,
    today: Day,
    errors: Vec<FieldError>,
    is_stale: bool,
    /// Of a check: what has changed since the last of the same.
    comparison: Option<FindingsComparison>,
}

impl PiecePage<'_> {
    fn may_change(&self) -> bool {
        self.here.is_at_least(Role::Editor)
    }

    fn end(&self) -> String {
        format::evidence_end(self.piece.ends_on, self.piece.ends_because.0, self.today)
    }

    fn is_over(&self) -> bool {
        self.piece.ends_on.is_some_and(|last| last < self.today)
    }

    fn is_unchecked(&self) -> bool {
        self.piece.checked_at.is_none()
    }

    /// Who accepted it, and when.
    fn checked(&self) -> String {
        match (self.piece.checked_at, &self.piece.checked_by) {
            (None, _) => "Nobody yet: it was sent, and counts for nothing".into(),
            (Some(at), Some(by)) => format!("{by}, {}", format::day(at.day())),
            (Some(at), None) => format::day(at.day()),
        }
    }

    /// What a check or an exercise found.
    fn findings(&self) -> &[EvidenceFinding] {
        match (&self.piece.security_check, &self.piece.exercise) {
            (Some(check), _) => &check.findings,
            (None, Some(exercise)) => &exercise.findings,
            (None, None) => &[],
        }
    }

    /// Whether a finding of this check was found by the one before.
    fn is_again(&self, finding: &EvidenceFinding) -> bool {
        let remaining = self.comparison.as_ref().map(|comparison| &comparison.remaining);
        remaining.is_some_and(|remaining| remaining.iter().any(|one| one.finding.number == finding.number))
    }

    /// What the last check of the same found and this one does not.
    fn gone(&self) -> &[ComparedFinding] {
        self.comparison.as_ref().map_or(&[], |comparison| comparison.gone.as_slice())
    }

    /// How many of these still have something to be done.
    fn open_count(&self) -> usize {
        self.gone().iter().filter(|one| one.is_open).count()
    }

    fn href(&self) -> String {
        format!("/evidence/{}", self.piece.id)
    }

    fn changed(&self) -> String {
        format::moment(self.piece.updated_at)
    }
}

/// What a piece is called: what it is, and its number or title.
fn name(piece: &Evidence) -> String {
    piece
        .reference
        .as_ref()
        .map_or_else(|| piece.kind.title().to_owned(), |reference| format!("{}: {reference}", piece.kind.title()))
}

/// One piece of evidence.
pub(super) async fn show_one(who: Page<Viewer>) -> PageResult {
    let (request, here) = who.parts();
    one(request, here, &path_id(request)?, StatusCode::OK, Vec::new()).await
}

async fn one(
    request: &Request,
    here: &SignedIn,
    id: &EvidenceId,
    status: StatusCode,
    errors: Vec<FieldError>,
) -> PageResult {
    let reader = here.read(request).await?;
    let piece = evidence::read(&reader, id).await?;
    let line = line(&reader, &piece.subject_id).await?;
    let comparison = if piece.security_check.is_some() { Some(evidence::compare(&reader, id).await?) } else { None };
    let frame = here.frame(&name(&piece)).at(PART);
    Ok(html(
        status,
        &PiecePage {
            frame,
            here,
            piece,
            line,
            today: reader.today(),
            errors,
            is_stale: status == StatusCode::CONFLICT,
            comparison,
        },
    )?)
}

fn new_piece<'a>(here: &'a SignedIn, line: &RegisterEntry) -> FormPage<'a> {
    let lead = format!(
        "What shows that {} does what it says. You can add the file itself in the next step.",
        format::subject(line)
    );
    FormPage {
        here,
        part: PART,
        title: "Enter evidence".into(),
        lead,
        back: back_to(line),
        action: format!("/evidence/new?subject_id={}", line.subject_id),
        version: 0,
    }
}

/// The form for a new piece, once it is known what it is about.
pub(super) async fn show_new(who: Page<Editor>) -> PageResult {
    let (request, here) = who.parts();
    let line = chosen(request, &here.read(request).await?, "subject_id").await?;
    match line {
        Some(line) => new_piece(here, &line).show(StatusCode::OK, empty(EVIDENCE, |_| None), Vec::new()),
        None => {
            let back = ("/evidence".to_owned(), "Evidence".to_owned());
            let lead = "Choose the supplier or product that it is about.";
            let (title, path) = ("Enter evidence", "/evidence/new");
            SubjectPicker { title, lead, part: PART, back, path, name: "subject_id", kept: Vec::new(), without: None }
                .show(request, here)
                .await
        }
    }
}

/// Enters a piece.
pub(super) async fn enter(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let line = chosen(request, &here.read(request).await?, "subject_id").await?.ok_or(Error::NotFound)?;
    let parts = typed(EVIDENCE, &form);
    let errors = misread(&parts);
    if !errors.is_empty() {
        return new_piece(here, &line).wrong(parts, errors);
    }
    let mut said = said(&parts);
    said.insert("subject_id".into(), json(&line.subject_id)?);
    let new: NewEvidence = read(said)?;
    match who.change(async |writer| evidence::create(writer, new).await).await {
        Ok(made) => Ok(redirect(&format!("/evidence/{}", made.id))),
        Err(error) => new_piece(here, &line).again(parts, error),
    }
}

fn change_of<'a>(here: &'a SignedIn, piece: &Evidence) -> FormPage<'a> {
    let (back, title) = (format!("/evidence/{}", piece.id), format!("Change: {}", name(piece)));
    FormPage {
        here,
        part: PART,
        title,
        lead: String::new(),
        action: format!("{back}/change"),
        back: (back, name(piece)),
        version: piece.version,
    }
}

/// The form for what is said of a piece.
pub(super) async fn show_change(who: Page<Editor>) -> PageResult {
    let (request, here) = who.parts();
    let piece = evidence::read(&here.read(request).await?, &path_id(request)?).await?;
    change_of(here, &piece).show(StatusCode::OK, stored(EVIDENCE, &json(&piece)?), Vec::new())
}

/// Changes what is said of a piece.
pub(super) async fn change(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let id: EvidenceId = path_id(request)?;
    let (parts, version) = (typed(EVIDENCE, &form), form.version()?);
    let errors = misread(&parts);
    if !errors.is_empty() {
        let present = evidence::read(&here.read(request).await?, &id).await?;
        return FormPage { version, ..change_of(here, &present) }.wrong(parts, errors);
    }
    match who
        .change(async |writer| evidence::change(writer, &id, version, Change::<NewEvidence>::new(fields(&parts))).await)
        .await
    {
        Ok(_) => Ok(redirect(&format!("/evidence/{id}"))),
        Err(error) => {
            let present = evidence::read(&here.read(request).await?, &id).await?;
            change_of(here, &present).refused(parts, error, version, &present)
        }
    }
}

/// The page again after something was not done, with what is wrong at this field.
pub(super) async fn again(
    request: &Request,
    here: &SignedIn,
    id: &EvidenceId,
    field: &str,
    error: Error,
) -> PageResult {
    if matches!(error, Error::Stale { .. }) {
        return one(request, here, id, StatusCode::CONFLICT, Vec::new()).await;
    }
    let errors = faults(error)?.iter().map(|fault| FieldError::new(field, &fault.detail)).collect();
    one(request, here, id, StatusCode::UNPROCESSABLE_ENTITY, errors).await
}

/// Accepts what a respondent sent, from its page or from that on which the answers are reviewed.
pub(super) async fn accept(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let id: EvidenceId = path_id(request)?;
    let version = form.version()?;
    match who.change(async |writer| evidence::accept(writer, &id, version).await).await {
        Ok(_) => Ok(match form.text("assessment_id").parse::<AssessmentId>() {
            Ok(assessment_id) => redirect(&format!("/assessments/{assessment_id}/review?notice=accepted#sent")),
            Err(_) => redirect(&format!("/evidence/{id}")),
        }),
        Err(error) => again(request, here, &id, "accept", error).await,
    }
}

/// Keeps a file with a piece.
pub(super) async fn store_file(who: Page<Editor>, form: Proven<WithFile<EvidenceFile>>) -> PageResult {
    let (request, here) = who.parts();
    let (form, file) = form.into_inner();
    let id: EvidenceId = path_id(request)?;
    let Some(file) = file else {
        return one(
            request,
            here,
            &id,
            StatusCode::UNPROCESSABLE_ENTITY,
            vec![FieldError::new("file", "choose a file to keep")],
        )
        .await;
    };
    let new = NewFile { name: Some(file.name), media_type: file.media_type, content: file.content };
    let version = form.version()?;
    match who.change(async |writer| evidence_file::store(writer, &id, version, new).await).await {
        Ok(_) => Ok(redirect(&format!("/evidence/{id}"))),
        Err(error) => again(request, here, &id, "file", error).await,
    }
}

/// Takes a file away; the piece stays.
pub(super) async fn delete_file(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let id: EvidenceId = path_id(request)?;
    if form.text("sure").is_empty() {
        return one(
            request,
            here,
            &id,
            StatusCode::UNPROCESSABLE_ENTITY,
            vec![FieldError::new("sure", "tick the box to confirm")],
        )
        .await;
    }
    let version = form.version()?;
    match who.change(async |writer| evidence_file::delete(writer, &id, version).await).await {
        Ok(_) => Ok(redirect(&format!("/evidence/{id}"))),
        Err(error) => again(request, here, &id, "sure", error).await,
    }
}

/// Takes a piece away.
pub(super) async fn delete(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let id: EvidenceId = path_id(request)?;
    let present = evidence::read(&here.read(request).await?, &id).await?;
    if !form.names_it(&name(&present)) {
        let errors = vec![FieldError::new("typed", "type what it is called as it stands here, to delete it")];
        return one(request, here, &id, StatusCode::UNPROCESSABLE_ENTITY, errors).await;
    }
    let version = form.version()?;
    match who.change(async |writer| evidence::delete(writer, &id, version).await).await {
        Ok(()) => Ok(redirect(&format::subject_href(&present.subject_id))),
        Err(error) => again(request, here, &id, "typed", error).await,
    }
}
