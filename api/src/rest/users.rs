//! The organisation's users.

use std::sync::Arc;

use diligence_entities::{
    id::UserId,
    invitation,
    user::{self, NewUser, User, UserFilter},
};
use poem::web::Data;
use poem_openapi::OpenApi;

use super::{invitations::SentInvitation, tag::Tag};
use crate::{
    answer::{Changed, Created, Done, Item, Listed, Once},
    auth::{Admin, By},
    config::Config,
    path::At,
    payload::Change,
    problem::{Acting, Answer, Changing, Deleting, Listing, Reading},
    query::Query,
    retry::Retry,
    version::{IfMatch, IfNoneMatch},
};

pub(crate) struct Api;

#[OpenApi(tag = "Tag::Users")]
impl Api {
    /// List users
    ///
    /// The people who belong to your organisation.
    #[oai(path = "/users", method = "get", operation_id = "list_users")]
    async fn list(&self, who: By<Admin>, query: Query<UserFilter>) -> Answer<Listed<User>, Listing> {
        let page = user::list(&who.read().await?, &query).await?;
        Ok(Listed::new(page, &query))
    }

    /// Read a user
    #[oai(path = "/users/:id", method = "get", operation_id = "read_user")]
    async fn read(&self, who: By<Admin>, id: At<UserId>, have: IfNoneMatch) -> Answer<Item<User>, Reading> {
        let user = user::read(&who.read().await?, &id).await?;
        Ok(Item::new(user, &have))
    }

    /// Change a user's role
    ///
    /// Their sessions in your organisation end, so that nothing goes on under the old role. The last admin stays one.
    #[oai(path = "/users/:id", method = "patch", operation_id = "change_user")]
    async fn change(&self, who: By<Admin>, id: At<UserId>, version: IfMatch, change: Change<NewUser>) -> Answer<Changed<User>, Changing> {
        let writer = who.write().await?;
        let user = user::change(&writer, &id, version.0, change.0).await?;
        writer.save().await?;
        Ok(Changed(user))
    }

    /// Remove a user
    ///
    /// They do not belong to your organisation any more, and their sessions in it end. What they did stays, under their name. The last admin cannot be removed.
    #[oai(path = "/users/:id", method = "delete", operation_id = "delete_user")]
    async fn delete(&self, who: By<Admin>, id: At<UserId>, version: IfMatch) -> Answer<Done, Deleting> {
        let writer = who.write().await?;
        user::remove(&writer, &id, version.0).await?;
        writer.save().await?;
        Ok(Done)
    }

    /// Send a user a link to choose another password
    ///
    /// You hand the link over; whoever follows it chooses the password, and gives a code where there is a second factor. The password they have stays good until then. Not for people who belong to other organisations too: that is done at the console.
    #[oai(path = "/users/:id/reset-password", method = "post", operation_id = "reset_password")]
    async fn reset_password(
        &self,
        who: By<Admin>,
        config: Data<&Arc<Config>>,
        id: At<UserId>,
        version: IfMatch,
        retry: Retry,
    ) -> Answer<Once<Created<SentInvitation>>, Acting> {
        retry
            .once(&who, async |writer| {
                let (link, token) = invitation::create_password_reset(writer, &id, version.0).await?;
                let kept = SentInvitation::without_token(link);
                Ok(Created::new("invitations", kept.with(&config, &token)).keeping(&kept))
            })
            .await
    }

    /// Take away a user's second factor
    ///
    /// For someone who has lost it and their recovery codes. All their sessions end. Not for people who belong to other organisations too: that is done at the console.
    #[oai(path = "/users/:id/reset-mfa", method = "post", operation_id = "reset_mfa")]
    async fn reset_mfa(&self, who: By<Admin>, id: At<UserId>, version: IfMatch, retry: Retry) -> Answer<Once<Changed<User>>, Acting> {
        retry.once(&who, async |writer| Ok(Changed(user::reset_mfa(writer, &id, version.0).await?))).await
    }
}
