//! What the web is known for: floods, guesses, foreign names, forged addresses, slow clients, files that would run in a
//! browser.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
};

use chrono::TimeDelta;
use diligence::config::{Config, Limits};
use diligence_openapi::{PUBLIC, operations};
use poem::http::Method;
use serde_json::{Value, json};
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned, crypto::ring, pki_types::CertificateDer,
};

use crate::{
    harness::{Answer, App, On, Person, both, etag, id},
    operations::{answer, connect, empty, head, run, signal},
    roles::{document, method, target},
    server::{Server, command},
};

async fn limited(limits: Limits) -> App {
    App::open_with(On::Sqlite, Config { limits, ..Config::default() }).await
}

fn later(app: &App, seconds: i64) {
    app.clock.set(app.clock.now().time() + TimeDelta::seconds(seconds));
}

async fn tries(app: &App, key: &str, headers: &[(&str, &str)]) -> Answer {
    app.send(&Person { key: Some(key.to_owned()) }, Method::GET, "/suppliers", None, headers).await
}

/// Whether it was one too many, and then for how long.
fn wait(answer: &Answer) -> Option<String> {
    (answer.status == 429).then(|| {
        assert_eq!(answer.faults(429), [""; 0]);
        assert!(answer.text.contains("/problems/too-many-requests"), "{}", answer.text);
        answer.header("retry-after").to_owned()
    })
}

// ---------------------------------------------------------------- too many

#[tokio::test]
async fn one_key_may_ask_so_often_and_leaves_room_for_others() {
    let app = limited(Limits { caller: 5, ..Limits::NONE }).await;
    // The first time it was not yet known to be good.
    for _ in 0..6 {
        app.get(&app.viewer, "/suppliers").await.json(200);
    }
    let statements = app.store.statement_count();
    assert_eq!(wait(&app.get(&app.viewer, "/suppliers").await), Some("12".into()));
    // Written otherwise, it is the same key.
    let key = app.viewer.key.clone().expect("a key");
    let shouted = app
        .send(&app.stranger, Method::GET, "/suppliers", None, &[("authorization", &format!("BEARER   {key}"))])
        .await;
    assert_eq!(wait(&shouted), Some("12".into()));
    assert_eq!(app.store.statement_count(), statements, "what is too much must cost nothing");
    app.get(&app.editor, "/suppliers").await.json(200);
    later(&app, 12);
    app.get(&app.viewer, "/suppliers").await.json(200);
    assert!(wait(&app.get(&app.viewer, "/suppliers").await).is_some());
}

#[tokio::test]
async fn who_guesses_is_stopped_before_anything_is_looked_up_and_shuts_nobody_out() {
    let app = limited(Limits { stranger: 4, ..Limits::NONE }).await;
    app.get(&app.viewer, "/suppliers").await.json(200);
    let guess = format!("dlg_{}_{}", "0".repeat(32), "0".repeat(64));
    for key in [guess.as_str(), "nonsense", ""] {
        assert_eq!(tries(&app, key, &[]).await.status, 401);
    }
    let statements = app.store.statement_count();
    assert_eq!(wait(&tries(&app, &guess, &[]).await), Some("15".into()));
    // Neither another guess nor none at all is another stranger.
    for who in [&app.stranger, &app.editor] {
        assert!(wait(&app.get(who, "/suppliers").await).is_some());
    }
    assert_eq!(app.store.statement_count(), statements, "a guess too many must cost nothing");
    // Who was good a moment ago asks on from the same address; what is for everyone is still there.
    app.get(&app.viewer, "/suppliers").await.json(200);
    for path in ["/openapi.json", "/docs", "/problems/too-many-requests", "/health/live", "/metrics"] {
        assert_eq!(app.get(&app.stranger, path).await.status, 200, "{path}");
    }
    let metrics = app.get(&app.stranger, "/metrics").await.text;
    assert!(metrics.contains("diligence_requests_refused_total{reason=\"stranger\"} 3\n"), "{metrics}");
    later(&app, 15);
    app.get(&app.editor, "/suppliers").await.json(200);
    // A key that was revoked is a stranger's again.
    let keys = app.walk_keys().await;
    let key = keys.iter().find(|key| key["role"] == "viewer").expect("the viewer's key").clone();
    later(&app, 60);
    app.act(&app.admin, &format!("/keys/{}/revoke", id(&key)), &key, None).await.json(200);
    // The first time it is still known here; from then on it counts.
    for _ in 0..5 {
        assert_eq!(app.get(&app.viewer, "/suppliers").await.status, 401);
    }
    assert!(wait(&app.get(&app.viewer, "/suppliers").await).is_some());
}

impl App {
    async fn walk_keys(&self) -> Vec<Value> {
        later(self, 60);
        self.get(&self.admin, "/keys").await.json(200)["items"].as_array().expect("a list").clone()
    }
}

#[tokio::test]
async fn addresses_are_counted_apart_only_where_a_trusted_proxy_tells_them() {
    let limits = Limits { address: 2, ..Limits::NONE };
    let from = |address: &str| [("x-forwarded-for", format!("203.0.113.77, {address}"))];
    let ask = async |app: &App, address: &str| {
        let headers = from(address);
        wait(&tries(app, "nonsense", &[(headers[0].0, &headers[0].1)]).await).is_some()
    };
    let behind = App::open_with(
        On::Sqlite,
        Config { limits, trusted_proxies: vec!["127.0.0.0/8".parse().expect("a network")], ..Config::default() },
    )
    .await;
    for address in ["192.0.2.1", "192.0.2.2", "2001:db8::1"] {
        assert!(
            !ask(&behind, address).await && !ask(&behind, address).await && ask(&behind, address).await,
            "{address}"
        );
    }
    // One network of IPv6 is one address.
    assert!(ask(&behind, "2001:db8::2").await && !ask(&behind, "2001:db8:0:1::1").await);
    let alone = limited(limits).await;
    assert!(!ask(&alone, "192.0.2.1").await && !ask(&alone, "192.0.2.2").await && ask(&alone, "192.0.2.3").await);
    // Whether it lives can be asked at any time.
    assert_eq!(alone.get(&alone.stranger, "/health/ready").await.status, 200);
}

#[tokio::test]
async fn what_anyone_may_call_is_limited_also_for_those_who_are_known() {
    let document = document();
    for operation in operations(&document).iter().filter(|operation| PUBLIC.contains(&operation.id())) {
        let app = limited(Limits { stranger: 60, ..Limits::NONE }).await;
        let send = async || {
            app.raw(
                &app.admin,
                method(operation),
                &operation.path.replace(['{', '}'], "x"),
                Some(b"{}".to_vec()),
                &[("content-type", "application/json")],
            )
            .await
        };
        let mut count = 0;
        while wait(&send().await).is_none() {
            count += 1;
            assert!(count <= 60, "{} is not limited", operation.id());
        }
    }
}

// ---------------------------------------------------------------- for whom

#[tokio::test]
async fn no_page_elsewhere_can_pass_itself_off_as_this_server() {
    let app = App::open_with(
        On::Sqlite,
        Config { public_url: Some("https://register.example.org".parse().expect("an address")), ..Config::default() },
    )
    .await;
    let statements = app.store.statement_count();
    for path in ["/suppliers", "/openapi.json", "/docs", "/metrics", "/problems/invalid", "/nowhere"] {
        for host in ["evil.example", "register.example.org.evil.example", "evil.example:8080"] {
            let told = app.send(&app.viewer, Method::GET, path, None, &[("host", host)]).await;
            assert_eq!(told.faults(421), [""; 0], "{path}");
            assert!(!told.text.contains("register.example.org"), "{}", told.text);
        }
    }
    assert_eq!(app.store.statement_count(), statements);
    for host in ["register.example.org", "Register.Example.Org:443", "localhost:8080", "127.0.0.1", "[::1]:8080"] {
        app.send(&app.viewer, Method::GET, "/suppliers", None, &[("host", host)]).await.json(200);
    }
    assert_eq!(
        app.send(&app.stranger, Method::GET, "/health/live", None, &[("host", "10-0-0-7.cluster.local")]).await.status,
        200
    );
    // What a proxy says was the host is not believed: it is not needed, and anyone can say it.
    app.send(
        &app.viewer,
        Method::GET,
        "/suppliers",
        None,
        &[("host", "evil.example"), ("x-forwarded-host", "register.example.org")],
    )
    .await
    .faults(421);
}

// ---------------------------------------------------------------- what browsers are told

#[tokio::test]
async fn every_answer_keeps_browsers_careful() {
    let app = App::open_with(
        On::Sqlite,
        Config {
            trusted_proxies: vec!["127.0.0.1/32".parse().expect("a network")],
            limits: Limits::NONE,
            ..Config::default()
        },
    )
    .await;
    for path in [
        "/suppliers",
        "/suppliers.csv",
        "/suppliers/sup_nothing",
        "/openapi.json",
        "/docs",
        "/docs/shapes/Supplier",
        "/problems/invalid",
        "/metrics",
        "/nowhere",
        "/health/live",
    ] {
        for (scheme, transport) in [("http", ""), ("https", "max-age=31536000; includeSubDomains")] {
            let answer = app.send(&app.viewer, Method::GET, path, None, &[("x-forwarded-proto", scheme)]).await;
            for (name, value) in [
                ("x-content-type-options", "nosniff"),
                ("x-frame-options", "DENY"),
                ("referrer-policy", "no-referrer"),
                ("cross-origin-opener-policy", "same-origin"),
                ("cross-origin-resource-policy", "same-origin"),
                ("strict-transport-security", transport),
            ] {
                assert_eq!(answer.header(name), value, "{path} {name}");
            }
            assert!(answer.header("permissions-policy").contains("geolocation=()"), "{path}");
            let policy = answer.header("content-security-policy");
            // The reference is a page like all others, with a stylesheet and perhaps a form; what programs read shows
            // nothing and sends nothing.
            let more = if path.starts_with("/docs") {
                ["script-src 'self'", "form-action 'self'"]
            } else {
                ["object-src 'none'", "form-action 'none'"]
            };
            let directives =
                ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"].into_iter().chain(more);
            assert!(
                directives.into_iter().all(|directive| policy.split("; ").any(|part| part == directive)),
                "{path}: {policy}"
            );
            assert!(path.starts_with("/docs") || policy.ends_with("; sandbox"), "{path}: {policy}");
            assert!(!policy.contains("unsafe-"), "{path}: {policy}");
            assert!(!answer.header("cache-control").is_empty(), "{path}");
        }
    }
}

#[tokio::test]
async fn no_other_site_is_ever_let_read_along() {
    let app = App::open(On::Sqlite).await;
    let document = document();
    let origin = [
        ("origin", "https://evil.example"),
        ("access-control-request-method", "GET"),
        ("access-control-request-headers", "authorization"),
    ];
    for operation in operations(&document) {
        let path = operation.path.replace(['{', '}'], "x");
        for method in [Method::OPTIONS, method(&operation)] {
            for who in [&app.stranger, &app.admin] {
                let answer = app.send(who, method.clone(), &path, None, &origin).await;
                assert!(
                    answer.headers.keys().all(|name| !name.as_str().starts_with("access-control-")),
                    "{} {path}",
                    method
                );
                assert!(method != Method::OPTIONS || answer.status == 405, "{path}: {}", answer.status);
            }
        }
    }
}

// ---------------------------------------------------------------- files

both! {
    async fn whatever_is_no_json_comes_as_a_file_to_keep(app: App) {
        let document = document();
        let mut count = 0;
        for operation in operations(&document) {
            let answer = target(&app, operation.id()).await.send(&app, &app.admin, &operation).await;
            let kind = answer.header("content-type").split(';').next().unwrap_or_default();
            if ["application/json", "application/x-ndjson", "application/problem+json", ""].contains(&kind) && answer.header("content-disposition").is_empty() {
                continue;
            }
            assert!(answer.header("content-disposition").starts_with("attachment; filename=\""), "{} as {kind}", operation.id());
            assert!(!["text/html", "image/svg+xml", "text/xml", "application/xml", "application/xhtml+xml", "text/javascript"].contains(&kind), "{} as {kind}", operation.id());
            count += 1;
        }
        assert!(count >= 9, "{count}");
    }

    async fn no_stored_file_is_ever_run_by_a_browser(app: App) {
        let supplier = app.supplier("Harbour").await;
        let evidence = app.post(&app.editor, "/evidence", json!({ "subject_id": id(&supplier), "kind": "policy" })).await.json(201);
        let page: &[u8] = b"<!doctype html><script>alert(document.domain)</script>";
        let drawing: &[u8] = b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>";
        let store = async |version: &Value, name: &str, kind: &str, bytes: &[u8]| {
            let path = format!("/evidence/{}/file?name={name}", id(&evidence));
            app.raw(&app.editor, Method::POST, &path, Some(bytes.to_vec()), &[("content-type", kind), ("if-match", &etag(version))]).await
        };
        for (name, kind, bytes, status) in [
            ("page.html", "text/html", page, 415),
            ("page.html", "application/octet-stream", page, 422),
            ("page.htm", "text/plain", page, 422),
            ("page.svg", "image/svg+xml", drawing, 415),
            ("page.svg", "application/octet-stream", drawing, 422),
            ("page.png", "image/png", drawing, 422),
            ("page.pdf", "application/pdf", page, 422),
            ("page.xml", "application/xml", drawing, 415),
            ("page.js", "text/javascript", b"alert(1)", 415),
        ] {
            assert_eq!(store(&evidence, name, kind, bytes).await.status, status, "{name} as {kind}");
        }
        // What a browser would guess at in a text stays text to save.
        let (page, drawing): (&[u8], &[u8]) = (b"Notes: <script>alert(document.domain)</script>", b"Drawn: <svg onload=\"alert(1)\"/>");
        let mut version = evidence.clone();
        for (name, content) in [("page.txt", page), ("drawing.txt", drawing)] {
            version = store(&version, name, "text/plain", content).await.json(200);
            let file = app.get(&app.viewer, &format!("/evidence/{}/file", id(&evidence))).await;
            assert_eq!((file.bytes.as_slice(), file.header("content-type"), file.header("x-content-type-options")), (content, "text/plain; charset=utf-8", "nosniff"));
            assert_eq!(file.header("content-disposition"), format!("attachment; filename=\"{name}\""));
            assert!(file.header("content-security-policy").ends_with("sandbox"));
        }
    }
}

// ---------------------------------------------------------------- the real program

#[tokio::test]
async fn a_head_that_does_not_come_or_does_not_end_is_not_waited_for() {
    let (url, _folder) = empty().await;
    let server = Server::start_with(&url, &["--head-timeout-seconds", "1"]);
    for sent in ["", "GET /health/live HTTP/1.1\r\nHost: loc"] {
        let mut connection = connect(&server);
        connection.write_all(sent.as_bytes()).expect("sent");
        let mut text = String::new();
        // This returns when the other side closes.
        connection.read_to_string(&mut text).expect("an end");
        assert!(!text.contains("200"), "{text}");
    }
    for more in [format!("X-Long: {}\r\n", "x".repeat(40_000)), "X-Many: x\r\n".repeat(101)] {
        let mut connection = connect(&server);
        // It may be closed before all of it was sent.
        let _ = connection.write_all(head("GET", "/health/live", "", 0, &more).as_bytes());
        let mut start = [0; 12];
        connection.read_exact(&mut start).expect("an answer");
        assert_eq!(String::from_utf8_lossy(&start), "HTTP/1.1 431");
    }
    assert_eq!(
        asked(&mut connect(&server), "GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").0,
        200
    );
}

fn asked(connection: &mut (impl std::io::Read + std::io::Write), text: &str) -> (u16, String) {
    connection.write_all(text.as_bytes()).expect("sent");
    answer(connection)
}

#[tokio::test]
async fn a_request_that_names_no_host_or_two_is_refused() {
    let (url, _folder) = empty().await;
    let server = Server::start(&url);
    for (lines, status) in [
        ("", 400),
        ("Host: localhost\r\nHost: evil.example\r\n", 400),
        ("Host: localhost\r\nHost: localhost\r\n", 400),
        ("Host: evil.example\r\n", 421),
        ("Host: 127.0.0.1\r\n", 200),
    ] {
        let (told, body) = asked(
            &mut connect(&server),
            &format!("GET /api/v1/openapi.json HTTP/1.1\r\n{lines}Connection: close\r\n\r\n"),
        );
        assert_eq!(told, status, "{lines:?}: {}", body.chars().take(300).collect::<String>());
    }
    // The whole address in the first line counts too.
    let (told, _) = asked(
        &mut connect(&server),
        "GET http://evil.example/api/v1/openapi.json HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    );
    assert_eq!(told, 421);
}

#[tokio::test]
async fn no_more_connections_are_open_at_once_than_configured() {
    let (url, _folder) = empty().await;
    let server = Server::start_with(&url, &["--client-connections", "1"]);
    let line = |connection: &mut TcpStream| {
        let mut start = [0; 12];
        connection.read_exact(&mut start).expect("an answer");
        String::from_utf8_lossy(&start).into_owned()
    };
    let mut first = connect(&server);
    let keep =
        format!("GET /api/v1/organisation HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\r\n", server.key);
    first.write_all(keep.as_bytes()).expect("sent");
    assert_eq!(line(&mut first), "HTTP/1.1 200");
    // The second asks before the first changes anything, and is answered after.
    let mut second = connect(&server);
    second.write_all(head("GET", "/api/v1/suppliers", &server.key, 0, "").as_bytes()).expect("sent");
    let body = json!({ "name": "Harbour" }).to_string();
    first
        .write_all(format!("{}{body}", head("POST", "/api/v1/suppliers", &server.key, body.len(), "")).as_bytes())
        .expect("sent");
    let mut rest = String::new();
    first.read_to_string(&mut rest).expect("an end");
    assert!(rest.contains("HTTP/1.1 201"), "{rest}");
    drop(first);
    let (status, list) = answer(&mut second);
    assert!(status == 200 && list.contains("Harbour"), "{list}");
}

/// Makes a certificate for `localhost` in `folder`.
fn certify(folder: &Path) -> CertificateDer<'static> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    std::fs::write(folder.join("certificate.pem"), made.cert.pem()).expect("written");
    std::fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).expect("written");
    made.cert.der().clone()
}

/// A connection to `port` that takes this certificate alone for good.
fn encrypted(address: &str, certificate: &CertificateDer<'static>) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).expect("a root");
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connection =
        ClientConnection::new(Arc::new(config), "localhost".try_into().expect("a name")).expect("a client");
    StreamOwned::new(connection, TcpStream::connect(address).expect("it listens"))
}

#[tokio::test]
async fn with_a_certificate_it_serves_https_alone_and_reads_a_renewed_one_when_told() {
    let (url, folder) = empty().await;
    let first = certify(&folder.0);
    let (certificate, key) = (folder.0.join("certificate.pem"), folder.0.join("key.pem"));
    let (certificate, key) = (certificate.to_str().expect("text"), key.to_str().expect("text"));
    let mut process = command(&[
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--database-url",
        &url,
        "--tls-certificate",
        certificate,
        "--tls-key",
        key,
    ])
    .stdout(Stdio::null())
    .stderr(Stdio::piped())
    .spawn()
    .expect("it starts");
    let mut log = BufReader::new(process.stderr.take().expect("its log"));
    let mut wait_for = |what: &str| loop {
        let mut line = String::new();
        assert_ne!(log.read_line(&mut line).expect("a line"), 0, "it ended without saying {what}");
        if let Some((_, rest)) = line.split_once(what) {
            break rest.trim().to_owned();
        }
    };
    let address = wait_for("ready: https://").split_whitespace().next().expect("an address").to_owned();
    let server = Server::around(address.clone(), process);
    let request = head("GET", "/api/v1/suppliers", "", 0, "");
    let told = |certificate: &CertificateDer<'static>| {
        let mut connection = encrypted(&address, certificate);
        connection.write_all(request.as_bytes())?;
        let mut text = String::new();
        connection.read_to_string(&mut text).map(|_| text)
    };
    let text = told(&first).expect("an answer");
    assert!(text.starts_with("HTTP/1.1 401") && text.contains("strict-transport-security: max-age=31536000"), "{text}");
    // In clear there is nothing.
    let mut clear = connect(&server);
    clear.write_all(request.as_bytes()).expect("sent");
    let mut bytes = Vec::new();
    let _ = clear.read_to_end(&mut bytes);
    assert!(!bytes.starts_with(b"HTTP/"), "{bytes:?}");
    // A key that does not fit changes nothing; a whole new pair is shown from then on.
    let old_key = std::fs::read_to_string(key).expect("the key");
    let second = certify(&folder.0);
    let new_key = std::fs::read_to_string(key).expect("the key");
    std::fs::write(key, old_key).expect("written");
    signal(&server, "HUP");
    wait_for("could not be reloaded");
    assert!(told(&first).is_ok() && told(&second).is_err());
    std::fs::write(key, new_key).expect("written");
    signal(&server, "HUP");
    wait_for("was reloaded");
    assert!(told(&first).is_err() && told(&second).is_ok());
}

#[tokio::test]
async fn a_certificate_that_does_not_serve_is_said_before_the_start() {
    let (url, folder) = empty().await;
    certify(&folder.0);
    let place = |name: &str| folder.0.join(name).to_str().expect("text").to_owned();
    std::fs::write(place("empty.pem"), "").expect("written");
    std::fs::write(
        place("other.pem"),
        rcgen::generate_simple_self_signed(["localhost".to_owned()])
            .expect("a certificate")
            .signing_key
            .serialize_pem(),
    )
    .expect("written");
    for (certificate, key, said) in [
        ("nowhere.pem", "key.pem", "the certificate"),
        ("empty.pem", "key.pem", "there is no certificate in"),
        ("certificate.pem", "empty.pem", "the key"),
        ("certificate.pem", "other.pem", "the certificate"),
    ] {
        let (code, _, told) = run(&[
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--database-url",
            &url,
            "--tls-certificate",
            &place(certificate),
            "--tls-key",
            &place(key),
        ]);
        assert!(
            code == Some(2) && told.starts_with(&format!("diligence: {said}")) && told.lines().count() == 1,
            "{code:?} {told}"
        );
        assert!(!told.contains("PRIVATE"), "{told}");
    }
    assert!(!folder.0.join("diligence.db").exists());
    let (code, _, told) = run(&["serve", "--database-url", &url, "--tls-certificate", &place("certificate.pem")]);
    assert_eq!((code, told.as_str()), (Some(2), "diligence: tls_certificate needs tls_key as well\n"));
}

#[tokio::test]
async fn who_listens_beyond_this_machine_without_encryption_is_warned() {
    let (url, _folder) = empty().await;
    let mut process = command(&["serve", "--database-url", &url, "--listen", "0.0.0.0:0"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut lines = BufReader::new(process.stderr.take().expect("its log")).lines().map(|line| line.expect("text"));
    let before: Vec<String> = lines.by_ref().take_while(|line| !line.contains("ready: ")).collect();
    assert!(before.iter().any(|line| line.contains("WARN") && line.contains("without encryption")), "{before:?}");
    let _ = Command::new("kill").arg(process.id().to_string()).status();
    let _ = process.wait();
}
