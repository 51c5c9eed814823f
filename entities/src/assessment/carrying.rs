//! Answer once: what a subject answered before is laid beside a new assessment, marked as carried over, and counts
//! nowhere until someone confirms it.

use std::{collections::BTreeMap, sync::Arc};

use diligence_questionnaires::{Carried, CarriedAnswer, Earlier as Answered, Edition, EvidenceFact, carry};
use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, QueryFilter as _};
use serde::{Deserialize, Serialize};
use validator::Validate;

use super::{AnswerChange, Assessment, AssessmentState, Column, Entity, Progress, Work, sheet};
use crate::{
    clock::Day,
    error::Error,
    fault::{Fault, nearest},
    id::{AssessmentId, EditionId, SubjectId},
    questionnaire,
    scope::{PORTION, Reader, Writer},
    stored::Word,
};

/// Which carried-over answers are confirmed.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "questions": ["mfa_staff", "leavers"] }))]
pub struct Confirmation {
    /// The keys of their questions; all that were carried over if not said.
    #[schemars(length(max = 2000))]
    #[validate(length(max = 2000))]
    pub questions: Option<Vec<String>>,
}

/// What approved assessments of some suppliers and products hold for new ones.
pub(super) struct Earlier {
    /// Of each, the last decided first.
    approved: BTreeMap<SubjectId, Vec<Assessment>>,
    sheets: BTreeMap<AssessmentId, sheet::Model>,
    editions: BTreeMap<EditionId, Arc<Edition>>,
}

impl Earlier {
    /// Of so many as one statement may name.
    pub(super) async fn load(reader: &Reader, subjects: &[SubjectId]) -> Result<Self, Error> {
        let select = reader
            .find::<Entity>()
            .filter(Column::SubjectId.is_in(subjects.iter().map(SubjectId::as_str)))
            .filter(Column::State.eq(Word(AssessmentState::Approved)));
        let mut rows = reader.all(select).await?;
        rows.sort_by(|left, right| (&right.decided_at, &right.id).cmp(&(&left.decided_at, &left.id)));
        let mut sheets = BTreeMap::new();
        for portion in rows.chunks(PORTION) {
            let ids = portion.iter().map(|assessment| assessment.id.clone());
            let select = reader.find::<sheet::Entity>().filter(sheet::Column::AssessmentId.is_in(ids));
            sheets.extend(reader.all(select).await?.into_iter().map(|sheet| (sheet.assessment_id.clone(), sheet)));
        }
        let edition_ids = rows.iter().map(|assessment| assessment.edition_id.to_string()).collect();
        let mut editions = BTreeMap::new();
        for row in reader.get_many::<questionnaire::Entity>(&edition_ids).await? {
            editions.insert(row.id.clone(), row.parsed(reader)?);
        }
        let mut approved: BTreeMap<SubjectId, Vec<Assessment>> = BTreeMap::new();
        for row in rows {
            approved.entry(row.subject_id.clone()).or_default().push(row);
        }
        Ok(Self { approved, sheets, editions })
    }

    /// What of it one of them brings into a new assessment.
    pub(super) fn over(&self, subject: &SubjectId, edition: &Edition, facts: &[EvidenceFact], today: Day) -> Carried {
        let approved = self.approved.get(subject).map(Vec::as_slice).unwrap_or_default();
        let earlier: Vec<Answered<'_>> = approved
            .iter()
            .filter_map(|assessment| {
                let sheet = self.sheets.get(&assessment.id)?;
                Some(Answered {
                    assessment: assessment.id.as_str(),
                    edition: self.editions.get(&assessment.edition_id)?,
                    answers: &sheet.answers,
                    visible: &sheet.receipt.as_ref()?.outcome.visible,
                    answered_on: assessment.assessed_on?.date(),
                })
            })
            .collect();
        carry(edition, &earlier, facts, today.date())
    }
}

/// Confirms carried-over answers: from now on they are answers like any other.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::Invalid`] for a question that has no carried-over answer or whose
/// answer does not hold any more, or [`Error::Conflict`] when it is not open.
pub async fn confirm(
    writer: &Writer,
    id: &AssessmentId,
    version: i64,
    confirmation: Confirmation,
) -> Result<Progress, Error> {
    let work = Work::to_answer(writer, id, version).await?;
    let change = chosen(&work.sheet.carried.answers, confirmation)?;
    work.put(writer, "confirm", change).await
}

/// The carried-over answers that are confirmed, as answers to be put in place.
pub(super) fn chosen(
    carried: &BTreeMap<String, CarriedAnswer>,
    confirmation: Confirmation,
) -> Result<AnswerChange, Error> {
    let chosen = confirmation.questions.unwrap_or_else(|| carried.keys().cloned().collect());
    let mut faults = Vec::new();
    let mut change = BTreeMap::new();
    for (index, key) in chosen.iter().enumerate() {
        match carried.get(key) {
            Some(answer) => {
                change.insert(key.clone(), Some(answer.answer.clone()));
            }
            None => {
                let hint = nearest(key, carried.keys().map(String::as_str))
                    .map(|near| format!("; did you mean `{near}`?"))
                    .unwrap_or_default();
                let detail = format!("expected the key of a question with a carried-over answer{hint}");
                faults.push(Fault::new(format!("/questions/{index}"), "not_carried", detail));
            }
        }
    }
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    Ok(AnswerChange(change))
}
