//! People whom suppliers named when they became one with another: found and erased as long as that can be undone.

use sea_orm::{ColumnTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};
use serde_json::Value;

use super::{ActiveModel, Column, Entity, Merger, Model, Record, fields::Said};
use crate::{
    error::Error,
    person::{Person, PersonalPlace, plain},
    scope::{Reader, Writer},
    stored::Json,
};

/// How many mergers are looked at at once.
const BATCH: u64 = 100;

/// Every merger that can be undone.
async fn kept(reader: &Reader) -> Result<Vec<(Merger, Record)>, Error> {
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let select = reader
            .find::<Entity>()
            .filter(Column::Record.is_not_null())
            .filter(Column::Id.gt(after.as_str()))
            .order_by_asc(Column::Id)
            .limit(BATCH);
        let batch = reader.all(select).await?;
        let Some(last) = batch.last() else { return Ok(found) };
        after = last.id.to_string();
        found.extend(batch.into_iter().filter_map(|row| {
            let record = row.record.clone()?.0;
            Some((row, record))
        }));
    }
}

fn is_named(person: &Person, value: &Value) -> bool {
    let text = |name: &str| value.get(name).and_then(Value::as_str).map(plain);
    match value {
        Value::Object(_) => person.is(text("name").as_deref(), text("email").as_deref()),
        Value::String(owner) => {
            let owner = plain(owner);
            if owner.contains('@') { person.is(None, Some(&owner)) } else { person.is(Some(&owner), None) }
        }
        _ => false,
    }
}

/// Takes this person out of what is said of a supplier. Says what was there.
fn take_out(person: &Person, said: &mut Said) -> Vec<(&'static str, Value)> {
    let mut taken = Vec::new();
    if let Some(Value::Array(contacts)) = said.get_mut("contacts") {
        contacts.retain(|contact| {
            let is_named = is_named(person, contact);
            if is_named {
                taken.push(("contacts", contact.clone()));
            }
            !is_named
        });
    }
    if let Some(owner) = said.get_mut("relationship_owner")
        && is_named(person, owner)
    {
        taken.push(("relationship_owner", owner.take()));
    }
    taken
}

fn places_in(person: &Person, row: &Merger, record: &mut Record) -> Vec<PersonalPlace> {
    let mut taken = take_out(person, &mut record.other);
    // The same again, where it is about the one that was kept.
    taken.extend(take_out(person, &mut record.kept_before));
    take_out(person, &mut record.kept_after);
    taken
        .into_iter()
        .map(|(field, value)| PersonalPlace {
            noun: "merger".into(),
            item_id: row.id.to_string(),
            field: field.into(),
            value: Some(value),
        })
        .collect()
}

/// Where mergers that can be undone name this person.
pub(crate) async fn places_of(reader: &Reader, person: &Person) -> Result<Vec<PersonalPlace>, Error> {
    let rows = kept(reader).await?;
    Ok(rows.into_iter().flat_map(|(row, mut record)| places_in(person, &row, &mut record)).collect())
}

/// Takes this person out of every merger that can be undone.
pub(crate) async fn erase_person(writer: &Writer, person: &Person) -> Result<Vec<PersonalPlace>, Error> {
    let mut places = Vec::new();
    for (row, mut record) in kept(writer).await? {
        let found = places_in(person, &row, &mut record);
        if !found.is_empty() {
            places.extend(found.into_iter().map(|place| PersonalPlace { value: None, ..place }));
            let after = Model { record: Some(Json(record)), ..row };
            writer.put_all::<Entity, ActiveModel>(vec![after], &[Column::Id]).await?;
        }
    }
    Ok(places)
}
