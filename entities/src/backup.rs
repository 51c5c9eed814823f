//! Copies of whole databases, of every organisation in them: taken while the program runs, checked before they are
//! believed, and put back on either database.
//!
//! A copy is one SQLite file, whatever it is a copy of, so that there is one thing to keep and one thing to read.
//! SQLite writes it itself; from PostgreSQL, and back into either, rows go table by table into a schema that our own
//! steps have just made. Nothing of a copy but its rows is ever taken over, since whoever could write the file could
//! have put anything into it.
//!
//! This is beside [`crate::scope`], with connections of its own: it reads no organisation's rows but all rows, and only
//! the person at the console, who owns the database, can ask for it.

use std::{
    ffi::OsString,
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
    time::Duration,
};

use sea_orm::{
    ConnectionTrait as _, Database, DatabaseConnection, DbErr, TransactionTrait as _,
    sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous},
};
use sea_orm_migration::MigratorTrait as _;
use serde_json::json;

use self::rows::{Names, Source, copy, tables};
use crate::{
    audit,
    clock::Clock,
    error::Error,
    migrations::Steps,
    organisation,
    role::Role,
    scope::{Actor, OpenError, Scope, Store, StoreOptions, Target, address, connect_options},
};

mod destination;
mod restore;
mod rows;

pub use restore::{Restored, Restoring, restore};

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
    #[error(
        "{file} was made by a newer version of this program (it has the schema step `{step}`): restore it with that version"
    )]
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

/// The action of the audit event that says that a copy was made.
pub const BACK_UP: &str = "back_up";
/// The action of the audit event that says that a copy was put back.
pub const RESTORE: &str = "restore";

/// Copies the database at `url`, as it stands at one moment, into the empty file at `file`; also while it is in use.
/// Its schema stays as it is. How far it has come is said to `say`, where it takes long.
///
/// # Errors
/// [`CopyError`]; then the file holds nothing of worth.
pub async fn back_up(url: &str, file: &Path, say: &(dyn Fn(&str) + Sync)) -> Result<(), CopyError> {
    if url.starts_with("sqlite:") {
        return vacuum(url, file).await;
    }
    let mut source = Source::postgres(url).await?;
    let steps = source.steps().await?.ok_or_else(|| {
        CopyError::Refused("the database holds nothing of this program: there is nothing to copy".into())
    })?;
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
    let mut how = connect_options(url);
    how.map_sqlx_sqlite_opts(|sqlite| sqlite.create_if_missing(false).busy_timeout(PATIENCE));
    let unreachable = |error: DbErr| OpenError::Unreachable(plain(error));
    let name = file.to_str().ok_or_else(|| CopyError::Refused("the file's name must be text in UTF-8".into()))?;
    let failed = |error: DbErr| CopyError::Failed(format!("no copy could be written: {}", plain(error)));
    let connection = Database::connect(how).await.map_err(unreachable)?;
    connection.execute_unprepared(&format!("VACUUM INTO '{}'", name.replace('\'', "''"))).await.map_err(failed)?;
    Ok(connection.close().await.map_err(unreachable)?)
}

/// Notes in the trail of every organisation that a copy was made of the database. One whose schema is older than the
/// program is left as it is.
///
/// # Errors
/// A sentence on why not.
pub async fn note(url: &str, clock: Clock) -> Result<(), String> {
    let noted = async {
        let mut source = if url.starts_with("sqlite:") {
            Source::sqlite(&sqlite_place(url)?, false).await?
        } else {
            Source::postgres(url).await?
        };
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
        audit::record(
            store,
            &console(organisation.id),
            action,
            "organisation",
            &id,
            Some(json!({ "name": organisation.name })),
        )
        .await?;
    }
    Ok(())
}

fn console(organisation_id: crate::id::OrganisationId) -> Scope {
    Scope {
        organisation_id,
        actor: Actor { id: "console".into(), name: "console".into() },
        role: Role::Admin,
        request_id: None,
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
        Some((missing, _)) => Err(CopyError::Refused(format!(
            "the schema of {what} lacks the step `{missing}`: it was left between two versions of this program"
        ))),
        None => Ok(u32::try_from(steps.len()).unwrap_or(u32::MAX)),
    }
}

/// Opens the empty SQLite file at `file` to write rows into.
async fn new_file(file: &Path) -> Result<DatabaseConnection, CopyError> {
    let mut how = connect_options(address(file)?);
    how.map_sqlx_sqlite_opts(|sqlite| {
        sqlite
            .create_if_missing(false)
            .journal_mode(SqliteJournalMode::Delete)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
    });
    Database::connect(how)
        .await
        .map_err(|error| CopyError::Failed(format!("{} cannot be written: {}", file.display(), plain(error))))
}

/// Whether a file is empty, as a new SQLite database is, or begins as others do.
fn begins_as_sqlite(file: &Path) -> std::io::Result<bool> {
    let mut start = Vec::new();
    File::open(file)?.take(MAGIC.len() as u64).read_to_end(&mut start)?;
    Ok(start.is_empty() || start == MAGIC)
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
