CREATE TABLE due_item (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    organisation_id text COLLATE "C" NOT NULL REFERENCES organisation (id),
    item_key text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    kind_rank integer NOT NULL,
    subject_id text COLLATE "C",
    supplier_id text COLLATE "C",
    product_id text COLLATE "C",
    called text COLLATE "C",
    source_id text COLLATE "C" NOT NULL,
    due_on text COLLATE "C" NOT NULL,
    why text COLLATE "C" NOT NULL,
    owner text COLLATE "C",
    created_at text COLLATE "C" NOT NULL,
    updated_at text COLLATE "C" NOT NULL,
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
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    organisation_id text COLLATE "C" NOT NULL REFERENCES organisation (id),
    kind text COLLATE "C" NOT NULL,
    due_on text COLLATE "C" NOT NULL,
    item_count bigint NOT NULL
);
CREATE INDEX due_count_by_day ON due_count (organisation_id, due_on);
CREATE TABLE settlement (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    organisation_id text COLLATE "C" NOT NULL REFERENCES organisation (id),
    version bigint NOT NULL,
    item_id text COLLATE "C" NOT NULL,
    item_key text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    choice text COLLATE "C" NOT NULL,
    subject_id text COLLATE "C",
    supplier_id text COLLATE "C",
    product_id text COLLATE "C",
    source_id text COLLATE "C" NOT NULL,
    due_on text COLLATE "C" NOT NULL,
    why text COLLATE "C" NOT NULL,
    reason text COLLATE "C" NOT NULL,
    settled_by text COLLATE "C" NOT NULL,
    created_at text COLLATE "C" NOT NULL,
    updated_at text COLLATE "C" NOT NULL,
    FOREIGN KEY (organisation_id, supplier_id) REFERENCES supplier (organisation_id, id),
    FOREIGN KEY (organisation_id, product_id) REFERENCES product (organisation_id, id)
);
CREATE INDEX settlement_by_entry ON settlement (organisation_id, created_at, id);
CREATE INDEX settlement_by_supplier ON settlement (organisation_id, supplier_id, choice);
CREATE INDEX settlement_by_subject ON settlement (organisation_id, subject_id, created_at);
CREATE INDEX settlement_by_item ON settlement (organisation_id, item_id);
CREATE INDEX settlement_by_kind ON settlement (organisation_id, kind, due_on);
ALTER TABLE edition ADD COLUMN based_on text COLLATE "C";
ALTER TABLE identity_provider ADD COLUMN secret_expires_on text COLLATE "C";
ALTER TABLE review ADD COLUMN rescheduled_cadence_on text COLLATE "C";
ALTER TABLE review ADD COLUMN rescheduled_tier text COLLATE "C";
ALTER TABLE review ADD COLUMN seen text COLLATE "C";
ALTER TABLE decision ADD COLUMN rating text COLLATE "C";
ALTER TABLE decision ADD COLUMN rests_on text COLLATE "C";
ALTER TABLE answer_sheet ADD COLUMN unsent text COLLATE "C" NOT NULL DEFAULT '{}';
ALTER TABLE policy ADD COLUMN evidence_validity text COLLATE "C" NOT NULL DEFAULT '{}';
ALTER TABLE evidence ADD COLUMN ends_on text COLLATE "C";
ALTER TABLE evidence ADD COLUMN ends_because text COLLATE "C" NOT NULL DEFAULT 'none';
ALTER TABLE evidence ADD COLUMN said_key text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE evidence ADD COLUMN checked_at text COLLATE "C";
ALTER TABLE evidence ADD COLUMN checked_by text COLLATE "C";
ALTER TABLE evidence ADD COLUMN security_check text COLLATE "C";
ALTER TABLE evidence ADD COLUMN exercise text COLLATE "C";
ALTER TABLE risk ADD COLUMN origin_evidence_id text COLLATE "C";
ALTER TABLE policy ADD COLUMN ncsc_due text COLLATE "C" NOT NULL DEFAULT '{}';
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
    organisation_id text COLLATE "C" NOT NULL PRIMARY KEY REFERENCES organisation (id),
    supplier_id text COLLATE "C" NOT NULL,
    done_at text COLLATE "C",
    unknown_tier_count bigint NOT NULL,
    higher_tier_count bigint NOT NULL,
    stale_approval_count bigint NOT NULL,
    expired_certificate_count bigint NOT NULL,
    refusal_count bigint NOT NULL,
    due_item_count bigint NOT NULL
);
INSERT INTO upgrade SELECT id, '', NULL, 0, 0, 0, 0, 0, 0 FROM organisation;

INSERT INTO seaql_migrations (version, applied_at) VALUES ('m0012_due', 1796000010);
