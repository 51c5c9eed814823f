//! What is due: the one list, and where each of its items is dealt with.

use askama::Template;
use diligence_entities::due::{self, DueCount, DueFilter, DueItem, DueKind, DueState};
use poem::http::StatusCode;

use super::{
    format,
    labels::Labelled as _,
    list_query::ListQuery,
    page::{Frame, PageResult, html},
    routes::Routes,
    signed_in::Page,
};
use crate::auth::Viewer;

/// The routes of these pages.
pub(super) fn routes(routes: Routes) -> Routes {
    routes.get("/due", show)
}

#[derive(Template)]
#[template(path = "due/list.html")]
struct DuePage {
    frame: Frame,
    asked: ListQuery<DueFilter>,
    counts: Vec<DueCount>,
    items: Vec<DueItem>,
    next: Option<String>,
    today: diligence_entities::clock::Day,
}

/// What is due.
pub(super) async fn show(who: Page<Viewer>) -> PageResult {
    let (request, here) = who.parts();
    let reader = who.reader().await?;
    let asked = ListQuery::<DueFilter>::of(request, "/due")?;
    let page = due::list(&reader, &asked.filter).await?;
    let mut counts = due::counts(&reader).await?;
    counts.retain(|count| count.overdue + count.due + count.coming > 0);
    let today = reader.today();
    let (frame, next) = (here.frame("What is due").at("/due"), asked.next(page.next.as_ref()));
    let status = if asked.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok(html(status, &DuePage { frame, asked, counts, items: page.items, next, today })?)
}

/// Where an item is dealt with.
pub(super) fn href(item: &DueItem) -> String {
    let source = &item.source_id;
    match item.kind {
        DueKind::RefusedInUse | DueKind::DecisionStale | DueKind::DecisionLapse | DueKind::Condition => {
            format!("/decisions/{source}")
        }
        DueKind::EvidenceExpiry | DueKind::EvidenceToCheck => format!("/evidence/{source}"),
        DueKind::ContractNotice | DueKind::ContractEnd => {
            format!("{}/change#contracts", format::supplier_href(&item.supplier_id))
        }
        DueKind::Review => format!("/reviews#{source}"),
        DueKind::ProfileUnknown => format!("{}/change#data_sensitivity", format::subject_href(&item.subject_id)),
        DueKind::AiUnknown => format!("{}/change#ai_features", format::subject_href(&item.subject_id)),
        DueKind::NeverAssessed => format!("/assessments/new?subject_id={}", item.subject_id),
        DueKind::AnswersToReview => format!("/assessments/{source}/review"),
        DueKind::Unanswered => format!("/assessments/{source}/links"),
        DueKind::AcceptanceLapse | DueKind::Action => format!("/risks/{source}"),
    }
}

/// What a supplier or product is called, with whose it is for a product.
pub(super) fn name(item: &DueItem) -> String {
    if item.name == item.supplier_name { item.name.clone() } else { format!("{} ({})", item.name, item.supplier_name) }
}
