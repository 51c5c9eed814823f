CREATE TABLE respondent_link (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    organisation_id text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    assessment_id text COLLATE "C" NOT NULL,
    contact_name text COLLATE "C" NOT NULL,
    email text COLLATE "C",
    message text COLLATE "C",
    due_on text COLLATE "C",
    expires_on text COLLATE "C" NOT NULL,
    secret_hash text COLLATE "C" NOT NULL,
    revoked_at text COLLATE "C",
    replaced_by text COLLATE "C",
    opened_at text COLLATE "C",
    last_used_at text COLLATE "C",
    submitted_at text COLLATE "C",
    mail text COLLATE "C" NOT NULL,
    mail_failure text COLLATE "C",
    created_by text COLLATE "C" NOT NULL,
    created_at text COLLATE "C" NOT NULL,
    updated_at text COLLATE "C" NOT NULL,
    UNIQUE (organisation_id, id),
    FOREIGN KEY (organisation_id, assessment_id) REFERENCES assessment (organisation_id, id)
);

CREATE INDEX respondent_link_by_entry ON respondent_link (organisation_id, created_at, id);

CREATE INDEX respondent_link_by_assessment ON respondent_link (organisation_id, assessment_id, created_at);

CREATE TABLE respondent_session (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    organisation_id text COLLATE "C" NOT NULL,
    link_id text COLLATE "C" NOT NULL,
    secret_hash text COLLATE "C" NOT NULL,
    created_at text COLLATE "C" NOT NULL,
    last_used_at text COLLATE "C" NOT NULL,
    FOREIGN KEY (organisation_id, link_id) REFERENCES respondent_link (organisation_id, id)
);

CREATE INDEX respondent_session_by_link ON respondent_session (organisation_id, link_id);

CREATE TABLE respondent_upload (
    evidence_id text COLLATE "C" NOT NULL PRIMARY KEY,
    organisation_id text COLLATE "C" NOT NULL,
    link_id text COLLATE "C" NOT NULL,
    assessment_id text COLLATE "C" NOT NULL,
    subject_id text COLLATE "C" NOT NULL,
    FOREIGN KEY (organisation_id, evidence_id) REFERENCES evidence (organisation_id, id),
    FOREIGN KEY (organisation_id, link_id) REFERENCES respondent_link (organisation_id, id)
);

CREATE INDEX respondent_upload_by_subject ON respondent_upload (organisation_id, subject_id);

INSERT INTO seaql_migrations (version, applied_at) VALUES ('m0006_respondents', 1795000005);
