//! Published lists: what the Data Security and Protection Toolkit, the Care Quality Commission, Companies House and the
//! Algorithmic Transparency Recording Standard say of our suppliers, each time somebody brings their list.
//!
//! An entry of a list is a supplier's by its identifier, or by its name once somebody has said so; that is kept. What it
//! says is kept with the day of the list and the day it was looked up; one that has left the list stays, marked. Nothing
//! is fetched here: the list comes as a file.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, Condition, QueryFilter as _, entity::prelude::*};
use serde::{Deserialize, Serialize};
use validator::Validate;

use crate::{
    clock::{Day, Moment},
    error::Error,
    id::{ListEntryId, OrganisationId, SupplierId},
    identifier::Scheme,
    page::{Page, Sort},
    scope::{Reader, Writer, owned},
    stored::{Word, from_word, word},
};

mod matching;
mod reading;
mod refreshing;
mod standing;

pub use reading::{Entry, ListFile, Sought, read as read_file, sought};
pub use refreshing::{ListChoice, ListQuestion, ListVerdict, Refresh, RefreshPlan, RefreshReport, RefreshedEntry};

/// A list that somebody publishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PublishedList {
    /// NHS England's list of organisations in the Data Security and Protection Toolkit.
    Dspt,
    /// The Care Quality Commission's directory of care services, or its list of ratings.
    Cqc,
    /// Companies House's list of live companies.
    CompaniesHouse,
    /// The records of the Algorithmic Transparency Recording Standard.
    Atrs,
}

impl PublishedList {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Dspt, Self::Cqc, Self::CompaniesHouse, Self::Atrs];

    /// What it is called.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Dspt => "Data Security and Protection Toolkit",
            Self::Cqc => "Care Quality Commission",
            Self::CompaniesHouse => "Companies House",
            Self::Atrs => "Algorithmic Transparency Recording Standard",
        }
    }

    /// The schemes whose identifiers it names organisations by.
    fn schemes(self) -> &'static [Scheme] {
        match self {
            // Some of its codes are no ODS codes: imports keep those as local ones.
            Self::Dspt => &[Scheme::Nhs, Scheme::Local],
            Self::Cqc => &[Scheme::CareQualityCommission],
            Self::CompaniesHouse => &[Scheme::CompaniesHouse],
            Self::Atrs => &[],
        }
    }

    /// Whether an organisation has one entry at the most.
    fn is_one_each(self) -> bool {
        matches!(self, Self::Dspt | Self::CompaniesHouse)
    }
}

impl fmt::Display for PublishedList {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&word(self))
    }
}

impl FromStr for PublishedList {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        from_word(&text.replace('-', "_"))
            .ok_or_else(|| format!("expected one of the lists dspt, cqc, companies_house, atrs, not {text:?}"))
    }
}

/// An entry of a published list about a supplier, as it was last looked up.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, JsonSchema)]
#[sea_orm(table_name = "list_entry")]
#[schemars(rename = "ListEntry")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ListEntryId,
    /// The organisation whose register it is in.
    #[serde(skip)]
    pub organisation_id: OrganisationId,
    /// Its version, from 1; each change adds one.
    pub version: i64,
    /// The list.
    #[schemars(with = "PublishedList")]
    pub list: Word<PublishedList>,
    /// The supplier that it is about.
    pub supplier_id: SupplierId,
    /// By what the list knows the entry: an ODS code, a company number, a location of the CQC, the address of a record.
    pub entry_key: String,
    /// What the list calls it.
    pub name: String,
    /// Whether it is about that supplier; `false` where somebody has said that only the names are the same.
    pub is_same: bool,
    /// What the list says: `Standards Met`, `Active`, `Good`.
    pub status: String,
    /// What it said before; null where it has always said the same.
    pub status_before: Option<String>,
    /// The day of what it says, where the list gives one.
    pub issued_on: Option<Day>,
    /// The day of the list it was last found on.
    pub list_day: Day,
    /// The day on which somebody last looked it up there.
    pub looked_on: Day,
    /// The day on which it was seen to have changed; null if it never did.
    pub changed_on: Option<Day>,
    /// The day of the list on which it was missing first; null while it is there.
    pub left_on: Option<Day>,
    /// When it was first found.
    pub created_at: Moment,
    /// When it was last changed.
    pub updated_at: Moment,
}

pub use Model as ListEntry;

/// Rows are loaded by noun, never joined.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}
owned!("list_entry", row => Some(&row.supplier_id));

/// Which entries of a list to list.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct ListEntryFilter {
    /// The supplier that they are about.
    pub supplier_id: Option<SupplierId>,
    /// Only those that have left the list (`true`), or are on it (`false`).
    pub has_left: Option<bool>,
    /// Only those that are about the supplier (`true`), or of which somebody has said that they are not (`false`).
    pub is_same: Option<bool>,
    /// How many to answer, 1 to 200; 50 if not said.
    #[validate(range(min = 1, max = 200))]
    pub limit: Option<u64>,
    /// The `next` of the page before.
    #[validate(length(max = 2000))]
    pub cursor: Option<String>,
}

/// A page of a list's entries about our suppliers, in the order in which they were found.
///
/// # Errors
/// [`Error::Invalid`] for a cursor that is none.
pub async fn entries(reader: &Reader, list: PublishedList, filter: &ListEntryFilter) -> Result<Page<ListEntry>, Error> {
    let mut condition = Condition::all().add(Column::List.eq(Word(list)));
    if let Some(id) = &filter.supplier_id {
        condition = condition.add(Column::SupplierId.eq(id.clone()));
    }
    if let Some(wanted) = filter.has_left {
        condition = condition.add(if wanted { Column::LeftOn.is_not_null() } else { Column::LeftOn.is_null() });
    }
    if let Some(wanted) = filter.is_same {
        condition = condition.add(Column::IsSame.eq(wanted));
    }
    reader
        .page(
            reader.find::<Entity>().filter(condition),
            Sort::up(Column::CreatedAt),
            Column::Id,
            filter.limit,
            filter.cursor.as_deref(),
        )
        .await
}

/// What published lists say of a supplier, by list.
///
/// # Errors
/// [`Error::Database`] only.
pub async fn of_supplier(reader: &Reader, id: &SupplierId) -> Result<Vec<ListEntry>, Error> {
    let select = reader.find::<Entity>().filter(Column::SupplierId.eq(id.clone())).filter(Column::IsSame.eq(true));
    let mut rows = reader.all(select).await?;
    rows.sort_by(|left, right| (left.list, &left.entry_key).cmp(&(right.list, &right.entry_key)));
    Ok(rows)
}

/// Takes away what lists say of a supplier that is about to be taken away itself.
pub(crate) async fn forget(writer: &Writer, id: &SupplierId) -> Result<(), Error> {
    writer.clear::<Entity>(Condition::all().add(Column::SupplierId.eq(id.clone()))).await?;
    Ok(())
}

/// Takes away what a list says of the one where it says it of the other too: they are about to be one.
pub(crate) async fn let_go_of_doubles(writer: &Writer, one: &SupplierId, other: &SupplierId) -> Result<(), Error> {
    let of = |id: &SupplierId| writer.find::<Entity>().filter(Column::SupplierId.eq(id.clone()));
    let known = writer.all(of(other)).await?;
    let is_double = |row: &ListEntry| known.iter().any(|kept| kept.list == row.list && kept.entry_key == row.entry_key);
    let doubles: Vec<_> = writer.all(of(one)).await?.into_iter().filter(is_double).map(|row| row.id).collect();
    writer.clear::<Entity>(Condition::all().add(Column::Id.is_in(doubles))).await?;
    Ok(())
}

/// When lists were last looked at: one row for each that ever was.
#[expect(unreachable_pub, reason = "sea-orm derives a public entity from the row")]
pub(crate) mod look {
    use sea_orm::entity::prelude::*;

    use super::PublishedList;
    use crate::{
        clock::{Day, Moment},
        id::OrganisationId,
        stored::Word,
    };

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "published_list")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub organisation_id: OrganisationId,
        #[sea_orm(primary_key, auto_increment = false)]
        pub list: Word<PublishedList>,
        pub list_day: Day,
        pub looked_at: Moment,
        pub row_count: i64,
        pub matched_count: i64,
        pub changed_count: i64,
        pub left_count: i64,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
    crate::scope::belongs!();
}

/// The published lists, and when each was last looked at.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PublishedLists {
    /// Each list that can be looked at.
    pub lists: Vec<ListLook>,
}

/// When a list was last looked at, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ListLook {
    /// The list.
    pub list: PublishedList,
    /// What it is called.
    pub title: String,
    /// The day of the list that was looked at last; null if none ever was.
    pub list_day: Option<Day>,
    /// When that was.
    pub looked_at: Option<Moment>,
    /// How many rows it had.
    pub row_count: Option<i64>,
    /// How many of them were about our suppliers.
    pub matched_count: Option<i64>,
    /// How many of those said something else than before.
    pub changed_count: Option<i64>,
    /// How many had left the list.
    pub left_count: Option<i64>,
}

/// The published lists, and when each was last looked at.
///
/// # Errors
/// [`Error::Database`] only.
pub async fn all(reader: &Reader) -> Result<PublishedLists, Error> {
    let rows = reader.all(reader.find::<look::Entity>()).await?;
    let look = |list: PublishedList| {
        let row = rows.iter().find(|row| row.list.0 == list);
        ListLook {
            list,
            title: list.title().to_owned(),
            list_day: row.map(|row| row.list_day),
            looked_at: row.map(|row| row.looked_at),
            row_count: row.map(|row| row.row_count),
            matched_count: row.map(|row| row.matched_count),
            changed_count: row.map(|row| row.changed_count),
            left_count: row.map(|row| row.left_count),
        }
    };
    Ok(PublishedLists { lists: PublishedList::ALL.map(look).to_vec() })
}
