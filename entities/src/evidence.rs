//! Evidence: certificates, documents and links that support answers, dated by what they say and never by when they
//! came.

use std::collections::BTreeMap;

use diligence_questionnaires::{EvidenceFact, EvidenceKind};
use schemars::JsonSchema;
use sea_orm::{
    ColumnTrait as _, Condition, QueryFilter as _,
    entity::prelude::*,
    sea_query::{ExprTrait as _, Func},
};
use serde::{Deserialize, Serialize};
use validator::Validate;

use crate::{
    clock::{Day, END_OF_TIME, Moment},
    error::Error,
    evidence_file::{self, StoredFile},
    fault::Faults,
    id::{EvidenceId, OrganisationId, ProductId, SubjectId, SupplierId},
    page::{Page, Sort},
    patch::Change,
    scope::{Reader, Writer, owned},
    stored::{Json, Word},
    subject::Subject,
    supplier::is_web_address,
    text,
};

/// A piece of evidence as stored.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, JsonSchema)]
#[sea_orm(table_name = "evidence")]
#[schemars(rename = "Evidence")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: EvidenceId,
    /// The organisation whose register it is in.
    #[serde(skip)]
    pub organisation_id: OrganisationId,
    /// Its version, from 1; each change adds one.
    pub version: i64,
    /// The supplier or product it is about.
    pub subject_id: SubjectId,
    /// That supplier, or that product's.
    pub supplier_id: SupplierId,
    /// That product, if it is one.
    pub product_id: Option<ProductId>,
    /// What sort of evidence it is.
    #[schemars(with = "EvidenceKind")]
    pub kind: Word<EvidenceKind>,
    /// Its number or title.
    pub reference: Option<String>,
    /// What it says in a few words, e.g. `22/23 Standards Met`.
    pub statement: Option<String>,
    /// What it covers.
    pub scope: Option<String>,
    /// The version of the document or scheme.
    pub document_version: Option<String>,
    /// The day it was issued, as it says itself.
    pub issued_on: Option<Day>,
    /// The last day it is valid, as it says itself; null for no end.
    pub expires_on: Option<Day>,
    /// For order: `expires_on` as text, or the end of time.
    #[serde(skip)]
    pub expiry_key: String,
    /// Where it can be seen.
    pub address: Option<String>,
    /// Anything else worth knowing.
    pub notes: Option<String>,
    /// The document itself, if it is kept here.
    #[schemars(with = "Option<StoredFile>")]
    pub file: Option<Json<StoredFile>>,
    /// When it was entered.
    pub created_at: Moment,
    /// When it was last changed.
    pub updated_at: Moment,
}

pub use Model as Evidence;

/// Rows are loaded by noun, never joined.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}
owned!("evidence", row => Some(&row.supplier_id), row.product_id.as_ref());

impl Model {
    /// What scoring needs to know of it.
    #[must_use]
    pub fn fact(&self) -> EvidenceFact {
        EvidenceFact {
            id: self.id.to_string(),
            kind: self.kind.0,
            issued_on: self.issued_on.map(Day::date),
            expires_on: self.expires_on.map(Day::date),
            file_sha256: self.file.as_ref().map(|file| file.sha256.clone()),
        }
    }
}

/// What a piece of evidence is made of.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "subject_id": "sup_0190c5d2e5f27c3c8a4b0d6f1e2a3b4c", "kind": "cyber_essentials", "reference": "CE-123456", "issued_on": "2026-05-01" }))]
pub struct NewEvidence {
    /// The supplier or product it is about.
    pub subject_id: SubjectId,
    /// What sort of evidence it is.
    pub kind: EvidenceKind,
    /// Its number or title.
    #[validate(length(min = 1, max = 300))]
    #[serde(default)]
    pub reference: Option<String>,
    /// What it says in a few words, e.g. `22/23 Standards Met`.
    #[validate(length(min = 1, max = 500))]
    #[serde(default)]
    pub statement: Option<String>,
    /// What it covers.
    #[validate(length(min = 1, max = 2000))]
    #[serde(default)]
    #[schemars(regex(pattern = crate::text::LINES))]
    pub scope: Option<String>,
    /// The version of the document or scheme.
    #[validate(length(min = 1, max = 100))]
    #[serde(default)]
    pub document_version: Option<String>,
    /// The day it was issued, as it says itself.
    #[serde(default)]
    pub issued_on: Option<Day>,
    /// The last day it is valid. A Cyber Essentials certificate lasts 12 months from its issue if nothing is said here.
    #[serde(default)]
    pub expires_on: Option<Day>,
    /// Where it can be seen.
    #[validate(length(max = 2000), custom(function = "is_web_address"))]
    #[serde(default)]
    pub address: Option<String>,
    /// Anything else worth knowing.
    #[validate(length(min = 1, max = 10_000))]
    #[serde(default)]
    #[schemars(regex(pattern = crate::text::LINES))]
    pub notes: Option<String>,
}

impl NewEvidence {
    pub(crate) fn check(mut self) -> Result<Self, Error> {
        let mut faults = Faults::of(&self);
        if self.expires_on.is_none()
            && matches!(self.kind, EvidenceKind::CyberEssentials | EvidenceKind::CyberEssentialsPlus)
        {
            self.expires_on = self.issued_on.map(|day| day.plus_months(12));
        }
        if let (Some(issued), Some(expires)) = (self.issued_on, self.expires_on) {
            faults.expect(issued <= expires, "/expires_on", "order", "expected the day of issue or a later day");
        }
        faults.done()?;
        Ok(self)
    }
}

/// How to order evidence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum EvidenceSort {
    /// Oldest entry first.
    #[default]
    #[serde(rename = "created_at")]
    Created,
    /// Newest entry first.
    #[serde(rename = "-created_at")]
    CreatedDescending,
    /// What ends first comes first; what has no end comes last.
    #[serde(rename = "expires_on")]
    Expiry,
}

/// Which evidence to list.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct EvidenceFilter {
    /// The supplier or product it is about.
    pub subject_id: Option<SubjectId>,
    /// The supplier it is about, or whose products it is about.
    pub supplier_id: Option<SupplierId>,
    /// What sort of evidence it is.
    pub kind: Option<EvidenceKind>,
    /// Only what expires before this day.
    pub expires_before: Option<Day>,
    /// Only what is valid on this day.
    pub valid_on: Option<Day>,
    /// Only what changed at or after this moment.
    pub updated_since: Option<Moment>,
    /// The order; `created_at` if not said.
    pub sort: Option<EvidenceSort>,
    /// How many to answer, 1 to 200; 50 if not said.
    #[validate(range(min = 1, max = 200))]
    pub limit: Option<u64>,
    /// The `next` of the page before.
    #[validate(length(max = 2000))]
    pub cursor: Option<String>,
}

/// The kinds that say by themselves that someone else has looked at a supplier's security.
pub const SECURITY_CERTIFICATES: [EvidenceKind; 3] =
    [EvidenceKind::CyberEssentials, EvidenceKind::CyberEssentialsPlus, EvidenceKind::Iso27001];
/// What a DSPT status says where it is as good as one: others are `Standards not fully met (plan agreed)`, `Entry
/// Level`, `Not Published`.
pub const DSPT_MET: [&str; 2] = ["Standards Met", "Standards Exceeded"];

/// What certifies a supplier's security, as long as it is valid.
pub(crate) fn is_security_certificate() -> Condition {
    let statement = || Expr::expr(Func::lower(Expr::col((Entity, Column::Statement))));
    let met = DSPT_MET
        .iter()
        .fold(Condition::any(), |any, status| any.add(statement().like(format!("%{}%", status.to_lowercase()))));
    let dspt = Condition::all().add(Column::Kind.eq(Word(EvidenceKind::Dspt))).add(met);
    Condition::any().add(Column::Kind.is_in(SECURITY_CERTIFICATES.map(Word))).add(dspt)
}

/// What is valid on a day: issued by then as far as it says, and not yet at an end.
pub(crate) fn valid_on(day: Day) -> Condition {
    Condition::all()
        .add(Condition::any().add(Column::ExpiresOn.is_null()).add(Column::ExpiresOn.gte(day)))
        .add(Condition::any().add(Column::IssuedOn.is_null()).add(Column::IssuedOn.lte(day)))
}

/// Enters a piece of evidence.
///
/// # Errors
/// [`Error::Invalid`] with every fault, an unknown subject among them.
pub async fn create(writer: &Writer, new: NewEvidence) -> Result<Evidence, Error> {
    text::check(&new)?;
    let new = new.check()?;
    let subject = Subject::find(writer, &new.subject_id, "/subject_id").await?;
    let row = build(writer, new, subject.supplier.id.clone(), subject.product_id());
    writer.insert::<Entity, ActiveModel>(row).await
}

/// Enters pieces of evidence that have been checked, each about the supplier beside it.
pub(crate) async fn create_all(writer: &Writer, new: Vec<(SupplierId, NewEvidence)>) -> Result<Vec<Evidence>, Error> {
    let rows = new.into_iter().map(|(supplier_id, new)| build(writer, new, supplier_id, None)).collect();
    writer.insert_all::<Entity, ActiveModel>(rows).await
}

fn build(writer: &Writer, new: NewEvidence, supplier_id: SupplierId, product_id: Option<ProductId>) -> Model {
    let NewEvidence {
        subject_id,
        kind,
        reference,
        statement,
        scope,
        document_version,
        issued_on,
        expires_on,
        address,
        notes,
    } = new;
    Model {
        id: writer.new_id(),
        organisation_id: writer.scope().organisation_id.clone(),
        version: 1,
        subject_id,
        supplier_id,
        product_id,
        kind: Word(kind),
        reference,
        statement,
        scope,
        document_version,
        issued_on,
        expires_on,
        expiry_key: expires_on.map_or_else(|| END_OF_TIME.to_owned(), |day| day.to_string()),
        address,
        notes,
        file: None,
        created_at: writer.now(),
        updated_at: writer.now(),
    }
}

/// One piece of evidence.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn read(reader: &Reader, id: &EvidenceId) -> Result<Evidence, Error> {
    reader.get::<Entity>(id.as_str()).await
}

/// These pieces of evidence, as far as they are there, by id.
///
/// # Errors
/// [`Error::Database`] only.
pub async fn several(
    reader: &Reader,
    ids: impl IntoIterator<Item = String>,
) -> Result<BTreeMap<String, Evidence>, Error> {
    let rows = reader.get_many::<Entity>(&ids.into_iter().collect()).await?;
    Ok(rows.into_iter().map(|row| (row.id.to_string(), row)).collect())
}

/// A page of evidence.
///
/// # Errors
/// [`Error::Invalid`] for a cursor that is none.
pub async fn list(reader: &Reader, filter: &EvidenceFilter) -> Result<Page<Evidence>, Error> {
    let mut condition = Condition::all();
    if let Some(id) = &filter.subject_id {
        condition = condition.add(Column::SubjectId.eq(id.as_str()));
    }
    if let Some(id) = &filter.supplier_id {
        condition = condition.add(Column::SupplierId.eq(id.clone()));
    }
    if let Some(kind) = filter.kind {
        condition = condition.add(Column::Kind.eq(Word(kind)));
    }
    if let Some(day) = filter.expires_before {
        condition = condition.add(Column::ExpiresOn.lt(day));
    }
    if let Some(day) = filter.valid_on {
        condition = condition.add(valid_on(day));
    }
    if let Some(since) = filter.updated_since {
        condition = condition.add(Column::UpdatedAt.gte(since));
    }
    let sort = match filter.sort.unwrap_or_default() {
        EvidenceSort::Created => Sort::up(Column::CreatedAt),
        EvidenceSort::CreatedDescending => Sort::down(Column::CreatedAt),
        EvidenceSort::Expiry => Sort::up(Column::ExpiryKey),
    };
    reader
        .page(reader.find::<Entity>().filter(condition), sort, Column::Id, filter.limit, filter.cursor.as_deref())
        .await
}

/// All evidence about these suppliers and their products.
pub(crate) async fn of_suppliers(reader: &Reader, suppliers: &[SupplierId]) -> Result<Vec<Evidence>, Error> {
    reader.all(reader.find::<Entity>().filter(Column::SupplierId.is_in(suppliers.iter().cloned()))).await
}

/// Changes a piece of evidence; what it is about stays.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`] or [`Error::Invalid`].
pub async fn change(
    writer: &Writer,
    id: &EvidenceId,
    version: i64,
    change: Change<NewEvidence>,
) -> Result<Evidence, Error> {
    let before = writer.get_at::<Entity>(id.as_str(), version).await?;
    let new = change.over(&before)?.check()?;
    if new.subject_id != before.subject_id {
        return Err(Error::invalid(
            "/subject_id",
            "fixed",
            "subject_id cannot be changed: create a new record for another supplier or product",
        ));
    }
    put(writer, before, new).await
}

/// Puts checked evidence about the same subject in the place of what was read before.
pub(crate) async fn put(writer: &Writer, before: Evidence, new: NewEvidence) -> Result<Evidence, Error> {
    let kept = before.file.clone();
    let after = Model {
        id: before.id.clone(),
        file: kept,
        created_at: before.created_at,
        ..build(writer, new, before.supplier_id.clone(), before.product_id.clone())
    };
    writer.replace::<Entity, ActiveModel>("change", &before, after).await
}

/// Takes away a piece of evidence that no answer rests on.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], or [`Error::Conflict`] when an answer names it.
pub async fn delete(writer: &Writer, id: &EvidenceId, version: i64) -> Result<(), Error> {
    let row = writer.get_at::<Entity>(id.as_str(), version).await?;
    if crate::assessment::names_evidence(writer, &row.supplier_id, id).await? {
        return Err(Error::conflict("in_use", "answers of an assessment refer to this evidence: it cannot be deleted"));
    }
    evidence_file::forget(writer, id).await?;
    crate::respondent::forget_upload(writer, id).await?;
    writer.remove::<Entity>(&row).await
}

/// Evidence with a file that expired before this day, the longest expired first.
pub(crate) async fn expired_with_file(reader: &Reader, before: Day) -> Result<Vec<Evidence>, Error> {
    use sea_orm::QueryOrder as _;
    let select = reader.find::<Entity>().filter(Column::File.is_not_null()).filter(Column::ExpiresOn.lt(before));
    reader.all(select.order_by_asc(Column::ExpiresOn).order_by_asc(Column::Id)).await
}
