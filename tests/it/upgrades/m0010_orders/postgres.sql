ALTER TABLE risk ADD COLUMN current_rank integer NOT NULL DEFAULT 0;

UPDATE risk SET current_rank = coalesce(residual_likelihood, likelihood) * coalesce(residual_impact, impact) WHERE state <> 'closed';

CREATE INDEX risk_by_rank ON risk (organisation_id, current_rank, id);

ALTER TABLE evidence ADD COLUMN expiry_key text COLLATE "C" NOT NULL DEFAULT '9999-12-31';

UPDATE evidence SET expiry_key = expires_on WHERE expires_on IS NOT NULL;

CREATE INDEX evidence_by_end ON evidence (organisation_id, expiry_key, id);

INSERT INTO seaql_migrations (version, applied_at) VALUES ('m0010_orders', 1795000009);
