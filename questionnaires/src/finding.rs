//! What answers reveal: findings and knock-outs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::edition::{Finding, RiskEstimate};
use crate::rating::Severity;

/// A finding raised by the answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RaisedFinding {
    /// Identifies the finding across evaluations: `question.option`, `question.band` (see
    /// [`crate::edition::PointBand::label`]), or the key of a finding at the end of the edition, which has no dot.
    pub key: String,
    /// The question whose answer raised it; absent for a finding over several answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    /// The option or band that raised it; absent for a finding over several answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// For a finding over several answers, the visible questions its condition reads, in the edition's order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub because: Vec<String>,
    /// How serious it is.
    pub severity: Severity,
    /// What was found.
    pub title: String,
    /// What to do about it.
    pub advice: String,
    /// The risk it proposes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk: Option<RiskEstimate>,
}

impl RaisedFinding {
    pub(crate) fn of_answer(question: &str, answer: &str, finding: &Finding) -> Self {
        Self {
            key: format!("{question}.{answer}"),
            question: Some(question.to_owned()),
            answer: Some(answer.to_owned()),
            because: Vec::new(),
            severity: finding.severity,
            title: finding.title.clone(),
            advice: finding.advice.clone(),
            risk: finding.risk,
        }
    }
}

/// An answer that caps the rating whatever the score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KnockOut {
    /// The question.
    pub question: String,
    /// The option, number or date that was answered.
    pub value: Value,
    /// Why it caps the rating, in the edition's words.
    pub reason: String,
}
