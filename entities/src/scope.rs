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
mod traits;
mod unscoped;

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait as _, DbBackend, DbErr, EntityName as _, EntityTrait, FromQueryResult, InsertMany,
    IntoActiveModel, Iterable as _, QueryFilter, QuerySelect as _, QueryTrait as _, Select,
    sea_query::{Alias, Expr, ExprTrait as _, Func, OnConflict},
};
use serde_json::Value;
use uuid::{ContextV7, Timestamp, Uuid};

pub use self::open::{OpenError, StoreOptions};
use self::{
    connection::{Pool, Transaction},
    health::Health,
};
pub(crate) use self::{
    connection::{Target, server},
    traits::{Belongs, Owned, belongs, owned},
};
use crate::{
    api_key, audit,
    blocking::Seats,
    clock::{Clock, Day, Moment},
    error::Error,
    id::{Id, Kind, OrganisationId, SupplierId},
    page::{self, Page, Sort},
    password,
    personal::{self, Forgotten},
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
        let how = if self.readers.backend() == DbBackend::Postgres { "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY" } else { "BEGIN" };
        let transaction = self.readers.begin(how).await?;
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

    /// Opens a change before its turn, so that it holds nobody up: until [`Writer::take_turn`] it can only add rows, which nobody sees.
    /// On PostgreSQL these stand where they belong. SQLite has room for one change at a time: there they are kept aside in memory.
    pub(crate) async fn write_early(&self, scope: &Scope) -> Result<Writer, Error> {
        let is_postgres = self.writers.backend() == DbBackend::Postgres;
        let transaction = if is_postgres { self.writers.begin("BEGIN").await? } else { self.readers.begin_apart("BEGIN").await? };
        let reader = Reader { transaction, scope: scope.clone(), now: self.clock.now(), store: self.clone() };
        let writer = Writer { early: Some(Mutex::default()), ..Writer::new(reader) };
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

    /// Has PostgreSQL look again at how many rows these tables have: what is planned by the numbers of before takes a thousand times
    /// as long where there are a thousand times as many. It would look by itself, a minute later.
    async fn count_again(&self, tables: &BTreeSet<String>) {
        let names: Vec<String> = tables.iter().map(|name| format!("\"{name}\"")).collect();
        if self.writers.backend() == DbBackend::Postgres
            && !names.is_empty()
            && let Err(error) = self.writers.execute_unprepared(&format!("ANALYZE {}", names.join(", "))).await
        {
            tracing::warn!(%error, "statistics could not be renewed after a large change");
        }
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

    /// Whether the database keeps what it is given: writes a row and reads it back on another connection. Asked more often than
    /// once a second, it says what it said.
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

    /// Rows of this organisation.
    #[expect(clippy::disallowed_methods, reason = "the one place that adds the organisation")]
    pub(crate) fn find<E: Belongs>(&self) -> Select<E> {
        E::find().filter(E::ORGANISATION_ID.eq(self.scope.organisation_id.clone()))
    }

    /// Rows of this organisation that have one of these values in a column that is unique in the whole table. SQLite takes it that
    /// an organisation has ten rows and would rather walk through all that it has; written like this, it looks the values up.
    #[expect(clippy::disallowed_methods, reason = "beside `find` the one place that adds the organisation")]
    pub(crate) fn find_among<E: Belongs, V: Into<sea_orm::Value>>(&self, unique: E::Column, values: impl IntoIterator<Item = V>) -> Select<E> {
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
    pub(crate) async fn raw<E: Belongs, T: FromQueryResult + Send + Sync>(&self, select: Select<E>) -> Result<Vec<T>, Error> {
        Ok(select.into_model::<T>().all(&self.transaction).await?)
    }

    /// A selection of columns or aggregates, as tuples.
    pub(crate) async fn tuples<E: Belongs, T: sea_orm::TryGetableMany + Send + Sync>(&self, select: Select<E>) -> Result<Vec<T>, Error> {
        Ok(select.into_tuple::<T>().all(&self.transaction).await?)
    }

    pub(crate) async fn get<E: Owned>(&self, id: &str) -> Result<E::Model, Error> {
        self.one(self.find::<E>().filter(E::ID.eq(id))).await?.ok_or(Error::NotFound)
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
/// From how many rows on written at once a table is another than it was.
const MANY: usize = 1000;

/// A change to one organisation's rows, all or nothing.
#[derive(Debug)]
pub struct Writer {
    reader: Reader,
    events: Mutex<Vec<audit::Draft>>,
    touched: Mutex<BTreeSet<SupplierId>>,
    unnamed: Mutex<Vec<Forgotten>>,
    /// The events of before its turn, whose people are sealed.
    sealed: Mutex<Vec<audit::Draft>>,
    /// The tables that very many rows were written to.
    grown: Mutex<BTreeSet<String>>,
    /// Before its turn: the tables that rows are kept aside for, in order.
    early: Option<Mutex<Vec<String>>>,
}

impl std::ops::Deref for Writer {
    type Target = Reader;
    fn deref(&self) -> &Reader {
        &self.reader
    }
}

impl Writer {
    fn new(reader: Reader) -> Self {
        Self { reader, events: Mutex::default(), touched: Mutex::default(), unnamed: Mutex::default(), sealed: Mutex::default(), grown: Mutex::default(), early: None }
    }

    /// Waits until nobody else changes anything in the organisation, and puts what was added early where it belongs. What was looked
    /// at early may have changed.
    pub(crate) async fn take_turn(&mut self) -> Result<(), Error> {
        let mut drafts = std::mem::take(&mut *self.events.lock().unwrap_or_else(PoisonError::into_inner));
        personal::seal(self, &self.scope.actor, &[], &mut drafts).await?;
        self.sealed.lock().unwrap_or_else(PoisonError::into_inner).extend(drafts);
        let Some(early) = self.early.take() else { return Ok(()) };
        if self.transaction.get_database_backend() == DbBackend::Postgres {
            self.wait_for_others().await?;
            return Ok(());
        }
        self.transaction.begin_in_turn(&self.store.writers, "BEGIN IMMEDIATE").await?;
        for table in early.into_inner().unwrap_or_else(PoisonError::into_inner) {
            self.transaction.execute_unprepared(&format!("INSERT INTO \"{table}\" SELECT * FROM temp.\"early_{table}\"")).await?;
        }
        Ok(())
    }

    /// On PostgreSQL, one writer at a time in an organisation, as SQLite has it anyway: what a change reads before it writes stays
    /// true until it is saved, the register's lines follow from everything that was saved, and the audit chain has one order.
    async fn wait_for_others(&self) -> Result<(), Error> {
        self.one(self.find::<audit::head::Entity>().lock_exclusive()).await?;
        Ok(())
    }

    /// Adds rows that are not there.
    async fn add<A: ActiveModelTrait>(&self, insert: InsertMany<A>) -> Result<(), Error> {
        let Some(early) = self.early.as_ref().filter(|_| self.transaction.get_database_backend() == DbBackend::Sqlite) else {
            insert.exec_without_returning(&self.transaction).await?;
            return Ok(());
        };
        let table = <A::Entity as Default>::default().table_name().to_owned();
        let aside = format!("early_{table}");
        if !early.lock().unwrap_or_else(PoisonError::into_inner).contains(&table) {
            self.transaction.execute_unprepared(&format!("CREATE TEMP TABLE \"{aside}\" AS SELECT * FROM \"{table}\" WHERE false")).await?;
            early.lock().unwrap_or_else(PoisonError::into_inner).push(table);
        }
        let mut statement = insert.into_query();
        statement.into_table(Alias::new(aside));
        self.transaction.execute(&statement).await?;
        Ok(())
    }

    /// The transaction of a change that has its turn.
    fn in_turn(&self) -> Result<&Transaction, Error> {
        if self.early.is_some() {
            return Err(Error::Database(DbErr::Custom("a writer that was opened early can only insert until it takes its turn".into())));
        }
        Ok(&self.transaction)
    }

    /// Says that very many rows will be written. PostgreSQL checks each for what it points to, by a plan that it made when the
    /// table may have been empty: it makes another.
    pub(crate) async fn expect_many(&self) -> Result<(), Error> {
        if self.transaction.get_database_backend() == DbBackend::Postgres {
            self.transaction.execute_unprepared("DISCARD PLANS").await?;
        }
        Ok(())
    }

    fn note_growth<E: EntityTrait>(&self, count: usize) {
        if count >= MANY {
            self.grown.lock().unwrap_or_else(PoisonError::into_inner).insert(E::default().table_name().to_owned());
        }
    }

    /// Marks a supplier whose line in the register must be made anew when this is saved.
    pub(crate) fn touch(&self, supplier_id: &SupplierId) {
        self.touched.lock().unwrap_or_else(PoisonError::into_inner).insert(supplier_id.clone());
    }

    /// The lines of these suppliers have been made already, from all that this change has written.
    pub(crate) fn leave_alone<'a>(&self, suppliers: impl IntoIterator<Item = &'a SupplierId>) {
        let mut touched = self.touched.lock().unwrap_or_else(PoisonError::into_inner);
        for supplier_id in suppliers {
            touched.remove(supplier_id);
        }
    }

    /// The events of this change keep nothing of them that could be read later.
    pub(crate) fn leave_unnamed(&self, forgotten: Forgotten) {
        self.unnamed.lock().unwrap_or_else(PoisonError::into_inner).push(forgotten);
    }

    /// Notes that something happened; written when this is saved. Rows note themselves.
    pub(crate) fn note(&self, action: &'static str, noun: &'static str, item_id: &str, before: Option<Value>, after: Option<Value>) {
        self.note_about(audit::About::default(), action, noun, item_id, before, after);
    }

    /// Notes that something happened which belongs to the history of a supplier or product; written when this is saved.
    pub(crate) fn note_about(&self, about: audit::About, action: &'static str, noun: &'static str, item_id: &str, before: Option<Value>, after: Option<Value>) {
        let draft = audit::Draft { about, action, noun, item_id: item_id.to_owned(), before, after };
        self.events.lock().unwrap_or_else(PoisonError::into_inner).push(draft);
    }

    /// Stamps a row that takes the place of another, and notes that it does.
    fn note_replacement<E: Owned>(&self, action: &'static str, before: &E::Model, after: &mut E::Model) {
        use page::Versioned as _;
        E::claim(after, &self.scope.organisation_id);
        E::stamp(after, before.version() + 1, self.now);
        let (was, is) = audit::difference(serde_json::to_value(before).ok(), serde_json::to_value(&*after).ok());
        self.note_about(audit::About::of::<E>(after), action, E::NOUN, before.id(), Some(was), Some(is));
        self.touch_row::<E>(before);
        self.touch_row::<E>(after);
    }

    fn touch_row<E: Owned>(&self, row: &E::Model) {
        if let Some(supplier_id) = E::supplier_id(row) {
            self.touch(supplier_id);
        }
    }

    /// Adds a row, at version 1.
    pub(crate) async fn insert<E, A>(&self, row: E::Model) -> Result<E::Model, Error>
    where
        E: Owned,
        E::Model: IntoActiveModel<A>,
        A: ActiveModelTrait<Entity = E> + ActiveModelBehavior + Send,
    {
        Ok(self.insert_all::<E, A>(vec![row]).await?.remove(0))
    }

    /// Adds rows, each at version 1.
    #[expect(clippy::disallowed_methods, reason = "the one place that adds the organisation")]
    pub(crate) async fn insert_all<E, A>(&self, mut rows: Vec<E::Model>) -> Result<Vec<E::Model>, Error>
    where
        E: Owned,
        E::Model: IntoActiveModel<A>,
        A: ActiveModelTrait<Entity = E> + ActiveModelBehavior + Send,
    {
        use page::Versioned as _;
        for row in &mut rows {
            E::claim(row, &self.scope.organisation_id);
            E::stamp(row, 1, self.now);
            self.note_about(audit::About::of::<E>(row), "create", E::NOUN, row.id(), None, serde_json::to_value(&*row).ok());
            self.touch_row::<E>(row);
        }
        self.note_growth::<E>(rows.len());
        for portion in rows.chunks(PORTION) {
            self.add(E::insert_many(portion.iter().map(|row| row.clone().into_active_model().reset_all()))).await?;
        }
        Ok(rows)
    }

    /// Puts `after` in the place of `before`, which this writer has read, unless it has been changed since.
    pub(crate) async fn replace<E, A>(&self, action: &'static str, before: &E::Model, mut after: E::Model) -> Result<E::Model, Error>
    where
        E: Owned,
        E::Model: IntoActiveModel<A>,
        A: ActiveModelTrait<Entity = E> + ActiveModelBehavior + Send,
    {
        use page::Versioned as _;
        self.note_replacement::<E>(action, before, &mut after);
        #[expect(clippy::disallowed_methods, reason = "the organisation and the version are in the filter")]
        let done = E::update_many()
            .set(after.clone().into_active_model().reset_all())
            .filter(E::ID.eq(before.id()))
            .filter(E::ORGANISATION_ID.eq(self.scope.organisation_id.clone()))
            .filter(E::VERSION.eq(before.version()))
            .exec(self.in_turn()?)
            .await?;
        if done.rows_affected == 1 { Ok(after) } else { Err(Error::Stale { current: before.version() }) }
    }

    /// Puts each second in the place of the first, which this writer has read, unless one has been changed since.
    pub(crate) async fn replace_all<E, A>(&self, action: &'static str, mut changes: Vec<(E::Model, E::Model)>) -> Result<Vec<E::Model>, Error>
    where
        E: Owned,
        E::Model: IntoActiveModel<A>,
        A: ActiveModelTrait<Entity = E> + ActiveModelBehavior + Send,
    {
        use page::Versioned as _;
        use sea_orm::IdenStatic as _;
        if changes.len() == 1
            && let Some((before, after)) = changes.pop()
        {
            return Ok(vec![self.replace::<E, A>(action, &before, after).await?]);
        }
        for (before, after) in &mut changes {
            self.note_replacement::<E>(action, before, after);
        }
        let others: Vec<E::Column> = E::Column::iter().filter(|column| column.as_str() != E::ID.as_str()).collect();
        let new = |column: E::Column| Expr::col(("excluded", column));
        let own = |column: E::Column| Expr::col(column.as_column_ref());
        for portion in changes.chunks(PORTION) {
            #[expect(clippy::disallowed_methods, reason = "the organisation and the version are in the condition")]
            let insert = E::insert_many(portion.iter().map(|(_, after)| after.clone().into_active_model().reset_all()));
            // Each row is there, so that none is added; one statement for many takes a tenth of the time.
            let mut instead = OnConflict::column(E::ID);
            instead.update_columns(others.iter().copied());
            instead.action_and_where(own(E::ORGANISATION_ID).eq(new(E::ORGANISATION_ID)));
            instead.action_and_where(own(E::VERSION).eq(new(E::VERSION).sub(1)));
            let done = insert.on_conflict(instead).exec_without_returning(self.in_turn()?).await?;
            if done != portion.len() as u64 {
                return Err(Error::Stale { current: portion.first().map_or(0, |(before, _)| before.version()) });
            }
        }
        Ok(changes.into_iter().map(|(_, after)| after).collect())
    }

    /// The row by this id, if it is at the version the caller knows.
    pub(crate) async fn get_at<E: Owned>(&self, id: &str, version: i64) -> Result<E::Model, Error> {
        use page::Versioned as _;
        let row = self.get::<E>(id).await?;
        if row.version() == version { Ok(row) } else { Err(Error::Stale { current: row.version() }) }
    }

    /// Takes away a row that this writer has read.
    pub(crate) async fn remove<E: Owned>(&self, row: &E::Model) -> Result<(), Error> {
        use page::Versioned as _;
        self.note_about(audit::About::of::<E>(row), "delete", E::NOUN, row.id(), serde_json::to_value(row).ok(), None);
        self.touch_row::<E>(row);
        let gone = self.clear::<E>(Condition::all().add(E::ID.eq(row.id())).add(E::VERSION.eq(row.version()))).await?;
        if gone == 1 { Ok(()) } else { Err(Error::Stale { current: row.version() }) }
    }

    /// Sets columns that follow from other rows, without a new version: no one's edit may fail for it.
    #[expect(clippy::disallowed_methods, reason = "the organisation is in the filter")]
    pub(crate) async fn set_derived<E: Owned>(&self, id: &str, columns: impl IntoIterator<Item = (E::Column, sea_orm::Value)>) -> Result<(), Error> {
        let mut update = E::update_many().filter(E::ID.eq(id)).filter(E::ORGANISATION_ID.eq(self.scope.organisation_id.clone()));
        for (column, value) in columns {
            update = update.col_expr(column, sea_orm::sea_query::Expr::value(value));
        }
        update.exec(self.in_turn()?).await?;
        Ok(())
    }

    /// Sets columns of many rows that follow from other rows, to the same values, without new versions.
    #[expect(clippy::disallowed_methods, reason = "the organisation is in the filter")]
    pub(crate) async fn set_derived_of_all<E: Owned>(&self, ids: &[String], columns: &[(E::Column, sea_orm::Value)]) -> Result<(), Error> {
        for portion in ids.chunks(PORTION) {
            let ids = portion.iter().map(String::as_str);
            let mut update = E::update_many().filter(E::ID.is_in(ids)).filter(E::ORGANISATION_ID.eq(self.scope.organisation_id.clone()));
            for (column, value) in columns {
                update = update.col_expr(*column, Expr::value(value.clone()));
            }
            update.exec(self.in_turn()?).await?;
        }
        Ok(())
    }

    /// Adds rows of a table that follows from others and so is not audited; where `key` is there already, its row is replaced.
    #[expect(clippy::disallowed_methods, reason = "the one place that adds the organisation")]
    pub(crate) async fn put_all<E, A>(&self, mut rows: Vec<E::Model>, key: &[E::Column]) -> Result<(), Error>
    where
        E: Belongs,
        E::Model: IntoActiveModel<A> + Clone + Sync,
        A: ActiveModelTrait<Entity = E> + ActiveModelBehavior + Send,
    {
        for row in &mut rows {
            E::claim(row, &self.scope.organisation_id);
        }
        self.note_growth::<E>(rows.len());
        use sea_orm::IdenStatic as _;
        let others: Vec<E::Column> = E::Column::iter().filter(|column| !key.iter().any(|part| part.as_str() == column.as_str())).collect();
        for portion in rows.chunks(PORTION) {
            let insert = E::insert_many(portion.iter().map(|row| row.clone().into_active_model().reset_all()));
            if key.is_empty() {
                self.add(insert).await?;
            } else {
                let replaced = OnConflict::columns(key.iter().copied()).update_columns(others.iter().copied()).to_owned();
                insert.on_conflict(replaced).exec_without_returning(self.in_turn()?).await?;
            }
        }
        Ok(())
    }

    /// Takes away this organisation's rows that meet `condition`, without audit: for tables that follow from others. Says how many.
    #[expect(clippy::disallowed_methods, reason = "the organisation is in the filter")]
    pub(crate) async fn clear<E: Belongs>(&self, condition: Condition) -> Result<u64, Error> {
        let done = E::delete_many().filter(E::ORGANISATION_ID.eq(self.scope.organisation_id.clone())).filter(condition).exec(self.in_turn()?).await?;
        Ok(done.rows_affected)
    }

    /// Makes the register's lines of what changed anew, writes the audit events, and commits: after this the change outlives a power cut.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Database`]; then nothing was changed.
    pub async fn save(self) -> Result<(), Error> {
        self.in_turn()?;
        let touched = std::mem::take(&mut *self.touched.lock().unwrap_or_else(PoisonError::into_inner));
        crate::register::refresh(&self, touched).await?;
        let mut drafts = std::mem::take(&mut *self.events.lock().unwrap_or_else(PoisonError::into_inner));
        let changed_keys: Vec<String> = drafts.iter().filter(|draft| draft.noun == "api_key").map(|draft| draft.item_id.clone()).collect();
        let mut sealed = std::mem::take(&mut *self.sealed.lock().unwrap_or_else(PoisonError::into_inner));
        if !drafts.is_empty() || !sealed.is_empty() {
            let unnamed = std::mem::take(&mut *self.unnamed.lock().unwrap_or_else(PoisonError::into_inner));
            let actor_name = personal::seal(&self, &self.scope.actor, &unnamed, &mut drafts).await?;
            sealed.extend(drafts);
            let head = self.one(self.find::<audit::head::Entity>()).await?;
            let (events, head) = audit::chain(&self.reader, head, &actor_name, sealed, |now| self.store.mint(now));
            self.put_all::<audit::Entity, audit::ActiveModel>(events, &[]).await?;
            self.put_all::<audit::head::Entity, audit::head::ActiveModel>(vec![head], &[audit::head::Column::OrganisationId]).await?;
        }
        let Reader { transaction, store, .. } = self.reader;
        let (grown, after) = (self.grown.into_inner().unwrap_or_else(PoisonError::into_inner), store.clone());
        // In a task of its own: a caller who goes away between the two must not leave a key remembered that was revoked.
        let saving = tokio::spawn(async move {
            let done = transaction.commit().await;
            // Only now: whoever looked a key up while this was under way has remembered it as it was.
            store.keys.forget(changed_keys.iter().map(String::as_str));
            done
        });
        saving.await.map_err(|error| Error::Database(DbErr::Custom(error.to_string())))??;
        after.count_again(&grown).await;
        Ok(())
    }
}
