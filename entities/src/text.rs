//! What the texts of a type may hold, by its schema: one line, unless a field says that it takes lines
//! (`#[schemars(regex(pattern = LINES))]`) or is kept to the letter (`ANY`). The rule itself is in
//! [`diligence_questionnaires::text`].
//!
//! What stands in the database from before the rule stays as it is, and can be sent back as it is: looked at is only
//! what is new.

use std::{
    any::TypeId,
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

pub use diligence_questionnaires::text::{ANY, Form, LINE, LINES};
use email_address::EmailAddress;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use validator::{ValidateEmail as _, ValidationError};

use crate::{error::Error, fault::Fault};

/// That every text of something new may stand where it does.
///
/// # Errors
/// [`Error::Invalid`] with every fault, as code `character`.
pub fn check<T: Serialize + JsonSchema + 'static>(new: &T) -> Result<(), Error> {
    let faults = faults::<T>(&serde_json::to_value(new).unwrap_or_default(), None);
    if faults.is_empty() { Ok(()) } else { Err(Error::Invalid(faults)) }
}

/// What of a `T`, or of any of its fields, may not stand where it does, except what `stored` says already.
#[must_use]
pub fn faults<T: JsonSchema + 'static>(sent: &Value, stored: Option<&Value>) -> Vec<Fault> {
    let root = schema::<T>();
    let mut faults = Vec::new();
    walk(&root, &root, sent, stored, "", &mut faults);
    faults
}

/// Whether something can be sent to this e-mail address: one that browsers take, and that the library takes with which
/// letters are sent.
#[must_use]
pub fn is_email(text: &str) -> bool {
    let is_taken = |(name, domain)| EmailAddress::is_valid_local_part(name) && EmailAddress::is_valid_domain(domain);
    text.validate_email() && text.rsplit_once('@').is_some_and(is_taken)
}

/// Validates a field as an e-mail address, by [`is_email`].
pub(crate) fn email(text: &str) -> Result<(), ValidationError> {
    if is_email(text) { Ok(()) } else { Err(ValidationError::new("email")) }
}

/// The schema of a type, made once.
fn schema<T: JsonSchema + 'static>() -> Arc<Value> {
    static KNOWN: OnceLock<Mutex<HashMap<TypeId, Arc<Value>>>> = OnceLock::new();
    let mut known = KNOWN.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    let made = || {
        Arc::new(
            schemars::generate::SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>().to_value(),
        )
    };
    Arc::clone(known.entry(TypeId::of::<T>()).or_insert_with(made))
}

fn resolve<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let name = schema.get("$ref").and_then(Value::as_str).and_then(|place| place.strip_prefix("#/$defs/"));
    name.and_then(|name| root.get("$defs")?.get(name)).unwrap_or(schema)
}

/// Whether a schema is for values of this kind at all.
fn is_for(schema: &Value, sent: &Value) -> bool {
    let kind = match sent {
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
        _ => return false,
    };
    match schema.get("type") {
        Some(Value::String(name)) => name == kind,
        Some(Value::Array(names)) => names.iter().any(|name| name == kind),
        _ => schema.get("anyOf").or_else(|| schema.get("oneOf")).or_else(|| schema.get("allOf")).is_some(),
    }
}

fn walk(root: &Value, schema: &Value, sent: &Value, stored: Option<&Value>, pointer: &str, faults: &mut Vec<Fault>) {
    if stored == Some(sent) {
        return;
    }
    let schema = resolve(root, schema);
    for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
        walk(root, part, sent, stored, pointer, faults);
    }
    for branches in ["anyOf", "oneOf"].iter().filter_map(|name| schema.get(*name)?.as_array()) {
        let fitting = branches.iter().map(|branch| resolve(root, branch)).filter(|branch| is_for(branch, sent));
        let told = fitting.map(|branch| {
            let mut told = Vec::new();
            walk(root, branch, sent, stored, pointer, &mut told);
            told
        });
        faults.extend(told.min_by_key(Vec::len).unwrap_or_default());
    }
    let step = |name: &str| format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
    match sent {
        Value::String(text)
            if is_for(schema, sent) && schema.get("enum").is_none() && schema.get("const").is_none() =>
        {
            let form = Form::of(schema.get("pattern").and_then(Value::as_str));
            faults.extend(form.fault(text).map(|detail| Fault::new(pointer, "character", detail)));
        }
        Value::Array(items) => {
            let Some(of) = schema.get("items") else { return };
            let before = stored.and_then(Value::as_array);
            for (index, item) in items.iter().enumerate() {
                // A list is sent as a whole: what it held before may have moved.
                if !before.is_some_and(|before| before.contains(item)) {
                    walk(
                        root,
                        of,
                        item,
                        before.and_then(|before| before.get(index)),
                        &step(&index.to_string()),
                        faults,
                    );
                }
            }
        }
        Value::Object(fields) => {
            let properties = schema.get("properties");
            let others = schema.get("additionalProperties").filter(|others| others.is_object());
            for (name, field) in fields {
                let before = stored.and_then(|stored| stored.get(name));
                match (properties.and_then(|properties| properties.get(name)), others) {
                    (Some(of), _) => walk(root, of, field, before, &step(name), faults),
                    (None, Some(of)) => {
                        if before.is_none() {
                            faults
                                .extend(Form::Line.fault(name).map(|detail| Fault::new(pointer, "character", detail)));
                        }
                        walk(root, of, field, before, &step(name), faults);
                    }
                    (None, None) => {}
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use schemars::JsonSchema;
    use serde_json::json;

    use super::*;

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "read through its schema only")]
    struct NewBoat {
        name: String,
        #[schemars(regex(pattern = LINES))]
        log: Option<String>,
        #[schemars(regex(pattern = ANY))]
        secret: Option<String>,
        crew: Vec<Sailor>,
        owner: Option<Sailor>,
        flags: BTreeMap<String, Kind>,
        anything: Value,
    }
    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "read through its schema only")]
    struct Sailor {
        name: String,
        ports: Vec<String>,
    }
    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "read through its schema only")]
    enum Kind {
        Red,
    }

    fn told(sent: &Value, stored: Option<&Value>) -> Vec<String> {
        faults::<NewBoat>(sent, stored).into_iter().map(|fault| fault.pointer).collect()
    }

    #[test]
    fn every_text_is_looked_at_wherever_it_stands() {
        let bad = json!({
            "name": "a\nb", "log": "a\nb\u{7}", "secret": "a\nb\u{7}", "crew": [{ "name": "x" }, { "name": "a\tb", "ports": ["Hull", "Le\nHavre"] }],
            "owner": { "name": "\u{202e}" }, "flags": { "a\nb": "Red" }, "anything": "a\nb",
        });
        assert_eq!(told(&bad, None), ["/name", "/log", "/crew/1/name", "/crew/1/ports/1", "/owner/name", "/flags"]);
        assert_eq!(told(&json!({ "name": "ab", "log": "a\r\n\tb", "owner": null }), None), [""; 0]);
    }

    #[test]
    fn an_address_is_one_that_letters_can_be_sent_to() {
        for good in ["a@example.org", "a.b+c@mail.example.org", "o'neill@example.org"] {
            assert!(is_email(good), "{good}");
        }
        for bad in [
            "a",
            "a@",
            "a..b@example.org",
            ".a@example.org",
            "a.@example.org",
            "a@example..org",
            "a\n@example.org",
            "a b@example.org",
            "a@example.org [192.0.2.1]",
            "a@x[192.0.2.1]",
            "a@-example.org",
        ] {
            assert!(!is_email(bad), "{bad}");
        }
    }

    #[test]
    fn what_is_stored_already_may_be_sent_again() {
        let stored =
            json!({ "name": "a\nb", "crew": [{ "name": "x\n" }, { "name": "y\n" }], "flags": { "a\n": "Red" } });
        assert_eq!(told(&stored, Some(&stored)), [""; 0]);
        assert_eq!(told(&json!({ "name": "a\nb", "crew": [{ "name": "y\n" }] }), Some(&stored)), [""; 0]);
        assert_eq!(
            told(&json!({ "name": "a\nc", "crew": [{ "name": "z\n" }] }), Some(&stored)),
            ["/name", "/crew/0/name"]
        );
    }
}
