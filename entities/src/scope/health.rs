//! Whether the database keeps what it is given.

use std::time::{Duration, Instant};

use sea_orm::{DbBackend, DbErr, QueryFilter as _, entity::prelude::*, sea_query::OnConflict};
use tokio::sync::Mutex;

use super::connection::Pool;
use crate::{
    clock::Moment,
    error::{self, Error, Kind},
};

/// How long what was found out stands.
const STANDS: Duration = Duration::from_secs(1);
/// How long to wait for the writer's place before it counts as at work.
const PATIENCE: Duration = Duration::from_millis(1500);
/// For how long the writer may be at work for others.
const AT_WORK: Duration = Duration::from_secs(120);
/// For how many hours the row of a program that is gone stays.
const KEPT_HOURS: i64 = 24;

/// The row of one program that serves.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "health_check")]
pub struct Model {
    /// Which program's: chosen anew at each start.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// When it was last written.
    pub checked_at: Moment,
}

/// It hangs on nothing.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// What was last found out.
#[derive(Debug)]
pub(super) struct Health {
    id: String,
    known: Mutex<Known>,
}

#[derive(Debug)]
struct Known {
    found: Option<(Instant, Result<(), DbErr>)>,
    last_written: Instant,
}

impl Default for Health {
    fn default() -> Self {
        Self {
            id: uuid::Uuid::now_v7().to_string(),
            known: Mutex::new(Known { found: None, last_written: Instant::now() }),
        }
    }
}

impl Health {
    /// Writes a row and reads it back on another connection.
    ///
    /// # Errors
    /// What the database says instead.
    pub(super) async fn check(&self, readers: &Pool, writers: &Pool, now: Moment) -> Result<(), Error> {
        let mut known = self.known.lock().await;
        if let Some((at, found)) = &known.found
            && at.elapsed() < STANDS
        {
            return Ok(found.clone()?);
        }
        let written = tokio::time::timeout(PATIENCE, self.write(writers, now)).await;
        let is_busy =
            written.as_ref().map_or(true, |done| done.as_ref().is_err_and(|error| error::kind(error) == Kind::Busy));
        let found = match written {
            Ok(Ok(())) => {
                known.last_written = Instant::now();
                self.read(readers, Some(now)).await
            }
            // A large change has the writer's place; who only reads must find what is there.
            _ if is_busy && known.last_written.elapsed() < AT_WORK => self.read(readers, None).await,
            Ok(Err(error)) => Err(error),
            Err(_) => Err(DbErr::Custom("nothing could be written for two minutes".into())),
        };
        known.found = Some((Instant::now(), found.clone()));
        Ok(found?)
    }

    #[expect(clippy::disallowed_methods, reason = "this table belongs to no organisation")]
    async fn write(&self, writers: &Pool, now: Moment) -> Result<(), DbErr> {
        let transaction =
            writers.begin(if writers.backend() == DbBackend::Postgres { "BEGIN" } else { "BEGIN IMMEDIATE" }).await?;
        Entity::delete_many().filter(Column::CheckedAt.lte(now.plus_hours(-KEPT_HOURS))).exec(&transaction).await?;
        let row = Model { id: self.id.clone(), checked_at: now };
        let insert = Entity::insert(sea_orm::IntoActiveModel::into_active_model(row).reset_all());
        insert
            .on_conflict(OnConflict::column(Column::Id).update_column(Column::CheckedAt).to_owned())
            .exec_without_returning(&transaction)
            .await?;
        transaction.commit().await
    }

    #[expect(clippy::disallowed_methods, reason = "this table belongs to no organisation")]
    async fn read(&self, readers: &Pool, expected: Option<Moment>) -> Result<(), DbErr> {
        let row = Entity::find().filter(Column::Id.eq(self.id.as_str())).one(readers).await?;
        match expected {
            Some(expected) if row.as_ref().map(|row| row.checked_at) != Some(expected) => {
                Err(DbErr::Custom("the row just written could not be read back".into()))
            }
            _ => Ok(()),
        }
    }
}
