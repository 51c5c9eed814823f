//! The pages of risks, evidence, incidents, dependencies, and of suppliers' ends: what people see and do who never meet
//! the API.

use poem::{
    http::{Method, StatusCode},
    web::headers::{Authorization, authorization::Credentials as _},
};
use serde_json::{Value, json};

use crate::{
    assessments::{certificate, poor},
    concentration::rests,
    harness::{Answer, App, best, both, id, text},
    pages::{Browser, goes_to, holds, lacks, shown, someone, token},
};

async fn risk(app: &App, subject: &Value, more: Value) -> Value {
    let mut body = json!({ "subject_id": id(subject), "title": "It invents <things>", "likelihood": 4, "impact": 5 });
    body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    app.post(&app.editor, "/risks", body).await.json(201)
}

both! {
    async fn a_risk_is_entered_changed_and_shown_with_all_that_is_known(app: App) {
        let supplier = app.supplier("Harbour & Sons").await;
        let mut editor = someone(&app, "editor").await;
        // It is about someone, who is found by name.
        let page = shown(&mut editor, &app, "/risks/new?q=harb").await;
        let new = format!("/risks/new?subject_id={}", id(&supplier));
        holds(&page, &[&format!("href=\"{new}\""), "value=\"harb\""]);
        lacks(&shown(&mut editor, &app, "/risks/new?q=nobody").await, &["Harbour &#38; Sons"]);
        let page = shown(&mut editor, &app, &new).await;
        // A new risk has an empty row for an action, and nothing is chosen in anyone's place.
        holds(&page, &["Harbour &#38; Sons", "id=\"actions-0-title\"", "<option value=\"\">Choose</option>"]);
        let wrong = [("title", ""), ("likelihood", "4"), ("impact", ""), ("description", "Two\r\nlines <here>"), ("actions.0.title", "Read <all>"), ("actions.0.due_on", "soon")];
        let again = editor.fills(&app, &page, &new, &wrong).await;
        assert_eq!(again.status, 422);
        holds(&again, &["There is a problem", "href=\"#impact\"", "href=\"#actions-0-due_on\"", "Two\nlines &#60;here&#62;", "value=\"Read &#60;all&#62;\"", "<option value=\"4\" selected>"]);
        let wrong = [("title", ""), ("likelihood", "4"), ("impact", "5"), ("residual_likelihood", "5"), ("actions.0.owner", "Jo Bell")];
        let again = editor.fills(&app, &page, &new, &wrong).await;
        holds(&again, &["href=\"#title\"", "Fill in “What may go wrong, in a line”.", "href=\"#residual_impact\"", "href=\"#actions-0-title\"", "value=\"Jo Bell\""]);
        let good = [
            ("title", "It invents <things>"), ("description", "Two\r\nlines <here>"), ("owner", "Jo Bell"), ("likelihood", "4"), ("impact", "5"), ("treatment", "reduce"), ("residual_likelihood", "2"),
            ("residual_impact", "4"), ("actions.0.title", "Read every summary"), ("actions.0.due_on", "2027-02-11"), ("actions.1.title", "Ask"), ("actions.1.owner", "Sam"), ("actions.1.done_on", "2027-02-12"),
        ];
        let place = goes_to(&editor.fills(&app, &page, &new, &good).await);
        let made = app.get(&app.viewer, &place).await.json(200);
        assert_eq!((&made["impact"], &made["residual_likelihood"], text(&made, "description"), made["actions"].as_array().map(Vec::len)), (&json!(5), &json!(2), "Two\nlines <here>", Some(2)));
        let mut viewer = someone(&app, "viewer").await;
        let page = shown(&mut viewer, &app, &place).await;
        holds(&page, &[
            "<h1>It invents &#60;things&#62;</h1>", "Two\nlines &#60;here&#62;", "Likely, catastrophic", "Unlikely, major", "<svg ", "class=\"before\"", "Read every summary", "Overdue", "Done on 12 February 2027",
            "Someone entered it", &format!("href=\"/suppliers/{}\"", id(&supplier)), "<h3>Risk entered: ",
        ]);
        lacks(&page, &["/change\"", "/accept\"", "/close\"", "/delete\""]);
        // It is found from the list and from whom it is about.
        let link = format!("href=\"{place}\"");
        holds(&shown(&mut viewer, &app, "/risks").await, &[&link]);
        holds(&shown(&mut viewer, &app, &format!("/suppliers/{}", id(&supplier))).await, &[&link]);
        // Changed, with a row that goes and one that comes; what someone else saved meanwhile is shown beside it.
        let change = format!("{place}/change");
        let page = shown(&mut editor, &app, &change).await;
        holds(&page, &["value=\"Read every summary\"", "value=\"2027-02-11\"", "id=\"actions-2-title\"", "name=\"actions.0.gone\""]);
        let mut said = good.to_vec();
        said[0].1 = "It invents";
        said.extend([("actions.0.gone", "true"), ("actions.2.title", "Train everyone")]);
        app.patch(&app.editor, &place, &made, json!({ "owner": "Someone else", "actions": [{ "title": "Theirs" }] })).await.json(200);
        let stale = editor.fills(&app, &page, &change, &said).await;
        assert_eq!(stale.status, 409);
        holds(&stale, &["Someone else changed this meanwhile", "Saved by someone else:</strong> Someone else", "Saved by someone else:</strong> Theirs", "value=\"It invents\"", "value=\"Train everyone\""]);
        lacks(&stale, &["value=\"Read every summary\""]);
        let said: Vec<(&str, &str)> = said[..8].iter().copied().chain([("actions.0.title", "Ask"), ("actions.1.title", "Train everyone"), ("actions.2.title", "")]).collect();
        assert_eq!(goes_to(&editor.fills(&app, &stale, &change, &said).await), place);
        let changed = app.get(&app.viewer, &place).await.json(200);
        let titles: Vec<&str> = changed["actions"].as_array().expect("a list").iter().map(|action| text(action, "title")).collect();
        assert_eq!((text(&changed, "title"), text(&changed, "owner"), titles), ("It invents", "Jo Bell", vec!["Ask", "Train everyone"]));
    }

    async fn a_risk_is_accepted_by_an_approver_closed_opened_again_and_deleted_by_name(app: App) {
        let supplier = app.supplier("Harbour").await;
        let made = risk(&app, &supplier, json!({})).await;
        let place = format!("/risks/{}", id(&made));
        let [accept, close, reopen, delete] = ["accept", "close", "reopen", "delete"].map(|verb| format!("{place}/{verb}"));
        let mut editor = someone(&app, "editor").await;
        let page = shown(&mut editor, &app, &place).await;
        holds(&page, &["An approver can accept it", "nobody has judged yet"]);
        lacks(&page, &["action=\"/risks/x/accept\"", "/accept\"", "/reopen\""]);
        let csrf = token(&page);
        let refused = editor.fills_only(&app, &accept, &[("csrf", &csrf), ("version", "1"), ("reason", "x"), ("expires_on", "2027-06-01")]).await;
        assert!(refused.status == 403 && refused.text.contains("needs the role approver"), "{}", refused.text);
        let mut approver = someone(&app, "approver").await;
        let page = shown(&mut approver, &app, &place).await;
        holds(&page, &["From today to 1 March 2029"]);
        let wrong = approver.fills(&app, &page, &accept, &[("reason", "For <now>"), ("expires_on", "2031-01-01")]).await;
        assert_eq!(wrong.status, 422);
        holds(&wrong, &["href=\"#expires_on\"", "For &#60;now&#62;", "value=\"2031-01-01\"", "<details id=\"accept\" tabindex=\"-1\" open>"]);
        holds(&approver.fills(&app, &page, &accept, &[("reason", ""), ("expires_on", "")]).await, &["href=\"#accept-reason\"", "href=\"#expires_on\""]);
        assert_eq!(goes_to(&approver.fills(&app, &page, &accept, &[("reason", "For now"), ("expires_on", "2027-03-20")]).await), place);
        holds(&shown(&mut editor, &app, &place).await, &["Risk, accepted until 20 March 2027", "For now", "1 March 2027"]);
        // It waits on the home page for who decides on it anew.
        holds(&shown(&mut approver, &app, "/").await, &["Risks to decide on again", &format!("href=\"{place}\"")]);
        // A page from before is not acted on; it is shown as it is now.
        let stale = approver.fills(&app, &page, &close, &[("reason", "It is over")]).await;
        assert_eq!(stale.status, 409);
        holds(&stale, &["Someone else changed this meanwhile", "accepted until 20 March 2027"]);
        let page = shown(&mut editor, &app, &place).await;
        holds(&editor.fills(&app, &page, &close, &[("reason", " ")]).await, &["href=\"#close-reason\""]);
        assert_eq!(goes_to(&editor.fills(&app, &page, &close, &[("reason", "It is over")]).await), place);
        let page = shown(&mut editor, &app, &place).await;
        holds(&page, &["Risk, closed", "It is over"]);
        lacks(&page, &["/change\"", "/close\""]);
        assert_eq!(goes_to(&editor.fills(&app, &page, &reopen, &[]).await), place);
        let page = shown(&mut editor, &app, &place).await;
        let wrong = editor.fills(&app, &page, &delete, &[("typed", "It invents")]).await;
        assert_eq!(wrong.status, 422);
        holds(&wrong, &["href=\"#typed\""]);
        assert_eq!(goes_to(&editor.fills(&app, &page, &delete, &[("typed", " It invents  <things> ")]).await), format!("/suppliers/{}", id(&supplier)));
        assert_eq!(editor.opens(&app, &place).await.status, 404);
        // One that a finding raised says where it comes from, and cannot go.
        crate::assessments::submitted(&app, &supplier, poor()).await;
        let raised = app.walk("/risks", 50).await.remove(0);
        let page = shown(&mut editor, &app, &format!("/risks/{}", id(&raised))).await;
        holds(&page, &["A finding of", ">the assessment on House check</a>, raised by the answer to mfa", &format!("/assessments/{}", text(&raised, "origin_assessment_id")), "can be closed but not deleted"]);
        lacks(&page, &["/delete\""]);
        let forged = editor.fills_only(&app, &format!("/risks/{}/delete", id(&raised)), &[("csrf", &csrf), ("version", "1"), ("typed", text(&raised, "title"))]).await;
        assert_eq!(forged.status, 422);
    }

    async fn risks_come_worst_first(app: App) {
        let supplier = app.supplier("Harbour").await;
        for (title, likelihood, impact) in [("Small", 1, 2), ("Huge", 5, 5), ("Middling", 3, 3)] {
            risk(&app, &supplier, json!({ "title": title, "likelihood": likelihood, "impact": impact })).await;
        }
        let mut viewer = someone(&app, "viewer").await;
        let order = |page: &Answer| ["Huge", "Middling", "Small"].map(|title| page.text.find(&format!(">{title}</a>")).expect("a risk"));
        let page = shown(&mut viewer, &app, "/risks").await;
        assert!(order(&page).is_sorted());
        assert!(!order(&shown(&mut viewer, &app, "/risks?sort=-created_at").await).is_sorted());
        // The next page goes on in the same order.
        let first = shown(&mut viewer, &app, "/risks?limit=2").await;
        let next = first.text.split("href=\"").map(|rest| rest.split('"').next().unwrap_or_default()).find(|address| address.contains("cursor=")).expect("a next page").replace("&#38;", "&");
        let second = shown(&mut viewer, &app, &next).await;
        holds(&second, &[">Small</a>"]);
        lacks(&second, &[">Huge</a>", ">Middling</a>"]);
    }

    async fn evidence_is_entered_changed_given_a_file_and_taken_away(app: App) {
        let supplier = app.supplier("Harbour").await;
        let named = certificate(&app, &supplier, "2027-12-31").await;
        let mut editor = someone(&app, "editor").await;
        holds(&shown(&mut editor, &app, "/evidence/new").await, &[&format!("/evidence/new?subject_id={}", id(&supplier))]);
        let new = format!("/evidence/new?subject_id={}", id(&supplier));
        let page = shown(&mut editor, &app, &new).await;
        let wrong = editor.fills(&app, &page, &new, &[("kind", ""), ("reference", "P <1>"), ("issued_on", "2027-02-31")]).await;
        assert_eq!(wrong.status, 422);
        holds(&wrong, &["href=\"#kind\"", "href=\"#issued_on\"", "value=\"P &#60;1&#62;\""]);
        let wrong = editor.fills(&app, &page, &new, &[("kind", "insurance"), ("issued_on", "2027-02-01"), ("expires_on", "2027-01-01"), ("address", "nowhere")]).await;
        holds(&wrong, &["href=\"#expires_on\"", "href=\"#address\"", "value=\"nowhere\"", "<option value=\"insurance\" selected>"]);
        let place = goes_to(&editor.fills(&app, &page, &new, &[("kind", "insurance"), ("reference", "P 1"), ("issued_on", "2027-02-01"), ("expires_on", "2027-03-20")]).await);
        let page = shown(&mut editor, &app, &place).await;
        holds(&page, &["P 1</h1>", "20 March 2027 (in 19 days)", "There is no file."]);
        // The list has what ends first at the top, and can be narrowed.
        let list = shown(&mut editor, &app, "/evidence").await;
        let (first, second) = (list.text.find(&place).expect("the insurance"), list.text.find(id(&named)).expect("the certificate"));
        assert!(first < second);
        lacks(&shown(&mut editor, &app, "/evidence?kind=cyber_essentials").await, &[&place]);
        holds(&shown(&mut editor, &app, "/evidence?kind=pledge").await, &["No evidence is like that."]);
        // A file that is what it says it is.
        let file = format!("{place}/file");
        let wrong = editor.sends_file(&app, &page, &file, ("policy.pdf", "application/pdf", b"MZ")).await;
        assert_eq!(wrong.status, 422);
        holds(&wrong, &["href=\"#file\"", "what is in it is something else"]);
        holds(&editor.sends_file(&app, &page, &file, ("", "application/octet-stream", b"")).await, &["Choose a file to keep."]);
        assert_eq!(goes_to(&editor.sends_file(&app, &page, &file, ("policy.pdf", "application/pdf", b"%PDF-1.7")).await), place);
        let page = shown(&mut editor, &app, &place).await;
        holds(&page, &["Download policy.pdf", "1 KB"]);
        assert_eq!(app.get(&app.viewer, &file).await.text, "%PDF-1.7");
        let delete_file = format!("{place}/file/delete");
        assert_eq!(editor.fills(&app, &page, &delete_file, &[]).await.status, 422);
        assert_eq!(goes_to(&editor.fills(&app, &page, &delete_file, &[("sure", "true")]).await), place);
        // Changed; a change keeps what no field asks for.
        let change = format!("{place}/change");
        let old = shown(&mut editor, &app, &change).await;
        assert_eq!(goes_to(&editor.fills(&app, &old, &change, &[("kind", "insurance"), ("reference", "P 2")]).await), place);
        let stale = editor.fills(&app, &old, &change, &[("kind", "insurance"), ("reference", "P 3")]).await;
        assert_eq!(stale.status, 409);
        holds(&stale, &["Saved by someone else:</strong> P 2", "value=\"P 3\""]);
        let mut viewer = someone(&app, "viewer").await;
        lacks(&shown(&mut viewer, &app, &place).await, &["method=\"post\" action=\"/evidence"]);
        // Deleted by its name; what an answer rests on stays.
        let page = shown(&mut editor, &app, &place).await;
        let delete = format!("{place}/delete");
        assert_eq!(editor.fills(&app, &page, &delete, &[("typed", "P 2")]).await.status, 422);
        let name = page.text.split("<q>").nth(1).and_then(|rest| rest.split("</q>").next()).expect("a name").to_owned();
        assert_eq!(goes_to(&editor.fills(&app, &page, &delete, &[("typed", &name)]).await), format!("/suppliers/{}", id(&supplier)));
        let assessment = app.assessment("supplier-security", &supplier).await;
        app.patch(&app.editor, &format!("/assessments/{}/answers", id(&assessment)), &assessment, json!({ "relies_on_others": { "value": "no", "evidence_ids": [id(&named)] } })).await.json(200);
        let page = shown(&mut editor, &app, &format!("/evidence/{}", id(&named))).await;
        let name = page.text.split("<q>").nth(1).and_then(|rest| rest.split("</q>").next()).expect("a name").to_owned();
        let refused = editor.fills(&app, &page, &format!("/evidence/{}/delete", id(&named)), &[("typed", &name)]).await;
        assert_eq!(refused.status, 422);
        holds(&refused, &["Answers of an assessment refer to this evidence"]);
    }

    async fn contacts_identifiers_and_contracts_are_rows_that_survive_a_change(app: App) {
        let mut editor = someone(&app, "editor").await;
        let page = shown(&mut editor, &app, "/suppliers/new").await;
        let said = [
            ("name", "Harbour"), ("status", "active"), ("identifiers.0.scheme", "GB-COH"), ("identifiers.0.id", "4142000"), ("contacts.0.name", "Ada Osei"), ("contacts.0.role", "data protection officer"),
            ("contacts.0.email", "ada@harbour.example"), ("contacts.1.telephone", ""), ("contacts.1.name", "Front desk"), ("contracts.0.reference", "C-17"), ("contracts.0.starts_on", "2026-04-01"),
            ("contracts.0.ends_on", "2028-03-31"), ("contracts.0.notice_days", "90"), ("contracts.0.value.amount_minor", "£12,345.50"), ("tier_override", "critical"), ("tier_override_reason", "The only one"),
        ];
        let wrong: Vec<(&str, &str)> = said.into_iter().map(|(name, value)| (name, match name {
            "contacts.0.email" => "ada<at>harbour",
            "contracts.0.ends_on" => "2025-01-01",
            "identifiers.0.id" => "12345678901",
            _ => value,
        })).collect();
        let again = editor.fills(&app, &page, "/suppliers/new", &wrong).await;
        assert_eq!(again.status, 422);
        holds(&again, &["href=\"#contacts-0-email\"", "href=\"#contracts-0\"", "href=\"#identifiers-0-id\"", "value=\"ada&#60;at&#62;harbour\"", "value=\"£12,345.50\"", "value=\"Front desk\"", "id=\"contacts-2-name\""]);
        let unread: Vec<(&str, &str)> = said.into_iter().map(|(name, value)| (name, match name { "contracts.0.notice_days" => "some", "contracts.0.value.amount_minor" => "much", _ => value })).collect();
        holds(&editor.fills(&app, &page, "/suppliers/new", &unread).await, &["href=\"#contracts-0-notice_days\"", "href=\"#contracts-0-value-amount_minor\"", "value=\"much\""]);
        let place = goes_to(&editor.fills(&app, &page, "/suppliers/new", &said).await).replace("?notice=entered", "");
        let made = app.get(&app.viewer, &place).await.json(200);
        let contract = json!({ "reference": "C-17", "starts_on": "2026-04-01", "ends_on": "2028-03-31", "notice_days": 90, "renews_for_months": null, "value": { "amount_minor": 1_234_550, "currency": "GBP" } });
        assert_eq!((&made["identifiers"], &made["contracts"], &made["contacts"][1]["name"], text(&made, "tier")), (&json!([{ "scheme": "GB-COH", "id": "04142000" }]), &json!([contract]), &json!("Front desk"), "critical"));
        // What the form shows, sent back as it is, changes nothing.
        let change = format!("{place}/change");
        let page = shown(&mut editor, &app, &change).await;
        holds(&page, &["value=\"12345.50\"", "value=\"GBP\"", "value=\"ada@harbour.example\"", "<option value=\"GB-COH\" selected>"]);
        let mut same: Vec<(&str, &str)> = said.to_vec();
        same.extend([("contracts.0.value.currency", "GBP"), ("contracts.1.reference", ""), ("contacts.2.name", "")]);
        assert_eq!(goes_to(&editor.fills(&app, &page, &change, &same).await), format!("{place}?notice=changed"));
        let kept = app.get(&app.viewer, &place).await.json(200);
        assert_eq!(["contacts", "identifiers", "contracts", "tier_override_reason"].map(|field| &kept[field]), ["contacts", "identifiers", "contracts", "tier_override_reason"].map(|field| &made[field]));
        // Each row can go.
        let page = shown(&mut editor, &app, &change).await;
        same.extend([("contacts.0.gone", "true"), ("contracts.0.gone", "true"), ("identifiers.0.gone", "true")]);
        assert_eq!(goes_to(&editor.fills(&app, &page, &change, &same).await), format!("{place}?notice=changed"));
        let less = app.get(&app.viewer, &place).await.json(200);
        assert_eq!((less["contacts"].as_array().map(Vec::len), &less["contracts"], &less["identifiers"]), (Some(1), &json!([]), &json!([])));
        // An identifier that another supplier holds is said where it stands.
        app.post(&app.editor, "/suppliers", json!({ "name": "Other", "identifiers": [{ "scheme": "GB-NHS", "id": "8K417" }] })).await.json(201);
        let page = shown(&mut editor, &app, &change).await;
        let held = editor.fills(&app, &page, &change, &[("name", "Harbour"), ("status", "active"), ("identifiers.0.scheme", "GB-NHS"), ("identifiers.0.id", "8k417")]).await;
        assert_eq!(held.status, 422);
        holds(&held, &["href=\"#identifiers-0\"", "held by another supplier"]);
    }

    async fn who_rests_on_whom_is_entered_by_name_shown_as_a_map_and_taken_away(app: App) {
        let notes = app.post(&app.editor, "/suppliers", json!({ "name": "Notes <Ltd>", "service_criticality": "vital" })).await.json(201);
        let host = app.supplier("Nimbus").await;
        let mut editor = someone(&app, "editor").await;
        holds(&shown(&mut editor, &app, "/concentration").await, &["There are no dependencies yet."]);
        let path = format!("/dependencies/new?subject_id={}", id(&notes));
        holds(&shown(&mut editor, &app, &format!("/suppliers/{}", id(&notes))).await, &[&format!("href=\"{path}\"")]);
        let page = shown(&mut editor, &app, &format!("{path}&q=nimb")).await;
        let new = format!("{path}&rests_on_id={}", id(&host));
        holds(&page, &["What does Notes &#60;Ltd&#62; depend on?", &new.replace('&', "&#38;")]);
        // Nothing rests on itself.
        lacks(&shown(&mut editor, &app, &path).await, &[&format!("rests_on_id={}", id(&notes))]);
        let page = shown(&mut editor, &app, &new).await;
        let action = new.replace('&', "&#38;");
        assert!(page.text.contains(&format!("action=\"{action}\"")));
        let csrf = token(&page);
        let wrong = editor.fills_only(&app, &new, &[("csrf", &csrf), ("version", "0"), ("kind", ""), ("description", "In <Leeds>")]).await;
        assert_eq!(wrong.status, 422);
        holds(&wrong, &["href=\"#kind\"", "In &#60;Leeds&#62;"]);
        let there = format!("/suppliers/{}#rests", id(&notes));
        assert_eq!(goes_to(&editor.fills_only(&app, &new, &[("csrf", &csrf), ("version", "0"), ("kind", "host"), ("description", "In Leeds")]).await), there);
        assert_eq!(editor.fills_only(&app, &new, &[("csrf", &csrf), ("version", "0"), ("kind", "host")]).await.status, 422);
        let mut viewer = someone(&app, "viewer").await;
        let page = shown(&mut viewer, &app, "/concentration").await;
        holds(&page, &["<svg class=\"links\"", "Notes &#60;Ltd&#62; depends on Nimbus: host", "carries 1", "1 entry directly", &format!("href=\"/suppliers/{}\"", id(&host)), "Critical", "aria-current=\"page\">Dependencies"]);
        lacks(&page, &["/dependencies/new"]);
        holds(&shown(&mut viewer, &app, "/concentration?kind=model_provider").await, &["No supplier is depended on in that way."]);
        let made = app.walk("/dependencies", 50).await.remove(0);
        let (change, delete) = (format!("/dependencies/{}/change", id(&made)), format!("/dependencies/{}/delete", id(&made)));
        let page = shown(&mut editor, &app, &change).await;
        assert_eq!(goes_to(&editor.fills(&app, &page, &change, &[("kind", "sub_processor")]).await), there);
        let stale = editor.fills(&app, &page, &change, &[("kind", "component")]).await;
        assert_eq!(stale.status, 409);
        holds(&stale, &["Sub-processor: it handles personal data"]);
        let page = shown(&mut editor, &app, &delete).await;
        holds(&editor.fills(&app, &page, &delete, &[("typed", "Notes <Ltd>")]).await, &["href=\"#typed\""]);
        assert_eq!(goes_to(&editor.fills(&app, &page, &delete, &[("typed", "Nimbus")]).await), there);
        assert!(app.walk("/dependencies", 50).await.is_empty());
        // A circle is drawn like anything else.
        rests(&app, &notes, &host, "host").await;
        rests(&app, &host, &notes, "component").await;
        holds(&shown(&mut viewer, &app, "/concentration").await, &["Nimbus depends on Notes &#60;Ltd&#62;: component"]);
    }

    async fn what_is_over_is_archived_brought_back_or_deleted_where_nothing_hangs_on_it(app: App) {
        let (supplier, host) = (app.supplier("Harbour").await, app.supplier("Nimbus").await);
        let product = app.product(&supplier, "Notes").await;
        let place = format!("/suppliers/{}", id(&supplier));
        let [end, archive, restore, delete] = ["end", "archive", "restore", "delete"].map(|verb| format!("{place}/{verb}"));
        let mut editor = someone(&app, "editor").await;
        holds(&shown(&mut editor, &app, &place).await, &[&format!("href=\"{end}\"")]);
        let old = shown(&mut editor, &app, &end).await;
        holds(&old, &["It cannot be deleted", "<li>products</li>"]);
        lacks(&old, &["<li>risks</li>", &format!("action=\"{delete}\"")]);
        assert_eq!(goes_to(&editor.fills(&app, &old, &archive, &[]).await), place);
        assert_eq!(text(&app.get(&app.viewer, &place).await.json(200), "status"), "archived");
        assert_eq!(editor.fills(&app, &old, &archive, &[]).await.status, 409);
        // The form of what is archived does not bring it back by the way.
        let change = shown(&mut editor, &app, &format!("{place}/change")).await;
        lacks(&change, &["name=\"status\""]);
        editor.fills(&app, &change, &format!("{place}/change"), &[("name", "Harbour Care")]).await;
        assert_eq!(text(&app.get(&app.viewer, &place).await.json(200), "status"), "archived");
        let page = shown(&mut editor, &app, &end).await;
        assert_eq!(goes_to(&editor.fills(&app, &page, &restore, &[]).await), place);
        assert_eq!(text(&app.get(&app.viewer, &place).await.json(200), "status"), "active");
        // What hangs on a product is said, and keeps it.
        let place = format!("/products/{}", id(&product));
        let kept = rests(&app, &product, &host, "host").await;
        risk(&app, &product, json!({})).await;
        let page = shown(&mut editor, &app, &format!("{place}/end")).await;
        holds(&page, &["<li>risks</li>", "<li>dependencies</li>"]);
        let csrf = token(&page);
        let refused = editor.fills_only(&app, &format!("{place}/delete"), &[("csrf", &csrf), ("version", "1"), ("typed", "Notes")]).await;
        assert_eq!(refused.status, 422);
        holds(&refused, &["refer to this product, or something due about it was settled: archive it instead"]);
        app.delete(&app.editor, &format!("/dependencies/{}", id(&kept)), &kept).await;
        let made = app.walk("/risks", 50).await.remove(0);
        app.delete(&app.editor, &format!("/risks/{}", id(&made)), &made).await;
        let page = shown(&mut editor, &app, &format!("{place}/end")).await;
        assert_eq!(editor.fills(&app, &page, &format!("{place}/delete"), &[("typed", "Note")]).await.status, 422);
        assert_eq!(goes_to(&editor.fills(&app, &page, &format!("{place}/delete"), &[("typed", "Notes")]).await), format!("/suppliers/{}", id(&supplier)));
        let page = shown(&mut editor, &app, &end).await;
        assert_eq!(goes_to(&editor.fills(&app, &page, &delete, &[("typed", "Harbour Care")]).await), "/register");
        assert_eq!(editor.opens(&app, &end).await.status, 404);
    }

    async fn an_incident_is_entered_ended_and_deleted_by_name(app: App) {
        let supplier = app.supplier("Harbour").await;
        app.approved("supplier-security", &supplier, best).await;
        let mut editor = someone(&app, "editor").await;
        holds(&shown(&mut editor, &app, "/incidents").await, &["No incident is on record."]);
        holds(&shown(&mut editor, &app, "/incidents/new").await, &[&format!("/incidents/new?subject_id={}", id(&supplier))]);
        let new = format!("/incidents/new?subject_id={}", id(&supplier));
        let page = shown(&mut editor, &app, &new).await;
        let wrong = editor.fills(&app, &page, &new, &[("title", "No <rotas>"), ("severity", ""), ("personal_data_involved", "true"), ("occurred_on", "")]).await;
        assert_eq!(wrong.status, 422);
        holds(&wrong, &["href=\"#severity\"", "href=\"#occurred_on\"", "value=\"No &#60;rotas&#62;\"", "<option value=\"true\" selected>"]);
        holds(&editor.fills(&app, &page, &new, &[("title", "x"), ("severity", "high"), ("occurred_on", "2027-04-01")]).await, &["href=\"#occurred_on\"", "expected today or an earlier day."]);
        let place = goes_to(&editor.fills(&app, &page, &new, &[("title", "No <rotas>"), ("severity", "high"), ("personal_data_involved", "true"), ("occurred_on", "2027-02-20")]).await);
        assert_eq!(app.get(&app.viewer, &place).await.json(200)["personal_data_involved"], json!(true));
        holds(&shown(&mut editor, &app, &format!("/suppliers/{}", id(&supplier))).await, &[&format!("href=\"{place}\""), "To be decided again: an incident: No &#60;rotas&#62;"]);
        let page = shown(&mut editor, &app, &place).await;
        let resolve = format!("{place}/resolve");
        let wrong = editor.fills(&app, &page, &resolve, &[("resolved_on", "2027-01-01"), ("lessons", "Ask <them>")]).await;
        assert_eq!(wrong.status, 422);
        holds(&wrong, &["href=\"#resolved_on\"", "Ask &#60;them&#62;", "value=\"2027-01-01\""]);
        assert_eq!(goes_to(&editor.fills(&app, &page, &resolve, &[("resolved_on", "2027-02-28"), ("lessons", "Ask them")]).await), place);
        let page = shown(&mut editor, &app, &place).await;
        holds(&page, &["28 February 2027", "Ask them"]);
        lacks(&page, &["/resolve\""]);
        lacks(&shown(&mut editor, &app, "/incidents?resolved=false").await, &[&place]);
        holds(&shown(&mut editor, &app, "/incidents?resolved=true&severity=high").await, &[&place]);
        let change = format!("{place}/change");
        let form = shown(&mut editor, &app, &change).await;
        assert_eq!(goes_to(&editor.fills(&app, &form, &change, &[("title", "No rotas"), ("severity", "low"), ("personal_data_involved", "false"), ("occurred_on", "2027-02-20")]).await), place);
        assert_eq!(editor.fills(&app, &form, &change, &[("title", "No"), ("severity", "low"), ("personal_data_involved", "false"), ("occurred_on", "2027-02-20")]).await.status, 409);
        let page = shown(&mut editor, &app, &place).await;
        let delete = format!("{place}/delete");
        assert_eq!(editor.fills(&app, &page, &delete, &[("typed", "No")]).await.status, 422);
        assert_eq!(goes_to(&editor.fills(&app, &page, &delete, &[("typed", "No rotas")]).await), format!("/suppliers/{}", id(&supplier)));
        assert_eq!(editor.opens(&app, &place).await.status, 404);
    }

    async fn reviews_are_shown_by_month_and_saved_as_a_calendar(app: App) {
        let supplier = app.supplier("Harbour; Sons, Ltd").await;
        let review = app.walk(&format!("/reviews?subject_id={}", id(&supplier)), 50).await.remove(0);
        let path = format!("/reviews/{}/reschedule", id(&review));
        let moved = app.act(&app.editor, &path, &review, Some(json!({ "due_on": "2027-05-31", "reason": "The audit is then" }))).await.json(200);
        let mut viewer = someone(&app, "viewer").await;
        let page = shown(&mut viewer, &app, "/reviews").await;
        let address = "value=\"http://127.0.0.1:8080/api/v1/reviews.ics\" data-copy";
        holds(&page, &["href=\"/reviews?view=calendar\"", "href=\"/api/v1/reviews.ics\"", address, "an administrator of your register makes for you"]);
        lacks(&page, &["/settings/keys"]);
        let page = shown(&mut viewer, &app, "/reviews?view=calendar").await;
        holds(&page, &["No review is due in March 2027.", "month=2027-02", "month=2027-04", address]);
        let page = shown(&mut viewer, &app, "/reviews?view=calendar&month=2027-05").await;
        holds(&page, &["May 2027</h2>", "Monday 31 May 2027", "Harbour; Sons, Ltd</a>", "month=2027-06"]);
        lacks(&page, &["Tuesday 1 June 2027"]);
        holds(&shown(&mut viewer, &app, "/reviews?view=calendar&month=never").await, &["March 2027</h2>"]);
        let file = app.get(&app.viewer, "/reviews.ics").await;
        assert_eq!((file.status, file.header("content-type")), (StatusCode::OK, "text/calendar; charset=utf-8"));
        assert!(file.text.starts_with("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n") && file.text.ends_with("END:VCALENDAR\r\n"), "{}", file.text);
        for line in [&format!("UID:{}@diligence", id(&moved)), "DTSTART;VALUE=DATE:20270531", "SUMMARY:Review: Harbour\\; Sons\\, Ltd", "DTEND;VALUE=DATE:20270601", "SEQUENCE:0", "DESCRIPTION:The audit is then"] {
            assert!(file.text.contains(&format!("{line}\r\n")), "{line} is not in {}", file.text);
        }
        assert!(!app.get(&app.neighbour, "/reviews.ics").await.text.contains("Harbour"));
        app.get(&app.stranger, "/reviews.ics").await.faults(401);
    }

    async fn a_calendar_program_subscribes_to_reviews_with_a_key_as_its_password(app: App) {
        app.supplier("Harbour").await;
        let mut admin = someone(&app, "admin").await;
        holds(&shown(&mut admin, &app, "/reviews").await, &["href=\"/settings/keys/new?scope=calendar_only\""]);
        let form = shown(&mut admin, &app, "/settings/keys/new?scope=calendar_only").await;
        holds(&form, &["<option value=\"calendar_only\" selected>"]);
        holds(&shown(&mut admin, &app, "/settings/keys/new?scope=anything").await, &["<option value=\"read_only\" selected>"]);
        let made = admin.fills(&app, &form, "/settings/keys/new", &[("name", "Calendar of Ada"), ("role", "viewer"), ("scope", "calendar_only"), ("expires_on", "")]).await;
        holds(&made, &["-u &#34;calendar:$KEY&#34; &#39;http://127.0.0.1:8080/api/v1/reviews.ics&#39;"]);
        let key = made.split("id=\"secret\">").nth(1).and_then(|rest| rest.split('<').next()).expect("a key");
        let basic = |name: &str, password: &str| Authorization::basic(name, password).0.encode().to_str().expect("a header").to_owned();
        let ask = async |path: &str, authorization: &str| app.send(&app.stranger, Method::GET, path, None, &[("authorization", authorization)]).await;
        for name in ["ada", ""] {
            let file = ask("/reviews.ics", &basic(name, key)).await;
            assert!(file.status.is_success() && file.text.contains("SUMMARY:Review: Harbour\r\n"), "{}", file.text);
        }
        // It opens nothing else, and nothing but a key opens it.
        ask("/register", &basic("ada", key)).await.faults(403);
        for wrong in [basic("ada", "dlk_nothing"), basic(key, ""), basic("", ""), format!("Basic {key}"), "Basic".into(), "Basic ".into(), format!("Digest {key}")] {
            let refused = ask("/reviews.ics", &wrong).await;
            assert_eq!(refused.faults(401), Vec::<String>::new(), "{wrong}");
            assert!(!refused.text.contains(key), "{}", refused.text);
            // Whoever's key is over is asked for another.
            assert!(refused.header("www-authenticate").contains("Basic realm=\"diligence\""), "{wrong}: {}", refused.header("www-authenticate"));
        }
        // A program is told that a name and a password would do; a browser, which would ask for them itself, is not.
        let program = app.get(&app.stranger, "/reviews.ics").await;
        assert!(program.header("www-authenticate").contains("Basic realm=\"diligence\""), "{}", program.header("www-authenticate"));
        let browser = app.send(&app.stranger, Method::GET, "/reviews.ics", None, &[("sec-fetch-mode", "navigate")]).await;
        for refused in [browser, app.get(&app.stranger, "/register").await] {
            assert_eq!(refused.header("www-authenticate"), "Bearer realm=\"diligence\"");
        }
    }

    async fn who_may_only_look_is_refused_and_neighbours_find_nothing(app: App) {
        let (supplier, host) = (app.supplier("Harbour").await, app.supplier("Nimbus").await);
        let product = app.product(&supplier, "Notes").await;
        let made = risk(&app, &supplier, json!({})).await;
        let piece = certificate(&app, &supplier, "2027-12-31").await;
        let incident = app.post(&app.editor, "/incidents", json!({ "subject_id": id(&supplier), "title": "A laptop was lost", "severity": "high", "occurred_on": "2027-02-20" })).await.json(201);
        let rests = rests(&app, &supplier, &host, "host").await;
        let shown_to_all = [format!("/risks/{}", id(&made)), format!("/evidence/{}", id(&piece)), format!("/incidents/{}", id(&incident))];
        let of_editors: Vec<String> = [format!("/dependencies/{}", id(&rests))].iter().chain(&shown_to_all).map(|item| format!("{item}/change"))
            .chain(["risks", "evidence", "incidents", "dependencies"].map(|noun| format!("/{noun}/new?subject_id={}", id(&supplier))))
            .chain([format!("/suppliers/{}/end", id(&supplier)), format!("/products/{}/end", id(&product)), format!("/dependencies/{}/delete", id(&rests))])
            .collect();
        let sent: Vec<String> = shown_to_all.iter().flat_map(|item| [format!("{item}/change"), format!("{item}/delete")])
            .chain(["accept", "close", "reopen"].map(|verb| format!("/risks/{}/{verb}", id(&made))))
            .chain([format!("/evidence/{}/file/delete", id(&piece)), format!("/incidents/{}/resolve", id(&incident)), format!("/dependencies/{}/change", id(&rests)), format!("/dependencies/{}/delete", id(&rests))])
            .chain([("suppliers", &supplier), ("products", &product)].into_iter().flat_map(|(nouns, item)| ["archive", "restore", "delete"].map(|verb| format!("/{nouns}/{}/{verb}", id(item)))))
            .chain(["risks", "evidence", "incidents"].map(|noun| format!("/{noun}/new?subject_id={}", id(&supplier))))
            .collect();
        let mut viewer = someone(&app, "viewer").await;
        let csrf = token(&viewer.opens(&app, "/account").await);
        for path in &shown_to_all {
            shown(&mut viewer, &app, path).await;
        }
        for path in &of_editors {
            assert_eq!(viewer.opens(&app, path).await.status, 403, "{path}");
        }
        let typed = [("version", "1"), ("typed", "It invents <things>"), ("reason", "x"), ("sure", "true"), ("expires_on", "2027-06-01"), ("resolved_on", "2027-02-28"), ("kind", "other"), ("title", "x")];
        for path in &sent {
            let fields: Vec<(&str, &str)> = [("csrf", csrf.as_str())].into_iter().chain(typed).collect();
            assert_eq!(viewer.fills_only(&app, path, &fields).await.status, 403, "{path}");
        }
        let mut approver = someone(&app, "approver").await;
        for path in &sent {
            // A form without its proof is refused, whoever sends it.
            assert_eq!(approver.fills_only(&app, path, &typed).await.status, 403, "{path}");
        }
        app.joins(&app.neighbour, "next.door@example.org", "approver").await;
        let mut neighbour = Browser::of(&app.signs_in("next.door@example.org").await);
        let csrf = token(&neighbour.opens(&app, "/account").await);
        for path in shown_to_all.iter().chain(&of_editors) {
            let told = neighbour.opens(&app, path).await;
            assert!(told.status == 404 && !told.text.contains("Harbour"), "{path}: {} {}", told.status, told.text);
        }
        for path in &sent {
            let fields: Vec<(&str, &str)> = [("csrf", csrf.as_str())].into_iter().chain(typed).collect();
            assert_eq!(neighbour.fills_only(&app, path, &fields).await.status, 404, "{path}");
        }
        for path in ["/risks", "/evidence", "/incidents", "/concentration"] {
            lacks(&shown(&mut neighbour, &app, path).await, &["Harbour", "Nimbus"]);
        }
        assert_eq!(app.get(&app.viewer, &format!("/risks/{}", id(&made))).await.json(200), made);
    }
}
