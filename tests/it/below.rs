//! The register below a path of another name: whatever comes in and goes out has that path, and what is inside does not
//! know. Behind real proxies it is tried in `running/proxies.rs`.

use std::time::Duration;

use diligence::config::{Config, Limits};
use poem::http::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, App, On, PASSWORD, text};

const BELOW: &str = "/diligence";
const HTML: (&str, &str) = ("accept", "text/html");

/// The app as it is configured below a path.
async fn below(on: On) -> App {
    let public_url = Some(format!("https://www.example.org{BELOW}").parse().expect("an address"));
    let request_timeout = Duration::from_secs(300);
    App::open_with(on, Config { limits: Limits::NONE, public_url, request_timeout, ..Config::default() }).await
}

/// Asks as a browser or program elsewhere does, by the whole path.
async fn ask(app: &App, method: Method, path: &str, headers: &[(&str, &str)], body: Option<&Value>) -> Answer {
    let mut request = app.client.request(method, path).header("host", "www.example.org");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if let Some(body) = body {
        request = request.header("content-type", "application/json").body(body.to_string());
    }
    Box::pin(async move { Answer::of(request.send().await).await }).await
}

async fn get(app: &App, path: &str, headers: &[(&str, &str)]) -> Answer {
    ask(app, Method::GET, path, headers, None).await
}

/// Each address in the page that begins at the root of the host.
fn leading(page: &str) -> Vec<&str> {
    ["href=\"/", "src=\"/", "action=\"/"]
        .iter()
        .flat_map(|begin| page.split(*begin).skip(1))
        .filter_map(|rest| rest.split('"').next())
        .collect()
}

async fn people_and_programs_find_everything_there(on: On) {
    let app = below(on).await;
    let key = format!("Bearer {}", app.editor.key.as_deref().expect("a key"));
    let key = [("authorization", key.as_str())];

    // A program: where things are, the next page, and the document.
    let suppliers = format!("{BELOW}/api/v1/suppliers");
    for name in ["\"/> href=\"/x\" <a href=\"/", "Two"] {
        let made = ask(&app, Method::POST, &suppliers, &key, Some(&json!({ "name": name }))).await;
        let place = made.header("location").to_owned();
        assert!(made.status == 201 && place.starts_with(&format!("{suppliers}/sup_")), "{place}");
        assert_eq!(text(&get(&app, &place, &key).await.json(200), "name"), name);
    }
    let list = get(&app, &format!("{suppliers}?limit=1"), &key).await;
    let next = list.header("link").strip_prefix('<').and_then(|link| link.split('>').next()).expect("a link");
    assert!(next.starts_with(&format!("{suppliers}?")), "{next}");
    assert_eq!(get(&app, next, &key).await.json(200)["items"].as_array().map(Vec::len), Some(1));
    for root in ["/api/v1", "/respond/v1"] {
        let document = get(&app, &format!("{BELOW}{root}/openapi.json"), &[]).await.json(200);
        assert_eq!(document["servers"], json!([{ "url": format!("{BELOW}{root}") }]));
    }
    let admin = format!("Bearer {}", app.admin.key.as_deref().expect("a key"));
    let invited = json!({ "email": "sam@example.org", "role": "editor" });
    let place = format!("{BELOW}/api/v1/invitations");
    let sent = ask(&app, Method::POST, &place, &[("authorization", &admin)], Some(&invited)).await.json(201);
    assert!(text(&sent, "url").starts_with("https://www.example.org/diligence/invitations#"), "{sent}");

    // A person: led to sign in, in by a cookie that is for this path alone, and on from page to page.
    let stranger = get(&app, &format!("{BELOW}/register?q=a"), &[HTML]).await;
    assert!(stranger.header("location").starts_with(&format!("{BELOW}/sign-in?then=%2Fregister")), "{stranger:?}");
    let body = json!({ "token": sent["token"], "name": "Sam", "password": PASSWORD });
    ask(&app, Method::POST, &format!("{place}/accept"), &[], Some(&body)).await.json(200);
    let body = json!({ "email": "sam@example.org", "password": PASSWORD });
    let signed = ask(&app, Method::POST, &format!("{BELOW}/api/v1/sessions"), &[], Some(&body)).await;
    let set: Vec<&str> =
        signed.headers.get_all("set-cookie").iter().map(|value| value.to_str().expect("text")).collect();
    assert!(
        set.iter().all(|cookie| cookie.starts_with("__Secure-") && cookie.contains("; Path=/diligence;")),
        "{set:?}"
    );
    let session = set.iter().find(|cookie| cookie.starts_with("__Secure-diligence=")).expect("a session");
    let session = [("cookie", session.split(';').next().expect("a pair")), HTML];
    for path in ["", "/", "/register", "/risks", "/suppliers/new", "/account", "/docs", "/questionnaires"] {
        let page = get(&app, &format!("{BELOW}{path}"), &session).await;
        if page.status == 303 {
            assert!(page.header("location").starts_with(&format!("{BELOW}/")), "{path}: {page:?}");
            continue;
        }
        assert_eq!(page.status, 200, "{path}: {}", page.text);
        let places = leading(&page);
        let astray: Vec<&&str> = places.iter().filter(|place| !place.starts_with("diligence/")).collect();
        assert!(places.len() > 5 && astray.is_empty(), "{path} leads to {astray:?}");
        // Where the proxy takes the path off, what it asks for is the same, and so is what comes.
        let stripped = get(&app, if path.is_empty() { "/" } else { path }, &session).await;
        assert_eq!(leading(&stripped), places, "{path}");
    }
    // What people write stays as they wrote it.
    let page = get(&app, &format!("{BELOW}/register"), &session).await;
    assert!(page.contains("&#34;/&#62; href=&#34;/x&#34; &#60;a href=&#34;/"), "{}", page.text);
    // A form that is sent leads on below the path.
    let csrf = crate::pages::token(&get(&app, &format!("{BELOW}/account"), &session).await);
    let form = format!("csrf={csrf}");
    let request = app.client.request(Method::POST, format!("{BELOW}/sign-out")).header("host", "www.example.org");
    let request = session.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
    let out = Answer::of(request.send().await).await;
    assert!(out.status == 303 && out.header("location").starts_with("/diligence/sign-in"), "{out:?}");
    assert!(out.header("set-cookie").starts_with("__Secure-diligence=; Path=/diligence;"), "{out:?}");
}

#[tokio::test]
async fn below_a_path_people_and_programs_find_everything_there_on_sqlite() {
    people_and_programs_find_everything_there(On::Sqlite).await;
}

#[tokio::test]
async fn below_a_path_people_and_programs_find_everything_there_on_postgres() {
    people_and_programs_find_everything_there(On::Postgres).await;
}
