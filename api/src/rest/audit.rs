//! Audit events.

use diligence_entities::audit::{self, AuditEvent, AuditEventFilter};
use poem_openapi::OpenApi;

use super::Tag;
use crate::{
    answer::Listed,
    auth::{Admin, By},
    problem::{Answer, Listing},
    query::Query,
};

pub(crate) struct Api;

#[OpenApi(tag = "Tag::Audit")]
impl Api {
    /// List audit events
    ///
    /// Who did what to which item, what it was before and after, and when; the newest first.
    #[oai(path = "/audit-events", method = "get", operation_id = "list_audit_events")]
    async fn list(&self, who: By<Admin>, query: Query<AuditEventFilter>) -> Answer<Listed<AuditEvent>, Listing> {
        let page = audit::list(&who.read().await?, &query).await?;
        Ok(Listed::new(page, &query))
    }
}
