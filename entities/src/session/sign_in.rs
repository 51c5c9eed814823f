//! Signing in: password, second factor, and going on in another organisation. What opens a session or gives it another
//! secret.

use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, Condition, QueryFilter as _, QueryOrder as _};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;

use super::{ActiveModel, CSRF, Column, Entity, Known, Method, Model, PREFIX, Person, Place, Stage, device};
use crate::{
    audit,
    clock::Moment,
    error::Error,
    id::{OrganisationId, SessionId, UserId},
    role::Role,
    scope::{Actor, Scope, Store},
    secret::Token,
    sign_in_policy,
    stored::{Word, sha256},
    throttle::{self, Bucket},
    user::{self, SecondFactor, membership},
};

/// How many sessions a person has in an organisation at the most; the oldest makes room.
const AT_MOST: usize = 20;
/// How long someone has for the second factor, in seconds.
const CODE_SECONDS: i64 = 600;

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

fn wrong_credentials() -> Error {
    Error::Unauthenticated { code: "wrong_credentials", detail: "the e-mail address or the password is wrong".into() }
}

/// Someone whose password was right.
pub(crate) struct Proven {
    pub(crate) user: user::Model,
    is_known_device: bool,
}

/// Finds out whether `password` is that of `email`. The same is said, and the same work done, whether or not there is
/// such a person.
pub(crate) async fn prove(store: &Store, visit: &Visit, email: &str, password: &str) -> Result<Proven, Error> {
    let email = user::normal(email);
    let user = store.user_by_email(&email).await?;
    let device = visit.device.as_deref().map(sha256).unwrap_or_default();
    let device = store
        .device(&device)
        .await?
        .filter(|device| user.as_ref().is_some_and(|user| user.id == device.user_id))
        .map(|device| device.secret_hash);
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

/// How many organisations a failure is noted in before it is answered, whether someone belongs to as many, or exists at
/// all.
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
        let (store, scope, id) = (
            store.clone(),
            Scope { actor: stranger(), ..user::scope(user, &membership, visit.request_id.as_deref()) },
            user.id.clone(),
        );
        tokio::spawn(async move {
            if let Err(error) =
                audit::record(&store, &scope, "sign_in_failed", "user", id.as_str(), Some(json!({ "wrong": what })))
                    .await
            {
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
    let scope = Scope {
        organisation_id: store.new_organisation_id(),
        actor: stranger(),
        role: Role::Viewer,
        request_id: visit.request_id.clone(),
    };
    store.write(&scope).await?.save_as_if_noted().await
}

/// Makes sure of the second factor of someone whose password was right. Without one it is still missing.
pub(crate) async fn second_factor(
    store: &Store,
    visit: &Visit,
    proven: &Proven,
    code: Option<&str>,
    recovery_code: Option<&str>,
) -> Result<Stage, Error> {
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
        return Err(Error::Unauthenticated {
            code: "wrong_code",
            detail: "the code is wrong or was used already".into(),
        });
    }
    bucket.clear(store).await?;
    Ok(Stage::Complete)
}

/// Signs someone in.
///
/// # Errors
/// [`Error::Unauthenticated`], [`Error::TooMany`], or [`Error::Forbidden`] where they belong to no organisation that
/// lets them in so.
pub async fn sign_in(store: &Store, visit: &Visit, new: &NewSession) -> Result<Granted, Error> {
    let proven = prove(store, visit, &new.email, &new.password).await?;
    let places = store.places_of_anyone(&proven.user.id).await?;
    let place = match &new.organisation_id {
        Some(id) => Some(
            places
                .into_iter()
                .find(|place| place.organisation.id == *id)
                .ok_or_else(|| Error::unknown("/organisation_id", "organisation of yours"))?,
        ),
        None => {
            let mut places = places.into_iter();
            let first = places.next();
            match first {
                Some(first) if !first.policy.allows_passwords => {
                    Some(places.find(|place| place.policy.allows_passwords).unwrap_or(first))
                }
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
    Err(Error::Forbidden(format!(
        "{} does not let people in with a password: sign in through its identity provider",
        place.organisation.name
    )))
}

/// Opens a session.
pub(crate) async fn open(
    store: &Store,
    visit: &Visit,
    user: user::Model,
    place: Place,
    stage: Stage,
    method: Method,
    is_new_device: bool,
) -> Result<Granted, Error> {
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
        agent: visit
            .agent
            .as_deref()
            .map(|agent| agent.chars().filter(|character| !character.is_control()).take(200).collect()),
        secret_hash: text.hash().to_owned(),
        created_at: now,
        last_seen_at: now,
        expires_at: ends_at(stage, now, &place.policy),
    };
    writer.put_all::<Entity, ActiveModel>(vec![row.clone()], &[]).await?;
    writer.note(
        event(stage),
        "session",
        row.id.as_str(),
        None,
        Some(json!({ "user_id": user.id, "method": method, "has_mfa": user.mfa_since.is_some() })),
    );
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
    store
        .add_device(device::Model {
            secret_hash: device.hash().to_owned(),
            user_id: user.id.clone(),
            last_used_at: store.clock().now(),
        })
        .await?;
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
async fn renew(
    store: &Store,
    visit: &Visit,
    person: &Person,
    user: user::Model,
    place: Place,
    action: &'static str,
    is_new_device: bool,
) -> Result<Granted, Error> {
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
        return Err(Error::Forbidden(
            "you signed in through this organisation's identity provider: sign in to the other organisation itself"
                .into(),
        ));
    }
    let place = place(store, &person.user.id, &to.organisation_id)
        .await?
        .ok_or_else(|| Error::unknown("/organisation_id", "organisation of yours"))?;
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
