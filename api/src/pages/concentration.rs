//! Concentration: the suppliers that others depend on as a table, and the dependencies as a map.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use diligence_entities::{
    concentration::{self, Carrier, CarrierLink, Concentration, ConcentrationFilter},
    dependency::DependencyKind,
    id::SupplierId,
    role::Role,
};
use poem::http::StatusCode;

use super::{
    format,
    list_query::ListQuery,
    page::{Frame, PageResult, html},
    routes::Routes,
    signed_in::Page,
};
use crate::auth::Viewer;

/// The routes of these pages.
pub(super) fn routes(routes: Routes) -> Routes {
    routes.get("/concentration", show)
}

/// The part of the menu that this page is.
const PART: &str = "/concentration";
/// How many suppliers the map shows at the most, and in how many columns.
const MAXIMUM_NODES: usize = 30;
const MAXIMUM_COLUMNS: usize = 6;
/// How many letters of a name fit into a box.
const LETTERS: usize = 22;
/// How large a box is, and how far apart boxes are.
const BOX: (usize, usize) = (190, 44);
const STEP: (usize, usize) = (280, 60);
/// How far a line bends to either side.
const BEND: usize = 60;
/// The space around the map.
const MARGIN: usize = 8;

/// A supplier on the map.
struct Node {
    name: String,
    short: String,
    /// How many suppliers rest on it; none for one that carries nobody here.
    carries: Option<i64>,
    x: usize,
    y: usize,
}

/// A line on the map: from whoever rests to whoever carries.
struct Line {
    path: String,
    told: String,
}

/// The map as it is drawn.
struct Map {
    width: usize,
    height: usize,
    nodes: Vec<Node>,
    lines: Vec<Line>,
}

/// In which column each supplier stands: right of everything that rests on it, as far as circles and the paper allow.
fn columns<'a>(links: &[&'a CarrierLink]) -> BTreeMap<&'a SupplierId, usize> {
    let mut columns: BTreeMap<&SupplierId, usize> =
        links.iter().flat_map(|link| [(&link.supplier_id, 0), (&link.rests_on_supplier_id, 0)]).collect();
    for _ in 0..MAXIMUM_COLUMNS {
        for link in links {
            let next = (columns.get(&link.supplier_id).copied().unwrap_or_default() + 1).min(MAXIMUM_COLUMNS - 1);
            columns.entry(&link.rests_on_supplier_id).and_modify(|column| *column = (*column).max(next));
        }
    }
    columns
}

impl Map {
    /// Draws as many of the links as the map has room for, those to the first carriers first.
    fn draw(links: &[CarrierLink], carriers: &[Carrier]) -> Self {
        let mut seen: BTreeSet<&SupplierId> = BTreeSet::new();
        let mut drawn: Vec<&CarrierLink> = Vec::new();
        for link in links {
            let new =
                [&link.supplier_id, &link.rests_on_supplier_id].into_iter().filter(|id| !seen.contains(id)).count();
            if seen.len() + new <= MAXIMUM_NODES {
                seen.extend([&link.supplier_id, &link.rests_on_supplier_id]);
                drawn.push(link);
            }
        }
        let names: BTreeMap<&SupplierId, &str> = drawn
            .iter()
            .flat_map(|link| {
                [(&link.supplier_id, link.name.as_str()), (&link.rests_on_supplier_id, link.rests_on_name.as_str())]
            })
            .collect();
        let mut rows: BTreeMap<usize, Vec<&SupplierId>> = BTreeMap::new();
        for (id, column) in columns(&drawn) {
            rows.entry(column).or_default().push(id);
        }
        let mut places: BTreeMap<&SupplierId, (usize, usize)> = BTreeMap::new();
        for (index, (_, mut ids)) in rows.into_iter().enumerate() {
            // Beside what rests on it, a supplier's lines are short.
            let height = |id: &SupplierId| {
                let below: Vec<usize> = drawn
                    .iter()
                    .filter(|link| link.rests_on_supplier_id == *id)
                    .filter_map(|link| places.get(&link.supplier_id))
                    .map(|(_, y)| *y)
                    .collect();
                if below.is_empty() { 0 } else { below.iter().sum::<usize>() / below.len() }
            };
            ids.sort_by_key(|id| (height(id), names.get(id).map(|name| name.to_lowercase())));
            for (row, id) in ids.into_iter().enumerate() {
                places.insert(id, (MARGIN + index * STEP.0, MARGIN + row * STEP.1));
            }
        }
        let width = places.values().map(|(x, _)| x + BOX.0 + BEND + MARGIN).max().unwrap_or_default();
        let height = places.values().map(|(_, y)| y + BOX.1 + MARGIN).max().unwrap_or_default();
        let nodes = places.iter().map(|(id, (x, y))| {
            let name = names.get(id).copied().unwrap_or_default();
            let carries =
                carriers.iter().find(|carrier| carrier.supplier_id == **id).map(|carrier| carrier.supplier_count);
            Node { name: name.to_owned(), short: short(name), carries, x: *x, y: *y }
        });
        let lines = drawn.iter().filter_map(|link| {
            Some(line(link, *places.get(&link.supplier_id)?, *places.get(&link.rests_on_supplier_id)?))
        });
        Self { width, height, nodes: nodes.collect(), lines: lines.collect() }
    }
}

/// As much of a name as fits into a box.
fn short(name: &str) -> String {
    if name.chars().count() > LETTERS {
        name.chars().take(LETTERS - 1).chain(['…']).collect()
    } else {
        name.to_owned()
    }
}

/// The line from the right side of one box to the left side of another; where that one is not further right, it bends
/// around to its right side.
fn line(link: &CarrierLink, from: (usize, usize), to: (usize, usize)) -> Line {
    let (start_x, start_y, end_y) = (from.0 + BOX.0, from.1 + BOX.1 / 2, to.1 + BOX.1 / 2);
    let (end_x, bent_x) =
        if to.0 > from.0 { (to.0, to.0.saturating_sub(BEND)) } else { (to.0 + BOX.0, to.0 + BOX.0 + BEND) };
    let path = format!("M{start_x} {start_y}C{} {start_y} {bent_x} {end_y} {end_x} {end_y}", start_x + BEND);
    Line {
        path,
        told: format!("{} depends on {}: {}", link.name, link.rests_on_name, kinds(&link.kinds).to_lowercase()),
    }
}

/// `Host, model provider`.
fn kinds(kinds: &[DependencyKind]) -> String {
    let words: Vec<String> = kinds.iter().map(|kind| format::label(kind).to_lowercase()).collect();
    format::capital(words.join(", "))
}

#[derive(Template)]
#[template(path = "concentration/show.html")]
struct ConcentrationPage {
    frame: Frame,
    asked: ListQuery<ConcentrationFilter>,
    concentration: Concentration,
    map: Map,
    may_change: bool,
}

impl ConcentrationPage {
    fn kinds(kinds: &[DependencyKind]) -> String {
        self::kinds(kinds)
    }

    /// The choices of the filter: word and label.
    fn ways() -> [(&'static str, &'static str); 6] {
        [
            ("host", "As a host"),
            ("model_provider", "As a model provider"),
            ("sub_processor", "As a sub-processor"),
            ("component", "As a component"),
            ("subcontractor", "As a subcontractor"),
            ("other", "In another way"),
        ]
    }

    /// What of the whole is not shown; empty where all of it is.
    fn left_out(&self) -> String {
        let Concentration { items, carrier_count, complete, .. } = &self.concentration;
        let mut parts = Vec::new();
        if i64::try_from(items.len()).unwrap_or(i64::MAX) < *carrier_count {
            parts.push(format!(
                "The table shows the first {} of {carrier_count} suppliers that others depend on.",
                items.len()
            ));
        }
        if !complete {
            parts.push("There are more than 10,000 dependencies; the newest are not counted.".to_owned());
        }
        parts.join(" ")
    }

    fn drawn(&self) -> String {
        let drawn = i64::try_from(self.map.lines.len()).unwrap_or(i64::MAX);
        let all = self.concentration.link_count;
        if drawn < all {
            format!(
                "The map has room for {drawn} of {all} links, those to the suppliers at the top of the table first."
            )
        } else {
            String::new()
        }
    }

    fn is_listed_in_part(&self) -> bool {
        i64::try_from(self.concentration.links.len()).unwrap_or(i64::MAX) < self.concentration.link_count
    }
}

/// The table and the map.
pub(super) async fn show(who: Page<Viewer>) -> PageResult {
    let (request, here) = who.parts();
    let asked = ListQuery::<ConcentrationFilter>::of(request, PART)?;
    let concentration = concentration::read(&here.read(request).await?, &asked.filter).await?;
    let status = if asked.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let (frame, map) = (here.frame("Dependencies").at(PART), Map::draw(&concentration.links, &concentration.items));
    Ok(html(
        status,
        &ConcentrationPage { frame, asked, concentration, map, may_change: here.is_at_least(Role::Editor) },
    )?)
}
