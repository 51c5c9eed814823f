//! Rows about decisions that were made elsewhere or earlier, with their conditions. They are history: one that is here
//! stays as it is, and one that comes in says who decided and when, in the words of the file.

use std::collections::{BTreeMap, BTreeSet};

use diligence_questionnaires::library;
use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, QueryFilter as _};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;
use validator::Validate;

use super::{Work, find, outcome, planned, rows_of};
use crate::{
    clock::{Day, Moment},
    decision::{self, Decision, DecisionOutcome, Past},
    error::Error,
    fault::{Fault, Faults},
    id::{SubjectId, SupplierId},
    import::{
        ImportPlan, Outcome, Row, Seen, Verdict, Written, blame,
        ends::{Draft, Ends},
        expect_few,
        fields::{Fields, absorb, is_unreadable},
        record::{ImportItem, ItemKind},
    },
    policy::{self, SeparationOfDuties},
    questionnaire,
    role::Role,
    scope::{Reader, Writer},
    stored::word,
};

/// A decision that was made elsewhere or earlier.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schemars(example = json!({ "subject_id": "sup_0190c5d2e5f27c3c8a4b0d6f1e2a3b4c", "questionnaire": "supplier-security", "outcome": "approved", "decided_by": "Jo Bell", "decided_on": "2026-05-01" }))]
pub struct NewPastDecision {
    /// The supplier or product it is about.
    pub subject_id: SubjectId,
    /// The key of the questionnaire that it is counted under.
    #[validate(length(min = 1, max = 100))]
    pub questionnaire: String,
    /// What was decided.
    pub outcome: DecisionOutcome,
    /// Why.
    #[validate(length(min = 1, max = 10_000))]
    #[serde(default)]
    #[schemars(regex(pattern = crate::text::LINES))]
    pub comment: Option<String>,
    /// What had to be done for it to hold, and what of it was.
    #[validate(length(max = 50), nested)]
    #[serde(default)]
    pub conditions: Vec<PastCondition>,
    /// The last day it holds.
    #[serde(default)]
    pub lapses_on: Option<Day>,
    /// Who decided, as it was written down.
    #[validate(length(min = 1, max = 200))]
    pub decided_by: String,
    /// The day; this or `decided_at`.
    #[serde(default)]
    pub decided_on: Option<Day>,
    /// The moment; this or `decided_on`.
    #[serde(default)]
    pub decided_at: Option<Moment>,
}

/// A condition of a decision that was made elsewhere or earlier.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct PastCondition {
    /// Its number; they are numbered in their order if not said.
    #[serde(default)]
    pub number: Option<u32>,
    /// What had to be done.
    #[validate(length(min = 1, max = 2000))]
    #[schemars(regex(pattern = crate::text::LINES))]
    pub text: String,
    /// Who does it.
    #[validate(length(min = 1, max = 200))]
    pub owner: String,
    /// By when.
    pub due_on: Day,
    /// When it was met; null while it is not.
    #[serde(default)]
    pub met_on: Option<Day>,
    /// How we know.
    #[validate(length(min = 1, max = 2000))]
    #[serde(default)]
    #[schemars(regex(pattern = crate::text::LINES))]
    pub met_note: Option<String>,
}

/// A decision on its way in.
pub(in crate::import) struct Step {
    index: usize,
    new: NewPastDecision,
    at: Moment,
}

/// Works out what bringing in decisions comes to: by `id`, else by subject, questionnaire and day, else as new ones.
/// Only an approver brings them in, and only an administrator where the policy separates who decides from who answers.
///
/// # Errors
/// [`Error::Forbidden`] for anyone else; [`Error::Invalid`] for more than [`super::super::MAXIMUM_ROWS`]; what is wrong
/// with a row is in its outcome.
pub async fn decisions(reader: &Reader, rows: &[Row], dry_run: bool) -> Result<ImportPlan, Error> {
    let is_separated = policy::read(reader).await?.separation_of_duties.0 != SeparationOfDuties::Off;
    match reader.scope().role {
        Role::Admin => {}
        Role::Approver if !is_separated => {}
        Role::Approver => {
            let detail = "the policy separates who decides from who answers: decisions of a file, of which nobody knows who answered, are brought in by an administrator";
            return Err(Error::Forbidden(detail.into()));
        }
        Role::Viewer | Role::Editor => {
            return Err(Error::Forbidden("this needs the role approver: a decision is an approver's".into()));
        }
    }
    expect_few(rows)?;
    let fields = Fields::of::<NewPastDecision>();
    let mut drafts: Vec<Draft> = rows.iter().cloned().map(|row| Draft::new(row, false)).collect();
    let ends = Ends::load(reader, &drafts.iter().flat_map(Draft::named).collect::<Vec<_>>()).await?;
    let mut suppliers = BTreeSet::new();
    for draft in &mut drafts {
        suppliers.extend(find(draft, &ends));
    }
    let ids: BTreeSet<String> = drafts.iter().filter_map(|draft| draft.id.clone()).collect();
    let about: Vec<SupplierId> = suppliers.iter().cloned().collect();
    let stored = rows_of::<decision::Entity>(reader, &ids, decision::Column::SupplierId, &about).await?;
    let by_id: BTreeMap<String, &Decision> = stored.iter().map(|row| (row.id.to_string(), row)).collect();
    let by_key: BTreeMap<String, &Decision> =
        stored.iter().map(|row| (key(&row.subject_id, &row.questionnaire, row.decided_at.day()), row)).collect();
    let asked: BTreeSet<String> = drafts
        .iter()
        .filter_map(|draft| draft.fields.get("questionnaire").and_then(Value::as_str))
        .map(|key| key.trim().to_owned())
        .collect();
    let mut known = BTreeSet::new();
    for key in asked {
        let published = reader.find::<questionnaire::Entity>().filter(questionnaire::Column::Key.eq(key.as_str()));
        if library::edition(&key, None).is_some() || reader.has(published).await? {
            known.insert(key);
        }
    }
    let (mut seen, mut outcomes, mut steps) = (Seen::default(), Vec::new(), Vec::new());
    for (index, mut draft) in drafts.into_iter().enumerate() {
        let target = match &draft.id {
            Some(id) => {
                let target = by_id.get(id).copied();
                if target.is_none() {
                    let detail = "expected the id of a decision that is there, or none for a new one";
                    blame(&mut draft.faults, Fault::new("/id", "unknown_id", detail));
                }
                target
            }
            None => None,
        };
        if let Some(target) = target {
            outcomes.push(stays(&draft, target, &fields, &mut seen));
            continue;
        }
        let new = build(&mut draft, reader.today(), &fields, &known);
        let same = new.as_ref().and_then(|(new, at)| {
            let key = key(&new.subject_id, &new.questionnaire, at.day());
            seen.note(&key, &draft.place, "decision", None, &mut draft.faults);
            by_key.get(&key).copied()
        });
        if let Some(same) = same {
            outcomes.push(stays(&draft, same, &fields, &mut Seen::default()));
            continue;
        }
        let verdict = if new.is_some() && draft.faults.is_empty() { Verdict::Create } else { Verdict::Refused };
        outcomes.push(outcome(verdict, None, draft.faults));
        if let (Some((new, at)), Verdict::Create) = (new, verdict) {
            steps.push(Step { index, new, at });
        }
    }
    planned(reader, outcomes, suppliers, dry_run, || Work::Decisions(steps)).await
}

/// What two rows about the same decision have in common.
fn key(subject_id: &SubjectId, questionnaire: &str, day: Day) -> String {
    format!("{subject_id}\n{questionnaire}\n{day}")
}

/// What becomes of a row about a decision that is here: nothing, and it may say nothing else.
fn stays(draft: &Draft, target: &Decision, fields: &Fields, seen: &mut Seen) -> Outcome {
    let mut faults = draft.faults.clone();
    let id = target.id.to_string();
    seen.note(&id, &draft.place, "decision", Some("/id"), &mut faults);
    let stored = fields.stored(Some(target));
    for name in ["subject_id", "outcome", "comment", "lapses_on"] {
        let said = draft.fields.get(name).filter(|said| !said.is_null());
        if said.is_some_and(|said| stored.get(name) != Some(said)) {
            let detail = "a decision that was made stays as it is: decide again instead";
            blame(&mut faults, Fault::new(format!("/{name}"), "fixed", detail));
        }
    }
    let verdict = if faults.is_empty() { Verdict::Unchanged } else { Verdict::Refused };
    outcome(verdict, Some(id), faults)
}

fn build(
    draft: &mut Draft,
    today: Day,
    fields: &Fields,
    known: &BTreeSet<String>,
) -> Option<(NewPastDecision, Moment)> {
    let faults = &mut draft.faults;
    if is_unreadable(faults) {
        return None;
    }
    let mut whole = serde_json::Map::new();
    if !draft.fields.contains_key("subject_id") {
        if draft.subject.is_silent() {
            let detail = "expected a supplier or product: its id, or supplier_identifier, supplier_name, product_name";
            blame(faults, Fault::new("/subject_id", "missing", detail));
        }
        whole.insert("subject_id".into(), SupplierId::new(Uuid::nil()).as_str().into());
    }
    let whole = fields.merge(whole, draft.fields.clone());
    let stand_in = json!({ "questionnaire": "-", "outcome": "approved", "decided_by": "-" });
    let new = fields.read::<NewPastDecision>(whole, stand_in, faults)?;
    let mut wrong = Faults::of_new(&new);
    let at = new.decided_at.or_else(|| format!("{}T00:00:00Z", new.decided_on?).parse().ok());
    let pointer = if new.decided_at.is_some() { "/decided_at" } else { "/decided_on" };
    wrong.expect(at.is_some(), "/decided_on", "missing", "expected the day on which it was decided");
    wrong.expect(
        at.is_none_or(|at| at.day() <= today),
        pointer,
        "future",
        "expected today or an earlier day: what is to be decided is no history",
    );
    wrong.expect(
        known.contains(new.questionnaire.trim()),
        "/questionnaire",
        "unknown",
        "expected the key of a questionnaire that is there, such as supplier-security",
    );
    let has_conditions = !new.conditions.is_empty();
    let fits = (new.outcome == DecisionOutcome::ApprovedWithConditions) == has_conditions;
    wrong.expect(
        fits,
        "/conditions",
        "contradiction",
        format!(
            "expected conditions where the outcome is approved_with_conditions, and none else, not {}",
            word(&new.outcome)
        ),
    );
    for (index, condition) in new.conditions.iter().enumerate() {
        wrong.expect(
            condition.met_on.is_none_or(|day| day <= today),
            format!("/conditions/{index}/met_on"),
            "future",
            "expected today or an earlier day",
        );
    }
    if let Err(error) = wrong.done() {
        absorb(faults, "", error);
    }
    Some((NewPastDecision { questionnaire: new.questionnaire.trim().to_owned(), ..new }, at?))
}

/// Writes them, the earliest first, so that each takes the place of the one before it.
pub(super) async fn write(writer: &Writer, mut steps: Vec<Step>) -> Result<Written, Error> {
    steps.sort_by_key(|step| step.at);
    let mut written = Written::default();
    for Step { index, new, at } in steps {
        let NewPastDecision { subject_id, questionnaire, outcome, comment, conditions, lapses_on, decided_by, .. } =
            new;
        let conditions = conditions
            .into_iter()
            .map(|PastCondition { text, owner, due_on, met_on, met_note, .. }| (text, owner, due_on, met_on, met_note))
            .collect();
        let past =
            Past { subject_id, questionnaire, outcome, comment, conditions, lapses_on, decided_by, decided_at: at };
        let row = decision::bring_in(writer, past).await?;
        written.items.push(ImportItem::created(ItemKind::Decision, row.id.as_str(), row.version));
        written.made.push((index, row.id.to_string()));
    }
    Ok(written)
}
