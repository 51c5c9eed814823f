ALTER TABLE audit_head ADD COLUMN revision bigint NOT NULL DEFAULT 0;
CREATE TABLE due_month_count (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    organisation_id text COLLATE "C" NOT NULL REFERENCES organisation (id),
    kind text COLLATE "C" NOT NULL,
    month text COLLATE "C" NOT NULL,
    item_count bigint NOT NULL
);
CREATE INDEX due_month_count_by_month ON due_month_count (organisation_id, month);
INSERT INTO due_month_count (id, organisation_id, kind, month, item_count)
    SELECT organisation_id || ' ' || kind || ' ' || substr(due_on, 1, 7), organisation_id, kind, substr(due_on, 1, 7), CAST(sum(item_count) AS bigint)
    FROM due_count GROUP BY organisation_id, kind, substr(due_on, 1, 7);

INSERT INTO seaql_migrations (version, applied_at) VALUES ('m0016_revision', 1796100013);
