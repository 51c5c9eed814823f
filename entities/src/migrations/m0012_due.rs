//! The list of what is due, how many items of each kind and day it has, and what reviews and decisions keep for it.
//!
//! What follows by the rules of this step is derived when the database is opened (see [`crate::upgrade`]): `upgrade` has
//! a row for every organisation there was.

use sea_orm_migration::prelude::*;

pub(super) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &str {
        "m0012_due"
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

const STATEMENTS: &str = "
CREATE TABLE due_item (
    id $text NOT NULL PRIMARY KEY,
    organisation_id $text NOT NULL REFERENCES organisation (id),
    item_key $text NOT NULL,
    kind $text NOT NULL,
    kind_rank integer NOT NULL,
    subject_id $text NOT NULL,
    supplier_id $text NOT NULL,
    product_id $text,
    source_id $text NOT NULL,
    due_on $text NOT NULL,
    why $text NOT NULL,
    owner $text,
    created_at $text NOT NULL,
    FOREIGN KEY (organisation_id, supplier_id) REFERENCES supplier (organisation_id, id),
    FOREIGN KEY (organisation_id, product_id) REFERENCES product (organisation_id, id)
);
CREATE UNIQUE INDEX due_item_once ON due_item (organisation_id, item_key);
CREATE INDEX due_item_by_day ON due_item (organisation_id, due_on, id);
CREATE INDEX due_item_by_kind ON due_item (organisation_id, kind, due_on, id);
CREATE INDEX due_item_by_rank ON due_item (organisation_id, kind_rank, id);
CREATE INDEX due_item_by_owner ON due_item (organisation_id, owner, due_on, id);
CREATE INDEX due_item_by_supplier ON due_item (organisation_id, supplier_id, due_on, id);
CREATE TABLE due_count (
    id $text NOT NULL PRIMARY KEY,
    organisation_id $text NOT NULL REFERENCES organisation (id),
    kind $text NOT NULL,
    due_on $text NOT NULL,
    item_count bigint NOT NULL
);
CREATE INDEX due_count_by_day ON due_count (organisation_id, due_on);
ALTER TABLE review ADD COLUMN rescheduled_cadence_on $text;
ALTER TABLE review ADD COLUMN seen $text;
ALTER TABLE decision ADD COLUMN rating $text;
CREATE TABLE upgrade (
    organisation_id $text NOT NULL PRIMARY KEY REFERENCES organisation (id),
    supplier_id $text NOT NULL,
    done_at $text,
    unknown_tier_count bigint NOT NULL,
    higher_tier_count bigint NOT NULL,
    stale_approval_count bigint NOT NULL,
    expired_certificate_count bigint NOT NULL,
    refusal_count bigint NOT NULL,
    due_item_count bigint NOT NULL
);
INSERT INTO upgrade SELECT id, '', NULL, 0, 0, 0, 0, 0, 0 FROM organisation
";
