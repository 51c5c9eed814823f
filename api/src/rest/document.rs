//! Bodies that are documents: questionnaires and translations, as JSON, YAML or CSV.

use poem::{Request, RequestBody};
use poem_openapi::registry::{MetaMediaType, MetaRequest, MetaSchema, MetaSchemaRef};
use schemars::JsonSchema;

use crate::{
    body::Cost,
    payload,
    problem::{Problem, Type},
    schema::{self, Side},
};

pub(super) const JSON: &str = "application/json";
pub(super) const YAML: &str = "application/yaml";
pub(super) const CSV: &str = "text/csv";

/// What the document says of such a body.
pub(super) fn meta<T: JsonSchema>(description: &'static str, kinds: &[&'static str]) -> MetaRequest {
    let schema = |kind: &str| {
        if kind == CSV {
            MetaSchemaRef::Inline(Box::new(MetaSchema::new("string")))
        } else {
            schema::reference::<T>(Side::Request)
        }
    };
    let content = kinds.iter().map(|kind| MetaMediaType { content_type: kind, schema: schema(kind) });
    MetaRequest { description: Some(description), content: content.collect(), required: true }
}

/// Which of `kinds` it is, and its text.
pub(super) async fn read(
    request: &Request,
    body: &mut RequestBody,
    kinds: &[&'static str],
) -> Result<(&'static str, String), Problem> {
    let kind = payload::expect_content_type(request, kinds)?;
    let bytes =
        payload::take(request, body, diligence_questionnaires::edition::MAX_DOCUMENT_BYTES, Cost::Document).await?;
    let text = std::str::from_utf8(&bytes).map_err(|_| Problem::new(Type::Malformed, "the body is not UTF-8"))?;
    Ok((kind, text.to_owned()))
}
