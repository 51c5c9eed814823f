//! People: users and their memberships, invitations, sessions, and how they sign in.

use sea_orm_migration::prelude::*;

pub(super) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &str {
        "m0004_people"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        super::script(manager.get_connection(), TABLES).await
    }
}

// `users` is in the plural since PostgreSQL keeps the singular for itself. A person may belong to several
// organisations, so what is about the person alone (users, their known devices, tries at signing in) belongs to none.
const TABLES: &str = r#"
CREATE TABLE users (
    id $text NOT NULL PRIMARY KEY,
    version bigint NOT NULL,
    email $text NOT NULL UNIQUE,
    name $text NOT NULL,
    password_hash $text,
    totp_secret $text,
    totp_step bigint NOT NULL,
    mfa_since $text,
    recovery_hashes $text NOT NULL,
    created_at $text NOT NULL,
    updated_at $text NOT NULL
);

CREATE TABLE membership (
    organisation_id $text NOT NULL REFERENCES organisation (id),
    user_id $text NOT NULL REFERENCES users (id),
    version bigint NOT NULL,
    role $text NOT NULL,
    created_at $text NOT NULL,
    updated_at $text NOT NULL,
    PRIMARY KEY (organisation_id, user_id)
);
CREATE INDEX membership_by_user ON membership (user_id);
CREATE INDEX membership_by_age ON membership (organisation_id, created_at, user_id);

CREATE TABLE invitation (
    id $text NOT NULL PRIMARY KEY,
    organisation_id $text NOT NULL REFERENCES organisation (id),
    version bigint NOT NULL,
    kind $text NOT NULL,
    email $text NOT NULL,
    name $text,
    role $text NOT NULL,
    token_hash $text NOT NULL,
    expires_at $text NOT NULL,
    accepted_at $text,
    revoked_at $text,
    created_at $text NOT NULL,
    updated_at $text NOT NULL
);
CREATE INDEX invitation_by_age ON invitation (organisation_id, created_at, id);
CREATE INDEX invitation_by_email ON invitation (organisation_id, email);

CREATE TABLE identity_provider (
    id $text NOT NULL PRIMARY KEY,
    organisation_id $text NOT NULL REFERENCES organisation (id),
    version bigint NOT NULL,
    name $text NOT NULL,
    issuer $text NOT NULL,
    client_id $text NOT NULL,
    client_secret $text,
    is_enabled boolean NOT NULL,
    role_claim $text,
    roles $text NOT NULL,
    default_role $text,
    email_domains $text NOT NULL,
    admits_new_people boolean NOT NULL,
    created_at $text NOT NULL,
    updated_at $text NOT NULL,
    UNIQUE (organisation_id, id)
);
CREATE INDEX identity_provider_by_age ON identity_provider (organisation_id, created_at, id);

CREATE TABLE identity (
    organisation_id $text NOT NULL,
    provider_id $text NOT NULL,
    issuer $text NOT NULL,
    subject $text NOT NULL,
    user_id $text NOT NULL,
    created_at $text NOT NULL,
    PRIMARY KEY (organisation_id, provider_id, issuer, subject),
    FOREIGN KEY (organisation_id, provider_id) REFERENCES identity_provider (organisation_id, id),
    FOREIGN KEY (organisation_id, user_id) REFERENCES membership (organisation_id, user_id)
);
CREATE INDEX identity_by_user ON identity (organisation_id, user_id);

CREATE TABLE sign_in_attempt (
    state_hash $text NOT NULL PRIMARY KEY,
    organisation_id $text NOT NULL,
    provider_id $text NOT NULL,
    browser_hash $text NOT NULL,
    nonce $text NOT NULL,
    verifier $text NOT NULL,
    expires_at $text NOT NULL,
    FOREIGN KEY (organisation_id, provider_id) REFERENCES identity_provider (organisation_id, id)
);
CREATE INDEX sign_in_attempt_by_end ON sign_in_attempt (expires_at);

CREATE TABLE session (
    id $text NOT NULL PRIMARY KEY,
    organisation_id $text NOT NULL,
    version bigint NOT NULL,
    user_id $text NOT NULL,
    stage $text NOT NULL,
    method $text NOT NULL,
    agent $text,
    secret_hash $text NOT NULL,
    created_at $text NOT NULL,
    last_seen_at $text NOT NULL,
    expires_at $text NOT NULL,
    FOREIGN KEY (organisation_id, user_id) REFERENCES membership (organisation_id, user_id)
);
CREATE INDEX session_by_user ON session (user_id);
CREATE INDEX session_by_age ON session (organisation_id, created_at, id);

CREATE TABLE sign_in_policy (
    id $text NOT NULL PRIMARY KEY,
    organisation_id $text NOT NULL UNIQUE REFERENCES organisation (id),
    version bigint NOT NULL,
    mfa $text NOT NULL,
    allows_passwords boolean NOT NULL,
    idle_minutes bigint NOT NULL,
    absolute_hours bigint NOT NULL,
    created_at $text NOT NULL,
    updated_at $text NOT NULL
);
INSERT INTO sign_in_policy
SELECT 'sip_' || substr(id, 5), id, 1, '{"viewer":"optional","editor":"optional","approver":"recommended","admin":"recommended"}', true, 60, 12, created_at, created_at
FROM organisation;

CREATE TABLE sign_in_throttle (
    bucket $text NOT NULL PRIMARY KEY,
    failure_count bigint NOT NULL,
    failed_at $text NOT NULL
);
CREATE INDEX sign_in_throttle_by_time ON sign_in_throttle (failed_at);

CREATE TABLE known_device (
    secret_hash $text NOT NULL PRIMARY KEY,
    user_id $text NOT NULL REFERENCES users (id),
    last_used_at $text NOT NULL
);
CREATE INDEX known_device_by_user ON known_device (user_id, last_used_at)
"#;
