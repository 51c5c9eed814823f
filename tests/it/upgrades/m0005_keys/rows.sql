UPDATE policy SET version = version + 1, separation_of_duties = 'not_who_answered' WHERE organisation_id = 'org_01a228228eb4762c9c56e5c8089f9dac';
