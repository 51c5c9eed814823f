//! What the operations about imports are done to, and with what.

use poem::http::Method;
use serde_json::{Value, json};

use super::{Target, unique};
use crate::harness::{App, etag, id, person};

/// A draft of an import of a supplier of this name. There can be only some at a time: the oldest make room.
async fn import_draft(app: &App, name: &str) -> Value {
    let waiting = app.get(&app.admin, "/imports?state=draft&limit=200").await.json(200);
    let waiting = waiting["items"].as_array().expect("a list");
    // All at once: a test that looks at the others around one of its own is hardly ever met by it.
    for draft in waiting.iter().skip(if waiting.len() > 17 { 5 } else { waiting.len() }) {
        let headers = [("if-match", &etag(draft)[..])];
        app.send(&app.admin, Method::DELETE, &format!("/imports/{}", id(draft)), None, &headers).await;
    }
    let headers = [("content-type", "text/csv")];
    let file = format!("name\r\n{name}\r\n").into_bytes();
    app.raw(&app.admin, Method::POST, "/imports?file_name=list.csv", Some(file), &headers).await.json(201)
}

/// What an import of one row is sent.
fn rows(row: Value) -> Target {
    Target::with(json!({ "rows": [row] }))
}

/// Something to do this operation about imports to, and a body that does it; nothing where it is another's.
pub(super) async fn target(app: &App, operation: &str) -> Option<Target> {
    let supplier = || app.supplier("Harbour Care Systems");
    Some(match operation {
        "create_import" => {
            Target::none().file("?noun=suppliers&file_name=list.csv", format!("name\r\n{}\r\n", unique()).into_bytes())
        }
        "read_import"
        | "delete_import"
        | "read_import_recognised"
        | "read_import_report"
        | "export_refused_rows"
        | "apply_import" => Target::on(import_draft(app, &unique()).await),
        "change_import" => {
            Target::on(import_draft(app, &unique()).await).and(json!({ "answers": { "same:harbour": "new" } }))
        }
        "undo_import" | "list_import_items" => {
            let draft = import_draft(app, &unique()).await;
            let headers = [("if-match", &etag(&draft)[..])];
            let path = format!("/imports/{}", id(&draft));
            app.send(&app.admin, Method::POST, &format!("{path}/apply"), None, &headers).await.json(200);
            Target::on(app.get(&app.admin, &path).await.json(200))
        }

        "import_everything" => {
            // A whole register goes into one in which there is nothing yet.
            let owner = person(&app.store, &format!("Empty {}", unique()), diligence_entities::role::Role::Admin).await;
            let archive = app.get(&owner, "/register.zip").await.bytes;
            Target::none().file("", archive).by(owner)
        }
        "import_contacts" => rows(json!({ "supplier_id": id(&supplier().await), "name": unique() })),
        "import_contracts" => rows(json!({ "supplier_id": id(&supplier().await), "reference": unique() })),
        "import_dependencies" => rows(json!({
            "subject_id": id(&supplier().await), "rests_on_id": id(&supplier().await), "kind": "host",
        })),
        "import_evidence" => rows(json!({
            "subject_id": id(&supplier().await), "kind": "iso_27001", "reference": unique(), "issued_on": "2027-01-05",
        })),
        "import_incidents" => rows(json!({
            "subject_id": id(&supplier().await), "title": unique(), "severity": "low", "occurred_on": "2027-01-05",
        })),
        "import_risks" => rows(json!({
            "subject_id": id(&supplier().await), "title": unique(), "likelihood": 3, "impact": 4,
        })),
        "import_decisions" => rows(json!({
            "subject_id": id(&supplier().await), "questionnaire": "supplier-security", "outcome": "approved",
            "decided_by": "Jo Bell", "decided_on": "2026-05-01",
        })),
        "import_reviews" => rows(json!({ "subject_id": id(&supplier().await), "due_on": "2027-03-10" })),
        "import_suppliers" => Target::with(json!({ "rows": [{ "name": unique() }] })),
        "import_products" => Target::with(
            json!({ "rows": [{ "supplier_id": id(&supplier().await), "name": unique(), "kind": "software" }] }),
        ),
        _ => return None,
    })
}
