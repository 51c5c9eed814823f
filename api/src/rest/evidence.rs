//! Evidence.

use diligence_entities::{
    evidence::{self, Evidence, EvidenceFilter, FindingsComparison, NewEvidence, NewExercise, NewSecurityCheck},
    evidence_file::{self, FileName, MAXIMUM_BYTES, NewFile},
    id::EvidenceId,
    risk::Reason,
};
use poem_openapi::OpenApi;

use super::tag::Tag;
use crate::{
    answer::{Changed, Created, Done, EvidenceFile, File, Found, Item, Listed, Once},
    auth::{By, Editor, Viewer},
    path::{At, boxed},
    payload::{Body, Change, FileBody},
    problem::{Answer, Changing, Creating, Deleting, Listing, Reading},
    query::Query,
    retry::Retry,
    version::{IfMatch, IfNoneMatch},
};

pub(crate) struct Api;

#[OpenApi(tag = "Tag::Evidence")]
impl Api {
    /// List evidence
    ///
    /// A page of certificates, documents and links.
    #[oai(path = "/evidence", method = "get", operation_id = "list_evidence", transform = "boxed")]
    async fn list(&self, who: By<Viewer>, query: Query<EvidenceFilter>) -> Answer<Listed<Evidence>, Listing> {
        let page = evidence::list(&who.read().await?, &query).await?;
        Ok(Listed::new(page, &query))
    }

    /// Create a piece of evidence
    ///
    /// It is dated by its own issue date, not by when it was created. Where a security certificate says no end, one follows from its issue, by the policy; without any date it counts for nothing. Its end brings the next review forward.
    #[oai(path = "/evidence", method = "post", operation_id = "create_evidence", transform = "boxed")]
    async fn create(
        &self,
        who: By<Editor>,
        body: Body<NewEvidence>,
        retry: Retry,
    ) -> Answer<Once<Created<Evidence>>, Creating> {
        retry.once(&who, async |writer| Ok(Created::new("evidence", evidence::create(writer, body.0).await?))).await
    }

    /// Create a security check
    ///
    /// A result of the National Cyber Security Centre's *Check your cyber security*, as evidence of the kind `security_check`: what was checked, and what was found. What comes of each finding is said with it: an `action`, with an owner and a day, on one risk for all of them; a `risk` of its own, with an owner and an action by a day; `nothing`, for a reason; or `as_before`, where the last check of the same found it too and what came of it then goes on. How likely and bad such a risk is follows from the finding's severity until somebody changes it.
    #[oai(path = "/security-checks", method = "post", operation_id = "create_security_check", transform = "boxed")]
    async fn create_security_check(
        &self,
        who: By<Editor>,
        body: Body<NewSecurityCheck>,
        retry: Retry,
    ) -> Answer<Once<Created<Evidence>>, Creating> {
        retry
            .once(&who, async |writer| {
                Ok(Created::new("evidence", evidence::create_security_check(writer, body.0).await?))
            })
            .await
    }

    /// Create an exercise
    ///
    /// An exercise that was held, such as one from the National Cyber Security Centre's *Exercise in a Box*, as evidence of the kind `incident_exercise`: which, when, who took part, and what came out of it. What comes of each finding is said with it: an `action`, a `risk` or `nothing`, as for a security check.
    #[oai(path = "/exercises", method = "post", operation_id = "create_exercise", transform = "boxed")]
    async fn create_exercise(
        &self,
        who: By<Editor>,
        body: Body<NewExercise>,
        retry: Retry,
    ) -> Answer<Once<Created<Evidence>>, Creating> {
        retry
            .once(&who, async |writer| Ok(Created::new("evidence", evidence::create_exercise(writer, body.0).await?)))
            .await
    }

    /// Read what changed since the last check
    ///
    /// Of a security check that was entered with its findings: which findings of the last check of the same are gone, which remain, and which are new. Findings are known again by what was found and where, whatever their capitals, spaces and full stops.
    #[oai(path = "/evidence/:id/comparison", method = "get", operation_id = "read_comparison", transform = "boxed")]
    async fn comparison(&self, who: By<Viewer>, id: At<EvidenceId>) -> Answer<Found<FindingsComparison>, Reading> {
        Ok(Found(evidence::compare(&who.read().await?, &id).await?))
    }

    /// Close what came of findings that are gone
    ///
    /// Of a security check: the actions of every finding that is `gone` are noted as done today, and a risk on which nothing is left to do is closed, with this reason.
    #[oai(path = "/evidence/:id/close-findings", method = "post", operation_id = "close_findings", transform = "boxed")]
    async fn close_findings(
        &self,
        who: By<Editor>,
        id: At<EvidenceId>,
        version: IfMatch,
        body: Body<Reason>,
        retry: Retry,
    ) -> Answer<Once<Changed<Evidence>>, Changing> {
        retry
            .once(&who, async |writer| Ok(Changed(evidence::close_findings(writer, &id, version.0, body.0).await?)))
            .await
    }

    /// Read a piece of evidence
    #[oai(path = "/evidence/:id", method = "get", operation_id = "read_evidence", transform = "boxed")]
    async fn read(&self, who: By<Viewer>, id: At<EvidenceId>, have: IfNoneMatch) -> Answer<Item<Evidence>, Reading> {
        let evidence = evidence::read(&who.read().await?, &id).await?;
        Ok(Item::new(evidence, &have))
    }

    /// Change a piece of evidence
    ///
    /// A JSON merge patch: absent fields stay as they are, null clears, a list is replaced as a whole.
    #[oai(path = "/evidence/:id", method = "patch", operation_id = "change_evidence", transform = "boxed")]
    async fn change(
        &self,
        who: By<Editor>,
        id: At<EvidenceId>,
        version: IfMatch,
        change: Change<NewEvidence>,
    ) -> Answer<Changed<Evidence>, Changing> {
        let writer = who.write().await?;
        let evidence = evidence::change(&writer, &id, version.0, change.0).await?;
        writer.save().await?;
        Ok(Changed(evidence))
    }

    /// Accept a piece of evidence
    ///
    /// What a respondent sent counts from now on: for evidenced scores, and as a certificate. A piece that is accepted already stays as it is; one that is not to count is deleted.
    #[oai(path = "/evidence/:id/accept", method = "post", operation_id = "accept_evidence", transform = "boxed")]
    async fn accept(
        &self,
        who: By<Editor>,
        id: At<EvidenceId>,
        version: IfMatch,
        retry: Retry,
    ) -> Answer<Once<Changed<Evidence>>, Changing> {
        retry.once(&who, async |writer| Ok(Changed(evidence::accept(writer, &id, version.0).await?))).await
    }

    /// Delete a piece of evidence
    ///
    /// Only possible when no answer refers to it.
    #[oai(path = "/evidence/:id", method = "delete", operation_id = "delete_evidence", transform = "boxed")]
    async fn delete(&self, who: By<Editor>, id: At<EvidenceId>, version: IfMatch) -> Answer<Done, Deleting> {
        let writer = who.write().await?;
        evidence::delete(&writer, &id, version.0).await?;
        writer.save().await?;
        Ok(Done)
    }

    /// Store a file
    ///
    /// The file of a piece of evidence: PDF, PNG, JPEG, Word, Excel, PowerPoint, OpenDocument text, plain text or CSV, at most 10 MiB. Its content must match its `Content-Type` and its name. It is hashed, and a receipt says which file supported an answer. A file that answers refer to cannot be replaced.
    #[oai(path = "/evidence/:id/file", method = "post", operation_id = "store_evidence_file", transform = "boxed")]
    async fn store_file(
        &self,
        who: By<Editor>,
        query: Query<FileName>,
        id: At<EvidenceId>,
        version: IfMatch,
        body: FileBody<EvidenceFile, MAXIMUM_BYTES>,
        retry: Retry,
    ) -> Answer<Once<Changed<Evidence>>, Changing> {
        let file =
            NewFile { name: query.filter.name, media_type: body.media_type.map(str::to_owned), content: body.bytes };
        retry.once(&who, async |writer| Ok(Changed(evidence_file::store(writer, &id, version.0, file).await?))).await
    }

    /// Read a file
    ///
    /// The file of a piece of evidence, exactly as it was uploaded.
    #[oai(path = "/evidence/:id/file", method = "get", operation_id = "read_evidence_file", transform = "boxed")]
    async fn file(&self, who: By<Viewer>, id: At<EvidenceId>) -> Answer<File<EvidenceFile>, Reading> {
        let (file, bytes) = evidence_file::read(&who.read().await?, &id).await?;
        Ok(File::new(file.name, file.media_type, poem::Body::from_vec(bytes)))
    }

    /// Delete a file
    ///
    /// Only possible when no answer refers to it.
    #[oai(path = "/evidence/:id/file", method = "delete", operation_id = "delete_evidence_file", transform = "boxed")]
    async fn delete_file(&self, who: By<Editor>, id: At<EvidenceId>, version: IfMatch) -> Answer<Done, Deleting> {
        let writer = who.write().await?;
        evidence_file::delete(&writer, &id, version.0).await?;
        writer.save().await?;
        Ok(Done)
    }
}
