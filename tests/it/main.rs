//! What is known: tests through the door, as a person with a role, on SQLite and on PostgreSQL.
//!
//! A body is written once and run on both (see [`harness::both`]). PostgreSQL's half needs `DILIGENCE_TEST_POSTGRES`, the
//! address of a cluster in which each test makes a database of its own; `tests/run` sets it up.

mod harness;
mod server;

mod answering_pages;
mod assessments;
mod audit;
mod authoring;
mod bad_input;
mod concentration;
mod concurrency;
mod contract;
mod databases;
mod decisions;
mod dependencies;
mod duties;
mod evidence;
mod evidence_files;
mod import_pages;
mod imports;
mod incidents;
mod judging_pages;
mod keys;
mod operations;
mod organisations;
mod pages;
mod people;
mod policy;
mod privacy;
mod products;
mod questionnaire_life;
mod questionnaire_pages;
mod questionnaires;
mod readme;
mod real_data;
mod receipts;
mod record_pages;
mod register;
mod register_pages;
mod respondents;
mod retries;
mod reviews;
mod risks;
mod roles;
mod sample;
mod security;
mod sessions;
mod settings_pages;
mod settings_records_pages;
mod signed_out_pages;
mod single_sign_on;
mod suppliers;
mod tenancy;
mod web;
mod what_if;
