//! Signing in and out.

use askama::Template;
use diligence_entities::{
    error::Error,
    identity_provider::{self, SignInOption},
    role::Role,
    scope::{Reader, Store, Writer},
    session::{self, CurrentSession, Granted, NewSession, Person, Stage},
    user::SecondFactor,
};
use poem::{Request, RequestBody, Response, http::StatusCode};

use super::{
    Frame, Refusal, Shown, Signed, Wrong, at,
    form::{Form, parameter},
    html, refuse_foreign, request_id, see, with_cookies,
};
use crate::{
    auth::{Stranger, note_refusal, store_of},
    cookie,
    link::local_path,
    middleware::Trail,
    problem::{Problem, Type},
};

/// Someone who is signed in, with what every page of theirs says.
pub(super) struct Here {
    pub(super) person: Person,
    pub(super) current: CurrentSession,
}

impl Here {
    /// Whoever is signed in, however far they have come.
    pub(super) async fn begun(request: &Request) -> Result<Self, Refusal> {
        let store = store_of(request)?;
        let person = match cookie::sent(request, cookie::SESSION) {
            Some(text) => session::authenticate(store, text).await?,
            None => None,
        };
        // Whoever is not is asked to, and comes back to where they wanted to go.
        let Some(person) = person else {
            let wanted = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
            let is_page = request.method() == poem::http::Method::GET && wanted != "/";
            let then = if is_page { format!("?then={}", form_urlencoded::byte_serialize(wanted.as_bytes()).collect::<String>()) } else { String::new() };
            return Err(Refusal::Elsewhere(format!("/sign-in{then}")));
        };
        if let Some(trail) = request.data::<Trail>() {
            trail.note(&person.scope(request_id(request)));
        }
        let current = session::current(store, &person).await?;
        Ok(Self { person, current })
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
        if self.person.knows(&form.text("csrf")) { Ok(()) } else { Err(Problem::new(Type::Forbidden, "this form does not belong to your session: open the page again")) }
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
            return Err(Problem::new(Type::Forbidden, format!("this needs the role {needs}; you have the role {}", scope.role)).into());
        }
        Ok(())
    }

    /// Their organisation, to change something that needs this role.
    pub(super) async fn write(&self, request: &Request, needs: Role) -> Result<Writer, Refusal> {
        self.may(request, needs).await?;
        Ok(store_of(request)?.write(&self.person.scope(request_id(request))).await?)
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
            csrf: self.current.csrf_token.clone(),
        };
        Frame { person: Some(person), is_inside: self.current.stage == Stage::Complete, ..Frame::new(title) }
    }
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    frame: Frame,
    wrongs: Vec<Wrong>,
    email: String,
    then: String,
    notice: &'static str,
    providers: Vec<SignInOption>,
}

impl SignInPage {
    async fn new(store: &Store, email: String, then: String) -> Result<Self, Refusal> {
        let providers = identity_provider::options(store).await?;
        Ok(Self { frame: Frame::new("Sign in"), wrongs: Vec::new(), email, then, notice: "", providers })
    }
}

/// Where to go after this; home where nothing of ours is named.
fn then(text: &str) -> String {
    local_path(text).unwrap_or("/").to_owned()
}

/// The form.
pub(super) async fn show(request: Request, _: RequestBody) -> Shown {
    let notice = match parameter(&request, "notice").as_str() {
        "joined" => "Your account is ready. Sign in with the password you chose.",
        "password" => "Your password is changed. Sign in with the new one.",
        "out" => "You are signed out.",
        _ => "",
    };
    let page = SignInPage::new(store_of(&request)?, parameter(&request, "email"), then(&parameter(&request, "then"))).await?;
    Ok(html(StatusCode::OK, &SignInPage { notice, ..page })?)
}

/// Signs in.
pub(super) async fn send(request: Request, body: RequestBody) -> Shown {
    refuse_foreign(&request)?;
    let stranger = Stranger::of(&request)?;
    let form = Form::read(&request, body).await?;
    let (email, then) = (form.text("email"), then(&form.text("then")));
    let new = NewSession { email: email.clone(), password: form.exact("password"), code: None, recovery_code: None, organisation_id: None };
    let again = async |wrong: Wrong, status| {
        let page = SignInPage::new(stranger.store(), email.clone(), then.clone()).await?;
        Ok(html(status, &SignInPage { wrongs: vec![wrong], ..page })?)
    };
    if new.email.is_empty() {
        return again(Wrong::new("email", "enter your e-mail address"), StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    if new.password.is_empty() {
        return again(Wrong::new("password", "enter your password"), StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    if new.email.chars().count() > 254 || new.password.chars().count() > 128 {
        return again(Wrong::new("password", "the e-mail address or the password is wrong"), StatusCode::UNAUTHORIZED).await;
    }
    match session::sign_in(stranger.store(), stranger.visit(), &new).await {
        Ok(granted) => Ok(entered(&granted, &then, stranger.is_local)),
        Err(Error::Unauthenticated { .. }) => again(Wrong::new("password", "the e-mail address or the password is wrong"), StatusCode::UNAUTHORIZED).await,
        Err(other) => Err(other.into()),
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
    with_cookies(see(&place), cookies)
}

#[derive(Template)]
#[template(path = "sign_in_code.html")]
struct CodePage {
    frame: Frame,
    wrongs: Vec<Wrong>,
    then: String,
    csrf: String,
}

/// The form for the second factor.
pub(super) async fn show_code(request: Request, _: RequestBody) -> Shown {
    let here = Here::begun(&request).await?;
    let then = then(&parameter(&request, "then"));
    if here.current.stage != Stage::NeedsCode {
        return Err(Refusal::Elsewhere(then));
    }
    Ok(html(StatusCode::OK, &CodePage { frame: Frame::new("Enter your code"), wrongs: Vec::new(), then, csrf: here.csrf().to_owned() })?)
}

/// Gives the second factor.
pub(super) async fn send_code(request: Request, body: RequestBody) -> Shown {
    let form = Form::read(&request, body).await?;
    let here = Here::begun(&request).await?;
    here.is_proven(&form)?;
    let stranger = Stranger::of(&request)?;
    let then = then(&form.text("then"));
    let again = |detail: &str| {
        let page = CodePage { frame: Frame::new("Enter your code"), wrongs: vec![Wrong::new("code", detail)], then: then.clone(), csrf: here.csrf().to_owned() };
        Ok(html(StatusCode::UNPROCESSABLE_ENTITY, &page)?)
    };
    match session::confirm(stranger.store(), stranger.visit(), &here.person, &factor(&form)).await {
        Ok(granted) => Ok(entered(&granted, &then, stranger.is_local)),
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
    if is_code { SecondFactor { code: typed, recovery_code: None } } else { SecondFactor { code: None, recovery_code: typed } }
}

/// Signs out.
pub(super) async fn leave(request: Request, body: RequestBody) -> Shown {
    let form = Form::read(&request, body).await?;
    let here = Here::begun(&request).await?;
    here.is_proven(&form)?;
    session::sign_out(store_of(&request)?, &here.person, request_id(&request)).await?;
    Ok(with_cookies(see("/sign-in?notice=out"), [cookie::no_session(cookie::is_on_this_machine(&request))]))
}
