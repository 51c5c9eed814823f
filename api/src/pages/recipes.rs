//! Recipes: how a file of somebody else's becomes rows of ours. Each has a page of help; the organisation's own are
//! changed as text.

use std::borrow::Borrow;

use askama::Template;
use diligence_entities::{
    error::Error,
    fault::Fault,
    recipe::{
        self, BuiltIn, Condition, Header, ImportNoun, KnownRecipe, MAXIMUM_BYTES, Recipe, RecipeColumn, RecipeEntry,
        RecipeFilter, Take, built_in,
    },
    role::Role,
};
use poem::{Request, http::StatusCode};

use super::{
    form::{Form, parameter},
    format, imports,
    list_query::ListQuery,
    page::{FieldError, Frame, PageResult, at, faults, html, redirect, sentence},
    routes::Routes,
    sign_in::SignedIn,
    signed_in::{Page, Proven, Within},
};
use crate::{
    auth::{Editor, Viewer},
    import_reader,
    problem::Problem,
};

/// The routes of these pages.
pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .get("/recipes", show_list)
        .get("/recipes/new", show_new)
        .post("/recipes/new", keep)
        .get("/recipes/:key", show)
        .post("/recipes/:key", save)
        .post("/recipes/:key/delete", delete)
}

/// The part of the menu that these pages belong to.
const PART: &str = "/register";
/// How much longer than its text a form with a recipe may be.
const MAXIMUM_FORM: usize = MAXIMUM_BYTES * 3 + (8 << 10);
/// How many problems of a text are told.
const TOLD_PROBLEMS: usize = 50;
/// What a new recipe begins with.
const BEGINNING: &str = "\
recipe: 1
name: List of the finance department
description: Where the file comes from, and who sends it.
noun: suppliers
columns:
  # Each column that is read, and what it fills. Columns that are not named are left out.
  - column: Vendor
    fills: name
  - column: Criticality
    fills: service_criticality
    values:
      High: essential
      Low: minor
";

/// Where a recipe is read.
fn href(key: &str) -> String {
    format!("/recipes/{key}")
}

fn key_of(request: &Request) -> Result<String, Problem> {
    request.raw_path_param("key").map(str::to_owned).ok_or_else(Problem::not_found)
}

/// Whose it is.
fn whose(is_built_in: impl Borrow<bool>, replaces_built_in: impl Borrow<bool>) -> &'static str {
    match (is_built_in.borrow(), replaces_built_in.borrow()) {
        (true, _) => "Built in",
        (false, true) => "Your own, in the place of the built-in one",
        (false, false) => "Your own",
    }
}

// ---------------------------------------------------------------- the list

#[derive(Template)]
#[template(path = "recipes/list.html")]
struct ListPage {
    frame: Frame,
    asked: ListQuery<RecipeFilter>,
    recipes: Vec<RecipeEntry>,
    next: Option<String>,
    may_write: bool,
    is_deleted: bool,
}

/// Every recipe, with what file it is for.
pub(super) async fn show_list(who: Page<Viewer>) -> PageResult {
    let (request, here) = who.parts();
    let asked = ListQuery::<RecipeFilter>::of(request, "/recipes")?;
    let page = recipe::list(&here.read(request).await?, &asked.filter).await?;
    let status = if asked.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = ListPage {
        frame: here.frame("Recipes").at(PART),
        next: asked.next(page.next.as_ref()),
        recipes: page.items,
        asked,
        may_write: here.is_at_least(Role::Editor),
        is_deleted: parameter(request, "done") == "deleted",
    };
    Ok(html(status, &page)?)
}

// ---------------------------------------------------------------- one recipe

/// A column as its page tells it.
struct Told {
    from: String,
    /// What each field is called in the forms, and in recipes.
    fills: Vec<(String, String)>,
    how: Vec<String>,
}

fn told(noun: ImportNoun, column: &RecipeColumn) -> Told {
    let from = match (&column.column, column.any_of.as_slice()) {
        (Some(name), _) => name.clone(),
        (None, [only]) => format!("{only}, if the file has it"),
        (None, []) => column.columns.join(" + "),
        (None, several) => format!("the first that the file has of: {}", several.join(", ")),
    };
    let mut how = Vec::new();
    if let Some(split) = &column.split {
        how.push(format!("several in a cell, with {split} between"));
    }
    if let Some(take) = column.take {
        let taken = match take {
            Take::First => "of several rows the first that says something",
            Take::Last => "of several rows the last that says something",
            Take::Sum => "the sum of all rows of one",
            Take::Count => "how many rows of one there are",
            Take::Earliest => "of several rows the earliest day",
            Take::Latest => "of several rows the latest day",
            Take::All => "what all rows of one say, each once",
        };
        how.push(taken.to_owned());
    }
    if let Some(lead) = &column.lead {
        how.push(format!("after the words “{}”", lead.trim()));
    }
    if !column.values.is_empty() {
        let values: Vec<String> = column
            .values
            .iter()
            .map(
                |(their, our)| {
                    if our.is_empty() { format!("{their} says nothing") } else { format!("{their} is {our}") }
                },
            )
            .collect();
        how.push(values.join(", "));
    }
    if column.clears {
        how.push("an empty cell clears it".to_owned());
    }
    let fills = column.fills.iter().map(|field| (imports::field_label(noun, field), field.to_owned())).collect();
    Told { from, fills, how }
}

/// What is asked of a column, in a sentence's part.
fn asked_of(condition: &Condition) -> String {
    let column = if condition.any_of.is_empty() { condition.column.clone() } else { condition.any_of.join(" or ") };
    let mut asked = Vec::new();
    let mut add = |words: &str, text: &Option<String>| {
        if let Some(text) = text {
            asked.push(format!("{words} “{text}”"));
        }
    };
    add("is", &condition.is);
    add("is not", &condition.is_not);
    add("has in it", &condition.contains);
    add("begins with", &condition.starts_with);
    if !condition.one_of.is_empty() {
        asked.push(format!("is one of {}", condition.one_of.join(", ")));
    }
    match condition.is_empty {
        Some(true) => asked.push("is empty".to_owned()),
        Some(false) => asked.push("says something".to_owned()),
        None => {}
    }
    asked.extend(condition.before.map(|day| format!("is before {}", format::day(day))));
    asked.extend(condition.after.map(|day| format!("is after {}", format::day(day))));
    format!("{column} {}", asked.join(" and "))
}

#[derive(Template)]
#[template(path = "recipes/show.html")]
struct RecipePage {
    frame: Frame,
    errors: Vec<FieldError>,
    known: KnownRecipe,
    /// What there is to say of the file that a built-in recipe is for.
    help: Option<&'static BuiltIn>,
    columns: Vec<Told>,
    conditions: Vec<String>,
    /// What does not fit of one of the organisation's own.
    misfits: Vec<String>,
    /// What may not be meant of what was typed.
    doubts: Vec<String>,
    /// What stands in the field.
    document: String,
    /// What someone else saved meanwhile.
    theirs: Option<String>,
    typed_key: String,
    may_write: bool,
    csrf: String,
    is_saved: bool,
}

impl RecipePage {
    fn href(&self) -> String {
        href(&self.known.key)
    }

    fn noun(&self) -> String {
        format::slug(&self.known.noun)
    }

    fn every(&self) -> Vec<(&String, &String)> {
        self.known.document.every.iter().collect()
    }

    fn header(&self) -> Option<String> {
        match self.known.document.file.header? {
            Header::Row(line) => Some(format!("The names of its columns stand on line {line}.")),
            Header::None(_) => Some("It has no names of columns: they are known by their numbers.".to_owned()),
        }
    }
}

/// A recipe's text: that of a built-in one with its comments.
fn text_of(known: &KnownRecipe) -> String {
    match built_in(&known.key).filter(|_| known.is_built_in) {
        Some(built_in) => built_in.yaml.to_owned(),
        None => recipe::to_yaml(&known.document),
    }
}

/// What was typed and is not saved.
#[derive(Default)]
struct Unsaved {
    document: Option<String>,
    /// What of it may not be meant.
    doubts: Vec<String>,
    is_stale: bool,
    typed_key: String,
}

async fn recipe_page(request: &Request, here: &SignedIn, errors: Vec<FieldError>, unsaved: Unsaved) -> PageResult {
    let known = recipe::read(&here.read(request).await?, &key_of(request)?).await?;
    let status = match (unsaved.is_stale, errors.is_empty() && unsaved.doubts.is_empty()) {
        (true, _) => StatusCode::CONFLICT,
        (false, false) => StatusCode::UNPROCESSABLE_ENTITY,
        (false, true) => StatusCode::OK,
    };
    let stored = text_of(&known);
    let page = RecipePage {
        frame: here.frame(&known.name).at(PART),
        errors,
        help: built_in(&known.key).filter(|_| known.is_built_in),
        columns: known.document.columns.iter().map(|column| told(known.document.noun, column)).collect(),
        conditions: known.document.conditions.iter().map(asked_of).collect(),
        misfits: if known.is_built_in { Vec::new() } else { misfits(&known.document) },
        doubts: unsaved.doubts,
        theirs: unsaved.is_stale.then(|| stored.clone()),
        document: unsaved.document.unwrap_or(stored),
        typed_key: unsaved.typed_key,
        may_write: here.is_at_least(Role::Editor),
        csrf: here.csrf().to_owned(),
        is_saved: parameter(request, "saved") == "yes",
        known,
    };
    Ok(html(status, &page)?)
}

/// A recipe, with where its file comes from and what is read of it.
pub(super) async fn show(who: Page<Viewer>) -> PageResult {
    let (request, here) = who.parts();
    recipe_page(request, here, Vec::new(), Unsaved::default()).await
}

/// Faults at the field of this name.
fn problems(field: &str, faults: &[Fault]) -> Vec<FieldError> {
    faults.iter().take(TOLD_PROBLEMS).map(|fault| FieldError::new(field, &fault.detail)).collect()
}

/// What does not fit of a recipe, each with its place: it can be kept, and no file can be read by it.
fn misfits(document: &Recipe) -> Vec<String> {
    let told = |fault: &Fault| match fault.pointer.as_str() {
        "" => sentence(&fault.detail),
        place => format!("{} ({place})", sentence(&fault.detail)),
    };
    import_reader::check_recipe(document).iter().take(TOLD_PROBLEMS).map(told).collect()
}

/// What may not be meant of a text that can be read, unless it was asked before and is: comments that take the end of a
/// text away. They are not kept, so that nobody finds them later.
fn doubts(form: &Form, text: &str) -> Vec<String> {
    let told = |fault: &Fault| sentence(&fault.detail);
    let found: Vec<String> = import_reader::recipe_comments(text).iter().take(TOLD_PROBLEMS).map(told).collect();
    if form.text("meant") == places(&found) { Vec::new() } else { found }
}

/// Where these are, for a form to say what was asked.
fn places(doubts: &[String]) -> String {
    doubts.iter().filter_map(|doubt| doubt.split(':').next()).collect::<Vec<_>>().join("; ")
}

/// Space at its beginning means something in a document.
fn document_of(form: &Form) -> String {
    form.exact("document").replace("\r\n", "\n")
}

/// Changes one of the organisation's own.
pub(super) async fn save(who: Page<Editor>, form: Proven<Within<MAXIMUM_FORM>>) -> PageResult {
    let (request, here) = who.parts();
    let (key, text, version) = (key_of(request)?, document_of(&form), form.version()?);
    let unsaved = |is_stale: bool| Unsaved { document: Some(text.clone()), is_stale, ..Unsaved::default() };
    let read = match recipe::parse(&text) {
        Ok(read) => read,
        Err(faults) => return recipe_page(request, here, problems("document", &faults), unsaved(false)).await,
    };
    let doubts = doubts(&form, &text);
    if !doubts.is_empty() {
        return recipe_page(request, here, Vec::new(), Unsaved { doubts, ..unsaved(false) }).await;
    }
    match who.change(async |writer| recipe::put(writer, &key, Some(version), read).await).await {
        Ok(_) => Ok(redirect(&format!("{}?saved=yes", href(&key)))),
        Err(Error::Stale { .. }) => recipe_page(request, here, Vec::new(), unsaved(true)).await,
        Err(error) => recipe_page(request, here, problems("document", &faults(error)?), unsaved(false)).await,
    }
}

/// Takes one of the organisation's own away.
pub(super) async fn delete(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let key = key_of(request)?;
    if form.text("confirm") != key {
        let errors = vec![FieldError::new("confirm", format!("type the recipe's key just as it stands here: {key}"))];
        let typed_key = form.text("confirm");
        return recipe_page(request, here, errors, Unsaved { typed_key, ..Unsaved::default() }).await;
    }
    let version = form.version()?;
    who.change(async |writer| recipe::delete(writer, &key, version).await).await?;
    Ok(redirect("/recipes?done=deleted"))
}

// ---------------------------------------------------------------- a new one

#[derive(Template)]
#[template(path = "recipes/new.html")]
struct NewPage {
    frame: Frame,
    errors: Vec<FieldError>,
    /// What it is a copy of, by its name.
    copied: Option<String>,
    key: String,
    document: String,
    /// What of it may not be meant.
    doubts: Vec<String>,
    csrf: String,
}

fn new_page(
    here: &SignedIn,
    errors: Vec<FieldError>,
    copied: Option<String>,
    key: String,
    document: String,
    doubts: Vec<String>,
) -> PageResult {
    let is_asked = !errors.is_empty() || !doubts.is_empty();
    let status = if is_asked { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let title = if copied.is_some() { "Keep a copy of a recipe" } else { "Write a recipe" };
    let csrf = here.csrf().to_owned();
    let frame = here.frame(title).at(PART);
    Ok(html(status, &NewPage { frame, errors, copied, key, document, doubts, csrf })?)
}

/// The form for a new one, which may begin as a copy.
pub(super) async fn show_new(who: Page<Editor>) -> PageResult {
    let (request, here) = who.parts();
    let from = parameter(request, "from");
    if from.is_empty() {
        return new_page(here, Vec::new(), None, String::new(), BEGINNING.to_owned(), Vec::new());
    }
    let known = recipe::read(&here.read(request).await?, &from).await?;
    let text = text_of(&known);
    new_page(here, Vec::new(), Some(known.name), format!("our-{}", known.key), text, Vec::new())
}

/// Keeps a new one.
pub(super) async fn keep(who: Page<Editor>, form: Proven<Within<MAXIMUM_FORM>>) -> PageResult {
    let (_, here) = who.parts();
    let (key, text) = (form.text("key"), document_of(&form));
    let again = |errors: Vec<FieldError>| new_page(here, errors, None, key.clone(), text.clone(), Vec::new());
    let read = match recipe::parse(&text) {
        Ok(read) => read,
        Err(faults) => return again(problems("document", &faults)),
    };
    let doubts = doubts(&form, &text);
    if !doubts.is_empty() {
        return new_page(here, Vec::new(), None, key, text, doubts);
    }
    match who.change(async |writer| recipe::put(writer, &key, None, read).await).await {
        Ok(_) => Ok(redirect(&format!("{}?saved=yes", href(&key)))),
        Err(error) => again(problems("key", &faults(error)?)),
    }
}
