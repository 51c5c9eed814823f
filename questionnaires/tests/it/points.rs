//! Points that are fractions, options that cost points, many options, and questions that need no reason not to apply.

use diligence_questionnaires::workbook::{Form, read_csv, read_xlsx, write_csv, write_xlsx};
use diligence_questionnaires::{Edition, Points, QuestionState, Score, check_answers};
use serde_json::{Value, json};

use crate::harness::*;

fn choice(options: &[(&str, Value)]) -> Value {
    let options: Vec<Value> =
        options.iter().map(|(value, points)| json!({"value": value, "label": value, "points": points})).collect();
    json!({"key": "a", "principle": "p", "text": "Which?", "type": "multiple_choice", "options": options})
}

fn asking(question: Value) -> Edition {
    edition(&questions(json!([question])))
}

fn points(text: &str) -> Points {
    Points::from_typed(text).unwrap()
}

/// What the chosen options are worth, and the score shown.
fn chosen(edition: &Edition, options: &[&str]) -> (Points, String) {
    let outcome = Case::of(answers([("a", value(json!(options)))])).outcome(edition);
    (outcome.contributions[0].points_claimed.unwrap(), outcome.claimed.unwrap().to_string())
}

/// Each fault as `pointer code`, and its sentence.
fn faults(question: Value) -> Vec<(String, String)> {
    let faults = Edition::from_json(&questions(json!([question])).to_string()).unwrap_err();
    faults.into_iter().map(|fault| (format!("{} {}", fault.pointer, fault.code), fault.message)).collect()
}

#[test]
fn eight_of_fifteen_is_53_and_a_third_and_only_the_score_shown_is_rounded() {
    let options: Vec<(String, Value)> = (0..15).map(|number| (format!("o{number}"), json!("20/3"))).collect();
    let options: Vec<(&str, Value)> = options.iter().map(|(value, points)| (value.as_str(), points.clone())).collect();
    let edition = asking(choice(&options));
    let eight: Vec<&str> = options.iter().take(8).map(|(value, _)| *value).collect();
    assert_eq!(chosen(&edition, &eight), (points("53 1/3"), "53.3".to_owned()));
    let all: Vec<&str> = options.iter().map(|(value, _)| *value).collect();
    assert_eq!(chosen(&edition, &all), (Points::FULL, "100.0".to_owned()));

    // Three of 53 1/3, weighed 1 : 1 : 1, are 53.3; of 53 they would be 53.0, and with a 100 beside them 65 and not 64.8.
    let third = |key: &str| {
        with(
            yes_no(key, json!({})),
            json!({"type": "single_choice", "options": [
        {"value": "best", "label": "B", "points": 100}, {"value": "some", "label": "S", "points": "160/3"},
        {"value": "none", "label": "N", "points": 0}]}),
        )
    };
    let four = edition_of(&["q1", "q2", "q3", "q4"].map(third));
    let case =
        Case::of(answers([("q1", value("some")), ("q2", value("some")), ("q3", value("some")), ("q4", value("best"))]));
    assert_eq!(case.outcome(&four).claimed, Score::from_tenths(650));
}

fn edition_of(list: &[Value]) -> Edition {
    edition(&questions(Value::from(list.to_vec())))
}

#[test]
fn each_box_ticked_costs_and_the_sum_is_held_within_0_and_100() {
    let edition = asking(choice(&[("hosted", json!(100)), ("phone", json!("-33 1/3")), ("paper", json!(-80))]));
    assert_eq!(chosen(&edition, &["hosted"]).0, Points::FULL);
    assert_eq!(chosen(&edition, &["hosted", "phone"]), (points("66 2/3"), "66.7".to_owned()));
    assert_eq!(chosen(&edition, &["hosted", "phone", "paper"]).0, Points::ZERO);
    assert_eq!(chosen(&edition, &["paper"]), (Points::ZERO, "0.0".to_owned()));
}

#[test]
fn every_wrong_number_of_points_is_told_with_its_place_and_sentence() {
    let wrong = |given: Value| faults(choice(&[("a", given), ("b", json!(0)), ("c", json!(100))])).remove(0);
    let at = |code: &str| format!("/sections/0/questions/0/options/0/points {code}");
    let cases = [
        (json!("33 1/0"), "zero_denominator", "a fraction cannot have 0 below its line"),
        (json!("33 4/3"), "bad_points", "a fraction below 1 after the whole number"),
        (json!("1 / 3"), "bad_points", "expected a fraction such as \"33 1/3\""),
        (json!("many"), "wrong_type", "a number without quotes"),
        (json!("50"), "wrong_type", "a number without quotes"),
        (json!(true), "wrong_type", "found `true` or `false`"),
        (json!(33.3333), "bad_number", "at most three decimal places"),
        (json!("1/2000000"), "denominator_too_large", "at most 1000000 below the line"),
        (json!(101), "out_of_range", "expected 0 to 100, found 101"),
        (json!("301/3"), "out_of_range", "found \"301/3\""),
    ];
    for (given, code, sentence) in cases {
        let (found, message) = wrong(given.clone());
        assert_eq!(found, at(code), "{given}");
        assert!(message.contains(sentence), "{given}: {message}");
    }
    let single =
        with(choice(&[("a", json!(100)), ("b", json!(0)), ("c", json!(-1))]), json!({"type": "single_choice"}));
    let (found, message) = faults(single).remove(0);
    assert_eq!(found, "/sections/0/questions/0/options/2/points out_of_range");
    assert!(message.ends_with("expected 0 to 100, found -1"), "{message}");
    let scale = json!({"key": "a", "principle": "p", "text": "?", "type": "number",
        "bands": [{"at_least": 1, "points": 100}, {"otherwise": true, "points": "-1/3"}]});
    assert_eq!(faults(scale)[0].0, "/sections/0/questions/0/bands/1/points out_of_range");
}

#[test]
fn what_options_add_up_to_is_checked_exactly() {
    let over = faults(choice(&[("a", json!("33 1/3")), ("b", json!("33 1/3")), ("c", json!(33.334))])).remove(0);
    assert_eq!(over.0, "/sections/0/questions/0/options points_over_100");
    assert!(over.1.contains("add up to 100 1/1500 points"), "{}", over.1);
    let under = faults(choice(&[("a", json!(33.33)), ("b", json!(33.33)), ("c", json!(33.33))])).remove(0);
    assert!(under.0.ends_with(" no_full_marks") && under.1.contains("worth 99.99 points"), "{under:?}");
    let coprime = [("a", json!("1/999983")), ("b", json!("1/999979")), ("c", json!(100))];
    assert_eq!(faults(choice(&coprime))[0].0, "/sections/0/questions/0/options denominator_too_large");
    asking(choice(&[("a", json!("33 1/3")), ("b", json!("33 1/3")), ("c", json!("100/3"))]));
}

#[test]
fn every_form_of_a_document_keeps_points_exactly() {
    let given = [json!("160/3"), json!(53.33), json!("1/3"), json!("-1/3"), json!("-12 1/7"), json!(-0.5), json!(0)];
    let names = ["a", "b", "c", "d", "e", "f", "g"];
    let mut options: Vec<(&str, Value)> = names.into_iter().zip(given).collect();
    options[1].1 = json!(46.33);
    let edition = asking(with(choice(&options), json!({"weight": 0})));
    assert_eq!(Edition::from_json(&edition.to_json()).unwrap(), edition);
    assert_eq!(Edition::from_yaml(&edition.to_yaml()).unwrap(), edition);
    let table = edition.to_csv();
    assert!(table.contains(",0 1/3,") && table.contains("-0 1/3"), "a spreadsheet would make a day of 1/3: {table}");
    assert_eq!(Edition::from_csv(&table).unwrap(), edition);
    assert!(edition.to_json().contains(r#""points":"53 1/3""#) && edition.to_json().contains(r#""points":46.33"#));
    let yaml = edition.to_yaml().replace("53 1/3", "160/3").replace('"', "").replace("2026.1", "\"2026.1\"");
    assert_eq!(
        Edition::from_yaml(&yaml).unwrap().hash(),
        edition.hash(),
        "one number, one hash, however it is written"
    );
}

#[test]
fn a_question_may_have_three_hundred_options() {
    let names: Vec<String> = (0..300).map(|number| format!("o{number}")).collect();
    let options: Vec<(&str, Value)> = names.iter().map(|name| (name.as_str(), json!("1/3"))).collect();
    let mut question = choice(&options);
    question["options"].as_array_mut().unwrap()[299]["ask_why"] = json!(true);
    let last = json!({"question": "a", "includes": "o299"});
    let edition = edition(&questions(json!([question, yes_no("b", json!({"show_if": last}))])));
    let all: Vec<&str> = names.iter().map(String::as_str).collect();
    assert_eq!(chosen(&edition, &all).0, Points::FULL);
    assert_eq!(chosen(&edition, &all[299..]).0, points("1/3"));
    let outcome = Case::of(answers([("a", value(json!(["o299"])))])).outcome(&edition);
    assert_eq!((outcome.visible.len(), outcome.comments_needed), (2, vec!["a".to_owned()]));
    assert_eq!(check_answers(&edition, &answers([("a", value(json!(all)))])), []);
    assert_eq!(Edition::from_csv(&edition.to_csv()).unwrap(), edition);

    let form = Form {
        edition: &edition,
        answers: &answers([("a", value(json!(all)))]),
        visible: None,
        facts: &[],
        assessment: None,
    };
    assert_eq!(read_xlsx(&write_xlsx(&form).unwrap(), &edition).unwrap(), *form.answers);
    let single = asking(with(
        choice(
            &names
                .iter()
                .zip(0..)
                .map(|(name, n)| (name.as_str(), json!(if n == 0 { 100 } else { 0 })))
                .collect::<Vec<_>>(),
        ),
        json!({"type": "single_choice"}),
    ));
    let form = Form {
        edition: &single,
        answers: &answers([("a", value("o299"))]),
        visible: None,
        facts: &[],
        assessment: None,
    };
    assert_eq!(read_xlsx(&write_xlsx(&form).unwrap(), &single).unwrap(), *form.answers);
}

#[test]
fn where_an_edition_asks_for_no_reason_none_is_needed() {
    let may =
        |rule: &str| edition(&questions(json!([yes_no("a", json!({"not_applicable": rule})), yes_no("b", json!({}))])));
    let given = answers([("a", skipped("")), ("b", value("yes"))]);
    let (without, with_reason) = (may("without_reason"), may("with_reason"));
    assert_eq!(check_answers(&without, &given), []);
    let outcome = Case::of(given.clone()).outcome(&without);
    assert_eq!(outcome.contributions[0].state, QuestionState::NotApplicable);
    assert_eq!((outcome.claimed, outcome.not_applicable[0].reason.as_str()), (Some(Score::FULL), ""));

    assert_eq!(check_answers(&with_reason, &given)[0].code, "reason_missing");
    assert_eq!(Case::of(given.clone()).outcome(&with_reason).contributions[0].state, QuestionState::Unanswered);
    let knock_out = json!([{"value": "yes", "label": "Y", "points": 100}, {"value": "no", "label": "N", "points": 0, "knock_out": "W"}]);
    let never = yes_no("a", json!({"not_applicable": "without_reason", "required": true, "options": knock_out}));
    assert_eq!(faults(never)[0].0, "/sections/0/questions/0/not_applicable knock_out_not_applicable");

    // A sheet says it in words, and gives the mark back as it was.
    let form = Form { edition: &without, answers: &given, visible: None, facts: &[], assessment: None };
    assert!(write_csv(&form).contains("Does not apply"));
    assert_eq!(read_csv(&write_csv(&form), &without).unwrap(), given);
    assert_eq!(read_xlsx(&write_xlsx(&form).unwrap(), &without).unwrap(), given);
}
