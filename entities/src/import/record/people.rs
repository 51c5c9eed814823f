//! People whom the register would name again if an import were undone: found, and erased.

use sea_orm::{ColumnTrait as _, Condition, QueryFilter as _, QueryOrder as _, QuerySelect as _};
use serde_json::{Map, Value};

use super::{Column, Entity, ImportState, end_drafts, item};
use crate::{
    error::Error,
    id::ImportId,
    person::{Person, PersonalPlace, plain},
    scope::{Reader, Writer},
    stored::{Json, Word},
};

/// How many rows are looked at at once.
const LOADED: u64 = 500;

/// What was changed and named people, in portions of all that is kept.
async fn naming(reader: &Reader, person: &Person) -> Result<Vec<item::Model>, Error> {
    let with_items = reader.find::<item::Entity>().select_only().column(item::Column::ImportId).distinct();
    let imports: Vec<(ImportId,)> = reader.tuples(with_items).await?;
    let mut found = Vec::new();
    for (id,) in imports {
        let mut after = -1;
        loop {
            let named = Condition::any()
                .add(item::Column::Before.contains("\"contacts\""))
                .add(item::Column::Before.contains("\"relationship_owner\""));
            let select = reader
                .find::<item::Entity>()
                .filter(item::Column::ImportId.eq(id.clone()))
                .filter(item::Column::ItemNumber.gt(after))
                .filter(named)
                .order_by_asc(item::Column::ItemNumber)
                .limit(LOADED);
            let rows = reader.all(select).await?;
            let Some(last) = rows.last() else { break };
            after = last.item_number;
            found.extend(rows.into_iter().filter(|row| {
                row.before.as_ref().is_some_and(|before| {
                    before
                        .get("contacts")
                        .and_then(Value::as_array)
                        .into_iter()
                        .flatten()
                        .any(|it| is_contact(person, it))
                        || is_owner(person, before)
                })
            }));
        }
    }
    Ok(found)
}

fn is_contact(person: &Person, contact: &Value) -> bool {
    let text = |name: &str| contact.get(name).and_then(Value::as_str).map(plain);
    person.is(text("name").as_deref(), text("email").as_deref())
}

fn is_owner(person: &Person, before: &Map<String, Value>) -> bool {
    before.get("relationship_owner").and_then(Value::as_str).is_some_and(|owner| {
        let owner = plain(owner);
        if owner.contains('@') { person.is(None, Some(&owner)) } else { person.is(Some(&owner), None) }
    })
}

/// Where this person would be named again.
pub(crate) async fn places_of(reader: &Reader, person: &Person) -> Result<Vec<PersonalPlace>, Error> {
    let mut places = Vec::new();
    for row in naming(reader, person).await? {
        let Some(before) = &row.before else { continue };
        let place = |value: Value| PersonalPlace {
            noun: "import".into(),
            item_id: row.import_id.to_string(),
            field: format!("what {} said before", row.item_id),
            value: Some(value),
        };
        let contacts = before.get("contacts").and_then(Value::as_array).into_iter().flatten();
        places.extend(contacts.filter(|contact| is_contact(person, contact)).cloned().map(place));
        if is_owner(person, before) {
            places.extend(before.get("relationship_owner").cloned().map(place));
        }
    }
    Ok(places)
}

/// Takes this person out of what could be put back, and ends the drafts there are: who is named in their files, nobody
/// can tell.
pub(crate) async fn erase_person(writer: &Writer, person: &Person) -> Result<Vec<PersonalPlace>, Error> {
    let mut places = Vec::new();
    let mut changed = Vec::new();
    for mut row in naming(writer, person).await? {
        let Some(mut before) = row.before.take().map(|before| before.0) else { continue };
        let place = PersonalPlace {
            noun: "import".into(),
            item_id: row.import_id.to_string(),
            field: format!("what {} said before", row.item_id),
            value: None,
        };
        if let Some(contacts) = before.get_mut("contacts").and_then(Value::as_array_mut) {
            let count = contacts.len();
            contacts.retain(|contact| !is_contact(person, contact));
            places.extend(std::iter::repeat_n(place.clone(), count - contacts.len()));
        }
        if is_owner(person, &before) {
            before.insert("relationship_owner".into(), Value::Null);
            places.push(place);
        }
        row.before = Some(Json(before));
        changed.push(row);
    }
    let key = [item::Column::ImportId, item::Column::ItemNumber];
    writer.put_all::<item::Entity, item::ActiveModel>(changed, &key).await?;
    let drafts = Condition::all().add(Column::State.eq(Word(ImportState::Draft)));
    let ids: Vec<(String,)> =
        writer.tuples(writer.find::<Entity>().filter(drafts.clone()).select_only().column(Column::Id)).await?;
    places.extend(ids.into_iter().map(|(id,)| PersonalPlace {
        noun: "import".into(),
        item_id: id,
        field: "file".into(),
        value: None,
    }));
    end_drafts(writer, drafts).await?;
    Ok(places)
}
