//! Why an operation was refused.

use sea_orm::{DbErr, RuntimeErr, SqlErr};

use crate::fault::Fault;

/// Why an operation was refused. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such thing in this organisation.
    #[error("there is nothing here by that id")]
    NotFound,
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

/// PostgreSQL's serialisation failure and deadlock, and SQLite's busy and locked: all pass.
fn is_passing(error: &DbErr) -> bool {
    match error {
        DbErr::ConnectionAcquire(_) => true,
        DbErr::Exec(RuntimeErr::SqlxError(inner)) | DbErr::Query(RuntimeErr::SqlxError(inner)) | DbErr::Conn(RuntimeErr::SqlxError(inner)) => match inner.as_ref() {
            sea_orm::sqlx::Error::Database(database) => matches!(database.code().as_deref(), Some("40001" | "40P01" | "55P03" | "5" | "6" | "261" | "517")),
            sea_orm::sqlx::Error::PoolTimedOut | sea_orm::sqlx::Error::Io(_) => true,
            _ => false,
        },
        _ => false,
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        match error.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(_)) => Self::conflict("duplicate", "there is one like it already"),
            Some(SqlErr::ForeignKeyConstraintViolation(_)) => Self::conflict("in_use", "something else still rests on it, or what it rests on is gone"),
            _ if is_passing(&error) => Self::Busy,
            _ => Self::Database(error),
        }
    }
}
