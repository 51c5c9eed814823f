//! Signing in through the providers that small organisations have, each a real process (`tests/providers`): Glewlwyd,
//! django-oauth-toolkit and Canaille. Their forms are filled in by whoever starts them.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{LazyLock, Mutex, PoisonError},
};

use serde_json::{Value, json};

use crate::{
    harness::{Answer, App, both, id, text},
    single_sign_on::{comes_back, cookie, entered, session, someone},
};

/// A provider's process. It ends with this one, which holds its standard input.
struct Provider {
    issuer: String,
    talk: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
    /// Whose turn it is: each keeps what it knows in one file, and answers two at once that it is locked.
    turn: tokio::sync::Mutex<()>,
    _process: Child,
}

impl Provider {
    fn start(script: &str) -> Self {
        let hint = "is set by ./tests/run, which installs what tests/providers asks for";
        let python = std::env::var("DILIGENCE_TEST_PROVIDERS_PYTHON")
            .unwrap_or_else(|_| panic!("DILIGENCE_TEST_PROVIDERS_PYTHON {hint}"));
        let mut process = Command::new(python)
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/providers/").to_owned() + script)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Python starts");
        let input = process.stdin.take().expect("its input");
        let mut output = BufReader::new(process.stdout.take().expect("its output"));
        let mut issuer = String::new();
        output.read_line(&mut issuer).expect("a line");
        assert!(issuer.starts_with("http://127.0.0.1:"), "{script} did not start: {issuer:?}");
        Self {
            issuer: issuer.trim().to_owned(),
            talk: Mutex::new((input, output)),
            turn: tokio::sync::Mutex::default(),
            _process: process,
        }
    }

    /// Signs in at `address`, an address of the provider, as sam; gives the path that the browser comes back to.
    fn goes(&self, address: &str, provider: &Value) -> String {
        let callback = format!("https://localhost/sign-in/{}/callback", id(provider));
        let mut talk = self.talk.lock().unwrap_or_else(PoisonError::into_inner);
        let (input, output) = &mut *talk;
        writeln!(input, "{}", json!({ "address": address, "callback": callback })).expect("sent");
        let mut back = String::new();
        output.read_line(&mut back).expect("a line");
        let path = back.trim().strip_prefix("https://localhost").unwrap_or_else(|| panic!("{back}"));
        path.to_owned()
    }
}

static GLEWLWYD: LazyLock<Provider> = LazyLock::new(|| Provider::start("glewlwyd.py"));
static DJANGO: LazyLock<Provider> = LazyLock::new(|| Provider::start("django_oauth_toolkit.py"));
static CANAILLE: LazyLock<Provider> = LazyLock::new(|| Provider::start("canaille_server.py"));

/// A provider in our organisation, which lets in whoever it vouches for, as its groups say.
async fn known(app: &App, at: &Provider, more: Value) -> Value {
    let mut whole = json!({
        "client_secret": "the-secret-of-the-tests", "admits_new_people": true,
        "role_claim": "groups", "roles": { "directors": "approver" },
    });
    whole.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    entered(app, &at.issuer, whole).await
}

async fn signs_in(app: &App, at: &Provider, provider: &Value) -> Answer {
    let begun = app.get(&app.stranger, &format!("/sign-in/{}", id(provider))).await;
    assert_eq!(begun.status, 303, "{}", begun.text);
    let path = at.goes(begun.header("location"), provider);
    let own = cookie(&begun, "__Host-diligence-sign-in").expect("a cookie");
    comes_back(app, &path, &format!("__Host-diligence-sign-in={own}")).await
}

/// What comes when the provider is tried.
async fn tries(app: &App, at: &Provider, provider: &Value) -> Value {
    let path = format!("/identity-providers/{}/try", id(provider));
    let trial = app.act(&app.admin, &path, provider, None).await.json(201);
    let path = at.goes(text(&trial, "address"), provider);
    assert_eq!(app.get(&app.stranger, &path).await.status, 303);
    app.get(&app.admin, &format!("/sign-in-trials/{}", id(&trial))).await.json(200)["outcome"].clone()
}

async fn changes(app: &App, provider: &Value, change: Value) -> Value {
    app.patch(&app.admin, &format!("/identity-providers/{}", id(provider)), provider, change).await.json(200)
}

async fn is_in_as(app: &App, answer: &Answer, role: &str) {
    let who = someone(app, answer).await;
    let session = session(app, &who).await;
    assert_eq!((text(&session, "user_name"), text(&session["organisation"], "role")), ("Sam Okafor", role));
}

fn notes(provider: &Value) -> String {
    provider["asked"]["notes"].to_string()
}

both! {
    async fn glewlwyd_refuses_pkce_and_says_nothing_of_verified_addresses(app: App) {
        // With a slash at its end, as its own settings suggest.
        let _turn = GLEWLWYD.turn.lock().await;
        let provider = known(&app, &GLEWLWYD, json!({ "issuer": format!("{}/", GLEWLWYD.issuer) })).await;
        assert_eq!(provider["issuer"], json!(GLEWLWYD.issuer));
        for note in ["was typed", "email_verified", "turn PKCE off"] {
            assert!(notes(&provider).contains(note), "{note}: {}", notes(&provider));
        }
        let outcome = tries(&app, &GLEWLWYD, &provider).await;
        assert!(outcome["step"] == "authorisation" && text(&outcome, "why").contains("it may not know PKCE"), "{outcome}");
        let told = signs_in(&app, &GLEWLWYD, &provider).await;
        assert!(told.faults(401).is_empty() && told.text.contains("refused to sign you in"), "{}", told.text);
        let provider = changes(&app, &provider, json!({ "pkce": false })).await;
        let outcome = tries(&app, &GLEWLWYD, &provider).await;
        assert_eq!((&outcome["email"], &outcome["email_verified"], &outcome["email_belief"]), (&json!("sam@example.org"), &Value::Null, &json!("not_said")));
        signs_in(&app, &GLEWLWYD, &provider).await.faults(403);
        let provider = changes(&app, &provider, json!({ "believed_domains": ["example.org"] })).await;
        let outcome = tries(&app, &GLEWLWYD, &provider).await;
        assert_eq!((&outcome["is_let_in"], &outcome["email_belief"], &outcome["role"]), (&json!(true), &json!("believed"), &json!("approver")));
        is_in_as(&app, &signs_in(&app, &GLEWLWYD, &provider).await, "approver").await;
    }

    async fn django_oauth_toolkit_refuses_a_scope_that_it_does_not_know_and_sends_texts(app: App) {
        let _turn = DJANGO.turn.lock().await;
        let provider = known(&app, &DJANGO, json!({})).await;
        // It lists its scopes, and `profile` is not among them: that is not asked for unless somebody says so.
        assert!(!notes(&provider).contains("the scope"), "{}", notes(&provider));
        let outcome = tries(&app, &DJANGO, &provider).await;
        assert_eq!((&outcome["email_verified"], &outcome["email_belief"], &outcome["role"]), (&json!(true), &json!("verified"), &json!("approver")));
        assert!(outcome["role_values"].as_array().expect("a list").contains(&json!("carers")), "{outcome}");
        is_in_as(&app, &signs_in(&app, &DJANGO, &provider).await, "approver").await;
        let provider = changes(&app, &provider, json!({ "scopes": ["email", "profile"] })).await;
        let outcome = tries(&app, &DJANGO, &provider).await;
        assert!(outcome["step"] == "authorisation" && text(&outcome, "why").contains("refuses a scope"), "{outcome}");
        let provider = changes(&app, &provider, json!({ "scopes": [], "pkce": false })).await;
        let outcome = tries(&app, &DJANGO, &provider).await;
        assert!(text(&outcome, "why").contains("it may ask for PKCE") && text(&outcome, "why").contains("Code challenge required"), "{outcome}");
        let provider = changes(&app, &provider, json!({ "pkce": true, "client_secret": "another" })).await;
        let outcome = tries(&app, &DJANGO, &provider).await;
        assert!(outcome["step"] == "exchange" && text(&outcome, "why").contains("invalid_client"), "{outcome}");
    }

    async fn canaille_lists_email_verified_and_never_sends_it(app: App) {
        let _turn = CANAILLE.turn.lock().await;
        let provider = known(&app, &CANAILLE, json!({})).await;
        assert_eq!((&provider["asked"]["tells_verified"], notes(&provider).as_str()), (&json!(true), "[]"));
        let outcome = tries(&app, &CANAILLE, &provider).await;
        assert_eq!((&outcome["email_belief"], &outcome["role_values"]), (&json!("not_said"), &json!(["directors"])));
        let provider = changes(&app, &provider, json!({ "believed_domains": ["example.org"] })).await;
        is_in_as(&app, &signs_in(&app, &CANAILLE, &provider).await, "approver").await;
        // Without their scope, groups do not come, and nobody has a role.
        let provider = changes(&app, &provider, json!({ "scopes": ["email", "profile"] })).await;
        let told = signs_in(&app, &CANAILLE, &provider).await;
        assert!(told.faults(403).is_empty() && told.text.contains("sent no role"), "{}", told.text);
    }
}
