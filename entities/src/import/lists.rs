//! Contacts and contracts that a row gives one by one: each merged into the one that it is about, or added.

use serde_json::{Map, Value};

use super::{FieldMove, blame};
use crate::{fault::Fault, patch, person::plain, twin};

/// How many contacts, and how many contracts, a supplier has at the most.
const MAXIMUM: usize = 50;
/// How a contract is called to which nobody gave a reference, before its number.
const NAMELESS: &str = "Contract";

/// One of the two lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum List {
    Contacts,
    Contracts,
}

impl List {
    /// The field that holds it.
    pub(super) fn field(self) -> &'static str {
        match self {
            Self::Contacts => "contacts",
            Self::Contracts => "contracts",
        }
    }

    /// The field of an item that says what it is called, or else is.
    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Contacts => &["name", "email"],
            Self::Contracts => &["reference"],
        }
    }

    /// Merges what a row gives into the list in `whole`. Says which place of it was given by which item of the row, so
    /// that faults can be told where the row has them.
    pub(super) fn merge(
        self,
        whole: &mut Map<String, Value>,
        given: &[Map<String, Value>],
        faults: &mut Vec<Fault>,
    ) -> Vec<(usize, usize)> {
        let mut items: Vec<Value> = match whole.get(self.field()) {
            Some(Value::Array(items)) => items.clone(),
            _ => Vec::new(),
        };
        let stored = items.len();
        let mut places = Vec::new();
        for (number, patch) in given.iter().enumerate() {
            if patch.values().all(Value::is_null) {
                continue;
            }
            let pointer = format!("/{}/{number}", self.field());
            let mut patch = patch.clone();
            let taken: Vec<usize> = places.iter().map(|(place, _)| *place).collect();
            let place = match self {
                Self::Contacts => contact_place(&items, &mut patch),
                Self::Contracts => contract_place(&items, stored, &taken, given, &mut patch),
            };
            let place = match place {
                Place::At(place) => place,
                Place::New => {
                    items.push(Value::Object(Map::new()));
                    items.len() - 1
                }
                Place::Unclear => {
                    let detail = "expected its reference: several contracts are there, and none says just this";
                    blame(faults, Fault::new(format!("{pointer}/reference"), "ambiguous", detail));
                    continue;
                }
            };
            if place >= MAXIMUM {
                let detail = format!("expected at most {MAXIMUM} {} of one supplier", self.field());
                blame(faults, Fault::new(pointer, "length", detail));
                items.truncate(MAXIMUM);
                continue;
            }
            if place >= stored {
                self.call(&items, place, &mut patch);
            }
            if let Some(item) = items.get_mut(place) {
                patch::merge(item, Value::Object(patch));
                if let Some(missing) = self.names().first().filter(|name| item.get(**name).is_none()) {
                    let detail = format!("expected `{missing}`: a new record requires it");
                    blame(faults, Fault::new(format!("{pointer}/{missing}"), "missing", detail));
                    // Something in its place, so that the rest can be checked.
                    patch::merge(item, serde_json::json!({ *missing: "-" }));
                }
            }
            places.push((place, number));
        }
        if !places.is_empty() {
            whole.insert(self.field().to_owned(), Value::Array(items));
        }
        places
    }

    /// Calls a new one something that the row gives no name.
    fn call(self, items: &[Value], place: usize, patch: &mut Map<String, Value>) {
        let name = self.names()[0];
        let is_called = |item: &Value| text(item.get(name)).is_some();
        if text(patch.get(name)).is_some() || items.get(place).is_some_and(is_called) {
            return;
        }
        let other = match self {
            Self::Contacts => patch.get("email").and_then(Value::as_str).map(str::to_owned),
            Self::Contracts => (1..=MAXIMUM + 1)
                .map(|number| format!("{NAMELESS} {number}"))
                .find(|free| items.iter().all(|item| text(item.get(name)) != Some(plain(free)))),
        };
        match other {
            Some(other) => patch.insert(name.to_owned(), other.into()),
            None => patch.shift_remove(name),
        };
    }

    /// What putting one list in the place of another changes, item by item: places stay, and what is new comes last.
    pub(super) fn moves(self, before: Option<&Value>, after: Option<&Value>) -> Vec<FieldMove> {
        let items = |list: Option<&Value>| list.and_then(Value::as_array).cloned().unwrap_or_default();
        let (before, after) = (items(before), items(after));
        let mut found = Vec::new();
        for (place, item) in after.iter().enumerate() {
            let was = before.get(place);
            let called =
                self.names().iter().find_map(|name| item.get(*name).and_then(Value::as_str)).unwrap_or_default();
            for (name, value) in item.as_object().into_iter().flatten() {
                let was = was.and_then(|was| was.get(name)).cloned().unwrap_or_default();
                if was != *value {
                    let field = format!("{}.{called}.{name}", self.field());
                    found.push(FieldMove { field, before: was, after: value.clone() });
                }
            }
        }
        found
    }
}

/// Where an item of a row belongs.
enum Place {
    At(usize),
    New,
    Unclear,
}

/// A text as it is compared, if it is one and says something.
fn text(value: Option<&Value>) -> Option<String> {
    value.and_then(Value::as_str).map(plain).filter(|text| !text.is_empty())
}

/// By the e-mail address, else by the name; what it was found by stays as it is written.
fn contact_place(items: &[Value], patch: &mut Map<String, Value>) -> Place {
    if let Some(email) = text(patch.get("email"))
        && let Some(place) = items.iter().position(|item| text(item.get("email")).as_ref() == Some(&email))
    {
        patch.shift_remove("email");
        if patch.get("name").is_some_and(Value::is_null) {
            patch.shift_remove("name");
        }
        return Place::At(place);
    }
    if let Some(name) = patch.get("name").and_then(Value::as_str).map(twin::compared) {
        let is_it = |item: &Value| {
            item.get("name").and_then(Value::as_str).is_some_and(|called| twin::compared(called) == name)
        };
        if let Some(place) = items.iter().position(is_it) {
            patch.shift_remove("name");
            return Place::At(place);
        }
    }
    Place::New
}

/// By the reference; without one, the one that says just this, or the only one there is.
fn contract_place(
    items: &[Value],
    stored: usize,
    taken: &[usize],
    given: &[Map<String, Value>],
    patch: &mut Map<String, Value>,
) -> Place {
    if let Some(reference) = text(patch.get("reference")) {
        return match items.iter().position(|item| text(item.get("reference")).as_ref() == Some(&reference)) {
            Some(place) => {
                patch.shift_remove("reference");
                Place::At(place)
            }
            None => Place::New,
        };
    }
    patch.shift_remove("reference");
    let says_it = |item: &Value| {
        let mut after = item.clone();
        patch::merge(&mut after, Value::Object(patch.clone()));
        // A null clears nothing where nothing is said.
        let said = |value: &Value| {
            let mut fields = value.as_object().cloned().unwrap_or_default();
            fields.retain(|_, value| !value.is_null());
            fields
        };
        said(&after) == said(item)
    };
    let mut free = items.iter().take(stored).enumerate().filter(|(place, _)| !taken.contains(place));
    if let Some((place, _)) = free.clone().find(|(_, item)| says_it(item)) {
        return Place::At(place);
    }
    let is_alone = given.iter().filter(|other| text(other.get("reference")).is_none()).count() == 1;
    match (free.next(), free.next()) {
        (None, _) => Place::New,
        (Some((place, _)), None) if is_alone && stored == 1 => Place::At(place),
        _ => Place::Unclear,
    }
}
