//! Imports, the files they came in, and what each did.

/// The statements, for PostgreSQL or for SQLite.
pub(super) fn statements(is_postgres: bool) -> String {
    STATEMENTS.replace("$bytes", if is_postgres { "bytea" } else { "blob" })
}

const STATEMENTS: &str = "
CREATE TABLE import (
    id $text NOT NULL PRIMARY KEY,
    organisation_id $text NOT NULL REFERENCES organisation (id),
    version bigint NOT NULL,
    noun $text NOT NULL,
    state $text NOT NULL,
    file_name $text NOT NULL,
    file_size bigint NOT NULL,
    recipe $text,
    answers $text NOT NULL,
    row_count bigint,
    created_count bigint,
    changed_count bigint,
    unchanged_count bigint,
    refused_count bigint,
    created_by $text NOT NULL,
    created_at $text NOT NULL,
    updated_at $text NOT NULL,
    applied_at $text,
    undone_at $text,
    undo_until $text,
    UNIQUE (organisation_id, id)
);
CREATE INDEX import_by_entry ON import (organisation_id, created_at, id);
CREATE INDEX import_by_state ON import (organisation_id, state, created_at, id);
CREATE TABLE import_part (
    import_id $text NOT NULL,
    part_number bigint NOT NULL,
    organisation_id $text NOT NULL,
    content $bytes NOT NULL,
    PRIMARY KEY (import_id, part_number),
    FOREIGN KEY (organisation_id, import_id) REFERENCES import (organisation_id, id)
);
CREATE INDEX import_part_by_import ON import_part (organisation_id, import_id);
CREATE TABLE import_item (
    import_id $text NOT NULL,
    item_number bigint NOT NULL,
    organisation_id $text NOT NULL,
    kind $text NOT NULL,
    item_id $text NOT NULL,
    item_version bigint NOT NULL,
    before $text,
    after $text,
    PRIMARY KEY (import_id, item_number),
    FOREIGN KEY (organisation_id, import_id) REFERENCES import (organisation_id, id)
);
CREATE INDEX import_item_by_import ON import_item (organisation_id, import_id)
";
