//! Incidents.

use diligence_entities::{
    id::IncidentId,
    incident::{self, Incident, IncidentFilter, NewIncident},
};
use poem_openapi::OpenApi;

use super::tag::Tag;
use crate::{
    answer::{Changed, Created, Done, Item, Listed, Once},
    auth::{By, Editor, Viewer},
    path::{At, boxed},
    payload::{Body, Change},
    problem::{Answer, Changing, Creating, Deleting, Listing, Reading},
    query::Query,
    retry::Retry,
    version::{IfMatch, IfNoneMatch},
};

pub(crate) struct Api;

#[OpenApi(tag = "Tag::Incidents")]
impl Api {
    /// List incidents
    ///
    /// A page of incidents, the latest first.
    #[oai(path = "/incidents", method = "get", operation_id = "list_incidents", transform = "boxed")]
    async fn list(&self, who: By<Viewer>, query: Query<IncidentFilter>) -> Answer<Listed<Incident>, Listing> {
        let page = incident::list(&who.read().await?, &query).await?;
        Ok(Listed::new(page, &query))
    }

    /// Create an incident
    ///
    /// It brings the next review forward to today, and decisions on the supplier or product become stale.
    #[oai(path = "/incidents", method = "post", operation_id = "create_incident", transform = "boxed")]
    async fn create(
        &self,
        who: By<Editor>,
        body: Body<NewIncident>,
        retry: Retry,
    ) -> Answer<Once<Created<Incident>>, Creating> {
        retry.once(&who, async |writer| Ok(Created::new("incidents", incident::create(writer, body.0).await?))).await
    }

    /// Read an incident
    #[oai(path = "/incidents/:id", method = "get", operation_id = "read_incident", transform = "boxed")]
    async fn read(&self, who: By<Viewer>, id: At<IncidentId>, have: IfNoneMatch) -> Answer<Item<Incident>, Reading> {
        let incident = incident::read(&who.read().await?, &id).await?;
        Ok(Item::new(incident, &have))
    }

    /// Change an incident
    ///
    /// A JSON merge patch: absent fields stay as they are, null clears, a list is replaced as a whole.
    #[oai(path = "/incidents/:id", method = "patch", operation_id = "change_incident", transform = "boxed")]
    async fn change(
        &self,
        who: By<Editor>,
        id: At<IncidentId>,
        version: IfMatch,
        change: Change<NewIncident>,
    ) -> Answer<Changed<Incident>, Changing> {
        let writer = who.write().await?;
        let incident = incident::change(&writer, &id, version.0, change.0).await?;
        writer.save().await?;
        Ok(Changed(incident))
    }

    /// Delete an incident
    ///
    /// For an incident that was created by mistake; the review that it brought forward stays.
    #[oai(path = "/incidents/:id", method = "delete", operation_id = "delete_incident", transform = "boxed")]
    async fn delete(&self, who: By<Editor>, id: At<IncidentId>, version: IfMatch) -> Answer<Done, Deleting> {
        let writer = who.write().await?;
        incident::delete(&writer, &id, version.0).await?;
        writer.save().await?;
        Ok(Done)
    }
}
