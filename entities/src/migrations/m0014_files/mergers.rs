//! Two suppliers or products that are one now, which are two though they are called alike, and names as people compare
//! them.

use sea_orm_migration::{prelude::*, sea_orm::Statement};

use crate::twin;

/// How many names one statement compares.
const MANY: usize = 500;

pub(super) const STATEMENTS: &str = "
ALTER TABLE supplier ADD COLUMN name_key $text NOT NULL DEFAULT '';
ALTER TABLE product ADD COLUMN name_key $text NOT NULL DEFAULT '';
CREATE INDEX supplier_by_name_key ON supplier (organisation_id, name_key);
CREATE INDEX product_by_name_key ON product (organisation_id, supplier_id, name_key);
CREATE TABLE merger (
    id $text NOT NULL PRIMARY KEY,
    organisation_id $text NOT NULL REFERENCES organisation (id),
    version bigint NOT NULL,
    noun $text NOT NULL,
    state $text NOT NULL,
    kept_id $text NOT NULL,
    kept_name $text NOT NULL,
    other_id $text NOT NULL,
    other_name $text NOT NULL,
    moved $text NOT NULL,
    notes $text NOT NULL,
    undo_until $text NOT NULL,
    merged_by $text NOT NULL,
    undone_at $text,
    undone_by $text,
    record $text,
    created_at $text NOT NULL,
    updated_at $text NOT NULL
);
CREATE INDEX merger_by_entry ON merger (organisation_id, created_at, id);
CREATE INDEX merger_by_change ON merger (organisation_id, updated_at, id);
CREATE INDEX merger_by_other ON merger (organisation_id, other_id, state);
CREATE INDEX merger_by_kept ON merger (organisation_id, kept_id, state);
CREATE TABLE told_apart (
    organisation_id $text NOT NULL REFERENCES organisation (id),
    one_id $text NOT NULL,
    other_id $text NOT NULL,
    told_by $text NOT NULL,
    created_at $text NOT NULL,
    PRIMARY KEY (organisation_id, one_id, other_id)
)";

/// Keeps the names there are as people compare them.
pub(super) async fn compare_names(connection: &SchemaManagerConnection<'_>) -> Result<(), DbErr> {
    for table in ["supplier", "product"] {
        compare_names_of(connection, table).await?;
    }
    Ok(())
}

async fn compare_names_of(connection: &SchemaManagerConnection<'_>, table: &str) -> Result<(), DbErr> {
    let backend = connection.get_database_backend();
    let mut after = String::new();
    loop {
        let select = format!("SELECT id, name FROM {table} WHERE id > {} ORDER BY id LIMIT {MANY}", quoted(&after));
        let rows = connection.query_all_raw(Statement::from_string(backend, select)).await?;
        let mut values = Vec::with_capacity(rows.len());
        for row in &rows {
            let (id, name) = (row.try_get::<String>("", "id")?, row.try_get::<String>("", "name")?);
            values.push(format!("({}, {})", quoted(&id), quoted(&twin::compared(&name))));
            after = id;
        }
        if values.is_empty() {
            return Ok(());
        }
        // Both databases call the columns of a list of values so.
        let update = format!(
            "UPDATE {table} SET name_key = made.column2 FROM (VALUES {}) AS made WHERE {table}.id = made.column1",
            values.join(", ")
        );
        connection.execute_unprepared(&update).await?;
    }
}

/// A text as it stands in a statement.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
