//! Authoring: drafts, extensions and their merging, formats without loss, translations, deletion.

use diligence_questionnaires::{Edition, Extension, PortableReceipt, Translation};
use poem::http::Method;
use sea_orm::{ConnectionTrait as _, Database, Statement};
use serde_json::{Value, json};

use crate::{
    harness::{App, On, both, etag, id, text},
    questionnaires::{house_check, publish},
    roles::edition,
};

const WRITTEN: &str = "# Ours, by hand.\nkey: by-hand\ntitle: By hand\nedition: \"2027.1\"\nsummary: One question.\nframework: security\napplies_to: [supplier]\nprinciples: [{key: care, title: Care}]\nsections:\n  - key: one\n    title: One\n    questions:\n      - key: locked # the front door\n        principle: care\n        text: Is it locked?\n        type: yes_no\n        options: [{value: \"yes\", label: \"Yes\", points: 100}, {value: \"no\", label: \"No\", points: 0}]\n";

fn extension(base: &str, key: &str) -> Value {
    json!({ "base": base, "key": key, "title": "With ours", "edition": "2027.1", "questions": [{ "section": "one", "after": "locked", "question": {
        "key": "own", "principle": "care", "text": "Ours?", "type": "yes_no", "show_if": { "question": "locked", "is": "no" },
        "options": [{ "value": "yes", "label": "Yes", "points": 100 }, { "value": "no", "label": "No", "points": 0 }],
    } }] })
}

async fn published_extension(app: &App, base: &str, key: &str) -> Value {
    let body =
        json!({ "name": "Ours", "kind": "extension", "format": "json", "document": extension(base, key).to_string() });
    let draft = app.post(&app.editor, "/questionnaire-drafts", body).await.json(201);
    app.act(&app.editor, &format!("/questionnaire-drafts/{}/publish", id(&draft)), &draft, None).await.json(201)
}

#[tokio::test]
async fn the_schemas_are_served_at_a_stable_place_as_committed_and_as_the_types_say() {
    let app = App::open(On::Sqlite).await;
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi/schemas");
    let types = [
        ("edition", Edition::json_schema()),
        ("extension", Extension::json_schema()),
        ("translation", Translation::json_schema()),
        ("receipt", PortableReceipt::json_schema()),
        ("recipe", diligence_entities::recipe::json_schema()),
    ];
    assert_eq!(diligence::schemas::NAMES, types.each_ref().map(|(name, _)| *name));
    for (name, schema) in types {
        let served = app.get(&app.stranger, &format!("/schemas/{name}.json")).await;
        assert_eq!(
            (served.json(200), served.header("content-type")),
            (schema, "application/schema+json; charset=utf-8"),
            "{name}"
        );
        let committed = std::fs::read_to_string(folder.join(format!("{name}.json"))).expect("a committed schema");
        assert_eq!(
            committed, served.text,
            "diligence questionnaire schema {name} > openapi/schemas/{name}.json (diligence recipe schema for recipe)"
        );
    }
    app.get(&app.stranger, "/schemas/nothing.json").await.faults(404);
}

both! {
    async fn a_draft_keeps_its_text_as_it_is_written_and_so_does_the_edition(app: App) {
        let draft = app.post(&app.editor, "/questionnaire-drafts", json!({ "name": "By hand", "document": WRITTEN })).await.json(201);
        let path = format!("/questionnaire-drafts/{}", id(&draft));
        assert_eq!(app.get(&app.viewer, &path).await.json(200)["document"], json!(WRITTEN));
        assert_eq!(app.walk("/questionnaire-drafts", 50).await, vec![draft.clone()]);
        app.patch(&app.editor, &path, &json!({ "version": 7 }), json!({ "name": "x" })).await.faults(412);
        app.act(&app.editor, &format!("{path}/publish"), &draft, None).await.json(201);
        assert_eq!(app.walk("/questionnaire-drafts", 50).await, Vec::<Value>::new());
        let exported = app.get(&app.viewer, "/questionnaires/by-hand/editions/2027.1/document").await;
        assert_eq!((exported.text.as_str(), exported.header("content-type")), (WRITTEN, "application/yaml"));
        // In every format, in and out without loss.
        let whole = app.get(&app.viewer, "/questionnaires/by-hand/editions/2027.1").await.json(200);
        for (number, (format, kind)) in [("yaml", "application/yaml"), ("json", "application/json"), ("csv", "text/csv")].into_iter().enumerate() {
            let file = app.get(&app.viewer, &format!("/questionnaires/by-hand/editions/2027.1/document?format={format}")).await.text;
            let later = format!("2028.{number}");
            let again = file.replace("2027.1", &later).into_bytes();
            app.raw(&app.editor, Method::POST, "/questionnaires", Some(again), &[("content-type", kind)]).await.json(201);
            let mut read = app.get(&app.viewer, &format!("/questionnaires/by-hand/editions/{later}")).await.json(200);
            read["edition"] = json!("2027.1");
            assert_eq!(read, whole, "{format}");
        }
    }

    async fn everything_wrong_with_a_draft_is_told_with_line_and_column_and_nothing_is_published(app: App) {
        let wrong = WRITTEN.replace("principle: care\n", "principle: cure\n").replace("points: 100}", "points: 90}");
        for (format, document) in [("yaml", wrong.clone()), ("csv", "row,key\r\nquestionnaire,by-hand\r\noption,x\r\n".to_owned())] {
            let draft = app.post(&app.editor, "/questionnaire-drafts", json!({ "name": "Wrong", "format": format, "document": document })).await.json(201);
            let path = format!("/questionnaire-drafts/{}", id(&draft));
            let check = app.get(&app.viewer, &format!("{path}/check")).await.json(200);
            let faults = check["faults"].as_array().expect("a list");
            assert!(faults.len() >= 2 && faults.iter().all(|fault| text(fault, "detail").starts_with("line ")), "{check}");
            assert_eq!(app.act(&app.editor, &format!("{path}/publish"), &draft, None).await.faults(422).len(), faults.len());
            app.get(&app.viewer, &format!("{path}/preview")).await.faults(422);
            let alone = app.post(&app.viewer, "/questionnaires/check", json!({ "name": "Wrong", "format": format, "document": document })).await.json(200);
            assert_eq!(alone["faults"], check["faults"]);
        }
        assert_eq!(app.walk("/questionnaires?origin=own", 50).await, Vec::<Value>::new());
        app.post(&app.editor, "/questionnaire-drafts", json!({ "name": "Too long", "document": "x".repeat((2 << 20) + 1) })).await.faults(422);
        app.post(&app.editor, "/questionnaire-drafts", json!({ "name": "Far too long", "document": "x".repeat(6 << 20) })).await.faults(413);
        assert_eq!(app.post(&app.editor, "/questionnaire-drafts", json!({ "name": "x", "kind": "extension", "format": "csv", "document": "" })).await.faults(422), ["/format format"]);
    }

    async fn a_comment_that_swallows_the_end_of_a_text_is_warned_of_and_keeps_nothing_from_being_published(app: App) {
        let cut = WRITTEN.replacen("\ntitle: ", "\ntitle: Badge #1 of ", 1);
        let line = cut.lines().position(|line| line.contains("Badge #1")).expect("a title") + 1;
        let draft = app.post(&app.editor, "/questionnaire-drafts", json!({ "name": "Cut", "document": cut })).await.json(201);
        let path = format!("/questionnaire-drafts/{}", id(&draft));
        let check = app.get(&app.viewer, &format!("{path}/check")).await.json(200);
        assert_eq!((&check["is_publishable"], &check["warnings"][0]["code"]), (&json!(true), &json!("comment_in_text")), "{check}");
        assert!(text(&check["warnings"][0], "detail").starts_with(&format!("line {line}, column 14")), "{check}");
        let alone = app.post(&app.viewer, "/questionnaires/check", json!({ "name": "Cut", "document": cut })).await.json(200);
        assert_eq!(alone["warnings"], check["warnings"]);
        let mut editor = crate::pages::someone(&app, "editor").await;
        let page = editor.opens(&app, &format!("/questionnaires/drafts/{}", id(&draft))).await.text;
        assert!(page.contains("Is this meant?") && page.contains(&format!("data-line=\"{line}\"")), "{page}");
        let fine = app.post(&app.viewer, "/questionnaires/check", json!({ "name": "Fine", "document": WRITTEN })).await.json(200);
        assert_eq!(fine["warnings"], json!([]));
        app.act(&app.editor, &format!("{path}/publish"), &draft, None).await.json(201);
    }

    async fn a_built_in_questionnaire_is_extended_without_copying_it(app: App) {
        let base = app.get(&app.viewer, "/questionnaires/nhs-cyber-charter/editions/2026.2").await.json(200);
        let (section, principle) = (text(&base["sections"][0], "key"), text(&base["sections"][0]["questions"][0], "principle"));
        let mut ours = extension("nhs-cyber-charter", "our-charter");
        ours["questions"][0] = json!({ "section": section, "question": { "key": "own", "principle": principle, "text": "Ours?", "type": "text" } });
        let draft = app.post(&app.editor, "/questionnaire-drafts", json!({ "name": "Ours", "kind": "extension", "format": "json", "document": ours.to_string() })).await.json(201);
        app.act(&app.editor, &format!("/questionnaire-drafts/{}/publish", id(&draft)), &draft, None).await.json(201);
        let read = app.get(&app.viewer, "/questionnaires/our-charter/editions/2027.1").await.json(200);
        let last = read["sections"][0]["questions"].as_array().expect("questions").last().expect("one").clone();
        assert_eq!((text(&last, "key"), read["sections"][0]["questions"].as_array().map(Vec::len)), ("own", base["sections"][0]["questions"].as_array().map(|questions| questions.len() + 1)));
        ours["base"] = json!("nhs-cyber-chartre");
        let draft = app.post(&app.editor, "/questionnaire-drafts", json!({ "name": "Ours", "kind": "extension", "format": "json", "document": ours.to_string() })).await.json(201);
        assert_eq!(app.act(&app.editor, &format!("/questionnaire-drafts/{}/publish", id(&draft)), &draft, None).await.faults(422), ["/base unknown"]);
    }

    async fn an_extension_is_merged_with_a_newer_base_and_conflicts_are_shown(app: App) {
        app.post(&app.editor, "/questionnaires", edition("the-base")).await.json(201);
        published_extension(&app, "the-base", "ours").await;
        let mut newer = edition("the-base");
        newer["edition"] = json!("2027.2");
        newer["sections"][0]["title"] = json!("The first");
        app.post(&app.editor, "/questionnaires", newer.clone()).await.json(201);
        let merged = app.post(&app.editor, "/questionnaire-drafts/merge", json!({ "questionnaire": "ours", "new_edition": "2027.2" })).await.json(201);
        assert_eq!((&merged["is_publishable"], &merged["base_edition"], &merged["conflicts"]), (&json!(true), &json!("2027.2"), &json!([])));
        app.act(&app.editor, &format!("/questionnaire-drafts/{}/publish", id(&merged["draft"])), &merged["draft"], None).await.json(201);
        let read = app.get(&app.viewer, "/questionnaires/ours/editions/2027.2").await.json(200);
        assert_eq!((text(&read["sections"][0], "title"), text(&read["sections"][0]["questions"][1], "key")), ("The first", "own"));
        // A base that has dropped what the added question asks after.
        newer["edition"] = json!("2027.3");
        newer["sections"][0]["questions"].as_array_mut().expect("questions").remove(0);
        app.post(&app.editor, "/questionnaires", newer).await.json(201);
        let merged = app.post(&app.editor, "/questionnaire-drafts/merge", json!({ "questionnaire": "ours", "edition": "2027.2", "new_edition": "2027.3" })).await.json(201);
        assert_eq!(merged["is_publishable"], json!(false));
        let severities: Vec<&str> = merged["conflicts"].as_array().expect("a list").iter().map(|conflict| text(conflict, "severity")).collect();
        assert!(severities.contains(&"conflict") && severities.contains(&"notice"), "{merged}");
        assert_eq!(app.post(&app.editor, "/questionnaire-drafts/merge", json!({ "questionnaire": "the-base", "new_edition": "2028.1" })).await.faults(409).len(), 1);
    }

    async fn what_an_extension_rests_on_stays_and_one_whose_base_is_gone_says_so(app: App) {
        let version = json!({ "version": 1 });
        app.post(&app.editor, "/questionnaires", edition("the-base")).await.json(201);
        published_extension(&app, "the-base", "ours").await;
        assert_eq!(app.delete(&app.editor, "/questionnaires/the-base/editions/2027.1", &version).await.faults(409), ["in_use"]);
        assert_eq!(app.delete(&app.editor, "/questionnaires/ours/editions/2027.1", &version).await.status, 204);
        assert_eq!(app.delete(&app.editor, "/questionnaires/the-base/editions/2027.1", &version).await.status, 204);
        // A later program may bring the library without the edition that an extension was put on: it is kept beside it.
        let base = app.get(&app.viewer, "/questionnaires/nhs-cyber-charter/editions/2026.2").await.json(200);
        let mut ours = extension("nhs-cyber-charter", "our-charter");
        ours["questions"][0] = json!({ "section": base["sections"][0]["key"], "question": { "key": "own", "principle": base["principles"][0]["key"], "text": "Ours?", "type": "text" } });
        let draft = app.post(&app.editor, "/questionnaire-drafts", json!({ "name": "Ours", "kind": "extension", "format": "json", "document": ours.to_string() })).await.json(201);
        app.act(&app.editor, &format!("/questionnaire-drafts/{}/publish", id(&draft)), &draft, None).await.json(201);
        let database = Database::connect(&app.url).await.expect("the database");
        let kept = database.query_all_raw(Statement::from_string(database.get_database_backend(), "SELECT key FROM edition ORDER BY key")).await.expect("rows");
        let kept: Vec<String> = kept.iter().map(|row| row.try_get("", "key").expect("a key")).collect();
        assert_eq!(kept, ["nhs-cyber-charter", "our-charter"]);
        // And where an earlier program did not keep it, merging says what is missing.
        database.execute_unprepared("UPDATE edition SET source = REPLACE(source, '\"base_edition\":\"2026.2\"', '\"base_edition\":\"2025.1\"')").await.expect("changed");
        assert_eq!(app.post(&app.editor, "/questionnaire-drafts/merge", json!({ "questionnaire": "our-charter", "new_edition": "2027.2" })).await.faults(409), ["base_gone"]);
    }

    async fn a_draft_is_publishable_only_where_publishing_would_take_it(app: App) {
        publish(&app).await;
        for (document, told) in [
            (house_check("2027.1"), vec!["/edition duplicate"]),
            (house_check("2026.9"), vec!["/edition duplicate"]),
            (edition("supplier-security"), vec!["/key duplicate"]),
            (house_check("2027.2"), vec![]),
        ] {
            let draft = app.post(&app.editor, "/questionnaire-drafts", json!({ "name": "x", "format": "json", "document": document.to_string() })).await.json(201);
            let path = format!("/questionnaire-drafts/{}", id(&draft));
            let check = app.get(&app.viewer, &format!("{path}/check")).await.json(200);
            let faults: Vec<String> = check["faults"].as_array().expect("a list").iter().map(|fault| format!("{} {}", text(fault, "pointer"), text(fault, "code"))).collect();
            assert_eq!((&check["is_publishable"], faults), (&json!(told.is_empty()), told.iter().map(ToString::to_string).collect()), "{check}");
            assert_eq!((&check["key"], &check["edition"]), (&document["key"], &document["edition"]));
            let published = app.act(&app.editor, &format!("{path}/publish"), &draft, None).await;
            assert_eq!(published.status, if told.is_empty() { 201 } else { 409 });
        }
        // What results from a merge fits its base, and still takes a number that is taken.
        app.post(&app.editor, "/questionnaires", edition("the-base")).await.json(201);
        published_extension(&app, "the-base", "ours").await;
        let merged = app.post(&app.editor, "/questionnaire-drafts/merge", json!({ "questionnaire": "ours", "new_edition": "2027.1" })).await.json(201);
        assert_eq!((&merged["is_publishable"], &merged["conflicts"]), (&json!(false), &json!([])));
    }

    async fn an_extension_can_be_had_back_as_its_author_wrote_it(app: App) {
        app.post(&app.editor, "/questionnaires", edition("the-base")).await.json(201);
        published_extension(&app, "the-base", "ours").await;
        let written = app.get(&app.viewer, "/questionnaires/ours/editions/2027.1/document").await;
        assert_eq!((written.text.as_str(), written.header("content-type")), (extension("the-base", "ours").to_string().as_str(), "application/json; charset=utf-8"));
        let whole = app.get(&app.viewer, "/questionnaires/ours/editions/2027.1/document?format=json").await.json(200);
        assert_eq!(whole, app.get(&app.viewer, "/questionnaires/ours/editions/2027.1").await.json(200));
    }

    async fn what_is_wrong_with_a_translation_is_told_with_line_and_column(app: App) {
        publish(&app).await;
        let whole = app.get(&app.viewer, "/questionnaires/house-check/editions/2027.1").await;
        let words = Translation::start(&Edition::from_json(&whole.text).expect("an edition"), "cy").to_yaml();
        let wrong = words.replace("  mfa:", "  mfaa:");
        let told = app.raw(&app.editor, Method::POST, "/translations", Some(wrong.into_bytes()), &[("content-type", "application/yaml")]).await;
        assert_eq!(told.faults(422), ["/questions/mfa missing_text", "/questions/mfaa unknown_question"]);
        assert!(told.json(422)["errors"].as_array().expect("a list").iter().all(|fault| text(fault, "detail").starts_with("line ")), "{}", told.text);
    }

    async fn an_edition_speaks_another_language_and_its_hash_and_its_scores_stay(app: App) {
        publish(&app).await;
        let before = app.walk("/questionnaires?origin=own", 50).await;
        let whole = app.get(&app.viewer, "/questionnaires/house-check/editions/2027.1").await;
        let english = Edition::from_json(&whole.text).expect("an edition");
        let mut welsh = serde_json::to_value(Translation::start(&english, "cy")).expect("words");
        welsh["title"] = json!("Gwiriad tŷ");
        let made = app.post(&app.editor, "/translations", welsh.clone()).await.json(201);
        app.post(&app.editor, "/translations", welsh.clone()).await.faults(409);
        let read = app.get(&app.viewer, "/questionnaires/house-check/editions/2027.1?language=cy").await;
        let spoken = Edition::from_json(&read.text).expect("an edition");
        assert_eq!((spoken.language.as_str(), spoken.title.as_str(), spoken.scoring_hash()), ("cy", "Gwiriad tŷ", english.scoring_hash()));
        assert_eq!(app.walk("/questionnaires?origin=own", 50).await, before);
        assert_eq!(app.get(&app.viewer, "/questionnaires/house-check/editions/2027.1").await.text, whole.text);
        assert_eq!(app.get(&app.viewer, "/questionnaires/house-check/editions/2027.1?language=fr").await.faults(422), ["?language unknown"]);
        let path = format!("/translations/{}", id(&made));
        let mut listed = app.get(&app.viewer, &path).await.json(200);
        listed.as_object_mut().expect("an object").shift_remove("document").expect("words");
        assert_eq!(app.walk("/translations", 50).await, [listed]);
        assert_eq!(app.patch(&app.editor, &path, &made, json!({ "language": "fr" })).await.faults(422), ["/language fixed"]);
        let changed = app.patch(&app.editor, &path, &made, json!({ "title": "Arall" })).await.json(200);
        assert_eq!(changed["document"]["title"], json!("Arall"));
        welsh["questions"].as_object_mut().expect("questions").shift_remove("mfa");
        (welsh["language"], welsh["sections"]["nowhere"]) = (json!("ga"), json!({ "title": "x" }));
        let faults = app.post(&app.editor, "/translations", welsh).await.faults(422);
        assert!(faults.iter().any(|fault| fault.starts_with("/questions")) && faults.iter().any(|fault| fault.starts_with("/sections")), "{faults:?}");
        // A sheet in that language comes back as the same answers.
        let supplier = app.supplier("Harbour").await;
        let assessment = app.assessment("house-check", &supplier).await;
        let path = format!("/assessments/{}", id(&assessment));
        let filled = app.patch(&app.editor, &format!("{path}/answers"), &assessment, json!({ "mfa": { "value": "yes" } })).await.json(200);
        let sheet = app.get(&app.viewer, &format!("{path}/sheet?language=cy")).await.bytes;
        let tag = etag(&filled["assessment"]);
        let back = app.raw(&app.editor, Method::POST, &format!("{path}/sheet?language=cy"), Some(sheet), &[("content-type", "application/octet-stream"), ("if-match", &tag)]).await.json(200);
        assert_eq!(back["answers"], filled["answers"]);
    }

    async fn an_edition_goes_only_while_nothing_was_put_with_it(app: App) {
        publish(&app).await;
        let path = "/questionnaires/house-check/editions/2027.1";
        let supplier = app.supplier("Harbour").await;
        let assessment = app.assessment("house-check", &supplier).await;
        let version = json!({ "version": 1 });
        app.delete(&app.editor, path, &version).await.faults(409);
        app.delete(&app.editor, &format!("/assessments/{}", id(&assessment)), &assessment).await;
        app.delete(&app.editor, path, &json!({ "version": 2 })).await.faults(412);
        assert_eq!(app.delete(&app.editor, path, &version).await.status, 204);
        app.get(&app.viewer, path).await.faults(404);
        app.delete(&app.editor, "/questionnaires/supplier-security/editions/2026.1", &version).await.faults(409);
        app.delete(&app.editor, "/questionnaires/nothing/editions/2026.1", &version).await.faults(404);
        app.post(&app.editor, "/questionnaires", house_check("2027.1")).await.json(201);
    }

    async fn what_asks_for_information_only_leaves_the_rating_alone(app: App) {
        let supplier = app.supplier("Harbour").await;
        app.approved("nhs-cyber-charter", &supplier, crate::harness::best).await;
        let before = app.line(&supplier).await;
        assert_ne!(before["rating"], json!("unassessed"));
        let disclosed = app.approved("ai-disclosure", &supplier, crate::harness::best).await;
        assert_eq!((&disclosed["information_only"], &disclosed["claimed"]), (&json!(true), &Value::Null));
        let after = app.line(&supplier).await;
        assert_eq!((&after["rating"], &after["coverage"]), (&before["rating"], &before["coverage"]));
    }
}
