-- A sample in which nothing has happened yet.
INSERT INTO organisation (id, version, name, created_at, updated_at, is_sample) VALUES
('org_00000000000070008000000000000006', 1, 'Nothing Yet', '2026-11-29T17:00:00.000000Z', '2026-11-29T17:00:00.000000Z', true);
INSERT INTO policy (id, organisation_id, version, rating, cadence_months, risk_bands, created_at, updated_at) VALUES
('pol_00000000000070008000000000000006', 'org_00000000000070008000000000000006', 1, '{"strong_from":80,"adequate_from":60,"weak_from":40,"minimum_coverage":80,"matrix":{"low":{"strong":"low","adequate":"low","weak":"moderate","poor":"moderate"},"medium":{"strong":"low","adequate":"moderate","weak":"moderate","poor":"high"},"high":{"strong":"moderate","adequate":"moderate","weak":"high","poor":"extreme"},"critical":{"strong":"moderate","adequate":"high","weak":"extreme","poor":"extreme"}}}', '{"critical":6,"high":12,"medium":24,"low":36}', '{"moderate_from":4,"high_from":8,"extreme_from":15}', '2026-11-29T17:00:00.000000Z', '2026-11-29T17:00:00.000000Z');
INSERT INTO audit_head (organisation_id, sequence, hash) VALUES
('org_00000000000070008000000000000006', 0, '0000000000000000000000000000000000000000000000000000000000000000');
INSERT INTO sign_in_policy (id, organisation_id, version, mfa, allows_passwords, idle_minutes, absolute_hours, created_at, updated_at) VALUES
('sip_00000000000070008000000000000006', 'org_00000000000070008000000000000006', 1, '{"viewer":"optional","editor":"optional","approver":"recommended","admin":"recommended"}', true, 60, 12, '2026-11-29T17:00:00.000000Z', '2026-11-29T17:00:00.000000Z');
INSERT INTO retention (id, organisation_id, version, archived_contact_days, expired_file_days, created_at, updated_at) VALUES
('ret_00000000000070008000000000000006', 'org_00000000000070008000000000000006', 1, NULL, NULL, '2026-11-29T17:00:00.000000Z', '2026-11-29T17:00:00.000000Z');
