//! Trying a provider: somebody signs in there once, and what came is shown to the organisation's administrators. Nobody
//! is signed in here, and nobody's account changes.

use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, Condition, QueryFilter as _};
use serde::{Deserialize, Serialize};
use serde_json::json;

pub use super::belief::EmailBelief;
use super::{Begun, IdentityProvider, Vouched, sign_in};
use crate::{
    clock::Moment,
    error::Error,
    id::{IdentityProviderId, SignInTrialId},
    page::Versioned,
    role::Role,
    scope::{Actor, Reader, Scope, Store, Writer},
    stored::{Json, sha256},
};

/// How long a trial can be finished and read, in seconds.
const KEPT_SECONDS: i64 = 3600;
/// How many trials of an organisation are kept at once, at the most.
const AT_MOST: usize = 200;
/// How many claims, and how many values of one, are shown of what came.
const SHOWN: usize = 100;
/// How much of one text that came is shown, in characters.
const LENGTH: usize = 300;

/// A step of signing in through a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TrialStep {
    /// Asking the provider what it says of itself.
    Discovery,
    /// Signing in at the provider.
    Authorisation,
    /// Exchanging the code that the browser came back with.
    Exchange,
    /// Checking the ID token.
    IdToken,
    /// Asking the provider for what it knows of the person.
    UserInfo,
    /// Letting the person in, or not.
    Admission,
}

impl TrialStep {
    /// What people call it.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Discovery => "asking the provider what it says of itself",
            Self::Authorisation => "signing in at the provider",
            Self::Exchange => "exchanging the code that the browser came back with",
            Self::IdToken => "checking the ID token",
            Self::UserInfo => "asking the provider for user info",
            Self::Admission => "letting the person in",
        }
    }
}

/// What came of a trial.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TrialOutcome {
    /// Whether the person would be let in, once people can sign in through the provider.
    pub is_let_in: bool,
    /// The step it came to: the one that failed, or `admission`.
    pub step: TrialStep,
    /// What came of that step, for people.
    pub why: String,
    /// The issuer in the token.
    pub issuer: Option<String>,
    /// The subject in the token: by it the person is known again.
    pub subject: Option<String>,
    /// The e-mail address that came.
    pub email: Option<String>,
    /// What the provider says of having verified it; null where it says nothing.
    pub email_verified: Option<bool>,
    /// Whether it is believed, and why; null where no token came.
    pub email_belief: Option<EmailBelief>,
    /// The name that came.
    pub name: Option<String>,
    /// The names of all claims that came, at most 100.
    pub claims: Vec<String>,
    /// The values of the role claim that came, at most 100.
    pub role_values: Vec<String>,
    /// The role that the person would have; null where they would not be let in.
    pub role: Option<Role>,
}

impl TrialOutcome {
    /// A trial that came no further than `step`, and why.
    #[must_use]
    pub fn failed(step: TrialStep, why: &str) -> Self {
        Self {
            is_let_in: false,
            step,
            why: shown(why),
            issuer: None,
            subject: None,
            email: None,
            email_verified: None,
            email_belief: None,
            name: None,
            claims: Vec::new(),
            role_values: Vec::new(),
            role: None,
        }
    }

    /// What came of someone, and what would become of them.
    fn of(provider: &IdentityProvider, vouched: &Vouched, admitted: Result<Role, String>) -> Self {
        let names =
            vouched.claims.as_object().map(|claims| claims.keys().take(SHOWN).map(|name| shown(name)).collect());
        let (role, why) = match admitted {
            Ok(role) if provider.is_enabled => (Some(role), "they would be let in".to_owned()),
            Ok(role) => (Some(role), "they would be let in, once people can sign in through it".to_owned()),
            Err(why) => (None, why),
        };
        Self {
            is_let_in: role.is_some(),
            issuer: Some(shown(&vouched.issuer)),
            subject: Some(shown(&vouched.subject)),
            email: vouched.email.as_deref().map(shown),
            email_verified: vouched.email_verified,
            email_belief: Some(provider.believes(vouched)),
            name: vouched.name.as_deref().map(shown),
            claims: names.unwrap_or_default(),
            role_values: provider.role_values(&vouched.claims).iter().take(SHOWN).map(|value| shown(value)).collect(),
            role,
            ..Self::failed(TrialStep::Admission, &why)
        }
    }
}

/// A text of somebody else's, as it may be kept and shown.
fn shown(text: &str) -> String {
    let plain: String =
        text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(LENGTH).collect();
    if text.chars().nth(LENGTH).is_some() { format!("{plain}…") } else { plain }
}

/// A trial of signing in through a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SignInTrial {
    /// Its id.
    pub id: SignInTrialId,
    /// Its version: 1 until it is finished, 2 then.
    pub version: i64,
    /// The provider that is tried.
    pub identity_provider_id: IdentityProviderId,
    /// The address at the provider that a browser is to open, told once; null afterwards, and where it failed before.
    pub address: Option<String>,
    /// What came of it; null until somebody has signed in there.
    pub outcome: Option<TrialOutcome>,
    /// When it was begun.
    pub created_at: Moment,
    /// Until when it can be finished and read: an hour.
    pub expires_at: Moment,
}

impl Versioned for SignInTrial {
    fn id(&self) -> &str {
        self.id.as_str()
    }
    fn version(&self) -> i64 {
        self.version
    }
}

/// A trial as stored.
#[expect(unreachable_pub, reason = "sea-orm derives a public entity from the row")]
pub(crate) mod row {
    use sea_orm::entity::prelude::*;

    use super::TrialOutcome;
    use crate::{
        clock::Moment,
        id::{IdentityProviderId, OrganisationId, SignInTrialId},
        stored::Json,
    };

    /// A trial as stored.
    #[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "sign_in_trial")]
    pub struct Model {
        /// Its id.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: SignInTrialId,
        /// Whose provider is tried.
        pub organisation_id: OrganisationId,
        /// Which provider is tried.
        pub provider_id: IdentityProviderId,
        /// SHA-256 of what the provider gives back; empty once it has.
        pub state_hash: String,
        /// What the ID token must hold.
        pub nonce: String,
        /// What the code is exchanged with (PKCE).
        pub verifier: String,
        /// What came of it.
        pub outcome: Option<Json<TrialOutcome>>,
        /// When it was begun.
        pub created_at: Moment,
        /// Until when it can be finished and read.
        pub expires_at: Moment,
    }
    // Not derived: no secret may end up in a log.
    impl std::fmt::Debug for Model {
        fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            formatter.debug_struct("sign_in_trial").field("id", &self.id).finish_non_exhaustive()
        }
    }
    /// A trial hangs on its provider.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
    crate::scope::belongs!();
}

impl row::Model {
    fn told(self, address: Option<String>) -> SignInTrial {
        SignInTrial {
            id: self.id,
            version: if self.outcome.is_some() { 2 } else { 1 },
            identity_provider_id: self.provider_id,
            address,
            outcome: self.outcome.map(|outcome| outcome.0),
            created_at: self.created_at,
            expires_at: self.expires_at,
        }
    }
}

/// Begins a trial of a provider, which leads to an address there, or has failed before it came so far.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], or [`Error::Conflict`] for one too many within an hour.
pub async fn begin(
    writer: &Writer,
    id: &IdentityProviderId,
    version: i64,
    begun: &Begun,
    address: Result<String, TrialOutcome>,
) -> Result<SignInTrial, Error> {
    let provider = writer.get_at::<super::Entity>(id.as_str(), version).await?;
    writer.clear::<row::Entity>(Condition::all().add(row::Column::ExpiresAt.lte(writer.now()))).await?;
    if writer.all(writer.find::<row::Entity>()).await?.len() >= AT_MOST {
        return Err(Error::conflict(
            "too_many",
            format!("an organisation tries its identity providers {AT_MOST} times an hour at the most: wait a while"),
        ));
    }
    let (address, outcome) = match address {
        Ok(address) => (Some(address), None),
        Err(outcome) => (None, Some(Json(outcome))),
    };
    let trial = row::Model {
        id: writer.new_id(),
        organisation_id: provider.organisation_id.clone(),
        provider_id: provider.id.clone(),
        state_hash: if outcome.is_some() { String::new() } else { sha256(&begun.state) },
        nonce: begun.nonce.clone(),
        verifier: begun.verifier.clone(),
        outcome,
        created_at: writer.now(),
        expires_at: writer.now().plus_seconds(KEPT_SECONDS),
    };
    writer.put_all::<row::Entity, row::ActiveModel>(vec![trial.clone()], &[]).await?;
    let begun = Some(json!({ "trial_id": trial.id }));
    writer.note("try", "identity_provider", provider.id.as_str(), None, begun);
    Ok(trial.told(address))
}

/// One trial, for an hour.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn read(reader: &Reader, id: &SignInTrialId) -> Result<SignInTrial, Error> {
    let select = reader
        .find::<row::Entity>()
        .filter(row::Column::Id.eq(id.clone()))
        .filter(row::Column::ExpiresAt.gt(reader.now()));
    Ok(reader.one(select).await?.ok_or(Error::NotFound)?.told(None))
}

/// A trial whose browser has come back.
#[derive(Clone, Debug)]
pub struct Returned {
    /// The provider that is tried.
    pub provider: IdentityProvider,
    /// The trial's id.
    pub id: SignInTrialId,
    trial: row::Model,
}

impl Returned {
    /// What the ID token must hold.
    #[must_use]
    pub fn nonce(&self) -> &str {
        &self.trial.nonce
    }

    /// What the code is exchanged with.
    #[must_use]
    pub fn verifier(&self) -> &str {
        &self.trial.verifier
    }
}

/// Who finishes a trial: whoever was sent to the provider, who need not be known here.
fn scope_of(provider: &IdentityProvider) -> Scope {
    Scope {
        organisation_id: provider.organisation_id.clone(),
        actor: Actor { id: provider.id.to_string(), name: provider.name.clone() },
        role: Role::Viewer,
        request_id: None,
    }
}

/// The trial of a provider that waits for this state.
async fn waiting(reader: &Reader, id: &IdentityProviderId, state: &str) -> Result<Option<row::Model>, Error> {
    let select = reader
        .find::<row::Entity>()
        .filter(row::Column::ProviderId.eq(id.clone()))
        .filter(row::Column::StateHash.eq(sha256(state)))
        .filter(row::Column::ExpiresAt.gt(reader.now()));
    reader.one(select).await
}

/// Takes up the trial of a provider that this state belongs to, once; none where it belongs to no trial.
///
/// # Errors
/// [`Error::Busy`] or [`Error::Database`].
pub async fn take_up(store: &Store, id: &IdentityProviderId, state: &str) -> Result<Option<Returned>, Error> {
    let Some(provider) = store.provider_of_anyone(id).await?.filter(|_| !state.is_empty()) else { return Ok(None) };
    let scope = scope_of(&provider);
    // Most who come back are no trial, and wait for nobody's change.
    let reader = store.read(&scope).await?;
    let is_trial = waiting(&reader, id, state).await?.is_some();
    drop(reader);
    if !is_trial {
        return Ok(None);
    }
    let writer = store.write(&scope).await?;
    let Some(found) = waiting(&writer, id, state).await? else { return Ok(None) };
    // What it was begun with is of no more use here.
    let kept = row::Model { state_hash: String::new(), nonce: String::new(), verifier: String::new(), ..found.clone() };
    writer.put_all::<row::Entity, row::ActiveModel>(vec![kept], &[row::Column::Id]).await?;
    writer.save().await?;
    Ok(Some(Returned { provider, id: found.id.clone(), trial: found }))
}

/// Keeps what came of a trial: how it failed, or whom the provider vouches for, and what would become of them.
///
/// # Errors
/// [`Error::Busy`] or [`Error::Database`].
pub async fn finish(store: &Store, returned: &Returned, came: Result<Vouched, TrialOutcome>) -> Result<(), Error> {
    let of = |vouched, admitted| TrialOutcome::of(&returned.provider, vouched, admitted);
    let (outcome, broke_off) = match &came {
        Err(outcome) => (outcome.clone(), None),
        Ok(vouched) => match sign_in::rehearse(store, &returned.provider, vouched).await {
            Ok(role) => (of(vouched, Ok(role)), None),
            Err(Error::Forbidden(why) | Error::Conflict { detail: why, .. }) => (of(vouched, Err(why)), None),
            // It has its end all the same, or it would seem that nobody came back.
            Err(error) => (TrialOutcome::failed(TrialStep::Admission, "it broke off here: try again"), Some(error)),
        },
    };
    let writer = store.write(&scope_of(&returned.provider)).await?;
    let is_there = writer.find::<row::Entity>().filter(row::Column::Id.eq(returned.id.clone()));
    // The provider may have been deleted meanwhile, and its trials with it.
    if writer.has(is_there).await? {
        let after = row::Model {
            state_hash: String::new(),
            nonce: String::new(),
            verifier: String::new(),
            outcome: Some(Json(outcome)),
            ..returned.trial.clone()
        };
        writer.put_all::<row::Entity, row::ActiveModel>(vec![after], &[row::Column::Id]).await?;
        writer.save().await?;
    }
    broke_off.map_or(Ok(()), Err)
}

/// Forgets the trials of a provider that is about to go.
pub(super) async fn forget(writer: &Writer, id: &IdentityProviderId) -> Result<(), Error> {
    writer.clear::<row::Entity>(Condition::all().add(row::Column::ProviderId.eq(id.clone()))).await?;
    Ok(())
}

/// Forgets every trial: one may name someone who is erased.
pub(crate) async fn forget_all(writer: &Writer) -> Result<(), Error> {
    writer.clear::<row::Entity>(Condition::all()).await?;
    Ok(())
}

/// Forgets the trials whose hour is over.
///
/// # Errors
/// [`Error::Busy`] or [`Error::Database`].
pub(crate) async fn tidy(store: &Store, scope: &Scope) -> Result<(), Error> {
    let reader = store.read(scope).await?;
    let is_over = row::Column::ExpiresAt.lte(reader.now());
    let has_some = reader.has(reader.find::<row::Entity>().filter(is_over.clone())).await?;
    drop(reader);
    if has_some {
        let writer = store.write(scope).await?;
        writer.clear::<row::Entity>(Condition::all().add(is_over)).await?;
        writer.save().await?;
    }
    Ok(())
}
