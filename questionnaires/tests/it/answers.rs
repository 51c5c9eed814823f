//! Checking and normalising answers, reviews, subjects and rating policies.

use diligence_questionnaires::{
    Answer, Band, Edition, Rating, RatingPolicy, ReviewedPoints, Score, Subject, Tier, band, check_answers,
    check_review, check_subject, normalise_answer, rating, residual, worst,
};
use serde_json::{Value, json};

use crate::harness::*;

fn every_type() -> Edition {
    let choice = json!([
        {"value": "all", "label": "All", "points": 100}, {"value": "some", "label": "Some", "points": 50}, {"value": "none", "label": "None", "points": 0}
    ]);
    let several = json!([
        {"value": "a", "label": "A", "points": 50}, {"value": "b", "label": "B", "points": 50},
        {"value": "none", "label": "None", "points": 0, "exclusive": true}
    ]);
    let ask = |key: &str, kind: &str, more: Value| {
        with(json!({"key": key, "principle": "p", "text": "?", "type": kind}), more)
    };
    edition(&questions(json!([
        yes_no("yes_no", json!({"not_applicable": "with_reason"})),
        ask("single", "single_choice", json!({"options": choice})),
        ask("multiple", "multiple_choice", json!({"options": several})),
        ask("number", "number", json!({"minimum": 0, "maximum": 100, "bands": [{"at_least": 50, "points": 100}]})),
        ask("date", "date", json!({"bands": [{"within_months": 12, "points": 100}]})),
        ask("text", "text", json!({})),
        ask("file", "file", json!({})),
    ])))
}

fn codes(key: &str, answer: Answer) -> Vec<(String, String)> {
    check_answers(&every_type(), &answers([(key, answer)]))
        .into_iter()
        .map(|fault| (fault.pointer, fault.code))
        .collect()
}

#[test]
fn answers_that_fit_pass() {
    for (key, good) in [
        ("yes_no", json!("yes")),
        ("yes_no", json!(true)),
        ("single", json!("some")),
        ("multiple", json!(["b", "a"])),
        ("multiple", json!(["none"])),
        ("multiple", json!([])),
        ("number", json!(99.999)),
        ("date", json!("2024-02-29")),
        ("text", json!("Because.")),
        ("file", json!("id-1")),
    ] {
        assert_eq!(codes(key, value(good.clone())), [], "{key}: {good}");
    }
    assert_eq!(codes("yes_no", skipped("No staff")), []);
    assert_eq!(codes("yes_no", Answer::default()), []);
}

#[test]
fn answers_that_do_not_fit_are_named_with_their_place() {
    for (key, bad, place, code) in [
        ("yes_no", json!("maybe"), "", "unknown_option"),
        ("yes_no", json!(1), "", "wrong_type"),
        ("single", json!(true), "", "wrong_type"),
        ("single", json!("al"), "", "unknown_option"),
        ("multiple", json!("a"), "", "wrong_type"),
        ("multiple", json!(["a", 1]), "/1", "wrong_type"),
        ("multiple", json!(["a", "z"]), "/1", "unknown_option"),
        ("multiple", json!(["a", "none"]), "", "exclusive_with_others"),
        ("number", json!("5"), "", "wrong_type"),
        ("number", json!(101), "", "out_of_range"),
        ("number", json!(-0.001), "", "out_of_range"),
        ("number", json!(1.0001), "", "bad_number"),
        ("number", json!(1e15), "", "bad_number"),
        ("date", json!("2025-02-29"), "", "bad_date"),
        ("date", json!("2025-2-9"), "", "bad_date"),
        ("date", json!("2025/02-09"), "", "bad_date"),
        ("date", json!("2025-02/09"), "", "bad_date"),
        ("date", json!(2025), "", "wrong_type"),
        ("text", json!(1), "", "wrong_type"),
        ("text", json!("x".repeat(10_001)), "", "too_long"),
        ("file", json!(["id"]), "", "wrong_type"),
        ("file", json!("x".repeat(201)), "", "too_long"),
    ] {
        assert_eq!(codes(key, value(bad.clone())), [(format!("/{key}/value{place}"), code.to_owned())], "{key}: {bad}");
    }
    assert_eq!(codes("text", value("é".repeat(10_000))), [], "characters are counted, not bytes");
    let chosen = vec![json!("a"); 7];
    assert_eq!(codes("multiple", value(chosen))[0].1, "too_many");
}

#[test]
fn the_nearest_known_name_is_offered() {
    let edition = every_type();
    let faults = check_answers(&edition, &answers([("singel", value("some"))]));
    assert_eq!((faults[0].pointer.as_str(), faults[0].code.as_str()), ("/singel", "unknown_question"));
    assert!(faults[0].message.contains("did you mean `single`?"), "{}", faults[0].message);
    let faults = check_answers(&edition, &answers([("single", value("sume"))]));
    assert!(faults[0].message.contains("did you mean `some`?"), "{}", faults[0].message);
}

#[test]
fn a_flood_of_wrong_answers_is_cut_and_says_so() {
    let flood = (0..1_000).map(|number| (format!("singel{number}"), value("some"))).collect();
    let faults = check_answers(&every_type(), &flood);
    assert_eq!((faults.len(), faults.last().unwrap().code.as_str()), (501, "too_many_faults"));
    let review =
        flood.keys().map(|key| (key.clone(), ReviewedPoints { points: 1, reason: None, reviewer: None })).collect();
    assert_eq!(check_review(&every_type(), &review).len(), 501);
    // Looking up what is nearest costs, and after the first few it helps nobody.
    let many: Vec<Value> = (0..100).map(|number| yes_no(&format!("q{number}"), json!({}))).collect();
    let wrong = (0..100).map(|number| (format!("q{number}"), value("yess"))).collect();
    let faults = check_answers(&edition(&questions(many.into())), &wrong);
    assert_eq!((faults.len(), faults.iter().filter(|fault| fault.message.contains("did you mean")).count()), (100, 25));
}

#[test]
fn an_answer_that_no_database_keeps_alike_is_refused() {
    assert_eq!(codes("text", value("a\0b")), [("/text/value".into(), "character".into())]);
    assert_eq!(codes("yes_no", skipped("a\0b")), [("/yes_no/not_applicable".into(), "character".into())]);
    assert_eq!(
        codes("yes_no", Answer { comment: Some("\0".to_owned()), ..value("yes") }),
        [("/yes_no/comment".into(), "character".into())]
    );
    assert_eq!(
        codes("yes_no", Answer { evidence_ids: vec!["a\0".to_owned()], ..value("yes") }),
        [("/yes_no/evidence_ids/0".into(), "character".into())]
    );
    assert_eq!(codes("file", value("a\0b")), [("/file/value".into(), "character".into())]);
}

#[test]
fn not_applicable_needs_leave_and_a_reason_and_no_value() {
    assert_eq!(
        codes("single", skipped("No")),
        [("/single/not_applicable".into(), "not_applicable_not_allowed".into())]
    );
    assert_eq!(codes("yes_no", skipped(" ")), [("/yes_no/not_applicable".into(), "reason_missing".into())]);
    let mut both = value("yes");
    both.not_applicable = Some("No staff".to_owned());
    assert_eq!(codes("yes_no", both), [("/yes_no/not_applicable".into(), "value_and_not_applicable".into())]);
    assert_eq!(codes("yes_no", skipped(&"x".repeat(10_001)))[0].1, "too_long");
}

#[test]
fn comments_and_evidence_have_limits() {
    let long = Answer { comment: Some("x".repeat(10_001)), ..value("yes") };
    assert_eq!(codes("yes_no", long), [("/yes_no/comment".into(), "too_long".into())]);
    let many = Answer { evidence_ids: (0..51).map(|number| number.to_string()).collect(), ..value("yes") };
    assert_eq!(codes("yes_no", many), [("/yes_no/evidence_ids".into(), "too_many".into())]);
    let blank = Answer { evidence_ids: vec!["a".to_owned(), String::new()], ..value("yes") };
    assert_eq!(codes("yes_no", blank), [("/yes_no/evidence_ids/1".into(), "bad_evidence_id".into())]);
}

#[test]
fn normalising_stores_one_form_of_each_answer() {
    let edition = every_type();
    let stored = |key: &str, answer: Value| normalise_answer(edition.question(key).unwrap(), value(answer)).value;
    assert_eq!(stored("yes_no", json!(true)), Some(json!("yes")));
    assert_eq!(stored("yes_no", json!(false)), Some(json!("no")));
    assert_eq!(stored("multiple", json!(["b", "a", "b"])), Some(json!(["a", "b"])));
    assert_eq!(stored("multiple", json!(["z", "a"])), Some(json!(["a", "z"])));
    assert_eq!(stored("multiple", json!([])), None);
    assert_eq!(stored("text", json!("  ")), None);
    assert_eq!(stored("text", json!(null)), None);
    assert_eq!(stored("number", json!(5)), Some(json!(5)));
    let answer = Answer {
        evidence_ids: vec!["b".into(), "a".into(), "b".into()],
        comment: Some(" ".into()),
        ..Answer::default()
    };
    let stored = normalise_answer(edition.question("text").unwrap(), answer);
    assert_eq!((stored.evidence_ids, stored.comment), (vec!["b".to_owned(), "a".to_owned()], None));
}

#[test]
fn a_review_needs_a_known_question_possible_points_and_a_reason_where_it_replaces() {
    let edition = every_type();
    let entry =
        |points, reason: Option<&str>| ReviewedPoints { points, reason: reason.map(str::to_owned), reviewer: None };
    let codes = |key: &str, entry: ReviewedPoints| -> Vec<String> {
        check_review(&edition, &[(key.to_owned(), entry)].into())
            .into_iter()
            .map(|fault| format!("{} {}", fault.pointer, fault.code))
            .collect()
    };
    assert_eq!(codes("text", entry(100, None)), [] as [&str; 0]);
    assert_eq!(codes("single", entry(0, Some("Not so"))), [] as [&str; 0]);
    assert_eq!(codes("single", entry(0, None)), ["/single/reason reason_missing"]);
    assert_eq!(codes("text", entry(101, None)), ["/text/points out_of_range"]);
    assert_eq!(codes("tex", entry(1, None)), ["/tex unknown_question"]);
    assert_eq!(codes("text", entry(1, Some(&"x".repeat(10_001)))), ["/text/reason too_long"]);
}

#[test]
fn a_subject_holds_known_facts_and_reads_single_values_and_lists() {
    let subject: Subject = serde_json::from_value(json!({"tier": "high", "affects": ["staff"], "kind": null})).unwrap();
    assert!(subject.is("tier", "high") && subject.is("affects", "staff") && subject.values("kind").is_empty());
    assert_eq!(serde_json::to_value(&subject).unwrap(), json!({"affects": ["staff"], "tier": "high"}));
    assert_eq!(check_subject(&subject), []);
    let bad: Subject =
        serde_json::from_value(json!({"teir": "high", "kind": "softwear", "tier": ["low", "high"]})).unwrap();
    let faults = check_subject(&bad);
    let found: Vec<&str> = faults.iter().map(|fault| fault.code.as_str()).collect();
    assert_eq!(found, ["impossible_fact", "unknown_fact", "too_many"]);
    assert!(faults[0].message.contains("software") && faults[1].message.contains("`tier`"));
}

#[test]
fn the_default_policy_is_the_published_table() {
    use Rating::{Extreme, High, Low, Moderate, Unassessed};
    let policy = RatingPolicy::default();
    assert_eq!(policy.check(), []);
    for (tier, ratings) in [
        (Tier::Low, [Low, Low, Moderate, Moderate, Unassessed]),
        (Tier::Unknown, [Moderate, Moderate, High, Extreme, Unassessed]),
        (Tier::Medium, [Low, Moderate, Moderate, High, Unassessed]),
        (Tier::High, [Moderate, Moderate, High, Extreme, Unassessed]),
        (Tier::Critical, [Moderate, High, Extreme, Extreme, Unassessed]),
    ] {
        let bands = [Band::Strong, Band::Adequate, Band::Weak, Band::Poor, Band::Unassessed];
        assert_eq!(bands.map(|band| rating(&policy, tier, band)), ratings, "{tier}");
    }
}

#[test]
fn bands_begin_exactly_at_their_limits() {
    let policy = RatingPolicy::default();
    let of = |tenths: u32| band(&policy, Score::from_tenths(tenths), Score::FULL, false);
    assert_eq!([1000, 800, 799, 600, 599, 400, 399, 0].map(of), {
        use Band::{Adequate, Poor, Strong, Weak};
        [Strong, Strong, Adequate, Adequate, Weak, Weak, Poor, Poor]
    });
    let covered = |tenths: u32| band(&policy, Some(Score::FULL), Score::from_tenths(tenths).unwrap(), false);
    assert_eq!((covered(800), covered(799)), (Band::Strong, Band::Unassessed));
    assert_eq!(band(&policy, None, Score::FULL, false), Band::Unassessed);
    assert_eq!(band(&policy, Some(Score::FULL), Score::FULL, true), Band::Poor);
    assert_eq!(band(&policy, None, Score::ZERO, true), Band::Poor);
}

#[test]
fn the_strictest_rating_wins_and_unassessed_is_never_safe() {
    use Rating::{Extreme, High, Low, Moderate, Unassessed};
    assert_eq!(worst([Low, Moderate]), Moderate);
    assert_eq!(worst([Moderate, Unassessed, Low]), Unassessed);
    assert_eq!(worst([Unassessed, High]), High);
    assert_eq!(worst([Extreme, High]), Extreme);
    assert_eq!(worst([]), Unassessed);
    let policy = RatingPolicy::default();
    assert_eq!(residual(&policy, Tier::Low, None, Score::ZERO, true), High);
    assert_eq!(residual(&policy, Tier::Critical, None, Score::ZERO, true), Extreme);
    assert_eq!(residual(&policy, Tier::Low, Some(Score::FULL), Score::FULL, true), High);
}

#[test]
fn a_policy_that_makes_worse_look_better_is_refused() {
    let codes = |change: &dyn Fn(&mut RatingPolicy)| -> Vec<String> {
        let mut policy = RatingPolicy::default();
        change(&mut policy);
        policy.check().into_iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect()
    };
    assert_eq!(codes(&|policy| policy.strong_from = 101), ["/strong_from out_of_range"]);
    assert_eq!(codes(&|policy| policy.adequate_from = 80), ["/adequate_from bands_not_descending"]);
    assert_eq!(codes(&|policy| policy.weak_from = 70), ["/weak_from bands_not_descending"]);
    assert_eq!(codes(&|policy| policy.minimum_coverage = 200), ["/minimum_coverage out_of_range"]);
    assert_eq!(codes(&|policy| policy.matrix.low.poor = Rating::Low), ["/matrix/low/poor matrix_not_monotone"]);
    assert_eq!(
        codes(&|policy| policy.matrix.critical.strong = Rating::Low),
        ["/matrix/critical/strong matrix_not_monotone"]
    );
    assert_eq!(
        codes(&|policy| policy.matrix.high.weak = Rating::Unassessed),
        ["/matrix/high/weak unassessed_in_matrix"]
    );
    let read: RatingPolicy = serde_json::from_value(json!({"minimum_coverage": 50})).unwrap();
    assert_eq!((read.minimum_coverage, read.strong_from), (50, 80));
}
