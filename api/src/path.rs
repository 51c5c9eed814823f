//! Typed path parameters. One that cannot be an id is answered like one that is not there.

use std::{ops::Deref, str::FromStr};

use poem::{Request, RequestBody};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaParamIn, MetaSchema, MetaSchemaRef},
};
use schemars::JsonSchema;
use serde_json::Value;

use crate::{
    problem::Problem,
    schema::{self, Side},
};

/// How long a path parameter may be, in bytes.
const MAXIMUM: usize = 200;

/// The path parameter of the argument's name, as an `I`: `id: At<SupplierId>`.
#[derive(Debug)]
pub struct At<I>(pub I);

impl<I> Deref for At<I> {
    type Target = I;
    fn deref(&self) -> &I {
        &self.0
    }
}

impl<'a, I: FromStr + JsonSchema + Send + 'static> ApiExtractor<'a> for At<I> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];
    const PARAM_IS_REQUIRED: bool = true;
    type ParamType = ();
    type ParamRawType = ();
    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Path)
    }
    fn param_schema_ref() -> Option<MetaSchemaRef> {
        let shape = schema::of::<I>(Side::Request);
        let schema = shape.resolve(&shape.schema);
        let text = |name: &str| schema.get(name).and_then(Value::as_str).map(str::to_owned);
        Some(MetaSchemaRef::Inline(Box::new(MetaSchema {
            pattern: text("pattern"),
            example: schema.get("example").cloned(),
            enum_items: schema.get("enum").and_then(Value::as_array).cloned().unwrap_or_default(),
            max_length: text("pattern").is_none().then_some(MAXIMUM),
            min_length: text("pattern").is_none().then_some(1),
            ..MetaSchema::new("string")
        })))
    }
    async fn from_request(request: &'a Request, _: &mut RequestBody, options: ExtractParamOptions<()>) -> poem::Result<Self> {
        let text = request.raw_path_param(options.name).filter(|text| !text.is_empty() && text.len() <= MAXIMUM && !text.contains('\0'));
        Ok(Self(text.and_then(|text| text.parse().ok()).ok_or_else(Problem::not_found)?))
    }
}
