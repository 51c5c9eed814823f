//! Invitations, and links to choose another password.

use std::sync::Arc;

use diligence_entities::{
    id::InvitationId,
    invitation::{self, Acceptance, Accepted, Invitation, InvitationFilter, NewInvitation, OpenedInvitation, Token},
    page::Versioned,
    secret,
};
use poem::web::Data;
use poem_openapi::OpenApi;
use schemars::JsonSchema;
use serde::Serialize;

use super::tag::Tag;
use crate::{
    answer::{Changed, Created, Found, Item, Listed, Once, Reissued},
    auth::{Admin, By, Stranger},
    config::Config,
    path::{At, boxed},
    payload::Body,
    problem::{Accepting, Acting, Answer, Creating, Listing, Opening, Reading},
    query::Query,
    retry::Retry,
    version::{IfMatch, IfNoneMatch},
};

/// An invitation with its link.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct SentInvitation {
    /// The invitation as it is listed from now on.
    #[serde(flatten)]
    invitation: Invitation,
    /// The secret after the `#` of the link. Shown once and not stored: null in the response to a retry.
    token: Option<String>,
    /// The address to hand over. Null in the response to a retry.
    url: Option<String>,
}

impl SentInvitation {
    pub(crate) fn without_token(invitation: Invitation) -> Self {
        Self { invitation, token: None, url: None }
    }
    pub(crate) fn with(&self, config: &Config, token: &secret::Token) -> Self {
        Self {
            invitation: self.invitation.clone(),
            token: Some(token.reveal().to_owned()),
            url: Some(url(config, token)),
        }
    }
}

/// Where a link leads. What stands behind the `#` is not sent to a server, and so stays out of logs and referrers.
pub(crate) fn url(config: &Config, token: &secret::Token) -> String {
    config.link(&format!("/invitations#{}", token.reveal()))
}

impl Versioned for SentInvitation {
    fn id(&self) -> &str {
        self.invitation.id()
    }
    fn version(&self) -> i64 {
        self.invitation.version()
    }
}

pub(crate) struct Api;

#[OpenApi(tag = "Tag::Users")]
impl Api {
    /// List invitations
    ///
    /// Including password reset links.
    #[oai(path = "/invitations", method = "get", operation_id = "list_invitations", transform = "boxed")]
    async fn list(&self, who: By<Admin>, query: Query<InvitationFilter>) -> Answer<Listed<Invitation>, Listing> {
        let page = invitation::list(&who.read().await?, &query).await?;
        Ok(Listed::new(page, &query))
    }

    /// Invite a user
    ///
    /// The response holds the link, once: hand it over yourself. It works once, within a week. Whoever opens it chooses a password, or joins with an existing account.
    #[oai(path = "/invitations", method = "post", operation_id = "create_invitation", transform = "boxed")]
    async fn create(
        &self,
        who: By<Admin>,
        config: Data<&Arc<Config>>,
        body: Body<NewInvitation>,
        retry: Retry,
    ) -> Answer<Once<Created<SentInvitation>>, Creating> {
        retry
            .once(&who, async |writer| {
                let (made, token) = invitation::create(writer, body.0).await?;
                let kept = SentInvitation::without_token(made);
                Ok(Created::new("invitations", kept.with(&config, &token)).keeping(&kept))
            })
            .await
    }

    /// Read an invitation
    #[oai(path = "/invitations/:id", method = "get", operation_id = "read_invitation", transform = "boxed")]
    async fn read(&self, who: By<Admin>, id: At<InvitationId>, have: IfNoneMatch) -> Answer<Item<Invitation>, Reading> {
        let found = invitation::read(&who.read().await?, &id).await?;
        Ok(Item::new(found, &have))
    }

    /// Send an invitation again
    ///
    /// Creates a new link that works for a week. The old link stops working.
    #[oai(path = "/invitations/:id/resend", method = "post", operation_id = "resend_invitation", transform = "boxed")]
    async fn resend(
        &self,
        who: By<Admin>,
        config: Data<&Arc<Config>>,
        id: At<InvitationId>,
        version: IfMatch,
        retry: Retry,
    ) -> Answer<Once<Reissued<SentInvitation>>, Acting> {
        retry
            .once(&who, async |writer| {
                let (sent, token) = invitation::resend(writer, &id, version.0).await?;
                let kept = SentInvitation::without_token(sent);
                Ok(Reissued::keeping(kept.with(&config, &token), &kept))
            })
            .await
    }

    /// Revoke an invitation
    #[oai(path = "/invitations/:id/revoke", method = "post", operation_id = "revoke_invitation", transform = "boxed")]
    async fn revoke(
        &self,
        who: By<Admin>,
        id: At<InvitationId>,
        version: IfMatch,
        retry: Retry,
    ) -> Answer<Once<Changed<Invitation>>, Acting> {
        retry.once(&who, async |writer| Ok(Changed(invitation::revoke(writer, &id, version.0).await?))).await
    }

    /// Open an invitation
    ///
    /// Returns who sent it, and whether a new password must be chosen or an account already exists.
    #[oai(path = "/invitations/open", method = "post", operation_id = "open_invitation", transform = "boxed")]
    async fn open(&self, stranger: Stranger, body: Body<Token>) -> Answer<Found<OpenedInvitation>, Opening> {
        Ok(Found(invitation::open(stranger.store(), &body.token).await?))
    }

    /// Accept an invitation, or reset a password
    ///
    /// Then sign in with `POST /sessions`.
    #[oai(path = "/invitations/accept", method = "post", operation_id = "accept_invitation", transform = "boxed")]
    async fn accept(&self, stranger: Stranger, body: Body<Acceptance>) -> Answer<Found<Accepted>, Accepting> {
        Ok(Found(invitation::accept(stranger.store(), stranger.visit(), &body).await?))
    }
}
