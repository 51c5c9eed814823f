//! What an import did, thing by thing.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};
use serde::{Deserialize, Serialize};
use validator::Validate;

use super::{ItemKind, item, read};
use crate::{
    error::Error,
    id::ImportId,
    page::{self, Page},
    product,
    scope::Reader,
    supplier,
};

/// Something that an import made or changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DoneItem {
    /// What it is.
    pub kind: ItemKind,
    /// Its id.
    pub id: String,
    /// What a supplier or product is called now; null for what has no name of its own, and where it is gone.
    pub name: Option<String>,
    /// Whether the import made it; it changed it otherwise.
    pub is_new: bool,
}

/// Which things to list, in the order in which they were done.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct DoneFilter {
    /// How many to answer, 1 to 200; 50 if not said.
    #[validate(range(min = 1, max = 200))]
    pub limit: Option<u64>,
    /// The `next` of the page before.
    #[validate(length(max = 2000))]
    pub cursor: Option<String>,
}

/// A page of what an import made and changed. Once it cannot be undone any more that is let go of, and the list is empty.
///
/// # Errors
/// [`Error::NotFound`], or [`Error::Invalid`] for a cursor that is none.
pub async fn done(reader: &Reader, id: &ImportId, filter: &DoneFilter) -> Result<Page<DoneItem>, Error> {
    let import = read(reader, id).await?;
    let wrong = |_| Error::invalid("?cursor", "cursor", "expected the `next` of a page of this list");
    let from: i64 = filter.cursor.as_deref().map_or(Ok(0), |cursor| cursor.parse().map_err(wrong))?;
    let limit = filter.limit.unwrap_or(page::DEFAULT_LIMIT);
    let select = reader
        .find::<item::Entity>()
        .filter(item::Column::ImportId.eq(import.id))
        .filter(item::Column::ItemNumber.gte(from))
        .order_by_asc(item::Column::ItemNumber)
        .limit(limit + 1);
    let mut rows = reader.all(select).await?;
    let count = usize::try_from(limit).unwrap_or(usize::MAX);
    let next = rows.get(count).map(|row| row.item_number.to_string());
    rows.truncate(count);
    let ids = |kind: ItemKind| -> BTreeSet<String> {
        rows.iter().filter(|row| row.kind.0 == kind).map(|row| row.item_id.clone()).collect()
    };
    let suppliers = reader.get_many::<supplier::Entity>(&ids(ItemKind::Supplier)).await?;
    let products = reader.get_many::<product::Entity>(&ids(ItemKind::Product)).await?;
    let names: BTreeMap<String, String> = suppliers
        .into_iter()
        .map(|row| (row.id.to_string(), row.name))
        .chain(products.into_iter().map(|row| (row.id.to_string(), row.name)))
        .collect();
    let told = |row: item::Model| DoneItem {
        kind: row.kind.0,
        name: names.get(&row.item_id).cloned(),
        is_new: row.before.is_none() && row.after.is_none(),
        id: row.item_id,
    };
    Ok(Page { items: rows.into_iter().map(told).collect(), next })
}
