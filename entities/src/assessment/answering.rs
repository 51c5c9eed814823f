//! Answering an assessment: answers put in place once they are checked, all or none.

use std::collections::BTreeMap;

use diligence_questionnaires::{Answer, Answers, EvidenceFact, Question, QuestionType};
use schemars::JsonSchema;
use serde::Deserialize;
use validator::Validate;

use super::{ActiveModel, AssessmentState, Entity, Progress, Work, expect_state, sign};
use crate::{audit::About, error::Error, fault::Faults, id::AssessmentId, scope::Writer};

/// What is expected of an answer that is a file.
pub(super) const NO_FILE: &str =
    "expected the id of evidence about this supplier or its products that has a file: enter it, then store its file";

/// Answers to put in place, by question key. A question that is absent keeps its answer; `null` clears it.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(example = serde_json::json!({ "mfa_remote": { "value": "yes", "comment": "hardware keys" } }))]
pub struct AnswerChange(#[schemars(length(max = 2000))] pub BTreeMap<String, Option<Answer>>);

impl Validate for AnswerChange {
    fn validate(&self) -> Result<(), validator::ValidationErrors> {
        Ok(())
    }
}

/// Puts answers in place. They are kept even where their question is hidden now; such answers count nowhere.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::Invalid`] with every fault by question, or [`Error::Conflict`] when
/// it is not open.
pub async fn answer(writer: &Writer, id: &AssessmentId, version: i64, change: AnswerChange) -> Result<Progress, Error> {
    Work::to_answer(writer, id, version).await?.put(writer, "answer", change).await
}

impl Work {
    pub(super) async fn to_answer(writer: &Writer, id: &AssessmentId, version: i64) -> Result<Self, Error> {
        let before = writer.get_at::<Entity>(id.as_str(), version).await?;
        expect_state(&before, AssessmentState::Open, "be answered")?;
        Self::load(writer, before).await
    }

    pub(super) fn check(&self, change: &AnswerChange) -> Result<(), Error> {
        let mut faults = Faults::default();
        let given: Answers = change.0.iter().filter_map(|(key, answer)| Some((key.clone(), answer.clone()?))).collect();
        for fault in diligence_questionnaires::check_answers(&self.edition, &given) {
            faults.push(fault.into());
        }
        let questions: BTreeMap<&str, &Question> =
            self.edition.questions().map(|question| (question.key.as_str(), question)).collect();
        let facts: BTreeMap<&str, &EvidenceFact> = self.facts.iter().map(|fact| (fact.id.as_str(), fact)).collect();
        for (key, answer) in &change.0 {
            let question = questions.get(key.as_str());
            if answer.is_none() {
                faults.expect(
                    question.is_some(),
                    format!("/{key}"),
                    "unknown_question",
                    "expected the key of a question of this edition",
                );
            }
            for (index, evidence_id) in answer.iter().flat_map(|answer| answer.evidence_ids.iter().enumerate()) {
                let known = facts.contains_key(evidence_id.as_str());
                faults.expect(
                    known,
                    format!("/{key}/evidence_ids/{index}"),
                    "unknown_id",
                    "there is no evidence by that id about this supplier or its products",
                );
            }
            let named = answer
                .as_ref()
                .filter(|_| question.is_some_and(|question| question.kind == QuestionType::File))
                .and_then(|answer| answer.value.as_ref()?.as_str());
            if let Some(evidence_id) = named {
                let kept = facts.get(evidence_id).is_some_and(|fact| fact.file_sha256.is_some());
                faults.expect(kept, format!("/{key}/value"), "no_file", NO_FILE);
            }
        }
        faults.done()
    }

    /// Puts answers in place that belong to this assessment, all or none. A carried-over answer that is answered anew
    /// is gone, and so is one that was given through a link and not submitted.
    pub(super) async fn put(
        mut self,
        writer: &Writer,
        action: &'static str,
        change: AnswerChange,
    ) -> Result<Progress, Error> {
        self.check(&change)?;
        let (mut was, mut is) = (serde_json::Map::new(), serde_json::Map::new());
        for (key, answer) in change.0 {
            let answer = answer.and_then(|answer| {
                Some(diligence_questionnaires::normalise_answer(self.edition.question(&key)?, answer))
            });
            let old = match &answer {
                Some(answer) => self.sheet.answers.0.insert(key.clone(), answer.clone()),
                None => self.sheet.answers.0.remove(&key),
            };
            self.sheet.carried.0.answers.remove(&key);
            if old != answer {
                // What a reviewer said of another answer says nothing of this one.
                self.sheet.review.0.remove(&key);
                self.sheet.unsent.0.remove(&key);
                was.insert(key.clone(), serde_json::to_value(&old).unwrap_or_default());
                is.insert(key, serde_json::to_value(&answer).unwrap_or_default());
            }
        }
        self.keep_sheet(writer).await?;
        let outcome = self.evaluate(writer.today());
        let mut after = self.before.clone();
        after.settle(&outcome);
        if !is.is_empty() {
            sign(&mut after.answered_by, writer);
        }
        let after = writer.replace::<Entity, ActiveModel>(action, &self.before, after).await?;
        writer.note_about(
            About::of::<Entity>(&after),
            action,
            "answers",
            after.id.as_str(),
            Some(was.into()),
            Some(is.into()),
        );
        Ok(self.progress(after, outcome, writer.today()))
    }
}
