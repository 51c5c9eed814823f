//! What each column of the file is here, in the words of our forms.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use diligence_entities::{
    import::record::Import,
    recipe::{Fills, ImportNoun, Recipe, RecipeColumn},
};
use poem::http::StatusCode;

use super::{
    PART, guesses,
    steps::{self, Step, numbered, same},
    targets::{self, TargetGroup},
};
use crate::{
    auth::Editor,
    import_draft::{self, Looked},
    import_reader::WHY,
    pages::{
        form::Form,
        page::{FieldError, Frame, PageResult, at, faults, html, redirect},
        signed_in::{Page, Proven},
    },
};

/// The field that several columns may fill, each with its name before what it says.
const NOTES: &str = "notes";

/// A column of theirs.
struct Column {
    name: String,
    /// The first different things it says.
    samples: Vec<String>,
    /// What it fills; empty where it is left out.
    fills: String,
    /// What it fills besides; none where nobody asked for that.
    also: Option<String>,
    /// Whether it can be told from the others by its name.
    is_named: bool,
}

#[derive(Template)]
#[template(path = "imports/columns.html")]
struct ColumnsPage<'a> {
    frame: Frame,
    step: Step<'a>,
    errors: Vec<FieldError>,
    groups: Vec<TargetGroup>,
    columns: Vec<Column>,
    /// What the recipe puts together of several columns: the columns, and what they fill.
    joined: Vec<(String, String)>,
}

impl ColumnsPage<'_> {
    /// Whether a field can be chosen here; a recipe may fill more.
    fn offers(&self, key: &str) -> bool {
        key.is_empty() || self.groups.iter().flat_map(|group| &group.targets).any(|target| target.key == key)
    }

    fn label(&self, key: &str) -> String {
        targets::label(self.step.draft.noun.0, key)
    }
}

/// What columns that are joined fill, as a recipe says it.
fn joined(recipe: &Recipe) -> Vec<(String, String)> {
    let told = |column: &RecipeColumn| {
        let fills: Vec<String> = column.fills.iter().map(|key| targets::label(recipe.noun, key)).collect();
        (column.columns.join(", "), fills.join(", "))
    };
    recipe.columns.iter().filter(|column| !column.columns.is_empty()).map(told).collect()
}

/// A name as names of columns are compared.
fn fold(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// The recipe as it is for this file: columns are called as they are here, and where it names several columns of which the file has one, that one alone.
fn for_file(mut recipe: Recipe, names: &[(String, Vec<String>)]) -> Recipe {
    let of_file =
        |name: &String| names.iter().find(|(known, _)| fold(known) == fold(name)).map(|(known, _)| known.clone());
    for entry in &mut recipe.columns {
        if !entry.any_of.is_empty() {
            entry.column = std::mem::take(&mut entry.any_of).iter().find_map(of_file);
        } else if let Some(known) = entry.column.as_ref().and_then(of_file) {
            entry.column = Some(known);
        }
    }
    recipe.columns.retain(|entry| entry.column.is_some() || !entry.columns.is_empty());
    recipe
}

/// What a recipe says that this column fills.
fn filled(recipe: &Recipe, name: &str) -> Vec<String> {
    let is_it = |column: &&RecipeColumn| column.column.as_deref() == Some(name);
    recipe.columns.iter().filter(is_it).flat_map(|column| column.fills.iter().map(str::to_owned)).collect()
}

/// The columns of a file: what the recipe says of them, or what they probably are where it says nothing of any.
fn columns(looked: Looked, recipe: &Recipe, groups: &[TargetGroup]) -> Vec<Column> {
    let mut names = BTreeSet::new();
    let mut taken = BTreeSet::new();
    let mut guess = |name: &str| {
        let all = groups.iter().flat_map(|group| &group.targets);
        guesses::target(recipe.noun, name, all)
            .filter(|key| key == NOTES || taken.insert(key.clone()))
            .unwrap_or_default()
    };
    looked
        .columns
        .into_iter()
        .map(|(name, samples)| {
            let mut said = filled(recipe, &name).into_iter();
            let is_named = !name.is_empty() && names.insert(name.clone());
            let fills = if !recipe.columns.is_empty() {
                said.next().unwrap_or_default()
            } else if is_named && !samples.is_empty() && name != WHY {
                guess(&name)
            } else {
                String::new()
            };
            Column { fills, also: said.next(), is_named, name, samples }
        })
        .collect()
}

/// The columns as a form says them.
fn typed(mut columns: Vec<Column>, form: &Form) -> Vec<Column> {
    let more = form.text("more").parse::<usize>().ok();
    for (index, column) in columns.iter_mut().enumerate() {
        column.fills = form.text(&format!("column{index}"));
        let also = form.some(&format!("also{index}"));
        column.also = if more == Some(index) { also.or_else(|| Some(String::new())) } else { also };
    }
    columns
}

/// What is wrong with what was said of the columns.
fn wrong(noun: ImportNoun, columns: &[Column]) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut taken: BTreeMap<&str, &str> = BTreeMap::new();
    let said = |(index, column): (usize, &Column)| {
        let also = column.also.as_deref().map(|also| (format!("also{index}"), also.to_owned()));
        [Some((format!("column{index}"), column.fills.clone())), also].into_iter().flatten().collect::<Vec<_>>()
    };
    for (index, column) in columns.iter().enumerate() {
        for (field, key) in said((index, column)) {
            // Notes are put one below the other.
            if key.is_empty() || key == NOTES {
                continue;
            }
            let Some(target) = targets::find(noun, &key) else { continue };
            let key =
                if key == column.fills { column.fills.as_str() } else { column.also.as_deref().unwrap_or_default() };
            match taken.get(key) {
                Some(other) => {
                    let detail =
                        format!("“{}” is filled by the column {other} already: choose one of them", target.label);
                    errors.push(FieldError::new(field, detail));
                }
                None => drop(taken.insert(key, &column.name)),
            }
        }
    }
    let has_name =
        taken.keys().any(|key| *key == "name" || (noun == ImportNoun::Suppliers && key.starts_with("identifiers:")));
    let needs_name = matches!(noun, ImportNoun::Suppliers | ImportNoun::Products);
    if needs_name && !has_name && errors.is_empty() {
        let detail = match noun {
            ImportNoun::Products => "say which column has the names of the products",
            _ => "say which column has the names of the suppliers",
        };
        errors.push(FieldError::new("column0", detail));
    }
    errors
}

/// The recipe with these columns. What it said of a column besides stays, as long as the column fills the same; each
/// field has an entry of its own, since what a word means is another thing for each.
fn mapped(recipe: &Recipe, columns: &[Column]) -> Vec<RecipeColumn> {
    let before = |name: &str, key: &str| {
        let is_it = |entry: &&RecipeColumn| {
            entry.column.as_deref() == Some(name) && entry.fills.iter().any(|filled| filled == key)
        };
        recipe.columns.iter().find(is_it).cloned()
    };
    let new = |name: &str| RecipeColumn {
        column: Some(name.to_owned()),
        columns: Vec::new(),
        any_of: Vec::new(),
        join: None,
        fills: Fills::Several(Vec::new()),
        split: None,
        values: BTreeMap::new(),
        dates: None,
        clears: false,
        lead: None,
        take: None,
    };
    let mut entries = Vec::new();
    let of_notes = |column: &&Column| column.fills == NOTES || column.also.as_deref() == Some(NOTES);
    let has_several_notes = columns.iter().filter(|column| column.is_named).filter(of_notes).count() > 1;
    for column in columns.iter().filter(|column| column.is_named) {
        let keys = [Some(&column.fills), column.also.as_ref()].into_iter().flatten().filter(|key| !key.is_empty());
        for key in keys {
            let entry = before(&column.name, key).unwrap_or_else(|| new(&column.name));
            let lead = entry.lead.clone().or_else(|| {
                let needs_lead = has_several_notes && key == NOTES;
                needs_lead.then(|| format!("{}: ", column.name))
            });
            entries.push(RecipeColumn { fills: Fills::One(key.clone()), lead, ..entry });
        }
        // A page offers two; a recipe may say more.
        for key in filled(recipe, &column.name).into_iter().skip(2).filter(|_| !column.fills.is_empty()) {
            let entry = before(&column.name, &key).unwrap_or_else(|| new(&column.name));
            entries.push(RecipeColumn { fills: Fills::One(key), ..entry });
        }
    }
    entries.extend(recipe.columns.iter().filter(|entry| !entry.columns.is_empty()).cloned());
    entries
}

async fn page(who: &Page<Editor>, draft: Import, form: Option<&Form>, errors: Vec<FieldError>) -> PageResult {
    let (_, here) = who.parts();
    let recipe = import_draft::recipe(&draft);
    let file = import_draft::file(&who.reader().await?, &draft.id).await?;
    // What cannot be read is told where it can be said otherwise.
    let Ok(looked) = import_draft::look(file, recipe.clone()).await else {
        return Ok(redirect(&format!("{}/file", super::href(&draft.id))));
    };
    let recipe = for_file(recipe, &looked.columns);
    let groups = targets::groups(recipe.noun);
    let columns = columns(looked, &recipe, &groups);
    let page = ColumnsPage {
        frame: here.frame("What its columns are").at(PART),
        step: Step { here, draft, now: "columns" },
        columns: match form {
            Some(form) => typed(columns, form),
            None => columns,
        },
        joined: joined(&recipe),
        groups,
        errors,
    };
    let status = if page.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok(html(status, &page)?)
}

/// The columns of the file.
pub(in crate::pages) async fn show(who: Page<Editor>) -> PageResult {
    let draft = steps::draft(&who).await?;
    page(&who, draft, None, Vec::new()).await
}

/// Keeps what was said of the columns.
pub(in crate::pages) async fn change(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    let draft = steps::draft(&who).await?;
    if form.some("more").is_some() {
        return page(&who, draft, Some(&*form), Vec::new()).await;
    }
    let recipe = import_draft::recipe(&draft);
    let file = import_draft::file(&who.reader().await?, &draft.id).await?;
    let Ok(looked) = import_draft::look(file, recipe.clone()).await else {
        return Ok(redirect(&format!("{}/file", super::href(&draft.id))));
    };
    let recipe = for_file(recipe, &looked.columns);
    let columns = typed(columns(looked, &recipe, &[]), &form);
    let errors = wrong(recipe.noun, &columns);
    if !errors.is_empty() {
        return page(&who, draft, Some(&*form), errors).await;
    }
    let entries = mapped(&recipe, &columns);
    match steps::keep(&who, &draft.id, move |recipe, _| recipe.columns = entries).await {
        Ok(draft) => Ok(redirect(&format!("{}/values?skip=true", super::href(&draft.id)))),
        Err(error) => {
            let errors = faults(error)?.iter().map(|fault| FieldError::new("column0", &fault.detail)).collect();
            page(&who, draft, Some(&*form), errors).await
        }
    }
}
