//! Many at once: one thing done to many suppliers or products, to all of them or to none, and what would come of it.

use poem::http::Method;
use serde_json::{Value, json};

use crate::{
    harness::{Answer, App, both, etag, id, text},
    server::command,
};

/// Suppliers of these names.
async fn suppliers(app: &App, names: &[&str]) -> Vec<Value> {
    let mut made = Vec::new();
    for name in names {
        made.push(app.supplier(name).await);
    }
    made
}

fn ids(items: &[Value]) -> Vec<&str> {
    items.iter().map(id).collect()
}

async fn read(app: &App, supplier: &Value) -> Value {
    app.get(&app.viewer, &format!("/suppliers/{}", id(supplier))).await.json(200)
}

/// What kinds of faults an answer tells.
fn codes(answer: &Answer) -> Vec<String> {
    let code = |fault: String| fault.rsplit(' ').next().unwrap_or_default().to_owned();
    answer.faults(422).into_iter().map(code).collect()
}

fn verdicts(report: &Value) -> Vec<&str> {
    report["items"].as_array().expect("items").iter().map(|item| text(item, "verdict")).collect()
}

both! {
    async fn a_dry_run_says_what_is_done_then_and_changes_nothing(app: App) {
        let all = suppliers(&app, &["Avon", "Bourne", "Cam"]).await;
        let has = json!({ "relationship_owner": "Jo Bell" });
        app.patch(&app.editor, &format!("/suppliers/{}", id(&all[0])), &all[0], has.clone()).await.json(200);
        let body = |dry_run: bool| json!({ "select": { "ids": ids(&all) }, "do": { "set": has }, "dry_run": dry_run });
        let before = app.event_count().await;
        let trial = app.post(&app.editor, "/suppliers/bulk", body(true)).await.json(200);
        assert_eq!((verdicts(&trial), &trial["applied"]), (vec!["unchanged", "change", "change"], &json!(false)));
        assert_eq!(trial["items"][1]["changes"], json!([{ "field": "relationship_owner", "before": null, "after": "Jo Bell" }]));
        assert_eq!(app.event_count().await, before);
        let done = app.post(&app.editor, "/suppliers/bulk", body(false)).await.json(200);
        assert_eq!((verdicts(&done), &done["applied"], &done["items"]), (verdicts(&trial), &json!(true), &trial["items"]));
        // Each change has its own version and its own event.
        assert_eq!(app.event_count().await, before + 2);
        for supplier in &all {
            let now = read(&app, supplier).await;
            assert_eq!((&now["relationship_owner"], &now["version"]), (&json!("Jo Bell"), &json!(2)));
        }
        app.post(&app.viewer, "/suppliers/bulk", body(true)).await.faults(403);
    }

    async fn one_that_is_refused_refuses_all_until_it_is_left_out(app: App) {
        let all = suppliers(&app, &["Avon", "Bourne"]).await;
        app.act(&app.editor, &format!("/suppliers/{}/archive", id(&all[1])), &all[1], None).await.json(200);
        let mut body = json!({ "select": { "ids": ids(&all) }, "do": { "ask": { "questionnaire": "supplier-security" } } });
        let before = app.event_count().await;
        let refused = app.post(&app.editor, "/suppliers/bulk", body.clone()).await;
        assert_eq!(codes(&refused), ["refused"]);
        assert!(refused.text.contains("Bourne") && refused.text.contains("archived"), "{}", refused.text);
        assert_eq!(app.event_count().await, before);
        assert!(app.walk("/assessments", 50).await.is_empty());
        body["except"] = json!([id(&all[1])]);
        let done = app.post(&app.editor, "/suppliers/bulk", body.clone()).await.json(200);
        assert_eq!(verdicts(&done), ["change"]);
        let started = app.walk("/assessments", 50).await;
        assert_eq!((started.len(), &started[0]["id"], &started[0]["subject_id"]), (1, &done["items"][0]["assessment_id"], &all[0]["id"]));
        // Who is being asked already is not asked twice, and keeps nobody from anything.
        assert_eq!(verdicts(&app.post(&app.editor, "/suppliers/bulk", body).await.json(200)), ["unchanged"]);
    }

    async fn a_filter_means_all_that_it_shows_on_all_pages(app: App) {
        for number in 0..60 {
            app.supplier(&format!("Quay {number}")).await;
        }
        let other = app.supplier("Ferry").await;
        let body = json!({ "select": { "filter": { "q": "quay" } }, "do": { "set": { "service_criticality": "vital", "personal_data": ["health"] } } });
        let done = app.post(&app.editor, "/suppliers/bulk", body).await.json(200);
        assert_eq!((&done["selected_count"], &done["change_count"]), (&json!(60), &json!(60)));
        // What follows from it has followed.
        assert_eq!(app.walk("/register?tier=critical", 200).await.len(), 60);
        assert_eq!(read(&app, &other).await["tier"], json!("unknown"));
        let archived = json!({ "select": { "filter": { "tier": "critical" } }, "do": { "archive": {} } });
        assert_eq!(app.post(&app.editor, "/suppliers/bulk", archived).await.json(200)["change_count"], json!(60));
        assert_eq!(app.walk("/register", 200).await.len(), 1);
    }

    async fn reviews_are_moved_to_a_day_with_a_reason(app: App) {
        let all = suppliers(&app, &["Avon", "Bourne"]).await;
        let body = json!({ "select": { "ids": ids(&all) }, "do": { "reschedule": { "due_on": "2027-09-01", "reason": "After the summer." } } });
        let done = app.post(&app.editor, "/suppliers/bulk", body.clone()).await.json(200);
        assert_eq!(verdicts(&done), ["change", "change"]);
        for review in app.walk("/reviews", 50).await {
            assert_eq!((text(&review, "due_on"), text(&review, "reason"), text(&review, "reason_detail")), ("2027-09-01", "rescheduled", "After the summer."));
        }
        assert_eq!(app.walk("/register?review_before=2027-09-02", 50).await.len(), 2);
        assert_eq!(verdicts(&app.post(&app.editor, "/suppliers/bulk", body).await.json(200)), ["unchanged", "unchanged"]);
    }

    async fn links_go_with_the_questionnaire_and_their_addresses_are_shown_once(app: App) {
        let with = json!({ "name": "Avon", "contacts": [{ "name": "Kim" }, { "name": "Lee", "email": "lee@example.org" }] });
        let all = [app.post(&app.editor, "/suppliers", with).await.json(201), app.supplier("Bourne").await];
        let body = json!({ "select": { "ids": ids(&all) }, "do": { "ask": { "questionnaire": "supplier-security", "with_links": true, "due_on": "2027-03-20" } } });
        let send = async || app.send(&app.editor, Method::POST, "/suppliers/bulk", Some(&body), &[("idempotency-key", "once")]).await;
        let done = send().await.json(200);
        let link = |number: usize| done["items"][number]["link"].clone();
        assert_eq!((&link(0)["contact_name"], &link(0)["email"], &link(0)["mail"]), (&json!("Lee"), &json!("lee@example.org"), &json!("not_configured")));
        assert_eq!((&link(1)["contact_name"], &link(1)["email"], &link(1)["mail"]), (&json!("Bourne"), &json!(null), &json!("no_address")));
        let kept = app.walk("/links", 50).await;
        assert_eq!(kept.iter().map(|link| (&link["due_on"], &link["state"])).collect::<Vec<_>>(), [(&json!("2027-03-20"), &json!("open")); 2]);
        let secret = link(0)["url"].as_str().and_then(|url| url.split_once('#')).expect("a secret").1.to_owned();
        let again = send().await;
        assert!(!again.text.contains(&secret));
        assert_eq!((&again.json(200)["items"][0]["assessment_id"], &again.json(200)["items"][0]["link"]["url"]), (&done["items"][0]["assessment_id"], &json!(null)));
        assert_eq!(app.walk("/assessments", 50).await.len(), 2);
    }

    async fn products_take_what_is_of_a_product(app: App) {
        let supplier = app.supplier("Harbour").await;
        let products = [app.product(&supplier, "Notes").await, app.product(&supplier, "Rota").await];
        let body = |set: Value| json!({ "select": { "ids": ids(&products) }, "do": { "set": set } });
        assert_eq!(codes(&app.post(&app.editor, "/products/bulk", body(json!({ "system_access": "none" }))).await), ["refused", "refused"]);
        let done = app.post(&app.editor, "/products/bulk", body(json!({ "status": "exiting" }))).await.json(200);
        assert_eq!(verdicts(&done), ["change", "change"]);
        assert!(app.walk("/products", 50).await.iter().all(|product| product["status"] == json!("exiting")));
        // A supplier is no product, and the other way round.
        let mixed = json!({ "select": { "ids": [id(&supplier)] }, "do": { "archive": {} } });
        assert_eq!(codes(&app.post(&app.editor, "/products/bulk", mixed).await), ["refused"]);
    }

    async fn what_is_to_be_done_is_one_thing_to_something_that_is_there(app: App) {
        let supplier = app.supplier("Harbour").await;
        let one = json!({ "ids": [id(&supplier)] });
        for (select, doing, code) in [
            (json!({}), json!({ "archive": {} }), "one"),
            (json!({ "ids": [id(&supplier)], "filter": {} }), json!({ "archive": {} }), "one"),
            (json!({ "filter": { "limit": 10 } }), json!({ "archive": {} }), "not_here"),
            (json!({ "filter": { "subject_type": "product" } }), json!({ "archive": {} }), "choice"),
            (one.clone(), json!({}), "one"),
            (one.clone(), json!({ "archive": {}, "set": { "status": "active" } }), "one"),
            (one.clone(), json!({ "set": {} }), "required"),
            (one.clone(), json!({ "ask": { "questionnaire": "nothing" } }), "unknown"),
            (one.clone(), json!({ "ask": { "questionnaire": "supplier-security", "due_on": "2027-04-01" } }), "links_only"),
            (one.clone(), json!({ "reschedule": { "due_on": "2027-02-01", "reason": "Late." } }), "past"),
            (json!({ "ids": ["sup_00000000000000000000000000000000"] }), json!({ "archive": {} }), "refused"),
        ] {
            let answer = app.post(&app.editor, "/suppliers/bulk", json!({ "select": select, "do": doing })).await;
            assert_eq!(codes(&answer), [code], "{select} {doing}");
        }
        let unknown = json!({ "select": one, "except": ["sup_00000000000000000000000000000000"], "do": { "archive": {} } });
        assert_eq!(app.post(&app.editor, "/suppliers/bulk", unknown).await.faults(422), ["/except unknown_id"]);
        assert_eq!(etag(&read(&app, &supplier).await), "\"1\"");
    }

    async fn the_command_line_can_do_the_same(app: App) {
        let all = suppliers(&app, &["Avon", "Bourne"]).await;
        let run = |arguments: &[&str]| {
            let all = [arguments, &["--organisation", "Meadow View Care"]].concat();
            let output = command(&all).env("DATABASE_URL", &app.url).output().expect("the program runs");
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            (output.status.code(), text(&output.stdout), text(&output.stderr))
        };
        let (code, out, told) = run(&["bulk", "set", "relationship_owner=Jo Bell", "--filter", "q=avon", "--dry-run"]);
        assert!(code == Some(0) && out.contains("Avon\trelationship_owner: nothing -> Jo Bell") && told.contains("nothing was changed"), "{out}{told}");
        assert_eq!(read(&app, &all[0]).await["version"], json!(1));
        assert_eq!(run(&["bulk", "set", "relationship_owner=Jo Bell", "--filter", "q=avon"]).0, Some(0));
        assert_eq!(read(&app, &all[0]).await["relationship_owner"], json!("Jo Bell"));
        let (code, out, told) = run(&["bulk", "ask", "supplier-security", "--with-links", "--id", id(&all[0]), "--id", id(&all[1])]);
        assert!(code == Some(0) && out.matches("/respond#dlr_").count() == 2, "{out}{told}");
        assert_eq!(run(&["bulk", "reschedule", "2027-09-01", "--reason", "Later", "--id", "sup_00000000000000000000000000000000"]).0, Some(6));
        let (code, _, told) = run(&["bulk", "set", "colour=blue", "--filter", "q=avon"]);
        assert!(code == Some(6) && told.contains("colour"), "{told}");
        assert_eq!(run(&["bulk", "archive", "--filter", "q=bourne"]).0, Some(0));
        assert_eq!(read(&app, &all[1]).await["status"], json!("archived"));
    }
}
