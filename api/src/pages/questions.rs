//! Questions to answer: how they are shown, read from a form and kept. The same for the organisation and for its
//! respondents.

use askama::Template;
use diligence_entities::{
    clock::Day, evidence::Evidence, evidence_file::StoredFile, respondent::RespondentEvidence, stored::word,
};
use diligence_questionnaires::{Answer, EvidenceKind};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

pub(super) use self::{
    field::Field,
    save::{Door, save},
    sheet::{Row, Sheet, Task},
    standing::{Standing, look_again},
};
use super::{format, page::FieldError};

mod field;
mod save;
mod sheet;
mod standing;

/// A piece of evidence that an answer can name.
pub(super) struct Paper {
    id: String,
    label: String,
    has_file: bool,
}

impl Paper {
    fn new(
        id: &str,
        kind: Option<EvidenceKind>,
        reference: Option<&String>,
        expires_on: Option<Day>,
        file: Option<&StoredFile>,
    ) -> Self {
        let parts = [kind.map(|kind| kind.title().to_owned()), file.map(|file| file.name.clone())]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(", ");
        let named = match reference {
            Some(reference) if parts.is_empty() => reference.clone(),
            Some(reference) => format!("{parts}: {reference}"),
            None => parts,
        };
        let until = expires_on.map(|day| format!(", valid until {}", format::day(day))).unwrap_or_default();
        Self { id: id.to_owned(), label: format!("{named}{until}"), has_file: file.is_some() }
    }
}

impl From<&RespondentEvidence> for Paper {
    fn from(sent: &RespondentEvidence) -> Self {
        Self::new(sent.id.as_str(), None, sent.reference.as_ref(), None, sent.file.as_ref())
    }
}

impl From<&Evidence> for Paper {
    fn from(evidence: &Evidence) -> Self {
        Self::new(
            evidence.id.as_str(),
            Some(evidence.kind.0),
            evidence.reference.as_ref(),
            evidence.ends_on,
            evidence.file.as_deref(),
        )
    }
}

/// One of several that can be chosen.
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) label: String,
    pub(super) is_chosen: bool,
}

/// The kinds of evidence; this one is chosen, or else that there is no kind for it.
pub(super) fn evidence_kinds(chosen: &str) -> Vec<Choice> {
    choices_of(&EvidenceKind::ALL, if chosen.is_empty() { "other" } else { chosen })
}

fn choices_of(kinds: &[EvidenceKind], chosen: &str) -> Vec<Choice> {
    let choice =
        |kind: &EvidenceKind| Choice { is_chosen: word(kind) == chosen, value: word(kind), label: kind.title().into() };
    kinds.iter().map(choice).collect()
}

/// A section as a form.
#[derive(Template)]
#[template(path = "questions/form.html")]
pub(super) struct SectionForm {
    pub(super) action: String,
    pub(super) csrf: String,
    pub(super) intro: Option<String>,
    pub(super) fields: Vec<Field>,
    pub(super) version: i64,
    pub(super) errors: Vec<FieldError>,
    /// Whether someone else gave other answers meanwhile.
    pub(super) is_stale: bool,
    /// Whether what was saved brought up more questions.
    pub(super) has_more: bool,
    /// Whether a file can be chosen beside each question that takes one; else it is added elsewhere, first.
    pub(super) attaches: bool,
    /// Where evidence is added.
    pub(super) evidence: String,
    /// What adding it is called.
    pub(super) add_evidence: &'static str,
    /// Where one comes in again after one's session has ended.
    pub(super) way_in: String,
}

/// Stands for an answer in a form, so that it is seen when another one is stored meanwhile.
fn mark(answer: Option<&Answer>) -> String {
    let Some(mut answer) = answer.filter(|answer| **answer != Answer::default()).cloned() else { return "none".into() };
    answer.evidence_ids.sort();
    if let Some(Value::Array(chosen)) = &mut answer.value {
        chosen.sort_by_key(Value::to_string);
    }
    let text = serde_json::to_string(&answer).unwrap_or_default();
    Sha256::digest(text.as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// A key as it may stand in an address; nothing where it could be none.
pub(super) fn key(text: String) -> String {
    let fits =
        text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-');
    if fits { text } else { String::new() }
}
