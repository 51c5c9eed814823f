//! What a caller may do, held per organisation.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a caller may do; each role may do all that the ones before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads everything.
    Viewer,
    /// Writes the register: suppliers, products, evidence, answers, risks.
    Editor,
    /// Decides: approves assessments, accepts risks.
    Approver,
    /// Sets policy, invites people, makes and revokes keys.
    Admin,
}

impl std::str::FromStr for Role {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        crate::stored::from_word(text).ok_or_else(|| "expected viewer, editor, approver or admin".to_owned())
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&crate::stored::word(self))
    }
}
