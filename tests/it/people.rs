//! People: how they come to an organisation, what they may do there, and how they go.

use diligence_entities::role::Role;
use poem::http::Method;
use serde_json::{Value, json};

use crate::{
    harness::{App, PASSWORD, both, code_at, id, person, text},
    roles::{enrolled, now, user_of},
};

/// The actions about this item, the newest first.
pub(crate) async fn actions(app: &App, filter: &str) -> Vec<String> {
    app.walk(&format!("/audit-events?{filter}"), 200)
        .await
        .iter()
        .map(|event| text(event, "action").to_owned())
        .collect()
}

/// Everything that was ever kept of us in the audit trail, as one text.
async fn trail(app: &App) -> String {
    json!(app.walk("/audit-events", 200).await).to_string()
}

async fn invited(app: &App, email: &str, role: &str) -> Value {
    app.post(&app.admin, "/invitations", json!({ "email": email, "role": role })).await.json(201)
}

both! {
    async fn someone_who_is_invited_chooses_their_own_password_and_is_in(app: App) {
        let sent = app.post(&app.admin, "/invitations", json!({ "email": " Sam@Example.org ", "name": "Sam Okafor", "role": "editor" })).await.json(201);
        assert_eq!((text(&sent, "email"), text(&sent, "state"), text(&sent, "expires_at")), ("sam@example.org", "pending", "2027-03-08T09:00:00.000000Z"));
        assert_eq!(text(&sent, "url"), format!("http://127.0.0.1:8080/invitations#{}", text(&sent, "token")));
        let opened = app.post(&app.stranger, "/invitations/open", json!({ "token": sent["token"] })).await.json(200);
        assert_eq!((text(&opened, "organisation_name"), text(&opened, "role"), &opened["has_account"], &opened["name"]), ("Meadow View Care", "editor", &json!(false), &json!("Sam Okafor")));
        let accepted = app.post(&app.stranger, "/invitations/accept", json!({ "token": sent["token"], "password": PASSWORD })).await.json(200);
        assert_eq!(text(&accepted, "email"), "sam@example.org");
        let sam = app.signs_in("SAM@example.org").await;
        let supplier = app.post(&sam, "/suppliers", json!({ "name": "Harbour" })).await.json(201);
        let event = app.walk(&format!("/audit-events?item_id={}", id(&supplier)), 50).await.remove(0);
        let user = user_of(&app, &sam).await;
        assert_eq!((text(&event, "actor_id"), text(&event, "actor_name")), (id(&user), "Sam Okafor"));
        assert_eq!((text(&user, "role"), &user["has_mfa"], &user["has_password"]), ("editor", &json!(false), &json!(true)));
        assert_eq!(actions(&app, &format!("item_id={}", id(&sent))).await, ["accept", "create"]);
        assert_eq!(actions(&app, &format!("item_id={}", id(&user))).await, ["create"]);
        // The link was good once, and nothing secret is kept in words.
        app.post(&app.stranger, "/invitations/accept", json!({ "token": sent["token"], "password": PASSWORD })).await.faults(410);
        let (token, trail) = (text(&sent, "token"), trail(&app).await);
        let (_, secret) = token.rsplit_once('_').expect("two parts");
        assert!(!trail.contains(secret) && !trail.contains("argon2") && !trail.contains(PASSWORD) && !trail.contains("token_hash") && !trail.contains("password_hash"));
    }

    async fn a_link_that_is_no_good_says_so_and_no_more(app: App) {
        let sent = invited(&app, "sam@example.org", "viewer").await;
        let open = async |token: &str| app.post(&app.stranger, "/invitations/open", json!({ "token": token })).await;
        let token = text(&sent, "token").to_owned();
        let near = format!("{}{}", &token[..token.len() - 1], if token.ends_with('0') { '1' } else { '0' });
        for wrong in [near.as_str(), "dli_", "dli_x_y", "x", &token[..36], "dls_0190c5d2e5f27c3c8a4b0d6f1e2a3b4c_00"] {
            assert_eq!(open(wrong).await.faults(404), Vec::<String>::new(), "{wrong}");
            app.post(&app.stranger, "/invitations/accept", json!({ "token": wrong, "name": "x", "password": PASSWORD })).await.faults(404);
        }
        let path = format!("/invitations/{}", id(&sent));
        let again = app.act(&app.admin, &format!("{path}/resend"), &sent, None).await.json(200);
        assert_eq!(open(&token).await.faults(404), Vec::<String>::new(), "the old token is dead");
        open(text(&again, "token")).await.json(200);
        app.goes_to("2027-03-08");
        assert_eq!(open(text(&again, "token")).await.faults(410), Vec::<String>::new());
        assert_eq!(text(&app.get(&app.admin, &path).await.json(200), "state"), "expired");
        let again = app.act(&app.admin, &format!("{path}/resend"), &again, None).await.json(200);
        open(text(&again, "token")).await.json(200);
        let revoked = app.act(&app.admin, &format!("{path}/revoke"), &again, None).await.json(200);
        assert_eq!(text(&revoked, "state"), "revoked");
        assert_eq!(open(text(&again, "token")).await.faults(410), Vec::<String>::new());
        app.act(&app.admin, &format!("{path}/revoke"), &revoked, None).await.faults(409);
        app.act(&app.admin, &format!("{path}/resend"), &revoked, None).await.faults(409);
        assert_eq!(app.walk("/invitations?pending=true", 50).await, Vec::<Value>::new());
    }

    async fn nobody_is_invited_twice_or_where_they_are_already(app: App) {
        invited(&app, "sam@example.org", "viewer").await;
        assert_eq!(app.post(&app.admin, "/invitations", json!({ "email": "SAM@example.org", "role": "admin" })).await.faults(409), ["invited"]);
        app.joins(&app.admin, "kit@example.org", "viewer").await;
        assert_eq!(app.post(&app.admin, "/invitations", json!({ "email": "kit@example.org", "role": "admin" })).await.faults(409), ["member"]);
        for wrong in ["sam", "sam@", "@example.org", "a b@example.org"] {
            assert_eq!(app.post(&app.admin, "/invitations", json!({ "email": wrong, "role": "viewer" })).await.faults(422), ["/email email"], "{wrong}");
        }
    }

    async fn a_password_is_long_and_not_guessed_soon(app: App) {
        let sent = invited(&app, "sam.okafor@example.org", "viewer").await;
        let tries = async |password: &str| app.post(&app.stranger, "/invitations/accept", json!({ "token": sent["token"], "name": "Sam Okafor", "password": password })).await;
        for (weak, code) in [("elevenchars", "length"), ("password1234", "weak"), ("sam.okafor@example.org", "weak"), ("Meadow View Care", "weak"), ("Meadow View Care 1", "weak")] {
            assert_eq!(tries(weak).await.faults(422), [format!("/password {code}")], "{weak}");
        }
        assert_eq!(tries(&"x".repeat(129)).await.faults(422), ["/password length"]);
        tries("ŵy bach a llechen las").await.json(200);
    }

    async fn a_person_belongs_to_several_organisations_and_joins_with_the_account_they_have(app: App) {
        app.joins(&app.neighbour, "sam@example.org", "admin").await;
        app.goes_to("2027-03-02");
        let sent = invited(&app, "sam@example.org", "viewer").await;
        let opened = app.post(&app.stranger, "/invitations/open", json!({ "token": sent["token"] })).await.json(200);
        assert_eq!(opened["has_account"], json!(true));
        // Whoever invites cannot set another's password.
        let accept = async |password: &str| app.post(&app.stranger, "/invitations/accept", json!({ "token": sent["token"], "name": "Eve", "password": password })).await;
        assert_eq!(accept("slate window kettle heron").await.faults(401), ["wrong_credentials"]);
        accept(PASSWORD).await.json(200);
        let sam = app.signs_in("sam@example.org").await;
        let me = app.get(&sam, "/users/me").await.json(200);
        let organisations: Vec<(&str, &str)> = me["organisations"].as_array().expect("a list").iter().map(|place| (text(place, "name"), text(place, "role"))).collect();
        assert_eq!((organisations, text(&me, "name")), (vec![("Riverside Council", "admin"), ("Meadow View Care", "viewer")], "sam"));
        app.post(&sam, "/suppliers", json!({ "name": "Ferry" })).await.json(201);
        let ours = app.get(&app.admin, "/organisation").await.json(200);
        let switched = app.post(&sam, "/sessions/current/switch", json!({ "organisation_id": id(&ours) })).await;
        let here = crate::harness::session_of(&switched);
        assert_eq!(app.get(&here, "/suppliers").await.json(200)["items"], json!([]), "what is the neighbour's stays there");
        app.post(&here, "/suppliers", json!({ "name": "Harbour" })).await.faults(403);
        app.get(&sam, "/suppliers").await.faults(401);
        let elsewhere = json!({ "organisation_id": "org_0190c5d2e5f27c3c8a4b0d6f1e2a3b4c" });
        assert_eq!(app.post(&here, "/sessions/current/switch", elsewhere).await.faults(422), ["/organisation_id unknown_id"]);
    }

    async fn another_role_ends_the_sessions_under_the_old_one(app: App) {
        app.member("admin").await;
        let sam = app.member("admin").await;
        let user = user_of(&app, &sam).await;
        let path = format!("/users/{}", id(&user));
        let changed = app.patch(&app.admin, &path, &user, json!({ "role": "viewer" })).await.json(200);
        assert_eq!((text(&changed, "role"), &changed["version"]), ("viewer", &json!(2)));
        app.get(&sam, "/suppliers").await.faults(401);
        let again = app.signs_in(text(&user, "email")).await;
        app.post(&again, "/suppliers", json!({ "name": "Harbour" })).await.faults(403);
        let event = app.walk(&format!("/audit-events?action=change&item_id={}", id(&user)), 50).await.remove(0);
        assert_eq!((&event["before"]["role"], &event["after"]["role"]), (&json!("admin"), &json!("viewer")));
    }

    async fn the_last_admin_stays_one(app: App) {
        let only = app.member("admin").await;
        let user = user_of(&app, &only).await;
        let path = format!("/users/{}", id(&user));
        assert_eq!(app.patch(&only, &path, &user, json!({ "role": "editor" })).await.faults(409), ["last_admin"]);
        assert_eq!(app.delete(&only, &path, &user).await.faults(409), ["last_admin"]);
        let second = app.member("admin").await;
        app.delete(&second, &path, &user).await;
        app.get(&only, "/suppliers").await.faults(401);
        app.get(&app.admin, &path).await.faults(404);
    }

    async fn who_is_removed_is_out_at_once_and_their_history_stays(app: App) {
        let sam = app.member("editor").await;
        let user = user_of(&app, &sam).await;
        let supplier = app.post(&sam, "/suppliers", json!({ "name": "Harbour" })).await.json(201);
        assert_eq!(app.delete(&app.admin, &format!("/users/{}", id(&user)), &user).await.status, 204);
        app.get(&sam, "/suppliers").await.faults(401);
        let told = app.post(&app.stranger, "/sessions", json!({ "email": user["email"], "password": PASSWORD })).await;
        told.faults(403);
        let event = app.walk(&format!("/audit-events?item_id={}", id(&supplier)), 50).await.remove(0);
        assert_eq!((text(&event, "actor_id"), text(&event, "actor_name")), (id(&user), text(&user, "name")));
        // They can be invited again, and are the same person.
        app.joins(&app.admin, text(&user, "email"), "viewer").await;
        assert_eq!(id(&user_of(&app, &app.signs_in(text(&user, "email")).await).await), id(&user));
    }

    async fn a_forgotten_password_is_chosen_anew_through_a_link(app: App) {
        let sam = app.member("editor").await;
        let user = user_of(&app, &sam).await;
        let path = format!("/users/{}/reset-password", id(&user));
        let first = app.act(&app.admin, &path, &user, None).await.json(201);
        let second = app.act(&app.admin, &path, &user, None).await.json(201);
        assert_eq!(text(&second, "kind"), "password_reset");
        app.get(&sam, "/suppliers").await.json(200);
        let accept = async |sent: &Value, password: &str| app.post(&app.stranger, "/invitations/accept", json!({ "token": sent["token"], "password": password })).await;
        accept(&first, "slate window kettle heron").await.faults(410);
        assert_eq!(accept(&second, "password1234").await.faults(422), ["/password weak"]);
        accept(&second, "slate window kettle heron").await.json(200);
        app.get(&sam, "/suppliers").await.faults(401);
        let signs_in = async |password: &str| app.post(&app.stranger, "/sessions", json!({ "email": user["email"], "password": password })).await;
        signs_in(PASSWORD).await.faults(401);
        assert_eq!(signs_in("slate window kettle heron").await.status, 201);
        assert_eq!(actions(&app, &format!("item_id={}", id(&user))).await, ["sign_in_failed", "change_password", "reset_password", "reset_password", "create"]);
    }

    async fn a_reset_by_an_admin_does_not_get_past_a_second_factor_or_into_another_organisation(app: App) {
        let sam = app.member("editor").await;
        let user = user_of(&app, &sam).await;
        let secret = enrolled(&app, &sam).await;
        let sent = app.act(&app.admin, &format!("/users/{}/reset-password", id(&user)), &user, None).await.json(201);
        let accept = async |more: Value| {
            let mut body = json!({ "token": sent["token"], "password": "slate window kettle heron" });
            body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            app.post(&app.stranger, "/invitations/accept", body).await
        };
        assert_eq!(accept(json!({})).await.faults(401), ["code_needed"]);
        assert_eq!(accept(json!({ "code": "000000" })).await.faults(401), ["wrong_code"]);
        accept(json!({ "code": code_at(&secret, now(&app)) })).await.json(200);

        app.joins(&app.neighbour, "kit@example.org", "viewer").await;
        app.joins(&app.admin, "kit@example.org", "viewer").await;
        let kit = user_of(&app, &app.signs_in("kit@example.org").await).await;
        for action in ["reset-password", "reset-mfa"] {
            assert_eq!(app.act(&app.admin, &format!("/users/{}/{action}", id(&kit)), &kit, None).await.faults(409), ["several_organisations"]);
        }
    }

    async fn an_admin_takes_away_a_lost_second_factor_and_it_is_on_record(app: App) {
        let sam = app.member("editor").await;
        let user = user_of(&app, &sam).await;
        let path = format!("/users/{}/reset-mfa", id(&user));
        assert_eq!(app.act(&app.admin, &path, &user, None).await.faults(409), ["no_mfa"]);
        enrolled(&app, &sam).await;
        let after = app.act(&app.admin, &path, &user, None).await.json(200);
        assert_eq!(after["has_mfa"], json!(false));
        app.get(&sam, "/suppliers").await.faults(401);
        assert_eq!(app.post(&app.stranger, "/sessions", json!({ "email": user["email"], "password": PASSWORD })).await.json(201)["stage"], json!("complete"));
        assert_eq!(actions(&app, &format!("item_id={}", id(&user))).await, ["reset_mfa", "confirm_mfa", "enrol_mfa", "create"]);
    }

    async fn users_invitations_and_sessions_come_in_pages(app: App) {
        for name in ["kit", "sam", "ann"] {
            app.joins(&app.admin, &format!("{name}@example.org"), "viewer").await;
            app.signs_in(&format!("{name}@example.org")).await;
        }
        let age = |item: &Value, _: &str| text(item, "created_at").to_owned();
        for list in ["/users", "/invitations", "/sessions"] {
            app.comes_in_pages(list, "id", &[":created_at"], age).await;
        }
        app.member("admin").await;
        app.is_filtered("/users", "role=admin", |user| user["role"] == "admin").await;
        invited(&app, "pat@example.org", "viewer").await;
        app.is_filtered("/invitations", "pending=true", |invitation| invitation["state"] == "pending").await;
        app.is_filtered("/invitations", "pending=false", |invitation| invitation["state"] != "pending").await;
        let some = app.walk("/users", 50).await.remove(0);
        app.is_filtered("/sessions", &format!("user_id={}", id(&some)), |session| session["user_id"] == some["id"]).await;
    }

    async fn another_name_and_another_password_are_ones_own_to_choose(app: App) {
        let sam = app.member("viewer").await;
        let me = app.get(&sam, "/users/me").await.json(200);
        let other = app.signs_in(text(&me, "email")).await;
        let renamed = app.patch(&sam, "/users/me", &me, json!({ "name": "Sam Okafor" })).await.json(200);
        assert_eq!(text(&renamed, "name"), "Sam Okafor");
        app.patch(&sam, "/users/me", &me, json!({ "name": "x" })).await.faults(412);
        let change = async |present: &str, new: &str| app.post(&sam, "/users/me/change-password", json!({ "present_password": present, "new_password": new })).await;
        assert_eq!(change("not this one, no", "slate window kettle heron").await.faults(422), ["/present_password wrong_password"]);
        assert_eq!(change(PASSWORD, "password1234").await.faults(422), ["/new_password weak"]);
        change(PASSWORD, "slate window kettle heron").await.json(200);
        app.get(&other, "/suppliers").await.faults(401);
        app.get(&sam, "/suppliers").await.json(200);
        assert_eq!(actions(&app, &format!("noun=user&item_id={}", id(&me))).await, ["change_password", "change", "create"]);
    }

    async fn an_invitation_is_accepted_while_signed_in(app: App) {
        app.joins(&app.neighbour, "sam@example.org", "viewer").await;
        let sam = app.signs_in("sam@example.org").await;
        let others = invited(&app, "kit@example.org", "viewer").await;
        assert_eq!(app.post(&sam, "/users/me/join", json!({ "token": others["token"] })).await.faults(409), ["someone_else"]);
        let sent = invited(&app, "sam@example.org", "editor").await;
        let joined = app.post(&sam, "/users/me/join", json!({ "token": sent["token"] })).await.json(200);
        assert_eq!(text(&joined, "organisation_name"), "Meadow View Care");
        assert_eq!(app.get(&sam, "/users/me").await.json(200)["organisations"].as_array().map(Vec::len), Some(2));
    }

    async fn a_retry_of_an_invitation_is_not_shown_its_link_again(app: App) {
        let body = json!({ "email": "sam@example.org", "role": "viewer" });
        let send = async || app.send(&app.admin, Method::POST, "/invitations", Some(&body), &[("idempotency-key", "once")]).await.json(201);
        let (first, again) = (send().await, send().await);
        assert!(first["token"].is_string() && first["url"].is_string());
        assert_eq!((&again["token"], &again["url"], id(&again)), (&Value::Null, &Value::Null, id(&first)));
    }

    async fn an_organisation_has_its_own_people(app: App) {
        app.joins(&app.neighbour, "sam@example.org", "viewer").await;
        app.member("viewer").await;
        let neighbours = person(&app.store, "Riverside Council", Role::Admin).await;
        let theirs = app.get(&neighbours, "/users").await.json(200);
        assert_eq!(theirs["items"].as_array().map(Vec::len), Some(1));
        assert_eq!(app.get(&app.admin, "/users").await.json(200)["items"].as_array().map(Vec::len), Some(1));
    }
}
