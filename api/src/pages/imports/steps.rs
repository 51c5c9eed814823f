//! What the steps of an import have in common: the draft, what was said of it, and where one goes from here.

use std::collections::BTreeMap;

use diligence_entities::{
    error::Error,
    id::ImportId,
    import::record::{self, Import, ImportChange, ImportState},
    recipe::{Recipe, RecipeColumn},
};

use super::href;
use crate::{
    auth::Editor,
    import_draft,
    import_reader::{ImportQuestion, ImportReport},
    pages::{
        form::Form,
        page::{FieldError, Refusal},
        sign_in::SignedIn,
        signed_in::Page,
    },
    problem::{Problem, Type},
};

/// The steps, in their order: where each is, below the import, and what it is called.
pub(super) const STEPS: [(&str, &str); 4] =
    [("file", "What it is"), ("columns", "Its columns"), ("values", "Its words"), ("rows", "Its rows")];

/// A step of a draft, for whoever goes on with it.
pub(super) struct Step<'a> {
    pub(super) here: &'a SignedIn,
    pub(super) draft: Import,
    /// Which of [`STEPS`] it is.
    pub(super) now: &'static str,
}

impl Step<'_> {
    pub(super) fn place(&self, step: &str) -> String {
        format!("{}/{step}", href(&self.draft.id))
    }

    /// Each step: where it is, what it is called, and whether it is this one.
    pub(super) fn all(&self) -> Vec<(String, &'static str, bool)> {
        STEPS.iter().map(|(step, name)| (self.place(step), *name, *step == self.now)).collect()
    }
}

/// The name of a field that stands in a form several times.
pub(super) fn numbered(name: &str, index: impl std::fmt::Display) -> String {
    format!("{name}{index}")
}

/// Whether two texts are the same.
pub(super) fn same(one: &str, other: &str) -> bool {
    one == other
}

/// The draft at this address; whoever asks for one that was brought in finds what it did.
pub(super) async fn draft(who: &Page<Editor>) -> Result<Import, Refusal> {
    let id: ImportId = who.id()?;
    let import = record::read(&who.reader().await?, &id).await?;
    if import.state.0 == ImportState::Draft { Ok(import) } else { Err(Refusal::Elsewhere(href(&id))) }
}

/// Keeps what was said of a draft. Whoever goes back says it anew: the last that was said counts.
pub(super) async fn keep(
    who: &Page<Editor>,
    id: &ImportId,
    change: impl FnOnce(&mut Recipe, &mut BTreeMap<String, String>) + Send,
) -> Result<Import, Error> {
    who.change(async move |writer| {
        let before = record::read(writer, id).await?;
        let (mut recipe, mut answers) = (import_draft::recipe(&before), before.answers.0.clone());
        change(&mut recipe, &mut answers);
        forget_stale(&recipe, &mut answers);
        let change = ImportChange { noun: recipe.noun, recipe: Some(recipe), answers };
        record::put(writer, before, change).await
    })
    .await
}

/// Forgets what was answered about columns that the recipe does not name any more.
fn forget_stale(recipe: &Recipe, answers: &mut BTreeMap<String, String>) {
    let fold = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let of_columns = recipe.columns.iter().flat_map(RecipeColumn::names);
    let of_conditions =
        recipe.conditions.iter().flat_map(|condition| condition.any_of.iter().chain([&condition.column]));
    let names: Vec<String> = of_columns.chain(of_conditions.map(String::as_str)).map(fold).collect();
    let is_named = |rest: &str| names.iter().any(|name| !name.is_empty() && fold(rest).starts_with(name.as_str()));
    answers.retain(|key, _| match key.split_once(':') {
        Some(("dates" | "value", rest)) => is_named(rest),
        _ => true,
    });
}

/// What keeps a file from being read, for a form to be shown with; any other problem goes on.
pub(super) fn unread(problem: Problem, field: &str) -> Result<Vec<FieldError>, Refusal> {
    if !matches!(problem.kind, Type::Invalid | Type::Malformed | Type::TooLarge) {
        return Err(problem.into());
    }
    if problem.errors.is_empty() {
        return Ok(vec![FieldError::new(field, &*problem.detail)]);
    }
    Ok(problem.errors.iter().take(20).map(|fault| FieldError::new(field, &fault.detail)).collect())
}

/// Whether a problem is that the columns are somebody else's.
pub(super) fn is_foreign(problem: &Problem) -> bool {
    problem.errors.iter().any(|fault| fault.code == "unknown_column")
}

/// What would come of a draft, worked out.
pub(super) async fn report(who: &Page<Editor>, draft: &Import) -> Result<ImportReport, Problem> {
    import_draft::report(who.store(), &who.scope(), draft).await
}

/// Whether a question is about a whole column and not about one row.
pub(super) fn is_of_column(question: &ImportQuestion) -> bool {
    !question.key.starts_with("same:")
}

/// The questions that a form answers: the key of each, and what was answered, if anything was.
pub(super) fn answered(form: &Form) -> Vec<(String, String)> {
    let number = |name: &str| name.strip_prefix("key").and_then(|number| number.parse::<usize>().ok());
    let pairs =
        form.all().filter_map(|(name, key)| Some((key.to_owned(), form.some(&format!("answer{}", number(name)?))?)));
    pairs.collect()
}
