//! Whether the program lives, whether it can serve, and how much it did.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use diligence_entities::{error::Error, scope::Store};
use poem::{IntoResponse, Response, http::StatusCode};

use crate::{
    body::Bodies,
    log,
    problem::{Problem, Type},
};

/// Upper bounds of the histogram, in seconds.
const BOUNDS: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0];

/// What was answered, by route, method and status. Routes are patterns, so the number of rows is bounded.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    answered: Arc<Mutex<BTreeMap<String, OfRoute>>>,
    in_flight: Arc<AtomicI64>,
    refused: Arc<[AtomicU64; Reason::ALL.len()]>,
}

/// Why a request was refused before it was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It is for another host.
    Host,
    /// Too many from its address.
    Address,
    /// Too many from its caller.
    Caller,
    /// Too many from strangers at its address.
    Stranger,
}

impl Reason {
    /// All of them, in the order they are declared in.
    pub const ALL: [Self; 4] = [Self::Host, Self::Address, Self::Caller, Self::Stranger];

    const fn name(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Address => "address",
            Self::Caller => "caller",
            Self::Stranger => "stranger",
        }
    }
}

/// What was answered of one route, by method and status.
type OfRoute = BTreeMap<(&'static str, u16), Series>;

#[derive(Debug, Default)]
struct Series {
    count: u64,
    seconds: f64,
    within: [u64; BOUNDS.len()],
}

/// Counts one request as in flight until dropped.
#[derive(Debug)]
pub(crate) struct InFlight(Arc<AtomicI64>);
impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Metrics {
    pub(crate) fn enter(&self) -> InFlight {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        InFlight(Arc::clone(&self.in_flight))
    }

    pub(crate) fn refuse(&self, reason: Reason) {
        for (known, count) in Reason::ALL.iter().zip(self.refused.iter()) {
            count.fetch_add(u64::from(*known == reason), Ordering::Relaxed);
        }
    }

    pub(crate) fn count(&self, route: &str, method: &'static str, status: StatusCode, took: Duration) {
        let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        if !answered.contains_key(route) {
            answered.insert(route.to_owned(), OfRoute::new());
        }
        let Some(of_route) = answered.get_mut(route) else { return };
        let series = of_route.entry((method, status.as_u16())).or_default();
        let seconds = took.as_secs_f64();
        series.count += 1;
        series.seconds += seconds;
        for (bound, within) in BOUNDS.iter().zip(&mut series.within) {
            *within += u64::from(seconds <= *bound);
        }
    }

    /// Prometheus' text format.
    #[must_use]
    pub(crate) fn text(&self, store: &Store, bodies: &Bodies) -> String {
        let mut text = String::from(
            "# HELP diligence_request_duration_seconds Time from the request's head to the answer's head.\n# TYPE diligence_request_duration_seconds histogram\n",
        );
        let answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        let all =
            answered.iter().flat_map(|(route, of)| of.iter().map(move |(labels, series)| (route, labels, series)));
        for (route, (method, status), series) in all {
            let labels = format!("route=\"{route}\",method=\"{method}\",status=\"{status}\"");
            for (bound, within) in BOUNDS.iter().zip(&series.within) {
                let _ = writeln!(text, "diligence_request_duration_seconds_bucket{{{labels},le=\"{bound}\"}} {within}");
            }
            let _ =
                writeln!(text, "diligence_request_duration_seconds_bucket{{{labels},le=\"+Inf\"}} {}", series.count);
            let _ = writeln!(text, "diligence_request_duration_seconds_sum{{{labels}}} {}", series.seconds);
            let _ = writeln!(text, "diligence_request_duration_seconds_count{{{labels}}} {}", series.count);
        }
        let _ = writeln!(
            text,
            "# HELP diligence_requests_in_flight Requests being answered now.\n# TYPE diligence_requests_in_flight gauge"
        );
        let _ = writeln!(text, "diligence_requests_in_flight {}", self.in_flight.load(Ordering::Relaxed));
        let _ = writeln!(
            text,
            "# HELP diligence_requests_refused_total Requests refused at the door, by why.\n# TYPE diligence_requests_refused_total counter"
        );
        for (reason, count) in Reason::ALL.iter().zip(self.refused.iter()) {
            let _ = writeln!(
                text,
                "diligence_requests_refused_total{{reason=\"{}\"}} {}",
                reason.name(),
                count.load(Ordering::Relaxed)
            );
        }
        let _ = writeln!(
            text,
            "# HELP diligence_database_statements_total Statements sent to the database.\n# TYPE diligence_database_statements_total counter"
        );
        let _ = writeln!(text, "diligence_database_statements_total {}", store.statement_count());
        text.push_str(&bodies.text());
        let _ = writeln!(
            text,
            "# HELP diligence_log_lines_dropped_total Lines of the log that could not be written.\n# TYPE diligence_log_lines_dropped_total counter"
        );
        let _ = writeln!(text, "diligence_log_lines_dropped_total {}", log::dropped());
        let _ = writeln!(
            text,
            "# HELP diligence_build_info The running version.\n# TYPE diligence_build_info gauge\ndiligence_build_info{{version=\"{}\"}} 1",
            env!("CARGO_PKG_VERSION")
        );
        text
    }
}

/// `GET /health/live`: the program runs.
pub(crate) fn live() -> Response {
    "alive\n".into_response()
}

/// How long the database may take to show that it keeps what it is given.
const PATIENCE: Duration = Duration::from_secs(5);

/// `GET /health/ready`: the database keeps what it is given and gives it back.
pub(crate) async fn ready(store: &Store) -> Response {
    let not_ready = |detail: &'static str| Problem::new(Type::NotReady, detail).response();
    match tokio::time::timeout(PATIENCE, store.check()).await {
        Ok(Ok(())) => "ready\n".into_response(),
        Ok(Err(error)) => {
            tracing::warn!(cause = ?error, "the database does not store what is written");
            match error {
                Error::Full(_) => not_ready("the database's disk is full"),
                Error::Unavailable(_) => not_ready("the database cannot be reached, or its disk fails"),
                _ => not_ready("the database does not store what is written"),
            }
        }
        Err(_) => not_ready("the database does not answer in time"),
    }
}
