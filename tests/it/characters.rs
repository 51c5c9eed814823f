//! What texts may hold: one line, or lines, and nothing that deceives; at every door, and as one fault where it stands.

use diligence::config::Config;
use diligence_entities::text::{ANY, Form, LINE, LINES};
use diligence_openapi::operations;
use poem::http::Method;
use sea_orm::{ConnectionTrait as _, Database};
use serde_json::{Map, Value, json};

use crate::{
    harness::{App, On, both, etag, id, text},
    operations::run,
    roles::{assessment, document, edition, method, target},
};

/// A text in a body: its place, what it may hold, and a body in which nothing else is wrong.
struct Place {
    pointer: String,
    form: Form,
    body: Value,
}

/// What puts `text` at a place, in a body that is good otherwise.
struct Walk<'a> {
    schemas: &'a Map<String, Value>,
    unsaid: Vec<String>,
}

impl<'a> Walk<'a> {
    fn resolve(&self, schema: &'a Value) -> (&'a Value, Option<&'a str>) {
        let name = schema["$ref"].as_str().and_then(|place| place.rsplit('/').next());
        name.map_or((schema, None), |name| (&self.schemas[name], Some(name)))
    }

    /// Something that fits a schema.
    fn sample(&self, schema: &'a Value, depth: usize) -> Value {
        let (schema, _) = self.resolve(schema);
        if let Some(branches) = ["allOf", "oneOf", "anyOf"].iter().find_map(|name| schema[*name].as_array()) {
            return self.sample(&branches[0], depth + 1);
        }
        if let Some(first) = schema["enum"].as_array().and_then(|words| words.first()) {
            return first.clone();
        }
        match schema["type"].as_str() {
            Some("object") => {
                let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
                required
                    .map(|name| (name.to_owned(), self.sample(&schema["properties"][name], depth + 1)))
                    .collect::<Map<_, _>>()
                    .into()
            }
            Some("array") if schema["minItems"].as_u64().unwrap_or(0) > 0 && depth < 12 => {
                json!([self.sample(&schema["items"], depth + 1)])
            }
            Some("array") => json!([]),
            Some("string") => sample_text(schema).into(),
            Some("integer" | "number") => schema["minimum"].as_i64().unwrap_or(1).into(),
            Some("boolean") => true.into(),
            _ => Value::Null,
        }
    }

    /// Every text in a schema.
    fn places(&mut self, schema: &'a Value, inside: &mut Vec<&'a str>, here: &str) -> Vec<Place> {
        let (schema, name) = self.resolve(schema);
        if name.is_some_and(|name| inside.contains(&name)) {
            return Vec::new();
        }
        inside.extend(name);
        let mut places = Vec::new();
        for branch in ["allOf", "oneOf", "anyOf"].iter().filter_map(|name| schema[*name].as_array()).flatten() {
            places.extend(self.places(branch, inside, here));
        }
        match schema["type"].as_str() {
            Some("string") if schema["enum"].is_null() => match schema["pattern"].as_str() {
                pattern @ Some(LINE | LINES | ANY) => {
                    places.push(Place { pointer: String::new(), form: Form::of(pattern), body: Value::Null })
                }
                Some(_) => {}
                None if matches!(schema["format"].as_str(), Some("date" | "date-time")) => {}
                None => self.unsaid.push(here.to_owned()),
            },
            Some("array") => {
                let inner = self.places(&schema["items"], inside, &format!("{here}/0"));
                places.extend(inner.into_iter().map(|place| Place {
                    pointer: format!("/0{}", place.pointer),
                    body: json!([place.body]),
                    ..place
                }));
            }
            Some("object") => {
                let base = self.sample(schema, 0);
                let named =
                    schema["properties"].as_object().into_iter().flatten().map(|(name, of)| (name.as_str(), of));
                let others =
                    schema.get("additionalProperties").filter(|others| others.is_object()).map(|of| ("a_key", of));
                for (name, of) in named.chain(others) {
                    for place in self.places(of, inside, &format!("{here}/{name}")) {
                        let mut body = base.clone();
                        body[name] = place.body;
                        places.push(Place { pointer: format!("/{name}{}", place.pointer), body, ..place });
                    }
                }
            }
            _ => {}
        }
        if name.is_some() {
            inside.pop();
        }
        places
    }
}

/// A text that fits a schema.
fn sample_text(schema: &Value) -> String {
    match (schema["format"].as_str(), schema["pattern"].as_str()) {
        (Some("date"), _) => "2027-03-03".into(),
        (Some("date-time"), _) => "2027-03-03T09:00:00Z".into(),
        (Some("email"), _) => "jo@example.org".into(),
        (Some("uri"), _) => "https://example.org".into(),
        (_, Some(pattern)) if pattern.ends_with("_[0-9a-f]{32}$") => {
            format!("{}_0190c5d2e5f27c3c8a4b0d6f1e2a3b4c", &pattern[1..4])
        }
        (_, Some(pattern)) if pattern != LINE && pattern != LINES && pattern != ANY => {
            let known = ["2026.1", "en", "ab", "dspt/10", "https://example.org", "GBP", "2027", "ab_0"];
            let regex = |text: &str| crate::characters::fits(pattern, text);
            known.into_iter().find(|text| regex(text)).unwrap_or_else(|| panic!("a text for {pattern}")).into()
        }
        _ => "x".repeat(usize::try_from(schema["minLength"].as_u64().unwrap_or(1).max(1)).expect("short")),
    }
}

/// Whether a text fits one of the few patterns of the document, without an engine for all.
fn fits(pattern: &str, text: &str) -> bool {
    let letters = |class: fn(&u8) -> bool| text.bytes().all(|byte| class(&byte));
    match pattern {
        _ if pattern.starts_with("^[0-9]{4}\\.") => text == "2026.1",
        _ if pattern.starts_with("^https?://") => text.starts_with("https"),
        _ if pattern.starts_with("^[A-Z]{3}") => letters(u8::is_ascii_uppercase),
        _ if pattern.contains('/') => text.contains('/'),
        _ if pattern.starts_with("^[0-9]{4}(") => text == "2027",
        _ if pattern == r"\S" => true,
        _ => text == "ab",
    }
}

/// Puts `text` at a place.
fn with(place: &Place, text: &str) -> Value {
    let mut body = place.body.clone();
    *body.pointer_mut(&place.pointer).expect("the place") = text.into();
    body
}

#[tokio::test]
async fn a_text_that_holds_what_it_must_not_is_one_fault_at_its_place_in_every_body() {
    let app = App::open_with(On::Sqlite, Config { limits: diligence::config::Limits::NONE, ..Config::default() }).await;
    let document = document();
    let schemas = document["components"]["schemas"].as_object().expect("schemas");
    let mut walk = Walk { schemas, unsaid: Vec::new() };
    let (mut tried, mut wrong) = (0, Vec::new());
    for operation in operations(&document) {
        let schema = &operation.value["requestBody"]["content"]["application/json"]["schema"];
        if schema.is_null() {
            continue;
        }
        let places = walk.places(schema, &mut Vec::new(), operation.id());
        if places.is_empty() {
            continue;
        }
        let target = target(&app, operation.id()).await;
        let who = target.owner.as_ref().unwrap_or(&app.admin);
        let tag =
            target.item.as_ref().filter(|item| item["version"].is_number()).map_or_else(|| "\"1\"".to_owned(), etag);
        for place in places {
            let spoilt = match place.form {
                Form::Line => &["a\nb", "a\u{202e}b", "a\u{1b}b"][..],
                Form::Lines => &["a\u{b}b", "a\u{85}b"],
                Form::Any => &["a\0b"],
            };
            for text in spoilt {
                let told = app
                    .send(
                        who,
                        method(&operation),
                        &target.path(&operation),
                        Some(&with(&place, text)),
                        &[("if-match", &tag)],
                    )
                    .await;
                tried += 1;
                let faults = if told.status == 422 { told.faults(422) } else { vec![told.text.clone()] };
                let of_texts: Vec<&String> = faults.iter().filter(|fault| fault.ends_with(" character")).collect();
                if of_texts != [&format!("{} character", place.pointer)] {
                    wrong.push(format!("{} {} {text:?}: {faults:?}", operation.id(), place.pointer));
                }
            }
            if place.form == Form::Lines {
                let told = app
                    .send(
                        who,
                        method(&operation),
                        &target.path(&operation),
                        Some(&with(&place, "a\n\tb\r\n long enough")),
                        &[("if-match", &tag)],
                    )
                    .await;
                if told.text.contains("\"character\"") {
                    wrong.push(format!("{} {}: lines are refused", operation.id(), place.pointer));
                }
            }
        }
    }
    assert!(walk.unsaid.is_empty(), "these say nothing of what they may hold: {:?}", walk.unsaid);
    assert!(wrong.is_empty(), "{} of {tried}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(tried > 300, "{tried}");
}

/// Puts a text into a row as it may have come there before texts were looked at.
pub(crate) async fn was_stored(app: &App, table: &str, item: &Value, column: &str, text: &str) {
    let database = Database::connect(&app.url).await.expect("it opens");
    let text = text.replace('\'', "''");
    database
        .execute_unprepared(&format!("UPDATE {table} SET {column} = '{text}' WHERE id = '{}'", id(item)))
        .await
        .expect("put in");
    database.close().await.expect("closed");
}

both! {
    async fn what_is_there_already_stays_and_lets_the_rest_be_changed(app: App) {
        let made = app.supplier("Harbour").await;
        was_stored(&app, "supplier", &made, "name", "Harbour\nCare").await;
        was_stored(&app, "supplier", &made, "notes", "a\u{b}b").await;
        let path = format!("/suppliers/{}", id(&made));
        let old = app.get(&app.viewer, &path).await.json(200);
        assert_eq!((text(&old, "name"), text(&old, "notes")), ("Harbour\nCare", "a\u{b}b"));
        let changed = app.patch(&app.editor, &path, &old, json!({ "legal_name": "Harbour Care Limited" })).await.json(200);
        assert_eq!((text(&changed, "name"), text(&changed, "legal_name")), ("Harbour\nCare", "Harbour Care Limited"));
        assert_eq!(app.patch(&app.editor, &path, &changed, json!({ "name": "Harbour\nHouse" })).await.faults(422), ["/name character"]);
        let mended = app.patch(&app.editor, &path, &changed, json!({ "name": "Harbour Care" })).await.json(200);
        assert_eq!(text(&mended, "name"), "Harbour Care");
        // People who are named in such a row can be erased all the same.
        was_stored(&app, "supplier", &made, "name", "Harbour\nCare").await;
        let named = app.patch(&app.editor, &path, &mended, json!({ "contacts": [{ "name": "Kim Lee", "email": "kim@example.org" }] })).await.json(200);
        app.post(&app.admin, "/people/erase", json!({ "email": "kim@example.org", "reason": "They asked." })).await.json(200);
        assert_ne!(app.get(&app.viewer, &path).await.json(200)["contacts"], named["contacts"]);
    }

    async fn cells_of_an_import_are_told_one_by_one(app: App) {
        let before = app.event_count().await;
        let file = "name,notes,relationship_owner\r\n\"Harbour\nCare\",\"two\nlines\",Sam\r\nTide,fine,\"S\u{202e}am\"\r\nQuay,\"a\u{7}b\",Sam\r\n";
        let headers = [("content-type", "text/csv")];
        let told = app.raw(&app.editor, Method::POST, "/suppliers/import", Some(file.as_bytes().to_vec()), &headers).await;
        assert_eq!(told.faults(422), ["/rows/0/name character", "/rows/1/relationship_owner character", "/rows/2/notes character"], "{}", told.text);
        assert!(told.text.contains("line 2, column \\\"name\\\": expected one line, without a line break"), "{}", told.text);
        assert_eq!(app.event_count().await, before);
        let good = "name,notes\r\nHarbour,\"two\nlines\"\r\n";
        app.raw(&app.editor, Method::POST, "/suppliers/import", Some(good.as_bytes().to_vec()), &headers).await.json(200);
        assert_eq!(text(&app.walk("/suppliers", 50).await[0], "notes"), "two\nlines");
    }

    async fn answers_take_lines_and_editions_take_one_where_they_are_read_in_one(app: App) {
        let open = assessment(&app, &app.supplier("Harbour").await, "open").await;
        let path = format!("/assessments/{}/answers", id(&open));
        for (answer, place) in [
            (json!({ "how": { "value": "a\u{7}b" } }), "/how/value"),
            (json!({ "locked": { "value": "yes", "comment": "a\u{1b}b" } }), "/locked/comment"),
        ] {
            assert_eq!(app.patch(&app.editor, &path, &open, answer).await.faults(422), [format!("{place} character")]);
        }
        app.patch(&app.editor, &path, &open, json!({ "how": { "value": "a\nb\tc", "comment": "d\r\ne" } })).await.json(200);
        for (place, spoilt) in [("/title", "a\nb"), ("/summary", "a\u{b}b"), ("/sections/0/title", "a\nb"), ("/sections/0/questions/0/options/0/label", "a\u{2028}b"), ("/sections/0/questions/1/text", "a\u{1}b")] {
            let mut document = edition("ours-2");
            *document.pointer_mut(place).expect("a place") = spoilt.into();
            assert_eq!(app.post(&app.editor, "/questionnaires", document).await.faults(422), [format!("{place} character")]);
        }
    }

    async fn a_page_says_it_beside_the_field_and_keeps_what_was_typed(app: App) {
        app.joins(&app.admin, "kim@example.org", "editor").await;
        let kim = app.signs_in("kim@example.org").await;
        let (cookie, csrf) = kim.session().expect("a session");
        let cookie = format!("__Host-diligence={cookie}");
        let send = async |path: &str, fields: &[(&str, &str)]| {
            let body: String = form_urlencoded::Serializer::new(String::new()).append_pair("csrf", csrf).extend_pairs(fields).finish();
            let mut answer = app.client.post(path).header("cookie", &cookie).header("content-type", "application/x-www-form-urlencoded").body(body).send().await.0;
            (answer.status().as_u16(), answer.take_body().into_string().await.expect("a page"))
        };
        let before = app.event_count().await;
        let (status, page) = send("/suppliers/new", &[("name", "Harbour\r\nCare"), ("notes", "two\r\nlines, kept")]).await;
        assert!(status == 422 && page.contains("without a line break") && page.contains("lines, kept"), "{status} {page}");
        let (status, page) = send("/suppliers/new", &[("name", "Harbour"), ("notes", "a\u{7}b")]).await;
        assert!(status == 422 && page.contains("without control characters such as U+0007"), "{status} {page}");
        assert_eq!(app.event_count().await, before);
        assert_eq!(send("/suppliers/new", &[("name", "Harbour"), ("notes", "two\r\nlines")]).await.0, 303);
    }
}

#[tokio::test]
async fn the_command_line_takes_no_such_name_either() {
    let (url, _folder) = crate::operations::empty().await;
    for arguments in [
        &[
            "key",
            "create",
            "--create-organisation",
            "--organisation",
            "Ours\nand yours",
            "--role",
            "admin",
            "--name",
            "Test",
        ][..],
        &[
            "key",
            "create",
            "--create-organisation",
            "--organisation",
            "Ours",
            "--role",
            "admin",
            "--name",
            "Te\u{202e}st",
        ],
    ] {
        let (code, out, said) = run(&[arguments, &["--database-url", &url]].concat());
        assert!(code == Some(6) && out.is_empty() && said.contains("/name"), "{code:?} {said}");
    }
}
