//! The pages of questionnaires: the library, an edition to read, drafts and what becomes of them.

use poem::http::Method;
use serde_json::{Value, json};

use crate::{
    harness::{App, best, both, id, text},
    pages::{Browser, form_data, goes_to, hidden, holds, lacks, shown, someone},
    roles::edition,
};

/// An edition with something of everything that scoring knows.
fn rich(key: &str) -> Value {
    let mut edition = edition(key);
    edition["title"] = json!("Locks & <keys>");
    edition["sections"][0]["questions"][0]["options"][1]["knock_out"] = json!("An open door.");
    edition["sections"][0]["questions"][1]["show_if"] = json!({ "question": "locked", "is": "yes" });
    edition["findings"] = json!([{ "key": "both", "when": { "all": [{ "question": "locked", "is": "no" }, { "subject": "tier", "is": "high" }] }, "severity": "high", "title": "Wide open", "advice": "Shut it." }]);
    edition
}

/// A draft that adds to a questionnaire, as its author wrote it.
const ADDS: &str = "# Ours, by hand.\nbase: the-base\nkey: ours\ntitle: Ours\nedition: \"2027.1\"\n\nquestions: # inside\n  # The first of ours.\n  - section: one\n    question: {key: own, principle: care, text: Ours?, type: text}\n";

async fn draft(app: &App, name: &str, kind: &str, document: &str) -> Value {
    app.post(&app.editor, "/questionnaire-drafts", json!({ "name": name, "kind": kind, "document": document }))
        .await
        .json(201)
}

async fn document(app: &App, draft: &Value) -> String {
    text(&app.get(&app.viewer, &format!("/questionnaire-drafts/{}", id(draft))).await.json(200), "document").to_owned()
}

both! {
    async fn the_library_says_what_is_asked_and_of_whom(app: App) {
        let mut viewer = someone(&app, "viewer").await;
        let page = shown(&mut viewer, &app, "/questionnaires").await;
        holds(&page, &["NHS supplier cyber charter", "questions about suppliers, most of them on Security.", "href=\"/questionnaires/nhs-cyber-charter/editions/2026.2\"", "Nobody is writing one.", "aria-current=\"page\">Questionnaires</a>"]);
        lacks(&page, &["Write or extend one"]);
        holds(&shown(&mut viewer, &app, "/questionnaires?origin=own").await, &["no questionnaire of its own yet"]);
        app.post(&app.editor, "/questionnaires", rich("the-base")).await.json(201);
        draft(&app, "With <b>ours</b>", "extension", ADDS).await;
        let mut editor = someone(&app, "editor").await;
        let page = shown(&mut editor, &app, "/questionnaires?origin=own").await;
        holds(&page, &["Write or extend one", "Locks &#38; &#60;keys&#62;", "Your own. 2 questions about suppliers and products", "With &#60;b&#62;ours&#60;/b&#62;", "Adds to another questionnaire"]);
        lacks(&page, &["NHS supplier cyber charter"]);
        assert_eq!(viewer.opens(&app, "/questionnaires?origin=theirs").await.status, 422);
        holds(&shown(&mut viewer, &app, "/questionnaires/drafts").await, &["With &#60;b&#62;ours&#60;/b&#62;"]);
        // What another organisation writes is not here.
        let mut neighbour = {
            app.joins(&app.neighbour, "next@example.org", "admin").await;
            Browser::of(&app.signs_in("next@example.org").await)
        };
        lacks(&shown(&mut neighbour, &app, "/questionnaires").await, &["Locks", "With &#60;b&#62;"]);
        assert_eq!(neighbour.opens(&app, "/questionnaires/the-base").await.status, 404);
    }

    async fn an_edition_is_read_as_a_respondent_sees_it_and_with_what_each_answer_is_worth(app: App) {
        app.post(&app.editor, "/questionnaires", rich("the-base")).await.json(201);
        let mut viewer = someone(&app, "viewer").await;
        let page = shown(&mut viewer, &app, "/questionnaires/the-base").await;
        holds(&page, &["Locks &#38; &#60;keys&#62;", "Is it locked?", "It must be answered.", "Asked only if the answer to “Is it locked?” is “Yes”.", "Version: 1; published 2027-01-01", "document?format=csv"]);
        lacks(&page, &["100 points", "Knock-out", "Unlocked", "Wide open", "Delete edition", "Extend it"]);
        let judged = shown(&mut viewer, &app, "/questionnaires/the-base/editions/2027.1?view=scoring").await;
        holds(&judged, &["100 points", "Knock-out: An open door.", "Moderate finding: Unlocked.", "Risk: likelihood 2, impact 2 of 5.", "Counts for <b>Care</b> with weight 10", "A reviewer gives its points.", "That we take it."]);
        holds(&judged, &["High finding: Wide open.", "Raised if the answer to “Is it locked?” is “No” and “tier” is "]);
        for path in ["/questionnaires/nothing", "/questionnaires/the-base/editions/2027.9", "/questionnaires/the-base/editions/2027.1/changes"] {
            assert_eq!(viewer.opens(&app, path).await.status, 404, "{path}");
        }
        // Every built-in one can be read.
        for key in ["supplier-security", "ethical-ai-in-care", "where-is-ai", "ai-disclosure"] {
            shown(&mut viewer, &app, &format!("/questionnaires/{key}?view=scoring")).await;
        }
        let translation = json!({ "questionnaire": "the-base", "edition": "2027.1", "language": "cy", "title": "Cloeon", "summary": "Byr.",
            "principles": { "care": { "title": "Gofal", "summary": "Ein bod." } }, "sections": { "one": { "title": "Un" } } });
        let kept = app.post(&app.editor, "/translations", translation).await;
        if kept.status == 201 {
            holds(&shown(&mut viewer, &app, "/questionnaires/the-base?language=cy").await, &["Cloeon", "lang=\"cy\""]);
        }
    }

    async fn what_changed_since_an_earlier_edition_is_told_and_an_unused_one_is_deleted_by_its_title(app: App) {
        app.post(&app.editor, "/questionnaires", rich("the-base")).await.json(201);
        let mut later = rich("the-base");
        later["edition"] = json!("2027.2");
        later["sections"][0]["questions"][0]["text"] = json!("Is the <door> locked?");
        later["sections"][0]["questions"][0]["weight"] = json!(20);
        app.post(&app.editor, "/questionnaires", later).await.json(201);
        let mut editor = someone(&app, "editor").await;
        holds(&shown(&mut editor, &app, "/questionnaires/the-base").await, &["edition 2027.2", "/questionnaires/the-base/editions/2027.1", "What changed since an earlier edition"]);
        holds(&shown(&mut editor, &app, "/questionnaires/the-base/editions/2027.2/changes").await, &[
            "Since edition 2027.1. The same answers can come to other scores", "Is the &#60;door&#62; locked?", "<td>Is it locked?</td>", "<th scope=\"row\">Weight</th><td>10</td><td>20</td>", "Scores can come out otherwise",
        ]);
        let path = "/questionnaires/the-base/editions/2027.2";
        let page = editor.opens(&app, path).await;
        let wrong = editor.fills(&app, &page, &format!("{path}/delete"), &[("title", "Locks")]).await;
        assert_eq!(wrong.status, 422);
        holds(&wrong.text, &["value=\"Locks\"", "href=\"#title\"", "id=\"title-wrong\""]);
        let mut viewer = someone(&app, "viewer").await;
        let own = hidden(&viewer.opens(&app, "/account").await.text, "/sign-out");
        let refused = viewer.fills_only(&app, &format!("{path}/delete"), &[("csrf", &own[0].1), ("version", "1"), ("title", "Locks & <keys>")]).await;
        assert_eq!(refused.status, 403);
        assert_eq!(goes_to(&editor.fills(&app, &page, &format!("{path}/delete"), &[("title", "Locks & <keys>")]).await), "/questionnaires");
        assert_eq!(editor.opens(&app, path).await.status, 404);
        // One that was put to someone stays.
        let supplier = app.supplier("Harbour").await;
        app.assessment("the-base", &supplier).await;
        let page = editor.opens(&app, "/questionnaires/the-base/editions/2027.1").await;
        let kept = editor.fills(&app, &page, "/questionnaires/the-base/editions/2027.1/delete", &[("title", "Locks & <keys>")]).await;
        assert_eq!(kept.status, 422);
        holds(&kept.text, &["Assessments use this edition"]);
    }

    async fn a_draft_is_begun_in_every_way_and_its_text_saved_right_or_wrong(app: App) {
        let mut editor = someone(&app, "editor").await;
        let new = "/questionnaires/drafts/new";
        let page = editor.opens(&app, &format!("{new}?base=nhs-cyber-charter")).await;
        holds(&page.text, &["<option value=\"nhs-cyber-charter\" selected>"]);
        let csrf = hidden(&page.text, new).into_iter().find(|(name, _)| name == "csrf").expect("a token").1;
        let wrong = editor.fills_only(&app, new, &[("csrf", &csrf), ("way", "extension"), ("base", ""), ("extension_title", "Our <charter>"), ("extension_key", "Not a key")]).await;
        assert_eq!(wrong.status, 422);
        holds(&wrong.text, &["href=\"#base\"", "href=\"#extension_key\"", "value=\"Our &#60;charter&#62;\""]);
        let place = goes_to(&editor.fills_only(&app, new, &[("csrf", &csrf), ("way", "extension"), ("base", "nhs-cyber-charter"), ("extension_title", "Our charter")]).await);
        let page = editor.opens(&app, &place).await;
        holds(&page.text, &["Nothing is wrong with it.", "of <code>our-charter</code>", "Add a question", "call at any hour?"]);
        let place = goes_to(&editor.fills_only(&app, new, &[("csrf", &csrf), ("way", "new"), ("new_title", "Visits: \"ours\"")]).await);
        let page = editor.opens(&app, &place).await;
        holds(&page.text, &["of <code>visits-ours</code>", "# A questionnaire of your own."]);

        // Wrong text is kept, and every problem told with its line.
        let mut spoilt = hidden(&page.text, &place);
        spoilt.extend([("name", "Visits"), ("format", "yaml"), ("document", "key: visits\r\ntitle: [\r\nnothing: <b>\r\n")].map(|(name, value)| (name.to_owned(), value.to_owned())));
        let fields: Vec<(&str, &str)> = spoilt.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(goes_to(&editor.fills_only(&app, &place, &fields).await), format!("{place}?saved=yes"));
        let page = shown(&mut editor, &app, &format!("{place}?saved=yes")).await;
        holds(&page, &["The draft is saved.", "key: visits\ntitle: [\nnothing: &#60;b&#62;\n", "href=\"#document\" data-line=\"", "Line "]);
        assert_eq!(goes_to(&editor.opens(&app, &format!("{place}/try")).await), place);
        // Saving what was meanwhile changed shows both.
        let stale = editor.fills_only(&app, &place, &[fields[0], fields[1], ("name", "Mine"), ("format", "yaml"), ("document", "mine: 1\n")]).await;
        assert_eq!(stale.status, 409);
        holds(&stale.text, &["Someone else changed this meanwhile", "mine: 1", "id=\"theirs\"", "title: ["]);
        assert_eq!(goes_to(&editor.fills(&app, &stale, &place, &[("name", "Mine"), ("format", "yaml"), ("document", "mine: 1\n")]).await), format!("{place}?saved=yes"));
        let unnamed = {
            let page = editor.opens(&app, &place).await;
            editor.fills(&app, &page, &place, &[("name", ""), ("format", "yaml"), ("document", "typed: 2\n")]).await
        };
        assert_eq!(unnamed.status, 422);
        holds(&unnamed.text, &["href=\"#name\"", "typed: 2"]);

        // A file of each kind; and nothing by anyone who may only read.
        for (file, document, said) in [("a.yaml", ADDS, "Adds to another"), ("b.csv", "row,key\r\n", "A whole questionnaire"), ("c.json", "{\"base\": \"x\"}", "Adds to another")] {
            let (kind, body) = form_data(&[("csrf", &csrf)], (file, "text/plain", document.as_bytes()));
            goes_to(&editor.send(&app, Method::POST, "/questionnaires/drafts/upload", Some((kind, body))).await);
            let list = shown(&mut editor, &app, "/questionnaires/drafts").await;
            let line = list.split("<li>").find(|line| line.contains(&format!(">{file}<"))).expect("a line");
            assert!(line.contains(said), "{line}");
        }
        for (file, bytes, said) in [("a.docx", b"x".as_slice(), "ends in .yaml"), ("", b"", "Choose a file"), ("a.yaml", b"\xff", "not UTF-8")] {
            let refused = editor.send(&app, Method::POST, "/questionnaires/drafts/upload", Some(form_data(&[("csrf", &csrf)], (file, "text/plain", bytes)))).await;
            assert_eq!(refused.status, 422, "{file}");
            holds(&refused.text, &[said, "href=\"#file\""]);
        }
        let mut viewer = someone(&app, "viewer").await;
        assert_eq!(viewer.opens(&app, new).await.status, 403);
        let page = shown(&mut viewer, &app, &place).await;
        holds(&page, &["readonly"]);
        lacks(&page, &["Save and check", "Delete the draft"]);
        let own = hidden(&viewer.opens(&app, "/account").await.text, "/sign-out");
        assert_eq!(viewer.fills_only(&app, &place, &[("csrf", &own[0].1), ("version", "1"), ("name", "x"), ("format", "yaml"), ("document", "x")]).await.status, 403);
        // Without the session's token, and next door, it is not there.
        assert_eq!(editor.fills_only(&app, &place, &[("csrf", "0"), ("version", "1"), ("name", "x"), ("document", "x")]).await.status, 403);
        app.joins(&app.neighbour, "near@example.org", "admin").await;
        assert_eq!(Browser::of(&app.signs_in("near@example.org").await).opens(&app, &place).await.status, 404);
        // It goes by its name.
        let page = editor.opens(&app, &place).await;
        assert_eq!(editor.fills(&app, &page, &format!("{place}/delete"), &[("confirm", "mine")]).await.status, 422);
        assert_eq!(goes_to(&editor.fills(&app, &page, &format!("{place}/delete"), &[("confirm", "Mine")]).await), "/questionnaires");
        assert_eq!(editor.opens(&app, &place).await.status, 404);
    }

    async fn a_question_is_added_changed_and_taken_out_by_a_form_and_the_text_around_it_stays(app: App) {
        app.post(&app.editor, "/questionnaires", rich("the-base")).await.json(201);
        let draft = draft(&app, "Ours", "extension", ADDS).await;
        let place = format!("/questionnaires/drafts/{}", id(&draft));
        let mut editor = someone(&app, "editor").await;
        let new = format!("{place}/questions/new");
        let page = editor.opens(&app, &new).await;
        let wrong = editor.fills(&app, &page, &new, &[("section", "one"), ("principle", "care"), ("weight", "many"), ("kind", "single_choice"), ("option1-label", "Only <one>"), ("option1-points", "100"), ("key", "locked")]).await;
        assert_eq!(wrong.status, 422);
        holds(&wrong.text, &["href=\"#text\"", "href=\"#weight\"", "href=\"#option1-label\"", "href=\"#key\"", "value=\"Only &#60;one&#62;\"", "value=\"many\""]);
        let fields = [("text", "Do you ring: the \"bell\"?"), ("help", "We wait."), ("section", "one"), ("after", "locked"), ("principle", "care"), ("weight", "5"), ("kind", "single_choice"), ("evidence", "optional"), ("required", "yes"),
            ("option1-label", "Always"), ("option1-points", "100"), ("option2-label", "Never"), ("option2-points", "0"), ("option2-knock_out", "Nobody knows.")];
        assert_eq!(goes_to(&editor.fills(&app, &page, &new, &fields).await), format!("{place}?saved=yes"));
        let written = document(&app, &draft).await;
        assert!(written.starts_with(ADDS), "{written}");
        let edition = app.get(&app.viewer, &format!("/questionnaire-drafts/{}/preview", id(&draft))).await.json(200);
        let added = &edition["sections"][0]["questions"][1];
        assert_eq!((text(added, "key"), text(added, "text"), text(added, "evidence"), &added["required"]), ("own_do_you_ring_the_bell", "Do you ring: the \"bell\"?", "optional", &json!(true)));
        assert_eq!(added["options"][1]["value"], json!("never"));

        // What is there is shown, and changed; a form that is out of date does nothing.
        let one = format!("{place}/questions/1");
        let page = editor.opens(&app, &one).await;
        holds(&page.text, &["Do you ring: the &#34;bell&#34;?", "value=\"Always\"", "value=\"Nobody knows.\"", "<option value=\"locked\" selected>"]);
        let mut again = fields;
        again[0].1 = "Do you ring?";
        let own = [("key", "own_do_you_ring_the_bell")];
        let changed: Vec<(&str, &str)> = again.iter().chain(&own).copied().collect();
        assert_eq!(goes_to(&editor.fills(&app, &page, &one, &changed).await), format!("{place}?saved=yes"));
        let written = document(&app, &draft).await;
        assert!(written.starts_with(ADDS) && written.contains("Do you ring?") && !written.contains("bell\"?"), "{written}");
        let stale = editor.fills(&app, &page, &one, &changed).await;
        assert_eq!(stale.status, 409);
        holds(&stale.text, &["Someone else changed the draft meanwhile"]);
        let mut viewer = someone(&app, "viewer").await;
        assert_eq!(viewer.opens(&app, &new).await.status, 403);
        let page = editor.opens(&app, &one).await;
        assert_eq!(goes_to(&editor.fills(&app, &page, &format!("{one}/remove"), &[]).await), format!("{place}?saved=yes"));
        assert_eq!(document(&app, &draft).await, ADDS);
        assert_eq!(goes_to(&editor.opens(&app, &one).await), place);
        // A text that cannot be read leads back to what is wrong with it.
        let broken = app.post(&app.editor, "/questionnaire-drafts", json!({ "name": "Broken", "kind": "extension", "document": "base: [" })).await.json(201);
        assert_eq!(goes_to(&editor.opens(&app, &format!("/questionnaires/drafts/{}/questions/new", id(&broken))).await), format!("/questionnaires/drafts/{}", id(&broken)));
    }

    async fn a_box_that_costs_and_a_question_that_needs_no_reason_not_to_apply_are_written_by_a_form(app: App) {
        app.post(&app.editor, "/questionnaires", rich("the-base")).await.json(201);
        let draft = draft(&app, "Ours", "extension", ADDS).await;
        let place = format!("/questionnaires/drafts/{}", id(&draft));
        let (new, one) = (format!("{place}/questions/new"), format!("{place}/questions/1"));
        let mut editor = someone(&app, "editor").await;
        let page = editor.opens(&app, &new).await;
        holds(&page.text, &["<option value=\"no\" selected>It may not", "nobody needs to say why"]);
        let fields = |kind, points| [("text", "Where is it kept?"), ("section", "one"), ("principle", "care"), ("weight", "5"), ("kind", kind), ("may_not_apply", "without_reason"),
            ("option1-label", "On our computers"), ("option1-points", "100"), ("option2-label", "On phones"), ("option2-points", points), ("option3-label", "Nowhere"), ("option3-points", "0")];
        for (kind, points, expected) in [("multiple_choice", "-100.5", "-100 to 100, below 0 where it costs points"), ("single_choice", "-33 1/3", "0 to 100, such as 50, 53.33 or 33 1/3"), ("single_choice", "33 4/3", "0 to 100, such as")] {
            let wrong = editor.fills(&app, &page, &new, &fields(kind, points)).await;
            assert_eq!(wrong.status, 422, "{kind} {points}");
            holds(&wrong.text, &["href=\"#option2-points\"", expected, &format!("value=\"{points}\""), "<option value=\"without_reason\" selected>"]);
        }
        assert_eq!(goes_to(&editor.fills(&app, &page, &new, &fields("multiple_choice", "-33 1/3")).await), format!("{place}?saved=yes"));
        let written = document(&app, &draft).await;
        assert!(written.contains("-33 1/3") && written.contains("without_reason"), "{written}");
        let page = editor.opens(&app, &one).await;
        holds(&page.text, &["value=\"-33 1/3\"", "<option value=\"without_reason\" selected>"]);
        let try_page = shown(&mut editor, &app, &format!("{place}/try")).await;
        let key = "own_where_is_it_kept";
        let values = [("locked.value", "yes"), ("own_where_is_it_kept.value", "on_our_computers"), ("own_where_is_it_kept.value", "on_phones")];
        let tried = editor.fills(&app, &try_page, &format!("{place}/try"), &values).await;
        holds(&tried.text, &[key, "66 2/3"]);
    }

    async fn answers_are_tried_and_what_they_come_to_is_shown(app: App) {
        let document = rich("the-base").to_string();
        let draft = app.post(&app.editor, "/questionnaire-drafts", json!({ "name": "Ours", "format": "json", "document": document })).await.json(201);
        let path = format!("/questionnaires/drafts/{}/try", id(&draft));
        let mut viewer = someone(&app, "viewer").await;
        let page = viewer.opens(&app, &path).await;
        holds(&page.text, &["Locks &#38; &#60;keys&#62;", "name=\"locked.value\" value=\"yes\"", "Asked only if the answer to", "id=\"fact-tier\"", "name=\"how.points\""]);
        let good = viewer.fills(&app, &page, &path, &[("locked.value", "yes"), ("how.value", "With a key."), ("how.points", "50")]).await;
        assert_eq!(good.status, 200);
        holds(&good.text, &["What these answers come to", "75.0", "None.", "value=\"yes\" checked", "With a key."]);
        let bad = viewer.fills(&app, &page, &path, &[("locked.value", "no"), ("fact.tier", "high")]).await;
        holds(&bad.text, &["An open door.", "Moderate: Unlocked.", "High: Wide open.", "<option value=\"high\" selected>"]);
        let wrong = viewer.fills(&app, &page, &path, &[("locked.value", "perhaps"), ("how.value", "x"), ("how.points", "many")]).await;
        assert_eq!(wrong.status, 422);
        let wrong = viewer.fills(&app, &page, &path, &[("locked.value", "perhaps")]).await;
        assert_eq!(wrong.status, 422);
        holds(&wrong.text, &["href=\"#q-locked\"", "id=\"q-locked-wrong\""]);
    }

    async fn what_publishing_would_do_is_told_worst_first_and_then_it_is_published_by_its_title(app: App) {
        app.post(&app.editor, "/questionnaires", rich("the-base")).await.json(201);
        let supplier = app.processor("Harbour <b>").await;
        app.approved("the-base", &supplier, best).await;
        let mut later = rich("the-base");
        later["edition"] = json!("2027.2");
        later["sections"][0]["questions"][0]["options"] = json!([{ "value": "yes", "label": "Yes", "points": 0 }, { "value": "no", "label": "No", "points": 100 }]);
        let draft = app.post(&app.editor, "/questionnaire-drafts", json!({ "name": "Later", "format": "json", "document": later.to_string() })).await.json(201);
        let place = format!("/questionnaires/drafts/{}", id(&draft));
        let mut editor = someone(&app, "editor").await;
        let before = app.event_count().await;
        let page = shown(&mut editor, &app, &format!("{place}/what-if")).await;
        holds(&page, &["1 of 1 supplier looked at", "Of 1 assessment, 1 would stand elsewhere.", "Harbour &#60;b&#62;", "−50.0", "Is it locked? 100 points → 0 points", "worse", "</html>"]);
        assert_eq!(app.event_count().await, before);

        let publish = format!("{place}/publish");
        let page = editor.opens(&app, &publish).await;
        holds(&page.text, &["Edition 2027.2 of <code>the-base</code>", "What changes since edition 2027.1", "can come to other scores"]);
        let wrong = editor.fills(&app, &page, &publish, &[("title", "Locks")]).await;
        assert_eq!(wrong.status, 422);
        let mut viewer = someone(&app, "viewer").await;
        assert_eq!(viewer.opens(&app, &publish).await.status, 403);
        assert_eq!(goes_to(&editor.fills(&app, &page, &publish, &[("title", "Locks & <keys>")]).await), "/questionnaires/the-base/editions/2027.2");
        assert_eq!(editor.opens(&app, &place).await.status, 404);
        // The same number again is refused, and says why.
        let draft = app.post(&app.editor, "/questionnaire-drafts", json!({ "name": "Again", "format": "json", "document": later.to_string() })).await.json(201);
        holds(&shown(&mut editor, &app, &format!("/questionnaires/drafts/{}/publish", id(&draft))).await, &["It cannot be published yet", "Edition 2027.2 is published already"]);
    }

    async fn an_extension_is_put_on_a_later_base_and_what_the_two_disagree_on_is_shown(app: App) {
        app.post(&app.editor, "/questionnaires", rich("the-base")).await.json(201);
        let ours = ADDS.replace("  - section: one\n", "  - section: one\n    after: locked\n");
        let draft = draft(&app, "Ours", "extension", &ours).await;
        app.act(&app.editor, &format!("/questionnaire-drafts/{}/publish", id(&draft)), &draft, None).await.json(201);
        let mut editor = someone(&app, "editor").await;
        lacks(&shown(&mut editor, &app, "/questionnaires/ours").await, &["has a later edition"]);
        let mut later = rich("the-base");
        later["edition"] = json!("2027.2");
        app.post(&app.editor, "/questionnaires", later.clone()).await.json(201);
        let merge = "/questionnaires/ours/editions/2027.1/merge";
        let page = editor.opens(&app, "/questionnaires/ours").await;
        holds(&page.text, &["edition 2027.1 of the-base", "has a later edition, 2027.2"]);
        assert_eq!(editor.fills(&app, &page, merge, &[("new_edition", "")]).await.status, 422);
        let draft = goes_to(&editor.fills(&app, &page, merge, &[("new_edition", "2027.2")]).await);
        holds(&shown(&mut editor, &app, &draft).await, &["Nothing is wrong with it."]);
        // A base that has dropped what the added question stands after.
        later["edition"] = json!("2027.3");
        later["sections"][0]["questions"].as_array_mut().expect("questions").remove(0);
        later["sections"][0]["questions"][0].as_object_mut().expect("a question").remove("show_if");
        later.as_object_mut().expect("an edition").remove("findings");
        app.post(&app.editor, "/questionnaires", later).await.json(201);
        let page = editor.opens(&app, "/questionnaires/ours").await;
        let told = editor.fills(&app, &page, merge, &[("new_edition", "2027.3")]).await;
        assert_eq!(told.status, 200);
        holds(&told.text, &["What the two disagree on", "To know:", "Go on with the draft"]);
        // A copy of one's own begins as it was written.
        let page = editor.opens(&app, "/questionnaires/drafts/new?copy=ours%202027.1").await;
        let csrf = hidden(&page.text, "/questionnaires/drafts/new").into_iter().find(|(name, _)| name == "csrf").expect("a token").1;
        let copy = goes_to(&editor.fills_only(&app, "/questionnaires/drafts/new", &[("csrf", &csrf), ("way", "copy"), ("copy", "ours 2027.1")]).await);
        holds(&shown(&mut editor, &app, &copy).await, &["# Ours, by hand.", "Section `one` has no question `locked`."]);
    }
}
