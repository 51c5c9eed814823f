//! Answering offline: an assessment's questions as a spreadsheet to fill in, and back.

use std::sync::Arc;

use diligence_questionnaires::{
    Edition,
    workbook::{self, Form},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use validator::Validate;

use super::{AnswerChange, Progress, Work, read};
use crate::{
    blocking::{Seats, run_blocking},
    error::Error,
    fault::Fault,
    id::AssessmentId,
    scope::{Reader, Writer},
    translation,
};

/// How many sheets are read at once: a workbook of some KB may unpack to 32 MiB, and what is made of that takes three
/// times as much.
const READ_AT_ONCE: usize = 2;
/// How many may wait for that; one more is told that we are busy.
const WAITING: usize = 30;

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
    /// How it is written; as an Excel workbook if not said. What is sent in is recognised by itself.
    pub format: Option<SheetFormat>,
    /// In which of the edition's languages, e.g. `cy`; its own if not said.
    #[validate(length(min = 2, max = 10))]
    pub language: Option<String>,
}

pub(super) async fn edition_in(reader: &Reader, work: &Work, language: Option<&str>) -> Result<Arc<Edition>, Error> {
    match language {
        Some(language) if language != work.edition.language => {
            Ok(Arc::new(translation::translated(reader, &work.edition, language).await?))
        }
        _ => Ok(Arc::clone(&work.edition)),
    }
}

/// An assessment as a sheet to fill in offline, with the answers there are; and what to call it.
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
        let about = work.subject.product.as_ref().map_or(&work.subject.supplier.name, |product| &product.name).clone();
        let facts = [("About".to_owned(), about), ("Assessment".to_owned(), work.before.id.to_string())];
        let form = Form { edition: &edition, answers: &work.sheet.answers, visible: Some(&visible), facts: &facts };
        let bytes = match format {
            SheetFormat::Csv => workbook::write_csv(&form).into_bytes(),
            SheetFormat::Xlsx => workbook::write_xlsx(&form).map_err(|fault| Error::Invalid(vec![fault.into()]))?,
        };
        Ok((format!("{}-{}", edition.key, edition.edition), bytes))
    };
    run_blocking(write).await?
}

/// The answers of a filled-in sheet, as they can be put in place with [`fill_in`]. A cell that is left empty changes
/// nothing.
///
/// It is read before the change is opened: a workbook takes a while, and nobody else can change anything meanwhile.
///
/// # Errors
/// [`Error::NotFound`], or [`Error::Invalid`] for a language that the edition does not have, and with every cell that
/// does not fit named by sheet and cell.
pub async fn read_sheet(
    reader: Reader,
    id: &AssessmentId,
    filter: &SheetFilter,
    bytes: Vec<u8>,
) -> Result<AnswerChange, Error> {
    let work = Work::load(&reader, read(&reader, id).await?).await?;
    let edition = edition_in(&reader, &work, filter.language.as_deref()).await?;
    let seats = Arc::clone(&reader.store().sheets);
    drop(reader);
    seats.run(move || answers_in(&bytes, &edition)).await?
}

fn answers_in(bytes: &[u8], edition: &Edition) -> Result<AnswerChange, Error> {
    // A workbook is a ZIP archive, and no CSV begins as one does.
    let read = if bytes.starts_with(b"PK") {
        workbook::read_xlsx(bytes, edition)
    } else {
        match std::str::from_utf8(bytes) {
            Ok(text) => workbook::read_csv(text, edition),
            Err(_) => {
                return Err(Error::invalid("", "encoding", "expected an Excel workbook, or a CSV table in UTF-8"));
            }
        }
    };
    let answers = read.map_err(|faults| Error::Invalid(faults.into_iter().map(Fault::from).collect()))?;
    Ok(AnswerChange(answers.into_iter().map(|(key, answer)| (key, Some(answer))).collect()))
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
