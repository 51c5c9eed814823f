//! What bodies and schemas look like, and whether each schema is used and there.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::{is_snake, resolve};
use crate::Operation;

const JSON: &str = "application/json";

/// Operations that take a document as JSON or as a table that says the same: a client made from the document sends
/// JSON.
const AS_A_TABLE: &[&str] = &["publish_edition"];

pub(super) fn request(operation: &Operation<'_>, document: &Value, say: &mut impl FnMut(String)) {
    kinds_in_order(operation, say);
    let Some(body) = operation.value.get("requestBody") else { return };
    let content = body["content"].as_object().into_iter().flatten();
    for (kind, media) in content {
        let schema = resolve(document, &media["schema"]);
        // A file's format is told in words.
        let is_text = schema["type"] == "string";
        if !is_text && media.get("example").or_else(|| schema.get("example")).is_none() {
            say(format!("its {kind} body has no example"));
        }
        let mut seen = BTreeSet::new();
        each_schema(document, &media["schema"], &mut seen, &mut |schema| {
            if schema.get("properties").is_some() && schema.get("additionalProperties") != Some(&Value::Bool(false)) {
                say(format!("its {kind} body takes unknown fields beside {}", first_property(schema)));
            }
        });
    }
}

/// What generates clients takes the first kind of a body or an answer, and cannot tell two kinds of bodies apart that
/// are different things: each has an operation to itself.
fn kinds_in_order(operation: &Operation<'_>, say: &mut impl FnMut(String)) {
    let body = operation.value.get("requestBody").map(|body| ("body", body));
    let answers = operation.value["responses"].as_object().into_iter().flatten();
    for (name, holder) in body.into_iter().chain(answers.map(|(status, answer)| (status.as_str(), answer))) {
        let Some(content) = holder["content"].as_object() else { continue };
        if let Some(before) = content.keys().next().filter(|first| *first != JSON && content.contains_key(JSON)) {
            say(format!("its {name} has JSON after {before}"));
        }
        let json = content.get(JSON).map(|media| &media["schema"]);
        let other = content.iter().find(|(_, media)| json.is_some_and(|json| media["schema"] != *json));
        if let Some((kind, _)) = other.filter(|_| name == "body" && !AS_A_TABLE.contains(&operation.id())) {
            say(format!("its {name} is JSON or something else as {kind}: that needs an operation of its own"));
        }
    }
}

fn first_property(schema: &Value) -> String {
    schema["properties"].as_object().and_then(|fields| fields.keys().next()).cloned().unwrap_or_default()
}

/// Visits `schema` and everything in it, each named one once.
fn each_schema(document: &Value, schema: &Value, seen: &mut BTreeSet<String>, visit: &mut impl FnMut(&Value)) {
    if let Some(place) = schema.get("$ref").and_then(Value::as_str) {
        if seen.insert(place.to_owned()) {
            each_schema(document, resolve(document, schema), seen, visit);
        }
        return;
    }
    visit(schema);
    for name in ["items", "additionalProperties"] {
        if let Some(inner @ Value::Object(_)) = schema.get(name) {
            each_schema(document, inner, seen, visit);
        }
    }
    for inner in schema.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::values) {
        each_schema(document, inner, seen, visit);
    }
    for name in ["allOf", "oneOf", "anyOf"] {
        for inner in schema.get(name).and_then(Value::as_array).into_iter().flatten() {
            each_schema(document, inner, seen, visit);
        }
    }
}

pub(super) fn schemas(document: &Value, broken: &mut Vec<String>) {
    let schemas = document["components"]["schemas"].as_object();
    let mut uses = BTreeMap::new();
    references(document, document, &mut uses);
    for (place, holds) in &uses {
        if !holds {
            broken.push(format!("nothing is at {place}"));
        }
    }
    for (name, schema) in schemas.into_iter().flatten() {
        if !uses.contains_key(&format!("#/components/schemas/{name}")) {
            broken.push(format!("the schema {name} is not used"));
        }
        loose_null(name, schema, broken);
        let mut seen = BTreeSet::new();
        each_schema(document, schema, &mut seen, &mut |part| {
            for field in part.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::keys) {
                let said = format!("{name}: the field `{field}` is not snake_case");
                if !is_snake(field) && !broken.contains(&said) {
                    broken.push(said);
                }
            }
        });
    }
}

/// In OpenAPI 3.0.3 `nullable` widens the type beside it, and without one it says nothing.
fn loose_null(name: &str, schema: &Value, broken: &mut Vec<String>) {
    match schema {
        Value::Array(items) => items.iter().for_each(|item| loose_null(name, item, broken)),
        Value::Object(fields) => {
            if fields.get("nullable") == Some(&Value::Bool(true)) && !fields.contains_key("type") {
                broken.push(format!("{name}: `nullable` stands beside no type"));
            }
            let inner = fields.iter().filter(|(field, _)| *field != "example");
            inner.for_each(|(_, part)| loose_null(name, part, broken));
        }
        _ => {}
    }
}

/// Every `$ref` below `value`, and whether there is something at it.
fn references(document: &Value, value: &Value, found: &mut BTreeMap<String, bool>) {
    if let Some(place) = value.get("$ref").and_then(Value::as_str) {
        let holds = place.strip_prefix('#').is_some_and(|pointer| document.pointer(pointer).is_some());
        found.insert(place.to_owned(), holds);
    }
    match value {
        Value::Array(items) => items.iter().for_each(|item| references(document, item, found)),
        Value::Object(fields) => fields.values().for_each(|field| references(document, field, found)),
        _ => {}
    }
}
