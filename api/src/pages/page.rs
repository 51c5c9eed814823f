//! What every page is made of: what stands around it, how it is sent, and what is said in its place.

use std::sync::{Arc, OnceLock};

use askama::Template;
use diligence_entities::{error::Error, fault::Fault};
use poem::{
    Request, Response,
    http::{HeaderName, HeaderValue, StatusCode, header},
};
use sha2::{Digest as _, Sha256};

use crate::{
    config::Config,
    problem::{Problem, Type},
    trail::Trail,
};

const STYLE: &str = include_str!("../../assets/style.css");
const SCRIPT: &str = include_str!("../../assets/page.js");
const ICON: &str = include_str!("../../assets/icon.svg");

/// Only what is our own, and no script or style inside a page.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Why a page is not what was asked for.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// It says so.
    Problem(Problem),
    /// It is to be found there.
    Elsewhere(String),
    /// Another page is shown in its place.
    Instead(Box<Response>),
}

impl<E: Into<Problem>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self::Problem(error.into())
    }
}

/// What a page gives.
pub(crate) type PageResult = Result<Response, Refusal>;

/// What stands around every page.
#[derive(Clone, Debug, Default)]
pub(crate) struct Frame {
    /// The page's title.
    pub(super) title: String,
    /// The language of its words.
    pub(super) language: String,
    /// Who is signed in, and what proves their forms.
    pub(super) person: Option<Signed>,
    /// Whether they have come all the way in, and can go anywhere.
    pub(super) is_inside: bool,
    /// The part of the register that the page belongs to: where that part begins.
    pub(super) part: &'static str,
}

/// Who is signed in.
#[derive(Clone, Debug)]
pub(crate) struct Signed {
    pub(super) name: String,
    pub(super) organisation: String,
    /// Whether everything in it is invented.
    pub(super) is_sample: bool,
    /// The day on which it looks as the page shows it.
    pub(super) today: String,
    pub(super) csrf: String,
}

impl Frame {
    /// A page in English, without anyone signed in.
    pub(crate) fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), language: "en".into(), ..Self::default() }
    }

    /// Marks this part of the menu as the current one.
    pub(crate) fn at(self, part: &'static str) -> Self {
        Self { part, ..self }
    }

    /// The parts, in the order of the menu.
    pub(super) fn parts(&self) -> [(&'static str, &'static str); 8] {
        [
            ("/", "Home"),
            ("/register", "Register"),
            ("/assessments", "Assessments"),
            ("/risks", "Risks"),
            ("/due", "Due"),
            ("/concentration", "Dependencies"),
            ("/questionnaires", "Questionnaires"),
            ("/settings", "Settings"),
        ]
    }

    pub(super) fn style(&self) -> &'static str {
        &assets().style
    }

    pub(super) fn script(&self) -> &'static str {
        &assets().script
    }

    pub(super) fn icon(&self) -> &'static str {
        &assets().icon
    }
}

struct Assets {
    style: String,
    script: String,
    icon: String,
}

/// Where the style, the script and the icon are: a name that changes with what they hold, so that a browser can keep
/// them for ever.
fn assets() -> &'static Assets {
    static ASSETS: OnceLock<Assets> = OnceLock::new();
    ASSETS.get_or_init(|| {
        let name = |content: &str, ending: &str| {
            let hash: String =
                Sha256::digest(content.as_bytes()).iter().take(6).map(|byte| format!("{byte:02x}")).collect();
            format!("/assets/{hash}.{ending}")
        };
        Assets { style: name(STYLE, "css"), script: name(SCRIPT, "js"), icon: name(ICON, "svg") }
    })
}

pub(super) fn asset(request: Request) -> Response {
    let path = request.uri().path();
    let (content, kind) = if path == assets().style {
        (STYLE, "text/css; charset=utf-8")
    } else if path == assets().script {
        (SCRIPT, "text/javascript; charset=utf-8")
    } else if path == assets().icon {
        (ICON, "image/svg+xml")
    } else {
        return Problem::not_found().response();
    };
    Response::builder()
        .header(header::CONTENT_TYPE, kind)
        .header(header::CACHE_CONTROL, "public, max-age=31536000, immutable")
        .body(content)
}

/// A page, as it is sent.
pub(crate) fn html(status: StatusCode, template: &impl Template) -> Result<Response, Problem> {
    let text = template.render().map_err(Problem::internal)?;
    Ok(Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "text/html; charset=utf-8")
        .header(header::CONTENT_SECURITY_POLICY, POLICY)
        .header(header::CACHE_CONTROL, "no-store")
        .body(text))
}

/// Sets these cookies on a response.
pub(crate) fn with_cookies(mut response: Response, cookies: impl IntoIterator<Item = String>) -> Response {
    for cookie in cookies {
        if let Ok(mut value) = HeaderValue::from_str(&cookie) {
            value.set_sensitive(true);
            response.headers_mut().append(header::SET_COOKIE, value);
        }
    }
    response
}

/// Sends the browser to a place of ours.
pub(crate) fn redirect(place: &str) -> Response {
    let place = HeaderValue::from_str(place).unwrap_or(HeaderValue::from_static("/"));
    Response::builder().status(StatusCode::SEE_OTHER).header(header::LOCATION, place).finish()
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage<'a> {
    frame: Frame,
    detail: &'a str,
    what_to_do: &'a str,
}

/// Whether someone reads the answer in a browser, who is told in a page what a program is told in JSON.
pub(crate) fn is_for_reading(request: &Request) -> bool {
    const PROGRAMS: [&str; 6] = ["/api/", "/respond/v1/", "/health/", "/metrics", "/schemas/", "/problems/"];
    let accepts = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accepts.split([',', ';']).any(|part| part.trim() == "text/html")
        && !PROGRAMS.iter().any(|begin| request.uri().path().starts_with(begin))
}

/// A refusal as a page, for whoever it may be.
pub(crate) fn problem_page(problem: &Problem) -> Response {
    problem_page_within(problem, Frame::new(problem.kind.title()))
}

pub(super) fn problem_page_within(problem: &Problem, frame: Frame) -> Response {
    let what_to_do = match problem.kind {
        Type::Forbidden if frame.is_inside => "If you need this for your work, ask an administrator of your register.",
        Type::Unauthenticated | Type::Forbidden => {
            "If you were signed in before, sign in again and go on where you were."
        }
        Type::Gone => "Ask whoever sent you the link for a new one.",
        Type::NotFound => "If you typed the address, check it. If you followed a link, it may be out of date.",
        Type::Full => "Tell whoever runs this register that the disk is full. What is there can still be read.",
        Type::TooMany | Type::Busy | Type::Unavailable | Type::Overloaded | Type::Timeout | Type::NotReady => {
            "Wait a moment, then send it again. Nothing you sent was half done."
        }
        Type::Stale => "Someone else changed it meanwhile. Go back, load the page again, and look at what changed.",
        _ => "Go back and try again. If it happens again, tell whoever runs this register.",
    };
    let detail = sentence(&problem.detail);
    let page = ProblemPage { frame, detail: &detail, what_to_do };
    let header = problem.response().headers().get(header::RETRY_AFTER).cloned();
    let mut response = html(problem.kind.status(), &page).unwrap_or_else(|problem| problem.response());
    if let Some(value) = header {
        response.headers_mut().insert(header::RETRY_AFTER, value);
    }
    response
}

/// A detail with a capital letter and a full stop.
pub(crate) fn sentence(detail: &str) -> String {
    let mut letters = detail.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let end = if detail.ends_with(['.', '?', '!']) || detail.is_empty() { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

/// What is wrong with one field, for the summary at the top and for the field itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FieldError {
    /// The id of the field in the page.
    pub(super) field: String,
    /// What was expected.
    pub(super) detail: String,
}

impl FieldError {
    pub(crate) fn new(field: impl Into<String>, detail: impl AsRef<str>) -> Self {
        Self { field: field.into(), detail: sentence(detail.as_ref()) }
    }
}

/// Faults of a body with plain fields: each at the field of its name, the others at `other`.
pub(crate) fn field_errors(faults: &[Fault], fields: &[&str], other: &str) -> Vec<FieldError> {
    let field = |fault: &Fault| {
        fields
            .iter()
            .find(|field| fault.pointer.trim_start_matches('/') == **field)
            .map_or(other.to_owned(), ToString::to_string)
    };
    faults.iter().map(|fault| FieldError::new(field(fault), &fault.detail)).collect()
}

/// What is wrong at this field.
pub(crate) fn at<'a>(errors: &'a [FieldError], field: &str) -> Option<&'a str> {
    errors.iter().find(|wrong| wrong.field == field).map(|wrong| wrong.detail.as_str())
}

/// The faults that a form can be shown with again; any other refusal goes on.
pub(crate) fn faults(error: Error) -> Result<Vec<Fault>, Refusal> {
    match error {
        Error::Invalid(faults) => Ok(faults),
        Error::Conflict { errors, .. } if !errors.is_empty() => Ok(errors),
        Error::Conflict { code, detail, .. } => Ok(vec![Fault::new("", code, detail)]),
        other => Err(other.into()),
    }
}

/// The address of `path` on this server, for people and programs elsewhere.
pub(crate) fn link(request: &Request, path: &str) -> Result<String, Problem> {
    let config = request.data::<Arc<Config>>().ok_or_else(|| Problem::internal("the app has no configuration"))?;
    Ok(config.link(path))
}

/// The id in the address of a page.
pub(crate) fn path_id<I: std::str::FromStr>(request: &Request) -> Result<I, Problem> {
    request.raw_path_param("id").and_then(|text| text.parse().ok()).ok_or_else(Problem::not_found)
}

/// The request, to find it in the logs.
pub(crate) fn request_id(request: &Request) -> Option<String> {
    request.data::<Trail>().map(|trail| trail.request_id.clone())
}

/// Whether the form that is sent stands on a page of ours: browsers say where a form comes from. For forms that nobody
/// has signed in to send; the others have a token besides.
pub(crate) fn refuse_foreign(request: &Request) -> Result<(), Problem> {
    const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
    let text = |name: HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
    let is_ours = match (text(SITE), text(header::ORIGIN)) {
        (Some(site), _) => site == "same-origin" || site == "none",
        (None, Some(origin)) => origin.split_once("://").is_some_and(|(_, host)| text(header::HOST) == Some(host)),
        (None, None) => true,
    };
    if is_ours { Ok(()) } else { Err(Problem::new(Type::Forbidden, "this form was sent from another site's page")) }
}
