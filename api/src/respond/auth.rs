//! Who asks here: `who: Respondent` in a signature is the proof of a visit through a link, and comes first among the
//! parameters. A visit is proven by its cookie; a change also by the token that a page elsewhere cannot know.

use diligence_entities::{
    error::Error,
    respondent::{self, RespondentReader, RespondentScope, RespondentWriter, VISIT_HOURS},
    scope::Store,
};
use poem::{
    Request, RequestBody,
    http::{HeaderValue, Method, header},
    web::cookie::{Cookie, SameSite},
};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaSecurityScheme, Registry},
};

use crate::{
    auth::store_of,
    client::Client,
    path::TakesNoQuery,
    problem::{Problem, Type},
    query,
    trail::Trail,
};

/// The cookie's name. Browsers take `__Host-` only over https, for this host alone, and for every path.
pub(crate) const COOKIE: &str = "__Host-diligence-respondent";
/// The cookie's name over plain http on this machine itself, where browsers take no `__Host-`.
pub(crate) const LOCAL_COOKIE: &str = "diligence-respondent";
/// The header that proves a change.
pub(crate) const CSRF_HEADER: &str = "X-CSRF-Token";
/// The scheme's name in the document.
pub(crate) const SCHEME: &str = "visit";
/// What the document calls a respondent, in the place of a role.
pub(crate) const ROLE: &str = "respondent";

const REQUIREMENT: &str = "role.respondent";
const CHALLENGE: &str = "Cookie realm=\"diligence\"";

/// Proof of a visit through a link.
#[derive(Debug)]
pub struct Respondent(RespondentScope);

/// Anyone: for the operation that begins a visit.
#[derive(Debug)]
pub struct Anyone {
    store: Store,
    request_id: Option<String>,
    is_local: bool,
}

/// A visit's cookie.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cookies {
    is_local: bool,
}

impl Respondent {
    /// Opens a view of the one assessment.
    ///
    /// # Errors
    /// [`Error::Gone`] when the link has ended meanwhile, [`Error::Busy`] when no connection is free.
    pub async fn read(&self) -> Result<RespondentReader, Error> {
        self.0.read().await
    }

    /// Opens a change to the one assessment.
    ///
    /// # Errors
    /// [`Error::Gone`] when the link has ended meanwhile, [`Error::Busy`] when no connection is free.
    pub async fn write(&self) -> Result<RespondentWriter, Error> {
        self.0.write().await
    }

    /// Ends the visit.
    ///
    /// # Errors
    /// [`Error::Busy`] when no connection is free.
    pub async fn leave(self) -> Result<(), Error> {
        self.0.leave().await
    }
}

impl Anyone {
    /// Exchanges a link's text for a visit, and gives the cookie that proves it from now on.
    ///
    /// # Errors
    /// [`Error::NotFound`] or [`Error::Gone`].
    pub async fn enter(self, token: &str) -> Result<(Respondent, HeaderValue), Error> {
        let (visit, secret) = respondent::enter(&self.store, token, self.request_id).await?;
        let cookie = Cookies { is_local: self.is_local }.with(secret.reveal(), false);
        Ok((Respondent(visit), cookie.ok_or(Error::NotFound)?))
    }
}

/// Whether a request comes over plain http to this machine's own name, and so from this machine.
fn is_local(request: &Request) -> bool {
    if request.data::<Client>().is_some_and(|client| client.secure || !client.address.is_loopback()) {
        return false;
    }
    let host = request.headers().get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let name = host.parse::<poem::http::uri::Authority>().map(|authority| authority.host().trim_matches(['[', ']']).to_ascii_lowercase()).unwrap_or_default();
    name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl Cookies {
    pub(crate) fn of(request: &Request) -> Self {
        Self { is_local: is_local(request) }
    }

    fn name(self) -> &'static str {
        if self.is_local { LOCAL_COOKIE } else { COOKIE }
    }

    /// The cookie as it is set; over at once where `is_over`.
    pub(crate) fn with(self, secret: &str, is_over: bool) -> Option<HeaderValue> {
        let mut cookie = Cookie::new_with_str(self.name(), secret);
        cookie.set_path("/");
        cookie.set_http_only(true);
        cookie.set_secure(!self.is_local);
        cookie.set_same_site(SameSite::Strict);
        let seconds = if is_over { 0 } else { u64::try_from(VISIT_HOURS).unwrap_or_default() * 3600 };
        cookie.set_max_age(std::time::Duration::from_secs(seconds));
        let mut value = HeaderValue::from_str(&cookie.to_string()).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// The header that takes the cookie back.
    pub(crate) fn none(self) -> Option<HeaderValue> {
        self.with("", true)
    }

    /// What the request carries, by the strict name or by the one it is set with here; nothing where it carries two, for
    /// nobody can say which is meant.
    fn sent(self, request: &Request) -> Option<String> {
        let headers = request.headers().get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut found =
            headers.flat_map(|value| value.split(';')).filter_map(|part| Cookie::parse(part.trim()).ok()).filter(|cookie| [COOKIE, self.name()].contains(&cookie.name()));
        let first = found.next()?;
        found.next().is_none().then(|| first.value_str().to_owned())
    }
}

fn request_id(request: &Request) -> Option<String> {
    request.data::<Trail>().map(|trail| trail.request_id.clone())
}

fn refuse_query(request: &Request) -> Result<(), Problem> {
    if request.data::<TakesNoQuery>().is_some() { query::refuse_all(request) } else { Ok(()) }
}

pub(crate) async fn authenticate(request: &Request) -> Result<RespondentScope, Problem> {
    let unknown = |detail: &'static str| Problem::new(Type::Unauthenticated, detail).with_challenge(CHALLENGE);
    let secret = Cookies::of(request).sent(request).ok_or_else(|| unknown("there is no visit: open the link that you were sent"))?;
    let visit = respondent::authenticate(store_of(request)?, &secret, request_id(request)).await?;
    visit.ok_or_else(|| unknown("this visit is over: open the link that you were sent again"))
}

impl<'a> ApiExtractor<'a> for Respondent {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();
    fn register(registry: &mut Registry) {
        let scheme = MetaSecurityScheme {
            ty: "apiKey",
            description: Some(
                "A visit: the cookie that `create_session` sets in exchange for a link. A change also needs the header `X-CSRF-Token`. Over plain http on this machine itself the cookie is called `diligence-respondent`.",
            ),
            name: Some(COOKIE),
            key_in: Some("cookie"),
            scheme: None,
            bearer_format: None,
            flows: None,
            openid_connect_url: None,
        };
        registry.create_security_scheme(SCHEME, scheme);
    }
    fn security_schemes() -> Vec<&'static str> {
        vec![REQUIREMENT]
    }
    async fn from_request(request: &'a Request, _: &mut RequestBody, _: ExtractParamOptions<()>) -> poem::Result<Self> {
        let visit = authenticate(request).await?;
        if let Some(trail) = request.data::<Trail>() {
            trail.note_respondent(&visit);
        }
        if ![Method::GET, Method::HEAD].contains(request.method()) {
            let mut sent = request.headers().get_all(CSRF_HEADER).iter();
            let proof = sent.next().and_then(|value| value.to_str().ok()).filter(|_| sent.next().is_none());
            if !proof.is_some_and(|proof| visit.is_proven_by(proof)) {
                visit.record_refusal("a change without the visit's X-CSRF-Token").await.map_err(Problem::from)?;
                let detail = "a change needs the header X-CSRF-Token with the `csrf_token` of the visit";
                return Err(Problem::new(Type::Forbidden, detail).into());
            }
        }
        refuse_query(request)?;
        Ok(Self(visit))
    }
}

impl<'a> ApiExtractor<'a> for Anyone {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::PoemExtractor];
    type ParamType = ();
    type ParamRawType = ();
    async fn from_request(request: &'a Request, _: &mut RequestBody, _: ExtractParamOptions<()>) -> poem::Result<Self> {
        refuse_query(request)?;
        Ok(Self { store: store_of(request)?.clone(), request_id: request_id(request), is_local: is_local(request) })
    }
}

impl<'a> ApiExtractor<'a> for Cookies {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::PoemExtractor];
    type ParamType = ();
    type ParamRawType = ();
    async fn from_request(request: &'a Request, _: &mut RequestBody, _: ExtractParamOptions<()>) -> poem::Result<Self> {
        Ok(Self::of(request))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(host: &str, cookies: &[&str]) -> Request {
        let request = Request::builder().header("host", host);
        cookies.iter().fold(request, |request, cookie| request.header("cookie", *cookie)).finish()
    }

    #[test]
    fn only_a_request_to_this_machine_itself_has_the_cookie_without_its_prefix() {
        for host in ["localhost", "localhost:8080", "127.0.0.1:8080", "[::1]:8080", "LOCALHOST"] {
            assert_eq!(Cookies::of(&request(host, &[])).name(), LOCAL_COOKIE, "{host}");
        }
        for host in ["register.example.org", "10.0.0.1:8080", "localhost.example.org", "", "é"] {
            assert_eq!(Cookies::of(&request(host, &[])).name(), COOKIE, "{host}");
        }
        let set = Cookies { is_local: false }.with("abc", false).expect("a header");
        assert_eq!(set, "__Host-diligence-respondent=abc; HttpOnly; SameSite=Strict; Secure; Path=/; Max-Age=28800");
    }

    #[test]
    fn a_cookie_is_found_among_others_and_two_are_none() {
        let sent = |cookies: &[&str]| Cookies { is_local: false }.sent(&request("register.example.org", cookies));
        assert_eq!(sent(&["a=b; __Host-diligence-respondent=x; c=d"]).as_deref(), Some("x"));
        assert_eq!(sent(&["a=b", "__Host-diligence-respondent=x"]).as_deref(), Some("x"));
        for none in [&["__Host-diligence-respondent=x; __Host-diligence-respondent=x"][..], &["diligence-respondent=x"], &["__host-diligence-respondent=x"], &["="], &[]]
        {
            assert_eq!(sent(none), None, "{none:?}");
        }
    }
}
