//! Writing questionnaires: drafts, what is wrong with them, how they look, what answers come to, what publishing would
//! do.

use askama::Template;
use diligence_entities::{
    draft::{self, Draft, DraftCheck, NewDraft, WrittenDraft},
    error::Error,
    fault::Fault,
    id::DraftId,
    patch::Change,
    questionnaire::DocumentKind,
    role::Role,
    scope::Reader,
    stored::from_word,
};
use diligence_questionnaires::Edition;
use poem::{Request, http::StatusCode};
use serde_json::Value;

pub(super) use self::{
    attempt::{attempt, show_try},
    begin::{begin, show_new, upload},
    publish::{publish, show_publish},
    what_if::show_what_if,
};
use crate::{
    auth::{Editor, Viewer},
    pages::{
        form::{Form, parameter},
        format,
        page::{FieldError, Frame, PageResult, Refusal, at, faults, field_errors, html, path_id, redirect},
        sign_in::SignedIn,
        signed_in::{Page, Proven, Within},
    },
    problem::{Problem, Type},
};

mod attempt;
mod begin;
mod publish;
mod what_if;

/// How many bytes a form with a document in it may have: what is no letter takes three of them.
const MAXIMUM_FORM: usize = 8 << 20;

pub(super) fn draft_href(id: &DraftId) -> String {
    format!("/questionnaires/drafts/{id}")
}

/// A problem, with the line of the text it is on.
struct Told {
    detail: String,
    line: Option<usize>,
    excerpt: String,
}

impl Told {
    fn of(fault: &Fault, document: &str) -> Self {
        let line = fault
            .detail
            .strip_prefix("line ")
            .and_then(|rest| rest.split(',').next())
            .and_then(|line| line.parse::<usize>().ok());
        let excerpt = line
            .and_then(|line| document.lines().nth(line.saturating_sub(1)))
            .map(|text| text.trim().chars().take(120).collect())
            .unwrap_or_default();
        let place =
            if line.is_none() && !fault.pointer.is_empty() { format!(" ({})", fault.pointer) } else { String::new() };
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
    /// What may not be meant.
    warnings: Vec<Told>,
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
        if self.is_extension() {
            &[("yaml", "YAML"), ("json", "JSON")]
        } else {
            &[("yaml", "YAML"), ("json", "JSON"), ("csv", "A table (CSV)")]
        }
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

async fn draft_page(
    request: &Request,
    here: &SignedIn,
    errors: Vec<FieldError>,
    unsaved: Option<(Unsaved, bool)>,
    typed_name: String,
) -> PageResult {
    let id: DraftId = path_id(request)?;
    let reader = here.read(request).await?;
    let WrittenDraft { draft, document: stored } = draft::read(&reader, &id).await?;
    let check = draft::check(&reader, &id).await?;
    let questions = match draft::additions(&reader, &id).await {
        Ok(additions) => additions
            .questions
            .into_iter()
            .enumerate()
            .filter_map(|(number, added)| Some((number, added?.question.text)))
            .collect(),
        Err(_) => Vec::new(),
    };
    let told = |faults: &[Fault]| -> Vec<Told> { faults.iter().map(|fault| Told::of(fault, &stored)).collect() };
    let (problems, warnings) = (told(&check.faults), told(&check.warnings));
    let status = match (&unsaved, errors.is_empty()) {
        (Some((_, true)), _) => StatusCode::CONFLICT,
        (_, false) => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::OK,
    };
    let (unsaved, is_stale) = unsaved.map_or((None, false), |(unsaved, is_stale)| (Some(unsaved), is_stale));
    let theirs = is_stale.then(|| stored.clone());
    let Unsaved { name, format, document } = unsaved.unwrap_or_else(|| Unsaved {
        name: draft.name.clone(),
        format: format::slug(&draft.format),
        document: stored,
    });
    let page = DraftPage {
        frame: here.frame(&draft.name).at("/questionnaires"),
        errors,
        name,
        format,
        document,
        theirs,
        check,
        problems,
        warnings,
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
    let unsaved = Unsaved {
        name: form.text("name"),
        format: form.text("format"),
        document: form.exact("document").replace("\r\n", "\n"),
    };
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

/// The word of a form as one of a noun's.
pub(super) fn word_of<T: serde::de::DeserializeOwned>(form: &Form, name: &str) -> Option<T> {
    from_word(&form.text(name))
}

/// That nobody sends a number that no question has.
pub(super) fn number(request: &Request) -> Result<usize, Problem> {
    request
        .raw_path_param("number")
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| Problem::new(Type::NotFound, "there is no such question"))
}
