//! Connections to the database, and the one rule by which they are used again: a connection goes back to its pool only
//! where its last statement ended as it should, or was refused for what it asked (a constraint, a lock), and where it
//! is in no transaction. Whatever else happened to it, it is closed.
//!
//! Transactions are begun and ended here by statements of our own. The driver's own way counts how deep it is in them,
//! and counts wrong when SQLite gives up a transaction by itself (a full disk does that): the next one would be a
//! savepoint in a transaction that never ends, and what is saved in it is lost.

use std::{
    fmt,
    sync::{
        Arc, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use deadpool::{
    Runtime,
    managed::{self, Metrics, Object, PoolError, RecycleResult, TimeoutType, Timeouts},
};
use sea_orm::{
    ConnAcquireErr, ConnectOptions, ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr,
    SqlxPostgresConnector, SqlxSqliteConnector, Statement,
    sqlx::{
        self, AssertSqlSafe, Connection as _, Executor as _, Row as _,
        pool::PoolOptions,
        postgres::{PgConnectOptions, PgConnection},
        query::Query,
        sqlite::{SqliteConnectOptions, SqliteConnection},
    },
};
use sea_orm_migration::async_trait;
use sea_query_sqlx::SqlxValues;
use tokio::sync::Mutex;

use super::{OpenError, address};
use crate::{
    error::{self, Kind},
    migrations,
};

/// How long a host may take to let us in.
const CONNECTING: Duration = Duration::from_secs(4);
/// How long what was begun on a connection may take to end.
const MENDING: Duration = Duration::from_secs(10);
/// How long a connection may have stood idle without being asked whether it still is one.
const TRUSTED: Duration = Duration::from_secs(30);

/// Where the database is.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// A file.
    Sqlite(Box<SqliteConnectOptions>),
    /// One server, or several of which one takes writes.
    Postgres(Vec<PgConnectOptions>),
}

/// One connection.
enum Connection {
    Sqlite(Box<SqliteConnection>),
    Postgres(Box<PgConnection>),
}

impl fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Connection")
    }
}

/// Makes connections.
#[derive(Debug)]
struct Manager {
    target: Target,
    /// Which of several servers took writes when it was last asked.
    primary: AtomicUsize,
}

impl managed::Manager for Manager {
    type Type = Connection;
    type Error = sqlx::Error;

    async fn create(&self) -> Result<Connection, sqlx::Error> {
        match &self.target {
            Target::Sqlite(options) => Ok(Connection::Sqlite(Box::new(SqliteConnection::connect_with(options).await?))),
            Target::Postgres(hosts) => {
                let first = self.primary.load(Ordering::Relaxed);
                let mut failure = sqlx::Error::PoolClosed;
                for place in (0..hosts.len()).map(|step| (first + step) % hosts.len()) {
                    match primary(&hosts[place]).await {
                        Ok(connection) => {
                            self.primary.store(place, Ordering::Relaxed);
                            return Ok(Connection::Postgres(Box::new(connection)));
                        }
                        Err(error) => failure = error,
                    }
                }
                Err(failure)
            }
        }
    }

    async fn recycle(&self, connection: &mut Connection, metrics: &Metrics) -> RecycleResult<sqlx::Error> {
        if metrics.last_used() > TRUSTED
            && let Connection::Postgres(connection) = connection
        {
            connection.ping().await?;
        }
        Ok(())
    }
}

/// A connection to this server, if it takes writes.
pub(super) async fn primary(options: &PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
    let connecting = async {
        let mut connection = PgConnection::connect_with(options).await?;
        // As text: what stands between may send each message of a prepared statement elsewhere.
        let row = sqlx::raw_sql("SHOW transaction_read_only").fetch_one(&mut connection).await?;
        if row.try_get::<String, _>(0)? == "off" {
            Ok(connection)
        } else {
            Err(sqlx::Error::Configuration(STANDBY.into()))
        }
    };
    let late = || sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, "it does not answer in time"));
    tokio::time::timeout(CONNECTING, connecting).await.unwrap_or_else(|_| Err(late()))
}

/// What is said of a server that takes no writes.
pub(super) const STANDBY: &str = "it takes no writes, as a standby: name the server that does, or several with commas between (postgres://USER@ONE,TWO/DATABASE)";

/// Connections to one database.
#[derive(Clone, Debug)]
pub(super) struct Pool {
    connections: managed::Pool<Manager>,
    backend: DbBackend,
    statements: Arc<AtomicU64>,
    /// Whether something between us and PostgreSQL hands each transaction to whatever connection is free (a pooler in
    /// transaction mode): then no statement can be prepared for longer than its transaction.
    is_shared: Arc<AtomicBool>,
}

impl Pool {
    /// So many connections at the most, each made when it is first wanted; whoever finds none free waits so long for
    /// one.
    pub(super) fn new(target: Target, size: usize, wait: Duration, statements: &Arc<AtomicU64>) -> Result<Self, DbErr> {
        let (backend, hosts) = match &target {
            Target::Sqlite(_) => (DbBackend::Sqlite, 1),
            Target::Postgres(hosts) => (DbBackend::Postgres, hosts.len()),
        };
        let create = CONNECTING * u32::try_from(hosts).unwrap_or(1) + Duration::from_secs(1);
        let timeouts = Timeouts { wait: Some(wait), create: Some(create), recycle: Some(CONNECTING) };
        let manager = Manager { target, primary: AtomicUsize::new(0) };
        let connections =
            managed::Pool::builder(manager).max_size(size).timeouts(timeouts).runtime(Runtime::Tokio1).build();
        let connections = connections.map_err(|error| DbErr::Custom(error.to_string()))?;
        Ok(Self { connections, backend, statements: Arc::clone(statements), is_shared: Arc::default() })
    }

    /// Other connections to the same database, so many at the most.
    pub(super) fn beside(&self, size: usize, wait: Duration) -> Result<Self, DbErr> {
        let other = Self::new(self.connections.manager().target.clone(), size, wait, &self.statements)?;
        Ok(Self { is_shared: Arc::clone(&self.is_shared), ..other })
    }

    /// Which kind of database this is.
    pub(super) fn backend(&self) -> DbBackend {
        self.backend
    }

    /// Finds out whether connections are shared: whether what two of ours see of the server is one and the same.
    pub(super) async fn look_between(&self) -> Result<(), sqlx::Error> {
        if self.backend != DbBackend::Postgres {
            return Ok(());
        }
        let make = || managed::Manager::create(self.connections.manager());
        let (Connection::Postgres(mut one), Connection::Postgres(mut other)) = (make().await?, make().await?) else {
            return Ok(());
        };
        let alone = process_id(&mut one).await?;
        other.execute("BEGIN").await?;
        let beside = process_id(&mut other).await?;
        let again = process_id(&mut one).await?;
        other.execute("ROLLBACK").await?;
        self.is_shared.store(alone == beside || alone != again, Ordering::Relaxed);
        // Whether they are let go of in good form or not, they are gone.
        let _ = (one.close().await, other.close().await);
        Ok(())
    }

    /// Whether something between us and PostgreSQL shares its connections among transactions.
    pub(super) fn is_shared(&self) -> bool {
        self.is_shared.load(Ordering::Relaxed)
    }

    /// Begins a transaction by this statement. A connection that was left over and turns out to be none is replaced
    /// first.
    pub(super) async fn begin(&self, how: &'static str) -> Result<Transaction, DbErr> {
        loop {
            let mut lease = self.lease().await?;
            let may_be_lost = lease.is_left_over();
            match lease.begin(how).await {
                Ok(()) => return Ok(Transaction::new(lease)),
                Err(failure) if may_be_lost && error::kind(&failure) == Kind::Unavailable => {}
                Err(failure) => return Err(failure),
            }
        }
    }

    /// A connection on which each statement is a transaction of its own.
    pub(super) async fn each(&self) -> Result<Transaction, DbErr> {
        Ok(Transaction::new(self.lease().await?))
    }

    /// Begins a transaction on a SQLite connection that can keep tables of its own, in memory, for as long as it is
    /// used.
    pub(super) async fn begin_apart(&self, how: &'static str) -> Result<Transaction, DbErr> {
        let mut lease = self.lease().await?;
        lease.is_apart = true;
        lease.unprepared("PRAGMA temp_store = MEMORY").await?;
        lease.begin(how).await?;
        Ok(Transaction::new(lease))
    }

    /// Closes what is idle, and what comes back later.
    pub(super) async fn close(&self) {
        let idle = self.connections.retain(|_, _| false).removed;
        self.connections.close();
        for connection in idle {
            let _ = match connection {
                Connection::Sqlite(connection) => connection.close().await,
                Connection::Postgres(connection) => connection.close().await,
            };
        }
    }

    async fn lease(&self) -> Result<Lease, DbErr> {
        match self.connections.get().await {
            Ok(object) => Ok(Lease { object: Some(object), state: State::Idle, pool: self.clone(), is_apart: false }),
            Err(PoolError::Timeout(TimeoutType::Wait)) => Err(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)),
            Err(PoolError::Backend(error)) => Err(DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error)))),
            Err(PoolError::Closed) => Err(DbErr::Conn(RuntimeErr::SqlxError(Arc::new(sqlx::Error::PoolClosed)))),
            Err(error) => {
                let late = std::io::Error::new(std::io::ErrorKind::TimedOut, error.to_string());
                Err(DbErr::Conn(RuntimeErr::SqlxError(Arc::new(sqlx::Error::Io(late)))))
            }
        }
    }

    /// Whether a statement needs a transaction around it even alone.
    fn needs_transaction(&self) -> bool {
        self.backend == DbBackend::Postgres && self.is_shared()
    }
}

fn ended() -> DbErr {
    DbErr::Custom("the transaction has ended".into())
}

/// A connection in use. Dropped, it goes back to its pool or is closed by the rule of this module.
struct Lease {
    object: Option<Object<Manager>>,
    state: State,
    pool: Pool,
    /// Whether it keeps something of its own, and so is closed once it has been used.
    is_apart: bool,
}

/// What is known of a connection in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// In no transaction; its last statement ended as it should.
    Idle,
    /// In a transaction; its last statement ended as it should.
    Within,
    /// A statement is under way, in a transaction or not: whoever finds it so was broken off.
    UnderWay {
        /// Whether there may be a transaction.
        within: bool,
    },
    /// Something went wrong with it.
    Broken,
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(object) = self.object.take() else { return };
        let within = match self.state {
            _ if self.is_apart => return close(object),
            // Dropped like this, it is in its pool again.
            State::Idle => return,
            State::Within => true,
            State::UnderWay { within } => within,
            State::Broken => return close(object),
        };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(mend(object, within))),
            Err(_) => close(object),
        }
    }
}

/// Takes a connection out of its pool, and ends it.
fn close(object: Object<Manager>) {
    drop(Object::take(object));
}

/// Ends what was begun on a connection and gives it back to its pool; it is closed where that fails, or takes too long.
async fn mend(mut object: Object<Manager>, within: bool) {
    // Either waits for a statement that was broken off. SQLite refuses to roll back where there is nothing: that one is
    // closed too.
    let sql = if within { "ROLLBACK" } else { "SELECT 1" };
    let ending = async {
        match &mut *object {
            Connection::Sqlite(connection) => connection.execute(sql).await.map(drop),
            Connection::Postgres(connection) => connection.execute(sql).await.map(drop),
        }
    };
    if !matches!(tokio::time::timeout(MENDING, ending).await, Ok(Ok(()))) {
        close(object);
    }
}

/// Runs a statement on the connection of a lease, which is `$after` where it ended as it should.
macro_rules! run {
    ($lease:expr, $within:expr, $after:expr, $how:path, $connection:ident => $work:expr) => {{
        let lease: &mut Lease = $lease;
        let Some(object) = lease.object.as_mut() else { return Err(ended()) };
        lease.state = State::UnderWay { within: $within };
        let done = match &mut **object {
            Connection::Sqlite($connection) => $work.map(Into::into),
            Connection::Postgres($connection) => $work.map(Into::into),
        };
        lease.settle($after, done.map_err(|error| $how(RuntimeErr::SqlxError(Arc::new(error)))))
    }};
}

impl Lease {
    /// Whether it was used before, and so may have been lost since.
    fn is_left_over(&self) -> bool {
        self.object.as_ref().is_some_and(|object| Object::metrics(object).recycle_count > 0)
    }

    /// Keeps what a statement left of the connection.
    fn settle<T>(&mut self, after: State, done: Result<T, DbErr>) -> Result<T, DbErr> {
        let Err(failure) = &done else {
            self.state = after;
            return done;
        };
        let is_of_shared = error::is_of_shared_statement(failure);
        let was_refused = !is_of_shared && matches!(error::kind(failure), Kind::Constraint | Kind::Busy);
        self.state = if was_refused { after } else { State::Broken };
        if is_of_shared && !self.pool.is_shared.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "a pooler in transaction mode stands before the database: statements are not prepared from now on"
            );
            // The others remember names too.
            drop(self.pool.connections.retain(|_, _| false));
        }
        done
    }

    /// Begins a transaction. One that was refused was not begun.
    async fn begin(&mut self, how: &'static str) -> Result<(), DbErr> {
        let done: Result<ExecResult, DbErr> =
            run!(self, true, State::Within, DbErr::Exec, connection => connection.execute(how).await);
        if done.is_err() && self.state == State::Within {
            self.state = State::Idle;
        }
        done.map(drop)
    }

    /// Ends the transaction and keeps what was done in it. Where that fails, nothing is known of the connection.
    async fn commit(&mut self) -> Result<(), DbErr> {
        let done: Result<ExecResult, DbErr> =
            run!(self, true, State::Idle, DbErr::Exec, connection => connection.execute("COMMIT").await);
        if done.is_err() {
            self.state = State::Broken;
        }
        done.map(drop)
    }

    /// Whether it is in a transaction, and what it is once a statement has ended.
    fn place(&self) -> (bool, State) {
        if self.state == State::Within { (true, State::Within) } else { (false, State::Idle) }
    }

    async fn unprepared(&mut self, sql: &str) -> Result<ExecResult, DbErr> {
        let (within, after) = self.place();
        run!(self, within, after, DbErr::Exec, connection => connection.execute(AssertSqlSafe(sql.to_owned())).await)
    }

    async fn execute(&mut self, statement: Statement) -> Result<ExecResult, DbErr> {
        let (prepares, (within, after)) = (!self.pool.is_shared(), self.place());
        run!(self, within, after, DbErr::Exec, connection => query(statement).persistent(prepares).execute(&mut **connection).await)
    }

    async fn one(&mut self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let (prepares, (within, after)) = (!self.pool.is_shared(), self.place());
        run!(self, within, after, DbErr::Query, connection => query(statement).persistent(prepares).fetch_optional(&mut **connection).await.map(|row| row.map(Into::into)))
    }

    async fn all(&mut self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let (prepares, (within, after)) = (!self.pool.is_shared(), self.place());
        run!(self, within, after, DbErr::Query, connection => query(statement).persistent(prepares).fetch_all(&mut **connection).await.map(|rows| rows.into_iter().map(Into::into).collect::<Vec<_>>()))
    }
}

/// Which process of the server answers here.
async fn process_id(connection: &mut PgConnection) -> Result<String, sqlx::Error> {
    connection.fetch_one("SELECT pg_backend_pid()::text").await?.try_get(0)
}

/// The statement as the driver takes it.
fn query<DB: sqlx::Database>(statement: Statement) -> Query<'static, DB, SqlxValues>
where
    SqlxValues: sqlx::IntoArguments<DB>,
{
    let values = statement.values.unwrap_or_else(|| sea_orm::sea_query::Values(Vec::new()));
    sqlx::query_with(AssertSqlSafe(statement.sql), SqlxValues(values))
}

/// What was begun and is not yet ended. Dropped without [`Transaction::commit`], it leaves nothing.
pub(super) struct Transaction {
    backend: DbBackend,
    lease: Mutex<Lease>,
    /// The first error in it. What comes after it is refused with it: nobody may go on, and save, as if it had not
    /// happened.
    failure: OnceLock<DbErr>,
    /// The place in a queue that it holds while it lasts.
    turn: std::sync::Mutex<Option<Lease>>,
}

impl fmt::Debug for Transaction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Transaction")
    }
}

/// Does `$work` with the lease of a transaction in which nothing has failed.
macro_rules! within {
    ($transaction:expr, $lease:ident => $work:expr) => {{
        if let Some(failure) = $transaction.failure.get() {
            return Err(failure.clone());
        }
        let mut $lease = $transaction.lease.lock().await;
        $lease.pool.statements.fetch_add(1, Ordering::Relaxed);
        $transaction.noted($work)
    }};
}

impl Transaction {
    fn new(lease: Lease) -> Self {
        Self {
            backend: lease.pool.backend,
            lease: Mutex::new(lease),
            failure: OnceLock::new(),
            turn: std::sync::Mutex::default(),
        }
    }

    /// Ends the transaction, keeping what was done in it, waits for a connection of `queue` to be free and keeps it
    /// from others, and begins anew, on the connection it has.
    pub(super) async fn begin_in_turn(&self, queue: &Pool, how: &'static str) -> Result<(), DbErr> {
        let turn = queue.lease().await?;
        *self.turn.lock().unwrap_or_else(PoisonError::into_inner) = Some(turn);
        within!(self, lease => match lease.commit().await {
            Ok(()) => lease.begin(how).await,
            Err(failure) => Err(failure),
        })
    }

    /// Makes what was done in it last: after this it outlives a power cut, and a reader on any connection sees it.
    ///
    /// # Errors
    /// What the database says, or said when something in it failed; then nothing of it is kept, or, where the
    /// connection broke while it was being kept, nobody knows.
    pub(super) async fn commit(self) -> Result<(), DbErr> {
        let Self { lease, failure, turn: _turn, .. } = self;
        match failure.into_inner() {
            Some(failure) => Err(failure),
            None => lease.into_inner().commit().await,
        }
    }

    fn noted<T>(&self, done: Result<T, DbErr>) -> Result<T, DbErr> {
        if let Err(error) = &done {
            let _ = self.failure.set(error.clone());
        }
        done
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Transaction {
    fn get_database_backend(&self) -> DbBackend {
        self.backend
    }
    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        within!(self, lease => lease.execute(statement).await)
    }
    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        within!(self, lease => lease.unprepared(sql).await)
    }
    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        within!(self, lease => lease.one(statement).await)
    }
    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        within!(self, lease => lease.all(statement).await)
    }
}

/// Runs one statement by itself: on a connection of its own, in a transaction of its own where connections are shared.
/// What only reads (`$again`) is tried again where a connection that was left over turns out to be none.
macro_rules! alone {
    ($pool:expr, $statement:ident, $method:ident, $run:ident, $again:expr) => {{
        if $pool.needs_transaction() {
            let transaction = $pool.begin("BEGIN").await?;
            let done = transaction.$method($statement).await?;
            transaction.commit().await?;
            return Ok(done);
        }
        loop {
            let mut lease = $pool.lease().await?;
            let may_try_again = $again && lease.is_left_over();
            $pool.statements.fetch_add(1, Ordering::Relaxed);
            let done = lease.$run($statement.clone()).await;
            if !(may_try_again && done.as_ref().err().is_some_and(|error| error::kind(error) == Kind::Unavailable)) {
                return done;
            }
        }
    }};
}

#[async_trait::async_trait]
impl ConnectionTrait for Pool {
    fn get_database_backend(&self) -> DbBackend {
        self.backend
    }
    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        alone!(self, statement, execute_raw, execute, false)
    }
    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.lease().await?.unprepared(sql).await
    }
    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        alone!(self, statement, query_one_raw, one, true)
    }
    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        alone!(self, statement, query_all_raw, all, true)
    }
}

/// The first of these servers that takes writes.
async fn first_primary(hosts: &[PgConnectOptions]) -> Result<&PgConnectOptions, sqlx::Error> {
    let mut failure = sqlx::Error::PoolClosed;
    for host in hosts {
        match primary(host).await {
            Ok(_) => return Ok(host),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

/// The server at this address, of several the first that takes writes.
///
/// # Errors
/// [`OpenError::BadUrl`] or [`OpenError::Unreachable`].
pub(crate) async fn server(url: &str) -> Result<PgConnectOptions, OpenError> {
    let Target::Postgres(hosts) = address::read(url)? else {
        return Err(OpenError::BadUrl("it names no server".into()));
    };
    let found = first_primary(&hosts).await.map_err(|error| OpenError::Unreachable(address::plain(&error)))?;
    Ok(found.clone())
}

/// A pool of one connection, without the task that sqlx gives a pool to end what has been idle or open for long: it
/// counts what is idle, and in sqlx 0.9.0 the count can wrap around below nothing while a connection is being handed
/// back, so that the task counts on for ever and the program never ends.
pub(crate) fn pool_of_one<DB: sqlx::Database>() -> PoolOptions<DB> {
    PoolOptions::new().max_connections(1).idle_timeout(None::<Duration>).max_lifetime(None::<Duration>)
}

/// How to connect to the database at `url` with a [`pool_of_one`], and without a log of each statement.
pub(crate) fn connect_options(url: impl Into<String>) -> ConnectOptions {
    let mut how = ConnectOptions::new(url);
    how.sqlx_logging(false).max_connections(1).idle_timeout(None::<Duration>).max_lifetime(None::<Duration>);
    how
}

/// Brings the schema of the database up to date, on a connection for that alone; makes the file if there is none.
pub(super) async fn migrate(target: &Target) -> Result<Result<(), OpenError>, sqlx::Error> {
    let connection = match target {
        Target::Sqlite(options) => {
            address::make_file(options)?;
            let pool = pool_of_one().connect_with(options.as_ref().clone()).await?;
            SqlxSqliteConnector::from_sqlx_sqlite_pool(pool)
        }
        Target::Postgres(hosts) => {
            let pool = pool_of_one().connect_with(first_primary(hosts).await?.clone()).await?;
            SqlxPostgresConnector::from_sqlx_postgres_pool(pool)
        }
    };
    let done = migrations::run(&connection).await;
    let _ = connection.close().await;
    Ok(done)
}
