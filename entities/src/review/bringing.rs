//! Looks that were taken elsewhere or earlier, and when to look next, brought in from a file.

use sea_orm::{ColumnTrait as _, QueryFilter as _};

use super::{ActiveModel, Column, Entity, Model, ReviewState, Told, Trigger, TriggerKind, blank, open_of, settle};
use crate::{
    clock::{Day, Moment},
    error::Error,
    id::ReviewId,
    policy,
    scope::Writer,
    stored::Word,
    subject::Subject,
};

/// A look that was taken before.
pub(crate) struct Past {
    pub(crate) at: Moment,
    pub(crate) by: Option<String>,
    pub(crate) outcome: Option<String>,
    /// The day on which it was due, if that is known.
    pub(crate) due_on: Option<Day>,
}

/// Keeps a look that was taken before, and tells of it; the next one is counted from the last there is. Gives its id.
///
/// # Errors
/// [`Error::Busy`] or [`Error::Database`].
pub(crate) async fn bring_in_past(
    writer: &Writer,
    subject: &Subject,
    past: Past,
    told: &mut Told,
) -> Result<ReviewId, Error> {
    let Past { at, by, outcome, due_on } = past;
    let product_id = subject.product_id();
    let due_on = due_on.unwrap_or_else(|| at.day());
    let why = Trigger { kind: TriggerKind::Cadence, due_on, detail: "as a file says".into() };
    let row = Model {
        state: Word(ReviewState::Completed),
        counted_from: due_on.min(at.day()),
        completed_at: Some(at),
        completed_by: Some(by.map_or_else(|| "as a file says".into(), |name| format!("{name} (from a file)"))),
        outcome,
        ..blank(writer, &subject.supplier.id, product_id.as_ref(), why)
    };
    let row = writer.insert::<Entity, ActiveModel>(row).await?;
    let done = writer
        .find_with_ourselves::<Entity>()
        .filter(Column::SubjectId.eq(row.subject_id.as_str()))
        .filter(Column::State.eq(Word(ReviewState::Completed)));
    let last = writer.all(done).await?.into_iter().filter_map(|row| row.completed_at).map(Moment::day).max();
    let open = open_of(writer, &subject.supplier.id, product_id.as_ref()).await?;
    if let (Some(last), Some(before)) = (last, open)
        && before.counted_from != last
    {
        let after = Model { counted_from: last, ..before.clone() };
        told.note_move(&before, writer.replace::<Entity, ActiveModel>("derive", &before, after).await?);
    }
    let id = row.id.clone();
    told.done.push(row);
    Ok(id)
}

/// Sets when to look next, as a file says, and tells of it; a day in the past is overdue.
///
/// # Errors
/// [`Error::Busy`] or [`Error::Database`].
pub(crate) async fn bring_in_next(
    writer: &Writer,
    subject: &Subject,
    due_on: Day,
    why: &str,
    told: &mut Told,
) -> Result<(), Error> {
    let product_id = subject.product_id();
    let Some(before) = open_of(writer, &subject.supplier.id, product_id.as_ref()).await? else { return Ok(()) };
    let mut after = before.clone();
    after.rescheduled_to = Some(due_on);
    after.rescheduled_reason = Some(why.to_owned());
    let tier = subject.supplier.tier;
    let months = policy::read(writer).await?.cadence_months.months(tier.0);
    after.rescheduled_cadence_on = Some(before.counted_from.plus_months(months));
    after.rescheduled_tier = Some(tier);
    after.triggers.0.clear();
    after.seen = None;
    settle(&mut after, None);
    told.note_move(&before, writer.replace::<Entity, ActiveModel>("reschedule", &before, after).await?);
    Ok(())
}
