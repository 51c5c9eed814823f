//! Who asks here: `who: Respondent` in a signature is the proof of a visit through a link, and comes first among the
//! parameters. A visit is proven by its cookie; a change also by the token that a page elsewhere cannot know.

use diligence_entities::{
    error::Error,
    respondent::{self, RespondentReader, RespondentScope, RespondentWriter, VISIT_HOURS},
    scope::Store,
};
use poem::{Request, RequestBody, http::Method};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaSecurityScheme, Registry},
};

use crate::{
    auth::store_of,
    cookie,
    path::TakesNoQuery,
    problem::{Problem, Type},
    query,
    trail::Trail,
};

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
    pub async fn enter(self, token: &str) -> Result<(Respondent, String), Error> {
        let (visit, secret) = respondent::enter(&self.store, token, self.request_id).await?;
        Ok((Respondent(visit), Cookies { is_local: self.is_local }.with(secret.reveal())))
    }
}

impl Cookies {
    pub(crate) fn of(request: &Request) -> Self {
        Self { is_local: cookie::is_on_this_machine(request) }
    }

    /// The cookie as it is set.
    pub(crate) fn with(self, secret: &str) -> String {
        cookie::visit(secret, VISIT_HOURS * 3600, self.is_local)
    }

    /// The cookie as it is taken back.
    pub(crate) fn none(self) -> String {
        cookie::visit("", 0, self.is_local)
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
    let secret =
        cookie::sent_visit(request).ok_or_else(|| unknown("there is no visit: open the link that you were sent"))?;
    let visit = respondent::authenticate(store_of(request)?, secret, request_id(request)).await?;
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
            name: Some(cookie::VISIT),
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
        Ok(Self {
            store: store_of(request)?.clone(),
            request_id: request_id(request),
            is_local: cookie::is_on_this_machine(request),
        })
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
