//! The one road to rows. A [`Reader`] or a [`Writer`] is opened for one organisation and one actor, lives for one
//! request, and is the only value in the program that can run a query.
//!
//! What is deliberately absent: a way to get at the connection, a query without the organisation in it (but for the
//! few named functions of `unscoped`), a write without its audit event, a change without the version it was made on.

pub(crate) mod address;
mod connection;
#[expect(unreachable_pub, reason = "sea-orm derives a public entity from the row")]
mod health;
mod open;
mod revision;
mod stored_rows;
mod traits;
mod unscoped;
mod writer;

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use sea_orm::{
    ColumnTrait, ConnectionTrait as _, DbBackend, FromQueryResult, QueryFilter, QuerySelect as _, Select,
    sea_query::{Expr, ExprTrait as _, Func},
};
use uuid::{ContextV7, Timestamp, Uuid};

use self::{
    connection::{Pool, Transaction},
    health::Health,
    revision::Revisions,
};
pub(crate) use self::{
    connection::{Target, connect_options, pool_of_one, server},
    stored_rows::{StoredRow, faults as faults_of_stored},
    traits::{Belongs, Owned, belongs, owned},
};
pub use self::{
    open::{OpenError, StoreOptions},
    revision::Revision,
    writer::Writer,
};
use crate::{
    api_key, audit,
    blocking::Seats,
    clock::{Clock, Day, Moment},
    error::Error,
    id::{Id, Kind, OrganisationId},
    page::{self, Page, Sort},
    password,
    role::Role,
    session,
};

/// How long a change or a view waits for its turn.
const WAIT: Duration = Duration::from_secs(20);

/// The database. Only this module sees the connection.
#[derive(Clone, Debug)]
pub struct Store {
    readers: Pool,
    writers: Pool,
    clock: Clock,
    statements: Arc<AtomicU64>,
    mint: Arc<Mutex<ContextV7>>,
    health: Arc<Health>,
    revisions: Arc<Revisions>,
    pub(crate) keys: Arc<api_key::Cache>,
    pub(crate) sessions: Arc<session::Cache>,
    pub(crate) desk: Arc<password::Desk>,
    pub(crate) sheets: Arc<Seats>,
    pub(crate) editions: Arc<crate::questionnaire::Cache>,
    pub(crate) refusals: Arc<audit::Refusals>,
}

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The id of the key or person, or `console` for the command line.
    pub id: String,
    /// Its name at the time.
    pub name: String,
}

/// Who is asking, and for which organisation. Only the doors make one, after they have made sure.
#[derive(Clone, Debug)]
pub struct Scope {
    /// The organisation whose rows exist.
    pub organisation_id: OrganisationId,
    /// Who acts.
    pub actor: Actor,
    /// What they may do.
    pub role: Role,
    /// The request, to find it in the logs.
    pub request_id: Option<String>,
}

impl Store {
    /// Opens a view of one organisation's rows as they stand now.
    ///
    /// # Errors
    /// [`Error::Busy`] when no connection is free.
    pub async fn read(&self, scope: &Scope) -> Result<Reader, Error> {
        let how = if self.readers.backend() == DbBackend::Postgres {
            "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"
        } else {
            "BEGIN"
        };
        let transaction = self.readers.begin(how).await?;
        Ok(Reader { transaction, scope: scope.clone(), now: self.clock.now(), store: self.clone() })
    }

    /// Opens a view for one statement: on SQLite without a transaction around it, whose beginning and end would take as
    /// long again. Several would each see the rows at its own moment.
    ///
    /// # Errors
    /// [`Error::Busy`] when no connection is free.
    pub async fn look(&self, scope: &Scope) -> Result<Reader, Error> {
        if self.readers.backend() == DbBackend::Postgres {
            return self.read(scope).await;
        }
        let transaction = self.readers.each().await?;
        Ok(Reader { transaction, scope: scope.clone(), now: self.clock.now(), store: self.clone() })
    }

    /// Opens a change to one organisation's rows. Dropped without [`Writer::save`], it leaves nothing.
    ///
    /// # Errors
    /// [`Error::Busy`] when no connection is free.
    pub async fn write(&self, scope: &Scope) -> Result<Writer, Error> {
        let is_postgres = self.writers.backend() == DbBackend::Postgres;
        let transaction = self.writers.begin(if is_postgres { "BEGIN" } else { "BEGIN IMMEDIATE" }).await?;
        let reader = Reader { transaction, scope: scope.clone(), now: self.clock.now(), store: self.clone() };
        let writer = Writer::new(reader);
        if is_postgres {
            writer.wait_for_others().await?;
        }
        Ok(writer)
    }

    /// Opens a change before its turn, so that it holds nobody up: until [`Writer::take_turn`] it can only add rows,
    /// which nobody sees. On PostgreSQL these stand where they belong. SQLite has room for one change at a time: there
    /// they are kept aside in memory.
    pub(crate) async fn write_early(&self, scope: &Scope) -> Result<Writer, Error> {
        let is_postgres = self.writers.backend() == DbBackend::Postgres;
        let transaction =
            if is_postgres { self.writers.begin("BEGIN").await? } else { self.readers.begin_apart("BEGIN").await? };
        let reader = Reader { transaction, scope: scope.clone(), now: self.clock.now(), store: self.clone() };
        let writer = Writer::early(reader);
        writer.expect_many().await?;
        Ok(writer)
    }

    /// Where time comes from.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// This database, with the clock fixed at `moment`.
    pub(crate) fn at(&self, moment: Moment) -> Self {
        Self { clock: Clock::fixed(moment.time()), ..self.clone() }
    }

    /// Has PostgreSQL look again at how many rows these tables have: what is planned by the numbers of before takes a
    /// thousand times as long where there are a thousand times as many. It would look by itself, a minute later.
    async fn count_again(&self, tables: &BTreeSet<String>) {
        let names: Vec<String> = tables.iter().map(|name| format!("\"{name}\"")).collect();
        if self.writers.backend() == DbBackend::Postgres
            && !names.is_empty()
            && let Err(error) = self.writers.execute_unprepared(&format!("ANALYZE {}", names.join(", "))).await
        {
            tracing::warn!(%error, "statistics could not be renewed after a large change");
        }
    }

    /// How an organisation's rows stand, not before this was called: what is made after it can be kept by it.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Database`] when that cannot be found out.
    pub async fn revision(&self, organisation_id: &OrganisationId) -> Result<Revision, Error> {
        self.revisions.find(organisation_id).await
    }

    /// How many statements have been run since the start; transactions' own beginnings and ends are not counted.
    #[must_use]
    pub fn statement_count(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    /// How many passwords have been hashed since the start, to keep them or to compare them.
    #[must_use]
    pub fn password_hash_count(&self) -> u64 {
        self.desk.hash_count()
    }

    /// Whether the database keeps what it is given: writes a row and reads it back on another connection. Asked more
    /// often than once a second, it says what it said.
    ///
    /// # Errors
    /// What the database says instead.
    pub async fn check(&self) -> Result<(), Error> {
        self.health.check(&self.readers, &self.writers, self.clock.now()).await
    }

    /// Closes every connection, once what runs has finished.
    pub async fn close(self) {
        self.readers.close().await;
        self.writers.close().await;
        self.revisions.close().await;
    }

    fn mint<K: Kind>(&self, now: Moment) -> Id<K> {
        let context = self.mint.lock().unwrap_or_else(PoisonError::into_inner);
        let time = now.time();
        let seconds = u64::try_from(time.timestamp()).unwrap_or_default();
        Id::new(Uuid::new_v7(Timestamp::from_unix(&*context, seconds, time.timestamp_subsec_nanos())))
    }
}

/// A view of one organisation's rows at one moment.
#[derive(Debug)]
pub struct Reader {
    transaction: Transaction,
    scope: Scope,
    now: Moment,
    store: Store,
}

impl Reader {
    /// When this view was opened.
    #[must_use]
    pub fn now(&self) -> Moment {
        self.now
    }

    /// The day it was opened on, in UTC.
    #[must_use]
    pub fn today(&self) -> Day {
        self.now.day()
    }

    /// Who is asking.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// A new id.
    pub(crate) fn new_id<K: Kind>(&self) -> Id<K> {
        self.store.mint(self.now)
    }

    /// Rows of this organisation, without what is of our own house: that counts among no suppliers, and whoever does
    /// not think of it leaves it out.
    pub(crate) fn find<E: Belongs>(&self) -> Select<E> {
        let select = self.find_with_ourselves::<E>();
        match E::OURSELVES {
            Some(column) => select.filter(column.eq(false)),
            None => select,
        }
    }

    /// Rows of this organisation, those of our own house among them: for what follows from all of them.
    #[expect(clippy::disallowed_methods, reason = "the one place that adds the organisation")]
    pub(crate) fn find_with_ourselves<E: Belongs>(&self) -> Select<E> {
        E::find().filter(E::ORGANISATION_ID.eq(self.scope.organisation_id.clone()))
    }

    /// Rows of this organisation that have one of these values in a column that is unique in the whole table. SQLite
    /// takes it that an organisation has ten rows and would rather walk through all that it has; written like this, it
    /// looks the values up.
    #[expect(clippy::disallowed_methods, reason = "beside `find` the one place that adds the organisation")]
    pub(crate) fn find_among<E: Belongs, V: Into<sea_orm::Value>>(
        &self,
        unique: E::Column,
        values: impl IntoIterator<Item = V>,
    ) -> Select<E> {
        let organisation = Func::coalesce([Expr::col(E::ORGANISATION_ID.as_column_ref()), Expr::val("")]);
        E::find().filter(unique.is_in(values)).filter(Expr::expr(organisation).eq(self.scope.organisation_id.clone()))
    }

    pub(crate) async fn all<E: Belongs>(&self, select: Select<E>) -> Result<Vec<E::Model>, Error> {
        Ok(select.all(&self.transaction).await?)
    }

    pub(crate) async fn one<E: Belongs>(&self, select: Select<E>) -> Result<Option<E::Model>, Error> {
        Ok(select.one(&self.transaction).await?)
    }

    /// Rows as they are stored, without a look at what their columns mean.
    pub(crate) async fn raw<E: Belongs, T: FromQueryResult + Send + Sync>(
        &self,
        select: Select<E>,
    ) -> Result<Vec<T>, Error> {
        Ok(select.into_model::<T>().all(&self.transaction).await?)
    }

    /// A selection of columns or aggregates, as tuples.
    pub(crate) async fn tuples<E: Belongs, T: sea_orm::TryGetableMany + Send + Sync>(
        &self,
        select: Select<E>,
    ) -> Result<Vec<T>, Error> {
        Ok(select.into_tuple::<T>().all(&self.transaction).await?)
    }

    pub(crate) async fn get<E: Owned>(&self, id: &str) -> Result<E::Model, Error> {
        self.one(self.find_with_ourselves::<E>().filter(E::ID.eq(id))).await?.ok_or(Error::NotFound)
    }

    /// The row by this id, if it is at the version the caller knows.
    pub(crate) async fn get_at<E: Owned>(&self, id: &str, version: i64) -> Result<E::Model, Error> {
        use page::Versioned as _;
        let row = self.get::<E>(id).await?;
        if row.version() == version { Ok(row) } else { Err(Error::Stale { current: row.version() }) }
    }

    /// The rows with these ids, in no order; asked for in portions that any database takes.
    pub(crate) async fn get_many<E: Owned>(&self, ids: &BTreeSet<String>) -> Result<Vec<E::Model>, Error> {
        let mut rows = Vec::with_capacity(ids.len());
        let ids: Vec<&String> = ids.iter().collect();
        for portion in ids.chunks(PORTION) {
            rows.extend(self.all(self.find_among::<E, _>(E::ID, portion.iter().map(|id| id.as_str()))).await?);
        }
        Ok(rows)
    }

    /// Whether this organisation has a row that `select` finds.
    pub(crate) async fn has<E: Belongs>(&self, select: Select<E>) -> Result<bool, Error> {
        Ok(self.one(select.limit(1)).await?.is_some())
    }

    /// One page of `select`, in the order of `sort`.
    pub(crate) async fn page<E: Belongs>(
        &self,
        select: Select<E>,
        sort: Sort<E::Column>,
        id: E::Column,
        limit: Option<u64>,
        cursor: Option<&str>,
    ) -> Result<Page<E::Model>, Error> {
        let limit = limit.unwrap_or(page::DEFAULT_LIMIT).clamp(1, page::MAXIMUM_LIMIT);
        let rows = self.all(page::cut(select, sort, id, limit, cursor)?).await?;
        Ok(page::bind::<E>(rows, sort, id, limit))
    }
}

/// How many rows or ids one statement carries at the most: few enough for the databases' limits on parameters.
pub(crate) const PORTION: usize = 200;
