//! Identity providers.

use diligence_entities::{
    id::{IdentityProviderId, SignInTrialId},
    identity_provider::{
        self, Begun, IdentityProvider, IdentityProviderFilter, NewIdentityProvider, SignInOption, SignInOptionFilter,
        trial::{self, SignInTrial},
    },
    page::Versioned,
};
use poem::{Request, web::Data};
use poem_openapi::OpenApi;
use schemars::JsonSchema;
use serde::Serialize;

use super::tag::Tag;
use crate::{
    answer::{Changed, Created, Done, Found, Item, Listed, Once},
    auth::{Admin, By, Stranger},
    discovery::{Discovered, Discovery},
    path::{At, boxed},
    payload::{Body, Change},
    problem::{Acting, Answer, Changing, Creating, Deleting, Listing, Offering, Reading},
    query::Query,
    retry::Retry,
    single_sign_on,
    version::{IfMatch, IfNoneMatch},
};

/// How people can sign in.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct SignInOptions {
    /// The identity providers to choose from; `/sign-in/{id}` leads to each. An e-mail address and a password do everywhere else.
    identity_providers: Vec<SignInOption>,
}

/// An identity provider as it is now, and what it says of itself.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct EnteredIdentityProvider {
    /// The provider as it is listed from now on.
    #[serde(flatten)]
    provider: IdentityProvider,
    /// What it says of itself; null where it was not asked, since its issuer is the one it was.
    asked: Option<Discovery>,
}

impl Versioned for EnteredIdentityProvider {
    fn id(&self) -> &str {
        self.provider.id()
    }
    fn version(&self) -> i64 {
        self.provider.version()
    }
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
    /// People can then sign in through it (OpenID Connect). Register the redirect URI `/sign-in/{id}/callback` on this server with the provider. It is asked what it says of itself, for 10 seconds at most: `asked` has the answer, and notes on what to look at. If it calls itself otherwise by a slash at the end alone, it is entered under its own name; if it calls itself something else, it is refused. One that cannot be reached is entered all the same.
    #[oai(
        path = "/identity-providers",
        method = "post",
        operation_id = "create_identity_provider",
        transform = "boxed"
    )]
    async fn create(
        &self,
        who: By<Admin>,
        discovered: Data<&Discovered>,
        body: Body<NewIdentityProvider>,
        retry: Retry,
    ) -> Answer<Once<Created<EnteredIdentityProvider>>, Creating> {
        let mut new = body.0;
        identity_provider::check(&new)?;
        let asked = Some(discovered.meet(&mut new).await?);
        retry
            .once(&who, async |writer| {
                let provider = identity_provider::create(writer, new).await?;
                Ok(Created::new("identity-providers", EnteredIdentityProvider { provider, asked }))
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
    /// Its client secret is kept unless a new one is sent. While passwords are turned off, the last enabled provider cannot be disabled. With another issuer, it is asked what it says of itself, as when it was created.
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
        discovered: Data<&Discovered>,
        change: Change<NewIdentityProvider>,
    ) -> Answer<Changed<EnteredIdentityProvider>, Changing> {
        let (change, asked) = discovered.meet_changed(who.read().await?, &id, version.0, change.0).await?;
        let writer = who.write().await?;
        let provider = identity_provider::change(&writer, &id, version.0, change).await?;
        writer.save().await?;
        Ok(Changed(EnteredIdentityProvider { provider, asked }))
    }

    /// Try an identity provider
    ///
    /// Open the `address` in a browser and sign in there: nobody is signed in here, and nothing changes. `GET /sign-in-trials/{id}` then has what came and what would become of it; the browser is sent to the page with the same. It can be tried while people cannot sign in through it, with the same redirect URI. A trial that fails before the browser is needed has its `outcome` at once.
    #[oai(
        path = "/identity-providers/:id/try",
        method = "post",
        operation_id = "try_identity_provider",
        transform = "boxed"
    )]
    async fn begin_trial(
        &self,
        who: By<Admin>,
        id: At<IdentityProviderId>,
        version: IfMatch,
        request: &Request,
        discovered: Data<&Discovered>,
        retry: Retry,
    ) -> Answer<Once<Created<SignInTrial>>, Acting> {
        let provider = identity_provider::read(&who.read().await?, &id).await?;
        let begun = Begun::new()?;
        let now = who.store().clock().now();
        let place = single_sign_on::trial_place(request, &discovered, &provider, &begun, now).await;
        retry
            .once(&who, async |writer| {
                Ok(Created::new("sign-in-trials", trial::begin(writer, &id, version.0, &begun, place).await?))
            })
            .await
    }

    /// Read a trial of an identity provider
    ///
    /// What came when somebody signed in at the provider to try it, and what would become of them. It is kept for an hour.
    #[oai(path = "/sign-in-trials/:id", method = "get", operation_id = "read_sign_in_trial", transform = "boxed")]
    async fn read_trial(
        &self,
        who: By<Admin>,
        id: At<SignInTrialId>,
        have: IfNoneMatch,
    ) -> Answer<Item<SignInTrial>, Reading> {
        let trial = trial::read(&who.read().await?, &id).await?;
        Ok(Item::new(trial, &have))
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
