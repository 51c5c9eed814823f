//! API keys: how programs are let in. A key belongs to one organisation, has a role, a scope and an expiry, and is
//! shown once. Before it ends it is rotated: a successor takes its place, and both work for some days.
//!
//! A key reads `dlg_<32 hexadecimal digits>_<64 hexadecimal digits>`: which key, and the secret (256 random bits). Only
//! the secret's SHA-256 is kept, which suffices for a secret that cannot be guessed, and is compared in constant time.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, Condition, QueryFilter as _, entity::prelude::*};
use serde::{Deserialize, Serialize};
use validator::Validate;

use crate::{
    clock::{Day, Moment, days_between},
    error::Error,
    fault::Faults,
    id::{ApiKeyId, OrganisationId},
    page::{Page, Sort, Versioned},
    policy::{self, Policy},
    role::Role,
    scope::{Actor, Reader, Scope, Store, Writer, owned},
    secret::{Offered, Token},
    stored::{Word, from_word, word},
};

/// What the text of a key begins with.
const PREFIX: &str = "dlg";

/// How long a key that has been looked up is trusted without another look, in seconds. A revoked key dies here at once,
/// and on every other replica within this time.
pub const TRUSTED_SECONDS: i64 = 5;
/// How many keys are remembered between requests at the most.
const REMEMBERED: usize = 10_000;

/// From how many days before its last one a key counts among those that expire soon.
pub const SOON_DAYS: i64 = 30;
/// From how many days before its last one a key's bearer is told with every answer.
pub const TOLD_DAYS: i64 = 14;

/// Which operations a key opens, among those that its role allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyScope {
    /// Whatever its role allows.
    #[default]
    Everything,
    /// What its role may read, and questions that change nothing.
    ReadOnly,
    /// Reading the register itself: its lines, suppliers, products, dependencies and reviews, as JSON and as CSV. No
    /// answers, evidence, risks or decisions.
    RegisterOnly,
    /// Importing suppliers and products, dry runs too; nothing else.
    ImportOnly,
    /// Fetching the calendar of reviews, and nothing else.
    CalendarOnly,
}

impl KeyScope {
    /// Every scope, the widest first.
    pub const ALL: [Self; 5] =
        [Self::Everything, Self::ReadOnly, Self::RegisterOnly, Self::ImportOnly, Self::CalendarOnly];
}

impl std::str::FromStr for KeyScope {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        from_word(text)
            .ok_or_else(|| "expected everything, read_only, register_only, import_only or calendar_only".to_owned())
    }
}

impl std::fmt::Display for KeyScope {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&word(self))
    }
}

/// A key as stored, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, JsonSchema)]
#[sea_orm(table_name = "api_key")]
#[schemars(rename = "StoredApiKey")]
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
    /// Which operations it opens, among those that its role allows.
    #[schemars(with = "KeyScope")]
    pub scope: Word<KeyScope>,
    /// The last day it opens anything; null for no end.
    pub expires_on: Option<Day>,
    /// The key it took the place of; null for the first of its line.
    pub replaces: Option<ApiKeyId>,
    /// The key that took its place; null while none has.
    pub replaced_by: Option<ApiKeyId>,
    /// The first key of its line: all that have the same are one hand.
    #[serde(skip)]
    pub line_id: ApiKeyId,
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

/// A key hangs on its organisation alone.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}
owned!("api_key", _row => None);

/// Whether a key opens anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyState {
    /// It does.
    Good,
    /// It does still, but another has taken its place and it is about to end.
    Replaced,
    /// Its last day is over.
    Expired,
    /// It was revoked.
    Revoked,
}

/// A key, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ApiKey {
    /// The key as stored.
    #[serde(flatten)]
    pub key: Model,
    /// Whether it opens anything today.
    pub state: KeyState,
    /// How many days it still opens anything, today not counted; null where it has no end, or opens nothing any more.
    pub days_left: Option<i64>,
}

impl Versioned for ApiKey {
    fn id(&self) -> &str {
        self.key.id.as_str()
    }
    fn version(&self) -> i64 {
        self.key.version
    }
}

impl Model {
    /// The key as it is on `today`.
    fn on(self, today: Day) -> ApiKey {
        let state = match (&self.revoked_at, self.expires_on, &self.replaced_by) {
            (Some(_), ..) => KeyState::Revoked,
            (None, Some(last), _) if last < today => KeyState::Expired,
            (None, _, Some(_)) => KeyState::Replaced,
            (None, _, None) => KeyState::Good,
        };
        let opens = matches!(state, KeyState::Good | KeyState::Replaced);
        let days_left = self.expires_on.filter(|_| opens).map(|last| days_between(today, last));
        ApiKey { key: self, state, days_left }
    }
}

/// What a key is made of.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct NewApiKey {
    /// What it is for, e.g. `Power BI, nightly`.
    #[validate(length(min = 1, max = 200))]
    pub name: String,
    /// What its bearer may do.
    pub role: Role,
    /// Which operations it opens, among those that its role allows; everything if not said.
    #[serde(default)]
    pub scope: KeyScope,
    /// The last day it opens anything; null for no end.
    #[serde(default)]
    pub expires_on: Option<Day>,
}

/// How a key is rotated.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "overlap_days": 7 }))]
pub struct Rotation {
    /// For how many days the old key still works beside the new one, today not counted; with 0 it ends at once. 7 if
    /// not said.
    #[validate(range(min = 0, max = 30))]
    pub overlap_days: i64,
    /// The last day the new key opens anything; if not said, it lives as long as the old one was meant to.
    pub expires_on: Option<Day>,
}

impl Default for Rotation {
    fn default() -> Self {
        Self { overlap_days: 7, expires_on: None }
    }
}

/// Which keys to list.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct ApiKeyFilter {
    /// Only keys that still open something (`true`), or only those that do not (`false`).
    pub active: Option<bool>,
    /// Only keys that still open something and end within 30 days (`true`), or only the others (`false`).
    pub expires_soon: Option<bool>,
    /// How many to answer, 1 to 200; 50 if not said.
    #[validate(range(min = 1, max = 200))]
    pub limit: Option<u64>,
    /// The `next` of the page before.
    #[validate(length(max = 1000))]
    pub cursor: Option<String>,
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
    /// Which operations the key opens, among those that its role allows.
    pub key_scope: KeyScope,
    /// The key's last day, where that is near enough for its bearer to be told.
    pub ends_on: Option<Day>,
}

impl Caller {
    /// The scope this caller acts in.
    #[must_use]
    pub fn scope(&self, request_id: Option<String>) -> Scope {
        Scope {
            organisation_id: self.organisation_id.clone(),
            actor: Actor { id: self.key_id.to_string(), name: self.name.clone() },
            role: self.role,
            request_id,
        }
    }
}

/// Notes what is wrong with a key's last day.
fn check_end(faults: &mut Faults, expires_on: Option<Day>, today: Day, policy: &Policy) {
    faults.expect(expires_on.is_none_or(|day| day >= today), "/expires_on", "past", "expected today or a later day");
    if let Some(days) = policy.maximum_key_days {
        let latest = today.plus_days(days);
        faults.expect(
            expires_on.is_some_and(|day| day <= latest),
            "/expires_on",
            "policy",
            format!("expected {latest} or an earlier day: the policy limits keys to {days} days"),
        );
    }
}

/// Makes a key and the secret to show once.
///
/// # Errors
/// [`Error::Invalid`], e.g. for an expiry that has passed, or that the policy finds too far away.
pub async fn create(writer: &Writer, new: NewApiKey) -> Result<(ApiKey, Token), Error> {
    let policy = policy::read(writer).await?;
    let mut faults = Faults::of_new(&new);
    check_end(&mut faults, new.expires_on, writer.today(), &policy);
    faults.expect(
        new.scope != KeyScope::ImportOnly || new.role >= Role::Editor,
        "/scope",
        "contradiction",
        "the scope import_only needs at least the role editor",
    );
    faults.done()?;
    let id: ApiKeyId = writer.new_id();
    let secret = Token::new(PREFIX, id.as_str())?;
    let row = Model {
        line_id: id.clone(),
        id,
        organisation_id: writer.scope().organisation_id.clone(),
        version: 1,
        name: new.name,
        role: Word(new.role),
        scope: Word(new.scope),
        expires_on: new.expires_on,
        replaces: None,
        replaced_by: None,
        revoked_at: None,
        last_used_at: None,
        secret_hash: secret.hash().to_owned(),
        created_at: writer.now(),
        updated_at: writer.now(),
    };
    let row = writer.insert::<Entity, ActiveModel>(row).await?;
    Ok((row.on(writer.today()), secret))
}

/// One key.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn read(reader: &Reader, id: &ApiKeyId) -> Result<ApiKey, Error> {
    Ok(reader.get::<Entity>(id.as_str()).await?.on(reader.today()))
}

/// A page of the organisation's keys, oldest first.
///
/// # Errors
/// [`Error::Invalid`] for a cursor that is none.
pub async fn list(reader: &Reader, filter: &ApiKeyFilter) -> Result<Page<ApiKey>, Error> {
    let today = reader.today();
    let mut select = reader.find::<Entity>();
    let good = Condition::all()
        .add(Column::RevokedAt.is_null())
        .add(Condition::any().add(Column::ExpiresOn.is_null()).add(Column::ExpiresOn.gte(today)));
    let soon = today.plus_days(SOON_DAYS);
    match filter.expires_soon {
        Some(true) => select = select.filter(good.clone()).filter(Column::ExpiresOn.lte(soon)),
        Some(false) => {
            select = select.filter(
                Condition::any()
                    .add(good.clone().not())
                    .add(Column::ExpiresOn.is_null())
                    .add(Column::ExpiresOn.gt(soon)),
            )
        }
        None => {}
    }
    match filter.active {
        Some(true) => select = select.filter(good),
        Some(false) => select = select.filter(good.not()),
        None => {}
    }
    let page =
        reader.page(select, Sort::up(Column::CreatedAt), Column::Id, filter.limit, filter.cursor.as_deref()).await?;
    Ok(Page { items: page.items.into_iter().map(|key| key.on(today)).collect(), next: page.next })
}

/// Makes a successor to a key, for the same purpose, and the secret to show once. The old key works beside it for the
/// days of overlap, no longer than it would have, and is shown as replaced.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::Invalid`], or [`Error::Conflict`] when it is revoked or has a
/// successor already.
pub async fn rotate(
    writer: &Writer,
    id: &ApiKeyId,
    version: i64,
    rotation: Rotation,
) -> Result<(ApiKey, Token), Error> {
    let before = writer.get_at::<Entity>(id.as_str(), version).await?;
    if before.revoked_at.is_some() {
        return Err(Error::conflict("revoked", "this key is revoked: make a new one"));
    }
    if let Some(successor) = &before.replaced_by {
        return Err(Error::conflict(
            "replaced",
            format!("this key has been replaced by {successor}: rotate that one instead"),
        ));
    }
    let (today, policy) = (writer.today(), policy::read(writer).await?);
    let expires_on = rotation.expires_on.or_else(|| {
        let as_long = before.expires_on.map(|last| today.plus_days(days_between(before.created_at.day(), last)));
        let allowed = policy.maximum_key_days.map(|days| today.plus_days(days));
        as_long.into_iter().chain(allowed).min()
    });
    let mut faults = Faults::of(&rotation);
    check_end(&mut faults, expires_on, today, &policy);
    faults.done()?;
    let successor_id: ApiKeyId = writer.new_id();
    let secret = Token::new(PREFIX, successor_id.as_str())?;
    let successor = Model {
        id: successor_id.clone(),
        expires_on,
        replaces: Some(before.id.clone()),
        last_used_at: None,
        secret_hash: secret.hash().to_owned(),
        created_at: writer.now(),
        ..before.clone()
    };
    let successor = writer.insert::<Entity, ActiveModel>(successor).await?;
    let mut after = Model { replaced_by: Some(successor_id), ..before.clone() };
    if rotation.overlap_days == 0 {
        after.revoked_at = Some(writer.now());
    } else {
        let last = today.plus_days(rotation.overlap_days);
        after.expires_on = Some(before.expires_on.map_or(last, |day| day.min(last)));
    }
    writer.replace::<Entity, ActiveModel>("rotate", &before, after).await?;
    Ok((successor.on(today), secret))
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
    Ok(row.on(writer.today()))
}

/// The keys that end and that nobody has revoked or replaced, those that have ended too.
pub(crate) async fn ending(reader: &Reader) -> Result<Vec<Model>, Error> {
    let select = reader
        .find::<Entity>()
        .filter(Column::ExpiresOn.is_not_null())
        .filter(Column::RevokedAt.is_null())
        .filter(Column::ReplacedBy.is_null());
    reader.all(select).await
}

/// The ids by which one actor has acted: a key's predecessors and successors are the same hand, a person is just
/// themselves.
pub(crate) async fn same_hand(reader: &Reader, actor_id: &str) -> Result<Vec<String>, Error> {
    if actor_id.parse::<ApiKeyId>().is_err() {
        return Ok(vec![actor_id.to_owned()]);
    }
    let key = reader.get::<Entity>(actor_id).await?;
    let line = reader.all(reader.find::<Entity>().filter(Column::LineId.eq(key.line_id))).await?;
    Ok(line.into_iter().map(|key| key.id.to_string()).collect())
}

/// How many of an organisation's keys end soon, and when the first of them does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// The organisation.
    pub organisation_id: OrganisationId,
    /// How many.
    pub key_count: i64,
    /// The last day of the first of them.
    pub first_on: Day,
}

/// Every organisation with keys that still open something and end within [`SOON_DAYS`]: for the log, at start.
///
/// # Errors
/// [`Error::Database`] only.
pub async fn ending_soon(store: &Store) -> Result<Vec<Ending>, Error> {
    let today = store.clock().now().day();
    let found = store.keys_ending(today, today.plus_days(SOON_DAYS)).await?;
    Ok(found
        .into_iter()
        .map(|(organisation_id, key_count, first_on)| Ending { organisation_id, key_count, first_on })
        .collect())
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
    /// Forgets these keys, since they were changed.
    pub(crate) fn forget<'a>(&self, ids: impl Iterator<Item = &'a str>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for id in ids.filter_map(|id| id.parse::<ApiKeyId>().ok()) {
            known.remove(&id);
        }
    }
}

/// Whose key `text` is, if it is one that opens anything today.
///
/// # Errors
/// [`Error::Busy`] or [`Error::Database`] when that cannot be found out.
pub async fn authenticate(store: &Store, text: &str) -> Result<Option<Caller>, Error> {
    let Some(offered) = Offered::read(PREFIX, text) else { return Ok(None) };
    let Ok(id) = format!("key_{}", offered.which).parse::<ApiKeyId>() else { return Ok(None) };
    let now = store.clock().now();
    let key = match store.keys.recall(&id, now) {
        Some(key) => key,
        None => {
            let Some(key) = store.key_of_anyone(id.as_str()).await? else { return Ok(None) };
            store.keys.remember(&key, Moment::new(now.time() + chrono::TimeDelta::seconds(TRUSTED_SECONDS)));
            key
        }
    };
    if !offered.is(&key.secret_hash) || key.revoked_at.is_some() || key.expires_on.is_some_and(|last| last < now.day())
    {
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
    let ends_on = key.expires_on.filter(|last| days_between(now.day(), *last) <= TOLD_DAYS);
    Ok(Some(Caller {
        organisation_id: key.organisation_id,
        key_id: key.id,
        name: key.name,
        role: key.role.0,
        key_scope: key.scope.0,
        ends_on,
    }))
}
