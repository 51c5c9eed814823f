//! Evidence that respondents send.

use diligence_entities::{
    evidence_file::MAXIMUM_BYTES,
    id::EvidenceId,
    respondent::{self, NewUpload, RespondentEvidence, RespondentEvidenceFilter},
};
use poem_openapi::OpenApi;

use super::{auth::Respondent, tag::Tag};
use crate::{
    address::RESPONDENT_ROOT,
    answer::{Created, Done, EvidenceFile, File, Item, Listed, Once},
    path::{At, boxed},
    payload::FileBody,
    problem::{Adding, Answer, ByLink, Deleting, Listing, Reading},
    query::Query,
    retry::Retry,
    version::{IfMatch, IfNoneMatch},
};

pub(crate) struct Api;

#[OpenApi(tag = "Tag::Evidence")]
impl Api {
    /// List evidence
    ///
    /// A page of the evidence sent through links about the same supplier or product.
    #[oai(path = "/evidence", method = "get", operation_id = "list_evidence", transform = "boxed")]
    async fn list(
        &self,
        who: Respondent,
        query: Query<RespondentEvidenceFilter>,
    ) -> Answer<Listed<RespondentEvidence>, ByLink<Listing>> {
        let page = respondent::list_evidence(&who.read().await?, &query).await?;
        Ok(Listed::new(page, &query))
    }

    /// Upload evidence
    ///
    /// A file: PDF, PNG, JPEG, Word, Excel, PowerPoint, OpenDocument text, plain text or CSV, at most 10 MiB. Its content must match its `Content-Type` and its name. Answers refer to it by its id.
    #[oai(path = "/evidence", method = "post", operation_id = "send_evidence", transform = "boxed")]
    async fn send(
        &self,
        who: Respondent,
        query: Query<NewUpload>,
        body: FileBody<EvidenceFile, MAXIMUM_BYTES>,
        retry: Retry,
    ) -> Answer<Once<Created<RespondentEvidence>>, ByLink<Adding>> {
        let (new, media_type, bytes) = (query.filter, body.media_type.map(str::to_owned), body.bytes);
        retry
            .once(&who, async |writer| {
                let sent = respondent::send_evidence(writer, new, media_type, bytes).await?;
                Ok(Created::under(RESPONDENT_ROOT, "evidence", sent))
            })
            .await
    }

    /// Read a piece of evidence
    #[oai(path = "/evidence/:id", method = "get", operation_id = "read_evidence", transform = "boxed")]
    async fn read(
        &self,
        who: Respondent,
        id: At<EvidenceId>,
        have: IfNoneMatch,
    ) -> Answer<Item<RespondentEvidence>, ByLink<Reading>> {
        Ok(Item::new(respondent::read_evidence(&who.read().await?, &id).await?, &have))
    }

    /// Read a file
    ///
    /// The file of a piece of evidence, exactly as it was uploaded.
    #[oai(path = "/evidence/:id/file", method = "get", operation_id = "read_evidence_file", transform = "boxed")]
    async fn file(&self, who: Respondent, id: At<EvidenceId>) -> Answer<File<EvidenceFile>, ByLink<Reading>> {
        let (file, bytes) = respondent::read_file(&who.read().await?, &id).await?;
        Ok(File::new(file.name, file.media_type, poem::Body::from_vec(bytes)))
    }

    /// Delete evidence
    ///
    /// Only evidence that was sent with these answers and that no answer refers to, and only until they are submitted.
    #[oai(path = "/evidence/:id", method = "delete", operation_id = "delete_evidence", transform = "boxed")]
    async fn delete(&self, who: Respondent, id: At<EvidenceId>, version: IfMatch) -> Answer<Done, ByLink<Deleting>> {
        let writer = who.write().await?;
        respondent::delete_evidence(&writer, &id, version.0).await?;
        writer.save().await?;
        Ok(Done)
    }
}
