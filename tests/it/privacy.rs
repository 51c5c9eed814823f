//! What is kept of people can be told and erased, and goes in its time; the audit trail holds all the same.

use sea_orm::{ConnectionTrait as _, Database, Statement};
use serde_json::{Value, json};

use crate::{
    harness::{App, as_read, both, id, text},
    server::command,
};

const KIM: (&str, &str) = ("Kim Lee", "kim.lee@example.org");

/// A supplier with two contacts, one of them Kim.
async fn with_kim(app: &App) -> Value {
    let contacts = json!([{ "name": KIM.0, "role": "DPO", "email": "Kim.Lee@Example.org", "telephone": "0113 496 0000" }, { "name": "Sam Poole", "email": "sam@example.org" }]);
    app.post(
        &app.editor,
        "/suppliers",
        json!({ "name": "Harbour", "contacts": contacts, "relationship_owner": "Ada Wren" }),
    )
    .await
    .json(201)
}

/// Everything in the database, as text.
async fn everything(app: &App) -> String {
    let database = Database::connect(&app.url).await.expect("the database answers");
    let backend = database.get_database_backend();
    let mut all = String::new();
    for (table, columns) in [
        ("supplier", &["contacts", "relationship_owner", "search_text"][..]),
        ("audit_event", &["actor_name", "before", "after"]),
        ("personal_record", &["value", "name", "email"]),
        ("idempotency", &["answer"]),
        ("register_entry", &["search_text"]),
        ("respondent_link", &["contact_name", "email", "message"]),
        ("invitation", &["email", "name"]),
        ("users", &["email", "name"]),
    ] {
        let Ok(rows) = database.query_all_raw(Statement::from_string(backend, format!("SELECT * FROM {table}"))).await
        else {
            continue;
        };
        for row in rows {
            for column in columns {
                all.push_str(&row.try_get::<Option<String>>("", column).unwrap_or_default().unwrap_or_default());
                all.push('\n');
            }
        }
    }
    all.to_lowercase()
}

async fn is_sound(app: &App) -> bool {
    app.get(&app.admin, "/audit-events/verification").await.json(200)["sound"] == json!(true)
}

both! {
    async fn the_trail_shows_people_but_holds_only_a_hash_of_them(app: App) {
        let supplier = with_kim(&app).await;
        let event = app.walk(&format!("/audit-events?item_id={}", id(&supplier)), 200).await.remove(0);
        assert_eq!((&event["actor_name"], &event["after"]["contacts"], &event["after"]["relationship_owner"]), (&json!("editor"), &supplier["contacts"], &json!("Ada Wren")));
        let database = Database::connect(&app.url).await.expect("the database answers");
        let rows = database.query_all_raw(Statement::from_string(database.get_database_backend(), "SELECT actor_name, \"after\" FROM audit_event")).await.expect("rows");
        let stored: String = rows.iter().map(|row| format!("{} {}", row.try_get::<String>("", "actor_name").expect("text"), row.try_get::<Option<String>>("", "after").expect("text").unwrap_or_default())).collect();
        for word in ["Kim", "Lee@", "0113", "Sam Poole", "Ada Wren"] {
            assert!(!stored.contains(word), "{word}");
        }
        assert!(is_sound(&app).await);
        // What is kept beside the trail cannot be exchanged unseen.
        database.execute_unprepared("UPDATE personal_record SET value = '\"Bob Hale\"' WHERE value = '\"Ada Wren\"'").await.expect("changed");
        let found = app.get(&app.admin, "/audit-events/verification").await.json(200);
        assert_eq!((found["fault_count"].as_i64(), text(&found["faults"][0], "kind")), (Some(1), "altered"), "{found}");
        let event = app.walk(&format!("/audit-events?item_id={}", id(&supplier)), 200).await.remove(0);
        assert_eq!(event["after"]["relationship_owner"], json!({ "altered": true }));
    }

    async fn a_colleague_a_respondent_and_an_invitation_are_erased_where_they_stand_and_the_trail_holds(app: App) {
        let supplier = app.supplier("Harbour").await;
        let assessment = app.assessment("supplier-security", &supplier).await;
        let link = json!({ "assessment_id": id(&assessment), "contact_name": KIM.0, "email": KIM.1, "message": "Dear Kim Lee" });
        let link = app.post(&app.editor, "/links", link).await.json(201);
        app.joins(&app.admin, KIM.1, "editor").await;
        let kim = app.signs_in(KIM.1).await;
        let me = app.get(&kim, "/users/me").await.json(200);
        app.patch(&kim, "/users/me", &me, json!({ "name": KIM.0 })).await.json(200);
        let made = app.post(&kim, "/suppliers", json!({ "name": "Made by a colleague" })).await.json(201);
        let told = app.post(&app.admin, "/people/find", json!({ "email": KIM.1 })).await.json(200);
        let nouns: Vec<&str> = told["places"].as_array().expect("a list").iter().map(|place| text(place, "noun")).collect();
        assert_eq!(nouns, ["respondent_link", "respondent_link", "invitation", "user", "user"], "{told}");
        let body = json!({ "email": KIM.1, "name": KIM.0, "reason": "They left, and asked." });
        app.post(&app.admin, "/people/erase", body).await.json(200);
        for who in [KIM.0, KIM.1, "dear kim"] {
            assert!(!everything(&app).await.contains(&who.to_lowercase()), "{who} stands there yet");
        }
        let after = app.get(&app.admin, &format!("/links/{}", id(&link))).await.json(200);
        assert_eq!((&after["contact_name"], &after["email"], &after["state"]), (&json!("Erased"), &Value::Null, &json!("revoked")));
        assert_eq!(app.get(&kim, "/suppliers").await.status, 401);
        assert_eq!(app.post(&app.stranger, "/sessions", json!({ "email": KIM.1, "password": crate::harness::PASSWORD })).await.status, 401);
        let event = app.walk(&format!("/audit-events?item_id={}", id(&made)), 200).await.remove(0);
        assert_eq!((text(&event, "actor_id"), text(&event, "actor_name")), (id(&me), "erased"));
        assert!(is_sound(&app).await);
    }

    async fn what_is_kept_of_a_person_is_told(app: App) {
        let supplier = with_kim(&app).await;
        let path = format!("/suppliers/{}", id(&supplier));
        let renamed = app.patch(&app.editor, &path, &supplier, json!({ "contacts": [{ "name": "Kim Lee-Hart", "email": KIM.1 }], "relationship_owner": "kim lee" })).await.json(200);
        let told = app.post(&app.admin, "/people/find", json!({ "email": " KIM.LEE@example.org" })).await.json(200);
        assert_eq!(told["places"], json!([{ "noun": "supplier", "item_id": supplier["id"], "field": "contacts", "value": renamed["contacts"][0] }]));
        let names: Vec<&str> = told["audit_records"].as_array().expect("a list").iter().map(|record| text(&record["value"], "name")).collect();
        assert_eq!((names.len(), names.contains(&KIM.0), names.contains(&"Kim Lee-Hart")), (2, true, true), "{told}");
        let both = app.post(&app.admin, "/people/find", json!({ "email": KIM.1, "name": "Kim Lee" })).await.json(200);
        assert_eq!(both["places"].as_array().map(Vec::len), Some(2), "{both}");
        let none = app.post(&app.admin, "/people/find", json!({ "name": "Kim" })).await.json(200);
        assert_eq!(none, json!({ "places": [], "audit_records": [] }));
        assert_eq!(app.post(&app.admin, "/people/find", json!({ "name": "  " })).await.faults(422), ["/email required"]);
        assert_eq!(app.post(&app.neighbour, "/people/find", json!({ "email": KIM.1 })).await.json(200), none);
        let event = app.walk("/audit-events?noun=person", 200).await.remove(0);
        assert!(text(&event, "action") == "export" && !event.to_string().to_lowercase().contains("kim"), "{event}");
    }

    async fn a_person_is_erased_everywhere_and_the_chain_holds(app: App) {
        let supplier = with_kim(&app).await;
        let path = format!("/suppliers/{}", id(&supplier));
        let supplier = app.patch(&app.editor, &path, &supplier, json!({ "notes": "x" })).await.json(200);
        let other = app.send(&app.editor, poem::http::Method::POST, "/suppliers", Some(&json!({ "name": "Ferry", "contacts": [{ "name": "Kim Lee" }] })), &[("idempotency-key", "one")]).await.json(201);
        let namesake = as_read(app.post(&app.editor, "/suppliers", json!({ "name": "Haven", "contacts": [{ "name": "Kim Lee", "email": "another@example.org" }] })).await.json(201));
        let point = app.get(&app.admin, "/audit-events/checkpoint").await.json(200);
        let request = json!({ "email": KIM.1, "name": "KIM LEE", "reason": "They asked." });
        let erased = app.post(&app.admin, "/people/erase", request.clone()).await.json(200);
        let places: Vec<(&Value, &str)> = erased["places"].as_array().expect("a list").iter().map(|place| (&place["item_id"], text(place, "field"))).collect();
        assert_eq!(places, [(&supplier["id"], "contacts"), (&other["id"], "contacts")]);
        assert_eq!(erased["audit_record_count"], json!(2));

        let after = app.get(&app.viewer, &path).await.json(200);
        assert_eq!((&after["contacts"].as_array().expect("a list")[..], &after["relationship_owner"], after["version"].as_i64()), (&[supplier["contacts"][1].clone()][..], &json!("Ada Wren"), Some(3)));
        let all = everything(&app).await;
        assert!(!all.contains(KIM.1) && !all.contains("0113 496") && all.contains("another@example.org") && all.contains("sam poole"));
        assert_eq!(all.matches("kim lee").count(), 3, "the namesake, their record and its name");
        let events = app.walk(&format!("{path}/history?noun=supplier"), 200).await;
        assert_eq!(events[2]["after"]["contacts"], json!([{ "erased": true }, supplier["contacts"][1]]));
        assert_eq!((&events[0]["action"], &events[0]["before"]["contacts"], &events[0]["after"]["contacts"]), (&json!("erase"), &json!([{ "erased": true }, supplier["contacts"][1]]), &json!([supplier["contacts"][1]])));
        let note = app.walk("/audit-events?noun=person", 200).await.remove(0);
        assert_eq!((&note["action"], &note["after"]), (&json!("erase"), &json!({ "reason": "They asked.", "place_count": 2, "audit_record_count": 2 })));
        let query = format!("?checkpoint_sequence={}&checkpoint_hash={}", point["sequence"], text(&point, "hash"));
        let found = app.get(&app.admin, &format!("/audit-events/verification{query}")).await.json(200);
        assert_eq!(found["sound"], json!(true), "{found}");
        let again = app.post(&app.admin, "/people/erase", request).await.json(200);
        assert_eq!(again, json!({ "places": [], "audit_record_count": 0 }));
        assert_eq!(app.get(&app.viewer, &format!("/suppliers/{}", id(&namesake))).await.json(200), namesake);
        app.post(&app.approver, "/people/erase", json!({ "email": "x@example.org", "reason": "x" })).await.faults(403);
    }

    async fn what_is_past_its_time_is_told_and_then_goes(app: App) {
        let (supplier, kept) = (with_kim(&app).await, with_kim(&app).await);
        let evidence = app.post(&app.editor, "/evidence", json!({ "subject_id": id(&kept), "kind": "insurance", "expires_on": "2027-03-31" })).await.json(201);
        crate::roles::with_file(&app, &evidence).await;
        app.act(&app.editor, &format!("/suppliers/{}/archive", id(&supplier)), &supplier, None).await.json(200);
        let apply = async |query: &str| app.post(&app.admin, &format!("/retention/apply{query}"), Value::Null).await.json(200);
        let nothing = json!({ "dry_run": false, "items": [], "kept": [], "more": false });
        app.goes_to("2037-03-02");
        assert_eq!(apply("").await, nothing, "nothing goes before someone says so");
        let periods = app.get(&app.viewer, "/retention").await.json(200);
        assert_eq!((&periods["archived_contact_days"], &periods["expired_file_days"]), (&json!(null), &json!(null)));
        assert_eq!(app.patch(&app.admin, "/retention", &periods, json!({ "archived_contact_days": 0 })).await.faults(422), ["/archived_contact_days range"]);
        app.patch(&app.admin, "/retention", &periods, json!({ "archived_contact_days": 365, "expired_file_days": 30 })).await.json(200);
        app.goes_to("2028-02-29");
        assert_eq!(apply("").await["items"].as_array().map(Vec::len), Some(1), "365 days are not over for the contacts, 30 are for the file");
        app.get(&app.viewer, &format!("/evidence/{}/file", id(&evidence))).await.faults(404);
        app.goes_to("2028-03-02");
        let before = app.event_count().await;
        let dry = apply("?dry_run=true").await;
        assert_eq!((dry["items"].as_array().map(Vec::len), &dry["items"][0]["item_id"], text(&dry["items"][0], "what")), (Some(1), &supplier["id"], "contacts"));
        assert_eq!(app.event_count().await, before);
        let output = command(&["retention", "apply", "--organisation", "Meadow View Care", "--dry-run"]).env("DATABASE_URL", &app.url).output().expect("the program runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(app.event_count().await, before);
        assert_eq!(apply("").await["items"], dry["items"]);
        assert_eq!(apply("").await["items"], json!([]));
        assert_eq!(app.get(&app.viewer, &format!("/suppliers/{}", id(&supplier))).await.json(200)["contacts"], json!([]));
        assert_eq!(app.get(&app.viewer, &format!("/suppliers/{}", id(&kept))).await.json(200)["contacts"], kept["contacts"]);
        let event = app.walk(&format!("/suppliers/{}/history?noun=supplier", id(&supplier)), 200).await.pop().expect("the first");
        assert_eq!(event["after"]["contacts"], json!([{ "erased": true }, { "erased": true }]));
        assert!(is_sound(&app).await);
    }
}
