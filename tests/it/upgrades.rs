//! Databases as each step of the schema left them, with the data of the programs of that time, are brought up to date
//! and read through the door.
//!
//! `upgrades/` has a folder for every step, and nothing in it follows from the code of today:
//!
//! | File | What |
//! |---|---|
//! | `sqlite.sql`, `postgres.sql` | the step's statements as they were when it was published |
//! | `data.sql` | every row of a database that the last program at this step wrote: the same story each time |
//! | `rows.sql` | a few rows more that such a program could have written, or was made to write by hand |
//! | `calm.sql` | every row of another database that the last program at this step wrote (see [`crate::new_rules`]) |
//!
//! The steps from `m0003_audit` to `m0007_privacy` came with one program, so that none wrote data at one of them alone:
//! their databases are that of `m0002_questionnaires` brought up by the statements of their time, with rows of their
//! own. A new step gets a folder before its program is given to anyone: a test misses it otherwise.

use std::{fs, path::PathBuf};

use diligence_entities::{
    clock::Clock,
    organisation,
    scope::{Store, StoreOptions},
};
use poem::http::Method;
use sea_orm::{ConnectionTrait as _, Database, DatabaseConnection, DbBackend, Statement};
use serde_json::{Value, json};

use crate::{
    harness::{App, Folder, On, Person, empty_database, etag, id, text},
    operations::run,
};

fn place() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/it/upgrades"))
}

/// Every step that has a folder, in order.
fn steps() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(place())
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("text"))
        .collect();
    names.sort();
    names
}

fn script(step: &str, name: &str) -> Option<String> {
    fs::read_to_string(place().join(step).join(name)).ok()
}

/// A database as it stood at one step.
pub(crate) struct Old {
    pub(crate) url: String,
    pub(crate) folder: Option<Folder>,
    /// A key of an administrator, and one of the neighbour's.
    pub(crate) keys: [String; 2],
}

/// A new database, its address and its folder.
async fn new_database(on: On) -> (DatabaseConnection, String, Option<Folder>) {
    let (url, folder) = empty_database(on).await;
    let database = Database::connect(if on == On::Sqlite { format!("{url}?mode=rwc") } else { url.clone() })
        .await
        .expect("an empty database");
    (database, url, folder)
}

fn statements_of(step: &str, on: On) -> String {
    script(step, if on == On::Sqlite { "sqlite.sql" } else { "postgres.sql" })
        .unwrap_or_else(|| panic!("{step} has no schema"))
}

/// The keys that a database's rows begin with.
fn keys_in(data: &str) -> [String; 2] {
    let keys: Vec<String> =
        data.split_whitespace().filter(|word| word.starts_with("dlg_")).map(str::to_owned).collect();
    keys.try_into().expect("two keys")
}

/// A database with the schema of `step` and the rows of this one of its files alone.
pub(crate) async fn made_of(step: &str, file: &str, on: On) -> Old {
    let (database, url, folder) = new_database(on).await;
    for name in steps().iter().filter(|name| name.as_str() <= step) {
        run_script(&database, name, &statements_of(name, on)).await;
    }
    let data = script(step, file).expect("rows");
    run_script(&database, step, &data).await;
    database.close().await.expect("closed");
    Old { url, folder, keys: keys_in(&data) }
}

/// A database as it stood at `step`.
pub(crate) async fn made_at(step: &str, on: On) -> Old {
    let (database, url, folder) = new_database(on).await;
    let past: Vec<String> = steps().into_iter().filter(|name| name.as_str() <= step).collect();
    let base = past.iter().rposition(|name| script(name, "data.sql").is_some()).expect("the first step has data");
    let data = script(&past[base], "data.sql").expect("data");
    for (place, name) in past.iter().enumerate() {
        run_script(&database, name, &statements_of(name, on)).await;
        if place == base {
            run_script(&database, name, &data).await;
        }
        if let Some(rows) = script(name, "rows.sql").filter(|_| place >= base) {
            run_script(&database, name, &rows).await;
        }
    }
    database.close().await.expect("closed");
    Old { url, folder, keys: keys_in(&data) }
}

async fn run_script(database: &DatabaseConnection, step: &str, script: &str) {
    let bytes = if database.get_database_backend() == DbBackend::Postgres { "'\\x" } else { "X'" };
    database
        .execute_unprepared(&script.replace("'{bytes}", bytes))
        .await
        .unwrap_or_else(|error| panic!("{step}: {error}"));
}

impl Old {
    /// The program of today on it.
    pub(crate) async fn upgraded(self) -> App {
        let clock = Clock::fixed("2027-03-01T09:00:00Z".parse().expect("a time"));
        let store = Store::open(StoreOptions { url: self.url.clone(), max_connections: 4, clock: clock.clone() })
            .await
            .expect("it is brought up to date");
        let [admin, neighbour] = self.keys.map(|key| Person { key: Some(key) });
        App::of(store, clock, self.url, self.folder, admin, neighbour)
    }
}

/// What defines the schema, as the database tells it.
async fn schema(url: &str) -> Vec<String> {
    const SQLITE: &str = "SELECT type || ' ' || name || ' ' || coalesce(sql, '') AS line FROM sqlite_master WHERE name <> 'seaql_migrations' ORDER BY 1";
    const POSTGRES: &str = "
        SELECT 'column ' || table_name || '.' || ordinal_position || ' ' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '') || ' ' || coalesce(collation_name, '') AS line
        FROM information_schema.columns WHERE table_schema = 'public'
        UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
        UNION ALL SELECT conrelid::regclass::text || ' ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
        UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
        UNION ALL SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        UNION ALL SELECT version FROM seaql_migrations
        ORDER BY 1";
    let database = Database::connect(url).await.expect("the database answers");
    let backend = database.get_database_backend();
    let query = if backend == DbBackend::Postgres { POSTGRES } else { SQLITE };
    let rows = database.query_all_raw(Statement::from_string(backend, query)).await.expect("rows");
    rows.iter()
        .map(|row| row.try_get::<String>("", "line").expect("text").split_whitespace().collect::<Vec<_>>().join(" "))
        .collect()
}

fn names(items: &[Value], field: &str) -> Vec<String> {
    items.iter().map(|item| text(item, field).to_owned()).collect()
}

/// Every item of every list is read, and every table is taken out.
async fn everything_opens(app: &App) {
    let count = async |path: &str| app.walk(path, 200).await.len();
    for (list, expected) in [
        ("suppliers", 3),
        ("products", 1),
        ("dependencies", 1),
        ("evidence", 2),
        ("assessments", 3),
        ("decisions", 1),
        ("risks", 4),
        ("incidents", 1),
    ] {
        let items = app.walk(&format!("/{list}"), 200).await;
        assert_eq!(items.len(), expected, "{list}: {items:?}");
        for item in &items {
            assert_eq!(app.get(&app.admin, &format!("/{list}/{}", id(item))).await.json(200)["id"], item["id"]);
        }
    }
    assert_eq!((count("/register").await, count("/keys").await), (3, 4));
    for path in [
        "/register/summary",
        "/concentration",
        "/organisation",
        "/policy",
        "/sign-in-policy",
        "/retention",
        "/reviews",
        "/sessions",
        "/identity-providers",
        "/audit-events?limit=200",
        "/reviews.ics",
        "/sign-in",
    ] {
        assert_eq!(app.get(&app.admin, path).await.status, 200, "{path}");
    }
    for (table, lines) in
        [("register", 4), ("suppliers", 4), ("products", 2), ("evidence", 3), ("assessments", 4), ("risks", 5)]
    {
        let found = app.get(&app.admin, &format!("/{table}.csv")).await.text;
        assert_eq!(csv::Reader::from_reader(found.as_bytes()).records().count() + 1, lines, "{table}: {found}");
    }
    for table in ["answers", "reviews", "audit-events"] {
        assert!(app.get(&app.admin, &format!("/{table}.csv")).await.text.lines().count() > 1, "{table}");
    }
}

/// What was written of suppliers, products and what hangs on them.
async fn the_register_is_as_it_was(app: &App) {
    let suppliers = app.walk("/suppliers", 200).await;
    assert_eq!(names(&suppliers, "name"), ["Gone Ltd", "Harbour Care Systems", "Änder & Söhne 🌱"]);
    let harbour = app.get(&app.admin, &format!("/suppliers/{}", id(&suppliers[1]))).await.json(200);
    assert_eq!(harbour["notes"], json!("It's theirs; \"quoted\", with\na second line."));
    assert_eq!(
        (&harbour["contacts"][0]["email"], &harbour["identifiers"][0]["id"], &harbour["website"], &harbour["tier"]),
        (&json!("kim.lee@example.org"), &json!("01234567"), &json!("https://harbour.example"), &json!("high"))
    );
    assert_eq!((&suppliers[0]["status"], &suppliers[2]["country"]), (&json!("archived"), &Value::Null));
    let line = app.line(&harbour).await;
    assert_eq!(
        (&line["name"], &line["open_risks"]["extreme"], &line["decision"]),
        (&json!("Harbour Care Systems"), &json!(2), &json!("approved")),
        "{line}"
    );

    // m0010_orders: how bad a risk is now, and when evidence ends.
    assert_eq!(
        names(&app.walk("/risks?sort=-current", 2).await, "title"),
        ["Power cut", "No second factor", "Wrong shift", "Over and done"]
    );
    let evidence = app.walk("/evidence?sort=expires_on", 1).await;
    assert_eq!(names(&evidence, "reference"), ["CE-1", "P-1"]);
    assert_eq!((&evidence[0]["expires_on"], &evidence[1]["expires_on"]), (&json!("2027-06-01"), &Value::Null));

    // m0012_due: when evidence ends, how that is known, and that what our own people entered is accepted.
    for (piece, ends_on, because) in [(&evidence[0], json!("2027-06-01"), "given"), (&evidence[1], Value::Null, "none")]
    {
        assert_eq!((&piece["ends_on"], &piece["ends_because"]), (&ends_on, &json!(because)));
        assert_eq!(piece["checked_at"], piece["created_at"]);
    }

    // m0003_audit: to whose history events belong.
    let history = app.walk(&format!("/suppliers/{}/history", id(&harbour)), 200).await;
    for (action, noun) in [
        ("create", "supplier"),
        ("approve", "assessment"),
        ("answer", "answers"),
        ("create", "risk"),
        ("create", "incident"),
        ("change", "supplier"),
        ("create", "product"),
    ] {
        assert!(history.iter().any(|event| event["action"] == action && event["noun"] == noun), "{action} {noun}");
    }
    let product = &app.walk("/products", 10).await[0];
    let history = app.walk(&format!("/products/{}/history", id(product)), 200).await;
    let of = |noun: &str| {
        history
            .iter()
            .filter(|event| event["noun"] == noun)
            .map(|event| text(event, "action").to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!((of("risk"), of("incident")), (vec!["change".into(), "create".into()], Vec::<String>::new()));
}

/// Questionnaires, what was answered, and who did.
async fn assessments_are_as_they_were(app: &App) {
    // m0008_lists: what lists show of an edition.
    let house = app
        .walk("/questionnaires?origin=own", 50)
        .await
        .into_iter()
        .find(|listed| listed["key"] == "house-check")
        .expect("listed");
    assert_eq!(
        (&house["title"], &house["summary"], &house["question_count"], &house["applies_to"]),
        (&json!("House check"), &json!("What we ask everyone."), &json!(3), &json!(["supplier", "product"]))
    );
    let theirs = app.get(&app.neighbour, "/questionnaires?origin=own&limit=200").await.json(200);
    let theirs = theirs["items"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|listed| listed["key"] == "house-check")
        .expect("listed")
        .clone();
    assert_eq!(theirs["title"], json!("Their check"));

    let assessments = app.walk("/assessments?sort=created_at", 200).await;
    assert_eq!(names(&assessments, "state"), ["approved", "open", "open"]);
    let answers = app.get(&app.admin, &format!("/assessments/{}/answers", id(&assessments[0]))).await.json(200);
    assert_eq!(
        (&answers["answers"]["mfa"]["comment"], &answers["answers"]["plan"]["value"]),
        (&json!("Not yet."), &json!("Codes by post."))
    );
    assert_eq!(
        app.get(&app.admin, &format!("/assessments/{}/answers", id(&assessments[1]))).await.json(200)["answers"]["exit"]
            ["value"],
        json!("no")
    );
    for part in ["result", "receipt"] {
        assert_eq!(
            app.get(&app.admin, &format!("/assessments/{}/{part}", id(&assessments[0]))).await.status,
            200,
            "{part}"
        );
    }
    // m0005_keys: who answered and reviewed; nobody where nothing was done yet.
    let keys = app.walk("/keys", 50).await;
    let key = |name: &str| keys.iter().find(|key| key["name"] == name).map(|key| id(key).to_owned()).expect("a key");
    let who = async |number: usize, field: &str| {
        let read = app.get(&app.admin, &format!("/assessments/{}", id(&assessments[number]))).await.json(200);
        read[field]
            .as_array()
            .unwrap_or_else(|| panic!("{field}: {read}"))
            .iter()
            .map(|one| one.as_str().expect("an id").to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        (who(0, "answered_by").await, who(0, "reviewed_by").await),
        (vec![key("Old editor")], vec![key("Old approver")])
    );
    assert_eq!((who(1, "answered_by").await, who(1, "reviewed_by").await), (vec![key("Old editor")], vec![]));
}

/// What came with later steps is there, and what they put beside older data says what it must.
async fn later_steps_left_what_they_must(app: &App, step: &str) {
    let since = |first: &str| step >= first;
    if since("m0002") {
        let evidence = app
            .walk("/evidence", 50)
            .await
            .into_iter()
            .find(|evidence| evidence["file"] != Value::Null)
            .expect("evidence with a file");
        let file = app.get(&app.admin, &format!("/evidence/{}/file", id(&evidence))).await;
        assert_eq!(
            (&file.bytes[..8], file.bytes.len(), &evidence["file"]["name"]),
            (&b"\x89PNG\r\n\x1a\n"[..], 33, &json!("Policy.png"))
        );
        assert_eq!(names(&app.walk("/questionnaire-drafts", 10).await, "name"), ["Next year"]);
        assert_eq!(names(&app.walk("/translations", 10).await, "title"), ["Gwiriad tŷ"]);
    }
    // m0004_people and m0007_privacy: every organisation has what newer ones are made with.
    let of = async |who: &Person, path: &str, field: &str| app.get(who, path).await.json(200)[field].clone();
    assert_eq!(of(&app.admin, "/sign-in-policy", "idle_minutes").await, json!(if since("m0004") { 30 } else { 60 }));
    assert_eq!(
        (
            of(&app.neighbour, "/sign-in-policy", "idle_minutes").await,
            of(&app.neighbour, "/sign-in-policy", "absolute_hours").await
        ),
        (json!(60), json!(12))
    );
    assert_eq!(
        of(&app.admin, "/retention", "archived_contact_days").await,
        if since("m0007") { json!(400) } else { Value::Null }
    );
    assert_eq!(of(&app.neighbour, "/retention", "archived_contact_days").await, Value::Null);
    assert_eq!(
        of(&app.admin, "/policy", "separation_of_duties").await,
        json!(if since("m0005") { "not_who_answered" } else { "off" })
    );
    if since("m0004") {
        assert_eq!(names(&app.walk("/users", 10).await, "email"), ["jo@example.org"]);
        app.signs_in("jo@example.org").await;
    }
    if since("m0006") {
        assert_eq!(names(&app.walk("/links", 10).await, "contact_name"), ["Kit Söhne"]);
    }
    if since("m0008") {
        drafts_through_links_are_hidden(app).await;
    }
    if step == "m0014_files" {
        // m0015_providers: a provider goes on being asked for what it was asked for before, and is believed no more.
        let provider = app.walk("/identity-providers", 10).await.remove(0);
        assert_eq!(
            (&provider["scopes"], &provider["pkce"], &provider["believed_domains"]),
            (&json!(["email", "profile"]), &json!(true), &json!([]))
        );
    }
    if since("m0009") {
        let all = organisation::all(&app.store).await.expect("organisations");
        assert_eq!(
            all.iter()
                .filter(|organisation| organisation.is_sample)
                .map(|organisation| organisation.name.as_str())
                .collect::<Vec<_>>(),
            ["Nothing Yet"]
        );
    }
}

/// m0012_due: what was answered through a link and not submitted is seen no more, in its events neither.
async fn drafts_through_links_are_hidden(app: &App) {
    let open = app.walk("/assessments?sort=created_at", 200).await.remove(2);
    let told = app.get(&app.admin, &format!("/assessments/{}/answers", id(&open))).await.json(200);
    assert_eq!((&told["answers"], &told["unsubmitted"]["answered_count"]), (&json!({}), &json!(1)), "{told}");
    assert_eq!((&open["claimed"], &open["knock_outs"]), (&Value::Null, &json!([])));
    let link = app.walk("/links", 10).await.remove(0);
    let events = app.walk(&format!("/audit-events?item_id={}&actor_id={}", id(&open), id(&link)), 200).await;
    let answers: Vec<&Value> = events.iter().filter(|event| event["noun"] == "answers").collect();
    assert!(!answers.is_empty(), "{events:?}");
    for event in answers {
        assert_eq!((&event["before"], &event["after"]), (&Value::Null, &json!({ "submitted": false })));
    }
    for event in &events {
        assert!(event["after"].get("claimed").is_none() && event["before"].get("claimed").is_none(), "{event}");
    }
}

/// The trail holds, at both doors, and grows.
async fn the_trail_holds(app: &App) {
    for who in [&app.admin, &app.neighbour] {
        let found = app.get(who, "/audit-events/verification").await.json(200);
        assert!(found["sound"] == true && found["event_count"].as_i64() > Some(5), "{found}");
    }
    let (code, out, told) = run(&["audit", "verify", "--database-url", &app.url]);
    assert!(code == Some(0) && out.lines().count() >= 2, "{out}{told}");
}

/// It is worked with as if it had always been so.
async fn it_is_worked_with(app: &App) {
    let suppliers = app.walk("/suppliers", 200).await;
    let changed = app
        .patch(
            &app.admin,
            &format!("/suppliers/{}", id(&suppliers[1])),
            &suppliers[1],
            json!({ "notes": "Read again." }),
        )
        .await
        .json(200);
    assert_eq!(changed["notes"], json!("Read again."));
    let open = app.walk("/assessments?sort=created_at", 200).await.remove(1);
    let told = app
        .patch(&app.admin, &format!("/assessments/{}/answers", id(&open)), &open, json!({ "mfa": { "value": "yes" } }))
        .await
        .json(200);
    assert_eq!(told["answers"]["mfa"]["value"], json!("yes"));
    let closed = app.walk("/risks?sort=-current", 50).await.remove(0);
    let path = format!("/risks/{}/close", id(&closed));
    app.send(
        &app.admin,
        Method::POST,
        &path,
        Some(&json!({ "reason": "A generator." })),
        &[("if-match", &etag(&closed))],
    )
    .await
    .json(200);
    assert_eq!(names(&app.walk("/risks?sort=-current", 50).await, "title")[0], "No second factor");
    the_trail_holds(app).await;
}

async fn is_upgraded(step: &str, on: On) {
    let fresh = {
        let (url, folder) = empty_database(on).await;
        Store::open(StoreOptions { url: url.clone(), max_connections: 1, clock: Clock::System })
            .await
            .expect("a new database")
            .close()
            .await;
        (schema(&url).await, folder)
    };
    let old = made_at(step, on).await;
    let url = old.url.clone();
    let app = read_through(old, step).await;
    let upgraded = schema(&url).await;
    let alone = |these: &[String], those: &[String]| {
        these.iter().filter(|line| !those.contains(line)).cloned().collect::<Vec<_>>()
    };
    let differs = (alone(&upgraded, &fresh.0), alone(&fresh.0, &upgraded));
    assert_eq!(differs, (vec![], vec![]), "the schema of {step}, brought up to date, is not that of a new database");
    drop(app);
}

/// Brings a database with the story of `step` up to date, reads all of it and works with it.
pub(crate) async fn read_through(old: Old, step: &str) -> App {
    let app = old.upgraded().await;
    the_trail_holds(&app).await;
    everything_opens(&app).await;
    the_register_is_as_it_was(&app).await;
    assessments_are_as_they_were(&app).await;
    later_steps_left_what_they_must(&app, step).await;
    it_is_worked_with(&app).await;
    app
}

macro_rules! upgraded {
    ($($name:ident),* $(,)?) => {
        /// The steps that are tested here.
        const TESTED: &[&str] = &[$(stringify!($name)),*];
        $(mod $name {
            use super::*;
            #[tokio::test]
            async fn is_upgraded_and_read_on_sqlite() {
                is_upgraded(stringify!($name), On::Sqlite).await;
            }
            #[tokio::test]
            async fn is_upgraded_and_read_on_postgres() {
                is_upgraded(stringify!($name), On::Postgres).await;
            }
        })*
    };
}
upgraded!(
    m0001_register,
    m0002_questionnaires,
    m0003_audit,
    m0004_people,
    m0005_keys,
    m0006_respondents,
    m0007_privacy,
    m0008_lists,
    m0009_sample,
    m0010_orders,
    m0011_health,
    m0012_due,
    m0013_counts,
    m0014_files,
    m0015_providers,
    m0016_revision,
);

#[tokio::test]
async fn every_step_has_a_database_that_is_upgraded_and_read() {
    let (url, _folder) = empty_database(On::Sqlite).await;
    Store::open(StoreOptions { url: url.clone(), max_connections: 1, clock: Clock::System })
        .await
        .expect("a new database")
        .close()
        .await;
    let database = Database::connect(&url).await.expect("the database answers");
    let rows = database
        .query_all_raw(Statement::from_string(
            DbBackend::Sqlite,
            "SELECT version FROM seaql_migrations ORDER BY version",
        ))
        .await
        .expect("rows");
    let known: Vec<String> = rows.iter().map(|row| row.try_get("", "version").expect("text")).collect();
    assert_eq!((steps(), TESTED.iter().map(ToString::to_string).collect()), (known.clone(), known.clone()));
    for step in &known {
        let last = Some(step) == known.last();
        for file in ["sqlite.sql", "postgres.sql", "data.sql"] {
            assert!(script(step, file).is_some() || (file == "data.sql" && !last), "{step} has no {file}");
        }
    }
}

async fn a_null_character_stays(on: On) {
    let app = made_at("m0002_questionnaires", on).await.upgraded().await;
    let listed = app.get(&app.neighbour, "/questionnaires?origin=own&limit=200").await.json(200);
    let listed = listed["items"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|listed| listed["key"] == "null-check")
        .expect("listed")
        .clone();
    // PostgreSQL cannot take it out of the document, which still holds it.
    let (summary, count) = if on == On::Sqlite { ("Holds a \0 null.", 1) } else { ("", 0) };
    assert_eq!((&listed["summary"], &listed["question_count"]), (&json!(summary), &json!(count)));
}

#[tokio::test]
async fn an_edition_with_a_null_character_hinders_no_upgrade_on_sqlite() {
    a_null_character_stays(On::Sqlite).await;
}

#[tokio::test]
async fn an_edition_with_a_null_character_hinders_no_upgrade_on_postgres() {
    a_null_character_stays(On::Postgres).await;
}

/// What respondents sent before it was written down who looked at it: accepted where an approval rests on it.
async fn what_was_sent_is_accepted_where_an_approval_rests_on_it(on: On) {
    let old = made_at("m0011_health", on).await;
    let database = Database::connect(&old.url).await.expect("the database answers");
    let sent = "
        INSERT INTO respondent_upload (evidence_id, organisation_id, link_id, assessment_id, subject_id)
        SELECT evidence.id, evidence.organisation_id, respondent_link.id, respondent_link.assessment_id, evidence.subject_id
        FROM evidence JOIN respondent_link ON respondent_link.organisation_id = evidence.organisation_id;
        UPDATE answer_sheet SET answers = replace(answers, '\"Not yet.\"', '\"Not yet.\",\"evidence_ids\":[\"'
        || (SELECT id FROM evidence WHERE reference = 'CE-1') || '\"]');
        UPDATE evidence SET kind = 'dspt', statement = '22/23 Standards Met' WHERE reference = 'P-1'";
    run_script(&database, "what was sent", sent).await;
    database.close().await.expect("closed");
    let app = old.upgraded().await;
    let accepted = app.walk("/evidence?checked=true", 50).await;
    assert_eq!(names(&accepted, "reference"), ["CE-1"]);
    assert_eq!(
        (&accepted[0]["checked_at"], &accepted[0]["checked_by"]),
        (&json!("2026-11-29T16:33:00.309813Z"), &Value::Null)
    );
    let waiting = app.walk("/evidence?checked=false", 50).await;
    assert_eq!(names(&waiting, "reference"), ["P-1"]);
    assert_eq!((&waiting[0]["ends_on"], &waiting[0]["ends_because"]), (&json!("2024-06-30"), &json!("derived")));
}

#[tokio::test]
async fn what_was_sent_is_accepted_where_an_approval_rests_on_it_on_sqlite() {
    what_was_sent_is_accepted_where_an_approval_rests_on_it(On::Sqlite).await;
}

#[tokio::test]
async fn what_was_sent_is_accepted_where_an_approval_rests_on_it_on_postgres() {
    what_was_sent_is_accepted_where_an_approval_rests_on_it(On::Postgres).await;
}
