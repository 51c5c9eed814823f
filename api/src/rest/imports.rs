//! Imports: many suppliers or products at once, all or none.

use bytes::Bytes;
use poem::{Request, RequestBody};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions, OpenApi,
    registry::{MetaMediaType, MetaRequest, MetaSchema, MetaSchemaRef, Registry},
};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use validator::Validate;

use super::tag::Tag;
use crate::{
    answer::{Found, Once},
    auth::{By, Editor, Importing},
    body::Cost,
    import_reader::{ImportQuery, ImportReport, Intake, JsonRows, ProductImport, SupplierImport},
    path::boxed,
    payload::{self, IMPORT_LIMIT},
    problem::{Answer, Creating, Problem},
    query::Query,
    retry::Retry,
    schema::{self, Side},
};

pub(crate) struct Api;

#[OpenApi]
impl Api {
    /// Import suppliers
    ///
    /// All rows or none, at most 20,000, from CSV (the columns of `GET /suppliers.csv`, any of them in any order, named in the first line) or from JSON. A row is matched to a supplier by `id`, else by any of its identifiers; otherwise it creates one. Absent columns or fields are unchanged; an empty cell, or null, clears. Derived columns (`tier`, `tier_reason`, `rating`, `version`, `created_at`, `updated_at`) are ignored.
    ///
    /// In CSV, `identifiers:SCHEME` adds an identifier of that scheme, `identifiers:GB-NHS|LOCAL` of the first scheme in which it is valid, and `evidence.KIND.FIELD`, such as `evidence.dspt.statement`, adds or changes a piece of evidence. `map`, `where` and `dates` adapt files with other columns.
    ///
    /// With `dry_run=true` nothing is changed and the result of every row is reported, with its errors; without it, any error refuses the whole import.
    #[oai(
        path = "/suppliers/import",
        method = "post",
        operation_id = "import_suppliers",
        transform = "boxed",
        tag = "Tag::Suppliers"
    )]
    async fn suppliers(
        &self,
        who: By<Importing<Editor>>,
        query: Query<ImportQuery>,
        body: Upload<SupplierImport>,
        retry: Retry,
    ) -> Answer<Once<Found<ImportReport>>, Creating> {
        import(&who, &query, body, retry).await
    }

    /// Import products
    ///
    /// All rows or none, at most 20,000, from CSV (the columns of `GET /products.csv`, any of them in any order, named in the first line) or from JSON. A row is matched to a product by `id`, else by supplier and exact name; otherwise it creates one. The supplier is given by `supplier_id`, `supplier_identifier` (`GB-NHS:8K417`), or `supplier_name` if only one supplier has that name. Absent columns or fields are unchanged; an empty cell, or null, clears. Derived columns (`rating`, `version`, `created_at`, `updated_at`) are ignored.
    ///
    /// `map`, `where` and `dates` adapt CSV files with other columns. With `dry_run=true` nothing is changed and the result of every row is reported, with its errors; without it, any error refuses the whole import.
    #[oai(
        path = "/products/import",
        method = "post",
        operation_id = "import_products",
        transform = "boxed",
        tag = "Tag::Products"
    )]
    async fn products(
        &self,
        who: By<Importing<Editor>>,
        query: Query<ImportQuery>,
        body: Upload<ProductImport>,
        retry: Retry,
    ) -> Answer<Once<Found<ImportReport>>, Creating> {
        import(&who, &query, body, retry).await
    }
}

async fn import<R: JsonRows>(
    who: &By<Importing<Editor>>,
    query: &ImportQuery,
    body: Upload<R>,
    retry: Retry,
) -> Answer<Once<Found<ImportReport>>, Creating> {
    let intake = match body {
        Upload::File(bytes) => {
            let query = query.clone();
            // Reading a large file is work: other requests need this thread.
            tokio::task::spawn_blocking(move || Intake::of_file(R::NOUN, &bytes, &query))
                .await
                .map_err(Problem::internal)??
        }
        Upload::Rows(rows) => Intake::of_rows(rows, query)?,
    };
    retry
        .once_ahead(who, intake, async |intake, plan, writer| Ok(Found(intake.run(plan, writer).await?.accepted()?)))
        .await
}

/// What is imported: a CSV file, or rows as JSON.
#[derive(Debug)]
pub(crate) enum Upload<R> {
    File(Bytes),
    Rows(R),
}

const CSV: &str = "text/csv";
const JSON: &str = "application/json";

impl<'a, R: DeserializeOwned + JsonSchema + Validate + Send + 'static> ApiExtractor<'a> for Upload<R> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();
    fn register(registry: &mut Registry) {
        schema::register::<R>(Side::Request, registry);
    }
    fn request_meta() -> Option<MetaRequest> {
        let csv =
            MetaMediaType { content_type: CSV, schema: MetaSchemaRef::Inline(Box::new(MetaSchema::new("string"))) };
        let json = MetaMediaType { content_type: JSON, schema: schema::reference::<R>(Side::Request) };
        Some(MetaRequest { description: None, content: vec![csv, json], required: true })
    }
    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        if payload::expect_content_type(request, &[CSV, JSON])? == CSV {
            return Ok(Self::File(payload::take(request, body, IMPORT_LIMIT, Cost::List).await?));
        }
        let value = payload::parse(&payload::take(request, body, IMPORT_LIMIT, Cost::List).await?)?;
        let rows: Result<R, Problem> = payload::accept(value);
        Ok(Self::Rows(rows?))
    }
}
