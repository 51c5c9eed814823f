//! Starting assessments: one, or one of each of many suppliers and products.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use diligence_questionnaires::{Carried, Edition, EvidenceFact};
use sea_orm::{ColumnTrait as _, QueryFilter as _};

use super::{
    ActiveModel, Assessment, AssessmentState, Column, Entity, Model, NewAssessment, Work, carrying::Earlier, sheet,
};
use crate::{
    error::Error,
    evidence::{self, Evidence},
    fault::Faults,
    id::{AssessmentId, SubjectId, SupplierId},
    questionnaire,
    scope::{PORTION, Reader, Writer},
    stored::{Json, Word},
    subject::{Subject, subject_id},
};

/// Starts an assessment.
///
/// # Errors
/// [`Error::Invalid`] for an unknown questionnaire or subject, or one that does not fit the other; [`Error::Conflict`]
/// when one is under way.
pub async fn start(writer: &Writer, new: NewAssessment) -> Result<Assessment, Error> {
    Faults::of_new(&new).done()?;
    let subject = Subject::find(writer, &new.subject_id, "/subject_id").await?;
    let (row, edition) = questionnaire::for_use(writer, &new.questionnaire, new.edition.as_deref()).await?;
    let past = Past::load(writer, &row.key, std::slice::from_ref(&subject)).await?;
    let begun = past.begin(writer, &edition, subject, new.carry_over.unwrap_or(true))?;
    start_all(writer, &row.key, &row.edition, vec![begun]).await?.pop().ok_or(Error::NotFound)
}

/// An assessment that can be started, with the sheet that is to be answered.
pub(crate) struct Begun {
    assessment: Assessment,
    sheet: sheet::Model,
}

/// Works out which of these suppliers and products this edition can be put to, each in its place.
pub(crate) async fn begin_all(
    reader: &Reader,
    edition: &Arc<Edition>,
    subjects: Vec<Subject>,
    carries_over: bool,
) -> Result<Vec<Result<Begun, Error>>, Error> {
    let mut all = Vec::with_capacity(subjects.len());
    for portion in subjects.chunks(PORTION) {
        let past = Past::load(reader, &edition.key, portion).await?;
        for subject in portion {
            all.push(past.begin(reader, edition, subject.clone(), carries_over));
        }
        // It is work: others need this thread.
        tokio::task::yield_now().await;
    }
    Ok(all)
}

/// Starts assessments that were begun with this edition.
pub(crate) async fn start_all(
    writer: &Writer,
    key: &str,
    edition: &str,
    begun: Vec<Begun>,
) -> Result<Vec<Assessment>, Error> {
    let (row, _) = questionnaire::for_use(writer, key, Some(edition)).await?;
    let (mut assessments, mut sheets) = (Vec::with_capacity(begun.len()), Vec::with_capacity(begun.len()));
    for Begun { assessment, sheet } in begun {
        assessments.push(Model { edition_id: row.id.clone(), created_at: writer.now(), ..assessment });
        sheets.push(sheet);
    }
    let assessments = writer.insert_all::<Entity, ActiveModel>(assessments).await?;
    writer.put_all::<sheet::Entity, sheet::ActiveModel>(sheets, &[]).await?;
    Ok(assessments)
}

/// What a new assessment of some suppliers and products follows from.
struct Past {
    /// The assessment with the same questionnaire that is not finished.
    under_way: BTreeMap<SubjectId, AssessmentId>,
    evidence: BTreeMap<SupplierId, Vec<Evidence>>,
    earlier: Earlier,
}

impl Past {
    /// Of so many as one statement may name.
    async fn load(reader: &Reader, key: &str, subjects: &[Subject]) -> Result<Self, Error> {
        let ids: Vec<SubjectId> = subjects.iter().map(id_of).collect();
        let unfinished = [AssessmentState::Open, AssessmentState::Submitted].map(Word);
        let select = reader
            .find_with_ourselves::<Entity>()
            .filter(Column::SubjectId.is_in(ids.iter().map(SubjectId::as_str)))
            .filter(Column::Questionnaire.eq(key))
            .filter(Column::State.is_in(unfinished));
        let under_way = reader.all(select).await?.into_iter().map(|row| (row.subject_id, row.id)).collect();
        let suppliers: BTreeSet<SupplierId> = subjects.iter().map(|subject| subject.supplier.id.clone()).collect();
        let suppliers: Vec<SupplierId> = suppliers.into_iter().collect();
        let mut evidence: BTreeMap<SupplierId, Vec<Evidence>> = BTreeMap::new();
        for piece in evidence::of_suppliers(reader, &suppliers).await? {
            evidence.entry(piece.supplier_id.clone()).or_default().push(piece);
        }
        Ok(Self { under_way, evidence, earlier: Earlier::load(reader, &ids).await? })
    }

    /// The assessment of one of them, unless something stands against it.
    fn begin(
        &self,
        reader: &Reader,
        edition: &Arc<Edition>,
        subject: Subject,
        carries_over: bool,
    ) -> Result<Begun, Error> {
        let id = id_of(&subject);
        if subject.is_archived() {
            return Err(Error::conflict("state", "this supplier or product is archived: restore it first"));
        }
        if !subject.fits(&edition.applies_to) {
            let wanted: Vec<String> = edition.applies_to.iter().map(crate::stored::word).collect();
            return Err(Error::invalid(
                "/subject_id",
                "does_not_fit",
                format!("this questionnaire applies only to: {}", wanted.join(", ")),
            ));
        }
        if let Some(other) = self.under_way.get(&id) {
            return Err(Error::conflict(
                "under_way",
                format!(
                    "assessment {other} of this subject with this questionnaire is not finished: finish or delete it first"
                ),
            ));
        }
        let facts: Vec<EvidenceFact> = self.evidence.get(&subject.supplier.id).map(evidence::facts).unwrap_or_default();
        let carried =
            if carries_over { self.earlier.over(&id, edition, &facts, reader.today()) } else { Carried::default() };
        let before = blank(reader, &subject, id, edition);
        let sheet = sheet::Model {
            assessment_id: before.id.clone(),
            organisation_id: before.organisation_id.clone(),
            supplier_id: before.supplier_id.clone(),
            answers: Json::default(),
            review: Json::default(),
            receipt: None,
            basis: None,
            carried: Json(carried),
            unsent: Json::default(),
        };
        let work = Work { before, sheet, edition: Arc::clone(edition), subject, facts };
        let outcome = work.evaluate(reader.today());
        let Work { before: mut assessment, sheet, .. } = work;
        assessment.settle(&outcome);
        Ok(Begun { assessment, sheet })
    }
}

fn id_of(subject: &Subject) -> SubjectId {
    subject_id(&subject.supplier.id, subject.product_id().as_ref())
}

/// An assessment in which nothing is answered.
fn blank(reader: &Reader, subject: &Subject, subject_id: SubjectId, edition: &Edition) -> Assessment {
    Model {
        id: reader.new_id(),
        organisation_id: reader.scope().organisation_id.clone(),
        version: 1,
        subject_id,
        supplier_id: subject.supplier.id.clone(),
        product_id: subject.product_id(),
        questionnaire: edition.key.clone(),
        edition: edition.edition.clone(),
        // Known once the edition is kept.
        edition_id: reader.new_id(),
        state: Word::default(),
        claimed: None,
        evidenced: None,
        frameworks: Json::default(),
        coverage: Json::default(),
        knock_outs: Json::default(),
        information_only: !edition.is_scored(),
        started_by: reader.scope().actor.name.clone(),
        submitted_by: None,
        submitted_at: None,
        return_comment: None,
        decided_by: None,
        decided_at: None,
        assessed_on: None,
        answered_by: Json::default(),
        reviewed_by: Json::default(),
        override_reason: None,
        created_at: reader.now(),
        updated_at: reader.now(),
    }
}
