//! Checks a JSON value against a shape and tells *everything* that is wrong, place by place, not only the first thing.

use std::collections::BTreeSet;

use diligence_entities::{
    clock::{Day, Moment},
    fault::{Fault, nearest},
    text::{Form, is_email},
};
use serde_json::{Map, Value};
use validator::ValidateUrl as _;

use crate::schema::Shape;

/// How many faults are told at the most: an answer must not grow with the nonsense it answers.
pub const MAXIMUM_FAULTS: usize = 100;

/// Everything about `value` that is not as `shape` says, at most [`MAXIMUM_FAULTS`].
#[must_use]
pub fn check(shape: &Shape, value: &Value) -> Vec<Fault> {
    let mut check = Check { shape, faults: Vec::new() };
    check.value(&shape.schema, value, "");
    // Where one of several shapes would do, each of them may blame the same.
    let mut told = BTreeSet::new();
    check.faults.retain(|fault| told.insert((fault.pointer.clone(), fault.code.clone())));
    check.faults
}

/// Adds to `faults` those of `more` whose place is not to blame already.
pub fn merge(faults: &mut Vec<Fault>, more: Vec<Fault>) {
    for fault in more {
        if faults.len() < MAXIMUM_FAULTS && !faults.iter().any(|known| known.pointer == fault.pointer) {
            faults.push(fault);
        }
    }
}

/// One part of a JSON pointer, escaped.
pub(crate) fn step(pointer: &str, part: &str) -> String {
    format!("{pointer}/{}", part.replace('~', "~0").replace('/', "~1"))
}

struct Check<'a> {
    shape: &'a Shape,
    faults: Vec<Fault>,
}

impl Check<'_> {
    fn blame(&mut self, pointer: &str, code: &str, detail: impl Into<String>) {
        if self.faults.len() < MAXIMUM_FAULTS {
            self.faults.push(Fault::new(pointer, code, detail));
        }
    }

    fn value(&mut self, schema: &Value, value: &Value, pointer: &str) {
        if self.faults.len() >= MAXIMUM_FAULTS {
            return;
        }
        let Some(schema) = self.shape.resolve(schema).as_object() else { return };
        if value.is_null() && schema.get("nullable").and_then(Value::as_bool) == Some(true) {
            return;
        }
        for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            self.value(part, value, pointer);
        }
        for name in ["oneOf", "anyOf"] {
            if let Some(branches) = schema.get(name).and_then(Value::as_array) {
                self.one_of(branches, value, pointer);
            }
        }
        if !self.is_of_type(schema, value, pointer) {
            return;
        }
        self.is_a_choice(schema, value, pointer);
        match value {
            Value::String(text) => self.text(schema, text, pointer),
            Value::Number(number) => self.number(schema, number.as_f64().unwrap_or(f64::NAN), pointer),
            Value::Array(items) => self.list(schema, items, pointer),
            Value::Object(fields) => self.object(schema, fields, pointer),
            Value::Null | Value::Bool(_) => {}
        }
    }

    /// Passes if a branch does; else blames what the branch that came nearest says.
    fn one_of(&mut self, branches: &[Value], value: &Value, pointer: &str) {
        let mut nearest: Option<Vec<Fault>> = None;
        for branch in branches {
            let mut attempt = Check { shape: self.shape, faults: Vec::new() };
            attempt.value(branch, value, pointer);
            if attempt.faults.is_empty() {
                return;
            }
            // A fault of the value itself, or of the word that tells the branches apart, weighs more than any inside
            // it.
            let weight = |faults: &[Fault]| {
                let outer = faults.iter().filter(|fault| fault.pointer == pointer || fault.code == "choice").count();
                (outer, faults.len())
            };
            if nearest.as_ref().is_none_or(|known| weight(&attempt.faults) < weight(known)) {
                nearest = Some(attempt.faults);
            }
        }
        for fault in nearest.unwrap_or_default() {
            self.blame(&fault.pointer, &fault.code, fault.detail);
        }
    }

    fn is_of_type(&mut self, schema: &Map<String, Value>, value: &Value, pointer: &str) -> bool {
        let expected: Vec<&str> = match schema.get("type") {
            Some(Value::String(name)) => vec![name],
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
            _ => return true,
        };
        let is = |name: &&str| match *name {
            "string" => value.is_string(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            "boolean" => value.is_boolean(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            _ => true,
        };
        if expected.iter().any(is) {
            return true;
        }
        let expected: Vec<&str> = expected.into_iter().map(named).collect();
        self.blame(pointer, "type", format!("expected {}, not {}", expected.join(" or "), kind(value)));
        false
    }

    fn is_a_choice(&mut self, schema: &Map<String, Value>, value: &Value, pointer: &str) {
        let Some(choices) = schema.get("enum").and_then(Value::as_array) else { return };
        if choices.contains(value) {
            return;
        }
        let words: Vec<&str> = choices.iter().filter_map(Value::as_str).collect();
        let mut detail = match words.as_slice() {
            [] => "this value is not allowed here".to_owned(),
            [only] => format!("expected {only}"),
            [rest @ .., last] => format!("expected {} or {last}", rest.join(", ")),
        };
        if let Some(near) = value.as_str().and_then(|text| nearest(text, words.iter().copied())) {
            detail.push_str(&format!("; did you mean {near}?"));
        }
        self.blame(pointer, "choice", detail);
    }

    fn text(&mut self, schema: &Map<String, Value>, text: &str, pointer: &str) {
        let pattern = schema.get("pattern").and_then(Value::as_str);
        if let Some(detail) = Form::of(pattern).fault(text) {
            self.blame(pointer, "character", detail);
            return;
        }
        let bound = |name: &str| schema.get(name).and_then(Value::as_u64);
        self.length(bound("minLength"), bound("maxLength"), text.chars().count(), pointer, "characters");
        if let Some(pattern) = pattern
            && self.shape.pattern(pattern).is_some_and(|compiled| !compiled.is_match(text))
        {
            let example = schema
                .get("example")
                .and_then(Value::as_str)
                .map(|example| format!(" such as {example}"))
                .unwrap_or_default();
            self.blame(pointer, "format", format!("expected text{example} that matches {pattern}"));
        }
        let wrong = match schema.get("format").and_then(Value::as_str) {
            Some("date") => text.parse::<Day>().err().map(|detail| ("date", detail)),
            Some("date-time") => text.parse::<Moment>().err().map(|detail| ("time", detail)),
            Some("email") if !is_email(text) => {
                Some(("email", "expected an e-mail address such as name@example.org".to_owned()))
            }
            Some("uri") if !text.validate_url() => {
                Some(("url", "expected a web address such as https://example.org".to_owned()))
            }
            _ => None,
        };
        if let Some((code, detail)) = wrong {
            self.blame(pointer, code, detail);
        }
    }

    fn number(&mut self, schema: &Map<String, Value>, number: f64, pointer: &str) {
        let bound = |name: &str| schema.get(name).and_then(Value::as_f64);
        let exclusive = |name: &str| schema.get(name).and_then(Value::as_bool) == Some(true);
        let (low, high) = (bound("minimum"), bound("maximum"));
        let too_low = low.is_some_and(|low| number < low || (exclusive("exclusiveMinimum") && number <= low));
        let too_high = high.is_some_and(|high| number > high || (exclusive("exclusiveMaximum") && number >= high));
        if too_low || too_high {
            let detail = match (low, high) {
                (Some(low), Some(high)) => format!("expected a number from {low} to {high}"),
                (Some(low), None) => format!("expected {low} or more"),
                (None, Some(high)) => format!("expected {high} or less"),
                (None, None) => return,
            };
            self.blame(pointer, "range", detail);
        }
    }

    fn length(&mut self, low: Option<u64>, high: Option<u64>, count: usize, pointer: &str, what: &str) {
        let count = count as u64;
        if low.is_some_and(|low| count < low) || high.is_some_and(|high| count > high) {
            let detail = match (low, high) {
                (Some(low), Some(high)) => format!("expected between {low} and {high} {what}"),
                (Some(low), None) => format!("expected at least {low} {what}"),
                (None, Some(high)) => format!("expected at most {high} {what}"),
                (None, None) => return,
            };
            self.blame(pointer, "length", detail);
        }
    }

    fn list(&mut self, schema: &Map<String, Value>, items: &[Value], pointer: &str) {
        let bound = |name: &str| schema.get(name).and_then(Value::as_u64);
        self.length(bound("minItems"), bound("maxItems"), items.len(), pointer, "items");
        if let Some(item_schema) = schema.get("items") {
            for (index, item) in items.iter().enumerate() {
                self.value(item_schema, item, &format!("{pointer}/{index}"));
            }
        }
        if schema.get("uniqueItems").and_then(Value::as_bool) == Some(true) {
            let mut seen = std::collections::HashSet::new();
            for (index, item) in items.iter().enumerate() {
                if !seen.insert(item.to_string()) {
                    self.blame(&format!("{pointer}/{index}"), "duplicate", "this item is listed twice");
                }
            }
        }
    }

    fn object(&mut self, schema: &Map<String, Value>, fields: &Map<String, Value>, pointer: &str) {
        let properties = schema.get("properties").and_then(Value::as_object);
        let others = schema.get("additionalProperties");
        let bound = |name: &str| schema.get(name).and_then(Value::as_u64);
        self.length(bound("minProperties"), bound("maxProperties"), fields.len(), pointer, "fields");
        for (name, field) in fields {
            let place = step(pointer, name);
            let is_known = properties.is_some_and(|properties| properties.contains_key(name));
            if let Some(detail) = Form::Line.fault(name).filter(|_| !is_known) {
                self.blame(pointer, "character", detail);
            } else if let Some(property) = properties.and_then(|properties| properties.get(name)) {
                self.value(property, field, &place);
            } else if let Some(other @ Value::Object(_)) = others {
                self.value(other, field, &place);
            } else if others == Some(&Value::Bool(false)) {
                let short: String = name.chars().take(100).collect();
                let known = properties.into_iter().flat_map(Map::keys).map(String::as_str);
                let hint = nearest(&short, known).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
                self.blame(&step(pointer, &short), "unknown_field", format!("there is no field `{short}` here{hint}"));
            } else if schema.get("type").is_none() || others.is_none() || others == Some(&Value::Bool(true)) {
                // Anything goes, but not what cannot be kept.
                self.anything(field, &place);
            }
        }
        for name in schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
            if !fields.contains_key(name) {
                self.blame(&step(pointer, name), "missing", format!("the field `{name}` is missing"));
            }
        }
    }

    fn anything(&mut self, value: &Value, pointer: &str) {
        match value {
            Value::String(text) if text.contains('\0') => {
                self.blame(pointer, "character", "the character U+0000 cannot be stored")
            }
            Value::Array(items) => {
                items.iter().enumerate().for_each(|(index, item)| self.anything(item, &format!("{pointer}/{index}")))
            }
            Value::Object(fields) => fields.iter().for_each(|(name, field)| {
                if name.contains('\0') {
                    self.blame(pointer, "character", "the character U+0000 cannot be stored");
                }
                self.anything(field, &step(pointer, name));
            }),
            _ => {}
        }
    }
}

fn named(name: &str) -> &str {
    match name {
        "string" => "text",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        "array" => "a list",
        "object" => "an object",
        other => other,
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(number) if number.is_f64() => "a number with a fraction",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;
    use serde::Deserialize;
    use serde_json::json;

    use super::*;
    use crate::schema::{self, Side};

    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "read through its schema only")]
    struct NewBoat {
        #[schemars(length(min = 1, max = 5))]
        name: String,
        kind: Kind,
        #[serde(default)]
        built_on: Option<Day>,
        #[serde(default)]
        crew: Vec<Sailor>,
        #[serde(default)]
        berth: Option<Berth>,
    }
    /// What it is.
    #[derive(Deserialize, JsonSchema)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        /// It sails.
        Yacht,
        /// It rows.
        Dinghy,
    }
    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "read through its schema only")]
    struct Sailor {
        #[schemars(range(min = 1, max = 120))]
        age: u8,
    }
    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "read through its schema only")]
    struct Berth {
        quay: String,
        #[serde(default)]
        number: Option<i32>,
    }

    fn faults(side: Side, value: &Value) -> Vec<(String, String, String)> {
        check(&schema::of::<NewBoat>(side), value)
            .into_iter()
            .map(|fault| (fault.pointer, fault.code, fault.detail))
            .collect()
    }

    #[test]
    fn a_good_value_has_no_faults() {
        assert_eq!(
            faults(
                Side::Request,
                &json!({ "name": "Ebb", "kind": "yacht", "built_on": "1999-12-31", "crew": [{ "age": 9 }], "berth": null })
            ),
            []
        );
    }

    #[test]
    fn every_fault_is_told_at_once_with_its_place() {
        let told = faults(
            Side::Request,
            &json!({ "nam": "x", "kind": "yatch", "built_on": "2001-02-30", "crew": [{ "age": "9" }, 4, { "age": 121 }], "berth": { "number": 1.5 } }),
        );
        let told: Vec<_> =
            told.iter().map(|(pointer, code, detail)| (pointer.as_str(), code.as_str(), detail.as_str())).collect();
        assert_eq!(
            told,
            [
                ("/nam", "unknown_field", "there is no field `nam` here; did you mean `name`?"),
                ("/kind", "choice", "expected yacht or dinghy; did you mean yacht?"),
                (
                    "/built_on",
                    "date",
                    "expected a date that exists, between 1900-01-01 and 2999-12-31, such as 2027-03-03"
                ),
                ("/crew/0/age", "type", "expected a whole number, not text"),
                ("/crew/1", "type", "expected an object, not a number"),
                ("/crew/2/age", "range", "expected a number from 1 to 120"),
                ("/berth/number", "type", "expected a whole number, not a number with a fraction"),
                ("/berth/quay", "missing", "the field `quay` is missing"),
                ("/name", "missing", "the field `name` is missing"),
            ]
        );
    }

    #[test]
    fn a_change_needs_no_field_and_may_clear_what_may_be_absent() {
        assert_eq!(faults(Side::Change, &json!({})), []);
        assert_eq!(faults(Side::Change, &json!({ "built_on": null, "crew": null, "berth": { "number": null } })), []);
        let told = faults(Side::Change, &json!({ "name": null, "crew": [{}], "berth": { "quay": null, "x": 1 } }));
        let told: Vec<_> = told.iter().map(|(pointer, code, _)| (pointer.as_str(), code.as_str())).collect();
        assert_eq!(
            told,
            [("/name", "type"), ("/crew/0/age", "missing"), ("/berth/quay", "type"), ("/berth/x", "unknown_field")]
        );
    }

    #[test]
    fn nonsense_without_end_is_told_a_hundred_times_at_most() {
        let crew: Vec<Value> = (0..5000).map(Value::from).collect();
        assert_eq!(faults(Side::Request, &json!({ "crew": crew })).len(), MAXIMUM_FAULTS);
    }

    #[test]
    fn a_character_no_database_keeps_is_refused() {
        assert_eq!(faults(Side::Request, &json!({ "name": "a\0", "kind": "yacht" }))[0].1, "character");
    }
}
