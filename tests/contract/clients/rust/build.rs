//! Makes the client of `openapi/openapi.json`. What is right in it, but progenitor cannot take or takes for something
//! else, is left out before, or said otherwise; `fitted.txt` beside the client has the list, for the program to say.

use std::{env, error::Error, fs, path::PathBuf};

use progenitor_impl::{GenerationSettings, Generator, InterfaceStyle};
use serde_json::{Map, Value, json};

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../../openapi/openapi.json");

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={DOCUMENT}");
    let mut document: Value = serde_json::from_str(&fs::read_to_string(DOCUMENT)?)?;
    let fitted = fit(&mut document);

    let mut settings = GenerationSettings::new();
    settings.with_interface(InterfaceStyle::Builder);
    let client = Generator::new(&settings).generate_tokens(&serde_json::from_value(document)?)?;

    let folder = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(folder.join("client.rs"), client.to_string())?;
    fs::write(folder.join("fitted.txt"), fitted.join("\n"))?;
    Ok(())
}

/// Fits the document to progenitor; says what was left out, and what was said otherwise.
fn fit(document: &mut Value) -> Vec<String> {
    let mut fitted = Vec::new();
    let mut problems = 0;
    for operation in objects(&mut document["paths"]).flat_map(|path| path.values_mut()) {
        one_body(operation, &mut fitted);
        problems += typed_problems(operation);
    }
    let mut schemas = Schemas::default();
    schemas.fit(document);
    let Schemas { patterns, choices, nulls } = schemas;
    fitted.push(format!("left out: {patterns} pattern without a type, which would make a text of every value"));
    fitted.push(format!("left out: {choices} choice of fields, which would make types that lack some of them"));
    fitted.push(format!("said otherwise: {nulls} times null, as the enum of null alone that makes an Option"));
    fitted.push(format!("said otherwise: {problems} problems, as application/json: another kind comes as bytes"));
    fitted
}

/// Leaves out bodies beside one of JSON: progenitor takes one kind for each operation.
fn one_body(operation: &mut Value, fitted: &mut Vec<String>) {
    let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
    let Some(Value::Object(kinds)) = operation.pointer_mut("/requestBody/content") else { return };
    let others: Vec<String> = kinds.keys().filter(|kind| *kind != "application/json").cloned().collect();
    if others.len() < kinds.len() && !others.is_empty() {
        kinds.retain(|kind, _| kind == "application/json");
        fitted.push(format!("left out: the body of {id} as {}", others.join(" or ")));
    }
}

/// Says problems as the JSON that they are, so that they have a type; how many there were.
fn typed_problems(operation: &mut Value) -> usize {
    let mut problems = 0;
    for answer in objects(&mut operation["responses"]) {
        let Some(Value::Object(kinds)) = answer.get_mut("content") else { continue };
        if let Some(problem) = kinds.remove("application/problem+json") {
            kinds.insert("application/json".into(), problem);
            problems += 1;
        }
    }
    problems
}

/// The objects in an object.
fn objects(object: &mut Value) -> impl Iterator<Item = &mut Map<String, Value>> {
    object.as_object_mut().into_iter().flat_map(Map::values_mut).filter_map(Value::as_object_mut)
}

/// How often something in a schema was fitted.
#[derive(Default)]
struct Schemas {
    patterns: usize,
    choices: usize,
    nulls: usize,
}

impl Schemas {
    fn fit(&mut self, schema: &mut Value) {
        match schema {
            Value::Array(items) => items.iter_mut().for_each(|item| self.fit(item)),
            Value::Object(fields) if fields.get("enum") == Some(&json!([null])) => {
                self.nulls += 1;
                *schema = json!({ "enum": [null] });
            }
            Value::Object(fields) => {
                // A property may be called `pattern` too; then it is no text.
                if fields.get("pattern").is_some_and(Value::is_string) && !fields.contains_key("type") {
                    self.patterns += 1;
                    fields.remove("pattern");
                }
                if fields.get("properties").is_some_and(Value::is_object) && fields.remove("oneOf").is_some() {
                    self.choices += 1;
                }
                fields.iter_mut().filter(|(name, _)| *name != "example").for_each(|(_, part)| self.fit(part));
            }
            _ => {}
        }
    }
}
