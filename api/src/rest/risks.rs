//! Risks.

use diligence_entities::{
    id::RiskId,
    risk::{self, NewAcceptance, NewRisk, Reason, Risk, RiskFilter},
};
use poem_openapi::OpenApi;

use super::tag::Tag;
use crate::{
    answer::{Changed, Created, Done, Item, Listed, Once},
    auth::{Approver, By, Editor, Viewer},
    path::{At, boxed},
    payload::{Body, Change},
    problem::{Acting, Answer, Changing, Creating, Deleting, Listing, Reading},
    query::Query,
    retry::Retry,
    version::{IfMatch, IfNoneMatch},
};

pub(crate) struct Api;

#[OpenApi(tag = "Tag::Risks")]
impl Api {
    /// List risks
    ///
    /// A page of risks, each with its current band.
    #[oai(path = "/risks", method = "get", operation_id = "list_risks", transform = "boxed")]
    async fn list(&self, who: By<Viewer>, query: Query<RiskFilter>) -> Answer<Listed<Risk>, Listing> {
        let page = risk::list(&who.read().await?, &query).await?;
        Ok(Listed::new(page, &query))
    }

    /// Create a risk
    ///
    /// Its band is derived from likelihood times impact under your policy.
    #[oai(path = "/risks", method = "post", operation_id = "create_risk", transform = "boxed")]
    async fn create(
        &self,
        who: By<Editor>,
        body: Body<NewRisk>,
        retry: Retry,
    ) -> Answer<Once<Created<Risk>>, Creating> {
        retry.once(&who, async |writer| Ok(Created::new("risks", risk::create(writer, body.0).await?))).await
    }

    /// Read a risk
    #[oai(path = "/risks/:id", method = "get", operation_id = "read_risk", transform = "boxed")]
    async fn read(&self, who: By<Viewer>, id: At<RiskId>, have: IfNoneMatch) -> Answer<Item<Risk>, Reading> {
        let risk = risk::read(&who.read().await?, &id).await?;
        Ok(Item::new(risk, &have))
    }

    /// Change a risk
    ///
    /// A JSON merge patch: absent fields stay as they are, null clears, a list is replaced as a whole.
    #[oai(path = "/risks/:id", method = "patch", operation_id = "change_risk", transform = "boxed")]
    async fn change(
        &self,
        who: By<Editor>,
        id: At<RiskId>,
        version: IfMatch,
        change: Change<NewRisk>,
    ) -> Answer<Changed<Risk>, Changing> {
        let writer = who.write().await?;
        let risk = risk::change(&writer, &id, version.0, change.0).await?;
        writer.save().await?;
        Ok(Changed(risk))
    }

    /// Accept a risk
    ///
    /// Agrees to live with the risk until a date. It still counts, as accepted.
    #[oai(path = "/risks/:id/accept", method = "post", operation_id = "accept_risk", transform = "boxed")]
    async fn accept(
        &self,
        who: By<Approver>,
        id: At<RiskId>,
        version: IfMatch,
        body: Body<NewAcceptance>,
        retry: Retry,
    ) -> Answer<Once<Changed<Risk>>, Changing> {
        retry.once(&who, async |writer| Ok(Changed(risk::accept(writer, &id, version.0, body.0).await?))).await
    }

    /// Close a risk
    ///
    /// It no longer counts in figures.
    #[oai(path = "/risks/:id/close", method = "post", operation_id = "close_risk", transform = "boxed")]
    async fn close(
        &self,
        who: By<Editor>,
        id: At<RiskId>,
        version: IfMatch,
        body: Body<Reason>,
        retry: Retry,
    ) -> Answer<Once<Changed<Risk>>, Changing> {
        retry.once(&who, async |writer| Ok(Changed(risk::close(writer, &id, version.0, body.0).await?))).await
    }

    /// Reopen a risk
    ///
    /// A closed or accepted risk counts as open again, and its acceptance ends.
    #[oai(path = "/risks/:id/reopen", method = "post", operation_id = "reopen_risk", transform = "boxed")]
    async fn reopen(
        &self,
        who: By<Editor>,
        id: At<RiskId>,
        version: IfMatch,
        retry: Retry,
    ) -> Answer<Once<Changed<Risk>>, Acting> {
        retry.once(&who, async |writer| Ok(Changed(risk::reopen(writer, &id, version.0).await?))).await
    }

    /// Delete a risk
    ///
    /// For a risk that was created by mistake; one that a finding raised can only be closed.
    #[oai(path = "/risks/:id", method = "delete", operation_id = "delete_risk", transform = "boxed")]
    async fn delete(&self, who: By<Editor>, id: At<RiskId>, version: IfMatch) -> Answer<Done, Deleting> {
        let writer = who.write().await?;
        risk::delete(&writer, &id, version.0).await?;
        writer.save().await?;
        Ok(Done)
    }
}
