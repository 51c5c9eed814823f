//! The tags of the operations.

use poem_openapi::Tags;

/// The tags of the operations, in the order of the document.
#[derive(Clone, Copy, Debug, Tags)]
pub(crate) enum Tag {
    /// A visit: the session of a respondent, started with a link.
    Visits,
    /// The questions and the answers.
    Answers,
    /// Certificates and documents that support answers.
    Evidence,
}
