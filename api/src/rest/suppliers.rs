//! Suppliers.

use diligence_entities::{
    audit::{self, AuditEvent, HistoryFilter},
    id::SupplierId,
    merger,
    page::Versioned,
    supplier::{self, NewSupplier, Supplier, SupplierFilter},
    twin::{self, Twinned},
};
use poem_openapi::OpenApi;
use schemars::JsonSchema;
use serde::Serialize;

use super::tag::Tag;
use crate::{
    answer::{Changed, Created, Done, Listed, Once},
    auth::{By, Editor, InRegister, Viewer},
    kept::{kept, kept_row},
    path::{At, boxed},
    payload::{Body, Change},
    problem::{Acting, Answer, Changing, Creating, Deleting, Following, Listing, Problem, Reading},
    query::Query,
    retry::Retry,
    version::IfMatch,
};

/// A new supplier, with those that are there already and may be the same.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct CreatedSupplier {
    /// The supplier as it is read from now on.
    #[serde(flatten)]
    supplier: Supplier,
    /// Other suppliers of the same name but for capitals, marks and what says which kind of company it is: at most five, the oldest first; mostly none. Those of a name that is nearly the same are told by `GET /suppliers/twins`.
    twins: Vec<Twinned>,
}

impl Versioned for CreatedSupplier {
    fn id(&self) -> &str {
        self.supplier.id()
    }
    fn version(&self) -> i64 {
        self.supplier.version()
    }
}

pub(crate) struct Api;

#[OpenApi(tag = "Tag::Suppliers")]
impl Api {
    /// List suppliers
    ///
    /// A page of the suppliers that match the filters, each with its tier and rating.
    #[oai(path = "/suppliers", method = "get", operation_id = "list_suppliers", transform = "kept")]
    async fn list(
        &self,
        who: By<InRegister<Viewer>>,
        query: Query<SupplierFilter>,
    ) -> Answer<Listed<Supplier>, Listing> {
        let page = supplier::list(&who.look().await?, &query).await?;
        Ok(Listed::new(page, &query))
    }

    /// Create a supplier
    ///
    /// Its tier is derived from the profile of the relationship, and is `unknown` until the profile is given; its rating is `unassessed` until it is assessed.
    #[oai(path = "/suppliers", method = "post", operation_id = "create_supplier", transform = "boxed")]
    async fn create(
        &self,
        who: By<Editor>,
        body: Body<NewSupplier>,
        retry: Retry,
    ) -> Answer<Once<Created<CreatedSupplier>>, Creating> {
        retry
            .once(&who, async |writer| {
                let supplier = supplier::create(writer, body.0).await?;
                let twins = twin::namesakes_of_supplier(writer, &supplier).await?;
                Ok(Created::new("suppliers", CreatedSupplier { supplier, twins }))
            })
            .await
    }

    /// Read a supplier
    ///
    /// One that was merged into another answers 301 with where that is.
    #[oai(path = "/suppliers/:id", method = "get", operation_id = "read_supplier", transform = "kept_row")]
    async fn read(&self, who: By<InRegister<Viewer>>, id: At<SupplierId>) -> Answer<Changed<Supplier>, Following> {
        // No 304 here: the rating follows from other items, under the same version.
        let reader = who.look().await?;
        let supplier = supplier::read(&reader, &id).await;
        Ok(Changed(merger::followed(&reader, id.as_str(), supplier).await?))
    }

    /// Change a supplier
    ///
    /// A JSON merge patch: absent fields stay as they are, null clears, a list is replaced as a whole.
    #[oai(path = "/suppliers/:id", method = "patch", operation_id = "change_supplier", transform = "boxed")]
    async fn change(
        &self,
        who: By<Editor>,
        id: At<SupplierId>,
        version: IfMatch,
        change: Change<NewSupplier>,
    ) -> Answer<Changed<Supplier>, Changing> {
        let writer = who.write().await?;
        let supplier = supplier::change(&writer, &id, version.0, change.0).await;
        let supplier = merger::followed(&writer, id.as_str(), supplier).await.map_err(Problem::of_item)?;
        writer.save().await?;
        Ok(Changed(supplier))
    }

    /// Archive a supplier
    ///
    /// It and its products no longer count in figures and have nothing due. All their records are kept.
    #[oai(path = "/suppliers/:id/archive", method = "post", operation_id = "archive_supplier", transform = "boxed")]
    async fn archive(
        &self,
        who: By<Editor>,
        id: At<SupplierId>,
        version: IfMatch,
        retry: Retry,
    ) -> Answer<Once<Changed<Supplier>>, Acting> {
        retry.once(&who, async |writer| Ok(Changed(supplier::archive(writer, &id, version.0).await?))).await
    }

    /// Restore an archived supplier
    ///
    /// Its status becomes active again.
    #[oai(path = "/suppliers/:id/restore", method = "post", operation_id = "restore_supplier", transform = "boxed")]
    async fn restore(
        &self,
        who: By<Editor>,
        id: At<SupplierId>,
        version: IfMatch,
        retry: Retry,
    ) -> Answer<Once<Changed<Supplier>>, Acting> {
        retry.once(&who, async |writer| Ok(Changed(supplier::restore(writer, &id, version.0).await?))).await
    }

    /// Delete a supplier
    ///
    /// Only possible when no other records refer to it; otherwise archive it.
    #[oai(path = "/suppliers/:id", method = "delete", operation_id = "delete_supplier", transform = "boxed")]
    async fn delete(&self, who: By<Editor>, id: At<SupplierId>, version: IfMatch) -> Answer<Done, Deleting> {
        let writer = who.write().await?;
        let deleted = supplier::delete(&writer, &id, version.0).await;
        merger::followed(&writer, id.as_str(), deleted).await.map_err(Problem::of_item)?;
        writer.save().await?;
        Ok(Done)
    }

    /// List a supplier's history
    ///
    /// Who changed what and when, for the supplier and all records that belong to it: products, evidence, assessments and answers, decisions, risks, reviews, dependencies, incidents. Newest first, each with the values before and after. The history is kept when the supplier is deleted.
    #[oai(path = "/suppliers/:id/history", method = "get", operation_id = "list_supplier_history", transform = "boxed")]
    async fn history(
        &self,
        who: By<Viewer>,
        query: Query<HistoryFilter>,
        id: At<SupplierId>,
    ) -> Answer<Listed<AuditEvent>, Reading> {
        let page = audit::supplier_history(&who.read().await?, &id, &query).await?;
        Ok(Listed::new(page, &query))
    }
}
