//! Our own house.

use diligence_entities::ourselves::{self, NewOurselves, Ourselves};
use poem_openapi::OpenApi;

use super::tag::Tag;
use crate::{
    answer::{Changed, Item},
    auth::{By, Editor, Viewer},
    path::boxed,
    payload::Change,
    problem::{Answer, Changing, Reading},
    version::{IfMatch, IfNoneMatch},
};

pub(crate) struct Api;

#[OpenApi(tag = "Tag::Organisation")]
impl Api {
    /// Read our own house
    ///
    /// The organisation itself as a subject, one in each: with its `id` as `subject_id` it can be assessed, and evidence, risks, incidents and reviews can be about it, as about a supplier. It is in no list and no count of suppliers and of the register. Its `id` is null until its first change has made it.
    #[oai(path = "/ourselves", method = "get", operation_id = "read_ourselves", transform = "boxed")]
    async fn read(&self, who: By<Viewer>, have: IfNoneMatch) -> Answer<Item<Ourselves>, Reading> {
        let ourselves = ourselves::read(&who.read().await?).await?;
        Ok(Item::new(ourselves, &have))
    }

    /// Change our own house
    ///
    /// A JSON merge patch. The first change, which may be empty, makes it.
    #[oai(path = "/ourselves", method = "patch", operation_id = "change_ourselves", transform = "boxed")]
    async fn change(
        &self,
        who: By<Editor>,
        version: IfMatch,
        change: Change<NewOurselves>,
    ) -> Answer<Changed<Ourselves>, Changing> {
        let writer = who.write().await?;
        let ourselves = ourselves::change(&writer, version.0, change.0).await?;
        writer.save().await?;
        Ok(Changed(ourselves))
    }
}
