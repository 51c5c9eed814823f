//! The engine and the second evaluator agree on the questionnaires that people use, in each of their editions, and on
//! points of any fraction.

use std::collections::BTreeSet;

use diligence_questionnaires::answer::FACTS;
use diligence_questionnaires::{
    Answer, Edition, EvidenceFact, EvidenceKind, NotApplicable, NotCounted, Points, Prepared, Question, QuestionState,
    QuestionType, ReviewedPoints, evaluate, library,
};
use serde_json::{Value, json};

use crate::harness::*;
use crate::properties::Dice;
use crate::second_evaluator::second_outcome;

/// How many sets of answers each edition of the library is tried with.
const TRIES: u64 = 60;
const DAYS: [&str; 6] = ["2026-03-01", "2026-03-02", "2026-02-28", "2025-03-01", "2024-09-01", "2019-01-01"];

fn some_value(dice: &mut Dice, question: &Question) -> Value {
    match question.kind {
        QuestionType::YesNo | QuestionType::SingleChoice => json!(dice.pick(&question.options).value),
        QuestionType::MultipleChoice => {
            let together = question.options.iter().filter(|choice| !choice.exclusive);
            let chosen: Vec<&str> = together.filter(|_| dice.one_in(2)).map(|choice| choice.value.as_str()).collect();
            if chosen.is_empty() { json!([dice.pick(&question.options).value]) } else { json!(chosen) }
        }
        QuestionType::Number => {
            let limits = question.bands.iter().filter_map(|band| Some(band.at_least?.thousandths()));
            let limits: Vec<i64> = limits.chain([0, 1_500, 100_000]).collect();
            json!(*dice.pick(&limits) as f64 / 1_000.0)
        }
        QuestionType::Date => json!(*dice.pick(&DAYS)),
        QuestionType::Text => json!("Words"),
        QuestionType::File => json!(format!("e{}", dice.below(6))),
    }
}

/// Whatever may stand in an assessment, by chance: answers and gaps, what does not apply, evidence, reviewers' points.
fn some_case(dice: &mut Dice, edition: &Edition) -> Case {
    let mut case = Case::default();
    let mut kinds = vec![EvidenceKind::Other];
    for question in edition.questions() {
        kinds.extend(&question.evidence.kinds);
        let mut answer = match (dice.below(8), question.not_applicable) {
            (0, _) => continue,
            (1, NotApplicable::WithReason) => skipped("Nothing of the kind"),
            (1, NotApplicable::WithoutReason) => skipped(""),
            _ => value(some_value(dice, question)),
        };
        answer.evidence_ids = (0..dice.below(3)).map(|_| format!("e{}", dice.below(6))).collect();
        answer.comment = dice.one_in(2).then(|| "Because".to_owned());
        case.answers.insert(question.key.clone(), answer);
        if dice.one_in(3) {
            let points = *dice.pick(&[0, 33, 70, 100]);
            let reason = dice.one_in(2).then(|| "Seen".to_owned());
            case.review.insert(question.key.clone(), ReviewedPoints { points, reason, reviewer: None });
        }
    }
    for number in 0..6 {
        let mut day = || dice.one_in(2).then(|| dice.pick(&DAYS).parse().unwrap());
        let (issued_on, expires_on) = (day(), day());
        let not_counted = dice.one_in(5).then_some(NotCounted::Unchecked);
        let kind = *dice.pick(&kinds);
        case.evidence.push(EvidenceFact {
            id: format!("e{number}"),
            kind,
            issued_on,
            expires_on,
            file_sha256: None,
            not_counted,
        });
    }
    for fact in FACTS.iter().filter(|fact| fact.name != "subject_type") {
        if !dice.one_in(4) {
            case.subject.set(fact.name, [*dice.pick(fact.values)]);
        }
    }
    case
}

/// Expects both to give the same result, to the last field; gives the claimed score.
#[track_caller]
fn agree(edition: &Edition, case: &Case) -> Option<String> {
    let input = case.input();
    let (expected, _) = second_outcome(edition, &input);
    let found = evaluate(edition, &input);
    let named = format!("{} {}", edition.key, edition.edition);
    assert_eq!(found, expected, "{named}: {}", serde_json::to_string(&case.answers).unwrap());
    let summary = Prepared::new(edition).summary(&input);
    assert_eq!((summary.claimed, summary.evidenced), (expected.claimed, expected.evidenced), "{named}");
    found.claimed.map(|score| score.to_string())
}

#[test]
fn every_edition_of_the_library_is_scored_alike_by_a_second_evaluator() {
    let mut dice = Dice(13);
    for edition in library::editions() {
        let scores: BTreeSet<Option<String>> = (0..TRIES)
            .map(|_| {
                let case = some_case(&mut dice, edition);
                agree(edition, &case)
            })
            .collect();
        let named = format!("{} {}", edition.key, edition.edition);
        if edition.is_scored() {
            assert!(scores.len() > 10, "{named} is scored, and came to {scores:?} only");
        } else {
            assert_eq!(scores, BTreeSet::from([None]), "{named} asks for information only");
        }
    }
}

/// What the options of a question are worth: together never above 100, some below 0, and of two denominators.
fn some_points(dice: &mut Dice, count: u64) -> Vec<Points> {
    let below = [*dice.pick(&[1, 3, 7, 9]), *dice.pick(&[11, 13, 16, 1_000])];
    let mut one = || {
        let denominator = *dice.pick(&below);
        let above = i64::try_from(dice.below(100 * denominator / count)).unwrap();
        let costs = dice.one_in(3);
        Points::fraction(if costs { -above } else { above }, denominator).unwrap()
    };
    (0..count).map(|_| one()).collect()
}

#[test]
fn points_of_any_fraction_and_options_that_cost_are_added_up_alike() {
    let mut dice = Dice(8);
    let (mut fractions, mut held) = (0, 0);
    for _ in 0..500 {
        let questions: Vec<Value> = (0..1 + dice.below(5))
            .map(|number| {
                let count = 2 + dice.below(14);
                let options = some_points(&mut dice, count).into_iter().enumerate();
                let options: Vec<Value> = options
                    .map(|(at, points)| json!({"value": format!("o{at}"), "label": "An option", "points": points}))
                    .collect();
                json!({"key": format!("q{number}"), "principle": "p", "text": "Which?", "type": "multiple_choice",
                    "weight": dice.pick(&[1, 7, 10, 997]), "options": options})
            })
            .collect();
        // Read without the check, which asks that some choice is worth everything.
        let edition: Edition = serde_json::from_value(crate::harness::questions(Value::from(questions))).unwrap();
        let mut case = Case::default();
        for question in edition.questions() {
            let answer = Answer { value: Some(some_value(&mut dice, question)), ..Answer::default() };
            case.answers.insert(question.key.clone(), answer);
        }
        agree(&edition, &case);
        for part in case.outcome(&edition).contributions {
            assert_eq!(part.state, QuestionState::Answered);
            let points = part.points_claimed.unwrap();
            assert!((Points::ZERO..=Points::FULL).contains(&points), "{points}");
            fractions += u32::from(points.denominator() > 1);
            let Some(question) = edition.question(&part.question) else { panic!("{} is asked", part.question) };
            let costs = |choice: &diligence_questionnaires::Choice| choice.points < Points::ZERO;
            held += u32::from(points == Points::ZERO && question.options.iter().any(costs));
        }
    }
    assert!(fractions > 500 && held > 50, "{fractions} {held}");
}
