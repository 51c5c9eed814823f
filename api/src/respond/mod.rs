//! The respondents' surface: a small API of its own for people at suppliers who answer through a link. It has its own
//! document, its own proof of who asks, and can reach one assessment.

pub mod answers;
pub mod auth;
pub mod evidence;
pub mod sessions;
mod tag;

/// Every API of the surface.
#[must_use]
pub fn all() -> impl poem_openapi::OpenApi + 'static {
    (sessions::Api, answers::Api, evidence::Api)
}
