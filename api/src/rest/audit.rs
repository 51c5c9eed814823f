//! Audit events.

use diligence_entities::{
    audit::{self, AuditEvent, AuditEventFilter, Checkpoint, Verification},
    fault::Faults,
};
use poem_openapi::OpenApi;
use schemars::JsonSchema;
use serde::Deserialize;
use validator::Validate;

use super::tag::Tag;
use crate::{
    answer::{Found, Listed},
    auth::{Admin, By},
    path::boxed,
    problem::{Answer, Listing},
    query::Query,
};

/// What to verify against.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
struct VerificationFilter {
    /// The `sequence` of a checkpoint; with its `checkpoint_hash`.
    #[validate(range(min = 0))]
    checkpoint_sequence: Option<i64>,
    /// The `hash` of a checkpoint; with its `checkpoint_sequence`.
    #[validate(length(min = 64, max = 64))]
    checkpoint_hash: Option<String>,
}

pub(crate) struct Api;

#[OpenApi(tag = "Tag::Audit")]
impl Api {
    /// List audit events
    ///
    /// Who changed which item and when, with the values before and after. Newest first.
    #[oai(path = "/audit-events", method = "get", operation_id = "list_audit_events", transform = "boxed")]
    async fn list(&self, who: By<Admin>, query: Query<AuditEventFilter>) -> Answer<Listed<AuditEvent>, Listing> {
        let page = audit::list(&who.read().await?, &query).await?;
        Ok(Listed::new(page, &query))
    }

    /// Read the audit trail's checkpoint
    ///
    /// The number of events so far and the hash of the last. Keep it where the database's owner cannot write: it can later prove that the events up to it are unchanged.
    #[oai(
        path = "/audit-events/checkpoint",
        method = "get",
        operation_id = "read_audit_checkpoint",
        transform = "boxed"
    )]
    async fn checkpoint(&self, who: By<Admin>) -> Answer<Found<Checkpoint>, Listing> {
        Ok(Found(audit::checkpoint(&who.read().await?).await?))
    }

    /// Verify the audit trail
    ///
    /// Checks the whole hash chain and reports which events were changed, removed, inserted or moved; with a checkpoint's sequence and hash, also whether the events up to it were rewritten. `diligence audit verify` does the same without a time limit.
    #[oai(
        path = "/audit-events/verification",
        method = "get",
        operation_id = "read_audit_verification",
        transform = "boxed"
    )]
    async fn verification(
        &self,
        who: By<Admin>,
        query: Query<VerificationFilter>,
    ) -> Answer<Found<Verification>, Listing> {
        let VerificationFilter { checkpoint_sequence, checkpoint_hash } = query.filter.clone();
        let mut faults = Faults::default();
        for (name, is_there, other) in [
            ("?checkpoint_sequence", checkpoint_sequence.is_some(), checkpoint_hash.is_some()),
            ("?checkpoint_hash", checkpoint_hash.is_some(), checkpoint_sequence.is_some()),
        ] {
            faults.expect(
                is_there || !other,
                name,
                "required",
                "expected both the sequence and the hash of the checkpoint",
            );
        }
        faults.done()?;
        let reader = who.read().await?;
        let checkpoint = checkpoint_sequence.zip(checkpoint_hash).map(|(sequence, hash)| Checkpoint {
            organisation: who.organisation_id.clone(),
            sequence,
            hash,
            at: reader.now(),
        });
        Ok(Found(audit::verify(&reader, checkpoint.as_ref()).await?))
    }
}
