//! One assessment: what is asked by section, the answers, evidence for them, a last look, and its submission.

use askama::Template;
use diligence_entities::{
    assessment::{self, AnswerChange, Assessment, AssessmentState, Confirmation, Progress, Unsubmitted},
    error::Error,
    evidence::{self, Evidence, EvidenceFilter, EvidenceSort, NewEvidence},
    evidence_file::{self, NewFile},
    fault::Fault,
    id::{AssessmentId, SubjectId},
    questionnaire, register,
    role::Role,
    scope::Reader,
    stored::from_word,
};
use diligence_questionnaires::{EvidenceKind, LeftBecause, Rating, Score};
use poem::{Request, http::StatusCode};

use crate::{
    auth::{Editor, Viewer},
    pages::{
        form::{Form, parameter},
        format,
        page::{FieldError, Frame, PageResult, Refusal, at, faults, html, path_id, redirect},
        questions::{self, Choice, Door, Field, Paper, Row, SectionForm, Sheet, Standing, Task},
        sign_in::SignedIn,
        signed_in::{EvidenceFile, Page, Proven, WithFile},
    },
};

/// How many pieces of evidence are read at once.
const EVIDENCE: u64 = 200;

/// An assessment, with what every page of it says.
pub(super) struct About {
    pub(super) assessment: Assessment,
    /// The supplier's name, or the product's.
    pub(super) name: String,
    /// The subject's name, followed by the supplier's for a product.
    pub(super) subject: String,
    /// The questionnaire's title.
    pub(super) title: String,
}

impl About {
    /// The assessment in the address.
    pub(super) async fn of(reader: &Reader, request: &Request) -> Result<Self, Refusal> {
        let id: AssessmentId = path_id(request)?;
        let assessment = assessment::read(reader, &id).await?;
        let lines = register::lines(reader, [assessment.subject_id.clone()]).await?;
        let line = lines.get(&assessment.subject_id).ok_or(Error::NotFound)?;
        let mut titles = questionnaire::titles(reader, [assessment.questionnaire.clone()]).await?;
        let title = titles.remove(&assessment.questionnaire).unwrap_or_else(|| assessment.questionnaire.clone());
        Ok(Self { name: line.name.clone(), subject: format::subject(line), title, assessment })
    }

    /// A place of it.
    pub(super) fn place(&self, path: &str) -> String {
        format!("/assessments/{}{path}", self.assessment.id)
    }

    pub(super) fn subject_href(&self) -> String {
        format::subject_href(&self.assessment.subject_id)
    }

    pub(super) fn is_open(&self) -> bool {
        self.assessment.state.0 == AssessmentState::Open
    }

    /// Whether it was never submitted, and can be taken away.
    fn is_draft(&self) -> bool {
        self.is_open() && self.assessment.submitted_at.is_none()
    }
}

/// Every piece of evidence that an answer of this assessment may name, the newest first.
async fn papers(reader: &Reader, assessment: &Assessment) -> Result<Vec<Evidence>, Error> {
    let (supplier_id, sort) = (Some(assessment.supplier_id.clone()), Some(EvidenceSort::CreatedDescending));
    let mut filter = EvidenceFilter { supplier_id, sort, limit: Some(EVIDENCE), ..EvidenceFilter::default() };
    let mut all = Vec::new();
    loop {
        let page = evidence::list(reader, &filter).await?;
        all.extend(page.items);
        if page.next.is_none() {
            return Ok(all);
        }
        filter.cursor = page.next;
    }
}

async fn sheet(reader: &Reader, assessment: &Assessment) -> Result<Sheet, Error> {
    let progress = assessment::progress(reader, &assessment.id).await?;
    sheet_of(reader, assessment, progress).await
}

async fn sheet_of(reader: &Reader, assessment: &Assessment, progress: Progress) -> Result<Sheet, Error> {
    let (questions, standing) = (assessment::questions(reader, &assessment.id, None).await?, progress.into());
    Ok(Sheet { questions, standing, papers: papers(reader, assessment).await?.iter().map(Paper::from).collect() })
}

// ---------------------------------------------------------------- the task list

/// An answer that caps the rating.
struct KnockOutLine {
    reason: String,
    question: String,
    answer: String,
}

/// An answer that was given before and waits to be confirmed.
struct EarlierLine {
    key: String,
    question: String,
    answer: String,
    on: String,
    look: Vec<&'static str>,
}

#[derive(Template)]
#[template(path = "assessments/show.html")]
struct AssessmentPage {
    frame: Frame,
    about: About,
    csrf: String,
    notice: &'static str,
    errors: Vec<FieldError>,
    tasks: Vec<Task>,
    sections: Vec<(String, Vec<Row>)>,
    answered: String,
    /// How far an answer through a link is that is not submitted.
    unsubmitted: Option<String>,
    missing_count: usize,
    claimed: Option<Score>,
    evidenced: Option<Score>,
    rating: Rating,
    knock_outs: Vec<KnockOutLine>,
    earlier: Vec<EarlierLine>,
    left: Vec<(String, &'static str)>,
    may_change: bool,
    may_review: bool,
}

impl AssessmentPage {
    /// Whether nothing that counts is answered yet.
    fn is_silent(&self) -> bool {
        self.about.is_open() && self.about.assessment.coverage.0 == Score::default()
    }

    /// Whether whoever looks can answer.
    fn may_answer(&self) -> bool {
        self.may_change && self.about.is_open()
    }

    /// What happens next, and who can do it.
    fn next(&self) -> &'static str {
        match self.about.assessment.state.0 {
            AssessmentState::Open if !self.may_change => {
                "An editor answers the questions, or sends them to the supplier as a link. Then they are submitted, and an approver decides."
            }
            AssessmentState::Open => {
                "Answer the questions section by section, or send them to the supplier as a link. When all is answered, check and submit. Then an approver decides."
            }
            AssessmentState::Submitted => {
                "An approver reviews the answers, then approves, refuses or returns them for changes. Until then nothing changes in the register."
            }
            AssessmentState::Approved => {
                "It counts in the register. When it is time to ask again, start a new assessment: answers that still hold are carried over."
            }
            AssessmentState::Refused => {
                "It was refused: we may not rely on this. Its scores stand in the register until it is decided again."
            }
            AssessmentState::Superseded => {
                "A newer approved assessment counts in its place. This one stays to be read."
            }
        }
    }
}

/// How far an answer through a link is that is not submitted: `3 of 12 questions`.
fn told(far: Unsubmitted) -> String {
    let count = usize::try_from(far.question_count).unwrap_or(usize::MAX);
    format!("{} of {}", far.answered_count, format::count(count, "question", "questions"))
}

/// Why an earlier answer was left out.
fn left_because(because: LeftBecause) -> &'static str {
    match because {
        LeftBecause::QuestionGone => "the question is not asked any more",
        LeftBecause::TypeChanged => "the question takes another kind of answer now",
        LeftBecause::ValueNoLongerPossible => "that answer cannot be given any more",
        LeftBecause::NotApplicableNoLongerAllowed => "the question always applies now",
        LeftBecause::EvidenceGone => "the file that it was is no longer here",
        LeftBecause::NeverFitted => "it did not fit its question",
    }
}

/// An assessment by section, how far it is, and what happens next.
pub(super) async fn show(who: Page<Viewer>) -> PageResult {
    let (request, here) = who.parts();
    let notice = match parameter(request, "notice").as_str() {
        "started" => "The assessment is started.",
        "submitted" => "The answers are submitted. An approver decides on them now.",
        "confirmed" => "Confirmed: what was answered before counts now.",
        "filled" => "The answers of your file are in place.",
        _ => "",
    };
    task_list(request, here, StatusCode::OK, notice, Vec::new()).await
}

async fn task_list(
    request: &Request,
    here: &SignedIn,
    status: StatusCode,
    notice: &'static str,
    errors: Vec<FieldError>,
) -> PageResult {
    let reader = here.read(request).await?;
    let about = About::of(&reader, request).await?;
    let questions = assessment::questions(&reader, &about.assessment.id, None).await?;
    let progress = assessment::progress(&reader, &about.assessment.id).await?;
    let result = assessment::result(&reader, &about.assessment.id).await?;
    let (left, claimed, evidenced) = (progress.left.clone(), progress.claimed, progress.evidenced);
    let unsubmitted = progress.unsubmitted.map(told);
    let papers = papers(&reader, &about.assessment).await?.iter().map(Paper::from).collect();
    let sheet = Sheet { questions, standing: progress.into(), papers };
    let text = |key: &str| sheet.question(key).map_or_else(|| key.to_owned(), |question| question.text.clone());
    let said = |key: &str, answer: &diligence_questionnaires::Answer| {
        sheet.question(key).map(|question| sheet.said(question, answer)).unwrap_or_default()
    };
    let knock_outs = result.outcome.knock_outs.into_iter().map(|knock_out| KnockOutLine {
        answer: sheet
            .standing
            .answers
            .get(&knock_out.question)
            .map(|answer| said(&knock_out.question, answer))
            .unwrap_or_default(),
        question: text(&knock_out.question),
        reason: knock_out.reason,
    });
    let waiting = sheet.standing.earlier.iter().filter(|(key, _)| sheet.standing.visible.contains(key));
    let earlier = waiting.map(|(key, earlier)| EarlierLine {
        key: key.clone(),
        question: text(key),
        answer: said(key, &earlier.answer),
        on: format::day(earlier.answered_on),
        look: earlier.look.iter().map(|look| questions::look_again(*look)).collect(),
    });
    let may_change = here.is_at_least(Role::Editor);
    let may_answer = may_change && about.is_open();
    let page = AssessmentPage {
        frame: here.frame(&format!("{}: {}", about.title, about.subject)).at("/assessments"),
        csrf: here.csrf().to_owned(),
        notice,
        errors,
        tasks: sheet.tasks(|path| about.place(path)),
        sections: if may_answer { Vec::new() } else { sheet.rows(|_| String::new()) },
        answered: sheet.standing.answered(),
        unsubmitted,
        missing_count: sheet.standing.unanswered_required.len() + sheet.standing.comments_needed.len(),
        claimed,
        evidenced,
        rating: result.rating,
        knock_outs: knock_outs.collect(),
        earlier: earlier.collect(),
        left: left.iter().map(|left| (text(&left.question), left_because(left.because))).collect(),
        may_change,
        may_review: here.is_at_least(Role::Approver),
        about,
    };
    Ok(html(status, &page)?)
}

/// Confirms answers that were given before: one, or all.
pub(super) async fn confirm(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let id: AssessmentId = path_id(request)?;
    let confirmation = Confirmation { questions: form.some("question").map(|key| vec![key]) };
    let version = form.version()?;
    match who.change(async |writer| assessment::confirm(writer, &id, version, confirmation).await).await {
        Ok(_) => Ok(redirect(&format!("/assessments/{id}?notice=confirmed"))),
        Err(Error::Stale { .. }) => {
            let wrong = FieldError::new(
                "earlier",
                "someone else saved answers meanwhile, and nothing was confirmed: look again, then confirm",
            );
            task_list(request, here, StatusCode::CONFLICT, "", vec![wrong]).await
        }
        Err(error) => {
            let errors = crate::pages::page::field_errors(&faults(error)?, &[], "earlier");
            task_list(request, here, StatusCode::UNPROCESSABLE_ENTITY, "", errors).await
        }
    }
}

// ---------------------------------------------------------------- a section

#[derive(Template)]
#[template(path = "assessments/section.html")]
struct SectionPage {
    frame: Frame,
    about: About,
    form: SectionForm,
}

/// Where answers to an assessment are kept, for someone of the organisation.
struct OwnDoor<'a> {
    who: &'a Page<Editor>,
    id: AssessmentId,
}

impl Door for OwnDoor<'_> {
    async fn put(&self, version: i64, change: AnswerChange) -> Result<Result<Standing, Error>, Refusal> {
        let done = self.who.change(async |writer| assessment::answer(writer, &self.id, version, change).await).await;
        Ok(done.map(Into::into))
    }
}

fn section_form(
    here: &SignedIn,
    about: &About,
    sheet: &Sheet,
    key: &str,
    fields: Vec<Field>,
) -> Result<SectionForm, Refusal> {
    let action = about.place(&format!("/sections/{key}"));
    let then: String = form_urlencoded::byte_serialize(action.as_bytes()).collect();
    Ok(SectionForm {
        csrf: here.csrf().to_owned(),
        intro: sheet.section(key)?.intro.clone(),
        fields,
        version: sheet.standing.version,
        errors: Vec::new(),
        is_stale: false,
        has_more: false,
        attaches: false,
        evidence: about.place(&format!("/evidence?section={key}")),
        add_evidence: "Add evidence",
        way_in: format!("/sign-in?then={then}"),
        action,
    })
}

fn section_page(
    here: &SignedIn,
    about: About,
    sheet: &Sheet,
    key: &str,
    status: StatusCode,
    form: SectionForm,
) -> PageResult {
    let frame = here.frame(&sheet.section(key)?.title).at("/assessments");
    Ok(html(status, &SectionPage { frame, about, form })?)
}

fn section_key(request: &Request) -> String {
    request.raw_path_param("key").unwrap_or_default().to_owned()
}

/// The questions of one section.
pub(super) async fn show_section(who: Page<Viewer>) -> PageResult {
    let (request, here) = who.parts();
    let reader = here.read(request).await?;
    let about = About::of(&reader, request).await?;
    let key = section_key(request);
    let sheet = sheet(&reader, &about.assessment).await?;
    let fields = sheet.fields(sheet.section(&key)?);
    if !about.is_open() || !here.is_at_least(Role::Editor) {
        // Whoever cannot answer reads the answers all on one page.
        return Err(Refusal::Elsewhere(about.place("")));
    }
    let form = SectionForm {
        has_more: parameter(request, "more") == "yes",
        ..section_form(here, &about, &sheet, &key, fields)?
    };
    section_page(here, about, &sheet, &key, StatusCode::OK, form)
}

/// Saves the answers of one section.
pub(super) async fn save_section(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let reader = here.read(request).await?;
    let about = About::of(&reader, request).await?;
    let key = section_key(request);
    let sheet = sheet(&reader, &about.assessment).await?;
    drop(reader);
    let door = OwnDoor { who: &who, id: about.assessment.id.clone() };
    let saved = questions::save(&door, sheet, &key, &form).await?;
    if saved.goes_on() {
        return Ok(redirect(&match saved.has_more {
            true => about.place(&format!("/sections/{key}?more=yes")),
            false => saved.sheet.after(&key, &form, |path| about.place(path)),
        }));
    }
    let form = section_form(here, &about, &saved.sheet, &key, saved.fields)?;
    section_page(
        here,
        about,
        &saved.sheet,
        &key,
        saved.status,
        SectionForm { errors: saved.errors, is_stale: saved.is_stale, ..form },
    )
}

// ---------------------------------------------------------------- evidence

#[derive(Template)]
#[template(path = "assessments/evidence.html")]
struct EvidencePage {
    frame: Frame,
    about: About,
    csrf: String,
    form: Form,
    section: String,
    kinds: Vec<Choice>,
    errors: Vec<FieldError>,
}

impl EvidencePage {
    /// Where one came from.
    fn back(&self) -> String {
        if self.section.is_empty() {
            self.about.place("")
        } else {
            self.about.place(&format!("/sections/{}", self.section))
        }
    }
}

/// A form for a piece of evidence that an answer is to rest on.
pub(super) async fn show_evidence(who: Page<Editor>) -> PageResult {
    let (request, here) = who.parts();
    evidence_page(request, here, parameter(request, "section"), Form::default(), Vec::new()).await
}

async fn evidence_page(
    request: &Request,
    here: &SignedIn,
    section: String,
    form: Form,
    errors: Vec<FieldError>,
) -> PageResult {
    let about = About::of(&here.read(request).await?, request).await?;
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let (frame, csrf) = (here.frame("Add evidence").at("/assessments"), here.csrf().to_owned());
    Ok(html(
        status,
        &EvidencePage {
            frame,
            about,
            csrf,
            kinds: questions::evidence_kinds(&form.text("kind")),
            section: questions::key(section),
            form,
            errors,
        },
    )?)
}

/// Enters a piece of evidence with its file, if there is one.
pub(super) async fn add_evidence(who: Page<Editor>, form: Proven<WithFile<EvidenceFile>>) -> PageResult {
    let (request, here) = who.parts();
    let (form, file) = form.into_inner();
    let about = About::of(&here.read(request).await?, request).await?;
    let mut errors = Vec::new();
    let new = NewEvidence {
        subject_id: about.assessment.subject_id.clone(),
        kind: form.some("kind").and_then(|kind| from_word(&kind)).unwrap_or(EvidenceKind::Other),
        reference: form.some("reference"),
        statement: form.some("statement"),
        scope: None,
        document_version: None,
        issued_on: form.day("issued_on", &mut errors),
        expires_on: form.day("expires_on", &mut errors),
        address: form.some("address"),
        notes: None,
    };
    if file.is_none() && new.reference.is_none() && new.address.is_none() {
        errors
            .push(FieldError::new("file", "choose a file, or say where the evidence can be seen or what it is called"));
    }
    if !errors.is_empty() {
        return evidence_page(request, here, form.text("section"), form, errors).await;
    }
    let entered = who.change(async |writer| {
        let made = evidence::create(writer, new).await?;
        if let Some(file) = file {
            let new = NewFile { name: Some(file.name), media_type: file.media_type, content: file.content };
            evidence_file::store(writer, &made.id, made.version, new).await?;
        }
        Ok(())
    });
    match entered.await {
        Ok(()) => {
            let key = questions::key(form.text("section"));
            Ok(redirect(&if key.is_empty() { about.place("") } else { about.place(&format!("/sections/{key}")) }))
        }
        Err(error) => {
            let found: Vec<Fault> = faults(error)?
                .into_iter()
                .map(|fault| Fault { pointer: fault.pointer.trim_start_matches(['?', '/']).to_owned(), ..fault })
                .collect();
            let errors = crate::pages::page::field_errors(
                &found,
                &["kind", "reference", "statement", "issued_on", "expires_on", "address"],
                "file",
            );
            evidence_page(request, here, form.text("section"), form, errors).await
        }
    }
}

// ---------------------------------------------------------------- a last look

#[derive(Template)]
#[template(path = "assessments/check.html")]
struct CheckPage {
    frame: Frame,
    about: About,
    csrf: String,
    sections: Vec<(String, Vec<Row>)>,
    errors: Vec<FieldError>,
    version: i64,
    unconfirmed: Option<String>,
    /// How far an answer through a link is that is not submitted.
    unsubmitted: Option<String>,
}

/// Everything that is answered, to be looked at before it is submitted.
pub(super) async fn check(who: Page<Viewer>) -> PageResult {
    let (request, here) = who.parts();
    check_page(request, here, StatusCode::OK, Vec::new()).await
}

async fn check_page(request: &Request, here: &SignedIn, status: StatusCode, mut errors: Vec<FieldError>) -> PageResult {
    let reader = here.read(request).await?;
    let about = About::of(&reader, request).await?;
    if !about.is_open() || !here.is_at_least(Role::Editor) {
        return Err(Refusal::Elsewhere(about.place("")));
    }
    let progress = assessment::progress(&reader, &about.assessment.id).await?;
    let unsubmitted = progress.unsubmitted.map(told);
    let sheet = sheet_of(&reader, &about.assessment, progress).await?;
    errors.extend(sheet.missing());
    let earlier = sheet.standing.earlier.keys().filter(|key| sheet.standing.visible.contains(key)).count();
    let unconfirmed = (earlier > 0)
        .then(|| format::count(earlier, "answer that was given before is", "answers that were given before are"));
    let (frame, csrf) = (here.frame("Check the answers").at("/assessments"), here.csrf().to_owned());
    let (sections, version) = (sheet.rows(|path| about.place(path)), sheet.standing.version);
    Ok(html(status, &CheckPage { frame, about, csrf, sections, errors, version, unconfirmed, unsubmitted })?)
}

/// Submits the answers.
pub(super) async fn submit(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let id: AssessmentId = path_id(request)?;
    let version = form.version()?;
    match who.change(async |writer| assessment::submit(writer, &id, version).await).await {
        Ok(_) => Ok(redirect(&format!("/assessments/{id}?notice=submitted"))),
        Err(Error::Stale { .. }) => {
            let wrong =
                FieldError::new("form", "someone else saved answers meanwhile: look at them below, then submit");
            check_page(request, here, StatusCode::CONFLICT, vec![wrong]).await
        }
        Err(Error::Conflict { detail, .. }) => {
            check_page(request, here, StatusCode::CONFLICT, vec![FieldError::new("form", detail)]).await
        }
        Err(error) => {
            faults(error)?;
            check_page(request, here, StatusCode::UNPROCESSABLE_ENTITY, Vec::new()).await
        }
    }
}

// ---------------------------------------------------------------- taking it away

#[derive(Template)]
#[template(path = "assessments/delete.html")]
struct DeletePage {
    frame: Frame,
    about: About,
    csrf: String,
    typed: String,
    version: i64,
    errors: Vec<FieldError>,
}

/// Asks whether a draft is to go, with the name typed.
pub(super) async fn show_delete(who: Page<Editor>) -> PageResult {
    let (request, here) = who.parts();
    let about = About::of(&here.read(request).await?, request).await?;
    if !about.is_draft() {
        return Err(Refusal::Elsewhere(about.place("")));
    }
    delete_page(here, about, StatusCode::OK, String::new(), Vec::new())
}

fn delete_page(
    here: &SignedIn,
    about: About,
    status: StatusCode,
    typed: String,
    errors: Vec<FieldError>,
) -> PageResult {
    let (frame, csrf, version) =
        (here.frame("Delete this draft").at("/assessments"), here.csrf().to_owned(), about.assessment.version);
    Ok(html(status, &DeletePage { frame, about, csrf, typed, version, errors })?)
}

/// Deletes a draft.
pub(super) async fn delete(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let about = About::of(&here.read(request).await?, request).await?;
    let typed = form.text("name");
    if typed != about.name.trim() {
        let wrong = FieldError::new("name", format!("to delete it, enter the name exactly: {}", about.name));
        return delete_page(here, about, StatusCode::UNPROCESSABLE_ENTITY, typed, vec![wrong]);
    }
    let version = form.version()?;
    match who.change(async |writer| assessment::delete(writer, &about.assessment.id, version).await).await {
        Ok(()) => Ok(redirect(&format!("/assessments?{}", of_subject(&about.assessment.subject_id)))),
        Err(error) => {
            let (status, wrong) = match error {
                Error::Stale { .. } => (
                    StatusCode::CONFLICT,
                    FieldError::new("name", "someone else saved answers here meanwhile: delete it only if they know"),
                ),
                other => (
                    StatusCode::UNPROCESSABLE_ENTITY,
                    FieldError::new(
                        "name",
                        faults(other)?.first().map(|fault| fault.detail.clone()).unwrap_or_default(),
                    ),
                ),
            };
            delete_page(here, about, status, typed, vec![wrong])
        }
    }
}

/// What narrows the list of assessments to one supplier or product.
fn of_subject(id: &SubjectId) -> String {
    format!("subject_id={id}")
}
