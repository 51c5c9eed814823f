//! From a score to a rating in words.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::fault::Fault;
use crate::score::Score;

/// Inherent importance of a supplier or product, from the buyer's own profile of the relationship.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// Little depends on it.
    Low,
    /// Nobody has said how much depends on it; rated as `high` until somebody does.
    Unknown,
    /// Something depends on it.
    Medium,
    /// Much depends on it.
    High,
    /// Care cannot go on without it, or its data cannot be exposed.
    Critical,
}

/// How good the evidenced score is. From best to worst, *unassessed* apart at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Band {
    /// At least the policy's `strong_from`.
    Strong,
    /// At least the policy's `adequate_from`.
    Adequate,
    /// At least the policy's `weak_from`.
    Weak,
    /// Below all of these, or knocked out.
    Poor,
    /// Without a score, or with too little answered.
    Unassessed,
}

/// Residual risk in words.
///
/// The order is how strictly a rating counts (see [`worst`]): `low < moderate < unassessed < high < extreme`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rating {
    /// Little risk is left.
    Low,
    /// Some risk is left.
    Moderate,
    /// Much risk is left.
    High,
    /// The risk is not bearable without a decision.
    Extreme,
    /// Nobody knows; never to be read as safe.
    Unassessed,
}

impl Rating {
    fn strictness(self) -> u8 {
        match self {
            Self::Low => 0,
            Self::Moderate => 1,
            Self::Unassessed => 2,
            Self::High => 3,
            Self::Extreme => 4,
        }
    }
}

impl PartialOrd for Rating {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Rating {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.strictness().cmp(&other.strictness())
    }
}

/// How serious a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Low,
    /// Worth mending.
    Moderate,
    /// To be mended soon.
    High,
    /// To be mended before anything else.
    Extreme,
}

macro_rules! name_in_words {
    ($type:ty { $($variant:ident => $name:literal),+ $(,)? }) => {
        impl $type {
            /// The name in documents and answers.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }
        impl fmt::Display for $type {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.pad(self.as_str())
            }
        }
    };
}

name_in_words!(Tier { Low => "low", Unknown => "unknown", Medium => "medium", High => "high", Critical => "critical" });
name_in_words!(Band { Strong => "strong", Adequate => "adequate", Weak => "weak", Poor => "poor", Unassessed => "unassessed" });
name_in_words!(Rating { Low => "low", Moderate => "moderate", High => "high", Extreme => "extreme", Unassessed => "unassessed" });
name_in_words!(Severity { Low => "low", Moderate => "moderate", High => "high", Extreme => "extreme" });

/// How an organisation turns scores into ratings. The default is the published one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RatingPolicy {
    /// The lowest evidenced score that is strong, 0 to 100; 80 by default.
    #[schemars(range(min = 0, max = 100))]
    pub strong_from: u8,
    /// The lowest evidenced score that is adequate; 60 by default.
    #[schemars(range(min = 0, max = 100))]
    pub adequate_from: u8,
    /// The lowest evidenced score that is weak and not poor; 40 by default.
    #[schemars(range(min = 0, max = 100))]
    pub weak_from: u8,
    /// The coverage under which an assessment is unassessed, in percent; 80 by default.
    #[schemars(range(min = 0, max = 100))]
    pub minimum_coverage: u8,
    /// The rating for each tier and band.
    pub matrix: RatingMatrix,
}

/// The rating for each tier and band; *unassessed* stays unassessed in every tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RatingMatrix {
    /// For subjects of low importance.
    pub low: RatingRow,
    /// For subjects of medium importance.
    pub medium: RatingRow,
    /// For subjects of high importance.
    pub high: RatingRow,
    /// For subjects of critical importance.
    pub critical: RatingRow,
}

/// The rating for each band in one tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RatingRow {
    /// For a strong score.
    #[schemars(schema_with = "given")]
    pub strong: Rating,
    /// For an adequate score.
    #[schemars(schema_with = "given")]
    pub adequate: Rating,
    /// For a weak score.
    #[schemars(schema_with = "given")]
    pub weak: Rating,
    /// For a poor score or a knock-out.
    #[schemars(schema_with = "given")]
    pub poor: Rating,
}

/// A cell is never *unassessed*: there is a score.
fn given(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "type": "string", "enum": ["low", "moderate", "high", "extreme"] })
}

impl RatingRow {
    const fn new(strong: Rating, adequate: Rating, weak: Rating, poor: Rating) -> Self {
        Self { strong, adequate, weak, poor }
    }

    fn cells(&self) -> [(&'static str, Rating); 4] {
        [("strong", self.strong), ("adequate", self.adequate), ("weak", self.weak), ("poor", self.poor)]
    }
}

impl RatingMatrix {
    fn rows(&self) -> [(&'static str, &RatingRow); 4] {
        [("low", &self.low), ("medium", &self.medium), ("high", &self.high), ("critical", &self.critical)]
    }
}

impl Default for RatingMatrix {
    fn default() -> Self {
        use Rating::{Extreme, High, Low, Moderate};
        Self {
            low: RatingRow::new(Low, Low, Moderate, Moderate),
            medium: RatingRow::new(Low, Moderate, Moderate, High),
            high: RatingRow::new(Moderate, Moderate, High, Extreme),
            critical: RatingRow::new(Moderate, High, Extreme, Extreme),
        }
    }
}

impl Default for RatingPolicy {
    fn default() -> Self {
        Self {
            strong_from: 80,
            adequate_from: 60,
            weak_from: 40,
            minimum_coverage: 80,
            matrix: RatingMatrix::default(),
        }
    }
}

impl RatingPolicy {
    /// Every problem in the policy: limits above 100, bands that do not descend, a cell that is *unassessed*, a cell
    /// milder than the cell of a better band or of a lower tier. Empty when there is none.
    #[must_use]
    pub fn check(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let limits = [
            ("strong_from", self.strong_from),
            ("adequate_from", self.adequate_from),
            ("weak_from", self.weak_from),
            ("minimum_coverage", self.minimum_coverage),
        ];
        for (name, limit) in limits {
            if limit > 100 {
                faults.push(Fault::new(
                    format!("/{name}"),
                    "out_of_range",
                    format!("expected 0 to 100, found {limit}"),
                ));
            }
        }
        for (upper, lower) in [(limits[0], limits[1]), (limits[1], limits[2])] {
            if lower.1 >= upper.1 {
                let message = format!("expected less than `{}` ({}), found {}", upper.0, upper.1, lower.1);
                faults.push(Fault::new(format!("/{}", lower.0), "bands_not_descending", message));
            }
        }
        let mut tier_below: Option<(&str, &RatingRow)> = None;
        for (tier, row) in self.matrix.rows() {
            let mut better: Option<(&str, Rating)> = None;
            for (index, (band, rating)) in row.cells().into_iter().enumerate() {
                let pointer = format!("/matrix/{tier}/{band}");
                if rating == Rating::Unassessed {
                    let message =
                        "expected `low`, `moderate`, `high` or `extreme`: a score has been given here".to_owned();
                    faults.push(Fault::new(pointer, "unassessed_in_matrix", message));
                    continue;
                }
                if let Some((better_band, milder)) = better
                    && rating < milder
                {
                    let message = format!(
                        "a `{band}` score must not be rated milder than a `{better_band}` one: expected at least `{milder}`"
                    );
                    faults.push(Fault::new(pointer.clone(), "matrix_not_monotone", message));
                }
                if let Some((lower_tier, below)) = tier_below {
                    let milder = below.cells()[index].1;
                    if milder != Rating::Unassessed && rating < milder {
                        let message = format!(
                            "tier `{tier}` must not be rated milder than tier `{lower_tier}`: expected at least `{milder}`"
                        );
                        faults.push(Fault::new(pointer, "matrix_not_monotone", message));
                    }
                }
                better = Some((band, rating));
            }
            tier_below = Some((tier, row));
        }
        faults
    }
}

/// The band of an assessment: of its evidenced score, *poor* with a knock-out whatever the score, and *unassessed*
/// without a score or with coverage under the policy's minimum.
///
/// What is shown decides: scores and coverage are compared as rounded to one decimal.
#[must_use]
pub fn band(policy: &RatingPolicy, evidenced: Option<Score>, coverage: Score, knocked_out: bool) -> Band {
    if knocked_out {
        return Band::Poor;
    }
    match evidenced {
        Some(score) if coverage >= Score::percent(policy.minimum_coverage) => {
            if score >= Score::percent(policy.strong_from) {
                Band::Strong
            } else if score >= Score::percent(policy.adequate_from) {
                Band::Adequate
            } else if score >= Score::percent(policy.weak_from) {
                Band::Weak
            } else {
                Band::Poor
            }
        }
        _ => Band::Unassessed,
    }
}

/// The rating of a band in a tier, straight from the policy's table.
#[must_use]
pub fn rating(policy: &RatingPolicy, tier: Tier, band: Band) -> Rating {
    let row = match tier {
        Tier::Low => &policy.matrix.low,
        Tier::Medium => &policy.matrix.medium,
        // What is not known is not harmless.
        Tier::High | Tier::Unknown => &policy.matrix.high,
        Tier::Critical => &policy.matrix.critical,
    };
    match band {
        Band::Strong => row.strong,
        Band::Adequate => row.adequate,
        Band::Weak => row.weak,
        Band::Poor => row.poor,
        Band::Unassessed => Rating::Unassessed,
    }
}

/// The residual rating of an assessment.
///
/// It is the rating of [`band`]; with a knock-out it is at least that of a poor score, at least `high`, and in a critical
/// tier `extreme`, whatever the policy's matrix says: a policy may be stricter, never milder.
#[must_use]
pub fn residual(
    policy: &RatingPolicy,
    tier: Tier,
    evidenced: Option<Score>,
    coverage: Score,
    knocked_out: bool,
) -> Rating {
    let plain = rating(policy, tier, band(policy, evidenced, coverage, false));
    let floor = if tier == Tier::Critical { Rating::Extreme } else { Rating::High };
    if knocked_out { plain.max(rating(policy, tier, Band::Poor)).max(floor) } else { plain }
}

/// The strictest of several ratings: `extreme`, then `high`, `unassessed`, `moderate`, `low`. None at all is
/// `unassessed`.
///
/// *Unassessed* stands above *moderate*, because not knowing must never make a subject look safe, and below *high*,
/// because it must not hide what is known to be bad.
#[must_use]
pub fn worst(ratings: impl IntoIterator<Item = Rating>) -> Rating {
    ratings.into_iter().max().unwrap_or(Rating::Unassessed)
}
