//! What is wrong with a request is said exactly, all at once, and changes nothing.

use diligence_openapi::operations;
use poem::http::Method;
use proptest::{
    prelude::*,
    strategy::ValueTree as _,
    test_runner::{Config, RngSeed, TestRunner},
};
use serde_json::{Map, Value, json};

use crate::{
    harness::{Answer, App, both, etag, id},
    roles::{Target, document, edition, kinds, method, target},
};

/// Sends bytes to make a supplier.
async fn supplier(app: &App, body: impl AsRef<[u8]>) -> Answer {
    app.raw(
        &app.editor,
        Method::POST,
        "/suppliers",
        Some(body.as_ref().to_vec()),
        &[("content-type", "application/json")],
    )
    .await
}

/// The faults of a supplier with these fields besides its name.
async fn faults(app: &App, fields: Value) -> Vec<String> {
    let mut body = json!({ "name": "Harbour" });
    body.as_object_mut().expect("an object").extend(fields.as_object().expect("an object").clone());
    app.post(&app.editor, "/suppliers", body).await.faults(422)
}

/// The details of a problem's errors.
fn details(answer: &Answer) -> Vec<String> {
    answer.json(answer.status.as_u16())["errors"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|error| error["detail"].as_str().expect("text").to_owned())
        .collect()
}

both! {
    async fn what_is_no_json_is_told_with_its_place(app: App) {
        let before = app.event_count().await;
        let deep = format!("{{\"name\": {}", "[".repeat(100_000));
        for (body, code) in [
            (&b"{\"name\": \"Harbour\""[..], "json"),
            (b"{\"name\": \"Harbour\"} x", "json"),
            (b"{\"name\": \"Harbour\",}", "json"),
            (b"{'name': 'Harbour'}", "json"),
            (b"", "json"),
            (b"  \n ", "json"),
            (b"\xff\xfe{", "json"),
            (b"{\"name\": \"Harb\xe9ur\"}", "json"),
            (b"{\"name\": \"\\ud800\"}", "json"),
            (b"{\"name\": NaN}", "json"),
            (b"{\"name\": 1e999}", "json"),
            (deep.as_bytes(), "json"),
            (b"{\"name\": \"a\", \"name\": \"b\"}", "duplicate_field"),
            (b"{\"name\": \"a\", \"contacts\": [{\"name\": \"b\", \"name\": \"c\"}]}", "duplicate_field"),
        ] {
            let told = supplier(&app, body).await;
            assert_eq!(told.faults(400), [code], "{}", String::from_utf8_lossy(body));
        }
        assert_eq!(details(&supplier(&app, b"{\n  \"name\": \"a\",\n}").await), ["line 3, column 1: trailing comma"]);
        assert_eq!(app.event_count().await, before);
    }

    async fn a_field_we_do_not_know_is_refused_with_the_nearest_we_do(app: App) {
        let told = app.post(&app.editor, "/suppliers", json!({ "name": "Harbour", "webiste": "https://example.org", "zzz": 1, "contacts": [{ "name": "Jo", "emial": "jo@example.org" }] })).await;
        assert_eq!(told.faults(422), ["/webiste unknown_field", "/zzz unknown_field", "/contacts/0/emial unknown_field"]);
        assert_eq!(details(&told), ["there is no field `webiste` here; did you mean `website`?", "there is no field `zzz` here", "there is no field `emial` here; did you mean `email`?"]);
        let item = app.supplier("Harbour").await;
        let path = format!("/suppliers/{}", id(&item));
        assert_eq!(app.patch(&app.editor, &path, &item, json!({ "nmae": "Haven" })).await.faults(422), ["/nmae unknown_field"]);
        // What we say of an item is not to be said to us.
        assert_eq!(app.patch(&app.editor, &path, &item, json!({ "tier": "low", "version": 9, "id": "sup_1" })).await.faults(422), ["/tier unknown_field", "/version unknown_field", "/id unknown_field"]);
        assert_eq!(app.get(&app.viewer, &path).await.json(200), item);
    }

    async fn everything_that_is_wrong_is_told_at_once(app: App) {
        let before = app.event_count().await;
        let body = json!({
            "name": "", "legal_name": 5, "website": "example", "country": "Wales", "status": "actve", "contacts": [{ "email": "jo@" }, 3],
            "contracts": [{ "starts_on": "2027-02-30" }],
        });
        let mut told = app.post(&app.editor, "/suppliers", body).await.faults(422);
        told.sort();
        assert_eq!(told, [
            "/contacts/0/email email",
            "/contacts/0/name missing",
            "/contacts/1 type",
            "/contracts/0/reference missing",
            "/contracts/0/starts_on date",
            "/legal_name type",
            "/name length",
            "/status choice",
        ]);
        // What no field can say on its own is told once each is right.
        let mut told = faults(&app, json!({ "identifiers": [{ "scheme": "GB-COH", "id": "12A" }], "data_locations": ["GB", "Mars"], "tier_override": "low" })).await;
        told.sort();
        assert_eq!(told, ["/data_locations/1 country", "/identifiers/0/id identifier", "/tier_override_reason required"]);
        assert_eq!(app.event_count().await, before);
    }

    async fn each_type_of_value_is_taken_where_it_belongs_only(app: App) {
        let before = app.event_count().await;
        let wrong = [json!(null), json!(true), json!(1), json!(1.5), json!([]), json!({})];
        for value in wrong {
            assert_eq!(faults(&app, json!({ "name": value })).await, ["/name type"], "{value}");
        }
        for value in [json!(null), json!("x"), json!(1), json!({})] {
            assert_eq!(faults(&app, json!({ "contacts": value })).await, ["/contacts type"], "{value}");
        }
        for body in ["null", "[]", "\"Harbour\"", "1", "true"] {
            assert_eq!(supplier(&app, body).await.faults(422), [" type".trim()], "{body}");
        }
        let risk = |likelihood: Value| json!({ "subject_id": "sup_0190c5d2e5f27c3c8a4b0d6f1e2a3b4c", "title": "It stops", "likelihood": likelihood, "impact": 1 });
        for (value, code) in [(json!("3"), "type"), (json!(3.0), "type"), (json!(0), "range"), (json!(6), "range"), (json!(-1), "range"), (json!(i64::MAX), "range"), (json!(u64::MAX), "range"), (json!(1e300), "type")] {
            assert_eq!(app.post(&app.editor, "/risks", risk(value.clone())).await.faults(422), [format!("/likelihood {code}")], "{value}");
        }
        let huge = "{\"subject_id\": \"sup_0190c5d2e5f27c3c8a4b0d6f1e2a3b4c\", \"title\": \"x\", \"impact\": 1, \"likelihood\": 99999999999999999999999999}";
        let told = app.raw(&app.editor, Method::POST, "/risks", Some(huge.into()), &[("content-type", "application/json")]).await;
        assert_eq!(told.faults(422), ["/likelihood type"]);
        assert_eq!(app.event_count().await, before);
    }

    async fn text_and_lists_have_an_end(app: App) {
        // Characters are counted, not bytes.
        app.post(&app.editor, "/suppliers", json!({ "name": "é".repeat(300) })).await.json(201);
        let before = app.event_count().await;
        assert_eq!(faults(&app, json!({ "name": "é".repeat(301) })).await, ["/name length"]);
        assert_eq!(faults(&app, json!({ "name": "" })).await, ["/name length"]);
        let contacts: Vec<Value> = (0..51).map(|number| json!({ "name": format!("Person {number}") })).collect();
        assert_eq!(faults(&app, json!({ "contacts": contacts })).await, ["/contacts length"]);
        let identifiers: Vec<Value> = (0..21).map(|number| json!({ "scheme": "GB-COH", "id": format!("{:08}", number + 1) })).collect();
        assert_eq!(faults(&app, json!({ "identifiers": identifiers })).await, ["/identifiers length"]);
        assert_eq!(app.event_count().await, before);
    }

    async fn nonsense_without_end_gets_an_answer_with_one(app: App) {
        let contacts: Vec<Value> = (0..20_000).map(Value::from).collect();
        let told = app.post(&app.editor, "/suppliers", json!({ "name": "Harbour", "contacts": contacts })).await;
        assert_eq!(told.faults(422).len(), 100);
        let fields: Map<String, Value> = (0..20_000).map(|number| (format!("field{number}"), Value::Null)).collect();
        assert_eq!(app.post(&app.editor, "/suppliers", fields.into()).await.faults(422).len(), 100);
        let long = json!({ "name": "Harbour", "x".repeat(500_000): 1 });
        assert!(app.post(&app.editor, "/suppliers", long).await.text.len() < 1000);
    }

    async fn text_that_no_database_keeps_alike_is_refused(app: App) {
        let before = app.event_count().await;
        assert_eq!(faults(&app, json!({ "name": "a\0b" })).await, ["/name character"]);
        assert_eq!(faults(&app, json!({ "notes": "\0" })).await, ["/notes character"]);
        assert_eq!(faults(&app, json!({ "contacts": [{ "name": "a\0" }] })).await, ["/contacts/0/name character"]);
        assert_eq!(app.event_count().await, before);
        let item = app.supplier("Harbour").await;
        let told = app.patch(&app.editor, &format!("/suppliers/{}", id(&item)), &item, json!({ "notes": "a\0" })).await;
        assert_eq!(told.faults(422), ["/notes character"]);
        // Everything else comes back as it went in.
        let odd = "\u{feff}\u{202e}𝔘\u{e000}\u{10ffff} ' \" \\ ; -- % _ \r\n\t";
        let made = app.post(&app.editor, "/suppliers", json!({ "name": "Odd", "notes": odd })).await.json(201);
        assert_eq!(app.get(&app.viewer, &format!("/suppliers/{}", id(&made))).await.json(200)["notes"], json!(odd));
    }

    async fn a_date_that_does_not_exist_is_refused(app: App) {
        let item = app.supplier("Harbour").await;
        let before = app.event_count().await;
        for day in ["2027-02-30", "2027-02-29", "2027-13-01", "2027-00-10", "2027-01-00", "0000-01-01", "1899-12-31", "3000-01-01", "9999999", "9999999-01-01", "2027-1-2", "27-01-02", "2027-01-02T00:00:00Z", "02/01/2027", "today", "", " 2027-01-2", "+2027-1-02"] {
            let told = app.post(&app.editor, "/incidents", json!({ "subject_id": id(&item), "title": "x", "severity": "low", "occurred_on": day })).await;
            assert_eq!(told.faults(422), ["/occurred_on date"], "{day}");
            assert_eq!(app.get(&app.viewer, &format!("/reviews?due_before={}", day.replace('+', "%2B").replace(' ', "+"))).await.faults(422), ["?due_before date"], "{day}");
        }
        for time in ["2027-02-30T00:00:00Z", "2027-01-01T25:00:00Z", "2027-01-01", "2027-01-01T00:00:00", "999999999"] {
            assert_eq!(app.get(&app.viewer, &format!("/suppliers?updated_since={time}")).await.faults(422), ["?updated_since time"], "{time}");
        }
        assert_eq!(app.event_count().await, before);
        app.post(&app.editor, "/incidents", json!({ "subject_id": id(&item), "title": "x", "severity": "low", "occurred_on": "2024-02-29" })).await.json(201);
    }

    async fn an_identifier_that_cannot_be_is_refused(app: App) {
        let before = app.event_count().await;
        for (scheme, wrong) in [
            ("GB-COH", "12345678901"),
            ("GB-COH", "ABC"),
            ("GB-PPON", "PAAA-1234-BCDC"),
            ("GB-NHS", "TOOLONGCODE"),
            ("GB-NHS", "8K-417"),
            ("GB-CHC", "12"),
            ("LEI", "5493001KJTIIGC8Y1R13"),
            ("GB-VAT", "GB434031135"),
        ] {
            assert_eq!(faults(&app, json!({ "identifiers": [{ "scheme": scheme, "id": wrong }] })).await, ["/identifiers/0/id identifier"], "{scheme} {wrong}");
        }
        assert_eq!(faults(&app, json!({ "identifiers": [{ "scheme": "GB-COM", "id": "04142000" }] })).await, ["/identifiers/0/scheme choice"]);
        let twice = json!({ "identifiers": [{ "scheme": "GB-COH", "id": "4142000" }, { "scheme": "GB-COH", "id": "04142000" }] });
        assert_eq!(faults(&app, twice).await, ["/identifiers/1 duplicate"]);
        assert_eq!(app.event_count().await, before);
    }

    async fn an_id_that_names_nothing_is_told_apart_in_the_body_and_in_the_path(app: App) {
        let before = app.event_count().await;
        let product = |supplier: &str| json!({ "supplier_id": supplier, "name": "Rota", "kind": "software" });
        for wrong in ["sup_1", "prd_0190c5d2e5f27c3c8a4b0d6f1e2a3b4c", "SUP_0190c5d2e5f27c3c8a4b0d6f1e2a3b4c", "sup_0190C5D2E5F27C3C8A4B0D6F1E2A3B4C", "", "' OR 1=1 --"] {
            assert_eq!(app.post(&app.editor, "/products", product(wrong)).await.faults(422), ["/supplier_id format"], "{wrong}");
        }
        assert_eq!(app.post(&app.editor, "/products", product("sup_0190c5d2e5f27c3c8a4b0d6f1e2a3b4c")).await.faults(422), ["/supplier_id unknown_id"]);
        for wrong in ["sup_1", "prd_0190c5d2e5f27c3c8a4b0d6f1e2a3b4c", "SUP_0190c5d2e5f27c3c8a4b0d6f1e2a3b4c", "%00", "%ff", "%27%20OR%201=1", "..%2f..", "é", "sup_0190c5d2e5f27c3c8a4b0d6f1e2a3b4c"] {
            app.get(&app.viewer, &format!("/suppliers/{}", wrong.replace('é', "%C3%A9"))).await.faults(404);
        }
        app.get(&app.viewer, "/questionnaires/%00/editions/%ff").await.faults(404);
        app.get(&app.viewer, &format!("/questionnaires/{}/editions/1", "x".repeat(3000))).await.faults(404);
        assert_eq!(app.event_count().await, before);
    }

    async fn a_change_names_the_version_it_was_made_on(app: App) {
        let item = app.supplier("Harbour").await;
        let path = format!("/suppliers/{}", id(&item));
        let before = app.event_count().await;
        for (method, path, body) in [(Method::PATCH, path.clone(), Some(json!({ "notes": "x" }))), (Method::DELETE, path.clone(), None), (Method::POST, format!("{path}/archive"), None)] {
            for (tag, status) in [(None, 428), (Some(""), 428), (Some("*"), 428), (Some("\"2\""), 412), (Some("\"0\""), 412), (Some("1"), 412), (Some("W/\"2\""), 412), (Some("\"2-gzip\""), 412), (Some("\"1-2\""), 412), (Some("\"1\", \"2\""), 412), (Some("\"9223372036854775808\""), 412)] {
                let headers: Vec<(&str, &str)> = tag.iter().map(|tag| ("if-match", *tag)).collect();
                let told = app.send(&app.editor, method.clone(), &path, body.as_ref(), &headers).await;
                assert_eq!(told.faults(status), Vec::<String>::new(), "{method} {tag:?}");
            }
        }
        assert_eq!((app.event_count().await, app.get(&app.viewer, &path).await.json(200)), (before, item));
    }

    async fn a_parameter_we_do_not_know_is_refused_with_the_nearest_we_do(app: App) {
        let (document, member) = (document(), app.member("admin").await);
        for operation in operations(&document) {
            let nothing = "0".repeat(32);
            let path: Vec<&str> = operation.path.split('/').map(|part| if part.starts_with('{') { nothing.as_str() } else { part }).collect();
            let who = if diligence_openapi::OWN.contains(&operation.id()) { &member } else { &app.admin };
            let told = app.send(who, method(&operation), &format!("{}?nonsense=1", path.join("/")), None, &[]).await;
            assert_eq!(told.status, 422, "{} {}", operation.id(), told.text);
            assert_eq!(told.faults(422), ["?nonsense unknown_parameter"]);
        }
        let told = app.get(&app.viewer, "/suppliers?limt=3&sort=nmae&q=a&q=b&limit=0&cursor=zz").await;
        assert_eq!(told.faults(422), ["?limt unknown_parameter", "?q duplicate", "?sort choice", "?limit range"]);
        assert_eq!(details(&told)[0], "there is no parameter `limt` here; did you mean `limit`?");
    }

    async fn a_parameter_that_cannot_be_is_refused(app: App) {
        for (query, fault) in [
            ("limit=201", "?limit range"),
            ("limit=-1", "?limit range"),
            ("limit=many", "?limit type"),
            ("limit=", "?limit type"),
            ("limit=99999999999999999999", "?limit type"),
            ("cursor=zz", "?cursor cursor"),
            ("cursor=00ff", "?cursor cursor"),
            ("cursor=5b302c66616c73652c6e756c6c2c22225d", "?cursor cursor"),
            ("q=%00", "?q character"),
            ("q=%ff", "?q encoding"),
            ("q=%4", "?q encoding"),
            ("tier=huge", "?tier choice"),
            ("sort=name,tier", "?sort choice"),
        ] {
            assert_eq!(app.get(&app.viewer, &format!("/suppliers?{query}")).await.faults(422), [fault], "{query}");
        }
        for (query, fault) in [("supplier_id=x", "?supplier_id format"), ("overdue=yes", "?overdue type"), ("subject_id=evd_0190c5d2e5f27c3c8a4b0d6f1e2a3b4c", "?subject_id format")] {
            assert_eq!(app.get(&app.viewer, &format!("/reviews?{query}")).await.faults(422), [fault], "{query}");
        }
    }

    async fn a_cursor_of_another_list_or_order_is_refused(app: App) {
        for name in ["Avon", "Bourne"] {
            app.product(&app.supplier(name).await, name).await;
        }
        let page = app.get(&app.viewer, "/suppliers?limit=1&sort=name").await.json(200);
        let cursor = page["next"].as_str().expect("a cursor");
        for query in [format!("/suppliers?sort=-name&cursor={cursor}"), format!("/suppliers?sort=created_at&cursor={cursor}")] {
            assert_eq!(app.get(&app.viewer, &query).await.faults(422), ["?cursor cursor"], "{query}");
        }
        for path in ["/products?sort=name", "/register", "/risks", "/audit-events", "/questionnaires"] {
            let told = app.get(&app.admin, &format!("{path}{}cursor={cursor}", if path.contains('?') { '&' } else { '?' })).await;
            assert!([200, 422].contains(&told.status.as_u16()), "{path}: {}", told.text);
        }
    }

    async fn a_body_is_of_a_type_we_read(app: App) {
        let before = app.event_count().await;
        let body = b"{\"name\": \"Harbour\"}".to_vec();
        for kind in ["text/plain", "application/xml", "application/x-www-form-urlencoded", "application/json; charset=utf-16", "application/jsonx", "application/merge-patch+json", "", "json"] {
            let told = app.raw(&app.editor, Method::POST, "/suppliers", Some(body.clone()), &[("content-type", kind)]).await;
            assert_eq!(told.faults(415), Vec::<String>::new(), "{kind}");
        }
        app.raw(&app.editor, Method::POST, "/suppliers", Some(body.clone()), &[]).await.faults(415);
        assert_eq!(app.event_count().await, before);
        for kind in ["application/json", "Application/JSON; charset=UTF-8", "application/json;charset=\"utf-8\""] {
            app.raw(&app.editor, Method::POST, "/suppliers", Some(body.clone()), &[("content-type", kind)]).await.json(201);
        }
    }

    async fn a_body_has_an_end(app: App) {
        let before = app.event_count().await;
        let body = |size: usize| format!("{{\"name\": \"{}\"}}", "x".repeat(size - 12)).into_bytes();
        let send = async |size: usize, headers: &[(&str, &str)]| app.raw(&app.editor, Method::POST, "/suppliers", Some(body(size)), &[&[("content-type", "application/json")], headers].concat()).await;
        assert_eq!(send(1 << 20, &[]).await.faults(422), ["/name length"]);
        assert_eq!(send((1 << 20) + 1, &[]).await.faults(413), Vec::<String>::new());
        assert_eq!(send((1 << 20) + 1, &[("idempotency-key", "a")]).await.faults(413), Vec::<String>::new());
        // What is announced is believed before it is read.
        assert_eq!(send(100, &[("content-length", "99999999999")]).await.faults(413), Vec::<String>::new());
        assert_eq!(app.event_count().await, before);
    }

    async fn an_address_or_a_method_we_do_not_have_is_a_problem_too(app: App) {
        for path in ["/api/v1/boats", "/api/v1", "/api/v2/suppliers", "/", "/favicon.ico", "/api/v1/suppliers/", "/api/v1//suppliers", "/api/v1/suppliers/x/y/z", "/api/v1/Suppliers", "/health", "/docs/none"] {
            assert_eq!(app.get(&app.admin, path).await.faults(404), Vec::<String>::new(), "{path}");
        }
        for (method, path, allowed) in [
            (Method::PUT, "/suppliers", "GET, HEAD, POST"),
            (Method::DELETE, "/suppliers", "GET, HEAD, POST"),
            (Method::PUT, "/suppliers/sup_0190c5d2e5f27c3c8a4b0d6f1e2a3b4c", "DELETE, GET, HEAD, PATCH"),
            (Method::GET, "/suppliers/sup_0190c5d2e5f27c3c8a4b0d6f1e2a3b4c/archive", "POST"),
            (Method::TRACE, "/register/summary", "GET, HEAD"),
            (Method::POST, "/health/live", "GET, HEAD"),
            (Method::POST, "/openapi.json", "GET, HEAD"),
            (Method::OPTIONS, "/suppliers", "GET, HEAD, POST"),
        ] {
            let told = app.send(&app.admin, method.clone(), path, None, &[]).await;
            assert_eq!((told.faults(405), told.header("allow")), (Vec::new(), allowed), "{method} {path}");
        }
        let told = app.send(&app.admin, Method::from_bytes(b"FROB").expect("a method"), "/suppliers", None, &[]).await;
        assert_eq!(told.faults(405), Vec::<String>::new());
        let head = app.send(&app.viewer, Method::HEAD, "/suppliers", None, &[]).await;
        assert_eq!((head.status.as_u16(), head.header("content-type")), (200, "application/json; charset=utf-8"));
    }

    async fn a_questionnaire_that_cannot_be_is_refused_whole(app: App) {
        let before = app.event_count().await;
        let with = |change: &dyn Fn(&mut Value)| {
            let mut document = edition("ours");
            change(&mut document);
            document
        };
        let show = |document: &mut Value, question: usize, condition: Value| document["sections"][0]["questions"][question]["show_if"] = condition;
        let deep = (0..1000).fold(json!({ "question": "locked", "is": "yes" }), |inner, _| json!({ "not": inner }));
        let cycle = with(&|document| {
            show(document, 0, json!({ "question": "how", "answered": true }));
            show(document, 1, json!({ "question": "locked", "is": "yes" }));
        });
        let told = app.post(&app.editor, "/questionnaires", cycle).await.faults(422);
        assert!(!told.is_empty() && told.iter().all(|fault| fault.ends_with("/show_if cycle")), "{told:?}");
        let own = app.post(&app.editor, "/questionnaires", with(&|document| show(document, 0, json!({ "question": "locked", "is": "yes" })))).await;
        assert_eq!(own.faults(422), ["/sections/0/questions/0/show_if cycle"]);
        // Deep as a text, for building it in the test would be as hard as reading it.
        let text = with(&|document| show(document, 1, json!("here"))).to_string().replace("\"here\"", &deep.to_string());
        for kind in ["application/json", "application/yaml"] {
            let told = app.raw(&app.editor, Method::POST, "/questionnaires", Some(text.clone().into_bytes()), &[("content-type", kind)]).await;
            assert!([400, 422].contains(&told.status.as_u16()), "{kind}: {}", told.text);
        }
        let dangling = with(&|document| show(document, 1, json!({ "question": "lokced", "is": "yes" })));
        assert_eq!(app.post(&app.editor, "/questionnaires", dangling).await.faults(422), ["/sections/0/questions/1/show_if/question unknown_question"]);
        let built_in = with(&|document| document["key"] = json!("supplier-security"));
        assert_eq!(app.post(&app.editor, "/questionnaires", built_in).await.faults(409), ["/key duplicate"]);
        for (kind, body, status) in [
            ("application/yaml", &b"key: \xff"[..], 400),
            ("application/json", b"{\"key\": \"a\", \"key\": \"b\"}", 422),
            ("application/yaml", b"a: &a [*a]", 422),
            ("application/json", b"{", 422),
            ("application/json", b"", 422),
            ("application/yaml", b"", 422),
        ] {
            let told = app.raw(&app.editor, Method::POST, "/questionnaires", Some(body.to_vec()), &[("content-type", kind)]).await;
            told.faults(status);
        }
        assert_eq!(app.event_count().await, before);
    }

    async fn answers_to_questions_that_are_not_there_are_refused(app: App) {
        let open = target(&app, "answer_assessment").await.item.expect("an assessment");
        let path = format!("/assessments/{}/answers", id(&open));
        let before = app.event_count().await;
        for (answers, fault) in [
            (json!({ "lokced": { "value": "yes" } }), "/lokced unknown_question"),
            (json!({ "locked": { "value": "maybe" } }), "/locked/value unknown_option"),
            (json!({ "locked": { "value": 1 } }), "/locked/value wrong_type"),
            (json!({ "locked": "yes" }), "/locked type"),
            (json!({ "locked": { "vlaue": "yes" } }), "/locked/vlaue unknown_field"),
            (json!({ "locked": { "value": "yes", "evidence_ids": ["evd_0190c5d2e5f27c3c8a4b0d6f1e2a3b4c"] } }), "/locked/evidence_ids/0 unknown_id"),
        ] {
            assert_eq!(app.patch(&app.editor, &path, &open, answers.clone()).await.faults(422), [fault], "{answers}");
        }
        assert_eq!(app.event_count().await, before);
    }

    async fn no_more_is_told_than_anyone_reads(app: App) {
        let mut document = edition("ours");
        document["sections"][0]["questions"] = (0..300).map(|number| json!({ "key": format!("q{number}"), "principle": "cure", "text": "?", "type": "text" })).collect::<Vec<_>>().into();
        let told = app.post(&app.editor, "/questionnaires", document).await;
        assert_eq!((told.faults(422).len(), told.json(422)["detail"].as_str().expect("text").ends_with("; and 299 more")), (100, true), "{}", told.text);
        let open = target(&app, "answer_assessment").await.item.expect("an assessment");
        let answers: Map<String, Value> = (0..1500).map(|number| (format!("lokced{number}"), json!({ "value": 1 }))).collect();
        let told = app.patch(&app.editor, &format!("/assessments/{}/answers", id(&open)), &open, answers.into()).await;
        assert_eq!(told.faults(422).len(), 100);
    }

    async fn a_questionnaire_whose_text_no_database_keeps_alike_is_refused(app: App) {
        let mut titled = edition("ours");
        titled["title"] = json!("a\0b");
        assert_eq!(app.post(&app.editor, "/questionnaires", titled.clone()).await.faults(422), ["/title character"]);
        let yaml = titled.to_string().replace("\\u0000", "\\0");
        let told = app.raw(&app.editor, Method::POST, "/questionnaires", Some(yaml.into_bytes()), &[("content-type", "application/yaml")]).await;
        assert_eq!(told.faults(422), ["/title character"]);
        let open = target(&app, "answer_assessment").await.item.expect("an assessment");
        let path = format!("/assessments/{}/sheet", id(&open));
        let sheet = app.get(&app.viewer, &format!("{path}?format=csv")).await.text;
        let row = sheet.lines().find(|line| line.starts_with("how,")).expect("a row").to_owned();
        let tag = etag(&open);
        for (column, place) in [(3, "/how/value"), (2, "/how/comment")] {
            // The last four cells of a row are the answer, the comment, why not, and the evidence.
            let cut = row.trim_end_matches('\r').trim_end_matches(',');
            let filled = format!("{cut}{}a\0b{}", ",".repeat(4 - column), ",".repeat(column));
            let filled = sheet.replace(&row, &filled);
            let told = app.raw(&app.editor, Method::POST, &path, Some(filled.into_bytes()), &[("content-type", "text/csv"), ("if-match", &tag)]).await;
            assert_eq!(told.faults(422), [format!("{place} character")], "{}", told.text);
        }
    }

    async fn no_json_at_all_makes_the_program_fail(app: App) {
        let document = document();
        let mut runner = TestRunner::new(Config { rng_seed: RngSeed::Fixed(20_270_301), ..Config::default() });
        for operation in operations(&document).iter().filter(|operation| ["post", "put", "patch"].contains(&operation.method)) {
            let target = target(&app, operation.id()).await;
            let tag = target.item.as_ref().map_or_else(String::new, etag);
            let kinds = kinds(operation);
            for _ in 0..24 {
                let body = bodies(&target).new_tree(&mut runner).expect("a body").current();
                for kind in &kinds {
                    let headers = [("content-type", *kind), ("if-match", &tag)];
                    let told = app.raw(&app.admin, method(operation), &target.path(operation), Some(body.to_string().into_bytes()), &headers).await;
                    assert!(operation.answers(told.status.as_u16()) && told.status.as_u16() < 500, "{} answered {} to {body}: {}", operation.id(), told.status, told.text);
                }
            }
        }
    }
}

/// Any JSON, with the words and numbers that break things among the rest.
fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        prop_oneof![
            Just(""),
            Just("\0"),
            Just("2027-02-30"),
            Just("2999-12-31"),
            Just("sup_0190c5d2e5f27c3c8a4b0d6f1e2a3b4c"),
            Just("yes"),
            Just("high"),
            Just("1e400")
        ]
        .prop_map(Value::from),
        prop_oneof![Just(i64::from(i32::MAX) + 1), Just(1), Just(5), Just(0), Just(-1)].prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::hash_map(any::<String>(), inner, 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect()))
        ]
    })
}

/// Any JSON, or a good body of which one part is any JSON.
fn bodies(target: &Target) -> BoxedStrategy<Value> {
    let Some(good) = target.body.clone() else { return anything().boxed() };
    let mut places = Vec::new();
    pointers(&good, String::new(), &mut places);
    let spoiled = (prop::sample::select(places), anything()).prop_map(move |(place, part)| {
        let mut body = good.clone();
        *body.pointer_mut(&place).expect("a place") = part;
        body
    });
    prop_oneof![1 => anything(), 5 => spoiled].boxed()
}

/// Every place in `value`.
fn pointers(value: &Value, place: String, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, field)| pointers(field, format!("{place}/{name}"), found))
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| pointers(item, format!("{place}/{index}"), found))
        }
        _ => {}
    }
    found.push(place);
}
