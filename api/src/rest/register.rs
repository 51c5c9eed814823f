//! The register view.

use diligence_entities::register::{self, RegisterEntry, RegisterFilter, Summary};
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

#[OpenApi(tag = "Tag::Register")]
impl Api {
    /// Read the register
    ///
    /// One line for each supplier and product, with tier, scores, rating, what caps it, decision, open risks, next review and certificates.
    #[oai(path = "/register", method = "get", operation_id = "list_register", transform = "kept")]
    async fn list(
        &self,
        who: By<InRegister<Viewer>>,
        query: Query<RegisterFilter>,
    ) -> Answer<Listed<RegisterEntry>, Listing> {
        let page = register::list(&who.read().await?, &query).await?;
        Ok(Listed::new(page, &query))
    }

    /// Read the summary
    ///
    /// Counts over the whole register, and the heat map of open risks.
    #[oai(path = "/register/summary", method = "get", operation_id = "read_summary", transform = "kept")]
    async fn summary(&self, who: By<InRegister<Viewer>>) -> Answer<Found<Summary>, Listing> {
        Ok(Found(register::summary(&who.read().await?).await?))
    }
}
