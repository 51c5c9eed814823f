//! Settings: how the register is set up. Everyone may read what binds them; administrators change it.

use std::borrow::Borrow;

use askama::Template;
use diligence_entities::{
    api_key::{self, ApiKeyFilter},
    audit as trail, organisation as own,
    policy::{self as rules, SeparationOfDuties},
    retention,
    role::Role,
    sign_in_policy::{self, MfaRule, SignInPolicy},
    user::{self, UserFilter},
};
use poem::http::StatusCode;

use super::{
    form::Form,
    format,
    page::{FieldError, Frame, PageResult, html},
    routes::Routes,
    signed_in::Page,
};
use crate::auth::Viewer;

/// The routes of these pages.
pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .get("/settings", show)
        .get("/settings/people", people::show)
        .get("/settings/people/invite", people::show_invite)
        .post("/settings/people/invite", people::invite)
        .get("/settings/people/invitations", people::invitations)
        .post("/settings/people/invitations/:id/resend", people::resend)
        .post("/settings/people/invitations/:id/revoke", people::revoke)
        .get("/settings/people/:id", people::show_person)
        .post("/settings/people/:id/role", people::change_role)
        .post("/settings/people/:id/reset-password", people::reset_password)
        .post("/settings/people/:id/reset-second-factor", people::reset_second_factor)
        .post("/settings/people/:id/tie", people::tie)
        .post("/settings/people/:id/untie", people::untie)
        .post("/settings/people/:id/end-sessions", people::end_sessions)
        .post("/settings/people/:id/remove", people::remove)
        .get("/settings/keys", keys::show)
        .get("/settings/keys/new", keys::show_new)
        .post("/settings/keys/new", keys::make)
        .get("/settings/keys/:id", keys::show_key)
        .post("/settings/keys/:id/rotate", keys::rotate)
        .post("/settings/keys/:id/revoke", keys::revoke)
        .get("/settings/policy", policy::show)
        .get("/settings/policy/change", policy::show_change)
        .post("/settings/policy/change", policy::change)
        .get("/settings/organisation", organisation::show)
        .get("/settings/organisation/change", organisation::show_change)
        .post("/settings/organisation/change", organisation::change)
        .get("/settings/sign-in", sign_in::show)
        .get("/settings/sign-in/change", sign_in::show_change)
        .post("/settings/sign-in/change", sign_in::change)
        .get("/settings/sign-in/providers/new", providers::show_new)
        .post("/settings/sign-in/providers/new", providers::enter)
        .get("/settings/sign-in/providers/:id", providers::show)
        .get("/settings/sign-in/providers/:id/change", providers::show_change)
        .post("/settings/sign-in/providers/:id/change", providers::change)
        .get("/settings/sign-in/providers/:id/asked", providers::show_asked)
        .post("/settings/sign-in/providers/:id/try", trials::begin)
        .post("/settings/sign-in/providers/:id/delete", providers::delete)
        .get("/settings/sign-in/trials/:id", trials::show)
        .get("/settings/audit", audit::show)
        .get("/settings/audit/verify", audit::show_verify)
        .post("/settings/audit/verify", audit::verify)
        .get("/settings/privacy", privacy::show)
        .post("/settings/privacy/find", privacy::find)
        .post("/settings/privacy/export", privacy::export)
        .post("/settings/privacy/erase", privacy::erase)
        .get("/settings/privacy/retention", privacy::show_retention)
        .post("/settings/privacy/retention", privacy::change_retention)
        .get("/settings/privacy/apply", privacy::show_apply)
        .post("/settings/privacy/apply", privacy::apply)
        .get("/settings/backup", backup::show)
        .post("/settings/backup", backup::bring_in)
}

pub(super) mod audit;
pub(super) mod backup;
pub(super) mod keys;
pub(super) mod organisation;
pub(super) mod people;
pub(super) mod policy;
pub(super) mod privacy;
pub(super) mod providers;
pub(super) mod sign_in;
pub(super) mod trials;

/// Where settings begin.
const HERE: &str = "/settings";
/// How many are counted for a sentence.
const COUNTED: u64 = 200;

/// A role, as people call it.
fn role(role: impl Borrow<Role>) -> &'static str {
    match role.borrow() {
        Role::Viewer => "Viewer",
        Role::Editor => "Editor",
        Role::Approver => "Approver",
        Role::Admin => "Administrator",
    }
}

/// Something that is set, and what it is now.
type Facts = Vec<(&'static str, String)>;

/// What is wrong where the name of what is about to go was not typed.
fn unconfirmed(form: &Form, names: &[&str]) -> Option<FieldError> {
    let typed = form.text("confirm").to_lowercase();
    let is_named = names.iter().any(|name| !name.is_empty() && name.trim().to_lowercase() == typed);
    (!is_named).then(|| {
        FieldError::new(
            "confirm",
            format!(
                "to go on, type {} here",
                names.iter().filter(|name| !name.is_empty()).copied().collect::<Vec<_>>().join(" or ")
            ),
        )
    })
}

/// A link or a secret that is shown once.
#[derive(Template)]
#[template(path = "settings/once.html")]
struct OncePage {
    frame: Frame,
    back: String,
    back_name: &'static str,
    lead: String,
    label: &'static str,
    secret: String,
    /// What to do with it.
    next: Vec<String>,
    /// What shows that it works, to be copied.
    example: String,
}

impl OncePage {
    fn shown(self) -> PageResult {
        Ok(html(StatusCode::OK, &self)?)
    }
}

/// One part of the settings, and how it stands.
struct Line {
    href: &'static str,
    name: &'static str,
    now: String,
}

#[derive(Template)]
#[template(path = "settings/show.html")]
struct SettingsPage {
    frame: Frame,
    lines: Vec<Line>,
}

/// Every part, with one sentence on each.
pub(super) async fn show(who: Page<Viewer>) -> PageResult {
    let (request, here) = who.parts();
    let reader = here.read(request).await?;
    let is_admin = here.is_at_least(Role::Admin);
    let mut lines = Vec::new();
    if is_admin {
        let users = user::list(&reader, &UserFilter { limit: Some(COUNTED), ..UserFilter::default() }).await?;
        let admins =
            user::list(&reader, &UserFilter { role: Some(Role::Admin), limit: Some(COUNTED), ..UserFilter::default() })
                .await?;
        let more = if users.next.is_some() { "more than " } else { "" };
        let people = format::count(users.items.len(), "person", "people");
        lines.push(Line {
            href: "/settings/people",
            name: "People",
            now: format!("{more}{people}, {}.", format::count(admins.items.len(), "administrator", "administrators")),
        });
        let active = ApiKeyFilter { active: Some(true), limit: Some(COUNTED), ..ApiKeyFilter::default() };
        let keys = api_key::list(&reader, &active).await?;
        let ending = api_key::list(&reader, &ApiKeyFilter { expires_soon: Some(true), ..active }).await?.items.len();
        let ending = if ending == 0 {
            String::new()
        } else {
            format!("; {} soon: rotate", format::count(ending, "ends", "end"))
        };
        lines.push(Line {
            href: "/settings/keys",
            name: "Keys for programs",
            now: format!("{}{ending}.", format::count(keys.items.len(), "key works", "keys work")),
        });
    }
    let policy = rules::read(&reader).await?;
    let (rating, months) = (policy.rating.0, policy.cadence_months.0);
    lines.push(Line {
        href: "/settings/policy",
        name: "Policy",
        now: format!(
            "A score is strong from {} and adequate from {}; critical suppliers are reviewed every {}; {}.",
            rating.strong_from,
            rating.adequate_from,
            format::count(months.critical, "month", "months"),
            duties(policy.separation_of_duties.0).to_lowercase()
        ),
    });
    lines.push(Line {
        href: "/settings/organisation",
        name: "Organisation",
        now: format!("It is called {}.", own::read(&reader).await?.name),
    });
    lines.push(Line {
        href: "/settings/sign-in",
        name: "Sign-in",
        now: second_factor(&sign_in_policy::read(&reader).await?),
    });
    if is_admin {
        let events = trail::checkpoint(&reader).await?.sequence;
        lines.push(Line {
            href: "/settings/audit",
            name: "Audit trail",
            now: format!("{}, each holding the one before it in place.", format::count(events, "event", "events")),
        });
    }
    let kept = retention::read(&reader).await?;
    let is_for_ever = kept.archived_contact_days.is_none() && kept.expired_file_days.is_none();
    let now = if is_for_ever { "Nothing is taken away by age." } else { "Some things are kept for a time only." };
    lines.push(Line { href: "/settings/privacy", name: "Privacy", now: now.into() });
    if is_admin {
        lines.push(Line {
            href: "/settings/backup",
            name: "Backup",
            now: "How to keep a copy of everything, and get it back.".into(),
        });
    }
    Ok(html(StatusCode::OK, &SettingsPage { frame: here.frame("Settings").at(HERE), lines })?)
}

/// Who may not decide on an assessment.
fn duties(duties: SeparationOfDuties) -> &'static str {
    match duties {
        SeparationOfDuties::Off => "Whoever answered an assessment may also decide on it",
        SeparationOfDuties::NotWhoAnswered => "Whoever answered an assessment does not decide on it",
        SeparationOfDuties::NotWhoAnsweredOrReviewed => {
            "Whoever answered or reviewed an assessment does not decide on it"
        }
    }
}

/// Who needs a second factor, in one sentence.
fn second_factor(policy: &SignInPolicy) -> String {
    let roles = [
        (Role::Viewer, "viewers"),
        (Role::Editor, "editors"),
        (Role::Approver, "approvers"),
        (Role::Admin, "administrators"),
    ];
    let of = |rule: MfaRule| {
        roles.iter().filter(|(role, _)| policy.mfa.0.of(*role) == rule).map(|(_, name)| *name).collect::<Vec<_>>()
    };
    let said = |word: &str, who: Vec<&str>| match who.as_slice() {
        [] => None,
        [.., _] if who.len() == roles.len() => Some(format!("{word} for everyone")),
        [only] => Some(format!("{word} for {only}")),
        [first @ .., last] => Some(format!("{word} for {} and {last}", first.join(", "))),
    };
    let parts: Vec<String> = [said("required", of(MfaRule::Required)), said("recommended", of(MfaRule::Recommended))]
        .into_iter()
        .flatten()
        .collect();
    if parts.is_empty() {
        "Second factor: everyone may have one, nobody must.".into()
    } else {
        format!("Second factor: {}.", parts.join(", "))
    }
}
