//! What another edition or policy would move, in a page that begins at once, says how far the answer has come while it
//! is worked out, and ends with it.

use std::{cmp::Reverse, collections::BTreeMap};

use askama::Template;
use diligence_entities::what_if::{AssessmentMove, RatingMove, WhatIf, WhatIfLine, WhatIfSummary};
use futures_util::stream;
use poem::{Body, http::StatusCode};

use super::{
    format,
    page::{PageResult, html},
};
use crate::{problem::Problem, stream::broken};

/// Where the answer stands in the page that is sent ahead.
pub(super) const PLACE: &str = "<!-- the answer -->";
/// How many moves are shown one by one, the worst first; all are counted.
const SHOWN: usize = 200;

/// What has been found, the worst moves kept.
#[derive(Default)]
pub(super) struct Found {
    pub(super) summary: WhatIfSummary,
    pub(super) ratings: Vec<RatingMove>,
    pub(super) assessments: Vec<AssessmentMove>,
}

impl Found {
    /// Keeps a line; gives how far it has come, where it says so.
    fn take(&mut self, line: WhatIfLine) -> Option<String> {
        match line {
            WhatIfLine::Progress(progress) => {
                return Some(format!(
                    "{} of {}",
                    progress.done,
                    format::count(progress.total, "supplier", "suppliers")
                ));
            }
            WhatIfLine::Assessment(moved) => self.assessments.push(*moved),
            WhatIfLine::Rating(moved) => self.ratings.push(moved),
            WhatIfLine::Summary(summary) => self.summary = summary,
        }
        // Whatever the register holds, what is kept of it stays small.
        if self.assessments.len() > 4 * SHOWN || self.ratings.len() > 4 * SHOWN {
            self.cut();
        }
        None
    }

    fn cut(&mut self) {
        self.assessments.sort_by_key(|moved| (Reverse(moved.after.rating > moved.before.rating), tenths(moved)));
        self.assessments.truncate(SHOWN);
        self.ratings.sort_by_key(|moved| (Reverse(moved.after > moved.before), Reverse(moved.after), moved.before));
        self.ratings.truncate(SHOWN);
    }

    /// How many ratings would move that are not shown.
    pub(super) fn ratings_left(&self) -> u64 {
        (self.summary.better_count + self.summary.worse_count).saturating_sub(self.ratings.len() as u64)
    }

    /// How many assessments would move that are not shown.
    pub(super) fn assessments_left(&self) -> u64 {
        self.summary.moved_assessment_count.saturating_sub(self.assessments.len() as u64)
    }

    /// Suppliers and products by rating: how many have it, and how many would.
    pub(super) fn standing(&self) -> [(&'static str, u64, u64); 5] {
        let of = |counts: &BTreeMap<String, u64>, rating: &str| counts.get(rating).copied().unwrap_or_default();
        ["extreme", "high", "unassessed", "moderate", "low"]
            .map(|rating| (rating, of(&self.summary.ratings_before, rating), of(&self.summary.ratings_after, rating)))
    }
}

/// By how many tenths of a point the evidenced score would move.
pub(super) fn tenths(moved: &AssessmentMove) -> i64 {
    let of = |score: Option<diligence_questionnaires::Score>| score.map_or(0, |score| i64::from(score.tenths()));
    of(moved.after.evidenced) - of(moved.before.evidenced)
}

/// The page, with the answer in its place once it is there.
pub(super) async fn stream_page<F>(page: &impl Template, what_if: WhatIf, answer: F) -> PageResult
where
    F: FnOnce(Found) -> askama::Result<String> + Send + 'static,
{
    let mut response = html(StatusCode::OK, page)?;
    let whole = response.take_body().into_string().await.map_err(Problem::internal)?;
    let (head, tail) =
        whole.split_once(PLACE).map(|(head, tail)| (head.to_owned(), tail.to_owned())).unwrap_or_default();
    let first = (Some(head), Some((what_if, Found::default(), answer, tail)));
    let parts = stream::try_unfold(first, |(head, rest)| async move {
        if let Some(head) = head {
            return Ok::<_, std::io::Error>(Some((head, (None, rest))));
        }
        let Some((mut what_if, mut found, answer, tail)) = rest else { return Ok(None) };
        if let Some(lines) = what_if.next().await.map_err(broken)? {
            let far = lines.into_iter().filter_map(|line| found.take(line)).last();
            let text = far.map(|far| format!("<p class=\"coming\">{far} looked at</p>\n")).unwrap_or_default();
            return Ok(Some((text, (None, Some((what_if, found, answer, tail))))));
        }
        found.cut();
        let text = answer(found).map_err(std::io::Error::other)? + &tail;
        Ok(Some((text, (None, None))))
    });
    response.set_body(Body::from_bytes_stream(parts));
    Ok(response)
}
