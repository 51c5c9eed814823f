//! A supplier's answers, through a link: who asks and why, the questions section by section, evidence, a last look, the receipt.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use diligence_entities::{
    assessment::{AnswerChange, Confirmation},
    clock::Day,
    error::Error,
    evidence_file::MAXIMUM_BYTES,
    fault::Fault,
    id::EvidenceId,
    respondent::{
        self, NewUpload, RespondentEvidence, RespondentEvidenceFilter, RespondentProgress, RespondentQuestion, RespondentQuestions, RespondentScope, Visit, VisitState,
    },
    stored::{from_word, word},
};
use diligence_questionnaires::{Answer, EvidenceKind, EvidenceNeed, QuestionType};
use poem::{Request, RequestBody, http::StatusCode, web::Multipart};
use serde_json::{Map, Value, json};

use super::{
    Frame, Refusal, Shown, Wrong, at, faults,
    form::{Form, parameter},
    html, refuse_foreign, request_id, see, sentence, with_cookies, words, wrongs,
};
use crate::{
    auth::store_of,
    middleware::Trail,
    problem::{Problem, Type},
    respond::auth::{Cookies, authenticate},
};

/// How many files are shown of those that were sent.
const SHOWN_FILES: u64 = 200;

// ---------------------------------------------------------------- who visits

/// The running visit, with what every page of it says.
struct Here {
    scope: RespondentScope,
    visit: Visit,
    /// The language the visitor reads, if it is not the questionnaire's own.
    language: Option<String>,
}

impl Here {
    async fn of(request: &Request) -> Result<Self, Refusal> {
        let scope = authenticate(request).await.map_err(|problem| match problem.kind {
            // Without a visit the link is asked for again.
            Type::Unauthenticated => Refusal::Elsewhere("/respond?ended=yes".into()),
            _ => Refusal::Problem(problem),
        })?;
        if let Some(trail) = request.data::<Trail>() {
            trail.note_respondent(&scope);
        }
        let visit = respondent::welcome(&scope.read().await?).await?;
        let language = Some(parameter(request, "language")).filter(|asked| visit.languages.iter().skip(1).any(|known| known == asked));
        Ok(Self { scope, visit, language })
    }

    /// A change to it: the form's own token must be the visit's.
    async fn changing(request: &Request, form: &Form) -> Result<Self, Refusal> {
        let here = Self::of(request).await?;
        here.is_proven(&form.text("csrf")).await?;
        Ok(here)
    }

    async fn is_proven(&self, token: &str) -> Result<(), Refusal> {
        if self.scope.is_proven_by(token) {
            return Ok(());
        }
        self.scope.record_refusal("a form without the visit's token").await?;
        Err(Problem::new(Type::Forbidden, "this form does not belong to your visit: open the page again").into())
    }

    fn frame(&self, title: &str) -> Frame {
        let language = self.language.clone().or_else(|| self.visit.languages.first().cloned()).unwrap_or_else(|| "en".into());
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
        self.visit.languages.iter().map(|code| (code.clone(), words::language(code), Some(code) == now)).collect()
    }

    async fn questions(&self) -> Result<RespondentQuestions, Error> {
        respondent::questions(&self.scope.read().await?, self.language.as_deref()).await
    }

    async fn progress(&self) -> Result<RespondentProgress, Error> {
        respondent::progress(&self.scope.read().await?).await
    }

    async fn evidence(&self) -> Result<Vec<RespondentEvidence>, Error> {
        let filter = RespondentEvidenceFilter { limit: Some(SHOWN_FILES), ..RespondentEvidenceFilter::default() };
        Ok(respondent::list_evidence(&self.scope.read().await?, &filter).await?.items)
    }
}

// ---------------------------------------------------------------- the way in

#[derive(Template)]
#[template(path = "respond_enter.html")]
struct EnterPage {
    frame: Frame,
    wrongs: Vec<Wrong>,
    has_ended: bool,
}

/// The task list, or, without a visit, where the link is handed in.
pub(super) async fn show(request: Request, _: RequestBody) -> Shown {
    let here = match Here::of(&request).await {
        Ok(here) => here,
        Err(Refusal::Elsewhere(_)) => {
            let page = EnterPage { frame: Frame::new("Answer a questionnaire"), wrongs: Vec::new(), has_ended: parameter(&request, "ended") == "yes" };
            return Ok(html(StatusCode::OK, &page)?);
        }
        Err(other) => return Err(other),
    };
    if here.visit.state == VisitState::Submitted {
        return Err(Refusal::Elsewhere(here.place("/receipt")));
    }
    let (questions, progress) = (here.questions().await?, here.progress().await?);
    let page = WelcomePage {
        frame: here.frame(&here.visit.questionnaire),
        sections: tasks(&here, &questions, &progress),
        due: here.visit.due_on.map(words::day),
        until: words::day(here.visit.expires_on),
        answered: format!("{} of {}", progress.answered_count, words::count(progress.question_count, "question", "questions")),
        earlier: (!progress.earlier.is_empty()).then(|| words::count(progress.earlier.len() as u64, "earlier answer fits", "earlier answers fit")),
        version: progress.version,
        here: &here,
    };
    Ok(html(StatusCode::OK, &page)?)
}

/// Hands the link in.
pub(super) async fn enter(request: Request, body: RequestBody) -> Shown {
    refuse_foreign(&request)?;
    let form = Form::read(&request, body).await?;
    // People paste the whole link as readily as what stands behind its `#`.
    let pasted = form.text("token");
    let token = pasted.rsplit('#').next().unwrap_or_default();
    let (_, secret) = match respondent::enter(store_of(&request)?, token, request_id(&request)).await {
        Ok(entered) => entered,
        Err(Error::NotFound) => {
            let wrongs = vec![Wrong::new("token", "this is no link that was sent from here: check that you copied all of it")];
            return Ok(html(StatusCode::NOT_FOUND, &EnterPage { frame: Frame::new("Answer a questionnaire"), wrongs, has_ended: false })?);
        }
        Err(other) => return Err(other.into()),
    };
    let cookie = Cookies::of(&request).with(secret.reveal(), false).and_then(|value| value.to_str().ok().map(str::to_owned));
    Ok(with_cookies(see("/respond"), cookie))
}

/// Ends the visit.
pub(super) async fn leave(request: Request, body: RequestBody) -> Shown {
    let form = Form::read(&request, body).await?;
    let here = Here::changing(&request, &form).await?;
    here.scope.leave().await?;
    let cookie = Cookies::of(&request).none().and_then(|value| value.to_str().ok().map(str::to_owned));
    Ok(with_cookies(see("/respond?ended=yes"), cookie))
}

// ---------------------------------------------------------------- the task list

/// A section as a task.
struct Task {
    key: String,
    href: String,
    title: String,
    answered: u64,
    asked: u64,
}

impl Task {
    fn is_done(&self) -> bool {
        self.answered == self.asked
    }

    fn state(&self) -> String {
        match (self.answered, self.asked) {
            (answered, asked) if answered == asked => "Answered".into(),
            (0, asked) => words::count(asked, "question", "questions"),
            (answered, asked) => format!("{answered} of {} answered", words::count(asked, "question", "questions")),
        }
    }
}

fn is_answered(progress: &RespondentProgress, key: &str) -> bool {
    progress.answers.get(key).is_some_and(|answer| answer.value.is_some() || answer.not_applicable.is_some())
}

/// The sections of which something is visible.
fn tasks(here: &Here, questions: &RespondentQuestions, progress: &RespondentProgress) -> Vec<Task> {
    let visible: BTreeSet<&str> = progress.visible.iter().map(String::as_str).collect();
    let task = |section: &respondent::RespondentSection| {
        let asked: Vec<&str> = section.questions.iter().map(|question| question.key.as_str()).filter(|key| visible.contains(key)).collect();
        let answered = asked.iter().filter(|key| is_answered(progress, key)).count() as u64;
        Task { href: here.place(&format!("/sections/{}", section.key)), key: section.key.clone(), title: section.title.clone(), answered, asked: asked.len() as u64 }
    };
    questions.sections.iter().map(task).filter(|task| task.asked > 0).collect()
}

#[derive(Template)]
#[template(path = "respond.html")]
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
pub(super) async fn confirm_earlier(request: Request, body: RequestBody) -> Shown {
    let form = Form::read(&request, body).await?;
    let here = Here::changing(&request, &form).await?;
    let writer = here.scope.write().await?;
    respondent::confirm_answers(&writer, version(&form)?, Confirmation::default()).await?;
    writer.save().await?;
    Ok(see(&here.place("")))
}

fn version(form: &Form) -> Result<i64, Problem> {
    form.text("version").parse().map_err(|_| Problem::new(Type::Malformed, "the form does not say which version it was made on: open the page again"))
}

// ---------------------------------------------------------------- a section

/// One of several that can be chosen.
struct Choice {
    value: String,
    label: String,
    is_chosen: bool,
}

/// A question with what is answered.
struct Field {
    key: String,
    text: String,
    help: Option<String>,
    kind: QuestionType,
    required: bool,
    may_not_apply: bool,
    unit: Option<String>,
    options: Vec<Choice>,
    /// What is typed: a text, a number, a date.
    value: String,
    comment: String,
    not_applicable: String,
    wants_evidence: bool,
    evidence: Vec<Choice>,
    needs_comment: bool,
    wrong: Option<String>,
    /// What someone else saved meanwhile, where it is something else.
    theirs: Option<String>,
    /// Whether the answer shown was given before and is not confirmed yet.
    is_earlier: bool,
}

impl Field {
    fn new(question: &RespondentQuestion, answer: Option<&Answer>, files: &[RespondentEvidence]) -> Self {
        let value = answer.and_then(|answer| serde_json::to_value(&answer.value).ok()).unwrap_or_default();
        let chosen: Vec<&str> = match &value {
            Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
            Value::String(text) => vec![text],
            _ => Vec::new(),
        };
        let mut options: Vec<Choice> = question
            .options
            .iter()
            .map(|option| Choice { value: option.value.clone(), label: option.label.clone(), is_chosen: chosen.contains(&option.value.as_str()) })
            .collect();
        if question.kind == QuestionType::YesNo && options.is_empty() {
            options = [("yes", "Yes"), ("no", "No")].map(|(value, label)| Choice { value: value.into(), label: label.into(), is_chosen: chosen.contains(&value) }).into();
        }
        let file = |file: &RespondentEvidence, is_chosen| Choice { value: file.id.to_string(), label: file_label(file), is_chosen };
        if question.kind == QuestionType::File {
            options = files.iter().map(|sent| file(sent, chosen.contains(&sent.id.as_str()))).collect();
        }
        let given = answer.map(|answer| answer.evidence_ids.as_slice()).unwrap_or_default();
        let wants_evidence = question.evidence != EvidenceNeed::None && question.kind != QuestionType::File;
        Self {
            key: question.key.clone(),
            text: question.text.clone(),
            help: question.help.clone(),
            kind: question.kind,
            required: question.required,
            may_not_apply: question.may_not_apply,
            unit: question.unit.clone(),
            options,
            value: match &value {
                Value::String(text) => text.clone(),
                Value::Number(number) => number.to_string(),
                _ => String::new(),
            },
            comment: answer.and_then(|answer| answer.comment.clone()).unwrap_or_default(),
            not_applicable: answer.and_then(|answer| answer.not_applicable.clone()).unwrap_or_default(),
            wants_evidence: wants_evidence || !given.is_empty(),
            evidence: files.iter().map(|sent| file(sent, given.iter().any(|id| id == sent.id.as_str()))).collect(),
            needs_comment: false,
            wrong: None,
            theirs: None,
            is_earlier: false,
        }
    }

    fn is_radios(&self) -> bool {
        matches!(self.kind, QuestionType::YesNo | QuestionType::SingleChoice | QuestionType::File)
    }

    fn is_checkboxes(&self) -> bool {
        self.kind == QuestionType::MultipleChoice
    }

    fn is_long(&self) -> bool {
        self.kind == QuestionType::Text
    }

    fn is_date(&self) -> bool {
        self.kind == QuestionType::Date
    }

    fn is_file(&self) -> bool {
        self.kind == QuestionType::File
    }

    fn has_more(&self) -> bool {
        !self.comment.is_empty() || self.needs_comment
    }

    /// The fields that describe this one, for who cannot see it.
    fn described_by(&self) -> String {
        let parts = [("hint", self.help.is_some()), ("wrong", self.wrong.is_some())];
        parts.iter().filter(|(_, is_there)| *is_there).map(|(part, _)| format!("{}-{part}", self.key)).collect::<Vec<_>>().join(" ")
    }
}

fn file_label(file: &RespondentEvidence) -> String {
    let name = file.file.as_ref().map(|file| file.name.clone()).unwrap_or_default();
    match &file.reference {
        Some(reference) => format!("{name}: {reference}"),
        None => name,
    }
}

#[derive(Template)]
#[template(path = "respond_section.html")]
struct SectionPage<'a> {
    frame: Frame,
    here: &'a Here,
    action: String,
    title: &'a str,
    intro: Option<&'a str>,
    fields: Vec<Field>,
    version: i64,
    wrongs: Vec<Wrong>,
    /// Whether someone else saved meanwhile.
    is_stale: bool,
    /// Whether what was saved brought up more questions.
    has_more: bool,
}

fn section_key(request: &Request) -> String {
    request.raw_path_param("key").unwrap_or_default().to_owned()
}

/// The visible questions of a section.
fn visible<'a>(
    questions: &'a RespondentQuestions,
    progress: &RespondentProgress,
    key: &str,
) -> Result<(&'a respondent::RespondentSection, Vec<&'a RespondentQuestion>), Refusal> {
    let section = questions.sections.iter().find(|section| section.key == key).ok_or_else(Problem::not_found)?;
    let shown = section.questions.iter().filter(|question| progress.visible.contains(&question.key)).collect();
    Ok((section, shown))
}

/// The questions of one section.
pub(super) async fn show_section(request: Request, _: RequestBody) -> Shown {
    let here = Here::of(&request).await?;
    if here.visit.state == VisitState::Submitted {
        return Err(Refusal::Elsewhere(here.place("/receipt")));
    }
    let key = section_key(&request);
    let (questions, progress, files) = (here.questions().await?, here.progress().await?, here.evidence().await?);
    let (section, shown) = visible(&questions, &progress, &key)?;
    let fields = fields(&shown, &progress, &files);
    let page = SectionPage {
        frame: here.frame(&section.title),
        here: &here,
        action: here.place(&format!("/sections/{key}")),
        title: &section.title,
        intro: section.intro.as_deref(),
        fields,
        version: progress.version,
        wrongs: Vec::new(),
        is_stale: false,
        has_more: parameter(&request, "more") == "yes",
    };
    Ok(html(StatusCode::OK, &page)?)
}

fn fields(shown: &[&RespondentQuestion], progress: &RespondentProgress, files: &[RespondentEvidence]) -> Vec<Field> {
    let field = |question: &&RespondentQuestion| {
        let answer = progress.answers.get(&question.key);
        let earlier = progress.earlier.get(&question.key).filter(|_| !is_answered(progress, &question.key));
        Field {
            is_earlier: earlier.is_some(),
            needs_comment: progress.comments_needed.contains(&question.key),
            ..Field::new(question, earlier.map(|earlier| &earlier.answer).or(answer), files)
        }
    };
    shown.iter().map(field).collect()
}

/// What a form says of a question; null where it says nothing.
fn answer_of(form: &Form, question: &RespondentQuestion) -> Value {
    let name = |part: &str| format!("{}.{part}", question.key);
    let mut answer = Map::new();
    let value = match question.kind {
        QuestionType::MultipleChoice => {
            let chosen: Vec<&str> = form.every(&name("value"));
            (!chosen.is_empty()).then(|| json!(chosen))
        }
        // What is no number is left as it is, for the rule to say what it expected.
        QuestionType::Number => form.some(&name("value")).map(|text| text.replace(',', "").parse::<serde_json::Number>().map_or(Value::String(text), Value::Number)),
        _ => form.some(&name("value")).map(Value::String),
    };
    if let Some(value) = value {
        answer.insert("value".into(), value);
    }
    for part in ["comment", "not_applicable"] {
        if let Some(text) = form.some(&name(part)) {
            answer.insert(part.into(), text.into());
        }
    }
    let evidence: Vec<&str> = form.every(&name("evidence"));
    if !evidence.is_empty() {
        answer.insert("evidence_ids".into(), json!(evidence));
    }
    if answer.is_empty() { Value::Null } else { answer.into() }
}

/// Where in the form a fault is: at the question that its pointer names first.
fn field_of(fault: &Fault, shown: &[&RespondentQuestion]) -> String {
    let key = fault.pointer.split('/').nth(1).unwrap_or_default();
    if shown.iter().any(|question| question.key == key) { key.to_owned() } else { "form".into() }
}

/// Saves the answers of one section.
pub(super) async fn save_section(request: Request, body: RequestBody) -> Shown {
    let form = Form::read(&request, body).await?;
    let here = Here::changing(&request, &form).await?;
    let key = section_key(&request);
    let (questions, before, files) = (here.questions().await?, here.progress().await?, here.evidence().await?);
    let (section, shown) = visible(&questions, &before, &key)?;
    // Only what stood in the form: a question that came up meanwhile was not asked there.
    let asked: Vec<&RespondentQuestion> = shown.iter().copied().filter(|question| form.every("asked").contains(&question.key.as_str())).collect();
    let typed: BTreeMap<String, Value> = asked.iter().map(|question| (question.key.clone(), answer_of(&form, question))).collect();
    let saved = save(&here, version(&form)?, &typed).await;
    let (mut faults_found, is_stale, status) = match saved {
        Ok(after) => {
            let is_new =
                |question: &&RespondentQuestion| after.visible.contains(&question.key) && !before.visible.contains(&question.key) && !is_answered(&after, &question.key);
            if section.questions.iter().any(|question| is_new(&question)) {
                let joint = if here.language.is_some() { '&' } else { '?' };
                return Ok(see(&format!("{}{joint}more=yes", here.place(&format!("/sections/{key}")))));
            }
            let next = tasks(&here, &questions, &after).into_iter().skip_while(|task| task.key != key).skip(1).find(|task| !task.is_done());
            return Ok(see(&match next {
                Some(task) if form.text("then") == "next" => here.place(&format!("/sections/{}", task.key)),
                _ => here.place(""),
            }));
        }
        Err(Error::Stale { .. }) => (Vec::new(), true, StatusCode::CONFLICT),
        Err(error) => (faults(error)?, false, StatusCode::UNPROCESSABLE_ENTITY),
    };
    faults_found.sort_by_key(|fault| asked.iter().position(|question| question.key == field_of(fault, &asked)));
    let field = |question: &&RespondentQuestion| {
        let mine: Option<Answer> = typed.get(&question.key).and_then(|value| serde_json::from_value(value.clone()).ok()).flatten();
        let mut field = Field::new(question, mine.as_ref(), &files);
        if field.value.is_empty() && !field.is_radios() && !field.is_checkboxes() {
            field.value = form.text(&format!("{}.value", question.key));
        }
        field.comment = form.text(&format!("{}.comment", question.key));
        field.not_applicable = form.text(&format!("{}.not_applicable", question.key));
        field.wrong = faults_found.iter().find(|fault| field_of(fault, &asked) == question.key).map(|fault| sentence(&fault.detail));
        let theirs = before.answers.get(&question.key);
        if is_stale && serde_json::to_value(theirs).ok() != serde_json::to_value(&mine).ok() {
            field.theirs = Some(theirs.map_or("no answer".into(), |answer| said(question, answer, &files)));
        }
        field
    };
    let fields: Vec<Field> = asked.iter().map(field).collect();
    let mut wrongs: Vec<Wrong> = faults_found.iter().map(|fault| Wrong::new(field_of(fault, &asked), &fault.detail)).collect();
    wrongs.dedup_by(|left, right| left.field == right.field && left.field != "form");
    if is_stale {
        wrongs.push(Wrong::new("form", "someone else saved answers here while you were answering: nothing of yours is lost. Compare below, then save again"));
    }
    let page = SectionPage {
        frame: here.frame(&section.title),
        here: &here,
        action: here.place(&format!("/sections/{key}")),
        title: &section.title,
        intro: section.intro.as_deref(),
        fields,
        version: before.version,
        wrongs,
        is_stale,
        has_more: false,
    };
    Ok(html(status, &page)?)
}

async fn save(here: &Here, version: i64, typed: &BTreeMap<String, Value>) -> Result<RespondentProgress, Error> {
    let change: AnswerChange = serde_json::from_value(json!(typed)).map_err(|error| Error::invalid("", "type", error.to_string()))?;
    let writer = here.scope.write().await?;
    let progress = respondent::save_answers(&writer, version, change).await?;
    writer.save().await?;
    Ok(progress)
}

/// An answer as it reads.
fn said(question: &RespondentQuestion, answer: &Answer, files: &[RespondentEvidence]) -> String {
    if let Some(reason) = &answer.not_applicable {
        return format!("Does not apply: {reason}");
    }
    let label = |value: &str| {
        let option = question.options.iter().find(|option| option.value == value).map(|option| option.label.clone());
        let file = || files.iter().find(|file| file.id.as_str() == value).map(file_label);
        option.or_else(file).unwrap_or_else(|| match (question.kind, value) {
            (QuestionType::YesNo, "yes") => "Yes".into(),
            (QuestionType::YesNo, "no") => "No".into(),
            (QuestionType::Date, value) => value.parse::<Day>().map_or(value.to_owned(), words::day),
            _ => value.to_owned(),
        })
    };
    match serde_json::to_value(&answer.value).unwrap_or_default() {
        Value::String(text) => label(&text),
        Value::Array(items) => items.iter().filter_map(Value::as_str).map(label).collect::<Vec<_>>().join(", "),
        Value::Number(number) => format!("{number} {}", question.unit.as_deref().unwrap_or_default()).trim().to_owned(),
        _ => "No answer yet".into(),
    }
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
#[template(path = "respond_evidence.html")]
struct EvidencePage<'a> {
    frame: Frame,
    here: &'a Here,
    files: Vec<Sent>,
    kinds: Vec<Choice>,
    wrongs: Vec<Wrong>,
    typed: BTreeMap<String, String>,
}

impl EvidencePage<'_> {
    fn typed(&self, name: &str) -> &str {
        self.typed.get(name).map(String::as_str).unwrap_or_default()
    }
}

fn kinds(chosen: Option<&String>) -> Vec<Choice> {
    let chosen = chosen.map_or("other", String::as_str);
    EvidenceKind::ALL.into_iter().map(|kind| Choice { is_chosen: word(&kind) == chosen, value: word(&kind), label: kind.title().into() }).collect()
}

async fn evidence_page(here: &Here, wrongs: Vec<Wrong>, typed: BTreeMap<String, String>) -> Shown {
    let files = here.evidence().await?.into_iter().map(|file| Sent {
        label: file_label(&file),
        kind: file.kind.title(),
        size: file.file.as_ref().map(|file| size(file.byte_count)).unwrap_or_default(),
        expires: file.expires_on.map(words::day),
        version: file.version,
        id: file.id.to_string(),
    });
    let status = if wrongs.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok(html(status, &EvidencePage { frame: here.frame("Evidence"), here, files: files.collect(), kinds: kinds(typed.get("kind")), wrongs, typed })?)
}

fn size(bytes: i64) -> String {
    if bytes < 1024 * 1024 { format!("{} KB", (bytes + 1023) / 1024) } else { format!("{:.1} MB", bytes as f64 / 1_048_576.0) }
}

/// What was sent, and a form to send more.
pub(super) async fn show_evidence(request: Request, _: RequestBody) -> Shown {
    evidence_page(&Here::of(&request).await?, Vec::new(), BTreeMap::new()).await
}

/// Sends a file.
pub(super) async fn send_evidence(request: Request, mut body: RequestBody) -> Shown {
    let here = Here::of(&request).await?;
    let mut multipart =
        <Multipart as poem::FromRequest>::from_request(&request, &mut body).await.map_err(|_| Problem::new(Type::UnsupportedMediaType, "expected a form with a file"))?;
    let (mut typed, mut file) = (BTreeMap::<String, String>::new(), None);
    let broken = || Problem::new(Type::Malformed, "the form cannot be read");
    while let Some(field) = multipart.next_field().await.map_err(|_| broken())? {
        let (name, file_name, kind) = (field.name().unwrap_or_default().to_owned(), field.file_name().map(str::to_owned), field.content_type().map(str::to_owned));
        let most = if name == "file" { MAXIMUM_BYTES } else { 2_000 };
        let bytes = limited(field, most).await?;
        if name == "file" {
            file = Some((file_name.unwrap_or_default(), kind, bytes));
        } else {
            typed.insert(name, String::from_utf8(bytes).map_err(|_| broken())?.trim().to_owned());
        }
    }
    here.is_proven(typed.get("csrf").map(String::as_str).unwrap_or_default()).await?;
    let some = |name: &str| typed.get(name).filter(|text| !text.is_empty()).cloned();
    let Some((name, kind, bytes)) = file.filter(|(name, _, bytes)| !name.is_empty() || !bytes.is_empty()) else {
        return evidence_page(&here, vec![Wrong::new("file", "choose a file to send")], typed).await;
    };
    let mut wrongs = Vec::new();
    let mut day = |field: &str| {
        let text = some(field)?;
        text.parse().map_err(|_| wrongs.push(Wrong::new(field, "expected a date such as 2027-03-31"))).ok()
    };
    let new = NewUpload {
        name: Some(name),
        kind: some("kind").and_then(|kind| from_word(&kind)),
        reference: some("reference"),
        issued_on: day("issued_on"),
        expires_on: day("expires_on"),
    };
    if !wrongs.is_empty() {
        return evidence_page(&here, wrongs, typed).await;
    }
    let writer = here.scope.write().await?;
    let sent = respondent::send_evidence(&writer, new, kind, bytes).await;
    match sent {
        Ok(_) => {
            writer.save().await?;
            Ok(see(&here.place("/evidence")))
        }
        Err(error) => {
            drop(writer);
            let found: Vec<Fault> = faults(error)?.into_iter().map(|fault| Fault { pointer: fault.pointer.trim_start_matches(['?', '/']).to_owned(), ..fault }).collect();
            evidence_page(&here, super::wrongs(&found, &["kind", "reference", "issued_on", "expires_on"], "file"), typed).await
        }
    }
}

async fn limited(field: poem::web::Field, most: usize) -> Result<Vec<u8>, Problem> {
    use tokio::io::AsyncReadExt as _;
    let mut bytes = Vec::new();
    let mut reader = field.into_async_read().take(most as u64 + 1);
    reader.read_to_end(&mut bytes).await.map_err(|_| Problem::new(Type::Malformed, "the form cannot be read"))?;
    if bytes.len() > most { Err(Problem::new(Type::TooLarge, "the file is larger than 10 MiB")) } else { Ok(bytes) }
}

/// Takes a file back.
pub(super) async fn delete_evidence(request: Request, body: RequestBody) -> Shown {
    let form = Form::read(&request, body).await?;
    let here = Here::changing(&request, &form).await?;
    let id: EvidenceId = form.text("id").parse().map_err(|_| Problem::not_found())?;
    let writer = here.scope.write().await?;
    match respondent::delete_evidence(&writer, &id, version(&form)?).await {
        Ok(()) => {
            writer.save().await?;
            Ok(see(&here.place("/evidence")))
        }
        Err(error) => {
            drop(writer);
            let found = faults(error)?;
            evidence_page(&here, wrongs(&found, &[], "files"), BTreeMap::new()).await
        }
    }
}

// ---------------------------------------------------------------- a last look

struct Read {
    key: String,
    href: String,
    text: String,
    answer: String,
    comment: Option<String>,
    evidence: Vec<String>,
    is_missing: bool,
}

#[derive(Template)]
#[template(path = "respond_check.html")]
struct CheckPage<'a> {
    frame: Frame,
    here: &'a Here,
    sections: Vec<(String, Vec<Read>)>,
    wrongs: Vec<Wrong>,
    version: i64,
    unconfirmed: Option<String>,
}

/// Everything that is answered, to be looked at before it is submitted.
pub(super) async fn check(request: Request, _: RequestBody) -> Shown {
    check_page(&Here::of(&request).await?, StatusCode::OK, Vec::new()).await
}

async fn check_page(here: &Here, status: StatusCode, mut wrongs: Vec<Wrong>) -> Shown {
    if here.visit.state == VisitState::Submitted {
        return Err(Refusal::Elsewhere(here.place("/receipt")));
    }
    let (questions, progress, files) = (here.questions().await?, here.progress().await?, here.evidence().await?);
    let mut sections = Vec::new();
    for section in &questions.sections {
        let mut read = Vec::new();
        for question in section.questions.iter().filter(|question| progress.visible.contains(&question.key)) {
            let answer = progress.answers.get(&question.key);
            let is_missing = progress.unanswered_required.contains(&question.key) || progress.comments_needed.contains(&question.key);
            if is_missing {
                let what = if progress.comments_needed.contains(&question.key) { "this answer needs a comment" } else { "this question must be answered" };
                wrongs.push(Wrong::new(question.key.clone(), format!("{what}: {}", question.text)));
            }
            read.push(Read {
                key: question.key.clone(),
                href: here.place(&format!("/sections/{}", section.key)),
                text: question.text.clone(),
                answer: answer.map_or("No answer yet".into(), |answer| said(question, answer, &files)),
                comment: answer.and_then(|answer| answer.comment.clone()),
                evidence: answer
                    .into_iter()
                    .flat_map(|answer| &answer.evidence_ids)
                    .filter_map(|id| files.iter().find(|file| file.id.as_str() == id))
                    .map(file_label)
                    .collect(),
                is_missing,
            });
        }
        if !read.is_empty() {
            sections.push((section.title.clone(), read));
        }
    }
    let earlier = progress.earlier.len() as u64;
    let unconfirmed = (earlier > 0).then(|| words::count(earlier, "answer that you gave before is", "answers that you gave before are"));
    let page = CheckPage { frame: here.frame("Check your answers"), here, sections, wrongs, version: progress.version, unconfirmed };
    Ok(html(status, &page)?)
}

/// Submits the answers.
pub(super) async fn submit(request: Request, body: RequestBody) -> Shown {
    let form = Form::read(&request, body).await?;
    let here = Here::changing(&request, &form).await?;
    let writer = here.scope.write().await?;
    match respondent::submit_answers(&writer, version(&form)?).await {
        Ok(_) => {
            writer.save().await?;
            Ok(see(&here.place("/receipt")))
        }
        Err(Error::Stale { .. }) => {
            drop(writer);
            let wrongs = vec![Wrong::new("form", "someone else saved answers meanwhile: look at them below, then submit")];
            check_page(&here, StatusCode::CONFLICT, wrongs).await
        }
        Err(error) => {
            drop(writer);
            faults(error)?;
            check_page(&here, StatusCode::UNPROCESSABLE_ENTITY, Vec::new()).await
        }
    }
}

#[derive(Template)]
#[template(path = "respond_receipt.html")]
struct ReceiptPage<'a> {
    frame: Frame,
    here: &'a Here,
    submitted_by: String,
    submitted_at: String,
    sections: Vec<(String, Vec<(String, String)>)>,
}

/// What was submitted, by whom and when.
pub(super) async fn receipt(request: Request, _: RequestBody) -> Shown {
    let here = Here::of(&request).await?;
    if here.visit.state == VisitState::Open {
        return Err(Refusal::Elsewhere(here.place("")));
    }
    let receipt = respondent::receipt(&here.scope.read().await?, here.language.as_deref()).await?;
    let (questions, files) = (here.questions().await?, here.evidence().await?);
    let all: BTreeMap<&str, &RespondentQuestion> =
        questions.sections.iter().flat_map(|section| &section.questions).map(|question| (question.key.as_str(), question)).collect();
    let mut sections: Vec<(String, Vec<(String, String)>)> = Vec::new();
    for row in &receipt.answers {
        let answer = match (&row.answer, all.get(row.question.as_str())) {
            (Some(answer), Some(question)) => said(question, answer, &files),
            _ => "Not answered".into(),
        };
        match sections.last_mut() {
            Some((title, rows)) if *title == row.section => rows.push((row.text.clone(), answer)),
            _ => sections.push((row.section.clone(), vec![(row.text.clone(), answer)])),
        }
    }
    let page = ReceiptPage {
        frame: here.frame("Your answers are submitted"),
        here: &here,
        submitted_by: receipt.submitted_by,
        submitted_at: words::moment(receipt.submitted_at),
        sections,
    };
    Ok(html(StatusCode::OK, &page)?)
}
