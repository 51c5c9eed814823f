//! Reviews: when we look again, why then, and that no day is lost.

use serde_json::{Value, json};

use crate::{
    assessments::{approved, certificate, poor},
    harness::{App, both, id, text},
};

async fn review_of(app: &App, subject: &Value) -> Value {
    let reviews = app.walk(&format!("/reviews?subject_id={}", id(subject)), 50).await;
    assert_eq!(reviews.len(), 1, "one open review for each subject");
    reviews[0].clone()
}

async fn act(app: &App, review: &Value, what: &str, body: Value) -> Value {
    app.act(&app.editor, &format!("/reviews/{}/{what}", id(review)), review, Some(body)).await.json(200)
}

both! {
    async fn how_soon_we_look_again_follows_from_the_tier(app: App) {
        for (access, due) in [("none", "2030-03-01"), ("limited", "2029-03-01"), ("standing", "2028-03-01"), ("privileged", "2027-09-01")] {
            let supplier = app.post(&app.editor, "/suppliers", json!({ "name": access, "system_access": access })).await.json(201);
            let product = app.product(&supplier, "Notes").await;
            for subject in [&supplier, &product] {
                let review = review_of(&app, subject).await;
                assert_eq!((&review["due_on"], &review["reason"], &review["state"]), (&json!(due), &json!("cadence"), &json!("open")), "{access}");
                assert_eq!((&app.line(subject).await["next_review_on"], &app.line(subject).await["next_review_id"]), (&json!(due), &review["id"]));
            }
        }
    }

    async fn what_nothing_is_known_of_is_looked_at_in_half_a_year(app: App) {
        let supplier = app.supplier("Harbour").await;
        let review = review_of(&app, &supplier).await;
        assert_eq!((&review["due_on"], &review["reason_detail"]), (&json!("2027-09-01"), &json!("every 6 months for the tier unknown")));
    }

    async fn another_tier_moves_the_review_counted_from_the_same_day(app: App) {
        let supplier = app.minor("Harbour").await;
        app.goes_to("2027-05-01");
        app.patch(&app.editor, &format!("/suppliers/{}", id(&supplier)), &supplier, json!({ "system_access": "privileged" })).await.json(200);
        let review = review_of(&app, &supplier).await;
        assert_eq!((&review["due_on"], &review["reason_detail"]), (&json!("2027-09-01"), &json!("every 6 months for the tier critical")));
    }

    async fn evidence_about_to_expire_brings_the_review_forward_until_it_is_renewed(app: App) {
        let supplier = app.minor("Harbour").await;
        certificate(&app, &supplier, "2027-06-30").await;
        let review = review_of(&app, &supplier).await;
        assert_eq!((&review["due_on"], &review["reason"], &review["reason_detail"]), (&json!("2027-06-30"), &json!("evidence_expiry"), &json!("Cyber Essentials certificate expires")));
        let renewed = certificate(&app, &supplier, "2028-06-30").await;
        assert_eq!(review_of(&app, &supplier).await["due_on"], json!("2028-06-30"));
        app.delete(&app.editor, &format!("/evidence/{}", id(&renewed)), &renewed).await;
        assert_eq!(review_of(&app, &supplier).await["due_on"], json!("2027-06-30"));
    }

    async fn completing_a_review_sets_the_next_from_today(app: App) {
        let supplier = app.supplier("Harbour").await;
        let review = review_of(&app, &supplier).await;
        app.goes_to("2027-05-01");
        let done = act(&app, &review, "complete", json!({ "outcome": "All well" })).await;
        assert_eq!((&done["state"], &done["completed_by"], &done["completed_at"], &done["outcome"]), (&json!("completed"), &json!("editor"), &json!("2027-05-01T09:00:00.000000Z"), &json!("All well")));
        let next = review_of(&app, &supplier).await;
        assert!(id(&next) != id(&review));
        assert_eq!((&next["due_on"], &next["reason"], &next["counted_from"]), (&json!("2027-11-01"), &json!("cadence"), &json!("2027-05-01")));
        app.act(&app.editor, &format!("/reviews/{}/complete", id(&review)), &done, None).await.faults(409);
        app.act(&app.editor, &format!("/reviews/{}/reschedule", id(&review)), &done, Some(json!({ "due_on": "2027-06-01", "reason": "x" }))).await.faults(409);
        assert_eq!(app.get(&app.viewer, &format!("/reviews/{}", id(&review))).await.json(200), done);
    }

    async fn a_review_completed_on_the_last_day_of_a_certificate_is_not_due_again_at_once(app: App) {
        let supplier = app.supplier("Harbour").await;
        certificate(&app, &supplier, "2027-06-30").await;
        app.goes_to("2027-06-30");
        let review = review_of(&app, &supplier).await;
        act(&app, &review, "complete", json!({})).await;
        assert_eq!(review_of(&app, &supplier).await["due_on"], json!("2027-12-30"));
        // Nor when something else touches the supplier later that day.
        app.product(&supplier, "Notes").await;
        assert_eq!(review_of(&app, &supplier).await["due_on"], json!("2027-12-30"));
    }

    async fn an_assessment_that_was_decided_is_a_look(app: App) {
        let supplier = app.supplier("Harbour").await;
        app.goes_to("2027-05-01");
        approved(&app, &supplier, poor()).await;
        assert_eq!(review_of(&app, &supplier).await["due_on"], json!("2027-11-01"));
        let done = app.walk("/reviews?state=completed", 50).await;
        assert_eq!(done[0]["outcome"], json!("assessed with house-check 2027.1: approved"));
    }

    async fn whoever_moves_a_review_says_why_and_what_comes_up_later_still_brings_it_forward(app: App) {
        let supplier = app.supplier("Harbour").await;
        certificate(&app, &supplier, "2027-06-30").await;
        let review = review_of(&app, &supplier).await;
        let move_to = async |day: &str, reason: &str| app.act(&app.editor, &format!("/reviews/{}/reschedule", id(&review)), &review, Some(json!({ "due_on": day, "reason": reason }))).await;
        assert_eq!(move_to("2027-02-28", "x").await.faults(422), ["/due_on past"]);
        assert_eq!(move_to("2027-09-01", "").await.faults(422), ["/reason length"]);
        move_to("2027-09-01", "after the move").await.json(200);
        let moved = review_of(&app, &supplier).await;
        assert_eq!((&moved["due_on"], &moved["reason"], &moved["reason_detail"], &moved["rescheduled_to"]), (&json!("2027-09-01"), &json!("rescheduled"), &json!("after the move"), &json!("2027-09-01")));
        app.goes_to("2027-05-01");
        app.post(&app.editor, "/incidents", json!({ "subject_id": id(&supplier), "title": "Down", "severity": "low", "occurred_on": "2027-04-30" })).await.json(201);
        assert_eq!((&review_of(&app, &supplier).await["due_on"], &review_of(&app, &supplier).await["reason"]), (&json!("2027-05-01"), &json!("incident")));
    }

    async fn whoever_moves_a_review_has_weighed_what_asked_for_it_so_far(app: App) {
        let supplier = app.supplier("Harbour").await;
        app.post(&app.editor, "/incidents", json!({ "subject_id": id(&supplier), "title": "Down", "severity": "low", "occurred_on": "2027-02-28" })).await.json(201);
        assert_eq!(review_of(&app, &supplier).await["due_on"], json!("2027-03-01"));
        act(&app, &review_of(&app, &supplier).await, "reschedule", json!({ "due_on": "2027-04-01", "reason": "when they are back" })).await;
        let now = app.get(&app.viewer, &format!("/suppliers/{}", id(&supplier))).await.json(200);
        app.patch(&app.editor, &format!("/suppliers/{}", id(&supplier)), &now, json!({ "notes": "x" })).await.json(200);
        assert_eq!((&review_of(&app, &supplier).await["due_on"], &review_of(&app, &supplier).await["reason"]), (&json!("2027-04-01"), &json!("rescheduled")));
    }

    async fn a_day_that_has_passed_stays_listed_until_someone_completes_it(app: App) {
        let (supplier, later) = (app.minor("Harbour").await, app.minor("Later").await);
        let certificate = certificate(&app, &supplier, "2027-06-30").await;
        for (day, overdue) in [("2027-06-30", 0), ("2027-07-01", 1), ("2028-07-01", 1)] {
            app.goes_to(day);
            assert_eq!(app.walk("/reviews?overdue=true", 50).await.len(), overdue, "{day}");
            assert_eq!((&app.line(&supplier).await["review_overdue"], &app.line(&later).await["review_overdue"]), (&json!(overdue == 1), &json!(false)), "{day}");
            // Whatever is done to the supplier meanwhile, even renewing what had expired.
            let now = app.get(&app.viewer, &format!("/suppliers/{}", id(&supplier))).await.json(200);
            app.patch(&app.editor, &format!("/suppliers/{}", id(&supplier)), &now, json!({ "notes": day })).await.json(200);
        }
        app.patch(&app.editor, &format!("/evidence/{}", id(&certificate)), &certificate, json!({ "expires_on": "2029-06-30" })).await.json(200);
        let review = review_of(&app, &supplier).await;
        assert_eq!((&review["due_on"], &review["reason"]), (&json!("2027-06-30"), &json!("evidence_expiry")));
        assert_eq!(app.get(&app.viewer, "/register/summary").await.json(200)["overdue_review_count"], json!(1));
        act(&app, &review, "complete", json!({})).await;
        assert_eq!(app.walk("/reviews?overdue=true", 50).await, Vec::<Value>::new());
    }

    async fn an_overdue_review_that_is_moved_waits_for_its_new_day(app: App) {
        let supplier = app.post(&app.editor, "/suppliers", json!({ "name": "Harbour", "system_access": "privileged" })).await.json(201);
        app.goes_to("2027-10-01");
        act(&app, &review_of(&app, &supplier).await, "reschedule", json!({ "due_on": "2027-11-01", "reason": "they moved house" })).await;
        assert_eq!((&review_of(&app, &supplier).await["due_on"], app.walk("/reviews?overdue=true", 50).await.len()), (&json!("2027-11-01"), 0));
    }

    async fn reviews_are_filtered_by_each_field_and_come_soonest_first(app: App) {
        let (supplier, other) = (app.processor("Harbour").await, app.supplier("Other").await);
        let product = app.product(&supplier, "Notes").await;
        certificate(&app, &other, "2027-06-30").await;
        app.goes_to("2027-07-01");
        act(&app, &review_of(&app, &product).await, "complete", json!({})).await;
        app.supplier("New").await;
        for (field, value) in [("subject_id", id(&product)), ("supplier_id", id(&supplier)), ("reason", "evidence_expiry")] {
            app.is_filtered("/reviews", &format!("{field}={value}"), |review| review[field] == json!(value)).await;
        }
        app.is_filtered("/reviews", "due_before=2028-03-01", |review| text(review, "due_on") < "2028-03-01").await;
        app.is_filtered("/reviews", "due_from=2028-03-01", |review| text(review, "due_on") >= "2028-03-01").await;
        app.is_filtered("/reviews", "overdue=true", |review| text(review, "due_on") < "2027-07-01").await;
        app.is_filtered("/reviews", "overdue=false", |review| text(review, "due_on") >= "2027-07-01").await;
        app.is_filtered("/reviews", "updated_since=2027-07-01T09:00:00Z", |review| text(review, "updated_at") >= "2027-07-01").await;
        assert_eq!(app.walk("/reviews?state=completed", 50).await.len(), 1);
        app.comes_in_pages("/reviews", "id", &["due_on", "-due_on", "updated_at", "-updated_at"], |review, field| text(review, field).to_owned()).await;
        assert_eq!(app.walk("/reviews", 50).await, app.walk("/reviews?sort=due_on", 50).await);
    }
}
