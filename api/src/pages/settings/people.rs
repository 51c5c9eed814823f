//! People, their roles and sessions, and invitations.

use askama::Template;
use diligence_entities::{
    error::Error,
    id::{InvitationId, SessionId, UserId},
    identity_provider::{self, Identity, IdentityProvider, IdentityProviderFilter, NewIdentity},
    invitation::{self, Invitation, InvitationFilter, InvitationKind, InvitationState, NewInvitation},
    patch::Change,
    role::Role,
    scope::Writer,
    secret::Token,
    session::{self, Session, SessionFilter},
    user::{self, NewUser, User, UserFilter},
};
use poem::{Request, http::StatusCode};
use serde_json::{Map, json};

use super::{HERE, OncePage, role, unconfirmed};
use crate::{
    auth::Admin,
    pages::{
        account::browser,
        fields::{FormPage, FormSection, Input, empty, field, read, said, typed},
        form::{Form, parameter},
        format,
        labels::Labelled as _,
        list_query::ListQuery,
        page::{FieldError, Frame, PageResult, at, faults, field_errors, html, link, path_id, redirect},
        sign_in::SignedIn,
        signed_in::{Page, Proven},
    },
    problem::Problem,
};

const PEOPLE: &str = "/settings/people";
/// How many open invitations stand below the people, and how many sessions beside one of them.
const SHOWN: u64 = 50;

#[derive(Template)]
#[template(path = "settings/people/list.html")]
struct PeoplePage {
    frame: Frame,
    csrf: String,
    asked: ListQuery<UserFilter>,
    users: Vec<User>,
    own_id: UserId,
    next: Option<String>,
    pending: Vec<Invitation>,
}

impl PeoplePage {
    fn is_self(&self, user: &User) -> bool {
        user.id == self.own_id
    }
}

/// Everyone, and who is invited.
pub(in crate::pages) async fn show(who: Page<Admin>) -> PageResult {
    let (request, here) = who.parts();
    let reader = here.read(request).await?;
    let asked = ListQuery::<UserFilter>::of(request, PEOPLE)?;
    let page = user::list(&reader, &asked.filter).await?;
    let pending =
        invitation::list(&reader, &InvitationFilter { pending: Some(true), limit: Some(SHOWN), cursor: None })
            .await?
            .items;
    let status = if asked.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let next = asked.next(page.next.as_ref());
    let (frame, csrf, own_id) = (here.frame("People").at(HERE), here.csrf().to_owned(), here.current.user_id.clone());
    Ok(html(status, &PeoplePage { frame, csrf, asked, users: page.items, own_id, next, pending })?)
}

/// What a link is for.
fn purpose(invitation: &Invitation) -> String {
    match invitation.kind {
        InvitationKind::Invitation => format!("to join as {}", role(invitation.role).to_lowercase()),
        InvitationKind::PasswordReset => "to choose another password".into(),
        InvitationKind::FirstAdmin => "to make the first account".into(),
    }
}

/// How a link stands.
fn standing(invitation: &Invitation) -> String {
    match invitation.state {
        InvitationState::Pending => format!("good until {}", format::moment(invitation.expires_at)),
        InvitationState::Accepted => {
            invitation.accepted_at.map_or_else(|| "used".into(), |at| format!("used on {}", format::day(at.day())))
        }
        InvitationState::Revoked => {
            invitation.revoked_at.map_or_else(|| "revoked".into(), |at| format!("revoked on {}", format::day(at.day())))
        }
        InvitationState::Expired => format!("ran out on {}", format::day(invitation.expires_at.day())),
    }
}

/// Whether another link can be made in this one's place.
fn can_be_sent(invitation: &Invitation) -> bool {
    matches!(invitation.state, InvitationState::Pending | InvitationState::Expired)
}

#[derive(Template)]
#[template(path = "settings/people/invitations.html")]
struct InvitationsPage {
    frame: Frame,
    csrf: String,
    asked: ListQuery<InvitationFilter>,
    invitations: Vec<Invitation>,
    next: Option<String>,
    errors: Vec<FieldError>,
}

/// Every link that was made.
pub(in crate::pages) async fn invitations(who: Page<Admin>) -> PageResult {
    let (request, here) = who.parts();
    list(request, here, Vec::new()).await
}

async fn list(request: &Request, here: &SignedIn, mut errors: Vec<FieldError>) -> PageResult {
    let reader = here.read(request).await?;
    let mut asked = ListQuery::<InvitationFilter>::of(request, "/settings/people/invitations")?;
    let page = invitation::list(&reader, &asked.filter).await?;
    errors.append(&mut asked.errors);
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let next = asked.next(page.next.as_ref());
    let (frame, csrf) = (here.frame("Invitations").at(HERE), here.csrf().to_owned());
    Ok(html(status, &InvitationsPage { frame, csrf, asked, invitations: page.items, next, errors })?)
}

const INVITATION: &[FormSection] = &[FormSection {
    title: "",
    fields: &[
        field("email", "Their e-mail address", "They sign in with it.", Input::RequiredText("email")),
        field("name", "Their name", "If you leave it empty, they enter it themselves.", Input::Text("text")),
        field("role", "What they may do", "Each may do all that the ones before it may.", Input::Select(Role::CHOICES)),
    ],
}];

fn invite_form(here: &SignedIn) -> FormPage<'_> {
    FormPage {
        here,
        part: HERE,
        lead: String::new(),
        title: "Invite someone".into(),
        back: (PEOPLE.into(), "People".into()),
        action: "/settings/people/invite".into(),
        version: 0,
    }
}

/// The form to invite someone.
pub(in crate::pages) async fn show_invite(who: Page<Admin>) -> PageResult {
    let (_, here) = who.parts();
    invite_form(here).show(StatusCode::OK, empty(INVITATION, |_| None), Vec::new())
}

/// Invites someone, and shows the link.
pub(in crate::pages) async fn invite(who: Page<Admin>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let parts = typed(INVITATION, &form);
    let new: NewInvitation = read(said(&parts))?;
    match who.change(async |writer| invitation::create(writer, new).await).await {
        Ok((made, token)) => handed_over(request, here, &made, &token),
        Err(error) => invite_form(here).again(parts, error),
    }
}

/// The link, once.
fn handed_over(request: &Request, here: &SignedIn, made: &Invitation, token: &Token) -> PageResult {
    let (title, lead) = match made.kind {
        InvitationKind::PasswordReset => {
            ("A link to choose another password", format!("Send this link to {}, and to nobody else.", made.email))
        }
        _ => (
            "The invitation is ready",
            format!(
                "Send this link to {}, and to nobody else. It lets them join as {}.",
                made.email,
                role(made.role).to_lowercase()
            ),
        ),
    };
    let next = vec![
        format!("It is good once, and until {}.", format::moment(made.expires_at)),
        "It is shown this once and kept nowhere. If it gets lost, make another: the lost one then opens nothing."
            .into(),
        "Whoever has the link can follow it, so send it by a way that only they read, or read it out to them.".into(),
    ];
    let secret = link(request, &format!("/invitations#{}", token.reveal()))?;
    OncePage {
        frame: here.frame(title).at(HERE),
        back: PEOPLE.into(),
        back_name: "People",
        lead,
        label: "The link",
        secret,
        next,
        example: String::new(),
    }
    .shown()
}

/// Makes another link for an invitation.
pub(in crate::pages) async fn resend(who: Page<Admin>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let id: InvitationId = path_id(request)?;
    let version = form.version()?;
    match who.change(async |writer| invitation::resend(writer, &id, version).await).await {
        Ok((made, token)) => handed_over(request, here, &made, &token),
        Err(error) => {
            let found = faults(error)?;
            list(request, here, found.iter().map(|fault| FieldError::new(id.to_string(), &fault.detail)).collect())
                .await
        }
    }
}

/// Takes an invitation back.
pub(in crate::pages) async fn revoke(who: Page<Admin>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let id: InvitationId = path_id(request)?;
    let version = form.version()?;
    match who.change(async |writer| invitation::revoke(writer, &id, version).await).await {
        Ok(_) => Ok(redirect("/settings/people#invitations")),
        Err(error) => {
            let found = faults(error)?;
            list(request, here, found.iter().map(|fault| FieldError::new(id.to_string(), &fault.detail)).collect())
                .await
        }
    }
}

// ---------------------------------------------------------------- one person

#[derive(Template)]
#[template(path = "settings/people/show.html")]
struct PersonPage {
    frame: Frame,
    csrf: String,
    user: User,
    is_self: bool,
    sessions: Vec<Session>,
    /// The organisation's identity providers, to be chosen from.
    providers: Vec<IdentityProvider>,
    /// What they call this person.
    identities: Vec<Identity>,
    /// What is in the form with which they are tied: the provider's id, and the subject.
    called: Called,
    errors: Vec<FieldError>,
    /// The role that is chosen in the form.
    chosen: String,
    /// Whether someone else changed the role while this one was chosen.
    is_stale: bool,
    confirm: String,
    notice: &'static str,
}

impl PersonPage {
    fn is_chosen(&self, role: &str) -> bool {
        self.chosen == role
    }

    fn is_named(&self, provider: &IdentityProvider) -> bool {
        self.called.provider == provider.id.as_str()
    }

    /// What people call the provider of an identity.
    fn provider_of(&self, identity: &Identity) -> &str {
        let provider = self.providers.iter().find(|provider| provider.id == identity.identity_provider_id);
        provider.map_or("", |provider| provider.name.as_str())
    }

    /// Whether an identity is under another issuer than its provider is entered under now.
    fn is_of_before(&self, identity: &Identity) -> bool {
        let is_its_own = |provider: &IdentityProvider| {
            provider.id == identity.identity_provider_id && provider.issuer == identity.issuer
        };
        !self.providers.iter().any(is_its_own)
    }
}

/// What a form says that an identity provider calls someone.
#[derive(Clone, Debug, Default)]
struct Called {
    provider: String,
    subject: String,
}

impl Called {
    /// What was typed, or stands in the page; nothing is taken away from what stands there.
    fn in_form(form: &Form, subject: String) -> Self {
        Self { provider: form.text("identity_provider_id"), subject }
    }

    /// What it stands for.
    fn read(&self) -> Result<NewIdentity, Error> {
        let identity_provider_id = self.provider.parse().map_err(|_| {
            Error::invalid("/identity_provider_id", "choice", "expected one of the identity providers in the list")
        })?;
        Ok(NewIdentity { identity_provider_id, subject: self.subject.clone() })
    }
}

/// What a page of one person says besides how it stands.
#[derive(Default)]
struct Said {
    errors: Vec<FieldError>,
    chosen: Option<String>,
    is_stale: bool,
    confirm: String,
    called: Called,
    notice: &'static str,
}

/// One person.
pub(in crate::pages) async fn show_person(who: Page<Admin>) -> PageResult {
    let (request, here) = who.parts();
    let notice = match parameter(request, "notice").as_str() {
        "role" => "The role is changed. Their sessions here have ended: they sign in again.",
        "factor" => "The second factor is taken away, and all their sessions have ended.",
        "sessions" => "Done: what you ended is over.",
        "tied" => "They are tied: whoever the identity provider calls so signs in as them.",
        "untied" => "They are untied. Their sessions here have ended.",
        _ => "",
    };
    person(request, here, Said { notice, ..Said::default() }).await
}

async fn person(request: &Request, here: &SignedIn, said: Said) -> PageResult {
    let reader = here.read(request).await?;
    let id: UserId = path_id(request)?;
    let user = user::read(&reader, &id).await?;
    let sessions =
        session::list(&reader, &SessionFilter { user_id: Some(id), limit: Some(SHOWN), cursor: None }).await?.items;
    let all = IdentityProviderFilter { limit: Some(SHOWN), ..IdentityProviderFilter::default() };
    let providers = identity_provider::list(&reader, &all).await?.items;
    let identities = identity_provider::identities(&reader, &user.id).await?.identities;
    let Said { errors, chosen, is_stale, confirm, called, notice } = said;
    let status = match (is_stale, errors.is_empty()) {
        (true, _) => StatusCode::CONFLICT,
        (false, false) => StatusCode::UNPROCESSABLE_ENTITY,
        (false, true) => StatusCode::OK,
    };
    let (frame, csrf, is_self) =
        (here.frame(&user.name).at(HERE), here.csrf().to_owned(), user.id == here.current.user_id);
    let chosen = chosen.unwrap_or_else(|| user.role.to_string());
    let page = PersonPage {
        frame,
        csrf,
        user,
        is_self,
        sessions,
        providers,
        identities,
        called,
        errors,
        chosen,
        is_stale,
        confirm,
        notice,
    };
    Ok(html(status, &page)?)
}

fn place(id: &UserId, notice: &str) -> String {
    format!("{PEOPLE}/{id}?notice={notice}")
}

/// What was refused, at this field of the person's page.
fn refused(error: Error, field: &str) -> Result<Said, crate::pages::page::Refusal> {
    let found = faults(error)?;
    Ok(Said { errors: found.iter().map(|fault| FieldError::new(field, &fault.detail)).collect(), ..Said::default() })
}

/// Changes a role.
pub(in crate::pages) async fn change_role(who: Page<Admin>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let id: UserId = path_id(request)?;
    let chosen = form.text("role");
    let version = form.version()?;
    let change: Map<_, _> = [("role".to_owned(), json!(chosen))].into_iter().collect();
    match who.change(async |writer| user::change(writer, &id, version, Change::<NewUser>::new(change)).await).await {
        Ok(_) => Ok(redirect(&place(&id, "role"))),
        Err(Error::Stale { .. }) => {
            person(request, here, Said { chosen: Some(chosen), is_stale: true, ..Said::default() }).await
        }
        Err(error) => {
            let said = refused(error, "role")?;
            person(request, here, Said { chosen: Some(chosen), ..said }).await
        }
    }
}

/// Makes a link to choose another password.
pub(in crate::pages) async fn reset_password(who: Page<Admin>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let id: UserId = path_id(request)?;
    let version = form.version()?;
    match who.change(async |writer| invitation::create_password_reset(writer, &id, version).await).await {
        Ok((made, token)) => handed_over(request, here, &made, &token),
        Err(error) => person(request, here, refused(error, "reset")?).await,
    }
}

/// Takes a second factor away.
pub(in crate::pages) async fn reset_second_factor(who: Page<Admin>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let id: UserId = path_id(request)?;
    let version = form.version()?;
    match who.change(async |writer| user::reset_mfa(writer, &id, version).await).await {
        Ok(_) => Ok(redirect(&place(&id, "factor"))),
        Err(error) => person(request, here, refused(error, "reset")?).await,
    }
}

/// What was refused of what an identity provider is said to call someone, each at its field.
fn refused_of_called(error: Error, called: Called) -> Result<Said, crate::pages::page::Refusal> {
    let errors = field_errors(&faults(error)?, &["identity_provider_id", "subject"], "subject");
    Ok(Said { errors, called, ..Said::default() })
}

/// Ties someone to what an identity provider calls them.
pub(in crate::pages) async fn tie(who: Page<Admin>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let id: UserId = path_id(request)?;
    let called = Called::in_form(&form, form.text("subject"));
    let version = form.version()?;
    let tied = async {
        let new = called.read()?;
        who.change(async |writer| identity_provider::tie(writer, &id, version, new).await).await
    };
    match tied.await {
        Ok(_) => Ok(redirect(&place(&id, "tied"))),
        Err(error) => person(request, here, refused_of_called(error, called)?).await,
    }
}

/// Unties someone from what an identity provider calls them. What it calls them stands in the page, and is taken to the
/// letter.
pub(in crate::pages) async fn untie(who: Page<Admin>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let id: UserId = path_id(request)?;
    let called = Called::in_form(&form, form.exact("subject"));
    let version = form.version()?;
    let untied = async {
        let known = called.read()?;
        who.change(async |writer| identity_provider::untie(writer, &id, version, known).await).await
    };
    match untied.await {
        Ok(_) => Ok(redirect(&place(&id, "untied"))),
        Err(error) => person(request, here, refused_of_called(error, Called::default())?).await,
    }
}

/// Ends one session of someone's, or all.
pub(in crate::pages) async fn end_sessions(who: Page<Admin>, form: Proven<Form>) -> PageResult {
    let id: UserId = who.id()?;
    let one = match form.some("session_id") {
        Some(text) => Some((text.parse::<SessionId>().map_err(|_| Problem::not_found())?, form.version()?)),
        None => None,
    };
    let ended = who.change(async |writer| {
        user::read(writer, &id).await?;
        match one {
            Some((session_id, version)) => session::revoke(writer, &session_id, version).await.map(drop),
            None => end_all(writer, &id).await,
        }
    });
    ended.await?;
    Ok(redirect(&place(&id, "sessions")))
}

async fn end_all(writer: &Writer, id: &UserId) -> Result<(), Error> {
    let open =
        session::list(writer, &SessionFilter { user_id: Some(id.clone()), limit: Some(SHOWN), cursor: None }).await?;
    for session in open.items {
        session::revoke(writer, &session.id, session.version).await?;
    }
    Ok(())
}

/// Takes someone out of the organisation.
pub(in crate::pages) async fn remove(who: Page<Admin>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let id: UserId = path_id(request)?;
    let user = user::read(&who.reader().await?, &id).await?;
    if let Some(wrong) = unconfirmed(&form, &[&user.name]) {
        return person(request, here, Said { errors: vec![wrong], confirm: form.text("confirm"), ..Said::default() })
            .await;
    }
    let version = form.version()?;
    match who.change(async |writer| user::remove(writer, &id, version).await).await {
        Ok(()) => Ok(redirect(PEOPLE)),
        Err(error) => {
            let said = refused(error, "confirm")?;
            person(request, here, Said { confirm: form.text("confirm"), ..said }).await
        }
    }
}
