//! Undoing an import: what it made goes, what it changed gets its fields back, as far as nobody has changed it since
//! and nothing that others made hangs on it.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, Condition, QueryFilter as _, QueryOrder as _, QuerySelect as _};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::{ACCEPTANCE, ActiveModel, Entity, Import, ImportState, ItemKind, Model, hanging, item};
use crate::{
    dependency::{self, Dependency, NewDependency},
    error::Error,
    evidence::{self, Evidence, NewEvidence},
    id::{ImportId, ReviewId, SupplierId},
    identifier::Identifier,
    import::{fields::Fields, nouns::whole},
    incident::{self, Incident, NewIncident},
    product::{self, NewProduct, Product},
    review::{self, Course, Review, ReviewState},
    risk::{self, NewRisk, Risk},
    scope::{PORTION, Reader, Writer},
    stored::{Word, word},
    supplier::{self, NewSupplier, Supplier},
};

/// How many of what stays are listed.
const LISTED: usize = 1000;
/// Why something stays that somebody has changed.
const CHANGED: &str = "it has been changed since";
/// Why a risk stays whose acceptance ended with the change.
const ENDED: &str = "its acceptance ended with the import: an approver has to accept it again";
/// Why something stays that is there no more.
const GONE: &str = "it is not there any more";

/// What undoing an import does, or would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UndoReport {
    /// How many things are as they were before: taken away, or with the fields they had.
    pub undone_count: i64,
    /// How many stay as they are.
    pub left_count: i64,
    /// Those that stay, at most 1,000.
    pub left: Vec<LeftItem>,
}

/// Something that stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LeftItem {
    /// What it is.
    pub kind: ItemKind,
    /// Its id.
    pub id: String,
    /// What it is called; null where it is not there any more.
    pub name: Option<String>,
    /// Why it stays.
    pub why: String,
}

/// What is to be done.
#[derive(Default)]
struct Undoing {
    left: Vec<LeftItem>,
    /// What others rest on comes after them.
    dependencies: Vec<Dependency>,
    changed_dependencies: Vec<(Dependency, NewDependency)>,
    incidents: Vec<Incident>,
    changed_incidents: Vec<(Incident, NewIncident)>,
    risks: Vec<Risk>,
    changed_risks: Vec<(Risk, NewRisk)>,
    evidence: Vec<Evidence>,
    changed_evidence: Vec<(Evidence, NewEvidence)>,
    looks: Vec<Review>,
    /// Of each the course it had, and the one that the import left.
    courses: Vec<(ReviewId, Course, Course)>,
    products: Vec<Product>,
    changed_products: Vec<(Product, NewProduct)>,
    suppliers: Vec<Supplier>,
    changed_suppliers: Vec<(Supplier, NewSupplier)>,
}

impl Undoing {
    fn report(&self) -> UndoReport {
        let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let undone = self.dependencies.len()
            + self.changed_dependencies.len()
            + self.incidents.len()
            + self.changed_incidents.len()
            + self.risks.len()
            + self.changed_risks.len()
            + self.evidence.len()
            + self.changed_evidence.len()
            + self.looks.len()
            + self.courses.len()
            + self.products.len()
            + self.changed_products.len()
            + self.suppliers.len()
            + self.changed_suppliers.len();
        UndoReport {
            undone_count: count(undone),
            left_count: count(self.left.len()),
            left: self.left.iter().take(LISTED).cloned().collect(),
        }
    }

    fn leave(&mut self, kind: ItemKind, id: &str, name: Option<&str>, why: &str) {
        let name = name.map(str::to_owned);
        self.left.push(LeftItem { kind, id: id.to_owned(), name, why: why.to_owned() });
    }
}

/// The fields of a `New…` with those put back that were before.
fn put_back<New: DeserializeOwned>(
    known: &Fields,
    stored: &impl Serialize,
    before: &Map<String, Value>,
) -> Option<New> {
    let mut fields = known.stored(Some(stored));
    for (name, value) in before {
        fields.insert(name.clone(), value.clone());
    }
    serde_json::from_value(Value::Object(fields)).ok()
}

/// Items of one kind, of which each is there as the import left it; the others stay.
macro_rules! as_left {
    ($undoing:ident, $reader:ident, $items:ident, $kind:ident, $noun:ident, $name:expr) => {{
        let mine: Vec<&item::Model> = $items.iter().filter(|item| item.kind.0 == ItemKind::$kind).collect();
        let ids: BTreeSet<String> = mine.iter().map(|item| item.item_id.clone()).collect();
        let rows = $reader.get_many::<$noun::Entity>(&ids).await?;
        let mut rows: BTreeMap<String, _> = rows.into_iter().map(|row| (row.id.to_string(), row)).collect();
        let mut found = Vec::new();
        for item in mine {
            match rows.remove(&item.item_id) {
                None => $undoing.leave(ItemKind::$kind, &item.item_id, None, GONE),
                Some(row) if row.version == item.item_version => found.push((item, row)),
                Some(row) => {
                    let name: String = $name(&row);
                    $undoing.leave(ItemKind::$kind, &item.item_id, Some(&name), CHANGED);
                }
            }
        }
        found
    }};
}

fn supplier_name(row: &Supplier) -> String {
    row.name.clone()
}

fn product_name(row: &Product) -> String {
    row.name.clone()
}

fn evidence_name(row: &Evidence) -> String {
    row.reference.clone().or_else(|| row.statement.clone()).unwrap_or_else(|| word(&row.kind))
}

fn dependency_name(row: &Dependency) -> String {
    word(&row.kind)
}

fn incident_name(row: &Incident) -> String {
    row.title.clone()
}

fn risk_name(row: &Risk) -> String {
    row.title.clone()
}

/// What an import did, in the order it did it.
async fn items_of(reader: &Reader, id: &ImportId) -> Result<Vec<item::Model>, Error> {
    let mut items: Vec<item::Model> = Vec::new();
    loop {
        let after = items.last().map_or(-1, |item| item.item_number);
        let select = reader
            .find::<item::Entity>()
            .filter(item::Column::ImportId.eq(id.clone()))
            .filter(item::Column::ItemNumber.gt(after))
            .order_by_asc(item::Column::ItemNumber)
            .limit(2000);
        let rows = reader.all(select).await?;
        if rows.is_empty() {
            return Ok(items);
        }
        items.extend(rows);
        tokio::task::yield_now().await;
    }
}

/// An import that can be undone today.
fn undoable(reader: &Reader, import: &Import) -> Result<(), Error> {
    match import.state.0 {
        ImportState::Draft => Err(Error::conflict("state", "this import has not been applied: let go of it instead")),
        ImportState::Undone => Err(Error::conflict("state", "this import has been undone already")),
        ImportState::Applied if import.undo_until.is_none_or(|last| last < reader.today()) => Err(Error::conflict(
            "state",
            format!("an import can be undone for {} days, and they have passed", super::UNDO_DAYS),
        )),
        ImportState::Applied => Ok(()),
    }
}

async fn plan(reader: &Reader, import: &Import) -> Result<Undoing, Error> {
    undoable(reader, import)?;
    let items = items_of(reader, &import.id).await?;
    let mut undoing = Undoing::default();
    // Each of these goes, is put back or stays by itself.
    macro_rules! each {
        ($kind:ident, $noun:ident, $new:ty, $name:ident, $made:ident, $changed:ident) => {
            let fields = Fields::of::<$new>();
            for (item, row) in as_left!(undoing, reader, items, $kind, $noun, $name) {
                match &item.before {
                    None => undoing.$made.push(row),
                    Some(before) if before.contains_key(ACCEPTANCE) => {
                        undoing.leave(ItemKind::$kind, &item.item_id, Some(&$name(&row)), ENDED);
                    }
                    Some(before) => match put_back::<$new>(&fields, &row, before) {
                        Some(new) => undoing.$changed.push((row, new)),
                        None => undoing.leave(ItemKind::$kind, &item.item_id, Some(&$name(&row)), CHANGED),
                    },
                }
            }
        };
    }
    each!(Dependency, dependency, NewDependency, dependency_name, dependencies, changed_dependencies);
    stay_where_entered_anew(reader, &mut undoing).await?;
    each!(Incident, incident, NewIncident, incident_name, incidents, changed_incidents);
    each!(Risk, risk, NewRisk, risk_name, risks, changed_risks);
    for item in items.iter().filter(|item| item.kind.0 == ItemKind::Decision) {
        undoing.leave(ItemKind::Decision, &item.item_id, None, "decisions are never taken away");
    }
    plan_evidence(reader, &items, &mut undoing).await?;
    plan_reviews(reader, &items, &mut undoing).await?;
    plan_products(reader, &items, &mut undoing).await?;
    plan_suppliers(reader, &items, &mut undoing).await?;
    Ok(undoing)
}

/// Leaves dependencies whose place another has taken since.
async fn stay_where_entered_anew(reader: &Reader, undoing: &mut Undoing) -> Result<(), Error> {
    let gone: BTreeSet<&str> = undoing.dependencies.iter().map(|row| row.id.as_str()).collect();
    let (mut free, mut taken) = (Vec::new(), Vec::new());
    for (row, new) in std::mem::take(&mut undoing.changed_dependencies) {
        let same = reader
            .find_with_ourselves::<dependency::Entity>()
            .filter(dependency::Column::SubjectId.eq(row.subject_id.as_str()))
            .filter(dependency::Column::RestsOnId.eq(row.rests_on_id.as_str()))
            .filter(dependency::Column::Kind.eq(Word(new.kind)));
        let others = reader.all(same).await?;
        if others.iter().any(|other| other.id != row.id && !gone.contains(other.id.as_str())) {
            taken.push(row);
        } else {
            free.push((row, new));
        }
    }
    undoing.changed_dependencies = free;
    for row in taken {
        let why = "what it was has been entered anew since";
        undoing.leave(ItemKind::Dependency, row.id.as_str(), Some(&dependency_name(&row)), why);
    }
    Ok(())
}

async fn plan_evidence(reader: &Reader, items: &[item::Model], undoing: &mut Undoing) -> Result<(), Error> {
    let fields = Fields::of::<NewEvidence>();
    for (item, row) in as_left!(undoing, reader, items, Evidence, evidence, evidence_name) {
        match &item.before {
            Some(before) => match put_back::<NewEvidence>(&fields, &row, before) {
                Some(new) => undoing.changed_evidence.push((row, new)),
                None => undoing.leave(ItemKind::Evidence, &item.item_id, Some(&evidence_name(&row)), CHANGED),
            },
            None => {
                let is_used = crate::assessment::names_evidence(reader, &row.supplier_id, &row.id).await?
                    || risk::came_of(reader, &row.id).await?;
                if is_used {
                    let why = "answers or risks rest on it";
                    undoing.leave(ItemKind::Evidence, &item.item_id, Some(&evidence_name(&row)), why);
                } else {
                    undoing.evidence.push(row);
                }
            }
        }
    }
    Ok(())
}

async fn plan_reviews(reader: &Reader, items: &[item::Model], undoing: &mut Undoing) -> Result<(), Error> {
    let mine: Vec<&item::Model> = items.iter().filter(|item| item.kind.0 == ItemKind::Review).collect();
    let ids: BTreeSet<String> = mine.iter().map(|item| item.item_id.clone()).collect();
    let rows = reader.get_many::<review::Entity>(&ids).await?;
    let rows: BTreeMap<&str, &Review> = rows.iter().map(|row| (row.id.as_str(), row)).collect();
    let course = |fields: &Map<String, Value>| serde_json::from_value::<Course>(Value::Object(fields.clone())).ok();
    for item in mine {
        let Some(row) = rows.get(item.item_id.as_str()).copied() else {
            undoing.leave(ItemKind::Review, &item.item_id, None, GONE);
            continue;
        };
        let name = format!("due on {}", row.due_on);
        match (&item.before, &item.after) {
            (None, _) if row.version == item.item_version && row.state.0 == ReviewState::Completed => {
                undoing.looks.push(row.clone());
            }
            (Some(before), Some(after)) => match (course(before), course(after)) {
                (Some(before), Some(after)) if after.still_holds(row) => {
                    undoing.courses.push((row.id.clone(), before, after));
                }
                _ => undoing.leave(ItemKind::Review, &item.item_id, Some(&name), "it has been moved or done since"),
            },
            _ => undoing.leave(ItemKind::Review, &item.item_id, Some(&name), CHANGED),
        }
    }
    Ok(())
}

async fn plan_products(reader: &Reader, items: &[item::Model], undoing: &mut Undoing) -> Result<(), Error> {
    let fields = Fields::of::<NewProduct>();
    let found = as_left!(undoing, reader, items, Product, product, product_name);
    let made: Vec<String> =
        found.iter().filter(|(item, _)| item.before.is_none()).map(|(item, _)| item.item_id.clone()).collect();
    let hanging = hanging::on_products(reader, &made, &gone(undoing)).await?;
    for (item, row) in found {
        match (&item.before, hanging.get(&item.item_id)) {
            (None, Some(why)) => undoing.leave(ItemKind::Product, &item.item_id, Some(&row.name), why),
            (None, None) => undoing.products.push(row),
            (Some(before), _) => match put_back::<NewProduct>(&fields, &row, before) {
                Some(new) if new.supplier_id == row.supplier_id => undoing.changed_products.push((row, new)),
                _ => undoing.leave(ItemKind::Product, &item.item_id, Some(&row.name), CHANGED),
            },
        }
    }
    Ok(())
}

async fn plan_suppliers(reader: &Reader, items: &[item::Model], undoing: &mut Undoing) -> Result<(), Error> {
    let fields = Fields::of::<NewSupplier>();
    let found = as_left!(undoing, reader, items, Supplier, supplier, supplier_name);
    let made: Vec<String> =
        found.iter().filter(|(item, _)| item.before.is_none()).map(|(item, _)| item.item_id.clone()).collect();
    let hanging = hanging::on_suppliers(reader, &made, &gone(undoing)).await?;
    let mut changes = Changes::new();
    for (item, row) in found {
        match (&item.before, hanging.get(&item.item_id)) {
            (None, Some(why)) => undoing.leave(ItemKind::Supplier, &item.item_id, Some(&row.name), why),
            (None, None) => undoing.suppliers.push(row),
            (Some(before), _) => match put_back::<NewSupplier>(&fields, &row, before) {
                Some(new) => changes.push((row, new)),
                None => undoing.leave(ItemKind::Supplier, &item.item_id, Some(&row.name), CHANGED),
            },
        }
    }
    // An identifier may have come to be held by one that keeps it; one that stays keeps what it has.
    loop {
        let (held, free) = held_elsewhere(reader, &undoing.suppliers, changes).await?;
        let is_done = held.is_empty();
        for (row, _) in held {
            let why = "another supplier holds an identifier that it had";
            undoing.leave(ItemKind::Supplier, row.id.as_str(), Some(&row.name), why);
        }
        changes = free;
        if is_done {
            break;
        }
    }
    undoing.changed_suppliers = changes;
    Ok(())
}

/// Suppliers that would get fields back.
type Changes = Vec<(Supplier, NewSupplier)>;

/// Those of the changes that would get an identifier back which another holds, and the rest; `goes` are taken away.
async fn held_elsewhere(reader: &Reader, goes: &[Supplier], changes: Changes) -> Result<(Changes, Changes), Error> {
    let wanted: BTreeSet<Identifier> = changes.iter().flat_map(|(_, new)| new.identifiers.iter().cloned()).collect();
    let holders = supplier::holders(reader, &wanted).await?;
    let goes: BTreeSet<&SupplierId> = goes.iter().map(|row| &row.id).collect();
    let kept: BTreeMap<SupplierId, Vec<Identifier>> =
        changes.iter().map(|(row, new)| (row.id.clone(), new.identifiers.clone())).collect();
    let is_held = |id: &SupplierId, identifier: &Identifier| {
        holders.get(identifier).is_some_and(|holder| {
            holder != id && !goes.contains(holder) && kept.get(holder).is_none_or(|kept| kept.contains(identifier))
        })
    };
    Ok(changes.into_iter().partition(|(row, new)| new.identifiers.iter().any(|given| is_held(&row.id, given))))
}

/// The ids of what goes.
fn gone(undoing: &Undoing) -> BTreeSet<String> {
    let evidence = undoing.evidence.iter().map(|row| row.id.to_string());
    let looks = undoing.looks.iter().map(|row| row.id.to_string());
    let products = undoing.products.iter().map(|row| row.id.to_string());
    let dependencies = undoing.dependencies.iter().map(|row| row.id.to_string());
    let incidents = undoing.incidents.iter().map(|row| row.id.to_string());
    let risks = undoing.risks.iter().map(|row| row.id.to_string());
    evidence.chain(looks).chain(products).chain(dependencies).chain(incidents).chain(risks).collect()
}

/// What undoing an import would do.
///
/// # Errors
/// [`Error::NotFound`], or [`Error::Conflict`] for one that is a draft, or undone already, or too long ago.
pub async fn undo_plan(reader: &Reader, id: &ImportId) -> Result<UndoReport, Error> {
    let import = super::read(reader, id).await?;
    Ok(plan(reader, &import).await?.report())
}

/// Undoes an import as far as it can be; says what stays, and why.
///
/// # Errors
/// As [`undo_plan`].
pub async fn undo(writer: &Writer, id: &ImportId) -> Result<UndoReport, Error> {
    let before = super::read(writer, id).await?;
    writer.expect_many().await?;
    let undoing = plan(writer, &before).await?;
    let report = undoing.report();
    let Undoing {
        dependencies,
        changed_dependencies,
        incidents,
        changed_incidents,
        risks,
        changed_risks,
        evidence,
        changed_evidence,
        looks,
        courses,
        products,
        changed_products,
        suppliers,
        changed_suppliers,
        ..
    } = undoing;
    for row in dependencies {
        dependency::delete(writer, &row.id, row.version).await?;
    }
    for (row, new) in changed_dependencies {
        dependency::change(writer, &row.id, row.version, whole(&new)).await?;
    }
    for row in incidents {
        incident::delete(writer, &row.id, row.version).await?;
    }
    for (row, new) in changed_incidents {
        incident::change(writer, &row.id, row.version, whole(&new)).await?;
    }
    for row in risks {
        risk::delete(writer, &row.id, row.version).await?;
    }
    for (row, new) in changed_risks {
        risk::change(writer, &row.id, row.version, whole(&new)).await?;
    }
    for row in evidence {
        evidence::delete(writer, &row.id, row.version).await?;
    }
    for (row, new) in changed_evidence {
        evidence::put(writer, row, new).await?;
    }
    review::retract(writer, &looks, courses).await?;
    for row in products {
        product::delete(writer, &row.id, row.version).await?;
    }
    for portion in portions(changed_products) {
        product::put_all(writer, "undo", portion).await?;
    }
    for row in suppliers {
        supplier::delete(writer, &row.id, row.version).await?;
    }
    // An identifier may pass from one to another of them, so all at once.
    supplier::put_all(writer, "undo", changed_suppliers).await?;
    writer.clear::<item::Entity>(Condition::all().add(item::Column::ImportId.eq(before.id.clone()))).await?;
    let after = Model { state: Word(ImportState::Undone), undone_at: Some(writer.now()), ..before.clone() };
    let told = serde_json::json!({ "undone_count": report.undone_count, "left_count": report.left_count });
    writer.replace_and_tell::<Entity, ActiveModel>("undo", &before, after, Some(("undo", told))).await?;
    Ok(report)
}

fn portions<T>(rows: Vec<T>) -> impl Iterator<Item = Vec<T>> {
    let mut rows = rows.into_iter();
    std::iter::from_fn(move || {
        let portion: Vec<T> = rows.by_ref().take(PORTION).collect();
        (!portion.is_empty()).then_some(portion)
    })
}
