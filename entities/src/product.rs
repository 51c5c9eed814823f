//! Products: what a supplier provides. Any of them may have AI features.

use std::collections::BTreeMap;

use diligence_questionnaires::Rating;
use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, QueryFilter as _, entity::prelude::*};
use serde::{Deserialize, Serialize};
use validator::Validate;

use crate::{
    bill_of_materials::{self, ProfileSources},
    clock::Moment,
    error::Error,
    fault::Faults,
    id::{OrganisationId, ProductId, SupplierId},
    ourselves,
    page::{Page, Sort, contains},
    patch::Change,
    scope::{Reader, Writer, owned},
    stored::{Json, Word},
    supplier::{self, RelationshipStatus, is_country},
    text, twin,
    web_address::{self, is_web_address},
};

mod lookup;
pub(crate) mod merging;

pub(crate) use lookup::{of_names, of_suppliers};

/// What sort of thing a product is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProductKind {
    /// Software, installed or online.
    Software,
    /// Work done by people.
    Service,
    /// Something one can touch.
    Device,
    /// A system that is AI at heart.
    AiSystem,
}

/// How much AI is in a product.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AiFeatures {
    /// None, and somebody checked.
    None,
    /// AI features inside something ordinary.
    Embedded,
    /// AI is what it is for.
    Core,
    /// Nobody has checked: honest, and to be chased.
    #[default]
    Unknown,
}

/// An answer that may not be known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Known {
    /// Yes.
    Yes,
    /// No.
    No,
    /// Not known.
    #[default]
    Unknown,
}

/// What an AI does with its outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Autonomy {
    /// It gives people something to know.
    Informs,
    /// It suggests what to do.
    Recommends,
    /// It decides; people carry out.
    Decides,
    /// It decides and carries out.
    Acts,
}

/// Whom an AI affects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Affected {
    /// People who draw on care.
    Residents,
    /// People who work in care.
    Staff,
    /// Families and friends.
    Families,
    /// The public.
    Public,
}

/// The class of a medical device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MedicalDeviceClass {
    /// It is no medical device.
    None,
    /// Class I.
    ClassI,
    /// Class IIa.
    ClassIia,
    /// Class IIb.
    ClassIib,
    /// Class III.
    ClassIii,
    /// Not known.
    Unknown,
}

/// The class under the EU AI Act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EuAiActClass {
    /// Minimal risk.
    Minimal,
    /// Limited risk: transparency duties.
    Limited,
    /// High risk.
    High,
    /// Prohibited.
    Prohibited,
}

/// What a product's AI does, with which model, to whom, under whose oversight.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct AiProfile {
    /// What the AI is there for.
    #[validate(length(min = 1, max = 5000))]
    #[schemars(regex(pattern = crate::text::LINES))]
    pub purpose: Option<String>,
    /// Does it generate text, speech or pictures?
    pub generative: Known,
    /// The model.
    #[validate(length(min = 1, max = 200))]
    pub model: Option<String>,
    /// Who provides the model.
    #[validate(length(min = 1, max = 200))]
    pub model_provider: Option<String>,
    /// The model's version.
    #[validate(length(min = 1, max = 200))]
    pub model_version: Option<String>,
    /// Is our data used to train it?
    pub trains_on_our_data: Known,
    /// Where it runs: two letters each (ISO 3166-1).
    #[validate(length(max = 50))]
    pub runs_in: Vec<String>,
    /// Does it inform, recommend, decide or act?
    pub autonomy: Option<Autonomy>,
    /// Whom it affects.
    #[validate(length(max = 10))]
    pub affects: Vec<Affected>,
    /// The named person who oversees it.
    #[validate(length(min = 1, max = 200))]
    pub overseer: Option<String>,
    /// How a person can contest an outcome.
    #[validate(length(min = 1, max = 5000))]
    #[schemars(regex(pattern = crate::text::LINES))]
    pub contest_route: Option<String>,
    /// What people do by hand when it fails.
    #[validate(length(min = 1, max = 5000))]
    #[schemars(regex(pattern = crate::text::LINES))]
    pub manual_fallback: Option<String>,
    /// Does it summarise speech?
    pub summarises_speech: Known,
    /// Its class as a medical device.
    pub medical_device_class: Option<MedicalDeviceClass>,
    /// Where the safety case (DCB0129, DCB0160) is.
    #[validate(length(min = 1, max = 500))]
    pub safety_case_reference: Option<String>,
    /// Where the data protection impact assessment is.
    #[validate(length(min = 1, max = 500))]
    pub dpia_reference: Option<String>,
    /// The address of its algorithmic transparency record (ATRS).
    #[validate(length(max = 2000), custom(function = "is_web_address"))]
    pub transparency_record: Option<String>,
    /// Its class under the EU AI Act.
    pub eu_ai_act_class: Option<EuAiActClass>,
    /// What the model was trained on.
    #[validate(length(min = 1, max = 5000))]
    #[schemars(regex(pattern = crate::text::LINES))]
    pub training_data: Option<String>,
    /// What the model is not good at.
    #[validate(length(min = 1, max = 5000))]
    #[schemars(regex(pattern = crate::text::LINES))]
    pub limitations: Option<String>,
    /// What harm the model may do to people, and what is done about it.
    #[validate(length(min = 1, max = 5000))]
    #[schemars(regex(pattern = crate::text::LINES))]
    pub ethical_considerations: Option<String>,
    /// How much energy the model takes to train and to use.
    #[validate(length(min = 1, max = 5000))]
    #[schemars(regex(pattern = crate::text::LINES))]
    pub energy_use: Option<String>,
}

/// A product as stored, with what follows from its supplier's profile.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, JsonSchema)]
#[sea_orm(table_name = "product")]
#[schemars(rename = "Product")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ProductId,
    /// The organisation whose register it is in.
    #[serde(skip)]
    pub organisation_id: OrganisationId,
    /// Its version, from 1; each change adds one.
    pub version: i64,
    /// Who provides it.
    pub supplier_id: SupplierId,
    /// What it is called.
    pub name: String,
    /// What sort of thing it is.
    #[schemars(with = "ProductKind")]
    pub kind: Word<ProductKind>,
    /// The version of the product itself that we use.
    pub product_version: Option<String>,
    /// What we use it for.
    pub purpose: Option<String>,
    /// Where it stands with us.
    #[schemars(with = "RelationshipStatus")]
    pub status: Word<RelationshipStatus>,
    /// How much AI is in it.
    #[schemars(with = "AiFeatures")]
    pub ai_features: Word<AiFeatures>,
    /// What its AI does; null where nobody has said.
    pub ai_profile: Option<Json<AiProfile>>,
    /// Which fields of the AI profile are the maker's word, brought in with a bill of materials; null for none.
    pub profile_sources: Option<Json<ProfileSources>>,
    /// The residual rating of its current assessments, under its supplier's tier.
    #[schemars(with = "Rating")]
    pub rating: Word<Rating>,
    /// Anything else worth knowing.
    pub notes: Option<String>,
    /// When it was entered.
    pub created_at: Moment,
    /// When it, or what follows from it, last changed.
    pub updated_at: Moment,
    /// The name in lower case, for order.
    #[serde(skip)]
    pub sort_name: String,
    /// The name as people compare names.
    #[serde(skip)]
    pub name_key: String,
}

pub use Model as Product;

/// Rows are loaded by noun, never joined.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}
owned!("product", row => Some(&row.supplier_id), Some(&row.id));

/// What a product is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "supplier_id": "sup_0190c5d2e5f27c3c8a4b0d6f1e2a3b4c", "name": "Harbour Notes", "kind": "software", "ai_features": "embedded" }))]
pub struct NewProduct {
    /// Who provides it; can not be changed later.
    pub supplier_id: SupplierId,
    /// What it is called.
    #[validate(length(min = 1, max = 300))]
    pub name: String,
    /// What sort of thing it is.
    pub kind: ProductKind,
    /// The version of the product itself that we use.
    #[validate(length(min = 1, max = 200))]
    #[serde(default)]
    pub product_version: Option<String>,
    /// What we use it for.
    #[validate(length(min = 1, max = 5000))]
    #[serde(default)]
    #[schemars(regex(pattern = crate::text::LINES))]
    pub purpose: Option<String>,
    /// Where it stands with us; `active` if not said.
    #[serde(default)]
    pub status: RelationshipStatus,
    /// How much AI is in it; `unknown` if not said.
    #[serde(default)]
    pub ai_features: AiFeatures,
    /// What its AI does.
    #[validate(nested)]
    #[serde(default)]
    pub ai_profile: Option<AiProfile>,
    /// Anything else worth knowing.
    #[validate(length(min = 1, max = 10_000))]
    #[serde(default)]
    #[schemars(regex(pattern = crate::text::LINES))]
    pub notes: Option<String>,
}

impl NewProduct {
    /// Checks everything and writes it one way.
    pub(crate) fn check(mut self) -> Result<Self, Error> {
        self.name = self.name.trim().to_owned();
        if let Some(profile) = &mut self.ai_profile {
            profile.transparency_record = profile.transparency_record.as_deref().map(web_address::canonical);
        }
        let mut faults = Faults::of(&self);
        if let Some(profile) = &mut self.ai_profile {
            for (index, country) in profile.runs_in.iter().enumerate() {
                faults.expect(
                    is_country(country).is_ok(),
                    format!("/ai_profile/runs_in/{index}"),
                    "country",
                    "expected two capital letters such as GB",
                );
            }
            profile.runs_in.sort();
            profile.runs_in.dedup();
            profile.affects.sort();
            profile.affects.dedup();
            faults.expect(
                self.ai_features != AiFeatures::None,
                "/ai_features",
                "contradiction",
                "expected embedded, core or unknown beside an AI profile",
            );
        }
        faults.expect(
            self.kind != ProductKind::AiSystem || self.ai_features != AiFeatures::None,
            "/ai_features",
            "contradiction",
            "expected core, embedded or unknown: an AI system has AI in it",
        );
        faults.done()?;
        Ok(self)
    }

    /// The row that says this, and for the rest what is kept of a product whatever is said of it.
    fn into_row(self, kept: Kept) -> Model {
        let Kept { id, organisation_id, version, profile, sources, rating, created_at, updated_at } = kept;
        let Self { supplier_id, name, kind, product_version, purpose, status, ai_features, ai_profile, notes } = self;
        let sort_name = name.to_lowercase();
        let name_key = twin::compared(&name);
        Model {
            id,
            organisation_id,
            version,
            supplier_id,
            name,
            kind: Word(kind),
            product_version,
            purpose,
            status: Word(status),
            ai_features: Word(ai_features),
            profile_sources: bill_of_materials::still_said(sources, profile.as_ref(), ai_profile.as_ref()),
            ai_profile: ai_profile.map(Json),
            rating,
            notes,
            created_at,
            updated_at,
            sort_name,
            name_key,
        }
    }
}

/// How to order products.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ProductSort {
    /// By name.
    #[default]
    #[serde(rename = "name")]
    Name,
    /// By name, from the end.
    #[serde(rename = "-name")]
    NameDescending,
    /// Oldest entry first.
    #[serde(rename = "created_at")]
    Created,
    /// Newest entry first.
    #[serde(rename = "-created_at")]
    CreatedDescending,
    /// Longest unchanged first.
    #[serde(rename = "updated_at")]
    Updated,
    /// Last changed first.
    #[serde(rename = "-updated_at")]
    UpdatedDescending,
}

/// Which products to list.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct ProductFilter {
    /// Text to find in names, capitals or not.
    #[validate(length(min = 1, max = 200))]
    pub q: Option<String>,
    /// Who provides it.
    pub supplier_id: Option<SupplierId>,
    /// What sort of thing it is.
    pub kind: Option<ProductKind>,
    /// Where it stands with us.
    pub status: Option<RelationshipStatus>,
    /// How much AI is in it.
    pub ai_features: Option<AiFeatures>,
    /// Its residual rating.
    pub rating: Option<Rating>,
    /// Only what changed at or after this moment.
    pub updated_since: Option<Moment>,
    /// The order; `name` if not said.
    pub sort: Option<ProductSort>,
    /// How many to answer, 1 to 200; 50 if not said.
    #[validate(range(min = 1, max = 200))]
    pub limit: Option<u64>,
    /// The `next` of the page before.
    #[validate(length(max = 2000))]
    pub cursor: Option<String>,
}

/// What of a product's row nobody says.
struct Kept {
    id: ProductId,
    organisation_id: OrganisationId,
    version: i64,
    /// The AI profile before, and which of its fields are the maker's word.
    profile: Option<AiProfile>,
    sources: Option<Json<ProfileSources>>,
    rating: Word<Rating>,
    created_at: Moment,
    updated_at: Moment,
}

impl Kept {
    /// Of a new one.
    fn new(writer: &Writer) -> Self {
        Self {
            id: writer.new_id(),
            organisation_id: writer.scope().organisation_id.clone(),
            version: 1,
            profile: None,
            sources: None,
            rating: Word(Rating::Unassessed),
            created_at: writer.now(),
            updated_at: writer.now(),
        }
    }

    /// Of one that is stored.
    fn of(row: &Model) -> Self {
        Self {
            id: row.id.clone(),
            organisation_id: row.organisation_id.clone(),
            version: row.version,
            profile: row.ai_profile.as_deref().cloned(),
            sources: row.profile_sources.clone(),
            rating: row.rating,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// Enters a product.
///
/// # Errors
/// [`Error::Invalid`] with every fault, an unknown supplier among them.
pub async fn create(writer: &Writer, new: NewProduct) -> Result<Product, Error> {
    text::check(&new)?;
    let new = new.check()?;
    match supplier::read(writer, &new.supplier_id).await {
        Err(Error::NotFound) => return Err(Error::unknown("/supplier_id", "supplier")),
        Ok(supplier) if supplier.is_ourselves => return Err(ourselves::not_here("/supplier_id")),
        _ => {}
    }
    let product = create_all(writer, vec![(None, new)]).await?.remove(0);
    let supplier = supplier::read(writer, &product.supplier_id).await?;
    crate::decision::note_new_product(writer, &supplier, &product).await?;
    Ok(product)
}

/// Enters products that have been checked and whose suppliers are there, some by ids that they had elsewhere and that
/// nothing else has.
pub(crate) async fn create_all(
    writer: &Writer,
    new: Vec<(Option<ProductId>, NewProduct)>,
) -> Result<Vec<Product>, Error> {
    let row = |(id, new): (Option<ProductId>, NewProduct)| {
        let kept = Kept::new(writer);
        new.into_row(Kept { id: id.unwrap_or_else(|| kept.id.clone()), ..kept })
    };
    writer.insert_all::<Entity, ActiveModel>(new.into_iter().map(row).collect()).await
}

/// One product.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn read(reader: &Reader, id: &ProductId) -> Result<Product, Error> {
    reader.get::<Entity>(id.as_str()).await
}

/// These products, as far as they are there, by id.
///
/// # Errors
/// [`Error::Database`] only.
pub async fn several(
    reader: &Reader,
    ids: impl IntoIterator<Item = ProductId>,
) -> Result<BTreeMap<ProductId, Product>, Error> {
    let rows = reader.get_many::<Entity>(&ids.into_iter().map(|id| id.to_string()).collect()).await?;
    Ok(rows.into_iter().map(|row| (row.id.clone(), row)).collect())
}

/// All products of a supplier.
pub(crate) async fn of_supplier(reader: &Reader, supplier_id: &SupplierId) -> Result<Vec<Product>, Error> {
    reader.all(reader.find::<Entity>().filter(Column::SupplierId.eq(supplier_id.clone()))).await
}

/// A page of products.
///
/// # Errors
/// [`Error::Invalid`] for a cursor that is none.
pub async fn list(reader: &Reader, filter: &ProductFilter) -> Result<Page<Product>, Error> {
    let mut select = reader.find::<Entity>();
    if let Some(text) = &filter.q {
        select = select.filter(contains(Column::SortName, text));
    }
    if let Some(supplier_id) = &filter.supplier_id {
        select = select.filter(Column::SupplierId.eq(supplier_id.clone()));
    }
    if let Some(kind) = filter.kind {
        select = select.filter(Column::Kind.eq(Word(kind)));
    }
    if let Some(status) = filter.status {
        select = select.filter(Column::Status.eq(Word(status)));
    }
    if let Some(ai_features) = filter.ai_features {
        select = select.filter(Column::AiFeatures.eq(Word(ai_features)));
    }
    if let Some(rating) = filter.rating {
        select = select.filter(Column::Rating.eq(Word(rating)));
    }
    if let Some(since) = filter.updated_since {
        select = select.filter(Column::UpdatedAt.gte(since));
    }
    let sort = match filter.sort.unwrap_or_default() {
        ProductSort::Name => Sort::up(Column::SortName),
        ProductSort::NameDescending => Sort::down(Column::SortName),
        ProductSort::Created => Sort::up(Column::CreatedAt),
        ProductSort::CreatedDescending => Sort::down(Column::CreatedAt),
        ProductSort::Updated => Sort::up(Column::UpdatedAt),
        ProductSort::UpdatedDescending => Sort::down(Column::UpdatedAt),
    };
    reader.page(select, sort, Column::Id, filter.limit, filter.cursor.as_deref()).await
}

/// Changes a product.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`] or [`Error::Invalid`].
pub async fn change(
    writer: &Writer,
    id: &ProductId,
    version: i64,
    change: Change<NewProduct>,
) -> Result<Product, Error> {
    let before = writer.get_at::<Entity>(id.as_str(), version).await?;
    let new = change.over(&before)?.check()?;
    put(writer, "change", before, new).await
}

/// Puts a checked product in the place of the one read before.
pub(crate) async fn put(
    writer: &Writer,
    action: &'static str,
    before: Product,
    new: NewProduct,
) -> Result<Product, Error> {
    if new.supplier_id != before.supplier_id {
        return Err(Error::invalid("/supplier_id", "fixed", FIXED));
    }
    let (id, supplier_id) = (before.id.clone(), before.supplier_id.clone());
    put_all(writer, action, vec![(before, new)]).await?;
    crate::register::refresh_now(writer, &supplier_id).await?;
    read(writer, &id).await
}

/// Puts a checked product, of whose AI profile these fields are the maker's word, in the place of the one read before.
pub(crate) async fn fill(
    writer: &Writer,
    before: Product,
    new: NewProduct,
    said: ProfileSources,
) -> Result<Product, Error> {
    let (id, supplier_id) = (before.id.clone(), before.supplier_id.clone());
    let mut after = new.into_row(Kept::of(&before));
    let mut sources = after.profile_sources.map(|sources| sources.0).unwrap_or_default();
    sources.extend(said);
    after.profile_sources = Some(Json(sources));
    let after = writer.replace::<Entity, ActiveModel>("change", &before, after).await?;
    crate::decision::note_product_change(writer, &before, &after).await?;
    crate::register::refresh_now(writer, &supplier_id).await?;
    read(writer, &id).await
}

/// What is said where a product would change its supplier.
pub(crate) const FIXED: &str = "supplier_id cannot be changed: create the product again under the other supplier";

/// Puts checked products, each still its supplier's, in the place of those read before; their lines in the register
/// follow when this is saved.
pub(crate) async fn put_all(
    writer: &Writer,
    action: &'static str,
    changes: Vec<(Product, NewProduct)>,
) -> Result<Vec<Product>, Error> {
    let over = |(before, new): (Product, NewProduct)| {
        let after = new.into_row(Kept::of(&before));
        (before, after)
    };
    let changes: Vec<(Product, Product)> = changes.into_iter().map(over).collect();
    let rows = writer.replace_all::<Entity, ActiveModel>(action, changes.clone()).await?;
    for ((before, _), after) in changes.iter().zip(&rows) {
        crate::decision::note_product_change(writer, before, after).await?;
    }
    Ok(rows)
}

/// Whether `new`, once checked, says anything else than `row` does.
pub(crate) fn differs(row: &Product, new: &NewProduct) -> bool {
    new.clone().into_row(Kept::of(row)) != *row
}

/// Archives a product: it counts nowhere and falls due for nothing, but all that was recorded stays.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], or [`Error::Conflict`] when it is archived already.
pub async fn archive(writer: &Writer, id: &ProductId, version: i64) -> Result<Product, Error> {
    set_status(writer, id, version, "archive", RelationshipStatus::Archived).await
}

/// Brings an archived product back as active.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], or [`Error::Conflict`] when it is not archived.
pub async fn restore(writer: &Writer, id: &ProductId, version: i64) -> Result<Product, Error> {
    set_status(writer, id, version, "restore", RelationshipStatus::Active).await
}

async fn set_status(
    writer: &Writer,
    id: &ProductId,
    version: i64,
    action: &'static str,
    status: RelationshipStatus,
) -> Result<Product, Error> {
    let before = writer.get_at::<Entity>(id.as_str(), version).await?;
    if (before.status.0 == RelationshipStatus::Archived) == (status == RelationshipStatus::Archived) {
        return Err(Error::conflict(
            "state",
            format!("this product is {} already", crate::stored::word(&before.status.0)),
        ));
    }
    let fields = serde_json::Map::from_iter([("status".to_owned(), crate::stored::word(&status).into())]);
    let new = Change::<NewProduct>::new(fields).over(&before)?.check()?;
    put(writer, action, before, new).await
}

/// Takes away a product that nothing hangs on; one with evidence, assessments, risks or incidents can only be archived.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], or [`Error::Conflict`] when something hangs on it.
pub async fn delete(writer: &Writer, id: &ProductId, version: i64) -> Result<(), Error> {
    let row = writer.get_at::<Entity>(id.as_str(), version).await?;
    crate::review::forget_open(writer, &row.supplier_id, Some(&row.id)).await?;
    crate::register::forget(writer, row.id.as_str()).await?;
    writer.remove::<Entity>(&row).await.map_err(|error| match error {
        Error::Conflict { code: "in_use", .. } => Error::conflict(
            "in_use",
            "evidence, assessments, risks, reviews or incidents refer to this product, or something due about it was settled: archive it instead",
        ),
        other => other,
    })
}
