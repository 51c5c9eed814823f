//! The open review of something that is one with another, kept until it is itself again.

use diligence_questionnaires::Tier;
use sea_orm::{ColumnTrait as _, Condition};
use serde::{Deserialize, Serialize};

use super::{ActiveModel, Column, Entity, Model, Review, ReviewState, Trigger, TriggerKind, open_of, settle};
use crate::{
    clock::{Day, Moment},
    error::Error,
    id::{ProductId, ReviewId, SupplierId},
    scope::{Reader, Writer},
    stored::{Json, Word},
};

/// A review that is not completed, as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Parked {
    id: ReviewId,
    version: i64,
    state: Word<ReviewState>,
    due_on: Day,
    reason: Word<TriggerKind>,
    reason_detail: String,
    counted_from: Day,
    triggers: Json<Vec<Trigger>>,
    rescheduled_to: Option<Day>,
    rescheduled_reason: Option<String>,
    rescheduled_cadence_on: Option<Day>,
    rescheduled_tier: Option<Word<Tier>>,
    seen: Option<Json<Vec<String>>>,
    created_at: Moment,
}

impl Parked {
    fn of(row: Review) -> Self {
        Self {
            id: row.id,
            version: row.version,
            state: row.state,
            due_on: row.due_on,
            reason: row.reason,
            reason_detail: row.reason_detail,
            counted_from: row.counted_from,
            triggers: row.triggers,
            rescheduled_to: row.rescheduled_to,
            rescheduled_reason: row.rescheduled_reason,
            rescheduled_cadence_on: row.rescheduled_cadence_on,
            rescheduled_tier: row.rescheduled_tier,
            seen: row.seen,
            created_at: row.created_at,
        }
    }

    /// What asks for it besides the cadence, without evidence and contracts, which are derived anew.
    fn chosen(&self) -> Vec<&Trigger> {
        self.triggers.iter().filter(|trigger| !asks_by_itself(trigger.kind)).collect()
    }

    /// Its id.
    pub(crate) fn id(&self) -> &ReviewId {
        &self.id
    }

    /// The review of this supplier or product that says this, of that id and version.
    fn into_row(self, row: Review) -> Review {
        Model {
            state: self.state,
            due_on: self.due_on,
            reason: self.reason,
            reason_detail: self.reason_detail,
            counted_from: self.counted_from,
            triggers: self.triggers,
            rescheduled_to: self.rescheduled_to,
            rescheduled_reason: self.rescheduled_reason,
            rescheduled_cadence_on: self.rescheduled_cadence_on,
            rescheduled_tier: self.rescheduled_tier,
            seen: self.seen,
            ..row
        }
    }
}

/// Whether what has come over, evidence or a contract, asks for it by itself.
fn asks_by_itself(kind: TriggerKind) -> bool {
    matches!(kind, TriggerKind::EvidenceExpiry | TriggerKind::Contract)
}

/// The open review of a supplier or product, as it is.
pub(crate) async fn park(
    reader: &Reader,
    supplier_id: &SupplierId,
    product_id: Option<&ProductId>,
) -> Result<Option<Parked>, Error> {
    Ok(open_of(reader, supplier_id, product_id).await?.map(Parked::of))
}

/// Takes the open review of something away that is about to be one with another, without an event of its own.
pub(crate) async fn forget_parked(writer: &Writer, parked: &Parked) -> Result<(), Error> {
    writer.clear::<Entity>(Condition::all().add(Column::Id.eq(parked.id.clone()))).await?;
    Ok(())
}

/// Has the open review of the one that stays ask for what that of the other asked for: never later than either.
pub(crate) async fn join(
    writer: &Writer,
    supplier_id: &SupplierId,
    product_id: Option<&ProductId>,
    other: &Parked,
) -> Result<(), Error> {
    let Some(before) = open_of(writer, supplier_id, product_id).await? else { return Ok(()) };
    let mut after = before.clone();
    after.triggers.0.extend(other.triggers.iter().filter(|trigger| !asks_by_itself(trigger.kind)).cloned());
    if other.due_on < after.due_on && !asks_by_itself(other.reason.0) {
        let (kind, detail) = (other.reason.0, other.reason_detail.clone());
        after.triggers.0.push(Trigger { kind, due_on: other.due_on, detail });
    }
    if let (Some(seen), Some(theirs)) = (&mut after.seen, &other.seen) {
        let more: Vec<String> = theirs.iter().filter(|key| !seen.contains(key)).cloned().collect();
        seen.0.extend(more);
    }
    settle(&mut after, None);
    if after != before {
        writer.replace::<Entity, ActiveModel>("trigger", &before, after).await?;
    }
    Ok(())
}

/// Has the open review of the one that stayed be as it was before the other came, unless somebody has completed or
/// changed it since; whether it is.
pub(crate) async fn part(
    writer: &Writer,
    supplier_id: &SupplierId,
    product_id: Option<&ProductId>,
    (before, after, now): (&Parked, &Parked, &Parked),
) -> Result<bool, Error> {
    let is_as_it_became = now.id == before.id
        && now.chosen() == after.chosen()
        && (now.rescheduled_to, &now.rescheduled_reason) == (after.rescheduled_to, &after.rescheduled_reason);
    let Some(row) = open_of(writer, supplier_id, product_id).await?.filter(|_| is_as_it_became) else {
        return Ok(false);
    };
    let parted = before.clone().into_row(row.clone());
    writer.replace::<Entity, ActiveModel>("derive", &row, parted).await?;
    Ok(true)
}

/// Puts the open review of something back that is itself again.
pub(crate) async fn unpark(
    writer: &Writer,
    supplier_id: &SupplierId,
    product_id: Option<&ProductId>,
    parked: Parked,
) -> Result<(), Error> {
    let why = Trigger { kind: parked.reason.0, due_on: parked.due_on, detail: parked.reason_detail.clone() };
    let blank = super::blank(writer, supplier_id, product_id, why);
    let (id, version, created_at) = (parked.id.clone(), parked.version + 1, parked.created_at);
    let row = parked.into_row(Model { id, version, created_at, ..blank });
    writer.put_all::<Entity, ActiveModel>(vec![row], &[]).await
}
