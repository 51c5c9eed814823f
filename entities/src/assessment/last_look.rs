//! What a respondent is told before they submit: what a question costs that they leave unanswered, and which answers
//! need evidence that is not attached. It says what scoring does, and nothing of how much.

use diligence_questionnaires::{Edition, EvidenceNeed, Outcome, Points, Question, QuestionState, QuestionType};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Work, unsent::is_answered};

/// What a question counts as that is left unanswered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnansweredAs {
    /// As if it were answered with no.
    No,
    /// As the poorest answer to it.
    PoorestAnswer,
    /// As nothing: it is asked for information only.
    Nothing,
}

/// A visible question without an answer, and what it counts as if it stays so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct UnansweredQuestion {
    /// The question's key.
    pub question: String,
    /// What it counts as.
    pub counts_as: UnansweredAs,
}

fn counts_as(question: &Question, state: QuestionState) -> UnansweredAs {
    let is_worth_nothing =
        |value: &str| question.options.iter().any(|option| option.value == value && option.points <= Points::ZERO);
    match (state, question.kind) {
        (QuestionState::Information, _) => UnansweredAs::Nothing,
        (_, QuestionType::YesNo) if is_worth_nothing("no") => UnansweredAs::No,
        _ => UnansweredAs::PoorestAnswer,
    }
}

/// The questions that may stay unanswered and are, in order.
pub(super) fn unanswered(work: &Work, outcome: &Outcome) -> Vec<UnansweredQuestion> {
    let edition: &Edition = &work.edition;
    outcome
        .contributions
        .iter()
        .filter(|one| !is_answered(work.sheet.answers.get(&one.question)))
        .filter(|one| !outcome.unanswered_required.contains(&one.question))
        .filter_map(|one| {
            let counts_as = counts_as(edition.question(&one.question)?, one.state);
            Some(UnansweredQuestion { question: one.question.clone(), counts_as })
        })
        .collect()
}

/// The questions whose answers count only with evidence and have none attached, in order. An answer that is worth
/// nothing needs none.
pub(super) fn without_evidence(work: &Work, outcome: &Outcome, is_sent: impl Fn(&str) -> bool) -> Vec<String> {
    let claims = outcome.contributions.iter().filter(|one| {
        let question = work.edition.question(&one.question);
        let needs = question.is_some_and(|question| {
            question.evidence.need == EvidenceNeed::Needed && question.kind != QuestionType::File
        });
        let answer = work.sheet.answers.get(&one.question).filter(|answer| answer.value.is_some());
        let has_none = answer.is_some_and(|answer| !answer.evidence_ids.iter().any(|id| is_sent(id)));
        let is_worth_something = one.state == QuestionState::AwaitingReview
            || one.points_claimed.is_some_and(|points| points > Points::ZERO);
        needs && has_none && is_worth_something
    });
    claims.map(|one| one.question.clone()).collect()
}
