//! Recipes: how a file of somebody else's becomes rows of ours.

use diligence_entities::recipe::{self, KnownRecipe, MAXIMUM_BYTES, Recipe, RecipeEntry, RecipeFilter};
use poem_openapi::OpenApi;

use super::tag::Tag;
use crate::{
    answer::{Done, Item, Listed, Put},
    auth::{By, Editor, Viewer},
    path::{At, boxed},
    payload::Body,
    problem::{Answer, Deleting, Listing, Putting, Reading},
    query::Query,
    version::{IfMatch, IfMatchAny, IfNoneMatch},
};

pub(crate) struct Api;

#[OpenApi(tag = "Tag::Recipes")]
impl Api {
    /// List recipes
    ///
    /// The built-in ones and your organisation's own, by key, without their columns.
    #[oai(path = "/recipes", method = "get", operation_id = "list_recipes", transform = "boxed")]
    async fn list(&self, who: By<Viewer>, query: Query<RecipeFilter>) -> Answer<Listed<RecipeEntry>, Listing> {
        let page = recipe::list(&who.read().await?, &query).await?;
        Ok(Listed::new(page, &query))
    }

    /// Read a recipe
    ///
    /// Your organisation's own of this key, otherwise the built-in one. A built-in one has version 0.
    #[oai(path = "/recipes/:key", method = "get", operation_id = "read_recipe", transform = "boxed")]
    async fn read(&self, who: By<Viewer>, key: At<String>, have: IfNoneMatch) -> Answer<Item<KnownRecipe>, Reading> {
        Ok(Item::new(recipe::read(&who.read().await?, &key).await?, &have))
    }

    /// Keep a recipe
    ///
    /// Creates your organisation's own recipe of this key, or with `If-Match` puts this one in its place. The key is 1 to 80 small letters, digits and hyphens. By the key of a built-in recipe, yours takes its place. At most 200 recipes of 256 KiB each.
    #[oai(path = "/recipes/:key", method = "put", operation_id = "put_recipe", transform = "boxed")]
    async fn put(
        &self,
        who: By<Editor>,
        key: At<String>,
        version: IfMatchAny,
        body: Body<Recipe, MAXIMUM_BYTES>,
    ) -> Answer<Put<KnownRecipe>, Putting> {
        let writer = who.write().await?;
        let kept = recipe::put(&writer, &key, version.0, body.0).await?;
        writer.save().await?;
        Ok(Put::at(&format!("recipes/{}", kept.key), kept, version.0.is_none()))
    }

    /// Delete a recipe
    ///
    /// Your organisation's own. A built-in recipe that it stood in the place of is back; a built-in one cannot be deleted.
    #[oai(path = "/recipes/:key", method = "delete", operation_id = "delete_recipe", transform = "boxed")]
    async fn delete(&self, who: By<Editor>, key: At<String>, version: IfMatch) -> Answer<Done, Deleting> {
        let writer = who.write().await?;
        recipe::delete(&writer, &key, version.0).await?;
        writer.save().await?;
        Ok(Done)
    }
}
