//! The respondents' surface: a small API of its own for people at suppliers who answer through a link. It has its own
//! document, its own proof of who asks, and can reach one assessment.

use poem_openapi::Tags;

pub mod answers;
pub mod auth;
pub mod evidence;
pub mod sessions;

/// Where the surface begins.
pub const ROOT: &str = "/respond/v1";

/// Every API of the surface.
#[must_use]
pub fn all() -> impl poem_openapi::OpenApi + 'static {
    (sessions::Api, answers::Api, evidence::Api)
}

/// What operations are about, in the order of the document.
#[derive(Clone, Copy, Debug, Tags)]
pub(crate) enum Tag {
    /// A link is exchanged for a visit, which says who asks and what about.
    Visits,
    /// What is asked, and what is answered.
    Answers,
    /// Certificates and documents that support answers.
    Evidence,
}
