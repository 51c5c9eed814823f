//! Spreadsheets in the OpenDocument format: one XML in a zip file, read cell by cell.
//!
//! A cell has its value and beside it what people see. Cells and rows that are alike stand in the file once with how
//! often they are repeated: only those that hold something are, and no more often than a sheet is large.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{NaiveDate, NaiveTime};
use quick_xml::events::{BytesStart, Event};

use super::book::{Amount, Limits, Named, Sheet, too_long};
use super::cell::shown_time;
use super::format::{general, plain};
use super::package::Package;
use super::xlsx::MAX_TEXT_BYTES;
use super::xml::{Xml, at_most, broken, too_large, unreadable};
use super::{Cell, MAX_COLUMNS, MAX_ROWS, Marks, Record, Rows, Source, grouped};
use crate::fault::Fault;

const CONTENT: &str = "content.xml";
const MANIFEST: &str = "meta-inf/manifest.xml";
/// The most bytes of the list of parts.
const MAX_MANIFEST: u64 = 4 * 1024 * 1024;
/// The most sheets, and the most ways a sheet is shown.
const MAX_SHEETS: usize = 1_000;
const MAX_STYLES: usize = 100_000;

/// A spreadsheet whose sheets can be read.
#[derive(Debug)]
pub(super) struct Book {
    package: Package,
}

/// The attributes of a tag that are wanted.
fn attributes(element: &BytesStart<'_>, wanted: &[&'static str]) -> Result<BTreeMap<&'static str, String>, Fault> {
    let mut found = BTreeMap::new();
    for attribute in element.attributes().with_checks(false) {
        let attribute = attribute.map_err(|error| broken(error.into()))?;
        let name = wanted.iter().find(|name| name.as_bytes() == attribute.key.as_ref());
        if let Some(name) = name {
            found.insert(*name, attribute.unescape_value().map_err(broken)?.into_owned());
        }
    }
    Ok(found)
}

impl Book {
    /// Reads which sheets there are.
    pub(super) fn open(source: &dyn Source, limits: &Limits) -> Result<(Vec<Sheet>, Self), Fault> {
        let package = Package::open(source, limits)?;
        let manifest = package.whole(source, MANIFEST, MAX_MANIFEST)?.unwrap_or_default();
        let secret = b"encryption-data";
        if manifest.windows(secret.len()).any(|part| part == secret) {
            return Err(super::kind::locked());
        }
        let content = package.part(source, CONTENT)?.ok_or_else(|| unreadable("it has no content"))?;
        let mut xml = Xml::new(content);
        let mut sheets = Vec::new();
        let mut hidden = BTreeSet::new();
        let mut style = None;
        // Tables may stand in cells, and in pictures; those are no sheets.
        let mut depth = 0_u32;
        loop {
            match xml.next()? {
                Event::Start(element) | Event::Empty(element) if element.name().as_ref() == b"style:style" => {
                    style = attributes(&element, &["style:name"])?.remove("style:name");
                }
                Event::Start(element) | Event::Empty(element)
                    if element.name().as_ref() == b"style:table-properties" =>
                {
                    let display = attributes(&element, &["table:display"])?.remove("table:display");
                    if display.as_deref() == Some("false") {
                        hidden.extend(style.take());
                        at_most(MAX_STYLES, hidden.len(), "styles")?;
                    }
                }
                Event::Start(element) if element.name().as_ref() == b"table:table" => {
                    if depth == 0 {
                        let mut found = attributes(&element, &["table:name", "table:style-name"])?;
                        let is_hidden = found.get("table:style-name").is_some_and(|style| hidden.contains(style));
                        let name = found.remove("table:name").unwrap_or_default();
                        sheets.push(Sheet { name, is_hidden, part: CONTENT.to_owned(), at: sheets.len() });
                        at_most(MAX_SHEETS, sheets.len(), "sheets")?;
                    }
                    depth = depth.saturating_add(1);
                }
                Event::End(element) if element.name().as_ref() == b"table:table" => depth = depth.saturating_sub(1),
                Event::Eof => return Ok((sheets, Self { package })),
                _ => {}
            }
        }
    }

    /// The rows of a sheet in which anything stands.
    pub(super) fn rows<'a>(&'a self, source: &'a dyn Source, sheet: &Sheet) -> Result<Reading<'a>, Fault> {
        let content = self.package.part(source, CONTENT)?.ok_or_else(|| unreadable("it has no content"))?;
        let mut xml = Xml::new(content);
        let (mut depth, mut at) = (0_u32, 0);
        loop {
            match xml.next()? {
                Event::Start(element) if element.name().as_ref() == b"table:table" => {
                    if depth == 0 {
                        if at == sheet.at {
                            break;
                        }
                        at += 1;
                    }
                    depth = depth.saturating_add(1);
                }
                Event::End(element) if element.name().as_ref() == b"table:table" => depth = depth.saturating_sub(1),
                Event::Eof => return Err(unreadable("a sheet of it is missing")),
                _ => {}
            }
        }
        Ok(Reading {
            xml,
            row: 0,
            repeated: 1,
            again: 0,
            kept: Vec::new(),
            column: 0,
            open: None,
            depth: 0,
            passed: 0,
            marks: Marks::default(),
            named: Named::default(),
            amount: Amount::default(),
            is_hidden: false,
            is_over: false,
        })
    }
}

/// A cell that is being read.
struct Open {
    attributes: BTreeMap<&'static str, String>,
    is_covered: bool,
    text: String,
    paragraphs: u32,
}

const OF_CELL: [&str; 11] = [
    "office:value-type",
    "calcext:value-type",
    "office:value",
    "office:date-value",
    "office:time-value",
    "office:boolean-value",
    "office:string-value",
    "table:formula",
    "table:number-columns-repeated",
    "table:number-columns-spanned",
    "table:number-rows-spanned",
];

impl Open {
    fn of(element: &BytesStart<'_>) -> Result<Self, Fault> {
        let is_covered = element.name().as_ref() == b"table:covered-table-cell";
        Ok(Self { attributes: attributes(element, &OF_CELL)?, is_covered, text: String::new(), paragraphs: 0 })
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }

    fn count(&self, name: &str) -> u32 {
        self.get(name).and_then(|count| count.parse().ok()).unwrap_or(1)
    }

    fn push(&mut self, text: &str) -> Result<(), Fault> {
        self.text.push_str(text);
        if self.text.len() > MAX_TEXT_BYTES { Err(too_long(MAX_TEXT_BYTES)) } else { Ok(()) }
    }

    /// What stands in it.
    fn cell(self) -> Result<Cell, Fault> {
        if self.is_covered {
            return Ok(Cell::Empty);
        }
        if self.get("calcext:value-type") == Some("error") {
            let text = if self.text.is_empty() { "#N/A" } else { self.text.as_str() };
            return Ok(Cell::Wrong(text.to_owned()));
        }
        let number = |value: f64| {
            // What is shown too small or too large for its cell says less than the number.
            let is_told = !self.text.is_empty() && !self.text.contains(['E', '#']);
            let shown = if is_told { self.text.clone() } else { general(value) };
            Cell::Number { value, shown }
        };
        let wrong = || unreadable("a cell with a number has none");
        Ok(match self.get("office:value-type") {
            Some("float" | "percentage" | "currency") => {
                let value = self.get("office:value").and_then(|value| value.parse::<f64>().ok());
                number(value.filter(|value| value.is_finite()).ok_or_else(wrong)?)
            }
            Some("date") => match self.get("office:date-value").and_then(moment) {
                Some((day, time)) => Cell::Moment { day, time: shown_time(time) },
                None => of_text(self.text),
            },
            Some("time") => match self.get("office:time-value").and_then(days) {
                Some(value) if self.text.is_empty() => plain(value),
                Some(value) => number(value),
                None => of_text(self.text),
            },
            Some("boolean") => Cell::Truth(self.get("office:boolean-value").is_some_and(|value| value == "true")),
            Some(_) => match self.get("office:string-value") {
                Some(text) if self.text.is_empty() => of_text(text.to_owned()),
                _ => of_text(self.text),
            },
            None if self.text.is_empty() && self.get("table:formula").is_some() => Cell::Unsaved,
            None => of_text(self.text),
        })
    }
}

fn of_text(text: String) -> Cell {
    if text.is_empty() { Cell::Empty } else { Cell::Text(text) }
}

/// `2026-03-31`, or with a time behind a `T`.
fn moment(text: &str) -> Option<(NaiveDate, NaiveTime)> {
    let (day, time) = text.split_once('T').unwrap_or((text, "00:00:00"));
    let time = time.split(['.', 'Z']).next().unwrap_or_default();
    let time =
        NaiveTime::parse_from_str(time, "%H:%M:%S").or_else(|_| NaiveTime::parse_from_str(time, "%H:%M")).ok()?;
    Some((NaiveDate::parse_from_str(day, "%Y-%m-%d").ok()?, time))
}

/// `PT08H30M00S` in days.
fn days(text: &str) -> Option<f64> {
    let mut seconds = 0.0;
    let mut digits = String::new();
    for character in text.strip_prefix("PT")?.chars() {
        let each = match character {
            'H' => 3_600.0,
            'M' => 60.0,
            'S' => 1.0,
            other => {
                digits.push(other);
                continue;
            }
        };
        seconds += std::mem::take(&mut digits).parse::<f64>().ok()? * each;
    }
    Some(seconds / 86_400.0).filter(|days| days.is_finite())
}

/// The rows of a sheet.
pub(super) struct Reading<'a> {
    xml: Xml<'a>,
    row: u32,
    /// How often the row that is read stands there.
    repeated: u32,
    /// How often the row that was read last is still to come, and its cells.
    again: u32,
    kept: Vec<Cell>,
    column: u32,
    open: Option<Open>,
    /// How many tables inside the sheet are being passed over.
    depth: u32,
    /// How many notes and pictures are.
    passed: u32,
    marks: Marks,
    named: Named,
    amount: Amount,
    is_hidden: bool,
    is_over: bool,
}

impl Reading<'_> {
    /// Reads until a row ends; whether anything stands in it. At the end of the sheet nothing does.
    fn row(&mut self, record: &mut Record) -> Result<bool, Fault> {
        loop {
            let event = self.xml.next()?;
            match event {
                Event::Start(element) => {
                    let name = element.name();
                    match name.as_ref() {
                        b"table:table" => self.depth = self.depth.saturating_add(1),
                        b"office:annotation" | b"draw:frame" | b"table:shapes" => {
                            self.passed = self.passed.saturating_add(1)
                        }
                        _ if self.depth > 0 || self.passed > 0 => {}
                        b"table:table-row" => {
                            let mut found = attributes(&element, &["table:number-rows-repeated", "table:visibility"])?;
                            let repeated =
                                found.remove("table:number-rows-repeated").and_then(|count| count.parse().ok());
                            self.repeated = repeated.unwrap_or(1).max(1);
                            self.is_hidden = found.remove("table:visibility").is_some_and(|shown| shown != "visible");
                            self.column = 0;
                            record.cells.clear();
                            self.named.row()?;
                            self.amount.begin_row();
                        }
                        b"table:table-cell" | b"table:covered-table-cell" => self.open = Some(Open::of(&element)?),
                        b"table:table-column" => hidden_columns(&mut self.marks, &element)?,
                        b"text:p" => {
                            if let Some(open) = &mut self.open {
                                open.paragraphs += 1;
                                if open.paragraphs > 1 {
                                    open.push("\n")?;
                                }
                            }
                        }
                        _ => {}
                    }
                }
                Event::Empty(element) if self.depth == 0 && self.passed == 0 => match element.name().as_ref() {
                    b"table:table-cell" | b"table:covered-table-cell" => {
                        let open = Open::of(&element)?;
                        put(&mut self.column, &mut self.marks, &mut self.amount, open, record, self.row)?;
                    }
                    b"table:table-column" => hidden_columns(&mut self.marks, &element)?,
                    b"table:table-row" => {
                        let found = attributes(&element, &["table:number-rows-repeated"])?;
                        let count = found.get("table:number-rows-repeated").and_then(|count| count.parse().ok());
                        self.row = self.row.saturating_add(count.unwrap_or(1));
                        self.named.row()?;
                    }
                    b"text:p" => {
                        if let Some(open) = &mut self.open {
                            open.paragraphs += 1;
                            if open.paragraphs > 1 {
                                open.push("\n")?;
                            }
                        }
                    }
                    b"text:s" => {
                        if let Some(open) = &mut self.open {
                            let found = attributes(&element, &["text:c"])?;
                            let count = found.get("text:c").and_then(|count| count.parse::<usize>().ok()).unwrap_or(1);
                            open.push(&" ".repeat(count.min(MAX_TEXT_BYTES)))?;
                        }
                    }
                    b"text:tab" => {
                        if let Some(open) = &mut self.open {
                            open.push("\t")?;
                        }
                    }
                    b"text:line-break" => {
                        if let Some(open) = &mut self.open {
                            open.push("\n")?;
                        }
                    }
                    _ => {}
                },
                Event::Text(text) if self.depth == 0 && self.passed == 0 => {
                    if let Some(open) = self.open.as_mut().filter(|open| open.paragraphs > 0) {
                        open.push(&text.unescape().map_err(broken)?)?;
                    }
                }
                Event::CData(text) if self.depth == 0 && self.passed == 0 => {
                    if let Some(open) = self.open.as_mut().filter(|open| open.paragraphs > 0) {
                        open.push(std::str::from_utf8(&text).map_err(unreadable)?)?;
                    }
                }
                Event::End(element) => match element.name().as_ref() {
                    b"table:table" if self.depth == 0 => {
                        self.is_over = true;
                        return Ok(false);
                    }
                    b"table:table" => self.depth -= 1,
                    b"office:annotation" | b"draw:frame" | b"table:shapes" => {
                        self.passed = self.passed.saturating_sub(1)
                    }
                    _ if self.depth > 0 || self.passed > 0 => {}
                    b"table:table-cell" | b"table:covered-table-cell" => {
                        if let Some(open) = self.open.take() {
                            put(&mut self.column, &mut self.marks, &mut self.amount, open, record, self.row)?;
                        }
                    }
                    b"table:table-row" => break,
                    _ => {}
                },
                Event::Eof => {
                    self.is_over = true;
                    return Ok(false);
                }
                _ => {}
            }
        }
        self.ended(record)
    }

    /// A row has ended; whether anything stands in it.
    fn ended(&mut self, record: &mut Record) -> Result<bool, Fault> {
        let first = self.row.saturating_add(1);
        if record.cells.iter().all(|cell| *cell == Cell::Empty) {
            self.row = self.row.saturating_add(self.repeated);
            return Ok(false);
        }
        if self.row.saturating_add(self.repeated) > MAX_ROWS {
            let most = grouped(MAX_ROWS.into());
            return Err(too_large(format!("expected nothing below row {most} of a sheet")));
        }
        self.row = first;
        self.again = self.repeated - 1;
        self.amount.again(record.cells.len(), self.again)?;
        if self.again > 0 {
            self.kept.clone_from(&record.cells);
        }
        let hidden = if self.is_hidden { self.repeated } else { 0 };
        self.marks.hidden_rows = self.marks.hidden_rows.saturating_add(hidden);
        (record.row, record.line) = (first, first);
        Ok(true)
    }
}

fn hidden_columns(marks: &mut Marks, element: &BytesStart<'_>) -> Result<(), Fault> {
    let mut found = attributes(element, &["table:number-columns-repeated", "table:visibility"])?;
    if found.remove("table:visibility").is_some_and(|shown| shown != "visible") {
        let count = found.remove("table:number-columns-repeated").and_then(|count| count.parse::<u32>().ok());
        let most = u32::try_from(MAX_COLUMNS).unwrap_or(u32::MAX);
        marks.hidden_columns = marks.hidden_columns.saturating_add(count.unwrap_or(1).min(most));
    }
    Ok(())
}

/// Puts a cell into its row as often as it is repeated.
fn put(
    column: &mut u32,
    marks: &mut Marks,
    amount: &mut Amount,
    open: Open,
    record: &mut Record,
    row: u32,
) -> Result<(), Fault> {
    let count = open.count("table:number-columns-repeated").max(1);
    if open.count("table:number-columns-spanned") > 1 || open.count("table:number-rows-spanned") > 1 {
        marks.merged = marks.merged.saturating_add(1);
    }
    let cell = open.cell()?;
    let last = column.saturating_add(count);
    if cell != Cell::Empty {
        if last as usize > MAX_COLUMNS {
            let most = grouped(MAX_COLUMNS as u64);
            let row = grouped(u64::from(row) + 1);
            return Err(too_large(format!(
                "expected at most {most} columns, found something behind them in row {row}"
            )));
        }
        amount.cell(&cell, count.into())?;
        record.cells.resize(*column as usize, Cell::Empty);
        record.cells.resize(last as usize, cell);
    }
    *column = last;
    Ok(())
}

impl Rows for Reading<'_> {
    fn next_row(&mut self, record: &mut Record) -> Result<bool, Fault> {
        if self.again > 0 {
            self.again -= 1;
            self.row = self.row.saturating_add(1);
            (record.row, record.line) = (self.row, self.row);
            record.cells.clone_from(&self.kept);
            return Ok(true);
        }
        while !self.is_over {
            if self.row(record)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn marks(&self) -> Marks {
        self.marks.clone()
    }
}
