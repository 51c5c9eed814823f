//! Identity providers: how an organisation's people sign in with the account they have at work (OpenID Connect).
//!
//! A provider vouches for people in its own organisation only. Someone is known again by the provider's issuer and
//! subject, never by an e-mail address alone: an address only joins an account to a person when the provider says that
//! it has verified it, it is of a domain that the organisation has listed, and the person belongs to the organisation
//! or was invited there. Where a provider says nothing of having verified an address, an administrator may have it
//! believed for named domains, or tie a person to what the provider calls them; what it says is not verified is never
//! believed.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, Condition, QueryFilter as _, entity::prelude::*};
use serde::{Deserialize, Serialize};
use serde_json::json;
use validator::Validate;

use crate::{
    clock::{Day, Moment},
    error::Error,
    fault::Faults,
    id::{IdentityProviderId, OrganisationId, UserId},
    page::{Page, Sort},
    patch::Change,
    role::Role,
    scope::{Reader, Writer, owned},
    sign_in_policy,
    stored::{Json, Word},
    text,
};

mod belief;
mod sign_in;
pub mod trial;
mod tying;

pub use sign_in::{Begun, SignInOption, SignInOptionFilter, Vouched, begin, enabled, options, sign_in, take_up};
pub(crate) use tying::subjects_of;
pub use tying::{Identities, Identity, NewIdentity, TyingOffer, identities, tie, tying_offer, untie};

/// How many providers an organisation has at the most.
const AT_MOST: usize = 20;
/// How long one scope may be, in characters.
const SCOPE_LENGTH: usize = 200;
/// The scope that an address comes with, and the one that a name comes with.
const USUAL_SCOPES: [&str; 2] = ["email", "profile"];

/// An identity provider as stored, and as it is shown but for its secret.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel, Serialize, JsonSchema)]
#[sea_orm(table_name = "identity_provider")]
#[schemars(rename = "IdentityProvider")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: IdentityProviderId,
    /// The organisation whose people it signs in.
    #[serde(skip)]
    pub organisation_id: OrganisationId,
    /// Its version, from 1; each change adds one.
    pub version: i64,
    /// What people call it.
    pub name: String,
    /// Its address, as it calls itself in its tokens.
    pub issuer: String,
    /// What it calls us.
    pub client_id: String,
    /// What we identify ourselves with.
    #[serde(skip)]
    pub client_secret: Option<String>,
    /// The last day on which that secret is good, as the provider says; null where nobody has said.
    pub secret_expires_on: Option<Day>,
    /// Whether people can sign in through it.
    pub is_enabled: bool,
    /// The claim whose values say which role someone has; null if roles are given here.
    pub role_claim: Option<String>,
    /// Which value of the claim stands for which role; the highest counts.
    #[schemars(with = "BTreeMap<String, Role>")]
    pub roles: Json<BTreeMap<String, Role>>,
    /// The role of those for whom no claim says one; null to let none of them in.
    #[schemars(with = "Option<Role>")]
    pub default_role: Option<Word<Role>>,
    /// Domains of e-mail addresses by which it may say who someone is.
    #[schemars(with = "Vec<String>")]
    pub email_domains: Json<Vec<String>>,
    /// Whether people come to the organisation by signing in, without an invitation.
    pub admits_new_people: bool,
    /// When it was entered.
    pub created_at: Moment,
    /// When it was last changed.
    pub updated_at: Moment,
    /// What it is asked for besides `openid`. Empty for the usual: `email`, and of `profile` and the scope named like
    /// the role claim those that it lists, or both where it lists none.
    #[schemars(with = "Vec<String>")]
    pub scopes: Json<Vec<String>>,
    /// Whether a code is bound to the browser that asked for it (PKCE, with SHA-256).
    pub pkce: bool,
    /// Domains of e-mail addresses in which it is believed though it says nothing of `email_verified`.
    #[schemars(with = "Vec<String>")]
    pub believed_domains: Json<Vec<String>>,
}

pub use Model as IdentityProvider;

/// A provider hangs on its organisation alone.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}
owned!("identity_provider", _row => None);

// Not derived: no secret may end up in a log.
impl std::fmt::Debug for Model {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("identity_provider")
            .field("id", &self.id)
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

/// Whom a provider calls what.
#[expect(unreachable_pub, reason = "sea-orm derives a public entity from the row")]
pub(crate) mod identity {
    use sea_orm::entity::prelude::*;

    use crate::{
        clock::Moment,
        id::{IdentityProviderId, OrganisationId, UserId},
    };

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "identity")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub organisation_id: OrganisationId,
        #[sea_orm(primary_key, auto_increment = false)]
        pub provider_id: IdentityProviderId,
        #[sea_orm(primary_key, auto_increment = false)]
        pub issuer: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub subject: String,
        pub user_id: UserId,
        pub created_at: Moment,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
    crate::scope::belongs!();
}

/// A sign-in that was begun.
#[expect(unreachable_pub, reason = "sea-orm derives a public entity from the row")]
pub(crate) mod attempt {
    use sea_orm::entity::prelude::*;

    use crate::{
        clock::Moment,
        id::{IdentityProviderId, OrganisationId},
    };

    /// A sign-in that was begun.
    #[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "sign_in_attempt")]
    pub struct Model {
        /// SHA-256 of what the provider gives back.
        #[sea_orm(primary_key, auto_increment = false)]
        pub state_hash: String,
        /// Into which organisation.
        pub organisation_id: OrganisationId,
        /// Through which provider.
        pub provider_id: IdentityProviderId,
        /// SHA-256 of what the browser that began it keeps.
        pub browser_hash: String,
        /// What the ID token must hold.
        pub nonce: String,
        /// What the code is exchanged with (PKCE).
        pub verifier: String,
        /// Until when it can be finished.
        pub expires_at: Moment,
    }
    // Not derived: no secret may end up in a log.
    impl std::fmt::Debug for Model {
        fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            formatter.debug_struct("sign_in_attempt").field("provider_id", &self.provider_id).finish_non_exhaustive()
        }
    }
    /// An attempt hangs on its provider.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
    crate::scope::belongs!();
}

/// What a provider is made of.
#[derive(Clone, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schemars(example = json!({
    "name": "Meadow View accounts", "issuer": "https://login.example.org", "client_id": "diligence", "client_secret": "kept by the provider and by us",
    "role_claim": "groups", "roles": { "care-managers": "editor", "directors": "approver" }, "email_domains": ["example.org"],
}))]
pub struct NewIdentityProvider {
    /// What people call it.
    #[validate(length(min = 1, max = 200))]
    pub name: String,
    /// Its address, as it calls itself: `https://…`, below which it has `/.well-known/openid-configuration`.
    #[validate(length(min = 1, max = 500))]
    pub issuer: String,
    /// What it calls us.
    #[validate(length(min = 1, max = 500))]
    pub client_id: String,
    /// What we identify ourselves with; null for a public client. Never shown again.
    #[validate(length(min = 1, max = 1000))]
    #[serde(default)]
    pub client_secret: Option<String>,
    /// The last day on which that secret is good, as the provider says: it is due by then.
    #[serde(default)]
    pub secret_expires_on: Option<Day>,
    /// Whether people can sign in through it.
    #[serde(default = "yes")]
    pub is_enabled: bool,
    /// The claim whose values say which role someone has: a list of texts, a text (several with commas between, or with
    /// spaces where each is among `roles`), or an object, whose names count where they are true or hold something. With
    /// dots what is inside: `realm_access.roles`.
    #[validate(length(min = 1, max = 200))]
    #[serde(default)]
    pub role_claim: Option<String>,
    /// Which value of the claim stands for which role; the highest counts, at each sign-in.
    #[validate(length(max = 100))]
    #[serde(default)]
    pub roles: BTreeMap<String, Role>,
    /// The role of those for whom no claim says one; null to let none of them in.
    #[serde(default)]
    pub default_role: Option<Role>,
    /// Domains of e-mail addresses by which it may say who someone is, e.g. `example.org`. Without one, only people
    /// whom it has signed in before are let in.
    #[validate(length(max = 50))]
    #[serde(default)]
    pub email_domains: Vec<String>,
    /// Whether people come to the organisation by signing in, without an invitation.
    #[serde(default)]
    pub admits_new_people: bool,
    /// What it is asked for besides `openid`. Empty for the usual: `email`, and of `profile` and the scope named like
    /// the role claim those that it lists, or both where it lists none. `openid` alone asks for nothing else.
    #[validate(length(max = 10))]
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Whether a code is bound to the browser that asked for it (PKCE, with SHA-256). Some providers refuse it.
    #[serde(default = "yes")]
    pub pkce: bool,
    /// Domains of e-mail addresses in which it is believed though it says nothing of `email_verified`, e.g.
    /// `example.org`: only where whoever runs it gives out every address. What it says is not verified never is.
    #[validate(length(max = 20))]
    #[serde(default)]
    pub believed_domains: Vec<String>,
}

fn yes() -> bool {
    true
}

/// Which providers to list.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct IdentityProviderFilter {
    /// How many to answer, 1 to 200; 50 if not said.
    #[validate(range(min = 1, max = 200))]
    pub limit: Option<u64>,
    /// The `next` of the page before.
    #[validate(length(max = 1000))]
    pub cursor: Option<String>,
}

/// Whether an address of a provider is one that nobody between can read or change: `https`, or `http` on this machine.
#[must_use]
pub fn is_safe_address(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.is_empty() || authority.contains(['@', '\\']) || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return false;
    }
    let host = match authority.strip_prefix('[') {
        Some(inner) => inner.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    let is_loopback = host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    scheme == "https" || (scheme == "http" && is_loopback)
}

/// Checks what a provider is made of, before anybody asks it what it says of itself.
///
/// # Errors
/// [`Error::Invalid`] with every fault.
pub fn check(new: &NewIdentityProvider) -> Result<(), Error> {
    text::check(new)?;
    checked(new.clone()).map(drop)
}

/// What a provider would be made of after a change, and whether it then has another issuer.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`] or [`Error::Invalid`].
pub async fn plan(
    reader: &Reader,
    id: &IdentityProviderId,
    version: i64,
    change: Change<NewIdentityProvider>,
) -> Result<(NewIdentityProvider, bool), Error> {
    let before = reader.get_at::<Entity>(id.as_str(), version).await?;
    let new = before.changed(change)?;
    let has_another_issuer = new.issuer != before.issuer;
    Ok((new, has_another_issuer))
}

/// Writes domains as they are compared, and says which are none.
fn check_domains(domains: &mut [String], field: &str, faults: &mut Faults) {
    for (index, domain) in domains.iter_mut().enumerate() {
        *domain = domain.trim().trim_start_matches('@').to_lowercase();
        let is_domain = domain.len() <= 253
            && domain.contains('.')
            && domain
                .split('.')
                .all(|part| !part.is_empty() && part.chars().all(|letter| letter.is_alphanumeric() || letter == '-'));
        faults.expect(is_domain, format!("/{field}/{index}"), "domain", "expected a domain such as example.org");
    }
}

/// Whether a text can be a scope (RFC 6749, section 3.3).
fn is_scope(text: &str) -> bool {
    (1..=SCOPE_LENGTH).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\')
}

fn checked(mut new: NewIdentityProvider) -> Result<NewIdentityProvider, Error> {
    let mut faults = Faults::of(&new);
    let is_issuer = is_safe_address(&new.issuer) && !new.issuer.contains(['?', '#']);
    faults.expect(
        is_issuer,
        "/issuer",
        "url",
        "expected an address that begins with https:// (or http:// on this machine), without ? and #",
    );
    check_domains(&mut new.email_domains, "email_domains", &mut faults);
    check_domains(&mut new.believed_domains, "believed_domains", &mut faults);
    for (index, scope) in new.scopes.iter().enumerate() {
        faults.expect(is_scope(scope), format!("/scopes/{index}"), "scope", "expected one word such as groups");
    }
    faults.expect(
        new.secret_expires_on.is_none() || new.client_secret.is_some(),
        "/secret_expires_on",
        "contradiction",
        "expected only beside client_secret: without a secret, none ends",
    );
    faults.expect(
        new.roles.is_empty() || new.role_claim.is_some(),
        "/role_claim",
        "required",
        "expected the name of the claim whose values `roles` maps to roles",
    );
    faults.expect(
        new.roles.keys().all(|value| (1..=200).contains(&value.chars().count())),
        "/roles",
        "length",
        "expected values of 1 to 200 characters",
    );
    faults.done()?;
    Ok(new)
}

impl Model {
    fn with(self, new: NewIdentityProvider) -> Self {
        Self {
            name: new.name,
            issuer: new.issuer,
            client_id: new.client_id,
            client_secret: new.client_secret,
            secret_expires_on: new.secret_expires_on,
            is_enabled: new.is_enabled,
            role_claim: new.role_claim,
            roles: Json(new.roles),
            default_role: new.default_role.map(Word),
            email_domains: Json(new.email_domains),
            admits_new_people: new.admits_new_people,
            scopes: Json(new.scopes),
            pkce: new.pkce,
            believed_domains: Json(new.believed_domains),
            ..self
        }
    }

    /// What it is made of after a change.
    fn changed(&self, change: Change<NewIdentityProvider>) -> Result<NewIdentityProvider, Error> {
        let mut stored = serde_json::to_value(self).unwrap_or_default();
        stored["client_secret"] = self.client_secret.clone().into();
        let says_secret = change.fields.contains_key("client_secret");
        let new = checked(change.over(&stored)?)?;
        let is_elsewhere = new.issuer.trim_end_matches('/') != self.issuer.trim_end_matches('/');
        if self.client_secret.is_some() && !says_secret && is_elsewhere {
            let detail = "expected the client's secret at the new issuer, or null for none: the one that is kept is for the issuer before";
            return Err(Error::invalid("/client_secret", "required", detail));
        }
        Ok(new)
    }

    /// What it is asked for besides `openid`; `listed` are the scopes that it says it knows, where it says so.
    #[must_use]
    pub fn scopes_to_ask_for(&self, listed: Option<&[String]>) -> Vec<String> {
        scopes_to_ask_for(&self.scopes.0, self.role_claim.as_deref(), listed)
    }
}

impl NewIdentityProvider {
    /// A provider of this issuer with everything else as it is where nobody says more: a public client without a name
    /// that lets in nobody.
    #[must_use]
    pub fn usual(issuer: &str, role_claim: Option<String>) -> Self {
        Self {
            name: String::new(),
            issuer: issuer.to_owned(),
            client_id: String::new(),
            client_secret: None,
            secret_expires_on: None,
            is_enabled: true,
            role_claim,
            roles: BTreeMap::new(),
            default_role: None,
            email_domains: Vec::new(),
            admits_new_people: false,
            scopes: Vec::new(),
            pkce: true,
            believed_domains: Vec::new(),
        }
    }

    /// What it is asked for besides `openid`; `listed` are the scopes that it says it knows, where it says so.
    #[must_use]
    pub fn scopes_to_ask_for(&self, listed: Option<&[String]>) -> Vec<String> {
        scopes_to_ask_for(&self.scopes, self.role_claim.as_deref(), listed)
    }
}

fn scopes_to_ask_for(said: &[String], role_claim: Option<&str>, listed: Option<&[String]>) -> Vec<String> {
    if !said.is_empty() {
        return said.iter().filter(|scope| *scope != "openid").cloned().collect();
    }
    let is_known = |scope: &str| listed.is_none_or(|listed| listed.iter().any(|known| known == scope));
    let [email, profile] = USUAL_SCOPES;
    let of_role = role_claim.and_then(|claim| claim.split('.').next());
    let of_role = of_role.filter(|scope| !["openid", email, profile].contains(scope) && is_scope(scope));
    let more = [Some(profile), of_role].into_iter().flatten().filter(|scope| is_known(scope));
    std::iter::once(email).chain(more).map(str::to_owned).collect()
}

/// Enters a provider.
///
/// # Errors
/// [`Error::Invalid`], or [`Error::Conflict`] for one too many.
pub async fn create(writer: &Writer, new: NewIdentityProvider) -> Result<IdentityProvider, Error> {
    text::check(&new)?;
    let new = checked(new)?;
    if writer.all(writer.find::<Entity>()).await?.len() >= AT_MOST {
        return Err(Error::conflict(
            "too_many",
            format!("an organisation has {AT_MOST} identity providers at the most"),
        ));
    }
    let empty = Model {
        id: writer.new_id(),
        organisation_id: writer.scope().organisation_id.clone(),
        version: 1,
        name: String::new(),
        issuer: String::new(),
        client_id: String::new(),
        client_secret: None,
        secret_expires_on: None,
        is_enabled: false,
        role_claim: None,
        roles: Json::default(),
        default_role: None,
        email_domains: Json::default(),
        admits_new_people: false,
        created_at: writer.now(),
        updated_at: writer.now(),
        scopes: Json::default(),
        pkce: true,
        believed_domains: Json::default(),
    };
    writer.insert::<Entity, ActiveModel>(empty.with(new)).await
}

/// One provider.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn read(reader: &Reader, id: &IdentityProviderId) -> Result<IdentityProvider, Error> {
    reader.get::<Entity>(id.as_str()).await
}

/// A page of the organisation's providers, oldest first.
///
/// # Errors
/// [`Error::Invalid`] for a cursor that is none.
pub async fn list(reader: &Reader, filter: &IdentityProviderFilter) -> Result<Page<IdentityProvider>, Error> {
    reader
        .page(reader.find::<Entity>(), Sort::up(Column::CreatedAt), Column::Id, filter.limit, filter.cursor.as_deref())
        .await
}

/// Changes a provider. What it signed people in as under another issuer counts no more.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::Invalid`], or [`Error::Conflict`] when no one could sign in any
/// more.
pub async fn change(
    writer: &Writer,
    id: &IdentityProviderId,
    version: i64,
    change: Change<NewIdentityProvider>,
) -> Result<IdentityProvider, Error> {
    let before = writer.get_at::<Entity>(id.as_str(), version).await?;
    let new = before.changed(change)?;
    if !new.is_enabled {
        leaves_a_way_in(writer, id).await?;
    }
    let is_another_secret = new.client_secret != before.client_secret;
    let after = writer.replace::<Entity, ActiveModel>("change", &before, before.clone().with(new)).await?;
    if is_another_secret {
        writer.note("change_secret", "identity_provider", id.as_str(), None, None);
    }
    Ok(after)
}

/// Takes a provider away. The people it signed in stay.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], or [`Error::Conflict`] when no one could sign in any more.
pub async fn remove(writer: &Writer, id: &IdentityProviderId, version: i64) -> Result<(), Error> {
    let row = writer.get_at::<Entity>(id.as_str(), version).await?;
    leaves_a_way_in(writer, id).await?;
    writer.clear::<attempt::Entity>(Condition::all().add(attempt::Column::ProviderId.eq(id.clone()))).await?;
    trial::forget(writer, id).await?;
    writer.clear::<identity::Entity>(Condition::all().add(identity::Column::ProviderId.eq(id.clone()))).await?;
    writer.remove::<Entity>(&row).await
}

/// The providers of whose secret somebody has said when it ends.
pub(crate) async fn with_secret_that_ends(reader: &Reader) -> Result<Vec<IdentityProvider>, Error> {
    reader.all(reader.find::<Entity>().filter(Column::SecretExpiresOn.is_not_null())).await
}

/// Whether people can sign in through a provider other than `except`.
pub(crate) async fn is_there_another(reader: &Reader, except: Option<&IdentityProviderId>) -> Result<bool, Error> {
    let mut select = reader.find::<Entity>().filter(Column::IsEnabled.eq(true));
    if let Some(except) = except {
        select = select.filter(Column::Id.ne(except.clone()));
    }
    reader.has(select).await
}

async fn leaves_a_way_in(writer: &Writer, id: &IdentityProviderId) -> Result<(), Error> {
    if sign_in_policy::read(writer).await?.allows_passwords || is_there_another(writer, Some(id)).await? {
        return Ok(());
    }
    Err(Error::conflict(
        "no_other_way",
        "passwords are turned off, and this is the last identity provider: no one could sign in any more",
    ))
}

/// Forgets whom providers call a person, who is about to leave the organisation.
pub(crate) async fn forget_member(writer: &Writer, user_id: &UserId) -> Result<(), Error> {
    writer.clear::<identity::Entity>(Condition::all().add(identity::Column::UserId.eq(user_id.clone()))).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_that_nobody_between_can_read_are_safe() {
        for safe in [
            "https://login.example.org",
            "https://login.example.org/realms/care",
            "http://localhost:9000",
            "http://127.0.0.1:9000/x",
            "http://[::1]:9000",
        ] {
            assert!(is_safe_address(safe), "{safe}");
        }
        for unsafe_one in [
            "http://login.example.org",
            "http://127.0.0.1.example.org",
            "http://localhost@example.org",
            "ftp://localhost",
            "https://",
            "login.example.org",
            "file:///etc/passwd",
            "https://a\\b",
            "https://a b",
            "http://10.0.0.1",
        ] {
            assert!(!is_safe_address(unsafe_one), "{unsafe_one}");
        }
    }
}
