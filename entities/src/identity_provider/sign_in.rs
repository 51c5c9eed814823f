//! Signing in through an identity provider: begun here, done there, and taken up again with what the provider vouches
//! for.

use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, QueryFilter as _};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use validator::Validate;

use super::{IdentityProvider, attempt, identity};
use crate::{
    audit,
    error::Error,
    id::{IdentityProviderId, OrganisationId},
    invitation,
    role::Role,
    scope::{Actor, Scope, Store, Writer},
    secret,
    session::{self, Granted, Method, Stage, Visit},
    stored::{hex, sha256},
    text,
    user::{self, membership},
};

/// How long someone has to sign in at the provider, in seconds.
const ATTEMPT_SECONDS: i64 = 600;

/// A provider that people can sign in through, as anyone may see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SignInOption {
    /// Its id: `/sign-in/{id}` leads there.
    pub id: IdentityProviderId,
    /// What people call it.
    pub name: String,
}

/// Whose ways of signing in to show.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct SignInOptionFilter {
    /// The organisation's; if not said, those of the only organisation here besides samples, and where there are
    /// several, none.
    pub organisation_id: Option<OrganisationId>,
}

/// The providers that an organisation's people can sign in through, by name. Who asks without saying for which
/// organisation is told nothing of whose registers are kept here, unless there is just one.
///
/// # Errors
/// [`Error::Database`] only.
pub async fn options(store: &Store, filter: &SignInOptionFilter) -> Result<Vec<SignInOption>, Error> {
    let id = match &filter.organisation_id {
        Some(id) => id.clone(),
        None => {
            let mut own = store.organisations().await?.into_iter().filter(|organisation| !organisation.is_sample);
            let (Some(only), None) = (own.next(), own.next()) else { return Ok(Vec::new()) };
            only.id
        }
    };
    Ok(store
        .providers_of_anyone(&id)
        .await?
        .into_iter()
        .map(|provider| SignInOption { id: provider.id, name: provider.name })
        .collect())
}

/// The provider by this id, if people can sign in through it.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn enabled(store: &Store, id: &IdentityProviderId) -> Result<IdentityProvider, Error> {
    store.provider_of_anyone(id).await?.filter(|provider| provider.is_enabled).ok_or(Error::NotFound)
}

/// What is kept while someone signs in at the provider. The texts themselves go to the browser and to the provider.
#[derive(Clone)]
pub struct Begun {
    /// What the provider gives back.
    pub state: String,
    /// What the browser keeps.
    pub browser: String,
    /// What the ID token must hold.
    pub nonce: String,
    /// What the code is exchanged with.
    pub verifier: String,
}

impl Begun {
    /// Four texts of 256 random bits each.
    ///
    /// # Errors
    /// [`Error::Busy`] when the operating system has no random numbers.
    pub fn new() -> Result<Self, Error> {
        let text = || Ok::<_, Error>(hex(&secret::random::<32>()?));
        Ok(Self { state: text()?, browser: text()?, nonce: text()?, verifier: text()? })
    }
}

/// Keeps that a sign-in was begun.
///
/// # Errors
/// [`Error::Busy`] or [`Error::Database`].
pub async fn begin(store: &Store, provider: &IdentityProvider, begun: &Begun) -> Result<(), Error> {
    let row = attempt::Model {
        state_hash: sha256(&begun.state),
        organisation_id: provider.organisation_id.clone(),
        provider_id: provider.id.clone(),
        browser_hash: sha256(&begun.browser),
        nonce: begun.nonce.clone(),
        verifier: begun.verifier.clone(),
        expires_at: store.clock().now().plus_seconds(ATTEMPT_SECONDS),
    };
    store.begin_attempt(row).await
}

/// Takes up a sign-in that was begun in this browser: gives its nonce and verifier, once.
///
/// # Errors
/// [`Error::Unauthenticated`] where none was, or its time is over.
pub async fn take_up(
    store: &Store,
    provider: &IdentityProvider,
    state: &str,
    browser: Option<&str>,
) -> Result<(String, String), Error> {
    let lost = || Error::Unauthenticated {
        code: "not_begun",
        detail: "this sign-in was not started in this browser, has expired or was already completed: start again"
            .into(),
    };
    let attempt = store.take_attempt(&sha256(state)).await?.ok_or_else(lost)?;
    let is_ours = attempt.provider_id == provider.id && attempt.expires_at > store.clock().now();
    let is_same_browser = browser.is_some_and(|browser| {
        use subtle::ConstantTimeEq as _;
        sha256(browser).as_bytes().ct_eq(attempt.browser_hash.as_bytes()).into()
    });
    if is_ours && is_same_browser { Ok((attempt.nonce, attempt.verifier)) } else { Err(lost()) }
}

/// Whom a provider says someone is, after everything about its token was checked.
#[derive(Clone, Debug)]
pub struct Vouched {
    /// The issuer in the token.
    pub issuer: String,
    /// The subject in the token.
    pub subject: String,
    /// Their address.
    pub email: Option<String>,
    /// Whether the provider says that it has verified it; none where it says nothing of that.
    pub email_verified: Option<bool>,
    /// Their name.
    pub name: Option<String>,
    /// Every claim of the token, and those that came as user info.
    pub claims: Value,
}

/// Signs in whom a provider vouches for.
///
/// # Errors
/// [`Error::Forbidden`] for someone who does not belong to the organisation and may not come to it so.
pub async fn sign_in(
    store: &Store,
    visit: &Visit,
    provider: &IdentityProvider,
    vouched: &Vouched,
) -> Result<Granted, Error> {
    let granted = admit(store, visit, provider, vouched).await;
    if let Err(Error::Forbidden(why)) = &granted {
        let stranger = Actor { id: "stranger".into(), name: "someone not signed in".into() };
        let scope = Scope {
            organisation_id: provider.organisation_id.clone(),
            actor: stranger,
            role: Role::Viewer,
            request_id: visit.request_id.clone(),
        };
        audit::record(
            store,
            &scope,
            "sign_in_failed",
            "identity_provider",
            provider.id.as_str(),
            Some(json!({ "why": why })),
        )
        .await?;
    }
    granted
}

/// As what a provider would let someone in; nothing of it stays.
///
/// # Errors
/// [`Error::Forbidden`] for someone who would not be let in.
pub(super) async fn rehearse(store: &Store, provider: &IdentityProvider, vouched: &Vouched) -> Result<Role, Error> {
    // It is dropped without being saved.
    let (_writer, _, membership) = place(store, None, provider, vouched).await?;
    Ok(membership.role.0)
}

async fn admit(store: &Store, visit: &Visit, provider: &IdentityProvider, vouched: &Vouched) -> Result<Granted, Error> {
    let (writer, user, membership) = place(store, visit.request_id.clone(), provider, vouched).await?;
    writer.save().await?;
    let place = store
        .places_of_anyone(&user.id)
        .await?
        .into_iter()
        .find(|place| place.membership.organisation_id == membership.organisation_id)
        .ok_or(Error::NotFound)?;
    session::open(store, visit, user, place, Stage::Complete, Method::Provider, false).await
}

/// Gives someone their place in the organisation, in a change that is not saved yet.
async fn place(
    store: &Store,
    request_id: Option<String>,
    provider: &IdentityProvider,
    vouched: &Vouched,
) -> Result<(Writer, user::Model, membership::Model), Error> {
    let role = provider.role_of(&vouched.claims);
    let email = provider.trusted_email(vouched);
    let by_email = match &email {
        Some(email) => store.user_by_email(email).await?,
        None => None,
    };
    let provider_itself = Actor { id: provider.id.to_string(), name: provider.name.clone() };
    let scope = Scope {
        organisation_id: provider.organisation_id.clone(),
        actor: provider_itself,
        role: Role::Viewer,
        request_id,
    };
    let writer = store.write(&scope).await?;
    let known = writer
        .find::<identity::Entity>()
        .filter(identity::Column::ProviderId.eq(provider.id.clone()))
        .filter(identity::Column::Issuer.eq(vouched.issuer.as_str()))
        .filter(identity::Column::Subject.eq(vouched.subject.as_str()));
    let known = writer.one(known).await?.map(|identity| identity.user_id);
    let user = match &known {
        Some(id) => user::row(&writer, id).await?,
        None => {
            let email = email
                .ok_or_else(|| Error::Forbidden("your identity provider sent no verified e-mail address in a domain that this organisation accepts from it".into()))?;
            match by_email {
                Some(user) => user,
                // Someone new has no password, and can be let in nowhere else.
                None => {
                    if !provider.admits_new_people && invitation::pending(&writer, &email).await?.is_none() {
                        return Err(not_invited());
                    }
                    let name = vouched
                        .name
                        .clone()
                        .filter(|name| {
                            (1..=200).contains(&name.chars().count()) && text::Form::Line.fault(name).is_none()
                        })
                        .unwrap_or_else(|| email.clone());
                    let user = user::Model::new(store.new_user_id(), email.clone(), name, None, writer.now());
                    writer.add_user(&user).await?;
                    user
                }
            }
        }
    };
    let membership =
        writer.one(writer.find::<membership::Entity>().filter(membership::Column::UserId.eq(user.id.clone()))).await?;
    let membership = match membership {
        Some(membership) => {
            let wanted = if provider.role_claim.is_some() { role.ok_or_else(no_role)? } else { membership.role.0 };
            if wanted == membership.role.0 { membership } else { user::set_role(&writer, &membership, wanted).await? }
        }
        None => {
            let invited = invitation::pending(&writer, &user.email).await?;
            // An account that is there already joins only by proving itself: whoever made it might be someone else.
            if user.password_hash.is_some() || user.created_at < writer.now() {
                return Err(Error::Forbidden(
                    "there is an account of this e-mail address that does not belong to the organisation yet: accept an invitation with its password first".into(),
                ));
            }
            let wanted = match (&invited, provider.role_claim.is_some()) {
                (_, true) => role.ok_or_else(no_role)?,
                (Some(invited), false) => invited.role.0,
                (None, false) => role.ok_or_else(no_role)?,
            };
            if let Some(invited) = invited {
                invitation::use_up(&writer, &invited, &invited.email).await?;
            }
            invitation::add_member(&writer, &user, wanted).await?
        }
    };
    if known.is_none() {
        let row = identity::Model {
            organisation_id: provider.organisation_id.clone(),
            provider_id: provider.id.clone(),
            issuer: vouched.issuer.clone(),
            subject: vouched.subject.clone(),
            user_id: user.id.clone(),
            created_at: writer.now(),
        };
        writer.put_all::<identity::Entity, identity::ActiveModel>(vec![row], &[]).await?;
        writer.note(
            "link_identity",
            "user",
            user.id.as_str(),
            None,
            Some(json!({ "identity_provider_id": provider.id, "issuer": vouched.issuer })),
        );
    }
    Ok((writer, user, membership))
}

fn not_invited() -> Error {
    Error::Forbidden("you do not belong to this organisation: ask one of its admins for an invitation".into())
}

fn no_role() -> Error {
    Error::Forbidden("your identity provider sent no role that this organisation recognises".into())
}
