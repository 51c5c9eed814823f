//! What became, or would become, of an import, row by row.

use std::{collections::BTreeSet, fmt::Write as _};

use diligence_entities::{
    error::Error,
    fault::Fault,
    import::Verdict,
    recipe::{DateStyle, FileKind},
};
use schemars::JsonSchema;
use serde::Serialize;

use super::count;

/// How many errors a refusal lists at the most.
pub const MAXIMUM_ERRORS: usize = 1000;

/// What became, or would become, of an import.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ImportReport {
    /// Whether this only says what would happen.
    pub dry_run: bool,
    /// Whether it happened: all of it, or nothing.
    pub applied: bool,
    /// Rows that were read.
    pub row_count: i64,
    /// Rows that make something new.
    pub created_count: i64,
    /// Rows that change something.
    pub changed_count: i64,
    /// Rows that say what is there already.
    pub unchanged_count: i64,
    /// Rows with something wrong.
    pub refused_count: i64,
    /// Questions that somebody has to answer before it can happen.
    pub question_count: i64,
    /// Rows that were put together with an earlier one about the same.
    pub merged_row_count: i64,
    /// Rows that were passed over, because they are empty or not among those that were asked for.
    pub passed_over_count: i64,
    /// Pieces of evidence that are added.
    pub evidence_created_count: i64,
    /// Pieces of evidence that are changed.
    pub evidence_changed_count: i64,
    /// How much is wrong altogether, listed or not.
    pub error_count: i64,
    /// What was found about the file; null for rows as JSON.
    pub recognised: Option<Recognised>,
    /// What somebody has to say first, at most 1,000.
    pub questions: Vec<ImportQuestion>,
    /// Each row, in order; rows that were put together count as the first of them.
    pub rows: Vec<ImportedRow>,
}

/// What was found about a file, and how sure that is.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Recognised {
    /// What kind of file it is.
    pub kind: FileKind,
    /// What stands between its columns; null but for text.
    pub separator: Option<String>,
    /// Its encoding; null for a workbook.
    pub encoding: Option<String>,
    /// The sheet that was read; null but for a workbook.
    pub sheet: Option<String>,
    /// All sheets, in their order.
    pub sheets: Vec<String>,
    /// The line of a text file or the row of a sheet that the names of the columns stand on; null where there is none.
    pub header_row: Option<i64>,
    /// The names of the columns, in their order; their numbers where there is no header.
    pub columns: Vec<String>,
    /// How the dates of each mapped column of dates are written.
    pub dates: Vec<RecognisedDates>,
    /// All of it in sentences, and what else was noticed: what was taken for nothing, what was read otherwise than it
    /// stands, what was passed over.
    pub sentences: Vec<String>,
}

/// How the dates of a column are written.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RecognisedDates {
    /// The column.
    pub column: String,
    /// How its dates are written; null where that is a question.
    pub style: Option<DateStyle>,
    /// A cell from which that follows; null where it was said.
    pub because: Option<String>,
}

/// Something that somebody has to say before the import can happen.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ImportQuestion {
    /// What an answer calls it: `dates:Started`, `value:Criticality:high`, `same:harbour linen`. Where `same:*` is
    /// answered with `new`, all whose names are only near others are new.
    pub key: String,
    /// The column it is about; null where it is about a whole row.
    pub column: Option<String>,
    /// The first row it is about, from 1, without the header; null where it is about the whole file.
    pub row: Option<i64>,
    /// How many rows it is about.
    pub row_count: i64,
    /// The question, in a sentence.
    pub question: String,
    /// What can be answered, with what each means; any field of ours' value where it is empty.
    pub choices: Vec<ImportChoice>,
}

impl ImportQuestion {
    /// How it is told where nothing can happen before it is answered.
    fn fault(&self) -> Fault {
        let answers: Vec<&str> = self.choices.iter().map(|choice| choice.answer.as_str()).collect();
        let expected = if answers.is_empty() { String::new() } else { format!(": one of {}", answers.join(", ")) };
        Fault::new("?answers", "question", format!("{} Answer {:?}{expected}", self.question, self.key))
    }
}

/// An answer to a question.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ImportChoice {
    /// What is answered: `dmy`, `essential`, `new`, the id of a supplier.
    pub answer: String,
    /// What that means.
    pub meaning: String,
}

/// What became, or would become, of a row.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ImportedRow {
    /// Which row, from 1, without the header.
    pub row: i64,
    /// The line of the file it begins on, or the row of the sheet; null for JSON.
    pub line: Option<i64>,
    /// In a word.
    pub verdict: Verdict,
    /// What it is about; null for something new that was not made.
    pub id: Option<String>,
    /// What it calls it, cut to 200 characters; null where it does not say.
    pub name: Option<String>,
    /// How many further rows of the file are about the same, and were put together with it.
    pub merged_row_count: i64,
    /// Where these stand, as `line` says it: the first five of them.
    pub merged_lines: Vec<i64>,
    /// What it changes of something that is there: at most 20 fields, and only the first once 10,000 changes and errors
    /// are listed.
    pub changes: Vec<RowChange>,
    /// What is wrong with it: at most 20 errors, and only the first once 10,000 are listed.
    pub errors: Vec<RowError>,
}

/// Something that a row changes.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RowChange {
    /// The field.
    pub field: String,
    /// What it says now, as a cell, cut to 200 characters; null where it says nothing.
    pub before: Option<String>,
    /// What it would say.
    pub after: Option<String>,
}

/// Something that is wrong with a row.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RowError {
    /// The row that says it, from 1, without the header: one of those that were put together.
    pub row: i64,
    /// The line of the file it begins on, or the row of the sheet; null for JSON.
    pub line: Option<i64>,
    /// The column or field; empty for the whole row.
    pub column: String,
    /// What it said, cut to 200 characters; null where it said nothing.
    pub value: Option<String>,
    /// A stable word for the kind of fault.
    pub code: String,
    /// What was expected.
    pub detail: String,
    /// The place in the row, as a JSON pointer.
    #[serde(skip)]
    pub pointer: String,
}

impl RowError {
    /// The error in a sentence: `line 13, column "website": expected …, got "…"`.
    #[must_use]
    pub fn sentence(&self) -> String {
        let mut text = self.line.map_or_else(|| format!("row {}", self.row), |line| format!("line {line}"));
        if !self.column.is_empty() {
            let _ = write!(text, ", column {:?}", self.column);
        }
        let _ = write!(text, ": {}", self.detail);
        if let Some(value) = &self.value {
            let _ = write!(text, ", got {value:?}");
        }
        text
    }
}

impl RowError {
    /// The column and what was expected, without the row: `website: expected …`.
    #[must_use]
    pub fn reason(&self) -> String {
        if self.column.is_empty() { self.detail.clone() } else { format!("{}: {}", self.column, self.detail) }
    }
}

impl ImportedRow {
    /// Why the row of this number, one of those that were put together, does not come in.
    pub(super) fn why(&self, number: i64) -> String {
        let of_row: Vec<String> =
            self.errors.iter().filter(|error| error.row == number).map(RowError::reason).collect();
        if !of_row.is_empty() {
            return of_row.join("; ");
        }
        if self.errors.is_empty() {
            return "somebody has to say first whether it is about one that is there".to_owned();
        }
        let others: Vec<String> = self.errors.iter().map(RowError::sentence).collect();
        format!("a row about the same cannot come in: {}", others.join("; "))
    }
}

impl ImportReport {
    /// The numbers of the rows that cannot come in as they are.
    #[must_use]
    pub fn bad_rows(&self) -> BTreeSet<i64> {
        let is_bad = |row: &&ImportedRow| matches!(row.verdict, Verdict::Refused | Verdict::Question);
        self.rows.iter().filter(is_bad).map(|row| row.row).collect()
    }

    /// The report, unless rows were refused or somebody has to say something first, and it is no dry run: then all of it.
    ///
    /// # Errors
    /// [`Error::InvalidRows`] with at most [`MAXIMUM_ERRORS`] faults, and one that says how many more there are.
    pub fn accepted(self) -> Result<Self, Error> {
        if self.dry_run || self.applied {
            return Ok(self);
        }
        let all =
            self.rows.iter().flat_map(|row| row.errors.iter().map(move |error| (row, error))).take(MAXIMUM_ERRORS);
        let fault = |(row, error): (&ImportedRow, &RowError)| {
            Fault::new(format!("/rows/{}{}", row.row - 1, error.pointer), &error.code, error.sentence())
        };
        let mut faults: Vec<Fault> = all.map(fault).collect();
        let more = self.error_count - count(faults.len());
        faults.extend(self.questions.iter().take(MAXIMUM_ERRORS).map(ImportQuestion::fault));
        if more > 0 {
            faults.push(Fault::new("", "more", format!("and {more} more")));
        }
        Err(Error::InvalidRows(faults))
    }
}
