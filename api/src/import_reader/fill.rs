//! A row filled field by field, and checked as a whole.

use diligence_entities::{
    clock::Day,
    evidence::NewEvidence,
    fault::Fault,
    identifier::{Identifier, Scheme},
    import::{Row, ToHold},
    recipe::{DateStyle, ImportNoun},
    stored::word,
};
use serde_json::{Map, Value};

use super::{
    MAXIMUM_CELL,
    cell::{self, properties, property},
    targets::{self, Target},
};
use crate::{
    check,
    schema::{self, Side},
};

pub(super) fn unsaved(pointer: &str) -> Fault {
    let detail =
        "the cell has a formula whose result is not in the file: open it in a spreadsheet, save it, and send it again";
    Fault::new(pointer, "unsaved_formula", detail)
}

pub(super) fn too_long(pointer: &str, length: usize) -> Fault {
    Fault::new(pointer, "length", format!("expected at most {MAXIMUM_CELL} bytes in a cell, not {length}"))
}

/// Notes an identifier under the first of these schemes that knows it.
pub(super) fn hold(row: &mut Row, pointer: &str, schemes: &[Scheme], text: &str) {
    let id = text.trim();
    if id.is_empty() {
        return;
    }
    match identifier(schemes, id) {
        Ok(identifier) => row.identifiers.push(ToHold { pointer: pointer.to_owned(), identifier }),
        Err(fault) => row.faults.push(Fault { pointer: pointer.to_owned(), ..fault }),
    }
}

/// An id as the first of these schemes that knows it writes it.
pub(super) fn identifier(schemes: &[Scheme], id: &str) -> Result<Identifier, Fault> {
    let mut wrong = Fault::new("", "identifier", "expected an identifier");
    for (index, scheme) in schemes.iter().enumerate() {
        match (Identifier { scheme: *scheme, id: id.trim().to_owned() }).canonical() {
            Ok(identifier) => return Ok(identifier),
            Err(fault) if index == 0 => wrong = fault,
            Err(_) => {}
        }
    }
    Err(wrong)
}

/// A day that exists.
pub(super) fn day(faults: &mut Vec<Fault>, pointer: &str, text: &str, style: DateStyle) -> Option<Day> {
    cell::existing(text, style)
        .map_err(|wrong| faults.extend(wrong.into_iter().map(|fault| fault.within(pointer))))
        .ok()
}

/// The group that a part stands in, also where it says nothing yet.
pub(super) fn group<'a>(row: &'a mut Row, target: &Target) -> Option<&'a mut Map<String, Value>> {
    match target {
        Target::Part { group, .. } => {
            let parts = row.fields.entry(group.clone()).or_insert_with(|| Value::Object(Map::new()));
            parts.as_object_mut()
        }
        Target::Evidence { kind, .. } => {
            if !row.evidence.iter().any(|(known, _)| known == kind) {
                row.evidence.push((*kind, Map::new()));
            }
            row.evidence.iter_mut().find(|(known, _)| known == kind).map(|(_, parts)| parts)
        }
        _ => None,
    }
}

/// Puts a value in its place; behind what stands there, on a line of its own, where both are texts.
pub(super) fn put(row: &mut Row, target: &Target, value: Value) {
    let name = target.field().to_owned();
    let place = match target {
        Target::Field { .. } => Some(&mut row.fields),
        _ => group(row, target),
    };
    let Some(place) = place else { return };
    match (place.get_mut(&name), value) {
        (Some(Value::String(before)), Value::String(text)) => {
            before.push('\n');
            before.push_str(&text);
        }
        (Some(_), Value::Null) => {}
        (_, value) => {
            place.insert(name, value);
        }
    }
}

/// Leaves out what says nothing, and notes what the schemas say of the rest.
pub(super) fn check(noun: ImportNoun, row: &mut Row) {
    let shape = targets::shape(noun);
    // A group that says nothing at all, such as a profile or a value, is none.
    let says_nothing = |name: &str, value: &Value| {
        let parts = value.as_object()?;
        let known = properties(&shape, property(&shape, &shape.schema, name)?)?;
        let is_needed = |part: &String| known.get(part).is_some_and(|part| !cell::may_be_empty(&shape, part));
        let is_whole = parts.len() == known.len() || parts.keys().any(is_needed);
        Some(is_whole && parts.values().all(Value::is_null))
    };
    for (name, value) in &mut row.fields {
        if says_nothing(name, value) == Some(true) {
            *value = Value::Null;
        }
    }
    // Nor is evidence that states nothing.
    row.evidence.retain(|(_, parts)| match parts.get("statement") {
        Some(statement) => !statement.is_null(),
        None => parts.values().any(|value| !value.is_null()),
    });
    let names = targets::names(noun);
    let mut fields = row.fields.clone();
    fields.retain(|name, value| !names.contains(&name.as_str()) && (name != "supplier_id" || !value.is_null()));
    let mut more = check::check(&shape, &Value::Object(fields));
    for (kind, parts) in &row.evidence {
        let prefix = format!("/evidence/{}", word(kind));
        more.extend(
            check::check(&schema::of::<NewEvidence>(Side::Change), &Value::Object(parts.clone()))
                .into_iter()
                .map(|fault| fault.within(&prefix)),
        );
    }
    check::merge(&mut row.faults, more);
    row.leave_out_faulty();
    row.faults.truncate(check::MAXIMUM_FAULTS);
}
