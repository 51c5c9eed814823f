//! What was answered through a link and is not submitted. Nobody of the organisation sees it, at any door: it is kept
//! apart from the answers, so that whatever reads those (progress, scores, sheets, exports, answers carried over) knows
//! nothing of it. Only whoever has a link reads both, as one. Submitting through a link makes them one.
//!
//! What was submitted before and returned stays in the answers, as it was, while it is changed through a link. Where a
//! link ends before anything is submitted, what was answered stays apart and is never seen. An answer that someone of
//! the organisation gives takes the place of one that was not submitted.

use std::collections::{BTreeMap, BTreeSet};

use diligence_questionnaires::{Answer, Answers, CarriedAnswer, Input};
use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, QueryFilter as _, QuerySelect as _};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{ActiveModel, AnswerChange, AssessmentState, Entity, Model, Work, sheet, sign};
use crate::{
    audit::AuditEvent,
    clock::{Day, Moment},
    error::Error,
    id::AssessmentId,
    respondent_link,
    scope::{PORTION, Reader, Writer},
    stored::Json,
};

/// By question key; `None` where an answer was taken away.
pub(crate) type Unsent = BTreeMap<String, Option<Answer>>;

/// How far an answer through a link is, in numbers alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Unsubmitted {
    /// How many of the questions that whoever has the link sees are answered.
    pub answered_count: u64,
    /// How many questions they see.
    pub question_count: u64,
}

/// Whether this says anything to a question.
pub(super) fn is_answered(answer: Option<&Answer>) -> bool {
    answer.is_some_and(|answer| answer.value.is_some() || answer.not_applicable.is_some())
}

impl Work {
    /// The answers as whoever has a link sees them.
    fn drafted(&self) -> Answers {
        let mut answers = self.sheet.answers.0.clone();
        for (key, answer) in &self.sheet.unsent.0 {
            match answer {
                Some(answer) => answers.insert(key.clone(), answer.clone()),
                None => answers.remove(key),
            };
        }
        answers
    }

    /// The answer to a question as whoever has a link sees it.
    pub(super) fn drafted_answer(&self, key: &str) -> Option<&Answer> {
        match self.sheet.unsent.get(key) {
            Some(answer) => answer.as_ref(),
            None => self.sheet.answers.get(key),
        }
    }

    /// The carried-over answers that nobody with a link has confirmed, given anew or put aside.
    pub(super) fn carried_to_draft(&self) -> BTreeMap<String, CarriedAnswer> {
        let carried = self.sheet.carried.answers.iter();
        let is_open = |(key, _): &(&String, &CarriedAnswer)| !self.sheet.unsent.contains_key(*key);
        carried.filter(is_open).map(|(key, carried)| (key.clone(), carried.clone())).collect()
    }

    /// As whoever has a link sees it: while it is open, with what is not submitted yet. To be read, never to be kept.
    pub(super) fn drafted_sheet(mut self) -> Self {
        if self.before.state.0 == AssessmentState::Open {
            (self.sheet.answers.0, self.sheet.carried.0.answers) = (self.drafted(), self.carried_to_draft());
        }
        self
    }

    /// How far an answer through a link is that is not submitted.
    pub(super) fn unsubmitted(&self, state: AssessmentState, today: Day) -> Option<Unsubmitted> {
        if state != AssessmentState::Open || self.sheet.unsent.is_empty() {
            return None;
        }
        let (answers, subject) = (self.drafted(), self.subject.facts());
        let input = Input { answers: &answers, ..self.input(&subject, today) };
        let visible = diligence_questionnaires::evaluate(&self.edition, &input).visible;
        let answered = visible.iter().filter(|key| is_answered(answers.get(*key)));
        Some(Unsubmitted { answered_count: answered.count() as u64, question_count: visible.len() as u64 })
    }

    /// Keeps what is answered through a link apart, all or none; gives it as whoever has the link sees it. The audit
    /// trail holds that they answered, and what they answered once it is submitted.
    pub(super) async fn put_apart(mut self, writer: &Writer, change: AnswerChange) -> Result<Self, Error> {
        self.check(&change)?;
        let before = self.sheet.unsent.clone();
        for (key, answer) in change.0 {
            let answer = answer.and_then(|answer| {
                Some(diligence_questionnaires::normalise_answer(self.edition.question(&key)?, answer))
            });
            let is_as_it_was = self.sheet.answers.get(&key) == answer.as_ref();
            // A carried-over answer that is cleared is not asked about again.
            if is_as_it_was && !self.sheet.carried.answers.contains_key(&key) {
                self.sheet.unsent.0.remove(&key);
            } else {
                self.sheet.unsent.0.insert(key, answer);
            }
        }
        self.keep_sheet(writer).await?;
        let mut after = self.before.clone();
        if self.sheet.unsent != before {
            sign(&mut after.answered_by, writer);
        }
        self.before = writer.replace::<Entity, ActiveModel>("answer", &self.before, after).await?;
        Ok(self.drafted_sheet())
    }

    /// Makes what was answered through links one with the answers, since it is submitted; gives what that changes, as
    /// it was and as it is.
    pub(super) fn take_in(&mut self) -> Option<(Value, Value)> {
        let unsent = std::mem::take(&mut self.sheet.unsent.0);
        if unsent.is_empty() {
            return None;
        }
        let (mut was, mut is) = (Map::new(), Map::new());
        for (key, answer) in unsent {
            let old = match &answer {
                Some(answer) => self.sheet.answers.0.insert(key.clone(), answer.clone()),
                None => self.sheet.answers.0.remove(&key),
            };
            self.sheet.carried.0.answers.remove(&key);
            if old != answer {
                // What a reviewer said of another answer says nothing of this one.
                self.sheet.review.0.remove(&key);
                was.insert(key.clone(), serde_json::to_value(&old).unwrap_or_default());
                is.insert(key, serde_json::to_value(&answer).unwrap_or_default());
            }
        }
        Some((was.into(), is.into()))
    }

    /// Whether someone of the organisation may submit: not while whoever has a link can still submit themselves, and has
    /// answered, or nobody has answered anything yet.
    pub(super) async fn expect_nothing_unsent(&self, reader: &Reader) -> Result<(), Error> {
        let is_theirs = !self.sheet.unsent.is_empty() || self.sheet.answers.is_empty();
        if !is_theirs || !respondent_link::is_open(reader, &self.before.id).await? {
            return Ok(());
        }
        Err(Error::conflict(
            "not_submitted_through_link",
            "the supplier was asked through a link and has not submitted: wait until they do, or revoke the link and enter your own answers",
        ))
    }
}

/// What events of an assessment tell of its answers, beside the answers themselves.
const TOLD: [&str; 5] = ["claimed", "evidenced", "frameworks", "coverage", "knock_outs"];

/// Takes out of events that are about to be shown what was answered through a link and not submitted since. Such events
/// have held no answers since step `m0012_due`; those of before do, and nothing changes an event.
pub(crate) async fn veil(reader: &Reader, events: &mut [AuditEvent]) -> Result<(), Error> {
    let is_through_link = |event: &AuditEvent| {
        event.actor_id.starts_with("lnk_") && matches!(event.noun.as_str(), "answers" | "assessment")
    };
    let ids: BTreeSet<String> =
        events.iter().filter(|event| is_through_link(event)).map(|event| event.item_id.clone()).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let told = submitted(reader, &ids).await?;
    for event in events.iter_mut().filter(|event| is_through_link(event)) {
        if told.get(&event.item_id).is_some_and(|until| event.at <= *until) {
            continue;
        }
        if event.noun == "answers" {
            (event.before, event.after) = (None, Some(Json(json!({ "submitted": false }))));
            continue;
        }
        for side in [&mut event.before, &mut event.after] {
            if let Some(Json(Value::Object(fields))) = side {
                fields.retain(|name, _| !TOLD.contains(&name.as_str()));
            }
        }
    }
    Ok(())
}

/// Up to when what was answered through links is submitted, of each of these assessments of which anything is.
async fn submitted(reader: &Reader, ids: &BTreeSet<String>) -> Result<BTreeMap<String, Moment>, Error> {
    let mut until: BTreeMap<String, Moment> = BTreeMap::new();
    let assessments: Vec<Model> = reader.get_many::<Entity>(ids).await?;
    let ids: Vec<&String> = ids.iter().collect();
    let mut waiting: BTreeSet<AssessmentId> = BTreeSet::new();
    for portion in ids.chunks(PORTION) {
        let select = reader
            .find::<sheet::Entity>()
            .filter(sheet::Column::AssessmentId.is_in(portion.iter().map(|id| id.as_str())))
            .filter(sheet::Column::Unsent.ne("{}"));
        let found: Vec<(AssessmentId,)> =
            reader.tuples(select.select_only().column(sheet::Column::AssessmentId)).await?;
        waiting.extend(found.into_iter().map(|(id,)| id));
        until.extend(respondent_link::submissions(reader, portion.iter().map(|id| id.as_str())).await?);
    }
    // Submitted by the organisation, what stood in the answers at the time was submitted too.
    for assessment in assessments.into_iter().filter(|assessment| !waiting.contains(&assessment.id)) {
        if let Some(at) = assessment.submitted_at {
            let last = until.entry(assessment.id.to_string()).or_insert(at);
            *last = at.max(*last);
        }
    }
    Ok(until)
}
