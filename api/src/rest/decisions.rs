//! Decisions.

use diligence_entities::{
    decision::{self, ConditionMet, Decision, DecisionFilter},
    id::DecisionId,
};
use poem_openapi::OpenApi;

use super::tag::Tag;
use crate::{
    answer::{Changed, Item, Listed, Once},
    auth::{Approver, By, Viewer},
    path::{At, boxed},
    payload::Body,
    problem::{Answer, Changing, Listing, Reading},
    query::Query,
    retry::Retry,
    version::{IfMatch, IfNoneMatch},
};

pub(crate) struct Api;

#[OpenApi(tag = "Tag::Decisions")]
impl Api {
    /// List decisions
    ///
    /// Newest first. Approving or refusing an assessment creates one.
    #[oai(path = "/decisions", method = "get", operation_id = "list_decisions", transform = "boxed")]
    async fn list(&self, who: By<Viewer>, query: Query<DecisionFilter>) -> Answer<Listed<Decision>, Listing> {
        let page = decision::list(&who.read().await?, &query).await?;
        Ok(Listed::new(page, &query))
    }

    /// Read a decision
    #[oai(path = "/decisions/:id", method = "get", operation_id = "read_decision", transform = "boxed")]
    async fn read(&self, who: By<Viewer>, id: At<DecisionId>, have: IfNoneMatch) -> Answer<Item<Decision>, Reading> {
        let decision = decision::read(&who.read().await?, &id).await?;
        Ok(Item::new(decision, &have))
    }

    /// Meet a condition
    ///
    /// Records that one of the decision's conditions was met today.
    #[oai(
        path = "/decisions/:id/meet-condition",
        method = "post",
        operation_id = "meet_condition",
        transform = "boxed"
    )]
    async fn meet_condition(
        &self,
        who: By<Approver>,
        id: At<DecisionId>,
        version: IfMatch,
        body: Body<ConditionMet>,
        retry: Retry,
    ) -> Answer<Once<Changed<Decision>>, Changing> {
        retry
            .once(&who, async |writer| Ok(Changed(decision::meet_condition(writer, &id, version.0, body.0).await?)))
            .await
    }
}
