//! What answers amount to: the result of an assessment, as data.

use std::fmt;

use chrono::NaiveDate;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::answer::{Answers, EvidenceFact, Review, Subject};
use crate::edition::{Decimal, Edition, Points};
use crate::evaluate::Prepared;
use crate::finding::{KnockOut, RaisedFinding};

/// The version of the engine's rules. It changes when, and only when, some input would give another result.
pub const ENGINE_VERSION: &str = "1";

/// A score or share: 0.0 to 100.0, exact to one decimal, higher is better. A JSON number such as `62.5`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Score(u32);

impl Score {
    /// 0.0
    pub const ZERO: Self = Self(0);
    /// 100.0
    pub const FULL: Self = Self(1_000);

    /// The score with so many tenths; `None` above 1,000.
    #[must_use]
    pub fn from_tenths(tenths: u32) -> Option<Self> {
        (tenths <= 1_000).then_some(Self(tenths))
    }

    /// A whole number of percent; above 100 it is 100.
    #[must_use]
    pub fn percent(percent: u8) -> Self {
        Self(u32::from(percent.min(100)) * 10)
    }

    /// How many tenths it has, 0 to 1,000.
    #[must_use]
    pub fn tenths(self) -> u32 {
        self.0
    }

    pub(crate) fn capped(tenths: u128) -> Self {
        Self(u32::try_from(tenths).unwrap_or(1_000).min(1_000))
    }
}

impl fmt::Display for Score {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&format!("{}.{}", self.0 / 10, self.0 % 10))
    }
}

impl Serialize for Score {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(f64::from(self.0) / 10.0)
    }
}

impl<'de> Deserialize<'de> for Score {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let thousandths = Decimal::deserialize(deserializer)?.thousandths();
        u32::try_from(thousandths)
            .ok()
            .filter(|thousandths| thousandths % 100 == 0)
            .and_then(|thousandths| Self::from_tenths(thousandths / 100))
            .ok_or_else(|| de::Error::custom("expected a number from 0 to 100 with at most one decimal place"))
    }
}

impl JsonSchema for Score {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Score".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "number",
            "description": "0 to 100 with one decimal place; higher is better.",
            "minimum": 0,
            "maximum": 100
        })
    }
}

/// Everything an evaluation depends on.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// The answers by question key.
    pub answers: &'a Answers,
    /// The reviewers' points by question key.
    pub review: &'a Review,
    /// The pieces of evidence that answers may name, in any order.
    pub evidence: &'a [EvidenceFact],
    /// What is known about the subject.
    pub subject: &'a Subject,
    /// The assessment date: ages and validity are reckoned on it.
    pub on: NaiveDate,
}

/// The result of an assessment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// The version of the engine's rules, [`ENGINE_VERSION`].
    pub engine_version: String,
    /// The assessment date.
    pub on: NaiveDate,
    /// Every answer at face value: the weighted mean over all principles that have anything to count. Absent when
    /// nothing counts.
    pub claimed: Option<Score>,
    /// The weighted mean over all principles with 0 for every answer that needs evidence and has no valid piece on the
    /// date. Absent when nothing counts; never above `claimed`.
    pub evidenced: Option<Score>,
    /// Answered weight by counting weight, in percent; 0.0 when nothing counts (there is no score then either).
    pub coverage: Score,
    /// The scores of each framework and principle, in the order of the edition's principles.
    pub frameworks: Vec<FrameworkScore>,
    /// The keys of the visible questions, in the edition's order.
    pub visible: Vec<String>,
    /// What each visible question contributes, in the same order.
    pub contributions: Vec<Contribution>,
    /// How many questions count and are answered.
    pub answered_count: u32,
    /// How many questions count.
    pub counting_count: u32,
    /// The questions marked not applicable, with the reason.
    pub not_applicable: Vec<NotApplicableAnswer>,
    /// The answered texts and files that no reviewer has rated; while there is one, nothing can be approved.
    pub awaiting_review: Vec<String>,
    /// The answers that cap the rating.
    pub knock_outs: Vec<KnockOut>,
    /// What the answers reveal.
    pub findings: Vec<RaisedFinding>,
    /// The visible required questions that are neither answered nor marked not applicable.
    pub unanswered_required: Vec<String>,
    /// The questions whose chosen option asks why and that have no comment.
    pub comments_needed: Vec<String>,
}

impl Outcome {
    /// Whether the answers can be submitted: nothing required is open and every asked comment is there.
    #[must_use]
    pub fn is_ready_to_submit(&self) -> bool {
        self.unanswered_required.is_empty() && self.comments_needed.is_empty()
    }

    /// Whether an approver may approve: ready to submit, and nothing waits for a reviewer.
    #[must_use]
    pub fn is_ready_to_approve(&self) -> bool {
        self.is_ready_to_submit() && self.awaiting_review.is_empty()
    }

    /// Whether an answer caps the rating.
    #[must_use]
    pub fn is_knocked_out(&self) -> bool {
        !self.knock_outs.is_empty()
    }

    /// The scores of one framework.
    #[must_use]
    pub fn framework(&self, key: &str) -> Option<&FrameworkScore> {
        self.frameworks.iter().find(|framework| framework.framework == key)
    }
}

/// The scores of one framework.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FrameworkScore {
    /// The framework's key.
    pub framework: String,
    /// The weighted mean of its principles' exact claimed scores; absent when nothing counts.
    pub claimed: Option<Score>,
    /// The weighted mean of its principles' exact evidenced scores.
    pub evidenced: Option<Score>,
    /// Its principles.
    pub principles: Vec<PrincipleScore>,
}

/// The scores of one principle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PrincipleScore {
    /// The principle's key.
    pub principle: String,
    /// Its title.
    pub title: String,
    /// Its weight among the principles.
    pub weight: u16,
    /// `100 × Σ(weight · points) / Σ(100 · weight)` over the questions that count; absent when none does.
    pub claimed: Option<Score>,
    /// `100 × Σ(weight · evidenced points) / Σ(100 · weight)` over the questions that count; absent when none does.
    pub evidenced: Option<Score>,
    /// How many of its questions count.
    pub counted_count: u32,
    /// How many of its questions are marked not applicable.
    pub not_applicable_count: u32,
}

/// What one visible question contributes.
///
/// Each pair of contributions sums exactly to the score shown at its level. A question that does not count, or whose
/// principle has weight 0 where principles are averaged, contributes 0.0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Contribution {
    /// The question's key.
    pub question: String,
    /// Its principle.
    pub principle: String,
    /// Its principle's framework.
    pub framework: String,
    /// Its weight inside the principle.
    pub weight: u16,
    /// What stands there.
    pub state: QuestionState,
    /// Its points at face value, exactly, 0 to 100 (0 when unanswered); absent when it does not count.
    pub points_claimed: Option<Points>,
    /// Its points with evidence required.
    pub points_evidenced: Option<Points>,
    /// Its contribution to the whole's claimed score.
    pub claimed: Score,
    /// Its contribution to the whole's evidenced score.
    pub evidenced: Score,
    /// Its contribution to its framework's claimed score.
    pub framework_claimed: Score,
    /// Its contribution to its framework's evidenced score.
    pub framework_evidenced: Score,
    /// Its contribution to its principle's claimed score.
    pub principle_claimed: Score,
    /// Its contribution to its principle's evidenced score.
    pub principle_evidenced: Score,
    /// The points a reviewer put in the place of the answer's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced: Option<Replacement>,
    /// Whether the evidence it needs is there.
    pub evidence: EvidenceState,
}

/// What stands at a visible question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum QuestionState {
    /// An answer that counts.
    Answered,
    /// No answer; it counts with 0 points.
    Unanswered,
    /// Marked not applicable, with a reason where the question asks for one; it does not count.
    NotApplicable,
    /// A text or file that no reviewer has rated; it does not count yet.
    AwaitingReview,
    /// Asked for information only (weight 0); it never counts.
    Information,
}

/// Whether the evidence an answer needs is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceState {
    /// None is needed, or there is no answer to support.
    NotNeeded,
    /// A piece of an accepted kind is valid on the date.
    Valid,
    /// A piece of an accepted kind would be valid if someone had accepted it: a respondent sent it.
    Unchecked,
    /// A piece of an accepted kind says no day from which its end could be told, and none is valid.
    Undated,
    /// What was said later ended a piece of an accepted kind, and none is valid.
    Superseded,
    /// A piece of an accepted kind had expired by the date, and none is valid.
    Expired,
    /// The pieces of an accepted kind become valid only after the date.
    NotYetValid,
    /// Only pieces of other kinds are there.
    WrongKind,
    /// Nothing is attached, or nothing that is known.
    Missing,
}

/// Points a reviewer put in the place of an answer's own; both stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Replacement {
    /// The answer's own points.
    pub from: Points,
    /// The reviewer's points.
    pub to: Points,
    /// Why.
    pub reason: String,
}

/// A question marked not applicable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NotApplicableAnswer {
    /// The question's key.
    pub question: String,
    /// Why it does not apply; empty where the question asks for no reason and none is given.
    pub reason: String,
}

/// The numbers of an [`Outcome`] alone, for evaluating very many assessments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// As [`Outcome::claimed`].
    pub claimed: Option<Score>,
    /// As [`Outcome::evidenced`].
    pub evidenced: Option<Score>,
    /// As [`Outcome::coverage`].
    pub coverage: Score,
    /// Whether an answer caps the rating.
    pub knocked_out: bool,
    /// As [`Outcome::answered_count`].
    pub answered_count: u32,
    /// As [`Outcome::counting_count`].
    pub counting_count: u32,
    /// How many texts and files no reviewer has rated.
    pub awaiting_review_count: u32,
}

/// The result of one assessment. To evaluate an edition more than once, prepare it once: [`Prepared::new`].
///
/// Total: any edition, any answers give a result. What does not fit its question (see
/// [`crate::answer::check_answers`]) counts as unanswered, what does not fit in a review is ignored. A text that is too
/// long, or that no database keeps, is an answer all the same: such limits stand where answers come in.
#[must_use]
pub fn evaluate(edition: &Edition, input: &Input<'_>) -> Outcome {
    Prepared::new(edition).evaluate(input)
}
