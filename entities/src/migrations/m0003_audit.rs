//! An audit trail that the database itself keeps: which supplier and product an event is about, and no way to change or
//! remove one.

use sea_orm::DbBackend;
use sea_orm_migration::prelude::*;

pub(super) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &str {
        "m0003_audit"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        let (member, guards) = match connection.get_database_backend() {
            DbBackend::Postgres => ("(\"after\"::json ->> '$name')", ON_POSTGRES),
            _ => ("json_extract(\"after\", '$.$name')", ON_SQLITE),
        };
        let fill = FILL
            .replace("$supplier", &member.replace("$name", "supplier_id"))
            .replace("$product", &member.replace("$name", "product_id"));
        super::script(connection, COLUMNS).await?;
        super::script(connection, &fill).await?;
        // Each is a statement of its own, with semicolons inside.
        for guard in guards {
            connection.execute_unprepared(guard).await?;
        }
        Ok(())
    }
}

const COLUMNS: &str = "
ALTER TABLE audit_event ADD COLUMN form bigint NOT NULL DEFAULT 1;
ALTER TABLE audit_event ADD COLUMN supplier_id $text;
ALTER TABLE audit_event ADD COLUMN product_id $text;
CREATE INDEX audit_event_by_supplier ON audit_event (organisation_id, supplier_id, sequence);
CREATE INDEX audit_event_by_product ON audit_event (organisation_id, product_id, sequence)";

/// Everything that hangs on a supplier said so when it was made, and that event is there.
const FILL: &str = "
UPDATE audit_event SET supplier_id = item_id WHERE noun = 'supplier';
UPDATE audit_event SET supplier_id = $supplier, product_id = item_id WHERE noun = 'product' AND action = 'create';
UPDATE audit_event SET supplier_id = $supplier, product_id = $product
    WHERE action = 'create' AND noun IN ('assessment', 'decision', 'dependency', 'evidence', 'incident', 'review', 'risk');
UPDATE audit_event SET
    supplier_id = (SELECT made.supplier_id FROM audit_event made
        WHERE made.organisation_id = audit_event.organisation_id AND made.item_id = audit_event.item_id AND made.action = 'create' AND made.supplier_id IS NOT NULL),
    product_id = (SELECT made.product_id FROM audit_event made
        WHERE made.organisation_id = audit_event.organisation_id AND made.item_id = audit_event.item_id AND made.action = 'create' AND made.supplier_id IS NOT NULL)
    WHERE supplier_id IS NULL AND noun IN ('answers', 'assessment', 'decision', 'dependency', 'evidence', 'incident', 'product', 'review', 'risk')";

/// `INSERT OR REPLACE` removes a row without firing a trigger on DELETE: hence the third.
const ON_SQLITE: &[&str] = &[
    "CREATE TRIGGER audit_event_is_not_changed BEFORE UPDATE ON audit_event BEGIN SELECT RAISE(ABORT, 'audit events are never changed'); END",
    "CREATE TRIGGER audit_event_is_not_removed BEFORE DELETE ON audit_event BEGIN SELECT RAISE(ABORT, 'audit events are never removed'); END",
    "CREATE TRIGGER audit_event_is_not_replaced BEFORE INSERT ON audit_event
     WHEN EXISTS (SELECT 1 FROM audit_event WHERE id = NEW.id OR (organisation_id = NEW.organisation_id AND sequence = NEW.sequence))
     BEGIN SELECT RAISE(ABORT, 'audit events are never replaced'); END",
];

const ON_POSTGRES: &[&str] = &[
    "CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'audit events are never changed or removed'; END $$",
    "CREATE TRIGGER audit_event_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_event FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()",
];
