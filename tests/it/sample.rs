//! The sample register: invented, rich, and apart from what is real.

use poem::http::Method;
use serde_json::{Value, json};

use crate::{
    harness::{Answer, App, Person, both, session_of, text},
    pages::{Browser, goes_to},
};

async fn made(app: &App, who: &Person) -> Answer {
    app.send(who, Method::POST, "/users/me/sample", None, &[]).await
}

fn items(list: &Value) -> Vec<Value> {
    list["items"].as_array().expect("items").clone()
}

both! {
    async fn a_sample_register_is_rich_and_an_organisation_of_its_own(app: App) {
        let viewer = app.member("viewer").await;
        let sample = made(&app, &viewer).await.json(200);
        assert_eq!(text(&sample, "organisation_name"), "Meadow View Care (sample)");
        // Nothing of it stands in one's own.
        assert!(items(&app.get(&app.viewer, "/register").await.json(200)).is_empty());
        let places = app.get(&viewer, "/users/me").await.json(200)["organisations"].clone();
        let told = |index: usize| (places[index]["role"].clone(), places[index]["is_sample"].clone());
        assert_eq!((told(0), told(1)), ((json!("viewer"), json!(false)), (json!("admin"), json!(true))));
        let there = session_of(&app.post(&viewer, "/sessions/current/switch", json!({ "organisation_id": sample["organisation_id"] })).await);
        assert_eq!(app.get(&there, "/organisation").await.json(200)["is_sample"], true);
        let lines = items(&app.get(&there, "/register?limit=100").await.json(200));
        let ratings: std::collections::BTreeSet<&str> = lines.iter().map(|line| text(line, "rating")).collect();
        assert_eq!(ratings.into_iter().collect::<Vec<_>>(), ["extreme", "high", "low", "moderate", "unassessed"]);
        // Every page has something to show.
        for list in ["/evidence", "/dependencies", "/assessments?state=open", "/assessments?state=submitted", "/assessments?state=approved", "/assessments?state=superseded", "/decisions",
            "/risks?state=open", "/risks?state=accepted", "/reviews", "/incidents", "/register?stale=true", "/products?ai_features=core", "/products?ai_features=unknown"] {
            assert!(!items(&app.get(&there, list).await.json(200)).is_empty(), "{list}");
        }
        let reviews = items(&app.get(&there, "/reviews?state=open&limit=100").await.json(200));
        assert!(reviews.iter().any(|review| text(review, "due_on") < "2027-03-01"), "none is overdue: {reviews:?}");
        // Its history holds, and the register says of each supplier what its rows say.
        assert_eq!(app.get(&there, "/audit-events/verification").await.json(200)["sound"], true);
    }

    async fn everyone_has_one_sample_at_the_most_and_a_second_person_has_their_own(app: App) {
        let (first, second) = (app.member("editor").await, app.member("admin").await);
        made(&app, &first).await.json(200);
        assert!(text(&made(&app, &first).await.json(409), "detail").contains("you have a sample register already"));
        assert_eq!(text(&made(&app, &second).await.json(200), "organisation_name"), "Meadow View Care (sample 2)");
    }

    async fn whoever_finds_their_register_empty_can_look_around_and_go_back(app: App) {
        let mut browser = Browser::of(&app.member("editor").await);
        let home = browser.opens(&app, "/").await;
        assert!(home.text.contains("Look around in a sample register"), "{}", home.text);
        let there = browser.fills(&app, &home, "/sample", &[]).await;
        assert_eq!(goes_to(&there), "/");
        let home = browser.opens(&app, "/").await;
        for part in ["Everything in this register is invented", "Meadow View Care (sample)", "Answers to review", "Quillnote Scribe"] {
            assert!(home.text.contains(part), "{part} is not in {}", home.text);
        }
        let account = browser.opens(&app, "/account").await;
        assert!(account.text.contains("Go to "), "{}", account.text);
        // Whoever went back and looks around again comes to the same one.
        let own = account.text.split("name=\"organisation_id\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("their own");
        assert_eq!(goes_to(&browser.fills(&app, &account, "/account/organisation", &[("organisation_id", own)]).await), "/");
        let home = browser.opens(&app, "/").await;
        assert_eq!(goes_to(&browser.fills(&app, &home, "/sample", &[]).await), "/");
        assert!(browser.opens(&app, "/").await.text.contains("Meadow View Care (sample)"));
    }
}
