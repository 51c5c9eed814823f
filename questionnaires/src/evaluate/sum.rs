//! Points times weights, added exactly.

use crate::edition::Points;
use crate::exact::Fraction;

/// A sum of weighted points: one number for each denominator, so that nothing is rounded and whole points, which are
/// almost all there are, need no list.
#[derive(Debug, Clone, Default)]
pub(super) struct WeightedPoints {
    whole: u128,
    /// Denominators above 1, each with the sum of what stands above its line.
    fractions: Vec<(u32, u128)>,
}

impl WeightedPoints {
    /// Adds points, which are none below 0.
    pub(super) fn add(&mut self, weight: u16, points: Points) {
        let above = u128::from(weight) * u128::from(points.numerator().unsigned_abs());
        let below = points.denominator();
        if below == 1 {
            self.whole = self.whole.saturating_add(above);
        } else if let Some((_, sum)) = self.fractions.iter_mut().find(|(denominator, _)| *denominator == below) {
            *sum = sum.saturating_add(above);
        } else {
            self.fractions.push((below, above));
        }
    }

    /// `factor` times the sum by `weight`, as terms to be added.
    pub(super) fn terms(&self, factor: u128, weight: u128) -> impl Iterator<Item = Fraction> + Clone {
        std::iter::once((1, self.whole)).chain(self.fractions.iter().copied()).map(move |(below, above)| Fraction {
            numerator: above.saturating_mul(factor),
            denominator: weight.saturating_mul(u128::from(below)),
        })
    }
}
