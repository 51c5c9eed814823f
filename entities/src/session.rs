//! Sessions: how people are let in. A session belongs to one person and is at any time in one of their organisations.
//!
//! Its text reads `dls_<32 hexadecimal digits>_<64 hexadecimal digits>`, like a key's, and is kept in a cookie; only the secret's
//! SHA-256 is stored. The text changes whenever what the session may do changes: at the second factor and at a switch to
//! another organisation. A change of role ends it.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Mutex, PoisonError},
};

use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, Condition, QueryFilter as _, QueryOrder as _, entity::prelude::*};
use serde::{Deserialize, Serialize};
use serde_json::json;
use subtle::ConstantTimeEq as _;
use validator::Validate;

use crate::{
    audit,
    clock::Moment,
    error::Error,
    id::{OrganisationId, SessionId, UserId},
    organisation,
    page::{self, Page, Sort},
    role::Role,
    scope::{Actor, Reader, Scope, Store, Writer, belongs},
    secret::{Offered, Token},
    sign_in_policy::{self, MfaRule},
    stored::{Word, sha256},
    throttle::{self, Bucket},
    user::{self, SecondFactor, membership},
};

/// What the text of a session begins with.
const PREFIX: &str = "dls";
/// What the token of its changes is derived for.
const CSRF: &str = "csrf";
/// How long a session that has been looked up is trusted without another look, in seconds. One that has ended dies here at
/// once, and on every other replica within this time.
pub const TRUSTED_SECONDS: i64 = 5;
/// How many sessions are remembered between requests at the most.
const REMEMBERED: usize = 10_000;
/// How many sessions a person has in an organisation at the most; the oldest makes room.
const AT_MOST: usize = 20;
/// How long someone has for the second factor, in seconds.
const CODE_SECONDS: i64 = 600;
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

/// How many sessions ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Ended {
    /// How many.
    pub ended_count: u64,
}

/// How someone signs in.
#[derive(Clone, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schemars(example = json!({ "email": "sam@example.org", "password": "plum chair river nine" }))]
pub struct NewSession {
    /// Your e-mail address.
    #[validate(length(min = 1, max = 254))]
    pub email: String,
    /// Your password.
    #[validate(length(min = 1, max = 128))]
    #[schemars(regex(pattern = crate::text::ANY))]
    pub password: String,
    /// The six digits that your authenticator app shows now; can also be given as a second step.
    #[validate(length(max = 20))]
    #[serde(default)]
    pub code: Option<String>,
    /// One of your recovery codes, in place of `code`; it is used up by this.
    #[validate(length(max = 40))]
    #[serde(default)]
    pub recovery_code: Option<String>,
    /// The organisation to work in; without it, the first you came to.
    #[serde(default)]
    pub organisation_id: Option<OrganisationId>,
}

/// Where to go on.
#[derive(Clone, Debug, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct Switch {
    /// An organisation you belong to.
    pub organisation_id: OrganisationId,
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

/// From where a request comes.
#[derive(Clone, Debug, Default)]
pub struct Visit {
    /// What the browser calls itself.
    pub agent: Option<String>,
    /// The text that an earlier sign-in from this device left in it.
    pub device: Option<String>,
    /// The request, to find it in the logs.
    pub request_id: Option<String>,
}

/// A session that was just opened or given another secret.
#[derive(Debug)]
pub struct Granted {
    /// Who is in it.
    pub person: Person,
    /// What their cookie holds from now on.
    pub text: Token,
    /// What marks their device as known from now on; none where it is already, or before the second factor.
    pub device: Option<Token>,
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

fn wrong_credentials() -> Error {
    Error::Unauthenticated { code: "wrong_credentials", detail: "the e-mail address or the password is wrong".into() }
}

/// Someone whose password was right.
pub(crate) struct Proven {
    pub(crate) user: user::Model,
    is_known_device: bool,
}

/// Finds out whether `password` is that of `email`. The same is said, and the same work done, whether or not there is such a person.
pub(crate) async fn prove(store: &Store, visit: &Visit, email: &str, password: &str) -> Result<Proven, Error> {
    let email = user::normal(email);
    let user = store.user_by_email(&email).await?;
    let device = visit.device.as_deref().map(sha256).unwrap_or_default();
    let device = store.device(&device).await?.filter(|device| user.as_ref().is_some_and(|user| user.id == device.user_id)).map(|device| device.secret_hash);
    let bucket = Bucket::of("password", &email, device.as_deref());
    bucket.count(store).await?;
    let is_right = store.desk.verify(password, user.as_ref().and_then(|user| user.password_hash.as_deref())).await?;
    match user {
        Some(user) if is_right => {
            bucket.clear(store).await?;
            if user.password_hash.as_deref().is_some_and(crate::password::is_outdated) {
                let hash = store.desk.hash(password).await?;
                store.rehash(&user, &hash).await?;
            }
            Ok(Proven { user, is_known_device: device.is_some() })
        }
        Some(user) => {
            note_failure(store, &user, visit, "password").await?;
            Err(wrong_credentials())
        }
        None => {
            // The same reads and writes here as there, so that the time it takes tells nothing.
            note_failure_of_nobody(store, visit).await?;
            Err(wrong_credentials())
        }
    }
}

/// How many organisations a failure is noted in before it is answered, whether someone belongs to as many, or exists at all.
const NOTED: usize = 2;

fn stranger() -> Actor {
    Actor { id: "stranger".into(), name: "someone not signed in".into() }
}

/// Keeps in each of a person's organisations that someone tried to be them in vain.
async fn note_failure(store: &Store, user: &user::Model, visit: &Visit, what: &'static str) -> Result<(), Error> {
    let memberships = store.memberships_of_anyone(&user.id).await?;
    let note = async |store: &Store, membership: &membership::Model| {
        let scope = Scope { actor: stranger(), ..user::scope(user, membership, visit.request_id.as_deref()) };
        audit::record(store, &scope, "sign_in_failed", "user", user.id.as_str(), Some(json!({ "wrong": what }))).await
    };
    for membership in memberships.iter().take(NOTED) {
        note(store, membership).await?;
    }
    for _ in memberships.len()..NOTED {
        note_nothing(store, visit).await?;
    }
    for membership in memberships.into_iter().skip(NOTED) {
        let (store, scope, id) = (store.clone(), Scope { actor: stranger(), ..user::scope(user, &membership, visit.request_id.as_deref()) }, user.id.clone());
        tokio::spawn(async move {
            if let Err(error) = audit::record(&store, &scope, "sign_in_failed", "user", id.as_str(), Some(json!({ "wrong": what }))).await {
                tracing::error!(%error, user = %id, "a failed sign-in was not kept");
            }
        });
    }
    throttle::tidy(store).await
}

/// As much work as [`note_failure`], where there is nobody.
async fn note_failure_of_nobody(store: &Store, visit: &Visit) -> Result<(), Error> {
    store.memberships_of_anyone(&store.new_user_id()).await?;
    for _ in 0..NOTED {
        note_nothing(store, visit).await?;
    }
    throttle::tidy(store).await
}

/// As much work as noting something in an organisation.
async fn note_nothing(store: &Store, visit: &Visit) -> Result<(), Error> {
    let scope = Scope { organisation_id: store.new_organisation_id(), actor: stranger(), role: Role::Viewer, request_id: visit.request_id.clone() };
    store.write(&scope).await?.save_as_if_noted().await
}

/// Makes sure of the second factor of someone whose password was right. Without one it is still missing.
pub(crate) async fn second_factor(store: &Store, visit: &Visit, proven: &Proven, code: Option<&str>, recovery_code: Option<&str>) -> Result<Stage, Error> {
    let user = &proven.user;
    if user.mfa_since.is_none() {
        return Ok(Stage::Complete);
    }
    if code.is_none() && recovery_code.is_none() {
        return Ok(Stage::NeedsCode);
    }
    let device = visit.device.as_deref().filter(|_| proven.is_known_device);
    let bucket = Bucket::of("code", user.id.as_str(), device);
    bucket.count(store).await?;
    if !user::use_second_factor(store, user, code, recovery_code).await? {
        note_failure(store, user, visit, "code").await?;
        return Err(Error::Unauthenticated { code: "wrong_code", detail: "the code is wrong or was used already".into() });
    }
    bucket.clear(store).await?;
    Ok(Stage::Complete)
}

/// Signs someone in.
///
/// # Errors
/// [`Error::Unauthenticated`], [`Error::TooMany`], or [`Error::Forbidden`] where they belong to no organisation that lets them in so.
pub async fn sign_in(store: &Store, visit: &Visit, new: &NewSession) -> Result<Granted, Error> {
    let proven = prove(store, visit, &new.email, &new.password).await?;
    let places = store.places_of_anyone(&proven.user.id).await?;
    let place = match &new.organisation_id {
        Some(id) => Some(places.into_iter().find(|place| place.organisation.id == *id).ok_or_else(|| Error::unknown("/organisation_id", "organisation of yours"))?),
        None => {
            let mut places = places.into_iter();
            let first = places.next();
            match first {
                Some(first) if !first.policy.allows_passwords => Some(places.find(|place| place.policy.allows_passwords).unwrap_or(first)),
                other => other,
            }
        }
    };
    let place = place.ok_or_else(|| Error::Forbidden("you do not belong to any organisation here any more".into()))?;
    allows_passwords(&place)?;
    let stage = second_factor(store, visit, &proven, new.code.as_deref(), new.recovery_code.as_deref()).await?;
    open(store, visit, proven.user, place, stage, Method::Password, !proven.is_known_device).await
}

fn allows_passwords(place: &Place) -> Result<(), Error> {
    if place.policy.allows_passwords {
        return Ok(());
    }
    Err(Error::Forbidden(format!("{} does not let people in with a password: sign in through its identity provider", place.organisation.name)))
}

/// Opens a session.
pub(crate) async fn open(store: &Store, visit: &Visit, user: user::Model, place: Place, stage: Stage, method: Method, is_new_device: bool) -> Result<Granted, Error> {
    let scope = user::scope(&user, &place.membership, visit.request_id.as_deref());
    let writer = store.write(&scope).await?;
    let now = writer.now();
    let own = || writer.find::<Entity>().filter(Column::UserId.eq(user.id.clone()));
    writer.clear::<Entity>(Condition::all().add(Column::ExpiresAt.lte(now))).await?;
    for old in writer.all(own().order_by_desc(Column::CreatedAt)).await?.into_iter().skip(AT_MOST - 1) {
        writer.clear::<Entity>(Condition::all().add(Column::Id.eq(old.id))).await?;
    }
    let id: SessionId = writer.new_id();
    let text = Token::new(PREFIX, id.as_str())?;
    let row = Model {
        id,
        organisation_id: scope.organisation_id.clone(),
        version: 1,
        user_id: user.id.clone(),
        stage: Word(stage),
        method: Word(method),
        agent: visit.agent.as_deref().map(|agent| agent.chars().filter(|character| !character.is_control()).take(200).collect()),
        secret_hash: text.hash().to_owned(),
        created_at: now,
        last_seen_at: now,
        expires_at: ends_at(stage, now, &place.policy),
    };
    writer.put_all::<Entity, ActiveModel>(vec![row.clone()], &[]).await?;
    writer.note(event(stage), "session", row.id.as_str(), None, Some(json!({ "user_id": user.id, "method": method, "has_mfa": user.mfa_since.is_some() })));
    writer.save().await?;
    let device = if is_new_device && stage == Stage::Complete { Some(new_device(store, &user).await?) } else { None };
    let known = Known { session: row, user, membership: place.membership, policy: place.policy };
    Ok(Granted { person: known.person(text.derive(CSRF)), text, device })
}

fn event(stage: Stage) -> &'static str {
    if stage == Stage::NeedsCode { "begin_sign_in" } else { "sign_in" }
}

fn ends_at(stage: Stage, now: Moment, policy: &sign_in_policy::Model) -> Moment {
    if stage == Stage::NeedsCode { now.plus_seconds(CODE_SECONDS) } else { now.plus_hours(policy.absolute_hours) }
}

async fn new_device(store: &Store, user: &user::Model) -> Result<Token, Error> {
    let device = Token::alone()?;
    store.add_device(device::Model { secret_hash: device.hash().to_owned(), user_id: user.id.clone(), last_used_at: store.clock().now() }).await?;
    Ok(device)
}

/// Gives the second factor that a session waits for.
///
/// # Errors
/// [`Error::Conflict`] where it waits for none, [`Error::Unauthenticated`] for a wrong code, [`Error::TooMany`].
pub async fn confirm(store: &Store, visit: &Visit, person: &Person, factor: &SecondFactor) -> Result<Granted, Error> {
    if person.stage != Stage::NeedsCode {
        return Err(Error::conflict("complete", "this session does not wait for a code"));
    }
    let user = store.user_of_anyone(&person.user.id).await?.ok_or(Error::NotFound)?;
    let device = store.device(&visit.device.as_deref().map(sha256).unwrap_or_default()).await?;
    let proven = Proven { is_known_device: device.is_some_and(|device| device.user_id == user.id), user };
    if factor.code.is_none() && factor.recovery_code.is_none() {
        return Err(Error::invalid("/code", "required", "expected a code or a recovery code"));
    }
    second_factor(store, visit, &proven, factor.code.as_deref(), factor.recovery_code.as_deref()).await?;
    let place = place(store, &proven.user.id, &person.session.organisation_id).await?.ok_or(Error::NotFound)?;
    let is_new_device = !proven.is_known_device;
    let user = proven.user;
    renew(store, visit, person, user, place, "sign_in", is_new_device).await
}

async fn place(store: &Store, user_id: &UserId, organisation_id: &OrganisationId) -> Result<Option<Place>, Error> {
    Ok(store.places_of_anyone(user_id).await?.into_iter().find(|place| place.organisation.id == *organisation_id))
}

/// Gives a session another secret, and a place.
async fn renew(store: &Store, visit: &Visit, person: &Person, user: user::Model, place: Place, action: &'static str, is_new_device: bool) -> Result<Granted, Error> {
    let scope = user::scope(&user, &place.membership, visit.request_id.as_deref());
    let writer = store.write(&scope).await?;
    let text = Token::new(PREFIX, person.session.id.as_str())?;
    let was_complete = person.session.stage.0 == Stage::Complete;
    let longest = person.session.created_at.plus_hours(place.policy.absolute_hours);
    let row = Model {
        organisation_id: scope.organisation_id.clone(),
        version: person.session.version + 1,
        stage: Word(Stage::Complete),
        secret_hash: text.hash().to_owned(),
        last_seen_at: writer.now(),
        expires_at: if was_complete { longest.min(person.session.expires_at) } else { longest },
        ..person.session.clone()
    };
    // Where it was ended or renewed meanwhile, there is nothing to renew.
    if !writer.renew_session(&person.session, &row).await? {
        return Err(Error::Unauthenticated { code: "ended", detail: "this session has ended: sign in again".into() });
    }
    writer.note(action, "session", row.id.as_str(), None, Some(json!({ "user_id": user.id })));
    writer.save().await?;
    store.sessions.forget(&row.id);
    let device = if is_new_device { Some(new_device(store, &user).await?) } else { None };
    let known = Known { session: row, user, membership: place.membership, policy: place.policy };
    Ok(Granted { person: known.person(text.derive(CSRF)), text, device })
}

/// Goes on in another organisation.
///
/// # Errors
/// [`Error::Invalid`] for one they do not belong to, [`Error::Forbidden`] where it does not let them in so.
pub async fn switch(store: &Store, visit: &Visit, person: &Person, to: &Switch) -> Result<Granted, Error> {
    // A provider vouches for people in its own organisation, never in another.
    if person.session.method.0 == Method::Provider && to.organisation_id != person.session.organisation_id {
        return Err(Error::Forbidden("you signed in through this organisation's identity provider: sign in to the other organisation itself".into()));
    }
    let place = place(store, &person.user.id, &to.organisation_id).await?.ok_or_else(|| Error::unknown("/organisation_id", "organisation of yours"))?;
    if person.session.method.0 == Method::Password {
        allows_passwords(&place)?;
    }
    let left = person.scope(visit.request_id.clone());
    let is_elsewhere = left.organisation_id != place.organisation.id;
    let granted = renew(store, visit, person, person.user.clone(), place, "switch_organisation", false).await?;
    if is_elsewhere {
        audit::record(store, &left, "switch_organisation", "session", person.session.id.as_str(), None).await?;
    }
    Ok(granted)
}

/// The organisation's sessions, oldest first.
///
/// # Errors
/// [`Error::Invalid`] for a cursor that is none.
pub async fn list(reader: &Reader, filter: &SessionFilter) -> Result<Page<Session>, Error> {
    let policy = sign_in_policy::read(reader).await?;
    let mut select =
        reader.find::<Entity>().filter(Column::ExpiresAt.gt(reader.now())).filter(Column::LastSeenAt.gt(reader.now().plus_seconds(-policy.idle_minutes * 60)));
    if let Some(user_id) = &filter.user_id {
        select = select.filter(Column::UserId.eq(user_id.clone()));
    }
    // `page` wants the version only to be able to sort by it, and sessions are sorted by age.
    let page = reader.page(select, Sort::up(Column::CreatedAt), Column::Id, filter.limit, filter.cursor.as_deref()).await?;
    let ids: BTreeSet<String> = page.items.iter().map(|session| session.user_id.to_string()).collect();
    let names: HashMap<UserId, String> = reader.users(&ids).await?.into_iter().map(|user| (user.id, user.name)).collect();
    Ok(page.map(|row| {
        let name = names.get(&row.user_id).cloned().unwrap_or_default();
        Session::of(row, name)
    }))
}

/// Ends someone's session in the organisation.
///
/// # Errors
/// [`Error::NotFound`] or [`Error::Stale`].
pub async fn revoke(writer: &Writer, id: &SessionId, version: i64) -> Result<(), Error> {
    let row = writer.one(writer.find::<Entity>().filter(Column::Id.eq(id.clone()))).await?.ok_or(Error::NotFound)?;
    if row.version != version {
        return Err(Error::Stale { current: row.version });
    }
    end(writer, &row, "revoke").await
}

async fn end(writer: &Writer, row: &Model, action: &'static str) -> Result<(), Error> {
    writer.clear::<Entity>(Condition::all().add(Column::Id.eq(row.id.clone()))).await?;
    writer.note(action, "session", row.id.as_str(), Some(json!({ "user_id": row.user_id })), None);
    writer.store().sessions.forget(&row.id);
    Ok(())
}

/// Your own sessions, wherever they are, oldest first.
///
/// # Errors
/// [`Error::Invalid`] for a cursor that is none.
pub async fn list_own(store: &Store, person: &Person, filter: &OwnSessionFilter) -> Result<Page<Session>, Error> {
    let rows = store.sessions_of_anyone(&person.user.id, filter.limit, filter.cursor.as_deref()).await?;
    Ok(rows.map(|row| Session::of(row, person.user.name.clone())))
}

/// Ends a session of yours.
///
/// # Errors
/// [`Error::NotFound`] or [`Error::Stale`].
pub async fn revoke_own(store: &Store, person: &Person, request_id: Option<String>, id: &SessionId, version: i64) -> Result<(), Error> {
    let known = store.session_of_anyone(id).await?.filter(|known| known.user.id == person.user.id).ok_or(Error::NotFound)?;
    let writer = store.write(&user::scope(&known.user, &known.membership, request_id.as_deref())).await?;
    revoke(&writer, id, version).await?;
    writer.save().await
}

/// Ends this session: signs out.
///
/// # Errors
/// [`Error::Busy`] or [`Error::Database`].
pub async fn sign_out(store: &Store, person: &Person, request_id: Option<String>) -> Result<Ended, Error> {
    let writer = store.write(&person.scope(request_id)).await?;
    end(&writer, &person.session, "sign_out").await?;
    writer.save().await?;
    Ok(Ended { ended_count: 1 })
}

/// Ends all your sessions but this one.
///
/// # Errors
/// [`Error::Busy`] or [`Error::Database`].
pub async fn end_others(store: &Store, person: &Person, request_id: Option<String>) -> Result<Ended, Error> {
    let mut ended_count = 0;
    for membership in store.memberships_of_anyone(&person.user.id).await? {
        let writer = store.write(&user::scope(&person.user, &membership, request_id.as_deref())).await?;
        let others = writer.find::<Entity>().filter(Column::UserId.eq(person.user.id.clone())).filter(Column::Id.ne(person.session.id.clone()));
        for row in writer.all(others).await? {
            end(&writer, &row, "revoke").await?;
            ended_count += 1;
        }
        writer.save().await?;
    }
    Ok(Ended { ended_count })
}

/// Ends a person's sessions in the writer's organisation.
pub(crate) async fn end_of_member(writer: &Writer, user_id: &UserId) -> Result<(), Error> {
    writer.clear::<Entity>(Condition::all().add(Column::UserId.eq(user_id.clone()))).await?;
    writer.store().sessions.forget_user(user_id);
    Ok(())
}

/// Ends a person's sessions everywhere, and forgets their devices.
pub(crate) async fn end_everywhere(writer: &Writer, user_id: &UserId, except: Option<&SessionId>) -> Result<(), Error> {
    writer.end_sessions(user_id, except).await?;
    writer.store().sessions.forget_user(user_id);
    Ok(())
}
