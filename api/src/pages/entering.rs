//! Entering suppliers and products, and changing what is said of them.

use askama::Template;
use diligence_entities::{
    error::Error,
    id::{ProductId, SupplierId},
    patch::Change,
    product::{self, NewProduct, Product},
    role::Role,
    supplier::{self, NewSupplier, Supplier},
};
use poem::{Request, RequestBody, http::StatusCode};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{Frame, Refusal, Shown, Wrong, at, faults, form::Form, html, path_id, see, sign_in::Here};
use crate::problem::{Problem, Type};

pub(super) type Choices = &'static [(&'static str, &'static str)];

/// How a field is filled in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A line of text, with the kind of input that browsers know it by.
    Line(&'static str),
    /// A text of several lines.
    Lines,
    /// One of these, or nothing.
    Choice(Choices),
    /// One of these.
    Must(Choices),
    /// Any of these.
    Several(Choices),
    /// Countries by their two letters, with commas or spaces between.
    Countries,
    /// A line that must say something.
    Needed(&'static str),
    /// A whole number that must be there.
    Number,
    /// A whole number, or nothing.
    MaybeNumber,
    /// Yes or no, by the words `true` and `false`.
    Truth(Choices),
    /// A secret, which is never shown; nothing leaves the one there is.
    Secret,
    /// Words with commas or spaces between.
    Words,
    /// Lines of a text, an equals sign and a word.
    Pairs,
}

/// A field as a form defines it: its place in the item, what it asks, and what helps to answer.
pub(super) struct Asking(pub(super) &'static str, pub(super) &'static str, pub(super) &'static str, pub(super) Kind);

/// Fields that belong together.
pub(super) struct Part {
    pub(super) title: &'static str,
    pub(super) fields: &'static [Asking],
}

const STATUS: Choices = &[("active", "Active: we use it"), ("prospective", "Prospective: we think about it"), ("exiting", "Exiting: we are leaving")];
const KNOWN: Choices = &[("unknown", "Not known"), ("yes", "Yes"), ("no", "No")];

const SUPPLIER: &[Part] = &[
    Part {
        title: "",
        fields: &[
            Asking("name", "What you call it", "", Kind::Line("text")),
            Asking("status", "Where it stands with you", "", Kind::Must(STATUS)),
            Asking("legal_name", "Its registered name", "If that is another one.", Kind::Line("text")),
            Asking("website", "Its website", "Such as https://example.org", Kind::Line("url")),
            Asking("country", "Where it is based", "Two letters: GB for the United Kingdom.", Kind::Line("text")),
            Asking("relationship_owner", "Who of you looks after it", "", Kind::Line("text")),
        ],
    },
    Part {
        title: "Your data",
        fields: &[
            Asking(
                "data_role",
                "What is its part in personal data?",
                "",
                Kind::Choice(&[
                    ("none", "It handles none for us"),
                    ("processor", "Processor: on our instructions"),
                    ("joint_controller", "Joint controller: decides with us why and how"),
                    ("controller", "Controller: decides by itself why and how"),
                ]),
            ),
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
            Asking("notes", "Anything else worth knowing", "", Kind::Lines),
        ],
    },
];

const PRODUCT: &[Part] = &[
    Part {
        title: "",
        fields: &[
            Asking("name", "What it is called", "", Kind::Line("text")),
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

/// A field as a page shows it.
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) hint: &'static str,
    pub(super) kind: Kind,
    /// What stands in it; of several, each.
    pub(super) values: Vec<String>,
    /// What someone else saved there meanwhile.
    pub(super) theirs: Option<String>,
}

impl Field {
    pub(super) fn id(&self) -> String {
        self.name.replace('.', "-")
    }

    pub(super) fn value(&self) -> &str {
        self.values.first().map_or("", String::as_str)
    }

    pub(super) fn has(&self, value: &str) -> bool {
        self.values.iter().any(|chosen| chosen == value)
    }

    pub(super) fn input(&self) -> Option<&'static str> {
        match self.kind {
            Kind::Line(kind) | Kind::Needed(kind) => Some(kind),
            Kind::Countries | Kind::Words => Some("text"),
            Kind::Number | Kind::MaybeNumber => Some("number"),
            Kind::Secret => Some("password"),
            _ => None,
        }
    }

    pub(super) fn choices(&self) -> Choices {
        match self.kind {
            Kind::Choice(choices) | Kind::Must(choices) | Kind::Several(choices) | Kind::Truth(choices) => choices,
            _ => &[],
        }
    }

    /// The ids of what describes it.
    pub(super) fn described(&self, is_wrong: bool) -> String {
        let id = self.id();
        let parts = [("hint", !self.hint.is_empty()), ("wrong", is_wrong), ("theirs", self.theirs.is_some())];
        parts.into_iter().filter(|(_, is_there)| *is_there).map(|(part, _)| format!("{id}-{part}")).collect::<Vec<_>>().join(" ")
    }

    pub(super) fn is_several(&self) -> bool {
        matches!(self.kind, Kind::Several(_))
    }

    pub(super) fn may_be_empty(&self) -> bool {
        !matches!(self.kind, Kind::Must(_) | Kind::Truth(_))
    }

    fn spoken(&self, values: &[String]) -> String {
        let word = |value: &String| self.choices().iter().find(|(known, _)| known == value).map_or(value.clone(), |(_, label)| (*label).to_owned());
        if values.is_empty() { "nothing".into() } else { values.iter().map(word).collect::<Vec<_>>().join(", ") }
    }

    /// What is stored of it, as it would stand in the form.
    pub(super) fn stored(&self, item: &Value) -> Vec<String> {
        let value = self.name.split('.').try_fold(item, |value, part| value.get(part)).unwrap_or(&Value::Null);
        match value {
            Value::String(text) => vec![text.clone()],
            Value::Array(values) => {
                let values: Vec<String> = values.iter().filter_map(Value::as_str).map(str::to_owned).collect();
                if matches!(self.kind, Kind::Countries | Kind::Words) && !values.is_empty() { vec![values.join(", ")] } else { values }
            }
            Value::Number(_) | Value::Bool(_) => vec![value.to_string()],
            Value::Object(pairs) if self.kind == Kind::Pairs && !pairs.is_empty() => {
                vec![pairs.iter().map(|(name, word)| format!("{name} = {}", word.as_str().unwrap_or_default())).collect::<Vec<_>>().join("\n")]
            }
            _ => Vec::new(),
        }
    }

    /// What it says, as the API takes it.
    fn json(&self) -> Value {
        match self.kind {
            Kind::Several(_) => self.values.clone().into(),
            Kind::Countries => self.value().split([',', ' ', ';']).filter(|code| !code.is_empty()).map(str::to_uppercase).collect::<Vec<_>>().into(),
            Kind::Words => self.value().split([',', ' ', ';']).filter(|word| !word.is_empty()).collect::<Vec<_>>().into(),
            Kind::Pairs => self.pairs().map(|(name, word)| (name.to_owned(), word.to_lowercase().into())).collect::<Map<String, Value>>().into(),
            Kind::Number | Kind::MaybeNumber => self.value().parse::<i64>().map_or(Value::Null, Value::from),
            Kind::Truth(_) => (self.value() == "true").into(),
            Kind::Needed(_) => self.value().into(),
            _ if self.name == "name" => self.value().into(),
            _ if self.name == "country" && !self.value().is_empty() => self.value().to_uppercase().into(),
            _ if self.value().is_empty() => Value::Null,
            _ => self.value().into(),
        }
    }

    fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.value().lines().filter_map(|line| line.rsplit_once('=')).map(|(name, word)| (name.trim(), word.trim()))
    }

    /// Why what was typed cannot be read as what is asked for.
    fn strange(&self) -> Option<&'static str> {
        let is_number = || self.value().parse::<i64>().is_ok();
        match self.kind {
            Kind::Number if !is_number() => Some("enter a whole number"),
            Kind::MaybeNumber if !self.value().is_empty() && !is_number() => Some("enter a whole number, or leave it empty"),
            Kind::Pairs if self.value().lines().any(|line| !line.trim().is_empty() && !line.contains('=')) => {
                Some("write one on each line, with an equals sign before the role: care-managers = editor")
            }
            _ => None,
        }
    }
}

/// The parts of a form, filled in.
pub(super) struct Filled {
    pub(super) title: &'static str,
    pub(super) fields: Vec<Field>,
}

/// Fields that were typed but cannot be read as what they ask for.
pub(super) fn strange(parts: &[Filled]) -> Vec<Wrong> {
    parts.iter().flat_map(|part| &part.fields).filter_map(|field| field.strange().map(|detail| Wrong::new(field.id(), detail))).collect()
}

/// The parts of a form, with these values in its fields.
pub(super) fn filled(parts: &'static [Part], values: impl Fn(&Field) -> Vec<String>) -> Vec<Filled> {
    let field = |Asking(name, label, hint, kind): &Asking| {
        let mut field = Field { name, label, hint, kind: *kind, values: Vec::new(), theirs: None };
        field.values = values(&field);
        field
    };
    parts.iter().map(|part| Filled { title: part.title, fields: part.fields.iter().map(field).collect() }).collect()
}

/// The parts of a form, with what was typed into them.
pub(super) fn typed(parts: &'static [Part], form: &Form) -> Vec<Filled> {
    filled(parts, |field| match field.kind {
        Kind::Several(_) => form.every(field.name).into_iter().map(str::to_owned).collect(),
        _ => form.some(field.name).into_iter().collect(),
    })
}

/// What a form says, as the API takes it; an AI profile of which nothing is said is none.
pub(super) fn fields(parts: &[Filled]) -> Map<String, Value> {
    const PROFILE: &str = "ai_profile";
    let mut fields = Map::new();
    let (mut has_profile, mut asks_profile) = (false, false);
    for field in parts.iter().flat_map(|part| &part.fields).filter(|field| field.kind != Kind::Secret || !field.value().is_empty()) {
        let value = field.json();
        if field.name.starts_with(PROFILE) {
            asks_profile = true;
            has_profile |= !(value.is_null() || value == "unknown" || value.as_array().is_some_and(Vec::is_empty));
        }
        put(&mut fields, field.name, value);
    }
    if asks_profile && !has_profile {
        fields.insert(PROFILE.into(), Value::Null);
    }
    fields
}

/// Puts a value at its place: behind each dot is what is inside.
fn put(fields: &mut Map<String, Value>, name: &str, value: Value) {
    let Some((outer, inner)) = name.split_once('.') else {
        fields.insert(name.into(), value);
        return;
    };
    if let Value::Object(within) = fields.entry(outer).or_insert_with(|| Map::new().into()) {
        put(within, inner, value);
    }
}

#[derive(Template)]
#[template(path = "entering.html")]
struct EnteringPage {
    frame: Frame,
    wrongs: Vec<Wrong>,
    back: String,
    back_name: String,
    action: String,
    csrf: String,
    version: i64,
    parts: Vec<Filled>,
    is_stale: bool,
}

/// A form that someone has open.
pub(super) struct Open<'a> {
    pub(super) here: &'a Here,
    pub(super) title: String,
    pub(super) back: (String, String),
    pub(super) action: String,
    pub(super) version: i64,
}

impl Open<'_> {
    /// The part of the register that the form belongs to.
    fn part(&self) -> &'static str {
        if self.action.starts_with("/settings") { "/settings" } else { "/register" }
    }

    /// The form.
    pub(super) fn show(self, status: StatusCode, parts: Vec<Filled>, wrongs: Vec<Wrong>) -> Shown {
        let is_stale = parts.iter().flat_map(|part| &part.fields).any(|field| field.theirs.is_some());
        let frame = self.here.frame(&self.title).at(self.part());
        let (back, back_name) = self.back;
        let csrf = self.here.csrf().to_owned();
        Ok(html(status, &EnteringPage { frame, wrongs, back, back_name, action: self.action, csrf, version: self.version, parts, is_stale })?)
    }

    /// The same form again, with what was typed and what is wrong with it.
    pub(super) fn again(self, parts: Vec<Filled>, error: Error) -> Shown {
        let found = faults(error)?;
        let wrong = found.iter().map(|fault| {
            let name = fault.pointer.trim_start_matches('/').replace('/', ".");
            Wrong::new(to_blame(&parts, &name), &fault.detail)
        });
        let wrong = wrong.collect();
        self.show(StatusCode::UNPROCESSABLE_ENTITY, parts, wrong)
    }

    /// The same form with both: what was typed, and what someone else saved meanwhile.
    pub(super) fn beside(mut self, mut parts: Vec<Filled>, stored: &Value) -> Shown {
        self.version = stored.get("version").and_then(Value::as_i64).unwrap_or_default();
        compare(&mut parts, stored);
        self.show(StatusCode::CONFLICT, parts, Vec::new())
    }
}

/// Puts what is stored beside what was typed, where they differ.
pub(super) fn compare(parts: &mut [Filled], stored: &Value) {
    for field in parts.iter_mut().flat_map(|part| &mut part.fields).filter(|field| field.kind != Kind::Secret) {
        let theirs = field.stored(stored);
        if theirs != field.values {
            field.theirs = Some(field.spoken(&theirs));
        }
    }
}

/// The id of the field to blame for what is wrong at `name`: that one, the one around it, or the first inside it.
pub(super) fn to_blame(parts: &[Filled], name: &str) -> String {
    let all = || parts.iter().flat_map(|part| &part.fields);
    let around = |field: &&Field| name == field.name || name.starts_with(&format!("{}.", field.name));
    let inside = |field: &&Field| field.name.starts_with(&format!("{name}."));
    let found = all().find(around).or_else(|| all().find(inside)).or_else(|| all().next());
    found.map(Field::id).unwrap_or_default()
}

/// What a form says, as the type that the operation takes.
pub(super) fn read<T: DeserializeOwned>(fields: Map<String, Value>) -> Result<T, Problem> {
    serde_json::from_value(fields.into()).map_err(|_| Problem::new(Type::Malformed, "the form says something that none of its fields could: open the page again"))
}

/// An item as the API shows it.
pub(super) fn json(item: &impl serde::Serialize) -> Result<Value, Problem> {
    serde_json::to_value(item).map_err(Problem::internal)
}

/// A form, and whose it is.
pub(super) async fn sent(request: &Request, body: RequestBody) -> Result<(Form, Here), Refusal> {
    let form = Form::read(request, body).await?;
    let here = Here::of(request).await?;
    here.is_proven(&form)?;
    Ok((form, here))
}

fn new_supplier(here: &Here) -> Open<'_> {
    Open { here, title: "Enter a supplier".into(), back: ("/register".into(), "Register".into()), action: "/suppliers/new".into(), version: 0 }
}

/// The form for a new supplier.
pub(super) async fn show_new_supplier(request: Request, _: RequestBody) -> Shown {
    let here = Here::of(&request).await?;
    here.may(&request, Role::Editor).await?;
    new_supplier(&here).show(StatusCode::OK, filled(SUPPLIER, |field| if field.name == "status" { vec!["active".into()] } else { Vec::new() }), Vec::new())
}

/// Enters a supplier.
pub(super) async fn enter_supplier(request: Request, body: RequestBody) -> Shown {
    let (form, here) = sent(&request, body).await?;
    let parts = typed(SUPPLIER, &form);
    let new: NewSupplier = read(fields(&parts).into_iter().filter(|(_, value)| !value.is_null()).collect())?;
    let writer = here.write(&request, Role::Editor).await?;
    match supplier::create(&writer, new).await {
        Ok(made) => {
            writer.save().await?;
            Ok(see(&format!("/suppliers/{}", made.id)))
        }
        Err(error) => {
            drop(writer);
            new_supplier(&here).again(parts, error)
        }
    }
}

fn change_of_supplier<'a>(here: &'a Here, supplier: &Supplier) -> Open<'a> {
    let back = format!("/suppliers/{}", supplier.id);
    Open { here, title: format!("Change {}", supplier.name), action: format!("{back}/change"), back: (back, supplier.name.clone()), version: supplier.version }
}

/// The form for what is said of a supplier.
pub(super) async fn show_supplier(request: Request, _: RequestBody) -> Shown {
    let here = Here::of(&request).await?;
    here.may(&request, Role::Editor).await?;
    let id: SupplierId = path_id(&request)?;
    let supplier = supplier::read(&here.read(&request).await?, &id).await?;
    let stored = json(&supplier)?;
    change_of_supplier(&here, &supplier).show(StatusCode::OK, filled(SUPPLIER, |field| field.stored(&stored)), Vec::new())
}

/// Changes what is said of a supplier.
pub(super) async fn change_supplier(request: Request, body: RequestBody) -> Shown {
    let (form, here) = sent(&request, body).await?;
    let id: SupplierId = path_id(&request)?;
    let parts = typed(SUPPLIER, &form);
    let writer = here.write(&request, Role::Editor).await?;
    match supplier::change(&writer, &id, form.version()?, Change::<NewSupplier>::new(fields(&parts))).await {
        Ok(_) => {
            writer.save().await?;
            Ok(see(&format!("/suppliers/{id}")))
        }
        Err(error) => {
            drop(writer);
            let present = supplier::read(&here.read(&request).await?, &id).await?;
            let open = change_of_supplier(&here, &present);
            if matches!(error, Error::Stale { .. }) { open.beside(parts, &json(&present)?) } else { Open { version: form.version()?, ..open }.again(parts, error) }
        }
    }
}

fn new_product<'a>(here: &'a Here, supplier: &Supplier) -> Open<'a> {
    let back = format!("/suppliers/{}", supplier.id);
    Open { here, title: "Enter a product".into(), action: format!("{back}/products/new"), back: (back, supplier.name.clone()), version: 0 }
}

/// The form for a new product of a supplier.
pub(super) async fn show_new_product(request: Request, _: RequestBody) -> Shown {
    let here = Here::of(&request).await?;
    here.may(&request, Role::Editor).await?;
    let supplier = supplier::read(&here.read(&request).await?, &path_id(&request)?).await?;
    let first = |field: &Field| match field.kind {
        Kind::Must(choices) => choices.first().map(|(value, _)| (*value).to_owned()).into_iter().collect(),
        _ => Vec::new(),
    };
    new_product(&here, &supplier).show(StatusCode::OK, filled(PRODUCT, first), Vec::new())
}

/// Enters a product.
pub(super) async fn enter_product(request: Request, body: RequestBody) -> Shown {
    let (form, here) = sent(&request, body).await?;
    let supplier_id: SupplierId = path_id(&request)?;
    let parts = typed(PRODUCT, &form);
    let mut said: Map<String, Value> = fields(&parts).into_iter().filter(|(_, value)| !value.is_null()).collect();
    said.insert("supplier_id".into(), supplier_id.as_str().into());
    let new: NewProduct = read(said)?;
    let writer = here.write(&request, Role::Editor).await?;
    match product::create(&writer, new).await {
        Ok(made) => {
            writer.save().await?;
            Ok(see(&format!("/products/{}", made.id)))
        }
        Err(error) => {
            drop(writer);
            let supplier = supplier::read(&here.read(&request).await?, &supplier_id).await?;
            new_product(&here, &supplier).again(parts, error)
        }
    }
}

fn change_of_product<'a>(here: &'a Here, product: &Product) -> Open<'a> {
    let back = format!("/products/{}", product.id);
    Open { here, title: format!("Change {}", product.name), action: format!("{back}/change"), back: (back, product.name.clone()), version: product.version }
}

/// The form for what is said of a product.
pub(super) async fn show_product(request: Request, _: RequestBody) -> Shown {
    let here = Here::of(&request).await?;
    here.may(&request, Role::Editor).await?;
    let id: ProductId = path_id(&request)?;
    let product = product::read(&here.read(&request).await?, &id).await?;
    let stored = json(&product)?;
    change_of_product(&here, &product).show(StatusCode::OK, filled(PRODUCT, |field| field.stored(&stored)), Vec::new())
}

/// Changes what is said of a product.
pub(super) async fn change_product(request: Request, body: RequestBody) -> Shown {
    let (form, here) = sent(&request, body).await?;
    let id: ProductId = path_id(&request)?;
    let parts = typed(PRODUCT, &form);
    let writer = here.write(&request, Role::Editor).await?;
    match product::change(&writer, &id, form.version()?, Change::<NewProduct>::new(fields(&parts))).await {
        Ok(_) => {
            writer.save().await?;
            Ok(see(&format!("/products/{id}")))
        }
        Err(error) => {
            drop(writer);
            let present = product::read(&here.read(&request).await?, &id).await?;
            let open = change_of_product(&here, &present);
            if matches!(error, Error::Stale { .. }) { open.beside(parts, &json(&present)?) } else { Open { version: form.version()?, ..open }.again(parts, error) }
        }
    }
}
