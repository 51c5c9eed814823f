//! What is said of two that become one: which words stay where they differ.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{MergerChoice, MergerField};
use crate::{
    error::Error,
    fault::{Fault, Faults},
};

/// The fields of which the graver word stays, with their words from the calmest on.
const SCALES: [(&str, &[&str]); 5] = [
    ("data_role", &["none", "processor", "joint_controller", "controller"]),
    ("data_sensitivity", &["none", "business", "personal", "special_category"]),
    ("system_access", &["none", "limited", "standing", "privileged"]),
    ("service_criticality", &["minor", "important", "essential", "vital"]),
    ("people_affected", &["none", "few", "many", "all"]),
];

/// What is said of something, field by field.
pub(super) type Said = Map<String, Value>;

/// Texts of both stand one under the other here.
const JOINED: &str = "notes";
/// What goes with the reason for it.
const OVERRIDE: &str = "tier_override";
const OVERRIDE_REASON: &str = "tier_override_reason";
/// The fields that are nobody's to choose.
const FIXED: &str = "supplier_id";

/// What is said of the one that stays, and each field in which the two differ.
pub(super) fn united(
    kept: &Said,
    other: &Said,
    choices: &BTreeMap<String, MergerChoice>,
) -> Result<(Said, Vec<MergerField>), Error> {
    let mut faults = Faults::default();
    for name in choices.keys() {
        if !kept.contains_key(name) || name == FIXED {
            faults.push(Fault::new(format!("/choices/{name}"), "unknown_field", "expected a field of what is merged"));
        }
    }
    faults.done()?;
    let (mut after, mut differing) = (Said::new(), Vec::new());
    for (name, own) in kept {
        let theirs = other.get(name).unwrap_or(&Value::Null);
        // A reason says nothing without what it is for.
        let choice = if name == OVERRIDE_REASON {
            let of_override = choices.get(OVERRIDE).copied();
            let is_theirs = of_override.is_none() && kept.get(OVERRIDE).is_none_or(Value::is_null);
            of_override.or(Some(if is_theirs { MergerChoice::Other } else { MergerChoice::Kept }))
        } else {
            choices.get(name).copied()
        };
        let value = match choice {
            _ if name == FIXED => own.clone(),
            Some(MergerChoice::Kept) => own.clone(),
            Some(MergerChoice::Other) => theirs.clone(),
            Some(MergerChoice::Both) | None if name == JOINED => joined(own, theirs),
            // What somebody still has to do with is not archived by one that nobody has.
            None if name == "status" && own == "archived" => theirs.clone(),
            Some(MergerChoice::Both) | None => graver(name, own, theirs).unwrap_or_else(|| both(own, theirs)),
        };
        if own != theirs && name != FIXED {
            let (field, kept, other) = (name.clone(), own.clone(), theirs.clone());
            differing.push(MergerField { field, kept, other, after: value.clone() });
        }
        after.insert(name.clone(), value);
    }
    Ok((after, differing))
}

/// Whether nothing is said.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text == "unknown",
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// What the first says, or else the other; lists and what has fields of its own are put together.
fn both(own: &Value, theirs: &Value) -> Value {
    match (own, theirs) {
        (Value::Array(own), Value::Array(theirs)) => {
            let more = theirs.iter().filter(|item| !own.contains(item));
            Value::Array(own.iter().chain(more).cloned().collect())
        }
        (Value::Object(own), Value::Object(theirs)) => Value::Object(
            own.iter()
                .map(|(name, value)| (name.clone(), both(value, theirs.get(name).unwrap_or(&Value::Null))))
                .collect(),
        ),
        (own, theirs) if is_nothing(own) && !is_nothing(theirs) => theirs.clone(),
        (own, _) => own.clone(),
    }
}

/// The graver of two words of a field of which that stays.
fn graver(field: &str, own: &Value, theirs: &Value) -> Option<Value> {
    let (_, words) = SCALES.iter().find(|(name, _)| *name == field)?;
    let place = |value: &Value| words.iter().position(|word| value == word);
    let (own_place, their_place) = (place(own)?, place(theirs)?);
    Some(if their_place > own_place { theirs.clone() } else { own.clone() })
}

/// That the other's word stays for being the graver, where it does and nobody has chosen it.
pub(super) fn note(field: &MergerField, choices: &BTreeMap<String, MergerChoice>) -> Option<String> {
    let MergerField { field: name, kept, other, after } = field;
    let is_chosen = matches!(choices.get(name), Some(MergerChoice::Kept | MergerChoice::Other));
    let is_theirs = graver(name, kept, other).is_some_and(|graver| graver == *other) && after == other;
    let word = |value: &Value| value.as_str().unwrap_or_default().replace('_', " ");
    (is_theirs && !is_chosen).then(|| {
        let title = name.replace('_', " ");
        format!("The {title} is {}, as the other says, and not {}: the graver word stays.", word(other), word(kept))
    })
}

fn joined(own: &Value, theirs: &Value) -> Value {
    match (own, theirs) {
        (Value::String(own), Value::String(theirs)) if own != theirs => format!("{own}\n\n{theirs}").into(),
        (own, theirs) => both(own, theirs),
    }
}

/// What is said of the one that stays once the other is itself again: as before, but for what has changed since. Names
/// the fields that stay as they are.
pub(super) fn parted(now: &Said, before: &Said, after: &Said) -> (Said, Vec<String>) {
    let (mut parted, mut staying) = (Said::new(), Vec::new());
    for (name, present) in now {
        let was = before.get(name).unwrap_or(&Value::Null);
        let became = after.get(name).unwrap_or(&Value::Null);
        let value = match (present, was, became) {
            _ if present == became => was.clone(),
            (Value::Array(present), Value::Array(was), Value::Array(became)) => {
                let came = |item: &&Value| became.contains(item) && !was.contains(item);
                Value::Array(present.iter().filter(|item| !came(item)).cloned().collect())
            }
            _ => {
                if was != became {
                    staying.push(name.clone());
                }
                present.clone()
            }
        };
        parted.insert(name.clone(), value);
    }
    (parted, staying)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(value: Value) -> Said {
        value.as_object().cloned().expect("an object")
    }

    fn choose(choices: &[(&str, MergerChoice)]) -> BTreeMap<String, MergerChoice> {
        choices.iter().map(|(name, choice)| ((*name).to_owned(), *choice)).collect()
    }

    #[test]
    fn what_the_kept_one_says_stays_and_the_other_fills_what_it_leaves_open() {
        let kept = said(json!({ "name": "A", "country": null, "contacts": [1, 2], "notes": "x", "status": "active" }));
        let other =
            said(json!({ "name": "B", "country": "GB", "contacts": [2, 3], "notes": "y", "status": "exiting" }));
        let (after, differing) = united(&kept, &other, &BTreeMap::new()).expect("united");
        let expected =
            json!({ "name": "A", "country": "GB", "contacts": [1, 2, 3], "notes": "x\n\ny", "status": "active" });
        assert_eq!(Value::Object(after), expected);
        assert_eq!(differing.len(), 5);
        let choices = choose(&[("name", MergerChoice::Other), ("contacts", MergerChoice::Kept)]);
        let (after, _) = united(&kept, &other, &choices).expect("united");
        assert_eq!((&after["name"], &after["contacts"]), (&json!("B"), &json!([1, 2])));
        assert!(united(&kept, &other, &choose(&[("colour", MergerChoice::Kept)])).is_err(), "there is no such field");
    }

    #[test]
    fn the_graver_word_of_a_profile_stays_and_that_is_said() {
        let calm = said(json!({ "data_role": "processor", "system_access": "none", "people_affected": null }));
        let grave = said(json!({ "data_role": "controller", "system_access": "privileged", "people_affected": "all" }));
        for (kept, other, count) in [(&calm, &grave, 2), (&grave, &calm, 0)] {
            let (after, differing) = united(kept, other, &BTreeMap::new()).expect("united");
            assert_eq!(after, grave);
            let notes: Vec<String> = differing.iter().filter_map(|field| note(field, &BTreeMap::new())).collect();
            assert_eq!(notes.len(), count, "{notes:?}");
        }
        let choices = choose(&[("data_role", MergerChoice::Kept)]);
        let (after, differing) = united(&calm, &grave, &choices).expect("united");
        assert_eq!(after["data_role"], json!("processor"));
        assert_eq!(differing.iter().filter_map(|field| note(field, &choices)).count(), 1);
    }

    #[test]
    fn a_reason_goes_with_what_it_is_for() {
        let kept = said(json!({ "tier_override": null, "tier_override_reason": null }));
        let other = said(json!({ "tier_override": "high", "tier_override_reason": "The board asks." }));
        assert_eq!(united(&kept, &other, &BTreeMap::new()).expect("united").0, other);
        assert_eq!(united(&other, &kept, &BTreeMap::new()).expect("united").0, other);
        let theirs = choose(&[("tier_override", MergerChoice::Other)]);
        assert_eq!(united(&other, &kept, &theirs).expect("united").0, kept);
    }

    #[test]
    fn parting_takes_back_all_but_what_was_changed_since() {
        let before = said(json!({ "name": "A", "country": null, "contacts": [1], "notes": null }));
        let after = said(json!({ "name": "B", "country": "GB", "contacts": [1, 2], "notes": "y" }));
        assert_eq!(parted(&after, &before, &after), (before.clone(), Vec::new()));
        let now = said(json!({ "name": "C", "country": "GB", "contacts": [1, 2, 3], "notes": "y" }));
        let expected = said(json!({ "name": "C", "country": null, "contacts": [1, 3], "notes": null }));
        assert_eq!(parted(&now, &before, &after), (expected, vec!["name".to_owned()]));
    }
}
