//! An organisation can be a sample: everything in it is invented.

use sea_orm_migration::prelude::*;

pub(super) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &str {
        "m0009_sample"
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
            "ALTER TABLE organisation ADD COLUMN is_sample boolean NOT NULL DEFAULT FALSE",
        )
        .await
    }
}
