//! Mergers: two suppliers or products become one, nothing that hangs on either is lost, and both are there again once it is
//! undone.

use std::collections::BTreeSet;

use diligence_entities::merger::{ELSEWHERE, PLACES};
use sea_orm::{ConnectionTrait as _, Database, DbBackend, Statement};
use serde_json::{Value, json};

use crate::{
    assessments::{answered, approved, certificate, good, poor},
    concentration::rests,
    harness::{App, both, id, text},
    operations::run,
};

/// Two suppliers with everything that can hang on one, and a third that both have to do with.
struct Two {
    kept: Value,
    other: Value,
    third: Value,
    product: Value,
}

async fn hang_everything_on(app: &App, subject: &Value, third: &Value) {
    let evidence = certificate(app, subject, "2027-12-31").await;
    approved(app, subject, good(&evidence)).await;
    answered(app, subject, poor()).await;
    rests(app, subject, third, "host").await;
    rests(app, third, subject, "component").await;
    for (path, body) in [
        ("/risks", json!({ "title": "It stops", "likelihood": 2, "impact": 3, "actions": [{ "title": "Ask" }] })),
        ("/incidents", json!({ "title": "It stopped", "severity": "high", "occurred_on": "2027-02-01" })),
    ] {
        let mut body = body;
        body["subject_id"] = subject["id"].clone();
        app.post(&app.editor, path, body).await.json(201);
    }
}

async fn two(app: &App) -> Two {
    let body = |name: &str, number: &str, contact: &str| {
        json!({
            "name": name, "identifiers": [{ "scheme": "GB-COH", "id": number }], "contacts": [{ "name": contact }],
            "contracts": [{ "reference": format!("{name} 1"), "ends_on": "2027-06-30", "notice_days": 30 }],
            "data_locations": ["GB"], "service_criticality": "minor",
        })
    };
    let kept = app.post(&app.editor, "/suppliers", body("Harbour Linen", "04142000", "Kim Lee")).await.json(201);
    let mut other = body("Harbour Linen Ltd", "04142001", "Sam Bell");
    other["website"] = json!("https://harbour.example.org");
    other["notes"] = json!("Small.");
    let other = app.post(&app.editor, "/suppliers", other).await.json(201);
    let third = app.supplier("Cirrus Hosting").await;
    let product = app.product(&other, "Rota Planner").await;
    for subject in [&kept, &other, &product] {
        hang_everything_on(app, subject, &third).await;
    }
    rests(app, &kept, &other, "subcontractor").await;
    let read = async |item: &Value| app.get(&app.viewer, &format!("/suppliers/{}", id(item))).await.json(200);
    Two { kept: read(&kept).await, other: read(&other).await, third, product }
}

async fn merged(app: &App, kept: &Value, body: Value) -> Value {
    app.act(&app.approver, &format!("/suppliers/{}/merge", id(kept)), kept, Some(body)).await.json(201)
}

/// Lists of what can hang on a supplier, with the ids of what is on each.
async fn hanging(app: &App) -> Vec<BTreeSet<String>> {
    let mut all = Vec::new();
    for path in ["/products", "/evidence", "/assessments", "/decisions", "/risks", "/incidents", "/dependencies"] {
        let items = app.walk(path, 200).await;
        all.push(items.iter().map(|item| id(item).to_owned()).collect());
    }
    all
}

/// Every table as it is exported, without what counts changes and without the items of what is due, which are made anew.
async fn tables(app: &App) -> Vec<Vec<Vec<String>>> {
    let mut all = Vec::new();
    for name in ["register", "suppliers", "products", "evidence", "assessments", "answers", "risks", "reviews", "due"] {
        let text = app.get(&app.admin, &format!("/{name}.csv")).await.text;
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header = reader.headers().expect("a header").clone();
        let without: &[&str] = if name == "due" { &["id", "created_at"] } else { &[] };
        let stays = |column: &str| !["version", "updated_at"].contains(&column) && !without.contains(&column);
        let mut rows: Vec<Vec<String>> = reader
            .records()
            .map(|row| {
                let row = row.expect("a row");
                let cells = header.iter().zip(row.iter()).filter(|(column, _)| stays(column));
                cells.map(|(_, cell)| cell.to_owned()).collect()
            })
            .collect();
        rows.sort();
        all.push(rows);
    }
    all
}

async fn is_sound(app: &App) {
    let verified = app.get(&app.admin, "/audit-events/verification").await.json(200);
    assert_eq!(verified["faults"], json!([]), "{verified}");
}

both! {
    async fn the_graver_profile_stays_and_what_is_meant_for_the_other_says_where_it_went(app: App) {
        let body = |name: &str, role: &str, data: &str| json!({ "name": name, "data_role": role, "personal_data": [data] });
        let kept = app.post(&app.editor, "/suppliers", body("Harbour Linen", "processor", "contact")).await.json(201);
        let other = app.post(&app.editor, "/suppliers", body("Harbour Linen Ltd", "controller", "health")).await.json(201);
        let merging = json!({ "other_id": id(&other) });
        let path = format!("/suppliers/{}", id(&kept));
        let plan = app.post(&app.editor, &format!("{path}/merge-plan"), merging.clone()).await.json(200);
        assert_eq!(plan["notes"], json!(["The data role is controller, as the other says, and not processor: the graver word stays."]));
        app.act(&app.approver, &format!("{path}/merge"), &kept, Some(merging)).await.json(201);
        let after = app.get(&app.viewer, &path).await.json(200);
        assert_eq!((&after["data_role"], &after["personal_data"]), (&json!("controller"), &json!(["contact", "health"])));
        // A change is not sent on: whoever makes it is told.
        let gone = format!("/suppliers/{}", id(&other));
        for answer in [app.patch(&app.editor, &gone, &other, json!({ "notes": "x" })).await, app.delete(&app.editor, &gone, &other).await] {
            assert_eq!(answer.faults(404), ["merged_into"]);
            assert_eq!(answer.json(404)["errors"][0]["detail"], kept["id"]);
        }
        let row = json!({ "rows": [{ "id": id(&other), "name": "Harbour Linen Ltd" }] });
        let refused = app.post(&app.editor, "/suppliers/import", row).await;
        assert!(refused.faults(422)[0].ends_with("/id merged_into") && refused.text.contains(id(&kept)), "{}", refused.text);
    }

    async fn every_column_that_names_a_supplier_or_product_is_known(app: App) {
        let database = Database::connect(&app.url).await.expect("the database answers");
        let backend = database.get_database_backend();
        let sql = if backend == DbBackend::Postgres {
            "SELECT table_name::text AS place, column_name::text AS name FROM information_schema.columns WHERE table_schema = current_schema()"
        } else {
            "SELECT m.name AS place, c.name AS name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'"
        };
        let rows = database.query_all_raw(Statement::from_string(backend, sql)).await.expect("columns");
        let columns: BTreeSet<(String, String)> = rows
            .iter()
            .map(|row| (row.try_get("", "place").expect("a table"), row.try_get("", "name").expect("a column")))
            .collect();
        database.close().await.expect("closed");
        let names_one = |name: &str| {
            ["supplier_id", "product_id", "subject_id"].iter().any(|end| name.ends_with(end)) || name == "rests_on_id"
        };
        let found: BTreeSet<(&str, &str)> = columns
            .iter()
            .map(|(table, name)| (table.as_str(), name.as_str()))
            .filter(|(_, name)| names_one(name))
            .collect();
        let known: BTreeSet<(&str, &str)> =
            PLACES.iter().copied().chain(ELSEWHERE.iter().map(|(table, name, _)| (*table, *name))).collect();
        let missing: Vec<_> = found.difference(&known).collect();
        assert!(missing.is_empty(), "a merger does not know {missing:?}: name them in entities/src/merger/places.rs");
        let gone: Vec<_> = known
            .iter()
            .filter(|(table, name)| !columns.contains(&((*table).to_owned(), (*name).to_owned())))
            .collect();
        assert!(gone.is_empty(), "there is no {gone:?}");
    }

    async fn everything_on_two_is_on_one_and_undoing_gives_both_back(app: App) {
        let Two { kept, other, .. } = two(&app).await;
        let (before, tables_before) = (hanging(&app).await, tables(&app).await);
        let merger = merged(&app, &kept, json!({ "other_id": id(&other) })).await;
        // One dependency would be of the supplier on itself, and two would be there twice.
        let mut after = hanging(&app).await;
        let fallen = before[6].difference(&after[6]).count();
        assert_eq!(fallen, 3, "{merger}");
        assert_eq!(merger["notes"].as_array().expect("a list").iter().filter(|note| note.as_str().is_some_and(|note| note.contains("falls away"))).count(), 3);
        after[6].clone_from(&before[6]);
        assert_eq!(after, before, "nothing is lost");
        for path in ["/evidence", "/assessments", "/decisions", "/risks", "/incidents", "/dependencies", "/products"] {
            let items = app.walk(path, 200).await;
            assert!(!json!(items).to_string().contains(id(&other)), "{path} names what is there no more");
        }
        let one = app.get(&app.viewer, &format!("/suppliers/{}", id(&kept))).await.json(200);
        assert_eq!((one["identifiers"].as_array().map(Vec::len), one["contacts"].as_array().map(Vec::len), one["contracts"].as_array().map(Vec::len)), (Some(2), Some(2), Some(2)));
        assert_eq!((&one["name"], &one["website"], &one["notes"]), (&json!("Harbour Linen"), &other["website"], &json!("Small.")));
        let names: Vec<Value> = app.walk("/register?subject_type=supplier", 200).await.iter().map(|line| line["name"].clone()).collect();
        assert_eq!(names, [json!("Cirrus Hosting"), json!("Harbour Linen")], "the register shows one");
        // One open review, and one decision in force on the questionnaire that both were asked.
        assert_eq!(app.walk(&format!("/reviews?subject_id={}", id(&kept)), 200).await.len(), 1);
        let in_force = format!("/decisions?subject_id={}&superseded=false", id(&kept));
        assert_eq!(app.walk(&in_force, 200).await.len(), 1);
        is_sound(&app).await;

        let undone = app.act(&app.approver, &format!("/mergers/{}/undo", id(&merger)), &merger, None).await.json(200);
        assert_eq!(undone["state"], "undone", "{undone}");
        assert_eq!(hanging(&app).await, before);
        assert_eq!(tables(&app).await, tables_before);
        is_sound(&app).await;
        let back = app.get(&app.viewer, &format!("/suppliers/{}", id(&other))).await.json(200);
        assert_eq!((&back["name"], &back["identifiers"], &back["created_at"]), (&other["name"], &other["identifiers"], &other["created_at"]));
        // Once more, and back, comes to the same.
        let kept = app.get(&app.viewer, &format!("/suppliers/{}", id(&kept))).await.json(200);
        let again = merged(&app, &kept, json!({ "other_id": id(&other) })).await;
        app.act(&app.approver, &format!("/mergers/{}/undo", id(&again)), &again, None).await.json(200);
        assert_eq!(tables(&app).await, tables_before);
    }

    async fn the_id_of_what_was_merged_answers_with_where_it_went(app: App) {
        let (first, second, third) = (app.supplier("Harbour").await, app.supplier("Harbour Ltd").await, app.supplier("Harbour plc").await);
        merged(&app, &second, json!({ "other_id": id(&third) })).await;
        merged(&app, &first, json!({ "other_id": id(&second) })).await;
        for gone in [&second, &third] {
            let path = format!("/suppliers/{}", id(gone));
            let answer = app.get(&app.viewer, &path).await;
            assert_eq!(answer.header("location"), format!("/api/v1/suppliers/{}", id(&first)));
            let problem = answer.json(301);
            assert_eq!((&problem["type"], &problem["errors"][0]["code"], &problem["errors"][0]["detail"]), (&json!("/problems/merged"), &json!("merged_into"), &first["id"]));
            assert_eq!(app.get(&app.neighbour, &path).await.status, 404, "and nobody else is told");
        }
        // Whoever keeps a copy learns of it, and the history of one has that of the others.
        let mergers = app.walk("/mergers?updated_since=2027-03-01T00:00:00Z", 200).await;
        assert_eq!(mergers.len(), 2);
        let history = app.get(&app.viewer, &format!("/suppliers/{}/history?limit=200", id(&first))).await.json(200);
        for item in [&first, &second, &third] {
            assert!(history.to_string().contains(&format!("\"item_id\":\"{}\"", id(item))), "{history}");
        }
    }

    async fn whose_words_stay_is_chosen_field_by_field(app: App) {
        let Two { kept, other, .. } = two(&app).await;
        let plan = format!("/suppliers/{}/merge-plan", id(&kept));
        let events = app.event_count().await;
        let body = json!({ "other_id": id(&other), "choices": { "name": "other", "contacts": "kept", "website": "kept" } });
        let planned = app.post(&app.viewer, &plan, body.clone()).await.json(200);
        assert_eq!(app.event_count().await, events, "a plan changes nothing");
        let said = |name: &str| planned["fields"].as_array().expect("a list").iter().find(|field| field["field"] == name).map(|field| field["after"].clone());
        assert_eq!((said("name"), said("website"), said("data_locations")), (Some(other["name"].clone()), Some(Value::Null), None));
        let merger = merged(&app, &kept, body).await;
        assert_eq!(merger["moved"], planned["moved"]);
        let one = app.get(&app.viewer, &format!("/suppliers/{}", id(&kept))).await.json(200);
        assert_eq!((&one["name"], &one["contacts"], &one["website"]), (&other["name"], &kept["contacts"], &Value::Null));
    }

    async fn what_cannot_be_merged_is_refused_with_the_place(app: App) {
        let Two { kept, other, third, product } = two(&app).await;
        let path = format!("/suppliers/{}/merge", id(&kept));
        for (body, fault) in [
            (json!({ "other_id": id(&kept) }), "/other_id same"),
            (json!({ "other_id": id(&product) }), "/other_id kind"),
            (json!({ "other_id": "sup_00000000000000000000000000000000" }), "/other_id unknown_id"),
            (json!({ "other_id": id(&other), "choices": { "colour": "kept" } }), "/choices/colour unknown_field"),
        ] {
            assert_eq!(app.act(&app.approver, &path, &kept, Some(body)).await.faults(422), [fault]);
        }
        let ours = app.get(&app.viewer, "/ourselves").await;
        if ours.status == 200 {
            let body = json!({ "other_id": ours.json(200)["id"] });
            assert_eq!(app.act(&app.approver, &path, &kept, Some(body)).await.status, 422);
        }
        let stale = json!({ "id": kept["id"], "version": 99 });
        assert_eq!(app.act(&app.approver, &path, &stale, Some(json!({ "other_id": id(&third) }))).await.status, 412);
        assert_eq!(app.act(&app.editor, &path, &kept, Some(json!({ "other_id": id(&third) }))).await.status, 403);
        // Products of two suppliers are not one.
        let elsewhere = app.product(&third, "Rota Planner").await;
        let path = format!("/products/{}/merge", id(&elsewhere));
        let body = json!({ "other_id": id(&product) });
        assert_eq!(app.act(&app.approver, &path, &elsewhere, Some(body)).await.faults(422), ["/other_id other_supplier"]);
    }

    async fn two_products_of_one_supplier_become_one_and_two_again(app: App) {
        let (supplier, third) = (app.supplier("Harbour").await, app.supplier("Cirrus").await);
        let (kept, other) = (app.product(&supplier, "Rota").await, app.product(&supplier, "Rota Planner").await);
        for product in [&kept, &other] {
            hang_everything_on(&app, product, &third).await;
        }
        let (before, tables_before) = (hanging(&app).await, tables(&app).await);
        let kept = app.get(&app.viewer, &format!("/products/{}", id(&kept))).await.json(200);
        let path = format!("/products/{}/merge", id(&kept));
        let merger = app.act(&app.approver, &path, &kept, Some(json!({ "other_id": id(&other) }))).await.json(201);
        assert_eq!(app.get(&app.viewer, &format!("/products/{}", id(&other))).await.json(301)["errors"][0]["detail"], kept["id"]);
        assert_eq!(app.walk("/products", 200).await.len(), 1);
        for (number, path) in ["/evidence", "/assessments", "/decisions", "/risks", "/incidents"].iter().enumerate() {
            assert_eq!(app.walk(&format!("{path}?subject_id={}", id(&kept)), 200).await.len(), before[number + 1].len(), "{path}");
        }
        is_sound(&app).await;
        app.act(&app.approver, &format!("/mergers/{}/undo", id(&merger)), &merger, None).await.json(200);
        assert_eq!(hanging(&app).await, before);
        assert_eq!(tables(&app).await, tables_before);
    }

    async fn what_came_after_a_merger_stays_and_is_said(app: App) {
        let (kept, other) = (app.supplier("Harbour").await, app.supplier("Harbour Ltd").await);
        let product = app.product(&other, "Rota").await;
        let merger = merged(&app, &kept, json!({ "other_id": id(&other), "choices": { "name": "other" } })).await;
        let one = app.get(&app.viewer, &format!("/suppliers/{}", id(&kept))).await.json(200);
        app.patch(&app.editor, &format!("/suppliers/{}", id(&kept)), &one, json!({ "name": "Harbour Group" })).await.json(200);
        let of_kept = certificate(&app, &kept, "2027-12-31").await;
        let of_product = certificate(&app, &product, "2027-12-31").await;
        let undone = app.act(&app.approver, &format!("/mergers/{}/undo", id(&merger)), &merger, None).await.json(200);
        assert_eq!(undone["notes"], json!(["name was changed after the merger and stays as it is."]));
        let read = async |path: &str, item: &Value| app.get(&app.viewer, &format!("{path}/{}", id(item))).await.json(200);
        assert_eq!(read("/suppliers", &kept).await["name"], "Harbour Group");
        assert_eq!(read("/evidence", &of_kept).await["supplier_id"], kept["id"]);
        // What is about a product goes with it.
        assert_eq!(read("/evidence", &of_product).await["supplier_id"], other["id"]);
        assert_eq!(read("/products", &product).await["supplier_id"], other["id"]);
    }

    async fn a_merger_can_be_undone_for_thirty_days_and_only_once_and_the_last_first(app: App) {
        let (first, second, third) = (app.supplier("Harbour").await, app.supplier("Harbour Ltd").await, app.supplier("Harbour plc").await);
        let inner = merged(&app, &second, json!({ "other_id": id(&third) })).await;
        let second = app.get(&app.viewer, &format!("/suppliers/{}", id(&second))).await.json(200);
        let outer = merged(&app, &first, json!({ "other_id": id(&second) })).await;
        let undo = |merger: &Value| format!("/mergers/{}/undo", id(merger));
        assert_eq!(app.act(&app.approver, &undo(&inner), &inner, None).await.faults(409), ["merged_since"]);
        let undone = app.act(&app.approver, &undo(&outer), &outer, None).await.json(200);
        assert_eq!(app.act(&app.approver, &undo(&outer), &undone, None).await.faults(409), ["state"]);
        assert_eq!(inner["undo_until"], "2027-03-31");
        app.clock.set("2027-04-01T00:00:00Z".parse().expect("a moment"));
        assert_eq!(app.act(&app.approver, &undo(&inner), &inner, None).await.faults(409), ["too_late"]);
    }

    async fn an_identifier_that_somebody_else_has_by_now_stands_in_the_way_of_undoing(app: App) {
        let Two { kept, other, third, .. } = two(&app).await;
        let merger = merged(&app, &kept, json!({ "other_id": id(&other) })).await;
        let one = app.get(&app.viewer, &format!("/suppliers/{}", id(&kept))).await.json(200);
        app.patch(&app.editor, &format!("/suppliers/{}", id(&kept)), &one, json!({ "identifiers": [] })).await.json(200);
        let third = app.get(&app.viewer, &format!("/suppliers/{}", id(&third))).await.json(200);
        app.patch(&app.editor, &format!("/suppliers/{}", id(&third)), &third, json!({ "identifiers": other["identifiers"] })).await.json(200);
        let before = tables(&app).await;
        let refused = app.act(&app.approver, &format!("/mergers/{}/undo", id(&merger)), &merger, None).await;
        assert_eq!(refused.faults(409), ["/identifiers/0 duplicate"]);
        assert_eq!(tables(&app).await, before, "nothing is changed");
    }

    async fn a_person_who_is_erased_is_erased_from_what_undoing_needs(app: App) {
        let Two { kept, other, .. } = two(&app).await;
        let merger = merged(&app, &kept, json!({ "other_id": id(&other) })).await;
        app.post(&app.admin, "/people/erase", json!({ "name": "Sam Bell", "reason": "They asked." })).await.json(200);
        app.act(&app.approver, &format!("/mergers/{}/undo", id(&merger)), &merger, None).await.json(200);
        let back = app.get(&app.viewer, &format!("/suppliers/{}", id(&other))).await.json(200);
        assert_eq!(back["contacts"], json!([]));
    }

    async fn the_command_line_merges_and_undoes(app: App) {
        let kept = app.supplier("Harbour Linen").await;
        let other = app.post(&app.editor, "/suppliers", json!({ "name": "Harbour Linen Ltd", "website": "https://harbour.example.org" })).await.json(201);
        let merge = |more: &[&str]| {
            run(&[&["merge", "supplier", id(&kept), id(&other), "--database-url", &app.url], more].concat())
        };
        let (code, out, told) = merge(&["--dry-run"]);
        assert_eq!(code, Some(0), "{told}");
        assert!(out.contains("Harbour Linen Ltd would go into Harbour Linen.") && out.contains("website"), "{out}");
        assert_eq!(app.walk("/suppliers", 200).await.len(), 2);
        let (code, out, told) = merge(&["--take", "name"]);
        assert_eq!(code, Some(0), "{told}");
        let merger = app.walk("/mergers", 200).await.remove(0);
        assert!(out.contains(id(&merger)), "{out}");
        let one = app.get(&app.viewer, &format!("/suppliers/{}", id(&kept))).await.json(200);
        assert_eq!((&one["name"], &one["website"]), (&other["name"], &other["website"]));
        let (code, _, told) = run(&["merge", "undo", text(&merger, "id"), "--database-url", &app.url]);
        assert_eq!(code, Some(0), "{told}");
        let back = app.get(&app.viewer, &format!("/suppliers/{}", id(&other))).await.json(200);
        assert_eq!((&back["name"], &back["website"]), (&other["name"], &other["website"]));
        assert_eq!(app.walk("/suppliers", 200).await.len(), 2);
        assert_eq!(merge(&["--take", "colour"]).0, Some(6), "there is no such field");
    }
}
