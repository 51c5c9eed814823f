//! What lists show of an edition stands beside its document, so that no list reads documents.

use sea_orm::DbBackend;
use sea_orm_migration::prelude::*;

pub(super) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &str {
        "m0008_lists"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        super::script(connection, COLUMNS).await?;
        let fill = if connection.get_database_backend() == DbBackend::Postgres { FILL_POSTGRES } else { FILL_SQLITE };
        super::script(connection, fill).await
    }
}

const COLUMNS: &str = r#"
ALTER TABLE edition ADD COLUMN summary $text NOT NULL DEFAULT '';
ALTER TABLE edition ADD COLUMN applies_to $text NOT NULL DEFAULT '[]';
ALTER TABLE edition ADD COLUMN question_count bigint NOT NULL DEFAULT 0"#;

const FILL_SQLITE: &str = r#"
UPDATE edition SET
    summary = json_extract(document, '$.summary'),
    applies_to = json_extract(document, '$.applies_to'),
    question_count = (SELECT count(*) FROM json_each(edition.document, '$.sections') AS section, json_each(section.value, '$.questions'))"#;

// A null character, which earlier programs took, is none that PostgreSQL can take out of a document.
const FILL_POSTGRES: &str = r#"
UPDATE edition SET
    summary = document::json ->> 'summary',
    applies_to = document::json ->> 'applies_to',
    question_count = (SELECT coalesce(sum(json_array_length(section -> 'questions')), 0) FROM json_array_elements(document::json -> 'sections') AS section)
WHERE position('\u0000' IN document) = 0"#;
