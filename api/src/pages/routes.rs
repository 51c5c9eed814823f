//! Where pages are: each route with its method and the least that whoever asks must be, which its handler's parameters
//! say.

use std::{collections::BTreeMap, future::Future};

use futures_util::{FutureExt as _, future::BoxFuture};
use poem::{Endpoint, Request, RequestBody, Response, Route, RouteMethod, http::Method};

use super::{
    form::Typed,
    page::{PageResult, Refusal, problem_page, redirect},
    problem_frame::ProblemFrame,
    signed_in::{FormKind, Least, Proven, Who, asking, sending},
};

/// A page, or where a form is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRoute {
    /// `GET` or `POST`.
    pub method: Method,
    /// Its address, with `:id` where one stands.
    pub path: &'static str,
    /// The least that whoever asks must be.
    pub least: Least,
}

/// Routes to pages.
#[derive(Default)]
pub(super) struct Routes {
    methods: BTreeMap<&'static str, RouteMethod>,
    list: Vec<PageRoute>,
}

impl Routes {
    /// With a page that is fetched.
    pub(super) fn get<W, F, G>(self, path: &'static str, show: F) -> Self
    where
        W: Who,
        F: Fn(W) -> G + Copy + Send + Sync + 'static,
        G: Future<Output = PageResult> + Send + 'static,
    {
        let serve = move |request, _| async move { show(asking::<W>(request).await?).await }.boxed();
        self.with(Method::GET, path, W::LEAST, Box::new(serve))
    }

    /// With a form that is sent.
    pub(super) fn post<W, K, F, G>(self, path: &'static str, take: F) -> Self
    where
        W: Who,
        K: FormKind,
        F: Fn(W, Proven<K>) -> G + Copy + Send + Sync + 'static,
        G: Future<Output = PageResult> + Send + 'static,
    {
        let serve = move |request, body| {
            async move {
                let (who, form) = sending::<W, K>(request, body).await?;
                take(who, form).await
            }
            .boxed()
        };
        self.with(Method::POST, path, W::LEAST, Box::new(serve))
    }

    fn with(mut self, method: Method, path: &'static str, least: Least, serve: Serve) -> Self {
        let methods = self.methods.remove(path).unwrap_or_default().method(method.clone(), Served(serve));
        self.methods.insert(path, methods);
        self.list.push(PageRoute { method, path, least });
        self
    }

    /// Each of them, as data.
    pub(super) fn list(self) -> Vec<PageRoute> {
        self.list
    }

    /// `route` with each of them.
    pub(super) fn onto(self, route: Route) -> Route {
        self.methods.into_iter().fold(route, |route, (path, methods)| route.at(path, methods))
    }
}

/// What a page gives to a request. One type for all, so that what is around it is compiled once.
type Serve = Box<dyn Fn(Request, RequestBody) -> BoxFuture<'static, PageResult> + Send + Sync>;

struct Served(Serve);

impl Endpoint for Served {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        request.set_data(Typed::default());
        let asker = request.data::<ProblemFrame>().cloned();
        let (request, body) = request.split();
        Ok(match self.0(request, body).await {
            Ok(response) => response,
            Err(Refusal::Elsewhere(place)) => redirect(&place),
            Err(Refusal::Instead(response)) => *response,
            Err(Refusal::Problem(problem)) => match asker {
                Some(asker) => asker.told(&problem).await,
                None => problem_page(&problem),
            },
        })
    }
}
