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
    id::{OrganisationId, UserId},
    identity_provider::{self, IdentityProvider},
    page::{self, Page, Sort},
    patch::Change,
    person::{self, PersonalPlace},
    personal::Forgotten,
    role::Role,
    scope::{Actor, Reader, Scope, Store, Writer},
    session::{self, Stage},
    sign_in_policy::MfaRule,
    stored::{Json, Word},
};

mod account;

pub(crate) use account::use_second_factor;
pub use account::{
    Enrolment, FirstCode, Me, NewMe, NewPassword, Password, Proof, RecoveryCodes, SecondFactor, change_me,
    change_password, confirm_mfa, disable_mfa, enrol_mfa, me, renew_recovery_codes,
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
    let page = reader
        .page(select, Sort::up(Column::CreatedAt), Column::UserId, filter.limit, filter.cursor.as_deref())
        .await?;
    let ids = page.items.iter().map(|membership| membership.user_id.to_string()).collect();
    let known: HashMap<UserId, Model> =
        reader.users(&ids).await?.into_iter().map(|user| (user.id.clone(), user)).collect();
    let items = page
        .items
        .into_iter()
        .filter_map(|membership| known.get(&membership.user_id).map(|user| User::of(membership, user)))
        .collect();
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
    let others = writer
        .find::<Entity>()
        .filter(Column::Role.eq(Word(Role::Admin)))
        .filter(Column::UserId.ne(membership.user_id.clone()));
    if writer.has(others).await? {
        Ok(())
    } else {
        Err(Error::conflict("last_admin", "this is the last admin: make someone else one first"))
    }
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
pub(crate) async fn set_role(
    writer: &Writer,
    before: &membership::Model,
    role: Role,
) -> Result<membership::Model, Error> {
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

/// Refuses where the person belongs to other organisations too: what is theirs alone is not one organisation's to take
/// away.
pub(crate) async fn belongs_here_alone(writer: &Writer, id: &UserId) -> Result<(), Error> {
    let elsewhere = writer
        .store()
        .memberships_of_anyone(id)
        .await?
        .into_iter()
        .any(|membership| membership.organisation_id != writer.scope().organisation_id);
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
/// [`Error::NotFound`], [`Error::Stale`], or [`Error::Conflict`] when they have none or belong to other organisations
/// too.
pub async fn reset_mfa(writer: &Writer, id: &UserId, version: i64) -> Result<User, Error> {
    let membership = writer.get_at::<membership::Entity>(id.as_str(), version).await?;
    belongs_here_alone(writer, id).await?;
    let before = row(writer, id).await?;
    if before.mfa_since.is_none() {
        return Err(Error::conflict("no_mfa", "this person has no second factor"));
    }
    writer.replace_user(&before, without_mfa(&before)).await?;
    session::end_everywhere(writer, id, None).await?;
    let after = writer
        .replace::<membership::Entity, membership::ActiveModel>("reset_mfa", &membership, membership.clone())
        .await?;
    seen(writer, after).await
}

fn without_mfa(user: &Model) -> Model {
    Model { totp_secret: None, mfa_since: None, recovery_hashes: Json::default(), ..user.clone() }
}

/// Notes that a member was tied to what a provider calls them, or untied, as another version of their membership. Their
/// address stands with it, so that it is found and erased with what else names them.
pub(crate) async fn note_identity(
    writer: &Writer,
    action: &'static str,
    before: &membership::Model,
    provider: &IdentityProvider,
    subject: &str,
) -> Result<User, Error> {
    let user = row(writer, &before.user_id).await?;
    let identity = json!({
        "identity_provider_id": provider.id, "issuer": provider.issuer, "subject": subject, "email": user.email,
    });
    let after = writer
        .replace_and_tell::<membership::Entity, membership::ActiveModel>(
            action,
            before,
            before.clone(),
            Some(("identity", identity)),
        )
        .await?;
    Ok(User::of(after, &user))
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
    for membership in store
        .memberships_of_anyone(&user.id)
        .await?
        .into_iter()
        .filter(|membership| except != Some(&membership.organisation_id))
    {
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
        words.extend(
            text.to_lowercase()
                .split(|character: char| !character.is_alphanumeric())
                .filter(|word| word.chars().count() > 2)
                .map(str::to_owned),
        );
    }
    words
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
    reader
        .has(reader.find::<membership::Entity>().filter(Condition::all().add(membership::Column::UserId.eq(user.id))))
        .await
}

/// What a session of someone with this second factor and this rule may do.
pub(crate) fn stage(kept: Stage, method: session::Method, has_mfa: bool, rule: MfaRule) -> Stage {
    match kept {
        Stage::Complete if method == session::Method::Password && !has_mfa && rule == MfaRule::Required => {
            Stage::Enrolling
        }
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
    let mut places = Vec::new();
    for (_, user) in naming(reader, person).await? {
        let place = |field: &str, value: &str| PersonalPlace::new("user", user.id.as_str(), field, Some(value));
        places.extend([place("name", &user.name), place("email", &user.email)]);
        let subjects = identity_provider::subjects_of(reader, &user.id).await?;
        places.extend(subjects.iter().map(|subject| place("subject", subject)));
    }
    Ok(places)
}

/// Takes this person out of the organisation, and their name out of its audit trail. Their account goes too, unless
/// they belong to other organisations: it is not this one's to take away then.
pub(crate) async fn erase_person(writer: &Writer, person: &person::Person) -> Result<Vec<PersonalPlace>, Error> {
    let mut places = Vec::new();
    for (membership, user) in naming(writer, person).await? {
        let elsewhere = writer
            .store()
            .memberships_of_anyone(&user.id)
            .await?
            .iter()
            .any(|other| other.organisation_id != membership.organisation_id);
        remove(writer, &user.id, membership.version).await?;
        crate::personal::forget(writer, Forgotten::About(user.id.to_string())).await?;
        places.push(PersonalPlace::new("user", user.id.as_str(), "name", None));
        if !elsewhere {
            let gone = Model {
                email: format!("{}@erased.invalid", user.id),
                name: person::ERASED.into(),
                password_hash: None,
                ..without_mfa(&user)
            };
            writer.replace_user(&user, gone).await?;
            session::end_everywhere(writer, &user.id, None).await?;
        }
    }
    Ok(places)
}
