//! Exact sums of fractions, and their largest-remainder shares.
//!
//! Scores are sums of fractions with many different denominators. Floating point would round differently by order;
//! here a fixed-point bracket decides almost every case at once, and big integers decide the rest.

use num_bigint::BigUint;

/// A fraction; a denominator of 0 counts as nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fraction {
    pub(crate) numerator: u128,
    pub(crate) denominator: u128,
}

const FRACTION_BITS: u32 = 40;

/// The whole part of a sum of fractions, exactly.
pub(crate) fn floor_sum(terms: impl Iterator<Item = Fraction> + Clone) -> u128 {
    let mut whole: u128 = 0;
    let mut bracket: u128 = 0;
    let mut inexact: u128 = 0;
    for term in terms.clone().filter(|term| term.denominator != 0) {
        whole = whole.saturating_add(term.numerator / term.denominator);
        let rest = term.numerator % term.denominator;
        if rest != 0 {
            let Some(scaled) = rest.checked_mul(1 << FRACTION_BITS) else {
                return floor_sum_big(terms);
            };
            bracket = bracket.saturating_add(scaled / term.denominator);
            inexact += u128::from(scaled % term.denominator != 0);
        }
    }
    // The true sum lies in [bracket, bracket + inexact): decided, unless a whole number lies strictly inside.
    let low = bracket >> FRACTION_BITS;
    let high = (bracket + inexact.saturating_sub(1)) >> FRACTION_BITS;
    if low == high { whole.saturating_add(low) } else { floor_sum_big(terms) }
}

fn floor_sum_big(terms: impl Iterator<Item = Fraction>) -> u128 {
    let mut numerator = BigUint::from(0_u32);
    let mut denominator = BigUint::from(1_u32);
    for term in terms.filter(|term| term.denominator != 0) {
        numerator = numerator * term.denominator + &denominator * term.numerator;
        denominator *= term.denominator;
    }
    u128::try_from(numerator / denominator).unwrap_or(u128::MAX)
}

/// `numerator / denominator`, rounded half up; `None` for a denominator of 0.
pub(crate) fn round_half_up(numerator: u128, denominator: u128) -> Option<u128> {
    let twice = denominator.checked_mul(2).filter(|twice| *twice != 0)?;
    Some(numerator.saturating_mul(2).saturating_add(denominator) / twice)
}

/// The sum of fractions by `weights`, rounded half up; `None` where that is 0.
///
/// Rounding a sum `x / n` half up is `floor((2x + n) / 2n)`, and for whole `n` only the floor of `2x` matters.
pub(crate) fn rounded_quotient(terms: impl Iterator<Item = Fraction> + Clone, weights: u128) -> Option<u128> {
    let twice = floor_sum(terms.map(|fraction| Fraction {
        numerator: fraction.numerator.saturating_mul(2),
        denominator: fraction.denominator,
    }));
    let divisor = weights.checked_mul(2).filter(|divisor| *divisor != 0)?;
    Some(twice.saturating_add(weights) / divisor)
}

/// One part of a total that is to be shown rounded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part {
    /// Which item it belongs to.
    pub(crate) item: usize,
    /// What decides between equal remainders: lower goes first, and no two parts share one.
    pub(crate) rank: u32,
    /// Its exact size.
    pub(crate) exact: Fraction,
}

/// Shares a rounded total among its exact parts, by largest remainder: each gets its whole part, and those with the
/// largest remainders one more until the total is reached. Equal remainders go to the lower rank, so that the order of
/// the parts is irrelevant. Calls `give` once for each part; reorders `parts`.
pub(crate) fn apportion(total: u128, parts: &mut [Part], mut give: impl FnMut(usize, u128)) {
    let whole = |part: &Part| part.exact.numerator.checked_div(part.exact.denominator).unwrap_or(0);
    let floors = parts.iter().map(whole).fold(0_u128, u128::saturating_add);
    let extra = usize::try_from(total.saturating_sub(floors)).unwrap_or(usize::MAX).min(parts.len());
    if extra > 0 && extra < parts.len() {
        parts.select_nth_unstable_by(extra, |left, right| {
            let rest = |part: &Part| part.exact.numerator.checked_rem(part.exact.denominator).unwrap_or(0);
            let left_rest = rest(left).saturating_mul(right.exact.denominator.max(1));
            let right_rest = rest(right).saturating_mul(left.exact.denominator.max(1));
            right_rest.cmp(&left_rest).then(left.rank.cmp(&right.rank))
        });
    }
    for (place, part) in parts.iter().enumerate() {
        give(part.item, whole(part) + u128::from(place < extra));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fractions() -> impl Strategy<Value = Vec<(u128, u128)>> {
        prop::collection::vec((0_u128..4_000_000_000_000, 1_u128..2_000_001), 0..40)
    }

    fn small_fractions() -> impl Strategy<Value = Vec<(u128, u128)>> {
        prop::collection::vec((0_u128..200, 1_u128..13), 0..12)
    }

    fn terms(list: &[(u128, u128)]) -> impl Iterator<Item = Fraction> + Clone {
        list.iter().map(|(numerator, denominator)| Fraction { numerator: *numerator, denominator: *denominator })
    }

    proptest! {
        #[test]
        fn the_quick_sum_equals_the_big_one(list in fractions()) {
            prop_assert_eq!(floor_sum(terms(&list)), floor_sum_big(terms(&list)));
        }

        #[test]
        fn the_quick_sum_equals_the_big_one_where_sums_are_often_whole(list in small_fractions()) {
            prop_assert_eq!(floor_sum(terms(&list)), floor_sum_big(terms(&list)));
        }
    }

    #[test]
    fn three_thirds_are_one() {
        assert_eq!(floor_sum(terms(&[(1, 3), (1, 3), (1, 3)])), 1);
        assert_eq!(floor_sum(terms(&[(1, 3), (1, 3), (333_333, 1_000_000)])), 0);
    }

    #[test]
    fn fractions_too_wide_for_the_quick_sum_are_added_exactly() {
        let wide = 1_u128 << 100;
        assert_eq!(floor_sum(terms(&[(wide - 1, wide), (1, wide), (1, 2)])), 1);
        assert_eq!(floor_sum(terms(&[(wide - 2, wide), (1, wide)])), 0);
    }

    #[test]
    fn halves_round_up() {
        assert_eq!(round_half_up(1, 2), Some(1));
        assert_eq!(round_half_up(49, 100), Some(0));
        assert_eq!(round_half_up(1, 0), None);
        let half = Fraction { numerator: 1, denominator: 2 };
        let weighed = |(weight, part): (u128, Fraction)| Fraction { numerator: part.numerator * weight, ..part };
        assert_eq!(rounded_quotient([(3, half), (5, half)].into_iter().map(weighed), 8), Some(1));
        let third = Fraction { numerator: 1, denominator: 3 };
        assert_eq!(rounded_quotient([(3, third), (5, half)].into_iter().map(weighed), 8), Some(0));
        assert_eq!(rounded_quotient([(0, half)].into_iter().map(weighed), 0), None);
    }

    #[test]
    fn the_largest_remainders_get_the_rest_and_ties_go_by_rank() {
        let mut parts: Vec<Part> = [(2, 10_u128), (1, 10), (0, 11)]
            .into_iter()
            .enumerate()
            .map(|(item, (rank, numerator))| Part { item, rank, exact: Fraction { numerator, denominator: 3 } })
            .collect();
        let mut given = [0; 3];
        apportion(10, &mut parts, |item, share| given[item] = share);
        assert_eq!(given, [3, 3, 4]);
        apportion(11, &mut parts, |item, share| given[item] = share);
        assert_eq!(given, [3, 4, 4]);
    }
}
