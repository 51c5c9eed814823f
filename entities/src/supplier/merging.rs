//! A supplier that goes into another, and comes back.

use sea_orm::{ColumnTrait as _, Condition};
use serde_json::Map;

use super::{ActiveModel, Column, Entity, Kept, NewSupplier, Supplier, held_identifier, identifiers::hold_identifiers};
use crate::{clock::Moment, error::Error, id::SupplierId, patch::Change, scope::Writer};

/// What somebody says of a supplier.
pub(crate) fn said(row: &Supplier) -> Result<NewSupplier, Error> {
    Change::<NewSupplier>::new(Map::new()).over(row)
}

/// A supplier as it would be if this was said of it.
pub(crate) fn with(row: &Supplier, new: NewSupplier) -> Supplier {
    new.into_row(Kept::of(row))
}

/// Has a supplier give up its identifiers, which another is about to hold.
pub(crate) async fn let_go_of_identifiers(writer: &Writer, id: &SupplierId) -> Result<(), Error> {
    let held = Condition::all().add(held_identifier::Column::SupplierId.eq(id.clone()));
    writer.clear::<held_identifier::Entity>(held).await?;
    Ok(())
}

/// Takes a supplier away that nothing hangs on any more, without an event of its own.
pub(crate) async fn take_away(writer: &Writer, id: &SupplierId) -> Result<(), Error> {
    writer.clear::<Entity>(Condition::all().add(Column::Id.eq(id.clone()))).await?;
    writer.leave_alone([id]);
    Ok(())
}

/// Puts a supplier back that was taken away, as it was but for its version.
pub(crate) async fn put_back(
    writer: &Writer,
    id: SupplierId,
    (version, created_at): (i64, Moment),
    new: NewSupplier,
) -> Result<Supplier, Error> {
    let kept = Kept { id, version, created_at, ..Kept::new(writer) };
    let row = new.check()?.into_row(kept);
    writer.put_all::<Entity, ActiveModel>(vec![row.clone()], &[]).await?;
    hold_identifiers(writer, std::slice::from_ref(&row)).await?;
    writer.touch(&row.id);
    Ok(row)
}
