//! Copies of whole databases, of every organisation in them: taken while the program runs, checked before they are believed,
//! and put back on either database.
//!
//! A copy is one SQLite file, whatever it is a copy of, so that there is one thing to keep and one thing to read. SQLite writes
//! it itself; from PostgreSQL, and back into either, rows go table by table into a schema that our own steps have just made.
//! Nothing of a copy but its rows is ever taken over, since whoever could write the file could have put anything into it.
//!
//! This is beside [`crate::scope`], with connections of its own: it reads no organisation's rows but all rows, and only the
//! person at the console, who owns the database, can ask for it.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Read as _},
    path::{Path, PathBuf},
    time::Duration,
};

use futures_util::TryStreamExt as _;
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, SqlxPostgresConnector, Statement, TransactionTrait as _, Value,
    sqlx::{
        self, AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, Row as _, SqliteConnection,
        postgres::PgPoolOptions,
        sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
    },
};
use sea_orm_migration::MigratorTrait as _;
use serde_json::json;

use crate::{
    audit,
    clock::Clock,
    error::Error,
    migrations::{self, Steps},
    organisation,
    role::Role,
    scope::{Actor, OpenError, Scope, Store, StoreOptions, Target, address, server},
};

/// How many rows one statement writes at the most, few enough for the databases' limits on parameters.
const ROWS: usize = 200;
/// From how many bytes on a statement takes no further row.
const BYTES: usize = 4 << 20;
/// How many rows may wait between the thread that reads a SQLite file and us: an evidence file is a row.
const WAITING: usize = 4;
/// After how many rows something is said.
const LONG: u64 = 100_000;
/// How long a database that is in use is waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// What every SQLite database begins with.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// Why there is no copy, or why it was not put back. Each is one sentence for a person.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The database that is copied or written to.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A newer program made the copy.
    #[error("{file} was made by a newer version of this program (it has the schema step `{step}`): restore it with that version")]
    Newer {
        /// The copy.
        file: String,
        /// The first step we do not know.
        step: String,
    },
    /// The file is none we take, or the place is not empty.
    #[error("{0}")]
    Refused(String),
    /// The disk is full, say.
    #[error("{0}")]
    Failed(String),
}

/// How to put a copy back.
#[derive(Clone, Copy, Debug, Default)]
pub struct Restoring {
    /// What is in the SQLite file's place is kept under another name, rather than refused.
    pub moves_aside: bool,
    /// The copy is put back though its audit trail is not as it was written.
    pub takes_altered_audit: bool,
}

/// What was put back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// The organisations' names, in order.
    pub organisations: Vec<String>,
    /// How many rows.
    pub row_count: u64,
    /// Under which name what was there before is kept, if anything was.
    pub kept: Option<PathBuf>,
}

/// The action of the audit event that says that a copy was made.
pub const BACK_UP: &str = "back_up";
/// The action of the audit event that says that a copy was put back.
pub const RESTORE: &str = "restore";

/// Copies the database at `url`, as it stands at one moment, into the empty file at `file`; also while it is in use. Its schema
/// stays as it is. How far it has come is said to `say`, where it takes long.
///
/// # Errors
/// [`CopyError`]; then the file holds nothing of worth.
pub async fn back_up(url: &str, file: &Path, say: &(dyn Fn(&str) + Sync)) -> Result<(), CopyError> {
    if url.starts_with("sqlite:") {
        return vacuum(url, file).await;
    }
    let mut source = Source::postgres(url).await?;
    let steps = source.steps().await?.ok_or_else(|| CopyError::Refused("the database holds nothing of this program: there is nothing to copy".into()))?;
    if let Some(step) = unknown(&steps) {
        return Err(OpenError::NewerSchema(step.into()).into());
    }
    let target = new_file(file).await?;
    let failed = |error: DbErr| CopyError::Failed(format!("{} cannot be written: {}", file.display(), plain(error)));
    let transaction = target.begin().await.map_err(failed)?;
    let count = up_to(&steps, "the database")?;
    Steps::up(&transaction, Some(count)).await.map_err(failed)?;
    let tables = tables(&transaction).await.map_err(failed)?;
    let names = Names { source: "the database", target: &file.display().to_string() };
    copy(&mut source, &transaction, &tables, names, say).await?;
    transaction.commit().await.map_err(failed)?;
    target.close().await.map_err(failed)
}

/// SQLite's own copy of a whole database.
async fn vacuum(url: &str, file: &Path) -> Result<(), CopyError> {
    let mut how = ConnectOptions::new(url);
    how.sqlx_logging(false).max_connections(1).map_sqlx_sqlite_opts(|sqlite| sqlite.create_if_missing(false).busy_timeout(PATIENCE));
    let unreachable = |error: DbErr| OpenError::Unreachable(plain(error));
    let name = file.to_str().ok_or_else(|| CopyError::Refused("the file's name must be text in UTF-8".into()))?;
    let failed = |error: DbErr| CopyError::Failed(format!("no copy could be written: {}", plain(error)));
    let connection = Database::connect(how).await.map_err(unreachable)?;
    connection.execute_unprepared(&format!("VACUUM INTO '{}'", name.replace('\'', "''"))).await.map_err(failed)?;
    Ok(connection.close().await.map_err(unreachable)?)
}

/// Notes in the trail of every organisation that a copy was made of the database. One whose schema is older than the program is
/// left as it is.
///
/// # Errors
/// A sentence on why not.
pub async fn note(url: &str, clock: Clock) -> Result<(), String> {
    let noted = async {
        let mut source = if url.starts_with("sqlite:") { Source::sqlite(&sqlite_place(url)?, false).await? } else { Source::postgres(url).await? };
        let steps = source.steps().await?.unwrap_or_default();
        source.close().await;
        if unknown(&steps).is_some() {
            return Err(CopyError::Refused("its schema is newer than this program".into()));
        }
        if steps != known() {
            return Err(CopyError::Refused("its schema is older than this program".into()));
        }
        let store = Store::open(StoreOptions { url: url.to_owned(), max_connections: 2, clock }).await?;
        let noted = note_in(&store, BACK_UP).await.map_err(|error| CopyError::Failed(error.to_string()));
        store.close().await;
        noted
    };
    noted.await.map_err(|error| error.to_string())
}

async fn note_in(store: &Store, action: &'static str) -> Result<(), Error> {
    for organisation in organisation::all(store).await? {
        let id = organisation.id.to_string();
        audit::record(store, &console(organisation.id), action, "organisation", &id, Some(json!({ "name": organisation.name }))).await?;
    }
    Ok(())
}

fn console(organisation_id: crate::id::OrganisationId) -> Scope {
    Scope { organisation_id, actor: Actor { id: "console".into(), name: "console".into() }, role: Role::Admin, request_id: None }
}

/// Puts the copy in `file` back as the database at `url`, which must be empty, or whose SQLite file is moved aside. An older
/// copy is brought up to date. The copy is checked first and stays as it is; until all of it is there, the database is what it was.
///
/// # Errors
/// [`CopyError`]; then nothing was changed.
pub async fn restore(file: &Path, url: &str, how: Restoring, clock: &Clock, say: &(dyn Fn(&str) + Sync)) -> Result<Restored, CopyError> {
    let place = match Place::of(url)? {
        Place::Sqlite(place) => {
            if fs::canonicalize(file).is_ok_and(|file| fs::canonicalize(&place).is_ok_and(|place| place == file)) {
                return Err(CopyError::Refused(format!("{} is the database itself, and no copy of it", file.display())));
            }
            Place::Sqlite(place)
        }
        other => other,
    };
    let (mut source, steps) = believe(file).await?;
    match &place {
        Place::Sqlite(place) => {
            let found = Found::at(place).await?;
            found.give_way(place, how)?;
            // Whoever has it open is found out now, not after an hour of copying.
            drop(found);
        }
        Place::Postgres => {
            let target = postgres(url).await?;
            let free = is_free(&target).await;
            let closed = target.close().await;
            free?;
            closed.map_err(|error| OpenError::Unreachable(plain(error)))?;
        }
    }
    let bench = Bench::new(match &place {
        Place::Sqlite(place) => with_suffix(place, ".restoring"),
        Place::Postgres => std::env::temp_dir().join(format!("diligence-{}.restoring", std::process::id())),
    })?;
    let (organisations, row_count) = rebuild(&mut source, &steps, file, &bench.path, how, clock, say).await?;
    source.close().await;
    let kept = match &place {
        Place::Sqlite(place) => put_in_place(bench, place, how, clock).await?,
        Place::Postgres => {
            fill(&bench.path, url, say).await?;
            None
        }
    };
    Ok(Restored { organisations, row_count, kept })
}

/// Where a database is.
#[derive(Debug)]
enum Place {
    Sqlite(PathBuf),
    Postgres,
}

impl Place {
    fn of(url: &str) -> Result<Self, OpenError> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self::Postgres);
        }
        sqlite_place(url).map(Self::Sqlite)
    }
}

/// The file that an address of a SQLite database names.
pub(crate) fn sqlite_place(url: &str) -> Result<PathBuf, OpenError> {
    match address::read(url)? {
        Target::Sqlite(options) => Ok(options.get_filename().to_owned()),
        Target::Postgres(_) => Err(OpenError::BadUrl("it names no file".into())),
    }
}

/// The address of the SQLite database in this file.
fn address(file: &Path) -> Result<String, CopyError> {
    let name = file.to_str().ok_or_else(|| CopyError::Refused("the file's name must be text in UTF-8".into()))?;
    Ok(format!("sqlite://{}", name.replace('%', "%25").replace('?', "%3F")))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

/// The message of a database, on one line.
pub(crate) fn plain(error: impl ToString) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Every step we know, in order.
pub(crate) fn known() -> Vec<String> {
    Steps::migrations().iter().map(|step| step.name().to_owned()).collect()
}

/// The first of these steps that we do not know.
pub(crate) fn unknown(steps: &[String]) -> Option<&str> {
    let known = known();
    steps.iter().find(|step| !known.contains(step)).map(String::as_str)
}

/// How many of our steps make the schema that has these.
fn up_to(steps: &[String], what: &str) -> Result<u32, CopyError> {
    match known().iter().zip(steps).find(|(known, step)| known != step) {
        Some((missing, _)) => Err(CopyError::Refused(format!("the schema of {what} lacks the step `{missing}`: it was left between two versions of this program"))),
        None => Ok(u32::try_from(steps.len()).unwrap_or(u32::MAX)),
    }
}

/// A database that rows are read from, all of them as they were at one moment.
enum Source {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Source {
    /// A file; one that no one writes to is read without a trace.
    async fn sqlite(file: &Path, is_still: bool) -> Result<Self, OpenError> {
        let how =
            SqliteConnectOptions::new().filename(file).read_only(true).immutable(is_still).busy_timeout(PATIENCE).row_buffer_size(WAITING).disable_statement_logging();
        // What a schema made elsewhere calls when it is read runs nothing, and a page is looked at before it is believed.
        let how = how.pragma("trusted_schema", "OFF").pragma("cell_size_check", "ON");
        let connection = SqliteConnection::connect_with(&how).await.map_err(|error| OpenError::Unreachable(plain(error)))?;
        Ok(Self::Sqlite(connection))
    }

    async fn postgres(url: &str) -> Result<Self, OpenError> {
        let how = server(url).await?.statement_cache_capacity(0);
        let unreachable = |error: sqlx::Error| OpenError::Unreachable(plain(error));
        let mut connection = PgConnection::connect_with(&how).await.map_err(unreachable)?;
        sqlx::query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").persistent(false).execute(&mut connection).await.map_err(unreachable)?;
        Ok(Self::Postgres(connection))
    }

    /// The schema's steps, in order; none in a database that no program of ours has made.
    async fn steps(&mut self) -> Result<Option<Vec<String>>, OpenError> {
        const IS_OURS_SQLITE: &str = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'seaql_migrations'";
        const IS_OURS_POSTGRES: &str = "SELECT count(to_regclass('seaql_migrations'))";
        const STEPS: &str = "SELECT version FROM seaql_migrations ORDER BY version";
        let unreachable = |error: sqlx::Error| OpenError::Unreachable(plain(error));
        let (is_ours, steps): (i64, Vec<String>) = match self {
            Self::Sqlite(connection) => {
                let is_ours = sqlx::query_scalar(IS_OURS_SQLITE).fetch_one(&mut *connection).await.map_err(unreachable)?;
                (is_ours, if is_ours == 0 { Vec::new() } else { sqlx::query_scalar(STEPS).fetch_all(connection).await.map_err(unreachable)? })
            }
            Self::Postgres(connection) => {
                let is_ours = sqlx::query_scalar(IS_OURS_POSTGRES).persistent(false).fetch_one(&mut *connection).await.map_err(unreachable)?;
                let steps = sqlx::query_scalar(STEPS).persistent(false);
                (is_ours, if is_ours == 0 { Vec::new() } else { steps.fetch_all(connection).await.map_err(unreachable)? })
            }
        };
        Ok(Some(steps).filter(|steps| is_ours == 1 && steps.iter().any(|step| step.starts_with("m0001_"))))
    }

    async fn count(&mut self, table: &Table) -> Result<u64, sqlx::Error> {
        let sql = AssertSqlSafe(format!("SELECT count(*) FROM {}", quoted(&table.name)));
        let count: i64 = match self {
            Self::Sqlite(connection) => sqlx::query_scalar(sql).fetch_one(connection).await?,
            Self::Postgres(connection) => sqlx::query_scalar(sql).persistent(false).fetch_one(connection).await?,
        };
        Ok(count.unsigned_abs())
    }

    async fn close(self) {
        let _ = match self {
            Self::Sqlite(connection) => connection.close().await,
            Self::Postgres(connection) => connection.close().await,
        };
    }
}

/// A table, as our own steps have just made it.
#[derive(Debug)]
struct Table {
    name: String,
    columns: Vec<Column>,
}

#[derive(Debug)]
struct Column {
    name: String,
    kind: Sort,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Text,
    Long,
    Integer,
    Boolean,
    Bytes,
}

impl Table {
    fn list(&self) -> String {
        self.columns.iter().map(|column| quoted(&column.name)).collect::<Vec<_>>().join(", ")
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The tables of a SQLite database that our steps have made, each after those that its rows point to.
async fn tables(connection: &impl ConnectionTrait) -> Result<Vec<Table>, DbErr> {
    let ask = |sql: String| connection.query_all_raw(Statement::from_string(DbBackend::Sqlite, sql));
    let mut waiting = Vec::new();
    for row in ask("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'seaql_migrations' ORDER BY name".into()).await? {
        let name: String = row.try_get_by_index(0)?;
        let mut columns = Vec::new();
        for column in ask(format!("SELECT name, lower(type) FROM pragma_table_info('{name}') ORDER BY cid")).await? {
            let kind = match column.try_get_by_index::<String>(1)?.as_str() {
                "text" => Sort::Text,
                "bigint" => Sort::Long,
                "integer" => Sort::Integer,
                "boolean" => Sort::Boolean,
                "blob" => Sort::Bytes,
                other => return Err(DbErr::Custom(format!("a column of {name} is of a kind that is not copied: {other}"))),
            };
            columns.push(Column { name: column.try_get_by_index(0)?, kind });
        }
        let mut parents = BTreeSet::new();
        for parent in ask(format!("SELECT DISTINCT \"table\" FROM pragma_foreign_key_list('{name}')")).await? {
            parents.insert(parent.try_get_by_index::<String>(0)?);
        }
        parents.remove(&name);
        waiting.push((Table { name, columns }, parents));
    }
    let mut ordered: Vec<Table> = Vec::new();
    while !waiting.is_empty() {
        let (next, rest): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|(_, parents)| parents.iter().all(|parent| ordered.iter().any(|table| table.name == *parent)));
        if next.is_empty() {
            return Err(DbErr::Custom("tables point at one another in a circle".into()));
        }
        ordered.extend(next.into_iter().map(|(table, _)| table));
        waiting = rest;
    }
    Ok(ordered)
}

/// What the two ends of a copy are called.
#[derive(Clone, Copy, Debug)]
struct Names<'a> {
    source: &'a str,
    target: &'a str,
}

impl Names<'_> {
    fn unread(&self, table: &Table, error: impl ToString) -> CopyError {
        CopyError::Refused(format!("{} cannot be read to its end: table {}: {}", self.source, table.name, plain(error)))
    }
    fn unwritten(&self, table: &Table, error: impl ToString) -> CopyError {
        CopyError::Failed(format!("{} cannot be written: table {}: {}", self.target, table.name, plain(error)))
    }
}

/// Reads the columns of a row of either database. Their types are those that our steps give them.
macro_rules! values {
    ($row:expr, $table:expr, $integer:ty) => {{
        let mut values: Vec<Value> = Vec::with_capacity($table.columns.len());
        let mut size = 0;
        for (place, column) in $table.columns.iter().enumerate() {
            values.push(match column.kind {
                Sort::Text => {
                    let text: Option<String> = $row.try_get(place)?;
                    size += text.as_ref().map_or(0, String::len);
                    text.into()
                }
                Sort::Bytes => {
                    let bytes: Option<Vec<u8>> = $row.try_get(place)?;
                    size += bytes.as_ref().map_or(0, Vec::len);
                    bytes.into()
                }
                Sort::Long => $row.try_get::<Option<i64>, _>(place)?.into(),
                Sort::Integer => {
                    let integer: Option<$integer> = $row.try_get(place)?;
                    integer.map(i32::try_from).transpose().map_err(|error| sqlx::Error::Decode(error.into()))?.into()
                }
                Sort::Boolean => $row.try_get::<Option<bool>, _>(place)?.into(),
            });
        }
        (values, size)
    }};
}

/// Rows that are about to be written by one statement.
struct Batch<'a> {
    target: &'a DatabaseTransaction,
    table: &'a Table,
    names: Names<'a>,
    values: Vec<Value>,
    row_count: usize,
    size: usize,
    written: u64,
}

impl Batch<'_> {
    async fn push(&mut self, (values, size): (Vec<Value>, usize)) -> Result<(), CopyError> {
        if self.target.get_database_backend() == DbBackend::Postgres {
            self.refuse_nulls(&values)?;
        }
        self.values.extend(values);
        self.row_count += 1;
        self.size += size;
        if self.row_count >= ROWS || self.size >= BYTES { self.write().await } else { Ok(()) }
    }

    /// SQLite keeps a null character in a text, PostgreSQL does not.
    fn refuse_nulls(&self, values: &[Value]) -> Result<(), CopyError> {
        let holds_null = |value: &Value| matches!(value, Value::String(Some(text)) if text.contains('\0'));
        let Some((column, _)) = self.table.columns.iter().zip(values).find(|(_, value)| holds_null(value)) else { return Ok(()) };
        let id = values.iter().find_map(|value| if let Value::String(Some(text)) = value { Some(plain(text.replace('\0', ""))) } else { None }).unwrap_or_default();
        Err(CopyError::Refused(format!(
            "a text in {} holds a null character, which PostgreSQL cannot keep: table {}, row {id}, column {}",
            self.names.source, self.table.name, column.name
        )))
    }

    async fn write(&mut self) -> Result<(), CopyError> {
        if self.row_count == 0 {
            return Ok(());
        }
        let backend = self.target.get_database_backend();
        let width = self.table.columns.len();
        let row = |row: usize| {
            let places = (0..width).map(|column| if backend == DbBackend::Postgres { format!("${}", row * width + column + 1) } else { "?".into() });
            format!("({})", places.collect::<Vec<_>>().join(", "))
        };
        let rows = (0..self.row_count).map(row).collect::<Vec<_>>().join(", ");
        let sql = format!("INSERT INTO {} ({}) VALUES {rows}", quoted(&self.table.name), self.table.list());
        let statement = Statement::from_sql_and_values(backend, sql, std::mem::take(&mut self.values));
        self.target.execute_raw(statement).await.map_err(|error| self.names.unwritten(self.table, error))?;
        self.written += self.row_count as u64;
        (self.row_count, self.size) = (0, 0);
        Ok(())
    }
}

/// Copies every row of these tables; gives how many. Both ends are counted afterwards.
async fn copy(source: &mut Source, target: &DatabaseTransaction, tables: &[Table], names: Names<'_>, say: &(dyn Fn(&str) + Sync)) -> Result<u64, CopyError> {
    let mut total = 0;
    for table in tables {
        let expected = source.count(table).await.map_err(|error| names.unread(table, error))?;
        let mut batch = Batch { target, table, names, values: Vec::new(), row_count: 0, size: 0, written: 0 };
        let mut said = 0;
        let sql = AssertSqlSafe(format!("SELECT {} FROM {}", table.list(), quoted(&table.name)));
        macro_rules! pump {
            ($connection:expr, $integer:ty) => {{
                let mut rows = sqlx::query(sql).persistent(false).fetch($connection);
                while let Some(row) = rows.try_next().await.map_err(|error| names.unread(table, error))? {
                    let read: Result<_, sqlx::Error> = (|| Ok(values!(row, table, $integer)))();
                    batch.push(read.map_err(|error| names.unread(table, error))?).await?;
                    if batch.written >= said + LONG {
                        said = batch.written;
                        say(&format!("{}: {} {said} of {expected} rows", names.target, table.name));
                    }
                }
            }};
        }
        match &mut *source {
            Source::Sqlite(connection) => pump!(connection, i64),
            Source::Postgres(connection) => pump!(connection, i32),
        }
        batch.write().await?;
        let counted = Statement::from_string(target.get_database_backend(), format!("SELECT count(*) FROM {}", quoted(&table.name)));
        let counted = target.query_one_raw(counted).await.map_err(|error| names.unwritten(table, error))?;
        let counted: i64 = counted.map_or(Ok(0), |row| row.try_get_by_index(0)).map_err(|error| names.unwritten(table, error))?;
        if counted.unsigned_abs() != expected || batch.written != expected {
            return Err(CopyError::Failed(format!("table {} has {expected} rows in {} and {counted} in {}", table.name, names.source, names.target)));
        }
        total += expected;
    }
    Ok(total)
}

/// Opens the empty SQLite file at `file` to write rows into.
async fn new_file(file: &Path) -> Result<DatabaseConnection, CopyError> {
    let mut how = ConnectOptions::new(address(file)?);
    how.sqlx_logging(false).max_connections(1);
    how.map_sqlx_sqlite_opts(|sqlite| sqlite.create_if_missing(false).journal_mode(SqliteJournalMode::Delete).synchronous(SqliteSynchronous::Full).foreign_keys(true));
    Database::connect(how).await.map_err(|error| CopyError::Failed(format!("{} cannot be written: {}", file.display(), plain(error))))
}

/// Opens the copy in `file` once everything about it has been found good, and says which steps its schema has.
async fn believe(file: &Path) -> Result<(Source, Vec<String>), CopyError> {
    let name = file.display();
    let refused = |sentence: String| Err(CopyError::Refused(sentence));
    match fs::metadata(file).map(|found| found.is_file()) {
        Ok(true) => {}
        Ok(false) => return refused(format!("{name} is no file")),
        Err(error) => return refused(format!("{name} cannot be read: {error}")),
    }
    match begins_as_sqlite(file) {
        Ok(true) if fs::metadata(file).is_ok_and(|found| found.len() > 0) => {}
        Ok(_) => return refused(format!("{name} is no backup of this program: it is not a SQLite database")),
        Err(error) => return refused(format!("{name} cannot be read: {error}")),
    }
    for suffix in ["-wal", "-journal"] {
        if fs::metadata(with_suffix(file, suffix)).is_ok_and(|beside| beside.len() > 0) {
            return refused(format!("{name} is not whole without {name}{suffix}: it is a database in use, and no copy made with diligence backup"));
        }
    }
    let damaged = |detail: String| CopyError::Refused(format!("{name} is damaged: {detail}"));
    let mut source = Source::sqlite(file, true).await.map_err(|error| damaged(detail(error)))?;
    let steps = source.steps().await.map_err(|error| damaged(detail(error)))?;
    let Some(steps) = steps else { return refused(format!("{name} is no backup of this program: it is the database of another")) };
    if let Some(step) = unknown(&steps) {
        return Err(CopyError::Newer { file: name.to_string(), step: plain(step) });
    }
    up_to(&steps, &name.to_string())?;
    if let Source::Sqlite(connection) = &mut source {
        let found: String = sqlx::query_scalar("PRAGMA integrity_check(1)").fetch_one(&mut *connection).await.map_err(|error| damaged(plain(error)))?;
        if found != "ok" {
            return Err(damaged(plain(found)));
        }
        let orphans = sqlx::query("PRAGMA foreign_key_check").fetch_optional(&mut *connection).await.map_err(|error| damaged(plain(error)))?;
        if let Some(orphan) = orphans {
            let table: String = orphan.try_get(0).unwrap_or_default();
            return Err(damaged(format!("a row of the table {} hangs on one that is not there", plain(table))));
        }
    }
    Ok((source, steps))
}

/// Whether a file is empty, as a new SQLite database is, or begins as others do.
fn begins_as_sqlite(file: &Path) -> std::io::Result<bool> {
    let mut start = Vec::new();
    File::open(file)?.take(MAGIC.len() as u64).read_to_end(&mut start)?;
    Ok(start.is_empty() || start == MAGIC)
}

/// What an error says beneath our own words.
fn detail(error: OpenError) -> String {
    match error {
        OpenError::Unreachable(detail) | OpenError::NotWritable(detail) | OpenError::Migration(detail) => detail,
        other => other.to_string(),
    }
}

/// A file in which a database is made before it goes to its place; gone with this value, unless it went there.
#[derive(Debug)]
struct Bench {
    path: PathBuf,
    /// Held locked, so that a second restore does not work in the same file.
    file: File,
    is_in_place: bool,
}

impl Bench {
    fn new(path: PathBuf) -> Result<Self, CopyError> {
        let failed = |error: std::io::Error| CopyError::Failed(format!("{} cannot be written: {error}", path.display()));
        let mut how = OpenOptions::new();
        how.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut how, 0o600);
        let file = how.open(&path).map_err(failed)?;
        file.try_lock().map_err(|_| CopyError::Refused(format!("{} is being written: another restore is under way", path.display())))?;
        // What a restore that was broken off has left.
        file.set_len(0).map_err(failed)?;
        keep_private(&file).map_err(failed)?;
        let bench = Self { path, file, is_in_place: false };
        bench.clear_beside();
        Ok(bench)
    }

    fn clear_beside(&self) {
        for suffix in ["-wal", "-shm", "-journal"] {
            let _ = fs::remove_file(with_suffix(&self.path, suffix));
        }
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        if !self.is_in_place {
            let _ = fs::remove_file(&self.path);
            self.clear_beside();
        }
    }
}

/// Lets nobody else read the file, whatever the umask.
///
/// # Errors
/// Those of the file system.
pub fn keep_private(file: &File) -> std::io::Result<()> {
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    #[cfg(not(unix))]
    let _ = file;
    Ok(())
}

/// Makes a whole and current database of the copy's rows, and looks at its audit trail. Gives the organisations' names and how many rows.
async fn rebuild(
    source: &mut Source,
    steps: &[String],
    file: &Path,
    bench: &Path,
    how: Restoring,
    clock: &Clock,
    say: &(dyn Fn(&str) + Sync),
) -> Result<(Vec<String>, u64), CopyError> {
    let failed = |error: DbErr| CopyError::Failed(format!("{} cannot be written: {}", bench.display(), plain(error)));
    let target = new_file(bench).await?;
    let transaction = target.begin().await.map_err(failed)?;
    Steps::up(&transaction, Some(up_to(steps, &file.display().to_string())?)).await.map_err(failed)?;
    let tables = tables(&transaction).await.map_err(failed)?;
    let row_count = copy(source, &transaction, &tables, Names { source: &file.display().to_string(), target: &bench.display().to_string() }, say).await?;
    let outdated = |error: DbErr| CopyError::Refused(format!("{} could not be brought up to date: {}", file.display(), plain(error)));
    Steps::up(&transaction, None).await.map_err(outdated)?;
    transaction.commit().await.map_err(failed)?;
    target.close().await.map_err(failed)?;

    let store = Store::open(StoreOptions { url: address(bench)?, max_connections: 2, clock: clock.clone() }).await?;
    let looked = look(&store, file, how, say).await;
    store.close().await;
    let looked = looked?;
    settle(bench).await?;
    Ok((looked, row_count))
}

/// Takes everything that was written into the file itself, so that nothing of it stays beside where it is renamed.
async fn settle(file: &Path) -> Result<(), CopyError> {
    let how = SqliteConnectOptions::new().filename(file).busy_timeout(PATIENCE).journal_mode(SqliteJournalMode::Delete).disable_statement_logging();
    let failed = |error: sqlx::Error| CopyError::Failed(format!("{} cannot be written to its end: {}", file.display(), plain(error)));
    SqliteConnection::connect_with(&how).await.map_err(failed)?.close().await.map_err(failed)?;
    if with_suffix(file, "-wal").exists() {
        return Err(CopyError::Failed(format!("{} is still open elsewhere", file.display())));
    }
    Ok(())
}

/// Looks whether the trail of every organisation is as it was written, and notes in it that it was put back.
async fn look(store: &Store, file: &Path, how: Restoring, say: &(dyn Fn(&str) + Sync)) -> Result<Vec<String>, CopyError> {
    let failed = |error: Error| CopyError::Refused(format!("{} holds what this program does not understand: {}", file.display(), plain(error)));
    let organisations = organisation::all(store).await.map_err(failed)?;
    for organisation in &organisations {
        let reader = store.read(&console(organisation.id.clone())).await.map_err(failed)?;
        let found = audit::verify(&reader, None).await.map_err(failed)?;
        let Some(fault) = found.faults.first() else { continue };
        let told = format!("the audit trail of {:?} is not as it was written ({} in all): {}", organisation.name, found.fault_count, plain(&fault.detail));
        if !how.takes_altered_audit {
            return Err(CopyError::Refused(format!(
                "in {}, {told}. Another copy may be better; to take this one all the same, add --accept-altered-audit",
                file.display()
            )));
        }
        say(&format!("taken all the same: {told}"));
    }
    note_in(store, RESTORE).await.map_err(failed)?;
    Ok(organisations.into_iter().map(|organisation| organisation.name).collect())
}

/// What stands in the place of a SQLite database.
#[derive(Debug)]
enum Found {
    /// Nothing.
    Nothing,
    /// A database without any row.
    Empty,
    /// Ours, with this organisation.
    Organisation(String),
    /// Something else, or something damaged.
    Other(String),
}

impl Found {
    /// Looks at `place`, which must not be in use.
    async fn at(place: &Path) -> Result<Self, CopyError> {
        let (held, found) = Self::hold(place).await?;
        if let Some(held) = held {
            let _ = held.close().await;
        }
        Ok(found)
    }

    /// The same, and keeps others out of it. What is in its `-wal` is in the file itself from here on.
    async fn hold(place: &Path) -> Result<(Option<SqliteConnection>, Self), CopyError> {
        match fs::metadata(place) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                for suffix in ["-wal", "-journal"] {
                    let beside = with_suffix(place, suffix);
                    if fs::metadata(&beside).is_ok_and(|beside| beside.len() > 0) {
                        return Err(CopyError::Refused(format!("{} is left of a database that is not there: put it elsewhere first", beside.display())));
                    }
                }
                return Ok((None, Self::Nothing));
            }
            Err(error) => return Err(OpenError::NotWritable(format!("{}: {error}", place.display())).into()),
            Ok(found) if !found.is_file() => return Err(OpenError::NotWritable(format!("{} is no file", place.display())).into()),
            Ok(_) => {}
        }
        // SQLite would tidy up what is beside a file that is none of its own.
        if !begins_as_sqlite(place).map_err(|error| OpenError::NotWritable(format!("{}: {error}", place.display())))? {
            return Ok((None, Self::Other("it is not a SQLite database".into())));
        }
        let how = SqliteConnectOptions::new().filename(place).create_if_missing(false).busy_timeout(Duration::from_secs(1)).disable_statement_logging();
        let mut connection = match SqliteConnection::connect_with(&how.pragma("trusted_schema", "OFF")).await {
            Ok(connection) => connection,
            Err(error) => return Ok((None, Self::Other(plain(error)))),
        };
        // Writes the journal back into the file, and is refused while anyone else has it open.
        let alone = async {
            sqlx::query("PRAGMA journal_mode = DELETE").execute(&mut connection).await?;
            sqlx::query("BEGIN EXCLUSIVE").execute(&mut connection).await
        };
        match alone.await {
            Ok(_) => {}
            Err(error) if is_busy(&error) => {
                return Err(CopyError::Refused(format!("{} is in use: stop the program first", place.display())));
            }
            Err(error) => return Ok((None, Self::Other(plain(error)))),
        }
        let found = match Self::look(&mut connection).await {
            Ok(found) => found,
            Err(error) => Self::Other(plain(error)),
        };
        Ok((Some(connection), found))
    }

    async fn look(connection: &mut SqliteConnection) -> Result<Self, sqlx::Error> {
        let names = sqlx::query_scalar("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'seaql_migrations' ORDER BY name");
        let names: Vec<String> = names.fetch_all(&mut *connection).await?;
        if names.iter().any(|name| name == "organisation")
            && let Some(name) = sqlx::query_scalar("SELECT name FROM organisation ORDER BY name LIMIT 1").fetch_optional(&mut *connection).await?
        {
            return Ok(Self::Organisation(name));
        }
        for name in names {
            let sql = AssertSqlSafe(format!("SELECT 1 FROM {} LIMIT 1", quoted(&name)));
            if sqlx::query(sql).fetch_optional(&mut *connection).await?.is_some() {
                return Ok(Self::Other(format!("the table {} has rows", plain(name))));
            }
        }
        Ok(Self::Empty)
    }

    /// Whether it may go out of the way.
    fn give_way(&self, place: &Path, how: Restoring) -> Result<(), CopyError> {
        let what = match self {
            Self::Nothing | Self::Empty => return Ok(()),
            Self::Organisation(name) => format!("holds the organisation {name:?}"),
            Self::Other(what) => format!("is not empty ({what})"),
        };
        if how.moves_aside {
            return Ok(());
        }
        Err(CopyError::Refused(format!("{} {what} and is left as it is: add --move-aside to keep it under another name beside the restored one", place.display())))
    }
}

fn is_busy(error: &sqlx::Error) -> bool {
    // The lowest byte is the kind: SQLITE_BUSY or SQLITE_LOCKED.
    let code = error.as_database_error().and_then(|error| error.code()).and_then(|code| code.parse::<u32>().ok());
    code.is_some_and(|code| matches!(code & 0xff, 5 | 6))
}

/// Puts the finished database into its place; gives the name under which what was there is kept.
async fn put_in_place(mut bench: Bench, place: &Path, how: Restoring, clock: &Clock) -> Result<Option<PathBuf>, CopyError> {
    let failed = |error: std::io::Error| CopyError::Failed(format!("{} cannot be put in place: {error}", place.display()));
    bench.file.sync_all().map_err(failed)?;
    let (held, found) = Found::hold(place).await?;
    found.give_way(place, how)?;
    let kept = match found {
        Found::Nothing | Found::Empty => None,
        Found::Organisation(_) | Found::Other(_) => {
            let aside = with_suffix(place, &format!(".before-restore-{}", clock.now().time().format("%Y%m%dT%H%M%SZ")));
            // A second name first, so that at every moment there is a database in the place: the old one or the new one.
            fs::hard_link(place, &aside)
                .or_else(|error| if error.kind() == ErrorKind::AlreadyExists { Err(error) } else { fs::rename(place, &aside) })
                .map_err(failed)?;
            // Only of a database that could not be opened are these still there.
            for suffix in ["-wal", "-shm", "-journal"] {
                let beside = with_suffix(place, suffix);
                if beside.exists() {
                    fs::rename(&beside, with_suffix(&aside, suffix)).map_err(failed)?;
                }
            }
            Some(aside)
        }
    };
    fs::rename(&bench.path, place).map_err(failed)?;
    bench.is_in_place = true;
    if let Some(held) = held {
        let _ = held.close().await;
    }
    #[cfg(unix)]
    {
        let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
    }
    Ok(kept)
}

async fn postgres(url: &str) -> Result<DatabaseConnection, OpenError> {
    let how = server(url).await?.statement_cache_capacity(0);
    let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(PATIENCE).connect_with(how).await;
    pool.map(SqlxPostgresConnector::from_sqlx_postgres_pool).map_err(|error| OpenError::Unreachable(plain(error)))
}

/// Refuses a PostgreSQL database that holds anything of ours, or anything that is in our way.
async fn is_free(target: &impl ConnectionTrait) -> Result<(), CopyError> {
    const ADVICE: &str = "and is left as it is: make an empty database (CREATE DATABASE) and name that with --database-url";
    let unreachable = |error: DbErr| CopyError::Open(OpenError::Unreachable(plain(error)));
    let one = async |sql: String| target.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await.map_err(unreachable);
    let exists = async |table: &str| Ok::<_, CopyError>(one(format!("SELECT 1 WHERE to_regclass('{}') IS NOT NULL", quoted(table))).await?.is_some());
    let is_ours = exists("seaql_migrations").await?;
    if is_ours {
        let steps =
            target.query_all_raw(Statement::from_string(DbBackend::Postgres, "SELECT version FROM seaql_migrations ORDER BY version")).await.map_err(unreachable)?;
        let steps = steps.iter().map(|row| row.try_get_by_index::<String>(0)).collect::<Result<Vec<_>, _>>().map_err(unreachable)?;
        if let Some(step) = unknown(&steps) {
            return Err(OpenError::NewerSchema(step.into()).into());
        }
    }
    for table in our_tables().await? {
        if !exists(&table.name).await? {
            continue;
        }
        if !is_ours {
            return Err(CopyError::Refused(format!("the database holds a table {} of another program {ADVICE}", table.name)));
        }
        if table.name == "organisation"
            && let Some(row) = one("SELECT name FROM organisation ORDER BY name LIMIT 1".into()).await?
        {
            let name: String = row.try_get_by_index(0).map_err(unreachable)?;
            return Err(CopyError::Refused(format!("the database holds the organisation {name:?} {ADVICE}")));
        }
        if one(format!("SELECT 1 FROM {} LIMIT 1", quoted(&table.name))).await?.is_some() {
            return Err(CopyError::Refused(format!("the database is not empty (the table {} has rows) {ADVICE}", table.name)));
        }
    }
    Ok(())
}

/// The tables of the current schema, organisations first.
async fn our_tables() -> Result<Vec<Table>, CopyError> {
    let failed = |error: DbErr| CopyError::Failed(plain(error));
    let mut how = ConnectOptions::new("sqlite::memory:");
    how.sqlx_logging(false).max_connections(1);
    let connection = Database::connect(how).await.map_err(failed)?;
    Steps::up(&connection, None).await.map_err(failed)?;
    let mut tables = tables(&connection).await.map_err(failed)?;
    tables.sort_by_key(|table| table.name != "organisation");
    Ok(tables)
}

/// Copies the finished database in `bench` into the empty PostgreSQL database at `url`: all of it or nothing.
async fn fill(bench: &Path, url: &str, say: &(dyn Fn(&str) + Sync)) -> Result<(), CopyError> {
    let failed = |error: DbErr| CopyError::Open(OpenError::Unreachable(plain(error)));
    let mut source = Source::sqlite(bench, true).await?;
    let finished = new_file(bench).await?;
    let tables = tables(&finished).await.map_err(failed)?;
    finished.close().await.map_err(failed)?;
    let target = postgres(url).await?;
    let transaction = target.begin().await.map_err(failed)?;
    migrations::lock(&transaction).await.map_err(failed)?;
    is_free(&transaction).await?;
    Steps::up(&transaction, None).await.map_err(|error| OpenError::Migration(plain(error)))?;
    copy(&mut source, &transaction, &tables, Names { source: "the copy", target: "the database" }, say).await?;
    transaction.commit().await.map_err(failed)?;
    source.close().await;
    target.close().await.map_err(failed)
}
