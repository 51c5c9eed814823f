//! Bands and ratings by the published defaults.

use diligence_questionnaires::{Band, Rating, Score, Tier};

/// The limits of the bands and the least coverage, as published.
const STRONG: u32 = 800;
const ADEQUATE: u32 = 600;
const WEAK: u32 = 400;
const LEAST_COVERAGE: u32 = 800;

/// The band of an assessment by the published defaults.
pub fn second_band(evidenced: Option<Score>, coverage: Score, knocked_out: bool) -> Band {
    match evidenced.map(Score::tenths) {
        _ if knocked_out => Band::Poor,
        _ if coverage.tenths() < LEAST_COVERAGE => Band::Unassessed,
        None => Band::Unassessed,
        Some(STRONG..) => Band::Strong,
        Some(ADEQUATE..) => Band::Adequate,
        Some(WEAK..) => Band::Weak,
        Some(_) => Band::Poor,
    }
}

/// The published table, a row for each tier from low to critical, a column for each band from strong to poor. What
/// nobody knows is rated as if much depended on it.
const TABLE: [[Rating; 4]; 5] = [
    [Rating::Low, Rating::Low, Rating::Moderate, Rating::Moderate],
    [Rating::Moderate, Rating::Moderate, Rating::High, Rating::Extreme],
    [Rating::Low, Rating::Moderate, Rating::Moderate, Rating::High],
    [Rating::Moderate, Rating::Moderate, Rating::High, Rating::Extreme],
    [Rating::Moderate, Rating::High, Rating::Extreme, Rating::Extreme],
];

/// The tiers, by the rows of the table.
const TIERS: [Tier; 5] = [Tier::Low, Tier::Unknown, Tier::Medium, Tier::High, Tier::Critical];

/// The rating of a tier and a band by the published table.
pub fn second_rating(tier: Tier, band: Band) -> Rating {
    let row = TIERS.iter().position(|known| *known == tier).unwrap();
    let column = [Band::Strong, Band::Adequate, Band::Weak, Band::Poor].iter().position(|known| *known == band);
    column.map_or(Rating::Unassessed, |column| TABLE[row][column])
}

/// The strictest of several ratings; none at all is unassessed, which never counts as safe.
pub fn second_worst(ratings: &[Rating]) -> Rating {
    let from_strictest = [Rating::Extreme, Rating::High, Rating::Unassessed, Rating::Moderate, Rating::Low];
    from_strictest.into_iter().find(|rating| ratings.contains(rating)).unwrap_or(Rating::Unassessed)
}

/// The residual rating: with a knock-out never better than high, nor than extreme where care cannot go on without it.
pub fn second_residual(tier: Tier, evidenced: Option<Score>, coverage: Score, knocked_out: bool) -> Rating {
    let banded = second_rating(tier, second_band(evidenced, coverage, knocked_out));
    match (knocked_out, tier) {
        (false, _) => banded,
        (true, Tier::Critical) => Rating::Extreme,
        (true, _) => second_worst(&[banded, Rating::High]),
    }
}
