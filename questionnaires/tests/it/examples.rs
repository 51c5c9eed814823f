//! The rules of scoring, one example each.

use diligence_questionnaires::{
    EvidenceFact, EvidenceKind, EvidenceState, NotCounted, QuestionState, ReviewedPoints, Score, Subject,
};
use serde_json::json;

use crate::harness::*;

pub(crate) fn tenths(score: Option<Score>) -> Option<u32> {
    score.map(Score::tenths)
}

pub(crate) fn worked_example() -> (diligence_questionnaires::Edition, Case) {
    let partly = json!([
        {"value": "yes", "label": "Yes", "points": 100}, {"value": "partly", "label": "Partly", "points": 50}, {"value": "no", "label": "No", "points": 0}
    ]);
    let ask = |key: &str, principle: &str, weight: u32, more: serde_json::Value| {
        with(
            json!({"key": key, "principle": principle, "text": "?", "type": "single_choice", "weight": weight, "options": partly}),
            more,
        )
    };
    let edition = edition(&document(
        json!([{"key": "access_control", "title": "Access control"}, {"key": "recovery", "title": "Recovery", "weight": 3}]),
        json!([{"key": "s", "title": "S", "questions": [
            ask("q1", "access_control", 20, json!({"evidence": {"need": "needed", "kinds": ["cyber_essentials_plus"]}})),
            ask("q2", "access_control", 10, json!({})),
            ask("q3", "access_control", 10, json!({})),
            ask("q4", "access_control", 5, json!({"not_applicable": "with_reason"})),
            ask("r1", "recovery", 7, json!({})),
            ask("r2", "recovery", 3, json!({})),
        ]}]),
    ));
    let mut q1 = value("yes");
    q1.evidence_ids.push("certificate".to_owned());
    let mut case = Case::of(answers([
        ("q1", q1),
        ("q2", value("partly")),
        ("q4", skipped("We have no such system")),
        ("r1", value("yes")),
        ("r2", value("yes")),
    ]));
    case.evidence.push(EvidenceFact {
        id: "certificate".to_owned(),
        kind: EvidenceKind::CyberEssentialsPlus,
        issued_on: None,
        expires_on: Some("2026-02-28".parse().unwrap()),
        file_sha256: None,
        not_counted: None,
    });
    (edition, case)
}

#[test]
fn the_worked_example_comes_out_exactly() {
    let (edition, case) = worked_example();
    let outcome = case.outcome(&edition);
    let security = outcome.framework("security").unwrap();
    assert_eq!(tenths(security.principles[0].claimed), Some(625));
    assert_eq!(tenths(security.principles[0].evidenced), Some(125));
    assert_eq!(tenths(security.principles[1].claimed), Some(1000));
    assert_eq!((tenths(security.claimed), tenths(security.evidenced)), (Some(906), Some(781)));
    assert_eq!((tenths(outcome.claimed), tenths(outcome.evidenced)), (Some(906), Some(781)));
    let of = |key: &str| outcome.contributions.iter().find(|contribution| contribution.question == key).unwrap();
    let shares: Vec<u32> = ["q1", "q2", "q3", "q4"].iter().map(|key| of(key).principle_claimed.tenths()).collect();
    assert_eq!(shares, [500, 125, 0, 0]);
    assert_eq!(of("q1").evidence, EvidenceState::Expired);
    assert_eq!((of("q1").points_claimed, of("q1").points_evidenced), (Some(100.into()), Some(0.into())));
    assert_eq!((of("q3").state, of("q3").points_claimed), (QuestionState::Unanswered, Some(0.into())));
    assert_eq!((of("q4").state, of("q4").points_claimed), (QuestionState::NotApplicable, None));
    assert_eq!(outcome.not_applicable[0].reason, "We have no such system");
    // 20 + 10 + 10 answered of 50 counting.
    assert_eq!(outcome.coverage.tenths(), 800);
    assert_eq!((outcome.answered_count, outcome.counting_count), (4, 5));
    assert_eq!(serde_json::to_value(outcome.claimed).unwrap(), json!(90.6));
}

#[test]
fn a_certificate_is_valid_on_its_first_and_on_its_last_day() {
    let (edition, mut case) = worked_example();
    for (issued, expires, valid) in [
        (None, Some("2026-03-01"), EvidenceState::Valid),
        (Some("2026-03-01"), None, EvidenceState::Valid),
        (Some("2026-03-02"), None, EvidenceState::NotYetValid),
        (None, Some("2026-02-28"), EvidenceState::Expired),
    ] {
        case.evidence[0].issued_on = issued.map(|date| date.parse().unwrap());
        case.evidence[0].expires_on = expires.map(|date| date.parse().unwrap());
        assert_eq!(case.outcome(&edition).contributions[0].evidence, valid, "{issued:?} {expires:?}");
    }
    case.evidence.push(EvidenceFact {
        id: "other".to_owned(),
        kind: EvidenceKind::Other,
        issued_on: None,
        expires_on: None,
        file_sha256: None,
        not_counted: None,
    });
    case.answers.get_mut("q1").unwrap().evidence_ids.push("other".to_owned());
    assert_eq!(case.outcome(&edition).contributions[0].evidence, EvidenceState::Expired, "what comes nearest is told");
    case.evidence[0].kind = EvidenceKind::Other;
    assert_eq!(case.outcome(&edition).contributions[0].evidence, EvidenceState::WrongKind);
    case.evidence.clear();
    assert_eq!(case.outcome(&edition).contributions[0].evidence, EvidenceState::Missing);
}

#[test]
fn evidence_that_counts_for_nothing_shows_nothing_and_it_is_told_why() {
    let (edition, mut case) = worked_example();
    let piece = case.evidence[0].clone();
    for (not_counted, state) in [
        (NotCounted::Unchecked, EvidenceState::Unchecked),
        (NotCounted::Undated, EvidenceState::Undated),
        (NotCounted::Superseded, EvidenceState::Superseded),
    ] {
        case.evidence = vec![EvidenceFact { expires_on: None, not_counted: Some(not_counted), ..piece.clone() }];
        let shown = &case.outcome(&edition).contributions[0];
        assert_eq!((shown.evidence, shown.points_evidenced), (state, Some(0.into())));
        // What is out of date is so whether it would count or not.
        case.evidence[0].expires_on = piece.expires_on;
        assert_eq!(case.outcome(&edition).contributions[0].evidence, EvidenceState::Expired);
        case.evidence.push(EvidenceFact { expires_on: None, ..piece.clone() });
        assert_eq!(case.outcome(&edition).contributions[0].evidence, EvidenceState::Valid);
    }
}

#[test]
fn one_valid_piece_among_expired_ones_is_enough() {
    let (edition, mut case) = worked_example();
    case.evidence.push(EvidenceFact { id: "renewed".to_owned(), expires_on: None, ..case.evidence[0].clone() });
    assert_eq!(case.outcome(&edition).contributions[0].evidence, EvidenceState::Expired);
    case.answers.get_mut("q1").unwrap().evidence_ids.push("renewed".to_owned());
    assert_eq!(case.outcome(&edition).contributions[0].evidence, EvidenceState::Valid);
}

#[test]
fn nothing_to_count_is_no_score() {
    let edition = edition(&questions(json!([
        yes_no("a", json!({"not_applicable": "with_reason"})),
        yes_no("b", json!({"weight": 0}))
    ])));
    let outcome = Case::of(answers([("a", skipped("No staff")), ("b", value("yes"))])).outcome(&edition);
    assert_eq!((outcome.claimed, outcome.evidenced), (None, None));
    assert_eq!(outcome.frameworks[0].claimed, None);
    assert_eq!(outcome.frameworks[0].principles[0].claimed, None);
    let silent = Case::default().outcome(&edition);
    assert_eq!(tenths(silent.claimed), Some(0));
}

#[test]
fn a_principle_with_nothing_to_count_does_not_weigh_in_the_mean() {
    let edition = edition(&document(
        json!([{"key": "p", "title": "P"}, {"key": "empty", "title": "E", "weight": 9}]),
        json!([{"key": "s", "title": "S", "questions": [yes_no("a", json!({}))]}]),
    ));
    assert_eq!(tenths(Case::of(answers([("a", value("yes"))])).outcome(&edition).claimed), Some(1000));
}

#[test]
fn text_waits_for_a_reviewer_and_then_counts_like_any_other() {
    let text = json!({"key": "t", "principle": "p", "text": "?", "type": "text", "weight": 30});
    let edition = edition(&questions(json!([yes_no("a", json!({})), text])));
    let mut case = Case::of(answers([("a", value("yes"))]));
    let silent = case.outcome(&edition);
    assert_eq!((tenths(silent.claimed), silent.awaiting_review.len()), (Some(250), 0));
    case.answers.insert("t".to_owned(), value("We do."));
    let waiting = case.outcome(&edition);
    assert_eq!((tenths(waiting.claimed), waiting.coverage), (Some(1000), Score::FULL));
    assert_eq!(waiting.awaiting_review, ["t"]);
    assert!(!waiting.is_ready_to_approve());
    case.review.insert("t".to_owned(), ReviewedPoints { points: 60, reason: None, reviewer: None });
    let rated = case.outcome(&edition);
    assert_eq!(tenths(rated.claimed), Some(700));
    assert!(rated.is_ready_to_approve() && rated.contributions[1].replaced.is_none());
    case.answers.insert("t".to_owned(), value("  "));
    assert_eq!(tenths(case.outcome(&edition).claimed), Some(250), "a blank text is no answer");
}

#[test]
fn a_file_counts_with_the_rating_and_is_its_own_evidence() {
    let file = json!({"key": "f", "principle": "p", "text": "?", "type": "file", "evidence": {"need": "needed", "kinds": ["policy"]}});
    let edition = edition(&questions(json!([file])));
    let mut case = Case::of(answers([("f", value("doc"))]));
    assert_eq!(case.outcome(&edition).awaiting_review, ["f"]);
    case.review.insert("f".to_owned(), ReviewedPoints { points: 80, reason: None, reviewer: None });
    assert_eq!(tenths(case.outcome(&edition).evidenced), Some(0));
    case.evidence.push(EvidenceFact {
        id: "doc".to_owned(),
        kind: EvidenceKind::Policy,
        issued_on: None,
        expires_on: None,
        file_sha256: None,
        not_counted: None,
    });
    assert_eq!(tenths(case.outcome(&edition).evidenced), Some(800));
}

#[test]
fn a_reviewer_replaces_points_with_a_reason_and_both_stand() {
    let edition = edition(&questions(json!([yes_no("a", json!({}))])));
    let mut case = Case::of(answers([("a", value("yes"))]));
    case.review.insert(
        "a".to_owned(),
        ReviewedPoints { points: 30, reason: Some("Only for staff".to_owned()), reviewer: None },
    );
    let outcome = case.outcome(&edition);
    let replaced = outcome.contributions[0].replaced.clone().unwrap();
    assert_eq!((replaced.from, replaced.to, replaced.reason.as_str()), (100.into(), 30.into(), "Only for staff"));
    assert_eq!((tenths(outcome.claimed), tenths(outcome.evidenced)), (Some(300), Some(300)));
    case.review.get_mut("a").unwrap().reason = Some(" ".to_owned());
    assert_eq!(tenths(case.outcome(&edition).claimed), Some(1000), "without a reason nothing is replaced");
    case.answers.insert("a".to_owned(), value("no"));
    case.review
        .insert("a".to_owned(), ReviewedPoints { points: 101, reason: Some("Too much".to_owned()), reviewer: None });
    assert_eq!(tenths(case.outcome(&edition).claimed), Some(0), "impossible points replace nothing");
}

#[test]
fn a_reviewer_cannot_give_points_to_silence() {
    let edition = edition(&questions(json!([yes_no("a", json!({}))])));
    let mut case = Case::default();
    case.review
        .insert("a".to_owned(), ReviewedPoints { points: 100, reason: Some("Told me".to_owned()), reviewer: None });
    assert_eq!(tenths(case.outcome(&edition).claimed), Some(0));
}

#[test]
fn multiple_choice_adds_up_and_an_exclusive_option_stands_alone() {
    let edition = edition(&questions(json!([{
        "key": "m", "principle": "p", "text": "?", "type": "multiple_choice", "options": [
            {"value": "a", "label": "A", "points": 70}, {"value": "b", "label": "B", "points": 30},
            {"value": "none", "label": "None of these", "points": 0, "exclusive": true}
        ]
    }])));
    let score = |chosen: serde_json::Value| tenths(Case::of(answers([("m", value(chosen))])).outcome(&edition).claimed);
    assert_eq!(score(json!(["a", "b"])), Some(1000));
    assert_eq!(score(json!(["b", "a", "b"])), Some(1000));
    assert_eq!(score(json!(["b"])), Some(300));
    assert_eq!(score(json!(["none"])), Some(0));
    for (chosen, counted) in
        [(json!(["none"]), 1), (json!([]), 0), (json!(["a", "none"]), 0), (json!(["a", "other"]), 0)]
    {
        assert_eq!(
            Case::of(answers([("m", value(chosen.clone()))])).outcome(&edition).answered_count,
            counted,
            "{chosen}"
        );
    }
}

#[test]
fn numbers_fall_into_the_first_band_that_fits() {
    let edition = edition(&questions(json!([{
        "key": "n", "principle": "p", "text": "?", "type": "number", "unit": "%", "minimum": 0, "maximum": 100,
        "bands": [
            {"at_least": 95, "points": 100}, {"at_least": 80.5, "points": 50},
            {"otherwise": true, "points": 0, "finding": {"severity": "high", "title": "T", "advice": "A"}}
        ]
    }])));
    let outcome = |number: serde_json::Value| Case::of(answers([("n", value(number))])).outcome(&edition);
    for (number, points) in [
        (json!(95), 1000),
        (json!(95.0), 1000),
        (json!(94.999), 500),
        (json!(80.5), 500),
        (json!(80.499), 0),
        (json!(0), 0),
    ] {
        assert_eq!(tenths(outcome(number.clone()).claimed), Some(points), "{number}");
    }
    assert_eq!(outcome(json!(10)).findings[0].key, "n.otherwise");
    for number in [json!(101), json!(-1), json!(80.1234), json!("95"), json!(1e300)] {
        assert_eq!(outcome(number.clone()).answered_count, 0, "{number} fits no such question");
    }
}

#[test]
fn a_date_is_scored_by_its_age_on_the_assessment_date() {
    let edition = edition(&questions(json!([{
        "key": "d", "principle": "p", "text": "?", "type": "date", "bands": [
            {"within_months": 12, "points": 100}, {"within_months": 24, "points": 40},
            {"otherwise": true, "points": 0, "finding": {"severity": "low", "title": "T", "advice": "A"}}
        ]
    }])));
    let outcome = |date: &str| Case::of(answers([("d", value(date))])).outcome(&edition);
    for (date, points) in
        [("2025-03-01", 1000), ("2025-02-28", 400), ("2026-03-01", 1000), ("2024-03-01", 400), ("2024-02-29", 0)]
    {
        assert_eq!(tenths(outcome(date).claimed), Some(points), "{date}");
    }
    let ahead = outcome("2026-03-02");
    assert_eq!((tenths(ahead.claimed), ahead.answered_count), (Some(0), 1));
    assert_eq!(ahead.findings[0].key, "d.otherwise", "a test that has not happened yet is no test");
    assert_eq!(outcome("2025-02-30").answered_count, 0, "that day does not exist");
}

#[test]
fn a_date_can_be_scored_by_a_fixed_day_even_ahead() {
    let edition = edition(&questions(json!([{
        "key": "d", "principle": "p", "text": "?", "type": "date",
        "bands": [{"on_or_after": "2026-06-30", "points": 100}, {"on_or_after": "2025-06-30", "points": 50}]
    }])));
    let score = |date: &str| tenths(Case::of(answers([("d", value(date))])).outcome(&edition).claimed);
    assert_eq!((score("2027-01-01"), score("2026-06-29"), score("2025-06-29")), (Some(1000), Some(500), Some(0)));
}

#[test]
fn hidden_answers_do_not_exist_for_any_condition() {
    let edition = edition(&questions(json!([
        yes_no("a", json!({})),
        yes_no("b", json!({"show_if": {"question": "a", "is": "yes"}})),
        yes_no("c", json!({"show_if": {"question": "b", "is": "yes"}})),
        yes_no("d", json!({"show_if": {"question": "b", "answered": false}})),
        yes_no("e", json!({"show_if": {"not": {"question": "b", "is": "yes"}}})),
    ])));
    let mut case = Case::of(answers([("a", value("yes")), ("b", value("yes")), ("c", value("yes"))]));
    assert_eq!(case.outcome(&edition).visible, ["a", "b", "c"]);
    case.answers.insert("a".to_owned(), value("no"));
    assert_eq!(case.outcome(&edition).visible, ["a", "d", "e"]);
}

#[test]
fn a_hidden_section_hides_its_questions_and_may_depend_on_later_ones() {
    let edition = edition(&document(
        json!([{"key": "p", "title": "P"}]),
        json!([
            {"key": "s1", "title": "S", "show_if": {"question": "z", "is": "yes"}, "questions": [yes_no("a", json!({}))]},
            {"key": "s2", "title": "S", "questions": [yes_no("z", json!({}))]}
        ]),
    ));
    assert_eq!(Case::default().outcome(&edition).visible, ["z"]);
    assert_eq!(Case::of(answers([("z", value("yes"))])).outcome(&edition).visible, ["a", "z"]);
}

#[test]
fn facts_about_the_subject_decide_and_an_unknown_fact_equals_nothing() {
    let edition = edition(&questions(json!([
        yes_no("always", json!({})),
        yes_no("processor", json!({"show_if": {"subject": "data_role", "is": "processor"}})),
        yes_no("not_none", json!({"show_if": {"not": {"subject": "data_role", "is": "none"}}})),
        yes_no("children", json!({"show_if": {"subject": "personal_data", "is": "children"}})),
    ])));
    let mut case = Case::default();
    assert_eq!(case.outcome(&edition).visible, ["always", "not_none"]);
    case.subject = Subject::new().with("data_role", ["none"]).with("personal_data", ["health", "children"]);
    assert_eq!(case.outcome(&edition).visible, ["always", "children"]);
    case.subject.set("data_role", ["processor"]);
    assert_eq!(case.outcome(&edition).visible, ["always", "processor", "not_none", "children"]);
}

#[test]
fn every_operator_tests_what_it_says() {
    let number = json!({"key": "n", "principle": "p", "text": "?", "type": "number", "weight": 0});
    let date = json!({"key": "d", "principle": "p", "text": "?", "type": "date", "weight": 0});
    let several = json!({"key": "m", "principle": "p", "text": "?", "type": "multiple_choice", "weight": 0,
        "options": [{"value": "a", "label": "A", "points": 0}, {"value": "b", "label": "B", "points": 0}]});
    for (condition, answer, shown) in [
        (json!({"question": "n", "is": 5}), ("n", json!(5.0)), true),
        (json!({"question": "n", "is": 5}), ("n", json!(5.1)), false),
        (json!({"question": "n", "at_least": 5}), ("n", json!(5)), true),
        (json!({"question": "n", "at_least": 5}), ("n", json!(4.999)), false),
        (json!({"question": "n", "at_most": 5}), ("n", json!(5)), true),
        (json!({"question": "n", "at_most": 5}), ("n", json!(6)), false),
        (json!({"question": "d", "before": "2026-01-01"}), ("d", json!("2025-12-31")), true),
        (json!({"question": "d", "before": "2026-01-01"}), ("d", json!("2026-01-01")), false),
        (json!({"question": "d", "after": "2026-01-01"}), ("d", json!("2026-01-02")), true),
        (json!({"question": "d", "after": "2026-01-01"}), ("d", json!("2026-01-01")), false),
        (json!({"question": "d", "is": "2026-01-01"}), ("d", json!("2026-01-01")), true),
        (json!({"question": "m", "includes": "b"}), ("m", json!(["a", "b"])), true),
        (json!({"question": "m", "includes": "b"}), ("m", json!(["a"])), false),
        (json!({"question": "m", "answered": true}), ("m", json!(["a"])), true),
        (json!({"question": "m", "answered": true}), ("n", json!(1)), false),
        (json!({"all": [{"question": "n", "at_least": 1}, {"question": "n", "at_most": 3}]}), ("n", json!(2)), true),
        (json!({"all": [{"question": "n", "at_least": 1}, {"question": "n", "at_most": 3}]}), ("n", json!(4)), false),
        (json!({"any": [{"question": "n", "at_most": 1}, {"question": "n", "at_least": 3}]}), ("n", json!(4)), true),
        (json!({"any": [{"question": "n", "at_most": 1}, {"question": "n", "at_least": 3}]}), ("n", json!(2)), false),
    ] {
        let shown_question = yes_no("shown", json!({"show_if": condition}));
        let edition = edition(&questions(json!([number, date, several, shown_question])));
        let outcome = Case::of(answers([(answer.0, value(answer.1.clone()))])).outcome(&edition);
        assert_eq!(outcome.visible.contains(&"shown".to_owned()), shown, "{condition} with {answer:?}");
    }
}

fn knock_out(more: serde_json::Value) -> serde_json::Value {
    let options = json!([
        {"value": "yes", "label": "Yes", "points": 100},
        {"value": "no", "label": "No", "points": 0, "knock_out": "Nobody is told", "ask_why": true,
         "finding": {"severity": "high", "title": "No notice", "advice": "Agree one", "risk": {"likelihood": 4, "impact": 5}}}
    ]);
    yes_no("k", with(json!({"options": options}), more))
}

#[test]
fn a_knock_out_stands_apart_from_the_number_and_names_its_answer() {
    let edition = edition(&questions(json!([yes_no("a", json!({"weight": 990})), knock_out(json!({}))])));
    let mut case = Case::of(answers([("a", value("yes")), ("k", value("no"))]));
    let outcome = case.outcome(&edition);
    assert_eq!(tenths(outcome.claimed), Some(990));
    assert_eq!(
        (outcome.knock_outs[0].question.as_str(), outcome.knock_outs[0].reason.as_str()),
        ("k", "Nobody is told")
    );
    assert_eq!(outcome.knock_outs[0].value, json!("no"));
    let finding = &outcome.findings[0];
    assert_eq!(
        (finding.key.as_str(), finding.question.as_deref(), finding.risk.unwrap().impact),
        ("k.no", Some("k"), 5)
    );
    assert_eq!(outcome.comments_needed, ["k"]);
    assert!(!outcome.is_ready_to_submit());
    case.answers.get_mut("k").unwrap().comment = Some(" ".to_owned());
    assert_eq!(case.outcome(&edition).comments_needed, ["k"], "a blank comment is none");
    case.answers.get_mut("k").unwrap().comment = Some("We are small".to_owned());
    assert!(case.outcome(&edition).is_ready_to_submit());
}

#[test]
fn information_only_answers_still_raise_findings_and_knock_outs() {
    let edition = edition(&questions(json!([knock_out(json!({"weight": 0}))])));
    let outcome = Case::of(answers([("k", value("no"))])).outcome(&edition);
    assert_eq!((outcome.knock_outs.len(), outcome.findings.len(), outcome.claimed), (1, 1, None));
    assert_eq!(outcome.contributions[0].state, QuestionState::Information);
}

#[test]
fn a_not_applicable_or_hidden_answer_knocks_nothing_out() {
    let edition = edition(&questions(json!([
        yes_no("a", json!({})),
        knock_out(json!({"not_applicable": "with_reason", "show_if": {"question": "a", "is": "yes"}}))
    ])));
    let skipped = Case::of(answers([("a", value("yes")), ("k", skipped("No data"))])).outcome(&edition);
    assert!(skipped.knock_outs.is_empty() && skipped.not_applicable.len() == 1);
    let hidden = Case::of(answers([("a", value("no")), ("k", value("no"))])).outcome(&edition);
    assert!(hidden.knock_outs.is_empty() && hidden.findings.is_empty() && hidden.comments_needed.is_empty());
}

#[test]
fn a_reason_beside_a_value_hides_no_knock_out() {
    let edition = edition(&questions(json!([knock_out(json!({"not_applicable": "with_reason"}))])));
    let mut both = value("no");
    both.not_applicable = Some("Please".to_owned());
    let outcome = Case::of(answers([("k", both)])).outcome(&edition);
    assert!(outcome.is_knocked_out() && outcome.not_applicable.is_empty());
}

#[test]
fn a_reason_beside_a_value_that_does_not_fit_is_silence() {
    let edition = edition(&questions(json!([yes_no("a", json!({"not_applicable": "with_reason"}))])));
    let mut both = value("maybe");
    both.not_applicable = Some("Please".to_owned());
    let outcome = Case::of(answers([("a", both)])).outcome(&edition);
    assert_eq!((outcome.contributions[0].state, tenths(outcome.claimed)), (QuestionState::Unanswered, Some(0)));
}

#[test]
fn not_applicable_without_leave_or_reason_is_silence() {
    let edition =
        edition(&questions(json!([yes_no("a", json!({})), yes_no("b", json!({"not_applicable": "with_reason"}))])));
    let outcome = Case::of(answers([("a", skipped("No")), ("b", skipped("  "))])).outcome(&edition);
    assert_eq!((outcome.counting_count, outcome.not_applicable.len(), tenths(outcome.claimed)), (2, 0, Some(0)));
}

#[test]
fn required_questions_are_open_until_answered_or_marked_not_applicable() {
    let edition = edition(&questions(json!([
        yes_no("a", json!({"required": true})),
        yes_no("b", json!({"required": true, "not_applicable": "with_reason"})),
        yes_no("c", json!({"required": true, "show_if": {"question": "a", "is": "yes"}})),
    ])));
    assert_eq!(Case::default().outcome(&edition).unanswered_required, ["a", "b"]);
    let outcome = Case::of(answers([("a", value("yes")), ("b", skipped("None"))])).outcome(&edition);
    assert_eq!(outcome.unanswered_required, ["c"]);
}

#[test]
fn findings_over_several_answers_name_the_questions_they_read() {
    let mut document = questions(json!([yes_no("a", json!({})), yes_no("b", json!({}))]));
    document["findings"] = json!([{"key": "both", "severity": "extreme", "title": "T", "advice": "A",
        "when": {"all": [{"question": "b", "is": "no"}, {"question": "a", "is": "no"}]}}]);
    let edition = edition(&document);
    assert!(Case::of(answers([("a", value("no"))])).outcome(&edition).findings.is_empty());
    let outcome = Case::of(answers([("a", value("no")), ("b", value("no"))])).outcome(&edition);
    assert_eq!(
        (outcome.findings[0].key.as_str(), outcome.findings[0].because.clone()),
        ("both", vec!["a".to_owned(), "b".to_owned()])
    );
}

#[test]
fn the_whole_is_the_mean_over_all_principles_of_all_frameworks() {
    let edition = edition(&document(
        json!([{"key": "p", "title": "P"}, {"key": "q", "title": "Q", "weight": 2, "framework": "ethical_ai"}]),
        json!([{"key": "s", "title": "S", "questions": [yes_no("a", json!({})), yes_no("b", json!({"principle": "q"}))]}]),
    ));
    let outcome = Case::of(answers([("a", value("yes")), ("b", value("no"))])).outcome(&edition);
    assert_eq!(tenths(outcome.framework("security").unwrap().claimed), Some(1000));
    assert_eq!(tenths(outcome.framework("ethical_ai").unwrap().claimed), Some(0));
    assert_eq!(tenths(outcome.claimed), Some(333));
    assert_eq!(outcome.contributions[0].claimed.tenths(), 333);
    assert_eq!(outcome.contributions[0].framework_claimed.tenths(), 1000);
}

#[test]
fn the_result_reads_back_as_it_was_written() {
    let (edition, case) = worked_example();
    let outcome = case.outcome(&edition);
    let text = serde_json::to_string(&outcome).unwrap();
    let read: diligence_questionnaires::Outcome = serde_json::from_str(&text).unwrap();
    assert_eq!(read, outcome);
}
