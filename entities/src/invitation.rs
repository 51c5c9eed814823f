//! Invitations: how people come to an organisation, and how they come back after a forgotten password.
//!
//! Each is a link that is good once and for a week. Its token reads `dli_<32 hexadecimal digits>_<64 hexadecimal
//! digits>` and stands behind the `#` of the link, so that it stays out of logs and referrers; only the secret's
//! SHA-256 is stored. Whoever sends an invitation never learns or sets the password of the one who accepts it.

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
    page::{self, Page, Sort},
    person::{self, PersonalPlace},
    personal::Forgotten,
    role::Role,
    scope::{Reader, Writer, owned},
    secret,
    stored::Word,
    text,
    user::{self, membership},
};

mod accepting;

pub use accepting::{Acceptance, Accepted, OpenedInvitation, accept, accept_signed_in, open};
pub(crate) use accepting::{add_member, use_up};

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
        return Err(Error::conflict(
            "invited",
            "this person is invited already: send that invitation again, or revoke it first",
        ));
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

async fn add(
    writer: &Writer,
    kind: InvitationKind,
    email: String,
    name: Option<String>,
    role: Role,
) -> Result<(Invitation, secret::Token), Error> {
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

/// Makes a link with which a user chooses another password. Earlier ones die. The password they have stays good until
/// then.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], or [`Error::Conflict`] when they belong to other organisations too.
pub async fn create_password_reset(
    writer: &Writer,
    id: &UserId,
    version: i64,
) -> Result<(Invitation, secret::Token), Error> {
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
    let good = Condition::all()
        .add(Column::AcceptedAt.is_null())
        .add(Column::RevokedAt.is_null())
        .add(Column::ExpiresAt.gt(reader.now()));
    match filter.pending {
        Some(true) => select = select.filter(good),
        Some(false) => select = select.filter(good.not()),
        None => {}
    }
    let now = reader.now();
    Ok(reader
        .page(select, Sort::up(Column::CreatedAt), Column::Id, filter.limit, filter.cursor.as_deref())
        .await?
        .map(|row| row.seen(now)))
}

/// Makes another token for an invitation, good for a week from now; the old one dies.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], or [`Error::Conflict`] when it was used or taken back.
pub async fn resend(writer: &Writer, id: &InvitationId, version: i64) -> Result<(Invitation, secret::Token), Error> {
    let before = open_at(writer, id, version).await?;
    let token = secret::Token::new(PREFIX, id.as_str())?;
    let after = Model {
        token_hash: token.hash().to_owned(),
        expires_at: writer.now().plus_hours(GOOD_HOURS),
        ..before.clone()
    };
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

/// Every invitation to this person, in batches of them all.
async fn naming(reader: &Reader, person: &person::Person) -> Result<Vec<Model>, Error> {
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let batch = reader
            .all(reader.find::<Entity>().filter(Column::Id.gt(after.as_str())).order_by_asc(Column::Id).limit(500))
            .await?;
        let Some(last) = batch.last() else { return Ok(found) };
        after = last.id.to_string();
        found.extend(batch.into_iter().filter(|row| {
            person.is(row.name.as_deref().map(person::plain).as_deref(), Some(&person::plain(&row.email)))
        }));
    }
}

/// Where invitations name this person.
pub(crate) async fn places_of(reader: &Reader, person: &person::Person) -> Result<Vec<PersonalPlace>, Error> {
    Ok(naming(reader, person)
        .await?
        .iter()
        .map(|row| PersonalPlace::new("invitation", row.id.as_str(), "email", Some(&row.email)))
        .collect())
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
