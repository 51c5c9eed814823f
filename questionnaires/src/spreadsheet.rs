//! Other people's files → rows of cells, whatever program wrote them.
//!
//! | File | What is in it |
//! |---|---|
//! | `spreadsheet.rs` | [`open`]: what a file is, and its rows |
//! | `spreadsheet/source.rs` | where the bytes come from, as often as they are wanted |
//! | `spreadsheet/kind.rs` | which kind of file it is; what is no table at all, and what to do then |
//! | `spreadsheet/text.rs` | in which encoding a text is, and its bytes as UTF-8 |
//! | `spreadsheet/delimited.rs` | text with commas, semicolons, tabs or bars between the cells |
//! | `spreadsheet/json.rs` | JSON and JSON lines |
//! | [`ocds`] | releases of the Open Contracting Data Standard as rows |
//! | `spreadsheet/header.rs` | which row names the columns, what stands around the table, and what is said of it |
//! | `spreadsheet/header/second.rs` | whether another table begins below it |
//! | `spreadsheet/book.rs` | workbooks: their sheets, and what all kinds of them share |
//! | `spreadsheet/package.rs` | the zip file that most workbooks are, through limits |
//! | `spreadsheet/xlsx.rs`, `xlsb.rs`, `xls.rs`, `ods.rs` | the four kinds of workbooks |
//! | `spreadsheet/compound.rs` | the container of the oldest kind |
//! | `spreadsheet/cell.rs`, `format.rs` | what stands in a cell, and how its number is shown |
//!
//! **Nothing is guessed in silence.** What was recognised is said in [`Found::sentences`]: the encoding, the separator,
//! the header's line, what was passed over and where. **Memory is flat**: rows are read one by one, a text, a JSON and a
//! sheet alike, and whoever wants them twice reads the file twice. The one thing that is kept of a workbook is what its
//! cells share, up to a limit. Nothing is reserved because a file says that there will be much of it.
//!
//! **Why workbooks are read here** and not by `calamine`, the reader in common use (0.38 was tried for this): it gives a
//! number without its format, so that `04142000`, `7%` and `08:30` come out as 4142000, 0.07 and 0.354; it does not tell
//! a formula without a result from an empty cell; it lays out a sheet of an ODS or XLS file as large as its farthest
//! cell, or as the file claims to be; and a damaged XLS or XLSB file makes it panic. Its limits cannot be set from
//! outside.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::fault::Fault;

pub(crate) mod book;
mod cell;
mod compound;
mod delimited;
mod format;
mod header;
mod json;
mod kind;
pub mod ocds;
mod ods;
mod package;
mod source;
mod text;
mod xls;
mod xlsb;
mod xlsx;
mod xml;

pub use cell::Cell;
pub use source::{OfFile, ReadSeek, Source};

/// The most columns of a table.
pub const MAX_COLUMNS: usize = 1_000;
/// The longest cell of a text, in bytes (1 MiB): a longer one is a quote that is never closed.
pub const MAX_CELL_BYTES: usize = 1024 * 1024;
/// The longest record of a text or of a JSON file, in bytes (4 MiB).
pub const MAX_RECORD_BYTES: usize = 4 * 1024 * 1024;
/// The most rows of a sheet: as many as any spreadsheet has.
pub const MAX_ROWS: u32 = 1_048_576;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text with commas, semicolons, tabs or bars between the cells.
    Csv,
    /// JSON with an array of objects.
    Json,
    /// JSON objects one after the other.
    JsonLines,
    /// A workbook of Excel since 2007, and of everyone else.
    Xlsx,
    /// A binary workbook of Excel.
    Xlsb,
    /// A workbook of Excel 97 to 2003.
    Xls,
    /// A spreadsheet in the OpenDocument format.
    Ods,
    /// JSON of the Open Contracting Data Standard: its releases.
    Ocds,
}

impl Kind {
    /// Its name, as people say it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "CSV",
            Self::Json => "JSON",
            Self::JsonLines => "JSON lines",
            Self::Xlsx => "Excel (XLSX)",
            Self::Xlsb => "Excel, binary (XLSB)",
            Self::Xls => "Excel 97 to 2003 (XLS)",
            Self::Ods => "OpenDocument (ODS)",
            Self::Ocds => "OCDS (JSON)",
        }
    }

    /// Whether it has sheets.
    #[must_use]
    pub fn is_workbook(self) -> bool {
        matches!(self, Self::Xlsx | Self::Xlsb | Self::Xls | Self::Ods)
    }
}

/// Where the names of the columns stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeaderAt {
    /// In this row, from 1.
    Row(u32),
    /// Nowhere: the columns are called `1`, `2` and so on.
    None,
}

/// What is known of a file beforehand; whatever is left out is found.
#[derive(Debug, Default, Clone)]
pub struct Options {
    /// What the file is.
    pub kind: Option<Kind>,
    /// What stands between the cells of a text.
    pub separator: Option<char>,
    /// The encoding of a text, by any of its names, e.g. `windows-1252`.
    pub encoding: Option<String>,
    /// The sheet of a workbook, by its name.
    pub sheet: Option<String>,
    /// Where the names of the columns stand.
    pub header: Option<HeaderAt>,
    /// How many of the last rows that hold something are no rows of the table.
    pub footer: u32,
    /// Where the array of rows stands in a JSON, as a JSON pointer, e.g. `/result/suppliers`.
    pub rows: Option<String>,
    /// The columns that will be asked for: they help to find the header, the sheet and what separates the cells.
    pub wanted: Vec<String>,
}

/// What was found in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What it is.
    pub kind: Kind,
    /// What stands between the cells; none where it is no such text.
    pub separator: Option<char>,
    /// The encoding of a text; none for a workbook.
    pub encoding: Option<String>,
    /// The sheet that is read; none where there are no sheets.
    pub sheet: Option<String>,
    /// All sheets, hidden ones too.
    pub sheets: Vec<String>,
    /// The row with the names of the columns, from 1; none where there is none.
    pub header_row: Option<u32>,
    /// The names of the columns, each unlike the others.
    pub columns: Vec<String>,
    /// How many rows the table has.
    pub row_count: u32,
    /// What was recognised and what was passed over, a sentence each.
    pub sentences: Vec<String>,
}

/// A row, as it stands in the file.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Record {
    /// The row of the sheet or the record of the text, from 1, the header counted.
    pub row: u32,
    /// The line of the text it begins on, from 1; for a workbook again the row.
    pub line: u32,
    /// A cell for each column.
    pub cells: Vec<Cell>,
    /// How many cells the row of the file has: fewer or more than there are columns where it is ragged.
    pub cell_count: usize,
}

impl Record {
    /// Whether nothing stands in it.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.cells.iter().all(Cell::is_blank)
    }
}

/// Rows one after the other.
pub trait Rows {
    /// Reads the next row over what stands in `record`, whose room is used again; `false` where there is none.
    ///
    /// # Errors
    /// Where the file cannot be read on; nothing is read after it.
    fn next_row(&mut self, record: &mut Record) -> Result<bool, Fault>;

    /// What was seen of a sheet so far beside its cells.
    fn marks(&self) -> Marks {
        Marks::default()
    }
}

/// What a sheet holds beside its cells.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Marks {
    /// How many rows that hold something are hidden.
    pub hidden_rows: u32,
    /// How many columns are hidden.
    pub hidden_columns: u32,
    /// How many groups of cells are merged into one.
    pub merged: u32,
}

/// How the rows of a file are read.
#[derive(Debug)]
enum Plan {
    Delimited {
        text: text::Reading,
        separator: u8,
    },
    Json {
        text: text::Reading,
        place: json::Place,
    },
    /// Rows that were made of what stands in the file, as JSON lines.
    Made {
        lines: Vec<u8>,
        text: text::Reading,
        place: json::Place,
    },
    Book {
        book: Box<book::Book>,
        sheet: usize,
    },
}

impl Plan {
    fn rows<'a>(&'a self, source: &'a dyn Source) -> Result<Box<dyn Rows + 'a>, Fault> {
        Ok(match self {
            Self::Delimited { text, separator } => {
                Box::new(delimited::Delimited::new(text.open(source)?, *separator).without_mark()?)
            }
            Self::Json { text, place } => Box::new(json::Elements::new(text.open(source)?, place)?),
            Self::Made { lines, text, place } => Box::new(json::Elements::new(text.open(lines)?, place)?),
            Self::Book { book, sheet } => book.rows(source, *sheet)?,
        })
    }
}

/// A table in a file: what was found, and how its rows are read.
#[derive(Debug)]
pub struct Table {
    /// What was found.
    pub found: Found,
    plan: Plan,
    /// What the header says, folded, to know it again; empty where there is none.
    header: Vec<String>,
    /// How many rows of the file stand above the first of the table. A damaged file may count its rows as it likes.
    above: u64,
    /// Which rows of the file, counted from 0, stand below the table and are none of it.
    footers: BTreeSet<u64>,
    /// Where another table begins.
    end: Option<u64>,
}

/// Finds the table in a file. The whole file is read once, so that what is wrong with it is told before any of its rows.
///
/// # Errors
/// What is no table, cannot be decoded, or is larger than any table may be: a sentence with the place and what to do.
pub fn open(source: &dyn Source, options: &Options) -> Result<Table, Vec<Fault>> {
    found(source, options).map_err(|fault| vec![fault])
}

fn found(source: &dyn Source, options: &Options) -> Result<Table, Fault> {
    let kind = kind::of(source, options)?;
    let mut sentences = Vec::new();
    let mut separator = None;
    let mut encoding = None;
    let (plan, sheets) = if kind.is_workbook() {
        let book = book::Book::open(source, kind, &book::Limits::FILE)?;
        let sheet = book.chosen(source, options, &mut sentences)?;
        let sheets = book.sheets().iter().map(|sheet| sheet.name.clone()).collect();
        (Plan::Book { book: Box::new(book), sheet }, sheets)
    } else {
        let text = text::Reading::of(source, options.encoding.as_deref(), &mut sentences)?;
        encoding = Some(text.name());
        let plan = if kind == Kind::Csv {
            let found = delimited::separator(&text, source, options, &mut sentences)?;
            separator = Some(char::from(found));
            Plan::Delimited { text, separator: found }
        } else if kind == Kind::Ocds {
            let lines = ocds::lines(text.open(source)?, source.len())?;
            let text = text::Reading::of(&lines, Some("utf-8"), &mut Vec::new())?;
            let place = json::Place::of(&text, &lines, Kind::JsonLines, &Options::default(), &mut Vec::new())?;
            sentences.push("Each award to each supplier is a row.".to_owned());
            Plan::Made { lines, text, place }
        } else {
            let place = json::Place::of(&text, source, kind, options, &mut sentences)?;
            Plan::Json { text, place }
        };
        (plan, Vec::new())
    };
    let sheet = match &plan {
        Plan::Book { book, sheet } => book.sheets().get(*sheet).map(|sheet| sheet.name.clone()),
        _ => None,
    };
    let survey = match &plan {
        Plan::Json { place, .. } | Plan::Made { place, .. } => header::Survey::named(place.columns(), place.row_count),
        Plan::Book { .. } => header::Survey::of(plan.rows(source)?.as_mut(), options, "row", &mut sentences)?,
        Plan::Delimited { .. } => header::Survey::of(plan.rows(source)?.as_mut(), options, "line", &mut sentences)?,
    };
    let header::Survey { header_row, columns, header, above, footers, end, row_count } = survey;
    let found = Found { kind, separator, encoding, sheet, sheets, header_row, columns, row_count, sentences };
    Ok(Table { found, plan, header, above, footers, end })
}

impl Table {
    /// The rows of the table, without its header and without what stands around it; as often as they are wanted.
    ///
    /// # Errors
    /// Where the source cannot be opened again. A row that cannot be read is the last.
    pub fn records<'a>(
        &'a self,
        source: &'a dyn Source,
    ) -> Result<Box<dyn Iterator<Item = Result<Record, Fault>> + 'a>, Fault> {
        let mut rows = self.rows(source)?;
        let mut is_over = false;
        Ok(Box::new(std::iter::from_fn(move || {
            if is_over {
                return None;
            }
            let mut record = Record::default();
            let read = rows.next_row(&mut record);
            is_over = !matches!(read, Ok(true));
            match read {
                Ok(true) => Some(Ok(record)),
                Ok(false) => None,
                Err(fault) => Some(Err(fault)),
            }
        })))
    }

    /// As [`Table::records`], over and over in the same room: for files of a million rows.
    ///
    /// # Errors
    /// Where the source cannot be opened again.
    pub fn rows<'a>(&'a self, source: &'a dyn Source) -> Result<Box<dyn Rows + 'a>, Fault> {
        Ok(Box::new(Below { table: self, rows: self.plan.rows(source)?, at: 0 }))
    }

    /// Whether the row of the file at this place is one of the table.
    fn holds(&self, at: u64, record: &Record) -> bool {
        at >= self.above
            && !record.is_blank()
            && !self.footers.contains(&at)
            && !header::is_again(&self.header, record)
            && header::mark(&self.header, record).is_none()
    }
}

/// The rows of a table in its file.
struct Below<'a> {
    table: &'a Table,
    rows: Box<dyn Rows + 'a>,
    /// How many rows of the file have been read.
    at: u64,
}

impl Rows for Below<'_> {
    fn next_row(&mut self, record: &mut Record) -> Result<bool, Fault> {
        while self.table.end.is_none_or(|end| self.at < end) && self.rows.next_row(record)? {
            self.at += 1;
            if self.table.holds(self.at - 1, record) {
                record.cell_count = record.cells.len();
                record.cells.resize(self.table.found.columns.len(), Cell::Empty);
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn marks(&self) -> Marks {
        self.rows.marks()
    }
}

/// What a file looks like.
pub(crate) fn kind_of(source: &dyn Source) -> Result<Kind, Fault> {
    kind::found(source)
}

/// Text as names are compared: without space around it, one space between words, and capitals say nothing.
fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.extend(word.chars().flat_map(char::to_lowercase));
    }
    folded
}

/// A text as a sentence repeats it.
fn excerpt(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().take(20).collect();
    format!("\u{201c}{}\u{201d}", crate::fault::shortened(&words.join(" "), 60))
}

/// `1 row`, `3 rows`, `12,000 rows`.
fn counted(count: u64, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{} {many}", grouped(count)) }
}

/// A number with commas between its thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A list in words, of at most so many: `3, 7 and 12`, `3, 7, 12 and 40 more`.
fn listed(items: &[String], count: u64) -> String {
    const MOST: usize = 5;
    let shown = &items[..items.len().min(MOST)];
    let more = count.saturating_sub(shown.len() as u64);
    match (shown, more) {
        ([first @ .., last], 0) if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        (shown, 0) => shown.join(", "),
        (shown, more) => format!("{} and {} more", shown.join(", "), grouped(more)),
    }
}

/// A fault of a whole file.
fn refused(code: &str, message: impl Into<Cow<'static, str>>) -> Fault {
    Fault::new("", code, message.into())
}

/// A fault of a line.
fn refused_at(line: u32, code: &str, message: impl Into<Cow<'static, str>>) -> Fault {
    Fault { line: Some(line), ..refused(code, message) }
}

/// What is said where the bytes themselves cannot be had.
fn unread(error: &std::io::Error) -> Fault {
    refused("unreadable_file", format!("the file cannot be read: {error}"))
}
