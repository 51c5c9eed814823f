//! What became, or would become, of an import, row by row.

use std::fmt::Write as _;

use diligence_entities::{error::Error, fault::Fault, import::Verdict};
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
    /// Pieces of evidence that are added.
    pub evidence_created_count: i64,
    /// Pieces of evidence that are changed.
    pub evidence_changed_count: i64,
    /// How much is wrong altogether, listed or not.
    pub error_count: i64,
    /// Each row, in order.
    pub rows: Vec<ImportedRow>,
}

/// What became, or would become, of a row.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ImportedRow {
    /// Which row, from 1, without the header.
    pub row: i64,
    /// The line of the file it begins on; null for JSON.
    pub line: Option<i64>,
    /// In a word.
    pub verdict: Verdict,
    /// What it is about; null for something new that was not made.
    pub id: Option<String>,
    /// What it calls it, cut to 200 characters; null where it does not say.
    pub name: Option<String>,
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
    pub fn sentence(&self, row: i64, line: Option<i64>) -> String {
        let mut text = line.map_or_else(|| format!("row {row}"), |line| format!("line {line}"));
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

impl ImportReport {
    /// The report, unless rows were refused and it is no dry run: then all their errors.
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
            Fault::new(
                format!("/rows/{}{}", row.row - 1, error.pointer),
                &error.code,
                error.sentence(row.row, row.line),
            )
        };
        let mut faults: Vec<Fault> = all.map(fault).collect();
        let more = self.error_count - count(faults.len());
        if more > 0 {
            faults.push(Fault::new("", "more", format!("and {more} more")));
        }
        Err(Error::InvalidRows(faults))
    }
}
