//! A field as a page shows it: what stands in it, from what is stored or from what was typed, and what it says to the
//! API.

use std::{borrow::Borrow, collections::BTreeSet, sync::OnceLock};

use diligence_entities::{clock::Day, stored::word};
use diligence_questionnaires::EvidenceKind;
use serde_json::{Map, Value};

use super::{
    spec::{FieldSpec, Input},
    text::{amount, countries, country, minor, split},
};
use crate::pages::{form::Form, format, labels::Choices, page::FieldError};

/// How many rows of a form are looked at.
const MAXIMUM_ROWS: usize = 200;

/// The kinds of evidence, by the words of the interface.
fn evidence_kinds() -> Choices {
    static WORDS: OnceLock<Vec<String>> = OnceLock::new();
    static KINDS: OnceLock<Vec<(&str, &str)>> = OnceLock::new();
    let words = WORDS.get_or_init(|| EvidenceKind::ALL.iter().map(word).collect());
    KINDS.get_or_init(|| words.iter().map(String::as_str).zip(EvidenceKind::ALL.map(EvidenceKind::title)).collect())
}

/// A field as a page shows it.
pub(in crate::pages) struct Field {
    /// Its place in the item, or in its row.
    pub(in crate::pages) key: &'static str,
    /// What the form calls it.
    pub(in crate::pages) name: String,
    pub(in crate::pages) label: &'static str,
    pub(in crate::pages) hint: &'static str,
    pub(super) input: Input,
    /// What stands in it; of several, each.
    pub(super) values: Vec<String>,
    /// What someone else saved there meanwhile.
    pub(in crate::pages) theirs: Option<String>,
    pub(super) rows: Vec<Vec<Field>>,
    /// Whether the form had it: a form from elsewhere may not.
    pub(super) was_sent: bool,
}

impl Field {
    pub(super) fn new(FieldSpec { key, label, hint, input }: &FieldSpec, prefix: &str) -> Self {
        Self {
            key,
            name: format!("{prefix}{key}"),
            label,
            hint,
            input: *input,
            values: Vec::new(),
            theirs: None,
            rows: Vec::new(),
            was_sent: true,
        }
    }

    pub(in crate::pages) fn id(&self) -> String {
        self.name.replace('.', "-")
    }

    pub(in crate::pages) fn value(&self) -> &str {
        self.values.first().map_or("", String::as_str)
    }

    pub(in crate::pages) fn has(&self, value: &str) -> bool {
        self.values.iter().any(|chosen| chosen == value)
    }

    pub(super) fn is_said(&self) -> bool {
        self.values.iter().any(|value| !value.is_empty())
    }

    /// The kind of input that it is for browsers, and the keyboard that phones show.
    pub(in crate::pages) fn html_input(&self) -> Option<(&'static str, &'static str)> {
        match self.input {
            Input::Text(kind @ ("url" | "email")) | Input::RequiredText(kind @ ("url" | "email")) => {
                Some(("text", kind))
            }
            Input::Text(kind) | Input::RequiredText(kind) => Some((kind, "")),
            Input::Countries | Input::Currency | Input::WordList => Some(("text", "")),
            Input::Secret => Some(("password", "")),
            Input::Date | Input::RequiredDate => Some(("date", "")),
            Input::Integer | Input::RequiredInteger => Some(("text", "numeric")),
            Input::Amount => Some(("text", "decimal")),
            _ => None,
        }
    }

    pub(in crate::pages) fn choices(&self) -> Choices {
        match self.input {
            Input::OptionalSelect(choices)
            | Input::Select(choices)
            | Input::RequiredSelect(choices)
            | Input::Checkboxes(choices)
            | Input::Boolean(choices) => choices,
            Input::EvidenceKind => evidence_kinds(),
            _ => &[],
        }
    }

    /// The ids of what describes it.
    pub(in crate::pages) fn described(&self, is_wrong: bool) -> String {
        let id = self.id();
        let parts = [("hint", !self.hint.is_empty()), ("wrong", is_wrong), ("theirs", self.theirs.is_some())];
        parts
            .into_iter()
            .filter(|(_, is_there)| *is_there)
            .map(|(part, _)| format!("{id}-{part}"))
            .collect::<Vec<_>>()
            .join(" ")
    }

    pub(super) fn is_several(&self) -> bool {
        matches!(self.input, Input::Checkboxes(_))
    }

    /// What one of its rows is called, if it has rows.
    pub(super) fn one(&self) -> Option<&'static str> {
        match self.input {
            Input::Rows(one, _) => Some(one),
            _ => None,
        }
    }

    /// The fields of a row that nobody has filled in.
    pub(super) fn empty_row(&self) -> Vec<Field> {
        match self.input {
            Input::Rows(_, fields) => {
                fields.iter().map(|spec| Self::new(spec, &format!("{}.{}.", self.name, self.rows.len()))).collect()
            }
            _ => Vec::new(),
        }
    }

    pub(super) fn row_id(&self, index: impl Borrow<usize>) -> String {
        format!("{}-{}", self.id(), index.borrow())
    }

    pub(super) fn is_filled(row: &[Field]) -> bool {
        row.iter().any(Self::is_said)
    }

    /// What leads out of a choice: nothing said, or nothing chosen yet.
    pub(in crate::pages) fn empty_choice(&self) -> Option<&'static str> {
        match self.input {
            Input::OptionalSelect(_) => Some("Not said"),
            Input::RequiredSelect(_) | Input::EvidenceKind if self.value().is_empty() => Some("Choose"),
            _ => None,
        }
    }

    fn word(&self, value: &str) -> String {
        self.choices()
            .iter()
            .find(|(known, _)| *known == value)
            .map_or_else(|| value.to_owned(), |(_, label)| (*label).to_owned())
    }

    /// What stands in it, for someone who reads it.
    pub(super) fn spoken(&self) -> String {
        let said: Vec<String> = if self.one().is_some() {
            self.rows
                .iter()
                .map(|row| row.iter().filter(|field| field.is_said()).map(Self::spoken).collect::<Vec<_>>().join(", "))
                .collect()
        } else {
            self.values.iter().map(|value| self.word(value)).collect()
        };
        let joint = if self.one().is_some() { "; " } else { ", " };
        if said.is_empty() { "nothing".into() } else { said.join(joint) }
    }

    /// The same, with days as people write them, and what each part of a row is called before what it says.
    pub(super) fn told(&self) -> String {
        if self.one().is_none() {
            let day = self.value().parse::<Day>().ok();
            let day = day.filter(|_| matches!(self.input, Input::Date | Input::RequiredDate));
            return day.map_or_else(|| self.spoken(), format::day);
        }
        let part = |field: &Field| format!("{}: {}", field.label, field.told());
        let row =
            |row: &Vec<Field>| row.iter().filter(|field| field.is_said()).map(part).collect::<Vec<_>>().join(", ");
        let rows: Vec<String> = self.rows.iter().map(row).collect();
        if rows.is_empty() { "nothing".into() } else { rows.join("\n") }
    }

    /// Fills it with what is stored, as it would stand in the form.
    pub(super) fn store(&mut self, item: &Value) {
        let value = self.key.split('.').try_fold(item, |value, part| value.get(part)).unwrap_or(&Value::Null);
        if let Input::Rows(..) = self.input {
            self.rows.clear();
            for stored in value.as_array().into_iter().flatten() {
                let mut row = self.empty_row();
                row.iter_mut().for_each(|field| field.store(stored));
                self.rows.push(row);
            }
            return;
        }
        self.values = match value {
            Value::String(text) => vec![text.clone()],
            Value::Bool(is_so) => vec![is_so.to_string()],
            Value::Number(number) => vec![
                number
                    .as_i64()
                    .filter(|_| matches!(self.input, Input::Amount))
                    .map_or_else(|| number.to_string(), amount),
            ],
            Value::Array(values) => {
                let values: Vec<String> = values.iter().filter_map(Value::as_str).map(str::to_owned).collect();
                if matches!(self.input, Input::Countries | Input::WordList) && !values.is_empty() {
                    vec![values.join(", ")]
                } else {
                    values
                }
            }
            Value::Object(pairs) if matches!(self.input, Input::KeyValues) && !pairs.is_empty() => {
                vec![
                    pairs
                        .iter()
                        .map(|(name, word)| format!("{name} = {}", word.as_str().unwrap_or_default()))
                        .collect::<Vec<_>>()
                        .join("\n"),
                ]
            }
            _ => Vec::new(),
        };
    }

    /// Fills it with what was typed. A row of which nothing is left, or that is to go, is none.
    pub(super) fn type_in(&mut self, form: &Form) {
        if let Input::Rows(..) = self.input {
            let prefix = format!("{}.", self.name);
            let indices: BTreeSet<usize> =
                form.names().filter_map(|name| name.strip_prefix(&prefix)?.split('.').next()?.parse().ok()).collect();
            self.was_sent = !indices.is_empty();
            for index in indices.into_iter().take(MAXIMUM_ROWS) {
                let mut row = self.empty_row();
                for field in &mut row {
                    field.values = form.some(&format!("{prefix}{index}.{}", field.key)).into_iter().collect();
                }
                if Self::is_filled(&row) && form.text(&format!("{prefix}{index}.gone")).is_empty() {
                    self.rows.push(row);
                }
            }
            return;
        }
        // Of what always has a value, none is no answer.
        self.was_sent = !matches!(self.input, Input::Select(_) | Input::Secret) || form.some(&self.name).is_some();
        self.values = match self.input {
            Input::Checkboxes(_) => form.every(&self.name).into_iter().map(str::to_owned).collect(),
            // A space can be part of it.
            Input::Secret if self.was_sent => vec![form.exact(&self.name)],
            _ => form.some(&self.name).into_iter().collect(),
        };
    }

    /// What it says, as the API takes it.
    pub(super) fn json(&self) -> Value {
        let text = self.value();
        match self.input {
            Input::Rows(..) => self.rows.iter().map(|row| Value::Object(object(row))).collect(),
            Input::Checkboxes(_) => self.values.clone().into(),
            Input::Countries => countries(text).collect::<Vec<_>>().into(),
            Input::WordList => split(text).map(str::to_owned).collect::<Vec<_>>().into(),
            Input::KeyValues => self
                .pairs()
                .map(|(name, word)| (name.to_owned(), word.to_lowercase().into()))
                .collect::<Map<String, Value>>()
                .into(),
            Input::RequiredText(_) => text.into(),
            Input::Boolean(_) => (text == "true").into(),
            Input::Currency if text.is_empty() => "GBP".into(),
            Input::Currency => text.to_uppercase().into(),
            _ if text.is_empty() => Value::Null,
            Input::Integer | Input::RequiredInteger | Input::OptionalSelect(_) | Input::RequiredSelect(_) => {
                text.parse::<i64>().map_or_else(|_| text.into(), Value::from)
            }
            Input::Amount => minor(text).map_or(Value::Null, Value::from),
            _ if self.key == "country" => country(text).into(),
            _ => text.into(),
        }
    }

    /// What is wrong with it, under what it asks.
    pub(super) fn wrong(&self, detail: &str) -> FieldError {
        let label = self.label;
        FieldError::new(
            self.id(),
            if label.ends_with('?') {
                format!("{label} {}", format::capital(detail))
            } else {
                format!("{label}: {detail}")
            },
        )
    }

    fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.value().lines().filter_map(|line| line.rsplit_once('=')).map(|(name, word)| (name.trim(), word.trim()))
    }

    /// What cannot even be read as what was asked for.
    pub(super) fn misread(&self) -> Option<FieldError> {
        let text = self.value();
        let detail = match self.input {
            Input::RequiredDate if text.is_empty() => "enter the day",
            Input::RequiredInteger if text.parse::<i32>().is_err() => "enter a whole number",
            Input::RequiredSelect(_) | Input::EvidenceKind if text.is_empty() => "choose one",
            _ if text.is_empty() => return None,
            Input::Date | Input::RequiredDate if text.parse::<Day>().is_err() => "expected a date such as 2027-03-31",
            Input::Integer if text.parse::<i32>().is_err() => "enter a whole number, or leave it empty",
            Input::KeyValues if text.lines().any(|line| !line.trim().is_empty() && !line.contains('=')) => {
                "write one on each line, with an equals sign before the role: care-managers = editor"
            }
            Input::Amount if minor(text).is_none() => "expected a sum such as 12345.50",
            _ => return None,
        };
        Some(self.wrong(detail))
    }
}

/// What fields say, as the API takes it; something inside it of which a part is missing is not there.
fn object(fields: &[Field]) -> Map<String, Value> {
    let mut whole = Map::new();
    for field in fields {
        let value = field.json();
        let Some((outer, inner)) = field.key.split_once('.') else {
            whole.insert(field.key.into(), value);
            continue;
        };
        let part = match whole.remove(outer) {
            None => Some(Map::new()),
            Some(Value::Object(part)) => Some(part),
            Some(_) => None,
        };
        let part = part.filter(|_| !value.is_null()).map(|mut part| {
            part.insert(inner.into(), value);
            part
        });
        whole.insert(outer.into(), part.map_or(Value::Null, Value::Object));
    }
    whole
}
