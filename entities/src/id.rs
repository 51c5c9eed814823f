//! Typed ids: a prefix that says which noun, and a time-ordered UUID (version 7), as text, alike on both databases.

use std::{
    borrow::Cow,
    fmt,
    hash::{Hash, Hasher},
    marker::PhantomData,
    str::FromStr,
};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// A kind of thing that has ids.
pub trait Kind: Send + Sync + 'static {
    /// The three letters before the underscore.
    const PREFIX: &'static str;
    /// What people call it.
    const NOUN: &'static str;
}

/// The id of one `K`: `sup_0190c5d2e5f27c3c8a4b0d6f1e2a3b4c`.
pub struct Id<K>(String, PhantomData<fn() -> K>);

impl<K: Kind> Id<K> {
    /// The id made of `uuid`.
    #[must_use]
    pub fn new(uuid: Uuid) -> Self {
        Self(format!("{}_{}", K::PREFIX, uuid.simple()), PhantomData)
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The regular expression that every such id matches.
    #[must_use]
    pub fn pattern() -> String {
        format!("^{}_[0-9a-f]{{32}}$", K::PREFIX)
    }
}

impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        Self(self.0.clone(), PhantomData)
    }
}
impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<K> Eq for Id<K> {}
impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}
impl<K> Hash for Id<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}
impl<K> fmt::Debug for Id<K> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
impl<K> fmt::Display for Id<K> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl<K: Kind> FromStr for Id<K> {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let hexadecimal =
            |rest: &str| rest.len() == 32 && rest.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        match text.strip_prefix(K::PREFIX).and_then(|rest| rest.strip_prefix('_')) {
            Some(rest) if hexadecimal(rest) => Ok(Self(text.to_owned(), PhantomData)),
            _ => Err(format!(
                "expected the id of {} {}: {}_ and 32 hexadecimal digits",
                article(K::NOUN),
                K::NOUN,
                K::PREFIX
            )),
        }
    }
}

fn article(noun: &str) -> &'static str {
    if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
}

impl<K> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}
impl<'de, K: Kind> Deserialize<'de> for Id<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
impl<K: Kind> JsonSchema for Id<K> {
    fn schema_name() -> Cow<'static, str> {
        format!("{}Id", K::PREFIX).into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": Self::pattern(), "example": format!("{}_0190c5d2e5f27c3c8a4b0d6f1e2a3b4c", K::PREFIX) })
    }
}
impl<K> sea_orm::TryFromU64 for Id<K> {
    fn try_from_u64(_: u64) -> Result<Self, sea_orm::DbErr> {
        Err(sea_orm::DbErr::ConvertFromU64("an id is text"))
    }
}
crate::stored::column_from_text!([<K: Kind>] Id<K>);

macro_rules! kinds {
    ($($kind:ident $id:ident $prefix:literal $noun:literal,)*) => {
        /// One empty type for each kind of thing that has ids.
        pub mod kind {
            $(#[doc = concat!("The kind of ", $noun, "s.")] #[derive(Debug)] pub enum $kind {}
              impl super::Kind for $kind { const PREFIX: &'static str = $prefix; const NOUN: &'static str = $noun; })*
        }
        $(#[doc = concat!("The id of one ", $noun, ", `", $prefix, "_…`.")] pub type $id = Id<kind::$kind>;)*
    };
}
kinds! {
    Organisation OrganisationId "org" "organisation",
    ApiKey ApiKeyId "key" "API key",
    Supplier SupplierId "sup" "supplier",
    Product ProductId "prd" "product",
    Dependency DependencyId "dep" "dependency",
    Evidence EvidenceId "evd" "evidence",
    Edition EditionId "edn" "edition",
    Draft DraftId "drf" "draft",
    Translation TranslationId "trl" "translation",
    Assessment AssessmentId "asm" "assessment",
    Decision DecisionId "dec" "decision",
    Risk RiskId "rsk" "risk",
    Review ReviewId "rev" "review",
    DueItem DueItemId "due" "item of what is due",
    Settlement SettlementId "stl" "settlement",
    Incident IncidentId "inc" "incident",
    AuditEvent AuditEventId "evt" "audit event",
    Policy PolicyId "pol" "policy",
    RespondentLink RespondentLinkId "lnk" "link",
    RespondentSession RespondentSessionId "rss" "visit",
    User UserId "usr" "user",
    Invitation InvitationId "inv" "invitation",
    Session SessionId "ses" "session",
    SignInPolicy SignInPolicyId "sip" "sign-in policy",
    IdentityProvider IdentityProviderId "idp" "identity provider",
    SignInTrial SignInTrialId "tri" "trial of signing in",
    Retention RetentionId "ret" "retention",
    Recipe RecipeId "rcp" "recipe",
    Import ImportId "imp" "import",
    Merger MergerId "mrg" "merger",
    ListEntry ListEntryId "lst" "entry of a published list",
}

/// What an assessment, a risk or a review is about: one supplier or one product.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SubjectId {
    /// A supplier.
    Supplier(SupplierId),
    /// A product.
    Product(ProductId),
}

impl SubjectId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Supplier(id) => id.as_str(),
            Self::Product(id) => id.as_str(),
        }
    }
}
impl fmt::Display for SubjectId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
impl FromStr for SubjectId {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(id) = text.parse() {
            return Ok(Self::Supplier(id));
        }
        text.parse()
            .map(Self::Product)
            .map_err(|_| "expected the id of a supplier (sup_…) or of a product (prd_…)".to_owned())
    }
}
impl Serialize for SubjectId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
impl<'de> Deserialize<'de> for SubjectId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
impl JsonSchema for SubjectId {
    fn schema_name() -> Cow<'static, str> {
        "SubjectId".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^(sup|prd)_[0-9a-f]{32}$", "example": "sup_0190c5d2e5f27c3c8a4b0d6f1e2a3b4c" })
    }
}
crate::stored::column_from_text!([] SubjectId);
impl sea_orm::TryFromU64 for SubjectId {
    fn try_from_u64(_: u64) -> Result<Self, sea_orm::DbErr> {
        Err(sea_orm::DbErr::ConvertFromU64("an id is text"))
    }
}
