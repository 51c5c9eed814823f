//! Typed path parameters. One that cannot be an id is answered like one that is not there.

use std::{collections::HashMap, ops::Deref, str::FromStr};

use poem::{Endpoint, EndpointExt as _, Request, RequestBody, Response, endpoint::BoxEndpoint, http::Method};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions, OpenApi,
    registry::{MetaApi, MetaParamIn, MetaSchema, MetaSchemaRef, Registry},
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
    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        options: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let text = request
            .raw_path_param(options.name)
            .filter(|text| !text.is_empty() && text.len() <= MAXIMUM && !text.contains('\0'));
        Ok(Self(text.and_then(|text| text.parse().ok()).ok_or_else(Problem::not_found)?))
    }
}

/// Marks the requests of an operation without query parameters, for [`crate::auth`] to refuse any.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TakesNoQuery;

/// The operation that a request is for, by its id; for [`crate::auth`] to name it in the audit trail.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OperationName(pub(crate) &'static str);

/// An API whose routes keep the names of its parameters: poem-openapi numbers path parameters (`:param0`), which only
/// its own `Path` understands, and which says little in logs and metrics. And with a mark where no query is taken, and
/// each operation's name.
pub(crate) struct Named<A>(pub(crate) A);

/// An operation as an endpoint of one type, which each `transform` names: what poem-openapi wraps around it is then
/// checked and generated once, not once for each operation.
pub(crate) fn boxed(operation: impl Endpoint<Output = Response> + 'static) -> BoxEndpoint<'static> {
    operation.boxed()
}

type Routes = HashMap<String, HashMap<Method, BoxEndpoint<'static>>>;

impl<A: OpenApi> OpenApi for Named<A> {
    fn meta() -> Vec<MetaApi> {
        A::meta()
    }
    fn register(registry: &mut Registry) {
        A::register(registry);
    }
    fn add_routes(self, routes: &mut Routes) {
        let mut numbered = Routes::new();
        self.0.add_routes(&mut numbered);
        for path in A::meta().into_iter().flat_map(|api| api.paths) {
            let (named, number) = both(&path.path);
            if let Some(mut methods) = numbered.remove(&number) {
                for operation in &path.operations {
                    let Some(mut endpoint) = methods.remove(&operation.method) else { continue };
                    if !operation.params.iter().any(|parameter| parameter.in_type == MetaParamIn::Query) {
                        endpoint = endpoint.data(TakesNoQuery).boxed();
                    }
                    methods.insert(
                        operation.method.clone(),
                        endpoint.data(OperationName(operation.operation_id.unwrap_or("unknown"))).boxed(),
                    );
                }
                routes.entry(named).or_default().extend(methods);
            }
        }
        routes.extend(numbered);
    }
}

/// `/a/{id}/b/{key}` as `/a/:id/b/:key` and as `/a/:param0/b/:param1`.
fn both(path: &str) -> (String, String) {
    let (mut named, mut numbered, mut count) = (Vec::new(), Vec::new(), 0);
    for part in path.split('/') {
        match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            Some(name) => {
                named.push(format!(":{name}"));
                numbered.push(format!(":param{count}"));
                count += 1;
            }
            None => {
                named.push(part.to_owned());
                numbered.push(part.to_owned());
            }
        }
    }
    (named.join("/"), numbered.join("/"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn routes_keep_their_own_names() {
        assert_eq!(super::both("/a/{id}/b/{key}"), ("/a/:id/b/:key".to_owned(), "/a/:param0/b/:param1".to_owned()));
    }
}
