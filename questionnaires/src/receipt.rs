//! Receipts: what was asked, what was answered, and what it came to, for anyone to recompute.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::answer::{Answers, EvidenceFact, Review, Subject};
use crate::canonical;
use crate::edition::Edition;
use crate::fault::escape;
use crate::score::{ENGINE_VERSION, Input, Outcome, evaluate};

/// The receipt of an assessment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// The questionnaire's key.
    pub questionnaire: String,
    /// The edition's number.
    pub edition: String,
    /// [`Edition::hash`].
    pub edition_hash: String,
    /// [`answers_hash`].
    pub answers_hash: String,
    /// The version of the engine's rules.
    pub engine_version: String,
    /// The assessment date.
    pub on: NaiveDate,
    /// The result.
    pub outcome: Outcome,
}

/// Something in which a receipt differs from what edition and answers give today.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Difference {
    /// Where in the receipt, as a JSON pointer.
    pub pointer: String,
    /// What edition and answers give; absent when the receipt has something more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<Value>,
    /// What the receipt says; absent when it lacks something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<Value>,
}

/// The SHA-256, in lower-case hexadecimal, of everything answered: answers, review, evidence facts (in the order of
/// their ids) and subject, as canonical JSON.
#[must_use]
pub fn answers_hash(input: &Input<'_>) -> String {
    #[derive(Serialize)]
    struct Answered<'a> {
        answers: &'a Answers,
        review: &'a Review,
        evidence: Vec<&'a EvidenceFact>,
        subject: &'a Subject,
    }
    let mut evidence: Vec<&EvidenceFact> = input.evidence.iter().collect();
    evidence.sort();
    canonical::sha256(&Answered { answers: input.answers, review: input.review, evidence, subject: input.subject })
}

/// Evaluates and writes the receipt.
#[must_use]
pub fn issue(edition: &Edition, input: &Input<'_>) -> Receipt {
    Receipt {
        questionnaire: edition.key.clone(),
        edition: edition.edition.clone(),
        edition_hash: edition.hash(),
        answers_hash: answers_hash(input),
        engine_version: ENGINE_VERSION.to_owned(),
        on: input.on,
        outcome: evaluate(edition, input),
    }
}

/// Recomputes a receipt; empty when it holds.
///
/// A receipt of another version of the engine's rules differs at `/engine_version` at least.
#[must_use]
pub fn verify(edition: &Edition, input: &Input<'_>, receipt: &Receipt) -> Vec<Difference> {
    let expected = issue(edition, input);
    let mut differences = Vec::new();
    if let (Ok(expected), Ok(found)) = (serde_json::to_value(&expected), serde_json::to_value(receipt)) {
        compare("", Some(&expected), Some(&found), &mut differences);
    }
    differences
}

fn compare(pointer: &str, expected: Option<&Value>, found: Option<&Value>, differences: &mut Vec<Difference>) {
    match (expected, found) {
        (Some(Value::Object(expected)), Some(Value::Object(found))) => {
            let more = found.keys().filter(|key| !expected.contains_key(*key));
            for key in expected.keys().chain(more) {
                compare(&format!("{pointer}/{}", escape(key)), expected.get(key), found.get(key), differences);
            }
        }
        (Some(Value::Array(expected)), Some(Value::Array(found))) => {
            for index in 0..expected.len().max(found.len()) {
                compare(&format!("{pointer}/{index}"), expected.get(index), found.get(index), differences);
            }
        }
        _ if expected == found => {}
        _ => differences.push(Difference { pointer: pointer.to_owned(), expected: expected.cloned(), found: found.cloned() }),
    }
}
