//! Drafts of questionnaires.

use diligence_entities::{
    draft::{
        self, Attempt, AttemptResult, Draft, DraftCheck, DraftFilter, MergedDraft, NewDraft, NewMerge, WrittenDraft,
    },
    id::DraftId,
    questionnaire::PublishedEdition,
    what_if::{WhatIf, WhatIfLine},
};
use diligence_questionnaires::Preview;
use poem_openapi::OpenApi;

use super::tag::Tag;
use crate::{
    answer::{Changed, Created, Done, Found, Item, Lines, Listed, Once},
    auth::{By, Editor, Viewer},
    path::{At, boxed},
    payload::{Body, Change, DOCUMENT_LIMIT},
    problem::{Acting, Answer, Asking, Changing, Creating, Deleting, Listing, Reading},
    query::Query,
    retry::Retry,
    stream,
    version::{IfMatch, IfNoneMatch},
};

pub(crate) struct Api;

#[OpenApi(tag = "Tag::Questionnaires")]
impl Api {
    /// List drafts
    ///
    /// Questionnaires that are not published yet, most recently changed first, without their text.
    #[oai(path = "/questionnaire-drafts", method = "get", operation_id = "list_drafts", transform = "boxed")]
    async fn list(&self, who: By<Viewer>, query: Query<DraftFilter>) -> Answer<Listed<Draft>, Listing> {
        let page = draft::list(&who.read().await?, &query).await?;
        Ok(Listed::new(page, &query))
    }

    /// Create a draft
    ///
    /// Of an edition in YAML, JSON or CSV, or of an extension of another questionnaire in YAML or JSON. It may have errors until it is published; its text is stored exactly as sent.
    #[oai(path = "/questionnaire-drafts", method = "post", operation_id = "create_draft", transform = "boxed")]
    async fn create(
        &self,
        who: By<Editor>,
        body: Body<NewDraft, DOCUMENT_LIMIT>,
        retry: Retry,
    ) -> Answer<Once<Created<Draft>>, Creating> {
        retry
            .once(&who, async |writer| Ok(Created::new("questionnaire-drafts", draft::create(writer, body.0).await?)))
            .await
    }

    /// Read a draft
    ///
    /// With its text.
    #[oai(path = "/questionnaire-drafts/:id", method = "get", operation_id = "read_draft", transform = "boxed")]
    async fn read(&self, who: By<Viewer>, id: At<DraftId>, have: IfNoneMatch) -> Answer<Item<WrittenDraft>, Reading> {
        let written = draft::read(&who.read().await?, &id).await?;
        Ok(Item::new(written, &have))
    }

    /// Change a draft
    ///
    /// A JSON merge patch: absent fields stay as they are.
    #[oai(path = "/questionnaire-drafts/:id", method = "patch", operation_id = "change_draft", transform = "boxed")]
    async fn change(
        &self,
        who: By<Editor>,
        id: At<DraftId>,
        version: IfMatch,
        change: Change<NewDraft, DOCUMENT_LIMIT>,
    ) -> Answer<Changed<WrittenDraft>, Changing> {
        let writer = who.write().await?;
        let written = draft::change(&writer, &id, version.0, change.0).await?;
        writer.save().await?;
        Ok(Changed(written))
    }

    /// Delete a draft
    #[oai(path = "/questionnaire-drafts/:id", method = "delete", operation_id = "delete_draft", transform = "boxed")]
    async fn delete(&self, who: By<Editor>, id: At<DraftId>, version: IfMatch) -> Answer<Done, Deleting> {
        let writer = who.write().await?;
        draft::delete(&writer, &id, version.0).await?;
        writer.save().await?;
        Ok(Done)
    }

    /// Check a draft
    ///
    /// Reports all errors at once, each with line and column, or for an extension with its place in the edition that would result.
    #[oai(
        path = "/questionnaire-drafts/:id/check",
        method = "get",
        operation_id = "read_draft_check",
        transform = "boxed"
    )]
    async fn check(&self, who: By<Viewer>, id: At<DraftId>) -> Answer<Found<DraftCheck>, Reading> {
        Ok(Found(draft::check(&who.read().await?, &id).await?))
    }

    /// Preview a draft
    ///
    /// As a respondent would see it: questions and options, without weights, points, knock-outs and findings. A draft that cannot be parsed returns 422 with all errors.
    #[oai(
        path = "/questionnaire-drafts/:id/preview",
        method = "get",
        operation_id = "read_draft_preview",
        transform = "boxed"
    )]
    async fn preview(&self, who: By<Viewer>, id: At<DraftId>) -> Answer<Found<Preview>, Reading> {
        Ok(Found(draft::preview(&who.read().await?, &id).await?))
    }

    /// Score answers with a draft
    ///
    /// Returns scores, contributions, findings, band, and the rating for each tier. Nothing is stored.
    #[oai(path = "/questionnaire-drafts/:id/try", method = "post", operation_id = "try_draft", transform = "boxed")]
    async fn attempt(
        &self,
        who: By<Viewer>,
        id: At<DraftId>,
        body: Body<Attempt>,
    ) -> Answer<Found<AttemptResult>, Asking> {
        Ok(Found(draft::attempt(&who.read().await?, &id, body.0).await?))
    }

    /// Preview the effect of publishing a draft
    ///
    /// How every current score and rating would change if each current assessment with the same questionnaire were scored by the draft with its present answers: which change, by how much, and why. One JSON object per line: progress, moves, and finally the summary. Nothing is changed.
    #[oai(
        path = "/questionnaire-drafts/:id/what-if",
        method = "get",
        operation_id = "read_draft_what_if",
        transform = "boxed"
    )]
    async fn what_if(&self, who: By<Viewer>, id: At<DraftId>) -> Answer<Lines<WhatIfLine>, Reading> {
        let edition = draft::edition(&who.read().await?, &id).await?;
        Ok(stream::lines(WhatIf::of_edition(who.store().clone(), who.scope().clone(), edition).await?).await?)
    }

    /// Publish a draft
    ///
    /// Assessments can then use it, and it never changes. The draft is deleted; its text is kept with the edition.
    #[oai(
        path = "/questionnaire-drafts/:id/publish",
        method = "post",
        operation_id = "publish_draft",
        transform = "boxed"
    )]
    async fn publish(
        &self,
        who: By<Editor>,
        id: At<DraftId>,
        version: IfMatch,
        retry: Retry,
    ) -> Answer<Once<Created<PublishedEdition>>, Acting> {
        retry
            .once(&who, async |writer| {
                let published = draft::publish(writer, &id, version.0).await?;
                let path = format!("questionnaires/{}/editions/{}", published.key, published.edition);
                Ok(Created::at(&path, published))
            })
            .await
    }

    /// Merge an extension with a newer base
    ///
    /// Applies your extension of another questionnaire to a newer edition of that questionnaire and creates a draft. Conflicts are listed, each with how it was resolved.
    #[oai(path = "/questionnaire-drafts/merge", method = "post", operation_id = "merge_extension", transform = "boxed")]
    async fn merge(
        &self,
        who: By<Editor>,
        body: Body<NewMerge>,
        retry: Retry,
    ) -> Answer<Once<Created<MergedDraft>>, Creating> {
        retry
            .once(&who, async |writer| Ok(Created::new("questionnaire-drafts", draft::merge(writer, body.0).await?)))
            .await
    }
}
