//! Opening the database: how, and why it could not be opened.

use std::sync::{Arc, atomic::AtomicU64};

use sea_orm::{DbErr, sqlx};

use super::{
    Store, WAIT, address,
    connection::{self, Pool, Target},
    revision::Revisions,
};
use crate::{assessment, clock::Clock, error::Error, upgrade};

/// Over how many connections it is asked whether anything has changed: one organisation asks over one at a time.
const ASKING: usize = 2;

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
    #[error(
        "the database was made by a newer version of this program (it has the schema step `{0}`): use that version, or restore a backup"
    )]
    NewerSchema(String),
    /// A schema step failed; nothing of it was kept.
    #[error("the database could not be brought up to date: {0}")]
    Migration(String),
}

impl Store {
    /// Opens the database, making the SQLite file if there is none, and brings its schema up to date.
    ///
    /// # Errors
    /// [`OpenError`], in a sentence for a person.
    pub async fn open(options: StoreOptions) -> Result<Self, OpenError> {
        let target = address::read(&options.url)?;
        let is_sqlite = matches!(target, Target::Sqlite(_));
        let refused = |error: sqlx::Error| {
            if is_sqlite {
                OpenError::NotWritable(address::plain(&error))
            } else {
                OpenError::Unreachable(address::plain(&error))
            }
        };
        connection::migrate(&target).await.map_err(refused)??;
        let statements = Arc::new(AtomicU64::new(0));
        let pool = |size: u32| {
            Pool::new(target.clone(), size as usize, WAIT, &statements)
                .map_err(|error| OpenError::Unreachable(plain(&error)))
        };
        let readers = pool(options.max_connections)?;
        readers.look_between().await.map_err(refused)?;
        if readers.is_shared() {
            tracing::info!("a pooler in transaction mode stands before the database: statements are not prepared");
        }
        // SQLite has one writer at a time: one connection, queued for fairly, beats many that find the file locked.
        let writers = if is_sqlite { pool(1)? } else { readers.clone() };
        let store = Self::around(readers, writers, options.clock, statements)
            .map_err(|error| OpenError::Unreachable(plain(&error)))?;
        upgrade::carry_on(&store).await.map_err(|error| OpenError::Migration(told(&error)))?;
        Ok(store)
    }

    /// The database as it is, to read in: nothing is made or brought up to date.
    ///
    /// # Errors
    /// [`OpenError::Unreachable`].
    pub(crate) async fn as_it_is(target: Target, clock: Clock) -> Result<Self, OpenError> {
        let statements = Arc::new(AtomicU64::new(0));
        let pool = Pool::new(target, 1, WAIT, &statements).map_err(|error| OpenError::Unreachable(plain(&error)))?;
        pool.look_between().await.map_err(|error| OpenError::Unreachable(address::plain(&error)))?;
        Self::around(pool.clone(), pool, clock, statements).map_err(|error| OpenError::Unreachable(plain(&error)))
    }

    fn around(readers: Pool, writers: Pool, clock: Clock, statements: Arc<AtomicU64>) -> Result<Self, DbErr> {
        Ok(Self {
            revisions: Arc::new(Revisions::new(readers.beside(ASKING, WAIT)?)),
            readers,
            writers,
            clock,
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
}

/// Why what follows could not be derived anew: the database's own message too, where there is one.
fn told(error: &Error) -> String {
    match error {
        Error::Database(cause) => plain(cause),
        Error::Full(cause) | Error::Unavailable(cause) => format!("{error}: {}", plain(cause)),
        other => other.to_string(),
    }
}

/// The database's own message, on one line, for the person at the console.
fn plain(error: &DbErr) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}
