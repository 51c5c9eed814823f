//! The pages, as a person with a browser that runs no scripts.

use std::collections::BTreeMap;

use poem::http::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::harness::{Answer, App, PASSWORD, Person, both, code_at, id, session_of, text};

/// Where the program that is tested says it is.
const HERE: &str = "http://127.0.0.1:8080/";

/// Someone with this role, signed in, in front of a browser.
pub(crate) async fn someone(app: &App, role: &str) -> Browser {
    Browser::of(&app.member(role).await)
}

/// The page at `path`, which is there.
pub(crate) async fn shown(browser: &mut Browser, app: &App, path: &str) -> Answer {
    let page = browser.opens(app, path).await;
    assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.text);
    page
}

/// Expects every one of these in a page.
#[track_caller]
pub(crate) fn holds(page: &str, parts: &[&str]) {
    for part in parts {
        assert!(page.contains(part), "{part:?} is not in {page}");
    }
}

/// Expects none of these in a page.
#[track_caller]
pub(crate) fn lacks(page: &str, parts: &[&str]) {
    for part in parts {
        assert!(!page.contains(part), "{part:?} is in {page}");
    }
}

/// The token that proves a form, from any page of someone's.
pub(crate) fn token(page: &str) -> String {
    page.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a token").to_owned()
}

/// A browser that keeps cookies and follows no redirects by itself.
#[derive(Default)]
pub(crate) struct Browser {
    cookies: BTreeMap<String, String>,
}

impl Browser {
    /// The browser in which someone is signed in.
    pub(crate) fn of(who: &Person) -> Self {
        let (cookie, _) = who.session().expect("a session");
        Self { cookies: BTreeMap::from([("__Host-diligence".to_owned(), cookie.to_owned())]) }
    }

    /// The browser with this cookie.
    pub(crate) fn with(cookie: &str) -> Self {
        let (name, value) = cookie.split_once('=').expect("a cookie");
        Self { cookies: BTreeMap::from([(name.to_owned(), value.to_owned())]) }
    }

    pub(crate) async fn send(
        &mut self,
        app: &App,
        method: Method,
        path: &str,
        body: Option<(String, Vec<u8>)>,
    ) -> Answer {
        let mut request = app
            .client
            .request(method, path)
            .header(header::ACCEPT, "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8");
        if !self.cookies.is_empty() {
            request = request.header(
                header::COOKIE,
                self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; "),
            );
        }
        if let Some((kind, bytes)) = body {
            request = request.header(header::CONTENT_TYPE, kind).body(bytes);
        }
        let response = request.send().await;
        for value in response.0.headers().get_all(header::SET_COOKIE) {
            let value = value.to_str().expect("text");
            let (name, rest) = value.split_once('=').expect("a cookie");
            let (value, attributes) = rest.split_once(';').expect("attributes");
            assert!(
                attributes.contains("HttpOnly")
                    && attributes.contains("Secure")
                    && attributes.contains("SameSite=")
                    && name.starts_with("__Host-"),
                "{attributes}"
            );
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let answer = Answer::of(response).await;
        if answer.header("content-type").starts_with("text/html") {
            is_a_good_page(&answer);
        }
        answer
    }

    pub(crate) async fn opens(&mut self, app: &App, path: &str) -> Answer {
        self.send(app, Method::GET, path, None).await
    }

    /// Sends a form as a page's own: its hidden fields, and what is filled in.
    pub(crate) async fn fills(&mut self, app: &App, page: &Answer, action: &str, fields: &[(&str, &str)]) -> Answer {
        let own = hidden(&page.text, action);
        let all: Vec<(&str, &str)> =
            own.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain(fields.iter().copied()).collect();
        self.fills_only(app, action, &all).await
    }

    /// Sends a form as a page's own with a file: its name, what it is said to be, and its bytes.
    pub(crate) async fn sends_file(
        &mut self,
        app: &App,
        page: &Answer,
        action: &str,
        file: (&str, &str, &[u8]),
    ) -> Answer {
        let own = hidden(&page.text, action);
        let fields: Vec<(&str, &str)> = own.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.send(app, Method::POST, action, Some(form_data(&fields, file))).await
    }

    /// Sends a form with these fields alone.
    pub(crate) async fn fills_only(&mut self, app: &App, action: &str, fields: &[(&str, &str)]) -> Answer {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.send(app, Method::POST, action, Some(("application/x-www-form-urlencoded".into(), form.into_bytes())))
            .await
    }
}

/// What every page has, and none has.
fn is_a_good_page(page: &Answer) {
    let policy = page.header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'")
            && !policy.contains("unsafe")
            && policy.contains("frame-ancestors 'none'"),
        "{policy}"
    );
    let text = &page.text;
    assert!(
        text.starts_with("<!doctype html>\n<html lang=\"")
            && text.contains("<title>")
            && text.matches("<h1>").count() == 1,
        "{text}"
    );
    assert!(
        !text.contains(" style=")
            && !text.contains("<style")
            && !text.contains(" onclick")
            && !text.contains("javascript:")
            && !text.replace(HERE, "").contains("=\"http://") | text.contains("www.w3.org"),
        "{text}"
    );
    for script in text.split("<script").skip(1) {
        assert!(script.starts_with(" src=\"/assets/"), "{script}");
    }
    // Every field that is seen has a label of its own.
    for field in
        text.split("<input ").skip(1).chain(text.split("<textarea ").skip(1)).chain(text.split("<select ").skip(1))
    {
        let tag = field.split('>').next().unwrap_or_default();
        if tag.contains("type=\"hidden\"") {
            continue;
        }
        let id = tag
            .split("id=\"")
            .nth(1)
            .and_then(|rest| rest.split('"').next())
            .unwrap_or_else(|| panic!("a field without an id: {tag}"));
        assert!(text.contains(&format!("for=\"{id}\"")), "no label for {id}");
    }
}

fn unescaped(text: &str) -> String {
    text.replace("&#34;", "\"")
        .replace("&#38;", "&")
        .replace("&#39;", "'")
        .replace("&#60;", "<")
        .replace("&#62;", ">")
        .replace("&amp;", "&")
}

/// The hidden fields of the form with this action.
pub(crate) fn hidden(page: &str, action: &str) -> Vec<(String, String)> {
    let form = page.split("<form").skip(1).find(|form| {
        let tag = form.split('>').next().unwrap_or_default();
        tag.contains(&format!("action=\"{action}\""))
    });
    let form =
        form.unwrap_or_else(|| panic!("no form for {action} in {page}")).split("</form>").next().unwrap_or_default();
    let part = |tag: &str, name: &str| {
        tag.split(&format!("{name}=\""))
            .nth(1)
            .and_then(|rest| rest.split('"').next())
            .map(unescaped)
            .unwrap_or_default()
    };
    form.split("<input ")
        .skip(1)
        .map(|rest| rest.split('>').next().unwrap_or_default())
        .filter(|tag| tag.contains("type=\"hidden\""))
        .map(|tag| (part(tag, "name"), part(tag, "value")))
        .collect()
}

pub(crate) fn goes_to(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{}", answer.text);
    answer.header("location").to_owned()
}

/// A questionnaire with a question of each kind, one of which brings up another.
async fn questionnaire(app: &App) {
    let yes_no = |key: &str| {
        json!({ "key": key, "principle": "care", "text": format!("Is {key} done?"), "type": "yes_no", "weight": 10, "required": true,
        "options": [{ "value": "yes", "label": "Yes", "points": 100 }, { "value": "no", "label": "No", "points": 0 }] })
    };
    let mut backups = yes_no("backups");
    backups["evidence"] = json!({ "need": "optional" });
    let mut tested = yes_no("tested");
    tested["show_if"] = json!({ "question": "backups", "is": "yes" });
    let document = json!({
        "key": "pages", "title": "Pages & <forms>", "edition": "2027.1", "summary": "Tried in a browser.", "framework": "security", "applies_to": ["supplier"],
        "principles": [{ "key": "care", "title": "Care" }],
        "sections": [
            { "key": "first", "title": "First", "questions": [backups, tested, { "key": "hours", "principle": "care", "text": "How many hours?", "type": "number", "unit": "hours", "minimum": 0, "maximum": 100, "weight": 10,
                "bands": [{ "at_least": 25, "points": 0 }, { "otherwise": true, "points": 100 }] }] },
            { "key": "second", "title": "Second", "questions": [{ "key": "plan", "principle": "care", "text": "What is the plan?", "type": "text", "weight": 10, "required": true }] },
        ],
    });
    app.post(&app.approver, "/questionnaires", document).await.json(201);
}

async fn link(app: &App) -> (Value, String) {
    questionnaire(app).await;
    let supplier = app.supplier("Harbour <b>Care</b>").await;
    let assessment = app.assessment("pages", &supplier).await;
    let body = json!({ "assessment_id": id(&assessment), "contact_name": "Sam Harbour", "message": "Please answer\nby Friday." });
    let link = app.post(&app.editor, "/links", body).await.json(201);
    (assessment, text(&link, "url").to_owned())
}

pub(crate) fn form_data(fields: &[(&str, &str)], file: (&str, &str, &[u8])) -> (String, Vec<u8>) {
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend(format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes());
    }
    let (name, kind, bytes) = file;
    body.extend(format!("--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: {kind}\r\n\r\n").bytes());
    body.extend_from_slice(bytes);
    body.extend(b"\r\n--edge--\r\n");
    ("multipart/form-data; boundary=edge".into(), body)
}

both! {
    async fn a_supplier_answers_a_link_from_the_first_page_to_the_receipt(app: App) {
        let (assessment, url) = link(&app).await;
        let mut browser = Browser::default();
        let page = browser.opens(&app, "/respond").await;
        // The whole link is pasted, as people do.
        let answer = browser.fills(&app, &page, "/respond", &[("token", &url)]).await;
        assert_eq!(goes_to(&answer), "/respond");
        let page = browser.opens(&app, "/respond").await;
        for said in ["Meadow View Care asks about Harbour &#60;b&#62;Care&#60;/b&#62;", "Pages &#38; &#60;forms&#62;", "Please answer\nby Friday.", "0 of 3 questions", "Sam Harbour"] {
            assert!(page.text.contains(said), "{said} is not in {}", page.text);
        }

        // Something brings up another question, and what is typed wrongly is kept and said.
        let page = browser.opens(&app, "/respond/sections/first").await;
        assert!(!page.text.contains("Is tested done?"));
        let wrong = browser.fills(&app, &page, "/respond/sections/first", &[("backups.value", "yes"), ("hours.value", "many")]).await;
        assert_eq!(wrong.status, 422);
        assert!(wrong.text.contains("value=\"many\"") && wrong.text.contains("href=\"#hours\"") && wrong.text.contains("id=\"hours-wrong\"") && wrong.text.contains("aria-invalid=\"true\""), "{}", wrong.text);
        assert!(wrong.text.contains("value=\"yes\" checked"), "{}", wrong.text);
        let more = browser.fills(&app, &wrong, "/respond/sections/first", &[("backups.value", "yes"), ("hours.value", "1.5"), ("hours.comment", "In the \"night\".")]).await;
        assert_eq!(goes_to(&more), "/respond/sections/first?more=yes");
        let page = browser.opens(&app, "/respond/sections/first?more=yes").await;
        assert!(page.text.contains("Is tested done?") && page.text.contains("brought up more questions") && page.text.contains("In the &#34;night&#34;."), "{}", page.text);

        // Evidence is sent, a false one refused, and ticked at the question.
        let evidence = browser.opens(&app, "/respond/evidence").await;
        let csrf = hidden(&evidence.text, "/respond/evidence").into_iter().find(|(name, _)| name == "csrf").expect("a token").1;
        let false_one = form_data(&[("csrf", &csrf), ("kind", "other")], ("plan.pdf", "application/pdf", b"no pdf"));
        let refused = browser.send(&app, Method::POST, "/respond/evidence", Some(false_one)).await;
        assert_eq!(refused.status, 422);
        assert!(refused.text.contains("id=\"file-wrong\""), "{}", refused.text);
        let good = form_data(&[("csrf", &csrf), ("kind", "other"), ("reference", "The plan"), ("issued_on", "2027-01-02"), ("expires_on", "")], ("plan.txt", "text/plain", b"Three copies."));
        assert_eq!(goes_to(&browser.send(&app, Method::POST, "/respond/evidence", Some(good)).await), "/respond/evidence");
        let page = browser.opens(&app, "/respond/sections/first").await;
        let file = page.text.split("name=\"backups.evidence\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a file to tick").to_owned();
        let fields = [("backups.value", "yes"), ("backups.evidence", file.as_str()), ("tested.value", "no"), ("hours.value", "1.5"), ("then", "next")];
        assert_eq!(goes_to(&browser.fills(&app, &page, "/respond/sections/first", &fields).await), "/respond/sections/second");

        // What is missing is said before it is submitted, and after all is there it is.
        let check = browser.opens(&app, "/respond/check").await;
        assert!(check.text.contains("This question must be answered: What is the plan?"), "{}", check.text);
        assert_eq!(browser.fills(&app, &check, "/respond/check", &[]).await.status, 422);
        let page = browser.opens(&app, "/respond/sections/second").await;
        assert_eq!(goes_to(&browser.fills(&app, &page, "/respond/sections/second", &[("plan.value", "Paper.\r\nAnd <script>.")]).await), "/respond");
        let check = browser.opens(&app, "/respond/check").await;
        assert!(check.text.contains("Paper.\nAnd &#60;script&#62;.") && check.text.contains("plan.txt: The plan"), "{}", check.text);
        assert_eq!(goes_to(&browser.fills(&app, &check, "/respond/check", &[]).await), "/respond/receipt");
        let receipt = browser.opens(&app, "/respond/receipt").await;
        assert!(receipt.text.contains("Your answers are submitted") && receipt.text.contains("1.5 hours"), "{}", receipt.text);
        assert_eq!(goes_to(&browser.opens(&app, "/respond").await), "/respond/receipt");
        let path = format!("/assessments/{}/answers", id(&assessment));
        let answers = app.get(&app.editor, &path).await.json(200);
        assert_eq!((&answers["assessment"]["state"], &answers["answers"]["plan"]["value"], &answers["answers"]["backups"]["evidence_ids"][0]), (&json!("submitted"), &json!("Paper.\nAnd <script>."), &json!(file)));

        // Nothing of how it is scored is on any page.
        for page in [&page, &check, &receipt] {
            for word in ["points", "weight", "score", "rating", "tier"] {
                assert!(!page.text.contains(word), "{word} in {}", page.text);
            }
        }
        assert_eq!(goes_to(&browser.fills(&app, &receipt, "/respond/leave", &[]).await), "/respond?ended=yes");
        assert!(browser.cookies.is_empty());
    }

    async fn who_answers_while_someone_else_does_sees_both_and_loses_nothing(app: App) {
        let (assessment, url) = link(&app).await;
        let mut browser = Browser::default();
        let page = browser.opens(&app, "/respond").await;
        browser.fills(&app, &page, "/respond", &[("token", &url)]).await;
        let page = browser.opens(&app, "/respond/sections/first").await;
        let path = format!("/assessments/{}/answers", id(&assessment));
        app.patch(&app.editor, &path, &assessment, json!({ "hours": { "value": 7 } })).await.json(200);
        let stale = browser.fills(&app, &page, "/respond/sections/first", &[("backups.value", "no"), ("hours.value", "3")]).await;
        assert_eq!(stale.status, 409);
        assert!(stale.text.contains("Saved by someone else:</strong> 7 hours") && stale.text.contains("value=\"3\"") && stale.text.contains("value=\"no\" checked"), "{}", stale.text);
        assert_eq!(app.get(&app.editor, &path).await.json(200)["answers"]["hours"]["value"], 7);
        assert_eq!(browser.fills(&app, &stale, "/respond/sections/first", &[("backups.value", "no"), ("hours.value", "3")]).await.status, 303);
        // Whoever answers through the link sees theirs; the organisation, its own until it is submitted.
        holds(&browser.opens(&app, "/respond/sections/first").await.text, &["value=\"3\""]);
        assert_eq!(app.get(&app.editor, &path).await.json(200)["answers"]["hours"]["value"], 7);
    }

    async fn a_form_that_is_not_of_the_visit_changes_nothing(app: App) {
        let (_, url) = link(&app).await;
        let mut browser = Browser::default();
        let page = browser.opens(&app, "/respond").await;
        browser.fills(&app, &page, "/respond", &[("token", &url)]).await;
        let form = |fields: &str| Some(("application/x-www-form-urlencoded".to_owned(), fields.as_bytes().to_vec()));
        for forged in ["version=1&asked=hours&hours.value=3", "csrf=&version=1&asked=hours&hours.value=3", "csrf=00&version=1&asked=hours&hours.value=3"] {
            assert_eq!(browser.send(&app, Method::POST, "/respond/sections/first", form(forged)).await.status, 403, "{forged}");
        }
        assert!(browser.opens(&app, "/respond").await.text.contains("0 of 3 questions"));
        let mut stranger = Browser::default();
        for path in ["/respond/sections/first", "/respond/evidence", "/respond/check", "/respond/receipt"] {
            assert_eq!(goes_to(&stranger.opens(&app, path).await), "/respond?ended=yes", "{path}");
        }
        assert_eq!(stranger.send(&app, Method::POST, "/respond", form("token=dlr_1_2")).await.status, 404);
        assert_eq!(stranger.opens(&app, "/respond/sections/../../etc").await.status.as_u16() / 100, 4);
    }

    async fn someone_who_is_invited_joins_signs_in_adds_a_second_factor_and_signs_out(app: App) {
        let made = app.post(&app.admin, "/invitations", json!({ "email": "Sam@Example.org", "role": "editor" })).await.json(201);
        let url = text(&made, "url").split_once(":8080").expect("our address").1;
        let mut browser = Browser::default();
        assert_eq!(goes_to(&browser.opens(&app, "/").await), "/sign-in");
        assert_eq!(goes_to(&browser.opens(&app, "/account?x=1").await), "/sign-in?then=%2Faccount%3Fx%3D1");
        let page = browser.opens(&app, "/invitations").await;
        let page = browser.fills(&app, &page, "/invitations", &[("token", url)]).await;
        assert!(page.status == 200 && page.text.contains("Meadow View Care invites sam@example.org") && page.text.contains("as editor"), "{}", page.text);
        let weak = browser.fills(&app, &page, "/invitations", &[("name", "Sam <i>"), ("password", "password1234")]).await;
        assert!(weak.status == 422 && weak.text.contains("id=\"password-wrong\"") && weak.text.contains("value=\"Sam &#60;i&#62;\"") && !weak.text.contains("password1234"), "{}", weak.text);
        let joined = goes_to(&browser.fills(&app, &weak, "/invitations", &[("name", "Sam <i>"), ("password", "plum chair river nine")]).await);
        assert_eq!(joined, "/sign-in?notice=joined&email=sam%40example.org");

        let page = browser.opens(&app, &joined).await;
        let wrong = browser.fills(&app, &page, "/sign-in", &[("email", "sam@example.org"), ("password", "plum chair river ten")]).await;
        assert!(wrong.status == 401 && wrong.text.contains("value=\"sam@example.org\"") && !wrong.text.contains("plum chair"), "{}", wrong.text);
        assert_eq!(goes_to(&browser.fills(&app, &page, "/sign-in", &[("email", "sam@example.org"), ("password", "plum chair river nine")]).await), "/");
        let home = browser.opens(&app, "/").await;
        assert!(home.text.contains("Sam &#60;i&#62;, Meadow View Care"), "{}", home.text);
        assert!(browser.opens(&app, "/api/v1/register.csv?bom=true").await.text.contains("subject_id"));

        // The second factor: scanned, confirmed, asked for at the next sign-in.
        let page = browser.opens(&app, "/account/second-factor").await;
        let wrong = browser.fills(&app, &page, "/account/second-factor/begin", &[("password", "plum chair river ten")]).await;
        assert!(wrong.status == 422 && wrong.text.contains("id=\"password-wrong\""), "{}", wrong.text);
        let page = browser.fills(&app, &page, "/account/second-factor/begin", &[("password", "plum chair river nine")]).await;
        assert!(page.text.contains("<svg class=\"qr\""), "{}", page.text);
        let secret: String = page.text.split("class=\"secret\">").nth(1).and_then(|rest| rest.split('<').next()).expect("a secret").split_whitespace().collect();
        let on = browser.fills(&app, &page, "/account/second-factor", &[("code", &code_at(&secret, app.clock.now().time().timestamp()))]).await;
        assert!(on.text.contains("Your second factor is on") && on.text.matches("<li>").count() >= 10, "{}", on.text);
        let account = browser.opens(&app, "/account").await;
        assert!(account.text.contains("10 recovery codes left"), "{}", account.text);
        assert_eq!(goes_to(&browser.fills(&app, &account, "/sign-out", &[]).await), "/sign-in?notice=out");
        assert_eq!(goes_to(&browser.opens(&app, "/account").await), "/sign-in?then=%2Faccount");

        app.clock.set("2027-03-01T09:05:00Z".parse().expect("a time"));
        let page = browser.opens(&app, "/sign-in?then=%2Faccount").await;
        let next = goes_to(&browser.fills(&app, &page, "/sign-in", &[("email", "sam@example.org"), ("password", "plum chair river nine")]).await);
        assert_eq!(next, "/sign-in/code?then=%2Faccount");
        assert_eq!(goes_to(&browser.opens(&app, "/account").await), "/sign-in/code");
        let page = browser.opens(&app, &next).await;
        assert_eq!(browser.fills(&app, &page, "/sign-in/code", &[("code", "000000")]).await.status, 422);
        assert_eq!(goes_to(&browser.fills(&app, &page, "/sign-in/code", &[("code", &code_at(&secret, app.clock.now().time().timestamp()))]).await), "/account");
    }

    async fn the_sign_in_page_offers_the_identity_providers_that_are_on(app: App) {
        let body = json!({ "name": "Care & Co", "issuer": "https://login.example.org", "client_id": "diligence", "client_secret": "x" });
        let provider = app.post(&app.admin, "/identity-providers", body).await.json(201);
        // Of two organisations, whose they are is asked for.
        assert!(!Browser::default().opens(&app, "/sign-in").await.text.contains("/sign-in/idp_"));
        let own = format!("/sign-in?organisation={}", text(&app.get(&app.admin, "/organisation").await.json(200), "id"));
        let page = Browser::default().opens(&app, &own).await;
        assert!(page.text.contains(&format!("href=\"/sign-in/{}\">Sign in with Care &#38; Co<", id(&provider))), "{}", page.text);
        app.patch(&app.admin, &format!("/identity-providers/{}", id(&provider)), &provider, json!({ "is_enabled": false })).await.json(200);
        assert!(!Browser::default().opens(&app, &own).await.text.contains("/sign-in/idp_"));
    }

    async fn nobody_is_sent_elsewhere_after_signing_in_and_no_foreign_form_signs_anyone_in(app: App) {
        let mut browser = Browser::default();
        for place in ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "sign-in", ""] {
            let encoded: String = form_urlencoded::byte_serialize(place.as_bytes()).collect();
            let page = browser.opens(&app, &format!("/sign-in?then={encoded}")).await;
            assert!(page.text.contains("name=\"then\" value=\"/\""), "{place}");
        }
        let form = b"email=sam%40example.org&password=x".to_vec();
        for (name, value) in [("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site"), ("origin", "https://evil.example"), ("origin", "null")] {
            let request = app.client.post("/sign-in").header("content-type", "application/x-www-form-urlencoded").header(name, value);
            assert_eq!(request.body(form.clone()).send().await.0.status(), 403, "{name}: {value}");
        }
        let json = app.client.post("/sign-in").header("content-type", "application/json").body("{}").send().await;
        assert_eq!(json.0.status(), 415);
    }

    async fn someone_sees_which_browsers_they_are_signed_in_with(app: App) {
        app.joins(&app.admin, "kim@example.org", "editor").await;
        let agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 Firefox/127.0";
        let body = json!({ "email": "kim@example.org", "password": PASSWORD });
        let granted = app.send(&app.stranger, Method::POST, "/sessions", Some(&body), &[("user-agent", agent)]).await;
        let mut kim = Browser::of(&session_of(&granted));
        let own = shown(&mut kim, &app, "/account").await;
        let kims = app.walk("/users?role=editor", 50).await.remove(0);
        let mut admin = someone(&app, "admin").await;
        let seen = shown(&mut admin, &app, &format!("/settings/people/{}", id(&kims))).await;
        for page in [&own, &seen] {
            holds(page, &["<span>Firefox on Windows<"]);
            lacks(page, &["Mozilla"]);
        }
    }

    async fn who_is_signed_in_is_told_of_a_problem_in_a_page_like_their_others(app: App) {
        let mut viewer = someone(&app, "viewer").await;
        let frame = ["Meadow View Care</span>", "Sign out", "aria-label=\"The register\"", "id=\"search\"", "<a href=\"/\">Go to Home</a>"];
        for (path, status) in [("/suppliers/x", 404), ("/suppliers/new/and/further", 404), ("/suppliers/new", 403), ("/settings/people", 403), ("/nowhere", 404)] {
            let page = viewer.opens(&app, path).await;
            assert_eq!(page.status, status, "{path}");
            holds(&page, &frame);
            lacks(&page, &["Go to the start"]);
        }
        // Strangers, and whoever's session is over, are told as before; so is everyone at a supplier's pages.
        let page = viewer.opens(&app, "/nowhere").await;
        let over = viewer.cookies.clone();
        assert_eq!(viewer.opens(&app, "/respond/nowhere").await.status, 404);
        lacks(&viewer.opens(&app, "/respond/nowhere").await, &frame);
        goes_to(&viewer.fills(&app, &page, "/sign-out", &[]).await);
        for cookies in [BTreeMap::new(), over, BTreeMap::from([("__Host-diligence".to_owned(), "dls_1_2".to_owned())])] {
            let page = Browser { cookies }.opens(&app, "/nowhere").await;
            assert_eq!(page.status, 404);
            holds(&page, &["<a href=\"/\">Go to the start</a>"]);
            lacks(&page, &frame);
        }
    }

    async fn what_a_program_can_ask_is_found_beside_its_key_which_can_be_copied(app: App) {
        let mut admin = someone(&app, "admin").await;
        holds(&shown(&mut admin, &app, "/settings/keys").await, &["<a href=\"/docs\">"]);
        let page = shown(&mut admin, &app, "/settings/keys/new").await;
        let made = admin.fills(&app, &page, "/settings/keys/new", &[("name", "Power BI"), ("role", "viewer"), ("scope", "read_only"), ("expires_on", "")]).await;
        let key = made.split("id=\"secret\">").nth(1).and_then(|rest| rest.split('<').next()).expect("a key");
        holds(&made, &["<a href=\"/docs\">", &format!("value=\"{key}\" data-copy>")]);
        // The reference leads back to where one is at home, if anywhere.
        holds(&shown(&mut admin, &app, "/docs").await, &["aria-label=\"The register\"", "href=\"/docs/operations/list_suppliers\""]);
        lacks(&app.get(&app.stranger, "/docs").await, &["aria-label=\"The register\""]);
    }

    async fn the_style_and_the_script_are_kept_for_ever_and_nothing_else_is_there(app: App) {
        let mut browser = Browser::default();
        let page = browser.opens(&app, "/sign-in").await;
        for (mark, kind) in [("rel=\"stylesheet\" href=\"/assets/", "text/css"), ("src=\"/assets/", "text/javascript"), ("rel=\"icon\" href=\"/assets/", "image/svg+xml")] {
            let name = page.text.split(mark).nth(1).and_then(|rest| rest.split('"').next()).expect("an asset");
            let asset = browser.opens(&app, &format!("/assets/{name}")).await;
            assert!(asset.header("content-type").starts_with(kind) && asset.header("cache-control").contains("immutable"));
        }
        assert_eq!(browser.opens(&app, "/assets/nothing.css").await.status, 404);
        assert!(page.text.len() < 10_000);
    }
}
