//! Questionnaires: the library's and an organisation's own, in editions that never change.

use serde_json::{Value, json};

use crate::harness::{App, both, id, text};

/// A short questionnaire of an organisation's own with one question of each sort that matters to an assessment's life:
/// one that needs evidence and raises a risk, one that can knock out, and two that only some answers bring up.
pub(crate) fn house_check(edition: &str) -> Value {
    let risk = |severity: &str, title: &str, likelihood: u8, impact: u8| json!({ "severity": severity, "title": title, "advice": "Mend it.", "risk": { "likelihood": likelihood, "impact": impact } });
    json!({
        "key": "house-check", "title": "House check", "edition": edition, "summary": "What we ask everyone.", "framework": "security", "applies_to": ["supplier", "product"],
        "principles": [{ "key": "access", "title": "Access" }],
        "sections": [{ "key": "all", "title": "All", "questions": [
            { "key": "mfa", "principle": "access", "text": "Is a second factor asked for?", "type": "single_choice", "required": true, "evidence": { "need": "needed", "kinds": ["cyber_essentials"] }, "options": [
                { "value": "yes", "label": "Yes", "points": 100 },
                { "value": "partly", "label": "Partly", "points": 50 },
                { "value": "no", "label": "No", "points": 0, "finding": risk("extreme", "No second factor", 4, 4) },
            ] },
            { "key": "hosting", "principle": "access", "text": "Whose computers is it on?", "type": "single_choice", "required": true, "options": [
                { "value": "ours", "label": "Yours", "points": 100 },
                { "value": "theirs", "label": "Another company's", "points": 50 },
                { "value": "unknown", "label": "Not known", "points": 0, "knock_out": "Nobody knows where it runs." },
            ] },
            { "key": "exit", "principle": "access", "text": "Can you leave that company?", "type": "yes_no", "weight": 20, "required": true, "show_if": { "question": "hosting", "is": "theirs" }, "options": [
                { "value": "yes", "label": "Yes", "points": 100 },
                { "value": "no", "label": "No", "points": 0, "ask_why": true, "finding": risk("moderate", "Locked in", 2, 3) },
            ] },
            { "key": "plan", "principle": "access", "text": "What is the plan for the rest?", "type": "text", "required": true, "show_if": { "question": "mfa", "is": "partly" } },
        ] }],
    })
}

/// Publishes the house check, if it is not published yet.
pub(crate) async fn publish(app: &App) {
    let status = app.post(&app.editor, "/questionnaires", house_check("2027.1")).await.status;
    assert!(status == 201 || status == 409, "{status}");
}

fn keyed(key: &str, edition: &str) -> Value {
    let mut document = house_check(edition);
    document["key"] = json!(key);
    document
}

both! {
    async fn an_edition_reads_back_as_it_was_published(app: App) {
        let answer = app.post(&app.editor, "/questionnaires", house_check("2027.1")).await;
        let published = answer.json(201);
        assert_eq!(answer.header("location"), "/api/v1/questionnaires/house-check/editions/2027.1");
        assert_eq!((&published["origin"], &published["framework"], text(&published, "hash").len()), (&json!("own"), &json!("security"), 64));
        let read = app.get(&app.viewer, "/questionnaires/house-check/editions/2027.1").await.json(200);
        let defaults = |mut document: Value| {
            document["language"] = json!("en");
            document
        };
        assert_eq!(read, defaults(house_check("2027.1")));
        app.get(&app.viewer, "/questionnaires/house-check/editions/2027.2").await.faults(404);
        app.get(&app.neighbour, "/questionnaires/house-check/editions/2027.1").await.faults(404);
    }

    async fn a_published_edition_never_changes_and_a_later_one_takes_a_later_number(app: App) {
        publish(&app).await;
        let mut other = house_check("2027.1");
        other["title"] = json!("Another");
        assert_eq!(app.post(&app.editor, "/questionnaires", other).await.faults(409), ["/edition duplicate"]);
        app.post(&app.editor, "/questionnaires", house_check("2027.10")).await.json(201);
        assert_eq!(app.post(&app.editor, "/questionnaires", house_check("2027.9")).await.faults(409), ["/edition duplicate"]);
        assert_eq!(app.post(&app.editor, "/questionnaires", keyed("supplier-security", "2099.1")).await.faults(409), ["/key duplicate"]);
        let listed = app.walk("/questionnaires?origin=own", 50).await.remove(0);
        assert_eq!((&listed["latest_edition"], &listed["editions"][0]["edition"], &listed["editions"][1]["edition"], &listed["question_count"]), (&json!("2027.10"), &json!("2027.10"), &json!("2027.1"), &json!(4)));
        assert_eq!((&listed["title"], &listed["summary"], &listed["applies_to"]), (&json!("House check"), &json!("What we ask everyone."), &json!(["supplier", "product"])));
        assert_eq!(app.get(&app.viewer, "/questionnaires/house-check/editions/2027.1").await.json(200)["title"], json!("House check"));
    }

    async fn everything_wrong_with_an_edition_is_told_with_its_place(app: App) {
        let mut broken = house_check("2027.1");
        broken["sections"][0]["questions"][0]["principle"] = json!("acess");
        broken["sections"][0]["questions"][2]["show_if"] = json!({ "question": "exit", "is": "yes" });
        let faults = app.post(&app.editor, "/questionnaires", broken).await.faults(422);
        for place in ["/sections/0/questions/0/principle", "/sections/0/questions/2/show_if"] {
            assert!(faults.iter().any(|fault| fault.starts_with(place)), "{place} in {faults:?}");
        }
        assert_eq!(app.walk("/questionnaires?origin=own", 50).await, Vec::<Value>::new());
    }

    async fn an_assessment_takes_the_latest_edition_and_stays_with_it(app: App) {
        app.post(&app.editor, "/questionnaires", house_check("2027.2")).await.json(201);
        app.post(&app.editor, "/questionnaires", house_check("2027.10")).await.json(201);
        let (supplier, other) = (app.supplier("Harbour").await, app.supplier("Other").await);
        let assessment = app.assessment("house-check", &supplier).await;
        assert_eq!(assessment["edition"], json!("2027.10"));
        app.post(&app.editor, "/questionnaires", house_check("2028.1")).await.json(201);
        assert_eq!(app.get(&app.viewer, &format!("/assessments/{}", id(&assessment))).await.json(200)["edition"], json!("2027.10"));
        let asked = app.post(&app.editor, "/assessments", json!({ "questionnaire": "house-check", "subject_id": id(&other), "edition": "2027.2" })).await.json(201);
        assert_eq!(asked["edition"], json!("2027.2"));
    }

    async fn questionnaires_come_in_pages_with_the_library_and_by_framework(app: App) {
        for key in ["aa-first", "zz-last", "house-check"] {
            app.post(&app.editor, "/questionnaires", keyed(key, "2027.1")).await.json(201);
        }
        let all = app.walk("/questionnaires", 200).await;
        let keys: Vec<&str> = all.iter().map(|listed| text(listed, "key")).collect();
        let library = [
            "ai-disclosure",
            "ai-product-security",
            "clinical-and-digital-readiness",
            "cyber-essentials-controls",
            "data-processor-check",
            "ethical-ai-in-care",
            "nhs-cyber-charter",
            "supplier-security",
            "where-is-ai",
        ];
        let mut expected: Vec<&str> = library.into_iter().chain(["aa-first", "house-check", "zz-last"]).collect();
        expected.sort_unstable();
        assert_eq!(keys, expected);
        for limit in 1..=13 {
            assert_eq!(app.walk("/questionnaires", limit).await, all, "{limit}");
        }
        for (field, value) in [("origin", "library"), ("framework", "ethical_ai")] {
            app.is_filtered("/questionnaires", &format!("{field}={value}"), |listed| listed[field] == json!(value)).await;
        }
        app.get(&app.viewer, "/questionnaires?cursor=zz").await.faults(422);
    }
}
