//! What is due.

use diligence_entities::due::{self, DueCounts, DueFilter, DueItem};
use poem_openapi::OpenApi;

use super::tag::Tag;
use crate::{
    answer::{Found, Listed},
    auth::{By, InRegister, Viewer},
    kept::kept,
    problem::{Answer, Listing},
    query::Query,
};

pub(crate) struct Api;

#[OpenApi(tag = "Tag::Due")]
impl Api {
    /// List what is due
    ///
    /// Everything that somebody must do by a day: reviews, contracts, evidence, decisions, conditions, actions, unanswered questionnaires, and what nobody has said yet; for administrators also keys and secrets that end. The earliest day first.
    #[oai(path = "/due", method = "get", operation_id = "list_due", transform = "kept")]
    async fn list(&self, who: By<InRegister<Viewer>>, query: Query<DueFilter>) -> Answer<Listed<DueItem>, Listing> {
        let page = due::list(&who.read().await?, &query).await?;
        Ok(Listed::new(page, &query))
    }

    /// Read how much is due
    ///
    /// How many items there are of each kind over the whole list: overdue, due within 30 days, and coming later. The most serious kind first.
    #[oai(path = "/due/counts", method = "get", operation_id = "read_due_counts", transform = "kept")]
    async fn counts(&self, who: By<InRegister<Viewer>>) -> Answer<Found<DueCounts>, Listing> {
        Ok(Found(due::counts(&who.read().await?).await?))
    }
}
