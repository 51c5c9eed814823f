//! Workbooks: their sheets, and what all kinds of them share.

use super::ods;
use super::xls;
use super::xlsb;
use super::xlsx;
use super::xml::{at_most, too_large};
use super::{
    Cell, Kind, MAX_COLUMNS, MAX_ROWS, Options, Record, Rows, Source, excerpt, folded, grouped, listed, refused,
};
use crate::cells::letters;
use crate::fault::Fault;

/// The most sheets that are looked into to find the one that is meant.
const MAX_LOOKED_INTO: usize = 50;
/// How many of their rows are looked at.
const LOOKED_AT: usize = 50;
/// The most bytes of the texts of a row.
const MAX_ROW_BYTES: u64 = 16 * 1024 * 1024;
/// The most bytes of all texts of a sheet.
const MAX_SHEET_BYTES: u64 = 2 * 1024 * 1024 * 1024;
/// What a cell that is repeated costs besides its text.
const CELL_BYTES: u64 = 64;

/// What a workbook may hold at most.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// The most parts.
    pub(crate) parts: usize,
    /// The most bytes that its parts unpack to. A sheet is not kept in memory, so that this is a limit on time.
    pub(crate) unpacked: u64,
    /// The most texts that cells share, and their bytes: these are kept.
    pub(crate) texts: usize,
    pub(crate) text_bytes: usize,
}

impl Limits {
    /// For a file of rows.
    pub(crate) const FILE: Self =
        Self { parts: 5_000, unpacked: 2 * 1024 * 1024 * 1024, texts: 4_000_000, text_bytes: 128 * 1024 * 1024 };
    /// To see what a file is, whatever that may be.
    pub(crate) const LOOK: Self = Self { parts: 65_535, unpacked: u64::MAX, texts: 0, text_bytes: 0 };

    /// Whether its parts will be read.
    pub(super) fn is_to_read(&self) -> bool {
        self.unpacked < u64::MAX
    }
}

/// A sheet of a workbook.
#[derive(Debug, Clone)]
pub(crate) struct Sheet {
    pub(crate) name: String,
    pub(crate) is_hidden: bool,
    /// The part it stands in, or its place.
    pub(super) part: String,
    pub(super) at: usize,
}

/// A workbook whose sheets can be read.
#[derive(Debug)]
pub(crate) struct Book {
    sheets: Vec<Sheet>,
    inner: Inner,
}

#[derive(Debug)]
enum Inner {
    Xlsx(xlsx::Book),
    Xlsb(xlsb::Book),
    Xls(xls::Book),
    Ods(ods::Book),
}

impl Book {
    /// Reads what the sheets of a workbook share.
    pub(crate) fn open(source: &dyn Source, kind: Kind, limits: &Limits) -> Result<Self, Fault> {
        let (sheets, inner) = match kind {
            Kind::Xlsb => xlsb::Book::open(source, limits).map(|(sheets, book)| (sheets, Inner::Xlsb(book)))?,
            Kind::Xls => xls::Book::open(source, limits).map(|(sheets, book)| (sheets, Inner::Xls(book)))?,
            Kind::Ods => ods::Book::open(source, limits).map(|(sheets, book)| (sheets, Inner::Ods(book)))?,
            _ => xlsx::Book::open(source, limits).map(|(sheets, book)| (sheets, Inner::Xlsx(book)))?,
        };
        Ok(Self { sheets, inner })
    }

    pub(crate) fn sheets(&self) -> &[Sheet] {
        &self.sheets
    }

    /// The rows of a sheet in which anything stands.
    pub(crate) fn rows<'a>(&'a self, source: &'a dyn Source, sheet: usize) -> Result<Box<dyn Rows + 'a>, Fault> {
        let sheet = self.sheets.get(sheet).ok_or_else(|| refused("missing_sheet", "the workbook has no such sheet"))?;
        Ok(match &self.inner {
            Inner::Xlsx(book) => Box::new(book.rows(source, sheet)?),
            Inner::Xlsb(book) => Box::new(book.rows(source, sheet)?),
            Inner::Xls(book) => Box::new(book.rows(sheet)),
            Inner::Ods(book) => Box::new(book.rows(source, sheet)?),
        })
    }

    /// The sheet that is meant: the one that is named; else the first that has the columns that are asked for; else the
    /// first in which anything stands. Hidden ones are read only where they are named.
    pub(super) fn chosen(
        &self,
        source: &dyn Source,
        options: &Options,
        sentences: &mut Vec<String>,
    ) -> Result<usize, Fault> {
        let names = |is_hidden: bool| -> Vec<String> {
            let these = self.sheets.iter().filter(|sheet| sheet.is_hidden == is_hidden);
            these.map(|sheet| excerpt(&sheet.name)).collect()
        };
        let (visible, hidden) = (names(false), names(true));
        if let Some(wanted) = &options.sheet {
            let is_it = |sheet: &Sheet| folded(&sheet.name) == folded(wanted);
            return self.sheets.iter().position(is_it).ok_or_else(|| {
                let all: Vec<String> = visible.iter().chain(&hidden).cloned().collect();
                let all = listed(&all, all.len() as u64);
                refused("missing_sheet", format!("expected a sheet called {}, found {all}", excerpt(wanted)))
            });
        }
        let wanted: Vec<String> = options.wanted.iter().map(|name| folded(name)).collect();
        let mut best: Option<(usize, usize)> = None;
        let shown = self.sheets.iter().enumerate().filter(|(_, sheet)| !sheet.is_hidden);
        for (at, _) in shown.take(MAX_LOOKED_INTO) {
            let names = self.names(source, at, &wanted)?;
            if let Some(names) = names.filter(|names| best.is_none_or(|(_, most)| *names > most)) {
                best = Some((at, names));
            }
        }
        let Some((at, _)) = best else {
            let more = if hidden.is_empty() { "" } else { "; name a hidden sheet to read it" };
            return Err(refused("no_table", format!("expected a table, found nothing in the workbook{more}")));
        };
        if self.sheets.len() > 1 {
            let name = self.sheets.get(at).map(|sheet| excerpt(&sheet.name)).unwrap_or_default();
            let others: Vec<String> = visible.into_iter().filter(|other| *other != name).collect();
            let mut said = format!("Read is the sheet {name}");
            if !others.is_empty() {
                said.push_str(&format!("; not read: {}", listed(&others, others.len() as u64)));
            }
            if !hidden.is_empty() {
                said.push_str(&format!("; hidden and not read: {}", listed(&hidden, hidden.len() as u64)));
            }
            sentences.push(said + ".");
        }
        Ok(at)
    }

    /// How many of these names stand together in one of the first rows of a sheet; none where nothing stands in it.
    fn names(&self, source: &dyn Source, sheet: usize, wanted: &[String]) -> Result<Option<usize>, Fault> {
        let mut rows = self.rows(source, sheet)?;
        let mut record = Record::default();
        let mut most = None;
        for _ in 0..LOOKED_AT {
            if !rows.next_row(&mut record)? {
                break;
            }
            let found = record.cells.iter().filter(|cell| wanted.contains(&folded(&cell.shown()))).count();
            most = most.max(Some(found));
            if wanted.is_empty() {
                break;
            }
        }
        Ok(most)
    }
}

/// Texts that cells share, one behind the other.
#[derive(Debug, Default)]
pub(super) struct Texts {
    text: String,
    ends: Vec<usize>,
}

impl Texts {
    pub(super) fn push(&mut self, text: &str, limits: &Limits) -> Result<(), Fault> {
        self.text.push_str(text);
        self.ends.push(self.text.len());
        at_most(limits.texts, self.ends.len(), "texts")?;
        at_most(limits.text_bytes, self.text.len(), "bytes of texts")
    }

    pub(super) fn get(&self, at: usize) -> Option<&str> {
        let end = *self.ends.get(at)?;
        let begin = at.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.text.get(begin..end)
    }
}

/// How much the rows of a sheet have said so far. Cells share texts, and cells and rows are repeated, so that a small
/// file may say more than anybody can read.
#[derive(Debug, Default)]
pub(super) struct Amount {
    row: u64,
    all: u64,
}

impl Amount {
    /// Another row begins.
    pub(super) fn begin_row(&mut self) {
        self.row = 0;
    }

    /// A cell, which stands in so many columns.
    pub(super) fn cell(&mut self, cell: &Cell, columns: u64) -> Result<(), Fault> {
        let length = if let Cell::Text(text) = cell { text.len() as u64 } else { 0 };
        self.row = self.row.saturating_add(length.saturating_mul(columns));
        if self.row > MAX_ROW_BYTES {
            return Err(too_large(format!("expected at most {} bytes in a row of a sheet", grouped(MAX_ROW_BYTES))));
        }
        self.more(length.saturating_mul(columns))
    }

    /// The row that has been read, so many cells wide, comes as often again.
    pub(super) fn again(&mut self, cells: usize, times: u32) -> Result<(), Fault> {
        let each = self.row.saturating_add((cells as u64).saturating_mul(CELL_BYTES));
        self.more(each.saturating_mul(times.into()))
    }

    fn more(&mut self, bytes: u64) -> Result<(), Fault> {
        self.all = self.all.saturating_add(bytes);
        if self.all > MAX_SHEET_BYTES {
            let most = grouped(MAX_SHEET_BYTES);
            return Err(too_large(format!("expected at most {most} bytes in a sheet, what is repeated included")));
        }
        Ok(())
    }
}

/// How many rows a sheet names, with anything in them or without.
#[derive(Debug, Default)]
pub(super) struct Named(u32);

impl Named {
    /// Another row.
    pub(super) fn row(&mut self) -> Result<(), Fault> {
        self.0 = self.0.saturating_add(1);
        if self.0 > MAX_ROWS {
            let most = grouped(MAX_ROWS.into());
            return Err(too_large(format!("expected at most {most} rows in a sheet, empty ones included")));
        }
        Ok(())
    }
}

/// Cells that come one by one, put together to rows.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    amount: Amount,
    /// The first cell of the row behind the one that is read.
    next: Option<(u32, u32, Cell)>,
}

impl Gathered {
    /// Begins a row: whether one was begun already.
    pub(super) fn begin(&mut self, record: &mut Record) -> bool {
        record.cells.clear();
        let Some((row, column, cell)) = self.next.take() else { return false };
        place(record, row, column, cell);
        true
    }

    /// Takes a cell, row and column from 1; whether the row is complete without it.
    pub(super) fn take(&mut self, record: &mut Record, row: u32, column: u32, cell: Cell) -> Result<bool, Fault> {
        if row > MAX_ROWS || column as usize > MAX_COLUMNS {
            return Err(too_large(format!(
                "expected nothing beyond the cell {}{MAX_ROWS} of a sheet, found something in {}{row}",
                letters(u32::try_from(MAX_COLUMNS).unwrap_or(u32::MAX)),
                letters(column)
            )));
        }
        if record.cells.is_empty() || record.row != row {
            self.amount.begin_row();
        }
        self.amount.cell(&cell, 1)?;
        if !record.cells.is_empty() && record.row != row {
            self.next = Some((row, column, cell));
            return Ok(true);
        }
        place(record, row, column, cell);
        Ok(false)
    }
}

fn place(record: &mut Record, row: u32, column: u32, cell: Cell) {
    (record.row, record.line) = (row, row);
    let at = column.saturating_sub(1) as usize;
    if record.cells.len() <= at {
        record.cells.resize(at + 1, Cell::Empty);
    }
    // Of two for one place the first counts.
    if let Some(there @ Cell::Empty) = record.cells.get_mut(at) {
        *there = cell;
    }
}

/// The number in the four bytes in which workbooks of Excel keep most numbers.
pub(super) fn short_number(bytes: [u8; 4]) -> f64 {
    let bits = u32::from_le_bytes(bytes);
    let number = if bits & 2 == 0 {
        f64::from_bits(u64::from(bits & 0xffff_fffc) << 32)
    } else {
        f64::from(i32::from_le_bytes(bytes) >> 2)
    };
    if bits & 1 == 0 { number } else { number / 100.0 }
}

/// The name of an error in a cell.
pub(super) fn error(code: u8) -> Cell {
    Cell::Wrong(
        match code {
            0x00 => "#NULL!",
            0x07 => "#DIV/0!",
            0x0f => "#VALUE!",
            0x17 => "#REF!",
            0x1d => "#NAME?",
            0x24 => "#NUM!",
            0x2b => "#GETTING_DATA",
            _ => "#N/A",
        }
        .to_owned(),
    )
}

/// What is said of a text in a cell that is too long.
pub(super) fn too_long(most: usize) -> Fault {
    too_large(format!("expected at most {} bytes in a cell", grouped(most as u64)))
}
