//! What is answered through a link is nobody's but theirs who answer until they submit it: tried at every door, as
//! everyone.

use poem::http::Method;
use serde_json::{Value, json};

use super::{Visitor, link, token, visited};
use crate::{
    harness::{Answer, App, both, etag, id, text},
    pages::{Browser, form_data, goes_to, hidden, holds, lacks, shown, someone},
    roles::assessment,
};

/// What is answered, so that each of its words is found wherever it stands.
fn draft() -> Value {
    json!({ "locked": { "value": "no", "comment": "planted comment" }, "how": { "value": "planted words" } })
}

/// What can be read of an assessment by whoever has a role, and whether it holds answers once they are submitted.
fn doors(assessment: &Value) -> Vec<(String, bool)> {
    let (one, whose) = (format!("/assessments/{}", id(assessment)), text(assessment, "supplier_id"));
    vec![
        (one.clone(), false),
        (format!("{one}/answers"), true),
        (format!("{one}/result"), false),
        (format!("{one}/improvements"), false),
        (format!("{one}/sheet?format=csv"), true),
        ("/assessments".into(), false),
        ("/assessments.csv".into(), false),
        ("/answers.csv".into(), true),
        ("/register".into(), false),
        ("/register.csv".into(), false),
        ("/register/summary".into(), false),
        ("/risks".into(), false),
        ("/due".into(), false),
        ("/due.csv".into(), false),
        (format!("/suppliers/{whose}"), false),
        (format!("/suppliers/{whose}/history"), true),
    ]
}

/// The pages of an assessment, and whether they hold answers once they are submitted.
fn pages(assessment: &Value) -> Vec<(String, bool)> {
    let (one, whose) = (format!("/assessments/{}", id(assessment)), text(assessment, "supplier_id"));
    vec![
        (one.clone(), true),
        (format!("{one}/review"), true),
        (format!("{one}/score"), true),
        (format!("{one}/links"), false),
        (format!("{one}/sheet"), false),
        ("/assessments".into(), false),
        (format!("/suppliers/{whose}"), false),
        (format!("/suppliers/{whose}/history"), true),
        ("/".into(), false),
        ("/register".into(), false),
    ]
}

async fn answers(app: &App, assessment: &Value) -> Value {
    app.get(&app.viewer, &format!("/assessments/{}/answers", id(assessment))).await.json(200)
}

async fn submits(app: &App, assessment: &Value) -> Answer {
    let now = answers(app, assessment).await["assessment"].clone();
    app.act(&app.editor, &format!("/assessments/{}/submit", id(assessment)), &now, None).await
}

/// Someone with a link, in front of a browser.
async fn browses(app: &App, url: &str) -> Browser {
    let mut browser = Browser::default();
    let page = browser.opens(app, "/respond").await;
    assert_eq!(goes_to(&browser.fills(app, &page, "/respond", &[("token", url)]).await), "/respond");
    browser
}

/// A form with what stands in it, and with a file beside the question `key`.
fn with_file(
    page: &Answer,
    action: &str,
    fields: &[(&str, &str)],
    key: &str,
    file: (&str, &str, &[u8]),
) -> (String, Vec<u8>) {
    let own = hidden(&page.text, action);
    let all: Vec<(&str, &str)> =
        own.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain(fields.iter().copied()).collect();
    let (kind, body) = form_data(&all, file);
    let body = String::from_utf8(body).expect("text").replace("name=\"file\"", &format!("name=\"{key}.file\""));
    (kind, body.into_bytes())
}

both! {
    async fn no_door_shows_anyone_what_is_not_submitted_and_each_shows_it_afterwards(app: App) {
        let (open, _, sam) = visited(&app).await;
        let seen = sam.saves(&app, &open, draft()).await.json(200);
        let people = [("viewer", &app.viewer), ("editor", &app.editor), ("approver", &app.approver), ("admin", &app.admin)];
        let events = [(format!("/audit-events?item_id={}", id(&open)), true), ("/audit-events.csv".to_owned(), true)];
        for (role, who) in people {
            let of_admins = events.iter().filter(|_| role == "admin").cloned();
            for (door, _) in doors(&open).into_iter().chain(of_admins) {
                let told = app.get(who, &door).await;
                assert_eq!(told.status, 200, "{door}: {}", told.text);
                lacks(&told.text, &["planted"]);
            }
            let mut browser = someone(&app, role).await;
            for (page, _) in pages(&open) {
                lacks(&shown(&mut browser, &app, &page).await.text, &["planted", "Unlocked"]);
            }
        }
        let mut editor = someone(&app, "editor").await;
        for page in ["sections/one", "check"] {
            lacks(&shown(&mut editor, &app, &format!("/assessments/{}/{page}", id(&open))).await.text, &["planted"]);
        }
        assert_eq!(app.walk(&format!("/risks?subject_id={}", text(&open, "subject_id")), 50).await, Vec::<Value>::new());
        // The scores so far are those of nothing, and how far they are is told in numbers.
        let progress = answers(&app, &open).await;
        assert_eq!((&progress["answers"], &progress["unsubmitted"]), (&json!({}), &json!({ "answered_count": 2, "question_count": 2 })));
        assert_eq!((&progress["assessment"]["coverage"], &progress["assessment"]["knock_outs"], &progress["claimed"]), (&open["coverage"], &json!([]), &open["claimed"]));
        holds(&shown(&mut editor, &app, &format!("/assessments/{}", id(&open))).await.text, &["The supplier is answering, and has not submitted", "2 of 2 questions are answered through a link"]);
        // They themselves see it.
        assert_eq!(sam.get(&app, "/answers").await.json(200)["answers"], draft());

        sam.act(&app, "/answers/submit", &seen, None).await.json(200);
        for (role, who) in people {
            let of_admins = events.iter().filter(|_| role == "admin").cloned();
            for (door, shows) in doors(&open).into_iter().chain(of_admins) {
                let told = app.get(who, &door).await;
                assert_eq!(told.status, 200, "{door}: {}", told.text);
                if shows {
                    holds(&told.text, &["planted"]);
                }
            }
            let mut browser = someone(&app, role).await;
            for (page, shows) in pages(&open) {
                let told = shown(&mut browser, &app, &page).await;
                if shows {
                    holds(&told.text, &["planted"]);
                }
            }
        }
        let progress = answers(&app, &open).await;
        assert_eq!((&progress["answers"], &progress["unsubmitted"]), (&draft(), &Value::Null));
        assert_eq!(app.walk(&format!("/risks?subject_id={}", text(&open, "subject_id")), 50).await.len(), 1, "its finding is a risk");
    }

    async fn nobody_submits_for_a_supplier_whose_link_works(app: App) {
        let (open, made, sam) = visited(&app).await;
        let seen = sam.saves(&app, &open, draft()).await.json(200);
        let told = submits(&app, &open).await;
        assert_eq!(told.faults(409), ["not_submitted_through_link"]);
        assert!(told.text.contains("has not submitted") && told.text.contains("revoke the link"), "{}", told.text);
        let (mut editor, check) = (someone(&app, "editor").await, format!("/assessments/{}/check", id(&open)));
        let page = shown(&mut editor, &app, &check).await;
        holds(&page.text, &["The supplier is answering, and has not submitted"]);
        let refused = editor.fills(&app, &page, &check, &[]).await;
        assert_eq!(refused.status, 409);
        holds(&refused.text, &["The supplier was asked through a link and has not submitted"]);
        assert_eq!(sam.get(&app, "/answers").await.json(200), seen, "nothing is changed");

        // Once the link has ended what was answered there counts nowhere, and is never seen.
        app.act(&app.editor, &format!("/links/{}/revoke", id(&made)), &made, None).await.json(200);
        assert_eq!(submits(&app, &open).await.faults(422), ["/locked required"]);
        let now = answers(&app, &open).await;
        assert_eq!((&now["answers"], &now["unsubmitted"]["answered_count"]), (&json!({}), &json!(2)));
        app.patch(&app.editor, &format!("/assessments/{}/answers", id(&open)), &now["assessment"], json!({ "locked": { "value": "yes" } })).await.json(200);
        assert_eq!(text(&submits(&app, &open).await.json(200), "state"), "submitted");
        assert_eq!(answers(&app, &open).await["answers"], json!({ "locked": { "value": "yes" } }));
        lacks(&app.get(&app.admin, &format!("/audit-events?item_id={}", id(&open))).await.text, &["planted"]);
        lacks(&app.get(&app.viewer, "/answers.csv").await.text, &["planted"]);
    }

    async fn a_link_that_expired_leaves_what_was_answered_unseen_and_a_new_one_goes_on_with_it(app: App) {
        let (open, made, sam) = visited(&app).await;
        sam.saves(&app, &open, draft()).await.json(200);
        app.goes_to("2027-04-15");
        assert_eq!(text(&app.get(&app.viewer, &format!("/links/{}", id(&made))).await.json(200), "state"), "expired");
        assert_eq!(answers(&app, &open).await["answers"], json!({}));
        assert_eq!(submits(&app, &open).await.faults(422), ["/locked required"]);
        let again = app.act(&app.editor, &format!("/links/{}/resend", id(&made)), &made, None).await.json(201);
        let sam = Visitor::enters(&app, &token(&again)).await;
        let seen = sam.get(&app, "/answers").await.json(200);
        assert_eq!(seen["answers"], draft());
        assert_eq!(submits(&app, &open).await.faults(409), ["not_submitted_through_link"]);
        sam.act(&app, "/answers/submit", &seen, None).await.json(200);
        assert_eq!(answers(&app, &open).await["answers"], draft());
    }

    async fn answers_of_our_own_people_stay_seen_beside_those_through_a_link(app: App) {
        let (open, _, sam) = visited(&app).await;
        let path = format!("/assessments/{}/answers", id(&open));
        let ours = app.patch(&app.editor, &path, &open, json!({ "how": { "value": "As we know it." } })).await.json(200);
        assert_eq!((&ours["answers"]["how"]["value"], &ours["unsubmitted"]), (&json!("As we know it."), &Value::Null));
        let seen = sam.get(&app, "/answers").await.json(200);
        assert_eq!(seen["answers"]["how"]["value"], "As we know it.");
        sam.saves(&app, &seen, draft()).await.json(200);
        assert_eq!(answers(&app, &open).await["answers"], json!({ "how": { "value": "As we know it." } }));
        // What one of ours answers takes the place of what was not submitted; a form sent as it was takes nothing.
        let now = answers(&app, &open).await["assessment"].clone();
        let same = app.patch(&app.editor, &path, &now, json!({ "how": { "value": "As we know it." }, "locked": null })).await.json(200);
        assert_eq!(sam.get(&app, "/answers").await.json(200)["answers"], draft());
        app.patch(&app.editor, &path, &same["assessment"], json!({ "how": { "value": "Seen by us." }, "locked": { "value": "yes" } })).await.json(200);
        let both = json!({ "how": { "value": "Seen by us." }, "locked": { "value": "yes" } });
        assert_eq!(sam.get(&app, "/answers").await.json(200)["answers"], both);
        // Nothing waits at the supplier now, so that we can submit.
        assert_eq!(answers(&app, &open).await["unsubmitted"], Value::Null);
        submits(&app, &open).await.json(200);
        assert_eq!(answers(&app, &open).await["answers"], both);
    }

    async fn what_was_submitted_stays_seen_while_it_is_changed_after_its_return(app: App) {
        let (open, _, sam) = visited(&app).await;
        let first = json!({ "locked": { "value": "yes" }, "how": { "value": "With a key." } });
        let seen = sam.saves(&app, &open, first.clone()).await.json(200);
        sam.act(&app, "/answers/submit", &seen, None).await.json(200);
        let submitted = answers(&app, &open).await["assessment"].clone();
        app.goes_to("2027-03-02");
        let returned = app.act(&app.approver, &format!("/assessments/{}/return", id(&open)), &submitted, Some(json!({ "comment": "How exactly?" }))).await.json(200);
        let sam = { let made = link(&app, &open).await; Visitor::enters(&app, &token(&made)).await };
        let seen = sam.saves(&app, &returned, json!({ "locked": null, "how": { "value": "planted words" } })).await.json(200);
        assert_eq!(seen["answers"], json!({ "how": { "value": "planted words" } }));
        let now = answers(&app, &open).await;
        assert_eq!((&now["answers"], &now["unsubmitted"]["answered_count"]), (&first, &json!(1)));
        // The events of what was submitted stay too.
        let trail = app.get(&app.admin, &format!("/audit-events?item_id={}", id(&open))).await.text;
        assert!(trail.contains("With a key.") && !trail.contains("planted"), "{trail}");
        assert_eq!(submits(&app, &open).await.faults(409), ["not_submitted_through_link"]);
        let seen = sam.saves(&app, &seen, json!({ "locked": { "value": "no" } })).await.json(200);
        sam.act(&app, "/answers/submit", &seen, None).await.json(200);
        assert_eq!(answers(&app, &open).await["answers"], json!({ "locked": { "value": "no" }, "how": { "value": "planted words" } }));
        let events = app.walk(&format!("/audit-events?item_id={}&noun=answers", id(&open)), 50).await;
        assert_eq!((&events[0]["before"]["how"]["value"], &events[0]["after"]["how"]["value"]), (&json!("With a key."), &json!("planted words")));
        assert_eq!(app.get(&app.admin, "/audit-events/verification").await.json(200)["sound"], json!(true));
    }

    async fn an_earlier_answer_that_is_confirmed_through_a_link_waits_for_its_submission(app: App) {
        let supplier = app.supplier("Harbour Care Systems").await;
        let first = assessment(&app, &supplier, "approved").await;
        let again = app.assessment(text(&first, "questionnaire"), &supplier).await;
        let sam = Visitor::enters(&app, &token(&link(&app, &again).await)).await;
        let seen = sam.get(&app, "/answers").await.json(200);
        let seen = sam.act(&app, "/answers/confirm", &seen, None).await.json(200);
        assert_eq!((&seen["earlier"], &seen["answered_count"]), (&json!({}), &json!(2)));
        let now = answers(&app, &again).await;
        assert_eq!((&now["answers"], now["carried"].as_object().map(serde_json::Map::len)), (&json!({}), Some(2)));
        sam.act(&app, "/answers/submit", &seen, None).await.json(200);
        let now = answers(&app, &again).await;
        assert_eq!((&now["answers"]["locked"]["value"], &now["carried"]), (&json!("no"), &json!({})));
    }

    async fn an_answer_not_submitted_is_carried_to_no_other_assessment(app: App) {
        let supplier = app.supplier("Harbour Care Systems").await;
        let first = assessment(&app, &supplier, "open").await;
        let made = link(&app, &first).await;
        Visitor::enters(&app, &token(&made)).await.saves(&app, &first, draft()).await.json(200);
        app.act(&app.editor, &format!("/links/{}/revoke", id(&made)), &made, None).await.json(200);
        let now = answers(&app, &first).await["assessment"].clone();
        app.patch(&app.editor, &format!("/assessments/{}/answers", id(&first)), &now, json!({ "locked": { "value": "yes" } })).await.json(200);
        let submitted = submits(&app, &first).await.json(200);
        app.act(&app.approver, &format!("/assessments/{}/approve", id(&first)), &submitted, None).await.json(200);
        lacks(&app.get(&app.viewer, &format!("/assessments/{}/receipt", id(&first))).await.text, &["planted"]);
        let again = app.assessment(text(&first, "questionnaire"), &supplier).await;
        let now = app.get(&app.viewer, &format!("/assessments/{}/answers", id(&again))).await;
        lacks(&now.text, &["planted"]);
        assert_eq!(now.json(200)["carried"].as_object().map(serde_json::Map::len), Some(1));
    }

    async fn a_respondent_is_told_what_it_costs_to_leave_a_question_and_which_claims_have_nothing_attached(app: App) {
        let yes_no = |key: &str, yes: u8, no: u8, more: Value| {
            let mut question = json!({ "key": key, "principle": "care", "text": format!("Is {key} so?"), "type": "yes_no", "options": [{ "value": "yes", "label": "Yes", "points": yes }, { "value": "no", "label": "No", "points": no }] });
            question.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            question
        };
        let document = json!({
            "key": "costs", "title": "Costs", "edition": "2027.1", "summary": "What is left out.", "framework": "security", "applies_to": ["supplier"],
            "principles": [{ "key": "care", "title": "Care" }],
            "sections": [{ "key": "all", "title": "All", "questions": [
                yes_no("backed_up", 100, 0, json!({})),
                yes_no("tested", 100, 0, json!({})),
                yes_no("breached", 0, 100, json!({})),
                yes_no("listed", 100, 0, json!({ "weight": 0 })),
                yes_no("must", 100, 0, json!({ "required": true })),
                yes_no("certified", 100, 0, json!({ "evidence": { "need": "needed", "kinds": ["cyber_essentials", "iso_27001"] } })),
            ] }],
        });
        app.post(&app.admin, "/questionnaires", document).await.json(201);
        let supplier = app.supplier("Harbour Care Systems").await;
        let open = app.assessment("costs", &supplier).await;
        let made = link(&app, &open).await;
        let sam = Visitor::enters(&app, &token(&made)).await;
        let seen = sam.saves(&app, &open, json!({ "must": { "value": "yes" }, "certified": { "value": "yes" } })).await.json(200);
        let counts_as = |question: &str, counts_as: &str| json!({ "question": question, "counts_as": counts_as });
        assert_eq!(seen["unanswered"], json!([counts_as("backed_up", "no"), counts_as("tested", "no"), counts_as("breached", "poorest_answer"), counts_as("listed", "nothing")]));
        assert_eq!(seen["without_evidence"], json!(["certified"]));
        let mut browser = browses(&app, text(&made, "url")).await;
        holds(&shown(&mut browser, &app, "/respond").await.text, &["Nobody sees your answers until you submit them", "Documents are with them as soon as you send them"]);
        let check = shown(&mut browser, &app, "/respond/check").await.text;
        holds(&check, &["4 not answered: 2 count as no, 1 counts as the poorest answer, 1 is asked for information and costs nothing.", "1 answer has nothing attached", "href=\"/respond/sections/all#certified\"", "Left so, it counts as no."]);
        // Scored, it is as was said: no answer and the poorest answer come to the same.
        let mut scores = Vec::new();
        for (name, left) in [("Silent", json!({})), ("Poor", json!({ "backed_up": { "value": "no" }, "tested": { "value": "no" }, "breached": { "value": "yes" }, "listed": { "value": "no" } }))] {
            let twin = app.assessment("costs", &app.supplier(name).await).await;
            let mut answered = left;
            answered.as_object_mut().expect("an object").extend([("must".to_owned(), json!({ "value": "yes" }))]);
            let after = app.patch(&app.editor, &format!("/assessments/{}/answers", id(&twin)), &twin, answered).await.json(200);
            scores.push(after["claimed"].clone());
        }
        assert_eq!(scores[0], scores[1]);
        // Where only one kind is left, it is said in one clause; where nothing is, nothing is said.
        let seen = sam.saves(&app, &seen, json!({ "breached": { "value": "no" }, "listed": { "value": "yes" }, "certified": { "value": "no" } })).await.json(200);
        let check = shown(&mut browser, &app, "/respond/check").await.text;
        holds(&check, &["2 not answered: each counts as no."]);
        lacks(&check, &["nothing attached"]);
        sam.saves(&app, &seen, json!({ "backed_up": { "value": "yes" }, "tested": { "value": "yes" } })).await.json(200);
        lacks(&shown(&mut browser, &app, "/respond/check").await.text, &["not answered"]);
        lacks(&shown(&mut browser, &app, "/respond/sections/all").await.text, &["(optional)"]);
    }

    async fn a_file_is_attached_where_its_question_stands(app: App) {
        let document = json!({
            "key": "papers", "title": "Papers", "edition": "2027.1", "summary": "What there is.", "framework": "security", "applies_to": ["supplier"],
            "principles": [{ "key": "care", "title": "Care" }],
            "sections": [{ "key": "all", "title": "All", "questions": [
                { "key": "certified", "principle": "care", "text": "Is it certified?", "type": "yes_no", "evidence": { "need": "needed", "kinds": ["cyber_essentials"] },
                  "options": [{ "value": "yes", "label": "Yes", "points": 100 }, { "value": "no", "label": "No", "points": 0 }] },
                { "key": "plan", "principle": "care", "text": "Your plan", "type": "file" },
            ] }],
        });
        app.post(&app.admin, "/questionnaires", document).await.json(201);
        let open = app.assessment("papers", &app.supplier("Harbour Care Systems").await).await;
        let made = link(&app, &open).await;
        let (mut browser, section) = (browses(&app, text(&made, "url")).await, "/respond/sections/all");
        let page = shown(&mut browser, &app, section).await;
        holds(&page.text, &["enctype=\"multipart/form-data\"", "name=\"certified.file\"", "name=\"certified.file_issued_on\"", "name=\"certified.file_expires_on\"", "name=\"plan.file\""]);

        // One that is not what it says is refused, and what was typed beside it is kept.
        let typed = [("certified.value", "yes"), ("certified.file_kind", "cyber_essentials"), ("certified.file_issued_on", "2027-01-05"), ("certified.file_expires_on", "2028-01-04")];
        let wrong = browser.send(&app, Method::POST, section, Some(with_file(&page, section, &typed, "certified", ("a.pdf", "application/pdf", b"no pdf")))).await;
        assert_eq!(wrong.status, 422);
        holds(&wrong.text, &["id=\"certified-file-wrong\"", "href=\"#certified-file\"", "value=\"2027-01-05\"", "value=\"yes\" checked"]);
        let sam = Visitor::enters(&app, &token(&made)).await;
        assert_eq!(sam.get(&app, "/answers").await.json(200)["answers"], json!({ "certified": { "value": "yes" } }));
        let undated = [("certified.value", "yes"), ("certified.file_issued_on", "soon")];
        let wrong = browser.send(&app, Method::POST, section, Some(with_file(&wrong, section, &undated, "certified", ("a.txt", "text/plain", b"Certified.")))).await;
        assert_eq!(wrong.status, 422);
        holds(&wrong.text, &["Expected a date such as"]);
        assert_eq!(sam.get(&app, "/evidence").await.json(200)["items"], json!([]));

        let sent = browser.send(&app, Method::POST, section, Some(with_file(&wrong, section, &typed, "certified", ("certificate.txt", "text/plain", b"Certified.")))).await;
        assert_eq!(goes_to(&sent), "/respond");
        let page = shown(&mut browser, &app, section).await;
        let attached = browser.send(&app, Method::POST, section, Some(with_file(&page, section, &[("certified.value", "yes")], "plan", ("plan.txt", "text/plain", b"The plan.")))).await;
        assert_eq!(goes_to(&attached), "/respond");
        let listed = sam.get(&app, "/evidence").await.json(200)["items"].clone();
        let paper = |kind: &str| listed.as_array().into_iter().flatten().find(|paper| paper["kind"] == kind).cloned().unwrap_or_else(|| panic!("no {kind} in {listed}"));
        let (certificate, plan) = (paper("cyber_essentials"), paper("other"));
        assert_eq!((text(&certificate, "issued_on"), text(&certificate, "expires_on")), ("2027-01-05", "2028-01-04"));
        assert_eq!(sam.get(&app, "/answers").await.json(200)["answers"]["plan"]["value"], plan["id"]);
        // The first was not ticked when the page was sent again, so it is beside nothing now; ticked, it is.
        let page = shown(&mut browser, &app, section).await;
        let again = [("certified.value", "yes"), ("certified.evidence", id(&certificate)), ("plan.value", id(&plan))];
        assert_eq!(goes_to(&browser.fills(&app, &page, section, &again).await), "/respond");
        let seen = sam.get(&app, "/answers").await.json(200);
        assert_eq!((&seen["answers"]["certified"]["evidence_ids"], &seen["without_evidence"]), (&json!([id(&certificate)]), &json!([])));
        assert_eq!(sam.raw(&app, Method::DELETE, &format!("/evidence/{}", id(&certificate)), None, &[("if-match", &etag(&certificate))]).await.faults(409), ["in_use"]);
    }
}
