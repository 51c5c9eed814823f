//! `/metrics`: where it is served, and for whom.

use diligence_entities::scope::Store;
use poem::{Endpoint, Request, Response, endpoint::make_sync};

use crate::{
    body::Bodies,
    config::Config,
    health::Metrics,
    problem::{Problem, Type},
};

/// `GET /metrics`: what was measured, in Prometheus' text format.
pub(crate) fn endpoint(
    store: &Store,
    metrics: &Metrics,
    bodies: &Bodies,
    config: &Config,
) -> impl Endpoint<Output = Response> + Clone + 'static {
    let (store, metrics, bodies, key) = (store.clone(), metrics.clone(), bodies.clone(), config.metrics_key.clone());
    let endpoint = make_sync(move |request: Request| {
        if key.as_ref().is_some_and(|key| !key.is_in(&request)) {
            return Problem::new(Type::Unauthenticated, "send the key of metrics_key_file: Authorization: Bearer KEY")
                .response();
        }
        Response::builder().content_type("text/plain; version=0.0.4; charset=utf-8").body(metrics.text(&store, &bodies))
    });
    std::sync::Arc::new(endpoint)
}
