//! Rows about suppliers, with the identifiers and the evidence that come with them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use diligence_questionnaires::EvidenceKind;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    Asked, FieldMove, ImportPlan, Outcome, Row, Seen, SupplierWork, ToHold, Verdict, Work, blame, expect_few,
    fields::{Fields, absorb, is_unreadable, take_id},
};
use crate::{
    error::Error,
    evidence::{self, Evidence, NewEvidence},
    fault::Fault,
    id::{SubjectId, SupplierId},
    identifier::Identifier,
    policy,
    register::{self, Known},
    scope::{PORTION, Reader, Writer},
    stored::word,
    supplier::{self, NewSupplier, Supplier},
};

/// Works out what bringing in suppliers comes to: by `id`, else by any identifier that a supplier holds, else as new
/// ones.
///
/// # Errors
/// [`Error::Invalid`] for more than [`super::MAXIMUM_ROWS`]; what is wrong with a row is in its outcome.
pub async fn suppliers(reader: &Reader, rows: &[Row], dry_run: bool) -> Result<ImportPlan, Error> {
    expect_few(rows)?;
    let fields = Fields::of::<NewSupplier>();
    let mut drafts: Vec<SupplierDraft> = rows.iter().cloned().map(SupplierDraft::new).collect();

    let given: BTreeSet<Identifier> =
        drafts.iter().flat_map(|draft| draft.given.iter().map(|given| given.identifier.clone())).collect();
    let holders = supplier::holders(reader, &given).await?;
    let ids: BTreeSet<String> =
        drafts.iter().filter_map(|draft| draft.id.as_ref()).chain(holders.values()).map(ToString::to_string).collect();
    let stored: HashMap<SupplierId, Supplier> = reader
        .get_many::<supplier::Entity>(&ids)
        .await?
        .into_iter()
        .filter(|row| !row.is_ourselves)
        .map(|row| (row.id.clone(), row))
        .collect();

    let mut seen = Seen::default();
    let mut first_with: HashMap<Identifier, String> = HashMap::new();
    for (index, draft) in drafts.iter_mut().enumerate() {
        if index % PORTION == 0 {
            // It is work: others need this thread.
            tokio::task::yield_now().await;
        }
        draft.find_target(&holders, &stored);
        if let Some(target) = &draft.target {
            seen.note(
                target.id.as_str(),
                &draft.place,
                "supplier",
                draft.pointer_of_target.as_deref(),
                &mut draft.faults,
            );
        }
        for given in &draft.given {
            match first_with.get(&given.identifier) {
                Some(other) if *other != draft.place => blame(
                    &mut draft.faults,
                    Fault::new(
                        &given.pointer,
                        "duplicate",
                        format!("expected each identifier on one row only: {other} has {} too", given.identifier),
                    ),
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
    let kept: HashMap<&SupplierId, &[Identifier]> = drafts
        .iter()
        .filter_map(|draft| Some((&draft.target.as_ref()?.id, draft.new.as_ref()?.identifiers.as_slice())))
        .collect();
    let taken: Vec<Vec<Fault>> = drafts
        .iter()
        .map(|draft| {
            let own = draft.target.as_ref().map(|target| &target.id);
            let held = |given: &&ToHold| {
                holders.get(&given.identifier).is_some_and(|holder| {
                    Some(holder) != own && kept.get(holder).is_none_or(|kept| kept.contains(&given.identifier))
                })
            };
            let fault = |given: &ToHold| {
                Fault::new(
                    &given.pointer,
                    "duplicate",
                    format!(
                        "expected an identifier that no other supplier holds: {} holds {}",
                        holders[&given.identifier], given.identifier
                    ),
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
    let asked = Asked {
        suppliers: stored.into_keys().collect(),
        identifiers: given,
        supplier_names: BTreeSet::new(),
        policy_version,
    };
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
    let with_evidence: BTreeSet<&SupplierId> = work
        .evidence
        .iter()
        .map(|(id, _)| id)
        .chain(work.changed_evidence.iter().map(|(before, _)| &before.supplier_id))
        .collect();
    let alone =
        work.changes.iter().map(|(before, _)| &before.id).filter(|id| !with_evidence.contains(id)).cloned().collect();
    let known = Known::load(reader, alone).await?;
    Ok(ImportPlan { outcomes, asked, work: Some(Work::Suppliers(work, known)) })
}

impl SupplierWork {
    /// Enters what is new: suppliers, evidence about them, and their lines in the register.
    pub(super) async fn add(&mut self, writer: &Writer) -> Result<(), Error> {
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
            about.extend(
                pieces.into_iter().map(|new| {
                    (row.id.clone(), NewEvidence { subject_id: SubjectId::Supplier(row.id.clone()), ..new })
                }),
            );
        }
        let about = evidence::create_all(writer, about).await?;
        register::enter(writer, rows, about).await
    }
}

/// Gives the ids of those added.
pub(super) async fn write_suppliers(
    writer: &Writer,
    mut work: SupplierWork,
    known: Known,
) -> Result<Vec<(usize, String)>, Error> {
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
        let listed: Vec<Identifier> =
            fields.get("identifiers").and_then(|list| serde_json::from_value(list.clone()).ok()).unwrap_or_default();
        let listed = listed
            .into_iter()
            .enumerate()
            .map(|(index, identifier)| ToHold { pointer: format!("/identifiers/{index}"), identifier });
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
                blame(
                    &mut self.faults,
                    Fault::new(
                        "/id",
                        "unknown_id",
                        "expected the id of a supplier that is there, or none for a new one",
                    ),
                );
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
                    let detail = format!(
                        "expected identifiers of one supplier: {} is held by {holder}, another one by {}",
                        given.identifier, target.id
                    );
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
            let mut all: Vec<Identifier> = object
                .get("identifiers")
                .and_then(|list| serde_json::from_value(list.clone()).ok())
                .unwrap_or_default();
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

    fn moves(&self, fields: &Fields) -> Vec<FieldMove> {
        let mut found = self.new.as_ref().map(|new| fields.moves(self.target.as_ref(), new)).unwrap_or_default();
        let piece = |kind: &EvidenceKind, before: Value, new: &NewEvidence| FieldMove {
            field: format!("evidence.{}", word(kind)),
            before,
            after: new.statement.clone().or_else(|| new.reference.clone()).map_or(Value::Bool(true), Value::from),
        };
        found.extend(self.new_evidence.iter().map(|new| piece(&new.kind, Value::Null, new)));
        let said = |before: &Evidence| {
            before.statement.clone().or_else(|| before.reference.clone()).map_or(Value::Bool(true), Value::from)
        };
        found.extend(self.changed_evidence.iter().map(|(before, new)| piece(&new.kind, said(before), new)));
        found
    }
}

/// Works out which pieces of evidence the rows add or change.
///
/// Evidence is dated by what it says: a row's piece is the supplier's of the same kind and day of issue; without a day,
/// the latest of that kind. Next year's certificate is therefore another piece, and last year's stays.
async fn plan_evidence(reader: &Reader, drafts: &mut [SupplierDraft]) -> Result<(), Error> {
    let mut there: HashMap<SupplierId, Vec<Evidence>> = HashMap::new();
    let ids: Vec<SupplierId> = drafts
        .iter()
        .filter(|draft| !draft.evidence.is_empty())
        .filter_map(|draft| Some(draft.target.as_ref()?.id.clone()))
        .collect();
    for portion in ids.chunks(PORTION) {
        for piece in
            evidence::of_suppliers(reader, portion).await?.into_iter().filter(|piece| piece.product_id.is_none())
        {
            there.entry(piece.supplier_id.clone()).or_default().push(piece);
        }
    }
    let fields = Fields::of::<NewEvidence>();
    // Whose evidence it is comes to be known when the supplier is made.
    let nobody = SubjectId::Supplier(SupplierId::new(Uuid::nil()));
    for draft in drafts {
        let subject_id =
            draft.target.as_ref().map_or_else(|| nobody.clone(), |target| SubjectId::Supplier(target.id.clone()));
        let there =
            draft.target.as_ref().and_then(|target| there.get(&target.id)).map(Vec::as_slice).unwrap_or_default();
        for (kind, patch) in std::mem::take(&mut draft.evidence) {
            let prefix = format!("/evidence/{}", word(&kind));
            if draft
                .faults
                .iter()
                .any(|fault| fault.pointer.strip_prefix(&prefix).is_some_and(|rest| rest.starts_with('/')))
            {
                continue;
            }
            // What a respondent sent and nobody has accepted is no statement of ours to change.
            let of_kind = there.iter().filter(|piece| piece.kind.0 == kind && piece.checked_at.is_some());
            let before = match patch.get("issued_on") {
                Some(day) => of_kind
                    .filter(|piece| serde_json::to_value(piece.issued_on).is_ok_and(|issued| issued == *day))
                    .max_by_key(|piece| piece.created_at),
                None => of_kind.max_by_key(|piece| (piece.issued_on, piece.created_at)),
            };
            let mut whole = fields.stored(before);
            whole.insert("subject_id".into(), subject_id.as_str().into());
            whole.insert("kind".into(), word(&kind).into());
            let Some(new) = fields.read::<NewEvidence>(fields.merge(whole, patch), Value::Null, &mut draft.faults)
            else {
                continue;
            };
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
