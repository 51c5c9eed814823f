//! Several suppliers or products side by side, on the same principles: what a buyer does before choosing.

use std::collections::BTreeMap;

use askama::Template;
use diligence_entities::{
    assessment::{self, Assessment},
    decision::{self, Decision},
    error::Error,
    evidence::EndsBecause,
    id::{ProductId, SubjectId, SupplierId},
    product::{self, Product},
    questionnaire,
    register::{self, RegisterEntry, RegisterFilter},
    scope::Reader,
    supplier::{self, Supplier},
};
use diligence_questionnaires::{Outcome, Rating, Score};
use poem::{Request, http::StatusCode};

use super::{
    fields::Fact,
    form::parameter,
    format,
    page::{FieldError, Frame, PageResult, Refusal, at, html},
    products,
    routes::Routes,
    sign_in::SignedIn,
    signed_in::Page,
};
use crate::{auth::Viewer, problem::Problem};

/// The routes of these pages.
pub(super) fn routes(routes: Routes) -> Routes {
    routes.get("/compare", show)
}

/// How many can stand side by side.
const MAXIMUM: usize = 6;

/// How many lines of the register one can choose from at once.
const SHOWN: u64 = 50;

/// Claimed and shown, where something was assessed: none where nothing of it counts.
type Numbers = Option<(Option<Score>, Option<Score>)>;

#[derive(Template)]
#[template(path = "compare/choose.html")]
struct ChoosePage {
    frame: Frame,
    errors: Vec<FieldError>,
    q: String,
    chosen: Vec<RegisterEntry>,
    found: Vec<RegisterEntry>,
    has_more: bool,
}

impl ChoosePage {
    /// Those that are chosen already, and then those that were found.
    fn choices(&self) -> Vec<(&RegisterEntry, bool)> {
        self.chosen.iter().map(|line| (line, true)).chain(self.found.iter().map(|line| (line, false))).collect()
    }
}

#[derive(Template)]
#[template(path = "compare/show.html")]
struct ComparePage {
    frame: Frame,
    columns: Vec<Column>,
    groups: Vec<Group>,
    /// Where one chooses others.
    choose: String,
    today: String,
}

/// A supplier or product.
struct Column {
    href: String,
    name: String,
    kind: String,
}

/// Rows of one sort.
struct Group {
    title: String,
    hint: &'static str,
    rows: Vec<Row>,
}

struct Row {
    name: String,
    cells: Vec<Cell>,
}

/// What one of them says in a row.
#[derive(Default)]
struct Cell {
    lines: Vec<String>,
    rating: Option<Rating>,
    /// Whether it is the best or the worst of the row, in words.
    mark: &'static str,
    /// Whether there is nothing to say.
    is_none: bool,
}

impl Cell {
    fn new(lines: Vec<String>, none: &str) -> Self {
        if lines.is_empty() {
            Self { lines: vec![none.to_owned()], is_none: true, ..Self::default() }
        } else {
            Self { lines, ..Self::default() }
        }
    }

    fn of(text: impl Into<String>) -> Self {
        Self { lines: vec![text.into()], ..Self::default() }
    }
}

/// The comparison; where there are not yet enough to compare, the choice.
pub(super) async fn show(who: Page<Viewer>) -> PageResult {
    let (request, here) = who.parts();
    let mut ids: Vec<SubjectId> = Vec::new();
    for (name, value) in form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes()) {
        if name == "subject" {
            let id = value.parse().map_err(|_| Error::NotFound)?;
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
    }
    let reader = here.read(request).await?;
    // No more are read than could be meant.
    let is_too_many = ids.len() > MAXIMUM;
    ids.truncate(MAXIMUM + 1);
    let mut lines = register::lines(&reader, ids.iter().cloned()).await?;
    let chosen: Vec<RegisterEntry> = ids.iter().filter_map(|id| lines.remove(id)).collect();
    if chosen.len() != ids.len() {
        return Err(Error::NotFound.into());
    }
    let step = parameter(request, "step");
    match (is_too_many, chosen.len(), step.as_str()) {
        (true, ..) => choose(request, here, &reader, chosen, "choose at most six to compare").await,
        (false, _, "find") | (false, 0 | 1, "") => choose(request, here, &reader, chosen, "").await,
        (false, 0 | 1, _) => choose(request, here, &reader, chosen, "choose at least two to compare").await,
        _ => compare(here, &reader, &chosen).await,
    }
}

async fn choose(
    request: &Request,
    here: &SignedIn,
    reader: &Reader,
    chosen: Vec<RegisterEntry>,
    wrong: &str,
) -> PageResult {
    let q: String = parameter(request, "q").trim().chars().take(200).collect();
    let filter = RegisterFilter {
        q: Some(q.clone()).filter(|q| !q.is_empty()),
        limit: Some(SHOWN),
        ..RegisterFilter::default()
    };
    let page = register::list(reader, &filter).await?;
    let has_more = page.next.is_some();
    let found =
        page.items.into_iter().filter(|line| chosen.iter().all(|one| one.subject_id != line.subject_id)).collect();
    let errors: Vec<FieldError> = Some(wrong)
        .filter(|wrong| !wrong.is_empty())
        .map(|wrong| FieldError::new("chosen", wrong))
        .into_iter()
        .collect();
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok(html(
        status,
        &ChoosePage { frame: here.frame("Choose what to compare").at("/register"), errors, q, chosen, found, has_more },
    )?)
}

/// Everything that is compared.
struct Compared<'a> {
    lines: &'a [RegisterEntry],
    suppliers: BTreeMap<SupplierId, Supplier>,
    products: BTreeMap<ProductId, Product>,
    decisions: Vec<Decision>,
    outcomes: Vec<(Assessment, Outcome)>,
    titles: BTreeMap<String, String>,
}

async fn compare(here: &SignedIn, reader: &Reader, lines: &[RegisterEntry]) -> Result<poem::Response, Refusal> {
    let ids: Vec<SubjectId> = lines.iter().map(|line| line.subject_id.clone()).collect();
    let product_ids = ids.iter().filter_map(|id| if let SubjectId::Product(id) = id { Some(id.clone()) } else { None });
    let outcomes = assessment::standing(reader, &ids).await?;
    let decisions = decision::in_force(reader, ids.iter().cloned()).await?;
    let titles =
        questionnaire::titles(reader, outcomes.iter().map(|(assessment, _)| assessment.questionnaire.clone())).await?;
    let suppliers = supplier::several(reader, lines.iter().map(|line| line.supplier_id.clone())).await?;
    let products = product::several(reader, product_ids).await?;
    let compared = Compared { lines, suppliers, products, decisions, outcomes, titles };
    let mut groups = vec![compared.standing()];
    groups.extend(compared.questionnaires());
    groups.extend(compared.ai()?);
    groups.push(compared.data());
    let column = |line: &RegisterEntry| Column {
        href: format::subject_href(&line.subject_id),
        name: line.name.clone(),
        kind: line
            .kind
            .as_ref()
            .map_or_else(|| "Supplier".into(), |kind| format!("{} of {}", format::label(kind), line.supplier_name)),
    };
    let choose = ids.iter().map(|id| format!("&subject={id}")).collect::<String>();
    let page = ComparePage {
        frame: here.frame("Compare").at("/register"),
        columns: lines.iter().map(column).collect(),
        groups,
        choose: format!("/compare?step=find{choose}"),
        today: format::day(reader.today()),
    };
    Ok(html(StatusCode::OK, &page)?)
}

impl Compared<'_> {
    fn row(&self, name: impl Into<String>, cell: impl Fn(&RegisterEntry) -> Cell) -> Row {
        Row { name: name.into(), cells: self.lines.iter().map(cell).collect() }
    }

    fn decisions_on<'a>(&'a self, line: &'a RegisterEntry) -> impl Iterator<Item = &'a Decision> {
        self.decisions.iter().filter(|decision| decision.subject_id == line.subject_id)
    }

    /// Where each stands in the register.
    fn standing(&self) -> Group {
        let mut ratings = self.row("Rating", |line| Cell { rating: Some(line.rating), ..Cell::default() });
        // What nobody knows is neither the least risk nor the most.
        let known: Vec<Option<Rating>> =
            self.lines.iter().map(|line| Some(line.rating).filter(|rating| *rating != Rating::Unassessed)).collect();
        mark(&mut ratings, &known, "Most risk of these", "Least risk of these");
        let decided = |line: &RegisterEntry| match line.decision {
            Some(outcome) => {
                let until =
                    line.decision_lapses_on.map(|day| format!(", until {}", format::day(day))).unwrap_or_default();
                let again = Some(line.stale_reasons.join("; "))
                    .filter(|reasons| !reasons.is_empty())
                    .map(|reasons| format!("To be decided again: {reasons}"));
                Cell::new(
                    [Some(format!("{}{until}", format::outcome(outcome))), again].into_iter().flatten().collect(),
                    "",
                )
            }
            None if line.decision_lapsed => Cell::of("Lapsed"),
            None => Cell::new(Vec::new(), "None yet"),
        };
        let conditions = |line: &RegisterEntry| {
            let all = self.decisions_on(line).flat_map(|decision| decision.conditions.iter());
            let told = all.map(|condition| match condition.met_on {
                Some(day) => format!("{} Met on {}.", super::page::sentence(&condition.text), format::day(day)),
                None => format!(
                    "{} By {}, {}.",
                    super::page::sentence(&condition.text),
                    format::day(condition.due_on),
                    condition.owner
                ),
            });
            Cell::new(told.collect(), "None")
        };
        let risks = |line: &RegisterEntry| {
            Cell::new(
                Some(format::risks(&line.open_risks)).filter(|text| !text.is_empty()).into_iter().collect(),
                "None",
            )
        };
        let review = |line: &RegisterEntry| {
            let day = line
                .next_review_on
                .map(|day| format!("{}{}", format::day(day), if line.review_overdue { ", overdue" } else { "" }));
            Cell::new(day.into_iter().collect(), "None")
        };
        let rows = vec![
            ratings,
            self.row("Knock-outs", |line| Cell::new(line.knock_outs.clone(), "None")),
            self.row("Decision", decided),
            self.row("Conditions", conditions),
            self.row("Open risks", risks),
            self.row("Tier of the supplier", |line| Cell::of(format::label(&line.tier))),
            self.row("Relationship", |line| Cell::of(format::label(&line.status))),
            self.row("Next review", review),
        ];
        Group { title: "Where they stand".into(), hint: "", rows }
    }

    /// Each questionnaire that one of them was approved on, with its principles.
    fn questionnaires(&self) -> Vec<Group> {
        let mut keys: Vec<&str> =
            self.outcomes.iter().map(|(assessment, _)| assessment.questionnaire.as_str()).collect();
        keys.dedup();
        keys.into_iter().map(|key| self.questionnaire(key)).collect()
    }

    fn questionnaire(&self, key: &str) -> Group {
        let of: Vec<Option<&(Assessment, Outcome)>> = self
            .lines
            .iter()
            .map(|line| {
                self.outcomes
                    .iter()
                    .find(|(assessment, _)| assessment.questionnaire == key && assessment.subject_id == line.subject_id)
            })
            .collect();
        let scored = |name: &str, numbers: Vec<Numbers>, below: &[Option<String>]| {
            let cell = |numbers: &Numbers, below: Option<&Option<String>>| match numbers {
                None => Cell::new(Vec::new(), "Not assessed with this"),
                Some((Some(claimed), Some(shown))) => {
                    let below = below.cloned().flatten();
                    Cell::new(Some(format!("{shown} shown, {claimed} claimed")).into_iter().chain(below).collect(), "")
                }
                Some(_) => Cell::new(Vec::new(), "Nothing that counts was asked"),
            };
            let cells = numbers.iter().enumerate().map(|(index, numbers)| cell(numbers, below.get(index))).collect();
            let mut row = Row { name: name.to_owned(), cells };
            let shown: Vec<Option<Score>> =
                numbers.iter().map(|numbers| numbers.and_then(|(_, shown)| shown)).collect();
            mark(&mut row, &shown, "Highest shown of these", "Lowest shown of these");
            row
        };
        let on = |assessment: &Assessment| {
            format!(
                "Edition {}{}",
                assessment.edition,
                assessment.assessed_on.map(|day| format!(", judged on {}", format::day(day))).unwrap_or_default()
            )
        };
        let below: Vec<Option<String>> = of.iter().map(|one| one.map(|(assessment, _)| on(assessment))).collect();
        let mut rows = vec![scored(
            "The whole",
            of.iter().map(|one| one.map(|(_, outcome)| (outcome.claimed, outcome.evidenced))).collect(),
            &below,
        )];
        let mut seen: Vec<&str> = Vec::new();
        let every = of
            .iter()
            .flatten()
            .flat_map(|(_, outcome)| outcome.frameworks.iter().flat_map(|framework| &framework.principles));
        for principle in every {
            if seen.contains(&principle.principle.as_str()) {
                continue;
            }
            seen.push(&principle.principle);
            let find = |outcome: &Outcome| {
                let mut all = outcome.frameworks.iter().flat_map(|framework| &framework.principles);
                all.find(|other| other.principle == principle.principle)
                    .map_or((None, None), |other| (other.claimed, other.evidenced))
            };
            rows.push(scored(
                &principle.title,
                of.iter().map(|one| one.map(|(_, outcome)| find(outcome))).collect(),
                &[],
            ));
        }
        let title = self.titles.get(key).cloned().unwrap_or_else(|| key.to_owned());
        Group {
            title,
            hint: "Of 100, and higher is better. Shown counts only what evidence shows; claimed takes every answer at its word.",
            rows,
        }
    }

    /// What is known of the AI of those that are products.
    fn ai(&self) -> Result<Option<Group>, Problem> {
        let product = |line: &RegisterEntry| {
            if let SubjectId::Product(id) = &line.subject_id { self.products.get(id) } else { None }
        };
        if self.lines.iter().all(|line| product(line).is_none()) {
            return Ok(None);
        }
        let asked: Vec<Option<Vec<Fact>>> = self
            .lines
            .iter()
            .map(|line| product(line).map(products::ai_facts).transpose())
            .collect::<Result<_, _>>()?;
        let features = self.row("How much AI is in it", |line| {
            line.ai_features
                .map_or_else(|| Cell::new(Vec::new(), "Not a product"), |features| Cell::of(format::ai(features)))
        });
        let names: Vec<&'static str> = asked
            .iter()
            .flatten()
            .max_by_key(|facts| facts.len())
            .map(|facts| facts.iter().map(|fact| fact.label).collect())
            .unwrap_or_default();
        let cell = |facts: &Option<Vec<Fact>>, name: &str| match facts {
            None => Cell::new(Vec::new(), "Not a product"),
            Some(facts) => Cell::new(
                facts.iter().find(|fact| fact.label == name).and_then(|fact| fact.text.clone()).into_iter().collect(),
                "Not said",
            ),
        };
        let rows = names
            .iter()
            .map(|name| Row { name: (*name).to_owned(), cells: asked.iter().map(|facts| cell(facts, name)).collect() });
        Ok(Some(Group { title: "AI".into(), hint: "", rows: std::iter::once(features).chain(rows).collect() }))
    }

    /// What becomes of our data, and which certificates there are.
    fn data(&self) -> Group {
        let supplier = |line: &RegisterEntry| self.suppliers.get(&line.supplier_id);
        let role = |line: &RegisterEntry| {
            Cell::new(
                supplier(line)
                    .and_then(|supplier| supplier.data_role.as_ref())
                    .map(format::label)
                    .into_iter()
                    .collect(),
                "Not said",
            )
        };
        let personal = |line: &RegisterEntry| {
            let data: Vec<String> =
                supplier(line).iter().flat_map(|supplier| supplier.personal_data.iter()).map(format::label).collect();
            Cell::new(Some(data.join(", ")).filter(|text| !text.is_empty()).into_iter().collect(), "Not said")
        };
        let places = |line: &RegisterEntry| {
            let places =
                supplier(line).map(|supplier| supplier.data_locations.join(", ")).filter(|places| !places.is_empty());
            Cell::new(places.into_iter().collect(), "Not said")
        };
        let certificates = |line: &RegisterEntry| {
            let told = line.certificates.iter().map(|certificate| {
                let end = certificate.expires_on.map(|day| {
                    format!(", {} {}", if certificate.expired { "expired on" } else { "valid until" }, format::day(day))
                });
                let undated = certificate.ends_because == EndsBecause::Undated;
                let end = end.unwrap_or_else(|| if undated { ", says no day".into() } else { String::new() });
                format!("{}{end}", certificate.kind.title())
            });
            Cell::new(told.collect(), "None on record")
        };
        let rows = vec![
            self.row("The supplier's part in personal data", role),
            self.row("Personal data that the supplier handles", personal),
            self.row("Where the supplier keeps our data", places),
            self.row("Evidence", certificates),
        ];
        Group { title: "Data and evidence".into(), hint: "", rows }
    }
}

/// Marks the greatest and the least of a row, where they differ.
fn mark<T: Ord + Copy>(row: &mut Row, values: &[Option<T>], greatest: &'static str, least: &'static str) {
    let known = || values.iter().flatten().copied();
    let (Some(most), Some(fewest)) = (known().max(), known().min()) else { return };
    if most == fewest {
        return;
    }
    for (cell, value) in row.cells.iter_mut().zip(values) {
        cell.mark = match value {
            Some(value) if *value == most => greatest,
            Some(value) if *value == fewest => least,
            _ => "",
        };
    }
}
