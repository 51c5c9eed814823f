//! Bringing in a file of somebody else's: what it is, what its columns and its words mean here, what would come of each
//! row, and then all of it or nothing; what was brought in, and taking it back.
//!
//! | Where | What |
//! |---|---|
//! | `imports` | the imports that were made, and choosing a file |
//! | `imports/file` | what the file is: sheet, names of the columns, encoding, dates |
//! | `imports/columns` | what each column is here |
//! | `imports/values` | what their words are here, and questions about columns |
//! | `imports/rows` | what would come of each row, questions about rows, and bringing it in |
//! | `imports/made` | what an import did, and undoing it |
//! | `imports/steps` | what the steps have in common |
//! | `imports/targets` `imports/guesses` | our fields in the words of our forms, and what usual headings and words mean |
//!
//! The file is kept as a draft: each step has an address of its own, and nothing is chosen twice.

use std::{borrow::Borrow, collections::BTreeMap};

use askama::Template;
use diligence_entities::{
    error::Error,
    id::ImportId,
    import::record::{self, Import, ImportChange, ImportFilter, ImportState, NewImport},
    recipe::{self, ImportNoun, RecipeFilter},
    role::Role,
    stored::{from_word, word},
};
use diligence_questionnaires::cells;
use poem::{
    Body, Response,
    http::{StatusCode, header},
};

use super::{
    form::{Form, parameter},
    format,
    list_query::ListQuery,
    page::{FieldError, Frame, PageResult, at, faults, html, redirect},
    routes::Routes,
    sign_in::SignedIn,
    signed_in::{Page, Proven, Upload, WithFile},
};
use crate::{
    auth::{Editor, Viewer},
    body::Cost,
    import_draft,
    payload::IMPORT_LIMIT,
};

mod columns;
mod file;
mod guesses;
mod made;
mod rows;
mod steps;
mod targets;
mod values;

/// The routes of these pages.
pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .get("/imports", show_list)
        .get("/import", show)
        .post("/import", send)
        .get("/import/example", example)
        .get("/imports/:id", made::show)
        .get("/imports/:id/file", file::show)
        .post("/imports/:id/file", file::change)
        .get("/imports/:id/columns", columns::show)
        .post("/imports/:id/columns", columns::change)
        .get("/imports/:id/values", values::show)
        .post("/imports/:id/values", values::change)
        .get("/imports/:id/rows", rows::show)
        .post("/imports/:id/rows", rows::answer)
        .get("/imports/:id/refused", rows::refused)
        .post("/imports/:id/apply", rows::apply)
        .post("/imports/:id/discard", made::discard)
        .get("/imports/:id/undo", made::show_undo)
        .post("/imports/:id/undo", made::undo)
}

/// The part of the menu that these pages belong to.
const PART: &str = "/register";

/// Where an import is.
fn href(id: &ImportId) -> String {
    format!("/imports/{id}")
}

/// What the forms call a field that a column can fill.
pub(super) fn field_label(noun: ImportNoun, key: &str) -> String {
    targets::label(noun, key)
}

/// What is in a file, in a word that stands in a sentence.
fn noun_word(noun: impl Borrow<ImportNoun>) -> String {
    format::without_underscores(&word(noun.borrow()))
}

#[derive(Template)]
#[template(path = "imports/list.html")]
struct ImportsPage {
    frame: Frame,
    asked: ListQuery<ImportFilter>,
    imports: Vec<Import>,
    next: Option<String>,
    may_change: bool,
}

impl ImportsPage {
    /// Where an import stands; the first is the key of its tag.
    fn state(import: &Import) -> (&'static str, &'static str) {
        match import.state.0 {
            ImportState::Draft => ("open", "Not brought in yet"),
            ImportState::Applied => ("approved", "Brought in"),
            ImportState::Undone => ("superseded", "Undone"),
        }
    }

    /// When it was brought in, or else chosen.
    fn moment(import: &Import) -> String {
        format::moment(import.applied_at.unwrap_or(import.created_at))
    }

    /// Whether whoever looks can go on with it.
    fn leads_on(&self, import: &Import) -> bool {
        self.may_change || import.state.0 != ImportState::Draft
    }
}

/// Every import, the latest first.
pub(super) async fn show_list(who: Page<Viewer>) -> PageResult {
    let (request, here) = who.parts();
    let asked = ListQuery::<ImportFilter>::of(request, "/imports")?;
    let page = record::list(&who.reader().await?, &asked.filter).await?;
    let status = if asked.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let next = asked.next(page.next.as_ref());
    let (frame, may_change) = (here.frame("Imports").at(PART), here.is_at_least(Role::Editor));
    Ok(html(status, &ImportsPage { frame, asked, imports: page.items, next, may_change })?)
}

#[derive(Template)]
#[template(path = "imports/new.html")]
struct ImportPage {
    frame: Frame,
    errors: Vec<FieldError>,
    csrf: String,
    noun: String,
    /// The recipe that was chosen.
    recipe: String,
    /// Recipes that can be chosen: the key, the name, and what is in such a file.
    recipes: Vec<(String, String, ImportNoun)>,
}

impl ImportPage {
    /// What is in most lists, and what may be in others.
    fn nouns(&self, first: bool) -> impl Iterator<Item = (&'static str, &'static str)> {
        let (most, others) = targets::NOUNS.split_at(2);
        let chosen = if first { most } else { others };
        chosen.iter().map(|(_, word, label)| (*word, *label))
    }

    fn is_other(&self) -> bool {
        self.nouns(false).any(|(word, _)| word == self.noun)
    }
}

async fn import_page(who: &Page<Editor>, here: &SignedIn, errors: Vec<FieldError>, form: &Form) -> PageResult {
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let all = RecipeFilter { limit: Some(200), ..RecipeFilter::default() };
    let recipes = recipe::list(&who.reader().await?, &all).await?.items;
    let page = ImportPage {
        frame: here.frame("Import a list").at(PART),
        errors,
        csrf: here.csrf().to_owned(),
        noun: form.some("noun").unwrap_or_else(|| "suppliers".into()),
        recipe: form.text("recipe"),
        recipes: recipes.into_iter().map(|entry| (entry.key, entry.name, entry.noun)).collect(),
    };
    Ok(html(status, &page)?)
}

/// Where a file is chosen.
pub(super) async fn show(who: Page<Editor>) -> PageResult {
    let (request, here) = who.parts();
    let form = Form::of([("noun", parameter(request, "noun")), ("recipe", parameter(request, "recipe"))]);
    import_page(&who, here, Vec::new(), &form).await
}

/// A list as a file.
pub(super) struct ListFile;

impl Upload for ListFile {
    const MOST: usize = IMPORT_LIMIT;
    const COST: Cost = Cost::Bytes;
}

/// Keeps a file as a draft, and goes on to what it is.
pub(super) async fn send(who: Page<Editor>, form: Proven<WithFile<ListFile>>) -> PageResult {
    let (_, here) = who.parts();
    let (form, file) = form.into_inner();
    let wrong = |field: &str, detail: &str| vec![FieldError::new(field, detail)];
    let Some(noun) = from_word::<ImportNoun>(&form.text("noun")) else {
        return import_page(&who, here, wrong("noun", "choose what is in the list"), &form).await;
    };
    let Some(file) = file.filter(|file| !file.name.is_empty() || !file.content.is_empty()) else {
        return import_page(&who, here, wrong("file", "choose a file"), &form).await;
    };
    if file.content.is_empty() {
        return import_page(&who, here, wrong("file", "the file is empty: choose another one"), &form).await;
    }
    let chosen = match form.some("recipe") {
        None => None,
        Some(key) => match recipe::resolve(&who.reader().await?, &key).await {
            Ok(chosen) => Some(chosen),
            Err(Error::NotFound) => {
                return import_page(&who, here, wrong("recipe", "choose one of these"), &form).await;
            }
            Err(error) => return Err(error.into()),
        },
    };
    // A recipe says itself what is in such a file.
    let noun = chosen.as_ref().map_or(noun, |recipe| recipe.noun);
    let kept = who
        .change(async |writer| {
            let new = NewImport { file_name: file.name.clone(), noun };
            let draft = record::create(writer, new, import_draft::pieces(&file.content)).await?;
            match chosen.clone() {
                Some(chosen) => {
                    let change = ImportChange { noun, recipe: Some(chosen), answers: BTreeMap::new() };
                    record::put(writer, draft, change).await
                }
                None => Ok(draft),
            }
        })
        .await;
    match kept {
        Ok(draft) => Ok(redirect(&href(&draft.id))),
        Err(error) => {
            let errors = faults(error)?.iter().map(|fault| FieldError::new("file", &fault.detail)).collect();
            import_page(&who, here, errors, &form).await
        }
    }
}

/// A small file that shows how one looks.
pub(super) async fn example(who: Page<Viewer>) -> PageResult {
    let (request, _) = who.parts();
    let (name, text) = if parameter(request, "of") == "products" {
        (
            "products-example.csv",
            "supplier_name,name,kind,purpose,ai_features,ai_profile.model_provider\r\nHarbour Care Systems,Harbour Notes,software,Writes up visits,embedded,Nimbus\r\nHarbour Care Systems,Harbour Rota,software,Plans shifts,unknown,\r\n",
        )
    } else {
        (
            "suppliers-example.csv",
            "name,website,country,identifiers:GB-COH,data_role,personal_data,data_locations,relationship_owner,evidence.cyber_essentials.reference,evidence.cyber_essentials.expires_on\r\nHarbour Care Systems,https://harbour.example,GB,04142000,processor,health;care_records,GB;IE,Jo Bell,CE-1234,2027-12-10\r\nFernway Laundry,,GB,,none,,,Sam Okafor,,\r\n",
        )
    };
    Ok(attachment(name, "text/csv; charset=utf-8", format!("{}{text}", cells::BYTE_ORDER_MARK).into_bytes()))
}

fn attachment(name: &str, media_type: &'static str, bytes: Vec<u8>) -> Response {
    Response::builder()
        .header(header::CONTENT_TYPE, media_type)
        .header(header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\""))
        .header(header::CACHE_CONTROL, "no-store")
        .body(Body::from_bytes(bytes.into()))
}
