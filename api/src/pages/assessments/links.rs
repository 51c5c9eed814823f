//! An assessment sent to a supplier: its links, each shown once, sent again, ended.

use std::sync::Arc;

use askama::Template;
use diligence_entities::{
    error::Error,
    fault::Fault,
    id::RespondentLinkId,
    respondent_link::{
        self, DEFAULT_DAYS, LinkState, MAXIMUM_DAYS, MAXIMUM_LINKS, MailState, Mailing, NewRespondentLink, Resend,
        RespondentLink, RespondentLinkFilter,
    },
    role::Role,
    supplier,
};
use poem::{Request, http::StatusCode};

use super::answers::About;
use crate::{
    auth::{Editor, Viewer, store_of},
    config::Config,
    mail::Mailer,
    pages::{
        form::Form,
        format,
        page::{FieldError, Frame, PageResult, Refusal, at, faults, html, redirect, request_id},
        sign_in::SignedIn,
        signed_in::{Page, Proven},
    },
    problem::Problem,
};

/// A link that was just made: its address is shown here, and nowhere afterwards.
struct New {
    name: String,
    url: String,
    /// What became of the letter.
    letter: String,
    opens_here_only: bool,
}

#[derive(Template)]
#[template(path = "assessments/links.html")]
struct LinksPage {
    frame: Frame,
    about: About,
    csrf: String,
    links: Vec<RespondentLink>,
    new: Option<New>,
    form: Form,
    sends_mail: bool,
    opens_here_only: bool,
    may_change: bool,
    /// Whether it is of our own house, of which nobody outside is asked.
    is_ourselves: bool,
    errors: Vec<FieldError>,
}

impl LinksPage {
    /// Whether answers can be given at all, and by somebody outside.
    fn may_send(&self) -> bool {
        self.may_change && self.about.is_open() && !self.is_ourselves
    }

    fn days_hint(&self) -> String {
        format!("At most {MAXIMUM_DAYS} days ahead; {DEFAULT_DAYS} days from now if you leave it empty.")
    }

    fn may_end(&self, link: &RespondentLink) -> bool {
        self.may_change && !matches!(link.state, LinkState::Revoked | LinkState::Replaced)
    }

    fn may_resend(&self, link: &RespondentLink) -> bool {
        self.may_send() && link.state != LinkState::Replaced
    }

    /// Where a link stands.
    fn state(link: &RespondentLink) -> String {
        match link.state {
            LinkState::Open => "Not opened yet".into(),
            LinkState::Opened => {
                link.last_used_at.map_or("Opened".into(), |at| format!("Last used on {}", format::moment(at)))
            }
            LinkState::Submitted => "The answers are submitted".into(),
            LinkState::Expired => "Expired".into(),
            LinkState::Revoked => "Ended by hand".into(),
            LinkState::Replaced => "Sent again as another link".into(),
        }
    }

    fn mail(link: &RespondentLink) -> String {
        told(link.mail, link.email.as_deref(), link.mail_failure.as_deref())
    }
}

/// What became of a letter.
fn told(mail: MailState, email: Option<&str>, failure: Option<&str>) -> String {
    let email = email.unwrap_or("them");
    match mail {
        MailState::NoAddress => "Nothing was sent: there is no e-mail address.".into(),
        MailState::NotConfigured => "Nothing was sent: this server sends no e-mail.".into(),
        MailState::Queued => format!("An e-mail to {email} is on its way."),
        MailState::Sent => format!("An e-mail was sent to {email}."),
        MailState::Failed => format!(
            "The e-mail to {email} could not be sent: {}.",
            failure.unwrap_or("nobody knows why").trim_end_matches('.')
        ),
    }
}

fn mailer(request: &Request) -> Result<&Mailer, Problem> {
    request.data::<Mailer>().ok_or_else(|| Problem::internal("the app has no mailer"))
}

fn config(request: &Request) -> Result<&Config, Problem> {
    let config = request.data::<Arc<Config>>();
    config.map(Arc::as_ref).ok_or_else(|| Problem::internal("the app has no configuration"))
}

/// The links of an assessment, and a form for another one.
pub(super) async fn show(who: Page<Viewer>) -> PageResult {
    let (request, here) = who.parts();
    let reader = here.read(request).await?;
    let about = About::of(&reader, request).await?;
    // Whom one usually writes to there.
    let contacts = supplier::read(&reader, &about.assessment.supplier_id).await?.contacts.0;
    let contact = contacts.iter().find(|contact| contact.email.is_some()).or(contacts.first());
    let form = contact.map(|contact| {
        Form::of([("contact_name", contact.name.clone()), ("email", contact.email.clone().unwrap_or_default())])
    });
    drop(reader);
    list(request, here, StatusCode::OK, None, form.unwrap_or_default(), Vec::new()).await
}

async fn list(
    request: &Request,
    here: &SignedIn,
    status: StatusCode,
    new: Option<New>,
    form: Form,
    errors: Vec<FieldError>,
) -> PageResult {
    let reader = here.read(request).await?;
    let about = About::of(&reader, request).await?;
    let filter = RespondentLinkFilter {
        assessment_id: Some(about.assessment.id.clone()),
        limit: Some(MAXIMUM_LINKS as u64),
        ..RespondentLinkFilter::default()
    };
    let mut links = respondent_link::list(&reader, &filter).await?.items;
    links.reverse();
    let is_ourselves = supplier::read(&reader, &about.assessment.supplier_id).await?.is_ourselves;
    let page = LinksPage {
        frame: here.frame("Send it to the supplier").at("/assessments"),
        about,
        csrf: here.csrf().to_owned(),
        links,
        new,
        form,
        sends_mail: mailer(request)?.mailing() == Mailing::Possible,
        opens_here_only: config(request)?.links_open_here_only(),
        may_change: here.is_at_least(Role::Editor),
        is_ourselves,
        errors,
    };
    Ok(html(status, &page)?)
}

/// Makes a link and shows it.
pub(super) async fn create(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let about = About::of(&here.read(request).await?, request).await?;
    let mut errors = Vec::new();
    if form.text("contact_name").is_empty() {
        errors.push(FieldError::new("contact_name", "enter the name of whoever answers"));
    }
    let new = NewRespondentLink {
        assessment_id: about.assessment.id.clone(),
        contact_name: form.text("contact_name"),
        email: form.some("email"),
        message: form.some("message"),
        due_on: form.day("due_on", &mut errors),
        expires_on: form.day("expires_on", &mut errors),
    };
    if !errors.is_empty() {
        return list(request, here, StatusCode::UNPROCESSABLE_ENTITY, None, form.into_inner(), errors).await;
    }
    let mailing = mailer(request)?.mailing();
    let made = who.change(async |writer| respondent_link::create(writer, new, mailing).await).await;
    handed_over(request, here, made, form.into_inner()).await
}

/// Makes another link in place of one.
pub(super) async fn resend(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let link = link(request, here, &form).await?;
    let (mailing, version) = (mailer(request)?.mailing(), form.version()?);
    let again = Resend { message: form.some("message"), ..Resend::default() };
    let made =
        who.change(async |writer| respondent_link::resend(writer, &link.id, version, again, mailing).await).await;
    handed_over(request, here, made, Form::default()).await
}

/// The link that a form is about, if it opens the assessment in the address.
async fn link(request: &Request, here: &SignedIn, form: &Form) -> Result<RespondentLink, Refusal> {
    let reader = here.read(request).await?;
    let about = About::of(&reader, request).await?;
    let id: RespondentLinkId = form.text("link").parse().map_err(|_| Problem::not_found())?;
    let link = respondent_link::read(&reader, &id).await?;
    if link.assessment_id == about.assessment.id { Ok(link) } else { Err(Problem::not_found().into()) }
}

/// Sends the letter of a link that was made, and shows its address, this once.
async fn handed_over(
    request: &Request,
    here: &SignedIn,
    made: Result<respondent_link::Made, Error>,
    form: Form,
) -> PageResult {
    let made = match made {
        Ok(made) => made,
        Err(error) => return again(request, here, form, error).await,
    };
    let config = config(request)?;
    let url = config.link_of_respondent(made.token.reveal());
    if let Some(letter) = made.letter {
        mailer(request)?.post(store_of(request)?.clone(), here.person.scope(request_id(request)), letter, url.clone());
    }
    let letter = told(made.link.mail, made.link.email.as_deref(), made.link.mail_failure.as_deref());
    list(
        request,
        here,
        StatusCode::OK,
        Some(New { name: made.link.contact_name, url, letter, opens_here_only: config.links_open_here_only() }),
        Form::default(),
        Vec::new(),
    )
    .await
}

async fn again(request: &Request, here: &SignedIn, form: Form, error: Error) -> PageResult {
    let (status, errors) = match error {
        Error::Stale { .. } => (
            StatusCode::CONFLICT,
            vec![FieldError::new("links", "someone else changed this link meanwhile: look again")],
        ),
        other => {
            let found: Vec<Fault> = faults(other)?;
            (
                StatusCode::UNPROCESSABLE_ENTITY,
                crate::pages::page::field_errors(
                    &found,
                    &["contact_name", "email", "message", "due_on", "expires_on"],
                    "links",
                ),
            )
        }
    };
    list(request, here, status, None, form, errors).await
}

/// Ends a link.
pub(super) async fn revoke(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let link = link(request, here, &form).await?;
    let version = form.version()?;
    match who.change(async |writer| respondent_link::revoke(writer, &link.id, version).await).await {
        Ok(link) => Ok(redirect(&format!("/assessments/{}/links", link.assessment_id))),
        Err(error) => again(request, here, Form::default(), error).await,
    }
}
