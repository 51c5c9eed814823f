//! The one road to rows. A [`Reader`] or a [`Writer`] is opened for one organisation and one actor, lives for one
//! request, and is the only value in the program that can run a query.
//!
//! What is deliberately absent: a way to get at the connection, a query without the organisation in it (but for the
//! few named functions at the end), a write without its audit event, a change without the version it was made on.

pub(crate) mod address;
mod connection;
#[expect(unreachable_pub, reason = "sea-orm derives a public entity from the row")]
mod health;

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
    sqlx,
};
use serde::Serialize;
use serde_json::Value;
use uuid::{ContextV7, Timestamp, Uuid};

pub(crate) use self::connection::{Target, server};
use self::{
    connection::{Pool, Transaction},
    health::Health,
};
use crate::{
    api_key,
    aside::Seats,
    assessment, audit,
    clock::{Clock, Day, Moment},
    error::Error,
    id::{Id, IdentityProviderId, InvitationId, Kind, OrganisationId, ProductId, SessionId, SupplierId, UserId},
    identity_provider::{self, attempt},
    invitation, organisation,
    page::{self, Page, Sort},
    password,
    personal::{self, Forgotten},
    respondent::session as visit,
    respondent_link,
    role::Role,
    session, sign_in_policy,
    stored::Json,
    throttle,
    user::{self, membership},
};

/// How to open a [`Store`].
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// `sqlite://path/to/file.db` or `postgres://user@host/database`.
    pub url: String,
    /// Connections at the most (readers, on SQLite; it has one writer besides).
    pub max_connections: u32,
    /// Where time comes from.
    pub clock: Clock,
}

/// How long a change or a view waits for its turn.
const WAIT: Duration = Duration::from_secs(20);

/// Why a store could not be opened. Each is one sentence for a person.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The address is none we know.
    #[error("the database address is not understood: {0}; expected sqlite://FILE or postgres://USER@HOST/DATABASE")]
    BadUrl(String),
    /// Nothing answers there, or it refuses us.
    #[error("the database cannot be reached: {0}")]
    Unreachable(String),
    /// The file or its folder cannot be written.
    #[error("the database file cannot be opened for writing: {0}")]
    NotWritable(String),
    /// A newer program has been here.
    #[error("the database was made by a newer version of this program (it has the schema step `{0}`): use that version, or restore a backup")]
    NewerSchema(String),
    /// A schema step failed; nothing of it was kept.
    #[error("the database could not be brought up to date: {0}")]
    Migration(String),
}

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

/// A table whose every row belongs to one organisation.
pub(crate) trait Belongs: EntityTrait {
    /// The column that says to which.
    const ORGANISATION_ID: Self::Column;
    /// Puts the organisation into a row about to be written.
    fn claim(row: &mut Self::Model, organisation_id: &OrganisationId);
}

/// A table of things with an id and a version, whose every change is audited.
pub(crate) trait Owned: Belongs<Model: Serialize + page::Versioned + Clone + Send + Sync> {
    /// What people call one.
    const NOUN: &'static str;
    /// The id column.
    const ID: Self::Column;
    /// The version column.
    const VERSION: Self::Column;
    /// Sets version and time of a row about to be written.
    fn stamp(row: &mut Self::Model, version: i64, now: Moment);
    /// The supplier whose line in the register rests on this row.
    fn supplier_id(row: &Self::Model) -> Option<&SupplierId>;
    /// The product that this row is about, or is; none where it is about the supplier itself.
    fn product_id(_row: &Self::Model) -> Option<&ProductId> {
        None
    }
}

/// Implements [`Belongs`] for the `Entity` of the module it stands in.
macro_rules! belongs {
    () => {
        impl crate::scope::Belongs for Entity {
            const ORGANISATION_ID: Column = Column::OrganisationId;
            fn claim(row: &mut Model, organisation_id: &crate::id::OrganisationId) {
                row.organisation_id = organisation_id.clone();
            }
        }
    };
}
pub(crate) use belongs;

/// Implements [`Belongs`] and [`Owned`] for the `Entity` of the module it stands in: the noun, the supplier it hangs on if
/// it does, and the product.
macro_rules! owned {
    ($noun:literal, $row:ident => $supplier:expr $(, $product:expr)?) => {
        crate::scope::belongs!();
        impl crate::scope::Owned for Entity {
            const NOUN: &'static str = $noun;
            const ID: Column = Column::Id;
            const VERSION: Column = Column::Version;
            fn stamp(row: &mut Model, version: i64, now: crate::clock::Moment) {
                row.version = version;
                row.updated_at = now;
            }
            fn supplier_id($row: &Model) -> Option<&crate::id::SupplierId> {
                $supplier
            }
            $(fn product_id($row: &Model) -> Option<&crate::id::ProductId> {
                $product
            })?
        }
        impl crate::page::Versioned for Model {
            fn id(&self) -> &str {
                self.id.as_str()
            }
            fn version(&self) -> i64 {
                self.version
            }
        }
    };
}
pub(crate) use owned;

impl Store {
    /// Opens the database, making the SQLite file if there is none, and brings its schema up to date.
    ///
    /// # Errors
    /// [`OpenError`], in a sentence for a person.
    pub async fn open(options: StoreOptions) -> Result<Self, OpenError> {
        let target = address::read(&options.url)?;
        let is_sqlite = matches!(target, Target::Sqlite(_));
        let refused = |error: sqlx::Error| if is_sqlite { OpenError::NotWritable(address::plain(&error)) } else { OpenError::Unreachable(address::plain(&error)) };
        connection::migrate(&target).await.map_err(refused)??;
        let statements = Arc::new(AtomicU64::new(0));
        let pool = |size: u32| Pool::new(target.clone(), size as usize, WAIT, &statements).map_err(|error| OpenError::Unreachable(plain(&error)));
        let readers = pool(options.max_connections)?;
        readers.look_between().await.map_err(refused)?;
        if readers.is_shared() {
            tracing::info!("a pooler in transaction mode stands before the database: statements are not prepared");
        }
        // SQLite has one writer at a time: one connection, queued for fairly, beats many that find the file locked.
        let writers = if is_sqlite { pool(1)? } else { readers.clone() };
        Ok(Self {
            readers,
            writers,
            clock: options.clock,
            statements,
            mint: Arc::default(),
            health: Arc::default(),
            keys: Arc::default(),
            sessions: Arc::default(),
            desk: Arc::default(),
            sheets: Arc::new(assessment::seats_for_sheets()),
            editions: Arc::default(),
            refusals: Arc::default(),
        })
    }

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

    /// The same database, as if it were this moment.
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

/// The database's own message, on one line, for the person at the console.
fn plain(error: &DbErr) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
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
            return Err(Error::Database(DbErr::Custom("a change can only add before its turn".into())));
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

    /// The same, of something that belongs to the history of a supplier or product.
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

    /// The same of many rows.
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

/// The few statements without an organisation in them: finding out whose key or session it is, what belongs to a person
/// alone, and making an organisation.
#[expect(clippy::disallowed_methods, reason = "these are the named exceptions")]
impl Store {
    /// The key by this id, of whatever organisation: who asks is not known before.
    pub(crate) async fn key_of_anyone(&self, id: &str) -> Result<Option<api_key::Model>, Error> {
        Ok(api_key::Entity::find().filter(api_key::Column::Id.eq(id)).one(&self.readers).await?)
    }

    /// Notes that a key was used, without a new version: no one's edit may fail for it.
    pub(crate) async fn mark_key_used(&self, id: &str, at: Moment) -> Result<(), Error> {
        api_key::Entity::update_many()
            .col_expr(api_key::Column::LastUsedAt, sea_orm::sea_query::Expr::value(at))
            .filter(api_key::Column::Id.eq(id))
            .exec(&self.writers)
            .await?;
        Ok(())
    }

    /// The respondents' link by this id, of whatever organisation: who asks is not known before.
    pub(crate) async fn respondent_link_of_anyone(&self, id: &str) -> Result<Option<respondent_link::Model>, Error> {
        Ok(respondent_link::Entity::find().filter(respondent_link::Column::Id.eq(id)).one(&self.readers).await?)
    }

    /// The visit by this id, of whatever organisation.
    pub(crate) async fn respondent_session_of_anyone(&self, id: &str) -> Result<Option<visit::Model>, Error> {
        Ok(visit::Entity::find().filter(visit::Column::Id.eq(id)).one(&self.readers).await?)
    }

    /// Notes that a visit goes on, and that its link is used, without a new version: no one's edit may fail for it.
    pub(crate) async fn mark_visit_used(&self, session_id: &str, link_id: &str, at: Moment) -> Result<(), Error> {
        let at = sea_orm::sea_query::Expr::value(at);
        visit::Entity::update_many().col_expr(visit::Column::LastUsedAt, at.clone()).filter(visit::Column::Id.eq(session_id)).exec(&self.writers).await?;
        respondent_link::Entity::update_many()
            .col_expr(respondent_link::Column::LastUsedAt, at)
            .filter(respondent_link::Column::Id.eq(link_id))
            .exec(&self.writers)
            .await?;
        Ok(())
    }

    /// By organisation, how many keys that are good today have their last day no later than `until`, and the first such day.
    pub(crate) async fn keys_ending(&self, today: Day, until: Day) -> Result<Vec<(OrganisationId, i64, Day)>, Error> {
        use sea_orm::QueryOrder as _;
        let select = api_key::Entity::find().select_only().column(api_key::Column::OrganisationId);
        let select = select.column_as(api_key::Column::Id.count(), "key_count").column_as(api_key::Column::ExpiresOn.min(), "first_on");
        let select = select.filter(api_key::Column::RevokedAt.is_null()).filter(api_key::Column::ExpiresOn.gte(today)).filter(api_key::Column::ExpiresOn.lte(until));
        let select = select.group_by(api_key::Column::OrganisationId).order_by_asc(api_key::Column::OrganisationId);
        Ok(select.into_tuple().all(&self.readers).await?)
    }

    /// The organisation of this name.
    pub(crate) async fn organisation_by_name(&self, name: &str) -> Result<Option<organisation::Model>, Error> {
        Ok(organisation::Entity::find().filter(organisation::Column::Name.eq(name)).one(&self.writers).await?)
    }

    /// Every organisation, by name: for the person at the console, who owns the database.
    pub(crate) async fn organisations(&self) -> Result<Vec<organisation::Model>, Error> {
        use sea_orm::QueryOrder as _;
        Ok(organisation::Entity::find().order_by_asc(organisation::Column::Name).all(&self.readers).await?)
    }

    /// A new organisation, with an empty audit chain.
    pub(crate) async fn found_organisation(&self, name: &str, is_sample: bool) -> Result<organisation::Model, Error> {
        let (row, writer) = self.begin_organisation(name, is_sample).await?;
        writer.save().await?;
        Ok(row)
    }

    /// The same, not saved yet, with what else belongs to it to be written beside it.
    pub(crate) async fn begin_organisation(&self, name: &str, is_sample: bool) -> Result<(organisation::Model, Writer), Error> {
        let now = self.clock.now();
        let row = organisation::Model { id: self.mint(now), version: 1, name: name.to_owned(), is_sample, created_at: now, updated_at: now };
        let scope = Scope { organisation_id: row.id.clone(), actor: Actor { id: "console".into(), name: "console".into() }, role: Role::Admin, request_id: None };
        let writer = self.write(&scope).await?;
        organisation::Entity::insert(row.clone().into_active_model().reset_all()).exec_without_returning(&writer.transaction).await?;
        writer.put_all::<audit::head::Entity, audit::head::ActiveModel>(vec![audit::head::Model::start(&row.id)], &[audit::head::Column::OrganisationId]).await?;
        let policy = crate::policy::Model::start(writer.new_id(), row.id.clone(), now);
        writer.insert::<crate::policy::Entity, crate::policy::ActiveModel>(policy).await?;
        let sign_in_policy = sign_in_policy::Model::start(writer.new_id(), row.id.clone(), now);
        writer.insert::<sign_in_policy::Entity, sign_in_policy::ActiveModel>(sign_in_policy).await?;
        let retention = crate::retention::Model::start(writer.new_id(), row.id.clone(), now);
        writer.insert::<crate::retention::Entity, crate::retention::ActiveModel>(retention).await?;
        writer.note("create", "organisation", row.id.as_str(), None, serde_json::to_value(&row).ok());
        Ok((row, writer))
    }

    /// The organisation by this id.
    pub(crate) async fn organisation_of_anyone(&self, id: &OrganisationId) -> Result<Option<organisation::Model>, Error> {
        Ok(organisation::Entity::find().filter(organisation::Column::Id.eq(id.clone())).one(&self.readers).await?)
    }

    /// An id for someone new.
    pub(crate) fn new_user_id(&self) -> UserId {
        self.mint(self.clock.now())
    }

    /// The id of an organisation that there is not.
    pub(crate) fn new_organisation_id(&self) -> OrganisationId {
        self.mint(self.clock.now())
    }

    /// The person of this address.
    pub(crate) async fn user_by_email(&self, email: &str) -> Result<Option<user::Model>, Error> {
        Ok(user::Entity::find().filter(user::Column::Email.eq(email)).one(&self.readers).await?)
    }

    /// The person by this id.
    pub(crate) async fn user_of_anyone(&self, id: &UserId) -> Result<Option<user::Model>, Error> {
        Ok(user::Entity::find().filter(user::Column::Id.eq(id.clone())).one(&self.readers).await?)
    }

    /// To which organisations a person belongs, in the order they came to them.
    pub(crate) async fn memberships_of_anyone(&self, id: &UserId) -> Result<Vec<membership::Model>, Error> {
        use sea_orm::QueryOrder as _;
        let select = membership::Entity::find().filter(membership::Column::UserId.eq(id.clone()));
        Ok(select.order_by_asc(membership::Column::CreatedAt).order_by_asc(membership::Column::OrganisationId).all(&self.readers).await?)
    }

    /// The same with what holds there.
    pub(crate) async fn places_of_anyone(&self, id: &UserId) -> Result<Vec<session::Place>, Error> {
        let memberships = self.memberships_of_anyone(id).await?;
        let ids: Vec<OrganisationId> = memberships.iter().map(|membership| membership.organisation_id.clone()).collect();
        let organisations = organisation::Entity::find().filter(organisation::Column::Id.is_in(ids.clone())).all(&self.readers).await?;
        let policies = sign_in_policy::Entity::find().filter(sign_in_policy::Column::OrganisationId.is_in(ids)).all(&self.readers).await?;
        let place = |membership: membership::Model| {
            let organisation = organisations.iter().find(|organisation| organisation.id == membership.organisation_id)?.clone();
            let policy = policies.iter().find(|policy| policy.organisation_id == membership.organisation_id)?.clone();
            Some(session::Place { organisation, membership, policy })
        };
        Ok(memberships.into_iter().filter_map(place).collect())
    }

    /// The session by this id, with whose it is and what holds for it.
    pub(crate) async fn session_of_anyone(&self, id: &SessionId) -> Result<Option<session::Known>, Error> {
        let Some(session) = session::Entity::find().filter(session::Column::Id.eq(id.clone())).one(&self.readers).await? else { return Ok(None) };
        let user = user::Entity::find().filter(user::Column::Id.eq(session.user_id.clone())).one(&self.readers).await?;
        let membership = membership::Entity::find()
            .filter(membership::Column::OrganisationId.eq(session.organisation_id.clone()))
            .filter(membership::Column::UserId.eq(session.user_id.clone()))
            .one(&self.readers)
            .await?;
        let policy = sign_in_policy::Entity::find().filter(sign_in_policy::Column::OrganisationId.eq(session.organisation_id.clone())).one(&self.readers).await?;
        Ok(match (user, membership, policy) {
            (Some(user), Some(membership), Some(policy)) => Some(session::Known { session, user, membership, policy }),
            _ => None,
        })
    }

    /// A page of a person's sessions in whatever organisation, oldest first.
    pub(crate) async fn sessions_of_anyone(&self, id: &UserId, limit: Option<u64>, cursor: Option<&str>) -> Result<Page<session::Model>, Error> {
        let limit = limit.unwrap_or(page::DEFAULT_LIMIT).clamp(1, page::MAXIMUM_LIMIT);
        let select = session::Entity::find().filter(session::Column::UserId.eq(id.clone())).filter(session::Column::ExpiresAt.gt(self.clock.now()));
        let sort = Sort::up(session::Column::CreatedAt);
        let rows = page::cut(select, sort, session::Column::Id, limit, cursor)?.all(&self.readers).await?;
        Ok(page::bind::<session::Entity>(rows, sort, session::Column::Id, limit))
    }

    /// Notes that a session was used.
    pub(crate) async fn mark_session_seen(&self, id: &SessionId, at: Moment) -> Result<(), Error> {
        session::Entity::update_many()
            .col_expr(session::Column::LastSeenAt, sea_orm::sea_query::Expr::value(at))
            .filter(session::Column::Id.eq(id.clone()))
            .exec(&self.writers)
            .await?;
        Ok(())
    }

    /// Uses up a one-time code's step of time; whether it was not used before.
    pub(crate) async fn use_step(&self, id: &UserId, step: i64) -> Result<bool, Error> {
        let done = user::Entity::update_many()
            .col_expr(user::Column::TotpStep, sea_orm::sea_query::Expr::value(step))
            .filter(user::Column::Id.eq(id.clone()))
            .filter(user::Column::TotpStep.lt(step))
            .exec(&self.writers)
            .await?;
        Ok(done.rows_affected == 1)
    }

    /// Uses up a recovery code: puts `left` where `were` are; whether they still were.
    pub(crate) async fn use_recovery_code(&self, id: &UserId, were: &Json<Vec<String>>, left: Vec<String>) -> Result<bool, Error> {
        let done = user::Entity::update_many()
            .col_expr(user::Column::RecoveryHashes, sea_orm::sea_query::Expr::value(Json(left)))
            .filter(user::Column::Id.eq(id.clone()))
            .filter(user::Column::RecoveryHashes.eq(were.clone()))
            .exec(&self.writers)
            .await?;
        Ok(done.rows_affected == 1)
    }

    /// Keeps the same password under another hash, unless it was changed meanwhile.
    pub(crate) async fn rehash(&self, user: &user::Model, hash: &str) -> Result<(), Error> {
        user::Entity::update_many()
            .col_expr(user::Column::PasswordHash, sea_orm::sea_query::Expr::value(hash))
            .filter(user::Column::Id.eq(user.id.clone()))
            .filter(user::Column::PasswordHash.eq(user.password_hash.clone()))
            .exec(&self.writers)
            .await?;
        Ok(())
    }

    /// How often something was tried in vain.
    pub(crate) async fn failures(&self, bucket: &str) -> Result<Option<throttle::Model>, Error> {
        Ok(throttle::Entity::find().filter(throttle::Column::Bucket.eq(bucket)).one(&self.writers).await?)
    }

    /// Counts one more failure after `known` of them; whether no other came between.
    pub(crate) async fn count_failure(&self, bucket: &str, known: i64, now: Moment) -> Result<bool, Error> {
        use sea_orm::sea_query::Expr;
        let row = throttle::Model { bucket: bucket.to_owned(), failure_count: 1, failed_at: now };
        let insert = throttle::Entity::insert(row.into_active_model().reset_all());
        let insert = insert.on_conflict(OnConflict::column(throttle::Column::Bucket).do_nothing().to_owned());
        if insert.exec_without_returning(&self.writers).await? == 1 {
            return Ok(true);
        }
        let done = throttle::Entity::update_many()
            .col_expr(throttle::Column::FailureCount, Expr::value(known + 1))
            .col_expr(throttle::Column::FailedAt, Expr::value(now))
            .filter(throttle::Column::Bucket.eq(bucket))
            // Forgotten failures are still in the row.
            .filter(Condition::any().add(throttle::Column::FailureCount.eq(known)).add(throttle::Column::FailedAt.lte(now.plus_hours(-24))))
            .exec(&self.writers)
            .await?;
        Ok(done.rows_affected == 1)
    }

    /// Forgets the failures of one thing.
    pub(crate) async fn forget_failures(&self, bucket: &str) -> Result<(), Error> {
        throttle::Entity::delete_many().filter(throttle::Column::Bucket.eq(bucket)).exec(&self.writers).await?;
        Ok(())
    }

    /// Forgets the failures of long ago.
    pub(crate) async fn forget_failures_before(&self, moment: Moment) -> Result<(), Error> {
        throttle::Entity::delete_many().filter(throttle::Column::FailedAt.lte(moment)).exec(&self.writers).await?;
        Ok(())
    }

    /// The device whose secret hashes to this.
    pub(crate) async fn device(&self, secret_hash: &str) -> Result<Option<session::device::Model>, Error> {
        Ok(session::device::Entity::find().filter(session::device::Column::SecretHash.eq(secret_hash)).one(&self.readers).await?)
    }

    /// Keeps that someone has signed in from a device; the oldest of too many is forgotten.
    pub(crate) async fn add_device(&self, device: session::device::Model) -> Result<(), Error> {
        use sea_orm::QueryOrder as _;
        use session::device::{Column, Entity};
        let known = Entity::find().filter(Column::UserId.eq(device.user_id.clone())).order_by_desc(Column::LastUsedAt).all(&self.writers).await?;
        let old: Vec<String> = known.into_iter().skip(session::DEVICES - 1).map(|device| device.secret_hash).collect();
        if !old.is_empty() {
            Entity::delete_many().filter(Column::SecretHash.is_in(old)).exec(&self.writers).await?;
        }
        Entity::insert(device.into_active_model().reset_all()).exec_without_returning(&self.writers).await?;
        Ok(())
    }

    /// Forgets from which devices someone has signed in.
    pub(crate) async fn forget_devices(&self, id: &UserId) -> Result<(), Error> {
        use session::device::{Column, Entity};
        Entity::delete_many().filter(Column::UserId.eq(id.clone())).exec(&self.writers).await?;
        Ok(())
    }

    /// The providers that an organisation's people can sign in through, by name: who they are is not known before.
    pub(crate) async fn providers_of_anyone(&self, id: &OrganisationId) -> Result<Vec<identity_provider::Model>, Error> {
        use sea_orm::QueryOrder as _;
        let select = identity_provider::Entity::find().filter(identity_provider::Column::OrganisationId.eq(id.clone()));
        let select = select.filter(identity_provider::Column::IsEnabled.eq(true)).order_by_asc(identity_provider::Column::Name);
        Ok(select.limit(page::MAXIMUM_LIMIT).all(&self.readers).await?)
    }

    /// The provider by this id, of whatever organisation.
    pub(crate) async fn provider_of_anyone(&self, id: &IdentityProviderId) -> Result<Option<identity_provider::Model>, Error> {
        Ok(identity_provider::Entity::find().filter(identity_provider::Column::Id.eq(id.clone())).one(&self.readers).await?)
    }

    /// Keeps that a sign-in was begun, and forgets those whose time is over.
    pub(crate) async fn begin_attempt(&self, attempt: attempt::Model) -> Result<(), Error> {
        attempt::Entity::delete_many().filter(attempt::Column::ExpiresAt.lte(self.clock.now())).exec(&self.writers).await?;
        attempt::Entity::insert(attempt.into_active_model().reset_all()).exec_without_returning(&self.writers).await?;
        Ok(())
    }

    /// The sign-in that was begun with this state, once.
    pub(crate) async fn take_attempt(&self, state_hash: &str) -> Result<Option<attempt::Model>, Error> {
        let found = attempt::Entity::find().filter(attempt::Column::StateHash.eq(state_hash)).one(&self.writers).await?;
        let gone = attempt::Entity::delete_many().filter(attempt::Column::StateHash.eq(state_hash)).exec(&self.writers).await?;
        Ok(found.filter(|_| gone.rows_affected == 1))
    }

    /// The invitation by this id, of whatever organisation: who has its token is not known before.
    pub(crate) async fn invitation_of_anyone(&self, id: &InvitationId) -> Result<Option<invitation::Model>, Error> {
        Ok(invitation::Entity::find().filter(invitation::Column::Id.eq(id.clone())).one(&self.readers).await?)
    }
}

/// What is about people themselves, read within a view of one of their organisations.
#[expect(clippy::disallowed_methods, reason = "these are named exceptions too")]
impl Reader {
    /// The people with these ids, in no order: for those who were found as the organisation's own.
    pub(crate) async fn users(&self, ids: &BTreeSet<String>) -> Result<Vec<user::Model>, Error> {
        Ok(user::Entity::find().filter(user::Column::Id.is_in(ids.iter().map(String::as_str))).all(&self.transaction).await?)
    }
}

/// What is about people themselves, changed together with what is one organisation's.
#[expect(clippy::disallowed_methods, reason = "these are named exceptions too")]
impl Writer {
    /// Does what [`Writer::save`] does for one event, statement for statement, in an organisation that there is not: nothing is kept
    /// but the moment.
    pub(crate) async fn save_as_if_noted(self) -> Result<(), Error> {
        self.all(self.find::<personal::Entity>().filter(personal::Column::About.eq("nobody"))).await?;
        self.one(self.find::<audit::head::Entity>()).await?;
        for failure_count in [0, 1] {
            let row = throttle::Model { bucket: "nobody".into(), failure_count, failed_at: self.now };
            let replaced = OnConflict::column(throttle::Column::Bucket).update_columns([throttle::Column::FailureCount, throttle::Column::FailedAt]).to_owned();
            throttle::Entity::insert(row.into_active_model().reset_all()).on_conflict(replaced).exec_without_returning(&self.transaction).await?;
        }
        self.reader.transaction.commit().await?;
        Ok(())
    }

    /// Adds someone new.
    pub(crate) async fn add_user(&self, user: &user::Model) -> Result<(), Error> {
        user::Entity::insert(user.clone().into_active_model().reset_all()).exec_without_returning(&self.transaction).await?;
        Ok(())
    }

    /// Puts `after` in the place of `before`, unless it has been changed since.
    pub(crate) async fn replace_user(&self, before: &user::Model, mut after: user::Model) -> Result<user::Model, Error> {
        after.version = before.version + 1;
        after.updated_at = self.now;
        let done = user::Entity::update_many()
            .set(after.clone().into_active_model().reset_all())
            .filter(user::Column::Id.eq(before.id.clone()))
            .filter(user::Column::Version.eq(before.version))
            .exec(&self.transaction)
            .await?;
        if done.rows_affected == 1 { Ok(after) } else { Err(Error::Stale { current: before.version }) }
    }

    /// Puts `after` in the place of a session wherever it is, unless it has ended or been renewed since; whether it had not.
    pub(crate) async fn renew_session(&self, before: &session::Model, after: &session::Model) -> Result<bool, Error> {
        let done = session::Entity::update_many()
            .set(after.clone().into_active_model().reset_all())
            .filter(session::Column::Id.eq(before.id.clone()))
            .filter(session::Column::Version.eq(before.version))
            .exec(&self.transaction)
            .await?;
        Ok(done.rows_affected == 1)
    }

    /// Ends a person's sessions in whatever organisation.
    pub(crate) async fn end_sessions(&self, id: &UserId, except: Option<&SessionId>) -> Result<(), Error> {
        let mut delete = session::Entity::delete_many().filter(session::Column::UserId.eq(id.clone()));
        if let Some(except) = except {
            delete = delete.filter(session::Column::Id.ne(except.clone()));
        }
        delete.exec(&self.transaction).await?;
        Ok(())
    }
}
