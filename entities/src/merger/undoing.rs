//! Making two of one again.

use sea_orm::{ColumnTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};

use super::{
    ActiveModel, Column, Entity, Merger, MergerState, Model, Record, fields,
    merging::{Side, as_said, noun_of, tell},
    places,
};
use crate::{
    assessment, audit, decision, dependency,
    error::Error,
    id::{MergerId, SubjectId},
    product::{self, NewProduct},
    review,
    scope::Writer,
    stored::{Json, Word},
    subject::Subject,
    supplier::{self, NewSupplier},
};

/// Makes two of one again: what went over and is still there goes back, and the other is there again as it was. What came
/// after the merger stays with the one that was kept, unless it is about a product that goes back.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], or [`Error::Conflict`] where that cannot be: it is undone already, its time is
/// over, the one that was kept is not there any more, or another supplier holds an identifier of the other by now.
pub async fn undo(writer: &Writer, id: &MergerId, version: i64) -> Result<Merger, Error> {
    let row = writer.get_at::<Entity>(id.as_str(), version).await?;
    if row.state.0 == MergerState::Undone {
        return Err(Error::conflict("state", "this merger is undone already"));
    }
    let over = || Error::conflict("too_late", format!("this merger could be undone until {}", row.undo_until));
    if writer.today() > row.undo_until {
        return Err(over());
    }
    let record = row.record.clone().ok_or_else(over)?.0;
    let kept = match Subject::find(writer, &row.kept_id, "").await {
        Ok(subject) => Side::of(subject)?,
        Err(Error::Invalid(_)) => return Err(gone(writer, &row).await?),
        Err(error) => return Err(error),
    };
    let mut notes = row.notes.0.clone();
    part(writer, &row, &kept, record, &mut notes).await?;
    let after = Model {
        version: row.version + 1,
        state: Word(MergerState::Undone),
        notes: Json(notes),
        undone_at: Some(writer.now()),
        undone_by: Some(writer.scope().actor.name.clone()),
        record: None,
        updated_at: writer.now(),
        ..row
    };
    tell(writer, &kept, "undo", &after, serde_json::to_value(&after).ok());
    writer.put_all::<Entity, ActiveModel>(vec![after.clone()], &[Column::Id]).await?;
    Ok(after)
}

/// Why there is nothing to take the other out of.
async fn gone(writer: &Writer, row: &Merger) -> Result<Error, Error> {
    Ok(match super::of_other(writer, row.kept_id.as_str()).await? {
        Some(later) => {
            let into = format!("{} went into {} since: undo {} first", row.kept_id, later.kept_id, later.id);
            Error::conflict("merged_since", into)
        }
        None => Error::conflict("gone", format!("{} is not there any more", row.kept_id)),
    })
}

async fn part(
    writer: &Writer,
    row: &Merger,
    kept: &Side,
    record: Record,
    notes: &mut Vec<String>,
) -> Result<(), Error> {
    let Record {
        other,
        other_version,
        other_created_at,
        kept_before,
        kept_after,
        cells,
        settled,
        dependencies,
        superseded,
        standings_before,
        standings_after,
        review_of_other,
        review_before,
        review_after,
    } = record;
    let own = std::slice::from_ref(kept.supplier_id());
    let standings_now = decision::standings(writer, own).await?;
    let review_now = review::park(writer, kept.supplier_id(), kept.product_id()).await?;

    let (said, staying) = fields::parted(&kept.said, &kept_before, &kept_after);
    for field in staying {
        notes.push(format!("{field} was changed after the merger and stays as it is."));
    }
    if said != kept.said {
        kept.put(writer, "undo", said).await?;
    }
    let version = (other_version + 1, other_created_at);
    let (other_supplier, other_product) = match &row.other_id {
        SubjectId::Supplier(id) => {
            supplier::merging::put_back(writer, id.clone(), version, as_said::<NewSupplier>(other)?).await?;
            (id.clone(), None)
        }
        SubjectId::Product(id) => {
            let mut new = as_said::<NewProduct>(other)?;
            // Its supplier may have become one with another since.
            new.supplier_id.clone_from(kept.supplier_id());
            product::merging::put_back(writer, id.clone(), version, new).await?;
            (kept.supplier_id().clone(), Some(id.clone()))
        }
    };
    let about = audit::About::new(other_supplier.clone(), other_product.clone());
    let back = serde_json::json!({ "name": row.other_name, "parted_from": row.kept_id });
    writer.note_about(about, "undo", noun_of(row.noun.0), row.other_id.as_str(), None, Some(back));

    let mut missing = 0;
    let mut back = Vec::new();
    for cells in &cells {
        let cells = cells.back();
        let returned = places::put(writer, &cells).await?;
        if !cells.is_derived() {
            missing += cells.count().saturating_sub(returned);
        }
        back.push(cells);
    }
    if missing > 0 {
        notes.push("Some of what went over is not there any more, and so did not come back.".to_owned());
    }
    places::renew(writer, &back).await?;
    let products = places::keys_in(&back, "product");
    if other_product.is_none() && !products.is_empty() {
        let (from, to) = (kept.supplier_id().as_str(), other_supplier.as_str());
        places::follow_products(writer, &products, from, to).await?;
    }
    places::rename_items_back(writer, &settled).await?;
    for fallen in dependencies {
        let id = fallen.id().clone();
        if !dependency::rise(writer, fallen).await? {
            notes.push(format!("The dependency {id} did not come back: what it joined is not there any more."));
        }
    }
    {
        use assessment::{Column, Entity};
        writer.redirect::<Entity>((Column::Id, &superseded), Column::State, "superseded", "approved").await?;
        writer.renew::<Entity>((Column::Id, &superseded), (Column::Version, Column::UpdatedAt)).await?;
    }
    decision::settle_standings(writer, &standings_before, &standings_after, &standings_now).await?;
    if let Some(parked) = review_of_other {
        review::unpark(writer, &other_supplier, other_product.as_ref(), parked).await?;
    }
    if let (Some(before), Some(after), Some(now)) = (&review_before, &review_after, &review_now) {
        let (supplier_id, product_id) = (kept.supplier_id(), kept.product_id());
        if !review::part(writer, supplier_id, product_id, (before, after, now)).await? {
            notes.push("The next review of the one that was kept was changed since and stays as it is.".to_owned());
        }
    }
    let both = [kept.supplier_id().clone(), other_supplier].into();
    crate::register::refresh(writer, both).await
}

/// Lets go of what undoing needs where the time for it is over, at most `limit` at once. Says of which.
pub(crate) async fn let_go(writer: &Writer, limit: u64, dry_run: bool) -> Result<Vec<MergerId>, Error> {
    let over = writer
        .find::<Entity>()
        .filter(Column::Record.is_not_null())
        .filter(Column::UndoUntil.lt(writer.today()))
        .order_by_asc(Column::Id)
        .limit(limit);
    let mut gone = Vec::new();
    for row in writer.all(over).await? {
        gone.push(row.id.clone());
        if !dry_run {
            let after = Model { record: None, ..row };
            writer.put_all::<Entity, ActiveModel>(vec![after], &[Column::Id]).await?;
        }
    }
    Ok(gone)
}
