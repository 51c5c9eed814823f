//! What HTTP/1.0 is answered: with its length, so that what is missing is missed.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

use crate::{
    harness::{On, empty_database},
    server::{Server, command},
};

/// Sends a request and reads until the connection ends: the head, in small letters, and the body.
fn sent(server: &Server, head: &str, body: &[u8]) -> (String, Vec<u8>) {
    let mut connection = TcpStream::connect(server.address.trim_start_matches("http://")).expect("it listens");
    let head = format!("{head}\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nConnection: close\r\n", server.key);
    connection.write_all(format!("{head}Content-Length: {}\r\n\r\n", body.len()).as_bytes()).expect("sent");
    connection.write_all(body).expect("sent");
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).expect("an answer");
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").expect("the end of a head");
    let body = answer.split_off(end + 4);
    (String::from_utf8_lossy(&answer).to_lowercase(), body)
}

async fn an_export_has_its_length_by_http_1_0_and_comes_as_it_is_read_by_http_1_1(on: On) {
    let (url, _folder) = empty_database(on).await;
    let server = Server::start_with(&url, &["--request-timeout-seconds", "300"]);
    let rows: String = (0..800).map(|number| format!("Supplier {number},{}\r\n", "note ".repeat(150))).collect();
    let csv = format!("name,notes\r\n{rows}");
    let import = "POST /api/v1/suppliers/import HTTP/1.1\r\nContent-Type: text/csv";
    let (head, _) = sent(&server, import, csv.as_bytes());
    assert!(head.starts_with("http/1.1 200"), "{head}");

    let (head, old) = sent(&server, "GET /api/v1/suppliers.csv HTTP/1.0", b"");
    assert!(head.starts_with("http/1.0 200") && old.len() > 600_000, "{head}");
    assert!(head.contains(&format!("\r\ncontent-length: {}\r\n", old.len())), "{head}");
    // Whoever speaks for someone who asks so is answered alike.
    let (head, via) = sent(&server, "GET /api/v1/suppliers.csv HTTP/1.1\r\nVia: 1.1 one, 1.0 two", b"");
    assert!(head.contains(&format!("\r\ncontent-length: {}\r\n", old.len())) && via == old, "{head}");
    let (head, packed) = sent(&server, "GET /api/v1/suppliers.csv HTTP/1.0\r\nAccept-Encoding: gzip", b"");
    assert!(head.contains("\r\ncontent-encoding: gzip\r\n") && packed.len() < old.len() / 4, "{head}");
    assert!(head.contains(&format!("\r\ncontent-length: {}\r\n", packed.len())), "{head}");
    let (head, _) = sent(&server, "GET /api/v1/suppliers.csv HTTP/1.1", b"");
    assert!(head.contains("\r\ntransfer-encoding: chunked\r\n") && !head.contains("content-length"), "{head}");
}

#[tokio::test]
async fn by_http_1_0_an_export_has_its_length_on_sqlite() {
    an_export_has_its_length_by_http_1_0_and_comes_as_it_is_read_by_http_1_1(On::Sqlite).await;
}

#[tokio::test]
async fn by_http_1_0_an_export_has_its_length_on_postgres() {
    an_export_has_its_length_by_http_1_0_and_comes_as_it_is_read_by_http_1_1(On::Postgres).await;
}

async fn an_answer_that_cannot_be_made_whole_is_logged_and_counted_as_what_it_came_to(on: On) {
    let (url, _folder) = empty_database(on).await;
    let server = Server::start(&url);
    let rows: String = (0..800).map(|number| format!("Supplier {number},{}\r\n", "note ".repeat(150))).collect();
    let import = "POST /api/v1/suppliers/import HTTP/1.1\r\nContent-Type: text/csv";
    let (head, _) = sent(&server, import, format!("name,notes\r\n{rows}").as_bytes());
    assert!(head.starts_with("http/1.1 200"), "{head}");
    let key = server.key.clone();
    server.stops();

    // There is nowhere to gather it.
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--database-url", &url, "--request-timeout-seconds", "300"];
    let mut server = Server::of(command(&arguments).env("TMPDIR", "/nowhere/at/all"));
    server.key = key;
    let (head, body) = sent(&server, "GET /api/v1/suppliers.csv HTTP/1.0\r\nX-Request-Id: mine-1", b"");
    assert!(head.starts_with("http/1.0 503") && head.contains("\r\nx-request-id: mine-1\r\n"), "{head}");
    assert!(head.contains("application/problem+json") && !head.contains("content-disposition"), "{head}");
    assert!(String::from_utf8_lossy(&body).contains("/problems/overloaded"));
    let (head, _) = sent(&server, "GET /api/v1/suppliers?limit=1 HTTP/1.0\r\nX-Request-Id: mine-2", b"");
    assert!(head.starts_with("http/1.0 200"), "{head}");

    let (_, metrics) = sent(&server, "GET /metrics HTTP/1.1", b"");
    let metrics = String::from_utf8_lossy(&metrics);
    let counted = |route: &str| {
        let begin = format!("diligence_request_duration_seconds_count{{route=\"/api/v1/{route}\",method=\"GET\",");
        metrics.lines().filter_map(|line| line.strip_prefix(&begin)).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(counted("suppliers.csv"), ["status=\"503\"} 1"]);
    assert_eq!(counted("suppliers"), ["status=\"200\"} 1"]);
    let log = server.stops();
    let lines = |request: &str| log.lines().filter(|line| line.contains(request)).collect::<Vec<_>>();
    let [warning, answered] = lines("request_id=mine-1")[..] else { panic!("{log}") };
    for part in [" WARN ", "an answer could not be made whole", "status=503"] {
        assert!(warning.contains(part), "{part} is not in {warning}");
    }
    assert!(answered.contains("answered") && answered.contains("status=503"), "{answered}");
    assert!(matches!(lines("request_id=mine-2")[..], [line] if line.contains("status=200")), "{log}");
}

#[tokio::test]
async fn an_answer_that_cannot_be_made_whole_is_logged_and_counted_so_on_sqlite() {
    an_answer_that_cannot_be_made_whole_is_logged_and_counted_as_what_it_came_to(On::Sqlite).await;
}

#[tokio::test]
async fn an_answer_that_cannot_be_made_whole_is_logged_and_counted_so_on_postgres() {
    an_answer_that_cannot_be_made_whole_is_logged_and_counted_as_what_it_came_to(On::Postgres).await;
}
