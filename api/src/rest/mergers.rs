//! Mergers of two suppliers or products into one, and twins: two that may be one.

use diligence_entities::{
    id::{MergerId, ProductId, SubjectId, SupplierId},
    merger::{self, Merger, MergerFilter, MergerPlan, NewMerger},
    twin::{self, ProductTwinQuery, SupplierTwinQuery, ToldApart, Twin, TwinFilter, TwinsFound},
};
use poem_openapi::OpenApi;

use super::tag::Tag;
use crate::{
    answer::{Changed, Created, Found, Item, Listed, Once},
    auth::{Approver, By, Editor, InRegister, Viewer},
    path::{At, boxed},
    payload::Body,
    problem::{Acting, Answer, Asking, Changing, Creating, Listing, Reading},
    query::Query,
    retry::Retry,
    version::{IfMatch, IfNoneMatch},
};

pub(crate) struct Api;

#[OpenApi(tag = "Tag::Mergers")]
impl Api {
    /// Find suppliers that a new one may be
    ///
    /// Those that hold the identifier, and those of the same or nearly the same name, at most five, the likeliest first: ask before you create a supplier. Names are compared without capitals, marks, `Ltd`, `Limited` and `plc`.
    #[oai(path = "/suppliers/twins", method = "get", operation_id = "read_supplier_twins", transform = "boxed")]
    async fn of_supplier(
        &self,
        who: By<InRegister<Viewer>>,
        query: Query<SupplierTwinQuery>,
    ) -> Answer<Found<TwinsFound>, Listing> {
        Ok(Found(TwinsFound { twins: twin::of_supplier(&who.read().await?, &query).await? }))
    }

    /// Find products that a new one may be
    ///
    /// Those of the supplier that have the same or nearly the same name, at most five, the likeliest first.
    #[oai(path = "/products/twins", method = "get", operation_id = "read_product_twins", transform = "boxed")]
    async fn of_product(
        &self,
        who: By<InRegister<Viewer>>,
        query: Query<ProductTwinQuery>,
    ) -> Answer<Found<TwinsFound>, Listing> {
        Ok(Found(TwinsFound { twins: twin::of_product(&who.read().await?, &query).await? }))
    }

    /// List twins
    ///
    /// Pairs of suppliers, or of products of one supplier, that have the same or nearly the same name and that nobody has told apart. A page of a large register may have fewer pairs than asked for, even none, and a `next`.
    #[oai(path = "/twins", method = "get", operation_id = "list_twins", transform = "boxed")]
    async fn twins(&self, who: By<InRegister<Viewer>>, query: Query<TwinFilter>) -> Answer<Listed<Twin>, Listing> {
        let page = twin::list(&who.read().await?, &query).await?;
        Ok(Listed::new(page, &query))
    }

    /// Tell twins apart
    ///
    /// They are two, though they are called alike: the pair is kept, and not listed again.
    #[oai(path = "/twins/apart", method = "post", operation_id = "tell_twins_apart", transform = "boxed")]
    async fn tell_apart(
        &self,
        who: By<Editor>,
        body: Body<ToldApart>,
        retry: Retry,
    ) -> Answer<Once<Found<ToldApart>>, Creating> {
        retry
            .once(&who, async |writer| {
                twin::tell_apart(writer, &body.0).await?;
                Ok(Found(body.0.clone()))
            })
            .await
    }

    /// List mergers
    ///
    /// Which supplier or product went into which, the newest first. With `updated_since` a copy of the register learns what is one with another by now, and what is two again.
    #[oai(path = "/mergers", method = "get", operation_id = "list_mergers", transform = "boxed")]
    async fn list(&self, who: By<InRegister<Viewer>>, query: Query<MergerFilter>) -> Answer<Listed<Merger>, Listing> {
        let page = merger::list(&who.read().await?, &query).await?;
        Ok(Listed::new(page, &query))
    }

    /// Read a merger
    #[oai(path = "/mergers/:id", method = "get", operation_id = "read_merger", transform = "boxed")]
    async fn read(
        &self,
        who: By<InRegister<Viewer>>,
        id: At<MergerId>,
        have: IfNoneMatch,
    ) -> Answer<Item<Merger>, Reading> {
        Ok(Item::new(merger::read(&who.read().await?, &id).await?, &have))
    }

    /// See what merging two suppliers would do
    ///
    /// The fields in which they differ and what would be said, what would go over, and what else would come of it. Nothing is changed.
    #[oai(
        path = "/suppliers/:id/merge-plan",
        method = "post",
        operation_id = "plan_supplier_merger",
        transform = "boxed"
    )]
    async fn plan_suppliers(
        &self,
        who: By<Viewer>,
        id: At<SupplierId>,
        body: Body<NewMerger>,
    ) -> Answer<Found<MergerPlan>, Asking> {
        let kept = SubjectId::Supplier(id.0.clone());
        Ok(Found(merger::plan(&who.read().await?, &kept, &body.0).await?))
    }

    /// Merge two suppliers
    ///
    /// The supplier of this address is kept, at the version in `If-Match`; the other goes into it. Everything that hangs on the other goes over: products, evidence, assessments with answers and links, decisions, risks, reviews, incidents, dependencies, and what was settled. Lists are put together; where the two say different things, `choices` says whose words stay, the kept one's if not said. What follows is derived anew. The other's address answers 301 from then on. For 30 days it can be undone.
    #[oai(path = "/suppliers/:id/merge", method = "post", operation_id = "merge_suppliers", transform = "boxed")]
    async fn merge_suppliers(
        &self,
        who: By<Approver>,
        id: At<SupplierId>,
        version: IfMatch,
        body: Body<NewMerger>,
        retry: Retry,
    ) -> Answer<Once<Created<Merger>>, Changing> {
        let kept = SubjectId::Supplier(id.0.clone());
        retry
            .once(&who, async |writer| {
                Ok(Created::new("mergers", merger::merge(writer, &kept, version.0, &body.0).await?))
            })
            .await
    }

    /// See what merging two products would do
    ///
    /// As for two suppliers. Nothing is changed.
    #[oai(
        path = "/products/:id/merge-plan",
        method = "post",
        operation_id = "plan_product_merger",
        transform = "boxed"
    )]
    async fn plan_products(
        &self,
        who: By<Viewer>,
        id: At<ProductId>,
        body: Body<NewMerger>,
    ) -> Answer<Found<MergerPlan>, Asking> {
        let kept = SubjectId::Product(id.0.clone());
        Ok(Found(merger::plan(&who.read().await?, &kept, &body.0).await?))
    }

    /// Merge two products
    ///
    /// Two products of one supplier, as two suppliers are merged.
    #[oai(path = "/products/:id/merge", method = "post", operation_id = "merge_products", transform = "boxed")]
    async fn merge_products(
        &self,
        who: By<Approver>,
        id: At<ProductId>,
        version: IfMatch,
        body: Body<NewMerger>,
        retry: Retry,
    ) -> Answer<Once<Created<Merger>>, Changing> {
        let kept = SubjectId::Product(id.0.clone());
        retry
            .once(&who, async |writer| {
                Ok(Created::new("mergers", merger::merge(writer, &kept, version.0, &body.0).await?))
            })
            .await
    }

    /// Undo a merger
    ///
    /// What went over and is still there goes back, and the other is there again as it was, with its id. What was changed after the merger stays with the one that was kept, and `notes` says so. Refused after 30 days, or where the one that was kept is gone, or an identifier of the other is another supplier's by now.
    #[oai(path = "/mergers/:id/undo", method = "post", operation_id = "undo_merger", transform = "boxed")]
    async fn undo(
        &self,
        who: By<Approver>,
        id: At<MergerId>,
        version: IfMatch,
        retry: Retry,
    ) -> Answer<Once<Changed<Merger>>, Acting> {
        retry.once(&who, async |writer| Ok(Changed(merger::undo(writer, &id, version.0).await?))).await
    }
}
