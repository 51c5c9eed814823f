//! The pages on which an assessment is judged: its review, its score, decisions and their conditions, and several side
//! by side.

use serde_json::{Value, json};

use crate::{
    assessments::{approved, certificate, good, poor, submitted},
    harness::{App, Person, best, both, etag, id, text, worst},
    pages::{Browser, goes_to, holds, lacks, shown, someone},
    questionnaires::publish,
};

/// A submitted house check of which something is of every kind: a text to rate, an answer without its evidence, a
/// finding, a comment.
async fn mixed(app: &App, supplier: &Value) -> Value {
    let answers = json!({ "mfa": { "value": "partly", "comment": "Not <yet> all" }, "hosting": { "value": "theirs" }, "exit": { "value": "no", "comment": "contract" }, "plan": { "value": "By June.\nAll <of them>." } });
    submitted(app, supplier, answers).await
}

fn review_of(assessment: &Value) -> String {
    format!("/assessments/{}/review", id(assessment))
}

async fn present(app: &App, assessment: &Value) -> Value {
    app.get(&app.viewer, &format!("/assessments/{}", id(assessment))).await.json(200)
}

async fn separate_duties(app: &App, duties: &str) {
    let policy = app.get(&app.admin, "/policy").await.json(200);
    app.patch(&app.admin, "/policy", &policy, json!({ "separation_of_duties": duties })).await.json(200);
}

/// An answer's points as the cells of a table show them.
fn numbers(row: &str) -> Vec<i64> {
    let cells = row
        .split("<td class=\"number\">")
        .skip(1)
        .map(|cell| cell.trim_start_matches("<b>").split('<').next().unwrap_or_default());
    let tenths = |cell: &str| {
        cell.replace(['.', '+'], "").parse().unwrap_or_else(|_| panic!("{cell:?} is a number with one decimal place"))
    };
    cells.filter(|cell| cell.contains('.')).map(tenths).collect()
}

both! {
    async fn a_review_lays_what_is_shown_beside_what_is_claimed_and_takes_points(app: App) {
        let supplier = app.supplier("Harbour <b>Care</b>").await;
        let assessment = mixed(&app, &supplier).await;
        let path = review_of(&assessment);
        let mut viewer = someone(&app, "viewer").await;
        let page = shown(&mut viewer, &app, &path).await;
        holds(&page, &[
            "<h1>Review: House check</h1>", "Harbour &#60;b&#62;Care&#60;/b&#62;", "Not &#60;yet&#62; all", "By June.\nAll &#60;of them&#62;.", "50 points claimed, 0 shown", "Waits for a reviewer&#39;s points",
            "The evidence it needs is not attached", "Locked in", "Mend it.", "An approver of your organisation rates the answers and decides.", "Nothing was decided before on this", "<a href=\"#q-plan\">Rate this: What is the plan for the rest?</a>",
        ]);
        lacks(&page, &["<textarea", "Save the points", "action=\"/assessments/"]);
        let mut approver = someone(&app, "approver").await;
        let page = approver.opens(&app, &path).await;
        holds(&page.text, &["1 text waits for your points", "Save the points", "What do you decide?"]);

        // What is typed wrongly is kept and told beside its field.
        let wrong = approver.fills(&app, &page, &path, &[("points.plan", "good"), ("reason.plan", "Clear <but> late"), ("points.mfa", "40"), ("reason.mfa", "")]).await;
        assert_eq!(wrong.status, 422);
        holds(&wrong.text, &["There is a problem", "href=\"#points-plan\"", "id=\"points-plan-wrong\"", "value=\"good\"", "Clear &#60;but&#62; late</textarea>", "value=\"40\""]);
        let wrong = approver.fills(&app, &page, &path, &[("points.plan", "700"), ("reason.plan", "")]).await;
        assert!(wrong.status == 422 && wrong.text.contains("id=\"points-plan-wrong\""), "{}", wrong.text);
        let wrong = approver.fills(&app, &page, &path, &[("points.plan", "70"), ("reason.plan", ""), ("points.mfa", "40"), ("reason.mfa", "")]).await;
        assert_eq!(wrong.status, 422);
        holds(&wrong.text, &["href=\"#reason-mfa\"", "id=\"reason-mfa-wrong\"", "aria-describedby=\"reason-mfa-wrong\""]);
        assert_eq!(present(&app, &assessment).await["version"], assessment["version"]);

        let sent = [("points.plan", "70"), ("reason.plan", "Clear"), ("points.mfa", "40"), ("reason.mfa", "Half of them"), ("points.hosting", ""), ("reason.hosting", "")];
        assert_eq!(goes_to(&approver.fills(&app, &page, &path, &sent).await), format!("{path}?notice=rated"));
        let page = approver.opens(&app, &format!("{path}?notice=rated")).await;
        holds(&page.text, &["Your points are saved", "40 points in place of its own 50", ": Half of them", "Rated with 70 points by"]);
        lacks(&page.text, &["It cannot be approved yet"]);
        let review = app.get(&app.viewer, &format!("/assessments/{}/answers", id(&assessment))).await.json(200)["review"].clone();
        assert_eq!((&review["plan"]["points"], &review["mfa"]["points"], review.get("hosting")), (&json!(70), &json!(40), None));
        // The same once more changes nothing; emptied, they are taken back.
        let version = present(&app, &assessment).await["version"].clone();
        assert_eq!(goes_to(&approver.fills(&app, &page, &path, &sent).await), path);
        assert_eq!(present(&app, &assessment).await["version"], version);
        goes_to(&approver.fills(&app, &page, &path, &[("points.mfa", ""), ("reason.mfa", "")]).await);
        assert_eq!(app.get(&app.viewer, &format!("/assessments/{}/answers", id(&assessment))).await.json(200)["review"].get("mfa"), None);
    }

    async fn who_may_not_rate_or_decide_is_refused_and_a_neighbour_finds_nothing(app: App) {
        let supplier = app.supplier("Harbour").await;
        let assessment = mixed(&app, &supplier).await;
        let base = format!("/assessments/{}", id(&assessment));
        let mut editor = someone(&app, "editor").await;
        let page = editor.opens(&app, "/account").await;
        let csrf = page.text.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a token").to_owned();
        for door in ["review", "return", "decide"] {
            let refused = editor.fills_only(&app, &format!("{base}/{door}"), &[("csrf", &csrf), ("version", "2"), ("verdict", "approve"), ("mend", "All"), ("points.plan", "1")]).await;
            assert!(refused.status == 403 && refused.text.contains("needs the role approver"), "{door}: {}", refused.text);
            let forged = editor.fills_only(&app, &format!("{base}/{door}"), &[("version", "2")]).await;
            assert_eq!(forged.status, 403, "{door}");
        }
        assert_eq!(present(&app, &assessment).await, assessment);
        app.joins(&app.neighbour, "next.door@example.org", "approver").await;
        let mut neighbour = Browser::of(&app.signs_in("next.door@example.org").await);
        for path in [format!("{base}/review"), format!("{base}/score"), "/assessments/x/review".into(), format!("/compare?subject={}", id(&supplier)), "/compare?subject=x".into(), "/decisions/x".into()] {
            let told = neighbour.opens(&app, &path).await;
            assert!(told.status == 404 && !told.text.contains("Harbour"), "{path}: {}", told.text);
        }
        let next = neighbour.opens(&app, "/account").await;
        let csrf = next.text.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a token").to_owned();
        for door in ["review", "return", "decide"] {
            assert_eq!(neighbour.fills_only(&app, &format!("{base}/{door}"), &[("csrf", &csrf), ("version", "2"), ("verdict", "refuse"), ("mend", "All")]).await.status, 404, "{door}");
        }
    }

    async fn two_who_review_at_once_see_both_and_lose_nothing(app: App) {
        let supplier = app.supplier("Harbour").await;
        let assessment = mixed(&app, &supplier).await;
        let path = review_of(&assessment);
        let mut approver = someone(&app, "approver").await;
        let page = approver.opens(&app, &path).await;
        app.patch(&app.approver, &path, &assessment, json!({ "plan": { "points": 20, "reason": "Too <late>" } })).await.json(200);
        let stale = approver.fills(&app, &page, &path, &[("points.plan", "90"), ("reason.plan", "Good")]).await;
        assert_eq!(stale.status, 409);
        holds(&stale.text, &["Someone else changed this meanwhile", "Saved by someone else:</strong> 20 points: Too &#60;late&#62;", "value=\"90\"", "You were looking at: claimed", "It is now: claimed"]);
        let answers = format!("/assessments/{}/answers", id(&assessment));
        assert_eq!(app.get(&app.viewer, &answers).await.json(200)["review"]["plan"]["points"], 20);
        goes_to(&approver.fills(&app, &stale, &path, &[("points.plan", "90"), ("reason.plan", "Good")]).await);
        assert_eq!(app.get(&app.viewer, &answers).await.json(200)["review"]["plan"]["points"], 90);

        // Someone else decides while one writes: what was typed stands there to be copied.
        let decide = format!("/assessments/{}/decide", id(&assessment));
        let page = approver.opens(&app, &path).await;
        let now = present(&app, &assessment).await;
        app.act(&app.approver, &format!("/assessments/{}/refuse", id(&assessment)), &now, Some(json!({ "comment": "Never." }))).await.json(200);
        let stale = approver.fills(&app, &page, &decide, &[("verdict", "approve"), ("comment", "I thought & thought.")]).await;
        assert_eq!(stale.status, 409);
        holds(&stale.text, &["does not wait for a decision any more", "I thought &#38; thought.", "<b>Refused</b>", "Never."]);
        assert_eq!(app.walk("/decisions", 50).await.len(), 1);
    }

    async fn an_assessment_is_given_back_with_notes_on_the_whole_and_on_questions(app: App) {
        let supplier = app.supplier("Harbour").await;
        let assessment = mixed(&app, &supplier).await;
        let (path, action) = (review_of(&assessment), format!("/assessments/{}/return", id(&assessment)));
        let mut approver = someone(&app, "approver").await;
        let page = approver.opens(&app, &path).await;
        assert!(page.text.contains("id=\"note-3\"") && !page.text.contains("id=\"note-4\""));
        let empty = approver.fills(&app, &page, &action, &[("mend", ""), ("about-1", ""), ("note-1", "")]).await;
        assert!(empty.status == 422 && empty.text.contains("href=\"#mend\"") && empty.text.contains("Say what needs to change."), "{}", empty.text);
        let half = [("mend", "Nearly."), ("about-1", ""), ("note-1", "Which?"), ("about-2", "plan"), ("note-2", "")];
        let wrong = approver.fills(&app, &page, &action, &half).await;
        assert_eq!(wrong.status, 422);
        holds(&wrong.text, &["href=\"#about-1\"", "href=\"#note-2\"", ">Nearly.</textarea>", ">Which?</textarea>", "<option value=\"plan\" selected>"]);
        // One more row is asked for, and nothing typed is lost.
        let rows = [("mend", "Nearly."), ("about-1", "plan"), ("note-1", "Give <dates>."), ("about-2", ""), ("note-2", ""), ("about-3", ""), ("note-3", ""), ("more", "note")];
        let more = approver.fills(&app, &page, &action, &rows).await;
        assert_eq!(more.status, 200);
        holds(&more.text, &["id=\"about-4\" name=\"about-4\" autofocus", "Give &#60;dates&#62;.</textarea>", ">Nearly.</textarea>"]);
        assert_eq!(present(&app, &assessment).await, assessment);
        let sent = [("mend", "Nearly."), ("about-1", "plan"), ("note-1", "Give <dates>."), ("about-2", ""), ("note-2", "")];
        assert_eq!(goes_to(&approver.fills(&app, &more, &action, &sent).await), format!("{path}?notice=returned"));
        let open = present(&app, &assessment).await;
        assert_eq!((text(&open, "state"), text(&open, "return_comment")), ("open", "Nearly.\n\nWhat is the plan for the rest?\nGive <dates>."));
        let page = shown(&mut approver, &app, &format!("{path}?notice=returned")).await;
        holds(&page, &["It is returned for changes", "It can be reviewed once it is submitted", "Give &#60;dates&#62;."]);
        lacks(&page, &["What do you decide?", "Save the points"]);
    }

    async fn an_approver_decides_with_conditions_and_the_decision_and_receipt_follow(app: App) {
        let supplier = app.supplier("Harbour").await;
        let assessment = submitted(&app, &supplier, poor()).await;
        let (path, action) = (review_of(&assessment), format!("/assessments/{}/decide", id(&assessment)));
        let mut approver = someone(&app, "approver").await;
        let page = approver.opens(&app, &path).await;
        for (fields, told) in [
            (vec![("text-1", ""), ("owner-1", ""), ("due_on-1", "")], "Choose what you decide."),
            (vec![("verdict", "conditions"), ("text-1", ""), ("owner-1", ""), ("due_on-1", "")], "Enter at least one condition."),
            (vec![("verdict", "approve"), ("text-1", "Mend <it>"), ("owner-1", "Jo"), ("due_on-1", "2027-06-01")], "Choose to approve with conditions, or empty the conditions."),
            (vec![("verdict", "refuse"), ("text-1", "Mend <it>"), ("owner-1", "Jo"), ("due_on-1", "2027-06-01")], "A refusal has no conditions"),
            (vec![("verdict", "conditions"), ("text-1", ""), ("owner-1", ""), ("due_on-1", ""), ("text-2", "Mend <it>"), ("owner-2", ""), ("due_on-2", "soon")], "Say who does it."),
            (vec![("verdict", "approve"), ("lapses_on", "never")], "Enter a day, or leave it empty."),
            (vec![("verdict", "approve"), ("lapses_on", "2027-02-01")], "Expected today or a later day."),
        ] {
            let wrong = approver.fills(&app, &page, &action, &[fields, vec![("comment", "So <far>")]].concat()).await;
            assert!(wrong.status == 422 && wrong.text.contains(told), "{told}: {}", wrong.text);
            holds(&wrong.text, &["There is a problem", "So &#60;far&#62;</textarea>"]);
        }
        // A condition of a past day is told at its own row, though the rows before it are empty.
        let past = [("verdict", "conditions"), ("text-1", ""), ("owner-1", ""), ("due_on-1", ""), ("text-2", "Mend <it>"), ("owner-2", "Jo"), ("due_on-2", "2027-01-01")];
        let wrong = approver.fills(&app, &page, &action, &past).await;
        assert_eq!(wrong.status, 422);
        holds(&wrong.text, &["id=\"due_on-2-wrong\"", "Mend &#60;it&#62;</textarea>", "value=\"2027-01-01\"", "value=\"conditions\" checked"]);
        let more = approver.fills(&app, &page, &action, &[&past[..], &[("text-3", ""), ("owner-3", ""), ("due_on-3", ""), ("more", "condition")]].concat()).await;
        assert!(more.status == 200 && more.text.contains("id=\"text-4\" name=\"text-4\"") && more.text.contains("Mend &#60;it&#62;</textarea>"), "{}", more.text);
        assert_eq!(app.walk("/decisions", 50).await, Vec::<Value>::new());

        let sent = [("verdict", "conditions"), ("text-1", "Mend <it>"), ("owner-1", "Jo"), ("due_on-1", "2027-03-10"), ("text-2", "Tell us"), ("owner-2", "Sam"), ("due_on-2", "2028-03-01"), ("comment", "Good on the whole."), ("lapses_on", "2028-12-31")];
        assert_eq!(goes_to(&approver.fills(&app, &more, &action, &sent).await), format!("{path}?notice=decided"));
        let decision = app.walk("/decisions", 50).await.remove(0);
        assert_eq!((text(&decision, "outcome"), text(&decision, "comment"), text(&decision, "lapses_on"), decision["conditions"].as_array().map(Vec::len)), ("approved_with_conditions", "Good on the whole.", "2028-12-31", Some(2)));
        let page = shown(&mut approver, &app, &format!("{path}?notice=decided")).await;
        holds(&page, &["Your decision is made", "<b>Approved with conditions</b>", "Good on the whole.", "Mend &#60;it&#62; (Jo): by 10 March 2027", &format!("href=\"/decisions/{}\"", id(&decision)), "/score#receipt"]);
        lacks(&page, &["What do you decide?", "Save the points"]);
        // Home leads to what is to be reviewed, and to the condition that is due.
        let waiting = submitted(&app, &app.supplier("Nimbus").await, poor()).await;
        let home = shown(&mut approver, &app, "/").await;
        holds(&home, &["Answers to review", &format!("href=\"{}\"", review_of(&waiting)), "Conditions to be met", &format!("<a href=\"/decisions/{}\">Harbour</a>", id(&decision)), "in 9 days: condition: Mend &#60;it&#62;"]);
        lacks(&home, &["Tell us"]);
        let page = shown(&mut approver, &app, &format!("/suppliers/{}", id(&supplier))).await;
        holds(&page, &[&format!("href=\"/decisions/{}\"", id(&decision)), &format!("href=\"/decisions?subject_id={}\"", id(&supplier)), &format!("href=\"/assessments/{}/score\"", id(&assessment))]);
    }

    async fn who_answered_is_told_why_they_do_not_decide_and_an_admin_gives_a_reason(app: App) {
        separate_duties(&app, "not_who_answered").await;
        publish(&app).await;
        let answering = async |who: &Person, name: &str| {
            let assessment = app.assessment("house-check", &app.supplier(name).await).await;
            let progress = app.patch(who, &format!("/assessments/{}/answers", id(&assessment)), &assessment, poor()).await.json(200);
            app.act(&app.editor, &format!("/assessments/{}/submit", id(&assessment)), &progress["assessment"], None).await.json(200)
        };
        let approver = app.member("approver").await;
        let assessment = answering(&approver, "Harbour").await;
        let mut browser = Browser::of(&approver);
        let page = browser.opens(&app, &review_of(&assessment)).await;
        holds(&page.text, &["You answered or submitted this assessment.", "leave it to another approver"]);
        lacks(&page.text, &["What do you decide?"]);
        let csrf = page.text.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a token").to_owned();
        let version = assessment["version"].to_string();
        let refused = browser.fills_only(&app, &format!("/assessments/{}/decide", id(&assessment)), &[("csrf", &csrf), ("version", &version), ("verdict", "approve")]).await;
        assert!(refused.status == 403 && refused.text.contains("ou answered or submitted this assessment"), "{}", refused.text);
        let event = app.get(&app.admin, &format!("/audit-events?action=forbid&item_id={}", id(&assessment))).await.json(200)["items"][0].clone();
        assert!(text(&event["after"], "detail").contains("answered or submitted"), "{event}");
        assert_eq!(present(&app, &assessment).await["state"], "submitted");

        let admin = app.member("admin").await;
        let assessment = answering(&admin, "Nimbus").await;
        let mut browser = Browser::of(&admin);
        let action = format!("/assessments/{}/decide", id(&assessment));
        let page = browser.opens(&app, &review_of(&assessment)).await;
        holds(&page.text, &["As an admin you can decide all the same", "Why you decide all the same"]);
        let without = browser.fills(&app, &page, &action, &[("verdict", "approve")]).await;
        assert!(without.status == 422 && without.text.contains("href=\"#override_reason\""), "{}", without.text);
        let short = browser.fills(&app, &page, &action, &[("verdict", "approve"), ("override_reason", "Because")]).await;
        assert!(short.status == 422 && short.text.contains("id=\"override_reason-wrong\""), "{}", short.text);
        goes_to(&browser.fills(&app, &page, &action, &[("verdict", "approve"), ("override_reason", "Nobody else is here.")]).await);
        let page = shown(&mut browser, &app, &review_of(&assessment)).await;
        holds(&page, &["<b>Approved</b>", "because: Nobody else is here."]);
    }

    async fn a_score_is_shown_to_add_up_and_says_what_would_raise_it(app: App) {
        let supplier = app.processor("Harbour").await;
        let before = app.approved("supplier-security", &supplier, best).await;
        app.goes_to("2027-03-02");
        let after = app.approved("supplier-security", &supplier, worst).await;
        let mut viewer = someone(&app, "viewer").await;
        let page = shown(&mut viewer, &app, &format!("/assessments/{}/score", id(&after))).await;
        holds(&page, &["<h1>Score: ", "By principle", "<svg class=\"chart-bar\"", "Every question's part", "What caps it", "What would it take to reach ", "Do these, in this order", "diligence receipt verify", "A knock-out caps it at poor"]);
        // Each principle's questions add up to it, the principles to the whole, and what moved to the change.
        let result = app.get(&app.viewer, &format!("/assessments/{}/result", id(&after))).await.json(200);
        let mut tables = 0;
        for table in page.split("<table").skip(1).map(|rest| rest.split("</table>").next().unwrap_or_default()).filter(|table| table.contains("<tfoot>")) {
            let (body, foot) = table.split_once("<tfoot>").expect("a foot");
            let totals = numbers(foot);
            let rows: Vec<Vec<i64>> = body.split("<tr").skip(2).map(numbers).filter(|row| !row.is_empty()).collect();
            for (index, total) in totals.iter().enumerate() {
                let parts: i64 = rows.iter().map(|row| row[row.len() - totals.len() + index]).sum();
                assert_eq!(parts, *total, "{table}");
            }
            tables += 1;
        }
        assert!(tables > 3, "{tables} tables add up");
        let number = |name: &str| format!("{:.1}", result["outcome"][name].as_f64().expect("a score"));
        holds(&page, &[&format!("<td class=\"number\"><b>{}</b></td><td class=\"number\"><b>{}</b></td>", number("claimed"), number("evidenced"))]);
        // What moved it, since the one before or the one that is chosen.
        let movement = app.get(&app.viewer, &format!("/assessments/{}/movement", id(&after))).await.json(200);
        let change = format!("{:.1}", movement["evidenced"]["change"].as_f64().expect("a change"));
        holds(&page, &[&format!("({change})"), "superseded on 1 March 2027", "Another answer"]);
        let chosen = shown(&mut viewer, &app, &format!("/assessments/{}/score?since={}", id(&after), id(&before))).await;
        holds(&chosen, &[&format!("<option value=\"{}\" selected>", id(&before))]);
        let other = app.approved("supplier-security", &app.processor("Nimbus").await, best).await;
        assert_eq!(viewer.opens(&app, &format!("/assessments/{}/score?since={}", id(&after), id(&other))).await.status, 422);
        // The file that the page offers is the receipt.
        let href = format!("/api/v1/assessments/{}/receipt", id(&after));
        holds(&page, &[&format!("href=\"{href}\" download"), text(&app.get(&app.viewer, &href).await.json(200)["receipt"], "answers_hash")]);
        // The best has nothing left to mend but its evidence.
        let good = shown(&mut viewer, &app, &format!("/assessments/{}/score", id(&other))).await;
        holds(&good, &["Attach valid evidence ("]);
        lacks(&good, &["What caps it"]);
        // The review says what each answer that changed did.
        let review = shown(&mut viewer, &app, &review_of(&after)).await;
        holds(&review, &["What changed since last time", "Since last time</dt>", "Caps the rating now, and did not before"]);
    }

    async fn a_score_that_is_not_decided_says_so_and_has_no_receipt(app: App) {
        let supplier = app.supplier("Harbour").await;
        let piece = certificate(&app, &supplier, "2027-12-31").await;
        let assessment = submitted(&app, &supplier, good(&piece)).await;
        let mut viewer = someone(&app, "viewer").await;
        let page = shown(&mut viewer, &app, &format!("/assessments/{}/score", id(&assessment))).await;
        holds(&page, &["It is strong. What would raise it further?", "every question that counts has full points", "a receipt is made when an approver decides", "no earlier one with this questionnaire"]);
        lacks(&page, &["receipt verify"]);
        holds(&shown(&mut viewer, &app, &review_of(&assessment)).await, &["Cyber Essentials certificate, <span>valid until 31 December 2027", "No answer caps the rating"]);
    }

    async fn several_are_chosen_and_stand_side_by_side(app: App) {
        let mut suppliers = Vec::new();
        for name in ["Harbour & Sons", "Nimbus", "Oakfield", "Kestrel", "Lantern", "Meridian", "Fernway"] {
            suppliers.push(app.post(&app.editor, "/suppliers", json!({ "name": name, "data_locations": ["GB", "IE"], "data_role": "processor" })).await.json(201));
        }
        let piece = certificate(&app, &suppliers[0], "2027-12-31").await;
        approved(&app, &suppliers[0], good(&piece)).await;
        let refused = submitted(&app, &suppliers[1], json!({ "mfa": { "value": "no" }, "hosting": { "value": "unknown" } })).await;
        let conditions = json!({ "conditions": [{ "text": "Find out where it runs", "owner": "Jo", "due_on": "2027-06-01" }] });
        app.act(&app.approver, &format!("/assessments/{}/approve", id(&refused)), &refused, Some(conditions)).await.json(200);
        let product = json!({ "supplier_id": id(&suppliers[0]), "name": "Notes", "kind": "ai_system", "status": "prospective", "ai_features": "core", "ai_profile": { "purpose": "Summaries <here>", "overseer": "Sam Okafor", "runs_in": ["GB"] } });
        let product = app.post(&app.editor, "/products", product).await.json(201);
        let subject = |item: &Value| format!("subject={}", id(item));

        let mut viewer = someone(&app, "viewer").await;
        holds(&shown(&mut viewer, &app, "/register").await, &["href=\"/compare\""]);
        let page = shown(&mut viewer, &app, &format!("/compare?step=find&q=harbour&{}", subject(&suppliers[1]))).await;
        holds(&page, &[&format!("value=\"{}\" checked>", id(&suppliers[1])), &format!("value=\"{}\"><label", id(&suppliers[0])), "Harbour &#38; Sons", "value=\"harbour\""]);
        lacks(&page, &["Oakfield"]);
        holds(&shown(&mut viewer, &app, "/compare?step=find&q=nowhere").await, &["Nothing in the register is called that."]);
        let few = viewer.opens(&app, &format!("/compare?step=compare&{}", subject(&suppliers[0]))).await;
        assert!(few.status == 422 && few.text.contains("Choose at least two to compare."), "{}", few.text);
        let every = suppliers.iter().map(subject).collect::<Vec<_>>().join("&");
        let many = viewer.opens(&app, &format!("/compare?{every}")).await;
        assert!(many.status == 422 && many.text.contains("Choose at most six to compare."), "{}", many.text);

        let both = format!("/compare?{}&{}&{}", subject(&suppliers[0]), subject(&suppliers[1]), subject(&product));
        let page = shown(&mut viewer, &app, &both).await;
        holds(&page, &[
            "Harbour &#38; Sons", "AI system of Harbour", "House check", "Access", "100.0 shown, 100.0 claimed", "0.0 shown, 0.0 claimed", "Highest shown of these", "Lowest shown of these", "Most risk of these",
            "Nobody knows where it runs.", "Find out where it runs. By 1 June 2027, Jo.", "Approved with conditions", "GB, IE", "Summaries &#60;here&#62;", "Sam Okafor", "AI at its core", "Not a product", "Not assessed with this",
            "Cyber Essentials certificate, valid until 31 December 2027", "/compare?step=find&#38;subject=",
        ]);
        // It costs as much for six as for two.
        let count = async |viewer: &mut Browser, chosen: &[Value]| {
            let before = app.store.statement_count();
            shown(viewer, &app, &format!("/compare?{}", chosen.iter().map(subject).collect::<Vec<_>>().join("&"))).await;
            app.store.statement_count() - before
        };
        assert_eq!(count(&mut viewer, &suppliers[..2]).await, count(&mut viewer, &suppliers[..6]).await);
        // Where nothing differs, nothing is best.
        let same = shown(&mut viewer, &app, &format!("/compare?{}&{}", subject(&suppliers[3]), subject(&suppliers[4]))).await;
        lacks(&same, &["of these</b>"]);
    }

    async fn a_condition_is_noted_as_met_by_an_approver(app: App) {
        let supplier = app.supplier("Harbour").await;
        let assessment = submitted(&app, &supplier, poor()).await;
        let conditions = json!({ "comment": "Well <enough>.", "conditions": [{ "text": "Mend <it>", "owner": "Jo", "due_on": "2027-03-10" }, { "text": "Tell us", "owner": "Sam", "due_on": "2027-03-05" }] });
        app.act(&app.approver, &format!("/assessments/{}/approve", id(&assessment)), &assessment, Some(conditions)).await.json(200);
        let decision = app.walk("/decisions", 50).await.remove(0);
        let path = format!("/decisions/{}", id(&decision));
        let meet = format!("{path}/meet-condition");
        let mut viewer = someone(&app, "viewer").await;
        let page = shown(&mut viewer, &app, &path).await;
        holds(&page, &["<h1>Decision on Harbour</h1>", "Mend &#60;it&#62;", "Well &#60;enough&#62;.", "by 10 March 2027 (in 9 days)", "An approver of your organisation notes when a condition is met.", &review_of(&assessment)]);
        lacks(&page, &["Mark as met"]);
        let account = viewer.opens(&app, "/account").await;
        let csrf = account.text.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a token").to_owned();
        assert_eq!(viewer.fills_only(&app, &meet, &[("csrf", &csrf), ("version", "1"), ("number", "1")]).await.status, 403);

        let mut approver = someone(&app, "approver").await;
        let page = approver.opens(&app, &path).await;
        // The page's first form is that of the first condition.
        let long = "x".repeat(2001);
        let wrong = approver.fills(&app, &page, &meet, &[("note", long.as_str())]).await;
        assert!(wrong.status == 422 && wrong.text.contains("id=\"note-1-wrong\"") && wrong.text.contains(&long), "{}", wrong.text);
        // Someone else notes the other one meanwhile: both are seen, and what was typed stays.
        let headers = [("if-match", etag(&decision))];
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        app.send(&app.approver, poem::http::Method::POST, &meet, Some(&json!({ "number": 2, "note": "They told us." })), &headers).await.json(200);
        let stale = approver.fills(&app, &page, &meet, &[("note", "Seen <today>")]).await;
        assert_eq!(stale.status, 409);
        holds(&stale.text, &["Someone else changed this meanwhile", "They told us.", "Seen &#60;today&#62;</textarea>", "Met on 1 March 2027"]);
        assert_eq!(goes_to(&approver.fills(&app, &stale, &meet, &[("note", "Seen <today>")]).await), path);
        let met = app.get(&app.viewer, &path).await.json(200);
        assert_eq!((text(&met["conditions"][0], "met_on"), text(&met["conditions"][0], "met_note")), ("2027-03-01", "Seen <today>"));
        let page = shown(&mut approver, &app, &path).await;
        holds(&page, &["How we know: Seen &#60;today&#62;"]);
        lacks(&page, &["Mark as met"]);
    }

    async fn decisions_are_listed_newest_first_and_narrowed(app: App) {
        let mut viewer = someone(&app, "viewer").await;
        holds(&shown(&mut viewer, &app, "/decisions").await, &["Nothing has been decided yet."]);
        let (supplier, other) = (app.supplier("Harbour <i>").await, app.supplier("Nimbus").await);
        approved(&app, &supplier, poor()).await;
        app.goes_to("2027-03-02");
        approved(&app, &supplier, poor()).await;
        let refused = submitted(&app, &other, poor()).await;
        app.act(&app.approver, &format!("/assessments/{}/refuse", id(&refused)), &refused, None).await.json(200);
        // A session does not last from one day to the next.
        let mut viewer = someone(&app, "viewer").await;
        let page = shown(&mut viewer, &app, &format!("/decisions?subject_id={}", id(&supplier))).await;
        holds(&page, &["<h1>Decisions on Harbour &#60;i&#62;</h1>", "Approved: Harbour &#60;i&#62;, House check", "A later one has taken its place"]);
        lacks(&page, &["Nimbus"]);
        let page = shown(&mut viewer, &app, "/decisions?outcome=refused").await;
        holds(&page, &["Refused: Nimbus, House check", "<option value=\"refused\" selected>"]);
        lacks(&page, &["Harbour"]);
        assert_eq!(viewer.opens(&app, "/decisions?outcome=perhaps").await.status, 422);
        assert!(shown(&mut viewer, &app, "/decisions?limit=1").await.contains("cursor="));
        // Two approved assessments make a picture of how the score went, with a table of the same.
        let page = shown(&mut viewer, &app, &format!("/suppliers/{}", id(&supplier))).await;
        holds(&page, &["Change over time", "<svg class=\"chart-trend\"", "It shows as much as at first: 50.0 on 1 March 2027, 50.0 on 2 March 2027."]);
        lacks(&shown(&mut viewer, &app, &format!("/suppliers/{}", id(&other))).await, &["chart-trend"]);
    }
}
