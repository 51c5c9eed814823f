//! Real public data: organisations of the Data Security and Protection Toolkit as suppliers, and the AI tools that
//! public bodies published transparency records for as their products. The data lies beside the repository, not in it.

use std::{collections::BTreeSet, path::PathBuf};

use poem::http::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, App, best, both, id, text, worst};

/// The folder of public data, where there is one.
fn data() -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    if !folder.exists() {
        eprintln!("skipped: there is no {}", folder.display());
        return None;
    }
    Some(folder)
}

const MAP: &str = "OrganisationName=name,ODSCode=identifiers:GB-NHS%7CLOCAL,PublicationStatus=evidence.dspt.statement,DateOfPublication=evidence.dspt.issued_on";

async fn import(app: &App, path: &str, content_type: &str, body: String) -> Answer {
    let key = app.editor.key.clone().expect("a key");
    let request = app
        .client
        .request(Method::POST, format!("/api/v1{path}"))
        .header("authorization", format!("Bearer {key}"))
        .content_type(content_type)
        .body(body);
    Answer::of(request.send().await).await
}

/// Who published a record; a few do not say.
fn publisher(tool: &Value) -> &str {
    tool["publishing_body"].as_str().unwrap_or("Publisher not stated")
}

/// All rows of a CSV file that the API serves.
async fn rows(app: &App, path: &str) -> Vec<csv::StringRecord> {
    let answer = app.get(&app.viewer, path).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(answer.text.as_bytes())
        .records()
        .map(|row| row.expect("a row"))
        .collect()
}

/// All items of a list that the API serves.
async fn items(app: &App, path: &str) -> Vec<Value> {
    let separator = if path.contains('?') { '&' } else { '?' };
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = app.get(&app.viewer, &format!("{path}{separator}limit=200{cursor}")).await.json(200);
        all.extend(page["items"].as_array().expect("a list").iter().cloned());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

both! {
    async fn a_thousand_real_suppliers_and_their_ai_come_in_are_assessed_and_go_out_without_loss(app: App) {
        let Some(folder) = data() else { return };

        let dspt = std::fs::read_to_string(folder.join("dspt_organisations_2019-06-17.csv")).expect("the file");
        let companies: Vec<csv::StringRecord> = csv::Reader::from_reader(dspt.as_bytes()).records().map(|row| row.expect("a row")).filter(|row| &row[4] == "Company").collect();
        assert_eq!(companies.len(), 1265);
        let path = format!("/suppliers/import?map={MAP}&where=PrimarySector=Company&dates=dmy");
        let trial = import(&app, &format!("{path}&dry_run=true"), "text/csv", dspt.clone()).await.json(200);
        assert_eq!((&trial["created_count"], &trial["refused_count"], &trial["applied"]), (&json!(1265), &json!(0), &json!(false)));
        assert!(items(&app, "/suppliers").await.is_empty());
        let report = import(&app, &path, "text/csv", dspt.clone()).await.json(200);
        assert_eq!((&report["created_count"], &report["applied"]), (&json!(1265), &json!(true)));
        let again = import(&app, &path, "text/csv", dspt).await.json(200);
        assert_eq!((&again["unchanged_count"], &again["evidence_created_count"], &again["evidence_changed_count"]), (&json!(1265), &json!(0), &json!(0)));

        let atrs: Value = serde_json::from_str(&std::fs::read_to_string(folder.join("atrs_records.json")).expect("the file")).expect("JSON");
        let tools = atrs["records"].as_array().expect("records");
        let bodies: BTreeSet<&str> = tools.iter().map(publisher).collect();
        let body = json!({ "rows": bodies.iter().map(|name| json!({ "name": name })).collect::<Vec<_>>() }).to_string();
        assert_eq!(import(&app, "/suppliers/import", "application/json", body).await.json(200)["created_count"], json!(bodies.len()));
        let product = |tool: &Value| {
            json!({
                "supplier_name": publisher(tool), "name": tool["title"], "kind": "ai_system", "ai_features": "core", "purpose": tool["description"],
                "ai_profile": { "purpose": tool["description"], "transparency_record": tool["url"] },
            })
        };
        let body = json!({ "rows": tools.iter().map(product).collect::<Vec<_>>() }).to_string();
        assert_eq!(import(&app, "/products/import", "application/json", body).await.json(200)["created_count"], json!(136));

        let suppliers = items(&app, "/suppliers").await;
        assert_eq!(suppliers.len(), 1265 + bodies.len());
        // Five codes of the list are none of the scheme's, and are kept as they are.
        let held: BTreeSet<String> = suppliers.iter().flat_map(|supplier| supplier["identifiers"].as_array().expect("a list").iter().map(|held| text(held, "id").to_uppercase())).collect();
        assert_eq!(held, companies.iter().map(|row| row[1].trim().to_uppercase()).collect());
        let stated = companies.iter().filter(|row| !row[2].trim().is_empty()).count();
        assert_eq!(items(&app, "/evidence?kind=dspt").await.len(), stated);

        // Every second one answers at its best, the others at their worst.
        let products = items(&app, "/products").await;
        let subjects = suppliers.iter().step_by(40).take(30).map(|subject| ("supplier-security", subject)).chain(products.iter().step_by(5).take(25).map(|subject| ("ethical-ai-in-care", subject)));
        let mut assessed = 0;
        for (number, (questionnaire, subject)) in subjects.enumerate() {
            let approved = app.approved(questionnaire, subject, if number % 2 == 0 { best } else { worst }).await;
            assert_eq!(approved["state"], json!("approved"));
            assessed += 1;
        }
        assert_eq!(assessed, 55);

        // What the JSON says, the CSV says.
        let lines = items(&app, "/register").await;
        assert_eq!(lines.len(), suppliers.len() + products.len());
        let table = rows(&app, "/register.csv").await;
        let (header, table) = table.split_first().expect("a header");
        assert_eq!(table.len(), lines.len());
        let column = |name: &str| header.iter().position(|known| known == name).unwrap_or_else(|| panic!("a column {name}"));
        for (row, line) in table.iter().zip(&lines) {
            assert_eq!((&row[column("subject_id")], &row[column("rating")]), (text(line, "subject_id"), text(line, "rating")));
            let score = |value: &Value| value.as_f64().map(|score| format!("{score:.1}")).unwrap_or_default();
            assert_eq!(row[column("security.claimed")], score(&line["security"]["claimed"]));
            assert_eq!(row[column("ethical_ai.evidenced")], score(&line["ethical_ai"]["evidenced"]));
        }
        let summary = app.get(&app.viewer, "/register/summary").await.json(200);
        assert_eq!((&summary["supplier_count"], &summary["product_count"]), (&json!(suppliers.len()), &json!(products.len())));
        let in_register: i64 = table.iter().map(|row| ["low", "moderate", "high", "extreme"].iter().map(|band| row[column(&format!("open_risks.{band}"))].parse::<i64>().expect("a count")).sum::<i64>()).sum();
        let in_map: i64 = summary["heat_map"].as_array().expect("cells").iter().filter_map(|cell| cell["count"].as_i64()).sum();
        let risks = items(&app, "/risks").await.len();
        assert!(risks > 0);
        assert_eq!((in_register, in_map), (i64::try_from(risks).expect("few"), i64::try_from(risks).expect("few")));
        assert_eq!(rows(&app, "/risks.csv").await.len() - 1, risks);
        assert_eq!(rows(&app, "/assessments.csv").await.len() - 1, assessed);
        assert_eq!(rows(&app, "/evidence.csv").await.len() - 1, stated);

        // Every stored answer leaves too.
        let mut answered = 0;
        for assessment in items(&app, "/assessments").await {
            answered += app.get(&app.viewer, &format!("/assessments/{}/answers", id(&assessment))).await.json(200)["answers"].as_object().expect("answers").len();
        }
        assert_eq!(rows(&app, "/answers.csv").await.len() - 1, answered);

        // What was exported comes back as it was.
        for noun in ["suppliers", "products"] {
            let file = app.get(&app.viewer, &format!("/{noun}.csv")).await.text;
            let report = import(&app, &format!("/{noun}/import"), "text/csv", file).await.json(200);
            assert_eq!((&report["unchanged_count"], &report["changed_count"], &report["created_count"]), (&report["row_count"], &json!(0), &json!(0)), "{noun}");
        }
        assert_eq!(items(&app, "/register").await, lines);
    }
}
