//! Trying an identity provider: somebody signs in there once, and what came is shown before anybody depends on it.

use askama::Template;
use diligence_entities::{
    id::IdentityProviderId,
    identity_provider::{
        self, Begun, IdentityProvider, TyingOffer,
        trial::{self, SignInTrial, TrialOutcome, TrialStep},
    },
};
use poem::http::StatusCode;

use super::{Facts, HERE, providers::place, role};
use crate::{
    auth::Admin,
    discovery::Discovered,
    pages::{
        form::Form,
        page::{Frame, PageResult, html, redirect},
        sign_in::SignedIn,
        signed_in::{Page, Proven},
    },
    single_sign_on,
};

#[derive(Template)]
#[template(path = "settings/providers/trial.html")]
struct TrialPage {
    frame: Frame,
    csrf: String,
    provider: IdentityProvider,
    trial: SignInTrial,
    facts: Facts,
    offer: Option<TyingOffer>,
}

impl TrialPage {
    fn new(here: &SignedIn, provider: IdentityProvider, trial: SignInTrial, offer: Option<TyingOffer>) -> Self {
        let facts = trial.outcome.as_ref().map(|outcome| facts(&provider, outcome)).unwrap_or_default();
        let (frame, csrf) = (here.frame(&provider.name).at(HERE), here.csrf().to_owned());
        Self { frame, csrf, provider, trial, facts, offer }
    }
}

/// What came, and what would become of it.
fn facts(provider: &IdentityProvider, outcome: &TrialOutcome) -> Facts {
    let or = |text: Option<String>, otherwise: &str| text.unwrap_or_else(|| otherwise.to_owned());
    let list = |words: &[String]| if words.is_empty() { "None".to_owned() } else { words.join(", ") };
    let mut facts = vec![("The step it came to", outcome.step.label().to_owned())];
    // Before the last step nobody is known.
    if outcome.step != TrialStep::Admission {
        return facts;
    }
    let verified = match outcome.email_verified {
        Some(true) => "Yes",
        Some(false) => "No",
        None => "It does not say",
    };
    facts.extend([
        ("Issuer", or(outcome.issuer.clone(), "None")),
        ("Subject, by which they are known again", or(outcome.subject.clone(), "None")),
        ("E-mail address", or(outcome.email.clone(), "None")),
        ("Verified, as the provider says", verified.to_owned()),
        ("Whether the address is believed", or(outcome.email_belief.map(|belief| belief.sentence().into()), "No")),
        ("Name", or(outcome.name.clone(), "None")),
        ("Claims that came", list(&outcome.claims)),
    ]);
    if let Some(claim) = &provider.role_claim {
        facts.push(("The claim that says someone's role", claim.clone()));
        facts.push(("Its values", list(&outcome.role_values)));
    }
    facts.push(("The role they would have", or(outcome.role.map(|of| role(of).to_owned()), "None")));
    facts
}

/// Begins a trial, and shows the way to the provider. A form cannot lead there by itself: browsers hold it back.
pub(in crate::pages) async fn begin(who: Page<Admin>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let id: IdentityProviderId = who.id()?;
    let version = form.version()?;
    let provider = identity_provider::read(&who.reader().await?, &id).await?;
    let (begun, now) = (Begun::new()?, who.store().clock().now());
    let address = single_sign_on::trial_place(request, Discovered::of_request(request)?, &provider, &begun, now).await;
    let trial = who.change(async |writer| trial::begin(writer, &id, version, &begun, address).await).await?;
    if trial.address.is_none() {
        return Ok(redirect(&format!("/settings/sign-in/trials/{}", trial.id)));
    }
    Ok(html(StatusCode::OK, &TrialPage::new(here, provider, trial, None))?)
}

/// What came of a trial.
pub(in crate::pages) async fn show(who: Page<Admin>) -> PageResult {
    let (_, here) = who.parts();
    let reader = who.reader().await?;
    let trial = trial::read(&reader, &who.id()?).await?;
    let provider = identity_provider::read(&reader, &trial.identity_provider_id).await?;
    let offer = match &trial.outcome {
        Some(outcome) => identity_provider::tying_offer(&reader, &provider, outcome).await?,
        None => None,
    };
    Ok(html(StatusCode::OK, &TrialPage::new(here, provider, trial, offer))?)
}
