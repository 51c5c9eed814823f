INSERT INTO users (id, version, email, name, password_hash, totp_secret, totp_step, mfa_since, recovery_hashes, created_at, updated_at) VALUES
('usr_00000000000070008000000000000003', 1, 'jo@example.org', 'Jo Field', '$argon2id$v=19$m=19456,t=2,p=1$PnOd6PQ4YHaKV8qOZGGq2Q$S1PzitA7hvPp1/KqTfXqOkrN7TivYyBB3WxkoY3X4zw', NULL, 0, NULL, '[]', '2026-11-29T17:00:00.000000Z', '2026-11-29T17:00:00.000000Z');
INSERT INTO membership (organisation_id, user_id, version, role, created_at, updated_at) VALUES
('org_01a228228eb4762c9c56e5c8089f9dac', 'usr_00000000000070008000000000000003', 1, 'editor', '2026-11-29T17:00:00.000000Z', '2026-11-29T17:00:00.000000Z');
INSERT INTO invitation (id, organisation_id, version, kind, email, name, role, token_hash, expires_at, accepted_at, revoked_at, created_at, updated_at) VALUES
('inv_00000000000070008000000000000004', 'org_01a228228eb4762c9c56e5c8089f9dac', 1, 'invitation', 'late@example.org', NULL, 'viewer', '1111111111111111111111111111111111111111111111111111111111111111', '2026-12-06T17:00:00.000000Z', NULL, NULL, '2026-11-29T17:00:00.000000Z', '2026-11-29T17:00:00.000000Z');
UPDATE sign_in_policy SET version = 2, idle_minutes = 30 WHERE organisation_id = 'org_01a228228eb4762c9c56e5c8089f9dac';
INSERT INTO sign_in_throttle (bucket, failure_count, failed_at) VALUES
('address 192.0.2.1', 3, '2026-11-29T17:00:00.000000Z');
