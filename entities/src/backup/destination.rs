//! Where a copy is put back: what stands there, whether it may give way, and the finished database put in its place.

use std::{
    fs::{self, File},
    io::ErrorKind,
    path::{Path, PathBuf},
    time::Duration,
};

use sea_orm::{
    ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr, SqlxPostgresConnector, Statement,
    TransactionTrait as _,
    sqlx::{self, AssertSqlSafe, ConnectOptions as _, Connection as _, SqliteConnection, sqlite::SqliteConnectOptions},
};
use sea_orm_migration::MigratorTrait as _;

use super::{
    CopyError, PATIENCE, Restoring, begins_as_sqlite, new_file, plain,
    restore::Bench,
    rows::{Names, Source, Table, copy, quoted, tables},
    sqlite_place, unknown, with_suffix,
};
use crate::{
    clock::Clock,
    migrations::{self, Steps},
    scope::{OpenError, connect_options, pool_of_one, server},
};

/// Where a database is.
#[derive(Debug)]
pub(super) enum Place {
    Sqlite(PathBuf),
    Postgres,
}

impl Place {
    pub(super) fn of(url: &str) -> Result<Self, OpenError> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self::Postgres);
        }
        sqlite_place(url).map(Self::Sqlite)
    }
}

/// What stands in the place of a SQLite database.
#[derive(Debug)]
pub(super) enum Found {
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
    pub(super) async fn at(place: &Path) -> Result<Self, CopyError> {
        let (held, found) = Self::hold(place).await?;
        if let Some(held) = held {
            let _ = held.close().await;
        }
        Ok(found)
    }

    /// Looks at `place` and keeps others out of it. What is in its `-wal` is in the file itself from here on.
    async fn hold(place: &Path) -> Result<(Option<SqliteConnection>, Self), CopyError> {
        match fs::metadata(place) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                for suffix in ["-wal", "-journal"] {
                    let beside = with_suffix(place, suffix);
                    if fs::metadata(&beside).is_ok_and(|beside| beside.len() > 0) {
                        return Err(CopyError::Refused(format!(
                            "{} belongs to a database file that is missing: move it elsewhere first",
                            beside.display()
                        )));
                    }
                }
                return Ok((None, Self::Nothing));
            }
            Err(error) => return Err(OpenError::NotWritable(format!("{}: {error}", place.display())).into()),
            Ok(found) if !found.is_file() => {
                return Err(OpenError::NotWritable(format!("{} is no file", place.display())).into());
            }
            Ok(_) => {}
        }
        // SQLite would tidy up what is beside a file that is none of its own.
        if !begins_as_sqlite(place).map_err(|error| OpenError::NotWritable(format!("{}: {error}", place.display())))? {
            return Ok((None, Self::Other("it is not a SQLite database".into())));
        }
        let how = SqliteConnectOptions::new()
            .filename(place)
            .create_if_missing(false)
            .busy_timeout(Duration::from_secs(1))
            .disable_statement_logging();
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
        let names = sqlx::query_scalar(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'seaql_migrations' ORDER BY name",
        );
        let names: Vec<String> = names.fetch_all(&mut *connection).await?;
        if names.iter().any(|name| name == "organisation")
            && let Some(name) = sqlx::query_scalar("SELECT name FROM organisation ORDER BY name LIMIT 1")
                .fetch_optional(&mut *connection)
                .await?
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
    pub(super) fn give_way(&self, place: &Path, how: Restoring) -> Result<(), CopyError> {
        let what = match self {
            Self::Nothing | Self::Empty => return Ok(()),
            Self::Organisation(name) => format!("holds the organisation {name:?}"),
            Self::Other(what) => format!("is not empty ({what})"),
        };
        if how.moves_aside {
            return Ok(());
        }
        Err(CopyError::Refused(format!(
            "{} {what} and is left as it is: add --move-aside to keep it under another name beside the restored one",
            place.display()
        )))
    }
}

fn is_busy(error: &sqlx::Error) -> bool {
    // The lowest byte is the kind: SQLITE_BUSY or SQLITE_LOCKED.
    let code = error.as_database_error().and_then(|error| error.code()).and_then(|code| code.parse::<u32>().ok());
    code.is_some_and(|code| matches!(code & 0xff, 5 | 6))
}

/// Puts the finished database into its place; gives the name under which what was there is kept.
pub(super) async fn put_in_place(
    mut bench: Bench,
    place: &Path,
    how: Restoring,
    clock: &Clock,
) -> Result<Option<PathBuf>, CopyError> {
    let failed =
        |error: std::io::Error| CopyError::Failed(format!("{} cannot be put in place: {error}", place.display()));
    bench.file.sync_all().map_err(failed)?;
    let (held, found) = Found::hold(place).await?;
    found.give_way(place, how)?;
    let kept = match found {
        Found::Nothing | Found::Empty => None,
        Found::Organisation(_) | Found::Other(_) => {
            let aside = with_suffix(place, &format!(".before-restore-{}", clock.now().time().format("%Y%m%dT%H%M%SZ")));
            // A second name first, so that at every moment there is a database in the place: the old one or the new
            // one.
            fs::hard_link(place, &aside)
                .or_else(
                    |error| {
                        if error.kind() == ErrorKind::AlreadyExists { Err(error) } else { fs::rename(place, &aside) }
                    },
                )
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

pub(super) async fn postgres(url: &str) -> Result<DatabaseConnection, OpenError> {
    let how = server(url).await?.statement_cache_capacity(0);
    let pool = pool_of_one().acquire_timeout(PATIENCE).connect_with(how).await;
    pool.map(SqlxPostgresConnector::from_sqlx_postgres_pool).map_err(|error| OpenError::Unreachable(plain(error)))
}

/// Refuses a PostgreSQL database that holds anything of ours, or anything that is in our way.
pub(super) async fn is_free(target: &impl ConnectionTrait) -> Result<(), CopyError> {
    const ADVICE: &str =
        "and is left as it is: make an empty database (CREATE DATABASE) and name that with --database-url";
    let unreachable = |error: DbErr| CopyError::Open(OpenError::Unreachable(plain(error)));
    let one = async |sql: String| {
        target.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await.map_err(unreachable)
    };
    let exists = async |table: &str| {
        Ok::<_, CopyError>(one(format!("SELECT 1 WHERE to_regclass('{}') IS NOT NULL", quoted(table))).await?.is_some())
    };
    let is_ours = exists("seaql_migrations").await?;
    if is_ours {
        let steps = target
            .query_all_raw(Statement::from_string(
                DbBackend::Postgres,
                "SELECT version FROM seaql_migrations ORDER BY version",
            ))
            .await
            .map_err(unreachable)?;
        let steps = steps
            .iter()
            .map(|row| row.try_get_by_index::<String>(0))
            .collect::<Result<Vec<_>, _>>()
            .map_err(unreachable)?;
        if let Some(step) = unknown(&steps) {
            return Err(OpenError::NewerSchema(step.into()).into());
        }
    }
    for table in our_tables().await? {
        if !exists(&table.name).await? {
            continue;
        }
        if !is_ours {
            return Err(CopyError::Refused(format!(
                "the database holds a table {} of another program {ADVICE}",
                table.name
            )));
        }
        if table.name == "organisation"
            && let Some(row) = one("SELECT name FROM organisation ORDER BY name LIMIT 1".into()).await?
        {
            let name: String = row.try_get_by_index(0).map_err(unreachable)?;
            return Err(CopyError::Refused(format!("the database holds the organisation {name:?} {ADVICE}")));
        }
        if one(format!("SELECT 1 FROM {} LIMIT 1", quoted(&table.name))).await?.is_some() {
            return Err(CopyError::Refused(format!(
                "the database is not empty (the table {} has rows) {ADVICE}",
                table.name
            )));
        }
    }
    Ok(())
}

/// The tables of the current schema, organisations first.
async fn our_tables() -> Result<Vec<Table>, CopyError> {
    let failed = |error: DbErr| CopyError::Failed(plain(error));
    let connection = Database::connect(connect_options("sqlite::memory:")).await.map_err(failed)?;
    Steps::up(&connection, None).await.map_err(failed)?;
    let mut tables = tables(&connection).await.map_err(failed)?;
    tables.sort_by_key(|table| table.name != "organisation");
    Ok(tables)
}

/// Copies the finished database in `bench` into the empty PostgreSQL database at `url`: all of it or nothing.
pub(super) async fn fill(bench: &Path, url: &str, say: &(dyn Fn(&str) + Sync)) -> Result<(), CopyError> {
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
