//! Filling a product's AI profile from its maker's bill of materials.

use askama::Template;
use diligence_entities::{
    bill_of_materials::{self, BomField, BomOutcome, BomQuery, BomReport},
    error::Error,
    fault::Fault,
    id::ProductId,
    product::{self, Product},
};
use poem::{Request, http::StatusCode};

use super::AI;
use crate::{
    auth::Editor,
    bill_of_materials::parse,
    body::Cost,
    pages::{
        fields::FieldSpec,
        form::Form,
        page::{FieldError, Frame, PageResult, at, faults, html, path_id},
        sign_in::SignedIn,
        signed_in::{Page, Proven, Upload, WithFile},
    },
    payload::BOM_LIMIT,
};

#[derive(Template)]
#[template(path = "products/bill_of_materials.html")]
struct BomPage {
    frame: Frame,
    product: Product,
    csrf: String,
    errors: Vec<FieldError>,
    /// What was typed.
    component: String,
    dry_run: bool,
    overwrite: bool,
    /// What became, or would become, of the profile.
    report: Option<BomReport>,
}

impl BomPage {
    /// What a field of the profile is called.
    fn label<'a>(&self, field: &'a BomField) -> &'a str {
        let is_it = |spec: &&FieldSpec| spec.key.strip_prefix("ai_profile.") == Some(field.field.as_str());
        AI.iter().flat_map(|part| part.fields).find(is_it).map_or(field.field.as_str(), |spec| spec.label)
    }

    fn outcome(&self, field: &BomField) -> &'static str {
        match (field.outcome, self.report.as_ref().is_some_and(|report| report.dry_run)) {
            (BomOutcome::Filled, false) => "filled in",
            (BomOutcome::Filled, true) => "would be filled in",
            (BomOutcome::Same, _) => "said already",
            (BomOutcome::Kept, _) => "differs from what you say, which stays",
            (BomOutcome::Replaced, false) => "in place of what was said",
            (BomOutcome::Replaced, true) => "would take the place of what is said",
        }
    }
}

/// A bill of materials.
pub(super) struct BomFile;

impl Upload for BomFile {
    const MOST: usize = BOM_LIMIT;
    const COST: Cost = Cost::Document;
}

/// The form for the document.
pub(super) async fn show(who: Page<Editor>) -> PageResult {
    let (request, here) = who.parts();
    page(request, here, StatusCode::OK, &Form::default(), Vec::new(), None).await
}

async fn page(
    request: &Request,
    here: &SignedIn,
    status: StatusCode,
    form: &Form,
    errors: Vec<FieldError>,
    report: Option<BomReport>,
) -> PageResult {
    let id: ProductId = path_id(request)?;
    let product = product::read(&here.read(request).await?, &id).await?;
    let page = BomPage {
        frame: here.frame("Fill from a bill of materials").at("/register"),
        product,
        csrf: here.csrf().to_owned(),
        errors,
        component: form.text("component"),
        dry_run: form.text("dry_run") == "true",
        overwrite: form.text("overwrite") == "true",
        report,
    };
    Ok(html(status, &page)?)
}

/// Fills the profile from the document.
pub(super) async fn bring_in(who: Page<Editor>, form: Proven<WithFile<BomFile>>) -> PageResult {
    let (request, here) = who.parts();
    let (form, file) = form.into_inner();
    let id: ProductId = path_id(request)?;
    product::read(&here.read(request).await?, &id).await?;
    let refused = StatusCode::UNPROCESSABLE_ENTITY;
    let Some(file) = file else {
        let errors = vec![FieldError::new("file", "choose the bill of materials")];
        return page(request, here, refused, &form, errors, None).await;
    };
    let document = match parse(&file.content) {
        Ok(document) => document,
        Err(problem) => {
            let errors = vec![FieldError::new(
                "file",
                problem.errors.first().map_or(&*problem.detail, |fault| fault.detail.as_str()),
            )];
            return page(request, here, refused, &form, errors, None).await;
        }
    };
    let is_said = |name: &str| Some(form.text(name) == "true");
    let query =
        BomQuery { component: form.some("component"), dry_run: is_said("dry_run"), overwrite: is_said("overwrite") };
    let version = form.version()?;
    let done =
        who.change(async |writer| bill_of_materials::bring_in(writer, &id, version, &document, &query).await).await;
    match done {
        Ok(report) => page(request, here, StatusCode::OK, &form, Vec::new(), Some(report)).await,
        Err(Error::Stale { .. }) => {
            let wrong = "someone else changed the product meanwhile, and nothing of the document is in place yet. Send it again if it is right all the same";
            page(request, here, StatusCode::CONFLICT, &form, vec![FieldError::new("file", wrong)], None).await
        }
        Err(error) => {
            let errors = faults(error)?.iter().map(told).collect();
            page(request, here, refused, &form, errors, None).await
        }
    }
}

fn told(fault: &Fault) -> FieldError {
    match fault.pointer.as_str() {
        "?component" => FieldError::new("component", &fault.detail),
        "" => FieldError::new("file", &fault.detail),
        place => FieldError::new("file", format!("{place}: {}", fault.detail)),
    }
}
