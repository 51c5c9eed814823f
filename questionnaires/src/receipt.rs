//! Receipts: what was asked, what was answered, and what it came to, for anyone to recompute.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::answer::{Answers, EvidenceFact, Review, Subject, check_answers, check_review, check_subject};
use crate::canonical;
use crate::difference::{BY_PLACE, Differing, differences};
use crate::edition::Edition;
use crate::fault::Fault;
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
    let (Ok(expected), Ok(found)) = (serde_json::to_value(&expected), serde_json::to_value(receipt)) else {
        return Vec::new();
    };
    let differing = differences(&expected, &found, BY_PLACE);
    differing
        .into_iter()
        .map(|Differing { pointer, before, after }| Difference { pointer, expected: before, found: after })
        .collect()
}

/// What an assessment was judged on besides its answers, as it was on the day.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Basis {
    /// The evidence there was.
    #[schemars(length(max = MAX_FACTS))]
    pub evidence: Vec<EvidenceFact>,
    /// What was known of the subject.
    pub subject: Subject,
}

/// The most pieces of evidence that are read from a portable receipt.
pub const MAX_FACTS: usize = 100_000;
/// The largest portable receipt that is read, in bytes (32 MiB).
pub const MAX_RECEIPT_BYTES: usize = 32 * 1024 * 1024;

/// A receipt with everything needed to compute its result again, in one file: what was asked, what was answered, how it
/// was reviewed, and what it rested on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PortableReceipt {
    /// The receipt.
    pub receipt: Receipt,
    /// The edition that was asked.
    pub edition: Edition,
    /// The answers it was computed from.
    pub answers: Answers,
    /// The reviewers' points it was computed from.
    pub review: Review,
    /// The evidence and the subject as they were.
    pub basis: Basis,
}

impl PortableReceipt {
    /// Reads one as JSON. Whether it holds, [`PortableReceipt::verify`] says; what today's rules would say of what is
    /// in it, [`PortableReceipt::faults`].
    ///
    /// # Errors
    /// What is wrong with it: that it is too large, is no JSON, or is no portable receipt.
    pub fn from_json(text: &str) -> Result<Self, Vec<Fault>> {
        if text.len() > MAX_RECEIPT_BYTES {
            return Err(vec![Fault::new(
                "",
                "too_large",
                format!("expected at most {MAX_RECEIPT_BYTES} bytes, found {}", text.len()),
            )]);
        }
        let read: Self = serde_json::from_str(text).map_err(|error| {
            let mut fault = Fault::new("", "unreadable", format!("this is no receipt: {error}"));
            fault.line = u32::try_from(error.line()).ok().filter(|line| *line > 0);
            fault.column = u32::try_from(error.column()).ok().filter(|_| fault.line.is_some());
            vec![fault]
        })?;
        if read.basis.evidence.len() > MAX_FACTS {
            let message =
                format!("expected at most {MAX_FACTS} pieces of evidence, found {}", read.basis.evidence.len());
            return Err(vec![Fault::new("/basis/evidence", "too_many", message)]);
        }
        Ok(read)
    }

    /// What today's rules say of the edition, the answers, the review and the subject. A receipt that has faults may
    /// hold all the same: a rule that is newer than it does not reach back.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        let parts = [
            ("/edition", self.edition.check()),
            ("/answers", check_answers(&self.edition, &self.answers)),
            ("/review", check_review(&self.edition, &self.review)),
            ("/basis/subject", check_subject(&self.basis.subject)),
        ];
        let within = |(part, faults): (&str, Vec<Fault>)| {
            faults
                .into_iter()
                .map(move |fault| Fault { pointer: format!("{part}{}", fault.pointer), ..fault })
                .collect::<Vec<_>>()
        };
        parts.into_iter().flat_map(within).collect()
    }

    /// The JSON Schema (draft 2020-12) of the file.
    #[must_use]
    pub fn json_schema() -> Value {
        schemars::schema_for!(Self).to_value()
    }

    /// Computes the receipt again from the rest of the file; empty when it holds.
    #[must_use]
    pub fn verify(&self) -> Vec<Difference> {
        let Self { receipt, edition, answers, review, basis } = self;
        verify(
            edition,
            &Input { answers, review, evidence: &basis.evidence, subject: &basis.subject, on: receipt.on },
            receipt,
        )
    }
}
