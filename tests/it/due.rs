//! What is due: nothing reassures without ground.

use serde_json::{Value, json};

use crate::{
    assessments::certificate,
    harness::{App, best, both, id, worst},
    pages::{holds, lacks, shown, someone},
};

/// The kinds on the list about one supplier or product, with their days.
async fn due_of(app: &App, subject: &Value) -> Vec<(String, String, String)> {
    let text = |item: &Value, field: &str| item[field].as_str().expect("text").to_owned();
    let items = app.walk(&format!("/due?subject_id={}", id(subject)), 200).await;
    let mut found: Vec<_> =
        items.iter().map(|item| (text(item, "kind"), text(item, "due_on"), text(item, "state"))).collect();
    found.sort();
    found
}

async fn kinds(app: &App, subject: &Value) -> Vec<String> {
    due_of(app, subject).await.into_iter().map(|(kind, ..)| kind).collect()
}

/// A supplier of which all is said that its tier follows from.
async fn profiled(app: &App, name: &str, more: Value) -> Value {
    let mut body = json!({
        "name": name, "data_role": "processor", "data_sensitivity": "special_category", "system_access": "standing",
        "service_criticality": "vital", "people_affected": "all",
    });
    for (field, value) in more.as_object().expect("an object") {
        body[field] = value.clone();
    }
    app.post(&app.editor, "/suppliers", body).await.json(201)
}

both! {
    async fn a_supplier_of_which_only_the_name_is_known_is_of_no_known_tier_and_is_to_be_profiled(app: App) {
        let supplier = app.post(&app.editor, "/suppliers", json!({ "name": "Only A Name" })).await.json(201);
        assert_eq!((&supplier["tier"], &supplier["tier_reason"]), (&json!("unknown"), &json!("not profiled yet")));
        assert_eq!(due_of(&app, &supplier).await, [
            ("profile_unknown".into(), "2027-03-31".into(), "due".into()),
            ("review".into(), "2027-09-01".into(), "coming".into()),
        ]);
        let said = json!({ "data_sensitivity": "none", "system_access": "none", "service_criticality": "minor", "people_affected": "none" });
        let low = app.patch(&app.editor, &format!("/suppliers/{}", id(&supplier)), &supplier, said).await.json(200);
        assert_eq!(low["tier"], "low");
        assert_eq!(kinds(&app, &supplier).await, ["review"]);
        let home = shown(&mut someone(&app, "viewer").await, &app, "/").await;
        lacks(&home.text, &["Not profiled yet:"]);
    }

    async fn data_about_children_or_health_asks_for_a_high_tier_whatever_else_is_unknown(app: App) {
        for data in ["health", "care_records", "biometric", "children", "criminal"] {
            let body = json!({ "name": data, "personal_data": ["contact", data] });
            assert_eq!(app.post(&app.editor, "/suppliers", body).await.json(201)["tier"], "high", "{data}");
        }
        let body = json!({ "name": "Letters", "personal_data": ["contact"] });
        assert_eq!(app.post(&app.editor, "/suppliers", body).await.json(201)["tier"], "unknown");
        let body = json!({ "name": "By hand", "tier_override": "unknown", "tier_override_reason": "nobody knows" });
        assert_eq!(app.post(&app.editor, "/suppliers", body).await.faults(422), ["/tier_override choice"]);
    }

    async fn what_is_not_known_is_rated_as_if_much_depended_on_it(app: App) {
        let supplier = app.post(&app.editor, "/suppliers", json!({ "name": "Only A Name" })).await.json(201);
        app.approved("supplier-security", &supplier, best).await;
        assert_eq!(app.line(&supplier).await["rating"], "moderate");
    }

    async fn a_contract_is_due_by_its_day_of_notice_and_one_that_renews_itself_moves_on(app: App) {
        let contract = |ends_on: &str, more: Value| {
            let mut contract = json!({ "reference": "C-1", "ends_on": ends_on, "notice_days": 90 });
            if let Some(months) = more.as_u64() {
                contract["renews_for_months"] = json!(months);
            }
            json!({ "contracts": [contract] })
        };
        let ended = profiled(&app, "Ended", contract("2027-01-20", Value::Null)).await;
        let found = due_of(&app, &ended).await;
        assert!(found.contains(&("contract_end".into(), "2027-01-20".into(), "overdue".into())), "{found:?}");
        assert!(found.contains(&("contract_notice".into(), "2026-10-22".into(), "overdue".into())), "{found:?}");
        let reviews = app.walk(&format!("/reviews?subject_id={}", id(&ended)), 50).await;
        assert_eq!((&reviews[0]["due_on"], &reviews[0]["reason"]), (&json!("2026-10-22"), &json!("contract")));
        let coming = profiled(&app, "Coming", contract("2027-06-29", Value::Null)).await;
        assert!(due_of(&app, &coming).await.contains(&("contract_notice".into(), "2027-03-31".into(), "due".into())));
        // It went on at the end of January, for another year.
        let renewed = profiled(&app, "Renewed", contract("2027-01-31", json!(12))).await;
        let found = due_of(&app, &renewed).await;
        assert!(found.contains(&("contract_end".into(), "2028-01-31".into(), "coming".into())), "{found:?}");
        let wrong = json!({ "name": "Wrong", "contracts": [{ "reference": "C-1", "renews_for_months": 12 }] });
        assert_eq!(app.post(&app.editor, "/suppliers", wrong).await.faults(422), ["/contracts/0 renewal"]);
    }

    async fn a_certificate_that_is_over_when_it_is_entered_is_due_now(app: App) {
        let supplier = profiled(&app, "Harbour", json!({})).await;
        let over = json!({ "subject_id": id(&supplier), "kind": "cyber_essentials", "issued_on": "2024-10-17" });
        app.post(&app.editor, "/evidence", over).await.json(201);
        assert!(due_of(&app, &supplier).await.contains(&("evidence_expiry".into(), "2025-10-17".into(), "overdue".into())));
        let reviews = app.walk(&format!("/reviews?subject_id={}", id(&supplier)), 50).await;
        assert!(reviews[0]["due_on"].as_str() <= Some("2027-03-01"), "{reviews:?}");
        // A newer one of its kind takes its place.
        certificate(&app, &supplier, "2028-02-28").await;
        let found = due_of(&app, &supplier).await;
        assert!(found.contains(&("evidence_expiry".into(), "2028-02-28".into(), "coming".into())), "{found:?}");
        assert!(!found.iter().any(|(kind, day, _)| kind == "evidence_expiry" && day == "2025-10-17"), "{found:?}");
    }

    async fn a_refusal_leaves_nothing_green_and_is_due_while_the_supplier_is_in_use(app: App) {
        let supplier = profiled(&app, "Harbour", json!({})).await;
        app.approved("supplier-security", &supplier, best).await;
        let green = app.line(&supplier).await;
        assert_eq!(green["security"]["claimed"], json!(100.0));
        let assessment = app.assessment("supplier-security", &supplier).await;
        let answered = app.answer_all(&assessment, worst).await["assessment"].clone();
        let submitted = app.act(&app.editor, &format!("/assessments/{}/submit", id(&answered)), &answered, None).await.json(200);
        let refused = json!({ "comment": "Nothing is in place." });
        app.act(&app.approver, &format!("/assessments/{}/refuse", id(&submitted)), &submitted, Some(refused)).await.json(200);
        let line = app.line(&supplier).await;
        assert_eq!((&line["decision"], &line["security"]["claimed"]), (&json!("refused"), &json!(0.0)), "{line}");
        assert_eq!(line["rating"], "extreme");
        assert!(kinds(&app, &supplier).await.contains(&"refused_in_use".to_owned()));
        let supplier = app.get(&app.viewer, &format!("/suppliers/{}", id(&supplier))).await.json(200);
        app.patch(&app.editor, &format!("/suppliers/{}", id(&supplier)), &supplier, json!({ "status": "exiting" })).await.json(200);
        assert!(!kinds(&app, &supplier).await.contains(&"refused_in_use".to_owned()));
    }

    async fn what_was_due_is_due_again_when_a_supplier_comes_back_from_the_archive(app: App) {
        let supplier = profiled(&app, "Harbour", json!({})).await;
        let incident = json!({ "subject_id": id(&supplier), "title": "Letters sent to the wrong homes", "severity": "high", "occurred_on": "2027-02-26" });
        app.post(&app.editor, "/incidents", incident).await.json(201);
        let before = due_of(&app, &supplier).await;
        assert!(before.contains(&("review".into(), "2027-03-01".into(), "due".into())), "{before:?}");
        let archived = app.act(&app.editor, &format!("/suppliers/{}/archive", id(&supplier)), &supplier, None).await.json(200);
        assert_eq!(due_of(&app, &supplier).await, []);
        app.act(&app.editor, &format!("/suppliers/{}/restore", id(&supplier)), &archived, None).await.json(200);
        assert_eq!(due_of(&app, &supplier).await, before);
    }

    async fn a_review_that_was_moved_to_a_later_day_comes_back_when_the_tier_rises(app: App) {
        let said = json!({ "name": "Harbour", "data_sensitivity": "none", "system_access": "none", "service_criticality": "minor", "people_affected": "none" });
        let supplier = app.post(&app.editor, "/suppliers", said).await.json(201);
        let reviews = format!("/reviews?subject_id={}", id(&supplier));
        let review = app.walk(&reviews, 50).await.remove(0);
        let moved = json!({ "due_on": "2032-01-01", "reason": "Nothing ever changes there." });
        app.act(&app.editor, &format!("/reviews/{}/reschedule", id(&review)), &review, Some(moved)).await.json(200);
        assert_eq!(app.walk(&reviews, 50).await[0]["due_on"], "2032-01-01");
        app.patch(&app.editor, &format!("/suppliers/{}", id(&supplier)), &supplier, json!({ "service_criticality": "vital" })).await.json(200);
        assert_eq!(app.walk(&reviews, 50).await[0]["due_on"], "2027-09-01");
    }

    async fn home_counts_all_that_is_due_and_says_nothing_only_where_the_list_is_empty(app: App) {
        for number in 0..9 {
            app.post(&app.editor, "/suppliers", json!({ "name": format!("Supplier {number}") })).await.json(201);
        }
        let mut viewer = someone(&app, "viewer").await;
        let home = shown(&mut viewer, &app, "/").await;
        holds(&home.text, &["Not profiled yet: 9", "href=\"/due?kind=profile_unknown\">See all 9"]);
        lacks(&home.text, &["Nothing is overdue"]);
        let counts = app.get(&app.viewer, "/due/counts").await.json(200);
        let of = |kind: &str| counts["kinds"].as_array().expect("a list").iter().find(|count| count["kind"] == kind).expect("the kind").clone();
        assert_eq!(of("profile_unknown"), json!({ "kind": "profile_unknown", "overdue": 0, "due": 9, "coming": 0 }));
        app.goes_to("2027-04-02");
        let counts = app.get(&app.viewer, "/due/counts").await.json(200);
        assert_eq!(counts["kinds"][8], json!({ "kind": "profile_unknown", "overdue": 9, "due": 0, "coming": 0 }));
        assert!(counts["overdue"].as_i64() >= Some(9), "{counts}");
        let mut viewer = someone(&app, "viewer").await;
        holds(&shown(&mut viewer, &app, "/due?state=overdue&kind=profile_unknown").await.text, &["Supplier 8", "is-late"]);
    }
}
