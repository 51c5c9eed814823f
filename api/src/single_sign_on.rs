//! Signing in through an organisation's identity provider (OpenID Connect: authorisation code, PKCE, discovery).
//!
//! `/sign-in/{provider}` sends a browser to the provider, and `/sign-in/{provider}/callback` takes it back. What the
//! provider says is believed only after its ID token has been checked: signature, issuer, audience, time and nonce.
//! Every request to a provider goes over TLS to a public address, or where the console allows it ([`outbound`]),
//! follows no redirect, and has an end.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use diligence_entities::{
    clock::Moment,
    id::{IdentityProviderId, OrganisationId},
    identity_provider::{self, Begun, IdentityProvider, Vouched, is_safe_address},
    scope::Store,
    session::Visit,
};
use openidconnect::{
    AdditionalClaims, AuthType, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken, EmptyExtraTokenFields,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, IdTokenFields, IssuerUrl, Nonce,
    OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope,
    StandardErrorResponse, StandardTokenResponse, TokenResponse as _, UserInfoClaims,
    core::{
        CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreClientAuthMethod, CoreErrorResponseType,
        CoreGenderClaim, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm,
        CoreProviderMetadata, CoreRevocableToken, CoreRevocationErrorResponse, CoreTokenIntrospectionResponse,
        CoreTokenType,
    },
    reqwest,
};
use poem::{
    Body, Request, Response, handler,
    http::{StatusCode, header},
    web::{Data, Path, Query},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    auth::Stranger,
    config::Config,
    cookie,
    link::local_path,
    outbound::{Reach, patiently},
    problem::{Problem, Type},
};

/// How long what a provider says of itself is believed, in seconds.
const DISCOVERED_SECONDS: i64 = 3600;
/// How soon its keys may be asked for again, when a token is signed with one that we do not know, in seconds.
const AGAIN_SECONDS: i64 = 60;
/// How large an answer of a provider may be, in bytes.
const LIMIT: usize = 1 << 20;
/// How many providers are remembered at the most.
const REMEMBERED: usize = 1000;

/// Every other claim of a token.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Others {
    #[serde(flatten)]
    all: Map<String, Value>,
}
impl AdditionalClaims for Others {}

type Fields = IdTokenFields<
    Others,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
type Party = Client<
    Others,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    StandardTokenResponse<Fields, CoreTokenType>,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// What providers said of themselves a while ago, and whom one may ask.
#[derive(Clone, Debug)]
pub(crate) struct Discovered {
    known: Arc<Mutex<HashMap<String, (Moment, CoreProviderMetadata)>>>,
    reach: Reach,
}

/// Why a request to a provider failed. For the log.
#[derive(Debug, thiserror::Error)]
enum Unreachable {
    #[error("the address {0:?} is not allowed")]
    Unsafe(String),
    #[error("{0} is not public: see provider_networks")]
    NotPublic(String),
    #[error("its response is larger than {LIMIT} bytes")]
    TooLarge,
    #[error(transparent)]
    Http(#[from] reqwest::Error),
    #[error(transparent)]
    Malformed(#[from] openidconnect::http::Error),
}

/// One request to a provider of this issuer.
async fn ask(
    client: reqwest::Client,
    reach: Reach,
    is_local: bool,
    request: HttpRequest,
) -> Result<HttpResponse, Unreachable> {
    let address = request.uri().to_string();
    // A provider elsewhere has nothing to send us to on this machine in the clear.
    if !is_safe_address(&address) || (address.starts_with("http:") && !is_local) {
        return Err(Unreachable::Unsafe(address));
    }
    let request: reqwest::Request = request.try_into()?;
    if !reach.allows_host(request.url()) {
        return Err(Unreachable::NotPublic(address));
    }
    let mut response = client.execute(request).await?;
    if !reach.allows_answer(&response) {
        return Err(Unreachable::NotPublic(address));
    }
    let mut answer = openidconnect::http::Response::builder().status(response.status());
    for (name, value) in response.headers() {
        answer = answer.header(name, value);
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > LIMIT {
            return Err(Unreachable::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(answer.body(body)?)
}

fn asking(
    reach: &Reach,
    provider: &IdentityProvider,
) -> Result<
    impl Fn(HttpRequest) -> futures_util::future::BoxFuture<'static, Result<HttpResponse, Unreachable>> + use<>,
    Problem,
> {
    let is_local = provider.issuer.starts_with("http:");
    let (client, reach) = (reach.client(!is_local).map_err(Problem::internal)?, reach.clone());
    Ok(move |request: HttpRequest| -> futures_util::future::BoxFuture<'static, _> {
        Box::pin(ask(client.clone(), reach.clone(), is_local, request))
    })
}

/// The provider is at fault, or whoever entered it: what went wrong is for the log.
fn failed(provider: &IdentityProvider, step: &'static str, cause: &dyn std::fmt::Display) -> Problem {
    tracing::warn!(provider = %provider.id, step, %cause, "signing in through an identity provider failed");
    Problem::new(
        Type::Unauthenticated,
        "the identity provider cannot be reached, or its response is not valid: try again, and if it still fails, tell an admin",
    )
}

/// A step in which a provider is asked, and fails at the same moment whatever is there.
async fn step<T>(
    provider: &IdentityProvider,
    name: &'static str,
    work: impl Future<Output = Result<T, Problem>>,
) -> Result<T, Problem> {
    patiently(work, || failed(provider, name, &"it timed out")).await
}

impl Discovered {
    /// Nobody yet.
    pub(crate) fn new(config: &Config) -> Self {
        Self { known: Arc::default(), reach: Reach::new(&config.provider_networks) }
    }

    async fn of(&self, provider: &IdentityProvider, now: Moment, oldest: i64) -> Result<CoreProviderMetadata, Problem> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&provider.issuer).cloned();
        if let Some((at, metadata)) = known
            && now.seconds_since(at) < oldest
        {
            return Ok(metadata);
        }
        let issuer = IssuerUrl::new(provider.issuer.clone()).map_err(|error| failed(provider, "issuer", &error))?;
        let ask = asking(&self.reach, provider)?;
        let asked = async {
            let metadata = CoreProviderMetadata::discover_async(issuer, &ask)
                .await
                .map_err(|error| failed(provider, "discovery", &chain(&error)))?;
            if !is_safe_address(metadata.authorization_endpoint().as_str()) {
                return Err(failed(provider, "discovery", &"its authorisation endpoint is not safe"));
            }
            Ok(metadata)
        };
        let metadata = step(provider, "discovery", asked).await?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(provider.issuer.clone(), (now, metadata.clone()));
        Ok(metadata)
    }
}

/// An error with what caused it.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(&format!(": {inner}"));
        cause = inner.source();
    }
    text
}

fn party(provider: &IdentityProvider, metadata: CoreProviderMetadata, base: &str) -> Result<Party, Problem> {
    let posts = metadata.token_endpoint_auth_methods_supported().is_some_and(|methods| {
        methods.contains(&CoreClientAuthMethod::ClientSecretPost)
            && !methods.contains(&CoreClientAuthMethod::ClientSecretBasic)
    });
    let back = RedirectUrl::new(back(base, &provider.id)).map_err(|error| failed(provider, "address", &error))?;
    let secret = provider.client_secret.clone().map(ClientSecret::new);
    let party = Client::from_provider_metadata(metadata, ClientId::new(provider.client_id.clone()), secret)
        .set_redirect_uri(back);
    Ok(if posts { party.set_auth_type(AuthType::RequestBody) } else { party })
}

/// Where we are, as the browser knows it, and as the provider was told.
fn base(request: &Request) -> String {
    if let Some(url) = request.data::<Arc<Config>>().and_then(|config| config.public_url.as_ref()) {
        return url.link("");
    }
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let scheme = if cookie::is_on_this_machine(request) { "http" } else { "https" };
    format!("{scheme}://{host}")
}

fn back(base: &str, id: &IdentityProviderId) -> String {
    format!("{base}/sign-in/{id}/callback")
}

/// The address to which a provider sends people back, to be told to it.
pub(crate) fn callback(request: &Request, id: &IdentityProviderId) -> String {
    back(&base(request), id)
}

/// The address at which an organisation's people are shown its providers.
pub(crate) fn own_address(request: &Request, id: &OrganisationId) -> String {
    format!("{}/sign-in?organisation={id}", base(request))
}

fn redirect(to: &str, cookies: Vec<String>) -> Response {
    let mut response = Response::builder().status(StatusCode::SEE_OTHER).header(header::LOCATION, to);
    for cookie in cookies {
        response = response.header(header::SET_COOKIE, cookie);
    }
    response.body(Body::empty())
}

fn provider_id(text: &str) -> Result<IdentityProviderId, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}

/// Where a browser wants to go afterwards.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Then {
    then: Option<String>,
}

/// Sends a browser to the provider.
#[handler]
pub(crate) async fn begin(
    request: &Request,
    Path(id): Path<String>,
    Query(then): Query<Then>,
    Data(store): Data<&Store>,
    Data(discovered): Data<&Discovered>,
) -> poem::Result<Response> {
    let provider = identity_provider::enabled(store, &provider_id(&id)?).await.map_err(Problem::from)?;
    let metadata = discovered.of(&provider, store.clock().now(), DISCOVERED_SECONDS).await?;
    let party = party(&provider, metadata, &base(request))?;
    let begun = Begun::new().map_err(Problem::from)?;
    let challenge = PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(begun.verifier.clone()));
    let (state, nonce) = (begun.state.clone(), begun.nonce.clone());
    let (address, _, _) = party
        .authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            move || CsrfToken::new(state),
            move || Nonce::new(nonce),
        )
        .add_scope(Scope::new("email".into()))
        .add_scope(Scope::new("profile".into()))
        .set_pkce_challenge(challenge)
        .url();
    identity_provider::begin(store, &provider, &begun).await.map_err(Problem::from)?;
    let is_local = cookie::is_on_this_machine(request);
    Ok(redirect(
        address.as_str(),
        vec![
            cookie::attempt(&begun.browser, is_local),
            cookie::then(then.then.as_deref().and_then(local_path), is_local),
        ],
    ))
}

/// What a provider sends a browser back with.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Back {
    state: String,
    code: Option<String>,
    error: Option<String>,
}

/// Takes a browser back from the provider, and lets it in.
#[handler]
pub(crate) async fn finish(
    request: &Request,
    Path(id): Path<String>,
    Query(back): Query<Back>,
    Data(store): Data<&Store>,
    Data(discovered): Data<&Discovered>,
    stranger: Stranger,
) -> poem::Result<Response> {
    let provider = identity_provider::enabled(store, &provider_id(&id)?).await.map_err(Problem::from)?;
    let browser = cookie::sent(request, cookie::ATTEMPT);
    let (nonce, verifier) =
        identity_provider::take_up(store, &provider, &back.state, browser).await.map_err(Problem::from)?;
    let Some(code) = back.code else {
        let why = back.error.unwrap_or_else(|| "no code".into());
        return Err(failed(&provider, "authorisation", &format!("{why:?}")).into());
    };
    let vouched = vouched(store, discovered, &provider, &base(request), code, nonce, verifier).await?;
    let is_local = cookie::is_on_this_machine(request);
    let visit: &Visit = stranger.visit();
    let granted = identity_provider::sign_in(store, visit, &provider, &vouched).await.map_err(Problem::from)?;
    let then = cookie::wanted(request).unwrap_or_else(|| "/".to_owned());
    let known = cookie::organisation(&provider.organisation_id, is_local);
    Ok(redirect(
        &then,
        vec![
            cookie::session(granted.text.reveal(), is_local),
            cookie::no_attempt(is_local),
            cookie::then(None, is_local),
            known,
        ],
    ))
}

async fn vouched(
    store: &Store,
    discovered: &Discovered,
    provider: &IdentityProvider,
    base: &str,
    code: String,
    nonce: String,
    verifier: String,
) -> Result<Vouched, Problem> {
    let now = store.clock().now();
    let ask = asking(&discovered.reach, provider)?;
    let first = party(provider, discovered.of(provider, now, DISCOVERED_SECONDS).await?, base)?;
    let exchange =
        first.exchange_code(AuthorizationCode::new(code)).map_err(|error| failed(provider, "exchange", &error))?;
    let exchange = exchange.set_pkce_verifier(PkceCodeVerifier::new(verifier));
    // A provider that says itself why it gives no token was there, and says so at once.
    let refused_or_given = async {
        match exchange.request_async(&ask).await {
            Ok(tokens) => Ok(Ok(tokens)),
            Err(refused @ RequestTokenError::ServerResponse(_)) => {
                Ok(Err(failed(provider, "exchange", &chain(&refused))))
            }
            Err(error) => Err(failed(provider, "exchange", &chain(&error))),
        }
    };
    let tokens = step(provider, "exchange", refused_or_given).await??;
    let token = tokens.id_token().ok_or_else(|| failed(provider, "exchange", &"it gave no ID token"))?;
    let nonce = Nonce::new(nonce);
    let time = || now.time();
    // A key that we do not know may be a new one.
    let again;
    let claims = match token.claims(&first.id_token_verifier().set_time_fn(time), &nonce) {
        Ok(claims) => claims,
        Err(_) => {
            again = party(provider, discovered.of(provider, now, AGAIN_SECONDS).await?, base)?;
            token
                .claims(&again.id_token_verifier().set_time_fn(time), &nonce)
                .map_err(|error| failed(provider, "ID token", &chain(&error)))?
        }
    };
    let subject = claims.subject().clone();
    let mut all = serde_json::to_value(claims).unwrap_or_default();
    // Many providers say no more than the subject in the token, and the rest when they are asked.
    if let Ok(question) = first.user_info(tokens.access_token().clone(), Some(subject.clone())) {
        let asked =
            async { question.request_async(&ask).await.map_err(|error| failed(provider, "user info", &chain(&error))) };
        let told: UserInfoClaims<Others, CoreGenderClaim> = step(provider, "user info", asked).await?;
        if let (Value::Object(all), Ok(Value::Object(told))) = (&mut all, serde_json::to_value(&told)) {
            for (name, value) in told {
                all.entry(name).or_insert(value);
            }
        }
    }
    let text = |name: &str| all.get(name).and_then(Value::as_str).map(str::to_owned);
    let is_verified = all.get("email_verified").is_some_and(|verified| verified == true || verified == "true");
    Ok(Vouched {
        issuer: claims.issuer().to_string(),
        subject: subject.to_string(),
        email: text("email").map(|email| (email, is_verified)),
        name: text("name"),
        claims: all,
    })
}
