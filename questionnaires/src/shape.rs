//! A document against its JSON Schema: every wrong key, type, length, pattern and number at once.
//!
//! The schema is the published one, made from the Rust types, so the two cannot disagree. What is wrong is replaced by
//! something harmless, so that the rest can still be checked; what was replaced is remembered, so that nothing is
//! blamed twice.

use std::collections::HashSet;

use serde_json::{Map, Value};

use crate::answer::{longer_than, parse_date};
use crate::condition::{OPERATORS, SHAPE, SUBJECTS};
use crate::document::{Node, Tree};
use crate::edition::{
    ADDRESS_PATTERN, Decimal, EDITION_KEY_PATTERN, EDITION_NUMBER_PATTERN, KEY_PATTERN, LANGUAGE_PATTERN,
    MAPS_TO_PATTERN, POINTS_PATTERN, Points, PointsError, SOURCE_DATE_PATTERN, VALUE_PATTERN,
};
use crate::fault::{Faults, Path, shortened};
use crate::text::{Form, LINES};

/// Keys under which a fault changes nothing but words.
const PROSE: &[&str] = &[
    "title",
    "summary",
    "text",
    "help",
    "intro",
    "label",
    "advice",
    "unit",
    "maps_to",
    "source",
    "address",
    "version",
    "date",
    "looked_at",
    "replaced_by",
    "language",
    "risk",
    "likelihood",
    "impact",
    "severity",
    "ask_why",
];

/// The document with everything wrong replaced, and the parts in which something was.
pub(crate) struct Shaped {
    pub(crate) value: Value,
    /// Pointers of the questions, principles, findings, sections and header fields that had a fault in their shape.
    pub(crate) damaged: HashSet<String>,
}

pub(crate) fn check(schema: &Value, node: &Node, faults: &mut Faults) -> Shaped {
    let mut walker = Walker { root: schema, faults, damaged: HashSet::new() };
    let value = walker.walk(schema, node, &Path::Root).unwrap_or_else(|| walker.harmless(schema, 0));
    Shaped { value, damaged: walker.damaged }
}

/// The question, principle, finding, section or header field a pointer lies in.
pub(crate) fn part_of(pointer: &str) -> String {
    let steps: Vec<&str> = pointer.split('/').collect();
    let kept = match steps.as_slice() {
        ["", "sections", _, "questions", _, ..] => 5,
        ["", "sections" | "principles" | "findings", _, ..] => 3,
        ["", _, ..] => 2,
        _ => 1,
    };
    steps[..kept.min(steps.len())].join("/")
}

struct Walker<'a> {
    root: &'a Value,
    faults: &'a mut Faults,
    damaged: HashSet<String>,
}

impl<'a> Walker<'a> {
    fn fault(&mut self, path: &Path<'_>, node: &Node, code: &str, message: String) {
        self.faults.push_at(path, (node.line, node.column), code, message);
        let prose = matches!(path, Path::Key(_, key) if PROSE.contains(key));
        if !prose && !self.faults.is_full() {
            self.damaged.insert(part_of(&path.pointer()));
        }
    }

    fn resolve(&self, schema: &'a Value) -> (&'a Value, &'a str) {
        match schema.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix("#/$defs/")) {
            Some(name) => (self.root.get("$defs").and_then(|all| all.get(name)).unwrap_or(schema), name),
            None => (schema, ""),
        }
    }

    /// Whether a schema is for values of this kind at all.
    fn is_for(&self, schema: &'a Value, node: &Node) -> bool {
        let (schema, _) = self.resolve(schema);
        let kinds: &[&str] = match &node.value {
            Tree::Null => &["null"],
            Tree::Bool(_) => &["boolean"],
            Tree::Number(_) => &["integer", "number"],
            Tree::Text(_) => &["string"],
            Tree::List(_) => &["array"],
            Tree::Map(_) => &["object"],
        };
        match schema.get("type") {
            _ if words(schema).is_some() => kinds.contains(&"string"),
            Some(Value::String(one)) => kinds.contains(&one.as_str()),
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).any(|one| kinds.contains(&one)),
            _ => true,
        }
    }

    /// The value as far as it fits; `None` where nothing of it can be kept.
    fn walk(&mut self, schema: &'a Value, node: &Node, path: &Path<'_>) -> Option<Value> {
        let least = schema.get("minimum").and_then(Value::as_u64);
        let (schema, name) = self.resolve(schema);
        if name == "Points" {
            return self.points(least.is_some(), node, path);
        }
        if let Some(choices) = schema.get("anyOf").and_then(Value::as_array) {
            if node.value == Tree::Null {
                return None;
            }
            let real = || choices.iter().filter(|choice| choice.get("type").and_then(Value::as_str) != Some("null"));
            let fitting = real().find(|choice| self.is_for(choice, node)).or_else(|| real().next())?;
            return self.walk(fitting, node, path);
        }
        if let Some(values) = words(schema) {
            return self.word(&values, node, path);
        }
        let types: Vec<&str> = match schema.get("type") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        match &node.value {
            Tree::Null if types.contains(&"null") => None,
            Tree::Bool(value) if types.contains(&"boolean") => Some(Value::Bool(*value)),
            Tree::Number(_) if types.contains(&"integer") => self.integer(schema, node, path),
            Tree::Number(number) if types.contains(&"number") => match Decimal::from_json(number) {
                Some(number) => Some(Value::Number(number.to_json())),
                None => {
                    let message =
                        "expected a number below 1,000,000,000,000 with at most three decimal places".to_owned();
                    self.fault(path, node, "bad_number", message);
                    None
                }
            },
            Tree::Text(text) if types.contains(&"string") => self.text(schema, text, node, path),
            Tree::List(items) if types.contains(&"array") => Some(self.list(schema, items, node, path)),
            Tree::Map(entries) if types.contains(&"object") => {
                let value = self.map(schema, entries, node, path);
                if name == "Condition" { self.condition(value, entries, node, path) } else { Some(value) }
            }
            other => {
                let expected: Vec<&str> =
                    types.iter().filter(|name| **name != "null").map(|name| in_words(name)).collect();
                let hint = match (&other, types.contains(&"string")) {
                    (Tree::Number(_) | Tree::Bool(_), true) => ": put it in quotes",
                    (Tree::Null, _) => ": write it, or leave the key out",
                    _ => "",
                };
                self.fault(
                    path,
                    node,
                    "wrong_type",
                    format!("expected {}, found {}{hint}", expected.join(" or "), other.kind()),
                );
                None
            }
        }
    }

    fn word(&mut self, values: &[&str], node: &Node, path: &Path<'_>) -> Option<Value> {
        match &node.value {
            Tree::Text(text) if values.contains(&text.as_str()) => Some(Value::String(text.clone())),
            Tree::Bool(_) if values.contains(&"no") => {
                self.fault(path, node, "wrong_type", format!("expected one of {}, in quotes", list_of(values)));
                None
            }
            Tree::Text(text) => {
                let hint = self.faults.hint(text, values.iter().copied());
                self.fault(path, node, "unknown_value", format!("expected one of {}{hint}", list_of(values)));
                None
            }
            other => {
                self.fault(
                    path,
                    node,
                    "wrong_type",
                    format!("expected one of {}, found {}", list_of(values), other.kind()),
                );
                None
            }
        }
    }

    fn integer(&mut self, schema: &Value, node: &Node, path: &Path<'_>) -> Option<Value> {
        let Tree::Number(number) = &node.value else { return None };
        let limit = |name: &str| schema.get(name).and_then(Value::as_i64);
        let (minimum, maximum) = (limit("minimum").unwrap_or(i64::MIN), limit("maximum").unwrap_or(i64::MAX));
        // 50.0 is a whole number too.
        let whole = Decimal::from_json(number)
            .map(Decimal::thousandths)
            .filter(|thousandths| thousandths % 1_000 == 0)
            .map(|thousandths| thousandths / 1_000);
        match whole {
            Some(whole) if (minimum..=maximum).contains(&whole) => Some(whole.into()),
            Some(_) => {
                self.fault(path, node, "out_of_range", format!("expected {minimum} to {maximum}, found {number}"));
                None
            }
            None => {
                self.fault(path, node, "bad_number", format!("expected a whole number, {minimum} to {maximum}"));
                None
            }
        }
    }

    /// Points have more forms than a schema can tell apart in words that help.
    fn points(&mut self, none_below_0: bool, node: &Node, path: &Path<'_>) -> Option<Value> {
        let value = match &node.value {
            Tree::Number(number) => Value::Number(number.clone()),
            Tree::Text(text) => Value::String(text.clone()),
            other => {
                self.fault(path, node, "wrong_type", format!("{}, found {}", PointsError::Type, other.kind()));
                return None;
            }
        };
        let found = || value.to_string();
        match Points::from_json(&value) {
            Ok(points) if none_below_0 && points < Points::ZERO => {
                self.fault(path, node, "out_of_range", format!("expected 0 to 100, found {points}"));
                None
            }
            Ok(points) => serde_json::to_value(points).ok(),
            Err(error) => {
                let message = match error {
                    PointsError::Range => format!("expected 0 to 100, found {}", shortened(&found(), 64)),
                    other => format!("{other}, found {}", shortened(&found(), 64)),
                };
                self.fault(path, node, error.code(), message);
                None
            }
        }
    }

    fn text(&mut self, schema: &Value, text: &str, node: &Node, path: &Path<'_>) -> Option<Value> {
        let limit = |name: &str| schema.get(name).and_then(Value::as_u64).and_then(|limit| usize::try_from(limit).ok());
        if limit("minLength").is_some_and(|least| least > 0) && text.trim().is_empty() {
            self.fault(path, node, "empty", "expected some text: write it, or leave the key out".to_owned());
            return None;
        }
        let pattern = schema.get("pattern").and_then(Value::as_str);
        if let Some(message) = Form::of(pattern).fault(text) {
            self.fault(path, node, "character", message);
            return None;
        }
        if let Some(most) = limit("maxLength")
            && longer_than(text, most)
        {
            self.fault(
                path,
                node,
                "too_long",
                format!("expected at most {most} characters, found {}", text.chars().count()),
            );
            return None;
        }
        if let Some(pattern) = pattern
            && !matches_pattern(pattern, text)
        {
            self.fault(path, node, "bad_pattern", format!("expected {} (`{pattern}`)", pattern_in_words(pattern)));
            return None;
        }
        let is_date = schema.get("format").and_then(Value::as_str) == Some("date");
        if is_date && parse_date(text).is_none() {
            self.fault(path, node, "bad_date", "expected a date that exists, as YYYY-MM-DD".to_owned());
            return None;
        }
        Some(Value::String(text.to_owned()))
    }

    fn list(&mut self, schema: &'a Value, items: &[Node], node: &Node, path: &Path<'_>) -> Value {
        let limit = |name: &str| schema.get(name).and_then(Value::as_u64).and_then(|limit| usize::try_from(limit).ok());
        let most = limit("maxItems").unwrap_or(usize::MAX);
        if items.len() > most {
            self.fault(path, node, "too_many", format!("expected at most {most} entries, found {}", items.len()));
        }
        if let Some(least) = limit("minItems").filter(|least| items.len() < *least) {
            self.fault(path, node, "too_few", format!("expected at least {least}, found {}", items.len()));
        }
        let of = schema.get("items").unwrap_or(&Value::Null);
        let items = items.iter().take(most).enumerate();
        // An entry that cannot be kept keeps its place, so that the pointers of the others stay true.
        items
            .map(|(index, item)| self.walk(of, item, &Path::Index(path, index)).unwrap_or_else(|| self.harmless(of, 0)))
            .collect()
    }

    fn map(&mut self, schema: &'a Value, entries: &[(Node, Node)], node: &Node, path: &Path<'_>) -> Value {
        let properties = schema.get("properties").and_then(Value::as_object);
        let known = |name: &str| properties.and_then(|all| all.get(name));
        let names = || properties.into_iter().flat_map(Map::keys).map(String::as_str);
        let required: Vec<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .map(|names| names.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default();
        // A map by keys of the document's own: all its values have one shape.
        let others = schema.get("additionalProperties").filter(|others| others.is_object());
        let most = schema.get("maxProperties").and_then(Value::as_u64).and_then(|most| usize::try_from(most).ok());
        if let Some(most) = most.filter(|most| others.is_some() && entries.len() > *most) {
            self.fault(path, node, "too_many", format!("expected at most {most} entries, found {}", entries.len()));
        }
        let mut kept = Map::new();
        for (key, value) in entries {
            let Some(name) = key.name() else { continue };
            let inner = Path::Key(path, name);
            if known(name).is_none()
                && others.is_some()
                && let Some(names) = schema.get("propertyNames")
                && self.text(names, name, key, &inner).is_none()
            {
                continue;
            }
            let Some(of) = known(name).or(others) else {
                let hint = self.faults.hint(name, names());
                let shown: String = name.chars().take(64).collect();
                let message = if hint.is_empty() {
                    format!("unknown key `{shown}`: expected one of {}", list_of(&names().collect::<Vec<_>>()))
                } else {
                    format!("unknown key `{shown}`{hint}")
                };
                self.fault(&inner, key, "unknown_key", message);
                continue;
            };
            match self.walk(of, value, &inner) {
                Some(value) => {
                    kept.insert(name.to_owned(), value);
                }
                None if required.contains(&name) || known(name).is_none() => {
                    kept.insert(name.to_owned(), self.harmless(of, 0));
                }
                None => {}
            }
        }
        for name in required {
            if !entries.iter().any(|(key, _)| key.name() == Some(name)) {
                let inner = Path::Key(path, name);
                self.fault(&inner, node, "missing_key", format!("expected the key `{name}`"));
                if let Some(of) = known(name) {
                    kept.insert(name.to_owned(), self.harmless(of, 0));
                }
            }
        }
        Value::Object(kept)
    }

    /// A condition is one of five, and a test has one operator: JSON Schema can say so, but not in words that help.
    fn condition(&mut self, value: Value, entries: &[(Node, Node)], node: &Node, path: &Path<'_>) -> Option<Value> {
        let has = |name: &str| entries.iter().any(|(key, _)| key.name() == Some(name));
        let subjects: Vec<&str> = SUBJECTS.into_iter().filter(|name| has(name)).collect();
        let operators: Vec<&str> = OPERATORS.into_iter().filter(|name| has(name)).collect();
        let right = match (subjects.as_slice(), operators.as_slice()) {
            (["all" | "any" | "not"], []) | (["question"], [_]) | (["subject"], ["is"]) => true,
            _ => {
                self.fault(path, node, "condition_shape", SHAPE.to_owned());
                false
            }
        };
        let whole = subjects.iter().chain(&operators).all(|name| value.get(name).is_some());
        if right && whole && has("subject") && !value.get("is").is_some_and(Value::is_string) {
            self.fault(
                path,
                node,
                "wrong_type",
                "a fact about the subject is text: put the value of `is` in quotes".to_owned(),
            );
            return None;
        }
        // What is left of an unknown key or an unreadable value is no condition.
        (right && whole).then_some(value)
    }

    /// Something of the right shape that asks for nothing.
    fn harmless(&self, schema: &'a Value, depth: usize) -> Value {
        let (schema, name) = self.resolve(schema);
        match name {
            "Condition" => return serde_json::json!({ "all": [] }),
            "Points" => return 0.into(),
            _ => {}
        }
        if let Some(real) = schema.get("anyOf").and_then(Value::as_array).and_then(|choices| choices.first()) {
            return self.harmless(real, depth);
        }
        if let Some(values) = words(schema) {
            return values.first().copied().unwrap_or_default().into();
        }
        match schema.get("type").and_then(Value::as_str) {
            Some("object") if depth < 8 => {
                let required =
                    schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
                let of = |name: &str| schema.get("properties").and_then(|all| all.get(name)).unwrap_or(&Value::Null);
                Value::Object(required.map(|name| (name.to_owned(), self.harmless(of(name), depth + 1))).collect())
            }
            Some("array") => Value::Array(Vec::new()),
            Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or_else(|| 0.into()),
            Some("boolean") => false.into(),
            Some("string") if schema.get("format").is_some() => "2000-01-01".into(),
            Some("string") => "".into(),
            _ => Value::Null,
        }
    }
}

/// The words a schema allows, where it allows only certain words.
fn words(schema: &Value) -> Option<Vec<&str>> {
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        return Some(values.iter().filter_map(Value::as_str).collect());
    }
    // A word with a description of its own stands as a `const` in `oneOf`, a few without one as an `enum` in it.
    let choices = schema.get("oneOf").and_then(Value::as_array)?;
    let mut found = Vec::new();
    for choice in choices {
        match (choice.get("const").and_then(Value::as_str), choice.get("enum").and_then(Value::as_array)) {
            (Some(word), _) => found.push(word),
            (None, Some(words)) => found.extend(words.iter().filter_map(Value::as_str)),
            (None, None) => return None,
        }
    }
    Some(found)
}

fn list_of(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn in_words(json_type: &str) -> &str {
    match json_type {
        "object" => "a map",
        "array" => "a list",
        "string" => "text",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "`true` or `false`",
        other => other,
    }
}

fn pattern_in_words(pattern: &str) -> &'static str {
    match pattern {
        EDITION_KEY_PATTERN => "2 to 64 lower-case letters, digits and hyphens, beginning with a letter",
        EDITION_NUMBER_PATTERN => "a year, a full stop and a number, such as \"2026.1\"",
        KEY_PATTERN => "1 to 64 lower-case letters, digits and underscores, beginning with a letter",
        VALUE_PATTERN => "1 to 64 lower-case letters, digits, underscores and hyphens",
        LANGUAGE_PATTERN => "a language tag such as `en` or `en-GB`",
        MAPS_TO_PATTERN => "a standard, a slash and the place in it, such as `dspt/10.1.2`",
        SOURCE_DATE_PATTERN => "a year, a month or a day, such as \"2025\", 2025-03 or 2025-03-01",
        ADDRESS_PATTERN => "a web address beginning with http:// or https://",
        POINTS_PATTERN => "a fraction, such as \"33 1/3\" or \"160/3\"",
        LINES => "text without control characters",
        _ => "another form",
    }
}

/// The patterns of this crate, matched by hand: there are few, and a regular-expression engine would be larger than
/// everything else here. A test holds them to the published schema.
fn matches_pattern(pattern: &str, text: &str) -> bool {
    let lower = |byte: u8| byte.is_ascii_lowercase();
    let digit = |byte: u8| byte.is_ascii_digit();
    if pattern == LINES {
        return Form::Lines.fault(text).is_none();
    }
    let bytes = text.as_bytes();
    let (first, rest) = match bytes {
        [first, rest @ ..] => (*first, rest),
        [] => return false,
    };
    let all_digits =
        |part: &str, lengths: std::ops::RangeInclusive<usize>| lengths.contains(&part.len()) && part.bytes().all(digit);
    match pattern {
        EDITION_KEY_PATTERN => {
            lower(first)
                && (1..=63).contains(&rest.len())
                && rest.iter().all(|byte| lower(*byte) || digit(*byte) || *byte == b'-')
        }
        KEY_PATTERN => {
            lower(first) && rest.len() <= 63 && rest.iter().all(|byte| lower(*byte) || digit(*byte) || *byte == b'_')
        }
        VALUE_PATTERN => {
            (lower(first) || digit(first))
                && rest.len() <= 63
                && rest.iter().all(|byte| lower(*byte) || digit(*byte) || b"_-".contains(byte))
        }
        EDITION_NUMBER_PATTERN => {
            text.split_once('.').is_some_and(|(year, number)| all_digits(year, 4..=4) && all_digits(number, 1..=3))
        }
        LANGUAGE_PATTERN => {
            let (language, country) =
                text.split_once('-').map_or((text, None), |(language, country)| (language, Some(country)));
            (2..=3).contains(&language.len())
                && language.bytes().all(lower)
                && country
                    .is_none_or(|country| country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase()))
        }
        MAPS_TO_PATTERN => {
            let mut parts = text.split('/');
            let standard = parts.next().unwrap_or_default().bytes();
            let mut places = parts.peekable();
            (lower(first) || digit(first))
                && standard.clone().all(|byte| lower(byte) || digit(byte) || b".-".contains(&byte))
                && places.peek().is_some()
                && places.all(|place| {
                    !place.is_empty()
                        && place.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"().:_-".contains(&byte))
                })
        }
        SOURCE_DATE_PATTERN => {
            let mut parts = text.split('-');
            parts.next().is_some_and(|year| all_digits(year, 4..=4))
                && parts.next().is_none_or(|month| all_digits(month, 2..=2))
                && parts.next().is_none_or(|day| all_digits(day, 2..=2))
                && parts.next().is_none()
        }
        POINTS_PATTERN => Points::from_json(&text.into()).is_ok(),
        ADDRESS_PATTERN => ["http://", "https://"].iter().any(|scheme| {
            text.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty() && !rest.contains(char::is_whitespace))
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns<'a>(schema: &'a Value, found: &mut Vec<&'a str>) {
        match schema {
            Value::Object(entries) => {
                found.extend(entries.get("pattern").and_then(Value::as_str));
                entries.values().for_each(|value| patterns(value, found));
            }
            Value::Array(items) => items.iter().for_each(|item| patterns(item, found)),
            _ => {}
        }
    }

    #[test]
    fn every_pattern_of_the_schema_is_known_here() {
        let mut found = Vec::new();
        patterns(crate::parse::schema(), &mut found);
        assert!(found.len() > 10);
        for pattern in found {
            assert_ne!(pattern_in_words(pattern), "another form", "{pattern}");
        }
    }

    #[test]
    fn patterns_accept_and_refuse_what_they_say() {
        let cases: &[(&str, &[&str], &[&str])] = &[
            (EDITION_KEY_PATTERN, &["ab", "supplier-security", "a1-"], &["a", "A-b", "1a", "a_b", "", "é-a"]),
            (KEY_PATTERN, &["a", "mfa_remote2"], &["", "_a", "1", "a-b", "A"]),
            (VALUE_PATTERN, &["yes", "1", "iso_27001", "less-than"], &["", "_a", "Yes", "a b", "a.b"]),
            (EDITION_NUMBER_PATTERN, &["2026.1", "2026.123"], &["2026", "2026.", "26.1", "2026.1234", "2026.1.1"]),
            (LANGUAGE_PATTERN, &["en", "cym", "en-GB"], &["e", "EN", "en-gb", "en-", "en-GB-x"]),
            (MAPS_TO_PATTERN, &["dspt/10.1.2", "uk-gdpr/28/3(a)"], &["dspt", "dspt/", "/a", "D/a", "a//b", "a/b c"]),
            (SOURCE_DATE_PATTERN, &["2025", "2025-03", "2025-03-01"], &["25", "2025-3", "2025-03-01-1", "2025-", ""]),
            (POINTS_PATTERN, &["33 1/3", "160/3", "-1/2", "0/1"], &["", "33", "1/0", "1/ 3", " 1/3", "33  1/3", "/3"]),
            (ADDRESS_PATTERN, &["https://example.org/a"], &["https://", "ftp://a", "https://a b", ""]),
        ];
        for (pattern, good, bad) in cases {
            for text in *good {
                assert!(matches_pattern(pattern, text), "{text} should fit {pattern}");
            }
            for text in *bad {
                assert!(!matches_pattern(pattern, text), "{text} should not fit {pattern}");
            }
        }
    }
}
