ALTER TABLE edition ADD COLUMN summary text NOT NULL DEFAULT '';

ALTER TABLE edition ADD COLUMN applies_to text NOT NULL DEFAULT '[]';

ALTER TABLE edition ADD COLUMN question_count bigint NOT NULL DEFAULT 0;

UPDATE edition SET
    summary = json_extract(document, '$.summary'),
    applies_to = json_extract(document, '$.applies_to'),
    question_count = (SELECT count(*) FROM json_each(edition.document, '$.sections') AS section, json_each(section.value, '$.questions'));

INSERT INTO seaql_migrations (version, applied_at) VALUES ('m0008_lists', 1795000007);
