//! What answers add up to: the scores, and what each question contributes to them.

use std::collections::BTreeMap;

use diligence_questionnaires::{Principle, Score};

use super::fraction::{Fraction, sum};
use super::{Evaluator, Row, View, score};

impl<'a> Evaluator<'a> {
    pub(super) fn counting<'r>(&self, rows: &'r [Row<'a>], principle: &Principle) -> Vec<&'r Row<'a>> {
        rows.iter().filter(|row| row.question.principle == principle.key && row.claimed.is_some()).collect()
    }

    /// 100 × Σ(weight · points) / Σ(100 · weight) over the questions of a principle that count.
    pub(super) fn principle_score(&self, rows: &[Row<'a>], principle: &Principle, view: View) -> Option<Fraction> {
        let counting = self.counting(rows, principle);
        let weights: i128 = counting.iter().map(|row| i128::from(row.question.weight)).sum();
        let points = sum(counting.iter().map(|row| Fraction::whole(row.question.weight) * row.points(view).unwrap()));
        self.note_if(weights == 0, "a principle with nothing to count");
        (weights > 0).then(|| points * Fraction::new(1, weights))
    }

    /// The weighted mean of the principles that have anything to count.
    pub(super) fn mean(&self, rows: &[Row<'a>], principles: &[&Principle], view: View) -> Option<Fraction> {
        let scored: Vec<(i128, Fraction)> = principles
            .iter()
            .filter_map(|principle| Some((i128::from(principle.weight), self.principle_score(rows, principle, view)?)))
            .collect();
        let weights: i128 = scored.iter().map(|(weight, _)| weight).sum();
        self.note_if(scored.iter().any(|(weight, _)| *weight == 0), "a principle of weight 0 is in no mean");
        self.note_if(
            principles.len() > 1 && scored.len() == principles.len() && weights > 0,
            "a weighted mean of several principles",
        );
        (weights > 0).then(|| sum(scored.iter().map(|(weight, score)| Fraction::new(*weight, weights) * *score)))
    }

    /// The score of some principles as shown, and what each question contributes to it. `weights` says how much each
    /// principle weighs among them.
    pub(super) fn shown(
        &self,
        rows: &[Row<'a>],
        weights: &[(&Principle, u16)],
        view: View,
    ) -> (Option<Score>, BTreeMap<&'a str, Score>) {
        let counting: Vec<_> = weights
            .iter()
            .map(|(principle, weight)| (*weight, self.counting(rows, principle)))
            .filter(|(_, rows)| !rows.is_empty())
            .collect();
        let all: i128 = counting.iter().map(|(weight, _)| i128::from(*weight)).sum();
        if all == 0 {
            return (None, BTreeMap::new());
        }
        let mut parts: Vec<(&'a str, Fraction)> = Vec::new();
        for (weight, rows) in counting {
            let inside: i128 = rows.iter().map(|row| i128::from(row.question.weight)).sum();
            for row in rows {
                let share = Fraction::new(weight.into(), all) * Fraction::new(row.question.weight.into(), inside);
                parts.push((&row.question.key, share * Fraction::whole(10) * row.points(view).unwrap()));
            }
        }
        let exact = sum(parts.iter().map(|(_, part)| *part));
        self.note_if(exact.beyond_floor() == Fraction::new(1, 2), "exactly half a tenth is rounded up");
        let total = exact.rounded();

        let mut given: BTreeMap<&str, i128> = parts.iter().map(|(key, part)| (*key, part.floor())).collect();
        // The largest remainder first, and of equal ones the first key.
        parts.sort_by_key(|(key, _)| *key);
        while given.values().sum::<i128>() < total {
            let largest = parts
                .iter()
                .map(|(_, part)| part.beyond_floor())
                .reduce(|largest, next| if next.is_above(largest) { next } else { largest })
                .unwrap();
            let first = parts.iter().position(|(_, part)| part.beyond_floor() == largest).unwrap();
            let (key, _) = parts.remove(first);
            *given.get_mut(key).unwrap() += 1;
            let last = given.values().sum::<i128>() == total;
            self.note_if(
                last && parts.iter().any(|(_, part)| part.beyond_floor() == largest),
                "the first key gets the last tenth between equal remainders",
            );
            self.note("the largest remainder gets a tenth");
        }
        (Some(score(total)), given.into_iter().map(|(key, tenths)| (key, score(tenths))).collect())
    }
}
