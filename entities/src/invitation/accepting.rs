//! Accepting an invitation, and choosing another password: what whoever has the link of one can do with it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use validator::Validate;

use super::{ActiveModel, Entity, InvitationKind, InvitationState, Model, PREFIX};
use crate::{
    clock::Moment,
    error::Error,
    fault::Faults,
    id::{InvitationId, OrganisationId},
    organisation,
    patch::Change,
    role::Role,
    scope::{Actor, Scope, Store, Writer},
    secret::Offered,
    session::{self, Person, Stage, Visit},
    stored::Word,
    text::{self, Form},
    throttle::Bucket,
    user::{self, membership},
};

/// What a link is, for the person who has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OpenedInvitation {
    /// What it is for.
    pub kind: InvitationKind,
    /// The organisation it is from.
    pub organisation_name: String,
    /// To whom it is; empty for the first account, whose address is sent with the password.
    pub email: String,
    /// Their name; null if it was not said.
    pub name: Option<String>,
    /// What they may do once they have joined.
    pub role: Role,
    /// Whether there is an account of this address: then its own password is asked for, else a new one is chosen.
    pub has_account: bool,
    /// Whether the account has a second factor, a code of which is needed too.
    pub needs_code: bool,
    /// Until when the link is good.
    pub expires_at: Moment,
}

/// How to accept an invitation, or to choose another password.
#[derive(Clone, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schemars(example = json!({ "token": "dli_0190c5d2e5f27c3c8a4b0d6f1e2a3b4c_", "name": "Sam Okafor", "password": "plum chair river nine" }))]
pub struct Acceptance {
    /// What stands behind the `#` of the link.
    #[validate(length(min = 1, max = 200))]
    pub token: String,
    /// Your name; needed for a new account where the invitation does not say it.
    #[validate(length(min = 1, max = 200))]
    #[serde(default)]
    pub name: Option<String>,
    /// Your e-mail address, with which you sign in; needed for the first account alone.
    #[validate(length(min = 3, max = 254))]
    #[serde(default)]
    pub email: Option<String>,
    /// What the organisation is called; for the first account alone, and as it was if not said.
    #[validate(length(min = 1, max = 200))]
    #[serde(default)]
    pub organisation_name: Option<String>,
    /// The password you choose: 12 characters or more, of any kind, that nobody guesses soon. If you have an account
    /// already, and the link is an invitation: its password.
    #[validate(length(min = 1, max = 128))]
    #[schemars(regex(pattern = crate::text::ANY))]
    pub password: String,
    /// The six digits that your authenticator app shows now, if your account has a second factor.
    #[validate(length(max = 20))]
    #[serde(default)]
    pub code: Option<String>,
    /// One of your recovery codes, in place of `code`.
    #[validate(length(max = 40))]
    #[serde(default)]
    pub recovery_code: Option<String>,
}

/// What accepting came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Accepted {
    /// The address to sign in with now.
    pub email: String,
    /// The organisation, to sign in to.
    pub organisation_id: OrganisationId,
    /// Its name.
    pub organisation_name: String,
}

/// The invitation that `token` opens.
async fn of_token(store: &Store, token: &str) -> Result<Model, Error> {
    let offered = Offered::read(PREFIX, token.trim()).ok_or(Error::NotFound)?;
    let id = format!("inv_{}", offered.which).parse::<InvitationId>().map_err(|_| Error::NotFound)?;
    let row = store.invitation_of_anyone(&id).await?.ok_or(Error::NotFound)?;
    if !offered.is(&row.token_hash) {
        return Err(Error::NotFound);
    }
    let gone = |how: &str| Err(Error::Gone(format!("this link {how}: ask whoever sent it for another")));
    match row.state(store.clock().now()) {
        InvitationState::Accepted => gone("was used already"),
        InvitationState::Revoked => gone("was revoked"),
        InvitationState::Expired => gone("has expired"),
        InvitationState::Pending => Ok(row),
    }
}

/// What a link is, said only to those who have it.
///
/// # Errors
/// [`Error::NotFound`] for a token that is none, [`Error::Gone`] for one whose time is over.
pub async fn open(store: &Store, token: &str) -> Result<OpenedInvitation, Error> {
    let row = of_token(store, token).await?;
    let organisation = store.organisation_of_anyone(&row.organisation_id).await?.ok_or(Error::NotFound)?;
    let user = store.user_by_email(&row.email).await?;
    Ok(OpenedInvitation {
        kind: row.kind.0,
        organisation_name: organisation.name,
        has_account: user.is_some(),
        needs_code: user.is_some_and(|user| user.mfa_since.is_some()),
        email: row.email,
        name: row.name,
        role: row.role.0,
        expires_at: row.expires_at,
    })
}

/// Accepts an invitation, or chooses another password.
///
/// # Errors
/// [`Error::NotFound`] or [`Error::Gone`] for the token; [`Error::Unauthenticated`] for a wrong password or code of an
/// existing account; [`Error::Invalid`] for a new password that is guessed soon; [`Error::TooMany`].
pub async fn accept(store: &Store, visit: &Visit, acceptance: &Acceptance) -> Result<Accepted, Error> {
    let row = of_token(store, &acceptance.token).await?;
    let mut faults = Faults::default();
    for (pointer, text) in [
        ("/name", &acceptance.name),
        ("/organisation_name", &acceptance.organisation_name),
        ("/email", &acceptance.email),
    ] {
        if let Some(detail) = text.as_deref().and_then(|text| Form::Line.fault(text)) {
            faults.expect(false, pointer, "character", detail);
        }
    }
    faults.done()?;
    let mut organisation = store.organisation_of_anyone(&row.organisation_id).await?.ok_or(Error::NotFound)?;
    if row.kind.0 == InvitationKind::FirstAdmin {
        let first = found(store, visit, &row, acceptance, &organisation.name).await?;
        organisation.name = acceptance.organisation_name.clone().unwrap_or(organisation.name);
        return Ok(Accepted {
            email: first.email,
            organisation_id: organisation.id,
            organisation_name: organisation.name,
        });
    }
    let user = store.user_by_email(&row.email).await?;
    match (row.kind.0, user) {
        (InvitationKind::Invitation, None) => {
            let Some(name) = acceptance.name.clone().or_else(|| row.name.clone()) else {
                return Err(Error::invalid("/name", "required", "expected your name"));
            };
            store
                .desk
                .check("/password", &acceptance.password, user::words(&row.email, &name, &organisation.name))
                .await?;
            let hash = store.desk.hash(&acceptance.password).await?;
            let now = store.clock().now();
            let user = user::Model::new(store.new_user_id(), row.email.clone(), name, Some(hash), now);
            join(store, visit.request_id.clone(), &row, &user, true).await?;
        }
        (InvitationKind::Invitation, Some(user)) => {
            if user.password_hash.is_none() {
                return Err(Error::conflict(
                    "no_password",
                    "your account has no password: sign in through your organisation's identity provider, and accept the invitation there",
                ));
            }
            let proven = session::prove(store, visit, &user.email, &acceptance.password).await?;
            if session::second_factor(
                store,
                visit,
                &proven,
                acceptance.code.as_deref(),
                acceptance.recovery_code.as_deref(),
            )
            .await?
                == Stage::NeedsCode
            {
                return Err(code_needed());
            }
            join(store, visit.request_id.clone(), &row, &proven.user, false).await?;
        }
        (InvitationKind::PasswordReset | InvitationKind::FirstAdmin, Some(user)) => {
            reset(store, visit, acceptance, &row, &user, &organisation.name).await?
        }
        (InvitationKind::PasswordReset | InvitationKind::FirstAdmin, None) => {
            return Err(Error::Gone("there is no account of this address any more".into()));
        }
    }
    Ok(Accepted { email: row.email, organisation_id: organisation.id, organisation_name: organisation.name })
}

/// Makes the first account, and calls the organisation what it is called.
async fn found(
    store: &Store,
    visit: &Visit,
    row: &Model,
    acceptance: &Acceptance,
    present_name: &str,
) -> Result<user::Model, Error> {
    let (email, name) =
        (user::normal(acceptance.email.as_deref().unwrap_or_default()), acceptance.name.clone().unwrap_or_default());
    let mut faults = Faults::of(acceptance);
    faults.expect(text::is_email(&email), "/email", "email", "expected your e-mail address, such as name@example.org");
    faults.expect(!name.is_empty(), "/name", "required", "expected your name");
    faults.done()?;
    if store.user_by_email(&email).await?.is_some() {
        return Err(Error::conflict(
            "has_account",
            "there is an account of this address already, in another organisation: it cannot be the first one here",
        ));
    }
    let organisation_name = acceptance.organisation_name.as_deref().unwrap_or(present_name);
    store.desk.check("/password", &acceptance.password, user::words(&email, &name, organisation_name)).await?;
    let hash = store.desk.hash(&acceptance.password).await?;
    let user = user::Model::new(store.new_user_id(), email, name, Some(hash), store.clock().now());
    let actor = Actor { id: user.id.to_string(), name: user.name.clone() };
    let writer = store
        .write(&Scope {
            organisation_id: row.organisation_id.clone(),
            actor,
            role: row.role.0,
            request_id: visit.request_id.clone(),
        })
        .await?;
    if writer.has(writer.find::<membership::Entity>()).await? {
        return Err(Error::Gone("there is an account already: ask whoever has it for an invitation".into()));
    }
    use_up(&writer, row, &user.email).await?;
    writer.add_user(&user).await?;
    add_member(&writer, &user, row.role.0).await?;
    if organisation_name != present_name {
        let before = organisation::read(&writer).await?;
        let fields = json!({ "name": organisation_name }).as_object().cloned().unwrap_or_default();
        organisation::change(&writer, before.version, Change::new(fields)).await?;
    }
    writer.save().await?;
    Ok(user)
}

fn code_needed() -> Error {
    Error::Unauthenticated {
        code: "code_needed",
        detail: "this account has a second factor: send a code of your authenticator app, or a recovery code, too"
            .into(),
    }
}

/// Accepts an invitation as someone who is signed in.
///
/// # Errors
/// [`Error::NotFound`] or [`Error::Gone`] for the token, [`Error::Conflict`] where it is to someone else.
pub async fn accept_signed_in(
    store: &Store,
    person: &Person,
    request_id: Option<String>,
    token: &str,
) -> Result<Accepted, Error> {
    let row = of_token(store, token).await?;
    if row.kind.0 != InvitationKind::Invitation || row.email != person.user.email {
        return Err(Error::conflict("someone_else", "this invitation is to another e-mail address than yours"));
    }
    let organisation = store.organisation_of_anyone(&row.organisation_id).await?.ok_or(Error::NotFound)?;
    join(store, request_id, &row, &person.user, false).await?;
    Ok(Accepted { email: row.email, organisation_id: organisation.id, organisation_name: organisation.name })
}

async fn join(
    store: &Store,
    request_id: Option<String>,
    invitation: &Model,
    user: &user::Model,
    is_new: bool,
) -> Result<(), Error> {
    let scope = Scope {
        organisation_id: invitation.organisation_id.clone(),
        actor: Actor { id: user.id.to_string(), name: user.name.clone() },
        role: invitation.role.0,
        request_id,
    };
    let writer = store.write(&scope).await?;
    use_up(&writer, invitation, &invitation.email).await?;
    if is_new {
        writer.add_user(user).await?;
    }
    add_member(&writer, user, invitation.role.0).await?;
    writer.save().await
}

/// Makes someone a member.
pub(crate) async fn add_member(writer: &Writer, user: &user::Model, role: Role) -> Result<membership::Model, Error> {
    let row = membership::Model {
        organisation_id: writer.scope().organisation_id.clone(),
        user_id: user.id.clone(),
        version: 1,
        role: Word(role),
        created_at: writer.now(),
        updated_at: writer.now(),
    };
    writer.insert::<membership::Entity, membership::ActiveModel>(row).await
}

/// Marks a link as used, once.
pub(crate) async fn use_up(writer: &Writer, invitation: &Model, email: &str) -> Result<(), Error> {
    let present = writer.get::<Entity>(invitation.id.as_str()).await?;
    if present.state(writer.now()) != InvitationState::Pending || present.token_hash != invitation.token_hash {
        return Err(Error::Gone("this link has just been used or revoked".into()));
    }
    let after = Model { accepted_at: Some(writer.now()), email: email.to_owned(), ..present.clone() };
    writer.replace::<Entity, ActiveModel>("accept", &present, after).await?;
    Ok(())
}

async fn reset(
    store: &Store,
    visit: &Visit,
    acceptance: &Acceptance,
    invitation: &Model,
    user: &user::Model,
    organisation_name: &str,
) -> Result<(), Error> {
    store
        .desk
        .check("/password", &acceptance.password, user::words(&user.email, &user.name, organisation_name))
        .await?;
    // A link from an admin is not to get past a second factor.
    if user.mfa_since.is_some() {
        if acceptance.code.is_none() && acceptance.recovery_code.is_none() {
            return Err(code_needed());
        }
        let bucket = Bucket::of("code", user.id.as_str(), Some(invitation.id.as_str()));
        bucket.count(store).await?;
        if !user::use_second_factor(store, user, acceptance.code.as_deref(), acceptance.recovery_code.as_deref())
            .await?
        {
            return Err(Error::Unauthenticated {
                code: "wrong_code",
                detail: "the code is wrong or was used already".into(),
            });
        }
        bucket.clear(store).await?;
    }
    let hash = store.desk.hash(&acceptance.password).await?;
    let membership = store
        .memberships_of_anyone(&user.id)
        .await?
        .into_iter()
        .find(|membership| membership.organisation_id == invitation.organisation_id);
    let Some(membership) = membership else {
        return Err(Error::Gone("this account does not belong to the organisation any more".into()));
    };
    let writer = store.write(&user::scope(user, &membership, visit.request_id.as_deref())).await?;
    use_up(&writer, invitation, &invitation.email).await?;
    let before = user::row(&writer, &user.id).await?;
    writer.replace_user(&before, user::Model { password_hash: Some(hash), ..before.clone() }).await?;
    session::end_everywhere(&writer, &user.id, None).await?;
    writer.note("change_password", "user", user.id.as_str(), None, None);
    writer.save().await?;
    store.forget_devices(&user.id).await?;
    Bucket::of("password", &user.email, None).clear(store).await?;
    user::note_elsewhere(
        store,
        user,
        Some(&invitation.organisation_id),
        visit.request_id.as_deref(),
        "change_password",
        "user",
        user.id.as_str(),
    )
    .await
}
