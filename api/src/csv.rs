//! CSV, both ways: what a cell looks like, how a file is written, and how strictly one is read.
//!
//! **Files** are RFC 4180: commas, CR LF, quotes where needed, UTF-8. A reader of our own because it must say on which line a
//! quote was never closed, where common readers take the rest of the file for one cell.
//!
//! **Cells** are the text of what the API's JSON has: null is empty; a list of scalars is joined with `;`, where `;` and `\` inside
//! an item are written `\;` and `\\` (and a list of one empty item `\e`); identifiers are `SCHEME:ID`, joined the same way;
//! other lists and objects are compact JSON.
//!
//! **Formulas** stay text: a cell that begins with `=`, `+`, `-`, `@`, a tab or a carriage return is written with a `'` before it,
//! so that no spreadsheet runs it; and so is one that begins with any number of `'` followed by one of these. Reading takes one `'`
//! off exactly such cells, and so is the exact opposite.

use serde_json::Value;

/// What some spreadsheets want at the beginning to see that a file is UTF-8.
pub const BYTE_ORDER_MARK: &str = "\u{feff}";

/// How many cells a record may have at the most.
pub const MAXIMUM_CELLS: usize = 1000;

/// One record of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The line it begins on, from 1.
    pub line: u64,
    /// Its cells, without their quotes.
    pub cells: Vec<String>,
}

/// Why a file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// A stable word: `encoding`, `character` or `csv`.
    pub code: &'static str,
    /// The line, and what is wrong there.
    pub detail: String,
}

impl Malformed {
    fn new(code: &'static str, line: u64, what: impl std::fmt::Display) -> Self {
        Self { code, detail: format!("line {line}: {what}") }
    }
}

/// The cell with a `'` before it where a spreadsheet would run it.
#[must_use]
pub fn protect(text: String) -> String {
    if is_formula(&text) { format!("'{text}") } else { text }
}

/// The cell as it was before [`protect`].
#[must_use]
pub fn unprotect(text: &str) -> &str {
    text.strip_prefix('\'').filter(|rest| is_formula(rest)).unwrap_or(text)
}

fn is_formula(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// The cell for a value.
#[must_use]
pub fn cell(value: &Value) -> String {
    let text = match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
        Value::Array(items) => match items.iter().map(item).collect::<Option<Vec<String>>>() {
            Some(items) => join(&items),
            None => value.to_string(),
        },
    };
    protect(text)
}

/// A scalar, or an identifier, in a list.
fn item(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Object(fields) if fields.len() == 2 => Some(format!("{}:{}", fields.get("scheme")?.as_str()?, fields.get("id")?.as_str()?)),
        _ => None,
    }
}

/// Items as one text, so that [`split`] finds each again.
#[must_use]
pub fn join(items: &[String]) -> String {
    match items {
        [only] if only.is_empty() => "\\e".into(),
        _ => items.iter().map(|item| item.replace('\\', "\\\\").replace(';', "\\;")).collect::<Vec<_>>().join(";"),
    }
}

/// The items that [`join`] joined.
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

/// Adds one record of cells to `file`.
pub fn write<'a>(cells: impl IntoIterator<Item = &'a str>, file: &mut String) {
    let mut count = 0;
    let mut is_blank = true;
    for cell in cells {
        if count > 0 {
            file.push(',');
        }
        count += 1;
        is_blank = is_blank && cell.is_empty();
        if cell.contains([',', '"', '\r', '\n']) || cell.starts_with(' ') || cell.ends_with(' ') {
            file.push('"');
            file.push_str(&cell.replace('"', "\"\""));
            file.push('"');
        } else {
            file.push_str(cell);
        }
    }
    // One empty cell would be a blank line, which is no record.
    if count == 1 && is_blank {
        file.push_str("\"\"");
    }
    file.push_str("\r\n");
}

/// The records of a file, header included, one after the other. Lines end in CR LF, LF or CR; blank lines are passed over; a
/// byte-order mark is too.
///
/// # Errors
/// [`Malformed`] for what is not UTF-8 or has the character U+0000; among the records, for a quote that is never closed,
/// something behind a closed one, or more than [`MAXIMUM_CELLS`].
pub fn read(bytes: &[u8]) -> Result<Records<'_>, Malformed> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(Malformed::new("encoding", 1, "expected UTF-8, not UTF-16: save it as \"CSV UTF-8\""));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        Malformed::new("encoding", line_breaks(before) + 1, format!("byte {} of the file is not UTF-8: save it as \"CSV UTF-8\"", error.valid_up_to() + 1))
    })?;
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    if let Some(at) = text.find('\0') {
        return Err(Malformed::new("character", line_breaks(&text.as_bytes()[..at]) + 1, "the character U+0000 cannot be kept"));
    }
    Ok(Records { rest: text, line: 1 })
}

/// How many lines end in `bytes`, however they do.
fn line_breaks(bytes: &[u8]) -> u64 {
    let mut count = 0;
    for (at, byte) in bytes.iter().enumerate() {
        if *byte == b'\n' || (*byte == b'\r' && bytes.get(at + 1) != Some(&b'\n')) {
            count += 1;
        }
    }
    count
}

/// The records of a file that are still to be read.
#[derive(Debug)]
pub struct Records<'a> {
    rest: &'a str,
    line: u64,
}

impl Iterator for Records<'_> {
    type Item = Result<Record, Malformed>;
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

impl Records<'_> {
    /// The next record; none for a blank line.
    fn record(&mut self) -> Result<Option<Record>, Malformed> {
        let line = self.line;
        let mut cells = Vec::new();
        let mut has_quotes = false;
        loop {
            if cells.len() == MAXIMUM_CELLS {
                return Err(Malformed::new("csv", line, format!("expected at most {MAXIMUM_CELLS} cells")));
            }
            if let Some(rest) = self.rest.strip_prefix('"') {
                self.rest = rest;
                has_quotes = true;
                cells.push(self.quoted()?);
            } else {
                let end = self.rest.find([',', '\r', '\n']).unwrap_or(self.rest.len());
                let (cell, rest) = self.rest.split_at(end);
                cells.push(cell.to_owned());
                self.rest = rest;
            }
            if let Some(rest) = self.rest.strip_prefix(',') {
                self.rest = rest;
                continue;
            }
            if let Some(rest) = self.rest.strip_prefix("\r\n").or_else(|| self.rest.strip_prefix(['\r', '\n'])) {
                self.rest = rest;
                self.line += 1;
            } else if !self.rest.is_empty() {
                return Err(Malformed::new("csv", self.line, "expected a comma or the end of the line behind a closing quote: a quote inside a cell is written twice"));
            }
            let is_blank = !has_quotes && matches!(cells.as_slice(), [only] if only.is_empty());
            return Ok((!is_blank).then_some(Record { line, cells }));
        }
    }

    /// The rest of a cell whose opening quote has been read, and its closing one.
    fn quoted(&mut self) -> Result<String, Malformed> {
        let opened_on = self.line;
        let mut cell = String::new();
        loop {
            let Some(end) = self.rest.find('"') else {
                return Err(Malformed::new("csv", opened_on, "a quote that is opened here is never closed"));
            };
            let (part, rest) = self.rest.split_at(end);
            self.line += line_breaks(part.as_bytes());
            cell.push_str(part);
            match rest.strip_prefix("\"\"") {
                Some(rest) => {
                    cell.push('"');
                    self.rest = rest;
                }
                None => {
                    self.rest = rest.strip_prefix('"').unwrap_or(rest);
                    return Ok(cell);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};
    use serde_json::json;

    use super::*;

    fn rows(text: &str) -> Vec<(u64, Vec<String>)> {
        read(text.as_bytes()).expect("a good file").map(|record| record.expect("a good record")).map(|record| (record.line, record.cells)).collect()
    }

    fn row(line: u64, cells: &[&str]) -> (u64, Vec<String>) {
        (line, cells.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn records_carry_the_line_they_begin_on() {
        assert_eq!(
            rows("\u{feff}a,b\r\n\"one\r\ntwo\",\"say \"\"hi\"\"\"\n\n5\" pipe,\n\"\"\r,x"),
            [row(1, &["a", "b"]), row(2, &["one\r\ntwo", "say \"hi\""]), row(5, &["5\" pipe", ""]), row(6, &[""]), row(7, &["", "x"])]
        );
        assert_eq!(rows(""), []);
        assert_eq!(rows("a"), [row(1, &["a"])]);
    }

    #[test]
    fn what_is_no_csv_is_refused_with_its_line() {
        let told = |bytes: &[u8]| {
            read(bytes).and_then(Iterator::collect::<Result<Vec<Record>, _>>).map_err(|malformed| (malformed.code, malformed.detail)).expect_err("refused")
        };
        assert_eq!(told(b"a,b\n1,\"2\n3,4\n"), ("csv", "line 2: a quote that is opened here is never closed".into()));
        assert_eq!(told(b"a\n\"x\ny\" z\n").1, "line 3: expected a comma or the end of the line behind a closing quote: a quote inside a cell is written twice");
        assert_eq!(told(b"a\r\nb\r\n\xe9").1, "line 3: byte 7 of the file is not UTF-8: save it as \"CSV UTF-8\"");
        assert_eq!(told(b"a\rb\0"), ("character", "line 2: the character U+0000 cannot be kept".into()));
        assert_eq!(told(b"\xff\xfea\0").0, "encoding");
        assert_eq!(told(",".repeat(MAXIMUM_CELLS).as_bytes()), ("csv", "line 1: expected at most 1000 cells".into()));
    }

    #[test]
    fn cells_are_what_the_interface_says() {
        for (value, text) in [
            (json!(null), ""),
            (json!(true), "true"),
            (json!(78.5), "78.5"),
            (json!("=1+1"), "'=1+1"),
            (json!("'quoted'"), "'quoted'"),
            (json!("'=1"), "''=1"),
            (json!([]), ""),
            (json!(["a;b", "c\\d"]), "a\\;b;c\\\\d"),
            (json!([{ "scheme": "GB-NHS", "id": "8K417" }, { "scheme": "GB-COH", "id": "04142000" }]), "GB-NHS:8K417;GB-COH:04142000"),
            (json!([{ "name": "Ann", "role": null }]), "[{\"name\":\"Ann\",\"role\":null}]"),
            (json!({ "a": 1 }), "{\"a\":1}"),
        ] {
            assert_eq!(cell(&value), text);
        }
    }

    /// Text that is likely to trip a reader or a spreadsheet.
    fn nasty() -> impl Strategy<Value = String> {
        prop_oneof![any::<String>(), "[-'=+@;,\\\\\"\t\r\n ae]{0,12}"].prop_map(|text| text.replace(['\0', '\u{feff}'], ""))
    }

    proptest! {
        #[test]
        fn every_text_comes_back_as_it_was(text in nasty()) {
            let protected = protect(text.clone());
            prop_assert!(!protected.starts_with(['=', '+', '-', '@', '\t', '\r']));
            prop_assert_eq!(unprotect(&protected), text);
        }

        #[test]
        fn every_list_comes_back_as_it_was(items in vec(nasty(), 0..5)) {
            prop_assert_eq!(split(unprotect(&cell(&json!(items.clone())))), items);
        }

        #[test]
        fn every_file_comes_back_as_it_was(records in vec(vec(nasty(), 1..5), 0..5), bom: bool) {
            let mut file = if bom { BYTE_ORDER_MARK.to_owned() } else { String::new() };
            for record in &records {
                write(record.iter().map(String::as_str), &mut file);
            }
            let back: Vec<Vec<String>> = read(file.as_bytes()).expect("our own file").map(|record| record.expect("our own record").cells).collect();
            prop_assert_eq!(&back, &records);
            // And a reader that is not ours finds the same.
            let mut other = ::csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(file.as_bytes());
            let other: Vec<Vec<String>> = other.records().map(|record| record.expect("CSV").iter().map(str::to_owned).collect()).collect();
            prop_assert_eq!(&other, &records);
        }
    }
}
