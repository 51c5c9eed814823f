//! What an identity provider is asked for, how, and where it is believed; and what comes when one is tried. Providers
//! that were there go on being asked for what they were asked for before.

use sea_orm_migration::prelude::*;

pub(super) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &str {
        "m0015_providers"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        super::script(manager.get_connection(), STATEMENTS).await
    }
}

const STATEMENTS: &str = r#"
ALTER TABLE identity_provider ADD COLUMN scopes $text NOT NULL DEFAULT '["email","profile"]';
ALTER TABLE identity_provider ADD COLUMN pkce boolean NOT NULL DEFAULT TRUE;
ALTER TABLE identity_provider ADD COLUMN believed_domains $text NOT NULL DEFAULT '[]';
CREATE TABLE sign_in_trial (
    id $text NOT NULL PRIMARY KEY,
    organisation_id $text NOT NULL,
    provider_id $text NOT NULL,
    state_hash $text NOT NULL,
    nonce $text NOT NULL,
    verifier $text NOT NULL,
    outcome $text,
    created_at $text NOT NULL,
    expires_at $text NOT NULL,
    FOREIGN KEY (organisation_id, provider_id) REFERENCES identity_provider (organisation_id, id)
);
CREATE INDEX sign_in_trial_by_state ON sign_in_trial (organisation_id, provider_id, state_hash);
CREATE INDEX sign_in_trial_by_end ON sign_in_trial (organisation_id, expires_at)
"#;
