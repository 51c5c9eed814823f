//! REST: one file a noun.

use poem_openapi::Tags;

pub mod assessments;
pub mod audit;
pub mod decisions;
pub mod dependencies;
mod document;
pub mod drafts;
pub mod evidence;
pub mod exports;
pub mod imports;
pub mod incidents;
pub mod keys;
pub mod organisation;
pub mod policy;
pub mod products;
pub mod questionnaires;
pub mod register;
pub mod reviews;
pub mod risks;
pub mod suppliers;
pub mod translations;

/// Every API. Tuples of APIs stop at sixteen, so they nest.
#[must_use]
pub fn all() -> impl poem_openapi::OpenApi + 'static {
    (
        (register::Api, suppliers::Api, products::Api, dependencies::Api, evidence::Api),
        (questionnaires::Api, drafts::Api, translations::Api, assessments::Api, decisions::Api),
        (risks::Api, reviews::Api, incidents::Api),
        (organisation::Api, policy::Api, keys::Api, audit::Api),
        (imports::Api, exports::Api),
    )
}

/// What operations are about, in the order of the document.
#[derive(Clone, Copy, Debug, Tags)]
pub(crate) enum Tag {
    /// Everything at one look: a line for each supplier and product.
    Register,
    /// Third parties we buy from.
    Suppliers,
    /// What suppliers provide.
    Products,
    /// What rests on what.
    Dependencies,
    /// Certificates, documents and links that support answers.
    Evidence,
    /// What can be asked.
    Questionnaires,
    /// One edition of a questionnaire put to one supplier or product.
    Assessments,
    /// What was decided, on which conditions.
    Decisions,
    /// What may go wrong, and what we do about it.
    Risks,
    /// When we look again.
    Reviews,
    /// What happened.
    Incidents,
    /// The owner of the register, and its policy.
    Organisation,
    /// How programs are let in.
    Keys,
    /// Who did what, when.
    Audit,
}
