//! Where `/metrics` is, and for whom.

use std::{io::Write as _, net::TcpStream};

use crate::{
    harness::{On, empty_database},
    operations::answer,
    server::{Server, command},
};

const KEY: &str = "a-key-for-measurements";

fn get(address: &str, path: &str, key: Option<&str>) -> (u16, String) {
    let mut connection = TcpStream::connect(address).expect("it listens");
    let key = key.map(|key| format!("Authorization: Bearer {key}\r\n")).unwrap_or_default();
    connection
        .write_all(format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n{key}Connection: close\r\n\r\n").as_bytes())
        .expect("sent");
    answer(&mut connection)
}

/// A port that was free a moment ago.
fn free_address() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("its address").to_string()
}

#[tokio::test]
async fn measurements_are_given_at_their_own_address_alone_once_they_have_one() {
    let (url, _folder) = empty_database(On::Sqlite).await;
    let apart = free_address();
    let server = Server::start_with(&url, &["--metrics-listen", &apart]);
    let main = server.address.trim_start_matches("http://");
    get(main, "/health/live", None);
    let (status, measured) = get(&apart, "/metrics", None);
    assert!(
        status == 200 && measured.contains("diligence_request_duration_seconds_count{route=\"/health/live\""),
        "{status} {measured}"
    );
    assert_eq!(get(main, "/metrics", None).0, 404);
    // And nothing else is there.
    for path in ["/", "/health/live", "/api/v1/suppliers", "/sign-in", "/docs"] {
        assert_eq!(get(&apart, path, None).0, 404, "{path}");
    }
    let taken = command(&["serve", "--listen", "127.0.0.1:0", "--metrics-listen", &apart, "--database-url", &url])
        .output()
        .expect("it runs");
    assert_eq!(taken.status.code(), Some(3));
    let said = String::from_utf8_lossy(&taken.stderr);
    assert!(said.contains("--metrics-listen"), "{said}");
}

#[tokio::test]
async fn measurements_ask_for_the_key_of_the_configuration_and_say_it_nowhere() {
    let (url, folder) = empty_database(On::Sqlite).await;
    let folder = &folder.as_ref().expect("a folder").0;
    let (file, config) = (folder.join("metrics.key"), folder.join("diligence.toml"));
    std::fs::write(&file, format!("{KEY}\n")).expect("written");
    std::fs::write(&config, format!("metrics_key_file = {:?}\n", file.to_str().expect("text"))).expect("written");
    let server = Server::start_with(&url, &["--config", config.to_str().expect("text")]);
    let main = server.address.trim_start_matches("http://");
    assert_eq!(get(main, "/metrics", Some(KEY)).0, 200);
    for wrong in [None, Some("a-key-for-measurement"), Some("a-key-for-measurementS"), Some(server.key.as_str())] {
        let (status, body) = get(main, "/metrics", wrong);
        assert!(status == 401 && !body.contains(KEY) && !body.contains("diligence_"), "{status} {body}");
    }
    // A file that holds no key is refused before anything is served, without being shown.
    std::fs::write(&file, "two words-of-a-secret").expect("written");
    let refused = command(&[
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--metrics-key-file",
        file.to_str().expect("text"),
        "--database-url",
        &url,
    ])
    .output()
    .expect("it runs");
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(
        refused.status.code() == Some(2) && said.contains("expected a key for /metrics") && !said.contains("words-of"),
        "{said}"
    );
}
