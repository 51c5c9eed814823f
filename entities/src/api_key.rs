//! API keys: how programs are let in. A key belongs to one organisation, has a role and an expiry, and is shown once.
//!
//! A key reads `dlg_<32 hexadecimal digits>_<64 hexadecimal digits>`: which key, and the secret (256 random bits). Only the
//! secret's SHA-256 is kept, which suffices for a secret that cannot be guessed, and is compared in constant time.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, QueryFilter as _, entity::prelude::*};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use validator::Validate;

use crate::{
    clock::{Day, Moment},
    error::Error,
    fault::Faults,
    id::{ApiKeyId, OrganisationId},
    page::{Page, Sort},
    role::Role,
    scope::{Actor, Reader, Scope, Store, Writer, owned},
    stored::{Word, from_hex, hex},
};

/// How long a key that has been looked up is trusted without another look, in seconds. A revoked key dies here at once,
/// and on every other replica within this time.
pub const TRUSTED_SECONDS: i64 = 5;
/// How many keys are remembered between requests at the most.
const REMEMBERED: usize = 10_000;

/// A key, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, JsonSchema)]
#[sea_orm(table_name = "api_key")]
#[schemars(rename = "ApiKey")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ApiKeyId,
    /// The organisation it opens.
    #[serde(skip)]
    pub organisation_id: OrganisationId,
    /// Its version, from 1; each change adds one.
    pub version: i64,
    /// What it is for.
    pub name: String,
    /// What its bearer may do.
    #[schemars(with = "Role")]
    pub role: Word<Role>,
    /// The last day it opens anything; null for no end.
    pub expires_on: Option<Day>,
    /// When it was revoked; null while it is good.
    pub revoked_at: Option<Moment>,
    /// When it was last used, to the hour; null if never.
    pub last_used_at: Option<Moment>,
    /// SHA-256 of the secret.
    #[serde(skip)]
    pub secret_hash: String,
    /// When it was made.
    pub created_at: Moment,
    /// When it was last changed.
    pub updated_at: Moment,
}

pub use Model as ApiKey;

/// A key hangs on its organisation alone.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}
owned!("api_key", _row => None);

/// What a key is made of.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct NewApiKey {
    /// What it is for, e.g. `Power BI, nightly`.
    #[validate(length(min = 1, max = 200))]
    pub name: String,
    /// What its bearer may do.
    pub role: Role,
    /// The last day it opens anything; null for no end.
    #[serde(default)]
    pub expires_on: Option<Day>,
}

/// Which keys to list.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct ApiKeyFilter {
    /// Only keys that still open something (`true`), or only those that do not (`false`).
    pub active: Option<bool>,
    /// How many to answer, 1 to 200; 50 if not said.
    #[validate(range(min = 1, max = 200))]
    pub limit: Option<u64>,
    /// The `next` of the page before.
    #[validate(length(max = 1000))]
    pub cursor: Option<String>,
}

/// A key's text, to be shown once. Its `Debug` does not show it.
pub struct Secret(String);
impl Secret {
    /// The text to hand over.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}
impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

/// Who a key turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The organisation it opens.
    pub organisation_id: OrganisationId,
    /// The key.
    pub key_id: ApiKeyId,
    /// The key's name.
    pub name: String,
    /// What it may do.
    pub role: Role,
}

impl Caller {
    /// The scope this caller acts in.
    #[must_use]
    pub fn scope(&self, request_id: Option<String>) -> Scope {
        Scope { organisation_id: self.organisation_id.clone(), actor: Actor { id: self.key_id.to_string(), name: self.name.clone() }, role: self.role, request_id }
    }
}

/// Makes a key and the secret to show once.
///
/// # Errors
/// [`Error::Invalid`], e.g. for an expiry that has passed.
pub async fn create(writer: &Writer, new: NewApiKey) -> Result<(ApiKey, Secret), Error> {
    let mut faults = Faults::of(&new);
    faults.expect(new.expires_on.is_none_or(|day| day >= writer.today()), "/expires_on", "past", "expected today or a later day");
    faults.done()?;
    let id: ApiKeyId = writer.new_id();
    let mut random = [0_u8; 32];
    getrandom::fill(&mut random).map_err(|_| Error::Busy)?;
    let row = Model {
        id: id.clone(),
        organisation_id: writer.scope().organisation_id.clone(),
        version: 1,
        name: new.name,
        role: Word(new.role),
        expires_on: new.expires_on,
        revoked_at: None,
        last_used_at: None,
        secret_hash: hex(&Sha256::digest(random)),
        created_at: writer.now(),
        updated_at: writer.now(),
    };
    let row = writer.insert::<Entity, ActiveModel>(row).await?;
    let secret = Secret(format!("dlg_{}_{}", id.as_str().trim_start_matches("key_"), hex(&random)));
    Ok((row, secret))
}

/// One key.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn read(reader: &Reader, id: &ApiKeyId) -> Result<ApiKey, Error> {
    reader.get::<Entity>(id.as_str()).await
}

/// A page of the organisation's keys, oldest first.
///
/// # Errors
/// [`Error::Invalid`] for a cursor that is none.
pub async fn list(reader: &Reader, filter: &ApiKeyFilter) -> Result<Page<ApiKey>, Error> {
    let mut select = reader.find::<Entity>();
    let good = sea_orm::Condition::all()
        .add(Column::RevokedAt.is_null())
        .add(sea_orm::Condition::any().add(Column::ExpiresOn.is_null()).add(Column::ExpiresOn.gte(reader.today())));
    match filter.active {
        Some(true) => select = select.filter(good),
        Some(false) => select = select.filter(good.not()),
        None => {}
    }
    reader.page(select, Sort::up(Column::CreatedAt), Column::Id, filter.limit, filter.cursor.as_deref()).await
}

/// Ends a key; it stays in the list.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], or [`Error::Conflict`] when it is revoked already.
pub async fn revoke(writer: &Writer, id: &ApiKeyId, version: i64) -> Result<ApiKey, Error> {
    let before = writer.get_at::<Entity>(id.as_str(), version).await?;
    if before.revoked_at.is_some() {
        return Err(Error::conflict("revoked", "this key is revoked already"));
    }
    let after = Model { revoked_at: Some(writer.now()), ..before.clone() };
    let row = writer.replace::<Entity, ActiveModel>("revoke", &before, after).await?;
    writer.store().keys.forget(id);
    Ok(row)
}

/// Keys that were looked up a moment ago.
#[derive(Debug, Default)]
pub(crate) struct Cache(Mutex<HashMap<ApiKeyId, (Moment, Model)>>);

impl Cache {
    fn recall(&self, id: &ApiKeyId, now: Moment) -> Option<Model> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(id).filter(|(until, _)| now < *until).map(|(_, key)| key.clone())
    }
    fn remember(&self, key: &Model, until: Moment) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(key.id.clone(), (until, key.clone()));
    }
    fn forget(&self, id: &ApiKeyId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }
}

/// Whose key `text` is, if it is one that opens anything today.
///
/// # Errors
/// [`Error::Busy`] or [`Error::Database`] when that cannot be found out.
pub async fn authenticate(store: &Store, text: &str) -> Result<Option<Caller>, Error> {
    let Some((which, secret)) = text.strip_prefix("dlg_").and_then(|rest| rest.split_once('_')) else { return Ok(None) };
    let (Ok(id), Some(secret)) = (format!("key_{which}").parse::<ApiKeyId>(), from_hex(secret)) else { return Ok(None) };
    let now = store.clock().now();
    let key = match store.keys.recall(&id, now) {
        Some(key) => key,
        None => {
            let Some(key) = store.key_of_anyone(id.as_str()).await? else { return Ok(None) };
            store.keys.remember(&key, Moment::new(now.time() + chrono::TimeDelta::seconds(TRUSTED_SECONDS)));
            key
        }
    };
    let offered = hex(&Sha256::digest(&secret));
    if !bool::from(offered.as_bytes().ct_eq(key.secret_hash.as_bytes())) || key.revoked_at.is_some() || key.expires_on.is_some_and(|last| last < now.day()) {
        return Ok(None);
    }
    // The time of last use is worth one write an hour, not one a request.
    if key.last_used_at.is_none_or(|used| used.plus_hours(1) < now) {
        if let Err(error) = store.mark_key_used(id.as_str(), now).await {
            tracing::warn!(%error, key = %id, "the time of a key's last use was not kept");
        }
        let used = Model { last_used_at: Some(now), ..key.clone() };
        store.keys.remember(&used, Moment::new(now.time() + chrono::TimeDelta::seconds(TRUSTED_SECONDS)));
    }
    Ok(Some(Caller { organisation_id: key.organisation_id, key_id: key.id, name: key.name, role: key.role.0 }))
}
