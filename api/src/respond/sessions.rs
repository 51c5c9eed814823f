//! Visits: a link exchanged for one, who asks and what about, and the end.

use diligence_entities::respondent::{self, Exchange, Visit};
use poem::{
    IntoResponse, Response,
    http::{HeaderValue, header},
};
use poem_openapi::{
    ApiResponse, OpenApi,
    registry::{MetaResponses, Registry},
};

use super::{
    auth::{Anyone, Cookies, Respondent},
    tag::Tag,
};
use crate::{
    answer::{Done, Found},
    path::boxed,
    payload::Body,
    problem::{Answer, ByLink, Entering, Leaving, Reading, text_header},
};

/// A response that sets the visit's cookie, or clears it.
#[derive(Debug)]
pub struct WithCookie<A> {
    answer: A,
    cookie: String,
}

impl<A: ApiResponse> ApiResponse for WithCookie<A> {
    fn meta() -> MetaResponses {
        let mut meta = A::meta();
        let example = "__Host-diligence-respondent=…; HttpOnly; SameSite=Strict; Secure; Path=/; Max-Age=28800";
        for response in &mut meta.responses {
            response.headers.push(text_header("Set-Cookie", "The visit's cookie.", example));
        }
        meta
    }
    fn register(registry: &mut Registry) {
        A::register(registry);
    }
}
impl<A: IntoResponse> IntoResponse for WithCookie<A> {
    fn into_response(self) -> Response {
        let mut response = self.answer.into_response();
        if let Ok(mut cookie) = HeaderValue::from_str(&self.cookie) {
            cookie.set_sensitive(true);
            response.headers_mut().insert(header::SET_COOKIE, cookie);
        }
        response
    }
}

pub(crate) struct Api;

#[OpenApi(tag = "Tag::Visits")]
impl Api {
    /// Start a visit
    ///
    /// Exchanges the secret after the `#` of a link for a visit: a cookie, and a CSRF token to send as `X-CSRF-Token` with every change. A visit lasts at most eight hours, or one hour without use; the link can be used again until it expires.
    #[oai(path = "/sessions", method = "post", operation_id = "create_session", transform = "boxed")]
    async fn create(&self, who: Anyone, body: Body<Exchange>) -> Answer<WithCookie<Found<Visit>>, ByLink<Entering>> {
        let (visit, cookie) = who.enter(&body.token).await?;
        Ok(WithCookie { answer: Found(respondent::welcome(&visit.read().await?).await?), cookie })
    }

    /// Read the visit
    ///
    /// Who asks, about what and why, by when, in which languages, and whether answers can be given.
    #[oai(path = "/sessions/current", method = "get", operation_id = "read_session", transform = "boxed")]
    async fn read(&self, who: Respondent) -> Answer<Found<Visit>, ByLink<Reading>> {
        Ok(Found(respondent::welcome(&who.read().await?).await?))
    }

    /// End the visit
    ///
    /// Its cookie stops working. The link can be used again until it expires.
    #[oai(path = "/sessions/current", method = "delete", operation_id = "delete_session", transform = "boxed")]
    async fn delete(&self, who: Respondent, cookies: Cookies) -> Answer<WithCookie<Done>, ByLink<Leaving>> {
        who.leave().await?;
        Ok(WithCookie { answer: Done, cookie: cookies.none() })
    }
}
