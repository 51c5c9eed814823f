//! A case for every fault a document can have.

use std::collections::BTreeSet;

use diligence_questionnaires::{Edition, Fault};
use serde_json::{Value, json};

use crate::harness::*;

fn good() -> Value {
    let scale =
        json!([{"at_least": 90, "points": 100}, {"at_least": 50, "points": 40}, {"otherwise": true, "points": 0}]);
    let ask = |key: &str, kind: &str, more: Value| {
        with(json!({"key": key, "principle": "p", "text": "?", "type": kind}), more)
    };
    let mut document = questions(json!([
        yes_no("a", json!({})),
        ask(
            "single",
            "single_choice",
            json!({"options": [{"value": "x", "label": "X", "points": 100}, {"value": "y", "label": "Y", "points": 0}]})
        ),
        ask(
            "multiple",
            "multiple_choice",
            json!({"options": [{"value": "x", "label": "X", "points": 60}, {"value": "y", "label": "Y", "points": 40}]})
        ),
        ask("number", "number", json!({"minimum": 0, "maximum": 100, "bands": scale})),
        ask(
            "date",
            "date",
            json!({"bands": [{"within_months": 12, "points": 100}, {"within_months": 24, "points": 50}]})
        ),
        ask("text", "text", json!({})),
        yes_no(
            "shown",
            json!({"show_if": {"question": "a", "is": "yes"}, "evidence": {"need": "needed", "kinds": ["dspt"]}, "maps_to": ["dspt/1.1"]})
        ),
    ]));
    document["frameworks"] = json!([{"key": "hospitality", "title": "Hospitality"}]);
    document["principles"][0]["framework"] = json!("hospitality");
    document["source"] = json!([{"title": "T", "version": "1", "date": "2025-03"}]);
    document["findings"] =
        json!([{"key": "f", "when": {"question": "a", "is": "no"}, "severity": "low", "title": "T", "advice": "A"}]);
    document
}

fn faults(document: &Value) -> Vec<Fault> {
    Edition::from_json(&document.to_string()).err().unwrap_or_default()
}

/// Sets (or with null removes) what a pointer leads to.
fn set(document: &mut Value, pointer: &str, to: Value) {
    let (parent, last) = pointer.rsplit_once('/').unwrap();
    let parent = document.pointer_mut(parent).unwrap_or_else(|| panic!("{pointer}"));
    match parent {
        Value::Object(members) if to.is_null() => {
            members.shift_remove(last);
        }
        Value::Object(members) => {
            members.insert(last.to_owned(), to);
        }
        Value::Array(items) => match last.parse::<usize>() {
            Ok(index) if index < items.len() => items[index] = to,
            _ => items.push(to),
        },
        _ => panic!("{pointer}"),
    }
}

const Q: &str = "/sections/0/questions";

/// What is changed, the code of the one fault that must follow, and its pointer.
type FaultCase = (Vec<(String, Value)>, &'static str, String);

fn cases() -> Vec<FaultCase> {
    let q = |number: usize, rest: &str| format!("{Q}/{number}{rest}");
    let one = |pointer: String, to: Value, code: &'static str, at: String| (vec![(pointer, to)], code, at);
    let same = |pointer: String, to: Value, code: &'static str| (vec![(pointer.clone(), to)], code, pointer);
    let show = |number: usize, condition: Value, code: &'static str, rest: &str| {
        (vec![(q(number, "/show_if"), condition)], code, q(number, &format!("/show_if{rest}")))
    };
    let deep = (0..40).fold(json!({"question": "a", "is": "yes"}), |inner, _| json!({"not": inner}));
    vec![
        same(q(0, "/wieght"), json!(1), "unknown_key"),
        same("/title".into(), Value::Null, "missing_key"),
        same("/title".into(), json!(5), "wrong_type"),
        same("/title".into(), json!("  "), "empty"),
        same("/title".into(), json!("x".repeat(301)), "too_long"),
        same("/title".into(), json!("a\0b"), "character"),
        same("/key".into(), json!("Not A Key"), "bad_pattern"),
        same("/edition".into(), json!("1"), "bad_pattern"),
        same("/edition".into(), json!(2026.1), "wrong_type"),
        same("/applies_to/0".into(), json!("suplier"), "unknown_value"),
        same("/applies_to".into(), json!([]), "too_few"),
        same("/applies_to/-".into(), json!("supplier"), "duplicate_value").tap(|case| case.2 = "/applies_to/1".into()),
        same("/source/0/date".into(), json!("2025-13"), "bad_date"),
        same("/source/0/looked_at".into(), json!("2026-02-30"), "bad_date"),
        same("/source/0/looked_at".into(), json!("2025-02-28"), "looked_at_too_early"),
        same("/source/0/replaced_by".into(), json!(""), "empty"),
        same(q(0, "/weight"), json!(1001), "out_of_range"),
        same(q(0, "/weight"), json!(1.5), "bad_number"),
        same(q(0, "/options/0/points"), json!(101), "out_of_range"),
        same(q(0, "/options/0/points"), json!("33 1/0"), "zero_denominator"),
        same(q(0, "/options/0/points"), json!("33 4/3"), "bad_points"),
        same(q(0, "/options/0/points"), json!("1/2000000"), "denominator_too_large"),
        same(q(3, "/maximum"), json!(100.0001), "bad_number"),
        same(
            q(0, "/maps_to"),
            Value::from((0..51).map(|number| format!("dspt/{number}")).collect::<Vec<_>>()),
            "too_many",
        ),
        one(
            "/principles/-".into(),
            json!({"key": "p", "title": "P"}),
            "duplicate_principle",
            "/principles/1/key".into(),
        ),
        one(
            "/sections/-".into(),
            json!({"key": "s", "title": "S", "questions": [yes_no("z", json!({}))]}),
            "duplicate_section",
            "/sections/1/key".into(),
        ),
        one(q(5, "/key"), json!("a"), "duplicate_question", q(5, "/key")),
        one(q(1, "/options/1/value"), json!("x"), "duplicate_option", q(1, "/options/1/value")),
        one(
            "/findings/-".into(),
            json!({"key": "f", "when": {"question": "a", "is": "yes"}, "severity": "low", "title": "T", "advice": "A"}),
            "duplicate_finding",
            "/findings/1/key".into(),
        ),
        same("/framework".into(), json!("securty"), "unknown_framework"),
        same("/principles/0/framework".into(), json!("hospitalty"), "unknown_framework")
            .tap(|case| case.0.push(("/frameworks".into(), Value::Null))),
        one(
            "/frameworks/-".into(),
            json!({"key": "hospitality", "title": "H"}),
            "duplicate_framework",
            "/frameworks/1/key".into(),
        ),
        one(
            "/frameworks/-".into(),
            json!({"key": "unused", "title": "U"}),
            "unused_framework",
            "/frameworks/1/key".into(),
        ),
        one(
            "/frameworks/-".into(),
            json!({"key": "security", "title": "S"}),
            "built_in_framework",
            "/frameworks/1/key".into(),
        ),
        same("/frameworks/0/titel".into(), json!("H"), "unknown_key"),
        same("/frameworks/0/key".into(), json!("Hospitality"), "bad_pattern"),
        same(q(0, "/principle"), json!("q"), "unknown_principle"),
        show(6, json!({"question": "b", "is": "yes"}), "unknown_question", "/question"),
        show(6, json!({"question": "a", "is": "maybe"}), "unknown_option", "/is"),
        show(6, json!({"question": "multiple", "includes": "z"}), "unknown_option", "/includes"),
        show(6, json!({"question": "multiple", "is": "x"}), "wrong_operator", "/is"),
        show(6, json!({"question": "a", "at_least": 1}), "wrong_operator", "/at_least"),
        show(6, json!({"question": "text", "is": "x"}), "wrong_operator", "/is"),
        show(6, json!({"question": "number", "is": "five"}), "wrong_type", "/is"),
        show(6, json!({"question": "a", "is": 1}), "wrong_type", "/is"),
        show(6, json!({"question": "date", "is": "soon"}), "bad_date", "/is"),
        show(6, json!({"question": "date", "before": "2025-02-30"}), "bad_date", "/before"),
        show(6, json!({"subject": "teir", "is": "high"}), "unknown_fact", "/subject"),
        show(6, json!({"subject": "tier", "is": "huge"}), "impossible_fact", "/is"),
        show(6, json!({"subject": "tier", "is": 1}), "wrong_type", ""),
        show(6, json!({"question": "a"}), "condition_shape", ""),
        show(6, json!({"question": "a", "is": "yes", "answered": true}), "condition_shape", ""),
        show(
            6,
            json!({"all": [{"question": "a", "is": "yes"}], "subject": "tier", "is": "high"}),
            "condition_shape",
            "",
        ),
        show(6, json!({}), "condition_shape", ""),
        show(6, json!({"any": []}), "too_few", "/any"),
        show(6, deep, "condition_too_deep", &"/not".repeat(32)),
        show(6, json!({"question": "shown", "is": "yes"}), "cycle", ""),
        one("/sections/0/show_if".into(), json!({"question": "a", "is": "yes"}), "cycle", "/sections/0/show_if".into()),
        show(6, json!({"all": [{"question": "a", "is": "yes"}, {"question": "a", "is": "no"}]}), "never_shown", ""),
        show(
            6,
            json!({"all": [{"question": "a", "is": "yes"}, {"not": {"question": "a", "is": "yes"}}]}),
            "never_shown",
            "",
        ),
        show(6, json!({"question": "number", "at_least": 101}), "never_shown", ""),
        show(
            6,
            json!({"all": [{"question": "number", "at_least": 60}, {"question": "number", "at_most": 50}]}),
            "never_shown",
            "",
        ),
        show(
            6,
            json!({"all": [{"question": "date", "after": "2025-01-01"}, {"question": "date", "before": "2025-01-02"}]}),
            "never_shown",
            "",
        ),
        show(6, json!({"subject": "subject_type", "is": "product"}), "never_shown", ""),
        show(
            6,
            json!({"all": [{"subject": "tier", "is": "low"}, {"subject": "tier", "is": "high"}]}),
            "never_shown",
            "",
        ),
        one(
            "/findings/0/when".into(),
            json!({"all": [{"question": "a", "answered": false}, {"question": "a", "is": "no"}]}),
            "never_raised",
            "/findings/0/when".into(),
        ),
        one(q(0, "/options/0/value"), json!("ja"), "yes_no_options", q(0, "/options"))
            .tap(|case| case.0.push((q(6, "/show_if"), Value::Null)))
            .tap(|case| case.0.push(("/findings".into(), Value::Null))),
        same(q(1, "/options"), json!([{"value": "x", "label": "X", "points": 100}]), "options_missing"),
        one(q(1, "/options/0/points"), json!(90), "no_full_marks", q(1, "/options")),
        one(q(1, "/options/1/points"), json!(10), "no_zero_points", q(1, "/options")),
        one(q(1, "/options/0/exclusive"), json!(true), "exclusive_not_allowed", q(1, "/options/0/exclusive")),
        one(q(2, "/options/0/points"), json!(61), "points_over_100", q(2, "/options")),
        one(q(2, "/options/0/points"), json!(59), "no_full_marks", q(2, "/options")),
        same(q(5, "/options"), json!([{"value": "x", "label": "X", "points": 100}]), "options_not_allowed"),
        same(q(5, "/bands"), json!([{"at_least": 1, "points": 100}]), "bands_not_allowed"),
        same(q(5, "/unit"), json!("%"), "key_not_allowed"),
        same(q(3, "/bands"), Value::Null, "bands_missing"),
        same(q(3, "/bands/0"), json!({"points": 100}), "band_limit"),
        same(q(3, "/bands/0"), json!({"at_least": 90, "otherwise": true, "points": 100}), "band_limit"),
        same(q(3, "/bands/0"), json!({"within_months": 3, "points": 100}), "band_kind"),
        same(q(4, "/bands/0"), json!({"at_least": 3, "points": 100}), "band_kind"),
        one(q(3, "/bands/1"), json!({"at_least": 95, "points": 40}), "band_order", q(3, "/bands/1")),
        one(q(4, "/bands/1"), json!({"within_months": 12, "points": 40}), "band_order", q(4, "/bands/1")),
        one(q(4, "/bands/1"), json!({"on_or_after": "2025-01-01", "points": 40}), "mixed_bands", q(4, "/bands")),
        one(
            q(4, "/bands"),
            json!([{"on_or_after": "2025-01-01", "points": 100}, {"on_or_after": "2025-06-01", "points": 40}]),
            "band_order",
            q(4, "/bands/1"),
        ),
        one(q(3, "/bands/1"), json!({"otherwise": true, "points": 40}), "otherwise_not_last", q(3, "/bands/1")),
        one(q(3, "/bands/0/at_least"), json!(101), "unreachable_band", q(3, "/bands/0/at_least")),
        one(q(3, "/bands/0/points"), json!(99), "no_full_marks", q(3, "/bands")),
        one(q(3, "/bands/2/points"), json!(1), "no_zero_points", q(3, "/bands")),
        one(q(3, "/minimum"), json!(100.5), "minimum_above_maximum", q(3, "/minimum")),
        (
            vec![
                (q(0, "/options/1/knock_out"), json!("Why")),
                (q(0, "/required"), json!(true)),
                (q(0, "/not_applicable"), json!("with_reason")),
            ],
            "knock_out_not_applicable",
            q(0, "/not_applicable"),
        ),
        one(q(6, "/evidence/need"), json!("none"), "evidence_not_asked", q(6, "/evidence")),
        one(q(6, "/evidence/kinds/-"), json!("dspt"), "duplicate_value", q(6, "/evidence/kinds/1")),
        one(q(6, "/maps_to/-"), json!("dspt/1.1"), "duplicate_value", q(6, "/maps_to/1")),
        one(q(6, "/maps_to/0"), json!("dspt"), "bad_pattern", q(6, "/maps_to/0")),
    ]
}

trait Tap: Sized {
    fn tap(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}
impl<T> Tap for T {}

#[test]
fn the_unchanged_document_is_good() {
    assert_eq!(faults(&good()), []);
}

#[test]
fn every_wrong_document_has_exactly_the_fault_it_should_have() {
    for (changes, code, pointer) in cases() {
        let mut document = good();
        for (at, to) in &changes {
            set(&mut document, at, to.clone());
        }
        let found: Vec<(String, String)> =
            faults(&document).into_iter().map(|fault| (fault.code, fault.pointer)).collect();
        assert_eq!(found, [(code.to_owned(), pointer)], "{changes:?}");
    }
}

#[test]
fn the_faults_of_a_document_come_all_at_once_in_the_order_of_their_places() {
    let text = "key: Bad\ntitel: T\nedition: \"2026.1\"\nsummary: S\nframework: security\napplies_to: [supplier]\nprinciples:\n- {key: p, title: P, weight: -1}\n\
        sections:\n- key: s\n  title: S\n  questions:\n  - key: q\n    principle: p\n    text: Q\n    type: yes_no\n    show_if: {question: zz, is: x}\n    options:\n\
        \x20   - {value: yes, label: Y, points: 100}\n    - {value: no, label: N, points: 50}\n";
    let found: Vec<(u32, u32, String)> = Edition::from_yaml(text)
        .unwrap_err()
        .into_iter()
        .map(|fault| (fault.line.unwrap(), fault.column.unwrap(), fault.code))
        .collect();
    let expected = [
        (1, 1, "missing_key"),
        (1, 6, "bad_pattern"),
        (2, 1, "unknown_key"),
        (8, 30, "out_of_range"),
        (17, 25, "unknown_question"),
        (19, 7, "no_zero_points"),
    ];
    assert_eq!(found, expected.map(|(line, column, code)| (line, column, code.to_owned())));
}

#[test]
fn an_unknown_key_names_the_nearest_known_one() {
    let mut document = good();
    set(&mut document, "/sections/0/questions/0/wieght", json!(1));
    assert!(faults(&document)[0].message.contains("did you mean `weight`?"));
}

#[test]
fn a_circle_is_named_from_beginning_to_end() {
    let document = questions(json!([
        yes_no("a", json!({"show_if": {"question": "c", "is": "yes"}})),
        yes_no("b", json!({"show_if": {"question": "a", "is": "yes"}})),
        yes_no("c", json!({"show_if": {"question": "b", "is": "yes"}})),
        yes_no("d", json!({"show_if": {"question": "a", "is": "yes"}})),
        yes_no("e", json!({"show_if": {"question": "e", "answered": true}})),
    ]));
    let found: Vec<String> = faults(&document).into_iter().map(|fault| fault.message).collect();
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].contains("`a` → `c` → `b` → `a`"), "{}", found[0]);
    assert!(found[1].contains("`e` → `e`"), "{}", found[1]);
}

#[test]
fn what_a_never_shown_question_shows_is_never_shown_either() {
    let document = questions(json!([
        yes_no("a", json!({"show_if": {"subject": "subject_type", "is": "product"}})),
        yes_no("b", json!({"show_if": {"question": "a", "is": "yes"}})),
        yes_no("c", json!({"show_if": {"question": "a", "answered": false}})),
    ]));
    let found: Vec<String> = faults(&document).into_iter().map(|fault| fault.pointer).collect();
    assert_eq!(found, [format!("{Q}/0/show_if"), format!("{Q}/1/show_if")]);
}

#[test]
fn a_subject_can_have_several_values_of_a_list_at_once() {
    let both =
        json!({"all": [{"subject": "personal_data", "is": "health"}, {"subject": "personal_data", "is": "children"}]});
    assert_eq!(faults(&questions(json!([yes_no("a", json!({"show_if": both}))]))), []);
}

#[test]
fn limits_hold() {
    let many = |count: usize| Value::Array((0..count).map(|number| yes_no(&format!("q{number}"), json!({}))).collect());
    assert_eq!(faults(&questions(many(2000))), []);
    let section = |key: &str, first: usize, count: usize| {
        let list: Vec<Value> = (first..first + count).map(|number| yes_no(&format!("q{number}"), json!({}))).collect();
        json!({"key": key, "title": "S", "questions": list})
    };
    let principles = json!([{"key": "p", "title": "P"}]);
    let over = document(principles, json!([section("s", 0, 1500), section("t", 1500, 501)]));
    assert_eq!(faults(&over).iter().map(|fault| fault.code.as_str()).collect::<Vec<_>>(), ["too_many_questions"]);
    assert_eq!(
        faults(&questions(many(2001))).iter().map(|fault| fault.code.as_str()).collect::<Vec<_>>(),
        ["too_many"]
    );
    let principles: Vec<Value> = (0..201).map(|number| json!({"key": format!("p{number}"), "title": "P"})).collect();
    let over = document(
        principles.into(),
        json!([{"key": "s", "title": "S", "questions": [yes_no("q", json!({"principle": "p1"}))]}]),
    );
    assert_eq!(faults(&over)[0].code, "too_many");
    let options: Vec<Value> = (0..301)
        .map(|number| json!({"value": format!("o{number}"), "label": "L", "points": if number == 0 { 100 } else { 0 }}))
        .collect();
    let over = questions(json!([yes_no("q", json!({"type": "single_choice", "options": options}))]));
    assert_eq!(faults(&over)[0].code, "too_many");
}

#[test]
fn text_that_is_no_document_is_refused_with_a_place() {
    let code = |result: Result<Edition, Vec<Fault>>| result.unwrap_err()[0].clone();
    let yaml = code(Edition::from_yaml("key: [a\ntitle: b\n"));
    assert_eq!((yaml.code.as_str(), yaml.line.is_some()), ("syntax", true));
    let json = code(Edition::from_json("{\"key\": \n oops}"));
    assert_eq!((json.code.as_str(), json.line, json.column), ("syntax", Some(2), Some(2)));
    assert_eq!(code(Edition::from_yaml("")).code, "wrong_type");
    assert_eq!(code(Edition::from_yaml("- a\n")).code, "wrong_type");
    assert_eq!(code(Edition::from_json("[]")).code, "wrong_type");
    assert_eq!(code(Edition::from_yaml("a: &x 1\nb: *x\n")).code, "anchors_not_allowed");
    assert_eq!(code(Edition::from_yaml("a: &x 1\n")).code, "anchors_not_allowed");
    assert_eq!(code(Edition::from_yaml("a: !important 1\n")).code, "tags_not_allowed");
    let place = |text: &str| {
        let fault = code(Edition::from_yaml(text));
        (fault.line, fault.column)
    };
    for (text, line, column) in [
        ("a: !important 1\n", 1, 4),
        ("a:\n  b: \u{e9}\n  c: !Look here\n", 3, 6),
        ("a: &x 1\n", 1, 4),
        ("a: &x\n  b: 1\n", 1, 4),
        ("a: [1, &x 2]\n", 1, 8),
        ("a: !!str &x 1\n", 1, 10),
    ] {
        assert_eq!(place(text), (Some(line), Some(column)), "{text}");
    }
    assert_eq!(code(Edition::from_yaml("a: 1\n---\nb: 1\n")).code, "syntax");
    assert_eq!(code(Edition::from_yaml(&"x".repeat(2 * 1024 * 1024 + 1))).code, "too_large");
    assert_eq!(code(Edition::from_json(&" ".repeat(2 * 1024 * 1024 + 1))).code, "too_large");
}

#[test]
fn a_key_that_stands_twice_is_refused_where_it_stands_again() {
    let twice = |result: Result<Edition, Vec<Fault>>| {
        let faults = result.unwrap_err();
        let fault = faults.iter().find(|fault| fault.code == "duplicate_key").unwrap_or_else(|| panic!("{faults:?}"));
        (fault.pointer.clone(), fault.line, fault.column)
    };
    assert_eq!(twice(Edition::from_yaml("key: ab\ntitle: T\nkey: cd\n")), ("/key".to_owned(), Some(3), Some(1)));
    assert_eq!(
        twice(Edition::from_json("{\"key\": \"ab\",\n \"title\": \"a\\\"b\", \"key\": 1}")),
        ("/key".to_owned(), Some(2), Some(19))
    );
    let keys = Edition::from_yaml("1: a\n").unwrap_err();
    assert!(keys.iter().any(|fault| fault.code == "bad_key"), "{keys:?}");
}

#[test]
fn documents_a_thousand_deep_are_refused() {
    for count in [99, 101, 127, 129, 1_000, 100_000] {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let text = format!("{}1{}", open.repeat(count), close.repeat(count));
            let code = |result: Result<Edition, Vec<Fault>>| result.unwrap_err()[0].code.clone();
            if count > 100 {
                assert_eq!(
                    (code(Edition::from_yaml(&text)).as_str(), code(Edition::from_json(&text)).as_str()),
                    ("too_deep", "too_deep"),
                    "{count}"
                );
            } else {
                assert_ne!(
                    (code(Edition::from_yaml(&text)).as_str(), code(Edition::from_json(&text)).as_str()),
                    ("too_deep", "too_deep"),
                    "{count}"
                );
            }
        }
    }
    let blocks: String = (0..1_000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    assert_eq!(Edition::from_yaml(&blocks).unwrap_err()[0].code, "too_deep");
    assert_eq!(Edition::from_yaml(&"- ".repeat(100_000)).unwrap_err()[0].code, "too_deep");
}

#[test]
fn a_flood_of_faults_is_cut_and_says_so() {
    let text: String = (0..5_000).map(|number| format!("k{number}: 1\n")).collect();
    let faults = Edition::from_yaml(&text).unwrap_err();
    assert_eq!((faults.len(), faults.last().unwrap().code.as_str()), (501, "too_many_faults"));
}

#[test]
fn a_long_key_is_not_told_with_every_fault_below_it() {
    let twice = "\"a\":1,".repeat(600);
    let faults = Edition::from_json(&format!("{{\"{}\":{{{twice}\"b\":1}}}}", "k".repeat(100_000))).unwrap_err();
    assert_eq!(faults.len(), 501);
    assert!(faults.iter().map(|fault| fault.pointer.len() + fault.message.len()).sum::<usize>() < 500_000);
}

#[test]
fn a_text_that_no_database_keeps_alike_is_refused_however_it_is_written() {
    let codes = |result: Result<Edition, Vec<Fault>>| {
        result
            .err()
            .unwrap_or_default()
            .into_iter()
            .map(|fault| format!("{} {}", fault.pointer, fault.code))
            .collect::<Vec<_>>()
    };
    let mut document = good();
    document["sections"][0]["questions"][0]["options"][1]["finding"] =
        json!({"severity": "low", "title": "a\0b", "advice": "A"});
    assert_eq!(
        codes(Edition::from_json(&document.to_string())),
        ["/sections/0/questions/0/options/1/finding/title character"]
    );
    assert_eq!(
        codes(Edition::from_yaml(&document.to_string().replace("\\u0000", "\\0"))),
        ["/sections/0/questions/0/options/1/finding/title character"]
    );
}

#[test]
fn every_code_that_a_document_can_get_has_a_case() {
    let elsewhere = [
        "syntax",
        "too_large",
        "too_deep",
        "anchors_not_allowed",
        "tags_not_allowed",
        "duplicate_key",
        "bad_key",
        "too_many_faults",
        "too_many_questions",
        "unreadable",
    ];
    let covered: BTreeSet<&str> = cases().iter().map(|(_, code, _)| *code).chain(elsewhere).collect();
    let sources = [
        include_str!("../../src/check.rs"),
        include_str!("../../src/check/circles.rs"),
        include_str!("../../src/check/never.rs"),
        include_str!("../../src/shape.rs"),
        include_str!("../../src/edition/points.rs"),
        include_str!("../../src/document.rs"),
        include_str!("../../src/fault.rs"),
        include_str!("../../src/parse.rs"),
    ];
    let mut missing = BTreeSet::new();
    let own = sources.iter().map(|source| source.split("#[cfg(test)]").next().unwrap_or_default());
    let schema = Edition::json_schema().to_string();
    for word in own.flat_map(|source| source.split('"')) {
        // A code in the sources is a lower-case word with an underscore that begins like no key of a document.
        let looks_like_code = word.contains('_')
            && word.len() < 40
            && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_' || byte.is_ascii_digit());
        if looks_like_code && !covered.contains(word) && !schema.contains(&format!("\"{word}\"")) {
            missing.insert(word);
        }
    }
    assert_eq!(missing, BTreeSet::from(["subject_type"]));
}
