CREATE TABLE "seaql_migrations" ( "version" varchar NOT NULL PRIMARY KEY, "applied_at" bigint NOT NULL );

CREATE TABLE organisation (
    id text NOT NULL PRIMARY KEY,
    version bigint NOT NULL,
    name text NOT NULL UNIQUE,
    created_at text NOT NULL,
    updated_at text NOT NULL
);

CREATE TABLE policy (
    id text NOT NULL PRIMARY KEY,
    organisation_id text NOT NULL UNIQUE REFERENCES organisation (id),
    version bigint NOT NULL,
    rating text NOT NULL,
    cadence_months text NOT NULL,
    risk_bands text NOT NULL,
    created_at text NOT NULL,
    updated_at text NOT NULL
);

CREATE TABLE api_key (
    id text NOT NULL PRIMARY KEY,
    organisation_id text NOT NULL REFERENCES organisation (id),
    version bigint NOT NULL,
    name text NOT NULL,
    role text NOT NULL,
    expires_on text,
    revoked_at text,
    last_used_at text,
    secret_hash text NOT NULL,
    created_at text NOT NULL,
    updated_at text NOT NULL
);

CREATE INDEX api_key_by_age ON api_key (organisation_id, created_at, id);

CREATE TABLE audit_head (
    organisation_id text NOT NULL PRIMARY KEY REFERENCES organisation (id),
    sequence bigint NOT NULL,
    hash text NOT NULL
);

CREATE TABLE audit_event (
    id text NOT NULL PRIMARY KEY,
    organisation_id text NOT NULL REFERENCES organisation (id),
    sequence bigint NOT NULL,
    at text NOT NULL,
    actor_id text NOT NULL,
    actor_name text NOT NULL,
    request_id text,
    action text NOT NULL,
    noun text NOT NULL,
    item_id text NOT NULL,
    before text,
    after text,
    previous_hash text NOT NULL,
    hash text NOT NULL,
    UNIQUE (organisation_id, sequence)
);

CREATE INDEX audit_event_by_item ON audit_event (organisation_id, item_id, sequence);

CREATE TABLE idempotency (
    organisation_id text NOT NULL REFERENCES organisation (id),
    actor_id text NOT NULL,
    key text NOT NULL,
    fingerprint text NOT NULL,
    answer text NOT NULL,
    expires_at text NOT NULL,
    PRIMARY KEY (organisation_id, actor_id, key)
);

CREATE INDEX idempotency_by_expiry ON idempotency (organisation_id, expires_at);

CREATE TABLE supplier (
    id text NOT NULL PRIMARY KEY,
    organisation_id text NOT NULL REFERENCES organisation (id),
    version bigint NOT NULL,
    name text NOT NULL,
    legal_name text,
    website text,
    country text,
    status text NOT NULL,
    relationship_owner text,
    contacts text NOT NULL,
    identifiers text NOT NULL,
    contracts text NOT NULL,
    data_role text,
    personal_data text NOT NULL,
    data_locations text NOT NULL,
    data_sensitivity text,
    system_access text,
    service_criticality text,
    people_affected text,
    tier_override text,
    tier_override_reason text,
    tier text NOT NULL,
    tier_reason text NOT NULL,
    rating text NOT NULL,
    notes text,
    created_at text NOT NULL,
    updated_at text NOT NULL,
    sort_name text NOT NULL,
    search_text text NOT NULL,
    UNIQUE (organisation_id, id)
);

CREATE INDEX supplier_by_name ON supplier (organisation_id, sort_name, id);

CREATE INDEX supplier_by_entry ON supplier (organisation_id, created_at, id);

CREATE INDEX supplier_by_change ON supplier (organisation_id, updated_at, id);

CREATE TABLE supplier_identifier (
    organisation_id text NOT NULL,
    scheme text NOT NULL,
    identifier text NOT NULL,
    supplier_id text NOT NULL,
    PRIMARY KEY (organisation_id, scheme, identifier),
    FOREIGN KEY (organisation_id, supplier_id) REFERENCES supplier (organisation_id, id)
);

CREATE INDEX supplier_identifier_by_supplier ON supplier_identifier (organisation_id, supplier_id);

CREATE TABLE product (
    id text NOT NULL PRIMARY KEY,
    organisation_id text NOT NULL,
    version bigint NOT NULL,
    supplier_id text NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    product_version text,
    purpose text,
    status text NOT NULL,
    ai_features text NOT NULL,
    ai_profile text,
    rating text NOT NULL,
    notes text,
    created_at text NOT NULL,
    updated_at text NOT NULL,
    sort_name text NOT NULL,
    UNIQUE (organisation_id, id),
    FOREIGN KEY (organisation_id, supplier_id) REFERENCES supplier (organisation_id, id)
);

CREATE INDEX product_by_supplier ON product (organisation_id, supplier_id, id);

CREATE INDEX product_by_name ON product (organisation_id, sort_name, id);

CREATE INDEX product_by_entry ON product (organisation_id, created_at, id);

CREATE INDEX product_by_change ON product (organisation_id, updated_at, id);

CREATE TABLE dependency (
    id text NOT NULL PRIMARY KEY,
    organisation_id text NOT NULL,
    version bigint NOT NULL,
    subject_id text NOT NULL,
    supplier_id text NOT NULL,
    product_id text,
    rests_on_id text NOT NULL,
    rests_on_supplier_id text NOT NULL,
    rests_on_product_id text,
    kind text NOT NULL,
    description text,
    created_at text NOT NULL,
    updated_at text NOT NULL,
    UNIQUE (organisation_id, subject_id, rests_on_id, kind),
    FOREIGN KEY (organisation_id, supplier_id) REFERENCES supplier (organisation_id, id),
    FOREIGN KEY (organisation_id, product_id) REFERENCES product (organisation_id, id),
    FOREIGN KEY (organisation_id, rests_on_supplier_id) REFERENCES supplier (organisation_id, id),
    FOREIGN KEY (organisation_id, rests_on_product_id) REFERENCES product (organisation_id, id)
);

CREATE INDEX dependency_by_entry ON dependency (organisation_id, created_at, id);

CREATE INDEX dependency_by_supplier ON dependency (organisation_id, supplier_id);

CREATE INDEX dependency_by_base ON dependency (organisation_id, rests_on_id);

CREATE TABLE evidence (
    id text NOT NULL PRIMARY KEY,
    organisation_id text NOT NULL,
    version bigint NOT NULL,
    subject_id text NOT NULL,
    supplier_id text NOT NULL,
    product_id text,
    kind text NOT NULL,
    reference text,
    statement text,
    scope text,
    document_version text,
    issued_on text,
    expires_on text,
    address text,
    notes text,
    created_at text NOT NULL,
    updated_at text NOT NULL,
    FOREIGN KEY (organisation_id, supplier_id) REFERENCES supplier (organisation_id, id),
    FOREIGN KEY (organisation_id, product_id) REFERENCES product (organisation_id, id)
);

CREATE INDEX evidence_by_entry ON evidence (organisation_id, created_at, id);

CREATE INDEX evidence_by_supplier ON evidence (organisation_id, supplier_id);

CREATE INDEX evidence_by_expiry ON evidence (organisation_id, expires_on);

CREATE TABLE edition (
    id text NOT NULL PRIMARY KEY,
    organisation_id text NOT NULL REFERENCES organisation (id),
    version bigint NOT NULL,
    key text NOT NULL,
    edition text NOT NULL,
    title text NOT NULL,
    framework text NOT NULL,
    origin text NOT NULL,
    hash text NOT NULL,
    document text NOT NULL,
    created_at text NOT NULL,
    updated_at text NOT NULL,
    UNIQUE (organisation_id, id),
    UNIQUE (organisation_id, key, edition)
);

CREATE TABLE assessment (
    id text NOT NULL PRIMARY KEY,
    organisation_id text NOT NULL,
    version bigint NOT NULL,
    subject_id text NOT NULL,
    supplier_id text NOT NULL,
    product_id text,
    questionnaire text NOT NULL,
    edition text NOT NULL,
    edition_id text NOT NULL,
    state text NOT NULL,
    claimed text,
    evidenced text,
    frameworks text NOT NULL,
    coverage text NOT NULL,
    knock_outs text NOT NULL,
    started_by text NOT NULL,
    submitted_by text,
    submitted_at text,
    return_comment text,
    decided_by text,
    decided_at text,
    assessed_on text,
    created_at text NOT NULL,
    updated_at text NOT NULL,
    UNIQUE (organisation_id, id),
    FOREIGN KEY (organisation_id, supplier_id) REFERENCES supplier (organisation_id, id),
    FOREIGN KEY (organisation_id, product_id) REFERENCES product (organisation_id, id),
    FOREIGN KEY (organisation_id, edition_id) REFERENCES edition (organisation_id, id)
);

CREATE INDEX assessment_by_entry ON assessment (organisation_id, created_at, id);

CREATE INDEX assessment_by_change ON assessment (organisation_id, updated_at, id);

CREATE INDEX assessment_by_supplier ON assessment (organisation_id, supplier_id, state);

CREATE INDEX assessment_by_subject ON assessment (organisation_id, subject_id, questionnaire);

CREATE TABLE answer_sheet (
    assessment_id text NOT NULL PRIMARY KEY,
    organisation_id text NOT NULL,
    supplier_id text NOT NULL,
    answers text NOT NULL,
    review text NOT NULL,
    receipt text,
    basis text,
    FOREIGN KEY (organisation_id, assessment_id) REFERENCES assessment (organisation_id, id)
);

CREATE INDEX answer_sheet_by_supplier ON answer_sheet (organisation_id, supplier_id);

CREATE TABLE decision (
    id text NOT NULL PRIMARY KEY,
    organisation_id text NOT NULL,
    version bigint NOT NULL,
    subject_id text NOT NULL,
    supplier_id text NOT NULL,
    product_id text,
    assessment_id text NOT NULL,
    outcome text NOT NULL,
    comment text,
    conditions text NOT NULL,
    lapses_on text,
    stale_since text,
    stale_reasons text NOT NULL,
    superseded boolean NOT NULL,
    questionnaire text NOT NULL,
    decided_by text NOT NULL,
    decided_at text NOT NULL,
    created_at text NOT NULL,
    updated_at text NOT NULL,
    FOREIGN KEY (organisation_id, supplier_id) REFERENCES supplier (organisation_id, id),
    FOREIGN KEY (organisation_id, product_id) REFERENCES product (organisation_id, id),
    FOREIGN KEY (organisation_id, assessment_id) REFERENCES assessment (organisation_id, id)
);

CREATE INDEX decision_by_time ON decision (organisation_id, decided_at, id);

CREATE INDEX decision_by_supplier ON decision (organisation_id, supplier_id, superseded);

CREATE INDEX decision_by_subject ON decision (organisation_id, subject_id, superseded);

CREATE TABLE risk (
    id text NOT NULL PRIMARY KEY,
    organisation_id text NOT NULL,
    version bigint NOT NULL,
    subject_id text NOT NULL,
    supplier_id text NOT NULL,
    product_id text,
    title text NOT NULL,
    description text,
    likelihood integer NOT NULL,
    impact integer NOT NULL,
    band text NOT NULL,
    residual_likelihood integer,
    residual_impact integer,
    current_band text NOT NULL,
    treatment text,
    owner text,
    actions text NOT NULL,
    state text NOT NULL,
    acceptance text,
    acceptance_expires_on text,
    closed_reason text,
    origin_assessment_id text,
    origin_finding text,
    origin_question text,
    created_at text NOT NULL,
    updated_at text NOT NULL,
    UNIQUE (organisation_id, origin_assessment_id, origin_finding),
    FOREIGN KEY (organisation_id, supplier_id) REFERENCES supplier (organisation_id, id),
    FOREIGN KEY (organisation_id, product_id) REFERENCES product (organisation_id, id),
    FOREIGN KEY (organisation_id, origin_assessment_id) REFERENCES assessment (organisation_id, id)
);

CREATE INDEX risk_by_entry ON risk (organisation_id, created_at, id);

CREATE INDEX risk_by_change ON risk (organisation_id, updated_at, id);

CREATE INDEX risk_by_supplier ON risk (organisation_id, supplier_id, state);

CREATE INDEX risk_by_subject ON risk (organisation_id, subject_id);

CREATE INDEX risk_by_heat ON risk (organisation_id, state, likelihood, impact, residual_likelihood, residual_impact);

CREATE TABLE review (
    id text NOT NULL PRIMARY KEY,
    organisation_id text NOT NULL,
    version bigint NOT NULL,
    subject_id text NOT NULL,
    supplier_id text NOT NULL,
    product_id text,
    state text NOT NULL,
    due_on text NOT NULL,
    reason text NOT NULL,
    reason_detail text NOT NULL,
    counted_from text NOT NULL,
    triggers text NOT NULL,
    rescheduled_to text,
    rescheduled_reason text,
    completed_at text,
    completed_by text,
    outcome text,
    created_at text NOT NULL,
    updated_at text NOT NULL,
    FOREIGN KEY (organisation_id, supplier_id) REFERENCES supplier (organisation_id, id),
    FOREIGN KEY (organisation_id, product_id) REFERENCES product (organisation_id, id)
);

CREATE UNIQUE INDEX review_open_once ON review (organisation_id, subject_id) WHERE state = 'open';

CREATE INDEX review_by_day ON review (organisation_id, state, due_on, id);

CREATE INDEX review_by_supplier ON review (organisation_id, supplier_id, state);

CREATE TABLE incident (
    id text NOT NULL PRIMARY KEY,
    organisation_id text NOT NULL,
    version bigint NOT NULL,
    subject_id text NOT NULL,
    supplier_id text NOT NULL,
    product_id text,
    title text NOT NULL,
    description text,
    severity text NOT NULL,
    personal_data_involved boolean NOT NULL,
    occurred_on text NOT NULL,
    told_on text,
    resolved_on text,
    lessons text,
    created_at text NOT NULL,
    updated_at text NOT NULL,
    FOREIGN KEY (organisation_id, supplier_id) REFERENCES supplier (organisation_id, id),
    FOREIGN KEY (organisation_id, product_id) REFERENCES product (organisation_id, id)
);

CREATE INDEX incident_by_day ON incident (organisation_id, occurred_on, id);

CREATE INDEX incident_by_supplier ON incident (organisation_id, supplier_id);

CREATE TABLE register_entry (
    subject_id text NOT NULL PRIMARY KEY,
    organisation_id text NOT NULL,
    subject_type text NOT NULL,
    supplier_id text NOT NULL,
    product_id text,
    supplier_name text NOT NULL,
    name text NOT NULL,
    sort_key text NOT NULL,
    search_text text NOT NULL,
    kind text,
    status text NOT NULL,
    identifiers text NOT NULL,
    tier text NOT NULL,
    ai_features text,
    rating text NOT NULL,
    rating_rank integer NOT NULL,
    frameworks text NOT NULL,
    coverage text,
    knock_outs text NOT NULL,
    decision text,
    decision_lapses_on text,
    stale_reasons text NOT NULL,
    stale_from text,
    conditions_due_on text NOT NULL,
    open_risks_low bigint NOT NULL,
    open_risks_moderate bigint NOT NULL,
    open_risks_high bigint NOT NULL,
    open_risks_extreme bigint NOT NULL,
    next_review_on text,
    review_key text NOT NULL,
    next_review_id text,
    certificates text NOT NULL,
    under_way text NOT NULL,
    updated_at text NOT NULL,
    FOREIGN KEY (organisation_id, supplier_id) REFERENCES supplier (organisation_id, id),
    FOREIGN KEY (organisation_id, product_id) REFERENCES product (organisation_id, id)
);

CREATE INDEX register_entry_by_name ON register_entry (organisation_id, sort_key, subject_id);

CREATE INDEX register_entry_by_rating ON register_entry (organisation_id, rating_rank, subject_id);

CREATE INDEX register_entry_by_review ON register_entry (organisation_id, review_key, subject_id);

CREATE INDEX register_entry_by_change ON register_entry (organisation_id, updated_at, subject_id);

CREATE INDEX register_entry_by_supplier ON register_entry (organisation_id, supplier_id);

CREATE INDEX register_entry_by_kind ON register_entry (organisation_id, status, subject_type, rating, tier, ai_features);

INSERT INTO seaql_migrations (version, applied_at) VALUES ('m0001_register', 1795000000);
