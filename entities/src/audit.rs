//! Audit events: who did what to which item, when, and what it was before and after. Append-only, hash-chained per
//! organisation.
//!
//! The database refuses to change or remove an event; whoever owns it can still take that refusal away, so each event
//! holds the hash of the one before it, [`verify`] walks the chain, and a [`Checkpoint`] kept elsewhere shows what a
//! chain made anew from some event on would not.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, Select, entity::prelude::*};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use validator::Validate;

use crate::{
    assessment::unsent,
    clock::Moment,
    error::Error,
    id::{AuditEventId, OrganisationId, ProductId, SupplierId},
    page::{Page, Sort},
    personal,
    scope::{Owned, Reader, Scope, Store, belongs},
    stored::Json,
};

mod decided;
mod refusing;
mod verifying;

pub(crate) use decided::Told;
pub(crate) use refusing::Refusals;
pub use refusing::refused;
use verifying::hash_of;
pub(crate) use verifying::verify_apart;
pub use verifying::{AuditFault, AuditFaultKind, Checkpoint, Verification, checkpoint, verify};

/// One event: something was created, changed, decided, taken away, exported or refused.
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
    /// The actor's name at the time; `erased` once the person is.
    pub actor_name: String,
    /// The request it came with, to find it in the logs.
    pub request_id: Option<String>,
    /// What was done: `create`, `change`, `delete`, `submit`, `approve`, `export`, `forbid` …
    pub action: String,
    /// The noun it was done to.
    pub noun: String,
    /// The id of the item it was done to.
    pub item_id: String,
    /// The fields that changed, as they were; `{"erased": true}` in the place of a person who is.
    pub before: Option<Json<Value>>,
    /// The fields that changed, as they became. Of a decision on an assessment also `receipt`: the receipt's hash and
    /// the scores, which verifying compares with what is kept. `{"submitted": false}` in the place of answers that were
    /// given through a link and not submitted.
    pub after: Option<Json<Value>>,
    /// The hash of the event before this one; 64 zeros for the first.
    pub previous_hash: String,
    /// SHA-256 over the previous hash and this event.
    pub hash: String,
    /// What the hash is made of: 1 leaves out the two fields below, which events before step `m0003_audit` were given
    /// later.
    #[serde(skip)]
    pub form: i64,
    /// The supplier to whose history it belongs.
    pub supplier_id: Option<SupplierId>,
    /// The product to whose history it belongs.
    pub product_id: Option<ProductId>,
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
        /// How many changes without an event there were.
        pub revision: i64,
    }
    impl Model {
        /// The head of a chain without events.
        pub(crate) fn start(organisation_id: &OrganisationId) -> Self {
            Self { organisation_id: organisation_id.clone(), sequence: 0, hash: "0".repeat(64), revision: 0 }
        }
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
    crate::scope::belongs!();
}

/// To whose history an event belongs.
#[derive(Clone, Debug, Default)]
pub(crate) struct About {
    supplier_id: Option<SupplierId>,
    product_id: Option<ProductId>,
}

impl About {
    /// A supplier, or a product of it.
    pub(crate) fn new(supplier_id: SupplierId, product_id: Option<ProductId>) -> Self {
        Self { supplier_id: Some(supplier_id), product_id }
    }

    /// What `row` is about.
    pub(crate) fn of<E: Owned>(row: &E::Model) -> Self {
        Self { supplier_id: E::supplier_id(row).cloned(), product_id: E::product_id(row).cloned() }
    }
}

/// An event that its writer has yet to chain.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) about: About,
    pub(crate) action: &'static str,
    pub(crate) noun: &'static str,
    pub(crate) item_id: String,
    pub(crate) before: Option<Value>,
    pub(crate) after: Option<Value>,
}

/// After how many events it is asked at the most which suppliers they are about.
const MANY: usize = 5000;

/// What new events' hashes are made of.
const FORM: i64 = 2;

/// Chains `drafts`, whose people are sealed, to the end of the organisation's chain; gives the events and the new end.
pub(crate) fn chain(
    reader: &Reader,
    mut head: head::Model,
    actor_name: &str,
    drafts: Vec<Draft>,
    mut mint: impl FnMut(Moment) -> AuditEventId,
) -> (Vec<Model>, head::Model) {
    let scope = reader.scope();
    let events = drafts
        .into_iter()
        .map(|draft| {
            let mut event = Model {
                id: mint(reader.now()),
                organisation_id: scope.organisation_id.clone(),
                sequence: head.sequence + 1,
                at: reader.now(),
                actor_id: scope.actor.id.clone(),
                actor_name: actor_name.to_owned(),
                request_id: scope.request_id.clone(),
                action: draft.action.to_owned(),
                noun: draft.noun.to_owned(),
                item_id: draft.item_id,
                before: draft.before.map(Json),
                after: draft.after.map(Json),
                previous_hash: head.hash.clone(),
                hash: String::new(),
                form: FORM,
                supplier_id: draft.about.supplier_id,
                product_id: draft.about.product_id,
            };
            event.hash = hash_of(&event);
            head.sequence = event.sequence;
            head.hash.clone_from(&event.hash);
            event
        })
        .collect();
    (events, head)
}

/// How many events there are.
pub(crate) async fn sequence(reader: &Reader) -> Result<i64, Error> {
    Ok(reader.one(reader.find::<head::Entity>()).await?.map_or(0, |head| head.sequence))
}

/// The suppliers that events after this one are about, or whose products and so on; none where there are too many to
/// tell.
pub(crate) async fn suppliers_since(reader: &Reader, sequence: i64) -> Result<Option<BTreeSet<SupplierId>>, Error> {
    let select = reader
        .find::<Entity>()
        .filter(Column::Sequence.gt(sequence))
        .order_by_asc(Column::Sequence)
        .limit(MANY as u64 + 1);
    let found: Vec<(Option<SupplierId>,)> = reader.tuples(select.select_only().column(Column::SupplierId)).await?;
    Ok((found.len() <= MANY).then(|| found.into_iter().filter_map(|(id,)| id).collect()))
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
pub async fn record(
    store: &Store,
    scope: &Scope,
    action: &'static str,
    noun: &'static str,
    item_id: &str,
    detail: Option<Value>,
) -> Result<(), Error> {
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
    /// Events that came with this request.
    #[validate(length(max = 200))]
    pub request_id: Option<String>,
    /// Events from this moment on.
    pub since: Option<Moment>,
    /// Events before this moment.
    pub until: Option<Moment>,
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
    let AuditEventFilter { item_id, noun, action, actor_id, request_id, since, until, limit, cursor } = filter;
    let equal = [
        (Column::ItemId, item_id),
        (Column::Noun, noun),
        (Column::Action, action),
        (Column::ActorId, actor_id),
        (Column::RequestId, request_id),
    ];
    page(reader, reader.find::<Entity>(), &equal, (*since, *until), *limit, cursor.as_deref()).await
}

async fn page(
    reader: &Reader,
    mut select: Select<Entity>,
    equal: &[(Column, &Option<String>)],
    (since, until): (Option<Moment>, Option<Moment>),
    limit: Option<u64>,
    cursor: Option<&str>,
) -> Result<Page<AuditEvent>, Error> {
    for (column, value) in equal {
        if let Some(value) = value {
            select = select.filter(column.eq(value.as_str()));
        }
    }
    if let Some(since) = since {
        select = select.filter(Column::At.gte(since));
    }
    if let Some(until) = until {
        select = select.filter(Column::At.lt(until));
    }
    let mut page = reader.page(select, Sort::down(Column::Sequence), Column::Id, limit, cursor).await?;
    personal::open(reader, &mut page.items).await?;
    unsent::veil(reader, &mut page.items).await?;
    Ok(page)
}

/// Which events of a history to list; the newest come first.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct HistoryFilter {
    /// Events about this noun, e.g. `decision`.
    #[validate(length(max = 100))]
    pub noun: Option<String>,
    /// Events of this kind, e.g. `approve`.
    #[validate(length(max = 100))]
    pub action: Option<String>,
    /// Events from this moment on.
    pub since: Option<Moment>,
    /// Events before this moment.
    pub until: Option<Moment>,
    /// How many to answer, 1 to 200; 50 if not said.
    #[validate(range(min = 1, max = 200))]
    pub limit: Option<u64>,
    /// The `next` of the page before.
    #[validate(length(max = 1000))]
    pub cursor: Option<String>,
}

/// What happened to a supplier and to everything that hangs on it, newest first; also of one that is there no more.
///
/// # Errors
/// [`Error::NotFound`], or [`Error::Invalid`] for a cursor that is none.
pub async fn supplier_history(
    reader: &Reader,
    id: &SupplierId,
    filter: &HistoryFilter,
) -> Result<Page<AuditEvent>, Error> {
    history(reader, Column::SupplierId, id.as_str(), filter).await
}

/// What happened to a product and to everything that hangs on it, newest first; also of one that is there no more.
///
/// # Errors
/// [`Error::NotFound`], or [`Error::Invalid`] for a cursor that is none.
pub async fn product_history(
    reader: &Reader,
    id: &ProductId,
    filter: &HistoryFilter,
) -> Result<Page<AuditEvent>, Error> {
    history(reader, Column::ProductId, id.as_str(), filter).await
}

/// What happened to one item, newest first; also to one that is there no more.
///
/// # Errors
/// [`Error::NotFound`], or [`Error::Invalid`] for a cursor that is none.
pub async fn item_history(reader: &Reader, id: &str, filter: &HistoryFilter) -> Result<Page<AuditEvent>, Error> {
    history(reader, Column::ItemId, id, filter).await
}

async fn history(reader: &Reader, column: Column, id: &str, filter: &HistoryFilter) -> Result<Page<AuditEvent>, Error> {
    let HistoryFilter { noun, action, since, until, limit, cursor } = filter;
    // What happened to those that went into it is its history too.
    let ids = crate::merger::gone_into(reader, id).await?;
    let select = reader.find::<Entity>().filter(column.is_in(ids));
    // Whatever is or was there has at least the event of its making.
    if !reader.has(select.clone()).await? {
        return Err(Error::NotFound);
    }
    page(reader, select, &[(Column::Noun, noun), (Column::Action, action)], (*since, *until), *limit, cursor.as_deref())
        .await
}
