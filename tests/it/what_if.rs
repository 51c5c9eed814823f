//! What if: who would move, by how much and why; and nothing does.

use serde_json::{Value, json};

use crate::{
    assessments::{approved, certificate, good, poor},
    harness::{both, id, text},
    questionnaires::house_check,
};

/// The lines of an answer, by what they are.
fn lines(text: &str, kind: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("a line of JSON"))
        .filter_map(|line| line.get(kind).cloned())
        .collect()
}

both! {
    async fn another_policy_moves_those_it_should_and_says_which_rule_does_it(app: App) {
        let (strong, weak) = (app.processor("Strong").await, app.processor("Weak").await);
        let paper = certificate(&app, &strong, "2027-12-31").await;
        approved(&app, &strong, good(&paper)).await;
        let moved = approved(&app, &weak, poor()).await;
        let (events, register) = (app.event_count().await, app.walk("/register", 50).await);
        let told = app.post(&app.viewer, "/policy/what-if", json!({ "rating": { "weak_from": 55, "adequate_from": 60, "strong_from": 80 } })).await;
        assert_eq!((told.status.as_u16(), told.header("content-type")), (200, "application/x-ndjson"));
        let moves = lines(&told.text, "assessment");
        assert_eq!(moves.len(), 1);
        assert_eq!((&moves[0]["assessment_id"], &moves[0]["before"]["band"], &moves[0]["after"]["band"]), (&moved["id"], &json!("weak"), &json!("poor")));
        assert_eq!(moves[0]["reasons"][0], json!({ "what": "rating/weak_from", "before": "40", "after": "55", "evidenced": null }));
        let summary = &lines(&told.text, "summary")[0];
        assert_eq!((&summary["assessment_count"], &summary["moved_assessment_count"], &summary["worse_count"], &summary["better_count"]), (&json!(2), &json!(1), &json!(1), &json!(0)));
        assert_eq!(lines(&told.text, "progress").last(), Some(&json!({ "done": 2, "total": 2 })));
        // Nothing has changed; and done for real, it is what was said.
        assert_eq!((app.event_count().await, app.walk("/register", 50).await), (events, register));
        let ratings = lines(&told.text, "rating");
        let policy = app.get(&app.admin, "/policy").await.json(200);
        app.patch(&app.admin, "/policy", &policy, json!({ "rating": { "weak_from": 55 } })).await.json(200);
        assert_eq!((&ratings[0]["subject_id"], &ratings[0]["after"]), (&weak["id"], &app.line(&weak).await["rating"]));
        app.post(&app.viewer, "/policy/what-if", json!({ "rating": { "weak_from": 90 } })).await.faults(422);
    }

    async fn another_edition_moves_the_scores_it_should_and_names_the_questions(app: App) {
        let supplier = app.processor("Harbour").await;
        let before = approved(&app, &supplier, poor()).await;
        let mut later = house_check("2027.2");
        later["sections"][0]["questions"][0]["weight"] = json!(30);
        let draft = app.post(&app.editor, "/questionnaire-drafts", json!({ "name": "Later", "format": "json", "document": later.to_string() })).await.json(201);
        let events = app.event_count().await;
        let told = app.get(&app.viewer, &format!("/questionnaire-drafts/{}/what-if", id(&draft))).await;
        let moves = lines(&told.text, "assessment");
        assert_eq!((moves.len(), &moves[0]["before"]["evidenced"]), (1, &before["evidenced"]));
        assert_eq!(text(&moves[0]["reasons"][0], "what"), "hosting");
        let change = moves[0]["after"]["evidenced"].as_f64().expect("a score") - moves[0]["before"]["evidenced"].as_f64().expect("a score");
        assert!(change < 0.0 && (change - moves[0]["reasons"][0]["evidenced"].as_f64().expect("a part")).abs() < 1e-9, "{}", moves[0]);
        assert_eq!((app.event_count().await, app.get(&app.viewer, &format!("/assessments/{}", id(&before))).await.json(200)), (events, before));
    }
}
