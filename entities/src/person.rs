//! A person, wherever the register names them: what is kept of them, and erasing it.
//!
//! Each noun that keeps people has its line in [`find`] and in [`erase`].

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use validator::Validate;

use crate::{
    error::Error,
    evidence,
    fault::Faults,
    idempotency, identity_provider, import, invitation, merger,
    personal::{self, Forgotten},
    respondent_link,
    scope::{Reader, Writer},
    supplier, user,
};

/// What stands where someone was named who must be called something.
pub(crate) const ERASED: &str = "Erased";

/// Who is meant: by e-mail address, by name, or by both. With both, someone who is named without any address is meant
/// too.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "email": "kim.lee@example.org", "name": "Kim Lee" }))]
pub struct Person {
    /// Their whole name, capitals or not.
    #[validate(length(min = 1, max = 200))]
    #[serde(default)]
    name: Option<String>,
    /// Their e-mail address, capitals or not.
    #[validate(length(min = 3, max = 254))]
    #[serde(default)]
    email: Option<String>,
}

/// A name or an address as it is compared.
pub(crate) fn plain(text: &str) -> String {
    text.trim().to_lowercase()
}

impl PersonalPlace {
    pub(crate) fn new(noun: &str, item_id: &str, field: &str, value: Option<&str>) -> Self {
        Self { noun: noun.into(), item_id: item_id.into(), field: field.into(), value: value.map(Into::into) }
    }
}

impl Person {
    fn check(self) -> Result<Self, Error> {
        let mut faults = Faults::of(&self);
        let tidy = |text: Option<String>| text.map(|text| plain(&text)).filter(|text| !text.is_empty());
        let person = Self { name: tidy(self.name), email: tidy(self.email) };
        faults.expect(
            person.name.is_some() || person.email.is_some(),
            "/email",
            "required",
            "expected an e-mail address, a name, or both",
        );
        faults.done()?;
        Ok(person)
    }

    pub(crate) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    pub(crate) fn email(&self) -> Option<&str> {
        self.email.as_deref()
    }

    /// Whether this name and address, in lower case, are this person's.
    pub(crate) fn is(&self, name: Option<&str>, email: Option<&str>) -> bool {
        (self.email.is_some() && email == self.email())
            || (self.name.is_some() && name == self.name() && (self.email.is_none() || email.is_none()))
    }
}

/// A place that names a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PersonalPlace {
    /// The noun, e.g. `supplier`.
    pub noun: String,
    /// The item's id.
    pub item_id: String,
    /// The field of it.
    pub field: String,
    /// What stands there of them; null once it is erased.
    pub value: Option<Value>,
}

/// What is kept of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PersonRecord {
    /// Where they are named now.
    pub places: Vec<PersonalPlace>,
    /// What the audit trail names of them, now or earlier.
    pub audit_records: Vec<PersonalPlace>,
}

/// Everything that is kept of a person.
///
/// # Errors
/// [`Error::Invalid`] where neither address nor name is given.
pub async fn find(reader: &Reader, person: Person) -> Result<PersonRecord, Error> {
    let person = person.check()?;
    let mut places = supplier::places_of(reader, &person).await?;
    places.extend(merger::places_of(reader, &person).await?);
    places.extend(evidence::places_of(reader, &person).await?);
    places.extend(import::record::places_of(reader, &person).await?);
    places.extend(respondent_link::places_of(reader, &person).await?);
    places.extend(invitation::places_of(reader, &person).await?);
    places.extend(user::places_of(reader, &person).await?);
    let named = personal::named(reader, &Forgotten::Person(person)).await?;
    let audit_records = named
        .into_iter()
        .map(|row| PersonalPlace {
            noun: "audit_event".into(),
            item_id: row.about,
            field: "before or after".into(),
            value: serde_json::from_str(&row.value).ok(),
        })
        .collect();
    Ok(PersonRecord { places, audit_records })
}

/// Whom to erase, and why.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "email": "kim.lee@example.org", "reason": "They asked on 3 March." }))]
pub struct Erasure {
    /// Their whole name, capitals or not.
    #[validate(length(min = 1, max = 200))]
    #[serde(default)]
    pub name: Option<String>,
    /// Their e-mail address, capitals or not.
    #[validate(length(min = 3, max = 254))]
    #[serde(default)]
    pub email: Option<String>,
    /// Why. It stays in the audit trail: name no one in it.
    #[validate(length(min = 1, max = 2000))]
    #[schemars(regex(pattern = crate::text::LINES))]
    pub reason: String,
}

/// What was erased.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Erased {
    /// Where they were named.
    pub places: Vec<PersonalPlace>,
    /// How many records of them the audit trail had; its events stay, without them.
    pub audit_record_count: i64,
}

/// Erases a person: where they are named now, what the audit trail names of them, and answers kept for retries.
///
/// # Errors
/// [`Error::Invalid`] where neither address nor name is given; [`Error::Conflict`] for the last admin.
pub async fn erase(writer: &Writer, erasure: Erasure) -> Result<Erased, Error> {
    Faults::of_new(&erasure).done()?;
    let Erasure { name, email, reason } = erasure;
    let person = Person { name, email }.check()?;
    // First, so that the events of the erasure itself name no one.
    let gone = personal::forget(writer, Forgotten::Person(person.clone())).await?;
    let mut places = supplier::erase_person(writer, &person).await?;
    places.extend(merger::erase_person(writer, &person).await?);
    places.extend(evidence::erase_person(writer, &person).await?);
    places.extend(import::record::erase_person(writer, &person).await?);
    places.extend(respondent_link::erase_person(writer, &person).await?);
    places.extend(invitation::erase_person(writer, &person).await?);
    places.extend(user::erase_person(writer, &person).await?);
    idempotency::forget_all(writer).await?;
    identity_provider::trial::forget_all(writer).await?;
    let audit_record_count = i64::try_from(gone).unwrap_or(i64::MAX);
    let detail =
        serde_json::json!({ "reason": reason, "place_count": places.len(), "audit_record_count": audit_record_count });
    writer.note("erase", "person", "person", None, Some(detail));
    Ok(Erased { places, audit_record_count })
}
