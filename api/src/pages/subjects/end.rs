//! The end of a supplier or product: archived, restored, or deleted where nothing refers to it.

use askama::Template;
use diligence_entities::{
    assessment::{self, AssessmentFilter},
    dependency::{self, DependencyFilter},
    error::Error,
    evidence::{self, EvidenceFilter},
    id::SubjectId,
    incident::{self, IncidentFilter},
    product::{self, ProductFilter},
    register::RegisterEntry,
    review::{self, ReviewFilter, ReviewState},
    risk::{self, RiskFilter},
    scope::{Reader, Writer},
    supplier::{self, RelationshipStatus},
};
use poem::{Request, http::StatusCode};

use crate::{
    auth::Editor,
    pages::{
        form::Form,
        format,
        page::{FieldError, Frame, PageResult, Refusal, at, faults, html, redirect},
        sign_in::SignedIn,
        signed_in::Page,
        subject_picker::line,
    },
};

/// A supplier or product that may come to an end.
struct Ending {
    line: RegisterEntry,
    version: i64,
    is_archived: bool,
    /// What hangs on it, so that it cannot be deleted.
    holds: Vec<&'static str>,
}

impl Ending {
    async fn read(reader: &Reader, id: &SubjectId) -> Result<Self, Refusal> {
        let (version, status) = match id {
            SubjectId::Supplier(id) => {
                supplier::read(reader, id).await.map(|supplier| (supplier.version, supplier.status.0))?
            }
            SubjectId::Product(id) => {
                product::read(reader, id).await.map(|product| (product.version, product.status.0))?
            }
        };
        Ok(Self {
            line: line(reader, id).await?,
            version,
            is_archived: status == RelationshipStatus::Archived,
            holds: holds(reader, id).await?,
        })
    }
}

/// What hangs on a supplier or product.
async fn holds(reader: &Reader, id: &SubjectId) -> Result<Vec<&'static str>, Error> {
    let (subject_id, limit) = (Some(id.clone()), Some(1));
    let mut holds = Vec::new();
    let mut note = |is_there: bool, what: &'static str| {
        if is_there {
            holds.push(what);
        }
    };
    if let SubjectId::Supplier(id) = id {
        let filter = ProductFilter { supplier_id: Some(id.clone()), limit, ..ProductFilter::default() };
        note(!product::list(reader, &filter).await?.items.is_empty(), "products");
    }
    let filter = AssessmentFilter { subject_id: subject_id.clone(), limit, ..AssessmentFilter::default() };
    note(!assessment::list(reader, &filter).await?.items.is_empty(), "assessments");
    let filter = EvidenceFilter { subject_id: subject_id.clone(), limit, ..EvidenceFilter::default() };
    note(!evidence::list(reader, &filter).await?.items.is_empty(), "evidence");
    let filter = RiskFilter { subject_id: subject_id.clone(), limit, ..RiskFilter::default() };
    note(!risk::list(reader, &filter).await?.items.is_empty(), "risks");
    let filter = IncidentFilter { subject_id: subject_id.clone(), limit, ..IncidentFilter::default() };
    note(!incident::list(reader, &filter).await?.items.is_empty(), "incidents");
    let filter = ReviewFilter {
        subject_id: subject_id.clone(),
        state: Some(ReviewState::Completed),
        limit,
        ..ReviewFilter::default()
    };
    note(!review::list(reader, &filter).await?.items.is_empty(), "reviews that were completed");
    let filter = DependencyFilter { subject_id: subject_id.clone(), limit, ..DependencyFilter::default() };
    let rests = !dependency::list(reader, &filter).await?.items.is_empty();
    let filter = DependencyFilter { rests_on_id: subject_id, limit, ..DependencyFilter::default() };
    note(rests || !dependency::list(reader, &filter).await?.items.is_empty(), "dependencies");
    Ok(holds)
}

#[derive(Template)]
#[template(path = "subjects/end.html")]
struct EndingPage<'a> {
    frame: Frame,
    here: &'a SignedIn,
    ending: Ending,
    href: String,
    is_supplier: bool,
    errors: Vec<FieldError>,
    is_stale: bool,
}

/// What can be done about a supplier or product that one has nothing to do with any more.
pub(in crate::pages) async fn show(
    request: &Request,
    here: &SignedIn,
    id: &SubjectId,
    status: StatusCode,
    errors: Vec<FieldError>,
) -> PageResult {
    let ending = Ending::read(&here.read(request).await?, id).await?;
    let title = if ending.is_archived {
        format!("Restore or delete {}", ending.line.name)
    } else {
        format!("Archive or delete {}", ending.line.name)
    };
    let (frame, href, is_supplier) =
        (here.frame(&title).at("/register"), format::subject_href(id), matches!(id, SubjectId::Supplier(_)));
    Ok(html(
        status,
        &EndingPage { frame, here, ending, href, is_supplier, errors, is_stale: status == StatusCode::CONFLICT },
    )?)
}

/// What is to be done.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::pages) enum Step {
    Archive,
    Restore,
    Delete,
}

async fn carry_out(writer: &Writer, id: &SubjectId, version: i64, step: Step) -> Result<(), Error> {
    match (id, step) {
        (SubjectId::Supplier(id), Step::Archive) => supplier::archive(writer, id, version).await.map(drop),
        (SubjectId::Supplier(id), Step::Restore) => supplier::restore(writer, id, version).await.map(drop),
        (SubjectId::Supplier(id), Step::Delete) => supplier::delete(writer, id, version).await,
        (SubjectId::Product(id), Step::Archive) => product::archive(writer, id, version).await.map(drop),
        (SubjectId::Product(id), Step::Restore) => product::restore(writer, id, version).await.map(drop),
        (SubjectId::Product(id), Step::Delete) => product::delete(writer, id, version).await,
    }
}

/// Takes a step, as the form says it.
pub(in crate::pages) async fn take(who: &Page<Editor>, form: &Form, id: SubjectId, step: Step) -> PageResult {
    let (request, here) = who.parts();
    let line = line(&who.reader().await?, &id).await?;
    if step == Step::Delete && !form.names_it(&line.name) {
        let errors = vec![FieldError::new("typed", "type the name as it stands here, to delete it")];
        return show(request, here, &id, StatusCode::UNPROCESSABLE_ENTITY, errors).await;
    }
    let version = form.version()?;
    match who.change(async |writer| carry_out(writer, &id, version, step).await).await {
        Ok(()) => Ok(redirect(&match (&id, step) {
            (SubjectId::Supplier(_), Step::Delete) => "/register".to_owned(),
            (SubjectId::Product(_), Step::Delete) => format::supplier_href(&line.supplier_id),
            (id, _) => format::subject_href(id),
        })),
        Err(Error::Stale { .. }) => show(request, here, &id, StatusCode::CONFLICT, Vec::new()).await,
        Err(error) => {
            let field = if step == Step::Delete { "typed" } else { "archive" };
            let errors = faults(error)?.iter().map(|fault| FieldError::new(field, &fault.detail)).collect();
            show(request, here, &id, StatusCode::UNPROCESSABLE_ENTITY, errors).await
        }
    }
}
