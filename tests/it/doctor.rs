//! `diligence doctor` says what is wrong or will be, and changes nothing.

use std::{collections::BTreeMap, fs, path::Path};

use sea_orm::{ConnectionTrait as _, Database};
use serde_json::Value;

use crate::{
    backups::NOW,
    harness::{On, empty_database},
    operations::{empty, run},
    respondents::mail_server,
    server::{Server, command},
    upgrades::{made_at, read_through},
};

/// What it finds, by what it is about: the mark and the words. Its exit code follows from the marks.
fn examined(url: &str, more: &[&str]) -> BTreeMap<String, (String, String)> {
    let (code, out, told) = run(&[&["doctor", "--json", "--database-url", url], more].concat());
    let report: Value = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out} {told}"));
    let found: BTreeMap<String, (String, String)> = report["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .map(|found| {
            let text = |name: &str| found[name].as_str().unwrap_or_default().to_owned();
            (text("what"), (text("mark"), format!("{}: {}", text("finding"), text("advice"))))
        })
        .collect();
    let well = found.values().all(|(mark, _)| mark != "wrong");
    assert_eq!(
        (code, report["well"].as_bool(), told.is_empty()),
        (Some(i32::from(!well)), Some(well), well),
        "{out} {told}"
    );
    assert!(!out.contains("secret-word"), "{out}");
    found
}

fn is(found: &BTreeMap<String, (String, String)>, what: &str, mark: &str, part: &str) {
    let (is, said) = found.get(what).unwrap_or_else(|| panic!("nothing of {what}: {found:?}"));
    assert!(is == mark && said.contains(part), "{what}: {is} {said}");
}

/// Does something to a database past the program.
pub(crate) async fn change(url: &str, statements: &str) {
    let database = Database::connect(url).await.expect("the database answers");
    database.execute_unprepared(statements).await.expect("a change");
    database.close().await.expect("closed");
}

/// Every file of a folder, byte by byte.
fn bytes(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry"));
    entries
        .map(|entry| (entry.file_name().into_string().expect("text"), fs::read(entry.path()).expect("a file")))
        .filter(|(name, _)| !name.ends_with("-shm"))
        .collect()
}

async fn a_program_that_runs_is_well(on: On) {
    let (url, there) = empty_database(on).await;
    let server = Server::start(&url);
    let found = examined(&url, &[]);
    for what in ["address", "audit", "clock", "data", "database", "disk", "due", "keys", "mail", "proxies", "schema"] {
        // Files that others may read are no fault of the program's that is tested here.
        assert!(found[what].0 == "good" || found[what].1.contains("chmod 600"), "{what}: {:?}", found[what]);
    }
    assert!(found["database"].1.contains(if on == On::Sqlite { "SQLite 3." } else { "PostgreSQL 1" }), "{found:?}");
    is(&found, "schema", "good", "m00");
    is(&found, "audit", "good", "events, each as it was written");
    is(&found, "due", "good", "0 items, each as it follows");
    is(&found, "backup", "look", "run diligence backup every night");
    assert!((9..=12).contains(&found.len()), "{found:?}");
    // The same for people: a line each.
    let (code, out, told) = run(&["doctor", "--database-url", &url]);
    assert_eq!((code, out.lines().count(), told.as_str()), (Some(0), found.len(), ""), "{out}");
    assert!(out.lines().all(|line| ["good  ", "look  ", "wrong "].contains(&&line[..6])), "{out}");
    // A backup is remembered, and a public address that leads here is known.
    let folder = there.as_ref().map(|there| there.0.clone()).unwrap_or_else(std::env::temp_dir);
    let copy = folder.join(format!("{}.copy.db", url.rsplit('/').next().expect("a name")));
    assert_eq!(run(&["backup", copy.to_str().expect("text"), "--database-url", &url]).0, Some(0));
    let found = examined(&url, &["--reach", "--public-url", &server.address]);
    is(&found, "backup", "good", "the last was made at 20");
    is(&found, "reach", "good", "is answered by this program");
    let _ = fs::remove_file(copy);
}

#[tokio::test]
async fn a_program_that_runs_is_well_on_sqlite() {
    a_program_that_runs_is_well(On::Sqlite).await;
}
#[tokio::test]
async fn a_program_that_runs_is_well_on_postgres() {
    a_program_that_runs_is_well(On::Postgres).await;
}

#[tokio::test]
async fn it_changes_no_file_whether_the_program_was_stopped_or_killed() {
    let (url, folder) = empty().await;
    let mut server = Server::start(&url);
    server.process.kill().expect("killed");
    server.process.wait().expect("gone");
    let before = bytes(&folder.0);
    assert!(before.get("diligence.db-wal").is_some_and(|wal| !wal.is_empty()), "killed, it leaves its -wal");
    is(&examined(&url, &[]), "data", "good", "in the -wal");
    assert!(bytes(&folder.0) == before, "files were changed");
    // Written back, there is one file, and there is one afterwards.
    change(&url, "PRAGMA wal_checkpoint(TRUNCATE)").await;
    let before = bytes(&folder.0);
    assert_eq!(before.keys().collect::<Vec<_>>(), ["diligence.db"]);
    is(&examined(&url, &[]), "data", "good", "whole");
    assert!(bytes(&folder.0) == before && fs::read_dir(&folder.0).expect("entries").count() == 1, "files were changed");
    // Nor does it make a database where there is none.
    let none = format!("sqlite://{}/none.db", folder.0.display());
    let found = examined(&none, &[]);
    is(&found, "database", "wrong", "it does not open");
    is(&found, "disk", "good", "are free in");
    assert!(bytes(&folder.0) == before);
}

async fn an_older_schema_stays_as_it_is(on: On) {
    let old = made_at("m0002_questionnaires", on).await;
    let found = examined(&old.url, &[]);
    is(&found, "schema", "look", "it lacks m0003_audit, m0004_people");
    is(&found, "audit", "look", "not verified");
    let again = examined(&old.url, &[]);
    is(&again, "schema", "look", "it lacks m0003_audit");
    // It is whole, and what it lacks is what the next start takes.
    let url = old.url.clone();
    let _app = read_through(old, "m0002_questionnaires").await;
    is(&examined(&url, &[]), "schema", "good", "m00");
}

#[tokio::test]
async fn an_older_schema_is_told_and_stays_as_it_is_on_sqlite() {
    an_older_schema_stays_as_it_is(On::Sqlite).await;
}
#[tokio::test]
async fn an_older_schema_is_told_and_stays_as_it_is_on_postgres() {
    an_older_schema_stays_as_it_is(On::Postgres).await;
}

async fn what_is_wrong_in_it_is_told(on: On) {
    let old = made_at(NOW, on).await;
    let found = examined(
        &old.url,
        &[
            "--smtp-url",
            "smtp://user:secret-word@127.0.0.1:1",
            "--smtp-from",
            "a@example.org",
            "--public-url",
            "http://127.0.0.1:1",
            "--reach",
            "--trusted-proxies",
            "0.0.0.0/0",
        ],
    );
    for (what, part) in
        [("mail", "takes none"), ("reach", "does not answer from here"), ("proxies", "everyone is believed")]
    {
        is(&found, what, "wrong", part);
    }
    is(&found, "audit", "good", "events");
    let off = if on == On::Sqlite {
        "DROP TRIGGER audit_event_is_not_changed"
    } else {
        "DROP TRIGGER audit_event_is_kept ON audit_event"
    };
    let soon =
        if on == On::Sqlite { "date('now', '+9 days')" } else { "to_char(now() + interval '9 days', 'YYYY-MM-DD')" };
    is(&found, "keys", "good", "none ends within 30 days");
    change(
        &old.url,
        &format!("{off}; UPDATE audit_event SET actor_name = 'Nobody' WHERE sequence = 3; UPDATE api_key SET expires_on = {soon} WHERE name = 'Old editor'"),
    )
    .await;
    let found = examined(&old.url, &[]);
    is(&found, "audit", "wrong", "is not as it was written");
    is(&found, "keys", "look", "1 end within 30 days");
    change(&old.url, "UPDATE audit_event SET at = '2999-01-01T00:00:00.000000Z' WHERE sequence = (SELECT max(sequence) FROM audit_event)").await;
    is(&examined(&old.url, &[]), "clock", "wrong", "was written at 2999");
    change(&old.url, "INSERT INTO seaql_migrations VALUES ('m9999_tomorrow', 0)").await;
    let found = examined(&old.url, &[]);
    is(&found, "schema", "wrong", "made by a newer version of this program (it has the step m9999_tomorrow)");
    let (other, _there) = empty_database(on).await;
    change(
        &if on == On::Sqlite { format!("{other}?mode=rwc") } else { other.clone() },
        "CREATE TABLE users (name text)",
    )
    .await;
    is(&examined(&other, &[]), "schema", "wrong", "another program");
}

#[tokio::test]
async fn what_is_wrong_in_it_and_around_it_is_told_on_sqlite() {
    what_is_wrong_in_it_is_told(On::Sqlite).await;
}
#[tokio::test]
async fn what_is_wrong_in_it_and_around_it_is_told_on_postgres() {
    what_is_wrong_in_it_is_told(On::Postgres).await;
}

#[tokio::test]
async fn a_database_that_does_not_open_is_the_finding_and_the_rest_goes_on() {
    let (_, folder) = empty().await;
    let letter = folder.0.join("letter.db");
    fs::write(&letter, "This is a letter to my aunt. ".repeat(1000)).expect("written");
    for url in [
        format!("sqlite://{}", letter.display()),
        format!("sqlite://{}", folder.0.display()),
        "postgres://nobody:secret-word@127.0.0.1:1/none".into(),
    ] {
        let found = examined(&url, &[]);
        is(&found, "database", "wrong", "it does not open");
        is(&found, "mail", "good", "none is sent");
        is(&found, "disk", "good", "are free in");
    }
    // A damaged file opens, and is told.
    let old = made_at(NOW, On::Sqlite).await;
    let place = old.url.trim_start_matches("sqlite://");
    let mut holes = fs::read(place).expect("a file");
    for page in holes.chunks_mut(4096).skip(20).step_by(5) {
        page.fill(0x5a);
    }
    fs::write(place, holes).expect("written");
    is(&examined(&old.url, &[]), "data", "wrong", "");
    let (code, _, told) = run(&["doctor", "--database-url", "mysql://localhost/x"]);
    assert!(code == Some(2) && told.lines().count() == 1, "{told}");
    let output = command(&["doctor", "--help"]).output().expect("it runs");
    assert!(String::from_utf8_lossy(&output.stdout).contains("0  nothing is wrong"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_mail_server_is_asked_and_gets_no_letter() {
    let (url, _folder) = empty().await;
    for (refuses, mark, part) in [(None, "good", "takes letters"), (Some("EHLO"), "wrong", "no such person")] {
        let (server, mut letters) = mail_server(refuses).await;
        let found = examined(&url, &["--smtp-url", &server, "--smtp-from", "Register <register@example.org>"]);
        is(&found, "mail", mark, part);
        assert!(letters.try_recv().is_err());
    }
}
