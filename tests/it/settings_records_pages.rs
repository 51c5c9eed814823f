//! The settings that look after the record itself: audit, privacy, retention.

use sea_orm::ConnectionTrait as _;
use serde_json::json;

use crate::{
    audit::unguarded,
    harness::{both, id, text},
    pages::{goes_to, holds, shown, someone},
};

both! {
    async fn the_audit_trail_is_narrowed_saved_and_read(app: App) {
        let mut admin = someone(&app, "admin").await;
        let supplier = app.supplier("Harbour <&> Sons").await;
        app.get(&app.viewer, "/audit-events").await.json(403);
        let page = shown(&mut admin, &app, "/settings/audit").await;
        holds(&page, &[
            "<h2>Supplier entered: Harbour &#60;&#38;&#62; Sons</h2>", "<h2>Signed in</h2>", "<h2>Person added: admin.", "<h2>Key made: viewer</h2>", "<h2>Review planned: Harbour &#60;&#38;&#62; Sons, ",
            "<h2>Not allowed: list audit events</h2>", "<summary>Technical record<", &format!("&#34;item_id&#34;: &#34;{}&#34;", id(&supplier)), &format!("href=\"/suppliers/{}\"", id(&supplier)), "href=\"/api/v1/audit-events.csv",
        ]);
        let narrowed = shown(&mut admin, &app, "/settings/audit?noun=supplier&action=create&since=2027-03-01&until=2027-03-02").await;
        holds(&narrowed, &["<h2>Supplier entered: ", "value=\"2027-03-01\"", "value=\"2027-03-02\"", "since=2027-03-01T00%3A00%3A00Z", "Show every event"]);
        assert!(!narrowed.contains("Signed in"));
        holds(&shown(&mut admin, &app, "/settings/audit?until=2027-03-01").await, &["No event is like that"]);
        let wrong = admin.opens(&app, "/settings/audit?since=yesterday").await;
        assert!(wrong.status == 422 && wrong.text.contains("href=\"#since\""), "{}", wrong.text);
        let first = shown(&mut admin, &app, "/settings/audit?limit=2").await;
        let next = first.split("href=\"").map(|rest| rest.split('"').next().unwrap_or_default()).find(|address| address.contains("cursor=")).expect("a next page").replace("&#38;", "&");
        holds(&shown(&mut admin, &app, &next).await, &["First page"]);
    }

    async fn the_audit_trail_is_verified_and_says_which_event_was_changed(app: App) {
        let mut admin = someone(&app, "admin").await;
        let page = admin.opens(&app, "/settings/audit/verify").await;
        holds(&page.text, &["href=\"/api/v1/audit-events/checkpoint\" download=\"checkpoint-2027-03-01.json\"", "What this proves, and what not"]);
        let checkpoint = app.get(&app.admin, "/audit-events/checkpoint").await.json(200);
        app.supplier("Harbour").await;
        let kept = checkpoint.to_string();
        let whole = admin.fills(&app, &page, "/settings/audit/verify", &[("checkpoint", &kept)]).await;
        holds(&whole.text, &["The record is whole", &format!("Up to event {} it is the very record", checkpoint["sequence"])]);
        holds(&admin.fills(&app, &page, "/settings/audit/verify", &[("checkpoint", "")]).await.text, &["The record is whole", "give a checkpoint from earlier"]);
        let theirs = app.get(&app.neighbour, "/audit-events/checkpoint").await.json(200).to_string();
        for (text, said) in [("{\"sequence\": 1}", "This is no checkpoint"), (theirs.as_str(), "of another organisation")] {
            let wrong = admin.fills(&app, &page, "/settings/audit/verify", &[("checkpoint", text)]).await;
            assert_eq!(wrong.status, 422);
            holds(&wrong.text, &["href=\"#checkpoint\"", said]);
        }
        let other = json!({ "organisation": checkpoint["organisation"], "sequence": checkpoint["sequence"], "hash": "0".repeat(64), "at": checkpoint["at"] }).to_string();
        holds(&admin.fills(&app, &page, "/settings/audit/verify", &[("checkpoint", &other)]).await.text, &["The record is not whole", "written anew since the checkpoint was made"]);
        // Someone who owns the database changes an event.
        let event = app.walk("/audit-events?noun=supplier", 50).await.remove(0);
        let database = unguarded(&app).await;
        database.execute_unprepared(&format!("UPDATE audit_event SET action = 'dream' WHERE id = '{}'", id(&event))).await.expect("changed");
        let broken = admin.fills(&app, &page, "/settings/audit/verify", &[("checkpoint", "")]).await;
        holds(&shown(&mut admin, &app, "/settings/audit?action=dream").await, &["<h2>Supplier, dream: Harbour</h2>"]);
        holds(&broken.text, &["The record is not whole", &format!("Event {}: changed after it was written", event["sequence"]), id(&event)]);
    }

    async fn a_person_is_found_given_what_is_kept_of_them_and_erased(app: App) {
        let contacts = json!([{ "name": "Kim <Lee>", "role": "dpo", "email": "kim.lee@example.org", "telephone": null }]);
        let supplier = app.post(&app.editor, "/suppliers", json!({ "name": "Harbour", "contacts": contacts })).await.json(201);
        let mut admin = someone(&app, "admin").await;
        let page = admin.opens(&app, "/settings/privacy").await;
        let nobody = admin.fills(&app, &page, "/settings/privacy/find", &[("email", ""), ("name", "")]).await;
        assert!(nobody.status == 422 && nobody.text.contains("href=\"#email\""), "{}", nobody.text);
        holds(&admin.fills(&app, &page, "/settings/privacy/find", &[("email", "nobody@example.org"), ("name", "")]).await.text, &["Nothing names them"]);
        let found = admin.fills(&app, &page, "/settings/privacy/find", &[("email", "Kim.Lee@example.org"), ("name", "")]).await;
        assert_eq!(found.status, 200, "{}", found.text);
        holds(&found.text, &[&format!("href=\"/suppliers/{}\"", id(&supplier)), "Kim &#60;Lee&#62;", "What the audit trail names of them"]);
        let exports = app.walk("/audit-events?action=export&noun=person", 50).await;
        assert_eq!(exports.len(), 2, "each look leaves an event");
        let file = admin.fills(&app, &found, "/settings/privacy/export", &[]).await;
        assert_eq!(file.header("content-disposition"), "attachment; filename=\"person.json\"");
        assert_eq!(file.json(200)["places"][0]["item_id"], supplier["id"]);
        // Erased, once why is said and their name typed.
        let erase = "/settings/privacy/erase";
        let unsure = admin.fills(&app, &found, erase, &[("reason", ""), ("confirm", "Kim")]).await;
        assert_eq!(unsure.status, 422);
        holds(&unsure.text, &["href=\"#reason\"", "href=\"#confirm\"", "value=\"Kim\""]);
        assert_eq!(app.get(&app.viewer, &format!("/suppliers/{}", id(&supplier))).await.json(200)["contacts"].as_array().map(Vec::len), Some(1));
        let done = admin.fills(&app, &unsure, erase, &[("reason", "They asked."), ("confirm", "kim.lee@example.org")]).await;
        assert_eq!(goes_to(&done), "/settings/privacy?notice=erased");
        assert_eq!(app.get(&app.viewer, &format!("/suppliers/{}", id(&supplier))).await.json(200)["contacts"], json!([]));
        holds(&admin.fills(&app, &page, "/settings/privacy/find", &[("email", "kim.lee@example.org"), ("name", "")]).await.text, &["Nothing names them"]);
    }

    async fn what_is_older_than_it_is_kept_is_seen_before_it_goes(app: App) {
        let contacts = json!([{ "name": "Kim Lee", "role": null, "email": "kim.lee@example.org", "telephone": null }]);
        let supplier = app.post(&app.editor, "/suppliers", json!({ "name": "Harbour & Sons", "contacts": contacts })).await.json(201);
        app.act(&app.editor, &format!("/suppliers/{}/archive", id(&supplier)), &supplier, None).await.json(200);
        let mut admin = someone(&app, "admin").await;
        holds(&shown(&mut admin, &app, "/settings/privacy").await, &["For ever"]);
        let change = "/settings/privacy/retention";
        let page = admin.opens(&app, change).await;
        for days in ["many", "0", "99999999999"] {
            let wrong = admin.fills(&app, &page, change, &[("archived_contact_days", days), ("expired_file_days", "")]).await;
            assert!(wrong.status == 422 && wrong.text.contains("href=\"#archived_contact_days\"") && wrong.text.contains(&format!("value=\"{days}\"")), "{}", wrong.text);
        }
        assert_eq!(goes_to(&admin.fills(&app, &page, change, &[("archived_contact_days", "30"), ("expired_file_days", "")]).await), "/settings/privacy");
        let stale = admin.fills(&app, &page, change, &[("archived_contact_days", "60"), ("expired_file_days", "")]).await;
        assert!(stale.status == 409 && stale.text.contains("Saved by someone else:</strong> 30"), "{}", stale.text);
        holds(&shown(&mut admin, &app, "/settings/privacy/apply").await, &["Nothing would be deleted now"]);
        app.goes_to("2027-05-01");
        let mut admin = someone(&app, "admin").await;
        let page = admin.opens(&app, "/settings/privacy/apply").await;
        holds(&page.text, &["1 thing would be deleted", "contacts"]);
        let contacts = async || app.get(&app.admin, &format!("/suppliers/{}", id(&supplier))).await.json(200)["contacts"].as_array().map(Vec::len);
        assert_eq!(contacts().await, Some(1));
        let apply = "/settings/privacy/apply";
        assert_eq!(admin.fills(&app, &page, apply, &[("confirm", "yes")]).await.status, 422);
        assert_eq!(contacts().await, Some(1));
        assert_eq!(goes_to(&admin.fills(&app, &page, apply, &[("confirm", "meadow view care")]).await), "/settings/privacy?notice=applied");
        assert_eq!(contacts().await, Some(0));
        let event = app.walk("/audit-events?action=apply", 50).await.remove(0);
        assert_eq!(text(&event, "noun"), "retention");
    }
}
