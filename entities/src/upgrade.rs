//! What follows by the rules of today, derived anew in registers that an earlier program has written: tiers, lines,
//! reviews and what is due.
//!
//! The step of the schema that brings new rules leaves a row for every organisation. Whoever opens the database next
//! works through their suppliers, a portion in a transaction, which notes how far it has come: one that is killed is
//! gone on with, several programs at once take turns, and it needs the same memory whatever the register holds. What
//! came of it stays until a program that serves has said it.

use std::collections::BTreeMap;

use diligence_questionnaires::{Band, Rating, Tier, band, rating};
use sea_orm::{ColumnTrait as _, QueryFilter as _, entity::prelude::*};
use serde::Serialize;

use crate::{
    assessment::{self, Assessment, AssessmentState},
    clock::{Day, Moment},
    decision::{self, Decision, DecisionOutcome},
    due,
    error::Error,
    id::{OrganisationId, SupplierId},
    policy::{self, Policy},
    register,
    role::Role,
    scope::{Actor, PORTION, Scope, Store, Writer, belongs},
    stored::Word,
    supplier::{self, RelationshipStatus, Supplier},
};

/// The action of the audit event that says what came of it.
pub const UPGRADE: &str = "upgrade";

/// How far an organisation's register has been derived anew, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "upgrade")]
pub struct Model {
    /// Whose register it is.
    #[sea_orm(primary_key, auto_increment = false)]
    #[serde(skip)]
    pub organisation_id: OrganisationId,
    /// The last supplier that was done; empty before the first.
    #[serde(skip)]
    pub supplier_id: String,
    /// When it was done; null while it is not.
    #[serde(skip)]
    pub done_at: Option<Moment>,
    /// How many suppliers' tier became unknown, as nobody has said what depends on them.
    pub unknown_tier_count: i64,
    /// How many suppliers' tier became higher, for the data that they handle.
    pub higher_tier_count: i64,
    /// How many suppliers and products have an approval that went stale.
    pub stale_approval_count: i64,
    /// How many certificates of what is not archived are over.
    pub expired_certificate_count: i64,
    /// How many refused suppliers and products lost the scores or the rating of an approval before.
    pub refusal_count: i64,
    /// How many items are on the list of what is due.
    pub due_item_count: i64,
}

pub use Model as Upgrade;

/// Rows are loaded by noun, never joined.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}
belongs!();

/// Derives anew what has yet to be, in every organisation.
///
/// # Errors
/// [`Error::Busy`] or [`Error::Database`]; what was done until then is kept.
pub(crate) async fn carry_on(store: &Store) -> Result<(), Error> {
    for organisation_id in store.upgrades_to_do().await? {
        let actor = Actor { id: "console".into(), name: "console".into() };
        let scope = Scope { organisation_id, actor, role: Role::Admin, request_id: None };
        while go_on(store, &scope).await? {}
    }
    Ok(())
}

/// What came of it in each organisation where it is done and was not said yet. Nobody else is told the same.
///
/// # Errors
/// [`Error::Database`] only.
pub async fn take_done(store: &Store) -> Result<Vec<Upgrade>, Error> {
    store.take_upgrades_done().await
}

/// Does the next portion of an organisation's suppliers; whether there may be more.
async fn go_on(store: &Store, scope: &Scope) -> Result<bool, Error> {
    let writer = store.write(scope).await?;
    let Some(mut row) = writer.one(writer.find::<Entity>().filter(Column::DoneAt.is_null())).await? else {
        return Ok(false);
    };
    if row.supplier_id.is_empty() {
        due::house::refresh_all(&writer).await?;
    }
    let suppliers = supplier::from_after(&writer, &row.supplier_id, PORTION as u64).await?;
    match suppliers.last() {
        Some(last) => {
            last.id.as_str().clone_into(&mut row.supplier_id);
            derive(&writer, &suppliers, &mut row).await?;
        }
        None => {
            row.done_at = Some(writer.now());
            let counts = due::counts(&writer).await?;
            row.due_item_count = counts.overdue + counts.due + counts.coming;
            let id = scope.organisation_id.to_string();
            writer.note(UPGRADE, "organisation", &id, None, serde_json::to_value(&row).ok());
        }
    }
    writer.put_all::<Entity, ActiveModel>(vec![row], &[Column::OrganisationId]).await?;
    writer.save().await?;
    Ok(!suppliers.is_empty())
}

/// Derives anew what follows of these suppliers, and counts what came of it.
async fn derive(writer: &Writer, suppliers: &[Supplier], row: &mut Model) -> Result<(), Error> {
    let ids: Vec<SupplierId> = suppliers.iter().map(|supplier| supplier.id.clone()).collect();
    let before = register::stored(writer, &ids).await?;
    let decisions = decision::current(writer, &ids).await?;
    let assessments = assessment::live(writer, &ids).await?;
    keep_ratings(writer, suppliers, &decisions, &assessments).await?;
    supersede_refused(writer, &decisions, &assessments).await?;
    let tiers = supplier::derive_tiers(writer, suppliers).await?;
    register::refresh(writer, ids.iter().cloned().collect()).await?;
    writer.leave_alone(&ids);
    let after = register::stored(writer, &ids).await?;

    row.unknown_tier_count += count_of(tiers.iter().filter(|(_, is)| *is == Tier::Unknown));
    row.higher_tier_count += count_of(tiers.iter().filter(|(was, is)| *is != Tier::Unknown && is > was));
    let today = writer.today();
    for (id, is) in &after {
        let was = before.get(id);
        if is_stale(is, today) && !was.is_some_and(|was| is_stale(was, today)) {
            row.stale_approval_count += 1;
        }
        if is_refused(is) && was.is_some_and(|was| was.rating != is.rating || was.frameworks != is.frameworks) {
            row.refusal_count += 1;
        }
    }
    let current = after.values().filter(|line| line.status.0 != RelationshipStatus::Archived);
    let certificates = current.flat_map(|line| line.certificates.iter());
    row.expired_certificate_count +=
        count_of(certificates.filter(|certificate| certificate.expires_on.is_some_and(|day| day < today)));
    Ok(())
}

fn count_of(items: impl Iterator) -> i64 {
    i64::try_from(items.count()).unwrap_or(i64::MAX)
}

fn is_refused(line: &register::Model) -> bool {
    line.decision.is_some_and(|outcome| outcome.0 == DecisionOutcome::Refused)
}

/// Whether it has an approval, and that is stale.
fn is_stale(line: &register::Model, today: Day) -> bool {
    let is_approved = line.decision.is_some() && !is_refused(line);
    is_approved && (!line.stale_reasons.is_empty() || line.stale_from.is_some_and(|day| day <= today))
}

/// Keeps of the decisions in force how their assessments were rated until now, so that those go stale that are rated
/// worse from now on. `suppliers` are as they were.
async fn keep_ratings(
    writer: &Writer,
    suppliers: &[Supplier],
    decisions: &[Decision],
    assessments: &[Assessment],
) -> Result<(), Error> {
    let policy = policy::read(writer).await?;
    let tiers: BTreeMap<&SupplierId, Tier> = suppliers.iter().map(|row| (&row.id, row.tier.0)).collect();
    let mut by_rating: BTreeMap<Rating, Vec<String>> = BTreeMap::new();
    for decision in decisions.iter().filter(|decision| decision.rating.is_none()) {
        let assessment = assessments.iter().find(|assessment| assessment.id == decision.assessment_id);
        if let (Some(assessment), Some(tier)) = (assessment, tiers.get(&decision.supplier_id)) {
            by_rating.entry(rated_before(&policy, *tier, assessment)).or_default().push(decision.id.to_string());
        }
    }
    for (rating, ids) in by_rating {
        let column = (decision::Column::Rating, Word(rating).into());
        writer.set_derived_of_all::<decision::Entity>(&ids, &[column]).await?;
    }
    Ok(())
}

/// A refusal takes the place of an approval on the same questionnaire, as it does now at once.
async fn supersede_refused(writer: &Writer, decisions: &[Decision], assessments: &[Assessment]) -> Result<(), Error> {
    let is_over = |row: &&Assessment| {
        let refuses = |decision: &Decision| {
            decision.outcome.0 == DecisionOutcome::Refused
                && decision.subject_id == row.subject_id
                && decision.questionnaire == row.questionnaire
        };
        row.state.0 == AssessmentState::Approved && decisions.iter().any(refuses)
    };
    let superseded = |row: &Assessment| Assessment { state: Word(AssessmentState::Superseded), ..row.clone() };
    let over = assessments.iter().filter(is_over).map(|row| (row.clone(), superseded(row))).collect();
    writer.replace_all::<assessment::Entity, assessment::ActiveModel>("supersede", over).await?;
    Ok(())
}

/// The rating of an assessment by the rules of before `m0012_due`: a knock-out was as bad as a poor score, and no worse.
fn rated_before(policy: &Policy, tier: Tier, assessment: &Assessment) -> Rating {
    let evidenced = assessment.evidenced.as_deref().copied();
    let plain = rating(&policy.rating, tier, band(&policy.rating, evidenced, assessment.coverage.0, false));
    if assessment.knock_outs.is_empty() { plain } else { plain.max(rating(&policy.rating, tier, Band::Poor)) }
}
