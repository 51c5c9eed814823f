//! API keys.

use diligence_entities::{
    api_key::{self, ApiKey, ApiKeyFilter, NewApiKey},
    id::ApiKeyId,
    page::Versioned,
};
use poem_openapi::OpenApi;
use schemars::JsonSchema;
use serde::Serialize;

use super::Tag;
use crate::{
    answer::{Changed, Created, Item, Listed, Once},
    auth::{Admin, By},
    path::At,
    payload::Body,
    problem::{Acting, Answer, Creating, Listing, Reading},
    query::Query,
    retry::Retry,
    version::{IfMatch, IfNoneMatch},
};

/// A key just made, with its text.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct CreatedApiKey {
    /// The key as it is listed from now on.
    #[serde(flatten)]
    key: ApiKey,
    /// The text to send as `Authorization: Bearer …`. Shown this once and kept nowhere: null when this is the answer to a retry.
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

pub(crate) struct Api;

#[OpenApi(tag = "Tag::Keys")]
impl Api {
    /// List keys
    #[oai(path = "/keys", method = "get", operation_id = "list_keys")]
    async fn list(&self, who: By<Admin>, query: Query<ApiKeyFilter>) -> Answer<Listed<ApiKey>, Listing> {
        let page = api_key::list(&who.read().await?, &query).await?;
        Ok(Listed::new(page, &query))
    }

    /// Make a key
    ///
    /// The answer holds the key's text, once. It is kept nowhere, so a retry of this request is answered with `secret` null.
    #[oai(path = "/keys", method = "post", operation_id = "create_key")]
    async fn create(&self, who: By<Admin>, body: Body<NewApiKey>, retry: Retry) -> Answer<Once<Created<CreatedApiKey>>, Creating> {
        retry
            .once(&who, async |writer| {
                let (key, secret) = api_key::create(writer, body.0).await?;
                let kept = CreatedApiKey { key, secret: None };
                Ok(Created::new("keys", CreatedApiKey { secret: Some(secret.reveal().to_owned()), ..kept.clone() }).keeping(&kept))
            })
            .await
    }

    /// Read a key
    #[oai(path = "/keys/:id", method = "get", operation_id = "read_key")]
    async fn read(&self, who: By<Admin>, id: At<ApiKeyId>, have: IfNoneMatch) -> Answer<Item<ApiKey>, Reading> {
        let key = api_key::read(&who.read().await?, &id).await?;
        Ok(Item::new(key, &have))
    }

    /// Revoke a key
    ///
    /// It opens nothing from now on, but stays in the list. Other replicas follow within seconds.
    #[oai(path = "/keys/:id/revoke", method = "post", operation_id = "revoke_key")]
    async fn revoke(&self, who: By<Admin>, id: At<ApiKeyId>, version: IfMatch, retry: Retry) -> Answer<Once<Changed<ApiKey>>, Acting> {
        retry.once(&who, async |writer| Ok(Changed(api_key::revoke(writer, &id, version.0).await?))).await
    }
}
