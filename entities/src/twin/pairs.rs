//! Pairs of the same or nearly the same name, which somebody has yet to tell apart or to make one.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};
use serde::{Deserialize, Serialize};
use validator::Validate;

use super::{Index, Known, compared, index::products};
use crate::{
    error::Error,
    fault::Faults,
    id::{SubjectId, SupplierId},
    identifier::Identifier,
    page::{self, Page},
    product,
    scope::{Reader, Writer},
    stored::{from_hex, hex},
    subject::{Subject, SubjectType},
    supplier,
};

/// How many are named that a name may be.
const NAMED: u64 = 5;
/// How many names are looked at for one page.
const MAXIMUM_LOOKED_AT: usize = 20_000;
/// With how many others one name is paired at the most.
const MAXIMUM_PAIRS: usize = 20;

/// Two that somebody has told apart: they are two, though they are called alike.
#[expect(unreachable_pub, reason = "sea-orm derives a public entity from the row")]
mod apart {
    use sea_orm::entity::prelude::*;

    use crate::{clock::Moment, id::OrganisationId};

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "told_apart")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub organisation_id: OrganisationId,
        /// The one whose id is the smaller.
        #[sea_orm(primary_key, auto_increment = false)]
        pub one_id: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub other_id: String,
        pub told_by: String,
        pub created_at: Moment,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
    crate::scope::belongs!();
}

/// Why two may be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TwinReason {
    /// One holds the identifier that the other would have.
    SameIdentifier,
    /// They are called the same, but for capitals, marks and what says which kind of company it is.
    SameName,
    /// They are called nearly the same.
    NearName,
}

/// One that something new may be, and is there already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Twinned {
    /// Its id.
    pub id: SubjectId,
    /// What it is called.
    pub name: String,
    /// Why it may be the same.
    pub why: TwinReason,
}

/// What something new may be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TwinsFound {
    /// Those that are there already, at most five, the likeliest first; mostly none.
    pub twins: Vec<Twinned>,
}

/// One of two.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TwinSide {
    /// Its id.
    pub id: SubjectId,
    /// What it is called.
    pub name: String,
}

/// Two that may be one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Twin {
    /// The one that was entered first.
    pub one: TwinSide,
    /// The other.
    pub other: TwinSide,
    /// Whose products they are; null for suppliers.
    pub supplier_id: Option<SupplierId>,
    /// Why they may be one.
    pub why: TwinReason,
}

/// Something about to be entered.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct SupplierTwinQuery {
    /// What the supplier is called.
    #[validate(length(min = 1, max = 300))]
    #[serde(default)]
    pub name: Option<String>,
    /// An identifier of it: `GB-COH:04142000`.
    #[validate(length(min = 1, max = 100))]
    #[serde(default)]
    pub identifier: Option<String>,
}

/// A product about to be entered.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct ProductTwinQuery {
    /// What the product is called.
    #[validate(length(min = 1, max = 300))]
    #[serde(default)]
    pub name: Option<String>,
    /// Who provides it; anyone if not said.
    #[serde(default)]
    pub supplier_id: Option<SupplierId>,
}

/// The suppliers that are there and that one of this name or identifier may be, at most five, the likeliest first.
///
/// # Errors
/// [`Error::Invalid`] for an identifier that is none.
pub async fn of_supplier(reader: &Reader, query: &SupplierTwinQuery) -> Result<Vec<Twinned>, Error> {
    let mut identifiers = Vec::new();
    if let Some(text) = &query.identifier {
        let wrong = |detail: String| Error::invalid("?identifier", "identifier", detail);
        let identifier: Identifier = text.parse().map_err(wrong)?;
        identifiers.push(identifier.canonical().map_err(|fault| wrong(fault.detail))?);
    }
    let mut found = Vec::new();
    let holders: BTreeSet<SupplierId> = supplier::holders(reader, &identifiers).await?.into_values().collect();
    for (id, row) in supplier::several(reader, holders).await? {
        if !row.is_ourselves {
            found.push(Twinned { id: SubjectId::Supplier(id), name: row.name, why: TwinReason::SameIdentifier });
        }
    }
    if let Some(name) = &query.name {
        add_named(&mut found, &Index::load(reader, SubjectType::Supplier).await?, name);
    }
    Ok(found)
}

/// The products of a supplier, or of anyone, that are there and that one of this name may be, at most five, the likeliest first.
///
/// # Errors
/// [`Error::Database`] only.
pub async fn of_product(reader: &Reader, query: &ProductTwinQuery) -> Result<Vec<Twinned>, Error> {
    let Some(name) = &query.name else { return Ok(Vec::new()) };
    let index = match &query.supplier_id {
        Some(supplier_id) => {
            let mut index = Index::default();
            for row in product::of_supplier(reader, supplier_id).await? {
                index.insert(&row.name_key, Known { id: row.id.to_string(), name: row.name });
            }
            index
        }
        None => Index::load(reader, SubjectType::Product).await?,
    };
    let mut found = Vec::new();
    add_named(&mut found, &index, name);
    Ok(found)
}

/// The other suppliers of just this one's name as people compare it, at most five, the oldest first: one look
/// into an index, so that it can be asked whenever one was entered.
///
/// # Errors
/// [`Error::Database`] only.
pub async fn namesakes_of_supplier(reader: &Reader, new: &supplier::Supplier) -> Result<Vec<Twinned>, Error> {
    let select = reader
        .find::<supplier::Entity>()
        .filter(supplier::Column::NameKey.eq(&new.name_key))
        .filter(supplier::Column::Id.ne(new.id.clone()))
        .filter(supplier::Column::IsOurselves.eq(false))
        .order_by_asc(supplier::Column::Id)
        .limit(NAMED);
    let rows = reader.all(select).await?;
    Ok(rows.into_iter().map(|row| same_named(SubjectId::Supplier(row.id), row.name)).collect())
}

/// The other products of the same supplier and of just this one's name as people compare it, at most five, the oldest
/// first.
///
/// # Errors
/// [`Error::Database`] only.
pub async fn namesakes_of_product(reader: &Reader, new: &product::Product) -> Result<Vec<Twinned>, Error> {
    let select = reader
        .find::<product::Entity>()
        .filter(product::Column::SupplierId.eq(new.supplier_id.clone()))
        .filter(product::Column::NameKey.eq(&new.name_key))
        .filter(product::Column::Id.ne(new.id.clone()))
        .order_by_asc(product::Column::Id)
        .limit(NAMED);
    let rows = reader.all(select).await?;
    Ok(rows.into_iter().map(|row| same_named(SubjectId::Product(row.id), row.name)).collect())
}

const fn same_named(id: SubjectId, name: String) -> Twinned {
    Twinned { id, name, why: TwinReason::SameName }
}

fn add_named(found: &mut Vec<Twinned>, index: &Index, name: &str) {
    let name = compared(name);
    let exact = index.exact(&name).iter().cloned().map(|known| (known, TwinReason::SameName));
    let near = index.near(&name).into_iter().map(|known| (known, TwinReason::NearName));
    for (known, why) in exact.chain(near) {
        if let Ok(id) = known.id.parse::<SubjectId>()
            && !found.iter().any(|twin| twin.id == id)
        {
            found.push(Twinned { id, name: known.name, why });
        }
    }
    found.truncate(NAMED as usize);
}

/// Which pairs to list.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct TwinFilter {
    /// Suppliers, or products of one supplier; suppliers if not said.
    pub noun: Option<SubjectType>,
    /// How many to answer, 1 to 200; 50 if not said.
    #[validate(range(min = 1, max = 200))]
    pub limit: Option<u64>,
    /// The `next` of the page before.
    #[validate(length(max = 2000))]
    pub cursor: Option<String>,
}

/// Where a page of pairs ends: whose products, the first of the name, and how many of its pairs were told.
type Position = (SubjectType, String, String, usize);

/// A page of pairs that may be one and that nobody has told apart. A page of a large register may have fewer than asked
/// for, even none, and another after it.
///
/// # Errors
/// [`Error::Invalid`] for a cursor that is none.
pub async fn list(reader: &Reader, filter: &TwinFilter) -> Result<Page<Twin>, Error> {
    let noun = filter.noun.unwrap_or(SubjectType::Supplier);
    let wrong = || Error::invalid("?cursor", "cursor", "expected the `next` of a page of this list");
    let from: Option<Position> = match &filter.cursor {
        Some(cursor) => {
            let read = from_hex(cursor).and_then(|bytes| serde_json::from_slice::<Position>(&bytes).ok());
            Some(read.filter(|position| position.0 == noun).ok_or_else(wrong)?)
        }
        None => None,
    };
    let limit = usize::try_from(filter.limit.unwrap_or(page::DEFAULT_LIMIT).clamp(1, page::MAXIMUM_LIMIT));
    let limit = limit.unwrap_or(usize::MAX);
    let apart = told_apart(reader).await?;
    let mut groups: BTreeMap<String, Index> = BTreeMap::new();
    match noun {
        SubjectType::Supplier => {
            groups.insert(String::new(), Index::load(reader, noun).await?);
        }
        SubjectType::Product => {
            for (supplier_id, known, key) in products(reader).await? {
                groups.entry(supplier_id).or_default().insert(&key, known);
            }
        }
    }
    let (mut items, mut looked_at) = (Vec::new(), 0);
    for (group, index) in &groups {
        for (place, (key, own)) in index.names().enumerate() {
            let Some(first) = own.first() else { continue };
            let here = (group.as_str(), first.id.as_str());
            let done = match &from {
                Some((_, group, id, _)) if here < (group.as_str(), id.as_str()) => continue,
                Some((_, group, id, done)) if here == (group.as_str(), id.as_str()) => *done,
                _ => 0,
            };
            if looked_at == MAXIMUM_LOOKED_AT {
                return Ok(Page { items, next: Some(next(noun, here, 0)) });
            }
            looked_at += 1;
            let pairs = pairs_of(index, place, key, own, &apart);
            for (number, pair) in pairs.into_iter().enumerate().skip(done) {
                if items.len() == limit {
                    return Ok(Page { items, next: Some(next(noun, here, number)) });
                }
                items.extend(twin(pair, group));
            }
            // It is work: others need this thread.
            if looked_at.is_multiple_of(500) {
                tokio::task::yield_now().await;
            }
        }
    }
    Ok(Page { items, next: None })
}

fn next(noun: SubjectType, (group, id): (&str, &str), done: usize) -> String {
    hex(serde_json::json!([noun, group, id, done]).to_string().as_bytes())
}

type Pair<'a> = (&'a Known, &'a Known, TwinReason);

/// The pairs of a name: among those of it, and with the first of each name that is near and stands behind it.
fn pairs_of<'a>(
    index: &'a Index,
    place: usize,
    key: &str,
    own: &'a [Known],
    apart: &BTreeSet<(String, String)>,
) -> Vec<Pair<'a>> {
    let is_apart = |one: &Known, other: &Known| apart.contains(&ordered(&one.id, &other.id));
    let mut pairs = Vec::new();
    for (number, one) in own.iter().take(MAXIMUM_PAIRS).enumerate() {
        let others = own.iter().skip(number + 1).take(MAXIMUM_PAIRS);
        pairs.extend(others.filter(|other| !is_apart(one, other)).map(|other| (one, other, TwinReason::SameName)));
    }
    let Some(one) = own.first() else { return pairs };
    let behind = index.near_places(key).into_iter().filter(|near| *near > place).take(MAXIMUM_PAIRS);
    let others = behind.filter_map(|near| index.at(near).first()).filter(|other| !is_apart(one, other));
    pairs.extend(others.map(|other| (one, other, TwinReason::NearName)));
    pairs
}

fn twin((one, other, why): Pair<'_>, group: &str) -> Option<Twin> {
    let side = |known: &Known| Some(TwinSide { id: known.id.parse().ok()?, name: known.name.clone() });
    Some(Twin { one: side(one)?, other: side(other)?, supplier_id: group.parse().ok(), why })
}

fn ordered(one: &str, other: &str) -> (String, String) {
    if one < other { (one.to_owned(), other.to_owned()) } else { (other.to_owned(), one.to_owned()) }
}

async fn told_apart(reader: &Reader) -> Result<BTreeSet<(String, String)>, Error> {
    let rows = reader.all(reader.find::<apart::Entity>()).await?;
    Ok(rows.into_iter().map(|row| (row.one_id, row.other_id)).collect())
}

/// Two that are called alike and are two.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct ToldApart {
    /// One supplier or product.
    pub one_id: SubjectId,
    /// Another of the same sort.
    pub other_id: SubjectId,
}

/// Keeps that two are two, so that they are listed as a pair no more.
///
/// # Errors
/// [`Error::Invalid`] for ids that name nothing, the same thing, or a supplier and a product.
pub async fn tell_apart(writer: &Writer, pair: &ToldApart) -> Result<(), Error> {
    let ToldApart { one_id, other_id } = pair;
    let mut faults = Faults::default();
    faults.expect(one_id != other_id, "/other_id", "same", "expected another supplier or product than one_id");
    let is_supplier = |id: &SubjectId| matches!(id, SubjectId::Supplier(_));
    faults.expect(
        is_supplier(one_id) == is_supplier(other_id),
        "/other_id",
        "kind",
        "expected a supplier beside a supplier, a product beside a product",
    );
    faults.done()?;
    Subject::find(writer, one_id, "/one_id").await?;
    Subject::find(writer, other_id, "/other_id").await?;
    let (one, other) = ordered(one_id.as_str(), other_id.as_str());
    let row = apart::Model {
        organisation_id: writer.scope().organisation_id.clone(),
        one_id: one,
        other_id: other,
        told_by: writer.scope().actor.name.clone(),
        created_at: writer.now(),
    };
    writer.note("tell_apart", "twin", one_id.as_str(), None, serde_json::to_value(pair).ok());
    let key = [apart::Column::OrganisationId, apart::Column::OneId, apart::Column::OtherId];
    writer.put_all::<apart::Entity, apart::ActiveModel>(vec![row], &key).await
}
