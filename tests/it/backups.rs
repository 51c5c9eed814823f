//! Copies of whole databases: from each database to each, from every version, checked before they are believed, all or
//! nothing.

use std::{
    collections::BTreeMap,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicBool, Ordering},
};

use sea_orm::{ConnectionTrait as _, Database, DatabaseConnection, DbBackend, Statement};
use serde_json::json;

use crate::{
    harness::{Folder, On, empty_database},
    operations::{answer, connect, empty, head, run},
    server::{Server, command, program},
    upgrades::{Old, made_at, read_through},
};

const BOTH: [On; 2] = [On::Sqlite, On::Postgres];
/// The last step, whose data has files, nulls, numbers, yes and no.
pub(crate) const NOW: &str = "m0016_revision";

async fn open(url: &str) -> DatabaseConnection {
    Database::connect(url).await.expect("the database answers")
}

async fn change(url: &str, statements: &str) {
    let database = open(url).await;
    database.execute_unprepared(statements).await.expect("a change");
    database.close().await.expect("closed");
}

/// Every row of every table, as text; the same of either database.
async fn contents(url: &str) -> BTreeMap<String, Vec<String>> {
    let database = open(url).await;
    let backend = database.get_database_backend();
    let is_sqlite = backend == DbBackend::Sqlite;
    let ask = async |sql: String| database.query_all_raw(Statement::from_string(backend, sql)).await.expect("rows");
    let columns = if is_sqlite {
        "SELECT m.name AS t, c.name AS c, lower(c.type) AS k FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT IN ('seaql_migrations') ORDER BY m.name, c.cid"
    } else {
        "SELECT table_name::text AS t, column_name::text AS c, data_type::text AS k FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'seaql_migrations' ORDER BY table_name, ordinal_position"
    };
    let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in ask(columns.into()).await {
        let cell = |name: &str| row.try_get::<String>("", name).expect("text");
        let column = format!("\"{}\"", cell("c"));
        let text = match (cell("k").as_str(), is_sqlite) {
            ("boolean", true) => format!("CASE WHEN {column} THEN 'true' ELSE 'false' END"),
            ("blob", true) => format!("'\\x' || lower(hex({column}))"),
            _ => format!("CAST({column} AS text)"),
        };
        tables.entry(cell("t")).or_default().push(format!("coalesce({text}, 'NULL')"));
    }
    let mut found = BTreeMap::new();
    for (table, columns) in tables {
        let rows = ask(format!("SELECT {} AS line FROM \"{table}\"", columns.join(" || '|' || "))).await;
        let mut lines: Vec<String> = rows.iter().map(|row| row.try_get("", "line").expect("text")).collect();
        lines.sort();
        found.insert(table, lines);
    }
    database.close().await.expect("closed");
    found
}

fn backed_up(url: &str, file: &Path) {
    let (code, out, told) = run(&["backup", file.to_str().expect("text"), "--database-url", url]);
    assert_eq!((code, out.as_str()), (Some(0), ""), "{told}");
    assert!(told.contains("holds everything as it stands now"), "{told}");
}

fn back_up(url: &str, file: &Path) -> (Option<i32>, String) {
    let (code, out, told) = run(&["backup", file.to_str().expect("text"), "--database-url", url]);
    assert_eq!(out, "");
    (code, told)
}

fn restored(file: &Path, url: &str, more: &[&str]) -> (Option<i32>, String) {
    let (code, out, told) = run(&[&["restore", file.to_str().expect("text"), "--database-url", url], more].concat());
    assert_eq!(out, "");
    (code, told)
}

/// One sentence, and its code.
fn is_refused((code, told): &(Option<i32>, String), expected: i32, part: &str) {
    assert!(
        *code == Some(expected) && told.lines().count() == 1 && told.starts_with("diligence: ") && told.contains(part),
        "{part}: {code:?} {told}"
    );
}

async fn folder() -> (PathBuf, Folder) {
    let (_, folder) = empty().await;
    (folder.0.clone(), folder)
}

/// A copy of a small register.
async fn a_copy() -> (PathBuf, Folder) {
    let (place, folder) = folder().await;
    let old = made_at(NOW, On::Sqlite).await;
    let copy = place.join("copy.db");
    backed_up(&old.url, &copy);
    (copy, folder)
}

async fn goes_over(from: On, to: On) {
    let old = made_at(NOW, from).await;
    let before = contents(&old.url).await;
    assert!(before["evidence_file"].len() == 1 && before["audit_event"].len() > 50, "{before:?}");
    let (place, _folder) = folder().await;
    let copy = place.join("it's a copy?.db");
    backed_up(&old.url, &copy);
    let bytes = fs::read(&copy).expect("a copy");
    let (target, there) = empty_database(to).await;
    let (code, told) = restored(&copy, &target, &[]);
    assert!(code == Some(0) && told.contains("\"Meadow View Care\", \"Nothing Yet\", \"Riverside Council\""), "{told}");
    assert_eq!(fs::read(&copy).expect("a copy"), bytes, "the copy was changed");
    assert_eq!(fs::read_dir(&place).expect("a folder").count(), 1, "something was left beside the copy");

    let mut after = contents(&target).await;
    // That it was put back is in every trail, and nothing else is new.
    for (table, new) in [("audit_event", 3), ("audit_head", 3), ("personal_record", 0)] {
        let lines = after.get_mut(table).expect("a table");
        let added = lines.iter().filter(|line| !before[table].contains(line)).count();
        assert_eq!(added, new, "{table}");
        lines.retain(|line| before[table].contains(line));
    }
    let mut expected = before.clone();
    expected.insert("audit_head".into(), Vec::new());
    assert_eq!(after, expected);
    read_through(Old { url: target, folder: there, keys: old.keys.clone() }, NOW).await;
}

#[tokio::test]
async fn a_copy_goes_from_sqlite_to_sqlite_whole() {
    goes_over(On::Sqlite, On::Sqlite).await;
}
#[tokio::test]
async fn a_copy_goes_from_sqlite_to_postgres_whole() {
    goes_over(On::Sqlite, On::Postgres).await;
}
#[tokio::test]
async fn a_copy_goes_from_postgres_to_sqlite_whole() {
    goes_over(On::Postgres, On::Sqlite).await;
}
#[tokio::test]
async fn a_copy_goes_from_postgres_to_postgres_whole() {
    goes_over(On::Postgres, On::Postgres).await;
}

#[tokio::test]
async fn a_copy_of_an_older_version_keeps_its_schema_and_is_brought_up_to_date_where_it_is_put_back() {
    for (from, to, step) in [
        (On::Sqlite, On::Sqlite, "m0001_register"),
        (On::Postgres, On::Sqlite, "m0005_keys"),
        (On::Sqlite, On::Postgres, "m0008_lists"),
    ] {
        let old = made_at(step, from).await;
        let before = contents(&old.url).await;
        let (place, _folder) = folder().await;
        let copy = place.join("copy.db");
        backed_up(&old.url, &copy);
        // Neither the database nor its copy has taken a step.
        assert_eq!(
            (contents(&old.url).await, contents(&format!("sqlite://{}", copy.display())).await),
            (before.clone(), before)
        );
        let (target, there) = empty_database(to).await;
        let (code, told) = restored(&copy, &target, &[]);
        assert_eq!(code, Some(0), "{told}");
        read_through(Old { url: target, folder: there, keys: old.keys.clone() }, step).await;
    }
}

#[tokio::test]
async fn what_is_no_copy_of_ours_is_refused_with_a_sentence_and_nothing_is_made_of_it() {
    let (copy, folder) = a_copy().await;
    let place = |name: &str| folder.0.join(name);
    let whole = fs::read(&copy).expect("a copy");
    fs::write(place("letter"), "This is a letter to my aunt. ".repeat(1000)).expect("written");
    fs::write(place("empty"), "").expect("written");
    fs::write(place("short"), &whole[..whole.len() / 2]).expect("written");
    fs::write(place("head"), &whole[..60]).expect("written");
    let mut holes = whole.clone();
    for page in holes.chunks_mut(4096).skip(1).step_by(3) {
        page.fill(0x5a);
    }
    fs::write(place("holes"), holes).expect("written");
    let varied = async |name: &str, statements: &str| {
        fs::write(place(name), &whole).expect("written");
        change(&format!("sqlite://{}", place(name).display()), statements).await;
    };
    change(
        &format!("sqlite://{}?mode=rwc", place("other").display()),
        "CREATE TABLE users (name text); INSERT INTO users VALUES ('x')",
    )
    .await;
    varied("newer", "INSERT INTO seaql_migrations VALUES ('m9999_tomorrow', 0)").await;
    varied("between", "DELETE FROM seaql_migrations WHERE version = 'm0005_keys'").await;
    varied("orphan", "PRAGMA foreign_keys = OFF; DELETE FROM evidence").await;
    varied(
        "changed",
        "DROP TRIGGER audit_event_is_not_changed; UPDATE audit_event SET actor_name = 'Nobody' WHERE sequence = 7",
    )
    .await;
    varied(
        "view",
        "PRAGMA foreign_keys = OFF; DROP TABLE known_device; CREATE VIEW known_device AS SELECT 1 AS secret_hash, 2 AS user_id, randomblob(8) AS last_used_at",
    )
    .await;
    varied("less", "PRAGMA foreign_keys = OFF; DROP TABLE known_device").await;
    varied("odd", "UPDATE risk SET likelihood = 'many' WHERE title = 'Power cut'").await;
    varied("huge", "UPDATE risk SET likelihood = 99999999999 WHERE title = 'Power cut'").await;
    varied("busy", "SELECT 1").await;
    fs::write(place("busy-wal"), "x").expect("written");
    let target = place("target.db");
    let url = format!("sqlite://{}", target.display());
    let (postgres, _) = empty_database(On::Postgres).await;
    for (name, code, part) in [
        ("nowhere", 6, "cannot be read"),
        ("", 6, "is no file"),
        ("letter", 6, "is not a SQLite database"),
        ("empty", 6, "is not a SQLite database"),
        ("head", 6, "is damaged"),
        ("short", 6, "is damaged"),
        ("holes", 6, "is damaged"),
        ("other", 6, "database of another"),
        ("newer", 5, "made by a newer version of this program (it has the schema step `m9999_tomorrow`)"),
        ("between", 6, "lacks the step `m0005_keys`"),
        ("orphan", 6, "refers to one that does not exist"),
        ("changed", 6, "the audit trail of"),
        ("view", 6, "table known_device"),
        ("less", 6, "table known_device"),
        ("odd", 6, "table risk"),
        ("huge", 6, "table risk"),
        ("busy", 6, "is not whole without"),
    ] {
        for url in [&url, &postgres] {
            is_refused(&restored(&place(name), url, &[]), code, part);
        }
        assert!(!target.exists() && !place("target.db.restoring").exists(), "{name}");
    }
    assert_eq!(contents(&postgres).await, BTreeMap::new());
    // Whoever has no other copy can still take one whose trail was changed, and is told.
    let (code, told) = restored(&place("changed"), &url, &["--accept-altered-audit"]);
    assert!(code == Some(0) && told.contains("taken all the same") && target.exists(), "{told}");
}

#[tokio::test]
async fn a_database_that_holds_an_organisation_is_left_as_it_is_unless_it_is_moved_aside() {
    let (copy, _folder) = a_copy().await;
    let there = made_at("m0008_lists", On::Sqlite).await;
    let place = PathBuf::from(there.url.trim_start_matches("sqlite://"));
    change(&there.url, "PRAGMA journal_mode = WAL").await;
    let before = contents(&there.url).await;
    is_refused(&restored(&copy, &there.url, &[]), 6, "holds the organisation \"Meadow View Care\"");
    assert_eq!(contents(&there.url).await, before);
    // Nor is it taken from under a program that runs.
    let server = Server::start(&there.url);
    let during = contents(&there.url).await;
    is_refused(&restored(&copy, &there.url, &["--move-aside"]), 6, "is in use: stop the program first");
    drop(server);
    assert_eq!(contents(&there.url).await, during);
    // Killed just now, it has left its -wal, and what is in that is kept too.
    let (code, told) = restored(&copy, &there.url, &["--move-aside"]);
    assert_eq!(code, Some(0), "{told}");
    let names: Vec<String> = fs::read_dir(place.parent().expect("a folder"))
        .expect("entries")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("text"))
        .collect();
    let kept = names
        .iter()
        .find(|name| name.starts_with("diligence.db.before-restore-2"))
        .unwrap_or_else(|| panic!("{names:?}"));
    assert!(names.len() == 2 && told.contains(kept.as_str()), "{names:?} {told}");
    assert_eq!(contents(&format!("sqlite://{}", place.with_file_name(kept).display())).await, during);
    assert!(contents(&there.url).await["organisation"].len() == 3);
    // A second one keeps both.
    let (code, told) = restored(&copy, &there.url, &["--move-aside"]);
    assert!(code == Some(0) || told.contains("File exists"), "{told}");
}

#[tokio::test]
async fn a_damaged_database_is_moved_aside_with_all_that_is_beside_it() {
    let (copy, folder) = a_copy().await;
    let place = folder.0.join("diligence.db");
    let url = format!("sqlite://{}", place.display());
    fs::write(&place, "no database at all".repeat(500)).expect("written");
    fs::write(folder.0.join("diligence.db-wal"), "torn").expect("written");
    is_refused(&restored(&copy, &url, &[]), 6, "is not empty");
    let (code, told) = restored(&copy, &url, &["--move-aside"]);
    assert_eq!(code, Some(0), "{told}");
    assert!(!folder.0.join("diligence.db-wal").exists());
    assert_eq!(
        fs::read_dir(&folder.0)
            .expect("entries")
            .filter(|entry| entry.as_ref().expect("an entry").file_name().to_string_lossy().contains("before-restore"))
            .count(),
        2
    );
    assert_eq!(contents(&url).await["organisation"].len(), 3);
    // Left of a database that is gone, a -wal would be read into the new one.
    let other = folder.0.join("other.db");
    fs::write(folder.0.join("other.db-wal"), "torn").expect("written");
    is_refused(
        &restored(&copy, &format!("sqlite://{}", other.display()), &["--move-aside"]),
        6,
        "belongs to a database file that is missing",
    );
    is_refused(
        &restored(&copy, &format!("sqlite://{}", copy.display()), &["--move-aside"]),
        6,
        "is the database itself",
    );
}

#[tokio::test]
async fn a_postgres_database_that_is_not_empty_is_left_as_it_is() {
    let (copy, _folder) = a_copy().await;
    let ours = made_at("m0008_lists", On::Postgres).await;
    let before = contents(&ours.url).await;
    for more in [&[][..], &["--move-aside"]] {
        is_refused(
            &restored(&copy, &ours.url, more),
            6,
            "holds the organisation \"Meadow View Care\" and is left as it is: make an empty database",
        );
    }
    assert_eq!(contents(&ours.url).await, before);
    let (other, _) = empty_database(On::Postgres).await;
    change(&other, "CREATE TABLE users (name text)").await;
    is_refused(&restored(&copy, &other, &[]), 6, "holds a table users of another program");
    is_refused(&restored(&copy, "postgres://nobody@127.0.0.1:1/none", &[]), 4, "cannot be reached");
}

#[tokio::test]
async fn a_restore_that_breaks_off_leaves_nothing() {
    // A null character is found in the last table but one, with thousands of statements before it.
    let old = made_at(NOW, On::Sqlite).await;
    change(&old.url, "UPDATE edition SET title = 'A ' || char(0) || ' null'").await;
    let (place, _folder) = folder().await;
    let copy = place.join("copy.db");
    backed_up(&old.url, &copy);
    let (target, _) = empty_database(On::Postgres).await;
    is_refused(
        &restored(&copy, &target, &[]),
        6,
        "holds a null character, which PostgreSQL cannot keep: table edition, row edn_",
    );
    assert_eq!(contents(&target).await, BTreeMap::new());
    let (sqlite, _there) = empty().await;
    assert_eq!(restored(&copy, &sqlite, &[]).0, Some(0));
}

#[tokio::test]
async fn copies_are_readable_by_their_owner_alone_whatever_the_umask() {
    use std::os::unix::fs::PermissionsExt as _;
    let old = made_at(NOW, On::Postgres).await;
    let (place, _folder) = folder().await;
    let under = |line: String| {
        let done = Command::new("sh")
            .arg("-c")
            .arg(format!("umask 000; {} {line}", program().display()))
            .env_remove("DATABASE_URL")
            .output()
            .expect("sh runs");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    let (copy, target) = (place.join("copy.db"), place.join("restored.db"));
    under(format!("backup {} --database-url {}", copy.display(), old.url));
    under(format!("restore {} --database-url sqlite://{}", copy.display(), target.display()));
    for file in [copy, target] {
        assert_eq!(fs::metadata(&file).expect("a file").permissions().mode() & 0o777, 0o600, "{}", file.display());
    }
}

#[tokio::test]
async fn where_nothing_could_be_copied_nothing_is_left() {
    let (place, _folder) = folder().await;
    let none = place.join("none.db");
    let name = none.to_str().expect("text");
    let (postgres, _) = empty_database(On::Postgres).await;
    let newer = made_at(NOW, On::Postgres).await;
    change(&newer.url, "INSERT INTO seaql_migrations VALUES ('m9999_tomorrow', 0)").await;
    let nowhere = format!("sqlite://{}/nowhere.db", place.display());
    for (url, code) in
        [(nowhere.as_str(), 4), ("postgres://nobody:secret-word@127.0.0.1:1/none", 4), (&postgres, 6), (&newer.url, 5)]
    {
        let (found, _, told) = run(&["backup", name, "--database-url", url]);
        assert!(
            found == Some(code) && !none.exists() && told.lines().count() == 1 && !told.contains("secret-word"),
            "{url}: {told}"
        );
    }
}

fn post(server: &Server, path: &str, body: &serde_json::Value) -> (u16, String) {
    let body = body.to_string();
    let mut connection = connect(server);
    connection
        .write_all(format!("{}{body}", head("POST", path, &server.key, body.len(), "")).as_bytes())
        .expect("sent");
    answer(&mut connection)
}

/// Whoever writes meanwhile is in the copy with the whole of a change or not at all.
async fn is_consistent(on: On) {
    let (url, _there) = empty_database(on).await;
    let server = Server::start(&url);
    let (place, _folder) = folder().await;
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for writer in 0..3 {
            let (server, is_over) = (&server, &is_over);
            scope.spawn(move || {
                for number in 0.. {
                    let (status, told) =
                        post(server, "/api/v1/suppliers", &json!({ "name": format!("Supplier {writer} {number}") }));
                    assert_eq!(status, 201, "{told}");
                    if is_over.load(Ordering::Relaxed) {
                        break;
                    }
                }
            });
        }
        for number in 0..3 {
            backed_up(&url, &place.join(format!("{number}.db")));
        }
        is_over.store(true, Ordering::Relaxed);
    });
    for number in 0..3 {
        let target = format!("sqlite://{}", place.join(format!("restored-{number}.db")).display());
        let (code, told) = restored(&place.join(format!("{number}.db")), &target, &[]);
        assert_eq!(code, Some(0), "{told}");
        let found = contents(&target).await;
        assert_eq!(
            (found["supplier"].len(), found["register_entry"].len()),
            (found["review"].len(), found["supplier"].len())
        );
        let made = found["audit_event"].iter().filter(|line| line.contains("|create|supplier|")).count();
        assert_eq!(made, found["supplier"].len());
    }
    // Each copy is in the trail, and the trail holds.
    let noted =
        contents(&url).await["audit_event"].iter().filter(|line| line.contains("|back_up|organisation|")).count();
    assert_eq!(noted, 3);
    let (code, _, told) = run(&["audit", "verify", "--database-url", &url]);
    assert_eq!(code, Some(0), "{told}");
}

#[tokio::test]
async fn a_copy_of_a_running_program_on_sqlite_holds_whole_changes() {
    is_consistent(On::Sqlite).await;
}
#[tokio::test]
async fn a_copy_of_a_running_program_on_postgres_holds_whole_changes() {
    is_consistent(On::Postgres).await;
}

#[tokio::test]
async fn the_program_goes_on_with_what_was_put_back() {
    for on in BOTH {
        let (copy, _folder) = a_copy().await;
        let (url, _there) = empty_database(on).await;
        assert_eq!(restored(&copy, &url, &[]).0, Some(0));
        let server = Server::start(&url);
        assert_eq!((server.key.as_str(), server.link.as_str()), ("", ""), "it welcomes nobody anew");
        drop(server);
        let output = command(&["audit", "verify", "--database-url", &url]).output().expect("it runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[tokio::test]
async fn a_copy_has_its_name_once_it_is_whole() {
    let old = made_at(NOW, On::Sqlite).await;
    let (place, _folder) = folder().await;
    let copy = place.join("copy.db");
    let names = || {
        let mut names: Vec<String> = fs::read_dir(&place)
            .expect("a folder")
            .map(|entry| entry.expect("an entry").file_name().into_string().expect("text"))
            .collect();
        names.sort();
        names
    };
    // What one that was killed has left is in nobody's way.
    for name in ["copy.db.part", "copy.db.part-journal"] {
        fs::write(place.join(name), "half").expect("written");
    }
    backed_up(&old.url, &copy);
    assert_eq!(names(), ["copy.db"]);
    let bytes = fs::read(&copy).expect("a copy");
    is_refused(&back_up(&old.url, &copy), 6, "is there already");
    is_refused(
        &back_up(&format!("sqlite://{}/none.db", place.display()), &place.join("other.db")),
        4,
        "cannot be reached",
    );
    assert_eq!((names(), fs::read(&copy).expect("a copy")), (vec!["copy.db".to_owned()], bytes));
    // A newer program's database is not called an older one.
    change(&old.url, "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_tomorrow', 0)").await;
    let (code, told) = back_up(&old.url, &place.join("newer.db"));
    assert!(code == Some(0) && told.contains("its schema is newer than this program"), "{code:?} {told}");
}
