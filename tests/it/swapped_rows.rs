//! Rows that someone swapped, changed or took away in the database underneath: verifying the audit trail finds each
//! decision they belong to, and names it.

use sea_orm::{ConnectionTrait as _, Database, DatabaseConnection, Statement};
use serde_json::{Value, json};

use crate::{
    assessments::{approved, certificate, submitted},
    harness::{App, both, id, text},
    pages::{holds, lacks, shown, someone},
    server::command,
};

async fn run(database: &DatabaseConnection, statement: &str) {
    database.execute_unprepared(statement).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
}

/// What stands in a column of the row with this key.
async fn held(database: &DatabaseConnection, table: &str, key: &str, id: &str, column: &str) -> Option<String> {
    let query = format!("SELECT {column} AS held FROM {table} WHERE {key} = '{id}'");
    let statement = Statement::from_string(database.get_database_backend(), query);
    let rows = database.query_all_raw(statement).await.expect("rows");
    rows.first().expect("a row").try_get("", "held").expect("text")
}

/// Puts what stands in these columns of one row in the place of what stands there in the other, and the other way round:
/// done twice, all is as it was.
async fn swap(database: &DatabaseConnection, table: &str, key: &str, columns: &[&str], [one, other]: [&str; 2]) {
    for column in columns {
        let (first, second) =
            (held(database, table, key, one, column).await, held(database, table, key, other, column).await);
        for (id, text) in [(one, second), (other, first)] {
            let text = text.map_or_else(|| "NULL".to_owned(), |text| format!("'{}'", text.replace('\'', "''")));
            run(database, &format!("UPDATE {table} SET {column} = {text} WHERE {key} = '{id}'")).await;
        }
    }
}

/// The places of the events whose decisions are not kept as they tell, and the sentences.
async fn replaced(app: &App) -> (Vec<i64>, String) {
    let found = app.get(&app.admin, "/audit-events/verification").await.json(200);
    let faults = found["faults"].as_array().expect("a list");
    assert_eq!((&found["sound"], &found["fault_count"]), (&json!(faults.is_empty()), &json!(faults.len())));
    assert!(faults.iter().all(|fault| fault["kind"] == json!("replaced")), "{found}");
    let sentences: Vec<&str> = faults.iter().map(|fault| text(fault, "detail")).collect();
    (faults.iter().filter_map(|fault| fault["sequence"].as_i64()).collect(), sentences.join("\n"))
}

/// What the command line says: whether the trails are sound, and what is wrong.
fn console(app: &App) -> (bool, String) {
    let output = command(&["audit", "verify"]).env("DATABASE_URL", &app.url).output().expect("the program runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(matches!(output.status.code(), Some(0 | 6)), "{said}");
    (output.status.success(), said)
}

/// The place of the one event that did this to an item.
async fn place(app: &App, action: &str, item_id: &str) -> i64 {
    let mut events = app.walk(&format!("/audit-events?action={action}&item_id={item_id}"), 50).await;
    assert_eq!(events.len(), 1, "{action} {item_id}");
    events.remove(0)["sequence"].as_i64().expect("a number")
}

/// Two approved assessments, of two suppliers, answered otherwise: each with its decision.
async fn two_decided(app: &App) -> [(Value, Value); 2] {
    let (harbour, ferry) = (app.supplier("Harbour").await, app.supplier("Ferry").await);
    let ours = certificate(app, &harbour, "2027-12-31").await;
    let first = approved(
        app,
        &harbour,
        json!({ "mfa": { "value": "yes", "evidence_ids": [id(&ours)] }, "hosting": { "value": "ours" } }),
    )
    .await;
    let theirs = certificate(app, &ferry, "2027-12-31").await;
    let answers = json!({ "mfa": { "value": "yes", "evidence_ids": [id(&theirs)] }, "hosting": { "value": "theirs" }, "exit": { "value": "yes" } });
    let second = submitted(app, &ferry, answers).await;
    let with = json!({ "comment": "For now.", "lapses_on": "2027-12-31", "conditions": [{ "text": "Move", "owner": "Jo", "due_on": "2027-09-30" }] });
    let second =
        app.act(&app.approver, &format!("/assessments/{}/approve", id(&second)), &second, Some(with)).await.json(200);
    let decisions = app.walk("/decisions", 50).await;
    let of = |assessment: &Value| {
        decisions.iter().find(|decision| decision["assessment_id"] == assessment["id"]).expect("one").clone()
    };
    let (of_first, of_second) = (of(&first), of(&second));
    [(first, of_first), (second, of_second)]
}

both! {
    async fn rows_swapped_between_two_decisions_are_found_and_each_is_named(app: App) {
        let [(first, first_decision), (second, second_decision)] = two_decided(&app).await;
        let (assessments, decisions) = ([id(&first), id(&second)], [id(&first_decision), id(&second_decision)]);
        let database = Database::connect(&app.url).await.expect("the database answers");
        let approved = [place(&app, "approve", assessments[0]).await, place(&app, "approve", assessments[1]).await];
        let recorded = [place(&app, "create", decisions[0]).await, place(&app, "create", decisions[1]).await];
        assert_eq!((replaced(&app).await.0, console(&app).0), (vec![], true));

        let (sheet, row, record) = (("answer_sheet", "assessment_id"), ("assessment", "id"), ("decision", "id"));
        let cases: [(_, &[&str], _, _, &str); 8] = [
            (sheet, &["answers"], assessments, approved, "\"Whose computers is it on?\" (hosting), \"Is a second factor asked for?\" (mfa)"),
            (sheet, &["receipt"], assessments, approved, "its receipt was changed or swapped"),
            (sheet, &["answers", "review", "receipt", "basis"], assessments, approved, "its receipt was changed or swapped"),
            (sheet, &["basis"], assessments, approved, "the evidence or the profile it was decided on was changed or swapped"),
            (row, &["claimed", "evidenced"], assessments, approved, "its scores were changed or swapped"),
            (row, &["subject_id", "supplier_id"], assessments, approved, "the supplier or product it is of was changed or swapped"),
            (record, &["assessment_id"], decisions, recorded, "the assessment it was made on was changed or swapped"),
            (record, &["outcome", "comment", "conditions", "lapses_on"], decisions, recorded, "its outcome, its comment, its conditions, the day it lapses were changed or swapped"),
        ];
        for ((table, key), columns, items, places, expected) in cases {
            swap(&database, table, key, columns, items).await;
            let (found, sentences) = replaced(&app).await;
            assert_eq!(found, places, "{table} {columns:?}: {sentences}");
            let (sound, said) = console(&app);
            assert!(!sound, "{table} {columns:?}");
            for (sentence, item) in sentences.lines().zip(items) {
                assert!(sentence.contains(item) && sentence.contains(expected) && said.contains(sentence), "{sentence}\n{said}");
            }
            swap(&database, table, key, columns, items).await;
            assert_eq!(replaced(&app).await.0, Vec::<i64>::new(), "{table} {columns:?}");
        }
    }

    async fn rows_of_a_decision_that_were_changed_or_taken_away_are_found_and_named(app: App) {
        let [(first, first_decision), (second, second_decision)] = two_decided(&app).await;
        let database = Database::connect(&app.url).await.expect("the database answers");
        let (first_approved, first_recorded) = (place(&app, "approve", id(&first)).await, place(&app, "create", id(&first_decision)).await);
        let (second_approved, second_recorded) = (place(&app, "approve", id(&second)).await, place(&app, "create", id(&second_decision)).await);

        run(&database, &format!("UPDATE assessment SET state = 'refused' WHERE id = '{}'", id(&first))).await;
        let (found, sentences) = replaced(&app).await;
        assert_eq!(found, [first_approved]);
        assert!(sentences.contains("what became of it was changed or swapped"), "{sentences}");
        run(&database, &format!("UPDATE assessment SET state = 'approved' WHERE id = '{}'", id(&first))).await;
        assert_eq!(replaced(&app).await.0, Vec::<i64>::new());

        run(&database, &format!("DELETE FROM decision WHERE id = '{}'", id(&first_decision))).await;
        let (found, sentences) = replaced(&app).await;
        assert_eq!(found, [first_recorded]);
        let gone = |noun: &str, item: &Value| format!("{noun} {} is not kept as event", id(item));
        assert!(sentences.contains(&gone("decision", &first_decision)) && sentences.ends_with(": it is gone"), "{sentences}");

        run(&database, &format!("DELETE FROM answer_sheet WHERE assessment_id = '{}'", id(&first))).await;
        let (found, sentences) = replaced(&app).await;
        assert_eq!(found, [first_approved, first_recorded]);
        assert!(sentences.contains(": its answers and its receipt are gone\n"), "{sentences}");

        run(&database, &format!("DELETE FROM assessment WHERE id = '{}'", id(&first))).await;
        let (found, sentences) = replaced(&app).await;
        assert_eq!(found, [first_approved, first_recorded]);
        let (sound, said) = console(&app);
        assert!(!sound && sentences.lines().all(|sentence| sentence.ends_with(": it is gone") && said.contains(sentence)), "{sentences}\n{said}");
        assert!(sentences.contains(&gone("assessment", &first)), "{sentences}");

        // Of the other, all is gone at once.
        for statement in [format!("DELETE FROM decision WHERE id = '{}'", id(&second_decision)), format!("DELETE FROM answer_sheet WHERE assessment_id = '{}'", id(&second)), format!("DELETE FROM assessment WHERE id = '{}'", id(&second))] {
            run(&database, &statement).await;
        }
        assert_eq!(replaced(&app).await.0, [first_approved, first_recorded, second_approved, second_recorded]);
    }

    async fn what_goes_as_it_may_is_no_fault_of_the_trail(app: App) {
        let [(first, decision), (second, _)] = two_decided(&app).await;
        let spare = app.post(&app.editor, "/suppliers", json!({ "name": "Spare", "contacts": [{ "name": "Kim Lee", "email": "kim@example.org" }] })).await.json(201);
        let draft = app.assessment("house-check", &spare).await;
        assert_eq!(app.delete(&app.editor, &format!("/assessments/{}", id(&draft)), &draft).await.status, 204);
        app.post(&app.admin, "/people/erase", json!({ "email": "kim@example.org", "reason": "They asked." })).await.json(200);
        let spare = app.get(&app.viewer, &format!("/suppliers/{}", id(&spare))).await.json(200);
        assert_eq!(app.delete(&app.editor, &format!("/suppliers/{}", id(&spare)), &spare).await.status, 204);
        let periods = app.get(&app.viewer, "/retention").await.json(200);
        app.patch(&app.admin, "/retention", &periods, json!({ "archived_contact_days": 1, "expired_file_days": 1 })).await.json(200);
        app.goes_to("2028-03-01");
        app.post(&app.admin, "/retention/apply", Value::Null).await.json(200);
        // What was decided on stays, with its supplier.
        let of = |item: &Value| format!("/suppliers/{}", text(item, "supplier_id"));
        app.delete(&app.editor, &format!("/assessments/{}", id(&first)), &first).await.faults(409);
        let supplier = app.get(&app.viewer, &of(&first)).await.json(200);
        app.delete(&app.editor, &of(&first), &supplier).await.faults(409);
        // A later decision takes the place of the one before, and a condition is met.
        let ferry = app.get(&app.viewer, &of(&second)).await.json(200);
        let conditional = app.walk("/decisions?outcome=approved_with_conditions", 50).await.remove(0);
        app.act(&app.approver, &format!("/decisions/{}/meet-condition", id(&conditional)), &conditional, Some(json!({ "number": 1, "note": "Moved." }))).await.json(200);
        approved(&app, &ferry, json!({ "mfa": { "value": "yes" }, "hosting": { "value": "ours" } })).await;
        let again = submitted(&app, &supplier, json!({ "mfa": { "value": "yes" }, "hosting": { "value": "ours" } })).await;
        app.act(&app.approver, &format!("/assessments/{}/refuse", id(&again)), &again, None).await.json(200);
        let later = app.get(&app.viewer, &format!("/decisions/{}", id(&decision))).await.json(200);
        assert_eq!(later["superseded"], json!(true));
        assert_eq!((replaced(&app).await, console(&app).0), ((vec![], String::new()), true));
    }

    async fn a_page_names_the_answer_that_is_not_the_one_decided_on(app: App) {
        let [(first, _), (second, _)] = two_decided(&app).await;
        let mut viewer = someone(&app, "viewer").await;
        let mut admin = someone(&app, "admin").await;
        let path = format!("/assessments/{}/score", id(&first));
        lacks(&shown(&mut viewer, &app, &path).await.text, &["does not hold"]);
        let database = Database::connect(&app.url).await.expect("the database answers");
        swap(&database, "answer_sheet", "assessment_id", &["answers"], [id(&first), id(&second)]).await;
        let page = shown(&mut viewer, &app, &path).await.text;
        holds(&page, &["The receipt does not hold", "The answer to &#34;Whose computers is it on?&#34; (hosting), or its review, is not the one that was decided on"]);
        let verify = shown(&mut admin, &app, "/settings/audit/verify").await;
        let page = admin.fills(&app, &verify, "/settings/audit/verify", &[("checkpoint", "")]).await.text;
        holds(&page, &["The record is not whole", "&#34;Whose computers is it on?&#34; (hosting)", "changed, swapped or taken away"]);
    }
}
