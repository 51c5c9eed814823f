//! Imports: a file or a list of rows turned into what the operation takes, and its outcome told row by row.
//!
//! **Our own files** have the columns of the export, in any order, any of them, named in the header; an empty cell
//! clears, and a column that is not there leaves things as they are. Columns that follow from others (`tier`,
//! `tier_reason`, `rating`, `version`, `created_at`, `updated_at`) are taken and passed over. Besides them:
//!
//! - `identifiers:SCHEME` holds an id alone, which the supplier must hold beside those it has;
//!   `identifiers:GB-NHS|LOCAL` takes the first of several schemes that knows it. Empty means nothing.
//! - `evidence.KIND.FIELD` (`evidence.dspt.statement`) is about a piece of evidence of the supplier's. It is the one of
//!   that kind and day of issue if there is one, else a new one; where the statement, or everything, is empty there is
//!   none.
//! - `contacts.FIELD` and `contracts.FIELD` are about one contact and one contract; `last_review_on` and
//!   `next_review_on` say when it was, and is to be, looked at.
//! - `supplier_identifier` (`GB-NHS:8K417`) and `supplier_name` of a product stand in place of its `supplier_id`.
//!
//! **Other people's files** are read by a recipe ([`Recipe`]), which a query string or flags can be short for
//! ([`ImportQuery`]). They are gone through twice: first to find how each column of dates is written and which words
//! nobody knows ([`scan`]), which makes questions, each once; then row by row, where rows about the same are put together
//! ([`gather`]). What is held in memory grows with what the rows are about, not with the rows. Nothing is guessed in
//! silence: what was read otherwise than it stands is said.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use diligence_entities::{
    ahead::Ahead,
    clock::Day,
    error::Error,
    fault::Fault,
    import::{
        self, ImportPlan, Outcome, Row, Verdict,
        record::{self, Counts, Import, NewImport},
    },
    recipe::{DateStyle, Recipe},
    scope::{Reader, Writer},
    stored::word,
    twin,
};
use diligence_questionnaires::spreadsheet::{self, Options, Record, Source as FileSource, Table};
use serde_json::{Map, Value};

pub(crate) use self::{
    checking::{check as check_recipe, comments as recipe_comments},
    query::{answers, blank, kind_told, options},
    targets::{WHY, known},
};
use self::{
    gather::{Gathering, Notes},
    mapped::Mapped,
    own::Columns,
    scan::{Scan, Scanned},
    sentences::{recognised, renamed},
    source::{Said, Source},
};
pub use self::{
    query::ImportQuery,
    report::{
        ImportChoice, ImportQuestion, ImportReport, ImportedRow, MAXIMUM_ERRORS, Recognised, RecognisedDates,
        RowChange, RowError,
    },
    rows::{
        ContactImport, ContractImport, DecisionImport, DependencyImport, EvidenceImport, IncidentImport, JsonRows,
        ProductImport, ProductRow, ReviewImport, RiskImport, SupplierImport, SupplierRow,
    },
    source::FileRows,
};
use crate::problem::{Problem, Type};
pub use diligence_entities::recipe::ImportNoun as Noun;

mod amounts;
mod cell;
mod checking;
mod conditions;
mod countries;
mod dates;
mod fill;
mod gather;
mod mapped;
mod own;
mod query;
mod report;
mod rows;
mod scan;
mod sentences;
mod source;
mod targets;
mod words;

/// How many bytes a cell may have at the most: 100 KiB.
pub const MAXIMUM_CELL: usize = 100 << 10;
/// How many things one import is about at the most. There may be any number of rows about them.
pub const MAXIMUM_THINGS: usize = 20_000;
/// How many errors of a row are listed, and how many of a whole import before only the first of a row is: a report must
/// not grow with the nonsense it is about.
const LISTED: (usize, usize) = (20, 10_000);
/// How many questions are listed.
const MAXIMUM_QUESTIONS: usize = 1000;
/// How often rows are worked out anew where all that are near others are new: what one makes may be near the next.
const MAXIMUM_ROUNDS: usize = 5;
/// The answer to all questions whether a row is about one that is there.
const ALL_SAME: &str = "same:*";
/// After how many rows it is said how many there are.
const TOLD_EVERY: u64 = 10_000;

/// Rows that have been read, and how to speak of them.
#[derive(Clone, Debug)]
pub struct Intake {
    noun: Noun,
    dry_run: bool,
    rows: Vec<Row>,
    sources: Arc<[Source]>,
    columns: Arc<[String]>,
    recognised: Option<Recognised>,
    questions: Vec<ImportQuestion>,
    merged_row_count: i64,
    passed_over_count: i64,
    file_name: Option<String>,
    draft: Option<Box<Import>>,
    /// Whether it was answered that all whose names are near others are new.
    all_new: bool,
    /// Whether the file is somebody else's.
    is_mapped: bool,
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn malformed(fault: diligence_questionnaires::Fault) -> Problem {
    refused(vec![fault])
}

/// What keeps a file from being read: malformed where it is none of its kind.
fn refused(faults: Vec<diligence_questionnaires::Fault>) -> Problem {
    const INVALID: [&str; 5] = ["no_header", "no_table", "missing_sheet", "separator", "footer"];
    let is_invalid = faults.iter().all(|fault| INVALID.contains(&fault.code.as_str()));
    let faults: Vec<Fault> = faults.into_iter().map(Fault::from).collect();
    if is_invalid {
        return Problem::invalid(faults);
    }
    let detail = faults.first().map_or_else(|| "the file cannot be read".to_owned(), |fault| fault.detail.clone());
    Problem::new(Type::Malformed, detail).with_errors(faults)
}

fn too_many(noun: Noun) -> Problem {
    let detail = format!(
        "expected at most {MAXIMUM_THINGS} different {} in one file, and there are at least {}: send them in several files",
        word(&noun),
        MAXIMUM_THINGS + 1
    );
    Problem::invalid(vec![Fault::new("/rows", "length", detail)])
}

/// How the rows of a table are counted: from 1, without the header.
fn number_of(table: &Table, record: &Record) -> i64 {
    let header = table.found.header_row.unwrap_or_default();
    i64::from(record.row.saturating_sub(header).max(1))
}

/// Goes through the rows of a table, saying now and then how many there were.
fn each(
    table: &Table,
    source: &dyn FileSource,
    mut told: impl FnMut(u64),
    mut each: impl FnMut(&Record) -> Result<(), Problem>,
) -> Result<(), Problem> {
    let mut rows = table.rows(source).map_err(malformed)?;
    let (mut record, mut read) = (Record::default(), 0_u64);
    while rows.next_row(&mut record).map_err(malformed)? {
        read += 1;
        if read.is_multiple_of(TOLD_EVERY) {
            told(read);
        }
        each(&record)?;
    }
    Ok(())
}

impl Intake {
    /// The rows of a list.
    ///
    /// # Errors
    /// [`Type::Invalid`] for what only makes sense with a file.
    pub fn of_rows<R: JsonRows>(rows: R, query: &ImportQuery) -> Result<Self, Problem> {
        let given = [
            ("?map", query.map.is_some()),
            ("?where", query.r#where.is_some()),
            ("?dates", query.dates.is_some()),
            ("?recipe", query.recipe.is_some()),
            ("?sheet", query.sheet.is_some()),
            ("?header", query.header.is_some()),
            ("?encoding", query.encoding.is_some()),
            ("?clears", query.clears.is_some()),
        ];
        let mut faults: Vec<Fault> = given
            .into_iter()
            .filter(|(_, given)| *given)
            .map(|(pointer, _)| {
                Fault::new(pointer, "csv_only", "only for files: JSON rows already use the field names")
            })
            .collect();
        let same = match answers(query.answers.as_deref()) {
            Ok(answers) => answers,
            Err(more) => {
                faults.extend(more);
                BTreeMap::new()
            }
        };
        faults.extend(mapped::unknown_answers(&same, &[], &[]));
        if !faults.is_empty() {
            return Err(Problem::invalid(faults));
        }
        let fields = rows.into_fields();
        let sources: Vec<Source> = fields
            .iter()
            .enumerate()
            .map(|(index, fields)| Source::new(count(index + 1), None, Said::Fields(fields.clone())))
            .collect();
        let row = |(index, fields): (usize, serde_json::Map<String, Value>)| Row {
            place: format!("row {}", index + 1),
            same_as: fields.get("name").and_then(Value::as_str).and_then(|name| same_as(name, &same)),
            fields,
            ..Row::default()
        };
        let rows = fields.into_iter().enumerate().map(row).collect();
        Ok(Self {
            noun: R::NOUN,
            dry_run: query.dry_run == Some(true),
            rows,
            sources: sources.into(),
            columns: Arc::default(),
            recognised: None,
            questions: Vec::new(),
            merged_row_count: 0,
            passed_over_count: 0,
            file_name: None,
            draft: None,
            all_new: is_all_new(&same),
            is_mapped: false,
        })
    }

    /// The rows of a file, by a recipe; without one, or by one that maps no columns, as one of our own. What is asked of
    /// a file and was answered is in `answers`. It is work: other requests need the thread.
    ///
    /// # Errors
    /// [`Type::Malformed`] for what is no table; [`Type::Invalid`] for a header or a recipe that does not fit, with
    /// places in the recipe; or too many things.
    pub fn of_file(
        noun: Noun,
        source: &dyn FileSource,
        recipe: Option<&Recipe>,
        answers: &BTreeMap<String, String>,
        dry_run: bool,
    ) -> Result<Self, Problem> {
        Self::of_file_telling(noun, source, recipe, answers, dry_run, |_| {})
    }

    /// As [`Intake::of_file`], saying now and then how many rows have been read.
    ///
    /// # Errors
    /// As [`Intake::of_file`].
    pub fn of_file_telling(
        noun: Noun,
        source: &dyn FileSource,
        recipe: Option<&Recipe>,
        answers: &BTreeMap<String, String>,
        dry_run: bool,
        mut told: impl FnMut(u64),
    ) -> Result<Self, Problem> {
        if let Some(recipe) = recipe.filter(|recipe| recipe.noun != noun) {
            let detail = format!("expected a recipe for {}, not for {}", word(&noun), word(&recipe.noun));
            return Err(Problem::invalid(vec![Fault::new("/recipe/noun", "noun", detail)]));
        }
        let blank = blank(noun);
        let recipe = recipe.unwrap_or(&blank);
        let is_mapped = !recipe.columns.is_empty();
        if !is_mapped && !recipe.every.is_empty() {
            let detail = "expected `columns` beside `every`: a file of our own says everything in its columns";
            return Err(Problem::invalid(vec![Fault::new("/every", "columns", detail)]));
        }
        let mut options = options(Some(recipe));
        if !is_mapped {
            // What our own files call their columns helps to find the header.
            options.wanted.extend(known(noun));
        }
        let mut table = spreadsheet::open(source, &options).map_err(refused)?;
        if is_mapped && options.header.is_none() {
            table = below_title(table, source, &options)?;
        }
        let mut intake = Self {
            noun,
            dry_run,
            rows: Vec::new(),
            sources: Arc::default(),
            columns: table.found.columns.clone().into(),
            recognised: None,
            questions: Vec::new(),
            merged_row_count: 0,
            passed_over_count: 0,
            file_name: None,
            draft: None,
            all_new: is_all_new(answers),
            is_mapped,
        };
        let mapped = Mapped::new(noun, recipe, &table.found.columns, answers).map_err(Problem::invalid)?;
        let mut scan = Scan::new(&mapped);
        if scan.is_needed() {
            let look = |record: &Record| {
                scan.look(record, number_of(&table, record), || place(&table, record));
                Ok(())
            };
            each(&table, source, &mut told, look)?;
        }
        let scanned = scan.finish();
        if !scanned.faults.is_empty() {
            return Err(Problem::invalid(scanned.faults));
        }
        let notes = if is_mapped {
            intake.gather(&mapped, &scanned, &table, source, answers, told)?
        } else {
            intake.read_own(&mapped, &scanned, &table, source, recipe.dates.unwrap_or(DateStyle::Iso), told)?;
            Notes::default()
        };
        intake.recognised = Some(recognised(&table, &scanned, &notes, &intake));
        intake.questions = scanned.questions;
        Ok(intake)
    }

    /// Rows of somebody else's file, those about the same put together.
    fn gather(
        &mut self,
        mapped: &Mapped,
        scanned: &Scanned,
        table: &Table,
        source: &dyn FileSource,
        answers: &BTreeMap<String, String>,
        told: impl FnMut(u64),
    ) -> Result<Notes, Problem> {
        let mut gathering = Gathering::new(mapped, &scanned.styles, &scanned.hints, answers);
        let mut passed_over = 0;
        each(table, source, told, |record| {
            if record.is_blank() || !mapped.takes(record, &scanned.styles) {
                passed_over += 1;
                return Ok(());
            }
            gathering.add(record, number_of(table, record), record.line.into(), || place(table, record));
            if gathering.count() > MAXIMUM_THINGS { Err(too_many(mapped.noun)) } else { Ok(()) }
        })?;
        self.passed_over_count = passed_over;
        self.merged_row_count = gathering.merged_count;
        let (rows, sources, notes) = gathering.finish();
        (self.rows, self.sources) = (rows, sources.into());
        Ok(notes)
    }

    /// Rows of a file of our own, each by itself.
    fn read_own(
        &mut self,
        mapped: &Mapped,
        scanned: &Scanned,
        table: &Table,
        source: &dyn FileSource,
        dates: DateStyle,
        told: impl FnMut(u64),
    ) -> Result<(), Problem> {
        let columns = Columns::new(self.noun, &table.found, dates).map_err(Problem::invalid)?;
        let places: Arc<[source::Place]> = columns.places().into();
        let mut sources = Vec::new();
        each(table, source, told, |record| {
            // Spreadsheets leave lines of nothing but commas behind.
            if record.is_blank() || !mapped.takes(record, &scanned.styles) {
                self.passed_over_count += 1;
                return Ok(());
            }
            if self.rows.len() >= MAXIMUM_THINGS {
                return Err(too_many(self.noun));
            }
            let row = columns.row(record);
            self.rows.push(Row { place: place(table, record), ..row });
            let cells = record.cells.iter().map(|cell| cell.shown().into_owned()).collect();
            let said = Said::Cells(Arc::clone(&places), cells);
            sources.push(Source::new(number_of(table, record), Some(record.line.into()), said));
            Ok(())
        })?;
        self.sources = sources.into();
        Ok(())
    }

    /// What the file is called, for the record of the import.
    #[must_use]
    pub fn called(mut self, file_name: &str) -> Self {
        self.file_name = Some(file_name.chars().take(200).collect()).filter(|name: &String| !name.is_empty());
        self
    }

    /// The draft whose file this is: it is what is applied.
    #[must_use]
    pub fn of_draft(mut self, draft: Import) -> Self {
        self.draft = Some(Box::new(draft));
        self
    }

    /// The same, only to say what would happen.
    #[must_use]
    pub fn as_trial(&self) -> Self {
        Self { dry_run: true, ..self.clone() }
    }

    /// Leaves out the rows of these numbers, as a report counts them.
    pub fn leave_out(&mut self, without: &BTreeSet<i64>) {
        if without.is_empty() {
            return;
        }
        let (mut rows, mut sources) = (Vec::new(), Vec::new());
        for (row, source) in std::mem::take(&mut self.rows).into_iter().zip(self.sources.iter()) {
            if !without.contains(&source.row) {
                rows.push(row);
                sources.push(source.clone());
            }
        }
        (self.rows, self.sources) = (rows, sources.into());
    }

    /// Whether no row is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The cells of the rows, to write down those that are refused.
    #[must_use]
    pub fn file_rows(&self) -> FileRows {
        FileRows { columns: Arc::clone(&self.columns), sources: Arc::clone(&self.sources) }
    }

    /// What was found about the file; none for rows as JSON.
    #[must_use]
    pub fn recognised(&self) -> Option<&Recognised> {
        self.recognised.as_ref()
    }

    /// Does what was planned, and records it, or only says what it would do.
    ///
    /// # Errors
    /// As the operations; a row that was refused is in the report.
    pub async fn run(self, plan: ImportPlan, writer: Option<&Writer>) -> Result<ImportReport, Error> {
        let Self { noun, dry_run, sources, rows, mut questions, mut recognised, file_name, draft, .. } = self;
        let (outcomes, items) = plan.carry_out(writer).await?;
        for ((row, source), outcome) in rows.iter().zip(sources.iter()).zip(&outcomes) {
            if outcome.verdict == Verdict::Question {
                same_question(&mut questions, row, source, outcome);
            }
        }
        drop(rows);
        let question_count = count(questions.len());
        questions.truncate(MAXIMUM_QUESTIONS);
        let how_many = |verdict: Verdict| count(outcomes.iter().filter(|outcome| outcome.verdict == verdict).count());
        let refused_count = how_many(Verdict::Refused);
        let comes_in = |outcome: &&Outcome| !matches!(outcome.verdict, Verdict::Refused | Verdict::Question);
        let coming_in = || outcomes.iter().filter(comes_in);
        if let Some(recognised) = &mut recognised {
            recognised.sentences.extend(renamed(noun, coming_in()));
        }
        let mut report = ImportReport {
            dry_run,
            applied: !dry_run && refused_count == 0 && question_count == 0,
            row_count: count(outcomes.len()).saturating_add(self.merged_row_count),
            created_count: how_many(Verdict::Create),
            changed_count: how_many(Verdict::Change),
            unchanged_count: how_many(Verdict::Unchanged),
            refused_count,
            question_count,
            merged_row_count: self.merged_row_count,
            passed_over_count: self.passed_over_count,
            evidence_created_count: coming_in().map(|outcome| outcome.evidence_created_count).sum(),
            evidence_changed_count: coming_in().map(|outcome| outcome.evidence_changed_count).sum(),
            error_count: count(outcomes.iter().map(|outcome| outcome.faults.len()).sum()),
            recognised,
            questions,
            rows: Vec::new(),
        };
        if let Some(writer) = writer.filter(|_| report.applied && (!items.is_empty() || draft.is_some())) {
            let counts = Counts {
                row_count: report.row_count,
                created_count: report.created_count,
                changed_count: report.changed_count,
                unchanged_count: report.unchanged_count,
                refused_count: 0,
            };
            let file_name = draft.as_ref().map(|draft| draft.file_name.clone()).or(file_name);
            let about = NewImport { file_name: file_name.unwrap_or_else(|| word(&noun)), noun };
            record::apply(writer, draft.map(|draft| *draft), about, counts, items).await?;
        }
        let mut listed = 0;
        let told = |(source, outcome): (&Source, Outcome)| {
            let row = source.told(outcome, if listed < LISTED.1 { LISTED.0 } else { 1 });
            listed += row.errors.len() + row.changes.len();
            row
        };
        report.rows = sources.iter().zip(outcomes).map(told).collect();
        Ok(report)
    }
}

impl Ahead for Intake {
    type Plan = ImportPlan;

    async fn plan(&self, reader: &Reader) -> Result<ImportPlan, Error> {
        let mut rows = Cow::Borrowed(self.rows.as_slice());
        let today = reader.today();
        let has_vain = |row: &Row| row.evidence.iter().any(|(_, parts)| is_run_out_in_vain(parts, today));
        if self.is_mapped && rows.iter().any(has_vain) {
            for row in rows.to_mut() {
                row.evidence.retain(|(_, parts)| !is_run_out_in_vain(parts, today));
            }
        }
        let mut plan = Box::pin(self.plan_of(reader, &rows)).await?;
        for _ in 0..MAXIMUM_ROUNDS {
            let near: Vec<bool> =
                plan.outcomes().iter().zip(rows.iter()).map(|(outcome, row)| is_near(outcome, row)).collect();
            if !self.all_new || !near.contains(&true) {
                break;
            }
            for (row, _) in rows.to_mut().iter_mut().zip(near).filter(|(_, is_near)| *is_near) {
                row.same_as = Some(import::SameAs::New);
            }
            plan = Box::pin(self.plan_of(reader, &rows)).await?;
        }
        Ok(plan)
    }
}

impl Intake {
    async fn plan_of(&self, reader: &Reader, rows: &[Row]) -> Result<ImportPlan, Error> {
        // Before everything is answered nothing is written.
        let dry_run = self.dry_run || !self.questions.is_empty();
        match self.noun {
            Noun::Suppliers => import::suppliers(reader, rows, dry_run).await,
            Noun::Products => import::products(reader, rows, dry_run).await,
            Noun::Dependencies => import::dependencies(reader, rows, dry_run).await,
            Noun::Contacts => import::contacts(reader, rows, dry_run).await,
            Noun::Contracts => import::contracts(reader, rows, dry_run).await,
            Noun::Evidence => import::evidence(reader, rows, dry_run).await,
            Noun::Incidents => import::incidents(reader, rows, dry_run).await,
            Noun::Risks => import::risks(reader, rows, dry_run).await,
            Noun::Decisions => import::decisions(reader, rows, dry_run).await,
            Noun::Reviews => import::reviews(reader, rows, dry_run).await,
        }
    }
}

/// Whether evidence is only said to have run out, and no day of it is past.
fn is_run_out_in_vain(parts: &Map<String, Value>, today: Day) -> bool {
    let said = |name: &str| parts.get(name).and_then(Value::as_str);
    let is_past = |day: &str| day.parse::<Day>().is_ok_and(|day| day < today);
    said("statement").is_some_and(|text| words::is_expired(&words::fold(text)))
        && !said("expires_on").is_some_and(is_past)
}

fn is_all_new(answers: &BTreeMap<String, String>) -> bool {
    answers.get(ALL_SAME).is_some_and(|answer| answer.trim() == "new")
}

/// Whether a row is asked about only since its name is near others, and not the same as theirs.
fn is_near(outcome: &Outcome, row: &Row) -> bool {
    let name = row.fields.get("name").and_then(Value::as_str).map(twin::compared).unwrap_or_default();
    outcome.verdict == Verdict::Question && outcome.near.iter().all(|near| twin::compared(&near.name) != name)
}

/// The table with the line that names its columns, where what was taken for it is a title above the table: no more than
/// one of the columns that are asked for stands in it, and it has not half as many cells.
fn below_title(table: Table, source: &dyn FileSource, options: &Options) -> Result<Table, Problem> {
    let named = |table: &Table| {
        let columns = table.found.columns.iter().enumerate();
        columns.filter(|(at, name)| **name != (at + 1).to_string()).count()
    };
    let wanted: BTreeSet<String> = options.wanted.iter().map(|name| words::fold(name)).collect();
    let met = table.found.columns.iter().filter(|name| wanted.contains(&words::fold(name))).count();
    if table.found.header_row.is_none() || met > 1 || named(&table) * 2 > table.found.columns.len() {
        return Ok(table);
    }
    let other = spreadsheet::open(source, &Options { wanted: Vec::new(), ..options.clone() }).map_err(refused)?;
    let is_other = other.found.header_row.is_some_and(|row| Some(row) != table.found.header_row);
    Ok(if is_other && named(&table) * 2 <= named(&other) { other } else { table })
}

/// How a row is called where another one speaks of it.
fn place(table: &Table, record: &Record) -> String {
    if table.found.kind.is_workbook() { format!("row {}", record.row) } else { format!("line {}", record.line) }
}

/// What was answered to the question what a row of this name is about.
fn same_as(name: &str, answers: &BTreeMap<String, String>) -> Option<import::SameAs> {
    let key = format!("same:{}", twin::compared(name));
    match answers.get(&key)?.as_str() {
        "new" => Some(import::SameAs::New),
        id => Some(import::SameAs::Known(id.to_owned())),
    }
}

/// The question whether a row is about one that is there.
fn same_question(questions: &mut Vec<ImportQuestion>, row: &Row, source: &Source, outcome: &Outcome) {
    let name = row.fields.get("name").and_then(Value::as_str).unwrap_or_default();
    let key = format!("same:{}", twin::compared(name));
    if let Some(known) = questions.iter_mut().find(|question| question.key == key) {
        known.row_count += 1;
        return;
    }
    let mut choices: Vec<ImportChoice> = outcome
        .near
        .iter()
        .map(|near| match (&near.id, &near.place) {
            (Some(id), _) => {
                ImportChoice { answer: id.clone(), meaning: format!("It is {:?}, which is there", near.name) }
            }
            (None, place) => ImportChoice {
                answer: format!("as:{}", twin::compared(&near.name)),
                meaning: format!("It is {:?} of {}", near.name, place.as_deref().unwrap_or("another row")),
            },
        })
        .collect();
    choices.push(ImportChoice { answer: "new".into(), meaning: "It is another one, which is new".into() });
    let near: Vec<String> = outcome.near.iter().map(|near| format!("{:?}", near.name)).collect();
    questions.push(ImportQuestion {
        key,
        column: None,
        row: Some(source.row),
        row_count: 1,
        question: format!("Is {name:?} ({}) the same as {}?", row.place, near.join(" or ")),
        choices,
    });
}
