//! The app under test, people with roles, and builders for what most tests need first.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use chrono::{TimeZone as _, Utc};
use diligence::{
    app,
    config::{Config, Limits},
};
use diligence_entities::{
    api_key::{self, KeyScope, NewApiKey},
    clock::Clock,
    organisation::{self, Organisation},
    role::Role,
    scope::{Actor, Scope, Store, StoreOptions},
};
use poem::{
    EndpointExt as _, Response,
    endpoint::BoxEndpoint,
    http::{Method, StatusCode},
    test::TestClient,
};
use sea_orm::{ConnectionTrait as _, Database};
use serde_json::{Value, json};

/// Which database a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum On {
    /// A file of its own.
    Sqlite,
    /// A database of its own in the cluster at `DILIGENCE_TEST_POSTGRES`.
    Postgres,
}

/// Runs a body on both databases: `both!(async fn a_sentence(app: App) { … });`.
macro_rules! both {
    ($(async fn $name:ident($app:ident: App) $body:block)*) => {$(
        mod $name {
            #[allow(unused_imports)]
            use super::*;
            async fn body($app: $crate::harness::App) $body
            #[tokio::test]
            async fn on_sqlite() {
                body($crate::harness::App::open($crate::harness::On::Sqlite).await).await;
            }
            #[tokio::test]
            async fn on_postgres() {
                body($crate::harness::App::open($crate::harness::On::Postgres).await).await;
            }
        }
    )*};
}
pub(crate) use both;

/// Someone who sends requests.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    /// Their key, or the text of their session and its CSRF token with a space between; a stranger has neither.
    pub(crate) key: Option<String>,
}

impl Person {
    /// Someone in a session.
    pub(crate) fn in_session(cookie: &str, csrf_token: &str) -> Self {
        Self { key: Some(format!("{cookie} {csrf_token}")) }
    }

    /// The text of their session, and its CSRF token.
    pub(crate) fn session(&self) -> Option<(&str, &str)> {
        self.key.as_deref().filter(|key| key.starts_with("dls_")).and_then(|key| key.split_once(' '))
    }
}

/// The password of everyone in tests who has one.
pub(crate) const PASSWORD: &str = "plum chair river nine";

/// The app, and the people around it.
pub(crate) struct App {
    /// The whole app, limits and error bodies included.
    pub(crate) client: TestClient<BoxEndpoint<'static, Response>>,
    /// The store beneath, for what no door shows.
    pub(crate) store: Store,
    /// The app's time, which stands at 2027-03-01 09:00 UTC until it is set.
    pub(crate) clock: Clock,
    /// The address of the database.
    pub(crate) url: String,
    /// Reads.
    pub(crate) viewer: Person,
    /// Writes.
    pub(crate) editor: Person,
    /// Decides.
    pub(crate) approver: Person,
    /// Sets policy and makes keys.
    pub(crate) admin: Person,
    /// An administrator of another organisation in the same database.
    pub(crate) neighbour: Person,
    /// Has no key.
    pub(crate) stranger: Person,
    pub(crate) _folder: Option<Folder>,
}

/// A folder that goes with its test.
pub(crate) struct Folder(pub(crate) std::path::PathBuf);
impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// The address of an empty database.
pub(crate) async fn empty_database(on: On) -> (String, Option<Folder>) {
    let name = format!("diligence_test_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    match on {
        On::Sqlite => {
            let folder = std::env::temp_dir().join(name);
            std::fs::create_dir_all(&folder).expect("a temporary folder");
            (format!("sqlite://{}/diligence.db", folder.display()), Some(Folder(folder)))
        }
        On::Postgres => {
            let base = std::env::var("DILIGENCE_TEST_POSTGRES").expect(
                "DILIGENCE_TEST_POSTGRES names a PostgreSQL cluster for tests: run ./tests/run, which makes one",
            );
            let cluster = Database::connect(&base).await.expect("the cluster answers");
            cluster.execute_unprepared(&format!("CREATE DATABASE {name}")).await.expect("a database of its own");
            cluster.close().await.expect("closed");
            let (server, _) = base.rsplit_once('/').expect("an address that ends in a database's name");
            (format!("{server}/{name}"), None)
        }
    }
}

/// Where the identity provider of the tests is.
pub(crate) fn this_machine() -> Vec<ipnet::IpNet> {
    ["127.0.0.0/8", "::1/128"].iter().map(|network| network.parse().expect("a network")).collect()
}

impl App {
    /// A new app on an empty database, with two organisations. Tests ask faster than anyone may, on a clock that
    /// stands.
    pub(crate) async fn open(on: On) -> Self {
        // What is unoptimised and has no core to itself takes its time; how long anything may take is tested elsewhere.
        let request_timeout = Duration::from_secs(300);
        let provider_networks = this_machine();
        Self::open_with(on, Config { limits: Limits::NONE, provider_networks, request_timeout, ..Config::default() })
            .await
    }

    /// A new app with a configuration of its own.
    pub(crate) async fn open_with(on: On, config: Config) -> Self {
        let (url, folder) = empty_database(on).await;
        let clock = Clock::fixed(Utc.with_ymd_and_hms(2027, 3, 1, 9, 0, 0).single().expect("a time"));
        let store = Store::open(StoreOptions { url: url.clone(), max_connections: 4, clock: clock.clone() })
            .await
            .expect("the store opens");
        let ours = "Meadow View Care";
        Self {
            viewer: person(&store, ours, Role::Viewer).await,
            editor: person(&store, ours, Role::Editor).await,
            approver: person(&store, ours, Role::Approver).await,
            admin: person(&store, ours, Role::Admin).await,
            neighbour: person(&store, "Riverside Council", Role::Admin).await,
            stranger: Person { key: None },
            client: TestClient::new(app(store.clone(), &config).boxed()),
            store,
            clock,
            url,
            _folder: folder,
        }
    }

    /// An app on a database that holds two organisations already, with an administrator's key of each.
    pub(crate) fn of(
        store: Store,
        clock: Clock,
        url: String,
        folder: Option<Folder>,
        admin: Person,
        neighbour: Person,
    ) -> Self {
        let config = Config { limits: Limits::NONE, ..Config::default() };
        let (viewer, editor, approver) = (admin.clone(), admin.clone(), admin.clone());
        Self {
            client: TestClient::new(app(store.clone(), &config).boxed()),
            store,
            clock,
            url,
            viewer,
            editor,
            approver,
            admin,
            neighbour,
            stranger: Person { key: None },
            _folder: folder,
        }
    }

    /// The app around a store in which there is nobody yet.
    pub(crate) fn around(store: Store) -> Self {
        let nobody = || Person { key: None };
        Self {
            client: TestClient::new(app(store.clone(), &Config { limits: Limits::NONE, ..Config::default() }).boxed()),
            clock: store.clock().clone(),
            store,
            url: String::new(),
            viewer: nobody(),
            editor: nobody(),
            approver: nobody(),
            admin: nobody(),
            neighbour: nobody(),
            stranger: nobody(),
            _folder: None,
        }
    }

    /// Another program on the same database, for the people of the first.
    pub(crate) fn on(store: Store, other: &Self) -> Self {
        Self {
            client: TestClient::new(app(store.clone(), &Config { limits: Limits::NONE, ..Config::default() }).boxed()),
            store,
            clock: other.clock.clone(),
            url: other.url.clone(),
            viewer: other.viewer.clone(),
            editor: other.editor.clone(),
            approver: other.approver.clone(),
            admin: other.admin.clone(),
            neighbour: other.neighbour.clone(),
            stranger: other.stranger.clone(),
            _folder: None,
        }
    }

    /// The app from next door: the neighbour has every role, and our administrator is their neighbour.
    pub(crate) fn next_door(&self) -> Self {
        let they = || self.neighbour.clone();
        Self {
            client: TestClient::new(app(self.store.clone(), &Config::default()).boxed()),
            store: self.store.clone(),
            clock: self.clock.clone(),
            url: self.url.clone(),
            viewer: they(),
            editor: they(),
            approver: they(),
            admin: they(),
            neighbour: self.admin.clone(),
            stranger: self.stranger.clone(),
            _folder: None,
        }
    }

    /// Sends a request and waits for the answer.
    pub(crate) async fn send(
        &self,
        who: &Person,
        method: Method,
        path: &str,
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let kind = body.map(|_| ("content-type", "application/json"));
        let headers: Vec<(&str, &str)> = kind.into_iter().chain(headers.iter().copied()).collect();
        self.raw(who, method, path, body.map(|body| body.to_string().into_bytes()), &headers).await
    }

    /// Sends a request with a body as it is.
    pub(crate) async fn raw(
        &self,
        who: &Person,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let path = if path.starts_with('/')
            && !path.starts_with("/api")
            && !path.starts_with("/health")
            && !path.starts_with("/metrics")
            && !path.starts_with("/docs")
            && !path.starts_with("/problems")
            && !path.starts_with("/schemas")
            && !path.starts_with("/respond/")
            && !path.starts_with("/sign-in/")
        {
            format!("/api/v1{path}")
        } else {
            path.to_owned()
        };
        let mut request = self.client.request(method, &path);
        if let Some((cookie, csrf_token)) = who.session() {
            request = request.header("cookie", format!("__Host-diligence={cookie}"));
            if !headers.iter().any(|(name, _)| *name == "x-csrf-token") {
                request = request.header("x-csrf-token", csrf_token);
            }
        } else if let Some(key) = &who.key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        // On the heap: a test that sends a hundred requests keeps no room on its stack for each.
        Box::pin(async move { Answer::of(request.send().await).await }).await
    }

    /// Someone of this address, who comes to an organisation through an invitation by this admin of it.
    pub(crate) async fn joins(&self, admin: &Person, email: &str, role: &str) {
        let sent = self.post(admin, "/invitations", json!({ "email": email, "role": role })).await.json(201);
        let body = json!({ "token": sent["token"], "name": email.split('@').next(), "password": PASSWORD });
        self.post(&self.stranger, "/invitations/accept", body).await.json(200);
    }

    /// Someone of this address signs in with their password.
    pub(crate) async fn signs_in(&self, email: &str) -> Person {
        session_of(&self.post(&self.stranger, "/sessions", json!({ "email": email, "password": PASSWORD })).await)
    }

    /// Someone new in our organisation, with this role and a session.
    pub(crate) async fn member(&self, role: &str) -> Person {
        let email = format!("{role}.{}@example.org", NUMBER.fetch_add(1, Ordering::Relaxed));
        self.joins(&self.admin, &email, role).await;
        self.signs_in(&email).await
    }

    /// The number of the organisation's audit events: it stands still while nothing is changed, exported or refused.
    pub(crate) async fn event_count(&self) -> i64 {
        self.get(&self.admin, "/audit-events?limit=1").await.json(200)["items"][0]["sequence"]
            .as_i64()
            .expect("a number")
    }

    /// Reads.
    pub(crate) async fn get(&self, who: &Person, path: &str) -> Answer {
        self.send(who, Method::GET, path, None, &[]).await
    }

    /// Makes something.
    pub(crate) async fn post(&self, who: &Person, path: &str, body: Value) -> Answer {
        self.send(who, Method::POST, path, Some(&body), &[]).await
    }

    /// Moves an item to another state, at the version it has in `item`.
    pub(crate) async fn act(&self, who: &Person, path: &str, item: &Value, body: Option<Value>) -> Answer {
        self.send(who, Method::POST, path, body.as_ref(), &[("if-match", &etag(item))]).await
    }

    /// Changes an item, at the version it has in `item`.
    pub(crate) async fn patch(&self, who: &Person, path: &str, item: &Value, body: Value) -> Answer {
        self.send(who, Method::PATCH, path, Some(&body), &[("if-match", &etag(item))]).await
    }

    /// Takes an item away, at the version it has in `item`.
    pub(crate) async fn delete(&self, who: &Person, path: &str, item: &Value) -> Answer {
        self.send(who, Method::DELETE, path, None, &[("if-match", &etag(item))]).await
    }

    /// Puts the app's time to nine o'clock on this day.
    pub(crate) fn goes_to(&self, day: &str) {
        self.clock.set(format!("{day}T09:00:00Z").parse().expect("a day"));
    }

    /// Every item of a list, page by page: each page but the last is full.
    pub(crate) async fn walk(&self, path: &str, limit: usize) -> Vec<Value> {
        let joint = if path.contains('?') { '&' } else { '?' };
        let (mut items, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.get(&self.admin, &format!("{path}{joint}limit={limit}{cursor}")).await.json(200);
            let new = page["items"].as_array().expect("a list");
            items.extend(new.iter().cloned());
            let Some(next) = page["next"].as_str() else {
                assert!(new.len() <= limit, "{path}");
                return items;
            };
            assert_eq!(new.len(), limit, "{path}");
            cursor = format!("&cursor={next}");
        }
    }

    /// A list comes whole, each item once and in order, in each of `sorts` at every size of page. `id` names the field
    /// that breaks ties, `key` says what an item is sorted by; `:field` (or `:-field`) stands for the one order of a
    /// list that takes no sort.
    pub(crate) async fn comes_in_pages(
        &self,
        path: &str,
        id: &str,
        sorts: &[&str],
        key: impl Fn(&Value, &str) -> String,
    ) {
        let joint = if path.contains('?') { '&' } else { '?' };
        for sort in sorts {
            let (path, order) = match sort.strip_prefix(':') {
                Some(order) => (path.to_owned(), order),
                None => (format!("{path}{joint}sort={sort}"), *sort),
            };
            let mut expected = self.walk(&path, 200).await;
            assert!(expected.len() >= 3, "{path} has too few items to tell");
            expected.sort_by_key(|item| (key(item, order.trim_start_matches('-')), text(item, id).to_owned()));
            if order.starts_with('-') {
                expected.reverse();
            }
            for limit in 1..=expected.len() + 1 {
                assert_eq!(self.walk(&path, limit).await, expected, "{path} at limit {limit}");
            }
        }
    }

    /// A list under `filter` holds those items of the whole list for which `fits`: some of them, and not all.
    pub(crate) async fn is_filtered(&self, path: &str, filter: &str, fits: impl Fn(&Value) -> bool) {
        let joint = if path.contains('?') { '&' } else { '?' };
        let all = self.walk(path, 200).await;
        let expected: Vec<Value> = all.iter().filter(|item| fits(item)).cloned().collect();
        assert!(
            !expected.is_empty() && expected.len() < all.len(),
            "{path} {filter}: {} of {}",
            expected.len(),
            all.len()
        );
        assert_eq!(self.walk(&format!("{path}{joint}{filter}"), 200).await, expected, "{path} {filter}");
    }

    /// The line of this supplier or product in the register.
    pub(crate) async fn line(&self, subject: &Value) -> Value {
        let supplier = subject["supplier_id"].as_str().unwrap_or_else(|| id(subject));
        let lines = self.walk(&format!("/register?supplier_id={supplier}"), 200).await;
        lines.into_iter().find(|line| line["subject_id"] == subject["id"]).expect("a line in the register")
    }

    /// A supplier with this name, of which nothing else is known: its tier is `unknown`.
    pub(crate) async fn supplier(&self, name: &str) -> Value {
        as_read(self.post(&self.editor, "/suppliers", json!({ "name": name })).await.json(201))
    }

    /// A supplier of low tier: we would hardly notice if it stopped.
    pub(crate) async fn minor(&self, name: &str) -> Value {
        let body = json!({ "name": name, "service_criticality": "minor" });
        as_read(self.post(&self.editor, "/suppliers", body).await.json(201))
    }

    /// A supplier of high tier that handles care records for us.
    pub(crate) async fn processor(&self, name: &str) -> Value {
        let body = json!({ "name": name, "data_role": "processor", "data_sensitivity": "special_category", "system_access": "standing" });
        as_read(self.post(&self.editor, "/suppliers", body).await.json(201))
    }

    /// A product of this supplier.
    pub(crate) async fn product(&self, supplier: &Value, name: &str) -> Value {
        let body = json!({ "supplier_id": id(supplier), "name": name, "kind": "software" });
        as_read(self.post(&self.editor, "/products", body).await.json(201))
    }

    /// An assessment of this supplier or product, just started.
    pub(crate) async fn assessment(&self, questionnaire: &str, subject: &Value) -> Value {
        self.post(&self.editor, "/assessments", json!({ "questionnaire": questionnaire, "subject_id": id(subject) }))
            .await
            .json(201)
    }

    /// Answers every visible question of an open assessment with `choose`, until nothing new appears; gives the
    /// progress.
    pub(crate) async fn answer_all(&self, assessment: &Value, choose: impl Fn(&Value) -> Value) -> Value {
        let path =
            format!("/questionnaires/{}/editions/{}", text(assessment, "questionnaire"), text(assessment, "edition"));
        let edition = self.get(&self.editor, &path).await.json(200);
        let path = format!("/assessments/{}/answers", id(assessment));
        let mut progress = self.get(&self.editor, &path).await.json(200);
        loop {
            let open: Vec<&str> = progress["visible"]
                .as_array()
                .expect("a list")
                .iter()
                .filter_map(Value::as_str)
                .filter(|key| progress["answers"].get(*key).is_none())
                .collect();
            if open.is_empty() {
                return progress;
            }
            let questions = edition["sections"]
                .as_array()
                .expect("sections")
                .iter()
                .flat_map(|section| section["questions"].as_array().expect("questions"));
            let answers: serde_json::Map<String, Value> = questions
                .filter(|question| open.contains(&text(question, "key")))
                .map(|question| {
                    (text(question, "key").to_owned(), json!({ "value": choose(question), "comment": "because" }))
                })
                .collect();
            let assessment = progress["assessment"].clone();
            progress = self.patch(&self.editor, &path, &assessment, answers.into()).await.json(200);
        }
    }

    /// An assessment of this supplier or product, answered with `choose`, submitted, rated and approved.
    pub(crate) async fn approved(
        &self,
        questionnaire: &str,
        subject: &Value,
        choose: impl Fn(&Value) -> Value,
    ) -> Value {
        let assessment = self.assessment(questionnaire, subject).await;
        let progress = self.answer_all(&assessment, choose).await;
        let path = format!("/assessments/{}", id(&assessment));
        let mut assessment =
            self.act(&self.editor, &format!("{path}/submit"), &progress["assessment"], None).await.json(200);
        let texts = progress["awaiting_review"].as_array().expect("a list");
        if !texts.is_empty() {
            let points: serde_json::Map<String, Value> =
                texts.iter().map(|key| (key.as_str().expect("a key").to_owned(), json!({ "points": 100 }))).collect();
            assessment = self
                .patch(&self.approver, &format!("{path}/review"), &assessment, points.into())
                .await
                .json(200)["assessment"]
                .clone();
        }
        self.act(&self.approver, &format!("{path}/approve"), &assessment, None).await.json(200)
    }
}

/// The answer worth most to a question of an edition document.
pub(crate) fn best(question: &Value) -> Value {
    chosen(question, |choices| choices.iter().max_by_key(|choice| choice["points"].as_u64()))
}

/// The answer worth least to a question of an edition document.
pub(crate) fn worst(question: &Value) -> Value {
    chosen(question, |choices| choices.iter().min_by_key(|choice| choice["points"].as_u64()))
}

fn chosen(question: &Value, pick: impl Fn(&[Value]) -> Option<&Value>) -> Value {
    let list = |name: &str| question[name].as_array().cloned().unwrap_or_default();
    match text(question, "type") {
        "multiple_choice" => {
            let options = list("options");
            let plain: Vec<Value> = options
                .iter()
                .filter(|option| option["exclusive"] != json!(true) && option["points"] != json!(0))
                .map(|option| option["value"].clone())
                .collect();
            let is_best = pick(&options).is_some_and(|option| option["points"].as_u64() > Some(0));
            if is_best || plain.is_empty() {
                plain.into()
            } else {
                json!([options.iter().min_by_key(|option| option["points"].as_u64()).expect("an option")["value"]])
            }
        }
        "number" => pick(&list("bands"))
            .and_then(|band| band.get("at_least").cloned())
            .unwrap_or_else(|| question.get("minimum").cloned().unwrap_or(json!(0))),
        "date" => pick(&list("bands"))
            .filter(|band| band["points"].as_u64() > Some(0))
            .map_or(json!("2001-01-01"), |_| json!("2027-02-28")),
        "text" => json!("We do it like this."),
        _ => pick(&list("options")).expect("an option")["value"].clone(),
    }
}

/// Whoever was just signed in.
#[track_caller]
pub(crate) fn session_of(answer: &Answer) -> Person {
    assert!(answer.status.is_success(), "{}", answer.text);
    let set = answer.headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
    let cookie = set
        .filter_map(|cookie| cookie.strip_prefix("__Host-diligence="))
        .filter_map(|rest| rest.split(';').next())
        .next()
        .expect("a session's cookie");
    let current: Value = serde_json::from_str(&answer.text).expect("JSON");
    Person::in_session(cookie, text(&current, "csrf_token"))
}

/// The code that the authenticator app with this secret shows at this time.
pub(crate) fn code_at(secret: &str, time: i64) -> String {
    let bytes = totp_rs::Secret::Encoded(secret.to_owned()).to_bytes().expect("base 32");
    let totp = totp_rs::TOTP::new(totp_rs::Algorithm::SHA1, 6, 1, 30, bytes, None, String::new()).expect("a secret");
    totp.generate(u64::try_from(time).expect("a time"))
}

/// The organisation of this name, which is made if it is new.
pub(crate) async fn organisation_called(store: &Store, name: &str) -> Organisation {
    let all = organisation::all(store).await.expect("the organisations");
    if let Some(organisation) = organisation::called(name, &all) {
        return organisation.clone();
    }
    let (organisation, writer) = organisation::begin(store, name).await.expect("an organisation");
    writer.save().await.expect("saved");
    organisation
}

/// A new key of this role in the organisation of this name, which is made if it is new.
pub(crate) async fn person(store: &Store, organisation: &str, role: Role) -> Person {
    let organisation = organisation_called(store, organisation).await;
    let scope = Scope {
        organisation_id: organisation.id,
        actor: Actor { id: "console".into(), name: "console".into() },
        role: Role::Admin,
        request_id: None,
    };
    let writer = store.write(&scope).await.expect("a writer");
    let (_, secret) = api_key::create(
        &writer,
        NewApiKey { name: role.to_string(), role, scope: KeyScope::Everything, expires_on: None },
    )
    .await
    .expect("a key");
    writer.save().await.expect("saved");
    Person { key: Some(secret.reveal().to_owned()) }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: StatusCode,
    /// The headers.
    pub(crate) headers: poem::http::HeaderMap,
    /// The body, as far as it is text.
    pub(crate) text: String,
    /// The body as it is.
    pub(crate) bytes: Vec<u8>,
}

/// A page is what it says.
impl std::ops::Deref for Answer {
    type Target = str;
    fn deref(&self) -> &str {
        &self.text
    }
}

impl Answer {
    /// What a request was answered with.
    pub(crate) async fn of(response: poem::test::TestResponse) -> Self {
        let response = response.0;
        let status = response.status();
        let headers = response.headers().clone();
        let bytes = response.into_body().into_vec().await.expect("a body");
        Self { status, headers, text: String::from_utf8_lossy(&bytes).into_owned(), bytes }
    }

    /// The body as JSON, after making sure of the status.
    #[track_caller]
    pub(crate) fn json(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        serde_json::from_str(&self.text).expect("a body of JSON")
    }

    /// The problem's errors as `pointer code`, after making sure of the status and the shape of the body.
    #[track_caller]
    pub(crate) fn faults(&self, status: u16) -> Vec<String> {
        let body = self.json(status);
        assert_eq!(self.header("content-type"), "application/problem+json", "{body}");
        let names: Vec<&str> = body.as_object().expect("an object").keys().map(String::as_str).collect();
        assert_eq!(names, ["type", "title", "status", "detail", "errors"]);
        assert_eq!(body["status"], json!(status));
        let errors = body["errors"].as_array().expect("a list");
        errors
            .iter()
            .map(|error| format!("{} {}", text(error, "pointer"), text(error, "code")).trim().to_owned())
            .collect()
    }

    /// A header's text; empty where there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// What was entered, as it is read from now on: without what was said of others at its entry.
pub(crate) fn as_read(mut created: Value) -> Value {
    let twins = created.as_object_mut().and_then(|item| item.remove("twins"));
    assert!(twins.is_some(), "{created} does not say what it may be already");
    created
}

/// An item's id.
pub(crate) fn id(item: &Value) -> &str {
    text(item, "id")
}

/// A field's text.
#[track_caller]
pub(crate) fn text<'a>(item: &'a Value, field: &str) -> &'a str {
    item[field].as_str().unwrap_or_else(|| panic!("{field} is text in {item}"))
}

/// The `ETag` of an item.
pub(crate) fn etag(item: &Value) -> String {
    format!("\"{}\"", item["version"])
}
