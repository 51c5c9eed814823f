//! Imports: a file or a list of rows turned into what the operation takes, and its outcome told row by row.
//!
//! **Columns** are those of the export, in any order, any of them, named in the first line; an empty cell clears, and a column that
//! is not there leaves things as they are. Columns that follow from others (`tier`, `tier_reason`, `rating`, `version`,
//! `created_at`, `updated_at`) are taken and passed over. Besides them:
//!
//! - `identifiers:SCHEME` holds an id alone, which the supplier must hold beside those it has; `identifiers:GB-NHS|LOCAL` takes the
//!   first of several schemes that knows it. Empty means nothing.
//! - `evidence.KIND.FIELD` (`evidence.dspt.statement`) is about a piece of evidence of the supplier's. It is the one of that kind and
//!   day of issue if there is one, else a new one; where the statement, or everything, is empty there is none.
//! - `supplier_identifier` (`GB-NHS:8K417`) and `supplier_name` of a product stand in place of its `supplier_id`.
//!
//! **Other people's files** need a map from their columns to ours. Then only mapped columns count, without the space around their
//! cells, and rows can be chosen by what a column says.

use std::{borrow::Cow, fmt::Write as _, sync::Arc};

use diligence_entities::{
    ahead::Ahead,
    error::Error,
    evidence::NewEvidence,
    fault::{Fault, nearest},
    id::{ProductId, SupplierId},
    identifier::{Identifier, Scheme},
    import::{self, ImportPlan, Outcome, Row, ToHold, Verdict},
    product::NewProduct,
    scope::{Reader, Writer},
    stored::from_word,
    supplier::NewSupplier,
};
use diligence_questionnaires::{EvidenceKind, cells};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use validator::Validate;

use crate::{
    check, csv, json,
    problem::{Problem, Type},
    schema::{self, Shape, Side, is_form},
    tables::{Products, Suppliers, Table},
};

/// How many errors a refusal lists at the most.
pub const MAXIMUM_ERRORS: usize = 1000;
/// How many bytes a cell may have at the most: 100 KiB.
pub const MAXIMUM_CELL: usize = 100 << 10;
/// How much of a value is shown.
const SHOWN: usize = 200;
/// How many errors of a row are listed, and how many of a whole import before only the first of a row is: a report must not
/// grow with the nonsense it is about.
const LISTED: (usize, usize) = (20, 10_000);
/// How many items a list in a cell may have before they are looked at: no field takes more than half of it.
const MAXIMUM_ITEMS: usize = 100;

/// How to import.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct ImportQuery {
    /// Whether to say only what would happen; `false` if not said.
    pub dry_run: Option<bool>,
    /// For a file with other column names: its columns and our fields, with commas between, e.g. `OrganisationName=name,ODSCode=identifiers:GB-NHS`; a comma, an equals sign or a backslash in a name has a backslash before it. Other columns are left out.
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
    /// What it changes of something that is there: at most 20 fields, and only the first once 10,000 changes and errors are listed.
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
        let all = self.rows.iter().flat_map(|row| row.errors.iter().map(move |error| (row, error))).take(MAXIMUM_ERRORS);
        let fault =
            |(row, error): (&ImportedRow, &RowError)| Fault::new(format!("/rows/{}{}", row.row - 1, error.pointer), &error.code, error.sentence(row.row, row.line));
        let mut faults: Vec<Fault> = all.map(fault).collect();
        let more = self.error_count - count(faults.len());
        if more > 0 {
            faults.push(Fault::new("", "more", format!("and {more} more")));
        }
        Err(Error::InvalidRows(faults))
    }
}

/// A supplier of an import.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub struct SupplierRow(Map<String, Value>);

/// A product of an import.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub struct ProductRow(Map<String, Value>);

/// Suppliers to import.
#[derive(Clone, Debug, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schemars(example = json!({ "rows": [{ "name": "Harbour Care Systems", "identifiers": [{ "scheme": "GB-NHS", "id": "8K417" }] }] }))]
pub struct SupplierImport {
    /// The rows.
    #[schemars(length(max = 20_000))]
    pub rows: Vec<SupplierRow>,
}

/// Products to import.
#[derive(Clone, Debug, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schemars(example = json!({ "rows": [{ "supplier_identifier": "GB-NHS:8K417", "name": "Harbour Notes", "kind": "software", "ai_features": "embedded" }] }))]
pub struct ProductImport {
    /// The rows.
    #[schemars(length(max = 20_000))]
    pub rows: Vec<ProductRow>,
}

/// Rows as JSON.
pub trait JsonRows {
    /// What they are.
    const NOUN: Noun;
    /// Their fields.
    fn into_fields(self) -> Vec<Map<String, Value>>;
}
impl JsonRows for SupplierImport {
    const NOUN: Noun = Noun::Suppliers;
    fn into_fields(self) -> Vec<Map<String, Value>> {
        self.rows.into_iter().map(|row| row.0).collect()
    }
}
impl JsonRows for ProductImport {
    const NOUN: Noun = Noun::Products;
    fn into_fields(self) -> Vec<Map<String, Value>> {
        self.rows.into_iter().map(|row| row.0).collect()
    }
}

/// The schema of a `New…` in which nothing is required and everything that may be absent may be null, with `more` fields.
fn row_schema<New: JsonSchema>(generator: &mut SchemaGenerator, description: &str, more: &[(&str, Value)]) -> Schema {
    let mut schema = New::json_schema(generator);
    let required = schema.remove("required").unwrap_or_default();
    schema.remove("example");
    schema.remove("examples");
    schema.insert("description".into(), description.into());
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        for (name, property) in properties.iter_mut() {
            let is_required = required.as_array().is_some_and(|list| list.iter().any(|item| item == name));
            if !is_required {
                or_null(property);
            }
        }
        for (name, property) in more {
            properties.insert((*name).to_owned(), property.clone());
        }
    }
    schema
}

fn or_null(property: &mut Value) {
    let Some(object) = property.as_object_mut() else { return };
    object.shift_remove("default");
    match object.get("type").cloned() {
        Some(Value::String(name)) => {
            object.insert("type".into(), json!([name, "null"]));
        }
        None if !object.contains_key("anyOf") => {
            let description = object.shift_remove("description");
            let inner = std::mem::take(object);
            object.insert("anyOf".into(), json!([inner, { "type": "null" }]));
            object.extend(description.map(|text| ("description".to_owned(), text)));
        }
        _ => {}
    }
}

fn id_schema(noun: &str, pattern: String) -> Value {
    json!({ "type": ["string", "null"], "pattern": pattern, "description": format!("The {noun} to change; null or absent to match it by other fields, or to create one.") })
}

impl JsonSchema for SupplierRow {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SupplierImportRow".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let description = "A supplier: matched by `id`, else by any identifier, else created. Absent fields are unchanged, null clears.";
        row_schema::<NewSupplier>(generator, description, &[("id", id_schema("supplier", SupplierId::pattern()))])
    }
}

impl JsonSchema for ProductRow {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ProductImportRow".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let description = "A product: matched by `id`, else by supplier and exact name, else created. Absent fields are unchanged, null clears.";
        let text = |description: &str, low: u64, high: u64| json!({ "type": ["string", "null"], "minLength": low, "maxLength": high, "description": description });
        let more = [
            ("id", id_schema("product", ProductId::pattern())),
            ("supplier_identifier", text("One of its supplier's identifiers, e.g. `GB-NHS:8K417`, instead of `supplier_id`.", 3, 60)),
            ("supplier_name", text("The exact name of its supplier, if only one supplier has it, instead of `supplier_id`.", 1, 300)),
        ];
        row_schema::<NewProduct>(generator, description, &more)
    }
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
        let given = [("?map", query.map.is_some()), ("?where", query.r#where.is_some()), ("?dates", query.dates.is_some())];
        let faults: Vec<Fault> = given
            .into_iter()
            .filter(|(_, given)| *given)
            .map(|(pointer, _)| Fault::new(pointer, "csv_only", "only for text/csv: JSON rows already use the field names"))
            .collect();
        if !faults.is_empty() {
            return Err(Problem::invalid(faults));
        }
        let fields = rows.into_fields();
        let sources = fields.iter().enumerate().map(|(index, fields)| Source { row: count(index + 1), line: None, said: Said::Fields(fields.clone()) }).collect();
        let rows = fields.into_iter().enumerate().map(|(index, fields)| Row { place: format!("row {}", index + 1), fields, ..Row::default() }).collect();
        Ok(Self { noun: R::NOUN, dry_run: query.dry_run == Some(true), rows, sources })
    }

    /// The rows of a file.
    ///
    /// # Errors
    /// [`Type::Malformed`] for what is no CSV in UTF-8; [`Type::Invalid`] for a header or a map that is not understood, or too many rows.
    pub fn of_file(noun: Noun, bytes: &[u8], query: &ImportQuery) -> Result<Self, Problem> {
        let malformed = |malformed: csv::Malformed| {
            let fault = Fault::new("", malformed.code, malformed.detail.clone());
            Problem::new(Type::Malformed, malformed.detail).with_errors(vec![fault])
        };
        let broken = |broken: cells::Malformed| malformed(broken.into());
        let mut records = cells::read(csv::text(bytes).map_err(malformed)?);
        let Some(header) = records.next().transpose().map_err(broken)? else {
            return Err(Problem::invalid(vec![Fault::new("", "header", "the file is empty: expected a header line with the names of columns")]));
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
            sources.push(Source { row: count(index + 1), line: Some(record.line.into()), said: Said::Cells(Arc::clone(&columns.all), said) });
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
        let change = |moved: import::FieldMove| RowChange { before: cell(&moved.before), after: cell(&moved.after), field: moved.field };
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
                let is_of = |column: &Column| pointer.strip_prefix(column.pointer.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
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

/// A column of a file.
#[derive(Clone, Debug)]
struct Column {
    name: String,
    /// The place it fills; empty for one that is left out.
    pointer: String,
    target: Target,
}

/// What a column fills.
#[derive(Clone, Debug)]
enum Target {
    /// Nothing.
    Nothing,
    /// A field.
    Field { name: String, cell: Cell },
    /// A field inside the AI profile.
    Part { group: String, name: String, cell: Cell },
    /// An identifier under the first of these schemes that knows it.
    Held(Vec<Scheme>),
    /// A field of a piece of evidence.
    Evidence { kind: EvidenceKind, name: String, cell: Cell },
}

/// How a cell is read.
#[derive(Clone, Debug)]
struct Cell {
    kind: CellKind,
    may_be_empty: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CellKind {
    /// Text as it is.
    Text,
    /// A word, an id or an address: without space around it.
    Word,
    Day,
    Integer,
    Boolean,
    /// A list of words.
    Words,
    Identifiers,
    /// Anything deeper.
    Json,
}

/// The columns of a file.
struct Columns {
    all: Arc<[Column]>,
    noun: Noun,
    /// Index and text of what chooses rows.
    only: Vec<(usize, String)>,
    is_mapped: bool,
    /// How many parts of the AI profile there are: a row that clears all of them clears the profile.
    part_count: usize,
}

impl Noun {
    /// What its rows are merged into, whatever is stored.
    fn shape(self) -> Arc<Shape> {
        match self {
            Self::Suppliers => schema::of::<NewSupplier>(Side::Change),
            Self::Products => schema::of::<NewProduct>(Side::Change),
        }
    }

    fn exported(self) -> &'static [&'static str] {
        match self {
            Self::Suppliers => Suppliers::COLUMNS,
            Self::Products => Products::COLUMNS,
        }
    }

    /// What names a thing besides its fields.
    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Suppliers => &["id"],
            Self::Products => &["id", "supplier_identifier", "supplier_name"],
        }
    }

    /// Every column that means something here.
    pub(crate) fn known(self) -> Vec<String> {
        let mut known: Vec<String> = self.exported().iter().chain(self.names()).map(ToString::to_string).collect();
        if self == Self::Suppliers {
            known.extend(["identifiers:SCHEME", "evidence.KIND.FIELD"].map(str::to_owned));
        }
        known
    }

    /// What the column of this name fills.
    fn target(self, name: &str) -> Result<(String, Target), String> {
        if self == Self::Suppliers
            && let Some(schemes) = name.strip_prefix("identifiers:")
        {
            let read = schemes.split('|').map(|scheme| from_word::<Scheme>(scheme.trim()));
            let schemes = read.collect::<Option<Vec<Scheme>>>().ok_or_else(|| format!("there is no identifier scheme {schemes:?}: expected one or more of GB-COH, GB-PPON, GB-NHS, GB-CHC, GB-SC, GB-NIC, GB-CQC, GB-ICO, GB-VAT, LEI, LOCAL with | between"))?;
            return Ok((format!("/{name}"), Target::Held(schemes)));
        }
        let parts: Vec<&str> = name.split('.').collect();
        if self == Self::Suppliers
            && let ["evidence", kind, field] = parts.as_slice()
        {
            let shape = schema::of::<NewEvidence>(Side::Change);
            let kind_read = from_word::<EvidenceKind>(kind).ok_or_else(|| format!("there is no kind of evidence {kind:?}"))?;
            let property = property(&shape, &shape.schema, field).filter(|_| !matches!(*field, "subject_id" | "kind"));
            let (cell, name) = (property.map(|property| Cell::of(&shape, property)), (*field).to_owned());
            let cell = cell.ok_or_else(|| format!("evidence has no field {field:?}"))?;
            return Ok((format!("/evidence/{kind}/{field}"), Target::Evidence { kind: kind_read, name, cell }));
        }
        let shape = self.shape();
        let found = match parts.as_slice() {
            [name] if self.names().contains(name) => Some(Target::Field {
                name: (*name).to_owned(),
                cell: Cell { kind: if *name == "supplier_name" { CellKind::Text } else { CellKind::Word }, may_be_empty: true },
            }),
            // Who provides it may be named in other columns.
            ["supplier_id"] => Some(Target::Field { name: "supplier_id".into(), cell: Cell { kind: CellKind::Word, may_be_empty: true } }),
            [name] => {
                let is_whole = |property: &&Value| properties(&shape, property).is_none();
                property(&shape, &shape.schema, name).filter(is_whole).map(|property| Target::Field { name: (*name).to_owned(), cell: Cell::of(&shape, property) })
            }
            [group, name] => property(&shape, &shape.schema, group).and_then(|inner| property(&shape, inner, name)).map(|property| Target::Part {
                group: (*group).to_owned(),
                name: (*name).to_owned(),
                cell: Cell::of(&shape, property),
            }),
            _ => None,
        };
        match found {
            Some(target) => Ok((format!("/{}", parts.join("/")), target)),
            // What follows from other columns.
            None if self.exported().contains(&name) => Ok((String::new(), Target::Nothing)),
            None => {
                let known = self.known();
                let hint = nearest(name, known.iter().map(String::as_str)).map(|near| format!("; did you mean {near:?}?")).unwrap_or_default();
                Err(format!("there is no column {name:?} here{hint}"))
            }
        }
    }
}

/// A schema without the wrapping that says it may be null.
fn bare<'a>(shape: &'a Shape, schema: &'a Value) -> &'a Value {
    let schema = shape.resolve(schema);
    match schema.get("allOf").and_then(Value::as_array).map(Vec::as_slice) {
        Some([only]) => shape.resolve(only),
        _ => schema,
    }
}

fn properties<'a>(shape: &'a Shape, schema: &'a Value) -> Option<&'a Map<String, Value>> {
    bare(shape, schema).get("properties").and_then(Value::as_object)
}

fn property<'a>(shape: &'a Shape, schema: &'a Value, name: &str) -> Option<&'a Value> {
    properties(shape, schema)?.get(name)
}

impl Cell {
    fn of(shape: &Shape, property: &Value) -> Self {
        let schema = bare(shape, property);
        let may_be_empty = [property, schema].iter().any(|schema| schema.get("nullable").and_then(Value::as_bool) == Some(true));
        let kind = match schema.get("type").and_then(Value::as_str) {
            Some("string") if schema.get("format").and_then(Value::as_str) == Some("date") => CellKind::Day,
            Some("string") if schema.get("enum").is_some() || schema.get("pattern").and_then(Value::as_str).is_some_and(|pattern| !is_form(pattern)) => CellKind::Word,
            Some("string") => CellKind::Text,
            Some("integer") => CellKind::Integer,
            Some("boolean") => CellKind::Boolean,
            Some("array") => match schema.get("items").map(|items| bare(shape, items)) {
                Some(items) if items.get("type").and_then(Value::as_str) == Some("string") => CellKind::Words,
                Some(items) if items.pointer("/properties/scheme").is_some() => CellKind::Identifiers,
                _ => CellKind::Json,
            },
            _ => CellKind::Json,
        };
        Self { kind, may_be_empty }
    }

    /// What the cell says; a value of a wrong type where it says nothing of its type, for the check to tell.
    fn read(&self, text: &str, dates: DateStyle) -> Result<Value, Vec<Fault>> {
        let wrong = |code: &str, detail: &str| vec![Fault::new("", code, detail)];
        if text.is_empty() {
            return if self.may_be_empty { Ok(Value::Null) } else { Err(wrong("missing", "expected a value: this field cannot be cleared")) };
        }
        let words = || cells::split(text).into_iter().map(|item| item.trim().to_owned());
        if matches!(self.kind, CellKind::Words | CellKind::Identifiers) && text.matches(';').count() >= MAXIMUM_ITEMS {
            return Err(wrong("length", "expected a list of at most 100 items"));
        }
        Ok(match self.kind {
            CellKind::Text => text.into(),
            CellKind::Word => text.trim().into(),
            CellKind::Day => day(text.trim(), dates).ok_or_else(|| wrong("date", "expected a date such as 31/03/2027"))?.into(),
            CellKind::Integer => text.trim().parse::<i64>().map_err(|_| wrong("type", "expected a whole number"))?.into(),
            CellKind::Boolean => text.trim().to_lowercase().parse::<bool>().map_err(|_| wrong("type", "expected true or false"))?.into(),
            CellKind::Words => words().map(Value::from).collect(),
            CellKind::Identifiers => {
                let read = |(index, item): (usize, String)| {
                    let identifier = item.parse::<Identifier>().map_err(|detail| Fault::new("", "identifier", detail)).and_then(|identifier| identifier.canonical());
                    identifier.map(|identifier| json!(identifier)).map_err(|fault| Fault { pointer: format!("/{index}"), ..fault })
                };
                let (good, bad): (Vec<_>, Vec<_>) = words().enumerate().map(read).partition(Result::is_ok);
                let bad: Vec<Fault> = bad.into_iter().filter_map(Result::err).collect();
                if !bad.is_empty() {
                    return Err(bad);
                }
                good.into_iter().filter_map(Result::ok).collect()
            }
            CellKind::Json => json::parse(text.as_bytes()).map_err(|_| wrong("json", "expected JSON, as the export writes it"))?,
        })
    }
}

/// The date as ISO 8601; whether it exists is for the check to say.
fn day(text: &str, dates: DateStyle) -> Option<String> {
    if dates == DateStyle::Iso {
        return Some(text.to_owned());
    }
    let parts: Vec<&str> = text.split(['/', '.', '-']).collect();
    let digits = |part: &str, low: usize, high: usize| (low..=high).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    match parts.as_slice() {
        [year, month, day] if text.contains('-') && digits(year, 4, 4) && digits(month, 2, 2) && digits(day, 2, 2) => Some(text.to_owned()),
        [day, month, year] if digits(day, 1, 2) && digits(month, 1, 2) && digits(year, 4, 4) => Some(format!("{year}-{month:0>2}-{day:0>2}")),
        _ => None,
    }
}

/// `a=b,c=d` as pairs; a backslash before a comma, an equals sign or a backslash makes it part of a name.
fn pairs(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut pairs = vec![(String::new(), None::<String>)];
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        let Some((left, right)) = pairs.last_mut() else { break };
        match character {
            ',' => pairs.push((String::new(), None)),
            '=' if right.is_none() => *right = Some(String::new()),
            '\\' => right.as_mut().unwrap_or(left).extend(characters.next()),
            other => right.as_mut().unwrap_or(left).push(other),
        }
    }
    let read = |(left, right): (String, Option<String>)| match right {
        Some(right) if !left.trim().is_empty() => Ok((left.trim().to_owned(), right.trim().to_owned())),
        _ => Err(format!("expected COLUMN=VALUE with commas between, not {left:?}")),
    };
    pairs.into_iter().filter(|(left, right)| !left.trim().is_empty() || right.is_some()).map(read).collect()
}

impl Columns {
    fn new(noun: Noun, names: &[String], line: u32, query: &ImportQuery) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        if let [only] = names
            && let Some(separator) = ['\t', '|'].into_iter().find(|separator| only.contains(*separator))
        {
            let detail = format!("line {line}: expected commas or semicolons between columns, not {separator:?}: save it as CSV");
            return Err(vec![Fault::new("", "separator", detail)]);
        }
        let map = Self::pairs_of("?map", query.map.as_deref(), names, &mut faults);
        let only = Self::pairs_of("?where", query.r#where.as_deref(), names, &mut faults);
        let place = |name: &str| names.iter().position(|known| known == name);
        for (index, name) in names.iter().enumerate() {
            // A column without a name does no harm where only mapped columns count.
            if name.is_empty() && query.map.is_none() {
                faults.push(Fault::new("", "header", format!("line {line}: column {} has no name", index + 1)));
            } else if !name.is_empty() && place(name) != Some(index) {
                faults.push(Fault::new("", "header", format!("line {line}: there are two columns called {name:?}")));
            }
        }
        let is_mapped = query.map.is_some();
        let mut all: Vec<Column> = names.iter().map(|name| Column { name: name.clone(), pointer: String::new(), target: Target::Nothing }).collect();
        if is_mapped {
            for (from, to) in &map {
                match noun.target(to) {
                    Err(detail) => faults.push(Fault::new("?map", "unknown_column", detail)),
                    Ok((_, Target::Nothing)) => faults.push(Fault::new("?map", "derived_column", format!("{to:?} is derived from other columns and cannot be set"))),
                    Ok((pointer, target)) => {
                        let Some(column) = place(from).and_then(|index| all.get_mut(index)) else { continue };
                        if column.pointer.is_empty() {
                            (column.pointer, column.target) = (pointer, target);
                        } else {
                            faults.push(Fault::new("?map", "duplicate", format!("the column {from:?} is mapped twice")));
                        }
                    }
                }
            }
        } else {
            for (column, name) in all.iter_mut().zip(names).filter(|(_, name)| !name.is_empty()) {
                match noun.target(name) {
                    Err(detail) => faults.push(Fault::new("", "unknown_column", format!("line {line}: {detail}"))),
                    Ok((pointer, target)) => (column.pointer, column.target) = (pointer, target),
                }
            }
            if faults.len() > 1 && faults.iter().filter(|fault| fault.code == "unknown_column").count() == names.len() {
                faults.push(Fault::new("?map", "unknown_column", "none of the columns is known: if this is not a Diligence export, use `map` to name its columns"));
            }
        }
        for (index, column) in all.iter().enumerate() {
            if is_mapped && !column.pointer.is_empty() && all[..index].iter().any(|other| other.pointer == column.pointer) {
                faults.push(Fault::new("?map", "duplicate", format!("column {:?} is mapped to a field that another column already fills", column.name)));
            }
        }
        let shape = noun.shape();
        let part_count = property(&shape, &shape.schema, "ai_profile").and_then(|profile| properties(&shape, profile)).map_or(0, Map::len);
        let only = only.into_iter().filter_map(|(name, text)| Some((place(&name)?, text))).collect();
        if faults.is_empty() { Ok(Self { all: all.into(), noun, only, is_mapped, part_count }) } else { Err(faults) }
    }

    fn pairs_of(pointer: &str, text: Option<&str>, names: &[String], faults: &mut Vec<Fault>) -> Vec<(String, String)> {
        let read = match pairs(text.unwrap_or_default()) {
            Ok(read) => read,
            Err(detail) => {
                faults.push(Fault::new(pointer, "format", detail));
                return Vec::new();
            }
        };
        for (name, _) in read.iter().filter(|(name, _)| !names.contains(name)) {
            let hint = nearest(name, names.iter().map(String::as_str)).map(|near| format!("; did you mean {near:?}?")).unwrap_or_default();
            faults.push(Fault::new(pointer, "unknown_column", format!("the file has no column {name:?}{hint}")));
        }
        read
    }

    /// Whether the row is one of those that were asked for.
    fn chooses(&self, cells: &[Cow<'_, str>]) -> bool {
        self.only.iter().all(|(index, text)| cells.get(*index).is_some_and(|cell| cell.trim() == text))
    }

    fn row(&self, cells: &[Cow<'_, str>], dates: DateStyle) -> Row {
        let mut row = Row::default();
        if cells.len() != self.all.len() {
            let detail = format!("expected {} cells, as many as the header has, not {}", self.all.len(), cells.len());
            row.faults.push(Fault::new("", "ragged", detail));
            return row;
        }
        for (column, cell) in self.all.iter().zip(cells) {
            if cell.len() > MAXIMUM_CELL {
                row.faults.push(Fault::new(&column.pointer, "length", format!("expected at most {MAXIMUM_CELL} bytes in a cell, not {}", cell.len())));
                continue;
            }
            // What others wrote has no protection to take off, but may look like it.
            let text = if self.is_mapped { cell.trim() } else { cells::unprotect(cell) };
            match &column.target {
                Target::Nothing => {}
                Target::Held(schemes) => Self::hold(&mut row, column, schemes, text),
                Target::Field { name, cell } => {
                    if let Some(value) = Self::value(&mut row.faults, column, cell, text, dates) {
                        row.fields.insert(name.clone(), value);
                    }
                }
                Target::Part { group, name, cell } => {
                    let value = Self::value(&mut row.faults, column, cell, text, dates);
                    let parts = row.fields.entry(group.clone()).or_insert_with(|| Value::Object(Map::new()));
                    parts.as_object_mut().into_iter().for_each(|parts| parts.extend(value.clone().map(|value| (name.clone(), value))));
                }
                Target::Evidence { kind, name, cell } => {
                    let value = Self::value(&mut row.faults, column, cell, text, dates);
                    if !row.evidence.iter().any(|(known, _)| known == kind) {
                        row.evidence.push((*kind, Map::new()));
                    }
                    let parts = row.evidence.iter_mut().find(|(known, _)| known == kind);
                    parts.into_iter().for_each(|(_, parts)| parts.extend(value.clone().map(|value| (name.clone(), value))));
                }
            }
        }
        // A profile that says nothing at all is none.
        let all_clear = |value: &Value| value.as_object().is_some_and(|parts| parts.len() == self.part_count && parts.values().all(Value::is_null));
        row.fields.values_mut().filter(|value| all_clear(value)).for_each(|value| *value = Value::Null);
        // Nor is evidence that states nothing.
        row.evidence.retain(|(_, parts)| match parts.get("statement") {
            Some(statement) => !statement.is_null(),
            None => parts.values().any(|value| !value.is_null()),
        });
        self.check(&mut row);
        row
    }

    fn value(faults: &mut Vec<Fault>, column: &Column, cell: &Cell, text: &str, dates: DateStyle) -> Option<Value> {
        cell.read(text, dates).map_err(|wrong| faults.extend(wrong.into_iter().map(|fault| fault.within(&column.pointer)))).ok()
    }

    fn hold(row: &mut Row, column: &Column, schemes: &[Scheme], text: &str) {
        let id = text.trim();
        if id.is_empty() {
            return;
        }
        let mut wrong = None;
        for scheme in schemes {
            match (Identifier { scheme: *scheme, id: id.to_owned() }).canonical() {
                Ok(identifier) => {
                    row.identifiers.push(ToHold { pointer: column.pointer.clone(), identifier });
                    return;
                }
                Err(fault) => wrong = wrong.or(Some(fault)),
            }
        }
        row.faults.extend(wrong.map(|fault| Fault { pointer: column.pointer.clone(), ..fault }));
    }

    /// What the schemas say of the row.
    fn check(&self, row: &mut Row) {
        let names = self.noun.names();
        let mut fields = row.fields.clone();
        fields.retain(|name, value| !names.contains(&name.as_str()) && (name != "supplier_id" || !value.is_null()));
        let mut more = check::check(&self.noun.shape(), &Value::Object(fields));
        for (kind, parts) in &row.evidence {
            let prefix = format!("/evidence/{}", diligence_entities::stored::word(kind));
            more.extend(check::check(&schema::of::<NewEvidence>(Side::Change), &Value::Object(parts.clone())).into_iter().map(|fault| fault.within(&prefix)));
        }
        check::merge(&mut row.faults, more);
        row.leave_out_faulty();
        row.faults.truncate(check::MAXIMUM_FAULTS);
    }
}
