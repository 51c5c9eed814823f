//! Sending a request again is safe.

use chrono::TimeDelta;
use poem::http::Method;
use sea_orm::{ConnectionTrait as _, Database, Statement};
use serde_json::{Value, json};

use crate::{
    harness::{Answer, App, Person, both, etag, id, text},
    roles::{document, target},
};

/// Sends a new supplier's body with this idempotency key.
async fn post(app: &App, who: &Person, key: &str, body: Value) -> Answer {
    app.send(who, Method::POST, "/suppliers", Some(&body), &[("idempotency-key", key)]).await
}

async fn names(app: &App) -> Vec<String> {
    app.walk("/suppliers", 200).await.iter().map(|item| text(item, "name").to_owned()).collect()
}

/// What two answers to the same request must share.
fn essence(answer: &Answer) -> (u16, &str, &str, &str, &str) {
    (
        answer.status.as_u16(),
        answer.header("location"),
        answer.header("etag"),
        answer.header("content-type"),
        &answer.text,
    )
}

/// What changes nothing, and what a person does to get in and to their own, which is harmless to repeat or shows a
/// secret.
fn is_never_sent_again(operation: &str) -> bool {
    use diligence_openapi::{ASKING, OWN, PUBLIC};
    [ASKING, OWN, PUBLIC].iter().any(|list| list.contains(&operation))
}

both! {
    async fn the_same_request_with_the_same_key_is_done_once_and_answered_alike(app: App) {
        let first = post(&app, &app.editor, "k-1", json!({ "name": "Harbour" })).await;
        first.json(201);
        let events = app.event_count().await;
        for _ in 0..3 {
            let again = post(&app, &app.editor, "k-1", json!({ "name": "Harbour" })).await;
            assert_eq!(essence(&again), essence(&first));
            assert_eq!((first.header("idempotency-replayed"), again.header("idempotency-replayed")), ("", "true"));
        }
        assert_eq!((names(&app).await, app.event_count().await), (vec!["Harbour".to_owned()], events));
    }

    async fn every_post_of_the_document_can_be_sent_again(app: App) {
        let document = document();
        for operation in diligence_openapi::operations(&document).iter().filter(|operation| operation.method == "post" && !is_never_sent_again(operation.id())) {
            let target = target(&app, operation.id()).await;
            let tag = target.item.as_ref().map_or_else(String::new, etag);
            let headers = [("idempotency-key", operation.id()), ("if-match", tag.as_str())];
            let send = async || target.send_with(&app, &app.admin, operation, &headers).await;
            let first = send().await;
            assert!(first.status.is_success(), "{}: {}", operation.id(), first.text);
            let events = app.event_count().await;
            let again = send().await;
            let (mut known, mut told): (Value, Value) = (serde_json::from_str(&first.text).expect("JSON"), serde_json::from_str(&again.text).expect("JSON"));
            // A key's text and a link are shown once.
            for name in ["secret", "url", "token"] {
                known[name].take();
                assert_eq!(told[name].take(), Value::Null, "{} {name}", operation.id());
            }
            assert_eq!((again.status, again.header("location"), again.header("etag"), told), (first.status, first.header("location"), first.header("etag"), known), "{}", operation.id());
            assert_eq!(app.event_count().await, events, "{} was done twice", operation.id());
        }
    }

    async fn a_key_stands_for_one_request(app: App) {
        post(&app, &app.editor, "k-1", json!({ "name": "Harbour" })).await.json(201);
        let told = post(&app, &app.editor, "k-1", json!({ "name": "Haven" })).await;
        assert_eq!((told.faults(422), text(&told.json(422), "type")), (Vec::new(), "/problems/idempotency-key-reused"));
        // Byte for byte: the same content written otherwise is another request.
        let spaced = app.raw(&app.editor, Method::POST, "/suppliers", Some(b"{ \"name\": \"Harbour\" }".to_vec()), &[("content-type", "application/json"), ("idempotency-key", "k-1")]).await;
        assert_eq!(text(&spaced.json(422), "type"), "/problems/idempotency-key-reused");
        let elsewhere = app.send(&app.editor, Method::POST, "/incidents", Some(&json!({ "subject_id": "sup_0190c5d2e5f27c3c8a4b0d6f1e2a3b4c", "title": "x", "severity": "low", "occurred_on": "2027-02-01" })), &[("idempotency-key", "k-1")]).await;
        assert_eq!(text(&elsewhere.json(422), "type"), "/problems/idempotency-key-reused");
        assert_eq!(names(&app).await, ["Harbour"]);
    }

    async fn a_key_on_one_item_does_not_stand_for_the_same_act_on_another(app: App) {
        let (first, second) = (app.supplier("Harbour").await, app.supplier("Haven").await);
        let archive = async |item: &Value| app.send(&app.editor, Method::POST, &format!("/suppliers/{}/archive", id(item)), None, &[("if-match", &etag(item)), ("idempotency-key", "k-1")]).await;
        archive(&first).await.json(200);
        assert_eq!(text(&archive(&second).await.json(422), "type"), "/problems/idempotency-key-reused");
    }

    async fn each_caller_has_keys_of_their_own(app: App) {
        let body = json!({ "name": "Harbour" });
        let made = [post(&app, &app.editor, "k-1", body.clone()).await, post(&app, &app.approver, "k-1", body.clone()).await, post(&app, &app.neighbour, "k-1", body).await];
        let ids: std::collections::BTreeSet<String> = made.iter().map(|answer| id(&answer.json(201)).to_owned()).collect();
        assert_eq!(ids.len(), 3);
        post(&app, &app.approver, "k-2", json!({ "name": "Haven" })).await.json(201);
        post(&app, &app.editor, "k-2", json!({ "name": "Ferry" })).await.json(201);
        assert_eq!(names(&app).await.len(), 4);
    }

    async fn a_key_is_kept_for_a_day(app: App) {
        let start = app.clock.now().time();
        let body = json!({ "name": "Harbour" });
        let first = post(&app, &app.editor, "k-1", body.clone()).await.json(201);
        app.clock.set(start + TimeDelta::hours(24) - TimeDelta::seconds(1));
        assert_eq!(post(&app, &app.editor, "k-1", body.clone()).await.json(201), first);
        app.clock.set(start + TimeDelta::hours(24));
        assert_ne!(id(&post(&app, &app.editor, "k-1", body.clone()).await.json(201)), id(&first));
        app.clock.set(start + TimeDelta::hours(49));
        post(&app, &app.editor, "k-2", body).await.json(201);
        assert_eq!(rows(&app).await.len(), 1, "what is over is forgotten");
    }

    async fn what_was_refused_is_not_kept(app: App) {
        let supplier = app.supplier("Harbour").await;
        let archive = async |tag: &str| app.send(&app.editor, Method::POST, &format!("/suppliers/{}/archive", id(&supplier)), None, &[("if-match", tag), ("idempotency-key", "k-1")]).await;
        archive("\"7\"").await.faults(412);
        archive("\"1\"").await.json(200);
        post(&app, &app.editor, "k-2", json!({ "name": "" })).await.faults(422);
        post(&app, &app.editor, "k-2", json!({ "name": "Haven" })).await.json(201);
        let body = json!({ "name": "Ferry", "identifiers": [{ "scheme": "GB-COH", "id": "04142000" }] });
        let holder = post(&app, &app.editor, "k-3", body.clone()).await.json(201);
        post(&app, &app.editor, "k-4", body.clone()).await.faults(409);
        app.delete(&app.editor, &format!("/suppliers/{}", id(&holder)), &holder).await;
        post(&app, &app.editor, "k-4", body).await.json(201);
    }

    async fn a_kept_answer_is_given_again_though_the_item_has_changed_or_gone(app: App) {
        let first = post(&app, &app.editor, "k-1", json!({ "name": "Harbour" })).await;
        let item = first.json(201);
        app.delete(&app.editor, &format!("/suppliers/{}", id(&item)), &item).await;
        assert_eq!(essence(&post(&app, &app.editor, "k-1", json!({ "name": "Harbour" })).await), essence(&first));
        assert_eq!(names(&app).await, Vec::<String>::new());
    }

    async fn eight_at_once_with_one_key_make_one_thing(app: App) {
        let send = || post(&app, &app.editor, "k-1", json!({ "name": "Harbour" }));
        let (a, b, c, d, e, f, g, h) = tokio::join!(send(), send(), send(), send(), send(), send(), send(), send());
        let answers = [a, b, c, d, e, f, g, h];
        for answer in &answers {
            assert_eq!(essence(answer), essence(&answers[0]));
            answer.json(201);
        }
        assert_eq!(answers.iter().filter(|answer| answer.header("idempotency-replayed").is_empty()).count(), 1);
        assert_eq!(names(&app).await, ["Harbour"]);
    }

    async fn an_idempotency_key_is_short_and_plain(app: App) {
        for key in ["", "a b", &"x".repeat(129), "é"] {
            assert_eq!(post(&app, &app.editor, key, json!({ "name": "Harbour" })).await.faults(400), ["idempotency_key"], "{key}");
        }
        let twice = app.send(&app.editor, Method::POST, "/suppliers", Some(&json!({ "name": "Harbour" })), &[("idempotency-key", "a"), ("idempotency-key", "b")]).await;
        assert_eq!(twice.faults(400), ["idempotency_key"]);
        assert_eq!(names(&app).await, Vec::<String>::new());
        post(&app, &app.editor, &"~".repeat(128), json!({ "name": "Harbour" })).await.json(201);
    }

    async fn the_text_of_a_key_is_kept_nowhere(app: App) {
        let body = json!({ "name": "Nightly", "role": "viewer" });
        let send = async || app.send(&app.admin, Method::POST, "/keys", Some(&body), &[("idempotency-key", "k-1")]).await;
        let first = send().await.json(201);
        let secret = text(&first, "secret").to_owned();
        let again = send().await.json(201);
        assert_eq!((id(&again), &again["secret"]), (id(&first), &Value::Null));
        app.get(&Person { key: Some(secret.clone()) }, "/suppliers").await.json(200);
        let (_, random) = secret.rsplit_once('_').expect("two parts");
        let kept = rows(&app).await;
        assert!(kept.iter().any(|row| row.contains(id(&first))), "{kept:?}");
        for table in ["idempotency", "api_key", "audit_event"] {
            for row in everything(&app, table).await {
                assert!(!row.contains(random) && !row.contains(&random[..16]), "{table}: {row}");
            }
        }
    }
}

/// The kept answers.
async fn rows(app: &App) -> Vec<String> {
    everything(app, "idempotency").await
}

/// Every row of a table, as text.
async fn everything(app: &App, table: &str) -> Vec<String> {
    let database = Database::connect(&app.url).await.expect("the database answers");
    let columns = crate::databases::columns(&database, table)
        .await
        .into_iter()
        .map(|column| format!("COALESCE(CAST(\"{}\" AS text), '')", column.name))
        .collect::<Vec<_>>()
        .join(" || ' ' || ");
    let found = database
        .query_all_raw(Statement::from_string(
            database.get_database_backend(),
            format!("SELECT {columns} AS line FROM {table}"),
        ))
        .await
        .expect("rows");
    found.iter().map(|row| row.try_get("", "line").expect("text")).collect()
}
