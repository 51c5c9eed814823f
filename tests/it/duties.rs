//! Separation of duties: whoever answered or reviewed does not decide where the policy says so, unless an admin says
//! why.

use serde_json::{Value, json};

use crate::{
    assessments::poor,
    harness::{Answer, App, Person, both, id, text},
    questionnaires::publish,
};

const REASON: &str = "Nobody else is in before the contract ends.";

async fn set(app: &App, duties: &str) {
    let policy = app.get(&app.admin, "/policy").await.json(200);
    let changed = app.patch(&app.admin, "/policy", &policy, json!({ "separation_of_duties": duties })).await.json(200);
    assert_eq!(changed["separation_of_duties"], json!(duties));
}

/// An assessment of a new supplier, answered by one person and submitted by another.
async fn submitted(app: &App, answers: &Person, submits: &Person) -> Value {
    publish(app).await;
    let assessment = app.assessment("house-check", &app.supplier("Harbour").await).await;
    let path = format!("/assessments/{}", id(&assessment));
    let progress = app.patch(answers, &format!("{path}/answers"), &assessment, poor()).await.json(200);
    app.act(submits, &format!("{path}/submit"), &progress["assessment"], None).await.json(200)
}

async fn decide(app: &App, who: &Person, how: &str, assessment: &Value, reason: Option<&str>) -> Answer {
    let body = reason.map(|reason| json!({ "override_reason": reason }));
    app.act(who, &format!("/assessments/{}/{how}", id(assessment)), assessment, body).await
}

/// It is refused, in words that say why and what to do, and nothing has changed.
async fn is_refused(app: &App, who: &Person, assessment: &Value, did: &str) {
    for how in ["approve", "refuse"] {
        let told = decide(app, who, how, assessment, None).await;
        assert_eq!(told.faults(403), Vec::<String>::new());
        assert!(
            told.text.contains(&format!("you {did} this assessment"))
                && told.text.contains("another approver")
                && told.text.contains("override_reason"),
            "{}",
            told.text
        );
        let event = app
            .get(&app.admin, &format!("/audit-events?action=forbid&item_id={}", id(assessment)))
            .await
            .json(200)["items"][0]
            .clone();
        assert!(text(&event["after"], "detail").contains(did), "{event}");
    }
    assert_eq!(app.get(&app.viewer, &format!("/assessments/{}", id(assessment))).await.json(200), *assessment);
}

/// The id by which this person acts.
async fn actor(app: &App, who: &Person) -> String {
    let made = app.post(who, "/suppliers", json!({ "name": "Haven" })).await.json(201);
    let event = app.get(&app.admin, &format!("/audit-events?noun=supplier&item_id={}", id(&made))).await.json(200);
    text(&event["items"][0], "actor_id").to_owned()
}

both! {
    async fn at_first_whoever_answered_may_decide(app: App) {
        assert_eq!(app.get(&app.viewer, "/policy").await.json(200)["separation_of_duties"], json!("off"));
        let assessment = submitted(&app, &app.approver, &app.approver).await;
        let approved = decide(&app, &app.approver, "approve", &assessment, None).await.json(200);
        assert_eq!((&approved["state"], &approved["override_reason"]), (&json!("approved"), &json!(null)));
        assert_eq!(approved["answered_by"], json!([actor(&app, &app.approver).await]));
    }

    async fn whoever_answered_or_submitted_does_not_decide(app: App) {
        set(&app, "not_who_answered").await;
        let answered = submitted(&app, &app.approver, &app.editor).await;
        is_refused(&app, &app.approver, &answered, "answered or submitted").await;
        let put_forward = submitted(&app, &app.editor, &app.approver).await;
        is_refused(&app, &app.approver, &put_forward, "answered or submitted").await;
        let by_others = submitted(&app, &app.editor, &app.editor).await;
        assert_eq!(by_others["answered_by"], json!([actor(&app, &app.editor).await]));
        decide(&app, &app.approver, "approve", &by_others, None).await.json(200);
        let refused = submitted(&app, &app.editor, &app.editor).await;
        decide(&app, &app.approver, "refuse", &refused, None).await.json(200);
        // Another approver, or an admin who had no hand in it, decides as ever.
        decide(&app, &app.admin, "approve", &answered, None).await.json(200);
    }

    async fn an_answer_that_was_taken_back_or_returned_was_given_all_the_same(app: App) {
        set(&app, "not_who_answered").await;
        let assessment = submitted(&app, &app.approver, &app.editor).await;
        let path = format!("/assessments/{}", id(&assessment));
        let returned = app.act(&app.admin, &format!("{path}/return"), &assessment, Some(json!({ "comment": "Again." }))).await.json(200);
        let progress = app.patch(&app.editor, &format!("{path}/answers"), &returned, json!({ "mfa": { "value": "yes" }, "hosting": { "value": "ours", "comment": "seen" } })).await.json(200);
        let assessment = app.act(&app.editor, &format!("{path}/submit"), &progress["assessment"], None).await.json(200);
        assert_eq!(assessment["answered_by"], json!([actor(&app, &app.approver).await, actor(&app, &app.editor).await]));
        is_refused(&app, &app.approver, &assessment, "answered or submitted").await;
    }

    async fn nothing_said_is_no_answer(app: App) {
        publish(&app).await;
        let assessment = app.assessment("house-check", &app.supplier("Harbour").await).await;
        let path = format!("/assessments/{}/answers", id(&assessment));
        let mut latest = app.patch(&app.editor, &path, &assessment, poor()).await.json(200)["assessment"].clone();
        for body in [json!({}), poor()] {
            latest = app.patch(&app.approver, &path, &latest, body).await.json(200)["assessment"].clone();
        }
        assert_eq!(latest["answered_by"], json!([actor(&app, &app.editor).await]));
    }

    async fn whoever_rated_answers_may_decide_unless_the_policy_says_that_too(app: App) {
        let rated = async |app: &App| {
            let assessment = submitted(app, &app.editor, &app.editor).await;
            app.patch(&app.approver, &format!("/assessments/{}/review", id(&assessment)), &assessment, json!({ "mfa": { "points": 20, "reason": "Half of them." } })).await.json(200)["assessment"].clone()
        };
        set(&app, "not_who_answered").await;
        let assessment = rated(&app).await;
        assert_eq!(assessment["reviewed_by"], json!([actor(&app, &app.approver).await]));
        decide(&app, &app.approver, "approve", &assessment, None).await.json(200);
        set(&app, "not_who_answered_or_reviewed").await;
        let assessment = rated(&app).await;
        is_refused(&app, &app.approver, &assessment, "rated").await;
        decide(&app, &app.admin, "approve", &assessment, None).await.json(200);
        let answered = submitted(&app, &app.approver, &app.editor).await;
        is_refused(&app, &app.approver, &answered, "answered or submitted").await;
    }

    async fn confirming_and_filling_in_are_answering(app: App) {
        publish(&app).await;
        let supplier = app.supplier("Harbour").await;
        let first = app.assessment("house-check", &supplier).await;
        let path = format!("/assessments/{}", id(&first));
        let progress = app.patch(&app.editor, &format!("{path}/answers"), &first, poor()).await.json(200);
        let submitted = app.act(&app.editor, &format!("{path}/submit"), &progress["assessment"], None).await.json(200);
        let approved = decide(&app, &app.approver, "approve", &submitted, None).await.json(200);
        // The next one begins with what was answered before; the approver confirms it, and so answers.
        set(&app, "not_who_answered").await;
        let second = app.assessment("house-check", &supplier).await;
        let path = format!("/assessments/{}", id(&second));
        assert_eq!(second["answered_by"], json!([]));
        let progress = app.act(&app.approver, &format!("{path}/confirm"), &second, None).await.json(200);
        assert_eq!(progress["assessment"]["answered_by"], json!([actor(&app, &app.approver).await]));
        // And the sheet of the first, with its answers in it, fills in the second.
        let sheet = app.get(&app.viewer, &format!("/assessments/{}/sheet?format=csv", id(&approved))).await.text;
        let cleared = app.patch(&app.editor, &format!("{path}/answers"), &progress["assessment"], json!({ "mfa": null })).await.json(200);
        let headers = [("content-type", "text/csv"), ("if-match", &crate::harness::etag(&cleared["assessment"])[..])];
        let filled = app.raw(&app.admin, poem::http::Method::POST, &format!("{path}/sheet?for_another=true"), Some(sheet.into_bytes()), &headers).await.json(200);
        let by: Vec<&str> = filled["assessment"]["answered_by"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
        assert_eq!(by, [actor(&app, &app.approver).await, actor(&app, &app.editor).await, actor(&app, &app.admin).await]);
    }

    async fn an_admin_may_decide_all_the_same_and_the_reason_is_kept_and_shown(app: App) {
        set(&app, "not_who_answered").await;
        let assessment = submitted(&app, &app.admin, &app.approver).await;
        is_refused(&app, &app.admin, &assessment, "answered or submitted").await;
        let told = decide(&app, &app.approver, "approve", &assessment, Some(REASON)).await;
        assert_eq!(told.faults(403), Vec::<String>::new(), "an approver sets nothing aside");
        assert_eq!(decide(&app, &app.admin, "approve", &assessment, Some("Because.")).await.faults(422), ["/override_reason length"]);
        let approved = decide(&app, &app.admin, "approve", &assessment, Some(REASON)).await.json(200);
        assert_eq!((&approved["state"], &approved["override_reason"], &approved["decided_by"]), (&json!("approved"), &json!(REASON), &json!("admin")));
        let path = format!("/assessments/{}", id(&assessment));
        assert_eq!(app.get(&app.viewer, &path).await.json(200)["override_reason"], json!(REASON));
        let decisions = app.walk("/decisions?overridden=true", 50).await;
        assert_eq!((decisions.len(), &decisions[0]["override_reason"], &decisions[0]["assessment_id"]), (1, &json!(REASON), &approved["id"]));
        assert_eq!(app.walk("/decisions?overridden=false", 50).await, Vec::<Value>::new());
        let event = app.get(&app.admin, &format!("/audit-events?noun=assessment&action=approve&item_id={}", id(&assessment))).await.json(200)["items"][0].clone();
        assert_eq!((&event["after"]["override_reason"], &event["actor_name"]), (&json!(REASON), &json!("admin")));
        let file = app.get(&app.viewer, "/assessments.csv").await.text;
        let mut reader = csv::Reader::from_reader(file.as_bytes());
        let column = reader.headers().expect("headers").iter().position(|name| name == "override_reason").expect("a column");
        let row = reader.records().next().expect("a row").expect("a row");
        assert_eq!(&row[column], REASON);
        // What is computed again years later is the result; who set what aside stands beside it.
        assert!(!app.get(&app.viewer, &format!("{path}/receipt")).await.text.contains(REASON));
    }

    async fn there_is_nothing_to_set_aside_where_no_duty_stands_against_it(app: App) {
        for duties in ["off", "not_who_answered"] {
            set(&app, duties).await;
            let assessment = submitted(&app, &app.editor, &app.editor).await;
            assert_eq!(decide(&app, &app.admin, "approve", &assessment, Some(REASON)).await.faults(422), ["/override_reason contradiction"]);
            decide(&app, &app.admin, "approve", &assessment, None).await.json(200);
        }
        let policy = app.get(&app.admin, "/policy").await.json(200);
        assert_eq!(app.patch(&app.admin, "/policy", &policy, json!({ "separation_of_duties": "on" })).await.faults(422), ["/separation_of_duties choice"]);
        let again = app.patch(&app.admin, "/policy", &policy, json!({ "separation_of_duties": null })).await.json(200);
        assert_eq!(again["separation_of_duties"], json!("off"));
    }

    async fn a_rotated_key_is_the_same_hand(app: App) {
        set(&app, "not_who_answered").await;
        let made = app.post(&app.admin, "/keys", json!({ "name": "Tool", "role": "approver" })).await.json(201);
        let old = Person { key: Some(text(&made, "secret").to_owned()) };
        let successor = app.act(&app.admin, &format!("/keys/{}/rotate", id(&made)), &made, None).await.json(201);
        let new = Person { key: Some(text(&successor, "secret").to_owned()) };
        let by_old = submitted(&app, &old, &app.editor).await;
        is_refused(&app, &new, &by_old, "answered or submitted").await;
        let by_new = submitted(&app, &new, &app.editor).await;
        is_refused(&app, &old, &by_new, "answered or submitted").await;
        // Another key of the same name is another hand.
        let other = app.post(&app.admin, "/keys", json!({ "name": "Tool", "role": "approver" })).await.json(201);
        decide(&app, &Person { key: Some(text(&other, "secret").to_owned()) }, "approve", &by_new, None).await.json(200);
    }

    async fn whoever_raised_a_risk_may_accept_it(app: App) {
        set(&app, "not_who_answered_or_reviewed").await;
        let supplier = app.supplier("Harbour").await;
        let risk = app.post(&app.approver, "/risks", json!({ "subject_id": id(&supplier), "title": "It stops", "likelihood": 2, "impact": 2 })).await.json(201);
        let accepted = app.act(&app.approver, &format!("/risks/{}/accept", id(&risk)), &risk, Some(json!({ "reason": "Small.", "expires_on": "2027-06-01" }))).await.json(200);
        assert_eq!(accepted["state"], json!("accepted"));
    }
}
