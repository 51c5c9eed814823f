//! Bringing an archive into a register in which there is nothing yet: all of it or nothing.

use std::{
    collections::{BTreeMap, HashMap},
    io::{BufRead, Read as _},
};

use diligence_questionnaires::{Edition, library};
use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, Condition, QueryFilter as _};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{MAXIMUM_LINE, MAXIMUM_ROWS, Table, file_part, lawful};
use crate::{
    clock::Day,
    due,
    error::Error,
    evidence::{Evidence, NewEvidence},
    evidence_file,
    fault::Fault,
    policy, questionnaire, register,
    scope::{PORTION, StoredRow, Writer},
    stored::{Word, sha256},
    supplier, translation,
};

/// How many faults are told at the most.
const MAXIMUM_FAULTS: usize = 100;

/// The parts of an archive, whose sizes and hashes have been found to be those that its manifest says.
pub trait Parts: Send + Sync {
    /// The part of this name, from its beginning; none if there is none.
    ///
    /// # Errors
    /// Those of where it is kept.
    fn open(&self, name: &str) -> std::io::Result<Option<Box<dyn BufRead + Send + '_>>>;
}

/// What was brought in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Brought {
    /// How many rows of each table.
    pub row_counts: BTreeMap<String, i64>,
    /// How many files behind evidence.
    pub file_count: i64,
}

/// What is known of the archive so far, to hold later rows against.
#[derive(Default)]
struct Known {
    /// Products, each with its supplier.
    products: HashMap<String, String>,
    /// How many rows, of all tables together.
    row_count: u64,
    faults: Vec<Fault>,
}

/// Brings everything in, as it is stored elsewhere; `told` is what the audit trail keeps of where it came from. Only
/// into a register in which nothing was entered yet.
///
/// # Errors
/// [`Error::Conflict`] where there is something, [`Error::Invalid`] with what is wrong and where; then nothing may be
/// saved.
pub async fn bring_in(writer: &Writer, parts: &dyn Parts, told: Map<String, Value>) -> Result<Brought, Error> {
    if writer.has(writer.find_with_ourselves::<supplier::Entity>()).await? {
        let detail = "a whole register is brought into an empty one only, and in this one there are suppliers already (our own house counts): make a new organisation for it";
        return Err(Error::conflict("not_empty", detail));
    }
    writer.expect_many().await?;
    let mut brought = Brought { row_counts: BTreeMap::new(), file_count: 0 };
    let mut known = Known::default();
    let mut counted = BTreeMap::new();
    for table in Table::ALL.iter().copied() {
        let lines = parts.open(table.part()).map_err(|error| unreadable(table.part(), &error))?;
        let Some(mut lines) = lines else {
            if table.is_later() {
                continue;
            }
            return Err(Error::invalid(place(table, None), "missing", format!("expected a part {}", table.part())));
        };
        let (mut line, mut row_count) = (0_u64, 0_i64);
        loop {
            let mut rows = Vec::new();
            let first = line + 1;
            while rows.len() < PORTION {
                let Some(row) = next_row(&mut lines, table, line + 1)? else { break };
                line += 1;
                known.look_at(table, line, &row);
                rows.push(row);
            }
            known.row_count += rows.len() as u64;
            if known.row_count > MAXIMUM_ROWS {
                let detail = format!("expected at most {MAXIMUM_ROWS} rows in all of the archive");
                return Err(Error::invalid(place(table, Some(line)), "too_many", detail));
            }
            let is_last = rows.len() < PORTION;
            if rows.is_empty() {
                break;
            }
            row_count += i64::try_from(rows.len()).unwrap_or(i64::MAX);
            if line > table.maximum() {
                let detail = format!("expected at most {} rows of this kind", table.maximum());
                known.blame(Fault::new(place(table, Some(line)), "too_many", detail));
            }
            if known.faults.is_empty() {
                add(writer, table, first, &rows, &mut known).await?;
            }
            if known.faults.is_empty() {
                match table {
                    Table::Suppliers => hold_identifiers(writer, first, &rows).await?,
                    Table::Evidence => brought.file_count += add_files(writer, parts, first, &rows).await?,
                    Table::DueItems => count(&rows, &mut counted),
                    _ => {}
                }
            }
            tokio::task::yield_now().await;
            if is_last || known.faults.len() >= MAXIMUM_FAULTS {
                break;
            }
        }
        if table == Table::Policy && row_count != 1 && known.faults.is_empty() {
            let detail = format!("expected one policy, found {row_count}");
            known.faults.push(Fault::new(place(table, None), "policy", detail));
        }
        // What refers to rows that were not taken would be to blame for nothing.
        if !known.faults.is_empty() {
            return Err(Error::InvalidRows(known.faults));
        }
        brought.row_counts.insert(table.part().to_owned(), row_count);
    }
    writer.count(counted);
    // What follows from the rest may follow otherwise by now, on another day or by another program.
    let drift = register::drift(writer).await?;
    if drift.line_count + drift.due_count > 0 {
        register::refresh_all(writer).await?;
    }
    due::house::refresh_all(writer).await?;
    let mut event = told;
    event.insert("row_counts".into(), serde_json::to_value(&brought.row_counts).unwrap_or_default());
    event.insert("file_count".into(), brought.file_count.into());
    let id = writer.scope().organisation_id.to_string();
    writer.note("import", "register", &id, None, Some(Value::Object(event)));
    Ok(brought)
}

/// Where something is wrong: the part, and the line.
fn place(table: Table, line: Option<u64>) -> String {
    match line {
        Some(line) => format!("/{}/{line}", table.part()),
        None => format!("/{}", table.part()),
    }
}

fn unreadable(part: &str, error: &std::io::Error) -> Error {
    Error::invalid(format!("/{part}"), "unreadable", format!("this part of the archive cannot be read: {error}"))
}

/// The next row of a part; none at its end.
fn next_row(lines: &mut (dyn BufRead + Send + '_), table: Table, line: u64) -> Result<Option<StoredRow>, Error> {
    let mut text = Vec::new();
    let read = lines.take(MAXIMUM_LINE as u64 + 1).read_until(b'\n', &mut text);
    read.map_err(|error| unreadable(table.part(), &error))?;
    if text.is_empty() {
        return Ok(None);
    }
    if text.len() > MAXIMUM_LINE {
        let detail = format!("expected a line of at most {MAXIMUM_LINE} bytes");
        return Err(Error::invalid(place(table, Some(line)), "too_large", detail));
    }
    let row = serde_json::from_slice::<StoredRow>(&text);
    row.map(Some).map_err(|error| {
        Error::invalid(place(table, Some(line)), "json", format!("expected a JSON object on this line: {error}"))
    })
}

impl Known {
    fn blame(&mut self, fault: Fault) {
        if self.faults.len() < MAXIMUM_FAULTS {
            self.faults.push(fault);
        }
    }

    /// Holds a row against what came before it.
    fn look_at(&mut self, table: Table, line: u64, row: &StoredRow) {
        let here = place(table, Some(line));
        if row.contains_key("organisation_id") {
            let detail = "expected rows of no organisation: an archive is of one register, whoever brings it in";
            self.blame(Fault::new(format!("{here}/organisation_id"), "organisation", detail));
            return;
        }
        for fault in table.faults(row) {
            self.blame(fault.within(&here));
        }
        let text = |name: &str| row.get(name).and_then(Value::as_str);
        for (subject, supplier, product) in [
            ("subject_id", "supplier_id", "product_id"),
            ("rests_on_id", "rests_on_supplier_id", "rests_on_product_id"),
        ] {
            let (Some(subject_id), Some(supplier_id)) = (text(subject), text(supplier)) else { continue };
            let product_id = text(product);
            if subject_id != product_id.unwrap_or(supplier_id) {
                let detail = format!("expected the product_id or else the supplier_id of this row, not {subject_id}");
                self.blame(Fault::new(format!("{here}/{subject}"), "contradiction", detail));
            }
            let of = product_id.map(|id| self.products.get(id).map(String::as_str));
            if of.is_some_and(|of| of != Some(supplier_id)) {
                let detail = "expected a product that is in this archive, and of this supplier";
                self.blame(Fault::new(format!("{here}/{product}"), "unknown_id", detail));
            }
        }
        if let (Table::Products, Some(id), Some(supplier_id)) = (table, text("id"), text("supplier_id")) {
            self.products.insert(id.to_owned(), supplier_id.to_owned());
        }
    }
}

/// Adds some rows, the first of which stands on this line, once their keys are free.
async fn add(writer: &Writer, table: Table, first: u64, rows: &[StoredRow], known: &mut Known) -> Result<(), Error> {
    let keys: Vec<String> =
        rows.iter().map(|row| row.get(table.key()).and_then(Value::as_str).unwrap_or_default().to_owned()).collect();
    let line_of = |key: &str| (first..).zip(&keys).find(|(_, known)| *known == key).map_or(first, |(line, _)| line);
    match table {
        Table::Policy => {
            writer.clear::<policy::Entity>(Condition::all()).await?;
        }
        Table::Editions => make_way(writer, first, rows, known).await?,
        Table::Translations => make_way_for_translations(writer, rows).await?,
        _ => {}
    }
    let taken = table.taken(writer, &keys).await?;
    for key in &taken {
        let detail =
            format!("{key} is in use in this database already: a register is brought in beside no other that has it");
        known.blame(Fault::new(format!("{}/{}", place(table, Some(line_of(key))), table.key()), "taken", detail));
    }
    if !taken.is_empty() {
        return Ok(());
    }
    let last = first + rows.len() as u64 - 1;
    table.add(writer, rows).await.map_err(|error| clash(error, table, first, last))?;
    if table.look(writer, &keys).await.is_ok() {
        return Ok(());
    }
    // Something is wrong with one of them: with which, and what, is told of each by itself.
    for (line, key) in (first..).zip(keys) {
        match table.look(writer, &[key]).await {
            Ok(()) => {}
            Err(Error::Invalid(faults)) => {
                faults.into_iter().for_each(|fault| known.blame(fault.within(&place(table, Some(line)))));
            }
            Err(Error::Database(error)) => {
                let detail = format!("expected a row of this program's: {error}");
                known.blame(Fault::new(place(table, Some(line)), "shape", detail));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// What the database refuses of some rows, in words.
fn clash(error: Error, table: Table, first: u64, last: u64) -> Error {
    let detail = match error {
        Error::Conflict { code: "duplicate", .. } => {
            format!("one of the rows {first} to {last} has a key that another row of the archive has")
        }
        Error::Conflict { code: "in_use", .. } => {
            format!("one of the rows {first} to {last} refers to one that is not in the archive")
        }
        other => return other,
    };
    Error::invalid(place(table, Some(first)), "reference", detail)
}

/// Takes away editions that are here already, word for word, so that those of the archive stand in their place; none of
/// the others.
async fn make_way(writer: &Writer, first: u64, rows: &[StoredRow], known: &mut Known) -> Result<(), Error> {
    for (line, row) in (first..).zip(rows) {
        let text = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default();
        let same = Condition::all()
            .add(questionnaire::Column::Key.eq(text("key")))
            .add(questionnaire::Column::Edition.eq(text("edition")));
        let here = writer.one(writer.find::<questionnaire::Entity>().filter(same.clone())).await?;
        match here {
            Some(here) if here.hash != text("hash") => {
                let detail = format!(
                    "there is another edition {} of {} here already, with other words",
                    text("edition"),
                    text("key")
                );
                known.blame(Fault::new(format!("{}/edition", place(Table::Editions, Some(line))), "taken", detail));
            }
            Some(_) => {
                writer.clear::<questionnaire::Entity>(same).await?;
            }
            None => {}
        }
    }
    Ok(())
}

async fn make_way_for_translations(writer: &Writer, rows: &[StoredRow]) -> Result<(), Error> {
    for row in rows {
        let text = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default();
        let same = Condition::all()
            .add(translation::Column::Questionnaire.eq(text("questionnaire")))
            .add(translation::Column::Edition.eq(text("edition")))
            .add(translation::Column::Language.eq(text("language")));
        writer.clear::<translation::Entity>(same).await?;
    }
    Ok(())
}

/// Whether an edition is what its hash says, and one of the library the library's.
pub(super) fn edition(row: &questionnaire::Model) -> Result<(), Error> {
    let read = serde_json::from_str::<Edition>(&row.document);
    let edition =
        read.map_err(|error| Error::invalid("/document", "shape", format!("expected an edition: {error}")))?;
    if edition.hash() != row.hash || edition.key != row.key || edition.edition != row.edition {
        return Err(Error::invalid("/hash", "hash", "expected the hash, key and edition of the document"));
    }
    let of_library = library::edition(&row.key, Some(&row.edition));
    if of_library.is_some_and(|known| known.hash() != row.hash) {
        return Err(Error::invalid("/document", "library", "expected the edition as it came with the program"));
    }
    Ok(())
}

/// Whether a piece of evidence is one, and its file of a kind that is kept.
pub(super) fn evidence(row: &Evidence) -> Result<(), Error> {
    lawful::<NewEvidence>(row)?;
    match &row.file {
        Some(file) => evidence_file::check_stored(file),
        None => Ok(()),
    }
}

/// Notes which supplier holds which identifiers.
async fn hold_identifiers(writer: &Writer, first: u64, rows: &[StoredRow]) -> Result<(), Error> {
    let ids = rows.iter().filter_map(|row| row.get("id").and_then(Value::as_str).map(str::to_owned)).collect();
    let suppliers = writer.get_many::<supplier::Entity>(&ids).await?;
    let last = first + rows.len() as u64 - 1;
    supplier::note_identifiers(writer, &suppliers).await.map_err(|error| match error {
        Error::Conflict { .. } => {
            let detail =
                format!("a supplier in the rows {first} to {last} has an identifier that another supplier has");
            Error::invalid(place(Table::Suppliers, Some(first)), "duplicate", detail)
        }
        other => other,
    })
}

/// Adds the files behind some evidence; says how many.
async fn add_files(writer: &Writer, parts: &dyn Parts, first: u64, rows: &[StoredRow]) -> Result<i64, Error> {
    let mut added = 0;
    for (line, row) in (first..).zip(rows).filter(|(_, row)| row.get("file").is_some_and(Value::is_string)) {
        let here = format!("{}/file", place(Table::Evidence, Some(line)));
        let id = row.get("id").and_then(Value::as_str).unwrap_or_default();
        let evidence = writer.get::<crate::evidence::Entity>(id).await?;
        let Some(file) = &evidence.file else { continue };
        let part = file_part(&evidence.id);
        let content = {
            let opened = parts.open(&part).map_err(|error| unreadable(&part, &error))?;
            let Some(content) = opened else {
                return Err(Error::invalid(here, "missing", format!("expected the file's bytes as {part}")));
            };
            let mut bytes = Vec::new();
            let read = content.take(evidence_file::MAXIMUM_BYTES as u64 + 1).read_to_end(&mut bytes);
            read.map_err(|error| unreadable(&part, &error))?;
            bytes
        };
        if content.len() > evidence_file::MAXIMUM_BYTES || sha256(&content) != file.sha256 {
            return Err(Error::invalid(here, "hash", format!("expected the bytes of {part} to be those of this file")));
        }
        evidence_file::put_back(writer, &evidence, content).await.map_err(|error| match error {
            Error::Invalid(faults) => Error::Invalid(faults.into_iter().map(|fault| fault.within(&here)).collect()),
            other => other,
        })?;
        added += 1;
    }
    Ok(added)
}

/// Counts what is due, by kind and day.
fn count(rows: &[StoredRow], counted: &mut BTreeMap<(String, Day), i64>) {
    for row in rows {
        let text = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default();
        let kind: Option<Word<due::DueKind>> = serde_json::from_value(text("kind").into()).ok();
        if let (Some(_), Ok(day)) = (kind, text("due_on").parse::<Day>()) {
            *counted.entry((text("kind").to_owned(), day)).or_default() += 1;
        }
    }
}
