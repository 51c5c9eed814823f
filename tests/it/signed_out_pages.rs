//! What becomes of a form that is sent after its session has ended, and of where someone wanted to go.

use poem::http::Method;
use serde_json::json;

use crate::{
    harness::{App, PASSWORD, both, code_at, id, text},
    pages::{Browser, goes_to, holds},
};

async fn kim(app: &App) -> Browser {
    app.joins(&app.admin, "kim@example.org", "editor").await;
    Browser::of(&app.signs_in("kim@example.org").await)
}

fn later(app: &App) {
    app.clock.set("2027-03-01T12:00:00Z".parse().expect("a time"));
}

const SUPPLIER: [(&str, &str); 4] =
    [("name", "Harbour <&> Sons"), ("status", "active"), ("personal_data", "health"), ("personal_data", "contact")];

both! {
    async fn what_was_typed_before_the_session_ended_is_sent_again_after_signing_in(app: App) {
        let mut kim = kim(&app).await;
        let page = kim.opens(&app, "/suppliers/new").await;
        later(&app);
        let out = kim.fills(&app, &page, "/suppliers/new", &SUPPLIER).await;
        assert_eq!(out.status, 401);
        holds(&out.text, &["You were signed out before this was sent", "name=\"kept.name\" value=\"Harbour &#60;&#38;&#62; Sons\"", "name=\"kept_action\" value=\"/suppliers/new\""]);
        assert!(!out.text.contains("kept.csrf"));
        // A wrong password loses nothing.
        let wrong = kim.fills(&app, &out, "/sign-in", &[("email", "kim@example.org"), ("password", "plum chair river ten")]).await;
        assert_eq!(wrong.status, 401);
        let again = kim.fills(&app, &wrong, "/sign-in", &[("email", "kim@example.org"), ("password", PASSWORD)]).await;
        assert_eq!(again.status, 200, "{}", again.text);
        holds(&again.text, &["Send it again", "<dd class=\"lines\">Harbour &#60;&#38;&#62; Sons</dd>", "Nothing of it is saved yet", "kim, Meadow View Care"]);
        assert_eq!(app.walk("/suppliers", 50).await.len(), 0);
        let place = goes_to(&kim.fills(&app, &again, "/suppliers/new", &[]).await).replace("?notice=entered", "");
        let supplier = app.get(&app.viewer, &place).await.json(200);
        assert_eq!((text(&supplier, "name"), &supplier["personal_data"]), ("Harbour <&> Sons", &json!(["contact", "health"])));
    }

    async fn it_is_kept_over_the_second_factor_and_secrets_are_not(app: App) {
        let mut kim = kim(&app).await;
        let page = kim.opens(&app, "/account/second-factor").await;
        let page = kim.fills(&app, &page, "/account/second-factor/begin", &[("password", PASSWORD)]).await;
        let secret: String = page.text.split("class=\"secret\">").nth(1).and_then(|rest| rest.split('<').next()).expect("a secret").split_whitespace().collect();
        kim.fills(&app, &page, "/account/second-factor", &[("code", &code_at(&secret, app.clock.now().time().timestamp()))]).await;
        let page = kim.opens(&app, "/suppliers/new").await;
        let account = kim.opens(&app, "/account").await;
        later(&app);
        let out = kim.fills(&app, &page, "/suppliers/new", &SUPPLIER).await;
        let code = kim.fills(&app, &out, "/sign-in", &[("email", "kim@example.org"), ("password", PASSWORD)]).await;
        holds(&code.text, &["Enter your code", "name=\"kept.name\" value=\"Harbour"]);
        assert_eq!(code.status, 200);
        let wrong = kim.fills(&app, &code, "/sign-in/code", &[("code", "000000")]).await;
        assert_eq!(wrong.status, 422);
        let again = kim.fills(&app, &wrong, "/sign-in/code", &[("code", &code_at(&secret, app.clock.now().time().timestamp()))]).await;
        assert_eq!(again.status, 200, "{}", again.text);
        goes_to(&kim.fills(&app, &again, "/suppliers/new", &[]).await);
        // Passwords are not passed on.
        app.clock.set("2027-03-01T15:00:00Z".parse().expect("a time"));
        let mut kim = Browser::of(&app.member("viewer").await);
        let own = kim.opens(&app, "/account").await;
        app.clock.set("2027-03-01T18:00:00Z".parse().expect("a time"));
        let out = kim.fills(&app, &own, "/account/password", &[("present_password", PASSWORD), ("new_password", "copper lantern seven oaks")]).await;
        assert!(!out.text.contains(PASSWORD) && !out.text.contains("copper lantern"), "{}", out.text);
        drop(account);
    }

    async fn a_form_of_another_site_is_not_kept_to_be_sent_once_more(app: App) {
        let mut kim = kim(&app).await;
        let page = kim.opens(&app, "/suppliers/new").await;
        later(&app);
        // Without the cookie, as a browser sends another site's form; and with a token that is not of the session.
        let mut elsewhere = Browser::default();
        assert_eq!(goes_to(&elsewhere.fills(&app, &page, "/suppliers/new", &SUPPLIER).await), "/sign-in");
        let forged = [&[("csrf", "0".repeat(64))][..], &SUPPLIER.map(|(name, value)| (name, value.to_owned()))].concat();
        let forged: Vec<(&str, &str)> = forged.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(goes_to(&kim.fills_only(&app, "/suppliers/new", &forged).await), "/sign-in");
        // Nor is one passed on to a place that is not ours.
        let sign_in = elsewhere.opens(&app, "/sign-in").await;
        for action in ["https://evil.example", "//evil.example", "/sign-out", ""] {
            let fields = [("email", "kim@example.org"), ("password", PASSWORD), ("kept_action", action), ("kept.name", "x")];
            assert_eq!(goes_to(&elsewhere.fills(&app, &sign_in, "/sign-in", &fields).await), "/", "{action}");
        }
        let form = b"kept_action=%2Fsuppliers%2Fnew&kept.name=x".to_vec();
        for path in ["/sign-in", "/sign-in/again"] {
            let foreign = app.client.request(Method::POST, path).header("content-type", "application/x-www-form-urlencoded").header("sec-fetch-site", "cross-site").body(form.clone()).send().await;
            assert_eq!(foreign.0.status(), 403, "{path}");
        }
    }

    async fn who_signs_in_through_a_provider_in_another_window_goes_on_here(app: App) {
        let provider = app.post(&app.admin, "/identity-providers", json!({ "name": "Accounts", "issuer": "https://login.example.org", "client_id": "diligence" })).await.json(201);
        let mut kim = kim(&app).await;
        let own = format!("/sign-in?organisation={}", text(&app.get(&app.admin, "/organisation").await.json(200), "id"));
        kim.opens(&app, &own).await;
        let page = kim.opens(&app, "/suppliers/new").await;
        later(&app);
        let out = kim.fills(&app, &page, "/suppliers/new", &SUPPLIER).await;
        holds(&out.text, &[&format!("href=\"/sign-in/{}\" target=\"_blank\"", id(&provider)), "I have signed in there: go on here"]);
        let not_yet = kim.fills(&app, &out, "/sign-in/again", &[]).await;
        assert_eq!(not_yet.status, 401);
        holds(&not_yet.text, &["You are not signed in yet", "name=\"kept.name\""]);
        // The other window shares its cookies with this one.
        let mut kim = Browser::of(&app.signs_in("kim@example.org").await);
        let again = kim.fills(&app, &not_yet, "/sign-in/again", &[]).await;
        assert_eq!(again.status, 200, "{}", again.text);
        goes_to(&kim.fills(&app, &again, "/suppliers/new", &[]).await);
        assert_eq!(app.walk("/suppliers", 50).await.len(), 1);
        // Where someone wanted to go stands in the way to the provider too.
        let page = Browser::default().opens(&app, &format!("{own}&then=%2Frisks%3Fstate%3Dopen")).await;
        holds(&page.text, &[&format!("href=\"/sign-in/{}?then=%2Frisks%3Fstate%3Dopen\"", id(&provider))]);
    }
}
