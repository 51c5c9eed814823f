//! Recipes: how a file of somebody else's becomes rows of ours. The document is [`Recipe`]. Some come with the program,
//! for files that many have; an organisation keeps its own beside them, each under a key. An own one by the key of one
//! that comes with the program takes its place.

mod built_in;
mod check;
mod document;

use std::collections::BTreeMap;

use diligence_questionnaires::{Placed, placed};
use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, QueryFilter as _, QuerySelect as _, entity::prelude::*};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use validator::Validate;

pub use self::{
    built_in::{BUILT_IN, BuiltIn, built_in},
    document::{
        Condition, DateStyle, FileKind, FileRecipe, Fills, Header, ImportNoun, NoHeader, Recipe, RecipeColumn, Take,
    },
};
use crate::{
    clock::Moment,
    error::Error,
    fault::Fault,
    id::{OrganisationId, RecipeId},
    page::{self, Page, Versioned},
    scope::{Reader, Writer, owned},
    stored::{Json, Word, from_hex, hex},
};

/// How many recipes an organisation may keep.
pub const MAXIMUM_RECIPES: usize = 200;
/// How large a recipe may be, in bytes: 256 KiB.
pub const MAXIMUM_BYTES: usize = 256 << 10;
/// How long a key may be, in characters.
pub const MAXIMUM_KEY: usize = 80;

/// A recipe as stored.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel, Serialize, JsonSchema)]
#[sea_orm(table_name = "recipe")]
#[schemars(rename = "StoredRecipe")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RecipeId,
    /// The organisation that keeps it.
    #[serde(skip)]
    pub organisation_id: OrganisationId,
    /// Its version, from 1; each change adds one.
    pub version: i64,
    /// The key it is kept under.
    pub key: String,
    /// What it is called.
    pub name: String,
    /// What a row becomes.
    #[schemars(with = "ImportNoun")]
    pub noun: Word<ImportNoun>,
    /// All of it.
    #[schemars(with = "Recipe")]
    pub document: Json<Recipe>,
    /// When it was first kept.
    pub created_at: Moment,
    /// When it was last changed.
    pub updated_at: Moment,
}

/// Rows are loaded by noun, never joined.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}
owned!("recipe", _row => None);

/// A recipe that can be used, kept by the organisation or built in.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct KnownRecipe {
    /// The key it is kept under.
    pub key: String,
    /// What it is called.
    pub name: String,
    /// What a row becomes.
    pub noun: ImportNoun,
    /// Whether it comes with the program.
    pub is_built_in: bool,
    /// Whether it is the organisation's own and stands in the place of a built-in one.
    pub replaces_built_in: bool,
    /// Its version, from 1; 0 for one that is built in.
    pub version: i64,
    /// All of it.
    pub document: Recipe,
    /// When it was first kept; null for one that is built in.
    pub created_at: Option<Moment>,
    /// When it was last changed; null for one that is built in.
    pub updated_at: Option<Moment>,
}

impl Versioned for KnownRecipe {
    fn id(&self) -> &str {
        &self.key
    }
    fn version(&self) -> i64 {
        self.version
    }
}

impl From<Model> for KnownRecipe {
    fn from(row: Model) -> Self {
        Self {
            replaces_built_in: built_in(&row.key).is_some(),
            key: row.key,
            name: row.name,
            noun: row.noun.0,
            is_built_in: false,
            version: row.version,
            document: row.document.0,
            created_at: Some(row.created_at),
            updated_at: Some(row.updated_at),
        }
    }
}

impl From<&BuiltIn> for KnownRecipe {
    fn from(built_in: &BuiltIn) -> Self {
        let document = built_in.recipe().clone();
        Self {
            key: built_in.key.to_owned(),
            name: document.name.clone().unwrap_or_else(|| built_in.key.to_owned()),
            noun: document.noun,
            is_built_in: true,
            replaces_built_in: false,
            version: 0,
            document,
            created_at: None,
            updated_at: None,
        }
    }
}

/// A recipe in a list, without its columns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RecipeEntry {
    /// The key it is kept under.
    pub key: String,
    /// What it is called.
    pub name: String,
    /// What it is for, and where such a file comes from; null where it does not say.
    pub description: Option<String>,
    /// What a row becomes.
    pub noun: ImportNoun,
    /// Whether it comes with the program.
    pub is_built_in: bool,
    /// Whether it is the organisation's own and stands in the place of a built-in one.
    pub replaces_built_in: bool,
    /// Its version, from 1; 0 for one that is built in.
    pub version: i64,
    /// When it was last changed; null for one that is built in.
    pub updated_at: Option<Moment>,
}

impl From<KnownRecipe> for RecipeEntry {
    fn from(known: KnownRecipe) -> Self {
        Self {
            key: known.key,
            name: known.name,
            description: known.document.description,
            noun: known.noun,
            is_built_in: known.is_built_in,
            replaces_built_in: known.replaces_built_in,
            version: known.version,
            updated_at: known.updated_at,
        }
    }
}

/// Which recipes to list.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct RecipeFilter {
    /// What a row becomes.
    pub noun: Option<ImportNoun>,
    /// Only those that come with the program (`true`), or only the organisation's own (`false`).
    pub is_built_in: Option<bool>,
    /// How many to answer, 1 to 200; 50 if not said.
    #[validate(range(min = 1, max = 200))]
    pub limit: Option<u64>,
    /// The `next` of the page before.
    #[validate(length(max = 2000))]
    pub cursor: Option<String>,
}

/// The JSON Schema (draft 2020-12) of a recipe.
#[must_use]
pub fn json_schema() -> Value {
    schemars::schema_for!(Recipe).to_value()
}

/// Reads a recipe from YAML or JSON; every fault with line and column.
///
/// # Errors
/// Every fault.
pub fn parse(text: &str) -> Result<Recipe, Vec<Fault>> {
    if text.len() > MAXIMUM_BYTES {
        return Err(vec![too_large()]);
    }
    let told = |faults: Vec<diligence_questionnaires::Fault>| faults.into_iter().map(Fault::from).collect::<Vec<_>>();
    let placed = Placed::<Recipe>::read(&json_schema(), text).map_err(told)?;
    match placed.value.check() {
        Ok(()) => Ok(placed.value),
        Err(faults) => {
            let with_place = |fault: Fault| {
                let (line, column) = placed.place_of(&fault.pointer);
                Fault { detail: format!("line {line}, column {column}: {}", fault.detail), ..fault }
            };
            Err(faults.into_iter().map(with_place).collect())
        }
    }
}

fn too_large() -> Fault {
    Fault::new("", "length", format!("expected a recipe of at most {} KiB", MAXIMUM_BYTES >> 10))
}

/// A recipe as YAML, as its author would have written it.
#[must_use]
pub fn to_yaml(recipe: &Recipe) -> String {
    placed::to_yaml(recipe)
}

/// The key that the address of a page for a new one takes.
const TAKEN: &str = "new";

/// Whether a recipe can be kept under this key: small letters, digits and single hyphens between them; not `new`.
#[must_use]
pub fn is_key(key: &str) -> bool {
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    key.len() <= MAXIMUM_KEY && key != TAKEN && key.split('-').all(is_word)
}

/// Whether a stored recipe is one that could be kept today, under its key.
pub(crate) fn checked(row: &Model) -> Result<(), Error> {
    document_under(&row.key, &row.document.0)?;
    if row.noun.0 != row.document.0.noun {
        return Err(Error::invalid("/noun", "contradiction", "expected the noun of the document"));
    }
    Ok(())
}

/// Whether a recipe can be kept under a key.
fn document_under(key: &str, document: &Recipe) -> Result<(), Error> {
    if !is_key(key) {
        let detail = format!("expected a key of 1 to {MAXIMUM_KEY} small letters, digits and hyphens between them");
        return Err(Error::invalid("", "key", detail));
    }
    document.check().map_err(Error::Invalid)?;
    if serde_json::to_string(document).map_or(true, |text| text.len() > MAXIMUM_BYTES) {
        return Err(Error::Invalid(vec![too_large()]));
    }
    Ok(())
}

async fn own(reader: &Reader, key: &str) -> Result<Option<Model>, Error> {
    reader.one(reader.find::<Entity>().filter(Column::Key.eq(key))).await
}

/// The organisation's own recipes and those that are built in, by key.
///
/// # Errors
/// [`Error::Invalid`] for a cursor that is none.
pub async fn list(reader: &Reader, filter: &RecipeFilter) -> Result<Page<RecipeEntry>, Error> {
    let mut known: BTreeMap<String, RecipeEntry> =
        BUILT_IN.iter().map(|built_in| (built_in.key.to_owned(), KnownRecipe::from(built_in).into())).collect();
    for row in reader.all(reader.find::<Entity>()).await? {
        known.insert(row.key.clone(), KnownRecipe::from(row).into());
    }
    let after = match &filter.cursor {
        Some(cursor) => from_hex(cursor)
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .ok_or_else(|| Error::invalid("?cursor", "cursor", "expected the `next` of a page of this list"))?,
        None => String::new(),
    };
    let limit = usize::try_from(filter.limit.unwrap_or(page::DEFAULT_LIMIT)).unwrap_or(usize::MAX);
    let fits = |entry: &RecipeEntry| {
        entry.key > after
            && filter.noun.is_none_or(|noun| noun == entry.noun)
            && filter.is_built_in.is_none_or(|is_built_in| is_built_in == entry.is_built_in)
    };
    let mut items: Vec<RecipeEntry> = known.into_values().filter(fits).take(limit.saturating_add(1)).collect();
    let mut next = None;
    if items.len() > limit {
        items.truncate(limit);
        next = items.last().map(|last| hex(last.key.as_bytes()));
    }
    Ok(Page { items, next })
}

/// One recipe: the organisation's own of this key, else the one that is built in.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn read(reader: &Reader, key: &str) -> Result<KnownRecipe, Error> {
    match own(reader, key).await? {
        Some(row) => Ok(row.into()),
        None => built_in(key).map(KnownRecipe::from).ok_or(Error::NotFound),
    }
}

/// What a file is read by: the organisation's own recipe of this key, else the one that is built in.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn resolve(reader: &Reader, key: &str) -> Result<Recipe, Error> {
    Ok(read(reader, key).await?.document)
}

/// Keeps a recipe under a key: without a version one that is not there yet, which may be by the key of a built-in one;
/// with one, in the place of that version.
///
/// # Errors
/// [`Error::Invalid`] with every fault, [`Error::NotFound`] for a version of one that is not there, [`Error::Stale`],
/// or [`Error::Conflict`] where there is one already, or too many.
pub async fn put(writer: &Writer, key: &str, version: Option<i64>, document: Recipe) -> Result<KnownRecipe, Error> {
    document_under(key, &document)?;
    let before = own(writer, key).await?;
    let name = document.name.clone().unwrap_or_else(|| key.to_owned());
    let noun = Word(document.noun);
    let row = match (before, version) {
        (Some(before), Some(version)) if before.version == version => {
            let after = Model { name, noun, document: Json(document), ..before.clone() };
            writer.replace::<Entity, ActiveModel>("change", &before, after).await?
        }
        (Some(before), Some(_)) => return Err(Error::Stale { current: before.version }),
        (Some(_), None) => {
            return Err(Error::conflict(
                "duplicate",
                "there is a recipe by this key already: to change it, read it and send its version along",
            ));
        }
        (None, Some(_)) => return Err(Error::NotFound),
        (None, None) => {
            let kept: Vec<(i64,)> = writer
                .tuples(writer.find::<Entity>().select_only().expr_as(Column::Id.count(), "recipe_count"))
                .await?;
            if kept.first().is_some_and(|(count,)| *count >= MAXIMUM_RECIPES as i64) {
                let detail = format!("an organisation can keep {MAXIMUM_RECIPES} recipes: delete some");
                return Err(Error::conflict("limit", detail));
            }
            let row = Model {
                id: writer.new_id(),
                organisation_id: writer.scope().organisation_id.clone(),
                version: 1,
                key: key.to_owned(),
                name,
                noun,
                document: Json(document),
                created_at: writer.now(),
                updated_at: writer.now(),
            };
            writer.insert::<Entity, ActiveModel>(row).await?
        }
    };
    Ok(row.into())
}

/// Takes one of the organisation's own away; the built-in one by its key, if there is one, is back.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], or [`Error::Conflict`] for one that is built in.
pub async fn delete(writer: &Writer, key: &str, version: i64) -> Result<(), Error> {
    match own(writer, key).await? {
        Some(row) if row.version == version => writer.remove::<Entity>(&row).await,
        Some(row) => Err(Error::Stale { current: row.version }),
        None if built_in(key).is_some() => {
            Err(Error::conflict("built_in", "this recipe comes with the program, and cannot be deleted"))
        }
        None => Err(Error::NotFound),
    }
}
