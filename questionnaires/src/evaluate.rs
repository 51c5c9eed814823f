//! Edition + answers → result.
//!
//! An edition is prepared once: conditions are resolved to question and option numbers, questions are put in an order
//! in which everything a condition reads comes first, keys are sorted so that answers are matched in one pass. An
//! evaluation then walks numbers, and allocates nothing per question beyond the result itself.

use std::collections::BTreeMap;
use std::ops::Deref;

use chrono::NaiveDate;
use serde_json::Value;

use self::options::Chosen;
use self::points::{score, sorted_facts};
use self::rule::{Node, Resolver, Rule, holds, order};
use self::sum::WeightedPoints;
use crate::answer::{Answer, Subject};
use crate::edition::{Decimal, Edition, MAX_WEIGHT, Points, Question};
use crate::exact::{Fraction, Part, apportion, round_half_up, rounded_quotient};
use crate::finding::{KnockOut, RaisedFinding};
use crate::score::{
    Contribution, ENGINE_VERSION, EvidenceState, FrameworkScore, Input, NotApplicableAnswer, Outcome, PrincipleScore,
    QuestionState, Replacement, Score, Summary,
};

mod options;
mod points;
mod rule;
mod sum;

/// An edition made ready to be evaluated many times. `E` is a reference or a shared pointer to the edition
/// (`Prepared<&Edition>`, `Prepared<Arc<Edition>>`).
#[derive(Debug, Clone)]
pub struct Prepared<E> {
    edition: E,
    questions: Vec<Asked>,
    sections: Vec<Option<Rule>>,
    /// Question numbers by key; where keys repeat, in the order of the edition.
    by_key: Vec<usize>,
    /// Sections and questions, each after everything its condition reads. What is missing lies on a circle.
    order: Vec<Node>,
    principles: Vec<Counted>,
    /// The numbers of each principle's questions.
    asked_by: Vec<Vec<usize>>,
    frameworks: Vec<String>,
    findings: Vec<(Rule, Vec<usize>)>,
}

#[derive(Debug, Clone)]
struct Asked {
    section: usize,
    place: usize,
    principle: Option<usize>,
    weight: u16,
    may_skip: bool,
    /// Its place among the sorted keys: decides between equal remainders, whatever the order of the edition.
    rank: u32,
    rule: Option<Rule>,
}

#[derive(Debug, Clone)]
struct Counted {
    framework: usize,
    weight: u16,
}

/// What an answer holds, as far as it fits its question.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Held {
    Nothing,
    Options(Chosen),
    Number(Decimal),
    Date(NaiveDate),
    Words,
}

/// Everything about one question in one evaluation.
#[derive(Debug, Clone, Copy)]
struct Slot<'a> {
    answer: Option<&'a Answer>,
    held: Held,
    visible: bool,
    state: QuestionState,
    counts: bool,
    own_points: Points,
    claimed: Points,
    evidenced: Points,
    replaced: Option<&'a str>,
    evidence: EvidenceState,
    band: Option<usize>,
}

const EMPTY: Slot<'static> = Slot {
    answer: None,
    held: Held::Nothing,
    visible: false,
    state: QuestionState::Unanswered,
    counts: false,
    own_points: Points::ZERO,
    claimed: Points::ZERO,
    evidenced: Points::ZERO,
    replaced: None,
    evidence: EvidenceState::NotNeeded,
    band: None,
};

/// The sums of one principle.
#[derive(Debug, Clone, Default)]
struct Sums {
    weight: u128,
    claimed: WeightedPoints,
    evidenced: WeightedPoints,
    counted: u32,
    not_applicable: u32,
}

/// One evaluation before it is put into words.
struct Tally<'a> {
    slots: Vec<Slot<'a>>,
    sums: Vec<Sums>,
    answered_weight: u128,
    counting_weight: u128,
    answered: u32,
    counting: u32,
    awaiting: u32,
    knocked_out: bool,
}

impl<E: Deref<Target = Edition>> Prepared<E> {
    /// Makes an edition ready. Total: references that lead nowhere are never true, questions that show each other in
    /// a circle are never shown, weights above the limit count as the limit.
    #[must_use]
    pub fn new(edition: E) -> Self {
        let this: &Edition = &edition;
        let keys: Vec<&str> = this.questions().map(|question| question.key.as_str()).collect();
        let mut by_key: Vec<usize> = (0..keys.len()).collect();
        by_key.sort_by_key(|number| keys[*number]);
        let mut rank = vec![0_u32; keys.len()];
        for (place, number) in by_key.iter().enumerate() {
            rank[*number] = u32::try_from(place).unwrap_or(u32::MAX);
        }
        let first_by_key: BTreeMap<&str, usize> =
            keys.iter().enumerate().rev().map(|(number, key)| (*key, number)).collect();
        let all: Vec<&Question> = this.questions().collect();
        let resolver = Resolver { numbers: &first_by_key, questions: &all };

        let mut frameworks: Vec<String> = Vec::new();
        let mut principles = Vec::with_capacity(this.principles.len());
        let mut principle_numbers: BTreeMap<&str, usize> = BTreeMap::new();
        for (number, principle) in this.principles.iter().enumerate() {
            let name = this.framework_of(principle);
            let framework = frameworks.iter().position(|known| known == name).unwrap_or_else(|| {
                frameworks.push(name.to_owned());
                frameworks.len() - 1
            });
            principles.push(Counted { framework, weight: principle.weight.min(MAX_WEIGHT) });
            principle_numbers.entry(&principle.key).or_insert(number);
        }

        let mut sections = Vec::with_capacity(this.sections.len());
        let mut questions: Vec<Asked> = Vec::with_capacity(keys.len());
        for (section_number, section) in this.sections.iter().enumerate() {
            sections.push(section.show_if.as_ref().map(|condition| resolver.rule(condition, 0)));
            for (place, question) in section.questions.iter().enumerate() {
                questions.push(Asked {
                    section: section_number,
                    place,
                    principle: principle_numbers.get(question.principle.as_str()).copied(),
                    weight: question.weight.min(MAX_WEIGHT),
                    may_skip: question.may_be_not_applicable(),
                    rank: rank[questions.len()],
                    rule: question.show_if.as_ref().map(|condition| resolver.rule(condition, 0)),
                });
            }
        }
        let mut asked_by: Vec<Vec<usize>> = vec![Vec::new(); principles.len()];
        for (number, asked) in questions.iter().enumerate() {
            if let Some(list) = asked.principle.and_then(|principle| asked_by.get_mut(principle)) {
                list.push(number);
            }
        }
        let order = order(&this.sections, &first_by_key);
        let findings = this
            .findings
            .iter()
            .map(|finding| {
                let mut reads: Vec<usize> =
                    finding.when.questions().iter().filter_map(|key| first_by_key.get(key).copied()).collect();
                reads.sort_unstable();
                reads.dedup();
                (resolver.rule(&finding.when, 0), reads)
            })
            .collect();
        Self { edition, questions, sections, by_key, order, principles, asked_by, frameworks, findings }
    }

    /// The edition.
    #[must_use]
    pub fn edition(&self) -> &Edition {
        &self.edition
    }

    fn question(&self, asked: &Asked) -> &Question {
        &self.edition.sections[asked.section].questions[asked.place]
    }

    /// Computes only the numbers of [`Prepared::evaluate`], many times faster.
    #[must_use]
    pub fn summary(&self, input: &Input<'_>) -> Summary {
        let tally = self.tally(input);
        let (claimed, evidenced) = self.mean(&tally.sums, |_| true);
        Summary {
            claimed,
            evidenced,
            coverage: tally.coverage(),
            knocked_out: tally.knocked_out,
            answered_count: tally.answered,
            counting_count: tally.counting,
            awaiting_review_count: tally.awaiting,
        }
    }

    /// The result of one assessment. Total, as [`crate::score::evaluate`].
    #[must_use]
    pub fn evaluate(&self, input: &Input<'_>) -> Outcome {
        let tally = self.tally(input);
        let (claimed, evidenced) = self.mean(&tally.sums, |_| true);
        let mut outcome = Outcome {
            engine_version: ENGINE_VERSION.to_owned(),
            on: input.on,
            claimed,
            evidenced,
            coverage: tally.coverage(),
            frameworks: self.framework_scores(&tally.sums),
            visible: Vec::new(),
            contributions: Vec::new(),
            answered_count: tally.answered,
            counting_count: tally.counting,
            not_applicable: Vec::new(),
            awaiting_review: Vec::new(),
            knock_outs: Vec::new(),
            findings: Vec::new(),
            unanswered_required: Vec::new(),
            comments_needed: Vec::new(),
        };
        let shares = self.shares(&tally, claimed, evidenced, &outcome.frameworks);
        for ((asked, slot), share) in self.questions.iter().zip(&tally.slots).zip(shares) {
            if slot.visible {
                self.tell(asked, slot, &share, &mut outcome);
            }
        }
        for (finding, (rule, reads)) in self.edition.findings.iter().zip(&self.findings) {
            if holds(rule, &tally.slots, input.subject) {
                let visible = reads.iter().filter(|number| tally.slots[**number].visible);
                outcome.findings.push(RaisedFinding {
                    key: finding.key.clone(),
                    question: None,
                    answer: None,
                    because: visible.map(|number| self.question(&self.questions[*number]).key.clone()).collect(),
                    severity: finding.severity,
                    title: finding.title.clone(),
                    advice: finding.advice.clone(),
                    risk: finding.risk,
                });
            }
        }
        outcome
    }

    /// The exact points of the first question, claimed and evidenced; `None` where it does not count.
    pub(crate) fn first_points(&self, input: &Input<'_>) -> Option<(Points, Points)> {
        let tally = self.tally(input);
        tally.slots.first().filter(|slot| slot.counts).map(|slot| (slot.claimed, slot.evidenced))
    }

    fn tally<'a>(&self, input: &Input<'a>) -> Tally<'a> {
        let mut slots = vec![EMPTY; self.questions.len()];
        let mut answers = input.answers.iter().peekable();
        for number in &self.by_key {
            let question = self.question(&self.questions[*number]);
            while answers.next_if(|(key, _)| key.as_str() < question.key.as_str()).is_some() {}
            if let Some((_, answer)) = answers.peek().filter(|(key, _)| **key == question.key) {
                let slot: &mut Slot<'a> = &mut slots[*number];
                slot.answer = Some(answer);
                slot.held = question.hold(answer);
            }
        }
        self.show(&mut slots, input.subject);

        let facts = sorted_facts(input.evidence);
        let mut tally = Tally {
            slots,
            sums: vec![Sums::default(); self.principles.len()],
            answered_weight: 0,
            counting_weight: 0,
            answered: 0,
            counting: 0,
            awaiting: 0,
            knocked_out: false,
        };
        for (number, asked) in self.questions.iter().enumerate() {
            if tally.slots[number].visible {
                let question = self.question(asked);
                score(question, asked, &mut tally.slots[number], input.review, &facts, input.on);
                tally.add(question, asked, number);
            }
        }
        tally
    }

    fn show(&self, slots: &mut [Slot<'_>], subject: &Subject) {
        let mut open = vec![false; self.sections.len()];
        for node in &self.order {
            match *node {
                Node::Section(number) => {
                    open[number] = self.sections[number].as_ref().is_none_or(|rule| holds(rule, slots, subject));
                }
                Node::Question(number) => {
                    let asked = &self.questions[number];
                    slots[number].visible =
                        open[asked.section] && asked.rule.as_ref().is_none_or(|rule| holds(rule, slots, subject));
                }
            }
        }
    }

    /// The rounded weighted means, in tenths, of the principles that are meant and have anything to count.
    fn mean(&self, sums: &[Sums], meant: impl Fn(&Counted) -> bool) -> (Option<Score>, Option<Score>) {
        let counted =
            || self.principles.iter().zip(sums).filter(|(principle, sums)| meant(principle) && sums.weight > 0);
        let weights = counted().fold(0_u128, |sum, (principle, _)| sum + u128::from(principle.weight));
        let mean = |points: fn(&Sums) -> &WeightedPoints| {
            // Points run to 100 and tenths to 1,000: ten times the weighted points by the weights.
            let terms = counted()
                .flat_map(|(principle, sums)| points(sums).terms(u128::from(principle.weight) * 10, sums.weight));
            rounded_quotient(terms, weights).map(Score::capped)
        };
        (mean(|sums| &sums.claimed), mean(|sums| &sums.evidenced))
    }

    fn framework_scores(&self, sums: &[Sums]) -> Vec<FrameworkScore> {
        let principle_score = |points: &WeightedPoints, weight: u128| {
            let score = rounded_quotient(points.terms(10, weight), 1).map(Score::capped);
            score.filter(|_| weight > 0)
        };
        self.frameworks
            .iter()
            .enumerate()
            .map(|(number, name)| {
                let (claimed, evidenced) = self.mean(sums, |principle| principle.framework == number);
                let its_own = self.principles.iter().zip(sums).zip(&self.edition.principles);
                let principles = its_own
                    .filter(|((counted, _), _)| counted.framework == number)
                    .map(|((counted, sums), principle)| PrincipleScore {
                        principle: principle.key.clone(),
                        title: principle.title.clone(),
                        weight: counted.weight,
                        claimed: principle_score(&sums.claimed, sums.weight),
                        evidenced: principle_score(&sums.evidenced, sums.weight),
                        counted_count: sums.counted,
                        not_applicable_count: sums.not_applicable,
                    })
                    .collect();
                FrameworkScore { framework: name.clone(), claimed, evidenced, principles }
            })
            .collect()
    }

    /// What each question contributes to the scores shown, at every level.
    fn shares(
        &self,
        tally: &Tally<'_>,
        claimed: Option<Score>,
        evidenced: Option<Score>,
        frameworks: &[FrameworkScore],
    ) -> Vec<Shares> {
        let mut shares = vec![Shares::default(); tally.slots.len()];
        let mut parts: Vec<Part> = Vec::with_capacity(tally.slots.len());
        // Which principles are averaged, with their weights; a principle alone is its own mean.
        let mut share = |total: Option<Score>,
                         of: &[usize],
                         alone: bool,
                         points: fn(&Slot<'_>) -> Points,
                         put: fn(&mut Shares) -> &mut Score| {
            let scored = || of.iter().copied().filter(|principle| tally.sums[*principle].weight > 0);
            let weight_of = |principle: usize| if alone { 1 } else { u128::from(self.principles[principle].weight) };
            let weights = scored().fold(0_u128, |sum, principle| sum + weight_of(principle));
            parts.clear();
            for principle in scored() {
                let denominator = weights.saturating_mul(tally.sums[principle].weight);
                for number in &self.asked_by[principle] {
                    let (asked, slot) = (&self.questions[*number], &tally.slots[*number]);
                    let points = if slot.counts { points(slot) } else { Points::ZERO };
                    if points > Points::ZERO {
                        let above = u128::from(points.numerator().unsigned_abs());
                        let numerator = u128::from(asked.weight) * above * 10 * weight_of(principle);
                        let denominator = denominator.saturating_mul(u128::from(points.denominator()));
                        parts.push(Part {
                            item: *number,
                            rank: asked.rank,
                            exact: Fraction { numerator, denominator },
                        });
                    }
                }
            }
            let total = total.map_or(0, |score| u128::from(score.tenths()));
            apportion(total, &mut parts, |item, tenths| *put(&mut shares[item]) = Score::capped(tenths));
        };
        let everything: Vec<usize> = (0..self.principles.len()).collect();
        share(claimed, &everything, false, |slot| slot.claimed, |shares| &mut shares.claimed);
        share(evidenced, &everything, false, |slot| slot.evidenced, |shares| &mut shares.evidenced);
        for (number, framework) in frameworks.iter().enumerate() {
            let inside: Vec<usize> = everything
                .iter()
                .copied()
                .filter(|principle| self.principles[*principle].framework == number)
                .collect();
            share(framework.claimed, &inside, false, |slot| slot.claimed, |shares| &mut shares.framework_claimed);
            share(framework.evidenced, &inside, false, |slot| slot.evidenced, |shares| &mut shares.framework_evidenced);
            for (principle, score) in inside.iter().zip(&framework.principles) {
                let only = std::slice::from_ref(principle);
                share(score.claimed, only, true, |slot| slot.claimed, |shares| &mut shares.principle_claimed);
                share(score.evidenced, only, true, |slot| slot.evidenced, |shares| &mut shares.principle_evidenced);
            }
        }
        shares
    }

    /// Puts one visible question into the result.
    fn tell(&self, asked: &Asked, slot: &Slot<'_>, shares: &Shares, outcome: &mut Outcome) {
        let question = self.question(asked);
        let framework = asked.principle.map(|principle| self.frameworks[self.principles[principle].framework].clone());
        let key = &question.key;
        outcome.visible.push(key.clone());
        outcome.contributions.push(Contribution {
            question: key.clone(),
            principle: question.principle.clone(),
            framework: framework.unwrap_or_default(),
            weight: asked.weight,
            state: slot.state,
            points_claimed: slot.counts.then_some(slot.claimed),
            points_evidenced: slot.counts.then_some(slot.evidenced),
            claimed: shares.claimed,
            evidenced: shares.evidenced,
            framework_claimed: shares.framework_claimed,
            framework_evidenced: shares.framework_evidenced,
            principle_claimed: shares.principle_claimed,
            principle_evidenced: shares.principle_evidenced,
            replaced: slot.replaced.map(|reason| Replacement {
                from: slot.own_points,
                to: slot.claimed,
                reason: reason.to_owned(),
            }),
            evidence: slot.evidence,
        });
        if slot.state == QuestionState::AwaitingReview {
            outcome.awaiting_review.push(key.clone());
        }
        let skipped = slot.state == QuestionState::NotApplicable;
        if skipped {
            let reason = slot.answer.and_then(|answer| answer.not_applicable.clone()).unwrap_or_default();
            outcome.not_applicable.push(NotApplicableAnswer { question: key.clone(), reason });
        }
        if question.required && !skipped && slot.held == Held::Nothing {
            outcome.unanswered_required.push(key.clone());
        }
        let mut asks_why = false;
        for (number, choice) in question.options.iter().enumerate() {
            if slot.holds_option(number) {
                asks_why |= choice.ask_why;
                outcome.findings.extend(
                    choice.finding.as_ref().map(|finding| RaisedFinding::of_answer(key, &choice.value, finding)),
                );
                outcome.knock_outs.extend(choice.knock_out.as_ref().map(|reason| KnockOut {
                    question: key.clone(),
                    value: Value::String(choice.value.clone()),
                    reason: reason.clone(),
                }));
            }
        }
        if let Some(band) = slot.band.and_then(|number| question.bands.get(number)) {
            asks_why |= band.ask_why;
            outcome
                .findings
                .extend(band.finding.as_ref().map(|finding| RaisedFinding::of_answer(key, &band.label(), finding)));
            outcome.knock_outs.extend(band.knock_out.as_ref().map(|reason| KnockOut {
                question: key.clone(),
                value: slot.answer.and_then(|answer| answer.value.clone()).unwrap_or_default(),
                reason: reason.clone(),
            }));
        }
        if asks_why && slot.answer.is_none_or(|answer| answer.comment.as_deref().is_none_or(is_blank)) {
            outcome.comments_needed.push(key.clone());
        }
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Shares {
    claimed: Score,
    evidenced: Score,
    framework_claimed: Score,
    framework_evidenced: Score,
    principle_claimed: Score,
    principle_evidenced: Score,
}

impl Slot<'_> {
    fn holds_option(&self, option: usize) -> bool {
        matches!(self.held, Held::Options(chosen) if chosen.has(option))
    }
}

impl Tally<'_> {
    fn coverage(&self) -> Score {
        round_half_up(self.answered_weight.saturating_mul(1_000), self.counting_weight)
            .map_or(Score::ZERO, Score::capped)
    }

    fn add(&mut self, question: &Question, asked: &Asked, number: usize) {
        let slot = &mut self.slots[number];
        self.awaiting += u32::from(slot.state == QuestionState::AwaitingReview);
        self.knocked_out |= slot.band.is_some_and(|band| question.bands[band].knock_out.is_some())
            || question
                .options
                .iter()
                .enumerate()
                .any(|(option, choice)| choice.knock_out.is_some() && slot.holds_option(option));
        let Some(sums) = asked.principle.and_then(|principle| self.sums.get_mut(principle)) else { return };
        sums.not_applicable += u32::from(slot.state == QuestionState::NotApplicable);
        let answered = slot.state == QuestionState::Answered;
        slot.counts = answered || slot.state == QuestionState::Unanswered;
        if slot.counts {
            let weight = u128::from(asked.weight);
            sums.counted += 1;
            sums.weight += weight;
            sums.claimed.add(asked.weight, slot.claimed);
            sums.evidenced.add(asked.weight, slot.evidenced);
            self.counting += 1;
            self.counting_weight += weight;
            if answered {
                self.answered += 1;
                self.answered_weight += weight;
            }
        }
    }
}

pub(crate) fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}
