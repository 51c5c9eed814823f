//! Audit events: who did what to which item, when, and what it was before and after. Append-only, hash-chained per organisation.

use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, QueryFilter as _, entity::prelude::*};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use validator::Validate;

use crate::{
    clock::Moment,
    error::Error,
    id::{AuditEventId, OrganisationId},
    page::{Page, Sort},
    scope::{Reader, Scope, Store, belongs},
    stored::{Json, hex},
};

/// One event: something was created, changed, decided or taken away.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, JsonSchema)]
#[sea_orm(table_name = "audit_event")]
#[schemars(rename = "AuditEvent")]
pub struct Model {
    /// The event's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AuditEventId,
    /// The organisation it belongs to.
    #[serde(skip)]
    pub organisation_id: OrganisationId,
    /// Its place in the organisation's chain, from 1 without gaps.
    pub sequence: i64,
    /// When it happened.
    pub at: Moment,
    /// The id of the key or person who acted; `console` for the command line.
    pub actor_id: String,
    /// The actor's name at the time.
    pub actor_name: String,
    /// The request it came with, to find it in the logs.
    pub request_id: Option<String>,
    /// What was done: `create`, `change`, `delete`, `submit`, `approve` …
    pub action: String,
    /// The noun it was done to.
    pub noun: String,
    /// The id of the item it was done to.
    pub item_id: String,
    /// The fields that changed, as they were.
    pub before: Option<Json<Value>>,
    /// The fields that changed, as they became.
    pub after: Option<Json<Value>>,
    /// The hash of the event before this one; 64 zeros for the first.
    pub previous_hash: String,
    /// SHA-256 over the previous hash and this event.
    pub hash: String,
}

pub use Model as AuditEvent;

/// Events hang on nothing that could be taken away from under them.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}
belongs!();

/// The end of an organisation's chain.
#[expect(unreachable_pub, reason = "sea-orm derives a public entity from the row")]
pub(crate) mod head {
    use sea_orm::entity::prelude::*;

    use crate::id::OrganisationId;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "audit_head")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub organisation_id: OrganisationId,
        pub sequence: i64,
        pub hash: String,
    }
    impl Model {
        /// The head of a chain without events.
        pub(crate) fn start(organisation_id: &OrganisationId) -> Self {
            Self { organisation_id: organisation_id.clone(), sequence: 0, hash: "0".repeat(64) }
        }
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
    crate::scope::belongs!();
}

/// An event that its writer has yet to chain.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) action: &'static str,
    pub(crate) noun: &'static str,
    pub(crate) item_id: String,
    pub(crate) before: Option<Value>,
    pub(crate) after: Option<Value>,
}

impl Model {
    /// What the hash of this event must be: SHA-256 over its canonical JSON, previous hash included and own hash left out.
    #[must_use]
    pub fn expected_hash(&self) -> String {
        let mut content = serde_json::to_value(self).unwrap_or_default();
        if let Value::Object(fields) = &mut content {
            fields.shift_remove("hash");
            fields.insert("organisation_id".into(), self.organisation_id.as_str().into());
        }
        hex(&Sha256::digest(canonical(content).to_string().as_bytes()))
    }
}

/// The same value with the keys of every object in order.
fn canonical(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<(String, Value)> = fields.into_iter().map(|(name, value)| (name, canonical(value))).collect();
            fields.sort_by(|left, right| left.0.cmp(&right.0));
            Value::Object(fields.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(canonical).collect()),
        other => other,
    }
}

/// Chains `drafts` to the end of the organisation's chain; gives the events and the new end.
pub(crate) fn chain(reader: &Reader, head: Option<head::Model>, drafts: Vec<Draft>, mut mint: impl FnMut(Moment) -> AuditEventId) -> (Vec<Model>, head::Model) {
    let scope = reader.scope();
    let mut head = head.unwrap_or_else(|| head::Model::start(&scope.organisation_id));
    let events = drafts
        .into_iter()
        .map(|draft| {
            let mut event = Model {
                id: mint(reader.now()),
                organisation_id: scope.organisation_id.clone(),
                sequence: head.sequence + 1,
                at: reader.now(),
                actor_id: scope.actor.id.clone(),
                actor_name: scope.actor.name.clone(),
                request_id: scope.request_id.clone(),
                action: draft.action.to_owned(),
                noun: draft.noun.to_owned(),
                item_id: draft.item_id,
                before: draft.before.map(Json),
                after: draft.after.map(Json),
                previous_hash: head.hash.clone(),
                hash: String::new(),
            };
            event.hash = event.expected_hash();
            head.sequence = event.sequence;
            head.hash.clone_from(&event.hash);
            event
        })
        .collect();
    (events, head)
}

/// What differs between two objects, each side on its own; objects inside are compared field by field.
pub(crate) fn difference(before: Option<Value>, after: Option<Value>) -> (Value, Value) {
    match (before, after) {
        (Some(Value::Object(before)), Some(Value::Object(mut after))) => {
            let (mut was, mut is) = (Map::new(), Map::new());
            for (name, old) in before {
                match after.shift_remove(&name) {
                    Some(new) if new == old => {}
                    Some(new) if old.is_object() && new.is_object() => {
                        let (old, new) = difference(Some(old), Some(new));
                        was.insert(name.clone(), old);
                        is.insert(name, new);
                    }
                    Some(new) => {
                        was.insert(name.clone(), old);
                        is.insert(name, new);
                    }
                    None => {
                        was.insert(name, old);
                    }
                }
            }
            is.extend(after);
            (Value::Object(was), Value::Object(is))
        }
        (before, after) => (before.unwrap_or_default(), after.unwrap_or_default()),
    }
}

/// Keeps an event that no change belongs to: an export, a sign-in, a refusal.
///
/// # Errors
/// [`Error::Busy`] or [`Error::Database`].
pub async fn record(store: &Store, scope: &Scope, action: &'static str, noun: &'static str, item_id: &str, detail: Option<Value>) -> Result<(), Error> {
    let writer = store.write(scope).await?;
    writer.note(action, noun, item_id, None, detail);
    writer.save().await
}

/// Which events to list; the newest come first.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct AuditEventFilter {
    /// Events about this item.
    #[validate(length(max = 100))]
    pub item_id: Option<String>,
    /// Events about this noun, e.g. `supplier`.
    #[validate(length(max = 100))]
    pub noun: Option<String>,
    /// Events of this kind, e.g. `approve`.
    #[validate(length(max = 100))]
    pub action: Option<String>,
    /// Events by this actor.
    #[validate(length(max = 100))]
    pub actor_id: Option<String>,
    /// Events from this moment on.
    pub since: Option<Moment>,
    /// How many to answer, 1 to 200; 50 if not said.
    #[validate(range(min = 1, max = 200))]
    pub limit: Option<u64>,
    /// The `next` of the page before.
    #[validate(length(max = 1000))]
    pub cursor: Option<String>,
}

/// A page of the organisation's events, newest first.
///
/// # Errors
/// [`Error::Invalid`] for a cursor that is none.
pub async fn list(reader: &Reader, filter: &AuditEventFilter) -> Result<Page<AuditEvent>, Error> {
    let mut select = reader.find::<Entity>();
    for (column, value) in [(Column::ItemId, &filter.item_id), (Column::Noun, &filter.noun), (Column::Action, &filter.action), (Column::ActorId, &filter.actor_id)] {
        if let Some(value) = value {
            select = select.filter(column.eq(value.as_str()));
        }
    }
    if let Some(since) = filter.since {
        select = select.filter(Column::At.gte(since));
    }
    reader.page(select, Sort::down(Column::Sequence), Column::Id, filter.limit, filter.cursor.as_deref()).await
}
