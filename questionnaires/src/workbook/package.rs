//! Bytes → the cells of a sheet, whatever the bytes are.
//!
//! Workbooks of every kind are read in [`crate::spreadsheet`], here through narrower limits: a form is small, and comes
//! from anyone who has its link. A sheet that claims to be large, or has a cell far away, costs no more than what is in it.

use super::{
    MAX_SHEET_CELLS, MAX_SHEET_COLUMNS, MAX_SHEET_ROWS, MAX_UNPACKED_BYTES, MAX_WORKBOOK_BYTES, MAX_WORKBOOK_PARTS,
    QUESTIONS_SHEET,
};
use crate::cells;
use crate::fault::Fault;
use crate::spreadsheet::{self, Cell, Kind, Record};

/// The most sheets in which a form is looked for that is not called as ours are.
const MAX_LOOKED_INTO: usize = 20;

const LIMITS: spreadsheet::book::Limits = spreadsheet::book::Limits {
    parts: MAX_WORKBOOK_PARTS,
    unpacked: MAX_UNPACKED_BYTES as u64,
    texts: MAX_SHEET_CELLS,
    text_bytes: MAX_UNPACKED_BYTES,
};

/// One row in which something stands.
pub(super) struct Row {
    /// The row as a spreadsheet counts, from 1.
    pub(super) row: u32,
    /// The line of the text, or again the row where there is none.
    pub(super) line: u32,
    /// The number of the column, from 1, and what stands there.
    pub(super) cells: Vec<(u32, Cell)>,
}

/// A workbook whose sheets can be read.
pub(super) struct Book<'a> {
    bytes: &'a [u8],
    book: spreadsheet::book::Book,
}

impl<'a> Book<'a> {
    /// Reads what the sheets of a workbook share. Of which kind it is, its bytes say where nobody does.
    pub(super) fn open(bytes: &'a [u8], kind: Option<Kind>) -> Result<Self, Fault> {
        if bytes.len() > MAX_WORKBOOK_BYTES {
            return Err(too_large(format!(
                "expected a workbook of at most {MAX_WORKBOOK_BYTES} bytes, found {}",
                bytes.len()
            )));
        }
        let kind = match kind {
            Some(kind) => kind,
            None => spreadsheet::kind_of(&bytes)?,
        };
        let book = spreadsheet::book::Book::open(&bytes, kind, &LIMITS)?;
        Ok(Self { bytes, book })
    }

    /// The place of the sheet with this name.
    fn place(&self, name: &str) -> Option<usize> {
        self.book.sheets().iter().position(|sheet| sheet.name.trim().eq_ignore_ascii_case(name))
    }

    /// The name and the rows of the sheet with the questions: the one that is called so, or else the first whose first
    /// cell says that it is a form. Spreadsheets call the one sheet of a CSV after its file.
    pub(super) fn questions(&self, is_form: impl Fn(&Cell) -> bool) -> Result<(String, Vec<Row>), Fault> {
        if let Some(at) = self.place(QUESTIONS_SHEET) {
            return Ok((QUESTIONS_SHEET.to_owned(), self.read(at)?));
        }
        let shown = self.book.sheets().iter().enumerate().filter(|(_, sheet)| !sheet.is_hidden);
        for (at, sheet) in shown.take(MAX_LOOKED_INTO) {
            let mut record = Record::default();
            let has_row = self.book.rows(&self.bytes, at)?.next_row(&mut record)?;
            if has_row && record.cells.first().is_some_and(&is_form) {
                return Ok((sheet.name.clone(), self.read(at)?));
            }
        }
        Err(Fault::new(
            "",
            "missing_sheet",
            format!("expected a sheet called `{QUESTIONS_SHEET}`, as in the form that was sent out"),
        ))
    }

    /// The rows of the sheet with this name in which anything stands; none where there is no such sheet.
    pub(super) fn rows(&self, name: &str) -> Result<Vec<Row>, Fault> {
        self.place(name).map_or_else(|| Ok(Vec::new()), |at| self.read(at))
    }

    fn read(&self, sheet: usize) -> Result<Vec<Row>, Fault> {
        let mut read = self.book.rows(&self.bytes, sheet)?;
        let mut rows = Vec::new();
        let mut record = Record::default();
        // Cells share texts, so that a small file may say much.
        let (mut count, mut bytes) = (0, 0);
        while read.next_row(&mut record)? {
            let (row, line) = (record.row, record.line);
            let mut cells = Vec::new();
            for (column, cell) in (1_u32..).zip(record.cells.drain(..)) {
                // A formula may say that it fills columns without end.
                let is_nothing = cell.is_blank() || (cell == Cell::Unsaved && column > MAX_SHEET_COLUMNS);
                if !is_nothing {
                    count += 1;
                    room_for(row, column, count)?;
                    bytes += if let Cell::Text(text) = &cell { text.len() } else { 0 };
                    if bytes > MAX_UNPACKED_BYTES {
                        return Err(too_large(format!(
                            "expected at most {MAX_UNPACKED_BYTES} bytes of texts in a sheet"
                        )));
                    }
                    cells.push((column, cell));
                }
            }
            if !cells.is_empty() {
                rows.push(Row { row, line, cells });
            }
        }
        Ok(rows)
    }
}

fn too_large(what: String) -> Fault {
    Fault::new("", "too_large", what)
}

/// Whether a sheet may hold something there too.
fn room_for(row: u32, column: u32, count: usize) -> Result<(), Fault> {
    if row > MAX_SHEET_ROWS || column > MAX_SHEET_COLUMNS {
        let (farthest, found) = (cells::letters(MAX_SHEET_COLUMNS), cells::letters(column));
        return Err(too_large(format!(
            "expected nothing beyond the cell {farthest}{MAX_SHEET_ROWS} of a sheet, found something in {found}{row}"
        )));
    }
    if count > MAX_SHEET_CELLS {
        return Err(too_large(format!("expected at most {MAX_SHEET_CELLS} filled cells in a workbook")));
    }
    Ok(())
}
