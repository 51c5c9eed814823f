//! What the two free tools of the National Cyber Security Centre give: a check of what can be seen of us from outside,
//! and an exercise; and what each found.

use diligence_questionnaires::Severity;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use validator::Validate;

use crate::{
    clock::Day,
    id::{RiskId, SubjectId},
};

/// What a check looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TargetKind {
    /// The domain of e-mail addresses: whether others can send in its name.
    EmailDomain,
    /// A website: its settings and its software.
    Website,
    /// Public addresses of a network: what is open to the internet.
    PublicAddress,
    /// The browser of a computer: whether it is up to date.
    Browser,
}

/// One thing that a check looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct CheckTarget {
    /// What sort of thing it is.
    pub kind: TargetKind,
    /// What it is called, e.g. `example.org` or `203.0.113.7`; unlike any other of this check.
    #[validate(length(min = 1, max = 300))]
    pub name: String,
}

/// Somebody who took part in an exercise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct Participant {
    /// Who; several where only their role is kept.
    #[validate(length(min = 1, max = 200))]
    pub name: String,
    /// What they do here, e.g. `registered manager`.
    #[validate(length(min = 1, max = 200))]
    #[serde(default)]
    pub role: Option<String>,
}

/// How an exercise is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExerciseForm {
    /// A short one about one subject, of a quarter of an hour or so.
    Micro,
    /// A talk through a made-up attack, step by step.
    TableTop,
    /// A technical one, in which something is really done on computers.
    Simulation,
}

/// What comes of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FindingOutcome {
    /// An action, with an owner and a day, on one risk for all findings of which actions come.
    Action,
    /// A risk of its own, with an owner, and an action by a day.
    Risk,
    /// Nothing, for a reason.
    Nothing,
    /// What came of it at the last check goes on: it was found then too.
    AsBefore,
}

/// A finding as it is entered.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct NewFinding {
    /// What was found, in a line.
    #[validate(length(min = 1, max = 300))]
    pub text: String,
    /// What it is about, by the name of what was checked; where one thing only was checked, that. Of an exercise, none.
    #[validate(length(min = 1, max = 300))]
    #[serde(default)]
    pub target: Option<String>,
    /// How bad it is.
    pub severity: Severity,
    /// What the tool advises.
    #[validate(length(min = 1, max = 2000))]
    #[serde(default)]
    #[schemars(regex(pattern = crate::text::LINES))]
    pub advice: Option<String>,
    /// What comes of it.
    pub outcome: FindingOutcome,
    /// What is to be done; what the tool advises, or else the finding itself, if not said.
    #[validate(length(min = 1, max = 400))]
    #[serde(default)]
    pub action: Option<String>,
    /// Who does it, or answers for the risk: for an action and a risk.
    #[validate(length(min = 1, max = 200))]
    #[serde(default)]
    pub owner: Option<String>,
    /// By when: for an action and a risk.
    #[serde(default)]
    pub due_on: Option<Day>,
    /// Why nothing comes of it.
    #[validate(length(min = 1, max = 2000))]
    #[serde(default)]
    #[schemars(regex(pattern = crate::text::LINES))]
    pub reason: Option<String>,
}

/// A finding as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EvidenceFinding {
    /// Its place, from 1.
    pub number: u32,
    /// What was found, in a line.
    pub text: String,
    /// What it is about, by the name of what was checked; null for an exercise.
    pub target: Option<String>,
    /// How bad it is.
    pub severity: Severity,
    /// What the tool advises.
    pub advice: Option<String>,
    /// What came of it: that of the last check where that goes on.
    pub outcome: FindingOutcome,
    /// The risk that it is, or on which its action is; null where nothing came of it.
    pub risk_id: Option<RiskId>,
    /// The title of its action on that risk.
    pub action: Option<String>,
    /// Who was to do it.
    pub owner: Option<String>,
    /// By when it was to be done.
    pub due_on: Option<Day>,
    /// Why nothing comes of it.
    pub reason: Option<String>,
}

impl EvidenceFinding {
    /// By what it is known again: what was found and where, whatever its capitals, spaces and full stops.
    pub(super) fn key(&self) -> (String, String) {
        (self.target.as_deref().map(plain).unwrap_or_default(), plain(&self.text))
    }
}

/// A text as it is compared with another.
pub(super) fn plain(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    words.trim_matches(['.', ',', ';', ':', '!']).trim().to_lowercase()
}

/// What *Check your cyber security* found on a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SecurityCheck {
    /// What was checked.
    pub targets: Vec<CheckTarget>,
    /// What was found.
    pub findings: Vec<EvidenceFinding>,
}

/// An exercise that was held, such as one from *Exercise in a Box*.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Exercise {
    /// How it was held.
    pub form: ExerciseForm,
    /// Who took part.
    pub participants: Vec<Participant>,
    /// What came out of it.
    pub findings: Vec<EvidenceFinding>,
    /// What will be done, as a whole.
    pub next_steps: Option<String>,
}

/// A result of *Check your cyber security*, as it is entered.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({
    "subject_id": "sup_0190c5d2e5f27c3c8a4b0d6f1e2a3b4c", "checked_on": "2027-02-26",
    "targets": [{ "kind": "email_domain", "name": "example.org" }],
    "findings": [{
        "text": "DMARC does not stop forged e-mail", "severity": "high", "outcome": "action",
        "action": "Set the DMARC policy to reject", "owner": "Sam Okafor", "due_on": "2027-04-30"
    }]
}))]
pub struct NewSecurityCheck {
    /// Our own house, or the supplier or product whose result it is.
    pub subject_id: SubjectId,
    /// The day of the check.
    pub checked_on: Day,
    /// What was checked.
    #[validate(length(min = 1, max = 50), nested)]
    pub targets: Vec<CheckTarget>,
    /// What was found; empty where nothing was.
    #[validate(length(max = 100), nested)]
    #[serde(default)]
    pub findings: Vec<NewFinding>,
    /// Anything else worth knowing.
    #[validate(length(min = 1, max = 10_000))]
    #[serde(default)]
    #[schemars(regex(pattern = crate::text::LINES))]
    pub notes: Option<String>,
}

/// An exercise, as it is entered.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({
    "subject_id": "sup_0190c5d2e5f27c3c8a4b0d6f1e2a3b4c", "title": "Ransomware by a forged e-mail", "form": "table_top",
    "held_on": "2027-02-26", "participants": [{ "name": "Sam Okafor", "role": "registered manager" }],
    "findings": [{
        "text": "Nobody knew whom to ring at night", "severity": "moderate", "outcome": "action",
        "action": "Put the numbers beside the telephone", "owner": "Sam Okafor", "due_on": "2027-03-31"
    }]
}))]
pub struct NewExercise {
    /// Our own house, or the supplier or product that held it.
    pub subject_id: SubjectId,
    /// Which exercise.
    #[validate(length(min = 1, max = 300))]
    pub title: String,
    /// How it was held.
    pub form: ExerciseForm,
    /// The day on which it was held.
    pub held_on: Day,
    /// Who took part.
    #[validate(length(min = 1, max = 100), nested)]
    pub participants: Vec<Participant>,
    /// What came out of it; empty where nothing did.
    #[validate(length(max = 100), nested)]
    #[serde(default)]
    pub findings: Vec<NewFinding>,
    /// What will be done, as a whole.
    #[validate(length(min = 1, max = 5000))]
    #[serde(default)]
    #[schemars(regex(pattern = crate::text::LINES))]
    pub next_steps: Option<String>,
    /// Anything else worth knowing.
    #[validate(length(min = 1, max = 10_000))]
    #[serde(default)]
    #[schemars(regex(pattern = crate::text::LINES))]
    pub notes: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_known_again_whatever_its_capitals_spaces_and_full_stops() {
        assert_eq!(plain("  DMARC does\nnot  stop forged e-mail. "), plain("dmarc does not stop forged e-mail"));
        assert_ne!(plain("Port 22 is open"), plain("Port 23 is open"));
        assert_eq!(plain(" . "), "");
    }
}
