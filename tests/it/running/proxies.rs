//! The program behind each proxy, as in the sample that is shipped, below a path of another name, and behind proxies
//! that are set up otherwise: that pack answers themselves, keep what they can, or ask by HTTP/1.0.

use std::{
    fs,
    process::{Command, Output},
    time::Duration,
};

use serde_json::{Value, json};

use super::{
    proxy::{ALL, BELOW, Kind, NAME, Proxy, SetUp},
    tool,
};
use crate::{
    harness::{Folder, On, PASSWORD, empty_database},
    operations::run,
    server::Server,
};

/// The head and the body of what `curl --include` shows.
fn head_and_body(output: &Output) -> (String, Vec<u8>) {
    let end = output.stdout.windows(4).position(|window| window == b"\r\n\r\n").expect("the end of a head");
    let (head, body) = output.stdout.split_at(end);
    (String::from_utf8_lossy(head).to_lowercase(), body.get(4..).unwrap_or_default().to_vec())
}

fn header<'a>(head: &'a str, name: &str) -> &'a str {
    head.lines()
        .find_map(|line| line.split_once(": ").filter(|(known, _)| *known == name))
        .map_or("", |(_, value)| value.trim())
}

/// The cookies that an answer sets, as they are sent back, and with all that is said of them.
fn cookies(output: &Output) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let set = text.lines().take_while(|line| !line.is_empty()).filter_map(|line| line.split_once(": "));
    set.filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"))
        .map(|(_, value)| (value.split(';').next().unwrap_or_default().to_owned(), value.to_owned()))
        .collect()
}

async fn behind(kind: Kind, set_up: SetUp, more: &[&str]) -> (Proxy, Server, Folder) {
    let (url, folder) = empty_database(On::Sqlite).await;
    let folder = folder.expect("a folder");
    let public = format!("https://{NAME}{}", if set_up == SetUp::Below { BELOW } else { "" });
    let server =
        Server::start_with(&url, &[&["--trusted-proxies", "127.0.0.1", "--public-url", &public], more].concat());
    let proxy = Proxy::start(kind, set_up, &server, &folder.0);
    (proxy, server, folder)
}

/// What holds behind each of the proxies whose sample is shipped.
async fn serves(kind: Kind) {
    let (proxy, server, folder) = behind(kind, SetUp::AsSample, &["--stranger-requests-per-minute", "3"]).await;
    let key = format!("Authorization: Bearer {}", server.key);

    // Everyone is led to https, where browsers are told to stay. With Varnish that is for what has the certificate.
    if kind != Kind::Varnish {
        let led = proxy.curl_at("127.0.0.1", &format!("http://{NAME}:{}/register?q=a", proxy.ports.1), &["--include"]);
        let (head, _) = head_and_body(&led);
        assert!(
            head.contains(" 308 ")
                && header(&head, "location").starts_with(&format!("https://{NAME}"))
                && header(&head, "location").ends_with("/register?q=a"),
            "{head}"
        );
    }
    let (head, _) = head_and_body(&proxy.curl("127.0.0.1", "/health/ready", &["--include"]));
    assert!(head.contains(" 200") && !header(&head, "strict-transport-security").is_empty(), "{head}");

    // It knows who asks: one address is stopped, whatever it says of itself, and another is not.
    let ask = |from: &str, forged: &str| {
        let told = proxy.curl(
            from,
            "/api/v1/suppliers",
            &["--header", forged, "--output", "/dev/null", "--write-out", "%{http_code}"],
        );
        String::from_utf8(told.stdout).expect("text")
    };
    for number in 0..3 {
        assert_eq!(ask("127.0.0.5", &format!("X-Forwarded-For: 198.51.100.{number}")), "401");
    }
    for forged in [
        "X-Forwarded-For: 198.51.100.9",
        "X-Forwarded-For: 127.0.0.1",
        "Forwarded: for=198.51.100.9",
        "X-Real-IP: 198.51.100.9",
    ] {
        assert_eq!(ask("127.0.0.5", forged), "429", "{forged}");
    }
    assert_eq!(ask("127.0.0.6", "X-Forwarded-For: 127.0.0.5"), "401");

    // Bodies of 32 MiB come through: it is the program that finds no JSON in this one.
    let large = folder.0.join("large.json");
    fs::write(&large, vec![b' '; 32 << 20]).expect("written");
    let data = format!("@{}", large.display());
    let headers = ["--header", &key, "--header", "Content-Type: application/json", "--header", "Expect:"];
    let sent = proxy.curl(
        "127.0.0.1",
        "/api/v1/suppliers/import",
        &[&headers[..], &["--data-binary", &data, "--include"]].concat(),
    );
    let (head, body) = head_and_body(&sent);
    let is_refused = head.lines().next().is_some_and(|line| line.contains(" 400"))
        && header(&head, "content-type") == "application/problem+json";
    assert!(is_refused, "{head} {}", String::from_utf8_lossy(&body));

    // What is packed comes through packed, and its tag as it was given; exports come whole.
    let rows: String = (0..300).map(|number| format!("Supplier {number},{}\r\n", "note ".repeat(40))).collect();
    fs::write(folder.0.join("suppliers.csv"), format!("name,notes\r\n{rows}")).expect("written");
    let file = format!("@{}", folder.0.join("suppliers.csv").display());
    proxy.curl(
        "127.0.0.1",
        "/api/v1/suppliers/import",
        &["--fail", "--header", &key, "--header", "Content-Type: text/csv", "--data-binary", &file],
    );
    let plain = proxy.curl("127.0.0.1", "/api/v1/suppliers.csv", &["--fail", "--header", &key]).stdout;
    assert!(plain.len() > 60_000 && plain.ends_with(b"\r\n"));
    for coding in ["gzip", "zstd"] {
        let accept = format!("Accept-Encoding: {coding}");
        let (head, packed) = head_and_body(&proxy.curl(
            "127.0.0.1",
            "/api/v1/suppliers.csv",
            &["--fail", "--include", "--header", &key, "--header", &accept],
        ));
        assert!(header(&head, "content-encoding") == coding && packed.len() < plain.len() / 4, "{head}");
        let unpacked = proxy
            .curl(
                "127.0.0.1",
                "/api/v1/suppliers.csv",
                &["--fail", "--compressed", "--header", &key, "--header", &accept],
            )
            .stdout;
        assert!(unpacked == plain, "{coding} of {kind:?} is not what it was");
    }
    // Nobody cuts a part out of an export: it may be another one than what came before.
    let part = proxy.curl("127.0.0.1", "/api/v1/suppliers.csv", &["--fail", "--header", &key, "--range", "100-"]);
    assert!(part.stdout == plain, "{kind:?} gives {} of {} bytes", part.stdout.len(), plain.len());
    let id = first_id(&proxy, &key);
    let path = format!("/api/v1/suppliers/{id}");
    let (head, _) = head_and_body(&proxy.curl(
        "127.0.0.1",
        &path,
        &["--fail", "--include", "--header", &key, "--header", "Accept-Encoding: zstd, gzip"],
    ));
    assert_eq!(header(&head, "etag"), "\"1\"", "it is too small to be packed: {head}");
    change(&proxy, &key, &path, header(&head, "etag"), "{\"notes\": \"changed\"}");

    // An address is passed on as it was asked for: it is the program that finds nothing there.
    for strange in ["/api/v1/suppliers/a%2Fb", "/api/v1/suppliers/a%252Fb", "/api/v1/suppliers/..."] {
        let asked = proxy.curl("127.0.0.1", strange, &["--include", "--path-as-is", "--header", &key]);
        let (head, _) = head_and_body(&asked);
        let is_ours = header(&head, "content-type") == "application/problem+json";
        assert!(head.lines().next().is_some_and(|line| line.contains(" 404")) && is_ours, "{strange}: {head}");
    }
    assert_eq!(proxy.status("/api/v1/suppliers.csv", &["--head", "--header", &key]), "200");
}

/// The first person of a register comes in, and their session is kept by a cookie that a browser takes. Gives what is
/// sent back of it.
fn signs_in(proxy: &Proxy, server: &Server, below: &str) -> String {
    let (_, token) = server.link.split_once('#').expect("a link");
    let accept = json!({ "token": token, "email": "sam@example.org", "name": "Sam Okafor", "password": PASSWORD });
    let path = format!("{below}/api/v1/invitations/accept");
    proxy.curl("127.0.0.1", &path, &["--fail", "--json", &accept.to_string()]);
    let own = json!({ "email": "sam@example.org", "password": PASSWORD }).to_string();
    let signed = proxy.curl("127.0.0.1", &format!("{below}/api/v1/sessions"), &["--fail", "--include", "--json", &own]);
    let name = if below.is_empty() { "__Host-diligence=" } else { "__Secure-diligence=" };
    let place = if below.is_empty() { "; Path=/;".to_owned() } else { format!("; Path={below};") };
    let set = cookies(&signed);
    let (cookie, whole) = set.iter().find(|(cookie, _)| cookie.starts_with(name)).expect("a session's cookie");
    assert!(whole.contains(&place) && whole.contains("; Secure") && whole.contains("; HttpOnly"), "{whole}");
    format!("Cookie: {cookie}")
}

/// Everything is found where the public address says, and nothing leads elsewhere.
async fn serves_below(kind: Kind) {
    let (proxy, server, _folder) = behind(kind, SetUp::Below, &[]).await;
    assert!(server.link.starts_with(&format!("https://{NAME}{BELOW}/invitations#")), "{}", server.link);
    let key = format!("Authorization: Bearer {}", server.key);
    let cookie = signs_in(&proxy, &server, BELOW);
    let html = ["--include", "--header", "Accept: text/html", "--header", &cookie];
    for path in ["/", "/suppliers/new", "/settings", "/account"] {
        let (head, body) = head_and_body(&proxy.curl("127.0.0.1", &format!("{BELOW}{path}"), &html));
        assert!(head.lines().next().is_some_and(|line| line.contains(" 200")), "{path}: {head}");
        let page = String::from_utf8(body).expect("text");
        let leading: Vec<&str> = ["href=\"/", "src=\"/", "action=\"/"]
            .iter()
            .flat_map(|begin| page.split(*begin).skip(1))
            .filter_map(|rest| rest.split('"').next())
            .collect();
        let astray: Vec<&&str> = leading.iter().filter(|place| !place.starts_with("diligence/")).collect();
        assert!(leading.len() > 5 && astray.is_empty(), "{path} leads to {astray:?}");
        let asset = leading.iter().find(|place| place.ends_with(".css")).expect("a style");
        assert_eq!(proxy.status(&format!("/{asset}"), &[]), "200");
        // Of the other programs of this host nothing is said.
        let own = header(&head, "strict-transport-security");
        assert!(!own.is_empty() && !own.contains("subdomains"), "{head}");
    }
    let stranger =
        proxy.curl("127.0.0.1", &format!("{BELOW}/register"), &["--include", "--header", "Accept: text/html"]);
    let (head, _) = head_and_body(&stranger);
    assert!(header(&head, "location").starts_with(&format!("{BELOW}/sign-in")), "{head}");
    for name in ["One", "Two"] {
        let body = json!({ "name": name }).to_string();
        let path = format!("{BELOW}/api/v1/suppliers");
        let (head, _) =
            head_and_body(&proxy.curl("127.0.0.1", &path, &["--include", "--header", &key, "--json", &body]));
        let place = header(&head, "location").to_owned();
        assert!(place.starts_with(&format!("{path}/sup_")), "{head}");
        assert_eq!(proxy.status(&place, &["--header", &key]), "200");
    }
    let path = format!("{BELOW}/api/v1/suppliers?limit=1");
    let (head, _) = head_and_body(&proxy.curl("127.0.0.1", &path, &["--include", "--header", &key]));
    let next = header(&head, "link").trim_start_matches('<').split('>').next().unwrap_or_default();
    assert!(next.starts_with(&format!("{BELOW}/api/v1/suppliers?")), "{head}");
}

/// Who asks for this, and what they are told.
fn told(proxy: &Proxy, who: &str, path: &str) -> String {
    let told = proxy.curl("127.0.0.1", path, &["--fail", "--compressed", "--header", who]);
    String::from_utf8(told.stdout).expect("text")
}

fn first_id(proxy: &Proxy, key: &str) -> String {
    let list: Value = serde_json::from_slice(
        &proxy.curl("127.0.0.1", "/api/v1/suppliers?limit=1", &["--fail", "--compressed", "--header", key]).stdout,
    )
    .expect("JSON");
    list["items"][0]["id"].as_str().expect("an id").to_owned()
}

/// Changes what is at `path` by the tag that was given for it, and sees that it is not taken twice.
fn change(proxy: &Proxy, key: &str, path: &str, tag: &str, body: &str) {
    for status in ["200", "412"] {
        let tag = format!("If-Match: {tag}");
        let told = proxy.curl(
            "127.0.0.1",
            path,
            &[
                "--request",
                "PATCH",
                "--header",
                key,
                "--header",
                &tag,
                "--json",
                body,
                "--output",
                "/dev/null",
                "--write-out",
                "%{http_code}",
            ],
        );
        assert_eq!(String::from_utf8_lossy(&told.stdout), status, "{tag}");
    }
}

/// A proxy that packs answers itself marks their tags; what it makes of them is taken back.
async fn marks(kind: Kind, as_: &[&str]) {
    let (proxy, server, _folder) = behind(kind, SetUp::Packing, &[]).await;
    let key = format!("Authorization: Bearer {}", server.key);
    let make = |noun: &str, body: &Value| -> Value {
        let made = proxy.curl(
            "127.0.0.1",
            &format!("/api/v1/{noun}"),
            &["--fail", "--compressed", "--header", &key, "--json", &body.to_string()],
        );
        serde_json::from_slice(&made.stdout).expect("JSON")
    };
    let supplier = make("suppliers", &json!({ "name": "Through a proxy" }));
    let body = json!({ "subject_id": supplier["id"], "title": "No clean linen", "likelihood": 2, "impact": 3, "description": "They wash what we wear. ".repeat(100) });
    let path = format!("/api/v1/risks/{}", make("risks", &body)["id"].as_str().expect("an id"));
    let packed = || {
        head_and_body(&proxy.curl(
            "127.0.0.1",
            &path,
            &["--fail", "--include", "--header", &key, "--header", "Accept-Encoding: gzip"],
        ))
        .0
    };
    let head = packed();
    let tag = header(&head, "etag").replace("w/", "W/");
    assert!(header(&head, "content-encoding") == "gzip" && as_.contains(&tag.as_str()), "{kind:?} gives {tag}: {head}");
    let again = proxy.curl(
        "127.0.0.1",
        &path,
        &[
            "--header",
            &key,
            "--header",
            "Accept-Encoding: gzip",
            "--header",
            &format!("If-None-Match: {tag}"),
            "--output",
            "/dev/null",
            "--write-out",
            "%{http_code}",
        ],
    );
    assert_eq!(String::from_utf8_lossy(&again.stdout), "304");
    change(&proxy, &key, &path, &tag, "{\"title\": \"No linen\"}");
}

#[tokio::test]
async fn behind_nginx_as_in_its_sample_it_serves_as_it_does_alone() {
    serves(Kind::Nginx).await;
}

#[tokio::test]
async fn behind_haproxy_as_in_its_sample_it_serves_as_it_does_alone() {
    serves(Kind::Haproxy).await;
}

#[tokio::test]
async fn behind_caddy_as_in_its_sample_it_serves_as_it_does_alone() {
    serves(Kind::Caddy).await;
}

#[tokio::test]
async fn behind_apache_as_in_its_sample_it_serves_as_it_does_alone() {
    serves(Kind::Apache).await;
}

#[tokio::test]
async fn behind_varnish_as_in_its_sample_it_serves_as_it_does_alone() {
    serves(Kind::Varnish).await;
}

#[tokio::test]
async fn below_a_path_of_another_name_everything_is_found_behind_each_proxy() {
    for kind in ALL {
        serves_below(kind).await;
    }
}

#[tokio::test]
async fn what_is_one_persons_is_never_given_to_another_by_a_cache_that_keeps_what_it_can() {
    let (proxy, server, folder) = behind(Kind::Varnish, SetUp::Careless, &[]).await;
    let url = format!("sqlite://{}/diligence.db", folder.0.display());
    let other = ["--create-organisation", "--organisation", "Riverside Council", "--role", "admin", "--name", "Other"];
    let (code, made, said) = run(&[&["key", "create", "--database-url", &url][..], &other].concat());
    assert_eq!(code, Some(0), "{said}");
    let [ours, theirs] = [server.key.as_str(), made.trim()].map(|key| format!("Authorization: Bearer {key}"));
    let session = signs_in(&proxy, &server, "");
    let supplier = json!({ "name": "Only ours" }).to_string();
    proxy.curl("127.0.0.1", "/api/v1/suppliers", &["--fail", "--header", &ours, "--json", &supplier]);
    for path in ["/api/v1/suppliers", "/api/v1/suppliers.csv", "/api/v1/organisation"] {
        for _ in 0..2 {
            let (one, two) = (told(&proxy, &ours, path), told(&proxy, &theirs, path));
            assert!(one != two && !two.contains("Only ours"), "{path}: {two}");
            assert_eq!(told(&proxy, &session, path), one, "{path}");
            assert_eq!(proxy.status(path, &[]), "401", "{path}");
        }
    }
    // Nor is a page, or where a stranger is led.
    let html = ["--header", "Accept: text/html"];
    assert_eq!(proxy.status("/register", &[&html[..], &["--header", &session]].concat()), "200");
    assert_eq!(proxy.status("/register", &html), "303");
    assert_eq!(proxy.status("/register", &[&html[..], &["--header", &session]].concat()), "200");
    // What is the same for everyone is kept: the second who asks is answered by what the first was.
    let page = proxy.curl("127.0.0.1", "/sign-in", &html);
    let page = String::from_utf8(page.stdout).expect("text");
    let style = page.split('"').find(|text| text.starts_with("/assets/") && text.ends_with(".css")).expect("a style");
    for is_kept in [false, true] {
        let (head, _) = head_and_body(&proxy.curl("127.0.0.1", style, &["--fail", "--include"]));
        assert_eq!(header(&head, "x-varnish").split(' ').count() == 2, is_kept, "{head}");
    }
}

/// Someone reads slowly while the program is killed: part of a file is never taken for all of it.
#[tokio::test]
async fn an_export_that_breaks_off_is_seen_to_be_broken_behind_each_proxy() {
    let (url, folder) = empty_database(On::Sqlite).await;
    let folder = folder.expect("a folder");
    // What is unoptimised and has no core to itself takes its time.
    let patiently = ["--request-timeout-seconds", "600"];
    let first = Server::start_with(&url, &patiently);
    let key = format!("Authorization: Bearer {}", first.key);
    let rows: String = (0..6000).map(|number| format!("Supplier {number},{}\r\n", "n".repeat(1500))).collect();
    let file = folder.0.join("suppliers.csv");
    fs::write(&file, format!("name,notes\r\n{rows}")).expect("written");
    let sent = Command::new(tool("curl", "curl"))
        .args(["--silent", "--show-error", "--fail", "--output", "/dev/null", "--noproxy", "*", "--header", &key])
        .args(["--header", "Content-Type: text/csv", "--data-binary", &format!("@{}", file.display())])
        .arg(format!("{}/api/v1/suppliers/import", first.address))
        .output()
        .expect("curl runs");
    assert!(sent.status.success(), "{}", String::from_utf8_lossy(&sent.stderr));
    drop(first);
    let setups = ALL.map(|kind| (kind, SetUp::AsSample)).into_iter().chain([(Kind::Nginx, SetUp::Careless)]);
    for (kind, set_up) in setups {
        let behind = ["--trusted-proxies", "127.0.0.1", "--allowed-hosts", NAME];
        let mut server = Server::start_with(&url, &[&behind[..], &patiently].concat());
        let proxy = Proxy::start(kind, set_up, &server, &folder.0);
        let (address, how) = proxy.at("/api/v1/suppliers.csv");
        let out = folder.0.join("out.csv");
        let _ = fs::remove_file(&out);
        let place = out.display().to_string();
        let slowly = ["--fail", "--limit-rate", "4M", "--header", &key, "--output", &place];
        let mut reading = proxy.asking("127.0.0.1", &address, &[how, &slowly[..]].concat()).spawn().expect("curl runs");
        while reading.try_wait().expect("a state").is_none() && fs::metadata(&out).map_or(0, |known| known.len()) == 0 {
            std::thread::sleep(Duration::from_millis(2));
        }
        server.process.kill().expect("it runs");
        let ended = reading.wait().expect("it ends");
        let lines = fs::read_to_string(&out).expect("text").lines().count();
        assert!(lines > 0 && (!ended.success() || lines == 6001), "{kind:?}, {set_up:?}: {lines} lines, {ended}");
    }
}

#[tokio::test]
async fn what_nginx_makes_of_a_tag_when_it_packs_is_taken_back() {
    marks(Kind::Nginx, &["W/\"1\""]).await;
}

#[tokio::test]
async fn what_haproxy_makes_of_a_tag_when_it_packs_is_taken_back() {
    marks(Kind::Haproxy, &["W/\"1\""]).await;
}

#[tokio::test]
async fn what_caddy_makes_of_a_tag_when_it_packs_is_taken_back() {
    marks(Kind::Caddy, &["\"1\"", "\"1-gzip\""]).await;
}

#[tokio::test]
async fn what_varnish_makes_of_a_tag_when_it_packs_is_taken_back() {
    marks(Kind::Varnish, &["W/\"1\""]).await;
}

#[tokio::test]
async fn what_apache_makes_of_a_tag_when_it_packs_is_taken_back() {
    marks(Kind::Apache, &["\"1-gzip\""]).await;
}
