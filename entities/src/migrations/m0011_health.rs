//! A row for each program that serves, written and read back to know that the database keeps what it is given.

use sea_orm_migration::prelude::*;

pub(super) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &str {
        "m0011_health"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        super::script(
            manager.get_connection(),
            "CREATE TABLE health_check (id $text NOT NULL PRIMARY KEY, checked_at $text NOT NULL)",
        )
        .await
    }
}
