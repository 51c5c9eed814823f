//! Evidence: certificates, documents and links that support answers, dated by what they say and never by when they
//! came.

use std::collections::BTreeMap;

use diligence_questionnaires::{EvidenceFact, EvidenceKind, NotCounted};
use schemars::JsonSchema;
use sea_orm::{
    ColumnTrait as _, Condition, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    entity::prelude::*,
    sea_query::{Alias, ExprTrait as _, Func, Query},
};
use serde::{Deserialize, Serialize};
use validator::Validate;

use crate::{
    clock::{Day, Moment},
    error::Error,
    evidence_file::{self, StoredFile},
    fault::Faults,
    id::{EvidenceId, OrganisationId, ProductId, SubjectId, SupplierId},
    page::{Page, Sort},
    patch::Change,
    policy,
    scope::{PORTION, Reader, Writer, owned},
    stored::{Json, Word},
    subject::Subject,
    text,
    web_address::{self, is_web_address},
};

mod comparing;
mod ending;
mod entering;
mod finding;
mod taking_part;

pub use comparing::{ComparedFinding, FindingsComparison, close_findings, compare};
pub(crate) use ending::{Ending, Said};
pub use ending::{EndsBecause, EvidenceValidity};
pub use entering::{create_exercise, create_security_check};
pub use finding::{
    CheckTarget, EvidenceFinding, Exercise, ExerciseForm, FindingOutcome, NewExercise, NewFinding, NewSecurityCheck,
    Participant, SecurityCheck, TargetKind,
};
pub(crate) use taking_part::{erase_person, places_of};

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
    /// The last day it is valid, as it says itself; null where it says none.
    pub expires_on: Option<Day>,
    /// The last day on which it counts: `expires_on`, or the day that follows from its kind and issue by the policy's
    /// `evidence_validity`; null where it has no end, or its end is not known.
    pub ends_on: Option<Day>,
    /// How that is known.
    #[schemars(with = "EndsBecause")]
    pub ends_because: Word<EndsBecause>,
    /// For order: `ends_on` as text, or the end of time.
    #[serde(skip)]
    pub expiry_key: String,
    /// For order: what was said later of the same comes later.
    #[serde(skip)]
    pub said_key: String,
    /// Where it can be seen.
    pub address: Option<String>,
    /// Anything else worth knowing.
    pub notes: Option<String>,
    /// The document itself, if it is kept here.
    #[schemars(with = "Option<StoredFile>")]
    pub file: Option<Json<StoredFile>>,
    /// What *Check your cyber security* looked at and found, where it was entered as such (`POST /security-checks`).
    #[schemars(with = "Option<SecurityCheck>")]
    pub security_check: Option<Json<SecurityCheck>>,
    /// How an exercise was held and what came out of it, where it was entered as such (`POST /exercises`).
    #[schemars(with = "Option<Exercise>")]
    pub exercise: Option<Json<Exercise>>,
    /// When it was accepted: as it was entered, or, where a respondent sent it, once an editor did; null while nobody
    /// has. Until then it counts for nothing.
    pub checked_at: Option<Moment>,
    /// Who accepted it; null while nobody has, and where it was not written down.
    pub checked_by: Option<String>,
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
    /// What scoring needs to know of it, where `is_superseded` says whether what was said later ended it.
    fn fact(&self, is_superseded: bool) -> EvidenceFact {
        let not_counted = if self.checked_at.is_none() {
            Some(NotCounted::Unchecked)
        } else if self.ends_because.0 == EndsBecause::Undated {
            Some(NotCounted::Undated)
        } else {
            is_superseded.then_some(NotCounted::Superseded)
        };
        EvidenceFact {
            id: self.id.to_string(),
            kind: self.kind.0,
            issued_on: self.issued_on.map(Day::date),
            expires_on: self.ends_on.map(Day::date),
            file_sha256: self.file.as_ref().map(|file| file.sha256.clone()),
            not_counted,
        }
    }

    /// Whether it says that what it is about does not meet the standards.
    pub(crate) fn is_unmet(&self) -> bool {
        is_unmet(self.kind.0, self.statement.as_deref())
    }

    /// Whether it is a certificate of which nobody can tell when it ends.
    pub(crate) fn is_undated(&self) -> bool {
        self.ends_because.0 == EndsBecause::Undated && !self.is_unmet()
    }

    /// Works out anew what follows from what it says.
    pub(crate) fn derive(&mut self, validity: &EvidenceValidity) {
        let said = Said {
            id: self.id.as_str(),
            kind: self.kind.0,
            statement: self.statement.as_deref(),
            issued_on: self.issued_on,
            expires_on: self.expires_on,
            created_at: self.created_at,
        };
        let Ending { ends_on, because, expiry_key, said_key } = said.ending(validity);
        self.ends_on = ends_on;
        self.ends_because = Word(because);
        self.expiry_key = expiry_key;
        self.said_key = said_key;
    }
}

/// What scoring needs to know of all the evidence about a supplier and its products.
pub(crate) fn facts<'a>(evidence: impl IntoIterator<Item = &'a Evidence> + Clone) -> Vec<EvidenceFact> {
    let last = latest(evidence.clone());
    let fact = |piece: &Evidence| {
        // Where what was said last is that standards are not met, nothing stands that was said before.
        let is_superseded =
            last.get(&same_as(piece)).is_some_and(|last| last.is_unmet() && last.said_key > piece.said_key);
        piece.fact(is_superseded)
    };
    evidence.into_iter().map(fact).collect()
}

/// Of each kind of accepted evidence about a subject, what was said last: by its day of issue, else by when it was
/// entered.
pub(crate) fn said_last<'a>(evidence: &[&'a Evidence], subject_id: &SubjectId) -> Vec<&'a Evidence> {
    let about = evidence.iter().copied().filter(|piece| piece.subject_id == *subject_id);
    latest(about).into_values().collect()
}

/// From which day on a piece of evidence that counted on `counted_on` counts no more, with what was said later in its
/// place; none where it has no end.
pub(crate) fn over_from(evidence: &[&Evidence], id: &EvidenceId, counted_on: Day) -> Option<Day> {
    let piece = evidence.iter().find(|piece| piece.id == *id)?;
    let last = *latest(evidence.iter().copied()).get(&same_as(piece))?;
    if last.is_undated() {
        return Some(counted_on);
    }
    last.ends_on.map(|day| day.plus_days(1))
}

/// What takes each other's place: the same kind, about the same supplier or product.
type Same<'a> = (&'a str, EvidenceKind);

fn same_as(piece: &Evidence) -> Same<'_> {
    (piece.subject_id.as_str(), piece.kind.0)
}

/// What was said last of what takes each other's place, of what is accepted.
fn latest<'a>(evidence: impl IntoIterator<Item = &'a Evidence>) -> BTreeMap<Same<'a>, &'a Evidence> {
    let mut last: BTreeMap<Same<'_>, &Evidence> = BTreeMap::new();
    for piece in evidence.into_iter().filter(|piece| piece.checked_at.is_some()) {
        let entry = last.entry(same_as(piece)).or_insert(piece);
        if piece.said_key > entry.said_key {
            *entry = piece;
        }
    }
    last
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
    /// The last day it is valid. Where nothing is said, the end of a security certificate follows from its issue, by the
    /// policy's `evidence_validity`.
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
        self.address = self.address.as_deref().map(web_address::canonical);
        let mut faults = Faults::of(&self);
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
    /// Only what ends before this day: `ends_on`.
    pub expires_before: Option<Day>,
    /// Only what is in date on this day; what is undated is on none.
    pub valid_on: Option<Day>,
    /// Only what was accepted (`true`), or what a respondent sent and nobody has accepted yet (`false`).
    pub checked: Option<bool>,
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

/// Whether a statement says of a toolkit status that the standards are met.
fn is_met(kind: EvidenceKind, statement: Option<&str>) -> bool {
    let said = statement.unwrap_or_default().to_lowercase();
    let is_said = |status: &&str| {
        // `Not yet Standards Met` says the opposite.
        let before = said.split_once(&status.to_lowercase()).map(|(before, _)| before);
        before.is_some_and(|before| !before.split(|letter: char| !letter.is_alphabetic()).any(|word| word == "not"))
    };
    kind == EvidenceKind::Dspt && DSPT_MET.iter().any(is_said)
}

/// Whether a status of the Data Security and Protection Toolkit says that the standards are met.
pub(crate) fn is_dspt_met(status: &str) -> bool {
    is_met(EvidenceKind::Dspt, Some(status))
}

/// Whether a statement says of a toolkit status anything but that the standards are met.
fn is_unmet(kind: EvidenceKind, statement: Option<&str>) -> bool {
    kind == EvidenceKind::Dspt && statement.is_some() && !is_met(kind, statement)
}

/// What certifies a supplier's security, as long as it is valid.
fn is_security_certificate() -> Condition {
    let statement = || Expr::expr(Func::lower(Expr::col((Entity, Column::Statement))));
    let met = DSPT_MET.iter().map(|status| status.to_lowercase()).fold(Condition::any(), |any, status| {
        let is_said = Condition::all().add(statement().like(format!("%{status}%")));
        any.add(is_said.add(statement().not_like(format!("%not %{status}%"))))
    });
    let dspt = Condition::all().add(Column::Kind.eq(Word(EvidenceKind::Dspt))).add(met);
    Condition::any().add(Column::Kind.is_in(SECURITY_CERTIFICATES.map(Word))).add(dspt)
}

/// What is in date on a day: issued by then as far as it says, not yet at an end, and not without one that it must have.
fn valid_on(day: Day) -> Condition {
    Condition::all()
        .add(Column::EndsBecause.ne(Word(EndsBecause::Undated)))
        .add(Condition::any().add(Column::EndsOn.is_null()).add(Column::EndsOn.gte(day)))
        .add(Condition::any().add(Column::IssuedOn.is_null()).add(Column::IssuedOn.lte(day)))
}

/// What certifies a supplier's security on a day: accepted, in date, and the last that was said of its kind by then.
pub(crate) fn certifies_on(day: Day) -> Condition {
    let later = Alias::new("later");
    let of_later = |column: Column| Expr::col((later.clone(), column));
    let same = |column: Column| of_later(column).equals((Entity, column));
    let begun = Condition::any().add(of_later(Column::IssuedOn).is_null()).add(of_later(Column::IssuedOn).lte(day));
    let said_later = Query::select()
        .expr(Expr::val(1))
        .from_as(Entity, later.clone())
        .cond_where(
            Condition::all()
                .add(same(Column::OrganisationId))
                .add(same(Column::SubjectId))
                .add(same(Column::Kind))
                .add(of_later(Column::CheckedAt).is_not_null())
                .add(of_later(Column::SaidKey).gt(Expr::col((Entity, Column::SaidKey))))
                .add(begun),
        )
        .to_owned();
    Condition::all()
        .add(is_security_certificate())
        .add(Column::CheckedAt.is_not_null())
        .add(valid_on(day))
        .add(Condition::all().add(Expr::exists(said_later)).not())
}

/// Enters a piece of evidence; whoever does so accepts it.
///
/// # Errors
/// [`Error::Invalid`] with every fault, an unknown subject among them.
pub async fn create(writer: &Writer, new: NewEvidence) -> Result<Evidence, Error> {
    let row = checked(writer, new).await?;
    writer.insert::<Entity, ActiveModel>(row).await
}

/// Enters a piece of evidence that a respondent sent: it waits for someone to accept it.
pub(crate) async fn create_sent(writer: &Writer, new: NewEvidence) -> Result<Evidence, Error> {
    let row = Model { checked_at: None, checked_by: None, ..checked(writer, new).await? };
    writer.insert::<Entity, ActiveModel>(row).await
}

/// A piece of evidence as it is to be entered.
async fn checked(writer: &Writer, new: NewEvidence) -> Result<Model, Error> {
    text::check(&new)?;
    let new = new.check()?;
    let subject = Subject::find(writer, &new.subject_id, "/subject_id").await?;
    let validity = policy::read(writer).await?.evidence_validity.0;
    Ok(build(writer, &validity, new, subject.supplier.id.clone(), subject.product_id()))
}

/// Enters pieces of evidence that have been checked, each about the supplier beside it.
pub(crate) async fn create_all(writer: &Writer, new: Vec<(SupplierId, NewEvidence)>) -> Result<Vec<Evidence>, Error> {
    if new.is_empty() {
        return Ok(Vec::new());
    }
    let validity = policy::read(writer).await?.evidence_validity.0;
    let rows = new.into_iter().map(|(supplier_id, new)| build(writer, &validity, new, supplier_id, None)).collect();
    writer.insert_all::<Entity, ActiveModel>(rows).await
}

fn build(
    writer: &Writer,
    validity: &EvidenceValidity,
    new: NewEvidence,
    supplier_id: SupplierId,
    product_id: Option<ProductId>,
) -> Model {
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
    let mut row = Model {
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
        ends_on: None,
        ends_because: Word::default(),
        expiry_key: String::new(),
        said_key: String::new(),
        address,
        notes,
        file: None,
        security_check: None,
        exercise: None,
        checked_at: Some(writer.now()),
        checked_by: Some(writer.scope().actor.name.clone()),
        created_at: writer.now(),
        updated_at: writer.now(),
    };
    row.derive(validity);
    row
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
        condition = condition.add(Column::EndsOn.lt(day));
    }
    if let Some(day) = filter.valid_on {
        condition = condition.add(valid_on(day));
    }
    if let Some(wanted) = filter.checked {
        let checked = Column::CheckedAt;
        condition = condition.add(if wanted { checked.is_not_null() } else { checked.is_null() });
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
    if new.kind != before.kind.0 && (before.security_check.is_some() || before.exercise.is_some()) {
        let detail = "this was entered with its findings: enter another piece for evidence of another kind";
        return Err(Error::invalid("/kind", "fixed", detail));
    }
    put(writer, before, new).await
}

/// Puts checked evidence about the same subject in the place of what was read before.
pub(crate) async fn put(writer: &Writer, before: Evidence, new: NewEvidence) -> Result<Evidence, Error> {
    let validity = policy::read(writer).await?.evidence_validity.0;
    let mut after = Model {
        id: before.id.clone(),
        file: before.file.clone(),
        security_check: before.security_check.clone(),
        exercise: before.exercise.clone(),
        checked_at: before.checked_at,
        checked_by: before.checked_by.clone(),
        created_at: before.created_at,
        ..build(writer, &validity, new, before.supplier_id.clone(), before.product_id.clone())
    };
    // Where it stands follows from when it was entered too.
    after.derive(&validity);
    writer.replace::<Entity, ActiveModel>("change", &before, after).await
}

/// Accepts a piece of evidence that a respondent sent: from now on it counts. One that is accepted stays as it is.
///
/// # Errors
/// [`Error::NotFound`], or [`Error::Stale`].
pub async fn accept(writer: &Writer, id: &EvidenceId, version: i64) -> Result<Evidence, Error> {
    let there = read(writer, id).await?;
    if there.checked_at.is_some() {
        return Ok(there);
    }
    let before = writer.get_at::<Entity>(id.as_str(), version).await?;
    let after =
        Model { checked_at: Some(writer.now()), checked_by: Some(writer.scope().actor.name.clone()), ..before.clone() };
    writer.replace::<Entity, ActiveModel>("accept", &before, after).await
}

/// Evidence that would end on another day under this policy, as it is and as it would be.
pub(crate) async fn ending_otherwise(
    reader: &Reader,
    validity: &EvidenceValidity,
) -> Result<Vec<(Evidence, Evidence)>, Error> {
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let select = reader.find::<Entity>().filter(Column::Id.gt(after.as_str())).order_by_asc(Column::Id);
        let rows = reader.all(select.limit(PORTION as u64)).await?;
        let Some(last) = rows.last() else { return Ok(found) };
        last.id.as_str().clone_into(&mut after);
        found.extend(rows.into_iter().filter_map(|before| otherwise(before, validity)));
    }
}

fn otherwise(before: Evidence, validity: &EvidenceValidity) -> Option<(Evidence, Evidence)> {
    let mut row = before.clone();
    row.derive(validity);
    (row != before).then_some((before, row))
}

/// Ends evidence as it was worked out with [`ending_otherwise`].
pub(crate) async fn end(writer: &Writer, changes: Vec<(Evidence, Evidence)>) -> Result<(), Error> {
    writer.replace_all::<Entity, ActiveModel>("end", changes).await?;
    Ok(())
}

/// Ends the evidence about these suppliers and their products as this policy does.
pub(crate) async fn end_of_suppliers(
    writer: &Writer,
    suppliers: &[SupplierId],
    validity: &EvidenceValidity,
) -> Result<(), Error> {
    for portion in suppliers.chunks(PORTION) {
        let rows = of_suppliers(writer, portion).await?;
        end(writer, rows.into_iter().filter_map(|before| otherwise(before, validity)).collect()).await?;
    }
    Ok(())
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
    if crate::risk::came_of(writer, id).await? {
        let detail = "risks came of its findings: it cannot be deleted before they are";
        return Err(Error::conflict("in_use", detail));
    }
    evidence_file::forget(writer, id).await?;
    crate::respondent::forget_upload(writer, id).await?;
    writer.remove::<Entity>(&row).await
}

/// Evidence with a file that expired before this day, the longest expired first.
pub(crate) async fn expired_with_file(reader: &Reader, before: Day) -> Result<Vec<Evidence>, Error> {
    let select = reader.find::<Entity>().filter(Column::File.is_not_null()).filter(Column::EndsOn.lt(before));
    reader.all(select.order_by_asc(Column::EndsOn).order_by_asc(Column::Id)).await
}
