ALTER TABLE product ADD COLUMN profile_sources text;
CREATE TABLE recipe (
    id text NOT NULL PRIMARY KEY,
    organisation_id text NOT NULL REFERENCES organisation (id),
    version bigint NOT NULL,
    key text NOT NULL,
    name text NOT NULL,
    noun text NOT NULL,
    document text NOT NULL,
    created_at text NOT NULL,
    updated_at text NOT NULL
);
CREATE UNIQUE INDEX recipe_by_key ON recipe (organisation_id, key);
CREATE TABLE import (
    id text NOT NULL PRIMARY KEY,
    organisation_id text NOT NULL REFERENCES organisation (id),
    version bigint NOT NULL,
    noun text NOT NULL,
    state text NOT NULL,
    file_name text NOT NULL,
    file_size bigint NOT NULL,
    recipe text,
    answers text NOT NULL,
    row_count bigint,
    created_count bigint,
    changed_count bigint,
    unchanged_count bigint,
    refused_count bigint,
    created_by text NOT NULL,
    created_at text NOT NULL,
    updated_at text NOT NULL,
    applied_at text,
    undone_at text,
    undo_until text,
    UNIQUE (organisation_id, id)
);
CREATE INDEX import_by_entry ON import (organisation_id, created_at, id);
CREATE INDEX import_by_state ON import (organisation_id, state, created_at, id);
CREATE TABLE import_part (
    import_id text NOT NULL,
    part_number bigint NOT NULL,
    organisation_id text NOT NULL,
    content blob NOT NULL,
    PRIMARY KEY (import_id, part_number),
    FOREIGN KEY (organisation_id, import_id) REFERENCES import (organisation_id, id)
);
CREATE INDEX import_part_by_import ON import_part (organisation_id, import_id);
CREATE TABLE import_item (
    import_id text NOT NULL,
    item_number bigint NOT NULL,
    organisation_id text NOT NULL,
    kind text NOT NULL,
    item_id text NOT NULL,
    item_version bigint NOT NULL,
    before text,
    after text,
    PRIMARY KEY (import_id, item_number),
    FOREIGN KEY (organisation_id, import_id) REFERENCES import (organisation_id, id)
);
CREATE INDEX import_item_by_import ON import_item (organisation_id, import_id);
ALTER TABLE supplier ADD COLUMN name_key text NOT NULL DEFAULT '';
ALTER TABLE product ADD COLUMN name_key text NOT NULL DEFAULT '';
CREATE INDEX supplier_by_name_key ON supplier (organisation_id, name_key);
CREATE INDEX product_by_name_key ON product (organisation_id, supplier_id, name_key);
CREATE TABLE merger (
    id text NOT NULL PRIMARY KEY,
    organisation_id text NOT NULL REFERENCES organisation (id),
    version bigint NOT NULL,
    noun text NOT NULL,
    state text NOT NULL,
    kept_id text NOT NULL,
    kept_name text NOT NULL,
    other_id text NOT NULL,
    other_name text NOT NULL,
    moved text NOT NULL,
    notes text NOT NULL,
    undo_until text NOT NULL,
    merged_by text NOT NULL,
    undone_at text,
    undone_by text,
    record text,
    created_at text NOT NULL,
    updated_at text NOT NULL
);
CREATE INDEX merger_by_entry ON merger (organisation_id, created_at, id);
CREATE INDEX merger_by_change ON merger (organisation_id, updated_at, id);
CREATE INDEX merger_by_other ON merger (organisation_id, other_id, state);
CREATE INDEX merger_by_kept ON merger (organisation_id, kept_id, state);
CREATE TABLE told_apart (
    organisation_id text NOT NULL REFERENCES organisation (id),
    one_id text NOT NULL,
    other_id text NOT NULL,
    told_by text NOT NULL,
    created_at text NOT NULL,
    PRIMARY KEY (organisation_id, one_id, other_id)
);
CREATE TABLE list_entry (
    id text NOT NULL PRIMARY KEY,
    organisation_id text NOT NULL REFERENCES organisation (id),
    version bigint NOT NULL,
    list text NOT NULL,
    supplier_id text NOT NULL,
    entry_key text NOT NULL,
    name text NOT NULL,
    is_same boolean NOT NULL,
    status text NOT NULL,
    status_before text,
    issued_on text,
    list_day text NOT NULL,
    looked_on text NOT NULL,
    changed_on text,
    left_on text,
    created_at text NOT NULL,
    updated_at text NOT NULL,
    FOREIGN KEY (organisation_id, supplier_id) REFERENCES supplier (organisation_id, id)
);
CREATE UNIQUE INDEX list_entry_once ON list_entry (organisation_id, list, entry_key, supplier_id);
CREATE INDEX list_entry_by_list ON list_entry (organisation_id, list, created_at, id);
CREATE INDEX list_entry_by_supplier ON list_entry (organisation_id, supplier_id, list);
CREATE TABLE published_list (
    organisation_id text NOT NULL REFERENCES organisation (id),
    list text NOT NULL,
    list_day text NOT NULL,
    looked_at text NOT NULL,
    row_count bigint NOT NULL,
    matched_count bigint NOT NULL,
    changed_count bigint NOT NULL,
    left_count bigint NOT NULL,
    PRIMARY KEY (organisation_id, list)
);

INSERT INTO seaql_migrations (version, applied_at) VALUES ('m0014_files', 1796000012);
