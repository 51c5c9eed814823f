//! A subject's scores over time, as a picture that the server draws and a table of the same facts.

use std::collections::BTreeMap;

use diligence_entities::{
    assessment::{Assessment, AssessmentState},
    clock::{Day, days_between},
};
use diligence_questionnaires::Score;

use crate::pages::format;

/// Where the picture's field begins and ends, in its own units.
const LEFT: i64 = 30;
const RIGHT: i64 = 310;
const TOP: i64 = 10;
const BOTTOM: i64 = 140;

/// The scores of one questionnaire over time.
pub(in crate::pages) struct Trend {
    pub(in crate::pages) title: String,
    pub(in crate::pages) points: Vec<Point>,
}

/// The scores of one approved assessment, and where they stand in the picture.
pub(in crate::pages) struct Point {
    pub(in crate::pages) on: Day,
    pub(in crate::pages) claimed: Score,
    pub(in crate::pages) shown: Score,
    pub(in crate::pages) x: i64,
    pub(in crate::pages) claimed_y: i64,
    pub(in crate::pages) shown_y: i64,
}

/// The questionnaires of which more than one assessment was approved, oldest assessment first.
pub(in crate::pages) fn trends(assessments: &[Assessment], titles: &BTreeMap<String, String>) -> Vec<Trend> {
    let mut by_questionnaire: BTreeMap<&str, Vec<(Day, Score, Score)>> = BTreeMap::new();
    for assessment in assessments
        .iter()
        .filter(|assessment| matches!(assessment.state.0, AssessmentState::Approved | AssessmentState::Superseded))
    {
        if let (Some(on), Some(claimed), Some(shown)) =
            (assessment.assessed_on, assessment.claimed.as_deref(), assessment.evidenced.as_deref())
        {
            by_questionnaire.entry(&assessment.questionnaire).or_default().push((on, *claimed, *shown));
        }
    }
    let trend = |(key, mut scores): (&str, Vec<(Day, Score, Score)>)| {
        scores.sort_by_key(|(on, ..)| *on);
        let (first, last) = (scores.first()?.0, scores.last()?.0);
        let title = titles.get(key).cloned().unwrap_or_else(|| key.to_owned());
        (scores.len() > 1)
            .then(|| Trend { title, points: scores.iter().map(|score| Point::new(score, first, last)).collect() })
    };
    by_questionnaire.into_iter().filter_map(trend).collect()
}

/// How high a score stands.
fn height(score: Score) -> i64 {
    BOTTOM - (BOTTOM - TOP) * i64::from(score.tenths()) / 1000
}

impl Point {
    fn new((on, claimed, shown): &(Day, Score, Score), first: Day, last: Day) -> Self {
        // Assessments of one day stand in the middle.
        let x = match days_between(first, last) {
            0 => i64::midpoint(LEFT, RIGHT),
            days => LEFT + (RIGHT - LEFT) * days_between(first, *on) / days,
        };
        Self { on: *on, claimed: *claimed, shown: *shown, x, claimed_y: height(*claimed), shown_y: height(*shown) }
    }
}

impl Trend {
    fn line(&self, y: impl Fn(&Point) -> i64) -> String {
        self.points.iter().map(|point| format!("{},{}", point.x, y(point))).collect::<Vec<_>>().join(" ")
    }

    pub(in crate::pages) fn claimed_line(&self) -> String {
        self.line(|point| point.claimed_y)
    }

    pub(in crate::pages) fn shown_line(&self) -> String {
        self.line(|point| point.shown_y)
    }

    /// The lines across, each with its score.
    pub(in crate::pages) const ACROSS: [(i64, u8); 3] = [(BOTTOM, 0), (i64::midpoint(TOP, BOTTOM), 50), (TOP, 100)];

    /// The days at both ends.
    pub(in crate::pages) fn ends(&self) -> (String, String) {
        let day = |point: Option<&Point>| point.map(|point| format::day(point.on)).unwrap_or_default();
        (day(self.points.first()), day(self.points.last()))
    }

    /// What the picture says, in one sentence.
    pub(in crate::pages) fn sentence(&self) -> String {
        let (Some(first), Some(last)) = (self.points.first(), self.points.last()) else { return String::new() };
        let way = match last.shown.cmp(&first.shown) {
            std::cmp::Ordering::Less => "It shows less than at first",
            std::cmp::Ordering::Equal => "It shows as much as at first",
            std::cmp::Ordering::Greater => "It shows more than at first",
        };
        format!("{way}: {} on {}, {} on {}.", first.shown, format::day(first.on), last.shown, format::day(last.on))
    }
}
