//! How people sign in.

use askama::Template;
use diligence_entities::{
    error::Error,
    identity_provider::{self, IdentityProvider, IdentityProviderFilter},
    patch::Change,
    role::Role,
    sign_in_policy::{self, MfaRule, NewSignInPolicy, SignInPolicy},
};
use poem::http::StatusCode;

use super::{Facts, HERE};
use crate::{
    auth::{Admin, Viewer},
    pages::{
        fields::{FormPage, FormSection, Input, field, fields, json, misread, stored, typed},
        form::Form,
        format,
        labels::Labelled as _,
        page::{Frame, PageResult, html, redirect},
        sign_in::SignedIn,
        signed_in::{Page, Proven},
    },
    single_sign_on,
};

const SIGN_IN: &str = "/settings/sign-in";

#[derive(Template)]
#[template(path = "settings/sign_in/show.html")]
struct SignInPage {
    frame: Frame,
    facts: Facts,
    providers: Vec<IdentityProvider>,
    own_address: String,
    is_admin: bool,
}

/// How people sign in, and through whom.
pub(in crate::pages) async fn show(who: Page<Viewer>) -> PageResult {
    let (request, here) = who.parts();
    let reader = here.read(request).await?;
    let is_admin = here.is_at_least(Role::Admin);
    let facts = facts(&sign_in_policy::read(&reader).await?);
    let providers = if is_admin {
        identity_provider::list(&reader, &IdentityProviderFilter::default()).await?.items
    } else {
        Vec::new()
    };
    let own_address = single_sign_on::own_address(request, &here.current.organisation.id);
    Ok(html(
        StatusCode::OK,
        &SignInPage { frame: here.frame("Sign-in").at(HERE), facts, providers, own_address, is_admin },
    )?)
}

fn facts(policy: &SignInPolicy) -> Facts {
    let rule = |of: Role| match policy.mfa.0.of(of) {
        MfaRule::Optional => "Whoever wants one has one",
        MfaRule::Recommended => "Recommended: whoever has none is reminded",
        MfaRule::Required => "Required: whoever has none can only set one up",
    };
    vec![
        ("Second factor of viewers", rule(Role::Viewer).into()),
        ("Second factor of editors", rule(Role::Editor).into()),
        ("Second factor of approvers", rule(Role::Approver).into()),
        ("Second factor of administrators", rule(Role::Admin).into()),
        (
            "Passwords",
            if policy.allows_passwords { "Allowed" } else { "Turned off: people sign in through an identity provider" }
                .into(),
        ),
        (
            "Signed out after",
            format!("{} without doing anything", format::count(policy.idle_minutes, "minute", "minutes")),
        ),
        ("Signed out in any case after", format::count(policy.absolute_hours, "hour", "hours")),
    ]
}

const FIELDS: &[FormSection] = &[
    FormSection {
        title: "Second factor",
        fields: &[
            field("mfa.viewer", "Viewers", "", Input::Select(MfaRule::CHOICES)),
            field("mfa.editor", "Editors", "", Input::Select(MfaRule::CHOICES)),
            field("mfa.approver", "Approvers", "", Input::Select(MfaRule::CHOICES)),
            field(
                "mfa.admin",
                "Administrators",
                "It holds for people who sign in with a password. Where an identity provider signs them in, that is its matter.",
                Input::Select(MfaRule::CHOICES),
            ),
        ],
    },
    FormSection {
        title: "Passwords",
        fields: &[field(
            "allows_passwords",
            "May people sign in with a password?",
            "It can be turned off once an identity provider is on, or no one could sign in any more.",
            Input::Boolean(&[("true", "Yes"), ("false", "No: through an identity provider only")]),
        )],
    },
    FormSection {
        title: "How long one stays signed in",
        fields: &[
            field(
                "idle_minutes",
                "Minutes without doing anything",
                "5 to 1440, which is a day.",
                Input::RequiredInteger,
            ),
            field("absolute_hours", "Hours in any case", "1 to 720, which is a month.", Input::RequiredInteger),
        ],
    },
];

fn open(here: &SignedIn, version: i64) -> FormPage<'_> {
    FormPage {
        here,
        part: HERE,
        lead: String::new(),
        title: "Change how people sign in".into(),
        back: (SIGN_IN.into(), "Sign-in".into()),
        action: format!("{SIGN_IN}/change"),
        version,
    }
}

/// The form for it.
pub(in crate::pages) async fn show_change(who: Page<Admin>) -> PageResult {
    let (request, here) = who.parts();
    let policy = sign_in_policy::read(&here.read(request).await?).await?;
    open(here, policy.version).show(StatusCode::OK, stored(FIELDS, &json(&policy)?), Vec::new())
}

/// Changes it.
pub(in crate::pages) async fn change(who: Page<Admin>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let parts = typed(FIELDS, &form);
    let version = form.version()?;
    let wrong = misread(&parts);
    if !wrong.is_empty() {
        return open(here, version).wrong(parts, wrong);
    }
    match who
        .change(async |writer| {
            sign_in_policy::change(writer, version, Change::<NewSignInPolicy>::new(fields(&parts))).await
        })
        .await
    {
        Ok(_) => Ok(redirect(SIGN_IN)),
        Err(Error::Conflict { code: code @ "no_other_way", detail, .. }) => {
            open(here, version).again(parts, Error::invalid("/allows_passwords", code, detail))
        }
        Err(error) => {
            let present = sign_in_policy::read(&here.read(request).await?).await?;
            open(here, version).refused(parts, error, version, &present)
        }
    }
}
