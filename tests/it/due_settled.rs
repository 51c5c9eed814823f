//! What is settled from the list of what is due, with who and why; what is due about our own house; and what moves by
//! time alone.

use diligence_entities::due::turn;
use serde_json::{Value, json};

use crate::{
    assessments::certificate,
    harness::{Answer, App, Person, both, id, text},
    pages::{holds, lacks, shown, someone},
    roles::assessment,
};

/// What is on the list about a supplier or product: kinds and days.
async fn listed(app: &App, subject: &Value) -> Vec<(String, String)> {
    let items = app.walk(&format!("/due?subject_id={}", id(subject)), 200).await;
    let mut found: Vec<_> =
        items.iter().map(|item| (text(item, "kind").to_owned(), text(item, "due_on").to_owned())).collect();
    found.sort();
    found
}

/// The one item of this kind about a supplier or product.
async fn item(app: &App, subject: &Value, kind: &str) -> Value {
    let mut items = app.walk(&format!("/due?kind={kind}&subject_id={}", id(subject)), 200).await;
    assert_eq!(items.len(), 1, "{kind}: {items:?}");
    items.remove(0)
}

async fn settle(app: &App, who: &Person, item: &Value, body: Value) -> Answer {
    let mut body = body;
    body["item_id"] = item["id"].clone();
    app.post(who, "/settlements", body).await
}

/// A supplier with one contract.
async fn with_contract(app: &App, contract: Value) -> Value {
    app.post(&app.editor, "/suppliers", json!({ "name": "Harbour", "contracts": [contract] })).await.json(201)
}

async fn read(app: &App, supplier: &Value) -> Value {
    app.get(&app.viewer, &format!("/suppliers/{}", id(supplier))).await.json(200)
}

/// The turn of the day on which the app stands; in how many organisations something moved.
pub(crate) async fn turn_day(app: &App) -> usize {
    turn::all(&app.store).await.expect("the day turns").len()
}

fn of(kind: &str, day: &str) -> (String, String) {
    (kind.to_owned(), day.to_owned())
}

both! {
    async fn a_contract_that_is_kept_leaves_the_list_until_its_next_day_of_notice(app: App) {
        let contract = json!({ "reference": "C-1", "ends_on": "2027-05-31", "notice_days": 60, "renews_for_months": 12 });
        let supplier = with_contract(&app, contract).await;
        let notice = item(&app, &supplier, "contract_notice").await;
        assert_eq!((&notice["due_on"], &notice["choices"]), (&json!("2027-04-01"), &json!(["keep", "leave", "renew"])));
        let kept = settle(&app, &app.editor, &notice, json!({ "choice": "keep", "reason": "They do well." })).await.json(201);
        assert_eq!(
            (&kept["choice"], &kept["reason"], &kept["settled_by"], &kept["due_on"], &kept["created_at"]),
            (&json!("keep"), &json!("They do well."), &json!("editor"), &json!("2027-04-01"), &json!("2027-03-01T09:00:00.000000Z"))
        );
        assert_eq!(app.walk(&format!("/settlements?supplier_id={}", id(&supplier)), 50).await, [kept]);
        // Whatever else is said of the supplier, it stays kept.
        let now = read(&app, &supplier).await;
        app.patch(&app.editor, &format!("/suppliers/{}", id(&supplier)), &now, json!({ "notes": "Blue vans." })).await.json(200);
        let found = listed(&app, &supplier).await;
        assert!(found.contains(&of("contract_end", "2027-05-31")) && !found.iter().any(|(kind, _)| kind == "contract_notice"), "{found:?}");
        assert_eq!(turn_day(&app).await, 0);
        let before = app.event_count().await;
        app.goes_to("2027-06-01");
        assert_eq!(turn_day(&app).await, 1);
        let found = listed(&app, &supplier).await;
        assert!(found.contains(&of("contract_notice", "2028-04-01")) && found.contains(&of("contract_end", "2028-05-31")), "{found:?}");
        assert!(!found.contains(&of("contract_end", "2027-05-31")), "{found:?}");
        // Nobody did anything, so the trail says nothing but of the review that is asked for anew; nor does it twice.
        let events = app.walk("/audit-events", 200).await;
        let since = events.iter().take_while(|event| event["sequence"].as_i64() > Some(before));
        assert!(since.clone().all(|event| event["noun"] == "review"), "{:?}", since.collect::<Vec<_>>());
        assert_eq!(turn_day(&app).await, 0);
        let counts = app.get(&app.viewer, "/due/counts").await.json(200);
        let count = counts["kinds"].as_array().expect("a list").iter().find(|count| count["kind"] == "contract_end").expect("the kind");
        assert_eq!(*count, json!({ "kind": "contract_end", "overdue": 0, "due": 0, "coming": 1 }));
    }

    async fn a_supplier_that_is_left_is_exiting_and_no_notice_is_due_any_more(app: App) {
        let supplier = with_contract(&app, json!({ "reference": "C-1", "ends_on": "2027-06-30", "notice_days": 90 })).await;
        let notice = item(&app, &supplier, "contract_notice").await;
        settle(&app, &app.editor, &notice, json!({ "choice": "leave", "reason": "Too dear." })).await.json(201);
        assert_eq!(read(&app, &supplier).await["status"], "exiting");
        assert_eq!(item(&app, &supplier, "contract_end").await["choices"], json!(["renew", "let_go"]));
        assert!(!listed(&app, &supplier).await.iter().any(|(kind, _)| kind == "contract_notice"));
        let history = app.walk(&format!("/suppliers/{}/history?noun=settlement", id(&supplier)), 50).await;
        assert_eq!((history.len(), &history[0]["after"]["reason"], &history[0]["actor_name"]), (1, &json!("Too dear."), &json!("editor")));
    }

    async fn a_contract_that_has_ended_is_renewed_with_a_later_last_day_or_let_go(app: App) {
        let supplier = with_contract(&app, json!({ "reference": "C-1", "ends_on": "2027-01-20" })).await;
        let ended = item(&app, &supplier, "contract_end").await;
        assert_eq!((&ended["state"], &ended["choices"]), (&json!("overdue"), &json!(["renew", "leave", "let_go"])));
        let tried = async |body: Value| settle(&app, &app.editor, &ended, body).await.faults(422);
        assert_eq!(tried(json!({ "choice": "renew", "reason": "Two years." })).await, ["/ends_on required"]);
        assert_eq!(tried(json!({ "choice": "renew", "reason": "Two years.", "ends_on": "2027-01-20" })).await, ["/ends_on order"]);
        assert_eq!(tried(json!({ "choice": "renew", "reason": "", "ends_on": "2029-01-20" })).await, ["/reason length"]);
        assert_eq!(tried(json!({ "choice": "keep", "reason": "Why not." })).await, ["/choice choice"]);
        assert_eq!(tried(json!({ "choice": "let_go", "reason": "Over.", "ends_on": "2029-01-20" })).await, ["/ends_on contradiction"]);
        settle(&app, &app.editor, &ended, json!({ "choice": "renew", "reason": "Two years.", "ends_on": "2029-01-20" })).await.json(201);
        assert_eq!(read(&app, &supplier).await["contracts"][0]["ends_on"], "2029-01-20");
        let next = item(&app, &supplier, "contract_end").await;
        assert_eq!(next["due_on"], "2029-01-20");
        settle(&app, &app.editor, &next, json!({ "choice": "renew", "reason": "By itself from now on.", "renews_for_months": 6 })).await.json(201);
        let next = item(&app, &supplier, "contract_end").await;
        settle(&app, &app.editor, &next, json!({ "choice": "let_go", "reason": "Another takes its place." })).await.json(201);
        assert!(!listed(&app, &supplier).await.iter().any(|(kind, _)| kind == "contract_end"));
        // It was let go for that day: it goes on by itself, and the day on which it does so again is another.
        app.goes_to("2029-01-21");
        turn_day(&app).await;
        assert_eq!(item(&app, &supplier, "contract_end").await["due_on"], "2029-07-20");
    }

    async fn two_contracts_of_one_name_that_end_on_one_day_are_two_items(app: App) {
        let contract = |days: i32| json!({ "reference": "C-1", "ends_on": "2027-06-30", "notice_days": days });
        let body = json!({ "name": "Harbour", "contracts": [contract(30), contract(60)] });
        let supplier = app.post(&app.editor, "/suppliers", body).await.json(201);
        let notices = app.walk(&format!("/due?kind=contract_notice&subject_id={}", id(&supplier)), 50).await;
        assert_eq!(notices.iter().map(|item| text(item, "due_on")).collect::<Vec<_>>(), ["2027-05-01", "2027-05-31"]);
        let second = &notices[0];
        settle(&app, &app.editor, second, json!({ "choice": "renew", "reason": "One year.", "ends_on": "2028-06-30" })).await.json(201);
        let contracts = read(&app, &supplier).await["contracts"].clone();
        assert_eq!((&contracts[0]["ends_on"], &contracts[1]["ends_on"]), (&json!("2027-06-30"), &json!("2028-06-30")));
    }

    async fn evidence_that_is_let_go_leaves_the_list_until_newer_evidence_comes(app: App) {
        let supplier = app.supplier("Harbour").await;
        let old = certificate(&app, &supplier, "2026-10-17").await;
        let expired = item(&app, &supplier, "evidence_expiry").await;
        assert_eq!((&expired["source_id"], &expired["choices"]), (&old["id"], &json!(["let_go"])));
        settle(&app, &app.editor, &expired, json!({ "choice": "let_go", "reason": "They make no software any more." })).await.json(201);
        assert!(!listed(&app, &supplier).await.iter().any(|(kind, _)| kind == "evidence_expiry"));
        certificate(&app, &supplier, "2028-02-28").await;
        assert_eq!(item(&app, &supplier, "evidence_expiry").await["due_on"], "2028-02-28");
    }

    async fn a_review_an_action_and_a_condition_are_done_from_the_list_by_whoever_may(app: App) {
        let supplier = app.supplier("Harbour").await;
        let review = item(&app, &supplier, "review").await;
        settle(&app, &app.viewer, &review, json!({ "choice": "complete", "reason": "All well." })).await.faults(403);
        settle(&app, &app.editor, &review, json!({ "choice": "complete", "reason": "All well." })).await.json(201);
        let done = app.walk(&format!("/reviews?state=completed&subject_id={}", id(&supplier)), 50).await;
        assert_eq!((&done[0]["id"], &done[0]["outcome"], &done[0]["completed_by"]), (&review["source_id"], &json!("All well."), &json!("editor")));
        assert!(item(&app, &supplier, "review").await["source_id"] != review["source_id"]);

        let actions = json!([{ "title": "First", "due_on": "2027-04-01" }, { "title": "Second", "due_on": "2027-05-01" }]);
        let risk = json!({ "subject_id": id(&supplier), "title": "It stops", "likelihood": 2, "impact": 3, "actions": actions });
        let risk = app.post(&app.editor, "/risks", risk).await.json(201);
        let second = app.walk("/due?kind=action", 50).await.remove(1);
        settle(&app, &app.editor, &second, json!({ "choice": "done", "reason": "Tried it." })).await.json(201);
        let after = app.get(&app.viewer, &format!("/risks/{}", id(&risk))).await.json(200);
        assert_eq!((&after["actions"][0]["done_on"], &after["actions"][1]["done_on"]), (&Value::Null, &json!("2027-03-01")));
        assert_eq!(item(&app, &supplier, "action").await["due_on"], "2027-04-01");

        assessment(&app, &supplier, "approved").await;
        let condition = item(&app, &supplier, "condition").await;
        let met = json!({ "choice": "met", "reason": "Seen the lock." });
        settle(&app, &app.editor, &condition, met.clone()).await.faults(403);
        settle(&app, &app.approver, &condition, met).await.json(201);
        let decision = app.get(&app.viewer, &format!("/decisions/{}", text(&condition, "source_id"))).await.json(200);
        assert_eq!((&decision["conditions"][0]["met_on"], &decision["conditions"][0]["met_note"]), (&json!("2027-03-01"), &json!("Seen the lock.")));
    }

    async fn what_is_not_on_the_list_cannot_be_settled_and_what_is_done_elsewhere_says_so(app: App) {
        let supplier = app.supplier("Harbour").await;
        let review = item(&app, &supplier, "review").await;
        let done = json!({ "choice": "complete", "reason": "All well." });
        assert_eq!(settle(&app, &app.neighbour, &review, done.clone()).await.faults(422), ["/item_id unknown_id"]);
        assert_eq!(settle(&app, &app.editor, &json!({ "id": crate::tenancy::of_nothing(id(&review)) }), done.clone()).await.faults(422), ["/item_id unknown_id"]);
        settle(&app, &app.editor, &review, done.clone()).await.json(201);
        let again = settle(&app, &app.editor, &review, done).await;
        assert_eq!(again.faults(409), ["settled"]);
        assert!(again.text.contains("editor settled this on 2027-03-01 already"), "{}", again.text);
        let product = app.product(&supplier, "Notes").await;
        let unknown = item(&app, &product, "ai_unknown").await;
        assert_eq!(unknown["choices"], json!([]));
        assert_eq!(settle(&app, &app.editor, &unknown, json!({ "choice": "done", "reason": "x" })).await.faults(409), ["elsewhere"]);
    }

    async fn keys_and_secrets_that_end_are_due_for_administrators_alone(app: App) {
        let key = json!({ "name": "Power BI, nightly", "role": "viewer", "expires_on": "2027-03-20" });
        let key = app.post(&app.admin, "/keys", key).await.json(201);
        let provider = json!({ "name": "Our accounts", "issuer": "https://login.example.org", "client_id": "diligence", "client_secret": "kept", "secret_expires_on": "2027-04-30" });
        let provider = app.post(&app.admin, "/identity-providers", provider).await.json(201);
        let items = app.walk("/due", 50).await;
        let of = |kind: &str| items.iter().find(|item| item["kind"] == kind).unwrap_or_else(|| panic!("no {kind} in {items:?}"));
        assert_eq!(
            (&of("key_end")["name"], &of("key_end")["due_on"], &of("key_end")["source_id"], &of("key_end")["subject_id"], &of("key_end")["supplier_name"]),
            (&json!("Power BI, nightly"), &json!("2027-03-20"), &key["id"], &Value::Null, &Value::Null)
        );
        assert_eq!((&of("provider_secret_end")["due_on"], &of("provider_secret_end")["name"]), (&json!("2027-04-30"), &json!("Our accounts")));
        for who in [&app.viewer, &app.editor, &app.approver] {
            assert_eq!(app.get(who, "/due").await.json(200)["items"], json!([]));
            assert!(!app.get(who, "/due/counts").await.text.contains("key_end"));
            assert!(!app.get(who, "/due.csv").await.text.contains("Power BI"));
            assert!(!app.get(who, "/reviews.ics").await.text.contains("Power BI"));
        }
        assert_eq!(settle(&app, &app.editor, of("key_end"), json!({ "choice": "let_go", "reason": "A trial." })).await.faults(422), ["/item_id unknown_id"]);
        let later = json!({ "client_secret": "another", "secret_expires_on": "2029-04-30" });
        app.patch(&app.admin, &format!("/identity-providers/{}", id(&provider)), &provider, later).await.json(200);
        app.act(&app.admin, &format!("/keys/{}/revoke", id(&key)), &key, None).await.json(200);
        let items = app.walk("/due", 50).await;
        assert_eq!((items.len(), &items[0]["due_on"]), (1, &json!("2029-04-30")));
        let none = json!({ "name": "No secret", "issuer": "https://login.example.org", "client_id": "x", "secret_expires_on": "2027-04-30" });
        assert_eq!(app.post(&app.admin, "/identity-providers", none).await.faults(422), ["/secret_expires_on contradiction"]);
        // A key that is meant to end is let go, and stays so.
        let trial = app.post(&app.admin, "/keys", json!({ "name": "Trial", "role": "viewer", "expires_on": "2027-03-10" })).await.json(201);
        let ends = app.walk("/due?kind=key_end", 50).await.remove(0);
        settle(&app, &app.admin, &ends, json!({ "choice": "let_go", "reason": "A trial." })).await.json(201);
        app.post(&app.admin, "/keys", json!({ "name": "Other", "role": "viewer", "expires_on": "2027-03-11" })).await.json(201);
        let items = app.walk("/due?kind=key_end", 50).await;
        assert!(items.len() == 1 && items[0]["source_id"] != trial["id"], "{items:?}");
    }

    async fn a_questionnaire_in_use_that_nobody_has_looked_at_for_a_year_is_the_administrators(app: App) {
        let supplier = app.supplier("Harbour").await;
        let used = assessment(&app, &supplier, "open").await;
        app.post(&app.editor, "/questionnaires", crate::roles::edition("never-used")).await.json(201);
        assert_eq!(turn_day(&app).await, 0);
        app.goes_to("2028-03-02");
        assert_eq!((turn_day(&app).await, turn_day(&app).await), (1, 0));
        let items = app.walk("/due?kind=edition_outdated", 50).await;
        assert_eq!(items.len(), 1, "{items:?}");
        assert_eq!(
            (&items[0]["source_id"], &items[0]["due_on"], &items[0]["why"], &items[0]["owner"]),
            (&json!(format!("{}/editions/2027.1", text(&used, "questionnaire"))), &json!("2028-03-02"), &json!("nobody has ever looked at Ours"), &Value::Null)
        );
        let go = json!({ "choice": "let_go", "reason": "It is our own, and still what we mean." });
        settle(&app, &app.approver, &items[0], go.clone()).await.faults(403);
        settle(&app, &app.admin, &items[0], go).await.json(201);
        assert_eq!(turn_day(&app).await, 0);
        assert_eq!(app.walk("/due?kind=edition_outdated", 50).await, Vec::<Value>::new());
    }

    async fn questionnaires_say_which_of_their_editions_are_out_of_date_and_why(app: App) {
        let list = app.walk("/questionnaires", 50).await;
        let check = list.iter().find(|questionnaire| questionnaire["key"] == "data-processor-check").expect("it is built in");
        let edition = |number: &str| check["editions"].as_array().expect("a list").iter().find(|entry| entry["edition"] == number).expect("the edition").clone();
        assert_eq!(edition("2026.2")["outdated"], Value::Null);
        let outdated = edition("2026.1")["outdated"].clone();
        assert!(outdated["sources"].as_array().expect("a list").iter().any(|source| source["because"] == "replaced"), "{outdated}");
        let mut viewer = someone(&app, "viewer").await;
        holds(&shown(&mut viewer, &app, "/questionnaires/data-processor-check/editions/2026.1").await, &["This edition is out of date", "was replaced by"]);
        lacks(&shown(&mut viewer, &app, "/questionnaires/data-processor-check/editions/2026.2").await, &["out of date"]);
        lacks(&shown(&mut viewer, &app, "/questionnaires").await, &["Out of date"]);
        // More than a year after the last look at its sources.
        app.goes_to("2027-12-01");
        holds(&shown(&mut someone(&app, "viewer").await, &app, "/questionnaires").await, &["Out of date since 1 December 2027: nobody has looked at"]);
        // An own one says it too.
        app.post(&app.editor, "/questionnaires", crate::roles::edition("ours-alone")).await.json(201);
        let list = app.walk("/questionnaires?origin=own", 50).await;
        assert_eq!(list[0]["editions"][0]["outdated"], json!({ "since": null, "sources": [{ "source": "Ours", "because": "never_looked_at" }] }));
    }

    async fn the_calendar_holds_everything_that_is_due_each_with_its_page(app: App) {
        let supplier = with_contract(&app, json!({ "reference": "C-1", "ends_on": "2027-06-30", "notice_days": 90 })).await;
        let twin = app.supplier("Harbour").await;
        let file = app.get(&app.viewer, "/reviews.ics").await.text.replace("\r\n ", "");
        let place = format!("URL:http://127.0.0.1:8080/suppliers/{}/change", id(&supplier));
        for line in ["SUMMARY:Last day of notice: Harbour", "DTSTART;VALUE=DATE:20270401", "DTEND;VALUE=DATE:20270402", "SUMMARY:Contract ends: Harbour", "SUMMARY:To be profiled: Harbour", &format!("{place}#contracts")] {
            assert!(file.contains(&format!("{line}\r\n")), "{line} is not in {file}");
        }
        // Two of one name on one day are told apart.
        let events: Vec<&str> = file.split("BEGIN:VEVENT").filter(|event| event.contains("SUMMARY:To be profiled: Harbour")).collect();
        assert_eq!(events.len(), 2);
        for one in [&supplier, &twin] {
            assert_eq!(events.iter().filter(|event| event.contains(&format!("/suppliers/{}/change#data_sensitivity\r\n", id(one)))).count(), 1);
        }
        assert_eq!(file.matches("\r\nDTEND;VALUE=DATE:").count(), file.matches("BEGIN:VEVENT").count());
        assert_eq!(file.matches("\r\nURL:http://").count(), file.matches("BEGIN:VEVENT").count());
        let one = app.get(&app.viewer, &format!("/reviews.ics?supplier_id={}", id(&twin))).await.text;
        assert!(!one.contains("Last day of notice"), "{one}");
    }

    async fn the_register_says_the_first_day_by_which_something_is_due(app: App) {
        let supplier = app.supplier("Harbour").await;
        let product = app.product(&supplier, "Notes").await;
        certificate(&app, &supplier, "2026-10-17").await;
        assert_eq!(app.line(&supplier).await["next_due_on"], "2026-10-17");
        assert_eq!(app.line(&product).await["next_due_on"], "2027-03-31");
        let file = app.get(&app.viewer, "/register.csv").await.text;
        let (head, rows) = file.split_once("\r\n").expect("a heading");
        assert!(head.ends_with(",next_due_on") && rows.lines().next().is_some_and(|row| row.trim_end().ends_with(",2026-10-17")), "{file}");
        let now = read(&app, &supplier).await;
        app.act(&app.editor, &format!("/suppliers/{}/archive", id(&supplier)), &now, None).await.json(200);
        let gone = app.walk(&format!("/register?status=archived&supplier_id={}", id(&supplier)), 50).await;
        assert!(gone.iter().all(|line| line["next_due_on"].is_null()), "{gone:?}");
    }

    async fn what_is_due_is_said_in_plain_words_and_leaves_our_own_as_they_are(app: App) {
        let contract = json!({ "reference": "LK_2024_01", "ends_on": "2027-05-20", "notice_days": 40 });
        let supplier = json!({ "name": "Larkfield", "personal_data": ["health"], "contracts": [contract] });
        let supplier = app.post(&app.editor, "/suppliers", supplier).await.json(201);
        certificate(&app, &supplier, "2027-02-01").await;
        let mut editor = someone(&app, "editor").await;
        // Days as people write them, and a reference with its underscores.
        let notice = "contract LK_2024_01: the last day of notice; it ends on 20 May 2027";
        let late = "1 February 2027 (28 days ago), overdue: Cyber Essentials certificate expires";
        let list = shown(&mut editor, &app, &format!("/due?subject_id={}", id(&supplier))).await;
        holds(&list, &["Last day of notice, 10 April 2027 (in 40 days): ", notice, "Evidence expires, ", late]);
        let page = shown(&mut editor, &app, &format!("/suppliers/{}", id(&supplier))).await;
        holds(&page, &[notice, late, "contract LK_2024_01 ends", "Which personal data does it handle? Health."]);
        lacks(&page, &["yber_essentials expires", "yber essentials expires"]);
        holds(&shown(&mut editor, &app, "/").await, &[" overdue, ", "<a href=\"/due\">See the whole list</a>"]);
    }

    async fn whoever_may_settles_what_is_due_on_its_page_and_says_why(app: App) {
        let supplier = with_contract(&app, json!({ "reference": "C-1", "ends_on": "2027-01-20" })).await;
        let ended = item(&app, &supplier, "contract_end").await;
        let (page, action) = (format!("/due?subject_id={}", id(&supplier)), format!("/due/{}/settle", id(&ended)));
        lacks(&shown(&mut someone(&app, "viewer").await, &app, &page).await, &[&action]);
        let mut editor = someone(&app, "editor").await;
        let place = format!("/suppliers/{}", id(&supplier));
        holds(&shown(&mut editor, &app, &place).await, &["What is due</h2>", &format!("href=\"{page}#{}\"", id(&ended))]);
        let form = shown(&mut editor, &app, &page).await;
        holds(&form, &[&format!("<li id=\"{}\">", id(&ended)), "It is renewed</option>", "We leave: the supplier is exiting</option>"]);
        let wrong = editor.fills(&app, &form, &action, &[("choice", ""), ("reason", "")]).await;
        assert_eq!(wrong.status, 422);
        holds(&wrong, &["Choose what is done about it.", "Enter why, or what came of it."]);
        let early = [("choice", "renew"), ("reason", "Two <years>."), ("ends_on", "2027-01-01"), ("renews_for_months", "")];
        let wrong = editor.fills(&app, &wrong, &action, &early).await;
        assert_eq!(wrong.status, 422);
        holds(&wrong, &["Expected a day after 2027-01-20", "Two &#60;years&#62;.</textarea>", "value=\"2027-01-01\"", "value=\"renew\" selected"]);
        let right = [("choice", "renew"), ("reason", "Two <years>."), ("ends_on", "2029-01-20"), ("renews_for_months", "")];
        let done = editor.fills(&app, &wrong, &action, &right).await;
        assert_eq!((done.status.as_u16(), done.header("location")), (303, "/due?subject_id=SUP&done=yes".replace("SUP", id(&supplier)).as_str()));
        holds(&shown(&mut editor, &app, done.header("location")).await, &["It is settled, with what you said of it."]);
        holds(&shown(&mut editor, &app, &place).await, &["What was settled", "Two &#60;years&#62;."]);
        let again = editor.fills(&app, &form, &action, &right).await;
        assert!(again.status == 422 && again.text.contains("settled this on 2027-03-01 already"), "{} {}", again.status, again.text);
        // A condition is for approvers.
        let other = app.supplier("Ferry").await;
        assessment(&app, &other, "approved").await;
        let condition = item(&app, &other, "condition").await;
        let page = format!("/due?kind=condition&subject_id={}", id(&other));
        lacks(&shown(&mut editor, &app, &page).await, &["/settle\""]);
        let mut approver = someone(&app, "approver").await;
        let form = shown(&mut approver, &app, &page).await;
        let met = approver.fills(&app, &form, &format!("/due/{}/settle", id(&condition)), &[("reason", "Seen it.")]).await;
        assert_eq!(met.status, 303, "{}", met.text);
    }
}
