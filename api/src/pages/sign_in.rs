//! Signing in and out.

use askama::Template;
use diligence_entities::{
    audit,
    clock::Day,
    error::Error,
    id::OrganisationId,
    identity_provider::{self, SignInOption, SignInOptionFilter},
    role::Role,
    scope::{Reader, Store},
    session::{self, CurrentSession, Granted, NewSession, Person, Stage},
    user::SecondFactor,
};
use poem::{
    Request, Response,
    http::{StatusCode, header},
};
use serde_json::Value;

use super::{
    form::{Form, Typed, has_fields_only, parameter},
    format,
    page::{FieldError, Frame, PageResult, Refusal, Signed, at, html, redirect, request_id, with_cookies},
    routes::Routes,
    signed_in::{Anyone, Begun, PassingOn, Proven},
};
use crate::{
    auth::{Stranger, note_refusal, store_of},
    cookie,
    link::local_path,
    problem::{Problem, Type},
    query::encode,
    trail::Trail,
};

/// The routes of these pages.
pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .get("/sign-in", show)
        .post("/sign-in", send)
        .get("/sign-in/code", show_code)
        .post("/sign-in/code", send_code)
        .post("/sign-in/again", again)
        .post("/sign-out", leave)
}

/// Someone who is signed in, with what every page of theirs says.
pub(super) struct SignedIn {
    pub(super) person: Person,
    pub(super) current: CurrentSession,
    today: Day,
}

impl SignedIn {
    /// Whoever is signed in, however far they have come; none where nobody is.
    pub(super) async fn known(request: &Request) -> Result<Option<Self>, Refusal> {
        let store = store_of(request)?;
        let person = match cookie::sent(request, cookie::SESSION) {
            Some(text) => session::authenticate(store, text).await?,
            None => None,
        };
        let Some(person) = person else { return Ok(None) };
        if let Some(trail) = request.data::<Trail>() {
            trail.note(&person.scope(request_id(request)));
        }
        Ok(Some(Self::entered(store, person).await?))
    }

    /// Whoever is signed in, however far they have come.
    pub(super) async fn begun(request: &Request) -> Result<Self, Refusal> {
        // Whoever is not is asked to, and comes back to where they wanted to go.
        let Some(here) = Self::known(request).await? else {
            if let Some(kept) = PendingForm::of(request) {
                let page = SignInPage {
                    notice: SIGNED_OUT,
                    kept: Some(kept),
                    ..SignInPage::new(request, String::new(), "/".into()).await?
                };
                return Err(Refusal::Instead(Box::new(html(StatusCode::UNAUTHORIZED, &page)?)));
            }
            let wanted = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
            let is_page = request.method() == poem::http::Method::GET && wanted != "/";
            let then = if is_page {
                format!("?then={}", form_urlencoded::byte_serialize(wanted.as_bytes()).collect::<String>())
            } else {
                String::new()
            };
            return Err(Refusal::Elsewhere(format!("/sign-in{then}")));
        };
        Ok(here)
    }

    /// Someone who has shown who they are.
    async fn entered(store: &Store, person: Person) -> Result<Self, Error> {
        Ok(Self { current: session::current(store, &person).await?, today: store.clock().now().day(), person })
    }

    /// Someone who is signed in; who is not there yet is sent to their next step.
    pub(super) async fn of(request: &Request) -> Result<Self, Refusal> {
        let here = Self::begun(request).await?;
        match here.current.stage {
            Stage::Complete => Ok(here),
            Stage::NeedsCode => Err(Refusal::Elsewhere("/sign-in/code".into())),
            Stage::Enrolling => Err(Refusal::Elsewhere("/account/second-factor".into())),
        }
    }

    /// That a form is theirs.
    pub(super) fn is_proven(&self, form: &Form) -> Result<(), Problem> {
        if self.person.knows(&form.text("csrf")) {
            Ok(())
        } else {
            Err(Problem::new(Type::Forbidden, "this form does not belong to your session: open the page again"))
        }
    }

    /// Their organisation, to read in.
    pub(super) async fn read(&self, request: &Request) -> Result<Reader, Refusal> {
        Ok(store_of(request)?.read(&self.person.scope(request_id(request))).await?)
    }

    /// Whether they have this role, to be shown what it lets one do.
    pub(super) fn is_at_least(&self, role: Role) -> bool {
        self.current.organisation.role >= role
    }

    /// That they have this role. Who has not is refused, and that is kept.
    pub(super) async fn may(&self, request: &Request, needs: Role) -> Result<(), Refusal> {
        let scope = self.person.scope(request_id(request));
        if scope.role < needs {
            note_refusal(request, store_of(request)?, &scope, needs).await;
            return Err(Problem::new(
                Type::Forbidden,
                format!("this needs the role {needs}; you have the role {}", scope.role),
            )
            .into());
        }
        Ok(())
    }

    /// Keeps that they take a copy of something out of the register, before it leaves.
    pub(super) async fn exports(
        &self,
        request: &Request,
        noun: &'static str,
        item_id: &str,
        detail: Option<Value>,
    ) -> Result<(), Refusal> {
        Ok(audit::record(store_of(request)?, &self.person.scope(request_id(request)), "export", noun, item_id, detail)
            .await?)
    }

    pub(super) fn csrf(&self) -> &str {
        &self.current.csrf_token
    }

    pub(super) fn frame(&self, title: &str) -> Frame {
        let organisation = &self.current.organisation;
        let person = Signed {
            name: self.current.user_name.clone(),
            organisation: organisation.name.clone(),
            is_sample: organisation.is_sample,
            today: format::day(self.today),
            csrf: self.current.csrf_token.clone(),
        };
        Frame { person: Some(person), is_inside: self.current.stage == Stage::Complete, ..Frame::new(title) }
    }
}

/// What someone reads who sent a form after their session had ended.
const SIGNED_OUT: &str = "You were signed out before this was sent: nothing was heard of you for a while, or your session was ended. What you typed is kept. Sign in, look at it once more, and send it again.";

/// A form that was sent after its session had ended: where it went, and what was typed, without passwords, codes and
/// the like.
#[derive(Clone, Debug)]
pub(super) struct PendingForm {
    action: String,
    fields: Vec<(String, String)>,
}

/// Whether the browser says that a form comes from a page of ours.
fn is_same_origin(request: &Request) -> bool {
    request.headers().get("sec-fetch-site").is_some_and(|site| site == "same-origin")
}

/// The field in which a kept form's address is passed on.
const KEPT_ACTION: &str = "kept_action";
/// What its own fields' names begin with meanwhile.
const KEPT: &str = "kept.";

impl PendingForm {
    fn new(action: &str, fields: impl Iterator<Item = (String, String)>) -> Option<Self> {
        const SECRETS: [&str; 5] = ["csrf", "password", "secret", "token", "code"];
        let action = local_path(action).filter(|action| !action.starts_with("/sign-"))?;
        let fields: Vec<(String, String)> =
            fields.filter(|(name, _)| !SECRETS.iter().any(|secret| name.contains(secret))).collect();
        (!fields.is_empty()).then(|| Self { action: action.to_owned(), fields })
    }

    /// Whether what this request sends may come to be kept, before it is read.
    pub(super) fn is_possible(request: &Request) -> bool {
        has_fields_only(request) && (cookie::sent(request, cookie::SESSION).is_some() || is_same_origin(request))
    }

    /// What this request sent, if it came from a page of ours: it holds what follows from the session it still has the
    /// cookie of, or the browser says so. A form that another site has someone send is not kept for them to send once
    /// more.
    fn of(request: &Request) -> Option<Self> {
        let typed = request.data::<Typed>()?.fields();
        let token = typed.iter().find(|(name, _)| name == "csrf").map(|(_, value)| value.as_str())?;
        let is_of_session =
            cookie::sent(request, cookie::SESSION).is_some_and(|text| session::is_token_of(text, token));
        let action = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
        if is_of_session || is_same_origin(request) { Self::new(&action, typed.iter().cloned()) } else { None }
    }

    /// What a sign-in form passes on.
    fn passed_on(form: &Form) -> Option<Self> {
        let own = form
            .all()
            .filter_map(|(name, value)| name.strip_prefix(KEPT).map(|name| (name.to_owned(), value.to_owned())));
        Self::new(&form.text(KEPT_ACTION), own)
    }

    /// The fields with which a sign-in form passes it on.
    fn hidden(&self) -> Vec<(String, &str)> {
        std::iter::once((KEPT_ACTION.to_owned(), self.action.as_str()))
            .chain(self.fields.iter().map(|(name, value)| (format!("{KEPT}{name}"), value.as_str())))
            .collect()
    }

    /// What of it a person typed or chose, as they read it.
    fn spoken(&self) -> Vec<(String, &str)> {
        let is_theirs = |name: &str, value: &str| !value.is_empty() && name != "version" && !name.ends_with("_id");
        self.fields
            .iter()
            .filter(|(name, value)| is_theirs(name, value))
            .map(|(name, value)| (format::label(&name.replace(['.', '-'], " ")), value.as_str()))
            .collect()
    }
}

#[derive(Template)]
#[template(path = "sign_in/show.html")]
struct SignInPage {
    frame: Frame,
    errors: Vec<FieldError>,
    email: String,
    then: String,
    notice: &'static str,
    providers: Vec<SignInOption>,
    /// What is to be sent again after signing in.
    kept: Option<PendingForm>,
}

impl SignInPage {
    async fn new(request: &Request, email: String, then: String) -> Result<Self, Refusal> {
        let providers = identity_provider::options(
            store_of(request)?,
            &SignInOptionFilter { organisation_id: organisation(request) },
        )
        .await?;
        Ok(Self { frame: Frame::new("Sign in"), errors: Vec::new(), email, then, notice: "", providers, kept: None })
    }

    /// Where signing in through this provider begins.
    fn through(&self, provider: &SignInOption) -> String {
        let then = if self.then == "/" { String::new() } else { format!("?then={}", encode(&self.then)) };
        format!("/sign-in/{}{then}", provider.id)
    }
}

/// Whose ways of signing in to show: the organisation's that the address names, or the one where this browser's people
/// signed in before.
fn organisation(request: &Request) -> Option<OrganisationId> {
    let named = parameter(request, "organisation");
    if named.is_empty() { cookie::sent(request, cookie::ORGANISATION)?.parse().ok() } else { named.parse().ok() }
}

/// Where to go after this; home where nothing of ours is named.
fn then(text: &str) -> String {
    local_path(text).unwrap_or("/").to_owned()
}

/// The form.
pub(super) async fn show(who: Anyone) -> PageResult {
    let request = who.request();
    let notice = match parameter(request, "notice").as_str() {
        "joined" => "Your account is ready. Sign in with the password you chose.",
        "password" => "Your password is changed. Sign in with the new one.",
        "out" => "You are signed out.",
        _ => "",
    };
    let page = SignInPage::new(request, parameter(request, "email"), then(&parameter(request, "then"))).await?;
    // Found again at the next sign-in, at which nobody writes the whole address.
    let found = parameter(request, "organisation").parse().ok().filter(|_| !page.providers.is_empty());
    let kept = found.map(|id| cookie::organisation(&id, cookie::is_on_this_machine(request)));
    Ok(with_cookies(html(StatusCode::OK, &SignInPage { notice, ..page })?, kept))
}

/// Signs in.
pub(super) async fn send(who: Anyone, form: Proven<PassingOn>) -> PageResult {
    let request = who.request();
    let stranger = Stranger::of(request)?;
    let (email, then, kept) = (form.text("email"), then(&form.text("then")), PendingForm::passed_on(&form));
    let new = NewSession {
        email: email.clone(),
        password: form.exact("password"),
        code: None,
        recovery_code: None,
        organisation_id: None,
    };
    let again = async |wrong: FieldError, status| {
        let page = SignInPage::new(request, email.clone(), then.clone()).await?;
        let notice = if kept.is_some() { SIGNED_OUT } else { "" };
        Ok(html(status, &SignInPage { errors: vec![wrong], notice, kept: kept.clone(), ..page })?)
    };
    if new.email.is_empty() {
        return again(FieldError::new("email", "enter your e-mail address"), StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    if new.password.is_empty() {
        return again(FieldError::new("password", "enter your password"), StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    if new.email.chars().count() > 254 || new.password.chars().count() > 128 {
        return again(
            FieldError::new("password", "the e-mail address or the password is wrong"),
            StatusCode::UNAUTHORIZED,
        )
        .await;
    }
    match session::sign_in(stranger.store(), stranger.visit(), &new).await {
        Ok(granted) => went_on(stranger.store(), granted, &then, kept.clone(), stranger.is_local).await,
        Err(Error::Unauthenticated { .. }) => {
            again(FieldError::new("password", "the e-mail address or the password is wrong"), StatusCode::UNAUTHORIZED)
                .await
        }
        Err(other) => Err(other.into()),
    }
}

#[derive(Template)]
#[template(path = "sign_in/resend.html")]
struct AgainPage<'a> {
    frame: Frame,
    kept: &'a PendingForm,
    csrf: &'a str,
}

impl AgainPage<'_> {
    fn response(here: &SignedIn, kept: &PendingForm) -> Result<Response, Problem> {
        html(StatusCode::OK, &AgainPage { frame: here.frame("Send it again"), kept, csrf: here.csrf() })
    }
}

/// On to where they wanted to go, with what they had typed before if there is something.
async fn went_on(store: &Store, granted: Granted, then: &str, kept: Option<PendingForm>, is_local: bool) -> PageResult {
    let entered = entered(&granted, then, is_local);
    let (Some(kept), true) = (kept, granted.person.stage() != Stage::Enrolling) else { return Ok(entered) };
    let here = SignedIn::entered(store, granted.person).await?;
    let mut response = if here.current.stage == Stage::NeedsCode {
        html(
            StatusCode::OK,
            &CodePage {
                frame: Frame::new("Enter your code"),
                errors: Vec::new(),
                then: then.to_owned(),
                csrf: here.csrf().to_owned(),
                kept: Some(kept),
            },
        )?
    } else {
        AgainPage::response(&here, &kept)?
    };
    for cookie in entered.headers().get_all(header::SET_COOKIE) {
        response.headers_mut().append(header::SET_COOKIE, cookie.clone());
    }
    Ok(response)
}

/// What had been typed, for someone who has signed in meanwhile in another window.
pub(super) async fn again(who: Anyone, form: Proven<PassingOn>) -> PageResult {
    let request = who.request();
    let Some(kept) = PendingForm::passed_on(&form) else { return Ok(redirect("/")) };
    match SignedIn::of(request).await {
        Ok(here) => Ok(AgainPage::response(&here, &kept)?),
        Err(Refusal::Elsewhere(_)) => {
            let errors = vec![FieldError::new("email", "you are not signed in yet: sign in first")];
            let page = SignInPage {
                errors,
                notice: SIGNED_OUT,
                kept: Some(kept),
                ..SignInPage::new(request, String::new(), "/".into()).await?
            };
            Ok(html(StatusCode::UNAUTHORIZED, &page)?)
        }
        Err(other) => Err(other),
    }
}

/// On to where they wanted to go, or to the next step before.
pub(super) fn entered(granted: &Granted, then: &str, is_local: bool) -> Response {
    let to = form_urlencoded::byte_serialize(then.as_bytes()).collect::<String>();
    let place = match granted.person.stage() {
        Stage::NeedsCode => format!("/sign-in/code?then={to}"),
        Stage::Enrolling => "/account/second-factor".into(),
        Stage::Complete => then.to_owned(),
    };
    let mut cookies = vec![cookie::session(granted.text.reveal(), is_local)];
    cookies.extend(granted.device.as_ref().map(|device| cookie::device(device.reveal(), is_local)));
    with_cookies(redirect(&place), cookies)
}

#[derive(Template)]
#[template(path = "sign_in/code.html")]
struct CodePage {
    frame: Frame,
    errors: Vec<FieldError>,
    then: String,
    csrf: String,
    /// What is to be sent again afterwards.
    kept: Option<PendingForm>,
}

/// The form for the second factor.
pub(super) async fn show_code(who: Begun) -> PageResult {
    let (request, here) = who.parts();
    let then = then(&parameter(request, "then"));
    if here.current.stage != Stage::NeedsCode {
        return Err(Refusal::Elsewhere(then));
    }
    Ok(html(
        StatusCode::OK,
        &CodePage {
            frame: Frame::new("Enter your code"),
            errors: Vec::new(),
            then,
            csrf: here.csrf().to_owned(),
            kept: None,
        },
    )?)
}

/// Gives the second factor.
pub(super) async fn send_code(who: Begun, form: Proven<PassingOn>) -> PageResult {
    let (request, here) = who.parts();
    let stranger = Stranger::of(request)?;
    let (then, kept) = (then(&form.text("then")), PendingForm::passed_on(&form));
    let again = |detail: &str| {
        let (then, kept) = (then.clone(), kept.clone());
        let page = CodePage {
            frame: Frame::new("Enter your code"),
            errors: vec![FieldError::new("code", detail)],
            then,
            csrf: here.csrf().to_owned(),
            kept,
        };
        Ok(html(StatusCode::UNPROCESSABLE_ENTITY, &page)?)
    };
    match session::confirm(stranger.store(), stranger.visit(), &here.person, &factor(&form)).await {
        Ok(granted) => went_on(stranger.store(), granted, &then, kept.clone(), stranger.is_local).await,
        Err(Error::Unauthenticated { detail, .. }) => again(&detail),
        Err(Error::Invalid(faults)) => again(&faults.first().map(|fault| fault.detail.clone()).unwrap_or_default()),
        Err(other) => Err(other.into()),
    }
}

/// What was typed as a second factor: six digits are a code, anything else is a recovery code.
pub(super) fn factor(form: &Form) -> SecondFactor {
    let typed: String = form.text("code").chars().filter(|letter| !letter.is_whitespace()).collect();
    let is_code = typed.len() == 6 && typed.bytes().all(|byte| byte.is_ascii_digit());
    let typed = Some(typed).filter(|typed| !typed.is_empty());
    if is_code {
        SecondFactor { code: typed, recovery_code: None }
    } else {
        SecondFactor { code: None, recovery_code: typed }
    }
}

/// Signs out.
pub(super) async fn leave(who: Begun, _: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    session::sign_out(store_of(request)?, &here.person, request_id(request)).await?;
    Ok(with_cookies(redirect("/sign-in?notice=out"), [cookie::no_session(cookie::is_on_this_machine(request))]))
}
