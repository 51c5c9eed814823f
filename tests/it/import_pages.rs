//! Bringing in a list by the pages: what would come of each row, then all of it or nothing.

use poem::http::Method;
use serde_json::{Value, json};

use crate::{
    harness::{Answer, App, both, id},
    pages::{Browser, form_data, goes_to, hidden, holds, lacks, someone},
};

/// Sends the form of a page with these fields, and with a file if there is one.
async fn sends(
    browser: &mut Browser,
    app: &App,
    page: &Answer,
    fields: &[(&str, &str)],
    file: (&str, &[u8]),
) -> Answer {
    let own = hidden(&page.text, "/import");
    let given = |name: &str| fields.iter().any(|(known, _)| *known == name);
    let all: Vec<(&str, &str)> = own
        .iter()
        .filter(|(name, _)| !given(name))
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .chain(fields.iter().copied())
        .collect();
    browser.send(app, Method::POST, "/import", Some(form_data(&all, (file.0, "text/csv", file.1)))).await
}

async fn checks(browser: &mut Browser, app: &App, noun: &str, file: &str) -> Answer {
    let page = browser.opens(app, "/import").await;
    sends(browser, app, &page, &[("noun", noun), ("dates", "iso")], ("list.csv", file.as_bytes())).await
}

async fn names(app: &App, path: &str) -> Vec<Value> {
    app.walk(path, 200).await.iter().map(|item| item["name"].clone()).collect()
}

const NONE: (&str, &[u8]) = ("", b"");

both! {
    async fn a_list_is_looked_at_row_by_row_and_then_brought_in_without_choosing_it_twice(app: App) {
        let there = app.post(&app.editor, "/suppliers", json!({ "name": "Harbour", "website": "https://old.example", "identifiers": [{ "scheme": "GB-COH", "id": "04142000" }] })).await.json(201);
        app.post(&app.editor, "/suppliers", json!({ "name": "Same", "identifiers": [{ "scheme": "GB-COH", "id": "04142001" }] })).await.json(201);
        let mut editor = someone(&app, "editor").await;
        holds(&editor.opens(&app, "/register").await.text, &["href=\"/import\">Import suppliers"]);
        let file = "name,website,identifiers:GB-COH,notes\r\nHarbour,https://new.example,04142000,\r\nSame,,04142001,\r\nNew <b>one</b>,,,\"100%0A sure,\nof \"\"it\"\"\"\r\n";
        let page = checks(&mut editor, &app, "suppliers", file).await;
        assert_eq!(page.status, 200, "{}", page.text);
        holds(&page.text, &["3 rows: 1 new, 1 changed, 1 unchanged, 0 refused.", "Website: https://old.example → https://new.example", "New &#60;b&#62;one&#60;/b&#62;", &format!("href=\"/suppliers/{}\"", id(&there)), "Import 2 rows"]);
        assert_eq!(names(&app, "/suppliers").await.len(), 2);
        // Only some of the rows are shown, with the file that is in the page.
        let changed = sends(&mut editor, &app, &page, &[("choose", "change")], NONE).await;
        holds(&changed.text, &["https://new.example"]);
        let rows = changed.text.split("<tbody>").nth(1).expect("rows");
        assert!(!rows.contains("New &#60;b&#62;one"), "{rows}");
        let done = sends(&mut editor, &app, &changed, &[("then", "apply")], NONE).await;
        assert_eq!(goes_to(&done), "/import?done=suppliers&new=1&changed=1&unchanged=1");
        holds(&editor.opens(&app, "/import?done=suppliers&new=1&changed=1&unchanged=1").await.text, &["Suppliers imported: 1 new, 1 changed, 1 unchanged."]);
        let new = app.walk("/suppliers", 200).await.into_iter().find(|item| item["name"] == json!("New <b>one</b>")).expect("the new one");
        assert_eq!(new["notes"], json!("100%0A sure,\nof \"it\""));
        // The same form sent again does nothing again.
        let before = app.event_count().await;
        assert_eq!(goes_to(&sends(&mut editor, &app, &changed, &[("then", "apply")], NONE).await), "/import?done=suppliers&new=1&changed=1&unchanged=1");
        assert_eq!((app.event_count().await, names(&app, "/suppliers").await.len()), (before, 3));
    }

    async fn refused_rows_come_first_keep_everything_out_and_can_be_saved_with_their_reasons(app: App) {
        let mut editor = someone(&app, "editor").await;
        let file = "name,website,country\r\nGood,,GB\r\n=Bad,nowhere,ZZZ\r\n,,\r\nNo,https://no.example,\r\n";
        let page = checks(&mut editor, &app, "suppliers", file).await;
        assert_eq!(page.status, 200);
        holds(&page.text, &["2 new", "1 refused.", "If any row is refused, nothing is imported.", "=Bad", "not “nowhere”"]);
        assert!(!page.text.contains(">Good<") && !page.text.contains("value=\"apply\""), "{}", page.text);
        holds(&sends(&mut editor, &app, &page, &[("choose", "all")], NONE).await.text, &[">Good<", "=Bad"]);
        let failures = sends(&mut editor, &app, &page, &[("then", "failures")], NONE).await;
        assert_eq!((failures.header("content-type"), failures.header("content-disposition")), ("text/csv; charset=utf-8", "attachment; filename=\"refused.csv\""));
        holds(&failures.text, &["line,name,column,what it says,what is wrong\r\n", "\r\n3,'=Bad,website,nowhere,"]);
        // Whoever sends it in earnest all the same is told, and nothing is done.
        assert_eq!(sends(&mut editor, &app, &page, &[("then", "apply")], NONE).await.status, 409);
        assert!(names(&app, "/suppliers").await.is_empty());
    }

    async fn somebody_elses_columns_are_named_and_the_file_goes_on(app: App) {
        let mut editor = someone(&app, "editor").await;
        let file = "Company Name,CRN,Spend\r\nHarbour,04142000,12\r\n";
        let page = checks(&mut editor, &app, "suppliers", file).await;
        // Nothing is wrong with it yet.
        assert_eq!(page.status, 200);
        lacks(&page, &["There is a problem"]);
        holds(&page.text, &["Choose what each column of list.csv holds", "such as Harbour", "<option value=\"name\" selected>", "<option value=\"identifiers:GB-COH\" selected>"]);
        let none = sends(&mut editor, &app, &page, &[("column0", ""), ("column1", ""), ("column2", "")], NONE).await;
        assert_eq!(none.status, 422);
        holds(&none.text, &["Say of at least one column what it is here"]);
        let page = sends(&mut editor, &app, &page, &[("column0", "name"), ("column1", "identifiers:GB-COH"), ("column2", "")], NONE).await;
        assert_eq!(page.status, 200, "{}", page.text);
        holds(&page.text, &["1 row: 1 new"]);
        goes_to(&sends(&mut editor, &app, &page, &[("then", "apply")], NONE).await);
        let there = app.walk("/suppliers", 200).await;
        assert_eq!((there.len(), &there[0]["name"], &there[0]["identifiers"][0]["id"]), (1, &json!("Harbour"), &json!("04142000")));
    }

    async fn what_cannot_be_read_is_told_and_only_editors_bring_in(app: App) {
        app.supplier("Harbour").await;
        let mut editor = someone(&app, "editor").await;
        let page = editor.opens(&app, "/import").await;
        for (file, said) in [(b"".as_slice(), "The file is empty"), (b"name\n\xff\n", "not UTF-8"), (b"name\n\"open\n", "line 2")] {
            let refused = sends(&mut editor, &app, &page, &[("noun", "suppliers")], ("list.csv", file)).await;
            assert_eq!(refused.status, 422);
            assert!(refused.text.contains("href=\"#file\"") && refused.text.to_lowercase().contains(&said.to_lowercase()), "{said}: {}", refused.text);
        }
        assert_eq!(sends(&mut editor, &app, &page, &[("noun", "suppliers")], NONE).await.status, 422);
        assert_eq!(sends(&mut editor, &app, &page, &[("noun", "planets")], ("list.csv", b"name\nx\n")).await.status, 422);
        assert_eq!(sends(&mut editor, &app, &page, &[("noun", "suppliers"), ("csrf", "0")], ("list.csv", b"name\nx\n")).await.status, 403);
        let products = checks(&mut editor, &app, "products", "supplier_name,name,kind\r\nHarbour,Notes,software\r\nNobody,Rota,software\r\n").await;
        holds(&products.text, &["1 new", "1 refused"]);
        for of in ["suppliers", "products"] {
            let example = editor.opens(&app, &format!("/import/example?of={of}")).await;
            assert_eq!((example.status.as_u16(), example.header("content-type")), (200, "text/csv; charset=utf-8"));
            let page = checks(&mut editor, &app, of, &example.text.replace("Harbour Care Systems,Harbour", "Harbour,Harbour")).await;
            holds(&page.text, &["2 new, 0 changed, 0 unchanged, 0 refused"]);
        }
        let mut viewer = someone(&app, "viewer").await;
        assert_eq!(viewer.opens(&app, "/import").await.status, 403);
        let csrf = hidden(&viewer.opens(&app, "/account").await.text, "/sign-out").remove(0).1;
        let refused = viewer.send(&app, Method::POST, "/import", Some(form_data(&[("csrf", &csrf), ("noun", "suppliers"), ("then", "apply")], ("list.csv", "text/csv", b"name\nx\n")))).await;
        assert_eq!(refused.status, 403);
        assert!(!viewer.opens(&app, "/register").await.text.contains("/import"));
    }
}
