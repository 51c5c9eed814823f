CREATE TABLE register_count (
    id text NOT NULL PRIMARY KEY,
    organisation_id text NOT NULL REFERENCES organisation (id),
    sort text NOT NULL,
    value text NOT NULL,
    item_count bigint NOT NULL
);
CREATE INDEX register_count_by_value ON register_count (organisation_id, sort, value);
ALTER TABLE register_entry ADD COLUMN heat text NOT NULL DEFAULT '[]';
INSERT INTO register_count (id, organisation_id, sort, value, item_count)
SELECT organisation_id || ' ' || sort || ' ' || value, organisation_id, sort, value, sum(number) FROM (
    SELECT organisation_id, CASE subject_type WHEN 'supplier' THEN 'suppliers' ELSE 'products' END AS sort,
        rating || ' ' || CASE subject_type WHEN 'supplier' THEN tier ELSE coalesce(ai_features, '') END AS value, 1 AS number
        FROM register_entry WHERE status <> 'archived' AND NOT is_ourselves
    UNION ALL SELECT organisation_id, 'reviews', next_review_on, 1
        FROM register_entry WHERE status <> 'archived' AND NOT is_ourselves AND next_review_on IS NOT NULL
    UNION ALL SELECT organisation_id, 'knocked_out', '', 1
        FROM register_entry WHERE status <> 'archived' AND NOT is_ourselves AND knock_outs <> '[]'
    UNION ALL SELECT organisation_id, 'stale', CASE WHEN stale_reasons <> '[]' THEN '' ELSE stale_from END, 1
        FROM register_entry WHERE status <> 'archived' AND NOT is_ourselves
            AND (stale_reasons <> '[]' OR stale_from IS NOT NULL)
    UNION ALL SELECT risk.organisation_id, 'risks',
        coalesce(residual_likelihood, likelihood) || ' ' || coalesce(residual_impact, impact), 1
        FROM risk JOIN register_entry ON register_entry.subject_id = risk.subject_id
        WHERE risk.state <> 'closed' AND register_entry.status <> 'archived' AND NOT register_entry.is_ourselves
) AS facts GROUP BY organisation_id, sort, value;

INSERT INTO seaql_migrations (version, applied_at) VALUES ('m0013_counts', 1796000011);
