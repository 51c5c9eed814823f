//! Incidents: something that happened at a supplier. Each triggers a review and makes what was approved go stale.

use diligence_questionnaires::Severity;
use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, Condition, QueryFilter as _, entity::prelude::*};
use serde::{Deserialize, Serialize};
use validator::Validate;

use crate::{
    clock::{Day, Moment},
    error::Error,
    fault::Faults,
    id::{IncidentId, OrganisationId, ProductId, SubjectId, SupplierId},
    page::{Page, Sort},
    patch::Change,
    review::{self, TriggerKind},
    scope::{Reader, Writer, owned},
    stored::Word,
    subject::Subject,
    text,
};

/// An incident as stored.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, JsonSchema)]
#[sea_orm(table_name = "incident")]
#[schemars(rename = "Incident")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: IncidentId,
    /// The organisation whose register it is in.
    #[serde(skip)]
    pub organisation_id: OrganisationId,
    /// Its version, from 1; each change adds one.
    pub version: i64,
    /// The supplier or product it happened at.
    pub subject_id: SubjectId,
    /// That supplier, or that product's.
    pub supplier_id: SupplierId,
    /// That product, if it is one.
    pub product_id: Option<ProductId>,
    /// What happened, in a line.
    pub title: String,
    /// What happened.
    pub description: Option<String>,
    /// How bad it is.
    #[schemars(with = "Severity")]
    pub severity: Word<Severity>,
    /// Whether personal data was involved.
    pub personal_data_involved: bool,
    /// The day it happened.
    pub occurred_on: Day,
    /// The day the supplier told us; null if it did not.
    pub told_on: Option<Day>,
    /// The day it was over; null while it is not.
    pub resolved_on: Option<Day>,
    /// What was learnt.
    pub lessons: Option<String>,
    /// When it was entered.
    pub created_at: Moment,
    /// When it was last changed.
    pub updated_at: Moment,
}

pub use Model as Incident;

/// Rows are loaded by noun, never joined.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}
owned!("incident", row => Some(&row.supplier_id), row.product_id.as_ref());

/// What an incident is made of.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "subject_id": "sup_0190c5d2e5f27c3c8a4b0d6f1e2a3b4c", "title": "No rotas for a morning", "severity": "moderate", "occurred_on": "2026-05-01" }))]
pub struct NewIncident {
    /// The supplier or product it happened at.
    pub subject_id: SubjectId,
    /// What happened, in a line.
    #[validate(length(min = 1, max = 300))]
    pub title: String,
    /// What happened.
    #[validate(length(min = 1, max = 10_000))]
    #[serde(default)]
    #[schemars(regex(pattern = crate::text::LINES))]
    pub description: Option<String>,
    /// How bad it is.
    pub severity: Severity,
    /// Whether personal data was involved.
    #[serde(default)]
    pub personal_data_involved: bool,
    /// The day it happened.
    pub occurred_on: Day,
    /// The day the supplier told us.
    #[serde(default)]
    pub told_on: Option<Day>,
    /// The day it was over.
    #[serde(default)]
    pub resolved_on: Option<Day>,
    /// What was learnt.
    #[validate(length(min = 1, max = 10_000))]
    #[serde(default)]
    #[schemars(regex(pattern = crate::text::LINES))]
    pub lessons: Option<String>,
}

impl NewIncident {
    pub(crate) fn check(self, today: Day) -> Result<Self, Error> {
        let mut faults = Faults::of(&self);
        faults.expect(self.occurred_on <= today, "/occurred_on", "future", "expected today or an earlier day");
        for (name, day) in [("told_on", self.told_on), ("resolved_on", self.resolved_on)] {
            faults.expect(
                day.is_none_or(|day| day >= self.occurred_on),
                format!("/{name}"),
                "order",
                "expected the day it happened or a later day",
            );
        }
        faults.done()?;
        Ok(self)
    }
}

/// Which incidents to list.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct IncidentFilter {
    /// The supplier or product it happened at.
    pub subject_id: Option<SubjectId>,
    /// The supplier it happened at, or at whose products.
    pub supplier_id: Option<SupplierId>,
    /// How bad it is.
    pub severity: Option<Severity>,
    /// Only what is over (`true`) or is not (`false`).
    pub resolved: Option<bool>,
    /// Only what changed at or after this moment.
    pub updated_since: Option<Moment>,
    /// How many to answer, 1 to 200; 50 if not said.
    #[validate(range(min = 1, max = 200))]
    pub limit: Option<u64>,
    /// The `next` of the page before.
    #[validate(length(max = 2000))]
    pub cursor: Option<String>,
}

/// Enters an incident; brings the subject's review forward to today and makes its decision stale.
///
/// # Errors
/// [`Error::Invalid`] with every fault, an unknown subject among them.
pub async fn create(writer: &Writer, new: NewIncident) -> Result<Incident, Error> {
    text::check(&new)?;
    let new = new.check(writer.today())?;
    let subject = Subject::find(writer, &new.subject_id, "/subject_id").await?;
    let row = build(writer, new, subject.supplier.id.clone(), subject.product_id());
    let row = writer.insert::<Entity, ActiveModel>(row).await?;
    review::trigger(writer, &subject, TriggerKind::Incident, writer.today(), format!("incident: {}", row.title))
        .await?;
    crate::decision::go_stale(writer, &row.subject_id, &format!("an incident: {}", row.title)).await?;
    Ok(row)
}

fn build(writer: &Writer, new: NewIncident, supplier_id: SupplierId, product_id: Option<ProductId>) -> Model {
    let NewIncident {
        subject_id,
        title,
        description,
        severity,
        personal_data_involved,
        occurred_on,
        told_on,
        resolved_on,
        lessons,
    } = new;
    Model {
        id: writer.new_id(),
        organisation_id: writer.scope().organisation_id.clone(),
        version: 1,
        subject_id,
        supplier_id,
        product_id,
        title,
        description,
        severity: Word(severity),
        personal_data_involved,
        occurred_on,
        told_on,
        resolved_on,
        lessons,
        created_at: writer.now(),
        updated_at: writer.now(),
    }
}

/// One incident.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn read(reader: &Reader, id: &IncidentId) -> Result<Incident, Error> {
    reader.get::<Entity>(id.as_str()).await
}

/// A page of incidents, the last to happen first.
///
/// # Errors
/// [`Error::Invalid`] for a cursor that is none.
pub async fn list(reader: &Reader, filter: &IncidentFilter) -> Result<Page<Incident>, Error> {
    let mut condition = Condition::all();
    if let Some(id) = &filter.subject_id {
        condition = condition.add(Column::SubjectId.eq(id.as_str()));
    }
    if let Some(id) = &filter.supplier_id {
        condition = condition.add(Column::SupplierId.eq(id.clone()));
    }
    if let Some(severity) = filter.severity {
        condition = condition.add(Column::Severity.eq(Word(severity)));
    }
    match filter.resolved {
        Some(true) => condition = condition.add(Column::ResolvedOn.is_not_null()),
        Some(false) => condition = condition.add(Column::ResolvedOn.is_null()),
        None => {}
    }
    if let Some(since) = filter.updated_since {
        condition = condition.add(Column::UpdatedAt.gte(since));
    }
    reader
        .page(
            reader.find::<Entity>().filter(condition),
            Sort::down(Column::OccurredOn),
            Column::Id,
            filter.limit,
            filter.cursor.as_deref(),
        )
        .await
}

/// Changes an incident; where it happened stays.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`] or [`Error::Invalid`].
pub async fn change(
    writer: &Writer,
    id: &IncidentId,
    version: i64,
    change: Change<NewIncident>,
) -> Result<Incident, Error> {
    let before = writer.get_at::<Entity>(id.as_str(), version).await?;
    let new = change.over(&before)?.check(writer.today())?;
    if new.subject_id != before.subject_id {
        return Err(Error::invalid(
            "/subject_id",
            "fixed",
            "subject_id cannot be changed: create a new record for another supplier or product",
        ));
    }
    let after = Model {
        id: before.id.clone(),
        created_at: before.created_at,
        ..build(writer, new, before.supplier_id.clone(), before.product_id.clone())
    };
    writer.replace::<Entity, ActiveModel>("change", &before, after).await
}

/// Takes away an incident entered by mistake; the review it triggered stays.
///
/// # Errors
/// [`Error::NotFound`] or [`Error::Stale`].
pub async fn delete(writer: &Writer, id: &IncidentId, version: i64) -> Result<(), Error> {
    let row = writer.get_at::<Entity>(id.as_str(), version).await?;
    writer.remove::<Entity>(&row).await
}
