//! Other people's files: recipes that are kept, imports and what they did, mergers of two into one, and published lists.

use sea_orm::DbBackend;
use sea_orm_migration::prelude::*;

mod boms;
mod imports;
mod lists;
mod mergers;
mod recipes;

pub(super) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &str {
        "m0014_files"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        super::script(connection, boms::STATEMENTS).await?;
        super::script(connection, recipes::STATEMENTS).await?;
        let is_postgres = connection.get_database_backend() == DbBackend::Postgres;
        super::script(connection, &imports::statements(is_postgres)).await?;
        super::script(connection, mergers::STATEMENTS).await?;
        mergers::compare_names(connection).await?;
        super::script(connection, lists::STATEMENTS).await
    }
}
