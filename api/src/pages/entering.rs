//! Entering suppliers and products, and changing what is said of them.

use diligence_entities::{
    id::{ProductId, SupplierId},
    patch::Change,
    product::{self, NewProduct, Product},
    supplier::{self, NewSupplier, Supplier},
};
use poem::http::StatusCode;
use serde_json::{Map, Value};

use super::{
    fields::{self, Asking, Choices, Filled, Kind, Open, Part, empty, fields, json, misread, read, said, typed},
    form::Form,
    page::{Shown, path_id, see},
    sign_in::Here,
    signed_in::{Page, Proven},
    words,
};
use crate::{auth::Editor, problem::Problem};

/// The part of the menu that these forms belong to.
const PART: &str = "/register";

const STATUS: Choices = &[("active", "Active: we use it"), ("prospective", "Prospective: we think about it"), ("exiting", "Exiting: we are leaving")];
const KNOWN: Choices = &[("unknown", "Not known"), ("yes", "Yes"), ("no", "No")];

const SCHEMES: Choices = &[
    ("GB-COH", "Companies House"),
    ("GB-NHS", "NHS organisation (ODS) code"),
    ("GB-CQC", "Care Quality Commission"),
    ("GB-ICO", "Information Commissioner’s register"),
    ("GB-CHC", "Charity Commission for England and Wales"),
    ("GB-SC", "Scottish charity regulator"),
    ("GB-NIC", "Charity Commission for Northern Ireland"),
    ("GB-PPON", "Public procurement organisation number"),
    ("GB-VAT", "VAT registration"),
    ("LEI", "Legal entity identifier"),
    ("LOCAL", "Ourselves, or a list of someone else’s"),
];

const IDENTIFIER: &[Asking] = &[Asking("scheme", "Who gives it out", "", Kind::Pick(SCHEMES)), Asking("id", "The number or code", "", Kind::Needed("text"))];

/// The parts that a supplier can have in personal data.
pub(super) const DATA_ROLES: Choices = &[
    ("none", "It handles none for us"),
    ("processor", "Processor: on our instructions"),
    ("joint_controller", "Joint controller: decides with us why and how"),
    ("controller", "Controller: decides by itself why and how"),
];

const CONTACT: &[Asking] = &[
    Asking("name", "Name", "", Kind::Needed("text")),
    Asking("role", "What they are there for", "Such as data protection officer.", Kind::Line("text")),
    Asking("email", "E-mail address", "", Kind::Line("email")),
    Asking("telephone", "Telephone number", "", Kind::Line("tel")),
];

const CONTRACT: &[Asking] = &[
    Asking("reference", "What it is called or numbered", "", Kind::Needed("text")),
    Asking("starts_on", "First day", "", Kind::Day),
    Asking("ends_on", "Last day", "", Kind::Day),
    Asking("notice_days", "Days of notice", "How many days before its end we must say that we leave.", Kind::Whole),
    Asking("value.amount_minor", "What it is worth over its whole time", "Such as 12345.50", Kind::Amount),
    Asking("value.currency", "Currency", "Three letters. GBP if you leave it empty.", Kind::Currency),
];

const SUPPLIER: &[Part] = &[
    Part {
        title: "",
        fields: &[
            Asking("name", "What you call it", "", Kind::Needed("text")),
            Asking("status", "Where it stands with you", "", Kind::Must(STATUS)),
            Asking("legal_name", "Its registered name", "If that is another one.", Kind::Line("text")),
            Asking("website", "Its website", "Such as https://example.org", Kind::Line("url")),
            Asking("country", "Where it is based", "Two letters: GB for the United Kingdom.", Kind::Line("text")),
            Asking("relationship_owner", "Who of you looks after it", "", Kind::Line("text")),
            Asking("identifiers", "Its identifiers", "What sets it apart from others of a similar name.", Kind::Rows("Identifier", IDENTIFIER)),
        ],
    },
    Part {
        title: "Your data",
        fields: &[
            Asking("data_role", "What is its part in personal data?", "", Kind::Choice(DATA_ROLES)),
            Asking(
                "personal_data",
                "Which personal data does it handle?",
                "",
                Kind::Several(&[
                    ("contact", "Names, addresses, telephone numbers"),
                    ("financial", "Bank details, fees, benefits"),
                    ("employment", "Staff records"),
                    ("health", "Health"),
                    ("care_records", "Care plans and notes"),
                    ("biometric", "Fingerprints, faces or voices that recognise someone"),
                    ("location", "Where someone is"),
                    ("children", "Children's data"),
                    ("criminal", "Criminal records and allegations"),
                ]),
            ),
            Asking(
                "data_sensitivity",
                "What is the most sensitive data of yours that it holds?",
                "",
                Kind::Choice(&[
                    ("none", "None of ours"),
                    ("business", "Business data about no one"),
                    ("personal", "Personal data"),
                    ("special_category", "Health, care and other special-category data"),
                ]),
            ),
            Asking("data_locations", "Where does it keep your data?", "Two letters for each country, with commas between: GB, IE.", Kind::Countries),
        ],
    },
    Part {
        title: "How much rests on it",
        fields: &[
            Asking(
                "system_access",
                "How far does it get into your systems?",
                "",
                Kind::Choice(&[
                    ("none", "Not at all"),
                    ("limited", "Now and then, watched"),
                    ("standing", "At any time, as an ordinary user or by an interface"),
                    ("privileged", "As an administrator"),
                ]),
            ),
            Asking(
                "service_criticality",
                "What happens to care when it stops?",
                "",
                Kind::Choice(&[
                    ("minor", "Little: we would hardly notice"),
                    ("important", "It gets harder within a week"),
                    ("essential", "It suffers within a day"),
                    ("vital", "People may come to harm within hours"),
                ]),
            ),
            Asking(
                "people_affected",
                "How many of the people you support or employ does it touch?",
                "",
                Kind::Choice(&[("none", "No one"), ("few", "A few"), ("many", "Many"), ("all", "Everyone")]),
            ),
            Asking(
                "tier_override",
                "Is its tier another one than these answers give?",
                "The tier says how much rests on a supplier, and how often you look at it again. The strictest answer above decides it. Set it by hand only with a reason.",
                Kind::Choice(&[("low", "Low"), ("medium", "Medium"), ("high", "High"), ("critical", "Critical")]),
            ),
            Asking("tier_override_reason", "Why it is set by hand", "", Kind::Lines),
            Asking("notes", "Anything else worth knowing", "", Kind::Lines),
        ],
    },
    Part {
        title: "Whom to reach there",
        fields: &[Asking("contacts", "Contacts", "People or desks. Rows that you leave empty are not kept.", Kind::Rows("Contact", CONTACT))],
    },
    Part { title: "Your contracts with it", fields: &[Asking("contracts", "Contracts", "Rows that you leave empty are not kept.", Kind::Rows("Contract", CONTRACT))] },
];

const PRODUCT: &[Part] = &[
    Part {
        title: "",
        fields: &[
            Asking("name", "What it is called", "", Kind::Needed("text")),
            Asking(
                "kind",
                "What sort of thing it is",
                "",
                Kind::Must(&[("software", "Software"), ("service", "A service"), ("device", "A device"), ("ai_system", "An AI system")]),
            ),
            Asking("purpose", "What you use it for", "", Kind::Lines),
            Asking("product_version", "Its version", "", Kind::Line("text")),
            Asking("status", "Where it stands with you", "", Kind::Must(STATUS)),
            Asking(
                "ai_features",
                "Is there AI in it?",
                "Software that you already use may have gained AI in an update. If you are not sure, say so, and ask the supplier.",
                Kind::Must(&[("unknown", "Not known yet"), ("none", "No"), ("embedded", "Yes, some of it uses AI"), ("core", "Yes, it is what the product is")]),
            ),
            Asking("notes", "Anything else worth knowing", "", Kind::Lines),
        ],
    },
    Part {
        title: "Its AI, if there is any",
        fields: &[
            Asking("ai_profile.purpose", "What is its AI there for?", "", Kind::Lines),
            Asking("ai_profile.generative", "Does it write, speak or draw?", "", Kind::Must(KNOWN)),
            Asking("ai_profile.model_provider", "Who provides the model?", "", Kind::Line("text")),
            Asking("ai_profile.model", "Which model is it?", "", Kind::Line("text")),
            Asking("ai_profile.model_version", "Which version of the model?", "", Kind::Line("text")),
            Asking("ai_profile.trains_on_our_data", "Is your data used to train it?", "", Kind::Must(KNOWN)),
            Asking("ai_profile.runs_in", "In which countries does it run?", "Two letters for each, with commas between: GB, IE.", Kind::Countries),
            Asking(
                "ai_profile.autonomy",
                "What does it do?",
                "",
                Kind::Choice(&[
                    ("informs", "It gives people something to know"),
                    ("recommends", "It suggests what to do"),
                    ("decides", "It decides, and people carry out"),
                    ("acts", "It decides and carries out"),
                ]),
            ),
            Asking(
                "ai_profile.affects",
                "Whom does it affect?",
                "",
                Kind::Several(&[("residents", "The people you support"), ("staff", "Staff"), ("families", "Families"), ("public", "Others")]),
            ),
            Asking("ai_profile.overseer", "Who oversees it?", "A person's name.", Kind::Line("text")),
            Asking("ai_profile.contest_route", "How can someone contest an outcome?", "", Kind::Lines),
            Asking("ai_profile.manual_fallback", "What happens by hand when it fails?", "", Kind::Lines),
            Asking(
                "ai_profile.summarises_speech",
                "Does it summarise speech?",
                "Such a tool is at least a Class I medical device when it is used in care.",
                Kind::Must(KNOWN),
            ),
            Asking(
                "ai_profile.medical_device_class",
                "Is it a medical device?",
                "",
                Kind::Choice(&[
                    ("none", "No"),
                    ("class_i", "Class I"),
                    ("class_iia", "Class IIa"),
                    ("class_iib", "Class IIb"),
                    ("class_iii", "Class III"),
                    ("unknown", "Not known"),
                ]),
            ),
            Asking("ai_profile.safety_case_reference", "Where is its clinical safety case (DCB0129, DCB0160)?", "", Kind::Line("text")),
            Asking("ai_profile.dpia_reference", "Where is the data protection impact assessment?", "", Kind::Line("text")),
            Asking("ai_profile.transparency_record", "Where is its transparency record (ATRS)?", "Such as https://example.org", Kind::Line("url")),
            Asking(
                "ai_profile.eu_ai_act_class",
                "What is its class under the EU AI Act?",
                "",
                Kind::Choice(&[("minimal", "Minimal risk"), ("limited", "Limited risk"), ("high", "High risk"), ("prohibited", "Prohibited")]),
            ),
        ],
    },
];

/// What stands in the fields of a form for something that is stored. What is archived comes back another way than by a change.
fn stored(parts: &'static [Part], item: &impl serde::Serialize) -> Result<Vec<Filled>, Problem> {
    let item = json(item)?;
    let mut filled = fields::stored(parts, &item);
    if item["status"] == "archived" {
        filled.iter_mut().for_each(|part| part.fields.retain(|field| field.key != "status"));
    }
    Ok(filled)
}

/// What helps before one begins to enter something.
const FIRST: &str = "Only the name is needed now. Everything else can come later.";

/// What helps before one begins to enter a product.
const FIRST_OF_PRODUCT: &str = "Only the name and the kind are needed now. Everything else can come later.";

/// Why something is of its tier, as the form asked for it: the question, and the answer that decides.
pub(super) fn because(reason: &str) -> String {
    let askings = || SUPPLIER.iter().flat_map(|part| part.fields);
    let say = |part: &str| {
        let (key, value) = part.split_once(" is ")?;
        let Asking(_, question, _, Kind::Choice(choices)) = askings().find(|asking| asking.0 == key)? else { return None };
        let (_, answer) = choices.iter().find(|(known, _)| *known == value)?;
        Some(format!("{question} {answer}."))
    };
    let said: Option<Vec<String>> = reason.split("; ").map(say).collect();
    said.map_or_else(|| words::capital(words::spoken(reason)), |parts| parts.join(" "))
}

/// The word of a choice, as the form has it.
fn label(choices: Choices, key: &str) -> String {
    choices.iter().find(|(known, _)| *known == key).map_or_else(|| key.to_owned(), |(_, label)| (*label).to_owned())
}

/// Who gives an identifier out.
pub(super) fn scheme<T: serde::Serialize>(scheme: &T) -> String {
    label(SCHEMES, &words::key(scheme))
}

/// What a supplier's part in personal data is.
pub(super) fn data_role<T: serde::Serialize>(role: &T) -> String {
    label(DATA_ROLES, &words::key(role))
}

fn new_supplier(here: &Here) -> Open<'_> {
    let (title, action) = ("Enter a supplier".into(), "/suppliers/new".into());
    Open { here, part: PART, title, lead: FIRST.into(), back: (PART.into(), "Register".into()), action, version: 0 }
}

/// The form for a new supplier.
pub(super) async fn show_new_supplier(who: Page<Editor>) -> Shown {
    let (_, here) = who.parts();
    new_supplier(here).show(StatusCode::OK, empty(SUPPLIER, |_| None), Vec::new())
}

/// Enters a supplier.
pub(super) async fn enter_supplier(who: Page<Editor>, form: Proven<Form>) -> Shown {
    let (_, here) = who.parts();
    let parts = typed(SUPPLIER, &form);
    let wrongs = misread(&parts);
    if !wrongs.is_empty() {
        return new_supplier(here).wrong(parts, wrongs);
    }
    let new: NewSupplier = read(said(&parts))?;
    match who.change(async |writer| supplier::create(writer, new).await).await {
        Ok(made) => Ok(see(&format!("/suppliers/{}?notice=entered", made.id))),
        Err(error) => new_supplier(here).again(parts, error),
    }
}

fn change_of_supplier<'a>(here: &'a Here, supplier: &Supplier) -> Open<'a> {
    let (back, title) = (format!("/suppliers/{}", supplier.id), format!("Change {}", supplier.name));
    Open { here, part: PART, title, lead: String::new(), action: format!("{back}/change"), back: (back, supplier.name.clone()), version: supplier.version }
}

/// The form for what is said of a supplier.
pub(super) async fn show_supplier(who: Page<Editor>) -> Shown {
    let (request, here) = who.parts();
    let id: SupplierId = path_id(request)?;
    let supplier = supplier::read(&here.read(request).await?, &id).await?;
    change_of_supplier(here, &supplier).show(StatusCode::OK, stored(SUPPLIER, &supplier)?, Vec::new())
}

/// Changes what is said of a supplier.
pub(super) async fn change_supplier(who: Page<Editor>, form: Proven<Form>) -> Shown {
    let (request, here) = who.parts();
    let id: SupplierId = path_id(request)?;
    let (parts, version) = (typed(SUPPLIER, &form), form.version()?);
    let wrongs = misread(&parts);
    if !wrongs.is_empty() {
        let present = supplier::read(&here.read(request).await?, &id).await?;
        return Open { version, ..change_of_supplier(here, &present) }.wrong(parts, wrongs);
    }
    match who.change(async |writer| supplier::change(writer, &id, version, Change::<NewSupplier>::new(fields(&parts))).await).await {
        Ok(_) => Ok(see(&format!("/suppliers/{id}?notice=changed"))),
        Err(error) => {
            let present = supplier::read(&here.read(request).await?, &id).await?;
            change_of_supplier(here, &present).refused(parts, error, version, &present)
        }
    }
}

/// What is said of a product: an AI profile of which nothing is said is none.
fn with_profile(mut said: Map<String, Value>) -> Map<String, Value> {
    let is_said = |value: &Value| !(value.is_null() || value == "unknown" || value.as_array().is_some_and(Vec::is_empty));
    if let Some(profile) = said.get_mut("ai_profile").filter(|profile| profile.as_object().is_some_and(|profile| !profile.values().any(is_said))) {
        *profile = Value::Null;
    }
    said
}

fn new_product<'a>(here: &'a Here, supplier: &Supplier) -> Open<'a> {
    let (back, title) = (format!("/suppliers/{}", supplier.id), "Enter a product".into());
    Open { here, part: PART, title, lead: FIRST_OF_PRODUCT.into(), action: format!("{back}/products/new"), back: (back, supplier.name.clone()), version: 0 }
}

/// The form for a new product of a supplier.
pub(super) async fn show_new_product(who: Page<Editor>) -> Shown {
    let (request, here) = who.parts();
    let supplier = supplier::read(&here.read(request).await?, &path_id(request)?).await?;
    new_product(here, &supplier).show(StatusCode::OK, empty(PRODUCT, |_| None), Vec::new())
}

/// Enters a product.
pub(super) async fn enter_product(who: Page<Editor>, form: Proven<Form>) -> Shown {
    let (request, here) = who.parts();
    let supplier_id: SupplierId = path_id(request)?;
    let parts = typed(PRODUCT, &form);
    let mut said = with_profile(said(&parts));
    said.insert("supplier_id".into(), supplier_id.as_str().into());
    let new: NewProduct = read(said)?;
    match who.change(async |writer| product::create(writer, new).await).await {
        Ok(made) => Ok(see(&format!("/products/{}?notice=entered", made.id))),
        Err(error) => {
            let supplier = supplier::read(&here.read(request).await?, &supplier_id).await?;
            new_product(here, &supplier).again(parts, error)
        }
    }
}

fn change_of_product<'a>(here: &'a Here, product: &Product) -> Open<'a> {
    let (back, title) = (format!("/products/{}", product.id), format!("Change {}", product.name));
    Open { here, part: PART, title, lead: String::new(), action: format!("{back}/change"), back: (back, product.name.clone()), version: product.version }
}

/// The form for what is said of a product.
pub(super) async fn show_product(who: Page<Editor>) -> Shown {
    let (request, here) = who.parts();
    let id: ProductId = path_id(request)?;
    let product = product::read(&here.read(request).await?, &id).await?;
    change_of_product(here, &product).show(StatusCode::OK, stored(PRODUCT, &product)?, Vec::new())
}

/// Changes what is said of a product.
pub(super) async fn change_product(who: Page<Editor>, form: Proven<Form>) -> Shown {
    let (request, here) = who.parts();
    let id: ProductId = path_id(request)?;
    let (parts, version) = (typed(PRODUCT, &form), form.version()?);
    match who.change(async |writer| product::change(writer, &id, version, Change::<NewProduct>::new(with_profile(fields(&parts)))).await).await {
        Ok(_) => Ok(see(&format!("/products/{id}?notice=changed"))),
        Err(error) => {
            let present = product::read(&here.read(request).await?, &id).await?;
            change_of_product(here, &present).refused(parts, error, version, &present)
        }
    }
}
