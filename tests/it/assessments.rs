//! Assessments: from the first answer to a rating in the register, and to a receipt that anyone can compute again.

use diligence_questionnaires::PortableReceipt;
use serde_json::{Value, json};

use crate::{
    harness::{App, best, both, id, text, worst},
    questionnaires::{house_check, publish},
};

/// A Cyber Essentials certificate of this supplier or product.
pub(crate) async fn certificate(app: &App, subject: &Value, expires_on: &str) -> Value {
    app.post(&app.editor, "/evidence", json!({ "subject_id": id(subject), "kind": "cyber_essentials", "issued_on": "2026-01-01", "expires_on": expires_on }))
        .await
        .json(201)
}

/// The house check put to this supplier or product and answered so: its progress.
pub(crate) async fn answered(app: &App, subject: &Value, answers: Value) -> Value {
    publish(app).await;
    let assessment = app.assessment("house-check", subject).await;
    app.patch(&app.editor, &format!("/assessments/{}/answers", id(&assessment)), &assessment, answers).await.json(200)
}

/// An assessment with these answers, submitted.
pub(crate) async fn submitted(app: &App, subject: &Value, answers: Value) -> Value {
    let assessment = answered(app, subject, answers).await["assessment"].clone();
    app.act(&app.editor, &format!("/assessments/{}/submit", id(&assessment)), &assessment, None).await.json(200)
}

/// An assessment with these answers, approved.
pub(crate) async fn approved(app: &App, subject: &Value, answers: Value) -> Value {
    let assessment = submitted(app, subject, answers).await;
    app.act(&app.approver, &format!("/assessments/{}/approve", id(&assessment)), &assessment, None).await.json(200)
}

/// Answers to the house check that are all best, with this evidence.
pub(crate) fn good(evidence: &Value) -> Value {
    json!({ "mfa": { "value": "yes", "evidence_ids": [id(evidence)] }, "hosting": { "value": "ours" } })
}

/// Answers to the house check that raise a finding and come to 50.
pub(crate) fn poor() -> Value {
    json!({ "mfa": { "value": "no" }, "hosting": { "value": "ours" } })
}

async fn result(app: &App, assessment: &Value) -> Value {
    app.get(&app.viewer, &format!("/assessments/{}/result", id(assessment))).await.json(200)
}

both! {
    async fn an_assessment_begins_open_with_nothing_answered(app: App) {
        publish(&app).await;
        let supplier = app.supplier("Harbour").await;
        let assessment = app.assessment("house-check", &supplier).await;
        assert_eq!((&assessment["state"], &assessment["coverage"], &assessment["claimed"], &assessment["started_by"]), (&json!("open"), &json!(0.0), &json!(0.0), &json!("editor")));
        assert_eq!(app.get(&app.viewer, &format!("/assessments/{}", id(&assessment))).await.json(200), assessment);
        let progress = app.get(&app.viewer, &format!("/assessments/{}/answers", id(&assessment))).await.json(200);
        assert_eq!((&progress["answers"], &progress["visible"], &progress["unanswered_required"]), (&json!({}), &json!(["mfa", "hosting"]), &json!(["mfa", "hosting"])));
    }

    async fn a_questionnaire_is_put_only_to_what_it_is_for_and_once_at_a_time(app: App) {
        let supplier = app.supplier("Harbour").await;
        let product = app.post(&app.editor, "/products", json!({ "supplier_id": id(&supplier), "name": "Chairs", "kind": "device", "ai_features": "none" })).await.json(201);
        let put = async |questionnaire: &str, subject: &Value| app.post(&app.editor, "/assessments", json!({ "questionnaire": questionnaire, "subject_id": id(subject) })).await;
        assert_eq!(put("supplier-security", &product).await.faults(422), ["/subject_id does_not_fit"]);
        let mut for_ai = house_check("2027.1");
        (for_ai["key"], for_ai["applies_to"]) = (json!("ai-check"), json!(["ai"]));
        app.post(&app.editor, "/questionnaires", for_ai).await.json(201);
        assert_eq!(put("ai-check", &product).await.faults(422), ["/subject_id does_not_fit"]);
        assert_eq!(put("ai-check", &supplier).await.faults(422), ["/subject_id does_not_fit"]);
        put("ai-check", &app.product(&supplier, "Nobody knows").await).await.json(201);
        assert_eq!(put("suplier-security", &supplier).await.faults(422), ["/questionnaire unknown"]);
        assert_eq!(put("supplier-security", &json!({ "id": "sup_00000000000000000000000000000000" })).await.faults(422), ["/subject_id unknown_id"]);
        assert_eq!(app.post(&app.editor, "/assessments", json!({ "questionnaire": "supplier-security", "subject_id": id(&supplier), "edition": "1999.1" })).await.faults(422), ["/edition unknown"]);
        put("supplier-security", &supplier).await.json(201);
        put("supplier-security", &supplier).await.faults(409);
    }

    async fn an_answer_brings_questions_up_and_another_takes_them_away(app: App) {
        let supplier = app.supplier("Harbour").await;
        let progress = answered(&app, &supplier, json!({ "hosting": { "value": "theirs" } })).await;
        assert_eq!((&progress["visible"], &progress["coverage"]), (&json!(["mfa", "hosting", "exit"]), &json!(25.0)));
        let path = format!("/assessments/{}/answers", id(&progress["assessment"]));
        let progress = app.patch(&app.editor, &path, &progress["assessment"], json!({ "exit": { "value": "yes" } })).await.json(200);
        assert_eq!((&progress["coverage"], &progress["claimed"]), (&json!(75.0), &json!(62.5)));
        // The hidden answer is kept and counts nowhere; brought up again, it is there.
        let progress = app.patch(&app.editor, &path, &progress["assessment"], json!({ "hosting": { "value": "ours" } })).await.json(200);
        assert_eq!((&progress["visible"], &progress["coverage"], &progress["claimed"], &progress["answers"]["exit"]["value"]), (&json!(["mfa", "hosting"]), &json!(50.0), &json!(50.0), &json!("yes")));
        let progress = app.patch(&app.editor, &path, &progress["assessment"], json!({ "hosting": { "value": "theirs" } })).await.json(200);
        assert_eq!(progress["claimed"], json!(62.5));
        let progress = app.patch(&app.editor, &path, &progress["assessment"], json!({ "exit": null })).await.json(200);
        assert_eq!((&progress["coverage"], progress["answers"].get("exit")), (&json!(25.0), None));
    }

    async fn a_hidden_answer_raises_no_finding_and_no_risk(app: App) {
        let supplier = app.supplier("Harbour").await;
        let answers = json!({ "mfa": { "value": "yes" }, "hosting": { "value": "ours" }, "exit": { "value": "no" } });
        let assessment = submitted(&app, &supplier, answers).await;
        assert_eq!((&result(&app, &assessment).await["outcome"]["findings"], app.walk("/risks", 50).await.len()), (&json!([]), 0));
    }

    async fn every_answer_that_does_not_fit_is_told_and_none_is_kept(app: App) {
        let (supplier, other) = (app.supplier("Harbour").await, app.supplier("Other").await);
        let elsewhere = certificate(&app, &other, "2027-12-31").await;
        let progress = answered(&app, &supplier, json!({})).await;
        let path = format!("/assessments/{}/answers", id(&progress["assessment"]));
        let wrong = json!({ "mfa": { "value": "yes", "evidence_ids": [id(&elsewhere)] }, "hosting": { "value": "moon" }, "exit": { "not_applicable": "no need" }, "plan": { "value": 3 }, "nothing": { "value": "yes" }, "less": null });
        let mut faults = app.patch(&app.editor, &path, &progress["assessment"], wrong).await.faults(422);
        faults.sort();
        assert_eq!(faults, ["/exit/not_applicable not_applicable_not_allowed", "/hosting/value unknown_option", "/less unknown_question", "/mfa/evidence_ids/0 unknown_id", "/nothing unknown_question", "/plan/value wrong_type"]);
        assert_eq!(app.get(&app.viewer, &path).await.json(200)["answers"], json!({}));
    }

    async fn nothing_is_submitted_before_all_that_is_required_is_there(app: App) {
        let supplier = app.supplier("Harbour").await;
        let progress = answered(&app, &supplier, json!({ "hosting": { "value": "theirs" }, "plan": { "value": "hidden" } })).await;
        let assessment = &progress["assessment"];
        let path = format!("/assessments/{}", id(assessment));
        assert_eq!(app.act(&app.editor, &format!("{path}/submit"), assessment, None).await.faults(422), ["/mfa required", "/exit required"]);
        let progress = app.patch(&app.editor, &format!("{path}/answers"), assessment, json!({ "mfa": { "value": "no" }, "exit": { "value": "no" } })).await.json(200);
        assert_eq!(progress["comments_needed"], json!(["exit"]));
        assert_eq!(app.act(&app.editor, &format!("{path}/submit"), &progress["assessment"], None).await.faults(422), ["/exit/comment required"]);
        let progress = app.patch(&app.editor, &format!("{path}/answers"), &progress["assessment"], json!({ "exit": { "value": "no", "comment": "tied until 2030" } })).await.json(200);
        let assessment = app.act(&app.editor, &format!("{path}/submit"), &progress["assessment"], None).await.json(200);
        assert_eq!((&assessment["state"], &assessment["submitted_by"]), (&json!("submitted"), &json!("editor")));
        app.patch(&app.editor, &format!("{path}/answers"), &assessment, json!({ "mfa": { "value": "yes" } })).await.faults(409);
        app.act(&app.editor, &format!("{path}/submit"), &assessment, None).await.faults(409);
    }

    async fn a_finding_raises_its_risk_once_however_often_it_is_submitted(app: App) {
        let supplier = app.supplier("Harbour").await;
        let assessment = submitted(&app, &supplier, poor()).await;
        let risks = app.walk("/risks", 50).await;
        assert_eq!(risks.len(), 1);
        let risk = &risks[0];
        assert_eq!((&risk["origin_assessment_id"], &risk["origin_finding"], &risk["origin_question"]), (&assessment["id"], &json!("house-check/mfa.no"), &json!("mfa")));
        assert_eq!((&risk["title"], &risk["likelihood"], &risk["impact"], &risk["band"], &risk["subject_id"]), (&json!("No second factor"), &json!(4), &json!(4), &json!("extreme"), &supplier["id"]));
        let path = format!("/assessments/{}", id(&assessment));
        let returned = app.act(&app.approver, &format!("{path}/return"), &assessment, Some(json!({ "comment": "Since when?" }))).await.json(200);
        let again = app.act(&app.editor, &format!("{path}/submit"), &returned, None).await.json(200);
        assert_eq!(app.walk("/risks", 50).await, risks);
        // Nor when it was closed in the meantime and the same assessment comes back.
        app.act(&app.editor, &format!("/risks/{}/close", id(risk)), risk, Some(json!({ "reason": "Mended" }))).await.json(200);
        let returned = app.act(&app.approver, &format!("{path}/return"), &again, Some(json!({ "comment": "Once more" }))).await.json(200);
        app.act(&app.editor, &format!("{path}/submit"), &returned, None).await.json(200);
        assert_eq!(app.walk("/risks", 50).await.len(), 1);
    }

    async fn a_later_assessment_raises_a_finding_anew_only_when_its_risk_is_closed(app: App) {
        let supplier = app.supplier("Harbour").await;
        approved(&app, &supplier, poor()).await;
        approved(&app, &supplier, poor()).await;
        let risks = app.walk("/risks", 50).await;
        assert_eq!(risks.len(), 1);
        app.act(&app.editor, &format!("/risks/{}/close", id(&risks[0])), &risks[0], Some(json!({ "reason": "Mended" }))).await.json(200);
        let third = approved(&app, &supplier, poor()).await;
        assert_eq!(app.walk(&format!("/risks?state=open&origin_assessment_id={}", id(&third)), 50).await.len(), 1);
        // Another supplier's finding is another risk.
        approved(&app, &app.supplier("Other").await, poor()).await;
        assert_eq!(app.walk("/risks?state=open", 50).await.len(), 2);
    }

    async fn a_returned_assessment_is_open_again_with_what_must_be_mended(app: App) {
        let supplier = app.supplier("Harbour").await;
        let assessment = submitted(&app, &supplier, poor()).await;
        let path = format!("/assessments/{}", id(&assessment));
        assert_eq!(app.act(&app.approver, &format!("{path}/return"), &assessment, Some(json!({ "comment": "" }))).await.faults(422), ["/comment length"]);
        app.act(&app.editor, &format!("{path}/return"), &assessment, Some(json!({ "comment": "x" }))).await.faults(403);
        let returned = app.act(&app.approver, &format!("{path}/return"), &assessment, Some(json!({ "comment": "Since when?" }))).await.json(200);
        assert_eq!((&returned["state"], &returned["return_comment"]), (&json!("open"), &json!("Since when?")));
        app.act(&app.approver, &format!("{path}/approve"), &returned, None).await.faults(409);
        app.act(&app.approver, &format!("{path}/return"), &returned, Some(json!({ "comment": "x" }))).await.faults(409);
        let again = app.act(&app.editor, &format!("{path}/submit"), &returned, None).await.json(200);
        assert_eq!((&again["state"], &again["return_comment"]), (&json!("submitted"), &json!(null)));
    }

    async fn text_is_rated_before_anything_is_approved(app: App) {
        let supplier = app.supplier("Harbour").await;
        let answers = json!({ "mfa": { "value": "partly" }, "hosting": { "value": "ours" }, "plan": { "value": "By June." } });
        let assessment = submitted(&app, &supplier, answers).await;
        let path = format!("/assessments/{}", id(&assessment));
        assert_eq!(app.act(&app.approver, &format!("{path}/approve"), &assessment, None).await.faults(409), ["/plan awaiting_review"]);
        app.patch(&app.editor, &format!("{path}/review"), &assessment, json!({ "plan": { "points": 80 } })).await.faults(403);
        let wrong = json!({ "plan": { "points": 101 }, "mfa": { "points": 100 }, "exit": { "points": 1, "reason": "x" }, "nothing": { "points": 1 } });
        let mut faults = app.patch(&app.approver, &format!("{path}/review"), &assessment, wrong).await.faults(422);
        faults.sort();
        assert_eq!(faults, ["/plan/points range"]);
        let wrong = json!({ "mfa": { "points": 100 }, "exit": { "points": 1, "reason": "x" }, "nothing": { "points": 1 } });
        let mut faults = app.patch(&app.approver, &format!("{path}/review"), &assessment, wrong).await.faults(422);
        faults.sort();
        assert_eq!(faults, ["/exit unanswered", "/mfa/reason reason_missing", "/nothing unknown_question"]);
        let rated = app.patch(&app.approver, &format!("{path}/review"), &assessment, json!({ "plan": { "points": 80 } })).await.json(200);
        assert_eq!((&rated["claimed"], &rated["awaiting_review"], &rated["review"]["plan"]["reviewer"]), (&json!(76.7), &json!([]), &json!("approver")));
        app.act(&app.approver, &format!("{path}/approve"), &rated["assessment"], None).await.json(200);
    }

    async fn a_reason_that_says_nothing_replaces_no_points(app: App) {
        let supplier = app.supplier("Harbour").await;
        let assessment = submitted(&app, &supplier, poor()).await;
        let path = format!("/assessments/{}", id(&assessment));
        assert_eq!(app.patch(&app.approver, &format!("{path}/review"), &assessment, json!({ "mfa": { "points": 100, "reason": " \u{2003}" } })).await.faults(422), ["/mfa/reason reason_missing"]);
        app.act(&app.approver, &format!("{path}/approve"), &assessment, None).await.json(200);
        let receipt = app.get(&app.viewer, &format!("{path}/receipt")).await.text;
        assert_eq!(PortableReceipt::from_json(&receipt).expect("a portable receipt").verify(), []);
    }

    async fn nothing_is_approved_that_could_not_be_submitted_any_more(app: App) {
        let mut document = house_check("2027.1");
        document["sections"][0]["questions"][2]["show_if"] = json!({ "subject": "data_role", "is": "processor" });
        document["sections"][0]["questions"][3]["show_if"] = json!({ "question": "exit", "is": "no" });
        app.post(&app.editor, "/questionnaires", document).await.json(201);
        let supplier = app.supplier("Harbour").await;
        let assessment = submitted(&app, &supplier, good(&certificate(&app, &supplier, "2027-12-31").await)).await;
        let path = format!("/assessments/{}", id(&assessment));
        let changed = app.patch(&app.editor, &format!("/suppliers/{}", id(&supplier)), &supplier, json!({ "data_role": "processor" })).await.json(200);
        // Now a question is asked that was not asked at submission.
        assert_eq!(app.act(&app.approver, &format!("{path}/approve"), &assessment, None).await.faults(409), ["/exit required"]);
        let returned = app.act(&app.approver, &format!("{path}/return"), &assessment, Some(json!({ "comment": "One more." }))).await.json(200);
        let answers = json!({ "exit": { "value": "no", "comment": "A lock." }, "plan": { "value": "To leave." } });
        let answered = app.patch(&app.editor, &format!("{path}/answers"), &returned, answers).await.json(200);
        let again = app.act(&app.editor, &format!("{path}/submit"), &answered["assessment"], None).await.json(200);
        assert_eq!(app.act(&app.approver, &format!("{path}/approve"), &again, None).await.faults(409), ["/plan awaiting_review"]);
        app.patch(&app.editor, &format!("/suppliers/{}", id(&supplier)), &changed, json!({ "data_role": "none" })).await.json(200);
        app.act(&app.approver, &format!("{path}/approve"), &again, None).await.json(200);
    }

    async fn nobody_rates_texts_only_to_refuse(app: App) {
        let supplier = app.supplier("Harbour").await;
        let answers = json!({ "mfa": { "value": "partly" }, "hosting": { "value": "ours" }, "plan": { "value": "By June." } });
        let assessment = submitted(&app, &supplier, answers).await;
        let path = format!("/assessments/{}", id(&assessment));
        let refused = app.act(&app.approver, &format!("{path}/refuse"), &assessment, None).await.json(200);
        assert_eq!(refused["state"], json!("refused"));
        let receipt = app.get(&app.viewer, &format!("{path}/receipt")).await.text;
        assert_eq!(PortableReceipt::from_json(&receipt).expect("a portable receipt").verify(), []);
    }

    async fn a_reviewers_points_stand_beside_the_answers_own(app: App) {
        let supplier = app.supplier("Harbour").await;
        let assessment = submitted(&app, &supplier, json!({ "mfa": { "value": "no" }, "hosting": { "value": "ours" } })).await;
        let path = format!("/assessments/{}", id(&assessment));
        let rated = app.patch(&app.approver, &format!("{path}/review"), &assessment, json!({ "hosting": { "points": 40, "reason": "in a cellar" } })).await.json(200);
        assert_eq!(rated["claimed"], json!(20.0));
        let outcome = &result(&app, &assessment).await["outcome"];
        assert_eq!(outcome["contributions"][1]["replaced"], json!({ "from": 100, "to": 40, "reason": "in a cellar" }));
        let cleared = app.patch(&app.approver, &format!("{path}/review"), &rated["assessment"], json!({ "hosting": null })).await.json(200);
        assert_eq!(cleared["claimed"], json!(50.0));
        // What was said of an answer is forgotten with the answer.
        let rated = app.patch(&app.approver, &format!("{path}/review"), &cleared["assessment"], json!({ "hosting": { "points": 40, "reason": "in a cellar" } })).await.json(200);
        let returned = app.act(&app.approver, &format!("{path}/return"), &rated["assessment"], Some(json!({ "comment": "x" }))).await.json(200);
        let changed = app.patch(&app.editor, &format!("{path}/answers"), &returned, json!({ "hosting": { "value": "ours", "comment": "moved upstairs" } })).await.json(200);
        assert_eq!((&changed["claimed"], &changed["review"]), (&json!(50.0), &json!({})));
    }

    async fn only_an_approved_assessment_changes_the_register(app: App) {
        let supplier = app.processor("Harbour").await;
        let certificate = certificate(&app, &supplier, "2027-12-31").await;
        let assessment = submitted(&app, &supplier, good(&certificate)).await;
        let line = app.line(&supplier).await;
        assert_eq!((&line["rating"], &line["security"]["claimed"], &line["coverage"], &line["decision"]), (&json!("unassessed"), &json!(null), &json!(null), &json!(null)));
        let under_way = &line["under_way"][0];
        assert_eq!((&under_way["assessment_id"], &under_way["state"], &under_way["evidenced"], &under_way["coverage"]), (&assessment["id"], &json!("submitted"), &json!(100.0), &json!(100.0)));
        app.act(&app.editor, &format!("/assessments/{}/approve", id(&assessment)), &assessment, None).await.faults(403);
        let approved = app.act(&app.approver, &format!("/assessments/{}/approve", id(&assessment)), &assessment, None).await.json(200);
        assert_eq!((&approved["state"], &approved["decided_by"], &approved["assessed_on"]), (&json!("approved"), &json!("approver"), &json!("2027-03-01")));
        let line = app.line(&supplier).await;
        assert_eq!((&line["rating"], &line["security"], &line["coverage"], &line["decision"]), (&json!("moderate"), &json!({ "claimed": 100.0, "evidenced": 100.0 }), &json!(100.0), &json!("approved")));
        assert_eq!((&line["under_way"], &line["ethical_ai"]), (&json!([]), &json!({ "claimed": null, "evidenced": null })));
    }

    async fn a_newer_approved_assessment_takes_the_place_of_the_older(app: App) {
        let supplier = app.minor("Harbour").await;
        let certificate = certificate(&app, &supplier, "2027-12-31").await;
        let older = approved(&app, &supplier, poor()).await;
        let newer = approved(&app, &supplier, good(&certificate)).await;
        let state = async |assessment: &Value| app.get(&app.viewer, &format!("/assessments/{}", id(assessment))).await.json(200)["state"].clone();
        assert_eq!((state(&older).await, state(&newer).await), (json!("superseded"), json!("approved")));
        assert_eq!((&app.line(&supplier).await["security"]["claimed"], &app.line(&supplier).await["rating"]), (&json!(100.0), &json!("low")));
        // What the older one came to can still be read.
        assert_eq!((&result(&app, &older).await["state"], &result(&app, &older).await["outcome"]["claimed"]), (&json!("superseded"), &json!(50.0)));
    }

    async fn a_certificate_that_expired_yesterday_supports_nothing(app: App) {
        let supplier = app.processor("Harbour").await;
        let certificate = certificate(&app, &supplier, "2027-03-01").await;
        let assessment = submitted(&app, &supplier, good(&certificate)).await;
        assert_eq!((&assessment["claimed"], &assessment["evidenced"]), (&json!(100.0), &json!(100.0)));
        app.goes_to("2027-03-02");
        let approved = app.act(&app.approver, &format!("/assessments/{}/approve", id(&assessment)), &assessment, None).await.json(200);
        assert_eq!((&approved["claimed"], &approved["evidenced"]), (&json!(100.0), &json!(50.0)));
        assert_eq!((&app.line(&supplier).await["security"], &app.line(&supplier).await["rating"]), (&json!({ "claimed": 100.0, "evidenced": 50.0 }), &json!("high")));
        assert_eq!(result(&app, &assessment).await["outcome"]["contributions"][0]["evidence"], json!("expired"));
    }

    async fn a_score_stays_as_it_was_decided_when_its_evidence_expires_or_changes(app: App) {
        let supplier = app.supplier("Harbour").await;
        let certificate = certificate(&app, &supplier, "2027-03-31").await;
        let assessment = approved(&app, &supplier, good(&certificate)).await;
        app.patch(&app.editor, &format!("/evidence/{}", id(&certificate)), &certificate, json!({ "expires_on": "2027-01-31" })).await.json(200);
        app.goes_to("2027-05-01");
        assert_eq!((&result(&app, &assessment).await["outcome"]["evidenced"], &app.line(&supplier).await["security"]["evidenced"]), (&json!(100.0), &json!(100.0)));
    }

    async fn a_knock_out_caps_the_rating_whatever_the_score_and_says_why(app: App) {
        let supplier = app.processor("Harbour").await;
        let certificate = certificate(&app, &supplier, "2027-12-31").await;
        let answers = json!({ "mfa": { "value": "yes", "evidence_ids": [id(&certificate)] }, "hosting": { "value": "unknown" } });
        let assessment = submitted(&app, &supplier, answers).await;
        // A reviewer may lift the points, but not the knock-out.
        let path = format!("/assessments/{}", id(&assessment));
        let rated = app.patch(&app.approver, &format!("{path}/review"), &assessment, json!({ "hosting": { "points": 100, "reason": "we asked" } })).await.json(200);
        app.act(&app.approver, &format!("{path}/approve"), &rated["assessment"], None).await.json(200);
        let result = result(&app, &assessment).await;
        assert_eq!((&result["outcome"]["evidenced"], &result["band"], &result["rating"]), (&json!(100.0), &json!("poor"), &json!("extreme")));
        let line = app.line(&supplier).await;
        assert_eq!((&line["rating"], &line["knock_outs"]), (&json!("extreme"), &json!(["Nobody knows where it runs."])));
    }

    async fn what_is_not_assessed_enough_never_looks_safe(app: App) {
        let supplier = app.supplier("Harbour").await;
        let product = app.product(&supplier, "Notes").await;
        let certificate = certificate(&app, &supplier, "2027-12-31").await;
        approved(&app, &product, good(&certificate)).await;
        assert_eq!((&app.line(&product).await["rating"], &app.line(&supplier).await["rating"]), (&json!("moderate"), &json!("unassessed")));
        // Under the minimum of coverage nothing is said either, however good the rest: only what is required must be
        // answered.
        let other = app.processor("Other").await;
        let assessment = app.assessment("supplier-security", &other).await;
        let edition = app.get(&app.viewer, &format!("/questionnaires/supplier-security/editions/{}", text(&assessment, "edition"))).await.json(200);
        let path = format!("/assessments/{}/answers", id(&assessment));
        let mut progress = app.get(&app.viewer, &path).await.json(200);
        while let Some(key) = progress["unanswered_required"][0].as_str() {
            let question = edition["sections"].as_array().expect("sections").iter().flat_map(|section| section["questions"].as_array().expect("questions")).find(|question| text(question, "key") == key).expect("it");
            progress = app.patch(&app.editor, &path, &progress["assessment"], json!({ key: { "value": best(question), "comment": "because" } })).await.json(200);
        }
        assert!(progress["coverage"].as_f64() < Some(80.0), "{}", progress["coverage"]);
        let assessment = app.act(&app.editor, &format!("/assessments/{}/submit", id(&assessment)), &progress["assessment"], None).await.json(200);
        let points: serde_json::Map<String, Value> = progress["awaiting_review"].as_array().expect("a list").iter().map(|key| (key.as_str().expect("a key").to_owned(), json!({ "points": 100 }))).collect();
        let rated = app.patch(&app.approver, &format!("/assessments/{}/review", id(&assessment)), &assessment, points.into()).await.json(200);
        app.act(&app.approver, &format!("/assessments/{}/approve", id(&assessment)), &rated["assessment"], None).await.json(200);
        assert_eq!(app.line(&other).await["rating"], json!("unassessed"));
    }

    async fn a_supplier_is_rated_as_the_worst_of_its_own_and_its_active_products(app: App) {
        let supplier = app.processor("Harbour").await;
        let certificate = certificate(&app, &supplier, "2027-12-31").await;
        approved(&app, &supplier, good(&certificate)).await;
        assert_eq!(app.line(&supplier).await["rating"], json!("moderate"));
        let product = app.product(&supplier, "Notes").await;
        assert_eq!(app.line(&supplier).await["rating"], json!("unassessed"));
        approved(&app, &product, json!({ "mfa": { "value": "no" }, "hosting": { "value": "unknown" } })).await;
        let rating = async || (app.line(&supplier).await["rating"].clone(), app.get(&app.viewer, &format!("/suppliers/{}", id(&supplier))).await.json(200)["rating"].clone());
        assert_eq!(rating().await, (json!("extreme"), json!("extreme")));
        let path = format!("/products/{}", id(&product));
        let mut product = app.get(&app.viewer, &path).await.json(200);
        for status in ["prospective", "exiting", "archived"] {
            product = app.patch(&app.editor, &path, &product, json!({ "status": status })).await.json(200);
            assert_eq!(rating().await, (json!("moderate"), json!("moderate")), "{status}");
        }
    }

    async fn a_refusal_leaves_nothing_of_the_approval_before_it(app: App) {
        let supplier = app.processor("Harbour").await;
        let certificate = certificate(&app, &supplier, "2027-12-31").await;
        let earlier = approved(&app, &supplier, good(&certificate)).await;
        let before = app.line(&supplier).await;
        assert_eq!((&before["rating"], &before["security"]["evidenced"], &before["decision"]), (&json!("moderate"), &json!(100.0), &json!("approved")));
        let assessment = submitted(&app, &supplier, json!({ "mfa": { "value": "yes" }, "hosting": { "value": "unknown" } })).await;
        let refused = app.act(&app.approver, &format!("/assessments/{}/refuse", id(&assessment)), &assessment, Some(json!({ "comment": "Too vague" }))).await.json(200);
        assert_eq!(refused["state"], json!("refused"));
        let after = app.line(&supplier).await;
        let security = json!({ "claimed": 50.0, "evidenced": 0.0 });
        assert_eq!((&after["rating"], &after["security"], &after["coverage"], &after["decision"]), (&json!("extreme"), &security, &json!(100.0), &json!("refused")));
        assert_eq!((&after["knock_outs"], &after["under_way"]), (&json!(["Nobody knows where it runs."]), &json!([])));
        assert_eq!(app.get(&app.viewer, &format!("/assessments/{}", id(&earlier))).await.json(200)["state"], json!("superseded"));
        assert_eq!(app.get(&app.viewer, &format!("/suppliers/{}", id(&supplier))).await.json(200)["rating"], json!("extreme"));
    }

    async fn the_receipt_of_a_decided_assessment_computes_again(app: App) {
        let supplier = app.processor("Harbour").await;
        let certificate = certificate(&app, &supplier, "2027-12-31").await;
        let answers = json!({ "mfa": { "value": "partly", "evidence_ids": [id(&certificate)] }, "hosting": { "value": "theirs" }, "exit": { "value": "yes" }, "plan": { "value": "By June." } });
        let assessment = submitted(&app, &supplier, answers).await;
        let path = format!("/assessments/{}", id(&assessment));
        app.get(&app.viewer, &format!("{path}/receipt")).await.faults(404);
        let rated = app.patch(&app.approver, &format!("{path}/review"), &assessment, json!({ "plan": { "points": 70, "reason": "no names" } })).await.json(200);
        app.act(&app.approver, &format!("{path}/approve"), &rated["assessment"], None).await.json(200);
        // Years later, when everything it rested on has changed.
        app.goes_to("2031-01-01");
        app.patch(&app.editor, &format!("/suppliers/{}", id(&supplier)), &supplier, json!({ "data_role": "none", "data_sensitivity": "none" })).await.json(200);
        app.patch(&app.editor, &format!("/evidence/{}", id(&certificate)), &certificate, json!({ "kind": "other" })).await.json(200);
        let kept = app.get(&app.viewer, &format!("{path}/receipt")).await.json(200);
        let mut file = PortableReceipt::from_json(&kept.to_string()).expect("a portable receipt");
        assert_eq!(serde_json::to_value(&file.edition).expect("JSON"), app.get(&app.viewer, "/questionnaires/house-check/editions/2027.1").await.json(200));
        assert_eq!(file.verify(), []);
        assert_eq!(kept["receipt"]["outcome"], result(&app, &assessment).await["outcome"]);
        file.answers.get_mut("exit").expect("an answer").value = Some(json!("no"));
        let differing: Vec<String> = file.verify().into_iter().map(|difference| difference.pointer).collect();
        for pointer in ["/answers_hash", "/answer_hashes/exit", "/outcome/claimed"] {
            assert!(differing.iter().any(|differing| differing == pointer), "{pointer} is not among {differing:?}");
        }
    }

    async fn an_assessment_is_taken_away_only_before_it_was_ever_submitted(app: App) {
        let supplier = app.supplier("Harbour").await;
        let open = answered(&app, &supplier, json!({ "mfa": { "value": "no" } })).await["assessment"].clone();
        let path = format!("/assessments/{}", id(&open));
        assert_eq!(app.delete(&app.editor, &path, &open).await.status, 204);
        app.get(&app.viewer, &path).await.faults(404);
        app.get(&app.viewer, &format!("{path}/answers")).await.faults(404);
        assert_eq!(app.line(&supplier).await["under_way"], json!([]));
        // Without a finding, so that no risk hangs on it either.
        let assessment = submitted(&app, &supplier, json!({ "mfa": { "value": "yes" }, "hosting": { "value": "ours" } })).await;
        let path = format!("/assessments/{}", id(&assessment));
        app.delete(&app.editor, &path, &assessment).await.faults(409);
        let returned = app.act(&app.approver, &format!("{path}/return"), &assessment, Some(json!({ "comment": "x" }))).await.json(200);
        app.delete(&app.editor, &path, &returned).await.faults(409);
    }

    async fn every_step_needs_the_version_it_was_made_on(app: App) {
        let supplier = app.supplier("Harbour").await;
        let progress = answered(&app, &supplier, poor()).await;
        let stale = json!({ "version": 1 });
        let path = format!("/assessments/{}", id(&progress["assessment"]));
        app.patch(&app.editor, &format!("{path}/answers"), &stale, json!({ "mfa": null })).await.faults(412);
        app.act(&app.editor, &format!("{path}/submit"), &stale, None).await.faults(412);
        let assessment = app.act(&app.editor, &format!("{path}/submit"), &progress["assessment"], None).await.json(200);
        for step in ["approve", "refuse"] {
            app.act(&app.approver, &format!("{path}/{step}"), &progress["assessment"], None).await.faults(412);
            app.send(&app.approver, poem::http::Method::POST, &format!("{path}/{step}"), None, &[]).await.faults(428);
        }
        assert_eq!(app.get(&app.viewer, &path).await.json(200), assessment);
    }

    async fn assessments_are_filtered_by_each_field_and_come_in_pages(app: App) {
        let (supplier, other) = (app.supplier("Harbour").await, app.supplier("Other").await);
        let product = app.product(&supplier, "Notes").await;
        submitted(&app, &supplier, poor()).await;
        app.assessment("supplier-security", &supplier).await;
        app.goes_to("2027-03-02");
        approved(&app, &product, poor()).await;
        app.assessment("supplier-security", &other).await;
        for (field, value) in [("subject_id", id(&product)), ("supplier_id", id(&supplier)), ("questionnaire", "house-check"), ("state", "submitted")] {
            app.is_filtered("/assessments", &format!("{field}={value}"), |assessment| assessment[field] == json!(value)).await;
        }
        app.is_filtered("/assessments", "updated_since=2027-03-02T09:00:00Z", |assessment| text(assessment, "updated_at") >= "2027-03-02").await;
        app.comes_in_pages("/assessments", "id", &["created_at", "-created_at", "updated_at", "-updated_at"], |assessment, field| text(assessment, field).to_owned()).await;
    }

    async fn the_built_in_questionnaires_span_from_best_to_worst(app: App) {
        let (strong, poor) = (app.processor("Strong").await, app.processor("Poor").await);
        let best = app.approved("supplier-security", &strong, best).await;
        assert_eq!((&best["claimed"], &best["coverage"]), (&json!(100.0), &json!(100.0)));
        let worst = app.approved("supplier-security", &poor, worst).await;
        // Its texts are rated well for want of a worse answer, so a little is left.
        assert!(worst["claimed"].as_f64() < Some(10.0), "{worst}");
        assert_eq!(app.line(&poor).await["rating"], json!("extreme"));
        let risks = app.walk(&format!("/risks?subject_id={}", id(&poor)), 200).await;
        assert!(risks.len() > 10 && risks.iter().all(|risk| risk["origin_assessment_id"] == worst["id"]));
    }
}
