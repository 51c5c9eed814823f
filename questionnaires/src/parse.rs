//! Text → edition, strictly: either an edition, or every problem with its place.
//!
//! | Step | File | What it finds |
//! |---|---|---|
//! | read | `document.rs` | what is no YAML or JSON, too large, too deep, repeated keys |
//! | shape | `shape.rs` | unknown and missing keys, wrong types, words, lengths and numbers |
//! | sense | `check.rs` | dangling references, circles, impossible points, questions that nobody can be shown |

use std::collections::HashSet;
use std::sync::OnceLock;

use serde_json::Value;

use crate::document::{Node, read_json, read_yaml};
use crate::edition::Edition;
use crate::fault::{Fault, Faults};
use crate::{check, shape};

/// The JSON Schema of an edition, made once.
pub(crate) fn schema() -> &'static Value {
    static SCHEMA: OnceLock<Value> = OnceLock::new();
    SCHEMA.get_or_init(|| schemars::schema_for!(Edition).to_value())
}

pub(crate) fn edition_from_yaml(text: &str) -> Result<Edition, Vec<Fault>> {
    let mut faults = Faults::default();
    let node = read_yaml(text, &mut faults);
    edition_from(node, faults)
}

pub(crate) fn edition_from_json(text: &str) -> Result<Edition, Vec<Fault>> {
    let mut faults = Faults::default();
    let node = read_json(text, &mut faults);
    edition_from(node, faults)
}

pub(crate) fn edition_from(node: Option<Node>, mut faults: Faults) -> Result<Edition, Vec<Fault>> {
    let Some(node) = node else { return Err(faults.into_sorted()) };
    let edition: Option<Edition> = shaped(schema(), &node, &mut faults, |edition, damaged, faults| {
        check::check(edition, damaged, Some(&node), faults);
    });
    match edition {
        Some(edition) if faults.is_empty() => Ok(edition),
        _ => Err(faults.into_sorted()),
    }
}

/// Reads a tree as a type by its schema, and looks for sense in what can be read.
pub(crate) fn shaped<T: serde::de::DeserializeOwned>(
    schema: &Value,
    node: &Node,
    faults: &mut Faults,
    sense: impl FnOnce(&T, &HashSet<String>, &mut Faults),
) -> Option<T> {
    let shape::Shaped { value, damaged } = shape::check(schema, node, faults);
    match serde_json::from_value::<T>(value) {
        Ok(read) => {
            sense(&read, &damaged, faults);
            Some(read)
        }
        Err(error) => {
            // The schema and the types say the same, so this stands only for what neither of them foresaw.
            faults.push(Fault::new("", "unreadable", format!("this cannot be read: {error}")));
            None
        }
    }
}

/// Every problem in an edition that was not read from text; empty when there is none. Faults carry no line.
#[must_use]
pub fn check(edition: &Edition) -> Vec<Fault> {
    let mut faults = Faults::default();
    match serde_json::to_value(edition) {
        Ok(value) => {
            let node = Node::from(value);
            shaped::<Edition>(schema(), &node, &mut faults, |read, damaged, faults| {
                check::check(read, damaged, None, faults)
            });
        }
        Err(error) => faults.push(Fault::new("", "unreadable", format!("this cannot be written as JSON: {error}"))),
    }
    faults.into_sorted()
}
