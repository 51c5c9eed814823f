ALTER TABLE identity_provider ADD COLUMN scopes text COLLATE "C" NOT NULL DEFAULT '["email","profile"]';
ALTER TABLE identity_provider ADD COLUMN pkce boolean NOT NULL DEFAULT TRUE;
ALTER TABLE identity_provider ADD COLUMN believed_domains text COLLATE "C" NOT NULL DEFAULT '[]';
CREATE TABLE sign_in_trial (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    organisation_id text COLLATE "C" NOT NULL,
    provider_id text COLLATE "C" NOT NULL,
    state_hash text COLLATE "C" NOT NULL,
    nonce text COLLATE "C" NOT NULL,
    verifier text COLLATE "C" NOT NULL,
    outcome text COLLATE "C",
    created_at text COLLATE "C" NOT NULL,
    expires_at text COLLATE "C" NOT NULL,
    FOREIGN KEY (organisation_id, provider_id) REFERENCES identity_provider (organisation_id, id)
);
CREATE INDEX sign_in_trial_by_state ON sign_in_trial (organisation_id, provider_id, state_hash);
CREATE INDEX sign_in_trial_by_end ON sign_in_trial (organisation_id, expires_at);

INSERT INTO seaql_migrations (version, applied_at) VALUES ('m0015_providers', 1796000013);
