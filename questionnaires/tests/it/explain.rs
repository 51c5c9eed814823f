//! What would raise a score most.

use std::cmp::Reverse;

use diligence_questionnaires::{
    Answer, Band, Edition, EvidenceFact, EvidenceKind, Improvement, ImprovementHow, Improvements, Outcome, Points,
    Prepared, Question, QuestionPoints, QuestionType, RatingPolicy, ReviewedPoints, Score, ScoreChange, band,
    check_answers, evaluate, improvements, library,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::harness::*;
use crate::properties::{Dice, FULL, PLAIN, random_case, random_edition, random_value};

fn improve(edition: &Edition, case: &Case) -> Improvements {
    improvements(&Prepared::new(edition), &case.input(), &RatingPolicy::default())
}

fn band_of(outcome: &Outcome) -> Band {
    band(&RatingPolicy::default(), outcome.evidenced, outcome.coverage, outcome.is_knocked_out())
}

/// What happens at a question, done as it is told and by no other means.
fn apply(edition: &Edition, case: &mut Case, improvement: &Improvement) {
    let question = edition.question(&improvement.question).unwrap();
    for how in &improvement.how {
        match how {
            ImprovementHow::Answer | ImprovementHow::OtherAnswer => {
                let answer = case.answers.entry(question.key.clone()).or_default();
                answer.value = Some(improvement.value.clone().unwrap_or_else(|| json!("what nobody can suggest")));
                answer.not_applicable = None;
            }
            ImprovementHow::Evidence => {
                let id = improvement.evidence_at_hand.clone().unwrap_or_else(|| {
                    let id = format!("new for {}", question.key);
                    let kind = question.evidence.kinds.last().copied().unwrap_or(EvidenceKind::Pledge);
                    case.evidence.push(EvidenceFact {
                        id: id.clone(),
                        kind,
                        issued_on: Some(ON.parse().unwrap()),
                        expires_on: Some(ON.parse().unwrap()),
                        file_sha256: None,
                        not_counted: None,
                    });
                    id
                });
                case.answers.get_mut(&question.key).unwrap().evidence_ids.push(id);
            }
            ImprovementHow::Review => {
                case.review.insert(
                    question.key.clone(),
                    ReviewedPoints { points: 100, reason: Some("Well done".to_owned()), reviewer: None },
                );
            }
            ImprovementHow::ReviewAgain => drop(case.review.remove(&question.key).unwrap()),
        }
    }
}

fn copy(case: &Case) -> Case {
    Case {
        answers: case.answers.clone(),
        review: case.review.clone(),
        evidence: case.evidence.clone(),
        subject: case.subject.clone(),
    }
}

fn keys(improvements: &Improvements) -> Vec<&str> {
    improvements.improvements.iter().map(|one| one.question.as_str()).collect()
}

fn points(outcome: &Outcome, question: &str) -> Option<QuestionPoints> {
    outcome.contributions.iter().find(|one| one.question == question).and_then(QuestionPoints::of)
}

fn change(tenths: i32) -> ScoreChange {
    ScoreChange::from_tenths(tenths).unwrap()
}

/// The only improvement of one question's answer.
fn only(question: Value, case: &Case) -> Improvement {
    let edition = edition(&questions(json!([question])));
    let mut found = improve(&edition, case).improvements;
    assert_eq!(found.len(), 1, "{found:#?}");
    found.remove(0)
}

#[test]
fn the_largest_gain_comes_first_and_full_points_are_left_alone() {
    let list = json!([
        yes_no("small", json!({"weight": 10})),
        yes_no("full", json!({})),
        yes_no("large", json!({"weight": 30}))
    ]);
    let case = Case::of(answers([("small", value("no")), ("full", value("yes"))]));
    let found = improve(&edition(&questions(list)), &case);
    assert_eq!(keys(&found), ["large", "small"]);
    let large = &found.improvements[0];
    assert_eq!(
        (large.how.as_slice(), large.value.clone(), large.evidenced_gain),
        (&[ImprovementHow::Answer][..], Some(json!("yes")), change(600))
    );
    assert_eq!((large.points_before.unwrap().claimed, large.points_after.unwrap().claimed), (0.into(), 100.into()));
    assert_eq!((large.coverage_gain, large.band_after), (change(600), Band::Strong));
    assert_eq!(found.improvements[1].how, [ImprovementHow::OtherAnswer]);
    assert_eq!(
        (found.band, found.coverage.to_string().as_str(), found.next_band),
        (Band::Unassessed, "40.0", Some(Band::Weak))
    );
    assert_eq!(found.to_next_band, Some(vec!["large".to_owned()]));
}

#[test]
fn missing_and_expired_evidence_is_asked_for_and_what_is_at_hand_is_named() {
    let question = yes_no("a", json!({"evidence": {"need": "needed", "kinds": ["iso_27001", "soc_2"]}}));
    let mut case = Case::of(answers([("a", Answer { evidence_ids: vec!["old".to_owned()], ..value("yes") })]));
    let fact = |id: &str, kind, expires_on: Option<&str>| EvidenceFact {
        id: id.to_owned(),
        kind,
        issued_on: None,
        expires_on: expires_on.map(|date| date.parse().unwrap()),
        file_sha256: None,
        not_counted: None,
    };
    case.evidence =
        vec![fact("old", EvidenceKind::Iso27001, Some("2026-02-28")), fact("other", EvidenceKind::Dspt, None)];
    let one = only(question.clone(), &case);
    assert_eq!((one.how.as_slice(), one.value, one.evidence_at_hand), (&[ImprovementHow::Evidence][..], None, None));
    assert_eq!((one.claimed_gain, one.evidenced_gain), (change(0), change(1000)));
    case.evidence.push(fact("report", EvidenceKind::Soc2, None));
    assert_eq!(only(question.clone(), &case).evidence_at_hand.as_deref(), Some("report"));
    // Fifty other pieces, the most that are looked at, do not stand before it.
    case.answers.get_mut("a").unwrap().evidence_ids = (0..50).map(|number| format!("e{number}")).collect();
    assert_eq!(only(question.clone(), &case).evidenced_gain, change(1000));
    case.answers.clear();
    assert_eq!(only(question, &case).how, [ImprovementHow::Answer, ImprovementHow::Evidence]);
}

#[test]
fn a_number_or_date_is_the_least_that_will_do_within_its_limits() {
    let bands = json!([{"at_least": 95.5, "points": 100}, {"at_least": 80, "points": 60}, {"otherwise": true, "points": 0, "knock_out": "Too few"}]);
    let number =
        |more| with(json!({"key": "n", "principle": "p", "text": "?", "type": "number", "bands": bands}), more);
    let mut case = Case::of(answers([("n", value(10))]));
    let one = only(number(json!({})), &case);
    assert_eq!(
        (one.value, one.lifts_knock_out, one.points_after.unwrap().claimed),
        (Some(json!(95.5)), true, 100.into())
    );
    let mut limited = edition(&questions(json!([number(json!({}))])));
    limited.sections[0].questions[0].maximum = serde_json::from_value(json!(90)).unwrap();
    limited.sections[0].questions[0].minimum = serde_json::from_value(json!(85)).unwrap();
    let found = improve(&limited, &case);
    assert_eq!(
        (found.improvements[0].value.clone(), found.improvements[0].how[0]),
        (Some(json!(85)), ImprovementHow::Answer),
        "10 is no answer there"
    );
    case.answers.insert("n".to_owned(), value(86));
    assert_eq!(improve(&limited, &case).improvements, [], "nothing better is allowed");

    let aged = json!({"key": "d", "principle": "p", "text": "?", "type": "date", "bands": [{"within_months": 12, "points": 100}, {"within_months": 24, "points": 20}]});
    let fixed = json!({"key": "d", "principle": "p", "text": "?", "type": "date", "bands": [{"on_or_after": "2027-01-01", "points": 100}, {"otherwise": true, "points": 0}]});
    let case = Case::of(answers([("d", value("2020-01-01"))]));
    assert_eq!(only(aged, &case).value, Some(json!("2025-03-01")));
    assert_eq!(only(fixed, &case).value, Some(json!("2027-01-01")));
}

#[test]
fn a_date_counted_back_from_the_end_of_a_month_still_reaches_its_band() {
    let bands = json!([{"within_months": 1, "points": 100}, {"otherwise": true, "points": 0}]);
    let edition =
        edition(&questions(json!([{"key": "d", "principle": "p", "text": "?", "type": "date", "bands": bands}])));
    let case = Case::default();
    let mut input = case.input();
    input.on = "2026-03-31".parse().unwrap();
    let found = improvements(&Prepared::new(&edition), &input, &RatingPolicy::default());
    assert_eq!(
        (found.improvements[0].value.clone(), found.improvements[0].evidenced_gain),
        (Some(json!("2026-03-01")), change(1000))
    );
}

#[test]
fn of_several_options_those_that_do_harm_are_left_and_the_rest_stays() {
    let options = json!([
        {"value": "a", "label": "A", "points": 60},
        {"value": "b", "label": "B", "points": 0},
        {"value": "c", "label": "C", "points": 40},
        {"value": "d", "label": "D", "points": 0, "knock_out": "Never"},
        {"value": "none", "label": "None", "points": 0, "exclusive": true},
    ]);
    let question = json!({"key": "m", "principle": "p", "text": "?", "type": "multiple_choice", "options": options});
    let chosen = |list: Value| only(question.clone(), &Case::of(answers([("m", value(list))]))).value;
    assert_eq!(chosen(json!(["none"])), Some(json!(["a", "c"])));
    assert_eq!(chosen(json!(["d", "b", "a"])), Some(json!(["a", "b", "c"])));
    assert_eq!(chosen(json!(["a", "c", "d"])), Some(json!(["a", "c"])), "a knock-out counts at full points too");
}

#[test]
fn texts_and_files_want_a_reviewer_and_an_answer_that_nobody_suggests() {
    for kind in ["text", "file"] {
        let question = json!({"key": "t", "principle": "p", "text": "?", "type": kind});
        let mut case = Case::default();
        let one = only(question.clone(), &case);
        assert_eq!((one.how.as_slice(), one.value), (&[ImprovementHow::Answer, ImprovementHow::Review][..], None));
        case.answers.insert("t".to_owned(), value("Here"));
        let one = only(question.clone(), &case);
        assert_eq!(
            (one.how.as_slice(), one.points_before, one.evidenced_gain),
            (&[ImprovementHow::Review][..], None, change(1000)),
            "it waits"
        );
        case.review.insert("t".to_owned(), ReviewedPoints { points: 70, reason: None, reviewer: None });
        assert_eq!(only(question, &case).evidenced_gain, change(300));
    }
}

#[test]
fn what_a_reviewer_replaced_is_looked_at_again_only_where_that_helps() {
    let options = json!([{"value": "yes", "label": "Yes", "points": 100}, {"value": "no", "label": "No", "points": 0, "knock_out": "Never"}]);
    let question = yes_no("a", json!({"options": options}));
    let mut case = Case::of(answers([("a", value("yes"))]));
    case.review
        .insert("a".to_owned(), ReviewedPoints { points: 30, reason: Some("Only staff".to_owned()), reviewer: None });
    let one = only(question.clone(), &case);
    assert_eq!(
        (one.how.as_slice(), one.value, one.evidenced_gain),
        (&[ImprovementHow::ReviewAgain][..], None, change(700))
    );
    case.answers.insert("a".to_owned(), value("no"));
    assert_eq!(only(question.clone(), &case).how, [ImprovementHow::OtherAnswer, ImprovementHow::ReviewAgain]);
    case.review.get_mut("a").unwrap().points = 100;
    let one = only(question, &case);
    assert_eq!(
        (one.how.as_slice(), one.evidenced_gain, one.lifts_knock_out),
        (&[ImprovementHow::OtherAnswer][..], change(0), true)
    );
    let unsupported = only(yes_no("a", json!({"evidence": {"need": "needed"}})), &case);
    assert_eq!(
        (unsupported.how.as_slice(), unsupported.value),
        (&[ImprovementHow::Evidence][..], None),
        "the reviewer's points are full already"
    );
}

#[test]
fn a_better_answer_that_shows_unanswered_questions_is_told_as_the_loss_it_is() {
    let list = json!([
        {"key": "a", "principle": "p", "text": "?", "type": "single_choice", "weight": 10, "options": [
            {"value": "fully", "label": "Fully", "points": 100}, {"value": "partly", "label": "Partly", "points": 90}, {"value": "no", "label": "No", "points": 0}]},
        yes_no("b", json!({"weight": 30, "show_if": {"question": "a", "is": "fully"}})),
    ]);
    let edition = edition(&questions(list));
    let found = improve(&edition, &Case::of(answers([("a", value("partly"))])));
    assert_eq!(
        (found.improvements[0].claimed_gain, found.improvements[0].evidenced_gain),
        (change(-650), change(-650))
    );
    assert_eq!(
        (found.improvements[0].coverage_gain, found.improvements[0].band_after),
        (change(-750), Band::Unassessed)
    );
    assert_eq!((found.band, found.next_band, found.to_next_band), (Band::Strong, None, None));
}

#[test]
fn a_step_that_is_enough_alone_is_found_behind_one_that_brings_more_and_leads_astray() {
    let list = json!([
        yes_no("astray", json!({"weight": 60})),
        yes_no("enough", json!({"weight": 42})),
        yes_no("shown", json!({"weight": 40, "show_if": {"question": "astray", "is": "yes"}})),
    ]);
    let found =
        improve(&edition(&questions(list)), &Case::of(answers([("astray", value("no")), ("enough", value("no"))])));
    assert_eq!(keys(&found), ["astray", "enough"]);
    assert_eq!(
        (found.improvements[0].band_after, found.next_band, found.to_next_band),
        (Band::Unassessed, Some(Band::Weak), Some(vec!["enough".to_owned()]))
    );
}

#[test]
fn a_question_for_information_matters_only_by_its_knock_out() {
    let options = json!([{"value": "yes", "label": "Yes", "points": 0, "knock_out": "Never"}, {"value": "no", "label": "No", "points": 100}]);
    let list = json!([
        yes_no("known", json!({"weight": 0, "options": options, "evidence": {"need": "needed"}})),
        yes_no("scored", json!({})),
        yes_no("asked", json!({"weight": 0}))
    ]);
    let edition = edition(&questions(list));
    let found = improve(&edition, &Case::of(answers([("known", value("yes")), ("scored", value("yes"))])));
    assert_eq!(keys(&found), ["known"]);
    let one = &found.improvements[0];
    assert_eq!(
        (one.how.as_slice(), one.points_after, one.evidenced_gain),
        (&[ImprovementHow::OtherAnswer][..], None, change(0))
    );
    assert_eq!(
        (found.next_band, one.band_after, found.to_next_band),
        (Some(Band::Strong), Band::Strong, Some(vec!["known".to_owned()]))
    );
    assert!(keys(&improve(&edition, &Case::of(answers([("scored", value("yes"))])))).is_empty());
}

#[test]
fn a_knock_out_among_others_is_told_though_lifting_it_alone_changes_no_number() {
    let options = json!([{"value": "yes", "label": "Yes", "points": 0, "knock_out": "Never"}, {"value": "no", "label": "No", "points": 100}]);
    let capped = |key| yes_no(key, json!({"weight": 0, "options": options}));
    let found = improve(
        &edition(&questions(json!([capped("a"), capped("b"), yes_no("c", json!({}))]))),
        &Case::of(answers([("a", value("yes")), ("b", value("yes")), ("c", value("yes"))])),
    );
    assert_eq!(keys(&found), ["a", "b"]);
    assert!(found.improvements.iter().all(|one| one.lifts_knock_out && one.band_after == Band::Poor));
    assert_eq!(found.to_next_band, Some(vec!["a".to_owned(), "b".to_owned()]));
}

#[test]
fn knock_outs_at_full_points_come_first_though_lifting_them_lowers_the_score() {
    let capped = |key: &str| {
        let options = json!([
            {"value": "best", "label": "Best", "points": 100, "knock_out": "Never"},
            {"value": "honest", "label": "Honest", "points": 50},
            {"value": "none", "label": "None", "points": 0},
        ]);
        json!({"key": key, "principle": "p", "text": "?", "type": "single_choice", "weight": 15, "options": options})
    };
    let list =
        json!([capped("a"), capped("b"), yes_no("have", json!({"weight": 50})), yes_no("want", json!({"weight": 20}))]);
    let case =
        Case::of(answers([("a", value("best")), ("b", value("best")), ("have", value("yes")), ("want", value("no"))]));
    let found = improve(&edition(&questions(list)), &case);
    assert_eq!(keys(&found), ["want", "a", "b"]);
    assert_eq!(
        (found.improvements[1].evidenced_gain, found.improvements[1].value.clone()),
        (change(-75), Some(json!("honest")))
    );
    assert_eq!(
        (found.next_band, found.to_next_band),
        (Some(Band::Strong), Some(["a", "b", "want"].map(str::to_owned).to_vec()))
    );
}

#[test]
fn what_has_no_better_answer_is_left_out_and_then_no_way_leads_on() {
    let mut edition = edition(&questions(json!([yes_no("a", json!({}))])));
    edition.sections[0].questions[0].options.iter_mut().for_each(|option| option.knock_out = Some("Never".to_owned()));
    let found = improve(&edition, &Case::of(answers([("a", value("yes"))])));
    assert_eq!(
        (found.improvements, found.band, found.next_band, found.to_next_band),
        (vec![], Band::Poor, Some(Band::Strong), None)
    );
    let edition = crate::harness::edition(&questions(json!([yes_no("a", json!({"not_applicable": "with_reason"}))])));
    assert_eq!(improve(&edition, &Case::of(answers([("a", skipped("None here"))]))).improvements, []);
}

#[test]
fn knock_outs_come_first_on_the_way_to_the_next_band() {
    let knock_out = json!([{"value": "yes", "label": "Yes", "points": 100}, {"value": "no", "label": "No", "points": 0, "knock_out": "Never"}]);
    let list = json!([
        yes_no("large", json!({"weight": 50})),
        yes_no("small", json!({"weight": 30})),
        yes_no("capped", json!({"weight": 20, "options": knock_out})),
    ]);
    let case = Case::of(answers([("large", value("no")), ("small", value("no")), ("capped", value("no"))]));
    let found = improve(&edition(&questions(list)), &case);
    assert_eq!(keys(&found), ["large", "small", "capped"]);
    assert_eq!((found.improvements[0].band_after, found.improvements[2].band_after), (Band::Poor, Band::Poor));
    assert_eq!((found.band, found.next_band), (Band::Poor, Some(Band::Weak)));
    assert_eq!(found.to_next_band, Some(vec!["capped".to_owned(), "large".to_owned()]));
}

#[test]
fn steps_that_turn_out_needless_are_given_back() {
    // The inner question brings more and is taken first; then the outer one hides it, and does alone.
    let knock_out = json!([{"value": "yes", "label": "Yes", "points": 100}, {"value": "no", "label": "No", "points": 0, "knock_out": "Never"}]);
    let list = json!([
        yes_no("outer", json!({"options": knock_out, "weight": 10})),
        yes_no("inner", json!({"options": knock_out, "weight": 30, "show_if": {"question": "outer", "is": "no"}})),
        yes_no("instead", json!({"weight": 10, "show_if": {"question": "outer", "is": "yes"}})),
    ]);
    let found = improve(
        &edition(&questions(list)),
        &Case::of(answers([("inner", value("no")), ("outer", value("no")), ("instead", value("no"))])),
    );
    assert_eq!(keys(&found), ["inner", "outer"]);
    assert_eq!(found.to_next_band, Some(vec!["outer".to_owned()]));
}

#[test]
fn gains_too_small_to_show_still_add_up_to_a_band() {
    let heavy = ["x", "y"].map(|key| yes_no(key, json!({"weight": 1_000})));
    let light = (0..201).map(|number| yes_no(&format!("q{number}"), json!({"weight": 1})));
    let edition = edition(&questions(heavy.into_iter().chain(light).collect()));
    let answer = |key: &str| value(if key.starts_with('q') { "no" } else { "yes" });
    let case = Case::of(edition.questions().map(|question| (question.key.clone(), answer(&question.key))).collect());
    let policy = RatingPolicy { strong_from: 93, ..RatingPolicy::default() };
    let found = improvements(&Prepared::new(&edition), &case.input(), &policy);
    assert_eq!((found.evidenced.map(Score::tenths), found.improvements.len()), (Some(909), 201));
    assert!(found.improvements.iter().all(|one| one.evidenced_gain == ScoreChange::ZERO));
    // 2,045 of 2,201 are 92.9, and 2,046 are 93.0.
    assert_eq!(found.to_next_band.map(|steps| steps.len()), Some(46));
}

#[test]
fn the_built_in_questionnaires_can_be_led_from_silence_to_strong() {
    for edition in library::editions().iter().filter(|edition| edition.is_scored()) {
        let mut case = Case::default();
        for _ in 0..50 {
            let found = improve(edition, &case);
            if found.band == Band::Strong {
                break;
            }
            for one in &found.improvements {
                apply(edition, &mut case, one);
            }
        }
        assert_eq!(band_of(&case.outcome(edition)), Band::Strong, "{}", edition.key);
    }
}

/// Whether some other answer is worth more than what is suggested, without a knock-out.
fn beats(edition: &Edition, case: &Case, question: &Question, other: Value, best: QuestionPoints) -> bool {
    let mut case = copy(case);
    case.answers.entry(question.key.clone()).or_default().value = Some(other);
    let outcome = case.outcome(edition);
    let capped = outcome.knock_outs.iter().any(|one| one.question == question.key);
    !capped
        && points(&outcome, &question.key)
            .is_some_and(|points| points.claimed > best.claimed || points.evidenced > best.evidenced)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn applying_an_improvement_really_gives_what_it_said(seed: u64) {
        let mut dice = Dice(seed);
        let edition = random_edition(&mut dice, FULL);
        let case = random_case(&mut dice, &edition);
        let before = case.outcome(&edition);
        let found = improve(&edition, &case);
        prop_assert_eq!((found.claimed, found.evidenced, found.coverage, found.band), (before.claimed, before.evidenced, before.coverage, band_of(&before)));
        for one in &found.improvements {
            let mut better = copy(&case);
            apply(&edition, &mut better, one);
            let after = better.outcome(&edition);
            prop_assert_eq!(one.claimed_gain, ScoreChange::between(before.claimed, after.claimed), "{:?}", one);
            prop_assert_eq!(one.evidenced_gain, ScoreChange::between(before.evidenced, after.evidenced), "{:?}", one);
            prop_assert_eq!(one.coverage_gain, ScoreChange::between(Some(before.coverage), Some(after.coverage)));
            prop_assert_eq!(one.band_after, band_of(&after));
            prop_assert_eq!((one.points_before, one.points_after), (points(&before, &one.question), points(&after, &one.question)), "{:?}", one);
            let capped = |outcome: &Outcome| outcome.knock_outs.iter().any(|knock_out| knock_out.question == one.question);
            prop_assert_eq!((one.lifts_knock_out, capped(&after)), (capped(&before), false));
            prop_assert!(!one.how.is_empty() && before != after);
            prop_assert_eq!(check_answers(&edition, &better.answers), []);
        }
    }

    #[test]
    fn improvements_come_in_order_each_question_once_and_read_back(seed: u64) {
        let mut dice = Dice(seed);
        let edition = random_edition(&mut dice, FULL);
        let found = improve(&edition, &random_case(&mut dice, &edition));
        let place = |key: &str| edition.questions().position(|question| question.key == key).unwrap();
        let order: Vec<_> =
            found.improvements.iter().map(|one| (Reverse(one.evidenced_gain), Reverse(one.claimed_gain), !one.lifts_knock_out, place(&one.question))).collect();
        prop_assert!(order.is_sorted_by(|left, right| left < right), "{order:?}");
        prop_assert_eq!(serde_json::from_str::<Improvements>(&serde_json::to_string(&found).unwrap()).unwrap(), found);
    }

    #[test]
    fn no_honest_answer_is_worth_more_than_the_one_suggested(seed: u64) {
        let mut dice = Dice(seed);
        let edition = random_edition(&mut dice, PLAIN);
        let case = random_case(&mut dice, &edition);
        let before = case.outcome(&edition);
        let found = improve(&edition, &case);
        for question in edition.questions().filter(|question| !matches!(question.kind, QuestionType::Text | QuestionType::File)) {
            let improvement = found.improvements.iter().find(|one| one.question == question.key);
            let Some(best) = improvement.map_or(points(&before, &question.key), |one| one.points_after) else { continue };
            // Where the principle does not count, nothing is suggested though points could be had.
            let counts = edition.principle(&question.principle).unwrap().weight > 0;
            for _ in 0..if counts { 8 } else { 0 } {
                let other = random_value(&mut dice, question.kind);
                prop_assert!(!beats(&edition, &case, question, other.clone(), best), "{} {other} {improvement:?}", question.key);
            }
        }
    }

    #[test]
    fn the_way_to_the_next_band_reaches_it_and_no_step_can_be_left_out(seed: u64) {
        let mut dice = Dice(seed);
        let edition = random_edition(&mut dice, FULL);
        let case = random_case(&mut dice, &edition);
        let found = improve(&edition, &case);
        prop_assert_eq!(found.next_band.is_none(), found.band == Band::Strong);
        let Some(steps) = found.to_next_band else { return Ok(()) };
        let wanted = found.next_band.unwrap();
        prop_assert!(wanted < found.band && wanted <= Band::Weak);
        let reached = |left_out: Option<usize>| {
            let mut better = copy(&case);
            for (_, step) in steps.iter().enumerate().filter(|(place, _)| Some(*place) != left_out) {
                apply(&edition, &mut better, found.improvements.iter().find(|one| one.question == *step).unwrap());
            }
            band_of(&better.outcome(&edition)) <= wanted
        };
        prop_assert!(reached(None), "{steps:?}");
        for place in 0..steps.len() {
            prop_assert!(!reached(Some(place)), "{steps:?} {place}");
        }
    }

    #[test]
    fn where_no_question_depends_on_another_a_way_is_found_whenever_there_is_one(seed: u64) {
        let mut dice = Dice(seed);
        let edition = random_edition(&mut dice, PLAIN);
        let case = random_case(&mut dice, &edition);
        let found = improve(&edition, &case);
        let mut best = copy(&case);
        found.improvements.iter().for_each(|one| apply(&edition, &mut best, one));
        if let Some(wanted) = found.next_band {
            prop_assert_eq!(found.to_next_band.is_some(), band_of(&best.outcome(&edition)) <= wanted);
        }
    }

    #[test]
    fn any_policy_and_any_edition_give_a_result(seed: u64, limits in prop::collection::vec(any::<u8>(), 4)) {
        let mut dice = Dice(seed);
        let mut edition = random_edition(&mut dice, FULL);
        let case = random_case(&mut dice, &edition);
        // Keys that repeat, principles that are not there, points past the end: nothing a parser would let through.
        let copied = dice.pick(&edition.sections).clone();
        edition.sections.push(copied);
        edition.sections[0].questions.iter_mut().for_each(|question| {
            if dice.one_in(3) {
                question.principle = "missing".to_owned();
            }
            let past = |points: Points| Points::whole(points.numerator().to_le_bytes()[0].wrapping_mul(3));
            question.options.iter_mut().for_each(|option| option.points = past(option.points));
            question.bands.reverse();
        });
        let policy = RatingPolicy { strong_from: limits[0], adequate_from: limits[1], weak_from: limits[2], minimum_coverage: limits[3], ..RatingPolicy::default() };
        let found = improvements(&Prepared::new(&edition), &case.input(), &policy);
        let outcome = evaluate(&edition, &case.input());
        prop_assert_eq!((found.claimed, found.evidenced), (outcome.claimed, outcome.evidenced));
        prop_assert!(found.coverage <= Score::FULL);
    }
}
