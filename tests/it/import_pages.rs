//! Bringing in a file by the pages, step by step and without scripts: what it is, what its columns and words mean, what
//! would come of its rows; then all of it or the good rows, and taking it back.

use diligence_questionnaires::workbook;
use poem::http::Method;
use serde_json::{Value, json};

use crate::{
    harness::{Answer, App, both, id, text},
    pages::{Browser, form_data, goes_to, hidden, holds, lacks, shown, someone},
};

/// A part of a tag, as it was before it was escaped.
fn part(tag: &str, name: &str) -> Option<String> {
    let value = tag.split(&format!(" {name}=\"")).nth(1)?.split('"').next()?;
    Some(
        value
            .replace("&#34;", "\"")
            .replace("&#39;", "'")
            .replace("&#60;", "<")
            .replace("&#62;", ">")
            .replace("&#38;", "&"),
    )
}

/// What a browser would send of the form with this action if nobody touched it.
fn as_it_stands(page: &str, action: &str) -> Vec<(String, String)> {
    let form = page
        .split("<form")
        .skip(1)
        .find(|form| form.split('>').next().is_some_and(|tag| tag.contains(&format!("action=\"{action}\""))))
        .unwrap_or_else(|| panic!("no form for {action} in {page}"));
    let form = form.split("</form>").next().unwrap_or_default();
    let mut fields = Vec::new();
    for rest in form.split('<').skip(1) {
        let tag = format!(" {}", rest.split('>').next().unwrap_or_default());
        let is_sent = !tag.contains(" disabled")
            && (!["radio", "checkbox"].iter().any(|kind| tag.contains(&format!("type=\"{kind}\"")))
                || tag.contains(" checked"));
        if tag.starts_with(" input ") && is_sent {
            fields.extend(part(&tag, "name").map(|name| (name, part(&tag, "value").unwrap_or_default())));
        }
    }
    for rest in form.split("<select ").skip(1) {
        let (tag, options) = rest.split_once('>').expect("options");
        let options = options.split("</select>").next().unwrap_or_default();
        let tags: Vec<&str> = options.split("<option").skip(1).filter_map(|rest| rest.split('>').next()).collect();
        let chosen = tags.iter().find(|tag| tag.ends_with(" selected")).or_else(|| tags.first());
        let name = part(&format!(" {tag}"), "name").expect("a name");
        if !tag.contains(" disabled") {
            fields.extend(chosen.and_then(|chosen| part(chosen, "value")).map(|value| (name, value)));
        }
    }
    fields
}

/// Sends the form with this action as it stands, but for these fields.
async fn sends(browser: &mut Browser, app: &App, page: &Answer, action: &str, fields: &[(&str, &str)]) -> Answer {
    let mut all = as_it_stands(&page.text, action);
    all.retain(|(name, _)| fields.iter().all(|(given, _)| given != name));
    let all: Vec<(&str, &str)> =
        all.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain(fields.iter().copied()).collect();
    browser.fills_only(app, action, &all).await
}

/// Chooses a file; gives where its draft is.
async fn chooses(browser: &mut Browser, app: &App, file: (&str, &[u8]), fields: &[(&str, &str)]) -> Answer {
    let page = shown(browser, app, "/import").await;
    let own = hidden(&page.text, "/import");
    let mut all: Vec<(&str, &str)> = own.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    all.extend(fields);
    let form = form_data(&all, (file.0, "application/octet-stream", file.1));
    browser.send(app, Method::POST, "/import", Some(form)).await
}

/// Chooses a list of suppliers; gives the address of its draft, and of the step at which it goes on.
async fn begins(browser: &mut Browser, app: &App, name: &str, bytes: &[u8]) -> (String, String) {
    let draft = goes_to(&chooses(browser, app, (name, bytes), &[("noun", "suppliers")]).await);
    let step = goes_to(&browser.opens(app, &draft).await);
    (draft, step)
}

/// A list of 200 as people keep it by hand: a title above, words in three spellings, two suppliers twice.
fn messy() -> Vec<Vec<String>> {
    const FIRST: [&str; 22] = [
        "Amber",
        "Birchwood",
        "Cobalt",
        "Dovecote",
        "Elmfield",
        "Foxglove",
        "Granary",
        "Hawthorn",
        "Ivybridge",
        "Juniper",
        "Kestrel",
        "Larkspur",
        "Meadowsweet",
        "Nightingale",
        "Orchard",
        "Primrose",
        "Quayside",
        "Rookery",
        "Saffron",
        "Thistle",
        "Umberslade",
        "Verbena",
    ];
    const SECOND: [&str; 9] =
        ["Laundry", "Catering", "Records", "Pharmacy", "Transport", "Telecare", "Payroll", "Cleaning", "Training"];
    let names = FIRST.iter().flat_map(|first| SECOND.iter().map(move |second| format!("{first} {second} Ltd")));
    let mut names: Vec<String> = names.collect();
    names.push(" Amber  Laundry Limited ".into());
    names.push("COBALT RECORDS LTD".into());
    let word = |words: &[&str], index: usize| words[index % words.len()].to_owned();
    let row = |(index, name): (usize, String)| {
        vec![
            name,
            word(&["Yes ", "yes", "Y", "No", "TBC"], index),
            word(&["High", "Medium", "low ", "N/A"], index),
            format!("Contact {index}"),
            format!("contact{index}@example.org "),
            format!("C-{index}"),
            "05-May-25".into(),
            word(&["04-May-29", "30-Sep-28", "TBC"], index),
            format!("£{},000", 1 + index % 90),
            word(&["Standards Met", "", "n/a"], index),
            word(&["see file", ""], index),
        ]
    };
    let header = [
        "Supplier Name ",
        "Personal data?",
        "Criticality",
        "Contact name",
        "Email",
        "Contract ref",
        "Contract start",
        "Contract end",
        "Contract value",
        "DSPT status",
        "Filed under",
    ];
    let mut rows = vec![
        vec!["Suppliers of adult social care".to_owned()],
        vec!["Kept by Jo Bell, last changed in May".to_owned()],
    ];
    rows.push(header.map(str::to_owned).to_vec());
    rows.extend(names.into_iter().enumerate().map(row));
    rows
}

fn csv_of(rows: &[Vec<String>]) -> Vec<u8> {
    let mut file = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    rows.iter().for_each(|row| file.write_record(row).expect("a row"));
    file.into_inner().expect("bytes")
}

/// Takes a messy list through every step as it is suggested, up to its rows; gives the address of its draft.
async fn walks(editor: &mut Browser, app: &App, name: &str, bytes: &[u8]) -> String {
    let (draft, step) = begins(editor, app, name, bytes).await;
    assert_eq!(step, format!("{draft}/file"), "it has a title above its columns");
    let page = shown(editor, app, &step).await;
    holds(&page.text, &["What the file is", "Row 3", "id=\"header-3\" name=\"header\" value=\"3\" checked"]);
    let next = goes_to(&sends(editor, app, &page, &step, &[("then", "on")]).await);
    let step = goes_to(&editor.opens(app, &next).await);
    assert_eq!(step, format!("{draft}/columns"));
    let page = shown(editor, app, &step).await;
    holds(&page.text, &["Supplier Name", "What is its part in personal data?", "Amber Laundry Ltd"]);
    let stands = as_it_stands(&page.text, &step);
    let chosen: Vec<&str> =
        stands.iter().filter(|(name, _)| name.starts_with("column")).map(|(_, value)| value.as_str()).collect();
    assert_eq!(
        chosen,
        [
            "name",
            "data_role",
            "service_criticality",
            "contacts.name",
            "contacts.email",
            "contracts.reference",
            "contracts.starts_on",
            "contracts.ends_on",
            "contracts.value",
            "evidence.dspt.statement",
            "",
        ]
    );
    let step = goes_to(&sends(editor, app, &page, &step, &[]).await);
    let page = shown(editor, app, &step).await;
    holds(&page.text, &["<q>Yes</q> means", "<q>High</q> means", "Processor: on our instructions"]);
    let step = goes_to(&sends(editor, app, &page, &format!("{draft}/values"), &[]).await);
    assert_eq!(step, format!("{draft}/rows"));
    draft
}

async fn supplier_count(app: &App) -> usize {
    app.walk("/suppliers", 200).await.len()
}

both! {
    async fn a_messy_list_of_two_hundred_comes_in_as_it_is_twice_and_goes_again(app: App) {
        let there = app.post(&app.editor, "/suppliers", json!({ "name": "Verbena Training", "notes": "Ours before." })).await.json(201);
        let before = app.walk("/suppliers", 200).await;
        let mut editor = someone(&app, "editor").await;
        let rows = messy();
        let book = workbook::write_plain("Suppliers", &rows).expect("a workbook");
        let draft = walks(&mut editor, &app, "suppliers 2026.xlsx", &book).await;
        let page = shown(&mut editor, &app, &format!("{draft}/rows")).await;
        holds(&page.text, &["197 new, 1 changed, 0 unchanged, 0 refused.", "Bring in 198 rows", "Nothing is changed yet."]);
        assert_eq!(supplier_count(&app).await, 1);
        let done = goes_to(&sends(&mut editor, &app, &page, &format!("{draft}/apply"), &[]).await);
        assert_eq!(done, draft);
        holds(&shown(&mut editor, &app, &done).await.text, &["The file was imported", "197 new, 1 changed", "Undo the whole import"]);
        assert_eq!(supplier_count(&app).await, 198);
        let supplier = app.walk("/suppliers", 200).await.into_iter().find(|item| item["name"] == json!("Amber Laundry Ltd")).expect("it");
        assert_eq!((&supplier["data_role"], &supplier["service_criticality"], &supplier["contacts"][0]["email"]), (&json!("processor"), &json!("essential"), &json!("contact0@example.org")));
        assert_eq!((&supplier["contracts"][0]["ends_on"], &supplier["contracts"][0]["value"]["amount_minor"]), (&json!("2029-05-04"), &json!(100_000)));
        // Sent again by a finger that was too quick, the form does nothing again.
        let events = app.event_count().await;
        assert_eq!(goes_to(&sends(&mut editor, &app, &page, &format!("{draft}/apply"), &[]).await), draft);
        assert_eq!(app.event_count().await, events);
        // The same list a month later, saved as CSV.
        let again = walks(&mut editor, &app, "suppliers 2026.csv", &csv_of(&rows)).await;
        let page = shown(&mut editor, &app, &format!("{again}/rows")).await;
        holds(&page.text, &["0 new, 0 changed, 198 unchanged, 0 refused.", "The register already has all of this."]);
        lacks(&page, &["Bring in"]);
        goes_to(&editor.fills(&app, &page, &format!("{again}/discard"), &[]).await);
        assert_eq!(editor.opens(&app, &again).await.status, 404);
        assert_eq!(supplier_count(&app).await, 198);
        // Taken back, the register is what it was.
        let undo = format!("{draft}/undo");
        let page = shown(&mut editor, &app, &undo).await;
        holds(&page.text, &["Undo the whole import", "Undo it"]);
        assert_eq!(goes_to(&editor.fills(&app, &page, &undo, &[]).await), draft);
        holds(&shown(&mut editor, &app, &draft).await.text, &["This import was undone"]);
        let now = app.walk("/suppliers", 200).await;
        let plain = |mut item: Value| {
            let fields = item.as_object_mut().expect("an object");
            fields.retain(|name, _| !["version", "updated_at"].contains(&name.as_str()));
            item
        };
        assert_eq!(now.into_iter().map(plain).collect::<Vec<_>>(), before.into_iter().map(plain).collect::<Vec<_>>());
        holds(&shown(&mut editor, &app, "/imports").await.text, &["suppliers 2026.xlsx", "Undone"]);
        assert_eq!(id(&there), text(&app.walk("/suppliers", 200).await[0], "id"));
    }

    async fn only_the_good_rows_come_in_and_the_rest_is_kept_to_be_mended_and_comes_in_then(app: App) {
        let mut editor = someone(&app, "editor").await;
        let file = "Supplier,Email,Shelf\r\nGood Laundry,jo@example.org,1\r\nBad Catering,nowhere at all,2\r\n";
        let (draft, step) = begins(&mut editor, &app, "list.csv", file.as_bytes()).await;
        assert_eq!(step, format!("{draft}/columns"), "its first line names its columns");
        let page = shown(&mut editor, &app, &step).await;
        goes_to(&sends(&mut editor, &app, &page, &step, &[]).await);
        let rows = format!("{draft}/rows");
        let page = shown(&mut editor, &app, &rows).await;
        holds(&page.text, &["1 new, 0 changed, 0 unchanged, 1 refused.", "1 row cannot come in", "Bad Catering", "Email: ", "not “nowhere at all”"]);
        holds(&shown(&mut editor, &app, &format!("{rows}?show=create")).await.text, &["Good Laundry"]);
        let saved = editor.opens(&app, &format!("{draft}/refused")).await;
        assert_eq!(saved.header("content-disposition"), "attachment; filename=\"rows-to-mend.csv\"");
        holds(&saved.text, &["Supplier,Email,Shelf,Why it was not imported\r\n", "Bad Catering,nowhere at all,2,Email: "]);
        lacks(&saved, &["Good Laundry"]);
        let book = editor.opens(&app, &format!("{draft}/refused?format=xlsx")).await;
        assert!(book.header("content-type").contains("spreadsheetml") && book.status == 200);
        // All of it cannot come in, whatever is sent.
        assert_eq!(editor.fills(&app, &page, &format!("{draft}/apply"), &[]).await.status, 409);
        assert_eq!(supplier_count(&app).await, 0);
        let done = goes_to(&sends(&mut editor, &app, &page, &format!("{draft}/apply"), &[("only_good", "true")]).await);
        let page = shown(&mut editor, &app, &done).await;
        holds(&page.text, &["1 new", "Some rows were left out"]);
        let rest = page.text.split("/refused\">as CSV").next().and_then(|before| before.rsplit("href=\"").next()).expect("the rest").to_owned();
        let mended = editor.opens(&app, &format!("{rest}/refused")).await.text.replace("nowhere at all", "sam@example.org");
        let (draft, step) = begins(&mut editor, &app, "mended.csv", mended.as_bytes()).await;
        let page = shown(&mut editor, &app, &step).await;
        goes_to(&sends(&mut editor, &app, &page, &step, &[]).await);
        let page = shown(&mut editor, &app, &format!("{draft}/rows")).await;
        holds(&page.text, &["1 new, 0 changed, 0 unchanged, 0 refused."]);
        goes_to(&sends(&mut editor, &app, &page, &format!("{draft}/apply"), &[]).await);
        assert_eq!(supplier_count(&app).await, 2);
    }

    async fn a_file_of_what_is_there_already_can_be_finished_with_and_waits_no_longer(app: App) {
        app.post(&app.editor, "/suppliers", json!({ "name": "Harbour", "website": "https://harbour.example" })).await.json(201);
        let mut editor = someone(&app, "editor").await;
        let (draft, step) = begins(&mut editor, &app, "again.csv", b"name,website\r\nHarbour,https://harbour.example\r\n").await;
        assert_eq!(step, format!("{draft}/rows"));
        let page = shown(&mut editor, &app, &step).await;
        holds(&page.text, &["0 new, 0 changed, 1 unchanged, 0 refused.", "The register already has all of this.", "<button>Finish</button>"]);
        assert_eq!(goes_to(&sends(&mut editor, &app, &page, &format!("{draft}/apply"), &[]).await), draft);
        holds(&shown(&mut editor, &app, &draft).await.text, &["The file was imported", "0 new, 0 changed, 1 unchanged"]);
        let drafts = app.get(&app.editor, "/imports?state=draft").await.json(200);
        assert_eq!(drafts["items"], json!([]), "{drafts}");
    }

    async fn rows_that_were_put_together_are_told_beside_the_first_of_them(app: App) {
        let mut editor = someone(&app, "editor").await;
        let mut file = "Vendor,Website\r\nHarbour Linen,https://harbour.example\r\nFernway Payroll,\r\nHARBOUR LINEN,\r\nHarbour  Linen,\r\nMeadow Catering,\r\n".to_owned();
        file.push_str(&"Meadow Catering,\r\n".repeat(8));
        let (draft, step) = begins(&mut editor, &app, "list.csv", file.as_bytes()).await;
        let page = shown(&mut editor, &app, &step).await;
        goes_to(&sends(&mut editor, &app, &page, &step, &[]).await);
        let page = shown(&mut editor, &app, &format!("{draft}/rows")).await;
        holds(&page.text, &["3 new, 0 changed", "Put together with rows 4 and 5.", "Put together with rows 7, 8, 9, 10, 11 and 3 more."]);
        assert_eq!(page.text.matches("Put together with").count(), 2);
    }

    async fn a_name_that_is_nearly_one_we_have_is_asked_about_and_the_answer_can_be_taken_back(app: App) {
        let there = app.supplier("Harbour Linen").await;
        let mut editor = someone(&app, "editor").await;
        let (draft, step) = begins(&mut editor, &app, "list.csv", b"Vendor,Website\r\nHarbour Linen Services,https://harbour.example\r\n").await;
        let page = shown(&mut editor, &app, &step).await;
        goes_to(&sends(&mut editor, &app, &page, &step, &[]).await);
        let rows = format!("{draft}/rows");
        let page = shown(&mut editor, &app, &rows).await;
        holds(&page.text, &["Are these the same?", "Harbour Linen"]);
        assert_eq!(goes_to(&sends(&mut editor, &app, &page, &rows, &[("answer0", "new")]).await), rows);
        let page = shown(&mut editor, &app, &rows).await;
        holds(&page.text, &["1 new, 0 changed", "What you answered"]);
        let key = page.text.split("name=\"forget\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a key").to_owned();
        goes_to(&editor.fills(&app, &page, &rows, &[("forget", &key)]).await);
        let page = shown(&mut editor, &app, &rows).await;
        goes_to(&sends(&mut editor, &app, &page, &rows, &[("answer0", id(&there))]).await);
        let page = shown(&mut editor, &app, &rows).await;
        holds(&page.text, &["0 new, 1 changed", "Its website: nothing → https://harbour.example"]);
        goes_to(&sends(&mut editor, &app, &page, &format!("{draft}/apply"), &[]).await);
        assert_eq!(supplier_count(&app).await, 1);
    }

    async fn all_names_that_are_near_others_are_said_to_be_new_by_one_button(app: App) {
        app.supplier("Harbour Linen").await;
        app.supplier("Fernway Payroll").await;
        let mut editor = someone(&app, "editor").await;
        let file = b"Vendor,Comments,Auto renew?\r\nHarbour Linens,Washes sheets,Yes\r\nFernway Payrolls,,No\r\n";
        let (draft, step) = begins(&mut editor, &app, "list.csv", file).await;
        let page = shown(&mut editor, &app, &step).await;
        goes_to(&sends(&mut editor, &app, &page, &step, &[]).await);
        let rows = format!("{draft}/rows");
        let page = shown(&mut editor, &app, &rows).await;
        holds(&page.text, &["2 asked about", "All others of these are new"]);
        goes_to(&sends(&mut editor, &app, &page, &rows, &[("all", "new")]).await);
        let page = shown(&mut editor, &app, &rows).await;
        holds(&page.text, &["2 new, 0 changed", "All others that are asked about"]);
        goes_to(&sends(&mut editor, &app, &page, &format!("{draft}/apply"), &[]).await);
        let made = app.walk("/suppliers?q=linens", 200).await[0].clone();
        assert_eq!(text(&made, "notes"), "Comments: Washes sheets\nAuto renew?: Yes");
    }

    async fn how_a_file_is_read_is_kept_under_a_name_and_the_next_one_comes_in_by_itself(app: App) {
        let mut editor = someone(&app, "editor").await;
        let file = |name: &str| format!("Vendor,How important\r\n{name},Amber\r\n");
        let (draft, step) = begins(&mut editor, &app, "june.csv", file("Harbour").as_bytes()).await;
        let page = shown(&mut editor, &app, &step).await;
        // Nothing may be filled twice, and something has to be the name.
        let twice = sends(&mut editor, &app, &page, &step, &[("column1", "name")]).await;
        assert_eq!(twice.status, 422);
        holds(&twice.text, &["There is a problem", "href=\"#column1\"", "is filled by the column Vendor already"]);
        let none = sends(&mut editor, &app, &page, &step, &[("column0", "")]).await;
        assert_eq!(none.status, 422);
        holds(&none.text, &["Say which column has the names of the suppliers"]);
        // A second field from one column is chosen on the same page.
        let more = sends(&mut editor, &app, &page, &step, &[("column1", "service_criticality"), ("more", "0")]).await;
        holds(&more.text, &["id=\"also0\""]);
        let next = goes_to(&sends(&mut editor, &app, &more, &step, &[("also0", "legal_name")]).await);
        let page = shown(&mut editor, &app, &next).await;
        holds(&page.text, &["<q>Amber</q> means", "Choose what it means"]);
        let values = format!("{draft}/values");
        let unsaid = sends(&mut editor, &app, &page, &values, &[]).await;
        assert_eq!(unsaid.status, 422);
        holds(&unsaid.text, &["Say what “Amber” means, or that it says nothing"]);
        let word = as_it_stands(&page.text, &values).into_iter().find(|(name, _)| name.starts_with("value")).expect("a word").0;
        let rows = goes_to(&sends(&mut editor, &app, &page, &values, &[(&word, "essential")]).await);
        let page = shown(&mut editor, &app, &rows).await;
        goes_to(&sends(&mut editor, &app, &page, &format!("{draft}/apply"), &[("recipe_name", "List of finance")]).await);
        // What was said column by column is kept as a recipe says it.
        let kept = app.get(&app.viewer, "/recipes/list-of-finance").await.json(200);
        assert_eq!(kept["document"]["columns"][0]["fills"], json!(["name", "legal_name"]));
        holds(&shown(&mut editor, &app, "/import").await.text, &["<option value=\"list-of-finance\">List of finance (suppliers)</option>"]);
        let july = file("Willow");
        let answer = chooses(&mut editor, &app, ("july.csv", july.as_bytes()), &[("noun", "suppliers"), ("recipe", "list-of-finance")]).await;
        let draft = goes_to(&answer);
        assert_eq!(goes_to(&editor.opens(&app, &draft).await), format!("{draft}/rows"));
        let page = shown(&mut editor, &app, &format!("{draft}/rows")).await;
        goes_to(&sends(&mut editor, &app, &page, &format!("{draft}/apply"), &[]).await);
        let willow = app.walk("/suppliers", 200).await.into_iter().find(|item| item["name"] == json!("Willow")).expect("it");
        assert_eq!((&willow["legal_name"], &willow["service_criticality"]), (&json!("Willow"), &json!("essential")));
    }

    async fn a_file_with_our_own_columns_goes_straight_to_its_rows(app: App) {
        let there = app.post(&app.editor, "/suppliers", json!({ "name": "Harbour", "website": "https://old.example", "identifiers": [{ "scheme": "GB-COH", "id": "04142000" }] })).await.json(201);
        let mut editor = someone(&app, "editor").await;
        let file = "name,website,identifiers:GB-COH,notes\r\nHarbour,https://new.example,04142000,\r\nNew <b>one</b>,,,\"100%0A sure,\nof \"\"it\"\"\"\r\n";
        let (draft, step) = begins(&mut editor, &app, "ours.csv", file.as_bytes()).await;
        assert_eq!(step, format!("{draft}/rows"));
        let page = shown(&mut editor, &app, &step).await;
        holds(&page.text, &["1 new, 1 changed, 0 unchanged, 0 refused.", "Its website: https://old.example → https://new.example", "New &#60;b&#62;one&#60;/b&#62;", &format!("href=\"/suppliers/{}\"", id(&there))]);
        goes_to(&sends(&mut editor, &app, &page, &format!("{draft}/apply"), &[]).await);
        let new = app.walk("/suppliers", 200).await.into_iter().find(|item| item["name"] == json!("New <b>one</b>")).expect("the new one");
        assert_eq!(new["notes"], json!("100%0A sure,\nof \"it\""));
        for of in ["suppliers", "products"] {
            app.supplier("Harbour Care Systems").await;
            let example = editor.opens(&app, &format!("/import/example?of={of}")).await;
            assert_eq!((example.status.as_u16(), example.header("content-type")), (200, "text/csv; charset=utf-8"));
            let draft = goes_to(&chooses(&mut editor, &app, ("example.csv", example.text.as_bytes()), &[("noun", of)]).await);
            assert_eq!(goes_to(&editor.opens(&app, &draft).await), format!("{draft}/rows"));
        }
    }

    async fn what_cannot_be_read_is_told_where_it_can_be_said_otherwise_and_only_editors_bring_in(app: App) {
        let mut editor = someone(&app, "editor").await;
        for (file, fields, field) in [
            (("list.csv", b"".as_slice()), [("noun", "suppliers")], "file"),
            (("", b"".as_slice()), [("noun", "suppliers")], "file"),
            (("list.csv", b"name\nx\n".as_slice()), [("noun", "planets")], "noun"),
        ] {
            let refused = chooses(&mut editor, &app, file, &fields).await;
            assert_eq!(refused.status, 422);
            holds(&refused.text, &["There is a problem", &format!("href=\"#{field}\"")]);
        }
        let (draft, step) = begins(&mut editor, &app, "list.csv", b"Vendor\n\"open\n").await;
        assert_eq!(step, format!("{draft}/file"));
        let page = editor.opens(&app, &step).await;
        assert_eq!(page.status, 422);
        holds(&page.text, &["There is a problem", "cannot be read like this", "choose another one"]);
        assert_eq!(sends(&mut editor, &app, &page, &step, &[("footer", "many"), ("then", "on")]).await.status, 422);
        let form = form_data(&[("csrf", "0"), ("noun", "suppliers")], ("list.csv", "text/csv", b"name\nx\n"));
        assert_eq!(editor.send(&app, Method::POST, "/import", Some(form)).await.status, 403);
        let mut viewer = someone(&app, "viewer").await;
        assert_eq!(viewer.opens(&app, "/import").await.status, 403);
        assert_eq!(viewer.opens(&app, &draft).await.status, 403);
        let list = shown(&mut viewer, &app, "/imports").await;
        holds(&list.text, &["list.csv", "Not brought in yet"]);
        lacks(&list, &["href=\"/import\"", &format!("href=\"{draft}\"")]);
        assert!(!viewer.opens(&app, "/register").await.text.contains("/import"));
    }
}
