//! JSON: an array of objects, wherever it stands, or objects one after the other.
//!
//! A file is gone through value by value, and only one record is in memory at a time. Objects inside a record are laid
//! out with dots (`identifier.scheme`), lists of simple values joined with `; `, and lists of objects kept as JSON.

use std::collections::HashMap;

use serde_json::Value;

use super::text::{Reading, Text};
use super::{
    Cell, Kind, MAX_COLUMNS, MAX_RECORD_BYTES, Options, Record, Rows, Source, counted, grouped, listed, refused,
    refused_at,
};
use crate::fault::{Fault, escape};

/// How deep values may stand in each other.
const MAX_DEPTH: usize = 120;
/// How deep the array of rows is looked for.
const MAX_STEPS: usize = 8;
/// The most bytes of a name.
const MAX_NAME_BYTES: usize = 10_000;

/// Where the rows of a JSON stand, and what their columns are.
#[derive(Debug)]
pub(super) struct Place {
    kind: Kind,
    steps: Vec<String>,
    columns: HashMap<String, usize>,
    names: Vec<String>,
    pub(super) row_count: u32,
}

impl Place {
    /// Finds the rows, and reads them all once.
    pub(super) fn of(
        reading: &Reading,
        source: &dyn Source,
        kind: Kind,
        options: &Options,
        sentences: &mut Vec<String>,
    ) -> Result<Self, Fault> {
        let steps = match (&options.rows, kind) {
            (_, Kind::JsonLines) => Vec::new(),
            (Some(pointer), _) => steps(pointer),
            (None, _) => largest(reading, source, sentences)?,
        };
        let mut place = Self { kind, steps, columns: HashMap::new(), names: Vec::new(), row_count: 0 };
        let mut elements = Elements::new(reading.open(source)?, &place)?;
        let (mut columns, mut names, mut row_count) = (HashMap::new(), Vec::<String>::new(), 0_u32);
        while let Some((line, fields)) = elements.next_fields()? {
            row_count = row_count.saturating_add(1);
            for (name, _) in fields {
                if columns.contains_key(&name) {
                    continue;
                }
                if names.len() == MAX_COLUMNS {
                    return Err(refused_at(
                        line,
                        "too_large",
                        format!("expected at most {} different names in the objects", grouped(MAX_COLUMNS as u64)),
                    ));
                }
                columns.insert(name.clone(), names.len());
                names.push(name);
            }
        }
        drop(elements);
        (place.columns, place.names, place.row_count) = (columns, names, row_count);
        place.say(sentences);
        Ok(place)
    }

    pub(super) fn columns(&self) -> &[String] {
        &self.names
    }

    fn say(&self, sentences: &mut Vec<String>) {
        let inside = self.names.iter().filter(|name| name.contains('.'));
        let names: Vec<String> = inside.map(|name| format!("`{name}`")).collect();
        if !names.is_empty() {
            let names = listed(&names, names.len() as u64);
            sentences.push(format!("Values inside objects are called by the way to them: {names}."));
        }
    }
}

/// The steps of a JSON pointer; the slash before it may be left out.
fn steps(pointer: &str) -> Vec<String> {
    let pointer = pointer.strip_prefix('/').unwrap_or(pointer);
    if pointer.is_empty() {
        return Vec::new();
    }
    pointer.split('/').map(|step| step.replace("~1", "/").replace("~0", "~")).collect()
}

fn pointer(steps: &[String]) -> String {
    steps.iter().map(|step| format!("/{}", escape(step))).collect()
}

/// Where the array with the most objects stands.
fn largest(reading: &Reading, source: &dyn Source, sentences: &mut Vec<String>) -> Result<Vec<String>, Fault> {
    let mut arrays = Arrays::default();
    let mut scan = Scan::new(reading.open(source)?);
    arrays.value(&mut scan, &mut Vec::new())?;
    if scan.peek()?.is_some() {
        return Err(refused_at(scan.line, "json", "something stands behind the end of the JSON"));
    }
    let Some((objects, steps)) = arrays.best else {
        return Err(refused("no_table", "expected a JSON array of objects, in the file or in an object in it"));
    };
    if !steps.is_empty() {
        let others = match arrays.count - 1 {
            0 => String::new(),
            count => format!("; {} left alone", counted(count, "other array is", "other arrays are")),
        };
        let rows = counted(objects, "object is", "objects are");
        sentences.push(format!("Read are the rows at `{}`: {rows} there{others}.", pointer(&steps)));
    }
    Ok(steps)
}

/// The arrays of objects in a JSON.
#[derive(Default)]
struct Arrays {
    best: Option<(u64, Vec<String>)>,
    count: u64,
}

impl Arrays {
    fn value(&mut self, scan: &mut Scan<'_>, steps: &mut Vec<String>) -> Result<(), Fault> {
        match scan.peek()? {
            Some(b'[') => {
                scan.expect(b'[')?;
                let mut objects = 0;
                let mut is_first = true;
                while scan.has_another(&mut is_first, b']')? {
                    objects += u64::from(scan.peek()? == Some(b'{'));
                    scan.take(None)?;
                }
                self.count += u64::from(objects > 0);
                if objects > 0 && self.best.as_ref().is_none_or(|(most, _)| objects > *most) {
                    self.best = Some((objects, steps.clone()));
                }
            }
            Some(b'{') if steps.len() < MAX_STEPS => {
                scan.expect(b'{')?;
                let mut is_first = true;
                while scan.has_another(&mut is_first, b'}')? {
                    steps.push(scan.name()?);
                    self.value(scan, steps)?;
                    steps.pop();
                }
            }
            _ => scan.take(None)?,
        }
        Ok(())
    }
}

/// A JSON, gone through value by value.
pub(super) struct Scan<'a> {
    text: Text<'a>,
    line: u32,
    /// Whether the last byte was a CR.
    after_return: bool,
}

impl<'a> Scan<'a> {
    pub(super) fn new(text: Text<'a>) -> Self {
        Self { text, line: 1, after_return: false }
    }

    fn broken<T>(&self, what: impl Into<String>) -> Result<T, Fault> {
        Err(refused_at(self.line, "json", what.into()))
    }

    /// What comes next, behind space.
    pub(super) fn peek(&mut self) -> Result<Option<u8>, Fault> {
        loop {
            let bytes = self.text.fill()?;
            let Some(first) = bytes.first().copied() else { return Ok(None) };
            let blank = bytes.iter().take_while(|byte| b" \t\r\n".contains(byte)).count();
            if blank == 0 {
                return Ok(Some(first));
            }
            self.pass(blank, None);
        }
    }

    /// Passes over so many of the bytes that have come.
    fn pass(&mut self, count: usize, into: Option<&mut Vec<u8>>) {
        // They have come already, so that asking again cannot fail.
        let Ok(bytes) = self.text.fill() else { return };
        let bytes = &bytes[..count.min(bytes.len())];
        for byte in bytes {
            if *byte == b'\r' || (*byte == b'\n' && !self.after_return) {
                self.line = self.line.saturating_add(1);
            }
            self.after_return = *byte == b'\r';
        }
        if let Some(into) = into {
            into.extend_from_slice(bytes);
        }
        self.text.consume(count);
    }

    fn expect(&mut self, byte: u8) -> Result<(), Fault> {
        let found = self.peek()?;
        if found != Some(byte) {
            let found =
                found.map_or_else(|| "the end of the file".to_owned(), |found| format!("`{}`", char::from(found)));
            return self.broken(format!("this is no JSON: expected `{}`, found {found}", char::from(byte)));
        }
        self.pass(1, None);
        Ok(())
    }

    /// Whether another element or member follows; the comma before it is passed over, or the end.
    fn has_another(&mut self, is_first: &mut bool, end: u8) -> Result<bool, Fault> {
        if self.peek()? == Some(end) {
            self.pass(1, None);
            return Ok(false);
        }
        if !std::mem::replace(is_first, false) {
            self.expect(b',')?;
        }
        Ok(true)
    }

    /// The name of a member, and the colon behind it.
    fn name(&mut self) -> Result<String, Fault> {
        let mut bytes = Vec::new();
        if self.peek()? != Some(b'"') {
            return self.broken("this is no JSON: expected a name in quotes");
        }
        self.take(Some((&mut bytes, MAX_NAME_BYTES)))?;
        let name = serde_json::from_slice(&bytes).or_else(|error| self.broken(format!("this is no JSON: {error}")))?;
        self.expect(b':')?;
        Ok(name)
    }

    /// Passes over a value, and keeps its bytes, of which there may be so many.
    pub(super) fn take(&mut self, into: Option<(&mut Vec<u8>, usize)>) -> Result<(), Fault> {
        let begun = match self.peek()? {
            None | Some(b']' | b'}' | b',' | b':') => return self.broken("this is no JSON: expected a value"),
            Some(_) => self.line,
        };
        let (mut into, most) = into.map_or((None, usize::MAX), |(into, most)| (Some(into), most));
        let (mut depth, mut in_text, mut is_escaped) = (0_usize, false, false);
        loop {
            let bytes = self.text.fill()?;
            if bytes.is_empty() {
                if depth == 0 && !in_text {
                    return Ok(());
                }
                return Err(refused_at(begun, "json", "this is no JSON: a value that begins on this line has no end"));
            }
            let mut end = None;
            let mut is_done = false;
            for (at, byte) in bytes.iter().enumerate() {
                if is_escaped {
                    is_escaped = false;
                } else if in_text {
                    match byte {
                        b'\\' => is_escaped = true,
                        b'"' => in_text = false,
                        _ => continue,
                    }
                    is_done = !in_text && depth == 0;
                } else {
                    match byte {
                        b'"' => in_text = true,
                        b'{' | b'[' => depth += 1,
                        b'}' | b']' if depth > 0 => {
                            depth -= 1;
                            is_done = depth == 0;
                        }
                        b',' | b'}' | b']' | b':' | b' ' | b'\t' | b'\r' | b'\n' if depth == 0 => {
                            end = Some(at);
                            break;
                        }
                        _ => continue,
                    }
                }
                if depth > MAX_DEPTH {
                    return Err(refused_at(begun, "json", "what begins on this line is too deep"));
                }
                if is_done {
                    end = Some(at + 1);
                    break;
                }
            }
            let count = end.unwrap_or(bytes.len());
            self.pass(count, into.as_deref_mut());
            if into.as_ref().is_some_and(|into| into.len() > most) {
                let most = grouped(most as u64);
                let message = format!("what begins on this line has more than {most} bytes");
                return Err(refused_at(begun, "too_large", message));
            }
            if end.is_some() {
                return Ok(());
            }
        }
    }
}

/// A name and what stands under it.
type Field = (String, Cell);

/// The objects of a JSON, one after the other.
pub(super) struct Elements<'a> {
    scan: Scan<'a>,
    place: &'a Place,
    bytes: Vec<u8>,
    row: u32,
    is_first: bool,
}

impl<'a> Elements<'a> {
    pub(super) fn new(text: Text<'a>, place: &'a Place) -> Result<Self, Fault> {
        let mut scan = Scan::new(text);
        if place.kind != Kind::JsonLines {
            for step in &place.steps {
                scan.expect(b'{')?;
                let mut is_first = true;
                loop {
                    if !scan.has_another(&mut is_first, b'}')? {
                        let pointer = pointer(&place.steps);
                        return Err(refused("no_table", format!("the JSON has no array at `{pointer}`")));
                    }
                    if scan.name()? == *step {
                        break;
                    }
                    scan.take(None)?;
                }
            }
            scan.expect(b'[')?;
        }
        Ok(Self { scan, place, bytes: Vec::new(), row: 0, is_first: true })
    }

    /// The next object and the line it begins on.
    fn next_fields(&mut self) -> Result<Option<(u32, Vec<Field>)>, Fault> {
        let has_another = match self.place.kind {
            Kind::JsonLines => self.scan.peek()?.is_some(),
            _ => self.scan.has_another(&mut self.is_first, b']')?,
        };
        if !has_another {
            return Ok(None);
        }
        if self.scan.peek()? != Some(b'{') {
            return self.scan.broken("expected an object, with a name for each value");
        }
        let line = self.scan.line;
        self.bytes.clear();
        self.scan.take(Some((&mut self.bytes, MAX_RECORD_BYTES)))?;
        let value: Value = serde_json::from_slice(&self.bytes).map_err(|error| {
            let below = u32::try_from(error.line().saturating_sub(1)).unwrap_or(0);
            refused_at(line.saturating_add(below), "json", format!("this is no JSON: {error}"))
        })?;
        self.row = self.row.saturating_add(1);
        let mut fields = Vec::new();
        flatten("", value, &mut fields);
        Ok(Some((line, fields)))
    }
}

impl Rows for Elements<'_> {
    fn next_row(&mut self, record: &mut Record) -> Result<bool, Fault> {
        let Some((line, fields)) = self.next_fields()? else { return Ok(false) };
        (record.row, record.line) = (self.row, line);
        record.cells.clear();
        record.cells.resize(self.place.names.len(), Cell::Empty);
        for (name, cell) in fields {
            let column = self.place.columns.get(&name).and_then(|column| record.cells.get_mut(*column));
            if let Some(there) = column {
                *there = cell;
            }
        }
        Ok(true)
    }
}

/// The values in an object, each under the names on the way to it.
fn flatten(name: &str, value: Value, fields: &mut Vec<Field>) {
    let cell = match value {
        Value::Object(members) => {
            for (member, value) in members {
                let name = if name.is_empty() { member } else { format!("{name}.{member}") };
                flatten(&name, value, fields);
            }
            return;
        }
        Value::Array(items) if items.is_empty() => Cell::Empty,
        Value::Array(items) => {
            let is_simple = |item: &Value| !item.is_object() && !item.is_array();
            if items.iter().all(is_simple) {
                let texts: Vec<String> = items.iter().filter(|item| !item.is_null()).map(text).collect();
                Cell::Text(texts.join("; "))
            } else {
                Cell::Text(Value::Array(items).to_string())
            }
        }
        Value::Null => Cell::Empty,
        Value::Bool(truth) => Cell::Truth(truth),
        Value::Number(number) => Cell::Number { value: number.as_f64().unwrap_or(f64::NAN), shown: number.to_string() },
        Value::String(text) => Cell::Text(text),
    };
    fields.push((name.to_owned(), cell));
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

/// Whether a JSON that begins with an object goes on with another behind it.
pub(super) fn is_lines(source: &dyn Source) -> bool {
    let Ok(text) = Reading::unseen().open(source) else { return false };
    let mut scan = Scan::new(text);
    scan.take(None).is_ok() && matches!(scan.peek(), Ok(Some(b'{')))
}
