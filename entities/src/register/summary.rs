//! How many lines the register has of each sort, and the heat map of its risks.

use std::collections::BTreeMap;

use diligence_questionnaires::{Rating, Severity, Tier};
use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, Condition, QueryFilter as _, QuerySelect as _};
use serde::Serialize;

use super::{Column, Entity, RiskCounts, count_of, filter::stale};
use crate::{
    error::Error,
    policy,
    product::AiFeatures,
    risk,
    scope::Reader,
    stored::{Word, word},
    supplier::RelationshipStatus,
};

/// How many lines there are of each sort.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Summary {
    /// Suppliers that are not archived.
    pub supplier_count: i64,
    /// Products that are not archived.
    pub product_count: i64,
    /// Suppliers by rating.
    pub suppliers_by_rating: BTreeMap<String, i64>,
    /// Products by rating.
    pub products_by_rating: BTreeMap<String, i64>,
    /// Suppliers by tier.
    pub suppliers_by_tier: BTreeMap<String, i64>,
    /// Products by how much AI is in them.
    pub products_by_ai_features: BTreeMap<String, i64>,
    /// Reviews that are overdue.
    pub overdue_review_count: i64,
    /// Reviews that fall due within 30 days from today.
    pub coming_review_count: i64,
    /// Lines with something that caps the rating.
    pub knocked_out_count: i64,
    /// Lines whose decision went stale.
    pub stale_decision_count: i64,
    /// Open risks of what is not archived, by what they are called now.
    pub open_risks: RiskCounts,
    /// The heat map: how many of these there are for each current likelihood and impact, all 25 cells.
    pub heat_map: Vec<HeatCell>,
}

/// A cell of the heat map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct HeatCell {
    /// 1 rare to 5 almost certain.
    pub likelihood: i32,
    /// 1 negligible to 5 catastrophic.
    pub impact: i32,
    /// What a risk here is called.
    pub band: Severity,
    /// How many open risks are here.
    pub count: i64,
}

/// Counts over the whole register, and the heat map.
///
/// # Errors
/// [`Error::Database`] only.
pub async fn summary(reader: &Reader) -> Result<Summary, Error> {
    let mut summary = Summary::default();
    let active = || reader.find::<Entity>().filter(Column::Status.ne(Word(RelationshipStatus::Archived)));
    let groups: Vec<(String, String, String, Option<String>, i64)> = reader
        .tuples(
            active()
                .select_only()
                .columns([Column::SubjectType, Column::Rating, Column::Tier, Column::AiFeatures])
                .expr_as(Column::SubjectId.count(), "line_count")
                .group_by(Column::SubjectType)
                .group_by(Column::Rating)
                .group_by(Column::Tier)
                .group_by(Column::AiFeatures),
        )
        .await?;
    for rating in [Rating::Low, Rating::Moderate, Rating::High, Rating::Extreme, Rating::Unassessed] {
        summary.suppliers_by_rating.insert(word(&rating), 0);
        summary.products_by_rating.insert(word(&rating), 0);
    }
    for tier in [Tier::Low, Tier::Unknown, Tier::Medium, Tier::High, Tier::Critical] {
        summary.suppliers_by_tier.insert(word(&tier), 0);
    }
    for features in [AiFeatures::None, AiFeatures::Embedded, AiFeatures::Core, AiFeatures::Unknown] {
        summary.products_by_ai_features.insert(word(&features), 0);
    }
    for (subject_type, rating, tier, features, count) in groups {
        if subject_type == "supplier" {
            summary.supplier_count += count;
            *summary.suppliers_by_rating.entry(rating).or_default() += count;
            *summary.suppliers_by_tier.entry(tier).or_default() += count;
        } else {
            summary.product_count += count;
            *summary.products_by_rating.entry(rating).or_default() += count;
            *summary.products_by_ai_features.entry(features.unwrap_or_default()).or_default() += count;
        }
    }
    let today = reader.today();
    let how_many = async |condition: Condition| -> Result<i64, Error> {
        let rows: Vec<(i64,)> = reader
            .tuples(active().filter(condition).select_only().expr_as(Column::SubjectId.count(), "line_count"))
            .await?;
        Ok(rows.first().map_or(0, |row| row.0))
    };
    summary.overdue_review_count = how_many(Condition::all().add(Column::NextReviewOn.lt(today))).await?;
    summary.coming_review_count = how_many(
        Condition::all().add(Column::NextReviewOn.gte(today)).add(Column::NextReviewOn.lte(today.plus_days(30))),
    )
    .await?;
    summary.knocked_out_count = how_many(Condition::all().add(Column::KnockOuts.ne("[]"))).await?;
    summary.stale_decision_count = how_many(stale(today)).await?;
    let bands = policy::read(reader).await?.risk_bands.0;
    let counts: BTreeMap<(i32, i32), i64> = risk::heat(reader)
        .await?
        .into_iter()
        .map(|(likelihood, impact, count)| ((likelihood, impact), count))
        .collect();
    for likelihood in 1..=5 {
        for impact in 1..=5 {
            let count = counts.get(&(likelihood, impact)).copied().unwrap_or(0);
            let band = bands.band(likelihood, impact);
            *count_of(&mut summary.open_risks, band) += count;
            summary.heat_map.push(HeatCell { likelihood, impact, band, count });
        }
    }
    Ok(summary)
}
