//! Keys: which operations each scope opens, how one is rotated, and how its bearer learns that it ends.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead as _, BufReader},
    process::Stdio,
};

use diligence::config::Config;
use diligence_entities::{
    api_key::{KeyScope, ending_soon},
    clock::Clock,
    scope::{Store, StoreOptions},
};
use diligence_openapi::operations;
use poem::{EndpointExt as _, test::TestClient};
use serde_json::{Value, json};

use crate::{
    harness::{Answer, App, On, Person, both, empty_database, etag, id, text},
    roles::{document, method, target},
    server::command,
};

/// Which scopes of keys open each operation, by hand: a new operation is entered here after some thought, not copied.
const TABLE: &[(&[&str], &[&str])] = &[
    (
        // The register itself: whom and what we rely on, and what is due.
        &["everything", "read_only", "register_only"],
        &[
            "list_register",
            "read_summary",
            "export_register",
            "list_suppliers",
            "read_supplier",
            "export_suppliers",
            "list_products",
            "read_product",
            "export_products",
            "list_dependencies",
            "read_supplier_twins",
            "read_product_twins",
            "list_twins",
            "list_mergers",
            "read_merger",
            "read_concentration",
            "read_dependency",
            "list_reviews",
            "read_review",
            "export_reviews",
            "export_dependencies",
            "export_contacts",
            "export_contracts",
            "list_due",
            "read_due_counts",
            "list_settlements",
            "read_settlement",
            "export_due",
        ],
    ),
    (&["everything", "read_only", "register_only", "calendar_only"], &["export_calendar"]),
    (
        &["everything", "import_only"],
        &[
            "import_suppliers",
            "import_products",
            "import_contacts",
            "import_contracts",
            "import_dependencies",
            "import_evidence",
            "import_incidents",
            "import_reviews",
            "import_risks",
            "import_decisions",
            "create_import",
            "change_import",
            "delete_import",
            "apply_import",
        ],
    ),
    (
        &["everything", "read_only", "import_only"],
        &["read_import", "read_import_recognised", "read_import_report", "export_refused_rows"],
    ),
    (
        &["everything", "read_only"],
        &[
            "list_identity_providers",
            "read_identity_provider",
            "read_sign_in_trial",
            "list_supplier_history",
            "plan_supplier_merger",
            "plan_product_merger",
            "list_product_history",
            "list_links",
            "read_link",
            "read_sign_in_policy",
            "read_audit_checkpoint",
            "read_audit_verification",
            "read_retention",
            "list_users",
            "read_user",
            "read_identities",
            "list_invitations",
            "read_invitation",
            "list_sessions",
            "export_audit_events",
            "export_everything",
            "list_evidence",
            "read_evidence",
            "read_evidence_file",
            "read_comparison",
            "export_evidence",
            "list_questionnaires",
            "check_document",
            "read_edition",
            "export_edition",
            "read_changes",
            "list_drafts",
            "read_draft",
            "read_draft_check",
            "read_draft_preview",
            "try_draft",
            "read_draft_what_if",
            "list_translations",
            "read_translation",
            "list_recipes",
            "read_recipe",
            "list_assessments",
            "read_assessment",
            "read_answers",
            "read_result",
            "read_receipt",
            "read_improvements",
            "read_movement",
            "export_sheet",
            "export_assessments",
            "export_answers",
            "list_decisions",
            "read_decision",
            "list_risks",
            "read_risk",
            "export_risks",
            "export_incidents",
            "export_decisions",
            "list_incidents",
            "read_incident",
            "read_published_lists",
            "list_list_entries",
            "list_imports",
            "list_import_items",
            "read_organisation",
            "read_ourselves",
            "read_policy",
            "ask_policy_what_if",
            "list_keys",
            "read_key",
            "list_audit_events",
        ],
    ),
    (
        &["everything"],
        &[
            "undo_import",
            "create_identity_provider",
            "change_identity_provider",
            "try_identity_provider",
            "delete_identity_provider",
            "create_link",
            "revoke_link",
            "resend_link",
            "change_sign_in_policy",
            "find_person",
            "erase_person",
            "change_retention",
            "apply_retention",
            "import_everything",
            "change_user",
            "delete_user",
            "reset_password",
            "reset_mfa",
            "tie_user",
            "untie_user",
            "create_invitation",
            "resend_invitation",
            "revoke_invitation",
            "delete_session",
            "create_supplier",
            "change_supplier",
            "archive_supplier",
            "restore_supplier",
            "delete_supplier",
            "create_product",
            "change_product",
            "import_bill_of_materials",
            "archive_product",
            "restore_product",
            "delete_product",
            "tell_twins_apart",
            "merge_suppliers",
            "merge_products",
            "undo_merger",
            "create_dependency",
            "change_dependency",
            "delete_dependency",
            "create_evidence",
            "create_security_check",
            "create_exercise",
            "close_findings",
            "change_ourselves",
            "change_evidence",
            "accept_evidence",
            "delete_evidence",
            "store_evidence_file",
            "delete_evidence_file",
            "publish_edition",
            "delete_edition",
            "create_draft",
            "change_draft",
            "delete_draft",
            "publish_draft",
            "merge_extension",
            "create_translation",
            "change_translation",
            "delete_translation",
            "put_recipe",
            "delete_recipe",
            "start_assessment",
            "delete_assessment",
            "answer_assessment",
            "confirm_answers",
            "fill_in_assessment",
            "submit_assessment",
            "rate_assessment",
            "return_assessment",
            "approve_assessment",
            "refuse_assessment",
            "meet_condition",
            "create_risk",
            "change_risk",
            "accept_risk",
            "close_risk",
            "reopen_risk",
            "delete_risk",
            "complete_review",
            "reschedule_review",
            "create_settlement",
            "bulk_update_suppliers",
            "bulk_update_products",
            "refresh_published_list",
            "create_incident",
            "change_incident",
            "delete_incident",
            "change_organisation",
            "change_policy",
            "create_key",
            "rotate_key",
            "revoke_key",
        ],
    ),
];

/// A new key: what the answer said, and who holds it.
async fn key(app: &App, body: Value) -> (Value, Person) {
    let made = app.post(&app.admin, "/keys", body).await.json(201);
    let holder = holder(&made);
    (made, holder)
}

/// Who holds the key that this answer shows.
fn holder(made: &Value) -> Person {
    Person { key: Some(text(made, "secret").to_owned()) }
}

/// The key as it is read now.
async fn read(app: &App, key: &Value) -> Value {
    app.get(&app.admin, &format!("/keys/{}", id(key))).await.json(200)
}

async fn rotate(app: &App, key: &Value, body: Option<Value>) -> Answer {
    app.act(&app.admin, &format!("/keys/{}/rotate", id(key)), key, body).await
}

/// The number of the last event that changed something.
async fn last_change(app: &App) -> Value {
    let events = app.get(&app.admin, "/audit-events?limit=50").await.json(200);
    events["items"].as_array().expect("a list").iter().find(|event| event["action"] != "forbid").expect("an event")["sequence"].clone()
}

#[test]
fn every_operation_has_its_line_in_the_table_and_the_document_says_the_same() {
    let by_hand: BTreeMap<&str, Vec<&str>> =
        TABLE.iter().flat_map(|(scopes, ids)| ids.iter().map(move |id| (*id, scopes.to_vec()))).collect();
    assert_eq!(by_hand.len(), TABLE.iter().map(|(_, ids)| ids.len()).sum::<usize>(), "an operation is entered twice");
    let document = document();
    // What no key opens has no scopes: it is public, or about a person's own account.
    let operations = operations(&document);
    let said: BTreeMap<&str, Vec<&str>> = operations
        .iter()
        .map(|operation| (operation.id(), operation.scopes()))
        .filter(|(_, scopes)| !scopes.is_empty())
        .collect();
    assert_eq!(said, by_hand);
    let register = ["Register", "Suppliers", "Products", "Mergers", "Dependencies", "Reviews", "Due"];
    for operation in operations {
        let tag = operation.value["tags"][0].as_str().expect("a tag");
        let scopes = operation.scopes();
        assert!(
            !scopes.contains(&"register_only") || (operation.method == "get" && register.contains(&tag)),
            "{} is no part of the register itself",
            operation.id()
        );
        assert!(
            !scopes.contains(&"calendar_only") || operation.path.ends_with(".ics"),
            "{} is no calendar",
            operation.id()
        );
        assert!(
            !scopes.contains(&"import_only")
                || operation.id().starts_with("import_")
                || operation.path.starts_with("/imports"),
            "{} is no import",
            operation.id()
        );
    }
}

both! {
    async fn a_key_opens_what_its_scope_says_and_nothing_more(app: App) {
        let mut holders = Vec::new();
        for scope in KeyScope::ALL {
            holders.push((scope.to_string(), key(&app, json!({ "name": "Scoped", "role": "admin", "scope": scope.to_string() })).await.1));
        }
        let document = document();
        let nothing = "0".repeat(32);
        for operation in operations(&document).iter().filter(|operation| !operation.scopes().is_empty()) {
            let scopes = operation.scopes();
            let mut spare = None;
            for (scope, who) in &holders {
                if scopes.contains(&scope.as_str()) {
                    let answer = target(&app, operation.id()).await.send(&app, who, operation).await;
                    // A whole register comes into an empty one only: what is asked here is whether the key may.
                    let is_full = operation.id() == "import_everything" && answer.text.contains("\"not_empty\"");
                    assert!(answer.status.is_success() || is_full, "{} with the scope {scope}: {} {}", operation.id(), answer.status, answer.text);
                    continue;
                }
                if spare.is_none() {
                    spare = Some(target(&app, operation.id()).await);
                }
                let before = last_change(&app).await;
                let answer = spare.as_ref().expect("a target").send(&app, who, operation).await;
                assert_eq!(answer.faults(403), Vec::<String>::new(), "{} with the scope {scope}", operation.id());
                let told = format!("this needs a key with the scope {}; the key has the scope {scope}", scopes.join(" or "));
                assert!(answer.text.contains(&told), "{}: {}", operation.id(), answer.text);
                assert_eq!(last_change(&app).await, before, "{} with the scope {scope} changed something", operation.id());
                // And it learns nothing else: here the id, the parameters, the headers and the body are all wrong.
                let parts = operation.path.split('/').map(|part| if part.starts_with('{') { nothing.as_str() } else { part });
                let path = format!("{}?nonsense=1", parts.collect::<Vec<_>>().join("/"));
                let headers = [("content-type", "image/png"), ("if-match", "nonsense"), ("idempotency-key", "")];
                let blind = app.raw(who, method(operation), &path, Some(b"{\"x\":".to_vec()), &headers).await;
                assert_eq!((blind.status, &blind.text), (answer.status, &answer.text), "{} with the scope {scope}", operation.id());
            }
        }
    }

    async fn a_scope_opens_nothing_that_the_role_does_not(app: App) {
        for (scope, role, path, status) in [
            ("everything", "viewer", "/keys", 403), ("read_only", "viewer", "/keys", 403), ("read_only", "admin", "/keys", 200), ("read_only", "viewer", "/risks", 200),
            ("register_only", "viewer", "/suppliers", 200), ("register_only", "admin", "/keys", 403), ("register_only", "admin", "/risks", 403),
        ] {
            let (made, who) = key(&app, json!({ "name": "Scoped", "role": role, "scope": scope })).await;
            assert_eq!((text(&made, "scope"), text(&made, "role")), (scope, role));
            assert_eq!(app.get(&who, path).await.status, status, "{scope} {role} {path}");
        }
        let (_, importer) = key(&app, json!({ "name": "Nightly", "role": "editor", "scope": "import_only" })).await;
        let rows = json!({ "rows": [{ "name": "Harbour" }] });
        app.post(&importer, "/suppliers/import?dry_run=true", rows.clone()).await.json(200);
        assert_eq!(app.walk("/suppliers", 200).await, Vec::<Value>::new());
        app.post(&importer, "/suppliers/import", rows).await.json(200);
        assert_eq!(app.walk("/suppliers", 200).await.len(), 1);
        app.get(&importer, "/suppliers").await.faults(403);
    }

    async fn a_key_has_one_of_the_five_scopes_and_the_widest_if_not_said(app: App) {
        let (plain, _) = key(&app, json!({ "name": "Plain", "role": "viewer" })).await;
        assert_eq!((&plain["scope"], &plain["state"], &plain["days_left"]), (&json!("everything"), &json!("good"), &json!(null)));
        for scope in ["some", "", "Everything"] {
            assert_eq!(app.post(&app.admin, "/keys", json!({ "name": "x", "role": "viewer", "scope": scope })).await.faults(422), ["/scope choice"]);
        }
        assert_eq!(app.post(&app.admin, "/keys", json!({ "name": "x", "role": "viewer", "scope": "import_only" })).await.faults(422), ["/scope contradiction"]);
    }

    async fn a_rotated_key_and_its_successor_both_work_until_the_overlap_is_over(app: App) {
        let (old, old_holder) = key(&app, json!({ "name": "Power BI", "role": "viewer", "scope": "register_only", "expires_on": "2027-03-31" })).await;
        let answer = rotate(&app, &old, None).await;
        let new = answer.json(201);
        assert_eq!(answer.header("location"), format!("/api/v1/keys/{}", id(&new)));
        assert_eq!((&new["name"], &new["role"], &new["scope"], &new["version"]), (&json!("Power BI"), &json!("viewer"), &json!("register_only"), &json!(1)));
        // It lives as long as the old one was meant to: thirty days.
        assert_eq!((&new["expires_on"], &new["days_left"], &new["replaces"], &new["last_used_at"]), (&json!("2027-03-31"), &json!(30), &old["id"], &json!(null)));
        let replaced = read(&app, &old).await;
        assert_eq!((&replaced["state"], &replaced["replaced_by"], &replaced["expires_on"], &replaced["days_left"]), (&json!("replaced"), &new["id"], &json!("2027-03-08"), &json!(7)));
        let new_holder = holder(&new);
        assert_ne!(new_holder.key, old_holder.key);
        for (day, is_open) in [("2027-03-01", true), ("2027-03-08", true), ("2027-03-09", false)] {
            app.goes_to(day);
            assert_eq!(app.get(&old_holder, "/suppliers").await.status == 200, is_open, "{day}");
            app.get(&new_holder, "/suppliers").await.json(200);
        }
        assert_eq!(read(&app, &old).await["state"], json!("expired"));
        let events = app.get(&app.admin, &format!("/audit-events?noun=api_key&item_id={}", id(&old))).await.json(200);
        let event = &events["items"][0];
        assert_eq!((&event["action"], &event["after"]["replaced_by"], &event["before"]["expires_on"]), (&json!("rotate"), &new["id"], &json!("2027-03-31")));
        let begun = app.get(&app.admin, &format!("/audit-events?item_id={}", id(&new))).await.json(200);
        assert_eq!((&begun["items"][0]["action"], &begun["items"][0]["after"]["replaces"]), (&json!("create"), &old["id"]));
    }

    async fn a_key_is_rotated_once_and_only_while_it_stands(app: App) {
        let (old, _) = key(&app, json!({ "name": "Nightly", "role": "viewer" })).await;
        let new = rotate(&app, &old, Some(json!({ "overlap_days": 30 }))).await.json(201);
        assert_eq!((&new["expires_on"], &read(&app, &old).await["expires_on"]), (&json!(null), &json!("2027-03-31")));
        rotate(&app, &old, None).await.faults(412);
        assert_eq!(rotate(&app, &read(&app, &old).await, None).await.faults(409), ["replaced"]);
        let newest = rotate(&app, &new, Some(json!({ "expires_on": "2027-05-01" }))).await.json(201);
        assert_eq!((&newest["expires_on"], &newest["replaces"]), (&json!("2027-05-01"), &new["id"]));
        let revoked = app.act(&app.admin, &format!("/keys/{}/revoke", id(&newest)), &newest, None).await.json(200);
        assert_eq!(revoked["state"], json!("revoked"));
        assert_eq!(rotate(&app, &revoked, None).await.faults(409), ["revoked"]);
        for (body, fault) in [(json!({ "overlap_days": 31 }), "/overlap_days range"), (json!({ "overlap_days": -1 }), "/overlap_days range"), (json!({ "expires_on": "2027-02-28" }), "/expires_on past")] {
            let (key, _) = key(&app, json!({ "name": "x", "role": "viewer" })).await;
            assert_eq!(rotate(&app, &key, Some(body)).await.faults(422), [fault]);
            assert_eq!(read(&app, &key).await, read_of(&key));
        }
    }

    async fn with_no_overlap_the_old_key_ends_at_once(app: App) {
        let (old, old_holder) = key(&app, json!({ "name": "Leaked", "role": "editor" })).await;
        app.get(&old_holder, "/suppliers").await.json(200);
        let new = rotate(&app, &old, Some(json!({ "overlap_days": 0 }))).await.json(201);
        app.get(&old_holder, "/suppliers").await.faults(401);
        app.get(&holder(&new), "/suppliers").await.json(200);
        let ended = read(&app, &old).await;
        assert_eq!((&ended["state"], &ended["replaced_by"], ended["revoked_at"].is_null()), (&json!("revoked"), &new["id"], false));
    }

    async fn an_overlap_lets_no_key_live_longer_than_it_would_have(app: App) {
        let (old, _) = key(&app, json!({ "name": "Nightly", "role": "viewer", "expires_on": "2027-03-04" })).await;
        rotate(&app, &old, Some(json!({ "overlap_days": 20 }))).await.json(201);
        assert_eq!(read(&app, &old).await["expires_on"], json!("2027-03-04"));
        // One that has ended already can still be given a successor, and stays ended.
        let (late, late_holder) = key(&app, json!({ "name": "Late", "role": "viewer", "expires_on": "2027-03-04" })).await;
        app.goes_to("2027-03-10");
        let new = rotate(&app, &late, None).await.json(201);
        assert_eq!((&new["expires_on"], &read(&app, &late).await["state"]), (&json!("2027-03-13"), &json!("expired")));
        app.get(&late_holder, "/suppliers").await.faults(401);
        app.get(&holder(&new), "/suppliers").await.json(200);
    }

    async fn only_the_new_secret_is_shown_and_only_once(app: App) {
        let (old, old_holder) = key(&app, json!({ "name": "Nightly", "role": "viewer" })).await;
        let send = async || app.send(&app.admin, poem::http::Method::POST, &format!("/keys/{}/rotate", id(&old)), None, &[("if-match", &etag(&old)), ("idempotency-key", "k-1")]).await;
        let first = send().await;
        let again = send().await.json(201);
        let old_secret = old_holder.key.as_deref().and_then(|key| key.rsplit_once('_')).expect("two parts").1.to_owned();
        assert!(!first.text.contains(&old_secret));
        let new = first.json(201);
        assert_eq!((id(&again), &again["secret"]), (id(&new), &json!(null)));
        let new_secret = text(&new, "secret").rsplit_once('_').expect("two parts").1.to_owned();
        for path in ["/keys", &format!("/keys/{}", id(&new)), "/audit-events"] {
            let told = app.get(&app.admin, path).await.text;
            assert!(!told.contains(&new_secret) && !told.contains(&old_secret) && !told.contains("secret"), "{path}: {told}");
        }
    }

    async fn the_list_says_which_keys_end_soon(app: App) {
        for (name, end) in [("today", json!("2027-03-01")), ("soon", json!("2027-03-31")), ("later", json!("2027-04-01")), ("never", json!(null)), ("revoked", json!("2027-03-10"))] {
            let (made, _) = key(&app, json!({ "name": name, "role": "viewer", "expires_on": end })).await;
            if name == "revoked" {
                app.act(&app.admin, &format!("/keys/{}/revoke", id(&made)), &made, None).await.json(200);
            }
        }
        let names = async |query: &str| app.walk(&format!("/keys?{query}"), 200).await.iter().map(|key| text(key, "name").to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(names("expires_soon=true").await, ["soon", "today"].map(str::to_owned).into());
        let others = names("expires_soon=false").await;
        assert!(["later", "never", "revoked", "admin"].iter().all(|name| others.contains(*name)) && !others.contains("soon") && !others.contains("today"), "{others:?}");
        let all = names("active=true").await.len() + names("active=false").await.len();
        assert_eq!(all, app.walk("/keys", 200).await.len());
        let days = async |name: &str| app.walk("/keys", 200).await.into_iter().find(|key| key["name"] == name).expect("the key")["days_left"].clone();
        assert_eq!((days("today").await, days("soon").await, days("later").await, days("never").await, days("revoked").await), (json!(0), json!(30), json!(31), json!(null), json!(null)));
        let ours: Vec<(i64, String)> = ending_soon(&app.store).await.expect("what ends").iter().map(|ending| (ending.key_count, ending.first_on.to_string())).collect();
        assert_eq!(ours, [(2, "2027-03-01".to_owned())]);
        app.goes_to("2027-03-02");
        assert_eq!(names("expires_soon=true").await, ["soon", "later"].map(str::to_owned).into());
        assert_eq!(days("today").await, json!(null));
    }

    async fn every_answer_to_a_key_in_its_last_fortnight_says_when_it_ends(app: App) {
        let (_, who) = key(&app, json!({ "name": "Nightly", "role": "viewer", "expires_on": "2027-03-20" })).await;
        let told = async |path: &str| app.get(&who, path).await.header("key-expires-on").to_owned();
        app.goes_to("2027-03-05");
        assert_eq!(told("/suppliers").await, "");
        for day in ["2027-03-06", "2027-03-20"] {
            app.goes_to(day);
            for path in ["/suppliers", "/register.csv", "/keys", "/suppliers?nonsense=1", "/suppliers/sup_00000000000000000000000000000000"] {
                assert_eq!(told(path).await, "2027-03-20", "{day} {path}");
            }
        }
        app.goes_to("2027-03-21");
        assert_eq!(told("/suppliers").await, "", "who has no good key is told nothing of it");
        assert_eq!(app.get(&app.viewer, "/suppliers").await.header("key-expires-on"), "");
    }

    async fn a_policy_can_say_how_long_a_key_may_live(app: App) {
        let (old, old_holder) = key(&app, json!({ "name": "Old", "role": "viewer" })).await;
        let policy = app.get(&app.admin, "/policy").await.json(200);
        assert_eq!(policy["maximum_key_days"], json!(null));
        for days in [0, 3651] {
            assert_eq!(app.patch(&app.admin, "/policy", &policy, json!({ "maximum_key_days": days })).await.faults(422), ["/maximum_key_days range"]);
        }
        app.patch(&app.admin, "/policy", &policy, json!({ "maximum_key_days": 90 })).await.json(200);
        let make = async |end: Value| app.post(&app.admin, "/keys", json!({ "name": "New", "role": "viewer", "expires_on": end })).await;
        assert_eq!(make(json!(null)).await.faults(422), ["/expires_on policy"]);
        assert_eq!(make(json!("2027-05-31")).await.faults(422), ["/expires_on policy"]);
        make(json!("2027-05-30")).await.json(201);
        // What is there stays; its successor lives as long as the policy lets it.
        app.get(&old_holder, "/suppliers").await.json(200);
        assert_eq!(rotate(&app, &old, Some(json!({ "expires_on": "2027-05-31" }))).await.faults(422), ["/expires_on policy"]);
        assert_eq!(rotate(&app, &old, None).await.json(201)["expires_on"], json!("2027-05-30"));
    }

    async fn a_key_rotated_at_one_replica_works_and_ends_at_another(app: App) {
        let store = Store::open(StoreOptions { url: app.url.clone(), max_connections: 2, clock: app.clock.clone() }).await.expect("the store opens");
        let other = TestClient::new(diligence::app(store, &Config::default()).boxed());
        let there = async |who: &Person| {
            let request = other.get("/api/v1/suppliers").header("authorization", format!("Bearer {}", who.key.as_deref().unwrap_or_default()));
            Answer::of(request.send().await).await.status.as_u16()
        };
        let (old, old_holder) = key(&app, json!({ "name": "Nightly", "role": "viewer" })).await;
        assert_eq!(there(&old_holder).await, 200);
        let new = rotate(&app, &old, Some(json!({ "overlap_days": 0 }))).await.json(201);
        assert_eq!(there(&holder(&new)).await, 200);
        // The other replica trusts what it looked up a moment ago, for seconds.
        app.clock.set(app.clock.now().time() + chrono::TimeDelta::seconds(diligence_entities::api_key::TRUSTED_SECONDS));
        assert_eq!((there(&old_holder).await, there(&holder(&new)).await), (401, 200));
    }
}

/// What reading the key gives, by what making it gave.
fn read_of(made: &Value) -> Value {
    let mut key = made.clone();
    key.as_object_mut().expect("an object").shift_remove("secret");
    key
}

#[tokio::test]
async fn keys_are_scoped_rotated_and_watched_at_the_console() {
    let (url, _folder) = empty_database(On::Sqlite).await;
    let run = |arguments: &[&str]| {
        let output = command(arguments).args(["--database-url", &url]).output().expect("the program runs");
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stdout).into_owned(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    let day = |days: i64| Clock::System.now().day().plus_days(days).to_string();
    let create = |scope: &str, end: &str| {
        run(&[
            "key",
            "create",
            "--create-organisation",
            "--organisation",
            "Ours",
            "--role",
            "viewer",
            "--scope",
            scope,
            "--name",
            "Nightly",
            "--expires-on",
            end,
        ])
    };
    let (code, old, told) = create("register_only", &day(20));
    assert_eq!((code, told.as_str(), old.lines().count()), (Some(0), "", 1));
    assert_eq!(create("some", &day(20)).0, Some(2));
    assert_eq!(create("import_only", &day(20)).0, Some(6), "a viewer imports nothing");
    let list = |more: &[&str]| {
        let (_, list, _) = run(&[&["key", "list"], more].concat());
        list.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect::<Vec<Vec<String>>>()
    };
    let before = list(&[]);
    assert_eq!(
        (before.len(), before[0][2].as_str(), before[0][6].as_str()),
        (1, &format!("until {}, 20 days left", day(20))[..], "register_only")
    );

    let mut process = command(&["serve", "--listen", "127.0.0.1:0", "--log-format", "json", "--database-url", &url])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut line = String::new();
    BufReader::new(process.stderr.take().expect("its log")).read_line(&mut line).expect("a line");
    process.kill().expect("it ends");
    process.wait().expect("it ends");
    let warning: Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!(
        (&warning["level"], &warning["count"], &warning["first_on"]),
        (&json!("WARN"), &json!(1), &json!(day(20))),
        "{line}"
    );

    let (code, new, _) = run(&["key", "rotate", &before[0][0], "--overlap-days", "3"]);
    assert_eq!((code, new.lines().count(), new.starts_with("dlg_"), new == old), (Some(0), 1, true, false));
    let after = list(&[]);
    assert_eq!(
        (after.len(), after[0][2].clone()),
        (2, format!("replaced by {}, until {}, 3 days left", after[1][0], day(3)))
    );
    assert_eq!(list(&["--expires-soon"]).len(), 2);
    assert_eq!(run(&["key", "rotate", &before[0][0]]).0, Some(6));
    assert_eq!(run(&["key", "rotate", "key_00000000000000000000000000000000"]).0, Some(6));
    assert_eq!(run(&["key", "revoke", &after[1][0]]).0, Some(0));
    assert_eq!((list(&[])[1][2].clone(), list(&["--expires-soon"]).len()), (format!("revoked {}", day(0)), 1));
}
