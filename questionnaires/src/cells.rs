//! CSV, both ways: records of cells, each with the line it begins on.
//!
//! Files are RFC 4180: commas, CR LF, quotes where needed. Read are also semicolons between the cells, as spreadsheets
//! write them where the comma is the decimal sign, a byte-order mark, and lines that end in LF or CR.
//!
//! A cell that begins with `=`, `+`, `-`, `@`, a tab or a carriage return is written with a `'` before it, so that no
//! spreadsheet runs it; and so is one that begins with any number of `'` followed by one of these. Reading takes one `'`
//! off exactly such cells, and so is the exact opposite.

use std::borrow::Cow;

/// The most cells in one record.
pub(crate) const MAX_CELLS: usize = 200;

/// One record of a file.
pub(crate) struct Record<'a> {
    /// The line of the text it begins on, from 1.
    pub(crate) line: u32,
    /// Its row, as a spreadsheet counts: blank lines are rows, and line breaks inside a cell begin none.
    pub(crate) row: u32,
    /// Its cells, without quotes and without the `'` of [`protect`].
    pub(crate) cells: Vec<Cow<'a, str>>,
}

impl Record<'_> {
    /// Whether nothing stands in it.
    pub(crate) fn is_blank(&self) -> bool {
        self.cells.iter().all(|cell| cell.trim().is_empty())
    }
}

/// Where a file stops being CSV.
#[derive(Debug)]
pub(crate) struct Malformed {
    pub(crate) line: u32,
    pub(crate) message: String,
}

fn is_formula(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// The cell with a `'` before it where a spreadsheet would run it.
pub(crate) fn protect(text: &str) -> Cow<'_, str> {
    if is_formula(text) { format!("'{text}").into() } else { text.into() }
}

fn unprotect(text: Cow<'_, str>) -> Cow<'_, str> {
    let is_protected = text.strip_prefix('\'').is_some_and(is_formula);
    match text {
        Cow::Borrowed(text) if is_protected => text[1..].into(),
        Cow::Owned(text) if is_protected => text[1..].to_owned().into(),
        text => text,
    }
}

/// Items as one cell, so that [`split`] finds each again: `;` between them, and `\;` and `\\` inside them.
pub(crate) fn join<T: AsRef<str>>(items: &[T]) -> String {
    items.iter().map(|item| item.as_ref().replace('\\', "\\\\").replace(';', "\\;")).collect::<Vec<_>>().join(";")
}

/// The items that [`join`] joined, without the spaces around them; none for an empty cell.
pub(crate) fn split(text: &str) -> Vec<String> {
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
    if text.trim().is_empty() { Vec::new() } else { items.into_iter().map(|item| item.trim().to_owned()).collect() }
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

/// Adds one record to a file.
pub(crate) fn write<T: AsRef<str>>(cells: impl IntoIterator<Item = T>, file: &mut String) {
    for (index, cell) in cells.into_iter().enumerate() {
        if index > 0 {
            file.push(',');
        }
        let cell = protect(cell.as_ref());
        if cell.contains([',', ';', '"', '\r', '\n']) || cell.starts_with(' ') || cell.ends_with(' ') {
            file.push('"');
            file.push_str(&cell.replace('"', "\"\""));
            file.push('"');
        } else {
            file.push_str(&cell);
        }
    }
    file.push_str("\r\n");
}

/// The records of a file, header included, one after the other.
pub(crate) struct Records<'a> {
    rest: &'a str,
    separator: char,
    line: u32,
    row: u32,
}

/// Begins to read a file.
pub(crate) fn read(text: &str) -> Records<'_> {
    let rest = text.strip_prefix('\u{feff}').unwrap_or(text);
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

fn line_breaks(text: &str) -> u32 {
    let bytes = text.as_bytes();
    let ends = bytes.iter().enumerate().filter(|(at, byte)| **byte == b'\n' || (**byte == b'\r' && bytes.get(at + 1) != Some(&b'\n')));
    u32::try_from(ends.count()).unwrap_or(u32::MAX)
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<Record<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let record = self.record();
        if record.is_err() {
            self.rest = "";
        }
        Some(record)
    }
}

impl<'a> Records<'a> {
    fn malformed<T>(&self, message: String) -> Result<T, Malformed> {
        Err(Malformed { line: self.line, message })
    }

    fn record(&mut self) -> Result<Record<'a>, Malformed> {
        let line = self.line;
        self.row = self.row.saturating_add(1);
        let mut cells = Vec::new();
        loop {
            if cells.len() == MAX_CELLS {
                return self.malformed(format!("expected at most {MAX_CELLS} cells in a line"));
            }
            let cell = match self.rest.strip_prefix('"') {
                Some(rest) => {
                    self.rest = rest;
                    self.quoted()?
                }
                None => {
                    let end = self.rest.find([self.separator, '\r', '\n']).unwrap_or(self.rest.len());
                    let (cell, rest) = self.rest.split_at(end);
                    self.rest = rest;
                    cell.into()
                }
            };
            cells.push(unprotect(cell));
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
            return Ok(Record { line, row: self.row, cells });
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
    use proptest::prelude::*;

    use super::*;

    fn rows(text: &str) -> Vec<(u32, u32, Vec<String>)> {
        let records = read(text).map(|record| record.unwrap_or_else(|malformed| panic!("{malformed:?}")));
        records.map(|record| (record.line, record.row, record.cells.into_iter().map(Cow::into_owned).collect())).collect()
    }

    fn row(line: u32, row: u32, cells: &[&str]) -> (u32, u32, Vec<String>) {
        (line, row, cells.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn records_carry_the_line_they_begin_on_and_the_row_a_spreadsheet_shows() {
        let text = "\u{feff}a,b\r\n\"one\r\ntwo\",\"say \"\"hi\"\"\"\n\n5\" pipe,'=1\rx";
        assert_eq!(rows(text), [row(1, 1, &["a", "b"]), row(2, 2, &["one\r\ntwo", "say \"hi\""]), row(4, 3, &[""]), row(5, 4, &["5\" pipe", "=1"]), row(6, 5, &["x"])]);
    }

    #[test]
    fn semicolons_separate_where_the_header_has_more_of_them() {
        assert_eq!(rows("a;\"b,,,\";c\r\n1,5;\"2;\";3\r\n"), [row(1, 1, &["a", "b,,,", "c"]), row(2, 2, &["1,5", "2;", "3"])]);
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
    fn columns_are_named_as_in_a_spreadsheet() {
        assert_eq!([1, 4, 26, 27, 52, 53, 702, 703, 16_384].map(letters), ["A", "D", "Z", "AA", "AZ", "BA", "ZZ", "AAA", "XFD"]);
    }

    /// Text that is likely to trip a reader or a spreadsheet.
    fn nasty() -> impl Strategy<Value = String> {
        prop_oneof![any::<String>(), "[-'=+@;,\\\\\"\t\r\n ae]{0,12}"].prop_map(|text| text.replace('\u{feff}', ""))
    }

    proptest! {
        #[test]
        fn every_file_comes_back_as_it_was(records in prop::collection::vec(prop::collection::vec(nasty(), 1..5), 1..5)) {
            let mut file = String::new();
            // A header as ours are: without it the cells themselves would decide what separates them.
            write(["a", "b"], &mut file);
            records.iter().for_each(|record| write(record, &mut file));
            let back: Vec<Vec<String>> = rows(&file).into_iter().skip(1).map(|(_, _, cells)| cells).collect();
            prop_assert_eq!(back, records);
        }

        #[test]
        fn no_cell_is_written_that_a_spreadsheet_would_run(text in nasty()) {
            prop_assert!(!protect(&text).starts_with(['=', '+', '-', '@', '\t', '\r']));
        }

        #[test]
        fn every_list_comes_back_as_it_was(items in prop::collection::vec("[a-e;\\\\]{1,5}", 0..5)) {
            prop_assert_eq!(split(&join(&items)), items);
        }
    }
}
