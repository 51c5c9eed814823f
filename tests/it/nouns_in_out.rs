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
