//! Questionnaires: the library, an edition to read, what changed since an earlier one.

mod draft_question;
mod drafts;

use std::collections::BTreeMap;

use askama::Template;
use diligence_entities::{
    draft::{self, Draft, DraftFilter, MergedDraft, NewMerge},
    questionnaire::{self, ChangesFilter, Origin, OutdatedEdition, Questionnaire, QuestionnaireFilter},
    role::Role,
    scope::Reader,
    translation::{self, TranslationFilter},
};
use diligence_questionnaires::{
    AppliesTo, ChangeKind, ConflictSeverity, Edition, EditionChanges, EvidenceKind, EvidenceNeed, FieldChange,
    PartChange, PointBand, Points, Preview, PreviewQuestion, PreviewSection, Question, QuestionType, Section,
    library::order,
};
use poem::{Request, http::StatusCode};
use serde_json::Value;

use super::{
    form::{Form, parameter},
    format,
    list_query::ListQuery,
    page::{FieldError, Frame, PageResult, Refusal, at, faults, html, redirect},
    routes::Routes,
    sign_in::SignedIn,
    signed_in::{Page, Proven},
};
use crate::{
    auth::{Editor, Viewer},
    problem::Problem,
};

/// The routes of these pages.
pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .get("/questionnaires", show)
        .get("/questionnaires/drafts", show_drafts)
        .get("/questionnaires/drafts/new", drafts::show_new)
        .post("/questionnaires/drafts/new", drafts::begin)
        .post("/questionnaires/drafts/upload", drafts::upload)
        .get("/questionnaires/drafts/:id", drafts::show)
        .post("/questionnaires/drafts/:id", drafts::save)
        .post("/questionnaires/drafts/:id/delete", drafts::delete)
        .get("/questionnaires/drafts/:id/try", drafts::show_try)
        .post("/questionnaires/drafts/:id/try", drafts::attempt)
        .get("/questionnaires/drafts/:id/what-if", drafts::show_what_if)
        .get("/questionnaires/drafts/:id/publish", drafts::show_publish)
        .post("/questionnaires/drafts/:id/publish", drafts::publish)
        .get("/questionnaires/drafts/:id/questions/new", draft_question::show)
        .post("/questionnaires/drafts/:id/questions/new", draft_question::put)
        .get("/questionnaires/drafts/:id/questions/:number", draft_question::show)
        .post("/questionnaires/drafts/:id/questions/:number", draft_question::put)
        .post("/questionnaires/drafts/:id/questions/:number/remove", draft_question::remove)
        .get("/questionnaires/:key", show_edition)
        .get("/questionnaires/:key/editions/:edition", show_edition)
        .get("/questionnaires/:key/editions/:edition/changes", show_changes)
        .post("/questionnaires/:key/editions/:edition/delete", delete_edition)
        .post("/questionnaires/:key/editions/:edition/merge", merge)
}

/// How many drafts the library shows before it leads to all of them.
const SHOWN_DRAFTS: u64 = 10;
/// How many characters of a value are shown where two are compared.
const SHOWN_CHARACTERS: usize = 400;

/// Where an edition is read.
pub(super) fn edition_href(key: &str, edition: &str) -> String {
    format!("/questionnaires/{key}/editions/{edition}")
}

/// Whom a questionnaire is about.
pub(super) fn about(applies_to: &[AppliesTo]) -> String {
    let name = |applies_to: &AppliesTo| match applies_to {
        AppliesTo::Supplier => "suppliers",
        AppliesTo::Product => "products",
        AppliesTo::Ai => "products with AI in them",
    };
    applies_to.iter().map(name).collect::<Vec<_>>().join(" and ")
}

fn origin(origin: &Origin) -> &'static str {
    match origin {
        Origin::Library => "Built in",
        Origin::Own => "Your own",
    }
}

// ---------------------------------------------------------------- the library

#[derive(Template)]
#[template(path = "questionnaires/list.html")]
struct LibraryPage {
    frame: Frame,
    asked: ListQuery<QuestionnaireFilter>,
    questionnaires: Vec<Questionnaire>,
    next: Option<String>,
    drafts: Vec<Draft>,
    has_more_drafts: bool,
    may_write: bool,
}

/// The library, and what is being written.
pub(super) async fn show(who: Page<Viewer>) -> PageResult {
    let (request, here) = who.parts();
    let reader = here.read(request).await?;
    let asked = ListQuery::<QuestionnaireFilter>::of(request, "/questionnaires")?;
    let page = questionnaire::list(&reader, &asked.filter).await?;
    let drafts = draft::list(&reader, &DraftFilter { limit: Some(SHOWN_DRAFTS), ..DraftFilter::default() }).await?;
    let status = if asked.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = LibraryPage {
        frame: here.frame("Questionnaires").at("/questionnaires"),
        next: asked.next(page.next.as_ref()),
        questionnaires: page.items,
        asked,
        has_more_drafts: drafts.next.is_some(),
        drafts: drafts.items,
        may_write: here.is_at_least(Role::Editor),
    };
    Ok(html(status, &page)?)
}

#[derive(Template)]
#[template(path = "questionnaires/drafts/list.html")]
struct DraftsPage {
    frame: Frame,
    asked: ListQuery<DraftFilter>,
    drafts: Vec<Draft>,
    next: Option<String>,
}

/// Everything that is being written.
pub(super) async fn show_drafts(who: Page<Viewer>) -> PageResult {
    let (request, here) = who.parts();
    let asked = ListQuery::<DraftFilter>::of(request, "/questionnaires/drafts")?;
    let page = draft::list(&here.read(request).await?, &asked.filter).await?;
    let status = if asked.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let frame = here.frame("Drafts").at("/questionnaires");
    Ok(html(status, &DraftsPage { frame, next: asked.next(page.next.as_ref()), drafts: page.items, asked })?)
}

// ---------------------------------------------------------------- an edition

/// The key and the number in the address; where there is no number, the latest edition.
async fn named(request: &Request, reader: &Reader) -> Result<(String, String, Vec<(String, Origin)>), Refusal> {
    let part = |name: &str| request.raw_path_param(name).map(str::to_owned);
    let key = part("key").ok_or_else(Problem::not_found)?;
    let editions = questionnaire::editions(reader, &key).await?;
    let edition = match part("edition") {
        Some(wanted) => editions.iter().find(|(edition, _)| *edition == wanted),
        None => editions.first(),
    };
    let edition = edition.ok_or_else(Problem::not_found)?.0.clone();
    Ok((key, edition, editions))
}

/// The base of an edition that was made by adding to another.
struct Base {
    key: String,
    edition: String,
    /// A later edition of it, if there is one.
    later: Option<String>,
}

#[derive(Template)]
#[template(path = "questionnaires/show.html")]
struct EditionPage {
    frame: Frame,
    errors: Vec<FieldError>,
    edition: Edition,
    /// Why it is out of date today, if it is.
    outdated: Option<OutdatedEdition>,
    preview: Preview,
    findings: Vec<String>,
    editions: Vec<(String, Origin)>,
    /// The languages it can be read in, its own first.
    languages: Vec<String>,
    is_judged: bool,
    base: Option<Base>,
    may_write: bool,
    csrf: String,
    typed: BTreeMap<&'static str, String>,
}

impl EditionPage {
    fn href(&self) -> String {
        edition_href(&self.edition.key, &self.edition.edition)
    }

    /// The address of this page in this language, with or without the scoring.
    fn view(&self, language: &str, is_judged: bool) -> String {
        let pairs = [
            is_judged.then(|| "view=scoring".to_owned()),
            self.languages.first().filter(|own| *own != language).map(|_| format!("language={language}")),
        ];
        let pairs: Vec<String> = pairs.into_iter().flatten().collect();
        if pairs.is_empty() { self.href() } else { format!("{}?{}", self.href(), pairs.join("&")) }
    }

    /// Whether choosing some option costs points.
    fn has_costs(&self) -> bool {
        let mut options = self.edition.questions().flat_map(|question| &question.options);
        options.any(|option| option.points < Points::ZERO)
    }

    fn export(&self, format: &str) -> String {
        let own = self.languages.first().is_none_or(|own| *own == self.edition.language);
        let language = if own { String::new() } else { format!("&language={}", self.edition.language) };
        format!(
            "{}/questionnaires/{}/editions/{}/document?format={format}{language}",
            crate::address::ROOT,
            self.edition.key,
            self.edition.edition
        )
    }

    fn is_own(&self) -> bool {
        self.editions.iter().any(|(edition, origin)| *edition == self.edition.edition && *origin == Origin::Own)
    }

    fn is_latest(&self) -> bool {
        self.editions.first().is_none_or(|(latest, _)| *latest == self.edition.edition)
    }

    fn has_earlier(&self) -> bool {
        self.editions.iter().any(|(edition, _)| order(edition) < order(&self.edition.edition))
    }

    fn sections(&self) -> impl Iterator<Item = (&Section, &PreviewSection)> {
        self.edition.sections.iter().zip(&self.preview.sections)
    }

    fn questions<'a>(
        section: &'a Section,
        seen: &'a PreviewSection,
    ) -> impl Iterator<Item = (&'a Question, &'a PreviewQuestion)> {
        section.questions.iter().zip(&seen.questions)
    }

    fn principle(&self, key: &str) -> String {
        self.edition.principle(key).map_or_else(|| key.to_owned(), |principle| principle.title.clone())
    }

    /// The frameworks that its principles belong to, each with those.
    fn frameworks(&self) -> Vec<(String, Vec<&diligence_questionnaires::Principle>)> {
        let mut found: Vec<(&str, Vec<_>)> = Vec::new();
        for principle in &self.edition.principles {
            let framework = self.edition.framework_of(principle);
            match found.iter_mut().find(|(known, _)| *known == framework) {
                Some((_, principles)) => principles.push(principle),
                None => found.push((framework, vec![principle])),
            }
        }
        let title = |key: &str| {
            self.edition
                .frameworks
                .iter()
                .find(|framework| framework.key == key)
                .map_or_else(|| format::framework(key), |own| own.title.clone())
        };
        found.into_iter().map(|(key, principles)| (title(key), principles)).collect()
    }

    fn typed(&self, name: &str) -> &str {
        self.typed.get(name).map_or("", String::as_str)
    }
}

/// What an answer looks like, where it is not one of some options.
pub(super) fn kind(question: &PreviewQuestion) -> String {
    let unit = question.unit.as_ref().map(|unit| format!(" ({unit})")).unwrap_or_default();
    match question.kind {
        QuestionType::YesNo | QuestionType::SingleChoice => String::new(),
        QuestionType::MultipleChoice => "Any of these can be chosen.".into(),
        QuestionType::Number => match (question.minimum, question.maximum) {
            (Some(minimum), Some(maximum)) => format!("A number{unit} from {minimum} to {maximum}."),
            (Some(minimum), None) => format!("A number{unit}, {minimum} or more."),
            (None, Some(maximum)) => format!("A number{unit}, {maximum} or less."),
            (None, None) => format!("A number{unit}."),
        },
        QuestionType::Date => "A date.".into(),
        QuestionType::Text => "Answered in their own words.".into(),
        QuestionType::File => "Answered with a document.".into(),
    }
}

/// What is asked besides the answer, in sentences.
pub(super) fn demands(question: &PreviewQuestion) -> Vec<String> {
    let kinds: Vec<&str> = question.evidence_kinds.iter().map(|kind: &EvidenceKind| kind.title()).collect();
    let kinds = if kinds.is_empty() { String::new() } else { format!(": {}", kinds.join(", ")) };
    let why: Vec<&str> =
        question.options.iter().filter(|option| option.ask_why).map(|option| option.label.as_str()).collect();
    let said = [
        question.required.then(|| "It must be answered.".to_owned()),
        question.may_not_apply.then(|| {
            let reason = if question.reason_needed { ", with a reason" } else { "; no reason is needed" };
            format!("It may be said not to apply{reason}.")
        }),
        match question.evidence {
            EvidenceNeed::None => None,
            EvidenceNeed::Optional => Some(format!("Evidence is welcome{kinds}.")),
            EvidenceNeed::Needed => Some(format!("Evidence is needed{kinds}.")),
        },
        (!why.is_empty()).then(|| format!("More is asked with: {}.", why.join(", "))),
        question.asked_if.as_ref().map(|asked_if| format!("Asked only if {asked_if}.")),
    ];
    said.into_iter().flatten().collect()
}

/// When a number or a date is in a band.
fn band(band: &PointBand) -> String {
    match (band.at_least, band.within_months, band.on_or_after) {
        (Some(number), ..) => format!("{number} or more"),
        (_, Some(months), _) => format!("not older than {}", format::count(months, "month", "months")),
        (.., Some(date)) => format!("on or after {}", date.format("%-d %B %Y")),
        _ => "anything else".into(),
    }
}

/// The latest edition, or the one that is asked for.
pub(super) async fn show_edition(who: Page<Viewer>) -> PageResult {
    let (request, here) = who.parts();
    edition_page(request, here, Vec::new(), BTreeMap::new()).await
}

async fn edition_page(
    request: &Request,
    here: &SignedIn,
    errors: Vec<FieldError>,
    typed: BTreeMap<&'static str, String>,
) -> PageResult {
    let reader = here.read(request).await?;
    let (key, number, editions) = named(request, &reader).await?;
    let own = questionnaire::read(&reader, &key, &number, None).await?;
    let filter = TranslationFilter {
        questionnaire: Some(key.clone()),
        edition: Some(number.clone()),
        limit: Some(200),
        ..TranslationFilter::default()
    };
    let translations = translation::list(&reader, &filter).await?.items;
    let languages: Vec<String> = std::iter::once(own.language.clone())
        .chain(translations.into_iter().map(|translation| translation.language))
        .collect();
    let language = parameter(request, "language");
    let edition = if languages.iter().skip(1).any(|known| *known == language) {
        questionnaire::read(&reader, &key, &number, Some(&language)).await?
    } else {
        own
    };
    let base = match questionnaire::base_of(&reader, &key, &number).await? {
        None => None,
        Some((key, edition)) => {
            let later = questionnaire::editions(&reader, &key).await?.into_iter().map(|(edition, _)| edition).next();
            Some(Base { later: later.filter(|later| order(later) > order(&edition)), key, edition })
        }
    };
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = EditionPage {
        frame: here.frame(&edition.title).at("/questionnaires"),
        errors,
        preview: Preview::of(&edition),
        findings: edition.findings_in_words(),
        outdated: OutdatedEdition::of(&edition, reader.today()),
        edition,
        editions,
        languages,
        is_judged: parameter(request, "view") == "scoring",
        base,
        may_write: here.is_at_least(Role::Editor),
        csrf: here.csrf().to_owned(),
        typed,
    };
    Ok(html(status, &page)?)
}

/// Takes an edition of one's own away that was never used.
pub(super) async fn delete_edition(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let (key, number, title) = {
        let reader = here.read(request).await?;
        let (key, number, _) = named(request, &reader).await?;
        let title = questionnaire::read(&reader, &key, &number, None).await?.title;
        (key, number, title)
    };
    let typed = BTreeMap::from([("title", form.text("title"))]);
    if form.text("title") != title {
        return edition_page(
            request,
            here,
            vec![FieldError::new("title", format!("type the title just as it stands here: {title}"))],
            typed,
        )
        .await;
    }
    let version = form.version()?;
    match who.change(async |writer| questionnaire::delete(writer, &key, &number, version).await).await {
        Ok(()) => Ok(redirect("/questionnaires")),
        Err(error) => {
            let errors = faults(error)?.iter().map(|fault| FieldError::new("title", &fault.detail)).collect();
            edition_page(request, here, errors, typed).await
        }
    }
}

// ---------------------------------------------------------------- a later base

#[derive(Template)]
#[template(path = "questionnaires/merged.html")]
struct MergedPage {
    frame: Frame,
    merged: MergedDraft,
}

/// Puts what an edition of one's own adds on a later edition of its base.
pub(super) async fn merge(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let (key, number, _) = named(request, &here.read(request).await?).await?;
    let new_edition = form.text("new_edition");
    let typed = BTreeMap::from([("new_edition", new_edition.clone())]);
    if new_edition.is_empty() {
        let errors = vec![FieldError::new(
            "new_edition",
            "enter the number that the new edition of yours shall have, such as 2027.2",
        )];
        return edition_page(request, here, errors, typed).await;
    }
    match who
        .change(async |writer| {
            draft::merge(
                writer,
                NewMerge {
                    questionnaire: key,
                    edition: Some(number),
                    new_edition,
                    base_edition: form.some("base_edition"),
                },
            )
            .await
        })
        .await
    {
        Ok(merged) => {
            if merged.conflicts.is_empty() {
                return Ok(redirect(&format!("/questionnaires/drafts/{}", merged.draft.id)));
            }
            // What they disagree on is told here and nowhere again.
            Ok(html(
                StatusCode::OK,
                &MergedPage { frame: here.frame("What the two disagree on").at("/questionnaires"), merged },
            )?)
        }
        Err(error) => {
            let errors = faults(error)?.iter().map(|fault| FieldError::new("new_edition", &fault.detail)).collect();
            edition_page(request, here, errors, typed).await
        }
    }
}

// ---------------------------------------------------------------- changes

/// Something that differs between two editions, as people read it.
pub(super) struct Difference {
    /// What it is called.
    pub(super) name: String,
    /// How it differs, in a word.
    pub(super) what: &'static str,
    /// Whether it stands elsewhere besides.
    pub(super) moved: bool,
    pub(super) affects_scores: bool,
    /// What differs inside: where, what it was, and what it is.
    pub(super) fields: Vec<(String, String, String)>,
}

/// The differences of one sort.
pub(super) struct Differences {
    pub(super) title: &'static str,
    pub(super) parts: Vec<Difference>,
}

fn said(value: Option<&Value>) -> String {
    let text = match value {
        None | Some(Value::Null) => return "–".into(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(items)) => items.iter().map(|item| said(Some(item))).collect::<Vec<_>>().join(", "),
        Some(Value::Bool(is_so)) => if *is_so { "yes" } else { "no" }.to_owned(),
        Some(other) => other.to_string(),
    };
    if text.chars().count() > SHOWN_CHARACTERS {
        text.chars().take(SHOWN_CHARACTERS - 1).chain(['…']).collect()
    } else {
        text
    }
}

fn field(change: &FieldChange) -> (String, String, String) {
    let place: Vec<String> = change.pointer.split('/').skip(1).map(format::without_underscores).collect();
    (format::capital(place.join(", ")), said(change.before.as_ref()), said(change.after.as_ref()))
}

/// What differs, sort by sort; `names` says what a part is called.
pub(super) fn differences(changes: &EditionChanges, before: &Edition, after: &Edition) -> Vec<Differences> {
    let part = |name: &dyn Fn(&Edition, &str) -> Option<String>, change: &PartChange| Difference {
        name: name(after, &change.key).or_else(|| name(before, &change.key)).unwrap_or_else(|| change.key.clone()),
        what: match change.change {
            ChangeKind::Added => "New",
            ChangeKind::Removed => "Gone",
            ChangeKind::Changed if change.fields.is_empty() => "Moved",
            ChangeKind::Changed => "Changed",
        },
        moved: change.moved && !change.fields.is_empty(),
        affects_scores: change.affects_scores,
        fields: if change.change == ChangeKind::Changed {
            change.fields.iter().map(field).collect()
        } else {
            Vec::new()
        },
    };
    let header = Difference {
        name: "The questionnaire".into(),
        what: "Changed",
        moved: false,
        affects_scores: false,
        fields: changes.header.iter().map(field).collect(),
    };
    let parts = |title, changes: &[PartChange], name: &dyn Fn(&Edition, &str) -> Option<String>| Differences {
        title,
        parts: changes.iter().map(|change| part(name, change)).collect(),
    };
    let all = [
        Differences { title: "At the head", parts: if header.fields.is_empty() { Vec::new() } else { vec![header] } },
        parts("Principles", &changes.principles, &|edition, key| Some(edition.principle(key)?.title.clone())),
        parts("Sections", &changes.sections, &|edition, key| {
            Some(edition.sections.iter().find(|section| section.key == key)?.title.clone())
        }),
        parts("Questions", &changes.questions, &|edition, key| Some(edition.question(key)?.text.clone())),
        parts("Findings over several answers", &changes.findings, &|edition, key| {
            Some(edition.findings.iter().find(|finding| finding.key == key)?.title.clone())
        }),
    ];
    all.into_iter().filter(|differences| !differences.parts.is_empty()).collect()
}

#[derive(Template)]
#[template(path = "questionnaires/changes.html")]
struct ChangesPage {
    frame: Frame,
    title: String,
    href: String,
    edition: String,
    since: String,
    earlier: Vec<String>,
    same_scoring: bool,
    differences: Vec<Differences>,
}

/// What changed since an earlier edition.
pub(super) async fn show_changes(who: Page<Viewer>) -> PageResult {
    let (request, here) = who.parts();
    let reader = here.read(request).await?;
    let (key, number, editions) = named(request, &reader).await?;
    let earlier: Vec<String> =
        editions.into_iter().map(|(edition, _)| edition).filter(|edition| order(edition) < order(&number)).collect();
    let wanted = parameter(request, "since");
    let since = earlier
        .iter()
        .find(|edition| **edition == wanted)
        .or(earlier.first())
        .cloned()
        .ok_or_else(Problem::not_found)?;
    let changes = questionnaire::changes(&reader, &key, &number, &ChangesFilter { since: Some(since.clone()) }).await?;
    let (before, after) = (
        questionnaire::read(&reader, &key, &since, None).await?,
        questionnaire::read(&reader, &key, &number, None).await?,
    );
    let page = ChangesPage {
        frame: here.frame(&format!("What changed in {}", after.title)).at("/questionnaires"),
        href: edition_href(&key, &number),
        edition: number,
        since,
        earlier,
        same_scoring: changes.same_scoring,
        differences: differences(&changes, &before, &after),
        title: after.title,
    };
    Ok(html(StatusCode::OK, &page)?)
}
