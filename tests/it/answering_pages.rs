//! Pages of assessments, from the list to submission: what someone sees, and what each form does.

use poem::http::Method;
use serde_json::{Value, json};

use crate::{
    assessments::{certificate, good},
    harness::{Answer, App, best, both, id, text},
    pages::{Browser, form_data, goes_to, hidden, holds, lacks, shown, someone},
    questionnaires::{house_check, publish},
};

/// A supplier, and the house check put to it.
async fn asked(app: &App) -> (Value, Value, String) {
    publish(app).await;
    let supplier = app.supplier("Harbour <b>Care</b>").await;
    let assessment = app.assessment("house-check", &supplier).await;
    let path = format!("/assessments/{}", id(&assessment));
    (supplier, assessment, path)
}

async fn progress(app: &App, assessment: &Value) -> Value {
    app.get(&app.viewer, &format!("/assessments/{}/answers", id(assessment))).await.json(200)
}

/// A hidden field of a form.
fn own(page: &Answer, action: &str, name: &str) -> String {
    hidden(&page.text, action)
        .into_iter()
        .find(|(known, _)| known == name)
        .unwrap_or_else(|| panic!("no {name} in {}", page.text))
        .1
}

/// What the page itself sends while someone types: the touched questions alone.
async fn saves_by_itself(
    browser: &mut Browser,
    app: &App,
    page: &Answer,
    action: &str,
    questions: &[&str],
    fields: &[(&str, &str)],
) -> Answer {
    let touched = |(name, value): &(String, String)| match name.as_str() {
        "csrf" | "version" => true,
        _ => questions.contains(&value.split(':').next().unwrap_or_default()),
    };
    let mut all: Vec<(String, String)> = hidden(&page.text, action).into_iter().filter(touched).collect();
    all.push(("then".into(), "autosave".into()));
    all.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let all: Vec<(&str, &str)> = all.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    browser.fills_only(app, action, &all).await
}

both! {
    async fn an_editor_asks_a_questionnaire_that_fits_and_finds_it_in_the_list(app: App) {
        publish(&app).await;
        let mut editor = someone(&app, "editor").await;
        holds(&shown(&mut editor, &app, "/assessments").await.text, &["There are no assessments yet", "href=\"/assessments/new\""]);
        holds(&shown(&mut editor, &app, "/assessments/new").await.text, &["The register is empty"]);
        let supplier = app.supplier("Harbour <b>Care</b>").await;
        let place = format!("/assessments/new?subject_id={}", id(&supplier));
        holds(&shown(&mut editor, &app, "/assessments/new?q=harb").await.text, &[&format!("href=\"{place}\">Harbour &#60;b&#62;Care&#60;/b&#62;</a>")]);
        holds(&shown(&mut editor, &app, "/assessments/new?q=nobody").await.text, &["Nothing in the register is called that"]);
        holds(&shown(&mut editor, &app, &format!("/suppliers/{}", id(&supplier))).await.text, &[&format!("href=\"{place}\">Send a questionnaire")]);

        // What is for products is not offered for a supplier, and nothing chosen is said.
        let page = shown(&mut editor, &app, &place).await;
        holds(&page.text, &["House check", "What we ask everyone.", "value=\"house-check\"", "Carry over what was answered before"]);
        lacks(&page.text, &["value=\"ethical-ai-in-care\""]);
        let wrong = editor.fills(&app, &page, "/assessments/new", &[]).await;
        assert_eq!(wrong.status, 422);
        holds(&wrong.text, &["Choose a questionnaire.", "href=\"#questionnaire\""]);
        let started = goes_to(&editor.fills(&app, &page, "/assessments/new", &[("questionnaire", "house-check"), ("carry_over", "yes")]).await);
        let place_of_it = started.trim_end_matches("?notice=started").to_owned();
        holds(&shown(&mut editor, &app, &started).await.text, &["The assessment is started", "House check", "Being answered", "0 of 2 questions"]);
        // A second one of the same is not started, and the page leads to the first.
        holds(&shown(&mut editor, &app, &place).await.text, &["Under way already", &format!("href=\"{place_of_it}\"")]);
        assert_eq!(editor.fills(&app, &page, "/assessments/new", &[("questionnaire", "house-check")]).await.status, 422);

        let list = shown(&mut editor, &app, "/assessments").await.text;
        holds(&list, &[&format!("href=\"{place_of_it}\">House check"), "Harbour &#60;b&#62;Care&#60;/b&#62;", "Being answered", "Editors, or whoever at the supplier has a link", "href=\"/api/v1/assessments.csv?bom=true\""]);
        lacks(&shown(&mut editor, &app, "/assessments?state=approved").await.text, &[&place_of_it]);
        holds(&shown(&mut editor, &app, "/assessments?state=approved").await.text, &["No assessment is like that"]);
        holds(&shown(&mut editor, &app, &format!("/assessments?subject_id={}&questionnaire=house-check", id(&supplier))).await.text, &[&place_of_it, "Only those of <b>Harbour &#60;b&#62;"]);
        let wrong = editor.opens(&app, "/assessments?state=lost").await;
        assert_eq!(wrong.status, 422);
        holds(&wrong.text, &["href=\"#state\""]);
        holds(&shown(&mut editor, &app, &format!("/suppliers/{}", id(&supplier))).await.text, &[&format!("<a href=\"{place_of_it}\">House check</a>")]);
    }

    async fn the_list_goes_on_page_by_page(app: App) {
        publish(&app).await;
        for name in ["Alder", "Birch", "Cedar"] {
            let supplier = app.supplier(name).await;
            app.assessment("house-check", &supplier).await;
        }
        let mut viewer = someone(&app, "viewer").await;
        let first = shown(&mut viewer, &app, "/assessments?limit=2&sort=created_at").await.text;
        holds(&first, &["Alder", "Birch"]);
        lacks(&first, &["Cedar", "Send a questionnaire"]);
        let next = first.split("href=\"").map(|rest| rest.split('"').next().unwrap_or_default()).find(|address| address.contains("cursor=")).expect("a next page").replace("&#38;", "&");
        holds(&shown(&mut viewer, &app, &next).await.text, &["Cedar", "First page"]);
    }

    async fn an_assessment_is_answered_checked_and_submitted(app: App) {
        let (_, assessment, path) = asked(&app).await;
        let mut editor = someone(&app, "editor").await;
        let section = format!("{path}/sections/all");
        holds(&shown(&mut editor, &app, &path).await.text, &[&format!("href=\"{section}\">All</a>"), "2 questions", "2 questions must still be answered, or explained,", "None: nothing is answered yet", &format!("href=\"{path}/check\"")]);
        let page = shown(&mut editor, &app, &section).await;
        lacks(&page.text, &["Can you leave that company?"]);
        holds(&page.text, &["This answer needs evidence. Accepted here: Cyber Essentials certificate.", &format!("href=\"{path}/evidence?section=all\"")]);

        // An answer brings up another question, and what caps the rating is said with its reason.
        let more = editor.fills(&app, &page, &section, &[("mfa.value", "no"), ("hosting.value", "unknown")]).await;
        assert_eq!(goes_to(&more), path);
        holds(&shown(&mut editor, &app, &path).await.text, &["1 answer caps the rating", "Nobody knows where it runs.", "Whose computers is it on? Not known", "Answered"]);
        let page = shown(&mut editor, &app, &section).await;
        let more = editor.fills(&app, &page, &section, &[("mfa.value", "no"), ("hosting.value", "theirs")]).await;
        assert_eq!(goes_to(&more), format!("{section}?more=yes"));
        let page = shown(&mut editor, &app, &format!("{section}?more=yes")).await;
        holds(&page.text, &["Can you leave that company?", "They brought up more questions"]);
        lacks(&shown(&mut editor, &app, &path).await.text, &["caps the rating"]);

        // What is missing is named, leads to its place, and nothing is submitted.
        assert_eq!(editor.fills(&app, &page, &section, &[("mfa.value", "no"), ("hosting.value", "theirs"), ("exit.value", "no")]).await.status, 303);
        let check = shown(&mut editor, &app, &format!("{path}/check")).await;
        holds(&check.text, &["This answer needs a comment: Can you leave that company?", &format!("href=\"{section}#exit\""), "href=\"#exit\""]);
        assert_eq!(editor.fills(&app, &check, &format!("{path}/check"), &[]).await.status, 422);
        let page = shown(&mut editor, &app, &section).await;
        holds(&page.text, &["<p class=\"hint\" data-why>This answer needs a comment"]);
        assert_eq!(editor.fills(&app, &page, &section, &[("mfa.value", "no"), ("hosting.value", "theirs"), ("exit.value", "no"), ("exit.comment", "A <i>long</i> contract.")]).await.status, 303);
        let check = shown(&mut editor, &app, &format!("{path}/check")).await;
        lacks(&check.text, &["There is a problem"]);
        holds(&check.text, &["A &#60;i&#62;long&#60;/i&#62; contract.", "Another company&#39;s"]);
        // Someone answers meanwhile: the second look comes first.
        let now = progress(&app, &assessment).await["assessment"].clone();
        app.patch(&app.editor, &format!("{path}/answers"), &now, json!({ "mfa": { "value": "yes" } })).await.json(200);
        let stale = editor.fills(&app, &check, &format!("{path}/check"), &[]).await;
        assert_eq!(stale.status, 409);
        holds(&stale.text, &["Someone else saved answers meanwhile"]);
        assert_eq!(goes_to(&editor.fills(&app, &stale, &format!("{path}/check"), &[]).await), format!("{path}?notice=submitted"));
        let page = shown(&mut editor, &app, &format!("{path}?notice=submitted")).await;
        holds(&page.text, &["To be reviewed", &format!("href=\"{path}/review\""), &format!("href=\"{path}/score\""), "An approver reviews the answers", "<dt>Can you leave that company?</dt>"]);
        lacks(&page.text, &["Check the answers and submit", "Delete this draft", ">Change<"]);
        // Nothing can be answered any more, and home leads there.
        for closed in [section, format!("{path}/check"), format!("{path}/delete")] {
            assert_eq!(goes_to(&editor.opens(&app, &closed).await), path, "{closed}");
        }
        holds(&shown(&mut editor, &app, "/").await.text, &[&format!("<a href=\"{path}/review\">Harbour")]);
        assert_eq!(progress(&app, &assessment).await["assessment"]["state"], "submitted");
    }

    async fn what_is_typed_wrongly_is_kept_and_said(app: App) {
        let mut document = house_check("2027.1");
        document["sections"][0]["questions"].as_array_mut().expect("questions").push(json!({ "key": "hours", "principle": "access", "text": "How many hours?", "type": "number", "unit": "hours",
            "minimum": 0, "maximum": 100, "bands": [{ "at_least": 25, "points": 0 }, { "otherwise": true, "points": 100 }], "not_applicable": "with_reason" }));
        document["sections"][0]["questions"].as_array_mut().expect("questions").push(json!({ "key": "since", "principle": "access", "text": "Since when?", "type": "date", "weight": 0 }));
        app.post(&app.editor, "/questionnaires", document).await.json(201);
        let supplier = app.supplier("Harbour").await;
        let assessment = app.assessment("house-check", &supplier).await;
        let section = format!("/assessments/{}/sections/all", id(&assessment));
        let mut editor = someone(&app, "editor").await;
        let page = shown(&mut editor, &app, &section).await;
        let wrong = editor.fills(&app, &page, &section, &[("mfa.value", "partly"), ("hours.value", "many"), ("hours.comment", "At \"night\"")]).await;
        assert_eq!(wrong.status, 422);
        holds(&wrong.text, &["value=\"many\"", "href=\"#hours\"", "id=\"hours-wrong\"", "aria-invalid=\"true\"", "At &#34;night&#34;", "value=\"partly\" checked"]);
        assert_eq!(progress(&app, &assessment).await["answers"], json!({}));
        assert_eq!(goes_to(&editor.fills(&app, &wrong, &section, &[("hours.not_applicable", "We never close."), ("since.value", "2026-05-01")]).await), format!("/assessments/{}", id(&assessment)));
        let answers = progress(&app, &assessment).await["answers"].clone();
        assert_eq!(answers, json!({ "hours": { "not_applicable": "We never close." }, "since": { "value": "2026-05-01" } }));
    }

    async fn a_page_saves_by_itself_what_is_right_and_tells_what_came_up(app: App) {
        let (_, assessment, path) = asked(&app).await;
        let section = format!("{path}/sections/all");
        let mut editor = someone(&app, "editor").await;
        let page = shown(&mut editor, &app, &section).await;
        holds(&page.text, &["data-autosave=\"/sign-in?then=", "data-saving", "data-question=\"mfa\""]);
        // Only the question that was touched is sent; the page comes back with the question that it brought up.
        let saved = saves_by_itself(&mut editor, &app, &page, &section, &["hosting"], &[("hosting.value", "theirs")]).await;
        assert_eq!(saved.status, 200);
        holds(&saved.text, &["data-question=\"exit\"", "value=\"theirs\" checked"]);
        lacks(&saved.text, &["They brought up more questions"]);
        assert_eq!(progress(&app, &assessment).await["answers"], json!({ "hosting": { "value": "theirs" } }));
        // What is not right does not stand in the way of the rest.
        let partly = saves_by_itself(&mut editor, &app, &saved, &section, &["mfa", "exit"], &[("mfa.value", "yes"), ("mfa.evidence", "evd_0190c5d2e5f27c3c8a4b0d6f1e2a3b4c"), ("exit.value", "yes")]).await;
        assert_eq!(partly.status, 422);
        holds(&partly.text, &["id=\"mfa-wrong\"", "value=\"yes\" checked"]);
        assert_eq!(progress(&app, &assessment).await["answers"], json!({ "hosting": { "value": "theirs" }, "exit": { "value": "yes" } }));
        // Who is signed out meanwhile is sent to sign in, and nothing is taken for saved.
        let mut nobody = Browser::default();
        assert_eq!(goes_to(&saves_by_itself(&mut nobody, &app, &page, &section, &["mfa"], &[("mfa.value", "no")]).await), "/sign-in");
        assert_eq!(progress(&app, &assessment).await["answers"].get("mfa"), None);
    }

    async fn two_people_answer_at_once_and_neither_is_lost(app: App) {
        let (_, assessment, path) = asked(&app).await;
        let section = format!("{path}/sections/all");
        let (mut one, mut other) = (someone(&app, "editor").await, someone(&app, "approver").await);
        let (first, second) = (shown(&mut one, &app, &section).await, shown(&mut other, &app, &section).await);
        assert_eq!(one.fills(&app, &first, &section, &[("mfa.value", "yes"), ("mfa.comment", "Keys for <all>")]).await.status, 303);
        // The second answered something else: both stand.
        let saved = saves_by_itself(&mut other, &app, &second, &section, &["hosting"], &[("hosting.value", "ours")]).await;
        assert_eq!(saved.status, 200);
        let answers = progress(&app, &assessment).await["answers"].clone();
        assert_eq!((&answers["mfa"]["value"], &answers["hosting"]["value"]), (&json!("yes"), &json!("ours")));
        // The second answered the same otherwise, on what they saw before: they are told, and nothing is overwritten.
        for told in [
            saves_by_itself(&mut other, &app, &second, &section, &["mfa"], &[("mfa.value", "no")]).await,
            other.fills(&app, &second, &section, &[("mfa.value", "no"), ("hosting.value", "ours")]).await,
        ] {
            assert_eq!(told.status, 409);
            holds(&told.text, &["Someone else saved answers here while you were answering", "Saved by someone else:</strong> Yes (Keys for &#60;all&#62;)", "value=\"no\" checked", "href=\"#mfa\""]);
            assert_eq!(progress(&app, &assessment).await["answers"]["mfa"]["value"], "yes");
        }
        let told = other.fills(&app, &second, &section, &[("mfa.value", "no"), ("hosting.value", "ours")]).await;
        // Having seen both, they choose.
        assert_eq!(other.fills(&app, &told, &section, &[("mfa.value", "no"), ("hosting.value", "ours")]).await.status, 303);
        assert_eq!(progress(&app, &assessment).await["answers"]["mfa"]["value"], "no");
        // What one left alone is not put back over what another answered.
        let page = shown(&mut one, &app, &section).await;
        let now = progress(&app, &assessment).await["assessment"].clone();
        app.patch(&app.editor, &format!("{path}/answers"), &now, json!({ "mfa": { "value": "partly" } })).await.json(200);
        assert_eq!(one.fills(&app, &page, &section, &[("mfa.value", "no"), ("hosting.value", "theirs")]).await.status, 303);
        let answers = progress(&app, &assessment).await["answers"].clone();
        assert_eq!((&answers["mfa"]["value"], &answers["hosting"]["value"]), (&json!("partly"), &json!("theirs")));
    }

    async fn answers_of_before_are_confirmed_one_by_one_or_all_at_once(app: App) {
        publish(&app).await;
        let supplier = app.supplier("Harbour").await;
        certificate(&app, &supplier, "2027-12-31").await;
        app.approved("house-check", &supplier, best).await;
        let mut editor = someone(&app, "editor").await;
        let new = format!("/assessments/new?subject_id={}", id(&supplier));
        let page = shown(&mut editor, &app, &new).await;
        let started = goes_to(&editor.fills(&app, &page, "/assessments/new", &[("questionnaire", "house-check"), ("carry_over", "yes")]).await);
        let path = started.trim_end_matches("?notice=started").to_owned();
        let page = shown(&mut editor, &app, &path).await;
        holds(&page.text, &["2 earlier answers wait to be confirmed", "Is a second factor asked for?", "Answered on 1 March 2027.", "0 of 2 questions"]);
        holds(&shown(&mut editor, &app, &format!("{path}/sections/all")).await.text, &["Answered before, on 1 March 2027, and not confirmed yet."]);
        holds(&shown(&mut editor, &app, &format!("{path}/check")).await.text, &["2 answers that were given before are not confirmed"]);
        let action = format!("{path}/confirm");
        let (csrf, version) = (own(&page, &action, "csrf"), own(&page, &action, "version"));
        let one = [("csrf", csrf.as_str()), ("version", version.as_str()), ("question", "mfa")];
        assert_eq!(goes_to(&editor.fills_only(&app, &action, &one).await), format!("{path}?notice=confirmed"));
        holds(&shown(&mut editor, &app, &path).await.text, &["1 earlier answer waits", "1 of 2 questions"]);
        // The same again is stale, and said.
        assert_eq!(editor.fills_only(&app, &action, &one).await.status, 409);
        let page = shown(&mut editor, &app, &path).await;
        assert_eq!(editor.fills(&app, &page, &action, &[]).await.status, 303);
        let page = shown(&mut editor, &app, &path).await;
        holds(&page.text, &["2 of 2 questions"]);
        lacks(&page.text, &["to be confirmed"]);
        // Who wants to ask afresh carries nothing over.
        let other = app.supplier("Birch").await;
        let page = shown(&mut editor, &app, &format!("/assessments/new?subject_id={}", id(&other))).await;
        let started = goes_to(&editor.fills(&app, &page, "/assessments/new", &[("questionnaire", "house-check")]).await);
        lacks(&shown(&mut editor, &app, &started).await.text, &["to be confirmed"]);
    }

    async fn evidence_is_added_from_a_section_and_ticked_there(app: App) {
        let (supplier, assessment, path) = asked(&app).await;
        let mut editor = someone(&app, "editor").await;
        let action = format!("{path}/evidence");
        let page = shown(&mut editor, &app, &format!("{action}?section=all")).await;
        let csrf = own(&page, &action, "csrf");
        let own = [("csrf", csrf.as_str()), ("section", "all"), ("kind", "cyber_essentials"), ("reference", "CE <1>"), ("issued_on", "2027-01-02")];
        let nothing = form_data(&own[..2], ("", "application/octet-stream", b""));
        let refused = editor.send(&app, Method::POST, &action, Some(nothing)).await;
        assert_eq!(refused.status, 422);
        holds(&refused.text, &["id=\"file-wrong\"", "name=\"section\" value=\"all\""]);
        let refused = editor.send(&app, Method::POST, &action, Some(form_data(&own, ("plan.pdf", "application/pdf", b"no pdf")))).await;
        assert_eq!(refused.status, 422);
        holds(&refused.text, &["id=\"file-wrong\"", "value=\"CE &#60;1&#62;\"", "value=\"cyber_essentials\" selected"]);
        assert_eq!(app.get(&app.viewer, &format!("/evidence?subject_id={}", id(&supplier))).await.json(200)["items"], json!([]));
        let added = editor.send(&app, Method::POST, &action, Some(form_data(&own, ("plan.txt", "text/plain", b"Certified.")))).await;
        let section = format!("{path}/sections/all");
        assert_eq!(goes_to(&added), section);
        let page = shown(&mut editor, &app, &section).await;
        holds(&page.text, &["Cyber Essentials certificate, plan.txt: CE &#60;1&#62;, valid until 2 January 2028"]);
        let paper = page.text.split("name=\"mfa.evidence\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("something to tick").to_owned();
        assert_eq!(editor.fills(&app, &page, &section, &[("mfa.value", "yes"), ("mfa.evidence", &paper)]).await.status, 303);
        assert_eq!(progress(&app, &assessment).await["answers"]["mfa"], json!({ "value": "yes", "evidence_ids": [paper] }));
        holds(&shown(&mut editor, &app, &format!("{path}/check")).await.text, &["Evidence: Cyber Essentials certificate, plan.txt"]);
        // A form with another's token, and an address that leads elsewhere.
        let forged = form_data(&[("csrf", "00"), ("reference", "x")], ("", "application/octet-stream", b""));
        assert_eq!(editor.send(&app, Method::POST, &action, Some(forged)).await.status, 403);
        lacks(&shown(&mut editor, &app, &format!("{action}?section=../../../account")).await.text, &["../"]);
    }

    async fn a_sheet_goes_out_and_comes_back_all_or_none(app: App) {
        let (_, assessment, path) = asked(&app).await;
        let mut editor = someone(&app, "editor").await;
        let action = format!("{path}/sheet");
        let page = shown(&mut editor, &app, &action).await;
        holds(&page.text, &[&format!("href=\"/api/v1{path}/sheet\""), &format!("href=\"/api/v1{path}/sheet?format=csv\"")]);
        let sheet = editor.opens(&app, &format!("/api/v1{path}/sheet?format=csv")).await;
        assert_eq!(sheet.status, 200);
        let (csrf, version) = (own(&page, &action, "csrf"), own(&page, &action, "version"));
        let fields = [("csrf", csrf.as_str()), ("version", version.as_str())];
        let none = editor.send(&app, Method::POST, &action, Some(form_data(&fields, ("", "application/octet-stream", b"")))).await;
        assert_eq!(none.status, 422);
        holds(&none.text, &["Choose the file that was filled in."]);
        let fill = |answer: &str| {
            let (before, row) = sheet.text.split_once("\nhosting,").expect("the question's row");
            format!("{before}\nhosting,{}", row.replacen(",,,,", &format!(",{answer},,,"), 1))
        };
        let wrong = editor.send(&app, Method::POST, &action, Some(form_data(&fields, ("sheet.csv", "text/csv", fill("Somewhere <else>").as_bytes())))).await;
        assert_eq!(wrong.status, 422, "{}", sheet.text);
        holds(&wrong.text, &["Nothing of the file is in place: 1 thing does not fit.", "What does not fit", "Somewhere &#60;else&#62;", "href=\"#file\""]);
        assert_eq!(progress(&app, &assessment).await["answers"], json!({}));
        let right = editor.send(&app, Method::POST, &action, Some(form_data(&fields, ("sheet.csv", "text/csv", fill("Yours").as_bytes())))).await;
        assert_eq!(goes_to(&right), format!("{path}?notice=filled"), "{}", right.text);
        assert_eq!(progress(&app, &assessment).await["answers"]["hosting"]["value"], "ours");
        // On an older version of the answers it is told first.
        assert_eq!(editor.send(&app, Method::POST, &action, Some(form_data(&fields, ("sheet.csv", "text/csv", fill("Yours").as_bytes())))).await.status, 409);
    }

    async fn a_link_is_shown_once_sent_again_and_ended(app: App) {
        let (supplier, _, path) = asked(&app).await;
        let action = format!("{path}/links");
        let mut editor = someone(&app, "editor").await;
        // Whom one usually writes to there stands in the form already.
        let contacts = json!([{ "name": "Front desk" }, { "name": "Ada <Osei>", "email": "ada@harbour.example" }]);
        app.patch(&app.editor, &format!("/suppliers/{}", id(&supplier)), &supplier, json!({ "contacts": contacts })).await.json(200);
        holds(&shown(&mut editor, &app, &action).await, &["value=\"Ada &#60;Osei&#62;\"", "value=\"ada@harbour.example\""]);
        let page = shown(&mut editor, &app, &action).await;
        holds(&page.text, &["None yet: nobody outside your organisation can answer.", "This server sends no e-mail", "Links made now open on this computer only"]);
        let wrong = editor.fills(&app, &page, &action, &[("contact_name", ""), ("message", "Please <answer>")]).await;
        assert_eq!(wrong.status, 422);
        holds(&wrong.text, &["href=\"#contact_name\"", "Please &#60;answer&#62;"]);
        let wrong = editor.fills(&app, &page, &action, &[("contact_name", "Sam"), ("email", "nowhere"), ("expires_on", "2029-01-01")]).await;
        assert_eq!(wrong.status, 422);
        holds(&wrong.text, &["id=\"email-wrong\"", "id=\"expires_on-wrong\"", "value=\"nowhere\""]);
        let made = editor.fills(&app, &page, &action, &[("contact_name", "Sam <Harbour>"), ("message", "Please answer"), ("due_on", "2027-03-20"), ("expires_on", "2027-04-01")]).await;
        assert_eq!(made.status, 200);
        holds(&made.text, &["The link for Sam &#60;Harbour&#62; is ready", "<strong>This link opens on this computer only</strong>", "data-copy", "answers wanted by 20 March 2027, last day 1 April 2027"]);
        let url = made.text.split("readonly value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a link").to_owned();
        // It opens this assessment, and is not shown again.
        let mut respondent = Browser::default();
        let enter = respondent.opens(&app, "/respond").await;
        assert_eq!(goes_to(&respondent.fills(&app, &enter, "/respond", &[("token", &url)]).await), "/respond");
        let token = url.rsplit('#').next().expect("a token").to_owned();
        let page = shown(&mut editor, &app, &action).await;
        lacks(&page.text, &[&token]);
        holds(&page.text, &["Last used on 1 March 2027", "Sam &#60;Harbour&#62;"]);

        let again = editor.fills(&app, &page, &format!("{action}/resend"), &[("message", "A reminder")]).await;
        holds(&again.text, &["The link for Sam &#60;Harbour&#62; is ready", "Sent again as another link"]);
        lacks(&again.text, &[&token]);
        let mut late = Browser::default();
        let enter = late.opens(&app, "/respond").await;
        assert_ne!(late.fills(&app, &enter, "/respond", &[("token", &url)]).await.status, 303);
        let page = shown(&mut editor, &app, &action).await;
        assert_eq!(goes_to(&editor.fills(&app, &page, &format!("{action}/revoke"), &[]).await), action);
        let ended = shown(&mut editor, &app, &action).await;
        holds(&ended.text, &["Ended by hand"]);
        // Ended twice, and a link of another assessment.
        let stale = editor.fills(&app, &page, &format!("{action}/revoke"), &[]).await;
        assert_eq!(stale.status, 409, "{}", stale.text);
        let other = app.supplier("Birch").await;
        let other = app.assessment("house-check", &other).await;
        let link = app.post(&app.editor, "/links", json!({ "assessment_id": id(&other), "contact_name": "Jo" })).await.json(201);
        let csrf = own(&ended, &action, "csrf");
        for door in ["resend", "revoke"] {
            let foreign = [("csrf", csrf.as_str()), ("version", "1"), ("link", id(&link))];
            assert_eq!(editor.fills_only(&app, &format!("{action}/{door}"), &foreign).await.status, 404, "{door}");
        }
        assert_eq!(text(&app.get(&app.editor, &format!("/links/{}", id(&link))).await.json(200), "state"), "open");
    }

    async fn a_draft_goes_when_its_name_is_typed_and_only_then(app: App) {
        let (supplier, _, path) = asked(&app).await;
        let action = format!("{path}/delete");
        let mut editor = someone(&app, "editor").await;
        let page = shown(&mut editor, &app, &action).await;
        let wrong = editor.fills(&app, &page, &action, &[("name", "Harbour")]).await;
        assert_eq!(wrong.status, 422);
        holds(&wrong.text, &["value=\"Harbour\"", "id=\"name-wrong\""]);
        assert_eq!(app.get(&app.viewer, &path).await.status, 200);
        let gone = editor.fills(&app, &page, &action, &[("name", text(&supplier, "name"))]).await;
        assert_eq!(goes_to(&gone), format!("/assessments?subject_id={}", id(&supplier)));
        assert_eq!(app.get(&app.viewer, &path).await.status, 404);
        assert_eq!(editor.opens(&app, &path).await.status, 404);
    }

    async fn a_viewer_reads_and_changes_nothing_and_a_neighbour_finds_nothing(app: App) {
        let (supplier, assessment, path) = asked(&app).await;
        let evidence = certificate(&app, &supplier, "2027-12-31").await;
        app.patch(&app.editor, &format!("{path}/answers"), &assessment, good(&evidence)).await.json(200);
        let mut editor = someone(&app, "editor").await;
        let section = shown(&mut editor, &app, &format!("{path}/sections/all")).await;
        let mut viewer = someone(&app, "viewer").await;
        let page = shown(&mut viewer, &app, &path).await;
        holds(&page.text, &["<dt>Is a second factor asked for?</dt>", "Evidence: Cyber Essentials certificate", "An editor answers the questions"]);
        lacks(&page.text, &["Delete this draft", ">Change<", "Check the answers and submit", "/confirm\"", "See the review"]);
        lacks(&shown(&mut viewer, &app, &format!("{path}/links")).await.text, &["Make the link", "<textarea"]);
        lacks(&shown(&mut viewer, &app, &format!("{path}/sheet")).await.text, &["type=\"file\""]);
        lacks(&shown(&mut viewer, &app, &format!("/suppliers/{}", id(&supplier))).await.text, &["Send a questionnaire"]);
        assert_eq!(goes_to(&viewer.opens(&app, &format!("{path}/sections/all")).await), path);
        for closed in ["evidence", "delete"] {
            assert_eq!(viewer.opens(&app, &format!("{path}/{closed}")).await.status, 403, "{closed}");
        }
        assert_eq!(viewer.opens(&app, "/assessments/new").await.status, 403);
        let csrf = page.text.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a token").to_owned();
        let fields = [("csrf", csrf.as_str()), ("version", "2"), ("asked", "mfa"), ("mfa.value", "no"), ("name", text(&supplier, "name")), ("contact_name", "Sam"), ("subject_id", id(&supplier)), ("questionnaire", "house-check")];
        for door in ["sections/all", "confirm", "check", "delete", "links", "links/resend", "links/revoke"] {
            assert_eq!(viewer.fills_only(&app, &format!("{path}/{door}"), &fields).await.status, 403, "{door}");
        }
        for door in ["sheet", "evidence"] {
            let sent = form_data(&fields, ("plan.txt", "text/plain", b"Certified."));
            assert_eq!(viewer.send(&app, Method::POST, &format!("{path}/{door}"), Some(sent)).await.status, 403, "{door}");
        }
        assert_eq!(viewer.fills_only(&app, "/assessments/new", &fields).await.status, 403);
        // Without the session's own token an editor's form changes nothing either.
        assert_eq!(editor.fills_only(&app, &format!("{path}/sections/all"), &[("csrf", "00"), ("version", "2"), ("asked", "mfa"), ("mfa.value", "no")]).await.status, 403);
        assert_eq!(progress(&app, &assessment).await["answers"]["mfa"]["value"], "yes");
        assert_eq!(section.status, 200);

        let mut neighbour = Browser::of(&neighbour(&app).await);
        for place in ["", "/sections/all", "/check", "/evidence", "/links", "/sheet", "/delete"] {
            assert_eq!(neighbour.opens(&app, &format!("{path}{place}")).await.status, 404, "{place}");
        }
        assert_eq!(neighbour.opens(&app, &format!("/assessments/new?subject_id={}", id(&supplier))).await.status, 404);
        lacks(&shown(&mut neighbour, &app, "/assessments").await.text, &[&path]);
        assert_eq!(editor.opens(&app, &format!("{path}/sections/nothing")).await.status, 404);
        assert_eq!(editor.opens(&app, "/assessments/asm_1").await.status, 404);
    }
}

/// An admin of another organisation, signed in.
async fn neighbour(app: &App) -> crate::harness::Person {
    app.joins(&app.neighbour, "jo@riverside.example", "admin").await;
    app.signs_in("jo@riverside.example").await
}
