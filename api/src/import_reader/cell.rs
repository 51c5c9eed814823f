//! A cell of a file: how it is read, by the schema of the field that it fills.

use diligence_entities::{fault::Fault, identifier::Identifier};
use diligence_questionnaires::cells;
use serde_json::{Map, Value, json};

use super::DateStyle;
use crate::{
    json,
    schema::{Shape, is_form},
};

/// How many items a list in a cell may have before they are looked at: no field takes more than half of it.
const MAXIMUM_ITEMS: usize = 100;

/// How a cell is read.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    pub(super) kind: CellKind,
    pub(super) may_be_empty: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CellKind {
    /// Text as it is.
    Text,
    /// A word, an id or an address: without space around it.
    Word,
    Day,
    Integer,
    Boolean,
    /// A list of words.
    Words,
    Identifiers,
    /// Anything deeper.
    Json,
}

/// A schema without the wrapping that says it may be null.
fn bare<'a>(shape: &'a Shape, schema: &'a Value) -> &'a Value {
    let schema = shape.resolve(schema);
    match schema.get("allOf").and_then(Value::as_array).map(Vec::as_slice) {
        Some([only]) => shape.resolve(only),
        _ => schema,
    }
}

pub(super) fn properties<'a>(shape: &'a Shape, schema: &'a Value) -> Option<&'a Map<String, Value>> {
    bare(shape, schema).get("properties").and_then(Value::as_object)
}

pub(super) fn property<'a>(shape: &'a Shape, schema: &'a Value, name: &str) -> Option<&'a Value> {
    properties(shape, schema)?.get(name)
}

impl Cell {
    pub(super) fn of(shape: &Shape, property: &Value) -> Self {
        let schema = bare(shape, property);
        let may_be_empty =
            [property, schema].iter().any(|schema| schema.get("nullable").and_then(Value::as_bool) == Some(true));
        let kind = match schema.get("type").and_then(Value::as_str) {
            Some("string") if schema.get("format").and_then(Value::as_str) == Some("date") => CellKind::Day,
            Some("string")
                if schema.get("enum").is_some()
                    || schema.get("pattern").and_then(Value::as_str).is_some_and(|pattern| !is_form(pattern)) =>
            {
                CellKind::Word
            }
            Some("string") => CellKind::Text,
            Some("integer") => CellKind::Integer,
            Some("boolean") => CellKind::Boolean,
            Some("array") => match schema.get("items").map(|items| bare(shape, items)) {
                Some(items) if items.get("type").and_then(Value::as_str) == Some("string") => CellKind::Words,
                Some(items) if items.pointer("/properties/scheme").is_some() => CellKind::Identifiers,
                _ => CellKind::Json,
            },
            _ => CellKind::Json,
        };
        Self { kind, may_be_empty }
    }

    /// What the cell says; a value of a wrong type where it says nothing of its type, for the check to tell.
    pub(super) fn read(&self, text: &str, dates: DateStyle) -> Result<Value, Vec<Fault>> {
        let wrong = |code: &str, detail: &str| vec![Fault::new("", code, detail)];
        if text.is_empty() {
            return if self.may_be_empty {
                Ok(Value::Null)
            } else {
                Err(wrong("missing", "expected a value: this field cannot be cleared"))
            };
        }
        let words = || cells::split(text).into_iter().map(|item| item.trim().to_owned());
        if matches!(self.kind, CellKind::Words | CellKind::Identifiers) && text.matches(';').count() >= MAXIMUM_ITEMS {
            return Err(wrong("length", "expected a list of at most 100 items"));
        }
        Ok(match self.kind {
            CellKind::Text => text.into(),
            CellKind::Word => text.trim().into(),
            CellKind::Day => {
                day(text.trim(), dates).ok_or_else(|| wrong("date", "expected a date such as 31/03/2027"))?.into()
            }
            CellKind::Integer => {
                text.trim().parse::<i64>().map_err(|_| wrong("type", "expected a whole number"))?.into()
            }
            CellKind::Boolean => {
                text.trim().to_lowercase().parse::<bool>().map_err(|_| wrong("type", "expected true or false"))?.into()
            }
            CellKind::Words => words().map(Value::from).collect(),
            CellKind::Identifiers => {
                let read = |(index, item): (usize, String)| {
                    let identifier = item
                        .parse::<Identifier>()
                        .map_err(|detail| Fault::new("", "identifier", detail))
                        .and_then(|identifier| identifier.canonical());
                    identifier
                        .map(|identifier| json!(identifier))
                        .map_err(|fault| Fault { pointer: format!("/{index}"), ..fault })
                };
                let (good, bad): (Vec<_>, Vec<_>) = words().enumerate().map(read).partition(Result::is_ok);
                let bad: Vec<Fault> = bad.into_iter().filter_map(Result::err).collect();
                if !bad.is_empty() {
                    return Err(bad);
                }
                good.into_iter().filter_map(Result::ok).collect()
            }
            CellKind::Json => {
                json::parse(text.as_bytes()).map_err(|_| wrong("json", "expected JSON, as the export writes it"))?
            }
        })
    }
}

/// The date as ISO 8601; whether it exists is for the check to say.
fn day(text: &str, dates: DateStyle) -> Option<String> {
    if dates == DateStyle::Iso {
        return Some(text.to_owned());
    }
    let parts: Vec<&str> = text.split(['/', '.', '-']).collect();
    let digits = |part: &str, low: usize, high: usize| {
        (low..=high).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    match parts.as_slice() {
        [year, month, day] if text.contains('-') && digits(year, 4, 4) && digits(month, 2, 2) && digits(day, 2, 2) => {
            Some(text.to_owned())
        }
        [day, month, year] if digits(day, 1, 2) && digits(month, 1, 2) && digits(year, 4, 4) => {
            Some(format!("{year}-{month:0>2}-{day:0>2}"))
        }
        _ => None,
    }
}
