ALTER TABLE assessment ADD COLUMN information_only boolean NOT NULL DEFAULT false;

ALTER TABLE answer_sheet ADD COLUMN carried text COLLATE "C" NOT NULL DEFAULT '{"answers":{},"left":[]}';

ALTER TABLE edition ADD COLUMN source text COLLATE "C";

ALTER TABLE evidence ADD COLUMN file text COLLATE "C";

CREATE UNIQUE INDEX evidence_by_organisation ON evidence (organisation_id, id);

CREATE TABLE evidence_file (
    evidence_id text COLLATE "C" NOT NULL PRIMARY KEY,
    organisation_id text COLLATE "C" NOT NULL,
    supplier_id text COLLATE "C" NOT NULL,
    content bytea NOT NULL,
    FOREIGN KEY (organisation_id, evidence_id) REFERENCES evidence (organisation_id, id)
);

CREATE TABLE draft (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    organisation_id text COLLATE "C" NOT NULL REFERENCES organisation (id),
    version bigint NOT NULL,
    name text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    format text COLLATE "C" NOT NULL,
    character_count bigint NOT NULL,
    created_at text COLLATE "C" NOT NULL,
    updated_at text COLLATE "C" NOT NULL,
    UNIQUE (organisation_id, id)
);

CREATE INDEX draft_by_change ON draft (organisation_id, updated_at, id);

CREATE TABLE draft_document (
    draft_id text COLLATE "C" NOT NULL PRIMARY KEY,
    organisation_id text COLLATE "C" NOT NULL,
    document text COLLATE "C" NOT NULL,
    FOREIGN KEY (organisation_id, draft_id) REFERENCES draft (organisation_id, id)
);

CREATE TABLE translation (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    organisation_id text COLLATE "C" NOT NULL REFERENCES organisation (id),
    version bigint NOT NULL,
    questionnaire text COLLATE "C" NOT NULL,
    edition text COLLATE "C" NOT NULL,
    language text COLLATE "C" NOT NULL,
    title text COLLATE "C" NOT NULL,
    document text COLLATE "C" NOT NULL,
    created_at text COLLATE "C" NOT NULL,
    updated_at text COLLATE "C" NOT NULL,
    UNIQUE (organisation_id, questionnaire, edition, language)
);

INSERT INTO seaql_migrations (version, applied_at) VALUES ('m0002_questionnaires', 1795000001);
