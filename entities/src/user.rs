//! Users: people with an e-mail address, and the organisations they belong to, each with a role.
//!
//! A person is one in the whole database and may belong to several organisations. What an organisation's admin sees and
//! changes is the person's membership in it; name, password and second factor are the person's own.

use std::collections::{BTreeSet, HashMap};

use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, Condition, QueryFilter as _, entity::prelude::*};
use serde::{Deserialize, Serialize};
use serde_json::json;
use validator::Validate;

use crate::{
    audit,
    clock::Moment,
    error::Error,
    fault::Faults,
    id::{OrganisationId, UserId},
    identity_provider, mfa,
    page::{self, Page, Sort},
    patch::Change,
    person::{self, PersonalPlace},
    personal::Forgotten,
    role::Role,
    scope::{Actor, Reader, Scope, Store, Writer},
    session::{self, Person, Stage},
    sign_in_policy::MfaRule,
    stored::{Json, Word},
    throttle::Bucket,
};

/// A person, as stored: one row in the whole database.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    /// Their id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: UserId,
    /// Its version, from 1.
    pub version: i64,
    /// Their address, in small letters, unlike any other's.
    pub email: String,
    /// Their name.
    pub name: String,
    /// The hash of their password; null for those who only sign in through a provider.
    pub password_hash: Option<String>,
    /// The secret of their authenticator app; it counts once `mfa_since` is set.
    pub totp_secret: Option<String>,
    /// The last step of time whose code was used.
    pub totp_step: i64,
    /// Since when the second factor is on.
    pub mfa_since: Option<Moment>,
    /// Hashes of the recovery codes that are left.
    pub recovery_hashes: Json<Vec<String>>,
    /// When it was made.
    pub created_at: Moment,
    /// When it was last changed.
    pub updated_at: Moment,
}

/// A person hangs on nothing.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// Someone new.
    pub(crate) fn new(id: UserId, email: String, name: String, password_hash: Option<String>, now: Moment) -> Self {
        Self {
            id,
            version: 1,
            email,
            name,
            password_hash,
            totp_secret: None,
            totp_step: 0,
            mfa_since: None,
            recovery_hashes: Json::default(),
            created_at: now,
            updated_at: now,
        }
    }
}

// Not derived: no secret may end up in a log.
impl std::fmt::Debug for Model {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("user").field("id", &self.id).field("version", &self.version).finish_non_exhaustive()
    }
}

/// That a person belongs to an organisation.
pub mod membership {
    use sea_orm::entity::prelude::*;
    use serde::Serialize;

    use crate::{
        clock::Moment,
        id::{OrganisationId, UserId},
        role::Role,
        stored::Word,
    };

    /// A membership as stored.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
    #[sea_orm(table_name = "membership")]
    pub struct Model {
        /// In which organisation.
        #[sea_orm(primary_key, auto_increment = false)]
        #[serde(skip)]
        pub organisation_id: OrganisationId,
        /// Whose.
        #[sea_orm(primary_key, auto_increment = false)]
        #[serde(rename = "id")]
        pub user_id: UserId,
        /// Its version, from 1; each change adds one.
        pub version: i64,
        /// What they may do.
        pub role: Word<Role>,
        /// Since when.
        pub created_at: Moment,
        /// When it was last changed.
        pub updated_at: Moment,
    }

    /// A membership hangs on its organisation and its user.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
    crate::scope::belongs!();
    // In its organisation a membership is known by the person it is about.
    impl crate::scope::Owned for Entity {
        const NOUN: &'static str = "user";
        const ID: Column = Column::UserId;
        const VERSION: Column = Column::Version;
        fn stamp(row: &mut Model, version: i64, now: Moment) {
            row.version = version;
            row.updated_at = now;
        }
        fn supplier_id(_: &Model) -> Option<&crate::id::SupplierId> {
            None
        }
    }
    impl crate::page::Versioned for Model {
        fn id(&self) -> &str {
            self.user_id.as_str()
        }
        fn version(&self) -> i64 {
            self.version
        }
    }
}

/// Someone who belongs to the organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// The version of their membership, from 1; each change adds one.
    pub version: i64,
    /// Their e-mail address, in small letters.
    pub email: String,
    /// Their name.
    pub name: String,
    /// What they may do in this organisation.
    pub role: Role,
    /// Whether they have a password.
    pub has_password: bool,
    /// Whether they have a second factor.
    pub has_mfa: bool,
    /// Since when they belong to the organisation.
    pub created_at: Moment,
    /// When their membership was last changed.
    pub updated_at: Moment,
}

impl page::Versioned for User {
    fn id(&self) -> &str {
        self.id.as_str()
    }
    fn version(&self) -> i64 {
        self.version
    }
}

impl User {
    fn of(membership: membership::Model, user: &Model) -> Self {
        Self {
            id: membership.user_id,
            version: membership.version,
            email: user.email.clone(),
            name: user.name.clone(),
            role: membership.role.0,
            has_password: user.password_hash.is_some(),
            has_mfa: user.mfa_since.is_some(),
            created_at: membership.created_at,
            updated_at: membership.updated_at,
        }
    }
}

/// What an admin can change of a user.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schemars(example = json!({ "role": "approver" }))]
pub struct NewUser {
    /// What they may do in this organisation.
    pub role: Role,
}

/// Which users to list.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct UserFilter {
    /// Only users of this role.
    pub role: Option<Role>,
    /// How many to answer, 1 to 200; 50 if not said.
    #[validate(range(min = 1, max = 200))]
    pub limit: Option<u64>,
    /// The `next` of the page before.
    #[validate(length(max = 1000))]
    pub cursor: Option<String>,
}

/// An e-mail address as it is compared and kept: without space around it and in small letters.
#[must_use]
pub fn normal(email: &str) -> String {
    email.trim().to_lowercase()
}

/// The organisation's users, in the order they came.
///
/// # Errors
/// [`Error::Invalid`] for a cursor that is none.
pub async fn list(reader: &Reader, filter: &UserFilter) -> Result<Page<User>, Error> {
    use membership::{Column, Entity};
    let mut select = reader.find::<Entity>();
    if let Some(role) = filter.role {
        select = select.filter(Column::Role.eq(Word(role)));
    }
    let page = reader.page(select, Sort::up(Column::CreatedAt), Column::UserId, filter.limit, filter.cursor.as_deref()).await?;
    let ids = page.items.iter().map(|membership| membership.user_id.to_string()).collect();
    let known: HashMap<UserId, Model> = reader.users(&ids).await?.into_iter().map(|user| (user.id.clone(), user)).collect();
    let items = page.items.into_iter().filter_map(|membership| known.get(&membership.user_id).map(|user| User::of(membership, user))).collect();
    Ok(Page { items, next: page.next })
}

/// One of the organisation's users.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn read(reader: &Reader, id: &UserId) -> Result<User, Error> {
    let membership = reader.get::<membership::Entity>(id.as_str()).await?;
    seen(reader, membership).await
}

async fn seen(reader: &Reader, membership: membership::Model) -> Result<User, Error> {
    let user = row(reader, &membership.user_id).await?;
    Ok(User::of(membership, &user))
}

/// The row of someone who is known to be there.
pub(crate) async fn row(reader: &Reader, id: &UserId) -> Result<Model, Error> {
    reader.users(&BTreeSet::from([id.to_string()])).await?.pop().ok_or(Error::NotFound)
}

/// Makes sure that an admin is left when this one is not one any more.
async fn leaves_an_admin(writer: &Writer, membership: &membership::Model) -> Result<(), Error> {
    use membership::{Column, Entity};
    if membership.role.0 != Role::Admin {
        return Ok(());
    }
    let others = writer.find::<Entity>().filter(Column::Role.eq(Word(Role::Admin))).filter(Column::UserId.ne(membership.user_id.clone()));
    if writer.has(others).await? { Ok(()) } else { Err(Error::conflict("last_admin", "this is the last admin: make someone else one first")) }
}

/// Changes a user's role. Their sessions in this organisation end, so that nothing goes on under the old one.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::Invalid`], or [`Error::Conflict`] for the last admin.
pub async fn change(writer: &Writer, id: &UserId, version: i64, change: Change<NewUser>) -> Result<User, Error> {
    let before = writer.get_at::<membership::Entity>(id.as_str(), version).await?;
    let new = change.over(&before)?;
    let after = set_role(writer, &before, new.role).await?;
    seen(writer, after).await
}

/// Gives a membership this role.
pub(crate) async fn set_role(writer: &Writer, before: &membership::Model, role: Role) -> Result<membership::Model, Error> {
    if role < Role::Admin {
        leaves_an_admin(writer, before).await?;
    }
    let after = membership::Model { role: Word(role), ..before.clone() };
    let is_same = after.role == before.role;
    let after = writer.replace::<membership::Entity, membership::ActiveModel>("change", before, after).await?;
    if !is_same {
        session::end_of_member(writer, &before.user_id).await?;
    }
    Ok(after)
}

/// Takes someone out of the organisation. What they did stays, under their name; their sessions here end.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], or [`Error::Conflict`] for the last admin.
pub async fn remove(writer: &Writer, id: &UserId, version: i64) -> Result<(), Error> {
    let membership = writer.get_at::<membership::Entity>(id.as_str(), version).await?;
    leaves_an_admin(writer, &membership).await?;
    session::end_of_member(writer, id).await?;
    identity_provider::forget_member(writer, id).await?;
    writer.remove::<membership::Entity>(&membership).await
}

/// Refuses where the person belongs to other organisations too: what is theirs alone is not one organisation's to take away.
pub(crate) async fn belongs_here_alone(writer: &Writer, id: &UserId) -> Result<(), Error> {
    let elsewhere = writer.store().memberships_of_anyone(id).await?.into_iter().any(|membership| membership.organisation_id != writer.scope().organisation_id);
    if elsewhere && writer.scope().actor.id != "console" {
        return Err(Error::conflict(
            "several_organisations",
            "this person belongs to other organisations too: it can only be done at the console, by whoever runs the program",
        ));
    }
    Ok(())
}

/// Takes away a user's second factor, when they have lost it and their recovery codes. All their sessions end.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], or [`Error::Conflict`] when they have none or belong to other organisations too.
pub async fn reset_mfa(writer: &Writer, id: &UserId, version: i64) -> Result<User, Error> {
    let membership = writer.get_at::<membership::Entity>(id.as_str(), version).await?;
    belongs_here_alone(writer, id).await?;
    let before = row(writer, id).await?;
    if before.mfa_since.is_none() {
        return Err(Error::conflict("no_mfa", "this person has no second factor"));
    }
    writer.replace_user(&before, without_mfa(&before)).await?;
    session::end_everywhere(writer, id, None).await?;
    let after = writer.replace::<membership::Entity, membership::ActiveModel>("reset_mfa", &membership, membership.clone()).await?;
    seen(writer, after).await
}

fn without_mfa(user: &Model) -> Model {
    Model { totp_secret: None, mfa_since: None, recovery_hashes: Json::default(), ..user.clone() }
}

/// Keeps an event about a person in each of their organisations but `except`, which has it already.
pub(crate) async fn note_elsewhere(
    store: &Store,
    user: &Model,
    except: Option<&OrganisationId>,
    request_id: Option<&str>,
    action: &'static str,
    noun: &'static str,
    item_id: &str,
) -> Result<(), Error> {
    for membership in store.memberships_of_anyone(&user.id).await?.into_iter().filter(|membership| except != Some(&membership.organisation_id)) {
        let scope = scope(user, &membership, request_id);
        audit::record(store, &scope, action, noun, item_id, None).await?;
    }
    Ok(())
}

/// What a person acts as in an organisation of theirs.
pub(crate) fn scope(user: &Model, membership: &membership::Model, request_id: Option<&str>) -> Scope {
    Scope {
        organisation_id: membership.organisation_id.clone(),
        actor: Actor { id: user.id.to_string(), name: user.name.clone() },
        role: membership.role.0,
        request_id: request_id.map(str::to_owned),
    }
}

/// Words that a person's password may not rest on.
pub(crate) fn words(email: &str, name: &str, organisation: &str) -> Vec<String> {
    let mut words = vec!["diligence".to_owned()];
    for text in [email, name, organisation] {
        words.push(text.to_lowercase());
        words.extend(text.to_lowercase().split(|character: char| !character.is_alphanumeric()).filter(|word| word.chars().count() > 2).map(str::to_owned));
    }
    words
}

// A person's own account.

/// A person's account, as they see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Me {
    /// Your id.
    pub id: UserId,
    /// The version of your account, from 1; each change adds one.
    pub version: i64,
    /// Your e-mail address.
    pub email: String,
    /// Your name.
    pub name: String,
    /// Whether you have a password.
    pub has_password: bool,
    /// Whether you have a second factor.
    pub has_mfa: bool,
    /// Whether you should have one, by the policy of the organisation you work in now.
    pub mfa_rule: MfaRule,
    /// How many recovery codes are left.
    pub recovery_code_count: u64,
    /// The organisations you belong to.
    pub organisations: Vec<session::Belonging>,
    /// When your account was made.
    pub created_at: Moment,
    /// When it was last changed.
    pub updated_at: Moment,
}

impl page::Versioned for Me {
    fn id(&self) -> &str {
        self.id.as_str()
    }
    fn version(&self) -> i64 {
        self.version
    }
}

/// What you can change of your account.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schemars(example = json!({ "name": "Sam Okafor" }))]
pub struct NewMe {
    /// Your name.
    #[validate(length(min = 1, max = 200))]
    pub name: String,
}

/// A new password.
#[derive(Clone, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schemars(example = json!({ "present_password": "plum chair river nine", "new_password": "slate window kettle heron" }))]
pub struct NewPassword {
    /// The one you have.
    #[validate(length(min = 1, max = 128))]
    #[schemars(regex(pattern = crate::text::ANY))]
    pub present_password: String,
    /// The one you want: 12 characters or more, of any kind, that nobody guesses soon.
    #[validate(length(min = 12, max = 128))]
    #[schemars(regex(pattern = crate::text::ANY))]
    pub new_password: String,
}

/// A code of your authenticator app, or one of your recovery codes.
#[derive(Clone, Default, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schemars(example = json!({ "code": "081804" }))]
pub struct SecondFactor {
    /// The six digits that your authenticator app shows now.
    #[validate(length(max = 20))]
    #[serde(default)]
    pub code: Option<String>,
    /// One of your recovery codes, which is used up by this.
    #[validate(length(max = 40))]
    #[serde(default)]
    pub recovery_code: Option<String>,
}

/// Your password, with a second factor if you have one.
#[derive(Clone, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schemars(example = json!({ "password": "plum chair river nine", "code": "081804" }))]
pub struct Proof {
    /// Your password.
    #[validate(length(min = 1, max = 128))]
    #[schemars(regex(pattern = crate::text::ANY))]
    pub password: String,
    /// The six digits that your authenticator app shows now.
    #[validate(length(max = 20))]
    #[serde(default)]
    pub code: Option<String>,
    /// One of your recovery codes, which is used up by this.
    #[validate(length(max = 40))]
    #[serde(default)]
    pub recovery_code: Option<String>,
}

/// Your password, for what someone at a screen that was left open may not do.
#[derive(Clone, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schemars(example = json!({ "password": "plum chair river nine" }))]
pub struct Password {
    /// Your password.
    #[validate(length(min = 1, max = 128))]
    #[schemars(regex(pattern = crate::text::ANY))]
    pub password: String,
}

/// The code that shows that your authenticator app has the secret.
#[derive(Clone, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schemars(example = json!({ "code": "081804" }))]
pub struct FirstCode {
    /// The six digits that your authenticator app shows now.
    #[validate(length(max = 20))]
    pub code: String,
}

/// What to put into an authenticator app. Shown once.
#[derive(Clone, Serialize, JsonSchema)]
pub struct Enrolment {
    /// The secret, to type in by hand.
    pub secret: String,
    /// The same as an `otpauth:` address, to be shown as a picture to scan.
    pub otpauth_uri: String,
}

/// Codes for when the authenticator app is lost, each good once. Shown once.
#[derive(Clone, Serialize, JsonSchema)]
pub struct RecoveryCodes {
    /// The codes.
    pub recovery_codes: Vec<String>,
}

/// Your account.
///
/// # Errors
/// [`Error::Database`] only.
pub async fn me(store: &Store, person: &Person) -> Result<Me, Error> {
    let user = store.user_of_anyone(&person.user.id).await?.ok_or(Error::NotFound)?;
    shown(store, person, user).await
}

async fn shown(store: &Store, person: &Person, user: Model) -> Result<Me, Error> {
    Ok(Me {
        organisations: session::belongings(store, &user.id).await?,
        has_password: user.password_hash.is_some(),
        has_mfa: user.mfa_since.is_some(),
        mfa_rule: person.mfa_rule,
        recovery_code_count: user.recovery_hashes.len() as u64,
        id: user.id,
        version: user.version,
        email: user.email,
        name: user.name,
        created_at: user.created_at,
        updated_at: user.updated_at,
    })
}

/// Opens a change to the person's own row: noted in the organisation they work in now, and afterwards in their others.
async fn change_own(
    store: &Store,
    person: &Person,
    request_id: Option<String>,
    action: &'static str,
    change: impl FnOnce(&Model) -> Result<Model, Error>,
) -> Result<Model, Error> {
    person.must_not_come_from_a_provider()?;
    let scope = person.scope(request_id);
    let writer = store.write(&scope).await?;
    let before = row(&writer, &person.user.id).await?;
    let after = writer.replace_user(&before, change(&before)?).await?;
    let renamed = (before.name != after.name).then(|| (json!({ "name": before.name }), json!({ "name": after.name })));
    let (was, is) = renamed.unzip();
    writer.note(action, "user", before.id.as_str(), was, is);
    writer.save().await?;
    store.sessions.forget_user(&after.id);
    note_elsewhere(store, &after, Some(&scope.organisation_id), scope.request_id.as_deref(), action, "user", after.id.as_str()).await?;
    Ok(after)
}

/// Changes your account.
///
/// # Errors
/// [`Error::Stale`] or [`Error::Invalid`].
pub async fn change_me(store: &Store, person: &Person, request_id: Option<String>, version: i64, change: Change<NewMe>) -> Result<Me, Error> {
    let user = change_own(store, person, request_id, "change", |before| {
        if before.version != version {
            return Err(Error::Stale { current: before.version });
        }
        let new = change.over(&json!({ "name": before.name }))?;
        Faults::of(&new).done()?;
        Ok(Model { name: new.name, ..before.clone() })
    })
    .await?;
    shown(store, person, user).await
}

/// Changes your password. All your other sessions end.
///
/// # Errors
/// [`Error::Invalid`] when the present one is wrong or the new one is guessed soon; [`Error::TooMany`].
pub async fn change_password(store: &Store, person: &Person, request_id: Option<String>, new: &NewPassword) -> Result<Me, Error> {
    person.must_not_come_from_a_provider()?;
    let user = proven(store, person, &new.present_password, "/present_password").await?;
    let organisation = store.organisation_of_anyone(&person.session.organisation_id).await?.map(|organisation| organisation.name).unwrap_or_default();
    store.desk.check("/new_password", &new.new_password, words(&user.email, &user.name, &organisation)).await?;
    let hash = store.desk.hash(&new.new_password).await?;
    let user = change_own(store, person, request_id.clone(), "change_password", |before| Ok(Model { password_hash: Some(hash), ..before.clone() })).await?;
    session::end_others(store, person, request_id).await?;
    store.forget_devices(&user.id).await?;
    shown(store, person, user).await
}

/// The person's row, if `password` is theirs.
async fn proven(store: &Store, person: &Person, password: &str, pointer: &str) -> Result<Model, Error> {
    let user = store.user_of_anyone(&person.user.id).await?.ok_or(Error::NotFound)?;
    let bucket = Bucket::of("own password", user.id.as_str(), Some(person.session.id.as_str()));
    bucket.count(store).await?;
    if !store.desk.verify(password, user.password_hash.as_deref()).await? {
        return Err(Error::invalid(pointer, "wrong_password", "this is not your password"));
    }
    bucket.clear(store).await?;
    Ok(user)
}

/// Uses up a code or a recovery code of `user`; whether it was good. Each is good once, whichever replica is asked.
pub(crate) async fn use_second_factor(store: &Store, user: &Model, code: Option<&str>, recovery_code: Option<&str>) -> Result<bool, Error> {
    if let (Some(code), Some(secret)) = (code, &user.totp_secret) {
        if let Some(step) = mfa::step_of(secret, code, store.clock().now(), user.totp_step) {
            return store.use_step(&user.id, step).await;
        }
    } else if let Some(code) = recovery_code {
        let offered = mfa::recovery_hash(code);
        let left: Vec<String> = user.recovery_hashes.iter().filter(|hash| **hash != offered).cloned().collect();
        if left.len() < user.recovery_hashes.len() {
            return store.use_recovery_code(&user.id, &user.recovery_hashes, left).await;
        }
    }
    Ok(false)
}

/// Makes a secret for an authenticator app. It counts once a code of the app has confirmed it.
///
/// # Errors
/// [`Error::Invalid`] for a wrong password, [`Error::Conflict`] when there is a second factor already.
pub async fn enrol_mfa(store: &Store, person: &Person, request_id: Option<String>, proof: &Password) -> Result<Enrolment, Error> {
    person.must_not_come_from_a_provider()?;
    proven(store, person, &proof.password, "/password").await?;
    let secret = mfa::new_secret()?;
    let user = change_own(store, person, request_id, "enrol_mfa", |before| match before.mfa_since {
        Some(_) => Err(Error::conflict("has_mfa", "there is a second factor already: turn it off first")),
        None => Ok(Model { totp_secret: Some(secret.clone()), totp_step: 0, ..before.clone() }),
    })
    .await?;
    let (secret, otpauth_uri) = mfa::shown(&secret, &user.email).ok_or(Error::Busy)?;
    Ok(Enrolment { secret, otpauth_uri })
}

/// Turns the second factor on, once the app has shown a good code. All other sessions end, and this one may do everything.
///
/// # Errors
/// [`Error::Invalid`] for a wrong code, [`Error::Conflict`] where nothing was begun.
pub async fn confirm_mfa(store: &Store, person: &Person, request_id: Option<String>, first: &FirstCode) -> Result<RecoveryCodes, Error> {
    let bucket = Bucket::of("own code", person.user.id.as_str(), Some(person.session.id.as_str()));
    bucket.count(store).await?;
    let (codes, hashes) = mfa::new_recovery_codes()?;
    let now = store.clock().now();
    change_own(store, person, request_id.clone(), "confirm_mfa", |before| {
        let secret = match (&before.totp_secret, before.mfa_since) {
            (Some(secret), None) => secret,
            _ => return Err(Error::conflict("not_begun", "there is no second factor to confirm: begin with a new secret")),
        };
        let step = mfa::step_of(secret, &first.code, now, before.totp_step).ok_or_else(wrong_code)?;
        Ok(Model { mfa_since: Some(now), totp_step: step, recovery_hashes: Json(hashes), ..before.clone() })
    })
    .await?;
    bucket.clear(store).await?;
    session::end_others(store, person, request_id).await?;
    Ok(RecoveryCodes { recovery_codes: codes })
}

fn wrong_code() -> Error {
    Error::invalid("/code", "wrong_code", "this is not the code that the app shows now, or it was used already")
}

/// Makes new recovery codes; the old ones are good for nothing from then on.
///
/// # Errors
/// [`Error::Invalid`] for a wrong password or code, [`Error::Conflict`] without a second factor.
pub async fn renew_recovery_codes(store: &Store, person: &Person, request_id: Option<String>, proof: &Proof) -> Result<RecoveryCodes, Error> {
    fully_proven(store, person, proof).await?;
    let (codes, hashes) = mfa::new_recovery_codes()?;
    change_own(store, person, request_id, "renew_recovery_codes", |before| Ok(Model { recovery_hashes: Json(hashes), ..before.clone() })).await?;
    Ok(RecoveryCodes { recovery_codes: codes })
}

/// Turns the second factor off.
///
/// # Errors
/// [`Error::Invalid`] for a wrong password or code, [`Error::Conflict`] without a second factor or where the policy wants one.
pub async fn disable_mfa(store: &Store, person: &Person, request_id: Option<String>, proof: &Proof) -> Result<Me, Error> {
    if person.mfa_rule == MfaRule::Required {
        return Err(Error::conflict("mfa_required", "your role needs a second factor in this organisation"));
    }
    fully_proven(store, person, proof).await?;
    let user = change_own(store, person, request_id, "disable_mfa", |before| Ok(without_mfa(before))).await?;
    shown(store, person, user).await
}

async fn fully_proven(store: &Store, person: &Person, proof: &Proof) -> Result<(), Error> {
    person.must_not_come_from_a_provider()?;
    let user = proven(store, person, &proof.password, "/password").await?;
    if user.mfa_since.is_none() {
        return Err(Error::conflict("no_mfa", "you have no second factor"));
    }
    let bucket = Bucket::of("own code", user.id.as_str(), Some(person.session.id.as_str()));
    bucket.count(store).await?;
    if !use_second_factor(store, &user, proof.code.as_deref(), proof.recovery_code.as_deref()).await? {
        return Err(wrong_code());
    }
    bucket.clear(store).await
}

/// Everyone of an organisation, for the console.
///
/// # Errors
/// [`Error::NotFound`] where there is no one of this address.
pub async fn by_email(reader: &Reader, email: &str) -> Result<User, Error> {
    let user = reader.store().user_by_email(&normal(email)).await?.ok_or(Error::NotFound)?;
    read(reader, &user.id).await
}

/// Whether someone of this address belongs to the organisation already.
pub(crate) async fn is_member(reader: &Reader, email: &str) -> Result<bool, Error> {
    let Some(user) = reader.store().user_by_email(email).await? else { return Ok(false) };
    reader.has(reader.find::<membership::Entity>().filter(Condition::all().add(membership::Column::UserId.eq(user.id)))).await
}

/// What a session of someone with this second factor and this rule may do.
pub(crate) fn stage(kept: Stage, method: session::Method, has_mfa: bool, rule: MfaRule) -> Stage {
    match kept {
        Stage::Complete if method == session::Method::Password && !has_mfa && rule == MfaRule::Required => Stage::Enrolling,
        other => other,
    }
}

/// The users of this organisation who are this person.
async fn naming(reader: &Reader, person: &person::Person) -> Result<Vec<(membership::Model, Model)>, Error> {
    let members = reader.all(reader.find::<membership::Entity>()).await?;
    let ids = members.iter().map(|membership| membership.user_id.to_string()).collect();
    let users = reader.users(&ids).await?;
    let is_them = |user: &Model| person.is(Some(&person::plain(&user.name)), Some(&person::plain(&user.email)));
    let of = |membership: membership::Model| {
        let user = users.iter().find(|user| user.id == membership.user_id)?;
        is_them(user).then(|| (membership, user.clone()))
    };
    Ok(members.into_iter().filter_map(of).collect())
}

/// Where this person is a user.
pub(crate) async fn places_of(reader: &Reader, person: &person::Person) -> Result<Vec<PersonalPlace>, Error> {
    let place = |(_, user): &(membership::Model, Model)| {
        [("name", &user.name), ("email", &user.email)].map(|(field, value)| PersonalPlace::new("user", user.id.as_str(), field, Some(value)))
    };
    Ok(naming(reader, person).await?.iter().flat_map(place).collect())
}

/// Takes this person out of the organisation, and their name out of its audit trail. Their account goes too, unless they belong to
/// other organisations: it is not this one's to take away then.
pub(crate) async fn erase_person(writer: &Writer, person: &person::Person) -> Result<Vec<PersonalPlace>, Error> {
    let mut places = Vec::new();
    for (membership, user) in naming(writer, person).await? {
        let elsewhere = writer.store().memberships_of_anyone(&user.id).await?.iter().any(|other| other.organisation_id != membership.organisation_id);
        remove(writer, &user.id, membership.version).await?;
        crate::personal::forget(writer, Forgotten::About(user.id.to_string())).await?;
        places.push(PersonalPlace::new("user", user.id.as_str(), "name", None));
        if !elsewhere {
            let gone = Model { email: format!("{}@erased.invalid", user.id), name: person::ERASED.into(), password_hash: None, ..without_mfa(&user) };
            writer.replace_user(&user, gone).await?;
            session::end_everywhere(writer, &user.id, None).await?;
        }
    }
    Ok(places)
}
