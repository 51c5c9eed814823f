//! Suppliers' links: an assessment answered by someone without an account, who sees that one assessment and nothing else.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use diligence::{app, config::Config};
use diligence_entities::scope::{Store, StoreOptions};
use diligence_openapi::{OWN, Operation, RESPONDENT_DOCUMENT, RESPONDENT_PUBLIC, house_rules, operations};
use poem::{EndpointExt as _, Response, endpoint::BoxEndpoint, http::Method, test::TestClient};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpListener,
    sync::mpsc,
};

use crate::{
    contract::mismatch,
    doctor::change,
    harness::{Answer, App, On, Person, both, etag, id, text},
    roles::{assessment, document, method, target, unique, with_file},
    server::command,
};

const COOKIE: &str = "__Host-diligence-respondent";

fn respondent_document() -> Value {
    serde_json::from_str(RESPONDENT_DOCUMENT).expect("the document is JSON")
}

/// Someone at a supplier with a browser in which a link was opened.
#[derive(Clone, Debug)]
struct Visitor {
    cookie: String,
    csrf: String,
    /// What they were welcomed with.
    welcome: Value,
}

/// The text in a link that was just made.
fn token(link: &Value) -> String {
    let (before, token) = text(link, "url").split_once('#').expect("a fragment");
    assert!(before.ends_with("/respond") && token.starts_with("dlr_") && token.len() == 4 + 32 + 1 + 64, "{link}");
    token.to_owned()
}

async fn link(app: &App, assessment: &Value) -> Value {
    let body = json!({ "assessment_id": id(assessment), "contact_name": "Sam Harbour", "message": "Our yearly questions." });
    app.post(&app.editor, "/links", body).await.json(201)
}

async fn exchange(app: &App, token: &str) -> Answer {
    app.post(&app.stranger, "/respond/v1/sessions", json!({ "token": token })).await
}

impl Visitor {
    fn of(answer: &Answer) -> Self {
        let welcome = answer.json(200);
        let cookie = answer.header("set-cookie").split(';').next().expect("a cookie").to_owned();
        assert!(cookie.starts_with(COOKIE), "{cookie}");
        Self { cookie, csrf: text(&welcome, "csrf_token").to_owned(), welcome }
    }

    async fn enters(app: &App, token: &str) -> Self {
        Self::of(&exchange(app, token).await)
    }

    async fn raw(&self, app: &App, method: Method, path: &str, body: Option<Vec<u8>>, headers: &[(&str, &str)]) -> Answer {
        let own = [("cookie", self.cookie.as_str()), ("x-csrf-token", self.csrf.as_str())];
        let headers: Vec<(&str, &str)> = own.into_iter().chain(headers.iter().copied()).collect();
        app.raw(&app.stranger, method, &format!("/respond/v1{path}"), body, &headers).await
    }

    async fn get(&self, app: &App, path: &str) -> Answer {
        self.raw(app, Method::GET, path, None, &[]).await
    }

    async fn act(&self, app: &App, path: &str, item: &Value, body: Option<&Value>) -> Answer {
        let kind = body.map(|_| ("content-type", "application/json"));
        let (tag, body) = (etag(item), body.map(|body| body.to_string().into_bytes()));
        let headers: Vec<(&str, &str)> = kind.into_iter().chain([("if-match", tag.as_str())]).collect();
        self.raw(app, Method::POST, path, body, &headers).await
    }

    async fn saves(&self, app: &App, seen: &Value, answers: Value) -> Answer {
        let tag = etag(seen);
        self.raw(app, Method::PATCH, "/answers", Some(answers.to_string().into_bytes()), &[("content-type", "application/json"), ("if-match", &tag)]).await
    }

    async fn sends(&self, app: &App, query: &str, bytes: &[u8]) -> Answer {
        self.raw(app, Method::POST, &format!("/evidence{query}"), Some(bytes.to_vec()), &[("content-type", "application/octet-stream")]).await
    }

    async fn deletes(&self, app: &App, path: &str, item: &Value) -> Answer {
        self.raw(app, Method::DELETE, path, None, &[("if-match", &etag(item))]).await
    }
}

/// An open assessment of a supplier, a link to it, and its bearer inside.
async fn visited(app: &App) -> (Value, Value, Visitor) {
    let open = assessment(app, &app.supplier("Harbour Care Systems").await, "open").await;
    let link = link(app, &open).await;
    let visitor = Visitor::enters(app, &token(&link)).await;
    (open, link, visitor)
}

/// The headers of a respondent on a visit.
pub(crate) async fn visiting(app: &App) -> [(String, String); 2] {
    let visitor = visited(app).await.2;
    [("cookie".to_owned(), visitor.cookie), ("x-csrf-token".to_owned(), visitor.csrf)]
}

/// A link, a visit through it, and a piece of evidence sent in it.
pub(crate) async fn sent_evidence(app: &App) {
    visited(app).await.2.sends(app, "?name=note.txt", b"Good until June.").await.json(201);
}

/// What this operation of the surface is done to, by whom, and with what.
struct Step {
    visitor: Visitor,
    item: Value,
    path: String,
    body: Option<Value>,
    file: Option<Vec<u8>>,
}

/// A fresh assessment in the state that an operation needs.
async fn step(app: &App, operation: &Operation<'_>) -> Step {
    step_on(app, operation, assessment(app, &app.supplier("Harbour Care Systems").await, "open").await).await
}

async fn step_on(app: &App, operation: &Operation<'_>, open: Value) -> Step {
    let link = link(app, &open).await;
    let visitor = Visitor::enters(app, &token(&link)).await;
    let plain = |item: Value, body: Option<Value>| Step { visitor: visitor.clone(), item, path: operation.path.to_owned(), body, file: None };
    let answers = json!({ "locked": { "value": "yes", "comment": "Always." } });
    let sent = async || visitor.sends(app, "?name=note.txt", b"Good until June.").await.json(201);
    let on = |item: Value| Step { path: operation.path.replace("{id}", id(&item)), ..plain(item.clone(), None) };
    match operation.id() {
        "create_session" => plain(Value::Null, Some(json!({ "token": token(&link) }))),
        "read_session" | "delete_session" | "read_questions" | "read_answers" => plain(Value::Null, None),
        "save_answers" => plain(open, Some(answers)),
        "confirm_answers" => plain(open, None),
        "submit_answers" => plain(visitor.saves(app, &open, answers).await.json(200), None),
        "read_receipt" => {
            let answered = visitor.saves(app, &open, answers).await.json(200);
            visitor.act(app, "/answers/submit", &answered, None).await.json(200);
            plain(Value::Null, None)
        }
        "send_evidence" => Step { file: Some(b"Good until June.".to_vec()), path: "/evidence?name=note.txt".into(), ..plain(Value::Null, None) },
        "list_evidence" => {
            sent().await;
            plain(Value::Null, None)
        }
        "read_evidence" | "read_evidence_file" | "delete_evidence" => on(sent().await),
        other => panic!("say here what `{other}` is done to, and with what"),
    }
}

impl Step {
    /// Sends the operation as it should be sent, with these in the place of the visit's own headers.
    async fn send_as(&self, app: &App, who: &Person, own: &[(&str, &str)], operation: &Operation<'_>) -> Answer {
        let tag = if self.item.is_null() { "\"1\"".to_owned() } else { etag(&self.item) };
        let mut headers: Vec<(&str, &str)> = own.to_vec();
        if operation.method != "get" {
            headers.push(("if-match", &tag));
        }
        let body = match (&self.file, &self.body) {
            (Some(bytes), _) => {
                headers.push(("content-type", "application/octet-stream"));
                Some(bytes.clone())
            }
            (None, Some(body)) => {
                headers.push(("content-type", "application/json"));
                Some(body.to_string().into_bytes())
            }
            (None, None) => None,
        };
        app.raw(who, method(operation), &format!("/respond/v1{}", self.path), body, &headers).await
    }

    async fn send(&self, app: &App, operation: &Operation<'_>) -> Answer {
        let own = [("cookie", self.visitor.cookie.as_str()), ("x-csrf-token", self.visitor.csrf.as_str())];
        self.send_as(app, &app.stranger, &own, operation).await
    }
}

fn is_public(operation: &Operation<'_>) -> bool {
    RESPONDENT_PUBLIC.contains(&operation.id())
}

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
    assert!(served.text == RESPONDENT_DOCUMENT, "they differ: run `cargo run -- openapi --respondent > openapi/respondent.json`, and read what changed");
}

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

    async fn a_link_that_ends_takes_every_visit_with_it(app: App) {
        let respondent_document = respondent_document();
        let (open, first, sam) = visited(&app).await;
        let second = app.act(&app.editor, &format!("/links/{}/resend", id(&first)), &first, Some(json!({ "message": "Once more." }))).await.json(201);
        let gone = async |visitor: &Visitor, token: &str, word: &str| {
            for operation in operations(&respondent_document).iter().filter(|operation| !is_public(operation)) {
                let nothing = "evd_00000000000000000000000000000000";
                let told = visitor.raw(&app, method(operation), &operation.path.replace("{id}", nothing), None, &[]).await;
                assert_eq!(told.faults(410), Vec::<String>::new(), "{}", operation.id());
                assert!(told.text.contains(word), "{}", told.text);
            }
            let told = exchange(&app, token).await;
            assert_eq!((told.faults(410), told.header("set-cookie")), (Vec::new(), ""));
            assert!(told.text.contains(word), "{}", told.text);
        };
        gone(&sam, &token(&first), "sent again").await;
        let read = app.get(&app.viewer, &format!("/links/{}", id(&first))).await.json(200);
        assert_eq!((text(&read, "state"), &read["replaced_by"]), ("replaced", &second["id"]));
        assert_eq!(app.act(&app.editor, &format!("/links/{}/resend", id(&first)), &read, None).await.faults(409), ["replaced"]);
        assert_eq!(app.act(&app.editor, &format!("/links/{}/revoke", id(&first)), &read, None).await.faults(409), ["revoked"]);

        let sam = Visitor::enters(&app, &token(&second)).await;
        assert_eq!((text(&sam.welcome, "message"), text(&sam.welcome, "contact_name")), ("Once more.", "Sam Harbour"));
        let revoked = app.act(&app.editor, &format!("/links/{}/revoke", id(&second)), &second, None).await.json(200);
        assert_eq!((text(&revoked, "state"), text(&revoked, "revoked_at")), ("revoked", "2027-03-01T09:00:00.000000Z"));
        gone(&sam, &token(&second), "ended").await;

        // One that was revoked can be sent again, and one that has expired.
        let third = app.act(&app.editor, &format!("/links/{}/resend", id(&second)), &revoked, Some(json!({ "expires_on": "2027-03-01" }))).await.json(201);
        app.clock.set("2027-03-01T23:30:00Z".parse().expect("a time"));
        let sam = Visitor::enters(&app, &token(&third)).await;
        sam.get(&app, "/answers").await.json(200);
        app.clock.set("2027-03-02T00:00:00Z".parse().expect("a time"));
        gone(&sam, &token(&third), "expired").await;
        let third = app.get(&app.viewer, &format!("/links/{}", id(&third))).await.json(200);
        assert_eq!(text(&third, "state"), "expired");
        let fourth = app.act(&app.editor, &format!("/links/{}/resend", id(&third)), &third, None).await.json(201);
        Visitor::enters(&app, &token(&fourth)).await.get(&app, "/answers").await.json(200);
        let listed = app.walk(&format!("/links?assessment_id={}", id(&open)), 200).await;
        let states: Vec<&str> = listed.iter().map(|link| text(link, "state")).collect();
        assert_eq!(states, ["replaced", "replaced", "replaced", "opened"]);
        // Uses of dead links are in the trail.
        let refused = app.walk(&format!("/audit-events?item_id={}&action=refuse", id(&first)), 200).await;
        assert_eq!(refused.len(), 1, "{refused:?}");
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

    async fn what_is_no_link_is_not_found_and_opens_nothing(app: App) {
        let (_, link, sam) = visited(&app).await;
        let good = token(&link);
        let (which, secret) = (&good[4..36], &good[37..]);
        let flipped = format!("{}{}", &good[..good.len() - 1], if good.ends_with('0') { '1' } else { '0' });
        let key = app.admin.key.clone().expect("a key");
        for wrong in [flipped, format!("dlr_{}_{secret}", "0".repeat(32)), format!("dlr_{which}_"), format!("dlr_{which}"), "dlr_".into(), "é".into(), key, sam.cookie.clone(), good[4..].to_owned(), "x".repeat(200)] {
            let told = exchange(&app, &wrong).await;
            assert_eq!((told.faults(404), told.header("set-cookie")), (Vec::new(), ""), "{wrong}");
        }
        assert_eq!(exchange(&app, "").await.faults(422), ["/token length"]);
        assert_eq!(exchange(&app, &"x".repeat(201)).await.faults(422), ["/token length"]);
        let (name, value) = sam.cookie.split_once('=').expect("a cookie");
        let near = format!("{}{}", &value[..value.len() - 1], if value.ends_with('0') { '1' } else { '0' });
        for wrong in [format!("{name}={near}"), format!("{name}={good}"), format!("diligence-respondent={value}"), format!("{}; {}", sam.cookie, sam.cookie), format!("{name}=")] {
            assert_eq!(app.raw(&app.stranger, Method::GET, "/respond/v1/answers", None, &[("cookie", &wrong)]).await.faults(401), Vec::<String>::new(), "{wrong}");
        }
    }

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
        // Beside the assessment: another subject with everything, a policy of our own, and what we keep about the supplier.
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
        let kept = app.get(&app.viewer, &format!("/assessments/{}/answers", id(&open))).await.json(200);
        assert_eq!(kept["answers"]["locked"]["evidence_ids"], json!([id(&theirs), id(&ours)]));
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
    }

    async fn a_link_opens_its_own_assessment_and_no_other(app: App) {
        let (_, _, sam) = visited(&app).await;
        let (other, _, kit) = visited(&app).await;
        let theirs = kit.sends(&app, "?name=a.txt", b"A lock.").await.json(201);
        for path in [format!("/evidence/{}", id(&theirs)), format!("/evidence/{}/file", id(&theirs))] {
            assert_eq!(sam.get(&app, &path).await.faults(404), Vec::<String>::new());
        }
        assert_eq!(sam.deletes(&app, &format!("/evidence/{}", id(&theirs)), &theirs).await.faults(404), Vec::<String>::new());
        let seen = sam.get(&app, "/answers").await.json(200);
        assert_eq!(sam.saves(&app, &seen, json!({ "locked": { "value": "yes", "evidence_ids": [id(&theirs)] } })).await.faults(422), ["/locked/evidence_ids/0 unknown_id"]);
        sam.saves(&app, &seen, json!({ "locked": { "value": "yes" } })).await.json(200);
        assert_eq!(app.get(&app.viewer, &format!("/assessments/{}", id(&other))).await.json(200)["version"], other["version"]);
        assert_eq!(kit.get(&app, "/answers").await.json(200)["answers"], json!({}));
        // A neighbour's links are not ours, nor ours theirs.
        let listed = app.get(&app.neighbour, "/links").await.json(200);
        assert_eq!(listed["items"], json!([]));
        assert_eq!(app.post(&app.neighbour, "/links", json!({ "assessment_id": id(&other), "contact_name": "x" })).await.faults(422), ["/assessment_id unknown_id"]);
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

    async fn a_link_is_made_for_an_open_assessment_and_a_while(app: App) {
        let open = assessment(&app, &app.supplier("Harbour").await, "open").await;
        let make = async |more: Value| {
            let mut body = json!({ "assessment_id": id(&open), "contact_name": "Sam" });
            body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            app.post(&app.editor, "/links", body).await
        };
        for (more, faults) in [
            (json!({ "expires_on": "2027-02-28" }), vec!["/expires_on past"]),
            (json!({ "expires_on": "2027-08-29" }), vec!["/expires_on range"]),
            (json!({ "due_on": "2027-02-28", "email": "nobody" }), vec!["/email email"]),
            (json!({ "due_on": "2027-02-28" }), vec!["/due_on past"]),
            (json!({ "contact_name": "", "message": "" }), vec!["/contact_name length", "/message length"]),
            (json!({ "assessment_id": "asm_0190c5d2e5f27c3c8a4b0d6f1e2a3b4c" }), vec!["/assessment_id unknown_id"]),
            (json!({ "role": "admin" }), vec!["/role unknown_field"]),
        ] {
            assert_eq!(make(more.clone()).await.faults(422), faults, "{more}");
        }
        assert_eq!(text(&make(json!({ "expires_on": "2027-08-28" })).await.json(201), "expires_on"), "2027-08-28");
        let made = make(json!({ "email": "sam@harbour.example" })).await.json(201);
        assert_eq!(text(&made, "mail"), "not_configured");
        let submitted = assessment(&app, &app.supplier("Haven").await, "submitted").await;
        assert_eq!(app.post(&app.editor, "/links", json!({ "assessment_id": id(&submitted), "contact_name": "Sam" })).await.faults(409), ["state"]);
        // The text is shown once.
        assert_eq!(app.get(&app.viewer, &format!("/links/{}", id(&made))).await.json(200).get("url"), None);
        assert!(!app.get(&app.admin, "/links?limit=200").await.text.contains("dlr_"));
        let body = json!({ "assessment_id": id(&open), "contact_name": "Kit" });
        let headers = [("idempotency-key", "one")];
        let first = app.send(&app.editor, Method::POST, "/links", Some(&body), &headers).await.json(201);
        let again = app.send(&app.editor, Method::POST, "/links", Some(&body), &headers).await.json(201);
        assert_eq!((id(&first), &again["url"]), (id(&again), &Value::Null));
        Visitor::enters(&app, &token(&first)).await.get(&app, "/answers").await.json(200);
        // The trail knows who it is for, and not how to reach them or what they were told.
        let trail = app.get(&app.admin, &format!("/audit-events?item_id={}", id(&made))).await.text;
        assert!(trail.contains("Sam") && !trail.contains("harbour.example") && !trail.contains("secret_hash"), "{trail}");
        // An assessment that was started by mistake goes with its links.
        let sam = Visitor::enters(&app, &token(&made)).await;
        let evidence = sam.sends(&app, "?name=a.txt", b"A lock.").await.json(201);
        let open = app.get(&app.viewer, &format!("/assessments/{}", id(&open))).await.json(200);
        assert_eq!(app.delete(&app.editor, &format!("/assessments/{}", id(&open)), &open).await.status, 204);
        sam.get(&app, "/answers").await.faults(401);
        exchange(&app, &token(&made)).await.faults(404);
        app.get(&app.viewer, &format!("/evidence/{}", id(&evidence))).await.json(200);
    }

    async fn an_assessment_has_so_many_links_and_no_more(app: App) {
        let open = assessment(&app, &app.supplier("Harbour").await, "open").await;
        for _ in 0..100 {
            link(&app, &open).await;
        }
        let told = app.post(&app.editor, "/links", json!({ "assessment_id": id(&open), "contact_name": "Sam" })).await;
        assert_eq!(told.faults(409), ["limit"]);
        let path = format!("/links?assessment_id={}", id(&open));
        let all = app.walk(&path, 200).await;
        let order: Vec<(&str, &str)> = all.iter().map(|link| (text(link, "created_at"), id(link))).collect();
        assert!(order.len() == 100 && order.is_sorted());
        for limit in [7, 100] {
            assert_eq!(app.walk(&path, limit).await, all);
        }
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

/// What a respondent is told who would change submitted answers, whatever became of them.
fn app_says_submitted() -> String {
    let detail = "the answers have been submitted and cannot be changed unless they are returned";
    json!({ "type": "/problems/conflict", "title": "Conflict with existing data", "status": 409, "detail": detail, "errors": [{ "pointer": "", "code": "submitted", "detail": detail }] }).to_string()
}

#[tokio::test]
async fn a_visit_begun_at_one_replica_goes_on_and_ends_at_another() {
    let app = App::open(On::Postgres).await;
    let other = Store::open(StoreOptions { url: app.url.clone(), max_connections: 4, clock: app.clock.clone() }).await.expect("a second replica");
    let client: TestClient<BoxEndpoint<'static, Response>> = TestClient::new(diligence_app(other));
    let (open, link, sam) = visited(&app).await;
    let there = async |method: Method, path: &str, body: Option<&Value>, tag: &str| {
        let request = client.request(method, format!("/respond/v1{path}")).header("cookie", &sam.cookie).header("x-csrf-token", &sam.csrf).header("if-match", tag);
        let request = match body {
            Some(body) => request.header("content-type", "application/json").body(body.to_string()),
            None => request,
        };
        Answer::of(request.send().await).await
    };
    assert_eq!(there(Method::GET, "/sessions/current", None, "").await.json(200), sam.welcome);
    let seen = there(Method::PATCH, "/answers", Some(&json!({ "locked": { "value": "yes" } })), &etag(&open)).await.json(200);
    assert_eq!(sam.get(&app, "/answers").await.json(200), seen);
    app.act(&app.editor, &format!("/links/{}/revoke", id(&link)), &link, None).await.json(200);
    assert_eq!(there(Method::GET, "/answers", None, "").await.faults(410), Vec::<String>::new());
    assert_eq!(there(Method::POST, "/answers/submit", None, &etag(&seen)).await.faults(410), Vec::<String>::new());
}

fn diligence_app(store: Store) -> BoxEndpoint<'static, Response> {
    app(store, &Config::default()).boxed()
}

#[tokio::test]
async fn no_secret_of_a_link_or_a_visit_is_in_the_database() {
    let app = App::open(On::Sqlite).await;
    let (open, link, sam) = visited(&app).await;
    let body = json!({ "assessment_id": id(&open), "contact_name": "Kit" });
    let kept = app.send(&app.editor, Method::POST, "/links", Some(&body), &[("idempotency-key", "one")]).await.json(201);
    let secrets = [token(&link), token(&kept), sam.cookie.clone(), sam.csrf.clone()].map(|secret| secret.rsplit('_').next().expect("a secret").to_owned());
    let file = app.url.trim_start_matches("sqlite://");
    let mut bytes = std::fs::read(file).expect("the file");
    bytes.extend(std::fs::read(format!("{file}-wal")).unwrap_or_default());
    let found = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(found(id(&link)) && found("Sam Harbour"), "the file is read where it is written");
    for secret in secrets {
        assert!(secret.len() == 64 && !found(&secret));
    }
}

/// A mail server of one mind: takes letters, or refuses them at this command; gives every letter it took.
pub(crate) async fn mail_server(refuses: Option<&'static str>) -> (String, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("smtp://{}", listener.local_addr().expect("an address"));
    let (sender, letters) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (reader, mut writer) = stream.into_split();
            let mut lines = BufReader::new(reader).lines();
            let _ = writer.write_all(b"220 mail.example.org\r\n").await;
            let mut letter: Option<String> = None;
            while let Ok(Some(line)) = lines.next_line().await {
                let said = match &mut letter {
                    Some(text) if line == "." => {
                        let _ = sender.send(std::mem::take(text));
                        letter = None;
                        "250 taken".to_owned()
                    }
                    Some(text) => {
                        text.push_str(line.strip_prefix('.').unwrap_or(&line));
                        text.push('\n');
                        continue;
                    }
                    None => match line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase().as_str() {
                        verb if Some(verb) == refuses => format!("550 no such person here, said of {line}"),
                        "EHLO" => "250 mail.example.org".into(),
                        "DATA" => {
                            letter = Some(String::new());
                            "354 go on".into()
                        }
                        "QUIT" => "221 goodbye".into(),
                        _ => "250 fine".into(),
                    },
                };
                let _ = writer.write_all(format!("{said}\r\n").as_bytes()).await;
            }
        }
    });
    (url, letters)
}

async fn with_mail(on: On, url: &str) -> App {
    let mut app = App::open(on).await;
    let config = Config {
        smtp_url: Some(url.to_owned()),
        smtp_from: Some("Register <register@example.org>".into()),
        public_url: "https://register.example.org".parse().ok(),
        ..Config::default()
    };
    app.client = TestClient::new(diligence::app(app.store.clone(), &config).boxed());
    app
}

/// The link once its letter waits no more.
async fn settled(app: &App, link: &Value) -> Value {
    loop {
        let read = app.get(&app.viewer, &format!("/links/{}", id(link))).await.json(200);
        if text(&read, "mail") != "queued" {
            return read;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_link_with_an_address_is_sent_by_e_mail_once_and_can_be_copied_all_the_same() {
    for on in [On::Sqlite, On::Postgres] {
        let (url, mut letters) = mail_server(None).await;
        let app = with_mail(on, &url).await;
        let supplier = app.supplier("Harbour").await;
        // As it may have come there before names were looked at.
        crate::characters::was_stored(&app, "supplier", &supplier, "name", "Harbour\r\nBcc: all@example.org").await;
        let open = assessment(&app, &supplier, "open").await;
        let body = json!({ "assessment_id": id(&open), "contact_name": "Sam Harbour", "email": "sam@harbour.example", "message": "Our yearly questions.", "due_on": "2027-03-20" });
        let headers = [("idempotency-key", "one")];
        let made = app.send(&app.editor, Method::POST, "/links", Some(&body), &headers).await.json(201);
        assert_eq!(text(&made, "mail"), "queued");
        app.send(&app.editor, Method::POST, "/links", Some(&body), &headers).await.json(201);
        let letter = letters.recv().await.expect("a letter");
        let plain = letter.replace("=\n", "").replace("=3D", "=").replace("=\r\n", "");
        for part in [
            "To: \"Sam Harbour\" <sam@harbour.example>",
            "Our yearly questions.",
            "Meadow View Care",
            "2027-03-20",
            &format!("https://register.example.org/respond#{}", token(&made)),
        ] {
            assert!(plain.contains(part) || plain.contains(&part.replace('"', "")), "{part} is not in {plain}");
        }
        assert!(!letter.lines().any(|line| line.starts_with("Bcc")), "{letter}");
        let sent = settled(&app, &made).await;
        assert_eq!((text(&sent, "mail"), &sent["mail_failure"], &sent["version"]), ("sent", &Value::Null, &json!(1)));
        Visitor::enters(&app, &token(&made)).await.get(&app, "/answers").await.json(200);
        // A resend is another letter; a retry was none.
        let again = app.act(&app.editor, &format!("/links/{}/resend", id(&made)), &sent, None).await.json(201);
        let letter = letters.recv().await.expect("a letter").replace("=\n", "");
        assert!(letter.contains(&token(&again)) && !letter.contains(&token(&made)), "{letter}");
        assert!(letters.try_recv().is_err());
        settled(&app, &again).await;
        let events = app.walk(&format!("/audit-events?item_id={}&action=send", id(&made)), 200).await;
        assert_eq!(events.len(), 1);
    }
}

#[tokio::test]
async fn a_letter_that_cannot_be_sent_is_said_and_the_link_works() {
    let nowhere = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address");
    let (refusing, _letters) = mail_server(Some("RCPT")).await;
    for (url, why) in [(refusing, "no such person here"), (format!("smtp://{nowhere}"), "onnect")] {
        let app = with_mail(On::Sqlite, &url).await;
        let open = assessment(&app, &app.supplier("Harbour").await, "open").await;
        let made = app.post(&app.editor, "/links", json!({ "assessment_id": id(&open), "contact_name": "Sam", "email": "sam@harbour.example" })).await.json(201);
        let failed = settled(&app, &made).await;
        assert_eq!(text(&failed, "mail"), "failed");
        assert!(text(&failed, "mail_failure").contains(why) && !text(&failed, "mail_failure").contains("dlr_"), "{failed}");
        Visitor::enters(&app, &token(&made)).await.get(&app, "/answers").await.json(200);
    }
}

#[tokio::test]
async fn a_letter_that_was_waiting_when_the_program_stopped_is_lost_and_said_so() {
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let app = with_mail(On::Sqlite, &format!("smtp://{}", silent.local_addr().expect("an address"))).await;
    let open = assessment(&app, &app.supplier("Harbour").await, "open").await;
    let made = app.post(&app.editor, "/links", json!({ "assessment_id": id(&open), "contact_name": "Sam", "email": "sam@harbour.example" })).await.json(201);
    assert_eq!(text(&app.get(&app.viewer, &format!("/links/{}", id(&made))).await.json(200), "mail"), "queued");
    app.clock.set(app.clock.now().time() + TimeDelta::hours(2));
    assert_eq!(text(&app.get(&app.viewer, &format!("/links/{}", id(&made))).await.json(200), "mail"), "failed");
}

#[tokio::test]
async fn links_are_made_listed_and_ended_at_the_console() {
    let app = App::open(On::Sqlite).await;
    let open = assessment(&app, &app.supplier("Harbour").await, "open").await;
    let run = |arguments: &[&str]| {
        let output = command(arguments).args(["--database-url", &app.url]).output().expect("the program runs");
        (output.status.code(), String::from_utf8_lossy(&output.stdout).trim_end().to_owned(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, link, told) =
        run(&["link", "create", "--assessment", id(&open), "--contact", "Sam Harbour", "--public-url", "https://register.example.org", "--expires-on", "2027-03-30"]);
    assert_eq!((code, told.as_str()), (Some(0), ""), "{link}");
    let token = link.strip_prefix("https://register.example.org/respond#").expect("a link");
    let sam = Visitor::enters(&app, token).await;
    // As a name may have been stored before tabs were refused.
    change(&app.url, "UPDATE respondent_link SET contact_name = 'Sam' || char(9) || 'Harbour'").await;
    let (code, list, _) = run(&["link", "list", "--organisation", "Meadow View Care"]);
    let cells: Vec<&str> = list.split('\t').collect();
    assert_eq!(
        (code, list.lines().count(), cells[1], cells[2], cells[3], cells[5], cells[7]),
        (Some(0), 1, "opened", "no_address", "2027-03-30", id(&open), "Sam Harbour")
    );
    assert!(!list.contains("dlr_"));
    assert_eq!(run(&["link", "revoke", cells[0]]).0, Some(0));
    sam.get(&app, "/answers").await.faults(410);
    assert_eq!(run(&["link", "revoke", cells[0]]).0, Some(6));
    assert_eq!(run(&["link", "revoke", "lnk_00000000000000000000000000000000"]).0, Some(6));
    assert_eq!(run(&["link", "create", "--assessment", "asm_00000000000000000000000000000000", "--contact", "Sam"]).0, Some(6));
    let document = command(&["openapi", "--respondent"]).output().expect("the program runs");
    assert!(document.status.success() && document.stdout == RESPONDENT_DOCUMENT.as_bytes());
}
