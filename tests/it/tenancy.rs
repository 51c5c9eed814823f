//! Two organisations in one database never see, touch or guess at each other's things.

use std::collections::{BTreeMap, BTreeSet};

use diligence_openapi::{OWN, Operation, PUBLIC, operations};
use serde_json::{Value, json};

use crate::{
    harness::{Answer, App, both, etag, id, text},
    roles::{assessment, document, edition, method, target},
};

/// Every list of the document that is not the library's.
fn lists(document: &Value) -> Vec<&str> {
    operations(document)
        .iter()
        .filter(|operation| {
            operation.id().starts_with("list_") && !operation.path.contains('{') && !OWN.contains(&operation.id())
        })
        .map(|operation| operation.path)
        .collect()
}

/// Every id in `text`: a word of three letters, an underscore and 32 hexadecimal digits.
pub(crate) fn ids(text: &str) -> Vec<&str> {
    let words = text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
    words.filter(|word| word.len() == 36 && word.as_bytes()[3] == b'_').collect()
}

/// One of everything, made by us; gives the ids of it all.
pub(crate) async fn filled(app: &App) -> Vec<String> {
    let document = document();
    for operation in operations(&document).iter().filter(|operation| operation.method != "get") {
        target(app, operation.id()).await;
    }
    assessment(app, &app.supplier("Harbour Care Systems").await, "approved").await;
    let mut ours: Vec<String> = Vec::new();
    for list in lists(&document) {
        let items = app.walk(list, 200).await;
        assert!(!items.is_empty(), "nothing of ours is on {list}");
        ours.extend(ids(&json!(items).to_string()).into_iter().map(str::to_owned));
    }
    // A trial of a provider is on no list.
    let trial = target(app, "read_sign_in_trial").await.item.expect("a trial");
    ours.push(id(&trial).to_owned());
    ours.sort();
    ours.dedup();
    ours
}

/// Everything of ours, as our lists show it.
async fn everything(app: &App) -> Vec<Vec<Value>> {
    let document = document();
    let mut all = Vec::new();
    for list in lists(&document) {
        all.push(app.walk(list, 200).await);
    }
    all
}

/// An id of the same kind that names nothing.
pub(crate) fn of_nothing(id: &str) -> String {
    id.chars()
        .map(|digit| {
            if digit == '7' {
                '8'
            } else if digit.is_ascii_digit() {
                '7'
            } else {
                digit
            }
        })
        .collect()
}

/// The places of `schema` that hold an id, as JSON pointers from `place`, each with the kinds of id it takes, e.g.
/// `sup`.
fn id_places(
    document: &Value,
    schema: &Value,
    place: &str,
    depth: usize,
    found: &mut BTreeMap<String, BTreeSet<String>>,
) {
    if depth > 12 {
        return;
    }
    if let Some(name) = schema["$ref"].as_str() {
        return id_places(
            document,
            document.pointer(name.trim_start_matches('#')).expect("a schema"),
            place,
            depth + 1,
            found,
        );
    }
    if let Some(kinds) =
        schema["pattern"].as_str().and_then(|pattern| pattern.strip_prefix('^')?.strip_suffix("_[0-9a-f]{32}$"))
    {
        found.entry(place.to_owned()).or_default().extend(kinds.trim_matches(['(', ')']).split('|').map(str::to_owned));
    }
    for part in ["allOf", "oneOf", "anyOf"].iter().flat_map(|name| schema[*name].as_array().into_iter().flatten()) {
        id_places(document, part, place, depth + 1, found);
    }
    for (name, part) in schema["properties"].as_object().into_iter().flatten() {
        id_places(document, part, &format!("{place}/{name}"), depth + 1, found);
    }
    if schema["items"].is_object() {
        id_places(document, &schema["items"], &format!("{place}/0"), depth + 1, found);
    }
}

/// Every place of an operation that takes an id, its path apart: `?name` in the query, a pointer in the body.
fn places(document: &Value, operation: &Operation<'_>) -> BTreeMap<String, BTreeSet<String>> {
    let mut found = BTreeMap::new();
    for parameter in
        operation.value["parameters"].as_array().into_iter().flatten().filter(|parameter| parameter["in"] == "query")
    {
        id_places(document, &parameter["schema"], &format!("?{}", text(parameter, "name")), 0, &mut found);
    }
    for (_, media) in operation.value["requestBody"]["content"].as_object().into_iter().flatten() {
        id_places(document, &media["schema"], "", 0, &mut found);
    }
    found
}

/// Puts `value` at the pointer `place`, where need be beside what is there.
fn put(body: &mut Value, place: &str, value: &str) {
    let at = place.split('/').skip(1).fold(body, |at, part| match part.parse::<usize>() {
        Ok(index) => {
            if !at.is_array() {
                *at = json!([]);
            }
            let list = at.as_array_mut().expect("a list");
            while list.len() <= index {
                list.push(json!({}));
            }
            &mut list[index]
        }
        Err(_) => {
            if !at.is_object() {
                *at = json!({});
            }
            at.as_object_mut().expect("an object").entry(part).or_insert(Value::Null)
        }
    });
    *at = json!(value);
}

both! {
    async fn our_ids_in_every_place_of_a_neighbours_requests_are_like_ids_of_nothing(app: App) {
        let all: BTreeSet<String> = filled(&app).await.into_iter().collect();
        let ours: BTreeMap<&str, &String> = all.iter().map(|id| (&id[..3], id)).collect();
        let theirs = app.next_door();
        let before = everything(&app).await;
        let document = document();
        let mut count = 0;
        for operation in operations(&document) {
            let places = places(&document, &operation);
            // How to sign in to an organisation is for everyone who has its address; `single_sign_on` says what that
            // shows.
            if places.is_empty() || operation.id() == "read_sign_in_options" {
                continue;
            }
            // Something of theirs that would go well, but for the one id that is ours.
            let own = target(&theirs, operation.id()).await;
            for (place, kind) in places.iter().flat_map(|(place, kinds)| kinds.iter().map(move |kind| (place, kind))) {
                let known = ours.get(kind.as_str()).copied().unwrap_or_else(|| panic!("{}: nothing of ours is a {kind}", operation.id()));
                let send = async |id: &str| {
                    let answer = if place.starts_with('?') {
                        theirs.get(&theirs.admin, &format!("{}{place}={id}", own.path(&operation))).await
                    } else {
                        let mut body = own.body.clone().expect("a body");
                        put(&mut body, place, id);
                        let tag = own.item.as_ref().filter(|item| item["version"].is_number()).map(etag);
                        let headers: Vec<(&str, &str)> = tag.iter().map(|tag| ("if-match", tag.as_str())).collect();
                        theirs.send(&theirs.admin, method(&operation), &own.path(&operation), Some(&body), &headers).await
                    };
                    let said = |answer: &Answer| (answer.status, answer.text.replace(id, "…"));
                    (said(&answer), answer)
                };
                let (told, answer) = send(known).await;
                assert_eq!(told, send(&of_nothing(known)).await.0, "{} {place} {kind}", operation.id());
                assert!(place.starts_with('?') || answer.status.is_client_error(), "{} {place} {kind}: {}", operation.id(), answer.text);
                for found in ids(&answer.text) {
                    assert!(found == known || !all.contains(found), "{} {place} shows a neighbour {found}: {}", operation.id(), answer.text);
                }
                count += 1;
            }
        }
        assert!(count > 40, "{count}");
        assert_eq!(everything(&app).await, before);
    }

    async fn a_neighbours_item_is_answered_byte_for_byte_like_one_that_is_not_there(app: App) {
        let document = document();
        // The published lists are there for everyone, each with what it says of their own suppliers.
        let is_item = |path: &str| path.contains('{') && !path.contains("{list}");
        for operation in operations(&document).iter().filter(|operation| is_item(operation.path) && !OWN.contains(&operation.id())) {
            let ours = target(&app, operation.id()).await;
            let before = everything(&app).await;
            let told = ours.send(&app, &app.neighbour, operation).await;
            assert_eq!(told.faults(404), Vec::<String>::new(), "{}", operation.id());
            let mut absent = target(&app, operation.id()).await;
            let item = absent.item.as_mut().expect("an item");
            for name in ["id", "key"] {
                if let Some(known) = item[name].as_str() {
                    item[name] = json!(of_nothing(known));
                }
            }
            let nothing = absent.send(&app, &app.neighbour, operation).await;
            let seen = |answer: &crate::harness::Answer| {
                let mut headers = answer.headers.clone();
                headers.remove("x-request-id");
                (answer.status, headers, answer.text.clone())
            };
            assert_eq!(seen(&told), seen(&nothing), "{}", operation.id());
            let mut after = everything(&app).await;
            // Only what the second target added may be new.
            for (before, after) in before.iter().zip(&mut after) {
                after.retain(|item| before.contains(item));
                assert_eq!(before.len(), after.len(), "{} by a neighbour changed {before:?}", operation.id());
            }
        }
    }

    async fn a_neighbours_lists_have_nothing_of_ours(app: App) {
        let ours = filled(&app).await;
        assert!(ours.len() > 100);
        let document = document();
        for operation in operations(&document).iter().filter(|operation| operation.method == "get" && !operation.path.contains('{') && !OWN.contains(&operation.id()) && !PUBLIC.contains(&operation.id())) {
            let answer = app.get(&app.neighbour, operation.path).await;
            assert_eq!(answer.status, 200, "{}", operation.id());
            for found in ids(&answer.text) {
                assert!(!ours.iter().any(|id| id == found), "{} shows a neighbour {found}: {}", operation.id(), answer.text);
            }
            for name in ["Harbour", "Meadow View", "own-"] {
                assert!(!answer.text.contains(name), "{} shows a neighbour {name}: {}", operation.id(), answer.text);
            }
        }
    }

    async fn our_ids_filter_a_neighbours_lists_like_ids_of_nothing(app: App) {
        let ours = assessment(&app, &app.product(&app.supplier("Harbour").await, "Rota").await, "approved").await;
        let (subject, supplier) = (text(&ours, "subject_id"), text(&ours, "supplier_id"));
        for path in ["/risks", "/due", "/reviews", "/assessments", "/decisions", "/evidence", "/dependencies", "/incidents"] {
            let told = app.get(&app.neighbour, &format!("{path}?subject_id={subject}")).await.json(200);
            assert_eq!(told, json!({ "items": [], "next": null }), "{path}");
        }
        for path in ["/register", "/products", "/risks"] {
            assert_eq!(app.get(&app.neighbour, &format!("{path}?supplier_id={supplier}")).await.json(200)["items"], json!([]), "{path}");
        }
        assert_eq!(app.get(&app.neighbour, &format!("/audit-events?item_id={}", id(&ours))).await.json(200)["items"], json!([]));
    }

    async fn a_cursor_of_ours_shows_a_neighbour_nothing_of_ours(app: App) {
        for name in ["Avon", "Bourne", "Cam"] {
            app.supplier(name).await;
        }
        let cursor = app.get(&app.viewer, "/suppliers?limit=1").await.json(200)["next"].clone();
        let told = app.get(&app.neighbour, &format!("/suppliers?limit=1&cursor={}", cursor.as_str().expect("a cursor"))).await.json(200);
        assert_eq!(told, json!({ "items": [], "next": null }));
    }

    async fn our_ids_in_a_neighbours_bodies_name_nothing(app: App) {
        let ours = app.supplier("Harbour").await;
        let theirs = app.post(&app.neighbour, "/suppliers", json!({ "name": "Ferry" })).await.json(201);
        let our_product = app.product(&ours, "Rota").await;
        let our_assessment = assessment(&app, &ours, "open").await;
        let our_evidence = app.post(&app.editor, "/evidence", json!({ "subject_id": id(&ours), "kind": "insurance" })).await.json(201);
        let before = everything(&app).await;

        for subject in [id(&ours), id(&our_product)] {
            let bodies = [
                ("/dependencies", json!({ "subject_id": subject, "rests_on_id": id(&theirs), "kind": "host" }), "/subject_id unknown_id"),
                ("/dependencies", json!({ "subject_id": id(&theirs), "rests_on_id": subject, "kind": "host" }), "/rests_on_id unknown_id"),
                ("/evidence", json!({ "subject_id": subject, "kind": "insurance" }), "/subject_id unknown_id"),
                ("/assessments", json!({ "subject_id": subject, "questionnaire": "supplier-security" }), "/subject_id unknown_id"),
                ("/risks", json!({ "subject_id": subject, "title": "It stops", "likelihood": 1, "impact": 1 }), "/subject_id unknown_id"),
                ("/incidents", json!({ "subject_id": subject, "title": "It stopped", "severity": "low", "occurred_on": "2027-02-01" }), "/subject_id unknown_id"),
            ];
            for (path, body, fault) in bodies {
                assert_eq!(app.post(&app.neighbour, path, body.clone()).await.faults(422), [fault], "{path} {body}");
            }
        }
        let product = json!({ "supplier_id": id(&ours), "name": "Rota", "kind": "software" });
        assert_eq!(app.post(&app.neighbour, "/products", product).await.faults(422), ["/supplier_id unknown_id"]);
        let start = json!({ "subject_id": id(&theirs), "questionnaire": our_assessment["questionnaire"] });
        assert_eq!(app.post(&app.neighbour, "/assessments", start).await.faults(422), ["/questionnaire unknown"]);

        let assessment = app.post(&app.neighbour, "/assessments", json!({ "subject_id": id(&theirs), "questionnaire": "supplier-security" })).await.json(201);
        let answers = json!({ "incident_plan": { "value": "yes", "evidence_ids": [id(&our_evidence)] } });
        let told = app.patch(&app.neighbour, &format!("/assessments/{}/answers", id(&assessment)), &assessment, answers).await;
        assert_eq!(told.faults(422), ["/incident_plan/evidence_ids/0 unknown_id"]);

        for (path, body) in [("/evidence", json!({ "subject_id": id(&theirs), "kind": "insurance" })), ("/risks", json!({ "subject_id": id(&theirs), "title": "It stops", "likelihood": 1, "impact": 1 }))] {
            let item = app.post(&app.neighbour, path, body).await.json(201);
            let told = app.patch(&app.neighbour, &format!("{path}/{}", id(&item)), &item, json!({ "subject_id": id(&ours) })).await;
            assert_ne!(told.status, 200, "{path}: {}", told.text);
            assert!(told.faults(422).iter().all(|fault| fault.starts_with("/subject_id")), "{}", told.text);
        }
        let item = app.post(&app.neighbour, "/products", json!({ "supplier_id": id(&theirs), "name": "Ticket", "kind": "software" })).await.json(201);
        app.patch(&app.neighbour, &format!("/products/{}", id(&item)), &item, json!({ "supplier_id": id(&ours) })).await.faults(422);
        for (path, row) in [("/suppliers", json!({ "id": id(&ours), "name": "Ferry" })), ("/products", json!({ "id": id(&our_product), "supplier_id": id(&theirs), "name": "Rota", "kind": "software" })), ("/products", json!({ "supplier_id": id(&ours), "name": "Rota", "kind": "software" }))] {
            let told = app.post(&app.neighbour, &format!("{path}/import"), json!({ "rows": [row] })).await;
            assert!(told.faults(422).iter().all(|fault| fault.ends_with(" unknown_id")), "{path}: {}", told.text);
        }
        assert_eq!(everything(&app).await, before);
    }

    async fn what_must_be_unlike_any_other_must_be_so_in_one_organisation_only(app: App) {
        let body = json!({ "name": "Harbour", "identifiers": [{ "scheme": "GB-COH", "id": "04142000" }] });
        let edition = edition("the-same");
        for who in [&app.editor, &app.neighbour] {
            app.post(who, "/suppliers", body.clone()).await.json(201);
            app.post(who, "/questionnaires", edition.clone()).await.json(201);
            app.post(who, "/suppliers", body.clone()).await.faults(409);
            app.post(who, "/questionnaires", edition.clone()).await.faults(409);
        }
    }

    async fn each_organisation_has_its_own_name_and_policy(app: App) {
        let ours = app.get(&app.admin, "/policy").await.json(200);
        let theirs = app.get(&app.neighbour, "/policy").await.json(200);
        app.patch(&app.neighbour, "/policy", &theirs, json!({ "cadence_months": { "low": 48 } })).await.json(200);
        assert_eq!(app.get(&app.admin, "/policy").await.json(200), ours);
        let theirs = app.get(&app.neighbour, "/organisation").await.json(200);
        let told = app.patch(&app.neighbour, "/organisation", &theirs, json!({ "name": "Meadow View Care" })).await;
        assert_eq!(told.status, 409, "{}", told.text);
        app.patch(&app.neighbour, "/organisation", &theirs, json!({ "name": "Riverside" })).await.json(200);
        assert_eq!(text(&app.get(&app.viewer, "/organisation").await.json(200), "name"), "Meadow View Care");
    }

    async fn a_neighbours_version_does_not_open_our_item(app: App) {
        let supplier = app.supplier("Harbour").await;
        let document = document();
        for operation in operations(&document).iter().filter(|operation| operation.path == "/suppliers/{id}" && operation.method != "get") {
            for tag in [etag(&supplier), "\"99\"".to_owned(), "*".to_owned()] {
                let told = app.send(&app.neighbour, method(operation), &format!("/suppliers/{}", id(&supplier)), Some(&json!({})), &[("if-match", &tag)]).await;
                assert!([404, 428].contains(&told.status.as_u16()), "{tag}: {}", told.text);
            }
        }
        assert_eq!(app.get(&app.viewer, &format!("/suppliers/{}", id(&supplier))).await.json(200), supplier);
    }
}
