//! How many lines the register has of each sort, and the heat map of its risks.

use std::collections::BTreeMap;

use diligence_questionnaires::{Rating, Severity, Tier};
use schemars::JsonSchema;
use serde::Serialize;

use super::{RiskCounts, count_of, counts};
use crate::{clock::Day, error::Error, policy, product::AiFeatures, scope::Reader, stored::word};

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
    let mut heat: BTreeMap<String, i64> = BTreeMap::new();
    for (sort, value, count) in counts::of(reader, &[counts::SUPPLIERS, counts::PRODUCTS, counts::RISKS]).await? {
        let (first, second) = value.split_once(' ').unwrap_or((&value, ""));
        match sort.as_str() {
            counts::SUPPLIERS => {
                summary.supplier_count += count;
                *summary.suppliers_by_rating.entry(first.to_owned()).or_default() += count;
                *summary.suppliers_by_tier.entry(second.to_owned()).or_default() += count;
            }
            counts::PRODUCTS => {
                summary.product_count += count;
                *summary.products_by_rating.entry(first.to_owned()).or_default() += count;
                *summary.products_by_ai_features.entry(second.to_owned()).or_default() += count;
            }
            _ => *heat.entry(value).or_default() += count,
        }
    }
    let today = reader.today();
    let day = |day: Day| day.to_string();
    let (tomorrow, last) = (day(today.plus_days(1)), day(today.plus_days(31)));
    summary.overdue_review_count = counts::sum(reader, counts::REVIEWS, counts::ALREADY, &day(today)).await?;
    summary.coming_review_count = counts::sum(reader, counts::REVIEWS, &day(today), &last).await?;
    summary.knocked_out_count = counts::sum(reader, counts::KNOCKED_OUT, counts::ALREADY, &tomorrow).await?;
    summary.stale_decision_count = counts::sum(reader, counts::STALE, counts::ALREADY, &tomorrow).await?;
    let bands = policy::read(reader).await?.risk_bands.0;
    for likelihood in 1..=5 {
        for impact in 1..=5 {
            let count = heat.get(&format!("{likelihood} {impact}")).copied().unwrap_or(0);
            let band = bands.band(likelihood, impact);
            *count_of(&mut summary.open_risks, band) += count;
            summary.heat_map.push(HeatCell { likelihood, impact, band, count });
        }
    }
    Ok(summary)
}
