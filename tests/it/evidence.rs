//! Evidence: dated by what it says, kept while answers rest on it.

use serde_json::{Value, json};

use crate::{
    assessments::{answered, certificate, good},
    harness::{App, both, id, text},
};

async fn enter(app: &App, subject: &Value, kind: &str, more: Value) -> Value {
    let mut body = json!({ "subject_id": id(subject), "kind": kind });
    body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    app.post(&app.editor, "/evidence", body).await.json(201)
}

/// A questionnaire with one question, which a toolkit status shows.
fn toolkit_check() -> Value {
    json!({
        "key": "toolkit-check", "title": "Toolkit check", "edition": "2027.1", "summary": "One question.", "framework": "security", "applies_to": ["supplier"],
        "principles": [{ "key": "assurance", "title": "Assurance" }],
        "sections": [{ "key": "all", "title": "All", "questions": [
            { "key": "met", "principle": "assurance", "text": "Are the toolkit's standards met?", "type": "yes_no", "required": true, "evidence": { "need": "needed", "kinds": ["dspt"] }, "options": [
                { "value": "yes", "label": "Yes", "points": 100 },
                { "value": "no", "label": "No", "points": 0 },
            ] },
        ] }],
    })
}

both! {
    async fn every_kind_of_security_certificate_ends_on_the_day_it_says_or_on_one_that_follows_from_its_kind(app: App) {
        let supplier = app.supplier("Harbour").await;
        for (kind, issued, said, ends, because) in [
            ("cyber_essentials", json!("2026-05-01"), json!(null), json!("2027-05-01"), "derived"),
            // Time ends with the year 2999: nothing is kept that could not be read again.
            ("cyber_essentials", json!("2999-12-31"), json!(null), json!("2999-12-31"), "derived"),
            ("cyber_essentials_plus", json!("2024-02-29"), json!(null), json!("2025-02-28"), "derived"),
            ("cyber_essentials", json!("2026-05-01"), json!("2026-12-31"), json!("2026-12-31"), "given"),
            ("cyber_essentials", json!(null), json!("2026-12-31"), json!("2026-12-31"), "given"),
            ("cyber_essentials", json!(null), json!(null), json!(null), "undated"),
            ("iso_27001", json!("2026-05-01"), json!(null), json!("2029-05-01"), "derived"),
            ("iso_27001", json!(null), json!(null), json!(null), "undated"),
            ("penetration_test", json!("2026-05-01"), json!(null), json!("2027-05-01"), "derived"),
            ("penetration_test", json!(null), json!(null), json!(null), "undated"),
            ("security_check", json!("2026-05-01"), json!(null), json!("2027-05-01"), "derived"),
            ("security_check", json!(null), json!(null), json!(null), "undated"),
            ("incident_exercise", json!("2026-05-01"), json!(null), json!(null), "none"),
            ("dspt", json!("2026-06-30"), json!(null), json!("2027-06-30"), "derived"),
            ("dspt", json!("2026-07-01"), json!(null), json!("2028-06-30"), "derived"),
            ("dspt", json!(null), json!(null), json!(null), "undated"),
            ("insurance", json!(null), json!("2026-12-31"), json!("2026-12-31"), "given"),
            ("policy", json!("2026-05-01"), json!(null), json!(null), "none"),
        ] {
            let evidence = enter(&app, &supplier, kind, json!({ "issued_on": issued, "expires_on": said })).await;
            assert_eq!((&evidence["ends_on"], &evidence["ends_because"]), (&ends, &json!(because)), "{kind}, issued {issued}");
            assert_eq!(evidence["expires_on"], said, "{kind}: what it says itself stays as it is");
        }
        // The year that a toolkit status names is the one it was published for.
        let named = enter(&app, &supplier, "dspt", json!({ "statement": "22/23 Standards Met", "issued_on": "2023-09-01" })).await;
        assert_eq!((&named["ends_on"], &named["ends_because"]), (&json!("2024-06-30"), &json!("derived")));
        // What is corrected ends anew.
        let evidence = enter(&app, &supplier, "iso_27001", json!({})).await;
        let changed = app.patch(&app.editor, &format!("/evidence/{}", id(&evidence)), &evidence, json!({ "issued_on": "2027-01-01" })).await.json(200);
        assert_eq!((&changed["ends_on"], &changed["ends_because"]), (&json!("2030-01-01"), &json!("derived")));
        let header = app.get(&app.viewer, "/evidence.csv").await.text.lines().next().expect("a header").to_owned();
        assert!(header.ends_with("ends_on,ends_because,checked_at,checked_by,security_check,exercise"), "{header}");
    }

    async fn another_policy_ends_certificates_on_other_days_and_everything_follows(app: App) {
        let (supplier, given) = (app.supplier("Harbour").await, app.supplier("Given").await);
        let evidence = enter(&app, &supplier, "iso_27001", json!({ "issued_on": "2026-02-01" })).await;
        enter(&app, &given, "iso_27001", json!({ "issued_on": "2026-02-01", "expires_on": "2029-02-01" })).await;
        let policy = app.get(&app.viewer, "/policy").await.json(200);
        assert_eq!(policy["evidence_validity"], json!({ "cyber_essentials": 12, "cyber_essentials_plus": 12, "iso_27001": 36, "penetration_test": 12, "security_check": 12, "dspt": 12 }));
        for wrong in [0, 121] {
            let change = json!({ "evidence_validity": { "iso_27001": wrong } });
            assert_eq!(app.patch(&app.admin, "/policy", &policy, change).await.faults(422), ["/evidence_validity/iso_27001 range"]);
        }
        app.patch(&app.admin, "/policy", &policy, json!({ "evidence_validity": { "iso_27001": 12 } })).await.json(200);
        let ended = app.get(&app.viewer, &format!("/evidence/{}", id(&evidence))).await.json(200);
        assert_eq!((&ended["ends_on"], &ended["version"]), (&json!("2027-02-01"), &json!(2)));
        let line = app.line(&supplier).await;
        assert_eq!((&line["certificates"][0]["expires_on"], &line["certificates"][0]["ends_because"], &line["certificates"][0]["expired"]), (&json!("2027-02-01"), &json!("derived"), &json!(true)));
        let due = app.walk(&format!("/due?kind=evidence_expiry&subject_id={}", id(&supplier)), 50).await;
        assert_eq!((due.len(), &due[0]["due_on"], &due[0]["state"]), (1, &json!("2027-02-01"), &json!("overdue")));
        let certified = app.walk("/register?has_certificate=true", 50).await;
        assert_eq!(certified.iter().map(|line| text(line, "name")).collect::<Vec<_>>(), ["Given"]);
        // And back.
        let policy = app.get(&app.viewer, "/policy").await.json(200);
        app.patch(&app.admin, "/policy", &policy, json!({ "evidence_validity": null })).await.json(200);
        assert_eq!(app.walk("/register?has_certificate=true", 50).await.len(), 2);
        assert_eq!(app.get(&app.viewer, &format!("/evidence/{}", id(&evidence))).await.json(200)["ends_on"], "2029-02-01");
    }

    async fn a_toolkit_status_of_2019_entered_in_2026_is_no_certificate_in_date(app: App) {
        app.goes_to("2026-11-02");
        let supplier = app.supplier("Harbour").await;
        enter(&app, &supplier, "dspt", json!({ "statement": "Standards Met", "issued_on": "2019-03-29" })).await;
        assert!(app.walk("/register?has_certificate=true", 50).await.is_empty());
        let line = app.line(&supplier).await;
        assert_eq!((&line["certificates"][0]["expires_on"], &line["certificates"][0]["expired"]), (&json!("2020-06-30"), &json!(true)));
        let due = app.walk(&format!("/due?kind=evidence_expiry&subject_id={}", id(&supplier)), 50).await;
        assert_eq!((&due[0]["due_on"], &due[0]["state"]), (&json!("2020-06-30"), &json!("overdue")));
    }

    async fn a_certificate_without_any_date_counts_for_nothing_and_is_due_now(app: App) {
        let supplier = app.processor("Harbour").await;
        let undated = enter(&app, &supplier, "cyber_essentials", json!({})).await;
        assert!(app.walk("/register?has_certificate=true", 50).await.is_empty());
        assert!(app.walk("/evidence?valid_on=2027-03-01", 50).await.is_empty());
        let due = app.walk(&format!("/due?kind=evidence_expiry&subject_id={}", id(&supplier)), 50).await;
        assert_eq!((due.len(), &due[0]["due_on"], &due[0]["state"], &due[0]["source_id"]), (1, &json!("2027-03-01"), &json!("due"), &undated["id"]));
        let progress = answered(&app, &supplier, good(&undated)).await;
        assert_eq!((&progress["claimed"], &progress["evidenced"]), (&json!(100.0), &json!(50.0)));
        let state = async || app.get(&app.viewer, &format!("/assessments/{}/result", id(&progress["assessment"]))).await.json(200)["outcome"]["contributions"][0]["evidence"].clone();
        assert_eq!(state().await, "undated");
        // A day is all that it lacks.
        app.patch(&app.editor, &format!("/evidence/{}", id(&undated)), &undated, json!({ "issued_on": "2027-01-01" })).await.json(200);
        assert_eq!((state().await, app.walk("/register?has_certificate=true", 50).await.len()), (json!("valid"), 1));
        let due = app.walk(&format!("/due?kind=evidence_expiry&subject_id={}", id(&supplier)), 50).await;
        assert_eq!((due.len(), &due[0]["due_on"]), (1, &json!("2028-01-01")));
    }

    async fn a_later_not_published_ends_an_earlier_standards_met(app: App) {
        let (supplier, other) = (app.supplier("Harbour").await, app.supplier("Other").await);
        let certified = async || app.walk("/register?has_certificate=true", 50).await.iter().map(|line| text(line, "name").to_owned()).collect::<Vec<_>>();
        let met = json!({ "statement": "Standards Met", "issued_on": "2026-06-20" });
        let met = (enter(&app, &supplier, "dspt", met.clone()).await, enter(&app, &other, "dspt", met).await);
        assert_eq!(certified().await, ["Harbour", "Other"]);
        // It says no day: it was said on the day on which it was entered.
        let unmet = enter(&app, &supplier, "dspt", json!({ "statement": "Not Published" })).await;
        assert_eq!(certified().await, ["Other"]);
        assert_eq!(app.line(&supplier).await["certificates"][0]["statement"], "Not Published");
        app.post(&app.editor, "/questionnaires", toolkit_check()).await.json(201);
        for (subject, met, state, shown) in [(&supplier, &met.0, "superseded", 0.0), (&other, &met.1, "valid", 100.0)] {
            let assessment = app.assessment("toolkit-check", subject).await;
            let answers = json!({ "met": { "value": "yes", "evidence_ids": [id(met)] } });
            let progress = app.patch(&app.editor, &format!("/assessments/{}/answers", id(&assessment)), &assessment, answers).await.json(200);
            assert_eq!(progress["evidenced"], json!(shown), "{state}");
            let result = app.get(&app.viewer, &format!("/assessments/{}/result", id(&assessment))).await.json(200);
            assert_eq!(result["outcome"]["contributions"][0]["evidence"], state);
        }
        // One of before it ends nothing.
        enter(&app, &other, "dspt", json!({ "statement": "Not Published", "issued_on": "2025-06-20" })).await;
        assert_eq!(certified().await, ["Other"]);
        // And once it is gone, what was said before stands again.
        assert_eq!(app.delete(&app.editor, &format!("/evidence/{}", id(&unmet)), &unmet).await.status, 204);
        assert_eq!(certified().await, ["Harbour", "Other"]);
    }

    async fn what_our_own_people_enter_is_accepted_as_it_is_entered(app: App) {
        let supplier = app.supplier("Harbour").await;
        let evidence = enter(&app, &supplier, "insurance", json!({})).await;
        assert_eq!((&evidence["checked_by"], &evidence["checked_at"]), (&json!("editor"), &json!("2027-03-01T09:00:00.000000Z")));
        assert!(app.walk("/evidence?checked=false", 50).await.is_empty());
        assert_eq!(app.walk("/evidence?checked=true", 50).await, std::slice::from_ref(&evidence));
        // To accept it once more changes nothing, whatever version it is asked for.
        let path = format!("/evidence/{}/accept", id(&evidence));
        let before = app.event_count().await;
        assert_eq!(app.act(&app.editor, &path, &evidence, None).await.json(200), evidence);
        assert_eq!(app.event_count().await, before);
        app.act(&app.viewer, &path, &evidence, None).await.faults(403);
        app.act(&app.neighbour, &path, &evidence, None).await.faults(404);
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
        enter(&app, &other, "iso_27001", json!({ "issued_on": "2027-01-01", "expires_on": "2029-12-31" })).await;
        enter(&app, &other, "policy", json!({})).await;
        enter(&app, &other, "penetration_test", json!({})).await;
        for (field, value) in [("subject_id", id(&supplier)), ("supplier_id", id(&supplier)), ("kind", "iso_27001")] {
            app.is_filtered("/evidence", &format!("{field}={value}"), |evidence| evidence[field] == json!(value)).await;
        }
        let before = |evidence: &Value, field: &str, day: &str| evidence[field].as_str().is_some_and(|on| on < day);
        app.is_filtered("/evidence", "expires_before=2027-05-01", |evidence| before(evidence, "ends_on", "2027-05-01")).await;
        for day in ["2027-03-01", "2027-03-06", "2027-05-02"] {
            app.is_filtered("/evidence", &format!("valid_on={day}"), |evidence| evidence["ends_because"] != "undated" && !before(evidence, "ends_on", day) && evidence["issued_on"].as_str().is_none_or(|on| on <= day)).await;
        }
        // Both ends of what a piece says are days on which it is valid.
        for day in ["2027-03-02", "2027-03-05"] {
            assert_eq!(app.walk(&format!("/evidence?kind=insurance&valid_on={day}"), 50).await.len(), 1, "{day}");
        }
        app.is_filtered("/evidence", "updated_since=2027-03-02T09:00:00Z", |evidence| text(evidence, "updated_at") >= "2027-03-02").await;
        app.comes_in_pages("/evidence", "id", &["created_at", "-created_at"], |evidence, field| text(evidence, field).to_owned()).await;
        app.comes_in_pages("/evidence", "id", &["expires_on"], |evidence, field| evidence[field.replace("expires", "ends")].as_str().unwrap_or("9999").to_owned()).await;
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

    async fn the_register_shows_what_was_said_last_of_each_kind_and_when_it_is_over(app: App) {
        let supplier = app.supplier("Harbour").await;
        for (reference, issued, expires) in [("old", "2026-01-01", "2026-12-31"), ("last", "2027-02-01", "2027-04-30"), ("long", "2026-07-01", "2027-06-30")] {
            enter(&app, &supplier, "insurance", json!({ "reference": reference, "issued_on": issued, "expires_on": expires })).await;
        }
        let shown = |line: &Value| line["certificates"].as_array().expect("a list").iter().map(|shown| (text(shown, "reference").to_owned(), shown["expired"] == json!(true))).collect::<Vec<_>>();
        app.goes_to("2027-04-30");
        assert_eq!(shown(&app.line(&supplier).await), [("last".to_owned(), false)]);
        app.goes_to("2027-05-01");
        assert_eq!(shown(&app.line(&supplier).await), [("last".to_owned(), true)]);
    }
}
