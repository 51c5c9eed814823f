//! Bringing in many suppliers or products at once: all of them or none, each with its own verdict.
//!
//! A row is a merge patch. Where it is about something that is there, it changes that, and fields it does not give stay
//! as they are; else it makes something new. A row that says what is there already changes nothing. The verdicts of a
//! dry run are those of the real one, since both are worked out ahead of the change, from look-ups in portions and never
//! one by one.
//!
//! **What a row is about** is said by our id; else by an identifier; else by the name, as people compare names (a
//! product's among those of its supplier). The same name is the same supplier unless their identifiers say otherwise: of
//! one scheme, and others. Where it could be several, or the name is only near, somebody has to say ([`Verdict::Question`]):
//! nothing is made twice without a word, and nothing is changed that may be meant by nobody. What was found by its name
//! keeps the name as it is written here.
//!
//! **What an import did** is kept for a while in [`record`], so that it can be undone.

use std::collections::{BTreeSet, HashMap};

use diligence_questionnaires::EvidenceKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use self::{
    products::write_products,
    record::ImportItem,
    suppliers::{SupplierWork, write_suppliers},
};
use crate::{
    ahead::Plan,
    clock::Day,
    error::Error,
    fault::Fault,
    id::{ProductId, SubjectId, SupplierId},
    identifier::Identifier,
    policy,
    product::{NewProduct, Product},
    register::Known,
    scope::Writer,
    supplier, twin,
};

mod ends;
mod fields;
mod leads;
mod lists;
mod nouns;
mod products;
pub mod record;
mod sameness;
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
    /// What the lines of its `notes` begin with: they take the place of those that begin so, and all other lines that are
    /// there stay. None where it gives all of `notes`.
    pub leads: Vec<String>,
    /// Identifiers that the supplier must hold beside those it has.
    pub identifiers: Vec<ToHold>,
    /// Evidence about the supplier: of a kind, its fields as a merge patch of [`crate::evidence::NewEvidence`].
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
    /// Something is wrong with it, and so nothing of the import is kept, unless only good rows were asked for.
    Refused,
    /// It may be about something that is there, and somebody has to say; nothing of the import is kept before, unless
    /// only good rows were asked for.
    Question,
}

/// Which rows of an import are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// All, or none where one is refused or asks a question.
    #[default]
    All,
    /// Those that are neither refused nor ask a question.
    Good,
}

/// How an import is worked out.
#[derive(Clone, Copy, Debug, Default)]
pub struct How {
    /// Whether it is only to be said what would happen.
    pub dry_run: bool,
    /// Which rows are kept.
    pub keep: Keep,
    /// Whether an id that nothing has becomes that of what is new, as for a whole register from elsewhere; it is a fault
    /// otherwise.
    pub keep_ids: bool,
}

impl From<bool> for How {
    /// All rows or none, by our ids alone; and whether it is only to be said what would happen.
    fn from(dry_run: bool) -> Self {
        Self { dry_run, ..Self::default() }
    }
}

impl How {
    /// Whether what these outcomes tell is to be written.
    fn writes(self, outcomes: &[Outcome]) -> bool {
        let is_good = |outcome: &Outcome| !matches!(outcome.verdict, Verdict::Refused | Verdict::Question);
        !self.dry_run && (self.keep == Keep::Good || outcomes.iter().all(is_good))
    }
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
    /// Names of suppliers, as they are compared, that were looked for, and for those near them.
    compared_names: BTreeSet<String>,
    /// The version of the policy, which the lines of what is new follow from.
    policy_version: i64,
}

/// What is to be written, and what the register's lines followed from before.
enum Work {
    Suppliers(Box<SupplierWork>, Known),
    Products(ProductWork, Known),
    Nouns(nouns::Work),
}

/// Indexes are those of the rows.
#[derive(Default)]
struct ProductWork {
    changes: Vec<(Product, NewProduct)>,
    additions: Vec<(usize, Option<ProductId>, NewProduct)>,
}

/// How many pairs of names are compared at the most while others wait; what is more is worked out anew.
const MANY_PAIRS: usize = 200_000;

impl Plan for ImportPlan {
    fn asks_for_change(&self) -> bool {
        self.work.is_some()
    }

    fn adds(&self) -> bool {
        matches!(&self.work, Some(Work::Suppliers(work, _)) if work.adds())
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
        let Asked { suppliers, identifiers, supplier_names, compared_names, policy_version } = &self.asked;
        if !suppliers.is_disjoint(changed) || policy::read(writer).await?.version != *policy_version {
            return Ok(false);
        }
        // Others may have come to hold what was looked for and not found.
        let ids: BTreeSet<String> = changed.iter().map(ToString::to_string).collect();
        let rows = writer.get_many::<supplier::Entity>(&ids).await?;
        if rows.len().saturating_mul(compared_names.len()) > MANY_PAIRS {
            return Ok(false);
        }
        Ok(rows.iter().all(|row| {
            let name = twin::compared(&row.name);
            !supplier_names.contains(&row.name)
                && !row.identifiers.iter().any(|identifier| identifiers.contains(identifier))
                && !compared_names.contains(&name)
                && !compared_names.iter().any(|asked| twin::is_near(asked, &name))
        }))
    }
}

impl ImportPlan {
    /// What becomes of each row.
    #[must_use]
    pub fn outcomes(&self) -> &[Outcome] {
        &self.outcomes
    }

    /// Writes it, and says what became of each row, and what was made and changed, for [`record::apply`]; of a dry run,
    /// and where nothing is kept, what would have become of each.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Database`].
    pub async fn carry_out(self, writer: Option<&Writer>) -> Result<(Vec<Outcome>, Vec<ImportItem>), Error> {
        let Self { mut outcomes, work, .. } = self;
        let Written { made, items } = match (work, writer) {
            (Some(Work::Suppliers(work, known)), Some(writer)) => write_suppliers(writer, *work, known).await?,
            (Some(Work::Products(work, known)), Some(writer)) => write_products(writer, work, known).await?,
            (Some(Work::Nouns(work)), Some(writer)) => nouns::write(writer, work).await?,
            _ => Written::default(),
        };
        for (index, id) in made {
            if let Some(outcome) = outcomes.get_mut(index) {
                outcome.id = Some(id);
            }
        }
        Ok((outcomes, items))
    }
}

/// What was written.
#[derive(Default)]
struct Written {
    /// The ids of what is new, each with the index of its row.
    made: Vec<(usize, String)>,
    items: Vec<ImportItem>,
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

/// Of a row whose id is that of something that went into another.
fn went_into(kept_id: &SubjectId) -> Fault {
    Fault::new("/id", "merged_into", format!("what had this id went into {kept_id}: give that id"))
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
