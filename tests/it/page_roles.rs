//! Who may open which page and send which form: every route of the pages, by everyone.

use std::collections::BTreeSet;

use diligence::pages::{self, Least, PageRoute};
use diligence_entities::role::Role;
use poem::http::Method;

use crate::{
    harness::{Answer, App, both},
    pages::{Browser, form_data, token},
    respondents::visiting,
    tenancy::{filled, of_nothing},
};

/// The least that whoever asks must be, for each route, by hand: a new route is entered here after some thought, not
/// copied.
const TABLE: &[(Least, &str, &[&str])] = &[
    (
        Least::Anyone,
        "GET",
        &[
            "/sign-in",
            "/invitations",
            "/respond",
            "/docs",
            "/docs/operations/:name",
            "/docs/shapes/:name",
            "/docs/respond",
            "/docs/respond/operations/:name",
            "/docs/respond/shapes/:name",
        ],
    ),
    (Least::Anyone, "POST", &["/sign-in", "/sign-in/again", "/invitations", "/respond"]),
    (Least::Begun, "GET", &["/sign-in/code", "/account/second-factor"]),
    (
        Least::Begun,
        "POST",
        &[
            "/sign-in/code",
            "/sign-out",
            "/account/organisation",
            "/account/second-factor",
            "/account/second-factor/begin",
        ],
    ),
    (Least::Respondent, "GET", &["/respond/sections/:key", "/respond/evidence", "/respond/check", "/respond/receipt"]),
    (
        Least::Respondent,
        "POST",
        &[
            "/respond/leave",
            "/respond/earlier",
            "/respond/sections/:key",
            "/respond/evidence",
            "/respond/evidence/delete",
            "/respond/check",
        ],
    ),
    (
        Least::Role(Role::Viewer),
        "GET",
        &[
            "/twins",
            "/mergers/:id",
            "/",
            "/register",
            "/lists",
            "/suppliers/:id",
            "/suppliers/:id/history",
            "/products/:id",
            "/products/:id/history",
            "/assessments",
            "/assessments/:id",
            "/assessments/:id/sections/:key",
            "/assessments/:id/check",
            "/assessments/:id/links",
            "/assessments/:id/sheet",
            "/risks",
            "/risks/:id",
            "/incidents",
            "/incidents/:id",
            "/concentration",
            "/evidence",
            "/evidence/:id",
            "/ourselves",
            "/due",
            "/reviews",
            "/due",
            "/assessments/:id/review",
            "/assessments/:id/score",
            "/compare",
            "/decisions",
            "/decisions/:id",
            "/questionnaires",
            "/questionnaires/drafts",
            "/questionnaires/drafts/:id",
            "/questionnaires/drafts/:id/try",
            "/questionnaires/drafts/:id/what-if",
            "/questionnaires/:key",
            "/questionnaires/:key/editions/:edition",
            "/questionnaires/:key/editions/:edition/changes",
            "/import/example",
            "/recipes",
            "/recipes/:key",
            "/imports",
            "/imports/:id",
            "/account",
            "/account/name",
            "/settings",
            "/settings/policy",
            "/settings/policy/change",
            "/settings/organisation",
            "/settings/sign-in",
            "/settings/privacy",
        ],
    ),
    (
        Least::Role(Role::Viewer),
        "POST",
        &[
            "/questionnaires/drafts/:id/try",
            "/sample",
            "/account/name",
            "/account/password",
            "/account/sessions",
            "/account/sessions/end",
            "/account/second-factor/recovery-codes",
            "/account/second-factor/remove",
            "/settings/policy/change",
        ],
    ),
    (
        Least::Role(Role::Editor),
        "GET",
        &[
            "/suppliers/new",
            "/suppliers/:id/change",
            "/suppliers/:id/products/new",
            "/products/:id/change",
            "/products/:id/bill-of-materials",
            "/assessments/new",
            "/assessments/:id/evidence",
            "/assessments/:id/delete",
            "/risks/new",
            "/risks/:id/change",
            "/incidents/new",
            "/incidents/:id/change",
            "/dependencies/new",
            "/dependencies/:id/change",
            "/dependencies/:id/delete",
            "/suppliers/:id/end",
            "/products/:id/end",
            "/evidence/new",
            "/evidence/:id/change",
            "/security-checks/new",
            "/exercises/new",
            "/ourselves/change",
            "/questionnaires/drafts/new",
            "/questionnaires/drafts/:id/publish",
            "/questionnaires/drafts/:id/questions/new",
            "/questionnaires/drafts/:id/questions/:number",
            "/import",
            "/recipes/new",
            "/bulk",
            "/imports/:id/file",
            "/imports/:id/columns",
            "/imports/:id/values",
            "/imports/:id/rows",
            "/imports/:id/refused",
            "/imports/:id/undo",
        ],
    ),
    (
        Least::Role(Role::Editor),
        "POST",
        &[
            "/twins/apart",
            "/suppliers/new",
            "/suppliers/:id/change",
            "/suppliers/:id/products/new",
            "/products/:id/change",
            "/products/:id/bill-of-materials",
            "/assessments/new",
            "/assessments/:id/confirm",
            "/assessments/:id/sections/:key",
            "/assessments/:id/evidence",
            "/assessments/:id/check",
            "/assessments/:id/delete",
            "/assessments/:id/links",
            "/assessments/:id/links/resend",
            "/assessments/:id/links/revoke",
            "/assessments/:id/sheet",
            "/risks/new",
            "/risks/:id/change",
            "/risks/:id/close",
            "/risks/:id/reopen",
            "/risks/:id/delete",
            "/incidents/new",
            "/incidents/:id/change",
            "/incidents/:id/resolve",
            "/incidents/:id/delete",
            "/dependencies/new",
            "/dependencies/:id/change",
            "/dependencies/:id/delete",
            "/suppliers/:id/archive",
            "/suppliers/:id/restore",
            "/suppliers/:id/delete",
            "/products/:id/archive",
            "/products/:id/restore",
            "/products/:id/delete",
            "/evidence/new",
            "/evidence/:id/change",
            "/evidence/:id/accept",
            "/evidence/:id/close-findings",
            "/security-checks/new",
            "/exercises/new",
            "/ourselves/change",
            "/evidence/:id/file",
            "/evidence/:id/file/delete",
            "/evidence/:id/delete",
            "/reviews/:id/complete",
            "/reviews/:id/reschedule",
            "/due/:id/settle",
            "/questionnaires/drafts/new",
            "/questionnaires/drafts/upload",
            "/questionnaires/drafts/:id",
            "/questionnaires/drafts/:id/delete",
            "/questionnaires/drafts/:id/publish",
            "/questionnaires/drafts/:id/questions/new",
            "/questionnaires/drafts/:id/questions/:number",
            "/questionnaires/drafts/:id/questions/:number/remove",
            "/questionnaires/:key/editions/:edition/delete",
            "/questionnaires/:key/editions/:edition/merge",
            "/import",
            "/recipes/new",
            "/recipes/:key",
            "/recipes/:key/delete",
            "/bulk",
            "/lists",
            "/imports/:id/file",
            "/imports/:id/columns",
            "/imports/:id/values",
            "/imports/:id/rows",
            "/imports/:id/apply",
            "/imports/:id/discard",
            "/imports/:id/undo",
        ],
    ),
    (Least::Role(Role::Approver), "GET", &["/suppliers/:id/merge", "/products/:id/merge"]),
    (
        Least::Role(Role::Approver),
        "POST",
        &[
            "/suppliers/:id/merge",
            "/products/:id/merge",
            "/mergers/:id/undo",
            "/risks/:id/accept",
            "/assessments/:id/review",
            "/assessments/:id/return",
            "/assessments/:id/decide",
            "/decisions/:id/meet-condition",
        ],
    ),
    (
        Least::Role(Role::Admin),
        "GET",
        &[
            "/settings/people",
            "/settings/people/invite",
            "/settings/people/invitations",
            "/settings/people/:id",
            "/settings/keys",
            "/settings/keys/new",
            "/settings/keys/:id",
            "/settings/organisation/change",
            "/settings/sign-in/change",
            "/settings/sign-in/providers/new",
            "/settings/sign-in/providers/:id",
            "/settings/sign-in/providers/:id/change",
            "/settings/sign-in/providers/:id/asked",
            "/settings/sign-in/trials/:id",
            "/settings/audit",
            "/settings/audit/verify",
            "/settings/privacy/retention",
            "/settings/privacy/apply",
            "/settings/backup",
        ],
    ),
    (
        Least::Role(Role::Admin),
        "POST",
        &[
            "/settings/people/invite",
            "/settings/people/invitations/:id/resend",
            "/settings/people/invitations/:id/revoke",
            "/settings/people/:id/role",
            "/settings/people/:id/reset-password",
            "/settings/people/:id/reset-second-factor",
            "/settings/people/:id/tie",
            "/settings/people/:id/untie",
            "/settings/people/:id/end-sessions",
            "/settings/people/:id/remove",
            "/settings/keys/new",
            "/settings/keys/:id/rotate",
            "/settings/keys/:id/revoke",
            "/settings/organisation/change",
            "/settings/sign-in/change",
            "/settings/sign-in/providers/new",
            "/settings/sign-in/providers/:id/change",
            "/settings/sign-in/providers/:id/try",
            "/settings/sign-in/providers/:id/delete",
            "/settings/audit/verify",
            "/settings/backup",
            "/settings/privacy/find",
            "/settings/privacy/export",
            "/settings/privacy/erase",
            "/settings/privacy/retention",
            "/settings/privacy/apply",
        ],
    ),
];

/// What a form is refused with whose token is missing.
const NOT_PROVEN: &str = "form does not belong to your";
/// What somebody is refused with whose role does not do.
const ROLE: &str = "needs the role";

/// The address of a route, with ids of these in it where there is one of the kind, and ids of nothing where `is_empty`.
fn filled_in(route: &PageRoute, ids: &[String], is_empty: bool) -> String {
    const KINDS: [(&str, &str); 17] = [
        ("/suppliers/", "sup"),
        ("/products/", "prd"),
        ("/assessments/", "asm"),
        ("/risks/", "rsk"),
        ("/incidents/", "inc"),
        ("/imports/", "imp"),
        ("/dependencies/", "dep"),
        ("/mergers/", "mrg"),
        ("/evidence/", "evd"),
        ("/reviews/", "rev"),
        ("/due/", "due"),
        ("/decisions/", "dec"),
        ("/questionnaires/drafts/", "drf"),
        ("/settings/people/invitations/", "inv"),
        ("/settings/people/", "usr"),
        ("/settings/keys/", "key"),
        ("/settings/sign-in/trials/", "tri"),
    ];
    let kind = KINDS.iter().find(|(begin, _)| route.path.starts_with(begin)).map_or("idp", |(_, kind)| kind);
    let mut path = route.path.to_owned();
    if path.contains("/:id") {
        let one = ids.iter().find(|id| id.starts_with(kind)).unwrap_or_else(|| panic!("no {kind} for {path}"));
        path = path.replace(":id", &if is_empty { of_nothing(one) } else { one.clone() });
    }
    for (name, value) in [(":key", "nothing"), (":edition", "9.9"), (":number", "1"), (":name", "nothing")] {
        path = path.replace(name, value);
    }
    path
}

/// What a browser gets there: a page, or the answer to a form without its token, sent with a file where the page wants
/// one.
async fn asks(app: &App, browser: &mut Browser, route: &PageRoute, path: &str) -> Answer {
    if route.method == Method::GET {
        return browser.opens(app, path).await;
    }
    let answer = browser.fills_only(app, path, &[("version", "1")]).await;
    if answer.status == 415 {
        return browser
            .send(app, Method::POST, path, Some(form_data(&[("version", "1")], ("a.csv", "text/csv", b"name\r\n"))))
            .await;
    }
    answer
}

/// A page without the id in its address.
fn plain(page: &str, path: &str) -> String {
    page.replace(crate::tenancy::ids(path)[0], "")
}

fn is_sent_to_sign_in(answer: &Answer) -> bool {
    answer.status == 303
        && (answer.header("location") == "/sign-in" || answer.header("location").starts_with("/sign-in?"))
}

#[test]
fn every_route_has_the_least_role_that_the_table_says() {
    let said: BTreeSet<String> = TABLE
        .iter()
        .flat_map(|(least, method, paths)| paths.iter().map(move |path| format!("{method} {path}: {least:?}")))
        .collect();
    let served: BTreeSet<String> =
        pages::list().iter().map(|route| format!("{} {}: {:?}", route.method, route.path, route.least)).collect();
    assert_eq!(said.difference(&served).collect::<Vec<_>>(), Vec::<&String>::new(), "in the table alone");
    assert_eq!(served.difference(&said).collect::<Vec<_>>(), Vec::<&String>::new(), "not in the table");
    assert_eq!(served.len(), pages::list().len());
}

both! {
    async fn every_page_asks_who_it_is_before_anything_else(app: App) {
        let ids = filled(&app).await;
        let mut visitor = Browser::with(&visiting(&app).await[0].1);
        let roles = [("viewer", Role::Viewer), ("editor", Role::Editor), ("approver", Role::Approver), ("admin", Role::Admin)];
        let mut members = Vec::new();
        for (word, role) in roles {
            members.push((role, Browser::of(&app.member(word).await)));
        }
        for route in pages::list() {
            let path = filled_in(&route, &ids, true);
            let told = |who: &str, answer: &Answer| format!("{} {path} as {who}: {} {}\n{}", route.method, answer.status, answer.header("location"), answer.text);
            // Nobody, and a respondent.
            let as_nobody = asks(&app, &mut Browser::default(), &route, &path).await;
            let as_visitor = asks(&app, &mut visitor, &route, &path).await;
            for (who, answer) in [("nobody", &as_nobody), ("a respondent", &as_visitor)] {
                match route.least {
                    Least::Anyone => assert!(![401, 403].contains(&answer.status.as_u16()) && !is_sent_to_sign_in(answer), "{}", told(who, answer)),
                    Least::Role(_) | Least::Begun => assert!(is_sent_to_sign_in(answer), "{}", told(who, answer)),
                    Least::Respondent if who == "nobody" => assert!(answer.header("location").starts_with("/respond?ended"), "{}", told(who, answer)),
                    Least::Respondent if route.method == Method::POST => assert!(answer.status == 403 && answer.text.contains(NOT_PROVEN), "{}", told(who, answer)),
                    Least::Respondent => assert!(![401, 403].contains(&answer.status.as_u16()), "{}", told(who, answer)),
                }
            }
            for (role, browser) in &mut members {
                let answer = asks(&app, browser, &route, &path).await;
                let told = told(&role.to_string(), &answer);
                match route.least {
                    Least::Role(least) if *role < least => assert!(answer.status == 403 && answer.text.contains(ROLE), "{told}"),
                    Least::Role(_) | Least::Begun if route.method == Method::POST => assert!(answer.status == 403 && answer.text.contains(NOT_PROVEN), "{told}"),
                    Least::Role(_) | Least::Begun => assert!(![401, 403].contains(&answer.status.as_u16()) && !is_sent_to_sign_in(&answer), "{told}"),
                    Least::Anyone => assert!(![401, 403].contains(&answer.status.as_u16()), "{told}"),
                    Least::Respondent => assert!(answer.header("location").starts_with("/respond?ended"), "{told}"),
                }
            }
        }
    }

    async fn what_is_ours_is_nowhere_on_a_neighbours_pages(app: App) {
        let ids = filled(&app).await;
        app.joins(&app.neighbour, "next.door@example.org", "admin").await;
        let mut neighbour = Browser::of(&app.signs_in("next.door@example.org").await);
        let csrf = token(&neighbour.opens(&app, "/account").await.text);
        let before = app.event_count().await;
        for route in pages::list().iter().filter(|route| route.path.contains("/:id") && matches!(route.least, Least::Role(_))) {
            let (path, nothing) = (filled_in(route, &ids, false), filled_in(route, &ids, true));
            let fields = [("csrf", csrf.as_str()), ("version", "1"), ("typed", "x"), ("reason", "x")];
            let file = ("a.csv", "text/csv", b"name\r\n".as_slice());
            let mut answers = Vec::new();
            for path in [&path, &nothing] {
                let mut answer = match route.method {
                    Method::GET => neighbour.opens(&app, path).await,
                    _ => neighbour.fills_only(&app, path, &fields).await,
                };
                if answer.status == 415 {
                    answer = neighbour.send(&app, Method::POST, path, Some(form_data(&fields, file))).await;
                }
                answers.push(answer);
            }
            let told = format!("{} {path}: {}\n{}", route.method, answers[0].status, answers[0].text);
            assert!(!answers[0].status.is_success(), "{told}");
            assert_eq!(answers[0].status, answers[1].status, "{told}");
            assert_eq!(plain(&answers[0].text, &path), plain(&answers[1].text, &nothing), "{told}");
        }
        assert_eq!(app.event_count().await, before);
    }
}
