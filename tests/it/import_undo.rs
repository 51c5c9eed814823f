//! Imports are kept with what they did, and undone as far as nobody has gone on from it.

use poem::http::Method;
use proptest::{
    collection::vec,
    option,
    prelude::*,
    strategy::ValueTree as _,
    test_runner::{Config, RngSeed, TestRunner},
};
use serde_json::{Value, json};

use crate::harness::{Answer, App, both, etag, id, text};

async fn import(app: &App, noun: &str, rows: Value) -> Value {
    app.post(&app.editor, &format!("/{noun}/import"), json!({ "rows": rows })).await.json(200)
}

async fn last_import(app: &App) -> Value {
    app.get(&app.editor, "/imports?limit=1").await.json(200)["items"][0].clone()
}

async fn undo(app: &App, import: &Value, query: &str) -> Answer {
    let path = format!("/imports/{}", id(import));
    let tag = etag(&app.get(&app.editor, &path).await.json(200));
    app.send(&app.editor, Method::POST, &format!("{path}/undo{query}"), None, &[("if-match", &tag[..])]).await
}

/// An export, without what an undone change leaves other than it was.
async fn export(app: &App, noun: &str) -> Vec<Vec<String>> {
    let answer = app.get(&app.viewer, &format!("/{noun}.csv")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(answer.text.as_bytes());
    let rows: Vec<Vec<String>> =
        reader.records().map(|row| row.expect("a row").iter().map(str::to_owned).collect()).collect();
    let kept: Vec<bool> = rows[0].iter().map(|name| name != "version" && name != "updated_at").collect();
    rows.into_iter()
        .map(|row| row.into_iter().zip(&kept).filter(|(_, kept)| **kept).map(|(cell, _)| cell).collect())
        .collect()
}

/// A row of an import, by numbers: which supplier, whether by its name alone, what it says of it.
type Said = (u8, bool, Option<u8>, Option<bool>);

fn row((number, by_name, note, critical): Said) -> Value {
    let mut row = json!({ "name": format!("Supplier {number:02}") });
    if !by_name {
        row["identifiers"] = json!([{ "scheme": "LOCAL", "id": format!("L{number}") }]);
    }
    if let Some(note) = note {
        row["notes"] = json!(format!("note {note}"));
        row["contacts"] = json!([{ "name": format!("Ann {note}") }]);
    }
    if let Some(critical) = critical {
        row["service_criticality"] = json!(if critical { "essential" } else { "minor" });
    }
    row
}

/// Rows, of which no two are about the same.
fn rows(said: Vec<Said>) -> Value {
    let mut seen = std::collections::BTreeSet::new();
    said.into_iter().filter(|said| seen.insert(said.0)).map(row).collect()
}

both! {
    async fn an_import_that_was_applied_says_so_when_it_is_applied_again(app: App) {
        import(&app, "suppliers", json!([{ "name": "Harbour Linen" }])).await;
        let done = last_import(&app).await;
        let path = format!("/imports/{}/apply", id(&done));
        for tag in [etag(&done), "\"1\"".to_owned()] {
            let again = app.send(&app.editor, Method::POST, &path, None, &[("if-match", &tag[..])]).await;
            assert_eq!(again.status, 409, "{}", again.text);
            assert!(again.text.contains("\"applied\""), "{}", again.text);
        }
    }

    async fn what_only_a_draft_has_is_told_to_be_gone_once_it_is_applied_or_undone(app: App) {
        import(&app, "suppliers", json!([{ "name": "Harbour Linen" }])).await;
        let done = last_import(&app).await;
        let path = format!("/imports/{}", id(&done));
        for (is_undone, expected) in [(false, "/items` lists what it did"), (true, "was applied and undone")] {
            if is_undone {
                undo(&app, &done, "").await.json(200);
            }
            for place in ["recognised", "report", "refused.csv"] {
                let gone = app.get(&app.editor, &format!("{path}/{place}")).await;
                assert_eq!(gone.faults(409), ["applied"], "{place}");
                assert!(gone.text.contains(expected), "{}", gone.text);
                // To another organisation there is none.
                assert_eq!(app.get(&app.neighbour, &format!("{path}/{place}")).await.status, 404);
            }
        }
    }

    async fn a_file_that_changes_nothing_waits_no_longer_once_it_is_applied(app: App) {
        app.post(&app.editor, "/suppliers", json!({ "name": "Harbour", "website": "https://harbour.example" })).await.json(201);
        let file = "name,website\nHarbour,https://harbour.example\n";
        for retry in [None, Some(("idempotency-key", "once"))] {
            let draft = app.raw(&app.editor, Method::POST, "/imports", Some(file.as_bytes().to_vec()), &[("content-type", "text/csv")]).await.json(201);
            let (path, tag) = (format!("/imports/{}", id(&draft)), etag(&draft));
            let headers: Vec<(&str, &str)> = std::iter::once(("if-match", &tag[..])).chain(retry).collect();
            let report = app.send(&app.editor, Method::POST, &format!("{path}/apply"), None, &headers).await.json(200);
            assert_eq!((&report["applied"], &report["unchanged_count"]), (&json!(true), &json!(1)), "{report}");
            let kept = app.get(&app.editor, &path).await.json(200);
            assert_eq!((&kept["state"], &kept["unchanged_count"], &kept["changed_count"]), (&json!("applied"), &json!(1), &json!(0)), "{kept}");
            assert_eq!(app.get(&app.editor, &format!("{path}/items")).await.json(200)["items"], json!([]));
            assert_eq!(app.get(&app.editor, "/imports?state=draft").await.json(200)["items"], json!([]));
        }
    }

    async fn a_file_without_one_good_row_stays_a_draft_when_only_the_good_ones_are_to_come_in(app: App) {
        let file = b"name,website\nHarbour,no address\nTide,nor this one\n".to_vec();
        let draft = app.raw(&app.editor, Method::POST, "/imports", Some(file), &[("content-type", "text/csv")]).await.json(201);
        let (path, tag) = (format!("/imports/{}", id(&draft)), etag(&draft));
        let refused = app.send(&app.editor, Method::POST, &format!("{path}/apply?only_good=true"), None, &[("if-match", &tag)]).await;
        assert_eq!(refused.faults(409), ["no_good_row"]);
        assert_eq!(app.get(&app.editor, &path).await.json(200)["state"], "draft");
        assert!(app.walk("/suppliers", 50).await.is_empty());
    }

    async fn whatever_was_imported_and_undone_leaves_the_register_as_it_was(app: App) {
        let config = Config { rng_seed: RngSeed::Fixed(7), ..Config::default() };
        let mut runner = TestRunner::new(config);
        let said = (0..12_u8, any::<bool>(), option::of(0..3_u8), option::of(any::<bool>()));
        let strategy = (vec(said.clone(), 1..8), vec(said, 1..10));
        for round in 0..6 {
            let (first, second) = strategy.new_tree(&mut runner).expect("rows").current();
            // Each round goes on from what the one before has left.
            import(&app, "suppliers", rows(first)).await;
            let before = (export(&app, "suppliers").await, export(&app, "evidence").await, export(&app, "reviews").await.len());
            let second = rows(second);
            let report = import(&app, "suppliers", second.clone()).await;
            let touched = report["created_count"].as_i64().expect("a count") + report["changed_count"].as_i64().expect("a count");
            if touched == 0 {
                continue;
            }
            let undone = undo(&app, &last_import(&app).await, "").await.json(200);
            assert_eq!(undone["left"], json!([]), "round {round}: {second}");
            let after = (export(&app, "suppliers").await, export(&app, "evidence").await, export(&app, "reviews").await.len());
            assert_eq!(after, before, "round {round}: {second}");
        }
    }

    async fn an_import_is_kept_with_what_it_came_to(app: App) {
        app.supplier("Old").await;
        import(&app, "suppliers", json!([{ "name": "Old", "notes": "x" }, { "name": "New" }])).await;
        let kept = last_import(&app).await;
        for (field, value) in [("noun", json!("suppliers")), ("state", json!("applied")), ("row_count", json!(2)), ("created_count", json!(1)), ("changed_count", json!(1)), ("unchanged_count", json!(0)), ("created_by", json!("editor"))] {
            assert_eq!(kept[field], value, "{field}");
        }
        assert_eq!(kept["undo_until"], json!("2027-03-31"));
        assert_eq!(app.get(&app.neighbour, &format!("/imports/{}", id(&kept))).await.status, 404);
    }

    async fn what_others_went_on_from_stays_and_is_said(app: App) {
        let old = app.supplier("Old").await;
        import(&app, "suppliers", json!([{ "name": "Old", "notes": "imported" }, { "name": "Edited" }, { "name": "Provider" }, { "name": "Gone" }, { "name": "Untouched" }])).await;
        let kept = last_import(&app).await;
        let named = async |name: &str| app.walk(&format!("/suppliers?q={name}"), 50).await.remove(0);
        let edited = named("edited").await;
        app.patch(&app.editor, &format!("/suppliers/{}", id(&edited)), &edited, json!({ "notes": "by hand" })).await.json(200);
        app.product(&named("provider").await, "Notes").await;
        let gone = named("gone").await;
        app.delete(&app.editor, &format!("/suppliers/{}", id(&gone)), &gone).await;
        let trial = undo(&app, &kept, "?dry_run=true").await.json(200);
        assert_eq!(app.walk("/suppliers", 50).await.len(), 4);
        let report = undo(&app, &kept, "").await.json(200);
        assert_eq!((&report, &report["undone_count"]), (&trial, &json!(2)));
        let mut left: Vec<String> = report["left"].as_array().expect("left").iter().map(|item| format!("{} {}: {}", text(item, "kind"), item["name"].as_str().unwrap_or("?"), text(item, "why"))).collect();
        left.sort_unstable();
        assert_eq!(left, ["supplier ?: it is not there any more", "supplier Edited: it has been changed since", "supplier Provider: it has products"]);
        let names: Vec<String> = app.walk("/suppliers", 50).await.iter().map(|supplier| text(supplier, "name").to_owned()).collect();
        assert_eq!(names, ["Edited", "Old", "Provider"]);
        assert_eq!(app.get(&app.viewer, &format!("/suppliers/{}", id(&old))).await.json(200)["notes"], json!(null));
    }

    async fn an_import_is_undone_once_and_within_thirty_days(app: App) {
        import(&app, "suppliers", json!([{ "name": "One" }])).await;
        let one = last_import(&app).await;
        // Each answer says at which version the import is now.
        assert_eq!(undo(&app, &one, "?dry_run=true").await.header("etag"), etag(&one));
        let undone = undo(&app, &one, "").await;
        undone.json(200);
        assert_eq!(undo(&app, &one, "").await.status, 409);
        let after = app.get(&app.editor, &format!("/imports/{}", id(&one))).await.json(200);
        assert_eq!((after["state"].clone(), undone.header("etag")), (json!("undone"), &etag(&after)[..]));
        assert_ne!(etag(&after), etag(&one));
        let events = app.get(&app.admin, &format!("/audit-events?item_id={}&action=undo", id(&one))).await.json(200);
        assert_eq!(events["items"].as_array().expect("events").len(), 1);
        import(&app, "suppliers", json!([{ "name": "Two" }])).await;
        let two = last_import(&app).await;
        app.goes_to("2027-04-01");
        assert_eq!(undo(&app, &two, "").await.status, 409);
        assert_eq!(app.walk("/suppliers", 50).await.len(), 1);
    }

    async fn evidence_and_identifiers_that_came_with_an_import_go_with_it(app: App) {
        let csv = [("content-type", "text/csv")];
        let path = "/suppliers/import?map=Name=name,Code=identifiers:GB-NHS,Status=evidence.dspt.statement,Day=evidence.dspt.issued_on";
        let send = async |file: &str| app.raw(&app.editor, Method::POST, path, Some(file.as_bytes().to_vec()), &csv).await.json(200);
        let old = app.post(&app.editor, "/suppliers", json!({ "name": "Old", "identifiers": [{ "scheme": "GB-NHS", "id": "VL1" }] })).await.json(201);
        send("Name,Code,Status,Day\nOld,VL1,Standards Met,2027-01-10\n").await;
        let before = (export(&app, "suppliers").await, export(&app, "evidence").await);
        send("Name,Code,Status,Day\nOld,VL1,Standards Exceeded,2027-01-10\nOther,VL2,Standards Met,2027-01-11\n").await;
        let report = undo(&app, &last_import(&app).await, "").await.json(200);
        assert_eq!((&report["left"], &report["undone_count"]), (&json!([]), &json!(3)));
        assert_eq!((export(&app, "suppliers").await, export(&app, "evidence").await), before);
        // The code is free again.
        let line = app.line(&old).await;
        app.post(&app.editor, "/suppliers", json!({ "name": "Next", "identifiers": [{ "scheme": "GB-NHS", "id": "VL2" }] })).await.json(201);
        assert_eq!(app.line(&old).await, line);
    }

    async fn looks_that_an_import_told_of_are_taken_back(app: App) {
        let old = app.supplier("Old").await;
        let review = async || app.walk(&format!("/reviews?subject_id={}", id(&old)), 50).await.remove(0);
        let before = review().await;
        let csv = [("content-type", "text/csv")];
        let file = b"Name,Last,Next\nOld,2026-01-10,2026-12-24\n".to_vec();
        app.raw(&app.editor, Method::POST, "/suppliers/import?map=Name=name,Last=last_review_on,Next=next_review_on", Some(file), &csv).await.json(200);
        assert_eq!(review().await["due_on"], json!("2026-12-24"));
        let report = undo(&app, &last_import(&app).await, "").await.json(200);
        assert_eq!((&report["left"], app.walk("/reviews?state=completed", 50).await), (&json!([]), Vec::new()));
        let after = review().await;
        for field in ["due_on", "reason", "counted_from", "rescheduled_to"] {
            assert_eq!(after[field], before[field], "{field}");
        }
    }

    async fn products_are_undone_as_suppliers_are(app: App) {
        let harbour = app.supplier("Harbour").await;
        let notes = app.product(&harbour, "Notes").await;
        let row = |name: &str| json!({ "supplier_id": id(&harbour), "name": name, "kind": "service", "purpose": "imported" });
        import(&app, "products", json!([row("Notes"), row("Rota")])).await;
        let report = undo(&app, &last_import(&app).await, "").await.json(200);
        assert_eq!((&report["undone_count"], app.walk("/products", 50).await.len()), (&json!(2), 1));
        let now = app.get(&app.viewer, &format!("/products/{}", id(&notes))).await.json(200);
        for field in ["name", "kind", "purpose"] {
            assert_eq!(now[field], notes[field], "{field}");
        }
    }

    async fn rows_of_every_other_noun_are_recorded_and_undone(app: App) {
        let harbour = app.supplier("Harbour").await;
        let rota = app.product(&harbour, "Rota").await;
        let tide = app.supplier("Tide").await;
        let about = |fields: Value| -> Value {
            let mut row = json!({ "subject_id": id(&harbour) });
            row.as_object_mut().expect("a row").extend(fields.as_object().expect("fields").clone());
            row
        };
        let rests = |kind: &str, description: &str| json!({ "subject_id": id(&rota), "rests_on_id": id(&tide), "kind": kind, "description": description });
        let of = |name: &str, role: &str| json!({ "supplier_name": "Tide", "name": name, "role": role });
        let contract = |reference: &str, ends_on: &str| json!({ "supplier_name": "Tide", "reference": reference, "ends_on": ends_on });
        let evidence = |reference: &str, statement: &str| about(json!({ "kind": "iso_27001", "reference": reference, "issued_on": "2026-05-01", "statement": statement }));
        let incident = |title: &str, severity: &str| about(json!({ "title": title, "severity": severity, "occurred_on": "2026-05-01" }));
        let risk = |title: &str, impact: i64| about(json!({ "title": title, "likelihood": 3, "impact": impact }));
        let looked = |day: &str| about(json!({ "completed_on": day, "completed_by": "Jo Bell", "outcome": "Well" }));
        for (noun, first, second, undone_count) in [
            ("dependencies", json!([rests("host", "before")]), json!([rests("host", "after"), rests("other", "new")]), 2),
            ("contacts", json!([of("Ann", "before")]), json!([of("Ann", "after"), of("Bo", "new")]), 1),
            ("contracts", json!([contract("C1", "2027-12-31")]), json!([contract("C1", "2028-12-31"), contract("C2", "2029-01-01")]), 1),
            ("evidence", json!([evidence("A", "before")]), json!([evidence("A", "after"), evidence("B", "new")]), 2),
            ("incidents", json!([incident("Fire", "low")]), json!([incident("Fire", "high"), incident("Flood", "low")]), 2),
            ("risks", json!([risk("One person", 2)]), json!([risk("One person", 5), risk("One place", 1)]), 2),
            ("reviews", json!([looked("2026-01-10")]), json!([looked("2026-02-10"), looked("2026-03-10"), about(json!({ "due_on": "2026-12-24" }))]), 3),
        ] {
            let first = import(&app, noun, first).await;
            assert_eq!((&first["applied"], &first["refused_count"]), (&json!(true), &json!(0)), "{first}");
            let review = async || app.walk(&format!("/reviews?subject_id={}", id(&harbour)), 50).await.remove(0);
            let (before, open) = (export(&app, noun).await, review().await);
            let report = import(&app, noun, second).await;
            assert_eq!(report["applied"], true, "{report}");
            let kept = last_import(&app).await;
            assert_eq!((&kept["noun"], &kept["state"], &kept["created_count"]), (&json!(noun), &json!("applied"), &report["created_count"]));
            assert_ne!(export(&app, noun).await, before, "{noun}");
            let undone = undo(&app, &kept, "").await.json(200);
            assert_eq!((&undone["left"], &undone["undone_count"]), (&json!([]), &json!(undone_count)), "{noun}");
            assert_eq!(export(&app, noun).await, before, "{noun}");
            let after = review().await;
            for field in ["due_on", "reason", "counted_from", "rescheduled_to"] {
                assert_eq!(after[field], open[field], "{noun} {field}");
            }
        }
        // What was decided stays, as everywhere.
        let decided = json!({ "subject_id": id(&harbour), "questionnaire": "supplier-security", "outcome": "approved", "decided_by": "Jo Bell", "decided_on": "2026-05-01" });
        app.post(&app.admin, "/decisions/import", json!({ "rows": [decided] })).await.json(200);
        let undone = undo(&app, &last_import(&app).await, "").await.json(200);
        assert_eq!((text(&undone["left"][0], "kind"), text(&undone["left"][0], "why"), &undone["undone_count"]), ("decision", "decisions are never taken away", &json!(0)));
        assert_eq!(app.walk("/decisions", 50).await.len(), 1);
    }

    async fn what_asked_for_a_look_since_an_import_goes_on_asking(app: App) {
        let old = app.supplier("Old").await;
        let review = async || app.walk(&format!("/reviews?subject_id={}", id(&old)), 50).await.remove(0);
        let before = review().await;
        let looked = json!({ "subject_id": id(&old), "completed_on": "2027-01-10", "completed_by": "Jo Bell" });
        import(&app, "reviews", json!([looked])).await;
        let kept = last_import(&app).await;
        app.post(&app.editor, "/incidents", json!({ "subject_id": id(&old), "title": "Fire", "severity": "high", "occurred_on": "2027-02-01" })).await.json(201);
        let asked = review().await;
        assert_eq!(asked["reason"], json!("incident"), "{asked}");
        let report = undo(&app, &kept, "").await.json(200);
        assert_eq!(report["left"], json!([]));
        let after = review().await;
        assert_eq!((&after["due_on"], &after["reason"], &after["counted_from"]), (&asked["due_on"], &json!("incident"), &before["counted_from"]));
        assert_eq!(after["triggers"].as_array().expect("triggers").len(), 1);
    }

    async fn an_acceptance_that_ended_with_an_import_is_not_said_to_be_put_back(app: App) {
        let old = app.supplier("Old").await;
        let risk = app.post(&app.editor, "/risks", json!({ "subject_id": id(&old), "title": "It stops", "likelihood": 2, "impact": 2 })).await.json(201);
        let path = format!("/risks/{}", id(&risk));
        app.act(&app.approver, &format!("{path}/accept"), &risk, Some(json!({ "reason": "Small.", "expires_on": "2027-06-01" }))).await.json(200);
        import(&app, "risks", json!([{ "subject_id": id(&old), "title": "It stops", "likelihood": 5, "impact": 5 }])).await;
        assert_eq!(app.get(&app.viewer, &path).await.json(200)["acceptance"], json!(null));
        let report = undo(&app, &last_import(&app).await, "").await.json(200);
        assert_eq!((&report["undone_count"], text(&report["left"][0], "name")), (&json!(0), "It stops"));
        assert!(text(&report["left"][0], "why").contains("acceptance"), "{report}");
        assert_eq!(app.get(&app.viewer, &path).await.json(200)["impact"], json!(5));
    }

    async fn a_dependency_whose_place_is_taken_stays_and_stops_nothing_else(app: App) {
        let (one, other, third) = (app.supplier("One").await, app.supplier("Other").await, app.supplier("Third").await);
        let rests = |on: &Value, kind: &str| json!({ "subject_id": id(&one), "rests_on_id": id(on), "kind": kind });
        let host = app.post(&app.editor, "/dependencies", rests(&other, "host")).await.json(201);
        let mut changed = rests(&other, "other");
        changed["id"] = json!(id(&host));
        import(&app, "dependencies", json!([changed, rests(&third, "host")])).await;
        app.post(&app.editor, "/dependencies", rests(&other, "host")).await.json(201);
        let report = undo(&app, &last_import(&app).await, "").await.json(200);
        assert_eq!((&report["undone_count"], text(&report["left"][0], "id")), (&json!(1), id(&host)));
        assert_eq!(app.walk("/dependencies", 50).await.len(), 2);
    }

    async fn who_is_erased_does_not_come_back_with_what_is_undone(app: App) {
        app.post(&app.editor, "/suppliers", json!({ "name": "Harbour", "contacts": [{ "name": "Ann Example", "email": "ann@linen.example" }, { "name": "Bo" }] })).await.json(201);
        import(&app, "suppliers", json!([{ "name": "Harbour", "contacts": [{ "name": "Cy" }] }])).await;
        let ann = json!({ "email": "ann@linen.example", "reason": "They asked." });
        let erased = app.post(&app.admin, "/people/erase", ann).await.json(200);
        assert!(erased["places"].to_string().contains("\"import\""), "{erased}");
        undo(&app, &last_import(&app).await, "").await.json(200);
        let harbour = app.walk("/suppliers?q=harbour", 50).await.remove(0);
        let names: Vec<&str> = harbour["contacts"].as_array().expect("contacts").iter().map(|contact| text(contact, "name")).collect();
        assert_eq!(names, ["Bo"]);
    }
}
