//! Changes without an event of the audit trail are counted beside its end, so that every change shows there. And what is
//! due is counted by month too.

use sea_orm_migration::prelude::*;

pub(super) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &str {
        "m0016_revision"
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
ALTER TABLE audit_head ADD COLUMN revision bigint NOT NULL DEFAULT 0;
CREATE TABLE due_month_count (
    id $text NOT NULL PRIMARY KEY,
    organisation_id $text NOT NULL REFERENCES organisation (id),
    kind $text NOT NULL,
    month $text NOT NULL,
    item_count bigint NOT NULL
);
CREATE INDEX due_month_count_by_month ON due_month_count (organisation_id, month);
INSERT INTO due_month_count (id, organisation_id, kind, month, item_count)
    SELECT organisation_id || ' ' || kind || ' ' || substr(due_on, 1, 7), organisation_id, kind, substr(due_on, 1, 7), CAST(sum(item_count) AS bigint)
    FROM due_count GROUP BY organisation_id, kind, substr(due_on, 1, 7)
"#;
