//! Visits through a link: answers given, sent in and given back, by several people, in several languages, on several
//! days.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use diligence::{app, config::Config};
use diligence_entities::scope::{Store, StoreOptions};
use poem::{EndpointExt as _, Response, endpoint::BoxEndpoint, http::Method, test::TestClient};
use serde_json::{Value, json};

use super::{Visitor, exchange, link, token, visited};
use crate::{
    harness::{Answer, App, On, both, etag, id, text},
    roles::assessment,
};

both! {
    async fn a_whole_visit_ends_with_answers_submitted_and_a_receipt(app: App) {
        let supplier = app.processor("Harbour Care Systems").await;
        let open = assessment(&app, &supplier, "open").await;
        let body = json!({ "assessment_id": id(&open), "contact_name": "Sam Harbour", "message": "Our yearly questions.", "due_on": "2027-03-20" });
        let made = app.post(&app.editor, "/links", body).await.json(201);
        assert_eq!((text(&made, "state"), text(&made, "mail"), text(&made, "expires_on")), ("open", "no_address", "2027-03-31"));
        let path = format!("/links/{}", id(&made));

        let entered = exchange(&app, &token(&made)).await;
        let set = entered.header("set-cookie");
        for part in ["__Host-diligence-respondent=dls_", "HttpOnly", "Secure", "SameSite=Strict", "Path=/"] {
            assert!(set.contains(part) && !set.contains("Domain"), "{set}");
        }
        let sam = Visitor::of(&entered);
        let welcome = sam.get(&app, "/sessions/current").await.json(200);
        assert_eq!(welcome, sam.welcome);
        for (field, said) in [("organisation", "Meadow View Care"), ("supplier", "Harbour Care Systems"), ("contact_name", "Sam Harbour"), ("message", "Our yearly questions."), ("due_on", "2027-03-20"), ("expires_on", "2027-03-31"), ("questionnaire", "Two questions"), ("state", "open")] {
            assert_eq!(text(&welcome, field), said, "{field}");
        }
        assert_eq!((&welcome["product"], &welcome["languages"], text(&welcome, "visit_ends_at")), (&Value::Null, &json!(["en"]), "2027-03-01T17:00:00.000000Z"));
        assert_eq!(text(&app.get(&app.viewer, &path).await.json(200), "state"), "opened");

        let questions = sam.get(&app, "/questions").await.json(200);
        assert_eq!(questions["sections"][0]["questions"][0]["text"], "Is it locked?");
        let seen = sam.get(&app, "/answers").await.json(200);
        assert_eq!((&seen["visible"], &seen["answered_count"], &seen["question_count"], &seen["unanswered_required"]), (&json!(["locked", "how"]), &json!(0), &json!(2), &json!(["locked"])));
        assert_eq!(sam.act(&app, "/answers/submit", &seen, None).await.faults(422), ["/locked required"]);
        assert_eq!(sam.get(&app, "/answers/receipt").await.faults(404), Vec::<String>::new());

        let sent = sam.sends(&app, "?name=lock.txt&kind=iso_27001&reference=IS%201&expires_on=2028-01-01", b"It has a lock.").await;
        let evidence = sent.json(201);
        assert_eq!(sent.header("location"), format!("/respond/v1/evidence/{}", id(&evidence)));
        assert_eq!((text(&evidence, "kind"), text(&evidence["file"], "name"), &evidence["sent_now"]), ("iso_27001", "lock.txt", &json!(true)));
        let file = sam.get(&app, &format!("/evidence/{}/file", id(&evidence))).await;
        assert_eq!((file.text.as_str(), file.header("content-disposition")), ("It has a lock.", "attachment; filename=\"lock.txt\""));

        let answers = json!({ "locked": { "value": "no", "comment": "The door is new.", "evidence_ids": [id(&evidence)] } });
        let seen = sam.saves(&app, &seen, answers).await.json(200);
        assert_eq!((&seen["answered_count"], &seen["unanswered_required"], &seen["answers"]["locked"]["evidence_ids"]), (&json!(1), &json!([]), &json!([id(&evidence)])));
        // Another day, the same link.
        app.goes_to("2027-03-02");
        sam.get(&app, "/answers").await.faults(401);
        let sam = Visitor::enters(&app, &token(&made)).await;
        let seen = sam.saves(&app, &seen, json!({ "how": { "value": "With a key." } })).await.json(200);
        let receipt = sam.act(&app, "/answers/submit", &seen, None).await.json(200);
        assert_eq!((text(&receipt, "submitted_by"), text(&receipt, "submitted_at"), text(&receipt, "organisation")), ("Sam Harbour", "2027-03-02T09:00:00.000000Z", "Meadow View Care"));
        assert_eq!((text(&receipt["answers"][0], "text"), &receipt["answers"][0]["labels"], &receipt["answers"][1]["answer"]["value"]), ("Is it locked?", &json!(["No"]), &json!("With a key.")));
        assert_eq!(sam.get(&app, "/answers/receipt").await.json(200), receipt);
        assert_eq!(text(&sam.get(&app, "/sessions/current").await.json(200), "state"), "submitted");
        let listed = app.get(&app.viewer, &path).await.json(200);
        assert_eq!((text(&listed, "state"), text(&listed, "submitted_at"), text(&listed, "opened_at")), ("submitted", "2027-03-02T09:00:00.000000Z", "2027-03-01T09:00:00.000000Z"));

        // From now on they stay as they are.
        assert_eq!(sam.saves(&app, &receipt, json!({ "how": null })).await.faults(409), ["submitted"]);
        assert_eq!(sam.act(&app, "/answers/submit", &receipt, None).await.faults(409), ["submitted"]);
        assert_eq!(sam.sends(&app, "?name=b.txt", b"More.").await.faults(409), ["submitted"]);
        assert_eq!(sam.deletes(&app, &format!("/evidence/{}", id(&evidence)), &evidence).await.faults(409), ["submitted"]);
        let item = app.get(&app.viewer, &format!("/assessments/{}", id(&open))).await.json(200);
        assert_eq!((text(&item, "state"), text(&item, "submitted_by")), ("submitted", "Sam Harbour"));
        assert_eq!(app.walk(&format!("/risks?subject_id={}", id(&supplier)), 200).await.len(), 1, "its finding is a risk");

        // Unless they are given back.
        let returned = app.act(&app.approver, &format!("/assessments/{}/return", id(&open)), &item, Some(json!({ "comment": "How exactly?" }))).await.json(200);
        let welcome = sam.get(&app, "/sessions/current").await.json(200);
        assert_eq!((text(&welcome, "state"), text(&welcome, "return_comment")), ("open", "How exactly?"));
        assert_eq!(text(&app.get(&app.viewer, &path).await.json(200), "state"), "opened");
        let seen = sam.saves(&app, &returned, json!({ "how": { "value": "With two keys." } })).await.json(200);
        let receipt = sam.act(&app, "/answers/submit", &seen, None).await.json(200);
        let item = json!({ "version": receipt["version"] });
        let rated = app.patch(&app.approver, &format!("/assessments/{}/review", id(&open)), &item, json!({ "how": { "points": 70 } })).await.json(200)["assessment"].clone();
        app.act(&app.approver, &format!("/assessments/{}/approve", id(&open)), &rated, None).await.json(200);
        let after = sam.get(&app, "/answers/receipt").await.json(200);
        assert_eq!((&after["answers"], &after["submitted_at"]), (&receipt["answers"], &receipt["submitted_at"]));
        assert_eq!(sam.saves(&app, &after, json!({ "how": null })).await.text, app_says_submitted(), "what was decided is not said");

        // The trail says who it was.
        let trail = app.walk(&format!("/audit-events?actor_id={}", id(&made)), 200).await;
        assert!(trail.iter().all(|event| text(event, "actor_name") == "Sam Harbour"));
        let done: BTreeSet<(&str, &str)> = trail.iter().map(|event| (text(event, "action"), text(event, "noun"))).collect();
        for expected in [("open", "respondent_link"), ("answer", "answers"), ("submit", "assessment"), ("create", "evidence"), ("store_file", "evidence")] {
            assert!(done.contains(&expected), "{expected:?} is not in {done:?}");
        }
    }

    async fn two_respondents_do_not_overwrite_each_other(app: App) {
        let (open, _, sam) = visited(&app).await;
        let second = app.post(&app.editor, "/links", json!({ "assessment_id": id(&open), "contact_name": "Kit Harbour" })).await.json(201);
        let kit = Visitor::enters(&app, &token(&second)).await;
        let seen = sam.get(&app, "/answers").await.json(200);
        assert_eq!(kit.get(&app, "/answers").await.json(200), seen);
        sam.saves(&app, &seen, json!({ "locked": { "value": "no" } })).await.json(200);
        let told = kit.saves(&app, &seen, json!({ "locked": { "value": "yes" } })).await;
        assert_eq!(told.faults(412), Vec::<String>::new());
        let read = kit.get(&app, "/answers").await;
        assert_eq!((&read.json(200)["answers"]["locked"]["value"], read.header("etag")), (&json!("no"), etag(&read.json(200)).as_str()));
        let both = kit.saves(&app, &read.json(200), json!({ "how": { "value": "With a key." } })).await.json(200);
        assert_eq!(both["answers"], json!({ "how": { "value": "With a key." }, "locked": { "value": "no" } }));
        // What one sends, the other can name.
        let evidence = sam.sends(&app, "?name=a.txt", b"A lock.").await.json(201);
        kit.saves(&app, &both, json!({ "locked": { "value": "no", "evidence_ids": [id(&evidence)] } })).await.json(200);
        assert_eq!(sam.deletes(&app, &format!("/evidence/{}", id(&evidence)), &evidence).await.faults(409), ["in_use"]);
        for none in [("if-match", "*"), ("x-none", "")] {
            let told = kit.raw(&app, Method::PATCH, "/answers", Some(b"{}".to_vec()), &[("content-type", "application/json"), none]).await;
            assert_eq!(told.faults(428), Vec::<String>::new());
        }
    }

    async fn a_visit_ends_by_hand_after_an_hour_unused_and_after_eight(app: App) {
        let (_, link, sam) = visited(&app).await;
        let start = app.clock.now().time();
        let at = |minutes: i64| app.clock.set(start + TimeDelta::minutes(minutes));
        let over = sam.raw(&app, Method::DELETE, "/sessions/current", None, &[]).await;
        assert_eq!((over.status.as_u16(), over.text.as_str()), (204, ""));
        assert!(over.header("set-cookie").contains("Max-Age=0"), "{}", over.header("set-cookie"));
        let replayed = sam.get(&app, "/answers").await;
        assert_eq!((replayed.faults(401), replayed.header("www-authenticate")), (Vec::new(), "Cookie realm=\"diligence\""));

        let idle = Visitor::enters(&app, &token(&link)).await;
        at(59);
        idle.get(&app, "/answers").await.json(200);
        at(118);
        idle.get(&app, "/answers").await.json(200);
        at(178);
        idle.get(&app, "/answers").await.faults(401);

        let busy = Visitor::enters(&app, &token(&link)).await;
        for minutes in (178..178 + 8 * 60).step_by(50) {
            at(minutes);
            busy.get(&app, "/answers").await.json(200);
        }
        at(178 + 8 * 60 - 1);
        busy.get(&app, "/answers").await.json(200);
        at(178 + 8 * 60);
        busy.get(&app, "/answers").await.faults(401);
        let used = app.get(&app.viewer, &format!("/links/{}", id(&link))).await.json(200);
        assert_eq!(text(&used, "last_used_at"), "2027-03-01T19:57:00.000000Z");
        assert_eq!(used["version"], link["version"], "its use is no change by us");
    }

    async fn of_many_visits_through_one_link_the_one_unused_longest_ends(app: App) {
        let (_, link, first) = visited(&app).await;
        let start = app.clock.now().time();
        let mut others = Vec::new();
        for number in 1..=20 {
            app.clock.set(start + TimeDelta::seconds(number));
            others.push(Visitor::enters(&app, &token(&link)).await);
        }
        first.get(&app, "/answers").await.faults(401);
        for other in others {
            other.get(&app, "/answers").await.json(200);
        }
    }

    async fn what_was_answered_before_can_be_confirmed(app: App) {
        let supplier = app.supplier("Harbour Care Systems").await;
        let first = assessment(&app, &supplier, "open").await;
        let sam = Visitor::enters(&app, &token(&link(&app, &first).await)).await;
        let evidence = sam.sends(&app, "?name=a.txt", b"A lock.").await.json(201);
        let seen = sam.saves(&app, &first, json!({ "locked": { "value": "yes", "evidence_ids": [id(&evidence)] }, "how": { "value": "With a key." } })).await.json(200);
        let receipt = sam.act(&app, "/answers/submit", &seen, None).await.json(200);
        let path = format!("/assessments/{}", id(&first));
        let rated = app.patch(&app.approver, &format!("{path}/review"), &json!({ "version": receipt["version"] }), json!({ "how": { "points": 70 } })).await.json(200)["assessment"].clone();
        app.act(&app.approver, &format!("{path}/approve"), &rated, None).await.json(200);

        app.goes_to("2027-03-15");
        let again = app.assessment(text(&first, "questionnaire"), &supplier).await;
        let kit = Visitor::enters(&app, &token(&link(&app, &again).await)).await;
        let seen = kit.get(&app, "/answers").await.json(200);
        let expected = json!({ "how": { "answer": { "value": "With a key." }, "answered_on": "2027-03-01", "look": [] }, "locked": { "answer": { "value": "yes", "evidence_ids": [id(&evidence)] }, "answered_on": "2027-03-01", "look": [] } });
        assert_eq!((&seen["earlier"], &seen["answers"], &seen["answered_count"]), (&expected, &json!({}), &json!(0)));
        let told = kit.act(&app, "/answers/confirm", &seen, Some(&json!({ "questions": ["lokced"] }))).await;
        assert_eq!(told.faults(422), ["/questions/0 not_carried"]);
        let seen = kit.act(&app, "/answers/confirm", &seen, None).await.json(200);
        assert_eq!((&seen["earlier"], &seen["answered_count"], &seen["answers"]["locked"]["evidence_ids"]), (&json!({}), &json!(2), &json!([id(&evidence)])));
        // What was sent with the earlier one is seen, and stays.
        let listed = kit.get(&app, "/evidence").await.json(200)["items"][0].clone();
        assert_eq!((id(&listed), &listed["sent_now"]), (id(&evidence), &json!(false)));
        assert_eq!(kit.deletes(&app, &format!("/evidence/{}", id(&evidence)), &listed).await.faults(409), ["in_use"]);
        // The answers of another supplier are no earlier answers of this one.
        let other = assessment(&app, &app.supplier("Haven").await, "open").await;
        let stranger = Visitor::enters(&app, &token(&link(&app, &other).await)).await;
        assert_eq!(stranger.get(&app, "/answers").await.json(200)["earlier"], json!({}));
        assert_eq!(stranger.get(&app, "/evidence").await.json(200)["items"], json!([]));
    }

    async fn questions_and_receipt_can_be_read_in_each_language_of_the_edition(app: App) {
        let (open, _, sam) = visited(&app).await;
        let words = json!({
            "questionnaire": open["questionnaire"], "edition": open["edition"], "language": "cy", "title": "Dau gwestiwn", "summary": "Mor fyr ag y gall fod.",
            "principles": { "care": { "title": "Gofal", "summary": "Ein bod yn ei gymryd." } },
            "sections": { "one": { "title": "Un" } },
            "questions": {
                "locked": { "text": "A yw wedi ei gloi?", "options": { "yes": { "label": "Ydy" }, "no": { "label": "Nac ydy", "finding": { "title": "Heb ei gloi", "advice": "Clowch ef." } } } },
                "how": { "text": "Sut?" },
            },
        });
        app.post(&app.editor, "/translations", words).await.json(201);
        assert_eq!(sam.get(&app, "/sessions/current").await.json(200)["languages"], json!(["en", "cy"]));
        let questions = sam.get(&app, "/questions?language=cy").await.json(200);
        assert_eq!((text(&questions, "language"), text(&questions["sections"][0]["questions"][0], "text")), ("cy", "A yw wedi ei gloi?"));
        assert_eq!(sam.get(&app, "/questions?language=de").await.faults(422), ["?language unknown"]);
        assert_eq!(text(&sam.get(&app, "/questions?language=en").await.json(200), "title"), "Two questions");
        let seen = sam.saves(&app, &open, json!({ "locked": { "value": "yes" } })).await.json(200);
        sam.act(&app, "/answers/submit", &seen, None).await.json(200);
        assert_eq!(sam.get(&app, "/answers/receipt?language=cy").await.json(200)["answers"][0]["labels"], json!(["Ydy"]));
    }

    async fn a_change_sent_again_with_its_key_is_done_once(app: App) {
        let (open, _, sam) = visited(&app).await;
        let send = async |key: &str| sam.raw(&app, Method::POST, "/evidence?name=a.txt", Some(b"A lock.".to_vec()), &[("content-type", "application/octet-stream"), ("idempotency-key", key)]).await;
        let (first, again) = (send("one").await, send("one").await);
        assert_eq!((first.json(201), again.header("idempotency-replayed")), (again.json(201), "true"));
        send("two").await.json(201);
        assert_eq!(sam.get(&app, "/evidence").await.json(200)["items"].as_array().map(Vec::len), Some(2));
        let seen = sam.saves(&app, &open, json!({ "locked": { "value": "yes" } })).await.json(200);
        let submit = async || sam.raw(&app, Method::POST, "/answers/submit", None, &[("if-match", &etag(&seen)), ("idempotency-key", "three")]).await;
        assert_eq!(submit().await.json(200), submit().await.json(200));
    }
}

/// What a respondent is told who would change submitted answers, whatever became of them.
fn app_says_submitted() -> String {
    let detail = "the answers have been submitted and cannot be changed unless they are returned";
    json!({ "type": "/problems/conflict", "title": "Conflict with existing data", "status": 409, "detail": detail, "errors": [{ "pointer": "", "code": "submitted", "detail": detail }] }).to_string()
}

#[tokio::test]
async fn a_visit_begun_at_one_replica_goes_on_and_ends_at_another() {
    let app = App::open(On::Postgres).await;
    let other = Store::open(StoreOptions { url: app.url.clone(), max_connections: 4, clock: app.clock.clone() })
        .await
        .expect("a second replica");
    let client: TestClient<BoxEndpoint<'static, Response>> = TestClient::new(diligence_app(other));
    let (open, link, sam) = visited(&app).await;
    let there = async |method: Method, path: &str, body: Option<&Value>, tag: &str| {
        let request = client
            .request(method, format!("/respond/v1{path}"))
            .header("cookie", &sam.cookie)
            .header("x-csrf-token", &sam.csrf)
            .header("if-match", tag);
        let request = match body {
            Some(body) => request.header("content-type", "application/json").body(body.to_string()),
            None => request,
        };
        Answer::of(request.send().await).await
    };
    assert_eq!(there(Method::GET, "/sessions/current", None, "").await.json(200), sam.welcome);
    let seen =
        there(Method::PATCH, "/answers", Some(&json!({ "locked": { "value": "yes" } })), &etag(&open)).await.json(200);
    assert_eq!(sam.get(&app, "/answers").await.json(200), seen);
    app.act(&app.editor, &format!("/links/{}/revoke", id(&link)), &link, None).await.json(200);
    assert_eq!(there(Method::GET, "/answers", None, "").await.faults(410), Vec::<String>::new());
    assert_eq!(there(Method::POST, "/answers/submit", None, &etag(&seen)).await.faults(410), Vec::<String>::new());
}

fn diligence_app(store: Store) -> BoxEndpoint<'static, Response> {
    app(store, &Config::default()).boxed()
}
