//! A product that goes into another of the same supplier, and comes back.

use sea_orm::{ColumnTrait as _, Condition};
use serde_json::Map;

use super::{ActiveModel, Column, Entity, Kept, NewProduct, Product};
use crate::{clock::Moment, error::Error, id::ProductId, patch::Change, scope::Writer};

/// What somebody says of a product.
pub(crate) fn said(row: &Product) -> Result<NewProduct, Error> {
    Change::<NewProduct>::new(Map::new()).over(row)
}

/// A product as it would be if this was said of it.
pub(crate) fn with(row: &Product, new: NewProduct) -> Product {
    new.into_row(Kept::of(row))
}

/// Takes a product away that nothing hangs on any more, without an event of its own.
pub(crate) async fn take_away(writer: &Writer, id: &ProductId) -> Result<(), Error> {
    writer.clear::<Entity>(Condition::all().add(Column::Id.eq(id.clone()))).await?;
    Ok(())
}

/// Puts a product back that was taken away, as it was but for its version.
pub(crate) async fn put_back(
    writer: &Writer,
    id: ProductId,
    (version, created_at): (i64, Moment),
    new: NewProduct,
) -> Result<Product, Error> {
    let kept = Kept { id, version, created_at, ..Kept::new(writer) };
    let row = new.check()?.into_row(kept);
    writer.put_all::<Entity, ActiveModel>(vec![row.clone()], &[]).await?;
    writer.touch(&row.supplier_id);
    Ok(row)
}
