//! Checks and exercises with the two tools of the National Cyber Security Centre: what was found, what comes of each
//! finding, and what the next check finds no more.

use serde_json::{Value, json};

use crate::{
    harness::{App, both, id, text},
    ourselves::{due, our_house},
    pages::{goes_to, holds, lacks, shown, someone},
};

/// A check of our mail and our website on this day.
async fn check(app: &App, subject: &Value, day: &str, findings: Value) -> Value {
    let targets = json!([{ "kind": "email_domain", "name": "zebra.example" }, { "kind": "website", "name": "https://www.zebra.example" }]);
    let body = json!({ "subject_id": id(subject), "checked_on": day, "targets": targets, "findings": findings });
    app.post(&app.editor, "/security-checks", body).await.json(201)
}

fn action(text: &str, what: &str) -> Value {
    json!({ "text": text, "target": "zebra.example", "severity": "high", "outcome": "action", "action": what, "owner": "Sam Okafor", "due_on": "2027-04-30" })
}

fn risk(text: &str) -> Value {
    json!({ "text": text, "target": "https://www.zebra.example", "severity": "extreme", "advice": "Turn it off.", "outcome": "risk", "owner": "Jo Bell", "due_on": "2027-03-31" })
}

async fn comparison(app: &App, piece: &Value) -> Value {
    app.get(&app.viewer, &format!("/evidence/{}/comparison", id(piece))).await.json(200)
}

/// What a part of a comparison names, and whether anything is still to be done about it.
fn names(found: &Value, part: &str) -> Vec<(String, bool)> {
    let one = |one: &Value| (text(&one["finding"], "text").to_owned(), one["is_open"] == json!(true));
    found[part].as_array().expect("a list").iter().map(one).collect()
}

fn named(text: &str, is_open: bool) -> (String, bool) {
    (text.to_owned(), is_open)
}

both! {
    async fn each_finding_of_a_check_is_an_action_a_risk_or_nothing_for_a_reason(app: App) {
        let ours = our_house(&app).await;
        let nothing = json!({ "text": "The browser is old", "target": "zebra.example", "severity": "low", "outcome": "nothing", "reason": "It is on a computer that we give away in May." });
        let made = check(&app, &ours, "2027-02-20", json!([action("No DMARC", "Set DMARC to reject"), action("No MTA-STS", "Publish a policy"), risk("An old server answers"), nothing])).await;
        assert_eq!((text(&made, "kind"), text(&made, "issued_on"), text(&made, "statement"), text(&made, "ends_on"), &made["checked_by"]), ("security_check", "2027-02-20", "4 findings", "2028-02-20", &json!("editor")));
        let findings = made["security_check"]["findings"].as_array().expect("a list");
        let risk_of = async |index: usize| app.get(&app.viewer, &format!("/risks/{}", text(&findings[index], "risk_id"))).await.json(200);
        let (shared, own) = (risk_of(0).await, risk_of(2).await);
        assert_eq!((&findings[1]["risk_id"], &findings[3]["risk_id"]), (&shared["id"], &json!(null)));
        assert_eq!((text(&shared, "title"), text(&shared, "band"), &shared["origin_evidence_id"]), ("Findings: Check your cyber security, 2027-02-20", "high", &made["id"]));
        let titles: Vec<&str> = shared["actions"].as_array().expect("a list").iter().map(|action| text(action, "title")).collect();
        assert_eq!(titles, ["Set DMARC to reject", "Publish a policy"]);
        assert_eq!((text(&own, "title"), text(&own, "band"), text(&own, "owner"), text(&own, "description")), ("An old server answers", "extreme", "Jo Bell", "Turn it off."));
        assert_eq!(text(&own["actions"][0], "title"), "Turn it off. (https://www.zebra.example)");
        // They are on the one list, each with whose it is.
        let items = app.walk(&format!("/due?kind=action&subject_id={}", id(&ours)), 50).await;
        let mut told: Vec<(&str, &str)> = items.iter().map(|item| (text(item, "due_on"), text(item, "owner"))).collect();
        told.sort_unstable();
        assert_eq!(told, [("2027-03-31", "Jo Bell"), ("2027-04-30", "Sam Okafor"), ("2027-04-30", "Sam Okafor")]);
        // What came of it keeps it.
        let path = format!("/evidence/{}", id(&made));
        app.delete(&app.editor, &path, &made).await.faults(409);
        assert_eq!(app.patch(&app.editor, &path, &made, json!({ "kind": "other" })).await.faults(422), ["/kind fixed"]);
        let changed = app.patch(&app.editor, &path, &made, json!({ "notes": "From the office." })).await.json(200);
        assert_eq!(changed["security_check"], made["security_check"]);
        assert_eq!(app.walk("/evidence?kind=security_check", 50).await, [changed]);
    }

    async fn everything_that_is_wrong_with_a_check_is_told_at_once(app: App) {
        let ours = our_house(&app).await;
        let body = json!({
            "subject_id": id(&ours), "checked_on": "2027-03-02",
            "targets": [{ "kind": "website", "name": "One.example" }, { "kind": "website", "name": "ONE.example" }, { "kind": "browser", "name": "Front desk" }],
            "findings": [
                { "text": "A", "severity": "low", "outcome": "action" },
                { "text": "B", "target": "two.example", "severity": "low", "outcome": "nothing" },
                { "text": "C", "target": "front desk", "severity": "low", "outcome": "nothing", "reason": "Old.", "owner": "Sam" },
                { "text": "c.", "target": "Front desk", "severity": "low", "outcome": "risk", "owner": "Sam", "due_on": "2027-04-01", "reason": "No." },
            ],
        });
        let mut faults = app.post(&app.editor, "/security-checks", body).await.faults(422);
        faults.sort();
        assert_eq!(faults, [
            "/checked_on range", "/findings/0/due_on required", "/findings/0/owner required", "/findings/0/target required", "/findings/1/reason required", "/findings/1/target choice",
            "/findings/2/owner contradiction", "/findings/3/reason contradiction", "/findings/3/text duplicate", "/targets/1/name duplicate",
        ]);
        let bare = |targets: Value, findings: Value| json!({ "subject_id": id(&ours), "checked_on": "2027-03-01", "targets": targets, "findings": findings });
        let one = json!([{ "kind": "website", "name": "one.example" }]);
        assert_eq!(app.post(&app.editor, "/security-checks", bare(json!([]), json!([]))).await.faults(422), ["/targets length"]);
        let many: Vec<Value> = (0..101).map(|number| json!({ "text": format!("F {number}"), "severity": "low", "outcome": "nothing", "reason": "x" })).collect();
        assert_eq!(app.post(&app.editor, "/security-checks", bare(one.clone(), json!(many))).await.faults(422), ["/findings length"]);
        // Two actions that read alike could not be told apart when one is done.
        let same = |text: &str| json!({ "text": text, "severity": "low", "outcome": "action", "action": "Ask Sam", "owner": "Sam", "due_on": "2027-04-01" });
        assert_eq!(app.post(&app.editor, "/security-checks", bare(one.clone(), json!([same("A"), same("B")]))).await.faults(422), ["/findings/1/action duplicate"]);
        // What the tool advises for both is told apart by what was found.
        let advised = |text: &str| json!({ "text": text, "severity": "low", "outcome": "action", "advice": "Update it.", "owner": "Sam", "due_on": "2027-04-01" });
        let made = app.post(&app.editor, "/security-checks", bare(one.clone(), json!([advised("A"), advised("B")]))).await.json(201);
        let found = made["security_check"]["findings"].as_array().expect("a list");
        assert_eq!((text(&found[0], "action"), text(&found[1], "action")), ("Update it.", "B"));
        let before = json!([{ "text": "C", "severity": "low", "outcome": "as_before" }]);
        assert_eq!(app.post(&app.editor, "/security-checks", bare(one, before)).await.faults(422), ["/findings/0/outcome as_before"]);
        assert_eq!((app.walk("/evidence", 50).await.len(), app.walk("/risks", 50).await.len()), (1, 1));
    }

    async fn the_next_check_says_what_is_gone_and_offers_to_close_what_came_of_it(app: App) {
        let ours = our_house(&app).await;
        let first = check(&app, &ours, "2027-02-20", json!([action("No DMARC", "Set DMARC to reject"), action("No MTA-STS", "Publish a policy"), risk("An old server answers")])).await;
        assert_eq!(names(&comparison(&app, &first).await, "new"), [named("No DMARC", true), named("No MTA-STS", true), named("An old server answers", true)]);
        app.goes_to("2027-03-10");
        let again = json!({ "text": "no  mta-sts.", "target": "ZEBRA.example", "severity": "high", "outcome": "as_before" });
        let next = check(&app, &ours, "2027-03-10", json!([again, action("No TLS-RPT", "Ask for reports")])).await;
        let found = comparison(&app, &next).await;
        assert_eq!(names(&found, "gone"), [named("No DMARC", true), named("An old server answers", true)]);
        assert_eq!((names(&found, "remaining"), names(&found, "new")), (vec![named("no  mta-sts.", true)], vec![named("No TLS-RPT", true)]));
        // What goes on is the same action on the same risk.
        assert_eq!(next["security_check"]["findings"][0]["risk_id"], first["security_check"]["findings"][1]["risk_id"]);
        // Nothing is closed until somebody does so.
        let count = |items: Vec<String>| items.iter().filter(|item| item.starts_with("action")).count();
        assert_eq!(count(due(&app, &ours).await), 4);
        let path = format!("/evidence/{}/close-findings", id(&next));
        app.act(&app.viewer, &path, &next, Some(json!({ "reason": "Gone." }))).await.faults(403);
        assert_eq!(app.act(&app.editor, &path, &next, Some(json!({ "reason": "" }))).await.faults(422), ["/reason length"]);
        app.act(&app.editor, &path, &next, Some(json!({ "reason": "The check finds it no more." }))).await.json(200);
        assert_eq!(count(due(&app, &ours).await), 2);
        assert_eq!(names(&comparison(&app, &next).await, "gone"), [named("No DMARC", false), named("An old server answers", false)]);
        let read = async |place: usize| app.get(&app.viewer, &format!("/risks/{}", text(&first["security_check"]["findings"][place], "risk_id"))).await.json(200);
        let (shared, own) = (read(0).await, read(2).await);
        assert_eq!((text(&shared, "state"), &shared["actions"][0]["done_on"], &shared["actions"][1]["done_on"]), ("open", &json!("2027-03-10"), &json!(null)));
        assert_eq!((text(&own, "state"), text(&own, "closed_reason")), ("closed", "The check finds it no more."));
        app.act(&app.editor, &path, &next, Some(json!({ "reason": "Gone." }))).await.faults(409);
        // Found again after it was done, it does not go on as before: something new must come of it.
        let settled = app.walk(&format!("/due?kind=action&subject_id={}", id(&ours)), 50).await;
        let sts = settled.iter().find(|item| text(item, "why").starts_with("Publish a policy")).expect("its action");
        app.post(&app.editor, "/settlements", json!({ "item_id": id(sts), "choice": "done", "reason": "Published." })).await.json(201);
        app.goes_to("2027-03-20");
        let targets = json!([{ "kind": "email_domain", "name": "zebra.example" }]);
        let body = json!({ "subject_id": id(&ours), "checked_on": "2027-03-20", "targets": targets, "findings": [{ "text": "No MTA-STS", "severity": "high", "outcome": "as_before" }] });
        assert_eq!(app.post(&app.editor, "/security-checks", body).await.faults(422), ["/findings/0/outcome as_before"]);
    }

    async fn only_checks_of_the_same_are_compared(app: App) {
        let (ours, supplier) = (our_house(&app).await, app.supplier("Harbour").await);
        check(&app, &ours, "2027-01-20", json!([action("No DMARC", "Set DMARC to reject"), risk("An old server answers")])).await;
        let enter = async |subject: &Value, kind: &str, name: &str, day: &str| {
            let body = json!({ "subject_id": id(subject), "checked_on": day, "targets": [{ "kind": kind, "name": name }], "findings": [] });
            app.post(&app.editor, "/security-checks", body).await.json(201)
        };
        // A check of the website alone says nothing of the mail.
        let website = enter(&ours, "website", "HTTPS://www.zebra.example", "2027-02-01").await;
        assert_eq!(names(&comparison(&app, &website).await, "gone"), [named("An old server answers", true)]);
        // And the next of the mail is held against the last that looked at it.
        let mail = enter(&ours, "email_domain", "zebra.example", "2027-02-10").await;
        assert_eq!(names(&comparison(&app, &mail).await, "gone"), [named("No DMARC", true)]);
        let other = enter(&supplier, "email_domain", "zebra.example", "2027-02-20").await;
        assert_eq!(names(&comparison(&app, &other).await, "gone"), Vec::<(String, bool)>::new());
        // What was entered as plain evidence has no findings to be compared.
        let plain = app.post(&app.editor, "/evidence", json!({ "subject_id": id(&ours), "kind": "security_check", "issued_on": "2027-02-25" })).await.json(201);
        app.get(&app.viewer, &format!("/evidence/{}/comparison", id(&plain))).await.faults(404);
    }

    async fn an_exercise_is_entered_with_who_took_part_and_what_will_be_done(app: App) {
        let ours = our_house(&app).await;
        let finding = json!({ "text": "Nobody knew whom to ring", "severity": "moderate", "outcome": "action", "action": "Put the numbers up", "owner": "Sam Okafor", "due_on": "2027-03-31" });
        let body = json!({
            "subject_id": id(&ours), "title": "Ransomware by a forged e-mail", "form": "table_top", "held_on": "2027-02-26", "participants": [{ "name": "Kim Lee", "role": "registered manager" }, { "name": "Night staff" }],
            "findings": [finding.clone()], "next_steps": "Again in June.",
        });
        let made = app.post(&app.editor, "/exercises", body.clone()).await.json(201);
        assert_eq!((text(&made, "kind"), text(&made, "reference"), text(&made, "issued_on"), &made["ends_on"]), ("incident_exercise", "Ransomware by a forged e-mail", "2027-02-26", &json!(null)));
        assert_eq!((&made["exercise"]["participants"][0]["role"], text(&made["exercise"], "next_steps")), (&json!("registered manager"), "Again in June."));
        assert!(due(&app, &ours).await.contains(&"action 2027-03-31".to_owned()));
        let mut wrong = body;
        let alone = json!({ "subject_id": id(&ours), "title": "A", "form": "table_top", "held_on": "2027-02-26", "participants": [], "findings": [] });
        assert_eq!(app.post(&app.editor, "/exercises", alone).await.faults(422), ["/participants length"]);
        wrong["held_on"] = json!("2027-03-02");
        wrong["findings"] = json!([{ "text": "A", "severity": "low", "outcome": "as_before", "target": "x" }]);
        let mut faults = app.post(&app.editor, "/exercises", wrong).await.faults(422);
        faults.sort();
        assert_eq!(faults, ["/findings/0/outcome choice", "/findings/0/target contradiction", "/held_on range"]);
        // Who took part can be found, and erased.
        let kim = json!({ "name": "Kim Lee" });
        let told = app.post(&app.admin, "/people/find", kim).await.json(200);
        assert_eq!(told["places"], json!([{ "noun": "evidence", "item_id": made["id"], "field": "exercise.participants", "value": { "name": "Kim Lee", "role": "registered manager" } }]));
        app.post(&app.admin, "/people/erase", json!({ "name": "Kim Lee", "reason": "They left." })).await.json(200);
        let after = app.get(&app.viewer, &format!("/evidence/{}", id(&made))).await.json(200);
        assert_eq!(after["exercise"]["participants"], json!([{ "name": "Night staff", "role": null }]));
        let events = app.walk(&format!("/audit-events?item_id={}", id(&made)), 50).await;
        assert!(!events.is_empty() && !json!(events).to_string().contains("Kim"), "{events:?}");
    }

    async fn a_question_on_checks_or_exercises_accepts_one_that_was_entered_as_such(app: App) {
        let ours = our_house(&app).await;
        let made = check(&app, &ours, "2027-02-20", json!([])).await;
        let held = json!({ "subject_id": id(&ours), "title": "A lost telephone", "form": "micro", "held_on": "2027-02-26", "participants": [{ "name": "Sam" }], "findings": [] });
        let held = app.post(&app.editor, "/exercises", held).await.json(201);
        for (questionnaire, question, piece, value) in [("cyber-essentials-controls", "open_doors", &made, "nothing"), ("supplier-security", "leaders_exercise", &held, "one_year")] {
            let assessment = app.assessment(questionnaire, &ours).await;
            let answers = json!({ question: { "value": value, "evidence_ids": [id(piece)] } });
            app.patch(&app.editor, &format!("/assessments/{}/answers", id(&assessment)), &assessment, answers).await.json(200);
            let state = async || {
                let result = app.get(&app.viewer, &format!("/assessments/{}/result", id(&assessment))).await.json(200);
                let found = result["outcome"]["contributions"].as_array().expect("a list").iter().find(|one| one["question"] == question).expect("it").clone();
                found["evidence"].clone()
            };
            assert_eq!(state().await, "valid", "{question}");
        }
    }

    async fn a_check_is_entered_on_a_page_without_a_script_and_the_next_one_closes_what_is_gone(app: App) {
        let ours = our_house(&app).await;
        let mut editor = someone(&app, "editor").await;
        let new = format!("/security-checks/new?subject_id={}", id(&ours));
        let page = shown(&mut editor, &app, "/security-checks/new").await;
        holds(&page, &["Zebra House", "id=\"findings-4-text\"", "name=\"more\""]);
        let said = [
            ("checked_on", "2027-02-20"), ("targets.0.kind", "email_domain"), ("targets.0.name", "zebra.example"), ("findings.2.text", "No <DMARC>"), ("findings.2.severity", "high"), ("findings.2.outcome", "action"),
            ("findings.2.owner", "Sam"),
        ];
        // More rows keep what was typed.
        let more = editor.fills(&app, &page, &new, &[&said[..], &[("more", "yes")]].concat()).await;
        holds(&more, &["value=\"No &#60;DMARC&#62;\"", "id=\"findings-5-text\""]);
        let again = editor.fills(&app, &page, &new, &said).await;
        assert_eq!(again.status, 422);
        holds(&again, &["href=\"#findings-0-due_on\"", "value=\"No &#60;DMARC&#62;\""]);
        let said = [&said[..], &[("findings.2.due_on", "2027-04-30")]].concat();
        let place = goes_to(&editor.fills(&app, &page, &new, &said).await);
        let page = shown(&mut editor, &app, &place).await;
        holds(&page, &["E-mail domain: zebra.example", "No &#60;DMARC&#62;", "Sam, by 30 April 2027"]);
        lacks(&page, &["/close-findings\""]);
        let page = shown(&mut editor, &app, &new).await;
        let said = [("checked_on", "2027-03-01"), ("targets.0.kind", "email_domain"), ("targets.0.name", "zebra.example")];
        let place = goes_to(&editor.fills(&app, &page, &new, &said).await);
        let page = shown(&mut editor, &app, &place).await;
        holds(&page, &["Found by the last check, and gone now", "Close what came of 1 finding that is gone"]);
        let close = format!("{place}/close-findings");
        let wrong = editor.fills(&app, &page, &close, &[("reason", "")]).await;
        assert_eq!(wrong.status, 422);
        assert_eq!(goes_to(&editor.fills(&app, &page, &close, &[("reason", "Gone.")]).await), format!("{place}#findings"));
        lacks(&shown(&mut editor, &app, &place).await, &["/close-findings\""]);
        assert_eq!(app.walk("/due?kind=action", 50).await, Vec::<Value>::new());
        // And an exercise.
        let new = format!("/exercises/new?subject_id={}", id(&ours));
        let page = shown(&mut editor, &app, &new).await;
        lacks(&page, &["value=\"as_before\""]);
        let said = [("title", "A lost telephone"), ("form", "micro"), ("held_on", "2027-03-01"), ("participants.0.name", "Jo Bell"), ("next_steps", "Again in June.")];
        let place = goes_to(&editor.fills(&app, &page, &new, &said).await);
        holds(&shown(&mut editor, &app, &place).await, &["A lost telephone", "Micro exercise", "Jo Bell", "Again in June."]);
    }
}
