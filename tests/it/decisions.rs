//! Decisions: conditions met or missed, days on which they lapse, and what makes them stale.

use serde_json::{Value, json};

use crate::{
    assessments::{approved, certificate, good, poor, submitted},
    harness::{App, both, id, text},
};

async fn decide(app: &App, subject: &Value, how: &str, decision: Value) -> Value {
    let assessment = submitted(app, subject, poor()).await;
    app.act(&app.approver, &format!("/assessments/{}/{how}", id(&assessment)), &assessment, Some(decision))
        .await
        .json(200);
    decision_on(app, subject).await
}

async fn decision_on(app: &App, subject: &Value) -> Value {
    app.walk(&format!("/decisions?superseded=false&subject_id={}", id(subject)), 50).await.remove(0)
}

async fn review_of(app: &App, subject: &Value) -> Value {
    app.walk(&format!("/reviews?subject_id={}", id(subject)), 50).await.remove(0)
}

/// The decision and the line say why it is stale, and the review is due today for the same reason.
async fn has_gone_stale(app: &App, subject: &Value, because: &str) {
    let decision = decision_on(app, subject).await;
    assert_eq!(
        (&decision["stale_reasons"], decision["stale_since"].is_null()),
        (&json!([because]), false),
        "{because}"
    );
    assert_eq!(app.line(subject).await["stale_reasons"], json!([because]));
    let review = review_of(app, subject).await;
    assert_eq!(review["due_on"], json!("2027-04-01"), "{because}");
    assert!(
        review["triggers"]
            .as_array()
            .expect("a list")
            .iter()
            .any(|trigger| trigger["kind"] == json!("change") && trigger["detail"] == json!(because)),
        "{review}"
    );
}

async fn is_fresh(app: &App, subject: &Value) {
    let decision = decision_on(app, subject).await;
    assert_eq!((&decision["stale_reasons"], &decision["stale_since"]), (&json!([]), &json!(null)));
    assert!(review_of(app, subject).await["due_on"] != json!("2027-04-01"));
}

both! {
    async fn a_decision_keeps_who_decided_what_when_and_why(app: App) {
        let supplier = app.supplier("Harbour").await;
        let said = json!({ "comment": "For a year", "conditions": [{ "text": "Turn the second factor on", "owner": "Ada Moss", "due_on": "2027-06-30" }], "lapses_on": "2028-03-01" });
        let decision = decide(&app, &supplier, "approve", said).await;
        assert_eq!((&decision["outcome"], &decision["comment"], &decision["lapses_on"], &decision["decided_by"]), (&json!("approved_with_conditions"), &json!("For a year"), &json!("2028-03-01"), &json!("approver")));
        assert_eq!(decision["conditions"], json!([{ "number": 1, "text": "Turn the second factor on", "owner": "Ada Moss", "due_on": "2027-06-30", "met_on": null, "met_note": null }]));
        assert_eq!((&decision["questionnaire"], &decision["decided_at"], &decision["stale_since"]), (&json!("house-check"), &json!("2027-03-01T09:00:00.000000Z"), &json!(null)));
        assert_eq!(app.get(&app.viewer, &format!("/decisions/{}", id(&decision))).await.json(200), decision);
    }

    async fn a_decision_looks_ahead_and_a_refusal_has_no_conditions(app: App) {
        let supplier = app.supplier("Harbour").await;
        let assessment = submitted(&app, &supplier, poor()).await;
        let path = format!("/assessments/{}", id(&assessment));
        let past = json!({ "conditions": [{ "text": "x", "owner": "y", "due_on": "2027-03-01" }, { "text": "x", "owner": "y", "due_on": "2027-02-28" }], "lapses_on": "2027-02-28" });
        assert_eq!(app.act(&app.approver, &format!("{path}/approve"), &assessment, Some(past)).await.faults(422), ["/conditions/1/due_on past", "/lapses_on past"]);
        let conditions = json!({ "conditions": [{ "text": "x", "owner": "y", "due_on": "2027-06-30" }] });
        assert_eq!(app.act(&app.approver, &format!("{path}/refuse"), &assessment, Some(conditions)).await.faults(422), ["/conditions contradiction"]);
        assert_eq!(app.walk("/decisions", 50).await, Vec::<Value>::new());
        assert_eq!(app.get(&app.viewer, &path).await.json(200)["state"], json!("submitted"));
    }

    async fn a_condition_is_met_once_and_counted_until_then(app: App) {
        let supplier = app.supplier("Harbour").await;
        let conditions = json!([{ "text": "a", "owner": "x", "due_on": "2027-03-10" }, { "text": "b", "owner": "y", "due_on": "2027-03-20" }]);
        let decision = decide(&app, &supplier, "approve", json!({ "conditions": conditions })).await;
        let counts = async || {
            let line = app.line(&supplier).await;
            (line["open_condition_count"].clone(), line["overdue_condition_count"].clone())
        };
        assert_eq!(counts().await, (json!(2), json!(0)));
        app.goes_to("2027-03-10");
        assert_eq!(counts().await, (json!(2), json!(0)));
        app.goes_to("2027-03-11");
        assert_eq!(counts().await, (json!(2), json!(1)));
        let path = format!("/decisions/{}/meet-condition", id(&decision));
        app.act(&app.editor, &path, &decision, Some(json!({ "number": 1 }))).await.faults(403);
        assert_eq!(app.act(&app.approver, &path, &decision, Some(json!({ "number": 3 }))).await.faults(422), ["/number unknown"]);
        let met = app.act(&app.approver, &path, &decision, Some(json!({ "number": 1, "note": "seen it" }))).await.json(200);
        assert_eq!((&met["conditions"][0]["met_on"], &met["conditions"][0]["met_note"], &met["conditions"][1]["met_on"]), (&json!("2027-03-11"), &json!("seen it"), &json!(null)));
        assert_eq!(counts().await, (json!(1), json!(0)));
        app.act(&app.approver, &path, &met, Some(json!({ "number": 1 }))).await.faults(409);
        app.act(&app.approver, &path, &decision, Some(json!({ "number": 2 }))).await.faults(412);
    }

    async fn a_decision_lapses_the_day_after_its_last(app: App) {
        let supplier = app.supplier("Harbour").await;
        decide(&app, &supplier, "approve", json!({ "lapses_on": "2027-06-30" })).await;
        app.goes_to("2027-06-30");
        let line = app.line(&supplier).await;
        assert_eq!((&line["decision"], &line["decision_lapsed"], &line["decision_lapses_on"]), (&json!("approved"), &json!(false), &json!("2027-06-30")));
        app.goes_to("2027-07-01");
        let line = app.line(&supplier).await;
        assert_eq!((&line["decision"], &line["decision_lapsed"], &line["decision_lapses_on"]), (&json!(null), &json!(true), &json!("2027-06-30")));
    }

    async fn a_refusal_is_not_hidden_by_another_decision_that_lapsed(app: App) {
        let supplier = app.supplier("Harbour").await;
        decide(&app, &supplier, "approve", json!({ "lapses_on": "2027-06-30" })).await;
        let mut other = crate::questionnaires::house_check("2027.1");
        other["key"] = json!("other-check");
        app.post(&app.editor, "/questionnaires", other).await.json(201);
        let assessment = app.assessment("other-check", &supplier).await;
        let path = format!("/assessments/{}", id(&assessment));
        let progress = app.patch(&app.editor, &format!("{path}/answers"), &assessment, poor()).await.json(200);
        let assessment = app.act(&app.editor, &format!("{path}/submit"), &progress["assessment"], None).await.json(200);
        app.act(&app.approver, &format!("{path}/refuse"), &assessment, Some(json!({ "lapses_on": "2027-09-30" }))).await.json(200);
        app.goes_to("2027-07-01");
        assert_eq!(app.line(&supplier).await["decision"], json!("refused"));
        app.goes_to("2027-10-01");
        assert_eq!((&app.line(&supplier).await["decision"], &app.line(&supplier).await["decision_lapsed"]), (&json!(null), &json!(true)));
    }

    async fn a_later_decision_on_the_same_questionnaire_takes_the_place_of_the_earlier(app: App) {
        let supplier = app.supplier("Harbour").await;
        let earlier = decide(&app, &supplier, "refuse", json!({})).await;
        let later = decide(&app, &supplier, "approve", json!({})).await;
        assert!(id(&earlier) != id(&later));
        let read = app.get(&app.viewer, &format!("/decisions/{}", id(&earlier))).await.json(200);
        assert_eq!((&read["superseded"], &read["outcome"], &app.line(&supplier).await["decision"]), (&json!(true), &json!("refused"), &json!("approved")));
    }

    async fn another_product_version_makes_its_decision_stale(app: App) {
        let product = app.product(&app.supplier("Harbour").await, "Notes").await;
        approved(&app, &product, poor()).await;
        app.goes_to("2027-04-01");
        let path = format!("/products/{}", id(&product));
        let renamed = app.patch(&app.editor, &path, &product, json!({ "name": "Notes!", "purpose": "Notes" })).await.json(200);
        is_fresh(&app, &product).await;
        app.patch(&app.editor, &path, &renamed, json!({ "product_version": "2.0" })).await.json(200);
        has_gone_stale(&app, &product, "another product version").await;
    }

    async fn a_new_ai_feature_makes_stale_what_was_decided_on_the_product_and_on_its_supplier(app: App) {
        let supplier = app.supplier("Harbour").await;
        let product = app.product(&supplier, "Notes").await;
        approved(&app, &product, poor()).await;
        approved(&app, &supplier, poor()).await;
        app.goes_to("2027-04-01");
        let path = format!("/products/{}", id(&product));
        let product = app.patch(&app.editor, &path, &product, json!({ "ai_features": "none" })).await.json(200);
        is_fresh(&app, &product).await;
        let product = app.patch(&app.editor, &path, &product, json!({ "ai_features": "embedded" })).await.json(200);
        has_gone_stale(&app, &product, "a new AI feature").await;
        has_gone_stale(&app, &supplier, "a new AI feature in Notes").await;
    }

    async fn a_new_product_with_ai_makes_its_suppliers_decision_stale(app: App) {
        let supplier = app.supplier("Harbour").await;
        approved(&app, &supplier, poor()).await;
        app.goes_to("2027-04-01");
        app.product(&supplier, "Chairs").await;
        is_fresh(&app, &supplier).await;
        app.post(&app.editor, "/products", json!({ "supplier_id": id(&supplier), "name": "Wren", "kind": "ai_system", "ai_features": "core" })).await.json(201);
        has_gone_stale(&app, &supplier, "a new product with AI: Wren").await;
    }

    async fn a_new_dependency_makes_stale_what_was_decided_on_what_rests_on_it(app: App) {
        let (supplier, host) = (app.supplier("Harbour").await, app.supplier("Host").await);
        approved(&app, &supplier, poor()).await;
        approved(&app, &host, poor()).await;
        app.goes_to("2027-04-01");
        app.post(&app.editor, "/dependencies", json!({ "subject_id": id(&supplier), "rests_on_id": id(&host), "kind": "host" })).await.json(201);
        has_gone_stale(&app, &supplier, "a new dependency").await;
        is_fresh(&app, &host).await;
    }

    async fn a_new_data_location_makes_the_decision_stale_and_one_left_does_not(app: App) {
        let supplier = app.post(&app.editor, "/suppliers", json!({ "name": "Harbour", "data_locations": ["GB", "IE"] })).await.json(201);
        approved(&app, &supplier, poor()).await;
        app.goes_to("2027-04-01");
        let path = format!("/suppliers/{}", id(&supplier));
        let fewer = app.patch(&app.editor, &path, &supplier, json!({ "data_locations": ["GB"] })).await.json(200);
        is_fresh(&app, &supplier).await;
        app.patch(&app.editor, &path, &fewer, json!({ "data_locations": ["GB", "US"] })).await.json(200);
        has_gone_stale(&app, &supplier, "a new data location: US").await;
    }

    async fn a_new_place_where_its_ai_runs_makes_a_products_decision_stale(app: App) {
        let supplier = app.supplier("Harbour").await;
        let product = app.post(&app.editor, "/products", json!({ "supplier_id": id(&supplier), "name": "Notes", "kind": "software", "ai_features": "core", "ai_profile": { "runs_in": ["GB"] } })).await.json(201);
        approved(&app, &product, poor()).await;
        app.goes_to("2027-04-01");
        app.patch(&app.editor, &format!("/products/{}", id(&product)), &product, json!({ "ai_profile": { "runs_in": ["GB", "US"] } })).await.json(200);
        has_gone_stale(&app, &product, "a new place where its AI runs").await;
    }

    async fn an_incident_makes_the_decision_stale(app: App) {
        let supplier = app.supplier("Harbour").await;
        approved(&app, &supplier, poor()).await;
        app.goes_to("2027-04-01");
        app.post(&app.editor, "/incidents", json!({ "subject_id": id(&supplier), "title": "Ransom", "severity": "high", "occurred_on": "2027-03-30" })).await.json(201);
        has_gone_stale(&app, &supplier, "an incident: Ransom").await;
        assert_eq!((&review_of(&app, &supplier).await["reason"], &review_of(&app, &supplier).await["reason_detail"]), (&json!("incident"), &json!("incident: Ransom")));
    }

    async fn evidence_that_expires_after_the_decision_makes_it_stale_until_it_is_renewed(app: App) {
        let supplier = app.supplier("Harbour").await;
        let first = certificate(&app, &supplier, "2027-04-30").await;
        approved(&app, &supplier, good(&first)).await;
        let stale = async || app.walk("/register?stale=true", 50).await.len();
        app.goes_to("2027-04-30");
        assert_eq!((stale().await, &app.line(&supplier).await["stale_reasons"]), (0, &json!([])));
        app.goes_to("2027-05-01");
        assert_eq!((stale().await, &app.line(&supplier).await["stale_reasons"]), (1, &json!(["evidence has expired"])));
        certificate(&app, &supplier, "2028-04-30").await;
        assert_eq!((stale().await, &app.line(&supplier).await["stale_reasons"]), (0, &json!([])));
    }

    async fn a_new_decision_is_fresh(app: App) {
        let product = app.product(&app.supplier("Harbour").await, "Notes").await;
        approved(&app, &product, poor()).await;
        app.patch(&app.editor, &format!("/products/{}", id(&product)), &product, json!({ "product_version": "2.0" })).await.json(200);
        assert_eq!(app.walk("/register?stale=true", 50).await.len(), 1);
        approved(&app, &product, poor()).await;
        assert_eq!((app.walk("/register?stale=true", 50).await.len(), app.walk("/decisions?stale=true&superseded=true", 50).await.len()), (0, 1));
    }

    async fn decisions_are_filtered_by_each_field_and_come_newest_first(app: App) {
        let (supplier, other) = (app.supplier("Harbour").await, app.supplier("Other").await);
        let product = app.product(&supplier, "Notes").await;
        decide(&app, &supplier, "approve", json!({ "lapses_on": "2027-06-30" })).await;
        decide(&app, &product, "refuse", json!({})).await;
        app.goes_to("2027-03-02");
        decide(&app, &other, "approve", json!({ "lapses_on": "2027-07-01" })).await;
        decide(&app, &other, "approve", json!({ "lapses_on": "2027-07-01" })).await;
        app.patch(&app.editor, &format!("/products/{}", id(&product)), &product, json!({ "product_version": "2" })).await.json(200);
        for (field, value) in [("subject_id", json!(id(&product))), ("supplier_id", json!(id(&supplier))), ("outcome", json!("refused")), ("superseded", json!(true)), ("superseded", json!(false))] {
            let said = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            app.is_filtered("/decisions", &format!("{field}={said}"), |decision| decision[field] == value).await;
        }
        for stale in [true, false] {
            app.is_filtered("/decisions", &format!("stale={stale}"), |decision| decision["stale_since"].is_null() != stale).await;
        }
        app.is_filtered("/decisions", "lapses_before=2027-07-01", |decision| decision["lapses_on"] == json!("2027-06-30")).await;
        app.is_filtered("/decisions", "updated_since=2027-03-02T09:00:00Z", |decision| text(decision, "updated_at") >= "2027-03-02").await;
        app.comes_in_pages("/decisions", "id", &[":-decided_at"], |decision, field| text(decision, field).to_owned()).await;
    }
}
