//! What a decision that was made elsewhere rests on here: an assessment of which no answers are known.

use super::{ActiveModel, Assessment, AssessmentState, Entity, Model, sheet};
use crate::{
    clock::Moment,
    error::Error,
    questionnaire::PublishedEdition,
    scope::Writer,
    stored::{Json, Word},
    subject::{self, Subject},
};

/// Keeps an assessment that was decided elsewhere. It is for information only: without answers it has no score, and
/// changes no rating.
pub(crate) async fn bring_in_decided(
    writer: &Writer,
    about: &Subject,
    edition: &PublishedEdition,
    decided_by: &str,
    decided_at: Moment,
    refused: bool,
    superseded: bool,
) -> Result<Assessment, Error> {
    let product_id = about.product_id();
    let state = match (refused, superseded) {
        (true, _) => AssessmentState::Refused,
        (false, true) => AssessmentState::Superseded,
        (false, false) => AssessmentState::Approved,
    };
    let row = Model {
        id: writer.new_id(),
        organisation_id: writer.scope().organisation_id.clone(),
        version: 1,
        subject_id: subject::subject_id(&about.supplier.id, product_id.as_ref()),
        supplier_id: about.supplier.id.clone(),
        product_id,
        questionnaire: edition.key.clone(),
        edition: edition.edition.clone(),
        edition_id: edition.id.clone(),
        state: Word(state),
        claimed: None,
        evidenced: None,
        frameworks: Json::default(),
        coverage: Json::default(),
        knock_outs: Json::default(),
        information_only: true,
        started_by: writer.scope().actor.name.clone(),
        submitted_by: None,
        submitted_at: None,
        return_comment: None,
        decided_by: Some(decided_by.to_owned()),
        decided_at: Some(decided_at),
        assessed_on: Some(decided_at.day()),
        answered_by: Json::default(),
        reviewed_by: Json::default(),
        override_reason: None,
        created_at: writer.now(),
        updated_at: writer.now(),
    };
    let sheet = sheet::Model {
        assessment_id: row.id.clone(),
        organisation_id: row.organisation_id.clone(),
        supplier_id: row.supplier_id.clone(),
        answers: Json::default(),
        review: Json::default(),
        receipt: None,
        basis: None,
        carried: Json::default(),
        unsent: Json::default(),
    };
    let row = writer.insert::<Entity, ActiveModel>(row).await?;
    writer.put_all::<sheet::Entity, sheet::ActiveModel>(vec![sheet], &[]).await?;
    Ok(row)
}
