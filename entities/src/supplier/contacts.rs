//! People whom suppliers name, as contacts or as owners of the relationship: found, erased, and not kept for ever.

use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, Condition, QueryFilter as _, QueryOrder as _, QuerySelect as _};
use serde::{Deserialize, Serialize};
use validator::Validate;

use super::{ActiveModel, Column, Entity, Model, RelationshipStatus, Supplier};
use crate::{
    clock::Moment,
    error::Error,
    person::{self, Person, PersonalPlace},
    personal::Forgotten,
    scope::{Reader, Writer},
    stored::{Json, Word},
};

/// A person or desk to reach at a supplier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// Who.
    #[validate(length(min = 1, max = 200))]
    pub name: String,
    /// What they are there for, e.g. `data protection officer`.
    #[validate(length(min = 1, max = 200))]
    #[serde(default)]
    pub role: Option<String>,
    /// E-mail address.
    #[validate(custom(function = "crate::text::email"), length(max = 254))]
    #[schemars(email)]
    #[serde(default)]
    pub email: Option<String>,
    /// Telephone number, as one would dial it.
    #[validate(length(min = 3, max = 40))]
    #[serde(default)]
    pub telephone: Option<String>,
}

/// Every supplier that names this person, in batches of the whole register: contacts are no column to look them up by.
async fn naming(reader: &Reader, person: &Person) -> Result<Vec<Supplier>, Error> {
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let named = Condition::any().add(Column::Contacts.ne("[]")).add(Column::RelationshipOwner.is_not_null());
        let select = reader
            .find_with_ourselves::<Entity>()
            .filter(named)
            .filter(Column::Id.gt(after.as_str()))
            .order_by_asc(Column::Id)
            .limit(500);
        let batch = reader.all(select).await?;
        let Some(last) = batch.last() else { return Ok(found) };
        after = last.id.to_string();
        found.extend(
            batch
                .into_iter()
                .filter(|row| row.contacts.iter().any(|contact| is_contact(person, contact)) || is_owner(person, row)),
        );
    }
}

fn is_contact(person: &Person, contact: &Contact) -> bool {
    person.is(Some(&person::plain(&contact.name)), contact.email.as_deref().map(person::plain).as_deref())
}

fn is_owner(person: &Person, row: &Supplier) -> bool {
    row.relationship_owner.as_deref().is_some_and(|owner| {
        let owner = person::plain(owner);
        if owner.contains('@') { person.is(None, Some(&owner)) } else { person.is(Some(&owner), None) }
    })
}

/// Where suppliers name this person.
pub(crate) async fn places_of(reader: &Reader, person: &Person) -> Result<Vec<PersonalPlace>, Error> {
    let mut places = Vec::new();
    for row in naming(reader, person).await? {
        let place = |field: &str, value: serde_json::Value| PersonalPlace {
            noun: "supplier".into(),
            item_id: row.id.to_string(),
            field: field.into(),
            value: Some(value),
        };
        let contacts = row.contacts.iter().filter(|contact| is_contact(person, contact));
        places.extend(
            contacts.filter_map(|contact| serde_json::to_value(contact).ok()).map(|contact| place("contacts", contact)),
        );
        if is_owner(person, &row) {
            places.push(place("relationship_owner", row.relationship_owner.clone().into()));
        }
    }
    Ok(places)
}

/// Takes this person away from every supplier that names them.
pub(crate) async fn erase_person(writer: &Writer, person: &Person) -> Result<Vec<PersonalPlace>, Error> {
    let mut places = Vec::new();
    for row in naming(writer, person).await? {
        let place = |field: &str| PersonalPlace {
            noun: "supplier".into(),
            item_id: row.id.to_string(),
            field: field.into(),
            value: None,
        };
        let kept: Vec<Contact> = row.contacts.iter().filter(|contact| !is_contact(person, contact)).cloned().collect();
        places.extend(std::iter::repeat_with(|| place("contacts")).take(row.contacts.len() - kept.len()));
        let mut after = Model { contacts: Json(kept), ..row.clone() };
        if is_owner(person, &row) {
            places.push(place("relationship_owner"));
            after.relationship_owner = None;
        }
        writer.replace::<Entity, ActiveModel>("erase", &row, after).await?;
    }
    Ok(places)
}

/// Archived suppliers with contacts that nothing has changed since.
pub(crate) async fn archived_with_contacts(
    reader: &Reader,
    before: Moment,
    limit: u64,
) -> Result<Vec<Supplier>, Error> {
    let select = reader
        .find::<Entity>()
        .filter(Column::Status.eq(Word(RelationshipStatus::Archived)))
        .filter(Column::Contacts.ne("[]"));
    reader
        .all(
            select
                .filter(Column::UpdatedAt.lt(before))
                .order_by_asc(Column::UpdatedAt)
                .order_by_asc(Column::Id)
                .limit(limit),
        )
        .await
}

/// Takes away an archived supplier's contacts, in the audit trail too.
pub(crate) async fn drop_contacts(writer: &Writer, before: Supplier) -> Result<(), Error> {
    crate::personal::forget(writer, Forgotten::About(before.id.to_string())).await?;
    let after = Model { contacts: Json(Vec::new()), ..before.clone() };
    writer.replace::<Entity, ActiveModel>("expire", &before, after).await?;
    Ok(())
}
