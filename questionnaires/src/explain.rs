//! What would raise a score most: for each question the honest best that could stand there, and what it would bring.
//!
//! Nothing is estimated. Each suggestion is put among the answers, alone, and the whole is evaluated again: a better
//! answer may show or hide other questions, and the gain told is what is left after that.
//!
//! It costs one [`Prepared::summary`] for each question that could be better, and at most [`MAX_TRIALS`] more for the
//! way to the next band: quadratic in the questions. For 2,000 of them, the most an edition may have, one core needs
//! about a second or two; for the 100 of a long questionnaire a few milliseconds.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

use chrono::{Days, Months, NaiveDate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::answer::{Answer, Answers, EvidenceFact, EvidenceKind, Review, ReviewedPoints, Subject};
use crate::edition::{
    Choice, Decimal, Edition, EvidenceNeed, EvidenceRule, MAX_OPTIONS, MAX_QUESTIONS, NotApplicable, Points, Principle,
    Question, QuestionType, Section,
};
use crate::evaluate::{Held, Prepared, is_blank};
use crate::movement::{QuestionPoints, ScoreChange};
use crate::rating::{Band, RatingPolicy, band};
use crate::score::{Contribution, Input, Outcome, QuestionState, Score, Summary};

/// How many evaluations the search for a way to the next band may cost. It is enough for the most questions where none
/// depends on another, and whatever the conditions for 75 questions that could be better; past it the search goes no
/// further, and the way it has found may hold a needless step.
pub const MAX_TRIALS: usize = 3 * MAX_QUESTIONS;

/// What would raise a score, most first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Improvements {
    /// The claimed score as it is.
    pub claimed: Option<Score>,
    /// The evidenced score as it is.
    pub evidenced: Option<Score>,
    /// The coverage as it is.
    pub coverage: Score,
    /// The band as it is.
    pub band: Band,
    /// The next better band; absent when the band is *strong*. Where a knock-out or too little answered stands before
    /// the score, it is the band that the score alone would have, and at least *weak*.
    pub next_band: Option<Band>,
    /// The improvements: the largest evidenced gain first, then the largest claimed gain, then those that lift a
    /// knock-out, then in the edition's order. One that would change nothing is left out.
    pub improvements: Vec<Improvement>,
    /// The questions whose improvements together reach the next band or a better one, in the order in which to take
    /// them: knock-outs first, then the largest gain. None of them can be left out (see [`MAX_TRIALS`]).
    ///
    /// Absent when the band is *strong*, and when no such way was found among the questions asked now. Where no
    /// question depends on another answer, a way is found whenever there is one.
    pub to_next_band: Option<Vec<String>>,
}

/// The best that could honestly stand at one question, and what it alone would bring.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Improvement {
    /// The question's key.
    pub question: String,
    /// Its principle.
    pub principle: String,
    /// Its text.
    pub text: String,
    /// What has to happen, all of it; never empty.
    pub how: Vec<ImprovementHow>,
    /// The answer to give; absent when the present one can stay, and for a text or file, which nobody can suggest.
    ///
    /// A number or date is the limit of the best band: the least that will do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// A piece of evidence that is already there, valid and of an accepted kind, and only has to be attached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence_at_hand: Option<String>,
    /// Its points as it is; absent when it does not count.
    pub points_before: Option<QuestionPoints>,
    /// Its points then; absent when it never counts.
    pub points_after: Option<QuestionPoints>,
    /// What it adds to the claimed score; no score counts as 0. Below 0 when the better answer shows questions that
    /// are not answered yet, or when the answer that lifts a knock-out is worth less.
    pub claimed_gain: ScoreChange,
    /// What it adds to the evidenced score.
    pub evidenced_gain: ScoreChange,
    /// What it adds to the coverage.
    pub coverage_gain: ScoreChange,
    /// Whether the present answer caps the rating and the suggested one does not. Others may still cap it.
    pub lifts_knock_out: bool,
    /// The band then.
    pub band_after: Band,
}

/// What has to happen at a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImprovementHow {
    /// It is answered, where nothing was answered.
    Answer,
    /// Another answer becomes true.
    OtherAnswer,
    /// A piece of evidence of an accepted kind, valid on the assessment date, is attached.
    Evidence,
    /// A reviewer rates the text or file, with 100 points.
    Review,
    /// A reviewer takes back the points put in the place of the answer's own.
    ReviewAgain,
}

/// What would raise the evidenced score most, question by question, and what would reach the next band.
///
/// Looked at are the visible questions that count and are not worth 100 in the evidenced score, the texts and files
/// that wait for a reviewer, and the answers that cap the rating. Questions marked not applicable stay so. Total, as
/// [`crate::score::evaluate`].
#[must_use]
pub fn improvements<E: Deref<Target = Edition>>(
    prepared: &Prepared<E>,
    input: &Input<'_>,
    policy: &RatingPolicy,
) -> Improvements {
    let edition = prepared.edition();
    let outcome = prepared.evaluate(input);
    let now = prepared.summary(input);
    let mut supposed = Supposed::new(edition, input);
    let mut found: Vec<(Improvement, Change)> = Vec::new();
    for (question, contribution, capping) in open_questions(edition, &outcome) {
        let Some(mut suggested) = suggest(question, contribution, capping, &supposed) else { continue };
        supposed.exchange(&mut suggested.change);
        let then = prepared.summary(&supposed.input());
        supposed.exchange(&mut suggested.change);
        let principle = edition.principle(&question.principle);
        let points_before = QuestionPoints::of(contribution);
        let points_after = suggested.points.filter(|_| question.weight > 0 && principle.is_some());
        // A gain too small for one decimal place is one all the same: many of them reach the next band.
        let better = points_before != points_after && principle.is_some_and(|principle| principle.weight > 0);
        if !better && !capping && then == now {
            continue;
        }
        let improvement = Improvement {
            question: question.key.clone(),
            principle: question.principle.clone(),
            text: question.text.clone(),
            how: suggested.how,
            value: suggested.value,
            evidence_at_hand: suggested.evidence_at_hand,
            points_before,
            points_after,
            claimed_gain: ScoreChange::between(now.claimed, then.claimed),
            evidenced_gain: ScoreChange::between(now.evidenced, then.evidenced),
            coverage_gain: ScoreChange::between(Some(now.coverage), Some(then.coverage)),
            lifts_knock_out: capping,
            band_after: band_of(policy, &then),
        };
        found.push((improvement, suggested.change));
    }
    found.sort_by_key(|(one, _)| (Reverse(one.evidenced_gain), Reverse(one.claimed_gain), !one.lifts_knock_out));
    let next_band = next_band(policy, &now);
    let to_next_band = next_band
        .and_then(|wanted| Way { prepared, policy, wanted, trials: MAX_TRIALS }.find(now, &mut supposed, &mut found));
    Improvements {
        claimed: now.claimed,
        evidenced: now.evidenced,
        coverage: now.coverage,
        band: band_of(policy, &now),
        next_band,
        improvements: found.into_iter().map(|(improvement, _)| improvement).collect(),
        to_next_band,
    }
}

fn band_of(policy: &RatingPolicy, summary: &Summary) -> Band {
    band(policy, summary.evidenced, summary.coverage, summary.knocked_out)
}

fn next_band(policy: &RatingPolicy, now: &Summary) -> Option<Band> {
    let by_score = band(policy, now.evidenced, Score::FULL, false).min(Band::Weak);
    match band_of(policy, now) {
        Band::Strong => None,
        Band::Adequate => Some(Band::Strong),
        Band::Weak => Some(Band::Adequate),
        Band::Poor | Band::Unassessed => Some(by_score),
    }
}

/// The visible questions at which something could be better, each with what it contributes and whether it caps the
/// rating.
fn open_questions<'a>(
    edition: &'a Edition,
    outcome: &'a Outcome,
) -> impl Iterator<Item = (&'a Question, &'a Contribution, bool)> {
    let knocked_out: BTreeSet<&str> = outcome.knock_outs.iter().map(|one| one.question.as_str()).collect();
    // Contributions stand in the edition's order. Keys repeat only in an edition built by hand.
    let mut questions = edition.questions();
    let mut seen = BTreeSet::new();
    let visible = outcome
        .contributions
        .iter()
        .filter_map(move |one| Some((questions.find(|question| question.key == one.question)?, one)));
    visible
        .filter_map(move |(question, one)| {
            let capping = knocked_out.contains(question.key.as_str());
            let short = one.points_evidenced.is_some_and(|points| points < Points::FULL)
                || one.state == QuestionState::AwaitingReview;
            ((short || capping) && seen.insert(question.key.as_str())).then_some((question, one, capping))
        })
        .take(MAX_QUESTIONS)
}

/// What stands at one question instead of what stands there now.
struct Change {
    question: String,
    answer: Option<Answer>,
    review: Option<ReviewedPoints>,
}

/// The input with changes in it.
struct Supposed<'a> {
    answers: Answers,
    review: Review,
    evidence: Vec<EvidenceFact>,
    subject: &'a Subject,
    on: NaiveDate,
    /// For each kind, the id of a valid piece: one that is there already, or else one made up.
    pieces: BTreeMap<EvidenceKind, (String, bool)>,
    /// A text, and the id of a file, that nobody has used.
    words: String,
}

impl<'a> Supposed<'a> {
    fn new(edition: &Edition, input: &Input<'a>) -> Self {
        let mut pieces: BTreeMap<EvidenceKind, (String, bool)> = BTreeMap::new();
        let mut at_hand: Vec<&EvidenceFact> =
            input.evidence.iter().filter(|fact| fact.is_valid_on(input.on) && !is_blank(&fact.id)).collect();
        at_hand.sort();
        for fact in at_hand {
            pieces.entry(fact.kind).or_insert_with(|| (fact.id.clone(), true));
        }
        let names = input.answers.values().flat_map(|answer| {
            answer.evidence_ids.iter().map(String::as_str).chain(answer.value.as_ref().and_then(Value::as_str))
        });
        let taken: BTreeSet<&str> = names.chain(input.evidence.iter().map(|fact| fact.id.as_str())).collect();
        let mut unused = (0_u32..).map(|number| format!("supposed {number}")).filter(|id| !taken.contains(id.as_str()));
        let words = unused.next().unwrap_or_default();
        // Pieces that no answer names change nothing, so they can all be there from the start.
        let mut evidence = input.evidence.to_vec();
        for question in edition.questions().filter(|question| question.evidence.need == EvidenceNeed::Needed) {
            let kind = first_kind(&question.evidence);
            pieces.entry(kind).or_insert_with(|| {
                let id = unused.next().unwrap_or_default();
                evidence.push(EvidenceFact {
                    id: id.clone(),
                    kind,
                    issued_on: None,
                    expires_on: None,
                    file_sha256: None,
                    not_counted: None,
                });
                (id, false)
            });
        }
        // Each evaluation sorts them, which costs least where they are sorted.
        evidence.sort();
        Self {
            answers: input.answers.clone(),
            review: input.review.clone(),
            evidence,
            subject: input.subject,
            on: input.on,
            pieces,
            words,
        }
    }

    fn input(&self) -> Input<'_> {
        Input {
            answers: &self.answers,
            review: &self.review,
            evidence: &self.evidence,
            subject: self.subject,
            on: self.on,
        }
    }

    /// Puts a change in, and what stood there into the change: done twice, nothing has happened.
    fn exchange(&mut self, change: &mut Change) {
        let key = &change.question;
        change.answer = match change.answer.take() {
            Some(answer) => self.answers.insert(key.clone(), answer),
            None => self.answers.remove(key),
        };
        change.review = match change.review.take() {
            Some(reviewed) => self.review.insert(key.clone(), reviewed),
            None => self.review.remove(key),
        };
    }

    /// A valid piece of an accepted kind, and whether it is there already: one at hand before one to get.
    fn piece(&self, rule: &EvidenceRule) -> Option<&(String, bool)> {
        let accepted = || {
            self.pieces
                .iter()
                .filter(|(kind, _)| rule.kinds.is_empty() || rule.kinds.contains(kind))
                .map(|(_, piece)| piece)
        };
        accepted().find(|(_, at_hand)| *at_hand).or_else(|| self.pieces.get(&first_kind(rule)))
    }
}

fn first_kind(rule: &EvidenceRule) -> EvidenceKind {
    rule.kinds.first().copied().unwrap_or(EvidenceKind::Other)
}

/// The best for one question, before it is known what it brings.
struct Suggested {
    how: Vec<ImprovementHow>,
    value: Option<Value>,
    evidence_at_hand: Option<String>,
    points: Option<QuestionPoints>,
    change: Change,
}

/// The honest best that could stand at a question; `None` when nothing better could.
fn suggest(
    question: &Question,
    contribution: &Contribution,
    capping: bool,
    supposed: &Supposed<'_>,
) -> Option<Suggested> {
    let present = supposed.answers.get(&question.key);
    let held = present.is_some_and(|answer| question.hold(answer) != Held::Nothing);
    let mut answer = Answer { not_applicable: None, ..present.cloned().unwrap_or_default() };
    let mut review = supposed.review.get(&question.key).cloned();
    let (mut how, mut value, mut evidence_at_hand) = (Vec::new(), None, None);
    let alone = Alone::new(question);

    if matches!(question.kind, QuestionType::Text | QuestionType::File) {
        if !held {
            how.push(ImprovementHow::Answer);
            answer.value = Some(Value::from(supposed.words.as_str()));
        }
        if review.as_ref().is_none_or(|reviewed| reviewed.points != 100) {
            how.push(ImprovementHow::Review);
            review = Some(ReviewedPoints { points: 100, reason: None, reviewer: None });
        }
    } else {
        let stays = held && !capping;
        let best = alone.best(question, present, supposed.on);
        let own = if stays { alone.own_points(&answer, supposed.on) } else { None };
        // What a reviewer put in the place of an answer's points stands whatever is answered, until it is taken back.
        let replaced = review.as_ref().filter(|reviewed| {
            reviewed.points <= 100 && reviewed.reason.as_deref().is_some_and(|reason| !is_blank(reason))
        });
        let replaced = replaced.map(|reviewed| Points::whole(reviewed.points));
        let reached = best.as_ref().map(|(_, points)| *points).max(own)?;
        if !stays || (own < Some(reached) && replaced.is_none_or(|points| points < reached)) {
            let (better, _) = best?;
            how.push(if held { ImprovementHow::OtherAnswer } else { ImprovementHow::Answer });
            value = Some(better.clone());
            answer.value = Some(better);
        }
        if replaced.is_some_and(|points| points < reached) {
            how.push(ImprovementHow::ReviewAgain);
            review = None;
        }
    }

    let mut points = alone.points(&answer, review.as_ref(), &supposed.evidence, supposed.on);
    let unsupported = points.is_some_and(|points| points.evidenced < points.claimed)
        && contribution.state != QuestionState::Information;
    if unsupported && let Some((id, at_hand)) = supposed.piece(&question.evidence) {
        how.push(ImprovementHow::Evidence);
        evidence_at_hand = at_hand.then(|| id.clone());
        // In front, because only so many are looked at.
        answer.evidence_ids.insert(0, id.clone());
        points = alone.points(&answer, review.as_ref(), &supposed.evidence, supposed.on);
    }
    let change = Change { question: question.key.clone(), answer: Some(answer), review };
    (!how.is_empty()).then_some(Suggested { how, value, evidence_at_hand, points, change })
}

/// One question as an edition of its own, to ask the engine what an answer to it is worth.
struct Alone(Prepared<Box<Edition>>);

impl Alone {
    fn new(question: &Question) -> Self {
        let only = Question {
            key: String::new(),
            principle: String::new(),
            text: String::new(),
            help: None,
            kind: question.kind,
            weight: 1,
            required: false,
            not_applicable: NotApplicable::No,
            evidence: question.evidence.clone(),
            show_if: None,
            maps_to: Vec::new(),
            options: question.options.clone(),
            bands: question.bands.clone(),
            unit: None,
            minimum: question.minimum,
            maximum: question.maximum,
        };
        Self(Prepared::new(Box::new(Edition {
            key: String::new(),
            title: String::new(),
            edition: String::new(),
            summary: String::new(),
            framework: String::new(),
            applies_to: Vec::new(),
            source: Vec::new(),
            language: String::new(),
            frameworks: Vec::new(),
            principles: vec![Principle {
                key: String::new(),
                title: String::new(),
                framework: None,
                weight: 1,
                summary: None,
            }],
            sections: vec![Section {
                key: String::new(),
                title: String::new(),
                intro: None,
                show_if: None,
                questions: vec![only],
            }],
            findings: Vec::new(),
        })))
    }

    fn points(
        &self,
        answer: &Answer,
        review: Option<&ReviewedPoints>,
        evidence: &[EvidenceFact],
        on: NaiveDate,
    ) -> Option<QuestionPoints> {
        let (claimed, evidenced) = ask(answer, review, evidence, on, |input| self.0.first_points(input))?;
        Some(QuestionPoints { claimed, evidenced })
    }

    /// What an answer is worth by itself; `None` when it does not fit the question or caps the rating.
    fn own_points(&self, answer: &Answer, on: NaiveDate) -> Option<Points> {
        let summary = ask(answer, None, &[], on, |input| self.0.summary(input));
        let honest = summary.answered_count == 1 && !summary.knocked_out;
        honest.then(|| self.points(answer, None, &[], on)).flatten().map(|points| points.claimed)
    }

    /// The answer worth most among those that do not cap the rating; the first of several.
    fn best(&self, question: &Question, present: Option<&Answer>, on: NaiveDate) -> Option<(Value, Points)> {
        let worth = |value: Value| {
            let points = self.own_points(&Answer { value: Some(value.clone()), ..Answer::default() }, on)?;
            Some((value, points))
        };
        candidates(question, present, on).into_iter().filter_map(worth).min_by_key(|(_, points)| Reverse(*points))
    }
}

/// What the engine says of an answer to the only question of an edition, whose key is empty.
fn ask<T>(
    answer: &Answer,
    review: Option<&ReviewedPoints>,
    evidence: &[EvidenceFact],
    on: NaiveDate,
    question: impl FnOnce(&Input<'_>) -> T,
) -> T {
    let answers = Answers::from([(String::new(), answer.clone())]);
    let review: Review = review.map(|reviewed| (String::new(), reviewed.clone())).into_iter().collect();
    question(&Input { answers: &answers, review: &review, evidence, subject: &Subject::new(), on })
}

/// Answers of which one is worth as much as any can be.
fn candidates(question: &Question, present: Option<&Answer>, on: NaiveDate) -> Vec<Value> {
    let options = || question.options.iter().take(MAX_OPTIONS);
    let all = |chosen: Vec<&Choice>| {
        Value::from(chosen.into_iter().map(|choice| choice.value.as_str()).collect::<Vec<&str>>())
    };
    match question.kind {
        QuestionType::YesNo | QuestionType::SingleChoice => {
            options().map(|choice| Value::from(choice.value.as_str())).collect()
        }
        QuestionType::MultipleChoice => {
            let chosen = present.and_then(|answer| answer.value.as_ref()).and_then(Value::as_array);
            let is_chosen = |choice: &Choice| {
                chosen.is_some_and(|chosen| chosen.iter().any(|value| value.as_str() == Some(choice.value.as_str())))
            };
            let harmless =
                |choice: &&Choice| !choice.exclusive && choice.knock_out.is_none() && choice.points >= Points::ZERO;
            // What is chosen and does no harm stays chosen, though it be worth nothing.
            let together =
                options().filter(harmless).filter(|choice| choice.points > Points::ZERO || is_chosen(choice)).collect();
            std::iter::once(all(together)).chain(options().map(|choice| all(vec![choice]))).collect()
        }
        QuestionType::Number => {
            let thousandths = |number: i64| Decimal::from_thousandths(number);
            let limits = || question.bands.iter().filter_map(|band| band.at_least);
            let least = limits().map(|limit| question.minimum.map_or(limit, |minimum| limit.max(minimum)));
            let below = limits().filter_map(|limit| thousandths(limit.thousandths() - 1));
            let ends = [question.minimum, question.maximum, thousandths(0)].into_iter().flatten();
            least.chain(ends).chain(below).map(|number| Value::Number(number.to_json())).collect()
        }
        QuestionType::Date => {
            let oldest = question.bands.iter().flat_map(|band| {
                let aged = band.within_months.and_then(|months| on.checked_sub_months(Months::new(u32::from(months))));
                // Counted back from the end of a month, a day may be up to three too early to reach it again.
                let aged = aged
                    .into_iter()
                    .flat_map(|date| (0..=3).filter_map(move |days| date.checked_add_days(Days::new(days))));
                aged.chain(band.on_or_after)
            });
            let oldest: Vec<NaiveDate> = oldest.collect();
            let before = oldest.iter().filter_map(NaiveDate::pred_opt);
            oldest.iter().copied().chain([on]).chain(before).map(|date| Value::from(date.to_string())).collect()
        }
        QuestionType::Text | QuestionType::File => Vec::new(),
    }
}

/// The search for improvements that together reach a band.
struct Way<'a, E> {
    prepared: &'a Prepared<E>,
    policy: &'a RatingPolicy,
    wanted: Band,
    trials: usize,
}

impl<E: Deref<Target = Edition>> Way<'_, E> {
    /// One step where one is enough. Else takes what brings most, one after the other, until the band is reached; then
    /// gives back what is not needed.
    fn find(
        mut self,
        now: Summary,
        supposed: &mut Supposed<'_>,
        found: &mut [(Improvement, Change)],
    ) -> Option<Vec<String>> {
        if let Some((enough, _)) = found.iter().find(|(improvement, _)| improvement.band_after <= self.wanted) {
            return Some(vec![enough.question.clone()]);
        }
        let mut left: Vec<usize> = (0..found.len()).collect();
        left.sort_by_key(|number| !found[*number].0.lifts_knock_out);
        let (mut now, mut taken) = (now, Vec::new());
        while !self.is_reached(&now) {
            let before = left.len();
            left.retain(|number| {
                let (improvement, change) = &mut found[*number];
                if self.is_reached(&now) || self.trials == 0 {
                    return true;
                }
                supposed.exchange(change);
                let then = self.try_out(supposed);
                let helps =
                    (now.knocked_out && improvement.lifts_knock_out) || self.missing(&then) <= self.missing(&now);
                if helps {
                    now = then;
                    taken.push(*number);
                } else {
                    supposed.exchange(change);
                }
                !helps
            });
            // What did harm before may help after the others, but not when none was taken in between.
            if left.len() == before {
                break;
            }
        }
        if !self.is_reached(&now) {
            return None;
        }
        loop {
            let before = taken.len();
            for place in (0..before).rev() {
                if self.trials == 0 {
                    break;
                }
                let change = &mut found[taken[place]].1;
                supposed.exchange(change);
                if self.reaches(supposed) {
                    taken.remove(place);
                } else {
                    supposed.exchange(change);
                }
            }
            if taken.len() == before {
                break;
            }
        }
        Some(taken.into_iter().map(|number| found[number].0.question.clone()).collect())
    }

    fn try_out(&mut self, supposed: &Supposed<'_>) -> Summary {
        self.trials = self.trials.saturating_sub(1);
        self.prepared.summary(&supposed.input())
    }

    fn reaches(&mut self, supposed: &Supposed<'_>) -> bool {
        let summary = self.try_out(supposed);
        self.is_reached(&summary)
    }

    fn is_reached(&self, summary: &Summary) -> bool {
        band_of(self.policy, summary) <= self.wanted
    }

    /// How far it is to the band: first whether knocked out, then the tenths of score and coverage that are missing.
    fn missing(&self, summary: &Summary) -> (bool, u32) {
        let RatingPolicy { strong_from, adequate_from, weak_from, minimum_coverage, matrix: _ } = self.policy;
        let from = match self.wanted {
            Band::Strong => strong_from,
            Band::Adequate => adequate_from,
            Band::Weak | Band::Poor | Band::Unassessed => weak_from,
        };
        let short = |wanted: u8, score: Score| Score::percent(wanted).tenths().saturating_sub(score.tenths());
        (
            summary.knocked_out,
            short(*from, summary.evidenced.unwrap_or_default()) + short(*minimum_coverage, summary.coverage),
        )
    }
}
