//! Dates of other people's files: found from the whole column, asked where nobody can tell, never guessed.

use poem::http::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, App, both, text};

const MAP: &str = "/suppliers/import?map=Supplier%3Dname,Certificate%3Devidence.cyber_essentials.reference,Issued%3Devidence.cyber_essentials.issued_on";

async fn send(app: &App, more: &str, cells: &[&str]) -> Answer {
    let rows: String =
        cells.iter().enumerate().map(|(row, cell)| format!("Supplier {row},CE-{row},\"{cell}\"\n")).collect();
    let file = format!("Supplier,Certificate,Issued\n{rows}");
    let kind = [("content-type", "text/csv")];
    app.raw(&app.editor, Method::POST, &format!("{MAP}{more}"), Some(file.into_bytes()), &kind).await
}

/// The days that the pieces of evidence have, in order.
async fn days(app: &App) -> Vec<Value> {
    let mut days: Vec<Value> =
        app.walk("/evidence", 200).await.into_iter().map(|piece| piece["issued_on"].clone()).collect();
    days.sort_by_key(Value::to_string);
    days
}

both! {
    async fn the_month_first_can_be_said_and_is_found(app: App) {
        let said = send(&app, "&dates=mdy&dry_run=true", &["7/1/2026", "8/15/2026"]).await.json(200);
        assert_eq!((&said["refused_count"], &said["recognised"]["dates"][0]["because"]), (&json!(0), &json!(null)), "{said}");
        let found = send(&app, "", &["7/1/2026", "8/15/2026"]).await.json(200);
        assert_eq!(found["recognised"]["dates"][0], json!({ "column": "Issued", "style": "mdy", "because": "8/15/2026" }));
        assert_eq!(days(&app).await, [json!("2026-07-01"), json!("2026-08-15")]);
    }

    async fn what_contradicts_what_was_said_is_refused_with_what_it_looks_like(app: App) {
        let refused = send(&app, "&dates=dmy", &["7/1/2026", "8/15/2026"]).await;
        assert_eq!(refused.faults(422), ["/rows/1/evidence/cyber_essentials/issued_on date"]);
        assert!(refused.text.contains("the month stood first") && refused.text.contains("7/1/2026 would be 1 July 2026"), "{}", refused.text);
        let both = send(&app, "", &["15/8/2026", "8/15/2026"]).await;
        assert_eq!(both.faults(422), ["date"]);
        assert!(both.text.contains("15/8/2026 (line 2)") && both.text.contains("8/15/2026 (line 3)"), "{}", both.text);
    }

    async fn what_nobody_can_tell_is_asked(app: App) {
        let trial = send(&app, "&dry_run=true", &["7/1/2026", "2/3/2026"]).await.json(200);
        let question = &trial["questions"][0];
        assert_eq!((text(question, "key"), &question["row_count"], &trial["refused_count"]), ("dates:Issued", &json!(2), &json!(0)));
        let meanings: Vec<&str> = question["choices"].as_array().expect("choices").iter().map(|choice| text(choice, "meaning")).collect();
        assert_eq!(meanings, ["The day stands first: 7/1/2026 is 7 January 2026", "The month stands first: 7/1/2026 is 1 July 2026"]);
        assert_eq!(send(&app, "", &["7/1/2026", "2/3/2026"]).await.faults(422), ["?answers question"]);
        assert_eq!(days(&app).await, Vec::<Value>::new());
        send(&app, "&answers=dates:Issued%3Ddmy", &["7/1/2026", "2/3/2026"]).await.json(200);
        assert_eq!(days(&app).await, [json!("2026-01-07"), json!("2026-03-02")]);
        assert_eq!(send(&app, "&answers=dates:Issued%3Dsoon", &["7/1/2026"]).await.faults(422), ["?answers choice"]);
    }

    async fn days_are_read_however_they_are_written(app: App) {
        let cells = ["2026-03-31", "31 March 2026", "31-Mar-26", "Mar 31, 2026", "20260331", "46112", "31/Mar/2026 - 00:00", "2026-03-31 00:00:00", "2026-03-31T00:00:00Z", "31st March 2026", "31.03.2026"];
        let report = send(&app, "", &cells).await.json(200);
        assert_eq!((&report["created_count"], &report["refused_count"]), (&json!(cells.len()), &json!(0)), "{report}");
        assert_eq!(days(&app).await, vec![json!("2026-03-31"); cells.len()]);
    }

    async fn a_short_year_that_may_stand_first_is_asked(app: App) {
        let trial = send(&app, "&dry_run=true", &["27/03/31"]).await.json(200);
        let answers: Vec<&str> = trial["questions"][0]["choices"].as_array().expect("choices").iter().map(|choice| text(choice, "answer")).collect();
        assert_eq!(answers, ["dmy", "ymd"], "{trial}");
        send(&app, "&answers=dates:Issued%3Dymd", &["27/03/31"]).await.json(200);
        assert_eq!(days(&app).await, [json!("2027-03-31")]);
    }

    async fn a_day_that_does_not_exist_is_told_with_its_column_and_cell(app: App) {
        let refused = send(&app, "", &["30/02/2027"]).await;
        assert_eq!(refused.faults(422), ["/rows/0/evidence/cyber_essentials/issued_on date"]);
        for part in ["line 2", "Issued", "that exists", "30/02/2027"] {
            assert!(refused.text.contains(part), "{part}: {}", refused.text);
        }
        let file = "Supplier,Ends\nHarbour,31/04/2027\n";
        let address = "/suppliers/import?map=Supplier%3Dname,Ends%3Dcontracts.ends_on&dry_run=true";
        let report = app.raw(&app.editor, Method::POST, address, Some(file.as_bytes().to_vec()), &[("content-type", "text/csv")]).await.json(200);
        let error = &report["rows"][0]["errors"][0];
        assert_eq!((text(error, "column"), text(error, "value"), text(error, "code")), ("Ends", "31/04/2027", "date"), "{report}");
    }
}
