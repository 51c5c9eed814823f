//! What the file is: the sheet, where its columns are named, its encoding, how its dates are written. All of it was
//! found, and can be said otherwise.

use askama::Template;
use diligence_entities::{
    import::record::Import,
    recipe::{DateStyle, FileRecipe, Header, NoHeader},
    stored::{from_word, word},
};
use diligence_questionnaires::spreadsheet::{Found, Kind};
use poem::http::StatusCode;

use super::{
    PART, noun_word,
    steps::{self, Step},
    targets,
};
use crate::{
    auth::Editor,
    import_draft,
    pages::{
        form::Form,
        format,
        page::{FieldError, Frame, PageResult, at, faults, html, redirect, sentence},
        signed_in::{Page, Proven},
    },
};

/// What can stand between columns.
const SEPARATORS: [(&str, &str); 5] =
    [("", "As it was found"), (",", "Commas"), (";", "Semicolons"), ("tab", "Tabs"), ("|", "Bars")];

/// Encodings that spreadsheets save text in.
const ENCODINGS: [(&str, &str); 5] = [
    ("", "As it was found"),
    ("utf-8", "UTF-8"),
    ("windows-1252", "Windows-1252: what Excel saves as CSV"),
    ("utf-16le", "UTF-16: what Excel saves as Unicode text"),
    ("macintosh", "Mac OS Roman"),
];

/// How dates are written.
const DATES: [(&str, &str); 4] = [
    ("", "As is found in each column"),
    ("dmy", "The day first: 31/03/2027"),
    ("mdy", "The month first: 03/31/2027"),
    ("ymd", "The year first: 2027/03/31"),
];

#[derive(Template)]
#[template(path = "imports/file.html")]
struct FilePage<'a> {
    frame: Frame,
    step: Step<'a>,
    errors: Vec<FieldError>,
    /// What was found; none where it cannot be read as it was said.
    found: Option<Found>,
    first: Vec<(u32, Vec<String>)>,
    said: FileRecipe,
    dates: String,
}

impl FilePage<'_> {
    /// Which row names the columns, as the form says it; empty where it is not known.
    fn header(&self) -> String {
        match (&self.said.header, &self.found) {
            (Some(Header::Row(row)), _) => row.to_string(),
            (Some(Header::None(_)), _) => "none".into(),
            (None, Some(found)) => found.header_row.map_or_else(|| "none".into(), |row| row.to_string()),
            (None, None) => String::new(),
        }
    }

    fn is_header(&self, row: &u32) -> bool {
        self.header() == row.to_string()
    }

    /// The row that names the columns, where it is not among the first.
    fn later_header(&self) -> String {
        let header = self.header();
        if header == "none" || self.first.iter().any(|(row, _)| row.to_string() == header) {
            String::new()
        } else {
            header
        }
    }

    fn is_sheet(&self, name: &str) -> bool {
        match (&self.said.sheet, &self.found) {
            (Some(said), _) => said == name,
            (None, Some(found)) => found.sheet.as_deref() == Some(name),
            (None, None) => false,
        }
    }

    fn sheets(&self) -> &[String] {
        self.found.as_ref().map_or(&[], |found| &found.sheets)
    }

    fn is_text(&self) -> bool {
        self.found.as_ref().is_none_or(|found| found.kind == Kind::Csv)
    }

    fn separator(&self) -> String {
        match self.said.separator.as_deref() {
            Some("\t") => "tab".into(),
            Some(other) => other.to_owned(),
            None => String::new(),
        }
    }

    fn encoding(&self) -> String {
        self.said.encoding.clone().unwrap_or_default()
    }

    fn footer(&self) -> String {
        self.said.footer.map(|count| count.to_string()).unwrap_or_default()
    }

    fn noun(&self) -> String {
        word(&self.step.draft.noun.0)
    }

    fn noun_told(&self) -> String {
        noun_word(self.step.draft.noun.0)
    }
}

async fn page(who: &Page<Editor>, draft: Import, more: Vec<FieldError>) -> PageResult {
    let (_, here) = who.parts();
    let recipe = import_draft::recipe(&draft);
    let file = import_draft::file(&who.reader().await?, &draft.id).await?;
    let (found, first, mut errors) = match import_draft::look(file.clone(), recipe.clone()).await {
        Ok(looked) => (Some(looked.found), looked.first, Vec::new()),
        Err(problem) => (None, import_draft::first(file, recipe.clone()).await?, steps::unread(problem, "file")?),
    };
    errors.extend(more);
    let page = FilePage {
        frame: here.frame("What the file is").at(PART),
        step: Step { here, draft, now: "file" },
        found,
        first,
        said: recipe.file,
        dates: recipe.dates.map(|style| word(&style)).unwrap_or_default(),
        errors,
    };
    let status = if page.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok(html(status, &page)?)
}

/// What the file is.
pub(in crate::pages) async fn show(who: Page<Editor>) -> PageResult {
    let draft = steps::draft(&who).await?;
    page(&who, draft, Vec::new()).await
}

/// What a form says of the file; what it does not ask of such a file stays.
fn said(before: &FileRecipe, form: &Form, errors: &mut Vec<FieldError>) -> FileRecipe {
    let mut said = before.clone();
    let asks = |name: &str| form.names().any(|known| known == name);
    if asks("separator") {
        said.separator = form.some("separator").map(|text| if text == "tab" { "\t".into() } else { text });
    }
    if asks("encoding") {
        said.encoding = form.some("encoding");
    }
    if asks("footer") {
        said.footer = form.some("footer").and_then(|text| {
            let count = text.parse().ok().filter(|count| (0..=1000).contains(count));
            if count.is_none() {
                errors.push(FieldError::new("footer", "expected a number from 0 to 1000, such as 2"));
            }
            count
        });
    }
    if let Some(row) = form.some("header_row").filter(|_| form.text("header") == "row") {
        match row.parse() {
            Ok(row) if row > 0 => said.header = Some(Header::Row(row)),
            _ => errors.push(FieldError::new("header_row", "expected the number of a row, such as 12")),
        }
    } else {
        match form.text("header").as_str() {
            "" => {}
            "none" => said.header = Some(Header::None(NoHeader::None)),
            "row" => errors.push(FieldError::new("header_row", "say which row it is")),
            row => said.header = row.parse().ok().map(Header::Row).or(said.header),
        }
    }
    // What was said of one sheet says nothing of another.
    if let Some(sheet) = form.some("sheet").filter(|sheet| *sheet != form.text("was_sheet")) {
        said.sheet = Some(sheet);
        said.header = None;
    }
    said
}

/// Keeps what was said of the file.
pub(in crate::pages) async fn change(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    let draft = steps::draft(&who).await?;
    let mut errors = Vec::new();
    let file = said(&import_draft::recipe(&draft).file, &form, &mut errors);
    let dates = from_word::<DateStyle>(&form.text("dates"));
    let noun = from_word(&form.text("noun")).unwrap_or(draft.noun.0);
    if !errors.is_empty() {
        return page(&who, draft, errors).await;
    }
    let kept = steps::keep(&who, &draft.id, move |recipe, _| {
        // What the columns of one noun fill is nothing to another.
        if recipe.noun != noun {
            recipe.columns.clear();
        }
        (recipe.file, recipe.dates, recipe.noun) = (file, dates, noun);
    })
    .await;
    match kept {
        Ok(draft) if form.text("then") == "again" => page(&who, draft, Vec::new()).await,
        Ok(draft) => {
            let file = import_draft::file(&who.reader().await?, &draft.id).await?;
            match import_draft::look(file, import_draft::recipe(&draft)).await {
                Ok(_) => Ok(redirect(&format!("{}?seen=true", super::href(&draft.id)))),
                Err(_) => page(&who, draft, Vec::new()).await,
            }
        }
        Err(error) => {
            let errors = faults(error)?.iter().map(|fault| FieldError::new("file", &fault.detail)).collect();
            page(&who, draft, errors).await
        }
    }
}
