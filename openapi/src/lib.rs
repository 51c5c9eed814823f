//! What is promised: the OpenAPI document as it was agreed to, and the rules of the house that it keeps.
//!
//! [`DOCUMENT`] is equal to what the program serves (a test sees to it), so that a change to the promise is seen in
//! review. Depends on none of the other crates: a promise must not move because the code did.
//!
//! | Where | What |
//! |---|---|
//! | here | the documents, lists of operations that differ from others, and each operation |
//! | `rules` | the rules of the house, and what a document breaks of them |

use serde_json::Value;

pub use self::rules::house_rules;

mod rules;

/// The document, as committed. `diligence openapi > openapi/openapi.json` writes it.
pub const DOCUMENT: &str = include_str!("../openapi.json");

/// The document of the respondents' surface, as committed. `diligence openapi --respondent > openapi/respondent.json`
/// writes it.
pub const RESPONDENT_DOCUMENT: &str = include_str!("../respondent.json");

/// Operations of the respondents' surface that anyone may call, by id.
pub const RESPONDENT_PUBLIC: &[&str] = &["create_session"];

/// Operations that begin or end a visit: what they change has no version, and cannot clash.
const VISITS: &[&str] = &["create_session", "delete_session"];

/// What the document of the respondents' surface has in the place of a role.
const RESPONDENT: &str = "respondent";

/// Operations that anyone may call, by id.
pub const PUBLIC: &[&str] = &["accept_invitation", "create_session", "open_invitation", "read_sign_in_options"];

/// Operations that are sent by POST only because what they ask is too long for an address: they change nothing.
pub const ASKING: &[&str] = &[
    "ask_policy_what_if",
    "check_document",
    "find_person",
    "open_invitation",
    "plan_product_merger",
    "plan_supplier_merger",
    "try_draft",
];

/// Operations that act on a whole collection, below a name in the path that is no item's: there is no version to be at.
const ON_COLLECTIONS: &[&str] = &["refresh_published_list"];

/// Operations on a person's own account or session. They are done by people in a session, not by programs with a key,
/// and either do the same when they are repeated or show a secret that must not be kept for a repetition.
pub const OWN: &[&str] = &[
    "change_me",
    "change_password",
    "confirm_mfa",
    "confirm_session",
    "create_sample",
    "delete_own_session",
    "disable_mfa",
    "end_other_sessions",
    "end_session",
    "enrol_mfa",
    "join_organisation",
    "list_own_sessions",
    "read_me",
    "read_session",
    "renew_recovery_codes",
    "switch_session",
];

/// One operation, with where it stands.
#[derive(Clone, Copy, Debug)]
pub struct Operation<'a> {
    /// Below the API's root, e.g. `/suppliers/{id}`.
    pub path: &'a str,
    /// In small letters.
    pub method: &'a str,
    /// What the document says of it.
    pub value: &'a Value,
}

impl<'a> Operation<'a> {
    /// Its `operationId`; empty if it has none.
    #[must_use]
    pub fn id(&self) -> &'a str {
        text(self.value, "operationId")
    }

    /// The least role that may call it; none where the document does not say.
    #[must_use]
    pub fn role(&self) -> Option<&'a str> {
        self.value.get("x-role").and_then(Value::as_str)
    }

    /// The scopes of keys that open it; none where no key does.
    #[must_use]
    pub fn scopes(&self) -> Vec<&'a str> {
        self.value.get("x-scopes").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// Whether it changes nothing and is for whoever may read.
    #[must_use]
    pub fn only_reads(&self) -> bool {
        self.method == "get" || (ASKING.contains(&self.id()) && self.role() == Some("viewer"))
    }

    /// Whether it can be answered with this status.
    #[must_use]
    pub fn answers(&self, status: u16) -> bool {
        self.value["responses"].get(status.to_string()).is_some()
    }

    fn parameter(&self, place: &str, name: &str) -> Option<&'a Value> {
        self.parameters().find(|parameter| parameter["in"] == place && parameter["name"] == name)
    }

    fn parameters(&self) -> impl Iterator<Item = &'a Value> {
        self.value.get("parameters").and_then(Value::as_array).into_iter().flatten()
    }
}

/// Every operation of `document`, in its order.
#[must_use]
pub fn operations(document: &Value) -> Vec<Operation<'_>> {
    let items = document["paths"].as_object().into_iter().flatten();
    items
        .flat_map(|(path, item)| {
            item.as_object().into_iter().flatten().map(move |(method, value)| Operation { path, method, value })
        })
        .collect()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}
