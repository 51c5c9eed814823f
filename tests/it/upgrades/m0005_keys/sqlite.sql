ALTER TABLE api_key ADD COLUMN scope text NOT NULL DEFAULT 'everything';

ALTER TABLE api_key ADD COLUMN replaces text;

ALTER TABLE api_key ADD COLUMN replaced_by text;

ALTER TABLE api_key ADD COLUMN line_id text NOT NULL DEFAULT '';

UPDATE api_key SET line_id = id;

CREATE INDEX api_key_by_line ON api_key (organisation_id, line_id);

CREATE INDEX api_key_by_end ON api_key (expires_on);

ALTER TABLE policy ADD COLUMN separation_of_duties text NOT NULL DEFAULT 'off';

ALTER TABLE policy ADD COLUMN maximum_key_days bigint;

ALTER TABLE assessment ADD COLUMN answered_by text NOT NULL DEFAULT '[]';

ALTER TABLE assessment ADD COLUMN reviewed_by text NOT NULL DEFAULT '[]';

ALTER TABLE assessment ADD COLUMN override_reason text;

UPDATE assessment SET answered_by = COALESCE((
    SELECT json_group_array(DISTINCT actor_id) FROM audit_event
    WHERE audit_event.organisation_id = assessment.organisation_id AND audit_event.item_id = assessment.id
    AND action IN ('answer', 'confirm', 'fill_in', 'submit')
), '[]');

UPDATE assessment SET reviewed_by = COALESCE((
    SELECT json_group_array(DISTINCT actor_id) FROM audit_event
    WHERE audit_event.organisation_id = assessment.organisation_id AND audit_event.item_id = assessment.id AND action = 'rate'
), '[]');

ALTER TABLE decision ADD COLUMN override_reason text;

INSERT INTO seaql_migrations (version, applied_at) VALUES ('m0005_keys', 1795000004);
