//! Every operation of the respondents' document: who may call it, what it answers, and what it never says.

use std::collections::BTreeSet;

use diligence_openapi::{OWN, RESPONDENT_DOCUMENT, house_rules, operations};
use poem::http::Method;
use serde_json::{Value, json};

use super::{is_public, respondent_document, step, step_on, token, visited};
use crate::{
    contract::mismatch,
    harness::{App, On, both, id},
    roles::{assessment, document, method, target, unique, with_file},
};

/// Every word in `value` that is a field's name, and every text and number.
fn names_and_values(value: &Value, names: &mut BTreeSet<String>, values: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                names.insert(name.clone());
                if name != "version" {
                    names_and_values(field, names, values);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| names_and_values(item, names, values)),
        Value::Null => {}
        other => {
            values.insert(other.as_str().map_or_else(|| other.to_string(), str::to_owned));
        }
    }
}

/// A questionnaire in which everything that respondents may not see has a mark of its own.
fn marked(key: &str) -> Value {
    let finding = |name: &str| json!({ "severity": "high", "title": format!("planted {name}"), "advice": "planted advice", "risk": { "likelihood": 4, "impact": 5 } });
    json!({
        "key": key, "title": "Marked", "edition": "2027.1", "summary": "What may be seen.", "framework": "planted_framework", "applies_to": ["supplier"], "language": "en",
        "source": [{ "title": "planted source", "version": "1", "date": "2027-01-01" }],
        "frameworks": [{ "key": "planted_framework", "title": "planted framework title" }],
        "principles": [{ "key": "planted_principle", "title": "planted principle title", "weight": 717, "summary": "planted summary" }],
        "sections": [{ "key": "one", "title": "One", "questions": [
            { "key": "locked", "principle": "planted_principle", "weight": 637, "text": "Is it locked?", "type": "yes_no", "required": true, "maps_to": ["planted/1.2"], "options": [
                { "value": "yes", "label": "Yes", "points": 100 },
                { "value": "no", "label": "No", "points": 0, "knock_out": "planted knock-out", "ask_why": true, "finding": finding("finding") },
            ] },
            { "key": "count", "principle": "planted_principle", "weight": 619, "text": "How many?", "type": "number", "minimum": 0, "maximum": 500, "bands": [
                { "at_least": 411, "points": 100 }, { "at_least": 211, "points": 43, "finding": finding("band") },
            ] },
            { "key": "deep", "principle": "planted_principle", "text": "And underneath?", "type": "text", "show_if": { "subject": "tier", "is": "critical" } },
            { "key": "how", "principle": "planted_principle", "text": "How?", "type": "text" },
        ] }],
        "findings": [{ "key": "both", "severity": "high", "title": "planted edition finding", "advice": "planted advice", "when": { "question": "locked", "is": "no" } }],
    })
}

#[test]
fn the_respondents_document_keeps_the_rules_of_the_house_and_every_operation_has_its_visit() {
    assert_eq!(house_rules(&respondent_document()), Vec::<String>::new());
    for operation in operations(&respondent_document()) {
        let role = if is_public(&operation) { None } else { Some("respondent") };
        assert_eq!(operation.role(), role, "{}", operation.id());
    }
}

#[tokio::test]
async fn the_respondents_document_is_served_as_it_was_committed() {
    let app = App::open(On::Sqlite).await;
    let served = app.get(&app.stranger, "/respond/v1/openapi.json").await;
    assert_eq!((served.status.as_u16(), served.header("content-type")), (200, "application/json; charset=utf-8"));
    assert!(
        served.text == RESPONDENT_DOCUMENT,
        "they differ: run `cargo run -- openapi --respondent > openapi/respondent.json`, and read what changed"
    );
}

both! {
    async fn a_change_that_a_page_elsewhere_sends_is_refused(app: App) {
        let respondent_document = respondent_document();
        let (_, _, other) = visited(&app).await;
        for operation in operations(&respondent_document).iter().filter(|operation| operation.method != "get" && !is_public(operation)) {
            let step = step(&app, operation).await;
            for csrf in [None, Some(""), Some(other.csrf.as_str()), Some("0")] {
                let own: Vec<(&str, &str)> = [("cookie", step.visitor.cookie.as_str())].into_iter().chain(csrf.map(|csrf| ("x-csrf-token", csrf))).collect();
                let before = app.event_count().await;
                assert_eq!(step.send_as(&app, &app.stranger, &own, operation).await.faults(403), Vec::<String>::new(), "{} with {csrf:?}", operation.id());
                assert_eq!(app.event_count().await, before + 1, "{}: the refusal alone is kept", operation.id());
            }
            let good = step.send(&app, operation).await;
            assert!(good.status.is_success(), "{}: {}", operation.id(), good.text);
        }
        assert!(app.walk("/audit-events?action=refuse&noun=respondent_link", 200).await.len() >= 20);
    }

    async fn a_respondent_gets_what_the_document_says_and_leaves_events_by_changes_alone(app: App) {
        let respondent_document = respondent_document();
        for operation in operations(&respondent_document) {
            let step = step(&app, &operation).await;
            let before = app.event_count().await;
            let answer = step.send(&app, &operation).await;
            let said = &operation.value["responses"][answer.status.as_str()];
            assert!(answer.status.is_success() && said.is_object(), "{}: {} {}", operation.id(), answer.status, answer.text);
            assert_eq!(app.event_count().await > before, operation.method != "get", "{}", operation.id());
            for (name, header) in said["headers"].as_object().into_iter().flatten() {
                assert!(header["required"] != true || !answer.header(name).is_empty(), "{} has no {name}", operation.id());
            }
            let media = &said["content"]["application/json"];
            if media.is_object() {
                assert_eq!(mismatch(&respondent_document, &media["schema"], &answer.json(answer.status.as_u16()), ""), None, "{}: {}", operation.id(), answer.text);
            }
            assert!(answer.header("cache-control").contains("no-"), "{}", operation.id());
        }
    }

    async fn every_respondents_operation_is_closed_to_strangers_and_to_every_key(app: App) {
        let respondent_document = respondent_document();
        for operation in operations(&respondent_document).iter().filter(|operation| !is_public(operation)) {
            let step = step(&app, operation).await;
            let before = app.event_count().await;
            for who in [&app.stranger, &app.viewer, &app.editor, &app.approver, &app.admin, &app.neighbour] {
                assert_eq!(step.send_as(&app, who, &[], operation).await.faults(401), Vec::<String>::new(), "{}", operation.id());
                // Nothing else is looked at before.
                let told = app.raw(who, method(operation), &format!("/respond/v1{}?nonsense=1", operation.path), Some(b"{".to_vec()), &[("content-type", "image/png")]).await;
                assert_eq!(told.faults(401), Vec::<String>::new(), "{}", operation.id());
            }
            assert_eq!(app.event_count().await, before, "{}", operation.id());
        }
    }

    async fn every_other_operation_is_closed_to_respondents(app: App) {
        let (_, link, sam) = visited(&app).await;
        let document = document();
        for operation in operations(&document).iter().filter(|operation| operation.role().is_some()) {
            let target = target(&app, operation.id()).await;
            let before = app.event_count().await;
            let link = format!("Bearer {}", token(&link));
            for own in [[("cookie", sam.cookie.as_str()), ("x-csrf-token", sam.csrf.as_str())], [("authorization", link.as_str()), ("x-csrf-token", sam.csrf.as_str())]] {
                assert_eq!(target.send_with(&app, &app.stranger, operation, &own).await.faults(401), Vec::<String>::new(), "{}", operation.id());
            }
            assert_eq!(app.event_count().await, before, "{}", operation.id());
        }
    }

    async fn no_answer_to_a_respondent_says_how_answers_are_judged_or_what_else_there_is(app: App) {
        // Beside the assessment: another subject with everything, a policy of our own, and what we keep about the
        // supplier.
        let other = app.processor("planted other supplier").await;
        let theirs = assessment(&app, &other, "approved").await;
        with_file(&app, &app.post(&app.editor, "/evidence", json!({ "subject_id": id(&other), "kind": "insurance", "reference": "planted other evidence" })).await.json(201)).await;
        let policy = app.get(&app.admin, "/policy").await.json(200);
        app.patch(&app.admin, "/policy", &policy, json!({ "rating": { "strong_from": 93 }, "cadence_months": { "low": 31 } })).await.json(200);
        let body = json!({ "name": "Harbour Care Systems", "notes": "planted note", "data_role": "processor", "data_sensitivity": "special_category", "contacts": [{ "name": "planted contact" }] });
        let supplier = app.post(&app.editor, "/suppliers", body).await.json(201);
        let internal = app.post(&app.editor, "/evidence", json!({ "subject_id": id(&supplier), "kind": "other", "reference": "planted internal evidence", "notes": "planted evidence note" })).await.json(201);
        let internal = with_file(&app, &internal).await;
        app.post(&app.editor, "/risks", json!({ "subject_id": id(&supplier), "title": "planted risk", "likelihood": 4, "impact": 4 })).await.json(201);
        app.post(&app.editor, "/incidents", json!({ "subject_id": id(&supplier), "title": "planted incident", "severity": "high", "occurred_on": "2027-02-01" })).await.json(201);
        let key = unique();
        app.post(&app.admin, "/questionnaires", marked(&key)).await.json(201);
        // An earlier approved one, so that answers are carried over, with a condition and a reviewer's points.
        let first = app.assessment(&key, &supplier).await;
        let path = format!("/assessments/{}", id(&first));
        let answers = json!({ "locked": { "value": "no", "comment": "Not yet.", "evidence_ids": [id(&internal)] }, "count": { "value": 300 }, "how": { "value": "By hand." } });
        let progress = app.patch(&app.editor, &format!("{path}/answers"), &first, answers.clone()).await.json(200);
        let submitted = app.act(&app.editor, &format!("{path}/submit"), &progress["assessment"], None).await.json(200);
        let points = json!({ "how": { "points": 41, "reason": "planted reason" }, "count": { "points": 59, "reason": "planted replacement" } });
        let rated = app.patch(&app.approver, &format!("{path}/review"), &submitted, points).await.json(200)["assessment"].clone();
        app.act(&app.approver, &format!("{path}/approve"), &rated, Some(json!({ "conditions": [{ "text": "planted condition", "owner": "planted owner", "due_on": "2027-06-01" }] }))).await.json(200);

        // Everything that belongs to us, by its ids; but for the assessment's own evidence, which the respondent sends.
        let document = document();
        let mut forbidden_ids = BTreeSet::new();
        for list in operations(&document).iter().filter(|operation| operation.id().starts_with("list_") && !operation.path.contains('{') && !OWN.contains(&operation.id())) {
            forbidden_ids.extend(crate::tenancy::ids(&json!(app.walk(list.path, 200).await).to_string()).into_iter().map(str::to_owned));
        }
        assert!(forbidden_ids.len() > 20 && forbidden_ids.contains(id(&theirs)) && forbidden_ids.contains(id(&internal)) && forbidden_ids.contains(id(&supplier)));

        let forbidden_names = [
            "points", "weight", "knock_out", "knock_outs", "finding", "findings", "principle", "principles", "framework", "frameworks", "score", "claimed", "evidenced", "rating", "band", "bands", "tier",
            "review", "policy", "risk", "risks", "maps_to", "source", "show_if", "asked_if", "contribution", "coverage", "awaiting_review", "decision", "decided_by", "conditions", "assessment", "assessment_id",
            "subject_id", "supplier_id", "link_id", "secret_hash", "token", "notes", "because", "questionnaire_key",
        ];
        let forbidden_numbers = ["717", "637", "619", "43", "411", "211", "93", "31", "41", "59"];
        let respondent_document = respondent_document();
        let mut seen = 0;
        // One assessment in each state, for every operation.
        for operation in operations(&respondent_document) {
            let open = match app.walk(&format!("/assessments?subject_id={}&state=open", id(&supplier)), 200).await.pop() {
                Some(open) => open,
                None => {
                    for waiting in app.walk(&format!("/assessments?subject_id={}&state=submitted", id(&supplier)), 200).await {
                        let returned = app.act(&app.approver, &format!("/assessments/{}/return", id(&waiting)), &waiting, Some(json!({ "comment": "Once more." }))).await;
                        returned.json(200);
                    }
                    match app.walk(&format!("/assessments?subject_id={}&state=open", id(&supplier)), 200).await.pop() {
                        Some(open) => open,
                        None => app.assessment(&key, &supplier).await,
                    }
                }
            };
            // We put our own evidence beside an answer; it stays there, unseen.
            let ours = app.patch(&app.editor, &format!("/assessments/{}/answers", id(&open)), &open, json!({ "count": { "value": 300, "evidence_ids": [id(&internal)] } })).await.json(200)["assessment"].clone();
            let step = step_on(&app, &operation, ours).await;
            let mut answers = vec![step.send(&app, &operation).await];
            // And what it says when it refuses.
            answers.push(step.visitor.raw(&app, method(&operation), &step.path, Some(b"{\"locked\": {\"value\": \"maybe\"}}".to_vec()), &[("content-type", "application/json"), ("if-match", "\"1\"")]).await);
            answers.push(step.visitor.raw(&app, method(&operation), &format!("/evidence/{}", id(&internal)), None, &[("if-match", "\"2\"")]).await);
            for answer in answers {
                assert!(!answer.text.contains("planted") && !answer.text.contains("Tier") && !answer.text.contains("critical"), "{}: {}", operation.id(), answer.text);
                for found in crate::tenancy::ids(&answer.text) {
                    assert!(!forbidden_ids.contains(found), "{} shows {found}: {}", operation.id(), answer.text);
                }
                let Ok(body) = serde_json::from_str::<Value>(&answer.text) else { continue };
                let (mut names, mut values) = (BTreeSet::new(), BTreeSet::new());
                names_and_values(&body, &mut names, &mut values);
                for name in forbidden_names {
                    assert!(!names.contains(name), "{} has a field {name}: {}", operation.id(), answer.text);
                }
                for number in forbidden_numbers {
                    assert!(!values.contains(number), "{} says {number}: {}", operation.id(), answer.text);
                }
                seen += 1;
            }
        }
        assert!(seen >= 3 * operations(&respondent_document).len() - 8, "{seen}");
        // Nor does the document have a place for it.
        let (mut names, _) = (BTreeSet::new(), ());
        for schema in respondent_document["components"]["schemas"].as_object().expect("schemas").values() {
            names.extend(schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.clone()));
        }
        for name in forbidden_names.iter().filter(|name| **name != "token") {
            assert!(!names.contains(*name), "the document has a field {name}");
        }
        // Our evidence is still beside the answer.
        let open = app.walk(&format!("/assessments?subject_id={}", id(&supplier)), 200).await.pop().expect("an assessment");
        let kept = app.get(&app.viewer, &format!("/assessments/{}/answers", id(&open))).await.json(200);
        assert_eq!(kept["answers"]["count"]["evidence_ids"], json!([id(&internal)]));
    }

    async fn evidence_of_ours_stays_beside_an_answer_that_a_respondent_changes(app: App) {
        let (open, _, sam) = visited(&app).await;
        let ours = app.post(&app.editor, "/evidence", json!({ "subject_id": open["subject_id"], "kind": "insurance" })).await.json(201);
        let answered = app.patch(&app.editor, &format!("/assessments/{}/answers", id(&open)), &open, json!({ "locked": { "value": "no", "evidence_ids": [id(&ours)] } })).await.json(200);
        let seen = sam.get(&app, "/answers").await.json(200);
        assert_eq!(seen["answers"], json!({ "locked": { "value": "no" } }));
        let theirs = sam.sends(&app, "?name=a.txt", b"A lock.").await.json(201);
        let seen = sam.saves(&app, &answered["assessment"], json!({ "locked": { "value": "yes", "evidence_ids": [id(&theirs)] } })).await.json(200);
        assert_eq!(seen["answers"]["locked"]["evidence_ids"], json!([id(&theirs)]));
        let kept = async || app.get(&app.viewer, &format!("/assessments/{}/answers", id(&open))).await.json(200)["answers"]["locked"].clone();
        assert_eq!(kept().await, json!({ "value": "no", "evidence_ids": [id(&ours)] }));
        // An id that was not shown names nothing, like one that nobody has.
        let nothing = "evd_0190c5d2e5f27c3c8a4b0d6f1e2a3b4c";
        let hidden = app.post(&app.editor, "/evidence", json!({ "subject_id": open["subject_id"], "kind": "insurance" })).await.json(201);
        let told = [nothing, id(&hidden)].map(|id| json!({ "how": { "value": "x", "evidence_ids": [id] } }));
        let [absent, foreign] = [sam.saves(&app, &seen, told[0].clone()).await, sam.saves(&app, &seen, told[1].clone()).await];
        assert_eq!((absent.faults(422), absent.text), (vec!["/how/evidence_ids/0 unknown_id".to_owned()], foreign.text));
        for path in ["", "/file"] {
            assert_eq!(sam.get(&app, &format!("/evidence/{}{path}", id(&ours))).await.text, sam.get(&app, &format!("/evidence/{nothing}{path}")).await.text);
        }
        assert_eq!(sam.deletes(&app, &format!("/evidence/{}", id(&hidden)), &hidden).await.faults(404), Vec::<String>::new());
        assert_eq!(sam.get(&app, "/evidence").await.json(200)["items"], json!([theirs]));
        app.delete(&app.editor, &format!("/evidence/{}", id(&hidden)), &hidden).await;
        // What was sent is checked like any file.
        assert_eq!(sam.sends(&app, "?name=a.pdf", b"No PDF at all.").await.faults(422), ["false_type"]);
        assert_eq!(sam.sends(&app, "?name=a.html", b"<script>").await.faults(422), ["?name kind"]);
        assert_eq!(sam.sends(&app, "?name=a.txt&issued_on=2027-02-01&expires_on=2027-01-01", b"x").await.faults(422), ["?expires_on order"]);
        assert_eq!(sam.sends(&app, "?name=a.txt&subject_id=x", b"x").await.faults(422), ["?subject_id unknown_parameter"]);
        let spare = sam.sends(&app, "?name=b.txt", b"Twice.").await.json(201);
        assert_eq!(sam.deletes(&app, &format!("/evidence/{}", id(&spare)), &spare).await.status, 204);
        assert_eq!(app.get(&app.viewer, &format!("/evidence/{}", id(&spare))).await.status, 404);
        let seen = sam.get(&app, "/answers").await.json(200);
        sam.act(&app, "/answers/submit", &seen, None).await.json(200);
        assert_eq!(kept().await, json!({ "value": "yes", "evidence_ids": [id(&theirs), id(&ours)] }));
    }

    async fn whatever_a_respondent_sends_is_answered_as_the_document_says(app: App) {
        let respondent_document = respondent_document();
        let bodies = ["", "{", "null", "[]", "7", "\"x\"", "{}", "{\"token\": 7}", "{\"token\": null, \"x\": 1}", "{\"locked\": {\"value\": {}}}", "{\"locked\": {\"value\": \"yes\", \"points\": 7}}", "{\"questions\": [1]}", "{\"locked\": 1, \"locked\": 2}", "{\"\\u0000\": null}"];
        for operation in operations(&respondent_document) {
            let step = step(&app, &operation).await;
            let kinds = ["application/json", "text/html", "application/octet-stream"].map(|kind| (kind, "\"1\""));
            let tags = ["\"0\"", "W/\"1\"", "*", ""].map(|tag| ("application/json", tag));
            for (number, body) in bodies.into_iter().enumerate() {
                for (kind, tag) in kinds.into_iter().chain(tags.into_iter().filter(|_| number == 0)) {
                    let headers = [("content-type", kind), ("if-match", tag)];
                    let told = step.visitor.raw(&app, method(&operation), &step.path, Some(body.as_bytes().to_vec()), &headers).await;
                    assert!(operation.answers(told.status.as_u16()), "{} answered {} to {body} as {kind} at {tag}: {}", operation.id(), told.status, told.text);
                }
            }
            let joint = if step.path.contains('?') { '&' } else { '?' };
            let told = step.visitor.raw(&app, method(&operation), &format!("{}{joint}nonsense=1", step.path), None, &[("if-match", "\"1\"")]).await;
            assert!([401, 422].contains(&told.status.as_u16()), "{}: {}", operation.id(), told.text);
        }
        let told = app.raw(&app.stranger, Method::PUT, "/respond/v1/answers", None, &[]).await;
        assert_eq!((told.faults(405), told.header("allow")), (Vec::new(), "GET, HEAD, PATCH"));
        app.raw(&app.stranger, Method::GET, "/respond/v1/nowhere", None, &[]).await.faults(404);
    }
}
