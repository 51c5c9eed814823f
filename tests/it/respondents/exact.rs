//! Questions as an edition may have them, at every door: points that are fractions, options that cost points, hundreds
//! of options, and questions that need no reason not to apply.

use poem::http::Method;
use serde_json::{Value, json};

use super::{Visitor, link, token};
use crate::{
    harness::{Answer, App, both, etag, id, text},
    pages::{Browser, goes_to, holds, lacks, shown, someone},
};

/// An edition with these questions, and it put to a supplier.
async fn put(app: &App, questions: Value) -> Value {
    let document = json!({
        "key": "exact", "title": "Exact", "edition": "2027.1", "summary": "For tests.", "framework": "security", "applies_to": ["supplier"],
        "principles": [{ "key": "care", "title": "Care" }], "sections": [{ "key": "all", "title": "All", "questions": questions }],
    });
    app.post(&app.editor, "/questionnaires", document).await.json(201);
    app.assessment("exact", &app.supplier("Harbour").await).await
}

fn choices(options: &[(&str, &str, Value)]) -> Value {
    options
        .iter()
        .map(|(value, label, points)| json!({ "value": value, "label": label, "points": points }))
        .collect::<Vec<_>>()
        .into()
}

/// A question whose boxes cost points, and one whose middle answer is worth a fraction.
fn exact() -> Value {
    let boxes = [
        ("hosted", "On our computers", json!(100)),
        ("phone", "On phones", json!("-33 1/3")),
        ("paper", "On paper", json!(-80)),
    ];
    let third = [("best", "All", json!(100)), ("some", "Eight of fifteen", json!("160/3")), ("none", "None", json!(0))];
    json!([
        { "key": "boxes", "principle": "care", "text": "Where is it kept?", "type": "multiple_choice", "options": choices(&boxes) },
        { "key": "third", "principle": "care", "text": "How many are done?", "type": "single_choice", "options": choices(&third) },
    ])
}

/// One that needs no reason not to apply, and one that does.
fn may_not_apply() -> Value {
    let yes_no = [("yes", "Yes", json!(100)), ("no", "No", json!(0))];
    json!([
        { "key": "free", "principle": "care", "text": "Is it locked?", "type": "yes_no", "not_applicable": "without_reason", "options": choices(&yes_no) },
        { "key": "bound", "principle": "care", "text": "Is it lit?", "type": "yes_no", "not_applicable": "with_reason", "options": choices(&yes_no) },
    ])
}

async fn progress(app: &App, assessment: &Value) -> Value {
    app.get(&app.viewer, &format!("/assessments/{}/answers", id(assessment))).await.json(200)
}

async fn answers(app: &App, assessment: &Value, answers: Value) -> Answer {
    let now = progress(app, assessment).await["assessment"].clone();
    app.patch(&app.editor, &format!("/assessments/{}/answers", id(assessment)), &now, answers).await
}

/// The assessment's sheet as it is, taken out and given back.
async fn through_a_sheet(app: &App, assessment: &Value, format: &str) -> String {
    let path = format!("/assessments/{}", id(assessment));
    let sheet = app.get(&app.viewer, &format!("{path}/sheet?format={format}")).await;
    assert_eq!(sheet.status, 200);
    let version = etag(&app.get(&app.editor, &path).await.json(200));
    let headers = [("content-type", "application/octet-stream"), ("if-match", version.as_str())];
    app.raw(&app.editor, Method::POST, &format!("{path}/sheet"), Some(sheet.bytes.clone()), &headers).await.json(200);
    sheet.text
}

/// Someone with a link to this assessment: in front of a browser, and as a program.
async fn respondent(app: &App, assessment: &Value) -> (Browser, Visitor) {
    let made = link(app, assessment).await;
    let mut browser = Browser::default();
    let page = browser.opens(app, "/respond").await;
    assert_eq!(goes_to(&browser.fills(app, &page, "/respond", &[("token", text(&made, "url"))]).await), "/respond");
    (browser, Visitor::enters(app, &token(&made)).await)
}

both! {
    async fn points_are_shown_exactly_as_they_are_and_a_box_that_costs_is_held_within_0_and_100(app: App) {
        let assessment = put(&app, exact()).await;
        let mut viewer = someone(&app, "viewer").await;
        let page = shown(&mut viewer, &app, "/questionnaires/exact/editions/2027.1?view=scoring").await.text;
        holds(&page, &["100 points", "-33 1/3 points", "-80 points", "53 1/3 points", "one below 0 costs points"]);
        let path = format!("/assessments/{}", id(&assessment));
        let result = async || app.get(&app.viewer, &format!("{path}/result")).await.json(200)["outcome"].clone();
        // 100 - 33 1/3 - 80 is below 0, and counts 0.
        answers(&app, &assessment, json!({ "boxes": { "value": ["hosted", "phone", "paper"] }, "third": { "value": "some" } })).await.json(200);
        let outcome = result().await;
        assert_eq!((&outcome["contributions"][0]["points_claimed"], &outcome["contributions"][1]["points_claimed"], &outcome["claimed"]), (&json!(0), &json!("53 1/3"), &json!(26.7)));
        let page = shown(&mut viewer, &app, &format!("{path}/score")).await.text;
        holds(&page, &["0 points of 100", "53 1/3 points of 100", "This becomes true: On our computers"]);
        answers(&app, &assessment, json!({ "boxes": { "value": ["hosted", "phone"] } })).await.json(200);
        let outcome = result().await;
        assert_eq!((&outcome["contributions"][0]["points_claimed"], &outcome["claimed"]), (&json!("66 2/3"), &json!(60.0)));
        holds(&shown(&mut viewer, &app, &format!("{path}/score")).await.text, &["66 2/3 points of 100"]);
        let now = progress(&app, &assessment).await["assessment"].clone();
        app.act(&app.editor, &format!("{path}/submit"), &now, None).await.json(200);
        let mut approver = someone(&app, "approver").await;
        holds(&shown(&mut approver, &app, &format!("{path}/review")).await.text, &["66 2/3 points of 100", "53 1/3 points of 100"]);
        let rows = app.get(&app.viewer, "/answers.csv").await.text;
        assert!(rows.contains("66 2/3") && rows.contains("53 1/3"), "{rows}");
    }

    async fn a_question_takes_three_hundred_options_at_every_door(app: App) {
        let names: Vec<String> = (0..300).map(|number| format!("o{number}")).collect();
        let options = |count: usize| choices(&names.iter().take(count).map(|name| (name.as_str(), name.as_str(), json!("1/3"))).collect::<Vec<_>>());
        let question = |key: &str, options: Value| json!({ "key": key, "principle": "care", "text": "Which of these?", "type": "multiple_choice", "options": options });
        let assessment = put(&app, json!([question("boxes", options(300))])).await;
        let (all, path) = (json!({ "boxes": { "value": names } }), format!("/assessments/{}", id(&assessment)));
        answers(&app, &assessment, all.clone()).await.json(200);
        assert_eq!(app.get(&app.viewer, &format!("{path}/result")).await.json(200)["outcome"]["claimed"], json!(100.0));
        for format in ["csv", "xlsx"] {
            through_a_sheet(&app, &assessment, format).await;
            assert_eq!(progress(&app, &assessment).await["answers"], all, "{format}");
        }

        let section = format!("{path}/sections/all");
        let mut editor = someone(&app, "editor").await;
        let page = shown(&mut editor, &app, &section).await;
        assert_eq!(page.text.matches(" checked>").count(), 300);
        let ticked: Vec<(&str, &str)> = names.iter().skip(1).map(|name| ("boxes.value", name.as_str())).collect();
        assert_eq!(goes_to(&editor.fills(&app, &page, &section, &ticked).await), path);
        assert_eq!(progress(&app, &assessment).await["answers"]["boxes"]["value"], json!(names[1..]));

        let (mut browser, sam) = respondent(&app, &assessment).await;
        let page = shown(&mut browser, &app, "/respond/sections/all").await;
        let ticked: Vec<(&str, &str)> = names.iter().map(|name| ("boxes.value", name.as_str())).collect();
        assert_eq!(goes_to(&browser.fills(&app, &page, "/respond/sections/all", &ticked).await), "/respond");
        assert_eq!(sam.get(&app, "/answers").await.json(200)["answers"], all);

        // One more is one too many.
        let mut many = options(300);
        many.as_array_mut().expect("a list").push(json!({ "value": "more", "label": "More", "points": 0 }));
        let document = json!({
            "key": "many", "title": "Many", "edition": "2027.1", "summary": "For tests.", "framework": "security", "applies_to": ["supplier"],
            "principles": [{ "key": "care", "title": "Care" }], "sections": [{ "key": "all", "title": "All", "questions": [question("boxes", many)] }],
        });
        assert_eq!(app.post(&app.editor, "/questionnaires", document).await.faults(422), ["/sections/0/questions/0/options too_many"]);
    }

    async fn where_no_reason_is_asked_for_none_is_needed_at_any_door(app: App) {
        let assessment = put(&app, may_not_apply()).await;
        let path = format!("/assessments/{}", id(&assessment));
        let given = json!({ "free": { "not_applicable": "" }, "bound": { "not_applicable": "It is a cellar." } });
        let kept = async || progress(&app, &assessment).await["answers"].clone();
        // The API.
        answers(&app, &assessment, given.clone()).await.json(200);
        assert_eq!(kept().await, given);
        assert_eq!(answers(&app, &assessment, json!({ "bound": { "not_applicable": "" } })).await.faults(422), ["/bound/not_applicable reason_missing"]);
        let now = progress(&app, &assessment).await;
        assert_eq!((&now["unanswered_required"], &now["claimed"]), (&json!([]), &json!(null)));
        let rows = app.get(&app.viewer, "/answers.csv").await.text;
        assert!(rows.contains(",Does not apply,") && rows.contains(",It is a cellar.,"), "{rows}");
        // A sheet.
        assert!(through_a_sheet(&app, &assessment, "csv").await.contains("Does not apply"));
        assert_eq!(kept().await, given);
        through_a_sheet(&app, &assessment, "xlsx").await;
        assert_eq!(kept().await, given);

        // The page: a box to tick, and no field for a reason.
        let section = format!("{path}/sections/all");
        let mut editor = someone(&app, "editor").await;
        let page = shown(&mut editor, &app, &section).await;
        holds(&page.text, &["name=\"free.does_not_apply\" value=\"yes\" aria-describedby=\"free-not-applicable-hint\" checked", "You need not say why.", "name=\"bound.not_applicable\"", "It is a cellar.</textarea>"]);
        lacks(&page.text, &["name=\"free.not_applicable\"", "name=\"bound.does_not_apply\""]);
        assert_eq!(goes_to(&editor.fills(&app, &page, &section, &[("bound.not_applicable", "It is a cellar.")]).await), path);
        assert_eq!(kept().await, json!({ "bound": { "not_applicable": "It is a cellar." } }), "the box is not ticked any more");
        let page = shown(&mut editor, &app, &section).await;
        let both = editor.fills(&app, &page, &section, &[("free.value", "yes"), ("free.does_not_apply", "yes")]).await;
        assert_eq!(both.status, 422);
        holds(&both.text, &["id=\"free-wrong\"", "aria-describedby=\"free-not-applicable-hint\" checked"]);
        assert_eq!(goes_to(&editor.fills(&app, &page, &section, &[("free.does_not_apply", "yes"), ("bound.value", "yes")]).await), path);
        assert_eq!(kept().await, json!({ "free": { "not_applicable": "" }, "bound": { "value": "yes" } }));
        holds(&shown(&mut editor, &app, &format!("{path}/review")).await.text, &["Does not apply"]);
        lacks(&shown(&mut editor, &app, &format!("{path}/review")).await.text, &["Does not apply: "]);
        // A reason that was given all the same stays, also when the page is saved again.
        answers(&app, &assessment, json!({ "free": { "not_applicable": "Not ours." } })).await.json(200);
        let page = shown(&mut editor, &app, &section).await;
        assert_eq!(goes_to(&editor.fills(&app, &page, &section, &[("free.does_not_apply", "yes"), ("bound.value", "no")]).await), path);
        assert_eq!(kept().await, json!({ "free": { "not_applicable": "Not ours." }, "bound": { "value": "no" } }));

        // Through a link.
        let (mut browser, sam) = respondent(&app, &assessment).await;
        let asked = sam.get(&app, "/questions").await.json(200)["sections"][0]["questions"].clone();
        assert_eq!([&asked[0]["may_not_apply"], &asked[0]["reason_needed"], &asked[1]["may_not_apply"], &asked[1]["reason_needed"]], [&json!(true), &json!(false), &json!(true), &json!(true)]);
        let page = shown(&mut browser, &app, "/respond/sections/all").await;
        lacks(&page.text, &["<textarea id=\"free-not-applicable\""]);
        assert_eq!(goes_to(&browser.fills(&app, &page, "/respond/sections/all", &[("free.value", "no"), ("bound.value", "no")]).await), "/respond");
        let seen = sam.get(&app, "/answers").await.json(200);
        assert_eq!(seen["answers"], json!({ "free": { "value": "no" }, "bound": { "value": "no" } }));
        assert_eq!(sam.saves(&app, &seen, json!({ "bound": { "not_applicable": "" } })).await.faults(422), ["/bound/not_applicable reason_missing"]);
        sam.saves(&app, &seen, json!({ "free": { "not_applicable": "" } })).await.json(200);
        holds(&shown(&mut browser, &app, "/respond/check").await.text, &["Does not apply"]);
        let mut viewer = someone(&app, "viewer").await;
        let page = shown(&mut viewer, &app, "/questionnaires/exact/editions/2027.1").await.text;
        holds(&page, &["It may be said not to apply; no reason is needed.", "It may be said not to apply, with a reason."]);
    }
}
