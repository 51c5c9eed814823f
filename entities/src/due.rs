//! The one list of what is due: whatever somebody of us must do by a day, with its day, why, and whose it is.
//!
//! An item follows from suppliers, products, reviews, contracts, evidence, decisions, risks, assessments and links, and
//! from what our own house keeps: keys, secrets and questionnaires. It is stored, and derived anew in the same
//! transaction as any change it follows from (see [`crate::register`]), so that every list reads one table. Whether it is
//! coming, due or overdue is worked out when it is read. How many there are of each kind and day is counted as they
//! change, so that counting them reads a row for each kind and month that has any, and for each day near today, and none of the items.
//!
//! | Where | What |
//! |---|---|
//! | `counting` | how many items there are |
//! | `derive` | what is due about a supplier or product |
//! | `house` | what is due about our own house |
//! | [`settlement`] | completing, keeping, renewing, letting go: what can be done from the list, with who and why |
//! | [`turn`] | what moves by time alone |

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, Condition, QueryFilter as _, QuerySelect as _, entity::prelude::*};
use serde::{Deserialize, Serialize};
use validator::Validate;

use crate::{
    clock::{Day, Moment},
    error::Error,
    id::{DueItemId, OrganisationId, ProductId, SubjectId, SupplierId},
    page::{Page, Sort},
    register,
    role::Role,
    scope::{PORTION, Reader, Writer, belongs},
    stored::{Word, word},
};

mod counting;
mod derive;
pub(crate) mod house;
pub mod settlement;
pub mod turn;

pub(crate) use counting::count_up;
pub use counting::{DueCount, DueCounts, counts};
use settlement::DueChoice;

pub(crate) use derive::{About, Wanted, wanted, without_settled};

/// How many days ahead something counts as due.
pub const HORIZON_DAYS: i64 = 30;

/// What sort of thing is due; the most serious first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DueKind {
    /// It was refused, and is in use all the same.
    RefusedInUse,
    /// A decision has gone stale: what was decided on has changed.
    DecisionStale,
    /// A decision lapses.
    DecisionLapse,
    /// A condition of an approval must be met.
    Condition,
    /// Evidence expires, or says no day on which it does.
    EvidenceExpiry,
    /// The last day on which one can say that one leaves a contract.
    ContractNotice,
    /// A contract ends, or goes on by itself.
    ContractEnd,
    /// A review.
    Review,
    /// Nobody has said how much depends on a supplier.
    ProfileUnknown,
    /// Nobody has said whether there is AI in a product.
    AiUnknown,
    /// It was never assessed, though its tier asks for it.
    NeverAssessed,
    /// Our own house is to be looked at again with *Check your cyber security*.
    SecurityCheck,
    /// Our own house is to hold an exercise again.
    Exercise,
    /// A respondent sent evidence, and nobody has accepted it.
    EvidenceToCheck,
    /// Answers wait for a reviewer.
    AnswersToReview,
    /// A supplier was asked and has not answered.
    Unanswered,
    /// Somebody's agreement to live with a risk ends.
    AcceptanceLapse,
    /// Something that was to be done about a risk.
    Action,
    /// A key ends: whatever uses it stops then.
    KeyEnd,
    /// The secret ends that we identify ourselves with to an identity provider.
    ProviderSecretEnd,
    /// A questionnaire in use rests on something that was replaced, or that nobody has looked at for a year.
    EditionOutdated,
}

impl DueKind {
    /// The word of the interface: `refused_in_use`.
    #[must_use]
    pub fn as_str(self) -> String {
        word(&self)
    }

    /// All of them, the most serious first.
    pub const ALL: [Self; 21] = [
        Self::RefusedInUse,
        Self::DecisionStale,
        Self::DecisionLapse,
        Self::Condition,
        Self::EvidenceExpiry,
        Self::ContractNotice,
        Self::ContractEnd,
        Self::Review,
        Self::ProfileUnknown,
        Self::AiUnknown,
        Self::NeverAssessed,
        Self::SecurityCheck,
        Self::Exercise,
        Self::EvidenceToCheck,
        Self::AnswersToReview,
        Self::Unanswered,
        Self::AcceptanceLapse,
        Self::Action,
        Self::KeyEnd,
        Self::ProviderSecretEnd,
        Self::EditionOutdated,
    ];

    /// Whether somebody of this role is told of such things: keys and secrets are the administrators'.
    fn is_for(self, role: Role) -> bool {
        role >= Role::Admin || !FOR_ADMINS.contains(&self)
    }
}

/// What only administrators are told of.
const FOR_ADMINS: [DueKind; 2] = [DueKind::KeyEnd, DueKind::ProviderSecretEnd];

/// The kinds that whoever asks is told of.
fn told(reader: &Reader) -> Condition {
    let all = Condition::all();
    if reader.scope().role >= Role::Admin { all } else { all.add(Column::Kind.is_not_in(FOR_ADMINS.map(Word))) }
}

/// How pressing it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DueState {
    /// Its day has passed.
    Overdue,
    /// Its day is today or within 30 days.
    Due,
    /// Its day is further off.
    Coming,
}

impl DueState {
    fn of(due_on: Day, today: Day) -> Self {
        if due_on < today {
            Self::Overdue
        } else if due_on <= today.plus_days(HORIZON_DAYS) {
            Self::Due
        } else {
            Self::Coming
        }
    }

    fn days(self, today: Day) -> Condition {
        let last = today.plus_days(HORIZON_DAYS);
        match self {
            Self::Overdue => Condition::all().add(Column::DueOn.lt(today)),
            Self::Due => Condition::all().add(Column::DueOn.gte(today)).add(Column::DueOn.lte(last)),
            Self::Coming => Condition::all().add(Column::DueOn.gt(last)),
        }
    }
}

/// An item as stored.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "due_item")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DueItemId,
    /// The organisation whose list it is on.
    pub organisation_id: OrganisationId,
    /// What it follows from: one item for each.
    pub item_key: String,
    /// What sort of thing is due.
    pub kind: Word<DueKind>,
    /// For order: the kind's place, 0 the most serious.
    pub kind_rank: i32,
    /// The supplier or product that it is about; none where it is about our own house.
    pub subject_id: Option<SubjectId>,
    /// That supplier, or that product's.
    pub supplier_id: Option<SupplierId>,
    /// That product, if it is one.
    pub product_id: Option<ProductId>,
    /// What it is about is called, where that is no supplier or product.
    pub called: Option<String>,
    /// The id of what it follows from: a review, a decision, a risk, …
    pub source_id: String,
    /// The day by which.
    pub due_on: Day,
    /// Why, in a sentence.
    pub why: String,
    /// Whose it is, as it was said; null where nobody was.
    pub owner: Option<String>,
    /// Since when it is on the list.
    pub created_at: Moment,
    /// When it last changed.
    pub updated_at: Moment,
}

/// Rows are loaded by noun, never joined.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}
belongs!();

/// Something that is due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DueItem {
    /// Its id; it keeps it as long as it is on the list.
    pub id: DueItemId,
    /// What sort of thing is due.
    pub kind: DueKind,
    /// The supplier or product that it is about; null for a key, a secret or a questionnaire.
    pub subject_id: Option<SubjectId>,
    /// That supplier, or that product's.
    pub supplier_id: Option<SupplierId>,
    /// What the supplier or product is called, or the key, the identity provider or the questionnaire.
    pub name: String,
    /// What the supplier is called.
    pub supplier_name: Option<String>,
    /// The id of what it follows from: a review, a decision, a risk, …; of an edition, its place below
    /// `/questionnaires`.
    pub source_id: String,
    /// The day by which.
    pub due_on: Day,
    /// How pressing that is today.
    pub state: DueState,
    /// Why, in a sentence.
    pub why: String,
    /// Whose it is, as it was said; null where nobody was: then it is the administrators'.
    pub owner: Option<String>,
    /// Since when it is on the list.
    pub created_at: Moment,
    /// What can be done about it here (`POST /settlements`); empty where it is done at what it follows from.
    pub choices: Vec<DueChoice>,
    /// When it last changed.
    pub updated_at: Moment,
}

/// How to order what is due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DueSort {
    /// The earliest day first.
    #[default]
    #[serde(rename = "due_on")]
    Due,
    /// The latest day first.
    #[serde(rename = "-due_on")]
    DueDescending,
    /// The most serious kind first.
    #[serde(rename = "kind")]
    Kind,
}

/// Which items to list.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct DueFilter {
    /// What sort of thing is due.
    pub kind: Option<DueKind>,
    /// How pressing it is.
    pub state: Option<DueState>,
    /// Whose it is, exactly as it was said.
    #[validate(length(min = 1, max = 300))]
    pub owner: Option<String>,
    /// Only what is nobody's (`true`), or only what is somebody's (`false`).
    pub unowned: Option<bool>,
    /// The supplier or product that it is about.
    pub subject_id: Option<SubjectId>,
    /// The supplier that it is about, or whose products.
    pub supplier_id: Option<SupplierId>,
    /// Only what is due before this day.
    pub due_before: Option<Day>,
    /// The order; `due_on` if not said.
    pub sort: Option<DueSort>,
    /// How many to answer, 1 to 200; 50 if not said.
    #[validate(range(min = 1, max = 200))]
    pub limit: Option<u64>,
    /// The `next` of the page before.
    #[validate(length(max = 2000))]
    pub cursor: Option<String>,
}

/// A page of what is due: the earliest day first, if nothing else is asked.
///
/// # Errors
/// [`Error::Invalid`] for a cursor that is none.
pub async fn list(reader: &Reader, filter: &DueFilter) -> Result<Page<DueItem>, Error> {
    let mut condition = told(reader);
    if let Some(kind) = filter.kind {
        condition = condition.add(Column::Kind.eq(Word(kind)));
    }
    if let Some(state) = filter.state {
        condition = condition.add(state.days(reader.today()));
    }
    if let Some(owner) = &filter.owner {
        condition = condition.add(Column::Owner.eq(owner.as_str()));
    }
    match filter.unowned {
        Some(true) => condition = condition.add(Column::Owner.is_null()),
        Some(false) => condition = condition.add(Column::Owner.is_not_null()),
        None => {}
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
    let sort = match filter.sort.unwrap_or_default() {
        DueSort::Due => Sort::up(Column::DueOn),
        DueSort::DueDescending => Sort::down(Column::DueOn),
        DueSort::Kind => Sort::up(Column::KindRank),
    };
    let page = reader
        .page(reader.find::<Entity>().filter(condition), sort, Column::Id, filter.limit, filter.cursor.as_deref())
        .await?;
    Ok(Page { items: shown(reader, page.items).await?, next: page.next })
}

/// One item.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn read(reader: &Reader, id: &DueItemId) -> Result<DueItem, Error> {
    let row = stored(reader, id).await?.ok_or(Error::NotFound)?;
    shown(reader, vec![row]).await?.pop().ok_or(Error::NotFound)
}

/// The row of an item that whoever asks is told of.
async fn stored(reader: &Reader, id: &DueItemId) -> Result<Option<Model>, Error> {
    reader.one(reader.find::<Entity>().filter(told(reader)).filter(Column::Id.eq(id.clone()))).await
}

/// Items as they are today, with what they are about by its name.
async fn shown(reader: &Reader, rows: Vec<Model>) -> Result<Vec<DueItem>, Error> {
    let today = reader.today();
    let lines = register::lines(reader, rows.iter().filter_map(|row| row.subject_id.clone())).await?;
    let item = |row: Model| {
        let line = row.subject_id.as_ref().and_then(|id| lines.get(id));
        DueItem {
            state: DueState::of(row.due_on, today),
            name: line.map(|line| line.name.clone()).or(row.called).unwrap_or_default(),
            supplier_name: line.map(|line| line.supplier_name.clone()),
            choices: settlement::choices(row.kind.0, line.map(|line| line.status)),
            id: row.id,
            kind: row.kind.0,
            subject_id: row.subject_id,
            supplier_id: row.supplier_id,
            source_id: row.source_id,
            due_on: row.due_on,
            why: row.why,
            owner: row.owner,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    };
    Ok(rows.into_iter().map(item).collect())
}

/// Of each of these suppliers and products, the first day by which something is due.
pub(crate) async fn first_days(
    reader: &Reader,
    subjects: impl IntoIterator<Item = SubjectId>,
) -> Result<BTreeMap<SubjectId, Day>, Error> {
    let ids: Vec<SubjectId> = subjects.into_iter().collect();
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let select = reader.find::<Entity>().filter(Column::SubjectId.is_in(ids)).select_only();
    let select = select.column(Column::SubjectId).column_as(Column::DueOn.min(), "first_on");
    let rows: Vec<(SubjectId, Day)> = reader.tuples(select.group_by(Column::SubjectId)).await?;
    Ok(rows.into_iter().collect())
}

/// The items of these suppliers and their products.
pub(crate) async fn of_suppliers(reader: &Reader, suppliers: &[SupplierId]) -> Result<Vec<Model>, Error> {
    reader.all(reader.find::<Entity>().filter(Column::SupplierId.is_in(suppliers.iter().cloned()))).await
}

/// Takes away what is due about a supplier or product that is about to be taken away itself.
pub(crate) async fn forget(writer: &Writer, subject_id: &str) -> Result<(), Error> {
    let removed = writer.all(writer.find::<Entity>().filter(Column::SubjectId.eq(subject_id))).await?;
    Changes { removed, ..Changes::default() }.carry_out(writer).await
}

/// For order: a kind's place, 0 the most serious.
pub(crate) fn rank(kind: DueKind) -> i32 {
    DueKind::ALL.iter().position(|known| *known == kind).and_then(|place| i32::try_from(place).ok()).unwrap_or(i32::MAX)
}

/// By what an item is known.
const ITEM: &[Column] = &[Column::Id];

/// What is to become of the items of some suppliers.
#[derive(Default)]
pub(crate) struct Changes {
    pub(crate) added: Vec<Model>,
    pub(crate) changed: Vec<(Model, Model)>,
    pub(crate) removed: Vec<Model>,
}

impl Changes {
    /// Works out what differs between the items there are and those that follow.
    pub(crate) fn between(reader: &Reader, known: Vec<Model>, wanted: Vec<Wanted>) -> Self {
        let mut known: BTreeMap<String, Model> = known.into_iter().map(|row| (row.item_key.clone(), row)).collect();
        let mut changes = Self::default();
        for wanted in wanted {
            let before = known.remove(&wanted.key);
            let after = wanted.into_row(reader, before.as_ref());
            match before {
                None => changes.added.push(after),
                Some(before) if before != after => changes.changed.push((before, after)),
                Some(_) => {}
            }
        }
        changes.removed = known.into_values().collect();
        changes
    }

    /// Whether nothing differs.
    pub(crate) fn is_empty(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && self.removed.is_empty()
    }

    /// These, and the changes of other suppliers.
    pub(crate) fn add(&mut self, other: Self) {
        self.added.extend(other.added);
        self.changed.extend(other.changed);
        self.removed.extend(other.removed);
    }

    /// Leaves out what is about these suppliers and their products.
    pub(crate) fn leave_out(&mut self, suppliers: &BTreeSet<SupplierId>) {
        let stays = |row: &Model| row.supplier_id.as_ref().is_none_or(|id| !suppliers.contains(id));
        self.added.retain(stays);
        self.changed.retain(|(row, _)| stays(row));
        self.removed.retain(stays);
    }

    /// Writes them; the counts follow when the change is saved.
    pub(crate) async fn carry_out(self, writer: &Writer) -> Result<(), Error> {
        writer.count(self.counted());
        let Self { added, changed, removed } = self;
        for portion in removed.chunks(PORTION) {
            let ids = portion.iter().map(|row| row.id.clone());
            writer.clear::<Entity>(Condition::all().add(Column::Id.is_in(ids))).await?;
        }
        let changed = changed.into_iter().map(|(_, after)| after).collect();
        writer.put_all::<Entity, ActiveModel>(changed, ITEM).await?;
        writer.put_all::<Entity, ActiveModel>(added, &[]).await
    }

    /// By how much the counts change, by kind (its word) and day.
    pub(crate) fn counted(&self) -> BTreeMap<(String, Day), i64> {
        let mut counted = BTreeMap::new();
        let mut add = |row: &Model, by: i64| *counted.entry((word(&row.kind), row.due_on)).or_default() += by;
        self.added.iter().for_each(|row| add(row, 1));
        self.removed.iter().for_each(|row| add(row, -1));
        for (before, after) in &self.changed {
            add(before, -1);
            add(after, 1);
        }
        counted.retain(|_, by| *by != 0);
        counted
    }
}
