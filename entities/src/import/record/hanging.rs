//! What hangs on suppliers and products, so that they cannot be taken away.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ColumnTrait as _, QueryFilter as _, QuerySelect as _};

use crate::{
    assessment, decision, dependency,
    due::settlement,
    error::Error,
    evidence, incident, product,
    review::{self, ReviewState},
    risk,
    scope::{PORTION, Reader},
    stored::Word,
};

/// Adds the rows of a noun whose column has one of these ids, but for those that go too.
macro_rules! add {
    ($found:ident, $reader:ident, $ids:ident, $gone:ident, $what:literal, $noun:ident, $column:ident) => {
        add!($found, $reader, $ids, $gone, $what, $noun, $column, select => select)
    };
    (
        $found:ident, $reader:ident, $ids:ident, $gone:ident, $what:literal, $noun:ident, $column:ident,
        $select:ident => $more:expr
    ) => {{
        let $select = $reader
            .find_with_ourselves::<$noun::Entity>()
            .filter($noun::Column::$column.is_in($ids.iter().map(String::as_str)));
        let select = $more.select_only().columns([$noun::Column::Id, $noun::Column::$column]);
        let rows: Vec<(String, String)> = $reader.tuples(select).await?;
        for (_, on) in rows.into_iter().filter(|(id, _)| !$gone.contains(id)) {
            $found.entry(on).or_insert($what);
        }
    }};
}

/// Of these suppliers, those on which something hangs that does not go too, and what the first such thing is.
pub(super) async fn on_suppliers(
    reader: &Reader,
    ids: &[String],
    gone: &BTreeSet<String>,
) -> Result<BTreeMap<String, &'static str>, Error> {
    let mut found = BTreeMap::new();
    for ids in ids.chunks(PORTION) {
        add!(found, reader, ids, gone, "it has products", product, SupplierId);
        add!(found, reader, ids, gone, "it has been assessed", assessment, SupplierId);
        add!(found, reader, ids, gone, "it has been decided on", decision, SupplierId);
        add!(found, reader, ids, gone, "there is evidence about it", evidence, SupplierId);
        add!(found, reader, ids, gone, "there are risks about it", risk, SupplierId);
        add!(found, reader, ids, gone, "there are incidents about it", incident, SupplierId);
        add!(found, reader, ids, gone, "it depends on others", dependency, SupplierId);
        add!(found, reader, ids, gone, "others depend on it", dependency, RestsOnSupplierId);
        add!(found, reader, ids, gone, "something due about it was settled", settlement, SupplierId);
        add!(found, reader, ids, gone, "it has been looked at", review, SupplierId, select =>
            select.filter(review::Column::State.eq(Word(ReviewState::Completed))));
    }
    Ok(found)
}

/// Of these products, those on which something hangs that does not go too, and what the first such thing is.
pub(super) async fn on_products(
    reader: &Reader,
    ids: &[String],
    gone: &BTreeSet<String>,
) -> Result<BTreeMap<String, &'static str>, Error> {
    let mut found = BTreeMap::new();
    for ids in ids.chunks(PORTION) {
        add!(found, reader, ids, gone, "it has been assessed", assessment, ProductId);
        add!(found, reader, ids, gone, "it has been decided on", decision, ProductId);
        add!(found, reader, ids, gone, "there is evidence about it", evidence, ProductId);
        add!(found, reader, ids, gone, "there are risks about it", risk, ProductId);
        add!(found, reader, ids, gone, "there are incidents about it", incident, ProductId);
        add!(found, reader, ids, gone, "it depends on others", dependency, ProductId);
        add!(found, reader, ids, gone, "others depend on it", dependency, RestsOnProductId);
        add!(found, reader, ids, gone, "something due about it was settled", settlement, ProductId);
        add!(found, reader, ids, gone, "it has been looked at", review, ProductId, select =>
            select.filter(review::Column::State.eq(Word(ReviewState::Completed))));
    }
    Ok(found)
}
