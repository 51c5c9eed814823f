//! A supplier's answers, through a link: who asks and why, the questions section by section, evidence, a last look, the
//! receipt.

use askama::Template;
use diligence_entities::{
    assessment::{AnswerChange, Confirmation},
    error::Error,
    fault::Fault,
    id::EvidenceId,
    respondent::{
        self, NewUpload, RespondentEvidence, RespondentEvidenceFilter, RespondentScope, RespondentWriter, Visit,
        VisitState,
    },
    stored::from_word,
};
use diligence_questionnaires::QuestionType;
use poem::{Request, http::StatusCode};

use super::{
    form::{Form, SentFile, parameter},
    format,
    page::{
        FieldError, Frame, PageResult, Refusal, at, faults, field_errors, html, redirect, request_id, with_cookies,
    },
    questions::{self, Choice, Door, Field, Paper, Row, SectionForm, Sheet, Standing, Task},
    routes::Routes,
    signed_in::{Anyone, EvidenceFile, Proven, Small, Visitor, WithFile, WithFiles},
};
use crate::{
    auth::store_of,
    problem::{Problem, Type},
    respond::auth::{Cookies, authenticate},
    trail::Trail,
};

/// The routes of these pages.
pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .get("/respond", show)
        .post("/respond", enter)
        .post("/respond/leave", leave)
        .post("/respond/earlier", confirm_earlier)
        .get("/respond/sections/:key", show_section)
        .post("/respond/sections/:key", save_section)
        .get("/respond/evidence", show_evidence)
        .post("/respond/evidence", send_evidence)
        .post("/respond/evidence/delete", delete_evidence)
        .get("/respond/check", check)
        .post("/respond/check", submit)
        .get("/respond/receipt", receipt)
}

/// How many files are shown of those that were sent.
const SHOWN_FILES: u64 = 200;

// ---------------------------------------------------------------- who visits

/// The running visit, with what every page of it says.
pub(super) struct Here {
    scope: RespondentScope,
    visit: Visit,
    /// The language the visitor reads, if it is not the questionnaire's own.
    language: Option<String>,
}

impl Here {
    pub(super) async fn of(request: &Request) -> Result<Self, Refusal> {
        let scope = authenticate(request).await.map_err(|problem| match problem.kind {
            // Without a visit the link is asked for again.
            Type::Unauthenticated => Refusal::Elsewhere("/respond?ended=yes".into()),
            _ => Refusal::Problem(problem),
        })?;
        if let Some(trail) = request.data::<Trail>() {
            trail.note_respondent(&scope);
        }
        let visit = respondent::welcome(&scope.read().await?).await?;
        let language = Some(parameter(request, "language"))
            .filter(|asked| visit.languages.iter().skip(1).any(|known| known == asked));
        Ok(Self { scope, visit, language })
    }

    /// A change to what the visit is about.
    pub(super) async fn write(&self) -> Result<RespondentWriter, Error> {
        self.scope.write().await
    }

    /// That a form with this token is theirs.
    pub(super) async fn is_proven(&self, token: &str) -> Result<(), Refusal> {
        if self.scope.is_proven_by(token) {
            return Ok(());
        }
        self.scope.record_refusal("a form without the visit's token").await?;
        Err(Problem::new(Type::Forbidden, "this form does not belong to your visit: open the page again").into())
    }

    fn frame(&self, title: &str) -> Frame {
        let language =
            self.language.clone().or_else(|| self.visit.languages.first().cloned()).unwrap_or_else(|| "en".into());
        Frame { language, ..Frame::new(title) }
    }

    /// A place of the visit, in the visitor's language.
    fn place(&self, path: &str) -> String {
        match &self.language {
            Some(language) => format!("/respond{path}?language={language}"),
            None => format!("/respond{path}"),
        }
    }

    fn csrf(&self) -> &str {
        &self.visit.csrf_token
    }

    /// Whom or what it is about.
    fn subject(&self) -> String {
        match &self.visit.product {
            Some(product) => format!("{product} ({})", self.visit.supplier),
            None => self.visit.supplier.clone(),
        }
    }

    fn languages(&self) -> Vec<(String, String, bool)> {
        let now = self.language.as_ref().or(self.visit.languages.first());
        self.visit.languages.iter().map(|code| (code.clone(), format::language(code), Some(code) == now)).collect()
    }

    /// What is asked, and how it is answered so far.
    async fn sheet(&self) -> Result<Sheet, Error> {
        let reader = self.scope.read().await?;
        let questions = respondent::questions(&reader, self.language.as_deref()).await?;
        let standing = respondent::progress(&reader).await?.into();
        drop(reader);
        Ok(Sheet { questions, standing, papers: self.evidence().await?.iter().map(Paper::from).collect() })
    }

    async fn evidence(&self) -> Result<Vec<RespondentEvidence>, Error> {
        let filter = RespondentEvidenceFilter { limit: Some(SHOWN_FILES), ..RespondentEvidenceFilter::default() };
        Ok(respondent::list_evidence(&self.scope.read().await?, &filter).await?.items)
    }
}

// ---------------------------------------------------------------- the way in

#[derive(Template)]
#[template(path = "respond/enter.html")]
struct EnterPage {
    frame: Frame,
    errors: Vec<FieldError>,
    has_ended: bool,
}

/// The task list, or, without a visit, where the link is handed in.
pub(super) async fn show(who: Anyone) -> PageResult {
    let request = who.request();
    let here = match Here::of(request).await {
        Ok(here) => here,
        Err(Refusal::Elsewhere(_)) => {
            let page = EnterPage {
                frame: Frame::new("Answer a questionnaire"),
                errors: Vec::new(),
                has_ended: parameter(request, "ended") == "yes",
            };
            return Ok(html(StatusCode::OK, &page)?);
        }
        Err(other) => return Err(other),
    };
    if here.visit.state == VisitState::Submitted {
        return Err(Refusal::Elsewhere(here.place("/receipt")));
    }
    let sheet = here.sheet().await?;
    let earlier = sheet.standing.earlier.len();
    let page = WelcomePage {
        frame: here.frame(&here.visit.questionnaire),
        sections: sheet.tasks(|path| here.place(path)),
        due: here.visit.due_on.map(format::day),
        until: format::day(here.visit.expires_on),
        answered: sheet.standing.answered(),
        earlier: (earlier > 0).then(|| format::count(earlier, "earlier answer fits", "earlier answers fit")),
        version: sheet.standing.version,
        here: &here,
    };
    Ok(html(StatusCode::OK, &page)?)
}

/// Hands the link in.
pub(super) async fn enter(who: Anyone, form: Proven<Small>) -> PageResult {
    let request = who.request();
    // People paste the whole link as readily as what stands behind its `#`.
    let pasted = form.text("token");
    let token = pasted.rsplit('#').next().unwrap_or_default();
    let (_, secret) = match respondent::enter(store_of(request)?, token, request_id(request)).await {
        Ok(entered) => entered,
        Err(Error::NotFound) => {
            let errors = vec![FieldError::new(
                "token",
                "this is no link that was sent from here: check that you copied all of it",
            )];
            return Ok(html(
                StatusCode::NOT_FOUND,
                &EnterPage { frame: Frame::new("Answer a questionnaire"), errors, has_ended: false },
            )?);
        }
        Err(other) => return Err(other.into()),
    };
    Ok(with_cookies(redirect("/respond"), [Cookies::of(request).with(secret.reveal())]))
}

/// Ends the visit.
pub(super) async fn leave(who: Visitor, _: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    here.scope.clone().leave().await?;
    Ok(with_cookies(redirect("/respond?ended=yes"), [Cookies::of(request).none()]))
}

// ---------------------------------------------------------------- the task list

#[derive(Template)]
#[template(path = "respond/show.html")]
struct WelcomePage<'a> {
    frame: Frame,
    here: &'a Here,
    sections: Vec<Task>,
    due: Option<String>,
    until: String,
    answered: String,
    earlier: Option<String>,
    version: i64,
}

/// Confirms every answer that was given before.
pub(super) async fn confirm_earlier(who: Visitor, form: Proven<Form>) -> PageResult {
    let (_, here) = who.parts();
    let version = form.version()?;
    who.change(async |writer| respondent::confirm_answers(writer, version, Confirmation::default()).await).await?;
    Ok(redirect(&here.place("")))
}

// ---------------------------------------------------------------- a section

#[derive(Template)]
#[template(path = "respond/section.html")]
struct SectionPage<'a> {
    frame: Frame,
    here: &'a Here,
    form: SectionForm,
}

impl Here {
    fn section_form(&self, sheet: &Sheet, key: &str, fields: Vec<Field>) -> Result<SectionForm, Refusal> {
        Ok(SectionForm {
            action: self.place(&format!("/sections/{key}")),
            csrf: self.csrf().to_owned(),
            intro: sheet.section(key)?.intro.clone(),
            fields,
            version: sheet.standing.version,
            errors: Vec::new(),
            is_stale: false,
            has_more: false,
            attaches: true,
            evidence: self.place("/evidence"),
            add_evidence: "Send a certificate or document",
            way_in: self.place(""),
        })
    }

    fn section_page(&self, sheet: &Sheet, key: &str, status: StatusCode, form: SectionForm) -> PageResult {
        Ok(html(status, &SectionPage { frame: self.frame(&sheet.section(key)?.title), here: self, form })?)
    }
}

impl Door for Here {
    async fn put(&self, version: i64, change: AnswerChange) -> Result<Result<Standing, Error>, Refusal> {
        let writer = self.write().await?;
        let progress = match respondent::save_answers(&writer, version, change).await {
            Ok(progress) => progress,
            Err(error) => return Ok(Err(error)),
        };
        writer.save().await?;
        Ok(Ok(progress.into()))
    }
}

fn section_key(request: &Request) -> String {
    request.raw_path_param("key").unwrap_or_default().to_owned()
}

/// The questions of one section.
pub(super) async fn show_section(who: Visitor) -> PageResult {
    let (request, here) = who.parts();
    if here.visit.state == VisitState::Submitted {
        return Err(Refusal::Elsewhere(here.place("/receipt")));
    }
    let (key, sheet) = (section_key(request), here.sheet().await?);
    let fields = sheet.fields(sheet.section(&key)?);
    let form =
        SectionForm { has_more: parameter(request, "more") == "yes", ..here.section_form(&sheet, &key, fields)? };
    here.section_page(&sheet, &key, StatusCode::OK, form)
}

/// Sends the files that were chosen beside questions, and names each in the answer that it stands beside. Says what is
/// wrong with those that cannot be sent.
async fn attach(
    who: &Visitor,
    form: &mut Form,
    sheet: &Sheet,
    files: Vec<(String, SentFile)>,
) -> Result<Vec<FieldError>, Refusal> {
    let mut errors = Vec::new();
    for (key, file) in files {
        let Some(question) = sheet.question(&key) else { continue };
        let field = |part: &str| format!("{key}.file_{part}");
        let mut wrong = Vec::new();
        let new = NewUpload {
            name: Some(file.name),
            kind: form.some(&field("kind")).and_then(|kind| from_word(&kind)),
            reference: None,
            issued_on: form.day(&field("issued_on"), &mut wrong),
            expires_on: form.day(&field("expires_on"), &mut wrong),
        };
        if wrong.is_empty() {
            let sent =
                who.change(async |writer| respondent::send_evidence(writer, new, file.media_type, file.content).await);
            match sent.await {
                Ok(sent) if question.kind == QuestionType::File => {
                    form.put(&format!("{key}.value"), sent.id.to_string())
                }
                Ok(sent) => form.add(&format!("{key}.evidence"), sent.id.to_string()),
                Err(error) => wrong = field_errors(&faults(error)?, &[], "file"),
            }
        }
        errors.extend(wrong.into_iter().map(|wrong| FieldError { field: format!("{key}-file"), ..wrong }));
    }
    Ok(errors)
}

/// Saves the answers of one section, and sends the files that were chosen beside them.
pub(super) async fn save_section(who: Visitor, form: Proven<WithFiles<EvidenceFile>>) -> PageResult {
    let (request, here) = who.parts();
    let (mut form, files) = form.into_inner();
    let key = section_key(request);
    let errors = attach(&who, &mut form, &here.sheet().await?, files).await?;
    let saved = questions::save(here, here.sheet().await?, &key, &form).await?;
    if saved.goes_on() && errors.is_empty() {
        let joint = if here.language.is_some() { '&' } else { '?' };
        return Ok(redirect(&match saved.has_more {
            true => format!("{}{joint}more=yes", here.place(&format!("/sections/{key}"))),
            false => saved.sheet.after(&key, &form, |path| here.place(path)),
        }));
    }
    let status = match saved.status {
        StatusCode::OK if !errors.is_empty() => StatusCode::UNPROCESSABLE_ENTITY,
        status => status,
    };
    let with_file = |field: Field| {
        let question = saved.sheet.question(field.key());
        field.with_file(question, &form, &errors)
    };
    let fields = saved.fields.into_iter().map(with_file).collect();
    let again = here.section_form(&saved.sheet, &key, fields)?;
    let errors = saved.errors.into_iter().chain(errors.clone()).collect();
    here.section_page(&saved.sheet, &key, status, SectionForm { errors, is_stale: saved.is_stale, ..again })
}

// ---------------------------------------------------------------- evidence

struct Sent {
    id: String,
    version: i64,
    label: String,
    kind: &'static str,
    size: String,
    expires: Option<String>,
}

#[derive(Template)]
#[template(path = "respond/evidence.html")]
struct EvidencePage<'a> {
    frame: Frame,
    here: &'a Here,
    files: Vec<Sent>,
    kinds: Vec<Choice>,
    errors: Vec<FieldError>,
    form: Form,
}

async fn evidence_page(here: &Here, errors: Vec<FieldError>, form: Form) -> PageResult {
    let files = here.evidence().await?.into_iter().map(|sent| Sent {
        label: file_label(&sent),
        kind: sent.kind.title(),
        size: sent.file.as_ref().map(|file| format::size(file.byte_count)).unwrap_or_default(),
        expires: sent.expires_on.map(format::day),
        version: sent.version,
        id: sent.id.to_string(),
    });
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let kinds = questions::evidence_kinds(&form.text("kind"));
    Ok(html(
        status,
        &EvidencePage { frame: here.frame("Evidence"), here, files: files.collect(), kinds, errors, form },
    )?)
}

fn file_label(sent: &RespondentEvidence) -> String {
    let name = sent.file.as_ref().map(|file| file.name.clone()).unwrap_or_default();
    match &sent.reference {
        Some(reference) => format!("{name}: {reference}"),
        None => name,
    }
}

/// What was sent, and a form to send more.
pub(super) async fn show_evidence(who: Visitor) -> PageResult {
    let (_, here) = who.parts();
    evidence_page(here, Vec::new(), Form::default()).await
}

/// Sends a file.
pub(super) async fn send_evidence(who: Visitor, form: Proven<WithFile<EvidenceFile>>) -> PageResult {
    let (_, here) = who.parts();
    let (form, file) = form.into_inner();
    let Some(file) = file else {
        return evidence_page(here, vec![FieldError::new("file", "choose a file to send")], form).await;
    };
    let mut errors = Vec::new();
    let new = NewUpload {
        name: Some(file.name),
        kind: form.some("kind").and_then(|kind| from_word(&kind)),
        reference: form.some("reference"),
        issued_on: form.day("issued_on", &mut errors),
        expires_on: form.day("expires_on", &mut errors),
    };
    if !errors.is_empty() {
        return evidence_page(here, errors, form).await;
    }
    match who.change(async |writer| respondent::send_evidence(writer, new, file.media_type, file.content).await).await {
        Ok(_) => Ok(redirect(&here.place("/evidence"))),
        Err(error) => {
            let found: Vec<Fault> = faults(error)?
                .into_iter()
                .map(|fault| Fault { pointer: fault.pointer.trim_start_matches(['?', '/']).to_owned(), ..fault })
                .collect();
            evidence_page(
                here,
                super::page::field_errors(&found, &["kind", "reference", "issued_on", "expires_on"], "file"),
                form,
            )
            .await
        }
    }
}

/// Takes a file back.
pub(super) async fn delete_evidence(who: Visitor, form: Proven<Form>) -> PageResult {
    let (_, here) = who.parts();
    let id: EvidenceId = form.text("id").parse().map_err(|_| Problem::not_found())?;
    let version = form.version()?;
    match who.change(async |writer| respondent::delete_evidence(writer, &id, version).await).await {
        Ok(()) => Ok(redirect(&here.place("/evidence"))),
        Err(error) => {
            let found = faults(error)?;
            evidence_page(here, field_errors(&found, &[], "files"), Form::default()).await
        }
    }
}

// ---------------------------------------------------------------- a last look

#[derive(Template)]
#[template(path = "respond/check.html")]
struct CheckPage<'a> {
    frame: Frame,
    here: &'a Here,
    sections: Vec<(String, Vec<Row>)>,
    errors: Vec<FieldError>,
    version: i64,
    unconfirmed: Option<String>,
    /// What it costs that questions have no answer.
    cost: Option<String>,
    /// Answers that need evidence and have none attached: where to attach it, the question, and the answer.
    bare: Vec<(String, String, String)>,
}

/// Everything that is answered, to be looked at before it is submitted.
pub(super) async fn check(who: Visitor) -> PageResult {
    let (_, here) = who.parts();
    check_page(here, StatusCode::OK, Vec::new()).await
}

async fn check_page(here: &Here, status: StatusCode, mut errors: Vec<FieldError>) -> PageResult {
    if here.visit.state == VisitState::Submitted {
        return Err(Refusal::Elsewhere(here.place("/receipt")));
    }
    let sheet = here.sheet().await?;
    errors.extend(sheet.missing());
    let earlier = sheet.standing.earlier.len();
    let unconfirmed = (earlier > 0)
        .then(|| format::count(earlier, "answer that you gave before is", "answers that you gave before are"));
    let sections = sheet.rows(|path| here.place(path));
    let page = CheckPage {
        frame: here.frame("Check your answers"),
        here,
        sections,
        errors,
        version: sheet.standing.version,
        unconfirmed,
        cost: sheet.standing.cost(),
        bare: sheet.bare(|path| here.place(path)),
    };
    Ok(html(status, &page)?)
}

/// Submits the answers.
pub(super) async fn submit(who: Visitor, form: Proven<Form>) -> PageResult {
    let (_, here) = who.parts();
    let version = form.version()?;
    match who.change(async |writer| respondent::submit_answers(writer, version).await).await {
        Ok(_) => Ok(redirect(&here.place("/receipt"))),
        Err(Error::Stale { .. }) => {
            let errors =
                vec![FieldError::new("form", "someone else saved answers meanwhile: look at them below, then submit")];
            check_page(here, StatusCode::CONFLICT, errors).await
        }
        Err(error) => {
            faults(error)?;
            check_page(here, StatusCode::UNPROCESSABLE_ENTITY, Vec::new()).await
        }
    }
}

#[derive(Template)]
#[template(path = "respond/receipt.html")]
struct ReceiptPage<'a> {
    frame: Frame,
    here: &'a Here,
    submitted_by: String,
    submitted_at: String,
    sections: Vec<(String, Vec<(String, String)>)>,
}

/// What was submitted, by whom and when.
pub(super) async fn receipt(who: Visitor) -> PageResult {
    let (_, here) = who.parts();
    if here.visit.state == VisitState::Open {
        return Err(Refusal::Elsewhere(here.place("")));
    }
    let receipt = respondent::receipt(&here.scope.read().await?, here.language.as_deref()).await?;
    let sheet = here.sheet().await?;
    let mut sections: Vec<(String, Vec<(String, String)>)> = Vec::new();
    for row in &receipt.answers {
        let answer = match (&row.answer, sheet.question(&row.question)) {
            (Some(answer), Some(question)) => sheet.said(question, answer),
            _ => "Not answered".into(),
        };
        match sections.last_mut() {
            Some((title, rows)) if *title == row.section => rows.push((row.text.clone(), answer)),
            _ => sections.push((row.section.clone(), vec![(row.text.clone(), answer)])),
        }
    }
    let page = ReceiptPage {
        frame: here.frame("Your answers are submitted"),
        here,
        submitted_by: receipt.submitted_by,
        submitted_at: format::moment(receipt.submitted_at),
        sections,
    };
    Ok(html(StatusCode::OK, &page)?)
}
