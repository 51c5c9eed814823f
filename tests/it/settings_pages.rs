//! The settings as an administrator uses them, and as everyone else reads them: people, keys, policy, sign-in,
//! organisation.

use serde_json::{Value, json};

use crate::{
    harness::{App, PASSWORD, Person, best, both, id, text},
    pages::{Browser, goes_to, holds, shown, someone, token},
};

/// The secret that a page shows once.
fn secret(page: &str) -> String {
    let shown = page.split("id=\"secret\">").nth(1).and_then(|rest| rest.split('<').next()).expect("a secret");
    shown.replace("&#38;", "&")
}

async fn user(app: &App, email: &str) -> Value {
    app.walk("/users", 200).await.into_iter().find(|user| user["email"] == email).expect("a user")
}

both! {
    async fn everyone_finds_the_settings_and_sees_those_that_concern_them(app: App) {
        let mut admin = someone(&app, "admin").await;
        let page = shown(&mut admin, &app, "/settings").await;
        for part in ["people", "keys", "policy", "organisation", "sign-in", "audit", "privacy", "backup"] {
            holds(&page, &[&format!("href=\"/settings/{part}\"")]);
        }
        holds(&page, &["<a href=\"/settings\" aria-current=\"page\">Settings</a>", "Second factor: recommended for approvers and administrators.", "1 person, 1 administrator.", "4 keys work."]);
        let mut viewer = someone(&app, "viewer").await;
        let page = shown(&mut viewer, &app, "/settings").await;
        holds(&page, &["href=\"/settings/policy\"", "href=\"/settings/sign-in\"", "It is called Meadow View Care."]);
        for part in ["people", "keys", "audit", "backup"] {
            assert!(!page.contains(&format!("/settings/{part}")), "{part}");
            assert_eq!(viewer.opens(&app, &format!("/settings/{part}")).await.status, 403, "{part}");
        }
        for (path, change) in [("policy", "Change the policy"), ("organisation", "Change the name"), ("sign-in", "/change"), ("privacy", "Change how long")] {
            let page = shown(&mut viewer, &app, &format!("/settings/{path}")).await;
            assert!(!page.contains(change), "{path}");
        }
        for path in ["people/invite", "people/invitations", "keys/new", "organisation/change", "sign-in/change", "sign-in/providers/new", "privacy/retention", "privacy/apply", "audit/verify"] {
            assert_eq!(viewer.opens(&app, &format!("/settings/{path}")).await.status, 403, "{path}");
        }
        let own = token(&page);
        for path in ["people/invite", "keys/new", "organisation/change", "sign-in/change", "sign-in/providers/new", "privacy/retention", "privacy/apply", "privacy/find", "privacy/erase", "audit/verify"] {
            let refused = viewer.fills_only(&app, &format!("/settings/{path}"), &[("csrf", &own), ("version", "1"), ("email", "a@example.org"), ("role", "admin"), ("name", "x"), ("scope", "everything"), ("idle_minutes", "5"), ("absolute_hours", "5")]).await;
            assert_eq!(refused.status, 403, "{path}: {}", refused.text);
        }
        holds(&shown(&mut admin, &app, "/settings/backup").await, &["diligence backup diligence-copy.db", "diligence restore --move-aside diligence-copy.db", "PostgreSQL", "diligence doctor", "Verify the audit trail"]);
    }

    async fn an_administrator_invites_someone_makes_another_link_and_takes_it_back(app: App) {
        let mut admin = someone(&app, "admin").await;
        let page = admin.opens(&app, "/settings/people/invite").await;
        let wrong = admin.fills(&app, &page, "/settings/people/invite", &[("email", "nowhere <x>"), ("name", "Kim & Co"), ("role", "editor")]).await;
        assert_eq!(wrong.status, 422);
        holds(&wrong.text, &["href=\"#email\"", "value=\"nowhere &#60;x&#62;\"", "value=\"Kim &#38; Co\"", "<option value=\"editor\" selected>"]);
        let made = admin.fills(&app, &wrong, "/settings/people/invite", &[("email", "Kim@example.org"), ("name", "Kim & Co"), ("role", "editor")]).await;
        assert_eq!(made.status, 200, "{}", made.text);
        holds(&made.text, &["The invitation is ready", "to kim@example.org", "as editor", "shown this once"]);
        let first = secret(&made.text);
        let people = shown(&mut admin, &app, "/settings/people").await;
        holds(&people, &["kim@example.org", "to join as editor; good until 8 March 2027 at 09:00 UTC"]);
        assert!(!people.contains("dli_"));
        assert_eq!(admin.fills(&app, &page, "/settings/people/invite", &[("email", "kim@example.org"), ("role", "editor")]).await.status, 422, "invited already");
        // Another link; the first opens nothing then.
        let page = admin.opens(&app, "/settings/people").await;
        let invitation = app.walk("/invitations?pending=true", 50).await.remove(0);
        let resend = format!("/settings/people/invitations/{}/resend", id(&invitation));
        let again = admin.fills(&app, &page, &resend, &[]).await;
        assert_eq!(again.status, 200, "{}", again.text);
        let second = secret(&again.text);
        assert_ne!(first, second);
        let open = |url: String| json!({ "token": url.split_once('#').expect("a link").1 });
        assert_eq!(app.post(&app.stranger, "/invitations/open", open(first)).await.status, 404);
        app.post(&app.stranger, "/invitations/open", open(second.clone())).await.json(200);
        // From a page of before it cannot be taken back; from the present one it can.
        let revoke = format!("/settings/people/invitations/{}/revoke", id(&invitation));
        assert_eq!(admin.fills(&app, &page, &revoke, &[]).await.status, 412);
        let page = admin.opens(&app, "/settings/people/invitations?pending=true").await;
        assert_eq!(goes_to(&admin.fills(&app, &page, &revoke, &[]).await), "/settings/people#invitations");
        assert!(app.post(&app.stranger, "/invitations/open", open(second)).await.status.is_client_error());
        holds(&shown(&mut admin, &app, "/settings/people/invitations?pending=false").await, &["kim@example.org", "revoked on 1 March 2027"]);
        holds(&shown(&mut admin, &app, "/settings/people").await, &["None. Whoever is invited"]);
        // What is over cannot be taken back again, and the page says so.
        let over = app.get(&app.admin, &format!("/invitations/{}", id(&invitation))).await.json(200);
        let own = token(&page.text);
        let refused = admin.fills_only(&app, &revoke, &[("csrf", &own), ("version", &over["version"].to_string())]).await;
        assert!(refused.status == 422 && refused.text.contains("There is a problem"), "{}", refused.text);
    }

    async fn an_administrator_changes_a_role_ends_sessions_helps_someone_in_and_takes_them_out(app: App) {
        let mut admin = someone(&app, "admin").await;
        app.joins(&app.admin, "kim@example.org", "editor").await;
        let kim = app.signs_in("kim@example.org").await;
        let user_of = user(&app, "kim@example.org").await;
        let place = format!("/settings/people/{}", id(&user_of));
        holds(&shown(&mut admin, &app, "/settings/people").await, &[&format!("href=\"{place}\">kim<"), "Editor", "(you)"]);
        holds(&shown(&mut admin, &app, "/settings/people?role=viewer").await, &["Nobody has this role"]);
        let page = admin.opens(&app, &place).await;
        holds(&page.text, &["kim@example.org", "<option value=\"editor\" selected>", "Remove them from the organisation"]);
        // Sessions end, one by one.
        let end = format!("{place}/end-sessions");
        assert_eq!(goes_to(&admin.fills(&app, &page, &end, &[]).await), format!("{place}?notice=sessions"));
        assert_eq!(app.get(&kim, "/suppliers").await.status, 401);
        let (one, other) = (app.signs_in("kim@example.org").await, app.signs_in("kim@example.org").await);
        let all = admin.opens(&app, &place).await;
        let own = token(&all.text);
        assert_eq!(goes_to(&admin.fills_only(&app, &end, &[("csrf", &own)]).await), format!("{place}?notice=sessions"));
        assert_eq!((app.get(&one, "/suppliers").await.status.as_u16(), app.get(&other, "/suppliers").await.status.as_u16()), (401, 401));
        // The role: someone else is faster, both are shown, and the choice is made again.
        app.patch(&app.admin, &format!("/users/{}", id(&user_of)), &user_of, json!({ "role": "viewer" })).await.json(200);
        let role = format!("{place}/role");
        let stale = admin.fills(&app, &page, &role, &[("role", "approver")]).await;
        assert_eq!(stale.status, 409);
        holds(&stale.text, &["Saved by someone else: Viewer", "You chose: Approver", "<option value=\"approver\" selected>"]);
        assert_eq!(user(&app, "kim@example.org").await["role"], "viewer");
        assert_eq!(goes_to(&admin.fills(&app, &stale, &role, &[("role", "approver")]).await), format!("{place}?notice=role"));
        assert_eq!(user(&app, "kim@example.org").await["role"], "approver");
        let page = admin.opens(&app, &place).await;
        assert_eq!(admin.fills(&app, &page, &role, &[("role", "king")]).await.status, 422);
        // A link for another password, shown once.
        let reset = format!("{place}/reset-password");
        let made = admin.fills(&app, &page, &reset, &[]).await;
        holds(&made.text, &["A link to choose another password", "Send this link to kim@example.org"]);
        let link = secret(&made.text);
        let body = json!({ "token": link.split_once('#').expect("a link").1, "password": "copper lantern seven oaks" });
        app.post(&app.stranger, "/invitations/accept", body).await.json(200);
        app.post(&app.stranger, "/sessions", json!({ "email": "kim@example.org", "password": "copper lantern seven oaks" })).await.json(201);
        // Without a second factor there is none to take away.
        let page = admin.opens(&app, &place).await;
        assert!(!page.text.contains("reset-second-factor"));
        let refused = admin.fills_only(&app, &format!("{place}/reset-second-factor"), &[("csrf", &token(&page.text)), ("version", &user(&app, "kim@example.org").await["version"].to_string())]).await;
        assert!(refused.status == 422 && refused.text.contains("This person has no second factor."), "{}", refused.text);
        // Taken out, once their name is typed.
        let remove = format!("{place}/remove");
        let unsure = admin.fills(&app, &page, &remove, &[("confirm", "kit")]).await;
        assert_eq!(unsure.status, 422);
        holds(&unsure.text, &["href=\"#confirm\"", "value=\"kit\"", "type kim here"]);
        assert_eq!(goes_to(&admin.fills(&app, &unsure, &remove, &[("confirm", "Kim")]).await), "/settings/people");
        assert!(!shown(&mut admin, &app, "/settings/people").await.contains("kim@example.org"));
        assert_eq!(admin.opens(&app, &place).await.status, 404);
    }

    async fn a_second_factor_is_taken_away_and_the_last_administrator_stays_one(app: App) {
        let mut admin = someone(&app, "admin").await;
        let mut kim = someone(&app, "viewer").await;
        let page = kim.opens(&app, "/account/second-factor").await;
        let page = kim.fills(&app, &page, "/account/second-factor/begin", &[("password", PASSWORD)]).await;
        let key: String = page.text.split("class=\"secret\">").nth(1).and_then(|rest| rest.split('<').next()).expect("a secret").split_whitespace().collect();
        kim.fills(&app, &page, "/account/second-factor", &[("code", &crate::harness::code_at(&key, app.clock.now().time().timestamp()))]).await;
        let kims = app.walk("/users?role=viewer", 50).await.remove(0);
        assert_eq!(kims["has_mfa"], true);
        let place = format!("/settings/people/{}", id(&kims));
        let page = admin.opens(&app, &place).await;
        assert_eq!(goes_to(&admin.fills(&app, &page, &format!("{place}/reset-second-factor"), &[]).await), format!("{place}?notice=factor"));
        assert_eq!(app.get(&app.admin, &format!("/users/{}", id(&kims))).await.json(200)["has_mfa"], false);
        // The last administrator.
        let own = app.walk("/users?role=admin", 50).await.remove(0);
        let place = format!("/settings/people/{}", id(&own));
        let page = admin.opens(&app, &place).await;
        holds(&page.text, &["This is you"]);
        let refused = admin.fills(&app, &page, &format!("{place}/role"), &[("role", "viewer")]).await;
        assert_eq!(refused.status, 422);
        holds(&refused.text, &["id=\"role-wrong\"", "This is the last admin", "<option value=\"viewer\" selected>"]);
        let refused = admin.fills(&app, &page, &format!("{place}/remove"), &[("confirm", text(&own, "name"))]).await;
        assert!(refused.status == 422 && refused.text.contains("id=\"confirm-wrong\""), "{}", refused.text);
        // Nobody of another organisation is there.
        app.joins(&app.neighbour, "nia@example.org", "viewer").await;
        let next_door = app.next_door();
        let neighbour = next_door.walk("/users", 50).await.remove(0);
        assert_eq!(admin.opens(&app, &format!("/settings/people/{}", id(&neighbour))).await.status, 404);
        let forged = admin.fills_only(&app, &format!("/settings/people/{}/remove", id(&neighbour)), &[("csrf", &token(&page.text)), ("version", "1"), ("confirm", "nia")]).await;
        assert_eq!(forged.status, 404);
    }

    async fn an_administrator_makes_a_key_rotates_it_and_revokes_it(app: App) {
        let mut admin = someone(&app, "admin").await;
        let page = admin.opens(&app, "/settings/keys/new").await;
        let said = [("name", "Power <BI>"), ("role", "viewer"), ("scope", "register_only"), ("expires_on", "2027-02-01")];
        let wrong = admin.fills(&app, &page, "/settings/keys/new", &said).await;
        assert_eq!(wrong.status, 422);
        holds(&wrong.text, &["href=\"#expires_on\"", "value=\"Power &#60;BI&#62;\"", "value=\"2027-02-01\"", "<option value=\"register_only\" selected>"]);
        assert_eq!(admin.fills(&app, &page, "/settings/keys/new", &[("name", "x"), ("role", "viewer"), ("scope", "everything"), ("expires_on", "soon")]).await.status, 422);
        let said = [("name", "Power <BI>"), ("role", "viewer"), ("scope", "register_only"), ("expires_on", "2027-03-20")];
        let made = admin.fills(&app, &page, "/settings/keys/new", &said).await;
        assert_eq!(made.status, 200, "{}", made.text);
        holds(&made.text, &["Power &#60;BI&#62;: viewer, reading the register only; it works until the end of 20 March 2027.", "Authorization: Bearer"]);
        let first = Person { key: Some(secret(&made.text)) };
        app.get(&first, "/register").await.json(200);
        assert_eq!(app.get(&first, "/risks").await.status, 403);
        let list = shown(&mut admin, &app, "/settings/keys").await;
        holds(&list, &["Power &#60;BI&#62;", "Works until the end of 20 March 2027", "19 days left: rotate it", "1 March 2027", "Never"]);
        assert!(!list.contains("dlg_"));
        let soon = shown(&mut admin, &app, "/settings/keys?expires_soon=true").await;
        assert!(soon.contains("Power") && !soon.contains(">approver<"));
        let key = app.walk("/keys?expires_soon=true", 50).await.remove(0);
        let place = format!("/settings/keys/{}", id(&key));
        let page = admin.opens(&app, &place).await;
        let rotate = format!("{place}/rotate");
        let wrong = admin.fills(&app, &page, &rotate, &[("overlap_days", "many"), ("expires_on", "2028-01-01")]).await;
        assert!(wrong.status == 422 && wrong.text.contains("value=\"many\"") && wrong.text.contains("value=\"2028-01-01\""), "{}", wrong.text);
        assert_eq!(admin.fills(&app, &page, &rotate, &[("overlap_days", "31"), ("expires_on", "")]).await.status, 422);
        let rotated = admin.fills(&app, &page, &rotate, &[("overlap_days", "3"), ("expires_on", "")]).await;
        holds(&rotated.text, &["The new key is ready"]);
        let second = Person { key: Some(secret(&rotated.text)) };
        for key in [&first, &second] {
            app.get(key, "/register").await.json(200);
        }
        holds(&shown(&mut admin, &app, &place).await, &["Replaced; still works until the end of 4 March 2027", "a later key"]);
        // Revoked, once its name is typed.
        let page = admin.opens(&app, &place).await;
        let revoke = format!("{place}/revoke");
        assert_eq!(admin.fills(&app, &page, &revoke, &[("confirm", "")]).await.status, 422);
        app.get(&first, "/register").await.json(200);
        assert_eq!(goes_to(&admin.fills(&app, &page, &revoke, &[("confirm", "power <bi>")]).await), "/settings/keys");
        assert_eq!(app.get(&first, "/register").await.status, 401);
        let page = shown(&mut admin, &app, &place).await;
        assert!(page.contains("Revoked on 1 March 2027") && !page.contains("/revoke\""), "{}", page.text);
        let theirs = app.next_door().walk("/keys", 50).await.remove(0);
        assert_eq!(admin.opens(&app, &format!("/settings/keys/{}", id(&theirs))).await.status, 404);
    }

    async fn what_another_policy_would_do_is_seen_before_it_is_saved(app: App) {
        let supplier = app.supplier("Harbour & Sons").await;
        app.approved("supplier-security", &supplier, best).await;
        let line = app.line(&supplier).await;
        let mut admin = someone(&app, "admin").await;
        let seen = shown(&mut admin, &app, "/settings/policy").await;
        holds(&seen, &["80 to 100", "Reviews where the tier is not known yet", "Every 6 months", "Almost certain", "Extreme <span class=\"small\">25</span>", "Whoever answered an assessment may also decide on it"]);
        let page = admin.opens(&app, "/settings/policy/change").await;
        holds(&page.text, &["name=\"rating.strong_from\"", "value=\"80\"", "name=\"rating.matrix.critical.poor\"", "See what this would do"]);
        assert!(!page.text.contains("value=\"save\""), "nothing is saved unseen");
        let stored = app.get(&app.admin, "/policy").await.json(200);
        let fields = fields(&stored);
        let with = |changes: &[(&str, &str)]| {
            let value = |name: &String, value: &String| changes.iter().find(|(changed, _)| changed == name).map_or(value.clone(), |(_, to)| (*to).to_owned());
            fields.iter().map(|(name, was)| (name.clone(), value(name, was))).collect::<Vec<(String, String)>>()
        };
        async fn send(admin: &mut Browser, app: &App, page: &crate::harness::Answer, fields: &[(String, String)], step: &str) -> crate::harness::Answer {
            let all: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain([("step", step)]).collect();
            admin.fills(app, page, "/settings/policy/change", &all).await
        }
        let wrong = send(&mut admin, &app, &page, &with(&[("rating.strong_from", "many"), ("rating.weak_from", "300"), ("cadence_months.low", "")]), "ask").await;
        assert_eq!(wrong.status, 422);
        holds(&wrong.text, &["href=\"#rating-strong_from\"", "value=\"many\"", "href=\"#rating-weak_from\"", "href=\"#cadence_months-low\""]);
        let wrong = send(&mut admin, &app, &page, &with(&[("risk_bands.high_from", "3"), ("rating.matrix.low.strong", "extreme")]), "ask").await;
        assert_eq!(wrong.status, 422);
        holds(&wrong.text, &["href=\"#risk_bands-moderate_from\"", "Each number must be larger than the one before", "<option value=\"extreme\" selected>"]);
        assert!(wrong.text.contains("href=\"#rating-matrix-low"), "{}", wrong.text);
        // Asked, and nothing is changed by asking.
        let cells = fields.iter().filter(|(name, _)| name.starts_with("rating.matrix.")).map(|(name, _)| (name.as_str(), "extreme"));
        let stricter = with(&cells.chain([("cadence_months.critical", "3")]).collect::<Vec<_>>());
        let asked = send(&mut admin, &app, &page, &stricter, "ask").await;
        assert_eq!(asked.status, 200, "{}", asked.text);
        holds(&asked.text, &["What this would do", "<p class=\"coming\">1 of 1 supplier looked at</p>", "1 supplier or product would be rated worse, and 0 better", "Harbour &#38; Sons", ": extreme in place of ", "value=\"save\"", "Nothing is saved yet", "</html>"]);
        assert_eq!(app.get(&app.admin, "/policy").await.json(200), stored);
        // Someone else is faster: both are shown.
        app.patch(&app.admin, "/policy", &stored, json!({ "maximum_key_days": 90 })).await.json(200);
        let stale = send(&mut admin, &app, &asked, &stricter, "save").await;
        assert_eq!(stale.status, 409);
        holds(&stale.text, &["Someone else changed this meanwhile", "Saved by someone else:</strong> 90", "<span class=\"sr\">Saved by </span>someone else: Low"]);
        assert_eq!(app.line(&supplier).await["rating"], line["rating"]);
        let saved = send(&mut admin, &app, &stale, &stricter.iter().map(|(name, value)| (name.clone(), if name == "maximum_key_days" { "90".into() } else { value.clone() })).collect::<Vec<_>>(), "save").await;
        assert_eq!(goes_to(&saved), "/settings/policy");
        let now = app.get(&app.admin, "/policy").await.json(200);
        assert_eq!((&now["rating"]["matrix"]["low"]["strong"], &now["cadence_months"]["critical"], &now["maximum_key_days"]), (&json!("extreme"), &json!(3), &json!(90)));
        assert_eq!(app.line(&supplier).await["rating"], "extreme");
        // A viewer may ask, and not save.
        let mut viewer = someone(&app, "viewer").await;
        let page = viewer.opens(&app, "/settings/policy/change").await;
        holds(&page.text, &["Try another policy"]);
        let asked = send(&mut viewer, &app, &page, &with(&[]), "ask").await;
        assert!(asked.status == 200 && asked.text.contains("would be rated worse, and 1 better") && !asked.text.contains("value=\"save\""), "{}", asked.text);
        assert_eq!(send(&mut viewer, &app, &page, &with(&[]), "save").await.status, 403);
        assert_eq!(app.get(&app.admin, "/policy").await.json(200), now);
    }

    async fn the_organisation_is_called_otherwise_and_sign_in_made_stricter(app: App) {
        let mut admin = someone(&app, "admin").await;
        let change = "/settings/organisation/change";
        let page = admin.opens(&app, change).await;
        holds(&page.text, &["value=\"Meadow View Care\""]);
        let wrong = admin.fills(&app, &page, change, &[("name", "")]).await;
        assert!(wrong.status == 422 && wrong.text.contains("href=\"#name\""), "{}", wrong.text);
        let taken = admin.fills(&app, &page, change, &[("name", "Riverside Council")]).await;
        assert!(taken.status == 422 && taken.text.contains("value=\"Riverside Council\""), "{}", taken.text);
        let stored = app.get(&app.admin, "/organisation").await.json(200);
        app.patch(&app.admin, "/organisation", &stored, json!({ "name": "Meadow <View>" })).await.json(200);
        let stale = admin.fills(&app, &page, change, &[("name", "Meadow Home")]).await;
        assert_eq!(stale.status, 409);
        holds(&stale.text, &["Saved by someone else:</strong> Meadow &#60;View&#62;", "value=\"Meadow Home\""]);
        assert_eq!(goes_to(&admin.fills(&app, &stale, change, &[("name", "Meadow Home")]).await), "/settings/organisation");
        holds(&shown(&mut admin, &app, "/settings/organisation").await, &["Meadow Home"]);

        let change = "/settings/sign-in/change";
        let page = admin.opens(&app, change).await;
        let said = |idle: &'static str, passwords: &'static str| [("mfa.viewer", "optional"), ("mfa.editor", "recommended"), ("mfa.approver", "required"), ("mfa.admin", "recommended"), ("allows_passwords", passwords), ("idle_minutes", idle), ("absolute_hours", "10")];
        let wrong = admin.fills(&app, &page, change, &said("", "true")).await;
        assert!(wrong.status == 422 && wrong.text.contains("href=\"#idle_minutes\"") && wrong.text.contains("value=\"10\""), "{}", wrong.text);
        let wrong = admin.fills(&app, &page, change, &said("2", "true")).await;
        assert!(wrong.status == 422 && wrong.text.contains("href=\"#idle_minutes\""), "{}", wrong.text);
        let wrong = admin.fills(&app, &page, change, &said("30", "false")).await;
        assert!(wrong.status == 422 && wrong.text.contains("href=\"#allows_passwords\"") && wrong.text.contains("<option value=\"false\" selected>"), "{}", wrong.text);
        assert_eq!(goes_to(&admin.fills(&app, &page, change, &said("30", "true")).await), "/settings/sign-in");
        let policy = app.get(&app.admin, "/sign-in-policy").await.json(200);
        assert_eq!((&policy["mfa"]["approver"], &policy["idle_minutes"], &policy["absolute_hours"], &policy["allows_passwords"]), (&json!("required"), &json!(30), &json!(10), &json!(true)));
        holds(&shown(&mut admin, &app, "/settings").await, &["Second factor: required for approvers, recommended for editors and administrators."]);
        let stale = admin.fills(&app, &page, change, &said("20", "true")).await;
        assert!(stale.status == 409 && stale.text.contains("Saved by someone else:</strong> 30"), "{}", stale.text);
    }

    async fn an_identity_provider_is_added_changed_and_deleted_and_its_secret_never_shown(app: App) {
        let mut admin = someone(&app, "admin").await;
        let new = "/settings/sign-in/providers/new";
        let page = admin.opens(&app, new).await;
        let said = |issuer: &'static str, roles: &'static str| {
            [("name", "Our <accounts>"), ("issuer", issuer), ("client_id", "diligence"), ("client_secret", "kept by both"), ("is_enabled", "true"), ("email_domains", "example.org, Example.net"),
             ("admits_new_people", "false"), ("role_claim", "groups"), ("roles", roles), ("default_role", "")]
        };
        let wrong = admin.fills(&app, &page, new, &said("login.example.org", "managers editor\r\ndirectors = king")).await;
        assert_eq!(wrong.status, 422);
        holds(&wrong.text, &["href=\"#roles\"", "managers editor\ndirectors = king", "value=\"Our &#60;accounts&#62;\""]);
        assert!(!wrong.text.contains("kept by both"));
        let wrong = admin.fills(&app, &page, new, &said("login.example.org", "directors = king")).await;
        assert!(wrong.status == 422 && wrong.text.contains("href=\"#roles\""), "{}", wrong.text);
        let wrong = admin.fills(&app, &page, new, &said("login.example.org", "managers = editor\r\ndirectors = Approver")).await;
        assert!(wrong.status == 422 && wrong.text.contains("href=\"#issuer\""), "{}", wrong.text);
        let told = goes_to(&admin.fills(&app, &page, new, &said("https://login.example.org", "managers = editor\r\ndirectors = Approver")).await);
        let (place, notice) = told.split_once('?').expect("nobody is there, which is said");
        let place = place.to_owned();
        assert_eq!(notice, "notice=unreached");
        holds(&shown(&mut admin, &app, &told).await, &["could not be reached", "Try this provider"]);
        let provider = app.walk("/identity-providers", 50).await.remove(0);
        assert_eq!((&provider["roles"], &provider["email_domains"], &provider["default_role"]), (&json!({ "managers": "editor", "directors": "approver" }), &json!(["example.org", "example.net"]), &Value::Null));
        let seen = shown(&mut admin, &app, &place).await;
        holds(&seen, &["Our &#60;accounts&#62;", &format!("/sign-in/{}/callback", id(&provider)), "Kept, never shown", "directors: Approver"]);
        let change = format!("{place}/change");
        let page = admin.opens(&app, &change).await;
        holds(&page.text, &["managers = editor", "value=\"example.org, example.net\""]);
        assert!(!seen.contains("kept by both") && !page.text.contains("kept by both"));
        // A role that is not typed any more is gone, and the secret stays.
        let fewer: Vec<(&str, &str)> = said("https://login.example.org", "managers = viewer").into_iter().filter(|(name, _)| *name != "client_secret").collect();
        assert_eq!(goes_to(&admin.fills(&app, &page, &change, &fewer).await), place);
        let now = app.get(&app.admin, &format!("/identity-providers/{}", id(&provider))).await.json(200);
        assert_eq!(now["roles"], json!({ "managers": "viewer" }));
        holds(&shown(&mut admin, &app, &place).await, &["Kept, never shown"]);
        let stale = admin.fills(&app, &page, &change, &said("https://login.example.org", "managers = editor")).await;
        assert!(stale.status == 409 && stale.text.contains("Saved by someone else:</strong> managers = viewer") && !stale.text.contains("kept by both"), "{}", stale.text);
        // It is tried, and nobody is there; and it is asked what it says of itself, and says nothing.
        let page = admin.opens(&app, &place).await;
        let trial = goes_to(&admin.fills(&app, &page, &format!("{place}/try"), &[]).await);
        assert!(trial.starts_with("/settings/sign-in/trials/tri_"), "{trial}");
        holds(&shown(&mut admin, &app, &trial).await, &["Nobody would be let in so", "cannot be reached", "asking the provider what it says of itself"]);
        holds(&shown(&mut admin, &app, &format!("{place}/asked")).await, &["It was not reached"]);
        // The last way in stays.
        let policy = app.get(&app.admin, "/sign-in-policy").await.json(200);
        let without = app.patch(&app.admin, "/sign-in-policy", &policy, json!({ "allows_passwords": false })).await.json(200);
        let page = admin.opens(&app, &place).await;
        let delete = format!("{place}/delete");
        let refused = admin.fills(&app, &page, &delete, &[("confirm", "our <accounts>")]).await;
        assert!(refused.status == 422 && refused.text.contains("this is the last identity provider"), "{}", refused.text);
        app.patch(&app.admin, "/sign-in-policy", &without, json!({ "allows_passwords": true })).await.json(200);
        assert_eq!(admin.fills(&app, &page, &delete, &[("confirm", "something")]).await.status, 422);
        assert_eq!(goes_to(&admin.fills(&app, &page, &delete, &[("confirm", "our <accounts>")]).await), "/settings/sign-in");
        assert_eq!(admin.opens(&app, &place).await.status, 404);
    }

    async fn someone_changes_their_name_and_sees_a_name_that_was_faster(app: App) {
        let mut kim = someone(&app, "viewer").await;
        holds(&shown(&mut kim, &app, "/account").await, &["href=\"/account/name\""]);
        let page = shown(&mut kim, &app, "/account/name").await;
        let wrong = kim.fills(&app, &page, "/account/name", &[("name", " ")]).await;
        assert_eq!(wrong.status, 422);
        holds(&wrong, &["href=\"#name\"", "id=\"name-wrong\""]);
        assert_eq!(goes_to(&kim.fills(&app, &page, "/account/name", &[("name", "Kim <Ito>")]).await), "/account?notice=name");
        holds(&shown(&mut kim, &app, "/account?notice=name").await, &["Kim &#60;Ito&#62;", "Your name is changed."]);
        let late = kim.fills(&app, &page, "/account/name", &[("name", "Kim Late")]).await;
        assert_eq!(late.status, 409);
        holds(&late, &["value=\"Kim Late\"", "Saved by someone else:</strong> Kim &#60;Ito&#62;"]);
    }

    async fn someone_ends_one_of_their_own_sessions(app: App) {
        app.joins(&app.admin, "kim@example.org", "editor").await;
        let (here, there) = (app.signs_in("kim@example.org").await, app.signs_in("kim@example.org").await);
        let mut kim = Browser::of(&here);
        let page = kim.opens(&app, "/account").await;
        holds(&page.text, &["This one", "End this one"]);
        assert_eq!(goes_to(&kim.fills(&app, &page, "/account/sessions/end", &[]).await), "/account?notice=one");
        assert_eq!(app.get(&there, "/suppliers").await.status, 401);
        app.get(&here, "/suppliers").await.json(200);
        let theirs = app.member("editor").await;
        let session = app.get(&theirs, "/sessions/current").await.json(200);
        let forged = kim.fills_only(&app, "/account/sessions/end", &[("csrf", &token(&page.text)), ("session_id", id(&session)), ("version", "1")]).await;
        assert_eq!(forged.status, 404);
        app.get(&theirs, "/suppliers").await.json(200);
    }
}

/// The fields of the form for a policy, with what is stored in them.
fn fields(stored: &Value) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    let mut put = |name: String, value: &Value| {
        fields.push((
            name,
            value
                .as_str()
                .map_or_else(|| if value.is_null() { String::new() } else { value.to_string() }, str::to_owned),
        ))
    };
    for name in ["strong_from", "adequate_from", "weak_from", "minimum_coverage"] {
        put(format!("rating.{name}"), &stored["rating"][name]);
    }
    for tier in ["low", "medium", "high", "critical"] {
        for band in ["strong", "adequate", "weak", "poor"] {
            put(format!("rating.matrix.{tier}.{band}"), &stored["rating"]["matrix"][tier][band]);
        }
        put(format!("cadence_months.{tier}"), &stored["cadence_months"][tier]);
    }
    put("cadence_months.unknown".into(), &stored["cadence_months"]["unknown"]);
    for name in ["moderate_from", "high_from", "extreme_from"] {
        put(format!("risk_bands.{name}"), &stored["risk_bands"][name]);
    }
    for name in ["cyber_essentials", "cyber_essentials_plus", "iso_27001", "penetration_test", "security_check", "dspt"]
    {
        put(format!("evidence_validity.{name}"), &stored["evidence_validity"][name]);
    }
    put("separation_of_duties".into(), &stored["separation_of_duties"]);
    put("maximum_key_days".into(), &stored["maximum_key_days"]);
    fields
}
