//! Where a row came from, and how what became of it is told.

use std::sync::Arc;

use diligence_entities::{
    fault::Fault,
    import::{self, Outcome, Verdict},
};
use diligence_questionnaires::cells;
use serde_json::{Map, Value};

use super::{
    count,
    report::{ImportReport, ImportedRow, RowChange, RowError},
    targets::WHY,
};
use crate::csv;

/// How much of a value is shown.
const SHOWN: usize = 200;
/// How many places are told of rows that were put together with one.
const MERGED_LINES: usize = 5;

/// A column, the place it fills, and its cells.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) name: String,
    /// Empty for one that is left out.
    pub(super) pointer: String,
    pub(super) cells: Vec<usize>,
}

/// Where a row came from.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) row: i64,
    pub(super) line: Option<i64>,
    pub(super) said: Said,
    /// The rows that were put together with it.
    pub(super) further: Vec<Further>,
    /// How many more of these there are, whose cells were too many to be kept.
    pub(super) left_count: i64,
    /// Where the first of all of these stand.
    merged_lines: Vec<i64>,
    /// What was not said by the first of its rows, or not by the column that is found by its place.
    pub(super) elsewhere: Vec<Elsewhere>,
}

/// A row that was put together with an earlier one.
#[derive(Clone, Debug)]
pub(super) struct Further {
    pub(super) row: i64,
    pub(super) cells: Vec<String>,
}

/// Which column of which row says what stands in a place.
#[derive(Clone, Debug)]
pub(super) struct Elsewhere {
    pub(super) pointer: String,
    pub(super) found: Found,
}

/// A column of a row, and what it says.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) column: String,
    pub(super) value: Option<String>,
    pub(super) row: i64,
    pub(super) line: Option<i64>,
}

#[derive(Clone, Debug)]
pub(super) enum Said {
    Cells(Arc<[Place]>, Vec<String>),
    Fields(Map<String, Value>),
}

/// A pointer without the places in lists: `/contacts/0/email` is `/contacts/email`.
fn without_places(pointer: &str) -> String {
    pointer
        .split('/')
        .filter(|part| part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_digit()))
        .collect::<Vec<_>>()
        .join("/")
}

pub(super) fn short(text: &str) -> String {
    text.chars().take(SHOWN).collect()
}

impl Source {
    pub(super) fn new(row: i64, line: Option<i64>, said: Said) -> Self {
        Self { row, line, said, further: Vec::new(), left_count: 0, merged_lines: Vec::new(), elsewhere: Vec::new() }
    }

    /// Notes where a row stands that was put together with it.
    pub(super) fn note_merged(&mut self, line: i64) {
        if self.merged_lines.len() < MERGED_LINES {
            self.merged_lines.push(line);
        }
    }

    pub(super) fn told(&self, outcome: Outcome, limit: usize) -> ImportedRow {
        let error = |Fault { pointer, code, detail }: Fault| {
            let Found { column, value, row, line } = self.find(&pointer);
            RowError { row, line, column, value: value.map(|value| short(&value)), code, detail, pointer }
        };
        let cell = |value: &Value| Some(csv::cell(value)).filter(|text| !text.is_empty()).map(|text| short(&text));
        let change = |moved: import::FieldMove| RowChange {
            before: cell(&moved.before),
            after: cell(&moved.after),
            field: moved.field,
        };
        ImportedRow {
            row: self.row,
            line: self.line,
            verdict: outcome.verdict,
            id: outcome.id,
            name: self.name(),
            merged_row_count: count(self.further.len()).saturating_add(self.left_count),
            merged_lines: self.merged_lines.clone(),
            changes: outcome.changes.into_iter().take(limit).map(change).collect(),
            errors: outcome.faults.into_iter().take(limit).map(error).collect(),
        }
    }

    /// What it calls what it is about, cut.
    pub(super) fn name(&self) -> Option<String> {
        self.find("/name").value.map(|name| short(name.trim())).filter(|name| !name.is_empty())
    }

    /// The column of this place, and what it said.
    fn find(&self, pointer: &str) -> Found {
        let is_of = |known: &&Elsewhere| {
            let rest = pointer.strip_prefix(known.pointer.as_str());
            !known.pointer.is_empty() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if let Some(known) = self.elsewhere.iter().find(is_of) {
            return known.found.clone();
        }
        let (column, value) = self.find_first(pointer);
        Found { column, value, row: self.row, line: self.line }
    }

    /// The column of this place, and what it said in the first row.
    fn find_first(&self, pointer: &str) -> (String, Option<String>) {
        // `/ai_profile/runs_in/0` without what is inside a list, with a dot: `ai_profile.runs_in`.
        let plain = || {
            let parts = pointer.split('/').skip(1).take_while(|part| !part.bytes().all(|byte| byte.is_ascii_digit()));
            parts.collect::<Vec<_>>().join(".")
        };
        match &self.said {
            Said::Cells(places, cells) => {
                let whole = without_places(pointer);
                let is_of = |place: &&Place| {
                    !place.pointer.is_empty()
                        && whole
                            .strip_prefix(place.pointer.as_str())
                            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                };
                match places.iter().find(is_of) {
                    Some(place) => {
                        let said: Vec<&str> = place
                            .cells
                            .iter()
                            .filter_map(|index| cells.get(*index))
                            .map(String::as_str)
                            .filter(|cell| place.cells.len() == 1 || !cell.is_empty())
                            .collect();
                        (place.name.clone(), (!said.is_empty()).then(|| said.join(" ")))
                    }
                    None => (plain(), None),
                }
            }
            Said::Fields(fields) => {
                let value = pointer.split('/').skip(1).try_fold(None, |value: Option<&Value>, part| match value {
                    None => fields.get(part).map(Some),
                    Some(value) => value.get(part).or_else(|| value.get(part.parse::<usize>().ok()?)).map(Some),
                });
                let said = value.flatten().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
                (plain(), said)
            }
        }
    }
}

/// The cells of a file's rows, to write down those that did not come in.
#[derive(Clone, Debug)]
pub struct FileRows {
    pub(super) columns: Arc<[String]>,
    pub(super) sources: Arc<[Source]>,
}

impl FileRows {
    /// The rows that were refused or ask something, with all that were put together with them, as CSV: all their cells as
    /// they were, and why beside each, so that they can be mended and brought in again.
    #[must_use]
    pub fn refused(&self, report: &ImportReport) -> String {
        let kept: Vec<usize> =
            self.columns.iter().enumerate().filter(|(_, name)| *name != WHY).map(|(index, _)| index).collect();
        let mut file = cells::Writer::default();
        let header = kept.iter().filter_map(|index| self.columns.get(*index)).cloned();
        file.write(header.chain([WHY.to_owned()]).collect::<Vec<_>>());
        for (row, source) in report.rows.iter().zip(self.sources.iter()) {
            let Said::Cells(_, cells) = &source.said else { continue };
            if !matches!(row.verdict, Verdict::Refused | Verdict::Question) {
                continue;
            }
            let further = source.further.iter().map(|further| (further.row, &further.cells));
            for (number, cells) in std::iter::once((source.row, cells)).chain(further) {
                let mut why = row.why(number);
                if number == source.row && source.left_count > 0 {
                    why = format!("{why}; {} more rows about the same are not in this file", source.left_count);
                }
                let said = kept.iter().map(|index| cells.get(*index).cloned().unwrap_or_default());
                file.write(said.chain([why]).collect::<Vec<_>>());
            }
        }
        file.into_text()
    }
}
