//! Bodies: read once it is known who sends them, within limits, and never more of them at a time than there is room
//! for.

use std::{
    io::{Read as _, Write as _},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use diligence::pages::{self, Least};
use diligence_entities::role::Role;
use diligence_openapi::{DOCUMENT, PUBLIC, RESPONDENT_DOCUMENT, operations};
use poem::{Body, http::Method};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, ReadBuf},
    sync::oneshot,
};

use crate::{
    harness::{App, On, PASSWORD, both},
    operations::{ask, connect, empty, head},
    respondents::visiting,
    roles::{kinds, method},
    server::Server,
};

// ---------------------------------------------------------------- every route that takes a body

/// What is read at once of a body here.
const PIECE: usize = 4096;
/// How much of what nobody wants is read after the answer.
const LEFT: usize = 1 << 20;

/// A body that is longer than anyone may send. It counts what is read of it, and says when nobody holds it any more.
struct Endless {
    length: usize,
    read: Arc<AtomicUsize>,
    gone: Option<oneshot::Sender<()>>,
}

impl AsyncRead for Endless {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        let length = buffer.remaining().min(self.length - self.read.load(Ordering::Relaxed));
        buffer.initialize_unfilled_to(length).fill(b' ');
        buffer.advance(length);
        self.read.fetch_add(length, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }
}

impl Drop for Endless {
    fn drop(&mut self) {
        let _ = self.gone.take().map(|gone| gone.send(()));
    }
}

/// Sends a body of this length. Gives the status, and how much was read before the answer and in all.
async fn sends(
    app: &App,
    method: Method,
    path: &str,
    headers: &[(String, String)],
    kind: &str,
    length: usize,
) -> (u16, usize, usize) {
    let (gone, is_gone) = oneshot::channel();
    let read = Arc::new(AtomicUsize::new(0));
    let body = Body::from_async_read(Endless { length, read: Arc::clone(&read), gone: Some(gone) });
    let request = app.client.request(method, path).header("content-type", kind).header("if-match", "\"1\"").body(body);
    let answer = headers.iter().fold(request, |request, (name, value)| request.header(name, value)).send().await.0;
    // On this one thread, nothing more is read before anything else is waited for.
    let before = read.load(Ordering::Relaxed);
    is_gone.await.expect("it is let go");
    (answer.status().as_u16(), before, read.load(Ordering::Relaxed))
}

/// Sends one to this place, which is refused with one of these statuses once so much was read at the most.
async fn is_refused(
    app: &App,
    who: &str,
    (method, path): (Method, &str),
    headers: &[(String, String)],
    kind: &str,
    statuses: &[u16],
    most: usize,
) {
    let is_stranger = ["a stranger", "someone whose session has ended"].contains(&who);
    // Whoever is known is not told to stop for long; that they are in the end is tested once, below.
    let length = if is_stranger { usize::MAX } else { most + (1 << 20) };
    let (status, before, in_all) = sends(app, method.clone(), path, headers, kind, length).await;
    assert!(statuses.contains(&status), "{method} {path} as {who}: {status}");
    // A stream has one piece on the way.
    assert!(before <= most + if most > 0 { PIECE } else { 0 }, "{method} {path} as {who} read {before} bytes");
    assert!(!is_stranger || in_all <= before + LEFT + PIECE, "{method} {path} as {who} read {in_all} bytes in all");
}

fn key(who: &crate::harness::Person) -> [(String, String); 1] {
    [("authorization".to_owned(), format!("Bearer {}", who.key.as_deref().expect("a key")))]
}

/// The path of an operation, with something in place of its parameters.
fn somewhere(root: &str, path: &str) -> String {
    let part =
        |part: &str| if part.starts_with('{') || part.starts_with(':') { "some".to_owned() } else { part.to_owned() };
    format!("{root}{}", path.split('/').map(part).collect::<Vec<_>>().join("/"))
}

const FORM: &str = "application/x-www-form-urlencoded";
const FILES: &str = "multipart/form-data; boundary=x";

/// Every page that takes a form, and the least that whoever sends it must be.
fn forms() -> Vec<(&'static str, Least)> {
    let routes = pages::list().into_iter().filter(|route| route.method == Method::POST);
    let forms: Vec<(&str, Least)> = routes.map(|route| (route.path, route.least)).collect();
    assert!(forms.len() > 95, "{}", forms.len());
    forms
}

both! {
    async fn no_operation_reads_a_body_before_it_knows_who_sends_it_nor_more_than_its_limit(app: App) {
        let visitor = visiting(&app).await;
        let viewer = key(&app.viewer);
        for (root, document) in [("/api/v1", DOCUMENT), ("/respond/v1", RESPONDENT_DOCUMENT)] {
            let document: Value = serde_json::from_str(document).expect("a document");
            for operation in operations(&document).iter().filter(|operation| operation.method != "get") {
                let is_public = PUBLIC.contains(&operation.id()) || operation.value["security"].as_array().is_some_and(Vec::is_empty);
                let kinds = kinds(operation);
                let path = somewhere(root, operation.path);
                // Some of them end the visit.
                let visitor = if root == "/api/v1" { visitor.clone() } else { visiting(&app).await };
                let to = || (method(operation), path.as_str());
                for kind in if kinds.is_empty() { vec!["application/json"] } else { kinds } {
                    if is_public {
                        is_refused(&app, "a stranger", to(), &[], kind, &[404, 413], 64 << 10).await;
                        continue;
                    }
                    is_refused(&app, "a stranger", to(), &[], kind, &[401], 0).await;
                    if root == "/api/v1" {
                        is_refused(&app, "a stranger", to(), &visitor, kind, &[401], 0).await;
                        is_refused(&app, "a viewer", to(), &viewer, kind, &[403, 404, 413], 5 << 20).await;
                    } else {
                        is_refused(&app, "a stranger", to(), &viewer, kind, &[401], 0).await;
                        is_refused(&app, "a respondent", to(), &visitor, kind, &[200, 204, 404, 409, 412, 413, 422], 10 << 20).await;
                    }
                }
            }
        }
    }

    async fn no_page_reads_a_form_before_it_knows_who_sends_it_nor_more_than_its_limit(app: App) {
        let visitor = visiting(&app).await;
        let member = app.member("viewer").await;
        let (session, _) = member.session().expect("a session");
        let viewer = [("cookie".to_owned(), format!("__Host-diligence={session}"))];
        let over = app.member("admin").await;
        let ended = [("cookie".to_owned(), format!("__Host-diligence={}", over.session().expect("a session").0))];
        assert_eq!(app.send(&over, Method::POST, "/sessions/current/end", None, &[]).await.status, 200);
        for (path, least) in forms() {
            let path = somewhere("", path);
            let to = || (Method::POST, path.as_str());
            for kind in [FORM, FILES] {
                let of_anyone = if path.starts_with("/sign-in") { 512 << 10 } else { 64 << 10 };
                match least {
                    Least::Anyone => {
                        is_refused(&app, "a stranger", to(), &[], kind, &[413, 415], of_anyone).await;
                        is_refused(&app, "a viewer", to(), &viewer, kind, &[413, 415], of_anyone).await;
                        continue;
                    }
                    Least::Respondent => {
                        is_refused(&app, "a stranger", to(), &viewer, kind, &[303], 0).await;
                        is_refused(&app, "a respondent", to(), &visitor, kind, &[400, 413, 415], 10 << 20 | 256 << 10).await;
                    }
                    Least::Role(Role::Viewer) | Least::Begun => is_refused(&app, "a viewer", to(), &viewer, kind, &[413, 415], 8 << 20).await,
                    Least::Role(_) => is_refused(&app, "a viewer", to(), &viewer, kind, &[403], 0).await,
                }
                is_refused(&app, "a stranger", to(), &[], kind, &[303], 0).await;
                // What was typed is kept for whoever had a session, as far as it is not too much.
                is_refused(&app, "someone whose session has ended", to(), &ended, kind, &[303, 413], if kind == FORM { 256 << 10 } else { 0 }).await;
            }
        }
    }
}

#[tokio::test]
async fn a_list_is_read_up_to_its_limit_and_what_was_held_of_it_is_given_back() {
    let app = App::open(On::Sqlite).await;
    let held = async || {
        let metrics = app.get(&app.stranger, "/metrics").await.text;
        let of = |place: &str| {
            metrics
                .split_once(&format!("diligence_body_bytes{{place=\"{place}\"}} "))
                .and_then(|(_, rest)| rest.lines().next())
                .map(str::to_owned)
        };
        (of("memory"), of("disk"))
    };
    let path = "/api/v1/suppliers/import";
    let (status, before, in_all) = sends(&app, Method::POST, path, &key(&app.editor), "text/csv", usize::MAX).await;
    assert_eq!(status, 413);
    assert!(before <= (256 << 20) + PIECE && in_all <= before + (64 << 20) + PIECE, "{before}, {in_all}");
    assert_eq!(held().await, (Some("0".into()), Some("0".into())));
    // What is small in bytes can be large in values.
    let many = format!("[{}0]", "0,".repeat(4 << 20)).into_bytes();
    app.raw(&app.editor, Method::POST, "/suppliers/import", Some(many), &[("content-type", "application/json")])
        .await
        .faults(413);
    let good = json!({ "rows": [{ "name": "x".repeat(300) }] });
    app.post(&app.editor, "/suppliers/import", good).await.json(200);
    assert_eq!(held().await, (Some("0".into()), Some("0".into())));
}

#[tokio::test]
async fn a_form_may_not_fall_into_any_number_of_parts() {
    let app = App::open(On::Sqlite).await;
    let editor = app.member("editor").await;
    let (session, csrf) = editor.session().expect("a session");
    let send = async |count: usize| {
        let field = |name: &str, value: &str| {
            format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let fields: String = std::iter::once(field("csrf", csrf))
            .chain((1..count).map(|number| field(&format!("field{number}"), "")))
            .collect();
        let request = app
            .client
            .post("/import")
            .header("content-type", FILES)
            .header("cookie", format!("__Host-diligence={session}"));
        request.body(format!("{fields}--x--\r\n")).send().await.0.status().as_u16()
    };
    assert_eq!((send(2000).await, send(2001).await), (422, 400));
}

// ---------------------------------------------------------------- the real program

/// What came back: everything until the other side closes, however it does.
fn heard(connection: &mut impl std::io::Read) -> String {
    let mut bytes = Vec::new();
    let _ = connection.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test]
async fn who_sends_all_of_a_body_first_finds_the_answer_that_refused_it_early() {
    let (url, _folder) = empty().await;
    let server = Server::start(&url);
    let path = "/api/v1/suppliers/import";
    // The body, as its length says and as chunks.
    for (key, length, expected) in [
        ("", 1_000_000, 401),
        ("dlg_wrong", 1_000_000, 401),
        (server.key.as_str(), 40_000_000, 415),
        (server.key.as_str(), 20_000_000, 415),
    ] {
        let mut connection = connect(&server);
        connection
            .write_all(head("POST", path, key, length, "").replace("application/json", "image/png").as_bytes())
            .expect("sent");
        connection.write_all(&vec![b'x'; length]).expect("all of it is taken");
        assert!(heard(&mut connection).starts_with(&format!("HTTP/1.1 {expected} ")), "{length} bytes with {key:?}");

        let mut connection = connect(&server);
        let chunked = head("POST", path, key, 0, "")
            .replace("application/json", "image/png")
            .replace("Content-Length: 0", "Transfer-Encoding: chunked");
        connection.write_all(format!("{chunked}{length:x}\r\n").as_bytes()).expect("sent");
        connection.write_all(&vec![b'x'; length]).expect("all of it is taken");
        connection.write_all(b"\r\n0\r\n\r\n").expect("all of it is taken");
        assert!(
            heard(&mut connection).starts_with(&format!("HTTP/1.1 {expected} ")),
            "{length} bytes with {key:?}, in chunks"
        );
    }
    // Where it is known to be too much, the connection ends with the answer, which is there all the same.
    let mut connection = connect(&server);
    connection
        .write_all(head("POST", path, "", 2_000_000_000, "").replace("Connection: close\r\n", "").as_bytes())
        .expect("sent");
    connection.write_all(&vec![b'x'; 500_000]).expect("so much of it is taken");
    let mut start = [0; 4096];
    let read = connection.read(&mut start).expect("an answer");
    let answer = String::from_utf8_lossy(&start[..read]).to_ascii_lowercase();
    assert!(answer.starts_with("http/1.1 401 ") && answer.contains("connection: close"), "{answer}");
    // One that is within bounds leaves the connection as it was.
    let mut connection = connect(&server);
    connection
        .write_all(head("POST", path, "", 100_000, "").replace("Connection: close\r\n", "").as_bytes())
        .expect("sent");
    connection.write_all(&vec![b'x'; 100_000]).expect("all of it is taken");
    connection.write_all(head("GET", "/health/live", "", 0, "").as_bytes()).expect("sent");
    let answers = heard(&mut connection);
    assert!(answers.starts_with("HTTP/1.1 401 ") && answers.ends_with("alive\n"), "{answers}");
}

/// Sends a request on a connection of its own, and gives the status of its answer, 0 where there was none.
fn status_of(server: &Server, head: &str, body: &[u8]) -> u16 {
    let mut connection = connect(server);
    let _ = connection.write_all(head.as_bytes());
    // Whoever is refused may find the connection closed.
    for part in body.chunks(1 << 20) {
        if connection.write_all(part).is_err() {
            break;
        }
    }
    heard(&mut connection).split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default()
}

/// 47 MB as a form of many parts.
fn parts() -> Vec<u8> {
    let part = format!("--x\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\n{}\r\n", "y".repeat(1_000_000));
    format!("{}--x--\r\n", part.repeat(47)).into_bytes()
}

#[tokio::test]
async fn a_program_that_may_have_one_gigabyte_outlives_whatever_is_sent_to_it() {
    let (url, _folder) = empty().await;
    let server = Server::start_within(1 << 20, &url);
    let token = server.link.split_once('#').expect("a token").1.to_owned();
    let accept =
        json!({ "token": token, "name": "Jo Bell", "email": "jo@example.org", "password": PASSWORD }).to_string();
    let status =
        status_of(&server, &head("POST", "/api/v1/invitations/accept", "", accept.len(), ""), accept.as_bytes());
    assert_eq!(status, 200);
    let sign_in = json!({ "email": "jo@example.org", "password": PASSWORD }).to_string();
    let mut connection = connect(&server);
    connection
        .write_all(
            format!(
                "{}{sign_in}",
                head("POST", "/api/v1/sessions", "", sign_in.len(), "").replace("Authorization: Bearer \r\n", "")
            )
            .as_bytes(),
        )
        .expect("sent");
    let signed_in = heard(&mut connection);
    let cookie = signed_in
        .lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(name, value)| name.eq_ignore_ascii_case("set-cookie") && value.contains("dls_"));
    let cookie =
        cookie.unwrap_or_else(|| panic!("a session in {signed_in}")).1.split(';').next().expect("a cookie").to_owned();

    let (parts, zeros, lines) =
        (parts(), format!("[{}0]", "0,".repeat(16_000_000)).into_bytes(), "a,b\n".repeat(8_000_000).into_bytes());
    let form = |path: &str, cookie: &str| {
        let more = format!("Cookie: {cookie}\r\n");
        head("POST", path, "", parts.len(), &more)
            .replace("application/json", FILES)
            .replace("Authorization: Bearer \r\n", "")
    };
    let csv = |length: usize| {
        head("POST", "/api/v1/suppliers/import", &server.key, length, "").replace("application/json", "text/csv")
    };
    let kinds: Vec<(&str, String, &[u8], &[u16])> = vec![
        ("a form of many parts by a stranger", form("/import", "a=b"), &parts, &[0, 303]),
        ("the same to sign in", form("/sign-in", "a=b"), &parts, &[0, 413, 415]),
        ("JSON by a stranger", head("POST", "/api/v1/sessions", "", zeros.len(), ""), &zeros, &[0, 413]),
        (
            "a list without a key",
            head("POST", "/api/v1/suppliers/import", "dlg_none", lines.len(), ""),
            &lines,
            &[0, 401],
        ),
        ("a form of many parts by an administrator", form("/import", &cookie), &parts, &[403, 413, 503]),
        (
            "JSON of many values",
            head("POST", "/api/v1/suppliers/import", &server.key, zeros.len(), ""),
            &zeros,
            &[413, 503],
        ),
        ("a list of many lines", csv(lines.len()), &lines, &[413, 422, 503]),
        (
            "a document of many values",
            head("POST", "/api/v1/questionnaires/check", &server.key, 5 << 20, ""),
            &zeros[..5 << 20],
            &[400, 413, 503],
        ),
    ];
    std::thread::scope(|scope| {
        let server = &server;
        for (what, head, body, expected) in &kinds {
            for _ in 0..4 {
                scope.spawn(move || {
                    let status = status_of(server, head, body);
                    assert!(expected.contains(&status), "{what}: {status}");
                });
            }
        }
    });
    assert_eq!(status_of(&server, &head("GET", "/api/v1/suppliers", &server.key, 0, ""), b""), 200);
    let good = json!({ "name": "Harbour" }).to_string();
    assert_eq!(
        status_of(&server, &head("POST", "/api/v1/suppliers", &server.key, good.len(), ""), good.as_bytes()),
        201
    );
    let peak = server.memory("VmHWM");
    assert!(peak < 600, "its memory came to {peak} MiB");
}

/// A ZIP archive of these files, packed.
pub(crate) fn zip(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in files {
        let mut packer = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        packer.write_all(content).expect("packed");
        let packed = packer.finish().expect("packed");
        let mut sum = flate2::Crc::new();
        sum.update(content);
        let number = |length: usize| u32::try_from(length).expect("short").to_le_bytes();
        // Version, flags, method 8, time and date.
        let head = [
            &[20, 0, 0, 0, 8, 0, 0, 0, 0x21, 0][..],
            &sum.sum().to_le_bytes(),
            &number(packed.len()),
            &number(content.len()),
            &number(name.len()),
        ]
        .concat();
        directory.extend(
            [b"PK\x01\x02\x14\x00".as_slice(), &head, &[0; 10], &number(archive.len()), name.as_bytes()].concat(),
        );
        archive.extend([b"PK\x03\x04", &head[..], name.as_bytes(), &packed].concat());
    }
    let (start, count) = (archive.len(), u16::try_from(files.len()).expect("few").to_le_bytes());
    let number = |length: usize| u32::try_from(length).expect("short").to_le_bytes();
    let end =
        [b"PK\x05\x06".as_slice(), &[0; 4], &count, &count, &number(directory.len()), &number(start), &[0; 2]].concat();
    [archive, directory, end].concat()
}

#[tokio::test]
async fn small_workbooks_that_unpack_to_much_are_read_a_few_at_a_time() {
    let (url, _folder) = empty().await;
    let server = Server::start_within(1 << 20, &url);
    let made = |path: &str, body: Value| {
        let (status, told) = ask(&server, "POST", path, &server.key, &body.to_string());
        assert_eq!(status, 201, "{told}");
        serde_json::from_str::<Value>(&told).expect("JSON")["id"].as_str().expect("an id").to_owned()
    };
    let supplier = made("/api/v1/suppliers", json!({ "name": "Harbour" }));
    let open = made("/api/v1/assessments", json!({ "questionnaire": "supplier-security", "subject_id": supplier }));
    let relation = "<Relationships><Relationship Id=\"r1\" Type=\"x/sharedStrings\" Target=\"sharedStrings.xml\"/></Relationships>";
    let workbook = zip(&[
        ("xl/workbook.xml", b"<workbook><sheets/></workbook>".to_vec()),
        ("xl/_rels/workbook.xml.rels", relation.as_bytes().to_vec()),
        ("xl/sharedStrings.xml", format!("<sst>{}</sst>", "<si><t>a</t></si>".repeat((28 << 20) / 17)).into_bytes()),
    ]);
    assert!(workbook.len() < 200_000, "{}", workbook.len());
    let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    let head =
        head("POST", &format!("/api/v1/assessments/{open}/sheet"), &server.key, workbook.len(), "If-Match: \"1\"\r\n")
            .replace("application/json", kind);
    std::thread::scope(|scope| {
        for _ in 0..24 {
            scope.spawn(|| {
                let status = status_of(&server, &head, &workbook);
                assert!([422, 503].contains(&status), "{status}");
            });
        }
    });
    assert_eq!(ask(&server, "GET", "/api/v1/suppliers", &server.key, "").0, 200);
    let peak = server.memory("VmHWM");
    assert!(peak < 600, "its memory came to {peak} MiB");
}

#[tokio::test]
async fn the_memory_that_a_large_import_took_goes_back() {
    let (url, _folder) = empty().await;
    let server = Server::start_with(&url, &["--request-timeout-seconds", "600"]);
    let idle = server.memory("VmRSS");
    let line = |number: usize| {
        format!("Supplier {number},https://supplier{number}.example,GB,processor,Person {},L{number}\n", number % 50)
    };
    let lines: String = (0..20_000).map(line).collect();
    let csv = format!("name,website,country,data_role,relationship_owner,identifiers:LOCAL\n{lines}");
    let head =
        head("POST", "/api/v1/suppliers/import", &server.key, csv.len(), "").replace("application/json", "text/csv");
    assert_eq!(status_of(&server, &head, csv.as_bytes()), 200);
    let peak = server.memory("VmHWM");
    // A minute and more, in case others use the machine.
    for _ in 0..1200 {
        if server.memory("VmRSS") < 2 * idle {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("idle it had {idle} MiB, at the most {peak}, and it keeps {}", server.memory("VmRSS"));
}
