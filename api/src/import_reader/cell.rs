//! A cell of a file: how it is read, by the schema of the field that it fills.
//!
//! Our own files say everything one way. Other people's are read as people write ([`Cell::read_theirs`]): our words with
//! any capitals, countries by name, addresses without `https://`, sums with a sign before them.

use std::collections::HashMap;

use diligence_entities::{clock::Day, fault::Fault, identifier::Identifier, recipe::DateStyle};
use diligence_questionnaires::cells;
use serde_json::{Map, Value, json};

use super::{
    amounts,
    countries::country,
    dates,
    words::{self, fold},
};
use crate::{
    json,
    schema::{Shape, is_form},
};

/// How many items a list in a cell may have before they are looked at: no field takes more than half of it.
const MAXIMUM_ITEMS: usize = 100;

/// How a cell is read.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    pub(super) kind: CellKind,
    pub(super) may_be_empty: bool,
    /// The words that can be chosen; empty where anything can be said.
    pub(super) choices: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CellKind {
    /// Text as it is.
    Text,
    /// An id or a code: without space around it.
    Word,
    /// One of some words.
    Choice,
    /// A country.
    Country,
    /// A web address.
    Address,
    /// An e-mail address.
    Email,
    Day,
    Integer,
    /// A number of days.
    Days,
    /// A number of months.
    Months,
    Boolean,
    /// A sum of money.
    Money,
    /// A list of words.
    Words,
    /// A list of countries.
    Countries,
    Identifiers,
    /// Anything deeper.
    Json,
}

/// What one of their words means here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Word(String),
    Nothing,
}

/// How cells of a column of somebody else's are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Habits<'a> {
    /// How dates are written; none where that is a question.
    pub(super) dates: Option<DateStyle>,
    /// What stands between the items of a list, where that was said.
    pub(super) split: Option<&'a str>,
    /// What their words mean, folded, as far as that was said.
    pub(super) meanings: &'a HashMap<String, Meaning>,
    /// More words for nothing, folded.
    pub(super) nothing: &'a [String],
}

/// What a cell of somebody else's says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Theirs {
    /// The value; none where it says nothing, or where what it says is a question.
    pub(super) value: Option<Value>,
    /// The words of it that somebody has to say the meaning of.
    pub(super) unknown: Vec<String>,
    /// What was read otherwise than it stands.
    pub(super) remark: Option<Remark>,
}

/// What was read otherwise than it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Remark {
    /// A word for nothing.
    Nothing,
    /// A word for no end.
    NoEnd,
    /// An address without `https://`.
    Scheme,
    /// A sum without a currency.
    Currency,
    /// Weeks, months or years where days are counted.
    Span,
    /// A `'` that a spreadsheet puts before what it might run.
    Guard,
    /// A statement that there is no such evidence.
    Denied,
    /// A statement that evidence has run out.
    Expired,
}

/// A schema without the wrapping that says it may be null.
fn bare<'a>(shape: &'a Shape, schema: &'a Value) -> &'a Value {
    let schema = shape.resolve(schema);
    match schema.get("allOf").and_then(Value::as_array).map(Vec::as_slice) {
        Some([only]) => shape.resolve(only),
        _ => schema,
    }
}

pub(super) fn properties<'a>(shape: &'a Shape, schema: &'a Value) -> Option<&'a Map<String, Value>> {
    bare(shape, schema).get("properties").and_then(Value::as_object)
}

pub(super) fn property<'a>(shape: &'a Shape, schema: &'a Value, name: &str) -> Option<&'a Value> {
    properties(shape, schema)?.get(name)
}

/// Whether a property takes null.
pub(super) fn may_be_empty(shape: &Shape, property: &Value) -> bool {
    [property, bare(shape, property)].iter().any(|schema| schema.get("nullable").and_then(Value::as_bool) == Some(true))
}

/// The schema of the items of a list.
pub(super) fn items<'a>(shape: &'a Shape, schema: &'a Value) -> Option<&'a Value> {
    bare(shape, schema).get("items")
}

fn choices_of(schema: &Value) -> Vec<String> {
    let words = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
    words.filter_map(Value::as_str).map(str::to_owned).collect()
}

impl Cell {
    /// One that holds nothing but a word, or a text.
    pub(super) fn plain(kind: CellKind) -> Self {
        Self { kind, may_be_empty: true, choices: Vec::new() }
    }

    /// That of the field of this name.
    pub(super) fn of(shape: &Shape, name: &str, property: &Value) -> Self {
        let schema = bare(shape, property);
        let may_be_empty = may_be_empty(shape, property);
        let format = schema.get("format").and_then(Value::as_str);
        let mut choices = choices_of(schema);
        let kind = match schema.get("type").and_then(Value::as_str) {
            Some("string") if format == Some("date") => CellKind::Day,
            Some("string") if format == Some("email") => CellKind::Email,
            Some("string") if name == "country" => CellKind::Country,
            Some("string") if matches!(name, "website" | "address" | "transparency_record") => CellKind::Address,
            Some("string") if !choices.is_empty() => CellKind::Choice,
            Some("string")
                if schema.get("pattern").and_then(Value::as_str).is_some_and(|pattern| !is_form(pattern)) =>
            {
                CellKind::Word
            }
            Some("string") => CellKind::Text,
            Some("integer") if name.ends_with("_days") => CellKind::Days,
            Some("integer") if name.ends_with("_months") => CellKind::Months,
            Some("integer") => CellKind::Integer,
            Some("boolean") => CellKind::Boolean,
            Some("array") => match items(shape, schema).map(|items| bare(shape, items)) {
                Some(_) if matches!(name, "data_locations" | "runs_in") => CellKind::Countries,
                Some(items) if items.get("type").and_then(Value::as_str) == Some("string") => {
                    choices = choices_of(items);
                    CellKind::Words
                }
                Some(items) if items.pointer("/properties/scheme").is_some() => CellKind::Identifiers,
                _ => CellKind::Json,
            },
            Some("object") if schema.pointer("/properties/amount_minor").is_some() => CellKind::Money,
            _ => CellKind::Json,
        };
        Self { kind, may_be_empty, choices }
    }

    /// That of a part of `group`: where the group may say nothing, so may each of its parts.
    pub(super) fn within(self, shape: &Shape, group: &Value) -> Self {
        Self { may_be_empty: self.may_be_empty || may_be_empty(shape, group), ..self }
    }

    /// Whether what it says is one of a few words of ours.
    pub(super) fn asks_for_words(&self) -> bool {
        matches!(self.kind, CellKind::Choice | CellKind::Boolean | CellKind::Country | CellKind::Countries)
            || self.kind == CellKind::Words && !self.choices.is_empty()
    }

    /// Whether what it says is a list.
    pub(super) fn is_list(&self) -> bool {
        matches!(self.kind, CellKind::Words | CellKind::Countries | CellKind::Identifiers)
    }

    /// What the cell of a file of our own says; a value of a wrong type where it says nothing of its type, for the
    /// check to tell.
    pub(super) fn read(&self, text: &str, style: DateStyle) -> Result<Value, Vec<Fault>> {
        let wrong = |code: &str, detail: &str| vec![Fault::new("", code, detail)];
        if text.is_empty() {
            return if self.may_be_empty {
                Ok(Value::Null)
            } else {
                Err(wrong("missing", "expected a value: this field cannot be cleared"))
            };
        }
        let words = || cells::split(text).into_iter().map(|item| item.trim().to_owned());
        if self.is_list() && text.matches(';').count() >= MAXIMUM_ITEMS {
            return Err(wrong("length", "expected a list of at most 100 items"));
        }
        Ok(match self.kind {
            CellKind::Text => text.into(),
            CellKind::Word | CellKind::Choice | CellKind::Country | CellKind::Address | CellKind::Email => {
                text.trim().into()
            }
            CellKind::Day => day(text, style)?.into(),
            CellKind::Integer | CellKind::Days | CellKind::Months => {
                text.trim().parse::<i64>().map_err(|_| wrong("type", "expected a whole number"))?.into()
            }
            CellKind::Boolean => {
                text.trim().to_lowercase().parse::<bool>().map_err(|_| wrong("type", "expected true or false"))?.into()
            }
            CellKind::Words | CellKind::Countries => words().map(Value::from).collect(),
            CellKind::Identifiers => identifiers(words())?,
            CellKind::Json | CellKind::Money => {
                json::parse(text.as_bytes()).map_err(|_| wrong("json", "expected JSON, as the export writes it"))?
            }
        })
    }

    /// What a cell of somebody else's file says.
    pub(super) fn read_theirs(&self, text: &str, habits: Habits<'_>) -> Result<Theirs, Vec<Fault>> {
        let wrong = |code: &str, detail: &str| vec![Fault::new("", code, detail)];
        let folded = fold(text);
        // What was said of a word goes before everything that it may mean.
        let renamed = match habits.meanings.get(&folded) {
            Some(Meaning::Nothing) => return Ok(Theirs::default()),
            Some(Meaning::Word(word)) => Some(word.as_str()),
            None => None,
        };
        let is_ours = |folded: &str| words::choice(folded, &self.choices).is_some();
        if renamed.is_none() && words::is_nothing(&folded, habits.nothing) && !is_ours(&folded) {
            let remark = (!folded.is_empty()).then_some(Remark::Nothing);
            return Ok(Theirs { remark, ..Theirs::default() });
        }
        let original = text;
        let text = renamed.unwrap_or(text).trim();
        // A word of ours is not taken for one of theirs again.
        let meant = |item: &str| match renamed {
            Some(_) => self.ours(item).map(Meaning::Word),
            None => self.meaning(item, habits),
        };
        let said = |value: Value| Ok(Theirs { value: Some(value), ..Theirs::default() });
        match self.kind {
            CellKind::Text | CellKind::Word => said(text.into()),
            CellKind::Json => said(
                json::parse(text.as_bytes()).map_err(|_| wrong("json", "expected JSON, as the export writes it"))?,
            ),
            CellKind::Email => said(email(text).into()),
            CellKind::Address => {
                let (address, is_completed) = web_address(text);
                let remark = is_completed.then_some(Remark::Scheme);
                Ok(Theirs { value: Some(address.into()), remark, ..Theirs::default() })
            }
            CellKind::Day => match habits.dates {
                _ if words::is_no_end(&folded) => Ok(Theirs { remark: Some(Remark::NoEnd), ..Theirs::default() }),
                _ if words::is_no_day(&folded) => Ok(Theirs { remark: Some(Remark::Nothing), ..Theirs::default() }),
                None => Ok(Theirs::default()),
                Some(style) => said(existing(text, style)?.to_string().into()),
            },
            CellKind::Integer => {
                said(amounts::whole(text).ok_or_else(|| wrong("type", "expected a whole number"))?.into())
            }
            CellKind::Days => {
                let expected = "expected a number of days, such as 90, 90 days, 6 weeks or 3 months";
                let (count, is_other) = amounts::span(text, amounts::IN_DAYS).ok_or_else(|| wrong("type", expected))?;
                Ok(Theirs { value: Some(count.into()), remark: is_other.then_some(Remark::Span), ..Theirs::default() })
            }
            CellKind::Months => {
                let expected = "expected a number of months, such as 12, 12 months or 1 year";
                let (count, _) = amounts::span(text, amounts::IN_MONTHS).ok_or_else(|| wrong("type", expected))?;
                said(count.into())
            }
            CellKind::Money => {
                let sum =
                    amounts::sum(text).ok_or_else(|| wrong("amount", "expected a sum of money such as £12,000.00"))?;
                let minor = i64::try_from(sum.hundredths).map_err(|_| wrong("amount", "expected a smaller sum"))?;
                let remark = sum.currency.is_none().then_some(Remark::Currency);
                let value = json!({ "amount_minor": minor, "currency": sum.currency.as_deref().unwrap_or("GBP") });
                Ok(Theirs { value: Some(value), remark, ..Theirs::default() })
            }
            CellKind::Choice | CellKind::Country | CellKind::Boolean => Ok(match self.meaning(original, habits) {
                Some(Meaning::Word(word)) if self.kind == CellKind::Boolean => {
                    Theirs { value: Some((word == "true").into()), ..Theirs::default() }
                }
                Some(Meaning::Word(word)) => Theirs { value: Some(word.into()), ..Theirs::default() },
                Some(Meaning::Nothing) => Theirs::default(),
                None => Theirs { unknown: vec![original.trim().to_owned()], ..Theirs::default() },
            }),
            CellKind::Words | CellKind::Countries => {
                let items = self.items(text, habits);
                if items.len() > MAXIMUM_ITEMS {
                    return Err(wrong("length", "expected a list of at most 100 items"));
                }
                if !self.asks_for_words() {
                    return said(items.into_iter().map(Value::from).collect());
                }
                let (mut list, mut unknown) = (Vec::new(), Vec::new());
                for item in items {
                    match meant(&item) {
                        Some(Meaning::Word(word)) if list.contains(&word) => {}
                        Some(Meaning::Word(word)) => list.push(word),
                        Some(Meaning::Nothing) => {}
                        None => unknown.push(item),
                    }
                }
                let value = unknown.is_empty().then(|| list.into_iter().map(Value::from).collect());
                Ok(Theirs { value, unknown, remark: None })
            }
            CellKind::Identifiers => said(identifiers(self.items(text, habits).into_iter())?),
        }
    }

    /// Which of our words one of theirs means, as far as that is plain.
    pub(super) fn meaning(&self, text: &str, habits: Habits<'_>) -> Option<Meaning> {
        let folded = fold(text);
        if let Some(said) = habits.meanings.get(&folded) {
            return Some(match said {
                Meaning::Word(word) => self.ours(word).map_or_else(|| said.clone(), Meaning::Word),
                Meaning::Nothing => Meaning::Nothing,
            });
        }
        match self.ours(text) {
            Some(word) => Some(Meaning::Word(word)),
            None => words::is_nothing(&folded, habits.nothing).then_some(Meaning::Nothing),
        }
    }

    /// The word of ours that this is.
    pub(super) fn ours(&self, text: &str) -> Option<String> {
        match self.kind {
            CellKind::Country | CellKind::Countries => country(text).map(str::to_owned),
            CellKind::Boolean => words::truth(&fold(text)).map(|truth| truth.to_string()),
            _ => words::choice(&fold(text), &self.choices),
        }
    }

    /// The items of a list: parted by what was said, else by semicolons, else by a comma, a stroke, a bar or a new line
    /// where everything between these is known.
    fn items(&self, text: &str, habits: Habits<'_>) -> Vec<String> {
        let trimmed = |items: Vec<String>| -> Vec<String> {
            items.into_iter().map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect()
        };
        let parted = |mark: &str| trimmed(text.split(mark).map(str::to_owned).collect());
        if let Some(mark) = habits.split {
            return parted(mark);
        }
        let is_known = |item: &String| self.meaning(item, habits).is_some();
        let whole = text.to_owned();
        if text.contains(';') || !self.asks_for_words() || is_known(&whole) {
            return trimmed(cells::split(text));
        }
        let marks = [",", "/", "|", "\n", " and ", " & "];
        let found = marks.into_iter().map(parted).find(|items| items.len() > 1 && items.iter().all(is_known));
        // So that a question is about a word and not about a whole list.
        let most = || marks.into_iter().map(parted).find(|items| items.len() > 1 && items.iter().any(is_known));
        found.or_else(most).unwrap_or_else(|| vec![whole])
    }
}

fn identifiers(items: impl Iterator<Item = String>) -> Result<Value, Vec<Fault>> {
    let read = |(index, item): (usize, String)| {
        let identifier = item
            .parse::<Identifier>()
            .map_err(|detail| Fault::new("", "identifier", detail))
            .and_then(|identifier| identifier.canonical());
        identifier.map(|identifier| json!(identifier)).map_err(|fault| Fault { pointer: format!("/{index}"), ..fault })
    };
    let (good, bad): (Vec<_>, Vec<_>) = items.enumerate().map(read).partition(Result::is_ok);
    let bad: Vec<Fault> = bad.into_iter().filter_map(Result::err).collect();
    if bad.is_empty() { Ok(good.into_iter().filter_map(Result::ok).collect()) } else { Err(bad) }
}

/// The date as ISO 8601; whether it exists is for the check to say.
pub(super) fn day(text: &str, style: DateStyle) -> Result<String, Vec<Fault>> {
    if let Some(day) = dates::read(text, style) {
        return Ok(day.to_string());
    }
    let expected = match style {
        DateStyle::Iso => "expected a date such as 2027-03-31",
        DateStyle::Dmy => "expected a date with the day first, such as 31/03/2027",
        DateStyle::Mdy => "expected a date with the month first, such as 03/31/2027",
        DateStyle::Ymd => "expected a date with the year first, such as 2027/03/31",
    };
    let other = [DateStyle::Dmy, DateStyle::Mdy].into_iter().find(|other| dates::read(text, *other).is_some());
    let detail = match (style, other) {
        (DateStyle::Iso, Some(_)) => format!("{expected}: say with `dates` what stands first"),
        (DateStyle::Mdy, Some(_)) => format!("{expected}: this can only have the day first"),
        (_, Some(DateStyle::Mdy)) => format!("{expected}: this can only have the month first"),
        _ => expected.to_owned(),
    };
    Err(vec![Fault::new("", "date", detail)])
}

/// A day that exists.
pub(super) fn existing(text: &str, style: DateStyle) -> Result<Day, Vec<Fault>> {
    let wrong = |_| vec![Fault::new("", "date", "expected a date that exists, from 1900 to 2999")];
    day(text, style)?.parse::<Day>().map_err(wrong)
}

/// The address of `Jo Bell <jo@linen.example>`.
fn email(text: &str) -> String {
    let inner = text.rsplit_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or(text, |(inner, _)| inner);
    let inner = inner.trim();
    let bare = inner.get(..7).filter(|start| start.eq_ignore_ascii_case("mailto:")).map_or(inner, |_| &inner[7..]);
    bare.trim().to_owned()
}

/// A web address as browsers take it, and whether it had to be completed.
fn web_address(text: &str) -> (String, bool) {
    match text.split_once("://") {
        Some((scheme, rest)) => {
            let scheme = scheme.to_lowercase();
            let host_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
            (format!("{scheme}://{}{}", rest[..host_end].to_lowercase(), &rest[host_end..]), false)
        }
        None if text.contains('.') && !text.contains(char::is_whitespace) && !text.contains('@') => {
            let host_end = text.find(['/', '?', '#']).unwrap_or(text.len());
            (format!("https://{}{}", text[..host_end].to_lowercase(), &text[host_end..]), true)
        }
        None => (text.to_owned(), false),
    }
}

#[cfg(test)]
mod tests {
    use diligence_entities::supplier::NewSupplier;

    use super::*;
    use crate::schema::{self, Side};

    fn read(field: &str, text: &str) -> Result<Theirs, Vec<Fault>> {
        let shape = schema::of::<NewSupplier>(Side::Change);
        let property = property(&shape, &shape.schema, field).expect("a field");
        let meanings = HashMap::new();
        let habits = Habits { dates: Some(DateStyle::Dmy), split: None, meanings: &meanings, nothing: &[] };
        Cell::of(&shape, field, property).read_theirs(text, habits)
    }

    #[test]
    fn cells_are_read_as_people_write_them() {
        for (field, text, value) in [
            ("country", " united  kingdom", json!("GB")),
            ("data_locations", "UK, Ireland", json!(["GB", "IE"])),
            ("data_locations", "UK/Ireland", json!(["GB", "IE"])),
            ("data_locations", "England; Wales", json!(["GB"])),
            ("personal_data", "Health, Care records", json!(["health", "care_records"])),
            ("website", "WWW.Linen.example/Home", json!("https://www.linen.example/Home")),
            ("website", "HTTP://linen.example", json!("http://linen.example")),
            ("data_role", "Joint controller", json!("joint_controller")),
            ("data_role", "None", json!("none")),
            ("name", " Harbour ", json!("Harbour")),
        ] {
            assert_eq!(read(field, text).map(|theirs| theirs.value), Ok(Some(value)), "{field}: {text}");
        }
    }

    #[test]
    fn words_that_nobody_knows_are_asked_for() {
        for (field, text, unknown) in [
            ("data_role", "Yes ", vec!["Yes"]),
            ("service_criticality", "High", vec!["High"]),
            ("country", "Freedonia", vec!["Freedonia"]),
            ("personal_data", "health, gossip", vec!["gossip"]),
        ] {
            let theirs = read(field, text).expect("no fault");
            assert_eq!(
                (theirs.unknown, theirs.value),
                (unknown.into_iter().map(str::to_owned).collect(), None),
                "{text}"
            );
        }
    }

    #[test]
    fn words_for_nothing_are_nothing() {
        for (field, text) in [("website", "N/A"), ("country", "TBC"), ("relationship_owner", "-"), ("legal_name", "")] {
            assert_eq!(read(field, text).map(|theirs| theirs.value), Ok(None), "{field}: {text}");
        }
    }

    #[test]
    fn an_address_is_found_beside_the_name() {
        for text in ["Jo Bell <jo@linen.example>", " mailto:jo@linen.example", "jo@linen.example"] {
            assert_eq!(email(text.trim()), "jo@linen.example");
        }
    }
}
