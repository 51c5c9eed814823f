//! One's own account.

use askama::Template;
use diligence_entities::{
    error::Error,
    id::{OrganisationId, SessionId},
    patch::Change,
    session::{self, OwnSessionFilter, Stage, Switch},
    user::{self, FirstCode, Me, NewMe, NewPassword, Password, Proof},
};
use poem::{Request, http::StatusCode};

use super::{
    fields::{self, FormSection, Input, field, fields, json, stored, typed},
    form::{Form, parameter},
    format,
    page::{FieldError, Frame, PageResult, Refusal, at, faults, field_errors, html, redirect, request_id},
    routes::Routes,
    sign_in::{SignedIn, entered, factor},
    signed_in::{Begun, Page, Proven},
};
use crate::auth::{Stranger, Viewer, store_of};

/// The routes of these pages.
pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .get("/account", show)
        .get("/account/name", show_name)
        .post("/account/name", change_name)
        .post("/account/password", change_password)
        .post("/account/organisation", switch)
        .post("/account/sessions", end_others)
        .post("/account/sessions/end", end_one)
        .get("/account/second-factor", show_second_factor)
        .post("/account/second-factor", confirm_second_factor)
        .post("/account/second-factor/begin", begin_second_factor)
        .post("/account/second-factor/recovery-codes", renew_recovery_codes)
        .post("/account/second-factor/remove", remove_second_factor)
}

fn codes_left(me: &Me) -> String {
    format::count(me.recovery_code_count, "recovery code", "recovery codes")
}

/// Which browser it is, as people call it, and on what: `Safari on iPhone`. What we do not know shows the beginning of
/// what it says of itself.
pub(super) fn browser(agent: Option<&str>) -> String {
    const BEGINNING: usize = 60;
    // In this order: most say that they are Safari, and many that they are Chrome.
    const BROWSERS: [(&str, &str); 12] = [
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("OPT/", "Opera"),
        ("SamsungBrowser/", "Samsung Internet"),
        ("Vivaldi/", "Vivaldi"),
        ("Firefox/", "Firefox"),
        ("FxiOS/", "Firefox"),
        ("CriOS/", "Chrome"),
        ("Chromium/", "Chromium"),
        ("Chrome/", "Chrome"),
        ("Trident/", "Internet Explorer"),
        ("Safari/", "Safari"),
    ];
    const SYSTEMS: [(&str, &str); 7] = [
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("CrOS", "ChromeOS"),
        ("Windows", "Windows"),
        ("Macintosh", "Mac"),
        ("Linux", "Linux"),
    ];
    let Some(agent) = agent.filter(|agent| !agent.trim().is_empty()) else {
        return "A browser that does not say which".into();
    };
    let known =
        |marks: &[(&str, &'static str)]| marks.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name);
    match (known(&BROWSERS), known(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        _ if agent.chars().count() > BEGINNING => agent.chars().take(BEGINNING).chain(['…']).collect(),
        _ => agent.to_owned(),
    }
}

struct Open {
    id: SessionId,
    version: i64,
    agent: String,
    began: String,
    seen: String,
    is_this: bool,
}

#[derive(Template)]
#[template(path = "account/show.html")]
struct AccountPage<'a> {
    frame: Frame,
    here: &'a SignedIn,
    me: Me,
    codes_left: String,
    sessions: Vec<Open>,
    errors: Vec<FieldError>,
    notice: &'static str,
}

/// The account.
pub(super) async fn show(who: Page<Viewer>) -> PageResult {
    let (request, here) = who.parts();
    let notice = match parameter(request, "notice").as_str() {
        "name" => "Your name is changed.",
        "password" => "Your password is changed, and your other sessions have ended.",
        "ended" => "Your other sessions have ended.",
        "one" => "That session has ended.",
        "removed" => "Your second factor is removed.",
        _ => "",
    };
    account(request, here, StatusCode::OK, Vec::new(), notice).await
}

async fn account(
    request: &Request,
    here: &SignedIn,
    status: StatusCode,
    errors: Vec<FieldError>,
    notice: &'static str,
) -> PageResult {
    let store = store_of(request)?;
    let me = user::me(store, &here.person).await?;
    let page = session::list_own(store, &here.person, &OwnSessionFilter { limit: Some(50), cursor: None }).await?;
    let sessions = page.items.into_iter().map(|session| Open {
        is_this: session.id == here.current.id,
        version: session.version,
        id: session.id,
        agent: browser(session.agent.as_deref()),
        began: format::moment(session.created_at),
        seen: format::moment(session.last_seen_at),
    });
    Ok(html(
        status,
        &AccountPage {
            frame: here.frame("Your account"),
            here,
            codes_left: codes_left(&me),
            me,
            sessions: sessions.collect(),
            errors,
            notice,
        },
    )?)
}

const NAME: &[FormSection] = &[FormSection {
    title: "",
    fields: &[field(
        "name",
        "Your name",
        "What you enter, review and decide is kept under it.",
        Input::RequiredText("text"),
    )],
}];

fn name_form(here: &SignedIn, version: i64) -> fields::FormPage<'_> {
    let (title, back) = ("Change your name".into(), ("/account".into(), "Your account".into()));
    fields::FormPage { here, part: "", lead: String::new(), title, back, action: "/account/name".into(), version }
}

/// The form for one's name.
pub(super) async fn show_name(who: Page<Viewer>) -> PageResult {
    let (request, here) = who.parts();
    let me = user::me(store_of(request)?, &here.person).await?;
    name_form(here, me.version).show(StatusCode::OK, stored(NAME, &json(&me)?), Vec::new())
}

/// Changes one's name.
pub(super) async fn change_name(who: Page<Viewer>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let (store, version, parts) = (store_of(request)?, form.version()?, typed(NAME, &form));
    match user::change_me(store, &here.person, request_id(request), version, Change::<NewMe>::new(fields(&parts))).await
    {
        Ok(_) => Ok(redirect("/account?notice=name")),
        Err(error) => name_form(here, version).refused(parts, error, version, &user::me(store, &here.person).await?),
    }
}

/// Changes the password.
pub(super) async fn change_password(who: Page<Viewer>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let new =
        NewPassword { present_password: form.exact("present_password"), new_password: form.exact("new_password") };
    let mut wrong = Vec::new();
    if new.present_password.is_empty() || new.present_password.chars().count() > 128 {
        wrong.push(FieldError::new("present_password", "enter the password you have"));
    }
    if !(12..=128).contains(&new.new_password.chars().count()) {
        wrong.push(FieldError::new("new_password", "expected 12 to 128 characters"));
    }
    if !wrong.is_empty() {
        return account(request, here, StatusCode::UNPROCESSABLE_ENTITY, wrong, "").await;
    }
    match user::change_password(store_of(request)?, &here.person, request_id(request), &new).await {
        Ok(_) => Ok(redirect("/account?notice=password")),
        Err(Error::Unauthenticated { detail, .. }) => {
            account(
                request,
                here,
                StatusCode::UNPROCESSABLE_ENTITY,
                vec![FieldError::new("present_password", detail)],
                "",
            )
            .await
        }
        Err(error) => {
            let found = faults(error)?;
            account(
                request,
                here,
                StatusCode::UNPROCESSABLE_ENTITY,
                field_errors(&found, &["present_password", "new_password"], "new_password"),
                "",
            )
            .await
        }
    }
}

/// Goes on in another organisation.
pub(super) async fn switch(who: Begun, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    go_to(request, here, form.text("organisation_id").parse().map_err(|_| Error::NotFound)?).await
}

/// Goes to the home of another organisation.
pub(super) async fn go_to(request: &Request, here: &SignedIn, organisation_id: OrganisationId) -> PageResult {
    let stranger = Stranger::of(request)?;
    let granted =
        session::switch(stranger.store(), stranger.visit(), &here.person, &Switch { organisation_id }).await?;
    Ok(entered(&granted, "/", stranger.is_local))
}

/// Ends the other sessions.
pub(super) async fn end_others(who: Page<Viewer>, _: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    session::end_others(store_of(request)?, &here.person, request_id(request)).await?;
    Ok(redirect("/account?notice=ended"))
}

/// Ends one of the other sessions.
pub(super) async fn end_one(who: Page<Viewer>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let id: SessionId = form.text("session_id").parse().map_err(|_| Error::NotFound)?;
    session::revoke_own(store_of(request)?, &here.person, request_id(request), &id, form.version()?).await?;
    Ok(redirect("/account?notice=one"))
}

// ---------------------------------------------------------------- the second factor

#[derive(Template)]
#[template(path = "account/second_factor.html")]
struct SecondFactorPage<'a> {
    frame: Frame,
    here: &'a SignedIn,
    me: Me,
    codes_left: String,
    errors: Vec<FieldError>,
    /// What to scan or type, while it is being set up.
    enrolment: Option<Picture>,
    /// Shown once, after it was set up or made anew.
    recovery_codes: Vec<String>,
    must: bool,
}

struct Picture {
    secret: String,
    svg: String,
}

fn picture(secret: &str, address: &str) -> Result<Picture, crate::problem::Problem> {
    let code = qrcode::QrCode::new(address).map_err(crate::problem::Problem::internal)?;
    let svg = code.render::<qrcode::render::svg::Color<'_>>().min_dimensions(224, 224).quiet_zone(true).build();
    // Only the drawing: what stands before it is for files.
    let svg = svg.find("<svg").map_or(svg.as_str(), |start| &svg[start..]).replacen(
        "<svg",
        "<svg class=\"qr\" role=\"img\" aria-label=\"A code to scan with your authenticator app\"",
        1,
    );
    let groups: Vec<String> =
        secret.as_bytes().chunks(4).map(|four| String::from_utf8_lossy(four).into_owned()).collect();
    Ok(Picture { secret: groups.join(" "), svg })
}

async fn second_factor(
    request: &Request,
    here: &SignedIn,
    status: StatusCode,
    errors: Vec<FieldError>,
    enrolment: Option<Picture>,
    recovery_codes: Vec<String>,
) -> PageResult {
    let me = user::me(store_of(request)?, &here.person).await?;
    let must = here.current.stage == Stage::Enrolling;
    Ok(html(
        status,
        &SecondFactorPage {
            frame: here.frame("Your second factor"),
            here,
            codes_left: codes_left(&me),
            me,
            errors,
            enrolment,
            recovery_codes,
            must,
        },
    )?)
}

/// That they have a code to give before they can set one up.
fn expect_enrolling(here: &SignedIn) -> Result<(), Refusal> {
    if here.current.stage == Stage::NeedsCode { Err(Refusal::Elsewhere("/sign-in/code".into())) } else { Ok(()) }
}

/// How it stands with the second factor.
pub(super) async fn show_second_factor(who: Begun) -> PageResult {
    let (request, here) = who.parts();
    expect_enrolling(here)?;
    second_factor(request, here, StatusCode::OK, Vec::new(), None, Vec::new()).await
}

/// Begins to set one up.
pub(super) async fn begin_second_factor(who: Begun, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    expect_enrolling(here)?;
    let password = Password { password: form.exact("password") };
    match user::enrol_mfa(store_of(request)?, &here.person, request_id(request), &password).await {
        Ok(enrolment) => {
            let picture = picture(&enrolment.secret, &enrolment.otpauth_uri)?;
            second_factor(request, here, StatusCode::OK, Vec::new(), Some(picture), Vec::new()).await
        }
        Err(error) => refused(request, here, error).await,
    }
}

/// Shows that the app has the secret.
pub(super) async fn confirm_second_factor(who: Begun, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    expect_enrolling(here)?;
    let first = FirstCode { code: form.text("code").split_whitespace().collect() };
    match user::confirm_mfa(store_of(request)?, &here.person, request_id(request), &first).await {
        Ok(codes) => second_factor(request, here, StatusCode::OK, Vec::new(), None, codes.recovery_codes).await,
        Err(Error::Unauthenticated { detail, .. }) => {
            second_factor(
                request,
                here,
                StatusCode::UNPROCESSABLE_ENTITY,
                vec![FieldError::new("code", detail)],
                None,
                Vec::new(),
            )
            .await
        }
        Err(error) => {
            let found = faults(error)?;
            second_factor(
                request,
                here,
                StatusCode::UNPROCESSABLE_ENTITY,
                field_errors(&found, &["code"], "code"),
                None,
                Vec::new(),
            )
            .await
        }
    }
}

fn proof(form: &Form) -> Proof {
    let factor = factor(form);
    Proof { password: form.exact("password"), code: factor.code, recovery_code: factor.recovery_code }
}

/// Makes the recovery codes anew.
pub(super) async fn renew_recovery_codes(who: Page<Viewer>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    match user::renew_recovery_codes(store_of(request)?, &here.person, request_id(request), &proof(&form)).await {
        Ok(codes) => second_factor(request, here, StatusCode::OK, Vec::new(), None, codes.recovery_codes).await,
        Err(error) => refused(request, here, error).await,
    }
}

/// Removes it.
pub(super) async fn remove_second_factor(who: Page<Viewer>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    match user::disable_mfa(store_of(request)?, &here.person, request_id(request), &proof(&form)).await {
        Ok(_) => Ok(redirect("/account?notice=removed")),
        Err(error) => refused(request, here, error).await,
    }
}

async fn refused(request: &Request, here: &SignedIn, error: Error) -> PageResult {
    let wrong = match error {
        Error::Unauthenticated { code, detail } => {
            vec![FieldError::new(if code.contains("code") { "code" } else { "password" }, detail)]
        }
        error => field_errors(&faults(error)?, &["password", "code"], "password"),
    };
    second_factor(request, here, StatusCode::UNPROCESSABLE_ENTITY, wrong, None, Vec::new()).await
}

#[cfg(test)]
mod tests {
    use super::browser;

    #[test]
    fn a_browser_is_called_what_people_call_it() {
        for (agent, called) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
                "Chrome on Linux",
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/126.0.0.0 Safari/537.36",
                "Chrome on Linux",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/126.0.6478.54 Mobile/15E148 Safari/604.1",
                "Chrome on iPhone",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15",
                "Safari on Mac",
            ),
            ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 Firefox/127.0", "Firefox on Windows"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36",
                "Samsung Internet on Android",
            ),
            ("curl/8.9.1", "curl/8.9.1"),
            ("", "A browser that does not say which"),
        ] {
            assert_eq!(browser(Some(agent)), called, "{agent}");
        }
        assert_eq!(browser(None), "A browser that does not say which");
        assert_eq!(browser(Some(&"é".repeat(61))), format!("{}…", "é".repeat(60)));
    }
}
