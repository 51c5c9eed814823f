//! What would come of each row, questions about rows, the rows that cannot come in, and bringing the others in.

use std::collections::BTreeSet;

use askama::Template;
use diligence_entities::{
    ahead::{self, Opened},
    error::Error,
    import::{
        Verdict,
        record::{self, Import, ImportChange},
    },
    recipe::{self, FileRecipe, Fills, Recipe, RecipeColumn},
    scope::Writer,
};
use diligence_questionnaires::cells;
use poem::http::StatusCode;

use super::{
    PART, attachment,
    steps::{self, Step, numbered, same},
    targets,
};
use crate::{
    auth::Editor,
    import_draft,
    import_reader::{ImportQuestion, ImportReport, ImportedRow, RowChange, RowError},
    pages::{
        form::{Form, parameter},
        format,
        page::{FieldError, Frame, PageResult, Refusal, at, faults, html, redirect, sentence},
        signed_in::{Page, Proven},
    },
};

/// How many rows a page shows.
const SHOWN_ROWS: usize = 100;
/// What a workbook calls itself.
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

#[derive(Template)]
#[template(path = "imports/rows.html")]
struct RowsPage<'a> {
    frame: Frame,
    step: Step<'a>,
    errors: Vec<FieldError>,
    /// What would come of it; none where its rows cannot be read.
    report: Option<ImportReport>,
    show: String,
    /// The first row that is shown, from 0, among those that are chosen.
    from: usize,
    chosen: Vec<ImportedRow>,
    chosen_count: usize,
    /// What the recipe would be called under which it is kept.
    recipe_name: String,
    is_changed_meanwhile: bool,
}

impl RowsPage<'_> {
    /// Questions about rows; those about whole columns belong to the words.
    fn questions(&self) -> Vec<&ImportQuestion> {
        let all = self.report.iter().flat_map(|report| &report.questions);
        all.filter(|question| !steps::is_of_column(question)).collect()
    }

    fn asks_about_columns(&self) -> bool {
        self.report.iter().flat_map(|report| &report.questions).any(steps::is_of_column)
    }

    /// What was answered about rows: the key, and what it is about.
    fn answered(&self) -> Vec<(&str, &str)> {
        let answers = self.step.draft.answers.0.iter();
        answers
            .filter_map(|(key, _)| {
                let name = key.strip_prefix("same:")?;
                Some((key.as_str(), if name == "*" { "All others that are asked about" } else { name }))
            })
            .collect()
    }

    fn answer(&self, key: &str) -> &str {
        self.step.draft.answers.0.get(key).map_or("", String::as_str)
    }

    fn next(&self) -> Option<String> {
        let next = self.from + SHOWN_ROWS;
        (next < self.chosen_count).then(|| self.rows(&self.show, next))
    }

    fn previous(&self) -> Option<String> {
        (self.from > 0).then(|| self.rows(&self.show, self.from.saturating_sub(SHOWN_ROWS)))
    }

    /// Where these rows are shown.
    fn rows(&self, show: &str, from: usize) -> String {
        format!("{}?show={show}&from={from}", self.step.place("rows"))
    }

    /// The verdicts: the word, the name, and how many rows have it.
    fn verdicts(report: &ImportReport) -> [(&'static str, &'static str, i64); 6] {
        [
            ("all", "All", i64::try_from(report.rows.len()).unwrap_or(i64::MAX)),
            ("refused", "Refused", report.refused_count),
            ("question", "Asked about", i64::try_from(Self::asked_count(report)).unwrap_or(i64::MAX)),
            ("create", "New", report.created_count),
            ("change", "Changed", report.changed_count),
            ("unchanged", "Unchanged", report.unchanged_count),
        ]
    }

    /// How many rows are asked about.
    fn asked_count(report: &ImportReport) -> usize {
        report.rows.iter().filter(|row| row.verdict == Verdict::Question).count()
    }

    fn verdict(row: &ImportedRow) -> (&'static str, &'static str) {
        match row.verdict {
            Verdict::Refused => ("extreme", "Refused"),
            Verdict::Question => ("high", "Asked about"),
            Verdict::Create => ("low", "New"),
            Verdict::Change => ("moderate", "Changed"),
            Verdict::Unchanged => ("unassessed", "Unchanged"),
        }
    }

    fn href(&self, row: &ImportedRow) -> Option<String> {
        let place = format::slug(&self.step.draft.noun.0);
        row.id
            .as_ref()
            .filter(|_| ["suppliers", "products"].contains(&place.as_str()))
            .map(|id| format!("/{place}/{id}"))
    }

    fn field(&self, change: &RowChange) -> String {
        targets::label(self.step.draft.noun.0, &change.field)
    }

    /// What a change puts in the place of what, in the words of our forms.
    fn says(&self, change: &RowChange, text: &Option<String>) -> String {
        let Some(text) = text.as_ref().filter(|text| !text.is_empty()) else { return "nothing".into() };
        let choices = targets::find(self.step.draft.noun.0, &change.field).map_or(&[][..], |target| target.choices);
        let label = |word: &str| choices.iter().find(|(value, _)| *value == word).map(|(_, label)| (*label).to_owned());
        let words: Option<Vec<String>> = cells::split(text).iter().map(|word| label(word)).collect();
        words.filter(|words| !words.is_empty()).map_or_else(|| text.clone(), |words| words.join(", "))
    }

    /// Which further rows of the file were put together with one.
    fn merged(row: &ImportedRow) -> Option<String> {
        let mut places: Vec<String> = row.merged_lines.iter().map(ToString::to_string).collect();
        let told = i64::try_from(places.len()).unwrap_or(i64::MAX);
        if row.merged_row_count > told {
            places.push(format!("{} more", row.merged_row_count - told));
        }
        let last = places.pop()?;
        let all =
            if places.is_empty() { format!("row {last}") } else { format!("rows {} and {last}", places.join(", ")) };
        Some(format!("Put together with {all}."))
    }

    fn told(row: &ImportedRow, error: &RowError) -> String {
        let place = match error.line {
            Some(line) if error.row != row.row => format!("row {line}, "),
            _ => String::new(),
        };
        let column = if error.column.is_empty() { String::new() } else { format!("{}: ", error.column) };
        let value = error.value.as_ref().filter(|value| !value.is_empty());
        let value = value.map(|value| format!(", not \u{201c}{value}\u{201d}")).unwrap_or_default();
        sentence(&format!("{place}{column}{}{value}", error.detail))
    }

    /// How many rows would do something.
    fn doing(report: &ImportReport) -> i64 {
        report.created_count + report.changed_count
    }

    /// How many rows cannot come in.
    fn bad(report: &ImportReport) -> usize {
        report.bad_rows().len()
    }
}

/// What of the rows is shown, as an address says it.
#[derive(Default)]
struct Chosen {
    show: String,
    from: usize,
}

async fn page(
    who: &Page<Editor>,
    draft: Import,
    chosen: Chosen,
    status: StatusCode,
    more: Vec<FieldError>,
    recipe_name: String,
) -> PageResult {
    let (_, here) = who.parts();
    let (report, mut errors) = match steps::report(who, &draft).await {
        Ok(report) => (Some(report), Vec::new()),
        Err(problem) => (None, steps::unread(problem, "steps")?),
    };
    errors.extend(more);
    let status = if status == StatusCode::OK && !errors.is_empty() { StatusCode::UNPROCESSABLE_ENTITY } else { status };
    let refused_first = report.as_ref().is_some_and(|report| report.refused_count > 0);
    let show = match chosen.show.as_str() {
        "" if refused_first => "refused".to_owned(),
        "" => "all".to_owned(),
        _ => chosen.show,
    };
    let fits = |row: &&ImportedRow| show == "all" || format::slug(&row.verdict) == show;
    let rows = || report.iter().flat_map(|report| &report.rows).filter(fits);
    let page = RowsPage {
        frame: here.frame("Check the rows").at(PART),
        errors,
        chosen_count: rows().count(),
        chosen: rows().skip(chosen.from).take(SHOWN_ROWS).cloned().collect(),
        show,
        from: chosen.from,
        report,
        recipe_name,
        is_changed_meanwhile: status == StatusCode::CONFLICT,
        step: Step { here, draft, now: "rows" },
    };
    Ok(html(status, &page)?)
}

/// What would come of each row.
pub(in crate::pages) async fn show(who: Page<Editor>) -> PageResult {
    let draft = steps::draft(&who).await?;
    let (request, _) = who.parts();
    let from = parameter(request, "from").parse().unwrap_or_default();
    let chosen = Chosen { show: parameter(request, "show"), from };
    page(&who, draft, chosen, StatusCode::OK, Vec::new(), String::new()).await
}

/// Keeps answers about rows, or takes one back.
pub(in crate::pages) async fn answer(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    let draft = steps::draft(&who).await?;
    let (mut answered, forgotten) = (steps::answered(&form), form.some("forget"));
    if form.text("all") == "new" {
        answered.push(("same:*".to_owned(), "new".to_owned()));
    }
    let kept = steps::keep(&who, &draft.id, move |_, answers| match forgotten {
        Some(key) => drop(answers.remove(&key)),
        None => answers.extend(answered),
    })
    .await;
    match kept {
        Ok(draft) => Ok(redirect(&format!("{}/rows", super::href(&draft.id)))),
        Err(error) => {
            let errors = faults(error)?.iter().map(|fault| FieldError::new("questions", &fault.detail)).collect();
            page(&who, draft, Chosen::default(), StatusCode::OK, errors, String::new()).await
        }
    }
}

/// The rows that cannot come in, each with all its own cells and why, as CSV or as a workbook.
pub(in crate::pages) async fn refused(who: Page<Editor>) -> PageResult {
    let draft = steps::draft(&who).await?;
    let (request, here) = who.parts();
    let (report, rows) = import_draft::trial(who.store(), &who.scope(), &draft).await?;
    here.exports(request, "import", draft.id.as_str(), None).await?;
    if parameter(request, "format") == "xlsx" {
        return Ok(attachment("rows-to-mend.xlsx", XLSX, import_draft::rest(&report, &rows)?));
    }
    let text = format!("{}{}", cells::BYTE_ORDER_MARK, rows.refused(&report));
    Ok(attachment("rows-to-mend.csv", "text/csv; charset=utf-8", text.into_bytes()))
}

/// The key of a recipe of this name.
fn key_of(name: &str) -> String {
    let words = name.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let key = words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-");
    let cut: String = key.chars().take(recipe::MAXIMUM_KEY).collect();
    cut.trim_end_matches('-').to_owned()
}

/// The columns of a recipe, those that are read in one way as one: in the steps each field has an entry of its own.
fn united(columns: Vec<RecipeColumn>) -> Vec<RecipeColumn> {
    let mut all: Vec<RecipeColumn> = Vec::new();
    for column in columns {
        let is_read_so =
            |known: &&mut RecipeColumn| RecipeColumn { fills: column.fills.clone(), ..(**known).clone() } == column;
        match all.iter_mut().find(is_read_so) {
            Some(known) => {
                let both = known.fills.iter().chain(column.fills.iter()).map(str::to_owned).collect();
                known.fills = Fills::Several(both);
            }
            None => all.push(column),
        }
    }
    all
}

/// Keeps the rows that were left out as a draft of their own, and the recipe under its name.
async fn keep_besides(
    writer: &Writer,
    draft: &Import,
    rest: Option<Vec<u8>>,
    name: Option<String>,
) -> Result<Option<Import>, Error> {
    let recipe = import_draft::recipe(draft);
    if let Some(name) = name {
        let document = Recipe { name: Some(name.clone()), columns: united(recipe.columns.clone()), ..recipe.clone() };
        recipe::put(writer, &key_of(&name), None, document).await?;
    }
    let Some(rest) = rest else { return Ok(None) };
    let made = record::create(writer, import_draft::rest_of(draft), import_draft::pieces(&rest)).await?;
    let recipe = Recipe { file: FileRecipe::default(), ..recipe };
    let change = ImportChange { noun: draft.noun.0, recipe: Some(recipe), answers: draft.answers.0.clone() };
    record::put(writer, made, change).await.map(Some)
}

/// Brings the rows in: all of them, or only the good ones, and keeps the rest to be mended.
pub(in crate::pages) async fn apply(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    let draft = steps::draft(&who).await?;
    let name = form.some("recipe_name");
    let only_good = form.text("only_good") == "true";
    let (mut without, mut rest) = (BTreeSet::new(), None);
    if only_good {
        let (report, rows) = import_draft::trial(who.store(), &who.scope(), &draft).await?;
        without = report.bad_rows();
        if !without.is_empty() {
            rest = Some(import_draft::rest(&report, &rows)?);
        }
    }
    let again = |errors: Vec<FieldError>, name: Option<String>, draft: Import| {
        let status = if errors.is_empty() { StatusCode::CONFLICT } else { StatusCode::UNPROCESSABLE_ENTITY };
        page(&who, draft, Chosen::default(), status, errors, name.unwrap_or_default())
    };
    let intake = import_draft::intake(&who.reader().await?, &draft, false, without).await?;
    let Opened { plan, writer, .. } = ahead::open(who.store(), &who.scope(), &intake).await?;
    let Some(writer) = writer else { return again(Vec::new(), name, draft).await };
    let done = async {
        let report = intake.run(plan, Some(&writer)).await?;
        let besides = if report.applied { keep_besides(&writer, &draft, rest, name.clone()).await? } else { None };
        Ok::<_, Error>((report, besides))
    };
    let place = super::href(&draft.id);
    let done = done.await;
    match done {
        Ok((report, _)) if !report.applied => again(Vec::new(), name, draft).await,
        Ok((_, besides)) => {
            writer.save().await?;
            let rest = besides.map(|rest| format!("?rest={}", rest.id)).unwrap_or_default();
            Ok(redirect(&format!("{place}{rest}")))
        }
        // It was sent twice, and the other one was quicker.
        Err(Error::Stale { .. }) => Err(Refusal::Elsewhere(place)),
        Err(error) => {
            drop(writer);
            let errors = faults(error)?;
            let errors = errors.iter().map(|fault| FieldError::new("recipe_name", &fault.detail)).collect();
            again(errors, name, draft).await
        }
    }
}
