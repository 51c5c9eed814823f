//! Sessions: how people are let in. A session belongs to one person and is at any time in one of their organisations.
//!
//! Its text reads `dls_<32 hexadecimal digits>_<64 hexadecimal digits>`, like a key's, and is kept in a cookie; only
//! the secret's SHA-256 is stored. The text changes whenever what the session may do changes: at the second factor and
//! at a switch to another organisation. A change of role ends it.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Mutex, PoisonError},
};

use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, QueryFilter as _, entity::prelude::*};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;
use validator::Validate;

use crate::{
    clock::Moment,
    error::Error,
    id::{OrganisationId, SessionId, UserId},
    organisation,
    page::{self, Page, Sort},
    role::Role,
    scope::{Actor, Reader, Scope, Store, belongs},
    secret::Offered,
    sign_in_policy::{self, MfaRule},
    stored::Word,
    user::{self, membership},
};

mod end;
mod sign_in;

pub use end::{Ended, end_others, revoke, revoke_own, sign_out};
pub(crate) use end::{end_everywhere, end_of_member};
pub use sign_in::{Granted, NewSession, Switch, Visit, confirm, sign_in, switch};
pub(crate) use sign_in::{open, prove, second_factor};

/// What the text of a session begins with.
const PREFIX: &str = "dls";
/// What the token of its changes is derived for.
const CSRF: &str = "csrf";
/// How long a session that has been looked up is trusted without another look, in seconds. One that has ended dies here
/// at once, and on every other replica within this time.
pub const TRUSTED_SECONDS: i64 = 5;
/// How many sessions are remembered between requests at the most.
const REMEMBERED: usize = 10_000;
/// How often the time of the last request is kept, in seconds.
const SEEN_SECONDS: i64 = 60;
/// How many devices of a person are known at the most.
pub(crate) const DEVICES: usize = 20;

/// How far someone has come with signing in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The second factor is missing: only that can be given.
    NeedsCode,
    /// A second factor must be set up first: only that can be done.
    Enrolling,
    /// Signed in.
    Complete,
}

/// How someone signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// With a password, and with a second factor if they have one.
    Password,
    /// Through the organisation's identity provider.
    Provider,
}

/// A session as stored.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "session")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SessionId,
    /// The organisation it is in.
    pub organisation_id: OrganisationId,
    /// Its version, from 1; each new secret adds one.
    pub version: i64,
    /// Whose it is.
    pub user_id: UserId,
    /// How far they have come.
    pub stage: Word<Stage>,
    /// How they signed in.
    pub method: Word<Method>,
    /// What their browser calls itself.
    pub agent: Option<String>,
    /// SHA-256 of the secret.
    pub secret_hash: String,
    /// When they signed in.
    pub created_at: Moment,
    /// When it was last used, to the minute.
    pub last_seen_at: Moment,
    /// When it ends in any case.
    pub expires_at: Moment,
}

// Not derived: no hash of a secret may end up in a log.
impl std::fmt::Debug for Model {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("session").field("id", &self.id).field("user_id", &self.user_id).finish_non_exhaustive()
    }
}

/// A session hangs on its person's membership.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}
belongs!();
impl page::Versioned for Model {
    fn id(&self) -> &str {
        self.id.as_str()
    }
    fn version(&self) -> i64 {
        self.version
    }
}

/// From which devices someone has signed in before.
#[expect(unreachable_pub, reason = "sea-orm derives a public entity from the row")]
pub(crate) mod device {
    use sea_orm::entity::prelude::*;

    use crate::{clock::Moment, id::UserId};

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "known_device")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub secret_hash: String,
        pub user_id: UserId,
        pub last_used_at: Moment,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// A session, as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Its version, from 1; it grows when the session's secret changes.
    pub version: i64,
    /// Whose it is.
    pub user_id: UserId,
    /// Their name.
    pub user_name: String,
    /// The organisation it is in.
    pub organisation_id: OrganisationId,
    /// How far they have come with signing in.
    pub stage: Stage,
    /// How they signed in.
    pub method: Method,
    /// What their browser calls itself; null if it says nothing.
    pub agent: Option<String>,
    /// When they signed in.
    pub created_at: Moment,
    /// When it was last used, to the minute.
    pub last_seen_at: Moment,
    /// When it ends in any case.
    pub expires_at: Moment,
}
impl page::Versioned for Session {
    fn id(&self) -> &str {
        self.id.as_str()
    }
    fn version(&self) -> i64 {
        self.version
    }
}
impl Session {
    fn of(row: Model, user_name: String) -> Self {
        Self {
            id: row.id,
            version: row.version,
            user_id: row.user_id,
            user_name,
            organisation_id: row.organisation_id,
            stage: row.stage.0,
            method: row.method.0,
            agent: row.agent,
            created_at: row.created_at,
            last_seen_at: row.last_seen_at,
            expires_at: row.expires_at,
        }
    }
}

/// An organisation that someone belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Belonging {
    /// Its id.
    pub id: OrganisationId,
    /// Its name.
    pub name: String,
    /// Whether it is a sample to look around in: everything in it is invented.
    pub is_sample: bool,
    /// What they may do there.
    pub role: Role,
}

impl Belonging {
    fn of(organisation: organisation::Model, role: Role) -> Self {
        Self { id: organisation.id, name: organisation.name, is_sample: organisation.is_sample, role }
    }
}

/// The session one is in: who one is, where, and what a page needs to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CurrentSession {
    /// Its id.
    pub id: SessionId,
    /// Its version, from 1; it grows when the session's secret changes.
    pub version: i64,
    /// Your id.
    pub user_id: UserId,
    /// Your e-mail address.
    pub user_email: String,
    /// Your name.
    pub user_name: String,
    /// The organisation you work in now.
    pub organisation: Belonging,
    /// How far you have come with signing in: only `complete` opens the register.
    pub stage: Stage,
    /// How you signed in.
    pub method: Method,
    /// Whether you should have a second factor, by the organisation's policy.
    pub mfa_rule: MfaRule,
    /// Whether you have one.
    pub has_mfa: bool,
    /// What to send as `X-CSRF-Token` with every change that is sent with the cookie.
    pub csrf_token: String,
    /// When you signed in.
    pub created_at: Moment,
    /// When the session ends in any case.
    pub expires_at: Moment,
}
impl page::Versioned for CurrentSession {
    fn id(&self) -> &str {
        self.id.as_str()
    }
    fn version(&self) -> i64 {
        self.version
    }
}

/// Which sessions to list.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct SessionFilter {
    /// Only this person's.
    pub user_id: Option<UserId>,
    /// How many to answer, 1 to 200; 50 if not said.
    #[validate(range(min = 1, max = 200))]
    pub limit: Option<u64>,
    /// The `next` of the page before.
    #[validate(length(max = 1000))]
    pub cursor: Option<String>,
}

/// How many of your sessions to list.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct OwnSessionFilter {
    /// How many to answer, 1 to 200; 50 if not said.
    #[validate(range(min = 1, max = 200))]
    pub limit: Option<u64>,
    /// The `next` of the page before.
    #[validate(length(max = 1000))]
    pub cursor: Option<String>,
}

/// Someone who has shown who they are.
#[derive(Clone, Debug)]
pub struct Person {
    pub(crate) session: Model,
    pub(crate) user: user::Model,
    role: Role,
    pub(crate) mfa_rule: MfaRule,
    stage: Stage,
    csrf_token: String,
}

impl Person {
    /// What they act as.
    #[must_use]
    pub fn scope(&self, request_id: Option<String>) -> Scope {
        Scope {
            organisation_id: self.session.organisation_id.clone(),
            actor: Actor { id: self.user.id.to_string(), name: self.user.name.clone() },
            role: self.role,
            request_id,
        }
    }

    /// How far they have come with signing in.
    #[must_use]
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// Whether `token` is the one that their pages send with changes, which another site's pages cannot know.
    #[must_use]
    pub fn knows(&self, token: &str) -> bool {
        self.csrf_token.as_bytes().ct_eq(token.as_bytes()).into()
    }

    /// An organisation must not reach into a person's account through a provider of its own.
    pub(crate) fn must_not_come_from_a_provider(&self) -> Result<(), Error> {
        match self.session.method.0 {
            Method::Password => Ok(()),
            Method::Provider => Err(Error::Forbidden(
                "you signed in through your organisation's identity provider: your account here can be changed after signing in with your password".into(),
            )),
        }
    }
}

/// What is looked up of a session.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) session: Model,
    pub(crate) user: user::Model,
    pub(crate) membership: membership::Model,
    pub(crate) policy: sign_in_policy::Model,
}

impl Known {
    fn person(self, csrf_token: String) -> Person {
        let mfa_rule = self.policy.mfa.of(self.membership.role.0);
        let stage = user::stage(self.session.stage.0, self.session.method.0, self.user.mfa_since.is_some(), mfa_rule);
        Person { stage, mfa_rule, role: self.membership.role.0, csrf_token, session: self.session, user: self.user }
    }

    fn is_over(&self, now: Moment) -> bool {
        let idle = self.session.last_seen_at.plus_seconds(self.policy.idle_minutes * 60);
        let absolute = self.session.created_at.plus_hours(self.policy.absolute_hours).min(self.session.expires_at);
        idle <= now || absolute <= now
    }
}

/// Sessions that were looked up a moment ago.
#[derive(Debug, Default)]
pub(crate) struct Cache(Mutex<HashMap<SessionId, (Moment, Known)>>);

impl Cache {
    fn recall(&self, id: &SessionId, now: Moment) -> Option<Known> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(id).filter(|(until, _)| now < *until).map(|(_, session)| session.clone())
    }
    fn remember(&self, session: &Known, now: Moment) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(session.session.id.clone(), (now.plus_seconds(TRUSTED_SECONDS), session.clone()));
    }
    pub(crate) fn forget(&self, id: &SessionId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }
    pub(crate) fn forget_user(&self, id: &UserId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, (_, session)| session.user.id != *id);
    }
    pub(crate) fn forget_all(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// Whether `token` is the one that the pages of the session with this text send with changes, be it over or not.
#[must_use]
pub fn is_token_of(text: &str, token: &str) -> bool {
    Offered::read(PREFIX, text).is_some_and(|offered| offered.derive(CSRF).as_bytes().ct_eq(token.as_bytes()).into())
}

/// Whose session `text` is, if it is one that has not ended.
///
/// # Errors
/// [`Error::Busy`] or [`Error::Database`] when that cannot be found out.
pub async fn authenticate(store: &Store, text: &str) -> Result<Option<Person>, Error> {
    let Some(offered) = Offered::read(PREFIX, text) else { return Ok(None) };
    let Ok(id) = format!("ses_{}", offered.which).parse::<SessionId>() else { return Ok(None) };
    let now = store.clock().now();
    let mut known = match store.sessions.recall(&id, now) {
        Some(known) => known,
        None => {
            let Some(known) = store.session_of_anyone(&id).await? else { return Ok(None) };
            store.sessions.remember(&known, now);
            known
        }
    };
    if !offered.is(&known.session.secret_hash) || known.is_over(now) {
        return Ok(None);
    }
    if now.seconds_since(known.session.last_seen_at) >= SEEN_SECONDS {
        known.session.last_seen_at = now;
        if let Err(error) = store.mark_session_seen(&id, now).await {
            tracing::warn!(%error, session = %id, "the time of a session's last use was not kept");
        }
        store.sessions.remember(&known, now);
    }
    Ok(Some(known.person(offered.derive(CSRF))))
}

/// The organisations that someone belongs to, in the order they came to them.
pub(crate) async fn belongings(store: &Store, user_id: &UserId) -> Result<Vec<Belonging>, Error> {
    let places = store.places_of_anyone(user_id).await?;
    Ok(places.into_iter().map(|place| Belonging::of(place.organisation, place.membership.role.0)).collect())
}

/// One of someone's organisations, with what holds there.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) organisation: organisation::Model,
    pub(crate) membership: membership::Model,
    pub(crate) policy: sign_in_policy::Model,
}

/// The session one is in.
///
/// # Errors
/// [`Error::Database`] only.
pub async fn current(store: &Store, person: &Person) -> Result<CurrentSession, Error> {
    let organisation = store.organisation_of_anyone(&person.session.organisation_id).await?.ok_or(Error::NotFound)?;
    let session = &person.session;
    Ok(CurrentSession {
        id: session.id.clone(),
        version: session.version,
        user_id: person.user.id.clone(),
        user_email: person.user.email.clone(),
        user_name: person.user.name.clone(),
        organisation: Belonging::of(organisation, person.role),
        stage: person.stage,
        method: session.method.0,
        mfa_rule: person.mfa_rule,
        has_mfa: person.user.mfa_since.is_some(),
        csrf_token: person.csrf_token.clone(),
        created_at: session.created_at,
        expires_at: session.expires_at,
    })
}

/// The organisation's sessions, oldest first.
///
/// # Errors
/// [`Error::Invalid`] for a cursor that is none.
pub async fn list(reader: &Reader, filter: &SessionFilter) -> Result<Page<Session>, Error> {
    let policy = sign_in_policy::read(reader).await?;
    let mut select = reader
        .find::<Entity>()
        .filter(Column::ExpiresAt.gt(reader.now()))
        .filter(Column::LastSeenAt.gt(reader.now().plus_seconds(-policy.idle_minutes * 60)));
    if let Some(user_id) = &filter.user_id {
        select = select.filter(Column::UserId.eq(user_id.clone()));
    }
    // `page` wants the version only to be able to sort by it, and sessions are sorted by age.
    let page =
        reader.page(select, Sort::up(Column::CreatedAt), Column::Id, filter.limit, filter.cursor.as_deref()).await?;
    let ids: BTreeSet<String> = page.items.iter().map(|session| session.user_id.to_string()).collect();
    let names: HashMap<UserId, String> =
        reader.users(&ids).await?.into_iter().map(|user| (user.id, user.name)).collect();
    Ok(page.map(|row| {
        let name = names.get(&row.user_id).cloned().unwrap_or_default();
        Session::of(row, name)
    }))
}

/// Your own sessions, wherever they are, oldest first.
///
/// # Errors
/// [`Error::Invalid`] for a cursor that is none.
pub async fn list_own(store: &Store, person: &Person, filter: &OwnSessionFilter) -> Result<Page<Session>, Error> {
    let rows = store.sessions_of_anyone(&person.user.id, filter.limit, filter.cursor.as_deref()).await?;
    Ok(rows.map(|row| Session::of(row, person.user.name.clone())))
}
