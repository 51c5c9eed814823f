//! Rows about reviews: those that were done, which are history and stay as they are, and when to look next.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;
use validator::Validate;

use super::{Work, find, outcome, planned, rows_of};
use crate::{
    clock::{Day, Moment},
    error::Error,
    fault::{Fault, Faults},
    id::{SubjectId, SupplierId},
    import::{
        FieldMove, ImportPlan, Outcome, Row, Seen, Verdict, Written, blame,
        ends::{Draft, Ends},
        expect_few,
        fields::{Fields, absorb, is_unreadable},
        record::ImportItem,
    },
    review::{self, Past, Review, ReviewState, Told},
    scope::{Reader, Writer},
    subject::Subject,
};

/// A review that was done, or when to look next.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schemars(example = json!({ "subject_id": "sup_0190c5d2e5f27c3c8a4b0d6f1e2a3b4c", "completed_on": "2026-05-01", "completed_by": "Jo Bell", "outcome": "All well" }))]
pub struct NewPastReview {
    /// The supplier or product it is of.
    pub subject_id: SubjectId,
    /// The day on which it was due; of one that is not done, when to look: a day in the past is overdue.
    #[serde(default)]
    pub due_on: Option<Day>,
    /// The day on which it was done; null, as `completed_at`, for one that is not.
    #[serde(default)]
    pub completed_on: Option<Day>,
    /// The moment at which it was done; this or `completed_on`.
    #[serde(default)]
    pub completed_at: Option<Moment>,
    /// Who did it, as it was written down.
    #[validate(length(min = 1, max = 200))]
    #[serde(default)]
    pub completed_by: Option<String>,
    /// What came of it.
    #[validate(length(min = 1, max = 10_000))]
    #[serde(default)]
    #[schemars(regex(pattern = crate::text::LINES))]
    pub outcome: Option<String>,
}

impl NewPastReview {
    fn done_at(&self) -> Option<Moment> {
        self.completed_at.or_else(|| format!("{}T00:00:00Z", self.completed_on?).parse().ok())
    }
}

/// A review on its way in.
pub(in crate::import) struct Step {
    index: usize,
    is_new: bool,
    new: NewPastReview,
}

/// Works out what bringing in reviews comes to. One that was done is one by its `id`, else by subject and day, else a
/// new one, and the next is counted from the last. One that is not done says when to look next.
///
/// # Errors
/// [`Error::Invalid`] for more than [`super::super::MAXIMUM_ROWS`]; what is wrong with a row is in its outcome.
pub async fn reviews(reader: &Reader, rows: &[Row], dry_run: bool) -> Result<ImportPlan, Error> {
    expect_few(rows)?;
    let fields = Fields::of::<NewPastReview>();
    let mut drafts: Vec<Draft> = rows.iter().cloned().map(|row| Draft::new(row, false)).collect();
    let ends = Ends::load(reader, &drafts.iter().flat_map(Draft::named).collect::<Vec<_>>()).await?;
    let mut suppliers = BTreeSet::new();
    for draft in &mut drafts {
        suppliers.extend(find(draft, &ends));
    }
    let ids: BTreeSet<String> = drafts.iter().filter_map(|draft| draft.id.clone()).collect();
    let about: Vec<SupplierId> = suppliers.iter().cloned().collect();
    let stored = rows_of::<review::Entity>(reader, &ids, review::Column::SupplierId, &about).await?;
    let by_id: BTreeMap<String, &Review> = stored.iter().map(|row| (row.id.to_string(), row)).collect();
    let by_key: BTreeMap<String, &Review> =
        stored.iter().map(|row| (key(&row.subject_id, row.completed_at.map(Moment::day)), row)).collect();
    let (mut seen, mut outcomes, mut steps) = (Seen::default(), Vec::new(), Vec::new());
    for (index, mut draft) in drafts.into_iter().enumerate() {
        let by_its_id = draft.id.as_ref().map(|id| by_id.get(id).copied());
        if by_its_id == Some(None) {
            let detail = "expected the id of a review that is there, or none for a new one";
            blame(&mut draft.faults, Fault::new("/id", "unknown_id", detail));
        }
        let by_its_id = by_its_id.flatten();
        if let Some(known) = by_its_id {
            draft.fields.entry("subject_id").or_insert_with(|| known.subject_id.as_str().into());
        }
        let Some(new) = build(&mut draft, reader.today(), &fields) else {
            outcomes.push(outcome(Verdict::Refused, by_its_id.map(|row| row.id.to_string()), draft.faults));
            continue;
        };
        let target = by_its_id.or_else(|| by_key.get(&key(&new.subject_id, new.done_at().map(Moment::day))).copied());
        let its_key =
            target.map_or_else(|| key(&new.subject_id, new.done_at().map(Moment::day)), |row| row.id.to_string());
        seen.note(&its_key, &draft.place, "review", None, &mut draft.faults);
        let told = told(&new, target, std::mem::take(&mut draft.faults));
        if matches!(told.verdict, Verdict::Create | Verdict::Change) {
            steps.push(Step { index, is_new: told.verdict == Verdict::Create, new });
        }
        outcomes.push(told);
    }
    planned(reader, outcomes, suppliers, dry_run, || Work::Reviews(steps)).await
}

/// What two rows about the same review have in common: a subject has one that is not done.
fn key(subject_id: &SubjectId, done_on: Option<Day>) -> String {
    format!("{subject_id}\n{}", done_on.map(|day| day.to_string()).unwrap_or_default())
}

/// What becomes of a row about this review, or about none that is there.
fn told(new: &NewPastReview, target: Option<&Review>, mut faults: Vec<Fault>) -> Outcome {
    let id = target.map(|row| row.id.to_string());
    let is_done = new.done_at().is_some();
    let mut changes = Vec::new();
    let verdict = match target {
        None if is_done => Verdict::Create,
        None => {
            let detail = "there is no review of it to set a day for: it is archived";
            blame(&mut faults, Fault::new("/due_on", "state", detail));
            Verdict::Refused
        }
        Some(row) if row.state.0 == ReviewState::Completed => {
            let is_same = new.outcome.is_none() || new.outcome == row.outcome;
            if !is_same || row.subject_id != new.subject_id {
                let detail = "a review that was done stays as it is";
                blame(&mut faults, Fault::new("/outcome", "fixed", detail));
            }
            Verdict::Unchanged
        }
        Some(_) if is_done => {
            let detail = "this review is not done: bring what was done before in without an id, or complete it";
            blame(&mut faults, Fault::new("/completed_at", "state", detail));
            Verdict::Refused
        }
        Some(row) => match new.due_on {
            Some(day) if day != row.due_on => {
                let day_of = |day: Day| Value::from(day.to_string());
                changes.push(FieldMove { field: "due_on".into(), before: day_of(row.due_on), after: day_of(day) });
                Verdict::Change
            }
            _ => Verdict::Unchanged,
        },
    };
    if faults.is_empty() {
        Outcome { changes, ..outcome(verdict, id, faults) }
    } else {
        outcome(Verdict::Refused, id, faults)
    }
}

fn build(draft: &mut Draft, today: Day, fields: &Fields) -> Option<NewPastReview> {
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
    let whole = fields.merge(whole, std::mem::take(&mut draft.fields));
    let new = fields.read::<NewPastReview>(whole, json!({}), faults)?;
    let mut wrong = Faults::of_new(&new);
    let at = new.done_at();
    let pointer = if new.completed_at.is_some() { "/completed_at" } else { "/completed_on" };
    wrong.expect(at.is_none_or(|at| at.day() <= today), pointer, "future", "expected today or an earlier day");
    wrong.expect(
        at.is_some() || new.due_on.is_some(),
        "/completed_on",
        "missing",
        "expected the day on which it was done, or else due_on: when to look",
    );
    if let Err(error) = wrong.done() {
        absorb(faults, "", error);
    }
    faults.is_empty().then_some(new)
}

/// Writes them: what was done first, the earliest of it first, then when to look next.
pub(super) async fn write(writer: &Writer, mut steps: Vec<Step>) -> Result<Written, Error> {
    steps.sort_by_key(|step| (!step.is_new, step.new.done_at()));
    let (mut made, mut told) = (Vec::new(), Told::default());
    for Step { index, is_new, new } in steps {
        let subject = Subject::find(writer, &new.subject_id, "/subject_id").await?;
        match (is_new, new.done_at(), new.due_on) {
            (true, Some(at), due_on) => {
                let past = Past { at, by: new.completed_by, outcome: new.outcome, due_on };
                made.push((index, review::bring_in_past(writer, &subject, past, &mut told).await?.to_string()));
            }
            (false, _, Some(day)) => {
                review::bring_in_next(writer, &subject, day, "as a file says", &mut told).await?;
            }
            _ => {}
        }
    }
    Ok(Written { made, items: ImportItem::of_looks(&told).collect() })
}
