//! A receipt with everything it was computed from, in one file.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Decided, Difference, MAX_NAME_CHARS, Named, RECEIPT_VERSION, Receipt, of_version, verify};
use crate::answer::{Answers, EvidenceFact, Review, Subject, check_answers, check_review, check_subject, longer_than};
use crate::canonical;
use crate::difference::{BY_PLACE, differences};
use crate::document::repeated_keys;
use crate::edition::Edition;
use crate::fault::Fault;
use crate::score::Input;

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
    /// What is wrong with it: that it is too large, is no JSON, has a key twice, is no portable receipt, is of a version
    /// that is not known, does not say whose it is though its version does, or (from version 2 on) is not written as
    /// receipts are: with a member that is `null` or has its default instead of being left out.
    pub fn from_json(text: &str) -> Result<Self, Vec<Fault>> {
        if text.len() > MAX_RECEIPT_BYTES {
            return Err(vec![Fault::new(
                "",
                "too_large",
                format!("expected at most {MAX_RECEIPT_BYTES} bytes, found {}", text.len()),
            )]);
        }
        let unreadable = |error: serde_json::Error| {
            let mut fault = Fault::new("", "unreadable", format!("this is no receipt: {error}"));
            fault.line = u32::try_from(error.line()).ok().filter(|line| *line > 0);
            fault.column = u32::try_from(error.column()).ok().filter(|_| fault.line.is_some());
            vec![fault]
        };
        // Readers disagree about which of two counts, so one file could say two things.
        let repeated = repeated_keys(text).map_err(unreadable)?;
        if !repeated.is_empty() {
            return Err(repeated);
        }
        let read: Self = serde_json::from_str(text)
            .or_else(|error| {
                // 10.0 and 10 are one number, also where Rust keeps a whole one.
                let value: Value = serde_json::from_str(text)?;
                serde_json::from_str(&canonical::jcs(&value)).map_err(|_| error)
            })
            .map_err(unreadable)?;
        if read.basis.evidence.len() > MAX_FACTS {
            let message =
                format!("expected at most {MAX_FACTS} pieces of evidence, found {}", read.basis.evidence.len());
            return Err(vec![Fault::new("/basis/evidence", "too_many", message)]);
        }
        let faults = read.version_faults(text);
        if faults.is_empty() { Ok(read) } else { Err(faults) }
    }

    /// Whether the receipt has what its version has, and is written as receipts of its version are.
    fn version_faults(&self, text: &str) -> Vec<Fault> {
        let Receipt { version, answer_hashes, evidence_hashes, subject_hash, decided, hash, .. } = &self.receipt;
        if !(1..=RECEIPT_VERSION).contains(version) {
            let message = format!("expected 1 to {RECEIPT_VERSION}, found {version}: a newer program may know it");
            return vec![Fault::new("/receipt/version", "unknown_version", message)];
        }
        let of_second = [
            ("answer_hashes", answer_hashes.is_some()),
            ("evidence_hashes", evidence_hashes.is_some()),
            ("subject_hash", subject_hash.is_some()),
            ("decided", decided.is_some()),
            ("hash", hash.is_some()),
        ];
        let at = |name: &str| format!("/receipt/{name}");
        if *version == 1 {
            let more = of_second.into_iter().filter(|(_, is_there)| *is_there);
            return more
                .map(|(name, _)| {
                    let message = format!("a receipt of version 1 has no `{name}`: expected `\"version\": 2` with it");
                    Fault::new(at(name), "key_not_allowed", message)
                })
                .collect();
        }
        let needed = of_second.into_iter().filter(|(_, is_there)| !is_there);
        let mut faults: Vec<Fault> = needed
            .map(|(name, _)| {
                Fault::new(at(name), "missing_key", format!("expected the key `{name}`: a receipt of version 2 has it"))
            })
            .collect();
        faults.extend(decided.iter().flat_map(name_faults));
        // What is hashed is what stands there, and another reader hashes it as it stands: so it has one form.
        let plain = |text: &str| serde_json::from_str::<Value>(text).map(|value| canonical::jcs(&value));
        let as_number = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
        if let (Ok(found), expected) = (plain(text), canonical::jcs(self))
            && found != expected
        {
            let differing = differences(&as_number(&expected), &as_number(&found), BY_PLACE);
            faults.extend(differing.into_iter().take(MAX_TOLD).map(|differing| {
                let message = match differing.before {
                    None => {
                        "expected nothing here: what has nothing to say, or only its default, is left out".to_owned()
                    }
                    Some(expected) => format!("expected it written as {expected}"),
                };
                Fault::new(differing.pointer, "not_canonical", message)
            }));
        }
        faults
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

    fn input(&self) -> Input<'_> {
        let Self { receipt, edition: _, answers, review, basis } = self;
        Input { answers, review, evidence: &basis.evidence, subject: &basis.subject, on: receipt.on }
    }

    /// The receipt that the rest of the file gives, in the version of the one that is there, and about the same subject
    /// and decision.
    #[must_use]
    pub fn recomputed(&self) -> Receipt {
        let version = self.receipt.version.clamp(1, RECEIPT_VERSION);
        let mut receipt = of_version(version, &self.edition, &self.input(), self.receipt.decided.clone());
        receipt.hash = (version > 1).then(|| receipt.content_hash());
        receipt
    }

    /// Computes the receipt again from the rest of the file; empty when it holds.
    #[must_use]
    pub fn verify(&self) -> Vec<Difference> {
        verify(&self.edition, &self.input(), &self.receipt)
    }

    /// What differs when the receipt is computed again, a sentence each: an answer is named by the words of its question.
    /// Empty when it holds.
    #[must_use]
    pub fn differing(&self) -> Vec<String> {
        let value = |value: &Option<Value>| value.as_ref().map_or_else(|| "nothing".to_owned(), Value::to_string);
        let sentence = |difference: &Difference| match difference.answer() {
            Some(key) => {
                let question = self.edition.named(&key);
                format!("the answer to {question}, or its review, is not the one that was decided on")
            }
            None => format!(
                "{}: the receipt says {}, computed again it is {}",
                difference.pointer,
                value(&difference.found),
                value(&difference.expected)
            ),
        };
        self.verify().iter().map(sentence).collect()
    }

    /// The questions whose answer, or whose review, is not the one that the receipt was issued for, by key. None are
    /// known of a receipt of version 1, which has one hash for all answers.
    #[must_use]
    pub fn changed_answers(&self) -> BTreeSet<String> {
        self.verify().iter().filter_map(Difference::answer).collect()
    }
}

/// The most places that are told in which a file is not written as receipts are.
const MAX_TOLD: usize = 20;

fn name_faults(decided: &Decided) -> Vec<Fault> {
    let Decided { assessment_id, supplier, product, decision: _, by, at } = decided;
    let mut faults = Vec::new();
    let mut check = |pointer: &str, text: &str, may_be_empty: bool| {
        if (text.is_empty() && !may_be_empty) || longer_than(text, MAX_NAME_CHARS) {
            let least = u8::from(!may_be_empty);
            let message = format!("expected {least} to {MAX_NAME_CHARS} characters, found {}", text.chars().count());
            faults.push(Fault::new(format!("/receipt/decided/{pointer}"), "length", message));
        }
    };
    check("assessment_id", assessment_id, false);
    check("at", at, false);
    let named = [("supplier", Some(supplier)), ("product", product.as_ref()), ("by", Some(by))];
    for (place, Named { id, name }) in named.into_iter().filter_map(|(place, named)| Some((place, named?))) {
        check(&format!("{place}/id"), id, false);
        check(&format!("{place}/name"), name, true);
    }
    faults
}
