//! REST: one file a noun.

pub mod account;
pub mod assessments;
pub mod audit;
pub mod bulk;
pub mod decisions;
pub mod dependencies;
mod document;
pub mod drafts;
pub mod due;
pub mod everything;
pub mod evidence;
pub mod exports;
pub mod identity_providers;
pub mod import_drafts;
pub mod imports;
pub mod incidents;
pub mod invitations;
pub mod keys;
pub mod links;
pub mod mergers;
pub mod noun_imports;
pub mod organisation;
pub mod ourselves;
pub mod policy;
pub mod privacy;
pub mod products;
pub mod published_lists;
pub mod questionnaires;
pub mod recipes;
pub mod register;
pub mod reviews;
pub mod risks;
pub mod sessions;
pub mod settlements;
pub mod sign_in_policy;
pub mod suppliers;
mod tag;
pub mod translations;
pub mod users;

/// Every API. Tuples of APIs stop at sixteen, so they nest.
#[must_use]
pub fn all() -> impl poem_openapi::OpenApi + 'static {
    (
        (register::Api, suppliers::Api, products::Api, dependencies::Api, evidence::Api),
        (questionnaires::Api, drafts::Api, translations::Api, assessments::Api, links::Api, decisions::Api),
        (risks::Api, reviews::Api, incidents::Api, due::Api, settlements::Api),
        (organisation::Api, ourselves::Api, policy::Api, sign_in_policy::Api, keys::Api, audit::Api, privacy::Api),
        (users::Api, invitations::Api, sessions::Api, account::Api, identity_providers::Api),
        (
            imports::Api,
            noun_imports::Api,
            import_drafts::Api,
            exports::Api,
            recipes::Api,
            everything::Api,
            mergers::Api,
            bulk::Api,
            published_lists::Api,
        ),
    )
}
