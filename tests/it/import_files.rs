//! Other people's files: through a map or a recipe, whatever they are made by.

use poem::http::Method;
use serde_json::{Value, json};

use crate::{
    harness::{Answer, App, On, both, empty_database, id, text},
    operations::run,
};

/// A query string.
fn address(noun: &str, query: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = query
        .iter()
        .map(|(name, value)| {
            format!("{name}={}", form_urlencoded::byte_serialize(value.as_bytes()).collect::<String>())
        })
        .collect();
    format!("/{noun}/import?{}", pairs.join("&"))
}

async fn send(app: &App, query: &[(&str, &str)], file: impl AsRef<[u8]>) -> Answer {
    let kind = [("content-type", "text/csv")];
    app.raw(&app.editor, Method::POST, &address("suppliers", query), Some(file.as_ref().to_vec()), &kind).await
}

fn number(report: &Value, name: &str) -> i64 {
    report[name].as_i64().unwrap_or(-1)
}

fn sentences(report: &Value) -> String {
    report["recognised"]["sentences"].to_string()
}

both! {
    async fn rows_about_the_same_are_one_supplier_and_come_in_once(app: App) {
        let file = "Payment date,Paid to,Amount\n01/04/2026,Harbour Linen Ltd,510.00\n03/04/2026,Fernway Payroll,900.00\n05/04/2026,Harbour Linen Ltd,720.00\n09/04/2026,HARBOUR LINEN LTD ,615.00\n12/04/2026,Fernway Payroll,900.00\n15/04/2026,Meadow IT,2500.00\n";
        let map = ("map", "Paid to=name");
        let trial = send(&app, &[map, ("dry_run", "true")], file).await.json(200);
        assert_eq!(["created_count", "merged_row_count", "row_count"].map(|name| number(&trial, name)), [3, 3, 6], "{trial}");
        assert!(sentences(&trial).contains("put together"), "{trial}");
        let merged: Vec<[&Value; 3]> = trial["rows"].as_array().expect("rows").iter().map(|row| ["line", "merged_row_count", "merged_lines"].map(|name| &row[name])).collect();
        assert_eq!(json!(merged), json!([[2, 2, [4, 5]], [3, 1, [6]], [7, 0, []]]));
        send(&app, &[map], file).await.json(200);
        let again = send(&app, &[map], file).await.json(200);
        assert_eq!((number(&again, "created_count"), app.walk("/suppliers", 200).await.len()), (0, 3), "{again}");
    }

    async fn lines_of_notes_behind_a_lead_leave_what_people_wrote(app: App) {
        let file = |amounts: &[&str]| {
            let rows: String = amounts.iter().map(|amount| format!("Harbour Linen,{amount},01/04/2026\n")).collect();
            format!("Supplier Name,Amount,Payment Date\n{rows}")
        };
        let by = [("recipe", "council-spend")];
        send(&app, &by, file(&["510.00"])).await.json(200);
        let supplier = app.walk("/suppliers", 50).await.remove(0);
        let notes = text(&supplier, "notes").to_owned();
        let path = format!("/suppliers/{}", id(&supplier));
        let said = format!("Ask Kim before paying.\n\n{notes}\nNot on Fridays.");
        app.patch(&app.editor, &path, &supplier, json!({ "notes": said })).await.json(200);
        // What it says already changes nothing; what is new takes the place of its own lines alone.
        assert_eq!(number(&send(&app, &by, file(&["510.00"])).await.json(200), "unchanged_count"), 1);
        send(&app, &by, file(&["510.00", "90.00"])).await.json(200);
        let after = app.get(&app.viewer, &path).await.json(200);
        let lines: Vec<&str> = text(&after, "notes").lines().collect();
        assert_eq!((lines.first(), lines.last(), lines.len()), (Some(&"Ask Kim before paying."), Some(&"Not on Fridays."), said.lines().count()));
        assert!(text(&after, "notes").contains("altogether: £600\n") && !text(&after, "notes").contains("£510"), "{after}");
        // A day that can be but one comes in however it is written.
        send(&app, &by, "Supplier Name,Amount,Payment Date\nTide Foods,90.00,2026-04-30\n").await.json(200);
    }

    async fn more_rows_than_things_are_no_matter(app: App) {
        let rows: String = (0..21_000).map(|row| format!("Supplier {:02},{row}\n", row % 40)).collect();
        let report = send(&app, &[("map", "Paid to=name"), ("dry_run", "true")], format!("Paid to,Number\n{rows}")).await.json(200);
        assert_eq!((number(&report, "created_count"), number(&report, "row_count")), (40, 21_000));
        // Only the first of those that were put together are told one by one.
        let first = &report["rows"][0];
        assert_eq!((number(first, "merged_row_count"), &first["merged_lines"]), (524, &json!([42, 82, 122, 162, 202])));
        let rows: String = (0..20_001).map(|row| format!("Supplier number {row}\n")).collect();
        let refused = send(&app, &[("map", "Paid to=name")], format!("Paid to\n{rows}")).await;
        assert_eq!(refused.faults(422), ["/rows length"]);
        assert!(refused.text.contains("at least 20001"), "{}", refused.text);
    }

    async fn their_gaps_wipe_nothing_out_unless_that_is_asked_for(app: App) {
        let alder = json!({ "name": "Alder Care", "website": "https://alder.example", "relationship_owner": "Jo Bell", "identifiers": [{ "scheme": "GB-CQC", "id": "1-101000001" }] });
        let alder = app.post(&app.editor, "/suppliers", alder).await.json(201);
        let file = "Provider,ID,Website,Manager\nALDER CARE LIMITED,1-101000001,,TBC\n";
        let map = ("map", "Provider=legal_name,ID=identifiers:GB-CQC,Website=website,Manager=owner");
        send(&app, &[map], file).await.json(200);
        let now = app.get(&app.viewer, &format!("/suppliers/{}", id(&alder))).await.json(200);
        assert_eq!((text(&now, "website"), text(&now, "relationship_owner"), text(&now, "legal_name")), ("https://alder.example", "Jo Bell", "ALDER CARE LIMITED"));
        send(&app, &[map, ("clears", "true")], file).await.json(200);
        let now = app.get(&app.viewer, &format!("/suppliers/{}", id(&alder))).await.json(200);
        assert_eq!((&now["website"], &now["relationship_owner"]), (&json!(null), &json!(null)));
    }

    async fn the_header_is_found_below_what_stands_above_it(app: App) {
        let file = "Directory of services,,,\n,,,\nMade on 1 October 2026,,,\n,,,\nName,Provider,Provider ID,Postcode\nAlder House,Alder Care Limited,1-101000001,AB1 2CD\nCedar Homecare,Cedar Limited,1-101000002,AB1 2CF\n";
        let map = ("map", "Provider=name,Provider ID=identifiers:GB-CQC");
        for header in [None, Some("5")] {
            let mut query = vec![map, ("dry_run", "true")];
            query.extend(header.map(|header| ("header", header)));
            let report = send(&app, &query, file).await.json(200);
            assert_eq!((number(&report, "created_count"), &report["recognised"]["header_row"]), (2, &json!(5)), "{report}");
        }
        let none = send(&app, &[("map", "1=name"), ("header", "none"), ("dry_run", "true")], "Harbour,1\nTide,2\n").await.json(200);
        assert_eq!(number(&none, "created_count"), 2, "{none}");
    }

    async fn a_text_in_another_encoding_is_read_and_it_is_said(app: App) {
        let map = ("map", "Supplier=name");
        let report = send(&app, &[map, ("dry_run", "true")], b"Supplier,Owner\r\nCoast Women\x92s Aid,Jo Bell\r\nCaf\xe9 Fernway,Sam Okafor\r\n").await.json(200);
        assert_eq!((number(&report, "created_count"), text(&report["rows"][0], "name")), (2, "Coast Women\u{2019}s Aid"), "{report}");
        assert_eq!(report["recognised"]["encoding"].as_str().map(str::to_lowercase).as_deref(), Some("windows-1252"));
        let wide: Vec<u8> = "\u{feff}Supplier\tOwner\r\nCafé\tJo\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let report = send(&app, &[map, ("dry_run", "true")], wide).await.json(200);
        assert_eq!(text(&report["rows"][0], "name"), "Café", "{report}");
    }

    async fn their_words_are_understood_or_asked_once(app: App) {
        let file = "Vendor,Country,Website,Owner,Criticality,Personal data\nHarbour Linen,United Kingdom,www.linen.example,Jo Bell,High,Yes \nFernway Payroll,UK,payroll.example/home,Sam Okafor,high,Y\nMeadow IT,Freedonia,-,,Vital,no\n";
        let map = ("map", "Vendor=name,Country=country,Website=website,Owner=relationship_owner,Criticality=service_criticality,Personal data=data_role");
        let trial = send(&app, &[map, ("dry_run", "true")], file).await.json(200);
        let keys: Vec<&str> = trial["questions"].as_array().expect("questions").iter().map(|question| text(question, "key")).collect();
        assert_eq!(keys, ["value:Country:freedonia", "value:Criticality:high", "value:Personal data:no", "value:Personal data:y", "value:Personal data:yes"]);
        assert_eq!(number(&trial, "refused_count"), 0, "{trial}");
        let high = &trial["questions"][1];
        assert_eq!((&high["row_count"], &high["choices"][0]["answer"]), (&json!(2), &json!("essential")));
        let refused = send(&app, &[map], file).await;
        assert_eq!(refused.faults(422), vec!["?answers question"; 5]);
        assert_eq!(app.walk("/suppliers", 200).await.len(), 0);
        let answers = ("answers", "value:Country:freedonia=IE,value:Criticality:high=essential,value:Personal data:no=nothing,value:Personal data:y=processor,value:Personal data:yes=processor");
        let done = send(&app, &[map, answers], file).await.json(200);
        assert_eq!((&done["applied"], number(&done, "question_count")), (&json!(true), 0), "{done}");
        let suppliers = app.walk("/suppliers", 200).await;
        let said: Vec<[&Value; 4]> = suppliers.iter().map(|supplier| ["country", "website", "service_criticality", "data_role"].map(|field| &supplier[field])).collect();
        assert_eq!(said, [
            [&json!("GB"), &json!("https://payroll.example/home"), &json!("essential"), &json!("processor")],
            [&json!("GB"), &json!("https://www.linen.example"), &json!("essential"), &json!("processor")],
            [&json!("IE"), &json!(null), &json!("vital"), &json!(null)],
        ]);
        let wrong = send(&app, &[map, ("answers", "value:Criticality:high=platinum")], file).await;
        assert_eq!(wrong.faults(422), ["?answers choice"]);
    }

    async fn words_for_nothing_are_nothing_and_no_identifiers(app: App) {
        let file = "Supplier,ODS code,Website\nHarbour Linen,8K417,https://linen.example\nFernway Payroll,N/A,N/A\nMeadow IT,TBC,-\n";
        let map = ("map", "Supplier=name,ODS code=identifiers:GB-NHS,Website=website");
        let report = send(&app, &[map], file).await.json(200);
        assert_eq!((number(&report, "created_count"), number(&report, "refused_count")), (3, 0), "{report}");
        assert!(sentences(&report).contains("taken for nothing"), "{report}");
        for (scheme, code) in [("GB-NHS", "TBC"), ("LOCAL", "n/a"), ("LOCAL", "To be confirmed")] {
            let made = app.post(&app.editor, "/suppliers", json!({ "name": "Meadow", "identifiers": [{ "scheme": scheme, "id": code }] })).await;
            assert_eq!(made.faults(422), ["/identifiers/0/id identifier"]);
        }
    }

    async fn only_mapped_columns_matter_and_one_may_fill_several(app: App) {
        let report = send(&app, &[("map", "Supplier=name"), ("dry_run", "true")], "Supplier,Amount,Date,Amount\nHarbour Linen,10.00,01/04/2026,12.00\n").await.json(200);
        assert_eq!(number(&report, "created_count"), 1, "{report}");
        let file = "Company, Company number\nHARBOUR LINEN LIMITED,04142000\n";
        let report = send(&app, &[("map", "Company=name,company =legal_name,Company  Number=identifiers:GB-COH")], file).await.json(200);
        assert_eq!(number(&report, "created_count"), 1, "{report}");
        let made = app.walk("/suppliers", 200).await[0].clone();
        assert_eq!((text(&made, "name"), text(&made, "legal_name"), &made["identifiers"][0]["id"]), ("HARBOUR LINEN LIMITED", "HARBOUR LINEN LIMITED", &json!("04142000")));
        let twice = send(&app, &[("map", "Company=name,Company number=name")], file).await;
        assert_eq!(twice.faults(422), ["?map duplicate"]);
        let wrong = send(&app, &[("map", "Compani=name,Company=nmae"), ("where", "Company numbr=1")], file).await;
        assert_eq!(wrong.faults(422), ["?map unknown_column", "?where unknown_column", "?map unknown_column"]);
        assert!(wrong.text.contains("did you mean \\\"Company\\\"?"), "{}", wrong.text);
    }

    async fn rows_are_chosen_by_what_a_column_has_in_it(app: App) {
        let file = "Name,ID,Service types\nAlder House,1-100000001,Residential homes\nBirch House,1-100000002,Nursing homes|Residential homes\nCedar Homecare,1-100000003,Homecare agencies\nDell,1-100000004,\n";
        for (condition, chosen) in [
            ("Service types=residential homes", 1),
            ("Service types~Residential homes", 2),
            ("Service types!=Residential homes", 3),
            ("Service types^=Nursing", 1),
            ("Service types=", 1),
            ("Service types!=", 3),
            ("Service types~homes,ID!=1-100000001", 1),
        ] {
            let report = send(&app, &[("map", "Name=name"), ("where", condition), ("dry_run", "true")], file).await.json(200);
            assert_eq!((number(&report, "created_count"), number(&report, "passed_over_count")), (chosen, 4 - chosen), "{condition}");
        }
    }

    async fn contacts_contracts_and_reviews_come_from_columns(app: App) {
        let file = "Vendor,Contact,Contact e-mail,Contract,Contract ends,Notice days,Value,Last review,Next review\nHarbour Linen,Ann Example,Ann <ann@linen.example>,C-1,31/03/2027,90 days,\"£12,000\",14/02/2025,14/02/2026\nHarbour Linen,Cy Example,cy@linen.example,C-3,ongoing,,£1.5k,,\nFernway Payroll,Bo Example,bo@payroll.example,C-2,30/06/2027,30,,01/05/2026,01/05/2027\n";
        let map = ("map", "Vendor=name,Contact=contacts.name,Contact e-mail=contacts.email,Contract=contracts.reference,Contract ends=contracts.ends_on,Notice days=contracts.notice_days,Value=contracts.value,Last review=last_review_on,Next review=next_review_on");
        let report = send(&app, &[map], file).await.json(200);
        assert_eq!((number(&report, "created_count"), number(&report, "merged_row_count")), (2, 1), "{report}");
        let harbour = app.walk("/suppliers?q=harbour", 200).await[0].clone();
        assert_eq!(harbour["contacts"][0]["email"], json!("ann@linen.example"));
        assert_eq!(harbour["contacts"][1]["name"], json!("Cy Example"));
        let [first, second] = [0, 1].map(|place| harbour["contracts"][place].clone());
        assert_eq!((&first["ends_on"], &first["notice_days"], &first["value"]), (&json!("2027-03-31"), &json!(90), &json!({ "amount_minor": 1_200_000, "currency": "GBP" })));
        assert_eq!((text(&second, "reference"), &second["ends_on"], &second["value"]["amount_minor"]), ("C-3", &json!(null), &json!(150_000)));
        assert!(sentences(&report).contains("no end"), "{report}");
    }

    async fn json_lines_and_tabs_are_files_too(app: App) {
        let path = address("suppliers", &[("map", "org=name"), ("dry_run", "true")]);
        for (kind, file) in [
            ("application/x-ndjson", "{\"org\":\"Harbour\"}\n{\"org\":\"Tide\"}\n"),
            ("application/json", "[{\"org\":\"Harbour\"},{\"org\":\"Tide\"}]"),
            ("text/tab-separated-values", "org\tx\nHarbour\t1\nTide\t2\n"),
            ("application/octet-stream", "org;x\nHarbour;1\nTide;2\n"),
        ] {
            let report = app.raw(&app.editor, Method::POST, &path, Some(file.as_bytes().to_vec()), &[("content-type", kind)]).await.json(200);
            assert_eq!(number(&report, "created_count"), 2, "{kind}: {report}");
        }
        let unknown = app.raw(&app.editor, Method::POST, &path, Some(b"x".to_vec()), &[("content-type", "image/png")]).await;
        assert_eq!(unknown.status, 415);
    }

    async fn a_large_file_sent_twice_with_one_key_is_one_import(app: App) {
        // Larger than what is kept in memory while it comes in.
        let rows: String = (0..4000).map(|row| format!("Supplier {:02},{row:0>40}\n", row % 7)).collect();
        let file = format!("Paid to,Number\n{rows}");
        let path = address("suppliers", &[("map", "Paid to=name")]);
        let once = async |file: &str| app.raw(&app.editor, Method::POST, &path, Some(file.as_bytes().to_vec()), &[("content-type", "text/csv"), ("idempotency-key", "one")]).await;
        let (first, second) = (once(&file).await, once(&file).await);
        assert_eq!((first.json(200), second.header("idempotency-replayed")), (second.json(200), "true"));
        assert_eq!(once(&file.replace("Paid to", "Paid To")).await.status, 422);
        assert_eq!(app.walk("/suppliers", 200).await.len(), 7);
    }

    async fn a_cell_that_says_nothing_of_its_own_is_told_with_its_place(app: App) {
        let map = ("map", "Vendor=name,Value=contracts.value,Ref=contracts.reference,Notice=contracts.notice_days");
        let report = send(&app, &[map, ("dry_run", "true")], "Vendor,Ref,Value,Notice\nHarbour,C-1,a lot,90\nTide,C-2,£5,soon\n").await.json(200);
        let told: Vec<(&str, &str)> = report["rows"].as_array().expect("rows").iter().map(|row| (text(&row["errors"][0], "column"), text(&row["errors"][0], "value"))).collect();
        assert_eq!(told, [("Value", "a lot"), ("Notice", "soon")], "{report}");
    }

    async fn months_and_weeks_are_put_into_days_and_it_is_said(app: App) {
        let map = ("map", "Vendor=name,Ref=contracts.reference,Ends=contracts.ends_on,Notice=contracts.notice_days,Renews=contracts.renews_for_months,Value=contracts.value");
        let file = "Vendor,Ref,Ends,Notice,Renews,Value\nHarbour,C-1,2099-03-31,3 months,1 year,£5\nTide,C-2,2099-03-31,6 weeks,12 months,£5\nFernway,C-3,2099-03-31,10 working days,90 days,£12.000\n";
        let report = send(&app, &[map, ("dry_run", "true")], file).await.json(200);
        assert!(sentences(&report).contains("2 cells such as \\\"3 months\\\" were put into days"), "{report}");
        let told: Vec<(&str, &str)> = report["rows"][2]["errors"].as_array().expect("errors").iter().map(|error| (text(error, "column"), text(error, "value"))).collect();
        assert_eq!(told, [("Notice", "10 working days"), ("Renews", "90 days"), ("Value", "£12.000")], "{report}");
        let good = file.split_inclusive('\n').take(3).collect::<String>();
        send(&app, &[map], good).await.json(200);
        for (name, days) in [("harbour", 90), ("tide", 42)] {
            let contract = app.walk(&format!("/suppliers?q={name}"), 200).await[0]["contracts"][0].clone();
            assert_eq!((&contract["notice_days"], &contract["renews_for_months"]), (&json!(days), &json!(12)));
        }
    }

    async fn rows_of_one_identifier_and_two_wholly_different_names_are_not_put_together(app: App) {
        let map = ("map", "Vendor=name,Number=identifiers:GB-COH");
        let file = "Vendor,Number\nHarbour Linen,04142000\nMeadow IT,04142000\nHarbour Linen Ltd,04142000\n";
        let report = send(&app, &[map, ("dry_run", "true")], file).await.json(200);
        assert_eq!((number(&report, "refused_count"), number(&report, "merged_row_count")), (1, 1), "{report}");
        let error = &report["rows"][1]["errors"][0];
        assert_eq!((text(error, "column"), &error["line"]), ("Number", &json!(3)), "{report}");
        assert!(text(error, "detail").contains("line 2 calls it \"Harbour Linen\""), "{error}");
        let answered = send(&app, &[map, ("answers", "same:meadow it=as:harbour linen")], file).await.json(200);
        assert_eq!((number(&answered, "created_count"), number(&answered, "merged_row_count")), (1, 2), "{answered}");
    }

    async fn a_name_that_an_identifier_would_change_is_said(app: App) {
        let harbour = json!({ "name": "Harbour Linen", "identifiers": [{ "scheme": "GB-COH", "id": "04142000" }] });
        app.post(&app.editor, "/suppliers", harbour).await.json(201);
        let map = ("map", "Vendor=name,Number=identifiers:GB-COH");
        let report = send(&app, &[map, ("dry_run", "true")], "Vendor,Number\nMeadow IT,4142000.0\n").await.json(200);
        assert_eq!(number(&report, "changed_count"), 1, "{report}");
        assert!(sentences(&report).contains("1 of the suppliers has another name here than there"), "{report}");
    }

    async fn what_rows_about_the_same_disagree_on_is_said(app: App) {
        let map = ("map", "Vendor=name,Owner=relationship_owner,Site=website");
        let file = "Vendor,Owner,Site\nHarbour Linen,Jo Bell,\nTide,Ann Lee,\nHARBOUR LINEN LTD,Sam Okafor,https://linen.example\nTide,ann lee,\n";
        let report = send(&app, &[map, ("dry_run", "true")], file).await.json(200);
        let said = sentences(&report);
        assert!(said.contains("1 of the suppliers has different words on different rows; the first was taken: line 2 and line 4"), "{said}");
        assert_eq!(said.matches("different words").count(), 1, "{said}");
    }

    async fn what_a_spreadsheet_puts_before_a_sign_is_left_out(app: App) {
        let report = send(&app, &[("map", "Vendor=name,Owner=relationship_owner")], "Vendor,Owner\nHarbour,'+44 Jo\nTide,'Ann'\n").await.json(200);
        assert!(sentences(&report).contains("1 cell such as \\\"'+44 Jo\\\" was read without"), "{report}");
        let owners: Vec<Value> = app.walk("/suppliers", 200).await.into_iter().map(|supplier| supplier["relationship_owner"].clone()).collect();
        assert_eq!(owners, [json!("+44 Jo"), json!("'Ann'")]);
    }

    async fn words_that_there_is_no_certificate_make_no_evidence(app: App) {
        let map = ("map", "Vendor=name,CE=evidence.cyber_essentials.statement,Until=evidence.cyber_essentials.expires_on");
        let file = "Vendor,CE,Until\nAlder,Yes,2099-01-31\nBirch,No,2099-01-31\nCedar,Expired,2099-01-31\nDell,Expired,2020-01-31\nElm,In progress,\nFern,none,2099-01-31\nGorse,Y,\nHazel,Expired,\n";
        let report = send(&app, &[map], file).await.json(200);
        assert_eq!((number(&report, "created_count"), number(&report, "evidence_created_count")), (8, 3), "{report}");
        for part in ["3 cells such as \\\"No\\\" say that there is none", "3 cells such as \\\"Expired\\\" say that it has run out"] {
            assert!(sentences(&report).contains(part), "{report}");
        }
        let mut said: Vec<String> = app.walk("/evidence", 200).await.iter().map(|piece| text(piece, "statement").to_owned()).collect();
        said.sort();
        assert_eq!(said, ["Expired", "Y", "Yes"]);
    }

    async fn evidence_of_rows_that_do_not_come_in_is_not_counted(app: App) {
        let map = ("map", "Vendor=name,CE=evidence.cyber_essentials.statement,Site=website");
        let report = send(&app, &[map, ("dry_run", "true")], "Vendor,CE,Site\nAlder,Yes,\nBirch,Yes,not an address\n").await.json(200);
        assert_eq!((number(&report, "refused_count"), number(&report, "evidence_created_count")), (1, 1), "{report}");
    }

    async fn all_near_names_can_be_said_to_be_new_at_once(app: App) {
        app.supplier("Harbour Linen").await;
        app.supplier("Fernway Payroll").await;
        let file = "Vendor\nHarbour Linens\nFernway Payrolls\nHarbour Linen\n";
        let trial = send(&app, &[("map", "Vendor=name"), ("dry_run", "true")], file).await.json(200);
        assert_eq!((number(&trial, "question_count"), number(&trial, "unchanged_count")), (2, 1), "{trial}");
        let done = send(&app, &[("map", "Vendor=name"), ("answers", "same:*=new")], file).await.json(200);
        assert_eq!((number(&done, "created_count"), number(&done, "unchanged_count")), (2, 1), "{done}");
        assert_eq!(app.walk("/suppliers", 200).await.len(), 4);
    }

    async fn an_answer_to_no_question_is_a_fault(app: App) {
        let map = ("map", "Vendor=name,Issued=evidence.dspt.issued_on");
        let refused = send(&app, &[map, ("answers", "dates:Isued=dmy,colour=red")], "Vendor,Issued\nHarbour,1/2/2026\n").await;
        assert_eq!(refused.faults(422), ["?answers unknown_answer", "?answers unknown_answer"]);
        assert!(refused.text.contains("did you mean \\\"dates:issued\\\"?"), "{}", refused.text);
    }

    async fn a_title_above_the_table_is_no_column(app: App) {
        let file = "Directory of services,,,\n,,,\nMade on 1 October 2026,,,\n,,,\nName,Provider,Provider ID,Postcode\nAlder House,Alder Care Limited,1-101000001,AB1 2CD\nCedar Homecare,Cedar Limited,1-101000002,AB1 2CF\n";
        let refused = send(&app, &[("map", "Directory of services=name")], file).await;
        assert_eq!(refused.faults(422), ["?map unknown_column"]);
        assert!(refused.text.contains("its columns are \\\"Name\\\", \\\"Provider\\\""), "{}", refused.text);
    }

    async fn a_recipe_that_is_not_there_is_a_fault(app: App) {
        assert_eq!(send(&app, &[("recipe", "no-such-recipe")], "name\nx\n").await.faults(422), ["?recipe unknown_recipe"]);
    }
}

#[tokio::test]
async fn the_command_line_says_what_it_found_and_writes_down_what_is_refused() {
    let (url, folder) = empty_database(On::Sqlite).await;
    let folder = folder.expect("a folder");
    let path = |name: &str| folder.0.join(name).to_string_lossy().into_owned();
    let (list, mend) = (path("list.csv"), path("mend.csv"));
    std::fs::write(&list, "Vendor,Country,Started\nHarbour,UK,7/1/2026\nTide,France,\n,Ireland,\n").expect("written");
    let import = |more: &[&str]| {
        let line =
            ["import", "suppliers", &list, "--organisation", "Ours", "--create-organisation", "--database-url", &url];
        run(&[&line[..], &["--map", "Vendor=name,Country=country,Started=evidence.dspt.issued_on"], more].concat())
    };
    let (code, out, told) = import(&["--dry-run"]);
    assert_eq!(code, Some(6), "{out}{told}");
    assert!(told.contains("--answer 'dates:Started=dmy': The day stands first: 7/1/2026 is 7 January 2026"), "{told}");
    let (code, out, told) = import(&["--dates", "mdy", "--refused", &mend]);
    assert!(code == Some(6) && told.contains("nothing was changed"), "{out}{told}");
    let written = std::fs::read_to_string(&mend).expect("a file");
    assert!(written.starts_with("\u{feff}Vendor,Country,Started,Why it was not imported\r\n,Ireland,,"), "{written}");
    let (code, out, told) = import(&["--dates", "mdy", "--only-good"]);
    assert_eq!(code, Some(0), "{out}{told}");
    assert!(out.contains("2 rows: 2 new") && out.contains("1 row stays out"), "{out}");
}

#[tokio::test]
async fn every_row_of_what_is_refused_is_written_down_with_its_own_reason() {
    let (url, folder) = empty_database(On::Sqlite).await;
    let folder = folder.expect("a folder");
    let path = |name: &str| folder.0.join(name).to_string_lossy().into_owned();
    let (list, mend) = (path("list.csv"), path("mend.csv"));
    let file = "Vendor,Ref,Notice,Owner\nHarbour,C-1,90,'+44 Jo\nTide,C-9,30,\nHarbour,C-2,soon,\n";
    std::fs::write(&list, file).expect("written");
    let import = |file: &str, more: &[&str]| {
        let map = "Vendor=name,Ref=contracts.reference,Notice=contracts.notice_days,Owner=relationship_owner";
        let line = ["import", "suppliers", file, "--organisation", "Ours", "--create-organisation", "--database-url"];
        run(&[&line[..], &[&url, "--map", map], more].concat())
    };
    let (code, out, told) = import(&list, &["--only-good", "--refused", &mend]);
    assert_eq!(code, Some(0), "{out}{told}");
    assert!(
        told.contains("line 4, column \"Notice\": expected a number of days") && told.contains("got \"soon\""),
        "{told}"
    );
    let written = std::fs::read_to_string(&mend).expect("a file");
    let rows: Vec<&str> = written.lines().collect();
    assert_eq!(rows.len(), 3, "{written}");
    assert!(rows[1].starts_with("Harbour,C-1,90,''+44 Jo,") && rows[1].contains("line 4"), "{written}");
    assert!(rows[2].starts_with("Harbour,C-2,soon,,") && rows[2].contains("Notice: expected"), "{written}");
    std::fs::write(&mend, written.replace("soon", "60")).expect("written");
    let (code, out, told) = import(&mend, &[]);
    assert!(code == Some(0) && out.contains("2 rows: 1 new"), "{out}{told}");
    let near = path("near.csv");
    std::fs::write(&near, "Vendor,Ref,Notice,Owner\nHarbour UK,,,\nTide,,,\nSea Group,,,\nSea,,,\n").expect("written");
    let (code, out, told) = import(&near, &["--dry-run"]);
    assert!(code == Some(6) && out.contains("asked about"), "{out}{told}");
}

#[tokio::test]
async fn who_rests_on_whom_comes_in_by_a_recipe_in_a_file() {
    let (url, folder) = empty_database(On::Sqlite).await;
    let folder = folder.expect("a folder");
    let path = |name: &str| folder.0.join(name).to_string_lossy().into_owned();
    let (list, recipe) = (path("sub-processors.csv"), path("recipe.yaml"));
    let file = "Company,Sub-processor,What they do\nHarbour Notes Ltd,Nimbus Cloud,Hosts the service\nHarbour Notes Ltd,Quill AI,\"Summaries, language model\"\nFernway Payroll,Nimbus Cloud,Hosts the service\n";
    std::fs::write(&list, file).expect("written");
    let said = "noun: dependencies\nevery:\n  kind: sub_processor\ncolumns:\n  - column: Company\n    fills: supplier_name\n  - column: Sub-processor\n    fills: rests_on_supplier_name\n  - column: What they do\n    fills: description\n";
    std::fs::write(&recipe, said).expect("written");
    let import = |noun: &str, more: &[&str]| {
        let line = ["import", noun, &list, "--organisation", "Ours", "--create-organisation", "--database-url", &url];
        run(&[&line[..], more].concat())
    };
    for map in ["Company=name", "Sub-processor=name"] {
        let (code, out, told) = import("suppliers", &["--map", map]);
        assert_eq!(code, Some(0), "{out}{told}");
    }
    let (code, out, told) = import("dependencies", &["--recipe", &recipe]);
    assert!(code == Some(0) && out.contains("3 rows: 3 new"), "{out}{told}");
    let (code, out, told) = import("dependencies", &["--recipe", &recipe]);
    assert!(code == Some(0) && out.contains("3 unchanged"), "{out}{told}");
    let (code, _, told) = import("suppliers", &["--recipe", &recipe]);
    assert!(code == Some(6) && told.contains("expected a recipe for suppliers, not for dependencies"), "{told}");
}
