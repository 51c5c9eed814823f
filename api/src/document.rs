//! The OpenAPI document: what poem-openapi knows of the operations, joined with the schemas of the types they speak of.

use std::sync::OnceLock;

use diligence_entities::{api_key::KeyScope, role::Role};
use poem_openapi::OpenApiService;
use serde_json::{Map, Value, json};

use crate::{
    address::{RESPONDENT_ROOT, ROOT},
    auth::{KEY_SCHEME, OWN_MARK, REQUIREMENT_MARK, SCOPE_MARK, SESSION_SCHEME, opened_by, reads},
    json,
    problem::Type,
    respond::{self, auth as visit},
    rest,
    schema::{Side, is_form, keep_used, name_of, reference_to, without_forms},
};

const JSON: &str = "application/json";

const DESCRIPTION: &str = "\
A register of suppliers and AI products for people who buy, commission and provide care.

- **Errors** are problems (RFC 9457), always with the same five members; `errors` lists everything that is wrong at once.
- **Changes** need `If-Match` with the item's `ETag`; `PATCH` is a JSON merge patch: absent leaves, null clears.
- **Retries** of a `POST` are safe with an `Idempotency-Key`, kept for 24 hours.
- **Lists** come in pages: send `next` as `cursor`, or follow the `Link` header.
- **Keys** have a role and a scope; `x-role` and `x-scopes` say what an operation needs. In the last 14 days of a key's life every answer to it has a `Key-Expires-On` with its last day: have it rotated.
- **Unknown** fields and parameters are refused with the nearest known name.
- **Limits**: too many requests are answered 429 with `Retry-After`, in seconds. A request whose `Host` is no name of this server is answered 421.
- Bodies may have 1 MiB, imports 32 MiB. Times are RFC 3339 in UTC, dates ISO 8601.";

const RESPONDENT_DESCRIPTION: &str = "\
What someone at a supplier can do with a link: answer one assessment, and nothing else.

- **A visit** begins with `create_session`, which exchanges a link for a cookie; each change also needs its `csrf_token` in `X-CSRF-Token`.
- **A link** that has expired, was revoked or was sent again is answered with 410, and one that never was with 404.
- **Errors** are problems (RFC 9457), always with the same five members; `errors` lists everything that is wrong at once.
- **Changes** need `If-Match` with the `ETag` of the answers, so that two who answer at once do not overwrite each other.
- **Retries** of a `POST` are safe with an `Idempotency-Key`, kept for 24 hours.
- **Unknown** fields and parameters are refused with the nearest known name.";

/// The document, ready to be written.
///
/// # Errors
/// Everything that is inconsistent in it, such as two types of one name.
pub fn build() -> Result<Value, Vec<String>> {
    put_together(&OpenApiService::new(rest::all(), "Diligence", "1").description(DESCRIPTION).server(ROOT).spec())
}

/// The document of the respondents' surface, ready to be written.
///
/// # Errors
/// As [`build`].
pub fn build_respondent() -> Result<Value, Vec<String>> {
    put_together(
        &OpenApiService::new(respond::all(), "Diligence for respondents", "1")
            .description(RESPONDENT_DESCRIPTION)
            .server(RESPONDENT_ROOT)
            .spec(),
    )
}

fn put_together(text: &str) -> Result<Value, Vec<String>> {
    // Strictly: two APIs that share a path would lose one's operations here without a word.
    let mut document = json::parse(text.as_bytes())
        .map_err(|error| vec![format!("a path is described in two places: {}", error.detail)])?;
    let mut builder = Builder::default();
    if let Some(Value::Object(schemas)) = document.pointer_mut("/components/schemas").map(Value::take) {
        builder.lift(schemas);
    }
    builder.part();
    let mut paths = document.get_mut("paths").map(Value::take).unwrap_or_default();
    builder.replace(&mut paths);
    for (path, item) in paths.as_object_mut().into_iter().flatten() {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            builder.finish(method, path, operation);
        }
    }
    // What only a query's parameters or a replaced schema used is left out.
    let mut used = Map::new();
    keep_used(&paths, &builder.schemas, &mut used);
    used.sort_keys();
    used.values_mut().chain([&mut paths]).for_each(spell_null);
    document["paths"] = paths;
    document["components"]["schemas"] = used.into();
    if builder.faults.is_empty() { Ok(document) } else { Err(builder.faults) }
}

/// The document as text: pretty JSON in a stable order, with a newline at the end.
///
/// # Errors
/// As [`build`].
pub fn text() -> Result<&'static str, &'static [String]> {
    static TEXT: OnceLock<Result<String, Vec<String>>> = OnceLock::new();
    let text = TEXT.get_or_init(|| build().map(|document| format!("{document:#}\n")));
    text.as_ref().map(String::as_str).map_err(Vec::as_slice)
}

/// The document of the respondents' surface as text.
///
/// # Errors
/// As [`build`].
pub fn respondent_text() -> Result<&'static str, &'static [String]> {
    static TEXT: OnceLock<Result<String, Vec<String>>> = OnceLock::new();
    let text = TEXT.get_or_init(|| build_respondent().map(|document| format!("{document:#}\n")));
    text.as_ref().map(String::as_str).map_err(Vec::as_slice)
}

/// What the documents know of an address: its parts, and its methods, each with whether anyone may call it.
type Known = (Vec<String>, Vec<(String, bool)>);

/// What the documents know of `path`.
fn known(path: &str) -> Option<&'static Known> {
    static KNOWN: OnceLock<Vec<Known>> = OnceLock::new();
    let known = KNOWN.get_or_init(|| {
        let paths = |root: &'static str, document: Result<Value, Vec<String>>| {
            let paths =
                document.unwrap_or_default().get("paths").and_then(Value::as_object).cloned().unwrap_or_default();
            paths.into_iter().map(move |(path, item)| (format!("{root}{path}"), item))
        };
        let of = |(path, item): (String, Value)| {
            let operations = item.as_object().into_iter().flatten();
            let mut methods: Vec<(String, bool)> = operations
                .map(|(method, operation)| (method.to_uppercase(), operation.get("x-role").is_none()))
                .collect();
            if let Some((_, is_public)) = methods.iter().find(|(method, _)| method == "GET") {
                methods.push(("HEAD".into(), *is_public));
            }
            methods.sort();
            (path.split('/').map(str::to_owned).collect(), methods)
        };
        paths(ROOT, build()).chain(paths(RESPONDENT_ROOT, build_respondent())).map(of).collect()
    });
    let parts: Vec<&str> = path.split('/').collect();
    let fits = |pattern: &Vec<String>| {
        pattern.len() == parts.len()
            && pattern.iter().zip(&parts).all(|(pattern, part)| pattern.starts_with('{') || pattern == part)
    };
    // Where a fixed path and a pattern both fit, the fixed one has the fewest parameters.
    known
        .iter()
        .filter(|(pattern, _)| fits(pattern))
        .min_by_key(|(pattern, _)| pattern.iter().filter(|part| part.starts_with('{')).count())
}

/// The methods that `path` has, as `Allow` lists them.
pub(crate) fn methods(path: &str) -> String {
    known(path).map_or_else(
        || "GET, HEAD".to_owned(),
        |(_, methods)| methods.iter().map(|(method, _)| method.as_str()).collect::<Vec<_>>().join(", "),
    )
}

/// Whether anyone may call `method` at `path`: whether the document says of it that it needs no role.
pub(crate) fn is_public(method: &str, path: &str) -> bool {
    known(path).is_some_and(|(_, methods)| methods.iter().any(|(known, is_public)| known == method && *is_public))
}

#[derive(Default)]
struct Builder {
    requests: Map<String, Value>,
    answers: Map<String, Value>,
    /// What operations refer to until now, and what stands in its place.
    stand_ins: Vec<(String, Side, Value)>,
    schemas: Map<String, Value>,
    faults: Vec<String>,
}

impl Builder {
    /// Takes the shapes out of where [`crate::schema::register`] put them.
    fn lift(&mut self, registered: Map<String, Value>) {
        for (name, mut meta) in registered {
            let Some(side) = Side::of(&name) else {
                self.faults.push(format!("the schema `{name}` was not made by this crate"));
                continue;
            };
            let stash = meta.get_mut("example").map(Value::take).unwrap_or_default();
            let known = if side == Side::Answer { &mut self.answers } else { &mut self.requests };
            for (name, definition) in stash.get("definitions").and_then(Value::as_object).into_iter().flatten() {
                match known.get(name) {
                    Some(other) if other != definition => {
                        let fault = format!("two different types are called `{name}`");
                        if !self.faults.contains(&fault) {
                            self.faults.push(fault);
                        }
                    }
                    Some(_) => {}
                    None => {
                        known.insert(name.clone(), definition.clone());
                    }
                }
            }
            self.stand_ins.push((name, side, stash.get("schema").cloned().unwrap_or_default()));
        }
    }

    /// A type that differs on the way in from on the way out has two names, the first ending in `Input`; and so has
    /// what refers to it.
    ///
    /// What a text may hold is said of what comes in alone; a type that differs by nothing else keeps one name, and
    /// says it both ways.
    fn part(&mut self) {
        for (name, request) in &self.requests {
            if let Some(answer) = self.answers.get_mut(name)
                && *answer == without_forms(request)
            {
                answer.clone_from(request);
            }
        }
        let mut apart: Vec<String> = Vec::new();
        loop {
            let differs = |(name, request): &(&String, &Value)| {
                let both = self.answers.get(*name);
                !apart.contains(name) && both.is_some_and(|answer| answer != *request || refers_to_any(request, &apart))
            };
            let more: Vec<String> = self.requests.iter().filter(differs).map(|(name, _)| name.clone()).collect();
            if more.is_empty() {
                break;
            }
            apart.extend(more);
        }
        let rename = |schema: &mut Value| {
            rename_references(schema, &|name| apart.iter().any(|known| known == name).then(|| format!("{name}Input")))
        };
        let mut schemas = std::mem::take(&mut self.answers);
        for (name, mut definition) in std::mem::take(&mut self.requests) {
            rename(&mut definition);
            let name = if apart.contains(&name) { format!("{name}Input") } else { name };
            match schemas.get(&name) {
                Some(other) if *other != definition => {
                    self.faults.push(format!("two different types are called `{name}`"))
                }
                _ => {
                    schemas.insert(name, definition);
                }
            }
        }
        for (_, side, stand_in) in &mut self.stand_ins {
            if *side != Side::Answer {
                rename(stand_in);
            }
        }
        self.schemas = schemas;
    }

    /// Puts each operation's schemas in the place of their marks.
    fn replace(&self, value: &mut Value) {
        if let Some(name) = name_of(value)
            && let Some((_, _, stand_in)) = self.stand_ins.iter().find(|(mark, _, _)| mark == name)
        {
            *value = stand_in.clone();
            return;
        }
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| self.replace(item)),
            Value::Object(object) => object.values_mut().for_each(|part| self.replace(part)),
            _ => {}
        }
    }

    fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        name_of(schema).and_then(|name| self.schemas.get(name)).unwrap_or(schema)
    }

    /// Says what poem-openapi's own words cannot.
    fn finish(&mut self, method: &str, path: &str, operation: &mut Value) {
        let place = format!("{method} {path}");
        self.permission(method, operation);
        let parameters = operation.get_mut("parameters").map(Value::take);
        if let Some(Value::Array(parameters)) = parameters {
            let parameters: Vec<Value> =
                parameters.into_iter().flat_map(|parameter| self.parameter(parameter)).collect();
            operation["parameters"] = parameters.into();
        }
        for name in ["operationId", "summary", "tags"] {
            if operation.get(name).is_none() {
                self.faults.push(format!("{place} has no {name}"));
            }
        }
        if operation.get("description").is_none() {
            operation["description"] = operation.get("summary").cloned().unwrap_or_default();
        }
        self.examples(operation);
        json_first(operation);
    }

    /// The scheme, the role, the scopes, and the refusals that follow from them.
    fn permission(&mut self, method: &str, operation: &mut Value) {
        let marks: Vec<&String> = operation
            .get("security")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_object)
            .flat_map(Map::keys)
            .collect();
        let marked = |mark: &str| marks.iter().find_map(|name| name.strip_prefix(mark)).map(str::to_owned);
        let is_own = marks.iter().any(|name| *name == OWN_MARK);
        let role = if is_own { Some("viewer".to_owned()) } else { marked(REQUIREMENT_MARK) };
        let narrow: Vec<KeyScope> =
            marks.iter().filter_map(|name| name.strip_prefix(SCOPE_MARK)?.parse().ok()).collect();
        let is_respondent = role.as_deref() == Some(visit::ROLE);
        let only_fetches = method == "get";
        let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else { return };
        if role.is_none() {
            // What anyone may call refuses no one for who they are, unless it says so itself.
            for kind in [Type::Unauthenticated, Type::Forbidden] {
                let status = kind.status().as_str().to_owned();
                if responses.get(&status).is_some_and(|response| response["description"] == kind.title()) {
                    responses.shift_remove(&status);
                }
            }
        }
        if is_respondent && only_fetches {
            responses.shift_remove("403");
        }
        responses.sort_keys();
        if let Some(role) = role {
            operation["security"] = match (is_respondent, is_own) {
                (true, _) => json!([{ visit::SCHEME: [] }]),
                (_, true) => json!([{ SESSION_SCHEME: [] }]),
                _ => json!([{ KEY_SCHEME: [] }, { SESSION_SCHEME: [] }]),
            };
            if !is_own && !is_respondent {
                let needed = role.parse().unwrap_or(Role::Admin);
                let only_reads = method.to_uppercase().parse().is_ok_and(|method| reads(&method, needed));
                let scopes = opened_by(only_reads, &narrow);
                operation["x-scopes"] = scopes.iter().map(ToString::to_string).collect();
            }
            operation["x-role"] = role.into();
        } else {
            // Said, and not left out: a list that is absent is what the whole document says, which readers fill in.
            operation["security"] = json!([]);
        }
        if is_respondent && !only_fetches {
            let description = "The `csrf_token` of the visit: proof that the change comes from its page.";
            let proof = json!({ "name": visit::CSRF_HEADER, "in": "header", "required": true, "description": description, "schema": { "type": "string", "example": "0".repeat(64) } });
            match operation.get_mut("parameters").and_then(Value::as_array_mut) {
                Some(parameters) => parameters.push(proof),
                None => operation["parameters"] = json!([proof]),
            }
        }
    }

    /// A parameter with its name and description in their places; one for each field where it is a whole query.
    fn parameter(&mut self, mut parameter: Value) -> Vec<Value> {
        let schema = self.resolve(&parameter["schema"]).clone();
        if parameter["in"] == "query" {
            let properties = schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
            let required = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
            return properties
                .into_iter()
                .map(|(name, schema)| query_parameter(&name, schema, required.iter().any(|item| item == &name)))
                .collect();
        }
        if let Some(title) = parameter["schema"].as_object_mut().and_then(|schema| schema.shift_remove("title")) {
            parameter["name"] = title;
        }
        let description = parameter["schema"].as_object_mut().and_then(|schema| schema.shift_remove("description"));
        if parameter.get("description").is_none() {
            let name = parameter["name"].as_str().unwrap_or_default();
            let noun = parameter
                .pointer("/schema/example")
                .and_then(Value::as_str)
                .and_then(|example| example.split_once('_'))
                .map(|(prefix, _)| format!("Its id: `{prefix}_` and 32 hexadecimal digits."));
            parameter["description"] = description
                .unwrap_or_else(|| noun.unwrap_or_else(|| format!("Its {}.", name.replace('_', " "))).into());
        }
        parameter.as_object_mut().into_iter().for_each(|fields| {
            for name in ["deprecated", "explode"] {
                fields.shift_remove(name);
            }
        });
        vec![parameter]
    }

    /// An example for every body, made up from its schema where its type has none; kept with the schema where that has
    /// a name.
    fn examples(&mut self, operation: &mut Value) {
        if let Some(body) = operation.get_mut("requestBody") {
            self.example(body);
        }
        for (status, response) in operation.get_mut("responses").and_then(Value::as_object_mut).into_iter().flatten() {
            for header in response
                .get_mut("headers")
                .and_then(Value::as_object_mut)
                .into_iter()
                .flat_map(Map::values_mut)
                .filter_map(Value::as_object_mut)
            {
                header.shift_remove("deprecated");
            }
            if status.starts_with('2') {
                self.example(response);
            }
        }
    }

    fn example(&mut self, holder: &mut Value) {
        for media in holder.get_mut("content").and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut) {
            let Some(schema) = media.get("schema") else { continue };
            let example = self.sample(schema, 0);
            match name_of(schema).and_then(|name| self.schemas.get_mut(name)) {
                Some(Value::Object(named)) => {
                    named.entry("example").or_insert(example);
                }
                _ if schema.get("type").and_then(Value::as_str) == Some("string") => {}
                _ => media["example"] = example,
            }
        }
    }

    /// A value that the schema takes.
    fn sample(&self, schema: &Value, depth: usize) -> Value {
        let schema = self.resolve(schema);
        for name in ["example", "default"] {
            if let Some(value) = schema.get(name) {
                return value.clone();
            }
        }
        if let Some(first) = schema.pointer("/enum/0") {
            return first.clone();
        }
        for name in ["allOf", "oneOf", "anyOf"] {
            if let Some(first) = schema.pointer(&format!("/{name}/0")) {
                return self.sample(first, depth);
            }
        }
        let is_nullable = schema.get("nullable").and_then(Value::as_bool) == Some(true);
        let low = schema.get("minimum").and_then(Value::as_f64);
        match schema.get("type").and_then(Value::as_str) {
            _ if depth > 8 && is_nullable => Value::Null,
            Some("string") => match schema.get("format").and_then(Value::as_str) {
                Some("date") => "2027-03-03".into(),
                Some("date-time") => "2027-03-03T09:30:00.000000Z".into(),
                Some("email") => "name@example.org".into(),
                Some("uri") => "https://example.org/".into(),
                _ if is_nullable => Value::Null,
                _ => sample_text(schema).into(),
            },
            #[expect(clippy::cast_possible_truncation, reason = "bounds of whole numbers are whole")]
            Some("integer") => low.map_or(1, |low| low.ceil() as i64).max(1).into(),
            Some("number") => json!(low.unwrap_or(1.0).max(1.0)),
            Some("boolean") => true.into(),
            Some("array") if depth > 6 => json!([]),
            Some("array") => {
                schema.get("items").map_or_else(|| json!([]), |items| json!([self.sample(items, depth + 1)]))
            }
            Some("object") => {
                let properties = schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
                let required = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
                let wanted = |name: &str| depth < 6 || required.iter().any(|item| item == name);
                Value::Object(
                    properties
                        .iter()
                        .filter(|(name, _)| wanted(name))
                        .map(|(name, property)| (name.clone(), self.sample(property, depth + 1)))
                        .collect(),
                )
            }
            _ => Value::Null,
        }
    }
}

/// Some text that the schema's pattern and lengths let through, where one of a handful does.
fn sample_text(schema: &Value) -> String {
    let pattern = schema
        .get("pattern")
        .and_then(Value::as_str)
        .filter(|pattern| !is_form(pattern))
        .and_then(|pattern| regex::Regex::new(pattern).ok());
    let bound = |name: &str| schema.get(name).and_then(Value::as_u64).and_then(|bound| usize::try_from(bound).ok());
    let (low, high) = (bound("minLength").unwrap_or(0), bound("maxLength").unwrap_or(usize::MAX));
    let digest = "0".repeat(64);
    let candidates = ["text", "GB", "GBP", "2026.1", "2026", "a", "1", digest.as_str()];
    let fits = |text: &&&str| {
        (low..=high).contains(&text.len()) && pattern.as_ref().is_none_or(|pattern| pattern.is_match(text))
    };
    candidates.iter().find(fits).map_or_else(|| "text".to_owned(), |text| (**text).to_owned())
}

/// Puts JSON before the other kinds of a body or an answer: what generates clients takes the first.
fn json_first(operation: &mut Value) {
    let first = |holder: &mut Value| {
        if let Some(content) = holder.get_mut("content").and_then(Value::as_object_mut)
            && let Some(media) = content.shift_remove(JSON)
        {
            content.shift_insert(0, JSON.to_owned(), media);
        }
    };
    operation.get_mut("requestBody").into_iter().for_each(&first);
    let responses = operation.get_mut("responses").and_then(Value::as_object_mut);
    responses.into_iter().flat_map(Map::values_mut).for_each(first);
}

/// Says that something may be null as OpenAPI 3.0.3 does. There `nullable` widens the `type` beside it and nothing
/// else, so that what is a reference to another schema is a choice between that one and null.
///
/// A `type` beside the reference is not enough: the schema it refers to would still refuse null.
fn spell_null(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(spell_null),
        Value::Object(object) => {
            for (name, part) in object.iter_mut() {
                match name.as_str() {
                    "example" | "enum" => {}
                    // A property may be called anything, `enum` too.
                    "properties" => part.as_object_mut().into_iter().flat_map(Map::values_mut).for_each(spell_null),
                    _ => spell_null(part),
                }
            }
            if object.get("nullable").is_some_and(Value::is_boolean) && !object.contains_key("type") {
                choose_null(object);
            }
        }
        _ => {}
    }
}

/// The `nullable` of a schema without a type, as one more of its choices.
fn choose_null(object: &mut Map<String, Value>) {
    if object.shift_remove("nullable") != Some(Value::Bool(true)) {
        return;
    }
    let nothing = json!({ "type": "string", "nullable": true, "enum": [null] });
    for name in ["oneOf", "anyOf"] {
        if let Some(choices) = object.get_mut(name).and_then(Value::as_array_mut) {
            choices.push(nothing);
            return;
        }
    }
    // What has no type and refers to nothing takes anything, null as well.
    let Some(parts) = object.shift_remove("allOf") else { return };
    let whole = match parts.as_array().map(Vec::as_slice) {
        Some([only]) => only.clone(),
        _ => json!({ "allOf": parts }),
    };
    object.insert("oneOf".into(), json!([whole, nothing]));
}

fn query_parameter(name: &str, mut schema: Value, required: bool) -> Value {
    let mut description = Value::Null;
    if let Some(fields) = schema.as_object_mut() {
        fields.shift_remove("nullable");
        fields.shift_remove("default");
        description = fields.shift_remove("description").unwrap_or_default();
    }
    if let Some([only]) = schema.get("allOf").and_then(Value::as_array).map(Vec::as_slice)
        && schema.as_object().is_some_and(|fields| fields.len() == 1)
    {
        schema = only.clone();
    }
    json!({ "name": name, "in": "query", "required": required, "description": description, "schema": schema })
}

fn refers_to_any(schema: &Value, names: &[String]) -> bool {
    if name_of(schema).is_some_and(|name| names.iter().any(|known| known == name)) {
        return true;
    }
    match schema {
        Value::Array(items) => items.iter().any(|item| refers_to_any(item, names)),
        Value::Object(object) => object.values().any(|part| refers_to_any(part, names)),
        _ => false,
    }
}

fn rename_references(schema: &mut Value, rename: &impl Fn(&str) -> Option<String>) {
    if let Some(name) = name_of(schema).and_then(rename) {
        *schema = reference_to(&name);
        return;
    }
    match schema {
        Value::Array(items) => items.iter_mut().for_each(|item| rename_references(item, rename)),
        Value::Object(object) => object.values_mut().for_each(|part| rename_references(part, rename)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::PLACE;

    #[test]
    fn the_document_is_consistent_and_whole() {
        let document = build().expect("a consistent document");
        assert_eq!(document["openapi"], "3.0.0");
        let mut dangling = Vec::new();
        references(&document, &mut |name| {
            if document.pointer(&format!("/components/schemas/{name}")).is_none() {
                dangling.push(name.to_owned());
            }
        });
        assert!(dangling.is_empty(), "{dangling:?}");
        let text = document.to_string();
        assert!(
            !text.contains("\"role.")
                && !text.contains("\"scope.")
                && !text.contains("/request.")
                && !text.contains("/answer.")
                && !text.contains("/change.")
        );
    }

    fn references(value: &Value, found: &mut impl FnMut(&str)) {
        if let Some(name) = value.get("$ref").and_then(Value::as_str) {
            found(name.strip_prefix(PLACE).unwrap_or(name));
        }
        match value {
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            Value::Object(object) => object.values().for_each(|part| references(part, found)),
            _ => {}
        }
    }

    #[test]
    fn null_is_a_choice_where_there_is_no_type_for_it_to_stand_beside() {
        let nothing = json!({ "type": "string", "nullable": true, "enum": [null] });
        let tier = reference_to("Tier");
        for (said, expected) in [
            (json!({ "type": "string", "nullable": true }), json!({ "type": "string", "nullable": true })),
            (json!({ "allOf": [tier], "nullable": true }), json!({ "oneOf": [tier, nothing] })),
            (json!({ "allOf": [tier], "nullable": false }), json!({ "allOf": [tier] })),
            (
                json!({ "anyOf": [{ "type": "string" }], "nullable": true }),
                json!({ "anyOf": [{ "type": "string" }, nothing] }),
            ),
            (json!({ "description": "Anything.", "nullable": true }), json!({ "description": "Anything." })),
            (
                json!({ "properties": { "enum": { "items": { "allOf": [tier], "nullable": true } } } }),
                json!({ "properties": { "enum": { "items": { "oneOf": [tier, nothing] } } } }),
            ),
            (json!({ "example": { "nullable": true } }), json!({ "example": { "nullable": true } })),
            (
                json!({ "properties": { "nullable": { "type": "boolean" } } }),
                json!({ "properties": { "nullable": { "type": "boolean" } } }),
            ),
        ] {
            let mut schema = said;
            spell_null(&mut schema);
            assert_eq!(schema, expected);
        }
    }

    #[test]
    fn json_comes_first_and_the_rest_stays_in_its_order() {
        let mut operation = json!({
            "requestBody": { "content": { "text/csv": 1, "application/json": 2, "text/plain": 3 } },
            "responses": { "200": { "content": { "application/yaml": 1, "application/json": 2 } }, "304": {} },
        });
        json_first(&mut operation);
        let kinds = |place: &str| -> Vec<String> {
            operation.pointer(place).and_then(Value::as_object).into_iter().flat_map(Map::keys).cloned().collect()
        };
        assert_eq!(kinds("/requestBody/content"), ["application/json", "text/csv", "text/plain"]);
        assert_eq!(kinds("/responses/200/content"), ["application/json", "application/yaml"]);
    }

    #[test]
    fn types_that_differ_between_the_ways_get_two_names_and_clashes_are_told() {
        let shape =
            |schema: Value, definitions: Value| json!({ "example": { "schema": schema, "definitions": definitions } });
        let registered = |registered: Value| {
            let mut builder = Builder::default();
            if let Value::Object(schemas) = registered {
                builder.lift(schemas);
            }
            builder.part();
            builder
        };
        let (contact_in, contact_out) =
            (json!({ "type": "object" }), json!({ "type": "object", "required": ["name"] }));
        let list = json!({ "items": reference_to("Contact") });
        let same = json!({ "enum": ["a"] });
        let builder = registered(json!({
            "request.New": shape(reference_to("New"), json!({ "New": { "items": reference_to("List") }, "List": list, "Contact": contact_in, "Same": same })),
            "answer.Old": shape(reference_to("List"), json!({ "List": list, "Contact": contact_out, "Same": same })),
        }));
        assert!(builder.faults.is_empty());
        let mut names: Vec<&String> = builder.schemas.keys().collect();
        names.sort();
        assert_eq!(names, ["Contact", "ContactInput", "List", "ListInput", "New", "Same"]);
        assert_eq!(builder.schemas["New"]["items"], reference_to("ListInput"));
        assert_eq!(builder.schemas["ListInput"]["items"], reference_to("ContactInput"));

        let builder = registered(
            json!({ "answer.A": shape(json!({}), json!({ "X": { "type": "object" } })), "answer.B": shape(json!({}), json!({ "X": { "type": "string" } })) }),
        );
        assert_eq!(builder.faults, ["two different types are called `X`"]);
    }
}
