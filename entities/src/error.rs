//! Why an operation was refused.

use std::io;

use sea_orm::{
    DbErr, RuntimeErr, SqlErr,
    sqlx::{self, error::DatabaseError, postgres::PgDatabaseError},
};

use crate::{fault::Fault, id::SubjectId};

/// Why an operation was refused. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such thing in this organisation.
    #[error("there is nothing here by that id")]
    NotFound,
    /// It is one with another by now.
    #[error("it went into {0}")]
    MergedInto(SubjectId),
    /// It has been changed since the caller read it.
    #[error("it has been changed since it was read; it is at version {current} now")]
    Stale {
        /// The version it is at now.
        current: i64,
    },
    /// The input's content is not acceptable; every fault is listed.
    #[error("the input is not acceptable: {}", .0.iter().map(|fault| format!("{} {}", fault.pointer, fault.detail)).collect::<Vec<_>>().join("; "))]
    Invalid(Vec<Fault>),
    /// Rows of an import are not acceptable; more faults are listed than of anything else.
    #[error("rows are not acceptable: {}", .0.iter().map(|fault| format!("{} {}", fault.pointer, fault.detail)).collect::<Vec<_>>().join("; "))]
    InvalidRows(Vec<Fault>),
    /// It clashes with what is there, or with the state it is in.
    #[error("{detail}")]
    Conflict {
        /// A stable word for the kind of clash.
        code: &'static str,
        /// What clashes, for people.
        detail: String,
        /// Where, if fields are to blame.
        errors: Vec<Fault>,
    },
    /// The caller's role or duty does not allow it.
    #[error("{0}")]
    Forbidden(String),
    /// Who asks is not who they say, or has not shown it yet.
    #[error("{detail}")]
    Unauthenticated {
        /// A stable word for what is missing: `wrong_credentials`, `wrong_code`, `code_needed`.
        code: &'static str,
        /// What is missing, for people. Never says whether there is such an account.
        detail: String,
    },
    /// It was there and is over: a link that has expired or was revoked.
    #[error("{0}")]
    Gone(String),
    /// Too many tries; the same request may succeed later.
    #[error("too many tries; wait {after_seconds} seconds")]
    TooMany {
        /// How long to wait, in seconds, at least 1.
        after_seconds: u64,
    },
    /// The database is busy; the same request may succeed a moment later.
    #[error("the database is busy")]
    Busy,
    /// There is no room for it where the database is kept. Its message is for the log only.
    #[error("there is no room left where the database is kept")]
    Full(#[source] DbErr),
    /// The database cannot be reached, or what it is kept on fails. Its message is for the log only.
    #[error("the database cannot be reached, or what it is kept on fails")]
    Unavailable(#[source] DbErr),
    /// The database failed. Its message is for the log only.
    #[error("the database failed")]
    Database(#[source] DbErr),
}

impl Error {
    /// A clash without fields to blame.
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::Conflict { code, detail: detail.into(), errors: Vec::new() }
    }

    /// One fault.
    pub fn invalid(pointer: impl Into<String>, code: &str, detail: impl Into<String>) -> Self {
        Self::Invalid(vec![Fault::new(pointer, code, detail)])
    }

    /// An id in the body that names nothing in this organisation.
    pub fn unknown(pointer: impl Into<String>, noun: &str) -> Self {
        Self::invalid(pointer, "unknown_id", format!("there is no {noun} by that id"))
    }
}

/// What an error of the database means for what comes after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It was refused for what it asked; nothing else is wrong.
    Constraint,
    /// Somebody else is at it; it passes.
    Busy,
    /// There is no room.
    Full,
    /// It cannot be reached, or what it is kept on fails.
    Unavailable,
    /// Anything else.
    Other,
}

/// Which kind an error is of.
pub(crate) fn kind(error: &DbErr) -> Kind {
    match error {
        DbErr::ConnectionAcquire(_) => Kind::Busy,
        DbErr::Exec(RuntimeErr::SqlxError(inner))
        | DbErr::Query(RuntimeErr::SqlxError(inner))
        | DbErr::Conn(RuntimeErr::SqlxError(inner)) => match inner.as_ref() {
            sqlx::Error::Database(database) => of_code(database.as_ref()),
            sqlx::Error::PoolTimedOut => Kind::Busy,
            sqlx::Error::Io(error) if error.kind() == io::ErrorKind::StorageFull => Kind::Full,
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::Configuration(_) => Kind::Unavailable,
            _ => Kind::Other,
        },
        _ => Kind::Other,
    }
}

/// SQLite numbers its errors, a finer number above the eight lowest bits; PostgreSQL has five letters and digits of the
/// standard.
fn of_code(error: &dyn DatabaseError) -> Kind {
    let code = error.code().unwrap_or_default();
    if let (None, Ok(number)) = (error.try_downcast_ref::<PgDatabaseError>(), code.parse::<i32>()) {
        return match number & 0xff {
            // Busy, and locked by another statement.
            5 | 6 => Kind::Busy,
            19 => Kind::Constraint,
            13 => Kind::Full,
            // Read-only, an I/O error, damaged, cannot be opened, no database.
            8 | 10 | 11 | 14 | 26 => Kind::Unavailable,
            _ => Kind::Other,
        };
    }
    match code.as_ref() {
        // Serialisation failure, deadlock, lock not available, too many connections.
        "40001" | "40P01" | "55P03" | "53300" => Kind::Busy,
        "53100" => Kind::Full,
        // Read-only (a standby), an I/O error of the system, shutting down, crashed, starting up, no such session any
        // more.
        "25006" | "58030" | "57P01" | "57P02" | "57P03" | "57P05" => Kind::Unavailable,
        code if code.starts_with("23") => Kind::Constraint,
        code if code.starts_with("08") => Kind::Unavailable,
        _ if is_of_name(&code) => Kind::Busy,
        _ => Kind::Other,
    }
}

/// No prepared statement of this name, or one already.
fn is_of_name(code: &str) -> bool {
    matches!(code, "26000" | "42P05")
}

/// Whether an error says that a prepared statement is not where it was left: connections are shared by something in
/// between.
pub(crate) fn is_of_shared_statement(error: &DbErr) -> bool {
    let (DbErr::Exec(RuntimeErr::SqlxError(inner)) | DbErr::Query(RuntimeErr::SqlxError(inner))) = error else {
        return false;
    };
    inner.as_database_error().and_then(DatabaseError::code).is_some_and(|code| is_of_name(&code))
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        match (error.sql_err(), kind(&error)) {
            (Some(SqlErr::UniqueConstraintViolation(_)), _) => {
                Self::conflict("duplicate", "a record with the same unique values already exists")
            }
            (Some(SqlErr::ForeignKeyConstraintViolation(_)), _) => {
                Self::conflict("in_use", "other records refer to this one, or a record it refers to no longer exists")
            }
            (_, Kind::Busy) => Self::Busy,
            (_, Kind::Full) => Self::Full(error),
            (_, Kind::Unavailable) => Self::Unavailable(error),
            (_, Kind::Constraint | Kind::Other) => Self::Database(error),
        }
    }
}
