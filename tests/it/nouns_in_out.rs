//! Every noun as a table, out and in.

use serde_json::{Value, json};

use crate::harness::{App, both, id, text};

/// The rows of a table, its header first.
async fn table(app: &App, path: &str) -> Vec<Vec<String>> {
    let answer = app.get(&app.viewer, path).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    let mut rows = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(answer.text.as_bytes());
    rows.records().map(|row| row.expect("a row").iter().map(str::to_owned).collect()).collect()
}

/// What a row says in a column.
fn cell<'a>(rows: &'a [Vec<String>], row: usize, column: &str) -> &'a str {
    let at = rows[0].iter().position(|name| name == column).unwrap_or_else(|| panic!("no column {column}"));
    &rows[row][at]
}

async fn with_people(app: &App) -> Value {
    app.post(
        &app.editor,
        "/suppliers",
        json!({
            "name": "Harbour",
            "contacts": [{ "name": "Kim Lee", "email": "kim@harbour.example" }, { "name": "Desk" }],
            "contracts": [{ "reference": "C-1", "ends_on": "2028-03-31", "notice_days": 90, "value": { "amount_minor": 1200, "currency": "GBP" } }]
        }),
    )
    .await
    .json(201)
}

both! {
    async fn contacts_and_contracts_are_tables_with_a_line_for_each(app: App) {
        let harbour = with_people(&app).await;
        app.supplier("Tide").await;
        let contacts = table(&app, "/contacts.csv").await;
        assert_eq!(contacts.len(), 3);
        assert_eq!((cell(&contacts, 1, "supplier_id"), cell(&contacts, 1, "supplier_name")), (id(&harbour), "Harbour"));
        assert_eq!((cell(&contacts, 1, "name"), cell(&contacts, 1, "email"), cell(&contacts, 2, "name")), ("Kim Lee", "kim@harbour.example", "Desk"));
        let contracts = table(&app, "/contracts.csv").await;
        assert_eq!(contracts.len(), 2);
        assert_eq!((cell(&contracts, 1, "reference"), cell(&contracts, 1, "notice_days")), ("C-1", "90"));
        assert_eq!((cell(&contracts, 1, "value.amount_minor"), cell(&contracts, 1, "value.currency")), ("1200", "GBP"));
        assert_eq!(table(&app, "/contacts.csv?q=tide").await.len(), 1);
    }

    async fn dependencies_incidents_and_reviews_are_tables_filtered_as_their_lists(app: App) {
        let (harbour, host) = (app.supplier("Harbour").await, app.supplier("Host").await);
        let rests = json!({ "subject_id": id(&harbour), "rests_on_id": id(&host), "kind": "host" });
        let dependency = app.post(&app.editor, "/dependencies", rests).await.json(201);
        let dependencies = table(&app, "/dependencies.csv").await;
        assert_eq!((dependencies.len(), cell(&dependencies, 1, "id"), cell(&dependencies, 1, "kind")), (2, id(&dependency), "host"));
        assert_eq!(table(&app, "/dependencies.csv?kind=component").await.len(), 1);
        app.post(&app.editor, "/incidents", json!({ "subject_id": id(&harbour), "title": "Out", "severity": "high", "occurred_on": "2027-02-01" })).await.json(201);
        let incidents = table(&app, "/incidents.csv").await;
        assert_eq!((incidents.len(), cell(&incidents, 1, "title"), cell(&incidents, 1, "severity")), (2, "Out", "high"));
        let due = app.get(&app.viewer, &format!("/reviews?subject_id={}", id(&harbour))).await.json(200)["items"][0].clone();
        app.act(&app.editor, &format!("/reviews/{}/complete", id(&due)), &due, Some(json!({ "outcome": "Fine" }))).await.json(200);
        let open = table(&app, "/reviews.csv").await;
        let all = table(&app, "/reviews.csv?any_state=true").await;
        assert_eq!(all.len(), open.len() + 1);
        assert!((1..all.len()).any(|row| cell(&all, row, "outcome") == "Fine" && cell(&all, row, "state") == "completed"));
        assert_eq!(app.get(&app.viewer, "/reviews?any_state=true&state=open").await.faults(422), ["?any_state contradiction"]);
        assert!(text(&due, "id").starts_with("rev_"));
    }
}

const CSV: [(&str, &str); 1] = [("content-type", "text/csv")];

async fn brought(app: &App, who: &crate::harness::Person, path: &str, file: &str) -> crate::harness::Answer {
    app.raw(who, poem::http::Method::POST, path, Some(file.as_bytes().to_vec()), &CSV).await
}

/// The verdicts of a report, in order.
fn verdicts(report: &Value) -> Vec<&str> {
    report["rows"].as_array().expect("rows").iter().map(|row| text(row, "verdict")).collect()
}

both! {
    async fn who_rests_on_whom_comes_in_by_names_and_twice_is_once(app: App) {
        let notes = app.supplier("Harbour Notes").await;
        for name in ["Nimbus Cloud", "Quill AI"] {
            app.supplier(name).await;
        }
        let file = "supplier_name,rests_on_supplier_name,kind,description\nHarbour Notes Ltd,Nimbus Cloud,sub_processor,Hosts the service\nHarbour Notes Ltd,Quill AI,model_provider,\n";
        let dry = brought(&app, &app.editor, "/dependencies/import?dry_run=true", file).await.json(200);
        assert_eq!((verdicts(&dry), table(&app, "/dependencies.csv").await.len()), (vec!["create", "create"], 1));
        brought(&app, &app.editor, "/dependencies/import", file).await.json(200);
        let again = brought(&app, &app.editor, "/dependencies/import", file).await.json(200);
        assert_eq!(verdicts(&again), ["unchanged", "unchanged"]);
        let rows = table(&app, &format!("/dependencies.csv?subject_id={}", id(&notes))).await;
        assert_eq!(rows.len(), 3);
        // What goes out comes in again, and changes nothing.
        let own = app.get(&app.viewer, "/dependencies.csv").await.text;
        assert_eq!(verdicts(&brought(&app, &app.editor, "/dependencies/import", &own).await.json(200)), ["unchanged", "unchanged"]);
        let wrong = "supplier_name,rests_on_supplier_name,kind\nNobody,Nimbus Cloud,host\nQuill AI,Quill AI,host\n,Quill AI,host\n";
        let faults = brought(&app, &app.editor, "/dependencies/import", wrong).await.faults(422);
        assert_eq!(faults, ["/rows/0/supplier_name unknown_name", "/rows/1/rests_on_id same", "/rows/2/subject_id missing"]);
    }

    async fn contacts_and_contracts_come_in_a_line_each_and_leave_the_others_alone(app: App) {
        let harbour = with_people(&app).await;
        let file = "supplier_name,name,email,telephone\nHarbour,Kim Lee-Marsh,KIM@harbour.example,\nHarbour,Ann Example,ann@harbour.example,020 7946 0000\n";
        let report = brought(&app, &app.editor, "/contacts/import", file).await.json(200);
        assert_eq!(verdicts(&report), ["change", "create"]);
        let contacts = app.get(&app.viewer, &format!("/suppliers/{}", id(&harbour))).await.json(200)["contacts"].clone();
        let names: Vec<&str> = contacts.as_array().expect("a list").iter().map(|contact| text(contact, "name")).collect();
        assert_eq!(names, ["Kim Lee-Marsh", "Desk", "Ann Example"]);
        let file = format!("supplier_id,reference,ends_on\n{},C-1,2029-03-31\n{},C-2,2030-03-31\n", id(&harbour), id(&harbour));
        let report = brought(&app, &app.editor, "/contracts/import", &file).await.json(200);
        assert_eq!(verdicts(&report), ["change", "create"]);
        let contracts = table(&app, "/contracts.csv").await;
        assert_eq!((cell(&contracts, 1, "ends_on"), cell(&contracts, 1, "notice_days"), cell(&contracts, 2, "reference")), ("2029-03-31", "90", "C-2"));
        for noun in ["contacts", "contracts"] {
            let own = app.get(&app.viewer, &format!("/{noun}.csv")).await.text;
            let report = brought(&app, &app.editor, &format!("/{noun}/import"), &own).await.json(200);
            assert!(verdicts(&report).iter().all(|verdict| *verdict == "unchanged"), "{report}");
        }
    }

    async fn incidents_risks_and_evidence_come_in_and_out_alike(app: App) {
        app.supplier("Harbour").await;
        for (noun, file) in [
            ("incidents", "supplier_name,title,severity,occurred_on\nHarbour,No rotas,moderate,2027-01-05\n"),
            ("evidence", "supplier_name,kind,reference,issued_on\nHarbour,iso_27001,IS 1,2027-01-05\n"),
        ] {
            let report = brought(&app, &app.editor, &format!("/{noun}/import"), file).await.json(200);
            assert_eq!(verdicts(&report), ["create"], "{noun}");
            let own = app.get(&app.viewer, &format!("/{noun}.csv")).await.text;
            let report = brought(&app, &app.editor, &format!("/{noun}/import"), &own).await.json(200);
            assert_eq!(verdicts(&report), ["unchanged"], "{noun}: {report}");
        }
        let risk = json!({ "rows": [{ "supplier_name": "Harbour", "title": "No spare", "likelihood": 3, "impact": 4, "actions": [{ "title": "Buy one", "owner": "Sam", "due_on": "2027-05-01" }] }] });
        assert_eq!(verdicts(&app.post(&app.editor, "/risks/import", risk.clone()).await.json(200)), ["create"]);
        assert_eq!(verdicts(&app.post(&app.editor, "/risks/import", risk).await.json(200)), ["unchanged"]);
        let risks = app.get(&app.viewer, "/risks").await.json(200)["items"].clone();
        assert_eq!((risks.as_array().expect("a list").len(), &risks[0]["actions"][0]["title"]), (1, &json!("Buy one")));
    }

    async fn what_was_decided_before_keeps_its_day_and_its_words_and_is_an_approvers_to_bring_in(app: App) {
        let harbour = app.supplier("Harbour").await;
        let row = |day: &str, outcome: &str| json!({ "supplier_name": "Harbour", "questionnaire": "supplier-security", "outcome": outcome, "decided_by": "Jo Bell", "decided_on": day });
        let file = json!({ "rows": [row("2026-05-01", "refused"), row("2025-05-01", "approved")] });
        assert_eq!(app.post(&app.editor, "/decisions/import", file.clone()).await.status, 403);
        assert_eq!(verdicts(&app.post(&app.approver, "/decisions/import", file.clone()).await.json(200)), ["create", "create"]);
        let decisions = app.get(&app.viewer, "/decisions").await.json(200)["items"].clone();
        let told = |index: usize| (text(&decisions[index], "decided_at").get(..10).expect("a day"), text(&decisions[index], "outcome"), decisions[index]["superseded"].as_bool());
        assert_eq!((told(0), told(1)), (("2026-05-01", "refused", Some(false)), ("2025-05-01", "approved", Some(true))));
        assert_eq!(text(&decisions[0], "decided_by"), "Jo Bell (from a file)");
        // Nothing is rated by it, the trail holds, and it is not decided again.
        assert_eq!(app.line(&harbour).await["rating"], json!("unassessed"));
        assert_eq!(app.get(&app.admin, "/audit-events/verification").await.json(200)["sound"], true);
        assert_eq!(verdicts(&app.post(&app.approver, "/decisions/import", file).await.json(200)), ["unchanged", "unchanged"]);
        let other = json!({ "rows": [row("2026-05-01", "approved"), row("2027-03-02", "approved")] });
        assert_eq!(app.post(&app.approver, "/decisions/import", other).await.faults(422), ["/rows/0/outcome fixed", "/rows/1/decided_on future"]);
    }

    async fn where_duties_are_separated_only_an_administrator_brings_decisions_in_and_they_are_listed(app: App) {
        app.supplier("Harbour").await;
        let policy = app.get(&app.admin, "/policy").await.json(200);
        app.patch(&app.admin, "/policy", &policy, json!({ "separation_of_duties": "not_who_answered" })).await.json(200);
        let file = json!({ "rows": [{ "supplier_name": "Harbour", "questionnaire": "supplier-security", "outcome": "approved", "decided_by": "Jo Bell", "decided_on": "2026-05-01" }] });
        assert_eq!(app.post(&app.approver, "/decisions/import", file.clone()).await.status, 403);
        app.post(&app.admin, "/decisions/import", file).await.json(200);
        assert_eq!(app.get(&app.viewer, "/decisions?overridden=true").await.json(200)["items"].as_array().expect("a list").len(), 1);
    }

    async fn looks_of_before_come_in_and_who_was_overdue_is_overdue(app: App) {
        let harbour = app.supplier("Harbour").await;
        let file = "supplier_name,completed_on,completed_by,outcome,due_on\nHarbour,2025-02-14,Jo Bell,All well,\nHarbour,,,,2026-02-14\n";
        let report = brought(&app, &app.editor, "/reviews/import", file).await.json(200);
        assert_eq!(verdicts(&report), ["create", "change"]);
        let open = app.get(&app.viewer, &format!("/reviews?subject_id={}", id(&harbour))).await.json(200)["items"][0].clone();
        assert_eq!((text(&open, "due_on"), text(&open, "counted_from")), ("2026-02-14", "2025-02-14"));
        let done = app.get(&app.viewer, "/reviews?state=completed").await.json(200)["items"][0].clone();
        assert_eq!((text(&done, "completed_by"), text(&done, "outcome")), ("Jo Bell (from a file)", "All well"));
        assert_eq!(verdicts(&brought(&app, &app.editor, "/reviews/import", file).await.json(200)), ["unchanged", "unchanged"]);
    }
}
