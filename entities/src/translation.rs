//! Translations: an edition's words in another language. They stand beside the edition and change nothing of it, its
//! hash and its scores least of all.

use std::sync::Arc;

use diligence_questionnaires::{Edition, Translation as Document};
use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, Condition, QueryFilter as _, QuerySelect as _, Select, entity::prelude::*};
use serde::{Deserialize, Serialize};
use validator::Validate;

use crate::{
    blocking::run_blocking,
    clock::Moment,
    error::Error,
    fault::{Fault, Faults},
    id::{OrganisationId, TranslationId},
    page::{Page, Sort},
    patch::Change,
    questionnaire::{self, DocumentFormat},
    scope::{Reader, Writer, owned},
    stored::Json,
};

/// How many languages an edition may have besides its own.
pub const MAXIMUM_LANGUAGES: u64 = 50;

/// A translation as stored.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel, Serialize, JsonSchema)]
#[sea_orm(table_name = "translation")]
#[schemars(rename = "StoredTranslation")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TranslationId,
    /// The organisation whose register it is in.
    #[serde(skip)]
    pub organisation_id: OrganisationId,
    /// Its version, from 1; each change adds one.
    pub version: i64,
    /// The key of the questionnaire.
    pub questionnaire: String,
    /// Which edition of it.
    pub edition: String,
    /// The language, e.g. `cy`.
    pub language: String,
    /// The questionnaire's title in it.
    pub title: String,
    /// All the words.
    #[schemars(with = "Document")]
    pub document: Json<Document>,
    /// When it was entered.
    pub created_at: Moment,
    /// When it was last changed.
    pub updated_at: Moment,
}

pub use Model as StoredTranslation;

/// Rows are loaded by noun, never joined.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}
owned!("translation", _row => None);

/// Rows of the translation table without their documents, which a list of translations does not need.
pub mod entry {
    use schemars::JsonSchema;
    use sea_orm::entity::prelude::*;
    use serde::Serialize;

    use crate::{
        clock::Moment,
        id::{OrganisationId, TranslationId},
    };

    /// A translation in a list, without its words.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, JsonSchema)]
    #[sea_orm(table_name = "translation")]
    #[schemars(rename = "TranslationEntry")]
    pub struct Model {
        /// Its id.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: TranslationId,
        /// The organisation whose register it is in.
        #[serde(skip)]
        pub organisation_id: OrganisationId,
        /// Its version, from 1; each change adds one.
        pub version: i64,
        /// The key of the questionnaire.
        pub questionnaire: String,
        /// Which edition of it.
        pub edition: String,
        /// The language, e.g. `cy`.
        pub language: String,
        /// The questionnaire's title in it.
        pub title: String,
        /// When it was entered.
        pub created_at: Moment,
        /// When it was last changed.
        pub updated_at: Moment,
    }
    /// Rows are loaded by noun, never joined.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
    crate::scope::belongs!();
}

pub use entry::Model as TranslationEntry;

/// Which translations to list.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct TranslationFilter {
    /// The key of the questionnaire.
    #[validate(length(min = 1, max = 64))]
    pub questionnaire: Option<String>,
    /// Which edition of it.
    #[validate(length(min = 1, max = 20))]
    pub edition: Option<String>,
    /// The language, e.g. `cy`.
    #[validate(length(min = 2, max = 10))]
    pub language: Option<String>,
    /// How many to answer, 1 to 200; 50 if not said.
    #[validate(range(min = 1, max = 200))]
    pub limit: Option<u64>,
    /// The `next` of the page before.
    #[validate(length(max = 2000))]
    pub cursor: Option<String>,
}

fn of(reader: &Reader, key: &str, edition: &str) -> Select<Entity> {
    reader.find::<Entity>().filter(Column::Questionnaire.eq(key)).filter(Column::Edition.eq(edition))
}

/// A translation as its author wrote it: read by itself, to be read again beside its edition.
#[derive(Clone, Debug)]
pub struct Written {
    document: Document,
    format: DocumentFormat,
    text: String,
}

/// Reads the document of a translation by itself; every fault with line and column.
///
/// # Errors
/// [`Error::Invalid`] with every fault.
pub fn written(format: DocumentFormat, text: String) -> Result<Written, Error> {
    let read = if format == DocumentFormat::Json { Document::from_json(&text) } else { Document::from_yaml(&text) };
    Ok(Written { document: read.map_err(refused)?, format, text })
}

fn refused(faults: Vec<diligence_questionnaires::Fault>) -> Error {
    Error::Invalid(faults.into_iter().map(Fault::from).collect())
}

async fn edition_of(reader: &Reader, document: &Document) -> Result<Arc<Edition>, Error> {
    let unknown = || {
        Error::invalid(
            "/edition",
            "unknown",
            format!("there is no edition `{}` of a questionnaire `{}`", document.edition, document.questionnaire),
        )
    };
    questionnaire::latest(reader, &document.questionnaire, Some(&document.edition)).await?.ok_or_else(unknown)
}

/// Enters a translation of an edition, the library's or the organisation's own.
///
/// # Errors
/// [`Error::Invalid`] for an edition that is not there, with every text that is missing and every one that the edition
/// does not have, [`Error::Conflict`] when it has this language already.
pub async fn create(writer: &Writer, written: Written) -> Result<StoredTranslation, Error> {
    let Written { document, format, text } = written;
    let edition = edition_of(writer, &document).await?;
    // Beside its edition, so that what does not fit it has a line and a column too.
    let read = move || {
        if format == DocumentFormat::Json {
            Document::from_json_for(&text, &edition)
        } else {
            Document::from_yaml_for(&text, &edition)
        }
    };
    let document = run_blocking(read).await?.map_err(refused)?;
    let languages: Vec<(String,)> = writer
        .tuples(of(writer, &document.questionnaire, &document.edition).select_only().column(Column::Language))
        .await?;
    if languages.iter().any(|(language,)| *language == document.language) {
        return Err(Error::conflict(
            "duplicate",
            "this edition has that language already: change it, or delete it first",
        ));
    }
    if languages.len() as u64 >= MAXIMUM_LANGUAGES {
        return Err(Error::conflict(
            "limit",
            format!("an edition can have {MAXIMUM_LANGUAGES} languages besides its own"),
        ));
    }
    let row = Model {
        id: writer.new_id(),
        organisation_id: writer.scope().organisation_id.clone(),
        version: 1,
        questionnaire: document.questionnaire.clone(),
        edition: document.edition.clone(),
        language: document.language.clone(),
        title: document.title.clone(),
        document: Json(document),
        created_at: writer.now(),
        updated_at: writer.now(),
    };
    writer.insert::<Entity, ActiveModel>(row).await
}

/// A page of translations without their words, in the order of their entry.
///
/// # Errors
/// [`Error::Invalid`] for a cursor that is none.
pub async fn list(reader: &Reader, filter: &TranslationFilter) -> Result<Page<TranslationEntry>, Error> {
    use entry::Column;
    let wanted = [
        (Column::Questionnaire, &filter.questionnaire),
        (Column::Edition, &filter.edition),
        (Column::Language, &filter.language),
    ];
    let condition = wanted
        .into_iter()
        .filter_map(|(column, value)| Some(column.eq(value.as_deref()?)))
        .fold(Condition::all(), Condition::add);
    reader
        .page(
            reader.find::<entry::Entity>().filter(condition),
            Sort::up(Column::CreatedAt),
            Column::Id,
            filter.limit,
            filter.cursor.as_deref(),
        )
        .await
}

/// One translation.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn read(reader: &Reader, id: &TranslationId) -> Result<StoredTranslation, Error> {
    reader.get::<Entity>(id.as_str()).await
}

/// Changes some of a translation's words; its edition and language stay.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], or [`Error::Invalid`] as [`create`].
pub async fn change(
    writer: &Writer,
    id: &TranslationId,
    version: i64,
    change: Change<Document>,
) -> Result<StoredTranslation, Error> {
    let before = writer.get_at::<Entity>(id.as_str(), version).await?;
    let document = change.over(&before.document.0)?;
    let fixed = [
        ("/questionnaire", document.questionnaire == before.questionnaire),
        ("/edition", document.edition == before.edition),
        ("/language", document.language == before.language),
    ];
    let mut faults = Faults::default();
    fixed.into_iter().for_each(|(place, same)| {
        faults.expect(
            same,
            place,
            "fixed",
            "this field cannot be changed: create a separate translation for another edition or language",
        )
    });
    faults.done()?;
    let faults = document.check(edition_of(writer, &document).await?.as_ref());
    if !faults.is_empty() {
        return Err(refused(faults));
    }
    let after = Model { title: document.title.clone(), document: Json(document), ..before.clone() };
    writer.replace::<Entity, ActiveModel>("change", &before, after).await
}

/// Takes a translation away.
///
/// # Errors
/// [`Error::NotFound`] or [`Error::Stale`].
pub async fn delete(writer: &Writer, id: &TranslationId, version: i64) -> Result<(), Error> {
    writer.remove::<Entity>(&writer.get_at::<Entity>(id.as_str(), version).await?).await
}

/// Takes away every translation of an edition that is about to be taken away itself.
pub(crate) async fn forget(writer: &Writer, key: &str, edition: &str) -> Result<(), Error> {
    for row in writer.all(of(writer, key, edition)).await? {
        writer.remove::<Entity>(&row).await?;
    }
    Ok(())
}

/// The languages an edition has besides its own, in order.
pub(crate) async fn languages(reader: &Reader, key: &str, edition: &str) -> Result<Vec<String>, Error> {
    let found: Vec<(String,)> = reader.tuples(of(reader, key, edition).select_only().column(Column::Language)).await?;
    let mut languages: Vec<String> = found.into_iter().map(|(language,)| language).collect();
    languages.sort();
    Ok(languages)
}

/// An edition in one of its languages.
pub(crate) async fn translated(reader: &Reader, edition: &Edition, language: &str) -> Result<Edition, Error> {
    let found = reader.one(of(reader, &edition.key, &edition.edition).filter(Column::Language.eq(language))).await?;
    let row = found
        .ok_or_else(|| Error::invalid("?language", "unknown", "this edition is not translated to that language"))?;
    row.document.apply(edition).map_err(refused)
}
