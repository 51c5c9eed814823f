//! The doors: REST and the command line. Translate in, call one operation, translate out.
//!
//! | Where | What |
//! |---|---|
//! | [`app`] | everything that is served, as one endpoint: for the server and for every test |
//! | [`rest`] | one file a noun; a handler opens, does, saves, answers |
//! | [`auth`] [`path`] [`query`] [`payload`] [`version`] [`retry`] | what a handler can ask for in its signature |
//! | [`answer`] [`problem`] `stream` | what it can answer |
//! | [`schema`] [`check`] [`json`] | one definition of each shape: shown in the document, checked at the door |
//! | [`document`] `docs` [`schemas`] | the OpenAPI document and the page to browse it; JSON Schemas for editors |
//! | [`middleware`] [`health`] | what every request goes through, and what is counted |
//! | [`config`] [`command`] | the command line |

pub mod answer;
pub mod auth;
pub mod check;
pub mod command;
pub mod config;
pub mod csv;
mod docs;
pub mod document;
pub mod health;
pub mod intake;
pub mod json;
pub mod middleware;
pub mod path;
pub mod payload;
pub mod problem;
pub mod query;
pub mod rest;
pub mod retry;
pub mod schema;
pub mod schemas;
mod stream;
pub mod tables;
pub mod version;

use diligence_entities::scope::Store;
use poem::{
    Endpoint, EndpointExt as _, IntoResponse as _, Request, Response, Route,
    endpoint::{make, make_sync},
    get, handler,
};
use poem_openapi::OpenApiService;

use crate::{
    config::Config,
    health::Metrics,
    middleware::Around,
    problem::{Problem, Type},
};

/// Where the API begins.
pub const ROOT: &str = "/api/v1";

/// Everything that is served.
pub fn app(store: Store, config: &Config) -> impl Endpoint<Output = Response> + 'static {
    let metrics = Metrics::default();
    let (ready_store, metrics_store, counted) = (store.clone(), store.clone(), metrics.clone());
    let ready = make(move |_: Request| {
        let store = ready_store.clone();
        async move { health::ready(&store).await }
    });
    let numbers = make_sync(move |_: Request| Response::builder().content_type("text/plain; version=0.0.4; charset=utf-8").body(counted.text(&metrics_store)));
    let route = Route::new()
        .at(format!("{ROOT}/openapi.json"), get(openapi))
        .nest(ROOT, OpenApiService::new(path::Named(rest::all()), "Diligence", "1"))
        .at("/health/live", get(make_sync(|_: Request| health::live())))
        .at("/health/ready", get(ready))
        .at("/metrics", get(numbers))
        .at("/schemas/:name", get(schemas::serve))
        .at("/problems/:name", get(explanation));
    Around { inner: docs::routes(route).data(store), metrics, timeout: config.request_timeout }
}

#[handler]
fn openapi() -> Response {
    match document::text() {
        Ok(text) => Response::builder().content_type("application/json; charset=utf-8").body(text),
        Err(faults) => Problem::internal(format!("the document is inconsistent: {}", faults.join("; "))).response(),
    }
}

#[handler]
fn explanation(poem::web::Path(name): poem::web::Path<String>) -> Response {
    match Type::ALL.into_iter().find(|kind| kind.name() == name) {
        Some(kind) => format!("{} ({})\n\n{}\n", kind.title(), kind.status(), kind.explanation()).into_response(),
        None => Problem::not_found().response(),
    }
}
