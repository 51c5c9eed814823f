//! Products: the page of one, entering it, what is said of it, what happened to it, and its end.

use std::collections::BTreeMap;

use askama::Template;
use diligence_entities::{
    audit,
    clock::Day,
    id::{ProductId, SubjectId, SupplierId},
    patch::Change,
    product::{
        self, Affected, AiFeatures, Autonomy, EuAiActClass, Known, MedicalDeviceClass, NewProduct, Product, ProductKind,
    },
    role::Role,
    supplier::{self, Supplier},
    twin::{self, ProductTwinQuery},
};
use poem::http::StatusCode;
use serde_json::{Map, Value};

use super::{
    fields::{Fact, FieldSpec, FormPage, FormSection, Input, empty, facts, field, fields, json, read, said, typed},
    form::Form,
    format,
    labels::Labelled as _,
    page::{Frame, PageResult, html, path_id, redirect},
    routes::Routes,
    sign_in::SignedIn,
    signed_in::{Page, Proven},
    subjects::{
        PART, STATUS,
        about::About,
        end::{self, Step},
        history, stored, trend, twins,
    },
};
use crate::{
    auth::{Editor, Viewer},
    problem::Problem,
};

mod bill_of_materials;

/// The routes of these pages.
pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .get("/suppliers/:id/products/new", show_new)
        .post("/suppliers/:id/products/new", enter)
        .get("/products/:id", show)
        .get("/products/:id/change", show_change)
        .post("/products/:id/change", change)
        .get("/products/:id/bill-of-materials", bill_of_materials::show)
        .post("/products/:id/bill-of-materials", bill_of_materials::bring_in)
        .get("/products/:id/history", show_history)
        .get("/products/:id/end", show_end)
        .post("/products/:id/archive", archive)
        .post("/products/:id/restore", restore)
        .post("/products/:id/delete", delete)
}

pub(super) const PARTS: &[FormSection] = &[
    FormSection {
        title: "",
        fields: &[
            field("name", "What it is called", "", Input::RequiredText("text")),
            field("kind", "What sort of thing it is", "", Input::Select(ProductKind::CHOICES)),
            field("purpose", "What you use it for", "", Input::TextArea),
            field("product_version", "Its version", "", Input::Text("text")),
            field("status", "Where it stands with you", "", Input::Select(STATUS)),
            field(
                "ai_features",
                "Is there AI in it?",
                "Software that you already use may have gained AI in an update. If you are not sure, say so, and ask the supplier.",
                Input::Select(AiFeatures::CHOICES),
            ),
            field("notes", "Anything else worth knowing", "", Input::TextArea),
        ],
    },
    FormSection {
        title: "Its AI, if there is any",
        fields: &[
            field("ai_profile.purpose", "What is its AI there for?", "", Input::TextArea),
            field("ai_profile.generative", "Does it write, speak or draw?", "", Input::Select(Known::CHOICES)),
            field("ai_profile.model_provider", "Who provides the model?", "", Input::Text("text")),
            field("ai_profile.model", "Which model is it?", "", Input::Text("text")),
            field("ai_profile.model_version", "Which version of the model?", "", Input::Text("text")),
            field("ai_profile.trains_on_our_data", "Is your data used to train it?", "", Input::Select(Known::CHOICES)),
            field(
                "ai_profile.runs_in",
                "In which countries does it run?",
                "Two letters for each, with commas between: GB, IE.",
                Input::Countries,
            ),
            field("ai_profile.autonomy", "What does it do?", "", Input::OptionalSelect(Autonomy::CHOICES)),
            field("ai_profile.affects", "Whom does it affect?", "", Input::Checkboxes(Affected::CHOICES)),
            field("ai_profile.overseer", "Who oversees it?", "A person's name.", Input::Text("text")),
            field("ai_profile.contest_route", "How can someone contest an outcome?", "", Input::TextArea),
            field("ai_profile.manual_fallback", "What happens by hand when it fails?", "", Input::TextArea),
            field(
                "ai_profile.summarises_speech",
                "Does it summarise speech?",
                "Such a tool is at least a Class I medical device when it is used in care.",
                Input::Select(Known::CHOICES),
            ),
            field(
                "ai_profile.medical_device_class",
                "Is it a medical device?",
                "",
                Input::OptionalSelect(MedicalDeviceClass::CHOICES),
            ),
            field(
                "ai_profile.safety_case_reference",
                "Where is its clinical safety case (DCB0129, DCB0160)?",
                "",
                Input::Text("text"),
            ),
            field(
                "ai_profile.dpia_reference",
                "Where is the data protection impact assessment?",
                "",
                Input::Text("text"),
            ),
            field(
                "ai_profile.transparency_record",
                "Where is its transparency record (ATRS)?",
                "Such as https://example.org",
                Input::Text("url"),
            ),
            field(
                "ai_profile.eu_ai_act_class",
                "What is its class under the EU AI Act?",
                "",
                Input::OptionalSelect(EuAiActClass::CHOICES),
            ),
            field("ai_profile.training_data", "What was the model trained on?", "", Input::TextArea),
            field("ai_profile.limitations", "What is the model not good at?", "", Input::TextArea),
            field(
                "ai_profile.ethical_considerations",
                "What harm may it do to people, and what is done about it?",
                "",
                Input::TextArea,
            ),
            field("ai_profile.energy_use", "How much energy does it take?", "", Input::TextArea),
        ],
    },
];

/// What is said of the product itself, and of its AI.
const OWN: &[FormSection] = PARTS.split_at(1).0;
const AI: &[FormSection] = PARTS.split_at(1).1;

/// What helps before one begins to enter a product.
const FIRST: &str = "Only the name and the kind are needed now. Everything else can come later.";

#[derive(Template)]
#[template(path = "products/show.html")]
struct ProductPage {
    frame: Frame,
    product: Product,
    facts: Vec<Fact>,
    ai_facts: Vec<Fact>,
    makers_word: Vec<String>,
    about: About,
    may_change: bool,
    may_merge: bool,
}

/// A product.
pub(super) async fn show(who: Page<Viewer>) -> PageResult {
    let (request, here) = who.parts();
    let reader = here.read(request).await?;
    let id: ProductId = path_id(request)?;
    let product = match product::read(&reader, &id).await {
        Ok(product) => product,
        Err(error) => return twins::elsewhere(&reader, id.as_str(), error).await,
    };
    let about = About::read(request, &reader, &SubjectId::Product(id)).await?;
    let frame = here.frame(&product.name).at("/register");
    let facts = facts(OWN, &json(&product)?, &["name", "kind", "status", "ai_features"], &["notes"]);
    let (ai_facts, makers_word) = (ai_facts(&product)?, makers_word(&product));
    Ok(html(
        StatusCode::OK,
        &ProductPage {
            frame,
            facts,
            ai_facts,
            makers_word,
            product,
            about,
            may_change: here.is_at_least(Role::Editor),
            may_merge: here.is_at_least(Role::Approver),
        },
    )?)
}

/// What is known of a product's AI; nothing where it has no profile.
pub(super) fn ai_facts(product: &Product) -> Result<Vec<Fact>, Problem> {
    const OPTIONAL: [&str; 4] = [
        "ai_profile.training_data",
        "ai_profile.limitations",
        "ai_profile.ethical_considerations",
        "ai_profile.energy_use",
    ];
    Ok(if product.ai_profile.is_some() { facts(AI, &json(product)?, &[], &OPTIONAL) } else { Vec::new() })
}

/// What of a product's AI profile is the maker's word, in a sentence for each document.
fn makers_word(product: &Product) -> Vec<String> {
    let mut said: BTreeMap<(Day, &str), Vec<&str>> = BTreeMap::new();
    for (name, source) in product.profile_sources.iter().flat_map(|sources| sources.iter()) {
        let labelled = |field: &&FieldSpec| field.key.strip_prefix("ai_profile.") == Some(name.as_str());
        let label = AI.iter().flat_map(|part| part.fields).find(labelled).map_or(name.as_str(), |field| field.label);
        said.entry((source.on, source.document.as_str())).or_default().push(label);
    }
    said.into_iter()
        .map(|((on, document), labels)| format!("{} ({document}, brought in on {})", labels.join(" "), format::day(on)))
        .collect()
}

/// What is said of a product: an AI profile of which nothing is said is none.
fn with_profile(mut said: Map<String, Value>) -> Map<String, Value> {
    let is_said =
        |value: &Value| !(value.is_null() || value == "unknown" || value.as_array().is_some_and(Vec::is_empty));
    if let Some(profile) = said
        .get_mut("ai_profile")
        .filter(|profile| profile.as_object().is_some_and(|profile| !profile.values().any(is_said)))
    {
        *profile = Value::Null;
    }
    said
}

fn new_form<'a>(here: &'a SignedIn, supplier: &Supplier) -> FormPage<'a> {
    let (back, title) = (format!("/suppliers/{}", supplier.id), "Enter a product".into());
    FormPage {
        here,
        part: PART,
        title,
        lead: FIRST.into(),
        action: format!("{back}/products/new"),
        back: (back, supplier.name.clone()),
        version: 0,
    }
}

/// The form for a new product of a supplier.
pub(super) async fn show_new(who: Page<Editor>) -> PageResult {
    let (request, here) = who.parts();
    let supplier = supplier::read(&here.read(request).await?, &path_id(request)?).await?;
    new_form(here, &supplier).show(StatusCode::OK, empty(PARTS, |_| None), Vec::new())
}

/// Enters a product.
pub(super) async fn enter(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let supplier_id: SupplierId = path_id(request)?;
    let parts = typed(PARTS, &form);
    let mut said = with_profile(said(&parts));
    said.insert("supplier_id".into(), supplier_id.as_str().into());
    let new: NewProduct = read(said)?;
    if form.text("is_another") != new.name.trim() && !new.name.trim().is_empty() {
        let reader = who.reader().await?;
        let query = ProductTwinQuery { name: Some(new.name.clone()), supplier_id: Some(supplier_id.clone()) };
        let twins = twin::of_product(&reader, &query).await?;
        if !twins.is_empty() {
            let supplier = supplier::read(&reader, &supplier_id).await?;
            return new_form(here, &supplier).asking(parts, twins::links(twins), new.name.trim().to_owned());
        }
    }
    match who.change(async |writer| product::create(writer, new).await).await {
        Ok(made) => Ok(redirect(&format!("/products/{}?notice=entered", made.id))),
        Err(error) => {
            let supplier = supplier::read(&here.read(request).await?, &supplier_id).await?;
            new_form(here, &supplier).again(parts, error)
        }
    }
}

fn change_form<'a>(here: &'a SignedIn, product: &Product) -> FormPage<'a> {
    let (back, title) = (format!("/products/{}", product.id), format!("Change {}", product.name));
    FormPage {
        here,
        part: PART,
        title,
        lead: String::new(),
        action: format!("{back}/change"),
        back: (back, product.name.clone()),
        version: product.version,
    }
}

/// The form for what is said of a product.
pub(super) async fn show_change(who: Page<Editor>) -> PageResult {
    let (request, here) = who.parts();
    let id: ProductId = path_id(request)?;
    let product = product::read(&here.read(request).await?, &id).await?;
    change_form(here, &product).show(StatusCode::OK, stored(PARTS, &product)?, Vec::new())
}

/// Changes what is said of a product.
pub(super) async fn change(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let id: ProductId = path_id(request)?;
    let (parts, version) = (typed(PARTS, &form), form.version()?);
    match who
        .change(async |writer| {
            product::change(writer, &id, version, Change::<NewProduct>::new(with_profile(fields(&parts)))).await
        })
        .await
    {
        Ok(_) => Ok(redirect(&format!("/products/{id}?notice=changed"))),
        Err(error) => {
            let present = product::read(&here.read(request).await?, &id).await?;
            change_form(here, &present).refused(parts, error, version, &present)
        }
    }
}

/// What happened to a product and all that hangs on it.
pub(super) async fn show_history(who: Page<Viewer>) -> PageResult {
    let (request, here) = who.parts();
    let reader = here.read(request).await?;
    let id: ProductId = path_id(request)?;
    let page = audit::product_history(&reader, &id, &history::filter(request)).await?;
    history::show(here, &reader, SubjectId::Product(id), page).await
}

/// What can be done about a product that one has nothing to do with any more.
pub(super) async fn show_end(who: Page<Editor>) -> PageResult {
    let (request, here) = who.parts();
    end::show(request, here, &SubjectId::Product(path_id(request)?), StatusCode::OK, Vec::new()).await
}

/// Archives a product.
pub(super) async fn archive(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    end::take(&who, &form, SubjectId::Product(who.id()?), Step::Archive).await
}

/// Brings a product back.
pub(super) async fn restore(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    end::take(&who, &form, SubjectId::Product(who.id()?), Step::Restore).await
}

/// Deletes a product.
pub(super) async fn delete(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    end::take(&who, &form, SubjectId::Product(who.id()?), Step::Delete).await
}
