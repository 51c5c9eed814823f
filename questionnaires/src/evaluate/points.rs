//! State and points of one question, from its answer, its evidence and the reviewer.

use chrono::{Months, NaiveDate};
use serde_json::Value;

use super::{Asked, Chosen, Held, Slot, is_blank};
use crate::answer::{Answer, EvidenceFact, MAX_EVIDENCE_IDS, NotCounted, Review, parse_date};
use crate::edition::{Decimal, EvidenceNeed, MAX_OPTIONS, NotApplicable, PointBand, Points, Question, QuestionType};
use crate::score::{EvidenceState, QuestionState};

/// Works out state and points of one visible question.
pub(super) fn score<'a>(
    question: &Question,
    asked: &Asked,
    slot: &mut Slot<'a>,
    review: &'a Review,
    facts: &[(&str, &EvidenceFact)],
    on: NaiveDate,
) {
    let Some(answer) = slot.answer.filter(|_| slot.held != Held::Nothing) else {
        let skipped = asked.may_skip && slot.answer.is_some_and(|answer| question.is_marked_not_applicable(answer));
        slot.state = match (skipped, asked.weight) {
            (true, _) => QuestionState::NotApplicable,
            (false, 0) => QuestionState::Information,
            (false, _) => QuestionState::Unanswered,
        };
        return;
    };
    let valid = match question.evidence.need {
        EvidenceNeed::Needed => {
            slot.evidence = evidence_state(question, answer, facts, on);
            slot.evidence == EvidenceState::Valid
        }
        EvidenceNeed::None | EvidenceNeed::Optional => true,
    };
    let own_points = match slot.held {
        Held::Options(chosen) => Some(question.option_points(&chosen)),
        Held::Number(number) => {
            slot.band = question
                .bands
                .iter()
                .position(|band| band.otherwise || band.at_least.is_some_and(|limit| number >= limit));
            Some(slot.band.map_or(Points::ZERO, |band| question.bands[band].points))
        }
        Held::Date(date) => {
            let (band, points) = date_band(&question.bands, date, on);
            slot.band = band;
            Some(points)
        }
        Held::Words | Held::Nothing => None,
    };
    if asked.weight == 0 || asked.principle.is_none() {
        slot.state = QuestionState::Information;
        return;
    }
    let reviewed =
        if review.is_empty() { None } else { review.get(&question.key).filter(|reviewed| reviewed.points <= 100) };
    slot.state = QuestionState::Answered;
    match (own_points, reviewed) {
        (None, None) => {
            slot.state = QuestionState::AwaitingReview;
            return;
        }
        (None, Some(reviewed)) => slot.claimed = Points::whole(reviewed.points),
        (Some(own), reviewed) => {
            slot.own_points = own.clamp(Points::ZERO, Points::FULL);
            slot.claimed = slot.own_points;
            // Without a reason nobody could tell later why the points were replaced, so they are not.
            if let Some((points, reason)) =
                reviewed.and_then(|reviewed| Some((reviewed.points, reviewed.reason.as_deref()?)))
                && !is_blank(reason)
            {
                slot.claimed = Points::whole(points);
                slot.replaced = Some(reason);
            }
        }
    }
    slot.evidenced = if valid { slot.claimed } else { Points::ZERO };
}

/// The band a date falls in on the assessment date, and its points.
///
/// A date after the assessment date is no age at all: it takes the `otherwise` band of a scale of ages, for what that
/// band reveals, and 0 points.
fn date_band(bands: &[PointBand], date: NaiveDate, on: NaiveDate) -> (Option<usize>, Points) {
    let ahead = date > on && bands.iter().any(|band| band.within_months.is_some());
    let fits = |band: &PointBand| {
        if band.otherwise {
            true
        } else if let Some(months) = band.within_months {
            !ahead && date.checked_add_months(Months::new(u32::from(months))).is_none_or(|last| on <= last)
        } else {
            !ahead && band.on_or_after.is_some_and(|first| date >= first)
        }
    };
    let band = bands.iter().position(fits);
    (band, band.filter(|_| !ahead).map_or(Points::ZERO, |band| bands[band].points))
}

pub(super) fn sorted_facts(evidence: &[EvidenceFact]) -> Vec<(&str, &EvidenceFact)> {
    let mut facts: Vec<(&str, &EvidenceFact)> = evidence.iter().map(|fact| (fact.id.as_str(), fact)).collect();
    facts.sort_by_key(|(id, _)| *id);
    facts
}

fn evidence_state(
    question: &Question,
    answer: &Answer,
    facts: &[(&str, &EvidenceFact)],
    on: NaiveDate,
) -> EvidenceState {
    let file = if question.kind == QuestionType::File { answer.value.as_ref().and_then(Value::as_str) } else { None };
    let ids = answer.evidence_ids.iter().map(String::as_str).take(MAX_EVIDENCE_IDS).chain(file);
    let mut best = EvidenceState::Missing;
    for id in ids {
        let start = facts.partition_point(|(known, _)| *known < id);
        for (_, fact) in facts[start..].iter().take_while(|(known, _)| *known == id) {
            let kinds = &question.evidence.kinds;
            let state = if !kinds.is_empty() && !kinds.contains(&fact.kind) {
                EvidenceState::WrongKind
            } else if fact.is_valid_on(on) {
                return EvidenceState::Valid;
            } else {
                // What is out of date is so whether it would count or not.
                match fact.not_counted.filter(|_| fact.is_in_date(on)) {
                    Some(NotCounted::Unchecked) => EvidenceState::Unchecked,
                    Some(NotCounted::Undated) => EvidenceState::Undated,
                    Some(NotCounted::Superseded) => EvidenceState::Superseded,
                    None if fact.issued_on.is_some_and(|issued| issued > on) => EvidenceState::NotYetValid,
                    None => EvidenceState::Expired,
                }
            };
            best = best.min(state);
        }
    }
    best
}

impl Question {
    /// Whether it may be marked not applicable: where it says so, and never where it is required and can cap the
    /// rating.
    #[must_use]
    pub fn may_be_not_applicable(&self) -> bool {
        self.not_applicable != NotApplicable::No && !(self.required && self.can_knock_out())
    }

    /// Whether a reason is asked for where it is marked not applicable.
    #[must_use]
    pub fn needs_reason_not_to_apply(&self) -> bool {
        self.may_be_not_applicable() && self.not_applicable != NotApplicable::WithoutReason
    }

    /// Whether an answer marks it not applicable: without a value and, unless the question asks for none, with a
    /// reason. Whether it may be marked so, [`Question::may_be_not_applicable`] says.
    #[must_use]
    pub fn is_marked_not_applicable(&self, answer: &Answer) -> bool {
        let marked = answer.value.is_none() && answer.not_applicable.is_some();
        marked && (self.not_applicable == NotApplicable::WithoutReason || answer.is_marked_not_applicable())
    }

    /// Whether an answer to it can cap the rating.
    #[must_use]
    pub fn can_knock_out(&self) -> bool {
        self.options.iter().any(|choice| choice.knock_out.is_some())
            || self.bands.iter().any(|band| band.knock_out.is_some())
    }

    /// What the chosen options are worth together. Options whose fractions have no common denominator within the limit
    /// exist only in an edition built by hand; they are worth nothing together.
    fn option_points(&self, chosen: &Chosen) -> Points {
        let chosen = self.options.iter().enumerate().filter(|(number, _)| chosen.has(*number));
        Points::held_sum(chosen.map(|(_, choice)| choice.points)).unwrap_or(Points::ZERO)
    }

    /// The number of the option with this value, as far as it can be chosen.
    pub(super) fn option_number(&self, value: &str) -> Option<usize> {
        self.options.iter().take(MAX_OPTIONS).position(|choice| choice.value == value)
    }

    /// What an answer holds; nothing where it does not fit the question.
    pub(crate) fn hold(&self, answer: &Answer) -> Held {
        self.held(answer).unwrap_or(Held::Nothing)
    }

    fn held(&self, answer: &Answer) -> Option<Held> {
        let value = answer.value.as_ref()?;
        match self.kind {
            QuestionType::YesNo | QuestionType::SingleChoice => {
                let text = match value {
                    Value::Bool(true) if self.kind == QuestionType::YesNo => "yes",
                    Value::Bool(false) if self.kind == QuestionType::YesNo => "no",
                    other => other.as_str()?,
                };
                let mut chosen = Chosen::default();
                chosen.insert(self.option_number(text)?).then_some(Held::Options(chosen))
            }
            QuestionType::MultipleChoice => {
                let mut chosen = Chosen::default();
                for item in value.as_array()? {
                    chosen.insert(self.option_number(item.as_str()?)?);
                }
                let exclusive =
                    || self.options.iter().enumerate().any(|(number, choice)| choice.exclusive && chosen.has(number));
                let count = chosen.count();
                (count > 0 && !(count > 1 && exclusive())).then_some(Held::Options(chosen))
            }
            QuestionType::Number => {
                let Value::Number(number) = value else { return None };
                let number = Decimal::from_json(number)?;
                let inside = self.minimum.is_none_or(|minimum| minimum <= number)
                    && self.maximum.is_none_or(|maximum| number <= maximum);
                inside.then_some(Held::Number(number))
            }
            QuestionType::Date => parse_date(value.as_str()?).map(Held::Date),
            QuestionType::Text | QuestionType::File => {
                value.as_str().filter(|text| !is_blank(text)).map(|_| Held::Words)
            }
        }
    }
}
