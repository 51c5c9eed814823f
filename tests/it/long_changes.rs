//! Large changes among small ones: an import and a change of the policy hold nobody up while they are worked out, rest
//! on what is there when they are written, and are seen whole or not at all.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use diligence_entities::{
    ahead::{self, Opened},
    patch::Change,
    policy::PolicyChange,
    product, risk,
    role::Role,
    scope::{Actor, Scope, Writer},
    supplier,
};
use poem::http::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, App, both, etag, id, organisation_called, text};

/// More than are written, and looked up, at once.
const MANY: usize = 450;

/// Statements by which an import of so many new suppliers has been worked out, and some of its rows written too.
const WRITTEN: u64 = 15;

/// A change to our organisation, which keeps others from theirs until it is saved or dropped.
async fn change(app: &App) -> Writer {
    // The first use of a key is noted, for which it would have to wait.
    for who in [&app.viewer, &app.editor, &app.admin] {
        app.get(who, "/suppliers?limit=1").await.json(200);
    }
    let organisation = organisation_called(&app.store, "Meadow View Care").await;
    let scope = Scope {
        organisation_id: organisation.id,
        actor: Actor { id: "console".into(), name: "console".into() },
        role: Role::Admin,
        request_id: None,
    };
    app.store.write(&scope).await.expect("a writer")
}

/// Does `work` and meanwhile, once it has run so many statements, `other`; it is red where `work` cannot get that far
/// before `other` is done.
async fn meanwhile<T>(app: &App, statements: u64, work: impl Future<Output = T>, other: impl AsyncFnOnce()) -> T {
    let before = app.store.statement_count();
    let then = async {
        let far = async {
            while app.store.statement_count() < before + statements {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), far)
            .await
            .expect("it is worked out while somebody else has a change open");
        other().await;
    };
    tokio::join!(work, then).0
}

fn row(number: usize) -> Value {
    json!({ "name": format!("Brought {number:05}"), "identifiers": [{ "scheme": "LOCAL", "id": format!("L{number:05}") }], "tier_override": "critical", "tier_override_reason": "For a test." })
}

async fn import(app: &App, rows: Vec<Value>) -> Answer {
    app.post(&app.editor, "/suppliers/import", json!({ "rows": rows })).await
}

async fn set_policy(app: &App, policy: &Value, body: Value) -> Answer {
    app.send(&app.admin, Method::PATCH, "/policy", Some(&body), &[("if-match", &etag(policy))]).await
}

async fn new_supplier(writer: &Writer, body: Value) -> supplier::Supplier {
    supplier::create(writer, serde_json::from_value(body).expect("content")).await.expect("a supplier")
}

/// Whether the chain is whole.
async fn chain_is_whole(app: &App) {
    let said = app.get(&app.admin, "/audit-events/verification").await.json(200);
    assert_eq!(said["faults"], json!([]), "{said}");
}

both! {
    async fn an_import_is_worked_out_while_others_change_things(app: App) {
        let writer = change(&app).await;
        let other = async || {
            new_supplier(&writer, json!({ "name": "Meanwhile" })).await;
            writer.save().await.expect("saved");
        };
        let report = meanwhile(&app, WRITTEN, import(&app, (0..MANY).map(row).collect()), other).await.json(200);
        assert_eq!((&report["applied"], &report["created_count"]), (&json!(true), &json!(MANY)));
        let summary = app.get(&app.viewer, "/register/summary").await.json(200);
        assert_eq!((&summary["supplier_count"], &summary["suppliers_by_tier"]["critical"], &summary["coming_review_count"]), (&json!(MANY + 1), &json!(MANY), &json!(0)));
        chain_is_whole(&app).await;
    }

    async fn an_import_rests_on_what_others_saved_meanwhile(app: App) {
        let there = app.post(&app.editor, "/suppliers", json!({ "name": "There", "identifiers": [{ "scheme": "LOCAL", "id": "T1" }], "notes": "old" })).await.json(201);
        let writer = change(&app).await;
        let rows = vec![json!({ "id": there["id"], "website": "https://there.example" }), row(1), row(2)];
        let other = async || {
            let before = supplier::read(&writer, &text(&there, "id").parse().expect("an id")).await.expect("there");
            let fields = json!({ "notes": "new" }).as_object().cloned().expect("fields");
            supplier::change(&writer, &before.id, 1, Change::new(fields)).await.expect("changed");
            new_supplier(&writer, json!({ "name": "Quicker", "identifiers": [{ "scheme": "LOCAL", "id": "L00002" }] })).await;
            writer.save().await.expect("saved");
        };
        let report = meanwhile(&app, 2, import(&app, rows), other).await.json(200);
        let verdicts: Vec<&str> = report["rows"].as_array().expect("rows").iter().map(|row| text(row, "verdict")).collect();
        assert_eq!(verdicts, ["change", "create", "change"]);
        let there = app.get(&app.viewer, &format!("/suppliers/{}", id(&there))).await.json(200);
        assert_eq!((&there["notes"], &there["website"], &there["version"]), (&json!("new"), &json!("https://there.example"), &json!(3)));
        let names: Vec<String> = app.walk("/suppliers", 200).await.iter().map(|supplier| text(supplier, "name").to_owned()).collect();
        assert_eq!(names.len(), 3, "{names:?}");
        chain_is_whole(&app).await;
    }

    async fn what_an_import_has_written_before_its_turn_follows_a_policy_that_came_meanwhile(app: App) {
        let writer = change(&app).await;
        let scope = writer.scope().clone();
        drop(writer);
        let fields = json!({ "cadence_months": { "critical": 1 } }).as_object().cloned().expect("fields");
        let quicker = PolicyChange { version: 1, change: Change::new(fields) };
        let Opened { plan, changed, writer } = ahead::open(&app.store, &scope, &quicker).await.expect("opened");
        let other = async || {
            let writer = writer.expect("a writer");
            plan.carry_out(&writer, &changed).await.expect("changed");
            writer.save().await.expect("saved");
        };
        let rows = (0..MANY).map(|number| {
            let mut row = row(number);
            row["contacts"] = json!([{ "name": format!("Ann {number}") }]);
            row
        });
        let report = meanwhile(&app, WRITTEN, import(&app, rows.collect()), other).await.json(200);
        assert_eq!(report["created_count"], json!(MANY));
        let lines = app.walk("/register", 200).await;
        assert_eq!(lines.len(), MANY);
        assert!(lines.iter().all(|line| line["next_review_on"] == "2027-04-01"), "{}", lines[0]);
        let named = app.walk("/suppliers", 200).await;
        for supplier in named.iter().step_by(90) {
            let history = app.get(&app.admin, &format!("/suppliers/{}/history", id(supplier))).await.json(200);
            let entered = history["items"].as_array().expect("events").iter().find(|event| event["noun"] == "supplier").expect("its entry");
            assert_eq!((&entered["action"], &entered["after"]["contacts"][0]["name"]), (&json!("create"), &supplier["contacts"][0]["name"]));
        }
        assert_eq!((named.len(), app.walk("/reviews", 200).await.len()), (MANY, MANY));
        chain_is_whole(&app).await;
    }

    async fn an_import_of_products_rests_on_what_others_saved_meanwhile(app: App) {
        let there = app.supplier("There").await;
        let writer = change(&app).await;
        let rows: Vec<Value> = ["Rota", "Notes"].iter().map(|name| json!({ "supplier_name": "There", "name": name, "kind": "software", "purpose": "For a test." })).collect();
        let work = app.post(&app.editor, "/products/import", json!({ "rows": rows }));
        let other = async || {
            product::create(&writer, serde_json::from_value(json!({ "supplier_id": there["id"], "name": "Rota", "kind": "software" })).expect("content")).await.expect("a product");
            writer.save().await.expect("saved");
        };
        let report = meanwhile(&app, 2, work, other).await.json(200);
        assert_eq!((&report["changed_count"], &report["created_count"]), (&json!(1), &json!(1)));
        assert_eq!(app.walk("/products", 200).await.len(), 2);
    }

    async fn a_supplier_of_the_same_name_that_came_meanwhile_makes_a_name_ambiguous(app: App) {
        app.supplier("There").await;
        let writer = change(&app).await;
        let work = app.post(&app.editor, "/products/import", json!({ "rows": [{ "supplier_name": "There", "name": "Rota", "kind": "software" }] }));
        let other = async || {
            new_supplier(&writer, json!({ "name": "There" })).await;
            writer.save().await.expect("saved");
        };
        assert_eq!(meanwhile(&app, 2, work, other).await.faults(422), ["/rows/0/supplier_name ambiguous"]);
        assert_eq!(app.walk("/products", 200).await.len(), 0);
    }

    async fn a_change_of_the_policy_is_worked_out_while_others_change_things(app: App) {
        import(&app, (0..MANY).map(row).collect()).await.json(200);
        let there = app.supplier("There").await;
        let raised = app.post(&app.editor, "/risks", json!({ "subject_id": there["id"], "title": "It stops", "likelihood": 2, "impact": 2 })).await.json(201);
        assert_eq!(raised["band"], json!("moderate"));
        let policy = app.get(&app.viewer, "/policy").await.json(200);
        let writer = change(&app).await;
        let body = json!({ "cadence_months": { "critical": 1, "high": 1, "medium": 1, "low": 1 }, "risk_bands": { "moderate_from": 2, "high_from": 3, "extreme_from": 4 } });
        let other = async || {
            let new = new_supplier(&writer, json!({ "name": "Meanwhile" })).await;
            for subject_id in [new.id.as_str(), id(&there)] {
                risk::create(&writer, serde_json::from_value(json!({ "subject_id": subject_id, "title": "Another", "likelihood": 1, "impact": 3 })).expect("content")).await.expect("a risk");
            }
            writer.save().await.expect("saved");
        };
        // Three portions of suppliers, some statements for each.
        let changed = meanwhile(&app, 20, set_policy(&app, &policy, body), other).await.json(200);
        assert_eq!(changed["version"], json!(2));
        let lines = app.walk("/register", 200).await;
        assert_eq!(lines.len(), MANY + 2);
        for line in &lines {
            let risks = match text(line, "name") {
                "There" => json!({ "low": 0, "moderate": 0, "high": 1, "extreme": 1 }),
                "Meanwhile" => json!({ "low": 0, "moderate": 0, "high": 1, "extreme": 0 }),
                _ => json!({ "low": 0, "moderate": 0, "high": 0, "extreme": 0 }),
            };
            assert_eq!((&line["next_review_on"], &line["open_risks"]), (&json!("2027-04-01"), &risks), "{line}");
        }
        assert_eq!(app.walk("/reviews", 200).await.len(), MANY + 2);
        chain_is_whole(&app).await;
    }

    async fn a_policy_that_was_changed_meanwhile_is_not_changed_over(app: App) {
        let policy = app.get(&app.viewer, "/policy").await.json(200);
        let writer = change(&app).await;
        let scope = writer.scope().clone();
        drop(writer);
        let fields = json!({ "maximum_key_days": 30 }).as_object().cloned().expect("fields");
        let quicker = PolicyChange { version: 1, change: Change::new(fields) };
        let Opened { plan, changed, writer } = ahead::open(&app.store, &scope, &quicker).await.expect("opened");
        let other = async || {
            let writer = writer.expect("a writer");
            plan.carry_out(&writer, &changed).await.expect("changed");
            writer.save().await.expect("saved");
        };
        let answer = meanwhile(&app, 2, set_policy(&app, &policy, json!({ "maximum_key_days": 60 })), other).await;
        assert_eq!(answer.status, 412, "{}", answer.text);
        assert_eq!(app.get(&app.viewer, "/policy").await.json(200)["maximum_key_days"], json!(30));
    }

    async fn a_large_change_is_seen_whole_or_not_at_all_and_refuses_nobody(app: App) {
        let is_over = AtomicBool::new(false);
        let long = async {
            let report = import(&app, (0..MANY).map(row).collect()).await.json(200);
            assert_eq!(report["created_count"], json!(MANY));
            let policy = app.get(&app.viewer, "/policy").await.json(200);
            set_policy(&app, &policy, json!({ "cadence_months": { "critical": 1 } })).await.json(200);
            is_over.store(true, Ordering::Relaxed);
        };
        let write = async {
            let mut made = 0;
            while !is_over.load(Ordering::Relaxed) {
                app.supplier(&format!("Small {made}")).await;
                made += 1;
            }
            made
        };
        let look = async {
            while !is_over.load(Ordering::Relaxed) {
                let summary = app.get(&app.viewer, "/register/summary").await.json(200);
                let seen = [&summary["suppliers_by_tier"]["critical"], &summary["coming_review_count"]].map(|count| count.as_u64().expect("a count"));
                assert!(seen.iter().all(|count| [0, MANY as u64].contains(count)), "{summary}");
            }
        };
        let ((), made, ()) = tokio::join!(long, write, look);
        let summary = app.get(&app.viewer, "/register/summary").await.json(200);
        assert_eq!((&summary["supplier_count"], &summary["suppliers_by_tier"]["critical"]), (&json!(MANY + made), &json!(MANY)));
        chain_is_whole(&app).await;
    }

    async fn an_import_sent_twice_at_once_with_one_key_is_done_once(app: App) {
        let rows: Vec<Value> = (0..MANY).map(|number| json!({ "name": format!("Nameless {number}") })).collect();
        let body = json!({ "rows": rows });
        let send = || app.send(&app.editor, Method::POST, "/suppliers/import", Some(&body), &[("idempotency-key", "one")]);
        let (one, other) = tokio::join!(send(), send());
        assert_eq!(one.json(200), other.json(200));
        assert_eq!(app.walk("/suppliers", 200).await.len(), MANY);
        let trial = || app.send(&app.editor, Method::POST, "/suppliers/import?dry_run=true", Some(&body), &[("idempotency-key", "another")]);
        assert_eq!(trial().await.json(200), trial().await.json(200));
        assert_eq!(trial().await.header("idempotency-replayed"), "true");
    }
}
