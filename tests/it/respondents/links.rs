//! Links: what they are made for, how they end, and that each opens its own assessment and nothing else.

use diligence_openapi::{RESPONDENT_DOCUMENT, operations};
use poem::http::Method;
use serde_json::{Value, json};

use super::{Visitor, exchange, is_public, link, respondent_document, token, visited};
use crate::{
    doctor::change,
    harness::{App, On, both, id, text},
    roles::{assessment, method},
    server::command,
};

both! {
    async fn a_link_that_ends_takes_every_visit_with_it(app: App) {
        let respondent_document = respondent_document();
        let (open, first, sam) = visited(&app).await;
        let second = app.act(&app.editor, &format!("/links/{}/resend", id(&first)), &first, Some(json!({ "message": "Once more." }))).await.json(201);
        let gone = async |visitor: &Visitor, token: &str, word: &str| {
            for operation in operations(&respondent_document).iter().filter(|operation| !is_public(operation)) {
                let nothing = "evd_00000000000000000000000000000000";
                let told = visitor.raw(&app, method(operation), &operation.path.replace("{id}", nothing), None, &[]).await;
                assert_eq!(told.faults(410), Vec::<String>::new(), "{}", operation.id());
                assert!(told.text.contains(word), "{}", told.text);
            }
            let told = exchange(&app, token).await;
            assert_eq!((told.faults(410), told.header("set-cookie")), (Vec::new(), ""));
            assert!(told.text.contains(word), "{}", told.text);
        };
        gone(&sam, &token(&first), "sent again").await;
        let read = app.get(&app.viewer, &format!("/links/{}", id(&first))).await.json(200);
        assert_eq!((text(&read, "state"), &read["replaced_by"]), ("replaced", &second["id"]));
        assert_eq!(app.act(&app.editor, &format!("/links/{}/resend", id(&first)), &read, None).await.faults(409), ["replaced"]);
        assert_eq!(app.act(&app.editor, &format!("/links/{}/revoke", id(&first)), &read, None).await.faults(409), ["revoked"]);

        let sam = Visitor::enters(&app, &token(&second)).await;
        assert_eq!((text(&sam.welcome, "message"), text(&sam.welcome, "contact_name")), ("Once more.", "Sam Harbour"));
        let revoked = app.act(&app.editor, &format!("/links/{}/revoke", id(&second)), &second, None).await.json(200);
        assert_eq!((text(&revoked, "state"), text(&revoked, "revoked_at")), ("revoked", "2027-03-01T09:00:00.000000Z"));
        gone(&sam, &token(&second), "ended").await;

        // One that was revoked can be sent again, and one that has expired.
        let third = app.act(&app.editor, &format!("/links/{}/resend", id(&second)), &revoked, Some(json!({ "expires_on": "2027-03-01" }))).await.json(201);
        app.clock.set("2027-03-01T23:30:00Z".parse().expect("a time"));
        let sam = Visitor::enters(&app, &token(&third)).await;
        sam.get(&app, "/answers").await.json(200);
        app.clock.set("2027-03-02T00:00:00Z".parse().expect("a time"));
        gone(&sam, &token(&third), "expired").await;
        let third = app.get(&app.viewer, &format!("/links/{}", id(&third))).await.json(200);
        assert_eq!(text(&third, "state"), "expired");
        let fourth = app.act(&app.editor, &format!("/links/{}/resend", id(&third)), &third, None).await.json(201);
        Visitor::enters(&app, &token(&fourth)).await.get(&app, "/answers").await.json(200);
        let listed = app.walk(&format!("/links?assessment_id={}", id(&open)), 200).await;
        let states: Vec<&str> = listed.iter().map(|link| text(link, "state")).collect();
        assert_eq!(states, ["replaced", "replaced", "replaced", "opened"]);
        // Uses of dead links are in the trail.
        let refused = app.walk(&format!("/audit-events?item_id={}&action=refuse", id(&first)), 200).await;
        assert_eq!(refused.len(), 1, "{refused:?}");
    }

    async fn what_is_no_link_is_not_found_and_opens_nothing(app: App) {
        let (_, link, sam) = visited(&app).await;
        let good = token(&link);
        let (which, secret) = (&good[4..36], &good[37..]);
        let flipped = format!("{}{}", &good[..good.len() - 1], if good.ends_with('0') { '1' } else { '0' });
        let key = app.admin.key.clone().expect("a key");
        for wrong in [flipped, format!("dlr_{}_{secret}", "0".repeat(32)), format!("dlr_{which}_"), format!("dlr_{which}"), "dlr_".into(), "é".into(), key, sam.cookie.clone(), good[4..].to_owned(), "x".repeat(200)] {
            let told = exchange(&app, &wrong).await;
            assert_eq!((told.faults(404), told.header("set-cookie")), (Vec::new(), ""), "{wrong}");
        }
        assert_eq!(exchange(&app, "").await.faults(422), ["/token length"]);
        assert_eq!(exchange(&app, &"x".repeat(201)).await.faults(422), ["/token length"]);
        let (name, value) = sam.cookie.split_once('=').expect("a cookie");
        let near = format!("{}{}", &value[..value.len() - 1], if value.ends_with('0') { '1' } else { '0' });
        for wrong in [format!("{name}={near}"), format!("{name}={good}"), format!("diligence-respondent={value}"), format!("{}; {}", sam.cookie, sam.cookie), format!("{name}=")] {
            assert_eq!(app.raw(&app.stranger, Method::GET, "/respond/v1/answers", None, &[("cookie", &wrong)]).await.faults(401), Vec::<String>::new(), "{wrong}");
        }
    }

    async fn a_link_opens_its_own_assessment_and_no_other(app: App) {
        let (_, _, sam) = visited(&app).await;
        let (other, _, kit) = visited(&app).await;
        let theirs = kit.sends(&app, "?name=a.txt", b"A lock.").await.json(201);
        for path in [format!("/evidence/{}", id(&theirs)), format!("/evidence/{}/file", id(&theirs))] {
            assert_eq!(sam.get(&app, &path).await.faults(404), Vec::<String>::new());
        }
        assert_eq!(sam.deletes(&app, &format!("/evidence/{}", id(&theirs)), &theirs).await.faults(404), Vec::<String>::new());
        let seen = sam.get(&app, "/answers").await.json(200);
        assert_eq!(sam.saves(&app, &seen, json!({ "locked": { "value": "yes", "evidence_ids": [id(&theirs)] } })).await.faults(422), ["/locked/evidence_ids/0 unknown_id"]);
        sam.saves(&app, &seen, json!({ "locked": { "value": "yes" } })).await.json(200);
        assert_eq!(app.get(&app.viewer, &format!("/assessments/{}", id(&other))).await.json(200)["version"], other["version"]);
        assert_eq!(kit.get(&app, "/answers").await.json(200)["answers"], json!({}));
        // A neighbour's links are not ours, nor ours theirs.
        let listed = app.get(&app.neighbour, "/links").await.json(200);
        assert_eq!(listed["items"], json!([]));
        assert_eq!(app.post(&app.neighbour, "/links", json!({ "assessment_id": id(&other), "contact_name": "x" })).await.faults(422), ["/assessment_id unknown_id"]);
    }

    async fn a_link_is_made_for_an_open_assessment_and_a_while(app: App) {
        let open = assessment(&app, &app.supplier("Harbour").await, "open").await;
        let make = async |more: Value| {
            let mut body = json!({ "assessment_id": id(&open), "contact_name": "Sam" });
            body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            app.post(&app.editor, "/links", body).await
        };
        for (more, faults) in [
            (json!({ "expires_on": "2027-02-28" }), vec!["/expires_on past"]),
            (json!({ "expires_on": "2027-08-29" }), vec!["/expires_on range"]),
            (json!({ "due_on": "2027-02-28", "email": "nobody" }), vec!["/email email"]),
            (json!({ "due_on": "2027-02-28" }), vec!["/due_on past"]),
            (json!({ "contact_name": "", "message": "" }), vec!["/contact_name length", "/message length"]),
            (json!({ "assessment_id": "asm_0190c5d2e5f27c3c8a4b0d6f1e2a3b4c" }), vec!["/assessment_id unknown_id"]),
            (json!({ "role": "admin" }), vec!["/role unknown_field"]),
        ] {
            assert_eq!(make(more.clone()).await.faults(422), faults, "{more}");
        }
        assert_eq!(text(&make(json!({ "expires_on": "2027-08-28" })).await.json(201), "expires_on"), "2027-08-28");
        let made = make(json!({ "email": "sam@harbour.example" })).await.json(201);
        assert_eq!(text(&made, "mail"), "not_configured");
        let submitted = assessment(&app, &app.supplier("Haven").await, "submitted").await;
        assert_eq!(app.post(&app.editor, "/links", json!({ "assessment_id": id(&submitted), "contact_name": "Sam" })).await.faults(409), ["state"]);
        // The program has no public address here, and says that nobody elsewhere can use the link.
        assert_eq!(made["opens_here_only"], json!(true));
        // The text is shown once.
        assert_eq!(app.get(&app.viewer, &format!("/links/{}", id(&made))).await.json(200).get("url"), None);
        assert!(!app.get(&app.admin, "/links?limit=200").await.text.contains("dlr_"));
        let body = json!({ "assessment_id": id(&open), "contact_name": "Kit" });
        let headers = [("idempotency-key", "one")];
        let first = app.send(&app.editor, Method::POST, "/links", Some(&body), &headers).await.json(201);
        let again = app.send(&app.editor, Method::POST, "/links", Some(&body), &headers).await.json(201);
        assert_eq!((id(&first), &again["url"]), (id(&again), &Value::Null));
        Visitor::enters(&app, &token(&first)).await.get(&app, "/answers").await.json(200);
        // The trail knows who it is for, and not how to reach them or what they were told.
        let trail = app.get(&app.admin, &format!("/audit-events?item_id={}", id(&made))).await.text;
        assert!(trail.contains("Sam") && !trail.contains("harbour.example") && !trail.contains("secret_hash"), "{trail}");
        // An assessment that was started by mistake goes with its links.
        let sam = Visitor::enters(&app, &token(&made)).await;
        let evidence = sam.sends(&app, "?name=a.txt", b"A lock.").await.json(201);
        let open = app.get(&app.viewer, &format!("/assessments/{}", id(&open))).await.json(200);
        assert_eq!(app.delete(&app.editor, &format!("/assessments/{}", id(&open)), &open).await.status, 204);
        sam.get(&app, "/answers").await.faults(401);
        exchange(&app, &token(&made)).await.faults(404);
        app.get(&app.viewer, &format!("/evidence/{}", id(&evidence))).await.json(200);
    }

    async fn an_assessment_has_so_many_links_and_no_more(app: App) {
        let open = assessment(&app, &app.supplier("Harbour").await, "open").await;
        for _ in 0..100 {
            link(&app, &open).await;
        }
        let told = app.post(&app.editor, "/links", json!({ "assessment_id": id(&open), "contact_name": "Sam" })).await;
        assert_eq!(told.faults(409), ["limit"]);
        let path = format!("/links?assessment_id={}", id(&open));
        let all = app.walk(&path, 200).await;
        let order: Vec<(&str, &str)> = all.iter().map(|link| (text(link, "created_at"), id(link))).collect();
        assert!(order.len() == 100 && order.is_sorted());
        for limit in [7, 100] {
            assert_eq!(app.walk(&path, limit).await, all);
        }
    }
}

#[tokio::test]
async fn no_secret_of_a_link_or_a_visit_is_in_the_database() {
    let app = App::open(On::Sqlite).await;
    let (open, link, sam) = visited(&app).await;
    let body = json!({ "assessment_id": id(&open), "contact_name": "Kit" });
    let kept =
        app.send(&app.editor, Method::POST, "/links", Some(&body), &[("idempotency-key", "one")]).await.json(201);
    let secrets = [token(&link), token(&kept), sam.cookie.clone(), sam.csrf.clone()]
        .map(|secret| secret.rsplit('_').next().expect("a secret").to_owned());
    let file = app.url.trim_start_matches("sqlite://");
    let mut bytes = std::fs::read(file).expect("the file");
    bytes.extend(std::fs::read(format!("{file}-wal")).unwrap_or_default());
    let found = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(found(id(&link)) && found("Sam Harbour"), "the file is read where it is written");
    for secret in secrets {
        assert!(secret.len() == 64 && !found(&secret));
    }
}

/// The id of the only link of an assessment.
async fn link_id(app: &App, assessment: &Value) -> String {
    let links = app.walk(&format!("/links?assessment_id={}", id(assessment)), 200).await;
    assert_eq!(links.len(), 1, "{links:?}");
    id(&links[0]).to_owned()
}

#[tokio::test]
async fn links_are_made_listed_and_ended_at_the_console() {
    let app = App::open(On::Sqlite).await;
    let open = assessment(&app, &app.supplier("Harbour").await, "open").await;
    let run = |arguments: &[&str]| {
        let output = command(arguments).args(["--database-url", &app.url]).output().expect("the program runs");
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stdout).trim_end().to_owned(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    let (code, link, told) = run(&[
        "link",
        "create",
        "--assessment",
        id(&open),
        "--contact",
        "Sam Harbour",
        "--public-url",
        "https://register.example.org",
        "--expires-on",
        "2027-03-30",
    ]);
    assert_eq!((code, told.as_str()), (Some(0), ""), "{link}");
    // Without a public address it is said that nobody elsewhere can use it.
    let elsewhere = assessment(&app, &app.supplier("Haven").await, "open").await;
    let (code, here, told) = run(&["link", "create", "--assessment", id(&elsewhere), "--contact", "Kit"]);
    assert!(code == Some(0) && here.starts_with("http://127.0.0.1:8080/respond#"), "{here}");
    assert!(told.contains("opens on this computer only") && told.contains("--public-url"), "{told}");
    assert_eq!(run(&["link", "revoke", &link_id(&app, &elsewhere).await]).0, Some(0));
    let token = link.strip_prefix("https://register.example.org/respond#").expect("a link");
    let sam = Visitor::enters(&app, token).await;
    // As a name may have been stored before tabs were refused.
    change(&app.url, "UPDATE respondent_link SET contact_name = 'Sam' || char(9) || 'Harbour'").await;
    let (code, list, _) = run(&["link", "list", "--organisation", "Meadow View Care"]);
    let cells: Vec<&str> = list.lines().next().unwrap_or_default().split('\t').collect();
    assert_eq!(
        (code, list.lines().count(), cells[1], cells[2], cells[3], cells[5], cells[7]),
        (Some(0), 2, "opened", "no_address", "2027-03-30", id(&open), "Sam Harbour")
    );
    assert!(!list.contains("dlr_"));
    assert_eq!(run(&["link", "revoke", cells[0]]).0, Some(0));
    sam.get(&app, "/answers").await.faults(410);
    assert_eq!(run(&["link", "revoke", cells[0]]).0, Some(6));
    assert_eq!(run(&["link", "revoke", "lnk_00000000000000000000000000000000"]).0, Some(6));
    assert_eq!(
        run(&["link", "create", "--assessment", "asm_00000000000000000000000000000000", "--contact", "Sam"]).0,
        Some(6)
    );
    let document = command(&["openapi", "--respondent"]).output().expect("the program runs");
    assert!(document.status.success() && document.stdout == RESPONDENT_DOCUMENT.as_bytes());
}
