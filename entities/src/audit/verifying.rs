//! Walking the chain: in batches, oldest first, in memory that does not grow with it, to the end whatever is found.

use std::collections::{BTreeMap, VecDeque};

use schemars::JsonSchema;
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, FromQueryResult, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    Statement,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use validator::Validate;

use super::{
    Column, Entity, Model,
    decided::{Decision, Decisions, PORTION},
    head,
};
use crate::{clock::Moment, error::Error, id::OrganisationId, personal, scope::Reader, stored::sha256};

/// How many events a batch has.
const BATCH: u64 = 500;
/// How many faults are told; more are counted.
const MAXIMUM_FAULTS: usize = 200;
/// How many places away an event that was moved is looked for.
const NEAR: i64 = 16;
/// How many gaps are kept open for an event that may come later.
const MAXIMUM_GAPS: usize = 1000;

/// An event as it is stored: nothing is read into its columns, so that whatever someone put there can be told.
#[derive(Clone, Debug, FromQueryResult)]
pub(super) struct Raw {
    pub(super) id: String,
    pub(super) organisation_id: String,
    pub(super) sequence: i64,
    pub(super) at: String,
    pub(super) actor_id: String,
    pub(super) actor_name: String,
    pub(super) request_id: Option<String>,
    pub(super) action: String,
    pub(super) noun: String,
    pub(super) item_id: String,
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
    pub(super) previous_hash: String,
    pub(super) hash: String,
    pub(super) form: i64,
    pub(super) supplier_id: Option<String>,
    pub(super) product_id: Option<String>,
}

impl Raw {
    /// What the hash must be if the event's place is `sequence`.
    fn expected_hash(&self, sequence: i64) -> String {
        let json = |text: &Option<String>| {
            text.as_ref()
                .map(|text| serde_json::from_str::<Value>(text).map_or_else(|_| Value::from(text.as_str()), canonical))
        };
        let content = Content {
            id: &self.id,
            organisation_id: &self.organisation_id,
            sequence,
            at: &self.at,
            actor_id: &self.actor_id,
            actor_name: &self.actor_name,
            request_id: self.request_id.as_deref(),
            action: &self.action,
            noun: &self.noun,
            item_id: &self.item_id,
            before: json(&self.before),
            after: json(&self.after),
            previous_hash: &self.previous_hash,
            form: (self.form != 1).then_some(self.form),
            supplier_id: (self.form != 1).then_some(self.supplier_id.as_deref()),
            product_id: (self.form != 1).then_some(self.product_id.as_deref()),
        };
        content.hash()
    }
}

/// What an event's hash is made of, with its fields in alphabetical order: the canonical JSON has them so.
#[derive(Serialize)]
struct Content<'a> {
    action: &'a str,
    actor_id: &'a str,
    actor_name: &'a str,
    after: Option<Value>,
    at: &'a str,
    before: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    form: Option<i64>,
    id: &'a str,
    item_id: &'a str,
    noun: &'a str,
    organisation_id: &'a str,
    previous_hash: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    product_id: Option<Option<&'a str>>,
    request_id: Option<&'a str>,
    sequence: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    supplier_id: Option<Option<&'a str>>,
}

impl Content<'_> {
    /// SHA-256 over the canonical JSON.
    fn hash(&self) -> String {
        sha256(serde_json::to_vec(self).unwrap_or_default())
    }
}

/// The hash of an event that is about to be stored: SHA-256 over its canonical JSON, the previous hash included and its
/// own left out.
pub(super) fn hash_of(event: &Model) -> String {
    let json = |value: &Option<crate::stored::Json<Value>>| value.as_ref().map(|value| canonical(as_read(&value.0)));
    let content = Content {
        id: event.id.as_str(),
        organisation_id: event.organisation_id.as_str(),
        sequence: event.sequence,
        at: &event.at.to_string(),
        actor_id: &event.actor_id,
        actor_name: &event.actor_name,
        request_id: event.request_id.as_deref(),
        action: &event.action,
        noun: &event.noun,
        item_id: &event.item_id,
        before: json(&event.before),
        after: json(&event.after),
        previous_hash: &event.previous_hash,
        form: Some(event.form),
        supplier_id: Some(event.supplier_id.as_ref().map(|id| id.as_str())),
        product_id: Some(event.product_id.as_ref().map(|id| id.as_str())),
    };
    content.hash()
}

/// The value as it will be read from its text: of a fraction, the last digit may be another.
fn as_read(value: &Value) -> Value {
    fn has_fraction(value: &Value) -> bool {
        match value {
            Value::Number(number) => number.is_f64(),
            Value::Array(items) => items.iter().any(has_fraction),
            Value::Object(fields) => fields.values().any(has_fraction),
            _ => false,
        }
    }
    if has_fraction(value) { serde_json::from_str(&value.to_string()).unwrap_or_default() } else { value.clone() }
}

/// Sorts the keys of every object in `value`, at every depth.
fn canonical(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<(String, Value)> =
                fields.into_iter().map(|(name, value)| (name, canonical(value))).collect();
            fields.sort_by(|left, right| left.0.cmp(&right.0));
            Value::Object(fields.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(canonical).collect()),
        other => other,
    }
}

/// The end of an organisation's chain at some moment. Kept where whoever owns the database cannot write, it shows later
/// that everything up to then is still as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// The organisation's id.
    pub organisation: OrganisationId,
    /// How many events there were.
    #[validate(range(min = 0))]
    pub sequence: i64,
    /// The hash of the last of them; 64 zeros if there was none.
    #[validate(length(equal = 64))]
    pub hash: String,
    /// When it was made.
    pub at: Moment,
}

/// What can be wrong with a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuditFaultKind {
    /// The event is not what its hash was made of.
    Changed,
    /// Events that were there are there no more.
    Removed,
    /// An event that was not there before.
    Inserted,
    /// Events that stand at another place than they did.
    Moved,
    /// Two neighbours of which the later does not hold the hash of the earlier.
    Unlinked,
    /// The recorded end of the chain is not its last event.
    End,
    /// The chain is not the one that the checkpoint was made of.
    Rewritten,
    /// What events name of a person is not what they named. Their place is 0: it may be several.
    Altered,
    /// What is kept of a decision is not what the event of the decision tells of: the receipt, the scores, the answers
    /// or the decision itself were changed in the database, swapped with another's or taken away.
    Replaced,
}

/// One thing that is wrong with a chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AuditFault {
    /// What sort of thing.
    pub kind: AuditFaultKind,
    /// The place in the chain, or the first of several.
    pub sequence: i64,
    /// The last of the places.
    pub last_sequence: i64,
    /// The id of the event at the first place, if there is one.
    pub event_id: Option<String>,
    /// What is wrong and where, as a sentence.
    pub detail: String,
}

/// What a walk along the chain found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Verification {
    /// The organisation's id.
    pub organisation: OrganisationId,
    /// Whether nothing is wrong.
    pub sound: bool,
    /// How many events there are.
    pub event_count: i64,
    /// The last event's place in the chain.
    pub sequence: i64,
    /// The last event's hash.
    pub hash: String,
    /// The place up to which a checkpoint was checked; null without one.
    pub checkpoint_sequence: Option<i64>,
    /// How many things are wrong.
    pub fault_count: i64,
    /// What is wrong, by place; the first 200.
    pub faults: Vec<AuditFault>,
}

/// The end of the chain as it stands now.
///
/// # Errors
/// [`Error::Database`] only.
pub async fn checkpoint(reader: &Reader) -> Result<Checkpoint, Error> {
    let organisation = reader.scope().organisation_id.clone();
    let head = reader.one(reader.find::<head::Entity>()).await?.unwrap_or_else(|| head::Model::start(&organisation));
    Ok(Checkpoint { organisation, sequence: head.sequence, hash: head.hash, at: reader.now() })
}

/// Walks the whole chain and says everything that is wrong with it; with a checkpoint, also whether it is still the
/// chain that the checkpoint was made of.
///
/// # Errors
/// [`Error::Invalid`] for another organisation's checkpoint.
pub async fn verify(reader: &Reader, checkpoint: Option<&Checkpoint>) -> Result<Verification, Error> {
    let organisation = &reader.scope().organisation_id;
    if checkpoint.is_some_and(|checkpoint| checkpoint.organisation != *organisation) {
        return Err(Error::invalid(
            "/organisation",
            "other_organisation",
            "this checkpoint belongs to another organisation",
        ));
    }
    walk(reader, organisation, checkpoint).await
}

/// Verifies an organisation's audit trail over the caller's own connection, without a checkpoint. Nothing is written,
/// and the schema is not migrated, so it must be the current one: for the person at the console, who owns the database.
pub(crate) async fn verify_apart(
    connection: &impl ConnectionTrait,
    organisation: &OrganisationId,
) -> Result<Verification, Error> {
    walk(&Apart { connection, organisation }, organisation, None).await
}

async fn walk(
    trail: &(impl Trail + Decisions),
    organisation: &OrganisationId,
    checkpoint: Option<&Checkpoint>,
) -> Result<Verification, Error> {
    let mut walk = Walk::new(organisation, trail.head().await?, checkpoint);
    let mut last: Option<(i64, String)> = None;
    loop {
        let batch = trail.events(last.as_ref()).await?;
        let Some(end) = batch.last() else { break };
        last = Some((end.sequence, end.id.clone()));
        let decisions: Vec<Decision> = batch.iter().filter_map(Decision::of).collect();
        for event in batch {
            walk.step(event);
        }
        for portion in decisions.chunks(PORTION) {
            let kept = trail.kept(portion).await?;
            for decision in portion {
                let Some(amiss) = decision.fault(&kept) else { continue };
                let mut edition = None;
                if amiss.is_of_answers() && walk.faults.len() < MAXIMUM_FAULTS {
                    edition = trail.edition(&kept, &decision.item_id).await?;
                }
                let place = (decision.sequence, decision.sequence);
                let detail = decision.told(&amiss, edition.as_ref());
                walk.say(AuditFaultKind::Replaced, place, Some(&decision.event_id), detail);
            }
        }
    }
    let mut after = String::new();
    while let Some((last, altered)) = trail.altered(&after).await? {
        for row in altered {
            let detail = format!(
                "the text kept for {} (hash {}) does not match the hash in the trail's events: it was altered",
                row.about, row.digest
            );
            walk.say(AuditFaultKind::Altered, (0, 0), None, detail);
        }
        after = last;
    }
    Ok(walk.end())
}

/// Where one organisation's chain is read from.
trait Trail {
    /// Its recorded end.
    async fn head(&self) -> Result<Option<head::Model>, Error>;
    /// A batch of events in order, from the one after this place and id on.
    async fn events(&self, after: Option<&(i64, String)>) -> Result<Vec<Raw>, Error>;
    /// A batch of what the trail names, from after this hash on: the last hash, and those that were altered.
    async fn altered(&self, after: &str) -> Result<Option<(String, Vec<personal::Model>)>, Error>;
}

impl Trail for Reader {
    async fn head(&self) -> Result<Option<head::Model>, Error> {
        self.one(self.find::<head::Entity>()).await
    }

    async fn events(&self, after: Option<&(i64, String)>) -> Result<Vec<Raw>, Error> {
        let mut select = self.find::<Entity>().order_by_asc(Column::Sequence).order_by_asc(Column::Id).limit(BATCH);
        if let Some((sequence, id)) = after {
            select = select.filter(
                Condition::any()
                    .add(Column::Sequence.gt(*sequence))
                    .add(Condition::all().add(Column::Sequence.eq(*sequence)).add(Column::Id.gt(id.as_str()))),
            );
        }
        self.raw(select).await
    }

    async fn altered(&self, after: &str) -> Result<Option<(String, Vec<personal::Model>)>, Error> {
        personal::altered(self, after, BATCH).await
    }
}

/// A chain beside the store.
pub(super) struct Apart<'a, C> {
    pub(super) connection: &'a C,
    organisation: &'a OrganisationId,
}

impl<C: ConnectionTrait> Apart<'_, C> {
    pub(super) fn ask(&self, sql: &str, more: impl IntoIterator<Item = sea_orm::Value>) -> Statement {
        let values: Vec<sea_orm::Value> = std::iter::once(self.organisation.as_str().into()).chain(more).collect();
        Statement::from_sql_and_values(self.connection.get_database_backend(), sql, values)
    }
}

impl<C: ConnectionTrait> Trail for Apart<'_, C> {
    async fn head(&self) -> Result<Option<head::Model>, Error> {
        // A copy of before `m0016_revision` has no more columns than these.
        let sql = "SELECT organisation_id, sequence, hash, CAST(0 AS bigint) AS revision FROM audit_head WHERE organisation_id = $1";
        Ok(head::Model::find_by_statement(self.ask(sql, [])).one(self.connection).await?)
    }

    async fn events(&self, after: Option<&(i64, String)>) -> Result<Vec<Raw>, Error> {
        let (sequence, id) = after.map_or((i64::MIN, ""), |(sequence, id)| (*sequence, id.as_str()));
        let sql = format!(
            "SELECT * FROM audit_event WHERE organisation_id = $1 AND (sequence > $2 OR (sequence = $2 AND id > $3)) ORDER BY sequence, id LIMIT {BATCH}"
        );
        Ok(Raw::find_by_statement(self.ask(&sql, [sequence.into(), id.into()])).all(self.connection).await?)
    }

    async fn altered(&self, after: &str) -> Result<Option<(String, Vec<personal::Model>)>, Error> {
        let sql = format!(
            "SELECT * FROM personal_record WHERE organisation_id = $1 AND digest > $2 ORDER BY digest LIMIT {BATCH}"
        );
        let rows = personal::Model::find_by_statement(self.ask(&sql, [after.into()])).all(self.connection).await?;
        Ok(personal::only_altered(rows))
    }
}

/// An event that was passed.
#[derive(Debug)]
struct Passed {
    sequence: i64,
    id: String,
    hash: String,
    /// Whether it stands elsewhere than it did.
    is_moved: bool,
    /// Whether its content fits its hash, at whatever place.
    fits: bool,
}

struct Walk<'a> {
    organisation: &'a OrganisationId,
    head: Option<head::Model>,
    checkpoint: Option<&'a Checkpoint>,
    /// The first place that no event has claimed yet.
    next: i64,
    /// Places before `next` that no event has claimed: first and last.
    gaps: BTreeMap<i64, i64>,
    /// How far the last event that was moved stands from its place.
    shift: i64,
    recent: VecDeque<Passed>,
    /// The event of the highest place.
    last: (String, String),
    event_count: i64,
    fault_count: i64,
    faults: Vec<AuditFault>,
}

impl<'a> Walk<'a> {
    fn new(organisation: &'a OrganisationId, head: Option<head::Model>, checkpoint: Option<&'a Checkpoint>) -> Self {
        let start = Passed {
            sequence: 0,
            id: String::new(),
            hash: head::Model::start(organisation).hash,
            is_moved: false,
            fits: true,
        };
        Self {
            organisation,
            head,
            checkpoint,
            next: 1,
            gaps: BTreeMap::new(),
            shift: 0,
            last: (String::new(), start.hash.clone()),
            recent: VecDeque::from([start]),
            event_count: 0,
            fault_count: 0,
            faults: Vec::new(),
        }
    }

    fn say(
        &mut self,
        kind: AuditFaultKind,
        (sequence, last_sequence): (i64, i64),
        event_id: Option<&str>,
        detail: String,
    ) {
        self.fault_count += 1;
        if self.faults.len() < MAXIMUM_FAULTS {
            self.faults.push(AuditFault {
                kind,
                sequence,
                last_sequence,
                event_id: event_id.map(str::to_owned),
                detail,
            });
        }
    }

    /// The place that the event's hash was made for, if it is near; none where the content fits no place.
    fn origin(&self, event: &Raw) -> Option<i64> {
        let offsets = [0, self.shift].into_iter().chain((1..=NEAR).flat_map(|distance| [distance, -distance]));
        offsets
            .map(|offset| event.sequence.saturating_sub(offset))
            .find(|place| event.expected_hash(*place) == event.hash)
    }

    fn step(&mut self, event: Raw) {
        self.event_count += 1;
        let (sequence, id) = (event.sequence, event.id.clone());
        let origin = self.origin(&event);
        let place = origin.unwrap_or(sequence);
        let is_moved = place != sequence;
        let was_put_in = self.link(&event, origin.is_some(), is_moved, place > self.next);
        match origin {
            None => self.say(
                AuditFaultKind::Changed,
                (sequence, sequence),
                Some(&id),
                format!(
                    "event {sequence} ({id}, {} {} {}) is not what its hash was made of: it was changed",
                    event.action, event.noun, event.item_id
                ),
            ),
            Some(place) if is_moved => self.moved(sequence, &id, place),
            Some(_) => {}
        }
        if self.head.as_ref().is_some_and(|head| place > head.sequence) {
            self.say(
                AuditFaultKind::Inserted,
                (sequence, sequence),
                Some(&id),
                format!("event {sequence} ({id}) stands after the end of the chain: it was put in"),
            );
        }
        self.claim(place, &event, was_put_in);
        if let Some(checkpoint) =
            self.checkpoint.filter(|checkpoint| checkpoint.sequence == place && checkpoint.hash != event.hash)
        {
            let detail = format!(
                "event {place} ({id}) is not the one that the checkpoint of {} was made of: it, or an event before it, was changed and the hashes from there on were made anew",
                checkpoint.at
            );
            self.say(AuditFaultKind::Rewritten, (place, place), Some(&id), detail);
        }
        if self.recent.len() > usize::try_from(NEAR).unwrap_or_default() {
            self.recent.pop_front();
        }
        self.recent.push_back(Passed { sequence, id, hash: event.hash, is_moved, fits: origin.is_some() });
    }

    /// Says that an event was moved, in one sentence with those before it that went the same way.
    fn moved(&mut self, sequence: i64, id: &str, place: i64) {
        self.shift = sequence - place;
        let shift = self.shift;
        if let Some(fault) = self.faults.last_mut()
            && fault.kind == AuditFaultKind::Moved
            && fault.last_sequence + 1 == sequence
            && self.recent.back().is_some_and(|passed| passed.is_moved)
            && fault.detail.ends_with(&format!("by {shift}"))
        {
            fault.last_sequence = sequence;
            fault.detail = format!(
                "events {} to {sequence} stand elsewhere than they did: they were moved by {shift}",
                fault.sequence
            );
            return;
        }
        self.say(
            AuditFaultKind::Moved,
            (sequence, sequence),
            Some(id),
            format!(
                "event {sequence} ({id}) stands elsewhere than it did: it was event {place}, and was moved by {shift}"
            ),
        );
    }

    /// Looks whether the event holds the hash of the one before it; gives whether the one before was put in between.
    fn link(&mut self, event: &Raw, fits: bool, is_moved: bool, leaves_gap: bool) -> bool {
        let Some(before) = self.recent.back() else { return false };
        if before.hash == event.previous_hash {
            return false;
        }
        // Does it hold the hash of an event further back? Then what stands between was put there, unless that was moved
        // there.
        let between: Vec<&Passed> =
            self.recent.iter().rev().take_while(|passed| passed.hash != event.previous_hash).collect();
        if between.len() < self.recent.len() && between.iter().all(|passed| !passed.is_moved && passed.sequence > 0) {
            let found: Vec<(i64, String)> =
                between.iter().rev().map(|passed| (passed.sequence, passed.id.clone())).collect();
            for (sequence, id) in found {
                let detail = format!(
                    "event {sequence} ({id}) is not in the chain, which goes past it to event {} ({}): it was put in",
                    event.sequence, event.id
                );
                self.say(AuditFaultKind::Inserted, (sequence, sequence), Some(&id), detail);
            }
            return true;
        }
        // What is told already explains the rest.
        if !(fits && before.fits) || is_moved || before.is_moved || leaves_gap {
            return false;
        }
        let (place, id) = (before.sequence, before.id.clone());
        let named = if place == 0 { "the beginning of the chain".to_owned() } else { format!("event {place} ({id})") };
        let detail = format!(
            "event {} ({}) does not hold the hash of {named}: one of the two was put in another's place",
            event.sequence, event.id
        );
        self.say(AuditFaultKind::Unlinked, (event.sequence, event.sequence), Some(&event.id), detail);
        false
    }

    /// Notes that a place is taken.
    fn claim(&mut self, place: i64, event: &Raw, was_put_in: bool) {
        if place >= self.next {
            if place > self.next {
                self.gaps.insert(self.next, place - 1);
            }
            self.next = place + 1;
            self.last = (event.id.clone(), event.hash.clone());
            while self.gaps.len() > MAXIMUM_GAPS {
                if let Some((first, last)) = self.gaps.pop_first() {
                    self.removed(first, last, "");
                }
            }
            return;
        }
        let gap = self
            .gaps
            .range(..=place)
            .next_back()
            .map(|(first, last)| (*first, *last))
            .filter(|(_, last)| place <= *last);
        if let Some((first, last)) = gap {
            self.gaps.remove(&first);
            if first < place {
                self.gaps.insert(first, place - 1);
            }
            if place < last {
                self.gaps.insert(place + 1, last);
            }
        } else if !was_put_in {
            let (sequence, id) = (event.sequence, &event.id);
            self.say(
                AuditFaultKind::Inserted,
                (sequence, sequence),
                Some(id),
                format!(
                    "event {sequence} ({id}) claims place {place}, which another event has: one of them was put in"
                ),
            );
        }
    }

    fn removed(&mut self, first: i64, last: i64, where_: &str) {
        let what = if first == last {
            format!("event {first} is missing{where_}: it was removed")
        } else {
            format!("events {first} to {last} are missing{where_}: they were removed")
        };
        self.say(AuditFaultKind::Removed, (first, last), None, what);
    }

    fn end(mut self) -> Verification {
        for (first, last) in std::mem::take(&mut self.gaps) {
            self.removed(first, last, "");
        }
        let sequence = self.next - 1;
        let mut known = sequence;
        match self.head.take() {
            None => self.say(
                AuditFaultKind::End,
                (sequence, sequence),
                None,
                "the end of the chain is recorded nowhere: the record was removed".into(),
            ),
            Some(head) if head.sequence > sequence => {
                self.removed(self.next, head.sequence, " at the end of the chain");
                known = head.sequence;
            }
            Some(head) if head.sequence == sequence && head.hash != self.last.1 => {
                let id = self.last.0.clone();
                let detail = format!(
                    "event {sequence} ({id}) is not the one that the recorded end of the chain names: one of the two was changed"
                );
                self.say(AuditFaultKind::End, (sequence, sequence), Some(&id), detail);
            }
            Some(head) if head.sequence < sequence => {
                let detail =
                    format!("the chain is recorded to end at event {}, but goes on to event {sequence}", head.sequence);
                self.say(AuditFaultKind::End, (head.sequence, sequence), None, detail);
            }
            Some(_) => {}
        }
        if let Some(checkpoint) = self.checkpoint {
            if checkpoint.sequence > known {
                let at = format!(
                    " at the end of the chain, which had {} when the checkpoint of {} was made",
                    checkpoint.sequence, checkpoint.at
                );
                self.removed(known + 1, checkpoint.sequence, &at);
            } else if checkpoint.sequence == 0 && checkpoint.hash != head::Model::start(self.organisation).hash {
                self.say(
                    AuditFaultKind::Rewritten,
                    (0, 0),
                    None,
                    "the checkpoint has no events and yet a hash: it is not one of this chain".into(),
                );
            }
        }
        self.faults.sort_by_key(|fault| fault.sequence);
        Verification {
            organisation: self.organisation.clone(),
            sound: self.fault_count == 0,
            event_count: self.event_count,
            sequence,
            hash: self.last.1,
            checkpoint_sequence: self.checkpoint.map(|checkpoint| checkpoint.sequence),
            fault_count: self.fault_count,
            faults: self.faults,
        }
    }
}
