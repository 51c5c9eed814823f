//! The whole life of a large questionnaire: written, published, answered, reviewed, approved, proved; then a new
//! edition, answers carried over, and what moved.

use diligence_questionnaires::PortableReceipt;
use poem::http::Method;
use serde_json::{Map, Value, json};

use crate::{
    harness::{App, both, etag, id, text},
    roles::with_file,
};

const SECTIONS: usize = 10;
const QUESTIONS: usize = 32;

/// What kind of question stands at this place.
fn kind(number: usize) -> &'static str {
    ["yes_no", "single_choice", "multiple_choice", "number", "date", "text", "file", "yes_no"][number % 8]
}

fn question(section: usize, place: usize) -> Value {
    let number = section * QUESTIONS + place;
    let principle = ["access", "recovery", "dignity", "our_own"][number % 4];
    let mut question = json!({
        "key": format!("q{number}"), "principle": principle, "text": format!("Question {number}?"),
        "type": kind(number), "weight": 1 + number % 9, "maps_to": [format!("ours/{number}")],
    });
    let options = json!([{ "value": "yes", "label": "Yes", "points": 100 }, { "value": "no", "label": "No", "points": 0, "ask_why": true }]);
    match kind(number) {
        "yes_no" => question["options"] = options,
        "single_choice" => {
            question["options"] = json!([{ "value": "all", "label": "All", "points": 100 }, { "value": "some", "label": "Some", "points": 40 }, { "value": "none", "label": "None", "points": 0 }]);
        }
        "multiple_choice" => {
            question["options"] = json!([{ "value": "a", "label": "A", "points": 50 }, { "value": "b", "label": "B", "points": 50 }, { "value": "none", "label": "None of these", "points": 0, "exclusive": true }]);
        }
        "number" => question["bands"] = json!([{ "at_least": 90, "points": 100 }, { "otherwise": true, "points": 0 }]),
        "date" => {
            question["bands"] = json!([{ "within_months": 12, "points": 100 }, { "otherwise": true, "points": 0 }])
        }
        _ => {}
    }
    if place == 1 {
        question["not_applicable"] = json!("with_reason");
    }
    // Every section opens with a yes-or-no question; the third depends on it, and the fourth, deeper, on both and on
    // the profile.
    if place == 2 || place == 3 {
        let opener = json!({ "question": format!("q{}", section * QUESTIONS), "is": "yes" });
        let deeper = json!({ "all": [opener, { "any": [{ "not": { "subject": "tier", "is": "low" } }, { "all": [{ "subject": "subject_type", "is": "supplier" }, { "question": format!("q{}", section * QUESTIONS), "answered": true }] }] }] });
        question["show_if"] = if place == 2 { opener } else { deeper };
    }
    question
}

fn document(edition: &str) -> Value {
    let sections: Vec<Value> = (0..SECTIONS)
        .map(|section| json!({ "key": format!("s{section}"), "title": format!("Section {section}"), "questions": (0..QUESTIONS).map(|place| question(section, place)).collect::<Vec<_>>() }))
        .collect();
    json!({
        "key": "the-large-one", "title": "The large one", "edition": edition, "summary": "Everything at once.", "framework": "security", "applies_to": ["supplier"],
        "frameworks": [{ "key": "our_values", "title": "Our values" }],
        "principles": [
            { "key": "access", "title": "Access", "weight": 2 }, { "key": "recovery", "title": "Recovery" },
            { "key": "dignity", "title": "Dignity", "framework": "ethical_ai" }, { "key": "our_own", "title": "Our own", "framework": "our_values" },
        ],
        "sections": sections,
        "findings": [{ "key": "both_open", "when": { "all": [{ "question": "q7", "is": "no" }, { "question": "q15", "is": "no" }] }, "severity": "high", "title": "Both are open", "advice": "Close one.", "risk": { "likelihood": 3, "impact": 3 } }],
    })
}

fn answers(evidence: &Value) -> Map<String, Value> {
    let answer = |number: usize| match kind(number) {
        _ if number % QUESTIONS == 1 => json!({ "not_applicable": "We have no such thing." }),
        // The two that raise a finding together.
        "yes_no" if number == 7 || number == 15 => json!({ "value": "no", "comment": "Next year." }),
        "yes_no" => json!({ "value": "yes" }),
        "single_choice" => json!({ "value": "some" }),
        "multiple_choice" => json!({ "value": ["a"] }),
        "number" => json!({ "value": 95.5 }),
        "date" => json!({ "value": "2026-12-01" }),
        "text" => json!({ "value": "In our own words." }),
        _ => json!({ "value": evidence["id"] }),
    };
    (0..SECTIONS * QUESTIONS).map(|number| (format!("q{number}"), answer(number))).collect()
}

/// Starts, answers (a hundred at a time), submits, rates and approves; gives the approved assessment.
async fn assessed(app: &App, supplier: &Value, answers: Map<String, Value>) -> Value {
    let mut assessment = app
        .post(
            &app.editor,
            "/assessments",
            json!({ "questionnaire": "the-large-one", "subject_id": id(supplier), "carry_over": false }),
        )
        .await
        .json(201);
    let path = format!("/assessments/{}", id(&assessment));
    let all: Vec<(String, Value)> = answers.into_iter().collect();
    for part in all.chunks(100) {
        let part: Map<String, Value> = part.iter().cloned().collect();
        assessment =
            app.patch(&app.editor, &format!("{path}/answers"), &assessment, part.into()).await.json(200)["assessment"]
                .clone();
    }
    app.act(&app.approver, &format!("{path}/approve"), &assessment, None).await.faults(409);
    let submitted = app.act(&app.editor, &format!("{path}/submit"), &assessment, None).await.json(200);
    // Texts and files wait for a reviewer, and nothing is approved before.
    let waiting = app.get(&app.viewer, &format!("{path}/answers")).await.json(200)["awaiting_review"].clone();
    assert_eq!(waiting.as_array().expect("a list").len(), SECTIONS * QUESTIONS / 4);
    assert_eq!(
        app.act(&app.approver, &format!("{path}/approve"), &submitted, None).await.faults(409).len(),
        SECTIONS * QUESTIONS / 4
    );
    let mut points: Map<String, Value> = waiting
        .as_array()
        .expect("a list")
        .iter()
        .map(|key| (key.as_str().expect("a key").to_owned(), json!({ "points": 80 })))
        .collect();
    points.insert("q0".into(), json!({ "points": 60, "reason": "Only for half of them." }));
    let rated =
        app.patch(&app.approver, &format!("{path}/review"), &submitted, points.into()).await.json(200)["assessment"]
            .clone();
    app.act(&app.approver, &format!("{path}/approve"), &rated, None).await.json(200)
}

both! {
    async fn a_large_questionnaire_lives_from_its_first_draft_to_the_comparison_of_two_editions(app: App) {
        // Written, with a mistake, mended, looked at, tried out, published.
        let mut wrong = document("2027.1");
        wrong["sections"][0]["questions"][2]["show_if"]["question"] = json!("q_zero");
        let draft = app.post(&app.editor, "/questionnaire-drafts", json!({ "name": "Large", "format": "json", "document": format!("{wrong:#}") })).await.json(201);
        let path = format!("/questionnaire-drafts/{}", id(&draft));
        let check = app.get(&app.viewer, &format!("{path}/check")).await.json(200);
        assert_eq!((&check["is_publishable"], text(&check["faults"][0], "code")), (&json!(false), "unknown_question"));
        assert!(text(&check["faults"][0], "detail").starts_with("line "), "{check}");
        let draft = app.patch(&app.editor, &path, &draft, json!({ "document": format!("{:#}", document("2027.1")) })).await.json(200)["draft"].clone();
        assert_eq!(app.get(&app.viewer, &format!("{path}/check")).await.json(200)["question_count"], json!(SECTIONS * QUESTIONS));
        let preview = app.get(&app.viewer, &format!("{path}/preview")).await;
        preview.json(200);
        for secret in ["points", "weight", "knock_out", "finding", "principle"] {
            assert!(!preview.text.contains(secret), "a respondent would see {secret}");
        }
        let tried = app.post(&app.viewer, &format!("{path}/try"), json!({ "answers": { "q0": { "value": "yes" } }, "subject": { "tier": "high" } })).await.json(200);
        assert_eq!((&tried["band"], &tried["ratings"]["low"]), (&json!("unassessed"), &json!("unassessed")));
        app.act(&app.editor, &format!("{path}/publish"), &draft, None).await.json(201);
        app.get(&app.viewer, &path).await.faults(404);

        // Assessed, reviewed, approved, proved.
        let supplier = app.processor("Harbour").await;
        let paper = with_file(&app, &app.post(&app.editor, "/evidence", json!({ "subject_id": id(&supplier), "kind": "policy" })).await.json(201)).await;
        let first = assessed(&app, &supplier, answers(&paper)).await;
        assert_eq!(app.walk("/risks", 50).await.len(), 1);
        let receipt = app.get(&app.viewer, &format!("/assessments/{}/receipt", id(&first))).await.text;
        let mut file = PortableReceipt::from_json(&receipt).expect("a portable receipt");
        assert_eq!(file.verify(), []);
        assert_eq!(file.basis.evidence[0].file_sha256.as_deref(), paper["file"]["sha256"].as_str());
        file.basis.evidence[0].file_sha256 = Some("0".repeat(64));
        let differing = file.verify().iter().map(|difference| difference.pointer.clone()).collect::<Vec<_>>();
        assert_eq!(differing, ["/answers_hash".to_owned(), format!("/evidence_hashes/{}", id(&paper))]);

        // A new edition: one question reworded, one worth more, one gone, one new.
        let mut later = document("2027.2");
        let questions = later["sections"][0]["questions"].as_array_mut().expect("questions");
        questions[4]["text"] = json!("How is it now?");
        questions[8]["weight"] = json!(50);
        questions.remove(9);
        let mut new = question(0, 0);
        new["key"] = json!("brand_new");
        questions.push(new);
        app.post(&app.editor, "/questionnaires", later).await.json(201);
        let changes = app.get(&app.viewer, "/questionnaires/the-large-one/editions/2027.2/changes").await.json(200);
        let changed: Vec<(&str, &str, bool)> = changes["questions"].as_array().expect("a list").iter().map(|part| (text(part, "key"), text(part, "change"), part["affects_scores"] == json!(true))).collect();
        assert_eq!(changes["same_scoring"], json!(false));
        for expected in [("q4", "changed", false), ("q8", "changed", true), ("q9", "removed", true), ("brand_new", "added", true)] {
            assert!(changed.contains(&expected), "{expected:?} in {changed:?}");
        }

        // Carried over, marked, and counted nowhere until confirmed.
        let second = app.post(&app.editor, "/assessments", json!({ "questionnaire": "the-large-one", "subject_id": id(&supplier) })).await.json(201);
        let path = format!("/assessments/{}", id(&second));
        let progress = app.get(&app.viewer, &format!("{path}/answers")).await.json(200);
        assert_eq!((&progress["coverage"], &progress["answers"], progress["carried"].as_object().expect("a map").len()), (&json!(0.0), &json!({}), SECTIONS * QUESTIONS - 1));
        assert_eq!(progress["carried"]["q4"]["look"], json!(["words_changed"]));
        assert_eq!(progress["carried"]["q8"]["look"], json!(["points_changed"]));
        assert_eq!((progress["carried"]["q0"].get("look"), &progress["carried"]["q0"]["assessment"]), (None, &first["id"]));
        assert_eq!((text(&progress["left"][0], "question"), text(&progress["left"][0], "because")), ("q9", "question_gone"));
        assert_eq!(app.act(&app.editor, &format!("{path}/confirm"), &second, Some(json!({ "questions": ["q00"] }))).await.faults(422), ["/questions/0 not_carried"]);
        let confirmed = app.act(&app.editor, &format!("{path}/confirm"), &second, Some(json!({ "questions": ["q0", "q4"] }))).await.json(200);
        assert_eq!((confirmed["answers"].as_object().expect("a map").len(), confirmed["carried"].get("q0")), (2, None));
        let confirmed = app.act(&app.editor, &format!("{path}/confirm"), &confirmed["assessment"], None).await.json(200);
        assert_eq!(confirmed["carried"], json!({}));
        let answered = app.patch(&app.editor, &format!("{path}/answers"), &confirmed["assessment"], json!({ "q7": { "value": "yes" }, "brand_new": { "value": "no", "comment": "Not yet." } })).await.json(200);

        // What moved: the parts add up to the change, in tenths, at both scores.
        let movement = app.get(&app.viewer, &format!("{path}/movement")).await.json(200);
        for score in ["claimed", "evidenced"] {
            let tenths = |value: &Value| (value.as_f64().expect("a number") * 10.0).round() as i64;
            let parts: i64 = movement["questions"].as_array().expect("a list").iter().map(|part| tenths(&part[score])).sum();
            assert_eq!(parts, tenths(&movement[score]["after"]) - tenths(&movement[score]["before"]), "{score}");
            assert_eq!(parts, tenths(&movement[score]["change"]));
        }
        let because = |key: &str| movement["questions"].as_array().expect("a list").iter().find(|part| part["question"] == json!(key)).map(|part| part["because"].clone());
        assert_eq!(because("q7"), Some(json!(["answer_changed"])));
        assert_eq!(movement["findings_lost"], json!(["both_open"]));
        // What would raise it most, and that it really would.
        let found = app.get(&app.viewer, &format!("{path}/improvements")).await.json(200);
        let most = &found["improvements"][0];
        assert!(most["evidenced_gain"].as_f64() > Some(0.0), "{most}");
        let best = found["improvements"].as_array().expect("a list").iter().find(|one| one["how"] == json!(["other_answer"]) && one["value"].is_string()).expect("an answer to change");
        let better = app.patch(&app.editor, &format!("{path}/answers"), &answered["assessment"], json!({ text(best, "question"): { "value": best["value"], "comment": "Done." } })).await.json(200);
        let gained = better["evidenced"].as_f64().expect("a score") - answered["evidenced"].as_f64().expect("a score");
        assert!((gained - best["evidenced_gain"].as_f64().expect("a gain")).abs() < 1e-9, "{gained} {best}");
    }

    async fn a_sheet_goes_out_is_filled_in_and_comes_back(app: App) {
        app.post(&app.editor, "/questionnaires", document("2027.1")).await.json(201);
        let supplier = app.processor("Harbour").await;
        let assessment = app.assessment("the-large-one", &supplier).await;
        let path = format!("/assessments/{}", id(&assessment));
        let filled = app.patch(&app.editor, &format!("{path}/answers"), &assessment, json!({ "q0": { "value": "yes" }, "q1": { "not_applicable": "None." }, "q3": { "value": 95.5 }, "q4": { "value": "2026-12-01" }, "q5": { "value": "=1+1" }, "q10": { "value": ["a", "b"] } })).await.json(200);
        let other = app.assessment("the-large-one", &app.processor("Other").await).await;
        let there = format!("/assessments/{}/sheet?for_another=true", id(&other));
        for format in ["xlsx", "csv"] {
            let sheet = app.get(&app.viewer, &format!("{path}/sheet?format={format}")).await;
            assert_eq!(sheet.status, 200, "{}", sheet.text);
            assert!(sheet.header("content-disposition").contains(&format!("the-large-one-2027.1.{format}")), "{}", sheet.header("content-disposition"));
            let at = app.get(&app.viewer, &format!("/assessments/{}", id(&other))).await.json(200);
            let tag = etag(&at);
            let headers = [("content-type", "application/octet-stream"), ("if-match", &tag[..])];
            let back = app.raw(&app.editor, Method::POST, &there, Some(sheet.bytes.clone()), &headers).await.json(200);
            assert_eq!(back["answers"], filled["answers"], "{format}");
            // Sent in on a version that is no longer there, it changes nothing, and says so.
            app.raw(&app.editor, Method::POST, &there, Some(sheet.bytes), &headers).await.faults(412);
        }
        let at = app.get(&app.viewer, &format!("/assessments/{}", id(&other))).await.json(200);
        let csv = app.get(&app.viewer, &format!("{path}/sheet?format=csv")).await.text.replace("95.5", "ninety");
        let tag = etag(&at);
        let headers = [("content-type", "text/csv"), ("if-match", &tag[..])];
        let told = app.raw(&app.editor, Method::POST, &there, Some(csv.into_bytes()), &headers).await;
        told.faults(422);
        assert!(told.text.contains("ninety") && told.text.contains("q3"), "{}", told.text);
        for bomb in [b"PK\x03\x04 and nothing more".to_vec(), vec![0xff; 100]] {
            app.raw(&app.editor, Method::POST, &there, Some(bomb), &headers).await.faults(422);
        }
        app.raw(&app.editor, Method::POST, &there, Some(vec![b'x'; (5 << 20) + 1]), &headers).await.faults(413);
    }
}
