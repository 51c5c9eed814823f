//! Privacy: what is kept of a person, erasing it, and how long things are kept.

use diligence_entities::{
    person::{self, Erased, Erasure, Person, PersonRecord},
    retention::{self, NewRetention, Retention, RetentionReport},
};
use poem_openapi::OpenApi;
use schemars::JsonSchema;
use serde::Deserialize;
use validator::Validate;

use super::tag::Tag;
use crate::{
    answer::{Changed, Found, Item, Once},
    auth::{Admin, By, Viewer},
    path::boxed,
    payload::{Body, Change},
    problem::{Answer, Asking, Changing, Creating, Reading},
    query::Query,
    retry::Retry,
    version::{IfMatch, IfNoneMatch},
};

/// How to apply the periods.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
struct ApplyQuery {
    /// Whether to only report what would be deleted; `false` by default.
    dry_run: Option<bool>,
}

pub(crate) struct Api;

#[OpenApi(tag = "Tag::Privacy")]
impl Api {
    /// Find a person's data
    ///
    /// Returns the records and audit events that name the person, for a subject access request. The e-mail address and name are sent in the body, so that they appear in no log. The audit event of this request does not name them.
    #[oai(path = "/people/find", method = "post", operation_id = "find_person", transform = "boxed")]
    async fn find(&self, who: By<Admin>, body: Body<Person>) -> Answer<Found<PersonRecord>, Asking> {
        let found = person::find(&who.read().await?, body.0).await?;
        let detail =
            serde_json::json!({ "place_count": found.places.len(), "audit_record_count": found.audit_records.len() });
        who.exports("person", "person", Some(detail)).await?;
        Ok(Found(found))
    }

    /// Erase a person
    ///
    /// Erases the person from the records and from the audit trail, whose events are kept with `erased` in place of the name and whose hashes remain valid. Free text such as notes, comments and answers is not searched. This cannot be undone.
    #[oai(path = "/people/erase", method = "post", operation_id = "erase_person", transform = "boxed")]
    async fn erase(&self, who: By<Admin>, body: Body<Erasure>, retry: Retry) -> Answer<Once<Found<Erased>>, Creating> {
        retry.once(&who, async |writer| Ok(Found(person::erase(writer, body.0).await?))).await
    }

    /// Read the retention periods
    ///
    /// Null means for ever.
    #[oai(path = "/retention", method = "get", operation_id = "read_retention", transform = "boxed")]
    async fn read(&self, who: By<Viewer>, have: IfNoneMatch) -> Answer<Item<Retention>, Reading> {
        Ok(Item::new(retention::read(&who.read().await?).await?, &have))
    }

    /// Change the retention periods
    ///
    /// Nothing is deleted automatically: the periods are applied by `POST /retention/apply`, or by a scheduled `diligence retention apply`.
    #[oai(path = "/retention", method = "patch", operation_id = "change_retention", transform = "boxed")]
    async fn change(
        &self,
        who: By<Admin>,
        version: IfMatch,
        change: Change<NewRetention>,
    ) -> Answer<Changed<Retention>, Changing> {
        let writer = who.write().await?;
        let retention = retention::change(&writer, version.0, change.0).await?;
        writer.save().await?;
        Ok(Changed(retention))
    }

    /// Apply the retention periods
    ///
    /// Deletes contacts of archived suppliers, in the audit trail too, and files of expired evidence that no answer refers to. With `dry_run=true` it only reports what would be deleted. This cannot be undone.
    #[oai(path = "/retention/apply", method = "post", operation_id = "apply_retention", transform = "boxed")]
    async fn apply(
        &self,
        who: By<Admin>,
        query: Query<ApplyQuery>,
        retry: Retry,
    ) -> Answer<Once<Found<RetentionReport>>, Creating> {
        retry
            .once(&who, async |writer| Ok(Found(retention::apply(writer, query.dry_run.unwrap_or(false)).await?)))
            .await
    }
}
