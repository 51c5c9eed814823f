//! Workbooks of Excel 97 to 2003: records one after the other, in a stream of a container.

use std::collections::{BTreeMap, VecDeque};

use super::book::{Gathered, Limits, Sheet, Texts, error, short_number, too_long};
use super::compound::{Compound, f64_at, u16_at, u32_at};
use super::format::{Format, plain};
use super::xlsx::MAX_TEXT_BYTES;
use super::xml::{at_most, unreadable};
use super::{Cell, Marks, Record, Rows, Source, refused};
use crate::fault::Fault;

/// The most sheets.
const MAX_SHEETS: usize = 1_000;
/// The most formats of cells.
const MAX_FORMATS: usize = 65_536;
/// The version that Excel 97 began.
const VERSION: u16 = 0x0600;

const BEGIN: u16 = 0x0809;
const END: u16 = 0x000a;
const CONTINUE: u16 = 0x003c;

/// A workbook whose sheets can be read.
#[derive(Debug)]
pub(super) struct Book {
    stream: Vec<u8>,
    texts: Texts,
    formats: Vec<Format>,
    /// How many days later than usual its dates begin.
    later: f64,
}

/// The record at a place of a stream: what it is, what is in it, and where the next is.
fn record(stream: &[u8], at: usize) -> Option<(u16, &[u8], usize)> {
    let (kind, length) = (u16_at(stream, at)?, u16_at(stream, at.checked_add(2)?)?);
    let begin = at + 4;
    let end = begin + usize::from(length);
    Some((kind, stream.get(begin..end)?, end))
}

/// The pieces of a record that goes on in the ones behind it, and where those end.
fn pieces<'a>(stream: &'a [u8], first: &'a [u8], mut next: usize) -> (Vec<&'a [u8]>, usize) {
    let mut pieces = vec![first];
    while let Some((CONTINUE, piece, end)) = record(stream, next) {
        pieces.push(piece);
        next = end;
    }
    (pieces, next)
}

impl Book {
    /// Reads what the sheets share.
    pub(super) fn open(source: &dyn Source, limits: &Limits) -> Result<(Vec<Sheet>, Self), Fault> {
        let compound = Compound::open(source)?;
        if compound.has("EncryptedPackage") || compound.has("EncryptionInfo") {
            return Err(super::kind::locked());
        }
        let older = || {
            refused(
                "not_a_table",
                "this is a workbook older than Excel 97: open it in a spreadsheet and save it as XLSX",
            )
        };
        let stream = match compound.stream("Workbook") {
            Some(stream) => stream,
            None if compound.has("Book") => return Err(older()),
            None => return Err(unreadable("it has no list of sheets")),
        };
        drop(compound);
        let mut book = Self { stream: Vec::new(), texts: Texts::default(), formats: Vec::new(), later: 0.0 };
        let mut sheets = Vec::new();
        let mut own = BTreeMap::new();
        let mut numbers = Vec::new();
        let mut at = 0;
        while let Some((kind, data, next)) = record(&stream, at) {
            at = next;
            match kind {
                BEGIN if u16_at(data, 0).is_some_and(|version| version != VERSION) => return Err(older()),
                0x002f => return Err(super::kind::locked()),
                0x0022 if u16_at(data, 0) == Some(1) => book.later = 1_462.0,
                0x0085 => {
                    if let Some(sheet) = sheet(data) {
                        sheets.push(sheet);
                    }
                    at_most(MAX_SHEETS, sheets.len(), "sheets")?;
                }
                0x041e => {
                    if let (Some(number), Some(code)) = (u16_at(data, 0), data.get(2..)) {
                        own.insert(number, Format::of(&Pieces::new(vec![code]).text().unwrap_or_default()));
                    }
                }
                0x00e0 => numbers.push(u16_at(data, 2).unwrap_or(0)),
                0x00fc => {
                    let (pieces, end) = pieces(&stream, data, at);
                    at = end;
                    let mut pieces = Pieces::new(pieces);
                    pieces.skip(8);
                    while let Some(text) = pieces.text() {
                        book.texts.push(&text, limits)?;
                    }
                }
                END => break,
                _ => {}
            }
            at_most(MAX_FORMATS, numbers.len().max(own.len()), "formats")?;
        }
        let format = |number: &u16| own.get(number).cloned().unwrap_or_else(|| Format::built_in(u32::from(*number)));
        book.formats = numbers.iter().map(format).collect();
        book.stream = stream;
        Ok((sheets, book))
    }

    /// The rows of a sheet in which anything stands.
    pub(super) fn rows(&self, sheet: &Sheet) -> Reading<'_> {
        Reading {
            book: self,
            at: sheet.at,
            depth: 0,
            gathered: Gathered::default(),
            waiting: VecDeque::new(),
            formula: None,
            marks: Marks::default(),
            is_over: false,
        }
    }

    fn number(&self, format: u16, value: f64) -> Cell {
        match self.formats.get(usize::from(format)) {
            _ if !value.is_finite() => Cell::Wrong("#NUM!".to_owned()),
            Some(format) => format.cell(value, self.later),
            None => plain(value),
        }
    }
}

fn sheet(data: &[u8]) -> Option<Sheet> {
    let at = usize::try_from(u32_at(data, 0)?).ok()?;
    let is_hidden = data.get(4)? & 3 != 0;
    // Macros and pages that hold a chart only have no rows.
    if *data.get(5)? != 0 {
        return None;
    }
    let count = usize::from(*data.get(6)?);
    let mut pieces = Pieces::new(vec![data.get(7..)?]);
    let is_wide = pieces.byte()? & 1 != 0;
    let name = pieces.letters(count, is_wide)?.replace('\0', "");
    Some(Sheet { name, is_hidden, part: String::new(), at })
}

/// Bytes that go on from record to record.
struct Pieces<'a> {
    pieces: Vec<&'a [u8]>,
    piece: usize,
    at: usize,
}

impl<'a> Pieces<'a> {
    fn new(pieces: Vec<&'a [u8]>) -> Self {
        Self { pieces, piece: 0, at: 0 }
    }

    /// What is left of the piece that is read, and of the next where nothing is.
    fn rest(&mut self) -> Option<&'a [u8]> {
        loop {
            let rest = self.pieces.get(self.piece)?.get(self.at..)?;
            if !rest.is_empty() {
                return Some(rest);
            }
            (self.piece, self.at) = (self.piece + 1, 0);
        }
    }

    fn byte(&mut self) -> Option<u8> {
        let byte = *self.rest()?.first()?;
        self.at += 1;
        Some(byte)
    }

    fn u16(&mut self) -> Option<u16> {
        Some(u16::from_le_bytes([self.byte()?, self.byte()?]))
    }

    fn skip(&mut self, count: usize) {
        let mut left = count;
        while left > 0 {
            let Some(rest) = self.rest() else { return };
            let these = rest.len().min(left);
            self.at += these;
            left -= these;
        }
    }

    /// So many letters of one byte or of two; where they go on in the next piece, that says anew of how many.
    fn letters(&mut self, count: usize, mut is_wide: bool) -> Option<String> {
        let mut units: Vec<u16> = Vec::new();
        while units.len() < count {
            let rest = self.pieces.get(self.piece)?.get(self.at..)?;
            let left = count - units.len();
            let these = if is_wide {
                units.extend(rest.chunks_exact(2).take(left).map(|pair| u16::from_le_bytes([pair[0], pair[1]])));
                (rest.len() / 2).min(left) * 2
            } else {
                units.extend(rest.iter().take(left).map(|byte| u16::from(*byte)));
                rest.len().min(left)
            };
            self.at += these;
            if units.len() < count {
                (self.piece, self.at) = (self.piece + 1, 0);
                is_wide = self.byte()? & 1 != 0;
            }
        }
        Some(String::from_utf16_lossy(&units))
    }

    /// A text with its length before it, and its looks behind it.
    fn text(&mut self) -> Option<String> {
        let count = usize::from(self.u16()?);
        let flags = self.byte()?;
        let runs = if flags & 8 == 0 { 0 } else { usize::from(self.u16()?) };
        let more = if flags & 4 == 0 {
            0
        } else {
            u32::from_le_bytes([self.byte()?, self.byte()?, self.byte()?, self.byte()?]) as usize
        };
        let text = self.letters(count, flags & 1 != 0)?;
        self.skip(runs * 4);
        self.skip(more);
        Some(text)
    }
}

/// The rows of a sheet.
pub(super) struct Reading<'a> {
    book: &'a Book,
    at: usize,
    /// How many charts inside charts are being passed over; one for the sheet itself.
    depth: u32,
    gathered: Gathered,
    /// Cells that have been read, and are part of no row yet.
    waiting: VecDeque<(u16, u16, Cell)>,
    /// The cell of a formula whose result, a text, comes behind it.
    formula: Option<(u16, u16)>,
    marks: Marks,
    is_over: bool,
}

impl Reading<'_> {
    /// Reads the next record; whether the sheet goes on.
    fn record(&mut self) -> Result<bool, Fault> {
        let Some((kind, data, next)) = record(&self.book.stream, self.at) else { return Ok(false) };
        self.at = next;
        match kind {
            BEGIN => self.depth += 1,
            END => {
                self.depth = self.depth.saturating_sub(1);
                return Ok(self.depth > 0);
            }
            _ if self.depth != 1 => {}
            // The result of a formula, if it is a text.
            0x0207 => {
                let (pieces, end) = pieces(&self.book.stream, data, next);
                self.at = end;
                if let Some((row, column)) = self.formula.take() {
                    let text = Pieces::new(pieces).text().unwrap_or_default();
                    self.push(row, column, of_text(text)?);
                }
            }
            0x0208 if u16_at(data, 12).is_some_and(|flags| flags & 0x20 != 0) && u16_at(data, 4) > u16_at(data, 2) => {
                self.marks.hidden_rows = self.marks.hidden_rows.saturating_add(1);
            }
            0x007d if u16_at(data, 8).is_some_and(|flags| flags & 1 != 0) => {
                let (first, last) = (u16_at(data, 0).unwrap_or(0), u16_at(data, 2).unwrap_or(0).min(255));
                let count = u32::from(last).saturating_add(1).saturating_sub(first.into());
                self.marks.hidden_columns = self.marks.hidden_columns.saturating_add(count);
            }
            0x00e5 => {
                let count = u32::from(u16_at(data, 0).unwrap_or(0));
                self.marks.merged = self.marks.merged.saturating_add(count);
            }
            _ => self.cell(kind, data).unwrap_or(Ok(()))?,
        }
        Ok(true)
    }

    /// Reads a record that may be one of a cell; none where it is cut off.
    fn cell(&mut self, kind: u16, data: &[u8]) -> Option<Result<(), Fault>> {
        if !matches!(kind, 0x0203 | 0x027e | 0x00bd | 0x00fd | 0x0204 | 0x00d6 | 0x0205 | 0x0006) {
            return None;
        }
        if let Some((row, column)) = self.formula.take() {
            self.push(row, column, Cell::Unsaved);
        }
        let (row, column, format) = (u16_at(data, 0)?, u16_at(data, 2)?, u16_at(data, 4)?);
        let cell = match kind {
            0x0203 => self.book.number(format, f64_at(data, 6)?),
            0x027e => self.book.number(format, short_number(data.get(6..10)?.try_into().ok()?)),
            0x00bd => {
                let end = data.len().checked_sub(2)?;
                for (column, number) in (column..=u16::MAX).zip(data.get(4..end)?.chunks_exact(6)) {
                    let value = short_number(number.get(2..)?.try_into().ok()?);
                    let cell = self.book.number(u16_at(number, 0)?, value);
                    self.push(row, column, cell);
                }
                return Some(Ok(()));
            }
            0x00fd => {
                let text = self.book.texts.get(u32_at(data, 6)? as usize).map(ToOwned::to_owned);
                match text.map(of_text) {
                    Some(Ok(cell)) => cell,
                    Some(Err(fault)) => return Some(Err(fault)),
                    None => return Some(Err(unreadable("a cell refers to a text that is not there"))),
                }
            }
            0x0204 | 0x00d6 => {
                let text = Pieces::new(vec![data.get(6..)?]).text().unwrap_or_default();
                match of_text(text) {
                    Ok(cell) => cell,
                    Err(fault) => return Some(Err(fault)),
                }
            }
            0x0205 if *data.get(7)? == 0 => Cell::Truth(*data.get(6)? != 0),
            0x0205 => error(*data.get(6)?),
            _ => match (data.get(6..14)?, u16_at(data, 12)?) {
                ([0, ..], 0xffff) => {
                    self.formula = Some((row, column));
                    return Some(Ok(()));
                }
                ([1, _, truth, ..], 0xffff) => Cell::Truth(*truth != 0),
                ([2, _, code, ..], 0xffff) => error(*code),
                (_, 0xffff) => Cell::Empty,
                _ => self.book.number(format, f64_at(data, 6)?),
            },
        };
        self.push(row, column, cell);
        Some(Ok(()))
    }

    fn push(&mut self, row: u16, column: u16, cell: Cell) {
        if cell != Cell::Empty {
            self.waiting.push_back((row, column, cell));
        }
    }
}

/// The cell with this text.
fn of_text(text: String) -> Result<Cell, Fault> {
    match text.len() {
        0 => Ok(Cell::Empty),
        length if length > MAX_TEXT_BYTES => Err(too_long(MAX_TEXT_BYTES)),
        _ => Ok(Cell::Text(text)),
    }
}

impl Rows for Reading<'_> {
    fn next_row(&mut self, record: &mut Record) -> Result<bool, Fault> {
        self.gathered.begin(record);
        loop {
            while let Some((row, column, cell)) = self.waiting.pop_front() {
                if self.gathered.take(record, u32::from(row) + 1, u32::from(column) + 1, cell)? {
                    return Ok(true);
                }
            }
            if self.is_over {
                return Ok(!record.cells.is_empty());
            }
            if !self.record()? {
                self.is_over = true;
                if let Some((row, column)) = self.formula.take() {
                    self.push(row, column, Cell::Unsaved);
                }
            }
        }
    }

    fn marks(&self) -> Marks {
        self.marks.clone()
    }
}
