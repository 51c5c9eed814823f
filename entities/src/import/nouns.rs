//! Rows about what hangs on suppliers and products: dependencies, evidence, incidents, risks. Each is one by its `id`,
//! else by what two of the same have in common, else a new one; whom it is about is named as [`super::ends`] says.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    future::Future,
};

use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, QueryFilter as _};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};
use uuid::Uuid;
use validator::Validate;

use super::{
    Asked, ImportPlan, Outcome, Row, Seen, Verdict, Work as AllWork, Written, blame,
    ends::{DEPENDENCY_NAMES, Draft, Ends, Named, SUBJECT_NAMES, SUPPLIER_NAMES},
    expect_few,
    fields::{Fields, absorb, is_unreadable, was},
    record::{ACCEPTANCE, ImportItem, ItemKind},
};
use crate::{
    clock::Day,
    dependency::{self, Dependency, NewDependency},
    error::Error,
    evidence::{self, Evidence, NewEvidence},
    fault::{Fault, Faults},
    id::SupplierId,
    incident::{self, Incident, NewIncident},
    patch::Change,
    policy,
    recipe::ImportNoun,
    risk::{self, NewRisk, Risk, RiskState},
    scope::{Owned, PORTION, Reader, Writer},
    supplier::{self, NewSupplier, Supplier},
};

mod decisions;
mod lines;
mod reviews;

pub use decisions::{NewPastDecision, PastCondition, decisions};
pub use lines::{contacts, contracts};
pub use reviews::{NewPastReview, reviews};

/// What is to be written.
pub(super) enum Work {
    Dependencies(Vec<Step<Dependency, NewDependency>>),
    Evidence(Vec<Step<Evidence, NewEvidence>>),
    Incidents(Vec<Step<Incident, NewIncident>>),
    Risks(Vec<Step<Risk, NewRisk>>),
    Decisions(Vec<decisions::Step>),
    Reviews(Vec<reviews::Step>),
    Suppliers(Vec<(Supplier, NewSupplier)>),
}

/// What becomes of one row.
pub(super) struct Step<R, New> {
    index: usize,
    before: Option<R>,
    new: New,
}

/// What is told apart of the nouns whose rows are merge patches.
trait Noun: Send + Sync + 'static {
    type New: DeserializeOwned + Serialize + JsonSchema + Validate + Clone + Send + Sync + 'static;
    type Row: Serialize + Clone + Send + Sync;
    const NAME: &'static str;
    const IS_DEPENDENCY: bool = false;

    /// Something in the place of what is missing, so that the rest can be checked.
    fn stand_in() -> Value;
    /// The rules of one that is entered today.
    fn check(new: Self::New, today: Day) -> Result<Self::New, Error>;
    /// What two of the same have in common.
    fn key(fields: &Map<String, Value>) -> String;
    fn id(row: &Self::Row) -> String;
    /// Why one that is there cannot be changed.
    fn stays(_row: &Self::Row) -> Option<&'static str> {
        None
    }
    /// Those with these ids, and all about these suppliers and their products.
    fn load(
        reader: &Reader,
        ids: &BTreeSet<String>,
        suppliers: &[SupplierId],
    ) -> impl Future<Output = Result<Vec<Self::Row>, Error>> + Send;
    fn work(steps: Vec<Step<Self::Row, Self::New>>) -> Work;
}

/// Rows of these ids and those about these suppliers, each once.
async fn rows_of<E: Owned>(
    reader: &Reader,
    ids: &BTreeSet<String>,
    supplier: E::Column,
    suppliers: &[SupplierId],
) -> Result<Vec<E::Model>, Error> {
    use crate::page::Versioned as _;
    let mut rows = reader.get_many::<E>(ids).await?;
    let known: BTreeSet<String> = rows.iter().map(|row| row.id().to_owned()).collect();
    for portion in suppliers.chunks(PORTION) {
        let select = reader.find_with_ourselves::<E>().filter(supplier.is_in(portion.iter().cloned()));
        rows.extend(reader.all(select).await?.into_iter().filter(|row| !known.contains(row.id())));
    }
    Ok(rows)
}

/// The text of a field as it is compared: without the space around it, capitals and small letters alike.
fn plain(fields: &Map<String, Value>, name: &str) -> String {
    fields.get(name).and_then(Value::as_str).map(|text| text.trim().to_lowercase()).unwrap_or_default()
}

macro_rules! nouns {
    ($($noun:ident $module:ident $row:ident $new:ident $name:literal $work:ident [$($key:literal)*]
        $stand_in:expr, $check:expr $(, dependency $is_dependency:literal)? $(, stays $stays:expr)?;)*) => {$(
        enum $noun {}
        impl Noun for $noun {
            type New = $new;
            type Row = $row;
            const NAME: &'static str = $name;
            $(const IS_DEPENDENCY: bool = $is_dependency;)?
            fn stand_in() -> Value {
                $stand_in
            }
            fn check(new: $new, today: Day) -> Result<$new, Error> {
                let check: fn($new, Day) -> Result<$new, Error> = $check;
                check(new, today)
            }
            fn key(fields: &Map<String, Value>) -> String {
                [$(plain(fields, $key)),*].join("\n")
            }
            fn id(row: &$row) -> String {
                row.id.to_string()
            }
            $(fn stays(row: &$row) -> Option<&'static str> {
                let stays: fn(&$row) -> Option<&'static str> = $stays;
                stays(row)
            })?
            async fn load(
                reader: &Reader,
                ids: &BTreeSet<String>,
                suppliers: &[SupplierId],
            ) -> Result<Vec<$row>, Error> {
                rows_of::<$module::Entity>(reader, ids, $module::Column::SupplierId, suppliers).await
            }
            fn work(steps: Vec<Step<$row, $new>>) -> Work {
                Work::$work(steps)
            }
        }
    )*};
}
nouns! {
    DependencyNoun dependency Dependency NewDependency "dependency" Dependencies ["subject_id" "rests_on_id" "kind"]
        json!({ "kind": "other" }), |new, _| new.check(), dependency true;
    EvidenceNoun evidence Evidence NewEvidence "piece of evidence" Evidence ["subject_id" "kind" "reference" "issued_on"]
        json!({ "kind": "other" }), |new, _| new.check();
    IncidentNoun incident Incident NewIncident "incident" Incidents ["subject_id" "title" "occurred_on"]
        json!({ "title": "-", "severity": "low", "occurred_on": "2000-01-01" }), |new, today| new.check(today);
    RiskNoun risk Risk NewRisk "risk" Risks ["subject_id" "title"]
        json!({ "title": "-", "likelihood": 1, "impact": 1 }), |new, _| new.check().map(|()| new),
        stays |row| (row.state.0 == RiskState::Closed).then_some("this risk is closed: reopen it before you change it");
}

/// Works out what bringing in rows of this noun comes to.
///
/// # Errors
/// As the noun's own, such as [`dependencies`].
pub async fn plan_of(reader: &Reader, noun: ImportNoun, rows: &[Row], dry_run: bool) -> Result<ImportPlan, Error> {
    match noun {
        ImportNoun::Suppliers => super::suppliers(reader, rows, dry_run).await,
        ImportNoun::Products => super::products(reader, rows, dry_run).await,
        ImportNoun::Dependencies => dependencies(reader, rows, dry_run).await,
        ImportNoun::Contacts => contacts(reader, rows, dry_run).await,
        ImportNoun::Contracts => contracts(reader, rows, dry_run).await,
        ImportNoun::Evidence => evidence(reader, rows, dry_run).await,
        ImportNoun::Incidents => incidents(reader, rows, dry_run).await,
        ImportNoun::Risks => risks(reader, rows, dry_run).await,
        ImportNoun::Decisions => decisions(reader, rows, dry_run).await,
        ImportNoun::Reviews => reviews(reader, rows, dry_run).await,
    }
}

/// The columns of this noun that name whom a row is about, besides its own fields.
#[must_use]
pub fn names_of(noun: ImportNoun) -> &'static [&'static str] {
    match noun {
        ImportNoun::Suppliers => &["id"],
        ImportNoun::Products => &["id", "supplier_identifier", "supplier_name"],
        ImportNoun::Dependencies => DEPENDENCY_NAMES,
        ImportNoun::Contacts | ImportNoun::Contracts => SUPPLIER_NAMES,
        ImportNoun::Evidence
        | ImportNoun::Incidents
        | ImportNoun::Risks
        | ImportNoun::Decisions
        | ImportNoun::Reviews => SUBJECT_NAMES,
    }
}

/// Works out what bringing in dependencies comes to: by `id`, else by what rests on what in which way, else as new ones.
///
/// # Errors
/// [`Error::Invalid`] for more than [`super::MAXIMUM_ROWS`]; what is wrong with a row is in its outcome.
pub async fn dependencies(reader: &Reader, rows: &[Row], dry_run: bool) -> Result<ImportPlan, Error> {
    plan::<DependencyNoun>(reader, rows, dry_run).await
}

/// Works out what bringing in evidence comes to: by `id`, else by subject, kind, reference and day of issue, else as
/// new pieces.
///
/// # Errors
/// As [`dependencies`].
pub async fn evidence(reader: &Reader, rows: &[Row], dry_run: bool) -> Result<ImportPlan, Error> {
    plan::<EvidenceNoun>(reader, rows, dry_run).await
}

/// Works out what bringing in incidents comes to: by `id`, else by subject, title and day, else as new ones.
///
/// # Errors
/// As [`dependencies`].
pub async fn incidents(reader: &Reader, rows: &[Row], dry_run: bool) -> Result<ImportPlan, Error> {
    plan::<IncidentNoun>(reader, rows, dry_run).await
}

/// Works out what bringing in risks comes to, with their actions: by `id`, else by subject and title, else as new ones.
///
/// # Errors
/// As [`dependencies`].
pub async fn risks(reader: &Reader, rows: &[Row], dry_run: bool) -> Result<ImportPlan, Error> {
    plan::<RiskNoun>(reader, rows, dry_run).await
}

/// A plan for rows that were looked at.
async fn planned(
    reader: &Reader,
    outcomes: Vec<Outcome>,
    suppliers: BTreeSet<SupplierId>,
    dry_run: bool,
    work: impl FnOnce() -> Work,
) -> Result<ImportPlan, Error> {
    let asked = Asked { suppliers, policy_version: policy::read(reader).await?.version, ..Asked::default() };
    let is_kept = !dry_run && outcomes.iter().all(|outcome| outcome.verdict != Verdict::Refused);
    Ok(ImportPlan { outcomes, asked, work: is_kept.then(|| AllWork::Nouns(work())) })
}

/// What becomes of a row that makes no evidence.
fn outcome(verdict: Verdict, id: Option<String>, faults: Vec<Fault>) -> Outcome {
    Outcome {
        verdict,
        id,
        faults,
        changes: Vec::new(),
        evidence_created_count: 0,
        evidence_changed_count: 0,
        near: Vec::new(),
    }
}

/// Puts the ids of what a row is about into its fields; gives the suppliers.
fn find(draft: &mut Draft, ends: &Ends) -> Vec<SupplierId> {
    let mut suppliers = Vec::new();
    let named: Vec<Named> = draft.named().cloned().collect();
    let prefixes: &[&'static str] = if draft.rests_on.is_some() { &["", "rests_on_"] } else { &[""] };
    for (named, prefix) in named.iter().zip(prefixes) {
        let Some(found) = ends.subject(named, &mut draft.faults) else { continue };
        if draft.rests_on.is_some() && found.is_ourselves {
            let detail = "expected a supplier or product: our own house depends on all of them anyway";
            blame(&mut draft.faults, Fault::new(format!("/{}", Named::field(prefix)), "ourselves", detail));
        }
        draft.fields.insert(Named::field(prefix).to_owned(), found.subject_id.as_str().into());
        suppliers.push(found.supplier_id);
    }
    suppliers
}

async fn plan<N: Noun>(reader: &Reader, rows: &[Row], dry_run: bool) -> Result<ImportPlan, Error> {
    expect_few(rows)?;
    let fields = Fields::of::<N::New>();
    let mut drafts: Vec<Draft> = rows.iter().cloned().map(|row| Draft::new(row, N::IS_DEPENDENCY)).collect();
    let ends = Ends::load(reader, &drafts.iter().flat_map(Draft::named).collect::<Vec<_>>()).await?;
    let mut suppliers = BTreeSet::new();
    for draft in &mut drafts {
        suppliers.extend(find(draft, &ends));
    }
    let ids: BTreeSet<String> = drafts.iter().filter_map(|draft| draft.id.clone()).collect();
    let about: Vec<SupplierId> = suppliers.iter().cloned().collect();
    let stored: BTreeMap<String, N::Row> =
        N::load(reader, &ids, &about).await?.into_iter().map(|row| (N::id(&row), row)).collect();
    let mut by_key: HashMap<String, Vec<&N::Row>> = HashMap::new();
    for row in stored.values() {
        if let Ok(Value::Object(whole)) = serde_json::to_value(row) {
            by_key.entry(N::key(&whole)).or_default().push(row);
        }
    }
    let (mut seen, mut outcomes, mut steps) = (Seen::default(), Vec::new(), Vec::new());
    for (index, draft) in drafts.into_iter().enumerate() {
        if index % PORTION == 0 {
            tokio::task::yield_now().await;
        }
        let Draft { place, fields: said, mut faults, id, subject, rests_on } = draft;
        let is_named = !subject.is_silent() && rests_on.as_ref().is_none_or(|named| !named.is_silent());
        let (target, pointer) = match &id {
            Some(id) => {
                let target = stored.get(id);
                if target.is_none() {
                    let detail = format!("expected the id of a {} that is there, or none for a new one", N::NAME);
                    blame(&mut faults, Fault::new("/id", "unknown_id", detail));
                }
                (target, "/id")
            }
            None => match by_key.get(&N::key(&said)).map(Vec::as_slice).unwrap_or_default() {
                [] => (None, ""),
                [only] => (Some(*only), ""),
                several => {
                    let detail =
                        format!("expected what is said of one {}, not of {}: say its id", N::NAME, several.len());
                    blame(&mut faults, Fault::new("/subject_id", "ambiguous", detail));
                    (None, "")
                }
            },
        };
        let key = target.map_or_else(|| N::key(&said), N::id);
        if is_named || target.is_some() {
            seen.note(&key, &place, N::NAME, Some(pointer).filter(|pointer| !pointer.is_empty()), &mut faults);
        }
        if let Some(why) = target.and_then(N::stays) {
            // One that says what is there already changes nothing.
            let whole = fields.merge(fields.stored(target), said.clone());
            if whole != Value::Object(fields.stored(target)) {
                blame(&mut faults, Fault::new("", "state", why));
            }
        }
        let new = build::<N>(reader.today(), &fields, said, target, is_named, &mut faults);
        let changes = new.as_ref().map(|new| fields.moves(target, new)).unwrap_or_default();
        let verdict = match (&new, target) {
            (Some(_), None) if faults.is_empty() => Verdict::Create,
            (Some(_), Some(_)) if faults.is_empty() && changes.is_empty() => Verdict::Unchanged,
            (Some(_), Some(_)) if faults.is_empty() => Verdict::Change,
            _ => Verdict::Refused,
        };
        let told = outcome(verdict, target.map(N::id), faults);
        outcomes.push(Outcome { changes: if verdict == Verdict::Change { changes } else { Vec::new() }, ..told });
        if let (Some(new), Verdict::Create | Verdict::Change) = (new, verdict) {
            steps.push(Step { index, before: target.cloned(), new });
        }
    }
    planned(reader, outcomes, suppliers, dry_run, || N::work(steps)).await
}

/// What a row makes of what is stored, or of nothing.
fn build<N: Noun>(
    today: Day,
    fields: &Fields,
    said: Map<String, Value>,
    target: Option<&N::Row>,
    is_named: bool,
    faults: &mut Vec<Fault>,
) -> Option<N::New> {
    if is_unreadable(faults) {
        return None;
    }
    let mut whole = fields.stored(target);
    let is_fixed = |name: &str, whole: &Map<String, Value>| match (whole.get(name), said.get(name)) {
        (Some(was), Some(is)) => was == is,
        _ => true,
    };
    for name in ["subject_id", "rests_on_id"].into_iter().filter(|name| *name == "subject_id" || N::IS_DEPENDENCY) {
        if target.is_some() && !is_fixed(name, &whole) {
            let detail = "what it is about stays: a row for another supplier or product has no id";
            blame(faults, Fault::new(format!("/{name}"), "fixed", detail));
        }
        if target.is_none() && !said.contains_key(name) {
            if !is_named {
                let detail =
                    "expected a supplier or product: its id, or supplier_identifier, supplier_name, product_name";
                blame(faults, Fault::new(format!("/{name}"), "missing", detail));
            }
            // Something in its place, so that the rest can be checked; the fault is told already.
            whole.insert(name.to_owned(), SupplierId::new(Uuid::nil()).as_str().into());
        }
    }
    let whole = fields.merge(whole, said);
    let new = fields.read::<N::New>(whole, N::stand_in(), faults)?;
    match Faults::of_new(&new).done().and_then(|()| N::check(new, today)) {
        Ok(new) => Some(new),
        Err(error) => {
            absorb(faults, "", error);
            None
        }
    }
}

/// All the fields of something, as a change to what is stored.
pub(in crate::import) fn whole<New: Serialize + DeserializeOwned + JsonSchema + 'static>(new: &New) -> Change<New> {
    match serde_json::to_value(new) {
        Ok(Value::Object(fields)) => Change::new(fields),
        _ => Change::new(Map::new()),
    }
}

/// Notes which of the risks that were accepted are so no more: what an approver said, undoing does not say again.
async fn note_ended_acceptances(
    writer: &Writer,
    accepted: &BTreeSet<String>,
    items: &mut [ImportItem],
) -> Result<(), Error> {
    let rows = writer.get_many::<risk::Entity>(accepted).await?;
    let ended: BTreeSet<&str> = rows.iter().filter(|row| row.acceptance.is_none()).map(|row| row.id.as_str()).collect();
    for item in items.iter_mut().filter(|item| ended.contains(item.id.as_str())) {
        item.before.get_or_insert_default().insert(ACCEPTANCE.to_owned(), Value::Null);
    }
    Ok(())
}

/// Writes it all.
pub(super) async fn write(writer: &Writer, work: Work) -> Result<Written, Error> {
    let mut written = Written::default();
    macro_rules! each {
        ($steps:expr, $module:ident, $kind:ident) => {
            for Step { index, before, new } in $steps {
                written.items.push(match before {
                    Some(row) => {
                        let before = was(&row, &new);
                        let row = $module::change(writer, &row.id, row.version, whole(&new)).await?;
                        ImportItem::changed(ItemKind::$kind, row.id.as_str(), row.version, before)
                    }
                    None => {
                        let row = $module::create(writer, new).await?;
                        written.made.push((index, row.id.to_string()));
                        ImportItem::created(ItemKind::$kind, row.id.as_str(), row.version)
                    }
                });
            }
        };
    }
    match work {
        Work::Dependencies(steps) => each!(steps, dependency, Dependency),
        Work::Evidence(steps) => each!(steps, evidence, Evidence),
        Work::Incidents(steps) => each!(steps, incident, Incident),
        Work::Risks(steps) => {
            let accepted: BTreeSet<String> = steps
                .iter()
                .filter_map(|step| step.before.as_ref())
                .filter(|row| row.acceptance.is_some())
                .map(|row| row.id.to_string())
                .collect();
            each!(steps, risk, Risk);
            note_ended_acceptances(writer, &accepted, &mut written.items).await?;
        }
        Work::Decisions(steps) => written = decisions::write(writer, steps).await?,
        Work::Reviews(steps) => written = reviews::write(writer, steps).await?,
        Work::Suppliers(changes) => {
            let before: Vec<_> = changes.iter().map(|(before, new)| was(before, new)).collect();
            for (row, before) in supplier::put_all(writer, "change", changes).await?.iter().zip(before) {
                written.items.push(ImportItem::changed(ItemKind::Supplier, row.id.as_str(), row.version, before));
            }
        }
    }
    Ok(written)
}
