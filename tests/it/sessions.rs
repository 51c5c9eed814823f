//! Sessions: signing in, the second factor, and how it all ends.

use diligence::{app, config::Config};
use diligence_entities::scope::{Store, StoreOptions};
use poem::{EndpointExt as _, http::Method, test::TestClient};
use serde_json::{Value, json};

use crate::{
    harness::{Answer, App, On, PASSWORD, Person, both, code_at, id, session_of, text},
    people::actions,
    roles::{enrolled, now, user_of},
};

async fn tries(app: &App, email: &str, password: &str) -> Answer {
    app.post(&app.stranger, "/sessions", json!({ "email": email, "password": password })).await
}

fn later(app: &App, seconds: i64) {
    app.clock.set(app.clock.now().plus_seconds(seconds).time());
}

/// What a request is answered with, but for what is different each time.
fn seen(answer: &Answer) -> (u16, Vec<(String, String)>, String) {
    let headers = answer
        .headers
        .iter()
        .filter(|(name, _)| *name != "x-request-id")
        .map(|(name, value)| (name.to_string(), format!("{value:?}")))
        .collect();
    (answer.status.as_u16(), headers, answer.text.clone())
}

/// The value of the cookie of this name that was set, with its attributes.
fn set(answer: &Answer, name: &str) -> Option<String> {
    let cookies = answer.headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
    cookies.filter_map(|cookie| cookie.strip_prefix(&format!("{name}="))).map(str::to_owned).next()
}

/// Another replica on the same database and at the same time.
async fn replica(app: &App) -> App {
    let store = Store::open(StoreOptions { url: app.url.clone(), max_connections: 4, clock: app.clock.clone() })
        .await
        .expect("the store opens");
    App::on(store, app)
}

both! {
    async fn someone_signs_in_works_and_signs_out(app: App) {
        app.joins(&app.admin, "sam@example.org", "editor").await;
        let answer = tries(&app, " Sam@Example.ORG ", PASSWORD).await;
        let current = answer.json(201);
        assert_eq!((text(&current, "stage"), text(&current, "method"), text(&current["organisation"], "name"), text(&current["organisation"], "role")), ("complete", "password", "Meadow View Care", "editor"));
        assert_eq!(text(&current, "expires_at"), "2027-03-01T21:00:00.000000Z");
        let cookie = set(&answer, "__Host-diligence").expect("a cookie");
        assert!(cookie.starts_with("dls_") && cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure"), "{cookie}");
        let sam = session_of(&answer);
        let read = app.get(&sam, "/sessions/current").await.json(200);
        assert_eq!(read, current);
        app.post(&sam, "/suppliers", json!({ "name": "Harbour" })).await.json(201);
        let end = app.send(&sam, Method::POST, "/sessions/current/end", None, &[]).await;
        assert_eq!((end.json(200), set(&end, "__Host-diligence").is_some_and(|cookie| cookie.starts_with(';') && cookie.ends_with("Max-Age=0"))), (json!({ "ended_count": 1 }), true));
        app.get(&sam, "/suppliers").await.faults(401);
        app.get(&sam, "/sessions/current").await.faults(401);
        assert_eq!(actions(&app, "noun=session").await, ["sign_out", "sign_in"]);
    }

    async fn a_change_that_another_sites_page_sends_is_refused(app: App) {
        let (sam, kit) = (app.member("admin").await, app.member("admin").await);
        let (cookie, own) = sam.session().expect("a session");
        let (_, others) = kit.session().expect("a session");
        let before = app.event_count().await;
        let cookie = format!("__Host-diligence={cookie}");
        let send = async |tokens: &[&str]| {
            let headers: Vec<(&str, &str)> = [("cookie", cookie.as_str())].into_iter().chain(tokens.iter().map(|token| ("x-csrf-token", *token))).collect();
            app.send(&app.stranger, Method::POST, "/suppliers", Some(&json!({ "name": "Harbour" })), &headers).await
        };
        for forged in [&[][..], &[""], &[others], &[&own[1..]], &["x"], &[own, own]] {
            assert_eq!(send(forged).await.faults(403), Vec::<String>::new(), "{forged:?}");
        }
        assert_eq!(app.event_count().await, before + 1, "that it was refused, once an hour");
        send(&[own]).await.json(201);
        // Reading needs none.
        app.send(&app.stranger, Method::GET, "/suppliers", None, &[("cookie", &cookie)]).await.json(200);
    }

    async fn a_key_beside_a_cookie_is_the_one_that_counts(app: App) {
        let sam = app.member("admin").await;
        let cookie = format!("__Host-diligence={}", sam.session().expect("a session").0);
        let told = app.send(&app.viewer, Method::POST, "/suppliers", Some(&json!({ "name": "Harbour" })), &[("cookie", &cookie)]).await;
        assert!(told.text.contains("the key has the role viewer"), "{}", told.text);
        let nonsense = Person { key: Some("dlg_nonsense".into()) };
        app.send(&nonsense, Method::GET, "/suppliers", None, &[("cookie", &cookie)]).await.faults(401);
    }

    async fn what_is_no_good_session_opens_nothing(app: App) {
        let (sam, kit) = (app.member("viewer").await, app.member("viewer").await);
        let (cookie, token) = sam.session().expect("a session");
        let (which, _) = cookie.rsplit_once('_').expect("two parts");
        let (_, secret) = kit.session().expect("a session").0.rsplit_once('_').expect("two parts");
        let near = format!("{}{}", &cookie[..cookie.len() - 1], if cookie.ends_with('0') { '1' } else { '0' });
        for wrong in [near, format!("{which}_{secret}"), which.to_owned(), format!("{which}_"), "dls_".into(), String::new(), "x".repeat(5000)] {
            assert_eq!(app.get(&Person::in_session(&format!("dls_{wrong}"), token), "/suppliers").await.status, 401, "{wrong}");
            app.send(&app.stranger, Method::GET, "/suppliers", None, &[("cookie", &format!("__Host-diligence={wrong}"))]).await.faults(401);
        }
        // The name without its prefix is for plain HTTP on the same machine only.
        let plain = format!("diligence={cookie}");
        app.send(&app.stranger, Method::GET, "/suppliers", None, &[("cookie", &plain)]).await.faults(401);
        app.send(&app.stranger, Method::GET, "/suppliers", None, &[("cookie", &plain), ("host", "localhost:8080")]).await.json(200);
    }

    async fn whether_there_is_such_an_account_is_never_told(app: App) {
        app.joins(&app.admin, "sam@example.org", "viewer").await;
        for _ in 0..8 {
            let (known, unknown) = (tries(&app, "sam@example.org", "not this one, no").await, tries(&app, "nobody@example.org", "not this one, no").await);
            assert_eq!(seen(&known), seen(&unknown));
            assert!([401, 429].contains(&known.status.as_u16()));
        }
        assert_eq!(tries(&app, "sam@example.org", "x").await.status, 429);
        assert_eq!(actions(&app, "action=sign_in_failed").await.len(), 5, "what must wait is not tried");
    }

    async fn tries_must_wait_longer_each_time_and_never_for_ever(app: App) {
        app.joins(&app.admin, "sam@example.org", "viewer").await;
        for _ in 0..5 {
            assert_eq!(tries(&app, "sam@example.org", "not this one, no").await.faults(401), ["wrong_credentials"]);
        }
        for wait in [15, 30, 60, 120, 240, 480, 900, 900] {
            let told = tries(&app, "sam@example.org", PASSWORD).await;
            assert_eq!((told.faults(429), told.header("retry-after")), (Vec::new(), &wait.to_string()[..]));
            later(&app, wait - 1);
            assert_eq!(tries(&app, "sam@example.org", PASSWORD).await.header("retry-after"), "1");
            later(&app, 1);
            tries(&app, "sam@example.org", "not this one, no").await.faults(401);
        }
        later(&app, 900);
        assert_eq!(tries(&app, "sam@example.org", PASSWORD).await.status, 201);
        // All is forgotten then.
        assert_eq!(tries(&app, "sam@example.org", "not this one, no").await.status, 401);
        assert_eq!(tries(&app, "sam@example.org", PASSWORD).await.status, 201);
    }

    async fn a_strangers_failures_do_not_keep_someone_out_of_a_device_they_know(app: App) {
        app.joins(&app.admin, "sam@example.org", "viewer").await;
        let device = set(&tries(&app, "sam@example.org", PASSWORD).await, "__Host-diligence-device").expect("a mark");
        let device = format!("__Host-diligence-device={}", device.split(';').next().expect("a value"));
        for _ in 0..6 {
            tries(&app, "sam@example.org", "not this one, no").await;
        }
        assert_eq!(tries(&app, "sam@example.org", PASSWORD).await.status, 429);
        let from_device = async |email: &str, password: &str| {
            app.send(&app.stranger, Method::POST, "/sessions", Some(&json!({ "email": email, "password": password })), &[("cookie", &device)]).await
        };
        let again = from_device("sam@example.org", PASSWORD).await;
        assert_eq!((again.status.as_u16(), set(&again, "__Host-diligence-device")), (201, None));
        // It has its own count, and is worth nothing for anyone else.
        for _ in 0..5 {
            assert_eq!(from_device("sam@example.org", "not this one, no").await.status, 401);
        }
        assert_eq!(from_device("sam@example.org", PASSWORD).await.status, 429);
        app.joins(&app.admin, "kit@example.org", "viewer").await;
        for _ in 0..5 {
            tries(&app, "kit@example.org", "not this one, no").await;
        }
        assert_eq!(from_device("kit@example.org", PASSWORD).await.status, 429);
    }

    async fn someone_with_a_second_factor_gives_it_in_a_second_step_or_at_once(app: App) {
        app.joins(&app.admin, "sam@example.org", "editor").await;
        let first = app.signs_in("sam@example.org").await;
        let secret = enrolled(&app, &first).await;
        let waiting = tries(&app, "sam@example.org", PASSWORD).await;
        assert_eq!((text(&waiting.json(201), "stage"), set(&waiting, "__Host-diligence-device")), ("needs_code", None));
        let half = session_of(&waiting);
        for (method, path) in [(Method::GET, "/suppliers"), (Method::GET, "/users/me"), (Method::POST, "/suppliers"), (Method::GET, "/users/me/sessions"), (Method::POST, "/users/me/mfa/enrol")] {
            let told = app.send(&half, method, path, None, &[]).await;
            assert!(told.faults(403).is_empty() && told.text.contains("second factor"), "{path}: {}", told.text);
        }
        let confirm = async |who: &Person, body: Value| app.post(who, "/sessions/current/confirm", body).await;
        assert_eq!(confirm(&half, json!({})).await.faults(422), ["/code required"]);
        assert_eq!(confirm(&half, json!({ "code": "000000" })).await.faults(401), ["wrong_code"]);
        let answer = confirm(&half, json!({ "code": code_at(&secret, now(&app)) })).await;
        assert_eq!(text(&answer.json(200), "stage"), "complete");
        let sam = session_of(&answer);
        app.get(&sam, "/suppliers").await.json(200);
        // The half session's secret is not the whole one's.
        app.get(&half, "/sessions/current").await.faults(401);
        assert_eq!(confirm(&sam, json!({ "code": "000000" })).await.faults(409), ["complete"]);
        later(&app, 30);
        let body = json!({ "email": "sam@example.org", "password": PASSWORD, "code": code_at(&secret, now(&app)) });
        assert_eq!(text(&app.post(&app.stranger, "/sessions", body).await.json(201), "stage"), "complete");
    }

    async fn a_code_is_good_once_and_near_its_time(app: App) {
        app.joins(&app.admin, "sam@example.org", "editor").await;
        let secret = enrolled(&app, &app.signs_in("sam@example.org").await).await;
        let with = async |code: String| app.post(&app.stranger, "/sessions", json!({ "email": "sam@example.org", "password": PASSWORD, "code": code })).await.status.as_u16();
        let code = code_at(&secret, now(&app));
        assert_eq!(with(code.clone()).await, 201);
        assert_eq!(with(code).await, 401, "a code that was used");
        assert_eq!(with(code_at(&secret, now(&app) - 30)).await, 401, "one before a used one");
        assert_eq!(with(code_at(&secret, now(&app) + 60)).await, 401, "one too early");
        assert_eq!(with(code_at(&secret, now(&app) + 30)).await, 201, "one a little early");
        later(&app, 300);
        assert_eq!(with(code_at(&secret, now(&app) - 60)).await, 401, "one too late");
        assert_eq!(with(code_at(&secret, now(&app) - 30)).await, 201, "one a little late");
    }

    async fn codes_cannot_be_guessed_at_will(app: App) {
        app.joins(&app.admin, "sam@example.org", "editor").await;
        let secret = enrolled(&app, &app.signs_in("sam@example.org").await).await;
        let half = app.signs_in("sam@example.org").await;
        for _ in 0..5 {
            app.post(&half, "/sessions/current/confirm", json!({ "code": "000000" })).await.faults(401);
        }
        app.post(&half, "/sessions/current/confirm", json!({ "code": code_at(&secret, now(&app)) })).await.faults(429);
        let body = json!({ "email": "sam@example.org", "password": PASSWORD, "code": code_at(&secret, now(&app)) });
        app.post(&app.stranger, "/sessions", body).await.faults(429);
        assert_eq!(actions(&app, "action=sign_in_failed").await.len(), 5);
    }

    async fn a_recovery_code_is_good_once(app: App) {
        app.joins(&app.admin, "sam@example.org", "editor").await;
        let sam = app.signs_in("sam@example.org").await;
        assert_eq!(app.post(&sam, "/users/me/mfa/enrol", json!({ "password": "not this one, no" })).await.faults(422), ["/password wrong_password"]);
        let begun = app.post(&sam, "/users/me/mfa/enrol", json!({ "password": PASSWORD })).await.json(200);
        let secret = text(&begun, "secret");
        assert!(text(&begun, "otpauth_uri").starts_with("otpauth://totp/Diligence:sam%40example.org?secret="), "{begun}");
        assert_eq!(app.post(&sam, "/users/me/mfa/confirm", json!({ "code": "000000" })).await.faults(422), ["/code wrong_code"]);
        let told = app.post(&sam, "/users/me/mfa/confirm", json!({ "code": code_at(secret, now(&app)) })).await.json(200);
        let codes: Vec<&str> = told["recovery_codes"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
        assert_eq!(codes.len(), 10);
        let with = async |code: &str| app.post(&app.stranger, "/sessions", json!({ "email": "sam@example.org", "password": PASSWORD, "recovery_code": code })).await.status.as_u16();
        assert_eq!(with(codes[0]).await, 201);
        assert_eq!(with(codes[0]).await, 401);
        assert_eq!(with(&codes[1].to_uppercase().replace('-', " ")).await, 201);
        assert_eq!(app.get(&sam, "/users/me").await.json(200)["recovery_code_count"], json!(8));
        later(&app, 30);
        let proof = json!({ "password": PASSWORD, "code": code_at(secret, now(&app)) });
        let renewed = app.post(&sam, "/users/me/mfa/renew-recovery-codes", proof).await.json(200);
        assert_eq!(with(codes[2]).await, 401);
        assert_eq!(with(renewed["recovery_codes"][2].as_str().expect("a code")).await, 201);
        for code in codes {
            assert!(!json!(app.walk("/audit-events", 200).await).to_string().contains(code));
        }
    }

    async fn a_second_factor_is_turned_off_with_password_and_code(app: App) {
        app.joins(&app.admin, "sam@example.org", "editor").await;
        let sam = app.signs_in("sam@example.org").await;
        let disable = async |password: &str, code: String| app.post(&sam, "/users/me/mfa/disable", json!({ "password": password, "code": code })).await;
        assert_eq!(disable(PASSWORD, "000000".into()).await.faults(409), ["no_mfa"]);
        let secret = enrolled(&app, &sam).await;
        assert_eq!(app.post(&sam, "/users/me/mfa/enrol", json!({ "password": PASSWORD })).await.faults(409), ["has_mfa"]);
        assert_eq!(disable("not this one, no", code_at(&secret, now(&app))).await.faults(422), ["/password wrong_password"]);
        assert_eq!(disable(PASSWORD, "000000".into()).await.faults(422), ["/code wrong_code"]);
        assert_eq!(disable(PASSWORD, code_at(&secret, now(&app))).await.json(200)["has_mfa"], json!(false));
        assert_eq!(text(&tries(&app, "sam@example.org", PASSWORD).await.json(201), "stage"), "complete");
    }

    async fn where_a_role_needs_a_second_factor_who_has_none_can_only_set_one_up(app: App) {
        let (sam, kit) = (app.member("admin").await, app.member("editor").await);
        assert_eq!(text(&app.get(&sam, "/users/me").await.json(200), "mfa_rule"), "recommended");
        let policy = app.get(&app.viewer, "/sign-in-policy").await.json(200);
        app.patch(&app.admin, "/sign-in-policy", &policy, json!({ "mfa": { "admin": "required" } })).await.json(200);
        assert_eq!(text(&app.get(&sam, "/sessions/current").await.json(200), "stage"), "enrolling");
        for path in ["/suppliers", "/users", "/users/me/sessions"] {
            assert!(app.get(&sam, path).await.faults(403).is_empty(), "{path}");
        }
        app.get(&kit, "/suppliers").await.json(200);
        app.get(&app.admin, "/suppliers").await.json(200);
        let secret = enrolled(&app, &sam).await;
        app.get(&sam, "/suppliers").await.json(200);
        let proof = json!({ "password": PASSWORD, "code": code_at(&secret, now(&app)) });
        assert_eq!(app.post(&sam, "/users/me/mfa/disable", proof).await.faults(409), ["mfa_required"]);
    }

    async fn a_session_ends_when_it_is_idle_and_in_any_case(app: App) {
        let sam = app.member("viewer").await;
        for _ in 0..3 {
            later(&app, 59 * 60);
            app.get(&sam, "/suppliers").await.json(200);
        }
        later(&app, 60 * 60);
        app.get(&sam, "/suppliers").await.faults(401);
        let kit = app.member("viewer").await;
        for _ in 0..23 {
            later(&app, 31 * 60);
            app.get(&kit, "/suppliers").await.json(200);
        }
        later(&app, 31 * 60);
        app.get(&kit, "/suppliers").await.faults(401);
        let pat = app.member("viewer").await;
        let policy = app.get(&app.admin, "/sign-in-policy").await.json(200);
        app.patch(&app.admin, "/sign-in-policy", &policy, json!({ "idle_minutes": 5 })).await.json(200);
        later(&app, 5 * 60);
        app.get(&pat, "/suppliers").await.faults(401);
        for (wrong, fault) in [(json!({ "idle_minutes": 4 }), "/idle_minutes range"), (json!({ "absolute_hours": 721 }), "/absolute_hours range"), (json!({ "mfa": { "admin": "perhaps" } }), "/mfa/admin choice")] {
            let policy = app.get(&app.admin, "/sign-in-policy").await.json(200);
            assert_eq!(app.patch(&app.admin, "/sign-in-policy", &policy, wrong).await.faults(422), [fault]);
        }
        let policy = app.get(&app.admin, "/sign-in-policy").await.json(200);
        assert_eq!(app.patch(&app.admin, "/sign-in-policy", &policy, json!({ "allows_passwords": false })).await.faults(409), ["no_other_way"]);
    }

    async fn sessions_are_listed_and_ended_by_their_owner_and_by_an_admin(app: App) {
        app.joins(&app.admin, "sam@example.org", "viewer").await;
        let (first, second, third) = (app.signs_in("sam@example.org").await, app.signs_in("sam@example.org").await, app.signs_in("sam@example.org").await);
        let other = app.member("viewer").await;
        let own = app.get(&first, "/users/me/sessions").await.json(200);
        let own: Vec<&Value> = own["items"].as_array().expect("a list").iter().collect();
        assert_eq!(own.len(), 3);
        let sessions = app.walk("/sessions", 50).await;
        assert_eq!((sessions.len(), text(&sessions[0], "user_name")), (4, "sam"));
        assert!(!json!(sessions).to_string().contains("hash"));
        let of = async |who: &Person| app.get(who, "/sessions/current").await.json(200);
        let (third_session, others_session) = (of(&third).await, of(&other).await);
        app.delete(&first, &format!("/users/me/sessions/{}", id(&others_session)), &others_session).await.faults(404);
        assert_eq!(app.delete(&first, &format!("/users/me/sessions/{}", id(&third_session)), &third_session).await.status, 204);
        app.get(&third, "/suppliers").await.faults(401);
        assert_eq!(app.send(&first, Method::POST, "/users/me/sessions/end-others", None, &[]).await.json(200), json!({ "ended_count": 1 }));
        app.get(&second, "/suppliers").await.faults(401);
        let left = of(&first).await;
        let path = format!("/sessions/{}", id(&left));
        app.delete(&app.neighbour, &path, &left).await.faults(404);
        assert_eq!(app.delete(&app.admin, &path, &left).await.status, 204);
        app.get(&first, "/suppliers").await.faults(401);
        app.get(&other, "/suppliers").await.json(200);
    }

    async fn a_sign_in_and_its_failures_are_on_record_in_each_of_the_persons_organisations(app: App) {
        app.joins(&app.neighbour, "sam@example.org", "viewer").await;
        app.joins(&app.admin, "sam@example.org", "viewer").await;
        tries(&app, "sam@example.org", "not this one, no").await.faults(401);
        for admin in [&app.admin, &app.neighbour] {
            let events = app.get(admin, "/audit-events?action=sign_in_failed").await.json(200);
            let event = &events["items"][0];
            assert_eq!((text(event, "actor_id"), text(event, "noun"), &event["after"]), ("stranger", "user", &json!({ "wrong": "password" })));
        }
    }

    async fn an_address_that_is_known_costs_as_much_to_refuse_as_one_that_is_not(app: App) {
        app.joins(&app.neighbour, "both@example.org", "viewer").await;
        app.joins(&app.neighbour, "first@example.org", "viewer").await;
        for email in ["sam@example.org", "both@example.org", "first@example.org"] {
            app.joins(&app.admin, email, "viewer").await;
        }
        // Someone who was taken out of every organisation still has an account.
        app.joins(&app.admin, "alone@example.org", "viewer").await;
        let alone = app.signs_in("alone@example.org").await;
        let user = crate::roles::user_of(&app, &alone).await;
        assert_eq!(app.delete(&app.admin, &format!("/users/{}", id(&user)), &user).await.status, 204);
        // Whom each organisation calls a stranger is kept at the first failure ever.
        tries(&app, "first@example.org", "not this one, no").await.faults(401);
        let cost = async |email: &str| {
            let before = (app.store.password_hash_count(), app.store.statement_count());
            tries(&app, email, "not this one, no").await.faults(401);
            let by_form = format!("email={}&password=not+this+one", email.replace('@', "%40"));
            let headers = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin")];
            let told = app.client.post("/sign-in").header(headers[0].0, headers[0].1).header(headers[1].0, headers[1].1).body(by_form).send().await;
            assert_eq!(told.0.status(), 401);
            (app.store.password_hash_count() - before.0, app.store.statement_count() - before.1)
        };
        let costs = [cost("nobody@example.org").await, cost("sam@example.org").await, cost("both@example.org").await, cost("alone@example.org").await];
        assert_eq!(costs[0].0, 2);
        assert_eq!(costs, [costs[0]; 4], "(hashes, statements) of nobody, of someone of one organisation, of two and of none");
    }

    async fn someone_has_only_so_many_sessions(app: App) {
        app.joins(&app.admin, "sam@example.org", "viewer").await;
        let first = app.signs_in("sam@example.org").await;
        for _ in 0..20 {
            later(&app, 1);
            app.signs_in("sam@example.org").await;
        }
        assert_eq!(app.walk("/sessions", 200).await.len(), 20);
        later(&app, 6);
        app.get(&first, "/suppliers").await.faults(401);
    }

    async fn the_secret_of_a_session_is_in_no_answer_but_its_cookie(app: App) {
        let sam = app.member("admin").await;
        let user = user_of(&app, &sam).await;
        let (cookie, _) = sam.session().expect("a session");
        let (_, secret) = cookie.rsplit_once('_').expect("two parts");
        for path in ["/sessions", "/sessions/current", "/users/me/sessions", "/users/me", "/audit-events", &format!("/users/{}", id(&user))] {
            assert!(!app.get(&sam, path).await.text.contains(secret), "{path}");
        }
    }
}

#[tokio::test]
async fn a_session_made_on_one_replica_works_and_is_ended_on_the_other() {
    let here = App::open(On::Postgres).await;
    let there = replica(&here).await;
    here.joins(&here.admin, "sam@example.org", "editor").await;
    let sam = there.signs_in("sam@example.org").await;
    for app in [&here, &there] {
        app.get(&sam, "/suppliers").await.json(200);
    }
    let session = here.get(&sam, "/sessions/current").await.json(200);
    assert_eq!(here.delete(&here.admin, &format!("/sessions/{}", id(&session)), &session).await.status, 204);
    here.get(&sam, "/suppliers").await.faults(401);
    later(&here, 5);
    there.get(&sam, "/suppliers").await.faults(401);
    // Tries are counted together, and a code is good on one of them only.
    let sam = here.signs_in("sam@example.org").await;
    let secret = enrolled(&here, &sam).await;
    let body = json!({ "email": "sam@example.org", "password": PASSWORD, "code": code_at(&secret, now(&here)) });
    let (left, right) = tokio::join!(
        here.post(&here.stranger, "/sessions", body.clone()),
        there.post(&there.stranger, "/sessions", body)
    );
    assert!(
        [left.status.as_u16(), right.status.as_u16()].iter().filter(|status| **status == 201).count() == 1,
        "{} {}",
        left.text,
        right.text
    );
    for number in 0..4 {
        let app = if number % 2 == 0 { &here } else { &there };
        tries(app, "kit@example.org", "not this one, no").await.faults(401);
    }
    tries(&here, "kit@example.org", "not this one, no").await.faults(401);
    tries(&there, "kit@example.org", "not this one, no").await.faults(429);
}

#[tokio::test]
async fn a_program_that_serves_on_this_machine_gives_cookies_a_browser_there_keeps() {
    let app_here = App::open(On::Sqlite).await;
    app_here.joins(&app_here.admin, "sam@example.org", "viewer").await;
    let client = TestClient::new(app(app_here.store.clone(), &Config::default()).boxed());
    let body = json!({ "email": "sam@example.org", "password": PASSWORD }).to_string();
    let answer = Answer::of(
        client
            .post("/api/v1/sessions")
            .header("host", "127.0.0.1:8080")
            .content_type("application/json")
            .body(body)
            .send()
            .await,
    )
    .await;
    let cookie = set(&answer, "diligence").expect("a cookie");
    assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{cookie}");
}
