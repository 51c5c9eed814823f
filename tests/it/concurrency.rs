//! Many people at once: nothing lost, nothing half done.

use serde_json::json;

use crate::harness::{both, id};

both! {
    async fn the_register_shows_all_that_was_saved_at_the_same_time(app: App) {
        let supplier = app.supplier("Harbour").await;
        let risk = || app.post(&app.editor, "/risks", json!({ "subject_id": id(&supplier), "title": "Something", "likelihood": 2, "impact": 2 }));
        let incident = || app.post(&app.editor, "/incidents", json!({ "subject_id": id(&supplier), "title": "Down", "severity": "low", "occurred_on": "2027-02-01" }));
        let evidence = || app.post(&app.editor, "/evidence", json!({ "subject_id": id(&supplier), "kind": "insurance", "expires_on": "2027-12-31" }));
        let answers = tokio::join!(risk(), incident(), evidence(), risk(), incident(), evidence(), risk(), risk());
        let made = [answers.0, answers.1, answers.2, answers.3, answers.4, answers.5, answers.6, answers.7];
        assert!(made.iter().all(|answer| answer.status == 201), "{made:?}");
        let line = app.get(&app.viewer, "/register").await.json(200)["items"][0].clone();
        assert_eq!(line["open_risks"], json!({ "low": 0, "moderate": 4, "high": 0, "extreme": 0 }));
        assert_eq!(line["certificates"].as_array().expect("a list").len(), 1);
        assert_eq!((&line["next_review_on"], &line["rating"]), (&json!("2027-03-01"), &json!("unassessed")));
        let events = app.get(&app.admin, "/audit-events?limit=200").await.json(200);
        let sequences: Vec<i64> = events["items"].as_array().expect("a list").iter().filter_map(|event| event["sequence"].as_i64()).collect();
        assert_eq!(sequences, (1..=sequences[0]).rev().collect::<Vec<_>>());
    }

    async fn of_many_changes_on_one_version_exactly_one_is_made(app: App) {
        let supplier = app.supplier("Harbour").await;
        let path = format!("/suppliers/{}", id(&supplier));
        let change = |notes: &'static str| app.patch(&app.editor, &path, &supplier, json!({ "notes": notes }));
        // The futures borrow the same path and version, as four people who read the same page would.
        let (first, second, third, fourth) = tokio::join!(change("a"), change("b"), change("c"), change("d"));
        let mut statuses: Vec<u16> = [first, second, third, fourth].iter().map(|answer| answer.status.as_u16()).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 412, 412, 412]);
        assert_eq!(app.get(&app.viewer, &path).await.json(200)["version"], json!(2));
    }
}
