//! Drafts: questionnaires being written. A draft may be wrong as long as it likes; it is checked, looked at as a
//! respondent would, tried out with answers, and published once nothing is wrong with it.

use std::sync::Arc;

use diligence_questionnaires::{
    Answers, Band, Conflict, Edition, EvidenceFact, Extension, Input, Outcome, Preview, Rating, RatingPolicy, Review,
    Splice, Subject, Tier, extension::AddedQuestion,
};
use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, Condition, QueryFilter as _, entity::prelude::*};
use serde::{Deserialize, Serialize};
use validator::Validate;

use crate::{
    blocking::run_blocking,
    clock::{Day, Moment},
    error::Error,
    fault::{Fault, Faults},
    id::{DraftId, OrganisationId},
    page::{Page, Sort},
    patch::Change,
    policy,
    questionnaire::{self, Authored, DocumentFormat, DocumentKind, PublishedEdition},
    scope::{Reader, Writer, owned},
    stored::Word,
};

/// How many drafts an organisation may keep.
pub const MAXIMUM_DRAFTS: u64 = 500;
/// The longest document of a draft, in characters.
pub const MAXIMUM_CHARACTERS: u64 = diligence_questionnaires::edition::MAX_DOCUMENT_BYTES as u64;

/// A draft as stored, without its text.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, JsonSchema)]
#[sea_orm(table_name = "draft")]
#[schemars(rename = "Draft")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DraftId,
    /// The organisation whose register it is in.
    #[serde(skip)]
    pub organisation_id: OrganisationId,
    /// Its version, from 1; each change adds one.
    pub version: i64,
    /// What its authors call it.
    pub name: String,
    /// What it is.
    #[schemars(with = "DocumentKind")]
    pub kind: Word<DocumentKind>,
    /// How it is written.
    #[schemars(with = "DocumentFormat")]
    pub format: Word<DocumentFormat>,
    /// How long its text is, in characters.
    pub character_count: i64,
    /// When it was begun.
    pub created_at: Moment,
    /// When it was last changed.
    pub updated_at: Moment,
}

pub use Model as Draft;

/// Rows are loaded by noun, never joined.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}
owned!("draft", _row => None);

/// The text of a draft, in a row of its own: lists of drafts never read it.
#[expect(unreachable_pub, reason = "sea-orm derives a public entity from the row")]
pub(crate) mod text {
    use sea_orm::entity::prelude::*;

    use crate::id::{DraftId, OrganisationId};

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "draft_document")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub draft_id: DraftId,
        pub organisation_id: OrganisationId,
        pub document: String,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
    crate::scope::belongs!();
}

/// What a draft is made of.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "name": "Visitors", "document": "key: our-visitors\ntitle: Visitors\n" }))]
pub struct NewDraft {
    /// What its authors call it.
    #[validate(length(min = 1, max = 300))]
    pub name: String,
    /// What it is; an edition if not said.
    #[serde(default)]
    pub kind: DocumentKind,
    /// How it is written; YAML if not said.
    #[serde(default)]
    pub format: DocumentFormat,
    /// The text, wrong or right.
    #[validate(length(max = "MAXIMUM_CHARACTERS"))]
    #[schemars(regex(pattern = crate::text::ANY))]
    pub document: String,
}

impl NewDraft {
    fn check(&self) -> Result<(), Error> {
        let mut faults = Faults::of(self);
        faults.expect(
            self.kind == DocumentKind::Edition || self.format != DocumentFormat::Csv,
            "/format",
            "format",
            "an extension is written as YAML or JSON",
        );
        faults.expect(!self.document.contains('\0'), "/document", "character", "expected text without null characters");
        faults.done()
    }
}

/// A draft with its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct WrittenDraft {
    /// The draft.
    pub draft: Draft,
    /// Its text.
    pub document: String,
}

impl crate::page::Versioned for WrittenDraft {
    fn id(&self) -> &str {
        self.draft.id.as_str()
    }
    fn version(&self) -> i64 {
        self.draft.version
    }
}

/// Everything that is wrong with a draft.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DraftCheck {
    /// Whether it could be published: nothing is wrong with it, and its key and number are free.
    pub is_publishable: bool,
    /// Everything that is wrong, in the order of its places.
    pub faults: Vec<Fault>,
    /// What may not be meant, and keeps nothing from being published: a comment that swallows the end of a text.
    pub warnings: Vec<Fault>,
    /// The key of the questionnaire, once it can be read.
    pub key: Option<String>,
    /// Which edition of it.
    pub edition: Option<String>,
    /// How many questions it asks.
    pub question_count: Option<u32>,
}

/// Answers to try a draft out with.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "answers": { "badges": { "value": "yes" } }, "subject": { "tier": "high" } }))]
pub struct Attempt {
    /// The answers, by question key.
    #[schemars(length(max = 2000))]
    pub answers: Answers,
    /// Reviewers' points, by question key.
    #[schemars(length(max = 2000))]
    pub review: Review,
    /// The evidence there is.
    #[schemars(length(max = 2000))]
    pub evidence: Vec<EvidenceFact>,
    /// What is known of the subject.
    pub subject: Subject,
    /// The day it is judged on; today if not said.
    pub on: Option<Day>,
}

/// The rating a result would give, by the tier of the supplier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RatingByTier {
    /// For a supplier of low tier.
    pub low: Rating,
    /// For a supplier of medium tier.
    pub medium: Rating,
    /// For a supplier of high tier.
    pub high: Rating,
    /// For a supplier of critical tier.
    pub critical: Rating,
}

/// What the answers would come to.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct AttemptResult {
    /// Everything the score is made of.
    pub outcome: Outcome,
    /// The band of the evidenced score.
    pub band: Band,
    /// The rating it would give.
    pub ratings: RatingByTier,
}

/// How to put an extension on a newer edition of its base.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "questionnaire": "our-security", "new_edition": "2027.2" }))]
pub struct NewMerge {
    /// The key of the questionnaire that the extension made.
    #[validate(length(min = 1, max = 64))]
    pub questionnaire: String,
    /// Which edition of it; the latest if not said.
    #[validate(length(min = 1, max = 20))]
    #[serde(default)]
    pub edition: Option<String>,
    /// The number of the edition that results.
    #[validate(length(min = 1, max = 20))]
    pub new_edition: String,
    /// The edition of the base; its latest if not said.
    #[validate(length(min = 1, max = 20))]
    #[serde(default)]
    pub base_edition: Option<String>,
}

/// An extension put on a newer edition of its base, as a draft to go on with.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct MergedDraft {
    /// The draft that was made.
    pub draft: Draft,
    /// The edition of the base it is on now.
    pub base_edition: String,
    /// Whether nothing stands in the way of publishing it.
    pub is_publishable: bool,
    /// Where the new base and what was added disagree, and what was done about it.
    pub conflicts: Vec<Conflict>,
}

impl crate::page::Versioned for MergedDraft {
    fn id(&self) -> &str {
        self.draft.id.as_str()
    }
    fn version(&self) -> i64 {
        self.draft.version
    }
}

/// Which drafts to list.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct DraftFilter {
    /// What they are.
    pub kind: Option<DocumentKind>,
    /// How many to answer, 1 to 200; 50 if not said.
    #[validate(range(min = 1, max = 200))]
    pub limit: Option<u64>,
    /// The `next` of the page before.
    #[validate(length(max = 2000))]
    pub cursor: Option<String>,
}

/// Begins a draft.
///
/// # Errors
/// [`Error::Invalid`] for a name or document that is too long, [`Error::Conflict`] when there are too many drafts.
pub async fn create(writer: &Writer, new: NewDraft) -> Result<Draft, Error> {
    crate::text::check(&new)?;
    new.check()?;
    let there: Vec<(i64,)> = {
        use sea_orm::QuerySelect as _;
        writer.tuples(writer.find::<Entity>().select_only().expr_as(Column::Id.count(), "draft_count")).await?
    };
    if there.first().is_some_and(|(count,)| count.unsigned_abs() >= MAXIMUM_DRAFTS) {
        return Err(Error::conflict(
            "limit",
            format!("an organisation can keep {MAXIMUM_DRAFTS} drafts: publish or delete some"),
        ));
    }
    let draft = Model {
        id: writer.new_id(),
        organisation_id: writer.scope().organisation_id.clone(),
        version: 1,
        name: new.name,
        kind: Word(new.kind),
        format: Word(new.format),
        character_count: count(&new.document),
        created_at: writer.now(),
        updated_at: writer.now(),
    };
    let draft = writer.insert::<Entity, ActiveModel>(draft).await?;
    keep(writer, &draft, new.document).await?;
    Ok(draft)
}

fn count(document: &str) -> i64 {
    i64::try_from(document.chars().count()).unwrap_or(i64::MAX)
}

async fn keep(writer: &Writer, draft: &Draft, document: String) -> Result<(), Error> {
    let row = text::Model { draft_id: draft.id.clone(), organisation_id: draft.organisation_id.clone(), document };
    writer.put_all::<text::Entity, text::ActiveModel>(vec![row], &[text::Column::DraftId]).await
}

/// A draft with its text.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn read(reader: &Reader, id: &DraftId) -> Result<WrittenDraft, Error> {
    written(reader, reader.get::<Entity>(id.as_str()).await?).await
}

async fn written(reader: &Reader, draft: Draft) -> Result<WrittenDraft, Error> {
    let row = reader
        .one(reader.find::<text::Entity>().filter(text::Column::DraftId.eq(draft.id.clone())))
        .await?
        .ok_or(Error::NotFound)?;
    Ok(WrittenDraft { draft, document: row.document })
}

/// A page of drafts, last changed first.
///
/// # Errors
/// [`Error::Invalid`] for a cursor that is none.
pub async fn list(reader: &Reader, filter: &DraftFilter) -> Result<Page<Draft>, Error> {
    let mut select = reader.find::<Entity>();
    if let Some(kind) = filter.kind {
        select = select.filter(Column::Kind.eq(Word(kind)));
    }
    reader.page(select, Sort::down(Column::UpdatedAt), Column::Id, filter.limit, filter.cursor.as_deref()).await
}

/// Changes a draft.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], or [`Error::Invalid`] as [`create`].
pub async fn change(
    writer: &Writer,
    id: &DraftId,
    version: i64,
    change: Change<NewDraft>,
) -> Result<WrittenDraft, Error> {
    let before = written(writer, writer.get_at::<Entity>(id.as_str(), version).await?).await?;
    let stored = NewDraft {
        name: before.draft.name.clone(),
        kind: before.draft.kind.0,
        format: before.draft.format.0,
        document: before.document.clone(),
    };
    let new: NewDraft = change.over(&stored)?;
    new.check()?;
    let after = Model {
        name: new.name,
        kind: Word(new.kind),
        format: Word(new.format),
        character_count: count(&new.document),
        ..before.draft.clone()
    };
    let draft = writer.replace::<Entity, ActiveModel>("change", &before.draft, after).await?;
    if new.document != before.document {
        keep(writer, &draft, new.document.clone()).await?;
    }
    Ok(WrittenDraft { draft, document: new.document })
}

/// What can be told of an extension that is being written, for whoever adds to it without writing its text.
#[derive(Clone, Debug)]
pub struct Additions {
    /// The draft.
    pub draft: Draft,
    /// The edition it is added to.
    pub base: Arc<Edition>,
    /// The principles that a question can count for, the base's and its own: key and title.
    pub principles: Vec<(String, String)>,
    /// The questions it adds to the base's sections; `None` for one that cannot be read.
    pub questions: Vec<Option<AddedQuestion>>,
}

/// What an extension that is being written adds.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Conflict`] for a draft that is no extension, or [`Error::Invalid`] for one that cannot
/// be read, or whose base is not there.
pub async fn additions(reader: &Reader, id: &DraftId) -> Result<Additions, Error> {
    let WrittenDraft { draft, document } = read(reader, id).await?;
    if draft.kind.0 != DocumentKind::Extension {
        return Err(Error::conflict(
            "no_extension",
            "this draft is a whole questionnaire, not an extension: edit the document text instead",
        ));
    }
    let is_json = draft.format.0 == DocumentFormat::Json;
    let sketch = run_blocking(move || Extension::sketch(&document, is_json)).await?;
    let sketch = sketch.ok_or_else(|| {
        Error::invalid(
            "/document",
            "unreadable",
            "the document cannot be parsed: correct the faults that the check reports first",
        )
    })?;
    let unknown = || {
        Error::invalid(
            "/document",
            "unknown_base",
            format!("there is no such edition of the questionnaire `{}` that this one extends", sketch.base),
        )
    };
    let base =
        questionnaire::latest(reader, &sketch.base, sketch.base_edition.as_deref()).await?.ok_or_else(unknown)?;
    let of_base = base.principles.iter().map(|principle| (principle.key.clone(), principle.title.clone()));
    Ok(Additions { draft, principles: of_base.chain(sketch.principles).collect(), questions: sketch.questions, base })
}

/// Adds, changes or removes one of the questions that an extension adds, in its text, and leaves everything else in it
/// as it is.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], or [`Error::Conflict`] where that would lose something.
pub async fn splice(writer: &Writer, id: &DraftId, version: i64, splice: Splice<'_>) -> Result<WrittenDraft, Error> {
    let before = written(writer, writer.get_at::<Entity>(id.as_str(), version).await?).await?;
    let spliced = Extension::splice(&before.document, before.draft.format.0 == DocumentFormat::Json, splice);
    let document = spliced.ok_or_else(|| {
        Error::conflict("text", "this change would lose comments or formatting: edit the document text instead")
    })?;
    if count(&document).unsigned_abs() > MAXIMUM_CHARACTERS {
        return Err(Error::conflict("length", format!("a draft has at most {MAXIMUM_CHARACTERS} characters")));
    }
    let after = Model { character_count: count(&document), ..before.draft.clone() };
    let draft = writer.replace::<Entity, ActiveModel>("change", &before.draft, after).await?;
    keep(writer, &draft, document.clone()).await?;
    Ok(WrittenDraft { draft, document })
}

/// Takes a draft away.
///
/// # Errors
/// [`Error::NotFound`] or [`Error::Stale`].
pub async fn delete(writer: &Writer, id: &DraftId, version: i64) -> Result<(), Error> {
    let row = writer.get_at::<Entity>(id.as_str(), version).await?;
    remove(writer, &row).await
}

async fn remove(writer: &Writer, row: &Draft) -> Result<(), Error> {
    writer.clear::<text::Entity>(Condition::all().add(text::Column::DraftId.eq(row.id.clone()))).await?;
    writer.remove::<Entity>(row).await
}

async fn author(reader: &Reader, written: WrittenDraft) -> Result<Authored, Error> {
    questionnaire::author(reader, written.draft.kind.0, written.draft.format.0, written.document).await
}

/// The edition that a draft would become.
///
/// # Errors
/// [`Error::NotFound`], or [`Error::Invalid`] with everything that is wrong with it.
pub async fn edition(reader: &Reader, id: &DraftId) -> Result<Edition, Error> {
    Ok(author(reader, read(reader, id).await?).await?.edition)
}

/// Everything that is wrong with a draft, without refusing it.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn check(reader: &Reader, id: &DraftId) -> Result<DraftCheck, Error> {
    let written = read(reader, id).await?;
    let warnings = warnings(written.draft.format.0, &written.document).await?;
    checked(reader, author(reader, written).await, warnings).await
}

/// Lists everything that is wrong with a document that is not stored as a draft.
///
/// # Errors
/// [`Error::Database`] only.
pub async fn check_document(reader: &Reader, new: NewDraft) -> Result<DraftCheck, Error> {
    let warnings = warnings(new.format, &new.document).await?;
    checked(reader, questionnaire::author(reader, new.kind, new.format, new.document).await, warnings).await
}

/// What may not be meant in a document.
async fn warnings(format: DocumentFormat, document: &str) -> Result<Vec<Fault>, Error> {
    if format != DocumentFormat::Yaml {
        return Ok(Vec::new());
    }
    let document = document.to_owned();
    let found = run_blocking(move || diligence_questionnaires::swallowed(&document)).await?;
    Ok(found.into_iter().map(Fault::from).collect())
}

async fn checked(
    reader: &Reader,
    authored: Result<Authored, Error>,
    warnings: Vec<Fault>,
) -> Result<DraftCheck, Error> {
    let edition = match authored {
        Ok(authored) => authored.edition,
        Err(Error::Invalid(faults)) => {
            return Ok(DraftCheck {
                is_publishable: false,
                faults,
                warnings,
                key: None,
                edition: None,
                question_count: None,
            });
        }
        Err(other) => return Err(other),
    };
    let faults = against_publishing(reader, &edition).await?;
    Ok(DraftCheck {
        is_publishable: faults.is_empty(),
        faults,
        warnings,
        question_count: u32::try_from(edition.questions().count()).ok(),
        key: Some(edition.key),
        edition: Some(edition.edition),
    })
}

/// What publishing would refuse an edition for.
async fn against_publishing(reader: &Reader, edition: &Edition) -> Result<Vec<Fault>, Error> {
    match questionnaire::check_publishable(reader, edition).await {
        Ok(()) => Ok(Vec::new()),
        Err(Error::Invalid(faults)) => Ok(faults),
        Err(Error::Conflict { code, detail, errors }) => {
            Ok(if errors.is_empty() { vec![Fault::new("", code, detail)] } else { errors })
        }
        Err(other) => Err(other),
    }
}

/// A draft as a respondent would see it: without weights, points, knock-outs and findings.
///
/// # Errors
/// As [`edition`].
pub async fn preview(reader: &Reader, id: &DraftId) -> Result<Preview, Error> {
    let edition = edition(reader, id).await?;
    run_blocking(move || Preview::of(&edition)).await
}

/// What answers to a draft would come to.
///
/// # Errors
/// As [`edition`], and [`Error::Invalid`] for answers, points or facts that do not fit it.
pub async fn attempt(reader: &Reader, id: &DraftId, attempt: Attempt) -> Result<AttemptResult, Error> {
    let edition = edition(reader, id).await?;
    let policy = policy::read(reader).await?;
    let on = attempt.on.unwrap_or_else(|| reader.today());
    run_blocking(move || attempted(&edition, attempt, &policy.rating, on)).await?
}

fn attempted(edition: &Edition, attempt: Attempt, policy: &RatingPolicy, on: Day) -> Result<AttemptResult, Error> {
    let mut faults = Faults::default();
    for (place, found) in [
        ("/answers", diligence_questionnaires::check_answers(edition, &attempt.answers)),
        ("/review", diligence_questionnaires::check_review(edition, &attempt.review)),
        ("/subject", diligence_questionnaires::check_subject(&attempt.subject)),
    ] {
        found.into_iter().for_each(|fault| faults.push(Fault::from(fault).within(place)));
    }
    faults.done()?;
    let answers = diligence_questionnaires::normalise_answers(edition, attempt.answers);
    let input = Input {
        answers: &answers,
        review: &attempt.review,
        evidence: &attempt.evidence,
        subject: &attempt.subject,
        on: on.date(),
    };
    let outcome = diligence_questionnaires::evaluate(edition, &input);
    let rating = |tier| {
        diligence_questionnaires::residual(policy, tier, outcome.evidenced, outcome.coverage, outcome.is_knocked_out())
    };
    Ok(AttemptResult {
        band: diligence_questionnaires::band(policy, outcome.evidenced, outcome.coverage, outcome.is_knocked_out()),
        ratings: RatingByTier {
            low: rating(Tier::Low),
            medium: rating(Tier::Medium),
            high: rating(Tier::High),
            critical: rating(Tier::Critical),
        },
        outcome,
    })
}

/// Publishes what a draft says, and takes the draft away: its text stays with the edition.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], and as [`questionnaire::publish`].
pub async fn publish(writer: &Writer, id: &DraftId, version: i64) -> Result<PublishedEdition, Error> {
    let row = writer.get_at::<Entity>(id.as_str(), version).await?;
    let authored = author(writer, written(writer, row.clone()).await?).await?;
    let published = questionnaire::publish(writer, authored).await?;
    remove(writer, &row).await?;
    Ok(published)
}

/// Puts what an own edition added to its base on a newer edition of that base, as a draft. Conflicts are shown, and the
/// draft holds what could be kept.
///
/// # Errors
/// [`Error::Invalid`] for an edition or a base edition that is not there, or [`Error::Conflict`] for one that is no
/// extension, or whose base is not here any more.
pub async fn merge(writer: &Writer, new: NewMerge) -> Result<MergedDraft, Error> {
    Faults::of_new(&new).done()?;
    let source = questionnaire::source_of(writer, &new.questionnaire, new.edition.as_deref())
        .await?
        .filter(|source| source.kind == DocumentKind::Extension);
    let Some(source) = source else {
        return Err(Error::conflict("no_extension", "this edition is not an extension: there is nothing to merge"));
    };
    let extension = questionnaire::extension(source.format, &source.document)?;
    let unknown =
        || Error::invalid("/base_edition", "unknown", format!("there is no such edition of `{}`", extension.base));
    let base =
        questionnaire::latest(writer, &extension.base, new.base_edition.as_deref()).await?.ok_or_else(unknown)?;
    let old = questionnaire::latest(writer, &extension.base, source.base_edition.as_deref()).await?;
    let gone = || {
        let number = source.base_edition.as_deref().unwrap_or_default();
        let detail = format!(
            "edition {number} of `{}`, which this one extends, no longer exists: write the extension again for a later edition",
            extension.base
        );
        Error::conflict("base_gone", detail)
    };
    let old = old.ok_or_else(gone)?;
    let (added, newer, number) = (extension.clone(), Arc::clone(&base), new.new_edition.clone());
    let merged = run_blocking(move || added.merge(&old, &newer, &number)).await?;
    let format = if source.format == DocumentFormat::Json { DocumentFormat::Json } else { DocumentFormat::Yaml };
    let document = if format == DocumentFormat::Json { merged.extension.to_json() } else { merged.extension.to_yaml() };
    let name: String = format!("{} {} on {} {}", extension.title, new.new_edition, base.title, base.edition)
        .chars()
        .take(300)
        .collect();
    let draft = create(writer, NewDraft { name, kind: DocumentKind::Extension, format, document }).await?;
    let is_publishable = match &merged.result {
        Some(edition) => against_publishing(writer, edition).await?.is_empty(),
        None => false,
    };
    Ok(MergedDraft { draft, base_edition: base.edition.clone(), is_publishable, conflicts: merged.conflicts })
}
