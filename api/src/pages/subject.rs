//! A supplier, and a product: everything that is known of one, on one page.

use std::collections::BTreeMap;

use askama::Template;
use diligence_entities::{
    assessment::{self, Assessment, AssessmentFilter},
    clock::Day,
    decision::{self, Decision, DecisionFilter, DecisionOutcome},
    dependency::{self, Dependency, DependencyFilter},
    error::Error,
    evidence::{self, Evidence, EvidenceFilter},
    id::{ProductId, SubjectId, SupplierId},
    incident::{self, Incident, IncidentFilter},
    product::{self, Known, Product},
    profile::NOT_PROFILED,
    questionnaire,
    register::{self, RegisterEntry, RegisterFilter},
    review::{self, Review, ReviewFilter},
    risk::{self, Risk, RiskFilter, RiskSort},
    role::Role,
    scope::Reader,
    supplier::{self, RelationshipStatus, Supplier},
};
use diligence_questionnaires::Score;
use poem::{Request, http::StatusCode};

use super::{
    entering::{because, data_role, scheme},
    form::parameter,
    page::{Frame, Refusal, Shown, html, path_id},
    signed_in::Page,
    trend::{self, Trend},
    words,
};
use crate::auth::Viewer;

/// How many of each sort are shown; there are rarely more, and the CSV has all.
const SHOWN: u64 = 100;

/// What hangs on a supplier or product.
struct About {
    today: Day,
    line: RegisterEntry,
    assessments: Vec<Assessment>,
    decisions: Vec<Decision>,
    evidence: Vec<Evidence>,
    risks: Vec<Risk>,
    reviews: Vec<Review>,
    incidents: Vec<Incident>,
    rests_on: Vec<Dependency>,
    carries: Vec<Dependency>,
    names: BTreeMap<SubjectId, String>,
    titles: BTreeMap<String, String>,
    /// The products in use that a supplier's rating follows from.
    rated_by: Vec<RegisterEntry>,
    /// Whether nobody has said how much rests on it.
    is_unprofiled: bool,
    /// What has just been done; may be empty.
    notice: &'static str,
}

/// What is said of something that was entered a moment ago.
const NEW: &str = "is in the register.";

impl About {
    async fn read(request: &Request, reader: &Reader, id: &SubjectId) -> Result<Self, Refusal> {
        let (subject_id, limit) = (Some(id.clone()), Some(SHOWN));
        let mut lines = register::lines(reader, [id.clone()]).await?;
        let line = lines.remove(id).ok_or(Error::NotFound)?;
        let rests_on = dependency::list(reader, &DependencyFilter { subject_id: subject_id.clone(), limit, ..DependencyFilter::default() }).await?.items;
        let carries = dependency::list(reader, &DependencyFilter { rests_on_id: subject_id.clone(), limit, ..DependencyFilter::default() }).await?.items;
        let others = rests_on.iter().map(|dependency| dependency.rests_on_id.clone()).chain(carries.iter().map(|dependency| dependency.subject_id.clone()));
        let names = register::lines(reader, others).await?.into_iter().map(|(id, line)| (id, words::subject(&line))).collect();
        let assessments = assessment::list(reader, &AssessmentFilter { subject_id: subject_id.clone(), limit, ..AssessmentFilter::default() }).await?.items;
        let current = DecisionFilter { subject_id: subject_id.clone(), superseded: Some(false), limit, ..DecisionFilter::default() };
        let decisions = decision::list(reader, &current).await?.items;
        let asked = assessments.iter().map(|assessment| assessment.questionnaire.clone()).chain(decisions.iter().map(|decision| decision.questionnaire.clone()));
        Ok(Self {
            today: reader.today(),
            line,
            titles: questionnaire::titles(reader, asked).await?,
            assessments,
            decisions,
            evidence: evidence::list(reader, &EvidenceFilter { subject_id: subject_id.clone(), limit, ..EvidenceFilter::default() }).await?.items,
            risks: risk::list(reader, &RiskFilter { subject_id: subject_id.clone(), sort: Some(RiskSort::CurrentDescending), limit, ..RiskFilter::default() })
                .await?
                .items,
            reviews: review::list(reader, &ReviewFilter { subject_id: subject_id.clone(), limit, ..ReviewFilter::default() }).await?.items,
            incidents: incident::list(reader, &IncidentFilter { subject_id, limit, ..IncidentFilter::default() }).await?.items,
            rests_on,
            carries,
            names,
            rated_by: Vec::new(),
            is_unprofiled: false,
            notice: match parameter(request, "notice").as_str() {
                "entered" => NEW,
                "changed" => "is changed.",
                _ => "",
            },
        })
    }

    /// Whether it was entered a moment ago.
    fn is_new(&self) -> bool {
        self.notice == NEW
    }

    /// Whether an assessment was approved with conditions.
    fn has_conditions(&self, assessment: &Assessment) -> bool {
        self.decisions.iter().any(|decision| decision.assessment_id == assessment.id && decision.outcome.0 == DecisionOutcome::ApprovedWithConditions)
    }

    fn name(&self, id: &SubjectId) -> &str {
        self.names.get(id).map_or("", String::as_str)
    }

    fn title<'a>(&'a self, questionnaire: &'a str) -> &'a str {
        self.titles.get(questionnaire).map_or(questionnaire, String::as_str)
    }

    fn has_passed(&self, day: &Day) -> bool {
        *day < self.today
    }

    /// Whether one of its conditions is not met.
    fn has_open(&self, decision: &Decision) -> bool {
        self.line.open_condition_count > 0 && decision.conditions.iter().any(|condition| condition.met_on.is_none())
    }

    /// How its scores went, by questionnaire.
    fn trends(&self) -> Vec<Trend> {
        trend::trends(&self.assessments, &self.titles)
    }

    fn claimed(&self, assessment: &Assessment) -> Option<Score> {
        assessment.claimed.as_deref().copied()
    }

    fn evidenced(&self, assessment: &Assessment) -> Option<Score> {
        assessment.evidenced.as_deref().copied()
    }
}

#[derive(Template)]
#[template(path = "supplier.html")]
struct SupplierPage {
    frame: Frame,
    supplier: Supplier,
    products: Vec<RegisterEntry>,
    about: About,
    may_change: bool,
}

/// A supplier.
pub(super) async fn show_supplier(who: Page<Viewer>) -> Shown {
    let (request, here) = who.parts();
    let reader = here.read(request).await?;
    let id: SupplierId = path_id(request)?;
    let supplier = supplier::read(&reader, &id).await?;
    let mut about = About::read(request, &reader, &SubjectId::Supplier(id.clone())).await?;
    let lines = register::list(&reader, &RegisterFilter { supplier_id: Some(id), limit: Some(200), status: None, ..RegisterFilter::default() }).await?.items;
    let products: Vec<RegisterEntry> = lines.into_iter().filter(|line| line.kind.is_some()).collect();
    let is_as_bad = |line: &&RegisterEntry| line.status == RelationshipStatus::Active && line.rating == about.line.rating;
    about.is_unprofiled = supplier.tier_reason == NOT_PROFILED;
    about.rated_by = products.iter().filter(is_as_bad).cloned().collect();
    let frame = here.frame(&supplier.name).at("/register");
    Ok(html(StatusCode::OK, &SupplierPage { frame, supplier, products, about, may_change: here.is_at_least(Role::Editor) })?)
}

/// What one may ask of a product's AI, in plain words, and what is known.
pub(super) type Question = (&'static str, String);

#[derive(Template)]
#[template(path = "product.html")]
struct ProductPage {
    frame: Frame,
    product: Product,
    questions: Vec<Question>,
    about: About,
    may_change: bool,
}

/// A product.
pub(super) async fn show_product(who: Page<Viewer>) -> Shown {
    let (request, here) = who.parts();
    let reader = here.read(request).await?;
    let id: ProductId = path_id(request)?;
    let product = product::read(&reader, &id).await?;
    let about = About::read(request, &reader, &SubjectId::Product(id)).await?;
    let frame = here.frame(&product.name).at("/register");
    Ok(html(StatusCode::OK, &ProductPage { frame, questions: questions(&product), product, about, may_change: here.is_at_least(Role::Editor) })?)
}

/// What is known of a product's AI; nothing where it has no profile.
pub(super) fn questions(product: &Product) -> Vec<Question> {
    let Some(profile) = &product.ai_profile else { return Vec::new() };
    let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "Not said".into());
    let known = |known: Known| match known {
        Known::Yes => "Yes".to_owned(),
        Known::No => "No".into(),
        Known::Unknown => "Not known".into(),
    };
    let model: Vec<&str> = [&profile.model, &profile.model_version].into_iter().flatten().map(String::as_str).collect();
    let model = match (&model[..], &profile.model_provider) {
        ([], None) => "Not said".to_owned(),
        ([], Some(provider)) => format!("A model from {provider}"),
        (names, None) => names.join(" "),
        (names, Some(provider)) => format!("{}, from {provider}", names.join(" ")),
    };
    let list = |words: Vec<String>| if words.is_empty() { "Not said".to_owned() } else { words.join(", ") };
    vec![
        ("What is its AI there for?", text(&profile.purpose)),
        ("Does it write, speak or draw?", known(profile.generative)),
        ("Which model does it use?", model),
        ("Is our data used to train it?", known(profile.trains_on_our_data)),
        ("In which countries does it run?", list(profile.runs_in.clone())),
        ("Does it inform, recommend, decide or act?", profile.autonomy.as_ref().map_or_else(|| "Not said".into(), words::plain)),
        ("Whom does it affect?", list(profile.affects.iter().map(words::plain).collect())),
        ("Who oversees it?", text(&profile.overseer)),
        ("How can someone contest an outcome?", text(&profile.contest_route)),
        ("What happens by hand when it fails?", text(&profile.manual_fallback)),
        ("Does it summarise speech?", known(profile.summarises_speech)),
        ("Is it a medical device?", profile.medical_device_class.as_ref().map_or_else(|| "Not said".into(), words::plain)),
        ("Where is its clinical safety case (DCB0129, DCB0160)?", text(&profile.safety_case_reference)),
        ("Where is the data protection impact assessment?", text(&profile.dpia_reference)),
        ("Where is its transparency record (ATRS)?", text(&profile.transparency_record)),
        ("What is its class under the EU AI Act?", profile.eu_ai_act_class.as_ref().map_or_else(|| "Not said".into(), words::plain)),
    ]
}
