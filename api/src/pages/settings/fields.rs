//! Forms of settings: what each field asks, what was typed, and both versions where two people changed the same thing.

use askama::Template;
use diligence_entities::error::Error;
use poem::{Request, RequestBody, http::StatusCode};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::HERE;
use crate::{
    pages::{Frame, Refusal, Shown, Wrong, at, faults, form::Form, html, sign_in::Here},
    problem::{Problem, Type},
};

pub(super) type Choices = &'static [(&'static str, &'static str)];

/// How a field is filled in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A line of text, with the kind of input that browsers know it by.
    Line(&'static str),
    /// One of these, or nothing.
    Choice(Choices),
    /// One of these.
    Must(Choices),
    /// A line that must say something.
    Needed(&'static str),
    /// A whole number that must be there.
    Number,
    /// A whole number, or nothing.
    MaybeNumber,
    /// Yes or no, by the words `true` and `false`.
    Truth(Choices),
    /// A secret, which is never shown; nothing leaves the one there is.
    Secret,
    /// Words with commas or spaces between.
    Words,
    /// Lines of a text, an equals sign and a word.
    Pairs,
}

/// A field as a form defines it: its place in the item, what it asks, and what helps to answer.
pub(super) struct Asking(pub(super) &'static str, pub(super) &'static str, pub(super) &'static str, pub(super) Kind);

/// Fields that belong together.
pub(super) struct Part {
    pub(super) title: &'static str,
    pub(super) fields: &'static [Asking],
}

/// A field as a page shows it.
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) hint: &'static str,
    pub(super) kind: Kind,
    /// What stands in it; of several, each.
    pub(super) values: Vec<String>,
    /// What someone else saved there meanwhile.
    pub(super) theirs: Option<String>,
}

impl Field {
    pub(super) fn id(&self) -> String {
        self.name.replace('.', "-")
    }

    pub(super) fn value(&self) -> &str {
        self.values.first().map_or("", String::as_str)
    }

    pub(super) fn has(&self, value: &str) -> bool {
        self.values.iter().any(|chosen| chosen == value)
    }

    pub(super) fn input(&self) -> Option<&'static str> {
        match self.kind {
            Kind::Line(kind) | Kind::Needed(kind) => Some(kind),
            Kind::Words => Some("text"),
            Kind::Number | Kind::MaybeNumber => Some("number"),
            Kind::Secret => Some("password"),
            _ => None,
        }
    }

    pub(super) fn choices(&self) -> Choices {
        match self.kind {
            Kind::Choice(choices) | Kind::Must(choices) | Kind::Truth(choices) => choices,
            _ => &[],
        }
    }

    /// The ids of what describes it.
    pub(super) fn described(&self, is_wrong: bool) -> String {
        let id = self.id();
        let parts = [("hint", !self.hint.is_empty()), ("wrong", is_wrong), ("theirs", self.theirs.is_some())];
        parts.into_iter().filter(|(_, is_there)| *is_there).map(|(part, _)| format!("{id}-{part}")).collect::<Vec<_>>().join(" ")
    }

    pub(super) fn may_be_empty(&self) -> bool {
        !matches!(self.kind, Kind::Must(_) | Kind::Truth(_))
    }

    fn spoken(&self, values: &[String]) -> String {
        let word = |value: &String| self.choices().iter().find(|(known, _)| known == value).map_or(value.clone(), |(_, label)| (*label).to_owned());
        if values.is_empty() { "nothing".into() } else { values.iter().map(word).collect::<Vec<_>>().join(", ") }
    }

    /// What is stored of it, as it would stand in the form.
    pub(super) fn stored(&self, item: &Value) -> Vec<String> {
        let value = self.name.split('.').try_fold(item, |value, part| value.get(part)).unwrap_or(&Value::Null);
        match value {
            Value::String(text) => vec![text.clone()],
            Value::Array(values) => {
                let values: Vec<String> = values.iter().filter_map(Value::as_str).map(str::to_owned).collect();
                if self.kind == Kind::Words && !values.is_empty() { vec![values.join(", ")] } else { values }
            }
            Value::Number(_) | Value::Bool(_) => vec![value.to_string()],
            Value::Object(pairs) if self.kind == Kind::Pairs && !pairs.is_empty() => {
                vec![pairs.iter().map(|(name, word)| format!("{name} = {}", word.as_str().unwrap_or_default())).collect::<Vec<_>>().join("\n")]
            }
            _ => Vec::new(),
        }
    }

    /// What it says, as the API takes it.
    fn json(&self) -> Value {
        match self.kind {
            Kind::Words => self.value().split([',', ' ', ';']).filter(|word| !word.is_empty()).collect::<Vec<_>>().into(),
            Kind::Pairs => self.pairs().map(|(name, word)| (name.to_owned(), word.to_lowercase().into())).collect::<Map<String, Value>>().into(),
            Kind::Number | Kind::MaybeNumber => self.value().parse::<i64>().map_or(Value::Null, Value::from),
            Kind::Truth(_) => (self.value() == "true").into(),
            Kind::Needed(_) => self.value().into(),
            _ if self.name == "name" => self.value().into(),
            _ if self.value().is_empty() => Value::Null,
            _ => self.value().into(),
        }
    }

    fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.value().lines().filter_map(|line| line.rsplit_once('=')).map(|(name, word)| (name.trim(), word.trim()))
    }

    /// Why what was typed cannot be read as what is asked for.
    fn strange(&self) -> Option<&'static str> {
        let is_number = || self.value().parse::<i64>().is_ok();
        match self.kind {
            Kind::Number if !is_number() => Some("enter a whole number"),
            Kind::MaybeNumber if !self.value().is_empty() && !is_number() => Some("enter a whole number, or leave it empty"),
            Kind::Pairs if self.value().lines().any(|line| !line.trim().is_empty() && !line.contains('=')) => {
                Some("write one on each line, with an equals sign before the role: care-managers = editor")
            }
            _ => None,
        }
    }
}

/// The parts of a form, filled in.
pub(super) struct Filled {
    pub(super) title: &'static str,
    pub(super) fields: Vec<Field>,
}

/// Fields that were typed but cannot be read as what they ask for.
pub(super) fn strange(parts: &[Filled]) -> Vec<Wrong> {
    parts.iter().flat_map(|part| &part.fields).filter_map(|field| field.strange().map(|detail| Wrong::new(field.id(), detail))).collect()
}

/// The parts of a form, with these values in its fields.
pub(super) fn filled(parts: &'static [Part], values: impl Fn(&Field) -> Vec<String>) -> Vec<Filled> {
    let field = |Asking(name, label, hint, kind): &Asking| {
        let mut field = Field { name, label, hint, kind: *kind, values: Vec::new(), theirs: None };
        field.values = values(&field);
        field
    };
    parts.iter().map(|part| Filled { title: part.title, fields: part.fields.iter().map(field).collect() }).collect()
}

/// The parts of a form, with what was typed into them.
pub(super) fn typed(parts: &'static [Part], form: &Form) -> Vec<Filled> {
    filled(parts, |field| form.some(field.name).into_iter().collect())
}

/// What a form says, as the API takes it.
pub(super) fn fields(parts: &[Filled]) -> Map<String, Value> {
    let mut fields = Map::new();
    for field in parts.iter().flat_map(|part| &part.fields).filter(|field| field.kind != Kind::Secret || !field.value().is_empty()) {
        put(&mut fields, field.name, field.json());
    }
    fields
}

/// Puts a value at its place: behind each dot is what is inside.
fn put(fields: &mut Map<String, Value>, name: &str, value: Value) {
    let Some((outer, inner)) = name.split_once('.') else {
        fields.insert(name.into(), value);
        return;
    };
    if let Value::Object(within) = fields.entry(outer).or_insert_with(|| Map::new().into()) {
        put(within, inner, value);
    }
}

#[derive(Template)]
#[template(path = "settings_form.html")]
struct EnteringPage {
    frame: Frame,
    wrongs: Vec<Wrong>,
    back: String,
    back_name: String,
    action: String,
    csrf: String,
    version: i64,
    parts: Vec<Filled>,
    is_stale: bool,
}

/// A form that someone has open.
pub(super) struct Open<'a> {
    pub(super) here: &'a Here,
    pub(super) title: String,
    pub(super) back: (String, String),
    pub(super) action: String,
    pub(super) version: i64,
}

impl Open<'_> {
    /// The form.
    pub(super) fn show(self, status: StatusCode, parts: Vec<Filled>, wrongs: Vec<Wrong>) -> Shown {
        let is_stale = parts.iter().flat_map(|part| &part.fields).any(|field| field.theirs.is_some());
        let frame = self.here.frame(&self.title).at(HERE);
        let (back, back_name) = self.back;
        let csrf = self.here.csrf().to_owned();
        Ok(html(status, &EnteringPage { frame, wrongs, back, back_name, action: self.action, csrf, version: self.version, parts, is_stale })?)
    }

    /// The same form again, with what was typed and what is wrong with it.
    pub(super) fn again(self, parts: Vec<Filled>, error: Error) -> Shown {
        let found = faults(error)?;
        let wrong = found.iter().map(|fault| {
            let name = fault.pointer.trim_start_matches('/').replace('/', ".");
            Wrong::new(to_blame(&parts, &name), &fault.detail)
        });
        let wrong = wrong.collect();
        self.show(StatusCode::UNPROCESSABLE_ENTITY, parts, wrong)
    }

    /// The same form with both: what was typed, and what someone else saved meanwhile.
    pub(super) fn beside(mut self, mut parts: Vec<Filled>, stored: &Value) -> Shown {
        self.version = stored.get("version").and_then(Value::as_i64).unwrap_or_default();
        compare(&mut parts, stored);
        self.show(StatusCode::CONFLICT, parts, Vec::new())
    }
}

/// Puts what is stored beside what was typed, where they differ.
pub(super) fn compare(parts: &mut [Filled], stored: &Value) {
    for field in parts.iter_mut().flat_map(|part| &mut part.fields).filter(|field| field.kind != Kind::Secret) {
        let theirs = field.stored(stored);
        if theirs != field.values {
            field.theirs = Some(field.spoken(&theirs));
        }
    }
}

/// The id of the field to blame for what is wrong at `name`: that one, the one around it, or the first inside it.
pub(super) fn to_blame(parts: &[Filled], name: &str) -> String {
    let all = || parts.iter().flat_map(|part| &part.fields);
    let around = |field: &&Field| name == field.name || name.starts_with(&format!("{}.", field.name));
    let inside = |field: &&Field| field.name.starts_with(&format!("{name}."));
    let found = all().find(around).or_else(|| all().find(inside)).or_else(|| all().next());
    found.map(Field::id).unwrap_or_default()
}

/// What a form says, as the type that the operation takes.
pub(super) fn read<T: DeserializeOwned>(fields: Map<String, Value>) -> Result<T, Problem> {
    serde_json::from_value(fields.into()).map_err(|_| Problem::new(Type::Malformed, "the form says something that none of its fields could: open the page again"))
}

/// An item as the API shows it.
pub(super) fn json(item: &impl serde::Serialize) -> Result<Value, Problem> {
    serde_json::to_value(item).map_err(Problem::internal)
}

/// A form, and whose it is.
pub(super) async fn sent(request: &Request, body: RequestBody) -> Result<(Form, Here), Refusal> {
    let form = Form::read(request, body).await?;
    let here = Here::of(request).await?;
    here.is_proven(&form)?;
    Ok((form, here))
}
