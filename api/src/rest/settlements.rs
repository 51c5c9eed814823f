//! Settlements: what somebody has done about something that was due.

use diligence_entities::{
    due::settlement::{self, NewSettlement, Settlement, SettlementFilter},
    id::SettlementId,
};
use poem_openapi::OpenApi;

use super::tag::Tag;
use crate::{
    answer::{Created, Item, Listed, Once},
    auth::{By, Editor, InRegister, Viewer},
    path::{At, boxed},
    payload::Body,
    problem::{Answer, Creating, Listing, Reading},
    query::Query,
    retry::Retry,
    version::IfNoneMatch,
};

pub(crate) struct Api;

#[OpenApi(tag = "Tag::Due")]
impl Api {
    /// List settlements
    ///
    /// What somebody has done about items of the list of what is due, with who, when and why. The newest first.
    #[oai(path = "/settlements", method = "get", operation_id = "list_settlements", transform = "boxed")]
    async fn list(
        &self,
        who: By<InRegister<Viewer>>,
        query: Query<SettlementFilter>,
    ) -> Answer<Listed<Settlement>, Listing> {
        let page = settlement::list(&who.read().await?, &query).await?;
        Ok(Listed::new(page, &query))
    }

    /// Settle something that is due
    ///
    /// `choice` is one of the item's `choices`: complete a review; keep, leave or renew a contract; let evidence, a contract, a key or a questionnaire go; note an action as done or a condition as met. To meet a condition needs the role `approver`, and whatever is about keys, secrets and questionnaires the role `admin`. An item without choices is done at what it follows from. What is kept or let go comes back when its day is another, such as when the contract has renewed itself, or when something new takes its place, such as newer evidence.
    #[oai(path = "/settlements", method = "post", operation_id = "create_settlement", transform = "boxed")]
    async fn create(
        &self,
        who: By<Editor>,
        body: Body<NewSettlement>,
        retry: Retry,
    ) -> Answer<Once<Created<Settlement>>, Creating> {
        let id = body.0.item_id.clone();
        let settled = retry
            .once(&who, async |writer| Ok(Created::new("settlements", settlement::create(writer, body.0).await?)))
            .await;
        who.keeping_refusal("due_item", id.as_str(), settled).await
    }

    /// Read a settlement
    #[oai(path = "/settlements/:id", method = "get", operation_id = "read_settlement", transform = "boxed")]
    async fn read(
        &self,
        who: By<InRegister<Viewer>>,
        id: At<SettlementId>,
        have: IfNoneMatch,
    ) -> Answer<Item<Settlement>, Reading> {
        Ok(Item::new(settlement::read(&who.read().await?, &id).await?, &have))
    }
}
