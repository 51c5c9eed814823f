//! Text → a tree of values, each with its line and column.
//!
//! YAML is read without anchors, aliases and merge keys: a questionnaire is reviewed like prose, and what one reads is
//! what counts. `yes`, `no`, `on` and `off` are text (YAML 1.2), so that an option may be written `value: yes`.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};
use serde_saphyr::granit_parser::{ErrorKind, Event, Marker, Parser, ScalarStyle, ScanError};

use crate::edition::{MAX_DOCUMENT_BYTES, MAX_DOCUMENT_DEPTH};
use crate::fault::{Fault, Faults, Path, shortened};

/// A value and where it begins; line 0 where no text was read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub(crate) line: u32,
    pub(crate) column: u32,
    pub(crate) value: Tree,
}

/// What stands in a document. Maps keep repeated keys, so that each can be reported.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Tree {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

impl Tree {
    /// The kind of value, as people say it.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "`true` or `false`",
            Self::Number(_) => "a number",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
        }
    }
}

impl Node {
    /// The name a map key gives.
    pub(crate) fn name(&self) -> Option<&str> {
        match &self.value {
            Tree::Text(name) => Some(name),
            _ => None,
        }
    }

    /// Line and column of what a JSON pointer leads to, or of the nearest value around it that is there.
    pub(crate) fn place_of(&self, pointer: &str) -> (u32, u32) {
        let mut node = self;
        for step in pointer.split('/').skip(1) {
            let step = step.replace("~1", "/").replace("~0", "~");
            let next = match &node.value {
                Tree::List(items) => step.parse::<usize>().ok().and_then(|index| items.get(index)),
                Tree::Map(entries) => entries.iter().find(|(key, _)| key.name() == Some(&step)).map(|(_, value)| value),
                _ => None,
            };
            match next {
                Some(next) => node = next,
                None => break,
            }
        }
        (node.line, node.column)
    }
}

impl From<Value> for Node {
    fn from(value: Value) -> Self {
        let text = |text| Self { line: 0, column: 0, value: Tree::Text(text) };
        let value = match value {
            Value::Null => Tree::Null,
            Value::Bool(value) => Tree::Bool(value),
            Value::Number(number) => Tree::Number(number),
            Value::String(text) => Tree::Text(text),
            Value::Array(items) => Tree::List(items.into_iter().map(Self::from).collect()),
            Value::Object(entries) => {
                Tree::Map(entries.into_iter().map(|(key, value)| (text(key), Self::from(value))).collect())
            }
        };
        Self { line: 0, column: 0, value }
    }
}

/// Reads YAML. `None` where the text could not be read at all; then there is at least one fault.
///
/// From events, onto a stack of our own: a reader that calls itself for every level would need more of the thread's
/// stack than a server's threads have.
pub(crate) fn read_yaml(text: &str, faults: &mut Faults) -> Option<Node> {
    if is_too_large(text, faults) {
        return None;
    }
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let read =
            event.map_err(|error| scan_fault(&error)).and_then(|(event, span)| builder.take(event, place(span.start)));
        if let Err(fault) = read {
            faults.push(at_mark(text, fault));
            return None;
        }
    }
    let mut node = builder.root.unwrap_or(Node { line: 1, column: 1, value: Tree::Null });
    tidy(&mut node, &Path::Root, 1, faults).then_some(node)
}

fn place(mark: Marker) -> (u32, u32) {
    (u32::try_from(mark.line()).unwrap_or(u32::MAX), u32::try_from(mark.col()).unwrap_or(u32::MAX).saturating_add(1))
}

fn fault_at((line, column): (u32, u32), code: &str, message: String) -> Fault {
    Fault { line: Some(line), column: Some(column), ..Fault::new("", code, message) }
}

fn scan_fault(error: &ScanError) -> Fault {
    let place = place(*error.marker());
    match error.kind() {
        ErrorKind::RecursionLimitExceeded => fault_at(place, "too_deep", too_deep()),
        _ => fault_at(place, "syntax", format!("this is not readable YAML: {}", error.info())),
    }
}

/// What has been read of a YAML document so far.
#[derive(Default)]
struct Builder {
    documents: usize,
    open: Vec<Open>,
    root: Option<Node>,
}

/// A list or map whose end has not come yet.
struct Open {
    place: (u32, u32),
    is_map: bool,
    items: Vec<Node>,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, place: (u32, u32)) -> Result<(), Fault> {
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(fault_at(place, "syntax", "expected one document, found a second".to_owned()));
                }
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => return Err(anchored(place)),
            Event::Scalar(text, style, anchor, tag) => {
                plain_only(place, anchor, tag.is_some())?;
                let value = if style == ScalarStyle::Plain { plain(&text) } else { Tree::Text(text.into_owned()) };
                self.put(Node { line: place.0, column: place.1, value });
            }
            Event::SequenceStart(_, anchor, tag) => self.begin(place, false, anchor, tag.is_some())?,
            Event::MappingStart(_, anchor, tag) => self.begin(place, true, anchor, tag.is_some())?,
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(Open { place, is_map, items }) = self.open.pop() {
                    let value = if is_map { Tree::Map(in_pairs(items)) } else { Tree::List(items) };
                    self.put(Node { line: place.0, column: place.1, value });
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn begin(&mut self, place: (u32, u32), is_map: bool, anchor: usize, tagged: bool) -> Result<(), Fault> {
        plain_only(place, anchor, tagged)?;
        if self.open.len() >= MAX_DOCUMENT_DEPTH {
            return Err(fault_at(place, "too_deep", too_deep()));
        }
        self.open.push(Open { place, is_map, items: Vec::new() });
        Ok(())
    }

    fn put(&mut self, node: Node) {
        match self.open.last_mut() {
            Some(open) => open.items.push(node),
            None => self.root = Some(node),
        }
    }
}

fn in_pairs(items: Vec<Node>) -> Vec<(Node, Node)> {
    let mut pairs = Vec::with_capacity(items.len() / 2);
    let mut items = items.into_iter();
    while let (Some(key), Some(value)) = (items.next(), items.next()) {
        pairs.push((key, value));
    }
    pairs
}

fn anchored(place: (u32, u32)) -> Fault {
    let message = "anchors (`&`) and aliases (`*`) are not read here: write the text out, or quote it";
    fault_at(place, "anchors_not_allowed", message.to_owned())
}

fn plain_only(place: (u32, u32), anchor: usize, tagged: bool) -> Result<(), Fault> {
    if anchor != 0 {
        Err(anchored(place))
    } else if tagged {
        Err(fault_at(
            place,
            "tags_not_allowed",
            "tags (`!`) are not read here: leave the tag out, or quote the text".to_owned(),
        ))
    } else {
        Ok(())
    }
}

/// A fault about an anchor or a tag at its mark, which stands before the value where the fault was noticed.
fn at_mark(text: &str, fault: Fault) -> Fault {
    let mark = match fault.code.as_str() {
        "anchors_not_allowed" => '&',
        "tags_not_allowed" => '!',
        _ => return fault,
    };
    let at = |number: Option<u32>| number.and_then(|number| usize::try_from(number).ok()).unwrap_or(1);
    let (line, column) = (at(fault.line), at(fault.column).saturating_sub(1));
    for (number, whole) in text.split('\n').enumerate().take(line).collect::<Vec<_>>().into_iter().rev() {
        let end = if number + 1 == line { whole.char_indices().nth(column).map(|(end, _)| end) } else { None };
        // An alias is its own mark.
        if end.is_some_and(|end| mark == '&' && whole[end..].starts_with('*')) {
            return fault;
        }
        let before = &whole[..end.unwrap_or(whole.len())];
        let begins_word = |at: usize| {
            before[..at].chars().next_back().is_none_or(|last| last.is_whitespace() || "[{,".contains(last))
        };
        if let Some((at, _)) = before.char_indices().rev().find(|(at, letter)| *letter == mark && begins_word(*at)) {
            let column = u32::try_from(before[..at].chars().count() + 1).ok();
            return Fault { line: u32::try_from(number + 1).ok(), column, ..fault };
        }
    }
    fault
}

/// What a scalar without quotes is, by the core schema of YAML 1.2 without its hexadecimal and octal numbers.
fn plain(text: &str) -> Tree {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Tree::Null,
        "true" | "True" | "TRUE" => return Tree::Bool(true),
        "false" | "False" | "FALSE" => return Tree::Bool(false),
        _ => {}
    }
    // Rust reads words such as `infinity` as numbers too, and YAML does not.
    let numeric = text.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first))
        && text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte))
        && text.bytes().any(|byte| byte.is_ascii_digit());
    let number = || match text.parse::<i64>() {
        Ok(whole) => Some(Number::from(whole)),
        Err(_) => text.parse::<f64>().ok().and_then(Number::from_f64),
    };
    match numeric.then(number).flatten() {
        Some(number) => Tree::Number(number),
        None => Tree::Text(text.to_owned()),
    }
}

/// Reads JSON. `None` where the text could not be read at all; then there is at least one fault.
pub(crate) fn read_json(text: &str, faults: &mut Faults) -> Option<Node> {
    if is_too_large(text, faults) {
        return None;
    }
    match serde_json::from_str::<Plain>(text) {
        Ok(Plain(mut node)) => {
            place_tokens(&mut node, &mut Tokens::new(text));
            tidy(&mut node, &Path::Root, 1, faults).then_some(node)
        }
        Err(error) => {
            let said = error.to_string();
            let (code, message) = if said.contains("recursion limit") {
                ("too_deep", too_deep())
            } else {
                (
                    "syntax",
                    format!(
                        "this is not readable JSON: {}",
                        said.rsplit_once(" at line ").map_or(said.as_str(), |(before, _)| before)
                    ),
                )
            };
            let mut fault = Fault::new("", code, message);
            fault.line = u32::try_from(error.line()).ok();
            fault.column = u32::try_from(error.column()).ok();
            faults.push(fault);
            None
        }
    }
}

/// Every key that stands a second time in its object, in a JSON text of any size.
///
/// # Errors
/// What makes it no JSON; also more than 128 lists and maps inside one another.
pub(crate) fn repeated_keys(text: &str) -> Result<Vec<Fault>, serde_json::Error> {
    let Plain(mut node) = serde_json::from_str::<Plain>(text)?;
    place_tokens(&mut node, &mut Tokens::new(text));
    let mut faults = Faults::default();
    repeated(&node, &Path::Root, &mut faults);
    Ok(faults.into_sorted())
}

fn repeated(node: &Node, path: &Path<'_>, faults: &mut Faults) {
    match &node.value {
        Tree::List(items) => {
            items.iter().enumerate().for_each(|(index, item)| repeated(item, &Path::Index(path, index), faults))
        }
        Tree::Map(entries) => {
            let mut seen = std::collections::HashSet::new();
            for (key, value) in entries {
                let name = key.name().unwrap_or_default();
                let inner = Path::Key(path, name);
                if !seen.insert(name) {
                    faults.push_at(&inner, (key.line, key.column), "duplicate_key", twice(name));
                }
                repeated(value, &inner, faults);
            }
        }
        _ => {}
    }
}

fn twice(name: &str) -> String {
    format!("`{}` stands here a second time: keep one", shortened(name, 64))
}

fn too_deep() -> String {
    format!("expected at most {MAX_DOCUMENT_DEPTH} lists and maps inside one another")
}

fn is_too_large(text: &str, faults: &mut Faults) -> bool {
    let too_large = text.len() > MAX_DOCUMENT_BYTES;
    if too_large {
        faults.push(Fault::new(
            "",
            "too_large",
            format!("expected at most {MAX_DOCUMENT_BYTES} bytes, found {}", text.len()),
        ));
    }
    too_large
}

/// Reports and drops repeated keys and keys that are no text. False where the document is too deep to go on.
fn tidy(node: &mut Node, path: &Path<'_>, depth: usize, faults: &mut Faults) -> bool {
    match &mut node.value {
        Tree::List(_) | Tree::Map(_) if depth > MAX_DOCUMENT_DEPTH => {
            faults.push_at(path, (node.line, node.column), "too_deep", too_deep());
            false
        }
        Tree::List(items) => items
            .iter_mut()
            .enumerate()
            .fold(true, |fine, (index, item)| tidy(item, &Path::Index(path, index), depth + 1, faults) && fine),
        Tree::Map(entries) => {
            let mut seen = std::collections::HashSet::new();
            entries.retain(|(key, _)| {
                let place = (key.line, key.column);
                let Some(name) = key.name() else {
                    faults.push_at(
                        path,
                        place,
                        "bad_key",
                        format!("expected a key that is text, found {}", key.value.kind()),
                    );
                    return false;
                };
                let first = seen.insert(name.to_owned());
                if !first {
                    faults.push_at(&Path::Key(path, name), place, "duplicate_key", twice(name));
                }
                first
            });
            let mut fine = true;
            for (key, value) in entries {
                fine &= tidy(value, &Path::Key(path, key.name().unwrap_or_default()), depth + 1, faults);
            }
            fine
        }
        _ => true,
    }
}

/// Where each value and key of a JSON text begins, in the order in which they stand.
///
/// Only for a text that has been read as JSON: whatever is no white space, bracket end, comma or colon begins a value
/// or a key.
struct Tokens<'a> {
    text: std::iter::Peekable<std::str::Chars<'a>>,
    line: u32,
    column: u32,
}

impl<'a> Tokens<'a> {
    fn new(text: &'a str) -> Self {
        Self { text: text.chars().peekable(), line: 1, column: 1 }
    }

    fn step(&mut self) -> Option<char> {
        let character = self.text.next()?;
        if character == '\n' {
            self.line = self.line.saturating_add(1);
            self.column = 1;
        } else {
            self.column = self.column.saturating_add(1);
        }
        Some(character)
    }
}

impl Iterator for Tokens<'_> {
    type Item = (u32, u32);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let place = (self.line, self.column);
            match self.step()? {
                ' ' | '\t' | '\r' | '\n' | ',' | ':' | ']' | '}' => {}
                '{' | '[' => return Some(place),
                '"' => {
                    while let Some(character) = self.step() {
                        match character {
                            '"' => break,
                            '\\' => {
                                self.step();
                            }
                            _ => {}
                        }
                    }
                    return Some(place);
                }
                _ => {
                    while self.text.peek().is_some_and(|next| !" \t\r\n,:]}".contains(*next)) {
                        self.step();
                    }
                    return Some(place);
                }
            }
        }
    }
}

fn place_tokens(node: &mut Node, tokens: &mut Tokens<'_>) {
    (node.line, node.column) = tokens.next().unwrap_or((0, 0));
    match &mut node.value {
        Tree::List(items) => items.iter_mut().for_each(|item| place_tokens(item, tokens)),
        Tree::Map(entries) => {
            for (key, value) in entries {
                place_tokens(key, tokens);
                place_tokens(value, tokens);
            }
        }
        _ => {}
    }
}

/// A node read from JSON, without its place.
struct Plain(Node);

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = deserializer.deserialize_any(TreeVisitor)?;
        Ok(Self(Node { line: 0, column: 0, value }))
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Number(value.into()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Tree, E> {
        Number::from_f64(value).map(Tree::Number).ok_or_else(|| E::custom("expected a finite number"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Tree, E> {
        Ok(Tree::Text(value))
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Tree, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element::<Plain>()? {
            items.push(item.0);
        }
        Ok(Tree::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<Plain>()? {
            entries.push((key.0, map.next_value::<Plain>()?.0));
        }
        Ok(Tree::Map(entries))
    }
}
