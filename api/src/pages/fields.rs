//! Forms made of fields: what each asks, what was typed, how it is stored, and both versions where two people changed the same thing.

use std::{borrow::Borrow, collections::BTreeSet, sync::OnceLock};

use askama::Template;
use diligence_entities::{clock::Day, error::Error, fault::Fault, stored::word};
use diligence_questionnaires::EvidenceKind;
use poem::http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::labels::Choices;
use super::{
    form::Form,
    format,
    page::{FieldError, Frame, PageResult, at, faults, html},
    sign_in::SignedIn,
};
use crate::problem::{Problem, Type};

/// How many empty rows are shown below those that are filled in.
const EMPTY_ROWS: usize = 1;
/// How many rows of a form are looked at.
const MAXIMUM_ROWS: usize = 200;

/// How a field is filled in.
#[derive(Clone, Copy)]
pub(super) enum Input {
    /// A line of text, with the kind of input that browsers know it by.
    Text(&'static str),
    /// A line that must say something.
    RequiredText(&'static str),
    /// A text of several lines.
    TextArea,
    /// One of these, or nothing; what consists of digits is a number.
    OptionalSelect(Choices),
    /// One of these, the first if nobody chooses.
    Select(Choices),
    /// One of these, and nobody chooses in someone's place.
    RequiredSelect(Choices),
    /// A kind of evidence, which nobody chooses in someone's place.
    EvidenceKind,
    /// Any of these.
    Checkboxes(Choices),
    /// Countries by their two letters, with commas or spaces between.
    Countries,
    /// A day.
    Date,
    /// A day that must be there.
    RequiredDate,
    /// A whole number.
    Integer,
    /// A whole number that must be there.
    RequiredInteger,
    /// A sum of money, in pounds and pence.
    Amount,
    /// The currency of the sum beside it; pounds if not said.
    Currency,
    /// Yes or no, by the words `true` and `false`.
    Boolean(Choices),
    /// A secret, which is never shown; nothing leaves the one there is.
    Secret,
    /// Words with commas or spaces between.
    WordList,
    /// Lines of a text, an equals sign and a word.
    KeyValues,
    /// As many of these as there are: what one is called, and its fields.
    Rows(&'static str, &'static [FieldSpec]),
}

/// A field as a form defines it: its place in the item, what it asks, and what helps to answer.
pub(super) struct FieldSpec {
    pub(super) key: &'static str,
    pub(super) label: &'static str,
    pub(super) hint: &'static str,
    pub(super) input: Input,
}

/// A field at `key` of the item, with its label, a hint that may be empty, and how it is filled in.
pub(super) const fn field(key: &'static str, label: &'static str, hint: &'static str, input: Input) -> FieldSpec {
    FieldSpec { key, label, hint, input }
}

/// Fields that belong together.
pub(super) struct FormSection {
    pub(super) title: &'static str,
    pub(super) fields: &'static [FieldSpec],
}

/// The kinds of evidence, by the words of the interface.
fn evidence_kinds() -> Choices {
    static WORDS: OnceLock<Vec<String>> = OnceLock::new();
    static KINDS: OnceLock<Vec<(&str, &str)>> = OnceLock::new();
    let words = WORDS.get_or_init(|| EvidenceKind::ALL.iter().map(word).collect());
    KINDS.get_or_init(|| words.iter().map(String::as_str).zip(EvidenceKind::ALL.map(EvidenceKind::title)).collect())
}

/// A field as a page shows it.
pub(super) struct Field {
    /// Its place in the item, or in its row.
    pub(super) key: &'static str,
    /// What the form calls it.
    pub(super) name: String,
    pub(super) label: &'static str,
    pub(super) hint: &'static str,
    input: Input,
    /// What stands in it; of several, each.
    values: Vec<String>,
    /// What someone else saved there meanwhile.
    pub(super) theirs: Option<String>,
    rows: Vec<Vec<Field>>,
    /// Whether the form had it: a form from elsewhere may not.
    was_sent: bool,
}

impl Field {
    fn new(FieldSpec { key, label, hint, input }: &FieldSpec, prefix: &str) -> Self {
        Self { key, name: format!("{prefix}{key}"), label, hint, input: *input, values: Vec::new(), theirs: None, rows: Vec::new(), was_sent: true }
    }

    pub(super) fn id(&self) -> String {
        self.name.replace('.', "-")
    }

    pub(super) fn value(&self) -> &str {
        self.values.first().map_or("", String::as_str)
    }

    pub(super) fn has(&self, value: &str) -> bool {
        self.values.iter().any(|chosen| chosen == value)
    }

    fn is_said(&self) -> bool {
        self.values.iter().any(|value| !value.is_empty())
    }

    /// The kind of input that it is for browsers, and the keyboard that phones show.
    pub(super) fn html_input(&self) -> Option<(&'static str, &'static str)> {
        match self.input {
            Input::Text(kind @ ("url" | "email")) | Input::RequiredText(kind @ ("url" | "email")) => Some(("text", kind)),
            Input::Text(kind) | Input::RequiredText(kind) => Some((kind, "")),
            Input::Countries | Input::Currency | Input::WordList => Some(("text", "")),
            Input::Secret => Some(("password", "")),
            Input::Date | Input::RequiredDate => Some(("date", "")),
            Input::Integer | Input::RequiredInteger => Some(("text", "numeric")),
            Input::Amount => Some(("text", "decimal")),
            _ => None,
        }
    }

    pub(super) fn choices(&self) -> Choices {
        match self.input {
            Input::OptionalSelect(choices) | Input::Select(choices) | Input::RequiredSelect(choices) | Input::Checkboxes(choices) | Input::Boolean(choices) => choices,
            Input::EvidenceKind => evidence_kinds(),
            _ => &[],
        }
    }

    /// The ids of what describes it.
    pub(super) fn described(&self, is_wrong: bool) -> String {
        let id = self.id();
        let parts = [("hint", !self.hint.is_empty()), ("wrong", is_wrong), ("theirs", self.theirs.is_some())];
        parts.into_iter().filter(|(_, is_there)| *is_there).map(|(part, _)| format!("{id}-{part}")).collect::<Vec<_>>().join(" ")
    }

    fn is_several(&self) -> bool {
        matches!(self.input, Input::Checkboxes(_))
    }

    /// What one of its rows is called, if it has rows.
    fn one(&self) -> Option<&'static str> {
        match self.input {
            Input::Rows(one, _) => Some(one),
            _ => None,
        }
    }

    /// The fields of a row that nobody has filled in.
    fn empty_row(&self) -> Vec<Field> {
        match self.input {
            Input::Rows(_, fields) => fields.iter().map(|spec| Self::new(spec, &format!("{}.{}.", self.name, self.rows.len()))).collect(),
            _ => Vec::new(),
        }
    }

    fn row_id(&self, index: impl Borrow<usize>) -> String {
        format!("{}-{}", self.id(), index.borrow())
    }

    fn is_filled(row: &[Field]) -> bool {
        row.iter().any(Self::is_said)
    }

    /// What leads out of a choice: nothing said, or nothing chosen yet.
    pub(super) fn empty_choice(&self) -> Option<&'static str> {
        match self.input {
            Input::OptionalSelect(_) => Some("Not said"),
            Input::RequiredSelect(_) | Input::EvidenceKind if self.value().is_empty() => Some("Choose"),
            _ => None,
        }
    }

    fn word(&self, value: &str) -> String {
        self.choices().iter().find(|(known, _)| *known == value).map_or_else(|| value.to_owned(), |(_, label)| (*label).to_owned())
    }

    /// What stands in it, for someone who reads it.
    fn spoken(&self) -> String {
        let said: Vec<String> = if self.one().is_some() {
            self.rows.iter().map(|row| row.iter().filter(|field| field.is_said()).map(Self::spoken).collect::<Vec<_>>().join(", ")).collect()
        } else {
            self.values.iter().map(|value| self.word(value)).collect()
        };
        let joint = if self.one().is_some() { "; " } else { ", " };
        if said.is_empty() { "nothing".into() } else { said.join(joint) }
    }

    /// Fills it with what is stored, as it would stand in the form.
    fn store(&mut self, item: &Value) {
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
            Value::Number(number) => vec![number.as_i64().filter(|_| matches!(self.input, Input::Amount)).map_or_else(|| number.to_string(), amount)],
            Value::Array(values) => {
                let values: Vec<String> = values.iter().filter_map(Value::as_str).map(str::to_owned).collect();
                if matches!(self.input, Input::Countries | Input::WordList) && !values.is_empty() { vec![values.join(", ")] } else { values }
            }
            Value::Object(pairs) if matches!(self.input, Input::KeyValues) && !pairs.is_empty() => {
                vec![pairs.iter().map(|(name, word)| format!("{name} = {}", word.as_str().unwrap_or_default())).collect::<Vec<_>>().join("\n")]
            }
            _ => Vec::new(),
        };
    }

    /// Fills it with what was typed. A row of which nothing is left, or that is to go, is none.
    fn type_in(&mut self, form: &Form) {
        if let Input::Rows(..) = self.input {
            let prefix = format!("{}.", self.name);
            let indices: BTreeSet<usize> = form.names().filter_map(|name| name.strip_prefix(&prefix)?.split('.').next()?.parse().ok()).collect();
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
    fn json(&self) -> Value {
        let text = self.value();
        match self.input {
            Input::Rows(..) => self.rows.iter().map(|row| Value::Object(object(row))).collect(),
            Input::Checkboxes(_) => self.values.clone().into(),
            Input::Countries => countries(text).collect::<Vec<_>>().into(),
            Input::WordList => split(text).map(str::to_owned).collect::<Vec<_>>().into(),
            Input::KeyValues => self.pairs().map(|(name, word)| (name.to_owned(), word.to_lowercase().into())).collect::<Map<String, Value>>().into(),
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
    fn wrong(&self, detail: &str) -> FieldError {
        let label = self.label;
        FieldError::new(self.id(), if label.ends_with('?') { format!("{label} {}", format::capital(detail)) } else { format!("{label}: {detail}") })
    }

    fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.value().lines().filter_map(|line| line.rsplit_once('=')).map(|(name, word)| (name.trim(), word.trim()))
    }

    /// What cannot even be read as what was asked for.
    fn misread(&self) -> Option<FieldError> {
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

/// The two letters of a country; of the one that most write out in full, by its names too.
fn country(text: &str) -> String {
    const UNITED_KINGDOM: [&str; 7] = ["UK", "UNITED KINGDOM", "GREAT BRITAIN", "ENGLAND", "SCOTLAND", "WALES", "NORTHERN IRELAND"];
    let text = text.trim().to_uppercase();
    if UNITED_KINGDOM.contains(&text.as_str()) { "GB".into() } else { text }
}

/// Countries with commas, semicolons or spaces between; each once.
fn countries(text: &str) -> impl Iterator<Item = String> {
    let whole = country(text);
    let all: Vec<String> = if whole == "GB" {
        vec![whole]
    } else if text.contains([',', ';']) {
        text.split([',', ';']).map(country).filter(|code| !code.is_empty()).collect()
    } else {
        split(text).map(country).collect()
    };
    let mut seen = BTreeSet::new();
    all.into_iter().filter(move |code| seen.insert(code.clone()))
}

/// Words with commas, semicolons or spaces between.
fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ' ', ';']).filter(|word| !word.is_empty())
}

/// A sum in its smallest unit, from how people write it: `12,345.50`.
fn minor(text: &str) -> Option<i64> {
    let plain: String = text.trim_start_matches('£').chars().filter(|letter| ![',', ' '].contains(letter)).collect();
    let (whole, part) = plain.split_once('.').unwrap_or((plain.as_str(), ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(part) || part.len() > 2 {
        return None;
    }
    whole.parse::<i64>().ok()?.checked_mul(100)?.checked_add(format!("{part:0<2}").parse().ok()?)
}

/// The same the other way: `12345.50`.
fn amount(minor: i64) -> String {
    format!("{}.{:02}", minor / 100, minor % 100)
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
    parts.iter().map(|part| FilledSection { title: part.title, fields: part.fields.iter().map(&mut field).collect() }).collect()
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

/// What is known of an item by the fields of its form, without rows. What `elsewhere` names is shown in another place of the page, and
/// what `optional` names is no gap while nobody has said it.
pub(super) fn facts(parts: &'static [FormSection], item: &Value, elsewhere: &[&str], optional: &[&str]) -> Vec<Fact> {
    let fact = |field: Field| {
        let text = field.is_said().then(|| field.spoken());
        let href = text.clone().filter(|_| matches!(field.input, Input::Text("url") | Input::RequiredText("url")));
        Fact { label: field.label, text, href }
    };
    let is_shown = |field: &Field| field.one().is_none() && !elsewhere.contains(&field.key) && (field.is_said() || !optional.contains(&field.key));
    stored(parts, item).into_iter().flat_map(|part| part.fields).filter(is_shown).map(fact).collect()
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
    parts.iter().flat_map(|part| &part.fields).flat_map(|field| field.rows.iter().flatten().chain([field])).filter_map(Field::misread).collect()
}

/// Something new, as a form says it.
pub(super) fn read<T: DeserializeOwned>(fields: Map<String, Value>) -> Result<T, Problem> {
    serde_json::from_value(fields.into()).map_err(|_| Problem::new(Type::Malformed, "the form says something that none of its fields could: open the page again"))
}

/// An item as the API answers it.
pub(super) fn json(item: &impl serde::Serialize) -> Result<Value, Problem> {
    serde_json::to_value(item).map_err(Problem::internal)
}

/// The ids of everything in a form, from its beginning to its end.
fn ids(parts: &[FilledSection]) -> Vec<String> {
    let mut ids = Vec::new();
    for field in parts.iter().flat_map(|part| &part.fields) {
        ids.push(field.id());
        for (index, row) in field.rows.iter().enumerate() {
            ids.push(field.row_id(index));
            ids.extend(row.iter().map(Field::id));
        }
    }
    ids
}

/// The field, or the row, that a fault is at, or the first inside of where it is, and what is wrong there; what belongs nowhere goes to the first field.
pub(super) fn placed(parts: &[FilledSection], fault: &Fault) -> FieldError {
    let place = fault.pointer.trim_start_matches('/').replace('/', "-");
    let mut best = FieldError::new("", &fault.detail);
    let mut look = |id: String, named: Option<&Field>| {
        let fits = place == id || place.strip_prefix(&id).is_some_and(|rest| rest.starts_with('-'));
        if fits && id.len() > best.field.len() {
            best = match named {
                Some(field) if matches!(field.input, Input::RequiredText(_)) && !field.is_said() => FieldError::new(id, format!("fill in “{}”", field.label)),
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
    for field in parts.iter_mut().flat_map(|part| &mut part.fields).filter(|field| field.was_sent && !matches!(field.input, Input::Secret)) {
        let mut theirs = Field { values: Vec::new(), rows: Vec::new(), theirs: None, name: field.name.clone(), ..*field };
        theirs.store(present);
        if theirs.json() != field.json() {
            field.theirs = Some(theirs.spoken());
        }
    }
}

#[derive(Template)]
#[template(path = "form.html")]
struct FormPageTemplate {
    frame: Frame,
    errors: Vec<FieldError>,
    back: String,
    back_name: String,
    action: String,
    csrf: String,
    version: i64,
    lead: String,
    parts: Vec<FilledSection>,
    is_stale: bool,
}

/// A form that someone has open.
pub(super) struct FormPage<'a> {
    pub(super) here: &'a SignedIn,
    /// The part of the register that it belongs to.
    pub(super) part: &'static str,
    pub(super) title: String,
    /// What helps before one begins; may be empty.
    pub(super) lead: String,
    /// Where one comes from, and what that is called.
    pub(super) back: (String, String),
    pub(super) action: String,
    pub(super) version: i64,
}

impl FormPage<'_> {
    pub(super) fn show(self, status: StatusCode, mut parts: Vec<FilledSection>, errors: Vec<FieldError>) -> PageResult {
        let is_stale = parts.iter().flat_map(|part| &part.fields).any(|field| field.theirs.is_some());
        for field in parts.iter_mut().flat_map(|part| &mut part.fields).filter(|field| field.one().is_some()) {
            for _ in 0..EMPTY_ROWS {
                let row = field.empty_row();
                field.rows.push(row);
            }
        }
        let (back, back_name) = self.back;
        let frame = self.here.frame(&self.title).at(self.part);
        let csrf = self.here.csrf().to_owned();
        Ok(html(status, &FormPageTemplate { frame, errors, back, back_name, action: self.action, csrf, version: self.version, lead: self.lead, parts, is_stale })?)
    }

    /// The same form again, with what was typed and what is wrong with it.
    pub(super) fn wrong(self, parts: Vec<FilledSection>, errors: Vec<FieldError>) -> PageResult {
        self.show(StatusCode::UNPROCESSABLE_ENTITY, parts, errors)
    }

    /// The same form again, with what was typed and why it was refused.
    pub(super) fn again(self, parts: Vec<FilledSection>, error: Error) -> PageResult {
        let mut errors: Vec<FieldError> = faults(error)?.iter().map(|fault| placed(&parts, fault)).collect();
        let places = ids(&parts);
        errors.sort_by_key(|wrong| places.iter().position(|id| *id == wrong.field));
        self.wrong(parts, errors)
    }

    /// The same for a change that was refused: where someone else was faster, with both versions.
    pub(super) fn refused(self, parts: Vec<FilledSection>, error: Error, version: i64, present: &impl serde::Serialize) -> PageResult {
        if matches!(error, Error::Stale { .. }) { self.beside(parts, &json(present)?) } else { Self { version, ..self }.again(parts, error) }
    }

    /// The same form with both: what was typed, and what someone else saved meanwhile.
    fn beside(mut self, mut parts: Vec<FilledSection>, present: &Value) -> PageResult {
        self.version = present.get("version").and_then(Value::as_i64).unwrap_or_default();
        compare(&mut parts, present);
        self.show(StatusCode::CONFLICT, parts, Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_united_kingdom_is_known_by_its_names_and_countries_however_they_are_parted() {
        let read = |text: &str| countries(text).collect::<Vec<_>>();
        assert_eq!(["United Kingdom", "uk", "gb"].map(read), [["GB"]; 3]);
        assert_eq!(["Scotland, ie", "uk;IE", "gb ie gb", "GB, Wales, IE"].map(read), [["GB", "IE"]; 4]);
        assert_eq!(read(" , "), Vec::<String>::new());
    }

    #[test]
    fn sums_are_read_as_people_write_them() {
        assert_eq!(["12345.50", "£12,345.5", "12 345", "0.07"].map(minor), [Some(1_234_550), Some(1_234_550), Some(1_234_500), Some(7)]);
        assert_eq!(["", "-1", "1.234", "a", ".5", "99999999999999999999"].map(minor), [None; 6]);
        assert_eq!([amount(1_234_550), amount(7)], ["12345.50", "0.07"]);
    }
}
