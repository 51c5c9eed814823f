CREATE TABLE health_check (id text COLLATE "C" NOT NULL PRIMARY KEY, checked_at text COLLATE "C" NOT NULL);

INSERT INTO seaql_migrations (version, applied_at) VALUES ('m0011_health', 1795000010);
