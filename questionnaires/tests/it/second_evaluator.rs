//! The rules of scoring written a second time, straight from their definitions: slow, obvious, and sharing nothing with
//! the engine but the public shapes. What it gives must be what the engine gives, to the last field.
//!
//! It notes which rules a case put to work, so that whoever generates cases can see that none is left out.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate};
use diligence_questionnaires::{
    Answer, Choice, Condition, Contribution, Decimal, Edition, EvidenceFact, EvidenceNeed, EvidenceState, Finding,
    FrameworkScore, Input, KnockOut, NotApplicable, NotApplicableAnswer, NotCounted, Outcome, PointBand, Points,
    Principle, PrincipleScore, Question, QuestionState, QuestionType, RaisedFinding, Replacement, Score,
};
use serde_json::Value;

mod adding_up;
mod fraction;
mod rating;
mod showing;

use fraction::Fraction;
pub use rating::{second_band, second_rating, second_residual, second_worst};

fn score(tenths: i128) -> Score {
    Score::from_tenths(u32::try_from(tenths).unwrap()).unwrap()
}

/// Which of the two scores.
#[derive(Clone, Copy, PartialEq)]
enum View {
    Claimed,
    Evidenced,
}

/// What an answer says, once it fits its question.
enum Said<'a> {
    Chosen(Vec<&'a Choice>),
    Number(Decimal),
    Date(NaiveDate),
    /// A text, or the id of a file.
    Words,
}

/// An option or band that an answer fell on.
struct Reached<'a> {
    label: String,
    value: Value,
    points: Fraction,
    knock_out: Option<&'a str>,
    ask_why: bool,
    finding: Option<&'a Finding>,
}

/// A visible question with what stands there.
struct Row<'a> {
    question: &'a Question,
    state: QuestionState,
    claimed: Option<Fraction>,
    evidenced: Option<Fraction>,
    replaced: Option<Replacement>,
    evidence: EvidenceState,
}

impl Row<'_> {
    fn points(&self, view: View) -> Option<Fraction> {
        match view {
            View::Claimed => self.claimed,
            View::Evidenced => self.evidenced,
        }
    }
}

struct Evaluator<'a> {
    edition: &'a Edition,
    input: Input<'a>,
    noted: RefCell<BTreeSet<&'static str>>,
}

/// The result by the definitions, and the rules that were put to work.
pub fn second_outcome(edition: &Edition, input: &Input<'_>) -> (Outcome, BTreeSet<&'static str>) {
    let evaluator = Evaluator { edition, input: *input, noted: RefCell::default() };
    let outcome = evaluator.outcome();
    (outcome, evaluator.noted.into_inner())
}

impl<'a> Evaluator<'a> {
    fn note(&self, rule: &'static str) {
        self.noted.borrow_mut().insert(rule);
    }

    fn note_if(&self, condition: bool, rule: &'static str) -> bool {
        if condition {
            self.note(rule);
        }
        condition
    }

    // What is answered.

    /// What the answer to a question says; a hidden question has none.
    fn answer(&self, question: &'a Question) -> Option<Said<'a>> {
        let said = self.said(question)?;
        if !self.is_visible(question) {
            self.note("a hidden answer does not exist");
            return None;
        }
        Some(said)
    }

    fn given(&self, question: &Question) -> Option<&'a Answer> {
        self.input.answers.get(&question.key)
    }

    /// What was said, as far as it fits the question.
    fn said(&self, question: &'a Question) -> Option<Said<'a>> {
        let value = self.given(question)?.value.as_ref()?;
        let said = said(question, value);
        self.note_if(said.is_none(), "what does not fit its question is no answer");
        said
    }

    /// The reason why a question does not apply, where it may be marked so and is.
    fn skipped_because(&self, question: &Question) -> Option<&'a str> {
        let answer = self.given(question)?;
        let reason = answer.not_applicable.as_deref()?;
        let asks_reason = question.not_applicable != NotApplicable::WithoutReason;
        let refused = self.note_if(answer.value.is_some(), "a value beside a reason is the answer")
            | self.note_if(is_blank(reason) && asks_reason, "a blank reason is none")
            | self.note_if(question.not_applicable == NotApplicable::No, "not applicable without leave is silence")
            | self.note_if(
                question.required && knocks_out(question),
                "a required knock-out question cannot be not applicable",
            );
        self.note_if(!refused && is_blank(reason), "not applicable without a reason");
        (!refused).then_some(reason)
    }

    /// The options or the band that an answer fell on, in the question's order.
    fn reached(&self, question: &'a Question, said: &Said<'a>) -> Vec<Reached<'a>> {
        let value = || self.given(question).unwrap().value.clone().unwrap();
        let band = match said {
            Said::Words => None,
            Said::Chosen(chosen) => {
                self.note_if(chosen.len() > 1, "chosen options add up");
                self.note_if(chosen.iter().any(|choice| choice.exclusive), "an exclusive option stands alone");
                return chosen
                    .iter()
                    .map(|choice| Reached { value: choice.value.clone().into(), ..reached_choice(choice) })
                    .collect();
            }
            Said::Number(number) => question.bands.iter().find(|band| {
                self.note_if(band.at_least == Some(*number), "a number on the limit of its band");
                band.otherwise || band.at_least.is_some_and(|limit| *number >= limit)
            }),
            Said::Date(date) => question.bands.iter().find(|band| band.otherwise || self.is_in_date_band(*date, band)),
        };
        self.note_if(band.is_none() && !matches!(said, Said::Words), "below all bands is 0");
        band.map(|band| Reached { value: value(), ..reached_band(band) }).into_iter().collect()
    }

    fn is_in_date_band(&self, date: NaiveDate, band: &PointBand) -> bool {
        let on = self.input.on;
        if let Some(months) = band.within_months {
            let last = months_after(date, months);
            self.note_if(date > on, "a date ahead has no age");
            self.note_if(on == last, "a date on the day its age runs out");
            self.note_if(on == last && date.day() > last.day(), "a date whose age runs out in a shorter month");
            return date <= on && on <= last;
        }
        let Some(first) = band.on_or_after else { return false };
        self.note_if(date == first, "a date on the first day of its band");
        self.note_if(date > on && date >= first, "a date ahead in a band of fixed days");
        first <= date
    }

    // What it is worth.

    fn row(&self, question: &'a Question) -> Row<'a> {
        let row = |state, claimed, evidenced| Row {
            question,
            state,
            claimed,
            evidenced,
            replaced: None,
            evidence: EvidenceState::NotNeeded,
        };
        if let Some(said) = self.answer(question) {
            let evidence = self.evidence(question);
            let row = |state, claimed, evidenced| Row { evidence, ..row(state, claimed, evidenced) };
            if question.weight == 0 {
                self.note("an answer for information only");
                return row(QuestionState::Information, None, None);
            }
            let review = self.input.review.get(&question.key);
            self.note_if(review.is_some_and(|review| review.points > 100), "impossible points of a reviewer are none");
            let review = review.filter(|review| review.points <= 100);
            let proven = [EvidenceState::NotNeeded, EvidenceState::Valid].contains(&evidence);
            let counted = |points| {
                row(QuestionState::Answered, Some(points), Some(if proven { points } else { Fraction::whole(0) }))
            };
            if matches!(said, Said::Words) {
                return match review {
                    None => {
                        self.note("a text or file waits for a reviewer");
                        row(QuestionState::AwaitingReview, None, None)
                    }
                    Some(review) => {
                        self.note("a reviewer rates a text or file");
                        counted(Fraction::whole(review.points))
                    }
                };
            }
            let has_age = question.bands.iter().any(|band| band.within_months.is_some());
            let ahead = has_age && matches!(said, Said::Date(date) if date > self.input.on);
            self.note_if(
                ahead && question.bands.iter().any(|band| band.otherwise),
                "a date ahead reveals what `otherwise` does and is worth nothing",
            );
            let own = if ahead { Fraction::whole(0) } else { self.worth(&self.reached(question, &said)) };
            let Some(review) = review else { return counted(own) };
            let Some(reason) = review.reason.as_ref().filter(|reason| !is_blank(reason)) else {
                self.note("no points are replaced without a reason");
                return counted(own);
            };
            self.note("a reviewer replaces points");
            return Row {
                replaced: Some(Replacement {
                    from: told(own),
                    to: told(Fraction::whole(review.points)),
                    reason: reason.clone(),
                }),
                ..counted(Fraction::whole(review.points))
            };
        }
        self.note_if(self.input.review.contains_key(&question.key), "a reviewer cannot rate silence");
        if self.skipped_because(question).is_some() {
            self.note("not applicable leaves both sums");
            return row(QuestionState::NotApplicable, None, None);
        }
        if question.weight == 0 {
            return row(QuestionState::Information, None, None);
        }
        self.note("unanswered counts 0");
        row(QuestionState::Unanswered, Some(Fraction::whole(0)), Some(Fraction::whole(0)))
    }

    /// What the options or the band that an answer fell on are worth together: the sum, but never below 0.
    fn worth(&self, reached: &[Reached<'a>]) -> Fraction {
        let worth = fraction::sum(reached.iter().map(|reached| reached.points));
        self.note_if(worth != Fraction::whole(worth.floor()), "points that are no whole number");
        self.note_if(
            reached.iter().any(|reached| Fraction::whole(0).is_above(reached.points)),
            "an option costs points",
        );
        assert!(!worth.is_above(Fraction::whole(100)), "no edition is made in which options bring more than 100");
        if self.note_if(Fraction::whole(0).is_above(worth), "points are never below 0") {
            Fraction::whole(0)
        } else {
            worth
        }
    }

    /// Whether the evidence that an answered question needs is there.
    fn evidence(&self, question: &Question) -> EvidenceState {
        match question.evidence.need {
            EvidenceNeed::None => return EvidenceState::NotNeeded,
            EvidenceNeed::Optional => {
                self.note("optional evidence");
                return EvidenceState::NotNeeded;
            }
            EvidenceNeed::Needed => {}
        }
        let answer = self.given(question).unwrap();
        let own_file = answer.value.as_ref().filter(|_| question.kind == QuestionType::File).and_then(Value::as_str);
        let is_named =
            |piece: &&EvidenceFact| answer.evidence_ids.contains(&piece.id) || own_file == Some(piece.id.as_str());
        let named: Vec<&EvidenceFact> = self.input.evidence.iter().filter(is_named).collect();
        let kinds = &question.evidence.kinds;
        let accepted: Vec<&&EvidenceFact> =
            named.iter().filter(|piece| kinds.is_empty() || kinds.contains(&piece.kind)).collect();

        let on = self.input.on;
        let has_begun = |piece: &EvidenceFact| piece.issued_on.is_none_or(|first| first <= on);
        // What ends before it begins never begins.
        let is_over = |piece: &EvidenceFact| has_begun(piece) && piece.expires_on.is_some_and(|last| last < on);
        let is_in_date = |piece: &EvidenceFact| has_begun(piece) && !is_over(piece);
        let valid: Vec<_> = accepted.iter().filter(|piece| is_in_date(piece) && piece.not_counted.is_none()).collect();
        let held_back =
            |why: NotCounted| accepted.iter().any(|piece| is_in_date(piece) && piece.not_counted == Some(why));
        self.note_if(valid.iter().any(|piece| piece.issued_on == Some(on)), "evidence on its first day");
        self.note_if(valid.iter().any(|piece| piece.expires_on == Some(on)), "evidence on its last day");
        self.note_if(valid.iter().any(|piece| own_file == Some(&piece.id)), "a file is its own evidence");
        self.note_if(!valid.is_empty() && kinds.is_empty(), "evidence of any kind");
        self.note_if(!valid.is_empty() && valid.len() < accepted.len(), "one valid piece among others is enough");

        if !valid.is_empty() {
            EvidenceState::Valid
        } else if held_back(NotCounted::Unchecked) {
            self.note("evidence that nobody accepted");
            EvidenceState::Unchecked
        } else if held_back(NotCounted::Undated) {
            self.note("evidence that says no day");
            EvidenceState::Undated
        } else if held_back(NotCounted::Superseded) {
            self.note("evidence that a later statement ended");
            EvidenceState::Superseded
        } else if accepted.iter().any(|piece| is_over(piece)) {
            self.note("evidence that has expired");
            EvidenceState::Expired
        } else if !accepted.is_empty() {
            self.note("evidence that is not yet valid");
            EvidenceState::NotYetValid
        } else if !named.is_empty() {
            self.note("evidence of the wrong kind");
            EvidenceState::WrongKind
        } else {
            self.note("evidence that is missing");
            EvidenceState::Missing
        }
    }

    fn outcome(&self) -> Outcome {
        let edition = self.edition;
        let rows: Vec<Row<'a>> = edition
            .questions()
            .filter(|question| self.is_visible(question))
            .map(|question| self.row(question))
            .collect();
        let is_marked = |row: &&Row<'a>| self.skipped_because(row.question).is_some();

        let framework_of = |principle: &'a Principle| principle.framework.as_ref().unwrap_or(&edition.framework);
        let mut names: Vec<&String> = Vec::new();
        for principle in &edition.principles {
            if !names.contains(&framework_of(principle)) {
                names.push(framework_of(principle));
            }
        }
        self.note_if(names.len() > 1, "several frameworks");

        let level = |weights: &[(&Principle, u16)]| {
            [View::Claimed, View::Evidenced].map(|view| self.shown(&rows, weights, view))
        };
        let own_weights = |principles: &[&'a Principle]| -> Vec<(&'a Principle, u16)> {
            principles.iter().map(|principle| (*principle, principle.weight)).collect()
        };
        let every: Vec<&Principle> = edition.principles.iter().collect();
        let whole = level(&own_weights(&every));
        self.note_if(whole[0].0.is_none(), "nothing to count is no score");
        assert_eq!(whole[0].0, self.mean(&rows, &every, View::Claimed).map(shown_score));
        assert_eq!(whole[1].0, self.mean(&rows, &every, View::Evidenced).map(shown_score));

        let mut frameworks = Vec::new();
        let mut by_framework = BTreeMap::new();
        let mut by_principle = BTreeMap::new();
        for name in names {
            let inside: Vec<&Principle> =
                every.iter().copied().filter(|principle| framework_of(principle) == name).collect();
            let [claimed, evidenced] = level(&own_weights(&inside));
            let mut principles = Vec::new();
            for principle in &inside {
                // Alone a principle is its own mean, whatever it weighs beside others.
                let [claimed, evidenced] = level(&[(principle, 1)]);
                assert_eq!(claimed.0, self.principle_score(&rows, principle, View::Claimed).map(shown_score));
                principles.push(PrincipleScore {
                    principle: principle.key.clone(),
                    title: principle.title.clone(),
                    weight: principle.weight,
                    claimed: claimed.0,
                    evidenced: evidenced.0,
                    counted_count: count(self.counting(&rows, principle)),
                    not_applicable_count: count(
                        rows.iter().filter(|row| row.question.principle == principle.key).filter(is_marked),
                    ),
                });
                by_principle.insert(principle.key.as_str(), [claimed.1, evidenced.1]);
            }
            assert_eq!(claimed.0, self.mean(&rows, &inside, View::Claimed).map(shown_score));
            self.note_if(claimed.0.is_none(), "a framework with nothing to count");
            frameworks.push(FrameworkScore {
                framework: name.clone(),
                claimed: claimed.0,
                evidenced: evidenced.0,
                principles,
            });
            by_framework.insert(name.as_str(), [claimed.1, evidenced.1]);
        }

        let contributions = rows
            .iter()
            .map(|row| {
                let key = row.question.key.as_str();
                let framework = framework_of(edition.principle(&row.question.principle).unwrap());
                let of = |shares: &BTreeMap<&str, Score>| shares.get(key).copied().unwrap_or(Score::ZERO);
                Contribution {
                    question: key.to_owned(),
                    principle: row.question.principle.clone(),
                    framework: framework.clone(),
                    weight: row.question.weight,
                    state: row.state,
                    points_claimed: row.claimed.map(told),
                    points_evidenced: row.evidenced.map(told),
                    claimed: of(&whole[0].1),
                    evidenced: of(&whole[1].1),
                    framework_claimed: of(&by_framework[framework.as_str()][0]),
                    framework_evidenced: of(&by_framework[framework.as_str()][1]),
                    principle_claimed: of(&by_principle[row.question.principle.as_str()][0]),
                    principle_evidenced: of(&by_principle[row.question.principle.as_str()][1]),
                    replaced: row.replaced.clone(),
                    evidence: row.evidence,
                }
            })
            .collect();

        let counting = || rows.iter().filter(|row| row.claimed.is_some());
        let answered = || rows.iter().filter(|row| row.state == QuestionState::Answered);
        let weight = |row: &Row<'a>| i128::from(row.question.weight);
        let counting_weight: i128 = counting().map(weight).sum();
        let coverage = if counting_weight == 0 {
            Score::ZERO
        } else {
            shown_score(Fraction::new(100 * answered().map(weight).sum::<i128>(), counting_weight))
        };

        Outcome {
            engine_version: "1".to_owned(),
            on: self.input.on,
            claimed: whole[0].0,
            evidenced: whole[1].0,
            coverage,
            frameworks,
            visible: rows.iter().map(|row| row.question.key.clone()).collect(),
            contributions,
            answered_count: count(answered()),
            counting_count: count(counting()),
            not_applicable: rows
                .iter()
                .filter_map(|row| {
                    Some(NotApplicableAnswer {
                        question: row.question.key.clone(),
                        reason: self.skipped_because(row.question)?.to_owned(),
                    })
                })
                .collect(),
            awaiting_review: self.keys(&rows, |row| row.state == QuestionState::AwaitingReview),
            knock_outs: self.knock_outs(&rows),
            findings: self.findings(&rows),
            unanswered_required: self.keys(&rows, |row| {
                let open = row.question.required
                    && self.answer(row.question).is_none()
                    && self.skipped_because(row.question).is_none();
                self.note_if(open, "a required question is open")
            }),
            comments_needed: self.keys(&rows, |row| self.needs_a_comment(row)),
        }
    }

    fn keys(&self, rows: &[Row<'a>], which: impl Fn(&Row<'a>) -> bool) -> Vec<String> {
        rows.iter().filter(|row| which(row)).map(|row| row.question.key.clone()).collect()
    }

    fn reached_by(&self, row: &Row<'a>) -> Vec<Reached<'a>> {
        self.answer(row.question).map(|said| self.reached(row.question, &said)).unwrap_or_default()
    }

    fn knock_outs(&self, rows: &[Row<'a>]) -> Vec<KnockOut> {
        let mut found = Vec::new();
        for row in rows {
            for reached in self.reached_by(row) {
                if let Some(reason) = reached.knock_out {
                    self.note(if row.question.bands.is_empty() { "an option knocks out" } else { "a band knocks out" });
                    self.note_if(row.question.weight == 0, "an answer for information knocks out");
                    self.note_if(row.replaced.is_some(), "replaced points take no knock-out away");
                    found.push(KnockOut {
                        question: row.question.key.clone(),
                        value: reached.value,
                        reason: reason.to_owned(),
                    });
                }
            }
        }
        found
    }

    fn findings(&self, rows: &[Row<'a>]) -> Vec<RaisedFinding> {
        let mut found = Vec::new();
        for row in rows {
            for reached in self.reached_by(row) {
                if let Some(finding) = reached.finding {
                    self.note(if row.question.bands.is_empty() {
                        "an option raises a finding"
                    } else {
                        "a band raises a finding"
                    });
                    found.push(RaisedFinding {
                        key: format!("{}.{}", row.question.key, reached.label),
                        question: Some(row.question.key.clone()),
                        answer: Some(reached.label),
                        because: Vec::new(),
                        severity: finding.severity,
                        title: finding.title.clone(),
                        advice: finding.advice.clone(),
                        risk: finding.risk,
                    });
                }
            }
        }
        for finding in self.edition.findings.iter().filter(|finding| self.holds(&finding.when)) {
            let mut read = BTreeSet::new();
            collect_questions(&finding.when, &mut read);
            let because = self.keys(rows, |row| read.contains(row.question.key.as_str()));
            self.note("a finding at the end of the edition");
            self.note_if(because.len() < read.len(), "a finding names no hidden question");
            found.push(RaisedFinding {
                key: finding.key.clone(),
                question: None,
                answer: None,
                because,
                severity: finding.severity,
                title: finding.title.clone(),
                advice: finding.advice.clone(),
                risk: finding.risk,
            });
        }
        found
    }

    fn needs_a_comment(&self, row: &Row<'a>) -> bool {
        let comment = self.given(row.question).and_then(|answer| answer.comment.as_deref());
        let asked = self.reached_by(row).iter().any(|reached| reached.ask_why);
        self.note_if(asked && comment.is_none(), "a comment is asked for");
        self.note_if(asked && comment.is_some_and(is_blank), "a blank comment is none");
        self.note_if(asked && comment.is_some_and(|comment| !is_blank(comment)), "a comment is there");
        asked && comment.is_none_or(is_blank)
    }
}

/// Points as a number of this evaluator's own.
fn exactly(points: Points) -> Fraction {
    Fraction::new(points.numerator().into(), points.denominator().into())
}

/// Points as a result tells them.
fn told(points: Fraction) -> Points {
    points.as_points()
}

fn shown_score(percent: Fraction) -> Score {
    score((percent * Fraction::whole(10)).rounded())
}

fn count<T>(items: impl IntoIterator<Item = T>) -> u32 {
    u32::try_from(items.into_iter().count()).unwrap()
}

fn is_blank(text: &str) -> bool {
    text.chars().all(char::is_whitespace)
}

fn knocks_out(question: &Question) -> bool {
    question.options.iter().any(|choice| choice.knock_out.is_some())
        || question.bands.iter().any(|band| band.knock_out.is_some())
}

fn collect_questions<'a>(condition: &'a Condition, into: &mut BTreeSet<&'a str>) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().for_each(|part| collect_questions(part, into)),
        Condition::Not(part) => collect_questions(part, into),
        Condition::Question { question, .. } => drop(into.insert(question)),
        Condition::Subject { .. } => {}
    }
}

fn reached_choice(choice: &Choice) -> Reached<'_> {
    Reached {
        label: choice.value.clone(),
        value: Value::Null,
        points: exactly(choice.points),
        knock_out: choice.knock_out.as_deref(),
        ask_why: choice.ask_why,
        finding: choice.finding.as_ref(),
    }
}

fn reached_band(band: &PointBand) -> Reached<'_> {
    let label = match (band.at_least, band.within_months, band.on_or_after) {
        (Some(number), ..) => format!("at_least_{number}"),
        (_, Some(months), _) => format!("within_{months}_months"),
        (.., Some(date)) => format!("on_or_after_{date}"),
        _ => "otherwise".to_owned(),
    };
    Reached {
        label,
        value: Value::Null,
        points: exactly(band.points),
        knock_out: band.knock_out.as_deref(),
        ask_why: band.ask_why,
        finding: band.finding.as_ref(),
    }
}

/// The same day of a later month, or the last day of that month where it has no such day.
fn months_after(date: NaiveDate, months: u16) -> NaiveDate {
    let month = date.year() * 12 + i32::try_from(date.month0()).unwrap() + i32::from(months);
    let first =
        NaiveDate::from_ymd_opt(month.div_euclid(12), u32::try_from(month.rem_euclid(12)).unwrap() + 1, 1).unwrap();
    (1..=date.day()).rev().find_map(|day| first.with_day(day)).unwrap()
}

fn said<'a>(question: &'a Question, value: &Value) -> Option<Said<'a>> {
    let choice = |wanted: &str| question.options.iter().find(|choice| choice.value == wanted);
    match question.kind {
        QuestionType::YesNo => {
            let text = match value {
                Value::Bool(true) => "yes",
                Value::Bool(false) => "no",
                value => value.as_str()?,
            };
            Some(Said::Chosen(vec![choice(text)?]))
        }
        QuestionType::SingleChoice => Some(Said::Chosen(vec![choice(value.as_str()?)?])),
        QuestionType::MultipleChoice => {
            let wanted: Vec<&str> = value.as_array()?.iter().map(Value::as_str).collect::<Option<_>>()?;
            let all_known = wanted.iter().all(|value| choice(value).is_some());
            let chosen: Vec<&Choice> =
                question.options.iter().filter(|choice| wanted.contains(&choice.value.as_str())).collect();
            let alone = chosen.len() == 1 || chosen.iter().all(|choice| !choice.exclusive);
            (all_known && alone && !chosen.is_empty()).then_some(Said::Chosen(chosen))
        }
        QuestionType::Number => {
            let Value::Number(number) = value else { return None };
            let number = Decimal::from_json(number)?;
            let fits = question.minimum.is_none_or(|minimum| minimum <= number)
                && question.maximum.is_none_or(|maximum| number <= maximum);
            fits.then_some(Said::Number(number))
        }
        QuestionType::Date => {
            let text = value.as_str()?;
            let date: NaiveDate = text.parse().ok()?;
            // Exactly as dates are written, not only as they can be read.
            (date.to_string() == text).then_some(Said::Date(date))
        }
        // Lengths are judged where answers come in.
        QuestionType::Text | QuestionType::File => value.as_str().filter(|text| !is_blank(text)).map(|_| Said::Words),
    }
}
