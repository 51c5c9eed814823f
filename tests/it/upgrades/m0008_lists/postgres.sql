ALTER TABLE edition ADD COLUMN summary text COLLATE "C" NOT NULL DEFAULT '';

ALTER TABLE edition ADD COLUMN applies_to text COLLATE "C" NOT NULL DEFAULT '[]';

ALTER TABLE edition ADD COLUMN question_count bigint NOT NULL DEFAULT 0;

UPDATE edition SET
    summary = document::json ->> 'summary',
    applies_to = document::json ->> 'applies_to',
    question_count = (SELECT coalesce(sum(json_array_length(section -> 'questions')), 0) FROM json_array_elements(document::json -> 'sections') AS section)
WHERE position('\u0000' IN document) = 0;

INSERT INTO seaql_migrations (version, applied_at) VALUES ('m0008_lists', 1795000007);
