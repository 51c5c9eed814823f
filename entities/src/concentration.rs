//! Concentration: which suppliers carry how many others, and how much would fall with one of them.
//!
//! A product counts with its supplier here: who hosts one product of a supplier carries that supplier, as far as anyone
//! can tell.

use std::collections::{BTreeMap, BTreeSet};

use diligence_questionnaires::{Rating, Tier};
use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, QueryTrait as _};
use serde::{Deserialize, Serialize};
use validator::Validate;

use crate::{
    dependency::{self, DependencyKind},
    error::Error,
    id::{SubjectId, SupplierId},
    profile::ServiceCriticality,
    register::{self, RegisterEntry, ScorePair},
    scope::Reader,
    stored::Word,
    supplier::{self, RelationshipStatus},
};

/// How many dependencies are looked at, the oldest first.
const MAXIMUM_DEPENDENCIES: usize = 10_000;
/// How many carriers are told of when nothing is said.
const DEFAULT_CARRIERS: usize = 50;
/// How many links stand behind them at the most.
const MAXIMUM_LINKS: usize = 80;

/// A supplier that others rest on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Carrier {
    /// The supplier.
    pub supplier_id: SupplierId,
    /// What we call it.
    pub name: String,
    /// Where it stands with us.
    pub status: RelationshipStatus,
    /// In what ways others rest on it or its products.
    pub kinds: Vec<DependencyKind>,
    /// How many suppliers and products are on record as resting on it or its products.
    pub direct_count: i64,
    /// How many further suppliers rest on it through others.
    pub through_count: i64,
    /// How many suppliers rest on it in all, by themselves, through a product or through others.
    pub supplier_count: i64,
    /// How many of these suppliers people may come to harm without within hours.
    pub vital_count: i64,
    /// How many of these suppliers care suffers without within a day.
    pub essential_count: i64,
    /// The highest tier among these suppliers; null where all of them are archived.
    pub highest_tier: Option<Tier>,
    /// Its own tier.
    pub tier: Tier,
    /// How sure we are of it: its residual rating.
    pub rating: Rating,
    /// The lowest security scores of its approved assessments.
    pub security: ScorePair,
}

/// One supplier resting on another: what is on record between them and their products.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CarrierLink {
    /// The supplier that rests on the other, or whose products do.
    pub supplier_id: SupplierId,
    /// What we call it.
    pub name: String,
    /// The supplier it rests on, or on whose products.
    pub rests_on_supplier_id: SupplierId,
    /// What we call that one.
    pub rests_on_name: String,
    /// In what ways.
    pub kinds: Vec<DependencyKind>,
}

/// Who rests on whom.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Concentration {
    /// The carriers, those first without whom most would suffer.
    pub items: Vec<Carrier>,
    /// How many carriers there are in all.
    pub carrier_count: i64,
    /// Whether every dependency was looked at: the oldest 10,000 are.
    pub complete: bool,
    /// The links to these carriers, for a picture; at most 80.
    pub links: Vec<CarrierLink>,
    /// How many links there are to these carriers in all.
    pub link_count: i64,
}

/// Which carriers to tell of.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct ConcentrationFilter {
    /// Only those that carry others in this way, and only who rests on them in this way.
    pub kind: Option<DependencyKind>,
    /// How many to answer, 1 to 200; 50 if not said.
    #[validate(range(min = 1, max = 200))]
    pub limit: Option<u64>,
}

type Pair = (SupplierId, SupplierId);

/// Every dependency of what is not archived, between suppliers.
struct Graph {
    kinds: BTreeMap<Pair, Vec<DependencyKind>>,
    /// Which suppliers and products rest on a supplier or its products directly, and in what way.
    direct: BTreeMap<SupplierId, BTreeSet<(SubjectId, DependencyKind)>>,
    /// Which suppliers rest on a supplier directly.
    below: BTreeMap<SupplierId, BTreeSet<SupplierId>>,
    is_complete: bool,
}

impl Graph {
    async fn read(reader: &Reader) -> Result<Self, Error> {
        use dependency::Column;
        let select = reader
            .find::<dependency::Entity>()
            .filter(Column::SubjectId.in_subquery(register::active_subjects(reader)))
            .order_by_asc(Column::CreatedAt)
            .order_by_asc(Column::Id)
            .limit(MAXIMUM_DEPENDENCIES as u64 + 1)
            .select_only()
            .columns([Column::SubjectId, Column::SupplierId, Column::RestsOnSupplierId, Column::Kind]);
        let mut rows: Vec<(SubjectId, SupplierId, SupplierId, Word<DependencyKind>)> = reader.tuples(select).await?;
        let mut graph = Self {
            kinds: BTreeMap::new(),
            direct: BTreeMap::new(),
            below: BTreeMap::new(),
            is_complete: rows.len() <= MAXIMUM_DEPENDENCIES,
        };
        rows.truncate(MAXIMUM_DEPENDENCIES);
        // What a supplier's own products do for each other makes nobody depend on anyone else.
        for (subject, supplier, base, kind) in rows.into_iter().filter(|(_, supplier, base, _)| supplier != base) {
            let kinds = graph.kinds.entry((supplier.clone(), base.clone())).or_default();
            if !kinds.contains(&kind.0) {
                kinds.push(kind.0);
            }
            graph.direct.entry(base.clone()).or_default().insert((subject, kind.0));
            graph.below.entry(base).or_default().insert(supplier);
        }
        Ok(graph)
    }

    /// The suppliers that rest on this one, directly or through others, in whatever circles; `kind` says how the last
    /// step must be.
    fn carried(&self, base: &SupplierId, kind: Option<DependencyKind>) -> BTreeSet<SupplierId> {
        let is_so = |supplier: &SupplierId| {
            kind.is_none_or(|kind| {
                self.kinds.get(&(supplier.clone(), base.clone())).is_some_and(|kinds| kinds.contains(&kind))
            })
        };
        let mut waiting: Vec<&SupplierId> =
            self.below.get(base).into_iter().flatten().filter(|supplier| is_so(supplier)).collect();
        let mut found = BTreeSet::new();
        while let Some(next) = waiting.pop() {
            if next != base && found.insert(next.clone()) {
                waiting.extend(self.below.get(next).into_iter().flatten());
            }
        }
        found
    }

    fn kinds_of(&self, base: &SupplierId) -> Vec<DependencyKind> {
        let mut kinds = Vec::new();
        for supplier in self.below.get(base).into_iter().flatten() {
            for kind in self.kinds.get(&(supplier.clone(), base.clone())).into_iter().flatten() {
                if !kinds.contains(kind) {
                    kinds.push(*kind);
                }
            }
        }
        kinds.sort();
        kinds
    }
}

/// How much rests on a supplier, from its profile.
type Weight = (Tier, Option<ServiceCriticality>);

async fn weights(reader: &Reader) -> Result<BTreeMap<SupplierId, Weight>, Error> {
    use supplier::Column;
    let joined = reader.find::<dependency::Entity>().select_only().column(dependency::Column::SupplierId).into_query();
    let select = reader
        .find::<supplier::Entity>()
        .filter(Column::Status.ne(Word(RelationshipStatus::Archived)))
        .filter(Column::Id.in_subquery(joined));
    let select = select.select_only().columns([Column::Id, Column::Tier, Column::ServiceCriticality]);
    let rows: Vec<(SupplierId, Word<Tier>, Option<Word<ServiceCriticality>>)> = reader.tuples(select).await?;
    Ok(rows.into_iter().map(|(id, tier, criticality)| (id, (tier.0, criticality.map(|word| word.0)))).collect())
}

/// What rests on one supplier, before anyone has said what it is called.
struct Load {
    supplier_id: SupplierId,
    direct_count: usize,
    through_count: usize,
    supplier_count: usize,
    vital_count: usize,
    essential_count: usize,
    highest_tier: Option<Tier>,
}

/// Who carries whom, and how much would fall with each.
///
/// # Errors
/// [`Error::Database`] only.
pub async fn read(reader: &Reader, filter: &ConcentrationFilter) -> Result<Concentration, Error> {
    let graph = Graph::read(reader).await?;
    let weights = weights(reader).await?;
    let limit = filter.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(DEFAULT_CARRIERS);
    let mut loads: Vec<Load> = graph
        .below
        .keys()
        .map(|base| load(&graph, &weights, base, filter.kind))
        .filter(|load| load.supplier_count > 0)
        .collect();
    loads.sort_by(|left, right| {
        let weight = |load: &Load| {
            (load.vital_count, load.essential_count, load.highest_tier, load.supplier_count, load.direct_count)
        };
        weight(right).cmp(&weight(left)).then_with(|| left.supplier_id.cmp(&right.supplier_id))
    });
    let carrier_count = count(loads.len());
    loads.truncate(limit);
    let is_told: BTreeSet<&SupplierId> = loads.iter().map(|load| &load.supplier_id).collect();
    let fits = |kinds: &[DependencyKind]| filter.kind.is_none_or(|kind| kinds.contains(&kind));
    let mut pairs: Vec<(&Pair, &Vec<DependencyKind>)> =
        graph.kinds.iter().filter(|((_, base), kinds)| is_told.contains(base) && fits(kinds)).collect();
    let link_count = count(pairs.len());
    let place = |base: &SupplierId| loads.iter().position(|load| load.supplier_id == *base);
    pairs.sort_by_key(|((supplier, base), _)| (place(base), supplier.clone()));
    pairs.truncate(MAXIMUM_LINKS);
    let named = loads
        .iter()
        .map(|load| load.supplier_id.clone())
        .chain(pairs.iter().map(|((supplier, _), _)| supplier.clone()));
    let lines = register::lines(reader, named.map(SubjectId::Supplier)).await?;
    let line = |id: &SupplierId| lines.get(&SubjectId::Supplier(id.clone()));
    let name = |id: &SupplierId| line(id).map(|line| line.name.clone()).unwrap_or_default();
    let links = pairs.into_iter().map(|((supplier, base), kinds)| CarrierLink {
        supplier_id: supplier.clone(),
        name: name(supplier),
        rests_on_supplier_id: base.clone(),
        rests_on_name: name(base),
        kinds: kinds.clone(),
    });
    let links = links.collect();
    let items =
        loads.iter().filter_map(|load| line(&load.supplier_id).map(|line| carrier(&graph, load, line))).collect();
    Ok(Concentration { items, carrier_count, complete: graph.is_complete, links, link_count })
}

fn load(
    graph: &Graph,
    weights: &BTreeMap<SupplierId, Weight>,
    base: &SupplierId,
    kind: Option<DependencyKind>,
) -> Load {
    let carried = graph.carried(base, kind);
    let is_direct = |supplier: &SupplierId| {
        graph
            .kinds
            .get(&(supplier.clone(), base.clone()))
            .is_some_and(|kinds| kind.is_none_or(|kind| kinds.contains(&kind)))
    };
    let direct: BTreeSet<&SubjectId> = graph
        .direct
        .get(base)
        .into_iter()
        .flatten()
        .filter(|(_, way)| kind.is_none_or(|kind| kind == *way))
        .map(|(id, _)| id)
        .collect();
    let how_many = |criticality| {
        carried.iter().filter(|id| weights.get(*id).is_some_and(|weight| weight.1 == Some(criticality))).count()
    };
    Load {
        supplier_id: base.clone(),
        direct_count: direct.len(),
        through_count: carried.iter().filter(|supplier| !is_direct(supplier)).count(),
        supplier_count: carried.len(),
        vital_count: how_many(ServiceCriticality::Vital),
        essential_count: how_many(ServiceCriticality::Essential),
        highest_tier: carried.iter().filter_map(|id| weights.get(id)).map(|weight| weight.0).max(),
    }
}

fn carrier(graph: &Graph, load: &Load, line: &RegisterEntry) -> Carrier {
    Carrier {
        supplier_id: load.supplier_id.clone(),
        name: line.name.clone(),
        status: line.status,
        kinds: graph.kinds_of(&load.supplier_id),
        direct_count: count(load.direct_count),
        through_count: count(load.through_count),
        supplier_count: count(load.supplier_count),
        vital_count: count(load.vital_count),
        essential_count: count(load.essential_count),
        highest_tier: load.highest_tier,
        tier: line.tier,
        rating: line.rating,
        security: line.security,
    }
}

fn count(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
