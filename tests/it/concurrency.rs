//! Many people at once: nothing lost, nothing half done.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    task::Poll,
};

use sea_orm::{ConnectionTrait as _, Database, DbBackend, Statement};
use serde_json::json;

use crate::harness::{Answer, both, id};

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

    async fn a_request_that_is_broken_off_at_any_point_leaves_nothing_behind(app: App) {
        let supplier = app.supplier("Harbour").await;
        let path = format!("/suppliers/{}", id(&supplier));
        for step in 0..120 {
            let notes = json!({ "notes": format!("{step}") });
            let requests: [Pin<Box<dyn Future<Output = Answer>>>; 4] = [
                Box::pin(app.post(&app.editor, "/suppliers", json!({ "name": "Haven" }))),
                Box::pin(app.patch(&app.editor, &path, &supplier, notes)),
                Box::pin(app.get(&app.viewer, "/register")),
                Box::pin(app.get(&app.viewer, "/suppliers.csv")),
            ];
            for mut request in requests {
                for _ in 0..step {
                    if poll_fn(|context| Poll::Ready(request.as_mut().poll(context))).await.is_ready() {
                        break;
                    }
                    tokio::task::yield_now().await;
                }
            }
        }
        // What was made is whole, and what comes next finds nothing in its way.
        let last = app.supplier("Last").await;
        let suppliers = app.walk("/suppliers", 200).await;
        let lines = app.walk("/register", 200).await;
        assert!(suppliers.len() == lines.len() && suppliers.iter().all(|supplier| lines.iter().any(|line| line["subject_id"] == supplier["id"])));
        assert!(suppliers.iter().any(|supplier| supplier["id"] == last["id"]));
        let events = app.walk("/audit-events", 200).await;
        let made = events.iter().filter(|event| event["noun"] == "supplier" && event["action"] == "create").count();
        assert_eq!(made, suppliers.len());
        let Ok(database) = Database::connect(&app.url).await else { panic!("the database answers") };
        if database.get_database_backend() == DbBackend::Postgres {
            let idle = async || {
                let sql = "SELECT count(*) AS idle FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
                let row = database.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await.expect("an answer").expect("a row");
                row.try_get::<i64>("", "idle").expect("a number")
            };
            // What was broken off is rolled back in its own time.
            let mut tries = 0;
            while idle().await > 0 {
                tries += 1;
                assert!(tries < 2000, "a connection stays in a transaction");
            }
        }
    }
}
