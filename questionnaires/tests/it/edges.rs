//! Rules at their edges: what would go unseen, were one of them left out.

use diligence_questionnaires::{
    Condition, ENGINE_VERSION, Edition, Extension, ReviewedPoints, Subject, check_answers, check_review, check_subject,
    receipt,
};
use serde_json::{Value, json};

use crate::examples::{tenths, worked_example};
use crate::harness::*;

/// Where and what the faults of a document are.
fn faults(document: &Value) -> Vec<String> {
    let faults = Edition::from_json(&document.to_string()).err().unwrap_or_default();
    faults.into_iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect()
}

#[test]
fn a_condition_is_one_thing_with_one_test() {
    for two_at_once in [
        json!({"question": "a", "is": "yes", "answered": true}),
        json!({"question": "a", "before": "2026-01-01", "after": "2025-01-01"}),
        json!({"question": "a"}),
        json!({"subject": "tier", "includes": "low"}),
        json!({"subject": "tier", "question": "a", "is": "low"}),
        json!({"not": {"subject": "tier", "is": "low"}, "all": []}),
        json!({"all": [], "is": "low"}),
        json!({}),
    ] {
        assert!(serde_json::from_value::<Condition>(two_at_once.clone()).is_err(), "{two_at_once}");
    }
}

#[test]
fn what_no_weighty_principle_asks_is_for_information_only() {
    let scored = |principle: u16, question: u16| {
        let mut document = questions(json!([yes_no("a", json!({"weight": question}))]));
        document["principles"][0]["weight"] = json!(principle);
        let edition = edition(&document);
        let outcome = Case::of(answers([("a", value("yes"))])).outcome(&edition);
        assert_eq!(outcome.claimed.is_some(), edition.is_scored(), "{principle} {question}");
        edition.is_scored()
    };
    assert_eq!(
        [(1, 1), (1, 0), (0, 1), (0, 0)].map(|(principle, question)| scored(principle, question)),
        [true, false, false, false]
    );
}

#[test]
fn a_receipt_says_what_it_is_of() {
    let (edition, case) = worked_example();
    let issued = receipt::issue_first(&edition, &case.input());
    assert_eq!((issued.questionnaire, issued.edition), (edition.key.clone(), edition.edition.clone()));
    assert_eq!(
        (issued.edition_hash, issued.answers_hash),
        (edition.hash(), receipt::first_answers_hash(&case.input()))
    );
    assert_eq!((issued.engine_version.as_str(), issued.on.to_string().as_str()), (ENGINE_VERSION, ON));
    assert_eq!(issued.outcome, case.outcome(&edition));
}

#[test]
fn a_receipt_with_more_than_was_answered_differs() {
    let (edition, case) = worked_example();
    let mut issued = receipt::issue_first(&edition, &case.input());
    issued.outcome.visible.push("more".to_owned());
    let difference = &receipt::verify(&edition, &case.input(), &issued)[0];
    assert_eq!(
        (difference.pointer.as_str(), &difference.expected, &difference.found),
        ("/outcome/visible/6", &None, &Some(json!("more")))
    );
}

#[test]
fn the_hash_of_the_answers_covers_review_and_subject() {
    let (_, mut case) = worked_example();
    let mut hashes = vec![receipt::first_answers_hash(&case.input())];
    case.review.insert("q1".to_owned(), ReviewedPoints { points: 0, reason: None, reviewer: None });
    hashes.push(receipt::first_answers_hash(&case.input()));
    case.review.get_mut("q1").unwrap().reviewer = Some("usr_1".to_owned());
    hashes.push(receipt::first_answers_hash(&case.input()));
    case.subject.set("tier", ["high"]);
    hashes.push(receipt::first_answers_hash(&case.input()));
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), 4);
}

#[test]
fn a_condition_is_checked_wherever_it_stands() {
    let unknown = json!({"question": "nobody", "is": "yes"});
    for (condition, place) in [
        (unknown.clone(), ""),
        (json!({"not": unknown}), "/not"),
        (json!({"all": [{"subject": "tier", "is": "low"}, unknown]}), "/all/1"),
        (json!({"any": [unknown, {"subject": "tier", "is": "low"}]}), "/any/0"),
        (json!({"any": [{"all": [{"not": unknown}]}]}), "/any/0/all/0/not"),
    ] {
        let of_a_question = questions(json!([yes_no("a", json!({"show_if": condition}))]));
        assert_eq!(
            faults(&of_a_question),
            [format!("/sections/0/questions/0/show_if{place}/question unknown_question")]
        );
        let mut of_a_section = questions(json!([yes_no("a", json!({}))]));
        of_a_section["sections"][0]["show_if"] = condition.clone();
        assert_eq!(faults(&of_a_section), [format!("/sections/0/show_if{place}/question unknown_question")]);
        let mut of_a_finding = questions(json!([yes_no("a", json!({}))]));
        of_a_finding["findings"] =
            json!([{"key": "f", "when": condition, "severity": "low", "title": "T", "advice": "A"}]);
        assert_eq!(faults(&of_a_finding), [format!("/findings/0/when{place}/question unknown_question")]);
    }
}

#[test]
fn an_exclusive_option_may_be_the_best_and_is_not_added_to_the_others() {
    let several = |points: [u8; 3]| {
        questions(json!([{"key": "m", "principle": "p", "text": "?", "type": "multiple_choice", "options": [
            {"value": "a", "label": "A", "points": points[0]}, {"value": "b", "label": "B", "points": points[1]},
            {"value": "none", "label": "None of these", "points": points[2], "exclusive": true}
        ]}]))
    };
    for good in [[0, 0, 100], [60, 40, 0], [60, 40, 100], [60, 40, 50], [10, 0, 100]] {
        assert_eq!(faults(&several(good)), [""; 0], "{good:?}");
    }
    for (bad, code) in
        [([60, 50, 0], "points_over_100"), ([60, 30, 0], "no_full_marks"), ([60, 30, 99], "no_full_marks")]
    {
        assert_eq!(faults(&several(bad)), [format!("/sections/0/questions/0/options {code}")], "{bad:?}");
    }
}

#[test]
fn limits_may_meet_the_range_of_a_number_and_never_one_another() {
    let scale = |kind: &str, bands: Value| {
        questions(json!([{"key": "x", "principle": "p", "text": "?", "type": kind, "bands": bands}]))
    };
    for twice in [
        scale("number", json!([{"at_least": 90, "points": 100}, {"at_least": 90, "points": 40}])),
        scale("date", json!([{"within_months": 6, "points": 100}, {"within_months": 6, "points": 40}])),
        scale(
            "date",
            json!([{"on_or_after": "2025-06-01", "points": 100}, {"on_or_after": "2025-06-01", "points": 40}]),
        ),
    ] {
        assert_eq!(faults(&twice), ["/sections/0/questions/0/bands/1 band_order"]);
    }
    let mut exact = scale("number", json!([{"at_least": 7, "points": 100}]));
    exact["sections"][0]["questions"][0]["minimum"] = json!(7);
    exact["sections"][0]["questions"][0]["maximum"] = json!(7);
    let edition = edition(&exact);
    for (number, points) in [(6, Some(0)), (7, Some(1000)), (8, Some(0))] {
        let outcome = Case::of(answers([("x", value(number))])).outcome(&edition);
        assert_eq!((tenths(outcome.claimed), outcome.answered_count), (points, u32::from(number == 7)));
    }
}

#[test]
fn what_always_holds_never_fails_to_hold() {
    let tier = json!({"subject": "tier", "is": "low"});
    let always = json!({"any": [{"not": tier}, {"subject": "tier", "is": "high"}, tier]});
    assert_eq!(faults(&questions(json!([yes_no("a", json!({"show_if": always}))]))), [""; 0]);
    assert_eq!(
        faults(&questions(json!([yes_no("a", json!({"show_if": {"not": always}}))]))),
        ["/sections/0/questions/0/show_if never_shown"]
    );
}

#[test]
fn an_extension_brings_its_own_words_and_findings() {
    let base = edition(&questions(json!([yes_no("a", json!({}))])));
    let extension = json!({
        "base": "example", "key": "example-plus", "title": "Plus", "edition": "2026.2", "summary": "With ours.",
        "findings": [{"key": "f", "when": {"question": "a", "is": "no"}, "severity": "low", "title": "T", "advice": "A"}]
    });
    let extension = Extension::from_json(&extension.to_string()).unwrap();
    let result = extension.apply(&base).unwrap();
    assert_eq!((result.edition.as_str(), result.summary.as_str()), ("2026.2", "With ours."));
    assert_eq!(result.findings, extension.findings);
    let unsaid = Extension { summary: None, ..extension };
    assert_eq!(unsaid.apply(&base).unwrap().summary, base.summary);
}

#[test]
fn whatever_key_the_base_has_taken_is_a_conflict_in_the_extension() {
    let finding =
        json!({"key": "f", "when": {"question": "a", "is": "no"}, "severity": "low", "title": "T", "advice": "A"});
    let mut base = questions(json!([yes_no("a", json!({}))]));
    base["findings"] = json!([finding]);
    let base = edition(&base);
    for (adds, conflict) in [
        (json!({"findings": [finding]}), "/findings/0/key duplicate_finding"),
        (
            json!({"questions": [{"section": "s", "question": yes_no("a", json!({}))}]}),
            "/questions/0/question/key duplicate_question",
        ),
        (
            json!({"sections": [{"key": "s", "title": "S", "questions": [yes_no("b", json!({}))]}]}),
            "/sections/0/key duplicate_section",
        ),
        (
            json!({"sections": [{"key": "t", "title": "T", "questions": [yes_no("a", json!({}))]}]}),
            "/sections/0/questions/0/key duplicate_question",
        ),
        (json!({"principles": [{"key": "p", "title": "P"}]}), "/principles/0/key duplicate_principle"),
    ] {
        let extension =
            with(json!({"base": "example", "key": "example-plus", "title": "Plus", "edition": "2026.1"}), adds);
        let found = Extension::from_json(&extension.to_string()).unwrap().apply(&base).unwrap_err();
        assert_eq!(
            found.into_iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect::<Vec<_>>(),
            [conflict]
        );
    }
}

#[test]
fn the_smallest_and_the_largest_number_are_accepted() {
    let number = json!({"key": "n", "principle": "p", "text": "?", "type": "number", "weight": 0, "minimum": -2.5, "maximum": 100});
    let edition = edition(&questions(json!([number])));
    for (number, fits) in
        [(json!(-2.5), true), (json!(100), true), (json!(100.0), true), (json!(-2.501), false), (json!(100.001), false)]
    {
        assert_eq!(check_answers(&edition, &answers([("n", value(number.clone()))])).is_empty(), fits, "{number}");
    }
}

#[test]
fn no_required_knock_out_is_marked_not_applicable_even_in_an_edition_that_allows_it() {
    let options = json!([{"value": "yes", "label": "Yes", "points": 100}, {"value": "no", "label": "No", "points": 0, "knock_out": "Why"}]);
    let document =
        questions(json!([yes_no("a", json!({"options": options, "required": true, "not_applicable": "with_reason"}))]));
    // Read without the check, which refuses it.
    let edition: Edition = serde_json::from_value(document.clone()).unwrap();
    assert_eq!(faults(&document), ["/sections/0/questions/0/not_applicable knock_out_not_applicable"]);
    let given = answers([("a", skipped("We would rather not say"))]);
    let codes: Vec<String> = check_answers(&edition, &given).into_iter().map(|fault| fault.code).collect();
    assert_eq!(codes, ["not_applicable_not_allowed"]);
    assert_eq!(Case::of(given).outcome(&edition).unanswered_required, ["a"]);
}

#[test]
fn a_blank_reason_replaces_no_points() {
    let edition = edition(&questions(json!([yes_no("a", json!({}))])));
    let review =
        [("a".to_owned(), ReviewedPoints { points: 0, reason: Some(" \t".to_owned()), reviewer: None })].into();
    let codes: Vec<String> =
        check_review(&edition, &review).into_iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect();
    assert_eq!(codes, ["/a/reason reason_missing"]);
}

#[test]
fn a_subject_has_several_values_only_of_what_is_a_list() {
    let several = Subject::new().with("affects", ["staff", "residents"]).with("personal_data", ["health", "children"]);
    assert_eq!(check_subject(&several), []);
    let faults = check_subject(&Subject::new().with("tier", ["low", "high"]));
    assert_eq!(faults.into_iter().map(|fault| fault.pointer).collect::<Vec<_>>(), ["/tier"]);
}
