//! What the audit trail names of people, kept apart from it: an event holds a salted hash in the place of a name or a
//! contact, and this table holds what the hash is of. Where a person is erased, the row goes; the chain stays whole,
//! and what it named can be found out from it no more, since the salt is gone too.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ColumnTrait as _, Condition, QueryFilter as _, QueryOrder as _, QuerySelect as _, entity::prelude::*};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::{
    audit::{AuditEvent, Draft},
    error::Error,
    id::OrganisationId,
    person::Person,
    scope::{Actor, PORTION, Reader, Writer, belongs},
    secret,
    stored::{from_hex, hex},
};

/// Which fields of which nouns name people, with a dot before one inside another. A list is sealed item by item.
const PERSONAL: &[(&str, &[&str])] = &[
    ("supplier", &["contacts", "relationship_owner"]),
    ("evidence", &["exercise.participants"]),
    ("respondent_link", &["contact_name"]),
    ("invitation", &["email", "name"]),
    ("user", &["email", "name", "identity"]),
];

/// Who acts at the command line has no name of their own.
const NAMELESS: &str = "console";
/// What begins a name that stands in this table.
const SEALED: &str = "sealed:";
/// How many hashes are asked for at once.
const MANY: usize = 5000;

/// What one hash in the audit trail is of.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "personal_record")]
pub struct Model {
    /// Whose trail it is in.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organisation_id: OrganisationId,
    /// SHA-256 over salt and value, as it stands in the trail.
    #[sea_orm(primary_key, auto_increment = false)]
    pub digest: String,
    /// 32 random bytes.
    pub salt: String,
    /// The id of the item that it stands with, or of the actor whose name it is.
    pub about: String,
    /// What is named, as JSON.
    pub value: String,
    /// The name in it in lower case, to find a person by; not of actors, who are found by their id.
    pub name: Option<String>,
    /// The e-mail address in it in lower case.
    pub email: Option<String>,
}

/// Rows hang on nothing but their organisation.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}
belongs!();

impl Model {
    fn fits(&self) -> bool {
        from_hex(&self.salt).is_some_and(|salt| digest(&salt, &self.value) == self.digest)
    }
}

fn digest(salt: &[u8], value: &str) -> String {
    hex(&Sha256::new().chain_update(salt).chain_update(value.as_bytes()).finalize())
}

/// Who is to be named no more.
#[derive(Clone, Debug)]
pub(crate) enum Forgotten {
    /// A person, wherever they are named.
    Person(Person),
    /// Whoever is named with this item, or the actor of this id.
    About(String),
}

impl Forgotten {
    fn matches(&self, row: &Model) -> bool {
        match self {
            Self::Person(person) => person.is(row.name.as_deref(), row.email.as_deref()),
            Self::About(about) => row.about == *about,
        }
    }

    pub(crate) fn condition(&self) -> Condition {
        match self {
            Self::Person(person) => {
                let mut condition = Condition::any();
                if let Some(email) = person.email() {
                    condition = condition.add(Column::Email.eq(email));
                }
                if let Some(name) = person.name() {
                    let named = Condition::all().add(Column::Name.eq(name));
                    condition = condition.add(if person.email().is_some() {
                        named.add(Column::Email.is_null())
                    } else {
                        named
                    });
                }
                condition
            }
            Self::About(about) => Condition::all().add(Column::About.eq(about.as_str())),
        }
    }
}

/// Visits every value of `side` that names people.
fn each(noun: &str, side: &mut Option<Value>, mut visit: impl FnMut(&mut Value)) {
    let Some(side) = side else { return };
    for field in PERSONAL.iter().filter(|(known, _)| *known == noun).flat_map(|(_, fields)| *fields) {
        let mut place = Some(&mut *side);
        for part in field.split('.') {
            place = place.and_then(|value| value.get_mut(part));
        }
        match place {
            Some(Value::Array(items)) => items.iter_mut().for_each(&mut visit),
            None | Some(Value::Null) => {}
            Some(value) => visit(value),
        }
    }
}

/// Name and e-mail address in a value, as people are found by.
fn found_by(value: &Value) -> (Option<String>, Option<String>) {
    let plain = |value: Option<&Value>| value.and_then(Value::as_str).map(crate::person::plain);
    match value {
        Value::Object(_) => (plain(value.get("name")), plain(value.get("email"))),
        Value::String(text) if text.contains('@') => (None, plain(Some(value))),
        _ => (plain(Some(value)), None),
    }
}

/// Puts hashes in the place of what `drafts` name of people, and keeps what they are of; gives what stands for the
/// actor's name.
pub(crate) async fn seal(
    writer: &Writer,
    actor: &Actor,
    forgotten: &[Forgotten],
    drafts: &mut [Draft],
) -> Result<String, Error> {
    let mut digests: BTreeMap<(String, String), String> = BTreeMap::new();
    let key_of = |about: &str, value: &Value| (about.to_owned(), value.to_string());
    let own = (actor.id != NAMELESS).then(|| key_of(&actor.id, &actor.name.as_str().into()));
    digests.extend(own.clone().map(|key| (key, String::new())));
    for draft in drafts.iter_mut() {
        for side in [&mut draft.before, &mut draft.after] {
            each(draft.noun, side, |value| {
                digests.insert(key_of(&draft.item_id, value), String::new());
            });
        }
    }
    // Of what is new nothing is known yet.
    let new: BTreeSet<&str> =
        drafts.iter().filter(|draft| draft.action == "create").map(|draft| draft.item_id.as_str()).collect();
    let abouts: BTreeSet<&str> =
        digests.keys().map(|(about, _)| about.as_str()).filter(|about| !new.contains(about)).collect();
    let abouts: Vec<String> = abouts.into_iter().map(str::to_owned).collect();
    for portion in abouts.chunks(PORTION) {
        for row in
            writer.all(writer.find::<Entity>().filter(Column::About.is_in(portion.iter().map(String::as_str)))).await?
        {
            if let Some(known) = digests.get_mut(&(row.about, row.value)) {
                *known = row.digest;
            }
        }
    }
    let mut rows = Vec::new();
    for ((about, value), known) in digests.iter_mut().filter(|(_, known)| known.is_empty()) {
        let salt: [u8; 32] = secret::random()?;
        *known = digest(&salt, value);
        let is_actor = own.as_ref().is_some_and(|(id, name)| id == about && name == value);
        let (name, email) =
            if is_actor { (None, None) } else { found_by(&serde_json::from_str(value).unwrap_or_default()) };
        let row = Model {
            organisation_id: writer.scope().organisation_id.clone(),
            digest: known.clone(),
            salt: hex(&salt),
            about: about.clone(),
            value: value.clone(),
            name,
            email,
        };
        if !forgotten.iter().any(|forgotten| forgotten.matches(&row)) {
            rows.push(row);
        }
    }
    if !rows.is_empty() {
        writer.put_all::<Entity, ActiveModel>(rows, &[]).await?;
    }
    for draft in drafts {
        for side in [&mut draft.before, &mut draft.after] {
            each(draft.noun, side, |value| {
                if let Some(digest) = digests.get(&key_of(&draft.item_id, value)) {
                    *value = json!({ "sealed": digest });
                }
            });
        }
    }
    Ok(own.and_then(|key| digests.get(&key)).map_or_else(|| actor.name.clone(), |digest| format!("{SEALED}{digest}")))
}

fn digest_in(value: &Value) -> Option<&str> {
    value.as_object().filter(|fields| fields.len() == 1).and_then(|fields| fields.get("sealed")).and_then(Value::as_str)
}

/// Puts what was named back into events that are shown: `erased` where it is there no more, `altered` where it is not
/// what the trail named.
pub(crate) async fn open(reader: &Reader, events: &mut [AuditEvent]) -> Result<(), Error> {
    let mut wanted = BTreeSet::new();
    for event in events.iter_mut() {
        wanted.extend(event.actor_name.strip_prefix(SEALED).map(str::to_owned));
        for side in [&mut event.before, &mut event.after] {
            let mut inner = side.take().map(|side| side.0);
            each(&event.noun, &mut inner, |value| wanted.extend(digest_in(value).map(str::to_owned)));
            *side = inner.map(crate::stored::Json);
        }
    }
    let wanted: Vec<String> = wanted.into_iter().collect();
    let mut known: BTreeMap<String, Value> = BTreeMap::new();
    for portion in wanted.chunks(MANY) {
        for row in
            reader.all(reader.find::<Entity>().filter(Column::Digest.is_in(portion.iter().map(String::as_str)))).await?
        {
            let value = if row.fits() { serde_json::from_str(&row.value).unwrap_or_default() } else { Value::Null };
            known.insert(row.digest, value);
        }
    }
    for event in events {
        if let Some(digest) = event.actor_name.strip_prefix(SEALED) {
            event.actor_name = match known.get(digest) {
                Some(Value::String(name)) => name.clone(),
                Some(_) => "altered".into(),
                None => "erased".into(),
            };
        }
        for side in [&mut event.before, &mut event.after] {
            let mut inner = side.take().map(|side| side.0);
            each(&event.noun, &mut inner, |value| {
                let Some(digest) = digest_in(value) else { return };
                *value = match known.get(digest) {
                    Some(Value::Null) => json!({ "altered": true }),
                    Some(found) => found.clone(),
                    None => json!({ "erased": true }),
                };
            });
            *side = inner.map(crate::stored::Json);
        }
    }
    Ok(())
}

/// What the trail names of a person.
pub(crate) async fn named(reader: &Reader, forgotten: &Forgotten) -> Result<Vec<Model>, Error> {
    reader
        .all(
            reader
                .find::<Entity>()
                .filter(forgotten.condition())
                .order_by_asc(Column::About)
                .order_by_asc(Column::Digest),
        )
        .await
}

/// Names them no more: in the events there are, and in those this writer is about to write. Says how many records went.
pub(crate) async fn forget(writer: &Writer, forgotten: Forgotten) -> Result<u64, Error> {
    let gone = writer.clear::<Entity>(forgotten.condition()).await?;
    writer.leave_unnamed(forgotten);
    Ok(gone)
}

/// A batch of what the trail names, by hash, and which of it was altered.
pub(crate) async fn altered(reader: &Reader, after: &str, limit: u64) -> Result<Option<(String, Vec<Model>)>, Error> {
    let rows = reader
        .all(reader.find::<Entity>().filter(Column::Digest.gt(after)).order_by_asc(Column::Digest).limit(limit))
        .await?;
    Ok(only_altered(rows))
}

/// The hash of the last of these, and those that were altered.
pub(crate) fn only_altered(rows: Vec<Model>) -> Option<(String, Vec<Model>)> {
    let last = rows.last().map(|row| row.digest.clone())?;
    Some((last, rows.into_iter().filter(|row| !row.fits()).collect()))
}
