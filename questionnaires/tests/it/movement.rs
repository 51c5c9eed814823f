//! What moved between two assessments.

use std::collections::BTreeMap;

use diligence_questionnaires::{
    Answer, Edition, EvidenceFact, EvidenceKind, Movement, QuestionPoints, Review, ReviewedPoints, Score, ScoreChange,
    ScoreMove, Side, evaluate, movement,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::harness::*;
use crate::properties::{Dice, FULL, random_case, random_edition, random_value};

/// The movement between two cases, on the same day or on another.
fn moved((old, before): (&Edition, &Case), (new, after): (&Edition, &Case)) -> Movement {
    let (was, is) = (before.outcome(old), after.outcome(new));
    movement(
        &Side { edition: old, outcome: &was, answers: &before.answers },
        &Side { edition: new, outcome: &is, answers: &after.answers },
    )
}

fn because(movement: &Movement) -> BTreeMap<&str, Value> {
    movement.questions.iter().map(|one| (one.question.as_str(), serde_json::to_value(&one.because).unwrap())).collect()
}

fn copy(case: &Case) -> Case {
    Case {
        answers: case.answers.clone(),
        review: case.review.clone(),
        evidence: case.evidence.clone(),
        subject: case.subject.clone(),
    }
}

fn valid(id: &str, expires_on: Option<&str>) -> EvidenceFact {
    EvidenceFact {
        id: id.to_owned(),
        kind: EvidenceKind::Iso27001,
        issued_on: None,
        expires_on: expires_on.map(|date| date.parse().unwrap()),
        file_sha256: None,
        not_counted: None,
    }
}

#[test]
fn a_better_answer_moves_the_score_by_its_part_and_the_last_decimal_place_falls_where_it_must() {
    let edition = edition(&questions(json!([yes_no("a", json!({})), yes_no("b", json!({})), yes_no("c", json!({}))])));
    let before = Case::of(answers([("a", value("yes")), ("b", value("no"))]));
    let after = Case::of(answers([("a", value("yes")), ("b", value("yes"))]));
    let movement = moved((&edition, &before), (&edition, &after));
    assert_eq!(serde_json::to_value(movement.claimed).unwrap(), json!({"before": 33.3, "after": 66.7, "change": 33.4}));
    assert_eq!(movement.questions.len(), 2, "c is silent still");
    let one = &movement.questions[0];
    assert_eq!((one.question.as_str(), one.text.as_str(), one.claimed.to_string().as_str()), ("b", "Is it?", "+33.3"));
    assert_eq!((one.answer_before.clone(), one.answer_after.clone()), (Some(value("no")), Some(value("yes"))));
    assert_eq!(
        (one.points_before, one.points_after),
        (
            Some(QuestionPoints { claimed: 0.into(), evidenced: 0.into() }),
            Some(QuestionPoints { claimed: 100.into(), evidenced: 100.into() })
        )
    );
    assert_eq!(
        because(&movement),
        BTreeMap::from([("a", json!(["weight_shifted"])), ("b", json!(["answer_changed"]))])
    );
    assert_eq!(movement.questions[1].claimed.to_string(), "+0.1", "two thirds are 66.7, and a comes first");
    assert_eq!(movement.frameworks[0].parts[0].evidenced, one.evidenced);
}

#[test]
fn every_reason_is_told_and_only_that() {
    let date = json!({"key": "d", "principle": "p", "text": "When?", "type": "date", "bands": [{"within_months": 6, "points": 100}, {"otherwise": true, "points": 0}]});
    let list = json!([
        yes_no("certified", json!({"evidence": {"need": "needed"}})),
        yes_no("doubted", json!({})),
        {"key": "words", "principle": "p", "text": "How?", "type": "text"},
        yes_no("skipped", json!({"not_applicable": "with_reason"})),
        yes_no("shown", json!({"show_if": {"question": "doubted", "is": "no"}})),
        yes_no("hidden", json!({"show_if": {"question": "doubted", "is": "yes"}})),
        yes_no("reweighed", json!({"weight": 10})),
        yes_no("commented", json!({})),
        yes_no("same", json!({})),
        yes_no("begun", json!({"evidence": {"need": "needed"}})),
        {"key": "rewritten", "principle": "p", "text": "?", "type": "number", "bands": [{"at_least": 90, "points": 100}, {"otherwise": true, "points": 0}]},
        with(date.clone(), json!({"key": "renewed"})),
        date,
    ]);
    let mut later = list.clone();
    later[6]["weight"] = json!(20);
    let (old, new) = (edition(&questions(list)), edition(&questions(later)));
    let mut before = Case::of(answers([
        ("certified", Answer { evidence_ids: vec!["e".to_owned()], ..value("yes") }),
        ("doubted", value("yes")),
        ("words", value("Well")),
        ("skipped", value("no")),
        ("reweighed", value("yes")),
        ("commented", value(json!(true))),
        ("same", value("yes")),
        ("rewritten", value(95.0)),
        ("renewed", value("2024-01-01")),
        ("d", value("2025-10-01")),
    ]));
    before.evidence.push(valid("e", None));
    let mut after = copy(&before);
    after.evidence = vec![valid("e", Some("2026-02-28"))];
    after.review.insert("words".to_owned(), ReviewedPoints { points: 50, reason: None, reviewer: None });
    after.answers.insert("doubted".to_owned(), value("no"));
    after.answers.insert("skipped".to_owned(), skipped("None there"));
    after.answers.insert("commented".to_owned(), Answer { comment: Some("Still".to_owned()), ..value("yes") });
    after.answers.insert("begun".to_owned(), value("yes"));
    after.answers.insert("rewritten".to_owned(), value(95));
    after.answers.insert("renewed".to_owned(), value("2026-04-01"));
    let was = before.outcome(&old);
    let mut input = after.input();
    input.on = "2026-05-01".parse().unwrap();
    let is = evaluate(&new, &input);
    let (before, after) = (
        Side { edition: &old, outcome: &was, answers: &before.answers },
        Side { edition: &new, outcome: &is, answers: &after.answers },
    );
    let movement = movement(&before, &after);
    let expected = json!({
        "certified": ["evidence"], "doubted": ["answer_changed"], "words": ["review"], "skipped": ["not_applicable"], "shown": ["appeared"], "hidden": ["disappeared"],
        "reweighed": ["question_changed"], "commented": ["weight_shifted"], "same": ["weight_shifted"], "begun": ["answer_changed"],
        "rewritten": ["weight_shifted"], "renewed": ["answer_changed"], "d": ["time_passed"],
    });
    let found = because(&movement);
    assert_eq!(serde_json::to_value(&found).unwrap(), expected);
    let hidden = movement.questions.iter().find(|one| one.question == "hidden").unwrap();
    assert_eq!((hidden.points_before.is_some(), hidden.points_after), (true, None));
}

#[test]
fn a_replacement_by_a_reviewer_is_told_with_its_points() {
    let edition = edition(&questions(json!([yes_no("a", json!({}))])));
    let before = Case::of(answers([("a", value("yes"))]));
    let mut after = copy(&before);
    after
        .review
        .insert("a".to_owned(), ReviewedPoints { points: 40, reason: Some("Only some".to_owned()), reviewer: None });
    let movement = moved((&edition, &before), (&edition, &after));
    assert_eq!(because(&movement), BTreeMap::from([("a", json!(["review"]))]));
    assert_eq!(
        (movement.evidenced.change, movement.questions[0].evidenced),
        (ScoreChange::from_tenths(-600), ScoreChange::from_tenths(-600).unwrap())
    );
}

#[test]
fn knock_outs_and_findings_come_and_go() {
    let options = json!([
        {"value": "yes", "label": "Yes", "points": 100, "finding": {"severity": "low", "title": "T", "advice": "A"}},
        {"value": "no", "label": "No", "points": 0, "knock_out": "Never"},
    ]);
    let edition = edition(&questions(json!([
        yes_no("a", json!({"options": options})),
        yes_no("b", json!({"options": options}))
    ])));
    let before = Case::of(answers([("a", value("yes")), ("b", value("no"))]));
    let after = Case::of(answers([("a", value("no")), ("b", value("yes"))]));
    let movement = moved((&edition, &before), (&edition, &after));
    assert_eq!((movement.knock_outs_gained, movement.knock_outs_lost), (vec!["a".to_owned()], vec!["b".to_owned()]));
    assert_eq!(
        (movement.findings_gained, movement.findings_lost),
        (vec!["b.yes".to_owned()], vec!["a.yes".to_owned()])
    );
}

#[test]
fn a_question_that_moves_to_another_framework_has_a_part_in_both() {
    let principles = json!([{"key": "p", "title": "P"}, {"key": "o", "title": "O", "framework": "other"}]);
    let sections = |principle: &str| json!([{"key": "s", "title": "S", "questions": [yes_no("a", json!({})), yes_no("b", json!({"principle": principle}))]}]);
    let (old, new) =
        (edition(&document(principles.clone(), sections("p"))), edition(&document(principles, sections("o"))));
    let case = Case::of(answers([("a", value("no")), ("b", value("yes"))]));
    let movement = moved((&old, &case), (&new, &case));
    let parts: Vec<(&str, &str, i32)> = movement
        .frameworks
        .iter()
        .flat_map(|framework| {
            framework
                .parts
                .iter()
                .map(|part| (framework.framework.as_str(), part.question.as_str(), part.claimed.tenths()))
        })
        .collect();
    assert_eq!(parts, [("security", "b", -500), ("other", "b", 1000)]);
    let other = movement.frameworks[1].claimed;
    assert_eq!(other, ScoreMove { before: None, after: Some(Score::FULL), change: None });
    assert_eq!(because(&movement), BTreeMap::from([("b", json!(["question_changed"]))]));
}

#[test]
fn changes_are_json_numbers_and_read_back() {
    for (tenths, json, shown) in
        [(-1_000, "-100.0", "-100.0"), (-5, "-0.5", "-0.5"), (0, "0.0", "0.0"), (125, "12.5", "+12.5")]
    {
        let change = ScoreChange::from_tenths(tenths).unwrap();
        assert_eq!((serde_json::to_string(&change).unwrap().as_str(), change.to_string().as_str()), (json, shown));
        assert_eq!(serde_json::from_str::<ScoreChange>(json).unwrap(), change);
    }
    for wrong in ["100.1", "-100.1", "0.05", "\"1\"", "null", "1e300"] {
        assert!(serde_json::from_str::<ScoreChange>(wrong).is_err(), "{wrong}");
    }
    assert_eq!((ScoreChange::from_tenths(1_001), ScoreChange::from_tenths(i32::MIN)), (None, None));
}

fn tenths(score: Option<Score>) -> i32 {
    score.map_or(0, |score| i32::try_from(score.tenths()).unwrap())
}

/// The parts of the whole and of each framework sum exactly to what the scores moved.
fn parts_sum(movement: &Movement) {
    let check = |score: &ScoreMove, sum: i32| {
        assert_eq!(sum, tenths(score.after) - tenths(score.before));
        let change = (score.before.is_some() && score.after.is_some()).then_some(sum);
        assert_eq!(score.change.map(ScoreChange::tenths), change);
    };
    check(&movement.claimed, movement.questions.iter().map(|one| one.claimed.tenths()).sum());
    check(&movement.evidenced, movement.questions.iter().map(|one| one.evidenced.tenths()).sum());
    for framework in &movement.frameworks {
        check(&framework.claimed, framework.parts.iter().map(|one| one.claimed.tenths()).sum());
        check(&framework.evidenced, framework.parts.iter().map(|one| one.evidenced.tenths()).sum());
    }
}

/// Two cases of one edition, or of two that share keys, mostly alike.
fn two(seed: u64) -> ((Edition, Case), (Edition, Case)) {
    let mut dice = Dice(seed);
    let old = random_edition(&mut dice, FULL);
    let before = random_case(&mut dice, &old);
    if dice.one_in(4) {
        let new = random_edition(&mut dice, FULL);
        let after = random_case(&mut dice, &new);
        return ((old, before), (new, after));
    }
    let (mut new, mut after) = (old.clone(), copy(&before));
    if dice.one_in(3) {
        new.sections
            .iter_mut()
            .flat_map(|section| &mut section.questions)
            .filter(|_| dice.one_in(4))
            .for_each(|question| question.weight += 7);
    }
    if dice.one_in(3) {
        after
            .evidence
            .iter_mut()
            .filter(|_| dice.one_in(2))
            .for_each(|fact| fact.expires_on = Some("2026-01-01".parse().unwrap()));
    }
    if dice.one_in(3) {
        after.review = Review::new();
    }
    for question in new.questions() {
        match dice.below(8) {
            0 => drop(after.answers.remove(&question.key)),
            1 => drop(after.answers.insert(question.key.clone(), value(random_value(&mut dice, question.kind)))),
            _ => {}
        }
    }
    ((old, before), (new, after))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn parts_always_sum_to_the_change_of_the_score_shown(seed: u64) {
        let ((old, before), (new, after)) = two(seed);
        parts_sum(&moved((&old, &before), (&new, &after)));
    }

    #[test]
    fn swapping_the_sides_turns_everything_around(seed: u64) {
        let ((old, before), (new, after)) = two(seed);
        let there = moved((&old, &before), (&new, &after));
        let back = moved((&new, &after), (&old, &before));
        prop_assert_eq!((back.claimed.before, back.claimed.after), (there.claimed.after, there.claimed.before));
        prop_assert_eq!(back.evidenced.change.map(ScoreChange::tenths), there.evidenced.change.map(|change| -change.tenths()));
        prop_assert_eq!(back.questions.len(), there.questions.len());
        for (back, there) in back.questions.iter().zip(&there.questions) {
            prop_assert_eq!(&back.question, &there.question);
            prop_assert_eq!((back.claimed.tenths(), back.evidenced.tenths()), (-there.claimed.tenths(), -there.evidenced.tenths()));
            prop_assert_eq!((&back.answer_before, &back.answer_after), (&there.answer_after, &there.answer_before));
            prop_assert_eq!((back.points_before, back.points_after), (there.points_after, there.points_before));
        }
        let sorted = |mut keys: Vec<String>| { keys.sort(); keys };
        prop_assert_eq!(sorted(back.knock_outs_gained), sorted(there.knock_outs_lost));
        prop_assert_eq!(sorted(back.findings_lost), sorted(there.findings_gained));
    }

    #[test]
    fn identical_sides_give_nothing(seed: u64) {
        let mut dice = Dice(seed);
        let edition = random_edition(&mut dice, FULL);
        let case = random_case(&mut dice, &edition);
        let movement = moved((&edition, &case), (&edition, &case));
        prop_assert_eq!(&movement.questions, &[]);
        prop_assert!(movement.frameworks.iter().all(|framework| framework.parts.is_empty()));
        prop_assert_eq!(movement.claimed.change, movement.claimed.before.map(|_| ScoreChange::ZERO));
        let keys = [movement.knock_outs_gained, movement.knock_outs_lost, movement.findings_gained, movement.findings_lost].concat();
        prop_assert_eq!(keys, Vec::<String>::new());
    }

    #[test]
    fn questions_come_in_order_each_with_a_reason_and_read_back(seed: u64) {
        let ((old, before), (new, after)) = two(seed);
        let movement = moved((&old, &before), (&new, &after));
        let order: Vec<(i32, &str)> = movement.questions.iter().map(|one| (-one.evidenced.tenths().abs(), one.question.as_str())).collect();
        prop_assert!(order.is_sorted());
        for one in &movement.questions {
            prop_assert!(!one.because.is_empty());
            let nothing = one.claimed == ScoreChange::ZERO && one.evidenced == ScoreChange::ZERO;
            let shifted = serde_json::to_value(&one.because).unwrap() == json!(["weight_shifted"]);
            prop_assert!(!(nothing && shifted), "{one:?}");
        }
        let text = serde_json::to_string(&movement).unwrap();
        prop_assert_eq!(serde_json::from_str::<Movement>(&text).unwrap(), movement);
    }

    /// Points do not move by themselves: whatever is told as a mere shift is worth what it was.
    #[test]
    fn a_mere_shift_of_weight_leaves_points_answer_and_state_alone(seed: u64) {
        let ((old, before), (new, after)) = two(seed);
        let movement = moved((&old, &before), (&new, &after));
        for one in movement.questions.iter().filter(|one| serde_json::to_value(&one.because).unwrap() == json!(["weight_shifted"])) {
            prop_assert_eq!(one.points_before, one.points_after, "{:?}", one);
            let value = |answer: &Option<Answer>| answer.as_ref().and_then(|answer| answer.value.clone());
            prop_assert_eq!(value(&one.answer_before), value(&one.answer_after));
        }
    }
}
