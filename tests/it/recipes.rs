//! Recipes: kept under keys, checked, and those that come with the program, each on a small remake of the file it is
//! for. Names in the remakes are invented.

use diligence_entities::recipe::{self, BUILT_IN};
use poem::http::Method;
use serde_json::{Value, json};

use crate::{
    harness::{App, both, etag, text},
    operations::run,
    pages::{goes_to, holds, lacks, shown, someone},
};

fn vendor() -> Value {
    json!({ "noun": "suppliers", "columns": [{ "column": "Vendor", "fills": "name" }] })
}

async fn put(app: &App, key: &str, body: &Value, tag: Option<&str>) -> crate::harness::Answer {
    let headers: Vec<(&str, &str)> = tag.map(|tag| ("if-match", tag)).into_iter().collect();
    app.send(&app.editor, Method::PUT, &format!("/recipes/{key}"), Some(body), &headers).await
}

/// What an import of a file by a recipe says.
async fn brought_in(app: &App, noun: &str, key: &str, file: &[u8]) -> Value {
    let headers = [("content-type", "application/octet-stream")];
    let path = format!("/{noun}/import?recipe={key}");
    app.raw(&app.editor, Method::POST, &path, Some(file.to_vec()), &headers).await.json(200)
}

/// How many were made, how many rows were put together with others, and how many were passed over.
fn counts(report: &Value) -> [i64; 3] {
    assert_eq!(
        (&report["applied"], &report["refused_count"], &report["question_count"]),
        (&json!(true), &json!(0), &json!(0)),
        "{report:#}"
    );
    ["created_count", "merged_row_count", "passed_over_count"].map(|name| report[name].as_i64().expect("a number"))
}

async fn named(app: &App, list: &str, name: &str) -> Value {
    let all = app.walk(list, 200).await;
    all.into_iter().find(|item| item["name"] == json!(name)).unwrap_or_else(|| panic!("{name} is not on {list}"))
}

fn identifiers(item: &Value) -> Vec<String> {
    let all = item["identifiers"].as_array().expect("a list");
    all.iter().map(|held| format!("{} {}", text(held, "scheme"), text(held, "id"))).collect()
}

/// What a recipe is blamed for.
fn blamed(document: &Value) -> Vec<String> {
    let document: recipe::Recipe = serde_json::from_value(document.clone()).expect("the shape of a recipe");
    let faults = document.check().expect_err("something is wrong");
    faults.into_iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect()
}

#[test]
fn what_says_two_things_at_once_or_nothing_is_told_with_its_place() {
    let with = |columns: Value| json!({ "noun": "suppliers", "columns": columns });
    for (document, expected) in [
        (with(json!([{ "fills": "name" }])), "/columns/0 required"),
        (with(json!([{ "column": "A", "any_of": ["B"], "fills": "name" }])), "/columns/0 required"),
        (with(json!([{ "column": "A", "join": "-", "fills": "name" }])), "/columns/0/join contradiction"),
        (with(json!([{ "column": "A", "fills": [] }])), "/columns/0/fills required"),
        (with(json!([{ "column": "A", "fills": ["name", "name"] }])), "/columns/0/fills duplicate"),
        (
            with(json!([{ "column": "A", "fills": "name" }, { "column": "B", "fills": "name" }])),
            "/columns/1/fills duplicate",
        ),
        (
            with(json!([{ "column": "A", "fills": "name" }, { "column": "A", "fills": "legal_name" }])),
            "/columns/1 duplicate",
        ),
        (with(json!([{ "columns": ["A", " a "], "fills": "name" }])), "/columns/0/columns/1 duplicate"),
        (
            with(json!([{ "column": "A", "fills": "data_role", "values": { "Yes": "none", " yes": "processor" } }])),
            "/columns/0/values/Yes duplicate",
        ),
        (
            with(
                json!([{ "column": "A", "fills": "data_role", "values": { "high": "low", "Low": "middle", "middle": "HIGH" } }]),
            ),
            "/columns/0/values circle",
        ),
        (
            json!({ "noun": "suppliers", "every": { "name": "x" }, "columns": [{ "column": "A", "fills": "name" }] }),
            "/every/name contradiction",
        ),
        (json!({ "noun": "suppliers", "where": [{ "column": "A" }] }), "/where/0 required"),
        (json!({ "noun": "suppliers", "where": [{ "is": "x" }] }), "/where/0 required"),
        (
            json!({ "noun": "suppliers", "where": [{ "column": "A", "is": "x", "is_empty": true }] }),
            "/where/0 contradiction",
        ),
        (
            json!({ "noun": "suppliers", "where": [{ "column": "A", "before": "2027-01-01", "after": "2027-02-01" }] }),
            "/where/0/before contradiction",
        ),
        (
            json!({ "noun": "suppliers", "file": { "header": "none" }, "columns": [{ "column": "Name", "fills": "name" }] }),
            "/columns/0/column format",
        ),
        (json!({ "noun": "suppliers", "file": { "header": 0 } }), "/file/header range"),
        (json!({ "noun": "suppliers", "file": { "kind": "csv", "sheet": "One" } }), "/file/sheet contradiction"),
        (json!({ "noun": "suppliers", "file": { "kind": "json", "rows": "records" } }), "/file/rows format"),
        (json!({ "noun": "suppliers", "file": { "separator": "" } }), "/file/separator length"),
        (json!({ "noun": "suppliers", "name": "two\nlines" }), "/name character"),
    ] {
        assert_eq!(blamed(&document), [expected], "{document}");
    }
    // Two below one another in a text, and one column read in two ways.
    let fine = with(json!([
        { "column": "Amount", "fills": "notes", "lead": "Sum: ", "take": "sum" },
        { "column": "Amount", "fills": "notes", "lead": "How many: ", "take": "count" },
        { "column": "High", "fills": "data_role", "values": { "high": "low", "low": "low" } },
    ]));
    let fine: recipe::Recipe = serde_json::from_value(fine).expect("a recipe");
    assert_eq!(fine.check(), Ok(()));
}

#[test]
fn a_recipe_is_read_from_yaml_and_json_and_every_fault_has_its_line() {
    let told = |text: &str| -> Vec<String> {
        let faults = recipe::parse(text).expect_err("refused");
        faults.into_iter().map(|fault| format!("{} {} {}", fault.pointer, fault.code, fault.detail)).collect()
    };
    let read = recipe::parse(
        "noun: suppliers\nfile: {header: none}\ncolumns:\n  - {column: \"1\", fills: [name, legal_name]}\n",
    )
    .expect("a recipe");
    assert_eq!(recipe::parse(&serde_json::to_string(&read).expect("JSON")), Ok(read.clone()));
    assert_eq!(recipe::parse(&recipe::to_yaml(&read)), Ok(read));
    for (text, place, line) in [
        ("noun: suppliers\ncolums: []\n", "/colums unknown_key", "line 2, column 1: "),
        ("noun: people\n", "/noun unknown_value", "line 1, column 7: "),
        (
            "noun: suppliers\ncolumns:\n  - column: 1\n    fills: name\n",
            "/columns/0/column wrong_type",
            "line 3, column 13: ",
        ),
        ("noun: suppliers\nwhere:\n  - column: A\n    is_nt: x\n", "/where/0/is_nt unknown_key", "line 4, column 5: "),
        (
            "noun: suppliers\ncolumns:\n  - column: A\n    fills: name\n  - column: B\n    fills: name\n",
            "/columns/1/fills duplicate",
            "line 6, column 12: ",
        ),
        ("noun: [\n", " syntax", "line "),
    ] {
        let told = told(text);
        assert!(told.len() == 1 && told[0].starts_with(&format!("{place} {line}")), "{text}: {told:?}");
    }
    assert_eq!(told(&format!("name: {}", "x".repeat(recipe::MAXIMUM_BYTES))).len(), 1);
}

#[test]
fn recipes_are_listed_shown_and_checked_at_the_command_line() {
    let (code, listed, _) = run(&["recipe", "list"]);
    assert_eq!(code, Some(0));
    assert_eq!(listed.lines().count(), BUILT_IN.len());
    assert!(listed.contains("cqc-directory\tsuppliers\tbuilt in\tCQC care directory\n"), "{listed}");
    let folder = std::env::temp_dir().join(format!("diligence_recipes_{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let _folder = crate::harness::Folder(folder.clone());
    let file = folder.join("recipe.yaml");
    let path = file.to_str().expect("a path");
    for built_in in &BUILT_IN {
        let (code, shown, _) = run(&["recipe", "show", built_in.key]);
        assert_eq!((code, shown.as_str()), (Some(0), built_in.yaml), "{}", built_in.key);
        std::fs::write(&file, run(&["recipe", "show", built_in.key, "--format", "json"]).1).expect("written");
        let (code, said, errors) = run(&["recipe", "check", path]);
        assert!(code == Some(0) && said.contains("no faults"), "{}: {errors}", built_in.key);
    }
    std::fs::write(&file, "noun: suppliers\ncolumns:\n  - fills: name\n").expect("written");
    let (code, _, errors) = run(&["recipe", "check", path]);
    assert_eq!(code, Some(6));
    assert!(
        errors.contains("/columns/0: line 3, column 5: expected one of `column`, `columns` and `any_of` (required)"),
        "{errors}"
    );
    // What it means is checked too, as far as that can be without a file; and what YAML took for a comment is said.
    std::fs::write(&file, "noun: suppliers\ncolumns:\n  - {column: A, fills: name}\nevery: {data_role: huge}\n")
        .expect("written");
    let (code, _, errors) = run(&["recipe", "check", path]);
    assert!(code == Some(6) && errors.contains("/every/data_role: expected"), "{errors}");
    std::fs::write(&file, "noun: suppliers\ncolumns:\n  - column: Ref #1\n    fills: name\n").expect("written");
    let (code, said, _) = run(&["recipe", "check", path]);
    assert!(code == Some(0) && said.contains("is this meant? line 3, column 17: \"#1\" begins a comment"), "{said}");
    assert_eq!(run(&["recipe", "show", "nothing"]).0, Some(6));
    let (_, schema, _) = run(&["recipe", "schema"]);
    assert_eq!(serde_json::from_str::<Value>(&schema).expect("JSON"), recipe::json_schema());
}

both! {
    async fn a_recipe_is_kept_changed_and_deleted_under_its_key(app: App) {
        let made = put(&app, "finance", &vendor(), None).await;
        let kept = made.json(201);
        assert_eq!((made.header("location"), made.header("etag")), ("/api/v1/recipes/finance", "\"1\""));
        assert_eq!((&kept["key"], &kept["name"], &kept["is_built_in"], &kept["document"]["columns"]), (&json!("finance"), &json!("finance"), &json!(false), &vendor()["columns"]));
        let read = app.get(&app.viewer, "/recipes/finance").await;
        assert_eq!(read.json(200), kept);
        assert_eq!(app.send(&app.viewer, Method::GET, "/recipes/finance", None, &[("if-none-match", "\"1\"")]).await.status, 304);
        // Without its version it is taken for a new one, with a wrong one for another's change.
        assert_eq!(put(&app, "finance", &vendor(), None).await.faults(409), ["duplicate"]);
        put(&app, "finance", &vendor(), Some("\"7\"")).await.faults(412);
        put(&app, "nothing", &vendor(), Some("\"1\"")).await.faults(404);
        let mut other = vendor();
        other["name"] = json!("List of finance");
        let changed = put(&app, "finance", &other, Some(&etag(&kept))).await;
        assert_eq!((&changed.json(200)["name"], changed.header("etag")), (&json!("List of finance"), "\"2\""));
        assert_eq!(app.get(&app.neighbour, "/recipes/finance").await.faults(404), Vec::<String>::new());
        assert_eq!(app.send(&app.viewer, Method::PUT, "/recipes/other", Some(&vendor()), &[]).await.faults(403), Vec::<String>::new());
        app.delete(&app.editor, "/recipes/finance", &kept).await.faults(412);
        assert_eq!(app.delete(&app.editor, "/recipes/finance", &changed.json(200)).await.status, 204);
        app.get(&app.viewer, "/recipes/finance").await.faults(404);
        let events: Vec<Value> = app.walk("/audit-events", 200).await.into_iter().filter(|event| event["noun"] == json!("recipe")).collect();
        let actions: Vec<&str> = events.iter().map(|event| text(event, "action")).collect();
        assert_eq!(actions, ["delete", "change", "create"]);
    }

    async fn an_own_recipe_takes_the_place_of_a_built_in_one_and_gives_it_back(app: App) {
        let built_in = app.get(&app.viewer, "/recipes/g-cloud").await.json(200);
        assert_eq!((&built_in["is_built_in"], &built_in["version"], &built_in["noun"]), (&json!(true), &json!(0), &json!("products")));
        assert_eq!(app.delete(&app.editor, "/recipes/g-cloud", &built_in).await.status, 412);
        assert_eq!(app.send(&app.editor, Method::DELETE, "/recipes/g-cloud", None, &[("if-match", "\"1\"")]).await.faults(409), ["built_in"]);
        // Its tag says that there is none of ours yet.
        let own = put(&app, "g-cloud", &vendor(), Some(&etag(&built_in))).await.json(201);
        assert_eq!((&own["is_built_in"], &own["replaces_built_in"]), (&json!(false), &json!(true)));
        assert_eq!(app.get(&app.viewer, "/recipes/g-cloud").await.json(200)["noun"], json!("suppliers"));
        assert_eq!(app.get(&app.neighbour, "/recipes/g-cloud").await.json(200), built_in);
        let keys = async |filter: &str| -> Vec<String> {
            app.walk(&format!("/recipes{filter}"), 5).await.iter().map(|entry| text(entry, "key").to_owned()).collect()
        };
        let all = keys("").await;
        assert_eq!(all, BUILT_IN.iter().map(|built_in| built_in.key).collect::<Vec<_>>());
        assert_eq!(keys("?is_built_in=false").await, ["g-cloud"]);
        assert_eq!(keys("?is_built_in=true&noun=products").await, ["atrs"]);
        app.delete(&app.editor, "/recipes/g-cloud", &own).await;
        assert_eq!(app.get(&app.viewer, "/recipes/g-cloud").await.json(200), built_in);
    }

    async fn what_is_no_key_and_what_is_one_too_many_or_too_large_is_refused(app: App) {
        for key in ["new", "A", "a_b", "-a", "a--b", &"a".repeat(81)] {
            assert_eq!(put(&app, key, &vendor(), None).await.faults(422), ["key"], "{key}");
        }
        assert_eq!(put(&app, "wrong", &json!({ "noun": "suppliers", "columns": [{ "fills": "name" }] }), None).await.faults(422), ["/columns/0 required"]);
        assert_eq!(put(&app, "wrong", &json!({ "columns": [] }), None).await.faults(422), ["/noun missing"]);
        let mut large = vendor();
        large["description"] = json!("x".repeat(300 << 10));
        put(&app, "large", &large, None).await.faults(413);
        for number in 0..200 {
            put(&app, &format!("list-{number}"), &vendor(), None).await.json(201);
        }
        assert_eq!(put(&app, "list-200", &vendor(), None).await.faults(409), ["limit"]);
        // One that is there can still be changed.
        put(&app, "list-7", &vendor(), Some("\"1\"")).await.json(200);
    }

    async fn the_pages_help_with_each_recipe_and_keep_a_copy(app: App) {
        let mut viewer = someone(&app, "viewer").await;
        let list = shown(&mut viewer, &app, "/recipes").await;
        holds(&list.text, &["CQC care directory", "href=\"/recipes/kept-by-hand\"", "Built in. For suppliers."]);
        lacks(&list.text, &["Write a recipe"]);
        for built_in in &BUILT_IN {
            let page = shown(&mut viewer, &app, &format!("/recipes/{}", built_in.key)).await;
            holds(&page.text, &["Where to get the file", "What to know", "What is read", &format!("--recipe {}", built_in.key)]);
            lacks(&page.text, &["href=\"/recipes/new", "<button>Save"]);
        }
        assert_eq!(viewer.opens(&app, "/recipes/nothing").await.status, 404);
        let mut editor = someone(&app, "editor").await;
        holds(&shown(&mut editor, &app, "/import").await.text, &["href=\"/recipes\""]);
        holds(&shown(&mut editor, &app, "/recipes/dspt-search").await.text, &["href=\"/recipes/new?from=dspt-search\"", "<code>evidence.dspt.statement</code>"]);
        let copy = shown(&mut editor, &app, "/recipes/new?from=dspt-search").await;
        holds(&copy.text, &["value=\"our-dspt-search\"", "fills: evidence.dspt.statement", "DSPT organisation search"]);
        // What is wrong is told with its line, and what was typed stays.
        let wrong = editor.fills(&app, &copy, "/recipes/new", &[("key", "our-dspt"), ("document", "noun: suppliers\r\ncolums: []\r\n")]).await;
        assert_eq!(wrong.status, 422);
        holds(&wrong.text, &["Line 2, column 1: unknown key `colums`", "value=\"our-dspt\"", "colums: []", "id=\"document-wrong\""]);
        let bad_key = editor.fills(&app, &copy, "/recipes/new", &[("key", "Ours"), ("document", "noun: suppliers\n")]).await;
        assert_eq!(bad_key.status, 422);
        holds(&bad_key.text, &["id=\"key-wrong\""]);
        let text = "noun: suppliers\r\ncolumns:\r\n  - {column: Code, fills: name}\r\n";
        assert_eq!(goes_to(&editor.fills(&app, &copy, "/recipes/new", &[("key", "our-dspt"), ("document", text)]).await), "/recipes/our-dspt?saved=yes");
        let page = shown(&mut editor, &app, "/recipes/our-dspt?saved=yes").await;
        holds(&page.text, &["The recipe is kept.", "Your own, for suppliers", "column: Code"]);
        // Someone else changes it meanwhile.
        put(&app, "our-dspt", &vendor(), Some("\"1\"")).await.json(200);
        let stale = editor.fills(&app, &page, "/recipes/our-dspt", &[("document", "noun: products\n")]).await;
        assert_eq!(stale.status, 409);
        holds(&stale.text, &["Someone else changed this meanwhile", "column: Vendor", "noun: products"]);
        assert_eq!(goes_to(&editor.fills(&app, &stale, "/recipes/our-dspt", &[("document", "noun: products\n")]).await), "/recipes/our-dspt?saved=yes");
        let page = shown(&mut editor, &app, "/recipes/our-dspt").await;
        let unsure = editor.fills(&app, &page, "/recipes/our-dspt/delete", &[("confirm", "our")]).await;
        assert_eq!(unsure.status, 422);
        assert_eq!(goes_to(&editor.fills(&app, &page, "/recipes/our-dspt/delete", &[("confirm", "our-dspt")]).await), "/recipes?done=deleted");
        assert_eq!(editor.opens(&app, "/recipes/our-dspt").await.status, 404);
    }

    async fn what_a_recipe_may_not_mean_is_asked_on_its_page_and_kept_all_the_same(app: App) {
        let mut editor = someone(&app, "editor").await;
        let new = shown(&mut editor, &app, "/recipes/new").await;
        lacks(&new.text, &["Is this meant?"]);
        // What YAML takes for a comment is gone once it is saved: so it is asked before.
        let fields = [("key", "ours"), ("document", "noun: suppliers\r\ncolumns:\r\n  - column: Ref #1\r\n    fills: name\r\n")];
        let asked = editor.fills(&app, &new, "/recipes/new", &fields).await;
        assert_eq!(asked.status, 422);
        holds(&asked.text, &["Is this meant?", "<li>Line 3, column 17: ", "Keep it anyway", "column: Ref #1", "value=\"ours\""]);
        app.get(&app.viewer, "/recipes/ours").await.faults(404);
        assert_eq!(goes_to(&editor.fills(&app, &asked, "/recipes/new", &fields).await), "/recipes/ours?saved=yes");
        let page = shown(&mut editor, &app, "/recipes/ours?saved=yes").await;
        holds(&page.text, &["The recipe is kept.", "column: Ref\n"]);
        lacks(&page.text, &["Is this meant?"]);
        let changed = "noun: suppliers\r\ncolumns:\r\n  - {column: Ref, fills: nmae}\r\n  - column: Name\r\n    fills: name\r\ndescription: List #2\r\n";
        let asked = editor.fills(&app, &page, "/recipes/ours", &[("document", changed)]).await;
        assert_eq!(asked.status, 422);
        holds(&asked.text, &["Is this meant?", "<li>Line 6, column 19: ", "Save it anyway", "description: List #2"]);
        // Something else that may not be meant is asked again.
        let other = changed.replace("List #2", "Our list #2");
        let again = editor.fills(&app, &asked, "/recipes/ours", &[("document", &other)]).await;
        assert_eq!(again.status, 422);
        assert_eq!(goes_to(&editor.fills(&app, &again, "/recipes/ours", &[("document", &other)]).await), "/recipes/ours?saved=yes");
        // A field that is none can be saved, and stays told until it is mended.
        let page = shown(&mut editor, &app, "/recipes/ours").await;
        holds(&page.text, &["Is this meant?", "no file can be read by it like this", " (/columns/0/fills)</li>", "description: Our list\n"]);
        let mended = other.replace("nmae", "notes").replace(" #2", "");
        assert_eq!(goes_to(&editor.fills(&app, &page, "/recipes/ours", &[("document", &mended)]).await), "/recipes/ours?saved=yes");
        lacks(&shown(&mut editor, &app, "/recipes/ours").await.text, &["Is this meant?"]);
    }

    async fn both_layouts_of_the_toolkits_search_become_suppliers_with_evidence(app: App) {
        let old = brought_in(&app, "suppliers", "dspt-search", include_bytes!("recipes/dspt-2019.csv")).await;
        assert_eq!(counts(&old), [3, 0, 0]);
        let harbour = named(&app, "/suppliers", "HARBOUR CARE SYSTEMS LTD (8HC01)").await;
        assert_eq!(identifiers(&harbour), ["GB-NHS 8HC01"]);
        let evidence = app.walk(&format!("/evidence?supplier_id={}", text(&harbour, "id")), 50).await;
        assert_eq!((evidence.len(), &evidence[0]["kind"], &evidence[0]["statement"], &evidence[0]["issued_on"]), (1, &json!("dspt"), &json!("Standards Met"), &json!("2027-01-25")));
        let quayside = named(&app, "/suppliers", "(AQ) QUAYSIDE").await;
        assert_eq!(app.walk(&format!("/evidence?supplier_id={}", text(&quayside, "id")), 50).await, Vec::<Value>::new());
        let new = brought_in(&app, "suppliers", "dspt-search", include_bytes!("recipes/dspt-2023.csv")).await;
        assert_eq!(counts(&new), [2, 0, 0]);
        let trust = named(&app, "/suppliers", "NORTHMOOR UNIVERSITY TRUST").await;
        let evidence = app.walk(&format!("/evidence?supplier_id={}", text(&trust, "id")), 50).await;
        assert_eq!((&evidence[0]["statement"], &evidence[0]["issued_on"]), (&json!("22/23 Standards Met"), &json!("2027-02-13")));
    }

    async fn the_care_directory_is_found_below_its_four_lines(app: App) {
        let report = brought_in(&app, "suppliers", "cqc-directory", include_bytes!("recipes/cqc-directory.csv")).await;
        assert_eq!((counts(&report), &report["recognised"]["header_row"]), ([2, 0, 0], &json!(5)));
        let birch = named(&app, "/suppliers", "Birch Hall").await;
        assert_eq!((identifiers(&birch), &birch["legal_name"], &birch["website"], &birch["country"]), (vec!["GB-CQC 1-1000000001".to_owned()], &json!("Birch Homes Limited"), &json!("https://www.birch.example"), &json!("GB")));
        for line in ["Services: Residential homes, Nursing homes", "Address: 1 Example Lane, Northmoor, NM1 1AA", "CQC provider: 1-1000000009"] {
            assert!(text(&birch, "notes").lines().any(|known| known == line), "{line} in {birch:#}");
        }
    }

    async fn companies_come_with_their_numbers_whatever_stands_before_a_heading(app: App) {
        let report = brought_in(&app, "suppliers", "companies-house", include_bytes!("recipes/companies-house.csv")).await;
        assert_eq!(counts(&report), [2, 0, 0]);
        let linen = named(&app, "/suppliers", "HARBOUR LINEN LIMITED").await;
        assert_eq!((identifiers(&linen), &linen["legal_name"], &linen["country"]), (vec!["GB-COH 04142000".to_owned()], &json!("HARBOUR LINEN LIMITED"), &json!("GB")));
        let payroll = named(&app, "/suppliers", "FERNWAY PAYROLL LLP").await;
        assert_eq!(identifiers(&payroll), ["GB-COH OC301234"]);
        let notes = text(&payroll, "notes");
        assert!(notes.contains("Status at Companies House: Liquidation") && !notes.contains("None Supplied"), "{notes}");
    }

    async fn ods_files_have_no_header_and_leave_out_who_is_closed(app: App) {
        let report = brought_in(&app, "suppliers", "nhs-ods", include_bytes!("recipes/nhs-ods.csv")).await;
        assert_eq!(counts(&report), [2, 0, 1]);
        let surgery = named(&app, "/suppliers", "THE QUAYSIDE SURGERY").await;
        assert_eq!(identifiers(&surgery), ["GB-NHS A99001"]);
        assert!(text(&surgery, "notes").contains("Address: 1 EXAMPLE ROAD, NORTHMOOR, NM1 1AA"), "{surgery:#}");
    }

    async fn transparency_records_are_bodies_first_and_then_their_tools(app: App) {
        let file = include_bytes!("recipes/atrs.json");
        assert_eq!(counts(&brought_in(&app, "suppliers", "atrs-publishers", file).await), [1, 1, 1]);
        assert_eq!(counts(&brought_in(&app, "products", "atrs", file).await), [2, 0, 1]);
        let tool = named(&app, "/products", "Ask Northmoor").await;
        assert_eq!((&tool["kind"], &tool["ai_features"], &tool["purpose"]), (&json!("ai_system"), &json!("core"), &json!("Answers questions about bins.")));
        assert_eq!((&tool["ai_profile"]["transparency_record"], &tool["ai_profile"]["purpose"]), (&json!("https://records.example/ask-northmoor"), &json!("Answers questions about bins.")));
    }

    async fn payments_of_a_council_are_one_supplier_each_with_sum_number_and_latest_day(app: App) {
        let report = brought_in(&app, "suppliers", "council-spend", include_bytes!("recipes/council-spend.csv")).await;
        assert_eq!((counts(&report), &report["recognised"]["encoding"]), ([2, 2, 1], &json!("windows-1252")));
        let notes = text(&named(&app, "/suppliers", "Harbour Care Ltd").await, "notes").to_owned();
        for part in ["altogether: £1,845.50", "how many: 2", "Paid by: Adult social care", "Housing"] {
            assert!(notes.contains(part), "{part} in {notes}");
        }
        let notes = text(&named(&app, "/suppliers", "Fernway Roofing").await, "notes").to_owned();
        assert!(notes.contains("altogether: £800") && notes.contains("how many: 2"), "{notes}");
        assert!(!app.walk("/suppliers", 50).await.iter().any(|supplier| text(supplier, "name").contains("REDACTED")));
    }

    async fn spending_of_a_department_is_one_supplier_each(app: App) {
        let report = brought_in(&app, "suppliers", "department-spend", include_bytes!("recipes/department-spend.csv")).await;
        assert_eq!(counts(&report), [2, 1, 0]);
        let notes = text(&named(&app, "/suppliers", "QUAY COMPUTERS PLC").await, "notes").to_owned();
        for part in ["altogether: £56,000.25", "For: IT hardware", "IT services", "Contract numbers: C-77", "C-78"] {
            assert!(notes.contains(part), "{part} in {notes}");
        }
    }

    async fn awards_on_contracts_finder_are_suppliers_with_contracts(app: App) {
        let report = brought_in(&app, "suppliers", "contracts-finder", include_bytes!("recipes/contracts-finder.json")).await;
        assert_eq!(counts(&report), [2, 0, 0]);
        let cabs = named(&app, "/suppliers", "Harbour Cabs").await;
        assert_eq!(identifiers(&cabs), ["GB-COH 04142000"]);
        assert_eq!(cabs["contracts"], json!([{ "reference": "ocds-b5fd17-8d84c691-fc64-4f64-b240-443a0af1ba82-1", "starts_on": "2027-02-15", "ends_on": "2029-02-14", "notice_days": null, "renews_for_months": null, "value": null }]));
        assert_eq!(identifiers(&named(&app, "/suppliers", "Fernway Cars").await), Vec::<String>::new());
    }

    async fn awards_on_find_a_tender_keep_identifiers_under_their_schemes_and_values(app: App) {
        let report = brought_in(&app, "suppliers", "find-a-tender", include_bytes!("recipes/find-a-tender.json")).await;
        assert_eq!(counts(&report), [1, 0, 1]);
        let linen = named(&app, "/suppliers", "Harbour Linen Services").await;
        let mut held = identifiers(&linen);
        held.sort();
        assert_eq!(held, ["GB-COH 04142001", "GB-PPON PBRG-5674-ZQZD", "LOCAL XX-TRADE:77"]);
        assert_eq!((&linen["legal_name"], &linen["website"]), (&json!("HARBOUR LINEN SERVICES LIMITED"), &json!("https://linen.example")));
        assert_eq!(linen["contracts"], json!([{ "reference": "ocds-h6vhtk-0a1b2c/1", "starts_on": "2027-03-09", "ends_on": "2028-04-30", "notice_days": null, "renews_for_months": null, "value": { "amount_minor": 3_876_984, "currency": "GBP" } }]));
    }

    async fn services_on_g_cloud_are_suppliers_first_and_then_their_products(app: App) {
        let file = include_bytes!("recipes/g-cloud.csv");
        assert_eq!(counts(&brought_in(&app, "suppliers", "g-cloud-suppliers", file).await), [2, 1, 0]);
        assert_eq!(named(&app, "/suppliers", "Harbour Cloud Ltd").await["contacts"][0]["email"], json!("jo@harbour.example"));
        assert_eq!(counts(&brought_in(&app, "products", "g-cloud", file).await), [3, 0, 0]);
        let vault = named(&app, "/products", "Fenway Vault").await;
        assert_eq!((&vault["kind"], &vault["ai_features"], &vault["purpose"]), (&json!("software"), &json!("unknown"), &json!("Keeps backups")));
    }

    async fn a_list_kept_by_hand_comes_in_with_contacts_contracts_and_reviews(app: App) {
        let report = brought_in(&app, "suppliers", "kept-by-hand", include_bytes!("recipes/kept-by-hand.csv")).await;
        assert_eq!(counts(&report), [2, 0, 0]);
        let linen = named(&app, "/suppliers", "Harbour Linen").await;
        assert_eq!((&linen["contacts"][0]["name"], &linen["contacts"][0]["email"], &linen["relationship_owner"]), (&json!("Ann Example"), &json!("ann@linen.example"), &json!("Sam Okafor")));
        assert_eq!((&linen["contracts"][0]["ends_on"], &linen["contracts"][0]["value"]["amount_minor"]), (&json!("2028-03-31"), &json!(1_200_000)));
        assert_eq!((&linen["data_role"], &linen["service_criticality"]), (&json!("none"), &json!("minor")));
        let payroll = named(&app, "/suppliers", "Fernway Payroll").await;
        assert_eq!((&payroll["data_role"], &payroll["service_criticality"], &payroll["contracts"][0]["starts_on"]), (&json!("processor"), &json!("essential"), &json!("2024-05-15")));
        // What was written into a list is no certificate.
        assert_eq!(app.walk("/evidence", 50).await, Vec::<Value>::new());
        assert!(text(&payroll, "notes").contains("DSPT, as the list said: 2025/26 Standards Met"), "{payroll:#}");
        // Who was overdue is overdue.
        let reviews = app.walk(&format!("/reviews?subject_id={}", text(&linen, "id")), 50).await;
        assert!(reviews.iter().any(|review| review["due_on"] == json!("2027-02-14") && review["state"] == json!("open")), "{reviews:#?}");
    }
}
