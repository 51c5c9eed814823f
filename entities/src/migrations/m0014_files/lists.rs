//! Published lists, and what they say of our suppliers.

pub(super) const STATEMENTS: &str = "
CREATE TABLE list_entry (
    id $text NOT NULL PRIMARY KEY,
    organisation_id $text NOT NULL REFERENCES organisation (id),
    version bigint NOT NULL,
    list $text NOT NULL,
    supplier_id $text NOT NULL,
    entry_key $text NOT NULL,
    name $text NOT NULL,
    is_same boolean NOT NULL,
    status $text NOT NULL,
    status_before $text,
    issued_on $text,
    list_day $text NOT NULL,
    looked_on $text NOT NULL,
    changed_on $text,
    left_on $text,
    created_at $text NOT NULL,
    updated_at $text NOT NULL,
    FOREIGN KEY (organisation_id, supplier_id) REFERENCES supplier (organisation_id, id)
);
CREATE UNIQUE INDEX list_entry_once ON list_entry (organisation_id, list, entry_key, supplier_id);
CREATE INDEX list_entry_by_list ON list_entry (organisation_id, list, created_at, id);
CREATE INDEX list_entry_by_supplier ON list_entry (organisation_id, supplier_id, list);
CREATE TABLE published_list (
    organisation_id $text NOT NULL REFERENCES organisation (id),
    list $text NOT NULL,
    list_day $text NOT NULL,
    looked_at $text NOT NULL,
    row_count bigint NOT NULL,
    matched_count bigint NOT NULL,
    changed_count bigint NOT NULL,
    left_count bigint NOT NULL,
    PRIMARY KEY (organisation_id, list)
);
";
