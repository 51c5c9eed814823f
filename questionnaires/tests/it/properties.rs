//! What must hold for every edition and every answer.

use std::collections::{BTreeMap, BTreeSet};

use diligence_questionnaires::{
    Answer, Answers, Edition, EvidenceFact, EvidenceKind, Input, NotApplicable, Outcome, Points, Prepared,
    QuestionState, QuestionType, Rating, RatingPolicy, ReviewedPoints, Score, Subject, Tier, check_answers, evaluate,
    library, normalise_answer, residual, text::Form,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::harness::*;

mod chance;

pub use chance::{Dice, FULL, PLAIN, Shape, junk, mutate, random_case, random_document, random_edition, random_value};

fn sums(outcome: &Outcome) {
    let sum = |list: &mut dyn Iterator<Item = Score>| -> u32 { list.map(Score::tenths).sum() };
    let of = |score: Option<Score>| score.map_or(0, Score::tenths);
    let all = || outcome.contributions.iter();
    assert_eq!(sum(&mut all().map(|one| one.claimed)), of(outcome.claimed));
    assert_eq!(sum(&mut all().map(|one| one.evidenced)), of(outcome.evidenced));
    for framework in &outcome.frameworks {
        let inside = || all().filter(|one| one.framework == framework.framework);
        assert_eq!(sum(&mut inside().map(|one| one.framework_claimed)), of(framework.claimed));
        assert_eq!(sum(&mut inside().map(|one| one.framework_evidenced)), of(framework.evidenced));
        for principle in &framework.principles {
            let inside = || all().filter(|one| one.principle == principle.principle);
            assert_eq!(sum(&mut inside().map(|one| one.principle_claimed)), of(principle.claimed));
            assert_eq!(sum(&mut inside().map(|one| one.principle_evidenced)), of(principle.evidenced));
        }
    }
}

/// Every score in a result, and every contribution by question, in an order of their own.
fn numbers(outcome: &Outcome) -> BTreeMap<String, Vec<Option<u32>>> {
    let of = |score: Option<Score>| score.map(Score::tenths);
    let mut found = BTreeMap::from([(
        "".to_owned(),
        vec![of(outcome.claimed), of(outcome.evidenced), Some(outcome.coverage.tenths())],
    )]);
    for framework in &outcome.frameworks {
        found
            .insert(format!("framework {}", framework.framework), vec![of(framework.claimed), of(framework.evidenced)]);
        for principle in &framework.principles {
            found.insert(
                format!("principle {}", principle.principle),
                vec![of(principle.claimed), of(principle.evidenced)],
            );
        }
    }
    for one in &outcome.contributions {
        let shares = [
            one.claimed,
            one.evidenced,
            one.framework_claimed,
            one.framework_evidenced,
            one.principle_claimed,
            one.principle_evidenced,
        ];
        let whole = |points: Points| u32::try_from(parts(points)).unwrap();
        let points = [one.points_claimed, one.points_evidenced].map(|points| points.map(whole));
        found
            .insert(one.question.clone(), shares.map(|share| Some(share.tenths())).into_iter().chain(points).collect());
    }
    found
}

/// Everything a result names, in an order of its own.
fn told(outcome: &Outcome) -> Vec<String> {
    let lists = [&outcome.visible, &outcome.awaiting_review, &outcome.unanswered_required, &outcome.comments_needed];
    let keys =
        lists.into_iter().enumerate().flat_map(|(number, list)| list.iter().map(move |key| format!("{number} {key}")));
    let skipped = outcome.not_applicable.iter().map(|one| format!("skipped {} {}", one.question, one.reason));
    let knock_outs =
        outcome.knock_outs.iter().map(|one| format!("knock-out {} {} {}", one.question, one.value, one.reason));
    let findings = outcome.findings.iter().map(|one| {
        let because: BTreeSet<&String> = one.because.iter().collect();
        format!("finding {} {:?} {because:?}", one.key, one.severity)
    });
    let mut found: Vec<String> = keys.chain(skipped).chain(knock_outs).chain(findings).collect();
    found.sort();
    found
}

/// One point has so many parts: every fraction in a random edition is a whole number of them.
const PARTS: u128 = 2_100;

fn parts(points: Points) -> u128 {
    let below = u128::from(points.denominator());
    assert_eq!(PARTS % below, 0);
    u128::try_from(points.numerator()).unwrap() * (PARTS / below)
}

/// The whole's claimed score in tenths, worked out another way: one common denominator, no shortcuts.
fn reference(
    edition: &Edition,
    outcome: &Outcome,
    points: fn(&diligence_questionnaires::Contribution) -> Option<Points>,
) -> Option<u128> {
    let mut numerator = 0_u128;
    let mut denominator = 1_u128;
    let mut weights = 0_u128;
    for principle in &edition.principles {
        let of = outcome.contributions.iter().filter(|one| one.principle == principle.key);
        let counted: Vec<(u128, u128)> =
            of.filter_map(|one| Some((u128::from(one.weight), parts(points(one)?)))).collect();
        let total: u128 = counted.iter().map(|(weight, _)| weight).sum();
        if total == 0 {
            continue;
        }
        let got: u128 = counted.iter().map(|(weight, points)| weight * points).sum();
        let weight = u128::from(principle.weight);
        numerator = numerator * total * PARTS + weight * got * 10 * denominator;
        denominator *= total * PARTS;
        weights += weight;
    }
    (weights > 0).then(|| (2 * numerator + denominator * weights) / (2 * denominator * weights))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn scores_are_what_the_formula_says(seed: u64) {
        let mut dice = Dice(seed);
        let edition = random_edition(&mut dice, FULL);
        let outcome = random_case(&mut dice, &edition).outcome(&edition);
        let tenths = |score: Option<Score>| score.map(|score| u128::from(score.tenths()));
        prop_assert_eq!(tenths(outcome.claimed), reference(&edition, &outcome, |one| one.points_claimed));
        prop_assert_eq!(tenths(outcome.evidenced), reference(&edition, &outcome, |one| one.points_evidenced));
    }

    #[test]
    fn contributions_sum_to_the_score_at_every_level(seed: u64) {
        let mut dice = Dice(seed);
        let edition = random_edition(&mut dice, FULL);
        sums(&random_case(&mut dice, &edition).outcome(&edition));
    }

    #[test]
    fn evidenced_is_never_above_claimed(seed: u64) {
        let mut dice = Dice(seed);
        let edition = random_edition(&mut dice, FULL);
        let outcome = random_case(&mut dice, &edition).outcome(&edition);
        prop_assert!(outcome.evidenced <= outcome.claimed);
        for framework in &outcome.frameworks {
            prop_assert!(framework.evidenced <= framework.claimed);
            prop_assert!(framework.principles.iter().all(|principle| principle.evidenced <= principle.claimed));
        }
        prop_assert!(outcome.contributions.iter().all(|one| one.points_evidenced <= one.points_claimed));
    }

    #[test]
    fn the_order_of_sections_questions_principles_and_evidence_is_irrelevant(seed: u64) {
        let mut dice = Dice(seed);
        let mut edition = random_edition(&mut dice, FULL);
        let mut case = random_case(&mut dice, &edition);
        let before = case.outcome(&edition);
        dice.shuffle(&mut edition.sections);
        dice.shuffle(&mut edition.principles);
        edition.sections.iter_mut().for_each(|section| dice.shuffle(&mut section.questions));
        dice.shuffle(&mut case.evidence);
        for answer in case.answers.values_mut() {
            dice.shuffle(&mut answer.evidence_ids);
            if let Some(Value::Array(chosen)) = &mut answer.value {
                dice.shuffle(chosen);
            }
        }
        let after = case.outcome(&edition);
        prop_assert_eq!(numbers(&after), numbers(&before));
        prop_assert_eq!(told(&after), told(&before));
    }

    #[test]
    fn hidden_answers_have_no_effect(seed: u64) {
        let mut dice = Dice(seed);
        let edition = random_edition(&mut dice, FULL);
        let mut case = random_case(&mut dice, &edition);
        let before = case.outcome(&edition);
        for question in edition.questions().filter(|question| !before.visible.contains(&question.key)) {
            case.review.remove(&question.key);
            match dice.below(3) {
                0 => case.answers.remove(&question.key),
                1 => case.answers.insert(question.key.clone(), skipped("Hidden")),
                _ => case.answers.insert(question.key.clone(), value(random_value(&mut dice, question.kind))),
            };
        }
        prop_assert_eq!(case.outcome(&edition), before);
    }

    #[test]
    fn doubling_all_weights_changes_nothing(seed: u64) {
        let mut dice = Dice(seed);
        let mut edition = random_edition(&mut dice, FULL);
        let case = random_case(&mut dice, &edition);
        let before = numbers(&case.outcome(&edition));
        edition.sections.iter_mut().flat_map(|section| &mut section.questions).for_each(|question| question.weight *= 2);
        prop_assert_eq!(numbers(&case.outcome(&edition)), before.clone());
        edition.principles.iter_mut().for_each(|principle| principle.weight *= 2);
        prop_assert_eq!(numbers(&case.outcome(&edition)), before);
    }

    #[test]
    fn a_better_answer_never_lowers_a_score(seed: u64) {
        let mut dice = Dice(seed);
        let edition = random_edition(&mut dice, PLAIN);
        let mut case = random_case(&mut dice, &edition);
        for question in edition.questions() {
            // A reviewer's points stand whatever is answered; texts get theirs from nobody else.
            if matches!(question.kind, QuestionType::Text | QuestionType::File) || case.review.contains_key(&question.key) {
                continue;
            }
            let before = case.outcome(&edition);
            let points = |outcome: &Outcome| outcome.contributions.iter().find(|one| one.question == question.key).and_then(|one| one.points_claimed);
            let old = case.answers.get(&question.key).cloned();
            let evidence_ids = old.as_ref().map(|answer| answer.evidence_ids.clone()).unwrap_or_default();
            case.answers.insert(question.key.clone(), Answer { evidence_ids, ..value(random_value(&mut dice, question.kind)) });
            let after = case.outcome(&edition);
            // From not applicable there is no better or worse: another question counts then.
            if let (Some(worse), Some(better)) = (points(&before), points(&after)) {
                let (low, high) = if worse <= better { (&before, &after) } else { (&after, &before) };
                prop_assert!(low.claimed <= high.claimed && low.evidenced <= high.evidenced, "{} {worse} {better}", question.key);
                for (low, high) in low.frameworks.iter().zip(&high.frameworks) {
                    prop_assert!(low.claimed <= high.claimed && low.evidenced <= high.evidenced);
                }
            }
        }
    }

    #[test]
    fn not_applicable_never_changes_the_points_of_other_questions(seed: u64) {
        let mut dice = Dice(seed);
        let edition = random_edition(&mut dice, PLAIN);
        let mut case = random_case(&mut dice, &edition);
        let points = |outcome: &Outcome, but: &str| -> Vec<_> {
            outcome.contributions.iter().filter(|one| one.question != but).map(|one| (one.question.clone(), one.state, one.points_claimed, one.points_evidenced)).collect()
        };
        for question in edition.questions().filter(|question| question.not_applicable != NotApplicable::No) {
            let before = points(&case.outcome(&edition), &question.key);
            case.answers.insert(question.key.clone(), skipped("Because"));
            let after = case.outcome(&edition);
            prop_assert_eq!(points(&after, &question.key), before);
            prop_assert!(after.not_applicable.iter().any(|one| one.question == question.key));
        }
    }

    #[test]
    fn all_best_is_100_all_worst_is_0_and_nothing_is_none(seed: u64) {
        let mut dice = Dice(seed);
        let edition = random_edition(&mut dice, Shape { conditions: false, information: false });
        let all = |best: bool| {
            let mut case = Case::default();
            case.evidence.push(EvidenceFact { id: "e".to_owned(), kind: EvidenceKind::Iso27001, issued_on: None, expires_on: None, file_sha256: None, not_counted: None });
            for question in edition.questions() {
                let answer = match (question.kind, best) {
                    (QuestionType::YesNo, true) => json!("no"),
                    (QuestionType::YesNo, false) => json!("yes"),
                    (QuestionType::SingleChoice, true) => json!("o0"),
                    (QuestionType::SingleChoice, false) => json!("o3"),
                    (QuestionType::MultipleChoice, true) => {
                        let good = question.options.iter().filter(|choice| choice.points > Points::ZERO);
                        json!(good.map(|choice| choice.value.as_str()).collect::<Vec<_>>())
                    }
                    (QuestionType::MultipleChoice, false) => json!(["none"]),
                    (QuestionType::Number, best) => json!(if best { 90 } else { 40 }),
                    (QuestionType::Date, best) => json!(if best { "2025-09-01" } else { "2020-01-01" }),
                    (QuestionType::Text | QuestionType::File, best) => {
                        let points = if best { 100 } else { 0 };
                        case.review.insert(question.key.clone(), ReviewedPoints { points, reason: None, reviewer: None });
                        json!("words")
                    }
                };
                case.answers.insert(question.key.clone(), Answer { evidence_ids: vec!["e".to_owned()], ..value(answer) });
            }
            case.outcome(&edition)
        };
        let outcome = all(true);
        let expected = outcome.claimed.map(|_| Score::FULL);
        prop_assert_eq!((outcome.claimed, outcome.evidenced, outcome.coverage), (expected, expected, Score::FULL));
        let outcome = all(false);
        let expected = outcome.claimed.map(|_| Score::ZERO);
        prop_assert_eq!((outcome.claimed, outcome.evidenced, outcome.coverage), (expected, expected, Score::FULL));

        let mut hidden = edition.clone();
        hidden.sections.iter_mut().for_each(|section| section.show_if = serde_json::from_value(json!({"subject": "tier", "is": "low"})).unwrap());
        let outcome = Case::default().outcome(&hidden);
        prop_assert_eq!((outcome.claimed, outcome.evidenced, outcome.counting_count), (None, None, 0));
    }

    #[test]
    fn a_knock_out_never_improves_a_rating(tenths in prop::option::of(0_u32..=1000), coverage in 0_u32..=1000, cells in prop::collection::vec(0_usize..4, 16), limits in prop::collection::vec(0_u8..=100, 4)) {
        let ratings = [Rating::Low, Rating::Moderate, Rating::High, Rating::Extreme];
        let mut policy = RatingPolicy::default();
        let mut limits = limits;
        policy.minimum_coverage = limits.pop().unwrap();
        limits.sort_unstable_by(|left, right| right.cmp(left));
        (policy.strong_from, policy.adequate_from, policy.weak_from) = (limits[0], limits[1], limits[2]);
        let mut above = [0; 4];
        let matrix = &mut policy.matrix;
        for (row, cells) in [&mut matrix.low, &mut matrix.medium, &mut matrix.high, &mut matrix.critical].into_iter().zip(cells.chunks(4)) {
            let mut better = 0;
            for ((cell, above), wanted) in [&mut row.strong, &mut row.adequate, &mut row.weak, &mut row.poor].into_iter().zip(&mut above).zip(cells) {
                better = better.max(*wanted).max(*above);
                *above = better;
                *cell = ratings[better];
            }
        }
        let sound = policy.check().iter().all(|fault| fault.code == "bands_not_descending");
        prop_assert!(sound, "{:?}", policy.check());
        for policy in [RatingPolicy::default(), policy] {
            for tier in [Tier::Low, Tier::Unknown, Tier::Medium, Tier::High, Tier::Critical] {
                let of = |knocked_out| residual(&policy, tier, tenths.and_then(Score::from_tenths), Score::from_tenths(coverage).unwrap(), knocked_out);
                prop_assert!(of(true) >= of(false));
            }
        }
    }

    #[test]
    fn a_knock_out_changes_no_score_and_improves_no_rating_of_a_result(seed: u64) {
        let mut dice = Dice(seed);
        let edition = random_edition(&mut dice, FULL);
        let case = random_case(&mut dice, &edition);
        let mut spared = edition.clone();
        let options = spared.sections.iter_mut().flat_map(|section| &mut section.questions).flat_map(|question| &mut question.options);
        options.for_each(|choice| choice.knock_out = None);
        let (with, without) = (case.outcome(&edition), case.outcome(&spared));
        prop_assert_eq!(numbers(&with), numbers(&without));
        prop_assert!(!without.is_knocked_out());
        for tier in [Tier::Low, Tier::Unknown, Tier::Medium, Tier::High, Tier::Critical] {
            let of = |outcome: &Outcome| residual(&RatingPolicy::default(), tier, outcome.evidenced, outcome.coverage, outcome.is_knocked_out());
            prop_assert!(of(&with) >= of(&without));
            prop_assert!(!with.is_knocked_out() || of(&with) >= Rating::High, "never green");
        }
    }

    #[test]
    fn the_summary_says_what_the_whole_result_says(seed: u64) {
        let mut dice = Dice(seed);
        let edition = random_edition(&mut dice, FULL);
        let case = random_case(&mut dice, &edition);
        let outcome = case.outcome(&edition);
        let summary = Prepared::new(&edition).summary(&case.input());
        prop_assert_eq!((summary.claimed, summary.evidenced, summary.coverage), (outcome.claimed, outcome.evidenced, outcome.coverage));
        prop_assert_eq!((summary.answered_count, summary.counting_count), (outcome.answered_count, outcome.counting_count));
        prop_assert_eq!((summary.awaiting_review_count as usize, summary.knocked_out), (outcome.awaiting_review.len(), outcome.is_knocked_out()));
    }

    #[test]
    fn normalised_answers_stay_as_they_are_pass_the_check_and_score_the_same(seed: u64) {
        let mut dice = Dice(seed);
        let edition = random_edition(&mut dice, FULL);
        let mut case = random_case(&mut dice, &edition);
        let before = case.outcome(&edition);
        let once = |answers: &Answers| -> Answers {
            answers.iter().map(|(key, answer)| (key.clone(), normalise_answer(edition.question(key).unwrap(), answer.clone()))).collect()
        };
        case.answers = once(&case.answers);
        prop_assert_eq!(once(&case.answers), case.answers.clone());
        prop_assert_eq!(check_answers(&edition, &case.answers), []);
        prop_assert_eq!(case.outcome(&edition), before);
    }

    #[test]
    fn unanswered_questions_stay_in_the_denominator(seed: u64) {
        let mut dice = Dice(seed);
        let edition = random_edition(&mut dice, FULL);
        let outcome = random_case(&mut dice, &edition).outcome(&edition);
        for one in outcome.contributions.iter().filter(|one| one.state == QuestionState::Unanswered) {
            prop_assert_eq!((one.points_claimed, one.claimed), (Some(Points::ZERO), Score::ZERO));
        }
        let counted: u32 = outcome.frameworks.iter().flat_map(|framework| &framework.principles).map(|principle| principle.counted_count).sum();
        prop_assert_eq!(counted, outcome.counting_count);
    }

    #[test]
    fn editions_go_through_yaml_and_json_without_loss(seed: u64, texts in prop::collection::vec("\\PC{0,30}[!-~]|[ -~\n\t]{0,30}x|(yes|no|null|~|1e3|0x1f|1_0|-|: |#x|2025-01-01|\\.inf)", 4)) {
        let mut dice = Dice(seed);
        let mut document = random_document(&mut dice, Shape { conditions: false, information: true });
        document["title"] = json!(one_line(&texts[0]));
        document["summary"] = json!(texts[1]);
        document["sections"][0]["intro"] = json!(texts[2]);
        document["sections"][0]["questions"][0]["help"] = json!(texts[3]);
        let edition = Edition::from_json(&document.to_string()).unwrap();
        let yaml = edition.to_yaml();
        let read = Edition::from_yaml(&yaml);
        prop_assert_eq!(read.as_ref(), Ok(&edition), "{}", yaml);
        prop_assert_eq!(Edition::from_json(&edition.to_json()).unwrap().hash(), edition.hash());
        prop_assert_eq!(read.unwrap().to_json(), edition.to_json());
    }
}

/// The same without what a text of one line does not take.
pub fn one_line(text: &str) -> String {
    text.chars().filter(|letter| Form::Line.fault(&letter.to_string()).is_none()).collect()
}

fn reads_or_says_why(result: &Result<Edition, Vec<diligence_questionnaires::Fault>>) {
    if let Err(faults) = result {
        assert!(!faults.is_empty());
        for fault in faults {
            assert!(!fault.message.is_empty() && fault.code != "unreadable", "{fault:?}");
            assert!(
                fault.line.is_some() || ["too_large", "too_many_faults"].contains(&fault.code.as_str()),
                "{fault:?}"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn arbitrary_text_reads_or_says_why(text in "\\PC{0,200}|[-{}\\[\\]:,&*!|>'\"%@`#?\n ab0.~]{0,120}") {
        reads_or_says_why(&Edition::from_yaml(&text));
        reads_or_says_why(&Edition::from_json(&text));
    }

    #[test]
    fn damaged_text_reads_or_says_why(seed: u64) {
        let mut dice = Dice(seed);
        let edition = dice.pick(library::editions());
        let yaml = edition.to_yaml();
        let lines: Vec<&str> = yaml.lines().take(120).collect();
        let mut text = lines.join("\n");
        for _ in 0..=dice.below(4) {
            let places: Vec<usize> = text.char_indices().map(|(place, _)| place).collect();
            let place = *dice.pick(&places);
            let next = text[place..].chars().next().map_or(place, |character| place + character.len_utf8());
            let put = *dice.pick(&["", "\n", " ", "  ", ":", "-", "{", "}", "[", "\"", "'", "#", "&a", "*a", "!b", "~", "\t", "0", "|", "\u{0}", "\u{feff}", "é"]);
            text.replace_range(place..if dice.one_in(2) { next } else { place }, put);
        }
        reads_or_says_why(&Edition::from_yaml(&text));
        reads_or_says_why(&Edition::from_json(&text));
    }

    #[test]
    fn damaged_documents_read_or_say_why_and_whatever_can_be_held_can_be_scored(seed: u64) {
        let mut dice = Dice(seed);
        let mut document = random_document(&mut dice, FULL);
        let case = random_case(&mut dice, &serde_json::from_value(document.clone()).unwrap());
        for _ in 0..=dice.below(5) {
            mutate(&mut dice, &mut document);
        }
        let text = document.to_string();
        reads_or_says_why(&Edition::from_json(&text));
        reads_or_says_why(&Edition::from_yaml(&text));
        if let Ok(edition) = serde_json::from_value::<Edition>(document) {
            let outcome = case.outcome(&edition);
            sums_hold_where_keys_are_unique(&edition, &outcome);
            drop(edition.check());
            drop(check_answers(&edition, &case.answers));
        }
    }

    #[test]
    fn any_answer_can_be_checked_normalised_and_scored(seed: u64) {
        let mut dice = Dice(seed);
        let edition = random_edition(&mut dice, FULL);
        let mut case = random_case(&mut dice, &edition);
        for answer in case.answers.values_mut() {
            if dice.one_in(2) {
                answer.value = Some(junk(&mut dice));
            }
            if dice.one_in(4) {
                answer.not_applicable = Some(String::new());
            }
        }
        sums(&case.outcome(&edition));
        drop(check_answers(&edition, &case.answers));
        for (key, answer) in &case.answers {
            drop(normalise_answer(edition.question(key).unwrap(), answer.clone()));
        }
    }
}

fn sums_hold_where_keys_are_unique(edition: &Edition, outcome: &Outcome) {
    let unique = |mut keys: Vec<&str>| {
        let count = keys.len();
        keys.sort_unstable();
        keys.dedup();
        keys.len() == count
    };
    if unique(edition.principles.iter().map(|principle| principle.key.as_str()).collect()) {
        sums(outcome);
    }
}

#[test]
fn an_edition_past_every_limit_can_be_scored() {
    let mut edition: Edition = serde_json::from_value(questions(json!([
        yes_no("a", json!({"show_if": {"question": "b", "is": "yes"}})),
        yes_no("b", json!({}))
    ])))
    .unwrap();
    let question = edition.sections[0].questions[1].clone();
    let option = question.options[0].clone();
    edition.principles[0].weight = u16::MAX;
    edition.sections[0]
        .questions
        .extend((0..5_000).map(|_| diligence_questionnaires::Question { weight: u16::MAX, ..question.clone() }));
    edition.sections[0].questions[1].options.extend((0..500).map(|number| diligence_questionnaires::Choice {
        value: format!("o{number}"),
        points: 255.into(),
        ..option.clone()
    }));
    edition.sections[0].questions[1].show_if = serde_json::from_value(json!({"question": "a", "is": "yes"})).unwrap();
    let answers: Answers = answers([("a", value("yes")), ("b", value("yes"))]);
    let input = Input {
        answers: &answers,
        review: &BTreeMap::new(),
        evidence: &[],
        subject: &Subject::new(),
        on: ON.parse().unwrap(),
    };
    let outcome = evaluate(&edition, &input);
    assert_eq!(outcome.claimed, Some(Score::FULL));
    assert!(!outcome.visible.contains(&"a".to_owned()), "questions that show each other in a circle are never shown");
    assert!(!edition.check().is_empty());
}
