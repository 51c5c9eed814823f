//! Risks: something that may go wrong, how likely and how bad it would be, and what we do about it.

use std::collections::{BTreeMap, BTreeSet};

use diligence_questionnaires::{RaisedFinding, Severity};
use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, Condition, QueryFilter as _, QueryOrder as _, QuerySelect as _, entity::prelude::*};
use serde::{Deserialize, Serialize};
use validator::Validate;

use crate::{
    assessment::Assessment,
    clock::{Day, Moment},
    error::Error,
    fault::Faults,
    id::{AssessmentId, EvidenceId, OrganisationId, ProductId, RiskId, SubjectId, SupplierId},
    patch::Change,
    policy::{self, RiskBands},
    scope::{PORTION, Reader, Writer, owned},
    stored::{Json, Word},
    subject::Subject,
    text,
};

mod filter;

pub use filter::{RiskFilter, RiskSort, list};

/// What we do about a risk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Treatment {
    /// Stop doing what gives rise to it.
    Avoid,
    /// Make it less likely or less bad.
    Reduce,
    /// Let someone else bear part of it.
    Share,
    /// Live with it: needs an approver's acceptance.
    Accept,
}

/// Where a risk stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RiskState {
    /// It counts.
    #[default]
    Open,
    /// An approver agreed to live with it until a date; it counts still, as accepted.
    Accepted,
    /// It is over.
    Closed,
}

/// A dated task against a risk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// What is to be done.
    #[validate(length(min = 1, max = 500))]
    pub title: String,
    /// Who does it.
    #[validate(length(min = 1, max = 200))]
    #[serde(default)]
    pub owner: Option<String>,
    /// By when.
    #[serde(default)]
    pub due_on: Option<Day>,
    /// When it was done; null while it is not.
    #[serde(default)]
    pub done_on: Option<Day>,
}

/// An approver's dated, expiring agreement to live with a risk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Acceptance {
    /// Who agreed.
    pub accepted_by: String,
    /// When.
    pub accepted_at: Moment,
    /// Why.
    pub reason: String,
    /// The last day the agreement holds.
    pub expires_on: Day,
}

/// A risk as stored.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, JsonSchema)]
#[sea_orm(table_name = "risk")]
#[schemars(rename = "Risk")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RiskId,
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
    /// What may go wrong, in a line.
    pub title: String,
    /// What may go wrong.
    pub description: Option<String>,
    /// How likely it is with nothing done: 1 rare to 5 almost certain.
    pub likelihood: i32,
    /// How bad it would be with nothing done: 1 negligible to 5 catastrophic.
    pub impact: i32,
    /// What it is called with nothing done.
    #[schemars(with = "Severity")]
    pub band: Word<Severity>,
    /// How likely it is after what we do; null if not judged.
    pub residual_likelihood: Option<i32>,
    /// How bad it would be after what we do; null if not judged.
    pub residual_impact: Option<i32>,
    /// What it is called now: after what we do, if that was judged.
    #[schemars(with = "Severity")]
    pub current_band: Word<Severity>,
    /// For order: likelihood times impact now; 0 once it is closed.
    #[serde(skip)]
    pub current_rank: i32,
    /// What we do about it; null if not decided.
    pub treatment: Option<Word<Treatment>>,
    /// Who of us answers for it.
    pub owner: Option<String>,
    /// The tasks against it.
    #[schemars(with = "Vec<Action>")]
    pub actions: Json<Vec<Action>>,
    /// Where it stands.
    #[schemars(with = "RiskState")]
    pub state: Word<RiskState>,
    /// The agreement to live with it; null if there is none.
    pub acceptance: Option<Json<Acceptance>>,
    /// The last day of that agreement; null if there is none. After it the risk is to be decided on anew.
    pub acceptance_expires_on: Option<Day>,
    /// Why it was closed; null while it is not.
    pub closed_reason: Option<String>,
    /// The assessment whose finding raised it; null if a person did.
    pub origin_assessment_id: Option<AssessmentId>,
    /// The finding that raised it, as `questionnaire/finding`; null if a person did.
    pub origin_finding: Option<String>,
    /// The question whose answer raised the finding, if one did.
    pub origin_question: Option<String>,
    /// The evidence whose findings it follows from: a check or an exercise; null if it follows from none.
    pub origin_evidence_id: Option<EvidenceId>,
    /// When it was entered.
    pub created_at: Moment,
    /// When it was last changed.
    pub updated_at: Moment,
}

pub use Model as Risk;

/// Rows are loaded by noun, never joined.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}
owned!("risk", row => Some(&row.supplier_id), row.product_id.as_ref());

impl Model {
    /// Likelihood and impact as they are now: after what we do, if that was judged.
    #[must_use]
    pub fn current(&self) -> (i32, i32) {
        (self.residual_likelihood.unwrap_or(self.likelihood), self.residual_impact.unwrap_or(self.impact))
    }

    pub(crate) fn call(&mut self, bands: RiskBands) {
        self.band = Word(bands.band(self.likelihood, self.impact));
        let (likelihood, impact) = self.current();
        self.current_band = Word(bands.band(likelihood, impact));
        self.rank();
    }

    /// Puts it where it belongs in a list of the worst first.
    fn rank(&mut self) {
        let (likelihood, impact) = self.current();
        self.current_rank = if self.state.0 == RiskState::Closed { 0 } else { likelihood * impact };
    }
}

/// What a risk is made of.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "subject_id": "sup_0190c5d2e5f27c3c8a4b0d6f1e2a3b4c", "title": "Backups have never been restored", "likelihood": 3, "impact": 5 }))]
pub struct NewRisk {
    /// The supplier or product it is about.
    pub subject_id: SubjectId,
    /// What may go wrong, in a line.
    #[validate(length(min = 1, max = 300))]
    pub title: String,
    /// What may go wrong.
    #[validate(length(min = 1, max = 10_000))]
    #[serde(default)]
    #[schemars(regex(pattern = crate::text::LINES))]
    pub description: Option<String>,
    /// How likely it is with nothing done: 1 rare to 5 almost certain.
    #[validate(range(min = 1, max = 5))]
    pub likelihood: i32,
    /// How bad it would be with nothing done: 1 negligible to 5 catastrophic.
    #[validate(range(min = 1, max = 5))]
    pub impact: i32,
    /// How likely it is after what we do. Both residual values, or neither.
    #[validate(range(min = 1, max = 5))]
    #[serde(default)]
    pub residual_likelihood: Option<i32>,
    /// How bad it would be after what we do. Both residual values, or neither.
    #[validate(range(min = 1, max = 5))]
    #[serde(default)]
    pub residual_impact: Option<i32>,
    /// What we do about it.
    #[serde(default)]
    pub treatment: Option<Treatment>,
    /// Who of us answers for it.
    #[validate(length(min = 1, max = 200))]
    #[serde(default)]
    pub owner: Option<String>,
    /// The tasks against it.
    #[validate(length(max = 100), nested)]
    #[serde(default)]
    pub actions: Vec<Action>,
}

impl NewRisk {
    pub(crate) fn check(&self) -> Result<(), Error> {
        let mut faults = Faults::of(self);
        faults.expect(
            self.residual_likelihood.is_some() == self.residual_impact.is_some(),
            "/residual_impact",
            "both",
            "expected residual_likelihood and residual_impact together, or neither",
        );
        if let (Some(likelihood), Some(impact)) = (self.residual_likelihood, self.residual_impact) {
            faults.expect(
                likelihood <= self.likelihood,
                "/residual_likelihood",
                "order",
                "expected no more than `likelihood`: the residual likelihood cannot be higher",
            );
            faults.expect(
                impact <= self.impact,
                "/residual_impact",
                "order",
                "expected no more than `impact`: the residual impact cannot be higher",
            );
        }
        faults.done()
    }

    /// The row that says this of a supplier, or of its product, and for the rest that of a risk just entered.
    fn into_row(
        self,
        writer: &Writer,
        supplier_id: SupplierId,
        product_id: Option<ProductId>,
        bands: RiskBands,
    ) -> Model {
        let Self {
            subject_id,
            title,
            description,
            likelihood,
            impact,
            residual_likelihood,
            residual_impact,
            treatment,
            owner,
            actions,
        } = self;
        let now = (residual_likelihood.unwrap_or(likelihood), residual_impact.unwrap_or(impact));
        Model {
            id: writer.new_id(),
            organisation_id: writer.scope().organisation_id.clone(),
            version: 1,
            subject_id,
            supplier_id,
            product_id,
            title,
            description,
            likelihood,
            impact,
            band: Word(bands.band(likelihood, impact)),
            residual_likelihood,
            residual_impact,
            current_band: Word(bands.band(now.0, now.1)),
            current_rank: now.0 * now.1,
            treatment: treatment.map(Word),
            owner,
            actions: Json(actions),
            state: Word::default(),
            acceptance: None,
            acceptance_expires_on: None,
            closed_reason: None,
            origin_assessment_id: None,
            origin_finding: None,
            origin_question: None,
            origin_evidence_id: None,
            created_at: writer.now(),
            updated_at: writer.now(),
        }
    }
}

/// Enters a risk.
///
/// # Errors
/// [`Error::Invalid`] with every fault, an unknown subject among them.
pub async fn create(writer: &Writer, new: NewRisk) -> Result<Risk, Error> {
    text::check(&new)?;
    new.check()?;
    let subject = Subject::find(writer, &new.subject_id, "/subject_id").await?;
    let bands = policy::read(writer).await?.risk_bands.0;
    let row = new.into_row(writer, subject.supplier.id.clone(), subject.product_id(), bands);
    writer.insert::<Entity, ActiveModel>(row).await
}

/// Raises a risk for each finding that asks for one, unless the same finding's risk is there: from this assessment, or
/// open from an earlier one.
pub(crate) async fn raise(
    writer: &Writer,
    subject: &Subject,
    assessment: &Assessment,
    findings: &[RaisedFinding],
) -> Result<Vec<Risk>, Error> {
    let bands = policy::read(writer).await?.risk_bands.0;
    let known = writer
        .all(
            writer
                .find::<Entity>()
                .filter(Column::SubjectId.eq(assessment.subject_id.as_str()))
                .filter(Column::OriginFinding.is_not_null())
                .filter(
                    Condition::any()
                        .add(Column::State.ne(Word(RiskState::Closed)))
                        .add(Column::OriginAssessmentId.eq(assessment.id.clone())),
                ),
        )
        .await?;
    let mut rows: Vec<Model> = Vec::new();
    for finding in findings {
        let origin = format!("{}/{}", assessment.questionnaire, finding.key);
        let Some(risk) = &finding.risk else { continue };
        if known.iter().chain(&rows).any(|row| row.origin_finding.as_deref() == Some(&origin)) {
            continue;
        }
        let (supplier_id, product_id) = (subject.supplier.id.clone(), subject.product_id());
        let new = NewRisk {
            subject_id: crate::subject::subject_id(&supplier_id, product_id.as_ref()),
            title: finding.title.clone(),
            description: Some(finding.advice.clone()),
            likelihood: i32::from(risk.likelihood),
            impact: i32::from(risk.impact),
            residual_likelihood: None,
            residual_impact: None,
            treatment: None,
            owner: None,
            actions: Vec::new(),
        };
        rows.push(Model {
            origin_assessment_id: Some(assessment.id.clone()),
            origin_finding: Some(origin),
            origin_question: finding.question.clone(),
            ..new.into_row(writer, supplier_id, product_id, bands)
        });
    }
    if rows.is_empty() { Ok(rows) } else { writer.insert_all::<Entity, ActiveModel>(rows).await }
}

/// Enters the risks that follow from the findings of a piece of evidence.
pub(crate) async fn raise_from(
    writer: &Writer,
    subject: &Subject,
    evidence_id: &EvidenceId,
    new: Vec<NewRisk>,
) -> Result<Vec<Risk>, Error> {
    if new.is_empty() {
        return Ok(Vec::new());
    }
    let bands = policy::read(writer).await?.risk_bands.0;
    let row = |new: NewRisk| Model {
        origin_evidence_id: Some(evidence_id.clone()),
        ..new.into_row(writer, subject.supplier.id.clone(), subject.product_id(), bands)
    };
    writer.insert_all::<Entity, ActiveModel>(new.into_iter().map(row).collect()).await
}

/// Whether risks follow from the findings of this piece of evidence.
pub(crate) async fn came_of(reader: &Reader, evidence_id: &EvidenceId) -> Result<bool, Error> {
    reader.has(reader.find::<Entity>().filter(Column::OriginEvidenceId.eq(evidence_id.clone()))).await
}

/// These risks, as far as they are there.
pub(crate) async fn several(reader: &Reader, ids: &BTreeSet<String>) -> Result<BTreeMap<RiskId, Risk>, Error> {
    let rows = reader.get_many::<Entity>(ids).await?;
    Ok(rows.into_iter().map(|row| (row.id.clone(), row)).collect())
}

/// Notes that those of its actions that have these titles were done today; where that leaves none to do, it is over.
/// Says whether anything changed.
pub(crate) async fn finish_actions(
    writer: &Writer,
    before: &Risk,
    titles: &BTreeSet<String>,
    reason: &str,
) -> Result<bool, Error> {
    if before.state.0 == RiskState::Closed {
        return Ok(false);
    }
    let mut after = before.clone();
    for action in after.actions.0.iter_mut().filter(|action| titles.contains(&action.title)) {
        action.done_on.get_or_insert(writer.today());
    }
    let is_over = after.actions.iter().all(|action| action.done_on.is_some());
    if is_over {
        after.state = Word(RiskState::Closed);
        after.closed_reason = Some(reason.to_owned());
        after.rank();
    } else if after == *before {
        return Ok(false);
    }
    let action = if is_over { "close" } else { "finish_action" };
    writer.replace::<Entity, ActiveModel>(action, before, after).await?;
    Ok(true)
}

/// One risk.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn read(reader: &Reader, id: &RiskId) -> Result<Risk, Error> {
    reader.get::<Entity>(id.as_str()).await
}

/// Changes a risk; what it is about stays. An acceptance ends where the risk is no longer what was accepted.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::Invalid`], or [`Error::Conflict`] for a closed one.
pub async fn change(writer: &Writer, id: &RiskId, version: i64, change: Change<NewRisk>) -> Result<Risk, Error> {
    let before = open_at(writer, id, version).await?;
    let new = change.over(&before)?;
    new.check()?;
    if new.subject_id != before.subject_id {
        return Err(Error::invalid(
            "/subject_id",
            "fixed",
            "subject_id cannot be changed: create a new record for another supplier or product",
        ));
    }
    let bands = policy::read(writer).await?.risk_bands.0;
    let mut after = Model {
        id: before.id.clone(),
        state: before.state,
        acceptance: before.acceptance.clone(),
        acceptance_expires_on: before.acceptance_expires_on,
        origin_assessment_id: before.origin_assessment_id.clone(),
        origin_finding: before.origin_finding.clone(),
        origin_question: before.origin_question.clone(),
        origin_evidence_id: before.origin_evidence_id.clone(),
        created_at: before.created_at,
        ..new.into_row(writer, before.supplier_id.clone(), before.product_id.clone(), bands)
    };
    // Whoever agreed to live with it agreed to what it was then.
    let (was, is) = (before.current(), after.current());
    let worse = is.0 > was.0 || is.1 > was.1;
    if before.state.0 == RiskState::Accepted && (worse || after.treatment != before.treatment) {
        after = Model { state: Word(RiskState::Open), acceptance: None, acceptance_expires_on: None, ..after };
    }
    writer.replace::<Entity, ActiveModel>("change", &before, after).await
}

async fn open_at(writer: &Writer, id: &RiskId, version: i64) -> Result<Risk, Error> {
    let row = writer.get_at::<Entity>(id.as_str(), version).await?;
    if row.state.0 == RiskState::Closed {
        return Err(Error::conflict("state", "this risk is closed: reopen it first"));
    }
    Ok(row)
}

/// What accepting a risk needs.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct NewAcceptance {
    /// Why we can live with it.
    #[validate(length(min = 1, max = 5000))]
    #[schemars(regex(pattern = crate::text::LINES))]
    pub reason: String,
    /// The last day the agreement holds, within two years.
    pub expires_on: Day,
}

/// Agrees to live with a risk until a day: for approvers.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::Invalid`], or [`Error::Conflict`] for a closed one.
pub async fn accept(writer: &Writer, id: &RiskId, version: i64, new: NewAcceptance) -> Result<Risk, Error> {
    let before = open_at(writer, id, version).await?;
    let mut faults = Faults::of_new(&new);
    let today = writer.today();
    faults.expect(
        new.expires_on >= today && new.expires_on <= today.plus_months(24),
        "/expires_on",
        "range",
        "expected a day from today to two years from now",
    );
    faults.done()?;
    let acceptance = Acceptance {
        accepted_by: writer.scope().actor.name.clone(),
        accepted_at: writer.now(),
        reason: new.reason,
        expires_on: new.expires_on,
    };
    let after = Model {
        state: Word(RiskState::Accepted),
        treatment: Some(Word(Treatment::Accept)),
        acceptance_expires_on: Some(new.expires_on),
        acceptance: Some(Json(acceptance)),
        ..before.clone()
    };
    writer.replace::<Entity, ActiveModel>("accept", &before, after).await
}

/// Why something is done.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// Why.
    #[validate(length(min = 1, max = 5000))]
    #[schemars(regex(pattern = crate::text::LINES))]
    pub reason: String,
}

/// Closes a risk that is over.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::Invalid`], or [`Error::Conflict`] for a closed one.
pub async fn close(writer: &Writer, id: &RiskId, version: i64, why: Reason) -> Result<Risk, Error> {
    let before = open_at(writer, id, version).await?;
    Faults::of_new(&why).done()?;
    let mut after = Model { state: Word(RiskState::Closed), closed_reason: Some(why.reason), ..before.clone() };
    after.rank();
    writer.replace::<Entity, ActiveModel>("close", &before, after).await
}

/// Opens a closed or accepted risk again; an acceptance ends with it.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], or [`Error::Conflict`] for an open one.
pub async fn reopen(writer: &Writer, id: &RiskId, version: i64) -> Result<Risk, Error> {
    let before = writer.get_at::<Entity>(id.as_str(), version).await?;
    if before.state.0 == RiskState::Open {
        return Err(Error::conflict("state", "this risk is open already"));
    }
    let mut after = Model {
        state: Word(RiskState::Open),
        acceptance: None,
        acceptance_expires_on: None,
        closed_reason: None,
        ..before.clone()
    };
    after.rank();
    writer.replace::<Entity, ActiveModel>("reopen", &before, after).await
}

/// Notes that one of its actions, by its place from 1, was done today.
///
/// # Errors
/// [`Error::NotFound`], or [`Error::Conflict`] for an action that is done already or is not there.
pub(crate) async fn finish_action(writer: &Writer, id: &RiskId, number: u32) -> Result<Risk, Error> {
    let before = read(writer, id).await?;
    let mut after = before.clone();
    let place = usize::try_from(number).ok().and_then(|number| number.checked_sub(1)).unwrap_or(usize::MAX);
    let action = after.actions.0.get_mut(place).filter(|action| action.done_on.is_none());
    let action = action.ok_or_else(|| Error::conflict("state", "this action is done already, or is there no more"))?;
    action.done_on = Some(writer.today());
    writer.replace::<Entity, ActiveModel>("finish_action", &before, after).await
}

/// Takes away a risk entered by mistake; one that a finding raised can only be closed.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], or [`Error::Conflict`].
pub async fn delete(writer: &Writer, id: &RiskId, version: i64) -> Result<(), Error> {
    let row = writer.get_at::<Entity>(id.as_str(), version).await?;
    if row.origin_finding.is_some() {
        return Err(Error::conflict(
            "in_use",
            "a finding raised this risk, so it cannot be deleted: close it with a reason instead",
        ));
    }
    writer.remove::<Entity>(&row).await
}

/// The risks that these bands call otherwise, as they are and as they would be.
pub(crate) async fn called_otherwise(reader: &Reader, bands: RiskBands) -> Result<Vec<(Risk, Risk)>, Error> {
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let rows = reader
            .all(
                reader
                    .find::<Entity>()
                    .filter(Column::Id.gt(after.as_str()))
                    .order_by_asc(Column::Id)
                    .limit(PORTION as u64),
            )
            .await?;
        let Some(last) = rows.last() else { return Ok(found) };
        last.id.as_str().clone_into(&mut after);
        found.extend(rows.into_iter().filter_map(|before| otherwise(before, bands)));
    }
}

fn otherwise(before: Risk, bands: RiskBands) -> Option<(Risk, Risk)> {
    let mut row = before.clone();
    row.call(bands);
    (row != before).then_some((before, row))
}

/// Calls risks as it was worked out with [`called_otherwise`].
pub(crate) async fn call(writer: &Writer, changes: Vec<(Risk, Risk)>) -> Result<(), Error> {
    writer.replace_all::<Entity, ActiveModel>("band", changes).await?;
    Ok(())
}

/// Calls the risks of these suppliers and their products as these bands do.
pub(crate) async fn call_of_suppliers(
    writer: &Writer,
    suppliers: &[SupplierId],
    bands: RiskBands,
) -> Result<(), Error> {
    for portion in suppliers.chunks(PORTION) {
        let rows =
            writer.all(writer.find::<Entity>().filter(Column::SupplierId.is_in(portion.iter().cloned()))).await?;
        call(writer, rows.into_iter().filter_map(|before| otherwise(before, bands)).collect()).await?;
    }
    Ok(())
}

/// The risks of these suppliers and their products that count.
pub(crate) async fn counting(reader: &Reader, suppliers: &[SupplierId]) -> Result<Vec<Risk>, Error> {
    reader
        .all(
            reader
                .find::<Entity>()
                .filter(Column::SupplierId.is_in(suppliers.iter().cloned()))
                .filter(Column::State.ne(Word(RiskState::Closed))),
        )
        .await
}

/// A number of a risk as it is now: after what we do, if that was judged.
fn current(residual: Column, inherent: Column) -> sea_orm::sea_query::FunctionCall {
    sea_orm::sea_query::Func::coalesce([Expr::col(residual), Expr::col(inherent)])
}

/// How many open risks of what is not archived there are for each current likelihood and impact.
pub(crate) async fn heat(reader: &Reader) -> Result<Vec<(i32, i32, i64)>, Error> {
    let select = reader
        .find::<Entity>()
        .filter(Column::State.ne(Word(RiskState::Closed)))
        .filter(Column::SubjectId.in_subquery(crate::register::active_subjects(reader)))
        .select_only()
        .expr_as(current(Column::ResidualLikelihood, Column::Likelihood), "current_likelihood")
        .expr_as(current(Column::ResidualImpact, Column::Impact), "current_impact")
        .expr_as(Column::Id.count(), "risk_count")
        .group_by(current(Column::ResidualLikelihood, Column::Likelihood))
        .group_by(current(Column::ResidualImpact, Column::Impact));
    reader.tuples(select).await
}
