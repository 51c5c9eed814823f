//! Never falsely calm: dates that are kept are acted on, what is not known is not harmless, a refusal leaves nothing
//! green, and no detour wipes out what was due.

use poem::http::Method;
use serde_json::{Value, json};

use crate::{
    assessments::{approved, certificate, good, submitted},
    due_settled::turn_day,
    harness::{App, best, both, id, text},
    pages::{holds, lacks, shown, someone},
};

/// What is due about a supplier or product: kind and day, in order.
async fn due(app: &App, subject: &Value) -> Vec<String> {
    let items = app.walk(&format!("/due?subject_id={}", id(subject)), 200).await;
    let mut found: Vec<String> =
        items.iter().map(|item| format!("{} {}", text(item, "kind"), text(item, "due_on"))).collect();
    found.sort();
    found
}

/// Whether this is due about it: `contract_end 2027-04-15`, or any of `contract_end`.
async fn is_due(app: &App, subject: &Value, what: &str) -> bool {
    due(app, subject).await.iter().any(|item| item.starts_with(what))
}

/// A supplier of which it is known that little depends on it.
async fn small(app: &App, name: &str, more: Value) -> Value {
    let mut body = json!({
        "name": name, "data_sensitivity": "none", "system_access": "none", "service_criticality": "minor",
        "people_affected": "few",
    });
    body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    let supplier = app.post(&app.editor, "/suppliers", body).await.json(201);
    assert_eq!(supplier["tier"], "low");
    supplier
}

/// A contract with this end and notice.
fn contract(ends_on: &str, notice_days: Option<i64>) -> Value {
    json!({ "contracts": [{ "reference": "Laundry 7", "ends_on": ends_on, "notice_days": notice_days }] })
}

/// Changes a supplier, at the version it has now.
async fn change(app: &App, supplier: &Value, body: Value) -> Value {
    let path = format!("/suppliers/{}", id(supplier));
    let now = app.get(&app.viewer, &path).await.json(200);
    app.patch(&app.editor, &path, &now, body).await.json(200)
}

/// Archives or restores a supplier or product, as it is now.
async fn set(app: &App, path: &str, what: &str) {
    let now = app.get(&app.viewer, path).await.json(200);
    app.act(&app.editor, &format!("{path}/{what}"), &now, None).await.json(200);
}

async fn review(app: &App, subject: &Value) -> Value {
    app.walk(&format!("/reviews?subject_id={}", id(subject)), 50).await.remove(0)
}

async fn put_off(app: &App, subject: &Value, to: &str) {
    let review = review(app, subject).await;
    let body = json!({ "due_on": to, "reason": "Together with the others." });
    app.act(&app.editor, &format!("/reviews/{}/reschedule", id(&review)), &review, Some(body)).await.json(200);
}

/// The house check with every answer the worst, refused.
async fn refuse(app: &App, subject: &Value) {
    let worst = json!({ "mfa": { "value": "no" }, "hosting": { "value": "unknown" } });
    let assessment = submitted(app, subject, worst).await;
    let body = json!({ "comment": "They answered no to all of it." });
    app.act(&app.approver, &format!("/assessments/{}/refuse", id(&assessment)), &assessment, Some(body))
        .await
        .json(200);
}

async fn import(app: &App, file: &str) -> Vec<Value> {
    let kind = [("content-type", "text/csv")];
    let file = Some(file.as_bytes().to_vec());
    let report = app.raw(&app.editor, Method::POST, "/suppliers/import", file, &kind).await.json(200);
    report["rows"].as_array().expect("rows").clone()
}

both! {
    async fn a_day_of_notice_that_has_passed_is_due_until_the_contract_is_another(app: App) {
        let supplier = small(&app, "Tern Laundry", contract("2027-04-15", Some(60))).await;
        assert_eq!(due(&app, &supplier).await, ["contract_end 2027-04-15", "contract_notice 2027-02-14", "review 2027-02-14"]);
        // The day after its end it is on the list no less.
        app.goes_to("2027-04-16");
        turn_day(&app).await;
        assert_eq!(due(&app, &supplier).await, ["contract_end 2027-04-15", "contract_notice 2027-02-14", "review 2027-02-14"]);
        change(&app, &supplier, contract("2029-04-15", Some(60))).await;
        assert_eq!(due(&app, &supplier).await[..2], ["contract_end 2029-04-15", "contract_notice 2029-02-14"]);
        // Somebody has yet to look; the look after that is by the new day of notice, before the cadence asks.
        let open = review(&app, &supplier).await;
        assert_eq!(open["due_on"], "2027-02-14");
        app.act(&app.editor, &format!("/reviews/{}/complete", id(&open)), &open, Some(json!({}))).await.json(200);
        assert_eq!(review(&app, &supplier).await["due_on"], "2029-02-14");
    }

    async fn a_contract_without_a_notice_is_due_on_its_last_day_everywhere(app: App) {
        let supplier = small(&app, "Tern Laundry", contract("2027-03-21", None)).await;
        assert_eq!(due(&app, &supplier).await, ["contract_end 2027-03-21", "review 2027-03-21"]);
        assert_eq!(app.line(&supplier).await["next_review_on"], "2027-03-21");
        let calendar = app.get(&app.viewer, "/reviews.ics").await;
        assert!(calendar.text.contains("DTSTART;VALUE=DATE:20270321"), "{}", calendar.text);
        let home = shown(&mut someone(&app, "viewer").await, &app, "/").await;
        holds(&home.text, &["Tern Laundry"]);
        lacks(&home.text, &["Nothing is overdue"]);
    }

    async fn a_contract_that_goes_on_by_itself_moves_on_though_nobody_touches_it(app: App) {
        let contract = json!({ "contracts": [{ "reference": "Van hire", "ends_on": "2027-03-31", "notice_days": 30, "renews_for_months": 3 }] });
        let supplier = small(&app, "Gull Vans", contract).await;
        for (day, expected) in [
            ("2027-03-31", ["contract_end 2027-03-31", "contract_notice 2027-03-01"]),
            ("2027-04-01", ["contract_end 2027-06-30", "contract_notice 2027-05-31"]),
            ("2027-07-01", ["contract_end 2027-09-30", "contract_notice 2027-08-31"]),
        ] {
            app.goes_to(day);
            turn_day(&app).await;
            assert_eq!(due(&app, &supplier).await[..2], expected, "{day}");
        }
    }

    async fn whoever_is_leaving_has_no_notice_to_give(app: App) {
        let supplier = small(&app, "Tern Laundry", contract("2027-04-15", Some(30))).await;
        assert!(is_due(&app, &supplier, "contract_notice 2027-03-16").await);
        change(&app, &supplier, json!({ "status": "exiting" })).await;
        assert!(!is_due(&app, &supplier, "contract_notice").await);
    }

    async fn what_is_over_when_it_is_entered_is_due_for_the_product_that_it_is_about(app: App) {
        let supplier = small(&app, "Curlew Systems", json!({})).await;
        let product = app.product(&supplier, "Rota").await;
        let body = json!({ "subject_id": id(&product), "kind": "insurance", "reference": "P-77", "issued_on": "2026-01-01", "expires_on": "2026-12-31" });
        app.post(&app.editor, "/evidence", body).await.json(201);
        assert!(is_due(&app, &product, "evidence_expiry 2026-12-31").await);
        assert_eq!(review(&app, &product).await["due_on"], "2026-12-31");
        assert!(!is_due(&app, &supplier, "evidence_expiry").await);
        assert_eq!(review(&app, &supplier).await["due_on"], "2030-03-01");
    }

    async fn a_certificate_in_date_of_another_kind_excuses_nothing(app: App) {
        let supplier = small(&app, "Curlew Systems", json!({})).await;
        certificate(&app, &supplier, "2028-05-31").await;
        let body = json!({ "subject_id": id(&supplier), "kind": "iso_27001", "issued_on": "2023-02-01", "expires_on": "2026-01-31" });
        app.post(&app.editor, "/evidence", body).await.json(201);
        assert_eq!(due(&app, &supplier).await, ["evidence_expiry 2026-01-31", "evidence_expiry 2028-05-31", "review 2026-01-31"]);
    }

    async fn what_is_over_or_has_ended_in_a_list_that_is_imported_is_due_at_once(app: App) {
        let rows = import(&app, "\
name,service_criticality,contracts,evidence.cyber_essentials.issued_on\r\n\
Plover Catering,minor,\"[{\"\"reference\"\":\"\"K-9\"\",\"\"ends_on\"\":\"\"2026-11-30\"\"}]\",2025-06-01\r\n").await;
        let expected = ["contract_end 2026-11-30", "evidence_expiry 2026-06-01", "review 2026-06-01"];
        assert_eq!(due(&app, &rows[0]).await, expected);
    }

    async fn a_list_of_names_reassures_nobody(app: App) {
        small(&app, "Known And Small", json!({})).await;
        let rows = import(&app, "name\r\nAvocet\r\nBittern\r\nCrake\r\nDunlin\r\nEider\r\nFulmar\r\nGrebe\r\n").await;
        for row in &rows {
            assert_eq!(due(&app, row).await, ["profile_unknown 2027-03-31", "review 2027-09-01"]);
        }
        app.is_filtered("/register", "tier=unknown", |line| line["name"] != "Known And Small").await;
        let summary = app.get(&app.viewer, "/register/summary").await.json(200);
        assert_eq!((&summary["suppliers_by_tier"]["unknown"], &summary["suppliers_by_tier"]["low"]), (&json!(7), &json!(1)));
        let home = shown(&mut someone(&app, "viewer").await, &app, "/").await;
        holds(&home.text, &["Not profiled yet: 7"]);
        // One that is said to handle children's data is known to matter, whatever else nobody has said.
        let said = change(&app, &rows[0], json!({ "data_role": "processor", "personal_data": ["children"] })).await;
        assert_eq!(said["tier"], "high");
        assert_eq!(due(&app, &said).await, ["never_assessed 2027-04-30", "review 2028-03-01"]);
    }

    async fn a_product_that_was_refused_keeps_nothing_of_its_approval(app: App) {
        let supplier = small(&app, "Curlew Systems", json!({})).await;
        let product = app.product(&supplier, "Rota").await;
        let paper = certificate(&app, &product, "2028-05-31").await;
        approved(&app, &product, good(&paper)).await;
        assert_eq!(app.line(&product).await["security"], json!({ "claimed": 100.0, "evidenced": 100.0 }));
        app.goes_to("2027-03-08");
        turn_day(&app).await;
        refuse(&app, &product).await;
        let line = app.line(&product).await;
        assert_eq!((&line["decision"], &line["security"]), (&json!("refused"), &json!({ "claimed": 0.0, "evidenced": 0.0 })));
        assert!(line["rating"] != "low" && app.line(&supplier).await["rating"] != "low", "{line}");
        assert!(is_due(&app, &product, "refused_in_use 2027-03-08").await);
        assert!(!is_due(&app, &supplier, "refused_in_use").await);
    }

    async fn a_refusal_on_one_questionnaire_outweighs_an_approval_on_another(app: App) {
        let supplier = app.processor("Curlew Systems").await;
        app.approved("supplier-security", &supplier, best).await;
        refuse(&app, &supplier).await;
        let line = app.line(&supplier).await;
        assert_eq!((&line["decision"], &line["security"]["claimed"]), (&json!("refused"), &json!(0.0)));
        assert_eq!(line["rating"], "extreme");
        assert!(is_due(&app, &supplier, "refused_in_use 2027-03-01").await);
        // An approval on the other, once more, changes nothing of that.
        app.approved("supplier-security", &supplier, best).await;
        assert_eq!(app.line(&supplier).await["decision"], "refused");
        assert!(is_due(&app, &supplier, "refused_in_use 2027-03-01").await);
    }

    async fn what_was_refused_and_then_approved_is_in_use_by_right(app: App) {
        let supplier = small(&app, "Curlew Systems", json!({})).await;
        refuse(&app, &supplier).await;
        assert!(is_due(&app, &supplier, "refused_in_use").await);
        app.goes_to("2027-05-03");
        turn_day(&app).await;
        let paper = certificate(&app, &supplier, "2028-05-31").await;
        approved(&app, &supplier, good(&paper)).await;
        assert!(!is_due(&app, &supplier, "refused_in_use").await);
        assert!(!is_due(&app, &supplier, "decision_stale 2027-05").await);
        let line = app.line(&supplier).await;
        assert_eq!((&line["decision"], &line["security"]["claimed"], &line["rating"]), (&json!("approved"), &json!(100.0), &json!("low")));
    }

    async fn a_refusal_is_forgotten_in_no_archive(app: App) {
        let supplier = small(&app, "Curlew Systems", json!({})).await;
        refuse(&app, &supplier).await;
        let path = format!("/suppliers/{}", id(&supplier));
        set(&app, &path, "archive").await;
        assert_eq!(due(&app, &supplier).await, Vec::<String>::new());
        app.goes_to("2027-06-01");
        turn_day(&app).await;
        set(&app, &path, "restore").await;
        assert!(is_due(&app, &supplier, "refused_in_use 2027-03-01").await);
        assert_eq!(app.line(&supplier).await["decision"], "refused");
    }

    async fn a_review_that_was_put_off_yields_to_whatever_comes_up_later(app: App) {
        let certified = small(&app, "Has a certificate", json!({})).await;
        let contracted = small(&app, "Has a contract", json!({})).await;
        let sensitive = small(&app, "Has health data", json!({})).await;
        let troubled = small(&app, "Has an incident", json!({})).await;
        let decided = small(&app, "Was approved", json!({})).await;
        let paper = certificate(&app, &decided, "2035-05-31").await;
        approved(&app, &decided, good(&paper)).await;
        let all = [&certified, &contracted, &sensitive, &troubled, &decided];
        for supplier in all {
            put_off(&app, supplier, "2031-10-01").await;
            assert_eq!(review(&app, supplier).await["due_on"], "2031-10-01");
        }
        app.goes_to("2027-04-12");
        turn_day(&app).await;
        certificate(&app, &certified, "2027-06-30").await;
        change(&app, &contracted, contract("2027-12-31", Some(92))).await;
        change(&app, &sensitive, json!({ "personal_data": ["health"] })).await;
        let incident = json!({ "subject_id": id(&troubled), "title": "Sheets went missing", "severity": "low", "occurred_on": "2027-04-10" });
        app.post(&app.editor, "/incidents", incident).await.json(201);
        change(&app, &decided, json!({ "data_locations": ["US"] })).await;
        for (supplier, day) in all.into_iter().zip(["2027-06-30", "2027-09-30", "2028-03-01", "2027-04-12", "2027-04-12"]) {
            assert_eq!(review(&app, supplier).await["due_on"], day, "{}", supplier["name"]);
            assert!(is_due(&app, supplier, &format!("review {day}")).await, "{}", supplier["name"]);
        }
    }

    async fn a_review_that_was_put_off_stays_where_nothing_brings_it_forward(app: App) {
        let supplier = app.processor("Curlew Systems").await;
        certificate(&app, &supplier, "2027-06-30").await;
        put_off(&app, &supplier, "2029-02-01").await;
        // What was known by then has been weighed; and less depends on it now.
        change(&app, &supplier, json!({ "notes": "They moved house." })).await;
        change(&app, &supplier, json!({ "system_access": "limited", "data_sensitivity": "personal" })).await;
        assert_eq!(review(&app, &supplier).await["due_on"], "2029-02-01");
        // The certificate itself is no less on the list.
        assert!(is_due(&app, &supplier, "evidence_expiry 2027-06-30").await);
    }

    async fn a_product_comes_back_with_its_supplier_as_it_was(app: App) {
        let supplier = app.processor("Curlew Systems").await;
        let product = app.product(&supplier, "Rota").await;
        certificate(&app, &product, "2027-06-30").await;
        let incident = json!({ "subject_id": id(&product), "title": "Rotas of another home", "severity": "moderate", "occurred_on": "2027-02-27" });
        app.post(&app.editor, "/incidents", incident).await.json(201);
        let before = (due(&app, &supplier).await, due(&app, &product).await);
        assert_eq!(before.1, ["ai_unknown 2027-03-31", "evidence_expiry 2027-06-30", "review 2027-03-01"]);
        for path in [format!("/suppliers/{}", id(&supplier)), format!("/products/{}", id(&product))] {
            set(&app, &path, "archive").await;
            assert_eq!(due(&app, &product).await, Vec::<String>::new());
            app.goes_to("2027-05-04");
            turn_day(&app).await;
            set(&app, &path, "restore").await;
            assert_eq!((due(&app, &supplier).await, due(&app, &product).await), before, "{path}");
        }
    }

    async fn what_came_due_in_the_archive_is_overdue_on_return(app: App) {
        let supplier = small(&app, "Tern Laundry", contract("2027-08-31", Some(31))).await;
        let paper = certificate(&app, &supplier, "2027-06-30").await;
        let assessment = submitted(&app, &supplier, good(&paper)).await;
        let conditions = json!({ "conditions": [{ "text": "Lock the van.", "owner": "Ada Moss", "due_on": "2027-05-01" }], "lapses_on": "2027-07-15" });
        app.act(&app.approver, &format!("/assessments/{}/approve", id(&assessment)), &assessment, Some(conditions)).await.json(200);
        put_off(&app, &supplier, "2027-09-15").await;
        let path = format!("/suppliers/{}", id(&supplier));
        set(&app, &path, "archive").await;
        app.goes_to("2027-10-01");
        turn_day(&app).await;
        set(&app, &path, "restore").await;
        for expected in [
            "condition 2027-05-01",
            "contract_end 2027-08-31",
            "contract_notice 2027-07-31",
            "decision_lapse 2027-07-15",
            "decision_stale 2027-07-01",
            "evidence_expiry 2027-06-30",
            "review 2027-09-15",
        ] {
            assert!(is_due(&app, &supplier, expected).await, "{expected} in {:?}", due(&app, &supplier).await);
        }
        let overdue = app.walk(&format!("/due?state=overdue&subject_id={}", id(&supplier)), 200).await;
        assert_eq!(overdue.len(), 7, "{overdue:?}");
    }

    async fn an_unanswered_questionnaire_is_due_after_its_day_and_after_its_link_has_ended(app: App) {
        let supplier = small(&app, "Tern Laundry", json!({})).await;
        let assessment = app.assessment("supplier-security", &supplier).await;
        let link = json!({ "assessment_id": id(&assessment), "contact_name": "Sam Tern", "due_on": "2027-03-08", "expires_on": "2027-03-10" });
        let link = app.post(&app.editor, "/links", link).await.json(201);
        app.goes_to("2027-03-20");
        turn_day(&app).await;
        assert!(is_due(&app, &supplier, "unanswered 2027-03-08").await);
        let mut viewer = someone(&app, "viewer").await;
        let home = shown(&mut viewer, &app, "/").await;
        holds(&home.text, &["Sam Tern"]);
        lacks(&home.text, &["Nothing is overdue"]);
        let now = app.get(&app.viewer, &format!("/links/{}", id(&link))).await.json(200);
        app.act(&app.editor, &format!("/links/{}/revoke", id(&link)), &now, None).await.json(200);
        assert!(!is_due(&app, &supplier, "unanswered").await);
        holds(&shown(&mut viewer, &app, "/").await.text, &["Nothing is overdue"]);
    }
}
