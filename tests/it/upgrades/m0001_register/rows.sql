-- An organisation in which nothing has happened yet.
INSERT INTO organisation (id, version, name, created_at, updated_at) VALUES
('org_00000000000070008000000000000001', 1, 'Nothing Yet', '2026-11-29T17:00:00.000000Z', '2026-11-29T17:00:00.000000Z');
INSERT INTO policy (id, organisation_id, version, rating, cadence_months, risk_bands, created_at, updated_at) VALUES
('pol_00000000000070008000000000000001', 'org_00000000000070008000000000000001', 1, '{"strong_from":80,"adequate_from":60,"weak_from":40,"minimum_coverage":80,"matrix":{"low":{"strong":"low","adequate":"low","weak":"moderate","poor":"moderate"},"medium":{"strong":"low","adequate":"moderate","weak":"moderate","poor":"high"},"high":{"strong":"moderate","adequate":"moderate","weak":"high","poor":"extreme"},"critical":{"strong":"moderate","adequate":"high","weak":"extreme","poor":"extreme"}}}', '{"critical":6,"high":12,"medium":24,"low":36}', '{"moderate_from":4,"high_from":8,"extreme_from":15}', '2026-11-29T17:00:00.000000Z', '2026-11-29T17:00:00.000000Z');
INSERT INTO audit_head (organisation_id, sequence, hash) VALUES
('org_00000000000070008000000000000001', 0, '0000000000000000000000000000000000000000000000000000000000000000');

-- A questionnaire with a null character, which was taken until the step m0003_audit.
INSERT INTO edition (id, organisation_id, version, "key", edition, title, framework, origin, hash, document, created_at, updated_at) VALUES
('edn_00000000000070008000000000000002', 'org_01a22821e09371f29fff74f8a03dcbba', 1, 'null-check', '2026.1', 'Null check', 'security', 'own', '9ceca78d53ae2deccc15a58f2c84b7936b73f1ede32e31711ac5661e46cc6bf5', '{"key":"null-check","title":"Null check","edition":"2026.1","language":"en","summary":"Holds a \u0000 null.","framework":"security","applies_to":["supplier"],"principles":[{"key":"access","title":"Access"}],"sections":[{"key":"all","title":"All","questions":[{"key":"exit","principle":"access","text":"Can you leave?","type":"yes_no","options":[{"value":"yes","label":"Yes","points":100},{"value":"no","label":"No","points":0}]}]}]}', '2026-11-29T17:00:00.000000Z', '2026-11-29T17:00:00.000000Z');
