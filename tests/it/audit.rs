//! The audit trail: every change leaves an event, so do exports and refusals; no one can change it unseen.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ConnectionTrait as _, Database, DatabaseConnection, DbBackend, Statement};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::{
    assessments::{approved, certificate, good, poor, submitted},
    harness::{App, Person, both, id, text},
    server::command,
};

async fn events(app: &App, filter: &str) -> Vec<Value> {
    app.walk(&format!("/audit-events?{filter}"), 200).await
}

async fn run(database: &DatabaseConnection, statements: &[&str]) {
    for statement in statements {
        database.execute_unprepared(statement).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
}

async fn our_id(app: &App, person: &Person) -> String {
    id(&app.get(person, "/organisation").await.json(200)).to_owned()
}

/// The database, with its own refusal to change events taken away, and a copy of the trail as it is.
pub(crate) async fn unguarded(app: &App) -> DatabaseConnection {
    let database = Database::connect(&app.url).await.expect("the database answers");
    let guards: &[&str] = match database.get_database_backend() {
        DbBackend::Postgres => &["DROP TRIGGER audit_event_is_kept ON audit_event"],
        _ => &[
            "DROP TRIGGER audit_event_is_not_changed",
            "DROP TRIGGER audit_event_is_not_removed",
            "DROP TRIGGER audit_event_is_not_replaced",
        ],
    };
    run(&database, guards).await;
    run(
        &database,
        &["CREATE TABLE kept_event AS SELECT * FROM audit_event", "CREATE TABLE kept_head AS SELECT * FROM audit_head"],
    )
    .await;
    database
}

async fn restore(database: &DatabaseConnection) {
    run(
        database,
        &[
            "DELETE FROM audit_event",
            "INSERT INTO audit_event SELECT * FROM kept_event",
            "DELETE FROM audit_head",
            "INSERT INTO audit_head SELECT * FROM kept_head",
        ],
    )
    .await;
}

const COLUMNS: &[&str] = &[
    "id",
    "organisation_id",
    "sequence",
    "at",
    "actor_id",
    "actor_name",
    "request_id",
    "action",
    "noun",
    "item_id",
    "before",
    "after",
    "previous_hash",
    "hash",
    "form",
    "supplier_id",
    "product_id",
];

/// The events of an organisation as they are stored, oldest first.
async fn stored(database: &DatabaseConnection, organisation: &str) -> Vec<BTreeMap<&'static str, Value>> {
    let query = format!("SELECT * FROM audit_event WHERE organisation_id = '{organisation}' ORDER BY sequence");
    let rows =
        database.query_all_raw(Statement::from_string(database.get_database_backend(), query)).await.expect("rows");
    let cell = |row: &sea_orm::QueryResult, name: &str| match name {
        "sequence" | "form" => row.try_get::<i64>("", name).expect("a number").into(),
        "before" | "after" => row
            .try_get::<Option<String>>("", name)
            .expect("text")
            .map_or(Value::Null, |text| serde_json::from_str(&text).expect("JSON")),
        _ => row.try_get::<Option<String>>("", name).expect("text").into(),
    };
    rows.iter().map(|row| COLUMNS.iter().map(|name| (*name, cell(row, name))).collect()).collect()
}

fn sorted(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let fields: BTreeMap<&String, String> = fields.iter().map(|(name, value)| (name, sorted(value))).collect();
            let fields: Vec<String> =
                fields.into_iter().map(|(name, value)| format!("{}:{value}", json!(name))).collect();
            format!("{{{}}}", fields.join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(sorted).collect::<Vec<_>>().join(",")),
        other => other.to_string(),
    }
}

/// What the hash of an event must be, worked out here once more.
fn hash(event: &BTreeMap<&'static str, Value>) -> String {
    let content: BTreeMap<&str, &Value> =
        event.iter().filter(|(name, _)| **name != "hash").map(|(name, value)| (*name, value)).collect();
    Sha256::digest(sorted(&json!(content)).as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes events of ours as they are given, with hashes made anew from the first on and the end of the chain after
/// them.
async fn write_anew(database: &DatabaseConnection, events: &mut [BTreeMap<&'static str, Value>], previous: &str) {
    let mut previous = previous.to_owned();
    for event in events.iter_mut() {
        event.insert("previous_hash", previous.into());
        previous = hash(event);
        event.insert("hash", previous.clone().into());
        insert(database, event).await;
    }
    let last = events.last().expect("an event");
    run(
        database,
        &[&format!(
            "UPDATE audit_head SET sequence = {}, hash = '{previous}' WHERE organisation_id = {}",
            last["sequence"],
            quoted(&last["organisation_id"])
        )],
    )
    .await;
}

fn quoted(value: &Value) -> String {
    match value {
        Value::Null => "NULL".into(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => format!("'{}'", text.replace('\'', "''")),
        other => format!("'{}'", other.to_string().replace('\'', "''")),
    }
}

async fn insert(database: &DatabaseConnection, event: &BTreeMap<&'static str, Value>) {
    let names: Vec<String> = COLUMNS.iter().map(|name| format!("\"{name}\"")).collect();
    let values: Vec<String> = COLUMNS.iter().map(|name| quoted(&event[name])).collect();
    run(database, &[&format!("INSERT INTO audit_event ({}) VALUES ({})", names.join(", "), values.join(", "))]).await;
}

/// Everything that is wrong with our chain, as `kind first-last`, and the sentences; `against` is a checkpoint.
async fn faults(app: &App, against: Option<&Value>) -> (Vec<String>, String) {
    let query = against
        .map(|point| format!("?checkpoint_sequence={}&checkpoint_hash={}", point["sequence"], text(point, "hash")))
        .unwrap_or_default();
    let found = app.get(&app.admin, &format!("/audit-events/verification{query}")).await.json(200);
    let list = found["faults"].as_array().expect("a list");
    assert_eq!(
        (found["sound"] == json!(true), found["fault_count"].as_u64()),
        (list.is_empty(), Some(list.len() as u64)),
        "{found}"
    );
    let kinds = list
        .iter()
        .map(|fault| format!("{} {}-{}", text(fault, "kind"), fault["sequence"], fault["last_sequence"]))
        .collect();
    (kinds, list.iter().map(|fault| text(fault, "detail").to_owned()).collect::<Vec<_>>().join("\n"))
}

both! {
    async fn a_change_leaves_who_did_what_and_what_differed(app: App) {
        let supplier = app.supplier("Harbour").await;
        app.goes_to("2027-03-02");
        let path = format!("/suppliers/{}", id(&supplier));
        let answer = app.send(&app.approver, poem::http::Method::PATCH, &path, Some(&json!({ "notes": "x", "data_sensitivity": "personal" })), &[("if-match", "\"1\""), ("x-request-id", "a-request-of-mine")]).await;
        let changed = answer.json(200);
        let found = events(&app, &format!("item_id={}", id(&supplier))).await;
        assert_eq!(found.iter().map(|event| text(event, "action")).collect::<Vec<_>>(), ["change", "create"]);
        let event = &found[0];
        assert_eq!((&event["actor_name"], &event["noun"], &event["at"], &event["request_id"]), (&json!("approver"), &json!("supplier"), &json!("2027-03-02T09:00:00.000000Z"), &json!("a-request-of-mine")));
        for (side, whole) in [("before", &supplier), ("after", &changed)] {
            let fields = event[side].as_object().expect("an object");
            let names: BTreeSet<&str> = fields.keys().map(String::as_str).collect();
            assert_eq!(names, BTreeSet::from(["data_sensitivity", "notes", "tier", "tier_reason", "updated_at", "version"]));
            assert!(fields.iter().all(|(name, value)| whole[name] == *value), "{side}");
        }
        assert_eq!((&found[1]["before"], &found[1]["after"]["name"]), (&json!(null), &json!("Harbour")));
        app.delete(&app.editor, &path, &changed).await;
        let last = events(&app, &format!("action=delete&noun=supplier&item_id={}", id(&supplier))).await.remove(0);
        assert_eq!((&last["before"]["name"], &last["after"]), (&json!("Harbour"), &json!(null)));
    }

    async fn every_sort_of_change_leaves_its_event(app: App) {
        let supplier = app.supplier("Harbour").await;
        let product = app.product(&supplier, "Notes").await;
        app.post(&app.editor, "/dependencies", json!({ "subject_id": id(&product), "rests_on_id": id(&supplier), "kind": "host" })).await.json(201);
        let evidence = certificate(&app, &supplier, "2027-12-31").await;
        let first = submitted(&app, &supplier, poor()).await;
        let path = format!("/assessments/{}", id(&first));
        let returned = app.act(&app.approver, &format!("{path}/return"), &first, Some(json!({ "comment": "x" }))).await.json(200);
        let again = app.act(&app.editor, &format!("{path}/submit"), &returned, None).await.json(200);
        let rated = app.patch(&app.approver, &format!("{path}/review"), &again, json!({ "hosting": { "points": 10, "reason": "x" } })).await.json(200);
        app.act(&app.approver, &format!("{path}/approve"), &rated["assessment"], Some(json!({ "conditions": [{ "text": "x", "owner": "y", "due_on": "2027-12-31" }] }))).await.json(200);
        let decision = app.walk("/decisions", 50).await.remove(0);
        app.act(&app.approver, &format!("/decisions/{}/meet-condition", id(&decision)), &decision, Some(json!({ "number": 1 }))).await.json(200);
        let refused = submitted(&app, &supplier, good(&evidence)).await;
        app.act(&app.approver, &format!("/assessments/{}/refuse", id(&refused)), &refused, None).await.json(200);
        approved(&app, &supplier, poor()).await;
        let risk = app.walk("/risks", 50).await.remove(0);
        let path = format!("/risks/{}", id(&risk));
        let accepted = app.act(&app.approver, &format!("{path}/accept"), &risk, Some(json!({ "reason": "x", "expires_on": "2027-12-31" }))).await.json(200);
        let closed = app.act(&app.editor, &format!("{path}/close"), &accepted, Some(json!({ "reason": "x" }))).await.json(200);
        app.act(&app.editor, &format!("{path}/reopen"), &closed, None).await.json(200);
        let review = app.walk(&format!("/reviews?subject_id={}", id(&product)), 50).await.remove(0);
        app.act(&app.editor, &format!("/reviews/{}/reschedule", id(&review)), &review, Some(json!({ "due_on": "2027-12-31", "reason": "x" }))).await.json(200);
        let review = app.walk(&format!("/reviews?subject_id={}", id(&product)), 50).await.remove(0);
        app.act(&app.editor, &format!("/reviews/{}/complete", id(&review)), &review, None).await.json(200);
        app.post(&app.editor, "/incidents", json!({ "subject_id": id(&supplier), "title": "Down", "severity": "low", "occurred_on": "2027-02-28" })).await.json(201);
        let policy = app.get(&app.viewer, "/policy").await.json(200);
        app.patch(&app.admin, "/policy", &policy, json!({ "risk_bands": { "extreme_from": 17 }, "cadence_months": { "low": 30 } })).await.json(200);
        let organisation = app.get(&app.viewer, "/organisation").await.json(200);
        app.patch(&app.admin, "/organisation", &organisation, json!({ "name": "Meadow" })).await.json(200);
        app.post(&app.admin, "/keys", json!({ "name": "nightly", "role": "viewer" })).await.json(201);
        let supplier = app.get(&app.viewer, &format!("/suppliers/{}", id(&supplier))).await.json(200);
        let archived = app.act(&app.editor, &format!("/suppliers/{}/archive", id(&supplier)), &supplier, None).await.json(200);
        app.act(&app.editor, &format!("/suppliers/{}/restore", id(&supplier)), &archived, None).await.json(200);
        let spare = app.supplier("Spare").await;
        assert_eq!(app.delete(&app.editor, &format!("/suppliers/{}", id(&spare)), &spare).await.status, 204);
        let left: BTreeSet<String> = app.walk("/audit-events", 200).await.into_iter().map(|event| format!("{} {}", text(&event, "action"), text(&event, "noun"))).collect();
        for expected in [
            "create supplier", "archive supplier", "restore supplier", "create product", "create dependency", "create evidence", "create questionnaire", "create assessment", "answer assessment", "answer answers",
            "submit assessment", "return assessment", "rate assessment", "rate answers", "approve assessment", "refuse assessment", "supersede assessment", "create decision", "meet_condition decision", "supersede decision", "go_stale decision",
            "create risk", "accept risk", "close risk", "reopen risk", "band risk", "create review", "reschedule review", "complete review", "trigger review", "derive review", "delete review", "create incident",
            "change policy", "create policy", "change organisation", "create organisation", "create api_key",
        ] {
            assert!(left.contains(expected), "{expected} is not among {left:?}");
        }
    }

    async fn an_answer_leaves_what_was_answered_before_and_after(app: App) {
        let supplier = app.supplier("Harbour").await;
        let assessment = submitted(&app, &supplier, poor()).await;
        let returned = app.act(&app.approver, &format!("/assessments/{}/return", id(&assessment)), &assessment, Some(json!({ "comment": "x" }))).await.json(200);
        app.patch(&app.editor, &format!("/assessments/{}/answers", id(&assessment)), &returned, json!({ "mfa": { "value": "yes" }, "hosting": { "value": "ours" }, "exit": null })).await.json(200);
        let event = events(&app, &format!("noun=answers&item_id={}", id(&assessment))).await.remove(0);
        assert_eq!((&event["before"], &event["after"]), (&json!({ "mfa": { "value": "no" } }), &json!({ "mfa": { "value": "yes" } })));
    }

    async fn the_chain_of_each_organisation_has_no_gap_and_every_hash_is_right(app: App) {
        let supplier = app.post(&app.editor, "/suppliers", json!({ "name": "Ängström", "notes": "1\u{2028}2" })).await.json(201);
        let assessment = submitted(&app, &supplier, json!({ "mfa": { "value": "partly" }, "hosting": { "value": "ours" }, "plan": { "value": "x" } })).await;
        app.patch(&app.approver, &format!("/assessments/{}/review", id(&assessment)), &assessment, json!({ "plan": { "points": 33 } })).await.json(200);
        app.post(&app.neighbour, "/suppliers", json!({ "name": "Next door" })).await.json(201);
        let database = Database::connect(&app.url).await.expect("the database answers");
        for person in [&app.admin, &app.neighbour] {
            let events = stored(&database, &our_id(&app, person).await).await;
            let mut previous = json!("0".repeat(64));
            for (number, event) in (1..).zip(&events) {
                assert_eq!((&event["sequence"], &event["previous_hash"], &event["hash"]), (&json!(number), &previous, &json!(hash(event))), "{event:?}");
                previous = event["hash"].clone();
            }
            assert!(events.len() > 3);
            let told = app.get(person, "/audit-events/verification").await.json(200);
            let point = app.get(person, "/audit-events/checkpoint").await.json(200);
            assert_eq!((&told["sound"], &told["event_count"], &told["faults"], &told["checkpoint_sequence"]), (&json!(true), &json!(events.len()), &json!([]), &json!(null)));
            assert_eq!((&point["hash"], &point["sequence"], &point["organisation"]), (&previous, &json!(events.len()), &told["organisation"]));
            assert_eq!((&told["hash"], &told["sequence"]), (&point["hash"], &point["sequence"]));
        }
    }

    async fn the_database_itself_refuses_to_change_or_remove_an_event(app: App) {
        app.supplier("Harbour").await;
        let before = events(&app, "").await;
        let database = Database::connect(&app.url).await.expect("the database answers");
        let names = COLUMNS.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
        let mut tries = vec!["UPDATE audit_event SET actor_name = 'no one'".to_owned(), "UPDATE audit_event SET hash = hash WHERE sequence = 2".into(), "DELETE FROM audit_event".into(), "DELETE FROM audit_event WHERE sequence = 2".into()];
        match database.get_database_backend() {
            DbBackend::Postgres => tries.extend(["TRUNCATE audit_event".to_owned(), format!("INSERT INTO audit_event ({names}) SELECT {names} FROM audit_event ON CONFLICT (id) DO UPDATE SET actor_name = 'no one'")]),
            _ => tries.extend([format!("INSERT OR REPLACE INTO audit_event ({names}) SELECT {names} FROM audit_event"), format!("INSERT OR REPLACE INTO audit_event ({names}) SELECT {} FROM audit_event", names.replace("\"id\"", "'evt_0'"))]),
        }
        for statement in tries {
            let refused = database.execute_unprepared(&statement).await.expect_err(&statement);
            assert!(refused.to_string().contains("audit events are never"), "{statement}: {refused}");
        }
        assert_eq!(events(&app, "").await, before);
        assert_eq!(faults(&app, None).await.0, Vec::<String>::new());
    }

    async fn whatever_is_done_to_the_chain_is_noticed_and_the_event_is_named(app: App) {
        for name in ["Avon", "Bourne", "Cam", "Dart", "Exe"] {
            app.supplier(name).await;
        }
        let point = app.get(&app.admin, "/audit-events/checkpoint").await.json(200);
        let organisation = our_id(&app, &app.admin).await;
        let database = unguarded(&app).await;
        let kept = stored(&database, &organisation).await;
        let end = kept.len();
        assert!(end >= 12, "{end}");
        let ours = format!("organisation_id = '{organisation}'");
        let moves = |from: usize, by: i64| [format!("UPDATE audit_event SET sequence = -(sequence + {by}) WHERE {ours} AND sequence >= {from}"), format!("UPDATE audit_event SET sequence = -sequence WHERE {ours} AND sequence < 0")];
        let set = |what: &str, place: usize| format!("UPDATE audit_event SET {what} WHERE {ours} AND sequence = {place}");
        let cut = |from: usize, to: usize| format!("DELETE FROM audit_event WHERE {ours} AND sequence BETWEEN {from} AND {to}");
        let event_id = |place: usize| kept[place - 1]["id"].as_str().expect("an id").to_owned();

        let cases: Vec<(Vec<String>, Vec<String>, Vec<String>)> = vec![
            (vec![set("actor_name = 'someone else'", 5)], vec!["changed 5-5".into()], vec![event_id(5)]),
            (vec![set("\"after\" = '{}'", end)], vec![format!("changed {end}-{end}")], vec![event_id(end)]),
            (vec![set("at = 'long ago'", 1)], vec!["changed 1-1".into()], vec![event_id(1)]),
            (vec![set("hash = previous_hash", 5)], vec!["changed 5-5".into()], vec![event_id(5)]),
            (vec![set("supplier_id = NULL", end)], vec![format!("changed {end}-{end}")], vec![event_id(end)]),
            (vec![set("form = 1", end)], vec![format!("changed {end}-{end}")], vec![event_id(end)]),
            (vec![cut(5, 5)], vec!["removed 5-5".into()], vec!["event 5 is missing".into()]),
            (vec![cut(1, 2)], vec!["removed 1-2".into()], vec!["events 1 to 2 are missing".into()]),
            (vec![cut(end - 1, end)], vec![format!("removed {}-{end}", end - 1)], vec!["at the end of the chain".into()]),
            ([vec![cut(5, 5)], moves(6, -1).to_vec()].concat(), vec!["moved 5-".to_owned() + &(end - 1).to_string(), "removed 5-5".into()], vec!["events 5 to".into(), "event 5 is missing".into()]),
            (vec![set("sequence = -1", 5), set("sequence = 5", 6), format!("UPDATE audit_event SET sequence = 6 WHERE {ours} AND sequence = -1")], vec!["moved 5-5".into(), "moved 6-6".into()], vec![event_id(5), event_id(6)]),
            (vec![set("sequence = -1", 3), set("sequence = 3", 9), format!("UPDATE audit_event SET sequence = 9 WHERE {ours} AND sequence = -1")], vec!["moved 3-3".into(), "moved 9-9".into()], vec![event_id(3), event_id(9)]),
            (vec![set("item_id = 'x'", 3), cut(7, 8), set("action = 'x'", 10)], vec!["changed 3-3".into(), "removed 7-8".into(), "changed 10-10".into()], vec![event_id(3), event_id(10)]),
            (vec![format!("UPDATE audit_head SET hash = '{}' WHERE {ours}", "1".repeat(64))], vec![format!("end {end}-{end}")], vec![event_id(end)]),
            (vec![format!("DELETE FROM audit_head WHERE {ours}")], vec![format!("end {end}-{end}")], vec!["recorded nowhere".into()]),
        ];
        for (statements, expected, named) in cases {
            run(&database, &statements.iter().map(String::as_str).collect::<Vec<_>>()).await;
            let (found, sentences) = faults(&app, None).await;
            assert_eq!(found, expected, "{statements:?}: {sentences}");
            assert!(named.iter().all(|name| sentences.contains(name.as_str())), "{statements:?}: {sentences}");
            restore(&database).await;
            assert_eq!(faults(&app, Some(&point)).await.0, Vec::<String>::new());
        }

        // Someone who knows how hashes are made puts an event in, or changes one.
        let mut new = kept[4].clone();
        new.insert("id", json!("evt_00000000000000000000000000000000"));
        new.insert("action", json!("approve"));
        let made = hash(&new);
        new.insert("hash", made.into());
        run(&database, &moves(5, 1).iter().map(String::as_str).collect::<Vec<_>>()).await;
        insert(&database, &new).await;
        let (found, sentences) = faults(&app, None).await;
        assert_eq!(found, ["inserted 5-5".to_owned(), format!("moved 6-{}", end + 1)], "{sentences}");
        assert!(sentences.contains("event 5 (evt_00000000000000000000000000000000) is not in the chain"), "{sentences}");
        restore(&database).await;

        let mut other = kept[4].clone();
        other.insert("actor_name", json!("someone else"));
        let made = hash(&other);
        other.insert("hash", made.into());
        run(&database, &[&cut(5, 5)]).await;
        insert(&database, &other).await;
        let (found, sentences) = faults(&app, None).await;
        assert_eq!(found, ["unlinked 6-6"], "{sentences}");
        assert!(sentences.contains(&event_id(5)) && sentences.contains(&event_id(6)), "{sentences}");
        restore(&database).await;

        new.insert("sequence", json!(end + 1));
        new.insert("previous_hash", kept[end - 1]["hash"].clone());
        let made = hash(&new);
        new.insert("hash", made.into());
        insert(&database, &new).await;
        let (found, sentences) = faults(&app, None).await;
        assert_eq!(found, [format!("end {end}-{}", end + 1), format!("inserted {0}-{0}", end + 1)], "{sentences}");
        restore(&database).await;

        // What looks sound by itself does not fit a checkpoint that was kept elsewhere.
        run(&database, &[&cut(end - 1, end)]).await;
        run(&database, &[&format!("UPDATE audit_head SET sequence = {}, hash = {} WHERE {ours}", end - 2, quoted(&kept[end - 3]["hash"]))]).await;
        assert_eq!(faults(&app, None).await.0, Vec::<String>::new());
        assert_eq!(faults(&app, Some(&point)).await.0, [format!("removed {}-{end}", end - 1)]);
        restore(&database).await;

        run(&database, &[&cut(5, end)]).await;
        let mut anew = kept[4..].to_vec();
        anew[0].insert("actor_name", json!("someone else"));
        write_anew(&database, &mut anew, kept[3]["hash"].as_str().expect("a hash")).await;
        assert_eq!(faults(&app, None).await.0, Vec::<String>::new());
        let (found, sentences) = faults(&app, Some(&point)).await;
        assert_eq!(found, [format!("rewritten {end}-{end}")], "{sentences}");
        restore(&database).await;

        // A chain that has grown still fits.
        app.supplier("Fal").await;
        assert_eq!(faults(&app, Some(&point)).await.0, Vec::<String>::new());
        assert_eq!(app.get(&app.admin, "/audit-events/verification?checkpoint_sequence=3").await.faults(422), ["?checkpoint_hash required"]);
    }

    async fn a_trail_is_verified_at_the_console_against_a_checkpoint_kept_in_a_file(app: App) {
        app.supplier("Harbour").await;
        let file = std::env::temp_dir().join(format!("diligence_checkpoint_{}_{}.json", std::process::id(), app.url.starts_with("sqlite")));
        let file_name = file.display().to_string();
        let console = async |arguments: &[&str]| {
            let output = command(arguments).env("DATABASE_URL", &app.url).output().expect("the program runs");
            (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned(), String::from_utf8_lossy(&output.stderr).into_owned())
        };
        assert_eq!(console(&["audit", "checkpoint", "--organisation", "Meadow View Care", "--output", &file_name]).await.0, Some(0));
        let (code, said, told) = console(&["audit", "verify"]).await;
        assert!(code == Some(0) && said.contains("Meadow View Care: ") && said.contains("Riverside Council: ") && said.lines().all(|line| line.contains("sound")), "{said}{told}");
        let (code, said, _) = console(&["audit", "verify", "--checkpoint", &file_name]).await;
        assert!(code == Some(0) && said.lines().count() == 1 && said.contains("fits the checkpoint at"), "{said}");
        assert_eq!(console(&["audit", "verify", "--organisation", "Riverside Council", "--checkpoint", &file_name]).await.0, Some(6));
        let database = unguarded(&app).await;
        let organisation = our_id(&app, &app.admin).await;
        run(&database, &[&format!("UPDATE audit_event SET actor_name = 'no one' WHERE organisation_id = '{organisation}' AND sequence = 4")]).await;
        let (code, said, told) = console(&["audit", "verify"]).await;
        assert!(code == Some(6) && said.contains("Riverside Council") && told.contains("Meadow View Care: event 4 (evt_") && told.contains("it was changed"), "{said}{told}");
        std::fs::write(&file, "{}").expect("written");
        assert_eq!(console(&["audit", "verify", "--checkpoint", &file_name]).await.0, Some(6));
        std::fs::remove_file(file).expect("gone");
    }

    async fn events_of_before_know_whose_history_they_belong_to(app: App) {
        let supplier = app.supplier("Harbour").await;
        let product = app.product(&supplier, "Notes").await;
        approved(&app, &product, poor()).await;
        let risk = app.walk("/risks", 50).await.remove(0);
        let spare = app.post(&app.editor, "/risks", json!({ "subject_id": id(&supplier), "title": "x", "likelihood": 1, "impact": 1 })).await.json(201);
        app.delete(&app.editor, &format!("/risks/{}", id(&spare)), &spare).await;
        app.act(&app.editor, &format!("/risks/{}/close", id(&risk)), &risk, Some(json!({ "reason": "x" }))).await.json(200);
        let whose = async || events(&app, "").await.into_iter().map(|event| (event["id"].clone(), event["supplier_id"].clone(), event["product_id"].clone())).collect::<Vec<_>>();
        let before = whose().await;
        assert!(before.iter().any(|(_, _, product)| product.is_string()) && before.iter().any(|(_, supplier, _)| supplier.is_null()));
        // The database as it was before that step.
        let database = unguarded(&app).await;
        if database.get_database_backend() == DbBackend::Postgres {
            run(&database, &["DROP FUNCTION refuse_audit_change"]).await;
        }
        run(&database, &[
            "DROP INDEX audit_event_by_supplier", "DROP INDEX audit_event_by_product", "ALTER TABLE audit_event DROP COLUMN supplier_id", "ALTER TABLE audit_event DROP COLUMN product_id",
            "ALTER TABLE audit_event DROP COLUMN form", "DELETE FROM seaql_migrations WHERE version = 'm0003_audit'",
        ]).await;
        let options = diligence_entities::scope::StoreOptions { url: app.url.clone(), max_connections: 2, clock: app.clock.clone() };
        diligence_entities::scope::Store::open(options).await.expect("it is brought up to date").close().await;
        assert_eq!(whose().await, before);
    }

    async fn a_history_has_all_that_happened_to_a_supplier_and_what_hangs_on_it(app: App) {
        let supplier = app.supplier("Harbour").await;
        let product = app.product(&supplier, "Notes").await;
        let other = app.supplier("Ferry").await;
        approved(&app, &supplier, poor()).await;
        app.post(&app.editor, "/dependencies", json!({ "subject_id": id(&product), "rests_on_id": id(&other), "kind": "host" })).await.json(201);
        app.post(&app.editor, "/incidents", json!({ "subject_id": id(&product), "title": "Down", "severity": "low", "occurred_on": "2027-02-28" })).await.json(201);
        let review = app.walk(&format!("/reviews?subject_id={}", id(&product)), 50).await.remove(0);
        app.act(&app.editor, &format!("/reviews/{}/complete", id(&review)), &review, None).await.json(200);

        let path = format!("/suppliers/{}/history", id(&supplier));
        let all = app.walk(&path, 200).await;
        let expected: Vec<Value> = events(&app, "").await.into_iter().filter(|event| event["supplier_id"] == supplier["id"]).collect();
        assert_eq!(all, expected);
        let nouns: BTreeSet<&str> = all.iter().map(|event| text(event, "noun")).collect();
        assert_eq!(nouns, BTreeSet::from(["supplier", "product", "assessment", "answers", "decision", "risk", "review", "dependency", "incident"]));
        for limit in [1, 7, all.len()] {
            assert_eq!(app.walk(&path, limit).await, all, "{limit}");
        }
        app.is_filtered(&path, "noun=decision", |event| event["noun"] == json!("decision")).await;
        app.is_filtered(&path, "action=approve", |event| event["action"] == json!("approve")).await;

        let of_product = format!("/products/{}/history", id(&product));
        let nouns: BTreeSet<String> = app.walk(&of_product, 200).await.iter().map(|event| format!("{} {}", text(event, "action"), text(event, "noun"))).collect();
        for expected in ["create product", "create dependency", "create incident", "complete review"] {
            assert!(nouns.contains(expected), "{expected} is not among {nouns:?}");
        }
        assert!(!nouns.contains("create decision"));

        // It outlives what it is of, and no one else sees it.
        app.delete(&app.editor, &format!("/suppliers/{}", id(&app.supplier("Spare").await)), &json!({ "version": 1 })).await;
        let gone = events(&app, "action=delete&noun=supplier").await.remove(0);
        let left = app.get(&app.viewer, &format!("/suppliers/{}/history", text(&gone, "item_id"))).await.json(200);
        assert!(left["items"].as_array().expect("a list").len() >= 2);
        for path in [&path, &of_product] {
            app.get(&app.neighbour, path).await.faults(404);
        }
        assert_eq!(app.get(&app.viewer, &format!("{path}?item_id=x")).await.faults(422), ["?item_id unknown_parameter"]);

        let cost = async |limit: usize| {
            let before = app.store.statement_count();
            app.get(&app.viewer, &format!("{path}?limit={limit}")).await.json(200);
            app.store.statement_count() - before
        };
        app.get(&app.viewer, &path).await;
        assert_eq!((cost(1).await, cost(20).await), (cost(200).await, cost(2).await));
    }

    async fn an_export_leaves_who_took_what(app: App) {
        let supplier = app.supplier("Harbour").await;
        let assessment = approved(&app, &supplier, poor()).await;
        app.get(&app.viewer, "/suppliers.csv?tier=low&q=Harbour&bom=true").await;
        app.get(&app.viewer, &format!("/assessments/{}/receipt", id(&assessment))).await.json(200);
        let event = events(&app, "action=export&noun=supplier").await.remove(0);
        assert_eq!((&event["actor_name"], &event["item_id"], &event["before"], &event["after"]), (&json!("viewer"), &json!("suppliers.csv"), &json!(null), &json!({ "tier": "low", "bom": "true" })));
        let event = events(&app, "action=export&noun=receipt").await.remove(0);
        assert_eq!(event["item_id"], assessment["id"]);
        let before = app.event_count().await;
        app.get(&app.viewer, "/suppliers.csv?tire=low").await.faults(422);
        app.get(&app.viewer, &format!("/assessments/{}/receipt", "asm_00000000000000000000000000000000")).await.faults(404);
        assert_eq!(app.event_count().await, before);
        let output = command(&["export", "risks", "--organisation", "Meadow View Care"]).env("DATABASE_URL", &app.url).output().expect("the program runs");
        assert!(output.status.success());
        let event = events(&app, "action=export&noun=risk").await.remove(0);
        assert_eq!((&event["actor_id"], &event["item_id"]), (&json!("console"), &json!("risks.csv")));
    }

    async fn a_flood_of_refusals_leaves_one_event_an_hour_that_says_how_many(app: App) {
        let refuse = async |who: &Person| app.post(who, "/suppliers", json!({ "name": "x" })).await.faults(403);
        let left = async || events(&app, "action=forbid").await;
        for _ in 0..5 {
            refuse(&app.viewer).await;
        }
        assert_eq!(left().await.len(), 1);
        let event = left().await.remove(0);
        assert_eq!((&event["actor_name"], &event["noun"], &event["item_id"], &event["after"]), (&json!("viewer"), &json!("operation"), &json!("create_supplier"), &json!({ "needs": "editor", "has": "viewer", "unrecorded_before_count": 0 })));
        app.get(&app.viewer, "/keys").await.faults(403);
        app.get(&app.editor, "/keys").await.faults(403);
        assert_eq!(left().await.len(), 3);
        app.clock.set("2027-03-01T09:59:59Z".parse().expect("a time"));
        refuse(&app.viewer).await;
        assert_eq!(left().await.len(), 3);
        app.clock.set("2027-03-01T10:00:00Z".parse().expect("a time"));
        refuse(&app.viewer).await;
        refuse(&app.viewer).await;
        let all = left().await;
        assert_eq!((all.len(), &all[0]["after"]["unrecorded_before_count"]), (4, &json!(5)));
    }

    async fn the_trail_as_csv_is_the_trail_as_listed(app: App) {
        let supplier = app.supplier("=Harbour, \"Care\"").await;
        app.patch(&app.editor, &format!("/suppliers/{}", id(&supplier)), &supplier, json!({ "notes": "x" })).await.json(200);
        let answer = app.get(&app.admin, "/audit-events.csv?noun=supplier").await;
        assert_eq!((answer.status.as_u16(), answer.header("content-disposition")), (200, "attachment; filename=\"audit-events.csv\""));
        let mut reader = csv::Reader::from_reader(answer.text.as_bytes());
        let header: Vec<String> = reader.headers().expect("a header").iter().map(str::to_owned).collect();
        let rows: Vec<Vec<String>> = reader.records().map(|row| row.expect("a row").iter().map(str::to_owned).collect()).collect();
        let listed = events(&app, "noun=supplier&action=create").await.into_iter().chain(events(&app, "noun=supplier&action=change").await).count();
        assert_eq!(rows.len(), listed);
        let of = |row: &[String], name: &str| row[header.iter().position(|column| column == name).expect("a column")].clone();
        for (row, event) in rows.iter().zip(app.walk("/audit-events?noun=supplier", 200).await.iter().filter(|event| event["action"] != json!("export"))) {
            assert_eq!((of(row, "id"), of(row, "hash"), of(row, "sequence")), (id(event).to_owned(), text(event, "hash").to_owned(), event["sequence"].to_string()));
            assert_eq!(serde_json::from_str::<Value>(&of(row, "after")).expect("JSON"), event["after"]);
        }
        app.get(&app.editor, "/audit-events.csv").await.faults(403);
    }

    async fn no_secret_and_nothing_made_from_one_gets_in(app: App) {
        let made = app.post(&app.admin, "/keys", json!({ "name": "Nightly", "role": "viewer" })).await.json(201);
        app.act(&app.admin, &format!("/keys/{}/revoke", id(&made)), &made, None).await.json(200);
        let database = Database::connect(&app.url).await.expect("the database answers");
        let all = serde_json::to_string(&stored(&database, &our_id(&app, &app.admin).await).await).expect("JSON");
        let rows = database.query_all_raw(Statement::from_string(database.get_database_backend(), "SELECT secret_hash FROM api_key")).await.expect("rows");
        assert!(rows.len() >= 5 && all.contains(id(&made)));
        for row in rows {
            assert!(!all.contains(&row.try_get::<String>("", "secret_hash").expect("text")));
        }
        assert!(!all.contains(text(&made, "secret").rsplit_once('_').expect("two parts").1));
    }

    async fn a_request_that_fails_leaves_no_event_of_a_change(app: App) {
        let supplier = app.supplier("Harbour").await;
        let product = app.product(&supplier, "Notes").await;
        let before = events(&app, "").await;
        let path = format!("/suppliers/{}", id(&supplier));
        app.patch(&app.editor, &path, &json!({ "version": 7 }), json!({ "notes": "x" })).await.faults(412);
        app.patch(&app.editor, &path, &supplier, json!({ "name": "" })).await.faults(422);
        app.patch(&app.viewer, &path, &supplier, json!({ "notes": "x" })).await.faults(403);
        app.delete(&app.editor, &path, &supplier).await.faults(409);
        app.post(&app.editor, "/products", json!({ "supplier_id": "sup_00000000000000000000000000000000", "name": "x", "kind": "software" })).await.faults(422);
        app.post(&app.editor, "/assessments", json!({ "questionnaire": "ethical-ai-in-care", "subject_id": id(&supplier) })).await.faults(422);
        app.act(&app.editor, &format!("/products/{}/restore", id(&product)), &product, None).await.faults(409);
        app.patch(&app.neighbour, &path, &supplier, json!({ "notes": "x" })).await.faults(404);
        let mut after = events(&app, "").await;
        after.retain(|event| event["action"] != json!("forbid"));
        assert_eq!(after, before);
    }

    async fn events_are_filtered_by_each_field_and_come_newest_first(app: App) {
        let supplier = app.supplier("Harbour").await;
        app.goes_to("2027-03-02");
        app.product(&supplier, "Notes").await;
        let all = app.walk("/audit-events", 200).await;
        let key = text(all.iter().find(|event| event["actor_name"] == json!("editor")).expect("one"), "actor_id").to_owned();
        app.act(&app.editor, &format!("/suppliers/{}/archive", id(&supplier)), &supplier, None).await.json(200);
        for (field, value) in [("item_id", id(&supplier)), ("noun", "product"), ("action", "archive"), ("actor_id", key.as_str())] {
            app.is_filtered("/audit-events", &format!("{field}={value}"), |event| event[field] == json!(value)).await;
        }
        let all = app.walk("/audit-events", 200).await;
        app.is_filtered("/audit-events", "since=2027-03-02T09:00:00Z", |event| text(event, "at") >= "2027-03-02").await;
        app.is_filtered("/audit-events", "until=2027-03-02T09:00:00Z", |event| text(event, "at") < "2027-03-02").await;
        let request = text(&all[0], "request_id");
        app.is_filtered("/audit-events", &format!("request_id={request}"), |event| event["request_id"] == json!(request)).await;
        for limit in 1..=all.len() + 1 {
            assert_eq!(app.walk("/audit-events", limit).await, all, "{limit}");
        }
        let sequences: Vec<i64> = all.iter().filter_map(|event| event["sequence"].as_i64()).collect();
        assert_eq!(sequences, (1..=sequences[0]).rev().collect::<Vec<_>>());
    }
}
