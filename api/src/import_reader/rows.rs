//! Rows of an import as JSON, and what the document says of them.

use diligence_entities::{
    dependency::NewDependency,
    evidence::NewEvidence,
    id::{ProductId, SupplierId},
    import::{NewPastDecision, NewPastReview, names_of},
    incident::NewIncident,
    product::NewProduct,
    risk::NewRisk,
    supplier::{Contact, Contract, NewSupplier},
};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use validator::Validate;

use super::Noun;

/// A supplier of an import.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub struct SupplierRow(Map<String, Value>);

/// A product of an import.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub struct ProductRow(Map<String, Value>);

/// Suppliers to import.
#[derive(Clone, Debug, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schemars(example = json!({ "rows": [{ "name": "Harbour Care Systems", "identifiers": [{ "scheme": "GB-NHS", "id": "8K417" }] }] }))]
pub struct SupplierImport {
    /// The rows.
    #[schemars(length(max = 20_000))]
    pub rows: Vec<SupplierRow>,
}

/// Products to import.
#[derive(Clone, Debug, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schemars(example = json!({ "rows": [{ "supplier_identifier": "GB-NHS:8K417", "name": "Harbour Notes", "kind": "software", "ai_features": "embedded" }] }))]
pub struct ProductImport {
    /// The rows.
    #[schemars(length(max = 20_000))]
    pub rows: Vec<ProductRow>,
}

/// Rows as JSON.
pub trait JsonRows {
    /// What they are.
    const NOUN: Noun;
    /// Their fields.
    fn into_fields(self) -> Vec<Map<String, Value>>;
}
impl JsonRows for SupplierImport {
    const NOUN: Noun = Noun::Suppliers;
    fn into_fields(self) -> Vec<Map<String, Value>> {
        self.rows.into_iter().map(|row| row.0).collect()
    }
}
impl JsonRows for ProductImport {
    const NOUN: Noun = Noun::Products;
    fn into_fields(self) -> Vec<Map<String, Value>> {
        self.rows.into_iter().map(|row| row.0).collect()
    }
}

/// The schema of a `New…` in which nothing is required and everything that may be absent may be null, with `more`
/// fields.
fn row_schema<New: JsonSchema>(generator: &mut SchemaGenerator, description: &str, more: &[(&str, Value)]) -> Schema {
    let mut schema = New::json_schema(generator);
    let required = schema.remove("required").unwrap_or_default();
    schema.remove("example");
    schema.remove("examples");
    schema.insert("description".into(), description.into());
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        for (name, property) in properties.iter_mut() {
            let is_required = required.as_array().is_some_and(|list| list.iter().any(|item| item == name));
            if !is_required {
                or_null(property);
            }
        }
        for (name, property) in more {
            properties.insert((*name).to_owned(), property.clone());
        }
    }
    schema
}

fn or_null(property: &mut Value) {
    let Some(object) = property.as_object_mut() else { return };
    object.shift_remove("default");
    match object.get("type").cloned() {
        Some(Value::String(name)) => {
            object.insert("type".into(), json!([name, "null"]));
        }
        None if !object.contains_key("anyOf") => {
            let description = object.shift_remove("description");
            let inner = std::mem::take(object);
            object.insert("anyOf".into(), json!([inner, { "type": "null" }]));
            object.extend(description.map(|text| ("description".to_owned(), text)));
        }
        _ => {}
    }
}

fn id_schema(noun: &str, pattern: String) -> Value {
    json!({ "type": ["string", "null"], "pattern": pattern, "description": format!("The {noun} to change; null or absent to match it by other fields, or to create one.") })
}

impl JsonSchema for SupplierRow {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SupplierImportRow".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let description = "A supplier: matched by `id`, else by any identifier, else created. Absent fields are unchanged, null clears.";
        row_schema::<NewSupplier>(generator, description, &[("id", id_schema("supplier", SupplierId::pattern()))])
    }
}

impl JsonSchema for ProductRow {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ProductImportRow".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let description = "A product: matched by `id`, else by supplier and exact name, else created. Absent fields are unchanged, null clears.";
        let text = |description: &str, low: u64, high: u64| json!({ "type": ["string", "null"], "minLength": low, "maxLength": high, "description": description });
        let more = [
            ("id", id_schema("product", ProductId::pattern())),
            (
                "supplier_identifier",
                text("One of its supplier's identifiers, e.g. `GB-NHS:8K417`, instead of `supplier_id`.", 3, 60),
            ),
            (
                "supplier_name",
                text("The exact name of its supplier, if only one supplier has it, instead of `supplier_id`.", 1, 300),
            ),
        ];
        row_schema::<NewProduct>(generator, description, &more)
    }
}

/// Rows of the nouns that have no more to say than their fields and what they are about.
macro_rules! rows {
    ($($row:ident $import:ident $noun:ident $new:ty, $what:literal, $example:tt;)*) => {$(
        #[doc = concat!("One of an import: ", $what, ".")]
        #[derive(Clone, Debug, Deserialize)]
        #[serde(transparent)]
        pub struct $row(Map<String, Value>);

        impl JsonSchema for $row {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($import).replace("Import", "ImportRow").into()
            }
            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                let description = concat!($what, ". Absent fields are unchanged, null clears.");
                row_schema::<$new>(generator, description, &names(Noun::$noun))
            }
        }

        #[doc = concat!("Rows to import: ", $what, ".")]
        #[derive(Clone, Debug, Deserialize, JsonSchema, Validate)]
        #[serde(deny_unknown_fields)]
        #[schemars(example = json!({ "rows": [$example] }))]
        pub struct $import {
            /// The rows.
            #[schemars(length(max = 20_000))]
            pub rows: Vec<$row>,
        }

        impl JsonRows for $import {
            const NOUN: Noun = Noun::$noun;
            fn into_fields(self) -> Vec<Map<String, Value>> {
                self.rows.into_iter().map(|row| row.0).collect()
            }
        }
    )*};
}

/// What names a thing of this noun and what it is about, besides its fields.
fn names(noun: Noun) -> Vec<(&'static str, Value)> {
    let told = |name: &&'static str| {
        let description = match *name {
            "id" => "Ours; null or absent to match it by other fields, or to create one.".to_owned(),
            other => format!("Instead of an id: `{other}`, as it is called or identified in the register."),
        };
        (*name, json!({ "type": ["string", "null"], "minLength": 1, "maxLength": 300, "description": description }))
    };
    names_of(noun).iter().map(told).collect()
}

rows! {
    DependencyRow DependencyImport Dependencies NewDependency, "A dependency",
        { "supplier_name": "Harbour Care Systems", "rests_on_supplier_name": "Nimbus Cloud", "kind": "sub_processor" };
    ContactRow ContactImport Contacts Contact, "A contact of a supplier",
        { "supplier_name": "Harbour Care Systems", "name": "Kim Lee", "email": "kim@harbour.example" };
    ContractRow ContractImport Contracts Contract, "A contract with a supplier",
        { "supplier_name": "Harbour Care Systems", "reference": "C-1", "ends_on": "2028-03-31" };
    EvidenceRow EvidenceImport Evidence NewEvidence, "A piece of evidence",
        { "supplier_name": "Harbour Care Systems", "kind": "iso_27001", "reference": "IS 1", "issued_on": "2027-01-05" };
    IncidentRow IncidentImport Incidents NewIncident, "An incident",
        { "supplier_name": "Harbour Care Systems", "title": "No rotas", "severity": "moderate", "occurred_on": "2027-01-05" };
    RiskRow RiskImport Risks NewRisk, "A risk, with what is done about it",
        { "supplier_name": "Harbour Care Systems", "title": "No spare", "likelihood": 3, "impact": 4 };
    DecisionRow DecisionImport Decisions NewPastDecision, "A decision of before, with its conditions",
        { "supplier_name": "Harbour Care Systems", "questionnaire": "supplier-security", "outcome": "approved", "decided_by": "Jo Bell", "decided_on": "2026-05-01" };
    ReviewRow ReviewImport Reviews NewPastReview, "A review that was done, or the next",
        { "supplier_name": "Harbour Care Systems", "due_on": "2027-09-01" };
}
