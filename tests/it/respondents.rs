//! Suppliers' links: an assessment answered by someone without an account, who sees that one assessment and nothing
//! else.

use diligence_openapi::{Operation, RESPONDENT_DOCUMENT, RESPONDENT_PUBLIC};
use poem::http::Method;
use serde_json::{Value, json};

pub(crate) use self::letters::mail_server;
use crate::{
    harness::{Answer, App, Person, etag, id, text},
    roles::{assessment, method},
};

mod accepting;
mod drafts;
mod exact;
mod letters;
mod links;
mod operations;
mod visits;

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
pub(crate) fn token(link: &Value) -> String {
    let (before, token) = text(link, "url").split_once('#').expect("a fragment");
    assert!(before.ends_with("/respond") && token.starts_with("dlr_") && token.len() == 4 + 32 + 1 + 64, "{link}");
    token.to_owned()
}

pub(crate) async fn link(app: &App, assessment: &Value) -> Value {
    let body =
        json!({ "assessment_id": id(assessment), "contact_name": "Sam Harbour", "message": "Our yearly questions." });
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

    async fn raw(
        &self,
        app: &App,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
        headers: &[(&str, &str)],
    ) -> Answer {
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
        self.raw(
            app,
            Method::PATCH,
            "/answers",
            Some(answers.to_string().into_bytes()),
            &[("content-type", "application/json"), ("if-match", &tag)],
        )
        .await
    }

    async fn sends(&self, app: &App, query: &str, bytes: &[u8]) -> Answer {
        self.raw(
            app,
            Method::POST,
            &format!("/evidence{query}"),
            Some(bytes.to_vec()),
            &[("content-type", "application/octet-stream")],
        )
        .await
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
pub(crate) async fn sent_evidence(app: &App) -> Value {
    visited(app).await.2.sends(app, "?name=note.txt", b"Good until June.").await.json(201)
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
    let plain = |item: Value, body: Option<Value>| Step {
        visitor: visitor.clone(),
        item,
        path: operation.path.to_owned(),
        body,
        file: None,
    };
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
        "send_evidence" => Step {
            file: Some(b"Good until June.".to_vec()),
            path: "/evidence?name=note.txt".into(),
            ..plain(Value::Null, None)
        },
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
