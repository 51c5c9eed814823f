//! Decisions that were made elsewhere or earlier, brought in from a file: who decided and when stays as it was said
//! there, marked as brought in, and never as if somebody here had decided now.

use sea_orm::{ColumnTrait as _, QueryFilter as _};

use super::{ActiveModel, AgreedCondition, Column, Decision, DecisionOutcome, Entity, Model};
use crate::{
    assessment,
    clock::{Day, Moment},
    error::Error,
    id::SubjectId,
    policy::{self, SeparationOfDuties},
    questionnaire,
    scope::Writer,
    stored::{Json, Word},
    subject::Subject,
};

/// A condition as it was told: what, who, by when, when it was met, how we know.
type Told = (String, String, Day, Option<Day>, Option<String>);

/// A decision that was made elsewhere or earlier.
pub(crate) struct Past {
    pub(crate) subject_id: SubjectId,
    pub(crate) questionnaire: String,
    pub(crate) outcome: DecisionOutcome,
    pub(crate) comment: Option<String>,
    pub(crate) conditions: Vec<Told>,
    pub(crate) lapses_on: Option<Day>,
    pub(crate) decided_by: String,
    pub(crate) decided_at: Moment,
}

/// Who decided, marked as told by a file.
fn told(name: &str) -> String {
    const MARK: &str = "(from a file)";
    if name.ends_with(MARK) { name.to_owned() } else { format!("{name} {MARK}") }
}

/// Keeps a decision of before. It takes the place of what was decided earlier on the same questionnaire, and what was
/// decided later takes its. It rests on an assessment without answers, which changes no rating.
pub(crate) async fn bring_in(writer: &Writer, past: Past) -> Result<Decision, Error> {
    let Past { subject_id, questionnaire, outcome, comment, conditions, lapses_on, decided_by, decided_at } = past;
    let subject = Subject::find(writer, &subject_id, "/subject_id").await?;
    let (edition, _) = questionnaire::for_use(writer, &questionnaire, None).await?;
    let in_force = writer
        .find::<Entity>()
        .filter(Column::SubjectId.eq(subject_id.as_str()))
        .filter(Column::Questionnaire.eq(questionnaire.as_str()))
        .filter(Column::Superseded.eq(false));
    let mut superseded = false;
    for before in writer.all(in_force).await? {
        if before.decided_at > decided_at {
            superseded = true;
        } else {
            let after = Model { superseded: true, ..before.clone() };
            writer.replace::<Entity, ActiveModel>("supersede", &before, after).await?;
        }
    }
    let decided_by = told(&decided_by);
    let refused = outcome == DecisionOutcome::Refused;
    let assessment =
        assessment::bring_in_decided(writer, &subject, &edition, &decided_by, decided_at, refused, superseded).await?;
    let is_separated = policy::read(writer).await?.separation_of_duties.0 != SeparationOfDuties::Off;
    let because = || format!("brought in from a file by {}: who answered is not known", writer.scope().actor.name);
    let conditions = (1..).zip(conditions).map(|(number, (text, owner, due_on, met_on, met_note))| AgreedCondition {
        number,
        text,
        owner,
        due_on,
        met_on,
        met_note,
    });
    let row = Model {
        id: writer.new_id(),
        organisation_id: writer.scope().organisation_id.clone(),
        version: 1,
        subject_id,
        supplier_id: subject.supplier.id.clone(),
        product_id: subject.product_id(),
        assessment_id: assessment.id,
        outcome: Word(outcome),
        comment,
        conditions: Json(conditions.collect()),
        lapses_on,
        stale_since: None,
        stale_reasons: Json::default(),
        superseded,
        questionnaire,
        rating: None,
        rests_on: None,
        decided_by,
        decided_at,
        override_reason: is_separated.then(because),
        created_at: writer.now(),
        updated_at: writer.now(),
    };
    writer.insert::<Entity, ActiveModel>(row).await
}
