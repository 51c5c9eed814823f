//! Bytes → the cells of a sheet, whatever the bytes are.
//!
//! A workbook is a zip file of XML parts. It is unpacked through a limit first, so that a small file cannot become a
//! large one, and is then read part by part. Nothing is reserved because a file says that there will be much of it, and
//! a cell far away costs as much as a near one. That is why the reading is done here: the readers in common use believe
//! the number of texts a file claims to have, and lay out a sheet as large as its farthest cell.
//!
//! Read are texts, numbers, truths and the results of formulas, which a file may lack; whether a number is shown as a
//! date or as a percentage follows from its format. Anything else in a workbook is passed over, macros included.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::ops::RangeInclusive;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use zip::{CompressionMethod, ZipArchive};

use super::{
    MAX_SHEET_CELLS, MAX_SHEET_COLUMNS, MAX_SHEET_ROWS, MAX_UNPACKED_BYTES, MAX_WORKBOOK_BYTES, MAX_WORKBOOK_PARTS,
};
use crate::cells;
use crate::fault::Fault;

/// The most texts that cells share.
const MAX_TEXTS: usize = MAX_SHEET_CELLS;
/// The most sheets and the most relations between parts.
const MAX_ENTRIES: usize = 1_000;
/// The longest text of a cell, in bytes: 32,767 characters, as many as a spreadsheet allows.
const MAX_TEXT_BYTES: usize = 32_767 * 4;
/// The most formats of cells.
const MAX_FORMATS: usize = 65_536;

/// The XML parts of a workbook, by name in lower case.
pub(super) type Parts = BTreeMap<String, String>;

/// One row in which something stands.
pub(super) struct Row<'a> {
    /// The row as a spreadsheet counts, from 1.
    pub(super) row: u32,
    /// The line of the text, or again the row where there is none.
    pub(super) line: u32,
    /// The number of the column, from 1, and what stands there.
    pub(super) cells: Vec<(u32, Cell<'a>)>,
}

/// What stands in a cell.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell<'a> {
    Text(Cow<'a, str>),
    Number(f64),
    /// A number shown as a date: days since 30 December 1899.
    Days(f64),
    /// A number shown as a percentage.
    Percentage(f64),
    Truth(bool),
    /// An error, such as `#N/A`.
    Error,
    /// A formula whose result is not in the file.
    Unsaved,
}

fn unreadable(what: impl std::fmt::Display) -> Fault {
    Fault::new("", "unreadable_workbook", format!("this is not a readable workbook (XLSX): {what}"))
}

fn too_large(what: String) -> Fault {
    Fault::new("", "too_large", what)
}

/// The XML parts of a workbook, unpacked.
pub(super) fn unpack(bytes: &[u8]) -> Result<Parts, Fault> {
    if bytes.len() > MAX_WORKBOOK_BYTES {
        return Err(too_large(format!(
            "expected a workbook of at most {MAX_WORKBOOK_BYTES} bytes, found {}",
            bytes.len()
        )));
    }
    if bytes.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        return Err(unreadable("it is in the older XLS format or has a password; save it as XLSX, without one"));
    }
    if !bytes.starts_with(b"PK\x03\x04") {
        return Err(unreadable("it does not begin as one"));
    }
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| unreadable("its list of parts is damaged"))?;
    if archive.len() > MAX_WORKBOOK_PARTS {
        return Err(too_large(format!(
            "expected at most {MAX_WORKBOOK_PARTS} parts in a workbook, found {}",
            archive.len()
        )));
    }
    let mut left = MAX_UNPACKED_BYTES;
    let mut parts = Parts::new();
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(|_| unreadable("a part of it cannot be unpacked"))?;
        if !matches!(entry.compression(), CompressionMethod::Stored | CompressionMethod::Deflated) {
            return Err(unreadable("a part of it is packed in an unusual way"));
        }
        let name = entry
            .name()
            .map_err(|_| unreadable("a part of it has no readable name"))?
            .trim_start_matches('/')
            .replace('\\', "/")
            .to_ascii_lowercase();
        let mut content = Vec::new();
        // One byte more than is left, to see whether there is more than that.
        entry.take(left as u64 + 1).read_to_end(&mut content).map_err(|_| unreadable("a part of it is damaged"))?;
        left = left.checked_sub(content.len()).ok_or_else(|| {
            too_large(format!("expected a workbook that unpacks to at most {MAX_UNPACKED_BYTES} bytes"))
        })?;
        if name.ends_with(".xml") || name.ends_with(".rels") {
            let content = String::from_utf8(content).map_err(|_| unreadable("a part of it is not UTF-8"))?;
            parts.insert(name, content);
        }
    }
    Ok(parts)
}

/// A workbook whose sheets can be read.
pub(super) struct Book<'a> {
    parts: &'a Parts,
    /// The name of each sheet and the name of its part.
    sheets: Vec<(String, String)>,
    texts: Vec<String>,
    formats: Vec<Format>,
    /// How many days later than usual its dates begin.
    later: f64,
}

#[derive(Clone, Copy, PartialEq)]
enum Format {
    Plain,
    Date,
    Percentage,
}

/// Reads what the sheets of a workbook share.
pub(super) fn open(parts: &Parts) -> Result<Book<'_>, Fault> {
    let main = relations(parts, "")?
        .into_iter()
        .find(|relation| relation.is("officeDocument"))
        .map_or_else(|| "xl/workbook.xml".to_owned(), |relation| relation.target);
    let related = relations(parts, &main)?;
    let target =
        |kind: &str| related.iter().find(|relation| relation.is(kind)).and_then(|relation| parts.get(&relation.target));
    let mut book = Book { parts, sheets: Vec::new(), texts: Vec::new(), formats: Vec::new(), later: 0.0 };
    let content = parts.get(&main).ok_or_else(|| unreadable("it has no list of sheets"))?;
    each_element(content, |element| {
        match element.local_name().as_ref() {
            b"sheet" => {
                let (name, id) =
                    (attribute(element, "name")?.unwrap_or_default(), attribute(element, "id")?.unwrap_or_default());
                if let Some(relation) = related.iter().find(|relation| relation.id == id) {
                    book.sheets.push((name, relation.target.clone()));
                }
                at_most(MAX_ENTRIES, book.sheets.len(), "sheets")?;
            }
            b"workbookPr" if attribute(element, "date1904")?.is_some_and(|value| value == "1" || value == "true") => {
                book.later = 1_462.0
            }
            _ => {}
        }
        Ok(())
    })?;
    if let Some(content) = target("sharedStrings") {
        book.texts = texts(content)?;
    }
    if let Some(content) = target("styles") {
        book.formats = formats(content)?;
    }
    Ok(book)
}

fn at_most(most: usize, found: usize, what: &str) -> Result<(), Fault> {
    if found > most { Err(too_large(format!("expected at most {most} {what} in a workbook"))) } else { Ok(()) }
}

struct Relation {
    id: String,
    kind: String,
    target: String,
}

impl Relation {
    fn is(&self, kind: &str) -> bool {
        self.kind.rsplit('/').next() == Some(kind)
    }
}

/// What a part refers to; the whole workbook when the part has no name.
fn relations(parts: &Parts, part: &str) -> Result<Vec<Relation>, Fault> {
    let (folder, file) = part.rsplit_once('/').unwrap_or(("", part));
    let slash = if folder.is_empty() { "" } else { "/" };
    let Some(content) = parts.get(&format!("{folder}{slash}_rels/{file}.rels")) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    each_element(content, |element| {
        if element.local_name().as_ref() == b"Relationship" {
            let read = |name| attribute(element, name).map(Option::unwrap_or_default);
            let target = read("Target")?.replace('\\', "/").to_ascii_lowercase();
            found.push(Relation { id: read("Id")?, kind: read("Type")?, target: resolved(folder, &target) });
        }
        at_most(MAX_ENTRIES, found.len(), "relations")
    })?;
    Ok(found)
}

/// A name of a part as one in a folder gives it.
fn resolved(folder: &str, target: &str) -> String {
    let mut steps: Vec<&str> = if target.starts_with('/') { Vec::new() } else { folder.split('/').collect() };
    for step in target.split('/') {
        match step {
            "" | "." => {}
            ".." => {
                steps.pop();
            }
            step => steps.push(step),
        }
    }
    steps.retain(|step| !step.is_empty());
    steps.join("/")
}

fn broken(error: impl std::fmt::Display) -> Fault {
    let said: String = error.to_string().chars().take(200).collect();
    unreadable(said)
}

fn reader(content: &str) -> Reader<&[u8]> {
    Reader::from_str(content.trim_start_matches('\u{feff}'))
}

fn each_element(content: &str, mut take: impl FnMut(&BytesStart<'_>) -> Result<(), Fault>) -> Result<(), Fault> {
    let mut reader = reader(content);
    loop {
        match reader.read_event().map_err(broken)? {
            Event::Start(element) | Event::Empty(element) => take(&element)?,
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

/// The value of an attribute, whatever its prefix.
fn attribute(element: &BytesStart<'_>, name: &str) -> Result<Option<String>, Fault> {
    // Looking for repeated names would take their number squared, and repeated names harm nobody.
    for attribute in element.attributes().with_checks(false) {
        let attribute = attribute.map_err(broken)?;
        if attribute.key.local_name().as_ref() == name.as_bytes() {
            return attribute.unescape_value().map(|value| Some(value.into_owned())).map_err(broken);
        }
    }
    Ok(None)
}

/// The texts that cells refer to by number.
fn texts(content: &str) -> Result<Vec<String>, Fault> {
    let mut found = Vec::new();
    let mut text = Collector::default();
    let mut reader = reader(content);
    loop {
        match reader.read_event().map_err(broken)? {
            Event::Empty(element) if element.local_name().as_ref() == b"si" => found.push(String::new()),
            Event::End(element) if element.local_name().as_ref() == b"si" => found.push(text.taken()?),
            Event::Eof => return Ok(found),
            event => text.take(&event)?,
        }
        at_most(MAX_TEXTS, found.len(), "texts")?;
    }
}

/// Puts a text together from its pieces, without the pronunciation beside them.
#[derive(Default)]
struct Collector {
    text: String,
    in_text: bool,
    in_pronunciation: bool,
}

impl Collector {
    fn take(&mut self, event: &Event<'_>) -> Result<(), Fault> {
        match event {
            Event::Start(element) => self.mark(element.local_name().as_ref(), true),
            Event::End(element) => self.mark(element.local_name().as_ref(), false),
            Event::Text(piece) if self.in_text && !self.in_pronunciation => {
                self.text.push_str(&piece.unescape().map_err(broken)?)
            }
            Event::CData(piece) if self.in_text && !self.in_pronunciation => {
                self.text.push_str(std::str::from_utf8(piece).map_err(broken)?)
            }
            _ => {}
        }
        Ok(())
    }

    fn mark(&mut self, name: &[u8], begins: bool) {
        match name {
            b"t" | b"v" => self.in_text = begins,
            b"rPh" => self.in_pronunciation = begins,
            _ => {}
        }
    }

    /// The text; empty where it is blank, so that nobody needs to look through it again.
    fn taken(&mut self) -> Result<String, Fault> {
        let Self { text, .. } = std::mem::take(self);
        if text.len() > MAX_TEXT_BYTES {
            return Err(too_large("expected at most 32,767 characters in a cell".to_owned()));
        }
        Ok(if text.trim().is_empty() { String::new() } else { unescaped(text) })
    }
}

/// A text without the `_xHHHH_` that stands for what XML cannot hold.
fn unescaped(text: String) -> String {
    if !text.contains("_x") {
        return text;
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find("_x") {
        let (before, from) = rest.split_at(at);
        plain.push_str(before);
        let digits = from
            .get(2..6)
            .filter(|_| from.as_bytes().get(6) == Some(&b'_'))
            .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        match digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).and_then(char::from_u32) {
            Some(character) => {
                plain.push(character);
                rest = &from[7..];
            }
            None => {
                plain.push_str("_x");
                rest = &from[2..];
            }
        }
    }
    plain + rest
}

/// How the numbers of each format are shown.
fn formats(content: &str) -> Result<Vec<Format>, Fault> {
    let mut own: BTreeMap<u32, Format> = BTreeMap::new();
    let mut found = Vec::new();
    let mut in_formats = false;
    let mut reader = reader(content);
    loop {
        match reader.read_event().map_err(broken)? {
            Event::Start(element) if element.local_name().as_ref() == b"cellXfs" => in_formats = true,
            Event::End(element) if element.local_name().as_ref() == b"cellXfs" => in_formats = false,
            Event::Start(element) | Event::Empty(element) => {
                let number = || Ok(attribute(&element, "numFmtId")?.and_then(|id| id.parse::<u32>().ok()).unwrap_or(0));
                match element.local_name().as_ref() {
                    b"numFmt" => {
                        let code = attribute(&element, "formatCode")?.unwrap_or_default();
                        own.insert(number()?, format_of(&code));
                    }
                    b"xf" if in_formats => {
                        let number = number()?;
                        found.push(own.get(&number).copied().unwrap_or_else(|| built_in(number)));
                    }
                    _ => {}
                }
                at_most(MAX_FORMATS, found.len().max(own.len()), "formats")?;
            }
            Event::Eof => return Ok(found),
            _ => {}
        }
    }
}

fn built_in(number: u32) -> Format {
    match number {
        9 | 10 => Format::Percentage,
        14..=22 | 27..=36 | 45..=47 | 50..=58 => Format::Date,
        _ => Format::Plain,
    }
}

/// What a format's code shows: letters of days and hours, or a percent sign, outside what is written out.
fn format_of(code: &str) -> Format {
    let mut characters = code.chars();
    let mut format = Format::Plain;
    while let Some(character) = characters.next() {
        match character {
            '"' => {
                characters.by_ref().find(|next| *next == '"');
            }
            '[' => {
                characters.by_ref().find(|next| *next == ']');
            }
            '\\' | '_' | '*' => {
                characters.next();
            }
            '%' => return Format::Percentage,
            'd' | 'D' | 'm' | 'M' | 'y' | 'Y' | 'h' | 'H' | 's' | 'S' => format = Format::Date,
            _ => {}
        }
    }
    format
}

/// A cell that is being read.
struct Open {
    row: u32,
    column: u32,
    kind: String,
    format: Format,
    has_formula: bool,
    /// Whether the file says what its value is, if only that it is an empty text.
    has_value: bool,
}

/// The cells that one formula fills, where it stands in the first of them only.
struct Filling {
    rows: RangeInclusive<u32>,
    /// A bit for each column, the lowest for the first.
    columns: u64,
}

impl Filling {
    /// The cells that a formula says it fills; none where each of them has a formula of its own.
    fn of(formula: &BytesStart<'_>) -> Result<Option<Self>, Fault> {
        if !attribute(formula, "t")?.is_some_and(|kind| kind == "array" || kind == "dataTable") {
            return Ok(None);
        }
        let range = attribute(formula, "ref")?.unwrap_or_default();
        let (first, last) = range.split_once(':').unwrap_or((range.as_str(), range.as_str()));
        Ok(position(first).zip(position(last)).map(|((top, left), (bottom, right))| Self {
            rows: top..=bottom,
            columns: (left..=right.min(MAX_SHEET_COLUMNS)).fold(0, |columns, column| columns | bit(column)),
        }))
    }
}

/// The bit of a column, where a sheet may hold something.
fn bit(column: u32) -> u64 {
    column.checked_sub(1).and_then(|shift| 1_u64.checked_shl(shift)).unwrap_or(0)
}

impl<'a> Book<'a> {
    /// The rows of the sheet with this name in which anything stands.
    pub(super) fn rows(&'a self, name: &str) -> Result<Vec<Row<'a>>, Fault> {
        let sheet = self.sheets.iter().find(|(known, _)| known.trim().eq_ignore_ascii_case(name));
        let content = sheet.and_then(|(_, part)| self.parts.get(part));
        let content = content.ok_or_else(|| {
            Fault::new(
                "",
                "missing_sheet",
                format!("expected a sheet called `{name}`, as in the form that was sent out"),
            )
        })?;
        let mut rows: Vec<Row<'a>> = Vec::new();
        let mut fillings: Vec<Filling> = Vec::new();
        let mut count = 0_usize;
        // The row and the column of the next cell that does not say where it is.
        let mut next = (1_u32, 1_u32);
        let mut open: Option<Open> = None;
        let mut text = Collector::default();
        let mut reader = reader(content);
        loop {
            let event = reader.read_event().map_err(broken)?;
            match &event {
                Event::Start(element) | Event::Empty(element) if open.is_none() => {
                    match element.local_name().as_ref() {
                        b"row" => {
                            if let Some(number) = attribute(element, "r")? {
                                next = (number.parse().map_err(|_| unreadable("a row has no number"))?, 1);
                            }
                        }
                        b"c" => {
                            let place = attribute(element, "r")?;
                            let (row, column) = match place {
                                Some(place) => position(&place).ok_or_else(|| unreadable("a cell has no place"))?,
                                None => next,
                            };
                            next = (row, column.saturating_add(1));
                            if matches!(event, Event::Start(_)) {
                                let format = attribute(element, "s")?.and_then(|number| number.parse::<usize>().ok());
                                let format = format
                                    .and_then(|number| self.formats.get(number))
                                    .copied()
                                    .unwrap_or(Format::Plain);
                                open = Some(Open {
                                    row,
                                    column,
                                    kind: attribute(element, "t")?.unwrap_or_default(),
                                    format,
                                    has_formula: false,
                                    has_value: false,
                                });
                                text = Collector::default();
                            }
                        }
                        _ => {}
                    }
                }
                Event::Start(element) | Event::Empty(element) => {
                    if let Some(cell) = &mut open {
                        match element.local_name().as_ref() {
                            b"f" => {
                                cell.has_formula = true;
                                fillings.extend(Filling::of(element)?);
                                at_most(MAX_ENTRIES, fillings.len(), "formulas that fill several cells")?;
                            }
                            b"v" => cell.has_value = true,
                            _ => {}
                        }
                    }
                    text.take(&event)?;
                }
                Event::End(element) => match (element.local_name().as_ref(), open.take()) {
                    (b"c", Some(cell)) => {
                        let (row, column) = (cell.row, cell.column);
                        if let Some(cell) = self.cell(&cell, text.taken()?)? {
                            count += 1;
                            room_for(row, column, count)?;
                            match rows.last_mut() {
                                Some(last) if last.row == row => last.cells.push((column, cell)),
                                _ => rows.push(Row { row, line: row, cells: vec![(column, cell)] }),
                            }
                        }
                    }
                    (b"row", _) => next = (next.0.saturating_add(1), 1),
                    (_, still) => {
                        open = still;
                        text.take(&event)?;
                    }
                },
                Event::Eof => return filled(rows, &fillings, count),
                event => text.take(event)?,
            }
        }
    }

    /// What stands in a cell; an empty text where the file says that it is one.
    fn cell(&'a self, open: &Open, value: String) -> Result<Option<Cell<'a>>, Fault> {
        if value.is_empty() {
            let is_empty_text = open.has_value && open.kind == "str";
            return Ok(match (is_empty_text, open.has_formula) {
                (true, _) => Some(Cell::Text("".into())),
                (false, true) => Some(Cell::Unsaved),
                (false, false) => None,
            });
        }
        let cell = match open.kind.as_str() {
            "s" => {
                let text = value
                    .trim()
                    .parse::<usize>()
                    .ok()
                    .and_then(|number| self.texts.get(number))
                    .ok_or_else(|| unreadable("a cell refers to a text that is not there"))?;
                if text.is_empty() {
                    return Ok(None);
                }
                Cell::Text(text.as_str().into())
            }
            "inlineStr" | "str" | "d" => Cell::Text(value.into()),
            "b" => Cell::Truth(value.trim() == "1" || value.trim().eq_ignore_ascii_case("true")),
            "e" => Cell::Error,
            _ => {
                let number = value
                    .trim()
                    .parse::<f64>()
                    .ok()
                    .filter(|number| number.is_finite())
                    .ok_or_else(|| unreadable("a cell with a number has none"))?;
                match open.format {
                    Format::Plain => Cell::Number(number),
                    Format::Date => Cell::Days(number + self.later),
                    Format::Percentage => Cell::Percentage(number),
                }
            }
        };
        Ok(Some(cell))
    }
}

/// The rows with the cells that a formula fills and whose results are not in the file, and without empty texts.
fn filled<'a>(mut rows: Vec<Row<'a>>, fillings: &[Filling], mut count: usize) -> Result<Vec<Row<'a>>, Fault> {
    for row in &mut rows {
        let filled = fillings
            .iter()
            .filter(|filling| filling.rows.contains(&row.row))
            .fold(0, |columns, filling| columns | filling.columns);
        let missing = row.cells.iter().fold(filled, |columns, (column, _)| columns & !bit(*column));
        for column in (1..=MAX_SHEET_COLUMNS).filter(|column| missing & bit(*column) != 0) {
            count += 1;
            at_most(MAX_SHEET_CELLS, count, "filled cells")?;
            row.cells.push((column, Cell::Unsaved));
        }
        row.cells.retain(|(_, cell)| !matches!(cell, Cell::Text(text) if text.is_empty()));
    }
    rows.retain(|row| !row.cells.is_empty());
    Ok(rows)
}

/// Whether a sheet may hold something there too.
fn room_for(row: u32, column: u32, count: usize) -> Result<(), Fault> {
    if row > MAX_SHEET_ROWS || column > MAX_SHEET_COLUMNS {
        let (farthest, found) = (cells::letters(MAX_SHEET_COLUMNS), cells::letters(column));
        return Err(too_large(format!(
            "expected nothing beyond the cell {farthest}{MAX_SHEET_ROWS} of a sheet, found something in {found}{row}"
        )));
    }
    at_most(MAX_SHEET_CELLS, count, "filled cells")
}

/// Row and column of a place such as `B3`.
fn position(place: &str) -> Option<(u32, u32)> {
    let digits = place.find(|character: char| character.is_ascii_digit())?;
    let (letters, digits) = place.split_at(digits);
    let letter = |column: u32, byte: u8| {
        let letter = byte.is_ascii_alphabetic().then(|| u32::from(byte.to_ascii_uppercase() - b'A') + 1)?;
        column.checked_mul(26)?.checked_add(letter)
    };
    let column = letters.bytes().try_fold(0_u32, letter)?;
    let row = digits.parse::<u32>().ok()?;
    (column > 0 && row > 0).then_some((row, column))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_without_overflow() {
        assert_eq!(
            ["A1", "d14", "AA10", "XFD1048576"].map(position),
            [Some((1, 1)), Some((14, 4)), Some((10, 27)), Some((1_048_576, 16_384))]
        );
        assert_eq!(
            ["", "A", "1", "A0", "ZZZZZZZZZZ1", "A99999999999", "A1B", "Ä1", "A-1", "A+1"].map(position),
            [None; 10]
        );
    }

    #[test]
    fn formats_say_what_numbers_are_shown_as() {
        let date = |code: &str| format_of(code) == Format::Date;
        assert!(["yyyy-mm-dd", "dd/mm/yyyy;@", "[$-809]d mmmm yyyy", "h:mm"].into_iter().all(date));
        assert!(!["General", "0.00", "#,##0 \"days\"", "[Red]0", "0\\d", "@"].into_iter().any(date));
        assert!(format_of("0.0%") == Format::Percentage && format_of("0\"%\"") == Format::Plain);
        assert!(built_in(14) == Format::Date && built_in(9) == Format::Percentage && built_in(49) == Format::Plain);
    }

    #[test]
    fn what_xml_cannot_hold_is_read_back() {
        let read = |text: &str| unescaped(text.to_owned());
        assert_eq!(read("a_x000D_b"), "a\rb");
        assert_eq!(read("_x005F_x000D_"), "_x000D_");
        assert_eq!(
            ["_x", "_xD800_", "_x00g0_", "_x000é", "my_xylophone"].map(read),
            ["_x", "_xD800_", "_x00g0_", "_x000é", "my_xylophone"]
        );
    }

    #[test]
    fn parts_are_found_by_relative_and_absolute_names() {
        assert_eq!(resolved("xl", "worksheets/sheet1.xml"), "xl/worksheets/sheet1.xml");
        assert_eq!(resolved("xl", "/xl/./styles.xml"), "xl/styles.xml");
        assert_eq!(resolved("xl/a", "../../../b.xml"), "b.xml");
        assert_eq!(resolved("", "xl/workbook.xml"), "xl/workbook.xml");
    }
}
