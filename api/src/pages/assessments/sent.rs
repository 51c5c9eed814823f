//! What stands behind answers: the pieces that they name, and all that was sent through a link, in an answer or not.

use diligence_entities::{
    clock::Day,
    error::Error,
    evidence::{EndsBecause, Evidence},
    id::EvidenceId,
    respondent,
    scope::Reader,
};

use super::judged::{self, Judged};
use crate::pages::format;

/// A piece of evidence under an answer.
pub(super) struct Piece {
    pub(super) name: String,
    pub(super) valid: String,
    pub(super) is_over: bool,
    pub(super) href: Option<String>,
    pub(super) is_file: bool,
}

impl Piece {
    /// A piece as it stands on a day.
    pub(super) fn new(evidence: &Evidence, on: Day) -> Self {
        let is_past = evidence.ends_on.is_some_and(|last| last < on);
        let is_undated = evidence.ends_because.0 == EndsBecause::Undated;
        let mut valid = match evidence.ends_on {
            Some(last) if is_past => format!("expired on {}", format::day(last)),
            Some(last) => format!("valid until {}", format::day(last)),
            None if is_undated => "says no day, so it counts for nothing".into(),
            None => "no end".into(),
        };
        let is_unchecked = evidence.checked_at.is_none();
        if is_unchecked {
            valid.push_str(", not accepted yet");
        }
        let is_over = is_past || is_undated || is_unchecked;
        let file = evidence.file.as_ref().map(|_| format!("/api/v1/evidence/{}/file", evidence.id));
        Self {
            name: judged::piece(evidence),
            valid,
            is_over,
            is_file: file.is_some(),
            href: file.or_else(|| evidence.address.clone()),
        }
    }
}

/// A piece of evidence that was sent through a link.
pub(super) struct Sent {
    pub(super) id: EvidenceId,
    pub(super) version: i64,
    pub(super) piece: Piece,
    /// What sort it is, when it was issued, and whether an answer names it.
    pub(super) about: String,
    pub(super) is_unchecked: bool,
}

impl Sent {
    /// Everything that was sent with an assessment, and what was sent before and waits to be accepted.
    pub(super) async fn with(reader: &Reader, judged: &Judged) -> Result<Vec<Self>, Error> {
        let sent = respondent::sent_with(reader, &judged.assessment.id).await?;
        Ok(sent.iter().map(|evidence| Self::new(judged, evidence)).collect())
    }

    fn new(judged: &Judged, evidence: &Evidence) -> Self {
        let issued =
            evidence.issued_on.map_or_else(|| "no day of issue".into(), |day| format!("issued {}", format::day(day)));
        let named = if judged.evidence.contains_key(evidence.id.as_str()) { "in an answer" } else { "in no answer" };
        let size = evidence.file.as_ref().map(|file| format!("{}, {}, ", file.name, format::size(file.byte_count)));
        Self {
            id: evidence.id.clone(),
            version: evidence.version,
            piece: Piece::new(evidence, judged.today),
            about: format!(
                "{}{issued}, {named}, sent {}",
                size.unwrap_or_default(),
                format::day(evidence.created_at.day())
            ),
            is_unchecked: evidence.checked_at.is_none(),
        }
    }
}
