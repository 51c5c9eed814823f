//! Drafts of questionnaires.

use diligence_entities::{
    draft::{self, Attempt, AttemptResult, Draft, DraftCheck, DraftFilter, MergedDraft, NewDraft, NewMerge, WrittenDraft},
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
    path::At,
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
    /// Questionnaires being written, last changed first, without their texts.
    #[oai(path = "/questionnaire-drafts", method = "get", operation_id = "list_drafts")]
    async fn list(&self, who: By<Viewer>, query: Query<DraftFilter>) -> Answer<Listed<Draft>, Listing> {
        let page = draft::list(&who.read().await?, &query).await?;
        Ok(Listed::new(page, &query))
    }

    /// Begin a draft
    ///
    /// Of an edition in YAML, JSON or CSV, or of an extension of another questionnaire in YAML or JSON. It may be wrong as long as it likes; its text is kept as it is written.
    #[oai(path = "/questionnaire-drafts", method = "post", operation_id = "create_draft")]
    async fn create(&self, who: By<Editor>, body: Body<NewDraft, DOCUMENT_LIMIT>, retry: Retry) -> Answer<Once<Created<Draft>>, Creating> {
        retry.once(&who, async |writer| Ok(Created::new("questionnaire-drafts", draft::create(writer, body.0).await?))).await
    }

    /// Read a draft
    ///
    /// With its text.
    #[oai(path = "/questionnaire-drafts/:id", method = "get", operation_id = "read_draft")]
    async fn read(&self, who: By<Viewer>, id: At<DraftId>, have: IfNoneMatch) -> Answer<Item<WrittenDraft>, Reading> {
        let written = draft::read(&who.read().await?, &id).await?;
        Ok(Item::new(written, &have))
    }

    /// Change a draft
    ///
    /// A JSON merge patch: absent fields stay as they are.
    #[oai(path = "/questionnaire-drafts/:id", method = "patch", operation_id = "change_draft")]
    async fn change(&self, who: By<Editor>, id: At<DraftId>, version: IfMatch, change: Change<NewDraft, DOCUMENT_LIMIT>) -> Answer<Changed<WrittenDraft>, Changing> {
        let writer = who.write().await?;
        let written = draft::change(&writer, &id, version.0, change.0).await?;
        writer.save().await?;
        Ok(Changed(written))
    }

    /// Delete a draft
    #[oai(path = "/questionnaire-drafts/:id", method = "delete", operation_id = "delete_draft")]
    async fn delete(&self, who: By<Editor>, id: At<DraftId>, version: IfMatch) -> Answer<Done, Deleting> {
        let writer = who.write().await?;
        draft::delete(&writer, &id, version.0).await?;
        writer.save().await?;
        Ok(Done)
    }

    /// Check a draft
    ///
    /// Everything that is wrong with it at once, each with line and column, or for an extension with a place in the edition that would result.
    #[oai(path = "/questionnaire-drafts/:id/check", method = "get", operation_id = "read_draft_check")]
    async fn check(&self, who: By<Viewer>, id: At<DraftId>) -> Answer<Found<DraftCheck>, Reading> {
        Ok(Found(draft::check(&who.read().await?, &id).await?))
    }

    /// Preview a draft
    ///
    /// As a respondent would see it: what is asked and what can be answered, without weights, points, knock-outs and findings. A draft that cannot be read yet is answered 422 with everything that is wrong.
    #[oai(path = "/questionnaire-drafts/:id/preview", method = "get", operation_id = "read_draft_preview")]
    async fn preview(&self, who: By<Viewer>, id: At<DraftId>) -> Answer<Found<Preview>, Reading> {
        Ok(Found(draft::preview(&who.read().await?, &id).await?))
    }

    /// Try answers to a draft
    ///
    /// What they would come to: scores, contributions, findings, band, and the rating for each tier. Nothing is kept.
    #[oai(path = "/questionnaire-drafts/:id/try", method = "post", operation_id = "try_draft")]
    async fn attempt(&self, who: By<Viewer>, id: At<DraftId>, body: Body<Attempt>) -> Answer<Found<AttemptResult>, Asking> {
        Ok(Found(draft::attempt(&who.read().await?, &id, body.0).await?))
    }

    /// Ask what publishing a draft would do
    ///
    /// To every current score and rating, were each current assessment with the same questionnaire put to it with the answers it has: who moves, by how much, and why. One JSON object a line: progress, moves, and at the end the summary. Nothing is changed.
    #[oai(path = "/questionnaire-drafts/:id/what-if", method = "get", operation_id = "read_draft_what_if")]
    async fn what_if(&self, who: By<Viewer>, id: At<DraftId>) -> Answer<Lines<WhatIfLine>, Reading> {
        let edition = draft::edition(&who.read().await?, &id).await?;
        Ok(stream::lines(WhatIf::of_edition(who.store().clone(), who.scope().clone(), edition).await?).await?)
    }

    /// Publish a draft
    ///
    /// From then on it can be put to suppliers and products, and never changes. The draft is gone; its text stays with the edition.
    #[oai(path = "/questionnaire-drafts/:id/publish", method = "post", operation_id = "publish_draft")]
    async fn publish(&self, who: By<Editor>, id: At<DraftId>, version: IfMatch, retry: Retry) -> Answer<Once<Created<PublishedEdition>>, Acting> {
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
    /// Puts what an edition of your own added to another questionnaire on a newer edition of that one, as a draft to go on with. Where the two disagree is shown, with what was done about it.
    #[oai(path = "/questionnaire-drafts/merge", method = "post", operation_id = "merge_extension")]
    async fn merge(&self, who: By<Editor>, body: Body<NewMerge>, retry: Retry) -> Answer<Once<Created<MergedDraft>>, Creating> {
        retry.once(&who, async |writer| Ok(Created::new("questionnaire-drafts", draft::merge(writer, body.0).await?))).await
    }
}
