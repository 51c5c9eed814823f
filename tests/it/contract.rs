//! What is promised is what runs.

use std::collections::BTreeMap;

use diligence_openapi::{DOCUMENT, OWN, PUBLIC, RESPONDENT_DOCUMENT, house_rules, operations};
use poem::http::Method;
use serde_json::{Value, json};

use crate::{
    harness::{App, On, both},
    roles::{document, method, target},
};

#[test]
fn the_document_keeps_the_rules_of_the_house() {
    assert_eq!(house_rules(&document()), Vec::<String>::new());
}

#[tokio::test]
async fn what_is_served_is_what_was_committed_byte_for_byte() {
    let app = App::open(On::Sqlite).await;
    let served = app.get(&app.stranger, "/openapi.json").await;
    assert_eq!((served.status.as_u16(), served.header("content-type")), (200, "application/json; charset=utf-8"));
    assert!(
        served.text == DOCUMENT,
        "they differ: run `cargo run -- openapi > openapi/openapi.json`, and read what changed"
    );
}

#[tokio::test]
async fn whoever_reads_the_reference_finds_every_operation_and_every_shape_and_nothing_from_elsewhere() {
    let app = App::open(On::Sqlite).await;
    let respondent: Value = serde_json::from_str(RESPONDENT_DOCUMENT).expect("a document");
    for (here, root, document) in [("/docs", "/api/v1", document()), ("/docs/respond", "/respond/v1", respondent)] {
        let mut open = vec![here.to_owned()];
        let mut seen = BTreeMap::new();
        while let Some(path) = open.pop() {
            let page = app.get(&app.stranger, &path).await;
            assert_eq!(
                (page.status.as_u16(), page.header("content-type")),
                (200, "text/html; charset=utf-8"),
                "{path}"
            );
            for place in ["href=\"", "src=\""]
                .iter()
                .flat_map(|before| page.text.split(before).skip(1))
                .filter_map(|rest| rest.split('"').next())
            {
                assert!(place.starts_with('/') || place.starts_with('#'), "{path} leads to {place}");
                let is_below =
                    place.starts_with(&format!("{here}/operations/")) || place.starts_with(&format!("{here}/shapes/"));
                if is_below && !seen.contains_key(place) && !open.iter().any(|known| known == place) {
                    open.push(place.to_owned());
                }
            }
            seen.insert(path, page.text);
        }
        let about = |kind: &str, name: &str| {
            seen.get(&format!("{here}/{kind}/{name}")).unwrap_or_else(|| panic!("nothing leads to {name}"))
        };
        for operation in operations(&document) {
            let page = about("operations", operation.id());
            let call = format!("<p class=\"secret\">{} {root}{}</p>", operation.method.to_uppercase(), operation.path);
            assert!(page.contains(&call), "{page}");
            for parameter in operation.value["parameters"].as_array().into_iter().flatten() {
                assert!(
                    page.contains(&format!("<code>{}</code>", parameter["name"].as_str().expect("a name"))),
                    "{}: {parameter}",
                    operation.id()
                );
            }
            for status in operation.value["responses"].as_object().expect("answers").keys() {
                assert!(page.contains(&format!("<dt>{status}</dt>")), "{}: {status}", operation.id());
            }
        }
        for (name, shape) in document["components"]["schemas"].as_object().expect("schemas") {
            let page = about("shapes", name);
            for field in shape["properties"].as_object().into_iter().flatten().map(|(field, _)| field) {
                assert!(page.contains(&format!("<dt><code>{field}</code>")), "{name}: {field}");
            }
            for value in shape["enum"].as_array().into_iter().flatten() {
                assert!(page.contains(&format!("<code>{}</code>", value.as_str().expect("a word"))), "{name}: {value}");
            }
        }
    }
    for nothing in [
        "/docs/operations/none",
        "/docs/shapes/None",
        "/docs/operations",
        "/docs/respond/operations/list_suppliers",
        "/docs/respondent",
    ] {
        assert_eq!(app.get(&app.stranger, nothing).await.status, 404, "{nothing}");
    }
}

#[tokio::test]
async fn the_reference_says_who_may_and_how_to_ask_from_a_command_line() {
    let app = App::open(On::Sqlite).await;
    let page = async |name: &str| app.get(&app.stranger, &format!("/docs/operations/{name}")).await.text;
    let change = page("change_supplier").await;
    for part in [
        "<p>An editor or above: a person who is signed in, or a program by a key of the scope everything.</p>",
        "curl -X PATCH \\\n  -H &#34;Authorization: Bearer $KEY&#34; \\\n  -H &#39;If-Match: &#34;1&#34;&#39; \\\n  --json &#39;{",
        "&#39;http://127.0.0.1:8080/api/v1/suppliers/{id}&#39;</pre>",
        "<a href=\"/docs/shapes/SupplierChange\">SupplierChange</a>",
        "<code>application/problem+json</code>: <a href=\"/docs/shapes/Problem\">Problem</a>",
    ] {
        assert!(change.contains(part), "{part} is not in {change}");
    }
    assert!(page("list_keys").await.contains("<p>An administrator: a person who is signed in, or a program by a key of the scope everything or read_only.</p>"));
    let own = page("change_me").await;
    for part in [
        "<p>A person who is signed in; no key opens it.</p>",
        "curl -X PATCH \\\n  -b &#34;$COOKIE&#34; \\\n  -H &#34;X-CSRF-Token: $TOKEN&#34; \\\n  -H &#39;If-Match: ",
        "<code>TOKEN</code> holds",
    ] {
        assert!(own.contains(part), "{part} is not in {own}");
    }
    assert!(page("create_session").await.contains("<p>Anyone, without signing in.</p>"));
    assert!(
        app.get(&app.stranger, "/docs/respond/operations/read_questions")
            .await
            .text
            .contains("<p>A respondent in a visit, which a link begins.</p>")
    );
}

#[tokio::test]
async fn every_kind_of_problem_is_explained_where_it_says() {
    let app = App::open(On::Sqlite).await;
    for kind in diligence::problem::Type::ALL {
        let page = app.get(&app.stranger, &format!("/problems/{}", kind.name())).await;
        assert!(page.status == 200 && page.text.starts_with(kind.title()), "{kind:?}: {}", page.text);
    }
    app.get(&app.stranger, "/problems/none").await.faults(404);
}

/// What an example may be refused for: the ids and keys it makes up name nothing here, and a day may have passed.
const MADE_UP: &[&str] = &[
    "unknown_id",
    "unknown_questionnaire",
    "unknown_question",
    "past",
    "/questionnaire unknown",
    "/edition unknown",
    "not_carried",
    "/questionnaire fixed",
    "/edition fixed",
    "/language fixed",
    "/other_id same",
    "/rests_on_id same",
    "_name ambiguous",
    "_name unknown_name",
    "wrong_password",
    "wrong_code",
];

#[tokio::test]
async fn every_example_of_a_body_is_taken_but_for_the_things_it_makes_up() {
    let app = App::open(On::Sqlite).await;
    let document = document();
    let mut refused = Vec::new();
    for operation in operations(&document) {
        for (kind, media) in operation.value["requestBody"]["content"].as_object().into_iter().flatten() {
            let named =
                media["schema"]["$ref"].as_str().and_then(|place| document.pointer(place.trim_start_matches('#')));
            let Some(example) = media.get("example").or_else(|| named?.get("example")) else { continue };
            let target = target(&app, operation.id()).await;
            let tag = target.item.as_ref().map_or_else(String::new, crate::harness::etag);
            let answer = app
                .raw(
                    target.owner.as_ref().unwrap_or(&app.admin),
                    method(&operation),
                    &target.path(&operation),
                    Some(example.to_string().into_bytes()),
                    &[("content-type", kind), ("if-match", &tag)],
                )
                .await;
            assert!(operation.answers(answer.status.as_u16()), "{}: {}", operation.id(), answer.text);
            if answer.status == 422 {
                let wrong =
                    answer.faults(422).into_iter().filter(|fault| !MADE_UP.iter().any(|code| fault.ends_with(code)));
                refused.extend(wrong.map(|fault| format!("{} as {kind}: {fault}", operation.id())));
            } else {
                let is_made_up = answer.status == 404
                    || ([OWN, PUBLIC].iter().any(|list| list.contains(&operation.id())) && answer.status == 401);
                assert!(
                    answer.status.is_success() || answer.status == 409 || is_made_up,
                    "{}: {}",
                    operation.id(),
                    answer.text
                );
            }
        }
    }
    assert_eq!(refused, Vec::<String>::new());
}

/// Whether `value` is as `schema` says, as far as a client's types depend on it; else where it is not.
pub(crate) fn mismatch(document: &Value, schema: &Value, value: &Value, place: &str) -> Option<String> {
    if schema.is_null() {
        return None;
    }
    if let Some(name) = schema["$ref"].as_str() {
        return mismatch(document, document.pointer(name.trim_start_matches('#')).expect("a schema"), value, place);
    }
    if value.is_null() {
        let anything = !["type", "allOf", "oneOf", "anyOf", "enum"].iter().any(|name| schema.get(*name).is_some());
        // `nullable` widens the type beside it, and says nothing without one.
        let is_nullable = schema["nullable"] == true && schema["type"].is_string();
        let mut choices = ["oneOf", "anyOf"].iter().flat_map(|name| schema[*name].as_array().into_iter().flatten());
        let is_chosen = choices.any(|choice| mismatch(document, choice, value, place).is_none());
        return (!is_nullable && !is_chosen && !anything).then(|| format!("{place} is null"));
    }
    if let Some(parts) = schema["allOf"].as_array() {
        return parts.iter().find_map(|part| mismatch(document, part, value, place));
    }
    for choice in ["oneOf", "anyOf"] {
        if let Some(parts) = schema[choice].as_array() {
            let told: Vec<String> = parts.iter().filter_map(|part| mismatch(document, part, value, place)).collect();
            return (told.len() == parts.len()).then(|| told.join(", "));
        }
    }
    let fits = match schema["type"].as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        _ => true,
    };
    if !fits || schema["enum"].as_array().is_some_and(|choices| !choices.contains(value)) {
        return Some(format!("{place} is {value}"));
    }
    match value {
        Value::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(index, item)| mismatch(document, &schema["items"], item, &format!("{place}/{index}"))),
        Value::Object(fields) => {
            let missing = schema["required"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .find(|name| !fields.contains_key(*name));
            if let Some(name) = missing {
                return Some(format!("{place}/{name} is missing"));
            }
            fields.iter().find_map(|(name, field)| {
                let place = format!("{place}/{name}");
                match (&schema["properties"][name], &schema["additionalProperties"]) {
                    (Value::Null, Value::Object(_)) => {
                        mismatch(document, &schema["additionalProperties"], field, &place)
                    }
                    (Value::Null, _) if schema["properties"].is_object() => {
                        Some(format!("{place} is not in the document"))
                    }
                    (property, _) => mismatch(document, property, field, &place),
                }
            })
        }
        _ => None,
    }
}

#[test]
fn a_body_that_is_not_as_its_schema_says_is_noticed() {
    let document = document();
    let schema = json!({ "$ref": "#/components/schemas/Money" });
    let told = |value: Value| mismatch(&document, &schema, &value, "");
    assert_eq!(told(json!({ "amount_minor": 1, "currency": "GBP" })), None);
    assert_eq!(told(json!({ "amount_minor": "1", "currency": "GBP" })).as_deref(), Some("/amount_minor is \"1\""));
    assert_eq!(told(json!({ "amount_minor": 1 })).as_deref(), Some("/currency is missing"));
    assert_eq!(told(json!({ "amount_minor": 1, "currency": null })).as_deref(), Some("/currency is null"));
    assert_eq!(
        told(json!({ "amount_minor": 1, "currency": "GBP", "rate": 2 })).as_deref(),
        Some("/rate is not in the document")
    );
}

both! {
    async fn every_good_answer_has_the_body_and_the_headers_that_the_document_says(app: App) {
        let document = document();
        for operation in operations(&document) {
            // After a target was made, lists have something on them.
            let target = target(&app, operation.id()).await;
            let answer = target.send(&app, &app.admin, &operation).await;
            let said = &operation.value["responses"][answer.status.as_str()];
            assert!(answer.status.is_success() && said.is_object(), "{}: {} {}", operation.id(), answer.status, answer.text);
            for (name, header) in said["headers"].as_object().into_iter().flatten() {
                assert!(header["required"] != true || !answer.header(name).is_empty(), "{} has no {name}", operation.id());
            }
            match said["content"].as_object() {
                Some(content) => {
                    let sent = answer.header("content-type");
                    let (kind, charset) = sent.split_once(';').unwrap_or((sent, ""));
                    let media = content.get(kind).unwrap_or_else(|| panic!("{} sends {kind}, which is not documented", operation.id()));
                    assert_eq!(charset == " charset=utf-8", kind.starts_with("text/") || kind == "application/json", "{} sends {sent}", operation.id());
                    if kind == "application/json" && media["schema"]["type"] != "string" {
                        let body = serde_json::from_str(&answer.text).expect("JSON");
                        assert_eq!(mismatch(&document, &media["schema"], &body, ""), None, "{}: {}", operation.id(), answer.text);
                    }
                }
                None => assert_eq!((answer.text.as_str(), answer.header("content-type")), ("", ""), "{}", operation.id()),
            }
        }
    }

    async fn what_is_made_is_where_it_says_and_is_read_back_the_same(app: App) {
        let document = document();
        let mut count = 0;
        // What is put at an address of the caller's own choice is there.
        let chosen = ["create_session", "put_recipe"];
        for operation in operations(&document).iter().filter(|operation| operation.answers(201) && !chosen.contains(&operation.id())) {
            let made = target(&app, operation.id()).await.send(&app, &app.admin, operation).await;
            let body = made.json(201);
            let read = app.get(&app.admin, made.header("location")).await;
            let found = read.json(200);
            // A key's text is shown once, and an edition's own address has the whole of it.
            for (name, field) in found.as_object().expect("an object").iter().filter(|(name, _)| body.get(*name).is_some_and(|_| *name != "last_used_at")) {
                assert_eq!(&body[name], field, "{} {name}", operation.id());
            }
            // A trial whose provider cannot be asked has come to its end as it is made.
            if !["publish_edition", "publish_draft", "try_identity_provider"].contains(&operation.id()) {
                assert_eq!((read.header("etag"), made.header("etag")), ("\"1\"", "\"1\""), "{}", operation.id());
            }
            count += 1;
        }
        assert!(count >= 9);
    }

    async fn who_has_the_latest_version_is_not_sent_it_again_where_the_document_says_so(app: App) {
        let document = document();
        for operation in operations(&document).iter().filter(|operation| operation.answers(304) && operation.path.ends_with("{id}")) {
            let target = target(&app, operation.id()).await;
            let path = target.path(operation);
            let read = app.get(&app.admin, &path).await;
            let again = async |tag: &str| app.send(&app.admin, Method::GET, &path, None, &[("if-none-match", tag)]).await;
            let same = again(read.header("etag")).await;
            assert_eq!((same.status.as_u16(), same.text.as_str(), same.header("etag")), (304, "", read.header("etag")), "{}", operation.id());
            assert_eq!(again("\"77\"").await.json(200), read.json(200), "{}", operation.id());
        }
    }
}
