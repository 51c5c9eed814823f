//! Answering offline: an assessment's questions as a spreadsheet to fill in, and back.

use std::sync::Arc;

use diligence_questionnaires::{
    Edition,
    workbook::{self, Form},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use validator::Validate;

use super::{AnswerChange, Entity, Progress, Work, read};
use crate::{
    blocking::{Seats, run_blocking},
    error::Error,
    fault::Fault,
    id::AssessmentId,
    scope::{Reader, Writer},
    subject::Subject,
    text, translation,
};

/// How many sheets are read at once: a workbook of some KB may unpack to 32 MiB, and what is made of that takes three
/// times as much.
const READ_AT_ONCE: usize = 2;
/// How many may wait for that; one more is told that we are busy.
const WAITING: usize = 30;
/// How much of a name stands in a file's name, in bytes: file systems take 255 in all.
const NAME_IN_FILE: usize = 120;

/// What bounds the reading of sheets.
pub(crate) fn seats_for_sheets() -> Seats {
    Seats::new(READ_AT_ONCE, WAITING)
}

/// How a sheet is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SheetFormat {
    /// An Excel workbook with locked questions and drop-downs.
    #[default]
    Xlsx,
    /// One CSV table.
    Csv,
}

/// How to write a sheet.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct SheetFilter {
    /// How it is written; as an Excel workbook if not said.
    pub format: Option<SheetFormat>,
    /// In which of the edition's languages, e.g. `cy`; its own if not said.
    #[validate(length(min = 2, max = 10))]
    pub language: Option<String>,
}

/// How to read a filled-in sheet.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct SheetReading {
    /// How it is written. It need not be said: what is sent in is recognised by itself.
    pub format: Option<SheetFormat>,
    /// In which of the edition's languages it was exported, e.g. `cy`; its own if not said.
    #[validate(length(min = 2, max = 10))]
    pub language: Option<String>,
    /// Whether the sheet of another assessment is meant, of another supplier for example; `false` if not said, and it
    /// is then refused. A sheet says in its first cell whose it is.
    pub for_another: Option<bool>,
}

pub(super) async fn edition_in(reader: &Reader, work: &Work, language: Option<&str>) -> Result<Arc<Edition>, Error> {
    match language {
        Some(language) if language != work.edition.language => {
            Ok(Arc::new(translation::translated(reader, &work.edition, language).await?))
        }
        _ => Ok(Arc::clone(&work.edition)),
    }
}

/// A name as a part of a file's name: nothing in it is a folder, an option or hidden on any system.
fn in_file_name(name: &str) -> String {
    let is_plain = |letter: char| {
        !"/\\:*?\"<>|".contains(letter) && text::Form::Line.fault(letter.encode_utf8(&mut [0; 4])).is_none()
    };
    let plain: String = name.chars().map(|letter| if is_plain(letter) { letter } else { ' ' }).collect();
    let words = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    let words = words.trim_start_matches(['.', '-', '~', ' ']);
    let ends = words.char_indices().map(|(at, letter)| at + letter.len_utf8());
    let end = ends.take_while(|end| *end <= NAME_IN_FILE).last().unwrap_or(0);
    match words[..end].trim_end() {
        "" => "Sheet".to_owned(),
        short => short.to_owned(),
    }
}

/// Whose an assessment is, and which.
fn whose(subject: &Subject, id: &AssessmentId) -> String {
    match &subject.product {
        Some(product) => {
            format!("\u{201c}{}\u{201d} of \u{201c}{}\u{201d} ({id})", product.name, subject.supplier.name)
        }
        None => format!("\u{201c}{}\u{201d} ({id})", subject.supplier.name),
    }
}

/// Whose the assessment is that a sheet names.
async fn whose_sheet(reader: &Reader, named: &str) -> Result<String, Error> {
    match reader.get::<Entity>(named).await {
        Ok(other) => {
            let subject = Subject::of(reader, &other.supplier_id, other.product_id.as_ref()).await?;
            Ok(whose(&subject, &other.id))
        }
        Err(Error::NotFound) => Ok(format!("an assessment that is not in this register ({named})")),
        Err(error) => Err(error),
    }
}

/// An assessment as a sheet to fill in offline, with the answers there are; and what to call it, but for the ending:
/// after the supplier or product, and the questionnaire.
///
/// # Errors
/// [`Error::NotFound`], or [`Error::Invalid`] for a language that the edition does not have.
pub async fn sheet_to_fill_in(
    reader: Reader,
    id: &AssessmentId,
    filter: &SheetFilter,
) -> Result<(String, Vec<u8>), Error> {
    let work = Work::load(&reader, read(&reader, id).await?).await?;
    let edition = edition_in(&reader, &work, filter.language.as_deref()).await?;
    let (today, format) = (reader.today(), filter.format.unwrap_or_default());
    drop(reader);
    let write = move || {
        let visible = work.outcome(today).visible;
        let about = work.subject.name();
        let facts = [("About".to_owned(), about.to_owned())];
        let form = Form {
            edition: &edition,
            answers: &work.sheet.answers,
            visible: Some(&visible),
            facts: &facts,
            assessment: Some(work.before.id.as_str()),
        };
        let bytes = match format {
            SheetFormat::Csv => workbook::write_csv(&form).into_bytes(),
            SheetFormat::Xlsx => workbook::write_xlsx(&form).map_err(|fault| Error::Invalid(vec![fault.into()]))?,
        };
        Ok((format!("{} - {}-{}", in_file_name(about), edition.key, edition.edition), bytes))
    };
    run_blocking(write).await?
}

/// The answers of a filled-in sheet, as they can be put in place with [`fill_in`]. A cell that is left empty changes
/// nothing.
///
/// It is read before the change is opened: a workbook takes a while, and nobody else can change anything meanwhile.
///
/// # Errors
/// [`Error::NotFound`], or [`Error::Invalid`] for a language that the edition does not have, for the sheet of another
/// assessment unless that is meant, and with every cell that does not fit named by sheet and cell.
pub async fn read_sheet(
    reader: Reader,
    id: &AssessmentId,
    how: &SheetReading,
    bytes: Vec<u8>,
) -> Result<AnswerChange, Error> {
    let work = Work::load(&reader, read(&reader, id).await?).await?;
    let edition = edition_in(&reader, &work, how.language.as_deref()).await?;
    let (store, scope) = (reader.store().clone(), reader.scope().clone());
    drop(reader);
    let filled = store.sheets.run(move || workbook::read(&bytes, &edition)).await?;
    let is_meant = how.for_another.unwrap_or_default();
    let mut faults = Vec::new();
    if let Some(named) = filled.assessment.filter(|named| named != id.as_str() && !is_meant) {
        let other = whose_sheet(&store.read(&scope).await?, &named).await?;
        let expected = whose(&work.subject, id);
        let detail = format!("this is the sheet of {other}: expected that of {expected}, unless the other is meant");
        faults.push(Fault::new("?for_another", "another_assessment", detail));
    }
    match filled.answers {
        Ok(answers) if faults.is_empty() => {
            Ok(AnswerChange(answers.into_iter().map(|(key, answer)| (key, Some(answer))).collect()))
        }
        Ok(_) => Err(Error::Invalid(faults)),
        Err(wrong) => {
            faults.extend(wrong.into_iter().map(Fault::from));
            Err(Error::Invalid(faults))
        }
    }
}

/// Puts the answers of a filled-in sheet in place, all or none; or tells what [`read_sheet`] found wrong with it, where
/// nothing else stands in the way.
///
/// # Errors
/// As [`super::answer`], and as [`read_sheet`].
pub async fn fill_in(
    writer: &Writer,
    id: &AssessmentId,
    version: i64,
    sheet: Result<AnswerChange, Error>,
) -> Result<Progress, Error> {
    let work = Work::to_answer(writer, id, version).await?;
    work.put(writer, "fill_in", sheet?).await
}
