//! Identity providers.

use diligence_entities::{
    id::IdentityProviderId,
    identity_provider::{
        self, IdentityProvider, IdentityProviderFilter, NewIdentityProvider, SignInOption, SignInOptionFilter,
    },
};
use poem_openapi::OpenApi;
use schemars::JsonSchema;
use serde::Serialize;

use super::tag::Tag;
use crate::{
    answer::{Changed, Created, Done, Found, Item, Listed, Once},
    auth::{Admin, By, Stranger},
    path::{At, boxed},
    payload::{Body, Change},
    problem::{Answer, Changing, Creating, Deleting, Listing, Offering, Reading},
    query::Query,
    retry::Retry,
    version::{IfMatch, IfNoneMatch},
};

/// How people can sign in.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct SignInOptions {
    /// The identity providers to choose from; `/sign-in/{id}` leads to each. An e-mail address and a password do everywhere else.
    identity_providers: Vec<SignInOption>,
}

pub(crate) struct Api;

#[OpenApi(tag = "Tag::Sessions")]
impl Api {
    /// List ways to sign in
    ///
    /// The identity providers of the organisation given, or of the only organisation on this server. To sign in, a browser opens `/sign-in/{id}` on this server, outside the API, and returns with a session.
    #[oai(path = "/sign-in", method = "get", operation_id = "read_sign_in_options", transform = "boxed")]
    async fn options(
        &self,
        stranger: Stranger,
        query: Query<SignInOptionFilter>,
    ) -> Answer<Found<SignInOptions>, Offering> {
        Ok(Found(SignInOptions { identity_providers: identity_provider::options(stranger.store(), &query).await? }))
    }

    /// List identity providers
    #[oai(path = "/identity-providers", method = "get", operation_id = "list_identity_providers", transform = "boxed")]
    async fn list(
        &self,
        who: By<Admin>,
        query: Query<IdentityProviderFilter>,
    ) -> Answer<Listed<IdentityProvider>, Listing> {
        let page = identity_provider::list(&who.read().await?, &query).await?;
        Ok(Listed::new(page, &query))
    }

    /// Create an identity provider
    ///
    /// People can then sign in through it (OpenID Connect). Register the redirect URI `/sign-in/{id}/callback` on this server with the provider.
    #[oai(
        path = "/identity-providers",
        method = "post",
        operation_id = "create_identity_provider",
        transform = "boxed"
    )]
    async fn create(
        &self,
        who: By<Admin>,
        body: Body<NewIdentityProvider>,
        retry: Retry,
    ) -> Answer<Once<Created<IdentityProvider>>, Creating> {
        retry
            .once(&who, async |writer| {
                Ok(Created::new("identity-providers", identity_provider::create(writer, body.0).await?))
            })
            .await
    }

    /// Read an identity provider
    #[oai(
        path = "/identity-providers/:id",
        method = "get",
        operation_id = "read_identity_provider",
        transform = "boxed"
    )]
    async fn read(
        &self,
        who: By<Admin>,
        id: At<IdentityProviderId>,
        have: IfNoneMatch,
    ) -> Answer<Item<IdentityProvider>, Reading> {
        let provider = identity_provider::read(&who.read().await?, &id).await?;
        Ok(Item::new(provider, &have))
    }

    /// Change an identity provider
    ///
    /// Its client secret is kept unless a new one is sent. While passwords are turned off, the last enabled provider cannot be disabled.
    #[oai(
        path = "/identity-providers/:id",
        method = "patch",
        operation_id = "change_identity_provider",
        transform = "boxed"
    )]
    async fn change(
        &self,
        who: By<Admin>,
        id: At<IdentityProviderId>,
        version: IfMatch,
        change: Change<NewIdentityProvider>,
    ) -> Answer<Changed<IdentityProvider>, Changing> {
        let writer = who.write().await?;
        let provider = identity_provider::change(&writer, &id, version.0, change.0).await?;
        writer.save().await?;
        Ok(Changed(provider))
    }

    /// Delete an identity provider
    ///
    /// Users who signed in through it remain. While passwords are turned off, the last enabled provider cannot be deleted.
    #[oai(
        path = "/identity-providers/:id",
        method = "delete",
        operation_id = "delete_identity_provider",
        transform = "boxed"
    )]
    async fn delete(&self, who: By<Admin>, id: At<IdentityProviderId>, version: IfMatch) -> Answer<Done, Deleting> {
        let writer = who.write().await?;
        identity_provider::remove(&writer, &id, version.0).await?;
        writer.save().await?;
        Ok(Done)
    }
}
