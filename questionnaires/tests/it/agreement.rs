//! The engine and the second evaluator agree on every field of every result, over random editions and answers that put
//! every rule to work.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use diligence_questionnaires::answer::FACTS;
use diligence_questionnaires::{
    Answer, AppliesTo, Band, Choice, Condition, Decimal, Edition, EditionFinding, EvidenceFact, EvidenceKind,
    EvidenceNeed, EvidenceRule, Finding, Input, NotApplicable, NotCounted, Outcome, PointBand, Points, Prepared,
    Principle, Question, QuestionType, Rating, RatingPolicy, ReviewedPoints, RiskEstimate, Scalar, Score, Section,
    Severity, Summary, Test, Tier, band, evaluate, rating, residual, worst,
};
use serde_json::{Value, json};

use crate::harness::Case;
use crate::properties::Dice;
use crate::second_evaluator::*;

const CASES: u64 = 10_000;
/// In how many cases each rule must be put to work.
const ENOUGH: u32 = 51;

/// Every rule the second evaluator notes.
const RULES: [&str; 79] = [
    "a band knocks out",
    "a band raises a finding",
    "a blank comment is none",
    "a blank reason is none",
    "a comment is asked for",
    "a comment is there",
    "a date ahead has no age",
    "a date ahead in a band of fixed days",
    "a date ahead reveals what `otherwise` does and is worth nothing",
    "a date on the day its age runs out",
    "a date on the first day of its band",
    "a date whose age runs out in a shorter month",
    "a fact that is not known equals nothing",
    "a fact with several values",
    "a file is its own evidence",
    "a finding at the end of the edition",
    "a finding names no hidden question",
    "a framework with nothing to count",
    "a hidden answer does not exist",
    "a hidden section hides its questions",
    "a number on the limit of its band",
    "a principle of weight 0 is in no mean",
    "a principle with nothing to count",
    "a question hides by its own condition",
    "a required knock-out question cannot be not applicable",
    "a required question is open",
    "a reviewer cannot rate silence",
    "a reviewer rates a text or file",
    "a reviewer replaces points",
    "a text or file waits for a reviewer",
    "a value beside a reason is the answer",
    "a weighted mean of several principles",
    "after on its limit",
    "all",
    "an answer for information knocks out",
    "an answer for information only",
    "an exclusive option stands alone",
    "an option costs points",
    "an option knocks out",
    "an option raises a finding",
    "answered",
    "any",
    "at_least on its limit",
    "at_most on its limit",
    "before on its limit",
    "below all bands is 0",
    "chosen options add up",
    "evidence of any kind",
    "evidence of the wrong kind",
    "evidence on its first day",
    "evidence on its last day",
    "evidence that has expired",
    "evidence that is missing",
    "evidence that is not yet valid",
    "evidence that nobody accepted",
    "evidence that says no day",
    "evidence that a later statement ended",
    "exactly half a tenth is rounded up",
    "impossible points of a reviewer are none",
    "includes",
    "is a date",
    "is a number",
    "is an option",
    "no points are replaced without a reason",
    "not",
    "not applicable leaves both sums",
    "not applicable without a reason",
    "not applicable without leave is silence",
    "nothing to count is no score",
    "one valid piece among others is enough",
    "optional evidence",
    "points are never below 0",
    "points that are no whole number",
    "replaced points take no knock-out away",
    "several frameworks",
    "the first key gets the last tenth between equal remainders",
    "the largest remainder gets a tenth",
    "unanswered counts 0",
    "what does not fit its question is no answer",
];

/// The days that everything dated in a case is drawn from, so that limits are met and not only passed.
struct Days {
    on: NaiveDate,
    list: Vec<NaiveDate>,
}

impl Days {
    fn random(dice: &mut Dice) -> Self {
        let on: NaiveDate = dice.pick(&["2026-03-01", "2024-02-29", "2025-12-31", "2026-08-31"]).parse().unwrap();
        let earlier = |months| on.checked_sub_months(chrono::Months::new(months)).unwrap();
        let around = |day: NaiveDate| [day.pred_opt().unwrap(), day, day.succ_opt().unwrap()];
        let list = [around(on), around(earlier(6)), around(earlier(18))].concat();
        Self { on, list }
    }

    fn pick(&self, dice: &mut Dice) -> NaiveDate {
        *dice.pick(&self.list)
    }
}

const NUMBERS: [i64; 6] = [-1_000, 0, 40_000, 40_500, 40_501, 90_000];
const OPTIONS: [&str; 3] = ["first", "second", "third"];
const NONE_OF_THESE: &str = "none_of_these";
const FACTS_ASKED: [(&str, &str); 4] =
    [("tier", "high"), ("data_role", "none"), ("affects", "staff"), ("affects", "public")];
/// Numbers and dates twice: they have the most limits to meet.
const KINDS: [QuestionType; 9] = [
    QuestionType::Number,
    QuestionType::Date,
    QuestionType::YesNo,
    QuestionType::SingleChoice,
    QuestionType::MultipleChoice,
    QuestionType::Number,
    QuestionType::Date,
    QuestionType::Text,
    QuestionType::File,
];

fn part((above, below): (i64, u64)) -> Points {
    Points::fraction(above, below).unwrap()
}

fn decimal(dice: &mut Dice) -> Decimal {
    Decimal::from_thousandths(*dice.pick(&NUMBERS)).unwrap()
}

fn options_of(kind: QuestionType) -> &'static [&'static str] {
    match kind {
        QuestionType::YesNo => &["yes", "no"],
        _ => &OPTIONS,
    }
}

struct Makes<'a> {
    dice: &'a mut Dice,
    days: &'a Days,
    asked: Vec<(String, QuestionType)>,
    principles: u64,
}

impl Makes<'_> {
    fn test(&mut self, kind: QuestionType) -> Test {
        let dice = &mut *self.dice;
        match (kind, dice.below(4)) {
            (QuestionType::YesNo | QuestionType::SingleChoice, 0..3) => {
                Test::Is(Scalar::Text((*dice.pick(options_of(kind))).to_owned()))
            }
            (QuestionType::MultipleChoice, 0..3) => Test::Includes((*dice.pick(&OPTIONS)).to_owned()),
            (QuestionType::Number, 0) => Test::Is(Scalar::Number(decimal(dice))),
            (QuestionType::Number, 1) => Test::AtLeast(decimal(dice)),
            (QuestionType::Number, 2) => Test::AtMost(decimal(dice)),
            (QuestionType::Date, 0) => Test::Is(Scalar::Text(self.days.pick(dice).to_string())),
            (QuestionType::Date, 1) => Test::Before(self.days.pick(dice)),
            (QuestionType::Date, 2) => Test::After(self.days.pick(dice)),
            _ => Test::Answered(dice.one_in(2)),
        }
    }

    fn condition(&mut self, depth: u64) -> Condition {
        match self.dice.below(if depth == 0 { 5 } else { 9 }) {
            0..4 if !self.asked.is_empty() => {
                let (question, kind) = self.dice.pick(&self.asked).clone();
                Condition::Question { question, test: self.test(kind) }
            }
            0..5 => {
                let (fact, is) = *self.dice.pick(&FACTS_ASKED);
                Condition::Subject { fact: fact.to_owned(), is: is.to_owned() }
            }
            5..7 => Condition::Not(Box::new(self.condition(depth - 1))),
            number => {
                let parts = (0..=self.dice.below(2)).map(|_| self.condition(depth - 1)).collect();
                if number == 7 { Condition::All(parts) } else { Condition::Any(parts) }
            }
        }
    }

    fn finding(&mut self) -> Finding {
        let severity = *self.dice.pick(&[Severity::Low, Severity::Moderate, Severity::High, Severity::Extreme]);
        let risk = self.dice.one_in(2).then_some(RiskEstimate { likelihood: 2, impact: 5 });
        Finding { severity, title: "What was found".to_owned(), advice: "What to do".to_owned(), risk }
    }

    fn choice(&mut self, value: &str, points: impl Into<Points>) -> Choice {
        Choice {
            value: value.to_owned(),
            label: "A choice".to_owned(),
            points: points.into(),
            knock_out: self.dice.one_in(8).then(|| format!("Why {value}")),
            ask_why: self.dice.one_in(4),
            exclusive: value == NONE_OF_THESE,
            finding: self.dice.one_in(4).then(|| self.finding()),
        }
    }

    fn band(&mut self, points: impl Into<Points>) -> PointBand {
        PointBand {
            at_least: None,
            within_months: None,
            on_or_after: None,
            otherwise: false,
            points: points.into(),
            knock_out: self.dice.one_in(8).then(|| "Why".to_owned()),
            ask_why: self.dice.one_in(4),
            finding: self.dice.one_in(4).then(|| self.finding()),
        }
    }

    fn bands(&mut self, kind: QuestionType) -> Vec<PointBand> {
        let middle = *self.dice.pick(&[(35, 1), (100, 7)]);
        let (best, middle) = (self.band(100), self.band(part(middle)));
        let mut bands = match kind {
            QuestionType::Number => {
                vec![
                    PointBand { at_least: Decimal::from_thousandths(90_000), ..best },
                    PointBand { at_least: Decimal::from_thousandths(40_500), ..middle },
                ]
            }
            QuestionType::Date if self.dice.one_in(2) => {
                vec![PointBand { within_months: Some(6), ..best }, PointBand { within_months: Some(18), ..middle }]
            }
            QuestionType::Date => {
                vec![
                    PointBand { on_or_after: Some(self.days.on), ..best },
                    PointBand { on_or_after: Some(self.days.list[4]), ..middle },
                ]
            }
            _ => return Vec::new(),
        };
        if self.dice.one_in(2) {
            bands.push(PointBand { otherwise: true, ..self.band(5) });
        }
        bands
    }

    fn options(&mut self, kind: QuestionType) -> Vec<Choice> {
        match kind {
            QuestionType::YesNo => vec![self.choice("yes", 0), self.choice("no", 100)],
            QuestionType::SingleChoice => {
                let middle = *self.dice.pick(&[(33, 1), (100, 3), (160, 3), (5333, 100)]);
                vec![self.choice(OPTIONS[0], 100), self.choice(OPTIONS[1], part(middle)), self.choice(OPTIONS[2], 0)]
            }
            QuestionType::MultipleChoice => {
                let [first, second, third] = *self.dice.pick(&[
                    [(35, 1), (20, 1), (45, 1)],
                    [(100, 3), (100, 3), (100, 3)],
                    [(100, 1), (-40, 3), (-75, 1)],
                ]);
                vec![
                    self.choice(OPTIONS[0], part(first)),
                    self.choice(OPTIONS[1], part(second)),
                    self.choice(OPTIONS[2], part(third)),
                    self.choice(NONE_OF_THESE, 0),
                ]
            }
            _ => Vec::new(),
        }
    }

    fn question(&mut self, key: String) -> Question {
        let kind = *self.dice.pick(&KINDS);
        let weight = if self.dice.one_in(8) { 0 } else { *self.dice.pick(&[1, 3, 7, 10, 10, 10, 20, 997]) };
        let needs = [EvidenceNeed::None, EvidenceNeed::Optional, EvidenceNeed::Needed, EvidenceNeed::Needed];
        let question = Question {
            principle: format!("p{}", self.dice.below(self.principles)),
            text: "What is it?".to_owned(),
            help: None,
            kind,
            weight,
            required: self.dice.one_in(3),
            not_applicable: *self.dice.pick(&[
                NotApplicable::WithReason,
                NotApplicable::WithReason,
                NotApplicable::WithoutReason,
                NotApplicable::No,
                NotApplicable::No,
            ]),
            evidence: EvidenceRule {
                need: *self.dice.pick(&needs),
                kinds: if self.dice.one_in(3) { Vec::new() } else { vec![EvidenceKind::Iso27001, EvidenceKind::Soc2] },
            },
            show_if: self.dice.one_in(2).then(|| self.condition(2)),
            maps_to: Vec::new(),
            options: self.options(kind),
            bands: self.bands(kind),
            unit: None,
            minimum: (kind == QuestionType::Number).then(|| Decimal::from_thousandths(0)).flatten(),
            maximum: None,
            key: key.clone(),
        };
        self.asked.push((key, kind));
        question
    }

    fn section(&mut self, number: u64, places: &mut Vec<u64>) -> Section {
        // Decided before its questions are: no section can ask about itself.
        let show_if = self.dice.one_in(4).then(|| self.condition(1));
        let questions =
            (0..=self.dice.below(7)).map(|_| self.question(format!("q{}", places.pop().unwrap()))).collect();
        Section { key: format!("s{number}"), title: "A section".to_owned(), intro: None, show_if, questions }
    }

    fn edition(&mut self) -> Edition {
        let principles = (0..self.principles).map(|number| Principle {
            key: format!("p{number}"),
            title: format!("Principle {number}"),
            framework: self.dice.one_in(3).then(|| "ethical_ai".to_owned()),
            weight: *self.dice.pick(&[0, 1, 1, 2, 3, 1_000]),
            summary: None,
        });
        let principles = principles.collect();
        // Keys come in no order, and sections stand in another order than they were made in: neither may matter.
        let mut places: Vec<u64> = (0..40).collect();
        self.dice.shuffle(&mut places);
        let mut sections: Vec<Section> =
            (0..=self.dice.below(3)).map(|number| self.section(number, &mut places)).collect();
        self.dice.shuffle(&mut sections);
        let findings = (0..self.dice.below(3)).map(|number| {
            let Finding { severity, title, advice, risk } = self.finding();
            EditionFinding { key: format!("f{number}"), when: self.condition(2), severity, title, advice, risk }
        });
        let findings = findings.collect();
        Edition {
            key: "random".to_owned(),
            title: "A random edition".to_owned(),
            edition: "2026.1".to_owned(),
            summary: "For tests.".to_owned(),
            framework: "security".to_owned(),
            applies_to: vec![AppliesTo::Supplier],
            source: Vec::new(),
            language: "en".to_owned(),
            frameworks: Vec::new(),
            principles,
            sections,
            findings,
        }
    }

    fn value(&mut self, question: &Question) -> Value {
        let dice = &mut *self.dice;
        if dice.one_in(12) {
            return dice
                .pick(&[
                    json!("no such option"),
                    json!(["first", "none_of_these"]),
                    json!([]),
                    json!(1.2345),
                    json!(-1),
                    json!(" "),
                    json!("2026-02-30"),
                ])
                .clone();
        }
        match question.kind {
            QuestionType::YesNo if dice.one_in(4) => json!(dice.one_in(2)),
            QuestionType::YesNo | QuestionType::SingleChoice => json!(dice.pick(&question.options).value),
            QuestionType::MultipleChoice if dice.one_in(4) => json!([NONE_OF_THESE]),
            QuestionType::MultipleChoice => {
                let mut chosen: Vec<&str> = (0..=dice.below(3)).map(|_| *dice.pick(&OPTIONS)).collect();
                dice.shuffle(&mut chosen);
                json!(chosen)
            }
            QuestionType::Number => json!(decimal(dice)),
            QuestionType::Date => json!(self.days.pick(dice)),
            QuestionType::Text => json!("Words"),
            QuestionType::File => json!(format!("e{}", dice.below(6))),
        }
    }

    fn answer(&mut self, question: &Question) -> Answer {
        let skips = self.dice.one_in(5);
        let both = skips && self.dice.one_in(4);
        Answer {
            value: (!skips || both).then(|| self.value(question)),
            comment: self.dice.pick(&[None, Some(" "), Some("Because")]).map(str::to_owned),
            evidence_ids: (0..self.dice.below(3)).map(|_| format!("e{}", self.dice.below(6))).collect(),
            not_applicable: skips
                .then(|| (*self.dice.pick(&["Nothing of the kind", "Nothing of the kind", "\t", ""])).to_owned()),
        }
    }

    fn case(&mut self, edition: &Edition) -> Case {
        let mut case = Case::default();
        for question in edition.questions() {
            if !self.dice.one_in(5) {
                case.answers.insert(question.key.clone(), self.answer(question));
            }
            if self.dice.one_in(3) {
                let points = *self.dice.pick(&[0, 25, 50, 99, 100, 101]);
                let reason = self.dice.pick(&[None, Some(" "), Some("Seen"), Some("Seen")]).map(str::to_owned);
                case.review.insert(question.key.clone(), ReviewedPoints { points, reason, reviewer: None });
            }
        }
        for number in 0..self.dice.below(6) {
            let mut day =
                || (!self.dice.one_in(3)).then(|| self.days.list[usize::try_from(self.dice.below(3)).unwrap()]);
            let (issued_on, expires_on) = (day(), day());
            let kind = *self.dice.pick(&[EvidenceKind::Iso27001, EvidenceKind::Soc2, EvidenceKind::Dspt]);
            let held_back = [NotCounted::Unchecked, NotCounted::Undated, NotCounted::Superseded];
            let not_counted = self.dice.one_in(4).then(|| *self.dice.pick(&held_back));
            case.evidence.push(EvidenceFact {
                id: format!("e{number}"),
                kind,
                issued_on,
                expires_on,
                file_sha256: None,
                not_counted,
            });
        }
        for name in ["tier", "data_role", "affects"] {
            let fact = FACTS.iter().find(|fact| fact.name == name).unwrap();
            let several = if fact.list { self.dice.below(4) } else { self.dice.below(2) };
            let values: BTreeSet<&str> = (0..several).map(|_| *self.dice.pick(fact.values)).collect();
            case.subject.set(name, values);
        }
        case
    }
}

fn summary_of(outcome: &Outcome) -> Summary {
    Summary {
        claimed: outcome.claimed,
        evidenced: outcome.evidenced,
        coverage: outcome.coverage,
        knocked_out: !outcome.knock_outs.is_empty(),
        answered_count: outcome.answered_count,
        counting_count: outcome.counting_count,
        awaiting_review_count: u32::try_from(outcome.awaiting_review.len()).unwrap(),
    }
}

/// Every member that differs, with its pointer.
fn differences(found: &Outcome, expected: &Outcome) -> String {
    fn walk(place: &str, found: &Value, expected: &Value, lines: &mut String) {
        let members = |value: &Value| match value {
            Value::Object(members) => members.iter().map(|(key, member)| (key.clone(), member.clone())).collect(),
            Value::Array(items) => {
                items.iter().enumerate().map(|(index, item)| (index.to_string(), item.clone())).collect()
            }
            _ => BTreeMap::new(),
        };
        let (left, right) = (members(found), members(expected));
        if left.is_empty() || right.is_empty() {
            if found != expected {
                lines.push_str(&format!("{place}: found {found}, expected {expected}\n"));
            }
            return;
        }
        for key in left.keys().chain(right.keys().filter(|key| !left.contains_key(*key))) {
            let of = |members: &BTreeMap<String, Value>| members.get(key).cloned().unwrap_or_default();
            walk(&format!("{place}/{key}"), &of(&left), &of(&right), lines);
        }
    }
    let mut lines = String::new();
    walk("", &serde_json::to_value(found).unwrap(), &serde_json::to_value(expected).unwrap(), &mut lines);
    lines
}

#[test]
fn the_engine_and_a_second_evaluator_agree_on_every_field_of_every_result() {
    let mut worked: BTreeMap<&str, u32> = BTreeMap::new();
    for seed in 0..CASES {
        let mut dice = Dice(seed);
        let days = Days::random(&mut dice);
        let principles = 1 + dice.below(4);
        let mut makes = Makes { dice: &mut dice, days: &days, asked: Vec::new(), principles };
        let edition = makes.edition();
        let case = makes.case(&edition);
        let input = Input { on: days.on, ..case.input() };

        let (expected, rules) = second_outcome(&edition, &input);
        let found = evaluate(&edition, &input);
        assert!(found == expected, "seed {seed}: {}\n{}", differences(&found, &expected), edition.to_yaml());
        assert_eq!(Prepared::new(&edition).summary(&input), summary_of(&expected), "seed {seed}");

        for tier in [Tier::Low, Tier::Unknown, Tier::Medium, Tier::High, Tier::Critical] {
            let knocked_out = !expected.knock_outs.is_empty();
            assert_eq!(
                residual(&RatingPolicy::default(), tier, found.evidenced, found.coverage, found.is_knocked_out()),
                second_residual(tier, expected.evidenced, expected.coverage, knocked_out)
            );
        }
        rules.into_iter().for_each(|rule| *worked.entry(rule).or_default() += 1);
    }
    let unlisted: Vec<_> = worked.keys().filter(|rule| !RULES.contains(*rule)).collect();
    assert!(unlisted.is_empty(), "not listed: {unlisted:?}");
    let rare: Vec<_> = RULES
        .iter()
        .map(|rule| (rule, worked.get(rule).copied().unwrap_or(0)))
        .filter(|(_, count)| *count < ENOUGH)
        .collect();
    assert!(rare.is_empty(), "put to work too rarely: {rare:?}");
}

#[test]
fn editions_with_every_operator_read_back_as_they_were_written() {
    for seed in 0..300 {
        let mut dice = Dice(seed);
        let days = Days::random(&mut dice);
        let edition = Makes { dice: &mut dice, days: &days, asked: Vec::new(), principles: 4 }.edition();
        let read: Edition = serde_json::from_str(&edition.to_json()).unwrap();
        assert_eq!(read, edition, "seed {seed}");
    }
}

#[test]
fn every_score_coverage_and_knock_out_has_the_band_and_rating_of_the_published_table() {
    let policy = RatingPolicy::default();
    let scores = || [None].into_iter().chain((0..=1000).map(Score::from_tenths));
    for coverage in [0, 799, 800, 1000].map(|tenths| Score::from_tenths(tenths).unwrap()) {
        for knocked_out in [false, true] {
            for evidenced in scores() {
                assert_eq!(
                    band(&policy, evidenced, coverage, knocked_out),
                    second_band(evidenced, coverage, knocked_out),
                    "{evidenced:?} {coverage} {knocked_out}"
                );
                for tier in [Tier::Low, Tier::Unknown, Tier::Medium, Tier::High, Tier::Critical] {
                    assert_eq!(
                        residual(&policy, tier, evidenced, coverage, knocked_out),
                        second_residual(tier, evidenced, coverage, knocked_out)
                    );
                }
            }
        }
    }
    for tier in [Tier::Low, Tier::Unknown, Tier::Medium, Tier::High, Tier::Critical] {
        for band in [Band::Strong, Band::Adequate, Band::Weak, Band::Poor, Band::Unassessed] {
            assert_eq!(rating(&policy, tier, band), second_rating(tier, band));
        }
    }
}

#[test]
fn the_worst_of_any_ratings_is_the_strictest_among_them() {
    let all = [Rating::Low, Rating::Moderate, Rating::High, Rating::Extreme, Rating::Unassessed];
    for chosen in 0_u32..1 << all.len() {
        let mut ratings: Vec<Rating> =
            (0..all.len()).filter(|place| chosen & (1 << place) != 0).map(|place| all[place]).collect();
        assert_eq!(worst(ratings.iter().copied()), second_worst(&ratings), "{ratings:?}");
        ratings.reverse();
        assert_eq!(worst(ratings.iter().copied()), second_worst(&ratings), "{ratings:?}");
    }
}
