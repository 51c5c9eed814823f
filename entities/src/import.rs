//! Bringing in many suppliers or products at once: all of them or none, each with its own verdict.
//!
//! A row is a merge patch. Where it names something that is there (by our id, by an identifier, by a product's supplier
//! and name), it changes that, and fields it does not give stay as they are; else it makes something new. A row that
//! says what is there already changes nothing. The verdicts of a dry run are those of the real one, since both are
//! worked out ahead of the change, from look-ups in portions and never one by one.

use std::collections::{BTreeSet, HashMap};

use diligence_questionnaires::EvidenceKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use self::{products::write_products, suppliers::write_suppliers};
use crate::{
    ahead::Plan,
    clock::Day,
    error::Error,
    evidence::{Evidence, NewEvidence},
    fault::Fault,
    id::SupplierId,
    identifier::Identifier,
    policy,
    product::{NewProduct, Product},
    register::Known,
    scope::Writer,
    supplier::{self, NewSupplier, Supplier},
};

mod ends;
mod fields;
mod nouns;
mod products;
mod suppliers;

pub use nouns::{
    NewPastDecision, NewPastReview, PastCondition, contacts, contracts, decisions, dependencies, evidence, incidents,
    names_of, plan_of, reviews, risks,
};
pub use products::products;
pub use suppliers::suppliers;

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
    /// Contacts, each as a merge patch: of the contact of the same e-mail address, else of the same name; else a new one.
    pub contacts: Vec<Map<String, Value>>,
    /// Contracts, each as a merge patch: of the contract of the same reference, or of the only one where none is given;
    /// else a new one.
    pub contracts: Vec<Map<String, Value>>,
    /// When it was last looked at.
    pub last_review_on: Option<Day>,
    /// When it is to be looked at next; a day in the past is overdue.
    pub next_review_on: Option<Day>,
    /// Where the rows stand that say the same as this one, and were put together with it.
    pub also: Vec<String>,
    /// What was answered to the question whether it is one that is there.
    pub same_as: Option<SameAs>,
    /// What the door found wrong already; pointers start at the row.
    pub faults: Vec<Fault>,
}

/// What was answered to the question whether a row is about something that is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SameAs {
    /// It is about this one, by its id.
    Known(String),
    /// It is about something new.
    New,
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
    /// It may be about something that is there, and somebody has to say; nothing of the import is kept before.
    Question,
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
    /// Those it may be about, the nearest first, at most five; empty but for [`Verdict::Question`].
    pub near: Vec<Near>,
}

/// Something that is there, or that an earlier row makes, with nearly the name of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Near {
    /// Its id; null for one that an earlier row makes.
    pub id: Option<String>,
    /// What it is called.
    pub name: String,
    /// Where the earlier row stands; null for one that is there.
    pub place: Option<String>,
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
    Nouns(nouns::Work),
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
        // What is told apart by more than suppliers is worked out anew whatever has changed.
        if matches!(self.work, Some(Work::Nouns(_))) && !changed.is_empty() {
            return Ok(false);
        }
        let Asked { suppliers, identifiers, supplier_names, policy_version } = &self.asked;
        if !suppliers.is_disjoint(changed) || policy::read(writer).await?.version != *policy_version {
            return Ok(false);
        }
        // Others may have come to hold what was looked for and not found.
        let ids: BTreeSet<String> = changed.iter().map(ToString::to_string).collect();
        let rows = writer.get_many::<supplier::Entity>(&ids).await?;
        Ok(rows.iter().all(|row| {
            !supplier_names.contains(&row.name)
                && !row.identifiers.iter().any(|identifier| identifiers.contains(identifier))
        }))
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
            (Some(Work::Nouns(work)), Some(writer)) => nouns::write(writer, work).await?,
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

fn expect_few(rows: &[Row]) -> Result<(), Error> {
    if rows.len() > MAXIMUM_ROWS {
        return Err(Error::invalid(
            "/rows",
            "length",
            format!("expected at most {MAXIMUM_ROWS} rows, not {}: send them in several files", rows.len()),
        ));
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
            Some(other) => blame(
                faults,
                Fault::new(
                    pointer.unwrap_or_default(),
                    "duplicate",
                    format!("expected one row for each {noun}: {other} is about the same one"),
                ),
            ),
            None => {
                self.0.insert(key.to_owned(), place.to_owned());
            }
        }
    }
}
