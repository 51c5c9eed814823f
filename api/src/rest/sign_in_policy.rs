//! How the organisation's people sign in.

use diligence_entities::sign_in_policy::{self, NewSignInPolicy, SignInPolicy};
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
    /// Read the sign-in policy
    ///
    /// Which roles need a second factor, whether passwords are allowed, and how long sessions last.
    #[oai(path = "/sign-in-policy", method = "get", operation_id = "read_sign_in_policy", transform = "boxed")]
    async fn read(&self, who: By<Viewer>, have: IfNoneMatch) -> Answer<Item<SignInPolicy>, Reading> {
        let policy = sign_in_policy::read(&who.read().await?).await?;
        Ok(Item::new(policy, &have))
    }

    /// Change the sign-in policy
    ///
    /// It applies to open sessions too: users who now need a second factor and have none can only set one up.
    #[oai(path = "/sign-in-policy", method = "patch", operation_id = "change_sign_in_policy", transform = "boxed")]
    async fn change(
        &self,
        who: By<Admin>,
        version: IfMatch,
        change: Change<NewSignInPolicy>,
    ) -> Answer<Changed<SignInPolicy>, Changing> {
        let writer = who.write().await?;
        let policy = sign_in_policy::change(&writer, version.0, change.0).await?;
        writer.save().await?;
        Ok(Changed(policy))
    }
}
