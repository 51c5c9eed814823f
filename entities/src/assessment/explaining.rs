//! Explaining an assessment: what would raise its score most, and what moved it since another one.

use diligence_questionnaires::{Improvements, Movement, Prepared, Side};
use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, Condition, QueryFilter as _, QueryOrder as _, QuerySelect as _};
use serde::Deserialize;
use validator::Validate;

use super::{Assessment, AssessmentState, Column, Entity, Work, read};
use crate::{blocking::run_blocking, error::Error, id::AssessmentId, policy, scope::Reader, stored::Word};

/// Which assessment to compare with.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct MovementFilter {
    /// The earlier assessment of the same supplier or product; if not said, the last one decided with the same
    /// questionnaire.
    pub since: Option<AssessmentId>,
}

/// What would raise an assessment's score most, and what would reach the next band.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn improvements(reader: Reader, id: &AssessmentId) -> Result<Improvements, Error> {
    let work = Work::load(&reader, read(&reader, id).await?).await?;
    let policy = policy::read(&reader).await?;
    let (facts, today) = (work.subject.facts(), reader.today());
    // It tries many answers, and needs nothing more of the database.
    drop(reader);
    let improve = move || {
        let prepared = Prepared::new(work.edition.as_ref());
        match (&work.sheet.receipt, &work.sheet.basis) {
            // Once decided, what counts is what it was decided on.
            (Some(receipt), Some(basis)) => {
                let input = diligence_questionnaires::Input {
                    answers: &work.sheet.answers,
                    review: &work.sheet.review,
                    evidence: &basis.evidence,
                    subject: &basis.subject,
                    on: receipt.on,
                };
                diligence_questionnaires::improvements(&prepared, &input, &policy.rating)
            }
            _ => diligence_questionnaires::improvements(&prepared, &work.input(&facts, today), &policy.rating),
        }
    };
    run_blocking(improve).await
}

/// What moved the scores from an earlier assessment of the same subject to this one; the parts add up to the change.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Invalid`] for one of another subject, or [`Error::Conflict`] where there is no earlier
/// one.
pub async fn movement(reader: &Reader, id: &AssessmentId, filter: &MovementFilter) -> Result<Movement, Error> {
    let after = read(reader, id).await?;
    let before = match &filter.since {
        Some(since) => {
            let before = read(reader, since).await.map_err(|error| match error {
                Error::NotFound => Error::unknown("?since", "assessment"),
                other => other,
            })?;
            if before.subject_id != after.subject_id {
                return Err(Error::invalid("?since", "other_subject", "expected an assessment of the same supplier or product"));
            }
            before
        }
        None => earlier(reader, &after).await?.ok_or_else(|| {
            Error::conflict("no_earlier", "there is no earlier decided assessment with this questionnaire: use `since` to name the one to compare with")
        })?,
    };
    let (before, after) = (Work::load(reader, before).await?, Work::load(reader, after).await?);
    let today = reader.today();
    let (was, is) = (before.outcome(today), after.outcome(today));
    let before = Side { edition: &before.edition, outcome: &was, answers: &before.sheet.answers };
    let after = Side { edition: &after.edition, outcome: &is, answers: &after.sheet.answers };
    Ok(diligence_questionnaires::movement(&before, &after))
}

/// The last assessment of the same subject that was decided with the same questionnaire before this one was.
///
/// # Errors
/// [`Error::Database`] only.
pub async fn earlier(reader: &Reader, after: &Assessment) -> Result<Option<Assessment>, Error> {
    let decided = [AssessmentState::Approved, AssessmentState::Superseded, AssessmentState::Refused].map(Word);
    let mut condition = Condition::all()
        .add(Column::SubjectId.eq(after.subject_id.as_str()))
        .add(Column::Questionnaire.eq(after.questionnaire.as_str()))
        .add(Column::State.is_in(decided))
        .add(Column::Id.ne(after.id.clone()));
    if let Some(decided_at) = after.decided_at {
        condition = condition.add(Column::DecidedAt.lte(decided_at));
    }
    reader
        .one(
            reader
                .find::<Entity>()
                .filter(condition)
                .order_by_desc(Column::DecidedAt)
                .order_by_desc(Column::Id)
                .limit(1),
        )
        .await
}
