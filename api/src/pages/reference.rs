//! The reference of the API, made of the document: what a program can ask, operation by operation, and the shapes of
//! what it sends and is told. Anyone may read it.

use std::{collections::BTreeMap, sync::OnceLock};

use askama::Template;
use poem::{Request, http::StatusCode};
use serde_json::{Map, Value};

use super::{
    format,
    page::{Frame, PageResult, html, link},
    routes::Routes,
    sign_in::SignedIn,
    signed_in::Anyone,
};
use crate::{
    address::{RESPONDENT_ROOT, ROOT},
    auth::{KEY_SCHEME, SESSION_SCHEME},
    document,
    problem::Problem,
    respond::auth as visit,
    schema::is_form,
};

/// The routes of these pages.
pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .get("/docs", show)
        .get("/docs/operations/:name", show_operation)
        .get("/docs/shapes/:name", show_shape)
        .get("/docs/respond", show)
        .get("/docs/respond/operations/:name", show_operation)
        .get("/docs/respond/shapes/:name", show_shape)
}

/// Where the reference of the API begins.
const HERE: &str = "/docs";
/// Where the reference of the respondents' API begins.
const RESPOND_HERE: &str = "/docs/respond";

/// A stretch of a description: the element it is set in, empty for none, and its text.
type Stretch = (&'static str, String);

/// One of the two documents, read.
struct Reference {
    document: Value,
    /// Where its reference begins.
    here: &'static str,
    /// Where its operations begin.
    root: &'static str,
}

impl Reference {
    /// The one that an address belongs to.
    fn of(request: &Request) -> Result<&'static Self, Problem> {
        static BOTH: OnceLock<Result<[Reference; 2], Vec<String>>> = OnceLock::new();
        let both = BOTH.get_or_init(|| {
            let api = Reference { document: document::build()?, here: HERE, root: ROOT };
            let respondent =
                Reference { document: document::build_respondent()?, here: RESPOND_HERE, root: RESPONDENT_ROOT };
            Ok([api, respondent])
        });
        let [api, respondent] = both
            .as_ref()
            .map_err(|faults| Problem::internal(format!("the document is inconsistent: {}", faults.join("; "))))?;
        let is_respondent = request
            .uri()
            .path()
            .strip_prefix(RESPOND_HERE)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        Ok(if is_respondent { respondent } else { api })
    }

    /// Every operation: its method, its path and what is said of it.
    fn operations(&self) -> impl Iterator<Item = (&str, &str, &Value)> {
        let paths = self.document["paths"].as_object().into_iter().flatten();
        paths.flat_map(|(path, item)| {
            item.as_object()
                .into_iter()
                .flatten()
                .map(|(method, operation)| (method.as_str(), path.as_str(), operation))
        })
    }

    fn shape(&self, name: &str) -> Option<&Value> {
        self.document["components"]["schemas"].get(name)
    }

    /// The type of a value in words, with where each shape in it is explained.
    fn kind(&self, schema: &Value) -> Vec<Named> {
        let inner = or_null(schema);
        let mut named = self.plain_kind(inner.unwrap_or(schema));
        if inner.is_some() || schema["nullable"] == true {
            named.push(Named::words(", or null"));
        }
        named
    }

    fn plain_kind(&self, schema: &Value) -> Vec<Named> {
        if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
            return vec![Named { words: name.to_owned(), href: format!("{}/shapes/{name}", self.here) }];
        }
        if let Some(one) = schema["allOf"].get(0) {
            return self.kind(one);
        }
        if let Some(choices) = schema["anyOf"].as_array() {
            return choices
                .iter()
                .enumerate()
                .flat_map(|(index, choice)| {
                    (index > 0).then(|| Named::words(" or ")).into_iter().chain(self.kind(choice))
                })
                .collect();
        }
        let before =
            |words: String, then: &Value| std::iter::once(Named::words(words)).chain(self.kind(then)).collect();
        match schema["type"].as_str() {
            Some("array") => {
                let most = schema["maxItems"].as_u64().map(|most| format!("up to {most} ")).unwrap_or_default();
                before(format!("list of {most}"), &schema["items"])
            }
            Some("object") if schema["additionalProperties"].is_object() => {
                before("object with keys of your own, each ".to_owned(), &schema["additionalProperties"])
            }
            Some("object") => vec![Named::words("object")],
            Some("boolean") => vec![Named::words("true or false")],
            Some("integer") => vec![Named::words(format!("whole number{}", range(schema, "minimum", "maximum", "")))],
            Some("number") => vec![Named::words(format!("number{}", range(schema, "minimum", "maximum", "")))],
            Some("string") => vec![Named::words(text_kind(schema))],
            _ => vec![Named::words("any value")],
        }
    }

    /// The fields of an object, in their order.
    fn fields(&self, schema: &Value) -> Vec<Field> {
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let properties = schema["properties"].as_object().into_iter().flatten();
        properties
            .map(|(name, field)| self.field(name, field, required.contains(&name.as_str()), &field["description"]))
            .collect()
    }

    fn field(&self, name: &str, schema: &Value, is_required: bool, description: &Value) -> Field {
        Field {
            name: name.to_owned(),
            is_required,
            kind: self.kind(schema),
            values: strings(&schema["enum"]),
            pattern: schema["pattern"].as_str().filter(|pattern| !is_form(pattern)).unwrap_or_default().to_owned(),
            example: schema["example"].as_str().map(str::to_owned).unwrap_or_default(),
            description: stretches(description.as_str().unwrap_or_default()),
        }
    }

    /// What a body or an answer can be: its media type, and its shape where it has one.
    fn contents(&self, content: &Value) -> Vec<Content> {
        let one = |(media_type, content): (&String, &Value)| {
            let schema = &content["schema"];
            let kind = if schema.get("$ref").is_some() || schema.get("allOf").is_some() {
                self.kind(schema)
            } else {
                Vec::new()
            };
            Content { media_type: media_type.clone(), kind }
        };
        content.as_object().into_iter().flatten().map(one).collect()
    }

    /// The shape that a schema refers to, or itself.
    fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        schema["$ref"].as_str().and_then(|reference| self.shape(reference.rsplit('/').next()?)).unwrap_or(schema)
    }
}

/// Words, and where they are explained; nowhere where that is empty.
struct Named {
    words: String,
    href: String,
}

impl Named {
    fn words(words: impl Into<String>) -> Self {
        Self { words: words.into(), href: String::new() }
    }
}

/// A field of an object, or a parameter.
struct Field {
    name: String,
    is_required: bool,
    kind: Vec<Named>,
    /// What it can be, where that is a list of words.
    values: Vec<String>,
    pattern: String,
    example: String,
    description: Vec<Stretch>,
}

/// One way in which a body or an answer is written.
struct Content {
    media_type: String,
    kind: Vec<Named>,
}

/// One answer to an operation.
struct Told {
    status: String,
    description: Vec<Stretch>,
    contents: Vec<Content>,
    headers: Vec<Field>,
}

/// `, 1 to 200` and the like, empty without limits.
fn range(schema: &Value, least: &str, most: &str, unit: &str) -> String {
    match (schema.get(least), schema.get(most)) {
        (Some(least), Some(most)) => format!(", {least} to {most}{unit}"),
        (Some(least), None) => format!(", from {least}{unit}"),
        (None, Some(most)) => format!(", up to {most}{unit}"),
        (None, None) => String::new(),
    }
}

fn text_kind(schema: &Value) -> String {
    match schema["format"].as_str() {
        Some("date") => "date, as 2027-03-31".into(),
        Some("date-time") => "moment, as 2027-03-31T09:00:00Z".into(),
        Some("email") => "e-mail address".into(),
        Some("binary") => "bytes".into(),
        _ => format!("text{}", range(schema, "minLength", "maxLength", " characters")),
    }
}

/// What a schema says beside null, where null is one of its two choices.
fn or_null(schema: &Value) -> Option<&Value> {
    match schema["oneOf"].as_array().map(Vec::as_slice) {
        Some([one, nothing]) if nothing["enum"].as_array().is_some_and(|words| words.as_slice() == [Value::Null]) => {
            Some(one)
        }
        _ => None,
    }
}

fn strings(list: &Value) -> Vec<String> {
    list.as_array()
        .into_iter()
        .flatten()
        .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        .collect()
}

/// A line of a description in its stretches: `code`, and **what stands out**.
fn stretches(text: &str) -> Vec<Stretch> {
    let between = |text: &str, mark: &'static str, inside: &'static str| -> Vec<(&'static str, String)> {
        text.split(mark)
            .enumerate()
            .map(|(index, part)| (if index % 2 == 1 { inside } else { "" }, part.to_owned()))
            .filter(|(_, part)| !part.is_empty())
            .collect()
    };
    between(text, "`", "code")
        .into_iter()
        .flat_map(
            |(element, part)| if element.is_empty() { between(&part, "**", "strong") } else { vec![(element, part)] },
        )
        .collect()
}

/// A whole description: what comes before its list, and the list.
struct Description {
    lead: Vec<Stretch>,
    points: Vec<Vec<Stretch>>,
}

fn description(value: &Value) -> Description {
    let (mut lead, mut points) = (String::new(), Vec::new());
    for line in value.as_str().unwrap_or_default().lines().filter(|line| !line.is_empty()) {
        match line.strip_prefix("- ") {
            Some(point) => points.push(stretches(point)),
            None if lead.is_empty() => lead.push_str(line),
            None => lead.push_str(&format!(" {line}")),
        }
    }
    Description { lead: stretches(&lead), points }
}

/// What stands around these pages: as for whoever is signed in, or for nobody.
async fn frame(request: &Request, title: &str) -> Frame {
    SignedIn::begun(request).await.map_or_else(|_| Frame::new(title), |here| here.frame(title))
}

/// An operation in the list.
struct Line {
    id: String,
    method: String,
    path: String,
    summary: String,
}

/// The operations on one noun.
struct Noun {
    name: String,
    description: Vec<Stretch>,
    lines: Vec<Line>,
}

#[derive(Template)]
#[template(path = "reference/show.html")]
struct ReferencePage {
    frame: Frame,
    here: &'static str,
    root: &'static str,
    about: Description,
    /// How one shows who one is: a name and what it is.
    schemes: Vec<(String, Vec<Stretch>)>,
    nouns: Vec<Noun>,
    is_respondent: bool,
}

/// What can be asked, noun by noun.
pub(super) async fn show(who: Anyone) -> PageResult {
    let request = who.request();
    let reference = Reference::of(request)?;
    let mut lines: BTreeMap<&str, Vec<Line>> = BTreeMap::new();
    for (method, path, operation) in reference.operations() {
        let text = |name: &str| operation[name].as_str().unwrap_or_default().to_owned();
        let line = Line {
            id: text("operationId"),
            method: method.to_uppercase(),
            path: path.to_owned(),
            summary: text("summary"),
        };
        lines.entry(operation["tags"][0].as_str().unwrap_or_default()).or_default().push(line);
    }
    let tags = reference.document["tags"].as_array().into_iter().flatten();
    let nouns = tags.filter_map(|tag| {
        let name = tag["name"].as_str()?;
        Some(Noun {
            name: name.to_owned(),
            description: stretches(tag["description"].as_str().unwrap_or_default()),
            lines: lines.remove(name)?,
        })
    });
    let nouns = nouns.collect();
    let schemes = reference.document["components"]["securitySchemes"].as_object().into_iter().flatten();
    let schemes = schemes
        .map(|(name, scheme)| (format::capital(name), stretches(scheme["description"].as_str().unwrap_or_default())))
        .collect();
    let is_respondent = reference.here == RESPOND_HERE;
    let title = if is_respondent { "API of respondents" } else { "API reference" };
    let about = description(&reference.document["info"]["description"]);
    let page = ReferencePage {
        frame: frame(request, title).await,
        here: reference.here,
        root: reference.root,
        about,
        schemes,
        nouns,
        is_respondent,
    };
    Ok(html(StatusCode::OK, &page)?)
}

#[derive(Template)]
#[template(path = "reference/operation.html")]
struct OperationPage {
    frame: Frame,
    here: &'static str,
    call: String,
    about: Description,
    /// Who may call it, in a sentence.
    permission: String,
    /// Where parameters stand, and which.
    parameters: Vec<(&'static str, Vec<Field>)>,
    contents: Vec<Content>,
    /// The fields of its body.
    fields: Vec<Field>,
    example: String,
    /// How to call it from a command line.
    command: String,
    told: Vec<Told>,
}

/// Where a parameter can stand, and how people say so.
const PLACES: [(&str, &str); 3] = [("path", "In the path"), ("query", "In the query"), ("header", "Headers")];

/// One operation.
pub(super) async fn show_operation(who: Anyone) -> PageResult {
    let request = who.request();
    let reference = Reference::of(request)?;
    let name = request.raw_path_param("name").unwrap_or_default();
    let (method, path, operation) = reference
        .operations()
        .find(|(_, _, operation)| operation["operationId"] == name)
        .ok_or_else(Problem::not_found)?;
    let all = operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
    let of_place = |(place, title): (&str, &'static str)| {
        let here = all.iter().filter(|parameter| parameter["in"] == place);
        let fields: Vec<Field> = here
            .map(|one| {
                reference.field(
                    one["name"].as_str().unwrap_or_default(),
                    &one["schema"],
                    one["required"] == true,
                    &one["description"],
                )
            })
            .collect();
        (!fields.is_empty()).then_some((title, fields))
    };
    let parameters = PLACES.into_iter().filter_map(of_place).collect();
    let body = &operation["requestBody"]["content"];
    let schema = reference.resolved(&body["application/json"]["schema"]);
    let example = schema.get("example").map(|example| format!("{example:#}")).unwrap_or_default();
    let answer = |(status, answer): (&String, &Value)| Told {
        status: status.clone(),
        description: stretches(answer["description"].as_str().unwrap_or_default()),
        contents: reference.contents(&answer["content"]),
        headers: answer["headers"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, header)| reference.field(name, &header["schema"], false, &header["description"]))
            .collect(),
    };
    let told = operation["responses"].as_object().into_iter().flatten().map(answer).collect();
    let address = link(request, &format!("{}{path}", reference.root))?;
    let title = operation["summary"].as_str().unwrap_or_default();
    let page = OperationPage {
        frame: frame(request, title).await,
        here: reference.here,
        call: format!("{} {}{path}", method.to_uppercase(), reference.root),
        // Where nothing more is said, the document repeats the summary, which the title says already.
        about: if operation["description"] == title {
            description(&Value::Null)
        } else {
            description(&operation["description"])
        },
        permission: permission(operation),
        parameters,
        contents: reference.contents(body),
        fields: reference.fields(schema),
        command: command(method, &address, operation, all, schema.get("example")),
        example,
        told,
    };
    Ok(html(StatusCode::OK, &page)?)
}

/// Who may call an operation, in a sentence.
fn permission(operation: &Value) -> String {
    let schemes: Vec<&String> = operation["security"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
        .flat_map(Map::keys)
        .collect();
    let takes_keys = schemes.iter().any(|scheme| *scheme == KEY_SCHEME);
    let role = match operation["x-role"].as_str() {
        Some("viewer") => "A viewer or above",
        Some("editor") => "An editor or above",
        Some("approver") => "An approver or above",
        _ => "An administrator",
    };
    match (schemes.is_empty(), takes_keys) {
        (true, _) => "Anyone, without signing in.".into(),
        (false, true) => {
            format!(
                "{role}: a person who is signed in, or a program by a key of the scope {}.",
                strings(&operation["x-scopes"]).join(" or ")
            )
        }
        (false, false) if operation["x-role"] == "respondent" => "A respondent in a visit, which a link begins.".into(),
        (false, false) => "A person who is signed in; no key opens it.".into(),
    }
}

/// A line for a command line that calls an operation, with what it needs, as its examples have it. `$KEY` holds a key;
/// what no key opens comes with a session's or a visit's cookie in `$COOKIE`, and a session's change with its token in
/// `$TOKEN`.
fn command(method: &str, address: &str, operation: &Value, parameters: &[Value], example: Option<&Value>) -> String {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', r"'\''"));
    let mut lines =
        vec![if method == "get" { "curl".to_owned() } else { format!("curl -X {}", method.to_uppercase()) }];
    let comes_by =
        |scheme: &str| operation["security"].as_array().into_iter().flatten().any(|known| known.get(scheme).is_some());
    if comes_by(KEY_SCHEME) {
        lines.push("-H \"Authorization: Bearer $KEY\"".into());
    } else if comes_by(SESSION_SCHEME) || comes_by(visit::SCHEME) {
        lines.push("-b \"$COOKIE\"".into());
        if comes_by(SESSION_SCHEME) && method != "get" {
            lines.push("-H \"X-CSRF-Token: $TOKEN\"".into());
        }
    }
    for header in parameters.iter().filter(|parameter| parameter["in"] == "header" && parameter["required"] == true) {
        let example = header["schema"]["example"].as_str().unwrap_or("…");
        lines.push(format!("-H {}", quoted(&format!("{}: {example}", header["name"].as_str().unwrap_or_default()))));
    }
    let media_types: Vec<&String> = operation["requestBody"]["content"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(media_type, _)| media_type)
        .collect();
    match (media_types.first(), example) {
        (Some(media_type), Some(example)) if *media_type == "application/json" => {
            lines.push(format!("--json {}", quoted(&example.to_string())))
        }
        (Some(media_type), _) => {
            lines.push(format!("-H {} --data-binary @file", quoted(&format!("Content-Type: {media_type}"))))
        }
        (None, _) => {}
    }
    let needed = parameters.iter().filter(|parameter| parameter["in"] == "query" && parameter["required"] == true);
    let query: Vec<String> =
        needed.map(|parameter| format!("{}=…", parameter["name"].as_str().unwrap_or_default())).collect();
    lines.push(quoted(&if query.is_empty() { address.to_owned() } else { format!("{address}?{}", query.join("&")) }));
    lines.join(" \\\n  ")
}

#[derive(Template)]
#[template(path = "reference/shape.html")]
struct ShapePage {
    frame: Frame,
    here: &'static str,
    about: Description,
    kind: Vec<Named>,
    values: Vec<String>,
    fields: Vec<Field>,
    /// What it can be instead, where it is one of several.
    forms: Vec<(Vec<Stretch>, Vec<Field>)>,
    example: String,
}

/// One shape.
pub(super) async fn show_shape(who: Anyone) -> PageResult {
    let request = who.request();
    let reference = Reference::of(request)?;
    let name = request.raw_path_param("name").unwrap_or_default();
    let shape = reference.shape(name).ok_or_else(Problem::not_found)?;
    let forms = shape["oneOf"].as_array().into_iter().flatten().filter(|form| form.get("properties").is_some());
    let page = ShapePage {
        frame: frame(request, name).await,
        here: reference.here,
        about: description(&shape["description"]),
        kind: reference.kind(shape),
        values: strings(&shape["enum"]),
        fields: reference.fields(shape),
        forms: forms
            .map(|form| (stretches(form["description"].as_str().unwrap_or_default()), reference.fields(form)))
            .collect(),
        example: shape.get("example").map(|example| format!("{example:#}")).unwrap_or_default(),
    };
    Ok(html(StatusCode::OK, &page)?)
}
