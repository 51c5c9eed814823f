//! What an invitation or a link for another password leads to.

use askama::Template;
use diligence_entities::{
    error::Error,
    invitation::{self, Acceptance, InvitationKind, OpenedInvitation},
};
use poem::http::StatusCode;

use super::{
    page::{FieldError, Frame, PageResult, at, faults, field_errors, html, redirect},
    routes::Routes,
    sign_in,
    signed_in::{Anyone, Proven, Small},
};
use crate::auth::Stranger;

/// The routes of these pages.
pub(super) fn routes(routes: Routes) -> Routes {
    routes.get("/invitations", show).post("/invitations", send)
}

#[derive(Template)]
#[template(path = "invitations/enter.html")]
struct EnterPage {
    frame: Frame,
    errors: Vec<FieldError>,
}

#[derive(Template)]
#[template(path = "invitations/show.html")]
struct InvitationPage {
    frame: Frame,
    errors: Vec<FieldError>,
    opened: OpenedInvitation,
    token: String,
    name: String,
    /// What was typed, or stands there already, where the first account is made.
    email: String,
    organisation_name: String,
}

impl InvitationPage {
    fn is_reset(&self) -> bool {
        self.opened.kind == InvitationKind::PasswordReset
    }

    fn is_first(&self) -> bool {
        self.opened.kind == InvitationKind::FirstAdmin
    }

    /// Whether a new password is chosen here, or the one there is asked for.
    fn chooses(&self) -> bool {
        self.is_reset() || !self.opened.has_account
    }
}

/// Where the link is handed in.
pub(super) async fn show(_: Anyone) -> PageResult {
    Ok(html(StatusCode::OK, &EnterPage { frame: Frame::new("Open your invitation"), errors: Vec::new() })?)
}

/// Opens the link, and accepts what it offers.
pub(super) async fn send(who: Anyone, form: Proven<Small>) -> PageResult {
    let request = who.request();
    let stranger = Stranger::of(request)?;
    let pasted = form.text("token");
    let token = pasted.rsplit('#').next().unwrap_or_default().to_owned();
    let opened = match invitation::open(stranger.store(), &token).await {
        Ok(opened) => opened,
        Err(Error::NotFound) => {
            let errors = vec![FieldError::new(
                "token",
                "this is no link that was sent from here: check that you copied all of it",
            )];
            return Ok(html(StatusCode::NOT_FOUND, &EnterPage { frame: Frame::new("Open your invitation"), errors })?);
        }
        Err(other) => return Err(other.into()),
    };
    let title = match opened.kind {
        InvitationKind::PasswordReset => "Choose another password".to_owned(),
        InvitationKind::FirstAdmin => "Set up your register".to_owned(),
        InvitationKind::Invitation => format!("Join {}", opened.organisation_name),
    };
    let is_first = opened.kind == InvitationKind::FirstAdmin;
    let (email, organisation_name) = (form.text("email"), form.text("organisation_name"));
    let name = form.some("name").or_else(|| opened.name.clone()).unwrap_or_default();
    let shown = |status, errors, opened, name| {
        let (email, organisation_name) = (email.clone(), organisation_name.clone());
        Ok(html(
            status,
            &InvitationPage {
                frame: Frame::new(title),
                errors,
                opened,
                token: token.clone(),
                name,
                email,
                organisation_name,
            },
        )?)
    };
    if form.text("step") != "accept" {
        return shown(StatusCode::OK, Vec::new(), opened, name);
    }
    let factor = sign_in::factor(&form);
    let acceptance = Acceptance {
        token: token.clone(),
        name: Some(name.clone()).filter(|name| !name.is_empty()),
        password: form.exact("password"),
        code: factor.code,
        recovery_code: factor.recovery_code,
        email: Some(email.clone()).filter(|_| is_first),
        organisation_name: Some(organisation_name.clone()).filter(|name| is_first && !name.is_empty()),
    };
    let mut wrong = Vec::new();
    if is_first && organisation_name.is_empty() {
        wrong.push(FieldError::new("organisation_name", "enter what your organisation is called"));
    }
    if is_first && name.is_empty() {
        wrong.push(FieldError::new("name", "enter your name"));
    }
    if is_first && !email.contains('@') {
        wrong.push(FieldError::new("email", "enter your e-mail address, such as name@example.org"));
    }
    if acceptance.password.is_empty() {
        wrong.push(FieldError::new("password", "enter a password"));
    }
    if acceptance.password.chars().count() > 128 {
        wrong.push(FieldError::new("password", "expected at most 128 characters"));
    }
    if name.chars().count() > 200 {
        wrong.push(FieldError::new("name", "expected at most 200 characters"));
    }
    if !wrong.is_empty() {
        return shown(StatusCode::UNPROCESSABLE_ENTITY, wrong, opened, name);
    }
    match invitation::accept(stranger.store(), stranger.visit(), &acceptance).await {
        Ok(accepted) => {
            let notice = if opened.kind == InvitationKind::PasswordReset { "password" } else { "joined" };
            let email: String = form_urlencoded::byte_serialize(accepted.email.as_bytes()).collect();
            Ok(redirect(&format!("/sign-in?notice={notice}&email={email}")))
        }
        Err(Error::Unauthenticated { code, detail }) => {
            let field = if code == "code_needed" || code == "wrong_code" { "code" } else { "password" };
            shown(StatusCode::UNPROCESSABLE_ENTITY, vec![FieldError::new(field, detail)], opened, name)
        }
        Err(error) => {
            let found = faults(error)?;
            shown(
                StatusCode::UNPROCESSABLE_ENTITY,
                field_errors(&found, &["organisation_name", "name", "email", "password", "code"], "password"),
                opened,
                name,
            )
        }
    }
}
