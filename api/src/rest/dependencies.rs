//! Dependencies.

use diligence_entities::{
    concentration::{self, Concentration, ConcentrationFilter},
    dependency::{self, Dependency, DependencyFilter, NewDependency},
    id::DependencyId,
};
use poem_openapi::OpenApi;

use super::tag::Tag;
use crate::{
    answer::{Changed, Created, Done, Found, Item, Listed, Once},
    auth::{By, Editor, InRegister, Viewer},
    path::{At, boxed},
    payload::{Body, Change},
    problem::{Answer, Changing, Creating, Deleting, Listing, Reading},
    query::Query,
    retry::Retry,
    version::{IfMatch, IfNoneMatch},
};

pub(crate) struct Api;

#[OpenApi(tag = "Tag::Dependencies")]
impl Api {
    /// List dependencies
    ///
    /// Which suppliers and products depend on which: filter by `subject_id` for what one depends on, by `rests_on_id` for what depends on it.
    #[oai(path = "/dependencies", method = "get", operation_id = "list_dependencies", transform = "boxed")]
    async fn list(
        &self,
        who: By<InRegister<Viewer>>,
        query: Query<DependencyFilter>,
    ) -> Answer<Listed<Dependency>, Listing> {
        let page = dependency::list(&who.read().await?, &query).await?;
        Ok(Listed::new(page, &query))
    }

    /// Read concentration
    ///
    /// Suppliers that other suppliers depend on, directly or indirectly, ordered by how many vital and essential services depend on
    /// them. A product counts with its supplier; archived suppliers and products are not counted as depending on anything.
    #[oai(path = "/concentration", method = "get", operation_id = "read_concentration", transform = "boxed")]
    async fn concentration(
        &self,
        who: By<InRegister<Viewer>>,
        query: Query<ConcentrationFilter>,
    ) -> Answer<Found<Concentration>, Listing> {
        Ok(Found(concentration::read(&who.read().await?, &query).await?))
    }

    /// Create a dependency
    ///
    /// Decisions on the supplier or product that depends on the other become stale.
    #[oai(path = "/dependencies", method = "post", operation_id = "create_dependency", transform = "boxed")]
    async fn create(
        &self,
        who: By<Editor>,
        body: Body<NewDependency>,
        retry: Retry,
    ) -> Answer<Once<Created<Dependency>>, Creating> {
        retry
            .once(&who, async |writer| Ok(Created::new("dependencies", dependency::create(writer, body.0).await?)))
            .await
    }

    /// Read a dependency
    #[oai(path = "/dependencies/:id", method = "get", operation_id = "read_dependency", transform = "boxed")]
    async fn read(
        &self,
        who: By<InRegister<Viewer>>,
        id: At<DependencyId>,
        have: IfNoneMatch,
    ) -> Answer<Item<Dependency>, Reading> {
        let dependency = dependency::read(&who.read().await?, &id).await?;
        Ok(Item::new(dependency, &have))
    }

    /// Change a dependency
    ///
    /// A JSON merge patch: absent fields stay as they are, null clears, a list is replaced as a whole.
    #[oai(path = "/dependencies/:id", method = "patch", operation_id = "change_dependency", transform = "boxed")]
    async fn change(
        &self,
        who: By<Editor>,
        id: At<DependencyId>,
        version: IfMatch,
        change: Change<NewDependency>,
    ) -> Answer<Changed<Dependency>, Changing> {
        let writer = who.write().await?;
        let dependency = dependency::change(&writer, &id, version.0, change.0).await?;
        writer.save().await?;
        Ok(Changed(dependency))
    }

    /// Delete a dependency
    ///
    /// The dependency is still shown in the audit events.
    #[oai(path = "/dependencies/:id", method = "delete", operation_id = "delete_dependency", transform = "boxed")]
    async fn delete(&self, who: By<Editor>, id: At<DependencyId>, version: IfMatch) -> Answer<Done, Deleting> {
        let writer = who.write().await?;
        dependency::delete(&writer, &id, version.0).await?;
        writer.save().await?;
        Ok(Done)
    }
}
