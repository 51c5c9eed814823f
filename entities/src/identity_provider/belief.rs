//! What a provider is believed of what it says of someone: their role, and their e-mail address.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Model, Vouched};
use crate::{role::Role, text, user};

/// Whether a provider is believed that someone has an e-mail address, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EmailBelief {
    /// It is: the provider says that it has verified the address, and may speak for its domain.
    Verified,
    /// It is: the provider says nothing of that, and is believed in this domain all the same.
    Believed,
    /// It is not: the provider sent no address.
    NotSent,
    /// It is not: what the provider sent is no e-mail address.
    NotAnAddress,
    /// It is not: the provider says that it has not verified the address.
    NotVerified,
    /// It is not: the provider does not say whether it has verified the address, and is not believed in this domain
    /// without.
    NotSaid,
    /// It is not: the provider has verified the address, and may not speak for its domain.
    OtherDomain,
}

impl EmailBelief {
    /// Whether the address counts.
    #[must_use]
    pub fn is_believed(self) -> bool {
        matches!(self, Self::Verified | Self::Believed)
    }

    /// It in a sentence without its end, for people.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Verified => "believed: the provider says that it is verified, and its domain is accepted",
            Self::Believed => {
                "believed: the provider does not say whether it is verified, and you have it believed in this domain"
            }
            Self::NotSent => "the provider sent no e-mail address",
            Self::NotAnAddress => "not believed: it is no e-mail address",
            Self::NotVerified => "not believed: the provider says that it is not verified",
            Self::NotSaid => {
                "not believed: the provider does not say whether it is verified (email_verified), and you have it believed without in other domains at most"
            }
            Self::OtherDomain => "not believed: its domain is none that is accepted from this provider",
        }
    }
}

/// What a claim says, by its name or by the way to it with dots.
pub(super) fn claim<'a>(claims: &'a Value, name: &str) -> Option<&'a Value> {
    claims.get(name).or_else(|| name.split('.').try_fold(claims, |within, part| within.get(part)))
}

/// The texts that a claim holds: itself and what stands between commas, the items of a list, or the names in an object
/// that are said to be true or hold something. Words between spaces are several only where each is `known`: a title such
/// as *not an admin* is none of its words.
fn values_of(claim: &Value, known: impl Fn(&str) -> bool) -> BTreeSet<String> {
    match claim {
        Value::String(text) => {
            let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
            let words = text.split_whitespace();
            let words = words.clone().all(known).then_some(words).into_iter().flatten();
            parts.chain(words).chain([text.as_str()]).map(str::to_owned).collect()
        }
        Value::Array(items) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Value::Object(named) => named
            .iter()
            .filter(|(_, value)| match value {
                Value::Bool(said) => *said,
                Value::Object(inner) => !inner.is_empty(),
                Value::Array(inner) => !inner.is_empty(),
                Value::String(said) => said == "true",
                Value::Null | Value::Number(_) => false,
            })
            .map(|(name, _)| name.clone())
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => BTreeSet::new(),
    }
}

impl Model {
    /// Whether what came in the ID token leaves something out that the provider may say when it is asked for more.
    #[must_use]
    pub fn wants_more_than(&self, claims: &Value) -> bool {
        let mut wanted = ["email", "email_verified", "name"].into_iter().chain(self.role_claim.as_deref());
        wanted.any(|name| claim(claims, name).is_none_or(Value::is_null))
    }

    /// The values of the role claim that came.
    pub(super) fn role_values(&self, claims: &Value) -> BTreeSet<String> {
        let said = self.role_claim.as_deref().and_then(|name| claim(claims, name));
        said.map(|said| values_of(said, |word| self.roles.contains_key(word))).unwrap_or_default()
    }

    /// The role that the claims say, or the default one.
    pub(super) fn role_of(&self, claims: &Value) -> Option<Role> {
        self.role_values(claims)
            .iter()
            .filter_map(|value| self.roles.get(value).copied())
            .max()
            .or(self.default_role.map(|role| role.0))
    }

    /// Whether this provider may say by an address who someone is.
    pub(super) fn believes(&self, vouched: &Vouched) -> EmailBelief {
        let Some(email) = vouched.email.as_deref().map(user::normal) else { return EmailBelief::NotSent };
        let Some((_, domain)) = email.rsplit_once('@').filter(|_| text::is_email(&email)) else {
            return EmailBelief::NotAnAddress;
        };
        let is_in = |domains: &[String]| domains.iter().any(|known| known == domain);
        let is_believed_without = is_in(&self.believed_domains.0);
        match vouched.email_verified {
            Some(false) => EmailBelief::NotVerified,
            Some(true) if is_believed_without || is_in(&self.email_domains.0) => EmailBelief::Verified,
            Some(true) => EmailBelief::OtherDomain,
            None if is_believed_without => EmailBelief::Believed,
            None => EmailBelief::NotSaid,
        }
    }

    /// The address, if this provider may say by it who someone is.
    pub(super) fn trusted_email(&self, vouched: &Vouched) -> Option<String> {
        let email = vouched.email.as_deref().map(user::normal)?;
        self.believes(vouched).is_believed().then_some(email)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn values(claims: &Value, name: &str) -> Vec<String> {
        let known = |word: &str| ["a", "b"].contains(&word);
        claim(claims, name).map(|said| values_of(said, known)).unwrap_or_default().into_iter().collect()
    }

    #[test]
    fn groups_are_read_from_lists_texts_and_objects() {
        for (groups, expected) in [
            (json!(["b", "a", 1, null]), vec!["a", "b"]),
            (json!("a"), vec!["a"]),
            (json!("a, b c"), vec!["a", "a, b c", "b c"]),
            (json!("b  a"), vec!["a", "b", "b  a"]),
            (json!("not a"), vec!["not a"]),
            (json!("CN=a people,OU=a"), vec!["CN=a people", "CN=a people,OU=a", "OU=a"]),
            (
                json!({ "a": true, "b": false, "c": { "1": "here" }, "d": null, "e": "false", "f": 0, "g": [], "h": {}, "i": "true" }),
                vec!["a", "c", "i"],
            ),
            (json!(7), vec![]),
            (json!(null), vec![]),
        ] {
            assert_eq!(values(&json!({ "groups": groups }), "groups"), expected, "{groups}");
        }
    }

    #[test]
    fn a_claim_is_found_by_its_name_or_by_the_way_to_it() {
        let claims = json!({
            "realm_access": { "roles": ["a"] },
            "https://example.org/roles": ["b"],
            "one.two": "c",
            "one": { "two": "d" },
        });
        assert_eq!(values(&claims, "realm_access.roles"), ["a"]);
        assert_eq!(values(&claims, "https://example.org/roles"), ["b"]);
        assert_eq!(values(&claims, "one.two"), ["c"]);
        for nothing in ["realm_access.groups", "realm_access.roles.a", "", ".", "roles"] {
            assert_eq!(values(&claims, nothing), [""; 0], "{nothing}");
        }
    }
}
