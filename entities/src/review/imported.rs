//! Looks that somebody tells of who has kept a list before: that one was done on a day that has passed, and that the
//! next is planned for a day, which may have passed too.

use std::collections::{BTreeMap, BTreeSet};

use diligence_questionnaires::Tier;
use sea_orm::{ColumnTrait as _, QueryFilter as _, QuerySelect as _};
use serde::{Deserialize, Serialize};

use super::{
    ActiveModel, Column, Entity, Model, Review, ReviewState, Trigger, TriggerKind, blank, open_of_suppliers, settle,
};
use crate::{
    clock::{Day, Moment},
    error::Error,
    id::{ReviewId, SupplierId},
    policy,
    scope::{PORTION, Reader, Writer},
    stored::{Json, Word, word},
    supplier::Supplier,
};

/// Why a review has the day that an import gave it.
const PLANNED: &str = "planned for this day in a list that was imported";
/// What came of a look that an import tells of.
const DONE: &str = "done before, as a list that was imported says";

/// When a supplier was and will be looked at, as somebody says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Looks {
    /// When it was last looked at.
    pub(crate) last: Option<Day>,
    /// When it is to be looked at next.
    pub(crate) next: Option<Day>,
}

impl Looks {
    /// Whether nothing is said.
    pub(crate) fn is_empty(self) -> bool {
        self == Self::default()
    }

    /// The first review of something that is entered, with what is said of it.
    pub(super) fn begin(self, mut row: Review, months: u32, tier: Tier) -> Review {
        row.counted_from = self.last.unwrap_or(row.counted_from);
        if let Some(day) = self.next {
            plan_for(&mut row, day, months, tier);
        }
        let by_cadence = cadence(row.counted_from, months, tier);
        settle(&mut row, Some((by_cadence, tier)));
        row
    }

    /// What becomes of an open review; `is_newest` says whether no look is known that was later.
    fn over(self, before: &Review, is_newest: bool, months: u32, tier: Tier) -> Review {
        let mut row = before.clone();
        if let Some(day) = self.last.filter(|_| is_newest) {
            row.counted_from = day;
            row.rescheduled_to = None;
            row.rescheduled_reason = None;
            row.rescheduled_cadence_on = None;
            row.rescheduled_tier = None;
            // Whoever looked has weighed what asked for it until then.
            row.triggers.0.retain(|trigger| trigger.due_on > day);
            row.seen = None;
            settle(&mut row, Some((cadence(day, months, tier), tier)));
        }
        if let Some(day) = self.next.filter(|day| row.due_on != *day && row.rescheduled_to != Some(*day)) {
            plan_for(&mut row, day, months, tier);
            row.triggers.0.clear();
            row.seen = None;
            settle(&mut row, None);
        }
        row
    }
}

fn cadence(from: Day, months: u32, tier: Tier) -> Trigger {
    Trigger {
        kind: TriggerKind::Cadence,
        due_on: from.plus_months(months),
        detail: format!("every {months} months for the tier {}", word(&tier)),
    }
}

fn plan_for(row: &mut Review, day: Day, months: u32, tier: Tier) {
    row.rescheduled_to = Some(day);
    row.rescheduled_reason = Some(PLANNED.to_owned());
    row.rescheduled_cadence_on = Some(row.counted_from.plus_months(months));
    row.rescheduled_tier = Some(Word(tier));
}

/// What is known of looks at suppliers themselves, not at their products.
#[derive(Debug, Default)]
pub(crate) struct Looked {
    open: BTreeMap<SupplierId, Review>,
    done: BTreeMap<SupplierId, BTreeSet<Day>>,
}

impl Looked {
    /// At these suppliers.
    pub(crate) async fn load(reader: &Reader, suppliers: &[SupplierId]) -> Result<Self, Error> {
        let mut all = Self::default();
        for portion in suppliers.chunks(PORTION) {
            let open = open_of_suppliers(reader, portion).await?;
            let own = open.into_iter().filter(|row| row.product_id.is_none());
            all.open.extend(own.map(|row| (row.supplier_id.clone(), row)));
            let done = reader
                .find::<Entity>()
                .filter(Column::SupplierId.is_in(portion.iter().cloned()))
                .filter(Column::ProductId.is_null())
                .filter(Column::State.eq(Word(ReviewState::Completed)));
            let done = done.select_only().columns([Column::SupplierId, Column::CompletedAt]);
            let done: Vec<(SupplierId, Option<Moment>)> = reader.tuples(done).await?;
            for (id, at) in done {
                all.done.entry(id).or_default().extend(at.map(Moment::day));
            }
        }
        Ok(all)
    }

    fn last(&self, id: &SupplierId) -> Option<Day> {
        self.done.get(id).and_then(|days| days.last()).copied()
    }

    fn knows(&self, id: &SupplierId, day: Day) -> bool {
        self.done.get(id).is_some_and(|days| days.contains(&day))
    }

    /// What becomes of the open review of a supplier of this tier.
    fn course(&self, id: &SupplierId, looks: Looks, months: u32, tier: Tier) -> Option<(&Review, Review)> {
        let before = self.open.get(id)?;
        let is_newest = looks.last.is_some_and(|day| self.last(id).is_none_or(|last| last < day));
        let after = looks.over(before, is_newest, months, tier);
        Some((before, after)).filter(|(before, after)| *before != after)
    }

    /// What saying this changes: the field, the day that stands there now, and the day that is said.
    pub(crate) fn moves(
        &self,
        supplier: &Supplier,
        looks: Looks,
        months: u32,
    ) -> Vec<(&'static str, Option<Day>, Day)> {
        let id = &supplier.id;
        let mut found = Vec::new();
        if let Some(day) = looks.last.filter(|day| !self.knows(id, *day)) {
            found.push(("last_review_on", self.last(id), day));
        }
        if let (Some(day), Some((before, after))) = (looks.next, self.course(id, looks, months, supplier.tier.0))
            && after.rescheduled_to == Some(day)
            && before.rescheduled_to != Some(day)
        {
            found.push(("next_review_on", Some(before.due_on), day));
        }
        found
    }
}

/// What of an open review an import sets, so that it can be put back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Course {
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
}

impl Course {
    pub(super) fn of(row: &Review) -> Self {
        Self {
            due_on: row.due_on,
            reason: row.reason,
            reason_detail: row.reason_detail.clone(),
            counted_from: row.counted_from,
            triggers: row.triggers.clone(),
            rescheduled_to: row.rescheduled_to,
            rescheduled_reason: row.rescheduled_reason.clone(),
            rescheduled_cadence_on: row.rescheduled_cadence_on,
            rescheduled_tier: row.rescheduled_tier,
            seen: row.seen.clone(),
        }
    }

    /// Whether nobody has looked at it or moved it since: what asks for it may have changed by itself.
    pub(crate) fn still_holds(&self, row: &Review) -> bool {
        row.state.0 != ReviewState::Completed
            && (row.counted_from, row.rescheduled_to, &row.rescheduled_reason)
                == (self.counted_from, self.rescheduled_to, &self.rescheduled_reason)
    }
}

/// What came of telling of looks.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// Looks that were done.
    pub(crate) done: Vec<Review>,
    /// Open reviews that have another course, with the one before and the one now.
    pub(crate) moved: Vec<(Review, Course, Course)>,
}

impl Told {
    /// Notes that an open review has another course. Each stands here once, with the course before all of it.
    pub(super) fn note_move(&mut self, before: &Review, after: Review) {
        let now = Course::of(&after);
        match self.moved.iter_mut().find(|(row, _, _)| row.id == after.id) {
            Some(known) => (known.0, known.2) = (after, now),
            None => self.moved.push((after, Course::of(before), now)),
        }
    }
}

/// Keeps that suppliers that are being entered were looked at before.
pub(crate) async fn note_past(writer: &Writer, looks: &[(SupplierId, Day)]) -> Result<Vec<Review>, Error> {
    if looks.is_empty() {
        return Ok(Vec::new());
    }
    let rows = looks.iter().map(|(id, day)| past(writer, id, *day)).collect();
    writer.insert_all::<Entity, ActiveModel>(rows).await
}

/// A look that was done on a day.
fn past(writer: &Writer, id: &SupplierId, day: Day) -> Review {
    let why = Trigger { kind: TriggerKind::Cadence, due_on: day, detail: DONE.to_owned() };
    Model {
        state: Word(ReviewState::Completed),
        counted_from: day,
        completed_at: Some(Moment::new(day.date().and_time(chrono::NaiveTime::MIN).and_utc())),
        completed_by: Some(writer.scope().actor.name.clone()),
        outcome: Some(DONE.to_owned()),
        ..blank(writer, id, None, why)
    }
}

/// Tells of looks at suppliers that are there; what is known already changes nothing.
pub(crate) async fn tell(writer: &Writer, looks: Vec<(Supplier, Looks)>) -> Result<Told, Error> {
    let mut told = Told::default();
    if looks.is_empty() {
        return Ok(told);
    }
    let cadence = policy::read(writer).await?.cadence_months;
    let ids: Vec<SupplierId> = looks.iter().map(|(supplier, _)| supplier.id.clone()).collect();
    let known = Looked::load(writer, &ids).await?;
    let (mut done, mut changes) = (Vec::new(), Vec::new());
    for (supplier, looks) in looks {
        let (id, tier) = (&supplier.id, supplier.tier.0);
        done.extend(looks.last.filter(|day| !known.knows(id, *day)).map(|day| (id.clone(), day)));
        if let Some((before, after)) = known.course(id, looks, cadence.months(tier), tier) {
            changes.push((before.clone(), after));
        }
    }
    told.done = note_past(writer, &done).await?;
    if !changes.is_empty() {
        let courses: Vec<(Course, Course)> =
            changes.iter().map(|(before, after)| (Course::of(before), Course::of(after))).collect();
        let rows = writer.replace_all::<Entity, ActiveModel>("import", changes).await?;
        told.moved = rows.into_iter().zip(courses).map(|(row, (before, after))| (row, before, after)).collect();
    }
    Ok(told)
}

/// Takes looks away that an import told of, and puts open reviews back on the course they had; with each the one that the
/// import left. What has asked for a look since then goes on asking for it.
pub(crate) async fn retract(
    writer: &Writer,
    done: &[Review],
    moved: Vec<(ReviewId, Course, Course)>,
) -> Result<(), Error> {
    for row in done {
        writer.remove::<Entity>(row).await?;
    }
    let ids = moved.iter().map(|(id, _, _)| id.to_string()).collect();
    let mut courses: BTreeMap<ReviewId, (Course, Course)> =
        moved.into_iter().map(|(id, was, left)| (id, (was, left))).collect();
    let mut changes = Vec::new();
    for before in writer.get_many::<Entity>(&ids).await? {
        let Some((course, left)) = courses.remove(&before.id) else { continue };
        let Course {
            due_on,
            reason,
            reason_detail,
            counted_from,
            triggers,
            rescheduled_to,
            rescheduled_reason,
            rescheduled_cadence_on,
            rescheduled_tier,
            seen,
        } = course;
        let mut since = before.triggers.0.clone();
        since.retain(|trigger| !left.triggers.0.contains(trigger) && !triggers.0.contains(trigger));
        let mut after = Model {
            due_on,
            reason,
            reason_detail,
            counted_from,
            triggers,
            rescheduled_to,
            rescheduled_reason,
            rescheduled_cadence_on,
            rescheduled_tier,
            seen,
            ..before.clone()
        };
        if !since.is_empty() {
            after.triggers.0.extend(since);
            settle(&mut after, None);
        }
        changes.push((before, after));
    }
    if !changes.is_empty() {
        writer.replace_all::<Entity, ActiveModel>("undo", changes).await?;
    }
    Ok(())
}
