//! Imports: a file or a list of rows turned into what the operation takes, and its outcome told row by row.
//!
//! **Columns** are those of the export, in any order, any of them, named in the first line; an empty cell clears, and a
//! column that is not there leaves things as they are. Columns that follow from others (`tier`, `tier_reason`,
//! `rating`, `version`, `created_at`, `updated_at`) are taken and passed over. Besides them:
//!
//! - `identifiers:SCHEME` holds an id alone, which the supplier must hold beside those it has;
//!   `identifiers:GB-NHS|LOCAL` takes the first of several schemes that knows it. Empty means nothing.
//! - `evidence.KIND.FIELD` (`evidence.dspt.statement`) is about a piece of evidence of the supplier's. It is the one of
//!   that kind and day of issue if there is one, else a new one; where the statement, or everything, is empty there is
//!   none.
//! - `supplier_identifier` (`GB-NHS:8K417`) and `supplier_name` of a product stand in place of its `supplier_id`.
//!
//! **Other people's files** need a map from their columns to ours. Then only mapped columns count, without the space
//! around their cells, and rows can be chosen by what a column says.

use std::{borrow::Cow, sync::Arc};

use diligence_entities::{
    ahead::Ahead,
    error::Error,
    fault::Fault,
    import::{self, ImportPlan, Outcome, Row, Verdict},
    scope::{Reader, Writer},
};
use diligence_questionnaires::cells;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use validator::Validate;

use self::columns::{Column, Columns};
pub use self::{
    columns::MAXIMUM_CELL,
    report::{ImportReport, ImportedRow, MAXIMUM_ERRORS, RowChange, RowError},
    rows::{JsonRows, ProductImport, ProductRow, SupplierImport, SupplierRow},
};
use crate::{
    csv,
    problem::{Problem, Type},
};

mod cell;
mod columns;
mod report;
mod rows;

/// How much of a value is shown.
const SHOWN: usize = 200;
/// How many errors of a row are listed, and how many of a whole import before only the first of a row is: a report must
/// not grow with the nonsense it is about.
const LISTED: (usize, usize) = (20, 10_000);

/// How to import.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct ImportQuery {
    /// Whether to say only what would happen; `false` if not said.
    pub dry_run: Option<bool>,
    /// For a file with other column names: its columns and our fields, with commas between, e.g.
    /// `OrganisationName=name,ODSCode=identifiers:GB-NHS`; a comma, an equals sign or a backslash in a name has a
    /// backslash before it. Other columns are left out.
    #[validate(length(min = 1, max = 10_000))]
    pub map: Option<String>,
    /// Only rows whose columns say this, e.g. `PrimarySector=Company`; written as `map`.
    #[validate(length(min = 1, max = 10_000))]
    pub r#where: Option<String>,
    /// How dates are written; `iso` if not said.
    pub dates: Option<DateStyle>,
}

/// How dates are written in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum DateStyle {
    /// 2027-03-31.
    #[default]
    Iso,
    /// 31/03/2027; 2027-03-31 is understood too.
    Dmy,
}

/// What is imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Noun {
    /// Suppliers.
    Suppliers,
    /// Products.
    Products,
}

/// Rows that have been read, and how to speak of them.
#[derive(Debug)]
pub struct Intake {
    noun: Noun,
    dry_run: bool,
    rows: Vec<Row>,
    sources: Vec<Source>,
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Where a row came from.
#[derive(Debug)]
struct Source {
    row: i64,
    line: Option<i64>,
    said: Said,
}

#[derive(Debug)]
enum Said {
    Cells(Arc<[Column]>, Vec<String>),
    Fields(Map<String, Value>),
}

impl Intake {
    /// The rows of a list.
    ///
    /// # Errors
    /// [`Type::Invalid`] for what only makes sense with a file.
    pub fn of_rows<R: JsonRows>(rows: R, query: &ImportQuery) -> Result<Self, Problem> {
        let given =
            [("?map", query.map.is_some()), ("?where", query.r#where.is_some()), ("?dates", query.dates.is_some())];
        let faults: Vec<Fault> = given
            .into_iter()
            .filter(|(_, given)| *given)
            .map(|(pointer, _)| {
                Fault::new(pointer, "csv_only", "only for text/csv: JSON rows already use the field names")
            })
            .collect();
        if !faults.is_empty() {
            return Err(Problem::invalid(faults));
        }
        let fields = rows.into_fields();
        let sources = fields
            .iter()
            .enumerate()
            .map(|(index, fields)| Source { row: count(index + 1), line: None, said: Said::Fields(fields.clone()) })
            .collect();
        let rows = fields
            .into_iter()
            .enumerate()
            .map(|(index, fields)| Row { place: format!("row {}", index + 1), fields, ..Row::default() })
            .collect();
        Ok(Self { noun: R::NOUN, dry_run: query.dry_run == Some(true), rows, sources })
    }

    /// The rows of a file.
    ///
    /// # Errors
    /// [`Type::Malformed`] for what is no CSV in UTF-8; [`Type::Invalid`] for a header or a map that is not understood,
    /// or too many rows.
    pub fn of_file(noun: Noun, bytes: &[u8], query: &ImportQuery) -> Result<Self, Problem> {
        let malformed = |malformed: csv::Malformed| {
            let fault = Fault::new("", malformed.code, malformed.detail.clone());
            Problem::new(Type::Malformed, malformed.detail).with_errors(vec![fault])
        };
        let broken = |broken: cells::Malformed| malformed(broken.into());
        let mut records = cells::read(csv::text(bytes).map_err(malformed)?);
        let Some(header) = records.next().transpose().map_err(broken)? else {
            return Err(Problem::invalid(vec![Fault::new(
                "",
                "header",
                "the file is empty: expected a header line with the names of columns",
            )]));
        };
        let names: Vec<String> = header.cells.iter().map(|name| name.trim().to_owned()).collect();
        let columns = Columns::new(noun, &names, header.line, query).map_err(Problem::invalid)?;
        let dates = query.dates.unwrap_or_default();
        let (mut rows, mut sources) = (Vec::new(), Vec::new());
        for (index, record) in records.enumerate() {
            let record = record.map_err(broken)?;
            // Spreadsheets leave lines of nothing but commas behind.
            if record.cells.iter().all(|cell| cell.is_empty()) || !columns.chooses(&record.cells) {
                continue;
            }
            // One more than may be is enough for the operation to refuse.
            if rows.len() > import::MAXIMUM_ROWS {
                break;
            }
            let mut row = columns.row(&record.cells, dates);
            row.place = format!("line {}", record.line);
            rows.push(row);
            let said = record.cells.into_iter().map(Cow::into_owned).collect();
            sources.push(Source {
                row: count(index + 1),
                line: Some(record.line.into()),
                said: Said::Cells(Arc::clone(&columns.all), said),
            });
        }
        Ok(Self { noun, dry_run: query.dry_run == Some(true), rows, sources })
    }

    /// Does what was planned, or only says what it would do.
    ///
    /// # Errors
    /// As the operations; a row that was refused is in the report.
    pub async fn run(self, plan: ImportPlan, writer: Option<&Writer>) -> Result<ImportReport, Error> {
        let Self { dry_run, sources, rows, .. } = self;
        drop(rows);
        let outcomes = plan.carry_out(writer).await?;
        let how_many = |verdict: Verdict| count(outcomes.iter().filter(|outcome| outcome.verdict == verdict).count());
        let refused_count = how_many(Verdict::Refused);
        Ok(ImportReport {
            dry_run,
            applied: !dry_run && refused_count == 0,
            row_count: count(outcomes.len()),
            created_count: how_many(Verdict::Create),
            changed_count: how_many(Verdict::Change),
            unchanged_count: how_many(Verdict::Unchanged),
            refused_count,
            evidence_created_count: outcomes.iter().map(|outcome| outcome.evidence_created_count).sum(),
            evidence_changed_count: outcomes.iter().map(|outcome| outcome.evidence_changed_count).sum(),
            error_count: count(outcomes.iter().map(|outcome| outcome.faults.len()).sum()),
            rows: {
                let mut listed = 0;
                let told = |(source, outcome): (&Source, Outcome)| {
                    let row = source.told(outcome, if listed < LISTED.1 { LISTED.0 } else { 1 });
                    listed += row.errors.len() + row.changes.len();
                    row
                };
                sources.iter().zip(outcomes).map(told).collect()
            },
        })
    }
}

impl Ahead for Intake {
    type Plan = ImportPlan;

    async fn plan(&self, reader: &Reader) -> Result<ImportPlan, Error> {
        match self.noun {
            Noun::Suppliers => import::suppliers(reader, &self.rows, self.dry_run).await,
            Noun::Products => import::products(reader, &self.rows, self.dry_run).await,
        }
    }
}

impl Source {
    fn told(&self, outcome: Outcome, limit: usize) -> ImportedRow {
        let error = |Fault { pointer, code, detail }: Fault| {
            let (column, value) = self.find(&pointer);
            RowError { column, value: value.map(|value| value.chars().take(SHOWN).collect()), code, detail, pointer }
        };
        let short = |text: String| text.chars().take(SHOWN).collect::<String>();
        let cell = |value: &Value| Some(csv::cell(value)).filter(|text| !text.is_empty()).map(short);
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
            name: self.find("/name").1.map(short).filter(|name| !name.is_empty()),
            changes: outcome.changes.into_iter().take(limit).map(change).collect(),
            errors: outcome.faults.into_iter().take(limit).map(error).collect(),
        }
    }

    /// What the column of this place is called, and what it said.
    fn find(&self, pointer: &str) -> (String, Option<String>) {
        // `/ai_profile/runs_in/0` without what is inside a list, with a dot: `ai_profile.runs_in`.
        let plain = || {
            let parts = pointer.split('/').skip(1).take_while(|part| !part.bytes().all(|byte| byte.is_ascii_digit()));
            parts.collect::<Vec<_>>().join(".")
        };
        match &self.said {
            Said::Cells(columns, cells) => {
                let is_of = |column: &Column| {
                    pointer
                        .strip_prefix(column.pointer.as_str())
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                };
                match columns.iter().enumerate().find(|(_, column)| !column.pointer.is_empty() && is_of(column)) {
                    Some((index, column)) => (column.name.clone(), cells.get(index).cloned()),
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
