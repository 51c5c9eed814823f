//! Bringing in many suppliers or products at once: all of them or none, each with its own verdict.
//!
//! A row is a merge patch. Where it names something that is there (by our id, by an identifier, by a product's supplier and
//! name), it changes that, and fields it does not give stay as they are; else it makes something new. A row that says what is
//! there already changes nothing. The verdicts of a dry run are those of the real one, since both are worked out ahead of
//! the change, from look-ups in portions and never one by one.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use diligence_questionnaires::EvidenceKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{
    ahead::Plan,
    decision,
    error::Error,
    evidence::{self, Evidence, NewEvidence},
    fault::Fault,
    id::{Id, Kind, ProductId, SubjectId, SupplierId},
    identifier::Identifier,
    patch, policy,
    product::{self, NewProduct, Product},
    register::{self, Known},
    scope::{PORTION, Reader, Writer},
    stored::word,
    supplier::{self, NewSupplier, Supplier},
};

/// How many rows one import takes at the most.
pub const MAXIMUM_ROWS: usize = 20_000;
/// How many faults a row tells at the most: an answer must not grow with the nonsense it answers.
const MAXIMUM_FAULTS: usize = 100;

/// One row of an import, as a door has read it.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// How the messages of other rows call it: `line 13`, or `row 12`.
    pub place: String,
    /// The fields it gives, as a merge patch of the noun's `New…`, null to clear; besides them `id`, and for a product
    /// `supplier_identifier` (`GB-NHS:8K417`) and `supplier_name`.
    pub fields: Map<String, Value>,
    /// Identifiers that the supplier must hold beside those it has.
    pub identifiers: Vec<ToHold>,
    /// Evidence about the supplier: of a kind, its fields as a merge patch of [`NewEvidence`].
    pub evidence: Vec<(EvidenceKind, Map<String, Value>)>,
    /// What the door found wrong already; pointers start at the row.
    pub faults: Vec<Fault>,
}

impl Row {
    /// Takes the fields out that are to blame already, so that the rest can be checked too.
    pub fn leave_out_faulty(&mut self) {
        for fault in &self.faults {
            if let Some(name) = fault.pointer.strip_prefix('/').and_then(|rest| rest.split('/').next()) {
                self.fields.shift_remove(name);
            }
        }
    }
}

/// An identifier from a list that is not ours.
#[derive(Clone, Debug)]
pub struct ToHold {
    /// What to blame when it cannot be held.
    pub pointer: String,
    /// The identifier.
    pub identifier: Identifier,
}

/// What becomes of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It makes something new.
    Create,
    /// It changes something that is there.
    Change,
    /// It says what is there already.
    Unchanged,
    /// Something is wrong with it, and so nothing of the import is kept.
    Refused,
}

/// What becomes, or would become, of a row.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// In a word.
    pub verdict: Verdict,
    /// What it is about; none for something new that was not made.
    pub id: Option<String>,
    /// Everything that is wrong; pointers start at the row.
    pub faults: Vec<Fault>,
    /// What it changes of something that is there.
    pub changes: Vec<FieldMove>,
    /// Pieces of evidence it adds.
    pub evidence_created_count: i64,
    /// Pieces of evidence it changes.
    pub evidence_changed_count: i64,
}

/// A field that a row changes.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldMove {
    /// The field, with a dot before what is inside it: `ai_profile.model`.
    pub field: String,
    /// What it says now; null where it says nothing.
    pub before: Value,
    /// What it would say.
    pub after: Value,
}

/// The fields of `after` that say something else than they do in `before`.
fn moves(before: &Map<String, Value>, after: &Map<String, Value>, prefix: &str) -> Vec<FieldMove> {
    let mut found = Vec::new();
    for (name, value) in after {
        let was = before.get(name).unwrap_or(&Value::Null);
        match (was, value) {
            _ if was == value => {}
            (Value::Object(was), Value::Object(value)) => found.extend(moves(was, value, &format!("{prefix}{name}."))),
            _ => found.push(FieldMove { field: format!("{prefix}{name}"), before: was.clone(), after: value.clone() }),
        }
    }
    found
}

/// What an import comes to.
pub struct ImportPlan {
    outcomes: Vec<Outcome>,
    asked: Asked,
    /// None in a dry run, and where a row is refused.
    work: Option<Work>,
}

/// What a plan rests on, besides what it is to write.
#[derive(Default)]
struct Asked {
    /// The suppliers it is about, or whose products.
    suppliers: BTreeSet<SupplierId>,
    identifiers: BTreeSet<Identifier>,
    supplier_names: BTreeSet<String>,
    /// The version of the policy, which the lines of what is new follow from.
    policy_version: i64,
}

/// What is to be written, and what the register's lines followed from before.
enum Work {
    Suppliers(SupplierWork, Known),
    Products(ProductWork, Known),
}

/// Indexes are those of the rows.
#[derive(Default)]
struct SupplierWork {
    changes: Vec<(Supplier, NewSupplier)>,
    additions: Vec<(usize, NewSupplier, Vec<NewEvidence>)>,
    /// Those of the additions that have been entered, but for their identifiers.
    added: Vec<(usize, Supplier)>,
    /// Of suppliers that are there.
    evidence: Vec<(SupplierId, NewEvidence)>,
    changed_evidence: Vec<(Evidence, NewEvidence)>,
}

#[derive(Default)]
struct ProductWork {
    changes: Vec<(Product, NewProduct)>,
    additions: Vec<(usize, NewProduct)>,
}

impl Plan for ImportPlan {
    fn asks_for_change(&self) -> bool {
        self.work.is_some()
    }

    fn adds(&self) -> bool {
        matches!(&self.work, Some(Work::Suppliers(work, _)) if !work.additions.is_empty())
    }

    async fn add(&mut self, writer: &Writer) -> Result<(), Error> {
        match &mut self.work {
            Some(Work::Suppliers(work, _)) => work.add(writer).await,
            _ => Ok(()),
        }
    }

    async fn holds(&self, writer: &Writer, changed: &BTreeSet<SupplierId>) -> Result<bool, Error> {
        let Asked { suppliers, identifiers, supplier_names, policy_version } = &self.asked;
        if !suppliers.is_disjoint(changed) || policy::read(writer).await?.version != *policy_version {
            return Ok(false);
        }
        // Others may have come to hold what was looked for and not found.
        let ids: BTreeSet<String> = changed.iter().map(ToString::to_string).collect();
        let rows = writer.get_many::<supplier::Entity>(&ids).await?;
        Ok(rows.iter().all(|row| !supplier_names.contains(&row.name) && !row.identifiers.iter().any(|identifier| identifiers.contains(identifier))))
    }
}

impl ImportPlan {
    /// Writes it, and says what became of each row; of a dry run, and where a row was refused, what would have.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Database`].
    pub async fn carry_out(self, writer: Option<&Writer>) -> Result<Vec<Outcome>, Error> {
        let Self { mut outcomes, work, .. } = self;
        let made = match (work, writer) {
            (Some(Work::Suppliers(work, known)), Some(writer)) => write_suppliers(writer, work, known).await?,
            (Some(Work::Products(work, known)), Some(writer)) => write_products(writer, work, known).await?,
            _ => Vec::new(),
        };
        for (index, id) in made {
            if let Some(outcome) = outcomes.get_mut(index) {
                outcome.id = Some(id);
            }
        }
        Ok(outcomes)
    }
}

/// Works out what bringing in suppliers comes to: by `id`, else by any identifier that a supplier holds, else as new ones.
///
/// # Errors
/// [`Error::Invalid`] for more than [`MAXIMUM_ROWS`]; what is wrong with a row is in its outcome.
pub async fn suppliers(reader: &Reader, rows: &[Row], dry_run: bool) -> Result<ImportPlan, Error> {
    expect_few(rows)?;
    let fields = Fields::of::<NewSupplier>();
    let mut drafts: Vec<SupplierDraft> = rows.iter().cloned().map(SupplierDraft::new).collect();

    let given: BTreeSet<Identifier> = drafts.iter().flat_map(|draft| draft.given.iter().map(|given| given.identifier.clone())).collect();
    let holders = supplier::holders(reader, &given).await?;
    let ids: BTreeSet<String> = drafts.iter().filter_map(|draft| draft.id.as_ref()).chain(holders.values()).map(ToString::to_string).collect();
    let stored: HashMap<SupplierId, Supplier> = reader.get_many::<supplier::Entity>(&ids).await?.into_iter().map(|row| (row.id.clone(), row)).collect();

    let mut seen = Seen::default();
    let mut first_with: HashMap<Identifier, String> = HashMap::new();
    for (index, draft) in drafts.iter_mut().enumerate() {
        if index % PORTION == 0 {
            // It is work: others need this thread.
            tokio::task::yield_now().await;
        }
        draft.find_target(&holders, &stored);
        if let Some(target) = &draft.target {
            seen.note(target.id.as_str(), &draft.place, "supplier", draft.pointer_of_target.as_deref(), &mut draft.faults);
        }
        for given in &draft.given {
            match first_with.get(&given.identifier) {
                Some(other) if *other != draft.place => blame(
                    &mut draft.faults,
                    Fault::new(&given.pointer, "duplicate", format!("expected each identifier on one row only: {other} has {} too", given.identifier)),
                ),
                Some(_) => {}
                None => {
                    first_with.insert(given.identifier.clone(), draft.place.clone());
                }
            }
        }
        draft.build(&fields);
    }
    // An identifier may come from a supplier that gives it up in the same import, but from no other.
    let kept: HashMap<&SupplierId, &[Identifier]> =
        drafts.iter().filter_map(|draft| Some((&draft.target.as_ref()?.id, draft.new.as_ref()?.identifiers.as_slice()))).collect();
    let taken: Vec<Vec<Fault>> = drafts
        .iter()
        .map(|draft| {
            let own = draft.target.as_ref().map(|target| &target.id);
            let held = |given: &&ToHold| {
                holders.get(&given.identifier).is_some_and(|holder| Some(holder) != own && kept.get(holder).is_none_or(|kept| kept.contains(&given.identifier)))
            };
            let fault = |given: &ToHold| {
                Fault::new(
                    &given.pointer,
                    "duplicate",
                    format!("expected an identifier that no other supplier holds: {} holds {}", holders[&given.identifier], given.identifier),
                )
            };
            draft.given.iter().filter(held).map(fault).collect()
        })
        .collect();
    for (draft, faults) in drafts.iter_mut().zip(taken) {
        for fault in faults {
            blame(&mut draft.faults, fault);
        }
    }
    plan_evidence(reader, &mut drafts).await?;

    let outcomes: Vec<Outcome> = drafts.iter_mut().map(|draft| draft.outcome(&fields)).collect();
    let policy_version = policy::read(reader).await?.version;
    let asked = Asked { suppliers: stored.into_keys().collect(), identifiers: given, supplier_names: BTreeSet::new(), policy_version };
    if dry_run || outcomes.iter().any(|outcome| outcome.verdict == Verdict::Refused) {
        return Ok(ImportPlan { outcomes, asked, work: None });
    }
    let mut work = SupplierWork::default();
    for (index, draft) in drafts.into_iter().enumerate() {
        let Some(new) = draft.new else { continue };
        match draft.target {
            Some(before) => {
                work.evidence.extend(draft.new_evidence.into_iter().map(|new| (before.id.clone(), new)));
                if supplier::differs(&before, &new) {
                    work.changes.push((before, new));
                }
            }
            None => work.additions.push((index, new, draft.new_evidence)),
        }
        work.changed_evidence.extend(draft.changed_evidence);
    }
    // Where evidence comes too, the line follows from more than the supplier.
    let with_evidence: BTreeSet<&SupplierId> =
        work.evidence.iter().map(|(id, _)| id).chain(work.changed_evidence.iter().map(|(before, _)| &before.supplier_id)).collect();
    let alone = work.changes.iter().map(|(before, _)| &before.id).filter(|id| !with_evidence.contains(id)).cloned().collect();
    let known = Known::load(reader, alone).await?;
    Ok(ImportPlan { outcomes, asked, work: Some(Work::Suppliers(work, known)) })
}

impl SupplierWork {
    /// Enters what is new: suppliers, evidence about them, and their lines in the register.
    async fn add(&mut self, writer: &Writer) -> Result<(), Error> {
        let additions = std::mem::take(&mut self.additions);
        let (mut new, mut others) = (Vec::with_capacity(additions.len()), Vec::with_capacity(additions.len()));
        for (index, addition, pieces) in additions {
            new.push(addition);
            others.push((index, pieces));
        }
        let rows = supplier::create_all(writer, new).await?;
        let mut about = Vec::new();
        for (row, (index, pieces)) in rows.iter().zip(others) {
            self.added.push((index, row.clone()));
            about.extend(pieces.into_iter().map(|new| (row.id.clone(), NewEvidence { subject_id: SubjectId::Supplier(row.id.clone()), ..new })));
        }
        let about = evidence::create_all(writer, about).await?;
        register::enter(writer, rows, about).await
    }
}

/// Gives the ids of those added.
async fn write_suppliers(writer: &Writer, mut work: SupplierWork, known: Known) -> Result<Vec<(usize, String)>, Error> {
    work.add(writer).await?;
    let SupplierWork { changes, added, evidence, changed_evidence, .. } = work;
    let changed = supplier::put_all(writer, "change", changes).await?;
    known.follow(writer, changed, Vec::new()).await?;
    evidence::create_all(writer, evidence).await?;
    for (before, new) in changed_evidence {
        evidence::put(writer, before, new).await?;
    }
    // In its turn only: somebody else may be about to take the same identifier, and each would wait for the other.
    let (indexes, rows): (Vec<usize>, Vec<Supplier>) = added.into_iter().unzip();
    supplier::note_identifiers(writer, &rows).await?;
    Ok(indexes.into_iter().zip(rows.iter().map(|row| row.id.to_string())).collect())
}

/// Works out what bringing in products comes to: by `id`, else by supplier and exact name, else as new ones. The supplier is
/// named by `supplier_id`, else by `supplier_identifier`, else by `supplier_name`, which must then be one supplier's only.
///
/// # Errors
/// As [`suppliers`].
pub async fn products(reader: &Reader, rows: &[Row], dry_run: bool) -> Result<ImportPlan, Error> {
    expect_few(rows)?;
    let fields = Fields::of::<NewProduct>();
    let mut drafts: Vec<ProductDraft> = rows.iter().cloned().map(ProductDraft::new).collect();
    let known = KnownProducts::load(reader, &drafts).await?;
    let mut asked = Asked { policy_version: policy::read(reader).await?.version, ..Asked::default() };
    asked.identifiers.extend(drafts.iter().filter_map(|draft| draft.supplier_identifier.clone()));
    asked.supplier_names.extend(drafts.iter().filter_map(|draft| draft.supplier_name.clone()));
    let mut seen = Seen::default();
    for (index, draft) in drafts.iter_mut().enumerate() {
        if index % PORTION == 0 {
            tokio::task::yield_now().await;
        }
        draft.find_supplier(&known);
        draft.find_target(&known);
        let key = match (&draft.target, &draft.supplier_id, &draft.name) {
            (Some(target), ..) => Some(target.id.to_string()),
            (None, Some(supplier_id), Some(name)) => Some(format!("{supplier_id} {name}")),
            _ => None,
        };
        if let Some(key) = key {
            seen.note(&key, &draft.place, "product", draft.pointer_of_target, &mut draft.faults);
        }
        asked.suppliers.extend(draft.supplier_id.iter().chain(draft.target.as_ref().map(|target| &target.supplier_id)).cloned());
        draft.build(&fields);
    }

    let outcomes: Vec<Outcome> = drafts.iter_mut().map(|draft| draft.outcome(&fields)).collect();
    if dry_run || outcomes.iter().any(|outcome| outcome.verdict == Verdict::Refused) {
        return Ok(ImportPlan { outcomes, asked, work: None });
    }
    let mut work = ProductWork::default();
    for (index, draft) in drafts.into_iter().enumerate() {
        match (draft.target, draft.new) {
            (Some(before), Some(new)) if product::differs(&before, &new) => work.changes.push((before, new)),
            (None, Some(new)) => work.additions.push((index, new)),
            _ => {}
        }
    }
    let of_changed = work.changes.iter().map(|(before, _)| &before.supplier_id);
    let known = Known::load(reader, of_changed.chain(work.additions.iter().map(|(_, new)| &new.supplier_id)).cloned().collect()).await?;
    Ok(ImportPlan { outcomes, asked, work: Some(Work::Products(work, known)) })
}

/// Gives the ids of those added.
async fn write_products(writer: &Writer, work: ProductWork, known: Known) -> Result<Vec<(usize, String)>, Error> {
    let mut rows = product::put_all(writer, "change", work.changes).await?;
    let (indexes, new): (Vec<usize>, Vec<NewProduct>) = work.additions.into_iter().unzip();
    let added = product::create_all(writer, new).await?;
    note_new_products(writer, &added).await?;
    let made = indexes.into_iter().zip(added.iter().map(|row| row.id.to_string())).collect();
    rows.extend(added);
    known.follow(writer, Vec::new(), rows).await?;
    Ok(made)
}

fn expect_few(rows: &[Row]) -> Result<(), Error> {
    if rows.len() > MAXIMUM_ROWS {
        return Err(Error::invalid("/rows", "length", format!("expected at most {MAXIMUM_ROWS} rows, not {}: send them in several files", rows.len())));
    }
    Ok(())
}

/// Adds a fault unless its place is to blame already.
fn blame(faults: &mut Vec<Fault>, fault: Fault) {
    if faults.len() < MAXIMUM_FAULTS && !faults.iter().any(|known| known.pointer == fault.pointer) {
        faults.push(fault);
    }
}

/// What earlier rows were about.
#[derive(Default)]
struct Seen(HashMap<String, String>);

impl Seen {
    fn note(&mut self, key: &str, place: &str, noun: &str, pointer: Option<&str>, faults: &mut Vec<Fault>) {
        match self.0.get(key) {
            Some(other) => {
                blame(faults, Fault::new(pointer.unwrap_or_default(), "duplicate", format!("expected one row for each {noun}: {other} is about the same one")))
            }
            None => {
                self.0.insert(key.to_owned(), place.to_owned());
            }
        }
    }
}

/// The names of a `New…`'s fields.
struct Fields {
    known: BTreeSet<String>,
    required: Vec<String>,
}

impl Fields {
    fn of<New: JsonSchema>() -> Self {
        let schema = schemars::generate::SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<New>();
        let known = schema.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::keys).cloned().collect();
        let required = schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
        Self { known, required }
    }

    /// What is stored, as the fields of a `New…`.
    fn stored(&self, stored: Option<&impl Serialize>) -> Map<String, Value> {
        match stored.map(serde_json::to_value) {
            Some(Ok(Value::Object(mut whole))) => {
                whole.retain(|name, _| self.known.contains(name));
                whole
            }
            _ => Map::new(),
        }
    }

    /// What putting `new` in the place of what is stored changes.
    fn moves(&self, stored: Option<&impl Serialize>, new: &impl Serialize) -> Vec<FieldMove> {
        match (stored, serde_json::to_value(new)) {
            (Some(stored), Ok(Value::Object(new))) => moves(&self.stored(Some(stored)), &new, ""),
            _ => Vec::new(),
        }
    }

    /// `patch` merged over `whole`. What is null deep inside something that is not there clears nothing, and so makes nothing.
    fn merge(&self, whole: Map<String, Value>, mut patch: Map<String, Value>) -> Value {
        patch.retain(|name, value| {
            let is_only_null = value.as_object().is_some_and(|parts| parts.values().all(Value::is_null));
            self.known.contains(name) && (!is_only_null || whole.get(name).is_some_and(Value::is_object))
        });
        let mut whole = Value::Object(whole);
        patch::merge(&mut whole, Value::Object(patch));
        whole
    }

    /// `whole` as a `New`, or what keeps it from being one. What is missing is told, and `stand_in` put in its place, so that
    /// the rest can be checked too.
    fn read<New: DeserializeOwned>(&self, mut whole: Value, stand_in: Value, faults: &mut Vec<Fault>) -> Option<New> {
        if let Some(whole) = whole.as_object_mut() {
            for name in self.required.iter().filter(|name| !whole.contains_key(*name)).cloned().collect::<Vec<_>>() {
                blame(faults, Fault::new(format!("/{name}"), "missing", format!("expected `{name}`: nothing new can be made without it")));
                whole.insert(name.clone(), stand_in.get(&name).cloned().unwrap_or_default());
            }
        }
        serde_json::from_value(whole).map_err(|error| blame(faults, Fault::new("", "shape", error.to_string()))).ok()
    }
}

/// Whether the row as a whole is to blame, so that nothing can be said of its fields.
fn is_unreadable(faults: &[Fault]) -> bool {
    faults.iter().any(|fault| fault.pointer.is_empty())
}

/// The field of this name, out of the way; nothing where it is null.
fn take_text(fields: &mut Map<String, Value>, name: &str) -> Option<String> {
    match fields.shift_remove(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

fn take_id<K: Kind>(fields: &mut Map<String, Value>, name: &str, faults: &mut Vec<Fault>) -> Option<Id<K>> {
    let text = take_text(fields, name)?;
    match text.parse() {
        Ok(id) => Some(id),
        Err(detail) => {
            blame(faults, Fault::new(format!("/{name}"), "format", detail));
            None
        }
    }
}

fn absorb(faults: &mut Vec<Fault>, prefix: &str, error: Error) {
    match error {
        Error::Invalid(more) => more.into_iter().for_each(|fault| blame(faults, fault.within(prefix))),
        other => blame(faults, Fault::new(prefix, "shape", other.to_string())),
    }
}

/// A supplier on its way in.
struct SupplierDraft {
    place: String,
    fields: Map<String, Value>,
    evidence: Vec<(EvidenceKind, Map<String, Value>)>,
    faults: Vec<Fault>,
    id: Option<SupplierId>,
    /// The identifiers it gives, as their schemes write them.
    given: Vec<ToHold>,
    /// How many of `given` stand beside the field `identifiers`, at the end of it.
    beside_count: usize,
    target: Option<Supplier>,
    pointer_of_target: Option<String>,
    new: Option<NewSupplier>,
    new_evidence: Vec<NewEvidence>,
    changed_evidence: Vec<(Evidence, NewEvidence)>,
}

impl SupplierDraft {
    fn new(row: Row) -> Self {
        let Row { place, mut fields, identifiers, evidence, mut faults } = row;
        let id = take_id(&mut fields, "id", &mut faults);
        let listed: Vec<Identifier> = fields.get("identifiers").and_then(|list| serde_json::from_value(list.clone()).ok()).unwrap_or_default();
        let listed = listed.into_iter().enumerate().map(|(index, identifier)| ToHold { pointer: format!("/identifiers/{index}"), identifier });
        let canonical = |given: ToHold| Some(ToHold { identifier: given.identifier.canonical().ok()?, ..given });
        let mut given: Vec<ToHold> = listed.filter_map(canonical).collect();
        let listed_count = given.len();
        given.extend(identifiers.into_iter().filter_map(canonical));
        let beside_count = given.len() - listed_count;
        Self {
            place,
            fields,
            evidence,
            faults,
            id,
            given,
            beside_count,
            target: None,
            pointer_of_target: None,
            new: None,
            new_evidence: Vec::new(),
            changed_evidence: Vec::new(),
        }
    }

    fn find_target(&mut self, holders: &BTreeMap<Identifier, SupplierId>, stored: &HashMap<SupplierId, Supplier>) {
        if let Some(id) = &self.id {
            self.target = stored.get(id).cloned();
            self.pointer_of_target = Some("/id".into());
            if self.target.is_none() {
                blame(&mut self.faults, Fault::new("/id", "unknown_id", "expected the id of a supplier that is there, or none for a new one"));
            }
            return;
        }
        // An id that is none must not turn a change into something new.
        if self.faults.iter().any(|fault| fault.pointer == "/id") {
            return;
        }
        for given in &self.given {
            let Some(holder) = holders.get(&given.identifier) else { continue };
            match &self.target {
                None => {
                    self.target = stored.get(holder).cloned();
                    self.pointer_of_target = Some(given.pointer.clone());
                }
                Some(target) if target.id != *holder => {
                    let detail = format!("expected identifiers of one supplier: {} is held by {holder}, another one by {}", given.identifier, target.id);
                    blame(&mut self.faults, Fault::new(&given.pointer, "ambiguous", detail));
                }
                Some(_) => {}
            }
        }
    }

    fn build(&mut self, fields: &Fields) {
        if is_unreadable(&self.faults) {
            return;
        }
        let mut whole = fields.merge(fields.stored(self.target.as_ref()), std::mem::take(&mut self.fields));
        let beside = &self.given[self.given.len() - self.beside_count..];
        if !beside.is_empty()
            && let Some(object) = whole.as_object_mut()
        {
            let mut all: Vec<Identifier> = object.get("identifiers").and_then(|list| serde_json::from_value(list.clone()).ok()).unwrap_or_default();
            for given in beside {
                if !all.contains(&given.identifier) {
                    all.push(given.identifier.clone());
                }
            }
            object.insert("identifiers".into(), serde_json::to_value(all).unwrap_or_default());
        }
        let Some(new) = fields.read::<NewSupplier>(whole, json!({ "name": "-" }), &mut self.faults) else { return };
        match new.check() {
            Ok(new) => self.new = Some(new),
            Err(error) => absorb(&mut self.faults, "", error),
        }
    }

    fn outcome(&mut self, fields: &Fields) -> Outcome {
        let (created, changed) = (self.new_evidence.len(), self.changed_evidence.len());
        let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let verdict = match (&self.new, &self.target) {
            (Some(new), Some(target)) if self.faults.is_empty() => {
                if supplier::differs(target, new) || created + changed > 0 {
                    Verdict::Change
                } else {
                    Verdict::Unchanged
                }
            }
            (Some(_), None) if self.faults.is_empty() => Verdict::Create,
            _ => Verdict::Refused,
        };
        Outcome {
            verdict,
            id: self.target.as_ref().map(|target| target.id.to_string()),
            faults: std::mem::take(&mut self.faults),
            changes: if verdict == Verdict::Change { self.moves(fields) } else { Vec::new() },
            evidence_created_count: count(created),
            evidence_changed_count: count(changed),
        }
    }
}

impl SupplierDraft {
    fn moves(&self, fields: &Fields) -> Vec<FieldMove> {
        let mut found = self.new.as_ref().map(|new| fields.moves(self.target.as_ref(), new)).unwrap_or_default();
        let piece = |kind: &EvidenceKind, before: Value, new: &NewEvidence| FieldMove {
            field: format!("evidence.{}", word(kind)),
            before,
            after: new.statement.clone().or_else(|| new.reference.clone()).map_or(Value::Bool(true), Value::from),
        };
        found.extend(self.new_evidence.iter().map(|new| piece(&new.kind, Value::Null, new)));
        let said = |before: &Evidence| before.statement.clone().or_else(|| before.reference.clone()).map_or(Value::Bool(true), Value::from);
        found.extend(self.changed_evidence.iter().map(|(before, new)| piece(&new.kind, said(before), new)));
        found
    }
}

/// Works out which pieces of evidence the rows add or change.
///
/// Evidence is dated by what it says: a row's piece is the supplier's of the same kind and day of issue; without a day, the
/// latest of that kind. Next year's certificate is therefore another piece, and last year's stays.
async fn plan_evidence(reader: &Reader, drafts: &mut [SupplierDraft]) -> Result<(), Error> {
    let mut there: HashMap<SupplierId, Vec<Evidence>> = HashMap::new();
    let ids: Vec<SupplierId> = drafts.iter().filter(|draft| !draft.evidence.is_empty()).filter_map(|draft| Some(draft.target.as_ref()?.id.clone())).collect();
    for portion in ids.chunks(PORTION) {
        for piece in evidence::of_suppliers(reader, portion).await?.into_iter().filter(|piece| piece.product_id.is_none()) {
            there.entry(piece.supplier_id.clone()).or_default().push(piece);
        }
    }
    let fields = Fields::of::<NewEvidence>();
    // Whose evidence it is comes to be known when the supplier is made.
    let nobody = SubjectId::Supplier(SupplierId::new(Uuid::nil()));
    for draft in drafts {
        let subject_id = draft.target.as_ref().map_or_else(|| nobody.clone(), |target| SubjectId::Supplier(target.id.clone()));
        let there = draft.target.as_ref().and_then(|target| there.get(&target.id)).map(Vec::as_slice).unwrap_or_default();
        for (kind, patch) in std::mem::take(&mut draft.evidence) {
            let prefix = format!("/evidence/{}", word(&kind));
            if draft.faults.iter().any(|fault| fault.pointer.strip_prefix(&prefix).is_some_and(|rest| rest.starts_with('/'))) {
                continue;
            }
            let of_kind = there.iter().filter(|piece| piece.kind.0 == kind);
            let before = match patch.get("issued_on") {
                Some(day) => of_kind.filter(|piece| serde_json::to_value(piece.issued_on).is_ok_and(|issued| issued == *day)).max_by_key(|piece| piece.created_at),
                None => of_kind.max_by_key(|piece| (piece.issued_on, piece.created_at)),
            };
            let mut whole = fields.stored(before);
            whole.insert("subject_id".into(), subject_id.as_str().into());
            whole.insert("kind".into(), word(&kind).into());
            let Some(new) = fields.read::<NewEvidence>(fields.merge(whole, patch), Value::Null, &mut draft.faults) else { continue };
            let new = match new.check() {
                Ok(new) => new,
                Err(error) => {
                    absorb(&mut draft.faults, &prefix, error);
                    continue;
                }
            };
            match before {
                None => draft.new_evidence.push(new),
                Some(before) => {
                    let said = serde_json::to_value(&new).ok();
                    if said != Some(Value::Object(fields.stored(Some(before)))) {
                        draft.changed_evidence.push((before.clone(), new));
                    }
                }
            }
        }
    }
    Ok(())
}

/// A product on its way in.
struct ProductDraft {
    place: String,
    fields: Map<String, Value>,
    faults: Vec<Fault>,
    id: Option<ProductId>,
    supplier_id: Option<SupplierId>,
    supplier_identifier: Option<Identifier>,
    supplier_name: Option<String>,
    name: Option<String>,
    target: Option<Product>,
    pointer_of_target: Option<&'static str>,
    new: Option<NewProduct>,
}

/// What products on their way in refer to.
struct KnownProducts {
    suppliers: BTreeSet<SupplierId>,
    holders: BTreeMap<Identifier, SupplierId>,
    by_supplier_name: BTreeMap<String, Vec<SupplierId>>,
    by_id: HashMap<ProductId, Product>,
    by_name: HashMap<(SupplierId, String), Vec<Product>>,
}

impl KnownProducts {
    async fn load(reader: &Reader, drafts: &[ProductDraft]) -> Result<Self, Error> {
        let supplier_ids: BTreeSet<String> = drafts.iter().filter_map(|draft| draft.supplier_id.as_ref()).map(ToString::to_string).collect();
        let identifiers: BTreeSet<Identifier> = drafts.iter().filter_map(|draft| draft.supplier_identifier.clone()).collect();
        let supplier_names: BTreeSet<String> = drafts.iter().filter_map(|draft| draft.supplier_name.clone()).collect();
        let ids: BTreeSet<String> = drafts.iter().filter_map(|draft| draft.id.as_ref()).map(ToString::to_string).collect();
        let names: BTreeSet<String> = drafts.iter().filter(|draft| draft.id.is_none()).filter_map(|draft| draft.name.clone()).collect();
        let mut by_name: HashMap<(SupplierId, String), Vec<Product>> = HashMap::new();
        for row in product::of_names(reader, &names).await? {
            by_name.entry((row.supplier_id.clone(), row.name.clone())).or_default().push(row);
        }
        Ok(Self {
            suppliers: reader.get_many::<supplier::Entity>(&supplier_ids).await?.into_iter().map(|row| row.id).collect(),
            holders: supplier::holders(reader, &identifiers).await?,
            by_supplier_name: supplier::of_names(reader, &supplier_names).await?,
            by_id: reader.get_many::<product::Entity>(&ids).await?.into_iter().map(|row| (row.id.clone(), row)).collect(),
            by_name,
        })
    }
}

impl ProductDraft {
    fn new(row: Row) -> Self {
        let Row { place, mut fields, mut faults, .. } = row;
        let id = take_id(&mut fields, "id", &mut faults);
        let supplier_id = take_id(&mut fields, "supplier_id", &mut faults);
        let supplier_identifier = take_text(&mut fields, "supplier_identifier").and_then(|text| {
            let read = text.parse::<Identifier>().map_err(|detail| Fault::new("", "identifier", detail)).and_then(|identifier| identifier.canonical());
            read.map_err(|fault| blame(&mut faults, Fault { pointer: "/supplier_identifier".into(), ..fault })).ok()
        });
        let supplier_name = take_text(&mut fields, "supplier_name").map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
        let name = fields.get("name").and_then(Value::as_str).map(|name| name.trim().to_owned());
        Self { place, fields, faults, id, supplier_id, supplier_identifier, supplier_name, name, target: None, pointer_of_target: None, new: None }
    }

    fn find_supplier(&mut self, known: &KnownProducts) {
        let mut unknown = |pointer: &str, code: &str, detail: &str| blame(&mut self.faults, Fault::new(pointer, code, detail));
        if let Some(id) = &self.supplier_id {
            if !known.suppliers.contains(id) {
                unknown("/supplier_id", "unknown_id", "expected the id of a supplier that is there");
                self.supplier_id = None;
            }
        } else if let Some(identifier) = &self.supplier_identifier {
            self.supplier_id = known.holders.get(identifier).cloned();
            if self.supplier_id.is_none() {
                unknown("/supplier_identifier", "unknown_identifier", "expected an identifier that a supplier holds");
            }
        } else if let Some(name) = &self.supplier_name {
            match known.by_supplier_name.get(name).map(Vec::as_slice).unwrap_or_default() {
                [only] => self.supplier_id = Some(only.clone()),
                [] => unknown("/supplier_name", "unknown_name", "expected the name of a supplier that is there, exactly"),
                several => {
                    let detail = format!("expected the name of one supplier, not of {}: say supplier_id or supplier_identifier", several.len());
                    unknown("/supplier_name", "ambiguous", &detail);
                }
            }
        }
    }

    fn find_target(&mut self, known: &KnownProducts) {
        if let Some(id) = &self.id {
            self.pointer_of_target = Some("/id");
            self.target = known.by_id.get(id).cloned();
            match &self.target {
                None => blame(&mut self.faults, Fault::new("/id", "unknown_id", "expected the id of a product that is there, or none for a new one")),
                Some(target) if self.supplier_id.as_ref().is_some_and(|supplier_id| *supplier_id != target.supplier_id) => {
                    blame(&mut self.faults, Fault::new("/supplier_id", "fixed", product::FIXED));
                }
                Some(_) => {}
            }
        } else if let (Some(supplier_id), Some(name)) = (&self.supplier_id, &self.name) {
            self.pointer_of_target = Some("/name");
            match known.by_name.get(&(supplier_id.clone(), name.clone())).map(Vec::as_slice).unwrap_or_default() {
                [] => {}
                [only] => self.target = Some(only.clone()),
                several => {
                    let detail = format!("expected the name of one product of this supplier, not of {}: say its id", several.len());
                    blame(&mut self.faults, Fault::new("/name", "ambiguous", detail));
                }
            }
        }
    }

    fn build(&mut self, fields: &Fields) {
        if is_unreadable(&self.faults) {
            return;
        }
        let mut whole = fields.stored(self.target.as_ref());
        let names_supplier = self.faults.iter().any(|fault| fault.pointer.starts_with("/supplier_"));
        match &self.supplier_id {
            Some(id) => {
                whole.insert("supplier_id".into(), id.as_str().into());
            }
            None if self.target.is_none() && !names_supplier => {
                blame(&mut self.faults, Fault::new("/supplier_id", "missing", "expected supplier_id, supplier_identifier or supplier_name"));
            }
            None => {}
        }
        // Something in its place, so that the rest can be checked; the fault is told already.
        whole.entry("supplier_id").or_insert_with(|| SupplierId::new(Uuid::nil()).as_str().into());
        let whole = fields.merge(whole, std::mem::take(&mut self.fields));
        let Some(new) = fields.read::<NewProduct>(whole, json!({ "name": "-", "kind": "service" }), &mut self.faults) else { return };
        match new.check() {
            Ok(new) => self.new = Some(new),
            Err(error) => absorb(&mut self.faults, "", error),
        }
    }

    fn outcome(&mut self, fields: &Fields) -> Outcome {
        let verdict = match (&self.new, &self.target) {
            (Some(new), Some(target)) if self.faults.is_empty() => {
                if product::differs(target, new) {
                    Verdict::Change
                } else {
                    Verdict::Unchanged
                }
            }
            (Some(_), None) if self.faults.is_empty() => Verdict::Create,
            _ => Verdict::Refused,
        };
        let id = self.target.as_ref().map(|target| target.id.to_string());
        let changes = match &self.new {
            Some(new) if verdict == Verdict::Change => fields.moves(self.target.as_ref(), new),
            _ => Vec::new(),
        };
        Outcome { verdict, id, faults: std::mem::take(&mut self.faults), changes, evidence_created_count: 0, evidence_changed_count: 0 }
    }
}

/// Makes stale what was decided on suppliers that have new products with AI in them.
async fn note_new_products(writer: &Writer, products: &[Product]) -> Result<(), Error> {
    let suppliers: BTreeSet<&SupplierId> = products.iter().map(|product| &product.supplier_id).collect();
    let suppliers: Vec<SupplierId> = suppliers.into_iter().cloned().collect();
    let mut decided: BTreeMap<SupplierId, Option<Supplier>> = BTreeMap::new();
    for portion in suppliers.chunks(PORTION) {
        decided.extend(decision::current(writer, portion).await?.into_iter().map(|decision| (decision.supplier_id, None)));
    }
    let ids: BTreeSet<String> = decided.keys().map(ToString::to_string).collect();
    for row in writer.get_many::<supplier::Entity>(&ids).await? {
        decided.insert(row.id.clone(), Some(row));
    }
    for product in products {
        if let Some(Some(supplier)) = decided.get(&product.supplier_id) {
            decision::note_new_product(writer, supplier, product).await?;
        }
    }
    Ok(())
}
