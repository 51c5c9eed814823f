//! What is due.

use diligence_entities::{
    due::{
        self, DueCount, DueFilter, DueItem,
        settle::{self, Settlement, SettlementFilter, Settling},
    },
    id::DueItemId,
};
use poem_openapi::OpenApi;

use super::tag::Tag;
use crate::{
    answer::{Changed, Found, Listed, Once},
    auth::{By, Editor, InRegister, Viewer},
    path::{At, boxed},
    payload::Body,
    problem::{Adding, Answer, Listing},
    query::Query,
    retry::Retry,
};

pub(crate) struct Api;

#[OpenApi(tag = "Tag::Due")]
impl Api {
    /// List what is due
    ///
    /// Everything that somebody must do by a day: reviews, contracts, evidence, decisions, conditions, actions, unanswered questionnaires, and what nobody has said yet; for administrators also keys and secrets that end. The earliest day first.
    #[oai(path = "/due", method = "get", operation_id = "list_due", transform = "boxed")]
    async fn list(&self, who: By<InRegister<Viewer>>, query: Query<DueFilter>) -> Answer<Listed<DueItem>, Listing> {
        let page = due::list(&who.read().await?, &query).await?;
        Ok(Listed::new(page, &query))
    }

    /// Count what is due
    ///
    /// How many items there are of each kind over the whole list: overdue, due within 30 days, and coming later. The most serious kind first.
    #[oai(path = "/due/counts", method = "get", operation_id = "count_due", transform = "boxed")]
    async fn counts(&self, who: By<InRegister<Viewer>>) -> Answer<Found<Vec<DueCount>>, Listing> {
        Ok(Found(due::counts(&who.read().await?).await?))
    }

    /// List what was settled
    ///
    /// What somebody has done about items of the list of what is due, with who, when and why. The newest first.
    #[oai(path = "/due/settled", method = "get", operation_id = "list_settled", transform = "boxed")]
    async fn settled(
        &self,
        who: By<InRegister<Viewer>>,
        query: Query<SettlementFilter>,
    ) -> Answer<Listed<Settlement>, Listing> {
        let page = settle::list(&who.read().await?, &query).await?;
        Ok(Listed::new(page, &query))
    }

    /// Settle something that is due
    ///
    /// `choice` is one of the item's `choices`: complete a review; keep, leave or renew a contract; let evidence, a contract, a key or a questionnaire go; note an action as done or a condition as met. To meet a condition needs the role `approver`, and whatever is about keys, secrets and questionnaires the role `admin`. An item without choices is done at what it follows from. What is kept or let go comes back when its day is another, such as when the contract has renewed itself, or when something new takes its place, such as newer evidence.
    #[oai(path = "/due/:id/settle", method = "post", operation_id = "settle_due", transform = "boxed")]
    async fn settle(
        &self,
        who: By<Editor>,
        id: At<DueItemId>,
        body: Body<Settling>,
        retry: Retry,
    ) -> Answer<Once<Changed<Settlement>>, Adding> {
        let settled = retry.once(&who, async |writer| Ok(Changed(settle::settle(writer, &id, body.0).await?))).await;
        who.keeping_refusal("due_item", id.as_str(), settled).await
    }
}
