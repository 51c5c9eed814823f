//! Safe retries: the answer to a POST is kept with the change it made, in the same transaction, and given again to the
//! same request.

use sea_orm::{ColumnTrait as _, Condition, QueryFilter as _, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::{
    clock::Moment,
    error::Error,
    id::OrganisationId,
    scope::{Reader, Writer, belongs},
    stored::Json,
};

/// How long an answer is kept, in hours.
pub const KEPT_HOURS: i64 = 24;

/// An answer as it was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredAnswer {
    /// HTTP status.
    pub status: u16,
    /// `Location`, if it had one.
    pub location: Option<String>,
    /// `ETag`, if it had one.
    pub etag: Option<String>,
    /// The body.
    pub body: String,
}

/// What is known of an idempotency key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recall {
    /// It was not used before.
    New,
    /// It was used for this same request, which was answered so.
    Same(StoredAnswer),
    /// It was used for another request.
    Other,
}

/// A kept answer.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency")]
pub struct Model {
    /// Whose it is.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organisation_id: OrganisationId,
    /// Which caller sent the key: two callers never share one.
    #[sea_orm(primary_key, auto_increment = false)]
    pub actor_id: String,
    /// The key as sent.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// What the request was: a hash over method, path, query and body.
    pub fingerprint: String,
    /// The answer.
    pub answer: Json<StoredAnswer>,
    /// When it may be forgotten.
    pub expires_at: Moment,
}

/// A kept answer hangs on its organisation alone.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}
belongs!();

/// What is known of `key`, sent with a request that hashes to `fingerprint`.
///
/// # Errors
/// [`Error::Busy`] or [`Error::Database`].
pub async fn recall(reader: &Reader, key: &str, fingerprint: &str) -> Result<Recall, Error> {
    let select = reader
        .find::<Entity>()
        .filter(Column::ActorId.eq(reader.scope().actor.id.as_str()))
        .filter(Column::Key.eq(key))
        .filter(Column::ExpiresAt.gt(reader.now()));
    Ok(match reader.one(select).await? {
        None => Recall::New,
        Some(row) if row.fingerprint == fingerprint => Recall::Same(row.answer.0),
        Some(_) => Recall::Other,
    })
}

/// Keeps the answer to this writer's change, and forgets those whose time is over.
///
/// # Errors
/// [`Error::Conflict`] when another request with the same key was quicker.
pub async fn remember(writer: &Writer, key: &str, fingerprint: &str, answer: &StoredAnswer) -> Result<(), Error> {
    writer.clear::<Entity>(Condition::all().add(Column::ExpiresAt.lte(writer.now()))).await?;
    let row = Model {
        organisation_id: writer.scope().organisation_id.clone(),
        actor_id: writer.scope().actor.id.clone(),
        key: key.to_owned(),
        fingerprint: fingerprint.to_owned(),
        answer: Json(answer.clone()),
        expires_at: writer.now().plus_hours(KEPT_HOURS),
    };
    writer.put_all::<Entity, ActiveModel>(vec![row], &[]).await
}

/// Forgets every answer kept for retries: they may name someone who is erased.
pub(crate) async fn forget_all(writer: &Writer) -> Result<(), Error> {
    writer.clear::<Entity>(Condition::all()).await?;
    Ok(())
}
