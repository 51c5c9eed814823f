//! The organisation: its name, and nobody else's.

use std::{
    io::Write as _,
    process::{Output, Stdio},
};

use diligence_entities::{organisation, scope::Store};
use serde_json::json;

use crate::{
    harness::{On, both, empty_database},
    server::command,
};

const ROWS: &str = "name\nHarbour\n";

/// What a command says on this database, with this on its standard input.
fn run(url: &str, arguments: &[&str], input: &str) -> (Option<i32>, String, String) {
    let mut process = command(arguments)
        .env("DATABASE_URL", url)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    // Who refuses the arguments does not read on.
    let _ = process.stdin.take().expect("its input").write_all(input.as_bytes());
    let Output { status, stdout, stderr } = process.wait_with_output().expect("it ends");
    (status.code(), String::from_utf8_lossy(&stdout).into_owned(), String::from_utf8_lossy(&stderr).into_owned())
}

/// The names of all organisations.
async fn names(store: &Store) -> Vec<String> {
    organisation::all(store).await.expect("a list").into_iter().map(|organisation| organisation.name).collect()
}

/// The first commands of all, on a database that has just been made.
async fn first_use(on: On) {
    let (url, _folder) = empty_database(on).await;
    let dry = ["import", "suppliers", "-", "--organisation", "Our council", "--dry-run"];
    for arguments in [&dry[..], &dry[..5]] {
        let (code, out, told) = run(&url, arguments, ROWS);
        assert_eq!((code, out.as_str()), (Some(6), ""), "{told}");
        let expected = "there is no organisation called \"Our council\": there is none yet; --create-organisation makes a new one\n";
        assert!(told.ends_with(expected), "{told}");
    }
    let (code, _, told) = run(&url, &["due", "--organisation", "Our council"], "");
    assert!(code == Some(6) && told.contains("diligence user create --create-organisation makes the first"), "{told}");
    let (code, out, told) = run(&url, &[&dry[..], &["--create-organisation"]].concat(), ROWS);
    assert_eq!(code, Some(0), "{told}");
    assert!(out.contains("organisation: \"Our council\" is new\na dry run: nothing was changed\n"), "{out}");
    assert_eq!(run(&url, &["user", "list", "--organisation", "Our council"], "").0, Some(6), "a dry run made nothing");
    let (code, out, told) = run(&url, &[&dry[..5], &["--create-organisation"]].concat(), ROWS);
    assert_eq!(code, Some(0), "{told}");
    assert!(out.contains("1 new") && out.ends_with("organisation: \"Our council\" is new\n"), "{out}");
    let (code, out, told) = run(&url, &["export", "suppliers", "--organisation", "Our council"], "");
    assert!(code == Some(0) && out.contains(",Harbour,"), "{told}{out}");
}

#[tokio::test]
async fn the_first_import_on_a_new_database_says_what_to_add_on_sqlite() {
    first_use(On::Sqlite).await;
}

#[tokio::test]
async fn the_first_import_on_a_new_database_says_what_to_add_on_postgres() {
    first_use(On::Postgres).await;
}

both! {
    async fn an_organisation_reads_and_renames_itself(app: App) {
        let organisation = app.get(&app.viewer, "/organisation").await.json(200);
        assert_eq!((&organisation["name"], &organisation["version"]), (&json!("Meadow View Care"), &json!(1)));
        app.patch(&app.approver, "/organisation", &organisation, json!({ "name": "Meadow View" })).await.faults(403);
        assert_eq!(app.patch(&app.admin, "/organisation", &organisation, json!({ "name": "" })).await.faults(422), ["/name length"]);
        let renamed = app.patch(&app.admin, "/organisation", &organisation, json!({ "name": "Meadow View" })).await.json(200);
        assert_eq!((&renamed["name"], &renamed["version"]), (&json!("Meadow View"), &json!(2)));
        app.patch(&app.admin, "/organisation", &organisation, json!({ "name": "x" })).await.faults(412);
        assert_eq!(app.get(&app.viewer, "/organisation").await.json(200), renamed);
    }

    async fn two_organisations_never_have_one_name(app: App) {
        let organisation = app.get(&app.viewer, "/organisation").await.json(200);
        app.patch(&app.admin, "/organisation", &organisation, json!({ "name": "Riverside Council" })).await.faults(409);
        assert_eq!(app.get(&app.viewer, "/organisation").await.json(200)["name"], json!("Meadow View Care"));
        assert_eq!(app.get(&app.neighbour, "/organisation").await.json(200)["name"], json!("Riverside Council"));
    }
    async fn a_mistyped_organisation_is_an_error_in_every_command_and_makes_nothing(app: App) {
        let import = ["import", "suppliers", "-"];
        let who = ["--role", "viewer", "--email", "kit@example.org"];
        let begins: [Vec<&str>; 3] = [
            [&import[..], &["--dry-run"]].concat(),
            import.to_vec(),
            [&["user", "create"][..], &who].concat(),
        ];
        let others: [Vec<&str>; 19] = [
            [&["user", "invite"][..], &who].concat(),
            vec!["user", "list"],
            vec!["user", "role", "kit@example.org", "--role", "viewer"],
            vec!["user", "remove", "kit@example.org"],
            vec!["user", "reset-password", "kit@example.org"],
            vec!["user", "reset-mfa", "kit@example.org"],
            vec!["user", "sessions", "kit@example.org"],
            vec!["key", "list"],
            vec!["link", "list"],
            vec!["export", "suppliers"],
            vec!["bulk", "archive", "--filter", "q=harbour"],
            vec!["lists", "refresh", "dspt", "none.csv"],
            vec!["due"],
            vec!["retention", "apply", "--dry-run"],
            vec!["audit", "verify"],
            vec!["audit", "checkpoint"],
            vec!["questionnaire", "publish", "none.yaml"],
            vec!["questionnaire", "what-if", "none.yaml"],
            vec!["questionnaire", "export", "supplier-security"],
        ];
        for (may_begin, arguments) in begins.iter().map(|arguments| (true, arguments)).chain(others.iter().map(|arguments| (false, arguments))) {
            let (code, out, told) = run(&app.url, &[&arguments[..], &["--organisation", "Meadow Veiw Care"]].concat(), ROWS);
            assert_eq!((code, out.as_str()), (Some(6), ""), "{arguments:?}: {told}");
            let expected = "there is no organisation called \"Meadow Veiw Care\": did you mean \"Meadow View Care\"?";
            assert!(told.contains(expected), "{arguments:?}: {told}");
            assert_eq!(told.contains("--create-organisation makes a new one"), may_begin, "{arguments:?}: {told}");
        }
        // Where none is near, those there are.
        let (_, _, told) = run(&app.url, &["due", "--organisation", "Elsewhere"], "");
        assert!(told.contains("there are \"Meadow View Care\", \"Riverside Council\""), "{told}");
        // Space around a name is nobody's.
        assert_eq!(run(&app.url, &["due", "--organisation", " Meadow View Care "], "").0, Some(0));
        assert_eq!(names(&app.store).await, ["Meadow View Care", "Riverside Council"]);
    }

    async fn a_new_organisation_is_made_when_it_is_asked_for_and_only_with_what_was_to_be_in_it(app: App) {
        let import = ["import", "suppliers", "-", "--organisation", "Linked Homes", "--create-organisation"];
        let two = ["Meadow View Care", "Riverside Council"];
        let (code, out, told) = run(&app.url, &[&import[..], &["--dry-run"]].concat(), ROWS);
        assert!(code == Some(0) && out.contains("1 new") && out.contains("\"Linked Homes\" is new") && out.contains("nothing was changed"), "{out}{told}");
        assert_eq!(names(&app.store).await, two);
        // A row that is refused, and a key that is.
        let (code, out, told) = run(&app.url, &import, &format!("{ROWS}{}\n", "x".repeat(301)));
        assert!(code == Some(6) && told.contains("nothing was changed") && !out.contains("is new"), "{out}{told}");
        let key = ["key", "create", "--organisation", "Linked Homes", "--create-organisation", "--role", "viewer", "--name"];
        assert_eq!(run(&app.url, &[&key[..], &["Night\tly"]].concat(), "").0, Some(6));
        assert_eq!(names(&app.store).await, two);
        let (code, out, told) = run(&app.url, &import, ROWS);
        assert!(code == Some(0) && out.contains("\"Linked Homes\" is new"), "{out}{told}");
        let three = ["Linked Homes", "Meadow View Care", "Riverside Council"];
        assert_eq!(names(&app.store).await, three);
        // Asked for again, it is the one there is; and nothing of it is anybody else's.
        let (code, out, told) = run(&app.url, &import, "name\nAnother\n");
        assert!(code == Some(0) && !out.contains("is new"), "{out}{told}");
        let (code, out, told) = run(&app.url, &[&key[..], &["Nightly"]].concat(), "");
        assert!(code == Some(0) && out.starts_with("dlg_"), "{told}");
        assert_eq!(names(&app.store).await, three);
        let (_, out, _) = run(&app.url, &["export", "suppliers", "--organisation", "Linked Homes"], "");
        assert!(out.contains(",Harbour,") && out.contains(",Another,"), "{out}");
        assert_eq!(app.walk("/suppliers", 50).await, Vec::<serde_json::Value>::new());
        let (code, out, told) = run(&app.url, &["user", "create", "--organisation", "Fourth House", "--create-organisation", "--role", "admin", "--email", "kit@example.org"], "");
        assert!(code == Some(0) && out.contains("/invitations#"), "{told}");
        assert_eq!(names(&app.store).await, ["Fourth House", "Linked Homes", "Meadow View Care", "Riverside Council"]);
        assert_eq!(run(&app.url, &["audit", "verify", "--organisation", "Linked Homes"], "").0, Some(0));
    }

    async fn a_key_makes_its_organisation_unasked_and_says_so_beside_the_names_that_are_near(app: App) {
        let key = ["key", "create", "--role", "viewer", "--name", "Nightly", "--organisation"];
        let (code, out, told) = run(&app.url, &[&key[..], &["Meadow View Car"]].concat(), "");
        assert!(code == Some(0) && out.starts_with("dlg_") && out.lines().count() == 1, "{told}");
        assert!(told.contains("organisation: \"Meadow View Car\" is new, beside \"Meadow View Care\"\n"), "{told}");
        for again in [&["Meadow View Car"][..], &["Elsewhere", "--create-organisation"]] {
            let (code, _, told) = run(&app.url, &[&key[..], again].concat(), "");
            assert!(code == Some(0) && !told.contains("is new"), "{told}");
        }
        assert_eq!(names(&app.store).await, ["Elsewhere", "Meadow View Car", "Meadow View Care", "Riverside Council"]);
    }
}
