//! The audit trail: every change leaves an event, no refusal does, and the chain holds.

use std::collections::BTreeSet;

use diligence_entities::{
    audit::{self, AuditEventFilter},
    role::Role,
    scope::{Actor, Scope},
};
use serde_json::{Value, json};

use crate::{
    assessments::{approved, certificate, good, poor, submitted},
    harness::{App, Person, both, id, text},
};

async fn events(app: &App, filter: &str) -> Vec<Value> {
    app.walk(&format!("/audit-events?{filter}"), 200).await
}

/// The chain as it is stored, oldest first.
async fn chain(app: &App, person: &Person) -> Vec<audit::AuditEvent> {
    let organisation_id = text(&app.get(person, "/organisation").await.json(200), "id").parse().expect("an id");
    let scope = Scope { organisation_id, actor: Actor { id: "test".into(), name: "test".into() }, role: Role::Admin, request_id: None };
    let reader = app.store.read(&scope).await.expect("a reader");
    let (mut events, mut cursor) = (Vec::new(), None);
    loop {
        let page = audit::list(&reader, &AuditEventFilter { limit: Some(200), cursor, ..AuditEventFilter::default() }).await.expect("a page");
        events.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            events.reverse();
            return events;
        }
    }
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
        let supplier = app.supplier("Ängström 1\u{2028}2").await;
        let assessment = submitted(&app, &supplier, json!({ "mfa": { "value": "partly" }, "hosting": { "value": "ours" }, "plan": { "value": "x" } })).await;
        app.patch(&app.approver, &format!("/assessments/{}/review", id(&assessment)), &assessment, json!({ "plan": { "points": 33 } })).await.json(200);
        app.post(&app.neighbour, "/suppliers", json!({ "name": "Next door" })).await.json(201);
        for person in [&app.admin, &app.neighbour] {
            let events = chain(&app, person).await;
            let mut previous = "0".repeat(64);
            for (number, event) in (1..).zip(&events) {
                assert_eq!((event.sequence, &event.previous_hash, &event.hash), (number, &previous, &event.expected_hash()), "{event:?}");
                previous.clone_from(&event.hash);
            }
            assert!(events.len() > 3);
        }
    }

    async fn an_event_that_is_tampered_with_has_another_hash(app: App) {
        app.supplier("Harbour").await;
        let event = chain(&app, &app.admin).await.pop().expect("an event");
        let mut tampered = [event.clone(), event.clone(), event.clone(), event.clone()];
        tampered[0].actor_name = "someone else".into();
        tampered[1].sequence += 1;
        tampered[2].after = None;
        tampered[3].at = tampered[3].at.plus_hours(1);
        assert!(tampered.iter().all(|other| other.expected_hash() != event.hash));
    }

    async fn a_request_that_is_refused_leaves_no_event(app: App) {
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
        assert_eq!(events(&app, "").await, before);
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
        for limit in 1..=all.len() + 1 {
            assert_eq!(app.walk("/audit-events", limit).await, all, "{limit}");
        }
        let sequences: Vec<i64> = all.iter().filter_map(|event| event["sequence"].as_i64()).collect();
        assert_eq!(sequences, (1..=sequences[0]).rev().collect::<Vec<_>>());
    }
}
