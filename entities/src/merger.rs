//! Mergers: two suppliers, or two products of one supplier, that turned out to be one. Everything that hangs on the other
//! goes over to the one that is kept, and the other's id answers with where it went. For 30 days it can be undone.
//!
//! | Where | What |
//! |---|---|
//! | [`fields`] | which words stay where the two differ |
//! | [`places`] | which rows name a supplier or product |
//! | [`merging`] | making one of two |
//! | [`undoing`] | making two of one again |

use std::collections::BTreeMap;

use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, entity::prelude::*};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use validator::Validate;

use crate::{
    clock::{Day, Moment},
    error::Error,
    id::{MergerId, OrganisationId, SubjectId},
    page::{Page, Sort},
    scope::{PORTION, Reader, owned},
    stored::{Json, Word},
    subject::SubjectType,
};

mod fields;
mod merging;
mod personal;
mod places;
mod undoing;

pub use merging::{MergerPlan, merge, plan};
pub(crate) use personal::{erase_person, places_of};
pub use places::{ELSEWHERE, PLACES};
pub(crate) use undoing::let_go;
pub use undoing::undo;

/// For how many days a merger can be undone.
pub const UNDO_DAYS: i64 = 30;
/// How many mergers an id is followed through.
const MAXIMUM_STEPS: usize = 100;

/// Whether two are one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MergerState {
    /// They are one.
    #[default]
    Done,
    /// They are two again.
    Undone,
}

/// How many things of a sort went over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MovedCount {
    /// The noun: `product`, `evidence`, `assessment`, …
    pub noun: String,
    /// How many.
    pub count: i64,
}

/// A merger as stored.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, JsonSchema)]
#[sea_orm(table_name = "merger")]
#[schemars(rename = "Merger")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MergerId,
    /// The organisation whose register it is in.
    #[serde(skip)]
    pub organisation_id: OrganisationId,
    /// Its version, from 1; each change adds one.
    pub version: i64,
    /// What the two are.
    #[schemars(with = "SubjectType")]
    pub noun: Word<SubjectType>,
    /// Whether they are one.
    #[schemars(with = "MergerState")]
    pub state: Word<MergerState>,
    /// The one that was kept.
    pub kept_id: SubjectId,
    /// What it was called before.
    pub kept_name: String,
    /// The one that went into it.
    pub other_id: SubjectId,
    /// What that was called.
    pub other_name: String,
    /// What went over, by noun.
    #[schemars(with = "Vec<MovedCount>")]
    pub moved: Json<Vec<MovedCount>>,
    /// What else came of it, in sentences: what fell away, what was superseded, and once it is undone, what stayed.
    #[schemars(with = "Vec<String>")]
    pub notes: Json<Vec<String>>,
    /// The last day on which it can be undone.
    pub undo_until: Day,
    /// Who merged them.
    pub merged_by: String,
    /// When it was undone; null while it is not.
    pub undone_at: Option<Moment>,
    /// Who undid it.
    pub undone_by: Option<String>,
    /// What undoing it needs; null once it cannot be undone any more.
    #[serde(skip)]
    pub record: Option<Json<Record>>,
    /// When they were merged.
    pub created_at: Moment,
    /// When the row was last changed.
    pub updated_at: Moment,
}

pub use Model as Merger;

/// Rows are loaded by noun, never joined.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}
owned!("merger", _row => None);

/// What undoing a merger needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// What was said of the other, its version, and when it was entered.
    other: fields::Said,
    other_version: i64,
    other_created_at: Moment,
    /// What was said of the one that was kept, before and after.
    kept_before: fields::Said,
    kept_after: fields::Said,
    cells: Vec<places::Cells>,
    /// Settled items whose keys named the other, by the ids of the settlements.
    settled: BTreeMap<String, String>,
    /// Dependencies that fell away.
    dependencies: Vec<crate::dependency::Fallen>,
    /// Assessments that were superseded.
    superseded: Vec<String>,
    standings_before: BTreeMap<crate::id::DecisionId, crate::decision::Standing>,
    standings_after: BTreeMap<crate::id::DecisionId, crate::decision::Standing>,
    review_of_other: Option<crate::review::Parked>,
    review_before: Option<crate::review::Parked>,
    review_after: Option<crate::review::Parked>,
}

/// Whose words stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MergerChoice {
    /// Those of the one that is kept.
    Kept,
    /// Those of the other.
    Other,
    /// Both: of lists, each item once; of notes, one under the other; of anything else, the other's where the kept one
    /// says nothing.
    Both,
}

/// What goes into the one that is kept, and whose words stay.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "other_id": "sup_0190c5d2e5f27c3c8a4b0d6f1e2a3b4c", "choices": { "website": "other" } }))]
pub struct NewMerger {
    /// The supplier or product that goes into the one that is kept.
    pub other_id: SubjectId,
    /// Whose words stay, field by field; `both` where it is not said.
    #[validate(length(max = 100))]
    #[serde(default)]
    pub choices: BTreeMap<String, MergerChoice>,
}

/// A field in which two differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MergerField {
    /// The field.
    pub field: String,
    /// What the one that is kept says.
    pub kept: Value,
    /// What the other says.
    pub other: Value,
    /// What will be said.
    pub after: Value,
}

/// Which mergers to list; the newest come first.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct MergerFilter {
    /// Only those into this supplier or product.
    pub kept_id: Option<SubjectId>,
    /// Only those of this supplier or product into another.
    pub other_id: Option<SubjectId>,
    /// Only those that are done, or undone.
    pub state: Option<MergerState>,
    /// Only what changed at or after this moment.
    pub updated_since: Option<Moment>,
    /// How many to answer, 1 to 200; 50 if not said.
    #[validate(range(min = 1, max = 200))]
    pub limit: Option<u64>,
    /// The `next` of the page before.
    #[validate(length(max = 2000))]
    pub cursor: Option<String>,
}

/// One merger.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn read(reader: &Reader, id: &MergerId) -> Result<Merger, Error> {
    reader.get::<Entity>(id.as_str()).await
}

/// A page of mergers, the newest first.
///
/// # Errors
/// [`Error::Invalid`] for a cursor that is none.
pub async fn list(reader: &Reader, filter: &MergerFilter) -> Result<Page<Merger>, Error> {
    let mut select = reader.find::<Entity>();
    if let Some(id) = &filter.kept_id {
        select = select.filter(Column::KeptId.eq(id.as_str()));
    }
    if let Some(id) = &filter.other_id {
        select = select.filter(Column::OtherId.eq(id.as_str()));
    }
    if let Some(state) = filter.state {
        select = select.filter(Column::State.eq(Word(state)));
    }
    if let Some(since) = filter.updated_since {
        select = select.filter(Column::UpdatedAt.gte(since));
    }
    reader.page(select, Sort::down(Column::CreatedAt), Column::Id, filter.limit, filter.cursor.as_deref()).await
}

/// The merger by which something went into another, if it did.
async fn of_other(reader: &Reader, id: &str) -> Result<Option<Merger>, Error> {
    let done = Column::State.eq(Word(MergerState::Done));
    reader.one(reader.find::<Entity>().filter(Column::OtherId.eq(id)).filter(done)).await
}

/// Where what is not there by this id went, as far as it went.
///
/// # Errors
/// [`Error::Database`] only.
pub async fn merged_into(reader: &Reader, id: &str) -> Result<Option<SubjectId>, Error> {
    let mut found: Option<SubjectId> = None;
    for _ in 0..MAXIMUM_STEPS {
        let place = found.as_ref().map_or(id, SubjectId::as_str);
        match of_other(reader, place).await? {
            Some(merger) => found = Some(merger.kept_id),
            None => break,
        }
    }
    Ok(found)
}

/// Where those of these ids went that went into another.
pub(crate) async fn went(reader: &Reader, ids: &[String]) -> Result<BTreeMap<String, SubjectId>, Error> {
    let mut went = BTreeMap::new();
    for portion in ids.chunks(PORTION) {
        let done = Column::State.eq(Word(MergerState::Done));
        let select = reader.find::<Entity>().filter(Column::OtherId.is_in(portion.iter().cloned())).filter(done);
        let rows: Vec<(String,)> = reader.tuples(select.select_only().column(Column::OtherId)).await?;
        for (id,) in rows {
            if let Some(kept_id) = merged_into(reader, &id).await? {
                went.insert(id, kept_id);
            }
        }
    }
    Ok(went)
}

/// What was read by this id; where nothing is because it went into another, an error that says which.
///
/// # Errors
/// [`Error::MergedInto`], or what there was.
pub async fn followed<T: Send>(reader: &Reader, id: &str, read: Result<T, Error>) -> Result<T, Error> {
    match read {
        Err(Error::NotFound) => Err(merged_into(reader, id).await?.map_or(Error::NotFound, Error::MergedInto)),
        read => read,
    }
}

/// The ids of all that has gone into one, and into what has gone into that.
pub(crate) async fn gone_into(reader: &Reader, id: &str) -> Result<Vec<String>, Error> {
    let mut all = vec![id.to_owned()];
    let mut place = 0;
    while let Some(id) = all.get(place).filter(|_| place < MAXIMUM_STEPS).cloned() {
        place += 1;
        let done = Column::State.eq(Word(MergerState::Done));
        let select = reader.find::<Entity>().filter(Column::KeptId.eq(id)).filter(done).order_by_asc(Column::Id);
        let rows: Vec<(String,)> = reader.tuples(select.select_only().column(Column::OtherId)).await?;
        let new: Vec<String> = rows.into_iter().map(|(id,)| id).filter(|id| !all.contains(id)).collect();
        all.extend(new);
    }
    Ok(all)
}
