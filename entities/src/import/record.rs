//! Imports as they are kept: a draft with its file until somebody applies it or a day has passed, and of what was
//! applied what it did, so that it can be undone for a while.
//!
//! A file is kept in pieces that no list reads. It is in no event of the audit trail; a backup has the drafts there
//! are, as it has everything. What an import did is let go of once it cannot be undone any more.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, Condition, QueryFilter as _, QuerySelect as _, entity::prelude::*};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use validator::Validate;

use crate::{
    clock::{Day, Moment},
    error::Error,
    fault::Faults,
    id::{ImportId, OrganisationId},
    page::{Page, Sort},
    recipe::{ImportNoun, Recipe},
    review::{Course, Review, Told},
    scope::{Reader, Scope, Store, Writer, owned},
    stored::{Json, Word},
    text,
};

mod hanging;
mod listing;
mod people;
mod undoing;

pub use listing::{DoneFilter, DoneItem, done};
pub(crate) use people::{erase_person, places_of};
pub use undoing::{LeftItem, UndoReport, undo, undo_plan};

/// How many drafts an organisation has at a time.
pub const MAXIMUM_DRAFTS: u64 = 20;
/// How large a file may be, in bytes: 256 MiB.
pub const MAXIMUM_BYTES: i64 = 256 << 20;
/// How large the files of all drafts of an organisation may be together, in bytes: 1 GiB.
pub const MAXIMUM_BYTES_OF_ALL: i64 = 1 << 30;
/// How large the pieces are that a file is kept in, in bytes; the last may be smaller.
pub const PIECE: usize = 1 << 20;
/// After how many hours a draft ends.
pub const DRAFT_HOURS: i64 = 24;
/// For how many days an import can be undone.
pub const UNDO_DAYS: i64 = 30;
/// How many questions can be answered, and how long an answer may be, in characters.
const MAXIMUM_ANSWERS: (usize, usize) = (20_000, 1000);

/// Where an import stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportState {
    /// Its file is there, and nothing has been done.
    Draft,
    /// It was done.
    Applied,
    /// It was done and undone.
    Undone,
}

/// An import as stored.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel, Serialize, JsonSchema)]
#[sea_orm(table_name = "import")]
#[schemars(rename = "Import")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ImportId,
    /// The organisation whose register it is in.
    #[serde(skip)]
    pub organisation_id: OrganisationId,
    /// Its version, from 1; each change adds one.
    pub version: i64,
    /// What its rows become.
    #[schemars(with = "ImportNoun")]
    pub noun: Word<ImportNoun>,
    /// Where it stands.
    #[schemars(with = "ImportState")]
    pub state: Word<ImportState>,
    /// What its file is called.
    pub file_name: String,
    /// How large the file of a draft is, in bytes; 0 where none was kept.
    pub file_size: i64,
    /// How the file becomes rows; null where nobody has said.
    #[schemars(with = "Option<Recipe>")]
    pub recipe: Option<Json<Recipe>>,
    /// What was answered to questions, by their keys.
    #[schemars(with = "BTreeMap<String, String>")]
    pub answers: Json<BTreeMap<String, String>>,
    /// How many rows it had; null for a draft.
    pub row_count: Option<i64>,
    /// How many of them made something new; null for a draft.
    pub created_count: Option<i64>,
    /// How many changed something; null for a draft.
    pub changed_count: Option<i64>,
    /// How many said what was there already; null for a draft.
    pub unchanged_count: Option<i64>,
    /// How many were refused, or asked a question, where the others were kept; null for a draft.
    pub refused_count: Option<i64>,
    /// Who made it.
    pub created_by: String,
    /// When it was made.
    pub created_at: Moment,
    /// When it was last changed.
    pub updated_at: Moment,
    /// When it was applied; null for a draft.
    pub applied_at: Option<Moment>,
    /// When it was undone; null where it was not.
    pub undone_at: Option<Moment>,
    /// The last day on which it can be undone; null for a draft.
    pub undo_until: Option<Day>,
}

pub use Model as Import;

/// Rows are loaded by noun, never joined.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}
owned!("import", _row => None);

/// A piece of the file of a draft.
#[expect(unreachable_pub, reason = "sea-orm derives a public entity from the row")]
pub(crate) mod part {
    use sea_orm::entity::prelude::*;

    use crate::id::{ImportId, OrganisationId};

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "import_part")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub import_id: ImportId,
        /// From 0.
        #[sea_orm(primary_key, auto_increment = false)]
        pub part_number: i64,
        pub organisation_id: OrganisationId,
        pub content: Vec<u8>,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
    crate::scope::belongs!();
}

/// Something that an import made or changed.
#[expect(unreachable_pub, reason = "sea-orm derives a public entity from the row")]
pub(crate) mod item {
    use sea_orm::entity::prelude::*;
    use serde_json::{Map, Value};

    use super::ItemKind;
    use crate::{
        id::{ImportId, OrganisationId},
        stored::{Json, Word},
    };

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "import_item")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub import_id: ImportId,
        /// From 0, in the order it was done.
        #[sea_orm(primary_key, auto_increment = false)]
        pub item_number: i64,
        pub organisation_id: OrganisationId,
        pub kind: Word<ItemKind>,
        pub item_id: String,
        /// The version that the import left.
        pub item_version: i64,
        /// Of what was changed: the fields that were, as they were.
        pub before: Option<Json<Map<String, Value>>>,
        /// Of what moves by itself too: what the import left.
        pub after: Option<Json<Map<String, Value>>>,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
    crate::scope::belongs!();
}

/// What an import can make or change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// A supplier.
    Supplier,
    /// A product.
    Product,
    /// A piece of evidence.
    Evidence,
    /// A review: one that was done, or the one that is planned.
    Review,
    /// That one depends on another.
    Dependency,
    /// An incident.
    Incident,
    /// A risk.
    Risk,
    /// A decision.
    Decision,
}

/// What stands in the `before` of a risk whose acceptance ended with the change; no field of a new risk is called so.
pub(super) const ACCEPTANCE: &str = "acceptance";

/// Something that an import made or changed, to be recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportItem {
    /// What it is.
    pub kind: ItemKind,
    /// Its id.
    pub id: String,
    /// The version that the import left.
    pub version: i64,
    /// Of what was changed: the fields that were, as they were; none of what was made.
    pub before: Option<Map<String, Value>>,
    /// Of what moves by itself too: what the import left.
    pub after: Option<Map<String, Value>>,
}

impl ImportItem {
    /// Something that was made.
    pub fn created(kind: ItemKind, id: impl Into<String>, version: i64) -> Self {
        Self { kind, id: id.into(), version, before: None, after: None }
    }

    /// Something that was changed, with the fields that were, as they were.
    pub fn changed(kind: ItemKind, id: impl Into<String>, version: i64, before: Map<String, Value>) -> Self {
        Self { before: Some(before), ..Self::created(kind, id, version) }
    }

    /// What came of telling of looks: those that were done, and reviews that are planned otherwise.
    pub(crate) fn of_looks(told: &Told) -> impl Iterator<Item = Self> {
        let done = told.done.iter().map(|row| Self::created(ItemKind::Review, row.id.as_str(), row.version));
        done.chain(told.moved.iter().map(|(row, before, after)| Self::moved(row, before, after)))
    }

    /// A review that is planned otherwise.
    fn moved(row: &Review, before: &Course, after: &Course) -> Self {
        let fields = |course: &Course| match serde_json::to_value(course) {
            Ok(Value::Object(fields)) => Some(fields),
            _ => None,
        };
        Self {
            before: fields(before),
            after: fields(after),
            ..Self::created(ItemKind::Review, row.id.as_str(), row.version)
        }
    }
}

/// What an import is called, and what its rows become.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct NewImport {
    /// What its file is called, without a path.
    #[validate(length(min = 1, max = 200))]
    pub file_name: String,
    /// What a row becomes.
    pub noun: ImportNoun,
}

/// What of a draft can be changed: what stands here takes the place of all that was said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct ImportChange {
    /// What a row becomes.
    pub noun: ImportNoun,
    /// How the file becomes rows.
    #[validate(nested)]
    #[serde(default)]
    pub recipe: Option<Recipe>,
    /// What is answered to questions, by their keys.
    #[serde(default)]
    pub answers: BTreeMap<String, String>,
}

/// How many rows of an import came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All of them.
    pub row_count: i64,
    /// Those that made something new.
    pub created_count: i64,
    /// Those that changed something.
    pub changed_count: i64,
    /// Those that said what was there already.
    pub unchanged_count: i64,
    /// Those that were refused or asked a question, where the others were kept.
    pub refused_count: i64,
}

/// Which imports to list; the newest come first.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct ImportFilter {
    /// Where they stand.
    pub state: Option<ImportState>,
    /// What their rows become.
    pub noun: Option<ImportNoun>,
    /// How many to answer, 1 to 200; 50 if not said.
    #[validate(range(min = 1, max = 200))]
    pub limit: Option<u64>,
    /// The `next` of the page before.
    #[validate(length(max = 2000))]
    pub cursor: Option<String>,
}

/// Drafts that have not ended, and everything that was applied.
fn there(now: Moment) -> Condition {
    Condition::any()
        .add(Column::State.ne(Word(ImportState::Draft)))
        .add(Column::CreatedAt.gte(now.plus_hours(-DRAFT_HOURS)))
}

/// Drafts that have ended.
fn ended(now: Moment) -> Condition {
    Condition::all()
        .add(Column::State.eq(Word(ImportState::Draft)))
        .add(Column::CreatedAt.lt(now.plus_hours(-DRAFT_HOURS)))
}

/// One import.
///
/// # Errors
/// [`Error::NotFound`], also for a draft that has ended.
pub async fn read(reader: &Reader, id: &ImportId) -> Result<Import, Error> {
    let select = reader.find::<Entity>().filter(Column::Id.eq(id.clone())).filter(there(reader.now()));
    reader.one(select).await?.ok_or(Error::NotFound)
}

/// A page of imports, newest first; drafts that have ended are not among them.
///
/// # Errors
/// [`Error::Invalid`] for a cursor that is none.
pub async fn list(reader: &Reader, filter: &ImportFilter) -> Result<Page<Import>, Error> {
    let mut select = reader.find::<Entity>().filter(there(reader.now()));
    if let Some(state) = filter.state {
        select = select.filter(Column::State.eq(Word(state)));
    }
    if let Some(noun) = filter.noun {
        select = select.filter(Column::Noun.eq(Word(noun)));
    }
    reader.page(select, Sort::down(Column::CreatedAt), Column::Id, filter.limit, filter.cursor.as_deref()).await
}

/// Begins an import: keeps its file until it is applied, let go of, or has ended.
///
/// # Errors
/// [`Error::Invalid`] for a name that is none, or a file that is empty or too large; [`Error::Conflict`] when there are
/// too many drafts, or their files are too large together.
pub async fn create(
    writer: &Writer,
    new: NewImport,
    chunks: impl Iterator<Item = Vec<u8>> + Send,
) -> Result<Import, Error> {
    Faults::of_new(&new).done()?;
    end_drafts(writer, ended(writer.now())).await?;
    let drafts = writer.find::<Entity>().filter(Column::State.eq(Word(ImportState::Draft)));
    let sizes: Vec<(i64,)> = writer.tuples(drafts.select_only().column(Column::FileSize)).await?;
    if sizes.len() as u64 >= MAXIMUM_DRAFTS {
        let detail = format!("an organisation can have {MAXIMUM_DRAFTS} files waiting: apply or let go of some");
        return Err(Error::conflict("limit", detail));
    }
    let others: i64 = sizes.into_iter().map(|(size,)| size).sum();
    let row = blank(writer, new);
    let row = writer.insert::<Entity, ActiveModel>(row).await?;
    let (mut file_size, mut number, mut piece) = (0, 0, Vec::with_capacity(PIECE));
    for chunk in chunks {
        file_size += i64::try_from(chunk.len()).unwrap_or(i64::MAX);
        if file_size > MAXIMUM_BYTES {
            return Err(Error::invalid("", "too_large", format!("expected a file of at most {MAXIMUM_BYTES} bytes")));
        }
        if others + file_size > MAXIMUM_BYTES_OF_ALL {
            let detail = format!("files that wait can be {MAXIMUM_BYTES_OF_ALL} bytes together: let go of some");
            return Err(Error::conflict("limit", detail));
        }
        let mut rest = chunk.as_slice();
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(PIECE - piece.len()));
            piece.extend_from_slice(now);
            rest = later;
            if piece.len() == PIECE {
                keep(writer, &row, number, std::mem::replace(&mut piece, Vec::with_capacity(PIECE))).await?;
                number += 1;
            }
        }
    }
    if file_size == 0 {
        return Err(Error::invalid("", "empty", "expected a file with something in it"));
    }
    if !piece.is_empty() {
        keep(writer, &row, number, piece).await?;
    }
    writer.set_derived::<Entity>(row.id.as_str(), [(Column::FileSize, file_size.into())]).await?;
    Ok(Model { file_size, ..row })
}

fn blank(writer: &Writer, new: NewImport) -> Model {
    Model {
        id: writer.new_id(),
        organisation_id: writer.scope().organisation_id.clone(),
        version: 1,
        noun: Word(new.noun),
        state: Word(ImportState::Draft),
        file_name: new.file_name,
        file_size: 0,
        recipe: None,
        answers: Json::default(),
        row_count: None,
        created_count: None,
        changed_count: None,
        unchanged_count: None,
        refused_count: None,
        created_by: writer.scope().actor.name.clone(),
        created_at: writer.now(),
        updated_at: writer.now(),
        applied_at: None,
        undone_at: None,
        undo_until: None,
    }
}

async fn keep(writer: &Writer, import: &Import, part_number: i64, content: Vec<u8>) -> Result<(), Error> {
    let organisation_id = import.organisation_id.clone();
    let row = part::Model { import_id: import.id.clone(), part_number, organisation_id, content };
    writer.put_all::<part::Entity, part::ActiveModel>(vec![row], &[]).await
}

/// A piece of the file of a draft, by its number from 0: each but the last has [`PIECE`] bytes. Empty behind the last.
///
/// # Errors
/// [`Error::NotFound`] where there is no such draft.
pub async fn parts(reader: &Reader, id: &ImportId, number: i64) -> Result<Vec<u8>, Error> {
    draft(read(reader, id).await?).map_err(|_| Error::NotFound)?;
    let select = reader
        .find::<part::Entity>()
        .filter(part::Column::ImportId.eq(id.clone()))
        .filter(part::Column::PartNumber.eq(number));
    Ok(reader.one(select).await?.map(|row| row.content).unwrap_or_default())
}

/// An import that is a draft.
fn draft(row: Import) -> Result<Import, Error> {
    match row.state.0 {
        ImportState::Draft => Ok(row),
        ImportState::Applied => Err(Error::conflict("state", "this import has been applied")),
        ImportState::Undone => Err(Error::conflict("state", "this import has been undone")),
    }
}

/// The draft at this version.
///
/// # Errors
/// [`Error::NotFound`], also where it has ended, [`Error::Stale`], or [`Error::Conflict`] for one that was applied.
pub async fn draft_at(writer: &Writer, id: &ImportId, version: i64) -> Result<Import, Error> {
    let row = draft(read(writer, id).await?)?;
    if row.version == version { Ok(row) } else { Err(Error::Stale { current: row.version }) }
}

/// Says how the file of a draft, as it was read by this writer, becomes rows, and answers questions.
///
/// # Errors
/// [`Error::Invalid`], or [`Error::Conflict`] for one that was applied.
pub async fn put(writer: &Writer, before: Import, change: ImportChange) -> Result<Import, Error> {
    let before = draft(before)?;
    let mut faults = Faults::of_new(&change);
    let (many, long) = MAXIMUM_ANSWERS;
    let is_fine = |text: &String| text.chars().count() <= long && text::Form::Line.fault(text).is_none();
    let are_fine =
        change.answers.len() <= many && change.answers.iter().all(|(key, said)| is_fine(key) && is_fine(said));
    let detail = format!("expected at most {many} answers, each and its key of one line of at most {long} characters");
    faults.expect(are_fine, "/answers", "length", detail);
    faults.done()?;
    let ImportChange { noun, recipe, answers } = change;
    let after = Model { noun: Word(noun), recipe: recipe.map(Json), answers: Json(answers), ..before.clone() };
    writer.replace::<Entity, ActiveModel>("change", &before, after).await
}

/// Lets go of a draft and its file.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], or [`Error::Conflict`] for one that was applied.
pub async fn delete(writer: &Writer, id: &ImportId, version: i64) -> Result<(), Error> {
    let row = draft_at(writer, id, version).await?;
    forget_file(writer, &row.id).await?;
    writer.remove::<Entity>(&row).await
}

async fn forget_file(writer: &Writer, id: &ImportId) -> Result<(), Error> {
    writer.clear::<part::Entity>(Condition::all().add(part::Column::ImportId.eq(id.clone()))).await?;
    Ok(())
}

/// Records an import that has been carried out, with what it made and changed, in the same change. The file of a draft
/// is let go of.
///
/// # Errors
/// [`Error::Invalid`] for a name that is none, [`Error::Stale`], or [`Error::Conflict`] for a draft that was applied
/// already.
pub async fn apply(
    writer: &Writer,
    before: Option<Import>,
    about: NewImport,
    counts: Counts,
    items: Vec<ImportItem>,
) -> Result<Import, Error> {
    Faults::of_new(&about).done()?;
    let said = |row: Model| Model {
        state: Word(ImportState::Applied),
        row_count: Some(counts.row_count),
        created_count: Some(counts.created_count),
        changed_count: Some(counts.changed_count),
        unchanged_count: Some(counts.unchanged_count),
        refused_count: Some(counts.refused_count),
        applied_at: Some(writer.now()),
        undo_until: Some(writer.today().plus_days(UNDO_DAYS)),
        ..row
    };
    let row = match before {
        None => writer.insert::<Entity, ActiveModel>(said(blank(writer, about))).await?,
        Some(before) => {
            let before = draft(before)?;
            let after = Model { noun: Word(about.noun), file_name: about.file_name, ..said(before.clone()) };
            forget_file(writer, &before.id).await?;
            writer.replace::<Entity, ActiveModel>("apply", &before, after).await?
        }
    };
    let rows = (0..).zip(items).map(|(item_number, item)| item::Model {
        import_id: row.id.clone(),
        item_number,
        organisation_id: row.organisation_id.clone(),
        kind: Word(item.kind),
        item_id: item.id,
        item_version: item.version,
        before: item.before.map(Json),
        after: item.after.map(Json),
    });
    writer.put_all::<item::Entity, item::ActiveModel>(rows.collect(), &[]).await?;
    Ok(row)
}

/// Ends drafts: nobody has done anything, so the audit trail says nothing of it.
async fn end_drafts(writer: &Writer, which: Condition) -> Result<u64, Error> {
    let ids: Vec<(ImportId,)> =
        writer.tuples(writer.find::<Entity>().filter(which).select_only().column(Column::Id)).await?;
    for (id,) in &ids {
        forget_file(writer, id).await?;
        writer.clear::<Entity>(Condition::all().add(Column::Id.eq(id.clone()))).await?;
    }
    Ok(ids.len() as u64)
}

/// Imports that cannot be undone any more, of which is still kept what they did.
async fn over(reader: &Reader) -> Result<Vec<ImportId>, Error> {
    let kept = reader.find::<item::Entity>().select_only().column(item::Column::ImportId).distinct();
    let kept: Vec<(String,)> = reader.tuples(kept).await?;
    let imports = reader.get_many::<Entity>(&kept.into_iter().map(|(id,)| id).collect()).await?;
    let is_over = |import: &Import| import.undo_until.is_none_or(|last| last < reader.today());
    Ok(imports.into_iter().filter(is_over).map(|import| import.id).collect())
}

/// Lets go of what time alone ends in an organisation: drafts that have ended, and what is kept to undo imports that
/// cannot be undone any more.
///
/// # Errors
/// [`Error::Busy`] or [`Error::Database`].
pub(crate) async fn tidy(store: &Store, scope: &Scope) -> Result<(), Error> {
    let reader = store.read(scope).await?;
    let (has_ended, over) =
        (reader.has(reader.find::<Entity>().filter(ended(reader.now()))).await?, over(&reader).await?);
    drop(reader);
    if !has_ended && over.is_empty() {
        return Ok(());
    }
    let writer = store.write(scope).await?;
    end_drafts(&writer, ended(writer.now())).await?;
    for id in over {
        writer.clear::<item::Entity>(Condition::all().add(item::Column::ImportId.eq(id))).await?;
    }
    writer.save().await
}
