//! What operations are about.

use poem_openapi::Tags;

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
