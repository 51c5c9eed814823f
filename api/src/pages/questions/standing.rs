//! How answers stand: what is answered, what was answered before, and what is missing.

use std::collections::BTreeMap;

use diligence_entities::{
    assessment::{AssessmentState, Progress},
    clock::Day,
    respondent::{RespondentProgress, UnansweredAs, VisitState},
    stored::{from_word, word},
};
use diligence_questionnaires::{Answer, LookAgain};

use crate::pages::format;

/// How the answers stand.
pub(in crate::pages) struct Standing {
    pub(in crate::pages) version: i64,
    /// Whether answers can be given.
    pub(in crate::pages) is_open: bool,
    pub(in crate::pages) answers: BTreeMap<String, Answer>,
    /// Answers that were given before, to be confirmed or given anew.
    pub(in crate::pages) earlier: BTreeMap<String, Earlier>,
    /// The questions that are asked now, in order.
    pub(in crate::pages) visible: Vec<String>,
    pub(in crate::pages) unanswered_required: Vec<String>,
    pub(in crate::pages) comments_needed: Vec<String>,
    /// What each question that may stay unanswered counts as then; told to respondents.
    pub(in crate::pages) unanswered: BTreeMap<String, UnansweredAs>,
    /// The questions whose answers need evidence and have none; told to respondents.
    pub(in crate::pages) without_evidence: Vec<String>,
}

/// An answer that was given before and counts nowhere yet.
pub(in crate::pages) struct Earlier {
    pub(in crate::pages) answer: Answer,
    pub(in crate::pages) answered_on: Day,
    /// Why it needs another look.
    pub(in crate::pages) look: Vec<LookAgain>,
}

impl From<Progress> for Standing {
    fn from(progress: Progress) -> Self {
        let earlier = progress.carried.into_iter();
        let is_open = progress.assessment.state.0 == AssessmentState::Open;
        let earlier = earlier.map(|(key, carried)| {
            (key, Earlier { answer: carried.answer, answered_on: carried.answered_on.into(), look: carried.look })
        });
        Self {
            version: progress.assessment.version,
            is_open,
            answers: progress.answers,
            earlier: if is_open { earlier.collect() } else { BTreeMap::new() },
            visible: progress.visible,
            unanswered_required: progress.unanswered_required,
            comments_needed: progress.comments_needed,
            unanswered: BTreeMap::new(),
            without_evidence: Vec::new(),
        }
    }
}

impl From<RespondentProgress> for Standing {
    fn from(progress: RespondentProgress) -> Self {
        // The words are the same; those that a respondent is not told are left out before.
        let look = |look: Vec<_>| look.iter().filter_map(|look| from_word(&word(look))).collect();
        let earlier = progress.earlier.into_iter();
        Self {
            version: progress.version,
            is_open: progress.state == VisitState::Open,
            answers: progress.answers,
            earlier: earlier
                .map(|(key, earlier)| {
                    (
                        key,
                        Earlier { answer: earlier.answer, answered_on: earlier.answered_on, look: look(earlier.look) },
                    )
                })
                .collect(),
            visible: progress.visible,
            unanswered_required: progress.unanswered_required,
            comments_needed: progress.comments_needed,
            unanswered: progress.unanswered.into_iter().map(|one| (one.question, one.counts_as)).collect(),
            without_evidence: progress.without_evidence,
        }
    }
}

impl Standing {
    /// Whether this question has an answer.
    pub(in crate::pages) fn is_answered(&self, key: &str) -> bool {
        self.answers.get(key).is_some_and(|answer| answer.value.is_some() || answer.not_applicable.is_some())
    }

    /// What it costs that this question has no answer, or its answer no evidence.
    pub(super) fn note(&self, key: &str) -> Option<&'static str> {
        match self.unanswered.get(key) {
            Some(UnansweredAs::No) => Some("Left so, it counts as no."),
            Some(UnansweredAs::PoorestAnswer) => Some("Left so, it counts as the poorest answer."),
            Some(UnansweredAs::Nothing) => Some("It is asked for information, and costs nothing."),
            None if self.without_evidence.iter().any(|other| other == key) => {
                Some("Nothing is attached: it counts as claimed, and not as supported by evidence.")
            }
            None => None,
        }
    }

    /// What it costs that questions have no answer: `7 not answered: each counts as no.`
    pub(in crate::pages) fn cost(&self) -> Option<String> {
        let count = |what: UnansweredAs| self.unanswered.values().filter(|other| **other == what).count();
        let all = self.unanswered.len();
        let parts = [
            (count(UnansweredAs::No), "counts as no", "count as no"),
            (count(UnansweredAs::PoorestAnswer), "counts as the poorest answer", "count as the poorest answer"),
            (
                count(UnansweredAs::Nothing),
                "is asked for information and costs nothing",
                "are asked for information and cost nothing",
            ),
        ];
        let parts: Vec<_> = parts.into_iter().filter(|(count, ..)| *count > 0).collect();
        let told = match parts.as_slice() {
            [] => return None,
            [(1, one, _)] => format!("it {one}"),
            [(_, one, _)] => format!("each {one}"),
            several => {
                let told = several.iter().map(|(count, one, many)| match count {
                    1 => format!("1 {one}"),
                    count => format!("{count} {many}"),
                });
                told.collect::<Vec<_>>().join(", ")
            }
        };
        Some(format!("{all} not answered: {told}."))
    }

    /// How many of the visible questions are answered: `3 of 12 questions`.
    pub(in crate::pages) fn answered(&self) -> String {
        let answered = self.visible.iter().filter(|key| self.is_answered(key)).count();
        format!("{answered} of {}", format::count(self.visible.len(), "question", "questions"))
    }
}

impl Earlier {
    /// When it was given, and what makes another look worth while.
    pub(super) fn told(&self) -> String {
        let look: Vec<&str> = self.look.iter().map(|look| look_again(*look)).collect();
        format!(
            "Answered before, on {}, and not confirmed yet. {} Save to give this answer now.",
            format::day(self.answered_on),
            look.join(" ")
        )
    }
}

/// Why an earlier answer needs more than a plain confirmation.
pub(in crate::pages) fn look_again(look: LookAgain) -> &'static str {
    match look {
        LookAgain::OtherQuestionnaire => "It was given to another questionnaire.",
        LookAgain::WordsChanged => "The question reads differently now.",
        LookAgain::OptionsChanged => "There are other choices now.",
        LookAgain::PointsChanged => "An answer counts differently now.",
        LookAgain::EvidenceRuleChanged => "It asks for other evidence now.",
        LookAgain::EvidenceExpired => "Its evidence has expired.",
        LookAgain::EvidenceNotYetValid => "Its evidence is not valid yet.",
        LookAgain::EvidenceNotCounted => {
            "Its evidence counts for nothing yet: it is not accepted, says no day, or was ended by a later one."
        }
        LookAgain::EvidenceGone => "Its evidence is no longer here.",
    }
}
