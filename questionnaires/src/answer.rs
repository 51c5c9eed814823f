//! Answers, what stands behind them, and who they are about.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::edition::{Decimal, Edition, NotApplicable, Question, QuestionType};
use crate::evaluate::is_blank;
use crate::fault::{Fault, Faults, escape};
use crate::text::{Form, LINES};

mod subject;

pub use subject::{FACTS, Fact, Subject, check_subject, fact};

/// The longest text answer, in characters.
pub const MAX_ANSWER_CHARS: usize = 10_000;
/// The longest comment or reason, in characters.
pub const MAX_COMMENT_CHARS: usize = 10_000;
/// The most pieces of evidence on one answer.
pub const MAX_EVIDENCE_IDS: usize = 50;
/// The longest id of a piece of evidence, in characters.
pub const MAX_EVIDENCE_ID_CHARS: usize = 200;

/// An answer to one question.
///
/// The `value` is `"yes"` or `"no"`, an option's value, a list of option values, a number, a date `"YYYY-MM-DD"`,
/// a text, or (for `file`) the id of a piece of evidence. No value and no `not_applicable` is no answer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Answer {
    /// The answer itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = LINES))]
    pub value: Option<Value>,
    /// What the respondent adds; needed where the chosen option asks why.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = MAX_COMMENT_CHARS), regex(pattern = LINES))]
    pub comment: Option<String>,
    /// The pieces of evidence that support the answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = MAX_EVIDENCE_IDS))]
    #[schemars(inner(length(min = 1, max = MAX_EVIDENCE_ID_CHARS), regex(pattern = r"\S")))]
    pub evidence_ids: Vec<String>,
    /// Why the question does not apply; only where the question allows it, and not together with a value. Empty only
    /// where the question asks for no reason (`not_applicable: without_reason`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = MAX_COMMENT_CHARS), regex(pattern = LINES))]
    pub not_applicable: Option<String>,
}

/// Answers by question key.
pub type Answers = BTreeMap<String, Answer>;

/// A reviewer's points for one answer: the rating of a text or file, or the replacement of another answer's points.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewedPoints {
    /// 0 to 100.
    #[schemars(range(min = 0, max = 100))]
    pub points: u8,
    /// Why; needed where it replaces an answer's own points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = MAX_COMMENT_CHARS), regex(pattern = LINES))]
    pub reason: Option<String>,
    /// Who rated it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewer: Option<String>,
}

/// Reviewers' points by question key.
pub type Review = BTreeMap<String, ReviewedPoints>;

/// What a piece of evidence is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceKind {
    /// A Cyber Essentials certificate.
    CyberEssentials,
    /// A Cyber Essentials Plus certificate.
    CyberEssentialsPlus,
    /// An ISO 27001 certificate.
    #[serde(rename = "iso_27001")]
    Iso27001,
    /// A status in the Data Security and Protection Toolkit.
    Dspt,
    /// An assessment against the Digital Technology Assessment Criteria.
    Dtac,
    /// A data protection impact assessment.
    Dpia,
    /// The report or summary of a penetration test.
    PenetrationTest,
    /// A clinical safety case.
    SafetyCase,
    /// An insurance certificate.
    Insurance,
    /// A registration with the Information Commissioner.
    IcoRegistration,
    /// A SOC 2 report.
    #[serde(rename = "soc_2")]
    Soc2,
    /// A pledge, declared by the supplier itself.
    Pledge,
    /// A result of the NCSC's *Check your cyber security*.
    SecurityCheck,
    /// The record of an incident exercise.
    IncidentExercise,
    /// A contract.
    Contract,
    /// A policy.
    Policy,
    /// Anything else.
    Other,
}

impl EvidenceKind {
    /// All of them, in the order in which people choose.
    pub const ALL: [Self; 17] = [
        Self::CyberEssentials,
        Self::CyberEssentialsPlus,
        Self::Iso27001,
        Self::Dspt,
        Self::Dtac,
        Self::Dpia,
        Self::PenetrationTest,
        Self::SafetyCase,
        Self::Insurance,
        Self::IcoRegistration,
        Self::Soc2,
        Self::Pledge,
        Self::SecurityCheck,
        Self::IncidentExercise,
        Self::Contract,
        Self::Policy,
        Self::Other,
    ];

    /// What people call it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::CyberEssentials => "Cyber Essentials certificate",
            Self::CyberEssentialsPlus => "Cyber Essentials Plus certificate",
            Self::Iso27001 => "ISO 27001 certificate",
            Self::Dspt => "Data Security and Protection Toolkit (DSPT) status",
            Self::Dtac => "Digital Technology Assessment Criteria (DTAC) assessment",
            Self::Dpia => "Data protection impact assessment (DPIA)",
            Self::PenetrationTest => "Penetration test report",
            Self::SafetyCase => "Clinical safety case",
            Self::Insurance => "Insurance certificate",
            Self::IcoRegistration => "ICO registration",
            Self::Soc2 => "SOC 2 report",
            Self::Pledge => "Pledge",
            Self::SecurityCheck => "Check your cyber security result",
            Self::IncidentExercise => "Record of an incident exercise",
            Self::Contract => "Contract",
            Self::Policy => "Policy",
            Self::Other => "Something else",
        }
    }
}

/// What the engine needs to know about a piece of evidence.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EvidenceFact {
    /// Its id, as answers name it.
    pub id: String,
    /// What it is.
    pub kind: EvidenceKind,
    /// The first day it is valid; always when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_on: Option<NaiveDate>,
    /// The last day it is valid; never expires when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_on: Option<NaiveDate>,
    /// The SHA-256 of the file that is kept of it, in lower-case hexadecimal; absent where none is. It decides no
    /// score, but a receipt that holds says which file stood behind the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[0-9a-f]{64}$"))]
    pub file_sha256: Option<String>,
    /// Why it counts for nothing, whatever its days say; absent where it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_counted: Option<NotCounted>,
}

/// Why a piece of evidence counts for nothing, though it is there and its days would let it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NotCounted {
    /// A respondent sent it, and nobody has accepted it.
    Unchecked,
    /// It is of a kind that ends, and says no day from which its end could be told.
    Undated,
    /// What was said later of the same says that it is so no more.
    Superseded,
}

impl EvidenceFact {
    /// Whether it counts on a day: nothing speaks against it, and it is in date.
    #[must_use]
    pub fn is_valid_on(&self, on: NaiveDate) -> bool {
        self.not_counted.is_none() && self.is_in_date(on)
    }

    /// Whether its days let it count on a day: issued on or before it, and not past its expiry day.
    #[must_use]
    pub fn is_in_date(&self, on: NaiveDate) -> bool {
        self.issued_on.is_none_or(|issued| issued <= on) && self.expires_on.is_none_or(|expires| on <= expires)
    }
}

impl Answer {
    /// Whether it is marked not applicable, with a reason and without a value. Where a question asks for no reason,
    /// [`Question::is_marked_not_applicable`] says it.
    #[must_use]
    pub fn is_marked_not_applicable(&self) -> bool {
        self.value.is_none() && self.not_applicable.as_deref().is_some_and(|reason| !is_blank(reason))
    }
}

/// A date in exactly the form `YYYY-MM-DD`; `None` for anything else, and for a date that does not exist.
#[must_use]
pub fn parse_date(text: &str) -> Option<NaiveDate> {
    let bytes: &[u8; 10] = text.as_bytes().try_into().ok()?;
    if bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let number = |digits: &[u8]| {
        digits
            .iter()
            .try_fold(0_u32, |number, digit| digit.is_ascii_digit().then(|| number * 10 + u32::from(digit - b'0')))
    };
    NaiveDate::from_ymd_opt(i32::try_from(number(&bytes[..4])?).ok()?, number(&bytes[5..7])?, number(&bytes[8..])?)
}

/// The answer as it is stored: `true` and `false` become `"yes"` and `"no"` on a yes-or-no question, chosen options
/// stand once each in the order of the question, blank texts and empty lists are no answer, repeated evidence counts
/// once.
#[must_use]
pub fn normalise_answer(question: &Question, answer: Answer) -> Answer {
    let Answer { value, comment, mut evidence_ids, not_applicable } = answer;
    let value = match value {
        Some(Value::Bool(yes)) if question.kind == QuestionType::YesNo => {
            Some(Value::from(if yes { "yes" } else { "no" }))
        }
        Some(Value::Array(chosen)) if question.kind == QuestionType::MultipleChoice => sort_chosen(question, chosen),
        Some(Value::String(text)) if is_blank(&text) => None,
        Some(Value::Null) => None,
        other => other,
    };
    let mut seen = BTreeSet::new();
    evidence_ids.retain(|id| seen.insert(id.clone()));
    Answer { value, comment: comment.filter(|text| !is_blank(text)), evidence_ids, not_applicable }
}

/// Every answer as [`normalise_answer`] stores it; one to a question that the edition does not have stays as it is.
#[must_use]
pub fn normalise_answers(edition: &Edition, answers: Answers) -> Answers {
    let questions: BTreeMap<&str, &Question> =
        edition.questions().map(|question| (question.key.as_str(), question)).collect();
    answers
        .into_iter()
        .map(|(key, answer)| {
            let answer = match questions.get(key.as_str()) {
                Some(question) => normalise_answer(question, answer),
                None => answer,
            };
            (key, answer)
        })
        .collect()
}

/// Unknown values stay, at the end, so that [`check_answers`] can name them.
fn sort_chosen(question: &Question, mut chosen: Vec<Value>) -> Option<Value> {
    let place = |value: &Value| {
        let known = value.as_str().and_then(|text| question.options.iter().position(|choice| choice.value == text));
        (known.unwrap_or(usize::MAX), value.to_string())
    };
    chosen.sort_by_cached_key(place);
    chosen.dedup();
    (!chosen.is_empty()).then_some(Value::Array(chosen))
}

/// Every answer that does not fit its question; empty when all do. Pointers begin with the question's key, e.g.
/// `/mfa_remote/value`. Answers to hidden questions are checked too: they may become visible.
#[must_use]
pub fn check_answers(edition: &Edition, answers: &Answers) -> Vec<Fault> {
    let questions: BTreeMap<&str, &Question> =
        edition.questions().map(|question| (question.key.as_str(), question)).collect();
    let mut faults = Faults::default();
    for (key, answer) in answers {
        match questions.get(key.as_str()) {
            Some(question) => check_answer(question, answer, &mut faults),
            None => unknown_question(key, &questions, &mut faults),
        }
        if faults.is_cut() {
            break;
        }
    }
    faults.into_list()
}

fn unknown_question(key: &str, questions: &BTreeMap<&str, &Question>, faults: &mut Faults) {
    let nearest = faults.hint(key, questions.keys().copied());
    let name: String = key.chars().take(100).collect();
    faults.push(Fault::new(
        format!("/{}", escape(key)),
        "unknown_question",
        format!("this edition has no question `{name}`{nearest}"),
    ));
}

pub(crate) fn check_answer(question: &Question, answer: &Answer, faults: &mut Faults) {
    let Answer { value, comment, evidence_ids, not_applicable } = answer;
    let wrong = value
        .as_ref()
        .filter(|value| !value.is_null())
        .map(|value| check_value(question, value, faults))
        .unwrap_or_default();
    let mut fault = |field: &str, code: &str, message: String| {
        faults.push(Fault::new(format!("/{}{field}", escape(&question.key)), code, message));
    };
    if value.as_ref().is_some_and(|value| !value.is_null()) {
        for (place, code, message) in wrong {
            fault(&format!("/value{place}"), code, message);
        }
        if not_applicable.is_some() {
            fault(
                "/not_applicable",
                "value_and_not_applicable",
                "expected either a value or a reason why the question does not apply, not both".to_owned(),
            );
        }
    }
    if let Some(reason) = not_applicable {
        if !question.may_be_not_applicable() {
            fault(
                "/not_applicable",
                "not_applicable_not_allowed",
                "this question cannot be marked not applicable: answer it".to_owned(),
            );
        } else if is_blank(reason) && question.not_applicable != NotApplicable::WithoutReason {
            fault(
                "/not_applicable",
                "reason_missing",
                "expected the reason why the question does not apply".to_owned(),
            );
        }
        if longer_than(reason, MAX_COMMENT_CHARS) {
            fault("/not_applicable", "too_long", format!("expected at most {MAX_COMMENT_CHARS} characters"));
        }
    }
    for (field, text) in [("/comment", comment), ("/not_applicable", not_applicable)] {
        if let Some(message) = text.as_deref().and_then(|text| Form::Lines.fault(text)) {
            fault(field, "character", message);
        }
    }
    if comment.as_deref().is_some_and(|comment| longer_than(comment, MAX_COMMENT_CHARS)) {
        fault("/comment", "too_long", format!("expected at most {MAX_COMMENT_CHARS} characters"));
    }
    if evidence_ids.len() > MAX_EVIDENCE_IDS {
        fault(
            "/evidence_ids",
            "too_many",
            format!("expected at most {MAX_EVIDENCE_IDS} pieces of evidence, found {}", evidence_ids.len()),
        );
    }
    for (index, id) in evidence_ids.iter().enumerate().take(MAX_EVIDENCE_IDS) {
        if is_blank(id) || longer_than(id, MAX_EVIDENCE_ID_CHARS) {
            fault(
                &format!("/evidence_ids/{index}"),
                "bad_evidence_id",
                format!("expected the id of a piece of evidence, 1 to {MAX_EVIDENCE_ID_CHARS} characters"),
            );
        } else if let Some(message) = Form::Line.fault(id) {
            fault(&format!("/evidence_ids/{index}"), "character", message);
        }
    }
}

pub(crate) fn longer_than(text: &str, limit: usize) -> bool {
    text.len() > limit && text.chars().count() > limit
}

type ValueFault = (String, &'static str, String);

/// What is wrong with a value: where inside it, which code, which message.
fn check_value(question: &Question, value: &Value, faults: &mut Faults) -> Vec<ValueFault> {
    let here = |code: &'static str, message: String| vec![(String::new(), code, message)];
    let wrong_type = |expected: &str| here("wrong_type", format!("expected {expected}"));
    match question.kind {
        QuestionType::YesNo if value.is_boolean() => Vec::new(),
        QuestionType::YesNo | QuestionType::SingleChoice => match value.as_str() {
            Some(text) => {
                check_option(question, text, faults).map(|message| here("unknown_option", message)).unwrap_or_default()
            }
            None if question.kind == QuestionType::YesNo => wrong_type("`\"yes\"` or `\"no\"`"),
            None => wrong_type("the value of one option, as text"),
        },
        QuestionType::MultipleChoice => match value.as_array() {
            Some(chosen) => check_chosen(question, chosen, faults),
            None => wrong_type("a list of option values"),
        },
        QuestionType::Number => match value {
            Value::Number(number) => {
                check_number(question, number).map(|(code, message)| here(code, message)).unwrap_or_default()
            }
            _ => wrong_type("a number"),
        },
        QuestionType::Date => match value.as_str() {
            Some(text) if parse_date(text).is_some() => Vec::new(),
            Some(_) => here("bad_date", "expected a date that exists, as YYYY-MM-DD".to_owned()),
            None => wrong_type("a date as text, YYYY-MM-DD"),
        },
        QuestionType::Text => match value.as_str() {
            Some(text) if Form::Lines.fault(text).is_some() => {
                here("character", Form::Lines.fault(text).unwrap_or_default())
            }
            Some(text) if longer_than(text, MAX_ANSWER_CHARS) => {
                here("too_long", format!("expected at most {MAX_ANSWER_CHARS} characters"))
            }
            Some(_) => Vec::new(),
            None => wrong_type("text"),
        },
        QuestionType::File => match value.as_str() {
            Some(text) if Form::Line.fault(text).is_some() => {
                here("character", Form::Line.fault(text).unwrap_or_default())
            }
            Some(text) if longer_than(text, MAX_EVIDENCE_ID_CHARS) => here(
                "too_long",
                format!("expected the id of a piece of evidence, at most {MAX_EVIDENCE_ID_CHARS} characters"),
            ),
            Some(_) => Vec::new(),
            None => wrong_type("the id of a piece of evidence, as text"),
        },
    }
}

fn check_option(question: &Question, value: &str, faults: &mut Faults) -> Option<String> {
    let values = || question.options.iter().map(|choice| choice.value.as_str());
    if values().any(|known| known == value) {
        return None;
    }
    let known: Vec<String> = values().take(10).map(|value| format!("`{value}`")).collect();
    let more = if question.options.len() > 10 { " …" } else { "" };
    Some(format!("expected one of {}{more}{}", known.join(", "), faults.hint(value, values())))
}

fn check_chosen(question: &Question, chosen: &[Value], hints: &mut Faults) -> Vec<ValueFault> {
    let mut faults = Vec::new();
    // Each option once, and each once more by mistake: no honest list is longer.
    let limit = question.options.len().saturating_mul(2);
    if chosen.len() > limit {
        faults.push((String::new(), "too_many", format!("expected at most {} options", question.options.len())));
    }
    for (index, item) in chosen.iter().enumerate().take(limit) {
        match item.as_str() {
            Some(text) => faults.extend(
                check_option(question, text, hints).map(|message| (format!("/{index}"), "unknown_option", message)),
            ),
            None => {
                faults.push((format!("/{index}"), "wrong_type", "expected the value of an option, as text".to_owned()))
            }
        }
    }
    let among = |value: &str| chosen.iter().any(|item| item.as_str() == Some(value));
    let exclusive = question.options.iter().find(|choice| choice.exclusive && among(&choice.value));
    if let Some(choice) = exclusive
        && chosen.iter().any(|item| item.as_str() != Some(choice.value.as_str()))
    {
        let message = format!("`{}` excludes every other option: choose it alone, or leave it out", choice.value);
        faults.push((String::new(), "exclusive_with_others", message));
    }
    faults
}

fn check_number(question: &Question, number: &serde_json::Number) -> Option<(&'static str, String)> {
    let Some(number) = Decimal::from_json(number) else {
        return Some((
            "bad_number",
            "expected a number below 1,000,000,000,000 with at most three decimal places".to_owned(),
        ));
    };
    if let Some(minimum) = question.minimum.filter(|minimum| number < *minimum) {
        return Some(("out_of_range", format!("expected {minimum} or more")));
    }
    question
        .maximum
        .filter(|maximum| number > *maximum)
        .map(|maximum| ("out_of_range", format!("expected {maximum} or less")))
}

/// Every entry of a review that does not fit: a question the edition does not have, points above 100, a replacement
/// of an answer's own points without a reason. Pointers begin with the question's key.
#[must_use]
pub fn check_review(edition: &Edition, review: &Review) -> Vec<Fault> {
    let questions: BTreeMap<&str, &Question> =
        edition.questions().map(|question| (question.key.as_str(), question)).collect();
    let mut faults = Faults::default();
    for (key, reviewed) in review {
        let Some(question) = questions.get(key.as_str()) else {
            unknown_question(key, &questions, &mut faults);
            continue;
        };
        if reviewed.points > 100 {
            faults.push(Fault::new(
                format!("/{key}/points"),
                "out_of_range",
                format!("expected 0 to 100, found {}", reviewed.points),
            ));
        }
        let rated = matches!(question.kind, QuestionType::Text | QuestionType::File);
        if !rated && reviewed.reason.as_deref().is_none_or(is_blank) {
            let message = "expected the reason why the answer's own points are replaced".to_owned();
            faults.push(Fault::new(format!("/{key}/reason"), "reason_missing", message));
        }
        if reviewed.reason.as_deref().is_some_and(|reason| longer_than(reason, MAX_COMMENT_CHARS)) {
            faults.push(Fault::new(
                format!("/{key}/reason"),
                "too_long",
                format!("expected at most {MAX_COMMENT_CHARS} characters"),
            ));
        }
    }
    faults.into_list()
}
