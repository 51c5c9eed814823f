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

/// The published table, a row for each tier from low to critical, a column for each band from strong to poor.
const TABLE: [[Rating; 4]; 4] = [
    [Rating::Low, Rating::Low, Rating::Moderate, Rating::Moderate],
    [Rating::Low, Rating::Moderate, Rating::Moderate, Rating::High],
    [Rating::Moderate, Rating::Moderate, Rating::High, Rating::Extreme],
    [Rating::Moderate, Rating::High, Rating::Extreme, Rating::Extreme],
];

/// The rating of a tier and a band by the published table.
pub fn second_rating(tier: Tier, band: Band) -> Rating {
    let row = [Tier::Low, Tier::Medium, Tier::High, Tier::Critical].iter().position(|known| *known == tier).unwrap();
    let column = [Band::Strong, Band::Adequate, Band::Weak, Band::Poor].iter().position(|known| *known == band);
    column.map_or(Rating::Unassessed, |column| TABLE[row][column])
}

/// The strictest of several ratings; none at all is unassessed, which never counts as safe.
pub fn second_worst(ratings: &[Rating]) -> Rating {
    let from_strictest = [Rating::Extreme, Rating::High, Rating::Unassessed, Rating::Moderate, Rating::Low];
    from_strictest.into_iter().find(|rating| ratings.contains(rating)).unwrap_or(Rating::Unassessed)
}

/// The residual rating: a knock-out never makes an assessment look better than not knowing.
pub fn second_residual(tier: Tier, evidenced: Option<Score>, coverage: Score, knocked_out: bool) -> Rating {
    let banded = second_rating(tier, second_band(evidenced, coverage, knocked_out));
    let otherwise = second_rating(tier, second_band(evidenced, coverage, false));
    if knocked_out && otherwise == Rating::Unassessed { second_worst(&[banded, otherwise]) } else { banded }
}
