//! Invitations: how people come to an organisation, and how they come back after a forgotten password.
//!
//! Each is a link that is good once and for a week. Its token reads `dli_<32 hexadecimal digits>_<64 hexadecimal digits>` and
//! stands behind the `#` of the link, so that it stays out of logs and referrers; only the secret's SHA-256 is stored. Whoever
//! sends an invitation never learns or sets the password of the one who accepts it.

use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, Condition, QueryFilter as _, QueryOrder as _, QuerySelect as _, entity::prelude::*};
use serde::{Deserialize, Serialize};
use serde_json::json;
use validator::Validate;

use crate::{
    clock::Moment,
    error::Error,
    fault::Faults,
    id::{InvitationId, OrganisationId, UserId},
    organisation,
    page::{self, Page, Sort},
    patch::Change,
    person::{self, PersonalPlace},
    personal::Forgotten,
    role::Role,
    scope::{Actor, Reader, Scope, Store, Writer, owned},
    secret::{self, Offered},
    session::{self, Person, Stage, Visit},
    stored::Word,
    text::{self, Form},
    throttle::Bucket,
    user::{self, membership},
};

/// What the text of a link begins with.
const PREFIX: &str = "dli";
/// How long a link is good, in hours: a week.
pub const GOOD_HOURS: i64 = 168;

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InvitationKind {
    /// To join the organisation.
    Invitation,
    /// To choose another password.
    PasswordReset,
    /// To make the first account of a new register, as its administrator.
    FirstAdmin,
}

/// How a link stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InvitationState {
    /// It is good.
    Pending,
    /// It was used.
    Accepted,
    /// It was taken back.
    Revoked,
    /// Its time is over.
    Expired,
}

/// An invitation as stored.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "invitation")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: InvitationId,
    /// The organisation it is from.
    #[serde(skip)]
    pub organisation_id: OrganisationId,
    /// Its version, from 1; each change adds one.
    pub version: i64,
    /// What it is for.
    pub kind: Word<InvitationKind>,
    /// To whom it is; empty while the first administrator has not said it.
    pub email: String,
    /// Their name, if it was said.
    pub name: Option<String>,
    /// What they may do once they have joined.
    pub role: Word<Role>,
    /// SHA-256 of the secret.
    #[serde(skip)]
    pub token_hash: String,
    /// Until when it is good.
    pub expires_at: Moment,
    /// When it was used.
    pub accepted_at: Option<Moment>,
    /// When it was taken back.
    pub revoked_at: Option<Moment>,
    /// When it was made.
    pub created_at: Moment,
    /// When it was last changed.
    pub updated_at: Moment,
}

/// An invitation hangs on its organisation alone.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}
owned!("invitation", _row => None);

/// An invitation to join, or a link to choose another password; never its token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// Its version, from 1; each change adds one.
    pub version: i64,
    /// What it is for.
    pub kind: InvitationKind,
    /// To whom it is; empty while the first administrator has not said it.
    pub email: String,
    /// Their name; null if it was not said.
    pub name: Option<String>,
    /// What they may do once they have joined.
    pub role: Role,
    /// How it stands now.
    pub state: InvitationState,
    /// Until when it is good.
    pub expires_at: Moment,
    /// When it was used; null if it was not.
    pub accepted_at: Option<Moment>,
    /// When it was taken back; null if it was not.
    pub revoked_at: Option<Moment>,
    /// When it was made.
    pub created_at: Moment,
    /// When it was last changed.
    pub updated_at: Moment,
}
impl page::Versioned for Invitation {
    fn id(&self) -> &str {
        self.id.as_str()
    }
    fn version(&self) -> i64 {
        self.version
    }
}

impl Model {
    fn state(&self, now: Moment) -> InvitationState {
        match self {
            Self { accepted_at: Some(_), .. } => InvitationState::Accepted,
            Self { revoked_at: Some(_), .. } => InvitationState::Revoked,
            Self { expires_at, .. } if *expires_at <= now => InvitationState::Expired,
            _ => InvitationState::Pending,
        }
    }

    fn seen(self, now: Moment) -> Invitation {
        Invitation {
            state: self.state(now),
            id: self.id,
            version: self.version,
            kind: self.kind.0,
            email: self.email,
            name: self.name,
            role: self.role.0,
            expires_at: self.expires_at,
            accepted_at: self.accepted_at,
            revoked_at: self.revoked_at,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

/// Whom to invite.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schemars(example = json!({ "email": "sam@example.org", "name": "Sam Okafor", "role": "editor" }))]
pub struct NewInvitation {
    /// Their e-mail address.
    #[validate(length(min = 3, max = 254))]
    pub email: String,
    /// Their name, which they can change.
    #[validate(length(min = 1, max = 200))]
    #[serde(default)]
    pub name: Option<String>,
    /// What they may do.
    pub role: Role,
}

/// Which invitations to list.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct InvitationFilter {
    /// Only those that are good now (`true`), or only those that are not (`false`).
    pub pending: Option<bool>,
    /// How many to answer, 1 to 200; 50 if not said.
    #[validate(range(min = 1, max = 200))]
    pub limit: Option<u64>,
    /// The `next` of the page before.
    #[validate(length(max = 1000))]
    pub cursor: Option<String>,
}

/// The token of a link.
#[derive(Clone, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schemars(example = json!({ "token": "dli_0190c5d2e5f27c3c8a4b0d6f1e2a3b4c_" }))]
pub struct Token {
    /// What stands behind the `#` of the link.
    #[validate(length(min = 1, max = 200))]
    pub token: String,
}

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
    /// The password you choose: 12 characters or more, of any kind, that nobody guesses soon. If you have an account already, and the link is an invitation: its password.
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

/// Invites someone; gives the token to send them, once.
///
/// # Errors
/// [`Error::Invalid`], or [`Error::Conflict`] when they belong here or are invited already.
pub async fn create(writer: &Writer, new: NewInvitation) -> Result<(Invitation, secret::Token), Error> {
    let email = user::normal(&new.email);
    let mut faults = Faults::of_new(&new);
    faults.expect(text::is_email(&email), "/email", "email", "expected an e-mail address such as name@example.org");
    faults.done()?;
    if user::is_member(writer, &email).await? {
        return Err(Error::conflict("member", "this person belongs to the organisation already"));
    }
    if pending(writer, &email).await?.is_some() {
        return Err(Error::conflict("invited", "this person is invited already: send that invitation again, or revoke it first"));
    }
    add(writer, InvitationKind::Invitation, email, new.name, new.role).await
}

/// The invitation to this address that is good now.
pub(crate) async fn pending(reader: &Reader, email: &str) -> Result<Option<Model>, Error> {
    let good = Condition::all()
        .add(Column::Email.eq(email))
        .add(Column::AcceptedAt.is_null())
        .add(Column::RevokedAt.is_null())
        .add(Column::ExpiresAt.gt(reader.now()))
        .add(Column::Kind.eq(Word(InvitationKind::Invitation)));
    reader.one(reader.find::<Entity>().filter(good)).await
}

async fn add(writer: &Writer, kind: InvitationKind, email: String, name: Option<String>, role: Role) -> Result<(Invitation, secret::Token), Error> {
    let id: InvitationId = writer.new_id();
    let token = secret::Token::new(PREFIX, id.as_str())?;
    let row = Model {
        id,
        organisation_id: writer.scope().organisation_id.clone(),
        version: 1,
        kind: Word(kind),
        email,
        name,
        role: Word(role),
        token_hash: token.hash().to_owned(),
        expires_at: writer.now().plus_hours(GOOD_HOURS),
        accepted_at: None,
        revoked_at: None,
        created_at: writer.now(),
        updated_at: writer.now(),
    };
    let row = writer.insert::<Entity, ActiveModel>(row).await?;
    Ok((row.seen(writer.now()), token))
}

/// Makes the link with which someone makes the first account of a new register.
///
/// # Errors
/// [`Error::Busy`] or [`Error::Database`].
pub async fn create_first(writer: &Writer) -> Result<(Invitation, secret::Token), Error> {
    add(writer, InvitationKind::FirstAdmin, String::new(), None, Role::Admin).await
}

/// Makes a link with which a user chooses another password. Earlier ones die. The password they have stays good until then.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], or [`Error::Conflict`] when they belong to other organisations too.
pub async fn create_password_reset(writer: &Writer, id: &UserId, version: i64) -> Result<(Invitation, secret::Token), Error> {
    let membership = writer.get_at::<membership::Entity>(id.as_str(), version).await?;
    user::belongs_here_alone(writer, id).await?;
    let user = user::row(writer, id).await?;
    let open = writer
        .find::<Entity>()
        .filter(Column::Email.eq(user.email.as_str()))
        .filter(Column::Kind.eq(Word(InvitationKind::PasswordReset)))
        .filter(Column::AcceptedAt.is_null())
        .filter(Column::RevokedAt.is_null());
    for earlier in writer.all(open).await? {
        let after = Model { revoked_at: Some(writer.now()), ..earlier.clone() };
        writer.replace::<Entity, ActiveModel>("revoke", &earlier, after).await?;
    }
    writer.note("reset_password", "user", id.as_str(), None, None);
    add(writer, InvitationKind::PasswordReset, user.email, Some(user.name), membership.role.0).await
}

/// One invitation.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn read(reader: &Reader, id: &InvitationId) -> Result<Invitation, Error> {
    Ok(reader.get::<Entity>(id.as_str()).await?.seen(reader.now()))
}

/// A page of the organisation's invitations, oldest first.
///
/// # Errors
/// [`Error::Invalid`] for a cursor that is none.
pub async fn list(reader: &Reader, filter: &InvitationFilter) -> Result<Page<Invitation>, Error> {
    let mut select = reader.find::<Entity>();
    let good = Condition::all().add(Column::AcceptedAt.is_null()).add(Column::RevokedAt.is_null()).add(Column::ExpiresAt.gt(reader.now()));
    match filter.pending {
        Some(true) => select = select.filter(good),
        Some(false) => select = select.filter(good.not()),
        None => {}
    }
    let now = reader.now();
    Ok(reader.page(select, Sort::up(Column::CreatedAt), Column::Id, filter.limit, filter.cursor.as_deref()).await?.map(|row| row.seen(now)))
}

/// Makes another token for an invitation, good for a week from now; the old one dies.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], or [`Error::Conflict`] when it was used or taken back.
pub async fn resend(writer: &Writer, id: &InvitationId, version: i64) -> Result<(Invitation, secret::Token), Error> {
    let before = open_at(writer, id, version).await?;
    let token = secret::Token::new(PREFIX, id.as_str())?;
    let after = Model { token_hash: token.hash().to_owned(), expires_at: writer.now().plus_hours(GOOD_HOURS), ..before.clone() };
    Ok((writer.replace::<Entity, ActiveModel>("resend", &before, after).await?.seen(writer.now()), token))
}

/// Takes an invitation back.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], or [`Error::Conflict`] when it was used or taken back already.
pub async fn revoke(writer: &Writer, id: &InvitationId, version: i64) -> Result<Invitation, Error> {
    let before = open_at(writer, id, version).await?;
    let after = Model { revoked_at: Some(writer.now()), ..before.clone() };
    Ok(writer.replace::<Entity, ActiveModel>("revoke", &before, after).await?.seen(writer.now()))
}

async fn open_at(writer: &Writer, id: &InvitationId, version: i64) -> Result<Model, Error> {
    let row = writer.get_at::<Entity>(id.as_str(), version).await?;
    match row.state(writer.now()) {
        InvitationState::Accepted => Err(Error::conflict("accepted", "this link was used already")),
        InvitationState::Revoked => Err(Error::conflict("revoked", "this link was revoked already")),
        InvitationState::Pending | InvitationState::Expired => Ok(row),
    }
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
/// [`Error::NotFound`] or [`Error::Gone`] for the token; [`Error::Unauthenticated`] for a wrong password or code of an existing
/// account; [`Error::Invalid`] for a new password that is guessed soon; [`Error::TooMany`].
pub async fn accept(store: &Store, visit: &Visit, acceptance: &Acceptance) -> Result<Accepted, Error> {
    let row = of_token(store, &acceptance.token).await?;
    let mut faults = Faults::default();
    for (pointer, text) in [("/name", &acceptance.name), ("/organisation_name", &acceptance.organisation_name), ("/email", &acceptance.email)] {
        if let Some(detail) = text.as_deref().and_then(|text| Form::Line.fault(text)) {
            faults.expect(false, pointer, "character", detail);
        }
    }
    faults.done()?;
    let mut organisation = store.organisation_of_anyone(&row.organisation_id).await?.ok_or(Error::NotFound)?;
    if row.kind.0 == InvitationKind::FirstAdmin {
        let first = found(store, visit, &row, acceptance, &organisation.name).await?;
        organisation.name = acceptance.organisation_name.clone().unwrap_or(organisation.name);
        return Ok(Accepted { email: first.email, organisation_id: organisation.id, organisation_name: organisation.name });
    }
    let user = store.user_by_email(&row.email).await?;
    match (row.kind.0, user) {
        (InvitationKind::Invitation, None) => {
            let Some(name) = acceptance.name.clone().or_else(|| row.name.clone()) else {
                return Err(Error::invalid("/name", "required", "expected your name"));
            };
            store.desk.check("/password", &acceptance.password, user::words(&row.email, &name, &organisation.name)).await?;
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
            if session::second_factor(store, visit, &proven, acceptance.code.as_deref(), acceptance.recovery_code.as_deref()).await? == Stage::NeedsCode {
                return Err(code_needed());
            }
            join(store, visit.request_id.clone(), &row, &proven.user, false).await?;
        }
        (InvitationKind::PasswordReset | InvitationKind::FirstAdmin, Some(user)) => reset(store, visit, acceptance, &row, &user, &organisation.name).await?,
        (InvitationKind::PasswordReset | InvitationKind::FirstAdmin, None) => return Err(Error::Gone("there is no account of this address any more".into())),
    }
    Ok(Accepted { email: row.email, organisation_id: organisation.id, organisation_name: organisation.name })
}

/// Makes the first account, and calls the organisation what it is called.
async fn found(store: &Store, visit: &Visit, row: &Model, acceptance: &Acceptance, present_name: &str) -> Result<user::Model, Error> {
    let (email, name) = (user::normal(acceptance.email.as_deref().unwrap_or_default()), acceptance.name.clone().unwrap_or_default());
    let mut faults = Faults::of(acceptance);
    faults.expect(text::is_email(&email), "/email", "email", "expected your e-mail address, such as name@example.org");
    faults.expect(!name.is_empty(), "/name", "required", "expected your name");
    faults.done()?;
    if store.user_by_email(&email).await?.is_some() {
        return Err(Error::conflict("has_account", "there is an account of this address already, in another organisation: it cannot be the first one here"));
    }
    let organisation_name = acceptance.organisation_name.as_deref().unwrap_or(present_name);
    store.desk.check("/password", &acceptance.password, user::words(&email, &name, organisation_name)).await?;
    let hash = store.desk.hash(&acceptance.password).await?;
    let user = user::Model::new(store.new_user_id(), email, name, Some(hash), store.clock().now());
    let actor = Actor { id: user.id.to_string(), name: user.name.clone() };
    let writer = store.write(&Scope { organisation_id: row.organisation_id.clone(), actor, role: row.role.0, request_id: visit.request_id.clone() }).await?;
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
    Error::Unauthenticated { code: "code_needed", detail: "this account has a second factor: send a code of your authenticator app, or a recovery code, too".into() }
}

/// Accepts an invitation as someone who is signed in.
///
/// # Errors
/// [`Error::NotFound`] or [`Error::Gone`] for the token, [`Error::Conflict`] where it is to someone else.
pub async fn accept_signed_in(store: &Store, person: &Person, request_id: Option<String>, token: &str) -> Result<Accepted, Error> {
    let row = of_token(store, token).await?;
    if row.kind.0 != InvitationKind::Invitation || row.email != person.user.email {
        return Err(Error::conflict("someone_else", "this invitation is to another e-mail address than yours"));
    }
    let organisation = store.organisation_of_anyone(&row.organisation_id).await?.ok_or(Error::NotFound)?;
    join(store, request_id, &row, &person.user, false).await?;
    Ok(Accepted { email: row.email, organisation_id: organisation.id, organisation_name: organisation.name })
}

async fn join(store: &Store, request_id: Option<String>, invitation: &Model, user: &user::Model, is_new: bool) -> Result<(), Error> {
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

async fn reset(store: &Store, visit: &Visit, acceptance: &Acceptance, invitation: &Model, user: &user::Model, organisation_name: &str) -> Result<(), Error> {
    store.desk.check("/password", &acceptance.password, user::words(&user.email, &user.name, organisation_name)).await?;
    // A link from an admin is not to get past a second factor.
    if user.mfa_since.is_some() {
        if acceptance.code.is_none() && acceptance.recovery_code.is_none() {
            return Err(code_needed());
        }
        let bucket = Bucket::of("code", user.id.as_str(), Some(invitation.id.as_str()));
        bucket.count(store).await?;
        if !user::use_second_factor(store, user, acceptance.code.as_deref(), acceptance.recovery_code.as_deref()).await? {
            return Err(Error::Unauthenticated { code: "wrong_code", detail: "the code is wrong or was used already".into() });
        }
        bucket.clear(store).await?;
    }
    let hash = store.desk.hash(&acceptance.password).await?;
    let membership = store.memberships_of_anyone(&user.id).await?.into_iter().find(|membership| membership.organisation_id == invitation.organisation_id);
    let Some(membership) = membership else { return Err(Error::Gone("this account does not belong to the organisation any more".into())) };
    let writer = store.write(&user::scope(user, &membership, visit.request_id.as_deref())).await?;
    use_up(&writer, invitation, &invitation.email).await?;
    let before = user::row(&writer, &user.id).await?;
    writer.replace_user(&before, user::Model { password_hash: Some(hash), ..before.clone() }).await?;
    session::end_everywhere(&writer, &user.id, None).await?;
    writer.note("change_password", "user", user.id.as_str(), None, None);
    writer.save().await?;
    store.forget_devices(&user.id).await?;
    Bucket::of("password", &user.email, None).clear(store).await?;
    user::note_elsewhere(store, user, Some(&invitation.organisation_id), visit.request_id.as_deref(), "change_password", "user", user.id.as_str()).await
}

/// Every invitation to this person, in batches of them all.
async fn naming(reader: &Reader, person: &person::Person) -> Result<Vec<Model>, Error> {
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let batch = reader.all(reader.find::<Entity>().filter(Column::Id.gt(after.as_str())).order_by_asc(Column::Id).limit(500)).await?;
        let Some(last) = batch.last() else { return Ok(found) };
        after = last.id.to_string();
        found.extend(batch.into_iter().filter(|row| person.is(row.name.as_deref().map(person::plain).as_deref(), Some(&person::plain(&row.email)))));
    }
}

/// Where invitations name this person.
pub(crate) async fn places_of(reader: &Reader, person: &person::Person) -> Result<Vec<PersonalPlace>, Error> {
    Ok(naming(reader, person).await?.iter().map(|row| PersonalPlace::new("invitation", row.id.as_str(), "email", Some(&row.email))).collect())
}

/// Takes this person away from their invitations, which open nothing from now on.
pub(crate) async fn erase_person(writer: &Writer, person: &person::Person) -> Result<Vec<PersonalPlace>, Error> {
    let mut places = Vec::new();
    for row in naming(writer, person).await? {
        crate::personal::forget(writer, Forgotten::About(row.id.to_string())).await?;
        places.push(PersonalPlace::new("invitation", row.id.as_str(), "email", None));
        let revoked_at = row.revoked_at.or_else(|| row.accepted_at.is_none().then(|| writer.now()));
        let after = Model { email: format!("{}@erased.invalid", row.id), name: None, revoked_at, ..row.clone() };
        writer.replace::<Entity, ActiveModel>("erase", &row, after).await?;
    }
    Ok(places)
}
