//! Who answers are about: the facts that conditions can ask for.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::fault::{Fault, Faults, escape};

/// One fact that conditions can ask about a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fact {
    /// Its name in conditions and in a [`Subject`].
    pub name: &'static str,
    /// Its possible values.
    pub values: &'static [&'static str],
    /// Whether a subject may have several of them at once.
    pub list: bool,
}

const fn single(name: &'static str, values: &'static [&'static str]) -> Fact {
    Fact { name, values, list: false }
}

const fn list(name: &'static str, values: &'static [&'static str]) -> Fact {
    Fact { name, values, list: true }
}

/// Every fact about a subject, with its possible values. A fact outside this table is an error in a condition.
pub const FACTS: &[Fact] = &[
    single("subject_type", &["supplier", "product"]),
    single("tier", &["low", "medium", "high", "critical"]),
    single("data_role", &["none", "processor", "joint_controller", "controller"]),
    single("data_sensitivity", &["none", "business", "personal", "special_category"]),
    single("system_access", &["none", "limited", "standing", "privileged"]),
    single("service_criticality", &["minor", "important", "essential", "vital"]),
    single("people_affected", &["none", "few", "many", "all"]),
    single("kind", &["software", "service", "device", "ai_system"]),
    single("ai_features", &["none", "embedded", "core", "unknown"]),
    single("generative", &["yes", "no", "unknown"]),
    single("trains_on_our_data", &["yes", "no", "unknown"]),
    single("autonomy", &["informs", "recommends", "decides", "acts"]),
    single("summarises_speech", &["yes", "no", "unknown"]),
    single("medical_device_class", &["none", "class_i", "class_iia", "class_iib", "class_iii", "unknown"]),
    list("affects", &["residents", "staff", "families", "public"]),
    list(
        "personal_data",
        &[
            "contact",
            "financial",
            "employment",
            "health",
            "care_records",
            "biometric",
            "location",
            "children",
            "criminal",
        ],
    ),
];

/// The fact with this name.
#[must_use]
pub fn fact(name: &str) -> Option<&'static Fact> {
    FACTS.iter().find(|fact| fact.name == name)
}

/// What is known about the subject of an assessment: fact → values. A fact that is not known is absent.
///
/// As data, a fact with one value may be written as the value itself: `{"tier": "high", "affects": ["staff"]}`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subject(BTreeMap<String, Vec<String>>);

impl Subject {
    /// A subject of which nothing is known.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the subject with this fact set, replacing what was known of it. No values means not known.
    #[must_use]
    pub fn with<V: Into<String>>(mut self, fact: impl Into<String>, values: impl IntoIterator<Item = V>) -> Self {
        self.set(fact, values);
        self
    }

    /// Sets one fact, replacing what was known of it. No values means not known.
    pub fn set<V: Into<String>>(&mut self, fact: impl Into<String>, values: impl IntoIterator<Item = V>) {
        let values: Vec<String> = values.into_iter().map(Into::into).collect();
        if values.is_empty() {
            self.0.remove(&fact.into());
        } else {
            self.0.insert(fact.into(), values);
        }
    }

    /// Whether the fact is known and has this value, or has it among its values.
    #[must_use]
    pub fn is(&self, fact: &str, value: &str) -> bool {
        self.values(fact).iter().any(|known| known == value)
    }

    /// The values known of a fact; empty while it is not known.
    #[must_use]
    pub fn values(&self, fact: &str) -> &[String] {
        self.0.get(fact).map_or(&[], Vec::as_slice)
    }

    /// Every known fact with its values, by name.
    pub fn facts(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.0.iter().map(|(name, values)| (name.as_str(), values.as_slice()))
    }
}

impl<K: Into<String>, V: Into<String>, I: IntoIterator<Item = V>> FromIterator<(K, I)> for Subject {
    fn from_iter<T: IntoIterator<Item = (K, I)>>(facts: T) -> Self {
        let mut subject = Self::new();
        for (fact, values) in facts {
            subject.set(fact, values);
        }
        subject
    }
}

impl Serialize for Subject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, values) in &self.0 {
            match values.as_slice() {
                [value] if !fact(name).is_some_and(|fact| fact.list) => map.serialize_entry(name, value)?,
                values => map.serialize_entry(name, values)?,
            }
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Subject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            One(String),
            Several(Vec<String>),
        }
        let written = BTreeMap::<String, Option<Written>>::deserialize(deserializer)?;
        Ok(written
            .into_iter()
            .map(|(name, values)| match values {
                None => (name, Vec::new()),
                Some(Written::One(value)) => (name, vec![value]),
                Some(Written::Several(values)) => (name, values),
            })
            .collect())
    }
}

impl JsonSchema for Subject {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Subject".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let properties: serde_json::Map<String, Value> = FACTS
            .iter()
            .map(|fact| {
                let value = serde_json::json!({ "type": "string", "enum": fact.values });
                let schema = if fact.list { serde_json::json!({ "type": "array", "items": value }) } else { value };
                (fact.name.to_owned(), schema)
            })
            .collect();
        json_schema!({
            "description": "What is known about the subject of an assessment; a fact that is not known is absent.",
            "type": "object",
            "properties": properties,
            "additionalProperties": false
        })
    }
}

/// Every fact of a subject that is not in [`FACTS`], has an impossible value, or has several values where one is
/// possible.
#[must_use]
pub fn check_subject(subject: &Subject) -> Vec<Fault> {
    let mut faults = Faults::default();
    for (name, values) in subject.facts() {
        let pointer = format!("/{}", escape(name));
        let Some(fact) = fact(name) else {
            let nearest = faults.hint(name, FACTS.iter().map(|fact| fact.name));
            faults.push(Fault::new(pointer, "unknown_fact", format!("no such fact about a subject{nearest}")));
            continue;
        };
        for value in values.iter().filter(|value| !fact.values.contains(&value.as_str())) {
            let nearest = faults.hint(value, fact.values.iter().copied());
            faults.push(Fault::new(
                pointer.clone(),
                "impossible_fact",
                format!("expected one of {}{nearest}", fact.values.join(", ")),
            ));
        }
        if !fact.list && values.len() > 1 {
            faults.push(Fault::new(pointer, "too_many", "expected one value".to_owned()));
        }
    }
    faults.into_list()
}
