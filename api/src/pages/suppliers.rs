//! Suppliers: the page of one, entering it, what is said of it, what happened to it, and its end.

use askama::Template;
use diligence_entities::{
    audit,
    id::{SubjectId, SupplierId},
    identifier::Scheme,
    patch::Change,
    profile::{
        DataRole, DataSensitivity, NOT_PROFILED, PeopleAffected, PersonalData, ServiceCriticality, SystemAccess,
    },
    published_list::{self, ListEntry},
    register::{self, RegisterEntry, RegisterFilter},
    role::Role,
    supplier::{self, NewSupplier, RelationshipStatus, Supplier},
    twin::{self, SupplierTwinQuery},
};
use diligence_questionnaires::Tier;
use poem::http::StatusCode;

use super::{
    fields::{
        Fact, FieldSpec, FormPage, FormSection, Input, empty, facts, field, fields, json, misread, read, said, typed,
    },
    form::Form,
    format,
    labels::{Choices, Labelled as _},
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
use crate::auth::{Editor, Viewer};

/// The tiers that can be set by hand.
const TIERS: Choices = match Tier::CHOICES.split_last() {
    Some((_unknown, others)) => others,
    None => &[],
};

/// The routes of these pages.
pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .get("/suppliers/new", show_new)
        .post("/suppliers/new", enter)
        .get("/suppliers/:id", show)
        .get("/suppliers/:id/change", show_change)
        .post("/suppliers/:id/change", change)
        .get("/suppliers/:id/history", show_history)
        .get("/suppliers/:id/end", show_end)
        .post("/suppliers/:id/archive", archive)
        .post("/suppliers/:id/restore", restore)
        .post("/suppliers/:id/delete", delete)
}

const IDENTIFIER: &[FieldSpec] = &[
    field("scheme", "Who gives it out", "", Input::RequiredSelect(Scheme::CHOICES)),
    field("id", "The number or code", "", Input::RequiredText("text")),
];

pub(super) const CONTACT: &[FieldSpec] = &[
    field("name", "Name", "", Input::RequiredText("text")),
    field("role", "What they are there for", "Such as data protection officer.", Input::Text("text")),
    field("email", "E-mail address", "", Input::Text("email")),
    field("telephone", "Telephone number", "", Input::Text("tel")),
];

pub(super) const CONTRACT: &[FieldSpec] = &[
    field("reference", "What it is called or numbered", "", Input::RequiredText("text")),
    field("starts_on", "First day", "", Input::Date),
    field("ends_on", "Last day", "", Input::Date),
    field("notice_days", "Days of notice", "How many days before its end we must say that we leave.", Input::Integer),
    field(
        "renews_for_months",
        "Goes on by itself for",
        "Months, if nobody gives notice. Empty if it ends.",
        Input::Integer,
    ),
    field("value.amount_minor", "What it is worth over its whole time", "Such as 12345.50", Input::Amount),
    field("value.currency", "Currency", "Three letters. GBP if you leave it empty.", Input::Currency),
];

pub(super) const PARTS: &[FormSection] = &[
    FormSection {
        title: "",
        fields: &[
            field("name", "What you call it", "", Input::RequiredText("text")),
            field("status", "Where it stands with you", "", Input::Select(STATUS)),
            field("legal_name", "Its registered name", "If that is another one.", Input::Text("text")),
            field("website", "Its website", "Such as https://example.org", Input::Text("url")),
            field("country", "Where it is based", "Two letters: GB for the United Kingdom.", Input::Text("text")),
            field("relationship_owner", "Who of you looks after it", "", Input::Text("text")),
            field(
                "identifiers",
                "Its identifiers",
                "What sets it apart from others of a similar name.",
                Input::Rows("Identifier", IDENTIFIER),
            ),
        ],
    },
    FormSection {
        title: "Your data",
        fields: &[
            field("data_role", "What is its part in personal data?", "", Input::OptionalSelect(DataRole::CHOICES)),
            field("personal_data", "Which personal data does it handle?", "", Input::Checkboxes(PersonalData::CHOICES)),
            field(
                "data_sensitivity",
                "What is the most sensitive data of yours that it holds?",
                "",
                Input::OptionalSelect(DataSensitivity::CHOICES),
            ),
            field(
                "data_locations",
                "Where does it keep your data?",
                "Two letters for each country, with commas between: GB, IE.",
                Input::Countries,
            ),
        ],
    },
    FormSection {
        title: "How much depends on it",
        fields: &[
            field(
                "system_access",
                "How far does it get into your systems?",
                "",
                Input::OptionalSelect(SystemAccess::CHOICES),
            ),
            field(
                "service_criticality",
                "What happens to care when it stops?",
                "",
                Input::OptionalSelect(ServiceCriticality::CHOICES),
            ),
            field(
                "people_affected",
                "How many of the people you support or employ does it touch?",
                "",
                Input::OptionalSelect(PeopleAffected::CHOICES),
            ),
            field(
                "tier_override",
                "Is its tier another one than these answers give?",
                "The tier says how much depends on a supplier, and how often you look at it again. The strictest answer above decides it. Set it by hand only with a reason.",
                Input::OptionalSelect(TIERS),
            ),
            field("tier_override_reason", "Why it is set by hand", "", Input::TextArea),
            field("notes", "Anything else worth knowing", "", Input::TextArea),
        ],
    },
    FormSection {
        title: "Whom to reach there",
        fields: &[field(
            "contacts",
            "Contacts",
            "People or desks. Rows that you leave empty are not kept.",
            Input::Rows("Contact", CONTACT),
        )],
    },
    FormSection {
        title: "Your contracts with it",
        fields: &[field(
            "contracts",
            "Contracts",
            "Rows that you leave empty are not kept.",
            Input::Rows("Contract", CONTRACT),
        )],
    },
];

/// What helps before one begins to enter something.
const FIRST: &str = "Only the name is needed now. Everything else can come later.";

/// Why something is of its tier, as the form asked for it: the question, and the answer that decides.
fn because(reason: &str) -> String {
    let specs = || PARTS.iter().flat_map(|part| part.fields);
    let say = |part: &str| {
        let (key, value) = part.split_once(" is ")?;
        let FieldSpec { label: question, input: Input::OptionalSelect(choices) | Input::Checkboxes(choices), .. } =
            specs().find(|spec| spec.key == key)?
        else {
            return None;
        };
        let (_, answer) = choices.iter().find(|(known, _)| *known == value)?;
        Some(format!("{question} {answer}."))
    };
    let said: Option<Vec<String>> = reason.split("; ").map(say).collect();
    said.map_or_else(|| format::capital(format::without_underscores(reason)), |parts| parts.join(" "))
}

#[derive(Template)]
#[template(path = "suppliers/show.html")]
struct SupplierPage {
    frame: Frame,
    supplier: Supplier,
    products: Vec<RegisterEntry>,
    facts: Vec<Fact>,
    about: About,
    /// What published lists say of it.
    listed: Vec<ListEntry>,
    may_change: bool,
    may_merge: bool,
}

/// A supplier.
pub(super) async fn show(who: Page<Viewer>) -> PageResult {
    let (request, here) = who.parts();
    let reader = here.read(request).await?;
    let id: SupplierId = path_id(request)?;
    let supplier = match supplier::read(&reader, &id).await {
        Ok(supplier) => supplier,
        Err(error) => return twins::elsewhere(&reader, id.as_str(), error).await,
    };
    if supplier.is_ourselves {
        return Ok(redirect("/ourselves"));
    }
    let mut about = About::read(request, &reader, &SubjectId::Supplier(id.clone())).await?;
    let listed = published_list::of_supplier(&reader, &id).await?;
    let lines = register::list(
        &reader,
        &RegisterFilter { supplier_id: Some(id), limit: Some(200), status: None, ..RegisterFilter::default() },
    )
    .await?
    .items;
    let products: Vec<RegisterEntry> = lines.into_iter().filter(|line| line.kind.is_some()).collect();
    let is_as_bad =
        |line: &&RegisterEntry| line.status == RelationshipStatus::Active && line.rating == about.line.rating;
    about.is_unprofiled = supplier.tier_reason == NOT_PROFILED;
    about.rated_by = products.iter().filter(is_as_bad).cloned().collect();
    let frame = here.frame(&supplier.name).at("/register");
    let facts =
        facts(PARTS, &json(&supplier)?, &["name", "status"], &["tier_override", "tier_override_reason", "notes"]);
    Ok(html(
        StatusCode::OK,
        &SupplierPage {
            frame,
            facts,
            supplier,
            products,
            about,
            listed,
            may_change: here.is_at_least(Role::Editor),
            may_merge: here.is_at_least(Role::Approver),
        },
    )?)
}

fn new_form(here: &SignedIn) -> FormPage<'_> {
    let (title, action) = ("Enter a supplier".into(), "/suppliers/new".into());
    FormPage { here, part: PART, title, lead: FIRST.into(), back: (PART.into(), "Register".into()), action, version: 0 }
}

/// The form for a new supplier.
pub(super) async fn show_new(who: Page<Editor>) -> PageResult {
    let (_, here) = who.parts();
    new_form(here).show(StatusCode::OK, empty(PARTS, |_| None), Vec::new())
}

/// Enters a supplier.
pub(super) async fn enter(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    let (_, here) = who.parts();
    let parts = typed(PARTS, &form);
    let errors = misread(&parts);
    if !errors.is_empty() {
        return new_form(here).wrong(parts, errors);
    }
    let new: NewSupplier = read(said(&parts))?;
    if form.text("is_another") != new.name.trim() && !new.name.trim().is_empty() {
        let query = SupplierTwinQuery { name: Some(new.name.clone()), identifier: None };
        let twins = twin::of_supplier(&who.reader().await?, &query).await?;
        if !twins.is_empty() {
            return new_form(here).asking(parts, twins::links(twins), new.name.trim().to_owned());
        }
    }
    match who.change(async |writer| supplier::create(writer, new).await).await {
        Ok(made) => Ok(redirect(&format!("/suppliers/{}?notice=entered", made.id))),
        Err(error) => new_form(here).again(parts, error),
    }
}

fn change_form<'a>(here: &'a SignedIn, supplier: &Supplier) -> FormPage<'a> {
    let (back, title) = (format!("/suppliers/{}", supplier.id), format!("Change {}", supplier.name));
    FormPage {
        here,
        part: PART,
        title,
        lead: String::new(),
        action: format!("{back}/change"),
        back: (back, supplier.name.clone()),
        version: supplier.version,
    }
}

/// The form for what is said of a supplier.
pub(super) async fn show_change(who: Page<Editor>) -> PageResult {
    let (request, here) = who.parts();
    let id: SupplierId = path_id(request)?;
    let supplier = supplier::read(&here.read(request).await?, &id).await?;
    if supplier.is_ourselves {
        return Ok(redirect("/ourselves/change"));
    }
    change_form(here, &supplier).show(StatusCode::OK, stored(PARTS, &supplier)?, Vec::new())
}

/// Changes what is said of a supplier.
pub(super) async fn change(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let id: SupplierId = path_id(request)?;
    let (parts, version) = (typed(PARTS, &form), form.version()?);
    let errors = misread(&parts);
    if !errors.is_empty() {
        let present = supplier::read(&here.read(request).await?, &id).await?;
        return FormPage { version, ..change_form(here, &present) }.wrong(parts, errors);
    }
    match who
        .change(async |writer| supplier::change(writer, &id, version, Change::<NewSupplier>::new(fields(&parts))).await)
        .await
    {
        Ok(_) => Ok(redirect(&format!("/suppliers/{id}?notice=changed"))),
        Err(error) => {
            let present = supplier::read(&here.read(request).await?, &id).await?;
            change_form(here, &present).refused(parts, error, version, &present)
        }
    }
}

/// What happened to a supplier and all that hangs on it.
pub(super) async fn show_history(who: Page<Viewer>) -> PageResult {
    let (request, here) = who.parts();
    let reader = here.read(request).await?;
    let id: SupplierId = path_id(request)?;
    let page = audit::supplier_history(&reader, &id, &history::filter(request)).await?;
    history::show(here, &reader, SubjectId::Supplier(id), page).await
}

/// What can be done about a supplier that one has nothing to do with any more.
pub(super) async fn show_end(who: Page<Editor>) -> PageResult {
    let (request, here) = who.parts();
    end::show(request, here, &SubjectId::Supplier(path_id(request)?), StatusCode::OK, Vec::new()).await
}

/// Archives a supplier.
pub(super) async fn archive(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    end::take(&who, &form, SubjectId::Supplier(who.id()?), Step::Archive).await
}

/// Brings a supplier back.
pub(super) async fn restore(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    end::take(&who, &form, SubjectId::Supplier(who.id()?), Step::Restore).await
}

/// Deletes a supplier.
pub(super) async fn delete(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    end::take(&who, &form, SubjectId::Supplier(who.id()?), Step::Delete).await
}
