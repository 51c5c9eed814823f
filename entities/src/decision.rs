//! Decisions: an approver's word on a submitted assessment — approve, approve with conditions, refuse. A decision
//! lapses on its date, and goes visibly stale when what was approved changes.

use std::collections::BTreeSet;

use diligence_questionnaires::{Rating, Tier};
use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, Condition, QueryFilter as _, QueryOrder as _, entity::prelude::*};
use serde::{Deserialize, Serialize};
use validator::Validate;

mod merging;

pub(crate) use merging::{Standing, settle_standings, standings, supersede};

use crate::{
    assessment::Assessment,
    clock::{Day, Moment},
    error::Error,
    fault::Faults,
    id::{AssessmentId, DecisionId, EvidenceId, OrganisationId, ProductId, SubjectId, SupplierId},
    page::{Page, Sort},
    policy,
    product::{AiFeatures, Product},
    profile::DataSensitivity,
    review::{self, TriggerKind},
    scope::{Reader, Writer, owned},
    stored::{Json, Word, word},
    subject::Subject,
    supplier::Supplier,
};

mod bringing;

pub(crate) use bringing::{Past, bring_in};

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DecisionOutcome {
    /// We may rely on it.
    Approved,
    /// We may rely on it if the conditions are met in time.
    ApprovedWithConditions,
    /// We may not rely on it.
    Refused,
}

/// Something that must be done by a day for an approval to hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct NewCondition {
    /// What must be done.
    #[validate(length(min = 1, max = 2000))]
    #[schemars(regex(pattern = crate::text::LINES))]
    pub text: String,
    /// Who does it.
    #[validate(length(min = 1, max = 200))]
    pub owner: String,
    /// By when.
    pub due_on: Day,
}

/// A condition and whether it was met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AgreedCondition {
    /// Its number within the decision, from 1.
    pub number: u32,
    /// What must be done.
    pub text: String,
    /// Who does it.
    pub owner: String,
    /// By when.
    pub due_on: Day,
    /// When it was met; null while it is not.
    pub met_on: Option<Day>,
    /// How we know.
    pub met_note: Option<String>,
}

/// A decision as stored.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, JsonSchema)]
#[sea_orm(table_name = "decision")]
#[schemars(rename = "Decision")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DecisionId,
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
    /// The assessment it was made on.
    pub assessment_id: AssessmentId,
    /// What was decided.
    #[schemars(with = "DecisionOutcome")]
    pub outcome: Word<DecisionOutcome>,
    /// Why.
    pub comment: Option<String>,
    /// What must be done for it to hold.
    #[schemars(with = "Vec<AgreedCondition>")]
    pub conditions: Json<Vec<AgreedCondition>>,
    /// The last day it holds; null for no end.
    pub lapses_on: Option<Day>,
    /// When what was decided on changed; null while it has not.
    pub stale_since: Option<Moment>,
    /// What changed.
    #[schemars(with = "Vec<String>")]
    pub stale_reasons: Json<Vec<String>>,
    /// Whether a later decision on the same questionnaire took its place.
    pub superseded: bool,
    /// The questionnaire it was made on.
    pub questionnaire: String,
    /// How its assessment was rated on that day. Of a decision of before this was kept: how it was rated when that began,
    /// and null if it was no longer in force by then.
    #[schemars(with = "Option<Rating>")]
    pub rating: Option<Word<Rating>>,
    /// The evidence that the answers named and that counted on that day; null for a decision of before this was kept.
    #[schemars(with = "Option<Vec<EvidenceId>>")]
    pub rests_on: Option<Json<Vec<EvidenceId>>>,
    /// Who decided.
    pub decided_by: String,
    /// When.
    pub decided_at: Moment,
    /// Why an admin decided though the policy's separation of duties stood against it; null where nothing did.
    pub override_reason: Option<String>,
    /// When it was made.
    pub created_at: Moment,
    /// When it was last changed.
    pub updated_at: Moment,
}

pub use Model as Decision;

/// Rows are loaded by noun, never joined.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}
owned!("decision", row => Some(&row.supplier_id), row.product_id.as_ref());

/// What approving or refusing an assessment may say.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "comment": "On the notes of the restore test of May.", "lapses_on": "2999-12-31" }))]
pub struct NewDecision {
    /// Why.
    #[validate(length(min = 1, max = 10_000))]
    #[schemars(regex(pattern = crate::text::LINES))]
    pub comment: Option<String>,
    /// What must be done for an approval to hold; none for a refusal.
    #[validate(length(max = 50), nested)]
    pub conditions: Vec<NewCondition>,
    /// The last day it holds.
    pub lapses_on: Option<Day>,
    /// For an admin whom the policy's separation of duties would keep from deciding: why they decide all the same. It
    /// is kept with the decision and shown.
    #[validate(length(min = 10, max = 2000))]
    #[schemars(regex(pattern = crate::text::LINES))]
    pub override_reason: Option<String>,
}

/// Which decisions to list.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct DecisionFilter {
    /// The supplier or product it is about.
    pub subject_id: Option<SubjectId>,
    /// The supplier it is about, or whose products it is about.
    pub supplier_id: Option<SupplierId>,
    /// What was decided.
    pub outcome: Option<DecisionOutcome>,
    /// Only stale ones (`true`) or only fresh ones (`false`).
    pub stale: Option<bool>,
    /// Only superseded ones (`true`) or only current ones (`false`).
    pub superseded: Option<bool>,
    /// Only those for which an admin set the separation of duties aside (`true`), or only the others (`false`).
    pub overridden: Option<bool>,
    /// Only what lapses before this day.
    pub lapses_before: Option<Day>,
    /// Only what changed at or after this moment.
    pub updated_since: Option<Moment>,
    /// How many to answer, 1 to 200; 50 if not said.
    #[validate(range(min = 1, max = 200))]
    pub limit: Option<u64>,
    /// The `next` of the page before.
    #[validate(length(max = 2000))]
    pub cursor: Option<String>,
}

/// Records the decision on `assessment`, in place of an earlier one on the same subject and questionnaire.
pub(crate) async fn record(
    writer: &Writer,
    assessment: &Assessment,
    refused: bool,
    rests_on: Vec<EvidenceId>,
    new: NewDecision,
) -> Result<Decision, Error> {
    let mut faults = Faults::of_new(&new);
    for (index, condition) in new.conditions.iter().enumerate() {
        faults.expect(
            condition.due_on >= writer.today(),
            format!("/conditions/{index}/due_on"),
            "past",
            "expected today or a later day",
        );
    }
    faults.expect(
        !refused || new.conditions.is_empty(),
        "/conditions",
        "contradiction",
        "conditions cannot be set on a refusal",
    );
    faults.expect(
        new.lapses_on.is_none_or(|day| day >= writer.today()),
        "/lapses_on",
        "past",
        "expected today or a later day",
    );
    faults.done()?;
    let earlier = writer
        .all(
            writer
                .find::<Entity>()
                .filter(Column::SubjectId.eq(assessment.subject_id.as_str()))
                .filter(Column::Questionnaire.eq(assessment.questionnaire.as_str()))
                .filter(Column::Superseded.eq(false)),
        )
        .await?;
    for before in earlier {
        let after = Model { superseded: true, ..before.clone() };
        writer.replace::<Entity, ActiveModel>("supersede", &before, after).await?;
    }
    let outcome = match (refused, new.conditions.is_empty()) {
        (true, _) => DecisionOutcome::Refused,
        (false, true) => DecisionOutcome::Approved,
        (false, false) => DecisionOutcome::ApprovedWithConditions,
    };
    let conditions = (1..)
        .zip(new.conditions)
        .map(|(number, NewCondition { text, owner, due_on })| AgreedCondition {
            number,
            text,
            owner,
            due_on,
            met_on: None,
            met_note: None,
        })
        .collect();
    let tier = Subject::of(writer, &assessment.supplier_id, assessment.product_id.as_ref()).await?.supplier.tier.0;
    let row = Model {
        id: writer.new_id(),
        organisation_id: writer.scope().organisation_id.clone(),
        version: 1,
        subject_id: assessment.subject_id.clone(),
        supplier_id: assessment.supplier_id.clone(),
        product_id: assessment.product_id.clone(),
        assessment_id: assessment.id.clone(),
        outcome: Word(outcome),
        comment: new.comment,
        conditions: Json(conditions),
        lapses_on: new.lapses_on,
        stale_since: None,
        stale_reasons: Json::default(),
        superseded: false,
        questionnaire: assessment.questionnaire.clone(),
        rating: Some(Word(assessment.rating(&policy::read(writer).await?, tier))),
        rests_on: Some(Json(rests_on)),
        decided_by: writer.scope().actor.name.clone(),
        decided_at: writer.now(),
        override_reason: new.override_reason,
        created_at: writer.now(),
        updated_at: writer.now(),
    };
    writer.insert::<Entity, ActiveModel>(row).await
}

/// One decision.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn read(reader: &Reader, id: &DecisionId) -> Result<Decision, Error> {
    reader.get::<Entity>(id.as_str()).await
}

/// A page of decisions, newest first.
///
/// # Errors
/// [`Error::Invalid`] for a cursor that is none.
pub async fn list(reader: &Reader, filter: &DecisionFilter) -> Result<Page<Decision>, Error> {
    let mut condition = Condition::all();
    if let Some(id) = &filter.subject_id {
        condition = condition.add(Column::SubjectId.eq(id.as_str()));
    }
    if let Some(id) = &filter.supplier_id {
        condition = condition.add(Column::SupplierId.eq(id.clone()));
    }
    if let Some(outcome) = filter.outcome {
        condition = condition.add(Column::Outcome.eq(Word(outcome)));
    }
    match filter.stale {
        Some(true) => condition = condition.add(Column::StaleSince.is_not_null()),
        Some(false) => condition = condition.add(Column::StaleSince.is_null()),
        None => {}
    }
    if let Some(superseded) = filter.superseded {
        condition = condition.add(Column::Superseded.eq(superseded));
    }
    match filter.overridden {
        Some(true) => condition = condition.add(Column::OverrideReason.is_not_null()),
        Some(false) => condition = condition.add(Column::OverrideReason.is_null()),
        None => {}
    }
    if let Some(day) = filter.lapses_before {
        condition = condition.add(Column::LapsesOn.lt(day));
    }
    if let Some(since) = filter.updated_since {
        condition = condition.add(Column::UpdatedAt.gte(since));
    }
    reader
        .page(
            reader.find::<Entity>().filter(condition),
            Sort::down(Column::DecidedAt),
            Column::Id,
            filter.limit,
            filter.cursor.as_deref(),
        )
        .await
}

/// The decision made on this assessment, if one was.
///
/// # Errors
/// [`Error::Database`] only.
pub async fn on(reader: &Reader, assessment_id: &AssessmentId) -> Result<Option<Decision>, Error> {
    reader.one(reader.find::<Entity>().filter(Column::AssessmentId.eq(assessment_id.clone()))).await
}

/// The decisions in force on these suppliers and products, newest first.
///
/// # Errors
/// [`Error::Database`] only.
pub async fn in_force(reader: &Reader, subjects: impl IntoIterator<Item = SubjectId>) -> Result<Vec<Decision>, Error> {
    let subjects: Vec<SubjectId> = subjects.into_iter().collect();
    if subjects.is_empty() {
        return Ok(Vec::new());
    }
    let select = reader.find::<Entity>().filter(Column::SubjectId.is_in(subjects)).filter(Column::Superseded.eq(false));
    reader.all(select.order_by_desc(Column::DecidedAt).order_by_desc(Column::Id)).await
}

/// What meeting a condition needs.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct ConditionMet {
    /// Which condition: its number within the decision.
    #[validate(range(min = 1, max = 50))]
    pub number: u32,
    /// How we know.
    #[validate(length(min = 1, max = 2000))]
    #[serde(default)]
    #[schemars(regex(pattern = crate::text::LINES))]
    pub note: Option<String>,
}

/// Notes that a condition has been met today.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::Invalid`] for a number that is none, or [`Error::Conflict`] when it
/// was met before.
pub async fn meet_condition(
    writer: &Writer,
    id: &DecisionId,
    version: i64,
    met: ConditionMet,
) -> Result<Decision, Error> {
    let before = writer.get_at::<Entity>(id.as_str(), version).await?;
    Faults::of_new(&met).done()?;
    let mut after = before.clone();
    let today = writer.today();
    let condition = after.conditions.0.iter_mut().find(|condition| condition.number == met.number);
    let condition = condition.ok_or_else(|| {
        Error::invalid("/number", "unknown", "expected the number of one of this decision's conditions")
    })?;
    if condition.met_on.is_some() {
        return Err(Error::conflict("state", "this condition has been met already"));
    }
    condition.met_on = Some(today);
    condition.met_note = met.note;
    writer.replace::<Entity, ActiveModel>("meet_condition", &before, after).await
}

/// The decisions in force for these suppliers and their products.
pub(crate) async fn current(reader: &Reader, suppliers: &[SupplierId]) -> Result<Vec<Decision>, Error> {
    reader
        .all(
            reader
                .find::<Entity>()
                .filter(Column::SupplierId.is_in(suppliers.iter().cloned()))
                .filter(Column::Superseded.eq(false)),
        )
        .await
}

/// Makes the decisions in force on a subject stale, and asks for a review: what was decided on has changed.
pub(crate) async fn go_stale(writer: &Writer, subject_id: &SubjectId, because: &str) -> Result<(), Error> {
    let rows = writer
        .all(
            writer
                .find::<Entity>()
                .filter(Column::SubjectId.eq(subject_id.as_str()))
                .filter(Column::Superseded.eq(false)),
        )
        .await?;
    let Some(first) = rows.first() else { return Ok(()) };
    let subject = Subject::of(writer, &first.supplier_id, first.product_id.as_ref()).await?;
    for before in &rows {
        let mut after = before.clone();
        after.stale_since = after.stale_since.or(Some(writer.now()));
        after.stale_reasons.0.push(because.to_owned());
        writer.replace::<Entity, ActiveModel>("go_stale", before, after).await?;
    }
    review::trigger(writer, &subject, TriggerKind::Change, writer.today(), because.to_owned()).await
}

/// A word of the interface as people write it: `care records`.
fn in_words<T: Serialize>(value: &T) -> String {
    word(value).replace('_', " ")
}

/// What of a supplier's change matters to a decision: new data locations, another part in personal data, more or other
/// personal data, a first profile, a higher tier.
pub(crate) async fn note_supplier_change(writer: &Writer, before: &Supplier, after: &Supplier) -> Result<(), Error> {
    let new: Vec<&str> = after
        .data_locations
        .iter()
        .filter(|place| !before.data_locations.contains(place))
        .map(String::as_str)
        .collect();
    if !new.is_empty() {
        go_stale(writer, &SubjectId::Supplier(after.id.clone()), &format!("a new data location: {}", new.join(", ")))
            .await?;
    }
    let mut because = Vec::new();
    if word(&before.data_role) != word(&after.data_role) {
        because.push(match (before.data_role, after.data_role) {
            (None, Some(role)) => format!("its part in personal data, not said before: {}", in_words(&role)),
            _ => "another data role".to_owned(),
        });
    }
    let more = after.personal_data.iter().filter(|data| !before.personal_data.contains(data));
    let more: Vec<String> = more.map(in_words).collect();
    if !more.is_empty() {
        because.push(format!("more personal data: {}", more.join(", ")));
    }
    for because in because {
        go_stale(writer, &SubjectId::Supplier(after.id.clone()), &because).await?;
    }
    // What is decided of a product rests on how much depends on its supplier too.
    let mut of_products_too = Vec::new();
    match (before.tier.0, after.tier.0) {
        (Tier::Unknown, tier) if tier != Tier::Unknown => of_products_too.push(format!("a first profile: tier {tier}")),
        (was, is) if is > was => of_products_too.push(format!("a higher tier: {is} instead of {was}")),
        _ if !before.is_profiled() && after.is_profiled() => of_products_too.push("a first profile".to_owned()),
        _ => {}
    }
    let special = Some(DataSensitivity::SpecialCategory);
    let sensitivity = |supplier: &Supplier| supplier.data_sensitivity.map(|input| input.0);
    if sensitivity(after) == special && sensitivity(before) != special {
        of_products_too.push("special-category data, not said before".to_owned());
    }
    if of_products_too.is_empty() {
        return Ok(());
    }
    let select =
        writer.find::<Entity>().filter(Column::SupplierId.eq(after.id.clone())).filter(Column::Superseded.eq(false));
    let subjects: BTreeSet<SubjectId> = writer.all(select).await?.into_iter().map(|row| row.subject_id).collect();
    for subject_id in &subjects {
        for because in &of_products_too {
            go_stale(writer, subject_id, because).await?;
        }
    }
    Ok(())
}

/// What of a product's change matters to a decision: another version, new AI features, new places where its AI runs.
pub(crate) async fn note_product_change(writer: &Writer, before: &Product, after: &Product) -> Result<(), Error> {
    let subject_id = SubjectId::Product(after.id.clone());
    if before.product_version != after.product_version {
        go_stale(writer, &subject_id, "another product version").await?;
    }
    let has_ai = |features: AiFeatures| matches!(features, AiFeatures::Embedded | AiFeatures::Core);
    if has_ai(after.ai_features.0) && before.ai_features != after.ai_features {
        let because = "a new AI feature";
        go_stale(writer, &subject_id, because).await?;
        go_stale(writer, &SubjectId::Supplier(after.supplier_id.clone()), &format!("{because} in {}", after.name))
            .await?;
    }
    let runs_in =
        |product: &Product| product.ai_profile.as_ref().map(|profile| profile.runs_in.clone()).unwrap_or_default();
    let known = runs_in(before);
    if runs_in(after).iter().any(|place| !known.contains(place)) {
        go_stale(writer, &subject_id, "a new place where its AI runs").await?;
    }
    Ok(())
}

/// A supplier that was decided on has a new product with AI in it.
pub(crate) async fn note_new_product(writer: &Writer, supplier: &Supplier, product: &Product) -> Result<(), Error> {
    if matches!(product.ai_features.0, AiFeatures::Embedded | AiFeatures::Core) {
        go_stale(
            writer,
            &SubjectId::Supplier(supplier.id.clone()),
            &format!("a new product with AI: {}", product.name),
        )
        .await?;
    }
    Ok(())
}
