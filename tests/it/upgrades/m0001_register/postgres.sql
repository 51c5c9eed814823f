CREATE TABLE "seaql_migrations" ( "version" varchar NOT NULL PRIMARY KEY, "applied_at" bigint NOT NULL );

CREATE TABLE organisation (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    version bigint NOT NULL,
    name text COLLATE "C" NOT NULL UNIQUE,
    created_at text COLLATE "C" NOT NULL,
    updated_at text COLLATE "C" NOT NULL
);

CREATE TABLE policy (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    organisation_id text COLLATE "C" NOT NULL UNIQUE REFERENCES organisation (id),
    version bigint NOT NULL,
    rating text COLLATE "C" NOT NULL,
    cadence_months text COLLATE "C" NOT NULL,
    risk_bands text COLLATE "C" NOT NULL,
    created_at text COLLATE "C" NOT NULL,
    updated_at text COLLATE "C" NOT NULL
);

CREATE TABLE api_key (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    organisation_id text COLLATE "C" NOT NULL REFERENCES organisation (id),
    version bigint NOT NULL,
    name text COLLATE "C" NOT NULL,
    role text COLLATE "C" NOT NULL,
    expires_on text COLLATE "C",
    revoked_at text COLLATE "C",
    last_used_at text COLLATE "C",
    secret_hash text COLLATE "C" NOT NULL,
    created_at text COLLATE "C" NOT NULL,
    updated_at text COLLATE "C" NOT NULL
);

CREATE INDEX api_key_by_age ON api_key (organisation_id, created_at, id);

CREATE TABLE audit_head (
    organisation_id text COLLATE "C" NOT NULL PRIMARY KEY REFERENCES organisation (id),
    sequence bigint NOT NULL,
    hash text COLLATE "C" NOT NULL
);

CREATE TABLE audit_event (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    organisation_id text COLLATE "C" NOT NULL REFERENCES organisation (id),
    sequence bigint NOT NULL,
    at text COLLATE "C" NOT NULL,
    actor_id text COLLATE "C" NOT NULL,
    actor_name text COLLATE "C" NOT NULL,
    request_id text COLLATE "C",
    action text COLLATE "C" NOT NULL,
    noun text COLLATE "C" NOT NULL,
    item_id text COLLATE "C" NOT NULL,
    before text COLLATE "C",
    after text COLLATE "C",
    previous_hash text COLLATE "C" NOT NULL,
    hash text COLLATE "C" NOT NULL,
    UNIQUE (organisation_id, sequence)
);

CREATE INDEX audit_event_by_item ON audit_event (organisation_id, item_id, sequence);

CREATE TABLE idempotency (
    organisation_id text COLLATE "C" NOT NULL REFERENCES organisation (id),
    actor_id text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    fingerprint text COLLATE "C" NOT NULL,
    answer text COLLATE "C" NOT NULL,
    expires_at text COLLATE "C" NOT NULL,
    PRIMARY KEY (organisation_id, actor_id, key)
);

CREATE INDEX idempotency_by_expiry ON idempotency (organisation_id, expires_at);

CREATE TABLE supplier (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    organisation_id text COLLATE "C" NOT NULL REFERENCES organisation (id),
    version bigint NOT NULL,
    name text COLLATE "C" NOT NULL,
    legal_name text COLLATE "C",
    website text COLLATE "C",
    country text COLLATE "C",
    status text COLLATE "C" NOT NULL,
    relationship_owner text COLLATE "C",
    contacts text COLLATE "C" NOT NULL,
    identifiers text COLLATE "C" NOT NULL,
    contracts text COLLATE "C" NOT NULL,
    data_role text COLLATE "C",
    personal_data text COLLATE "C" NOT NULL,
    data_locations text COLLATE "C" NOT NULL,
    data_sensitivity text COLLATE "C",
    system_access text COLLATE "C",
    service_criticality text COLLATE "C",
    people_affected text COLLATE "C",
    tier_override text COLLATE "C",
    tier_override_reason text COLLATE "C",
    tier text COLLATE "C" NOT NULL,
    tier_reason text COLLATE "C" NOT NULL,
    rating text COLLATE "C" NOT NULL,
    notes text COLLATE "C",
    created_at text COLLATE "C" NOT NULL,
    updated_at text COLLATE "C" NOT NULL,
    sort_name text COLLATE "C" NOT NULL,
    search_text text COLLATE "C" NOT NULL,
    UNIQUE (organisation_id, id)
);

CREATE INDEX supplier_by_name ON supplier (organisation_id, sort_name, id);

CREATE INDEX supplier_by_entry ON supplier (organisation_id, created_at, id);

CREATE INDEX supplier_by_change ON supplier (organisation_id, updated_at, id);

CREATE TABLE supplier_identifier (
    organisation_id text COLLATE "C" NOT NULL,
    scheme text COLLATE "C" NOT NULL,
    identifier text COLLATE "C" NOT NULL,
    supplier_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (organisation_id, scheme, identifier),
    FOREIGN KEY (organisation_id, supplier_id) REFERENCES supplier (organisation_id, id)
);

CREATE INDEX supplier_identifier_by_supplier ON supplier_identifier (organisation_id, supplier_id);

CREATE TABLE product (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    organisation_id text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    supplier_id text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    product_version text COLLATE "C",
    purpose text COLLATE "C",
    status text COLLATE "C" NOT NULL,
    ai_features text COLLATE "C" NOT NULL,
    ai_profile text COLLATE "C",
    rating text COLLATE "C" NOT NULL,
    notes text COLLATE "C",
    created_at text COLLATE "C" NOT NULL,
    updated_at text COLLATE "C" NOT NULL,
    sort_name text COLLATE "C" NOT NULL,
    UNIQUE (organisation_id, id),
    FOREIGN KEY (organisation_id, supplier_id) REFERENCES supplier (organisation_id, id)
);

CREATE INDEX product_by_supplier ON product (organisation_id, supplier_id, id);

CREATE INDEX product_by_name ON product (organisation_id, sort_name, id);

CREATE INDEX product_by_entry ON product (organisation_id, created_at, id);

CREATE INDEX product_by_change ON product (organisation_id, updated_at, id);

CREATE TABLE dependency (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    organisation_id text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    subject_id text COLLATE "C" NOT NULL,
    supplier_id text COLLATE "C" NOT NULL,
    product_id text COLLATE "C",
    rests_on_id text COLLATE "C" NOT NULL,
    rests_on_supplier_id text COLLATE "C" NOT NULL,
    rests_on_product_id text COLLATE "C",
    kind text COLLATE "C" NOT NULL,
    description text COLLATE "C",
    created_at text COLLATE "C" NOT NULL,
    updated_at text COLLATE "C" NOT NULL,
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
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    organisation_id text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    subject_id text COLLATE "C" NOT NULL,
    supplier_id text COLLATE "C" NOT NULL,
    product_id text COLLATE "C",
    kind text COLLATE "C" NOT NULL,
    reference text COLLATE "C",
    statement text COLLATE "C",
    scope text COLLATE "C",
    document_version text COLLATE "C",
    issued_on text COLLATE "C",
    expires_on text COLLATE "C",
    address text COLLATE "C",
    notes text COLLATE "C",
    created_at text COLLATE "C" NOT NULL,
    updated_at text COLLATE "C" NOT NULL,
    FOREIGN KEY (organisation_id, supplier_id) REFERENCES supplier (organisation_id, id),
    FOREIGN KEY (organisation_id, product_id) REFERENCES product (organisation_id, id)
);

CREATE INDEX evidence_by_entry ON evidence (organisation_id, created_at, id);

CREATE INDEX evidence_by_supplier ON evidence (organisation_id, supplier_id);

CREATE INDEX evidence_by_expiry ON evidence (organisation_id, expires_on);

CREATE TABLE edition (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    organisation_id text COLLATE "C" NOT NULL REFERENCES organisation (id),
    version bigint NOT NULL,
    key text COLLATE "C" NOT NULL,
    edition text COLLATE "C" NOT NULL,
    title text COLLATE "C" NOT NULL,
    framework text COLLATE "C" NOT NULL,
    origin text COLLATE "C" NOT NULL,
    hash text COLLATE "C" NOT NULL,
    document text COLLATE "C" NOT NULL,
    created_at text COLLATE "C" NOT NULL,
    updated_at text COLLATE "C" NOT NULL,
    UNIQUE (organisation_id, id),
    UNIQUE (organisation_id, key, edition)
);

CREATE TABLE assessment (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    organisation_id text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    subject_id text COLLATE "C" NOT NULL,
    supplier_id text COLLATE "C" NOT NULL,
    product_id text COLLATE "C",
    questionnaire text COLLATE "C" NOT NULL,
    edition text COLLATE "C" NOT NULL,
    edition_id text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL,
    claimed text COLLATE "C",
    evidenced text COLLATE "C",
    frameworks text COLLATE "C" NOT NULL,
    coverage text COLLATE "C" NOT NULL,
    knock_outs text COLLATE "C" NOT NULL,
    started_by text COLLATE "C" NOT NULL,
    submitted_by text COLLATE "C",
    submitted_at text COLLATE "C",
    return_comment text COLLATE "C",
    decided_by text COLLATE "C",
    decided_at text COLLATE "C",
    assessed_on text COLLATE "C",
    created_at text COLLATE "C" NOT NULL,
    updated_at text COLLATE "C" NOT NULL,
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
    assessment_id text COLLATE "C" NOT NULL PRIMARY KEY,
    organisation_id text COLLATE "C" NOT NULL,
    supplier_id text COLLATE "C" NOT NULL,
    answers text COLLATE "C" NOT NULL,
    review text COLLATE "C" NOT NULL,
    receipt text COLLATE "C",
    basis text COLLATE "C",
    FOREIGN KEY (organisation_id, assessment_id) REFERENCES assessment (organisation_id, id)
);

CREATE INDEX answer_sheet_by_supplier ON answer_sheet (organisation_id, supplier_id);

CREATE TABLE decision (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    organisation_id text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    subject_id text COLLATE "C" NOT NULL,
    supplier_id text COLLATE "C" NOT NULL,
    product_id text COLLATE "C",
    assessment_id text COLLATE "C" NOT NULL,
    outcome text COLLATE "C" NOT NULL,
    comment text COLLATE "C",
    conditions text COLLATE "C" NOT NULL,
    lapses_on text COLLATE "C",
    stale_since text COLLATE "C",
    stale_reasons text COLLATE "C" NOT NULL,
    superseded boolean NOT NULL,
    questionnaire text COLLATE "C" NOT NULL,
    decided_by text COLLATE "C" NOT NULL,
    decided_at text COLLATE "C" NOT NULL,
    created_at text COLLATE "C" NOT NULL,
    updated_at text COLLATE "C" NOT NULL,
    FOREIGN KEY (organisation_id, supplier_id) REFERENCES supplier (organisation_id, id),
    FOREIGN KEY (organisation_id, product_id) REFERENCES product (organisation_id, id),
    FOREIGN KEY (organisation_id, assessment_id) REFERENCES assessment (organisation_id, id)
);

CREATE INDEX decision_by_time ON decision (organisation_id, decided_at, id);

CREATE INDEX decision_by_supplier ON decision (organisation_id, supplier_id, superseded);

CREATE INDEX decision_by_subject ON decision (organisation_id, subject_id, superseded);

CREATE TABLE risk (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    organisation_id text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    subject_id text COLLATE "C" NOT NULL,
    supplier_id text COLLATE "C" NOT NULL,
    product_id text COLLATE "C",
    title text COLLATE "C" NOT NULL,
    description text COLLATE "C",
    likelihood integer NOT NULL,
    impact integer NOT NULL,
    band text COLLATE "C" NOT NULL,
    residual_likelihood integer,
    residual_impact integer,
    current_band text COLLATE "C" NOT NULL,
    treatment text COLLATE "C",
    owner text COLLATE "C",
    actions text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL,
    acceptance text COLLATE "C",
    acceptance_expires_on text COLLATE "C",
    closed_reason text COLLATE "C",
    origin_assessment_id text COLLATE "C",
    origin_finding text COLLATE "C",
    origin_question text COLLATE "C",
    created_at text COLLATE "C" NOT NULL,
    updated_at text COLLATE "C" NOT NULL,
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
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    organisation_id text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    subject_id text COLLATE "C" NOT NULL,
    supplier_id text COLLATE "C" NOT NULL,
    product_id text COLLATE "C",
    state text COLLATE "C" NOT NULL,
    due_on text COLLATE "C" NOT NULL,
    reason text COLLATE "C" NOT NULL,
    reason_detail text COLLATE "C" NOT NULL,
    counted_from text COLLATE "C" NOT NULL,
    triggers text COLLATE "C" NOT NULL,
    rescheduled_to text COLLATE "C",
    rescheduled_reason text COLLATE "C",
    completed_at text COLLATE "C",
    completed_by text COLLATE "C",
    outcome text COLLATE "C",
    created_at text COLLATE "C" NOT NULL,
    updated_at text COLLATE "C" NOT NULL,
    FOREIGN KEY (organisation_id, supplier_id) REFERENCES supplier (organisation_id, id),
    FOREIGN KEY (organisation_id, product_id) REFERENCES product (organisation_id, id)
);

CREATE UNIQUE INDEX review_open_once ON review (organisation_id, subject_id) WHERE state = 'open';

CREATE INDEX review_by_day ON review (organisation_id, state, due_on, id);

CREATE INDEX review_by_supplier ON review (organisation_id, supplier_id, state);

CREATE TABLE incident (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    organisation_id text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    subject_id text COLLATE "C" NOT NULL,
    supplier_id text COLLATE "C" NOT NULL,
    product_id text COLLATE "C",
    title text COLLATE "C" NOT NULL,
    description text COLLATE "C",
    severity text COLLATE "C" NOT NULL,
    personal_data_involved boolean NOT NULL,
    occurred_on text COLLATE "C" NOT NULL,
    told_on text COLLATE "C",
    resolved_on text COLLATE "C",
    lessons text COLLATE "C",
    created_at text COLLATE "C" NOT NULL,
    updated_at text COLLATE "C" NOT NULL,
    FOREIGN KEY (organisation_id, supplier_id) REFERENCES supplier (organisation_id, id),
    FOREIGN KEY (organisation_id, product_id) REFERENCES product (organisation_id, id)
);

CREATE INDEX incident_by_day ON incident (organisation_id, occurred_on, id);

CREATE INDEX incident_by_supplier ON incident (organisation_id, supplier_id);

CREATE TABLE register_entry (
    subject_id text COLLATE "C" NOT NULL PRIMARY KEY,
    organisation_id text COLLATE "C" NOT NULL,
    subject_type text COLLATE "C" NOT NULL,
    supplier_id text COLLATE "C" NOT NULL,
    product_id text COLLATE "C",
    supplier_name text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    sort_key text COLLATE "C" NOT NULL,
    search_text text COLLATE "C" NOT NULL,
    kind text COLLATE "C",
    status text COLLATE "C" NOT NULL,
    identifiers text COLLATE "C" NOT NULL,
    tier text COLLATE "C" NOT NULL,
    ai_features text COLLATE "C",
    rating text COLLATE "C" NOT NULL,
    rating_rank integer NOT NULL,
    frameworks text COLLATE "C" NOT NULL,
    coverage text COLLATE "C",
    knock_outs text COLLATE "C" NOT NULL,
    decision text COLLATE "C",
    decision_lapses_on text COLLATE "C",
    stale_reasons text COLLATE "C" NOT NULL,
    stale_from text COLLATE "C",
    conditions_due_on text COLLATE "C" NOT NULL,
    open_risks_low bigint NOT NULL,
    open_risks_moderate bigint NOT NULL,
    open_risks_high bigint NOT NULL,
    open_risks_extreme bigint NOT NULL,
    next_review_on text COLLATE "C",
    review_key text COLLATE "C" NOT NULL,
    next_review_id text COLLATE "C",
    certificates text COLLATE "C" NOT NULL,
    under_way text COLLATE "C" NOT NULL,
    updated_at text COLLATE "C" NOT NULL,
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
