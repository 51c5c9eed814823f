//! The organisation's users.

use std::sync::Arc;

use diligence_entities::{
    id::UserId,
    identity_provider::{self, Identities, NewIdentity},
    invitation,
    user::{self, NewUser, User, UserFilter},
};
use poem::web::Data;
use poem_openapi::OpenApi;

use super::{invitations::SentInvitation, tag::Tag};
use crate::{
    answer::{Changed, Created, Done, Found, Item, Listed, Once},
    auth::{Admin, By},
    config::Config,
    path::{At, boxed},
    payload::{Body, Change},
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
    #[oai(path = "/users", method = "get", operation_id = "list_users", transform = "boxed")]
    async fn list(&self, who: By<Admin>, query: Query<UserFilter>) -> Answer<Listed<User>, Listing> {
        let page = user::list(&who.read().await?, &query).await?;
        Ok(Listed::new(page, &query))
    }

    /// Read a user
    #[oai(path = "/users/:id", method = "get", operation_id = "read_user", transform = "boxed")]
    async fn read(&self, who: By<Admin>, id: At<UserId>, have: IfNoneMatch) -> Answer<Item<User>, Reading> {
        let user = user::read(&who.read().await?, &id).await?;
        Ok(Item::new(user, &have))
    }

    /// Change a user's role
    ///
    /// Their sessions in your organisation end at once. The last admin's role cannot be changed.
    #[oai(path = "/users/:id", method = "patch", operation_id = "change_user", transform = "boxed")]
    async fn change(
        &self,
        who: By<Admin>,
        id: At<UserId>,
        version: IfMatch,
        change: Change<NewUser>,
    ) -> Answer<Changed<User>, Changing> {
        let writer = who.write().await?;
        let user = user::change(&writer, &id, version.0, change.0).await?;
        writer.save().await?;
        Ok(Changed(user))
    }

    /// Remove a user
    ///
    /// They no longer belong to your organisation, and their sessions in it end. Their past actions are still recorded under their name. The last admin cannot be removed.
    #[oai(path = "/users/:id", method = "delete", operation_id = "delete_user", transform = "boxed")]
    async fn delete(&self, who: By<Admin>, id: At<UserId>, version: IfMatch) -> Answer<Done, Deleting> {
        let writer = who.write().await?;
        user::remove(&writer, &id, version.0).await?;
        writer.save().await?;
        Ok(Done)
    }

    /// Create a password reset link for a user
    ///
    /// Hand the link over yourself. Whoever opens it chooses the new password, and gives a code if there is a second factor; until then the old password works. Not for people who belong to several organisations: use the command line.
    #[oai(path = "/users/:id/reset-password", method = "post", operation_id = "reset_password", transform = "boxed")]
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

    /// Remove a user's second factor
    ///
    /// For someone who has lost it and their recovery codes. All their sessions end. Not for people who belong to several organisations: use the command line.
    #[oai(path = "/users/:id/reset-mfa", method = "post", operation_id = "reset_mfa", transform = "boxed")]
    async fn reset_mfa(
        &self,
        who: By<Admin>,
        id: At<UserId>,
        version: IfMatch,
        retry: Retry,
    ) -> Answer<Once<Changed<User>>, Acting> {
        retry.once(&who, async |writer| Ok(Changed(user::reset_mfa(writer, &id, version.0).await?))).await
    }

    /// Read what identity providers call a user
    ///
    /// When a provider calls somebody so, they are this user, whatever e-mail address it sends. The oldest first, at most 200.
    #[oai(path = "/users/:id/identities", method = "get", operation_id = "read_identities", transform = "boxed")]
    async fn identities(&self, who: By<Admin>, id: At<UserId>) -> Answer<Found<Identities>, Reading> {
        Ok(Found(identity_provider::identities(&who.read().await?, &id).await?))
    }

    /// Tie a user to what an identity provider calls them
    ///
    /// Whoever the provider calls so (`sub`) signs in as this user from then on, without any e-mail address: for a provider that does not say whether it has verified one. `outcome.subject` of a trial says what it calls somebody. Make sure that it is really them: the provider decides who comes in under this name.
    #[oai(path = "/users/:id/tie", method = "post", operation_id = "tie_user", transform = "boxed")]
    async fn tie(
        &self,
        who: By<Admin>,
        id: At<UserId>,
        version: IfMatch,
        body: Body<NewIdentity>,
        retry: Retry,
    ) -> Answer<Once<Changed<User>>, Changing> {
        retry
            .once(&who, async |writer| Ok(Changed(identity_provider::tie(writer, &id, version.0, body.0).await?)))
            .await
    }

    /// Untie a user from what an identity provider calls them
    ///
    /// The provider does not sign them in under this name any more, and their sessions in your organisation end at once. Where it is believed about their e-mail address, that says who they are when they come again.
    #[oai(path = "/users/:id/untie", method = "post", operation_id = "untie_user", transform = "boxed")]
    async fn untie(
        &self,
        who: By<Admin>,
        id: At<UserId>,
        version: IfMatch,
        body: Body<NewIdentity>,
        retry: Retry,
    ) -> Answer<Once<Changed<User>>, Changing> {
        retry
            .once(&who, async |writer| Ok(Changed(identity_provider::untie(writer, &id, version.0, body.0).await?)))
            .await
    }
}
