//! Forms made of fields: what each asks, what was typed, how it is stored, and both versions where two people changed
//! the same thing.

use diligence_entities::fault::Fault;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

pub(super) use self::{
    page::FormPage,
    spec::{FieldSpec, FormSection, Input, field},
    value::Field,
};
use super::{form::Form, labels::Choices, page::FieldError};
use crate::problem::{Problem, Type};

mod page;
mod spec;
mod text;
mod value;

/// The parts of a form, filled in.
pub(super) struct FilledSection {
    pub(super) title: &'static str,
    pub(super) fields: Vec<Field>,
}

fn filled(parts: &'static [FormSection], mut fill: impl FnMut(&mut Field)) -> Vec<FilledSection> {
    let mut field = |spec: &FieldSpec| {
        let mut field = Field::new(spec, "");
        fill(&mut field);
        field
    };
    parts
        .iter()
        .map(|part| FilledSection { title: part.title, fields: part.fields.iter().map(&mut field).collect() })
        .collect()
}

/// A form as it is before anyone has filled it in; `first` says what stands in a field from the start.
pub(super) fn empty(parts: &'static [FormSection], first: impl Fn(&str) -> Option<String>) -> Vec<FilledSection> {
    filled(parts, |field| {
        let otherwise = || match field.input {
            Input::Select(choices) => choices.first().map(|(value, _)| (*value).to_owned()),
            _ => None,
        };
        field.values = first(field.key).or_else(otherwise).into_iter().collect();
    })
}

/// A form with what is stored.
pub(super) fn stored(parts: &'static [FormSection], item: &Value) -> Vec<FilledSection> {
    filled(parts, |field| field.store(item))
}

/// What is known of something, as its own page shows it: what the form calls it, and what was said.
pub(super) struct Fact {
    pub(super) label: &'static str,
    /// Nothing where nobody has said.
    pub(super) text: Option<String>,
    /// Where it leads, if it is an address.
    pub(super) href: Option<String>,
}

/// What is known of an item by the fields of its form, without rows. What `elsewhere` names is shown in another place
/// of the page, and what `optional` names is no gap while nobody has said it.
pub(super) fn facts(parts: &'static [FormSection], item: &Value, elsewhere: &[&str], optional: &[&str]) -> Vec<Fact> {
    let fact = |field: Field| {
        let text = field.is_said().then(|| field.spoken());
        let href = text.clone().filter(|_| matches!(field.input, Input::Text("url") | Input::RequiredText("url")));
        Fact { label: field.label, text, href }
    };
    let is_shown = |field: &Field| {
        field.one().is_none() && !elsewhere.contains(&field.key) && (field.is_said() || !optional.contains(&field.key))
    };
    stored(parts, item).into_iter().flat_map(|part| part.fields).filter(is_shown).map(fact).collect()
}

fn spec_of(parts: &'static [FormSection], key: &str) -> Option<&'static FieldSpec> {
    parts.iter().flat_map(|part| part.fields).find(|spec| spec.key == key)
}

/// What a form calls the field of this key, if it has one.
pub(super) fn label(parts: &'static [FormSection], key: &str) -> Option<&'static str> {
    Some(spec_of(parts, key)?.label)
}

/// What can be chosen in the field of this key; nothing where anything can be typed.
pub(super) fn choices(parts: &'static [FormSection], key: &str) -> Choices {
    spec_of(parts, key).map_or(&[][..], |spec| Field::new(spec, "").choices())
}

/// What a value says in the field of this key, as people read it, with what each part of a row is called.
pub(super) fn told(parts: &'static [FormSection], key: &str, value: &Value) -> Option<String> {
    let mut field = Field::new(spec_of(parts, key)?, "");
    let mut item = Map::new();
    put(&mut item, key, value.clone());
    field.store(&Value::Object(item));
    Some(field.told())
}

/// A form with what was typed.
pub(super) fn typed(parts: &'static [FormSection], form: &Form) -> Vec<FilledSection> {
    filled(parts, |field| field.type_in(form))
}

/// What a form says, as the API takes it.
pub(super) fn fields(parts: &[FilledSection]) -> Map<String, Value> {
    let mut fields = Map::new();
    for field in parts.iter().flat_map(|part| &part.fields).filter(|field| field.was_sent) {
        put(&mut fields, field.key, field.json());
    }
    fields
}

/// Puts a value at its place: behind each dot is what is inside.
fn put(fields: &mut Map<String, Value>, key: &str, value: Value) {
    let Some((outer, inner)) = key.split_once('.') else {
        fields.insert(key.into(), value);
        return;
    };
    if let Value::Object(within) = fields.entry(outer).or_insert_with(|| Map::new().into()) {
        put(within, inner, value);
    }
}

/// What a form says of something new: what nobody said is not there.
pub(super) fn said(parts: &[FilledSection]) -> Map<String, Value> {
    fields(parts).into_iter().filter(|(_, value)| !value.is_null()).collect()
}

/// What of a form cannot even be read as what was asked for.
pub(super) fn misread(parts: &[FilledSection]) -> Vec<FieldError> {
    parts
        .iter()
        .flat_map(|part| &part.fields)
        .flat_map(|field| field.rows.iter().flatten().chain([field]))
        .filter_map(Field::misread)
        .collect()
}

/// Something new, as a form says it.
pub(super) fn read<T: DeserializeOwned>(fields: Map<String, Value>) -> Result<T, Problem> {
    serde_json::from_value(fields.into()).map_err(|_| {
        Problem::new(Type::Malformed, "the form says something that none of its fields could: open the page again")
    })
}

/// An item as the API answers it.
pub(super) fn json(item: &impl serde::Serialize) -> Result<Value, Problem> {
    serde_json::to_value(item).map_err(Problem::internal)
}

/// The field, or the row, that a fault is at, or the first inside of where it is, and what is wrong there; what belongs
/// nowhere goes to the first field.
pub(super) fn placed(parts: &[FilledSection], fault: &Fault) -> FieldError {
    let place = fault.pointer.trim_start_matches('/').replace('/', "-");
    let mut best = FieldError::new("", &fault.detail);
    let mut look = |id: String, named: Option<&Field>| {
        let fits = place == id || place.strip_prefix(&id).is_some_and(|rest| rest.starts_with('-'));
        if fits && id.len() > best.field.len() {
            best = match named {
                Some(field) if matches!(field.input, Input::RequiredText(_)) && !field.is_said() => {
                    FieldError::new(id, format!("fill in “{}”", field.label))
                }
                Some(field) => field.wrong(&fault.detail),
                None => FieldError::new(id, &fault.detail),
            };
        }
    };
    for field in parts.iter().flat_map(|part| &part.fields) {
        look(field.id(), Some(field));
        for (index, row) in field.rows.iter().enumerate() {
            look(field.row_id(index), None);
            row.iter().for_each(|field| look(field.id(), Some(field)));
        }
    }
    if best.field.is_empty() {
        let ids = || parts.iter().flat_map(|part| &part.fields).map(Field::id);
        let is_inside = |id: &String| id.strip_prefix(&place).is_some_and(|rest| rest.starts_with('-'));
        best.field = ids().find(is_inside).or_else(|| ids().next()).unwrap_or_default();
    }
    best
}

/// Puts what someone else saved meanwhile beside what was typed, where they differ.
pub(super) fn compare(parts: &mut [FilledSection], present: &Value) {
    for field in parts
        .iter_mut()
        .flat_map(|part| &mut part.fields)
        .filter(|field| field.was_sent && !matches!(field.input, Input::Secret))
    {
        let mut theirs =
            Field { values: Vec::new(), rows: Vec::new(), theirs: None, name: field.name.clone(), ..*field };
        theirs.store(present);
        if theirs.json() != field.json() {
            field.theirs = Some(theirs.spoken());
        }
    }
}
