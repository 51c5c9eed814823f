//! The way into a new register: an organisation, a link with which its first account is made, and an administrator's
//! key for programs. All of it is kept at once or not at all, and given to whoever started the program, at the console.
//!
//! Whoever starts it may be cut off before they have read that. So it is given again, new, at each start, until someone
//! has come in: the link and the key before are void then, and had opened nothing yet.

use sea_orm::{ColumnTrait as _, QueryFilter as _};

use crate::{
    api_key::{self, KeyScope, NewApiKey},
    audit,
    error::Error,
    invitation::{self, InvitationKind},
    organisation::{self, Organisation},
    role::Role,
    scope::{Actor, Scope, Store, Writer},
    secret::Token,
    stored::Word,
    user::membership,
};

/// What a new register's organisation is called until its first administrator says what it is called.
pub const NAME: &str = "My organisation";
/// What its first key is called.
const KEY_NAME: &str = "First key";

/// How to get into a register that nobody has come to yet.
#[derive(Debug)]
pub struct WayIn {
    /// The organisation.
    pub organisation: Organisation,
    /// Of the link with which the first account is made; good once.
    pub link: Token,
    /// Of an administrator's key.
    pub key: Token,
    /// Whether there was one before, which is void now.
    pub is_again: bool,
}

/// A way into the register, where there is no organisation but samples, or just the one that an earlier start has made
/// and nobody has come to: no account, no key ever used, nothing done by anyone but at the console.
///
/// # Errors
/// [`Error::Busy`] or [`Error::Database`].
pub async fn way_in(store: &Store) -> Result<Option<WayIn>, Error> {
    let mut own = organisation::all(store).await?.into_iter().filter(|organisation| !organisation.is_sample);
    let made = match (own.next(), own.next()) {
        (None, _) => make(store).await,
        (Some(only), None) => make_again(store, only).await,
        (Some(_), Some(_)) => Ok(None),
    };
    match made {
        // Another replica started at the same moment and shows its own.
        Err(Error::Conflict { .. } | Error::Stale { .. }) => Ok(None),
        other => other,
    }
}

async fn make(store: &Store) -> Result<Option<WayIn>, Error> {
    let (organisation, writer) = store.begin_organisation(NAME, false).await?;
    let (link, key) = open(&writer).await?;
    writer.save().await?;
    Ok(Some(WayIn { organisation, link, key, is_again: false }))
}

async fn make_again(store: &Store, organisation: Organisation) -> Result<Option<WayIn>, Error> {
    let console = Actor { id: "console".into(), name: "console".into() };
    let scope =
        Scope { organisation_id: organisation.id.clone(), actor: console.clone(), role: Role::Admin, request_id: None };
    // Most starts are of a register that is in use: they do not wait for its writer.
    let reader = store.read(&scope).await?;
    if reader.has(reader.find::<membership::Entity>()).await? {
        return Ok(None);
    }
    drop(reader);
    let writer = store.write(&scope).await?;
    let is_entered = writer.has(writer.find::<membership::Entity>()).await?
        || writer.has(writer.find::<audit::Entity>().filter(audit::Column::ActorId.ne(console.id))).await?;
    let keys = writer.all(writer.find::<api_key::Entity>()).await?;
    let links = writer.all(writer.find::<invitation::Entity>()).await?;
    let is_ours = keys.iter().all(|key| key.name == KEY_NAME && key.last_used_at.is_none())
        && links.iter().all(|link| link.kind == Word(InvitationKind::FirstAdmin) && link.accepted_at.is_none());
    if is_entered || !is_ours {
        return Ok(None);
    }
    for key in keys.iter().filter(|key| key.revoked_at.is_none()) {
        api_key::revoke(&writer, &key.id, key.version).await?;
    }
    for link in links.iter().filter(|link| link.revoked_at.is_none()) {
        invitation::revoke(&writer, &link.id, link.version).await?;
    }
    let (link, key) = open(&writer).await?;
    writer.save().await?;
    Ok(Some(WayIn { organisation, link, key, is_again: true }))
}

async fn open(writer: &Writer) -> Result<(Token, Token), Error> {
    let (_, key) = api_key::create(
        writer,
        NewApiKey { name: KEY_NAME.into(), role: Role::Admin, scope: KeyScope::Everything, expires_on: None },
    )
    .await?;
    let (_, link) = invitation::create_first(writer).await?;
    Ok((link, key))
}
