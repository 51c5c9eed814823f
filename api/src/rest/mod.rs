//! REST: one file a noun.

use poem_openapi::Tags;

pub mod keys;
pub mod organisation;
pub mod suppliers;

/// Every API. Tuples of APIs stop at sixteen, so they nest.
#[must_use]
pub fn all() -> impl poem_openapi::OpenApi + 'static {
    ((organisation::Api, keys::Api), suppliers::Api)
}

/// What operations are about, in the order of the document.
#[derive(Clone, Copy, Debug, Tags)]
pub(crate) enum Tag {
    /// The owner of the register.
    Organisation,
    /// How programs are let in.
    Keys,
    /// Third parties we buy from.
    Suppliers,
}
