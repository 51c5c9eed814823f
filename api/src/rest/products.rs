//! Products.

use diligence_entities::{
    audit::{self, AuditEvent, HistoryFilter},
    bill_of_materials::{self, BomQuery, BomReport},
    id::ProductId,
    merger,
    page::Versioned,
    product::{self, NewProduct, Product, ProductFilter},
    twin::{self, Twinned},
};
use poem_openapi::OpenApi;
use schemars::JsonSchema;
use serde::Serialize;

use super::tag::Tag;
use crate::{
    answer::{BomFile, Changed, Created, Done, Listed, Once},
    auth::{By, Editor, InRegister, Viewer},
    bill_of_materials::parse,
    kept::{kept, kept_row},
    path::{At, boxed},
    payload::{BOM_LIMIT, Body, Change, FileBody},
    problem::{Acting, Answer, Changing, Creating, Deleting, Following, Listing, Problem, Reading},
    query::Query,
    retry::Retry,
    version::IfMatch,
};

/// A new product, with those that are there already and may be the same.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct CreatedProduct {
    /// The product as it is read from now on.
    #[serde(flatten)]
    product: Product,
    /// Other products of this supplier of the same name but for capitals, marks and what says which kind of company it is: at most five, the oldest first; mostly none. Those of a name that is nearly the same are told by `GET /products/twins`.
    twins: Vec<Twinned>,
}

impl Versioned for CreatedProduct {
    fn id(&self) -> &str {
        self.product.id()
    }
    fn version(&self) -> i64 {
        self.product.version()
    }
}

pub(crate) struct Api;

#[OpenApi(tag = "Tag::Products")]
impl Api {
    /// List products
    ///
    /// A page of the products that match the filters, each with its rating.
    #[oai(path = "/products", method = "get", operation_id = "list_products", transform = "kept")]
    async fn list(&self, who: By<InRegister<Viewer>>, query: Query<ProductFilter>) -> Answer<Listed<Product>, Listing> {
        let page = product::list(&who.look().await?, &query).await?;
        Ok(Listed::new(page, &query))
    }

    /// Create a product
    ///
    /// Its use of AI is `unknown` until it is given; its rating is `unassessed` until it is assessed.
    #[oai(path = "/products", method = "post", operation_id = "create_product", transform = "boxed")]
    async fn create(
        &self,
        who: By<Editor>,
        body: Body<NewProduct>,
        retry: Retry,
    ) -> Answer<Once<Created<CreatedProduct>>, Creating> {
        retry
            .once(&who, async |writer| {
                let product = product::create(writer, body.0).await?;
                let twins = twin::namesakes_of_product(writer, &product).await?;
                Ok(Created::new("products", CreatedProduct { product, twins }))
            })
            .await
    }

    /// Read a product
    ///
    /// One that was merged into another answers 301 with where that is.
    #[oai(path = "/products/:id", method = "get", operation_id = "read_product", transform = "kept_row")]
    async fn read(&self, who: By<InRegister<Viewer>>, id: At<ProductId>) -> Answer<Changed<Product>, Following> {
        // No 304 here: the rating follows from other items, under the same version.
        let reader = who.look().await?;
        let product = product::read(&reader, &id).await;
        Ok(Changed(merger::followed(&reader, id.as_str(), product).await?))
    }

    /// Change a product
    ///
    /// A JSON merge patch: absent fields stay as they are, null clears, a list is replaced as a whole.
    #[oai(path = "/products/:id", method = "patch", operation_id = "change_product", transform = "boxed")]
    async fn change(
        &self,
        who: By<Editor>,
        id: At<ProductId>,
        version: IfMatch,
        change: Change<NewProduct>,
    ) -> Answer<Changed<Product>, Changing> {
        let writer = who.write().await?;
        let product = product::change(&writer, &id, version.0, change.0).await;
        let product = merger::followed(&writer, id.as_str(), product).await.map_err(Problem::of_item)?;
        writer.save().await?;
        Ok(Changed(product))
    }

    /// Import a bill of materials
    ///
    /// Fills the AI profile with what the maker of a model says in a CycloneDX document (1.5 to 1.7, JSON): the model, its version and provider, what it is for, what it was trained on, its limits, ethical considerations and energy. What is said in the profile already stays, unless `overwrite=true`; what differs is listed. What comes from the document is marked as the maker's word in `profile_sources`, until somebody changes it. Where the document has several models, `component` says which is meant. With `dry_run=true` nothing is changed. At most 5 MiB.
    #[oai(
        path = "/products/:id/bill-of-materials",
        method = "post",
        operation_id = "import_bill_of_materials",
        transform = "boxed"
    )]
    async fn import_bill_of_materials(
        &self,
        who: By<Editor>,
        query: Query<BomQuery>,
        id: At<ProductId>,
        version: IfMatch,
        body: FileBody<BomFile, BOM_LIMIT, true>,
        retry: Retry,
    ) -> Answer<Once<Changed<BomReport>>, Changing> {
        let document = parse(&body.bytes)?;
        retry
            .once(&who, async |writer| {
                Ok(Changed(bill_of_materials::bring_in(writer, &id, version.0, &document, &query).await?))
            })
            .await
    }

    /// Archive a product
    ///
    /// It no longer counts in figures and has nothing due. All its records are kept.
    #[oai(path = "/products/:id/archive", method = "post", operation_id = "archive_product", transform = "boxed")]
    async fn archive(
        &self,
        who: By<Editor>,
        id: At<ProductId>,
        version: IfMatch,
        retry: Retry,
    ) -> Answer<Once<Changed<Product>>, Acting> {
        retry.once(&who, async |writer| Ok(Changed(product::archive(writer, &id, version.0).await?))).await
    }

    /// Restore an archived product
    ///
    /// Its status becomes active again.
    #[oai(path = "/products/:id/restore", method = "post", operation_id = "restore_product", transform = "boxed")]
    async fn restore(
        &self,
        who: By<Editor>,
        id: At<ProductId>,
        version: IfMatch,
        retry: Retry,
    ) -> Answer<Once<Changed<Product>>, Acting> {
        retry.once(&who, async |writer| Ok(Changed(product::restore(writer, &id, version.0).await?))).await
    }

    /// Delete a product
    ///
    /// Only possible when no other records refer to it; otherwise archive it.
    #[oai(path = "/products/:id", method = "delete", operation_id = "delete_product", transform = "boxed")]
    async fn delete(&self, who: By<Editor>, id: At<ProductId>, version: IfMatch) -> Answer<Done, Deleting> {
        let writer = who.write().await?;
        let deleted = product::delete(&writer, &id, version.0).await;
        merger::followed(&writer, id.as_str(), deleted).await.map_err(Problem::of_item)?;
        writer.save().await?;
        Ok(Done)
    }

    /// List a product's history
    ///
    /// Who changed what and when, for the product and all records that belong to it: evidence, assessments and answers, decisions, risks, reviews, dependencies, incidents. Newest first, each with the values before and after. The history is kept when the product is deleted.
    #[oai(path = "/products/:id/history", method = "get", operation_id = "list_product_history", transform = "boxed")]
    async fn history(
        &self,
        who: By<Viewer>,
        query: Query<HistoryFilter>,
        id: At<ProductId>,
    ) -> Answer<Listed<AuditEvent>, Reading> {
        let page = audit::product_history(&who.read().await?, &id, &query).await?;
        Ok(Listed::new(page, &query))
    }
}
