//! Beginning a draft: of an extension, of something new, of a later edition, or with a file.

use std::collections::BTreeMap;

use askama::Template;
use diligence_entities::{
    draft::{self, NewDraft},
    error::Error,
    questionnaire::{self, DocumentFilter, DocumentFormat, DocumentKind, Origin, Questionnaire, QuestionnaireFilter},
    scope::Reader,
};
use diligence_questionnaires::{Extension, library};
use poem::{Request, http::StatusCode};
use serde_json::Value;

use super::draft_href;
use crate::{
    auth::Editor,
    body::Cost,
    pages::{
        form::{Form, parameter},
        page::{FieldError, Frame, PageResult, Refusal, at, faults, field_errors, html, redirect},
        sign_in::SignedIn,
        signed_in::{Page, Proven, Upload, WithFile},
    },
};

/// How many bytes a file may have that a draft is made of.
const MAXIMUM_FILE: usize = 2 << 20;

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
pub(in crate::pages::questionnaires) async fn show_new(who: Page<Editor>) -> PageResult {
    let (request, here) = who.parts();
    let typed = BTreeMap::from([("base", parameter(request, "base")), ("copy", parameter(request, "copy"))]);
    new_page(request, here, Vec::new(), typed).await
}

async fn new_page(
    request: &Request,
    here: &SignedIn,
    errors: Vec<FieldError>,
    typed: BTreeMap<&'static str, String>,
) -> PageResult {
    let known = every_questionnaire(&here.read(request).await?).await?;
    let own = known.iter().filter(|questionnaire| questionnaire.origin == Origin::Own);
    let copies = own
        .map(|own| {
            (format!("{} {}", own.key, own.latest_edition), format!("{}, edition {}", own.title, own.latest_edition))
        })
        .collect();
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
    let spaced: String =
        title.to_lowercase().chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { ' ' }).collect();
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
pub(in crate::pages::questionnaires) async fn begin(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let names = ["way", "base", "copy", "extension_title", "extension_key", "new_title", "new_key"];
    let typed: BTreeMap<&'static str, String> = names.into_iter().map(|name| (name, form.text(name))).collect();
    let reader = here.read(request).await?;
    let year = reader.today().date().format("%Y").to_string();
    let way = form.text("way");
    let new = if way == "copy" {
        copied(&reader, &form).await?
    } else {
        started(&reader, &form, way == "extension", &year).await?
    };
    drop(reader);
    match new {
        Ok(new) => created(&who, new, typed).await,
        Err(errors) => new_page(request, here, errors, typed).await,
    }
}

type Started = Result<NewDraft, Vec<FieldError>>;

async fn copied(reader: &Reader, form: &Form) -> Result<Started, Refusal> {
    let wanted = form.text("copy");
    let Some((key, edition)) = wanted.split_once(' ') else {
        return Ok(Err(vec![FieldError::new("copy", "choose the edition to begin with")]));
    };
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
        errors.push(FieldError::new(
            field("key"),
            "enter a key of small letters, digits and hyphens that begins with a letter, such as our-visitors",
        ));
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
pub(in crate::pages::questionnaires) struct DraftFile;

impl Upload for DraftFile {
    const MOST: usize = MAXIMUM_FILE;
    const COST: Cost = Cost::Document;
}

/// Begins a draft with a file.
pub(in crate::pages::questionnaires) async fn upload(
    who: Page<Editor>,
    form: Proven<WithFile<DraftFile>>,
) -> PageResult {
    let (request, here) = who.parts();
    let (_form, file) = form.into_inner();
    let again =
        async |detail: &str| new_page(request, here, vec![FieldError::new("file", detail)], BTreeMap::new()).await;
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
