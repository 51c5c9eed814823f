//! Conditions are data: when a question is shown, when a finding is raised.

use chrono::NaiveDate;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::edition::{Decimal, KEY_PATTERN, MAX_CONDITION_PARTS};

/// A condition over answers and over the subject's own profile.
///
/// As data: `{all: […]}`, `{any: […]}`, `{not: …}`, `{question: key, is: value}` (or another of the operators of
/// [`Test`] in the place of `is`), `{subject: fact, is: value}`.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// Every part holds.
    All(Vec<Condition>),
    /// At least one part holds.
    Any(Vec<Condition>),
    /// The part does not hold.
    Not(Box<Condition>),
    /// The answer to a question passes a test. A hidden question has no answer, and no answer passes only
    /// `answered: false`.
    Question {
        /// The question's key.
        question: String,
        /// What its answer must be.
        test: Test,
    },
    /// A fact about the subject has this value, or has it among its values. False while the fact is not known.
    Subject {
        /// The fact, one of [`crate::answer::FACTS`].
        fact: String,
        /// One of the fact's possible values.
        is: String,
    },
}

/// What an answer must be.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// It is this option (`yes_no`, `single_choice`), number or date.
    Is(Scalar),
    /// It has this option among the chosen (`multiple_choice`).
    Includes(String),
    /// Whether there is an answer; *not applicable* is none.
    Answered(bool),
    /// It is this number or more.
    AtLeast(Decimal),
    /// It is this number or less.
    AtMost(Decimal),
    /// It is a date before this one.
    Before(NaiveDate),
    /// It is a date after this one.
    After(NaiveDate),
}

impl Test {
    /// The operator's name in a document.
    #[must_use]
    pub fn operator(&self) -> &'static str {
        match self {
            Self::Is(_) => "is",
            Self::Includes(_) => "includes",
            Self::Answered(_) => "answered",
            Self::AtLeast(_) => "at_least",
            Self::AtMost(_) => "at_most",
            Self::Before(_) => "before",
            Self::After(_) => "after",
        }
    }
}

/// What `is` compares with: an option value or a date as text, or a number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Scalar {
    /// A number.
    Number(Decimal),
    /// An option value, or a date `YYYY-MM-DD`.
    Text(String),
}

/// The flat shape in which conditions are written.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    all: Option<Vec<Condition>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    any: Option<Vec<Condition>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    not: Option<Box<Condition>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    question: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    is: Option<Scalar>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    includes: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answered: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at_least: Option<Decimal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at_most: Option<Decimal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    before: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<NaiveDate>,
}

/// The names that say which kind of condition it is; exactly one stands in each.
pub(crate) const SUBJECTS: [&str; 5] = ["all", "any", "not", "question", "subject"];
/// The operators of a question leaf; exactly one stands in each.
pub(crate) const OPERATORS: [&str; 7] = ["is", "includes", "answered", "at_least", "at_most", "before", "after"];
/// What is said about a condition that is none of the five.
pub(crate) const SHAPE: &str = "expected exactly one of `all`, `any`, `not`, `question` with one operator (`is`, `includes`, `answered`, \
     `at_least`, `at_most`, `before`, `after`), or `subject` with `is`";

impl Serialize for Condition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut written = Written::default();
        match self {
            Self::All(parts) => written.all = Some(parts.clone()),
            Self::Any(parts) => written.any = Some(parts.clone()),
            Self::Not(part) => written.not = Some(part.clone()),
            Self::Question { question, test } => {
                written.question = Some(question.clone());
                match test {
                    Test::Is(value) => written.is = Some(value.clone()),
                    Test::Includes(value) => written.includes = Some(value.clone()),
                    Test::Answered(value) => written.answered = Some(*value),
                    Test::AtLeast(value) => written.at_least = Some(*value),
                    Test::AtMost(value) => written.at_most = Some(*value),
                    Test::Before(value) => written.before = Some(*value),
                    Test::After(value) => written.after = Some(*value),
                }
            }
            Self::Subject { fact, is } => {
                written.subject = Some(fact.clone());
                written.is = Some(Scalar::Text(is.clone()));
            }
        }
        written.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Condition {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_written(Written::deserialize(deserializer)?).ok_or_else(|| de::Error::custom(SHAPE))
    }
}

fn from_written(written: Written) -> Option<Condition> {
    let Written { all, any, not, question, subject, is, includes, answered, at_least, at_most, before, after } =
        written;
    let mut tests = [
        is.map(Test::Is),
        includes.map(Test::Includes),
        answered.map(Test::Answered),
        at_least.map(Test::AtLeast),
        at_most.map(Test::AtMost),
        before.map(Test::Before),
        after.map(Test::After),
    ]
    .into_iter()
    .flatten();
    let test = tests.next();
    if tests.next().is_some() {
        return None;
    }
    match (all, any, not, question, subject, test) {
        (Some(parts), None, None, None, None, None) => Some(Condition::All(parts)),
        (None, Some(parts), None, None, None, None) => Some(Condition::Any(parts)),
        (None, None, Some(part), None, None, None) => Some(Condition::Not(part)),
        (None, None, None, Some(question), None, Some(test)) => Some(Condition::Question { question, test }),
        (None, None, None, None, Some(fact), Some(Test::Is(Scalar::Text(is)))) => Some(Condition::Subject { fact, is }),
        _ => None,
    }
}

impl JsonSchema for Condition {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Condition".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let part = generator.subschema_for::<Condition>();
        let number = generator.subschema_for::<Decimal>();
        json_schema!({
            "description": "A condition: exactly one of `all`, `any`, `not`, `question` with one operator, or `subject` with `is`. \
                A hidden question has no answer for any condition; a fact that is not known equals nothing.",
            "type": "object",
            "properties": {
                "all": { "type": "array", "items": part, "minItems": 1, "maxItems": MAX_CONDITION_PARTS, "description": "Every part holds." },
                "any": { "type": "array", "items": part, "minItems": 1, "maxItems": MAX_CONDITION_PARTS, "description": "At least one part holds." },
                "not": part,
                "question": { "type": "string", "pattern": KEY_PATTERN, "description": "The key of the question whose answer is tested." },
                "subject": { "type": "string", "pattern": KEY_PATTERN, "description": "The fact about the subject that is tested." },
                "is": { "type": ["string", "number"], "description": "The option value, number or date it is." },
                "includes": { "type": "string", "description": "An option that is among the chosen." },
                "answered": { "type": "boolean", "description": "Whether there is an answer." },
                "at_least": number,
                "at_most": number,
                "before": { "type": "string", "format": "date", "description": "A date after the answer." },
                "after": { "type": "string", "format": "date", "description": "A date before the answer." }
            },
            "additionalProperties": false,
            "minProperties": 1,
            "maxProperties": 2,
            "oneOf": [
                { "required": ["all"], "maxProperties": 1 },
                { "required": ["any"], "maxProperties": 1 },
                { "required": ["not"], "maxProperties": 1 },
                { "required": ["question"], "minProperties": 2, "not": { "required": ["subject"] } },
                { "required": ["subject", "is"] }
            ]
        })
    }
}

impl Condition {
    /// The questions it reads, in order, possibly more than once.
    #[must_use]
    pub fn questions(&self) -> Vec<&str> {
        let mut found = Vec::new();
        // A stack of its own, because a condition built by hand may be deeper than the parser allows.
        let mut open = vec![self];
        while let Some(condition) = open.pop() {
            match condition {
                Self::All(parts) | Self::Any(parts) => open.extend(parts.iter().rev()),
                Self::Not(part) => open.push(part),
                Self::Question { question, .. } => found.push(question.as_str()),
                Self::Subject { .. } => {}
            }
        }
        found
    }
}
