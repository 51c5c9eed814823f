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

/// How long a name may be, in characters.
const MAXIMUM_NAME: usize = 200;
/// How many names are told that may have been meant.
const NEAR: usize = 3;
/// How much of a name says which is meant, in characters.
const SAID: usize = 3;

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

/// A new organisation of this name, and the change that makes it, in which more can be done: for the person at the
/// console. Where it is dropped without [`Writer::save`], there is no such organisation.
///
/// # Errors
/// [`Error::Invalid`] for a name that is none.
pub async fn begin(store: &Store, name: &str) -> Result<(Organisation, Writer), Error> {
    let new = NewOrganisation { name: name.trim().to_owned() };
    Faults::of_new(&new).done()?;
    store.begin_organisation(&new.name, false).await
}

/// Every organisation in this database, by name: for the person at the console.
///
/// # Errors
/// [`Error::Database`] only.
pub async fn all(store: &Store) -> Result<Vec<Organisation>, Error> {
    store.organisations().await
}

/// Which of these is called so, whatever the space around its name.
#[must_use]
pub fn called<'a>(name: &str, all: &'a [Organisation]) -> Option<&'a Organisation> {
    let exactly = all.iter().find(|organisation| organisation.name == name);
    exactly.or_else(|| all.iter().find(|organisation| organisation.name.trim() == name.trim()))
}

/// The names among these that may have been meant by one that none of them has, the nearest first: some letters were
/// mistyped, or only a part of it was said.
#[must_use]
pub fn near<'a>(name: &str, all: &'a [Organisation]) -> Vec<&'a str> {
    let name = folded(name);
    let mut found: Vec<(usize, &str)> = all
        .iter()
        .filter_map(|organisation| {
            let known = folded(&organisation.name);
            let distance = strsim::damerau_levenshtein(&name, &known);
            let is_part = is_in(&name, &known) || is_in(&known, &name);
            (is_part || distance <= 1 + known.chars().count() / 4).then_some((distance, organisation.name.as_str()))
        })
        .collect();
    found.sort_unstable();
    found.into_iter().map(|(_, name)| name).take(NEAR).collect()
}

/// Whether a part of a name says enough to tell which is meant.
fn is_in(part: &str, name: &str) -> bool {
    part.chars().count() >= SAID && name.contains(part)
}

/// A name as it is compared with another: capitals and the number of spaces say nothing, and no name is longer.
fn folded(name: &str) -> String {
    let name: String = name.chars().take(MAXIMUM_NAME).collect();
    name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(names: &[&str]) -> Vec<Organisation> {
        let now = crate::clock::Clock::System.now();
        let made = |name: &&str| Model {
            id: "org_01a2282581c8765d899d73ea7d7a74db".parse().expect("an id"),
            version: 1,
            name: (*name).to_owned(),
            is_sample: false,
            created_at: now,
            updated_at: now,
        };
        names.iter().map(made).collect()
    }

    #[test]
    fn a_name_that_was_mistyped_or_cut_short_is_found_and_no_other() {
        let all = named(&["Our Council", "Our Council (sample)", "Meadow View Care", "Ŵyn"]);
        assert_eq!(near("Our Coucil", &all), ["Our Council"]);
        assert_eq!(near("OUR  COUNCIL", &all), ["Our Council", "Our Council (sample)"]);
        assert_eq!(near("Meadow", &all), ["Meadow View Care"]);
        assert_eq!(near("Meadow View Care Ltd", &all), ["Meadow View Care"]);
        assert_eq!(near("ŵin", &all), ["Ŵyn"]);
        for other in ["Riverside", "", "a", &"x".repeat(100_000)] {
            assert!(near(other, &all).is_empty(), "{other}");
        }
        let many: Vec<String> = (0..9).map(|number| format!("Home {number}")).collect();
        assert_eq!(near("Home", &named(&many.iter().map(String::as_str).collect::<Vec<_>>())).len(), NEAR);
    }

    #[test]
    fn a_name_is_called_whatever_the_space_around_it() {
        let all = named(&["Ours ", "Ours", "Theirs "]);
        assert_eq!(called("Ours", &all).map(|found| found.name.as_str()), Some("Ours"));
        assert_eq!(called(" Theirs", &all).map(|found| found.name.as_str()), Some("Theirs "));
        assert!(called("ours", &all).is_none() && called("", &all).is_none());
    }
}
