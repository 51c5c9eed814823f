//! People whom exercises name, as having taken part: found, and erased.

use sea_orm::{ColumnTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};

use super::{ActiveModel, Column, Entity, Evidence, Model, Participant};
use crate::{
    error::Error,
    person::{self, Person, PersonalPlace},
    scope::{Reader, Writer},
    stored::Json,
};

/// How many exercises are looked through at once.
const MANY: u64 = 500;

/// Every exercise in which this person took part: who did is no column to look them up by.
async fn naming(reader: &Reader, person: &Person) -> Result<Vec<Evidence>, Error> {
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let select = reader
            .find::<Entity>()
            .filter(Column::Exercise.is_not_null())
            .filter(Column::Id.gt(after.as_str()))
            .order_by_asc(Column::Id)
            .limit(MANY);
        let batch = reader.all(select).await?;
        let Some(last) = batch.last() else { return Ok(found) };
        after = last.id.to_string();
        found.extend(batch.into_iter().filter(|row| participants(row).iter().any(|one| is_it(person, one))));
    }
}

fn participants(row: &Evidence) -> &[Participant] {
    row.exercise.as_ref().map_or(&[], |exercise| exercise.participants.as_slice())
}

fn is_it(person: &Person, one: &Participant) -> bool {
    let name = person::plain(&one.name);
    if name.contains('@') { person.is(None, Some(&name)) } else { person.is(Some(&name), None) }
}

/// Where exercises name this person.
pub(crate) async fn places_of(reader: &Reader, person: &Person) -> Result<Vec<PersonalPlace>, Error> {
    let mut places = Vec::new();
    for row in naming(reader, person).await? {
        let named = participants(&row).iter().filter(|one| is_it(person, one));
        places.extend(named.filter_map(|one| serde_json::to_value(one).ok()).map(|value| place(&row, Some(value))));
    }
    Ok(places)
}

/// Takes this person away from every exercise that names them.
pub(crate) async fn erase_person(writer: &Writer, person: &Person) -> Result<Vec<PersonalPlace>, Error> {
    let mut places = Vec::new();
    for row in naming(writer, person).await? {
        let Some(exercise) = &row.exercise else { continue };
        let mut kept = exercise.0.clone();
        kept.participants.retain(|one| !is_it(person, one));
        let gone = exercise.participants.len() - kept.participants.len();
        places.extend(std::iter::repeat_with(|| place(&row, None)).take(gone));
        let after = Model { exercise: Some(Json(kept)), ..row.clone() };
        writer.replace::<Entity, ActiveModel>("erase", &row, after).await?;
    }
    Ok(places)
}

fn place(row: &Evidence, value: Option<serde_json::Value>) -> PersonalPlace {
    PersonalPlace { noun: "evidence".into(), item_id: row.id.to_string(), field: "exercise.participants".into(), value }
}
