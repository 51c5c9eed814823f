//! API keys.

use diligence_entities::{
    api_key::{self, ApiKey, ApiKeyFilter, NewApiKey, Rotation},
    id::ApiKeyId,
    page::Versioned,
    secret::Token,
};
use poem_openapi::OpenApi;
use schemars::JsonSchema;
use serde::Serialize;

use super::tag::Tag;
use crate::{
    answer::{Changed, Created, Item, Listed, Once},
    auth::{Admin, By},
    path::{At, boxed},
    payload::{Body, MaybeBody},
    problem::{Acting, Answer, Changing, Creating, Listing, Reading},
    query::Query,
    retry::Retry,
    version::{IfMatch, IfNoneMatch},
};

/// A new key, with its secret.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct CreatedApiKey {
    /// The key as it is listed from now on.
    #[serde(flatten)]
    key: ApiKey,
    /// The text to send as `Authorization: Bearer …`. Shown once and not stored: null in the response to a retry.
    secret: Option<String>,
}

impl Versioned for CreatedApiKey {
    fn id(&self) -> &str {
        self.key.id()
    }
    fn version(&self) -> i64 {
        self.key.version()
    }
}

impl CreatedApiKey {
    /// The answer that shows the secret; what is kept of it for retries does not.
    fn once((key, secret): (ApiKey, Token)) -> Created<Self> {
        let kept = Self { key, secret: None };
        Created::new("keys", Self { secret: Some(secret.reveal().to_owned()), ..kept.clone() }).keeping(&kept)
    }
}

pub(crate) struct Api;

#[OpenApi(tag = "Tag::Keys")]
impl Api {
    /// List keys
    ///
    /// Oldest first. `expires_soon=true` lists those to rotate.
    #[oai(path = "/keys", method = "get", operation_id = "list_keys", transform = "boxed")]
    async fn list(&self, who: By<Admin>, query: Query<ApiKeyFilter>) -> Answer<Listed<ApiKey>, Listing> {
        let page = api_key::list(&who.read().await?, &query).await?;
        Ok(Listed::new(page, &query))
    }

    /// Create a key
    ///
    /// The response holds the key's secret, once. It is not stored, so a retry of this request returns `secret` null.
    #[oai(path = "/keys", method = "post", operation_id = "create_key", transform = "boxed")]
    async fn create(
        &self,
        who: By<Admin>,
        body: Body<NewApiKey>,
        retry: Retry,
    ) -> Answer<Once<Created<CreatedApiKey>>, Creating> {
        retry.once(&who, async |writer| Ok(CreatedApiKey::once(api_key::create(writer, body.0).await?))).await
    }

    /// Read a key
    #[oai(path = "/keys/:id", method = "get", operation_id = "read_key", transform = "boxed")]
    async fn read(&self, who: By<Admin>, id: At<ApiKeyId>, have: IfNoneMatch) -> Answer<Item<ApiKey>, Reading> {
        let key = api_key::read(&who.read().await?, &id).await?;
        Ok(Item::new(key, &have))
    }

    /// Rotate a key
    ///
    /// Creates a successor with the same name, role and scope, and returns it with its secret, which is shown once. The old key is shown as replaced and keeps working for `overlap_days`; with 0 it ends at once. A retry returns `secret` null.
    #[oai(path = "/keys/:id/rotate", method = "post", operation_id = "rotate_key", transform = "boxed")]
    async fn rotate(
        &self,
        who: By<Admin>,
        id: At<ApiKeyId>,
        version: IfMatch,
        body: MaybeBody<Rotation>,
        retry: Retry,
    ) -> Answer<Once<Created<CreatedApiKey>>, Changing> {
        retry
            .once(&who, async |writer| Ok(CreatedApiKey::once(api_key::rotate(writer, &id, version.0, body.0).await?)))
            .await
    }

    /// Revoke a key
    ///
    /// It stops working at once, on other replicas within seconds, and stays in the list.
    #[oai(path = "/keys/:id/revoke", method = "post", operation_id = "revoke_key", transform = "boxed")]
    async fn revoke(
        &self,
        who: By<Admin>,
        id: At<ApiKeyId>,
        version: IfMatch,
        retry: Retry,
    ) -> Answer<Once<Changed<ApiKey>>, Acting> {
        retry.once(&who, async |writer| Ok(Changed(api_key::revoke(writer, &id, version.0).await?))).await
    }
}
