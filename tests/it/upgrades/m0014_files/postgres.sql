ALTER TABLE product ADD COLUMN profile_sources text COLLATE "C";
CREATE TABLE recipe (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    organisation_id text COLLATE "C" NOT NULL REFERENCES organisation (id),
    version bigint NOT NULL,
    key text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    noun text COLLATE "C" NOT NULL,
    document text COLLATE "C" NOT NULL,
    created_at text COLLATE "C" NOT NULL,
    updated_at text COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX recipe_by_key ON recipe (organisation_id, key);
CREATE TABLE import (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    organisation_id text COLLATE "C" NOT NULL REFERENCES organisation (id),
    version bigint NOT NULL,
    noun text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL,
    file_name text COLLATE "C" NOT NULL,
    file_size bigint NOT NULL,
    recipe text COLLATE "C",
    answers text COLLATE "C" NOT NULL,
    row_count bigint,
    created_count bigint,
    changed_count bigint,
    unchanged_count bigint,
    refused_count bigint,
    created_by text COLLATE "C" NOT NULL,
    created_at text COLLATE "C" NOT NULL,
    updated_at text COLLATE "C" NOT NULL,
    applied_at text COLLATE "C",
    undone_at text COLLATE "C",
    undo_until text COLLATE "C",
    UNIQUE (organisation_id, id)
);
CREATE INDEX import_by_entry ON import (organisation_id, created_at, id);
CREATE INDEX import_by_state ON import (organisation_id, state, created_at, id);
CREATE TABLE import_part (
    import_id text COLLATE "C" NOT NULL,
    part_number bigint NOT NULL,
    organisation_id text COLLATE "C" NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (import_id, part_number),
    FOREIGN KEY (organisation_id, import_id) REFERENCES import (organisation_id, id)
);
CREATE INDEX import_part_by_import ON import_part (organisation_id, import_id);
CREATE TABLE import_item (
    import_id text COLLATE "C" NOT NULL,
    item_number bigint NOT NULL,
    organisation_id text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    item_id text COLLATE "C" NOT NULL,
    item_version bigint NOT NULL,
    before text COLLATE "C",
    after text COLLATE "C",
    PRIMARY KEY (import_id, item_number),
    FOREIGN KEY (organisation_id, import_id) REFERENCES import (organisation_id, id)
);
CREATE INDEX import_item_by_import ON import_item (organisation_id, import_id);
ALTER TABLE supplier ADD COLUMN name_key text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE product ADD COLUMN name_key text COLLATE "C" NOT NULL DEFAULT '';
CREATE INDEX supplier_by_name_key ON supplier (organisation_id, name_key);
CREATE INDEX product_by_name_key ON product (organisation_id, supplier_id, name_key);
CREATE TABLE merger (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    organisation_id text COLLATE "C" NOT NULL REFERENCES organisation (id),
    version bigint NOT NULL,
    noun text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL,
    kept_id text COLLATE "C" NOT NULL,
    kept_name text COLLATE "C" NOT NULL,
    other_id text COLLATE "C" NOT NULL,
    other_name text COLLATE "C" NOT NULL,
    moved text COLLATE "C" NOT NULL,
    notes text COLLATE "C" NOT NULL,
    undo_until text COLLATE "C" NOT NULL,
    merged_by text COLLATE "C" NOT NULL,
    undone_at text COLLATE "C",
    undone_by text COLLATE "C",
    record text COLLATE "C",
    created_at text COLLATE "C" NOT NULL,
    updated_at text COLLATE "C" NOT NULL
);
CREATE INDEX merger_by_entry ON merger (organisation_id, created_at, id);
CREATE INDEX merger_by_change ON merger (organisation_id, updated_at, id);
CREATE INDEX merger_by_other ON merger (organisation_id, other_id, state);
CREATE INDEX merger_by_kept ON merger (organisation_id, kept_id, state);
CREATE TABLE told_apart (
    organisation_id text COLLATE "C" NOT NULL REFERENCES organisation (id),
    one_id text COLLATE "C" NOT NULL,
    other_id text COLLATE "C" NOT NULL,
    told_by text COLLATE "C" NOT NULL,
    created_at text COLLATE "C" NOT NULL,
    PRIMARY KEY (organisation_id, one_id, other_id)
);
CREATE TABLE list_entry (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    organisation_id text COLLATE "C" NOT NULL REFERENCES organisation (id),
    version bigint NOT NULL,
    list text COLLATE "C" NOT NULL,
    supplier_id text COLLATE "C" NOT NULL,
    entry_key text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    is_same boolean NOT NULL,
    status text COLLATE "C" NOT NULL,
    status_before text COLLATE "C",
    issued_on text COLLATE "C",
    list_day text COLLATE "C" NOT NULL,
    looked_on text COLLATE "C" NOT NULL,
    changed_on text COLLATE "C",
    left_on text COLLATE "C",
    created_at text COLLATE "C" NOT NULL,
    updated_at text COLLATE "C" NOT NULL,
    FOREIGN KEY (organisation_id, supplier_id) REFERENCES supplier (organisation_id, id)
);
CREATE UNIQUE INDEX list_entry_once ON list_entry (organisation_id, list, entry_key, supplier_id);
CREATE INDEX list_entry_by_list ON list_entry (organisation_id, list, created_at, id);
CREATE INDEX list_entry_by_supplier ON list_entry (organisation_id, supplier_id, list);
CREATE TABLE published_list (
    organisation_id text COLLATE "C" NOT NULL REFERENCES organisation (id),
    list text COLLATE "C" NOT NULL,
    list_day text COLLATE "C" NOT NULL,
    looked_at text COLLATE "C" NOT NULL,
    row_count bigint NOT NULL,
    matched_count bigint NOT NULL,
    changed_count bigint NOT NULL,
    left_count bigint NOT NULL,
    PRIMARY KEY (organisation_id, list)
);

INSERT INTO seaql_migrations (version, applied_at) VALUES ('m0014_files', 1796000012);
