//! Our own house: one subject beside the suppliers, and in none of their lists and counts.

use diligence_openapi::operations;
use serde_json::{Value, json};

use crate::{
    harness::{App, best, both, id, text},
    pages::{goes_to, holds, lacks, shown, someone},
    roles::document,
};

/// Our own house, called so that no other text has its name.
pub(crate) async fn our_house(app: &App) -> Value {
    let there = app.get(&app.editor, "/ourselves").await.json(200);
    app.patch(&app.editor, "/ourselves", &there, json!({ "name": "Zebra House" })).await.json(200)
}

/// What is on the list about it: kinds and days.
pub(crate) async fn due(app: &App, subject: &Value) -> Vec<String> {
    let items = app.walk(&format!("/due?subject_id={}", id(subject)), 200).await;
    let mut found: Vec<String> =
        items.iter().map(|item| format!("{} {}", text(item, "kind"), text(item, "due_on"))).collect();
    found.sort();
    found
}

async fn ask(app: &App, asked: Value) -> Value {
    let policy = app.get(&app.admin, "/policy").await.json(200);
    app.patch(&app.admin, "/policy", &policy, json!({ "ncsc_due": asked })).await.json(200)
}

both! {
    async fn our_own_house_is_made_on_first_use_and_is_one_in_each_organisation(app: App) {
        let before = app.get(&app.viewer, "/ourselves").await.json(200);
        assert_eq!((&before["id"], &before["version"], &before["name"], &before["tier"]), (&json!(null), &json!(1), &json!("Meadow View Care"), &json!("critical")));
        app.patch(&app.viewer, "/ourselves", &before, json!({})).await.faults(403);
        let made = app.patch(&app.editor, "/ourselves", &before, json!({})).await.json(200);
        assert_eq!((text(&made, "name"), &made["version"], &made["rating"]), ("Meadow View Care", &json!(2), &json!("unassessed")));
        // Whoever had not seen that it was made does not make another.
        app.patch(&app.editor, "/ourselves", &before, json!({ "owner": "Jo Bell" })).await.faults(412);
        let changed = app.patch(&app.editor, "/ourselves", &made, json!({ "owner": "Jo Bell", "notes": "By the river.", "name": "Zebra House" })).await.json(200);
        assert_eq!((&changed["id"], text(&changed, "owner"), text(&changed, "notes"), text(&changed, "name")), (&made["id"], "Jo Bell", "By the river.", "Zebra House"));
        assert_eq!(app.get(&app.viewer, "/ourselves").await.json(200), changed);
        let plain = app.patch(&app.editor, "/ourselves", &changed, json!({ "name": null })).await.json(200);
        assert_eq!(text(&plain, "name"), "Meadow View Care");
        assert_eq!(app.patch(&app.editor, "/ourselves", &plain, json!({ "owner": "" })).await.faults(422), ["/owner length"]);
        let theirs = app.get(&app.neighbour, "/ourselves").await.json(200);
        assert_eq!(theirs["id"], json!(null));
        assert_ne!(app.patch(&app.neighbour, "/ourselves", &theirs, json!({})).await.json(200)["id"], made["id"]);
    }

    async fn our_own_house_is_in_no_list_and_no_count_of_suppliers(app: App) {
        app.supplier("Harbour").await;
        let before = app.get(&app.viewer, "/register/summary").await.json(200);
        let ours = our_house(&app).await;
        app.post(&app.editor, "/risks", json!({ "subject_id": id(&ours), "title": "It floods", "likelihood": 5, "impact": 5 })).await.json(201);
        assert_eq!(app.get(&app.viewer, "/register/summary").await.json(200), before);
        assert_eq!(app.get(&app.viewer, "/ourselves").await.json(200)["open_risks"]["extreme"], json!(1));
        let document = document();
        let lists = ["Register", "Suppliers", "Products", "Dependencies"];
        let mut count = 0;
        for operation in operations(&document).iter().filter(|operation| operation.method == "get" && !operation.path.contains('{')) {
            // The whole register with our own house in it is an administrator's.
            if !lists.iter().any(|tag| operation.value["tags"][0] == *tag) || operation.id() == "export_everything" {
                continue;
            }
            let answer = app.get(&app.viewer, operation.path).await;
            assert_eq!(answer.status, 200, "{}", operation.id());
            assert!(!answer.text.contains("Zebra House") && !answer.text.contains(id(&ours)), "{} shows it: {}", operation.id(), answer.text);
            count += 1;
        }
        assert!(count >= 7, "{count}");
        for query in ["q=zebra", "tier=critical", &format!("supplier_id={}", id(&ours)), "status=active&sort=-rating"] {
            let found = app.walk(&format!("/register?{query}"), 200).await;
            assert!(found.iter().all(|line| line["subject_id"] != ours["id"]), "{query}: {found:?}");
        }
        assert_eq!(app.walk("/suppliers?q=zebra", 200).await, Vec::<Value>::new());
        // On the pages neither: not where one searches, chooses or compares.
        let mut editor = someone(&app, "editor").await;
        for path in ["/register?q=zebra", "/risks/new?q=zebra", "/concentration"] {
            lacks(&shown(&mut editor, &app, path).await, &["Zebra House"]);
        }
    }

    async fn whatever_is_asked_of_suppliers_can_be_asked_of_our_own_house(app: App) {
        let ours = our_house(&app).await;
        for questionnaire in ["supplier-security", "ethical-ai-in-care"] {
            let assessment = app.assessment(questionnaire, &ours).await;
            let progress = app.answer_all(&assessment, best).await;
            let submitted = app.act(&app.editor, &format!("/assessments/{}/submit", id(&assessment)), &progress["assessment"], None).await.json(200);
            assert_eq!(text(&submitted, "state"), "submitted");
        }
        // Nobody outside is asked.
        let started = app.assessment("where-is-ai", &ours).await;
        let told = app.post(&app.editor, "/links", json!({ "assessment_id": id(&started), "contact_name": "Sam" })).await;
        assert_eq!(told.status, 409);
        assert!(told.text.contains("our own people answer it"), "{}", told.text);
        let mut editor = someone(&app, "editor").await;
        let page = shown(&mut editor, &app, &format!("/assessments/{}/links", id(&started))).await;
        holds(&page, &["our own people answer it"]);
        lacks(&page, &["Make the link"]);
        for (path, body) in [
            ("/evidence", json!({ "kind": "insurance", "expires_on": "2027-12-31" })),
            ("/incidents", json!({ "title": "A lost telephone", "severity": "low", "occurred_on": "2027-02-01" })),
        ] {
            let mut body = body;
            body["subject_id"] = ours["id"].clone();
            app.post(&app.editor, path, body).await.json(201);
        }
        let found = due(&app, &ours).await;
        assert!(found.contains(&"evidence_expiry 2027-12-31".to_owned()) && found.contains(&"never_assessed 2027-03-31".to_owned()), "{found:?}");
        assert!(!found.iter().any(|item| item.starts_with("profile_unknown")), "{found:?}");
    }

    async fn our_own_house_is_no_supplier_to_be_changed_archived_supplied_by_or_imported(app: App) {
        let (ours, other) = (our_house(&app).await, app.supplier("Harbour").await);
        let path = format!("/suppliers/{}", id(&ours));
        let known = app.get(&app.viewer, &path).await.json(200);
        for told in [
            app.patch(&app.editor, &path, &known, json!({ "status": "exiting" })).await,
            app.act(&app.editor, &format!("{path}/archive"), &known, None).await,
            app.delete(&app.editor, &path, &known).await,
        ] {
            assert!(told.status == 409 && told.text.contains("change it at /ourselves"), "{}", told.text);
        }
        let product = json!({ "supplier_id": id(&ours), "name": "Rota", "kind": "software" });
        assert_eq!(app.post(&app.editor, "/products", product.clone()).await.faults(422), ["/supplier_id ourselves"]);
        for (one, rests, fault) in [(&ours, &other, "/subject_id ourselves"), (&other, &ours, "/rests_on_id ourselves")] {
            let body = json!({ "subject_id": id(one), "rests_on_id": id(rests), "kind": "host" });
            assert_eq!(app.post(&app.editor, "/dependencies", body).await.faults(422), [fault]);
        }
        let told = app.post(&app.editor, "/products/import", json!({ "rows": [product] })).await;
        assert_eq!(told.faults(422), ["/rows/0/supplier_id unknown_id"]);
        let told = app.post(&app.editor, "/suppliers/import", json!({ "rows": [{ "id": id(&ours), "name": "Zebra House" }] })).await;
        assert_eq!(told.faults(422), ["/rows/0/id unknown_id"]);
        // A supplier of the same name is another one.
        app.post(&app.editor, "/suppliers/import", json!({ "rows": [{ "name": "Zebra House" }] })).await.json(200);
        let found = app.walk("/suppliers?q=zebra", 200).await;
        assert_eq!((found.len(), found[0]["id"] == ours["id"]), (1, false));
        let by_name = json!({ "rows": [{ "supplier_name": "Zebra House", "name": "Rota", "kind": "software" }] });
        app.post(&app.editor, "/products/import", by_name).await.json(200);
        assert_eq!(app.walk("/products", 200).await[0]["supplier_id"], found[0]["id"]);
    }

    async fn a_year_without_a_check_or_an_exercise_is_due_where_the_policy_asks_for_it(app: App) {
        let policy = app.get(&app.viewer, "/policy").await.json(200);
        assert_eq!(policy["ncsc_due"], json!({ "security_check_months": null, "exercise_months": null }));
        for wrong in [0, 121] {
            let change = json!({ "ncsc_due": { "exercise_months": wrong } });
            assert_eq!(app.patch(&app.admin, "/policy", &policy, change).await.faults(422), ["/ncsc_due/exercise_months range"]);
        }
        // Asked of nobody, it would be due nowhere: to ask for it makes our own house.
        ask(&app, json!({ "security_check_months": 12, "exercise_months": 6 })).await;
        let ours = app.get(&app.viewer, "/ourselves").await.json(200);
        let asked = async || due(&app, &ours).await.into_iter().filter(|item| item.starts_with("security_check") || item.starts_with("exercise")).collect::<Vec<_>>();
        assert_eq!(asked().await, ["exercise 2027-03-31", "security_check 2027-03-31"]);
        let target = json!([{ "kind": "website", "name": "https://zebra.example" }]);
        app.post(&app.editor, "/security-checks", json!({ "subject_id": id(&ours), "checked_on": "2027-02-15", "targets": target, "findings": [] })).await.json(201);
        let held = json!({ "subject_id": id(&ours), "title": "A lost telephone", "form": "micro", "held_on": "2027-03-01", "participants": [{ "name": "Sam" }], "findings": [] });
        app.post(&app.editor, "/exercises", held).await.json(201);
        assert_eq!(asked().await, ["exercise 2027-09-01", "security_check 2028-02-15"]);
        // It is said once: that the result counts no longer then is not due beside it.
        assert!(!due(&app, &ours).await.iter().any(|item| item.starts_with("evidence_expiry")));
        app.goes_to("2028-03-01");
        let item = app.walk("/due?kind=security_check", 50).await.remove(0);
        assert_eq!((&item["state"], &item["choices"], text(&item, "why")), (&json!("overdue"), &json!([]), "last checked on 15 February 2027: again within 12 months"));
        // Of suppliers it is not asked.
        app.supplier("Harbour").await;
        assert_eq!(app.walk("/due?kind=exercise", 50).await.len(), 1);
        ask(&app, json!(null)).await;
        assert_eq!(asked().await, Vec::<String>::new());
    }

    async fn our_own_house_has_a_page_of_its_own_and_home_counts_it_apart(app: App) {
        app.supplier("Harbour").await;
        let (mut viewer, mut editor) = (someone(&app, "viewer").await, someone(&app, "editor").await);
        holds(&shown(&mut viewer, &app, "/").await, &["href=\"/ourselves\""]);
        lacks(&shown(&mut viewer, &app, "/ourselves").await, &["action=\"/ourselves/change\""]);
        // Where there is none yet, a check of our own begins there.
        assert_eq!(goes_to(&editor.opens(&app, "/security-checks/new").await), "/ourselves");
        let page = shown(&mut editor, &app, "/ourselves").await;
        assert_eq!(goes_to(&editor.fills(&app, &page, "/ourselves/change", &[]).await), "/ourselves");
        let page = shown(&mut editor, &app, "/ourselves/change").await;
        let said = [("name", "Zebra House"), ("owner", "Jo Bell"), ("notes", "")];
        assert_eq!(goes_to(&editor.fills(&app, &page, "/ourselves/change", &said).await), "/ourselves");
        let stale = editor.fills(&app, &page, "/ourselves/change", &[("name", "Other"), ("owner", "Sam")]).await;
        assert_eq!(stale.status, 409);
        let ours = app.get(&app.viewer, "/ourselves").await.json(200);
        app.post(&app.editor, "/risks", json!({ "subject_id": id(&ours), "title": "It floods", "likelihood": 2, "impact": 2 })).await.json(201);
        let page = shown(&mut editor, &app, "/ourselves").await;
        holds(&page, &["<h1>Zebra House</h1>", "counted among no suppliers", "Jo Bell", "It floods", "Enter a security check", "Enter an exercise", "Answer a questionnaire"]);
        lacks(&page, &["/dependencies/new", "/products/new", "/end\""]);
        // Whoever comes by its id as if it were a supplier is taken there.
        for (path, place) in [("", "/ourselves"), ("/change", "/ourselves/change")] {
            assert_eq!(goes_to(&editor.opens(&app, &format!("/suppliers/{}{path}", id(&ours))).await), place);
        }
        holds(&shown(&mut viewer, &app, "/").await, &["Zebra House", "1 open risk", "Risks, open and accepted: 0"]);
        assert_eq!(app.walk("/register", 200).await.len(), 1);
    }
}
