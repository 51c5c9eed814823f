//! The register's pages: what someone sees of it who never meets the API.

use serde_json::{Value, json};

use crate::{
    assessments::certificate,
    harness::{App, best, both, id, text, worst},
    pages::{Browser, goes_to, holds, lacks, shown, someone},
};

/// A register in which every page has something to show.
struct World {
    supplier: Value,
    product: Value,
    host: Value,
    risk: Value,
}

async fn world(app: &App) -> World {
    let body = json!({
        "name": "Harbour & Sons", "legal_name": "Harbour Care Systems Ltd", "website": "https://harbour.example", "country": "GB", "relationship_owner": "Jo Bell",
        "data_role": "processor", "personal_data": ["health"], "data_locations": ["GB", "IE"], "data_sensitivity": "special_category", "system_access": "standing",
        "identifiers": [{ "scheme": "GB-COH", "id": "04142000" }], "notes": "First line.\nAnd <b>another</b>.",
        "contacts": [{ "name": "Ada Osei", "role": "data protection officer", "email": "ada@harbour.example", "telephone": "0113 496 0000" }],
        "contracts": [{ "reference": "C-17", "starts_on": "2026-04-01", "ends_on": "2028-03-31", "notice_days": 90, "value": { "amount_minor": 1_234_550, "currency": "GBP" } }],
    });
    let supplier = app.post(&app.editor, "/suppliers", body).await.json(201);
    let product = json!({
        "supplier_id": id(&supplier), "name": "Notes", "kind": "ai_system", "purpose": "Writes up visits.", "product_version": "4.2", "ai_features": "core",
        "ai_profile": { "purpose": "Summaries", "generative": "yes", "model": "Large", "model_version": "3", "model_provider": "Nimbus", "trains_on_our_data": "no", "runs_in": ["GB"],
            "autonomy": "recommends", "affects": ["residents"], "overseer": "Sam Okafor", "summarises_speech": "yes" },
    });
    let product = app.post(&app.editor, "/products", product).await.json(201);
    let host = app.supplier("Nimbus").await;
    app.post(&app.editor, "/dependencies", json!({ "subject_id": id(&product), "rests_on_id": id(&host), "kind": "model_provider", "description": "The model." }))
        .await
        .json(201);
    let risk = app.post(&app.editor, "/risks", json!({ "subject_id": id(&product), "title": "It invents <things>", "likelihood": 4, "impact": 5, "residual_likelihood": 2, "residual_impact": 4, "treatment": "reduce", "owner": "Jo Bell",
        "actions": [{ "title": "Read every summary", "due_on": "2027-03-11" }] })).await.json(201);
    app.post(
        &app.editor,
        "/incidents",
        json!({ "subject_id": id(&supplier), "title": "A laptop was lost", "severity": "high", "occurred_on": "2027-02-20", "personal_data_involved": true }),
    )
    .await
    .json(201);
    certificate(app, &supplier, "2027-03-20").await;
    app.approved("supplier-security", &supplier, best).await;
    app.approved("ethical-ai-in-care", &product, worst).await;
    World { supplier, product, host, risk }
}

/// Every page of a list, one after the other.
async fn whole(browser: &mut Browser, app: &App, path: &str) -> String {
    let (mut all, mut path) = (String::new(), path.to_owned());
    loop {
        let page = shown(browser, app, &path).await;
        all.push_str(&page);
        let next =
            page.split("href=\"").filter_map(|rest| rest.split('"').next()).find(|address| address.contains("cursor="));
        let Some(next) = next else { return all };
        path = next.replace("&#38;", "&");
    }
}

/// A page without the records as they are kept.
fn without_records(page: &str) -> String {
    page.split("<pre").map(|part| part.split_once("</pre>").map_or(part, |(_, rest)| rest)).collect()
}

both! {
    async fn home_says_what_is_due_and_leads_there(app: App) {
        let mut viewer = someone(&app, "viewer").await;
        holds(&shown(&mut viewer, &app, "/").await, &["The register is empty"]);
        let world = world(&app).await;
        let page = shown(&mut viewer, &app, "/").await;
        let certificate = app.walk("/evidence?kind=cyber_essentials", 50).await.remove(0);
        let evidence = format!("<a href=\"/evidence/{}\">Harbour &#38; Sons</a>", id(&certificate));
        holds(&page, &["Reviews: 1</h2>", "Evidence expired or expiring: 1</h2>", &evidence, "in 19 days: Cyber Essentials certificate expires", "Risks, open and accepted: "]);
        // Of Nimbus nobody has said anything yet; the form in which it is said is a click away.
        let profile = format!("<a href=\"/suppliers/{}/change#data_sensitivity\">Nimbus</a>", id(&world.host));
        holds(&page, &["Not profiled yet: 1</h2>", &profile, "in 30 days: nobody has said how much depends on it"]);
        // A cell of the map leads to just the risks that stand there now.
        holds(&page, &["href=\"/risks?current_likelihood=2&amp;current_impact=4&amp;is_closed=false\" aria-label=\""]);
        let there = shown(&mut viewer, &app, "/risks?current_likelihood=2&current_impact=4").await;
        holds(&there, &["It invents &#60;things&#62;", "Unlikely, major (with nothing done: likely, catastrophic)", "Read every summary, in 10 days"]);
        assert!(!shown(&mut viewer, &app, "/risks?current_likelihood=4&current_impact=5").await.contains("It invents"));
        // What was decided on and has changed since waits for someone.
        let changed = app.get(&app.viewer, &format!("/products/{}", id(&world.product))).await.json(200);
        app.patch(&app.editor, &format!("/products/{}", id(&world.product)), &changed, json!({ "product_version": "5" })).await.json(200);
        holds(&shown(&mut viewer, &app, "/").await, &["Decisions to make again", "Notes (Harbour &#38; Sons)"]);
    }

    async fn the_register_is_narrowed_ordered_and_saved_as_it_is_seen(app: App) {
        let world = world(&app).await;
        let mut viewer = someone(&app, "viewer").await;
        let page = shown(&mut viewer, &app, "/register").await;
        holds(&page, &["Harbour &#38; Sons", "AI system of Harbour &#38; Sons, AI at its core", "Nimbus", &format!("href=\"/products/{}\"", id(&world.product))]);
        let narrowed = shown(&mut viewer, &app, "/register?q=harbour&subject_type=supplier&rating=&sort=-rating").await;
        holds(&narrowed, &["Harbour &#38; Sons", "href=\"/api/v1/register.csv?q=harbour&#38;subject_type=supplier&#38;bom=true\"", "<option value=\"supplier\" selected>", "Show everything"]);
        assert!(!narrowed.contains(">Notes<") && !narrowed.contains(">Nimbus<"));
        holds(&shown(&mut viewer, &app, "/register?q=nowhere").await, &["Nothing in the register is like that"]);
        let csv = app.get(&app.viewer, "/register.csv?q=harbour&subject_type=supplier&bom=true").await;
        assert_eq!(csv.text.lines().count(), 2, "{}", csv.text);
        // A page of two, and the way on.
        let first = shown(&mut viewer, &app, "/register?limit=2").await;
        let next = first.split("href=\"").map(|rest| rest.split('"').next().unwrap_or_default()).find(|address| address.contains("cursor=")).expect("a next page").replace("&#38;", "&");
        holds(&shown(&mut viewer, &app, &next).await, &["Nimbus", "First page"]);
        let wrong = viewer.opens(&app, "/register?rating=fine&review_before=soon").await;
        assert_eq!(wrong.status, 422);
        holds(&wrong.text, &["There is a problem", "href=\"#rating\"", "href=\"#review_before\""]);
    }

    async fn a_click_says_who_handles_personal_data_and_who_of_them_has_no_certificate_in_date(app: App) {
        let world = world(&app).await;
        app.post(&app.editor, "/suppliers", json!({ "name": "Fernway Laundry", "data_role": "none" })).await.json(201);
        app.processor("Obeying").await;
        let mut viewer = someone(&app, "viewer").await;
        let page = shown(&mut viewer, &app, "/register").await;
        let uncertified = "/register?subject_type=supplier&handles_personal_data=true&has_certificate=false";
        let link = uncertified.replace('&', "&#38;");
        let ways = ["/register?handles_personal_data=true", &link, "/register?subject_type=supplier&#38;data_role_said=false", "/register?ai_features=core", "/register?ai_features=embedded"];
        for way in ways {
            holds(&page, &[&format!("<a href=\"{way}\">")]);
            shown(&mut viewer, &app, &way.replace("&#38;", "&")).await;
        }
        holds(&page, &["Cyber Essentials certificate, Cyber Essentials Plus certificate, ISO 27001 certificate, and a Data Security and Protection Toolkit (DSPT) status that says Standards Met or Standards Exceeded."]);
        let handling = shown(&mut viewer, &app, "/register?handles_personal_data=true").await;
        let product = format!("href=\"/products/{}\"", id(&world.product));
        holds(&handling, &[">Harbour &#38; Sons</a>", ">Obeying</a>", &product, "<details open>", "<option value=\"true\" selected>Handles it</option>", "Show everything"]);
        assert!(!handling.contains(">Nimbus</a>") && !handling.contains(">Fernway Laundry</a>"));
        let without = shown(&mut viewer, &app, uncertified).await;
        holds(&without, &[">Obeying</a>", "<option value=\"false\" selected>None in date</option>", "href=\"/api/v1/register.csv?subject_type=supplier&#38;handles_personal_data=true&#38;has_certificate=false&#38;bom=true\""]);
        assert!(!without.contains(">Harbour &#38; Sons</a>"));
        let processors = shown(&mut viewer, &app, "/register?data_role=processor").await;
        holds(&processors, &[">Obeying</a>", "<option value=\"processor\" selected>", "<details open>"]);
        lacks(&processors, &[">Fernway Laundry</a>"]);
        let unsaid = shown(&mut viewer, &app, "/register?subject_type=supplier&data_role_said=false").await;
        holds(&unsaid, &[">Nimbus</a>", "name=\"data_role_said\" value=\"false\" checked"]);
        assert!(!unsaid.contains(">Obeying</a>") && !unsaid.contains(">Fernway Laundry</a>"));
        // The page of evidence leads there too, and the day after a certificate ends its supplier is among them.
        holds(&shown(&mut viewer, &app, "/evidence").await, &[&format!("<a href=\"{link}\">Suppliers that handle personal data and have no certificate in date</a>")]);
        app.goes_to("2027-03-21");
        let mut viewer = someone(&app, "viewer").await;
        holds(&shown(&mut viewer, &app, uncertified).await, &[">Harbour &#38; Sons</a>"]);
        let wrong = viewer.opens(&app, "/register?handles_personal_data=maybe&has_certificate=yes").await;
        assert_eq!(wrong.status, 422);
        holds(&wrong.text, &["There is a problem", "href=\"#handles_personal_data\"", "href=\"#has_certificate\"", "<details open>"]);
    }

    async fn a_supplier_and_a_product_say_all_that_is_known_and_who_rests_on_whom(app: App) {
        let world = world(&app).await;
        let mut viewer = someone(&app, "viewer").await;
        let supplier = shown(&mut viewer, &app, &format!("/suppliers/{}", id(&world.supplier))).await;
        holds(&supplier, &[
            "<h1>Harbour &#38; Sons</h1>", "Harbour Care Systems Ltd", "Companies House", "04142000", "<dt>What is its part in personal data?</dt><dd class=\"lines\">Processor: on our instructions</dd>", "<dt>Which personal data does it handle?</dt><dd class=\"lines\">Health</dd>", "GB, IE", "First line.\nAnd &#60;b&#62;another&#60;/b&#62;.",
            "Data protection officer", "mailto:ada@harbour.example", "Contract C-17", "from 1 April 2026 until 31 March 2028, 90 days' notice, £12,345.50",
            "Approved</b> by", "A laptop was lost", "Cyber Essentials certificate", "20 March 2027", "Supplier security",
        ]);
        let product = shown(&mut viewer, &app, &format!("/products/{}", id(&world.product))).await;
        holds(&product, &[
            "<h1>Notes</h1>", "Writes up visits.", "AI at its core", "<dd class=\"lines\">Large</dd>", "<dt>Who provides the model?</dt><dd class=\"lines\">Nimbus</dd>", "Is your data used to train it?", "Sam Okafor", "It invents &#60;things&#62;",
            &format!("Depends on <a href=\"/suppliers/{}\">Nimbus</a>", id(&world.host)), "Model provider: The model.",
        ]);
        holds(&shown(&mut viewer, &app, &format!("/suppliers/{}", id(&world.host))).await, &["Needed by <a", "Notes (Harbour &#38; Sons)", "None yet: nothing was asked."]);
        let history = shown(&mut viewer, &app, &format!("/products/{}/history", id(&world.product))).await;
        holds(&history, &["History of Notes (Harbour &#38; Sons)", "<h3>Risk entered: ", "<h3>Assessment approved: "]);
        assert_eq!(text(&world.risk, "state"), "open");
        // A neighbour, and what is not there.
        app.joins(&app.neighbour, "next.door@example.org", "viewer").await;
        let mut neighbour = Browser::of(&app.signs_in("next.door@example.org").await);
        for path in [format!("/suppliers/{}", id(&world.supplier)), format!("/products/{}", id(&world.product)), format!("/suppliers/{}/history", id(&world.supplier)), "/suppliers/x".into()] {
            let told = neighbour.opens(&app, &path).await;
            assert!(told.status == 404 && !told.text.contains("Harbour"), "{path}: {}", told.text);
        }
        assert!(!shown(&mut neighbour, &app, "/register").await.contains("Harbour"));
    }

    async fn what_happened_is_read_in_words_that_name_the_thing_and_the_record_is_there_to_be_opened(app: App) {
        let world = world(&app).await;
        let (supplier, risk) = (id(&world.supplier), id(&world.risk));
        app.patch(&app.editor, &format!("/risks/{risk}"), &world.risk, json!({ "owner": "Sam Okafor" })).await.json(200);
        let spare = app.post(&app.editor, "/risks", json!({ "subject_id": supplier, "title": "Spare", "likelihood": 1, "impact": 1 })).await.json(201);
        let place = format!("/risks/{}", id(&spare));
        let changed = app.patch(&app.editor, &place, &spare, json!({ "owner": "Jo Bell" })).await.json(200);
        assert_eq!(app.delete(&app.editor, &place, &changed).await.status, 204);
        let piece = json!({ "subject_id": supplier, "kind": "cyber_essentials", "reference": "CE-0042", "issued_on": "2027-02-03", "expires_on": "2027-11-26" });
        let piece = app.post(&app.editor, "/evidence", piece).await.json(201);
        app.patch(&app.editor, &format!("/evidence/{}", id(&piece)), &piece, json!({ "notes": "Seen <here>" })).await.json(200);
        let mut viewer = someone(&app, "viewer").await;
        let told = whole(&mut viewer, &app, &format!("/suppliers/{supplier}/history")).await;
        holds(&told, &[
            "<h3>Supplier entered: Harbour &#38; Sons</h3>", "<h3>Risk entered: It invents &#60;things&#62;</h3>", "<h3>Risk changed: It invents &#60;things&#62;</h3>", "<h3>Risk entered: Spare</h3>",
            "<h3>Risk changed: Spare</h3>", "<h3>Risk deleted: Spare</h3>", "<h3>Evidence entered: Cyber Essentials certificate CE-0042</h3>", "<h3>Evidence changed: Cyber Essentials certificate CE-0042</h3>",
            "<h3>Incident entered: A laptop was lost</h3>", "<h3>Dependency entered: Nimbus, Model provider</h3>", "<h3>Assessment submitted: Supplier security</h3>", ", Notes (Harbour &#38; Sons)</h3>",
            "<td>Jo Bell</td><td>Sam Okafor</td>", "<td>–</td><td>26 November 2027</td>", "<td>–</td><td>Seen &#60;here&#62;</td>", "<td>–</td><td>Yes</td>", "£12,345.50",
        ]);
        lacks(&without_records(&told), &["rev_", "rsk_", "evd_", "T09:", "[{", "Subject id", "Updated at", "evidence_expiry", "Create ", "Derive ", "<td>–</td><td>–</td>"]);
        holds(&told, &["<summary>Technical record<", &format!("&#34;item_id&#34;: &#34;{risk}&#34;"), "Seen &#60;here&#62;&#34;"]);
        // On its own page a risk's events are the same.
        holds(&shown(&mut viewer, &app, &format!("/risks/{risk}")).await, &["<h3>Risk entered: It invents &#60;things&#62;</h3>", "<h3>Risk changed: It invents &#60;things&#62;</h3>"]);
    }

    async fn what_nobody_has_said_yet_and_what_a_rating_follows_from_are_said(app: App) {
        let supplier = app.post(&app.editor, "/suppliers", json!({ "name": "Harbour" })).await.json(201);
        let mut editor = someone(&app, "editor").await;
        let place = format!("/suppliers/{}", id(&supplier));
        let page = shown(&mut editor, &app, &format!("{place}?notice=entered")).await;
        holds(&page, &["Harbour is in the register.", "enter its products", "Not known yet: it is rated as high", &format!("href=\"{place}/change#data_sensitivity\""), "Meadow View Care, as it stands on 1 March 2027"]);
        lacks(&page, &["A supplier is rated as the worst"]);
        let product = app.product(&supplier, "Notes <1>").await;
        let rated = format!("A supplier is rated as the worst of itself and its products in use: <a href=\"/products/{}\">Notes &#60;1&#62;</a> is unassessed.", id(&product));
        holds(&shown(&mut editor, &app, &place).await, &[&rated]);
        let critical = app.get(&app.viewer, &place).await.json(200);
        app.patch(&app.editor, &place, &critical, json!({ "service_criticality": "vital" })).await.json(200);
        holds(&shown(&mut editor, &app, &place).await, &["<dt>Tier</dt><dd>Critical</dd>", "What happens to care when it stops? People may come to harm within hours."]);
        // Its first review is over six months later, and the calendar of that month says so.
        app.goes_to("2027-10-05");
        let mut editor = someone(&app, "editor").await;
        holds(&shown(&mut editor, &app, "/reviews?view=calendar").await, &["reviews are overdue from earlier months"]);
        lacks(&shown(&mut editor, &app, "/reviews?view=calendar&month=2027-11").await, &["overdue from earlier months"]);
    }

    async fn a_review_is_done_or_moved_by_who_may_and_nothing_typed_is_lost(app: App) {
        let world = world(&app).await;
        let mut viewer = someone(&app, "viewer").await;
        let page = shown(&mut viewer, &app, "/reviews").await;
        holds(&page, &["Nimbus", "March 2027"]);
        assert!(!page.contains("/complete"));
        let mut editor = someone(&app, "editor").await;
        let page = editor.opens(&app, "/reviews").await;
        let review = app.walk(&format!("/reviews?subject_id={}", id(&world.supplier)), 50).await.remove(0);
        let (complete, reschedule) = (format!("/reviews/{}/complete", id(&review)), format!("/reviews/{}/reschedule", id(&review)));
        let wrong = editor.fills(&app, &page, &reschedule, &[("due_on", "2027-01-01"), ("reason", "Too <soon>")]).await;
        assert_eq!(wrong.status, 422);
        holds(&wrong.text, &["There is a problem", "value=\"2027-01-01\"", "value=\"Too &#60;soon&#62;\"", &format!("href=\"#due_on-{}\"", id(&review)), "<details open>"]);
        let wrong = editor.fills(&app, &page, &reschedule, &[("due_on", ""), ("reason", "")]).await;
        holds(&wrong.text, &["Enter the day to move it to.", "Enter why it is moved.", &format!("id=\"due_on-{}-wrong\"", id(&review)), &format!("id=\"reason-{}-wrong\"", id(&review))]);
        assert_eq!(goes_to(&editor.fills(&app, &page, &reschedule, &[("due_on", "2027-05-05"), ("reason", "The audit is then")]).await), format!("/reviews?moved={}", id(&world.supplier)));
        let moved = shown(&mut editor, &app, &format!("/reviews?moved={}", id(&world.supplier))).await;
        holds(&moved, &["5 May 2027", "The audit is then", "The review of Harbour &#38; Sons is moved. The next is due on 5 May 2027."]);
        // The page from before does not know of that.
        assert_eq!(editor.fills(&app, &page, &complete, &[("outcome", "Looked")]).await.status, 412);
        let page = editor.opens(&app, "/reviews").await;
        assert_eq!(goes_to(&editor.fills(&app, &page, &complete, &[("outcome", "Looked")]).await), format!("/reviews?done={}", id(&world.supplier)));
        holds(&shown(&mut editor, &app, &format!("/reviews?done={}", id(&world.supplier))).await, &["The review of Harbour &#38; Sons is done. The next is due on "]);
        let done = app.get(&app.viewer, &format!("/reviews/{}", id(&review))).await.json(200);
        assert_eq!((text(&done, "state"), text(&done, "outcome")), ("completed", "Looked"));
        // Who may only look is refused, and that is on record.
        let other = app.walk(&format!("/reviews?subject_id={}", id(&world.host)), 50).await.remove(0);
        let token = page.text.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a token").to_owned();
        let forged = editor.fills_only(&app, &format!("/reviews/{}/complete", id(&other)), &[("version", "1")]).await;
        assert_eq!(forged.status, 403);
        let viewers = viewer.opens(&app, "/account").await;
        let own = viewers.text.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a token").to_owned();
        assert_ne!(own, token);
        let refused = viewer.fills_only(&app, &format!("/reviews/{}/complete", id(&other)), &[("csrf", &own), ("version", "1")]).await;
        assert!(refused.status == 403 && refused.text.contains("needs the role editor"), "{}", refused.text);
        assert_eq!(app.get(&app.viewer, &format!("/reviews/{}", id(&other))).await.json(200)["state"], "open");
    }

    async fn an_editor_enters_a_supplier_and_a_product_and_changes_them(app: App) {
        let mut editor = someone(&app, "editor").await;
        let page = editor.opens(&app, "/suppliers/new").await;
        let said = [("name", ""), ("status", "active"), ("country", "gb"), ("website", "nowhere"), ("personal_data", "health"), ("personal_data", "contact"), ("data_locations", "gb; IE"), ("notes", "Two\r\nlines <here>")];
        let wrong = editor.fills(&app, &page, "/suppliers/new", &said).await;
        assert_eq!(wrong.status, 422);
        holds(&wrong.text, &["href=\"#name\"", "href=\"#website\"", "value=\"nowhere\"", "value=\"health\" checked", "Two\nlines &#60;here&#62;"]);
        let said: Vec<(&str, &str)> = said.into_iter().map(|(name, value)| (name, match name { "name" => "Harbour", "website" => "https://harbour.example", _ => value })).collect();
        let place = goes_to(&editor.fills(&app, &page, "/suppliers/new", &said).await).replace("?notice=entered", "");
        let supplier = app.get(&app.viewer, &place).await.json(200);
        assert_eq!(
            (text(&supplier, "name"), text(&supplier, "country"), &supplier["personal_data"], &supplier["data_locations"], text(&supplier, "notes"), &supplier["data_role"]),
            ("Harbour", "GB", &json!(["contact", "health"]), &json!(["GB", "IE"]), "Two\nlines <here>", &Value::Null)
        );

        let add = format!("{place}/products/new");
        let page = editor.opens(&app, &add).await;
        let said = [("name", "Notes"), ("kind", "ai_system"), ("status", "active"), ("ai_features", "none"), ("ai_profile.generative", "yes"), ("ai_profile.trains_on_our_data", "unknown"), ("ai_profile.summarises_speech", "unknown"), ("ai_profile.transparency_record", "x")];
        let wrong = editor.fills(&app, &page, &add, &said).await;
        assert_eq!(wrong.status, 422);
        holds(&wrong.text, &["href=\"#ai_features\"", "href=\"#ai_profile-transparency_record\"", "value=\"Notes\""]);
        let said: Vec<(&str, &str)> = said.into_iter().map(|(name, value)| (name, match name { "ai_features" => "core", "ai_profile.transparency_record" => "", _ => value })).collect();
        let entered = goes_to(&editor.fills(&app, &page, &add, &said).await);
        holds(&shown(&mut editor, &app, &entered).await, &["Notes is in the register.", "ask a questionnaire"]);
        let product_page = entered.replace("?notice=entered", "");
        let product = app.get(&app.viewer, &product_page).await.json(200);
        assert_eq!((&product["ai_profile"]["generative"], text(&product, "supplier_id"), &product["ai_profile"]["overseer"]), (&json!("yes"), id(&supplier), &Value::Null));
        let change = format!("{product_page}/change");
        let page = editor.opens(&app, &change).await;
        let cleared = [("name", "Notes"), ("kind", "software"), ("status", "active"), ("ai_features", "unknown"), ("ai_profile.generative", "unknown")];
        assert_eq!(goes_to(&editor.fills(&app, &page, &change, &cleared).await), format!("{product_page}?notice=changed"));
        assert_eq!(app.get(&app.viewer, &product_page).await.json(200)["ai_profile"], Value::Null);

        // Contacts and what else no field here asks for stays as it is.
        let contacts = json!([{ "name": "Ada Osei", "role": null, "email": null, "telephone": null }]);
        let supplier = app.patch(&app.editor, &place, &supplier, json!({ "contacts": contacts })).await.json(200);
        let change = format!("{place}/change");
        let page = editor.opens(&app, &change).await;
        holds(&page.text, &["value=\"Harbour\"", "value=\"GB, IE\"", "<option value=\"active\" selected>"]);
        // Someone else is faster: both are shown, and nothing is lost.
        app.patch(&app.editor, &place, &supplier, json!({ "relationship_owner": "Jo Bell" })).await.json(200);
        let mine = [("name", "Harbour Care"), ("status", "active"), ("relationship_owner", "Sam Okafor"), ("country", "GB")];
        let stale = editor.fills(&app, &page, &change, &mine).await;
        assert_eq!(stale.status, 409);
        holds(&stale.text, &["Someone else changed this meanwhile", "Saved by someone else:</strong> Jo Bell", "value=\"Sam Okafor\""]);
        assert_eq!(text(&app.get(&app.viewer, &place).await.json(200), "relationship_owner"), "Jo Bell");
        assert_eq!(goes_to(&editor.fills(&app, &stale, &change, &mine).await), format!("{place}?notice=changed"));
        let changed = app.get(&app.viewer, &place).await.json(200);
        assert_eq!((text(&changed, "name"), text(&changed, "relationship_owner"), &changed["contacts"]), ("Harbour Care", "Sam Okafor", &contacts));
        // Who may only look is not shown the way, and finds it shut.
        let mut viewer = someone(&app, "viewer").await;
        assert!(!shown(&mut viewer, &app, &place).await.contains("/change\""));
        for path in ["/suppliers/new", change.as_str(), add.as_str()] {
            assert_eq!(viewer.opens(&app, path).await.status, 403, "{path}");
        }
        assert_eq!(editor.fills_only(&app, "/suppliers/new", &[("name", "Forged"), ("status", "active")]).await.status, 403);
        let token = page.text.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a token").to_owned();
        assert_eq!(editor.fills_only(&app, "/suppliers/new", &[("csrf", &token), ("name", "x"), ("status", "elsewhere")]).await.status, 400);
    }
}
