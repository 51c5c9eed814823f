//! Evidence: dated by what it says, kept while answers rest on it.

use serde_json::{Value, json};

use crate::{
    assessments::certificate,
    harness::{App, both, id, text},
};

async fn enter(app: &App, subject: &Value, kind: &str, more: Value) -> Value {
    let mut body = json!({ "subject_id": id(subject), "kind": kind });
    body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    app.post(&app.editor, "/evidence", body).await.json(201)
}

both! {
    async fn a_cyber_essentials_certificate_lasts_twelve_months_unless_it_says_otherwise(app: App) {
        let supplier = app.supplier("Harbour").await;
        for (kind, issued, said, expires) in [
            ("cyber_essentials", json!("2026-05-01"), json!(null), json!("2027-05-01")),
            // Time ends with the year 2999: nothing is kept that could not be read again.
            ("cyber_essentials", json!("2999-12-31"), json!(null), json!("2999-12-31")),
            ("cyber_essentials_plus", json!("2024-02-29"), json!(null), json!("2025-02-28")),
            ("cyber_essentials", json!("2026-05-01"), json!("2026-12-31"), json!("2026-12-31")),
            ("cyber_essentials", json!(null), json!(null), json!(null)),
            ("iso_27001", json!("2026-05-01"), json!(null), json!(null)),
        ] {
            let evidence = enter(&app, &supplier, kind, json!({ "issued_on": issued, "expires_on": said })).await;
            assert_eq!(evidence["expires_on"], expires, "{kind}");
        }
    }

    async fn everything_said_of_a_piece_of_evidence_is_kept(app: App) {
        let supplier = app.supplier("Harbour").await;
        let product = app.product(&supplier, "Notes").await;
        let said = json!({
            "subject_id": id(&product), "kind": "dspt", "reference": "8K417", "statement": "22/23 Standards Met", "scope": "The whole company", "document_version": "5",
            "issued_on": "2026-06-30", "expires_on": "2027-06-30", "address": "https://www.dsptoolkit.example/8K417", "notes": "Checked by Jo.",
        });
        let evidence = app.post(&app.editor, "/evidence", said.clone()).await.json(201);
        for (field, value) in said.as_object().expect("an object") {
            assert_eq!(&evidence[field], value, "{field}");
        }
        assert_eq!((&evidence["supplier_id"], &evidence["product_id"]), (&supplier["id"], &product["id"]));
        assert_eq!(app.get(&app.viewer, &format!("/evidence/{}", id(&evidence))).await.json(200), evidence);
    }

    async fn evidence_that_ends_before_it_begins_or_is_about_nothing_is_refused(app: App) {
        let supplier = app.supplier("Harbour").await;
        let wrong = json!({ "subject_id": id(&supplier), "kind": "insurance", "issued_on": "2027-01-02", "expires_on": "2027-01-01", "address": "ftp://x.example" });
        assert_eq!(app.post(&app.editor, "/evidence", wrong.clone()).await.faults(422), ["/address url"]);
        let wrong = json!({ "subject_id": id(&supplier), "kind": "insurance", "issued_on": "2027-01-02", "expires_on": "2027-01-01" });
        assert_eq!(app.post(&app.editor, "/evidence", wrong).await.faults(422), ["/expires_on order"]);
        assert_eq!(app.post(&app.editor, "/evidence", json!({ "subject_id": "sup_00000000000000000000000000000000", "kind": "other" })).await.faults(422), ["/subject_id unknown_id"]);
    }

    async fn evidence_changes_but_for_what_it_is_about(app: App) {
        let (supplier, other) = (app.supplier("Harbour").await, app.supplier("Other").await);
        let evidence = enter(&app, &supplier, "insurance", json!({ "reference": "P-1", "expires_on": "2027-12-31" })).await;
        let path = format!("/evidence/{}", id(&evidence));
        assert_eq!(app.patch(&app.editor, &path, &evidence, json!({ "subject_id": id(&other) })).await.faults(422), ["/subject_id fixed"]);
        let changed = app.patch(&app.editor, &path, &evidence, json!({ "reference": null, "scope": "Public liability" })).await.json(200);
        assert_eq!((&changed["reference"], &changed["scope"], &changed["expires_on"], &changed["version"]), (&json!(null), &json!("Public liability"), &json!("2027-12-31"), &json!(2)));
        assert_eq!(changed["created_at"], evidence["created_at"]);
        app.patch(&app.editor, &path, &evidence, json!({ "scope": "x" })).await.faults(412);
    }

    async fn evidence_is_filtered_by_each_field_and_by_the_days_it_is_valid(app: App) {
        let supplier = app.supplier("Harbour").await;
        let product = app.product(&supplier, "Notes").await;
        let other = app.supplier("Other").await;
        enter(&app, &supplier, "cyber_essentials", json!({ "issued_on": "2026-05-01" })).await;
        enter(&app, &product, "insurance", json!({ "issued_on": "2027-03-02", "expires_on": "2027-03-05" })).await;
        app.goes_to("2027-03-02");
        enter(&app, &other, "iso_27001", json!({})).await;
        for (field, value) in [("subject_id", id(&supplier)), ("supplier_id", id(&supplier)), ("kind", "iso_27001")] {
            app.is_filtered("/evidence", &format!("{field}={value}"), |evidence| evidence[field] == json!(value)).await;
        }
        let before = |evidence: &Value, field: &str, day: &str| evidence[field].as_str().is_some_and(|on| on < day);
        app.is_filtered("/evidence", "expires_before=2027-05-01", |evidence| before(evidence, "expires_on", "2027-05-01")).await;
        for day in ["2027-03-01", "2027-03-06", "2027-05-02"] {
            app.is_filtered("/evidence", &format!("valid_on={day}"), |evidence| !before(evidence, "expires_on", day) && evidence["issued_on"].as_str().is_none_or(|on| on <= day)).await;
        }
        // Both ends of what a piece says are days on which it is valid.
        for day in ["2027-03-02", "2027-03-05"] {
            assert_eq!(app.walk(&format!("/evidence?kind=insurance&valid_on={day}"), 50).await.len(), 1, "{day}");
        }
        app.is_filtered("/evidence", "updated_since=2027-03-02T09:00:00Z", |evidence| text(evidence, "updated_at") >= "2027-03-02").await;
        app.comes_in_pages("/evidence", "id", &["created_at", "-created_at"], |evidence, field| text(evidence, field).to_owned()).await;
        app.comes_in_pages("/evidence", "id", &["expires_on"], |evidence, field| evidence[field].as_str().unwrap_or("9999").to_owned()).await;
    }

    async fn evidence_that_an_answer_names_stays(app: App) {
        let supplier = app.supplier("Harbour").await;
        let (named, free) = (certificate(&app, &supplier, "2027-12-31").await, certificate(&app, &supplier, "2027-12-31").await);
        let assessment = app.assessment("supplier-security", &supplier).await;
        let path = format!("/assessments/{}/answers", id(&assessment));
        let answered = app.patch(&app.editor, &path, &assessment, json!({ "relies_on_others": { "value": "no", "evidence_ids": [id(&named)] } })).await.json(200);
        let where_is = |evidence: &Value| format!("/evidence/{}", id(evidence));
        app.delete(&app.editor, &where_is(&named), &named).await.faults(409);
        assert_eq!(app.delete(&app.editor, &where_is(&free), &free).await.status, 204);
        app.get(&app.viewer, &where_is(&free)).await.faults(404);
        app.patch(&app.editor, &path, &answered["assessment"], json!({ "relies_on_others": null })).await.json(200);
        assert_eq!(app.delete(&app.editor, &where_is(&named), &named).await.status, 204);
    }

    async fn the_register_shows_the_piece_of_each_kind_that_lasts_longest_and_when_it_is_over(app: App) {
        let supplier = app.supplier("Harbour").await;
        for (reference, expires) in [("old", "2026-12-31"), ("long", "2027-06-30"), ("short", "2027-04-30")] {
            enter(&app, &supplier, "insurance", json!({ "reference": reference, "expires_on": expires })).await;
        }
        let shown = |line: &Value| line["certificates"].as_array().expect("a list").iter().map(|shown| (text(shown, "reference").to_owned(), shown["expired"] == json!(true))).collect::<Vec<_>>();
        app.goes_to("2027-06-30");
        assert_eq!(shown(&app.line(&supplier).await), [("long".to_owned(), false)]);
        app.goes_to("2027-07-01");
        assert_eq!(shown(&app.line(&supplier).await), [("long".to_owned(), true)]);
    }
}
