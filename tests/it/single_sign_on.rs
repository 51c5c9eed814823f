//! Signing in through an identity provider: a real one, started by these tests (`tests/contract/provider.mjs`).

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, Command, Stdio},
    sync::LazyLock,
};

use diligence_entities::{clock::Clock, role::Role};
use poem::http::Method;
use serde_json::{Value, json};

use crate::{
    harness::{Answer, App, PASSWORD, Person, both, id, person, text},
    people::actions,
};

/// A provider's process.
pub(crate) struct Provider {
    pub(crate) issuer: String,
    process: Child,
}

impl Provider {
    fn start() -> Self {
        let script = std::env::var("DILIGENCE_TEST_PROVIDER")
            .expect("DILIGENCE_TEST_PROVIDER names tests/contract/provider.mjs beside the node_modules that tests/contract/package.json asks for: run ./tests/run, which installs them");
        let mut process = Command::new("node")
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("node starts");
        let mut issuer = String::new();
        BufReader::new(process.stdout.take().expect("its output")).read_line(&mut issuer).expect("a line");
        assert!(issuer.starts_with("http://127.0.0.1:"), "the provider did not start: {issuer:?}");
        Self { issuer: issuer.trim().to_owned(), process }
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The provider of most tests. It ends with this process, which holds its standard input.
pub(crate) static SHARED: LazyLock<Provider> = LazyLock::new(Provider::start);

/// Someone's browser, as far as the provider sees it.
#[derive(Default)]
struct Browser {
    cookies: BTreeMap<String, String>,
}

impl Browser {
    /// Goes to an address of the provider; gives where it sends the browser next.
    fn goes(&mut self, address: &str) -> String {
        let (host, path) =
            address.strip_prefix("http://").and_then(|rest| rest.split_once('/')).expect("an address of the provider");
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut connection = TcpStream::connect(host).expect("it listens");
        write!(
            connection,
            "GET /{path} HTTP/1.1\r\nHost: {host}\r\nCookie: {}\r\nConnection: close\r\n\r\n",
            cookies.join("; ")
        )
        .expect("sent");
        let mut answer = String::new();
        connection.read_to_string(&mut answer).expect("an answer");
        let mut next = String::new();
        for (name, value) in answer.lines().take_while(|line| !line.is_empty()).filter_map(|line| line.split_once(": "))
        {
            match name.to_ascii_lowercase().as_str() {
                "location" => value.clone_into(&mut next),
                "set-cookie" => {
                    let (name, value) =
                        value.split(';').next().and_then(|pair| pair.split_once('=')).expect("a cookie");
                    self.cookies.insert(name.to_owned(), value.to_owned());
                }
                _ => {}
            }
        }
        if next.starts_with('/') { format!("http://{host}{next}") } else { next }
    }
}

/// A provider with everything that is usual, in our organisation.
pub(crate) async fn entered(app: &App, issuer: &str, more: Value) -> Value {
    app.clock.set(Clock::System.now().time());
    let mut body = json!({ "name": "Accounts", "issuer": issuer, "client_id": "diligence", "client_secret": "the secret of the tests", "email_domains": ["Example.org"] });
    body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    app.post(&app.admin, "/identity-providers", body).await.json(201)
}

/// The value of a cookie that was set.
pub(crate) fn cookie(answer: &Answer, name: &str) -> Option<String> {
    let set = answer.headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
    set.filter_map(|cookie| cookie.strip_prefix(&format!("{name}=")))
        .filter_map(|rest| rest.split(';').next())
        .map(str::to_owned)
        .next()
}

/// Begins to sign in, and signs in at the provider as `account`; gives where the browser is sent back to, and the
/// cookie it has of us.
async fn to_provider_and_back(app: &App, provider: &Value, account: &str) -> (String, String) {
    let begun = app.get(&app.stranger, &format!("/sign-in/{}", id(provider))).await;
    assert_eq!(begun.status, 303, "{}", begun.text);
    let mut browser = Browser::default();
    let interaction = browser.goes(begun.header("location"));
    let signed_in = browser.goes(&format!("{interaction}?account={account}"));
    let back = browser.goes(&signed_in);
    let (_, path) = back.split_once("://localhost").unwrap_or_else(|| panic!("{back:?} is not ours"));
    (
        path.to_owned(),
        format!("__Host-diligence-sign-in={}", cookie(&begun, "__Host-diligence-sign-in").expect("a cookie")),
    )
}

pub(crate) async fn comes_back(app: &App, path: &str, cookie: &str) -> Answer {
    app.send(&app.stranger, Method::GET, path, None, &[("cookie", cookie)]).await
}

/// Signs in through a provider as `account`, with what else the provider says of it behind an `&`.
pub(crate) async fn signs_in(app: &App, provider: &Value, account: &str) -> Answer {
    let (path, cookie) = to_provider_and_back(app, provider, account).await;
    comes_back(app, &path, &cookie).await
}

/// Tries a provider as an administrator, and signs in there as `account`; gives the trial once that is done.
pub(crate) async fn tries(app: &App, provider: &Value, account: &str) -> Value {
    let path = format!("/identity-providers/{}/try", id(provider));
    let trial = app.act(&app.admin, &path, provider, None).await.json(201);
    let mut browser = Browser::default();
    let interaction = browser.goes(text(&trial, "address"));
    let signed_in = browser.goes(&format!("{interaction}?account={account}"));
    let back = browser.goes(&signed_in);
    let (_, path) = back.split_once("://localhost").unwrap_or_else(|| panic!("{back:?} is not ours"));
    let told = app.get(&app.stranger, path).await;
    assert_eq!(
        (told.status.as_u16(), told.header("location")),
        (303, format!("/settings/sign-in/trials/{}", id(&trial)).as_str())
    );
    assert_eq!(cookie(&told, "__Host-diligence"), None);
    // It is finished once, whether anybody could sign in here or not.
    let again = app.get(&app.stranger, path).await.status.as_u16();
    assert!([401, 404].contains(&again), "{again}");
    let trial = app.get(&app.admin, &format!("/sign-in-trials/{}", id(&trial))).await.json(200);
    assert_eq!((&trial["address"], &trial["version"]), (&Value::Null, &json!(2)));
    trial
}

/// Whoever came back signed in.
pub(crate) async fn someone(app: &App, answer: &Answer) -> Person {
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/"), "{}", answer.text);
    let cookie = cookie(answer, "__Host-diligence").expect("a session's cookie");
    let current = app
        .send(
            &app.stranger,
            Method::GET,
            "/sessions/current",
            None,
            &[("cookie", &format!("__Host-diligence={cookie}"))],
        )
        .await
        .json(200);
    Person::in_session(&cookie, text(&current, "csrf_token"))
}

pub(crate) async fn session(app: &App, who: &Person) -> Value {
    app.get(who, "/sessions/current").await.json(200)
}

both! {
    async fn whoever_wanted_to_go_somewhere_comes_there_and_nowhere_that_is_not_ours(app: App) {
        let provider = entered(&app, &SHARED.issuer, json!({})).await;
        app.post(&app.admin, "/invitations", json!({ "email": "sam@example.org", "role": "editor" })).await.json(201);
        for (wanted, place) in [("%2Frisks%3Fstate%3Dopen", "/risks?state=open"), ("https%3A%2F%2Fevil.example", "/"), ("%2F%2Fevil.example", "/")] {
            let begun = app.get(&app.stranger, &format!("/sign-in/{}?then={wanted}", id(&provider))).await;
            let kept = cookie(&begun, "__Host-diligence-then").expect("a cookie");
            let mut browser = Browser::default();
            let interaction = browser.goes(begun.header("location"));
            let signed_in = browser.goes(&format!("{interaction}?account=sam"));
            let back = browser.goes(&signed_in);
            let (_, path) = back.split_once("://localhost").unwrap_or_else(|| panic!("{back:?} is not ours"));
            let own = format!("__Host-diligence-sign-in={}; __Host-diligence-then={kept}", cookie(&begun, "__Host-diligence-sign-in").expect("a cookie"));
            let answer = comes_back(&app, path, &own).await;
            assert_eq!((answer.status.as_u16(), answer.header("location")), (303, place), "{}", answer.text);
            assert_eq!(cookie(&answer, "__Host-diligence-then"), Some(String::new()));
        }
        // What stands in the cookie is looked at again.
        let (path, own) = to_provider_and_back(&app, &provider, "sam").await;
        let answer = comes_back(&app, &path, &format!("{own}; __Host-diligence-then=%2F%2Fevil.example")).await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/"), "{}", answer.text);
    }

    async fn someone_who_was_invited_signs_in_and_is_known_again_by_what_the_provider_calls_them(app: App) {
        let provider = entered(&app, &SHARED.issuer, json!({})).await;
        app.post(&app.admin, "/invitations", json!({ "email": "sam@example.org", "role": "editor" })).await.json(201);
        let sam = someone(&app, &signs_in(&app, &provider, "sam&name=Sam%20Okafor").await).await;
        let current = session(&app, &sam).await;
        assert_eq!((text(&current, "user_name"), text(&current, "method"), text(&current, "stage"), text(&current["organisation"], "role")), ("Sam Okafor", "provider", "complete", "editor"));
        app.post(&sam, "/suppliers", json!({ "name": "Harbour" })).await.json(201);
        let user = app.get(&app.admin, &format!("/users/{}", text(&current, "user_id"))).await.json(200);
        assert_eq!(user["has_password"], json!(false));
        assert_eq!(app.walk("/invitations?pending=true", 50).await, Vec::<Value>::new());
        assert_eq!(actions(&app, &format!("item_id={}", id(&user))).await, ["link_identity", "create"]);
        // Under another address, and even under someone else's, they stay who they are.
        app.joins(&app.admin, "kit@example.org", "admin").await;
        let again = someone(&app, &signs_in(&app, &provider, "sam&email=kit@example.org").await).await;
        assert_eq!(session(&app, &again).await["user_id"], current["user_id"]);
        // There is no password to sign in with.
        app.post(&app.stranger, "/sessions", json!({ "email": "sam@example.org", "password": PASSWORD })).await.faults(401);
    }

    async fn who_is_not_expected_or_not_vouched_for_stays_outside(app: App) {
        let provider = entered(&app, &SHARED.issuer, json!({ "default_role": "viewer" })).await;
        for invited in ["unverified@example.org", "elsewhere@example.net"] {
            app.post(&app.admin, "/invitations", json!({ "email": invited, "role": "admin" })).await.json(201);
        }
        for (account, why) in [
            ("stranger", "do not belong"),
            ("unverified&verified=false", "sent no verified e-mail address"),
            ("elsewhere&email=elsewhere@example.net", "sent no verified e-mail address"),
            ("near&email=sam@notexample.org", "sent no verified e-mail address"),
        ] {
            let told = signs_in(&app, &provider, account).await;
            assert!(told.faults(403).is_empty() && told.text.contains(why), "{account}: {}", told.text);
            assert_eq!(cookie(&told, "__Host-diligence"), None);
        }
        assert_eq!(app.walk("/users", 50).await, Vec::<Value>::new());
        assert_eq!(actions(&app, "action=sign_in_failed&noun=identity_provider").await.len(), 4);
    }

    async fn a_provider_may_admit_new_people_and_say_their_role(app: App) {
        let roles = json!({ "admits_new_people": true, "role_claim": "groups", "roles": { "carers": "viewer", "managers": "editor", "directors": "approver" } });
        let provider = entered(&app, &SHARED.issuer, roles).await;
        let role_of = async |account: &str| {
            let who = someone(&app, &signs_in(&app, &provider, account).await).await;
            let session = session(&app, &who).await;
            (text(&session["organisation"], "role").to_owned(), text(&session, "user_id").to_owned(), who)
        };
        let (role, user, first) = role_of("ann&groups=managers,carers,others").await;
        assert_eq!(role, "editor", "the highest counts");
        let (role, same, _) = role_of("ann&groups=directors").await;
        assert_eq!((role.as_str(), &same), ("approver", &user));
        app.get(&first, "/suppliers").await.faults(401);
        for groups in ["", "others"] {
            let told = signs_in(&app, &provider, &format!("ann&groups={groups}")).await;
            assert!(told.faults(403).is_empty() && told.text.contains("no role"), "{}", told.text);
        }
    }

    async fn an_account_is_only_joined_to_someone_who_belongs_to_the_organisation(app: App) {
        let provider = entered(&app, &SHARED.issuer, json!({ "admits_new_people": true, "default_role": "viewer" })).await;
        app.joins(&app.admin, "member@example.org", "editor").await;
        app.joins(&app.neighbour, "guest@example.org", "admin").await;
        let member = someone(&app, &signs_in(&app, &provider, "member").await).await;
        assert_eq!(text(&session(&app, &member).await["organisation"], "role"), "editor");
        let told = signs_in(&app, &provider, "guest").await;
        assert!(told.faults(403).is_empty() && told.text.contains("accept an invitation"), "{}", told.text);
        assert_eq!(app.walk("/users", 50).await.len(), 1);
    }

    async fn a_provider_reaches_no_further_than_its_own_organisation(app: App) {
        let provider = entered(&app, &SHARED.issuer, json!({})).await;
        app.joins(&app.neighbour, "both@example.org", "admin").await;
        app.joins(&app.admin, "both@example.org", "viewer").await;
        let who = someone(&app, &signs_in(&app, &provider, "both").await).await;
        let me = app.get(&who, "/users/me").await.json(200);
        let elsewhere = me["organisations"].as_array().expect("a list").iter().find(|place| place["name"] == "Riverside Council").expect("theirs").clone();
        assert!(app.post(&who, "/sessions/current/switch", json!({ "organisation_id": id(&elsewhere) })).await.faults(403).is_empty());
        app.patch(&who, "/users/me", &me, json!({ "name": "x" })).await.faults(403);
        app.post(&who, "/users/me/mfa/enrol", json!({ "password": PASSWORD })).await.faults(403);
        app.post(&who, "/users/me/change-password", json!({ "present_password": PASSWORD, "new_password": "slate window kettle heron" })).await.faults(403);
    }

    async fn a_sign_in_is_finished_once_and_in_the_browser_that_began_it(app: App) {
        let provider = entered(&app, &SHARED.issuer, json!({ "admits_new_people": true, "default_role": "viewer" })).await;
        let (path, own) = to_provider_and_back(&app, &provider, "once").await;
        let (other_path, others) = to_provider_and_back(&app, &provider, "twice").await;
        let refused = async |path: &str, cookie: &str| assert_eq!(comes_back(&app, path, cookie).await.faults(401), ["not_begun"], "{path}");
        // What someone else's browser began cannot be slipped in here; and that was its one try.
        refused(&path, &others).await;
        refused(&path, &own).await;
        refused(&other_path, "").await;
        let (path, own) = to_provider_and_back(&app, &provider, "once").await;
        let with_another_state = path.replace("state=", "state=0");
        refused(&with_another_state, &own).await;
        someone(&app, &comes_back(&app, &path, &own).await).await;
        refused(&path, &own).await;
        refused(&format!("/sign-in/{}/callback", id(&provider)), &own).await;
        let (path, own) = to_provider_and_back(&app, &provider, "once").await;
        let told = comes_back(&app, &path.replace("code=", "code=0"), &own).await;
        assert!(told.faults(401).is_empty() && cookie(&told, "__Host-diligence").is_none());
        let (path, own) = to_provider_and_back(&app, &provider, "once").await;
        app.clock.set(app.clock.now().plus_seconds(600).time());
        refused(&path, &own).await;
    }

    async fn a_provider_that_is_off_or_unknown_leads_nowhere(app: App) {
        let provider = entered(&app, &SHARED.issuer, json!({})).await;
        let path = format!("/identity-providers/{}", id(&provider));
        let ours = format!("/api/v1/sign-in?organisation_id={}", id(&app.get(&app.admin, "/organisation").await.json(200)));
        assert_eq!(app.get(&app.stranger, &ours).await.json(200), json!({ "identity_providers": [{ "id": id(&provider), "name": "Accounts" }] }));
        app.patch(&app.admin, &path, &provider, json!({ "is_enabled": false })).await.json(200);
        for off in [id(&provider), "idp_0190c5d2e5f27c3c8a4b0d6f1e2a3b4c", "x"] {
            app.get(&app.stranger, &format!("/sign-in/{off}")).await.faults(404);
            app.get(&app.stranger, &format!("/sign-in/{off}/callback?state=x&code=y")).await.faults(404);
            // Whoever reads it in a browser is told in a page.
            let told = app.send(&app.stranger, Method::GET, &format!("/sign-in/{off}"), None, &[("accept", "text/html,application/xhtml+xml;q=0.9")]).await;
            assert!(told.status == 404 && told.header("content-type").starts_with("text/html") && told.text.contains("<h1>"), "{}", told.text);
        }
        assert_eq!(app.get(&app.stranger, &ours).await.json(200), json!({ "identity_providers": [] }));
    }

    async fn a_stranger_learns_of_providers_only_of_the_organisation_they_ask_for(app: App) {
        let mut all = Vec::new();
        for (admin, name) in [(&app.admin, "Meadow View accounts"), (&app.neighbour, "Riverside accounts")] {
            let body = json!({ "name": name, "issuer": "https://login.example.org", "client_id": "x", "email_domains": ["example.org"] });
            app.post(admin, "/identity-providers", body).await.json(201);
            all.push((id(&app.get(admin, "/organisation").await.json(200)).to_owned(), name));
        }
        let names = async |query: &str| {
            let told = app.get(&app.stranger, &format!("/api/v1/sign-in{query}")).await.json(200);
            told["identity_providers"].as_array().expect("a list").iter().map(|provider| text(provider, "name").to_owned()).collect::<Vec<_>>()
        };
        let page = async |query: &str, cookie: &str| {
            let mut answer = app.client.get(format!("/sign-in{query}")).header("cookie", cookie).send().await.0;
            let kept = answer.headers().get_all("set-cookie").iter().filter_map(|value| value.to_str().ok()).find_map(|cookie| cookie.split(';').next()).unwrap_or_default().to_owned();
            (answer.take_body().into_string().await.expect("a page"), kept)
        };
        assert_eq!(names("").await, [""; 0]);
        let (shown, _) = page("", "").await;
        assert!(all.iter().all(|(_, name)| !shown.contains(name)) && shown.contains("the sign-in address that your organisation gave you"), "{shown}");
        for (index, (organisation, name)) in all.iter().enumerate() {
            assert_eq!(names(&format!("?organisation_id={organisation}")).await, [*name]);
            let (_, other) = &all[1 - index];
            let (shown, kept) = page(&format!("?organisation={organisation}"), "").await;
            assert!(shown.contains(name) && !shown.contains(other), "{shown}");
            // From then on the browser finds it at the plain page too.
            let (again, _) = page("", &kept).await;
            assert!(again.contains(name) && !again.contains(other), "{kept} {again}");
        }
        for nobody in ["org_0190c5d2e5f27c3c8a4b0d6f1e2a3b4c", "x", ""] {
            let (shown, kept) = page(&format!("?organisation={nobody}"), "").await;
            assert!(all.iter().all(|(_, name)| !shown.contains(name)) && kept.is_empty(), "{shown}");
        }
        assert_eq!(names("?organisation_id=org_0190c5d2e5f27c3c8a4b0d6f1e2a3b4c").await, [""; 0]);
        app.get(&app.stranger, "/api/v1/sign-in?organisation_id=x").await.faults(422);
    }

    async fn a_provider_on_this_machine_or_in_a_private_network_is_not_asked_unless_the_console_allows_it(app: App) {
        let strict = App { client: poem::test::TestClient::new(poem::EndpointExt::boxed(diligence::app(app.store.clone(), &diligence::config::Config::default()))), ..App::on(app.store.clone(), &app) };
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("it does not wait");
        let open = format!("http://{}", listener.local_addr().expect("its address"));
        let (named, encrypted) = (open.replace("127.0.0.1", "localhost"), open.replace("http", "https"));
        // All at once, since each failure is told no sooner than any other.
        let enters = async |issuer: &str| {
            let provider = entered(&strict, issuer, json!({})).await;
            assert_eq!((&provider["asked"]["reached"], &provider["asked"]["calls_itself"]), (&json!(false), &Value::Null));
            provider
        };
        let providers = tokio::join!(enters(&open), enters(&named), enters(&encrypted), enters("http://127.0.0.1:9"));
        let providers = [providers.0, providers.1, providers.2, providers.3];
        let goes = async |provider: &Value| {
            let answer = strict.get(&strict.stranger, &format!("/sign-in/{}", id(provider))).await;
            assert!(answer.faults(401).is_empty());
            answer.text
        };
        let told = tokio::join!(goes(&providers[0]), goes(&providers[1]), goes(&providers[2]), goes(&providers[3]));
        let told = [told.0, told.1, told.2, told.3];
        assert!(told.iter().all(|text| *text == told[0]), "{told:?}");
        assert!(listener.accept().is_err(), "nothing knocked");
    }

    async fn passwords_can_be_turned_off_while_there_is_another_way_in(app: App) {
        let provider = entered(&app, &SHARED.issuer, json!({})).await;
        let path = format!("/identity-providers/{}", id(&provider));
        app.joins(&app.admin, "sam@example.org", "admin").await;
        let policy = app.get(&app.admin, "/sign-in-policy").await.json(200);
        app.patch(&app.admin, "/sign-in-policy", &policy, json!({ "allows_passwords": false })).await.json(200);
        let told = app.post(&app.stranger, "/sessions", json!({ "email": "sam@example.org", "password": PASSWORD })).await;
        assert!(told.faults(403).is_empty() && told.text.contains("identity provider"), "{}", told.text);
        assert_eq!(app.patch(&app.admin, &path, &provider, json!({ "is_enabled": false })).await.faults(409), ["no_other_way"]);
        assert_eq!(app.delete(&app.admin, &path, &provider).await.faults(409), ["no_other_way"]);
        someone(&app, &signs_in(&app, &provider, "sam").await).await;
    }

    async fn a_provider_that_is_not_what_it_says_or_not_safe_is_not_believed(app: App) {
        let lies = SHARED.issuer.replace("127.0.0.1", "localhost");
        let body = json!({ "name": "x", "issuer": lies, "client_id": "x" });
        let told = app.post(&app.admin, "/identity-providers", body).await;
        assert_eq!(told.faults(422), ["/issuer other_issuer"]);
        assert!(told.text.contains(&format!("the provider at {lies} calls itself {}:", SHARED.issuer)), "{}", told.text);
        // Nobody is there yet: it is entered all the same.
        let nobody = "http://127.0.0.1:9";
        let provider = entered(&app, nobody, json!({})).await;
        assert_eq!((&provider["asked"]["reached"], &provider["asked"]["calls_itself"]), (&json!(false), &Value::Null));
        let told = app.get(&app.stranger, &format!("/sign-in/{}", id(&provider))).await;
        assert!(told.faults(401).is_empty() && !told.text.contains(nobody), "{}", told.text);
        for issuer in ["http://login.example.org", "ftp://localhost", "login.example.org", "https://login.example.org/?x", "http://169.254.169.254"] {
            let body = json!({ "name": "x", "issuer": issuer, "client_id": "x" });
            assert_eq!(app.post(&app.admin, "/identity-providers", body).await.faults(422), ["/issuer url"], "{issuer}");
        }
        let body = json!({ "name": "x", "issuer": "https://x", "client_id": "x", "roles": { "a": "editor" }, "email_domains": ["example"] });
        assert_eq!(app.post(&app.admin, "/identity-providers", body).await.faults(422), ["/email_domains/0 domain", "/role_claim required"]);
        let body = json!({ "name": "x", "issuer": "https://x", "client_id": "x", "scopes": ["email", "two words", ""], "believed_domains": ["@Example.org", "example"] });
        assert_eq!(app.post(&app.admin, "/identity-providers", body).await.faults(422), ["/believed_domains/1 domain", "/scopes/1 scope", "/scopes/2 scope"]);
    }

    async fn a_provider_that_calls_itself_with_or_without_a_slash_is_entered_under_its_own_name(app: App) {
        let typed = format!("{}/", SHARED.issuer);
        let provider = entered(&app, &typed, json!({ "admits_new_people": true, "default_role": "viewer" })).await;
        assert_eq!((&provider["issuer"], &provider["asked"]["reached"], &provider["asked"]["calls_itself"]), (&json!(SHARED.issuer), &json!(true), &json!(SHARED.issuer)));
        let notes = provider["asked"]["notes"].to_string();
        assert!(notes.contains(&format!("{typed} was typed")), "{notes}");
        someone(&app, &signs_in(&app, &provider, "slash").await).await;
        // Nothing is asked for a change of anything else; for another issuer it is.
        let path = format!("/identity-providers/{}", id(&provider));
        let changed = app.patch(&app.admin, &path, &provider, json!({ "name": "Ours" })).await.json(200);
        assert_eq!(changed["asked"], Value::Null);
        let changed = app.patch(&app.admin, &path, &changed, json!({ "issuer": typed })).await.json(200);
        assert_eq!((&changed["issuer"], &changed["asked"]["reached"]), (&json!(SHARED.issuer), &json!(true)));
        let lies = SHARED.issuer.replace("127.0.0.1", "localhost");
        // The secret that is kept is for the issuer it was entered with.
        assert_eq!(app.patch(&app.admin, &path, &changed, json!({ "issuer": lies })).await.faults(422), ["/client_secret required"]);
        assert_eq!(app.patch(&app.admin, &path, &changed, json!({ "issuer": lies, "client_secret": "another" })).await.faults(422), ["/issuer other_issuer"]);
    }

    async fn nobody_is_asked_for_a_change_to_another_version_than_there_is(app: App) {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("it does not wait");
        let elsewhere = format!("http://{}", listener.local_addr().expect("its address"));
        let provider = entered(&app, &SHARED.issuer, json!({})).await;
        let path = format!("/identity-providers/{}", id(&provider));
        app.patch(&app.admin, &path, &provider, json!({ "name": "Ours" })).await.json(200);
        let body = json!({ "issuer": elsewhere, "client_secret": "another" });
        app.patch(&app.admin, &path, &provider, body).await.faults(412);
        assert!(listener.accept().is_err(), "nothing knocked");
    }

    async fn an_address_verified_in_a_text_counts_and_one_of_which_nothing_is_said_counts_where_an_admin_says_so(app: App) {
        let provider = entered(&app, &SHARED.issuer, json!({ "admits_new_people": true, "default_role": "viewer" })).await;
        someone(&app, &signs_in(&app, &provider, "ann&verified=text").await).await;
        signs_in(&app, &provider, "bea&verified=unsaid").await.faults(403);
        let path = format!("/identity-providers/{}", id(&provider));
        let believed = app.patch(&app.admin, &path, &provider, json!({ "believed_domains": ["Example.org"] })).await.json(200);
        assert_eq!(believed["believed_domains"], json!(["example.org"]));
        someone(&app, &signs_in(&app, &provider, "bea&verified=unsaid").await).await;
        for account in ["cat&verified=false", "dot&verified=unsaid&email=dot@example.net", "eve&verified=unsaid&email=eve@notexample.org"] {
            signs_in(&app, &provider, account).await.faults(403);
        }
        let history = app.walk(&format!("/audit-events?item_id={}&action=change", id(&provider)), 10).await;
        assert_eq!((&history[0]["before"]["believed_domains"], &history[0]["after"]["believed_domains"]), (&json!([]), &json!(["example.org"])));
    }

    async fn roles_come_by_a_scope_of_their_own_and_in_any_usual_shape(app: App) {
        let roles = json!({ "admits_new_people": true, "role_claim": "teams", "roles": { "managers": "editor", "directors": "approver" }, "default_role": "viewer" });
        let provider = entered(&app, &SHARED.issuer, roles).await;
        for (account, role) in [("ann&groups=directors,others", "approver"), ("bea&groups=managers,others&shape=text", "editor"), ("cat&groups=directors&shape=object", "approver"), ("dot", "viewer")] {
            let who = someone(&app, &signs_in(&app, &provider, account).await).await;
            assert_eq!(text(&session(&app, &who).await["organisation"], "role"), role, "{account}");
        }
        // Where the scope is left out, the claim does not come.
        let path = format!("/identity-providers/{}", id(&provider));
        app.patch(&app.admin, &path, &provider, json!({ "scopes": ["email", "profile"] })).await.json(200);
        let who = someone(&app, &signs_in(&app, &provider, "eve&groups=directors").await).await;
        assert_eq!(text(&session(&app, &who).await["organisation"], "role"), "viewer");
    }

    async fn without_pkce_this_provider_refuses_and_says_why_to_whoever_tries_it(app: App) {
        let provider = entered(&app, &SHARED.issuer, json!({ "pkce": false })).await;
        let begun = app.get(&app.stranger, &format!("/sign-in/{}", id(&provider))).await;
        let place = begun.header("location");
        assert!(!place.contains("code_challenge"), "{place}");
        let back = Browser::default().goes(place);
        let (_, path) = back.split_once("://localhost").unwrap_or_else(|| panic!("{back:?} is not ours"));
        let own = format!("__Host-diligence-sign-in={}", cookie(&begun, "__Host-diligence-sign-in").expect("a cookie"));
        let told = comes_back(&app, path, &own).await;
        assert!(told.faults(401).is_empty() && told.text.contains("refused to sign you in"), "{}", told.text);
        let trial = app.act(&app.admin, &format!("/identity-providers/{}/try", id(&provider)), &provider, None).await.json(201);
        let back = Browser::default().goes(text(&trial, "address"));
        let (_, path) = back.split_once("://localhost").unwrap_or_else(|| panic!("{back:?} is not ours"));
        assert_eq!(app.get(&app.stranger, path).await.status, 303);
        let outcome = app.get(&app.admin, &format!("/sign-in-trials/{}", id(&trial))).await.json(200)["outcome"].clone();
        assert_eq!((&outcome["step"], &outcome["is_let_in"]), (&json!("authorisation"), &json!(false)));
        assert!(text(&outcome, "why").contains("it may ask for PKCE"), "{outcome}");
    }

    async fn a_trial_shows_what_came_and_signs_nobody_in(app: App) {
        let provider = entered(&app, &SHARED.issuer, json!({ "is_enabled": false, "role_claim": "groups", "roles": { "directors": "approver" } })).await;
        let tries = async |account: &str| tries(&app, &provider, account).await["outcome"].clone();
        let outcome = tries("sam&groups=directors").await;
        assert_eq!((&outcome["is_let_in"], &outcome["step"], &outcome["email_belief"], &outcome["role_values"]), (&json!(false), &json!("admission"), &json!("verified"), &json!(["directors"])));
        assert!(text(&outcome, "why").contains("ask one of its admins for an invitation"), "{outcome}");
        app.post(&app.admin, "/invitations", json!({ "email": "sam@example.org", "role": "editor" })).await.json(201);
        let outcome = tries("sam&groups=directors").await;
        assert_eq!((&outcome["is_let_in"], &outcome["role"], &outcome["email"], &outcome["email_verified"], &outcome["issuer"]), (&json!(true), &json!("approver"), &json!("sam@example.org"), &json!(true), &json!(SHARED.issuer)));
        assert!(text(&outcome, "why").contains("once people can sign in through it"), "{outcome}");
        assert!(outcome["claims"].as_array().expect("a list").contains(&json!("groups")), "{outcome}");
        let outcome = tries("sam&groups=directors&verified=unsaid").await;
        assert_eq!((&outcome["email_verified"], &outcome["email_belief"]), (&Value::Null, &json!("not_said")));
        // Nobody came, and the invitation is as good as before.
        assert_eq!(app.walk("/users", 50).await, Vec::<Value>::new());
        assert_eq!(app.walk("/invitations?pending=true", 50).await.len(), 1);
        // What was kept of them goes after an hour.
        let trial = app.act(&app.admin, &format!("/identity-providers/{}/try", id(&provider)), &provider, None).await.json(201);
        app.clock.set(app.clock.now().plus_seconds(3600).time());
        app.get(&app.admin, &format!("/sign-in-trials/{}", id(&trial))).await.faults(404);
    }

    async fn a_providers_secret_is_kept_and_never_shown(app: App) {
        let provider = entered(&app, &SHARED.issuer, json!({})).await;
        let path = format!("/identity-providers/{}", id(&provider));
        let changed = app.patch(&app.admin, &path, &provider, json!({ "name": "Ours" })).await.json(200);
        app.post(&app.admin, "/invitations", json!({ "email": "kept@example.org", "role": "viewer" })).await.json(201);
        someone(&app, &signs_in(&app, &provider, "kept").await).await;
        let wrong = app.patch(&app.admin, &path, &changed, json!({ "client_secret": "another" })).await.json(200);
        assert!(signs_in(&app, &provider, "kept").await.faults(401).is_empty());
        for shown in ["/identity-providers", path.as_str(), "/audit-events"] {
            let seen = app.get(&app.admin, shown).await;
            assert!(seen.status == 200 && !seen.text.contains("the secret of the tests") && !seen.text.contains("client_secret"), "{shown}");
        }
        assert_eq!(actions(&app, &format!("item_id={}", id(&wrong))).await, ["change_secret", "change", "change", "create"]);
    }

    async fn who_was_removed_is_not_let_in_again_by_the_provider_alone(app: App) {
        let provider = entered(&app, &SHARED.issuer, json!({})).await;
        app.post(&app.admin, "/invitations", json!({ "email": "gone@example.org", "role": "viewer" })).await.json(201);
        let gone = someone(&app, &signs_in(&app, &provider, "gone").await).await;
        let user = crate::roles::user_of(&app, &gone).await;
        assert_eq!(app.delete(&app.admin, &format!("/users/{}", id(&user)), &user).await.status, 204);
        app.get(&gone, "/suppliers").await.faults(401);
        signs_in(&app, &provider, "gone").await.faults(403);
    }

    async fn another_key_of_the_provider_is_looked_up(app: App) {
        let own = Provider::start();
        let provider = entered(&app, &own.issuer, json!({ "admits_new_people": true, "default_role": "viewer" })).await;
        someone(&app, &signs_in(&app, &provider, "before").await).await;
        Browser::default().goes(&format!("{}/new-keys", own.issuer));
        // Its keys are asked for again no sooner than after a minute.
        signs_in(&app, &provider, "after").await.faults(401);
        app.clock.set(app.clock.now().plus_seconds(61).time());
        someone(&app, &signs_in(&app, &provider, "after").await).await;
    }

    async fn a_neighbours_provider_signs_in_nobody_of_ours(app: App) {
        let neighbour = person(&app.store, "Riverside Council", Role::Admin).await;
        app.clock.set(Clock::System.now().time());
        let body = json!({ "name": "Theirs", "issuer": SHARED.issuer, "client_id": "diligence", "client_secret": "the secret of the tests", "email_domains": ["example.org"], "default_role": "admin" });
        let theirs = app.post(&neighbour, "/identity-providers", body).await.json(201);
        app.joins(&app.admin, "ours@example.org", "admin").await;
        signs_in(&app, &theirs, "ours").await.faults(403);
    }
}
