//! Reviews: the day on which we look again at a supplier or product, and why.
//!
//! Every subject that is not archived has one open review. Its day follows from the tier's cadence, and is brought
//! forward by evidence about to expire, by incidents and by changes. A day in the past stays listed until someone
//! completes it.

use std::collections::BTreeMap;

use diligence_questionnaires::Tier;
use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, Condition, QueryFilter as _, entity::prelude::*};
use serde::{Deserialize, Serialize};
use validator::Validate;

mod parking;

pub(crate) use parking::{Parked, forget_parked, join, park, part, unpark};

use crate::{
    clock::{Day, Moment},
    error::Error,
    fault::Faults,
    id::{OrganisationId, ProductId, ReviewId, SubjectId, SupplierId},
    page::{Page, Sort},
    policy,
    scope::{Reader, Writer, owned},
    stored::{Json, Word, word},
    subject::Subject,
};

mod bringing;
mod imported;

pub(crate) use bringing::{Past, bring_in_next, bring_in_past};
pub(crate) use imported::{Course, Looked, Looks, Told, note_past, retract, tell};

/// Why a review falls due when it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TriggerKind {
    /// The tier's cadence.
    Cadence,
    /// Evidence expires.
    EvidenceExpiry,
    /// A contract ends, or the last day has come on which one can say that one leaves.
    Contract,
    /// An incident.
    Incident,
    /// What was approved has changed.
    Change,
    /// A published list says worse of it than before.
    PublishedList,
    /// Someone moved it.
    Rescheduled,
}

/// Something that brings a review forward.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Trigger {
    /// What sort.
    pub kind: TriggerKind,
    /// The day it asks for.
    pub due_on: Day,
    /// What exactly.
    pub detail: String,
}

/// Where a review stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReviewState {
    /// To be done.
    #[default]
    Open,
    /// Done.
    Completed,
    /// Its supplier or product is archived: it is due again as it was when that is restored.
    Suspended,
}

/// A review as stored.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, JsonSchema)]
#[sea_orm(table_name = "review")]
#[schemars(rename = "Review")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ReviewId,
    /// The organisation whose register it is in.
    #[serde(skip)]
    pub organisation_id: OrganisationId,
    /// Its version, from 1; each change adds one.
    pub version: i64,
    /// The supplier or product to look at.
    pub subject_id: SubjectId,
    /// That supplier, or that product's.
    pub supplier_id: SupplierId,
    /// That product, if it is one.
    pub product_id: Option<ProductId>,
    /// Where it stands.
    #[schemars(with = "ReviewState")]
    pub state: Word<ReviewState>,
    /// The day to look again.
    pub due_on: Day,
    /// Why that day.
    #[schemars(with = "TriggerKind")]
    pub reason: Word<TriggerKind>,
    /// Why that day, in words.
    pub reason_detail: String,
    /// The day the cadence counts from: entry, or the last look.
    pub counted_from: Day,
    /// What asks for a look besides the cadence.
    #[schemars(with = "Vec<Trigger>")]
    pub triggers: Json<Vec<Trigger>>,
    /// The day someone moved it to; null if nobody did.
    pub rescheduled_to: Option<Day>,
    /// Why they did.
    pub rescheduled_reason: Option<String>,
    /// The day that the cadence asked for when they did: a tier that has risen since brings it forward.
    #[serde(skip)]
    pub rescheduled_cadence_on: Option<Day>,
    /// The tier when someone chose the day.
    #[serde(skip)]
    pub rescheduled_tier: Option<Word<Tier>>,
    /// What asked for a look when this began or was moved, and so has been weighed; null until that is worked out.
    #[serde(skip)]
    pub seen: Option<Json<Vec<String>>>,
    /// When it was done; null while it is not.
    pub completed_at: Option<Moment>,
    /// Who did it.
    pub completed_by: Option<String>,
    /// What came of it.
    pub outcome: Option<String>,
    /// When it was set.
    pub created_at: Moment,
    /// When it was last changed.
    pub updated_at: Moment,
}

pub use Model as Review;

/// Rows are loaded by noun, never joined.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}
owned!("review", row => Some(&row.supplier_id), row.product_id.as_ref());

/// How to order reviews.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ReviewSort {
    /// Soonest due first.
    #[default]
    #[serde(rename = "due_on")]
    Due,
    /// Latest due first.
    #[serde(rename = "-due_on")]
    DueDescending,
    /// Longest unchanged first.
    #[serde(rename = "updated_at")]
    Updated,
    /// Last changed first.
    #[serde(rename = "-updated_at")]
    UpdatedDescending,
}

/// Which reviews to list.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct ReviewFilter {
    /// The supplier or product to look at.
    pub subject_id: Option<SubjectId>,
    /// The supplier to look at, or whose products.
    pub supplier_id: Option<SupplierId>,
    /// Where it stands; only open ones if not said.
    pub state: Option<ReviewState>,
    /// Whatever its state (`true`), those that were done and those that wait too; not beside `state`.
    pub any_state: Option<bool>,
    /// Only what is due before this day.
    pub due_before: Option<Day>,
    /// Only what is due on or after this day.
    pub due_from: Option<Day>,
    /// Only open ones whose day has passed (`true`) or has not (`false`).
    pub overdue: Option<bool>,
    /// Why it falls due.
    pub reason: Option<TriggerKind>,
    /// Only what changed at or after this moment.
    pub updated_since: Option<Moment>,
    /// The order; `due_on` if not said.
    pub sort: Option<ReviewSort>,
    /// How many to answer, 1 to 200; 50 if not said.
    #[validate(range(min = 1, max = 200))]
    pub limit: Option<u64>,
    /// The `next` of the page before.
    #[validate(length(max = 2000))]
    pub cursor: Option<String>,
}

/// One review.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn read(reader: &Reader, id: &ReviewId) -> Result<Review, Error> {
    reader.get::<Entity>(id.as_str()).await
}

/// A page of reviews: open ones, soonest first, if nothing else is asked.
///
/// # Errors
/// [`Error::Invalid`] for a cursor that is none.
pub async fn list(reader: &Reader, filter: &ReviewFilter) -> Result<Page<Review>, Error> {
    let mut condition = Condition::all();
    match (filter.state, filter.any_state.unwrap_or_default()) {
        (Some(_), true) => {
            return Err(Error::invalid("?any_state", "contradiction", "expected state or any_state, not both"));
        }
        (None, true) => {}
        (state, false) => condition = condition.add(Column::State.eq(Word(state.unwrap_or_default()))),
    }
    if let Some(id) = &filter.subject_id {
        condition = condition.add(Column::SubjectId.eq(id.as_str()));
    }
    if let Some(id) = &filter.supplier_id {
        condition = condition.add(Column::SupplierId.eq(id.clone()));
    }
    if let Some(day) = filter.due_before {
        condition = condition.add(Column::DueOn.lt(day));
    }
    if let Some(day) = filter.due_from {
        condition = condition.add(Column::DueOn.gte(day));
    }
    match filter.overdue {
        Some(true) => condition = condition.add(Column::DueOn.lt(reader.today())),
        Some(false) => condition = condition.add(Column::DueOn.gte(reader.today())),
        None => {}
    }
    if let Some(reason) = filter.reason {
        condition = condition.add(Column::Reason.eq(Word(reason)));
    }
    if let Some(since) = filter.updated_since {
        condition = condition.add(Column::UpdatedAt.gte(since));
    }
    let sort = match filter.sort.unwrap_or_default() {
        ReviewSort::Due => Sort::up(Column::DueOn),
        ReviewSort::DueDescending => Sort::down(Column::DueOn),
        ReviewSort::Updated => Sort::up(Column::UpdatedAt),
        ReviewSort::UpdatedDescending => Sort::down(Column::UpdatedAt),
    };
    reader
        .page(reader.find::<Entity>().filter(condition), sort, Column::Id, filter.limit, filter.cursor.as_deref())
        .await
}

/// What completing a review needs.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct Completion {
    /// What came of it.
    #[validate(length(min = 1, max = 10_000))]
    #[schemars(regex(pattern = crate::text::LINES))]
    pub outcome: Option<String>,
}

/// Completes a review; the next one is set from today by the cadence.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::Invalid`], or [`Error::Conflict`] when it is completed already.
pub async fn complete(writer: &Writer, id: &ReviewId, version: i64, completion: Completion) -> Result<Review, Error> {
    let before = open_at(writer, id, version).await?;
    Faults::of_new(&completion).done()?;
    finish(writer, &before, completion.outcome).await
}

async fn finish(writer: &Writer, before: &Review, outcome: Option<String>) -> Result<Review, Error> {
    let after = Model {
        state: Word(ReviewState::Completed),
        completed_at: Some(writer.now()),
        completed_by: Some(writer.scope().actor.name.clone()),
        outcome,
        ..before.clone()
    };
    writer.replace::<Entity, ActiveModel>("complete", before, after).await
}

async fn open_at(writer: &Writer, id: &ReviewId, version: i64) -> Result<Review, Error> {
    let row = writer.get_at::<Entity>(id.as_str(), version).await?;
    match row.state.0 {
        ReviewState::Open => Ok(row),
        ReviewState::Completed => Err(Error::conflict("state", "this review is completed already")),
        ReviewState::Suspended => {
            Err(Error::conflict("state", "the supplier or product is archived: restore it before you review it"))
        }
    }
}

/// What moving a review needs.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct Rescheduling {
    /// The new day, today or later.
    pub due_on: Day,
    /// Why.
    #[validate(length(min = 1, max = 2000))]
    #[schemars(regex(pattern = crate::text::LINES))]
    pub reason: String,
}

/// Moves a review to another day. What is triggered later still brings it forward.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::Invalid`], or [`Error::Conflict`] when it is completed already.
pub async fn reschedule(writer: &Writer, id: &ReviewId, version: i64, new: Rescheduling) -> Result<Review, Error> {
    let before = open_at(writer, id, version).await?;
    new.check(writer.today())?;
    let subject = Subject::of(writer, &before.supplier_id, before.product_id.as_ref()).await?;
    let tier = subject.supplier.tier.0;
    let months = policy::read(writer).await?.cadence_months.months(tier);
    let after = moved(&before, &new, tier, months);
    writer.replace::<Entity, ActiveModel>("reschedule", &before, after).await
}

impl Rescheduling {
    /// Checks everything.
    pub(crate) fn check(&self, today: Day) -> Result<(), Error> {
        let mut faults = Faults::of_new(self);
        faults.expect(self.due_on >= today, "/due_on", "past", "expected today or a later day");
        faults.done()
    }
}

/// What becomes of an open review that is moved, at this tier, for which the cadence is so many months.
pub(crate) fn moved(before: &Review, new: &Rescheduling, tier: Tier, cadence_months: u32) -> Review {
    let mut after = before.clone();
    after.rescheduled_to = Some(new.due_on);
    after.rescheduled_reason = Some(new.reason.clone());
    after.rescheduled_cadence_on = Some(before.counted_from.plus_months(cadence_months));
    after.rescheduled_tier = Some(Word(tier));
    // What asked for a look so far has been weighed by whoever moved it.
    after.triggers.0.clear();
    after.seen = None;
    settle(&mut after, None);
    after
}

/// Moves open reviews, each as it was worked out with [`moved`].
pub(crate) async fn move_all(writer: &Writer, changes: Vec<(Review, Review)>) -> Result<(), Error> {
    writer.replace_all::<Entity, ActiveModel>("reschedule", changes).await?;
    Ok(())
}

/// Sets day and reason: what someone chose, or else the cadence, but never later than what asks for a look since.
fn settle(row: &mut Review, cadence: Option<(Trigger, Tier)>) {
    // A cadence counts again that has become shorter since someone moved it, or for which more is at stake: a higher
    // tier, or one of which nothing was known then.
    let counts_again = |cadence: &Trigger, tier: Tier| {
        let has_risen = |was: Word<Tier>| was.0 != tier && (was.0 == Tier::Unknown || tier > was.0);
        row.rescheduled_cadence_on.is_some_and(|known| cadence.due_on < known)
            || row.rescheduled_tier.is_some_and(has_risen)
    };
    let base = match (row.rescheduled_to, &row.rescheduled_reason, cadence) {
        (Some(day), _, Some((cadence, tier))) if cadence.due_on < day && counts_again(&cadence, tier) => cadence,
        (Some(day), reason, _) => {
            Trigger { kind: TriggerKind::Rescheduled, due_on: day, detail: reason.clone().unwrap_or_default() }
        }
        (None, _, Some((cadence, _))) => cadence,
        (None, _, None) => Trigger { kind: row.reason.0, due_on: row.due_on, detail: row.reason_detail.clone() },
    };
    let first = row
        .triggers
        .iter()
        .filter(|trigger| trigger.due_on < base.due_on)
        .min_by_key(|trigger| trigger.due_on)
        .cloned()
        .unwrap_or(base);
    row.due_on = first.due_on;
    row.reason = Word(first.kind);
    row.reason_detail = first.detail;
}

/// Brings a subject's open review forward to `due_on`.
pub(crate) async fn trigger(
    writer: &Writer,
    subject: &Subject,
    kind: TriggerKind,
    due_on: Day,
    detail: String,
) -> Result<(), Error> {
    let product_id = subject.product_id();
    let open = open_of(writer, &subject.supplier.id, product_id.as_ref()).await?;
    let asks = Trigger { kind, due_on, detail };
    match open {
        Some(before) => {
            let mut after = before.clone();
            after.triggers.0.push(asks);
            settle(&mut after, None);
            writer.replace::<Entity, ActiveModel>("trigger", &before, after).await?;
        }
        // A subject entered in this same change has no review yet; of one that is archived, it waits until it is restored.
        None => {
            let mut row = blank(writer, &subject.supplier.id, product_id.as_ref(), asks.clone());
            if subject.is_archived() {
                row.state = Word(ReviewState::Suspended);
            }
            row.triggers.0.push(asks);
            writer.insert::<Entity, ActiveModel>(row).await?;
        }
    }
    Ok(())
}

async fn open_of(
    reader: &Reader,
    supplier_id: &SupplierId,
    product_id: Option<&ProductId>,
) -> Result<Option<Review>, Error> {
    let subject_id = crate::subject::subject_id(supplier_id, product_id);
    reader
        .one(
            reader
                .find::<Entity>()
                .filter(Column::SubjectId.eq(subject_id.as_str()))
                .filter(Column::State.ne(Word(ReviewState::Completed))),
        )
        .await
}

/// Completes a subject's open review because it has just been looked at thoroughly.
pub(crate) async fn looked_at(
    writer: &Writer,
    supplier_id: &SupplierId,
    product_id: Option<&ProductId>,
    outcome: String,
) -> Result<(), Error> {
    if let Some(before) = open_of(writer, supplier_id, product_id).await? {
        finish(writer, &before, Some(outcome)).await?;
    }
    Ok(())
}

/// Takes away the open review of a subject that is about to be taken away itself.
pub(crate) async fn forget_open(
    writer: &Writer,
    supplier_id: &SupplierId,
    product_id: Option<&ProductId>,
) -> Result<(), Error> {
    if let Some(row) = open_of(writer, supplier_id, product_id).await? {
        writer.remove::<Entity>(&row).await?;
    }
    Ok(())
}

fn blank(reader: &Reader, supplier_id: &SupplierId, product_id: Option<&ProductId>, why: Trigger) -> Review {
    Model {
        id: reader.new_id(),
        organisation_id: reader.scope().organisation_id.clone(),
        version: 1,
        subject_id: crate::subject::subject_id(supplier_id, product_id),
        supplier_id: supplier_id.clone(),
        product_id: product_id.cloned(),
        state: Word(ReviewState::Open),
        due_on: why.due_on,
        reason: Word(why.kind),
        reason_detail: why.detail,
        counted_from: reader.today(),
        triggers: Json::default(),
        rescheduled_to: None,
        rescheduled_reason: None,
        rescheduled_cadence_on: None,
        rescheduled_tier: None,
        seen: None,
        completed_at: None,
        completed_by: None,
        outcome: None,
        created_at: reader.now(),
        updated_at: reader.now(),
    }
}

/// The reviews of these suppliers and their products that are not completed.
pub(crate) async fn open_of_suppliers(reader: &Reader, suppliers: &[SupplierId]) -> Result<Vec<Review>, Error> {
    reader
        .all(
            reader
                .find::<Entity>()
                .filter(Column::SupplierId.is_in(suppliers.iter().cloned()))
                .filter(Column::State.ne(Word(ReviewState::Completed))),
        )
        .await
}

/// Something besides the cadence that asks for a look on a day.
pub(crate) struct Ask {
    /// What it is known by, so that who has weighed it is not asked again.
    pub(crate) key: String,
    pub(crate) trigger: Trigger,
}

/// What a subject's review must be like, as the register is made anew.
pub(crate) struct Wanted<'a> {
    pub(crate) supplier_id: &'a SupplierId,
    pub(crate) product_id: Option<&'a ProductId>,
    pub(crate) archived: bool,
    pub(crate) cadence_months: u32,
    pub(crate) tier: Tier,
    /// Whether it has only just been entered: then nobody has weighed anything yet.
    pub(crate) is_new: bool,
    /// Evidence that expires and contracts that end.
    pub(crate) asks: Vec<Ask>,
    /// When it was and will be looked at, where that was said as it was entered.
    pub(crate) looks: Looks,
}

/// How many pieces of evidence and contracts a review names that ask for it.
const MAXIMUM_ASKS: usize = 10;

/// What is to become of a subject's open review: the one there is, and the one there will be.
pub(crate) struct Step {
    before: Option<Review>,
    pub(crate) after: Option<Review>,
}

impl Step {
    /// Whether it changes nothing.
    pub(crate) fn is_idle(&self) -> bool {
        self.before == self.after
    }

    /// The supplier whose review it is, or whose product's.
    pub(crate) fn supplier_id(&self) -> Option<&SupplierId> {
        self.after.as_ref().or(self.before.as_ref()).map(|review| &review.supplier_id)
    }
}

/// Works out what is to become of a subject's open review, `before` being the one there is.
pub(crate) fn plan(reader: &Reader, wanted: &Wanted<'_>, before: Option<Review>) -> Step {
    let cadence = |from: Day| Trigger {
        kind: TriggerKind::Cadence,
        due_on: from.plus_months(wanted.cadence_months),
        detail: format!("every {} months for the tier {}", wanted.cadence_months, word(&wanted.tier)),
    };
    let begin = || {
        let row = blank(reader, wanted.supplier_id, wanted.product_id, cadence(reader.today()));
        wanted.looks.begin(row, wanted.cadence_months, wanted.tier)
    };
    if wanted.archived {
        // What was due is due again when it is restored; of what was entered so, nobody has weighed anything until then.
        let entered = || Model { seen: Some(Json::default()), ..begin() };
        let known = before.clone().or_else(|| wanted.is_new.then(entered));
        let after = known.map(|row| Model { state: Word(ReviewState::Suspended), ..row });
        return Step { before, after };
    }
    let mut after = before.clone().unwrap_or_else(begin);
    after.state = Word(ReviewState::Open);
    let is_moved = after.rescheduled_to.is_some();
    let counted_from = after.counted_from;
    let was_looked_at = !wanted.is_new || wanted.looks.last.is_some();
    let is_weighed = |ask: &&Ask| is_moved || was_looked_at && ask.trigger.due_on <= counted_from;
    let seen = after
        .seen
        .get_or_insert_with(|| Json(wanted.asks.iter().filter(is_weighed).map(|ask| ask.key.clone()).collect()));
    let mut asks: Vec<Trigger> =
        wanted.asks.iter().filter(|ask| !seen.contains(&ask.key)).map(|ask| ask.trigger.clone()).collect();
    asks.sort_by_key(|trigger| trigger.due_on);
    asks.truncate(MAXIMUM_ASKS);
    after.triggers.0.retain(|trigger| !matches!(trigger.kind, TriggerKind::EvidenceExpiry | TriggerKind::Contract));
    after.triggers.0.extend(asks);
    let cadence = cadence(after.counted_from);
    settle(&mut after, Some((cadence, wanted.tier)));
    // A day that has come stays until someone completes the review or moves it, whatever the reason for it has become.
    if let Some(before) = &before
        && before.due_on <= reader.today()
        && after.due_on > before.due_on
    {
        (after.due_on, after.reason, after.reason_detail) =
            (before.due_on, before.reason, before.reason_detail.clone());
    }
    Step { before, after: Some(after) }
}

/// Writes what [`plan`] worked out.
pub(crate) async fn carry_out(writer: &Writer, steps: Vec<Step>) -> Result<(), Error> {
    let (mut added, mut changed) = (Vec::new(), Vec::new());
    let mut weighed: BTreeMap<Vec<String>, Vec<String>> = BTreeMap::new();
    for step in steps {
        match (step.before, step.after) {
            // What has been weighed is shown to nobody: it makes no version and no event.
            (Some(before), Some(after))
                if before != after && (Model { seen: after.seen.clone(), ..before.clone() }) == after =>
            {
                weighed.entry(after.seen.unwrap_or_default().0).or_default().push(after.id.to_string());
            }
            (Some(before), Some(after)) if before != after => changed.push((before, after)),
            (None, Some(row)) => added.push(row),
            (Some(row), None) => writer.remove::<Entity>(&row).await?,
            _ => {}
        }
    }
    for (seen, ids) in weighed {
        writer.set_derived_of_all::<Entity>(&ids, &[(Column::Seen, Json(seen).into())]).await?;
    }
    writer.replace_all::<Entity, ActiveModel>("derive", changed).await?;
    if !added.is_empty() {
        writer.insert_all::<Entity, ActiveModel>(added).await?;
    }
    Ok(())
}
