//! Documents in and out, and extensions.

use diligence_questionnaires::{Edition, Extension, library};
use serde_json::{Value, json};

use crate::harness::*;

#[test]
fn the_library_goes_through_yaml_and_json_without_loss() {
    assert_eq!((library::editions().len(), library::newest().count()), (18, 9));
    for edition in library::editions() {
        let yaml = edition.to_yaml();
        let from_yaml = Edition::from_yaml(&yaml).unwrap_or_else(|faults| panic!("{faults:#?}\n{yaml}"));
        assert_eq!(from_yaml, *edition);
        let from_json = Edition::from_json(&edition.to_json()).unwrap();
        assert_eq!(from_json, *edition);
        assert_eq!(from_json.to_yaml(), yaml);
        assert_eq!((from_json.to_json(), from_json.hash()), (edition.to_json(), edition.hash()));
        assert_eq!(edition.check(), []);
    }
}

#[test]
fn plain_yes_and_no_are_text() {
    let text = "key: ab\ntitle: T\nedition: '2026.1'\nsummary: S\nframework: security\napplies_to: [supplier]\nprinciples: [{key: p, title: P}]\n\
        sections:\n- key: s\n  title: S\n  questions:\n  - {key: q, principle: p, text: Q, type: yes_no, not_applicable: no, options: [{value: yes, label: Yes, points: 100}, {value: no, label: No, points: 0}]}\n";
    let edition = Edition::from_yaml(text).unwrap_or_else(|faults| panic!("{faults:#?}"));
    assert_eq!(edition.question("q").unwrap().options[1].value, "no");
}

#[test]
fn the_schema_describes_every_member_and_refuses_others() {
    fn walk(schema: &Value, place: &str) {
        if let Some(members) = schema.get("properties").and_then(Value::as_object) {
            assert_eq!(schema["additionalProperties"], json!(false), "{place}");
            for (name, member) in members {
                let described = member.get("description").is_some() || member.get("$ref").is_some();
                assert!(described || place.ends_with("Condition"), "{place}/{name} has no description");
            }
        }
    }
    let schema = Edition::json_schema();
    walk(&schema, "");
    let definitions = schema["$defs"].as_object().unwrap();
    assert!(definitions.len() > 15);
    definitions.iter().for_each(|(name, definition)| walk(definition, name));
    assert_eq!(Extension::json_schema()["additionalProperties"], json!(false));
}

pub fn base() -> Edition {
    edition(&questions(json!([yes_no("a", json!({})), yes_no("b", json!({}))])))
}

pub fn extension() -> Value {
    json!({
        "base": "example", "key": "example-plus", "title": "Plus", "edition": "2026.1",
        "frameworks": [{"key": "local", "title": "Local"}],
        "principles": [{"key": "own", "title": "Own", "framework": "local"}],
        "sections": [{"key": "ours", "title": "Ours", "questions": [yes_no("x", json!({"principle": "own"}))]}],
        "questions": [{"section": "s", "after": "a", "question": yes_no("y", json!({"show_if": {"question": "a", "is": "yes"}}))}],
        "findings": [{"key": "f", "when": {"question": "y", "is": "no"}, "severity": "low", "title": "T", "advice": "A"}]
    })
}

#[test]
fn an_extension_gives_an_edition_of_its_own() {
    let extension = Extension::from_json(&extension().to_string()).unwrap();
    let result = extension.apply(&base()).unwrap();
    assert_eq!(result.questions().map(|question| question.key.as_str()).collect::<Vec<_>>(), ["a", "y", "b", "x"]);
    assert_eq!((result.key.as_str(), result.title.as_str(), result.principles.len()), ("example-plus", "Plus", 2));
    assert_eq!(Edition::from_yaml(&result.to_yaml()).unwrap(), result);
}

#[test]
fn what_an_extension_does_not_fit_is_shown() {
    let extension = Extension::from_json(&extension().to_string()).unwrap();
    let codes = |base: &Edition| -> Vec<String> {
        extension
            .apply(base)
            .unwrap_err()
            .into_iter()
            .map(|fault| format!("{} {}", fault.pointer, fault.code))
            .collect()
    };
    let mut next = base();
    next.sections[0].questions[1].key = "x".to_owned();
    assert_eq!(codes(&next), ["/sections/0/questions/0/key duplicate_question"]);
    next = base();
    next.sections[0].key = "t".to_owned();
    assert_eq!(codes(&next), ["/questions/0/section unknown_section"]);
    next = base();
    next.sections[0].questions.remove(0);
    assert_eq!(codes(&next), ["/questions/0/after unknown_question"]);
    next = base();
    next.key = "other".to_owned();
    next.principles[0].key = "own".to_owned();
    assert_eq!(codes(&next), ["/base wrong_base", "/principles/0/key duplicate_principle"]);
    next = base();
    next.sections[0].questions[0].options[1].value = "never".to_owned();
    assert_eq!(codes(&next), ["/sections/0/questions/0/options yes_no_options"]);
}

#[test]
fn an_extension_brings_its_own_frameworks() {
    let applied = |change: Value, base: &Edition| {
        Extension::from_json(&with(extension(), change).to_string()).unwrap().apply(base)
    };
    let result = applied(json!({}), &base()).unwrap();
    assert_eq!((result.frameworks[0].title.as_str(), base().frameworks.len()), ("Local", 0));
    let codes = |change: Value, base: &Edition| {
        applied(change, base)
            .unwrap_err()
            .into_iter()
            .map(|fault| format!("{} {}", fault.pointer, fault.code))
            .collect::<Vec<_>>()
    };
    assert_eq!(codes(json!({"frameworks": []}), &base()), ["/principles/1/framework unknown_framework"]);
    let mut next = base();
    next.frameworks = result.frameworks.clone();
    next.framework = "local".to_owned();
    assert_eq!(codes(json!({}), &next), ["/frameworks/0/key duplicate_framework"]);
    assert!(
        applied(json!({"frameworks": []}), &next).is_ok(),
        "a framework of the base is there for the extension too"
    );
}

#[test]
fn an_extension_written_for_one_edition_is_applied_to_no_other() {
    let written =
        |number: &str| Extension::from_json(&with(extension(), json!({"base_edition": number})).to_string()).unwrap();
    assert_eq!(written("2026.1").apply(&base()).map(|edition| edition.key), Ok("example-plus".to_owned()));
    let faults = written("2025.9").apply(&base()).unwrap_err();
    assert_eq!(
        (faults.len(), faults[0].pointer.as_str(), faults[0].code.as_str()),
        (1, "/base_edition", "wrong_base_edition")
    );
}

#[test]
fn an_extension_is_read_as_strictly_as_an_edition() {
    let mut wrong = extension();
    wrong["questons"] = json!([]);
    wrong["questions"][0]["question"]["weight"] = json!(2000);
    let found: Vec<String> =
        Extension::from_json(&wrong.to_string()).unwrap_err().into_iter().map(|fault| fault.code).collect();
    assert_eq!(found, ["out_of_range", "unknown_key"]);
    let yaml = serde_json::to_string(&extension()).unwrap();
    assert!(Extension::from_yaml(&yaml).is_ok());
    let mut same = extension();
    same["key"] = json!("example");
    let faults = Extension::from_json(&same.to_string()).unwrap().apply(&base()).unwrap_err();
    assert_eq!(faults[0].code, "base_key_taken");
}
