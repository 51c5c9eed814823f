//! What every request goes through: an id, a look at who it is for and whom it comes from, a time limit, a net under
//! panics, problems for the framework's own refusals, headers that keep browsers careful, a line in the log and a count
//! in the metrics.

use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use futures_util::FutureExt as _;
use poem::{
    Endpoint, IntoResponse, PathPattern, Request, Response, Result,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
};
use tracing::Instrument as _;

use crate::{
    body::{Bodies, Incoming},
    client::{self, Client},
    config::Config,
    document,
    health::{Metrics, Reason},
    limit::{self, Credential, Limiter, Place},
    pages,
    problem::{Problem, Type},
    trail::Trail,
    whole,
};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Says on which day the key that was sent ends, when that is near.
const KEY_EXPIRES_ON: HeaderName = HeaderName::from_static("key-expires-on");

/// The middleware around `inner`.
#[derive(Debug)]
pub(crate) struct Around<E> {
    pub(crate) inner: E,
    pub(crate) metrics: Metrics,
    pub(crate) config: Arc<Config>,
    pub(crate) limiter: Limiter,
    pub(crate) bodies: Bodies,
    /// Whether it was said that a proxy speaks which is not trusted.
    pub(crate) has_warned: AtomicBool,
}

/// What is logged and counted of an answer.
#[derive(Debug)]
struct Entry {
    metrics: Metrics,
    start: Instant,
    method: Method,
    route: Option<Arc<str>>,
    client: Client,
    trail: Trail,
}

impl Entry {
    fn write(&self, status: StatusCode) {
        let Self { metrics, start, method, route, client, trail } = self;
        let (route, took) = (route.as_deref().unwrap_or("unknown"), start.elapsed());
        // Methods are free text on the wire; only the known ones may become a label.
        let known = ["GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"];
        let label = known.into_iter().find(|known| *known == method.as_str()).unwrap_or("other");
        metrics.count(route, label, status, took);
        let (organisation, actor) = trail.who().unwrap_or_default();
        tracing::info!(method = %method, route, status = status.as_u16(), micros = took.as_micros(), client = %client.address, request_id = %trail.request_id, organisation, actor, "answered");
    }
}

/// The entry of an answer that is still to be made whole. It is written when it is let go: with the status that the
/// answer came to, if somebody has said so, or else with the one that it had.
#[derive(Clone, Debug)]
pub(crate) struct Pending(Arc<Waiting>);

#[derive(Debug)]
struct Waiting {
    entry: Entry,
    had: StatusCode,
    came_to: OnceLock<StatusCode>,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.entry.write(self.came_to.get().copied().unwrap_or(self.had));
    }
}

impl Pending {
    fn new(entry: Entry, had: StatusCode) -> Self {
        Self(Arc::new(Waiting { entry, had, came_to: OnceLock::new() }))
    }

    /// The answer came to this in the end.
    pub(crate) fn came_to(&self, status: StatusCode) {
        let _ = self.0.came_to.set(status);
    }

    /// The request's id.
    pub(crate) fn request_id(&self) -> &str {
        &self.0.entry.trail.request_id
    }
}

/// The caller's own id if it is short and plain, else a new one.
fn request_id(headers: &HeaderMap) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':');
    let own = headers
        .get(REQUEST_ID)
        .and_then(|value| value.to_str().ok())
        .filter(|id| (1..=128).contains(&id.len()) && id.bytes().all(plain));
    own.map_or_else(|| uuid::Uuid::now_v7().simple().to_string(), str::to_owned)
}

impl<E: Endpoint> Endpoint for Around<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let start = Instant::now();
        let _in_flight = self.metrics.enter();
        let trail = Trail::new(request_id(request.headers()), request.uri().clone());
        let method = request.method().clone();
        let path = request.uri().path().to_owned();
        let client = Client::of(&request, &self.config);
        request.set_data(trail.clone());
        request.set_data(client);
        let incoming = Incoming::of(&mut request, &self.bodies);
        let is_browser = pages::is_for_reading(&request);
        let is_to_be_whole = whole::needs_length(&request);

        let span = tracing::info_span!("request", id = %trail.request_id);
        let answer = async {
            let credential = limit::credential(&request);
            match self.admit(&request, &client, credential.as_ref()) {
                Ok(()) => {
                    let answer = self.answer(request, &method, &path).await;
                    if let Some(credential) = credential {
                        let status = answer.0.status();
                        if trail.is_known() || (status.is_success() && Place::of(&method, &path) == Place::Guarded) {
                            self.limiter.learn(credential, true);
                        } else if status == StatusCode::UNAUTHORIZED {
                            self.limiter.learn(credential, false);
                        }
                    }
                    answer
                }
                Err((reason, problem)) => {
                    self.metrics.refuse(reason);
                    (problem.response(), None)
                }
            }
        };
        let (mut response, route) = answer.instrument(span).await;
        if is_browser && let Some(problem) = response.data::<Problem>() {
            response = pages::problem_page(&problem.clone());
        }

        careful(response.headers_mut(), &method, client.secure);
        if let Ok(id) = HeaderValue::from_str(&trail.request_id) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        if let Some(day) = trail.end_of_key().and_then(|day| HeaderValue::from_str(&day.to_string()).ok()) {
            response.headers_mut().insert(KEY_EXPIRES_ON, day);
        }
        if incoming.read_on(trail.is_known()) {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        let entry = Entry { metrics: self.metrics.clone(), start, method, route, client, trail };
        let status = response.status();
        if is_to_be_whole {
            response.set_data(Pending::new(entry, status));
        } else {
            entry.write(status);
        }
        Ok(response)
    }
}

impl<E: Endpoint> Around<E> {
    /// Refuses what is not for us, and what is too much, before anything is done for it.
    fn admit(
        &self,
        request: &Request,
        client: &Client,
        credential: Option<&Credential>,
    ) -> std::result::Result<(), (Reason, Problem)> {
        // Whoever watches whether this program lives asks by whatever name it has found, and learns nothing else.
        if request.uri().path().starts_with("/health/") {
            return Ok(());
        }
        if client::has_strange_proxy(request, &self.config) && !self.has_warned.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "a request has forwarding headers but does not come from a trusted proxy, so they are ignored: if there is a proxy in front of this server, list it in trusted_proxies"
            );
        }
        client::expect_own_host(request, &self.config).map_err(|problem| (Reason::Host, problem))?;
        self.limiter.admit(request, client, credential)
    }

    async fn answer(&self, request: Request, method: &Method, path: &str) -> (Response, Option<Arc<str>>) {
        let guarded = AssertUnwindSafe(self.inner.call(request)).catch_unwind();
        match tokio::time::timeout(self.config.request_timeout, guarded).await {
            Ok(Ok(Ok(answer))) => {
                let response = answer.into_response();
                let route = response.data::<PathPattern>().map(|pattern| Arc::clone(&pattern.0));
                (response, route)
            }
            Ok(Ok(Err(error))) => {
                let route = error.data::<PathPattern>().map(|pattern| Arc::clone(&pattern.0));
                (refusal(error, method, path), route)
            }
            Ok(Err(panic)) => {
                let what = panic
                    .downcast_ref::<&str>()
                    .copied()
                    .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
                    .unwrap_or("no message");
                (Problem::internal(format!("panic: {what}")).response(), None)
            }
            Err(_) => (
                Problem::new(
                    Type::Timeout,
                    format!("the request took longer than {} seconds", self.config.request_timeout.as_secs()),
                )
                .response(),
                None,
            ),
        }
    }
}

fn refusal(error: poem::Error, method: &Method, path: &str) -> Response {
    if let Some(problem) = error.downcast_ref::<Problem>() {
        return problem.response();
    }
    if error.is_from_response() {
        return error.into_response();
    }
    let problem = Problem::of_framework(&error);
    if problem.kind != Type::MethodNotAllowed {
        return problem.response();
    }
    let allowed = document::methods(path);
    let problem = Problem::new(Type::MethodNotAllowed, format!("{method} is not allowed here: expected {allowed}"));
    let mut response = problem.response();
    if let Ok(value) = HeaderValue::from_str(&allowed) {
        response.headers_mut().insert(header::ALLOW, value);
    }
    response
}

/// Headers that keep browsers careful with what they get. A page that needs more brings its own policy.
fn careful(headers: &mut HeaderMap, method: &Method, is_secure: bool) {
    if is_secure {
        headers
            .insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000; includeSubDomains"));
    }
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox",
        ),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
        ),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    // An item that was read may be kept if it is asked after each time; anything else, a new key not least, may not be
    // kept at all.
    let keep = if headers.contains_key(header::ETAG) && matches!(*method, Method::GET | Method::HEAD) {
        "private, no-cache"
    } else {
        "no-store"
    };
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static(keep));
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use diligence_entities::clock::Clock;
    use poem::{Route, endpoint::make, get, test::TestClient};
    use serde_json::Value;

    use super::*;

    #[expect(clippy::panic, reason = "a panic is what is tested")]
    fn app() -> impl Endpoint {
        let panics = make(async |_: Request| if true { panic!("a secret cause") } else { "" });
        let sleeps = make(async |_: Request| tokio::time::sleep(Duration::from_secs(60)).await);
        let inner = Route::new()
            .at("/panics", get(panics))
            .at("/sleeps", get(sleeps))
            .at("/fine/:id", get(make(async |_: Request| "fine")));
        let config = Config { request_timeout: Duration::from_millis(20), ..Config::default() };
        let limiter = Limiter::new(config.limits, &Clock::System);
        Around {
            inner,
            metrics: Metrics::default(),
            config: config.into(),
            limiter,
            bodies: Bodies::default(),
            has_warned: AtomicBool::new(false),
        }
    }

    async fn told(path: &str) -> (u16, Value) {
        let response = TestClient::new(app()).get(path).header("X-Request-Id", "mine-1").send().await.0;
        assert_eq!(response.header("x-request-id"), Some("mine-1"));
        assert_eq!(response.header("x-content-type-options"), Some("nosniff"));
        let status = response.status().as_u16();
        (status, response.into_body().into_json().await.expect("a problem"))
    }

    #[tokio::test]
    async fn what_goes_wrong_inside_is_a_problem_that_does_not_say_why() {
        let (status, problem) = told("/panics").await;
        assert_eq!((status, &problem["type"]), (500, &"/problems/internal".into()));
        assert!(!problem.to_string().contains("secret"));
        assert_eq!(told("/sleeps").await.0, 503);
        assert_eq!(told("/nowhere").await.0, 404);
    }

    #[tokio::test]
    async fn a_request_id_that_is_not_plain_is_replaced() {
        let client = TestClient::new(app());
        for id in ["a b", "", "é", &"x".repeat(129), "<script>"] {
            let request = client.get("/fine/1").header("X-Request-Id", id);
            let response = request.send().await.0;
            assert!(response.header("x-request-id").is_some_and(|given| given != id && given.len() == 32));
        }
    }
}
