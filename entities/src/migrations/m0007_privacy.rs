//! People: what the audit trail names of them stands apart from it, so that it can be erased; and how long things are
//! kept.

use sea_orm_migration::prelude::*;

pub(super) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &str {
        "m0007_privacy"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        super::script(manager.get_connection(), TABLES).await
    }
}

const TABLES: &str = "
CREATE TABLE personal_record (
    organisation_id $text NOT NULL REFERENCES organisation (id),
    digest $text NOT NULL,
    salt $text NOT NULL,
    about $text NOT NULL,
    value $text NOT NULL,
    name $text,
    email $text,
    PRIMARY KEY (organisation_id, digest)
);
CREATE INDEX personal_record_by_about ON personal_record (organisation_id, about);
CREATE INDEX personal_record_by_name ON personal_record (organisation_id, name);
CREATE INDEX personal_record_by_email ON personal_record (organisation_id, email);

CREATE TABLE retention (
    id $text NOT NULL PRIMARY KEY,
    organisation_id $text NOT NULL UNIQUE REFERENCES organisation (id),
    version bigint NOT NULL,
    archived_contact_days integer,
    expired_file_days integer,
    created_at $text NOT NULL,
    updated_at $text NOT NULL
);
INSERT INTO retention (id, organisation_id, version, created_at, updated_at)
    SELECT 'ret_' || substr(id, 5), id, 1, created_at, created_at FROM organisation";
