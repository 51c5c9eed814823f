//! The first start: whenever it ends, there is nothing yet, or a way in.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::TcpStream,
    path::Path,
    process::Stdio,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use diligence_entities::{
    clock::Clock,
    first_start::{NAME, WayIn, way_in},
    scope::{Store, StoreOptions},
};
use serde_json::{Value, json};

use crate::{
    harness::{App, Folder, On, PASSWORD, Person, empty_database, text},
    operations::answer,
    server::{Server, command},
};

/// How many first starts are killed.
const KILLS: usize = 60;

/// The database's files, in bytes.
fn size(folder: &Path) -> u64 {
    ["diligence.db", "diligence.db-wal"]
        .iter()
        .filter_map(|name| std::fs::metadata(folder.join(name)).ok())
        .map(|file| file.len())
        .sum()
}

/// Starts on a database and kills when so many bytes of it are written, or when it is ready.
fn kill_at(folder: &Path, bytes: u64) {
    let url = format!("sqlite://{}/diligence.db", folder.display());
    let mut process = command(&["serve", "--listen", "127.0.0.1:0", "--database-url", &url])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let log = process.stderr.take().expect("its log");
    let is_over = Arc::new(AtomicBool::new(false));
    let over = Arc::clone(&is_over);
    let reading = std::thread::spawn(move || {
        for line in BufReader::new(log).lines().map_while(Result::ok) {
            if line.contains("ready: ") {
                break;
            }
        }
        over.store(true, Ordering::Release);
    });
    while size(folder) < bytes && !is_over.load(Ordering::Acquire) {
        std::thread::yield_now();
    }
    process.kill().expect("killed");
    process.wait().expect("gone");
    reading.join().expect("the log has an end");
}

fn ask(server: &Server, method: &str, path: &str, key: &str, body: &Value) -> (u16, Value) {
    let mut connection = TcpStream::connect(server.address.trim_start_matches("http://")).expect("it listens");
    let host = server.address.trim_start_matches("http://");
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    connection.write_all(format!("{head}{body}").as_bytes()).expect("sent");
    let (status, body) = answer(&mut connection);
    (status, serde_json::from_str(&body).unwrap_or_default())
}

/// That whoever starts it now can get in, by key and by link, into the one organisation there is.
fn gives_a_way_in(folder: &Path) {
    let server = Server::start(&format!("sqlite://{}/diligence.db", folder.display()));
    let (status, organisation) = ask(&server, "GET", "/api/v1/organisation", &server.key, &Value::Null);
    assert_eq!((status, text(&organisation, "name")), (200, NAME), "{organisation}");
    let (_, token) = server.link.split_once('#').expect("a link");
    let (status, opened) = ask(&server, "POST", "/api/v1/invitations/open", "", &json!({ "token": token }));
    assert_eq!((status, text(&opened, "kind")), (200, "first_admin"), "{opened}");
    let (status, keys) = ask(&server, "GET", "/api/v1/keys?active=true", &server.key, &Value::Null);
    assert_eq!((status, keys["items"].as_array().map(Vec::len)), (200, Some(1)), "{keys}");
}

#[tokio::test]
async fn a_first_start_killed_at_any_point_leaves_nothing_or_a_way_in() {
    let (_, whole) = empty_database(On::Sqlite).await;
    let whole = whole.expect("a folder");
    kill_at(&whole.0, u64::MAX);
    let written = size(&whole.0);
    // What is written last is what it is about: the organisation, the key and the link.
    let last = written * 9 / 10;
    let points = (0..KILLS).map(|number| {
        let number = number as u64;
        if number < 15 { written * number / 15 } else { last + (written - last) * (number - 15) / (KILLS as u64 - 16) }
    });
    let mut rounds = Vec::new();
    for bytes in points {
        let (_, folder) = empty_database(On::Sqlite).await;
        rounds.push((bytes, folder.expect("a folder")));
    }
    let rounds: Arc<[(u64, Folder)]> = rounds.into();
    let (next, failed) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
    let workers: Vec<_> = (0..4)
        .map(|_| {
            let (rounds, next, failed) = (Arc::clone(&rounds), Arc::clone(&next), Arc::clone(&failed));
            std::thread::spawn(move || {
                while let Some((bytes, folder)) = rounds.get(next.fetch_add(1, Ordering::Relaxed)) {
                    kill_at(&folder.0, *bytes);
                    if std::panic::catch_unwind(|| gives_a_way_in(&folder.0)).is_err() {
                        failed.lock().expect("a list").push(*bytes);
                    }
                }
            })
        })
        .collect();
    workers.into_iter().for_each(|worker| worker.join().expect("a worker ends"));
    assert_eq!(
        *failed.lock().expect("a list"),
        Vec::<u64>::new(),
        "killed at these of {written} bytes, nobody gets in"
    );
}

/// Runs a body on a database without anything in it, on both kinds.
macro_rules! empty {
    ($(async fn $name:ident($store:ident: Store) $body:block)*) => {$(
        mod $name {
            use super::*;
            async fn body(on: On) {
                let (url, _folder) = empty_database(on).await;
                let $store = Store::open(StoreOptions { url, max_connections: 4, clock: Clock::System }).await.expect("it opens");
                $body
            }
            #[tokio::test]
            async fn on_sqlite() {
                body(On::Sqlite).await;
            }
            #[tokio::test]
            async fn on_postgres() {
                body(On::Postgres).await;
            }
        }
    )*};
}

async fn again(store: &Store) -> Option<WayIn> {
    way_in(store).await.expect("an answer")
}

empty! {
    async fn until_someone_comes_in_each_start_gives_another_way_and_the_one_before_is_void(store: Store) {
        let first = again(&store).await.expect("a way in");
        let second = again(&store).await.expect("a way in");
        assert_eq!((first.is_again, second.is_again, &first.organisation.id), (false, true, &second.organisation.id));
        let app = App::around(store.clone());
        let by = |way: &WayIn| Person { key: Some(way.key.reveal().to_owned()) };
        let open = async |way: &WayIn| app.post(&app.stranger, "/invitations/open", json!({ "token": way.link.reveal() })).await.status.as_u16();
        assert_eq!((open(&first).await, open(&second).await), (410, 200));
        assert_eq!(app.get(&by(&first), "/organisation").await.status.as_u16(), 401);
        // Nobody has got in with the one that is void.
        let third = again(&store).await.expect("a way in");
        let body = json!({ "token": third.link.reveal(), "email": "sam@example.org", "name": "Sam Okafor", "password": PASSWORD });
        app.post(&app.stranger, "/invitations/accept", body).await.json(200);
        assert!(again(&store).await.is_none());
        app.get(&by(&third), "/organisation").await.json(200);
    }

    async fn a_key_that_was_used_is_a_way_in_that_stays(store: Store) {
        let way = again(&store).await.expect("a way in");
        let app = App::around(store.clone());
        let program = Person { key: Some(way.key.reveal().to_owned()) };
        app.get(&program, "/organisation").await.json(200);
        assert!(again(&store).await.is_none());
        app.get(&program, "/organisation").await.json(200);
    }

    async fn what_the_console_has_made_is_left_alone(store: Store) {
        let organisation = crate::harness::organisation_called(&store, "Meadow View Care").await;
        let key = crate::harness::person(&store, "Meadow View Care", diligence_entities::role::Role::Viewer).await;
        assert!(again(&store).await.is_none());
        App::around(store.clone()).get(&key, "/organisation").await.json(200);
        assert_eq!(organisation.name, "Meadow View Care");
    }

    async fn starts_at_the_same_moment_make_one_organisation(store: Store) {
        let ways = tokio::join!(way_in(&store), way_in(&store), way_in(&store), way_in(&store));
        let ways = [ways.0, ways.1, ways.2, ways.3].map(|way| way.expect("an answer"));
        assert!(ways.iter().flatten().count() >= 1);
        assert_eq!(diligence_entities::organisation::all(&store).await.expect("all").len(), 1);
    }
}

#[tokio::test]
async fn a_way_in_is_shown_at_the_next_start_and_not_once_it_was_used() {
    let (url, _folder) = empty_database(On::Sqlite).await;
    let first = Server::start(&url);
    assert!(!first.key.is_empty());
    drop(first);
    let second = Server::start(&url);
    let (status, _) = ask(&second, "GET", "/api/v1/suppliers", &second.key, &Value::Null);
    assert_eq!(status, 200);
    drop(second);
    let third = Server::start(&url);
    assert_eq!((third.key.as_str(), third.link.as_str()), ("", ""));
}
