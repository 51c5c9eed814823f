//! Which suppliers to list, in which order, and the list itself.

use diligence_questionnaires::{Rating, Tier};
use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, QueryFilter as _};
use serde::{Deserialize, Serialize};
use validator::Validate;

use super::{Column, Entity, RelationshipStatus, Supplier};
use crate::{
    clock::Moment,
    error::Error,
    page::{Page, Sort, contains},
    profile::DataRole,
    scope::Reader,
    stored::Word,
};

/// How to order suppliers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum SupplierSort {
    /// By name.
    #[default]
    #[serde(rename = "name")]
    Name,
    /// By name, from the end.
    #[serde(rename = "-name")]
    NameDescending,
    /// Oldest entry first.
    #[serde(rename = "created_at")]
    Created,
    /// Newest entry first.
    #[serde(rename = "-created_at")]
    CreatedDescending,
    /// Longest unchanged first.
    #[serde(rename = "updated_at")]
    Updated,
    /// Last changed first.
    #[serde(rename = "-updated_at")]
    UpdatedDescending,
}

/// Which suppliers to list.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct SupplierFilter {
    /// Text to find in names and identifiers, capitals or not.
    #[validate(length(min = 1, max = 200))]
    pub q: Option<String>,
    /// Where it stands with us.
    pub status: Option<RelationshipStatus>,
    /// How much rests on it.
    pub tier: Option<Tier>,
    /// The worst rating of its own and its active products'.
    pub rating: Option<Rating>,
    /// Its part in handling personal data.
    pub data_role: Option<DataRole>,
    /// Who of us looks after the relationship, exactly.
    #[validate(length(min = 1, max = 200))]
    pub relationship_owner: Option<String>,
    /// Only what changed at or after this moment.
    pub updated_since: Option<Moment>,
    /// The order; `name` if not said.
    pub sort: Option<SupplierSort>,
    /// How many to answer, 1 to 200; 50 if not said.
    #[validate(range(min = 1, max = 200))]
    pub limit: Option<u64>,
    /// The `next` of the page before.
    #[validate(length(max = 2000))]
    pub cursor: Option<String>,
}

/// A page of suppliers.
///
/// # Errors
/// [`Error::Invalid`] for a cursor that is none.
pub async fn list(reader: &Reader, filter: &SupplierFilter) -> Result<Page<Supplier>, Error> {
    let mut select = reader.find::<Entity>();
    if let Some(text) = &filter.q {
        select = select.filter(contains(Column::SearchText, text));
    }
    if let Some(status) = filter.status {
        select = select.filter(Column::Status.eq(Word(status)));
    }
    if let Some(tier) = filter.tier {
        select = select.filter(Column::Tier.eq(Word(tier)));
    }
    if let Some(rating) = filter.rating {
        select = select.filter(Column::Rating.eq(Word(rating)));
    }
    if let Some(data_role) = filter.data_role {
        select = select.filter(Column::DataRole.eq(Word(data_role)));
    }
    if let Some(owner) = &filter.relationship_owner {
        select = select.filter(Column::RelationshipOwner.eq(owner.as_str()));
    }
    if let Some(since) = filter.updated_since {
        select = select.filter(Column::UpdatedAt.gte(since));
    }
    let sort = match filter.sort.unwrap_or_default() {
        SupplierSort::Name => Sort::up(Column::SortName),
        SupplierSort::NameDescending => Sort::down(Column::SortName),
        SupplierSort::Created => Sort::up(Column::CreatedAt),
        SupplierSort::CreatedDescending => Sort::down(Column::CreatedAt),
        SupplierSort::Updated => Sort::up(Column::UpdatedAt),
        SupplierSort::UpdatedDescending => Sort::down(Column::UpdatedAt),
    };
    reader.page(select, sort, Column::Id, filter.limit, filter.cursor.as_deref()).await
}
