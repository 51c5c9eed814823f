//! Putting a copy back: checked before it is believed, and brought up to date in a file of its own.

use std::{
    fs::{self, File, OpenOptions},
    path::{Path, PathBuf},
};

use sea_orm::{
    DbErr, TransactionTrait as _,
    sqlx::{
        self, ConnectOptions as _, Connection as _, Row as _, SqliteConnection,
        sqlite::{SqliteConnectOptions, SqliteJournalMode},
    },
};
use sea_orm_migration::MigratorTrait as _;

use super::{
    CopyError, PATIENCE, RESTORE, address, begins_as_sqlite, console,
    destination::{Found, Place, fill, is_free, postgres, put_in_place},
    keep_private, new_file, note_in, plain,
    rows::{Names, Source, copy, tables},
    unknown, up_to, with_suffix,
};
use crate::{
    audit,
    clock::Clock,
    error::Error,
    migrations::Steps,
    organisation,
    scope::{OpenError, Store, StoreOptions},
};

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

/// Puts the copy in `file` back as the database at `url`, which must be empty, or whose SQLite file is moved aside. An
/// older copy is brought up to date. The copy is checked first and stays as it is; until all of it is there, the
/// database is what it was.
///
/// # Errors
/// [`CopyError`]; then nothing was changed.
pub async fn restore(
    file: &Path,
    url: &str,
    how: Restoring,
    clock: &Clock,
    say: &(dyn Fn(&str) + Sync),
) -> Result<Restored, CopyError> {
    let place = match Place::of(url)? {
        Place::Sqlite(place) => {
            if fs::canonicalize(file).is_ok_and(|file| fs::canonicalize(&place).is_ok_and(|place| place == file)) {
                return Err(CopyError::Refused(format!(
                    "{} is the database itself, and no copy of it",
                    file.display()
                )));
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
            return refused(format!(
                "{name} is not whole without {name}{suffix}: it is a database in use, and no copy made with diligence backup"
            ));
        }
    }
    let damaged = |detail: String| CopyError::Refused(format!("{name} is damaged: {detail}"));
    let mut source = Source::sqlite(file, true).await.map_err(|error| damaged(detail(error)))?;
    let steps = source.steps().await.map_err(|error| damaged(detail(error)))?;
    let Some(steps) = steps else {
        return refused(format!("{name} is no backup of this program: it is the database of another"));
    };
    if let Some(step) = unknown(&steps) {
        return Err(CopyError::Newer { file: name.to_string(), step: plain(step) });
    }
    up_to(&steps, &name.to_string())?;
    if let Source::Sqlite(connection) = &mut source {
        let found: String = sqlx::query_scalar("PRAGMA integrity_check(1)")
            .fetch_one(&mut *connection)
            .await
            .map_err(|error| damaged(plain(error)))?;
        if found != "ok" {
            return Err(damaged(plain(found)));
        }
        let orphans = sqlx::query("PRAGMA foreign_key_check")
            .fetch_optional(&mut *connection)
            .await
            .map_err(|error| damaged(plain(error)))?;
        if let Some(orphan) = orphans {
            let table: String = orphan.try_get(0).unwrap_or_default();
            return Err(damaged(format!("a row of the table {} refers to one that does not exist", plain(table))));
        }
    }
    Ok((source, steps))
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
pub(super) struct Bench {
    pub(super) path: PathBuf,
    /// Held locked, so that a second restore does not work in the same file.
    pub(super) file: File,
    pub(super) is_in_place: bool,
}

impl Bench {
    fn new(path: PathBuf) -> Result<Self, CopyError> {
        let failed =
            |error: std::io::Error| CopyError::Failed(format!("{} cannot be written: {error}", path.display()));
        let mut how = OpenOptions::new();
        how.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut how, 0o600);
        let file = how.open(&path).map_err(failed)?;
        file.try_lock().map_err(|_| {
            CopyError::Refused(format!("{} is being written: another restore is under way", path.display()))
        })?;
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

/// Makes a whole and current database of the copy's rows, and looks at its audit trail. Gives the organisations' names
/// and how many rows.
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
    let row_count = copy(
        source,
        &transaction,
        &tables,
        Names { source: &file.display().to_string(), target: &bench.display().to_string() },
        say,
    )
    .await?;
    let outdated = |error: DbErr| {
        CopyError::Refused(format!("{} could not be brought up to date: {}", file.display(), plain(error)))
    };
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
    let how = SqliteConnectOptions::new()
        .filename(file)
        .busy_timeout(PATIENCE)
        .journal_mode(SqliteJournalMode::Delete)
        .disable_statement_logging();
    let failed = |error: sqlx::Error| {
        CopyError::Failed(format!("{} cannot be written to its end: {}", file.display(), plain(error)))
    };
    SqliteConnection::connect_with(&how).await.map_err(failed)?.close().await.map_err(failed)?;
    if with_suffix(file, "-wal").exists() {
        return Err(CopyError::Failed(format!("{} is still open elsewhere", file.display())));
    }
    Ok(())
}

/// Looks whether the trail of every organisation is as it was written, and notes in it that it was put back.
async fn look(
    store: &Store,
    file: &Path,
    how: Restoring,
    say: &(dyn Fn(&str) + Sync),
) -> Result<Vec<String>, CopyError> {
    let failed = |error: Error| {
        CopyError::Refused(format!("{} holds what this program does not understand: {}", file.display(), plain(error)))
    };
    let organisations = organisation::all(store).await.map_err(failed)?;
    for organisation in &organisations {
        let reader = store.read(&console(organisation.id.clone())).await.map_err(failed)?;
        let found = audit::verify(&reader, None).await.map_err(failed)?;
        let Some(fault) = found.faults.first() else { continue };
        let told = format!(
            "the audit trail of {:?} is not as it was written ({} in all): {}",
            organisation.name,
            found.fault_count,
            plain(&fault.detail)
        );
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
