//! Never falsely calm, further: what an approval rests on, what was put off, and what was entered in another order.

use serde_json::{Value, json};

use crate::{
    assessments::{approved, good},
    harness::{App, both, id, text},
    respondents::{link, token},
};

/// What is due about a supplier or product: kind and day, in order.
async fn due(app: &App, subject: &Value) -> Vec<String> {
    let items = app.walk(&format!("/due?subject_id={}", id(subject)), 200).await;
    let mut found: Vec<String> =
        items.iter().map(|item| format!("{} {}", text(item, "kind"), text(item, "due_on"))).collect();
    found.sort();
    found
}

async fn is_due(app: &App, subject: &Value, what: &str) -> bool {
    due(app, subject).await.iter().any(|item| item.starts_with(what))
}

async fn evidence(app: &App, subject: &Value, more: Value) -> Value {
    let mut body = json!({ "subject_id": id(subject), "kind": "cyber_essentials" });
    body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    app.post(&app.editor, "/evidence", body).await.json(201)
}

/// Changes something that is at `path`, at the version it has now.
async fn change(app: &App, path: &str, body: Value) -> Value {
    let now = app.get(&app.viewer, path).await.json(200);
    app.patch(&app.editor, path, &now, body).await.json(200)
}

fn supplier_path(supplier: &Value) -> String {
    format!("/suppliers/{}", id(supplier))
}

async fn put_off(app: &App, subject: &Value, to: &str) {
    let review = app.walk(&format!("/reviews?subject_id={}", id(subject)), 50).await.remove(0);
    let body = json!({ "due_on": to, "reason": "Together with the others." });
    app.act(&app.editor, &format!("/reviews/{}/reschedule", id(&review)), &review, Some(body)).await.json(200);
}

async fn looked_at_on(app: &App, subject: &Value) -> String {
    let review = app.walk(&format!("/reviews?subject_id={}", id(subject)), 50).await.remove(0);
    text(&review, "due_on").to_owned()
}

/// Why the decisions about it are out of date.
async fn stale(app: &App, subject: &Value) -> Vec<String> {
    let line = app.line(subject).await;
    let reasons = line["stale_reasons"].as_array().expect("a list");
    reasons.iter().map(|reason| reason.as_str().expect("a text").to_owned()).collect()
}

both! {
    async fn a_review_that_was_put_off_while_nothing_was_known_yields_to_whatever_is_said(app: App) {
        for (said, expected) in [
            (json!({ "service_criticality": "vital", "system_access": "standing" }), "2027-09-01"),
            (json!({ "data_role": "processor", "personal_data": ["children"] }), "2028-03-01"),
            (json!({ "service_criticality": "important" }), "2029-03-01"),
        ] {
            let supplier = app.supplier(&format!("Supplier {expected}")).await;
            let product = app.product(&supplier, "Rota").await;
            for subject in [&supplier, &product] {
                put_off(&app, subject, "2029-08-18").await;
                assert_eq!(looked_at_on(&app, subject).await, "2029-08-18");
            }
            change(&app, &supplier_path(&supplier), said).await;
            assert_eq!(looked_at_on(&app, &supplier).await, expected);
            assert_eq!(looked_at_on(&app, &product).await, expected);
        }
        // One of which little is known to depend stays where it was put.
        let supplier = app.minor("Small").await;
        put_off(&app, &supplier, "2029-08-18").await;
        change(&app, &supplier_path(&supplier), json!({ "notes": "Blue vans." })).await;
        assert_eq!(looked_at_on(&app, &supplier).await, "2029-08-18");
    }

    async fn standards_that_are_not_met_any_more_are_due_and_end_what_rested_on_them(app: App) {
        let supplier = app.supplier("Harbour").await;
        let met = evidence(&app, &supplier, json!({ "kind": "dspt", "statement": "Standards Met", "issued_on": "2026-12-01" })).await;
        approved(&app, &supplier, good(&met)).await;
        assert!(is_due(&app, &supplier, "decision_stale 2028-07-01").await, "{:?}", due(&app, &supplier).await);
        let unmet = json!({ "kind": "dspt", "statement": "Not Published", "issued_on": "2027-02-20" });
        evidence(&app, &supplier, unmet).await;
        let found = due(&app, &supplier).await;
        assert!(found.contains(&"evidence_expiry 2027-02-20".to_owned()) && found.contains(&"decision_stale 2027-02-21".to_owned()), "{found:?}");
        assert!(!is_due(&app, &supplier, "evidence_expiry 2028").await);
        for statement in ["Not yet Standards Met", "Approaching Standards", "Standards not fully met (plan agreed)"] {
            let other = app.supplier(statement).await;
            evidence(&app, &other, json!({ "kind": "dspt", "statement": statement, "issued_on": "2027-02-01" })).await;
            assert!(is_due(&app, &other, "evidence_expiry 2027-02-01").await, "{statement}: {:?}", due(&app, &other).await);
            assert_eq!(app.get(&app.viewer, &format!("/register?has_certificate=true&supplier_id={}", id(&other))).await.json(200)["items"], json!([]));
        }
    }

    async fn a_certificate_that_loses_its_day_is_due_at_once(app: App) {
        let supplier = app.minor("Harbour").await;
        let piece = evidence(&app, &supplier, json!({ "issued_on": "2026-11-20" })).await;
        assert!(is_due(&app, &supplier, "evidence_expiry 2027-11-20").await);
        change(&app, &format!("/evidence/{}", id(&piece)), json!({ "issued_on": null })).await;
        assert!(is_due(&app, &supplier, "evidence_expiry 2027-03-01").await, "{:?}", due(&app, &supplier).await);
    }

    async fn an_approval_is_stale_once_a_certificate_that_its_answers_named_counts_no_more(app: App) {
        let supplier = app.supplier("Harbour").await;
        let product = app.product(&supplier, "Rota").await;
        let piece = evidence(&app, &supplier, json!({ "issued_on": "2026-11-20" })).await;
        approved(&app, &product, good(&piece)).await;
        assert!(is_due(&app, &product, "decision_stale 2027-11-21").await, "{:?}", due(&app, &product).await);
        let decision = app.walk(&format!("/decisions?subject_id={}", id(&product)), 50).await.remove(0);
        assert_eq!(decision["rests_on"], json!([id(&piece)]));
        // It turns out to be older than was said.
        let path = format!("/evidence/{}", id(&piece));
        change(&app, &path, json!({ "issued_on": "2025-10-17" })).await;
        assert!(is_due(&app, &product, "decision_stale 2026-10-18").await, "{:?}", due(&app, &product).await);
        change(&app, &path, json!({ "issued_on": null })).await;
        assert!(is_due(&app, &product, "decision_stale 2027-03-01").await, "{:?}", due(&app, &product).await);
        // A newer one takes its place.
        evidence(&app, &supplier, json!({ "issued_on": "2027-02-28" })).await;
        assert!(is_due(&app, &product, "decision_stale 2028-02-29").await, "{:?}", due(&app, &product).await);
    }

    async fn what_was_entered_into_the_archive_is_due_when_it_is_restored(app: App) {
        let contract = json!([{ "reference": "C-1", "ends_on": "2027-01-20" }]);
        let body = json!({ "name": "Harbour", "status": "archived", "service_criticality": "vital", "contracts": contract });
        let supplier = app.post(&app.editor, "/suppliers", body).await.json(201);
        evidence(&app, &supplier, json!({ "issued_on": "2025-10-17" })).await;
        let incident = json!({ "subject_id": id(&supplier), "title": "It stopped", "severity": "high", "occurred_on": "2027-02-25" });
        app.post(&app.editor, "/incidents", incident).await.json(201);
        assert_eq!(due(&app, &supplier).await, Vec::<String>::new());
        let path = supplier_path(&supplier);
        let now = app.get(&app.viewer, &path).await.json(200);
        app.act(&app.editor, &format!("{path}/restore"), &now, None).await.json(200);
        assert!(looked_at_on(&app, &supplier).await.as_str() <= "2027-03-01");
        assert!(is_due(&app, &supplier, "contract_end 2027-01-20").await && is_due(&app, &supplier, "evidence_expiry 2026-10-17").await);
    }

    async fn an_approval_is_stale_when_more_is_at_stake_though_its_tier_stays(app: App) {
        let by_hand = json!({ "name": "By hand", "tier_override": "high", "tier_override_reason": "They run the rota." });
        let by_hand = app.post(&app.editor, "/suppliers", by_hand).await.json(201);
        let critical = app.post(&app.editor, "/suppliers", json!({ "name": "Critical", "system_access": "privileged", "data_sensitivity": "none" })).await.json(201);
        let unknown = app.supplier("Unknown").await;
        let product = app.product(&unknown, "Rota").await;
        for subject in [&by_hand, &critical, &product] {
            approved(&app, subject, json!({ "mfa": { "value": "no" }, "hosting": { "value": "unknown" } })).await;
            assert_eq!(stale(&app, subject).await, Vec::<String>::new());
        }
        change(&app, &supplier_path(&by_hand), json!({ "service_criticality": "important" })).await;
        assert_eq!(stale(&app, &by_hand).await, ["a first profile"]);
        change(&app, &supplier_path(&critical), json!({ "data_sensitivity": "special_category" })).await;
        assert_eq!(stale(&app, &critical).await, ["special-category data, not said before"]);
        change(&app, &supplier_path(&unknown), json!({ "service_criticality": "essential" })).await;
        assert!(stale(&app, &product).await.contains(&"a first profile: tier high".to_owned()));
    }

    async fn answers_that_were_returned_are_waited_for_again_and_nobody_submits_for_whoever_was_asked(app: App) {
        let supplier = app.supplier("Harbour").await;
        let assessment = app.assessment("supplier-security", &supplier).await;
        let made = link(&app, &assessment).await;
        assert!(!token(&made).is_empty());
        assert!(is_due(&app, &supplier, "unanswered").await);
        let path = format!("/assessments/{}", id(&assessment));
        let now = app.get(&app.viewer, &path).await.json(200);
        let refused = app.act(&app.editor, &format!("{path}/submit"), &now, None).await;
        assert_eq!(refused.faults(409), ["not_submitted_through_link"]);
    }
}
