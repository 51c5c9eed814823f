//! The program as a person runs it: what it prints, how it stops, and which sentence and code it ends with.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    process::{Command, Output, Stdio},
};

use sea_orm::{ConnectionTrait as _, Database};
use serde_json::{Value, json};

use crate::{
    doctor::change,
    harness::{Folder, On, as_read, empty_database, id},
    server::{Server, command, program},
};

/// The address of a new SQLite file, and its folder.
pub(crate) async fn empty() -> (String, Folder) {
    let (url, folder) = empty_database(On::Sqlite).await;
    (url, folder.expect("a folder"))
}

/// What a command says, and the code it ends with.
pub(crate) fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    said(&command(arguments).output().expect("the program runs"))
}

/// Makes a key in an organisation that is made with it.
fn new_key(url: &str, role: &str) -> (Option<i32>, String, String) {
    let whose = ["--organisation", "Ours", "--create-organisation", "--database-url", url];
    run(&[&["key", "create", "--name", "Nightly", "--role", role][..], &whose].concat())
}

fn said(output: &Output) -> (Option<i32>, String, String) {
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

pub(crate) fn connect(server: &Server) -> TcpStream {
    TcpStream::connect(server.address.trim_start_matches("http://")).expect("it listens")
}

pub(crate) fn head(method: &str, path: &str, key: &str, length: usize, more: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n{more}\r\n"
    )
}

/// One request on a connection of its own.
pub(crate) fn ask(server: &Server, method: &str, path: &str, key: &str, body: &str) -> (u16, String) {
    let mut connection = connect(server);
    connection.write_all(format!("{}{body}", head(method, path, key, body.len(), "")).as_bytes()).expect("sent");
    answer(&mut connection)
}

/// Status and body of what comes until the other side closes.
pub(crate) fn answer(connection: &mut impl std::io::Read) -> (u16, String) {
    let mut text = String::new();
    connection.read_to_string(&mut text).expect("an answer");
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
    (head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status"), body.to_owned())
}

fn make(server: &Server, key: &str, name: &str) -> Value {
    let (status, body) = ask(server, "POST", "/api/v1/suppliers", key, &json!({ "name": name }).to_string());
    assert_eq!(status, 201, "{body}");
    serde_json::from_str(&body).expect("JSON")
}

pub(crate) fn signal(server: &Server, name: &str) {
    let sent =
        Command::new("kill").args([&format!("-{name}"), &server.process.id().to_string()]).status().expect("kill runs");
    assert!(sent.success());
}

#[tokio::test]
async fn the_first_start_shows_how_to_get_in_and_no_later_one_does() {
    let (url, _folder) = empty().await;
    let first = Server::start(&url);
    assert!(first.key.starts_with("dlg_"));
    make(&first, &first.key, "Harbour");
    let key = first.key.clone();
    drop(first);
    let second = Server::start(&url);
    assert_eq!(second.key, "");
    assert!(ask(&second, "GET", "/api/v1/suppliers", &key, "").1.contains("Harbour"));
    assert_eq!(ask(&second, "GET", "/api/v1/suppliers", "", "").0, 401);
    let (status, role) = ask(&second, "GET", "/api/v1/keys", &key, "");
    assert!(status == 200 && role.contains("\"role\":\"admin\""), "{role}");
}

#[tokio::test]
async fn a_sample_made_at_the_console_does_not_keep_the_first_start_from_showing_how_to_get_in() {
    let (url, _folder) = empty().await;
    let (code, out, said) = run(&["sample", "--database-url", &url]);
    assert_eq!((code, out.as_str()), (Some(0), "Meadow View Care (sample)\n"), "{said}");
    let first = Server::start(&url);
    assert!(first.key.starts_with("dlg_"));
    assert!(ask(&first, "GET", "/api/v1/suppliers", &first.key, "").1.starts_with("{\"items\":[]"));
}

#[tokio::test]
async fn a_backup_of_a_running_program_holds_everything_and_overwrites_nothing() {
    let (url, folder) = empty().await;
    let server = Server::start(&url);
    make(&server, &server.key, "Harbour");
    let copy = folder.0.join("it's a copy.db");
    let name = copy.to_str().expect("text");
    let (code, out, said) = run(&["backup", name, "--database-url", &url]);
    assert_eq!((code, out.as_str()), (Some(0), ""), "{said}");
    make(&server, &server.key, "Later");
    let (code, _, said) = run(&["backup", name, "--database-url", &url]);
    assert!(code == Some(6) && said.contains("is there already"), "{said}");
    let restored = Server::start(&format!("sqlite://{name}"));
    let suppliers = ask(&restored, "GET", "/api/v1/suppliers", &server.key, "").1;
    assert!(suppliers.contains("Harbour") && !suppliers.contains("Later"), "{suppliers}");
}

#[cfg(unix)]
#[tokio::test]
async fn the_database_is_for_its_owner_alone_whatever_else_is_the_custom() {
    use std::os::unix::fs::PermissionsExt as _;
    let (url, folder) = empty().await;
    let serve = format!("umask 000; exec {} serve --listen 127.0.0.1:0 --database-url {url}", program().display());
    let mut process = Command::new("sh")
        .args(["-c", &serve])
        .env_remove("DATABASE_URL")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut log = BufReader::new(process.stderr.take().expect("its log"));
    let mut line = String::new();
    while !line.contains("ready: ") {
        line.clear();
        assert_ne!(log.read_line(&mut line).expect("a line"), 0, "it ended");
    }
    let modes: Vec<(String, u32)> = std::fs::read_dir(&folder.0)
        .expect("a folder")
        .map(|entry| entry.expect("a file"))
        .map(|entry| {
            (
                entry.file_name().to_string_lossy().into_owned(),
                entry.metadata().expect("its mode").permissions().mode() & 0o777,
            )
        })
        .collect();
    process.kill().expect("killed");
    process.wait().expect("gone");
    assert!(modes.len() >= 2 && modes.iter().all(|(_, mode)| *mode == 0o600), "{modes:?}");
}

#[tokio::test]
async fn an_address_of_a_database_that_cannot_be_read_is_refused_without_its_password() {
    for url in [
        "postgres://dil:hunter2-secret@127.0.0.1:x/d",
        "postgres://dil:hunter2#secret@127.0.0.1/d",
        "postgres://dil:hunter2/secret@127.0.0.1/d",
    ] {
        let (code, out, said) = run(&["serve", "--listen", "127.0.0.1:0", "--database-url", url]);
        assert!(code == Some(2) && said.contains("the database address is not understood"), "{said}");
        assert!(!said.contains("hunter2") && !out.contains("hunter2"), "{said}");
    }
    let (code, _, said) = run(&[
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--database-url",
        "postgres://dil:hunter2-secret@127.0.0.1:1,127.0.0.1:2/d",
    ]);
    assert!(code == Some(4) && said.contains("cannot be reached") && !said.contains("hunter2"), "{said}");
}

#[tokio::test]
async fn it_is_not_ready_when_the_database_takes_nothing() {
    let (url, _folder) = empty().await;
    let server = Server::start(&url);
    assert_eq!(ask(&server, "GET", "/health/ready", "", ""), (200, "ready\n".into()));
    // Somebody takes the table away in which it writes that it can.
    let database = Database::connect(&url).await.expect("the database answers");
    database.execute_unprepared("DROP TABLE health_check").await.expect("dropped");
    let mut told = ask(&server, "GET", "/health/ready", "", "");
    let began = std::time::Instant::now();
    // What it found out stands for a second.
    while told.0 == 200 && began.elapsed().as_secs() < 30 {
        told = ask(&server, "GET", "/health/ready", "", "");
    }
    assert!(told.0 == 503 && told.1.contains("/problems/not-ready"), "{told:?}");
    assert_eq!(ask(&server, "GET", "/health/live", "", "").0, 200);
}

#[tokio::test]
async fn it_says_that_it_lives_and_is_ready_and_how_much_it_did() {
    let (url, _folder) = empty().await;
    let server = Server::start(&url);
    assert_eq!(ask(&server, "GET", "/health/live", "", ""), (200, "alive\n".into()));
    assert_eq!(ask(&server, "GET", "/health/ready", "", ""), (200, "ready\n".into()));
    make(&server, &server.key, "Harbour");
    let (status, metrics) = ask(&server, "GET", "/metrics", "", "");
    assert_eq!(status, 200);
    assert!(
        metrics.contains(
            "diligence_request_duration_seconds_count{route=\"/api/v1/suppliers\",method=\"POST\",status=\"201\"} 1"
        ),
        "{metrics}"
    );
}

#[tokio::test]
async fn a_signal_to_stop_lets_a_request_in_flight_finish() {
    let (url, _folder) = empty().await;
    let key = new_key(&url, "admin").1.trim().to_owned();
    for name in ["TERM", "INT"] {
        let mut process = command(&["serve", "--listen", "127.0.0.1:0", "--database-url", &url, "--log-level", "info"])
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
        let address = format!("http://{}", wait_for("ready: http://").split_whitespace().next().expect("an address"));
        let server = Server::around(address, process);

        let body = json!({ "name": format!("In flight at {name}") }).to_string();
        let mut connection = connect(&server);
        connection
            .write_all(head("POST", "/api/v1/suppliers", &key, body.len(), "Expect: 100-continue\r\n").as_bytes())
            .expect("sent");
        // The operation reads the body now: the request is in flight.
        let mut line = [0_u8; 25];
        connection.read_exact(&mut line).expect("a first answer");
        assert_eq!(&line, b"HTTP/1.1 100 Continue\r\n\r\n");
        signal(&server, name);
        wait_for("stopping:");
        connection.write_all(body.as_bytes()).expect("sent");
        let (status, told) = answer(&mut connection);
        assert_eq!(status, 201, "{told}");
        wait_for("stopped");
        let mut server = server;
        assert_eq!(server.process.wait().expect("it ends").code(), Some(0));
    }
    let server = Server::start(&url);
    let (_, list) = ask(&server, "GET", "/api/v1/suppliers", &key, "");
    assert!(list.contains("In flight at TERM") && list.contains("In flight at INT"), "{list}");
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_the_program_was_killed() {
    let (url, _folder) = empty().await;
    let key = new_key(&url, "admin").1.trim().to_owned();
    let mut made: Vec<Value> = Vec::new();
    for number in 0..20 {
        let mut server = Server::start(&url);
        for item in &made {
            let (status, body) = ask(&server, "GET", &format!("/api/v1/suppliers/{}", id(item)), &key, "");
            assert_eq!(
                (status, serde_json::from_str::<Value>(&body).expect("JSON")),
                (200, item.clone()),
                "after {number} times"
            );
        }
        made.push(as_read(make(&server, &key, &format!("Supplier {number}"))));
        server.process.kill().expect("killed");
        server.process.wait().expect("gone");
    }
    let server = Server::start(&url);
    let (_, events) = ask(&server, "GET", "/api/v1/audit-events?noun=supplier&limit=200", &key, "");
    assert_eq!(serde_json::from_str::<Value>(&events).expect("JSON")["items"].as_array().expect("a list").len(), 20);
}

#[tokio::test]
async fn a_port_that_is_taken_is_said_before_the_data_is_touched() {
    let (url, folder) = empty().await;
    let other = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = other.local_addr().expect("an address").to_string();
    let (code, _, told) = run(&["serve", "--listen", &address, "--database-url", &url]);
    assert_eq!(
        (code, told.as_str()),
        (
            Some(3),
            format!("diligence: {address} is taken: stop what listens there, or choose another with --listen\n")
                .as_str()
        )
    );
    assert!(!folder.0.join("diligence.db").exists());
}

#[test]
fn a_database_that_does_not_answer_is_said() {
    let (code, _, told) =
        run(&["serve", "--listen", "127.0.0.1:0", "--database-url", "postgres://nobody:secret-word@127.0.0.1:1/none"]);
    assert_eq!(code, Some(4), "{told}");
    assert!(
        told.starts_with("diligence: the database cannot be reached: ")
            && told.lines().count() == 1
            && !told.contains("secret-word"),
        "{told}"
    );
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_said() {
    let (_, folder) = empty().await;
    let file = folder.0.join("file");
    std::fs::write(&file, "This is a letter to my aunt, and no database at all.".repeat(100)).expect("written");
    for url in [
        format!("sqlite://{}/diligence.db", file.display()),
        format!("sqlite://{}", folder.0.display()),
        format!("sqlite://{}", file.display()),
    ] {
        let (code, _, told) = run(&["serve", "--listen", "127.0.0.1:0", "--database-url", &url]);
        assert_eq!(code, Some(4), "{url}: {told}");
        assert!(told.starts_with("diligence: the database ") && told.lines().count() == 1, "{url}: {told}");
    }
    assert!(std::fs::read_to_string(&file).expect("still there").starts_with("This is a letter"));
}

#[tokio::test]
async fn a_database_of_a_newer_program_is_said_by_every_command() {
    let (url, _folder) = empty().await;
    drop(Server::start(&url));
    let database = Database::connect(&url).await.expect("the database answers");
    database
        .execute_unprepared("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_tomorrow', 0)")
        .await
        .expect("a row");
    for arguments in
        [&["serve", "--listen", "127.0.0.1:0", "--database-url", &url][..], &["key", "list", "--database-url", &url]]
    {
        let (code, _, told) = run(arguments);
        assert_eq!(code, Some(5), "{told}");
        assert!(
            told.starts_with("diligence: the database was made by a newer version of this program")
                && told.lines().count() == 1,
            "{told}"
        );
    }
}

#[tokio::test]
async fn a_wrong_setting_is_said_and_nothing_starts() {
    let (url, folder) = empty().await;
    let file = folder.0.join("diligence.toml");
    std::fs::write(&file, "lisen = \"127.0.0.1:0\"\n").expect("written");
    let file = file.display().to_string();
    for (arguments, expected) in [
        (
            &["serve", "--database-url", "mysql://localhost/x"][..],
            "expected sqlite://FILE or postgres://USER@HOST/DATABASE",
        ),
        (&["serve", "--database-url", "sqlite::memory:"], "expected sqlite://FILE or postgres://USER@HOST/DATABASE"),
        (&["serve", "--listen", "here"], "invalid"),
        (&["serve", "--max-connections", "0"], "0 is not in 1..=1000"),
        (&["serve", "--log-format", "yaml"], "text, json"),
        (&["serve", "--log-level", "lou=d"], "the log level \"lou=d\" is not understood"),
        (&["serve", "--config", &file], "line 1: unknown field `lisen`"),
        (
            &["serve", "--config", "/nowhere/diligence.toml"],
            "the configuration file /nowhere/diligence.toml cannot be read",
        ),
        (
            &["serve", "--public-url", "register.example.org"],
            "expected an address such as https://register.example.org",
        ),
        (&["serve", "--allowed-hosts", "register,http://register"], "expected a host's name without a port"),
        (&["serve", "--trusted-proxies", "10.0.0.0/8,proxy"], "expected an address or a network such as 10.0.0.0/8"),
        (&["serve", "--tls-key", "key.pem"], "tls_key needs tls_certificate"),
        (&["sreve"], "unrecognized subcommand 'sreve'"),
        (&["key", "create", "--organisation", "Ours", "--name", "x", "--role", "owner"], "owner"),
    ] {
        let mut arguments = arguments.to_vec();
        if arguments.first() == Some(&"serve") && !arguments.contains(&"--listen") {
            arguments.extend(["--listen", "127.0.0.1:0"]);
        }
        let output = command(&arguments).env("DATABASE_URL", &url).output().expect("the program runs");
        let (code, out, told) = said(&output);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{arguments:?}: {told}");
        assert!(told.contains(expected), "{arguments:?}: {told}");
    }
    assert!(!folder.0.join("diligence.db").exists());
}

/// Every setting: flag, environment variable, default.
const SETTINGS: &[(&str, &str, &str)] = &[
    ("--listen", "DILIGENCE_LISTEN", "127.0.0.1:8080"),
    ("--database-url", "DATABASE_URL", "sqlite://diligence.db"),
    ("--max-connections", "DILIGENCE_MAX_CONNECTIONS", "8"),
    ("--config", "DILIGENCE_CONFIG", ""),
    ("--log-format", "DILIGENCE_LOG_FORMAT", "text"),
    ("--log-level", "DILIGENCE_LOG_LEVEL", "info"),
    ("--request-timeout-seconds", "DILIGENCE_REQUEST_TIMEOUT_SECONDS", "30"),
    ("--smtp-url", "DILIGENCE_SMTP_URL", ""),
    ("--smtp-from", "DILIGENCE_SMTP_FROM", ""),
    ("--shutdown-timeout-seconds", "DILIGENCE_SHUTDOWN_TIMEOUT_SECONDS", "30"),
    ("--public-url", "DILIGENCE_PUBLIC_URL", ""),
    ("--provider-networks", "DILIGENCE_PROVIDER_NETWORKS", ""),
    ("--metrics-listen", "DILIGENCE_METRICS_LISTEN", ""),
    ("--metrics-key-file", "DILIGENCE_METRICS_KEY_FILE", ""),
    ("--allowed-hosts", "DILIGENCE_ALLOWED_HOSTS", ""),
    ("--trusted-proxies", "DILIGENCE_TRUSTED_PROXIES", "none"),
    ("--proxy-headers", "DILIGENCE_PROXY_HEADERS", "x-forwarded"),
    ("--tls-certificate", "DILIGENCE_TLS_CERTIFICATE", ""),
    ("--tls-key", "DILIGENCE_TLS_KEY", ""),
    ("--requests-per-minute", "DILIGENCE_REQUESTS_PER_MINUTE", "6000"),
    ("--address-requests-per-minute", "DILIGENCE_ADDRESS_REQUESTS_PER_MINUTE", "12000"),
    ("--stranger-requests-per-minute", "DILIGENCE_STRANGER_REQUESTS_PER_MINUTE", "120"),
    ("--head-timeout-seconds", "DILIGENCE_HEAD_TIMEOUT_SECONDS", "75"),
    ("--client-connections", "DILIGENCE_CLIENT_CONNECTIONS", "4096"),
];

#[test]
fn the_manual_has_every_setting_and_every_exit_code() {
    for arguments in [&["--help"][..], &["serve", "--help"]] {
        let (code, manual, _) = run(arguments);
        assert_eq!(code, Some(0));
        for (flag, variable, default) in SETTINGS {
            let (_, rest) =
                manual.split_once(&format!("{flag} <")).unwrap_or_else(|| panic!("{flag} is not in {manual}"));
            let entry = rest.split("\n      --").next().expect("an entry");
            assert!(entry.contains(&format!("[env: {variable}")), "{flag}: {entry}");
            assert!(default.is_empty() || entry.contains(&format!("[default: {default}]")), "{flag}: {entry}");
        }
        let flags: Vec<&str> = manual.split_whitespace().filter(|word| word.starts_with("--")).collect();
        for flag in flags {
            assert!(
                SETTINGS.iter().any(|(known, ..)| *known == flag)
                    || ["--help", "--version", "--listen"].contains(&flag),
                "{flag} is not in the table of this test"
            );
        }
        for code in 0..=6 {
            assert!(manual.contains(&format!("\n  {code}  ")), "{code} is not in {manual}");
        }
    }
}

#[tokio::test]
async fn a_setting_comes_from_the_flag_else_the_environment_else_the_file() {
    let (url, folder) = empty().await;
    let file = folder.0.join("diligence.toml");
    std::fs::write(&file, format!("database_url = \"{url}\"\n")).expect("written");
    let list = |flag: Option<&str>, environment: Option<&str>| {
        let mut command = command(&["key", "list"]);
        command.arg("--config").arg(&file).args(flag.iter().flat_map(|url| ["--database-url", url]));
        if let Some(url) = environment {
            command.env("DATABASE_URL", url);
        }
        said(&command.output().expect("the program runs")).0
    };
    let nowhere = format!("sqlite://{}/none/none.db", folder.0.display());
    assert_eq!(list(None, None), Some(0));
    assert_eq!(list(None, Some(&nowhere)), Some(4));
    assert_eq!(list(Some(&url), Some(&nowhere)), Some(0));
    assert_eq!(list(Some(&nowhere), Some(&url)), Some(4));
}

#[tokio::test]
async fn keys_are_made_listed_and_ended_at_the_console() {
    let (url, _folder) = empty().await;
    let (code, key, told) = new_key(&url, "viewer");
    assert_eq!((code, told.as_str(), key.lines().count()), (Some(0), "", 1));
    let server = Server::start(&url);
    assert_eq!(server.key, "", "there is an organisation already");
    assert_eq!(ask(&server, "GET", "/api/v1/suppliers", key.trim(), "").0, 200);
    assert_eq!(ask(&server, "POST", "/api/v1/suppliers", key.trim(), "{\"name\": \"x\"}").0, 403);
    drop(server);
    // As a name may have been stored before tabs were refused.
    change(&url, "UPDATE api_key SET name = 'Night' || char(9) || 'ly'").await;
    let (_, list, _) = run(&["key", "list", "--database-url", &url]);
    assert_eq!(list.lines().count(), 1, "{list}");
    let cells: Vec<&str> = list.trim_end().split('\t').collect();
    assert_eq!(
        (cells.len(), cells[1], cells[2], cells[4], cells[6]),
        (7, "viewer", "no end", "Ours", "everything"),
        "{list}"
    );
    let (_, random) = key.trim().rsplit_once('_').expect("two parts");
    assert!(!list.contains(random));
    let ended = run(&["key", "revoke", cells[0], "--database-url", &url]);
    assert_eq!(ended.0, Some(0), "{}", ended.2);
    let server = Server::start(&url);
    assert_eq!(ask(&server, "GET", "/api/v1/suppliers", key.trim(), "").0, 401);
}

/// What a command says when `input` is its standard input.
fn told(arguments: &[&str], input: &str) -> (Option<i32>, String, String) {
    let mut process = command(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    process.stdin.take().expect("its input").write_all(input.as_bytes()).expect("written");
    said(&process.wait_with_output().expect("it ends"))
}

#[tokio::test]
async fn the_first_account_is_made_with_the_link_that_a_new_register_prints_once() {
    let (url, _folder) = empty().await;
    let server = Server::start(&url);
    let (address, token) = server.link.split_once("/invitations#").expect("a link");
    assert_eq!(address, server.address);
    let accepts = |more: Value| {
        let mut body = json!({ "token": token, "name": "Sam Okafor", "email": "Sam@example.org", "organisation_name": "Meadow View Care", "password": "plum chair river nine" });
        body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        ask(&server, "POST", "/api/v1/invitations/accept", "", &body.to_string())
    };
    let opened = ask(&server, "POST", "/api/v1/invitations/open", "", &json!({ "token": token }).to_string());
    assert!(opened.0 == 200 && opened.1.contains("\"first_admin\""), "{}", opened.1);
    for (more, place) in [
        (json!({ "email": "nobody" }), "/email"),
        (json!({ "name": null }), "/name"),
        (json!({ "password": "password1234" }), "/password"),
    ] {
        let told = accepts(more);
        assert!(told.0 == 422 && told.1.contains(&format!("\"pointer\":\"{place}\"")), "{}", told.1);
    }
    let accepted = accepts(json!({}));
    assert!(
        accepted.0 == 200 && accepted.1.contains("\"sam@example.org\"") && accepted.1.contains("Meadow View Care"),
        "{}",
        accepted.1
    );
    assert_eq!(accepts(json!({})).0, 410, "it is good once");
    let session = ask(
        &server,
        "POST",
        "/api/v1/sessions",
        "",
        &json!({ "email": "sam@example.org", "password": "plum chair river nine" }).to_string(),
    );
    assert!(
        session.0 == 201 && session.1.contains("\"role\":\"admin\"") && session.1.contains("Meadow View Care"),
        "{}",
        session.1
    );
    drop(server);
    assert_eq!(Server::start(&url).link, "", "there is an account already");
}

#[tokio::test]
async fn the_first_admin_is_made_at_the_console_and_people_are_helped_there() {
    let (url, _folder) = empty().await;
    let user = |arguments: &[&str]| run(&[&["user"], arguments, &["--database-url", &url]].concat());
    let (code, link, told_beside) = user(&[
        "create",
        "--create-organisation",
        "--organisation",
        "Ours",
        "--role",
        "admin",
        "--email",
        "Sam@example.org",
        "--name",
        "Sam Okafor",
    ]);
    assert_eq!((code, link.lines().count()), (Some(0), 1), "{told_beside}");
    let token = link.trim().strip_prefix("http://127.0.0.1:8080/invitations#").expect("a link");
    let server = Server::start(&url);
    assert_eq!(server.key, "", "there is an organisation already");
    let send = |path: &str, body: Value| ask(&server, "POST", path, "", &body.to_string());
    let accepted = send("/api/v1/invitations/accept", json!({ "token": token, "password": "plum chair river nine" }));
    assert_eq!(accepted.0, 200, "{}", accepted.1);
    let signs_in =
        |password: &str| send("/api/v1/sessions", json!({ "email": "sam@example.org", "password": password })).0;
    assert_eq!(signs_in("plum chair river nine"), 201);
    let refused = user(&["role", "sam@example.org", "--organisation", "Ours", "--role", "viewer"]);
    assert_eq!((refused.0, refused.2.contains("last admin")), (Some(6), true), "{}", refused.2);
    let (code, _, wrong) = told(
        &[
            "user",
            "create",
            "--organisation",
            "Ours",
            "--role",
            "editor",
            "--email",
            "kit@example.org",
            "--name",
            "Kit",
            "--password-stdin",
            "--database-url",
            &url,
        ],
        "password1234\n",
    );
    assert_eq!((code, wrong.contains("guessed")), (Some(6), true), "{wrong}");
    change(&url, "UPDATE users SET name = 'Sam' || char(9) || 'Okafor'").await;
    let (_, list, _) = user(&["list", "--organisation", "Ours"]);
    let cells: Vec<&str> = list.trim_end().split('\t').collect();
    assert_eq!(cells[1..], ["admin", "no mfa", "Ours", "sam@example.org", "Sam Okafor"], "{list}");
    let (code, made, wrong) = told(
        &[
            "user",
            "create",
            "--create-organisation",
            "--organisation",
            "Another",
            "--role",
            "editor",
            "--email",
            "kit@example.org",
            "--name",
            "Kit",
            "--password-stdin",
            "--database-url",
            &url,
        ],
        "slate window kettle heron\n",
    );
    assert_eq!((code, made.as_str()), (Some(0), "kit@example.org\n"), "{wrong}");
    let (_, sessions, _) = user(&["sessions", "sam@example.org", "--organisation", "Ours", "--end"]);
    assert_eq!(sessions.lines().count(), 1, "{sessions}");
    assert_eq!(user(&["sessions", "sam@example.org", "--organisation", "Ours"]).1, "");
    let (_, link, _) = user(&[
        "reset-password",
        "sam@example.org",
        "--organisation",
        "Ours",
        "--public-url",
        "https://register.example.org",
    ]);
    let token = link.trim().strip_prefix("https://register.example.org/invitations#").expect("a link");
    assert_eq!(
        send("/api/v1/invitations/accept", json!({ "token": token, "password": "heron kettle window slate" })).0,
        200
    );
    assert_eq!((signs_in("plum chair river nine"), signs_in("heron kettle window slate")), (401, 201));
    assert_eq!(user(&["reset-mfa", "sam@example.org", "--organisation", "Ours"]).0, Some(6), "there is none");
    assert_eq!(user(&["invite", "--organisation", "Ours", "--role", "admin", "--email", "kit@example.org"]).0, Some(0));
    assert_eq!(
        user(&["invite", "--organisation", "Nowhere", "--role", "admin", "--email", "kit@example.org"]).0,
        Some(6)
    );
    assert_eq!(user(&["remove", "kit@example.org", "--organisation", "Another"]).0, Some(0));
    assert_eq!(user(&["remove", "kit@example.org", "--organisation", "Another"]).0, Some(6));
}

#[tokio::test]
async fn every_line_of_the_json_log_is_json_and_names_the_request() {
    let (url, _folder) = empty().await;
    drop(Server::start(&url));
    let mut process = command(&["serve", "--listen", "127.0.0.1:0", "--database-url", &url, "--log-format", "json"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut log = BufReader::new(process.stderr.take().expect("its log")).lines();
    let mut next = || serde_json::from_str::<Value>(&log.next().expect("a line").expect("text")).expect("JSON");
    let ready = next();
    let address = ready["address"].as_str().expect("an address").to_owned();
    let server = Server::around(address, process);
    let mut connection = connect(&server);
    connection
        .write_all(
            head("GET", "/api/v1/suppliers?q=secret-word", "dlg_secret", 0, "X-Request-Id: mine-1\r\n").as_bytes(),
        )
        .expect("sent");
    assert_eq!(answer(&mut connection).0, 401);
    let line = next();
    assert_eq!(
        (&line["request_id"], &line["status"], &line["route"], &line["method"]),
        (&json!("mine-1"), &json!(401), &json!("/api/v1/suppliers"), &json!("GET"))
    );
    assert!(!line.to_string().contains("secret"), "{line}");
}
