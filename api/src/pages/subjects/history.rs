//! What happened to a supplier or product, and to all that hangs on it.

use askama::Template;
use diligence_entities::{
    audit::{AuditEvent, HistoryFilter},
    id::SubjectId,
    page::Page as Batch,
    register,
    scope::Reader,
};
use poem::{Request, http::StatusCode};

use crate::{
    pages::{
        events::Event,
        form::parameter,
        format,
        page::{Frame, PageResult, html},
        sign_in::SignedIn,
    },
    query::encode,
};

/// How many events of the history are shown at once.
const EVENTS: u64 = 20;

#[derive(Template)]
#[template(path = "subjects/history.html")]
struct HistoryPage {
    frame: Frame,
    name: String,
    back: String,
    events: Vec<Event>,
    next: Option<String>,
}

/// Which part of it was asked for.
pub(in crate::pages) fn filter(request: &Request) -> HistoryFilter {
    let cursor = Some(parameter(request, "cursor")).filter(|text| !text.is_empty());
    HistoryFilter { limit: Some(EVENTS), cursor, ..HistoryFilter::default() }
}

/// A part of it, as a page.
pub(in crate::pages) async fn show(
    here: &SignedIn,
    reader: &Reader,
    id: SubjectId,
    page: Batch<AuditEvent>,
) -> PageResult {
    let back = format::subject_href(&id);
    // What was taken away has a history still.
    let name = register::lines(reader, [id.clone()]).await?.get(&id).map_or_else(|| id.to_string(), format::subject);
    let next = page.next.as_deref().map(|cursor| format!("{back}/history?cursor={}", encode(cursor)));
    let events = Event::all(reader, page.items, Some(&id)).await?;
    let frame = here.frame(&format!("History of {name}")).at("/register");
    Ok(html(StatusCode::OK, &HistoryPage { frame, name, back, events, next })?)
}
