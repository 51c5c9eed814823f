//! The tags of the operations.

use poem_openapi::Tags;

/// The tags of the operations, in the order of the document.
#[derive(Clone, Copy, Debug, Tags)]
pub(crate) enum Tag {
    /// The overview: one row for each supplier and product.
    Register,
    /// Third parties we buy from.
    Suppliers,
    /// What suppliers provide.
    Products,
    /// Two suppliers or products that turned out to be one.
    Mergers,
    /// Files that are brought in step by step, and what was brought in.
    Imports,
    /// Which suppliers and products depend on which others.
    Dependencies,
    /// Certificates, documents and links that support answers.
    Evidence,
    /// Published questionnaires, drafts and translations.
    Questionnaires,
    /// One edition of a questionnaire put to one supplier or product.
    Assessments,
    /// Assessments sent to suppliers, to be answered without an account.
    Links,
    /// Approvals and refusals, and their conditions.
    Decisions,
    /// What may go wrong, and how it is treated.
    Risks,
    /// The dates on which suppliers and products are looked at again.
    Reviews,
    /// What happened at a supplier or with a product.
    Incidents,
    /// The one list of what somebody must do by a day.
    Due,
    /// How a file of somebody else's becomes suppliers, products and the like.
    Recipes,
    /// What published lists say of suppliers: the Data Security and Protection Toolkit, the Care Quality Commission, Companies House, the Algorithmic Transparency Recording Standard.
    Lists,
    /// The organisation that owns the register, and its policy.
    Organisation,
    /// The people of the organisation, and invitations to it.
    Users,
    /// Signing in and out, and who is signed in.
    Sessions,
    /// The signed-in person's own account.
    Account,
    /// API keys for programs.
    Keys,
    /// The audit trail: who did what, and when.
    Audit,
    /// Personal data: finding it, erasing it, and how long it is kept.
    Privacy,
}
