//! The shape of an edition: what a questionnaire document says, as types.
//!
//! One serde shape serves YAML and JSON. The patterns and limits stand beside the fields, so the
//! published JSON Schema ([`Edition::json_schema`]) and the strict parser ([`crate::parse`]) read the same rules.

use crate::text::LINES;
use std::collections::BTreeSet;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::answer::EvidenceKind;
use crate::canonical;
use crate::condition::Condition;
use crate::fault::Fault;
use crate::parse;
use crate::rating::Severity;
use crate::rules;

mod decimal;
mod points;
mod source;

pub use decimal::Decimal;
pub use points::{POINTS_PATTERN, Points};
pub(crate) use points::{PointsError, common_denominator};
pub use source::{LOOK_MONTHS, Outdated, OutdatedBecause, Source};

/// The largest document read, in bytes (2 MiB).
pub const MAX_DOCUMENT_BYTES: usize = 2 * 1024 * 1024;
/// The deepest nesting of lists and maps in a document.
pub const MAX_DOCUMENT_DEPTH: usize = 100;
/// The most questions in one edition, over all its sections.
pub const MAX_QUESTIONS: usize = 2_000;
/// The most principles in one edition.
pub const MAX_PRINCIPLES: usize = 200;
/// The most frameworks of its own an edition declares.
pub const MAX_FRAMEWORKS: usize = 50;
/// The most sections in one edition.
pub const MAX_SECTIONS: usize = 200;
/// The most options, or bands, on one question.
pub const MAX_OPTIONS: usize = 300;
/// The most findings at the end of one edition.
pub const MAX_FINDINGS: usize = 500;
/// The most sources an edition names.
pub const MAX_SOURCES: usize = 50;
/// The most outside standards one question maps to.
pub const MAX_MAPS_TO: usize = 50;
/// The deepest nesting of conditions; a leaf alone has depth 1.
pub const MAX_CONDITION_DEPTH: usize = 32;
/// The most parts of one `all` or `any`.
pub const MAX_CONDITION_PARTS: usize = 100;
/// The largest weight of a question or of a principle.
pub const MAX_WEIGHT: u16 = 1_000;
/// The longest title, label or unit, in characters.
pub const MAX_TITLE_CHARS: usize = 300;
/// The longest question, help, summary, advice or other prose, in characters.
pub const MAX_TEXT_CHARS: usize = 4_000;
/// The longest `maps_to` id, in characters.
pub const MAX_MAPS_TO_CHARS: usize = 200;
/// The oldest age a date band may name, in months (100 years).
pub const MAX_MONTHS: u16 = 1_200;

/// The frameworks everyone knows; any other is the organisation's own, and the edition that uses it declares it.
pub const BUILT_IN_FRAMEWORKS: [&str; 2] = ["security", "ethical_ai"];

/// Pattern of an edition's `key`.
pub const EDITION_KEY_PATTERN: &str = "^[a-z][a-z0-9-]{1,63}$";
/// Pattern of an edition's number, e.g. `2026.1`.
pub const EDITION_NUMBER_PATTERN: &str = "^[0-9]{4}\\.[0-9]{1,3}$";
/// Pattern of the keys of principles, sections, questions, findings and frameworks.
pub const KEY_PATTERN: &str = "^[a-z][a-z0-9_]{0,63}$";
/// Pattern of an option's `value`.
pub const VALUE_PATTERN: &str = "^[a-z0-9][a-z0-9_-]{0,63}$";
/// Pattern of a language tag, e.g. `en` or `en-GB`.
pub const LANGUAGE_PATTERN: &str = "^[a-z]{2,3}(-[A-Z]{2})?$";
/// Pattern of a `maps_to` id: the standard, a slash, the place in it, e.g. `dspt/10.1.2`.
pub const MAPS_TO_PATTERN: &str = "^[a-z0-9][a-z0-9.-]*(/[A-Za-z0-9().:_-]+)+$";
/// Pattern of a source's date: a year, a month or a day.
pub const SOURCE_DATE_PATTERN: &str = "^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$";
/// Pattern of a web address.
pub const ADDRESS_PATTERN: &str = "^https?://[^\\s]+$";

/// A questionnaire in one published, unchangeable edition.
///
/// Read one with [`Edition::from_yaml`] or [`Edition::from_json`]: only those check it. A value built by hand can be
/// evaluated without danger (the engine is total), but holds no promise about its scores until it has passed
/// [`crate::parse::check`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = example())]
pub struct Edition {
    /// The questionnaire's key, the same in every edition: lower-case letters, digits and hyphens.
    #[schemars(regex(pattern = EDITION_KEY_PATTERN))]
    pub key: String,
    /// The questionnaire's title, as people read it.
    #[schemars(length(min = 1, max = MAX_TITLE_CHARS))]
    pub title: String,
    /// The edition: a year and a number, e.g. `2026.1`. Write it in quotes.
    #[schemars(regex(pattern = EDITION_NUMBER_PATTERN))]
    pub edition: String,
    /// What the questionnaire is for, in one paragraph.
    #[schemars(length(min = 1, max = MAX_TEXT_CHARS), regex(pattern = LINES))]
    pub summary: String,
    /// The framework of every principle that names none: `security`, `ethical_ai` or one declared in `frameworks`.
    #[schemars(regex(pattern = KEY_PATTERN))]
    pub framework: String,
    /// What the questionnaire can be put to.
    #[schemars(length(min = 1, max = 3))]
    pub applies_to: Vec<AppliesTo>,
    /// What the questionnaire is based on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = MAX_SOURCES))]
    pub source: Vec<Source>,
    /// The language of the texts, e.g. `en`.
    #[serde(default = "english")]
    #[schemars(regex(pattern = LANGUAGE_PATTERN))]
    pub language: String,
    /// The organisation's own frameworks, each used by the edition or by one of its principles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = MAX_FRAMEWORKS))]
    pub frameworks: Vec<Framework>,
    /// What is scored.
    #[schemars(length(min = 1, max = MAX_PRINCIPLES))]
    pub principles: Vec<Principle>,
    /// The questions, in the order in which they are asked.
    #[schemars(length(min = 1, max = MAX_SECTIONS))]
    pub sections: Vec<Section>,
    /// Findings that several answers raise together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = MAX_FINDINGS))]
    pub findings: Vec<EditionFinding>,
}

/// As short as an edition can be.
fn example() -> serde_json::Value {
    serde_json::json!({
        "key": "our-visitors", "title": "Visitors", "edition": "2026.1", "summary": "Who gets into our homes.", "framework": "security", "applies_to": ["supplier"],
        "principles": [{ "key": "visits", "title": "Visits" }],
        "sections": [{ "key": "staff", "title": "Your staff", "questions": [{
            "key": "badges", "principle": "visits", "text": "Do your people wear a badge when they come?", "type": "yes_no",
            "options": [{ "value": "yes", "label": "Yes", "points": 100 }, { "value": "no", "label": "No", "points": 0 }],
        }] }],
    })
}

fn english() -> String {
    "en".to_owned()
}

/// What a questionnaire can be put to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AppliesTo {
    /// A supplier.
    Supplier,
    /// A product of any kind.
    Product,
    /// A product with AI in it.
    Ai,
}

/// A family of principles of the organisation's own, beside `security` and `ethical_ai`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Framework {
    /// Its key, unique in the edition and none of [`BUILT_IN_FRAMEWORKS`].
    #[schemars(regex(pattern = KEY_PATTERN))]
    pub key: String,
    /// Its title.
    #[schemars(length(min = 1, max = MAX_TITLE_CHARS))]
    pub title: String,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = MAX_TEXT_CHARS), regex(pattern = LINES))]
    pub summary: Option<String>,
}

/// What is scored inside a framework, e.g. *access control*.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Principle {
    /// Its key, unique in the edition.
    #[schemars(regex(pattern = KEY_PATTERN))]
    pub key: String,
    /// Its title.
    #[schemars(length(min = 1, max = MAX_TITLE_CHARS))]
    pub title: String,
    /// Its framework, built in or declared in `frameworks`; the edition's when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = KEY_PATTERN))]
    pub framework: Option<String>,
    /// Its weight among the principles of its framework, 0 to 1,000; 1 when absent, and 0 leaves it out of the mean.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    #[schemars(range(min = 0, max = MAX_WEIGHT))]
    pub weight: u16,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = MAX_TEXT_CHARS), regex(pattern = LINES))]
    pub summary: Option<String>,
}

fn one() -> u16 {
    1
}

fn is_one(weight: &u16) -> bool {
    *weight == 1
}

/// A group of questions under one heading.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// Its key, unique in the edition.
    #[schemars(regex(pattern = KEY_PATTERN))]
    pub key: String,
    /// Its heading.
    #[schemars(length(min = 1, max = MAX_TITLE_CHARS))]
    pub title: String,
    /// A paragraph before the questions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = MAX_TEXT_CHARS), regex(pattern = LINES))]
    pub intro: Option<String>,
    /// When the whole section is asked; always when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub show_if: Option<Condition>,
    /// Its questions, in order.
    #[schemars(length(min = 1, max = MAX_QUESTIONS))]
    pub questions: Vec<Question>,
}

/// One question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Its key, unique in the edition and the same in every edition that asks it.
    #[schemars(regex(pattern = KEY_PATTERN))]
    pub key: String,
    /// The key of the principle it counts for.
    #[schemars(regex(pattern = KEY_PATTERN))]
    pub principle: String,
    /// The question itself.
    #[schemars(length(min = 1, max = MAX_TEXT_CHARS), regex(pattern = LINES))]
    pub text: String,
    /// Why it is asked and what counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = MAX_TEXT_CHARS), regex(pattern = LINES))]
    pub help: Option<String>,
    /// What kind of answer it takes.
    #[serde(rename = "type")]
    pub kind: QuestionType,
    /// Its weight inside its principle, 0 to 1,000; 10 when absent, and 0 makes it a question for information only.
    #[serde(default = "ten", skip_serializing_if = "is_ten")]
    #[schemars(range(min = 0, max = MAX_WEIGHT))]
    pub weight: u16,
    /// Whether it must be answered (or marked not applicable, where allowed) before the answers can be submitted.
    #[serde(default, skip_serializing_if = "is_false")]
    pub required: bool,
    /// Whether it may be marked not applicable.
    #[serde(default, skip_serializing_if = "is_default")]
    pub not_applicable: NotApplicable,
    /// Whether an answer needs evidence.
    #[serde(default, skip_serializing_if = "is_default")]
    pub evidence: EvidenceRule,
    /// When it is asked; always when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub show_if: Option<Condition>,
    /// Ids in outside standards, so that one answer can serve several questionnaires.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = MAX_MAPS_TO), inner(regex(pattern = MAPS_TO_PATTERN), length(max = MAX_MAPS_TO_CHARS)))]
    pub maps_to: Vec<String>,
    /// The choices of `yes_no` (exactly `yes` and `no`), `single_choice` and `multiple_choice`; on no other type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = MAX_OPTIONS))]
    pub options: Vec<Choice>,
    /// How a `number` or `date` becomes points; the first band that fits counts, and below all of them it is 0.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = MAX_OPTIONS))]
    pub bands: Vec<PointBand>,
    /// What a `number` counts, e.g. `%`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = MAX_TITLE_CHARS))]
    pub unit: Option<String>,
    /// The smallest `number` accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum: Option<Decimal>,
    /// The largest `number` accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum: Option<Decimal>,
}

fn ten() -> u16 {
    10
}

fn is_ten(weight: &u16) -> bool {
    *weight == 10
}

fn is_false(value: &bool) -> bool {
    !*value
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// What kind of answer a question takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum QuestionType {
    /// `"yes"` or `"no"`; which of them is the good answer, the points say.
    YesNo,
    /// The `value` of one option.
    SingleChoice,
    /// A list of option values; their points add up, and the sum is held within 0 and 100.
    MultipleChoice,
    /// A number with at most three decimal places.
    Number,
    /// A date, `YYYY-MM-DD`.
    Date,
    /// Free text; it has no points until a reviewer rates it.
    Text,
    /// The id of a piece of evidence; it has no points until a reviewer rates it.
    File,
}

/// Whether a question may be marked not applicable.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NotApplicable {
    /// It may not.
    #[default]
    No,
    /// It may, when the respondent says why.
    WithReason,
    /// It may, and nobody needs to say why.
    WithoutReason,
}

/// Whether an answer needs evidence, and of which kinds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EvidenceRule {
    /// Whether evidence is asked for.
    #[serde(default)]
    pub need: EvidenceNeed,
    /// The kinds that are accepted; any kind when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50))]
    pub kinds: Vec<EvidenceKind>,
}

/// Whether evidence is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceNeed {
    /// None is asked for.
    #[default]
    None,
    /// It is welcome and changes no score.
    Optional,
    /// Without a valid piece the answer counts 0 in the evidenced score.
    Needed,
}

/// One option of a choice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// What is stored, unique in the question.
    #[schemars(regex(pattern = VALUE_PATTERN))]
    pub value: String,
    /// What the respondent reads.
    #[schemars(length(min = 1, max = MAX_TITLE_CHARS))]
    pub label: String,
    /// What it is worth, exactly: 0 to 100, and in a `multiple_choice` down to -100 for what choosing it costs. The
    /// chosen options of a question add up, and their sum is held within 0 and 100.
    pub points: Points,
    /// Why choosing it caps the rating, whatever the score.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = MAX_TEXT_CHARS), regex(pattern = LINES))]
    pub knock_out: Option<String>,
    /// Whether a comment is needed before the answers can be submitted.
    #[serde(default, skip_serializing_if = "is_false")]
    pub ask_why: bool,
    /// Whether it clears the others ("none of these"); only on `multiple_choice`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub exclusive: bool,
    /// What choosing it reveals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<Finding>,
}

/// One step of a scale from a number or a date to points. It has exactly one of `at_least`, `within_months`,
/// `on_or_after` and `otherwise: true`; the bands of a question run from the best-fitting limit outwards, the
/// `otherwise` band last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PointBand {
    /// The smallest number in the band.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<Decimal>,
    /// The oldest a date may be on the assessment date, in calendar months.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = MAX_MONTHS))]
    pub within_months: Option<u16>,
    /// The earliest date in the band.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_or_after: Option<NaiveDate>,
    /// Whether it is the band for every answer that fits no other.
    #[serde(default, skip_serializing_if = "is_false")]
    pub otherwise: bool,
    /// What it is worth, exactly: 0 to 100.
    #[schemars(extend("minimum" = 0))]
    pub points: Points,
    /// Why an answer in it caps the rating, whatever the score.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = MAX_TEXT_CHARS), regex(pattern = LINES))]
    pub knock_out: Option<String>,
    /// Whether a comment is needed before the answers can be submitted.
    #[serde(default, skip_serializing_if = "is_false")]
    pub ask_why: bool,
    /// What an answer in it reveals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<Finding>,
}

impl PointBand {
    /// The band's name, stable while its limit stays the same, e.g. `at_least_95`, `within_12_months`, `otherwise`.
    #[must_use]
    pub fn label(&self) -> String {
        if let Some(number) = self.at_least {
            format!("at_least_{number}")
        } else if let Some(months) = self.within_months {
            format!("within_{months}_months")
        } else if let Some(date) = self.on_or_after {
            format!("on_or_after_{date}")
        } else {
            "otherwise".to_owned()
        }
    }
}

/// What an answer reveals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// How serious it is.
    pub severity: Severity,
    /// What was found.
    #[schemars(length(min = 1, max = MAX_TITLE_CHARS))]
    pub title: String,
    /// What to do about it.
    #[schemars(length(min = 1, max = MAX_TEXT_CHARS), regex(pattern = LINES))]
    pub advice: String,
    /// The risk it proposes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk: Option<RiskEstimate>,
}

/// A proposed risk: likelihood times impact, each 1 to 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RiskEstimate {
    /// From 1 (rare) to 5 (almost certain).
    #[schemars(range(min = 1, max = 5))]
    pub likelihood: u8,
    /// From 1 (negligible) to 5 (catastrophic).
    #[schemars(range(min = 1, max = 5))]
    pub impact: u8,
}

/// A finding that several answers raise together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EditionFinding {
    /// Its key, unique in the edition.
    #[schemars(regex(pattern = KEY_PATTERN))]
    pub key: String,
    /// When it is raised.
    pub when: Condition,
    /// How serious it is.
    pub severity: Severity,
    /// What was found.
    #[schemars(length(min = 1, max = MAX_TITLE_CHARS))]
    pub title: String,
    /// What to do about it.
    #[schemars(length(min = 1, max = MAX_TEXT_CHARS), regex(pattern = LINES))]
    pub advice: String,
    /// The risk it proposes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk: Option<RiskEstimate>,
}

impl Edition {
    /// Reads and checks a YAML document.
    ///
    /// # Errors
    /// Every problem found, each with its place and how to mend it.
    pub fn from_yaml(text: &str) -> Result<Self, Vec<Fault>> {
        parse::edition_from_yaml(text)
    }

    /// Reads and checks a JSON document.
    ///
    /// # Errors
    /// Every problem found, each with its place and how to mend it.
    pub fn from_json(text: &str) -> Result<Self, Vec<Fault>> {
        parse::edition_from_json(text)
    }

    /// Every problem in an edition that did not come from [`Edition::from_yaml`] or [`Edition::from_json`];
    /// empty when there is none. Faults carry no line.
    #[must_use]
    pub fn check(&self) -> Vec<Fault> {
        parse::check(self)
    }

    /// The edition as YAML; reading it back gives an equal edition.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        serde_saphyr::to_string(self).unwrap_or_default()
    }

    /// The edition as canonical JSON: keys sorted, no white space, defaults left out. Reading it back gives an equal
    /// edition, and equal editions give equal bytes.
    #[must_use]
    pub fn to_json(&self) -> String {
        canonical::json(self)
    }

    /// The SHA-256 of [`Edition::to_json`] in lower-case hexadecimal, 64 characters: everything asked, said and scored.
    #[must_use]
    pub fn hash(&self) -> String {
        canonical::sha256(self)
    }

    /// The SHA-256 of everything that decides a result, in lower-case hexadecimal, 64 characters.
    ///
    /// What can be answered, shown, scored, knocked out and found counts; words do not, nor do the questionnaire's key
    /// and number, what it is based on and the outside ids it maps to. So it is the same for every translation of an
    /// edition, and for a new edition that only says the same better; and two editions with the same hash give the same
    /// answers the same scores, knock-outs and findings.
    #[must_use]
    pub fn scoring_hash(&self) -> String {
        canonical::sha256(&rules::of(self))
    }

    /// The question with this key.
    #[must_use]
    pub fn question(&self, key: &str) -> Option<&Question> {
        self.questions().find(|question| question.key == key)
    }

    /// The question of a key in words that fit in a sentence: its text, and the key in parentheses. The key alone where
    /// there is no such question.
    #[must_use]
    pub fn named(&self, key: &str) -> String {
        match self.question(key) {
            Some(Question { text, .. }) => format!("\"{}\" ({key})", text.replace(char::is_control, " ")),
            None => key.to_owned(),
        }
    }

    /// All questions, in the order in which they are asked.
    pub fn questions(&self) -> impl Iterator<Item = &Question> {
        self.sections.iter().flat_map(|section| &section.questions)
    }

    /// Whether anything in it can be scored: a question of some weight under a principle of some weight. Where nothing
    /// can, it asks for information only.
    #[must_use]
    pub fn is_scored(&self) -> bool {
        let weighty: BTreeSet<&str> = self
            .principles
            .iter()
            .filter(|principle| principle.weight > 0)
            .map(|principle| principle.key.as_str())
            .collect();
        self.questions().any(|question| question.weight > 0 && weighty.contains(question.principle.as_str()))
    }

    /// The principle with this key.
    #[must_use]
    pub fn principle(&self, key: &str) -> Option<&Principle> {
        self.principles.iter().find(|principle| principle.key == key)
    }

    /// The framework a principle belongs to: its own, or else the edition's.
    #[must_use]
    pub fn framework_of<'a>(&'a self, principle: &'a Principle) -> &'a str {
        principle.framework.as_deref().unwrap_or(&self.framework)
    }

    /// The JSON Schema (draft 2020-12) of the document.
    #[must_use]
    pub fn json_schema() -> serde_json::Value {
        parse::schema().clone()
    }
}
