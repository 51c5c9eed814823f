//! The same edition in other words: translations, and the hash of what is scored.

use diligence_questionnaires::{Edition, Fault, Translation, library};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::harness::*;
use crate::properties::{Dice, FULL, mutate, one_line, random_case, random_edition};

/// A document in which every member of every shape stands.
pub fn complete() -> Value {
    let finding =
        json!({"severity": "low", "title": "Found", "advice": "Mend it", "risk": {"likelihood": 2, "impact": 1}});
    let option = |value: &str, points: u8| json!({"value": value, "label": "A label", "points": points, "knock_out": "Because", "ask_why": true, "finding": finding});
    let none = json!({"value": "none", "label": "None of these", "points": 0, "exclusive": true});
    let band = |limit: Value, points: u8| {
        with(json!({"points": points, "knock_out": "Because", "ask_why": true, "finding": finding}), limit)
    };
    let ask = |key: &str, kind: &str, more: Value| {
        with(json!({"key": key, "principle": "ours", "text": "Do you?", "help": "Say so", "type": kind}), more)
    };
    let mut document = document(
        json!([{"key": "p", "title": "P"}, {"key": "ours", "title": "Ours", "framework": "hospitality", "weight": 3, "summary": "What is ours"}]),
        json!([
            {"key": "first", "title": "First", "intro": "To begin with", "questions": [
                yes_no("a", json!({"weight": 20, "required": true, "evidence": {"need": "needed", "kinds": ["dspt"]}, "maps_to": ["dspt/1.1"]})),
                ask("several", "multiple_choice", json!({"not_applicable": "with_reason", "options": [option("x", 60), option("y", 40), none]})),
            ]},
            {"key": "second", "title": "Second", "show_if": {"question": "a", "is": "yes"}, "questions": [
                ask("share", "number", json!({"unit": "%", "minimum": 0, "maximum": 100, "bands": [band(json!({"at_least": 90.5}), 100), band(json!({"otherwise": true}), 0)]})),
                ask("tested", "date", json!({"show_if": {"subject": "tier", "is": "high"}, "bands": [band(json!({"within_months": 12}), 100), band(json!({"within_months": 24}), 50)]})),
                ask("since", "date", json!({"bands": [{"on_or_after": "2025-01-01", "points": 100}]})),
            ]},
        ]),
    );
    document["language"] = json!("en");
    document["frameworks"] =
        json!([{"key": "hospitality", "title": "Hospitality", "summary": "How we receive people"}]);
    document["source"] =
        json!([{"title": "A standard", "version": "1", "date": "2025-03", "address": "https://example.org"}]);
    document["findings"] =
        json!([with(finding.clone(), json!({"key": "together", "when": {"question": "a", "is": "no"}}))]);
    document
}

/// Everything in a tree that is no list and no map, and where it stands.
fn leaves(value: &Value, pointer: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, member)| leaves(member, &format!("{pointer}/{name}"), found))
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| leaves(item, &format!("{pointer}/{index}"), found))
        }
        _ => found.push(pointer.to_owned()),
    }
}

/// Whether nothing but words stands here, or something no result depends on.
fn is_told_only(pointer: &str) -> bool {
    let steps: Vec<&str> = pointer.split('/').skip(1).collect();
    let words =
        ["title", "summary", "text", "help", "intro", "label", "unit", "advice", "knock_out", "language", "maps_to"];
    matches!(steps.as_slice(), ["key" | "edition"] | ["source" | "frameworks", ..])
        || steps.iter().any(|step| words.contains(step))
}

/// Something else of the same kind that can stand in the same place.
fn another(pointer: &str, value: &Value) -> Value {
    let text = value.as_str().unwrap_or_default();
    match pointer.rsplit('/').next().unwrap_or_default() {
        "on_or_after" => json!("2024-12-31"),
        "severity" => json!("extreme"),
        "type" => json!(if text == "text" { "file" } else { "text" }),
        "need" => json!("optional"),
        "not_applicable" => json!("no"),
        "points" if *value == json!(100) => json!("298/3"),
        "0" if pointer.starts_with("/applies_to") => json!("product"),
        "0" if pointer.contains("/kinds/") => json!("iso_27001"),
        _ => match value {
            Value::Bool(value) => json!(!value),
            Value::Number(number) => {
                number.as_i64().map_or_else(|| json!(number.as_f64().unwrap() + 1.0), |whole| json!(whole + 1))
            }
            _ => json!(format!("{text}x")),
        },
    }
}

fn unchecked(document: &Value) -> Edition {
    serde_json::from_value(document.clone()).unwrap_or_else(|error| panic!("{error}\n{document:#}"))
}

#[test]
fn every_scoring_fact_changes_the_scoring_hash_and_no_word_does() {
    let document = complete();
    let before = edition(&document);
    let mut found = Vec::new();
    leaves(&document, "", &mut found);
    assert!(found.len() > 120, "{}", found.len());
    for pointer in found {
        let mut changed = document.clone();
        let leaf = changed.pointer_mut(&pointer).unwrap();
        *leaf = another(&pointer, leaf);
        let after = unchecked(&changed);
        assert_ne!(after.hash(), before.hash(), "{pointer} is in the hash of the whole");
        assert_eq!(after.scoring_hash() == before.scoring_hash(), is_told_only(&pointer), "{pointer}");
    }
}

#[test]
fn whether_there_is_a_knock_out_or_a_finding_counts_and_what_they_say_does_not() {
    let document = complete();
    let hash = |pointer: &str, change: fn(&mut Value)| {
        let mut changed = document.clone();
        change(changed.pointer_mut(pointer).unwrap());
        unchecked(&changed).scoring_hash()
    };
    let before = edition(&document).scoring_hash();
    let option = "/sections/0/questions/1/options/0";
    let band = "/sections/1/questions/0/bands/0";
    for (place, removed) in [(option, "knock_out"), (option, "finding"), (band, "knock_out"), (band, "finding")] {
        let mut changed = document.clone();
        changed.pointer_mut(place).unwrap().as_object_mut().unwrap().shift_remove(removed);
        assert_ne!(unchecked(&changed).scoring_hash(), before, "{place} {removed}");
    }
    assert_ne!(
        hash("/sections/0/questions", |list| list.as_array_mut().unwrap().reverse()),
        before,
        "results are listed in the order of the questions"
    );
    assert_eq!(hash("", |whole| whole["sections"][0]["questions"][0]["help"] = json!("New words")), before);
    assert_eq!(
        hash("", |whole| drop(whole.as_object_mut().unwrap().shift_remove("frameworks"))),
        before,
        "a framework counts by its use, declared or not"
    );
    assert_eq!(
        hash("/principles/0", |principle| principle["framework"] = json!("security")),
        before,
        "named here or for the whole is the same framework"
    );
}

#[test]
fn the_bytes_of_the_scoring_hash_never_change() {
    assert_eq!(edition(&complete()).scoring_hash(), "1031b560b80af04e1e8e26922b70344f85413b584864d5fa6d024fde0df81b31");
    for edition in library::editions() {
        assert_ne!(edition.scoring_hash(), edition.hash());
    }
}

/// A whole translation of [`complete`].
fn welsh() -> Value {
    serde_json::to_value(Translation::start(&edition(&complete()), "cy")).unwrap()
}

fn translation(document: &Value) -> Translation {
    Translation::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults:#?}\n{document:#}"))
}

/// Replaces every text of a translation that is no key, number or language.
fn reword(document: &mut Value, words: &mut impl FnMut() -> String) {
    let mut found = Vec::new();
    leaves(document, "", &mut found);
    for pointer in
        found.iter().filter(|pointer| !["/questionnaire", "/edition", "/language"].contains(&pointer.as_str()))
    {
        *document.pointer_mut(pointer).unwrap() = json!(words());
    }
}

#[test]
fn every_text_of_an_edition_can_be_said_in_another_language() {
    let original = edition(&complete());
    let mut document = welsh();
    let mut count = 0;
    reword(&mut document, &mut || {
        count += 1;
        format!("Gair {count}")
    });
    let result = translation(&document).apply(&original).unwrap();
    assert_eq!((result.key.as_str(), result.edition.as_str(), result.language.as_str()), ("example", "2026.1", "cy"));
    assert_eq!(result.check(), []);
    let (before, after) = (serde_json::to_value(&original).unwrap(), serde_json::to_value(&result).unwrap());
    let mut found = Vec::new();
    leaves(&before, "", &mut found);
    for pointer in found {
        let is_word =
            is_told_only(&pointer) && pointer != "/key" && pointer != "/edition" && !pointer.starts_with("/source");
        let stays = !is_word
            || pointer.contains("/maps_to/")
            || (pointer.starts_with("/frameworks/") && pointer.ends_with("/key"));
        assert_eq!(before.pointer(&pointer) == after.pointer(&pointer), stays, "{pointer}");
        let own = after
            .pointer(&pointer)
            .and_then(Value::as_str)
            .is_some_and(|text| text.starts_with("Gair ") || text == "cy");
        assert_eq!(own, !stays, "{pointer}");
    }
}

#[test]
fn the_library_can_be_begun_read_again_and_applied() {
    for edition in library::editions() {
        let begun = Translation::start(edition, "cy");
        let read = Translation::from_yaml_for(&begun.to_yaml(), edition).unwrap_or_else(|faults| panic!("{faults:#?}"));
        assert_eq!(read, begun);
        let result = read.apply(edition).unwrap();
        assert_eq!((result.scoring_hash(), result.hash() == edition.hash()), (edition.scoring_hash(), false));
        assert_eq!(Translation::start(edition, &edition.language).check(edition)[0].code, "same_language");
    }
}

#[test]
fn option_values_that_look_like_something_else_stay_keys() {
    let values = ["1", "true", "null", "yes", "no", "1e3", "2026-01-01", "on"];
    let options: Vec<Value> = values
        .iter()
        .enumerate()
        .map(|(number, value)| json!({"value": value, "label": "L", "points": if number == 0 { 100 } else { 0 }}))
        .collect();
    let edition = edition(&questions(json!([yes_no("q", json!({"type": "single_choice", "options": options}))])));
    let begun = Translation::start(&edition, "cy");
    assert_eq!(Translation::from_yaml_for(&begun.to_yaml(), &edition), Ok(begun));
}

/// What is put where (null takes it away), the code of the one fault that must follow, and its pointer.
fn cases() -> Vec<(&'static str, Value, &'static str, &'static str)> {
    let text = |length: usize| json!("x".repeat(length));
    vec![
        ("/questionnaire", json!("another"), "wrong_questionnaire", "/questionnaire"),
        ("/edition", json!("2026.2"), "wrong_edition", "/edition"),
        ("/language", json!("en"), "same_language", "/language"),
        ("/language", json!("Welsh"), "bad_pattern", "/language"),
        ("/title", Value::Null, "missing_key", "/title"),
        ("/title", text(301), "too_long", "/title"),
        ("/titel", json!("T"), "unknown_key", "/titel"),
        ("/frameworks", Value::Null, "missing_text", "/frameworks/hospitality"),
        ("/frameworks/security", json!({"title": "T"}), "unknown_framework", "/frameworks/security"),
        ("/frameworks/hospitality/summary", Value::Null, "missing_text", "/frameworks/hospitality/summary"),
        ("/principles", Value::Null, "missing_key", "/principles"),
        ("/principles", json!([]), "wrong_type", "/principles"),
        ("/principles/ours", Value::Null, "missing_text", "/principles/ours"),
        ("/principles/ours", json!("Ein"), "wrong_type", "/principles/ours"),
        ("/principles/p/summary", json!("More"), "unknown_text", "/principles/p/summary"),
        ("/principles/hours", json!({"title": "T"}), "unknown_principle", "/principles/hours"),
        ("/sections/first/intro", Value::Null, "missing_text", "/sections/first/intro"),
        ("/sections/third", json!({"title": "T"}), "unknown_section", "/sections/third"),
        ("/questions/a/help", json!("Help"), "unknown_text", "/questions/a/help"),
        ("/questions/share/help", json!(" "), "empty", "/questions/share/help"),
        ("/questions/share/help", Value::Null, "missing_text", "/questions/share/help"),
        ("/questions/share/unit", Value::Null, "missing_text", "/questions/share/unit"),
        ("/questions/share", Value::Null, "missing_text", "/questions/share"),
        ("/questions/sahre", json!({"text": "T"}), "unknown_question", "/questions/sahre"),
        ("/questions/Not a key", json!({"text": "T"}), "bad_pattern", "/questions/Not a key"),
        ("/questions/a/options/yes", Value::Null, "missing_text", "/questions/a/options/yes"),
        ("/questions/a/options/maybe", json!({"label": "L"}), "unknown_option", "/questions/a/options/maybe"),
        ("/questions/a/options/yes/knock_out", json!("K"), "unknown_text", "/questions/a/options/yes/knock_out"),
        (
            "/questions/several/options/x/knock_out",
            Value::Null,
            "missing_text",
            "/questions/several/options/x/knock_out",
        ),
        ("/questions/several/options/x/finding", Value::Null, "missing_text", "/questions/several/options/x/finding"),
        (
            "/questions/several/options/x/finding/advice",
            Value::Null,
            "missing_key",
            "/questions/several/options/x/finding/advice",
        ),
        ("/questions/several/options/x/points", json!(0), "unknown_key", "/questions/several/options/x/points"),
        ("/questions/share/bands/at_least_90.5", Value::Null, "missing_text", "/questions/share/bands/at_least_90.5"),
        ("/questions/share/bands/at_least_90", json!({}), "unknown_band", "/questions/share/bands/at_least_90"),
        (
            "/questions/since/bands",
            json!({"on_or_after_2025-01-01": {"knock_out": "K"}}),
            "unknown_text",
            "/questions/since/bands/on_or_after_2025-01-01/knock_out",
        ),
        (
            "/questions/tested/bands/within_12_months/knock_out",
            Value::Null,
            "missing_text",
            "/questions/tested/bands/within_12_months/knock_out",
        ),
        ("/findings", Value::Null, "missing_text", "/findings/together"),
        ("/findings/apart", json!({"title": "T", "advice": "A"}), "unknown_finding", "/findings/apart"),
    ]
}

#[test]
fn every_wrong_translation_has_exactly_the_fault_it_should_have() {
    let original = edition(&complete());
    assert_eq!(translation(&welsh()).check(&original), []);
    for (at, to, code, pointer) in cases() {
        let mut document = welsh();
        let (parent, last) = at.rsplit_once('/').unwrap();
        let parent = document.pointer_mut(parent).unwrap_or_else(|| panic!("{at}")).as_object_mut().unwrap();
        if to.is_null() {
            assert!(parent.shift_remove(last).is_some(), "{at}");
        } else {
            parent.insert(last.to_owned(), to);
        }
        for faults in [
            Translation::from_json_for(&document.to_string(), &original),
            Translation::from_yaml_for(&document.to_string(), &original),
        ]
        .map(Result::unwrap_err)
        {
            assert_eq!(
                faults.iter().map(|fault| (fault.code.as_str(), fault.pointer.as_str())).collect::<Vec<_>>(),
                [(code, pointer)],
                "{at}"
            );
            assert!(faults[0].line.is_some() && faults[0].column.is_some(), "{at}");
        }
        if let Ok(translation) = serde_json::from_value::<Translation>(document) {
            let codes = |faults: &[Fault]| {
                faults.iter().map(|fault| (fault.code.clone(), fault.pointer.clone())).collect::<Vec<_>>()
            };
            let faults = translation.check(&original);
            assert_eq!(codes(&faults), [(code.to_owned(), pointer.to_owned())], "{at}");
            assert_eq!(translation.apply(&original), Err(faults), "{at}");
        }
    }
}

#[test]
fn a_band_that_says_nothing_may_stand_with_nothing_or_be_left_out() {
    let mut document = welsh();
    assert_eq!(document.pointer("/questions/since/bands"), None);
    document["questions"]["since"]["bands"] = json!({"on_or_after_2025-01-01": {}});
    assert!(translation(&document).apply(&edition(&complete())).is_ok());
}

#[test]
fn the_faults_of_a_translation_come_all_at_once_with_their_places() {
    let edition = edition(&questions(json!([yes_no("a", json!({"help": "Why"})), yes_no("badges", json!({}))])));
    let text = "questionnaire: example\nedition: \"2026.1\"\nlanguage: en\ntitle: Enghraifft\nsummary: ''\nprinciples: {p: {title: P, colour: red}}\nsections:\n  s: {title: S}\n\
        questions:\n  a:\n    text: Ydy?\n    options: {yes: {label: Ydy}, nein: {label: Na}}\n  badgse: {text: Ydy?}\n";
    let found: Vec<(u32, u32, String, String)> = Translation::from_yaml_for(text, &edition)
        .unwrap_err()
        .into_iter()
        .map(|fault| (fault.line.unwrap(), fault.column.unwrap(), fault.code, fault.pointer))
        .collect();
    let expected = [
        (3, 11, "same_language", "/language"),
        (5, 10, "empty", "/summary"),
        (6, 28, "unknown_key", "/principles/p/colour"),
        (10, 3, "missing_text", "/questions/badges"),
        (11, 5, "missing_text", "/questions/a/help"),
        (12, 14, "missing_text", "/questions/a/options/no"),
        (12, 40, "unknown_option", "/questions/a/options/nein"),
        (13, 11, "unknown_question", "/questions/badgse"),
    ];
    assert_eq!(
        found,
        expected.map(|(line, column, code, pointer)| (line, column, code.to_owned(), pointer.to_owned()))
    );
    let messages = Translation::from_yaml_for(text, &edition).unwrap_err();
    assert!(messages[7].message.ends_with("did you mean `badges`?"), "{}", messages[7].message);
    let alone = Translation::from_yaml(text).unwrap_err();
    assert_eq!(alone.iter().map(|fault| fault.code.as_str()).collect::<Vec<_>>(), ["empty", "unknown_key"]);
}

#[test]
fn maps_by_key_have_a_limit_and_a_pattern_in_the_schema_too() {
    let schema = Translation::json_schema();
    assert_eq!(
        (&schema["additionalProperties"], &schema["properties"]["questions"]["maxProperties"]),
        (&json!(false), &json!(2000))
    );
    assert!(schema["properties"]["questions"]["propertyNames"]["pattern"].is_string());
    let mut document = welsh();
    document["sections"] =
        (0..201).map(|number| (format!("s{number}"), json!({"title": "S"}))).collect::<serde_json::Map<_, _>>().into();
    let faults = Translation::from_json(&document.to_string()).unwrap_err();
    assert_eq!(faults.iter().map(|fault| fault.code.as_str()).collect::<Vec<_>>(), ["too_many"]);
}

/// Whether an edition's scores, knock-outs and findings are the same as another's, whatever they are called.
fn same_result(left: &Edition, right: &Edition, case: &Case) -> bool {
    let bare = |edition: &Edition| {
        let mut outcome = case.outcome(edition);
        outcome
            .frameworks
            .iter_mut()
            .flat_map(|framework| &mut framework.principles)
            .for_each(|principle| principle.title.clear());
        outcome
            .findings
            .iter_mut()
            .for_each(|finding| (finding.title, finding.advice) = (String::new(), String::new()));
        outcome.knock_outs.iter_mut().for_each(|one| one.reason.clear());
        outcome
    };
    bare(left) == bare(right)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_translation_changes_a_result(seed: u64, words in prop::collection::vec("\\PC{0,20}[!-~]|(yes|no|null|~|1|- a|: b|#x)", 8)) {
        let mut dice = Dice(seed);
        let mut original = random_edition(&mut dice, FULL);
        original.sections[0].intro = dice.one_in(2).then(|| "Before".to_owned());
        original.principles[0].summary = dice.one_in(2).then(|| "About".to_owned());
        let mut document = serde_json::to_value(Translation::start(&original, "cy")).unwrap();
        reword(&mut document, &mut || one_line(dice.pick::<String>(&words)));
        let read = translation(&document);
        let yaml = read.to_yaml();
        let again = Translation::from_yaml(&yaml);
        prop_assert_eq!(again.as_ref(), Ok(&read), "{}", yaml);
        let result = read.apply(&original).unwrap();
        prop_assert_eq!(result.scoring_hash(), original.scoring_hash());
        prop_assert_ne!(result.hash(), original.hash());
        prop_assert_eq!(&result.language, "cy");
        prop_assert!(same_result(&original, &result, &random_case(&mut dice, &original)));
        prop_assert_eq!(Translation::start(&original, "en").apply(&result), Ok(original));
    }

    #[test]
    fn a_damaged_translation_says_why_or_changes_words_only(seed: u64) {
        let mut dice = Dice(seed);
        let original = if dice.one_in(2) { edition(&complete()) } else { random_edition(&mut dice, FULL) };
        let mut document = serde_json::to_value(Translation::start(&original, "cy")).unwrap();
        for _ in 0..=dice.below(3) {
            mutate(&mut dice, &mut document);
        }
        for read in [Translation::from_json_for(&document.to_string(), &original), Translation::from_yaml_for(&document.to_string(), &original)] {
            match read {
                Ok(read) => prop_assert_eq!(read.apply(&original).unwrap().scoring_hash(), original.scoring_hash()),
                Err(faults) => prop_assert!(!faults.is_empty() && faults.iter().all(|fault| fault.line.is_some() && fault.code != "unreadable"), "{faults:?}"),
            }
        }
        if let Ok(held) = serde_json::from_value::<Translation>(document) {
            match held.apply(&original) {
                Ok(result) => prop_assert_eq!(result.scoring_hash(), original.scoring_hash()),
                Err(faults) => prop_assert!(!faults.is_empty()),
            }
        }
    }
}

#[test]
fn keys_that_stand_twice_in_an_edition_built_by_hand_get_no_knock_out_from_one_another() {
    let mut twice = edition(&complete());
    let mut copy = twice.sections[0].questions[1].clone();
    copy.options.iter_mut().for_each(|choice| (choice.knock_out, choice.finding) = (None, None));
    twice.sections[0].questions.push(copy);
    let hash = twice.scoring_hash();
    assert_eq!(translation(&welsh()).apply(&twice).map(|result| result.scoring_hash()), Ok(hash));
}
