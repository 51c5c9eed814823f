//! Incidents: what happened, and the look it asks for.

use serde_json::{Value, json};

use crate::harness::{App, both, id, text};

async fn enter(app: &App, subject: &Value, severity: &str, occurred_on: &str) -> Value {
    app.post(
        &app.editor,
        "/incidents",
        json!({ "subject_id": id(subject), "title": "Down", "severity": severity, "occurred_on": occurred_on }),
    )
    .await
    .json(201)
}

both! {
    async fn everything_said_of_an_incident_is_kept(app: App) {
        let product = app.product(&app.supplier("Harbour").await, "Notes").await;
        let said = json!({
            "subject_id": id(&product), "title": "Ransom", "description": "Files were encrypted.", "severity": "extreme", "personal_data_involved": true,
            "occurred_on": "2027-02-20", "told_on": "2027-02-21", "resolved_on": "2027-02-28", "lessons": "Test the backups.",
        });
        let incident = app.post(&app.editor, "/incidents", said.clone()).await.json(201);
        for (field, value) in said.as_object().expect("an object") {
            assert_eq!(&incident[field], value, "{field}");
        }
        assert_eq!(app.get(&app.viewer, &format!("/incidents/{}", id(&incident))).await.json(200), incident);
    }

    async fn an_incident_happened_before_it_was_told_or_over_and_not_in_the_future(app: App) {
        let supplier = app.supplier("Harbour").await;
        let wrong = json!({ "subject_id": id(&supplier), "title": "Down", "severity": "low", "occurred_on": "2027-03-02", "told_on": "2027-03-01", "resolved_on": "2027-02-01" });
        assert_eq!(app.post(&app.editor, "/incidents", wrong).await.faults(422), ["/occurred_on future", "/told_on order", "/resolved_on order"]);
        let nobody = json!({ "subject_id": "prd_00000000000000000000000000000000", "title": "Down", "severity": "low", "occurred_on": "2027-03-01" });
        assert_eq!(app.post(&app.editor, "/incidents", nobody).await.faults(422), ["/subject_id unknown_id"]);
        assert_eq!(app.walk("/reviews?reason=incident", 50).await, Vec::<Value>::new());
    }

    async fn an_incident_brings_the_review_forward_to_today(app: App) {
        let supplier = app.supplier("Harbour").await;
        let product = app.product(&supplier, "Notes").await;
        enter(&app, &product, "high", "2027-02-20").await;
        let due = app.walk("/reviews?due_before=2027-03-02", 50).await;
        assert_eq!((due.len(), &due[0]["subject_id"], &due[0]["reason_detail"]), (1, &product["id"], &json!("incident: Down")));
    }

    async fn an_incident_changes_and_goes_but_the_look_it_asked_for_stays(app: App) {
        let (supplier, other) = (app.supplier("Harbour").await, app.supplier("Other").await);
        let incident = enter(&app, &supplier, "high", "2027-02-20").await;
        let path = format!("/incidents/{}", id(&incident));
        assert_eq!(app.patch(&app.editor, &path, &incident, json!({ "subject_id": id(&other) })).await.faults(422), ["/subject_id fixed"]);
        let over = app.patch(&app.editor, &path, &incident, json!({ "resolved_on": "2027-02-21", "lessons": "x" })).await.json(200);
        let reopened = app.patch(&app.editor, &path, &over, json!({ "resolved_on": null })).await.json(200);
        assert_eq!((&reopened["resolved_on"], &reopened["lessons"], &reopened["version"]), (&json!(null), &json!("x"), &json!(3)));
        app.delete(&app.editor, &path, &over).await.faults(412);
        assert_eq!(app.delete(&app.editor, &path, &reopened).await.status, 204);
        app.get(&app.viewer, &path).await.faults(404);
        assert_eq!(app.walk("/reviews?reason=incident", 50).await.len(), 1);
    }

    async fn incidents_are_filtered_by_each_field_and_the_last_comes_first(app: App) {
        let (supplier, other) = (app.supplier("Harbour").await, app.supplier("Other").await);
        let product = app.product(&supplier, "Notes").await;
        enter(&app, &supplier, "high", "2027-02-20").await;
        enter(&app, &product, "low", "2027-02-28").await;
        app.goes_to("2027-03-02");
        enter(&app, &other, "low", "2027-02-20").await;
        let over = enter(&app, &other, "moderate", "2026-12-24").await;
        app.patch(&app.editor, &format!("/incidents/{}", id(&over)), &over, json!({ "resolved_on": "2026-12-25" })).await.json(200);
        for (field, value) in [("subject_id", id(&product)), ("supplier_id", id(&supplier)), ("severity", "low")] {
            app.is_filtered("/incidents", &format!("{field}={value}"), |incident| incident[field] == json!(value)).await;
        }
        for resolved in [true, false] {
            app.is_filtered("/incidents", &format!("resolved={resolved}"), |incident| incident["resolved_on"].is_null() != resolved).await;
        }
        app.is_filtered("/incidents", "updated_since=2027-03-02T09:00:00Z", |incident| text(incident, "updated_at") >= "2027-03-02").await;
        app.comes_in_pages("/incidents", "id", &[":-occurred_on"], |incident, field| text(incident, field).to_owned()).await;
    }
}
