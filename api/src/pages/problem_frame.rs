//! What stands around a problem: the pages of whoever is signed in, so that they can go on from there.

use std::sync::Arc;

use diligence_entities::scope::Store;
use poem::{Endpoint, Request, Response, Route, error::NotFoundError, http::header};

use super::{
    page::{Frame, is_for_reading, problem_page, problem_page_within},
    sign_in::SignedIn,
};
use crate::{
    cookie,
    problem::{Problem, Type},
    trail::Trail,
};

/// Notes who asks with a browser; and where there is nothing at an address, tells them so in a page like any other of
/// theirs.
pub(super) async fn nowhere(routes: Arc<Route>, mut request: Request) -> poem::Result<Response> {
    let asker = if is_for_reading(&request) { ProblemFrame::of(&request) } else { None };
    if let Some(asker) = &asker {
        request.set_data(asker.clone());
    }
    match (routes.call(request).await, asker) {
        (Err(error), Some(asker)) if error.is::<NotFoundError>() => {
            let problem = Problem::not_found();
            match asker.frame(&problem).await {
                Some(frame) => Ok(problem_page_within(&problem, frame)),
                None => Err(error),
            }
        }
        (answer, _) => answer,
    }
}

/// Whoever asks with a session's cookie, as far as is needed to frame a problem for them as their other pages are.
#[derive(Clone)]
pub(super) struct ProblemFrame {
    store: Store,
    session: String,
    trail: Option<Trail>,
}

impl ProblemFrame {
    /// Whoever sent this; nobody at a supplier's pages, which lead nowhere else.
    pub(super) fn of(request: &Request) -> Option<Self> {
        if request.uri().path().starts_with("/respond") {
            return None;
        }
        let session = cookie::sent(request, cookie::SESSION)?.to_owned();
        Some(Self { store: request.data::<Store>()?.clone(), session, trail: request.data::<Trail>().cloned() })
    }

    /// What stands around the page that tells them of a problem, if their session is good. Where the server itself is
    /// in trouble, or asked too much, nothing is looked up for that.
    async fn frame(&self, problem: &Problem) -> Option<Frame> {
        if !problem.kind.status().is_client_error() || matches!(problem.kind, Type::TooMany | Type::Unauthenticated) {
            return None;
        }
        let mut request =
            Request::builder().header(header::COOKIE, format!("{}={}", cookie::SESSION, self.session)).finish();
        request.set_data(self.store.clone());
        if let Some(trail) = &self.trail {
            request.set_data(trail.clone());
        }
        // Whatever stands against it, the problem itself is told.
        SignedIn::begun(&request).await.ok().map(|here| here.frame(problem.kind.title()))
    }

    /// A refusal as a page of theirs.
    pub(super) async fn told(&self, problem: &Problem) -> Response {
        match self.frame(problem).await {
            Some(frame) => problem_page_within(problem, frame),
            None => problem_page(problem),
        }
    }
}
