//! The policy: how scores become ratings, how often we look, what a risk is called.

use serde_json::{Value, json};

use crate::{
    assessments::{approved, certificate, good, poor},
    harness::{App, both, id},
};

async fn change(app: &App, fields: Value) -> crate::harness::Answer {
    let policy = app.get(&app.viewer, "/policy").await.json(200);
    app.patch(&app.admin, "/policy", &policy, fields).await
}

both! {
    async fn an_organisation_begins_with_the_fields_own_policy(app: App) {
        let policy = app.get(&app.viewer, "/policy").await.json(200);
        assert_eq!(policy["cadence_months"], json!({ "critical": 6, "high": 12, "medium": 24, "low": 36, "unknown": 6 }));
        assert_eq!(policy["risk_bands"], json!({ "moderate_from": 4, "high_from": 8, "extreme_from": 15 }));
        let rating = &policy["rating"];
        assert_eq!((&rating["strong_from"], &rating["adequate_from"], &rating["weak_from"], &rating["minimum_coverage"]), (&json!(80), &json!(60), &json!(40), &json!(80)));
        let row = |strong: &str, adequate: &str, weak: &str, poor: &str| json!({ "strong": strong, "adequate": adequate, "weak": weak, "poor": poor });
        assert_eq!(rating["matrix"]["low"], row("low", "low", "moderate", "moderate"));
        assert_eq!(rating["matrix"]["medium"], row("low", "moderate", "moderate", "high"));
        assert_eq!(rating["matrix"]["high"], row("moderate", "moderate", "high", "extreme"));
        assert_eq!(rating["matrix"]["critical"], row("moderate", "high", "extreme", "extreme"));
    }

    async fn only_an_admin_sets_the_policy_and_on_the_version_they_read(app: App) {
        let policy = app.get(&app.viewer, "/policy").await.json(200);
        app.patch(&app.approver, "/policy", &policy, json!({ "cadence_months": { "low": 48 } })).await.faults(403);
        app.patch(&app.admin, "/policy", &policy, json!({ "cadence_months": { "low": 48 } })).await.json(200);
        app.patch(&app.admin, "/policy", &policy, json!({ "cadence_months": { "low": 60 } })).await.faults(412);
        assert_eq!(app.get(&app.viewer, "/policy").await.json(200)["cadence_months"], json!({ "critical": 6, "high": 12, "medium": 24, "low": 48, "unknown": 6 }));
        assert_eq!(app.get(&app.neighbour, "/policy").await.json(200)["cadence_months"]["low"], json!(36));
    }

    async fn a_policy_under_which_worse_would_look_better_is_refused(app: App) {
        assert_eq!(change(&app, json!({ "rating": { "matrix": { "high": { "poor": "low" } } } })).await.faults(422), ["/rating/matrix/high/poor matrix_not_monotone", "/rating/matrix/high/poor matrix_not_monotone"]);
        assert_eq!(change(&app, json!({ "rating": { "matrix": { "critical": { "strong": "low" } } } })).await.faults(422), ["/rating/matrix/critical/strong matrix_not_monotone"]);
        assert_eq!(change(&app, json!({ "rating": { "matrix": { "low": { "poor": "unassessed" } } } })).await.faults(422), ["/rating/matrix/low/poor choice"]);
        assert_eq!(change(&app, json!({ "rating": { "adequate_from": 80 } })).await.faults(422), ["/rating/adequate_from bands_not_descending"]);
        assert_eq!(change(&app, json!({ "risk_bands": { "high_from": 15 } })).await.faults(422), ["/risk_bands order"]);
        assert_eq!(change(&app, json!({ "cadence_months": { "critical": 13 } })).await.faults(422), ["/cadence_months order"]);
        assert_eq!(change(&app, json!({ "cadence_months": { "low": 0 } })).await.faults(422), ["/cadence_months/low range"]);
        assert_eq!(app.get(&app.viewer, "/policy").await.json(200)["version"], json!(1));
    }

    async fn another_policy_rates_everything_anew_at_once(app: App) {
        let supplier = app.processor("Harbour").await;
        let product = app.product(&supplier, "Notes").await;
        approved(&app, &supplier, poor()).await;
        approved(&app, &product, good(&certificate(&app, &product, "2027-12-31").await)).await;
        let ratings = async || (app.line(&supplier).await["rating"].clone(), app.line(&product).await["rating"].clone());
        assert_eq!(ratings().await, (json!("high"), json!("moderate")));
        change(&app, json!({ "rating": { "weak_from": 51 } })).await.json(200);
        assert_eq!(ratings().await, (json!("extreme"), json!("moderate")));
        assert_eq!(app.get(&app.viewer, &format!("/suppliers/{}", id(&supplier))).await.json(200)["rating"], json!("extreme"));
        change(&app, json!({ "rating": { "matrix": { "high": { "strong": "high", "adequate": "high" }, "critical": { "strong": "high" } } } })).await.json(200);
        assert_eq!(ratings().await, (json!("extreme"), json!("high")));
        assert_eq!(app.get(&app.viewer, &format!("/products/{}", id(&product))).await.json(200)["rating"], json!("high"));
        change(&app, json!({ "rating": null })).await.json(200);
        assert_eq!(ratings().await, (json!("high"), json!("moderate")));
    }

    async fn other_bands_call_every_risk_anew(app: App) {
        let supplier = app.supplier("Harbour").await;
        let risk = app.post(&app.editor, "/risks", json!({ "subject_id": id(&supplier), "title": "x", "likelihood": 3, "impact": 3, "residual_likelihood": 2, "residual_impact": 2 })).await.json(201);
        assert_eq!((&risk["band"], &risk["current_band"]), (&json!("high"), &json!("moderate")));
        change(&app, json!({ "risk_bands": { "moderate_from": 2, "high_from": 4, "extreme_from": 9 } })).await.json(200);
        let risk = app.get(&app.viewer, &format!("/risks/{}", id(&risk))).await.json(200);
        assert_eq!((&risk["band"], &risk["current_band"]), (&json!("extreme"), &json!("high")));
        assert_eq!(app.line(&supplier).await["open_risks"], json!({ "low": 0, "moderate": 0, "high": 1, "extreme": 0 }));
        assert_eq!(app.get(&app.viewer, "/register/summary").await.json(200)["open_risks"], json!({ "low": 0, "moderate": 0, "high": 1, "extreme": 0 }));
    }

    async fn another_cadence_moves_every_review_but_those_someone_moved(app: App) {
        let (supplier, moved) = (app.minor("Harbour").await, app.minor("Moved").await);
        let review = app.walk(&format!("/reviews?subject_id={}", id(&moved)), 50).await.remove(0);
        app.act(&app.editor, &format!("/reviews/{}/reschedule", id(&review)), &review, Some(json!({ "due_on": "2028-01-01", "reason": "x" }))).await.json(200);
        change(&app, json!({ "cadence_months": { "low": 30 } })).await.json(200);
        assert_eq!((&app.line(&supplier).await["next_review_on"], &app.line(&moved).await["next_review_on"]), (&json!("2029-09-01"), &json!("2028-01-01")));
    }
}
