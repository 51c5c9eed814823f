ALTER TABLE organisation ADD COLUMN is_sample boolean NOT NULL DEFAULT FALSE;

INSERT INTO seaql_migrations (version, applied_at) VALUES ('m0009_sample', 1795000008);
