//! In and out in bulk: CSV and JSON imports, exports, and the way from one to the other and back.

use poem::http::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, App, both, id, text};

const CSV: (&str, &str) = ("content-type", "text/csv");

async fn import(app: &App, path: &str, file: &str) -> Answer {
    app.raw(&app.editor, Method::POST, path, Some(file.as_bytes().to_vec()), &[CSV]).await
}

async fn table(app: &App, path: &str) -> Vec<Vec<String>> {
    let answer = app.get(&app.viewer, path).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(answer.text.as_bytes());
    reader.records().map(|row| row.expect("a row").iter().map(str::to_owned).collect()).collect()
}

/// Verdicts in order, and for each refused row its errors as `column code`.
fn verdicts(report: &Value) -> Vec<String> {
    let rows = report["rows"].as_array().expect("rows");
    let errors = |row: &Value| {
        row["errors"]
            .as_array()
            .expect("errors")
            .iter()
            .map(|error| format!(" {}:{}", text(error, "column"), text(error, "code")))
            .collect::<String>()
    };
    rows.iter().map(|row| format!("{}{}", text(row, "verdict"), errors(row))).collect()
}

/// A supplier with something in every field, and with everything in its text that trips readers and spreadsheets.
fn full(name: &str, code: &str) -> Value {
    json!({
        "name": name, "legal_name": "=cmd|' /C calc'!A0", "website": "https://harbour.example/?a=1,2", "country": "GB", "status": "prospective", "relationship_owner": "+44 \"Jo\", the owner",
        "identifiers": [{ "scheme": "GB-NHS", "id": code }, { "scheme": "LOCAL", "id": "a;b\\c:d" }],
        "contacts": [{ "name": "Ann; \"DPO\"", "role": null, "email": "ann@harbour.example", "telephone": "+441" }],
        "contracts": [{ "reference": "C-1", "starts_on": "2026-01-01", "ends_on": null, "notice_days": 30, "renews_for_months": null, "value": { "amount_minor": 12_345, "currency": "GBP" } }],
        "data_role": "processor", "personal_data": ["health"], "data_locations": ["FR", "GB"], "data_sensitivity": "special_category",
        "tier_override": "critical", "tier_override_reason": "'=quoted", "notes": "-first\r\nsecond\n'third',\tünï",
    })
}

both! {
    async fn what_was_exported_comes_back_as_it_was_and_changes_nothing(app: App) {
        let supplier = app.post(&app.editor, "/suppliers", full("@Harbour", "8K417")).await.json(201);
        app.supplier("Plain").await;
        app.product(&supplier, "Plain").await;
        let profile = json!({ "purpose": "=1", "runs_in": ["GB", "IE"], "affects": ["staff", "residents"], "generative": "yes" });
        app.post(&app.editor, "/products", json!({ "supplier_id": id(&supplier), "name": "Notes", "kind": "ai_system", "ai_features": "core", "ai_profile": profile })).await.json(201);
        for noun in ["suppliers", "products"] {
            for bom in ["", "?bom=true"] {
                let answer = app.get(&app.viewer, &format!("/{noun}.csv{bom}")).await;
                let before = (app.walk(&format!("/{noun}"), 200).await, app.event_count().await);
                assert_eq!(answer.text.starts_with('\u{feff}'), !bom.is_empty());
                assert_eq!((answer.header("content-type"), answer.header("content-disposition")), ("text/csv; charset=utf-8", format!("attachment; filename=\"{noun}.csv\"").as_str()));
                let report = import(&app, &format!("/{noun}/import"), &answer.text).await.json(200);
                assert_eq!((&report["applied"], &report["row_count"], &report["unchanged_count"]), (&json!(true), &json!(2), &json!(2)), "{report}");
                assert_eq!((app.walk(&format!("/{noun}"), 200).await, app.event_count().await), before);
            }
        }
    }

    async fn a_file_makes_the_same_in_another_register(app: App) {
        app.post(&app.editor, "/suppliers", full("@Harbour", "8K417")).await.json(201);
        let file = app.get(&app.viewer, "/suppliers.csv").await.text;
        // Without our ids, whose suppliers are not there.
        let without = |file: &str| {
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(file.as_bytes());
            let mut writer = csv::Writer::from_writer(Vec::new());
            for row in reader.records() {
                writer.write_record(row.expect("a row").iter().skip(1)).expect("written");
            }
            String::from_utf8(writer.into_inner().expect("a file")).expect("UTF-8")
        };
        let refused = app.raw(&app.neighbour, Method::POST, "/suppliers/import", Some(file.clone().into_bytes()), &[CSV]).await;
        assert_eq!(refused.faults(422), ["/rows/0/id unknown_id"]);
        let report = app.raw(&app.neighbour, Method::POST, "/suppliers/import", Some(without(&file).into_bytes()), &[CSV]).await.json(200);
        assert_eq!(report["created_count"], json!(1));
        let theirs = app.get(&app.neighbour, "/suppliers").await.json(200)["items"][0].clone();
        assert_eq!(theirs["id"], report["rows"][0]["id"]);
        for (field, value) in full("@Harbour", "8K417").as_object().expect("an object") {
            assert_eq!(&theirs[field], value, "{field}");
        }
    }

    async fn a_dry_run_tells_what_the_real_one_does_and_changes_nothing(app: App) {
        let old = app.post(&app.editor, "/suppliers", json!({ "name": "Old", "identifiers": [{ "scheme": "GB-NHS", "id": "8K417" }], "notes": "kept" })).await.json(201);
        let file = "identifiers,name,website\r\nGB-NHS:8k417,Old & new,https://old.example\r\nGB-COH:4142000,New,\r\n";
        let count = app.event_count().await;
        let trial = import(&app, "/suppliers/import?dry_run=true", file).await.json(200);
        assert_eq!((&trial["dry_run"], &trial["applied"], verdicts(&trial)), (&json!(true), &json!(false), vec!["change".to_owned(), "create".into()]));
        assert_eq!((&trial["rows"][0]["id"], &trial["rows"][1]["id"], app.event_count().await), (&old["id"], &json!(null), count));
        let report = import(&app, "/suppliers/import", file).await.json(200);
        assert_eq!((&report["applied"], verdicts(&report)), (&json!(true), vec!["change".to_owned(), "create".into()]));
        let changed = app.get(&app.viewer, &format!("/suppliers/{}", id(&old))).await.json(200);
        assert_eq!((&changed["name"], &changed["website"], &changed["notes"], &changed["version"]), (&json!("Old & new"), &json!("https://old.example"), &json!("kept"), &json!(2)));
        assert_eq!(app.line(&changed).await["name"], json!("Old & new"));
        let made = app.get(&app.viewer, &format!("/suppliers/{}", text(&report["rows"][1], "id"))).await.json(200);
        assert_eq!(made["identifiers"], json!([{ "scheme": "GB-COH", "id": "04142000" }]));
        assert_eq!(verdicts(&import(&app, "/suppliers/import", file).await.json(200)), ["unchanged", "unchanged"]);
    }

    async fn an_empty_cell_clears_and_a_column_that_is_not_there_leaves(app: App) {
        let old = app.post(&app.editor, "/suppliers", full("Old", "8K417")).await.json(201);
        let file = format!("id,website,contacts,status,personal_data\n{},,,,\n", id(&old));
        assert_eq!(verdicts(&import(&app, "/suppliers/import", &file).await.json(200)), ["change"]);
        let new = app.get(&app.viewer, &format!("/suppliers/{}", id(&old))).await.json(200);
        assert_eq!((&new["website"], &new["contacts"], &new["status"], &new["personal_data"]), (&json!(null), &json!([]), &json!("active"), &json!([])));
        for kept in ["name", "legal_name", "identifiers", "contracts", "data_locations", "notes", "tier"] {
            assert_eq!(new[kept], old[kept], "{kept}");
        }
    }

    async fn everything_wrong_is_told_with_its_line_and_column_and_nothing_is_kept(app: App) {
        let [one, two] = ["8K417", "8K418"].map(|code| json!({ "name": code, "identifiers": [{ "scheme": "GB-NHS", "id": code }] }));
        app.post(&app.editor, "/suppliers", one).await.json(201);
        app.post(&app.editor, "/suppliers", two).await.json(201);
        let file = "\
name,website,identifiers,status,country,contacts,data_locations,tier\r\n\
Good,https://good.example,GB-NHS:ZZ1,active,GB,\"[{\"\"name\"\":\"\"Ann\"\"}]\",GB;FR,low\r\n\
,ftp://x,GB-COH:zz;8K417,activ,gb,Ann,GB;France,\r\n\
\"Two\r\nlines\",,GB-NHS:zz1,,,,,\r\n\
Ragged,https://ok.example\r\n\
Both,,GB-NHS:8K417;GB-NHS:8K418,,,,,\r\n\
,,,,,,,\r\n\
Contact,,,,,\"[{\"\"nme\"\":\"\"Ann\"\"}]\",,\r\n";
        let count = app.event_count().await;
        let expected = [
            "create",
            "refused name:missing identifiers:identifier identifiers:identifier contacts:json website:url country:country data_locations:country status:choice",
            "refused identifiers:duplicate name:character",
            "refused :ragged",
            "refused identifiers:ambiguous",
            "refused contacts:unknown_field contacts:missing",
        ];
        let report = import(&app, "/suppliers/import?dry_run=true", file).await.json(200);
        let sorted = |row: &String| {
            let mut words: Vec<&str> = row.split(' ').collect();
            words[1..].sort_unstable();
            words.join(" ")
        };
        assert_eq!(verdicts(&report).iter().map(sorted).collect::<Vec<_>>(), expected.iter().map(|row| sorted(&(*row).to_owned())).collect::<Vec<_>>());
        let lines: Vec<(i64, i64)> = report["rows"].as_array().expect("rows").iter().map(|row| (row["row"].as_i64().expect("row"), row["line"].as_i64().expect("line"))).collect();
        assert_eq!(lines, [(1, 2), (2, 3), (3, 4), (4, 6), (5, 7), (7, 9)]);
        // A row with more cells than the header has names is told like one with fewer.
        let wide = import(&app, "/suppliers/import?dry_run=true", "name,country\r\nBright Homes,GB\r\nHolm, Care and Sons,GB\r\n").await.json(200);
        assert_eq!(verdicts(&wide), ["create", "refused :ragged"]);
        assert_eq!((&wide["rows"][1]["line"], text(&wide["rows"][1]["errors"][0], "detail")), (&json!(3), "expected 2 cells, as many as the header has, not 3"));
        let empty = import(&app, "/suppliers/import?dry_run=true", "name,country,,\r\nBright Homes,GB,,\r\n").await.json(200);
        assert_eq!(verdicts(&empty), ["create"]);
        assert_eq!(import(&app, "/suppliers/import", "name,,country\r\nBright Homes,x,GB\r\n").await.faults(422), ["header"]);
        let refused = import(&app, "/suppliers/import", file).await;
        let faults = refused.faults(422);
        assert!(faults.contains(&"/rows/1/identifiers/0 identifier".to_owned()) && faults.contains(&"/rows/3 ragged".to_owned()), "{faults:?}");
        let details: Vec<Value> = refused.json(422)["errors"].as_array().expect("errors").iter().map(|error| error["detail"].clone()).collect();
        assert!(details.contains(&json!("line 3, column \"status\": expected prospective, active, exiting or archived; did you mean active?, got \"activ\"")), "{details:?}");
        assert!(details.contains(&json!("line 4, column \"identifiers\": expected each identifier on one row only: line 2 has GB-NHS:ZZ1 too, got \"GB-NHS:zz1\"")), "{details:?}");
        assert_eq!(app.event_count().await, count);
    }

    async fn no_more_than_a_thousand_errors_are_listed(app: App) {
        let file = format!("name,country\n{}", "x,England\n".repeat(1200));
        let faults = import(&app, "/suppliers/import", &file).await.faults(422);
        assert_eq!((faults.len(), faults.last().map(String::as_str)), (1001, Some("more")));
        let large = format!("name\n{}", "x\n".repeat(20_001));
        assert_eq!(import(&app, "/suppliers/import?dry_run=true", &large).await.faults(422), ["/rows length"]);
        let cell = format!("name,notes\nx,{}\n", "y".repeat(100 * 1024 + 1));
        assert_eq!(verdicts(&import(&app, "/suppliers/import?dry_run=true", &cell).await.json(200)), ["refused notes:length"]);
        // In a column that nobody wants it keeps no row out.
        let unwanted = format!("name,remarks\nx,{}\n", "y".repeat(200 * 1024));
        assert_eq!(verdicts(&import(&app, "/suppliers/import?dry_run=true&map=name%3Dname", &unwanted).await.json(200)), ["create"]);
        let nonsense = format!("name,identifiers,data_locations\nx,{},{}\n", "a;".repeat(99), "a;".repeat(101));
        let report = import(&app, "/suppliers/import?dry_run=true", &nonsense).await.json(200);
        assert_eq!((report["rows"][0]["errors"].as_array().map(Vec::len), &report["error_count"]), (Some(20), &json!(100)));
    }

    async fn a_file_that_is_none_is_refused_as_it_deserves(app: App) {
        let count = app.event_count().await;
        for (file, status, faults) in [
            ("", 422, vec!["no_table"]),
            ("nmae,tier,color\nx,y,z\n", 422, vec!["unknown_column", "unknown_column"]),
            ("name,notes,name\nx,y,z\n", 422, vec!["unknown_column"]),
            ("name\nx\n\"y\n", 400, vec!["syntax"]),
            ("name\n\"x\"y\n", 400, vec!["syntax"]),
        ] {
            assert_eq!(import(&app, "/suppliers/import", file).await.faults(status), faults, "{file:?}");
        }
        let refused = import(&app, "/suppliers/import", "name\nx\n\"y\n").await.json(400);
        assert_eq!(refused["errors"][0]["detail"], json!("line 3: a quote that is opened on this line is never closed"));
        assert_eq!(app.raw(&app.editor, Method::POST, "/suppliers/import", Some(b"name\nx\n".to_vec()), &[("content-type", "text/plain")]).await.faults(415), Vec::<String>::new());
        assert_eq!(app.raw(&app.viewer, Method::POST, "/suppliers/import", Some(b"name\nx\n".to_vec()), &[CSV]).await.faults(403), Vec::<String>::new());
        assert_eq!(import(&app, "/suppliers/import", "name\r\n").await.json(200)["row_count"], json!(0));
        // Where the comma is the decimal sign, spreadsheets write semicolons between the cells.
        let report = import(&app, "/suppliers/import?dry_run=true", "name;notes\r\nx;\"1,5; at least\"\r\n").await.json(200);
        assert_eq!((verdicts(&report), &report["refused_count"]), (vec!["create".to_owned()], &json!(0)));
        assert_eq!(import(&app, "/suppliers/import?map=x%3Dname,name%3Dtier,name%3Dnmae&where=y%3D1&dry_rn=true", "name\nx\n").await.faults(422), ["?dry_rn unknown_parameter"]);
        assert_eq!(import(&app, "/suppliers/import?map=x%3Dname,name%3Dtier,name%3Dnmae&where=y%3D1", "name\nx\n").await.faults(422), ["?map unknown_column", "?where unknown_column", "?map derived_column", "?map unknown_column"]);
        assert_eq!(app.post(&app.editor, "/suppliers/import?dates=dmy", json!({ "rows": [] })).await.faults(422), ["?dates csv_only"]);
        assert_eq!(app.event_count().await, count + 1, "the viewer's try, and nothing else");
    }

    async fn rows_of_json_are_merged_as_a_change_is(app: App) {
        let old = app.post(&app.editor, "/suppliers", full("Old", "8K417")).await.json(201);
        let rows = json!({ "rows": [{ "id": id(&old), "notes": null, "country": "IE" }, { "name": "New", "identifiers": [{ "scheme": "GB-NHS", "id": "x1" }] }] });
        let report = app.post(&app.editor, "/suppliers/import", rows).await.json(200);
        assert_eq!((verdicts(&report), &report["rows"][0]["line"]), (vec!["change".to_owned(), "create".into()], &json!(null)));
        let new = app.get(&app.viewer, &format!("/suppliers/{}", id(&old))).await.json(200);
        assert_eq!((&new["notes"], &new["country"], &new["legal_name"]), (&json!(null), &json!("IE"), &old["legal_name"]));
        let wrong = json!({ "rows": [{ "nam": "x" }, { "name": 5 }], "dry": true });
        assert_eq!(app.post(&app.editor, "/suppliers/import", wrong).await.faults(422), ["/rows/0/nam unknown_field", "/rows/1/name type", "/dry unknown_field"]);
        let refused = app.post(&app.editor, "/suppliers/import", json!({ "rows": [{ "name": "x" }, { "identifiers": [{ "scheme": "GB-COH", "id": "zz" }] }] })).await;
        assert_eq!(refused.faults(422), ["/rows/1/name missing", "/rows/1/identifiers/0/id identifier"]);
    }

    async fn an_identifier_passes_between_suppliers_of_one_import_only(app: App) {
        let with = |name: &str, code: &str| json!({ "name": name, "identifiers": [{ "scheme": "GB-NHS", "id": code }] });
        let one = app.post(&app.editor, "/suppliers", with("One", "A1")).await.json(201);
        let two = app.post(&app.editor, "/suppliers", with("Two", "B2")).await.json(201);
        let taken = json!({ "rows": [{ "id": id(&two), "identifiers": [{ "scheme": "GB-NHS", "id": "a1" }] }] });
        assert_eq!(app.post(&app.editor, "/suppliers/import", taken).await.faults(422), ["/rows/0/identifiers/0 duplicate"]);
        let swapped = json!({ "rows": [
            { "id": id(&one), "identifiers": [{ "scheme": "GB-NHS", "id": "B2" }] },
            { "id": id(&two), "identifiers": [{ "scheme": "GB-NHS", "id": "A1" }] },
        ] });
        assert_eq!(verdicts(&app.post(&app.editor, "/suppliers/import", swapped).await.json(200)), ["change", "change"]);
        let found = import(&app, "/suppliers/import", "identifiers,notes\nGB-NHS:A1,found\n").await.json(200);
        assert_eq!(found["rows"][0]["id"], two["id"]);
        let twice = json!({ "rows": [{ "id": id(&one), "notes": "a" }, { "id": id(&one), "notes": "b" }] });
        assert_eq!(app.post(&app.editor, "/suppliers/import", twice).await.faults(422), ["/rows/1/id duplicate"]);
    }

    async fn a_list_that_is_not_ours_is_read_through_a_map(app: App) {
        const PATH: &str = "/suppliers/import?dates=dmy&where=Sector%3DCompany&map=Organisation%20Name%3Dname,Code%3Didentifiers:GB-NHS%7CLOCAL,Status%3Devidence.dspt.statement,Published%3Devidence.dspt.issued_on";
        let file = "\u{feff}Organisation Name,Code,Status,Published,Sector,\r\n Harbour (8K417),8k417,Standards Met,30/03/2019,Company,\r\n\"Tide, Ltd\",8K417REMOVE,,,Company,\r\nSurgery,P87657,Standards Met,21/03/2019,GP,\r\n";
        let report = import(&app, PATH, file).await.json(200);
        assert_eq!((verdicts(&report), &report["evidence_created_count"]), (vec!["create".to_owned(), "create".into()], &json!(1)));
        let suppliers = app.walk("/suppliers", 200).await;
        let said: Vec<(&str, &Value)> = suppliers.iter().map(|supplier| (text(supplier, "name"), &supplier["identifiers"])).collect();
        assert_eq!(said, [("Harbour (8K417)", &json!([{ "scheme": "GB-NHS", "id": "8K417" }])), ("Tide, Ltd", &json!([{ "scheme": "LOCAL", "id": "8K417REMOVE" }]))]);
        let evidence = app.walk("/evidence", 200).await;
        assert_eq!((text(&evidence[0], "subject_id"), text(&evidence[0], "statement"), text(&evidence[0], "issued_on")), (id(&suppliers[0]), "Standards Met", "2019-03-30"));
        // Again changes nothing; a correction changes the piece; next year's is another.
        let again = import(&app, PATH, file).await.json(200);
        assert_eq!((verdicts(&again), &again["evidence_created_count"]), (vec!["unchanged".to_owned(), "unchanged".into()], &json!(0)));
        let other_way = import(&app, PATH, &file.replace("30/03/2019", "2019-03-30")).await.json(200);
        assert_eq!(verdicts(&other_way), ["unchanged", "unchanged"]);
        let corrected = import(&app, PATH, &file.replacen("Standards Met", "Standards Exceeded", 1)).await.json(200);
        assert_eq!((verdicts(&corrected), &corrected["evidence_changed_count"]), (vec!["change".to_owned(), "unchanged".into()], &json!(1)));
        import(&app, PATH, &file.replace("30/03/2019", "29/03/2020")).await.json(200);
        assert_eq!(app.walk("/evidence", 200).await.len(), 2);
        let wrong = import(&app, PATH, &file.replace("30/03/2019", "30/02/2019")).await;
        assert_eq!(wrong.faults(422), ["/rows/0/evidence/dspt/issued_on date"]);
        assert!(wrong.text.contains("line 2, column \\\"Published\\\": expected a date that exists"), "{}", wrong.text);
    }

    async fn products_find_their_suppliers_and_themselves(app: App) {
        let harbour = app.post(&app.editor, "/suppliers", json!({ "name": "Harbour", "identifiers": [{ "scheme": "GB-NHS", "id": "8K417" }] })).await.json(201);
        for _ in 0..2 {
            app.supplier("Twin").await;
        }
        let file = "supplier_identifier,supplier_name,name,kind,ai_features,ai_profile.model,ai_profile.affects\nGB-NHS:8k417,,Notes,software,embedded,Wren,staff;residents\n,Harbour,Rota,service,none,,\n";
        assert_eq!(verdicts(&import(&app, "/products/import", file).await.json(200)), ["create", "create"]);
        assert_eq!(verdicts(&import(&app, "/products/import", file).await.json(200)), ["unchanged", "unchanged"]);
        let products = app.walk("/products", 200).await;
        assert_eq!((&products[0]["supplier_id"], &products[0]["ai_profile"]["affects"], &products[1]["ai_profile"]), (&harbour["id"], &json!(["residents", "staff"]), &json!(null)));
        assert_eq!(app.line(&products[0]).await["ai_features"], json!("embedded"));
        let changed = import(&app, "/products/import", &file.replace("Wren", "Robin")).await.json(200);
        assert_eq!(verdicts(&changed), ["change", "unchanged"]);
        let wrong = "supplier_identifier,supplier_name,name,kind,ai_features\n,Twin,A,software,\n,Nobody,B,software,\nGB-NHS:ZZ9,,C,software,\n,,D,,all\n,Harbour,E,ai_system,none\n,Harbour,Notes,software,\n,Harbour,Notes,software,\n";
        assert_eq!(
            verdicts(&import(&app, "/products/import?dry_run=true", wrong).await.json(200)),
            [
                "refused supplier_name:ambiguous",
                "refused supplier_name:unknown_name",
                "refused supplier_identifier:unknown_identifier",
                "refused kind:missing ai_features:choice supplier_id:missing",
                "refused ai_features:contradiction",
                "change",
                "refused name:duplicate",
            ]
        );
        let twin = app.walk("/suppliers?q=twin", 200).await[0].clone();
        let moved = json!({ "rows": [{ "id": id(&products[0]), "supplier_id": id(&twin) }] });
        assert_eq!(app.post(&app.editor, "/products/import", moved).await.faults(422), ["/rows/0/supplier_id fixed"]);
    }

    async fn a_retry_of_an_import_is_the_same_import(app: App) {
        let send = async || app.raw(&app.editor, Method::POST, "/suppliers/import", Some(b"name\nNew\n".to_vec()), &[CSV, ("idempotency-key", "one")]).await;
        let (first, second) = (send().await, send().await);
        assert_eq!((first.json(200), second.header("idempotency-replayed")), (second.json(200), "true"));
        assert_eq!(app.walk("/suppliers", 200).await.len(), 1);
    }

    async fn an_export_is_filtered_as_the_list_is_and_has_no_pages(app: App) {
        let supplier = app.processor("Harbour").await;
        app.supplier("Tide").await;
        app.product(&supplier, "Notes").await;
        let filtered = table(&app, "/suppliers.csv?data_role=processor").await;
        assert_eq!((filtered.len(), filtered[1][1].as_str()), (2, "Harbour"));
        assert_eq!(table(&app, "/register.csv").await.len(), 4);
        assert_eq!(app.get(&app.viewer, "/suppliers.csv?limit=1&cursor=a&tire=low").await.faults(422), ["?limit unknown_parameter", "?cursor unknown_parameter", "?tire unknown_parameter"]);
        for name in ["register", "suppliers", "products", "evidence", "assessments", "answers", "risks", "reviews", "dependencies", "incidents", "decisions", "contacts", "contracts"] {
            let rows = table(&app, &format!("/{name}.csv")).await;
            assert!(rows.iter().all(|row| row.len() == rows[0].len()), "{name}");
            assert_eq!(app.get(&app.stranger, &format!("/{name}.csv")).await.status, 401);
            assert_eq!(table(&app, &format!("/{name}.csv?bom=false")).await, rows);
            let theirs = app.get(&app.neighbour, &format!("/{name}.csv")).await.text;
            assert_eq!(theirs.lines().count(), 1, "{name}: {theirs}");
        }
    }

    async fn no_cell_begins_as_a_formula(app: App) {
        for (index, name) in ["=1+1", "+1", "-1", "@x", "'=1"].into_iter().enumerate() {
            app.post(&app.editor, "/suppliers", json!({ "name": name, "notes": format!("\t{name}"), "legal_name": format!("{name}{index}") })).await.json(201);
        }
        let rows = table(&app, "/suppliers.csv").await;
        assert_eq!(rows.len(), 6);
        assert!(rows.iter().flatten().all(|cell| !cell.starts_with(['=', '+', '-', '@', '\t', '\r'])), "{rows:?}");
    }
}

#[tokio::test]
async fn an_export_of_many_pages_holds_every_row_once() {
    let app = App::open(crate::harness::On::Sqlite).await;
    let rows: Vec<Value> =
        (0..450).map(|number| json!({ "name": format!("Supplier {:03}", number % 300), "identifiers": [{ "scheme": "LOCAL", "id": number.to_string() }] })).collect();
    let before = app.store.statement_count();
    let report = app.post(&app.editor, "/suppliers/import", json!({ "rows": rows })).await.json(200);
    assert_eq!(report["created_count"], json!(450));
    // Some for each portion of 200, none for each row.
    let spent = app.store.statement_count() - before;
    assert!(spent < 100, "{spent} statements");
    let mut ids: Vec<String> =
        table(&app, "/suppliers.csv").await.into_iter().skip(1).map(|row| row[0].clone()).collect();
    let items = app.walk("/suppliers", 200).await;
    assert_eq!(ids, items.iter().map(|item| id(item).to_owned()).collect::<Vec<_>>());
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 450);
}
