//! Extensions carried over to a new edition of their base.

use diligence_questionnaires::merge::Conflict;
use diligence_questionnaires::{ConflictSeverity, Edition, Extension, Merge, Principle, Question, QuestionType};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::documents::{base, extension};
use crate::harness::*;
use crate::properties::{Dice, PLAIN, random_edition};
use ConflictSeverity::{Conflict as Blocks, Notice};

fn read(document: &Value) -> Extension {
    Extension::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults:#?}"))
}

/// The base a year later.
fn next(change: impl FnOnce(&mut Edition)) -> Edition {
    let mut next = base();
    next.edition = "2027.1".to_owned();
    change(&mut next);
    next
}

fn merged(extension: &Value, new: &Edition) -> Merge {
    read(extension).merge(&base(), new, "2027.5")
}

/// Severity, pointer and code of everything that is shown.
fn shown(merge: &Merge) -> Vec<(ConflictSeverity, &str, &str)> {
    merge
        .conflicts
        .iter()
        .map(|conflict| (conflict.severity, conflict.pointer.as_str(), conflict.code.as_str()))
        .collect()
}

fn keys(edition: &Edition) -> Vec<&str> {
    edition.questions().map(|question| question.key.as_str()).collect()
}

fn question(document: Value) -> Question {
    serde_json::from_value(document).unwrap()
}

type Change<T> = fn(&mut T);

#[test]
fn what_the_new_base_leaves_alone_is_carried_over_and_says_nothing() {
    let new = next(|new| new.sections[0].questions.push(question(yes_no("c", json!({})))));
    let merge = merged(&extension(), &new);
    assert_eq!(merge.conflicts, []);
    let result = merge.result.unwrap();
    assert_eq!(keys(&result), ["a", "y", "b", "c", "x"]);
    assert_eq!(
        (result.edition.as_str(), merge.extension.edition.as_str(), merge.extension.base_edition.as_deref()),
        ("2027.5", "2027.5", Some("2027.1"))
    );
    assert_eq!(merge.extension.apply(&new), Ok(result));
    assert_eq!(Extension::from_yaml(&merge.extension.to_yaml()), Ok(merge.extension));
}

#[test]
fn a_question_whose_neighbour_went_is_put_at_the_end_of_its_section() {
    let own = with(
        extension(),
        json!({"questions": [{"section": "s", "after": "b", "question": yes_no("y", json!({}))}, {"section": "s", "after": "y", "question": yes_no("z", json!({}))}]}),
    );
    let gone = next(|new| new.sections[0].questions[1].key = "c".to_owned());
    let merge = merged(&own, &gone);
    assert_eq!(shown(&merge), [(Notice, "/questions/0/after", "unknown_question")]);
    assert_eq!(merge.conflicts[0].resolution, "`y` was put at the end of the section `s`");
    assert_eq!(
        (merge.extension.questions[0].after.as_deref(), merge.extension.questions[1].after.as_deref()),
        (None, Some("y"))
    );
    assert_eq!(keys(merge.result.as_ref().unwrap()), ["a", "c", "y", "z", "x"]);

    let moved = next(|new| {
        let mut other = new.sections[0].clone();
        other.key = "t".to_owned();
        other.questions.remove(0);
        new.sections[0].questions.remove(1);
        new.sections.push(other);
    });
    let merge = merged(&own, &moved);
    assert_eq!(shown(&merge), [(Notice, "/questions/0/after", "unknown_question")]);
    assert_eq!(merge.conflicts[0].message, "`b` stands in the section `t` of edition 2027.1 of the base");
}

#[test]
fn an_addition_that_the_base_makes_word_for_word_is_left_out() {
    let own = extension();
    let new = next(|new| {
        let result = read(&own).apply(&base()).unwrap();
        new.frameworks = result.frameworks;
        new.principles = result.principles;
        new.sections = result.sections;
        new.findings = result.findings;
    });
    let merge = merged(&own, &new);
    let expected = [
        (Notice, "/frameworks/0/key", "duplicate_framework"),
        (Notice, "/principles/0/key", "duplicate_principle"),
        (Notice, "/sections/0/key", "duplicate_section"),
        (Notice, "/questions/0/question/key", "duplicate_question"),
        (Notice, "/findings/0/key", "duplicate_finding"),
    ];
    assert_eq!(shown(&merge), expected);
    let result = merge.result.unwrap();
    assert_eq!(
        (&result.principles, &result.sections, &result.findings),
        (&new.principles, &new.sections, &new.findings)
    );
    assert!(
        merge.extension.questions.is_empty()
            && merge.extension.sections.is_empty()
            && merge.extension.frameworks.is_empty()
    );
}

#[test]
fn a_key_the_base_has_taken_for_something_else_blocks() {
    let new = next(|new| {
        new.frameworks = serde_json::from_value(json!([{"key": "local", "title": "Another"}])).unwrap();
        new.framework = "local".to_owned();
        new.principles.push(Principle { key: "own".to_owned(), ..new.principles[0].clone() });
        new.sections[0].questions.extend([question(yes_no("x", json!({}))), question(yes_no("y", json!({})))]);
        new.sections.push(new.sections[0].clone());
        new.sections[1].key = "ours".to_owned();
        new.sections[1].questions = vec![question(yes_no("w", json!({})))];
        new.findings = serde_json::from_value(json!([{"key": "f", "when": {"question": "a", "is": "no"}, "severity": "low", "title": "T", "advice": "A"}])).unwrap();
    });
    assert_eq!(new.check(), []);
    let merge = merged(&extension(), &new);
    let expected = [
        (Blocks, "/frameworks/0/key", "duplicate_framework"),
        (Blocks, "/principles/0/key", "duplicate_principle"),
        (Blocks, "/sections/0/key", "duplicate_section"),
        (Blocks, "/sections/0/questions/0/key", "duplicate_question"),
        (Blocks, "/questions/0/question/key", "duplicate_question"),
        (Blocks, "/findings/0/key", "duplicate_finding"),
    ];
    assert_eq!((shown(&merge), merge.result.is_none()), (expected.to_vec(), true));
    assert_eq!(
        (merge.extension.questions.len(), merge.extension.frameworks.len()),
        (1, 1),
        "what is in conflict stays for somebody to decide"
    );
}

#[test]
fn a_section_that_went_blocks_and_the_new_one_is_named() {
    let renamed = next(|new| new.sections[0].key = "t".to_owned());
    let merge = merged(&extension(), &renamed);
    assert_eq!(
        (shown(&merge), merge.result.is_none()),
        (vec![(Blocks, "/questions/0/section", "unknown_section")], true)
    );
    assert_eq!(merge.conflicts[0].resolution, "put it in the section `t`, where `a` stands now");
    let mut own = extension();
    own["questions"][0].as_object_mut().unwrap().shift_remove("after");
    assert_eq!(
        merged(&own, &renamed).conflicts[0].resolution,
        "put it in the section `t`, where questions of `s` stand now"
    );
    own["questions"][0]["section"] = json!("never");
    assert_eq!(
        merged(&own, &renamed).conflicts[0].resolution,
        "put it in a section that the base has, or in one of your own"
    );
}

/// An extension whose question, section and finding each read `a`, one of them inside other conditions.
fn reader() -> Value {
    let reads = json!({"question": "a", "is": "yes"});
    let mut own = extension();
    own["questions"] = json!([{"section": "s", "question": yes_no("y", json!({"show_if": {"any": [{"subject": "tier", "is": "high"}, {"not": reads}]}}))}]);
    own["sections"][0]["show_if"] = reads.clone();
    own["sections"][0]["questions"][0]["show_if"] = reads.clone();
    own["findings"][0]["when"] = json!({"all": [reads, {"question": "y", "is": "no"}]});
    own
}

const LEAVES: [&str; 4] = [
    "/questions/0/question/show_if/any/1/not",
    "/sections/0/questions/0/show_if",
    "/sections/0/show_if",
    "/findings/0/when/all/0",
];

#[test]
fn a_condition_that_reads_what_the_base_asks_no_more_blocks() {
    let cases: [(Change<Edition>, &str, &str); 4] = [
        (|new| drop(new.sections[0].questions.remove(0)), "unknown_question", "/question"),
        (
            |new| {
                let options = json!([{"value": "always", "label": "A", "points": 100}, {"value": "never", "label": "N", "points": 0}]);
                new.sections[0].questions[0] =
                    question(yes_no("a", json!({"type": "single_choice", "options": options})));
            },
            "unknown_option",
            "/is",
        ),
        (|new| new.sections[0].questions[0].kind = QuestionType::MultipleChoice, "wrong_operator", "/is"),
        (
            |new| {
                new.sections[0].questions[0].kind = QuestionType::Number;
                new.sections[0].questions[0].options.clear();
                new.sections[0].questions[0].weight = 0;
            },
            "wrong_type",
            "/is",
        ),
    ];
    for (change, code, field) in cases {
        let new = next(change);
        assert_eq!(new.check(), [], "{code}");
        let merge = merged(&reader(), &new);
        let pointers = LEAVES.map(|leaf| format!("{leaf}{field}"));
        assert_eq!(
            (shown(&merge), merge.result.is_none()),
            (pointers.iter().map(|pointer| (Blocks, pointer.as_str(), code)).collect(), true)
        );
    }
    let merge = merged(&reader(), &next(|new| drop(new.sections[0].questions.remove(0))));
    assert_eq!(merge.conflicts[0].message, "edition 2027.1 of the base asks `a` no more");
}

#[test]
fn a_question_that_is_read_and_that_changed_is_pointed_out() {
    let cases: [(Change<Question>, &str); 8] = [
        (|a| a.weight = 50, "its weight"),
        (|a| a.kind = QuestionType::SingleChoice, "its type"),
        (|a| a.options.reverse(), ""),
        (|a| a.text = "Is it so?".to_owned(), ""),
        (
            |a| (a.options[0].points, a.options[1].points) = (0.into(), 100.into()),
            "what its options are worth or reveal",
        ),
        (|a| a.options[1].knock_out = Some("Because".to_owned()), "what its options are worth or reveal"),
        (|a| a.required = true, "whether it must be answered"),
        (|a| a.show_if = serde_json::from_value(json!({"subject": "tier", "is": "high"})).unwrap(), "when it is asked"),
    ];
    for (change, said) in cases {
        let merge = merged(&reader(), &next(|new| change(&mut new.sections[0].questions[0])));
        let expected = if said.is_empty() {
            Vec::new()
        } else {
            LEAVES.map(|leaf| (Notice, format!("{leaf}/question"), "question_changed".to_owned())).to_vec()
        };
        let found: Vec<_> =
            merge.conflicts.iter().map(|one| (one.severity, one.pointer.clone(), one.code.clone())).collect();
        assert_eq!((found, merge.result.is_some()), (expected, true), "{said}");
        assert!(
            merge.conflicts.iter().all(|conflict| conflict.message.contains(&format!(": {said} changed"))),
            "{said}: {:?}",
            merge.conflicts
        );
    }
}

#[test]
fn a_principle_or_a_framework_that_went_blocks() {
    let new = next(|new| {
        new.principles[0].key = "q".to_owned();
        new.sections[0].questions.iter_mut().for_each(|question| question.principle = "q".to_owned());
    });
    let mut own = extension();
    own["sections"][0]["questions"].as_array_mut().unwrap().push(yes_no("z", json!({})));
    let merge = merged(&own, &new);
    let expected = [
        (Blocks, "/questions/0/question/principle", "unknown_principle"),
        (Blocks, "/sections/0/questions/1/principle", "unknown_principle"),
        (Notice, "/questions/0/question/show_if/question", "question_changed"),
    ];
    assert_eq!((shown(&merge), merge.result.is_none()), (expected.to_vec(), true));

    let mut old = base();
    old.frameworks = serde_json::from_value(json!([{"key": "local", "title": "Local"}])).unwrap();
    old.framework = "local".to_owned();
    let own = read(&with(extension(), json!({"frameworks": []})));
    assert!(own.apply(&old).is_ok());
    let merge = own.merge(&old, &next(|_| {}), "2027.5");
    assert_eq!(
        (shown(&merge), merge.result.is_none()),
        (vec![(Blocks, "/principles/0/framework", "unknown_framework")], true)
    );

    let mut unnamed = extension();
    unnamed["frameworks"] = json!([]);
    unnamed["principles"][0].as_object_mut().unwrap().shift_remove("framework");
    let merge = merged(&unnamed, &next(|new| new.framework = "ethical_ai".to_owned()));
    assert_eq!((shown(&merge), merge.result.is_some()), (vec![(Notice, "/principles/0", "framework_changed")], true));
}

#[test]
fn only_editions_of_its_own_base_can_be_merged_and_from_the_one_it_was_written_for() {
    let merge = merged(&extension(), &next(|new| new.key = "other".to_owned()));
    assert_eq!((shown(&merge), merge.result.is_none()), (vec![(Blocks, "/base", "wrong_base")], true));
    let written = with(extension(), json!({"base_edition": "2025.1"}));
    let merge = merged(&written, &next(|_| {}));
    assert_eq!((shown(&merge), merge.result.is_none()), (vec![(Blocks, "/base_edition", "wrong_base_edition")], true));
    let merge = merged(&with(extension(), json!({"base_edition": "2026.1"})), &next(|_| {}));
    assert_eq!((shown(&merge), merge.result.is_some()), (vec![], true));
    let merge = merged(&with(extension(), json!({"key": "example"})), &next(|_| {}));
    assert_eq!((shown(&merge), merge.result.is_none()), (vec![(Blocks, "/key", "base_key_taken")], true));
}

#[test]
fn what_makes_no_sense_in_the_result_points_to_where_it_comes_from() {
    let at = |own: &Value, new: &Edition, edition: &str| {
        let merge = read(own).merge(&base(), new, edition);
        assert!(merge.result.is_none());
        merge
            .conflicts
            .into_iter()
            .map(|Conflict { pointer, code, .. }| format!("{pointer} {code}"))
            .collect::<Vec<_>>()
    };
    assert_eq!(at(&extension(), &next(|_| {}), "next"), ["/edition bad_pattern"]);
    // Each of these asks `b` for two answers at once.
    let mut own = extension();
    own["questions"][0]["question"]["show_if"] =
        json!({"all": [{"question": "b", "is": "no"}, {"question": "b", "is": "yes"}]});
    own["sections"][0]["questions"][0]["show_if"] =
        json!({"all": [{"question": "b", "is": "no"}, {"question": "b", "is": "yes"}]});
    own["findings"][0]["when"] = json!({"all": [{"question": "b", "is": "no"}, {"question": "b", "is": "yes"}]});
    own["principles"].as_array_mut().unwrap().push(json!({"key": "own", "title": "Again", "framework": "local"}));
    let mut found = at(&own, &next(|_| {}), "2027.5");
    found.sort();
    let expected = [
        "/findings/0/when never_raised",
        "/principles/1/key duplicate_principle",
        "/questions/0/question/show_if never_shown",
        "/sections/0/questions/0/show_if never_shown",
    ];
    assert_eq!(found, expected);
    let broken = next(|new| new.sections[0].questions[1].options[0].points = 90.into());
    assert_eq!(at(&extension(), &broken, "2027.5"), [" no_full_marks"]);
}

#[test]
fn a_flood_of_conflicts_is_cut_and_says_so() {
    let many: Vec<Value> =
        (0..600).map(|number| json!({"section": "t", "question": yes_no(&format!("y{number}"), json!({}))})).collect();
    let mut own = extension();
    own["questions"] = many.into();
    own["findings"] = json!([]);
    let merge = merged(&own, &next(|_| {}));
    let last = merge.conflicts.last().unwrap();
    assert_eq!((merge.conflicts.len(), last.code.as_str(), last.severity), (501, "too_many_faults", Blocks));
}

/// Questions beside a random base, each reading one of it.
fn random_extension(dice: &mut Dice, base: &Edition) -> Value {
    let asked: Vec<&Question> = base.questions().collect();
    let condition = |dice: &mut Dice| {
        let question = dice.pick(&asked);
        match question.kind {
            QuestionType::YesNo if dice.one_in(2) => json!({"question": question.key, "is": "yes"}),
            QuestionType::SingleChoice if dice.one_in(2) => json!({"question": question.key, "is": "o0"}),
            QuestionType::Number if dice.one_in(2) => json!({"question": question.key, "at_least": 40}),
            _ => json!({"question": question.key, "answered": true}),
        }
    };
    let own = |dice: &mut Dice, number: u64| {
        let principle = if dice.one_in(3) { "own" } else { &dice.pick(&base.principles).key };
        let mut question = yes_no(&format!("x{number}"), json!({"principle": principle}));
        if dice.one_in(2) {
            question["show_if"] = condition(dice);
        }
        question
    };
    let placed: Vec<Value> = (0..dice.below(5))
        .map(|number| {
            let section = dice.pick(&base.sections);
            let mut added = json!({"section": section.key, "question": own(dice, number)});
            if dice.one_in(2) {
                added["after"] = json!(dice.pick(&section.questions).key);
            }
            added
        })
        .collect();
    let mut extension = json!({
        "base": base.key, "key": "example-plus", "title": "Plus", "edition": "2026.1",
        "principles": [{"key": "own", "title": "Own"}], "questions": placed,
        "sections": [{"key": "ours", "title": "Ours", "questions": [own(dice, 90), own(dice, 91)]}],
    });
    if dice.one_in(2) {
        extension["findings"] =
            json!([{"key": "f", "when": condition(dice), "severity": "low", "title": "T", "advice": "A"}]);
    }
    extension
}

/// Changes a base as its authors might; it stays without faults.
fn revise(dice: &mut Dice, base: &mut Edition, own: &Edition) {
    let section = usize::try_from(dice.below(base.sections.len() as u64)).unwrap();
    let place = usize::try_from(dice.below(base.sections[section].questions.len() as u64)).unwrap();
    match dice.below(8) {
        0 if base.sections[section].questions.len() > 1 => drop(base.sections[section].questions.remove(place)),
        1 => base.sections[section].questions[place].key.push_str("_new"),
        2 => base.sections[section].key.push_str("_new"),
        3 => {
            let old = base.principles[0].key.clone();
            base.principles[0].key.push_str("_new");
            let new = base.principles[0].key.clone();
            base.sections
                .iter_mut()
                .flat_map(|section| &mut section.questions)
                .filter(|question| question.principle == old)
                .for_each(|question| question.principle.clone_from(&new));
        }
        4 => {
            let question = &mut base.sections[section].questions[place];
            question.kind = QuestionType::Text;
            question.options.clear();
            question.bands.clear();
        }
        5 => base.sections[section].questions[place].weight = 7,
        // What the organisation asks, the base takes over: as it is, or in other words.
        6 => {
            let theirs: Vec<&Question> = own
                .questions()
                .filter(|question| question.key.starts_with('x') && base.question(&question.key).is_none())
                .collect();
            if !theirs.is_empty() {
                let mut taken = Question { show_if: None, ..(*dice.pick(&theirs)).clone() };
                taken.principle.clone_from(&base.principles[0].key);
                if dice.one_in(2) {
                    taken.text = "In other words?".to_owned();
                }
                base.sections[section].questions.push(taken);
            }
        }
        _ => {
            let mut moved = base.sections[section].clone();
            if moved.questions.len() > 1 {
                base.sections[section].questions.remove(place);
                moved.questions = vec![moved.questions.remove(place)];
                moved.key = format!("moved_{}", base.sections.len());
                base.sections.push(moved);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_merge_has_a_result_exactly_where_nothing_blocks_and_it_holds(seed: u64) {
        let mut dice = Dice(seed);
        let old = random_edition(&mut dice, PLAIN);
        let extension = read(&random_extension(&mut dice, &old));
        let applied = extension.apply(&old);
        prop_assume!(applied.is_ok());
        let applied = applied.unwrap();

        let same = extension.merge(&old, &old, "2027.5");
        prop_assert_eq!(&same.conflicts, &[]);
        prop_assert_eq!(same.result, Some(Edition { edition: "2027.5".to_owned(), ..applied.clone() }));

        let mut new = old.clone();
        new.edition = "2027.1".to_owned();
        for _ in 0..dice.below(4) {
            revise(&mut dice, &mut new, &applied);
        }
        prop_assume!(new.check().is_empty());
        let merge = extension.merge(&old, &new, "2027.5");
        let blocks = merge.conflicts.iter().any(|conflict| conflict.severity == Blocks);
        prop_assert_eq!(merge.result.is_none(), blocks);
        let whole = serde_json::to_value(&extension).unwrap();
        for conflict in &merge.conflicts {
            prop_assert!(whole.pointer(&conflict.pointer).is_some() && !conflict.pointer.is_empty(), "{conflict:?} points to nothing in {whole:#}");
        }
        let plainly = Extension { edition: "2027.5".to_owned(), ..extension }.apply(&new);
        if let Ok(plain) = &plainly {
            prop_assert_eq!(merge.result.as_ref(), Some(plain), "what can be applied as it is needs no decision");
        }
        if let Some(result) = merge.result {
            let carried = merge.extension.apply(&new);
            prop_assert_eq!(carried.as_ref(), Ok(&result));
            prop_assert!(new.questions().all(|question| result.question(&question.key) == Some(question)));
            prop_assert!(applied.questions().filter(|question| question.key.starts_with('x')).all(|question| result.question(&question.key).is_some()));
            let again = merge.extension.merge(&new, &new, "2027.5");
            prop_assert_eq!((again.conflicts, again.result), (vec![], Some(result)));
            prop_assert_eq!(again.extension, merge.extension);
        }
    }
}
