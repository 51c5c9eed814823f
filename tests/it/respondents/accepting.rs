//! What respondents send counts for nothing until one of our own people accepts it.

use poem::http::Method;
use serde_json::{Value, json};

use super::{Visitor, link, token, visited};
use crate::{
    assessments::{answered, good},
    harness::{App, both, id, text},
    pages::{goes_to, holds, lacks, shown, someone},
};

/// The 44 bytes of a file that calls itself a certificate.
const FILE: &[u8; 44] = b"This is our Cyber Essentials certificate. \n\n";

/// What is said of it.
const CERTIFICATE: &str = "?name=certificate.txt&kind=cyber_essentials&issued_on=2027-01-15";

async fn certified(app: &App) -> usize {
    app.walk("/register?has_certificate=true", 50).await.len()
}

both! {
    async fn a_file_that_a_respondent_sent_counts_for_nothing_until_an_editor_accepts_it(app: App) {
        let supplier = app.processor("Harbour").await;
        crate::questionnaires::publish(&app).await;
        let assessment = app.assessment("house-check", &supplier).await;
        let visitor = Visitor::enters(&app, &token(&link(&app, &assessment).await)).await;
        let sent = visitor.sends(&app, CERTIFICATE, FILE).await.json(201);
        let path = format!("/evidence/{}", id(&sent));
        let there = app.get(&app.viewer, &path).await.json(200);
        assert_eq!((&there["checked_at"], &there["checked_by"], &there["ends_on"]), (&json!(null), &json!(null), &json!("2028-01-15")));
        assert_eq!(app.walk("/evidence?checked=false", 50).await, std::slice::from_ref(&there));
        assert_eq!((certified(&app).await, &app.line(&supplier).await["certificates"]), (0, &json!([])));
        let due = app.walk(&format!("/due?subject_id={}&kind=evidence_to_check", id(&supplier)), 50).await;
        assert_eq!((due.len(), &due[0]["due_on"], &due[0]["source_id"]), (1, &json!("2027-03-15"), &sent["id"]));
        assert!(app.walk(&format!("/due?subject_id={}&kind=evidence_expiry", id(&supplier)), 50).await.is_empty());

        let answers = format!("/assessments/{}/answers", id(&assessment));
        let seen = app.patch(&app.editor, &answers, &assessment, good(&sent)).await.json(200);
        assert_eq!((&seen["claimed"], &seen["evidenced"]), (&json!(100.0), &json!(50.0)));
        let result = app.get(&app.viewer, &format!("/assessments/{}/result", id(&assessment))).await.json(200);
        assert_eq!(result["outcome"]["contributions"][0]["evidence"], "unchecked");

        // Who may read may not accept, and nobody of another organisation knows of it.
        let accept = format!("{path}/accept");
        app.act(&app.viewer, &accept, &there, None).await.faults(403);
        app.act(&app.neighbour, &accept, &there, None).await.faults(404);
        app.act(&app.editor, &accept, &json!({ "version": 7 }), None).await.faults(412);
        assert_eq!(app.get(&app.viewer, &path).await.json(200), there);

        let accepted = app.act(&app.editor, &accept, &there, None).await.json(200);
        assert_eq!((&accepted["checked_by"], &accepted["checked_at"]), (&json!("editor"), &json!("2027-03-01T09:00:00.000000Z")));
        assert_eq!(app.act(&app.editor, &accept, &there, None).await.json(200), accepted, "once more changes nothing");
        let told = app.walk("/audit-events?action=accept&noun=evidence", 50).await;
        assert_eq!((told.len(), &told[0]["item_id"], &told[0]["actor_name"]), (1, &sent["id"], &json!("editor")));
        assert_eq!((certified(&app).await, app.get(&app.viewer, &answers).await.json(200)["evidenced"].clone()), (1, json!(100.0)));
        assert!(app.walk(&format!("/due?subject_id={}&kind=evidence_to_check", id(&supplier)), 50).await.is_empty());
        let due = app.walk(&format!("/due?subject_id={}&kind=evidence_expiry", id(&supplier)), 50).await;
        assert_eq!((due.len(), &due[0]["due_on"]), (1, &json!("2028-01-15")));
    }

    async fn what_was_sent_and_is_not_accepted_neither_ends_nor_becomes_what_we_know(app: App) {
        let supplier = app.processor("Harbour").await;
        let own = json!({ "subject_id": id(&supplier), "kind": "cyber_essentials", "issued_on": "2026-12-01" });
        app.post(&app.editor, "/evidence", own).await.json(201);
        crate::questionnaires::publish(&app).await;
        let assessment = app.assessment("house-check", &supplier).await;
        let visitor = Visitor::enters(&app, &token(&link(&app, &assessment).await)).await;
        let over = "?name=c.txt&kind=cyber_essentials&issued_on=2027-01-15&expires_on=2027-02-15";
        let sent = visitor.sends(&app, over, FILE).await.json(201);
        assert_eq!(certified(&app).await, 1);
        // Details that an editor corrects are not yet an acceptance.
        let there = app.get(&app.viewer, &format!("/evidence/{}", id(&sent))).await.json(200);
        let changed = app.patch(&app.editor, &format!("/evidence/{}", id(&sent)), &there, json!({ "reference": "CE-7" })).await.json(200);
        assert_eq!(changed["checked_at"], json!(null));
        // A list that is imported makes a statement of our own beside it.
        let file = format!("id,evidence.cyber_essentials.reference\n{},CE-8\n", id(&supplier));
        let csv = [("content-type", "text/csv")];
        app.raw(&app.editor, Method::POST, "/suppliers/import", Some(file.into_bytes()), &csv).await.json(200);
        let kept = app.walk(&format!("/evidence?subject_id={}", id(&supplier)), 50).await;
        let named = |piece: &&Value| piece["reference"] == "CE-8";
        assert_eq!((kept.len(), kept.iter().filter(named).map(|piece| text(piece, "issued_on")).collect::<Vec<_>>()), (2, vec!["2026-12-01"]));
        // What is refused is deleted.
        assert_eq!(app.delete(&app.editor, &format!("/evidence/{}", id(&changed)), &changed).await.status, 204);
        assert!(app.walk("/due?kind=evidence_to_check", 50).await.is_empty());
    }

    async fn the_review_lists_everything_that_was_sent_and_one_click_accepts_it(app: App) {
        let supplier = app.processor("Harbour").await;
        crate::questionnaires::publish(&app).await;
        let assessment = app.assessment("house-check", &supplier).await;
        let visitor = Visitor::enters(&app, &token(&link(&app, &assessment).await)).await;
        let named = visitor.sends(&app, CERTIFICATE, FILE).await.json(201);
        let other = visitor.sends(&app, "?name=notes%3Cb%3E.txt", b"Nothing names this.").await.json(201);
        app.patch(&app.editor, &format!("/assessments/{}/answers", id(&assessment)), &assessment, good(&named)).await.json(200);
        let review = format!("/assessments/{}/review", id(&assessment));
        let mut editor = someone(&app, "editor").await;
        let page = shown(&mut editor, &app, &review).await;
        holds(&page.text, &[
            "Sent through the link", "certificate.txt, 1 KB, issued 15 January 2027, in an answer, sent 1 March 2027", "notes&#60;b&#62;.txt", "in no answer",
            "valid until 15 January 2028, not accepted yet", "was sent and is not accepted yet, so the answer is not shown to be true",
        ]);
        let accept = |piece: &Value| format!("/evidence/{}/accept", id(piece));
        let viewed = shown(&mut someone(&app, "viewer").await, &app, &review).await;
        lacks(&viewed.text, &["/accept\""]);
        assert_eq!(goes_to(&editor.fills(&app, &page, &accept(&named), &[]).await), format!("{review}?notice=accepted#sent"));
        let page = shown(&mut editor, &app, &format!("{review}?notice=accepted")).await;
        holds(&page.text, &["It is accepted, and counts from now on.", &accept(&other)]);
        lacks(&page.text, &[&accept(&named), "was sent and is not accepted yet"]);
        // Or on its own page, where the list of what is due leads.
        let due = shown(&mut editor, &app, "/due?kind=evidence_to_check").await;
        holds(&due.text, &[&format!("href=\"/evidence/{}\"", id(&other)), "Evidence to accept, 15 March 2027"]);
        let page = shown(&mut editor, &app, &format!("/evidence/{}", id(&other))).await;
        holds(&page.text, &["not accepted yet", "Nobody yet"]);
        assert_eq!(goes_to(&editor.fills(&app, &page, &accept(&other), &[]).await), format!("/evidence/{}", id(&other)));
        lacks(&shown(&mut editor, &app, "/evidence?checked=false").await.text, &[id(&other), id(&named)]);
    }

    async fn what_was_sent_with_an_assessment_before_still_waits_in_the_next_review(app: App) {
        let (open, _, visitor) = visited(&app).await;
        let sent = visitor.sends(&app, "?name=early.txt", b"Good until June.").await.json(201);
        let supplier = json!({ "id": text(&open, "subject_id") });
        let later = answered(&app, &supplier, json!({ "mfa": { "value": "no" } })).await["assessment"].clone();
        let review = format!("/assessments/{}/review", id(&later));
        let mut editor = someone(&app, "editor").await;
        holds(&shown(&mut editor, &app, &review).await.text, &["early.txt"]);
        let there = app.get(&app.viewer, &format!("/evidence/{}", id(&sent))).await.json(200);
        app.act(&app.editor, &format!("/evidence/{}/accept", id(&sent)), &there, None).await.json(200);
        lacks(&shown(&mut editor, &app, &review).await.text, &["early.txt"]);
    }
}
