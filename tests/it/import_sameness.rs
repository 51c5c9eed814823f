//! What the rows of an import are about: our ids, identifiers, and names as people compare them; contacts, contracts and
//! looks that come with them.

use poem::http::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, App, both, id, text};

async fn import(app: &App, query: &str, rows: Value) -> Answer {
    app.post(&app.editor, &format!("/suppliers/import{query}"), json!({ "rows": rows })).await
}

fn verdicts(report: &Value) -> Vec<&str> {
    report["rows"].as_array().expect("rows").iter().map(|row| text(row, "verdict")).collect()
}

async fn names(app: &App) -> Vec<String> {
    app.walk("/suppliers", 200).await.iter().map(|supplier| text(supplier, "name").to_owned()).collect()
}

/// A register kept by hand, read through a map.
const KEPT_BY_HAND: &str = "/suppliers/import?dates=dmy&map=Vendor=name,Contact=contacts.name,Contact%20e-mail=contacts.email,Contract=contracts.reference,Contract%20ends=contracts.ends_on,Notice%20days=contracts.notice_days,Last%20review=last_review_on,Next%20review=next_review_on";

const HAND: &str = "Vendor,Contact,Contact e-mail,Contract,Contract ends,Notice days,Last review,Next review\n\
Harbour Linen,Ann Example,ann@linen.example,C-1,31/03/2028,90,14/02/2025,14/02/2026\n\
Fernway Payroll,Bo Example,bo@payroll.example,C-2,30/06/2028,30,01/05/2026,01/05/2027\n";

async fn by_hand(app: &App, file: &str) -> Answer {
    let csv = [("content-type", "text/csv")];
    app.raw(&app.editor, Method::POST, KEPT_BY_HAND, Some(file.as_bytes().to_vec()), &csv).await
}

async fn open_review(app: &App, supplier: &Value) -> Value {
    app.walk(&format!("/reviews?subject_id={}", id(supplier)), 50).await.remove(0)
}

both! {
    async fn the_same_name_as_people_compare_names_is_the_same_supplier(app: App) {
        let there = app.post(&app.editor, "/suppliers", json!({ "name": "Harbour & Sons Ltd" })).await.json(201);
        let rows = json!([{ "name": "HARBOUR AND SONS LIMITED", "website": "https://harbour.example" }]);
        let report = import(&app, "", rows.clone()).await.json(200);
        assert_eq!((verdicts(&report), &report["rows"][0]["id"]), (vec!["change"], &there["id"]));
        let changed = app.get(&app.viewer, &format!("/suppliers/{}", id(&there))).await.json(200);
        assert_eq!((&changed["name"], &changed["website"]), (&json!("Harbour & Sons Ltd"), &json!("https://harbour.example")));
        assert_eq!(verdicts(&import(&app, "", rows).await.json(200)), ["unchanged"]);
        assert_eq!(names(&app).await, ["Harbour & Sons Ltd"]);
    }

    async fn what_is_found_by_an_identifier_takes_the_name_that_is_given(app: App) {
        app.post(&app.editor, "/suppliers", json!({ "name": "Old", "identifiers": [{ "scheme": "GB-NHS", "id": "8K417" }] })).await.json(201);
        let rows = json!([{ "name": "Quite another", "identifiers": [{ "scheme": "GB-NHS", "id": "8K417" }] }]);
        assert_eq!(verdicts(&import(&app, "", rows).await.json(200)), ["change"]);
        assert_eq!(names(&app).await, ["Quite another"]);
    }

    async fn a_near_name_is_a_question_and_nothing_happens_before_it_is_answered(app: App) {
        let there = app.supplier("Harbour Linen").await;
        let rows = json!([{ "name": "Harbour Linen Services UK", "website": "https://linen.example" }, { "name": "Tide" }]);
        let trial = import(&app, "?dry_run=true", rows.clone()).await.json(200);
        assert_eq!(verdicts(&trial), ["question", "create"]);
        let asked = &trial["questions"][0];
        assert_eq!(asked["key"], json!("same:harbour linen services uk"));
        assert!(asked["choices"].to_string().contains(id(&there)), "{asked}");
        assert!(import(&app, "", rows.clone()).await.faults(422).iter().any(|fault| fault.ends_with(" question")));
        assert_eq!(names(&app).await, ["Harbour Linen"]);
        let same = format!("?answers=same:harbour%20linen%20services%20uk={}", id(&there));
        let report = import(&app, &same, rows.clone()).await.json(200);
        assert_eq!((verdicts(&report), names(&app).await), (vec!["change", "create"], vec!["Harbour Linen".into(), "Tide".to_owned()]));
        let report = import(&app, "?answers=same:harbour%20linen%20services%20uk=new", rows).await.json(200);
        assert_eq!(verdicts(&report), ["create", "unchanged"]);
        assert_eq!(names(&app).await, ["Harbour Linen", "Harbour Linen Services UK", "Tide"]);
    }

    async fn an_answer_that_names_nobody_is_refused(app: App) {
        app.supplier("Harbour Linen").await;
        let rows = json!([{ "name": "Harbour Linen UK" }]);
        let nobody = "?dry_run=true&answers=same:harbour%20linen%20uk=sup_0190c5d2e5f27c3c8a4b0d6f1e2a3b4c";
        let report = import(&app, nobody, rows).await.json(200);
        assert_eq!((verdicts(&report), &report["rows"][0]["errors"][0]["code"]), (vec!["refused"], &json!("unknown_id")));
    }

    async fn the_same_name_with_another_identifier_of_the_same_scheme_is_a_question(app: App) {
        app.post(&app.editor, "/suppliers", json!({ "name": "The Willows", "identifiers": [{ "scheme": "GB-NHS", "id": "VL1" }] })).await.json(201);
        let row = |identifiers: Value| json!([{ "name": "Willows", "identifiers": identifiers, "notes": "x" }]);
        for (identifiers, verdict) in [
            (json!([{ "scheme": "GB-NHS", "id": "VL2" }]), "question"),
            (json!([{ "scheme": "GB-COH", "id": "04142000" }]), "change"),
            (json!([{ "scheme": "GB-NHS", "id": "VL1" }]), "change"),
        ] {
            let report = import(&app, "?dry_run=true", row(identifiers.clone())).await.json(200);
            assert_eq!(verdicts(&report), [verdict], "{identifiers}");
        }
    }

    async fn a_name_that_two_suppliers_have_is_a_question_with_both(app: App) {
        let (one, other) = (app.supplier("Twin Ltd").await, app.supplier("Twin").await);
        let report = import(&app, "?dry_run=true", json!([{ "name": "twin limited" }])).await.json(200);
        assert_eq!(verdicts(&report), ["question"]);
        let choices = report["questions"][0]["choices"].to_string();
        assert!(choices.contains(id(&one)) && choices.contains(id(&other)), "{choices}");
    }

    async fn of_two_rows_that_nothing_tells_apart_the_second_is_refused(app: App) {
        let row = |name: &str, code: &str| json!({ "name": name, "identifiers": [{ "scheme": "GB-NHS", "id": code }] });
        let rows = json!([{ "name": "Harbour Linen" }, { "name": "Harbour Linen Ltd." }, row("Willows", "VL1"), row("The Willows", "VL2"), { "name": "Harbour Linen UK" }]);
        let report = import(&app, "?dry_run=true", rows).await.json(200);
        assert_eq!(verdicts(&report), ["create", "refused", "create", "create", "question"]);
        let error = &report["rows"][1]["errors"][0];
        assert_eq!((&error["column"], &error["code"]), (&json!("name"), &json!("duplicate")));
        assert!(text(error, "detail").contains("row 1"), "{error}");
    }

    async fn an_archived_supplier_is_found_by_its_name_and_stays_archived(app: App) {
        let there = app.supplier("Harbour").await;
        app.act(&app.editor, &format!("/suppliers/{}/archive", id(&there)), &there, None).await.json(200);
        assert_eq!(verdicts(&import(&app, "", json!([{ "name": "harbour", "notes": "known" }])).await.json(200)), ["change"]);
        let now = app.get(&app.viewer, &format!("/suppliers/{}", id(&there))).await.json(200);
        assert_eq!((&now["status"], &now["notes"]), (&json!("archived"), &json!("known")));
    }

    async fn a_product_is_found_by_its_name_among_those_of_its_supplier(app: App) {
        let (harbour, other) = (app.supplier("Harbour").await, app.supplier("Other").await);
        let there = app.product(&harbour, "Harbour Notes").await;
        app.product(&other, "Harbour-Notes!").await;
        let row = |name: &str| json!({ "rows": [{ "supplier_name": "HARBOUR", "name": name, "kind": "software", "notes": "x" }] });
        let report = app.post(&app.editor, "/products/import?dry_run=true", row("harbour notes")).await.json(200);
        assert_eq!((verdicts(&report), &report["rows"][0]["id"]), (vec!["change"], &there["id"]));
        let report = app.post(&app.editor, "/products/import?dry_run=true", row("Harbour Notez")).await.json(200);
        assert_eq!(verdicts(&report), ["question"]);
        let report = app.post(&app.editor, "/products/import?dry_run=true", row("Rota")).await.json(200);
        assert_eq!(verdicts(&report), ["create"]);
    }

    async fn who_was_overdue_in_a_register_kept_by_hand_is_overdue(app: App) {
        let report = by_hand(&app, HAND).await.json(200);
        assert_eq!(verdicts(&report), ["create", "create"]);
        let linen = app.walk("/suppliers?q=linen", 200).await.remove(0);
        assert_eq!(linen["contacts"], json!([{ "name": "Ann Example", "role": null, "email": "ann@linen.example", "telephone": null }]));
        let contract = &linen["contracts"][0];
        assert_eq!((&contract["reference"], &contract["ends_on"], &contract["notice_days"]), (&json!("C-1"), &json!("2028-03-31"), &json!(90)));
        let overdue = app.walk("/reviews?overdue=true", 50).await;
        assert_eq!((overdue.len(), &overdue[0]["subject_id"], &overdue[0]["due_on"]), (1, &linen["id"], &json!("2026-02-14")));
        assert_eq!(app.line(&linen).await["review_overdue"], json!(true));
        let done = app.walk(&format!("/reviews?state=completed&subject_id={}", id(&linen)), 50).await;
        assert_eq!((done.len(), &text(&done[0], "completed_at")[..10]), (1, "2025-02-14"));
        // Said again, it changes nothing.
        let before = (app.walk("/reviews", 50).await, app.walk("/reviews?state=completed", 50).await);
        assert_eq!(verdicts(&by_hand(&app, HAND).await.json(200)), ["unchanged", "unchanged"]);
        assert_eq!((app.walk("/reviews", 50).await, app.walk("/reviews?state=completed", 50).await), before);
        let later = HAND.replace("ann@linen.example", "ann@laundry.example").replace("31/03/2028", "31/03/2029").replace("14/02/2026", "14/03/2027");
        let report = by_hand(&app, &later).await.json(200);
        let changes = report["rows"][0]["changes"].as_array().expect("changes");
        let mut fields: Vec<&str> = changes.iter().map(|change| text(change, "field")).collect();
        fields.sort_unstable();
        assert_eq!(fields, ["contacts.Ann Example.email", "contracts.C-1.ends_on", "next_review_on"]);
        assert_eq!((verdicts(&report)[1], &open_review(&app, &linen).await["due_on"]), ("unchanged", &json!("2027-03-14")));
    }

    async fn the_next_look_follows_from_the_last_one_and_not_from_the_import(app: App) {
        let rows = |day: &str| format!("Vendor,Contact,Contact e-mail,Contract,Contract ends,Notice days,Last review,Next review\nNew,,,,,,{day},\nOld,,,,,,{day},\n");
        let old = app.supplier("Old").await;
        assert_eq!(open_review(&app, &old).await["due_on"], json!("2027-09-01"));
        assert_eq!(verdicts(&by_hand(&app, &rows("10/01/2027")).await.json(200)), ["create", "change"]);
        for supplier in app.walk("/suppliers", 50).await {
            let review = open_review(&app, &supplier).await;
            assert_eq!((&review["due_on"], &review["reason"], &review["counted_from"]), (&json!("2027-07-10"), &json!("cadence"), &json!("2027-01-10")), "{supplier}");
        }
        // What was done before that is history.
        assert_eq!(verdicts(&by_hand(&app, &rows("10/01/2026")).await.json(200)), ["change", "change"]);
        assert_eq!(open_review(&app, &old).await["due_on"], json!("2027-07-10"));
        assert_eq!(app.walk(&format!("/reviews?state=completed&subject_id={}", id(&old)), 50).await.len(), 2);
        let ahead = by_hand(&app, &rows("02/03/2027")).await;
        assert!(ahead.faults(422).iter().all(|fault| fault.ends_with("/last_review_on range")), "{}", ahead.text);
    }

    async fn contacts_are_known_by_their_address_else_their_name_and_a_contract_without_a_reference_gets_one(app: App) {
        let contacts = json!([{ "name": "Ann Example", "email": "Ann@linen.example", "telephone": "+44 1" }, { "name": "Bo" }]);
        let there = app.post(&app.editor, "/suppliers", json!({ "name": "Harbour Linen", "contacts": contacts })).await.json(201);
        let file = |name: &str, email: &str, ends: &str| format!("Vendor,Contact,Contact e-mail,Contract,Contract ends,Notice days,Last review,Next review\nHarbour Linen,{name},{email},,{ends},,,\n");
        let said = async |name: &str, email: &str, ends: &str| {
            by_hand(&app, &file(name, email, ends)).await.json(200);
            let now = app.get(&app.viewer, &format!("/suppliers/{}", id(&there))).await.json(200);
            let list = |field: &str, name: &str| now[field].as_array().expect("a list").iter().map(|item| text(item, name).to_owned()).collect::<Vec<_>>().join(", ");
            format!("{} / {}", list("contacts", "name"), list("contracts", "reference"))
        };
        assert_eq!(said("Ann Married", "ann@LINEN.example", "").await, "Ann Married, Bo / ");
        assert_eq!(said("BO", "bo@linen.example", "31/03/2028").await, "Ann Married, Bo / Contract 1");
        assert_eq!(said("Cy", "cy@linen.example", "31/03/2029").await, "Ann Married, Bo, Cy / Contract 1");
    }
}
