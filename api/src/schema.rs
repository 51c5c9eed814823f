//! The shape of a type, made from the same definition that serde reads: what the document shows and what bodies are
//! checked against.

use std::{
    any::TypeId,
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use diligence_entities::text::{ANY, LINE, LINES};
use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
use regex::Regex;
use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

/// Where the document keeps named schemas.
pub(crate) const PLACE: &str = "#/components/schemas/";

/// Which way a type goes, since a field with a default may be absent on the way in and never is on the way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// It is read from a body or a query.
    Request,
    /// It is read from a body that changes what was made of the type: any of its fields (JSON merge patch).
    Change,
    /// It is written to an answer.
    Answer,
}

impl Side {
    const ALL: [(Self, &'static str); 3] =
        [(Self::Request, "request."), (Self::Change, "change."), (Self::Answer, "answer.")];

    fn mark(self) -> &'static str {
        match self {
            Self::Request => "request.",
            Self::Change => "change.",
            Self::Answer => "answer.",
        }
    }

    /// The side that a registered name was marked with.
    pub(crate) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, mark)| name.starts_with(mark)).map(|(side, _)| side)
    }
}

/// A type's schema as OpenAPI 3.0 writes it, with the named schemas it refers to.
#[derive(Debug)]
pub struct Shape {
    /// A reference into `definitions`, or a schema without a name.
    pub schema: Value,
    /// Named schemas.
    pub definitions: Map<String, Value>,
    patterns: HashMap<String, Regex>,
}

impl Shape {
    /// The schema that `schema` refers to, or itself.
    pub(crate) fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let mut schema = schema;
        // A definition that is nothing but a reference is rare, a ring of them impossible; the bound is for the
        // reader's peace.
        for _ in 0..8 {
            match name_of(schema).and_then(|name| self.definitions.get(name)) {
                Some(target) => schema = target,
                None => break,
            }
        }
        schema
    }

    /// The compiled form of a pattern that occurs in this shape.
    pub(crate) fn pattern(&self, pattern: &str) -> Option<&Regex> {
        self.patterns.get(pattern)
    }
}

/// The name that a reference refers to.
pub(crate) fn name_of(schema: &Value) -> Option<&str> {
    schema.get("$ref").and_then(Value::as_str).and_then(|place| place.strip_prefix(PLACE))
}

pub(crate) fn reference_to(name: &str) -> Value {
    json!({ "$ref": format!("{PLACE}{name}") })
}

type Shapes = HashMap<(TypeId, Side), Arc<Shape>>;

/// The shape of `T`, made once.
pub fn of<T: JsonSchema + 'static>(side: Side) -> Arc<Shape> {
    static KNOWN: RwLock<Option<Shapes>> = RwLock::new(None);
    let key = (TypeId::of::<T>(), side);
    if let Some(shape) = KNOWN.read().unwrap_or_else(PoisonError::into_inner).as_ref().and_then(|known| known.get(&key))
    {
        return Arc::clone(shape);
    }
    let shape = Arc::new(make::<T>(side));
    KNOWN.write().unwrap_or_else(PoisonError::into_inner).get_or_insert_default().insert(key, Arc::clone(&shape));
    shape
}

/// How operations refer to `T` until the document is put together.
pub(crate) fn reference<T: JsonSchema>(side: Side) -> MetaSchemaRef {
    MetaSchemaRef::Reference(mark::<T>(side))
}

/// Notes `T`'s shape for the document.
pub(crate) fn register<T: JsonSchema + 'static>(side: Side, registry: &mut Registry) {
    let shape = of::<T>(side);
    // The registry has no room for a schema that another library made; the document takes it out of here again.
    let stash = json!({ "schema": shape.schema, "definitions": shape.definitions });
    registry.schemas.insert(mark::<T>(side), MetaSchema { example: Some(stash), ..MetaSchema::ANY });
}

fn mark<T: JsonSchema>(side: Side) -> String {
    // The id tells types of one name apart, so that the document can see that they clash.
    format!("{}{}", side.mark(), T::schema_id().replace(|character: char| !character.is_ascii_alphanumeric(), "_"))
}

fn make<T: JsonSchema>(side: Side) -> Shape {
    let settings = SchemaSettings::openapi3();
    let settings = if side == Side::Answer { settings.for_serialize() } else { settings.for_deserialize() };
    let mut generator: SchemaGenerator = settings.into_generator();
    let mut schema = generator.subschema_for::<T>();
    for transform in generator.transforms_mut() {
        transform.transform(&mut schema);
    }
    let mut schema = schema.to_value();
    let mut definitions = generator.take_definitions(true);
    tidy(&mut schema);
    for definition in definitions.values_mut() {
        tidy(definition);
    }
    for schema in definitions.values_mut().chain([&mut schema]) {
        say_form(schema, side);
    }
    let (schema, definitions) =
        if side == Side::Change { loosen_whole(&schema, &definitions) } else { (schema, definitions) };
    let mut patterns = HashMap::new();
    for schema in definitions.values().chain([&schema]) {
        collect_patterns(schema, &mut patterns);
    }
    Shape { schema, definitions, patterns }
}

/// Says the same in fewer words, and in those that generators of clients understand.
fn tidy(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(tidy),
        Value::Object(object) => {
            for (name, part) in object.iter_mut() {
                match name.as_str() {
                    "example" | "default" | "enum" => {}
                    // A property may be called anything, `enum` too.
                    "properties" => part.as_object_mut().into_iter().flat_map(Map::values_mut).for_each(tidy),
                    _ => tidy(part),
                }
            }
            or_null(object);
            one_type_each(object);
            // OpenAPI 3.0 says with a mark beside the bound what later schemas say with a bound of its own.
            for (exclusive, bound) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
                if object.get(exclusive).is_some_and(Value::is_number)
                    && let Some(number) = object.insert(exclusive.into(), true.into())
                {
                    object.insert(bound.into(), number);
                }
            }
            join_choices(object);
            // Generators take a field with a default for one that is always there; the description says what happens
            // without it.
            object.shift_remove("default");
            // OpenAPI 3.0 knows no rule for the names of an open map; the operation checks them.
            object.shift_remove("propertyNames");
            // These formats say only how Rust keeps the number; the bounds say what matters.
            if object.get("format").and_then(Value::as_str).is_some_and(|format| format.starts_with("uint")) {
                object.shift_remove("format");
            }
        }
        _ => {}
    }
}

/// Whether a pattern says what a text may hold, and no more.
pub(crate) fn is_form(pattern: &str) -> bool {
    [LINE, LINES, ANY].contains(&pattern)
}

/// Says of every text on the way in what it may hold: one line, where its type says nothing else. On the way out there
/// may be what was stored before that was looked at.
fn say_form(schema: &mut Value, side: Side) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(|item| say_form(item, side)),
        Value::Object(object) => {
            for (name, part) in object.iter_mut() {
                match name.as_str() {
                    "example" | "enum" => {}
                    "properties" => {
                        part.as_object_mut().into_iter().flat_map(Map::values_mut).for_each(|part| say_form(part, side))
                    }
                    _ => say_form(part, side),
                }
            }
            let is_form = object.get("pattern").and_then(Value::as_str).is_some_and(is_form);
            if side == Side::Answer && is_form {
                object.shift_remove("pattern");
                return;
            }
            let is_text = object.get("type").is_some_and(|name| name == "string") && !object.contains_key("enum");
            let is_told = object
                .get("format")
                .and_then(Value::as_str)
                .is_some_and(|format| matches!(format, "date" | "date-time" | "binary"));
            if side != Side::Answer && is_text && !is_told && !object.contains_key("pattern") {
                object.insert("pattern".into(), LINE.into());
            }
        }
        _ => {}
    }
}

/// The schema as answers have it, without the rules for what a text may hold.
pub(crate) fn without_forms(schema: &Value) -> Value {
    let mut schema = schema.clone();
    say_form(&mut schema, Side::Answer);
    schema
}

/// `anyOf: [X, null]` becomes a nullable X.
fn or_null(object: &mut Map<String, Value>) {
    let is_null = |schema: &Value| {
        schema.get("enum").and_then(Value::as_array).is_some_and(|list| list.as_slice() == [Value::Null])
    };
    let Some(Value::Array(branches)) = object.get("anyOf") else { return };
    let [other, null] = branches.as_slice() else { return };
    if !is_null(null) {
        return;
    }
    let other = other.clone();
    object.shift_remove("anyOf");
    match other {
        Value::Object(fields) if !fields.contains_key("$ref") => {
            for (name, value) in fields {
                object.entry(name).or_insert(value);
            }
        }
        reference => {
            object.insert("allOf".into(), json!([reference]));
        }
    }
    object.insert("nullable".into(), true.into());
}

/// Two types become a choice between them, for a schema in OpenAPI 3.0 has one type.
fn one_type_each(object: &mut Map<String, Value>) {
    if object.contains_key("anyOf") {
        return;
    }
    if let Some(Value::Array(types)) = object.get("type") {
        let branches: Vec<Value> = types.iter().map(|name| json!({ "type": name })).collect();
        object.shift_remove("type");
        object.insert("anyOf".into(), branches.into());
    }
}

/// A choice between described words becomes one list of words, and the descriptions a table of them.
fn join_choices(object: &mut Map<String, Value>) {
    let Some(Value::Array(branches)) = object.get("oneOf") else { return };
    let words = |branch: &Value| -> Option<Vec<Value>> {
        let list = branch.get("enum")?.as_array()?;
        list.iter().all(Value::is_string).then(|| list.clone())
    };
    if branches.is_empty() || !branches.iter().all(|branch| words(branch).is_some()) {
        return;
    }
    let mut description = object.get("description").and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut choices = Vec::new();
    for branch in branches {
        for word in words(branch).unwrap_or_default() {
            let meaning = branch.get("description").and_then(Value::as_str).unwrap_or_default();
            if !meaning.is_empty() {
                description.push_str(&format!(
                    "\n- `{}`: {}",
                    word.as_str().unwrap_or_default(),
                    meaning.replace('\n', " ")
                ));
            }
            choices.push(word);
        }
    }
    object.shift_remove("oneOf");
    object.insert("type".into(), "string".into());
    object.insert("enum".into(), choices.into());
    if !description.is_empty() {
        object.insert("description".into(), description.trim_start().into());
    }
}

fn collect_patterns(schema: &Value, patterns: &mut HashMap<String, Regex>) {
    match schema {
        Value::Array(items) => items.iter().for_each(|item| collect_patterns(item, patterns)),
        Value::Object(object) => {
            // What a text may hold is checked letter by letter.
            if let Some(pattern) = object.get("pattern").and_then(Value::as_str).filter(|pattern| !is_form(pattern))
                && let Ok(compiled) = Regex::new(pattern)
            {
                patterns.insert(pattern.to_owned(), compiled);
            }
            object.values().for_each(|part| collect_patterns(part, patterns));
        }
        _ => {}
    }
}

/// The shape of a change: of the type, and of every object inside it that merges field by field, nothing is required
/// and what may be absent may be null. Items of lists stay as they are, for a list is replaced as a whole.
fn loosen_whole(schema: &Value, definitions: &Map<String, Value>) -> (Value, Map<String, Value>) {
    let mut all = definitions.clone();
    let schema = loosen(schema, definitions, &mut all);
    // What only the original used is left out.
    let mut used = Map::new();
    keep_used(&schema, &all, &mut used);
    (schema, used)
}

fn changed_name(name: &str) -> String {
    format!("{}Change", name.strip_prefix("New").unwrap_or(name))
}

fn loosen(schema: &Value, definitions: &Map<String, Value>, all: &mut Map<String, Value>) -> Value {
    if let Some((name, target)) = name_of(schema).and_then(|name| definitions.get(name).map(|target| (name, target))) {
        if target.get("properties").is_none() {
            return schema.clone();
        }
        let new_name = changed_name(name);
        if !all.contains_key(&new_name) {
            all.insert(new_name.clone(), Value::Null);
            let mut loosened = loosen(target, definitions, all);
            if let Some(description) = loosened.get_mut("description") {
                *description = "Any of these fields: absent fields are unchanged, null clears.".into();
            }
            // What it belongs to does not change.
            if let Some(example) = loosened.get_mut("example").and_then(Value::as_object_mut) {
                example.retain(|field, _| !field.ends_with("_id"));
            }
            all.insert(new_name.clone(), loosened);
        }
        return reference_to(&new_name);
    }
    let mut schema = schema.clone();
    let Some(object) = schema.as_object_mut() else { return schema };
    if let Some([only]) = object.get("allOf").and_then(Value::as_array).map(Vec::as_slice) {
        let only = loosen(only, definitions, all);
        object.insert("allOf".into(), json!([only]));
    }
    let required = object.shift_remove("required");
    let is_required = |name: &str| {
        required.as_ref().and_then(Value::as_array).is_some_and(|list| list.iter().any(|item| item == name))
    };
    if let Some(properties) = object.get_mut("properties").and_then(Value::as_object_mut) {
        for (name, property) in properties.iter_mut() {
            let mut loosened = loosen(property, definitions, all);
            if let Some(fields) = loosened.as_object_mut() {
                fields.shift_remove("default");
                if !is_required(name) {
                    if fields.contains_key("$ref") {
                        loosened = json!({ "allOf": [loosened], "nullable": true });
                    } else if !fields.is_empty() {
                        fields.insert("nullable".into(), true.into());
                    }
                }
            }
            *property = loosened;
        }
    }
    schema
}

/// Copies into `used` what `schema` refers to, near and far.
pub(crate) fn keep_used(schema: &Value, all: &Map<String, Value>, used: &mut Map<String, Value>) {
    match schema {
        Value::Array(items) => items.iter().for_each(|item| keep_used(item, all, used)),
        Value::Object(object) => {
            if let Some(name) = name_of(schema)
                && !used.contains_key(name)
                && let Some(target) = all.get(name)
            {
                used.insert(name.to_owned(), target.clone());
                keep_used(target, all, used);
            }
            object.values().for_each(|part| keep_used(part, all, used));
        }
        _ => {}
    }
}
