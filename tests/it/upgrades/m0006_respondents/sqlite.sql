CREATE TABLE respondent_link (
    id text NOT NULL PRIMARY KEY,
    organisation_id text NOT NULL,
    version bigint NOT NULL,
    assessment_id text NOT NULL,
    contact_name text NOT NULL,
    email text,
    message text,
    due_on text,
    expires_on text NOT NULL,
    secret_hash text NOT NULL,
    revoked_at text,
    replaced_by text,
    opened_at text,
    last_used_at text,
    submitted_at text,
    mail text NOT NULL,
    mail_failure text,
    created_by text NOT NULL,
    created_at text NOT NULL,
    updated_at text NOT NULL,
    UNIQUE (organisation_id, id),
    FOREIGN KEY (organisation_id, assessment_id) REFERENCES assessment (organisation_id, id)
);

CREATE INDEX respondent_link_by_entry ON respondent_link (organisation_id, created_at, id);

CREATE INDEX respondent_link_by_assessment ON respondent_link (organisation_id, assessment_id, created_at);

CREATE TABLE respondent_session (
    id text NOT NULL PRIMARY KEY,
    organisation_id text NOT NULL,
    link_id text NOT NULL,
    secret_hash text NOT NULL,
    created_at text NOT NULL,
    last_used_at text NOT NULL,
    FOREIGN KEY (organisation_id, link_id) REFERENCES respondent_link (organisation_id, id)
);

CREATE INDEX respondent_session_by_link ON respondent_session (organisation_id, link_id);

CREATE TABLE respondent_upload (
    evidence_id text NOT NULL PRIMARY KEY,
    organisation_id text NOT NULL,
    link_id text NOT NULL,
    assessment_id text NOT NULL,
    subject_id text NOT NULL,
    FOREIGN KEY (organisation_id, evidence_id) REFERENCES evidence (organisation_id, id),
    FOREIGN KEY (organisation_id, link_id) REFERENCES respondent_link (organisation_id, id)
);

CREATE INDEX respondent_upload_by_subject ON respondent_upload (organisation_id, subject_id);

INSERT INTO seaql_migrations (version, applied_at) VALUES ('m0006_respondents', 1795000005);
