//! What their words mean here, once for each word, and what else is asked about whole columns.

use askama::Template;
use diligence_entities::{
    import::record::Import,
    recipe::{Recipe, RecipeColumn},
};
use poem::http::StatusCode;

use super::{
    PART, guesses,
    steps::{self, Step, numbered, same},
    targets::{self, Target},
};
use crate::{
    auth::Editor,
    import_draft::{self, MAXIMUM_WORDS},
    import_reader::ImportQuestion,
    pages::{
        form::{Form, parameter},
        format,
        page::{FieldError, Frame, PageResult, Refusal, at, faults, html, redirect, sentence},
        signed_in::{Page, Proven},
    },
};

/// What a form says of a word that it says nothing about yet.
const NOT_SAID: &str = "?";

/// The field of a word in the form.
fn word_field(entry: impl std::fmt::Display, index: impl std::fmt::Display) -> String {
    format!("value{entry}-{index}")
}

/// The words of one column, for one field.
struct WordsOf {
    /// Which entry of the recipe it is.
    entry: usize,
    column: String,
    target: Target,
    words: Vec<Word>,
}

impl WordsOf {
    fn is_cut(&self) -> bool {
        self.words.len() >= MAXIMUM_WORDS
    }
}

/// A word of theirs.
struct Word {
    theirs: String,
    count: usize,
    /// What it means here: one of ours, nothing, or that nobody has said.
    ours: String,
}

#[derive(Template)]
#[template(path = "imports/values.html")]
struct ValuesPage<'a> {
    frame: Frame,
    step: Step<'a>,
    errors: Vec<FieldError>,
    columns: Vec<WordsOf>,
    questions: Vec<ImportQuestion>,
}

impl ValuesPage<'_> {
    fn answer(&self, key: &str) -> &str {
        self.step.draft.answers.0.get(key).map_or("", String::as_str)
    }
}

/// The entries of a recipe whose fields are chosen from a few, with what they fill.
fn chosen(recipe: &Recipe) -> Vec<(usize, String, Target)> {
    let of = |(index, entry): (usize, &RecipeColumn)| {
        let target = entry.fills.iter().find_map(|key| targets::find(recipe.noun, key))?;
        let column = entry.column.clone().filter(|_| !target.choices.is_empty())?;
        Some((index, column, target))
    };
    recipe.columns.iter().enumerate().filter_map(of).collect()
}

/// What a recipe says that a word means.
fn said(entry: &RecipeColumn, theirs: &str) -> Option<String> {
    let folded = theirs.to_lowercase();
    entry.values.iter().find(|(known, _)| known.trim().to_lowercase() == folded).map(|(_, ours)| ours.clone())
}

async fn words(who: &Page<Editor>, draft: &Import, recipe: &Recipe) -> Result<Vec<WordsOf>, Refusal> {
    let chosen = chosen(recipe);
    if chosen.is_empty() {
        return Ok(Vec::new());
    }
    let file = import_draft::file(&who.reader().await?, &draft.id).await?;
    let split = |index: &usize, target: &Target| {
        target
            .is_list
            .then(|| recipe.columns.get(*index).and_then(|entry| entry.split.clone()).unwrap_or_else(|| ";".into()))
    };
    let wanted = chosen.iter().map(|(index, column, target)| (column.clone(), split(index, target))).collect();
    let found = import_draft::words(file, recipe.clone(), wanted).await?;
    let of = |((entry, column, target), words): ((usize, String, Target), import_draft::Words)| {
        let word = |(theirs, count): (String, usize)| {
            let known = recipe.columns.get(entry).and_then(|entry| said(entry, &theirs));
            let ours = known.or_else(|| guesses::value(&target, &theirs)).unwrap_or_else(|| NOT_SAID.into());
            Word { theirs, count, ours }
        };
        let words = words.into_iter().map(word).collect();
        WordsOf { entry, column, words, target }
    };
    Ok(chosen.into_iter().zip(found).map(of).collect())
}

/// What is asked about whole columns, but for words that have a meaning to choose beside them; or what keeps the rows
/// from being read.
async fn questions(
    who: &Page<Editor>,
    draft: &Import,
    columns: &[WordsOf],
) -> Result<(Vec<ImportQuestion>, Vec<FieldError>), Refusal> {
    let report = match steps::report(who, draft).await {
        Ok(report) => report,
        Err(problem) => return Ok((Vec::new(), steps::unread(problem, "columns")?)),
    };
    let is_beside = |question: &ImportQuestion| {
        question.key.starts_with("value:")
            && columns.iter().any(|words| question.column.as_ref() == Some(&words.column) && !words.is_cut())
    };
    let asked = report.questions.into_iter().filter(|asked| steps::is_of_column(asked) && !is_beside(asked));
    Ok((asked.collect(), Vec::new()))
}

async fn page(
    who: &Page<Editor>,
    draft: Import,
    columns: Vec<WordsOf>,
    questions: Vec<ImportQuestion>,
    errors: Vec<FieldError>,
) -> PageResult {
    let (_, here) = who.parts();
    let page = ValuesPage {
        frame: here.frame("What its words mean").at(PART),
        step: Step { here, draft, now: "values" },
        columns,
        questions,
        errors,
    };
    let status = if page.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok(html(status, &page)?)
}

/// The words of the file.
pub(in crate::pages) async fn show(who: Page<Editor>) -> PageResult {
    let draft = steps::draft(&who).await?;
    let (request, _) = who.parts();
    let columns = words(&who, &draft, &import_draft::recipe(&draft)).await?;
    let (questions, errors) = questions(&who, &draft, &columns).await?;
    let is_nothing = columns.iter().all(|column| column.words.is_empty()) && questions.is_empty() && errors.is_empty();
    if is_nothing && parameter(request, "skip") == "true" {
        return Ok(redirect(&format!("{}/rows", super::href(&draft.id))));
    }
    page(&who, draft, columns, questions, errors).await
}

/// Keeps what the words mean, and what was answered.
pub(in crate::pages) async fn change(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    let draft = steps::draft(&who).await?;
    let mut columns = words(&who, &draft, &import_draft::recipe(&draft)).await?;
    let mut errors = Vec::new();
    let mut meant: Vec<(usize, String, String)> = Vec::new();
    for column in &mut columns {
        for (index, word) in column.words.iter_mut().enumerate() {
            let field = word_field(column.entry, index);
            // A form that was made of other words says nothing of these.
            if form.text(&format!("word{}-{index}", column.entry)) != word.theirs {
                continue;
            }
            word.ours = form.text(&field);
            let is_known = word.ours.is_empty() || column.target.choices.iter().any(|(value, _)| *value == word.ours);
            if is_known {
                meant.push((column.entry, word.theirs.clone(), word.ours.clone()));
            } else {
                let detail = format!("say what “{}” means, or that it says nothing", word.theirs);
                errors.push(FieldError::new(field, detail));
            }
        }
    }
    let answered = steps::answered(&form);
    let kept = steps::keep(&who, &draft.id, move |recipe, answers| {
        for (entry, theirs, ours) in meant {
            if let Some(entry) = recipe.columns.get_mut(entry) {
                entry.values.retain(|known, _| known.trim().to_lowercase() != theirs.to_lowercase());
                entry.values.insert(theirs, ours);
            }
        }
        answers.extend(answered);
    })
    .await;
    let draft = match kept {
        Ok(draft) => draft,
        Err(error) => {
            errors.extend(faults(error)?.iter().map(|fault| FieldError::new("columns", &fault.detail)));
            draft
        }
    };
    let (questions, wrong) = questions(&who, &draft, &columns).await?;
    errors.extend(wrong);
    for (index, asked) in questions.iter().enumerate() {
        errors.push(FieldError::new(format!("answer{index}"), &asked.question));
    }
    if errors.is_empty() {
        return Ok(redirect(&format!("{}/rows", super::href(&draft.id))));
    }
    page(&who, draft, columns, questions, errors).await
}
