//! Changing a part: JSON merge patch (RFC 7396). Absent leaves, `null` clears.

use std::{
    any::TypeId,
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::{error::Error, text};

/// A change to something that was made of a `New…`: an object with any of its fields.
///
/// The door has checked names and types against the `New…`'s schema; the result is checked as a whole by the operation,
/// and here what its texts may hold, but for what is stored already.
#[derive(Clone, Debug)]
pub struct Change<New> {
    /// The fields to change.
    pub fields: Map<String, Value>,
    new: std::marker::PhantomData<fn() -> New>,
}

impl<New: DeserializeOwned + JsonSchema + 'static> Change<New> {
    /// A change of these fields.
    #[must_use]
    pub fn new(fields: Map<String, Value>) -> Self {
        Self { fields, new: std::marker::PhantomData }
    }

    /// What `stored` becomes: its fields that a `New` has, with this change merged over them.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the merged whole is no `New`, or a new text in it may not stand there.
    pub fn over(self, stored: &impl Serialize) -> Result<New, Error> {
        let known = fields_of::<New>();
        let Ok(stored) = serde_json::to_value(stored) else {
            return Err(Error::invalid("", "shape", "expected an object"));
        };
        let fields = Value::Object(self.fields);
        let faults = text::faults::<New>(&fields, Some(&stored));
        if !faults.is_empty() {
            return Err(Error::Invalid(faults));
        }
        let Value::Object(mut whole) = stored else {
            return Err(Error::invalid("", "shape", "expected an object"));
        };
        whole.retain(|name, _| known.contains(name));
        let mut whole = Value::Object(whole);
        merge(&mut whole, fields);
        serde_json::from_value(whole).map_err(|error| Error::invalid("", "shape", error.to_string()))
    }
}

/// The names of a type's fields, as its schema lists them; asked of the schema once.
fn fields_of<T: JsonSchema + 'static>() -> Arc<BTreeSet<String>> {
    static KNOWN: OnceLock<Mutex<HashMap<TypeId, Arc<BTreeSet<String>>>>> = OnceLock::new();
    let mut known = KNOWN.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    let names = known.entry(TypeId::of::<T>()).or_insert_with(|| {
        let schema = schemars::generate::SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>();
        Arc::new(
            schema
                .get("properties")
                .and_then(Value::as_object)
                .into_iter()
                .flat_map(|fields| fields.keys().cloned())
                .collect(),
        )
    });
    Arc::clone(names)
}

/// Merges `patch` into `target` as RFC 7396 says.
pub fn merge(target: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(fields) = target else { return };
    for (name, value) in patch {
        if value.is_null() {
            fields.shift_remove(&name);
        } else {
            merge(fields.entry(name).or_insert(Value::Null), value);
        }
    }
}
