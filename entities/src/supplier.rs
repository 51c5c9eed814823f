//! Suppliers: third parties we buy from.

use std::collections::{BTreeMap, BTreeSet};

use diligence_questionnaires::{Rating, Tier};
use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, Condition, QueryFilter as _, QuerySelect as _, entity::prelude::*};
use serde::{Deserialize, Serialize};
use validator::{Validate, ValidationError};

use self::identifiers::{held_identifier, hold_identifiers};
use crate::{
    clock::{Day, Moment},
    error::Error,
    fault::Faults,
    id::{OrganisationId, SupplierId},
    identifier::Identifier,
    patch::Change,
    profile::{
        DataRole, DataSensitivity, PeopleAffected, PersonalData, ServiceCriticality, SystemAccess, TierByHand,
        TierInputs,
    },
    scope::{PORTION, Reader, Writer, owned},
    stored::{Json, Word},
    text, twin,
    web_address::{self, is_web_address},
};

mod contacts;
mod filter;
mod identifiers;
mod lines;
pub(crate) mod merging;
mod tier;

pub use contacts::Contact;
pub(crate) use contacts::{archived_with_contacts, drop_contacts, erase_person, places_of};
pub use filter::{SupplierFilter, SupplierSort, list};
pub(crate) use identifiers::{holders, note_identifiers};
pub use lines::{ContactLine, ContractLine, list_contacts, list_contracts};
pub(crate) use tier::{derive_tiers, from_after};

/// Where a supplier or product stands with us.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RelationshipStatus {
    /// We are thinking about it.
    Prospective,
    /// We buy from it.
    #[default]
    Active,
    /// We are leaving it.
    Exiting,
    /// We have nothing to do with it any more; it and its products count nowhere and fall due for nothing.
    Archived,
}

/// A sum of money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// In the currency's smallest unit: pence for GBP.
    #[validate(range(min = 0, max = 1_000_000_000_000_000_i64))]
    pub amount_minor: i64,
    /// Three letters (ISO 4217), e.g. `GBP`.
    #[validate(custom(function = "is_currency"))]
    #[schemars(regex(pattern = "^[A-Z]{3}$"))]
    pub currency: String,
}

/// How many terms of a contract that renews itself are looked at.
const MAXIMUM_TERMS: usize = 2000;

/// A contract with a supplier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
#[validate(schema(function = "starts_before_it_ends"))]
pub struct Contract {
    /// What it is called or numbered.
    #[validate(length(min = 1, max = 200))]
    pub reference: String,
    /// The first day.
    #[serde(default)]
    pub starts_on: Option<Day>,
    /// The last day.
    #[serde(default)]
    pub ends_on: Option<Day>,
    /// How many days before its end we must say that we leave.
    #[validate(range(min = 0, max = 3650))]
    #[serde(default)]
    pub notice_days: Option<i32>,
    /// For how many months it goes on by itself when nobody has given notice; null where it ends.
    #[validate(range(min = 1, max = 120))]
    #[serde(default)]
    pub renews_for_months: Option<u32>,
    /// What it is worth over its whole time.
    #[validate(nested)]
    #[serde(default)]
    pub value: Option<Money>,
}

fn starts_before_it_ends(contract: &Contract) -> Result<(), ValidationError> {
    match (contract.starts_on, contract.ends_on) {
        (Some(start), Some(end)) if end < start => {
            Err(ValidationError::new("order").with_message("expected ends_on on or after starts_on".into()))
        }
        (_, None) if contract.renews_for_months.is_some() => {
            Err(ValidationError::new("renewal").with_message("expected ends_on beside renews_for_months".into()))
        }
        _ => Ok(()),
    }
}

impl Contract {
    /// The last day of the term that runs on `today`: one that renews itself has gone on by then, as often as its term
    /// has passed.
    #[must_use]
    pub fn ends_on(&self, today: Day) -> Option<Day> {
        let end = self.ends_on?;
        let Some(months) = self.renews_for_months.filter(|months| *months > 0) else { return Some(end) };
        let terms = (0..).map(|term| end.plus_months(term * months));
        terms.take(MAXIMUM_TERMS).find(|end| *end >= today).or(Some(end))
    }

    /// The last day on which one can say that one leaves at the end of the term that runs on `today`.
    #[must_use]
    pub fn notice_by(&self, today: Day) -> Option<Day> {
        let days = self.notice_days.filter(|days| *days > 0)?;
        Some(self.ends_on(today)?.plus_days(-i64::from(days)))
    }
}

fn is_currency(text: &str) -> Result<(), ValidationError> {
    if text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase()) {
        Ok(())
    } else {
        Err(ValidationError::new("currency").with_message("expected three capital letters such as GBP".into()))
    }
}

/// Two capital letters (ISO 3166-1).
pub(crate) fn is_country(text: &str) -> Result<(), ValidationError> {
    if text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase()) {
        Ok(())
    } else {
        Err(ValidationError::new("country").with_message("expected two capital letters such as GB".into()))
    }
}

/// A supplier as stored, with what follows from its profile.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, JsonSchema)]
#[sea_orm(table_name = "supplier")]
#[schemars(rename = "Supplier")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SupplierId,
    /// The organisation whose register it is in.
    #[serde(skip)]
    pub organisation_id: OrganisationId,
    /// Its version, from 1; each change adds one.
    pub version: i64,
    /// What we call it.
    pub name: String,
    /// Its registered name.
    pub legal_name: Option<String>,
    /// Its web address.
    pub website: Option<String>,
    /// Where it is based: two letters (ISO 3166-1).
    pub country: Option<String>,
    /// Where it stands with us.
    #[schemars(with = "RelationshipStatus")]
    pub status: Word<RelationshipStatus>,
    /// Who of us looks after the relationship.
    pub relationship_owner: Option<String>,
    /// Whom to reach there.
    #[schemars(with = "Vec<Contact>")]
    pub contacts: Json<Vec<Contact>>,
    /// Its identifiers.
    #[schemars(with = "Vec<Identifier>")]
    pub identifiers: Json<Vec<Identifier>>,
    /// Our contracts with it.
    #[schemars(with = "Vec<Contract>")]
    pub contracts: Json<Vec<Contract>>,
    /// Its part in handling personal data; null where nobody has said.
    pub data_role: Option<Word<DataRole>>,
    /// The categories of personal data it handles.
    #[schemars(with = "Vec<PersonalData>")]
    pub personal_data: Json<Vec<PersonalData>>,
    /// Where it keeps our data: two letters each (ISO 3166-1).
    #[schemars(with = "Vec<String>")]
    pub data_locations: Json<Vec<String>>,
    /// The most sensitive data it holds; null where nobody has said.
    pub data_sensitivity: Option<Word<DataSensitivity>>,
    /// How far it gets into our systems; null where nobody has said.
    pub system_access: Option<Word<SystemAccess>>,
    /// What happens when it stops; null where nobody has said.
    pub service_criticality: Option<Word<ServiceCriticality>>,
    /// How many people it touches; null where nobody has said.
    pub people_affected: Option<Word<PeopleAffected>>,
    /// A tier someone set in place of the derived one.
    pub tier_override: Option<Word<Tier>>,
    /// Why they did.
    pub tier_override_reason: Option<String>,
    /// How much rests on it: the strictest of the four inputs, or the override.
    #[schemars(with = "Tier")]
    pub tier: Word<Tier>,
    /// Which input decided the tier, or that it was set by hand and why.
    pub tier_reason: String,
    /// The worst rating of its own and its active products'.
    #[schemars(with = "Rating")]
    pub rating: Word<Rating>,
    /// Anything else worth knowing.
    pub notes: Option<String>,
    /// Whether it is our own house: that is reached as [`crate::ourselves`] and counts among no suppliers.
    #[serde(skip)]
    pub is_ourselves: bool,
    /// When it was entered.
    pub created_at: Moment,
    /// When it, or what follows from it, last changed.
    pub updated_at: Moment,
    /// The name in lower case, for order.
    #[serde(skip)]
    pub sort_name: String,
    /// Names and identifiers in lower case, for search.
    #[serde(skip)]
    pub search_text: String,
    /// The name as people compare names.
    #[serde(skip)]
    pub name_key: String,
}

pub use Model as Supplier;

/// Rows are loaded by noun, never joined.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}
owned!("supplier", row => Some(&row.id); without IsOurselves);

/// What a supplier is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schemars(example = example())]
pub struct NewSupplier {
    /// What we call it.
    #[validate(length(min = 1, max = 300))]
    pub name: String,
    /// Its registered name.
    #[validate(length(min = 1, max = 300))]
    #[serde(default)]
    pub legal_name: Option<String>,
    /// Its web address; `www.example.org` is taken for `https://www.example.org`.
    #[validate(length(max = 2000), custom(function = "is_web_address"))]
    #[serde(default)]
    pub website: Option<String>,
    /// Where it is based: two letters (ISO 3166-1).
    #[validate(custom(function = "is_country"))]
    #[serde(default)]
    pub country: Option<String>,
    /// Where it stands with us; `active` if not said.
    #[serde(default)]
    pub status: RelationshipStatus,
    /// Who of us looks after the relationship.
    #[validate(length(min = 1, max = 200))]
    #[serde(default)]
    pub relationship_owner: Option<String>,
    /// Whom to reach there.
    #[validate(length(max = 50), nested)]
    #[serde(default)]
    pub contacts: Vec<Contact>,
    /// Its identifiers; each belongs to one supplier only.
    #[validate(length(max = 20))]
    #[serde(default)]
    pub identifiers: Vec<Identifier>,
    /// Our contracts with it.
    #[validate(length(max = 50), nested)]
    #[serde(default)]
    pub contracts: Vec<Contract>,
    /// Its part in handling personal data.
    #[serde(default)]
    pub data_role: Option<DataRole>,
    /// The categories of personal data it handles.
    #[validate(length(max = 20))]
    #[serde(default)]
    pub personal_data: Vec<PersonalData>,
    /// Where it keeps our data: two letters each (ISO 3166-1).
    #[validate(length(max = 50))]
    #[serde(default)]
    pub data_locations: Vec<String>,
    /// The most sensitive data it holds.
    #[serde(default)]
    pub data_sensitivity: Option<DataSensitivity>,
    /// How far it gets into our systems.
    #[serde(default)]
    pub system_access: Option<SystemAccess>,
    /// What happens when it stops.
    #[serde(default)]
    pub service_criticality: Option<ServiceCriticality>,
    /// How many people it touches.
    #[serde(default)]
    pub people_affected: Option<PeopleAffected>,
    /// A tier in place of the derived one; needs `tier_override_reason`.
    #[serde(default)]
    #[schemars(with = "Option<TierByHand>")]
    pub tier_override: Option<Tier>,
    /// Why the tier is set by hand.
    #[validate(length(min = 1, max = 2000))]
    #[serde(default)]
    #[schemars(regex(pattern = crate::text::LINES))]
    pub tier_override_reason: Option<String>,
    /// Anything else worth knowing.
    #[validate(length(min = 1, max = 10_000))]
    #[serde(default)]
    #[schemars(regex(pattern = crate::text::LINES))]
    pub notes: Option<String>,
}

fn example() -> serde_json::Value {
    serde_json::json!({ "name": "Harbour Care Systems", "identifiers": [{ "scheme": "GB-NHS", "id": "8K417" }], "data_role": "processor", "data_sensitivity": "special_category" })
}

impl NewSupplier {
    /// Checks everything and writes it one way: names without space around them, identifiers as their schemes do.
    pub(crate) fn check(mut self) -> Result<Self, Error> {
        self.name = self.name.trim().to_owned();
        self.website = self.website.as_deref().map(web_address::canonical);
        let mut faults = Faults::of(&self);
        let mut seen = BTreeSet::new();
        for (index, identifier) in self.identifiers.iter_mut().enumerate() {
            match identifier.canonical() {
                Ok(canonical) => *identifier = canonical,
                Err(fault) => faults.push(fault.within(&format!("/identifiers/{index}"))),
            }
            faults.expect(
                seen.insert(identifier.clone()),
                format!("/identifiers/{index}"),
                "duplicate",
                "this identifier is listed twice",
            );
        }
        for (index, country) in self.data_locations.iter().enumerate() {
            faults.expect(
                is_country(country).is_ok(),
                format!("/data_locations/{index}"),
                "country",
                "expected two capital letters such as GB",
            );
        }
        self.data_locations.sort();
        self.data_locations.dedup();
        self.personal_data.sort();
        self.personal_data.dedup();
        faults.expect(
            self.tier_override != Some(Tier::Unknown),
            "/tier_override",
            "enum",
            "expected low, medium, high or critical: leave it out where nobody knows",
        );
        faults.expect(
            self.tier_override.is_none() || self.tier_override_reason.is_some(),
            "/tier_override_reason",
            "required",
            "expected a reason for setting the tier by hand",
        );
        faults.done()?;
        Ok(self)
    }

    /// The row that says this, with what follows from it, and for the rest what is kept of a supplier whatever is said
    /// of it.
    fn into_row(self, kept: Kept) -> Model {
        let Kept { id, organisation_id, version, rating, is_ourselves, created_at, updated_at } = kept;
        let Self {
            name,
            legal_name,
            website,
            country,
            status,
            relationship_owner,
            contacts,
            identifiers,
            contracts,
            data_role,
            personal_data,
            data_locations,
            data_sensitivity,
            system_access,
            service_criticality,
            people_affected,
            tier_override,
            tier_override_reason,
            notes,
        } = self;
        let inputs = TierInputs {
            data_sensitivity,
            system_access,
            service_criticality,
            people_affected,
            personal_data: personal_data.clone(),
        };
        let (tier, tier_reason) = if is_ourselves {
            tier::of_ourselves()
        } else {
            tier::of(inputs, tier_override, tier_override_reason.as_deref())
        };
        let sort_name = name.to_lowercase();
        let names = std::iter::once(sort_name.clone()).chain(legal_name.as_ref().map(|name| name.to_lowercase()));
        let search_text = names
            .chain(identifiers.iter().map(|identifier| identifier.id.to_lowercase()))
            .collect::<Vec<_>>()
            .join("\n");
        let name_key = twin::compared(&name);
        Model {
            id,
            organisation_id,
            version,
            name,
            legal_name,
            website,
            country,
            status: Word(status),
            relationship_owner,
            contacts: Json(contacts),
            identifiers: Json(identifiers),
            contracts: Json(contracts),
            data_role: data_role.map(Word),
            personal_data: Json(personal_data),
            data_locations: Json(data_locations),
            data_sensitivity: data_sensitivity.map(Word),
            system_access: system_access.map(Word),
            service_criticality: service_criticality.map(Word),
            people_affected: people_affected.map(Word),
            tier_override: tier_override.map(Word),
            tier_override_reason,
            tier: Word(tier),
            tier_reason,
            rating,
            notes,
            is_ourselves,
            created_at,
            updated_at,
            sort_name,
            search_text,
            name_key,
        }
    }
}

/// What of a supplier's row nobody says.
struct Kept {
    id: SupplierId,
    organisation_id: OrganisationId,
    version: i64,
    rating: Word<Rating>,
    is_ourselves: bool,
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
            rating: Word(Rating::Unassessed),
            is_ourselves: false,
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
            rating: row.rating,
            is_ourselves: row.is_ourselves,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// Enters a supplier.
///
/// # Errors
/// [`Error::Invalid`] with every fault; [`Error::Conflict`] when another supplier holds one of its identifiers.
pub async fn create(writer: &Writer, new: NewSupplier) -> Result<Supplier, Error> {
    text::check(&new)?;
    let mut rows = create_all(writer, vec![(None, new.check()?)]).await?;
    hold_identifiers(writer, &rows).await?;
    Ok(rows.remove(0))
}

/// Enters suppliers that have been checked, some by ids that they had elsewhere and that nothing else has; their
/// identifiers have yet to be noted.
pub(crate) async fn create_all(
    writer: &Writer,
    new: Vec<(Option<SupplierId>, NewSupplier)>,
) -> Result<Vec<Supplier>, Error> {
    let row = |(id, new): (Option<SupplierId>, NewSupplier)| {
        let kept = Kept::new(writer);
        new.into_row(Kept { id: id.unwrap_or_else(|| kept.id.clone()), ..kept })
    };
    writer.insert_all::<Entity, ActiveModel>(new.into_iter().map(row).collect()).await
}

/// The row that stands for our own house, if there is one yet.
pub(crate) async fn ourselves(reader: &Reader) -> Result<Option<Supplier>, Error> {
    // Said as the index says it: a value to compare with would keep SQLite from it.
    let is_it = Condition::all().add(Expr::col((Entity, Column::IsOurselves)));
    reader.one(reader.find_with_ourselves::<Entity>().filter(is_it)).await
}

/// Enters the row that stands for our own house.
pub(crate) async fn create_ourselves(writer: &Writer, new: NewSupplier) -> Result<Supplier, Error> {
    let row = new.check()?.into_row(Kept { is_ourselves: true, ..Kept::new(writer) });
    writer.insert::<Entity, ActiveModel>(row).await
}

/// A supplier at a version, that somebody means to change as one: our own house is changed elsewhere.
async fn listed_at(writer: &Writer, id: &SupplierId, version: i64) -> Result<Supplier, Error> {
    let row = writer.get_at::<Entity>(id.as_str(), version).await?;
    if row.is_ourselves {
        return Err(Error::conflict("ourselves", "this is our own house, no supplier: change it at /ourselves"));
    }
    Ok(row)
}

/// The suppliers of exactly these names: each name may be several suppliers'.
pub(crate) async fn of_names(
    reader: &Reader,
    names: &BTreeSet<String>,
) -> Result<BTreeMap<String, Vec<SupplierId>>, Error> {
    let mut found: BTreeMap<String, Vec<SupplierId>> = BTreeMap::new();
    let lower: BTreeSet<String> = names.iter().map(|name| name.to_lowercase()).collect();
    let lower: Vec<String> = lower.into_iter().collect();
    for portion in lower.chunks(PORTION) {
        let select = reader.find::<Entity>().filter(Column::SortName.is_in(portion.iter().map(String::as_str)));
        let rows: Vec<(SupplierId, String)> =
            reader.tuples(select.select_only().columns([Column::Id, Column::Name])).await?;
        for (id, name) in rows.into_iter().filter(|(_, name)| names.contains(name)) {
            found.entry(name).or_default().push(id);
        }
    }
    Ok(found)
}

/// One supplier.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn read(reader: &Reader, id: &SupplierId) -> Result<Supplier, Error> {
    reader.get::<Entity>(id.as_str()).await
}

/// These suppliers, as far as they are there, by id.
///
/// # Errors
/// [`Error::Database`] only.
pub async fn several(
    reader: &Reader,
    ids: impl IntoIterator<Item = SupplierId>,
) -> Result<BTreeMap<SupplierId, Supplier>, Error> {
    let rows = reader.get_many::<Entity>(&ids.into_iter().map(|id| id.to_string()).collect()).await?;
    Ok(rows.into_iter().map(|row| (row.id.clone(), row)).collect())
}

/// Changes a supplier.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::Invalid`], or [`Error::Conflict`] when another supplier holds one of
/// its identifiers.
pub async fn change(
    writer: &Writer,
    id: &SupplierId,
    version: i64,
    change: Change<NewSupplier>,
) -> Result<Supplier, Error> {
    let before = listed_at(writer, id, version).await?;
    let new = change.over(&before)?.check()?;
    put(writer, "change", before, new).await
}

/// Puts a checked supplier in the place of the one read before.
pub(crate) async fn put(
    writer: &Writer,
    action: &'static str,
    before: Supplier,
    new: NewSupplier,
) -> Result<Supplier, Error> {
    let id = before.id.clone();
    put_all(writer, action, vec![(before, new)]).await?;
    crate::register::refresh_now(writer, &id).await?;
    read(writer, &id).await
}

/// Puts checked suppliers in the place of those read before; their lines in the register follow when this is saved. An
/// identifier may pass from one to another of them.
pub(crate) async fn put_all(
    writer: &Writer,
    action: &'static str,
    changes: Vec<(Supplier, NewSupplier)>,
) -> Result<Vec<Supplier>, Error> {
    let over = |(before, new): (Supplier, NewSupplier)| {
        let after = new.into_row(Kept::of(&before));
        (before, after)
    };
    let changes: Vec<(Supplier, Supplier)> = changes.into_iter().map(over).collect();
    let rows = writer.replace_all::<Entity, ActiveModel>(action, changes.clone()).await?;
    let mut holding = Vec::new();
    for ((before, _), after) in changes.iter().zip(&rows) {
        crate::decision::note_supplier_change(writer, before, after).await?;
        if before.identifiers != after.identifiers {
            holding.push(after.clone());
        }
    }
    for portion in holding.chunks(PORTION) {
        let ids = portion.iter().map(|supplier| supplier.id.clone());
        writer
            .clear::<held_identifier::Entity>(Condition::all().add(held_identifier::Column::SupplierId.is_in(ids)))
            .await?;
    }
    hold_identifiers(writer, &holding).await?;
    Ok(rows)
}

/// Whether `new`, once checked, says anything else than `row` does.
pub(crate) fn differs(row: &Supplier, new: &NewSupplier) -> bool {
    new.clone().into_row(Kept::of(row)) != *row
}

/// Archives a supplier: it and its products count nowhere and fall due for nothing, but all that was recorded stays.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], or [`Error::Conflict`] when it is archived already.
pub async fn archive(writer: &Writer, id: &SupplierId, version: i64) -> Result<Supplier, Error> {
    set_status(writer, id, version, "archive", RelationshipStatus::Archived).await
}

/// Brings an archived supplier back as active.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], or [`Error::Conflict`] when it is not archived.
pub async fn restore(writer: &Writer, id: &SupplierId, version: i64) -> Result<Supplier, Error> {
    set_status(writer, id, version, "restore", RelationshipStatus::Active).await
}

async fn set_status(
    writer: &Writer,
    id: &SupplierId,
    version: i64,
    action: &'static str,
    status: RelationshipStatus,
) -> Result<Supplier, Error> {
    let before = listed_at(writer, id, version).await?;
    if (before.status.0 == RelationshipStatus::Archived) == (status == RelationshipStatus::Archived) {
        return Err(Error::conflict(
            "state",
            format!("this supplier is {} already", crate::stored::word(&before.status.0)),
        ));
    }
    let fields = serde_json::Map::from_iter([("status".to_owned(), crate::stored::word(&status).into())]);
    let new = Change::<NewSupplier>::new(fields).over(&before)?.check()?;
    put(writer, action, before, new).await
}

/// Takes away a supplier that nothing hangs on; one with products, evidence, assessments, risks or incidents can only
/// be archived.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], or [`Error::Conflict`] when something hangs on it.
pub async fn delete(writer: &Writer, id: &SupplierId, version: i64) -> Result<(), Error> {
    let row = listed_at(writer, id, version).await?;
    crate::review::forget_open(writer, &row.id, None).await?;
    crate::published_list::forget(writer, &row.id).await?;
    writer
        .clear::<held_identifier::Entity>(Condition::all().add(held_identifier::Column::SupplierId.eq(row.id.clone())))
        .await?;
    crate::register::forget(writer, row.id.as_str()).await?;
    writer.remove::<Entity>(&row).await.map_err(|error| match error {
        Error::Conflict { code: "in_use", .. } => Error::conflict(
            "in_use",
            "products, evidence, assessments, risks, reviews or incidents refer to this supplier, or something due about it was settled: archive it instead",
        ),
        other => other,
    })
}
