//! What identity providers say of themselves, at `/.well-known/openid-configuration`: asked when one is entered, so
//! that whoever enters it is told, and while people sign in through it.
//!
//! Every request to a provider goes over TLS to a public address, or where the console allows it ([`crate::outbound`]),
//! follows no redirect, and has an end. Where none answers as a provider does, nobody is told what is there instead.

use std::{
    collections::HashMap,
    fmt::Display,
    sync::{Arc, Mutex, PoisonError},
};

use diligence_entities::{
    clock::Moment,
    error::Error,
    id::IdentityProviderId,
    identity_provider::{
        self, IdentityProvider, NewIdentityProvider, is_safe_address,
        trial::{TrialOutcome, TrialStep},
    },
    patch::Change,
    scope::Reader,
    stored::word,
};
use futures_util::future::BoxFuture;
use openidconnect::{DiscoveryError, HttpRequest, HttpResponse, IssuerUrl, core::CoreProviderMetadata, http, reqwest};
use poem::Request;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::{
    config::Config,
    outbound::{Reach, patiently},
    problem::{Problem, Type},
};

/// How long what a provider says of itself is believed, in seconds.
pub(crate) const DISCOVERED_SECONDS: i64 = 3600;
/// How soon its keys may be asked for again, when a token is signed with one that we do not know, in seconds.
pub(crate) const AGAIN_SECONDS: i64 = 60;
/// How large an answer of a provider may be, in bytes.
const LIMIT: usize = 1 << 20;
/// How many providers are remembered at the most.
const REMEMBERED: usize = 1000;
/// How many words of a list that a provider sends are shown at the most.
const SHOWN: usize = 100;
/// How long a word may be that a provider sends, in characters.
const LENGTH: usize = 500;
/// What is told of a provider that did not answer as one: the same whatever is there.
const SILENT: &str = "the provider cannot be reached, or its response is not that of an identity provider";
/// What whoever signs in is told of one that failed.
const PUBLIC: &str = "the identity provider cannot be reached, or its response is not valid: try again, and if it still fails, tell an admin";

/// Why asking a provider failed, and at which step.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    /// The step.
    step: TrialStep,
    /// What went wrong, for the log.
    cause: String,
    /// What an administrator may read of it.
    told: String,
    /// What whoever signs in may read of it.
    public: &'static str,
}

impl Failure {
    /// One of which nobody is told more than that it failed.
    pub(crate) fn silent(step: TrialStep, cause: &dyn Display) -> Self {
        Self { step, cause: cause.to_string(), told: SILENT.into(), public: PUBLIC }
    }

    /// One that the provider itself said, or that follows from what it said.
    pub(crate) fn told(step: TrialStep, told: impl Into<String>) -> Self {
        let told = told.into();
        Self { step, cause: told.clone(), told, public: PUBLIC }
    }

    /// The same, with another sentence for whoever signs in.
    pub(crate) fn saying(self, public: &'static str) -> Self {
        Self { public, ..self }
    }

    /// The same, with this for the log.
    pub(crate) fn because(self, cause: String) -> Self {
        Self { cause, ..self }
    }

    /// Logs it: the provider is at fault, or whoever entered it.
    pub(crate) fn log(&self, provider: &IdentityProvider) {
        let (step, cause) = (word(&self.step), plain(&self.cause));
        tracing::warn!(provider = %provider.id, %step, %cause, "signing in through an identity provider failed");
    }

    /// What whoever signs in is told.
    pub(crate) fn problem(&self, provider: &IdentityProvider) -> Problem {
        self.log(provider);
        Problem::new(Type::Unauthenticated, self.public)
    }

    /// What whoever tries the provider is shown.
    pub(crate) fn outcome(&self) -> TrialOutcome {
        TrialOutcome::failed(self.step, &self.told)
    }
}

/// An error with what caused it.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(&format!(": {inner}"));
        cause = inner.source();
    }
    text
}

/// Why a request to a provider failed. For the log.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreachable {
    #[error("the address {0:?} is not allowed")]
    Unsafe(String),
    #[error("{0} is not public: see provider_networks")]
    NotPublic(String),
    #[error("its response is larger than {LIMIT} bytes")]
    TooLarge,
    #[error(transparent)]
    Http(#[from] reqwest::Error),
    #[error(transparent)]
    Malformed(#[from] http::Error),
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
    let mut answer = http::Response::builder().status(response.status());
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

/// A step in which a provider is asked, and fails at the same moment whatever is there.
pub(crate) async fn step<T>(name: TrialStep, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    patiently(work, || Failure::silent(name, &"it timed out")).await
}

/// Whether an address is one that is kept for examples (RFC 2606), where no provider can be.
fn is_an_example(issuer: &str) -> bool {
    let host = issuer.parse::<reqwest::Url>().ok().and_then(|url| url.host_str().map(str::to_lowercase));
    let names = ["example", "invalid", "example.com", "example.net", "example.org"];
    host.is_some_and(|host| {
        let host = host.trim_end_matches('.');
        names.iter().any(|name| host.strip_suffix(*name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
    })
}

/// What a provider says of itself, as far as we ask for it.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    /// What it calls itself.
    pub(crate) issuer: String,
    /// The scopes that it lists, if it does.
    pub(crate) scopes: Option<Vec<String>>,
    /// The claims that it lists, if it does.
    pub(crate) claims: Option<Vec<String>>,
    /// How codes can be bound to a browser, if it says so.
    pub(crate) pkce_methods: Option<Vec<String>>,
    /// Why nobody can sign in through it as it is, if so.
    pub(crate) fault: Option<String>,
}

fn words(document: &Value, name: &str) -> Option<Vec<String>> {
    let words = document.get(name)?.as_array()?.iter().filter_map(Value::as_str).take(SHOWN);
    Some(words.map(plain).collect())
}

/// A word of a provider's, as it may be shown.
fn plain(word: &str) -> String {
    word.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(LENGTH).collect()
}

impl Said {
    /// What a document says, if it is one of a provider.
    fn of(document: &Value) -> Option<Self> {
        let issuer = document.get("issuer")?.as_str()?;
        let fault = match serde_json::from_value::<CoreProviderMetadata>(document.clone()) {
            Ok(metadata) if !is_safe_address(metadata.authorization_endpoint().as_str()) => {
                Some("its authorisation endpoint is not reached over https".to_owned())
            }
            Ok(metadata) if metadata.token_endpoint().is_none() => Some("it names no token endpoint".to_owned()),
            Ok(_) => None,
            Err(error) => Some(format!("what it says of itself cannot be used: {}", plain(&error.to_string()))),
        };
        Some(Self {
            issuer: plain(issuer),
            scopes: words(document, "scopes_supported"),
            claims: words(document, "claims_supported"),
            pkce_methods: words(document, "code_challenge_methods_supported"),
            fault,
        })
    }
}

/// What providers said of themselves a while ago, and whom one may ask.
#[derive(Clone, Debug)]
pub(crate) struct Discovered {
    known: Arc<Mutex<HashMap<String, (Moment, CoreProviderMetadata)>>>,
    reach: Reach,
}

impl Discovered {
    /// Nobody yet.
    pub(crate) fn new(config: &Config) -> Self {
        Self { known: Arc::default(), reach: Reach::new(&config.provider_networks) }
    }

    /// How a provider of this issuer is asked.
    pub(crate) fn asking(
        &self,
        issuer: &str,
        step: TrialStep,
    ) -> Result<impl Fn(HttpRequest) -> BoxFuture<'static, Result<HttpResponse, Unreachable>> + use<>, Failure> {
        let is_local = issuer.starts_with("http:");
        let client = self.reach.client(!is_local).map_err(|error| Failure::silent(step, &error))?;
        let reach = self.reach.clone();
        Ok(move |request: HttpRequest| -> BoxFuture<'static, _> {
            Box::pin(ask(client.clone(), reach.clone(), is_local, request))
        })
    }

    /// What a provider says of itself, to sign in with: as it was said not longer ago than `oldest` seconds.
    pub(crate) async fn of(
        &self,
        provider: &IdentityProvider,
        now: Moment,
        oldest: i64,
    ) -> Result<CoreProviderMetadata, Failure> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&provider.issuer).cloned();
        if let Some((at, metadata)) = known
            && now.seconds_since(at) < oldest
        {
            return Ok(metadata);
        }
        let failed = |cause: &dyn Display| Failure::silent(TrialStep::Discovery, cause);
        if is_an_example(&provider.issuer) {
            return Err(failed(&"its address is kept for examples"));
        }
        let issuer = IssuerUrl::new(provider.issuer.clone()).map_err(|error| failed(&error))?;
        let ask = self.asking(&provider.issuer, TrialStep::Discovery)?;
        let asked = async {
            let metadata = CoreProviderMetadata::discover_async(issuer, &ask).await.map_err(|error| match &error {
                DiscoveryError::Validation(_) => Failure::told(
                    TrialStep::Discovery,
                    "the provider calls itself otherwise than its address (issuer) is entered",
                )
                .because(chain(&error)),
                _ => failed(&chain(&error)),
            })?;
            if !is_safe_address(metadata.authorization_endpoint().as_str()) {
                return Err(failed(&"its authorisation endpoint is not safe"));
            }
            Ok(metadata)
        };
        let metadata = step(TrialStep::Discovery, asked).await?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(provider.issuer.clone(), (now, metadata.clone()));
        Ok(metadata)
    }

    /// What whoever is at this address says of itself; none where no provider answers.
    pub(crate) async fn look(&self, issuer: &str) -> Option<Said> {
        if !is_safe_address(issuer) || is_an_example(issuer) {
            return None;
        }
        let ask = self.asking(issuer, TrialStep::Discovery).ok()?;
        let failed = |cause: &dyn Display| Failure::silent(TrialStep::Discovery, cause);
        let asked = async {
            let request = http::Request::builder()
                .uri(format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/')))
                .header(http::header::ACCEPT, "application/json")
                .body(Vec::new())
                .map_err(|error| failed(&error))?;
            let response = ask(request).await.map_err(|error| failed(&chain(&error)))?;
            if response.status() != http::StatusCode::OK {
                return Err(failed(&response.status()));
            }
            let document: Value = serde_json::from_slice(response.body()).map_err(|error| failed(&error))?;
            Said::of(&document).ok_or_else(|| failed(&"it names no issuer"))
        };
        match step(TrialStep::Discovery, asked).await {
            Ok(said) => Some(said),
            Err(failure) => {
                tracing::info!(cause = %failure.cause, "an identity provider could not be asked what it says of itself");
                None
            }
        }
    }

    /// Asks a provider that is about to be entered what it says of itself, and enters it under its own name where that
    /// differs by a slash at the end alone.
    ///
    /// # Errors
    /// [`Error::Invalid`] where it calls itself otherwise.
    pub(crate) async fn meet(&self, new: &mut NewIdentityProvider) -> Result<Discovery, Error> {
        let typed = new.issuer.clone();
        let said = self.look(&typed).await;
        if let Some(said) = said.as_ref().filter(|said| said.issuer != typed) {
            if said.issuer.trim_end_matches('/') != typed.trim_end_matches('/') {
                return Err(Error::invalid(
                    "/issuer",
                    "other_issuer",
                    format!(
                        "the provider at {typed} calls itself {}: expected the name by which it calls itself",
                        said.issuer
                    ),
                ));
            }
            new.issuer.clone_from(&said.issuer);
        }
        Ok(Discovery::of(said, new, &typed))
    }

    /// For a change to a provider: the change as it is to be made, and what the provider says of itself where
    /// it gets another issuer. Nobody is asked for a change to another version than there is.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Stale`], or [`Error::Invalid`] also where it calls itself otherwise.
    pub(crate) async fn meet_changed(
        &self,
        reader: Reader,
        id: &IdentityProviderId,
        version: i64,
        mut change: Change<NewIdentityProvider>,
    ) -> Result<(Change<NewIdentityProvider>, Option<Discovery>), Error> {
        let (mut new, has_another_issuer) = identity_provider::plan(&reader, id, version, change.clone()).await?;
        // Nobody waits for the database meanwhile.
        drop(reader);
        if !has_another_issuer {
            return Ok((change, None));
        }
        let asked = self.meet(&mut new).await?;
        change.fields.insert("issuer".into(), new.issuer.into());
        Ok((change, Some(asked)))
    }

    /// What the app knows of providers.
    pub(crate) fn of_request(request: &Request) -> Result<&Self, Problem> {
        request.data::<Self>().ok_or_else(|| Problem::internal("the app knows no providers"))
    }
}

/// What an identity provider says of itself when it is asked, and what follows from that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Discovery {
    /// Whether it was reached, and answered as a provider does, within 10 seconds. One that was not is entered all the
    /// same.
    pub(crate) reached: bool,
    /// What it calls itself (its issuer); null if it was not reached.
    pub(crate) calls_itself: Option<String>,
    /// Whether it lists `email_verified` among its claims; null if it was not reached or lists no claims.
    pub(crate) tells_verified: Option<bool>,
    /// The scopes that it lists, at most 100; null if it was not reached or lists none.
    pub(crate) scopes_supported: Option<Vec<String>>,
    /// The claims that it lists, at most 100; null if it was not reached or lists none.
    pub(crate) claims_supported: Option<Vec<String>>,
    /// The methods of PKCE that it lists; null if it was not reached or says nothing of PKCE.
    pub(crate) pkce_methods: Option<Vec<String>>,
    /// What to look at before people sign in through it, a sentence each.
    pub(crate) notes: Vec<String>,
}

impl Discovery {
    /// What was said, if anything was, by a provider that is entered so, where this issuer was typed.
    pub(crate) fn of(said: Option<Said>, provider: &NewIdentityProvider, typed: &str) -> Self {
        let notes = notes(said.as_ref(), provider, typed);
        let Some(said) = said else {
            return Self {
                reached: false,
                calls_itself: None,
                tells_verified: None,
                scopes_supported: None,
                claims_supported: None,
                pkce_methods: None,
                notes,
            };
        };
        Self {
            reached: true,
            calls_itself: Some(said.issuer),
            tells_verified: said.claims.as_ref().map(|claims| claims.iter().any(|claim| claim == "email_verified")),
            scopes_supported: said.scopes,
            claims_supported: said.claims,
            pkce_methods: said.pkce_methods,
            notes,
        }
    }
}

fn notes(said: Option<&Said>, provider: &NewIdentityProvider, typed: &str) -> Vec<String> {
    let Some(said) = said else {
        return vec![
            "It was not reached, or did not answer as an identity provider does: what it calls itself is not known. Try it before people depend on it.".into(),
        ];
    };
    let mut notes = Vec::new();
    if said.issuer != provider.issuer {
        notes.push(format!(
            "It calls itself {} and is entered as {}: nobody can sign in until both are the same.",
            said.issuer, provider.issuer
        ));
    } else if said.issuer != typed {
        notes.push(format!("It calls itself {}, and is entered under that name: {typed} was typed.", said.issuer));
    }
    if let Some(fault) = &said.fault {
        notes.push(format!("Nobody can sign in through it: {fault}."));
    }
    let lists =
        |list: &Option<Vec<String>>, name: &str| list.as_ref().map(|list| list.iter().any(|known| known == name));
    for scope in provider.scopes_to_ask_for(said.scopes.as_deref()) {
        if lists(&said.scopes, &scope) == Some(false) {
            notes.push(format!(
                "It does not list the scope {scope}, which it is asked for: it may refuse it, or send nothing of what comes with it."
            ));
        }
    }
    if let Some(claim) = &provider.role_claim {
        let outer = claim.split('.').next().unwrap_or(claim);
        if lists(&said.claims, claim) == Some(false) && lists(&said.claims, outer) == Some(false) {
            notes.push(format!(
                "It does not list the claim {claim}: try it to see whether it sends it, and which scope brings it."
            ));
        }
    }
    if lists(&said.claims, "email_verified") != Some(true) && provider.believed_domains.is_empty() {
        notes.push(
            "It does not say that it tells whether an address is verified (email_verified): if it does not, nobody is let in by their address unless it is believed in named domains (believed_domains).".into(),
        );
    }
    let knows_pkce = lists(&said.pkce_methods, "S256");
    if provider.pkce && knows_pkce != Some(true) {
        notes.push(
            "It does not list PKCE with S256: some providers take it all the same, some refuse to sign anybody in (invalid_request). If so, turn PKCE off.".into(),
        );
    }
    if !provider.pkce && knows_pkce == Some(true) {
        notes.push("It lists PKCE with S256, which is turned off here: turning it on is safer.".into());
    }
    notes
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn provider(more: Value) -> NewIdentityProvider {
        let mut whole = json!({ "name": "Accounts", "issuer": "https://login.example.org", "client_id": "diligence" });
        whole.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        serde_json::from_value(whole).expect("a provider")
    }

    fn document(more: Value) -> Value {
        let mut whole = json!({
            "issuer": "https://login.example.org",
            "authorization_endpoint": "https://login.example.org/authorise",
            "token_endpoint": "https://login.example.org/token",
            "jwks_uri": "https://login.example.org/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", "email", "profile"],
            "claims_supported": ["sub", "email", "email_verified"],
            "code_challenge_methods_supported": ["S256"],
        });
        whole.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        whole
    }

    fn notes_of(said: Value, entered: Value) -> Vec<String> {
        notes(Said::of(&document(said)).as_ref(), &provider(entered), "https://login.example.org")
    }

    #[test]
    fn a_provider_with_everything_leaves_nothing_to_note() {
        assert_eq!(notes_of(json!({}), json!({})), [""; 0]);
    }

    #[test]
    fn what_is_missing_is_noted_each_in_a_sentence() {
        for (said, entered, expected) in [
            (json!({}), json!({ "scopes": ["email", "groups"] }), "the scope groups"),
            (json!({}), json!({ "role_claim": "realm_access.roles" }), "the claim realm_access.roles"),
            (json!({ "claims_supported": ["sub"] }), json!({}), "email_verified"),
            (json!({ "claims_supported": null }), json!({}), "email_verified"),
            (json!({ "code_challenge_methods_supported": null }), json!({}), "turn PKCE off"),
            (json!({ "code_challenge_methods_supported": ["plain"] }), json!({}), "turn PKCE off"),
            (json!({}), json!({ "pkce": false }), "turning it on is safer"),
            (
                json!({ "issuer": "https://login.example.org/" }),
                json!({}),
                "nobody can sign in until both are the same",
            ),
            (json!({ "jwks_uri": null }), json!({}), "cannot be used"),
            (json!({ "token_endpoint": null }), json!({}), "no token endpoint"),
        ] {
            let notes = notes_of(said.clone(), entered);
            assert!(notes.len() == 1 && notes[0].contains(expected), "{said}: {notes:?}");
        }
        let believed = json!({ "believed_domains": ["example.org"] });
        assert_eq!(notes_of(json!({ "claims_supported": ["sub"] }), believed), [""; 0]);
    }

    #[test]
    fn what_is_no_document_of_a_provider_says_nothing() {
        for other in [json!(null), json!([]), json!({}), json!({ "issuer": 1 }), json!("https://login.example.org")] {
            assert!(Said::of(&other).is_none(), "{other}");
        }
    }

    #[test]
    fn addresses_for_examples_are_known() {
        for example in ["https://example.org", "https://login.Example.org/x", "https://a.example", "https://b.invalid"]
        {
            assert!(is_an_example(example), "{example}");
        }
        for other in
            ["https://notexample.org", "https://example.co.uk", "https://127.0.0.1", "nothing", "https://example"]
        {
            assert!(is_an_example(other) == (other == "https://example"), "{other}");
        }
    }
}
