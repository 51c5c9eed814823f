//! Questionnaires and their editions: the built-in library, and the organisation's own. An edition never changes once
//! published; one that an assessment uses is kept with the organisation's rows for ever, whatever later programs bring.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use diligence_questionnaires::{
    AppliesTo, Edition, EditionChanges, Extension,
    library::{self, order},
};
use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, QueryFilter as _, QuerySelect as _, entity::prelude::*};
use serde::{Deserialize, Serialize};
use validator::Validate;

use crate::{
    blocking::run_blocking,
    clock::Moment,
    error::Error,
    fault::Fault,
    id::{EditionId, OrganisationId},
    page,
    scope::{Reader, Writer, owned},
    stored::{Json, Word},
};

mod filter;
mod outdated;

pub use filter::{EditionEntry, Questionnaire, QuestionnaireFilter, list};
pub use outdated::OutdatedEdition;
pub(crate) use outdated::{EditionInUse, outdated};

/// How many editions an organisation may publish.
pub const MAXIMUM_EDITIONS: usize = 2_000;
/// How long the documents of the editions that are remembered parsed between requests are in all, in bytes: 64 MiB.
const REMEMBERED_BYTES: usize = 64 << 20;

/// Who wrote a questionnaire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// It came with the program.
    Library,
    /// The organisation.
    Own,
}

/// A published edition as stored.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, JsonSchema)]
#[sea_orm(table_name = "edition")]
#[schemars(rename = "PublishedEdition")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: EditionId,
    /// The organisation whose register it is in.
    #[serde(skip)]
    pub organisation_id: OrganisationId,
    /// Always 1: an edition never changes.
    pub version: i64,
    /// The questionnaire's key.
    pub key: String,
    /// Which edition of it.
    pub edition: String,
    /// The questionnaire's title.
    pub title: String,
    /// The framework it mostly scores.
    pub framework: String,
    /// Who wrote it.
    #[schemars(with = "Origin")]
    pub origin: Word<Origin>,
    /// SHA-256 of the edition's canonical JSON.
    pub hash: String,
    /// What it is about; here and in the next two, what lists show without reading the document.
    #[serde(skip)]
    pub summary: String,
    /// What it can be put to.
    #[serde(skip)]
    pub applies_to: Json<Vec<AppliesTo>>,
    /// How many questions it has.
    #[serde(skip)]
    pub question_count: i64,
    /// The edition's JSON.
    #[serde(skip)]
    pub document: String,
    /// How its author wrote it; of the library's editions, and of those published by earlier programs, it is not kept.
    #[serde(skip)]
    pub source: Option<Json<Source>>,
    /// What it is based on, for lists; of those that were kept by earlier programs it stands in the document alone.
    #[serde(skip)]
    pub based_on: Option<Json<Vec<diligence_questionnaires::Source>>>,
    /// When it was published here, or first used.
    pub created_at: Moment,
    /// When the row was written; equal to `created_at`, since an edition never changes.
    pub updated_at: Moment,
}

pub use Model as PublishedEdition;

/// What a document is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    /// A whole edition.
    #[default]
    Edition,
    /// What is added to another questionnaire.
    Extension,
}

/// How a document is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DocumentFormat {
    /// YAML.
    #[default]
    Yaml,
    /// JSON.
    Json,
    /// A spreadsheet-style table; editions only.
    Csv,
}

/// A document as its author wrote it, comments and all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// What it is.
    pub kind: DocumentKind,
    /// How it is written.
    pub format: DocumentFormat,
    /// The text.
    pub document: String,
    /// For an extension, the edition of its base that it was put on.
    pub base_edition: Option<String>,
}

/// A document that was read: the edition it gives, and where it came from.
#[derive(Clone, Debug)]
pub struct Authored {
    /// The edition.
    pub edition: Edition,
    /// How its author wrote it.
    pub source: Source,
}

/// Reads the document of a whole edition; every fault with line and column.
///
/// # Errors
/// [`Error::Invalid`] with every fault.
pub fn authored(format: DocumentFormat, document: String) -> Result<Authored, Error> {
    let read = match format {
        DocumentFormat::Yaml => Edition::from_yaml(&document),
        DocumentFormat::Json => Edition::from_json(&document),
        DocumentFormat::Csv => Edition::from_csv(&document),
    };
    let edition = read.map_err(refused)?;
    Ok(Authored { edition, source: Source { kind: DocumentKind::Edition, format, document, base_edition: None } })
}

fn refused(faults: Vec<diligence_questionnaires::Fault>) -> Error {
    Error::Invalid(faults.into_iter().map(Fault::from).collect())
}

/// Reads a document, for an extension on its base; every fault with line and column, or with a pointer into the edition
/// that results.
///
/// # Errors
/// [`Error::Invalid`] with every fault.
pub async fn author(
    reader: &Reader,
    kind: DocumentKind,
    format: DocumentFormat,
    document: String,
) -> Result<Authored, Error> {
    match kind {
        DocumentKind::Edition => run_blocking(move || authored(format, document)).await?,
        DocumentKind::Extension => {
            let (extension, document) =
                run_blocking(move || Ok::<_, Error>((extension(format, &document)?, document))).await??;
            let base = match latest(reader, &extension.base, extension.base_edition.as_deref()).await? {
                Some(base) => base,
                None => {
                    let known: Vec<&str> = library::editions().iter().map(|edition| edition.key.as_str()).collect();
                    let hint = crate::fault::nearest(&extension.base, known)
                        .map(|near| format!("; did you mean {near}?"))
                        .unwrap_or_default();
                    return Err(Error::invalid(
                        "/base",
                        "unknown",
                        format!("there is no such edition of a questionnaire by that key{hint}"),
                    ));
                }
            };
            let base_edition = Some(base.edition.clone());
            let edition = run_blocking(move || extension.apply(&base)).await?.map_err(refused)?;
            Ok(Authored { edition, source: Source { kind, format, document, base_edition } })
        }
    }
}

/// An extension as it is written.
pub(crate) fn extension(format: DocumentFormat, document: &str) -> Result<Extension, Error> {
    let read = match format {
        DocumentFormat::Yaml => Extension::from_yaml(document),
        DocumentFormat::Json => Extension::from_json(document),
        DocumentFormat::Csv => {
            return Err(Error::invalid("/format", "format", "an extension is written as YAML or JSON"));
        }
    };
    read.map_err(refused)
}

/// The edition with this number, or else the latest; `None` where there is none.
///
/// # Errors
/// [`Error::Database`] only.
pub async fn latest(reader: &Reader, key: &str, edition: Option<&str>) -> Result<Option<Arc<Edition>>, Error> {
    let Some(wanted) = wanted(reader, key, edition).await? else { return Ok(None) };
    match row_of(reader, key, &wanted).await? {
        Some(row) => Ok(Some(row.parsed(reader)?)),
        None => Ok(library::edition(key, Some(&wanted)).map(|edition| Arc::new(edition.clone()))),
    }
}

/// The number of the edition to use: the one asked for, or the latest there is.
async fn wanted(reader: &Reader, key: &str, edition: Option<&str>) -> Result<Option<String>, Error> {
    if let Some(edition) = edition {
        return Ok(Some(edition.to_owned()));
    }
    let published: Vec<(String,)> = reader
        .tuples(reader.find::<Entity>().filter(Column::Key.eq(key)).select_only().column(Column::Edition))
        .await?;
    let known = published
        .into_iter()
        .map(|(edition,)| edition)
        .chain(library::edition(key, None).map(|edition| edition.edition.clone()));
    Ok(known.max_by_key(|edition| order(edition)))
}

/// Rows are loaded by noun, never joined.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}
owned!("questionnaire", _row => None);

/// Editions that were parsed a moment ago, by hash.
#[derive(Debug, Default)]
pub(crate) struct Cache(Mutex<Remembered>);

#[derive(Debug, Default)]
struct Remembered {
    editions: HashMap<String, Arc<Edition>>,
    byte_count: usize,
}

impl Model {
    /// The edition itself.
    pub(crate) fn parsed(&self, reader: &Reader) -> Result<Arc<Edition>, Error> {
        let cache = &reader.store().editions.0;
        if let Some(edition) = cache.lock().unwrap_or_else(PoisonError::into_inner).editions.get(&self.hash) {
            return Ok(Arc::clone(edition));
        }
        // It passed the checks of the program that published it: a rule that is new since then does not reach back.
        let edition: Edition = serde_json::from_str(&self.document).map_err(|error| {
            Error::Database(sea_orm::DbErr::Json(format!("edition {} {}: {error}", self.key, self.edition)))
        })?;
        let edition = Arc::new(edition);
        let mut known = cache.lock().unwrap_or_else(PoisonError::into_inner);
        if known.byte_count.saturating_add(self.document.len()) > REMEMBERED_BYTES {
            *known = Remembered::default();
        }
        if known.editions.insert(self.hash.clone(), Arc::clone(&edition)).is_none() {
            known.byte_count += self.document.len();
        }
        Ok(edition)
    }
}

/// What these questionnaires are called: by the latest edition that is kept here, else by the library's.
///
/// # Errors
/// [`Error::Database`] only.
pub async fn titles(
    reader: &Reader,
    keys: impl IntoIterator<Item = String>,
) -> Result<BTreeMap<String, String>, Error> {
    let keys: BTreeSet<String> = keys.into_iter().collect();
    let built_in = keys.iter().filter_map(|key| Some((key.clone(), library::edition(key, None)?.title.clone())));
    let mut titles: BTreeMap<String, String> = built_in.collect();
    if !keys.is_empty() {
        let select = reader.find::<Entity>().filter(Column::Key.is_in(keys)).select_only().columns([
            Column::Key,
            Column::Edition,
            Column::Title,
        ]);
        let mut rows: Vec<(String, String, String)> = reader.tuples(select).await?;
        rows.sort_by_cached_key(|(_, edition, _)| order(edition));
        titles.extend(rows.into_iter().map(|(key, _, title)| (key, title)));
    }
    Ok(titles)
}

/// The numbers of a questionnaire's editions with who wrote each, latest first; empty where there is none.
///
/// # Errors
/// [`Error::Database`] only.
pub async fn editions(reader: &Reader, key: &str) -> Result<Vec<(String, Origin)>, Error> {
    let select =
        reader.find::<Entity>().filter(Column::Key.eq(key)).select_only().columns([Column::Edition, Column::Origin]);
    let rows: Vec<(String, Word<Origin>)> = reader.tuples(select).await?;
    let mut found: Vec<(String, Origin)> = rows.into_iter().map(|(edition, origin)| (edition, origin.0)).collect();
    for edition in library::editions().iter().filter(|edition| edition.key == key) {
        if !found.iter().any(|(known, _)| *known == edition.edition) {
            found.push((edition.edition.clone(), Origin::Library));
        }
    }
    found.sort_by_key(|(edition, _)| std::cmp::Reverse(order(edition)));
    Ok(found)
}

/// What an edition was made by adding to: the key of its base and the base's edition; `None` for one that stands by
/// itself.
///
/// # Errors
/// [`Error::Database`] only.
pub async fn base_of(reader: &Reader, key: &str, edition: &str) -> Result<Option<(String, String)>, Error> {
    let source = row_of(reader, key, edition)
        .await?
        .and_then(|row| row.source)
        .map(|source| source.0)
        .filter(|source| source.kind == DocumentKind::Extension);
    Ok(source.and_then(|source| Some((extension(source.format, &source.document).ok()?.base, source.base_edition?))))
}

/// One edition, whole; in another language where one is asked for.
///
/// # Errors
/// [`Error::NotFound`], or [`Error::Invalid`] for a language it is not translated to.
pub async fn read(reader: &Reader, key: &str, edition: &str, language: Option<&str>) -> Result<Edition, Error> {
    let found = latest(reader, key, Some(edition)).await?.ok_or(Error::NotFound)?;
    match language {
        Some(language) if language != found.language => crate::translation::translated(reader, &found, language).await,
        _ => Ok(found.as_ref().clone()),
    }
}

/// One edition as a text to edit: as its author wrote it where that is kept and nothing else is asked for; of an
/// extension that is what it adds.
///
/// # Errors
/// As [`read`].
pub async fn document(
    reader: &Reader,
    key: &str,
    edition: &str,
    filter: &DocumentFilter,
) -> Result<(DocumentFormat, String), Error> {
    let kept = match (filter.language.as_deref(), row_of(reader, key, edition).await?) {
        (None, Some(row)) => row.source,
        _ => None,
    };
    match kept {
        // What makes an extension's edition stands in two documents: its own part as it was written, the result in any
        // format.
        Some(Json(source))
            if filter.format.is_none_or(|format| source.kind == DocumentKind::Edition && format == source.format) =>
        {
            Ok((source.format, source.document))
        }
        _ => {
            let edition = read(reader, key, edition, filter.language.as_deref()).await?;
            let format = filter.format.unwrap_or_default();
            Ok((
                format,
                match format {
                    DocumentFormat::Yaml => edition.to_yaml(),
                    DocumentFormat::Json => edition.to_json(),
                    DocumentFormat::Csv => edition.to_csv(),
                },
            ))
        }
    }
}

/// How to write an edition.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct DocumentFilter {
    /// How it is written; as its author wrote it, or else YAML, if not said.
    pub format: Option<DocumentFormat>,
    /// In which of its languages, e.g. `cy`; its own if not said.
    #[validate(length(min = 2, max = 10))]
    pub language: Option<String>,
}

/// In which language to read.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct LanguageFilter {
    /// In which of its languages, e.g. `cy`; its own if not said.
    #[validate(length(min = 2, max = 10))]
    pub language: Option<String>,
}

/// Which edition to compare with.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct ChangesFilter {
    /// The earlier edition; the one before if not said.
    #[validate(length(min = 1, max = 20))]
    pub since: Option<String>,
}

/// What changed in an edition since an earlier one.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Invalid`] for an earlier edition that is not there, or [`Error::Conflict`] where it is
/// the first.
pub async fn changes(
    reader: &Reader,
    key: &str,
    edition: &str,
    filter: &ChangesFilter,
) -> Result<EditionChanges, Error> {
    let after = latest(reader, key, Some(edition)).await?.ok_or(Error::NotFound)?;
    let since = match &filter.since {
        Some(since) => since.clone(),
        None => {
            let published: Vec<(String,)> = reader
                .tuples(reader.find::<Entity>().filter(Column::Key.eq(key)).select_only().column(Column::Edition))
                .await?;
            let built_in =
                library::editions().iter().filter(|other| other.key == key).map(|other| other.edition.clone());
            let earlier = published
                .into_iter()
                .map(|(edition,)| edition)
                .chain(built_in)
                .filter(|other| order(other) < order(edition));
            earlier.max_by_key(|other| order(other)).ok_or_else(|| {
                Error::conflict("no_earlier", "this is its first edition: there is nothing to compare it with")
            })?
        }
    };
    let unknown = || Error::invalid("?since", "unknown", "there is no such edition of this questionnaire");
    let before = latest(reader, key, Some(&since)).await?.ok_or_else(unknown)?;
    Ok(diligence_questionnaires::changes(&before, &after))
}

/// How an own edition was written, for an extension to be put on a newer base.
pub(crate) async fn source_of(reader: &Reader, key: &str, edition: Option<&str>) -> Result<Option<Source>, Error> {
    let unknown =
        || Error::invalid("/questionnaire", "unknown", "there is no such edition of a questionnaire of your own");
    let wanted = wanted(reader, key, edition).await?.ok_or_else(unknown)?;
    Ok(row_of(reader, key, &wanted).await?.ok_or_else(unknown)?.source.map(|source| source.0))
}

/// Takes an own edition away that no assessment was ever put with, its translations too.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], or [`Error::Conflict`] for one that is in use, that another adds to, or that
/// came with the program.
pub async fn delete(writer: &Writer, key: &str, edition: &str, version: i64) -> Result<(), Error> {
    let Some(row) = row_of(writer, key, edition).await?.filter(|row| row.origin.0 == Origin::Own) else {
        return match library::edition(key, Some(edition)) {
            Some(_) => Err(Error::conflict("built_in", "this edition is built in and cannot be deleted")),
            None => Err(Error::NotFound),
        };
    };
    if row.version != version {
        return Err(Error::Stale { current: row.version });
    }
    if crate::assessment::uses_edition(writer, &row.id).await? {
        return Err(Error::conflict("in_use", "assessments use this edition: it cannot be deleted"));
    }
    if has_extensions(writer, key, edition).await? {
        return Err(Error::conflict("in_use", "another of your editions extends this one: it cannot be deleted"));
    }
    crate::translation::forget(writer, key, edition).await?;
    writer.remove::<Entity>(&row).await
}

/// Whether an edition that is published here was made by adding to this one.
async fn has_extensions(reader: &Reader, key: &str, edition: &str) -> Result<bool, Error> {
    // The number stands in the row, the key in the extension's own text.
    let kind = page::contains(Column::Source, r#""kind":"extension""#);
    let number = page::contains(Column::Source, &format!(r#""base_edition":"{edition}""#));
    let sources: Vec<(Json<Source>,)> =
        reader.tuples(reader.find::<Entity>().filter(kind).filter(number).select_only().column(Column::Source)).await?;
    Ok(sources
        .into_iter()
        .any(|(source,)| extension(source.format, &source.document).is_ok_and(|extension| extension.base == key)))
}

async fn row_of(reader: &Reader, key: &str, edition: &str) -> Result<Option<Model>, Error> {
    reader.one(reader.find::<Entity>().filter(Column::Key.eq(key)).filter(Column::Edition.eq(edition))).await
}

/// Whether publishing would take an edition: it makes sense, and its key and its number are free.
///
/// # Errors
/// [`Error::Invalid`] with every fault; [`Error::Conflict`] for a key of the library's, an edition that is there or
/// older than the latest, or when there are too many.
pub async fn check_publishable(reader: &Reader, edition: &Edition) -> Result<(), Error> {
    let whole = edition.clone();
    let faults = run_blocking(move || whole.check()).await?;
    if !faults.is_empty() {
        return Err(refused(faults));
    }
    if library::edition(&edition.key, None).is_some() {
        return Err(taken("/key", "this key belongs to a built-in questionnaire: choose another"));
    }
    let published: Vec<(String, String)> =
        reader.tuples(reader.find::<Entity>().select_only().column(Column::Key).column(Column::Edition)).await?;
    if published.len() >= MAXIMUM_EDITIONS {
        return Err(Error::conflict("limit", format!("an organisation can publish {MAXIMUM_EDITIONS} editions")));
    }
    if let Some(latest) = published
        .iter()
        .filter(|(key, _)| *key == edition.key)
        .map(|(_, edition)| edition)
        .max_by_key(|edition| order(edition))
        && order(latest) >= order(&edition.edition)
    {
        return Err(taken(
            "/edition",
            &format!("edition {latest} is published already: choose a later number; a published edition never changes"),
        ));
    }
    Ok(())
}

/// Publishes an edition of the organisation's own. From then on it can be put to suppliers and products, and never
/// changes.
///
/// # Errors
/// As [`check_publishable`].
pub async fn publish(writer: &Writer, authored: Authored) -> Result<PublishedEdition, Error> {
    let Authored { edition, source } = authored;
    check_publishable(writer, &edition).await?;
    if source.kind == DocumentKind::Extension {
        // What it adds to is kept beside it, whatever later programs bring: without it, it could be put on no later
        // edition.
        let base = extension(source.format, &source.document)?.base;
        for_use(writer, &base, source.base_edition.as_deref()).await?;
    }
    keep(writer, &edition, Origin::Own, Some(source)).await
}

fn taken(pointer: &str, detail: &str) -> Error {
    Error::Conflict {
        code: "duplicate",
        detail: detail.to_owned(),
        errors: vec![Fault::new(pointer, "duplicate", detail)],
    }
}

async fn keep(writer: &Writer, edition: &Edition, origin: Origin, source: Option<Source>) -> Result<Model, Error> {
    let row = Model {
        id: writer.new_id(),
        organisation_id: writer.scope().organisation_id.clone(),
        version: 1,
        key: edition.key.clone(),
        edition: edition.edition.clone(),
        title: edition.title.clone(),
        framework: edition.framework.clone(),
        origin: Word(origin),
        hash: edition.hash(),
        summary: edition.summary.clone(),
        applies_to: Json(edition.applies_to.clone()),
        question_count: i64::try_from(edition.questions().count()).unwrap_or(i64::MAX),
        document: edition.to_json(),
        source: source.map(Json),
        based_on: Some(Json(edition.source.clone())),
        created_at: writer.now(),
        updated_at: writer.now(),
    };
    writer.insert::<Entity, ActiveModel>(row).await
}

/// The row of the edition to put to a subject: the one asked for, or the latest. One of the library's is kept on first
/// use.
pub(crate) async fn for_use(writer: &Writer, key: &str, edition: Option<&str>) -> Result<(Model, Arc<Edition>), Error> {
    let Some(wanted) = wanted(writer, key, edition).await? else {
        let known: Vec<&str> = library::editions().iter().map(|edition| edition.key.as_str()).collect();
        let hint = crate::fault::nearest(key, known).map(|near| format!("; did you mean {near}?")).unwrap_or_default();
        return Err(Error::invalid(
            "/questionnaire",
            "unknown",
            format!("there is no questionnaire by that key{hint}"),
        ));
    };
    let row = match row_of(writer, key, &wanted).await? {
        Some(row) => row,
        None => {
            let edition = library::edition(key, Some(&wanted)).ok_or_else(|| {
                Error::invalid("/edition", "unknown", "there is no such edition of this questionnaire")
            })?;
            keep(writer, edition, Origin::Library, None).await?
        }
    };
    let edition = row.parsed(writer)?;
    Ok((row, edition))
}

/// The edition that an assessment is pinned to.
pub(crate) async fn pinned(reader: &Reader, id: &EditionId) -> Result<Arc<Edition>, Error> {
    reader.get::<Entity>(id.as_str()).await?.parsed(reader)
}
