//! Published lists: what they say of our suppliers, what has changed since, and what follows.

use std::path::PathBuf;

use poem::http::Method;
use serde_json::{Value, json};

use crate::{
    harness::{Answer, App, both, id, text},
    pages::{form_data, goes_to, hidden, holds, shown, someone},
    server::command,
};

async fn looks(app: &App, path: &str, file: &str) -> Answer {
    let headers = [("content-type", "text/csv")];
    app.raw(&app.editor, Method::POST, &format!("/lists/{path}"), Some(file.as_bytes().to_vec()), &headers).await
}

async fn supplier(app: &App, name: &str, scheme: &str, identifier: &str) -> Value {
    let body = json!({ "name": name, "identifiers": [{ "scheme": scheme, "id": identifier }] });
    app.post(&app.editor, "/suppliers", body).await.json(201)
}

async fn review(app: &App, supplier: &Value) -> Value {
    app.walk(&format!("/reviews?supplier_id={}", id(supplier)), 50).await.remove(0)
}

/// The counts of a report: new, changed, unchanged, left, brought forward, evidence that is new.
fn counts(report: &Value) -> [i64; 6] {
    ["new_count", "changed_count", "unchanged_count", "left_count", "brought_forward_count", "evidence_created_count"]
        .map(|name| report[name].as_i64().expect("a number"))
}

fn toolkit(rows: &[(&str, &str, &str, &str)]) -> String {
    let mut file = "Code,Organisation Name,Status,Date Of Publication,Primary Sector\n".to_owned();
    for (code, name, status, day) in rows {
        file.push_str(&format!("{code},{name},{status},{day},Company\n"));
    }
    file
}

both! {
    async fn the_toolkits_list_is_evidence_and_a_fall_brings_the_review_forward(app: App) {
        let harbour = supplier(&app, "Harbour", "GB-NHS", "8K417").await;
        let first = toolkit(&[("8K417", "HARBOUR LTD (8K417)", "25/26 Standards Met", "30/06/2026"), ("9X999", "Somebody", "Standards Met", "30/06/2026")]);
        let trial = looks(&app, "dspt/refresh?list_day=2026-08-01&dry_run=true", &first).await.json(200);
        assert_eq!((counts(&trial), &trial["row_count"], &trial["applied"]), ([1, 0, 0, 0, 0, 1], &json!(2), &json!(false)));
        assert!(app.walk("/evidence", 50).await.is_empty() && app.walk("/lists/dspt/entries", 50).await.is_empty());
        let done = looks(&app, "dspt/refresh?list_day=2026-08-01", &first).await.json(200);
        assert_eq!((counts(&done), &done["applied"]), ([1, 0, 0, 0, 0, 1], &json!(true)));
        let evidence = app.walk("/evidence", 50).await;
        assert_eq!((text(&evidence[0], "kind"), text(&evidence[0], "statement"), text(&evidence[0], "issued_on")), ("dspt", "25/26 Standards Met", "2026-06-30"));
        // The same list again says nothing new.
        let again = looks(&app, "dspt/refresh?list_day=2026-08-01", &first).await.json(200);
        assert_eq!(counts(&again), [0, 0, 1, 0, 0, 0]);
        assert_eq!(app.walk("/evidence", 50).await, evidence);

        let second = toolkit(&[("8K417", "HARBOUR LTD", "26/27 Approaching Standards", "")]);
        let fall = looks(&app, "dspt/refresh?list_day=2026-11-16", &second).await.json(200);
        assert_eq!(counts(&fall), [0, 1, 0, 0, 1, 1]);
        let entry = app.walk("/lists/dspt/entries", 50).await.remove(0);
        assert_eq!((text(&entry, "status"), text(&entry, "status_before"), text(&entry, "list_day"), text(&entry, "looked_on"), text(&entry, "changed_on")), ("26/27 Approaching Standards", "25/26 Standards Met", "2026-11-16", "2027-03-01", "2027-03-01"));
        let due = review(&app, &harbour).await;
        assert_eq!((text(&due, "due_on"), text(&due, "reason")), ("2027-03-01", "published_list"));
        assert!(text(&due, "reason_detail").contains("26/27 Approaching Standards (before: 25/26 Standards Met)"), "{due}");
        let history = app.get(&app.viewer, &format!("/suppliers/{}/history", id(&harbour))).await.json(200);
        assert!(history["items"].as_array().expect("events").iter().any(|event| event["noun"] == json!("list_entry") && event["action"] == json!("change")));
        // What was said before is no news.
        assert_eq!(looks(&app, "dspt/refresh?list_day=2026-08-01", &first).await.faults(422), ["?list_day past"]);
        assert_eq!(looks(&app, "dspt/refresh?list_day=2027-03-02", &first).await.faults(422), ["?list_day future"]);

        // Who has left the list is said, and kept.
        let left = looks(&app, "dspt/refresh?list_day=2027-02-16", &toolkit(&[("9X999", "Somebody", "Standards Met", "30/06/2026")])).await.json(200);
        assert_eq!(counts(&left), [0, 0, 0, 1, 0, 0]);
        assert_eq!(app.walk("/lists/dspt/entries?has_left=true", 50).await[0]["left_on"], json!("2027-02-16"));
        let lists = app.get(&app.viewer, "/lists").await.json(200);
        assert_eq!((&lists["lists"][0]["list_day"], &lists["lists"][0]["left_count"], &lists["lists"][1]["list_day"]), (&json!("2027-02-16"), &json!(1), &json!(null)));
    }

    async fn part_of_a_list_is_not_taken_for_all_of_it(app: App) {
        let mut rows = Vec::new();
        for number in 10..22 {
            let code = format!("8K4{number}");
            supplier(&app, &format!("Home {number}"), "GB-NHS", &code).await;
            rows.push(code);
        }
        let file = |codes: &[String]| toolkit(&codes.iter().map(|code| (&code[..], "Home", "Standards Met", "30/06/2022")).collect::<Vec<_>>());
        looks(&app, "dspt/refresh?list_day=2022-08-01", &file(&rows)).await.json(200);
        // Ten may leave.
        let trial = looks(&app, "dspt/refresh?list_day=2022-09-01&dry_run=true", &file(&rows[..2])).await.json(200);
        assert_eq!((&trial["left_count"], &trial["question_count"]), (&json!(10), &json!(0)));
        let part = file(&rows[..1]);
        let trial = looks(&app, "dspt/refresh?list_day=2022-09-01&dry_run=true", &part).await.json(200);
        assert_eq!((&trial["left_count"], &trial["questions"][0]["key"]), (&json!(11), &json!("left:*")));
        assert_eq!(looks(&app, "dspt/refresh?list_day=2022-09-01", &part).await.faults(422), ["?answers question"]);
        assert_eq!(looks(&app, "dspt/refresh?list_day=2022-09-01&answers=left:*=new", &part).await.faults(422), ["?answers answer"]);
        assert!(app.walk("/lists/dspt/entries?has_left=true", 50).await.is_empty());
        let done = looks(&app, "dspt/refresh?list_day=2022-09-01&answers=left:*=yes", &part).await.json(200);
        assert_eq!(counts(&done), [0, 0, 1, 11, 11, 0]);
    }

    async fn what_is_older_doubled_or_no_word_of_the_list_changes_nothing_silently(app: App) {
        supplier(&app, "Harbour", "GB-NHS", "8K417").await;
        let row = |status, day| ("8K417", "HARBOUR LTD", status, day);
        let said = |report: &Value| report["sentences"].as_array().expect("sentences").iter().map(|said| said.as_str().expect("text").to_owned()).collect::<Vec<_>>();
        looks(&app, "dspt/refresh", &toolkit(&[row("22/23 Standards Met", "30/06/2023")])).await.json(200);
        // A list of before that nobody has said the day of.
        let older = looks(&app, "dspt/refresh", &toolkit(&[row("21/22 Approaching Standards", "30/06/2022")])).await.json(200);
        assert_eq!(counts(&older), [0, 0, 1, 0, 0, 0]);
        assert!(matches!(&said(&older)[..], [told] if told.contains("older than what is known")), "{older}");
        let status = async || app.walk("/lists/dspt/entries", 50).await[0]["status"].clone();
        assert_eq!(status().await, json!("22/23 Standards Met"));
        // Twice, of one day: nobody can know which.
        let both = toolkit(&[row("23/24 Standards Met", "30/06/2024"), row("23/24 Approaching Standards", "30/06/2024")]);
        assert_eq!(looks(&app, "dspt/refresh", &both).await.faults(422), ["duplicate"]);
        let later = toolkit(&[row("23/24 Standards Met", "30/06/2024"), row("24/25 Standards Met", "30/06/2025")]);
        let taken = looks(&app, "dspt/refresh", &later).await.json(200);
        assert!(matches!(&said(&taken)[..], [told] if told.contains("twice")), "{taken}");
        assert_eq!(status().await, json!("24/25 Standards Met"));
        // A word that the list does not use is no evidence, and nothing follows from it.
        let evidence = app.walk("/evidence", 50).await;
        let unknown = looks(&app, "dspt/refresh", &toolkit(&[row("Bananas", "30/06/2026")])).await.json(200);
        assert_eq!(counts(&unknown), [0, 1, 0, 0, 0, 0]);
        assert!(matches!(&said(&unknown)[..], [told] if told.contains("\"Bananas\" is not known")), "{unknown}");
        assert_eq!(app.walk("/evidence", 50).await, evidence);
    }

    async fn the_same_name_is_a_question_that_is_asked_once(app: App) {
        let quay = app.supplier("Quay Catering Ltd").await;
        let other = supplier(&app, "Harbour Linen", "GB-COH", "04142000").await;
        let file = "CompanyName, CompanyNumber,CompanyStatus\nQUAY CATERING LIMITED,00000001,Active\nHARBOUR LINEN LIMITED,00000002,Liquidation\n";
        let trial = looks(&app, "companies_house/refresh?dry_run=true", file).await.json(200);
        // An identifier that says otherwise is no question.
        assert_eq!((&trial["question_count"], &trial["matched_count"], &trial["questions"][0]["key"]), (&json!(1), &json!(0), &json!("same:quay catering")));
        let before = app.event_count().await;
        assert_eq!(looks(&app, "companies_house/refresh", file).await.faults(422), ["?answers question"]);
        assert_eq!(app.event_count().await, before);
        assert_eq!(looks(&app, &format!("companies_house/refresh?answers=same:quay%20catering={}", id(&other)), file).await.faults(422), ["?answers answer"]);
        let done = looks(&app, &format!("companies_house/refresh?answers=same:quay%20catering={}", id(&quay)), file).await.json(200);
        assert_eq!(counts(&done), [1, 0, 0, 0, 0, 0]);
        let again = looks(&app, "companies_house/refresh", &file.replace("00000001,Active", "00000001,Active - Proposal to Strike off")).await.json(200);
        assert_eq!((counts(&again), &again["question_count"]), ([0, 1, 0, 0, 1, 0], &json!(0)));
        assert_eq!(text(&review(&app, &quay).await, "reason"), "published_list");
        // That it is another one is kept too.
        let there = app.supplier("Ferry").await;
        let ferry = "CompanyName, CompanyNumber,CompanyStatus\nFERRY PLC,00000003,Active\nQUAY CATERING LIMITED,00000001,Dissolved\n";
        looks(&app, "companies_house/refresh?answers=same:ferry=new", ferry).await.json(200);
        assert_eq!(looks(&app, "companies_house/refresh", ferry).await.json(200)["question_count"], json!(0));
        assert_eq!(app.walk("/lists/companies_house/entries?is_same=false", 50).await.len(), 1);
        // What a list says of a supplier keeps nobody from deleting it.
        assert_eq!(app.delete(&app.editor, &format!("/suppliers/{}", id(&there)), &there).await.status, 204);
        assert!(app.walk("/lists/companies_house/entries?is_same=false", 50).await.is_empty());
    }

    async fn care_services_are_found_by_location_and_by_provider(app: App) {
        let home = supplier(&app, "Meadow", "GB-CQC", "1-101607540").await;
        let provider = supplier(&app, "Care Group", "GB-CQC", "1-200").await;
        let head = "Location ID,Location Name,Provider ID,Provider Name,Domain,Service / Population Group,Latest Rating,Publication Date\n";
        let rows = |rating: &str| format!("{head}1-101607540,Meadow,1-9,Nine,Safe,Overall,Inadequate,01/02/2026\n1-101607540,Meadow,1-9,Nine,Overall,Overall,{rating},01/02/2026\n1-201,Rose House,1-200,Care Group,Overall,Overall,Good,01/02/2026\n");
        let first = looks(&app, "cqc/refresh", &rows("Good")).await.json(200);
        assert_eq!(counts(&first), [2, 0, 0, 0, 0, 0]);
        let found = app.walk("/lists/cqc/entries", 50).await;
        let of = |supplier: &Value| found.iter().find(|entry| entry["supplier_id"] == supplier["id"]).expect("an entry");
        assert_eq!((text(of(&home), "entry_key"), text(of(&provider), "entry_key"), text(of(&provider), "name")), ("1-101607540", "1-201", "Rose House"));
        assert_eq!(counts(&looks(&app, "cqc/refresh", &rows("Requires improvement")).await.json(200)), [0, 1, 1, 0, 1, 0]);
    }

    async fn records_of_a_public_body_are_told_and_another_file_is_refused(app: App) {
        app.supplier("Riverside Borough Council").await;
        let file = json!({ "records": [
            { "publishing_body": "Riverside Borough Council", "title": "Sorting letters", "url": "https://example.org/one", "published": "2026-01-02T03:04:05Z" },
            { "publishing_body": "Riverside Borough Council", "title": "Planning visits", "url": "https://example.org/two", "published": "2026-01-02T03:04:05Z" },
        ] });
        let send = async |path: &str| app.raw(&app.editor, Method::POST, path, Some(file.to_string().into_bytes()), &[("content-type", "application/json")]).await;
        let trial = send("/lists/atrs/refresh?dry_run=true").await.json(200);
        assert_eq!(trial["questions"].as_array().expect("questions").len(), 1);
        let council = app.walk("/suppliers", 50).await.remove(0);
        let done = send(&format!("/lists/atrs/refresh?answers=same:riverside%20borough%20council={}", id(&council))).await.json(200);
        assert_eq!(counts(&done), [2, 0, 0, 0, 0, 0]);
        let entry = app.walk("/lists/atrs/entries", 50).await.remove(0);
        assert_eq!((text(&entry, "status"), text(&entry, "issued_on")), ("Published: Sorting letters", "2026-01-02"));
        assert_eq!(looks(&app, "dspt/refresh", "Name,Colour\nHarbour,blue\n").await.faults(422), ["unknown_column", "unknown_column"]);
        app.get(&app.viewer, "/lists/nothing/entries").await.faults(404);
    }

    async fn a_list_is_looked_at_and_taken_over_by_the_pages(app: App) {
        let harbour = supplier(&app, "Harbour", "GB-NHS", "8K417").await;
        app.supplier("Ferry").await;
        let mut editor = someone(&app, "editor").await;
        let page = shown(&mut editor, &app, "/lists").await;
        holds(&page.text, &["Data Security and Protection Toolkit", "Never looked at"]);
        let file = toolkit(&[("8K417", "HARBOUR LTD", "Standards Met", "30/06/2026"), ("1F111", "Ferry Ltd", "Standards Met", "30/06/2026")]);
        let none: (&str, &str, &[u8]) = ("", "text/csv", b"");
        let first = hidden(&page.text, "/lists");
        let fields: Vec<(&str, &str)> = first.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain([("list", "dspt"), ("list_day", "2026-08-01")]).collect();
        let checked = editor.send(&app, Method::POST, "/lists", Some(form_data(&fields, ("dspt.csv", "text/csv", file.as_bytes())))).await;
        assert_eq!(checked.status, 200, "{}", checked.text);
        holds(&checked.text, &["2 rows, 1 about your suppliers: 1 new", "Is Ferry Ltd (1F111)"]);
        let carried = hidden(&checked.text, "/lists");
        let fields: Vec<(&str, &str)> = carried.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain([("answer same:ferry", "new"), ("then", "check")]).collect();
        let answered = editor.send(&app, Method::POST, "/lists", Some(form_data(&fields, none))).await;
        holds(&answered.text, &["Take it over"]);
        let carried = hidden(&answered.text, "/lists");
        let fields: Vec<(&str, &str)> = carried.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain([("then", "apply")]).collect();
        let done = editor.send(&app, Method::POST, "/lists", Some(form_data(&fields, none))).await;
        assert_eq!(goes_to(&done), "/lists?list=dspt&done=yes");
        holds(&shown(&mut editor, &app, "/lists?list=dspt&done=yes").await.text, &["The list was taken over", "HARBOUR LTD", "Standards Met"]);
        holds(&shown(&mut editor, &app, &format!("/suppliers/{}", id(&harbour))).await.text, &["On published lists", "Looked up on"]);
    }

    async fn real_lists_are_looked_at_twice_and_say_nothing_new_the_second_time(app: App) {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
        let Ok(file) = std::fs::read_to_string(folder.join("dspt_organisations_2019-06-17.csv")) else {
            eprintln!("skipped: there is no {}", folder.display());
            return;
        };
        supplier(&app, "Langdale House", "GB-NHS", "VM8L1").await;
        supplier(&app, "AQ", "GB-NHS", "8J031").await;
        let done = looks(&app, "dspt/refresh?list_day=2019-06-17", &file).await.json(200);
        // The second has published nothing, which is no evidence.
        assert_eq!((counts(&done), &done["row_count"]), ([2, 0, 0, 0, 0, 1], &json!(31_970)));
        assert_eq!(counts(&looks(&app, "dspt/refresh?list_day=2019-06-17", &file).await.json(200)), [0, 0, 2, 0, 0, 0]);
        let trusts = std::fs::read_to_string(folder.join("dspt_trusts_2023-11-16.csv")).expect("the file");
        supplier(&app, "Dorset", "GB-NHS", "R0D").await;
        let next = looks(&app, "dspt/refresh?list_day=2023-11-16", &trusts).await.json(200);
        assert_eq!(counts(&next)[..4], [1, 0, 0, 2]);
        assert_eq!(app.walk("/lists/dspt/entries?has_left=false", 50).await[0]["status"], json!("22/23 Approaching Standards"));
    }

    async fn the_command_line_takes_a_file_of_a_day_and_no_address_behind_our_back(app: App) {
        let harbour = supplier(&app, "Harbour", "GB-NHS", "8K417").await;
        let place = std::env::temp_dir().join(format!("{}_2026-08-01.csv", id(&harbour)));
        std::fs::write(&place, toolkit(&[("8K417", "HARBOUR LTD", "Standards Met", "30/06/2026")])).expect("a file");
        let run = |arguments: &[&str]| {
            let all = [&["lists", "refresh", "dspt"][..], arguments, &["--organisation", "Meadow View Care"]].concat();
            let output = command(&all).env("DATABASE_URL", &app.url).output().expect("the program runs");
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            (output.status.code(), text(&output.stdout), text(&output.stderr))
        };
        let path = place.to_str().expect("a path");
        let (code, out, told) = run(&[path, "--dry-run"]);
        assert!(code == Some(0) && out.contains("Harbour\tnew\t8K417\tStandards Met") && told.contains("nothing was changed"), "{out}{told}");
        assert!(app.walk("/lists/dspt/entries", 50).await.is_empty());
        assert_eq!(run(&[path]).0, Some(0));
        assert_eq!(app.walk("/lists/dspt/entries", 50).await[0]["list_day"], json!("2026-08-01"));
        std::fs::remove_file(&place).expect("gone");
        for address in ["https://127.0.0.1/list.csv", "http://example.org/list.csv", "https://[::1]/list.csv"] {
            // What stands behind an address is often a secret.
            let (code, _, told) = run(&[&format!("{address}?token=hush#hush")]);
            assert!(code == Some(6) && told.contains(&format!("{address} is not asked")) && !told.contains("hush"), "{told}");
        }
    }
}
