//! How many lines there are of each sort, kept as lines change: what the summary reads costs the same whatever the
//! register holds.

use std::collections::BTreeMap;

use sea_orm::{
    QueryFilter as _, QuerySelect as _,
    entity::prelude::*,
    sea_query::{Alias, ExprTrait as _, Func},
};

use super::Model as Line;
use crate::{
    error::Error,
    id::OrganisationId,
    scope::{Reader, Writer, belongs},
    stored::word,
    subject::SubjectType,
    supplier::RelationshipStatus,
};

/// Lines of suppliers, by rating and tier: `low critical`.
pub(super) const SUPPLIERS: &str = "suppliers";
/// Lines of products, by rating and how much AI is in them: `low core`.
pub(super) const PRODUCTS: &str = "products";
/// Lines by the day of their next review.
pub(super) const REVIEWS: &str = "reviews";
/// Lines with something that caps the rating.
pub(super) const KNOCKED_OUT: &str = "knocked_out";
/// Lines whose decision is stale, by the day since when; [`ALREADY`] where a change made it so.
pub(super) const STALE: &str = "stale";
/// Open risks, by current likelihood and impact: `4 5`.
pub(super) const RISKS: &str = "risks";
/// Before every day.
pub(super) const ALREADY: &str = "";

/// A count as stored.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "register_count")]
pub struct Model {
    /// The organisation, the sort and the value in one.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// The organisation whose register it is.
    pub organisation_id: OrganisationId,
    /// What is counted.
    pub sort: String,
    /// Which of that sort.
    pub value: String,
    /// How many.
    pub item_count: i64,
}

/// Rows are loaded by noun, never joined.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}
belongs!();

/// By how much counts change: sort and value, and the difference.
pub(crate) type Counted = BTreeMap<(&'static str, String), i64>;

/// What a line counts for, times `by`.
pub(super) fn count(line: &Line, by: i64, counted: &mut Counted) {
    if line.is_ourselves || line.status.0 == RelationshipStatus::Archived {
        return;
    }
    let mut add = |sort: &'static str, value: String, number: i64| {
        *counted.entry((sort, value)).or_default() += by * number;
    };
    let rating = word(&line.rating);
    match line.subject_type.0 {
        SubjectType::Supplier => add(SUPPLIERS, format!("{rating} {}", word(&line.tier)), 1),
        SubjectType::Product => {
            let features = line.ai_features.as_ref().map(word).unwrap_or_default();
            add(PRODUCTS, format!("{rating} {features}"), 1);
        }
    }
    if let Some(day) = line.next_review_on {
        add(REVIEWS, day.to_string(), 1);
    }
    if !line.knock_outs.is_empty() {
        add(KNOCKED_OUT, String::new(), 1);
    }
    if !line.stale_reasons.is_empty() {
        add(STALE, ALREADY.to_owned(), 1);
    } else if let Some(day) = line.stale_from {
        add(STALE, day.to_string(), 1);
    }
    for (likelihood, impact, number) in line.heat.iter() {
        add(RISKS, format!("{likelihood} {impact}"), *number);
    }
}

/// Makes the counts follow.
pub(crate) async fn count_up(writer: &Writer, counted: Counted) -> Result<(), Error> {
    let organisation_id = &writer.scope().organisation_id;
    let row = |((sort, value), by): ((&'static str, String), i64)| Model {
        id: format!("{organisation_id} {sort} {value}"),
        organisation_id: organisation_id.clone(),
        sort: sort.to_owned(),
        value,
        item_count: by,
    };
    let rows: Vec<Model> = counted.into_iter().filter(|(_, by)| *by != 0).map(row).collect();
    writer.add_up::<Entity, ActiveModel>(rows, &[Column::Id], Column::ItemCount).await
}

/// The counts of these sorts: sort, value, and how many.
pub(super) async fn of(reader: &Reader, sorts: &[&str]) -> Result<Vec<(String, String, i64)>, Error> {
    let select = reader.find::<Entity>().filter(Column::Sort.is_in(sorts.iter().copied()));
    reader.tuples(select.select_only().columns([Column::Sort, Column::Value, Column::ItemCount])).await
}

/// How many there are of a sort with values from `from`, and before `end`.
pub(super) async fn sum(reader: &Reader, sort: &str, from: &str, end: &str) -> Result<i64, Error> {
    let among = Column::Sort.eq(sort).and(Column::Value.gte(from)).and(Column::Value.lt(end));
    let sum = Expr::expr(Func::sum(Expr::col(Column::ItemCount))).cast_as(Alias::new("bigint"));
    let select = reader.find::<Entity>().filter(among).select_only().expr_as(sum, "line_count");
    let rows: Vec<(Option<i64>,)> = reader.tuples(select).await?;
    Ok(rows.first().and_then(|row| row.0).unwrap_or(0))
}

/// How many of the numbers that are kept are not how many there are.
pub(crate) const WRONG: &str = "SELECT count(*) FROM (
    SELECT organisation_id, sort, value FROM (
        SELECT organisation_id, CASE subject_type WHEN 'supplier' THEN 'suppliers' ELSE 'products' END AS sort,
            rating || ' ' || CASE subject_type WHEN 'supplier' THEN tier ELSE coalesce(ai_features, '') END AS value, 1 AS number
            FROM register_entry WHERE status <> 'archived' AND NOT is_ourselves
        UNION ALL SELECT organisation_id, 'reviews', next_review_on, 1
            FROM register_entry WHERE status <> 'archived' AND NOT is_ourselves AND next_review_on IS NOT NULL
        UNION ALL SELECT organisation_id, 'knocked_out', '', 1
            FROM register_entry WHERE status <> 'archived' AND NOT is_ourselves AND knock_outs <> '[]'
        UNION ALL SELECT organisation_id, 'stale', CASE WHEN stale_reasons <> '[]' THEN '' ELSE stale_from END, 1
            FROM register_entry WHERE status <> 'archived' AND NOT is_ourselves AND (stale_reasons <> '[]' OR stale_from IS NOT NULL)
        UNION ALL SELECT risk.organisation_id, 'risks',
            coalesce(residual_likelihood, likelihood) || ' ' || coalesce(residual_impact, impact), 1
            FROM risk JOIN register_entry ON register_entry.subject_id = risk.subject_id
            WHERE risk.state <> 'closed' AND register_entry.status <> 'archived' AND NOT register_entry.is_ourselves
        UNION ALL SELECT organisation_id, sort, value, -item_count FROM register_count
    ) AS kept GROUP BY organisation_id, sort, value HAVING sum(number) <> 0
) AS wrong";
