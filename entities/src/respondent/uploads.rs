//! Evidence that respondents send: checked like any other file, about their assessment's subject only, and theirs to
//! see again. What the organisation has of its own about them is not.

use std::collections::BTreeMap;

use diligence_questionnaires::EvidenceKind;
use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, Condition, QueryFilter as _};
use serde::{Deserialize, Serialize};
use validator::Validate;

use super::{RespondentReader, RespondentWriter};
use crate::{
    assessment::{self, responding},
    clock::{Day, Moment},
    error::Error,
    evidence::{self, Evidence, NewEvidence},
    evidence_file::{self, NewFile, StoredFile},
    id::{AssessmentId, EvidenceId},
    page::{Page, Sort, Versioned},
    scope::{Reader, Writer},
};

/// How many pieces of evidence respondents can send with one assessment.
pub const MAXIMUM_UPLOADS: usize = 100;

/// That a piece of evidence came through a link.
#[expect(unreachable_pub, reason = "sea-orm derives a public entity from the row")]
pub(crate) mod upload {
    use sea_orm::entity::prelude::*;

    use crate::id::{AssessmentId, EvidenceId, OrganisationId, RespondentLinkId, SubjectId};

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "respondent_upload")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub evidence_id: EvidenceId,
        pub organisation_id: OrganisationId,
        pub link_id: RespondentLinkId,
        pub assessment_id: AssessmentId,
        pub subject_id: SubjectId,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
    crate::scope::belongs!();
}

/// A piece of evidence that was sent through a link.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RespondentEvidence {
    /// Its id, for answers to name.
    pub id: EvidenceId,
    /// Its version, from 1; each change adds one.
    pub version: i64,
    /// What sort of evidence it is.
    pub kind: EvidenceKind,
    /// Its number or title.
    pub reference: Option<String>,
    /// The day it was issued, as it says itself.
    pub issued_on: Option<Day>,
    /// The last day it is valid, as it says itself; null where it says none.
    pub expires_on: Option<Day>,
    /// The file.
    pub file: Option<StoredFile>,
    /// Whether it was sent with this assessment, or with an earlier one about the same supplier or product.
    pub sent_now: bool,
    /// When it was sent.
    pub created_at: Moment,
}

impl Versioned for RespondentEvidence {
    fn id(&self) -> &str {
        self.id.as_str()
    }
    fn version(&self) -> i64 {
        self.version
    }
}

/// What a file that is sent is.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct NewUpload {
    /// The file's name with its ending, e.g. `certificate.pdf`; `document` with the ending of what it is if not said.
    #[validate(length(min = 1, max = 200))]
    pub name: Option<String>,
    /// What sort of evidence it is; `other` if not said.
    pub kind: Option<EvidenceKind>,
    /// Its number or title.
    #[validate(length(min = 1, max = 300))]
    pub reference: Option<String>,
    /// The day it was issued, as it says itself.
    pub issued_on: Option<Day>,
    /// The last day it is valid. Where nothing is said, the end of a security certificate follows from its issue.
    pub expires_on: Option<Day>,
}

/// Which of the evidence to list.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct RespondentEvidenceFilter {
    /// How many to answer, 1 to 200; 50 if not said.
    #[validate(range(min = 1, max = 200))]
    pub limit: Option<u64>,
    /// The `next` of the page before.
    #[validate(length(max = 2000))]
    pub cursor: Option<String>,
}

fn shown(evidence: Evidence, sent_now: bool) -> RespondentEvidence {
    let Evidence { id, version, kind, reference, issued_on, expires_on, file, created_at, .. } = evidence;
    RespondentEvidence {
        id,
        version,
        kind: kind.0,
        reference,
        issued_on,
        expires_on,
        file: file.map(|file| file.0),
        sent_now,
        created_at,
    }
}

/// Everything that respondents sent about the subject of this assessment.
pub(super) async fn about_the_same(reader: &Reader, id: &AssessmentId) -> Result<Vec<upload::Model>, Error> {
    let subject = assessment::read(reader, id).await?.subject_id;
    reader.all(reader.find::<upload::Entity>().filter(upload::Column::SubjectId.eq(subject.as_str()))).await
}

async fn find(reader: &Reader, assessment_id: &AssessmentId, id: &EvidenceId) -> Result<RespondentEvidence, Error> {
    let sent = about_the_same(reader, assessment_id).await?;
    let upload = sent.iter().find(|upload| upload.evidence_id == *id).ok_or(Error::NotFound)?;
    Ok(shown(evidence::read(reader, id).await?, upload.assessment_id == *assessment_id))
}

/// A page of what was sent about the same supplier or product, oldest first.
///
/// # Errors
/// [`Error::Invalid`] for a cursor that is none.
pub async fn list_evidence(
    reader: &RespondentReader,
    filter: &RespondentEvidenceFilter,
) -> Result<Page<RespondentEvidence>, Error> {
    let sent = about_the_same(&reader.reader, reader.assessment_id()).await?;
    let now: BTreeMap<&str, bool> = sent
        .iter()
        .map(|upload| (upload.evidence_id.as_str(), upload.assessment_id == *reader.assessment_id()))
        .collect();
    let select = reader.reader.find_among::<evidence::Entity, _>(evidence::Column::Id, now.keys().copied());
    let page = reader
        .reader
        .page(
            select,
            Sort::up(evidence::Column::CreatedAt),
            evidence::Column::Id,
            filter.limit,
            filter.cursor.as_deref(),
        )
        .await?;
    Ok(page.map(|evidence| {
        let sent_now = now.get(evidence.id.as_str()).copied().unwrap_or_default();
        shown(evidence, sent_now)
    }))
}

/// One piece of what was sent.
///
/// # Errors
/// [`Error::NotFound`], also for evidence that nobody sent through a link.
pub async fn read_evidence(reader: &RespondentReader, id: &EvidenceId) -> Result<RespondentEvidence, Error> {
    find(&reader.reader, reader.assessment_id(), id).await
}

/// The file of one piece of what was sent.
///
/// # Errors
/// As [`read_evidence`].
pub async fn read_file(reader: &RespondentReader, id: &EvidenceId) -> Result<(StoredFile, Vec<u8>), Error> {
    find(&reader.reader, reader.assessment_id(), id).await?;
    evidence_file::read(&reader.reader, id).await
}

/// Sends a file: evidence about the assessment's supplier or product.
///
/// # Errors
/// [`Error::Invalid`] for a file that is too large or not what it says it is, [`Error::Conflict`] once the answers are
/// submitted, or when too much was sent.
pub async fn send_evidence(
    writer: &RespondentWriter,
    new: NewUpload,
    media_type: Option<String>,
    content: Vec<u8>,
) -> Result<RespondentEvidence, Error> {
    let RespondentWriter { writer, link } = writer;
    let assessment = responding::expect_unsubmitted(writer, &link.assessment_id).await?;
    let of_it = about_the_same(writer, &link.assessment_id)
        .await?
        .into_iter()
        .filter(|upload| upload.assessment_id == link.assessment_id);
    if of_it.count() >= MAXIMUM_UPLOADS {
        return Err(Error::conflict(
            "limit",
            format!("{MAXIMUM_UPLOADS} pieces of evidence can be sent with one assessment"),
        ));
    }
    let NewUpload { name, kind, reference, issued_on, expires_on } = new;
    let about = NewEvidence {
        subject_id: assessment.subject_id.clone(),
        kind: kind.unwrap_or(EvidenceKind::Other),
        reference,
        statement: None,
        scope: None,
        document_version: None,
        issued_on,
        expires_on,
        address: None,
        notes: None,
    };
    let made = evidence::create_sent(writer, about).await.map_err(in_the_query)?;
    let made = evidence_file::store(writer, &made.id, made.version, NewFile { name, media_type, content }).await?;
    let row = upload::Model {
        evidence_id: made.id.clone(),
        organisation_id: assessment.organisation_id,
        link_id: link.id.clone(),
        assessment_id: assessment.id,
        subject_id: assessment.subject_id,
    };
    writer.put_all::<upload::Entity, upload::ActiveModel>(vec![row], &[]).await?;
    Ok(shown(made, true))
}

/// Everything that was sent with this assessment, in an answer or not, and what was sent earlier about the same supplier
/// or product and nobody has accepted; the oldest first.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn sent_with(reader: &Reader, id: &AssessmentId) -> Result<Vec<Evidence>, Error> {
    let sent = about_the_same(reader, id).await?;
    let with_it: BTreeMap<&str, bool> =
        sent.iter().map(|upload| (upload.evidence_id.as_str(), upload.assessment_id == *id)).collect();
    let mut found: Vec<Evidence> =
        evidence::several(reader, with_it.keys().map(|id| (*id).to_owned())).await?.into_values().collect();
    found.retain(|piece| piece.checked_at.is_none() || with_it.get(piece.id.as_str()) == Some(&true));
    found.sort_by(|left, right| (left.created_at, &left.id).cmp(&(right.created_at, &right.id)));
    Ok(found)
}

/// What is said of the file stands in the query, since the body is the file.
fn in_the_query(error: Error) -> Error {
    match error {
        Error::Invalid(mut faults) => {
            for fault in &mut faults {
                fault.pointer = format!("?{}", fault.pointer.trim_start_matches('/'));
            }
            Error::Invalid(faults)
        }
        other => other,
    }
}

/// Takes away a piece that was sent with this assessment and that no answer rests on.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], or [`Error::Conflict`] when an answer names it, when it was sent with an
/// earlier assessment, or once the answers are submitted.
pub async fn delete_evidence(writer: &RespondentWriter, id: &EvidenceId, version: i64) -> Result<(), Error> {
    let RespondentWriter { writer, link } = writer;
    let found = find(writer, &link.assessment_id, id).await?;
    responding::expect_unsubmitted(writer, &link.assessment_id).await?;
    if !found.sent_now {
        return Err(Error::conflict(
            "in_use",
            "this evidence was sent with an earlier assessment and cannot be deleted",
        ));
    }
    evidence::delete(writer, id, version).await
}

/// Takes away the mark on a piece of evidence that is about to be taken away itself.
pub(crate) async fn forget_upload(writer: &Writer, id: &EvidenceId) -> Result<(), Error> {
    writer.clear::<upload::Entity>(Condition::all().add(upload::Column::EvidenceId.eq(id.clone()))).await?;
    Ok(())
}
