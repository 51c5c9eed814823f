//! The organisation's policy.

use diligence_entities::policy::{self, NewPolicy, Policy};
use poem_openapi::OpenApi;

use super::Tag;
use crate::{
    answer::{Changed, Item},
    auth::{Admin, By, Viewer},
    payload::Change,
    problem::{Answer, Changing, Reading},
    version::{IfMatch, IfNoneMatch},
};

pub(crate) struct Api;

#[OpenApi(tag = "Tag::Organisation")]
impl Api {
    /// Read the policy
    ///
    /// Bands, matrix, cadence and minimum coverage.
    #[oai(path = "/policy", method = "get", operation_id = "read_policy")]
    async fn read(&self, who: By<Viewer>, have: IfNoneMatch) -> Answer<Item<Policy>, Reading> {
        let policy = policy::read(&who.read().await?).await?;
        Ok(Item::new(policy, &have))
    }

    /// Change the policy
    ///
    /// Every rating, every risk's band and every review date in the register follows at once. The matrix must stay monotone: nothing worse rates better.
    #[oai(path = "/policy", method = "patch", operation_id = "change_policy")]
    async fn change(&self, who: By<Admin>, version: IfMatch, change: Change<NewPolicy>) -> Answer<Changed<Policy>, Changing> {
        let writer = who.write().await?;
        let policy = policy::change(&writer, version.0, change.0).await?;
        writer.save().await?;
        Ok(Changed(policy))
    }
}
