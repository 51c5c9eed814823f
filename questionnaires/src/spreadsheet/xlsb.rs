//! Binary workbooks of Excel: records in a zip file, read one by one.

use std::collections::BTreeMap;
use std::io::{BufReader, Read};

use super::book::{Gathered, Limits, Named, Sheet, Texts, error, short_number, too_long};
use super::compound::{f64_at, u16_at, u32_at, wide};
use super::format::{Format, plain};
use super::package::{Package, Part, broken_part};
use super::xlsx::{MAX_TEXT_BYTES, targets};
use super::xml::{at_most, unreadable};
use super::{Cell, MAX_COLUMNS, Marks, Record, Rows, Source, refused};
use crate::fault::Fault;

const MAIN: &str = "xl/workbook.bin";
/// The most sheets.
const MAX_SHEETS: usize = 1_000;
/// The most formats of cells.
const MAX_FORMATS: usize = 65_536;
/// The longest record.
const MAX_BYTES: usize = 1024 * 1024;

/// A workbook whose sheets can be read.
#[derive(Debug)]
pub(super) struct Book {
    package: Package,
    texts: Texts,
    formats: Vec<Format>,
    /// How many days later than usual its dates begin.
    later: f64,
}

/// The records of a part.
struct Records<'a> {
    part: BufReader<Part<'a>>,
    data: Vec<u8>,
}

impl<'a> Records<'a> {
    fn new(part: Part<'a>) -> Self {
        Self { part: BufReader::with_capacity(64 * 1024, part), data: Vec::new() }
    }

    fn byte(&mut self) -> Result<Option<u8>, Fault> {
        let mut byte = [0];
        let read = self.part.read(&mut byte).map_err(|error| broken_part(&error))?;
        Ok((read == 1).then_some(byte[0]))
    }

    /// Reads the next record; what it is.
    fn next(&mut self) -> Result<Option<u16>, Fault> {
        self.part.get_mut().begin_piece();
        let Some(first) = self.byte()? else { return Ok(None) };
        let cut = || unreadable("a part of it ends too early");
        let mut kind = u16::from(first & 0x7f);
        if first & 0x80 != 0 {
            kind |= u16::from(self.byte()?.ok_or_else(cut)? & 0x7f) << 7;
        }
        let mut length = 0_usize;
        for shift in [0, 7, 14, 21] {
            let byte = self.byte()?.ok_or_else(cut)?;
            length |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                break;
            }
        }
        if length > MAX_BYTES {
            return Err(unreadable("a record of it is too long"));
        }
        self.data.clear();
        let read = Read::take(&mut self.part, length as u64).read_to_end(&mut self.data);
        if read.map_err(|error| broken_part(&error))? < length { Err(cut()) } else { Ok(Some(kind)) }
    }
}

/// A text with its length before it, and where it ends.
fn text(data: &[u8], at: usize) -> Option<(String, usize)> {
    let count = u32_at(data, at)?;
    let begin = at.checked_add(4)?;
    if count == u32::MAX {
        return Some((String::new(), begin));
    }
    let end = begin.checked_add(usize::try_from(count).ok()?.checked_mul(2)?)?;
    Some((wide(data.get(begin..end)?), end))
}

impl Book {
    /// Reads what the sheets share.
    pub(super) fn open(source: &dyn Source, limits: &Limits) -> Result<(Vec<Sheet>, Self), Fault> {
        let package = Package::open(source, limits)?;
        let targets = targets(&package, source, MAIN)?;
        let list = package.part(source, MAIN)?.ok_or_else(|| unreadable("it has no list of sheets"))?;
        let mut sheets = Vec::new();
        let mut later = 0.0;
        let mut records = Records::new(list);
        while let Some(kind) = records.next()? {
            match kind {
                0x0099 if records.data.first().is_some_and(|flags| flags & 1 != 0) => later = 1_462.0,
                0x009c => {
                    sheets.extend(sheet(&records.data, &targets));
                    at_most(MAX_SHEETS, sheets.len(), "sheets")?;
                }
                _ => {}
            }
        }
        let texts = texts(&package, source, limits)?;
        let formats = formats(&package, source)?;
        Ok((sheets, Self { package, texts, formats, later }))
    }

    /// The rows of a sheet in which anything stands.
    pub(super) fn rows<'a>(&'a self, source: &'a dyn Source, sheet: &Sheet) -> Result<Reading<'a>, Fault> {
        let part = self.package.part(source, &sheet.part)?;
        let part =
            part.ok_or_else(|| refused("missing_sheet", format!("the sheet `{}` is not in the file", sheet.name)))?;
        Ok(Reading {
            book: self,
            records: Records::new(part),
            gathered: Gathered::default(),
            named: Named::default(),
            row: 0,
            is_hidden: false,
            marks: Marks::default(),
            is_over: false,
        })
    }

    fn number(&self, data: &[u8], value: f64) -> Cell {
        // The format takes three bytes, and the fourth is another thing.
        let format = u32_at(data, 4).and_then(|format| self.formats.get((format & 0x00ff_ffff) as usize));
        match format {
            _ if !value.is_finite() => Cell::Wrong("#NUM!".to_owned()),
            Some(format) => format.cell(value, self.later),
            None => plain(value),
        }
    }

    /// What stands in a cell; none for a record that is no cell.
    fn cell(&self, kind: u16, data: &[u8]) -> Option<Result<Cell, Fault>> {
        let cell = match kind {
            2 => self.number(data, short_number(data.get(8..12)?.try_into().ok()?)),
            3 | 11 => error(*data.get(8)?),
            4 | 10 => Cell::Truth(*data.get(8)? != 0),
            5 | 9 => self.number(data, f64_at(data, 8)?),
            6 | 8 => {
                let (text, _) = text(data, 8)?;
                if text.len() > MAX_TEXT_BYTES {
                    return Some(Err(too_long(MAX_TEXT_BYTES)));
                }
                Cell::Text(text)
            }
            7 => match self.texts.get(u32_at(data, 8)? as usize) {
                Some(text) => Cell::Text(text.to_owned()),
                None => return Some(Err(unreadable("a cell refers to a text that is not there"))),
            },
            _ => return None,
        };
        let is_nothing = matches!(&cell, Cell::Text(text) if text.is_empty());
        Some(Ok(if is_nothing { Cell::Empty } else { cell }))
    }
}

fn sheet(data: &[u8], targets: &BTreeMap<String, String>) -> Option<Sheet> {
    let is_hidden = u32_at(data, 0)? != 0;
    let (id, at) = text(data, 8)?;
    let (name, _) = text(data, at)?;
    let part = targets.get(&id).filter(|part| part.contains("worksheets/"))?.clone();
    Some(Sheet { name, is_hidden, part, at: 0 })
}

/// The texts that cells refer to by number.
fn texts(package: &Package, source: &dyn Source, limits: &Limits) -> Result<Texts, Fault> {
    let mut texts = Texts::default();
    let Some(part) = package.part(source, "xl/sharedstrings.bin")? else { return Ok(texts) };
    let mut records = Records::new(part);
    while let Some(kind) = records.next()? {
        if kind == 0x0013 {
            let (text, _) = text(&records.data, 1).ok_or_else(|| unreadable("a text of it is damaged"))?;
            texts.push(&text, limits)?;
        }
    }
    Ok(texts)
}

/// How the numbers of each format are shown.
fn formats(package: &Package, source: &dyn Source) -> Result<Vec<Format>, Fault> {
    let mut formats = Vec::new();
    let Some(part) = package.part(source, "xl/styles.bin")? else { return Ok(formats) };
    let mut own = BTreeMap::new();
    let mut in_cells = false;
    let mut records = Records::new(part);
    while let Some(kind) = records.next()? {
        let data = records.data.as_slice();
        match kind {
            0x002c => {
                if let (Some(number), Some((code, _))) = (u16_at(data, 0), text(data, 2)) {
                    own.insert(number, Format::of(&code));
                }
            }
            0x0269 => in_cells = true,
            0x026a => in_cells = false,
            0x002f if in_cells => {
                let number = u16_at(data, 2).unwrap_or(0);
                formats.push(own.get(&number).cloned().unwrap_or_else(|| Format::built_in(number.into())));
            }
            _ => {}
        }
        at_most(MAX_FORMATS, formats.len().max(own.len()), "formats")?;
    }
    Ok(formats)
}

/// The rows of a sheet.
pub(super) struct Reading<'a> {
    book: &'a Book,
    records: Records<'a>,
    gathered: Gathered,
    named: Named,
    row: u32,
    is_hidden: bool,
    marks: Marks,
    is_over: bool,
}

impl Rows for Reading<'_> {
    fn next_row(&mut self, record: &mut Record) -> Result<bool, Fault> {
        self.gathered.begin(record);
        while !self.is_over {
            let Some(kind) = self.records.next()? else {
                self.is_over = true;
                break;
            };
            let data = self.records.data.as_slice();
            match kind {
                0 => {
                    self.named.row()?;
                    self.row = u32_at(data, 0).and_then(|row| row.checked_add(1)).unwrap_or(u32::MAX);
                    self.is_hidden = data.get(11).is_some_and(|flags| flags & 0x10 != 0);
                }
                0x003c if u16_at(data, 16).is_some_and(|flags| flags & 1 != 0) => {
                    let last = u32::try_from(MAX_COLUMNS).unwrap_or(u32::MAX);
                    let (from, to) = (u32_at(data, 0).unwrap_or(0), u32_at(data, 4).unwrap_or(0).min(last));
                    let count = to.saturating_add(1).saturating_sub(from);
                    self.marks.hidden_columns = self.marks.hidden_columns.saturating_add(count);
                }
                0x00b0 => self.marks.merged = self.marks.merged.saturating_add(1),
                _ => {
                    let (Some(cell), Some(column)) = (self.book.cell(kind, data), u32_at(data, 0)) else { continue };
                    let cell = cell?;
                    if cell == Cell::Empty {
                        continue;
                    }
                    let is_first = record.cells.is_empty() || record.row != self.row;
                    self.marks.hidden_rows += u32::from(self.is_hidden && is_first);
                    if self.gathered.take(record, self.row, column.saturating_add(1), cell)? {
                        return Ok(true);
                    }
                }
            }
        }
        Ok(!record.cells.is_empty())
    }

    fn marks(&self) -> Marks {
        self.marks.clone()
    }
}
