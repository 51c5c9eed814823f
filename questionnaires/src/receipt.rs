//! Receipts: what was asked, what was answered, what it came to, and whose it is, for anyone to recompute.
//!
//! | Version | What it says | What its hashes are made of |
//! |---|---|---|
//! | 1 | questionnaire, edition, day and result | [`canonical::json`] |
//! | 2 | and whose it is: supplier or product, assessment, decision, who and when ([`Decided`]); a hash for each answer and each piece of evidence, and one for the receipt itself | [`canonical::jcs`], RFC 8785 |
//!
//! Version 2 is described to the last byte in `openapi/receipt.md`, for whoever checks one without this program. A
//! receipt of version 1 is read and verified as it always was.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::answer::{Answers, EvidenceFact, Review, Subject};
use crate::canonical;
use crate::difference::{BY_PLACE, Differing, differences};
use crate::edition::Edition;
use crate::score::{ENGINE_VERSION, Input, Outcome, evaluate};

mod file;

pub use file::{Basis, MAX_FACTS, MAX_RECEIPT_BYTES, PortableReceipt};

/// The version of the receipts that are issued today.
pub const RECEIPT_VERSION: u8 = 2;
/// The longest id or name in a [`Decided`], in characters.
pub const MAX_NAME_CHARS: usize = 1_000;

/// The receipt of an assessment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// Its version, 1 or 2; 1 when absent.
    #[serde(default = "first", skip_serializing_if = "is_first")]
    #[schemars(range(min = 1, max = RECEIPT_VERSION))]
    pub version: u8,
    /// The questionnaire's key.
    pub questionnaire: String,
    /// The edition's number.
    pub edition: String,
    /// SHA-256 of the edition's canonical JSON, in lower-case hexadecimal, as every hash here: [`Edition::hash`].
    pub edition_hash: String,
    /// SHA-256 of everything answered: answers, review, evidence and what was known of the subject.
    pub answers_hash: String,
    /// From version 2 on: SHA-256 of what was answered to each question, and how it was reviewed, by question key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_hashes: Option<BTreeMap<String, String>>,
    /// From version 2 on: SHA-256 of each piece of evidence, by its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence_hashes: Option<BTreeMap<String, String>>,
    /// From version 2 on: SHA-256 of what was known of the subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject_hash: Option<String>,
    /// The version of the engine's rules.
    pub engine_version: String,
    /// The assessment date.
    pub on: NaiveDate,
    /// From version 2 on: whose it is, and what was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided: Option<Decided>,
    /// The result.
    pub outcome: Outcome,
    /// From version 2 on: SHA-256 of the receipt without this member, [`Receipt::content_hash`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
}

fn first() -> u8 {
    1
}

fn is_first(version: &u8) -> bool {
    *version == 1
}

/// Whose a receipt is, and what was decided: by whom, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Decided {
    /// The id of the assessment.
    #[schemars(length(min = 1, max = MAX_NAME_CHARS))]
    pub assessment_id: String,
    /// The supplier that was assessed, or whose product was.
    pub supplier: Named,
    /// The product that was assessed; absent where the supplier was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<Named>,
    /// What was decided.
    pub decision: DecisionMade,
    /// Who decided: a person, or a key for programs.
    pub by: Named,
    /// When, in Coordinated Universal Time, by RFC 3339: `2027-03-01T09:30:00.123456Z`.
    #[schemars(length(min = 1, max = MAX_NAME_CHARS))]
    pub at: String,
}

/// An id and the name that went with it on the day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// The id.
    #[schemars(length(min = 1, max = MAX_NAME_CHARS))]
    pub id: String,
    /// The name.
    #[schemars(length(max = MAX_NAME_CHARS))]
    pub name: String,
}

/// What was decided on an assessment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DecisionMade {
    /// The supplier or product was approved.
    Approved,
    /// It was refused.
    Refused,
}

/// Something in which a receipt differs from what edition and answers give today.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Difference {
    /// Where in the receipt, as a JSON pointer. `/answer_hashes/KEY` names the question whose answer differs.
    pub pointer: String,
    /// What edition and answers give; absent when the receipt has something more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<Value>,
    /// What the receipt says; absent when it lacks something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<Value>,
}

impl Difference {
    /// The question whose answer, or whose review, is not the one that the receipt was issued for.
    #[must_use]
    pub fn answer(&self) -> Option<String> {
        let key = self.pointer.strip_prefix("/answer_hashes/").filter(|key| !key.contains('/'))?;
        Some(key.replace("~1", "/").replace("~0", "~"))
    }
}

impl Receipt {
    /// SHA-256 of the receipt without its `hash`, by RFC 8785, in lower-case hexadecimal: what [`Receipt::hash`] must be
    /// from version 2 on.
    #[must_use]
    pub fn content_hash(&self) -> String {
        let mut content = serde_json::to_value(self).unwrap_or_default();
        if let Some(members) = content.as_object_mut() {
            members.remove("hash");
        }
        canonical::jcs_sha256(&content)
    }
}

/// SHA-256 of everything answered, in lower-case hexadecimal, as receipts of version 1 have it: answers, review, evidence
/// facts (in the order of their ids) and subject.
#[must_use]
pub fn first_answers_hash(input: &Input<'_>) -> String {
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

/// Evaluates and writes the receipt of a decided assessment.
#[must_use]
pub fn issue(edition: &Edition, input: &Input<'_>, decided: Decided) -> Receipt {
    let mut receipt = of_version(RECEIPT_VERSION, edition, input, Some(decided));
    receipt.hash = Some(receipt.content_hash());
    receipt
}

/// Evaluates and writes a receipt of version 1, which says nothing of whose it is.
#[must_use]
pub fn issue_first(edition: &Edition, input: &Input<'_>) -> Receipt {
    of_version(1, edition, input, None)
}

/// A receipt without its own hash.
fn of_version(version: u8, edition: &Edition, input: &Input<'_>, decided: Option<Decided>) -> Receipt {
    let is_first = version == 1;
    let (answers_hash, answer_hashes, evidence_hashes, subject_hash) = if is_first {
        (first_answers_hash(input), None, None, None)
    } else {
        let evidence = by_id(input.evidence);
        let pieces = evidence.iter().map(|(id, pieces)| ((*id).to_owned(), canonical::jcs_sha256(pieces)));
        let subject = canonical::jcs_sha256(input.subject);
        (answers_hash(input), Some(answer_hashes(input)), Some(pieces.collect()), Some(subject))
    };
    Receipt {
        version,
        questionnaire: edition.key.clone(),
        edition: edition.edition.clone(),
        edition_hash: if is_first { edition.hash() } else { canonical::jcs_sha256(edition) },
        answers_hash,
        answer_hashes,
        evidence_hashes,
        subject_hash,
        engine_version: ENGINE_VERSION.to_owned(),
        on: input.on,
        decided: decided.filter(|_| !is_first),
        outcome: evaluate(edition, input),
        hash: None,
    }
}

/// SHA-256 of everything answered, in lower-case hexadecimal: answers, review, evidence by its id, and subject.
#[must_use]
pub fn answers_hash(input: &Input<'_>) -> String {
    let Input { answers, review, evidence, subject, on: _ } = input;
    let evidence = by_id(evidence);
    canonical::jcs_sha256(&json!({ "answers": answers, "review": review, "evidence": evidence, "subject": subject }))
}

/// The hash of `[answer, review]` for each question that has either, with `null` for the one that is not there; each is
/// SHA-256 in lower-case hexadecimal.
#[must_use]
pub fn answer_hashes(input: &Input<'_>) -> BTreeMap<String, String> {
    let keys = input.answers.keys().chain(input.review.keys());
    keys.map(|key| (key.clone(), canonical::jcs_sha256(&json!([input.answers.get(key), input.review.get(key)]))))
        .collect()
}

/// The pieces of evidence by their id; of one id there may be several, which go by the bytes of their canonical JSON.
fn by_id(evidence: &[EvidenceFact]) -> BTreeMap<&str, Vec<Value>> {
    let mut found: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for fact in evidence {
        found.entry(&fact.id).or_default().push(serde_json::to_value(fact).unwrap_or_default());
    }
    found.values_mut().for_each(|pieces| pieces.sort_by_cached_key(canonical::jcs::<Value>));
    found
}

/// Recomputes a receipt, in the version that it has; empty when it holds.
///
/// A receipt of another version of the engine's rules differs at `/engine_version` at least, one of a version that is
/// not known at `/version`, and one of version 2 that does not say whose it is at `/decided`.
#[must_use]
pub fn verify(edition: &Edition, input: &Input<'_>, receipt: &Receipt) -> Vec<Difference> {
    let version = receipt.version.clamp(1, RECEIPT_VERSION);
    let mut expected = of_version(version, edition, input, receipt.decided.clone());
    if version > 1 {
        // Of what the receipt says, right or wrong: what is wrong in it is told where it stands.
        expected.hash = Some(receipt.content_hash());
    }
    let (Ok(expected), Ok(found)) = (serde_json::to_value(&expected), serde_json::to_value(receipt)) else {
        return Vec::new();
    };
    let mut differing: Vec<Difference> = differences(&expected, &found, BY_PLACE)
        .into_iter()
        .map(|Differing { pointer, before, after }| Difference { pointer, expected: before, found: after })
        .collect();
    if version > 1 && receipt.decided.is_none() {
        differing.push(Difference { pointer: "/decided".to_owned(), expected: None, found: None });
    }
    differing
}
