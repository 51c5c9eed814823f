//! A whole register, out of one database and into another.

use std::io::{Cursor, Read as _, Write as _};

use diligence_entities::{role::Role, sample};
use poem::http::Method;
use serde_json::{Value, json};
use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

use crate::{
    harness::{Answer, App, On, Person, both, empty_database, etag, id, person, text},
    operations::run,
    pages::{Browser, form_data, goes_to, token},
};

const TABLES: [&str; 13] = [
    "/register.csv",
    "/suppliers.csv",
    "/contacts.csv",
    "/contracts.csv",
    "/products.csv",
    "/dependencies.csv",
    "/evidence.csv",
    "/assessments.csv",
    "/answers.csv",
    "/decisions.csv",
    "/risks.csv",
    "/incidents.csv",
    "/reviews.csv?any_state=true",
];

async fn taken_out(app: &App, who: &Person) -> Vec<u8> {
    let answer = app.get(who, "/register.zip").await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/zip"), "{}", answer.text);
    answer.bytes
}

async fn brought_in(app: &App, who: &Person, archive: &[u8], query: &str) -> Answer {
    let path = format!("/register/import{query}");
    app.raw(who, Method::POST, &path, Some(archive.to_vec()), &[("content-type", "application/zip")]).await
}

/// The parts of an archive, in their order.
fn parts(archive: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut zip = ZipArchive::new(Cursor::new(archive)).expect("an archive");
    let part = |index: usize| {
        let mut entry = zip.by_index(index).expect("a part");
        let name = entry.name().expect("a name").into_owned();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).expect("its bytes");
        (name, content)
    };
    (0..ZipArchive::new(Cursor::new(archive)).expect("an archive").len()).map(part).collect()
}

fn packed(parts: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        zip.start_file(name.as_str(), SimpleFileOptions::default()).expect("a part");
        zip.write_all(content).expect("its bytes");
    }
    zip.finish().expect("an archive").into_inner()
}

fn hash(content: &[u8]) -> String {
    use sha2::Digest as _;
    sha2::Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The archive with another text in one of its parts; `and_told` has the manifest say so.
fn with(archive: &[u8], part: &str, change: impl Fn(String) -> String, and_told: bool) -> Vec<u8> {
    let mut parts = parts(archive);
    let mut told = (String::new(), 0);
    for (name, content) in parts.iter_mut().filter(|(name, _)| name == part) {
        *content = change(String::from_utf8(content.clone()).expect("text")).into_bytes();
        told = (hash(content), content.len());
        assert!(!name.is_empty());
    }
    assert!(!told.0.is_empty(), "there is no part {part}");
    for (_, content) in parts.iter_mut().filter(|(name, _)| and_told && name == "manifest.json") {
        let mut manifest: Value = serde_json::from_slice(content).expect("JSON");
        for line in manifest["parts"].as_array_mut().expect("a list") {
            if line["name"] == part {
                (line["sha256"], line["byte_count"]) = (told.0.clone().into(), told.1.into());
            }
        }
        *content = manifest.to_string().into_bytes();
    }
    packed(&parts)
}

/// What the manifest says of the rows as they are stored: the name of each part, and its hash.
fn stored(archive: &[u8]) -> Vec<(String, String)> {
    let parts = parts(archive);
    let (_, manifest) = parts.iter().find(|(name, _)| name == "manifest.json").expect("a manifest");
    let manifest: Value = serde_json::from_slice(manifest).expect("JSON");
    let lines = manifest["parts"].as_array().expect("a list").iter();
    let of_rows = lines.filter(|line| text(line, "name").starts_with("register/"));
    of_rows.map(|line| (text(line, "name").to_owned(), text(line, "sha256").to_owned())).collect()
}

/// A recipe under the key `finance`, and a supplier called Stonebridge of whom the toolkit's list says something.
async fn keeps_a_recipe_and_what_a_list_says(app: &App, who: &Person) {
    let recipe = json!({ "noun": "suppliers", "columns": [{ "column": "Vendor", "fills": "name" }] });
    app.send(who, Method::PUT, "/recipes/finance", Some(&recipe), &[]).await.json(201);
    let listed = json!({ "name": "Stonebridge", "identifiers": [{ "scheme": "GB-NHS", "id": "8K417" }] });
    app.post(who, "/suppliers", listed).await.json(201);
    let list = b"Code,Organisation Name,Status,Date Of Publication\n8K417,STONEBRIDGE,Standards Met,30/06/2026\n";
    let headers = [("content-type", "text/csv")];
    app.raw(who, Method::POST, "/lists/dspt/refresh", Some(list.to_vec()), &headers).await.json(200);
}

/// The archive as a program wrote it that knew nothing of these parts.
fn without(archive: &[u8], parts_left_out: &[&str]) -> Vec<u8> {
    let mut parts = parts(archive);
    parts.retain(|(name, _)| !parts_left_out.contains(&name.as_str()));
    for (_, content) in parts.iter_mut().filter(|(name, _)| name == "manifest.json") {
        let mut manifest: Value = serde_json::from_slice(content).expect("JSON");
        let lines = manifest["parts"].as_array_mut().expect("a list");
        lines.retain(|line| !parts_left_out.contains(&text(line, "name")));
        *content = serde_json::to_vec(&manifest).expect("JSON");
    }
    packed(&parts)
}

async fn goes_over(from: On, to: On) {
    let (here, there) = (App::open(from).await, App::open(to).await);
    let sample = sample::create(&here.store).await.expect("a sample register");
    let old = person(&here.store, &sample.name, Role::Admin).await;
    let new = person(&there.store, "Taken over", Role::Admin).await;
    // A document behind evidence, and somebody who is no contact any more.
    let supplier = here.get(&old, "/suppliers?limit=1").await.json(200)["items"][0].clone();
    let evidence = json!({ "subject_id": id(&supplier), "kind": "other", "reference": "Letter" });
    let evidence = here.post(&old, "/evidence", evidence).await.json(201);
    let path = format!("/evidence/{}/file", id(&evidence));
    let headers = [("content-type", "application/octet-stream"), ("if-match", &etag(&evidence)[..])];
    let named = format!("{path}?name=note.txt");
    here.raw(&old, Method::POST, &named, Some(b"Good until June.".to_vec()), &headers).await.json(200);
    keeps_a_recipe_and_what_a_list_says(&here, &old).await;

    let archive = taken_out(&here, &old).await;
    let report = brought_in(&there, &new, &archive, "?dry_run=true").await.json(200);
    assert_eq!((&report["dry_run"], &report["organisation_name"]), (&json!(true), &json!(sample.name)));
    assert!(there.get(&new, "/suppliers").await.json(200)["items"].as_array().expect("a list").is_empty());
    let report = brought_in(&there, &new, &archive, "").await.json(200);
    assert_eq!((&report["dry_run"], &report["file_count"]), (&json!(false), &json!(1)));

    for table in TABLES {
        let (was, is) = (here.get(&old, table).await, there.get(&new, table).await);
        assert!(was.text.lines().count() > 1, "{table} has no rows");
        assert_eq!(was.text, is.text, "{table}");
    }
    assert_eq!(there.get(&new, &path).await.bytes, b"Good until June.");
    assert_eq!(stored(&archive), stored(&taken_out(&there, &new).await));
    for list in [
        "/settlements?limit=200",
        "/due/counts",
        "/recipes?is_built_in=false",
        "/recipes/finance",
        "/lists/dspt/entries",
    ] {
        assert_eq!(here.get(&old, list).await.text, there.get(&new, list).await.text, "{list}");
    }
    // One event tells of it, in a trail that holds.
    let events = there.get(&new, "/audit-events?noun=register&action=import").await.json(200);
    assert_eq!(events["items"].as_array().expect("a list").len(), 1);
    assert_eq!(events["items"][0]["after"]["organisation_name"], json!(sample.name));
    assert_eq!(there.get(&new, "/audit-events/verification").await.json(200)["sound"], true);
    // It goes on from there, and no second one comes in.
    there.post(&new, "/suppliers", json!({ "name": "One more" })).await.json(201);
    assert_eq!(brought_in(&there, &new, &archive, "").await.faults(409), ["not_empty"]);
}

#[tokio::test]
async fn a_year_of_history_goes_from_sqlite_to_postgresql_and_is_the_same() {
    goes_over(On::Sqlite, On::Postgres).await;
}

#[tokio::test]
async fn a_year_of_history_goes_from_postgresql_to_sqlite_and_is_the_same() {
    goes_over(On::Postgres, On::Sqlite).await;
}

#[tokio::test]
async fn the_console_takes_a_register_over_and_a_dry_run_makes_no_organisation() {
    let ((old, _here), (new, _there)) = (empty_database(On::Sqlite).await, empty_database(On::Sqlite).await);
    let (code, name, told) = run(&["sample", "--database-url", &old]);
    assert_eq!(code, Some(0), "{told}");
    let name = name.trim();
    let file = std::env::temp_dir().join(format!("diligence-everything-{}.zip", std::process::id()));
    let file = file.to_str().expect("text");
    let _ = std::fs::remove_file(file);
    let export = ["export", "everything", file, "--organisation", name, "--database-url", &old];
    let (code, out, told) = run(&export);
    assert_eq!((code, out.as_str()), (Some(0), ""), "{told}");
    let (code, _, told) = run(&export);
    assert!(code == Some(1) && told.contains("cannot be written"), "{told}");

    let import = ["import", "everything", file, "--organisation", "New home", "--database-url", &new];
    let (code, _, told) = run(&import);
    assert!(code == Some(6) && told.contains("there is no organisation called \"New home\""), "{told}");
    let (code, out, told) = run(&[&import[..], &["--create-organisation", "--dry-run"]].concat());
    assert!(code == Some(0) && out.contains("a dry run: nothing was changed"), "{out} {told}");
    let (code, _, told) = run(&import);
    assert!(code == Some(6) && told.contains("there is no organisation called \"New home\""), "{told}");
    let (code, out, told) = run(&[&import[..], &["--create-organisation"]].concat());
    assert!(code == Some(0) && out.contains("organisation: \"New home\" is new"), "{out} {told}");
    for table in ["suppliers", "risks", "decisions", "dependencies", "incidents", "reviews"] {
        let was = run(&["export", table, "--organisation", name, "--database-url", &old]);
        let is = run(&["export", table, "--organisation", "New home", "--database-url", &new]);
        assert_eq!(was, is, "{table}");
        assert!(was.1.lines().count() > 1, "{table} has no rows");
    }
    std::fs::remove_file(file).expect("it was there");
}

async fn is_refused(app: &App, archive: &[u8], first: &str) {
    let fresh = person(&app.store, "Nothing yet", Role::Admin).await;
    let faults = brought_in(app, &fresh, archive, "").await.faults(422);
    assert_eq!(faults.first().map(String::as_str), Some(first), "{faults:?}");
    assert!(app.get(&fresh, "/suppliers").await.json(200)["items"].as_array().expect("a list").is_empty());
    assert_eq!(app.get(&fresh, "/policy").await.json(200)["version"], json!(1));
}

both! {
    async fn what_is_no_archive_of_a_register_is_refused_with_the_place(app: App) {
        let archive = taken_out(&app, &app.admin).await;
        let own = || parts(&archive);
        is_refused(&app, b"name\nHarbour\n", "archive").await;
        let without: Vec<_> = own().into_iter().filter(|(name, _)| name != "manifest.json").collect();
        is_refused(&app, &packed(&without), "/manifest.json missing").await;
        let newer = |text: String| text.replacen("\"format\": 1", "\"format\": 2", 1);
        is_refused(&app, &with(&archive, "manifest.json", newer, false), "/manifest.json/format newer").await;
        let without: Vec<_> = own().into_iter().filter(|(name, _)| name != "register/risks.jsonl").collect();
        is_refused(&app, &packed(&without), "/register/risks.jsonl missing").await;
        let more = [own(), vec![("../../evil.jsonl".to_owned(), b"{}".to_vec())]].concat();
        is_refused(&app, &packed(&more), "/../../evil.jsonl name").await;
        let more = [own(), vec![("register/people.jsonl".to_owned(), b"{}".to_vec())]].concat();
        is_refused(&app, &packed(&more), "/register/people.jsonl unknown").await;
    }

    async fn a_part_that_was_changed_is_refused(app: App) {
        app.supplier("Harbour").await;
        let archive = taken_out(&app, &app.admin).await;
        let other = |text: String| text.replace("Harbour", "Tide");
        is_refused(&app, &with(&archive, "register/suppliers.jsonl", other, false), "/register/suppliers.jsonl hash").await;
        // Grown beyond what such an archive may be.
        let grown = |text: String| format!("{text}{}", " ".repeat(100 << 20));
        is_refused(&app, &with(&archive, "register/suppliers.jsonl", grown, true), "/register/suppliers.jsonl too_large").await;
    }

    async fn an_administrator_brings_a_register_in_by_its_page_and_reads_what_is_wrong(app: App) {
        let elsewhere = App::open(On::Sqlite).await;
        elsewhere.supplier("Harbour").await;
        let archive = taken_out(&elsewhere, &elsewhere.admin).await;
        let mut admin = Browser::of(&app.member("admin").await);
        let page = admin.opens(&app, "/settings/backup").await;
        assert!(page.text.contains("href=\"/api/v1/register.zip\""), "{}", page.text);
        let csrf = token(&page.text);
        let mut sends = async |content: &[u8]| {
            let form = form_data(&[("csrf", csrf.as_str())], ("register.zip", "application/zip", content));
            admin.send(&app, Method::POST, "/settings/backup", Some(form)).await
        };
        let wrong = sends(&b"no archive"[..]).await;
        assert!(wrong.status == 422 && wrong.text.contains("Expected a ZIP archive") && wrong.text.contains("href=\"#file\""), "{}", wrong.text);
        assert_eq!(goes_to(&sends(&archive).await), "/register");
        assert_eq!(app.walk("/suppliers", 50).await.len(), 1);
        let again = sends(&archive).await;
        assert!(again.status == 422 && again.text.contains("there are suppliers already"), "{}", again.text);
    }

    async fn ids_that_are_in_use_in_this_database_refuse_the_archive(app: App) {
        app.supplier("Harbour").await;
        let archive = taken_out(&app, &app.admin).await;
        let fresh = person(&app.store, "Nothing yet", Role::Admin).await;
        let faults = brought_in(&app, &fresh, &archive, "").await.faults(422);
        assert!(!faults.is_empty() && faults.iter().all(|fault| fault.ends_with(" taken")), "{faults:?}");
        assert!(app.get(&fresh, "/suppliers").await.json(200)["items"].as_array().expect("a list").is_empty());
    }

    async fn nobody_but_an_administrator_takes_everything_out_or_in_and_only_their_own(app: App) {
        app.supplier("Harbour").await;
        let theirs = taken_out(&app, &app.neighbour).await;
        let all: String = parts(&theirs).into_iter().map(|(_, content)| String::from_utf8_lossy(&content).into_owned()).collect();
        assert!(!all.contains("Harbour") && all.contains("Riverside Council"));
        for who in [&app.viewer, &app.editor, &app.approver] {
            assert_eq!(app.get(who, "/register.zip").await.status, 403);
            assert_eq!(brought_in(&app, who, &theirs, "").await.status, 403);
        }
        assert_eq!(app.get(&app.stranger, "/register.zip").await.status, 401);
    }

    async fn an_archive_of_a_program_that_kept_no_recipes_and_no_lists_comes_in(app: App) {
        let elsewhere = App::open(On::Sqlite).await;
        keeps_a_recipe_and_what_a_list_says(&elsewhere, &elsewhere.admin).await;
        let archive = taken_out(&elsewhere, &elsewhere.admin).await;
        let older = without(&archive, &["register/recipes.jsonl", "register/list-entries.jsonl"]);
        brought_in(&app, &app.admin, &older, "").await.json(200);
        assert_eq!(app.get(&app.admin, "/suppliers").await.json(200)["items"][0]["name"], "Stonebridge");
        assert!(app.walk("/recipes?is_built_in=false", 50).await.is_empty());
        assert!(app.walk("/lists/dspt/entries", 50).await.is_empty());
    }

    async fn what_is_answered_through_a_link_and_not_submitted_stays_behind(app: App) {
        let supplier = app.supplier("Harbour").await;
        app.assessment("supplier-security", &supplier).await;
        let archive = taken_out(&app, &app.admin).await;
        let (_, answers) = parts(&archive).into_iter().find(|(name, _)| name == "register/answers.jsonl").expect("answers");
        let rows = String::from_utf8(answers).expect("text");
        for line in rows.lines() {
            let row: Value = serde_json::from_str(line).expect("a row");
            assert_eq!(text(&row, "unsent"), "{}");
        }
        assert_eq!(rows.lines().count(), 1);
    }
}

#[tokio::test]
async fn a_hostile_row_is_refused_in_a_database_where_its_ids_are_free() {
    let (here, there) = (App::open(On::Sqlite).await, App::open(On::Sqlite).await);
    let supplier =
        here.post(&here.editor, "/suppliers", json!({ "name": "Harbour", "website": "https://harbour.example" })).await;
    here.product(&supplier.json(201), "Notes").await;
    keeps_a_recipe_and_what_a_list_says(&here, &here.admin).await;
    let archive = taken_out(&here, &here.admin).await;
    let fresh = person(&there.store, "Nothing yet", Role::Admin).await;
    let refused = async |part: &str, from: &str, to: &str, place: &str| {
        let changed = with(&archive, part, |text| text.replace(from, to), true);
        let faults = brought_in(&there, &fresh, &changed, "").await.faults(422);
        assert!(faults[0].starts_with(place), "{faults:?}");
        assert!(there.get(&fresh, "/suppliers").await.json(200)["items"].as_array().expect("a list").is_empty());
    };
    let suppliers = "register/suppliers.jsonl";
    refused(suppliers, "https://harbour.example", "javascript:alert(1)", "/register/suppliers.jsonl/1/website").await;
    refused(suppliers, "\"active\"", "\"sleeping\"", "/register/suppliers.jsonl/1").await;
    refused(suppliers, "\"version\":1", "\"version\":\"one\"", "/register/suppliers.jsonl/1/version type").await;
    let foreign = "{\"organisation_id\":\"org_00000000000000000000000000000000\",";
    refused(suppliers, "{\"id\"", &format!("{foreign}\"id\""), "/register/suppliers.jsonl/1/organisation_id").await;
    refused(suppliers, "{\"id\"", "[\"id\"", "/register/suppliers.jsonl/1 json").await;
    refused("register/policy.jsonl", "}\n", "}\n\n", "/register/policy.jsonl/2 json").await;
    let nobody = "\"supplier_id\":\"sup_00000000000000000000000000000000\",\"was\":";
    refused("register/products.jsonl", "\"supplier_id\":", nobody, "/register/products.jsonl/1/was unknown_field")
        .await;
    let recipes = "register/recipes.jsonl";
    refused(recipes, "\"finance\"", "\"Finance\"", "/register/recipes.jsonl/1 key").await;
    refused(recipes, "\"noun\":\"suppliers\",\"doc", "\"noun\":\"products\",\"doc", "/register/recipes.jsonl/1/noun")
        .await;
    let nobody = "\"supplier_id\":\"sup_00000000000000000000000000000000\",\"entry_key\"";
    let entries = "register/list-entries.jsonl";
    let supplier =
        text(&here.get(&here.admin, "/lists/dspt/entries").await.json(200)["items"][0], "supplier_id").to_owned();
    let somebody = format!("\"supplier_id\":\"{supplier}\",\"entry_key\"");
    refused(entries, &somebody, nobody, "/register/list-entries.jsonl/1 reference").await;
    // As it is, it comes in.
    brought_in(&there, &fresh, &archive, "").await.json(200);
}
