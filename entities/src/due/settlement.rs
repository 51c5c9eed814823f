//! Settling what is due from the list: who did it, when, and why.
//!
//! What is settled is done at what it follows from (a review is completed, a condition met, a contract renewed), or it
//! is let be: a contract is kept, evidence is let go. What is let be leaves the list as it was: it comes back when its
//! day is another, or when something new takes its place. Of either sort a record is kept.

use std::fmt;

use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, Condition, QueryFilter as _, QuerySelect as _, entity::prelude::*};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use validator::Validate;

use super::{
    DueKind, FOR_ADMINS,
    derive::{self, Ending},
    house,
};
use crate::{
    clock::{Day, Moment},
    decision::{self, ConditionMet},
    error::Error,
    fault::Faults,
    id::{DueItemId, OrganisationId, ProductId, SettlementId, SubjectId, SupplierId},
    page::{Page, Sort},
    patch::Change,
    review::{self, Completion},
    risk,
    role::Role,
    scope::{Reader, Writer, owned},
    stored::{Word, word},
    supplier::{self, Contract, NewSupplier, RelationshipStatus, Supplier},
};

/// What can be done about something that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DueChoice {
    /// A review: it is done.
    Complete,
    /// A contract: we stay, and say so once for this day of notice.
    Keep,
    /// A contract: we leave, and the supplier is exiting.
    Leave,
    /// A contract: it has a new last day, or goes on by itself from now on.
    Renew,
    /// It is over, and nothing is to come of it.
    LetGo,
    /// An action against a risk: it is done.
    Done,
    /// A condition of an approval: it is met.
    Met,
}

impl DueChoice {
    /// The word of the interface: `let_go`.
    #[must_use]
    pub fn as_str(self) -> String {
        word(&self)
    }

    /// The least role for it.
    #[must_use]
    pub fn least(self, kind: DueKind) -> Role {
        match (self, kind) {
            (Self::Met, _) => Role::Approver,
            (_, DueKind::KeyEnd | DueKind::ProviderSecretEnd | DueKind::EditionOutdated) => Role::Admin,
            _ => Role::Editor,
        }
    }
}

impl fmt::Display for DueChoice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.as_str())
    }
}

/// What can be done here about something of this kind, that about which it is having this status.
pub(super) fn choices(kind: DueKind, status: Option<RelationshipStatus>) -> Vec<DueChoice> {
    use DueChoice::{Complete, Done, Keep, Leave, LetGo, Met, Renew};
    let all: &[DueChoice] = match kind {
        DueKind::Review => &[Complete],
        DueKind::Condition => &[Met],
        DueKind::Action => &[Done],
        DueKind::ContractNotice => &[Keep, Leave, Renew],
        DueKind::ContractEnd => &[Renew, Leave, LetGo],
        DueKind::EvidenceExpiry | DueKind::KeyEnd | DueKind::ProviderSecretEnd | DueKind::EditionOutdated => &[LetGo],
        _ => &[],
    };
    let is_left = status == Some(RelationshipStatus::Exiting);
    all.iter().copied().filter(|choice| !(is_left && *choice == Leave)).collect()
}

/// A record of something that was settled.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, JsonSchema)]
#[sea_orm(table_name = "settlement")]
#[schemars(rename = "Settlement")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SettlementId,
    /// The organisation whose list it was on.
    #[serde(skip)]
    pub organisation_id: OrganisationId,
    /// Always 1: what was settled stays as it was.
    pub version: i64,
    /// The item that was settled; it may be on the list no more.
    pub item_id: DueItemId,
    /// What that followed from.
    #[serde(skip)]
    pub item_key: String,
    /// What sort of thing was due.
    #[schemars(with = "DueKind")]
    pub kind: Word<DueKind>,
    /// What was done about it.
    #[schemars(with = "DueChoice")]
    pub choice: Word<DueChoice>,
    /// The supplier or product that it was about; null for a key, a secret or a questionnaire.
    pub subject_id: Option<SubjectId>,
    /// That supplier, or that product's.
    pub supplier_id: Option<SupplierId>,
    /// That product, if it was one.
    pub product_id: Option<ProductId>,
    /// The id of what it followed from: a review, a decision, a risk, …
    pub source_id: String,
    /// The day by which it was due.
    pub due_on: Day,
    /// Why it was due.
    pub why: String,
    /// Why this was done, or what came of it.
    pub reason: String,
    /// Who did it.
    pub settled_by: String,
    /// When.
    pub created_at: Moment,
    /// When the row was written; equal to `created_at`.
    pub updated_at: Moment,
}

pub use Model as Settlement;

/// Rows are loaded by noun, never joined.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}
owned!("settlement", row => row.supplier_id.as_ref(), row.product_id.as_ref());

/// What new something that is due needs.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "item_id": "due_0190c5d2e5f27c3c8a4b0d6f1e2a3b4c", "choice": "renew", "reason": "Two more years, at the same price.", "ends_on": "2029-03-31" }))]
pub struct NewSettlement {
    /// The item of the list of what is due that is settled.
    pub item_id: DueItemId,
    /// What is done about it: one of the item's `choices`.
    pub choice: DueChoice,
    /// Why, or what came of it.
    #[validate(length(min = 1, max = 2000))]
    #[schemars(regex(pattern = crate::text::LINES))]
    pub reason: String,
    /// To renew a contract: its new last day.
    #[serde(default)]
    pub ends_on: Option<Day>,
    /// To renew a contract: for how many months it goes on by itself from now on when nobody gives notice.
    #[validate(range(min = 1, max = 120))]
    #[serde(default)]
    pub renews_for_months: Option<u32>,
}

/// Settles something that is due.
///
/// # Errors
/// [`Error::Invalid`] with every fault; [`Error::Forbidden`] where this needs a greater role; [`Error::Conflict`] when
/// it is settled already, is not settled here, or is not as it was when it fell due.
pub async fn create(writer: &Writer, new: NewSettlement) -> Result<Settlement, Error> {
    let Some(item) = super::stored(writer, &new.item_id).await? else {
        return Err(settled_before(writer, &new.item_id).await?.map_or_else(
            || Error::unknown("/item_id", "item of what is due"),
            |known| {
                let Settlement { settled_by, created_at, .. } = known;
                Error::conflict("settled", format!("{settled_by} settled this on {} already", created_at.day()))
            },
        ));
    };
    let kind = item.kind.0;
    let supplier = match &item.supplier_id {
        Some(id) => Some(supplier::read(writer, id).await?),
        None => None,
    };
    let choices = choices(kind, supplier.as_ref().map(|supplier| supplier.status.0));
    if choices.is_empty() {
        return Err(Error::conflict("elsewhere", "this is not settled here, but at what it follows from"));
    }
    check(&new, &choices)?;
    let (least, role) = (new.choice.least(kind), writer.scope().role);
    if role < least {
        return Err(Error::Forbidden(format!("this needs the role {least}; whoever asks has the role {role}")));
    }
    match (new.choice, supplier) {
        (DueChoice::Complete, _) => complete(writer, &item, &new.reason).await?,
        (DueChoice::Met, _) => meet(writer, &item, &new.reason).await?,
        (DueChoice::Done, _) => {
            let id = item.source_id.parse().map_err(|_| Error::NotFound)?;
            risk::finish_action(writer, &id, derive::number(&item).ok_or(Error::NotFound)?).await?;
        }
        (DueChoice::Renew, Some(supplier)) => renew(writer, &item, supplier, &new).await?,
        (DueChoice::Leave, Some(supplier)) => {
            let status = word(&RelationshipStatus::Exiting).into();
            put(writer, "leave", supplier, "status", status).await?;
        }
        // What is let be leaves the list for what is recorded of it.
        _ => {}
    }
    let settlement = record(writer, &item, new).await?;
    if item.supplier_id.is_none() {
        house::refresh(writer, &[kind]).await?;
    }
    Ok(settlement)
}

fn check(new: &NewSettlement, choices: &[DueChoice]) -> Result<(), Error> {
    let mut faults = Faults::of_new(new);
    let said = choices.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    faults.expect(choices.contains(&new.choice), "/choice", "choice", format!("expected one of: {said}"));
    let is_new = new.ends_on.is_some() || new.renews_for_months.is_some();
    if new.choice == DueChoice::Renew {
        let detail = "expected the contract's new last day, or renews_for_months";
        faults.expect(is_new, "/ends_on", "required", detail);
    } else {
        let detail = "expected only where a contract is renewed";
        faults.expect(new.ends_on.is_none(), "/ends_on", "contradiction", detail);
        faults.expect(new.renews_for_months.is_none(), "/renews_for_months", "contradiction", detail);
    }
    faults.done()
}

async fn complete(writer: &Writer, item: &super::Model, reason: &str) -> Result<(), Error> {
    let id = item.source_id.parse().map_err(|_| Error::NotFound)?;
    let version = review::read(writer, &id).await?.version;
    review::complete(writer, &id, version, Completion { outcome: Some(reason.to_owned()) }).await?;
    Ok(())
}

async fn meet(writer: &Writer, item: &super::Model, reason: &str) -> Result<(), Error> {
    let id = item.source_id.parse().map_err(|_| Error::NotFound)?;
    let version = decision::read(writer, &id).await?.version;
    let met = ConditionMet { number: derive::number(item).ok_or(Error::NotFound)?, note: Some(reason.to_owned()) };
    decision::meet_condition(writer, &id, version, met).await?;
    Ok(())
}

async fn renew(writer: &Writer, item: &super::Model, supplier: Supplier, new: &NewSettlement) -> Result<(), Error> {
    let is_it = |ending: &Ending<'_>| derive::key(item.kind.0, &item.source_id, &ending.part) == item.item_key;
    let ending = derive::endings(&supplier.contracts, writer.today()).into_iter().find(is_it);
    let known = ending.map(|ending| (ending.place, ending.ends_on));
    let changed =
        || Error::conflict("changed", "this contract is not as it was when this fell due: read the list again");
    let mut contracts: Vec<Contract> = supplier.contracts.0.clone();
    let (place, ends_on) = known.ok_or_else(changed)?;
    let contract = contracts.get_mut(place).ok_or_else(changed)?;
    if let Some(day) = new.ends_on {
        let mut faults = Faults::default();
        let detail = format!("expected a day after {ends_on}, which is its last day now");
        faults.expect(day > ends_on, "/ends_on", "order", detail);
        faults.done()?;
        contract.ends_on = Some(day);
    }
    if new.renews_for_months.is_some() {
        contract.renews_for_months = new.renews_for_months;
    }
    let contracts = serde_json::to_value(&contracts).unwrap_or_default();
    put(writer, "renew", supplier, "contracts", contracts).await
}

/// Puts another value into one field of a supplier.
async fn put(writer: &Writer, action: &'static str, before: Supplier, field: &str, value: Value) -> Result<(), Error> {
    let new = Change::<NewSupplier>::new(Map::from_iter([(field.to_owned(), value)])).over(&before)?.check()?;
    supplier::put(writer, action, before, new).await?;
    Ok(())
}

async fn record(writer: &Writer, item: &super::Model, new: NewSettlement) -> Result<Settlement, Error> {
    let row = Model {
        id: writer.new_id(),
        organisation_id: writer.scope().organisation_id.clone(),
        version: 1,
        item_id: item.id.clone(),
        item_key: item.item_key.clone(),
        kind: item.kind,
        choice: Word(new.choice),
        subject_id: item.subject_id.clone(),
        supplier_id: item.supplier_id.clone(),
        product_id: item.product_id.clone(),
        source_id: item.source_id.clone(),
        due_on: item.due_on,
        why: item.why.clone(),
        reason: new.reason,
        settled_by: writer.scope().actor.name.clone(),
        created_at: writer.now(),
        updated_at: writer.now(),
    };
    writer.insert::<Entity, ActiveModel>(row).await
}

/// What is recorded of an item that is on the list no more.
async fn settled_before(reader: &Reader, id: &DueItemId) -> Result<Option<Settlement>, Error> {
    reader.one(reader.find::<Entity>().filter(told(reader)).filter(Column::ItemId.eq(id.clone()))).await
}

/// Of the kinds that whoever asks is told of.
fn told(reader: &Reader) -> Condition {
    let all = Condition::all();
    if reader.scope().role >= Role::Admin { all } else { all.add(Column::Kind.is_not_in(FOR_ADMINS.map(Word))) }
}

/// Which records to list; the newest come first.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct SettlementFilter {
    /// What sort of thing was due.
    pub kind: Option<DueKind>,
    /// What was done about it.
    pub choice: Option<DueChoice>,
    /// The supplier or product that it was about.
    pub subject_id: Option<SubjectId>,
    /// The supplier that it was about, or whose products.
    pub supplier_id: Option<SupplierId>,
    /// How many to answer, 1 to 200; 50 if not said.
    #[validate(range(min = 1, max = 200))]
    pub limit: Option<u64>,
    /// The `next` of the page before.
    #[validate(length(max = 2000))]
    pub cursor: Option<String>,
}

/// One of them.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn read(reader: &Reader, id: &SettlementId) -> Result<Settlement, Error> {
    let found = reader.one(reader.find::<Entity>().filter(told(reader)).filter(Column::Id.eq(id.clone()))).await?;
    found.ok_or(Error::NotFound)
}

/// A page of what was settled, the newest first.
///
/// # Errors
/// [`Error::Invalid`] for a cursor that is none.
pub async fn list(reader: &Reader, filter: &SettlementFilter) -> Result<Page<Settlement>, Error> {
    let mut condition = told(reader);
    if let Some(kind) = filter.kind {
        condition = condition.add(Column::Kind.eq(Word(kind)));
    }
    if let Some(choice) = filter.choice {
        condition = condition.add(Column::Choice.eq(Word(choice)));
    }
    if let Some(id) = &filter.subject_id {
        condition = condition.add(Column::SubjectId.eq(id.as_str()));
    }
    if let Some(id) = &filter.supplier_id {
        condition = condition.add(Column::SupplierId.eq(id.clone()));
    }
    let select = reader.find::<Entity>().filter(condition);
    reader.page(select, Sort::down(Column::CreatedAt), Column::Id, filter.limit, filter.cursor.as_deref()).await
}

/// What was let be: items of these leave the list.
fn lets_be() -> Condition {
    Condition::all().add(Column::Choice.is_in([DueChoice::Keep, DueChoice::LetGo].map(Word)))
}

/// What of these suppliers and their products was let be.
pub(crate) async fn of_suppliers(reader: &Reader, suppliers: &[SupplierId]) -> Result<Vec<Settlement>, Error> {
    let about = Column::SupplierId.is_in(suppliers.iter().cloned());
    reader.all(reader.find::<Entity>().filter(about).filter(lets_be())).await
}

/// The suppliers with a contract whose end somebody has let go, and whose day has passed.
pub(super) async fn contracts_let_go(reader: &Reader, today: Day) -> Result<Vec<SupplierId>, Error> {
    let ended = reader
        .find::<Entity>()
        .filter(Column::Kind.eq(Word(DueKind::ContractEnd)))
        .filter(Column::DueOn.lt(today))
        .filter(Column::SupplierId.is_not_null())
        .filter(lets_be());
    let rows: Vec<(SupplierId,)> = reader.tuples(ended.select_only().column(Column::SupplierId)).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// What of our own house was let be.
pub(super) async fn of_house(reader: &Reader) -> Result<Vec<Settlement>, Error> {
    reader.all(reader.find::<Entity>().filter(Column::SupplierId.is_null()).filter(lets_be())).await
}
