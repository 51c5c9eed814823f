CREATE TABLE due_item (
    id text NOT NULL PRIMARY KEY,
    organisation_id text NOT NULL REFERENCES organisation (id),
    item_key text NOT NULL,
    kind text NOT NULL,
    kind_rank integer NOT NULL,
    subject_id text,
    supplier_id text,
    product_id text,
    called text,
    source_id text NOT NULL,
    due_on text NOT NULL,
    why text NOT NULL,
    owner text,
    created_at text NOT NULL,
    updated_at text NOT NULL,
    FOREIGN KEY (organisation_id, supplier_id) REFERENCES supplier (organisation_id, id),
    FOREIGN KEY (organisation_id, product_id) REFERENCES product (organisation_id, id)
);
CREATE UNIQUE INDEX due_item_once ON due_item (organisation_id, item_key);
CREATE INDEX due_item_by_day ON due_item (organisation_id, due_on, id);
CREATE INDEX due_item_by_kind ON due_item (organisation_id, kind, due_on, id);
CREATE INDEX due_item_by_rank ON due_item (organisation_id, kind_rank, id);
CREATE INDEX due_item_by_owner ON due_item (organisation_id, owner, due_on, id);
CREATE INDEX due_item_by_supplier ON due_item (organisation_id, supplier_id, due_on, id);
CREATE INDEX due_item_by_subject ON due_item (organisation_id, subject_id, due_on, id);
CREATE TABLE due_count (
    id text NOT NULL PRIMARY KEY,
    organisation_id text NOT NULL REFERENCES organisation (id),
    kind text NOT NULL,
    due_on text NOT NULL,
    item_count bigint NOT NULL
);
CREATE INDEX due_count_by_day ON due_count (organisation_id, due_on);
CREATE TABLE settlement (
    id text NOT NULL PRIMARY KEY,
    organisation_id text NOT NULL REFERENCES organisation (id),
    version bigint NOT NULL,
    item_id text NOT NULL,
    item_key text NOT NULL,
    kind text NOT NULL,
    choice text NOT NULL,
    subject_id text,
    supplier_id text,
    product_id text,
    source_id text NOT NULL,
    due_on text NOT NULL,
    why text NOT NULL,
    reason text NOT NULL,
    settled_by text NOT NULL,
    created_at text NOT NULL,
    updated_at text NOT NULL,
    FOREIGN KEY (organisation_id, supplier_id) REFERENCES supplier (organisation_id, id),
    FOREIGN KEY (organisation_id, product_id) REFERENCES product (organisation_id, id)
);
CREATE INDEX settlement_by_entry ON settlement (organisation_id, created_at, id);
CREATE INDEX settlement_by_supplier ON settlement (organisation_id, supplier_id, choice);
CREATE INDEX settlement_by_subject ON settlement (organisation_id, subject_id, created_at);
CREATE INDEX settlement_by_item ON settlement (organisation_id, item_id);
CREATE INDEX settlement_by_kind ON settlement (organisation_id, kind, due_on);
ALTER TABLE edition ADD COLUMN based_on text;
ALTER TABLE identity_provider ADD COLUMN secret_expires_on text;
ALTER TABLE review ADD COLUMN rescheduled_cadence_on text;
ALTER TABLE review ADD COLUMN rescheduled_tier text;
ALTER TABLE review ADD COLUMN seen text;
ALTER TABLE decision ADD COLUMN rating text;
ALTER TABLE decision ADD COLUMN rests_on text;
ALTER TABLE answer_sheet ADD COLUMN unsent text NOT NULL DEFAULT '{}';
ALTER TABLE policy ADD COLUMN evidence_validity text NOT NULL DEFAULT '{}';
ALTER TABLE evidence ADD COLUMN ends_on text;
ALTER TABLE evidence ADD COLUMN ends_because text NOT NULL DEFAULT 'none';
ALTER TABLE evidence ADD COLUMN said_key text NOT NULL DEFAULT '';
ALTER TABLE evidence ADD COLUMN checked_at text;
ALTER TABLE evidence ADD COLUMN checked_by text;
ALTER TABLE evidence ADD COLUMN security_check text;
ALTER TABLE evidence ADD COLUMN exercise text;
ALTER TABLE risk ADD COLUMN origin_evidence_id text;
ALTER TABLE policy ADD COLUMN ncsc_due text NOT NULL DEFAULT '{}';
ALTER TABLE supplier ADD COLUMN is_ourselves boolean NOT NULL DEFAULT FALSE;
ALTER TABLE register_entry ADD COLUMN is_ourselves boolean NOT NULL DEFAULT FALSE;
CREATE UNIQUE INDEX supplier_ourselves ON supplier (organisation_id) WHERE is_ourselves;
DROP INDEX register_entry_by_kind;
CREATE INDEX register_entry_by_kind
    ON register_entry (organisation_id, status, subject_type, rating, tier, ai_features, is_ourselves);
CREATE INDEX risk_by_origin_evidence ON risk (organisation_id, origin_evidence_id);
DROP INDEX evidence_by_expiry;
CREATE INDEX evidence_by_last_day ON evidence (organisation_id, ends_on);
CREATE INDEX evidence_by_statement ON evidence (subject_id, kind, said_key);
UPDATE evidence SET checked_at = created_at WHERE id NOT IN (SELECT evidence_id FROM respondent_upload);
UPDATE evidence SET checked_at = (
        SELECT min(assessment.decided_at) FROM respondent_upload
        JOIN assessment ON assessment.subject_id = respondent_upload.subject_id
        JOIN answer_sheet ON answer_sheet.assessment_id = assessment.id
        WHERE respondent_upload.evidence_id = evidence.id AND assessment.state IN ('approved', 'superseded')
        AND answer_sheet.answers LIKE '%' || evidence.id || '%'
    ) WHERE checked_at IS NULL;
CREATE TABLE upgrade (
    organisation_id text NOT NULL PRIMARY KEY REFERENCES organisation (id),
    supplier_id text NOT NULL,
    done_at text,
    unknown_tier_count bigint NOT NULL,
    higher_tier_count bigint NOT NULL,
    stale_approval_count bigint NOT NULL,
    expired_certificate_count bigint NOT NULL,
    refusal_count bigint NOT NULL,
    due_item_count bigint NOT NULL
);
INSERT INTO upgrade SELECT id, '', NULL, 0, 0, 0, 0, 0, 0 FROM organisation;

INSERT INTO seaql_migrations (version, applied_at) VALUES ('m0012_due', 1796000010);
