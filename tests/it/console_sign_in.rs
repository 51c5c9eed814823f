//! Signing in through identity providers, as far as it is seen to at the console.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use serde_json::{Value, json};

use crate::{
    harness::{both, id, text},
    operations::run,
    people::actions,
};

/// A provider that says this of itself, beside its issuer; gives its issuer, and what it has been asked so far.
fn provider_that_says(mut document: Value) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let issuer = format!("http://{}", listener.local_addr().expect("its address"));
    document["issuer"] = json!(issuer);
    for (name, path) in [("authorization_endpoint", "authorise"), ("token_endpoint", "token"), ("jwks_uri", "keys")] {
        document[name] = json!(format!("{issuer}/{path}"));
    }
    let asked = Arc::<Mutex<Vec<String>>>::default();
    let heard = Arc::clone(&asked);
    // It ends with the tests.
    thread::spawn(move || {
        for mut connection in listener.incoming().flatten() {
            let head: Vec<String> = BufReader::new(&connection)
                .lines()
                .map_while(|line| line.ok().filter(|line| !line.is_empty()))
                .collect();
            heard.lock().unwrap_or_else(PoisonError::into_inner).extend(head.first().cloned());
            let body = document.to_string();
            let _ = write!(
                connection,
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
        }
    });
    (issuer, asked)
}

#[test]
fn a_provider_is_asked_at_the_console_what_it_says_of_itself_and_only_where_that_is_allowed() {
    let (issuer, asked) = provider_that_says(json!({
        "response_types_supported": ["code"], "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"], "scopes_supported": ["openid", "email", "profile"],
        "claims_supported": ["sub", "email"], "code_challenge_methods_supported": ["S256"],
    }));
    let asks = |more: &[&str]| run(&[&["provider", "ask"][..], more].concat());
    let question = "GET /.well-known/openid-configuration HTTP/1.1";
    let heard = || asked.lock().unwrap_or_else(PoisonError::into_inner).clone();

    let (code, out, said) = asks(&[&issuer, "--role-claim", "groups", "--provider-networks", "127.0.0.1"]);
    let told = format!("issuer\t{issuer}\nscopes\topenid email profile\nclaims\tsub email\npkce\tS256\n");
    assert_eq!((code, out), (Some(0), told.clone()), "{said}");
    for note in ["the claim groups", "email_verified"] {
        assert!(said.contains(note), "{note} is not in {said}");
    }
    assert!(!said.contains("PKCE") && heard() == [question], "{said} {:?}", heard());
    // Typed with a slash too many, it is another one.
    let (code, out, said) = asks(&[&format!("{issuer}/"), "--provider-networks", "127.0.0.1"]);
    assert_eq!((code, out), (Some(0), told), "{said}");
    assert!(said.contains(&format!("It calls itself {issuer} and is entered as {issuer}/")), "{said}");
    assert_eq!(heard(), [question, question]);
    // One in a network that nobody has named is not asked.
    let (code, out, said) = asks(&[&issuer]);
    assert_eq!((code, out.as_str()), (Some(1), ""), "{said}");
    assert!(said.contains("it was not reached within 10 seconds"), "{said}");
    let (code, out, said) = asks(&["http://login.example.org"]);
    assert_eq!((code, out.as_str()), (Some(2), ""), "{said}");
    assert!(said.contains("ISSUER: expected an address that begins with https://"), "{said}");
    assert_eq!(heard().len(), 2);
}

both! {
    async fn a_user_is_tied_to_what_a_provider_calls_them_and_untied_at_the_console(app: App) {
        let body = |name: &str| json!({ "name": name, "issuer": "https://login.example.org", "client_id": "diligence" });
        let provider = app.post(&app.admin, "/identity-providers", body("Our accounts")).await.json(201);
        for email in ["kim@example.org", "sam@example.org"] {
            app.joins(&app.admin, email, "viewer").await;
        }
        let user = |command: &str, email: &str, more: &[&str]| {
            let whose = ["--organisation", "Meadow View Care", "--database-url", app.url.as_str()];
            run(&[&["user", command, email][..], &whose, more].concat())
        };
        let called = |provider: &'static str, subject: &'static str| ["--provider", provider, "--subject", subject];
        let (code, out, said) = user("tie", "kim@example.org", &called("Our accounts", "-248 289"));
        assert_eq!((code, out.as_str(), said.as_str()), (Some(0), "", ""));
        let (code, out, said) = user("identities", "kim@example.org", &[]);
        assert_eq!(code, Some(0), "{said}");
        let cells: Vec<&str> = out.trim_end().split('\t').collect();
        assert_eq!((cells.len(), &cells[..2], &cells[3..]), (5, &[id(&provider), "Our accounts"][..], &["https://login.example.org", "-248 289"][..]), "{out}");
        assert_eq!(user("identities", "sam@example.org", &[]).1, "");

        let refused = |(code, out, said): (Option<i32>, String, String), why: &str| {
            assert!(code == Some(6) && out.is_empty() && said.contains(why), "{code:?} {out} {said}");
        };
        refused(user("tie", "sam@example.org", &called("Our accounts", "-248 289")), "that of kim@example.org already");
        refused(user("tie", "sam@example.org", &called("Our account", "x")), "--provider: there is no identity provider \"Our account\": expected one of \"Our accounts\" (idp_");
        refused(user("tie", "sam@example.org", &called("Our accounts", "")), "/subject");
        refused(user("tie", "nobody@example.org", &called("Our accounts", "x")), "there is no user nobody@example.org");
        refused(user("untie", "sam@example.org", &called("Our accounts", "-248 289")), "not tied");
        // Where two are called alike, the id says which.
        app.post(&app.admin, "/identity-providers", body("Our accounts")).await.json(201);
        refused(user("untie", "kim@example.org", &called("Our accounts", "-248 289")), "several are called \"Our accounts\"");
        let (code, _, said) = user("untie", "kim@example.org", &["--provider", id(&provider), "--subject", "-248 289"]);
        assert_eq!(code, Some(0), "{said}");
        assert_eq!(user("identities", "kim@example.org", &[]).1, "");
        let kim = app.walk("/users", 50).await.into_iter().find(|user| user["email"] == "kim@example.org").expect("a user");
        let filter = format!("item_id={}", id(&kim));
        assert_eq!(actions(&app, &filter).await, ["untie_identity", "tie_identity", "create"]);
        assert_eq!(text(&app.walk(&format!("/audit-events?{filter}"), 50).await[0], "actor_name"), "console");
    }
}
