//! Rows as JSON: suppliers and products of an import, and what the document says of them.

use diligence_entities::{
    id::{ProductId, SupplierId},
    product::NewProduct,
    supplier::NewSupplier,
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
