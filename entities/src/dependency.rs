//! Dependencies: a supplier or product that another one rests on — a sub-processor, a host, a model provider.

use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, Condition, QueryFilter as _, entity::prelude::*};
use serde::{Deserialize, Serialize};
use validator::Validate;

mod merging;

pub(crate) use merging::{Fallen, fall, falling, rise};

use crate::{
    clock::Moment,
    error::Error,
    fault::Faults,
    id::{DependencyId, OrganisationId, ProductId, SubjectId, SupplierId},
    ourselves,
    page::{Page, Sort},
    patch::Change,
    scope::{Reader, Writer, owned},
    stored::Word,
    subject::Subject,
};

/// In what way one rests on the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DependencyKind {
    /// It handles personal data on the other's behalf.
    SubProcessor,
    /// It runs the other's computers.
    Host,
    /// It provides the AI model.
    ModelProvider,
    /// It is a part of the other.
    Component,
    /// It does work for the other.
    Subcontractor,
    /// Something else.
    Other,
}

/// A dependency as stored.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, JsonSchema)]
#[sea_orm(table_name = "dependency")]
#[schemars(rename = "Dependency")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DependencyId,
    /// The organisation whose register it is in.
    #[serde(skip)]
    pub organisation_id: OrganisationId,
    /// Its version, from 1; each change adds one.
    pub version: i64,
    /// Which supplier or product rests on the other.
    pub subject_id: SubjectId,
    /// That supplier, or that product's.
    pub supplier_id: SupplierId,
    /// That product, if it is one.
    pub product_id: Option<ProductId>,
    /// Which supplier or product it rests on.
    pub rests_on_id: SubjectId,
    /// That supplier, or that product's.
    pub rests_on_supplier_id: SupplierId,
    /// That product, if it is one.
    pub rests_on_product_id: Option<ProductId>,
    /// In what way.
    #[schemars(with = "DependencyKind")]
    pub kind: Word<DependencyKind>,
    /// Anything worth knowing about it.
    pub description: Option<String>,
    /// When it was entered.
    pub created_at: Moment,
    /// When it was last changed.
    pub updated_at: Moment,
}

pub use Model as Dependency;

/// Rows are loaded by noun, never joined.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}
owned!("dependency", row => Some(&row.supplier_id), row.product_id.as_ref());

/// What a dependency is made of.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "subject_id": "prd_0190c5d2e5f27c3c8a4b0d6f1e2a3b4c", "rests_on_id": "sup_0190c5d2e5f27c3c8a4b0d6f1e2a3b4c", "kind": "host", "description": "in two places in Leeds" }))]
pub struct NewDependency {
    /// Which supplier or product rests on the other.
    pub subject_id: SubjectId,
    /// Which supplier or product it rests on.
    pub rests_on_id: SubjectId,
    /// In what way.
    pub kind: DependencyKind,
    /// Anything worth knowing about it.
    #[validate(length(min = 1, max = 5000))]
    #[serde(default)]
    #[schemars(regex(pattern = crate::text::LINES))]
    pub description: Option<String>,
}

impl NewDependency {
    pub(crate) fn check(self) -> Result<Self, Error> {
        let mut faults = Faults::of_new(&self);
        faults.expect(
            self.subject_id != self.rests_on_id,
            "/rests_on_id",
            "same",
            "expected another supplier or product than subject_id",
        );
        faults.done()?;
        Ok(self)
    }
}

/// Which dependencies to list.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct DependencyFilter {
    /// What this supplier or product rests on.
    pub subject_id: Option<SubjectId>,
    /// What rests on this supplier or product.
    pub rests_on_id: Option<SubjectId>,
    /// In what way.
    pub kind: Option<DependencyKind>,
    /// Only what changed at or after this moment.
    pub updated_since: Option<Moment>,
    /// How many to answer, 1 to 200; 50 if not said.
    #[validate(range(min = 1, max = 200))]
    pub limit: Option<u64>,
    /// The `next` of the page before.
    #[validate(length(max = 2000))]
    pub cursor: Option<String>,
}

/// Enters a dependency.
///
/// # Errors
/// [`Error::Invalid`] for ids that name nothing or the same thing; [`Error::Conflict`] when it is there already.
pub async fn create(writer: &Writer, new: NewDependency) -> Result<Dependency, Error> {
    let new = new.check()?;
    let subject = Subject::find(writer, &new.subject_id, "/subject_id").await?;
    let rests_on = Subject::find(writer, &new.rests_on_id, "/rests_on_id").await?;
    for (end, pointer) in [(&subject, "/subject_id"), (&rests_on, "/rests_on_id")] {
        if end.supplier.is_ourselves {
            return Err(ourselves::not_here(pointer));
        }
    }
    let row = Model {
        id: writer.new_id(),
        organisation_id: writer.scope().organisation_id.clone(),
        version: 1,
        supplier_id: subject.supplier.id.clone(),
        product_id: subject.product_id(),
        rests_on_supplier_id: rests_on.supplier.id.clone(),
        rests_on_product_id: rests_on.product_id(),
        subject_id: new.subject_id,
        rests_on_id: new.rests_on_id,
        kind: Word(new.kind),
        description: new.description,
        created_at: writer.now(),
        updated_at: writer.now(),
    };
    let row = writer.insert::<Entity, ActiveModel>(row).await.map_err(|error| match error {
        Error::Conflict { code: "duplicate", .. } => Error::conflict("duplicate", "this dependency is there already"),
        other => other,
    })?;
    crate::decision::go_stale(writer, &row.subject_id, "a new dependency").await?;
    Ok(row)
}

/// One dependency.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn read(reader: &Reader, id: &DependencyId) -> Result<Dependency, Error> {
    reader.get::<Entity>(id.as_str()).await
}

/// A page of dependencies, oldest first.
///
/// # Errors
/// [`Error::Invalid`] for a cursor that is none.
pub async fn list(reader: &Reader, filter: &DependencyFilter) -> Result<Page<Dependency>, Error> {
    let mut condition = Condition::all();
    if let Some(id) = &filter.subject_id {
        condition = condition.add(Column::SubjectId.eq(id.as_str()));
    }
    if let Some(id) = &filter.rests_on_id {
        condition = condition.add(Column::RestsOnId.eq(id.as_str()));
    }
    if let Some(kind) = filter.kind {
        condition = condition.add(Column::Kind.eq(Word(kind)));
    }
    if let Some(since) = filter.updated_since {
        condition = condition.add(Column::UpdatedAt.gte(since));
    }
    reader
        .page(
            reader.find::<Entity>().filter(condition),
            Sort::up(Column::CreatedAt),
            Column::Id,
            filter.limit,
            filter.cursor.as_deref(),
        )
        .await
}

/// Changes a dependency's kind or description; what it joins stays.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`] or [`Error::Invalid`].
pub async fn change(
    writer: &Writer,
    id: &DependencyId,
    version: i64,
    change: Change<NewDependency>,
) -> Result<Dependency, Error> {
    let before = writer.get_at::<Entity>(id.as_str(), version).await?;
    let new = change.over(&before)?;
    let mut faults = Faults::of(&new);
    let detail = "subject_id and rests_on_id cannot be changed: create another dependency instead";
    faults.expect(new.subject_id == before.subject_id, "/subject_id", "fixed", detail);
    faults.expect(new.rests_on_id == before.rests_on_id, "/rests_on_id", "fixed", detail);
    faults.done()?;
    let after = Model { kind: Word(new.kind), description: new.description, ..before.clone() };
    writer.replace::<Entity, ActiveModel>("change", &before, after).await
}

/// Takes away a dependency.
///
/// # Errors
/// [`Error::NotFound`] or [`Error::Stale`].
pub async fn delete(writer: &Writer, id: &DependencyId, version: i64) -> Result<(), Error> {
    let row = writer.get_at::<Entity>(id.as_str(), version).await?;
    writer.remove::<Entity>(&row).await
}
