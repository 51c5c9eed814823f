//! Tying a person to what an identity provider calls them: an administrator says who somebody is where no e-mail address
//! can.

use serde_json::{Value, json};

use crate::{
    harness::{Answer, App, both, id, text},
    pages::{self, goes_to, holds, lacks, shown},
    people::actions,
    single_sign_on::{SHARED, entered, session, signs_in, someone, tries},
};

/// What the provider says of Kim: an address, and nothing of whether it is verified.
const KIM: &str = "kim&verified=unsaid";

/// Our user of this address, as they are now.
async fn user(app: &App, email: &str) -> Value {
    app.walk("/users", 50).await.into_iter().find(|user| user["email"] == email).expect("a user")
}

/// Someone of this address in our organisation.
async fn joined(app: &App, email: &str) -> Value {
    app.joins(&app.admin, email, "editor").await;
    user(app, email).await
}

fn identity(provider: &Value, subject: &str) -> Value {
    json!({ "identity_provider_id": id(provider), "subject": subject })
}

async fn ties(app: &App, user: &Value, verb: &str, body: &Value) -> Answer {
    app.act(&app.admin, &format!("/users/{}/{verb}", id(user)), user, Some(body.clone())).await
}

async fn identities(app: &App, user: &Value) -> Vec<Value> {
    let told = app.get(&app.admin, &format!("/users/{}/identities", id(user))).await.json(200);
    told["identities"].as_array().expect("a list").clone()
}

both! {
    async fn whoever_is_tied_to_a_subject_signs_in_without_a_verified_address_until_they_are_untied(app: App) {
        let provider = entered(&app, &SHARED.issuer, json!({})).await;
        let kim = joined(&app, "kim@example.org").await;
        signs_in(&app, &provider, KIM).await.faults(403);
        let outcome = tries(&app, &provider, KIM).await["outcome"].clone();
        assert_eq!((&outcome["is_let_in"], &outcome["email_belief"]), (&json!(false), &json!("not_said")));
        let body = identity(&provider, text(&outcome, "subject"));
        let tied = ties(&app, &kim, "tie", &body).await.json(200);
        assert_eq!((id(&tied), &tied["version"], text(&tied, "role")), (id(&kim), &json!(2), "editor"));
        let known = identities(&app, &kim).await;
        assert_eq!(known.len(), 1, "{known:?}");
        for (field, value) in [("identity_provider_id", &provider["id"]), ("issuer", &provider["issuer"]), ("subject", &outcome["subject"])] {
            assert_eq!(&known[0][field], value);
        }
        assert_eq!(tries(&app, &provider, KIM).await["outcome"]["is_let_in"], json!(true));
        // Whatever address comes, or none that is one.
        let mut last = None;
        for account in [KIM, "kim&verified=false&email=sam@example.net", "kim&verified=unsaid&email="] {
            let who = someone(&app, &signs_in(&app, &provider, account).await).await;
            let current = session(&app, &who).await;
            assert_eq!((text(&current, "user_id"), text(&current, "method"), text(&current["organisation"], "role")), (id(&kim), "provider", "editor"), "{account}");
            last = Some(who);
        }
        let event = app.walk(&format!("/audit-events?action=tie_identity&item_id={}", id(&kim)), 50).await.remove(0);
        let told = json!({ "identity_provider_id": id(&provider), "issuer": SHARED.issuer, "subject": outcome["subject"], "email": "kim@example.org" });
        assert_eq!((text(&event, "actor_name"), &event["after"]["identity"]), ("admin", &told));

        let untied = ties(&app, &tied, "untie", &body).await.json(200);
        assert_eq!((&untied["version"], identities(&app, &kim).await), (&json!(3), Vec::new()));
        app.get(&last.expect("somebody"), "/suppliers").await.faults(401);
        signs_in(&app, &provider, KIM).await.faults(403);
        assert_eq!(ties(&app, &untied, "untie", &body).await.faults(409), ["/subject not_tied"]);
        assert_eq!(actions(&app, &format!("item_id={}", id(&kim))).await, ["untie_identity", "tie_identity", "create"]);
    }

    async fn a_subject_is_one_persons_and_what_is_wrong_is_named(app: App) {
        let provider = entered(&app, &SHARED.issuer, json!({})).await;
        let (kim, sam) = (joined(&app, "kim@example.org").await, joined(&app, "sam@example.org").await);
        let body = identity(&provider, "248289761001");
        let tied = ties(&app, &kim, "tie", &body).await.json(200);
        assert_eq!(ties(&app, &tied, "tie", &body).await.faults(409), ["/subject already_tied"]);
        let taken = ties(&app, &sam, "tie", &body).await;
        assert_eq!(taken.faults(409), ["/subject subject_taken"]);
        assert!(taken.text.contains("kim@example.org"), "{}", taken.text);
        // To the letter: these are others.
        let one = ties(&app, &sam, "tie", &identity(&provider, "248289761001 ")).await.json(200);
        assert_eq!(ties(&app, &one, "untie", &body).await.faults(409), ["/subject not_tied"]);
        let nothing = json!({ "identity_provider_id": "idp_0190c5d2e5f27c3c8a4b0d6f1e2a3b4c", "subject": "x" });
        for verb in ["tie", "untie"] {
            assert_eq!(ties(&app, &one, verb, &nothing).await.faults(422), ["/identity_provider_id unknown_id"], "{verb}");
            for (subject, fault) in [("", "length"), (&*"x".repeat(256), "length"), ("a\nb", "character")] {
                assert_eq!(ties(&app, &one, verb, &identity(&provider, subject)).await.faults(422), [format!("/subject {fault}")], "{verb} {subject:?}");
            }
            ties(&app, &sam, verb, &identity(&provider, "y")).await.faults(412);
        }
        ties(&app, &one, "tie", &identity(&provider, &"x".repeat(255))).await.json(200);
        let mut now = user(&app, "sam@example.org").await;
        for number in 3..=20 {
            now = ties(&app, &now, "tie", &identity(&provider, &number.to_string())).await.json(200);
        }
        assert_eq!(ties(&app, &now, "tie", &identity(&provider, "21")).await.faults(409), ["/subject too_many"]);
        assert_eq!(identities(&app, &sam).await.len(), 20);
    }

    async fn another_organisation_calls_its_own_people_what_it_likes_and_learns_nothing_of_ours(app: App) {
        let ours = entered(&app, &SHARED.issuer, json!({})).await;
        let next_door = app.next_door();
        let body = json!({ "name": "Theirs", "issuer": SHARED.issuer, "client_id": "diligence" });
        let theirs = app.post(&app.neighbour, "/identity-providers", body).await.json(201);
        app.joins(&app.neighbour, "both@example.org", "admin").await;
        let both = joined(&app, "both@example.org").await;
        app.joins(&app.neighbour, "nia@example.org", "viewer").await;
        let nia = user(&next_door, "nia@example.org").await;
        ties(&next_door, &nia, "tie", &identity(&theirs, "one")).await.json(200);
        // Neither is in the other's way, nor are two entries of one provider.
        let tied = ties(&app, &both, "tie", &identity(&ours, "one")).await.json(200);
        assert_eq!(ties(&app, &tied, "tie", &identity(&theirs, "two")).await.faults(422), ["/identity_provider_id unknown_id"]);
        ties(&app, &nia, "tie", &identity(&ours, "two")).await.faults(404);
        app.get(&app.admin, &format!("/users/{}/identities", id(&nia))).await.faults(404);
        let there = user(&next_door, "both@example.org").await;
        assert_eq!(identities(&next_door, &there).await, Vec::<Value>::new());
        assert_eq!(ties(&next_door, &there, "untie", &identity(&theirs, "one")).await.faults(409), ["/subject not_tied"]);
    }

    async fn what_somebody_was_tied_to_is_told_of_them_and_erased_with_them(app: App) {
        let provider = entered(&app, &SHARED.issuer, json!({})).await;
        let kim = joined(&app, "kim@example.org").await;
        ties(&app, &kim, "tie", &identity(&provider, "248289761001")).await.json(200);
        let told = app.post(&app.admin, "/people/find", json!({ "email": "kim@example.org" })).await.json(200);
        let subject = json!({ "noun": "user", "item_id": id(&kim), "field": "subject", "value": "248289761001" });
        assert!(told["places"].as_array().expect("a list").contains(&subject), "{told}");
        app.post(&app.admin, "/people/erase", json!({ "email": "kim@example.org", "reason": "They left." })).await.json(200);
        let event = app.walk(&format!("/audit-events?action=tie_identity&item_id={}", id(&kim)), 50).await.remove(0);
        assert_eq!(event["after"]["identity"], json!({ "erased": true }));
        let all = json!(app.walk("/audit-events", 200).await).to_string();
        assert!(!all.contains("248289761001"), "{all}");
        assert_eq!(app.get(&app.admin, "/audit-events/verification").await.json(200)["sound"], json!(true));
        // What is free again can be somebody else's.
        let sam = joined(&app, "sam@example.org").await;
        ties(&app, &sam, "tie", &identity(&provider, "248289761001")).await.json(200);
    }

    async fn an_administrator_ties_somebody_on_their_page_and_unties_them_there(app: App) {
        let kim = joined(&app, "kim@example.org").await;
        let place = format!("/settings/people/{}", id(&kim));
        let mut admin = pages::someone(&app, "admin").await;
        lacks(&shown(&mut admin, &app, &place).await, &["identity provider"]);
        let provider = entered(&app, &SHARED.issuer, json!({ "name": "Our <accounts>" })).await;
        let mut admin = pages::someone(&app, "admin").await;
        let (tie, untie) = (format!("{place}/tie"), format!("{place}/untie"));
        let page = shown(&mut admin, &app, &place).await;
        holds(&page, &["What identity providers call them", "Nothing yet", "Our &#60;accounts&#62;</option>"]);
        let wrong = admin.fills(&app, &page, &tie, &[("identity_provider_id", id(&provider)), ("subject", " ")]).await;
        assert_eq!(wrong.status, 422);
        holds(&wrong, &["href=\"#subject\"", "id=\"subject-wrong\""]);
        let wrong = admin.fills(&app, &page, &tie, &[("identity_provider_id", "none"), ("subject", "a <b>")]).await;
        assert_eq!(wrong.status, 422);
        holds(&wrong, &["href=\"#identity_provider_id\"", "value=\"a &#60;b&#62;\""]);
        let told = admin.fills(&app, &wrong, &tie, &[("identity_provider_id", id(&provider)), ("subject", "a <b>")]).await;
        assert_eq!(goes_to(&told), format!("{place}?notice=tied"));
        let page = shown(&mut admin, &app, &format!("{place}?notice=tied")).await;
        holds(&page, &["They are tied", "a &#60;b&#62;<span", "at Our &#60;accounts&#62;"]);
        let again = admin.fills(&app, &page, &tie, &[("identity_provider_id", id(&provider)), ("subject", "a <b>")]).await;
        assert!(again.status == 422 && again.text.contains("This person is tied to this subject already."), "{}", again.text);
        let trail = shown(&mut admin, &app, &format!("/settings/audit?item_id={}", id(&kim))).await;
        holds(&trail, &["Person tied to what an identity provider calls them: kim", "Subject: a &#60;b&#62;"]);
        let told = admin.fills(&app, &page, &untie, &[]).await;
        assert_eq!(goes_to(&told), format!("{place}?notice=untied"));
        holds(&shown(&mut admin, &app, &format!("{place}?notice=untied")).await, &["They are untied", "Nothing yet"]);
        // From a page of before nothing is done.
        assert_eq!(admin.fills(&app, &page, &untie, &[]).await.status, 412);
    }

    async fn a_trial_offers_to_tie_the_person_whose_address_came_and_nobody_where_it_is_said_to_be_false(app: App) {
        let provider = entered(&app, &SHARED.issuer, json!({})).await;
        let kim = joined(&app, "kim@example.org").await;
        let mut admin = pages::someone(&app, "admin").await;
        let offered = "Let them in without an address";
        let page_of = |trial: &Value| format!("/settings/sign-in/trials/{}", id(trial));
        for account in ["kim&verified=false", "nobody&verified=unsaid"] {
            let page = shown(&mut admin, &app, &page_of(&tries(&app, &provider, account).await)).await;
            holds(&page, &[offered, "open them under <a href=\"/settings/people\">people</a>"]);
            lacks(&page, &["kim to it"]);
        }
        // Whoever is let in needs nothing.
        lacks(&shown(&mut admin, &app, &page_of(&tries(&app, &provider, "kim").await)).await, &[offered]);
        let trial = tries(&app, &provider, KIM).await;
        let page = shown(&mut admin, &app, &page_of(&trial)).await;
        holds(&page, &[offered, "The address that came is that of kim", "Tie kim to it"]);
        let tie = format!("/settings/people/{}/tie", id(&kim));
        assert_eq!(goes_to(&admin.fills(&app, &page, &tie, &[]).await), format!("/settings/people/{}?notice=tied", id(&kim)));
        assert_eq!(text(&identities(&app, &kim).await[0], "subject"), text(&trial["outcome"], "subject"));
        let who = someone(&app, &signs_in(&app, &provider, KIM).await).await;
        assert_eq!(text(&session(&app, &who).await, "user_id"), id(&kim));
        lacks(&shown(&mut admin, &app, &page_of(&trial)).await, &[offered]);
    }
}
