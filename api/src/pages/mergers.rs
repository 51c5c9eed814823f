//! Twins, and mergers of two suppliers or products into one: the list of pairs, choosing what stays, and undoing it.

use std::collections::BTreeMap;

use askama::Template;
use diligence_entities::{
    id::{MergerId, ProductId, SubjectId, SupplierId},
    merger::{self, Merger, MergerChoice, MergerField, MergerFilter, MergerPlan, MergerState, NewMerger},
    product::{self, ProductFilter},
    role::Role,
    scope::Reader,
    stored::from_word,
    subject::SubjectType,
    supplier::{self, SupplierFilter},
    twin::{self, ToldApart, Twin, TwinFilter, TwinReason},
};
use poem::{Request, http::StatusCode};
use serde_json::Value;

use super::{
    fields::{self, FormSection},
    form::{Form, parameter},
    format,
    list_query::ListQuery,
    page::{FieldError, Frame, PageResult, Refusal, faults, html, path_id, redirect},
    products,
    routes::Routes,
    sign_in::SignedIn,
    signed_in::{Page, Proven},
    suppliers,
};
use crate::{
    auth::{Approver, Editor, Viewer},
    problem::Problem,
};

/// The routes of these pages.
pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .get("/twins", show_twins)
        .post("/twins/apart", tell_apart)
        .get("/suppliers/:id/merge", show_supplier)
        .post("/suppliers/:id/merge", merge_supplier)
        .get("/products/:id/merge", show_product)
        .post("/products/:id/merge", merge_product)
        .get("/mergers/:id", show)
        .post("/mergers/:id/undo", undo)
}

/// The part of the menu that these pages belong to.
const PART: &str = "/register";
/// How many are found at once.
const FOUND: u64 = 20;
/// What stands before the name of a field in a form.
const CHOICE: &str = "choice.";

// ---------------------------------------------------------------- twins

#[derive(Template)]
#[template(path = "mergers/twins.html")]
struct TwinsPage<'a> {
    frame: Frame,
    here: &'a SignedIn,
    errors: Vec<FieldError>,
    is_of_products: bool,
    twins: Vec<Twin>,
    next: Option<String>,
    mergers: Vec<Merger>,
    may_tell: bool,
    may_merge: bool,
}

impl TwinsPage<'_> {
    fn why(twin: &Twin) -> &'static str {
        match twin.why {
            TwinReason::SameIdentifier => "the same identifier",
            TwinReason::SameName => "the same name",
            TwinReason::NearName => "nearly the same name",
        }
    }
}

/// Pairs that may be one.
pub(super) async fn show_twins(who: Page<Viewer>) -> PageResult {
    let (request, here) = who.parts();
    let asked = ListQuery::<TwinFilter>::of(request, "/twins")?;
    let reader = here.read(request).await?;
    let page = twin::list(&reader, &asked.filter).await?;
    let recent = MergerFilter { limit: Some(FOUND), ..MergerFilter::default() };
    let mergers = merger::list(&reader, &recent).await?.items;
    let is_of_products = asked.filter.noun == Some(SubjectType::Product);
    let noun = if is_of_products { "product" } else { "supplier" };
    let page = TwinsPage {
        frame: here.frame("Twins").at(PART),
        here,
        errors: asked.errors,
        is_of_products,
        twins: page.items,
        next: page.next.map(|cursor| format!("/twins?noun={noun}&cursor={cursor}")),
        mergers,
        may_tell: here.is_at_least(Role::Editor),
        may_merge: here.is_at_least(Role::Approver),
    };
    Ok(html(StatusCode::OK, &page)?)
}

/// Keeps that two are two.
pub(super) async fn tell_apart(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    let id = |name: &str| form.text(name).parse::<SubjectId>().map_err(|_| Problem::not_found());
    let pair = ToldApart { one_id: id("one_id")?, other_id: id("other_id")? };
    let noun = if matches!(pair.one_id, SubjectId::Product(_)) { "product" } else { "supplier" };
    who.change(async |writer| twin::tell_apart(writer, &pair).await).await?;
    Ok(redirect(&format!("/twins?noun={noun}")))
}

// ---------------------------------------------------------------- merging

/// A field in which two differ, as it is chosen.
struct Choosing {
    field: String,
    label: String,
    /// Each way to go: its word, what it is called, what would be said, and whether it is chosen.
    ways: Vec<(&'static str, &'static str, String, bool)>,
}

#[derive(Template)]
#[template(path = "mergers/merge.html")]
struct MergePage<'a> {
    frame: Frame,
    here: &'a SignedIn,
    errors: Vec<FieldError>,
    href: String,
    name: String,
    version: i64,
    q: String,
    found: Vec<(String, String)>,
    plan: Option<MergerPlan>,
    choosing: Vec<Choosing>,
}

/// The one that is kept, as one sees it.
struct Kept {
    id: SubjectId,
    name: String,
    version: i64,
    supplier_id: SupplierId,
}

impl Kept {
    async fn read(reader: &Reader, id: SubjectId) -> Result<Self, Refusal> {
        let (name, version, supplier_id) = match &id {
            SubjectId::Supplier(id) => {
                let supplier = supplier::read(reader, id).await?;
                (supplier.name, supplier.version, supplier.id)
            }
            SubjectId::Product(id) => {
                let product = product::read(reader, id).await?;
                (product.name, product.version, product.supplier_id)
            }
        };
        Ok(Self { id, name, version, supplier_id })
    }

    /// Those that may go into it, by their names.
    async fn others(&self, reader: &Reader, q: &str) -> Result<Vec<(String, String)>, Refusal> {
        let text = Some(q.to_owned()).filter(|text| !text.is_empty());
        let found: Vec<(String, String)> = match &self.id {
            SubjectId::Supplier(_) if text.is_none() => Vec::new(),
            SubjectId::Supplier(_) => {
                let filter = SupplierFilter { q: text, limit: Some(FOUND), ..SupplierFilter::default() };
                let rows = supplier::list(reader, &filter).await?.items;
                rows.into_iter().map(|row| (row.id.to_string(), row.name)).collect()
            }
            SubjectId::Product(_) => {
                let supplier_id = Some(self.supplier_id.clone());
                let filter = ProductFilter { q: text, supplier_id, limit: Some(200), ..ProductFilter::default() };
                let rows = product::list(reader, &filter).await?.items;
                rows.into_iter().map(|row| (row.id.to_string(), row.name)).collect()
            }
        };
        Ok(found.into_iter().filter(|(id, _)| id != self.id.as_str()).collect())
    }
}

/// What a value says, as people read it.
fn told(value: &Value) -> String {
    match value {
        Value::Null => "nothing".into(),
        Value::Bool(true) => "yes".into(),
        Value::Bool(false) => "no".into(),
        Value::String(text) if text.is_empty() => "nothing".into(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => "nothing".into(),
        Value::Array(items) => items.iter().map(told).collect::<Vec<_>>().join("; "),
        Value::Object(fields) => {
            let said = fields.iter().filter(|(_, value)| !value.is_null());
            said.map(|(name, value)| format!("{}: {}", format::label(name), told(value))).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

fn choosing(parts: &'static [FormSection], field: &MergerField, choice: Option<MergerChoice>) -> Choosing {
    let says = |value: &Value| fields::told(parts, &field.field, value).unwrap_or_else(|| told(value));
    let has_both = field.after != field.kept && field.after != field.other || choice == Some(MergerChoice::Both);
    let is = |value: &Value, way: MergerChoice| match choice {
        Some(choice) => choice == way,
        None => field.after == *value && !(has_both && way != MergerChoice::Both),
    };
    let mut ways = vec![
        ("kept", "As the one that is kept", says(&field.kept), is(&field.kept, MergerChoice::Kept)),
        ("other", "As the other", says(&field.other), is(&field.other, MergerChoice::Other)),
    ];
    if has_both {
        ways.push(("both", "Both", says(&field.after), is(&field.after, MergerChoice::Both)));
    }
    let label = fields::label(parts, &field.field).map_or_else(|| format::label(&field.field), str::to_owned);
    Choosing { field: field.field.clone(), label, ways }
}

async fn show_merge(
    request: &Request,
    here: &SignedIn,
    id: SubjectId,
    typed: Option<(NewMerger, Vec<FieldError>)>,
) -> PageResult {
    let reader = here.read(request).await?;
    let kept = Kept::read(&reader, id).await?;
    let q = parameter(request, "q");
    let (status, asked, mut errors) = match typed {
        Some((new, errors)) => (StatusCode::UNPROCESSABLE_ENTITY, Some(new), errors),
        None => {
            let other = parameter(request, "other").parse().ok();
            let new = other.map(|other_id| NewMerger { other_id, choices: BTreeMap::new() });
            (StatusCode::OK, new, Vec::new())
        }
    };
    let mut plan = None;
    if let Some(new) = &asked {
        // What is chosen is shown beside what would be said without a choice.
        let open = NewMerger { choices: BTreeMap::new(), ..new.clone() };
        match merger::plan(&reader, &kept.id, &open).await {
            Ok(found) => plan = Some(found),
            Err(error) if errors.is_empty() => {
                errors = faults(error)?.iter().map(|fault| FieldError::new("q", &fault.detail)).collect();
            }
            Err(_) => {}
        }
    }
    let choices = asked.map(|new| new.choices).unwrap_or_default();
    let parts = match &kept.id {
        SubjectId::Supplier(_) => suppliers::PARTS,
        SubjectId::Product(_) => products::PARTS,
    };
    let differing = plan.iter().flat_map(|plan| &plan.fields);
    let choosing = differing.map(|field| choosing(parts, field, choices.get(&field.field).copied())).collect();
    let title = format!("Merge {} with another", kept.name);
    let page = MergePage {
        frame: here.frame(&title).at(PART),
        here,
        errors,
        href: format::subject_href(&kept.id),
        found: kept.others(&reader, &q).await?,
        name: kept.name,
        version: kept.version,
        q,
        plan,
        choosing,
    };
    Ok(html(status, &page)?)
}

async fn merge(who: &Page<Approver>, form: &Form, kept: SubjectId) -> PageResult {
    let (request, here) = who.parts();
    let other_id = form.text("other_id").parse().map_err(|_| Problem::not_found())?;
    let chosen = form.all().filter_map(|(name, value)| Some((name.strip_prefix(CHOICE)?, from_word(value)?)));
    let choices: BTreeMap<String, MergerChoice> = chosen.map(|(name, choice)| (name.to_owned(), choice)).collect();
    let (new, version) = (NewMerger { other_id, choices }, form.version()?);
    match who.change(async |writer| merger::merge(writer, &kept, version, &new).await).await {
        Ok(merger) => Ok(redirect(&format!("/mergers/{}", merger.id))),
        Err(error) => {
            let errors = faults(error)?.iter().map(|fault| FieldError::new("choices", &fault.detail)).collect();
            show_merge(request, here, kept, Some((new, errors))).await
        }
    }
}

/// Choosing what goes into a supplier, and what stays.
pub(super) async fn show_supplier(who: Page<Approver>) -> PageResult {
    let (request, here) = who.parts();
    show_merge(request, here, SubjectId::Supplier(path_id(request)?), None).await
}

/// Merges a supplier into another.
pub(super) async fn merge_supplier(who: Page<Approver>, form: Proven<Form>) -> PageResult {
    let id: SupplierId = who.id()?;
    merge(&who, &form, SubjectId::Supplier(id)).await
}

/// Choosing what goes into a product, and what stays.
pub(super) async fn show_product(who: Page<Approver>) -> PageResult {
    let (request, here) = who.parts();
    show_merge(request, here, SubjectId::Product(path_id(request)?), None).await
}

/// Merges a product into another.
pub(super) async fn merge_product(who: Page<Approver>, form: Proven<Form>) -> PageResult {
    let id: ProductId = who.id()?;
    merge(&who, &form, SubjectId::Product(id)).await
}

// ---------------------------------------------------------------- what was merged

#[derive(Template)]
#[template(path = "mergers/show.html")]
struct MergerPage<'a> {
    frame: Frame,
    here: &'a SignedIn,
    errors: Vec<FieldError>,
    merger: Merger,
    may_undo: bool,
}

impl MergerPage<'_> {
    fn is_done(&self) -> bool {
        self.merger.state.0 == MergerState::Done
    }
}

async fn show_one(
    request: &Request,
    here: &SignedIn,
    id: &MergerId,
    status: StatusCode,
    errors: Vec<FieldError>,
) -> PageResult {
    let reader = here.read(request).await?;
    let merger = merger::read(&reader, id).await?;
    let title = format!("{} and {}", merger.kept_name, merger.other_name);
    let is_open = merger.state.0 == MergerState::Done && reader.today() <= merger.undo_until;
    let may_undo = is_open && here.is_at_least(Role::Approver);
    let page = MergerPage { frame: here.frame(&title).at(PART), here, errors, merger, may_undo };
    Ok(html(status, &page)?)
}

/// A merger, and what went over.
pub(super) async fn show(who: Page<Viewer>) -> PageResult {
    let (request, here) = who.parts();
    show_one(request, here, &path_id(request)?, StatusCode::OK, Vec::new()).await
}

/// Undoes a merger.
pub(super) async fn undo(who: Page<Approver>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let (id, version): (MergerId, i64) = (path_id(request)?, form.version()?);
    match who.change(async |writer| merger::undo(writer, &id, version).await).await {
        Ok(_) => Ok(redirect(&format!("/mergers/{id}"))),
        Err(error) => {
            let errors = faults(error)?.iter().map(|fault| FieldError::new("undo", &fault.detail)).collect();
            show_one(request, here, &id, StatusCode::CONFLICT, errors).await
        }
    }
}
