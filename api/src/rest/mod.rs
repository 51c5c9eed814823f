//! REST: one file a noun.

use poem_openapi::Tags;

pub mod account;
pub mod assessments;
pub mod audit;
pub mod decisions;
pub mod dependencies;
mod document;
pub mod drafts;
pub mod evidence;
pub mod exports;
pub mod identity_providers;
pub mod imports;
pub mod incidents;
pub mod invitations;
pub mod keys;
pub mod links;
pub mod organisation;
pub mod policy;
pub mod privacy;
pub mod products;
pub mod questionnaires;
pub mod register;
pub mod reviews;
pub mod risks;
pub mod sessions;
pub mod sign_in_policy;
pub mod suppliers;
pub mod translations;
pub mod users;

/// Every API. Tuples of APIs stop at sixteen, so they nest.
#[must_use]
pub fn all() -> impl poem_openapi::OpenApi + 'static {
    (
        (register::Api, suppliers::Api, products::Api, dependencies::Api, evidence::Api),
        (questionnaires::Api, drafts::Api, translations::Api, assessments::Api, links::Api, decisions::Api),
        (risks::Api, reviews::Api, incidents::Api),
        (organisation::Api, policy::Api, sign_in_policy::Api, keys::Api, audit::Api, privacy::Api),
        (users::Api, invitations::Api, sessions::Api, account::Api, identity_providers::Api),
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
    /// Assessments sent to suppliers, to be answered without an account.
    Links,
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
    /// The people of the organisation, and how they come to it.
    Users,
    /// How people are let in.
    Sessions,
    /// What is a person's own.
    Account,
    /// How programs are let in.
    Keys,
    /// Who did what, when.
    Audit,
    /// What is kept of people, and for how long.
    Privacy,
}
