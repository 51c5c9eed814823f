//! Text with something between its cells: commas, semicolons, tabs, bars.
//!
//! Read as RFC 4180 has it, with lines that end in CR LF, LF or CR, in bounded memory: a cell is never longer than
//! [`MAX_CELL_BYTES`], so that a quote that is never closed does not make a cell of the rest of the file. It is told
//! with the line on which it was opened.

use super::text::{Reading, Text};
use super::{
    MAX_CELL_BYTES, MAX_COLUMNS, MAX_RECORD_BYTES, Options, Record, Rows, Source, cell, folded, grouped, refused,
    refused_at,
};
use crate::fault::Fault;

/// What may stand between cells, the likeliest first.
const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// How much of a text says what separates its cells.
const SAMPLE: usize = 64 * 1024;

/// The records of a text.
pub(super) struct Delimited<'a> {
    text: Text<'a>,
    separator: u8,
    line: u32,
    row: u32,
    cell: Vec<u8>,
    /// Whether a line ended in CR: an LF behind it belongs to it.
    after_return: bool,
}

/// What a cell ended with.
#[derive(PartialEq)]
enum End {
    Separator,
    Line,
    File,
}

impl<'a> Delimited<'a> {
    pub(super) fn new(text: Text<'a>, separator: u8) -> Self {
        Self { text, separator, line: 1, row: 0, cell: Vec::new(), after_return: false }
    }

    /// Without a first line that only says what separates the cells.
    pub(super) fn without_mark(mut self) -> Result<Self, Fault> {
        if let Some((_, length)) = mark(self.text.fill()?) {
            self.text.consume(length);
            self.after_return = true;
            (self.line, self.row) = (2, 1);
        }
        Ok(self)
    }

    /// Reads the next cell; whether it stood in quotes is put into `is_quoted`.
    fn read(&mut self, is_quoted: &mut bool) -> Result<End, Fault> {
        self.cell.clear();
        if self.after_return && self.text.fill()?.first() == Some(&b'\n') {
            self.text.consume(1);
        }
        self.after_return = false;
        if self.text.fill()?.first() == Some(&b'"') {
            self.text.consume(1);
            *is_quoted = true;
            return self.quoted();
        }
        let line = self.line;
        loop {
            let bytes = self.text.fill()?;
            if bytes.is_empty() {
                return Ok(End::File);
            }
            match memchr::memchr3(self.separator, b'\r', b'\n', bytes) {
                Some(at) => {
                    let byte = bytes[at];
                    self.cell.extend_from_slice(&bytes[..at]);
                    self.text.consume(at + 1);
                    self.within(line)?;
                    return Ok(self.ended(byte));
                }
                None => {
                    let length = bytes.len();
                    self.cell.extend_from_slice(bytes);
                    self.text.consume(length);
                    self.within(line)?;
                }
            }
        }
    }

    fn within(&self, line: u32) -> Result<(), Fault> {
        if self.cell.len() <= MAX_CELL_BYTES {
            return Ok(());
        }
        let most = grouped(MAX_CELL_BYTES as u64);
        Err(refused_at(line, "too_large", format!("the cell that begins on this line has more than {most} bytes")))
    }

    fn ended(&mut self, byte: u8) -> End {
        if byte == self.separator {
            return End::Separator;
        }
        self.after_return = byte == b'\r';
        self.line = self.line.saturating_add(1);
        End::Line
    }

    /// Reads the rest of a cell whose opening quote has been read.
    fn quoted(&mut self) -> Result<End, Fault> {
        let opened = self.line;
        let mut previous = 0;
        loop {
            let bytes = self.text.fill()?;
            if bytes.is_empty() {
                return Err(refused_at(opened, "syntax", "a quote that is opened on this line is never closed"));
            }
            let (part, is_closed) = match memchr::memchr(b'"', bytes) {
                Some(at) => (&bytes[..at], true),
                None => (bytes, false),
            };
            for byte in part {
                if *byte == b'\r' || (*byte == b'\n' && previous != b'\r') {
                    self.line = self.line.saturating_add(1);
                }
                previous = *byte;
            }
            self.cell.extend_from_slice(part);
            let length = part.len() + usize::from(is_closed);
            self.text.consume(length);
            if self.cell.len() > MAX_CELL_BYTES {
                let most = grouped(MAX_CELL_BYTES as u64);
                return Err(refused_at(
                    opened,
                    "too_large",
                    format!(
                        "a quote that is opened on this line is not closed within {most} bytes: a quote is missing, or the cell is too long"
                    ),
                ));
            }
            if is_closed {
                if self.text.fill()?.first() != Some(&b'"') {
                    return self.closed(opened);
                }
                self.text.consume(1);
                self.cell.push(b'"');
                previous = b'"';
            }
        }
    }

    /// What stands behind a closing quote: the end of the cell, and before it at most some space.
    fn closed(&mut self, opened: u32) -> Result<End, Fault> {
        loop {
            match self.text.fill()?.first().copied() {
                None => return Ok(End::File),
                Some(byte) if byte == self.separator || byte == b'\r' || byte == b'\n' => {
                    self.text.consume(1);
                    return Ok(self.ended(byte));
                }
                Some(b' ') => self.text.consume(1),
                Some(_) => break,
            }
        }
        let message = if self.line == opened {
            let separator = shown(self.separator);
            format!(
                "expected {separator} or the end of the line behind a closing quote: a quote inside a cell is written twice"
            )
        } else {
            format!(
                "a quote that is opened on this line is closed on line {} only, and something stands behind it: a quote is missing, or one inside the cell is not written twice",
                self.line
            )
        };
        Err(refused_at(opened, "syntax", message))
    }
}

impl Rows for Delimited<'_> {
    fn next_row(&mut self, record: &mut Record) -> Result<bool, Fault> {
        loop {
            self.row = self.row.saturating_add(1);
            (record.row, record.line) = (self.row, self.line);
            let mut is_quoted = false;
            let mut count = 0;
            let mut bytes = 0;
            loop {
                let end = self.read(&mut is_quoted)?;
                if count == 0 && self.cell.is_empty() && !is_quoted {
                    match end {
                        End::File => return Ok(false),
                        // A blank line.
                        End::Line => break,
                        End::Separator => {}
                    }
                }
                if count == MAX_COLUMNS {
                    return Err(refused_at(
                        record.line,
                        "too_large",
                        format!("expected at most {} cells in a line", grouped(MAX_COLUMNS as u64)),
                    ));
                }
                bytes += self.cell.len();
                if bytes > MAX_RECORD_BYTES {
                    let most = grouped(MAX_RECORD_BYTES as u64);
                    let message = format!("the cells of this line have more than {most} bytes");
                    return Err(refused_at(record.line, "too_large", message));
                }
                let text = std::str::from_utf8(&self.cell)
                    .map_err(|_| refused_at(record.line, "encoding", "this line is no UTF-8"))?;
                cell::put(&mut record.cells, count, text);
                count += 1;
                if end != End::Separator {
                    record.cells.truncate(count);
                    return Ok(true);
                }
            }
        }
    }
}

/// What separates the cells by a first line such as `sep=;`, and the length of that line, without the LF behind a CR.
fn mark(bytes: &[u8]) -> Option<(u8, usize)> {
    let unquoted = bytes.strip_prefix(b"\"").unwrap_or(bytes);
    let quotes = bytes.len() - unquoted.len();
    let separator = *unquoted.get(4).filter(|_| unquoted[..4].eq_ignore_ascii_case(b"sep="))?;
    let behind = unquoted.get(5..)?;
    let behind = if quotes == 1 { behind.strip_prefix(b"\"")? } else { behind };
    match behind.first() {
        Some(b'\r' | b'\n') if SEPARATORS.contains(&separator) => Some((separator, 6 + quotes * 2)),
        _ => None,
    }
}

/// A separator as a sentence names it.
pub(super) fn shown(separator: u8) -> String {
    match separator {
        b',' => "a comma".to_owned(),
        b';' => "a semicolon".to_owned(),
        b'\t' => "a tab".to_owned(),
        b'|' => "a bar".to_owned(),
        other => format!("`{}`", char::from(other)),
    }
}

/// What separates the cells of a text: as somebody says, as its first line says, or what makes the most alike rows.
pub(super) fn separator(
    reading: &Reading,
    source: &dyn Source,
    options: &Options,
    sentences: &mut Vec<String>,
) -> Result<u8, Fault> {
    if let Some(told) = options.separator {
        return u8::try_from(told).ok().filter(|byte| byte.is_ascii() && !b"\"\r\n".contains(byte)).ok_or_else(|| {
            refused(
                "separator",
                "expected a comma, a semicolon, a tab, a bar or another sign of one byte between the cells",
            )
        });
    }
    let mut text = reading.open(source)?;
    let mut sample = Vec::new();
    while sample.len() < SAMPLE {
        let bytes = text.fill()?;
        if bytes.is_empty() {
            break;
        }
        let length = bytes.len().min(SAMPLE - sample.len());
        sample.extend_from_slice(&bytes[..length]);
        text.consume(length);
    }
    if let Some((separator, _)) = mark(&sample) {
        sentences.push(format!("The first line says that {} stands between the cells.", shown(separator)));
        return Ok(separator);
    }
    let is_whole = sample.len() < SAMPLE;
    if !is_whole && let Some(end) = sample.iter().rposition(|byte| matches!(byte, b'\r' | b'\n')) {
        sample.truncate(end + 1);
    }
    let wanted: Vec<String> = options.wanted.iter().map(|name| folded(name)).collect();
    let mut best = (SEPARATORS[0], Fit::default());
    for separator in SEPARATORS {
        let fit = Fit::of(&sample, separator, &wanted);
        if fit > best.1 {
            best = (separator, fit);
        }
    }
    if best.0 != b',' {
        let name = shown(best.0);
        sentences.push(format!("{}{} stands between the cells.", name[..1].to_uppercase(), &name[1..]));
    }
    Ok(best.0)
}

/// How well a separator fits: the names it finds, how many rows are alike, how many cells they have.
#[derive(Default, PartialEq, PartialOrd)]
struct Fit {
    names: usize,
    /// In twentieths: a few odd rows say nothing.
    alike: usize,
    cells: usize,
}

impl Fit {
    fn of(sample: &[u8], separator: u8, wanted: &[String]) -> Self {
        let mut rows = Delimited::new(Text::here(sample), separator);
        let mut record = Record::default();
        let mut widths = std::collections::BTreeMap::<usize, usize>::new();
        let (mut names, mut count) = (0, 0);
        let is_broken = loop {
            match rows.next_row(&mut record) {
                Ok(true) => {}
                Ok(false) => break false,
                Err(_) => break true,
            }
            count += 1;
            *widths.entry(record.cells.len()).or_default() += 1;
            if count <= 100 && !wanted.is_empty() {
                let found = record.cells.iter().filter(|cell| wanted.contains(&folded(&cell.shown()))).count();
                names = names.max(found);
            }
        };
        let usual = widths.into_iter().filter(|(width, _)| *width > 1).max_by_key(|(width, count)| (*count, *width));
        let Some((cells, alike)) = usual else { return Self { names, alike: 0, cells: 0 } };
        let alike = (alike * 20).div_ceil(count.max(1));
        Self { names, alike: if is_broken { alike / 2 } else { alike }, cells }
    }
}
