//! Risks: what they are called, what is done about them, who may live with them.

use serde_json::{Value, json};

use crate::{
    assessments::{poor, submitted},
    harness::{App, both, id, text},
};

async fn enter(app: &App, subject: &Value, likelihood: i64, impact: i64) -> Value {
    app.post(
        &app.editor,
        "/risks",
        json!({ "subject_id": id(subject), "title": "Something", "likelihood": likelihood, "impact": impact }),
    )
    .await
    .json(201)
}

both! {
    async fn a_risk_is_called_by_likelihood_times_impact(app: App) {
        let supplier = app.supplier("Harbour").await;
        for likelihood in 1..=5 {
            for impact in 1..=5 {
                let band = match likelihood * impact {
                    1..=3 => "low",
                    4..=6 => "moderate",
                    8..=12 => "high",
                    _ => "extreme",
                };
                let risk = enter(&app, &supplier, likelihood, impact).await;
                assert_eq!((&risk["band"], &risk["current_band"]), (&json!(band), &json!(band)), "{likelihood} x {impact}");
            }
        }
    }

    async fn everything_said_of_a_risk_is_kept(app: App) {
        let product = app.product(&app.supplier("Harbour").await, "Notes").await;
        let said = json!({
            "subject_id": id(&product), "title": "Backups have never been restored", "description": "Nobody tried.", "likelihood": 3, "impact": 5, "residual_likelihood": 1, "residual_impact": 5,
            "treatment": "reduce", "owner": "Jo Bell", "actions": [{ "title": "Restore one", "owner": "Ada", "due_on": "2027-04-30", "done_on": null }],
        });
        let risk = app.post(&app.editor, "/risks", said.clone()).await.json(201);
        for (field, value) in said.as_object().expect("an object") {
            assert_eq!(&risk[field], value, "{field}");
        }
        assert_eq!((&risk["band"], &risk["current_band"], &risk["state"], &risk["origin_finding"]), (&json!("extreme"), &json!("moderate"), &json!("open"), &json!(null)));
        assert_eq!(app.get(&app.viewer, &format!("/risks/{}", id(&risk))).await.json(200), risk);
    }

    async fn what_is_left_of_a_risk_is_judged_whole_and_never_worse(app: App) {
        let supplier = app.supplier("Harbour").await;
        let risk = enter(&app, &supplier, 3, 4).await;
        let path = format!("/risks/{}", id(&risk));
        assert_eq!(app.patch(&app.editor, &path, &risk, json!({ "residual_likelihood": 2 })).await.faults(422), ["/residual_impact both"]);
        assert_eq!(app.patch(&app.editor, &path, &risk, json!({ "residual_likelihood": 4, "residual_impact": 5 })).await.faults(422), ["/residual_likelihood order", "/residual_impact order"]);
        assert_eq!(app.patch(&app.editor, &path, &risk, json!({ "likelihood": 0, "impact": 6 })).await.faults(422), ["/likelihood range", "/impact range"]);
        let judged = app.patch(&app.editor, &path, &risk, json!({ "residual_likelihood": 1, "residual_impact": 2 })).await.json(200);
        assert_eq!((&judged["band"], &judged["current_band"]), (&json!("high"), &json!("low")));
        let unjudged = app.patch(&app.editor, &path, &judged, json!({ "residual_likelihood": null, "residual_impact": null })).await.json(200);
        assert_eq!((&unjudged["current_band"], &unjudged["residual_impact"]), (&json!("high"), &json!(null)));
        let other = app.supplier("Other").await;
        assert_eq!(app.patch(&app.editor, &path, &unjudged, json!({ "subject_id": id(&other) })).await.faults(422), ["/subject_id fixed"]);
    }

    async fn an_acceptance_ends_where_the_risk_is_no_longer_what_was_accepted(app: App) {
        let supplier = app.supplier("Harbour").await;
        let risk = enter(&app, &supplier, 2, 2).await;
        let path = format!("/risks/{}", id(&risk));
        let accept = Some(json!({ "reason": "It is small", "expires_on": "2027-12-31" }));
        let accepted = app.act(&app.approver, &format!("{path}/accept"), &risk, accept).await.json(200);
        let owned = app.patch(&app.editor, &path, &accepted, json!({ "owner": "Sam" })).await.json(200);
        assert_eq!((&owned["state"], &owned["acceptance_expires_on"]), (&json!("accepted"), &json!("2027-12-31")));
        for (day, found) in [("2027-12-31", 0), ("2028-01-01", 1)] {
            let page = app.get(&app.viewer, &format!("/risks?acceptance_expires_before={day}")).await.json(200);
            assert_eq!(page["items"].as_array().expect("a list").len(), found, "{day}");
        }
        let over = enter(&app, &supplier, 1, 1).await;
        let accept = Some(json!({ "reason": "It is small", "expires_on": "2027-12-31" }));
        let other = app.act(&app.approver, &format!("/risks/{}/accept", id(&over)), &over, accept).await.json(200);
        app.act(&app.editor, &format!("/risks/{}/close", id(&other)), &other, Some(json!({ "reason": "It is over" }))).await.json(200);
        let page = app.get(&app.viewer, "/risks?acceptance_expires_before=2028-01-01").await.json(200);
        assert_eq!(page["items"].as_array().expect("a list").len(), 1, "a closed risk has no agreement that runs out");
        let worse = app.patch(&app.editor, &path, &owned, json!({ "likelihood": 4 })).await.json(200);
        assert_eq!((&worse["state"], &worse["acceptance"], &worse["acceptance_expires_on"]), (&json!("open"), &json!(null), &json!(null)));
    }

    async fn only_an_approver_accepts_a_risk_and_for_two_years_at_most(app: App) {
        let supplier = app.supplier("Harbour").await;
        let risk = enter(&app, &supplier, 2, 2).await;
        let path = format!("/risks/{}/accept", id(&risk));
        let until = |day: &str| Some(json!({ "reason": "It is small", "expires_on": day }));
        app.act(&app.editor, &path, &risk, until("2027-12-31")).await.faults(403);
        for day in ["2027-02-28", "2029-03-02"] {
            assert_eq!(app.act(&app.approver, &path, &risk, until(day)).await.faults(422), ["/expires_on range"], "{day}");
        }
        let accepted = app.act(&app.approver, &path, &risk, until("2029-03-01")).await.json(200);
        assert_eq!((&accepted["state"], &accepted["treatment"]), (&json!("accepted"), &json!("accept")));
        assert_eq!(accepted["acceptance"], json!({ "accepted_by": "approver", "accepted_at": "2027-03-01T09:00:00.000000Z", "reason": "It is small", "expires_on": "2029-03-01" }));
        // It counts still.
        assert_eq!(app.line(&supplier).await["open_risks"]["moderate"], json!(1));
        let reopened = app.act(&app.editor, &format!("/risks/{}/reopen", id(&risk)), &accepted, None).await.json(200);
        assert_eq!((&reopened["state"], &reopened["acceptance"]), (&json!("open"), &json!(null)));
    }

    async fn a_closed_risk_counts_no_more_and_rests_until_it_is_reopened(app: App) {
        let supplier = app.supplier("Harbour").await;
        let risk = enter(&app, &supplier, 2, 2).await;
        let path = format!("/risks/{}", id(&risk));
        app.act(&app.editor, &format!("{path}/reopen"), &risk, None).await.faults(409);
        assert_eq!(app.act(&app.editor, &format!("{path}/close"), &risk, Some(json!({ "reason": "" }))).await.faults(422), ["/reason length"]);
        let closed = app.act(&app.editor, &format!("{path}/close"), &risk, Some(json!({ "reason": "Mended" }))).await.json(200);
        assert_eq!((&closed["state"], &closed["closed_reason"], &app.line(&supplier).await["open_risks"]["moderate"]), (&json!("closed"), &json!("Mended"), &json!(0)));
        app.act(&app.editor, &format!("{path}/close"), &closed, Some(json!({ "reason": "x" }))).await.faults(409);
        app.act(&app.approver, &format!("{path}/accept"), &closed, Some(json!({ "reason": "x", "expires_on": "2027-12-31" }))).await.faults(409);
        app.patch(&app.editor, &path, &closed, json!({ "title": "x" })).await.faults(409);
        let reopened = app.act(&app.editor, &format!("{path}/reopen"), &closed, None).await.json(200);
        assert_eq!((&reopened["state"], &reopened["closed_reason"], &app.line(&supplier).await["open_risks"]["moderate"]), (&json!("open"), &json!(null), &json!(1)));
    }

    async fn a_risk_that_a_finding_raised_stays_and_one_entered_by_mistake_goes(app: App) {
        let supplier = app.supplier("Harbour").await;
        submitted(&app, &supplier, poor()).await;
        let raised = app.walk("/risks", 50).await.remove(0);
        app.delete(&app.editor, &format!("/risks/{}", id(&raised)), &raised).await.faults(409);
        let entered = enter(&app, &supplier, 1, 1).await;
        let path = format!("/risks/{}", id(&entered));
        assert_eq!(app.delete(&app.editor, &path, &entered).await.status, 204);
        app.get(&app.viewer, &path).await.faults(404);
        assert_eq!(app.line(&supplier).await["open_risks"], json!({ "low": 0, "moderate": 0, "high": 0, "extreme": 1 }));
    }

    async fn risks_are_filtered_by_each_field_and_come_in_pages(app: App) {
        let (supplier, other) = (app.supplier("Harbour").await, app.supplier("Other").await);
        let product = app.product(&supplier, "Notes").await;
        let assessment = submitted(&app, &supplier, poor()).await;
        enter(&app, &product, 2, 3).await;
        app.goes_to("2027-03-02");
        let closed = enter(&app, &other, 1, 1).await;
        app.act(&app.editor, &format!("/risks/{}/close", id(&closed)), &closed, Some(json!({ "reason": "x" }))).await.json(200);
        let shared = enter(&app, &other, 5, 3).await;
        app.patch(&app.editor, &format!("/risks/{}", id(&shared)), &shared, json!({ "treatment": "share", "residual_likelihood": 3, "residual_impact": 3 })).await.json(200);
        let filters = [
            ("subject_id", json!(id(&product))), ("supplier_id", json!(id(&supplier))), ("state", json!("closed")), ("current_band", json!("high")),
            ("treatment", json!("share")), ("likelihood", json!(5)), ("impact", json!(3)), ("origin_assessment_id", json!(id(&assessment))),
        ];
        for (field, value) in filters {
            let said = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            app.is_filtered("/risks", &format!("{field}={said}"), |risk| risk[field] == value).await;
        }
        for (field, wanted, residual, inherent) in [("current_likelihood", 3, "residual_likelihood", "likelihood"), ("current_impact", 1, "residual_impact", "impact")] {
            let now = |risk: &Value| if risk[residual].is_null() { risk[inherent].clone() } else { risk[residual].clone() };
            app.is_filtered("/risks", &format!("{field}={wanted}"), |risk| now(risk) == json!(wanted)).await;
        }
        for is_closed in [true, false] {
            app.is_filtered("/risks", &format!("is_closed={is_closed}"), |risk| (risk["state"] == "closed") == is_closed).await;
        }
        app.is_filtered("/risks", "updated_since=2027-03-02T09:00:00Z", |risk| text(risk, "updated_at") >= "2027-03-02").await;
        app.comes_in_pages("/risks", "id", &["created_at", "-created_at", "updated_at", "-updated_at"], |risk, field| text(risk, field).to_owned()).await;
        // By what they are now: what is left of a risk counts, and a closed one is nothing.
        let now = |risk: &Value, _: &str| {
            let number = |residual: &str, inherent: &str| risk[residual].as_i64().or(risk[inherent].as_i64()).expect("a number");
            let rank = if text(risk, "state") == "closed" { 0 } else { number("residual_likelihood", "likelihood") * number("residual_impact", "impact") };
            format!("{rank:02}")
        };
        app.comes_in_pages("/risks", "id", &["-current", "current"], now).await;
        let closed = app.get(&app.viewer, &format!("/risks/{}", id(&closed))).await.json(200);
        assert_eq!(app.walk("/risks?sort=-current", 50).await.last(), Some(&closed));
        app.act(&app.editor, &format!("/risks/{}/reopen", id(&closed)), &closed, None).await.json(200);
        let worse = json!({ "likelihood": 5, "impact": 5 });
        let reopened = app.get(&app.viewer, &format!("/risks/{}", id(&closed))).await.json(200);
        app.patch(&app.editor, &format!("/risks/{}", id(&closed)), &reopened, worse).await.json(200);
        assert_eq!(id(&app.walk("/risks?sort=-current", 2).await[0]), id(&closed));
    }
}
