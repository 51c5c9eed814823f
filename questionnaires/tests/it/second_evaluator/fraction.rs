//! A number that is never rounded.

use std::ops::{Add, Mul};

use diligence_questionnaires::Points;

/// A number that is never rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fraction {
    top: i128,
    bottom: i128,
}

impl Fraction {
    pub(super) fn new(top: i128, bottom: i128) -> Self {
        let common = greatest_common_divisor(top, bottom);
        Self { top: top / common, bottom: bottom / common }
    }

    pub(super) fn whole(number: impl Into<i128>) -> Self {
        Self::new(number.into(), 1)
    }

    pub(super) fn floor(self) -> i128 {
        self.top.div_euclid(self.bottom)
    }

    pub(super) fn beyond_floor(self) -> Self {
        self + Self::whole(-self.floor())
    }

    /// Rounded to a whole number, half up.
    pub(super) fn rounded(self) -> i128 {
        (self + Self::new(1, 2)).floor()
    }

    pub(super) fn as_points(self) -> Points {
        Points::fraction(i64::try_from(self.top).unwrap(), u64::try_from(self.bottom).unwrap()).unwrap()
    }

    pub(super) fn is_above(self, other: Self) -> bool {
        self.top * other.bottom > other.top * self.bottom
    }
}

fn greatest_common_divisor(left: i128, right: i128) -> i128 {
    if right == 0 { left.abs().max(1) } else { greatest_common_divisor(right, left % right) }
}

impl Add for Fraction {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self::new(self.top * other.bottom + other.top * self.bottom, self.bottom * other.bottom)
    }
}

impl Mul for Fraction {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        Self::new(self.top * other.top, self.bottom * other.bottom)
    }
}

pub(super) fn sum(parts: impl IntoIterator<Item = Fraction>) -> Fraction {
    parts.into_iter().fold(Fraction::whole(0), Add::add)
}
