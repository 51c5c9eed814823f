//! HTTP API, web pages and command line. Handlers translate; the rules live in `diligence_entities`.
//!
//! | Where | What |
//! |---|---|
//! | [`app`] | everything that is served, as one endpoint: for the server and for every test |
//! | [`rest`] | the API: one file a noun; a handler opens, does, saves, answers |
//! | [`respond`] | the respondents' surface, an API of its own |
//! | [`pages`] | for people with a browser |
//! | [`auth`] `cookie` `single_sign_on` `discovery` [`outbound`] [`path`] [`query`] [`payload`] [`version`] [`retry`] | what a handler can ask for in its signature |
//! | [`answer`] [`problem`] `stream` | what it can answer |
//! | `kept` | answers that are kept while nothing has changed |
//! | `import_draft` [`import_reader`] `bill_of_materials` [`list_reader`] [`archive`] [`csv`] [`tables`] [`calendar`] [`mail`] | files that come in and go out, and letters |
//! | `bulk` | what is done to many at once, from any door |
//! | [`schema`] [`check`] [`json`] | one definition of each shape: shown in the document, checked at the door |
//! | [`document`] [`schemas`] | the OpenAPI document; JSON Schemas for editors |
//! | [`middleware`] `trail` [`client`] [`limit`] [`health`] [`measurements`] `metrics_key` `compression` `below` `whole` | what every request goes through, and what is counted |
//! | [`address`] [`link`] | where the APIs begin, where we are, and where in ourselves a browser may be sent |
//! | `body` | how bodies are read: by whom, how much of them, and how much at a time |
//! | [`config`] [`command`] `server` `log` `redacted` | the command line, the connections it serves, where the log goes, and what is never said |

pub mod address;
pub mod answer;
pub mod archive;
pub mod auth;
mod below;
mod bill_of_materials;
mod body;
mod bulk;
pub mod calendar;
pub mod check;
pub mod client;
pub mod command;
mod compression;
pub mod config;
mod cookie;
pub mod csv;
mod discovery;
pub mod document;
pub mod health;
mod import_draft;
pub mod import_reader;
pub mod json;
mod kept;
pub mod limit;
pub mod link;
pub mod list_reader;
mod log;
pub mod mail;
pub mod measurements;
mod metrics_key;
pub mod middleware;
pub mod outbound;
pub mod pages;
pub mod path;
pub mod payload;
pub mod problem;
pub mod query;
mod redacted;
pub mod respond;
pub mod rest;
pub mod retry;
pub mod schema;
pub mod schemas;
mod server;
mod single_sign_on;
mod stream;
pub mod tables;
mod trail;
pub mod version;
mod whole;

use std::sync::{Arc, atomic::AtomicBool};

use diligence_entities::scope::Store;
use poem::{
    Endpoint, EndpointExt as _, IntoResponse as _, Request, Response, Route,
    endpoint::{make, make_sync},
    get, handler,
};
use poem_openapi::OpenApiService;

use crate::{
    address::{RESPONDENT_ROOT, ROOT},
    below::Below,
    body::Bodies,
    compression::Packing,
    config::Config,
    health::Metrics,
    limit::Limiter,
    mail::Mailer,
    middleware::Around,
    problem::{Problem, Type},
    whole::Whole,
};

/// Everything that is served. A handler finds the [`Config`] as `Data<&Arc<Config>>`, and the [`client::Client`] as
/// itself.
pub fn app(store: Store, config: &Config) -> impl Endpoint<Output = Response> + 'static {
    app_and_metrics(store, config).0
}

/// Everything that is served, and `/metrics` by itself for when it listens on its own address.
pub(crate) fn app_and_metrics(
    store: Store,
    config: &Config,
) -> (impl Endpoint<Output = Response> + 'static, impl Endpoint<Output = Response> + 'static) {
    let metrics = Metrics::default();
    let bodies = Bodies::default();
    let ready_store = store.clone();
    let ready = make(move |_: Request| {
        let store = ready_store.clone();
        async move { health::ready(&store).await }
    });
    let numbers = measurements::endpoint(&store, &metrics, &bodies, config);
    let apart = Route::new()
        .at("/metrics", get(numbers.clone()))
        .catch_all_error(|error: poem::Error| async move { Problem::of_framework(&error).response() });
    let route = Route::new()
        .at(format!("{ROOT}/openapi.json"), get(openapi))
        .nest(ROOT, OpenApiService::new(path::Named(rest::all()), "Diligence", "1"))
        .at(format!("{RESPONDENT_ROOT}/openapi.json"), get(respondent_openapi))
        .nest(RESPONDENT_ROOT, OpenApiService::new(path::Named(respond::all()), "Diligence for respondents", "1"))
        .at("/health/live", get(make_sync(|_: Request| health::live())))
        .at("/health/ready", get(ready))
        .at("/sign-in/:provider", get(single_sign_on::begin))
        .at("/sign-in/:provider/callback", get(single_sign_on::finish))
        .at("/schemas/:name", get(schemas::serve))
        .at("/problems/:name", get(explanation));
    let route = if config.metrics_listen.is_none() { route.at("/metrics", get(numbers)) } else { route };
    let limiter = Limiter::new(config.limits, store.clock());
    let config = Arc::new(config.clone());
    // `Config::resolve` has made sure that there is nothing wrong with it.
    let mailer = Mailer::new(config.smtp_url.as_deref(), config.smtp_from.as_deref()).unwrap_or_else(|fault| {
        tracing::error!(fault, "no e-mail is sent");
        Mailer::none()
    });
    let inner = pages::routes(route)
        .data(store)
        .data(mailer)
        .data(kept::Kept::default())
        .data(discovery::Discovered::new(&config))
        .data(Arc::clone(&config));
    let path = config.public_url.as_ref().map(|url| url.path().to_owned()).unwrap_or_default();
    let around = Around { inner, metrics, config, limiter, bodies, has_warned: AtomicBool::new(false) };
    // What is packed is text in which nothing can be put any more, and it is what is packed whose length is told.
    (Whole::new(Packing::new(Below::new(around, path))), apart)
}

#[handler]
fn openapi() -> Response {
    written(document::text())
}

#[handler]
fn respondent_openapi() -> Response {
    written(document::respondent_text())
}

fn written(document: Result<&'static str, &'static [String]>) -> Response {
    match document {
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
