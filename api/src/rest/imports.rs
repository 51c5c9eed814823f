//! Imports: many suppliers or products at once, all or none.

use std::sync::Arc;

use diligence_entities::{
    error::Error,
    fault::Fault,
    recipe::{self, Recipe},
};
use poem::{Request, RequestBody};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions, OpenApi,
    registry::{MetaMediaType, MetaRequest, Registry},
};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use validator::Validate;

use super::tag::Tag;
use crate::{
    answer::{Found, Once},
    auth::{By, Editor, Importing, Writes},
    body::{Cost, Spooled},
    import_reader::{self, ImportQuery, ImportReport, Intake, JsonRows, Noun, ProductImport, SupplierImport},
    path::boxed,
    payload::{self, FILE_LIMIT, IMPORT_LIMIT},
    problem::{Answer, Creating, Problem, Type},
    query::Query,
    retry::Retry,
    schema::{self, Side},
    trail::Trail,
};

pub(crate) struct Api;

#[OpenApi]
impl Api {
    /// Import suppliers
    ///
    /// All rows or none, about at most 20,000 suppliers, from JSON or from a file of at most 256 MiB (CSV, TSV, JSON lines, XLSX, XLSB, XLS or ODS, in any common encoding). A file of our own has the columns of `GET /suppliers.csv`, any of them in any order. A row is matched to a supplier by `id`, else by any of its identifiers, else by its name as people compare names; otherwise it creates one. Absent columns or fields are unchanged; an empty cell, or null, clears. Derived columns (`tier`, `tier_reason`, `rating`, `version`, `created_at`, `updated_at`) are ignored.
    ///
    /// `identifiers:SCHEME` adds an identifier of that scheme, `identifiers:GB-NHS|LOCAL` of the first scheme in which it is valid; `evidence.KIND.FIELD`, such as `evidence.dspt.statement`, adds or changes a piece of evidence; `contacts.FIELD` and `contracts.FIELD` a contact and a contract; `last_review_on` and `next_review_on` say when it was, and is to be, looked at.
    ///
    /// A file has an operation of its own: `POST /imports`, which keeps it as a draft with a dry run, until it is applied. This address takes a file too, as the whole body and with its own `Content-Type` (`text/csv`, `application/x-ndjson`, that of a workbook, or `application/octet-stream` for any of these); the document lists only JSON here, so that a client which is made from it sends one thing.
    ///
    /// **A file of anybody else** is read by a recipe: `recipe` names one that is kept or comes with the program, and `map`, `where`, `dates`, `sheet`, `header`, `encoding` and `clears` are short for one. Then only mapped columns count; rows about the same are put together; an empty cell, or a word for nothing such as `N/A`, says nothing. What is not said is found in the file and told in `recognised`. What cannot be told from it is asked: each of `questions` is answered in `answers`, and nothing is imported before all are.
    ///
    /// With `dry_run=true` nothing is changed and the result of every row is reported, with its errors and questions; without it, any error or open question refuses the whole import.
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
    /// All rows or none, about at most 20,000 products, from JSON or from a file of at most 256 MiB (CSV, TSV, JSON lines, XLSX, XLSB, XLS or ODS, in any common encoding). A file of our own has the columns of `GET /products.csv`, any of them in any order. A row is matched to a product by `id`, else by supplier and name as people compare names; otherwise it creates one. The supplier is given by `supplier_id`, `supplier_identifier` (`GB-NHS:8K417`), or `supplier_name` if only one supplier has that name. Absent columns or fields are unchanged; an empty cell, or null, clears. Derived columns (`rating`, `version`, `created_at`, `updated_at`) are ignored.
    ///
    /// A file has an operation of its own: `POST /imports`, which keeps it as a draft with a dry run, until it is applied. This address takes a file too, as the whole body and with its own `Content-Type` (`text/csv`, `application/x-ndjson`, that of a workbook, or `application/octet-stream` for any of these); the document lists only JSON here, so that a client which is made from it sends one thing.
    ///
    /// **A file of anybody else** is read by a recipe: `recipe` names one that is kept or comes with the program, and `map`, `where`, `dates`, `sheet`, `header`, `encoding` and `clears` are short for one. Then only mapped columns count; rows about the same are put together; an empty cell, or a word for nothing such as `N/A`, says nothing. What is not said is found in the file and told in `recognised`. What cannot be told from it is asked: each of `questions` is answered in `answers`, and nothing is imported before all are.
    ///
    /// With `dry_run=true` nothing is changed and the result of every row is reported, with its errors and questions; without it, any error or open question refuses the whole import.
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

pub(super) async fn import<R: JsonRows, W: Writes>(
    who: &By<W>,
    query: &ImportQuery,
    body: Upload<R>,
    retry: Retry,
) -> Answer<Once<Found<ImportReport>>, Creating> {
    let intake = match body {
        Upload::File(file, charset) => {
            let recipe = recipe(who, query, R::NOUN, charset).await?;
            let answers = import_reader::answers(query.answers.as_deref()).map_err(Problem::invalid)?;
            let dry_run = query.dry_run == Some(true);
            // Reading a large file is work: other requests need this thread.
            tokio::task::spawn_blocking(move || Intake::of_file(R::NOUN, &*file, Some(&recipe), &answers, dry_run))
                .await
                .map_err(Problem::internal)?
                .map_err(|problem| query.told(problem))?
        }
        Upload::Rows(rows) => Intake::of_rows(rows, query)?,
    };
    retry
        .once_ahead(who, intake, async |intake, plan, writer| Ok(Found(intake.run(plan, writer).await?.accepted()?)))
        .await
}

/// The recipe that `?recipe` names, if it names one.
pub(super) async fn named_recipe<R>(who: &By<R>, key: Option<&str>) -> Result<Option<Recipe>, Problem> {
    let Some(key) = key else { return Ok(None) };
    match recipe::resolve(&who.read().await?, key).await {
        Err(Error::NotFound) => {
            let detail = format!("there is no recipe {key:?} here, nor one that comes with the program");
            Err(Problem::invalid(vec![Fault::new("?recipe", "unknown_recipe", detail)]))
        }
        found => Ok(Some(found?)),
    }
}

/// The recipe that the query is short for, and the one it names.
async fn recipe<W: Writes>(
    who: &By<W>,
    query: &ImportQuery,
    noun: Noun,
    charset: Option<String>,
) -> Result<Recipe, Problem> {
    let named = named_recipe(who, query.recipe.as_deref()).await?;
    let mut recipe = query.recipe(noun, named).map_err(Problem::invalid)?;
    // What clients say by themselves, whatever the file is, is only a hint; anything else was meant.
    let is_said = |label: &String| !label.eq_ignore_ascii_case("utf-8") && !label.eq_ignore_ascii_case("utf8");
    recipe.file.encoding = recipe.file.encoding.or(charset.filter(is_said));
    Ok(recipe)
}

/// What is imported: a file, with the charset that was said of it, or rows as JSON.
#[derive(Debug)]
pub(crate) enum Upload<R> {
    File(Arc<Spooled>, Option<String>),
    Rows(R),
}

const CSV: &str = "text/csv";
const JSON: &str = "application/json";
const JSON_LINES: &str = "application/x-ndjson";
const BYTES: &str = "application/octet-stream";
const WORKBOOK: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
/// Other kinds of files. What a file really is, it says itself.
const MORE: [&str; 10] = [
    "text/tab-separated-values",
    "application/jsonl",
    "application/x-jsonlines",
    "application/json-seq",
    "application/vnd.ms-excel",
    "application/vnd.ms-excel.sheet.binary.macroenabled.12",
    "application/vnd.oasis.opendocument.spreadsheet",
    "application/csv",
    "text/comma-separated-values",
    "text/json",
];

/// Whether the query says how a file becomes rows: then JSON is somebody else's file, and not rows of ours.
fn is_by_recipe(request: &Request) -> bool {
    let query = request.data::<Trail>().and_then(|trail| trail.address.query()).unwrap_or_default();
    form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "map" || name == "recipe")
}

impl<'a, R: DeserializeOwned + JsonSchema + Validate + Send + 'static> ApiExtractor<'a> for Upload<R> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();
    fn register(registry: &mut Registry) {
        schema::register::<R>(Side::Request, registry);
    }
    fn request_meta() -> Option<MetaRequest> {
        // One kind: what makes clients out of the document cannot tell several apart. A file is `POST /imports`.
        let content = vec![MetaMediaType { content_type: JSON, schema: schema::reference::<R>(Side::Request) }];
        Some(MetaRequest { description: None, content, required: true })
    }
    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let (essence, charset) = payload::content_type(request);
        if essence == JSON && !is_by_recipe(request) {
            payload::expect_content_type(request, &[JSON])?;
            let value = payload::parse(&payload::take(request, body, IMPORT_LIMIT, Cost::List).await?)?;
            let rows: Result<R, Problem> = payload::accept(value);
            return Ok(Self::Rows(rows?));
        }
        let is_file = [CSV, JSON, JSON_LINES, WORKBOOK, BYTES].iter().chain(&MORE).any(|known| essence == *known);
        if !is_file {
            let detail = format!(
                "expected the Content-Type {CSV}, {JSON}, {JSON_LINES}, that of a workbook, or {BYTES} for any of these"
            );
            return Err(Problem::new(Type::UnsupportedMediaType, detail).into());
        }
        Ok(Self::File(payload::take_file(request, body, FILE_LIMIT).await?, charset))
    }
}
