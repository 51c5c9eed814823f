//! A row about a supplier on its way in.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use diligence_questionnaires::EvidenceKind;
use serde_json::{Map, Value, json};

use crate::{
    clock::Day,
    error::Error,
    evidence::{Evidence, NewEvidence},
    fault::Fault,
    id::SupplierId,
    identifier::Identifier,
    import::{
        FieldMove, Near, Outcome, Row, SameAs, ToHold, Verdict, blame,
        fields::{Fields, absorb, is_unreadable, take_id},
        leads,
        lists::List,
        sameness::{ByName, Called, Earlier, There},
    },
    policy::Policy,
    review::{Looked, Looks},
    stored::word,
    supplier::{self, NewSupplier, Supplier},
    twin,
};

/// A supplier on its way in.
pub(super) struct SupplierDraft {
    pub(super) place: String,
    fields: Map<String, Value>,
    /// What the lines of its notes begin with, where it gives only those.
    leads: Vec<String>,
    contacts: Vec<Map<String, Value>>,
    contracts: Vec<Map<String, Value>>,
    pub(super) evidence: Vec<(EvidenceKind, Map<String, Value>)>,
    pub(super) looks: Looks,
    pub(super) faults: Vec<Fault>,
    pub(super) id: Option<SupplierId>,
    /// The id it gives, where that becomes its own.
    pub(super) new_id: Option<SupplierId>,
    pub(super) same_as: Option<SameAs>,
    /// Its name as people compare it; empty where it gives none.
    pub(super) compared: String,
    /// What is there of that name, and near it.
    pub(super) there: There,
    /// The identifiers it gives, as their schemes write them.
    pub(super) given: Vec<ToHold>,
    /// How many of `given` stand beside the field `identifiers`, at the end of it.
    beside_count: usize,
    pub(super) target: Option<Supplier>,
    pub(super) pointer_of_target: Option<String>,
    near: Vec<Near>,
    pub(super) new: Option<NewSupplier>,
    pub(super) new_evidence: Vec<NewEvidence>,
    pub(super) changed_evidence: Vec<(Evidence, NewEvidence)>,
    /// What telling of looks changes.
    pub(super) look_moves: Vec<FieldMove>,
}

impl SupplierDraft {
    pub(super) fn new(row: Row) -> Self {
        let Row {
            place,
            mut fields,
            leads,
            identifiers,
            evidence,
            contacts,
            contracts,
            last_review_on,
            next_review_on,
            same_as,
            mut faults,
            ..
        } = row;
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
        let name = fields.get("name").and_then(Value::as_str).map(str::trim).filter(|name| !name.is_empty());
        let compared = name.map(twin::compared).unwrap_or_default();
        Self {
            place,
            fields,
            leads,
            contacts,
            contracts,
            evidence,
            looks: Looks { last: last_review_on, next: next_review_on },
            faults,
            id,
            new_id: None,
            same_as,
            compared,
            there: There::default(),
            given,
            beside_count,
            target: None,
            pointer_of_target: None,
            near: Vec::new(),
            new: None,
            new_evidence: Vec::new(),
            changed_evidence: Vec::new(),
            look_moves: Vec::new(),
        }
    }

    /// Whether nothing but its name can say which supplier it is about.
    pub(super) fn is_found_by_name(&self, holders: &BTreeMap<Identifier, SupplierId>) -> bool {
        self.needs_name()
            && self.same_as.is_none()
            && !self.given.iter().any(|given| holders.contains_key(&given.identifier))
    }

    /// Whether its name says which supplier it is, where no identifier does. An id that is none must not turn a change
    /// into something new.
    fn needs_name(&self) -> bool {
        self.id.is_none() && !self.compared.is_empty() && !self.faults.iter().any(|fault| fault.pointer == "/id")
    }

    /// Whether it could be written.
    pub(super) fn is_good(&self) -> bool {
        self.faults.is_empty() && self.near.is_empty()
    }

    /// Finds what it is about by its id, or by an identifier. `taken` are the ids that something else has, where an id
    /// that nothing has becomes that of the new one.
    pub(super) fn find_target(
        &mut self,
        holders: &BTreeMap<Identifier, SupplierId>,
        stored: &HashMap<SupplierId, Supplier>,
        taken: Option<&BTreeSet<String>>,
    ) {
        if let Some(id) = &self.id {
            self.target = stored.get(id).cloned();
            self.pointer_of_target = Some("/id".into());
            match (&self.target, taken) {
                (Some(_), _) => {}
                (None, Some(taken)) if !taken.contains(id.as_str()) => self.new_id = Some(id.clone()),
                (None, Some(_)) => blame(
                    &mut self.faults,
                    Fault::new("/id", "taken", "expected an id that nothing else has, or none for a new supplier"),
                ),
                (None, None) => blame(
                    &mut self.faults,
                    Fault::new(
                        "/id",
                        "unknown_id",
                        "expected the id of a supplier that is there, or none for a new one",
                    ),
                ),
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

    /// Finds what it is about by its name, where nothing else says it, and notes what it makes otherwise.
    pub(super) fn find_by_name(
        &mut self,
        held: &HashMap<&str, &[Identifier]>,
        stored: &HashMap<SupplierId, Supplier>,
        earlier: &mut Earlier,
    ) {
        if self.target.is_some() || self.compared.is_empty() {
            return;
        }
        let needs_name = self.needs_name();
        let identifiers: Vec<Identifier> = self.given.iter().map(|given| given.identifier.clone()).collect();
        let compared = std::mem::take(&mut self.compared);
        let called = Called { compared: &compared, identifiers: &identifiers };
        if needs_name {
            match &self.same_as {
                Some(SameAs::Known(id)) => {
                    let there = id.parse::<SupplierId>().ok().and_then(|id| stored.get(&id).cloned());
                    match there {
                        Some(there) => self.is_called(there),
                        None => blame(
                            &mut self.faults,
                            Fault::new(
                                "/name",
                                "unknown_id",
                                format!("expected the answer new, or the id of a supplier that is there, not {id}"),
                            ),
                        ),
                    }
                }
                Some(SameAs::New) => self.expect_first(earlier.same(called)),
                None => match self.there.decide(called, held, earlier) {
                    ByName::Is(id) => {
                        let there = id.parse::<SupplierId>().ok().and_then(|id| stored.get(&id).cloned());
                        if let Some(there) = there {
                            self.is_called(there);
                        }
                    }
                    ByName::Again(place) => self.expect_first(Some(&place)),
                    ByName::Question(near) => self.near = near,
                    ByName::New => {}
                },
            }
        }
        if self.target.is_none() {
            let name = self.fields.get("name").and_then(Value::as_str).unwrap_or_default();
            earlier.note(called, name, &self.place);
        }
        self.compared = compared;
    }

    /// It is about this one, which keeps its name as it is written here.
    fn is_called(&mut self, there: Supplier) {
        self.target = Some(there);
        self.pointer_of_target = Some("/name".into());
        self.fields.shift_remove("name");
    }

    fn expect_first(&mut self, before: Option<&str>) {
        if let Some(place) = before {
            let detail = format!("expected one row for each supplier: {place} is about the same one");
            blame(&mut self.faults, Fault::new("/name", "duplicate", detail));
        }
    }

    pub(super) fn build(&mut self, fields: &Fields) {
        if is_unreadable(&self.faults) {
            return;
        }
        let (stored, mut said) = (fields.stored(self.target.as_ref()), std::mem::take(&mut self.fields));
        leads::keep_others(&stored, &mut said, &self.leads);
        let mut whole = fields.merge(stored, said);
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
        let mut places = Vec::new();
        if let Some(object) = whole.as_object_mut() {
            for (list, given) in [(List::Contacts, &self.contacts), (List::Contracts, &self.contracts)] {
                places.push((list, list.merge(object, given, &mut self.faults)));
            }
        }
        let Some(new) = fields.read::<NewSupplier>(whole, json!({ "name": "-" }), &mut self.faults) else { return };
        match new.check() {
            Ok(new) => self.new = Some(new),
            Err(Error::Invalid(faults)) => {
                for fault in faults {
                    blame(&mut self.faults, as_given(fault, &places));
                }
            }
            Err(error) => absorb(&mut self.faults, "", error),
        }
    }

    /// Works out what it tells of looks.
    pub(super) fn find_looks(&mut self, today: Day, looked: &Looked, policy: &Policy) {
        if self.looks.last.is_some_and(|day| day > today) {
            let detail = "expected today or an earlier day: it has been looked at already";
            blame(&mut self.faults, Fault::new("/last_review_on", "range", detail));
            return;
        }
        let Some(target) = self.target.as_ref().filter(|_| !self.looks.is_empty()) else { return };
        let months = policy.cadence_months.months(target.tier.0);
        let day = |day: Day| Value::from(day.to_string());
        self.look_moves = looked
            .moves(target, self.looks, months)
            .into_iter()
            .map(|(field, before, after)| FieldMove {
                field: field.to_owned(),
                before: before.map_or(Value::Null, day),
                after: day(after),
            })
            .collect();
    }

    pub(super) fn outcome(&mut self, fields: &Fields) -> Outcome {
        let (created, changed) = (self.new_evidence.len(), self.changed_evidence.len());
        let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let verdict = match (&self.new, &self.target) {
            _ if self.faults.is_empty() && !self.near.is_empty() => Verdict::Question,
            (Some(new), Some(target)) if self.faults.is_empty() => {
                if supplier::differs(target, new) || created + changed > 0 || !self.look_moves.is_empty() {
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
            near: if verdict == Verdict::Question { std::mem::take(&mut self.near) } else { Vec::new() },
        }
    }

    fn moves(&self, fields: &Fields) -> Vec<FieldMove> {
        let mut found = self.new.as_ref().map(|new| fields.moves(self.target.as_ref(), new)).unwrap_or_default();
        for (list, given) in [(List::Contacts, &self.contacts), (List::Contracts, &self.contracts)] {
            let is_it = |moved: &FieldMove| moved.field == list.field();
            if let Some(place) = found.iter().position(is_it).filter(|_| !given.is_empty()) {
                let whole = found.remove(place);
                found.extend(list.moves(Some(&whole.before), Some(&whole.after)));
            }
        }
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
        found.extend(self.look_moves.iter().cloned());
        found
    }
}

/// A fault about a contact or a contract at a place of the merged list, told where the row gives it.
fn as_given(fault: Fault, places: &[(List, Vec<(usize, usize)>)]) -> Fault {
    for (list, places) in places {
        let Some(rest) = fault.pointer.strip_prefix(&format!("/{}/", list.field())) else { continue };
        let (place, rest) = rest.split_once('/').unwrap_or((rest, ""));
        let given = places.iter().find(|(known, _)| place.parse::<usize>().ok() == Some(*known));
        if let Some((_, number)) = given {
            let pointer = format!("/{}/{number}/{rest}", list.field());
            return Fault { pointer: pointer.trim_end_matches('/').to_owned(), ..fault };
        }
    }
    fault
}
