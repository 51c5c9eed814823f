//! What operations are about.

use poem_openapi::Tags;

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
