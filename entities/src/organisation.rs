//! Organisations: each owns a register, and every row belongs to exactly one.

use schemars::JsonSchema;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};
use validator::Validate;

use crate::{
    clock::Moment,
    error::Error,
    fault::Faults,
    id::OrganisationId,
    patch::Change,
    scope::{Reader, Store, Writer},
};

/// The owner of a register.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, JsonSchema)]
#[sea_orm(table_name = "organisation")]
#[schemars(rename = "Organisation")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: OrganisationId,
    /// Its version, from 1; each change adds one.
    pub version: i64,
    /// Its name, unlike any other's here.
    pub name: String,
    /// Whether it is a sample to look around in: everything in it is invented.
    pub is_sample: bool,
    /// When it was made.
    pub created_at: Moment,
    /// When it was last changed.
    pub updated_at: Moment,
}

pub use Model as Organisation;

/// An organisation hangs on nothing.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

// An organisation belongs to itself.
impl crate::scope::Belongs for Entity {
    const ORGANISATION_ID: Column = Column::Id;
    fn claim(row: &mut Model, organisation_id: &OrganisationId) {
        row.id = organisation_id.clone();
    }
}
impl crate::scope::Owned for Entity {
    const NOUN: &'static str = "organisation";
    const ID: Column = Column::Id;
    const VERSION: Column = Column::Version;
    fn stamp(row: &mut Model, version: i64, now: Moment) {
        row.version = version;
        row.updated_at = now;
    }
    fn supplier_id(_: &Model) -> Option<&crate::id::SupplierId> {
        None
    }
}
impl crate::page::Versioned for Model {
    fn id(&self) -> &str {
        self.id.as_str()
    }
    fn version(&self) -> i64 {
        self.version
    }
}

/// What an organisation is made of.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct NewOrganisation {
    /// Its name, unlike any other's here.
    #[validate(length(min = 1, max = 200))]
    pub name: String,
}

/// The caller's organisation.
///
/// # Errors
/// [`Error::Database`] only.
pub async fn read(reader: &Reader) -> Result<Organisation, Error> {
    reader.get::<Entity>(reader.scope().organisation_id.as_str()).await
}

/// Changes the caller's organisation.
///
/// # Errors
/// [`Error::Stale`], [`Error::Invalid`], or [`Error::Conflict`] when the name is taken.
pub async fn change(writer: &Writer, version: i64, change: Change<NewOrganisation>) -> Result<Organisation, Error> {
    let before = writer.get_at::<Entity>(writer.scope().organisation_id.as_str(), version).await?;
    let new = change.over(&before)?;
    Faults::of(&new).done()?;
    let after = Model { name: new.name, ..before.clone() };
    writer.replace::<Entity, ActiveModel>("change", &before, after).await
}

/// The organisation of this name, made if there is none: for the person at the console.
///
/// # Errors
/// [`Error::Invalid`] for a name that is none.
pub async fn ensure(store: &Store, name: &str) -> Result<Organisation, Error> {
    let new = NewOrganisation { name: name.trim().to_owned() };
    Faults::of_new(&new).done()?;
    match store.organisation_by_name(&new.name).await? {
        Some(organisation) => Ok(organisation),
        None => store.found_organisation(&new.name, false).await,
    }
}

/// Every organisation in this database, by name: for the person at the console.
///
/// # Errors
/// [`Error::Database`] only.
pub async fn all(store: &Store) -> Result<Vec<Organisation>, Error> {
    store.organisations().await
}
