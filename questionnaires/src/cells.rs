//! CSV, both ways: records of cells, each with the line it begins on. Every file of ours is written and read here.
//!
//! Files are RFC 4180: commas, CR LF, quotes where needed. Read are also semicolons between the cells, as spreadsheets
//! write them where the comma is the decimal sign, a byte-order mark, and lines that end in LF or CR. The reader is one
//! of our own because it must say on which line a quote was never closed, where common readers take the rest of the
//! file for one cell.
//!
//! A cell that a spreadsheet might run is written with a `'` before it: one that begins with `=`, `+`, `-` or `@`, with
//! one of their wide, small or mathematical kin (some spreadsheets read `＝` as `=`), with a tab or the end of a line;
//! and so is one that has any amount of space or any number of `'` before these, since both may be taken off on the
//! way. [`unprotect`] takes one `'` off exactly such cells, and so is the exact opposite.
//!
//! A list in one cell has `;` between its items, where `;` and `\` inside an item are written `\;` and `\\`, and a list
//! of one empty item `\e`.

use std::borrow::Cow;

/// What some spreadsheets want at the beginning to see that a file is UTF-8.
pub const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The most cells in one record.
pub const MAX_CELLS: usize = 1000;

/// One record of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// The line of the text it begins on, from 1.
    pub line: u32,
    /// Its row, as a spreadsheet counts: blank lines are rows, and line breaks inside a cell begin none.
    pub row: u32,
    /// Its cells, without quotes.
    pub cells: Vec<Cow<'a, str>>,
}

impl Record<'_> {
    /// Whether nothing stands in it.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.cells.iter().all(|cell| cell.trim().is_empty())
    }

    /// The record with each cell as it was before it was protected against being run.
    #[must_use]
    pub fn unprotected(mut self) -> Self {
        for cell in &mut self.cells {
            if is_protected(cell) {
                match cell {
                    Cow::Borrowed(text) => *text = &text[1..],
                    Cow::Owned(text) => drop(text.remove(0)),
                }
            }
        }
        self
    }
}

/// Where a file stops being CSV.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// The line, from 1.
    pub line: u32,
    /// What is wrong there.
    pub message: String,
}

/// What a formula begins with, in any spreadsheet: the ASCII signs, their full-width and small forms, and the minus of
/// mathematics.
const SIGNS: [char; 13] = ['=', '+', '-', '@', '＝', '＋', '－', '＠', '﹦', '﹢', '﹣', '﹫', '−'];

/// Whether a spreadsheet might run it, if not as it stands then once the quotes and the space before it are gone.
fn is_formula(text: &str) -> bool {
    let is_passed_over =
        |letter: char| letter == '\'' || letter.is_whitespace() || matches!(letter, '\u{feff}' | '\u{200b}');
    let is_break = |letter: char| matches!(letter, '\t' | '\r' | '\n');
    let mut letters = text.chars();
    loop {
        match letters.next() {
            Some(letter) if is_break(letter) || SIGNS.contains(&letter) => return true,
            Some(letter) if is_passed_over(letter) => {}
            _ => return false,
        }
    }
}

fn is_protected(text: &str) -> bool {
    text.strip_prefix('\'').is_some_and(is_formula)
}

/// The cell with a `'` before it where a spreadsheet would run it.
fn protect(text: &str) -> Cow<'_, str> {
    if is_formula(text) { format!("'{text}").into() } else { text.into() }
}

/// The cell as it was before it was protected against being run.
#[must_use]
pub fn unprotect(text: &str) -> &str {
    if is_protected(text) { &text[1..] } else { text }
}

/// Items as one cell, so that [`split`] finds each again.
#[must_use]
pub fn join<T: AsRef<str>>(items: &[T]) -> String {
    match items {
        [only] if only.as_ref().is_empty() => "\\e".into(),
        _ => items
            .iter()
            .map(|item| item.as_ref().replace('\\', "\\\\").replace(';', "\\;"))
            .collect::<Vec<_>>()
            .join(";"),
    }
}

/// The items that [`join`] joined; none for an empty cell.
#[must_use]
pub fn split(text: &str) -> Vec<String> {
    match text {
        "" => return Vec::new(),
        "\\e" => return vec![String::new()],
        _ => {}
    }
    let mut items = vec![String::new()];
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character == ';' {
            items.push(String::new());
            continue;
        }
        let escaped = if character == '\\' { characters.next_if(|next| matches!(next, ';' | '\\')) } else { None };
        if let Some(last) = items.last_mut() {
            last.push(escaped.unwrap_or(character));
        }
    }
    items
}

/// A column as spreadsheets name it, from 1: `A` to `Z`, then `AA`.
pub(crate) fn letters(column: u32) -> String {
    let mut left = column;
    let mut name = Vec::new();
    while left > 0 {
        left -= 1;
        name.push(char::from(b'A' + u8::try_from(left % 26).unwrap_or(0)));
        left /= 26;
    }
    name.iter().rev().collect()
}

/// Writes records one after the other.
#[derive(Debug)]
pub struct Writer(csv::Writer<Vec<u8>>);

impl Default for Writer {
    fn default() -> Self {
        Self(csv::WriterBuilder::new().flexible(true).terminator(csv::Terminator::CRLF).from_writer(Vec::new()))
    }
}

impl Writer {
    /// Adds one record; its cells are protected against being run.
    pub fn write<T: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = T>) {
        // Memory takes every record, however many cells it has: there is nothing here that can fail.
        for cell in cells {
            let _ = self.0.write_field(protect(cell.as_ref()).as_bytes());
        }
        let _ = self.0.write_record(None::<&[u8]>);
    }

    /// The text of all records.
    #[must_use]
    pub fn into_text(self) -> String {
        self.0.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
    }
}

/// The records of a file, header included, one after the other; blank lines are passed over.
#[derive(Debug)]
pub struct Records<'a> {
    rest: &'a str,
    separator: char,
    line: u32,
    row: u32,
}

/// Begins to read a file. A record is refused for a quote that is never closed, something behind a closed one, or more
/// than [`MAX_CELLS`]; nothing is read after it.
#[must_use]
pub fn read(text: &str) -> Records<'_> {
    let rest = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    Records { rest, separator: separator(rest), line: 1, row: 0 }
}

/// Whichever of comma and semicolon there is more of in the header, outside quotes.
fn separator(text: &str) -> char {
    let (mut commas, mut semicolons, mut quoted) = (0_u32, 0_u32, false);
    for byte in text.bytes() {
        match byte {
            b'"' => quoted = !quoted,
            b'\r' | b'\n' if !quoted => break,
            b',' if !quoted => commas += 1,
            b';' if !quoted => semicolons += 1,
            _ => {}
        }
    }
    if semicolons > commas { ';' } else { ',' }
}

/// How many lines end in `text`, however they do.
pub(crate) fn line_breaks(text: &str) -> u32 {
    let bytes = text.as_bytes();
    let ends = bytes
        .iter()
        .enumerate()
        .filter(|(at, byte)| **byte == b'\n' || (**byte == b'\r' && bytes.get(at + 1) != Some(&b'\n')));
    u32::try_from(ends.count()).unwrap_or(u32::MAX)
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<Record<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.rest.is_empty() {
            match self.record() {
                Ok(None) => {}
                Ok(Some(record)) => return Some(Ok(record)),
                Err(malformed) => {
                    self.rest = "";
                    return Some(Err(malformed));
                }
            }
        }
        None
    }
}

impl<'a> Records<'a> {
    fn malformed<T>(&self, message: String) -> Result<T, Malformed> {
        Err(Malformed { line: self.line, message })
    }

    /// The next record; none for a blank line.
    fn record(&mut self) -> Result<Option<Record<'a>>, Malformed> {
        let line = self.line;
        self.row = self.row.saturating_add(1);
        let mut cells = Vec::new();
        let mut has_quotes = false;
        loop {
            if cells.len() == MAX_CELLS {
                return self.malformed(format!("expected at most {MAX_CELLS} cells in a line"));
            }
            let cell = match self.rest.strip_prefix('"') {
                Some(rest) => {
                    self.rest = rest;
                    has_quotes = true;
                    self.quoted()?
                }
                None => {
                    let end = self.rest.find([self.separator, '\r', '\n']).unwrap_or(self.rest.len());
                    let (cell, rest) = self.rest.split_at(end);
                    self.rest = rest;
                    cell.into()
                }
            };
            cells.push(cell);
            if let Some(rest) = self.rest.strip_prefix(self.separator) {
                self.rest = rest;
                continue;
            }
            match self.rest.strip_prefix("\r\n").or_else(|| self.rest.strip_prefix(['\r', '\n'])) {
                Some(rest) => {
                    self.rest = rest;
                    self.line = self.line.saturating_add(1);
                }
                None if !self.rest.is_empty() => {
                    let separator = self.separator;
                    return self.malformed(format!("expected `{separator}` or the end of the line behind a closing quote: a quote inside a cell is written twice"));
                }
                None => {}
            }
            let is_blank = !has_quotes && matches!(cells.as_slice(), [only] if only.is_empty());
            return Ok((!is_blank).then_some(Record { line, row: self.row, cells }));
        }
    }

    /// The rest of a cell whose opening quote has been read, and its closing one.
    fn quoted(&mut self) -> Result<Cow<'a, str>, Malformed> {
        let mut cell = Cow::Borrowed("");
        let mut line = self.line;
        loop {
            let Some(end) = self.rest.find('"') else {
                return self.malformed("a quote that is opened here is never closed".to_owned());
            };
            let (part, rest) = self.rest.split_at(end);
            line = line.saturating_add(line_breaks(part));
            cell += part;
            match rest.strip_prefix("\"\"") {
                Some(rest) => {
                    cell += "\"";
                    self.rest = rest;
                }
                None => {
                    self.rest = rest.strip_prefix('"').unwrap_or(rest);
                    self.line = line;
                    return Ok(cell);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn rows(text: &str) -> Vec<(u32, u32, Vec<String>)> {
        let records = read(text).map(|record| record.unwrap_or_else(|malformed| panic!("{malformed:?}")).unprotected());
        records
            .map(|record| (record.line, record.row, record.cells.into_iter().map(Cow::into_owned).collect()))
            .collect()
    }

    fn row(line: u32, row: u32, cells: &[&str]) -> (u32, u32, Vec<String>) {
        (line, row, cells.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn records_carry_the_line_they_begin_on_and_the_row_a_spreadsheet_shows() {
        let text = "\u{feff}a,b\r\n\"one\r\ntwo\",\"say \"\"hi\"\"\"\n\n5\" pipe,'=1\r\"\"\r,x";
        assert_eq!(
            rows(text),
            [
                row(1, 1, &["a", "b"]),
                row(2, 2, &["one\r\ntwo", "say \"hi\""]),
                row(5, 4, &["5\" pipe", "=1"]),
                row(6, 5, &[""]),
                row(7, 6, &["", "x"])
            ]
        );
        assert_eq!(rows(""), []);
        assert_eq!(rows("a"), [row(1, 1, &["a"])]);
    }

    #[test]
    fn semicolons_separate_where_the_header_has_more_of_them() {
        assert_eq!(
            rows("a;\"b,,,\";c\r\n1,5;\"2;\";3\r\n"),
            [row(1, 1, &["a", "b,,,", "c"]), row(2, 2, &["1,5", "2;", "3"])]
        );
        assert_eq!(rows("a,b;c,d"), [row(1, 1, &["a", "b;c", "d"])]);
    }

    #[test]
    fn what_is_no_csv_is_refused_with_its_line() {
        let told = |text: &str| read(text).find_map(Result::err).map(|malformed| malformed.line);
        assert_eq!(told("a,b\n1,\"2\n3,4\n"), Some(2));
        assert_eq!(told("a\n\"x\ny\" z\n"), Some(3));
        assert_eq!(told(&",".repeat(MAX_CELLS)), Some(1));
        assert_eq!(told(&",".repeat(MAX_CELLS - 1)), None);
    }

    #[test]
    fn whatever_some_spreadsheet_takes_for_a_formula_is_protected_and_nothing_else() {
        for formula in [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "＝1+1",
            "＋1",
            "－1",
            "＠SUM(A1)",
            "﹦1",
            "−1",
            " =1",
            "\u{a0}＝1",
            "\u{3000}@a",
            "'=1",
            "' =1",
            "''＝1",
            "\ta",
            "\ra",
            "\na",
            " \t",
        ] {
            assert_eq!(protect(formula), format!("'{formula}"), "{formula:?}");
            assert_eq!(unprotect(&protect(formula)), formula, "{formula:?}");
        }
        for text in ["", " ", "'", "a=1", "'a", "10 - 2", "|a", "%a", "(=1)", "5＝5", "\u{2010}a", "O'Brien"] {
            assert_eq!(protect(text), text, "{text:?}");
            assert_eq!(unprotect(text), text, "{text:?}");
        }
    }

    #[test]
    fn columns_are_named_as_in_a_spreadsheet() {
        assert_eq!(
            [1, 4, 26, 27, 52, 53, 702, 703, 16_384].map(letters),
            ["A", "D", "Z", "AA", "AZ", "BA", "ZZ", "AAA", "XFD"]
        );
    }

    /// Text that is likely to trip a reader or a spreadsheet.
    fn nasty() -> impl Strategy<Value = String> {
        prop_oneof![any::<String>(), "[-'=+@＝＋－＠﹦−;,\\\\\"\t\r\n \u{a0}\u{3000}ae]{0,12}"]
            .prop_map(|text| text.replace('\u{feff}', ""))
    }

    proptest! {
        #[test]
        fn every_file_comes_back_as_it_was(records in vec(vec(nasty(), 1..5), 0..5)) {
            let mut writer = Writer::default();
            // A header as ours are: without it the cells themselves would decide what separates them.
            writer.write(["a", "b"]);
            records.iter().for_each(|record| writer.write(record));
            let file = writer.into_text();
            let back: Vec<Vec<String>> = rows(&file).into_iter().skip(1).map(|(_, _, cells)| cells).collect();
            prop_assert_eq!(&back, &records);
            // And a reader that is not ours finds the same.
            let mut other = csv::ReaderBuilder::new().flexible(true).from_reader(file.as_bytes());
            let other = other.records().map(|record| record.expect("CSV").iter().map(|cell| unprotect(cell).to_owned()).collect());
            prop_assert_eq!(&other.collect::<Vec<Vec<String>>>(), &records);
        }

        #[test]
        fn every_text_comes_back_as_it_was_and_no_spreadsheet_runs_it(text in nasty()) {
            let protected = protect(&text);
            let seen = protected.trim_start();
            prop_assert!(!seen.starts_with(SIGNS) && !protected.starts_with(['\t', '\r', '\n']), "{:?}", protected);
            prop_assert_eq!(unprotect(&protected), &text);
        }

        #[test]
        fn every_list_comes_back_as_it_was(items in vec(nasty(), 0..5)) {
            prop_assert_eq!(split(&join(&items)), items);
        }
    }
}
