//! Writing questionnaires: drafts, what is wrong with them, how they look, what answers come to, what publishing would do.

use std::collections::BTreeMap;

use askama::Template;
use diligence_entities::{
    draft::{self, Attempt, AttemptResult, Draft, DraftCheck, NewDraft, RatingByTier, WrittenDraft},
    error::Error,
    fault::Fault,
    id::DraftId,
    patch::Change,
    questionnaire::{self, DocumentFilter, DocumentFormat, DocumentKind, Origin, Questionnaire, QuestionnaireFilter},
    role::Role,
    scope::Reader,
    stored::from_word,
    what_if::{AssessmentMove, WhatIf},
};
use diligence_questionnaires::{
    Answer, Condition, Edition, EvidenceFact, EvidenceKind, EvidenceNeed, Extension, Preview, PreviewQuestion, QuestionType, Rating, ReviewedPoints, Subject,
    answer::{FACTS, Fact},
    library,
};
use poem::{Request, http::StatusCode};
use serde_json::{Value, json};

use super::{Differences, differences, edition_href, kind};
use crate::{
    auth::{Editor, Viewer, store_of},
    body::Cost,
    pages::{
        form::{Form, parameter},
        format,
        page::{FieldError, Frame, PageResult, Refusal, at, faults, field_errors, html, path_id, redirect, request_id},
        sign_in::SignedIn,
        signed_in::{Page, Proven, Upload, WithFile, Within},
        what_if::{Found, PLACE, stream_page, tenths},
    },
    problem::{Problem, Type},
};

/// How many bytes a form with a document in it may have: what is no letter takes three of them.
const MAXIMUM_FORM: usize = 8 << 20;
/// How many bytes a file may have that a draft is made of.
const MAXIMUM_FILE: usize = 2 << 20;

pub(super) fn draft_href(id: &DraftId) -> String {
    format!("/questionnaires/drafts/{id}")
}

// ---------------------------------------------------------------- a new one

#[derive(Template)]
#[template(path = "questionnaires/drafts/new.html")]
struct NewPage {
    frame: Frame,
    errors: Vec<FieldError>,
    csrf: String,
    /// What can be extended: key and title.
    bases: Vec<(String, String)>,
    /// What can be copied: key and edition, and the title.
    copies: Vec<(String, String)>,
    typed: BTreeMap<&'static str, String>,
}

impl NewPage {
    fn typed(&self, name: &str) -> &str {
        self.typed.get(name).map_or("", String::as_str)
    }
}

/// The ways to begin a draft.
pub(super) async fn show_new(who: Page<Editor>) -> PageResult {
    let (request, here) = who.parts();
    let typed = BTreeMap::from([("base", parameter(request, "base")), ("copy", parameter(request, "copy"))]);
    new_page(request, here, Vec::new(), typed).await
}

async fn new_page(request: &Request, here: &SignedIn, errors: Vec<FieldError>, typed: BTreeMap<&'static str, String>) -> PageResult {
    let known = every_questionnaire(&here.read(request).await?).await?;
    let own = known.iter().filter(|questionnaire| questionnaire.origin == Origin::Own);
    let copies = own.map(|own| (format!("{} {}", own.key, own.latest_edition), format!("{}, edition {}", own.title, own.latest_edition))).collect();
    let bases = known.iter().map(|questionnaire| (questionnaire.key.clone(), questionnaire.title.clone())).collect();
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let frame = here.frame("Write a questionnaire").at("/questionnaires");
    Ok(html(status, &NewPage { frame, errors, csrf: here.csrf().to_owned(), bases, copies, typed })?)
}

async fn every_questionnaire(reader: &Reader) -> Result<Vec<Questionnaire>, Error> {
    let mut filter = QuestionnaireFilter { limit: Some(200), ..QuestionnaireFilter::default() };
    let mut known = Vec::new();
    loop {
        let page = questionnaire::list(reader, &filter).await?;
        known.extend(page.items);
        filter.cursor = page.next;
        if filter.cursor.is_none() {
            return Ok(known);
        }
    }
}

/// A key made of a title: its letters and digits, with hyphens between.
fn key_of(title: &str) -> String {
    let spaced: String = title.to_lowercase().chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { ' ' }).collect();
    let key = spaced.split_whitespace().collect::<Vec<_>>().join("-");
    let key = key.trim_start_matches(|first: char| !first.is_ascii_lowercase());
    key.chars().take(60).collect::<String>().trim_end_matches('-').to_owned()
}

fn is_key(key: &str) -> bool {
    let mut letters = key.chars();
    letters.next().is_some_and(|first| first.is_ascii_lowercase())
        && (2..=64).contains(&key.len())
        && letters.all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-')
}

/// Begins a draft: of an extension, of something new, or of a later edition.
pub(super) async fn begin(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let names = ["way", "base", "copy", "extension_title", "extension_key", "new_title", "new_key"];
    let typed: BTreeMap<&'static str, String> = names.into_iter().map(|name| (name, form.text(name))).collect();
    let reader = here.read(request).await?;
    let year = reader.today().date().format("%Y").to_string();
    let way = form.text("way");
    let new = if way == "copy" { copied(&reader, &form).await? } else { started(&reader, &form, way == "extension", &year).await? };
    drop(reader);
    match new {
        Ok(new) => created(&who, new, typed).await,
        Err(errors) => new_page(request, here, errors, typed).await,
    }
}

type Started = Result<NewDraft, Vec<FieldError>>;

async fn copied(reader: &Reader, form: &Form) -> Result<Started, Refusal> {
    let wanted = form.text("copy");
    let Some((key, edition)) = wanted.split_once(' ') else { return Ok(Err(vec![FieldError::new("copy", "choose the edition to begin with")])) };
    let is_extension = questionnaire::base_of(reader, key, edition).await?.is_some();
    let title = questionnaire::read(reader, key, edition, None).await?.title;
    let (format, document) = questionnaire::document(reader, key, edition, &DocumentFilter::default()).await?;
    let kind = if is_extension { DocumentKind::Extension } else { DocumentKind::Edition };
    Ok(Ok(NewDraft { name: shortened(&format!("{title}, after {edition}")), kind, format, document }))
}

async fn started(reader: &Reader, form: &Form, is_extension: bool, year: &str) -> Result<Started, Refusal> {
    let field = |name: &str| format!("{}_{name}", if is_extension { "extension" } else { "new" });
    let title = form.text(&field("title"));
    let key = form.some(&field("key")).unwrap_or_else(|| key_of(&title));
    let mut errors = Vec::new();
    if title.is_empty() || title.chars().count() > 300 {
        errors.push(FieldError::new(field("title"), "enter a title of at most 300 characters"));
    } else if !is_key(&key) {
        errors.push(FieldError::new(field("key"), "enter a key of small letters, digits and hyphens that begins with a letter, such as our-visitors"));
    }
    let base = form.text("base");
    let found = if is_extension { questionnaire::latest(reader, &base, None).await? } else { None };
    if is_extension && found.is_none() {
        errors.insert(0, FieldError::new("base", "choose the questionnaire to add questions to"));
    } else if is_extension && base == key {
        errors.push(FieldError::new(field("key"), "enter another key than that of the questionnaire you add to"));
    }
    if !errors.is_empty() {
        return Ok(Err(errors));
    }
    let (kind, document) = match found {
        Some(base) => (DocumentKind::Extension, library::extension_starter(&base, &key, &title, year)),
        None => (DocumentKind::Edition, library::starter(&key, &title, year)),
    };
    Ok(Ok(NewDraft { name: title, kind, format: DocumentFormat::Yaml, document }))
}

fn shortened(name: &str) -> String {
    name.chars().take(300).collect()
}

/// A questionnaire as a file.
pub(super) struct DraftFile;

impl Upload for DraftFile {
    const MOST: usize = MAXIMUM_FILE;
    const COST: Cost = Cost::Document;
}

/// Begins a draft with a file.
pub(super) async fn upload(who: Page<Editor>, form: Proven<WithFile<DraftFile>>) -> PageResult {
    let (request, here) = who.parts();
    let (_form, file) = form.into_inner();
    let again = async |detail: &str| new_page(request, here, vec![FieldError::new("file", detail)], BTreeMap::new()).await;
    let Some(file) = file else { return again("choose a file").await };
    let ending = file.name.rsplit('.').next().unwrap_or_default().to_lowercase();
    let format = match ending.as_str() {
        "yaml" | "yml" => DocumentFormat::Yaml,
        "json" => DocumentFormat::Json,
        "csv" => DocumentFormat::Csv,
        _ => return again("choose a file whose name ends in .yaml, .json or .csv").await,
    };
    let document = match crate::csv::text(&file.content) {
        Ok(text) => text.trim_start_matches('\u{feff}').to_owned(),
        Err(malformed) => return again(&malformed.detail).await,
    };
    let is_extension = match format {
        DocumentFormat::Yaml => Extension::is_in_yaml(&document),
        DocumentFormat::Json => serde_json::from_str::<Value>(&document).is_ok_and(|value| value.get("base").is_some()),
        DocumentFormat::Csv => false,
    };
    let kind = if is_extension { DocumentKind::Extension } else { DocumentKind::Edition };
    created(&who, NewDraft { name: shortened(&file.name), kind, format, document }, BTreeMap::new()).await
}

async fn created(who: &Page<Editor>, new: NewDraft, typed: BTreeMap<&'static str, String>) -> PageResult {
    let (request, here) = who.parts();
    match who.change(async |writer| draft::create(writer, new).await).await {
        Ok(draft) => Ok(redirect(&draft_href(&draft.id))),
        Err(error) => {
            let errors = field_errors(&faults(error)?, &[], "ways");
            new_page(request, here, errors, typed).await
        }
    }
}

// ---------------------------------------------------------------- one draft

/// A problem, with the line of the text it is on.
struct Told {
    detail: String,
    line: Option<usize>,
    excerpt: String,
}

impl Told {
    fn of(fault: &Fault, document: &str) -> Self {
        let line = fault.detail.strip_prefix("line ").and_then(|rest| rest.split(',').next()).and_then(|line| line.parse::<usize>().ok());
        let excerpt = line.and_then(|line| document.lines().nth(line.saturating_sub(1))).map(|text| text.trim().chars().take(120).collect()).unwrap_or_default();
        let place = if line.is_none() && !fault.pointer.is_empty() { format!(" ({})", fault.pointer) } else { String::new() };
        Self { detail: format!("{}{place}", crate::pages::page::sentence(&fault.detail)), line, excerpt }
    }
}

#[derive(Template)]
#[template(path = "questionnaires/drafts/show.html")]
struct DraftPage {
    frame: Frame,
    errors: Vec<FieldError>,
    draft: Draft,
    /// What stands in the fields.
    name: String,
    format: String,
    document: String,
    /// What someone else saved meanwhile.
    theirs: Option<String>,
    check: DraftCheck,
    problems: Vec<Told>,
    /// The questions that an extension adds to the base's sections: number and text.
    questions: Vec<(usize, String)>,
    may_write: bool,
    csrf: String,
    typed_name: String,
    is_saved: bool,
}

impl DraftPage {
    fn href(&self) -> String {
        draft_href(&self.draft.id)
    }

    fn is_extension(&self) -> bool {
        self.draft.kind.0 == DocumentKind::Extension
    }

    fn formats(&self) -> &'static [(&'static str, &'static str)] {
        if self.is_extension() { &[("yaml", "YAML"), ("json", "JSON")] } else { &[("yaml", "YAML"), ("json", "JSON"), ("csv", "A table (CSV)")] }
    }
}

/// What was typed and is not saved.
#[derive(Default)]
struct Unsaved {
    name: String,
    format: String,
    document: String,
}

/// A draft, with everything that is wrong with it.
pub(super) async fn show(who: Page<Viewer>) -> PageResult {
    let (request, here) = who.parts();
    draft_page(request, here, Vec::new(), None, String::new()).await
}

async fn draft_page(request: &Request, here: &SignedIn, errors: Vec<FieldError>, unsaved: Option<(Unsaved, bool)>, typed_name: String) -> PageResult {
    let id: DraftId = path_id(request)?;
    let reader = here.read(request).await?;
    let WrittenDraft { draft, document: stored } = draft::read(&reader, &id).await?;
    let check = draft::check(&reader, &id).await?;
    let questions = match draft::additions(&reader, &id).await {
        Ok(additions) => additions.questions.into_iter().enumerate().filter_map(|(number, added)| Some((number, added?.question.text))).collect(),
        Err(_) => Vec::new(),
    };
    let problems = check.faults.iter().map(|fault| Told::of(fault, &stored)).collect();
    let status = match (&unsaved, errors.is_empty()) {
        (Some((_, true)), _) => StatusCode::CONFLICT,
        (_, false) => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::OK,
    };
    let (unsaved, is_stale) = unsaved.map_or((None, false), |(unsaved, is_stale)| (Some(unsaved), is_stale));
    let theirs = is_stale.then(|| stored.clone());
    let Unsaved { name, format, document } = unsaved.unwrap_or_else(|| Unsaved { name: draft.name.clone(), format: format::slug(&draft.format), document: stored });
    let page = DraftPage {
        frame: here.frame(&draft.name).at("/questionnaires"),
        errors,
        name,
        format,
        document,
        theirs,
        check,
        problems,
        questions,
        may_write: here.is_at_least(Role::Editor),
        csrf: here.csrf().to_owned(),
        typed_name,
        is_saved: parameter(request, "saved") == "yes",
        draft,
    };
    Ok(html(status, &page)?)
}

/// Saves a draft, right or wrong.
pub(super) async fn save(who: Page<Editor>, form: Proven<Within<MAXIMUM_FORM>>) -> PageResult {
    let (request, here) = who.parts();
    let id: DraftId = path_id(request)?;
    // Space at its beginning means something in a document.
    let unsaved = Unsaved { name: form.text("name"), format: form.text("format"), document: form.exact("document").replace("\r\n", "\n") };
    let fields = [("name", &unsaved.name), ("format", &unsaved.format), ("document", &unsaved.document)];
    let change = fields.map(|(name, text)| (name.to_owned(), Value::from(text.as_str()))).into_iter().collect();
    let version = form.version()?;
    match who.change(async |writer| draft::change(writer, &id, version, Change::<NewDraft>::new(change)).await).await {
        Ok(_) => Ok(redirect(&format!("{}?saved=yes", draft_href(&id)))),
        Err(Error::Stale { .. }) => draft_page(request, here, Vec::new(), Some((unsaved, true)), String::new()).await,
        Err(error) => {
            let errors = field_errors(&faults(error)?, &["name", "format", "document"], "document");
            draft_page(request, here, errors, Some((unsaved, false)), String::new()).await
        }
    }
}

/// Takes a draft away.
pub(super) async fn delete(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let id: DraftId = path_id(request)?;
    let name = draft::read(&here.read(request).await?, &id).await?.draft.name;
    if form.text("confirm") != name.trim() {
        let errors = vec![FieldError::new("confirm", format!("type the draft's name just as it stands here: {name}"))];
        return draft_page(request, here, errors, None, form.text("confirm")).await;
    }
    let version = form.version()?;
    who.change(async |writer| draft::delete(writer, &id, version).await).await?;
    Ok(redirect("/questionnaires"))
}

/// The edition a draft would become; while something is wrong with it, the draft's own page says what.
async fn readable(reader: &Reader, id: &DraftId) -> Result<(Draft, Edition), Refusal> {
    let draft = draft::read(reader, id).await?.draft;
    match draft::edition(reader, id).await {
        Ok(edition) => Ok((draft, edition)),
        Err(Error::Invalid(_)) => Err(Refusal::Elsewhere(draft_href(id))),
        Err(other) => Err(other.into()),
    }
}

// ---------------------------------------------------------------- try answers

/// A fact about the supplier or product that the draft's conditions ask for.
struct AskedFact {
    fact: &'static Fact,
    chosen: String,
}

/// A question with what was tried.
struct Tried {
    question: PreviewQuestion,
    values: Vec<String>,
    does_not_apply: bool,
    has_evidence: bool,
    points: String,
    wrong: Option<String>,
}

impl Tried {
    fn has(&self, value: &str) -> bool {
        self.values.iter().any(|chosen| chosen == value)
    }

    fn key(&self) -> &str {
        &self.question.key
    }

    fn value(&self) -> &str {
        self.values.first().map_or("", String::as_str)
    }

    fn is_rated(&self) -> bool {
        matches!(self.question.kind, QuestionType::Text | QuestionType::File)
    }

    fn wants_evidence(&self) -> bool {
        self.question.evidence != EvidenceNeed::None
    }
}

struct TriedSection {
    title: String,
    intro: Option<String>,
    asked_if: Option<String>,
    questions: Vec<Tried>,
}

#[derive(Template)]
#[template(path = "questionnaires/drafts/try.html")]
struct TryPage {
    frame: Frame,
    errors: Vec<FieldError>,
    draft: Draft,
    edition: Edition,
    facts: Vec<AskedFact>,
    sections: Vec<TriedSection>,
    result: Option<AttemptResult>,
    csrf: String,
}

impl TryPage {
    /// The rating that a result would give, by the tier of the supplier.
    fn ratings(result: &AttemptResult) -> Vec<(&'static str, Rating)> {
        let RatingByTier { low, medium, high, critical } = result.ratings;
        vec![("low", low), ("medium", medium), ("high", high), ("critical", critical)]
    }

    fn text(&self, key: &str) -> String {
        self.edition.question(key).map_or_else(|| key.to_owned(), |question| question.text.clone())
    }
}

/// The facts that conditions read, in the order in which they are known.
fn facts_read(edition: &Edition) -> Vec<&'static Fact> {
    let sections = edition.sections.iter().filter_map(|section| section.show_if.as_ref());
    let questions = edition.questions().filter_map(|question| question.show_if.as_ref());
    let mut open: Vec<&Condition> = sections.chain(questions).chain(edition.findings.iter().map(|finding| &finding.when)).collect();
    let mut read: Vec<&str> = Vec::new();
    while let Some(condition) = open.pop() {
        match condition {
            Condition::All(parts) | Condition::Any(parts) => open.extend(parts),
            Condition::Not(part) => open.push(part),
            Condition::Subject { fact, .. } => read.push(fact),
            Condition::Question { .. } => {}
        }
    }
    FACTS.iter().filter(|fact| read.contains(&fact.name)).collect()
}

/// A draft as a respondent would see it, with fields to try answers in.
pub(super) async fn show_try(who: Page<Viewer>) -> PageResult {
    let (request, here) = who.parts();
    let (draft, edition) = readable(&here.read(request).await?, &path_id(request)?).await?;
    try_page(here, draft, edition, &Form::default(), &[], None)
}

fn try_page(here: &SignedIn, draft: Draft, edition: Edition, form: &Form, faults: &[Fault], result: Option<AttemptResult>) -> PageResult {
    let wrong_at = |key: &str| {
        let is_of = |fault: &&Fault| fault.pointer.split('/').nth(2) == Some(key);
        faults.iter().find(is_of).map(|fault| crate::pages::page::sentence(&fault.detail))
    };
    let tried = |question: PreviewQuestion| Tried {
        values: form.every(&format!("{}.value", question.key)).into_iter().map(str::to_owned).collect(),
        does_not_apply: form.some(&format!("{}.not_applicable", question.key)).is_some(),
        has_evidence: form.some(&format!("{}.evidence", question.key)).is_some(),
        points: form.text(&format!("{}.points", question.key)),
        wrong: wrong_at(&question.key),
        question,
    };
    let sections = Preview::of(&edition).sections.into_iter().map(|section| TriedSection {
        title: section.title,
        intro: section.intro,
        asked_if: section.asked_if,
        questions: section.questions.into_iter().map(tried).collect(),
    });
    let field = |fault: &Fault| {
        let key = fault.pointer.split('/').nth(2).filter(|key| edition.question(key).is_some());
        key.map_or_else(|| "answers".to_owned(), |key| format!("q-{key}"))
    };
    let errors: Vec<FieldError> = faults.iter().map(|fault| FieldError::new(field(fault), &fault.detail)).collect();
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = TryPage {
        frame: here.frame("Preview and try answers").at("/questionnaires"),
        facts: facts_read(&edition).into_iter().map(|fact| AskedFact { fact, chosen: form.text(&format!("fact.{}", fact.name)) }).collect(),
        sections: sections.collect(),
        errors,
        draft,
        edition,
        result,
        csrf: here.csrf().to_owned(),
    };
    Ok(html(status, &page)?)
}

/// The answer that was typed; `None` where there is none.
fn answer(question: &diligence_questionnaires::Question, form: &Form) -> Option<Answer> {
    let name = |part: &str| format!("{}.{part}", question.key);
    let evidence_ids = if form.some(&name("evidence")).is_some() { vec![question.key.clone()] } else { Vec::new() };
    if form.some(&name("not_applicable")).is_some() {
        return Some(Answer { not_applicable: Some("Tried out.".into()), evidence_ids, ..Answer::default() });
    }
    let text = form.some(&name("value"));
    let value = match question.kind {
        QuestionType::MultipleChoice => Some(json!(form.every(&name("value")))).filter(|chosen| chosen.as_array().is_some_and(|chosen| !chosen.is_empty())),
        // What is no number is told by the check of answers.
        QuestionType::Number => text.map(|text| serde_json::from_str::<serde_json::Number>(&text.replace(',', "")).map_or_else(|_| json!(text), Value::Number)),
        QuestionType::File => text.map(|_| json!(question.key)),
        _ => text.map(Value::String),
    };
    value.map(|value| Answer { value: Some(value), evidence_ids, ..Answer::default() })
}

/// What answers to a draft come to. Nothing is kept.
pub(super) async fn attempt(who: Page<Viewer>, form: Proven<Within<MAXIMUM_FORM>>) -> PageResult {
    let (request, here) = who.parts();
    let id: DraftId = path_id(request)?;
    let reader = here.read(request).await?;
    let (draft, edition) = readable(&reader, &id).await?;
    let mut attempt = Attempt::default();
    let mut wrong = Vec::new();
    for question in edition.questions() {
        let Some(answer) = answer(question, &form) else { continue };
        if !answer.evidence_ids.is_empty() || question.kind == QuestionType::File {
            let kind = question.evidence.kinds.first().copied().unwrap_or(EvidenceKind::Other);
            attempt.evidence.push(EvidenceFact { id: question.key.clone(), kind, issued_on: None, expires_on: None, file_sha256: None });
        }
        attempt.answers.insert(question.key.clone(), answer);
        if let Some(points) = form.some(&format!("{}.points", question.key)) {
            match points.parse() {
                Ok(points) => drop(attempt.review.insert(question.key.clone(), ReviewedPoints { points, reason: None, reviewer: None })),
                Err(_) => wrong.push(Fault::new(format!("/review/{}", question.key), "points", "expected a number of points from 0 to 100")),
            }
        }
    }
    let facts = facts_read(&edition).into_iter().filter_map(|fact| Some((fact.name, [form.some(&format!("fact.{}", fact.name))?])));
    attempt.subject = facts.collect::<Subject>();
    if !wrong.is_empty() {
        return try_page(here, draft, edition, &form, &wrong, None);
    }
    match draft::attempt(&reader, &id, attempt).await {
        Ok(result) => try_page(here, draft, edition, &form, &[], Some(result)),
        Err(error) => try_page(here, draft, edition, &form, &faults(error)?, None),
    }
}

// ---------------------------------------------------------------- what if

#[derive(Template)]
#[template(path = "questionnaires/drafts/what_if.html")]
struct WhatIfPage<'a> {
    frame: Frame,
    draft: &'a Draft,
    edition: &'a Edition,
    place: &'static str,
}

#[derive(Template)]
#[template(path = "questionnaires/drafts/what_if_answer.html")]
struct WhatIfAnswer {
    draft: Draft,
    edition: Edition,
    found: Found,
}

impl WhatIfAnswer {
    fn question(&self, key: &str) -> String {
        self.edition.question(key).map_or_else(|| format::label(&key), |question| question.text.clone())
    }

    fn change(moved: &AssessmentMove) -> String {
        match tenths(moved) {
            0 => "The score stays".into(),
            tenths => format!("{}{}.{}", if tenths < 0 { "−" } else { "+" }, tenths.abs() / 10, tenths.abs() % 10),
        }
    }
}

/// What publishing a draft would do to every current score and rating.
pub(super) async fn show_what_if(who: Page<Viewer>) -> PageResult {
    let (request, here) = who.parts();
    let (draft, edition) = readable(&here.read(request).await?, &path_id(request)?).await?;
    let what_if = WhatIf::of_edition(store_of(request)?.clone(), here.person.scope(request_id(request)), edition.clone()).await?;
    let page = WhatIfPage { frame: here.frame("What would publishing do?").at("/questionnaires"), draft: &draft, edition: &edition, place: PLACE };
    stream_page(&page, what_if, {
        let (draft, edition) = (draft.clone(), edition.clone());
        move |found| WhatIfAnswer { draft, edition, found }.render()
    })
    .await
}

// ---------------------------------------------------------------- publish

#[derive(Template)]
#[template(path = "questionnaires/drafts/publish.html")]
struct PublishPage {
    frame: Frame,
    errors: Vec<FieldError>,
    draft: Draft,
    edition: Edition,
    /// What stands in the way, although it can be read.
    obstacles: Vec<String>,
    /// The edition before it: its number, whether scores stay, and what differs.
    earlier: Option<(String, bool, Vec<Differences>)>,
    csrf: String,
    typed: String,
}

impl PublishPage {
    fn differences(&self) -> &[Differences] {
        self.earlier.as_ref().map_or(&[], |(_, _, differences)| differences)
    }
}

/// What would be published.
pub(super) async fn show_publish(who: Page<Editor>) -> PageResult {
    let (request, here) = who.parts();
    publish_page(request, here, Vec::new(), String::new()).await
}

async fn publish_page(request: &Request, here: &SignedIn, errors: Vec<FieldError>, typed: String) -> PageResult {
    let reader = here.read(request).await?;
    let id: DraftId = path_id(request)?;
    let (draft, edition) = readable(&reader, &id).await?;
    let check = draft::check(&reader, &id).await?;
    let earlier = questionnaire::latest(&reader, &edition.key, None).await?.map(|before| {
        let changes = diligence_questionnaires::changes(&before, &edition);
        (before.edition.clone(), changes.same_scoring, differences(&changes, &before, &edition))
    });
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = PublishPage {
        frame: here.frame(&format!("Publish {}", edition.title)).at("/questionnaires"),
        errors,
        draft,
        edition,
        obstacles: check.faults.iter().map(|fault| crate::pages::page::sentence(&fault.detail)).collect(),
        earlier,
        csrf: here.csrf().to_owned(),
        typed,
    };
    Ok(html(status, &page)?)
}

/// Publishes a draft.
pub(super) async fn publish(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let id: DraftId = path_id(request)?;
    let (_, edition) = readable(&here.read(request).await?, &id).await?;
    let typed = form.text("title");
    if typed != edition.title.trim() {
        return publish_page(request, here, vec![FieldError::new("title", format!("type the title just as it stands here: {}", edition.title))], typed).await;
    }
    let version = form.version()?;
    match who.change(async |writer| draft::publish(writer, &id, version).await).await {
        Ok(published) => Ok(redirect(&edition_href(&published.key, &published.edition))),
        Err(Error::Stale { .. }) => {
            let errors = vec![FieldError::new("title", "someone else changed the draft meanwhile: look at it again below, then publish it")];
            publish_page(request, here, errors, typed).await
        }
        Err(error) => {
            let errors = faults(error)?.iter().map(|fault| FieldError::new("title", &fault.detail)).collect();
            publish_page(request, here, errors, typed).await
        }
    }
}

/// The word of a form as one of a noun's.
pub(super) fn word_of<T: serde::de::DeserializeOwned>(form: &Form, name: &str) -> Option<T> {
    from_word(&form.text(name))
}

/// That nobody sends a number that no question has.
pub(super) fn number(request: &Request) -> Result<usize, Problem> {
    request.raw_path_param("number").and_then(|text| text.parse().ok()).ok_or_else(|| Problem::new(Type::NotFound, "there is no such question"))
}
