//! Workbooks of Excel since 2007, and of everyone else: XML in a zip file, read cell by cell.
//!
//! Read are texts, numbers, truths, errors and the results of formulas, which a file may lack. Anything else in a
//! workbook is passed over, macros included.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use quick_xml::events::{BytesStart, Event};

use super::book::{Gathered, Limits, Named, Sheet, Texts, too_long};
use super::format::Format;
use super::package::Package;
use super::xml::{Xml, at_most, attribute, broken, says_yes, too_large, unreadable};
use super::{Cell, MAX_COLUMNS, MAX_ROWS, Marks, Record, Rows, Source, refused};
use crate::fault::Fault;

/// The most sheets, relations between parts, and formulas that fill several cells.
const MAX_ENTRIES: usize = 1_000;
/// The most formats of cells.
const MAX_FORMATS: usize = 65_536;
/// The longest text of a cell, in bytes: 32,767 characters, as many as a spreadsheet allows.
pub(super) const MAX_TEXT_BYTES: usize = 32_767 * 4;
/// The most cells that stand in one row of a file, the same place counted again.
const MAX_CELLS_IN_ROW: usize = 16_384;

/// A workbook whose sheets can be read.
#[derive(Debug)]
pub(super) struct Book {
    package: Package,
    texts: Texts,
    formats: Vec<Format>,
    /// How many days later than usual its dates begin.
    later: f64,
}

impl Book {
    /// Reads what the sheets share.
    pub(super) fn open(source: &dyn Source, limits: &Limits) -> Result<(Vec<Sheet>, Self), Fault> {
        let package = Package::open(source, limits)?;
        let main = relations(&package, source, "")?
            .into_iter()
            .find(|relation| relation.is("officeDocument"))
            .map_or_else(|| "xl/workbook.xml".to_owned(), |relation| relation.target);
        let related = relations(&package, source, &main)?;
        let mut sheets = Vec::new();
        let mut later = 0.0;
        let list = package.part(source, &main)?.ok_or_else(|| unreadable("it has no list of sheets"))?;
        each_element(&mut Xml::new(list), |element| {
            match element.local_name().as_ref() {
                b"sheet" => {
                    let read = |name| attribute(element, name).map(Option::unwrap_or_default);
                    let (name, id, state) = (read("name")?, read("id")?, read("state")?);
                    if let Some(relation) = related.iter().find(|relation| relation.id == id) {
                        let is_hidden = state.to_ascii_lowercase().ends_with("hidden");
                        // Pages that hold a chart only have no rows.
                        if !relation.is("chartsheet") {
                            sheets.push(Sheet { name, is_hidden, part: relation.target.clone(), at: 0 });
                        }
                    }
                    at_most(MAX_ENTRIES, sheets.len(), "sheets")?;
                }
                b"workbookPr" if says_yes(element, "date1904")? => later = 1_462.0,
                _ => {}
            }
            Ok(())
        })?;
        let target =
            |kind: &str| related.iter().find(|relation| relation.is(kind)).map(|relation| relation.target.as_str());
        let texts = match target("sharedStrings") {
            Some(name) => texts(&package, source, name, limits)?,
            None => Texts::default(),
        };
        let formats = match target("styles") {
            Some(name) => formats(&package, source, name)?,
            None => Vec::new(),
        };
        Ok((sheets, Self { package, texts, formats, later }))
    }

    /// The rows of a sheet in which anything stands.
    pub(super) fn rows<'a>(&'a self, source: &'a dyn Source, sheet: &Sheet) -> Result<Reading<'a>, Fault> {
        let part = self.package.part(source, &sheet.part)?;
        let part =
            part.ok_or_else(|| refused("missing_sheet", format!("the sheet `{}` is not in the file", sheet.name)))?;
        Ok(Reading {
            book: self,
            xml: Xml::new(part),
            gathered: Gathered::default(),
            named: Named::default(),
            next: (1, 1),
            fillings: Vec::new(),
            text: Collector::default(),
            marks: Marks::default(),
            is_hidden: false,
            is_over: false,
        })
    }

    /// What stands in a cell; an empty text where the file says that it is one, and nothing where there is nothing.
    fn cell(&self, open: &Open, value: String) -> Result<Cell, Fault> {
        if value.is_empty() {
            let is_empty_text = open.has_value && open.kind == Type::Text;
            return Ok(match (is_empty_text, open.has_formula) {
                (true, _) => Cell::Text(String::new()),
                (false, true) => Cell::Unsaved,
                (false, false) => Cell::Empty,
            });
        }
        Ok(match open.kind {
            Type::Shared => {
                let text = value.trim().parse::<usize>().ok().and_then(|number| self.texts.get(number));
                let text = text.ok_or_else(|| unreadable("a cell refers to a text that is not there"))?;
                if text.is_empty() { Cell::Empty } else { Cell::Text(text.to_owned()) }
            }
            Type::Inline | Type::Text => Cell::Text(value),
            Type::Truth => Cell::Truth(value.trim() == "1" || value.trim().eq_ignore_ascii_case("true")),
            Type::Error => Cell::Wrong(value.trim().to_owned()),
            Type::Number => {
                let number = value.trim().parse::<f64>().ok().filter(|number| number.is_finite());
                let number = number.ok_or_else(|| unreadable("a cell with a number has none"))?;
                match self.formats.get(open.format) {
                    Some(format) => format.cell(number, self.later),
                    None => super::format::plain(number),
                }
            }
        })
    }
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
fn relations(package: &Package, source: &dyn Source, part: &str) -> Result<Vec<Relation>, Fault> {
    let (folder, file) = part.rsplit_once('/').unwrap_or(("", part));
    let slash = if folder.is_empty() { "" } else { "/" };
    let mut found = Vec::new();
    let Some(list) = package.part(source, &format!("{folder}{slash}_rels/{file}.rels"))? else { return Ok(found) };
    each_element(&mut Xml::new(list), |element| {
        if element.local_name().as_ref() == b"Relationship" {
            let read = |name| attribute(element, name).map(Option::unwrap_or_default);
            let target = read("Target")?.replace('\\', "/").to_ascii_lowercase();
            found.push(Relation { id: read("Id")?, kind: read("Type")?, target: resolved(folder, &target) });
        }
        at_most(MAX_ENTRIES, found.len(), "relations")
    })?;
    Ok(found)
}

/// The parts that a part refers to, by the ids it uses for them.
pub(super) fn targets(package: &Package, source: &dyn Source, part: &str) -> Result<BTreeMap<String, String>, Fault> {
    Ok(relations(package, source, part)?.into_iter().map(|relation| (relation.id, relation.target)).collect())
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

fn each_element(xml: &mut Xml<'_>, mut take: impl FnMut(&BytesStart<'_>) -> Result<(), Fault>) -> Result<(), Fault> {
    loop {
        match xml.next()? {
            Event::Start(element) | Event::Empty(element) => take(&element)?,
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

/// The texts that cells refer to by number.
fn texts(package: &Package, source: &dyn Source, name: &str, limits: &Limits) -> Result<Texts, Fault> {
    let mut found = Texts::default();
    let Some(part) = package.part(source, name)? else { return Ok(found) };
    let mut xml = Xml::new(part);
    let mut text = Collector::default();
    loop {
        match xml.next()? {
            Event::Empty(element) if element.local_name().as_ref() == b"si" => found.push("", limits)?,
            Event::End(element) if element.local_name().as_ref() == b"si" => found.push(&text.taken()?, limits)?,
            Event::Eof => return Ok(found),
            event => text.take(&event)?,
        }
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
                self.text.push_str(std::str::from_utf8(piece).map_err(unreadable)?)
            }
            _ => {}
        }
        if self.text.len() > MAX_TEXT_BYTES * 2 { Err(too_long(MAX_TEXT_BYTES)) } else { Ok(()) }
    }

    fn mark(&mut self, name: &[u8], begins: bool) {
        match name {
            b"t" | b"v" => self.in_text = begins,
            b"rPh" => self.in_pronunciation = begins,
            _ => {}
        }
    }

    fn taken(&mut self) -> Result<String, Fault> {
        let text = unescaped(std::mem::take(&mut self.text));
        (self.in_text, self.in_pronunciation) = (false, false);
        if text.len() > MAX_TEXT_BYTES { Err(too_long(MAX_TEXT_BYTES)) } else { Ok(text) }
    }
}

/// The text without the `_xHHHH_` that stands for what XML cannot hold.
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
fn formats(package: &Package, source: &dyn Source, name: &str) -> Result<Vec<Format>, Fault> {
    let mut own: BTreeMap<u32, Format> = BTreeMap::new();
    let mut found = Vec::new();
    let mut in_formats = false;
    let Some(part) = package.part(source, name)? else { return Ok(found) };
    let mut xml = Xml::new(part);
    loop {
        match xml.next()? {
            Event::Start(element) if element.local_name().as_ref() == b"cellXfs" => in_formats = true,
            Event::End(element) if element.local_name().as_ref() == b"cellXfs" => in_formats = false,
            Event::Start(element) | Event::Empty(element) => {
                let number = || -> Result<u32, Fault> {
                    Ok(attribute(&element, "numFmtId")?.and_then(|id| id.parse().ok()).unwrap_or(0))
                };
                match element.local_name().as_ref() {
                    b"numFmt" => {
                        let code = attribute(&element, "formatCode")?.unwrap_or_default();
                        own.insert(number()?, Format::of(&code));
                    }
                    b"xf" if in_formats => {
                        let number = number()?;
                        found.push(own.get(&number).cloned().unwrap_or_else(|| Format::built_in(number)));
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

/// What kind of thing a cell says it holds.
#[derive(Clone, Copy, PartialEq)]
enum Type {
    Number,
    Shared,
    Inline,
    Text,
    Truth,
    Error,
}

/// A cell that is being read.
struct Open {
    row: u32,
    column: u32,
    kind: Type,
    format: usize,
    has_formula: bool,
    /// Whether the file says what its value is, if only that it is an empty text.
    has_value: bool,
}

impl Open {
    /// A cell as its tag says, where nothing else says where it is.
    fn of(element: &BytesStart<'_>, next: (u32, u32)) -> Result<Self, Fault> {
        let (row, column) = next;
        let kind = Type::Number;
        let mut open = Self { row, column, kind, format: 0, has_formula: false, has_value: false };
        let mut is_placed = false;
        for attribute in element.attributes().with_checks(false) {
            let attribute = attribute.map_err(|error| broken(error.into()))?;
            let value = attribute.value.as_ref();
            match attribute.key.local_name().as_ref() {
                b"r" if !is_placed => {
                    (open.row, open.column) = position(value).ok_or_else(|| unreadable("a cell has no place"))?;
                    is_placed = true;
                }
                b"s" => open.format = std::str::from_utf8(value).ok().and_then(|s| s.parse().ok()).unwrap_or(0),
                b"t" => {
                    open.kind = match value {
                        b"s" => Type::Shared,
                        b"inlineStr" | b"d" => Type::Inline,
                        b"str" => Type::Text,
                        b"b" => Type::Truth,
                        b"e" => Type::Error,
                        _ => Type::Number,
                    }
                }
                _ => {}
            }
        }
        Ok(open)
    }
}

/// The cells that one formula fills, where it stands in the first of them only.
struct Filling {
    rows: RangeInclusive<u32>,
    columns: RangeInclusive<u32>,
}

impl Filling {
    /// The cells that a formula says it fills; none where each of them has a formula of its own.
    fn of(formula: &BytesStart<'_>) -> Result<Option<Self>, Fault> {
        if !attribute(formula, "t")?.is_some_and(|kind| kind == "array" || kind == "dataTable") {
            return Ok(None);
        }
        let range = attribute(formula, "ref")?.unwrap_or_default();
        let (first, last) = range.split_once(':').unwrap_or((range.as_str(), range.as_str()));
        let last_column = u32::try_from(MAX_COLUMNS).unwrap_or(u32::MAX);
        Ok(position(first.as_bytes()).zip(position(last.as_bytes())).map(|((top, left), (bottom, right))| Self {
            rows: top..=bottom.min(MAX_ROWS),
            columns: left..=right.min(last_column),
        }))
    }
}

/// The rows of a sheet.
pub(super) struct Reading<'a> {
    book: &'a Book,
    xml: Xml<'a>,
    gathered: Gathered,
    named: Named,
    /// The row and the column of the next cell that does not say where it is.
    next: (u32, u32),
    fillings: Vec<Filling>,
    text: Collector,
    marks: Marks,
    /// Whether the row that is read is hidden.
    is_hidden: bool,
    is_over: bool,
}

impl Reading<'_> {
    /// Reads until a row is complete; whether there was one.
    fn row(&mut self, record: &mut Record) -> Result<bool, Fault> {
        let mut count = 0;
        if self.gathered.begin(record) {
            count = 1;
        }
        let mut open: Option<Open> = None;
        while !self.is_over {
            match self.xml.next()? {
                Event::Start(element) if open.is_none() => match element.local_name().as_ref() {
                    b"row" => {
                        self.named.row()?;
                        if let Some(number) = attribute(&element, "r")? {
                            self.next = (number.parse().map_err(|_| unreadable("a row has no number"))?, 1);
                        }
                        self.is_hidden = says_yes(&element, "hidden")?;
                    }
                    b"c" => {
                        let cell = Open::of(&element, self.next)?;
                        self.next = (cell.row, cell.column.saturating_add(1));
                        open = Some(cell);
                        self.text = Collector::default();
                    }
                    _ => {}
                },
                Event::Empty(element) if open.is_none() => match element.local_name().as_ref() {
                    b"row" => {
                        self.named.row()?;
                        if let Some(number) = attribute(&element, "r")? {
                            self.next = (number.parse().map_err(|_| unreadable("a row has no number"))?, 1);
                        }
                        self.next = (self.next.0.saturating_add(1), 1);
                    }
                    b"c" => {
                        let cell = Open::of(&element, self.next)?;
                        self.next = (cell.row, cell.column.saturating_add(1));
                    }
                    b"mergeCell" => self.marks.merged = self.marks.merged.saturating_add(1),
                    b"col" if says_yes(&element, "hidden")? => {
                        let read = |name: &str| -> Result<u32, Fault> {
                            Ok(attribute(&element, name)?.and_then(|at| at.parse().ok()).unwrap_or(0))
                        };
                        let (from, to) = (read("min")?, read("max")?);
                        let last = u32::try_from(MAX_COLUMNS).unwrap_or(u32::MAX);
                        let hidden = to.min(last).saturating_add(1).saturating_sub(from);
                        self.marks.hidden_columns = self.marks.hidden_columns.saturating_add(hidden);
                    }
                    _ => {}
                },
                event @ (Event::Start(_) | Event::Empty(_)) => {
                    if let (Some(cell), Event::Start(element) | Event::Empty(element)) = (&mut open, &event) {
                        match element.local_name().as_ref() {
                            b"f" => {
                                cell.has_formula = true;
                                self.fillings.extend(Filling::of(element)?);
                                at_most(MAX_ENTRIES, self.fillings.len(), "formulas that fill several cells")?;
                            }
                            b"v" => cell.has_value = true,
                            _ => {}
                        }
                    }
                    // A tag that is closed at once begins nothing.
                    if matches!(event, Event::Start(_)) {
                        self.text.take(&event)?;
                    }
                }
                Event::End(element) => match (element.local_name().as_ref(), open.take()) {
                    (b"c", Some(cell)) => {
                        let value = self.text.taken()?;
                        let (row, column) = (cell.row, cell.column);
                        let cell = self.book.cell(&cell, value)?;
                        if cell == Cell::Empty {
                            continue;
                        }
                        count += 1;
                        if count > MAX_CELLS_IN_ROW {
                            return Err(too_large("expected at most 16,384 cells in a row of a sheet"));
                        }
                        let is_hidden = self.is_hidden && record.cells.is_empty();
                        if self.gathered.take(record, row, column, cell)? {
                            // Whether that row is hidden was said before its first cell.
                            self.marks.hidden_rows = self.marks.hidden_rows.saturating_add(u32::from(self.is_hidden));
                            return Ok(true);
                        }
                        self.marks.hidden_rows = self.marks.hidden_rows.saturating_add(u32::from(is_hidden));
                    }
                    (b"row", _) => self.next = (self.next.0.saturating_add(1), 1),
                    (name, still) => {
                        open = still;
                        self.text.mark(name, false);
                    }
                },
                Event::Eof => self.is_over = true,
                event => self.text.take(&event)?,
            }
        }
        Ok(!record.cells.is_empty())
    }

    /// Puts in the cells that a formula fills and whose results are not in the file, and takes out empty texts.
    fn fill(&mut self, record: &mut Record) {
        let row = record.row;
        self.fillings.retain(|filling| *filling.rows.end() >= row);
        for filling in self.fillings.iter().filter(|filling| filling.rows.contains(&row)) {
            for column in filling.columns.clone() {
                let at = column.saturating_sub(1) as usize;
                if record.cells.len() <= at {
                    record.cells.resize(at + 1, Cell::Empty);
                }
                if let Some(cell @ Cell::Empty) = record.cells.get_mut(at) {
                    *cell = Cell::Unsaved;
                }
            }
        }
        for cell in &mut record.cells {
            if matches!(cell, Cell::Text(text) if text.is_empty()) {
                *cell = Cell::Empty;
            }
        }
    }
}

impl Rows for Reading<'_> {
    fn next_row(&mut self, record: &mut Record) -> Result<bool, Fault> {
        while self.row(record)? {
            self.fill(record);
            if record.cells.iter().any(|cell| *cell != Cell::Empty) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn marks(&self) -> Marks {
        self.marks.clone()
    }
}

/// Row and column of a place such as `B3`.
fn position(place: &[u8]) -> Option<(u32, u32)> {
    let digits = place.iter().position(u8::is_ascii_digit)?;
    let (letters, digits) = place.split_at(digits);
    let letter = |column: u32, byte: &u8| {
        let letter = byte.is_ascii_alphabetic().then(|| u32::from(byte.to_ascii_uppercase() - b'A') + 1)?;
        column.checked_mul(26)?.checked_add(letter)
    };
    let column = letters.iter().try_fold(0_u32, letter)?;
    let digit = |row: u32, byte: &u8| {
        let digit = byte.is_ascii_digit().then(|| u32::from(byte - b'0'))?;
        row.checked_mul(10)?.checked_add(digit)
    };
    let row = digits.iter().try_fold(0_u32, digit)?;
    (column > 0 && row > 0).then_some((row, column))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_without_overflow() {
        let position = |place: &str| position(place.as_bytes());
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
