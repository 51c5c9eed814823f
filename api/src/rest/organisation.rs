//! The caller's organisation.

use diligence_entities::organisation::{self, NewOrganisation, Organisation};
use poem_openapi::OpenApi;

use super::tag::Tag;
use crate::{
    answer::{Changed, Item},
    auth::{Admin, By, Viewer},
    path::boxed,
    payload::Change,
    problem::{Answer, Changing, Reading},
    version::{IfMatch, IfNoneMatch},
};

pub(crate) struct Api;

#[OpenApi(tag = "Tag::Organisation")]
impl Api {
    /// Read your organisation
    #[oai(path = "/organisation", method = "get", operation_id = "read_organisation", transform = "boxed")]
    async fn read(&self, who: By<Viewer>, have: IfNoneMatch) -> Answer<Item<Organisation>, Reading> {
        let organisation = organisation::read(&who.read().await?).await?;
        Ok(Item::new(organisation, &have))
    }

    /// Change your organisation
    #[oai(path = "/organisation", method = "patch", operation_id = "change_organisation", transform = "boxed")]
    async fn change(
        &self,
        who: By<Admin>,
        version: IfMatch,
        change: Change<NewOrganisation>,
    ) -> Answer<Changed<Organisation>, Changing> {
        let writer = who.write().await?;
        let organisation = organisation::change(&writer, version.0, change.0).await?;
        writer.save().await?;
        Ok(Changed(organisation))
    }
}
