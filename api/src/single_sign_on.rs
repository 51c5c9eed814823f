//! Signing in through an organisation's identity provider (OpenID Connect: authorisation code, PKCE, discovery).
//!
//! `/sign-in/{provider}` sends a browser to the provider, and `/sign-in/{provider}/callback` takes it back. What the
//! provider says is believed only after its ID token has been checked: signature, issuer, audience, time and nonce.
//! Where an administrator only tries the provider, what came is kept to be shown, and nobody is let in.

use std::sync::Arc;

use diligence_entities::{
    clock::Moment,
    id::{IdentityProviderId, OrganisationId},
    identity_provider::{
        self, Begun, IdentityProvider, Vouched,
        trial::{self, Returned, TrialOutcome, TrialStep},
    },
    scope::Store,
    session::Visit,
};
use openidconnect::{
    AdditionalClaims, AuthType, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken, EmptyExtraTokenFields,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, IdTokenFields, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope, StandardErrorResponse, StandardTokenResponse,
    TokenResponse as _, UserInfoClaims, UserInfoError,
    core::{
        CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreClientAuthMethod, CoreErrorResponseType,
        CoreGenderClaim, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm,
        CoreProviderMetadata, CoreRevocableToken, CoreRevocationErrorResponse, CoreTokenIntrospectionResponse,
        CoreTokenType,
    },
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
    discovery::{AGAIN_SECONDS, DISCOVERED_SECONDS, Discovered, Failure, chain, step},
    link::local_path,
    problem::Problem,
};

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

fn party(
    provider: &IdentityProvider,
    metadata: CoreProviderMetadata,
    base: &str,
    step: TrialStep,
) -> Result<Party, Failure> {
    let posts = metadata.token_endpoint_auth_methods_supported().is_some_and(|methods| {
        methods.contains(&CoreClientAuthMethod::ClientSecretPost)
            && !methods.contains(&CoreClientAuthMethod::ClientSecretBasic)
    });
    let back = RedirectUrl::new(back(base, &provider.id)).map_err(|error| Failure::silent(step, &error))?;
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

/// Where at the provider somebody signs in who has begun so.
async fn place_of(
    discovered: &Discovered,
    provider: &IdentityProvider,
    base: &str,
    begun: &Begun,
    now: Moment,
) -> Result<String, Failure> {
    let metadata = discovered.of(provider, now, DISCOVERED_SECONDS).await?;
    let listed: Option<Vec<String>> =
        metadata.scopes_supported().map(|scopes| scopes.iter().map(|scope| scope.to_string()).collect());
    let scopes = provider.scopes_to_ask_for(listed.as_deref()).into_iter().map(Scope::new);
    let party = party(provider, metadata, base, TrialStep::Discovery)?;
    let (state, nonce) = (begun.state.clone(), begun.nonce.clone());
    let request = party
        .authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            move || CsrfToken::new(state),
            move || Nonce::new(nonce),
        )
        .add_scopes(scopes);
    let request = if provider.pkce {
        let verifier = PkceCodeVerifier::new(begun.verifier.clone());
        request.set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
    } else {
        request
    };
    let (address, _, _) = request.url();
    Ok(address.to_string())
}

/// Where at the provider somebody signs in to try it, or how that failed.
pub(crate) async fn trial_place(
    request: &Request,
    discovered: &Discovered,
    provider: &IdentityProvider,
    begun: &Begun,
    now: Moment,
) -> Result<String, TrialOutcome> {
    place_of(discovered, provider, &base(request), begun, now).await.map_err(|failure| {
        failure.log(provider);
        failure.outcome()
    })
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
    let begun = Begun::new().map_err(Problem::from)?;
    let address = place_of(discovered, &provider, &base(request), &begun, store.clock().now())
        .await
        .map_err(|failure| failure.problem(&provider))?;
    identity_provider::begin(store, &provider, &begun).await.map_err(Problem::from)?;
    let is_local = cookie::is_on_this_machine(request);
    Ok(redirect(
        &address,
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
    error_description: Option<String>,
}

impl Back {
    /// The code that it came back with, or what the provider says instead.
    fn code(self, provider: &IdentityProvider) -> Result<String, Failure> {
        let Some(error) = self.error else {
            let nothing =
                || Failure::told(TrialStep::Authorisation, "the browser came back with neither a code nor an error");
            return self.code.ok_or_else(nothing);
        };
        let meaning = match error.as_str() {
            "access_denied" => "the provider does not let this person in, or they turned back",
            "invalid_scope" => {
                "the provider refuses a scope that it was asked for: leave out those that it does not know"
            }
            "invalid_request" if provider.pkce => {
                "the provider refuses the request: it may not know PKCE, which can be turned off"
            }
            "invalid_request" => "the provider refuses the request: it may ask for PKCE, which is turned off here",
            "unauthorized_client" => "the provider does not let this client sign people in with a code",
            "server_error" | "temporarily_unavailable" => "the provider failed",
            _ => "the provider refuses",
        };
        let description = self.error_description.map(|text| format!("; it says {text:?}")).unwrap_or_default();
        let failure = Failure::told(TrialStep::Authorisation, format!("{meaning} ({error:?}){description}"));
        Err(match error.as_str() {
            "access_denied" => {
                failure.saying("your identity provider did not let you in, or you turned back there: start again")
            }
            _ => failure.saying(
                "your identity provider refused to sign you in: tell an admin, who sees why by trying the provider in the settings",
            ),
        })
    }
}

/// Takes a browser back from the provider, and lets it in; or shows what came, where the provider is only tried.
#[handler]
pub(crate) async fn finish(
    request: &Request,
    Path(id): Path<String>,
    Query(back): Query<Back>,
    Data(store): Data<&Store>,
    Data(discovered): Data<&Discovered>,
    stranger: Stranger,
) -> poem::Result<Response> {
    let id = provider_id(&id)?;
    if let Some(returned) = trial::take_up(store, &id, &back.state).await.map_err(Problem::from)? {
        return Ok(tried(request, store, discovered, &returned, back).await?);
    }
    let provider = identity_provider::enabled(store, &id).await.map_err(Problem::from)?;
    let browser = cookie::sent(request, cookie::ATTEMPT);
    let (nonce, verifier) =
        identity_provider::take_up(store, &provider, &back.state, browser).await.map_err(Problem::from)?;
    let vouched = async {
        let code = back.code(&provider)?;
        vouched(store, discovered, &provider, &base(request), code, nonce, verifier).await
    };
    let vouched = vouched.await.map_err(|failure| failure.problem(&provider))?;
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

/// Takes up a trial whose browser is back: keeps what came, and sends the browser to where it is shown.
async fn tried(
    request: &Request,
    store: &Store,
    discovered: &Discovered,
    returned: &Returned,
    back: Back,
) -> Result<Response, Problem> {
    let provider = &returned.provider;
    let came = async {
        let code = back.code(provider)?;
        let (nonce, verifier) = (returned.nonce().to_owned(), returned.verifier().to_owned());
        vouched(store, discovered, provider, &base(request), code, nonce, verifier).await
    };
    let came = came.await.map_err(|failure| {
        failure.log(provider);
        failure.outcome()
    });
    trial::finish(store, returned, came).await?;
    Ok(redirect(&format!("/settings/sign-in/trials/{}", returned.id), Vec::new()))
}

async fn vouched(
    store: &Store,
    discovered: &Discovered,
    provider: &IdentityProvider,
    base: &str,
    code: String,
    nonce: String,
    verifier: String,
) -> Result<Vouched, Failure> {
    let exchanging = TrialStep::Exchange;
    let now = store.clock().now();
    let ask = discovered.asking(&provider.issuer, exchanging)?;
    let first = party(provider, discovered.of(provider, now, DISCOVERED_SECONDS).await?, base, exchanging)?;
    let exchange =
        first.exchange_code(AuthorizationCode::new(code)).map_err(|error| Failure::silent(exchanging, &error))?;
    let exchange = if provider.pkce { exchange.set_pkce_verifier(PkceCodeVerifier::new(verifier)) } else { exchange };
    // A provider that says itself why it gives no token was there, and says so at once.
    let refused_or_given = async {
        match exchange.request_async(&ask).await {
            Ok(tokens) => Ok(Ok(tokens)),
            Err(RequestTokenError::ServerResponse(response)) => {
                let hint = match response.error() {
                    CoreErrorResponseType::InvalidClient => ": look at the client id and the client secret",
                    _ => "",
                };
                Ok(Err(Failure::told(exchanging, format!("the provider gives no token ({response}){hint}"))))
            }
            Err(error) => Err(Failure::silent(exchanging, &chain(&error))),
        }
    };
    let tokens = step(exchanging, refused_or_given).await??;
    let token = tokens
        .id_token()
        .ok_or_else(|| Failure::told(exchanging, "the provider gave an access token and no ID token"))?;
    let nonce = Nonce::new(nonce);
    let time = || now.time();
    // A key that we do not know may be a new one.
    let again;
    let claims = match token.claims(&first.id_token_verifier().set_time_fn(time), &nonce) {
        Ok(claims) => claims,
        Err(_) => {
            let metadata = discovered.of(provider, now, AGAIN_SECONDS).await?;
            again = party(provider, metadata, base, TrialStep::IdToken)?;
            token.claims(&again.id_token_verifier().set_time_fn(time), &nonce).map_err(|error| {
                Failure::told(TrialStep::IdToken, format!("the ID token proves nothing: {}", chain(&error)))
            })?
        }
    };
    let subject = claims.subject().clone();
    let mut all = serde_json::to_value(claims).unwrap_or_default();
    // Many providers say no more than the subject in the token, and the rest when they are asked.
    if provider.wants_more_than(&all)
        && let Ok(question) = first.user_info(tokens.access_token().clone(), Some(subject.clone()))
    {
        let asked = async {
            question.request_async(&ask).await.map_err(|error| {
                let cause = chain(&error);
                match &error {
                    UserInfoError::Parse(fault) => Failure::told(
                        TrialStep::UserInfo,
                        format!("what the provider sent cannot be read at {:?}", fault.path().to_string()),
                    ),
                    UserInfoError::ClaimsVerification(_) => Failure::told(
                        TrialStep::UserInfo,
                        "what the provider sent is about somebody else than the ID token, or proves nothing",
                    ),
                    _ => Failure::silent(TrialStep::UserInfo, &cause),
                }
                .because(cause)
            })
        };
        let told: UserInfoClaims<Others, CoreGenderClaim> = step(TrialStep::UserInfo, asked).await?;
        if let (Value::Object(all), Ok(Value::Object(told))) = (&mut all, serde_json::to_value(&told)) {
            add_what_is_not_said(all, told);
        }
    }
    let text = |name: &str| all.get(name).and_then(Value::as_str).map(str::to_owned);
    // Anything else than yes is no.
    let email_verified = match all.get("email_verified") {
        None | Some(Value::Null) => None,
        Some(verified) => Some(verified == true || verified == "true"),
    };
    Ok(Vouched {
        issuer: claims.issuer().to_string(),
        subject: subject.to_string(),
        email: text("email"),
        email_verified,
        name: text("name"),
        claims: all,
    })
}

/// Adds what user info says to what the token says, where that says nothing. Whether an address is verified is taken only
/// from where the address comes from.
fn add_what_is_not_said(said: &mut Map<String, Value>, more: Map<String, Value>) {
    let is_said = |said: &Map<String, Value>, name: &str| said.get(name).is_some_and(|value| !value.is_null());
    let is_another = is_said(said, "email") && more.get("email") != said.get("email");
    for (name, value) in more {
        if !(is_said(said, &name) || is_another && name == "email_verified") {
            said.insert(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn user_info_fills_what_the_token_leaves_out_and_verifies_no_other_address() {
        for (token, info, expected) in [
            (
                json!({}),
                json!({ "email": "a@x", "email_verified": true }),
                json!({ "email": "a@x", "email_verified": true }),
            ),
            (json!({ "groups": null }), json!({ "groups": ["a"] }), json!({ "groups": ["a"] })),
            (json!({ "groups": [] }), json!({ "groups": ["a"] }), json!({ "groups": [] })),
            (json!({ "email": "a@x" }), json!({ "email": "b@x", "email_verified": true }), json!({ "email": "a@x" })),
            (json!({ "email": "a@x" }), json!({ "email_verified": true }), json!({ "email": "a@x" })),
            (
                json!({ "email": "a@x" }),
                json!({ "email": "a@x", "email_verified": true }),
                json!({ "email": "a@x", "email_verified": true }),
            ),
        ] {
            let (Value::Object(mut said), Value::Object(more)) = (token.clone(), info) else { continue };
            add_what_is_not_said(&mut said, more);
            assert_eq!(Value::Object(said), expected, "{token}");
        }
    }
}
