//! Keys that open part of the API and succeed one another; who answered and reviewed, and what an admin set aside.

use sea_orm::DbBackend;
use sea_orm_migration::prelude::*;

pub(super) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &str {
        "m0005_keys"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        let list = if connection.get_database_backend() == DbBackend::Postgres {
            "json_agg(DISTINCT actor_id)::text"
        } else {
            "json_group_array(DISTINCT actor_id)"
        };
        super::script(connection, &CHANGES.replace("$list", list)).await
    }
}

// Who answered and reviewed before this step is known from the audit.
const CHANGES: &str = r#"
ALTER TABLE api_key ADD COLUMN scope $text NOT NULL DEFAULT 'everything';
ALTER TABLE api_key ADD COLUMN replaces $text;
ALTER TABLE api_key ADD COLUMN replaced_by $text;
ALTER TABLE api_key ADD COLUMN line_id $text NOT NULL DEFAULT '';
UPDATE api_key SET line_id = id;
CREATE INDEX api_key_by_line ON api_key (organisation_id, line_id);
CREATE INDEX api_key_by_end ON api_key (expires_on);

ALTER TABLE policy ADD COLUMN separation_of_duties $text NOT NULL DEFAULT 'off';
ALTER TABLE policy ADD COLUMN maximum_key_days bigint;

ALTER TABLE assessment ADD COLUMN answered_by $text NOT NULL DEFAULT '[]';
ALTER TABLE assessment ADD COLUMN reviewed_by $text NOT NULL DEFAULT '[]';
ALTER TABLE assessment ADD COLUMN override_reason $text;
UPDATE assessment SET answered_by = COALESCE((
    SELECT $list FROM audit_event
    WHERE audit_event.organisation_id = assessment.organisation_id AND audit_event.item_id = assessment.id
    AND action IN ('answer', 'confirm', 'fill_in', 'submit')
), '[]');
UPDATE assessment SET reviewed_by = COALESCE((
    SELECT $list FROM audit_event
    WHERE audit_event.organisation_id = assessment.organisation_id AND audit_event.item_id = assessment.id AND action = 'rate'
), '[]');
ALTER TABLE decision ADD COLUMN override_reason $text"#;
