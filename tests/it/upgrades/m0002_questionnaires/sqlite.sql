ALTER TABLE assessment ADD COLUMN information_only boolean NOT NULL DEFAULT false;

ALTER TABLE answer_sheet ADD COLUMN carried text NOT NULL DEFAULT '{"answers":{},"left":[]}';

ALTER TABLE edition ADD COLUMN source text;

ALTER TABLE evidence ADD COLUMN file text;

CREATE UNIQUE INDEX evidence_by_organisation ON evidence (organisation_id, id);

CREATE TABLE evidence_file (
    evidence_id text NOT NULL PRIMARY KEY,
    organisation_id text NOT NULL,
    supplier_id text NOT NULL,
    content blob NOT NULL,
    FOREIGN KEY (organisation_id, evidence_id) REFERENCES evidence (organisation_id, id)
);

CREATE TABLE draft (
    id text NOT NULL PRIMARY KEY,
    organisation_id text NOT NULL REFERENCES organisation (id),
    version bigint NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    format text NOT NULL,
    character_count bigint NOT NULL,
    created_at text NOT NULL,
    updated_at text NOT NULL,
    UNIQUE (organisation_id, id)
);

CREATE INDEX draft_by_change ON draft (organisation_id, updated_at, id);

CREATE TABLE draft_document (
    draft_id text NOT NULL PRIMARY KEY,
    organisation_id text NOT NULL,
    document text NOT NULL,
    FOREIGN KEY (organisation_id, draft_id) REFERENCES draft (organisation_id, id)
);

CREATE TABLE translation (
    id text NOT NULL PRIMARY KEY,
    organisation_id text NOT NULL REFERENCES organisation (id),
    version bigint NOT NULL,
    questionnaire text NOT NULL,
    edition text NOT NULL,
    language text NOT NULL,
    title text NOT NULL,
    document text NOT NULL,
    created_at text NOT NULL,
    updated_at text NOT NULL,
    UNIQUE (organisation_id, questionnaire, edition, language)
);

INSERT INTO seaql_migrations (version, applied_at) VALUES ('m0002_questionnaires', 1795000001);
