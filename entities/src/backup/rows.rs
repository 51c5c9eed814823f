//! Every row of one database copied into another, table by table.

use std::{collections::BTreeSet, path::Path};

use futures_util::TryStreamExt as _;
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, Statement, Value,
    sqlx::{
        self, AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, Row as _, SqliteConnection,
        sqlite::SqliteConnectOptions,
    },
};

use super::{CopyError, PATIENCE, plain};
use crate::scope::{OpenError, server};

/// How many rows one statement writes at the most, few enough for the databases' limits on parameters.
const ROWS: usize = 200;
/// From how many bytes on a statement takes no further row.
const BYTES: usize = 4 << 20;
/// How many rows may wait between the thread that reads a SQLite file and us: an evidence file is a row.
const WAITING: usize = 4;
/// After how many rows something is said.
const LONG: u64 = 100_000;

/// A database that rows are read from, all of them as they were at one moment.
pub(super) enum Source {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Source {
    /// A file; one that no one writes to is read without a trace.
    pub(super) async fn sqlite(file: &Path, is_still: bool) -> Result<Self, OpenError> {
        let how = SqliteConnectOptions::new()
            .filename(file)
            .read_only(true)
            .immutable(is_still)
            .busy_timeout(PATIENCE)
            .row_buffer_size(WAITING)
            .disable_statement_logging();
        // What a schema made elsewhere calls when it is read runs nothing, and a page is looked at before it is
        // believed.
        let how = how.pragma("trusted_schema", "OFF").pragma("cell_size_check", "ON");
        let connection =
            SqliteConnection::connect_with(&how).await.map_err(|error| OpenError::Unreachable(plain(error)))?;
        Ok(Self::Sqlite(connection))
    }

    pub(super) async fn postgres(url: &str) -> Result<Self, OpenError> {
        let how = server(url).await?.statement_cache_capacity(0);
        let unreachable = |error: sqlx::Error| OpenError::Unreachable(plain(error));
        let mut connection = PgConnection::connect_with(&how).await.map_err(unreachable)?;
        sqlx::query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            .persistent(false)
            .execute(&mut connection)
            .await
            .map_err(unreachable)?;
        Ok(Self::Postgres(connection))
    }

    /// The schema's steps, in order; none in a database that no program of ours has made.
    pub(super) async fn steps(&mut self) -> Result<Option<Vec<String>>, OpenError> {
        const IS_OURS_SQLITE: &str =
            "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'seaql_migrations'";
        const IS_OURS_POSTGRES: &str = "SELECT count(to_regclass('seaql_migrations'))";
        const STEPS: &str = "SELECT version FROM seaql_migrations ORDER BY version";
        let unreachable = |error: sqlx::Error| OpenError::Unreachable(plain(error));
        let (is_ours, steps): (i64, Vec<String>) = match self {
            Self::Sqlite(connection) => {
                let is_ours =
                    sqlx::query_scalar(IS_OURS_SQLITE).fetch_one(&mut *connection).await.map_err(unreachable)?;
                (
                    is_ours,
                    if is_ours == 0 {
                        Vec::new()
                    } else {
                        sqlx::query_scalar(STEPS).fetch_all(connection).await.map_err(unreachable)?
                    },
                )
            }
            Self::Postgres(connection) => {
                let is_ours = sqlx::query_scalar(IS_OURS_POSTGRES)
                    .persistent(false)
                    .fetch_one(&mut *connection)
                    .await
                    .map_err(unreachable)?;
                let steps = sqlx::query_scalar(STEPS).persistent(false);
                (
                    is_ours,
                    if is_ours == 0 { Vec::new() } else { steps.fetch_all(connection).await.map_err(unreachable)? },
                )
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

    pub(super) async fn close(self) {
        let _ = match self {
            Self::Sqlite(connection) => connection.close().await,
            Self::Postgres(connection) => connection.close().await,
        };
    }
}

/// A table, as our own steps have just made it.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: String,
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

pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The tables of a SQLite database that our steps have made, each after those that its rows point to.
pub(super) async fn tables(connection: &impl ConnectionTrait) -> Result<Vec<Table>, DbErr> {
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
        let (next, rest): (Vec<_>, Vec<_>) = waiting
            .into_iter()
            .partition(|(_, parents)| parents.iter().all(|parent| ordered.iter().any(|table| table.name == *parent)));
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
pub(super) struct Names<'a> {
    pub(super) source: &'a str,
    pub(super) target: &'a str,
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
        let Some((column, _)) = self.table.columns.iter().zip(values).find(|(_, value)| holds_null(value)) else {
            return Ok(());
        };
        let id = values
            .iter()
            .find_map(
                |value| if let Value::String(Some(text)) = value { Some(plain(text.replace('\0', ""))) } else { None },
            )
            .unwrap_or_default();
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
            let places = (0..width).map(|column| {
                if backend == DbBackend::Postgres { format!("${}", row * width + column + 1) } else { "?".into() }
            });
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
pub(super) async fn copy(
    source: &mut Source,
    target: &DatabaseTransaction,
    tables: &[Table],
    names: Names<'_>,
    say: &(dyn Fn(&str) + Sync),
) -> Result<u64, CopyError> {
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
        let counted = Statement::from_string(
            target.get_database_backend(),
            format!("SELECT count(*) FROM {}", quoted(&table.name)),
        );
        let counted = target.query_one_raw(counted).await.map_err(|error| names.unwritten(table, error))?;
        let counted: i64 =
            counted.map_or(Ok(0), |row| row.try_get_by_index(0)).map_err(|error| names.unwritten(table, error))?;
        if counted.unsigned_abs() != expected || batch.written != expected {
            return Err(CopyError::Failed(format!(
                "table {} has {expected} rows in {} and {counted} in {}",
                table.name, names.source, names.target
            )));
        }
        total += expected;
    }
    Ok(total)
}
