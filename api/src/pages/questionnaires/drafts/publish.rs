//! Publishing a draft: what differs from the edition before it, and what stands in the way.

use askama::Template;
use diligence_entities::{
    draft::{self, Draft},
    error::Error,
    id::DraftId,
    questionnaire,
};
use diligence_questionnaires::Edition;
use poem::{Request, http::StatusCode};

use super::readable;
use crate::{
    auth::Editor,
    pages::{
        form::Form,
        format,
        page::{FieldError, Frame, PageResult, at, faults, html, path_id, redirect},
        questionnaires::{Differences, differences, edition_href},
        sign_in::SignedIn,
        signed_in::{Page, Proven},
    },
};

#[derive(Template)]
#[template(path = "questionnaires/drafts/publish.html")]
struct PublishPage {
    frame: Frame,
    errors: Vec<FieldError>,
    draft: Draft,
    edition: Edition,
    /// What stands in the way, although it can be read.
    obstacles: Vec<String>,
    /// The edition before it: its number, whether scores stay, and what differs.
    earlier: Option<(String, bool, Vec<Differences>)>,
    csrf: String,
    typed: String,
}

impl PublishPage {
    fn differences(&self) -> &[Differences] {
        self.earlier.as_ref().map_or(&[], |(_, _, differences)| differences)
    }
}

/// What would be published.
pub(in crate::pages::questionnaires) async fn show_publish(who: Page<Editor>) -> PageResult {
    let (request, here) = who.parts();
    publish_page(request, here, Vec::new(), String::new()).await
}

async fn publish_page(request: &Request, here: &SignedIn, errors: Vec<FieldError>, typed: String) -> PageResult {
    let reader = here.read(request).await?;
    let id: DraftId = path_id(request)?;
    let (draft, edition) = readable(&reader, &id).await?;
    let check = draft::check(&reader, &id).await?;
    let earlier = questionnaire::latest(&reader, &edition.key, None).await?.map(|before| {
        let changes = diligence_questionnaires::changes(&before, &edition);
        (before.edition.clone(), changes.same_scoring, differences(&changes, &before, &edition))
    });
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = PublishPage {
        frame: here.frame(&format!("Publish {}", edition.title)).at("/questionnaires"),
        errors,
        draft,
        edition,
        obstacles: check.faults.iter().map(|fault| crate::pages::page::sentence(&fault.detail)).collect(),
        earlier,
        csrf: here.csrf().to_owned(),
        typed,
    };
    Ok(html(status, &page)?)
}

/// Publishes a draft.
pub(in crate::pages::questionnaires) async fn publish(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let id: DraftId = path_id(request)?;
    let (_, edition) = readable(&here.read(request).await?, &id).await?;
    let typed = form.text("title");
    if typed != edition.title.trim() {
        return publish_page(
            request,
            here,
            vec![FieldError::new("title", format!("type the title just as it stands here: {}", edition.title))],
            typed,
        )
        .await;
    }
    let version = form.version()?;
    match who.change(async |writer| draft::publish(writer, &id, version).await).await {
        Ok(published) => Ok(redirect(&edition_href(&published.key, &published.edition))),
        Err(Error::Stale { .. }) => {
            let errors = vec![FieldError::new(
                "title",
                "someone else changed the draft meanwhile: look at it again below, then publish it",
            )];
            publish_page(request, here, errors, typed).await
        }
        Err(error) => {
            let errors = faults(error)?.iter().map(|fault| FieldError::new("title", &fault.detail)).collect();
            publish_page(request, here, errors, typed).await
        }
    }
}
