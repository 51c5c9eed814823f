//! The schema, step by step. Each step runs once, inside a transaction, the same on SQLite and PostgreSQL.

mod m0001_register;
mod m0002_questionnaires;
mod m0003_audit;
mod m0004_people;
mod m0005_keys;
mod m0006_respondents;
mod m0007_privacy;
mod m0008_lists;
mod m0009_sample;
mod m0010_orders;
mod m0011_health;
mod m0012_due;
mod m0013_counts;
mod m0014_files;
mod m0015_providers;
mod m0016_revision;

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, SqliteTransactionMode, TransactionOptions,
    TransactionTrait as _,
};
use sea_orm_migration::{MigrationTrait, MigratorTrait, async_trait};

use crate::scope::OpenError;

/// All steps, oldest first.
pub(crate) struct Steps;

#[async_trait::async_trait]
impl MigratorTrait for Steps {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_register::Step),
            Box::new(m0002_questionnaires::Step),
            Box::new(m0003_audit::Step),
            Box::new(m0004_people::Step),
            Box::new(m0005_keys::Step),
            Box::new(m0006_respondents::Step),
            Box::new(m0007_privacy::Step),
            Box::new(m0008_lists::Step),
            Box::new(m0009_sample::Step),
            Box::new(m0010_orders::Step),
            Box::new(m0011_health::Step),
            Box::new(m0012_due::Step),
            Box::new(m0013_counts::Step),
            Box::new(m0014_files::Step),
            Box::new(m0015_providers::Step),
            Box::new(m0016_revision::Step),
        ]
    }
}

/// What replicas lock by while one of them brings the schema up to date: any number that no one else locks by, here the
/// letters `diligen`.
const LOCK: i64 = 0x0064_696c_6967_656e;

/// Brings the schema up to date: all of it or nothing, and one replica at a time.
pub(crate) async fn run(connection: &DatabaseConnection) -> Result<(), OpenError> {
    let failed = |error: DbErr| OpenError::Migration(error.to_string());
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    let transaction = connection.begin_with_options(options).await.map_err(failed)?;
    let is_postgres = connection.get_database_backend() == DbBackend::Postgres;
    // A pooler hands on connections as they are left, and the driver names its statements alike in each.
    let forget =
        async || if is_postgres { transaction.execute_unprepared("DEALLOCATE ALL").await.map(drop) } else { Ok(()) };
    forget().await.map_err(failed)?;
    lock(&transaction).await.map_err(failed)?;
    let known: Vec<String> = Steps::migrations().iter().map(|step| step.name().to_owned()).collect();
    let applied = Steps::get_migration_models(&transaction).await.map_err(failed)?;
    if let Some(newer) = applied.into_iter().find(|step| !known.contains(&step.version)) {
        return Err(OpenError::NewerSchema(newer.version));
    }
    Steps::up(&transaction, None).await.map_err(failed)?;
    forget().await.map_err(failed)?;
    transaction.commit().await.map_err(failed)
}

/// Until the transaction ends, keeps every other program from bringing the schema up to date. SQLite's transactions do
/// so by themselves.
pub(crate) async fn lock(transaction: &impl ConnectionTrait) -> Result<(), DbErr> {
    if transaction.get_database_backend() == DbBackend::Postgres {
        transaction.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({LOCK})")).await?;
    }
    Ok(())
}

/// Runs a script of statements. Text is compared byte by byte on both databases, so that order is the same everywhere.
pub(crate) async fn script(connection: &impl ConnectionTrait, statements: &str) -> Result<(), DbErr> {
    let text = if connection.get_database_backend() == DbBackend::Postgres { "text COLLATE \"C\"" } else { "text" };
    for statement in statements.split(';').map(str::trim).filter(|statement| !statement.is_empty()) {
        connection.execute_unprepared(&statement.replace("$text", text)).await?;
    }
    Ok(())
}
