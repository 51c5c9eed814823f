//! What lists are ordered by that no column said: how bad a risk is now, and when evidence ends.

use sea_orm_migration::prelude::*;

pub(super) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &str {
        "m0010_orders"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        super::script(manager.get_connection(), STATEMENTS).await
    }
}

const STATEMENTS: &str = r#"
ALTER TABLE risk ADD COLUMN current_rank integer NOT NULL DEFAULT 0;
UPDATE risk SET current_rank = coalesce(residual_likelihood, likelihood) * coalesce(residual_impact, impact) WHERE state <> 'closed';
CREATE INDEX risk_by_rank ON risk (organisation_id, current_rank, id);
ALTER TABLE evidence ADD COLUMN expiry_key $text NOT NULL DEFAULT '9999-12-31';
UPDATE evidence SET expiry_key = expires_on WHERE expires_on IS NOT NULL;
CREATE INDEX evidence_by_end ON evidence (organisation_id, expiry_key, id)"#;
