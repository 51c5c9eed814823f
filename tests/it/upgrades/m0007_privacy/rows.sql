INSERT INTO personal_record (organisation_id, digest, salt, about, value, name, email) VALUES
('org_01a228228eb4762c9c56e5c8089f9dac', '65f3884ce0bccdbeceaaf855168a395ec208a8a47843e494b0730b08fe3b1284', '3333333333333333333333333333333333333333333333333333333333333333', 'sup_01a228228f45758884bad868bfd7cf67', '"Kim Lee"', 'kim lee', NULL);
UPDATE retention SET version = 2, archived_contact_days = 400 WHERE organisation_id = 'org_01a228228eb4762c9c56e5c8089f9dac';
