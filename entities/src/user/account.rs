//! A person's own account: name, password and second factor.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use validator::Validate;

use super::{Model, note_elsewhere, row, without_mfa, words};
use crate::{
    clock::Moment,
    error::Error,
    fault::Faults,
    id::UserId,
    mfa, page,
    patch::Change,
    scope::Store,
    session::{self, Person},
    sign_in_policy::MfaRule,
    stored::Json,
    throttle::Bucket,
};

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
    /// The secret as an `otpauth:` address, to be shown as a picture to scan.
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
    note_elsewhere(
        store,
        &after,
        Some(&scope.organisation_id),
        scope.request_id.as_deref(),
        action,
        "user",
        after.id.as_str(),
    )
    .await?;
    Ok(after)
}

/// Changes your account.
///
/// # Errors
/// [`Error::Stale`] or [`Error::Invalid`].
pub async fn change_me(
    store: &Store,
    person: &Person,
    request_id: Option<String>,
    version: i64,
    change: Change<NewMe>,
) -> Result<Me, Error> {
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
pub async fn change_password(
    store: &Store,
    person: &Person,
    request_id: Option<String>,
    new: &NewPassword,
) -> Result<Me, Error> {
    person.must_not_come_from_a_provider()?;
    let user = proven(store, person, &new.present_password, "/present_password").await?;
    let organisation = store
        .organisation_of_anyone(&person.session.organisation_id)
        .await?
        .map(|organisation| organisation.name)
        .unwrap_or_default();
    store.desk.check("/new_password", &new.new_password, words(&user.email, &user.name, &organisation)).await?;
    let hash = store.desk.hash(&new.new_password).await?;
    let user = change_own(store, person, request_id.clone(), "change_password", |before| {
        Ok(Model { password_hash: Some(hash), ..before.clone() })
    })
    .await?;
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
pub(crate) async fn use_second_factor(
    store: &Store,
    user: &Model,
    code: Option<&str>,
    recovery_code: Option<&str>,
) -> Result<bool, Error> {
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
pub async fn enrol_mfa(
    store: &Store,
    person: &Person,
    request_id: Option<String>,
    proof: &Password,
) -> Result<Enrolment, Error> {
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

/// Turns the second factor on, once the app has shown a good code. All other sessions end, and this one may do
/// everything.
///
/// # Errors
/// [`Error::Invalid`] for a wrong code, [`Error::Conflict`] where nothing was begun.
pub async fn confirm_mfa(
    store: &Store,
    person: &Person,
    request_id: Option<String>,
    first: &FirstCode,
) -> Result<RecoveryCodes, Error> {
    let bucket = Bucket::of("own code", person.user.id.as_str(), Some(person.session.id.as_str()));
    bucket.count(store).await?;
    let (codes, hashes) = mfa::new_recovery_codes()?;
    let now = store.clock().now();
    change_own(store, person, request_id.clone(), "confirm_mfa", |before| {
        let secret = match (&before.totp_secret, before.mfa_since) {
            (Some(secret), None) => secret,
            _ => {
                return Err(Error::conflict(
                    "not_begun",
                    "there is no second factor to confirm: begin with a new secret",
                ));
            }
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
pub async fn renew_recovery_codes(
    store: &Store,
    person: &Person,
    request_id: Option<String>,
    proof: &Proof,
) -> Result<RecoveryCodes, Error> {
    fully_proven(store, person, proof).await?;
    let (codes, hashes) = mfa::new_recovery_codes()?;
    change_own(store, person, request_id, "renew_recovery_codes", |before| {
        Ok(Model { recovery_hashes: Json(hashes), ..before.clone() })
    })
    .await?;
    Ok(RecoveryCodes { recovery_codes: codes })
}

/// Turns the second factor off.
///
/// # Errors
/// [`Error::Invalid`] for a wrong password or code, [`Error::Conflict`] without a second factor or where the policy
/// wants one.
pub async fn disable_mfa(
    store: &Store,
    person: &Person,
    request_id: Option<String>,
    proof: &Proof,
) -> Result<Me, Error> {
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
