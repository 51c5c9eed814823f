//! The fields of a row: read, merged over what is stored, and compared with it.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::{FieldMove, blame};
use crate::{
    error::Error,
    fault::Fault,
    id::{Id, Kind},
    patch,
};

/// The names of a `New…`'s fields.
pub(super) struct Fields {
    known: BTreeSet<String>,
    required: Vec<String>,
}

impl Fields {
    pub(super) fn of<New: JsonSchema>() -> Self {
        let schema = schemars::generate::SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<New>();
        let known =
            schema.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::keys).cloned().collect();
        let required = schema
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
        Self { known, required }
    }

    /// What is stored, as the fields of a `New…`.
    pub(super) fn stored(&self, stored: Option<&impl Serialize>) -> Map<String, Value> {
        match stored.map(serde_json::to_value) {
            Some(Ok(Value::Object(mut whole))) => {
                whole.retain(|name, _| self.known.contains(name));
                whole
            }
            _ => Map::new(),
        }
    }

    /// What putting `new` in the place of what is stored changes.
    pub(super) fn moves(&self, stored: Option<&impl Serialize>, new: &impl Serialize) -> Vec<FieldMove> {
        match (stored, serde_json::to_value(new)) {
            (Some(stored), Ok(Value::Object(new))) => moves(&self.stored(Some(stored)), &new, ""),
            _ => Vec::new(),
        }
    }

    /// `patch` merged over `whole`. What is null deep inside something that is not there clears nothing, and so makes
    /// nothing.
    pub(super) fn merge(&self, whole: Map<String, Value>, mut patch: Map<String, Value>) -> Value {
        patch.retain(|name, value| {
            let is_only_null = value.as_object().is_some_and(|parts| parts.values().all(Value::is_null));
            self.known.contains(name) && (!is_only_null || whole.get(name).is_some_and(Value::is_object))
        });
        let mut whole = Value::Object(whole);
        patch::merge(&mut whole, Value::Object(patch));
        whole
    }

    /// `whole` as a `New`, or what keeps it from being one. What is missing is told, and `stand_in` put in its place,
    /// so that the rest can be checked too.
    pub(super) fn read<New: DeserializeOwned>(
        &self,
        mut whole: Value,
        stand_in: Value,
        faults: &mut Vec<Fault>,
    ) -> Option<New> {
        if let Some(whole) = whole.as_object_mut() {
            for name in self.required.iter().filter(|name| !whole.contains_key(*name)).cloned().collect::<Vec<_>>() {
                blame(
                    faults,
                    Fault::new(format!("/{name}"), "missing", format!("expected `{name}`: a new record requires it")),
                );
                whole.insert(name.clone(), stand_in.get(&name).cloned().unwrap_or_default());
            }
        }
        serde_json::from_value(whole).map_err(|error| blame(faults, Fault::new("", "shape", error.to_string()))).ok()
    }
}

/// The fields of `after` that say something else than they do in `before`.
fn moves(before: &Map<String, Value>, after: &Map<String, Value>, prefix: &str) -> Vec<FieldMove> {
    let mut found = Vec::new();
    for (name, value) in after {
        let was = before.get(name).unwrap_or(&Value::Null);
        match (was, value) {
            _ if was == value => {}
            (Value::Object(was), Value::Object(value)) => found.extend(moves(was, value, &format!("{prefix}{name}."))),
            _ => found.push(FieldMove { field: format!("{prefix}{name}"), before: was.clone(), after: value.clone() }),
        }
    }
    found
}

/// Whether the row as a whole is to blame, so that nothing can be said of its fields.
pub(super) fn is_unreadable(faults: &[Fault]) -> bool {
    faults.iter().any(|fault| fault.pointer.is_empty())
}

/// The field of this name, out of the way; nothing where it is null.
pub(super) fn take_text(fields: &mut Map<String, Value>, name: &str) -> Option<String> {
    match fields.shift_remove(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

pub(super) fn take_id<K: Kind>(fields: &mut Map<String, Value>, name: &str, faults: &mut Vec<Fault>) -> Option<Id<K>> {
    let text = take_text(fields, name)?;
    match text.parse() {
        Ok(id) => Some(id),
        Err(detail) => {
            blame(faults, Fault::new(format!("/{name}"), "format", detail));
            None
        }
    }
}

pub(super) fn absorb(faults: &mut Vec<Fault>, prefix: &str, error: Error) {
    match error {
        Error::Invalid(more) => more.into_iter().for_each(|fault| blame(faults, fault.within(prefix))),
        other => blame(faults, Fault::new(prefix, "shape", other.to_string())),
    }
}

/// What stood in the fields that putting `new` in the place of `stored` changes.
pub(super) fn was(stored: &impl Serialize, new: &impl Serialize) -> Map<String, Value> {
    let (Ok(Value::Object(mut stored)), Ok(Value::Object(new))) =
        (serde_json::to_value(stored), serde_json::to_value(new))
    else {
        return Map::new();
    };
    new.into_iter()
        .filter_map(|(name, value)| {
            let before = stored.shift_remove(&name).unwrap_or_default();
            (before != value).then_some((name, before))
        })
        .collect()
}
