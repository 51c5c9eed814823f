//! What differs between two editions.

use diligence_questionnaires::{
    ChangeKind, Edition, EditionChanges, NotApplicable, Outcome, Severity, changes, library,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::harness::*;
use crate::properties::{Dice, FULL, mutate, random_case, random_edition};

/// An edition with one of everything.
fn example() -> Value {
    let finding = json!({"severity": "low", "title": "T", "advice": "A", "risk": {"likelihood": 1, "impact": 1}});
    let options = json!([
        {"value": "yes", "label": "Yes", "points": 100}, {"value": "no", "label": "No", "points": 0, "knock_out": "Why", "finding": finding}
    ]);
    let questions = json!([
        {"key": "mfa", "principle": "p", "text": "Is it?", "help": "H", "type": "yes_no", "options": options,
         "evidence": {"need": "needed", "kinds": ["dspt", "iso_27001"]}, "maps_to": ["dspt/1", "dspt/2"]},
        {"key": "uptime", "principle": "p", "text": "How much?", "type": "number", "unit": "%", "not_applicable": "with_reason",
         "bands": [{"at_least": 90, "points": 100}, {"otherwise": true, "points": 0}]},
        {"key": "note", "principle": "p", "text": "Anything else?", "type": "text", "weight": 0},
    ]);
    let mut document = document(
        json!([{"key": "p", "title": "P"}, {"key": "r", "title": "R", "framework": "other"}]),
        json!([{"key": "s", "title": "S", "intro": "I", "questions": questions}, {"key": "t", "title": "T", "questions": [yes_no("last", json!({"principle": "r"}))]}]),
    );
    document["source"] = json!([{"title": "A standard", "version": "1", "date": "2025"}]);
    document["findings"] =
        json!([{"key": "f", "when": {"question": "mfa", "is": "no"}, "severity": "high", "title": "T", "advice": "A"}]);
    document
}

/// Read without the check, so that one change at a time can be made.
fn read(document: &Value) -> Edition {
    serde_json::from_value(document.clone()).unwrap()
}

/// What differs after one member of the example is set, or removed by `null`.
fn setting(pointer: &str, value: Value) -> EditionChanges {
    let before = example();
    let mut after = before.clone();
    let (parent, member) = pointer.rsplit_once('/').unwrap();
    let parent = after.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    match value {
        Value::Null => drop(parent.remove(member).unwrap()),
        value => drop(parent.insert(member.to_owned(), value)),
    }
    changes(&read(&before), &read(&after))
}

/// Where the parts of a comparison differ, each behind its key.
fn places(changes: &EditionChanges) -> Vec<String> {
    let parts = [&changes.principles, &changes.sections, &changes.questions, &changes.findings].into_iter().flatten();
    let header = changes.header.iter().map(|field| field.pointer.clone());
    header
        .chain(parts.flat_map(|part| part.fields.iter().map(|field| format!("{}{}", part.key, field.pointer))))
        .collect()
}

fn moved(changes: &EditionChanges) -> Vec<&str> {
    let parts = [&changes.principles, &changes.sections, &changes.questions, &changes.findings].into_iter().flatten();
    parts.filter(|part| part.moved).map(|part| part.key.as_str()).collect()
}

#[test]
fn the_same_edition_has_not_changed() {
    for edition in library::editions().iter().chain([&read(&example())]) {
        let same = changes(edition, edition);
        assert_eq!((places(&same), moved(&same), same.same_scoring), (vec![], vec![], true));
        assert_eq!((&same.before, &same.after), (&edition.edition, &edition.edition));
    }
    assert_eq!(read(&example()).check(), []);
}

#[test]
fn words_are_told_from_scores() {
    let mfa = "/sections/0/questions/0";
    let uptime = "/sections/0/questions/1";
    let note = "/sections/0/questions/2";
    let option = |more: &str| format!("{mfa}/options/1{more}");
    let band = |more: &str| format!("{uptime}/bands/1{more}");
    for (pointer, value, place) in [
        ("/title".to_owned(), json!("Other"), "/title"),
        ("/summary".to_owned(), json!("Other"), "/summary"),
        ("/language".to_owned(), json!("de"), "/language"),
        ("/applies_to".to_owned(), json!(["supplier", "ai"]), "/applies_to/ai"),
        ("/source/0/version".to_owned(), json!("2"), "/source/A standard/version"),
        ("/principles/0/title".to_owned(), json!("Other"), "p/title"),
        ("/principles/0/summary".to_owned(), json!("Other"), "p/summary"),
        ("/sections/0/title".to_owned(), json!("Other"), "s/title"),
        ("/sections/0/intro".to_owned(), Value::Null, "s/intro"),
        (format!("{mfa}/text"), json!("Other?"), "mfa/text"),
        (format!("{mfa}/help"), Value::Null, "mfa/help"),
        (format!("{mfa}/required"), json!(true), "mfa/required"),
        (format!("{mfa}/maps_to"), json!(["dspt/1"]), "mfa/maps_to/dspt~12"),
        (format!("{uptime}/unit"), Value::Null, "uptime/unit"),
        (format!("{uptime}/evidence"), json!({"need": "optional"}), "uptime/evidence/need"),
        (option("/label"), json!("Other"), "mfa/options/no/label"),
        (option("/ask_why"), json!(true), "mfa/options/no/ask_why"),
        (option("/knock_out"), json!("Other"), "mfa/options/no/knock_out"),
        (option("/finding/title"), json!("Other"), "mfa/options/no/finding/title"),
        (option("/finding/advice"), json!("Other"), "mfa/options/no/finding/advice"),
        (band("/ask_why"), json!(true), "uptime/bands/otherwise/ask_why"),
        (format!("{note}/principle"), json!("r"), "note/principle"),
        (format!("{note}/not_applicable"), json!("with_reason"), "note/not_applicable"),
        (format!("{note}/show_if"), json!({"subject": "tier", "is": "high"}), "note/show_if"),
        ("/findings/0/title".to_owned(), json!("Other"), "f/title"),
        ("/findings/0/advice".to_owned(), json!("Other"), "f/advice"),
    ] {
        let found = setting(&pointer, value);
        assert_eq!((places(&found), found.same_scoring), (vec![place.to_owned()], true), "{pointer}");
    }
    let finding = json!({"severity": "low", "title": "T", "advice": "A"});
    for (pointer, value, place) in [
        ("/principles/0/weight".to_owned(), json!(2), "p/weight"),
        ("/principles/0/framework".to_owned(), json!("other"), "p/framework"),
        ("/sections/0/show_if".to_owned(), json!({"subject": "tier", "is": "high"}), "s/show_if"),
        (format!("{mfa}/principle"), json!("r"), "mfa/principle"),
        (format!("{mfa}/weight"), json!(11), "mfa/weight"),
        (format!("{mfa}/not_applicable"), json!("with_reason"), "mfa/not_applicable"),
        (format!("{mfa}/show_if"), json!({"question": "last", "is": "no"}), "mfa/show_if"),
        (format!("{mfa}/evidence/need"), json!("optional"), "mfa/evidence/need"),
        (format!("{mfa}/evidence/kinds"), json!(["iso_27001"]), "mfa/evidence/kinds/dspt"),
        (option("/points"), json!(1), "mfa/options/no/points"),
        (option("/knock_out"), Value::Null, "mfa/options/no/knock_out"),
        (option("/finding"), Value::Null, "mfa/options/no/finding"),
        (option("/finding/severity"), json!("high"), "mfa/options/no/finding/severity"),
        (option("/finding/risk/impact"), json!(2), "mfa/options/no/finding/risk/impact"),
        (band("/points"), json!(1), "uptime/bands/otherwise/points"),
        (band("/finding"), finding, "uptime/bands/otherwise/finding"),
        (band("/knock_out"), json!("Why"), "uptime/bands/otherwise/knock_out"),
        (format!("{uptime}/minimum"), json!(0), "uptime/minimum"),
        (format!("{note}/weight"), json!(1), "note/weight"),
        (format!("{note}/type"), json!("file"), "note/type"),
        ("/findings/0/severity".to_owned(), json!("low"), "f/severity"),
        ("/findings/0/risk".to_owned(), json!({"likelihood": 1, "impact": 1}), "f/risk"),
        ("/findings/0/when/is".to_owned(), json!("yes"), "f/when"),
    ] {
        let found = setting(&pointer, value);
        let of_no_score = pointer == format!("{note}/type");
        assert_eq!((places(&found), found.same_scoring), (vec![place.to_owned()], of_no_score), "{pointer}");
    }
}

#[test]
fn defaults_are_written_out_and_a_band_goes_by_its_limit() {
    let found = setting("/sections/0/questions/1/weight", json!(20));
    assert_eq!(
        (found.questions[0].fields[0].before.clone(), found.questions[0].fields[0].after.clone()),
        (Some(json!(10)), Some(json!(20)))
    );
    let found = setting("/sections/0/questions/1/weight", json!(10));
    assert_eq!(found.questions, []);
    let found = setting("/sections/0/questions/1/bands/0/at_least", json!(95));
    assert_eq!(places(&found), ["uptime/bands/at_least_90", "uptime/bands/at_least_95"]);
    let framework = setting("/framework", json!("ethical_ai"));
    assert_eq!(
        (places(&framework), framework.same_scoring),
        (vec!["/framework".to_owned(), "p/framework".to_owned()], false)
    );
}

#[test]
fn what_scores_cannot_tell_apart_depends_on_the_rest_of_the_part() {
    let finding = json!({"severity": "low", "title": "T", "advice": "A"});
    let skippable = |more: Value| yes_no("q", with(json!({"not_applicable": "with_reason"}), more));
    let knocks_out = |more: Value| {
        let mut question = skippable(more);
        question["options"][1]["knock_out"] = json!("Why");
        question
    };
    let reveals = |weight: u64| {
        let mut question = yes_no("q", json!({"weight": weight}));
        question["options"][1]["finding"] = finding.clone();
        question
    };
    let needing = |kinds: Value| yes_no("q", json!({"evidence": {"need": "needed", "kinds": kinds}}));
    let same = |before: &[Value], after: &[Value]| {
        let found = changes(&read(&questions(json!(before))), &read(&questions(json!(after))));
        assert_eq!(found.questions.len(), 1, "{before:?} {after:?}");
        found.same_scoring
    };
    assert!(same(&[skippable(json!({}))], &[skippable(json!({"required": true}))]));
    assert!(!same(&[knocks_out(json!({}))], &[knocks_out(json!({"required": true}))]), "it cannot be skipped then");
    assert!(same(&[needing(json!(["dspt", "iso_27001"]))], &[needing(json!(["iso_27001", "dspt"]))]));
    assert!(same(&[], &[yes_no("q", json!({"weight": 0}))]), "nobody reads it");
    assert!(!same(&[], &[reveals(0)]));
    assert!(!same(&[reveals(0)], &[]));
    assert!(!same(&[], &[yes_no("q", json!({}))]));

    let mut after = example();
    after["principles"].as_array_mut().unwrap().push(json!({"key": "unused", "title": "U"}));
    let found = changes(&read(&example()), &read(&after));
    assert_eq!((found.principles[0].change, found.same_scoring), (ChangeKind::Added, true));
    after["principles"].as_array_mut().unwrap().retain(|principle| principle["key"] != json!("r"));
    let found = changes(&read(&example()), &read(&after));
    assert_eq!(
        (found.principles[1].change, found.principles[1].affects_scores),
        (ChangeKind::Removed, true),
        "a question counts for it"
    );
}

#[test]
fn options_that_share_a_value_are_matched_by_their_place() {
    let choices = |points: [u64; 2]| {
        let options = points.map(|points| json!({"value": "yes", "label": "Yes", "points": points}));
        read(&questions(json!([yes_no("q", json!({"options": options}))])))
    };
    assert_eq!(places(&changes(&choices([1, 2]), &choices([3, 2]))), ["q/options/0/points"]);
    assert_eq!(places(&changes(&choices([1, 2]), &choices([3, 4]))), ["q/options/0/points", "q/options/1/points"]);
}

#[test]
fn parts_that_are_new_or_gone_are_told_whole() {
    let before = example();
    let mut after = before.clone();
    after["sections"][0]["questions"].as_array_mut().unwrap().pop();
    after["sections"]
        .as_array_mut()
        .unwrap()
        .push(json!({"key": "u", "title": "U", "questions": [yes_no("new", json!({}))]}));
    after["edition"] = json!("2026.2");
    let found = changes(&read(&before), &read(&after));
    assert_eq!((found.before.as_str(), found.after.as_str(), found.header.len()), ("2026.1", "2026.2", 0));
    let told = |part: &diligence_questionnaires::PartChange| {
        (part.key.clone(), part.change, part.affects_scores, part.fields[0].pointer.clone())
    };
    assert_eq!(
        found.sections.iter().map(told).collect::<Vec<_>>(),
        [("u".to_owned(), ChangeKind::Added, false, String::new())]
    );
    assert_eq!(found.sections[0].fields[0].after, Some(json!({"key": "u", "title": "U"})));
    let questions = [
        ("new".to_owned(), ChangeKind::Added, true, String::new()),
        ("note".to_owned(), ChangeKind::Removed, false, String::new()),
    ];
    assert_eq!(found.questions.iter().map(told).collect::<Vec<_>>(), questions);
    assert_eq!(found.questions[1].fields[0].before.as_ref().unwrap()["text"], json!("Anything else?"));

    let back = changes(&read(&after), &read(&before));
    assert_eq!(
        (back.questions[0].key.as_str(), back.questions[0].change, back.questions[1].change),
        ("note", ChangeKind::Added, ChangeKind::Removed)
    );
}

#[test]
fn another_order_moves_as_few_parts_as_possible_and_changes_no_score() {
    let before = questions(json!(["a", "b", "c", "d"].map(|key| yes_no(key, json!({})))));
    let mut after = before.clone();
    let list = after["sections"][0]["questions"].as_array_mut().unwrap();
    let first = list.remove(0);
    list.push(first);
    list.insert(0, yes_no("new", json!({})));
    let found = changes(&read(&before), &read(&after));
    assert_eq!(moved(&found), ["a"]);
    assert_eq!((found.questions[1].fields.len(), found.questions[1].affects_scores), (0, false));

    let mut after = before.clone();
    after["sections"][0]["questions"][1]["options"].as_array_mut().unwrap().reverse();
    let found = changes(&read(&before), &read(&after));
    assert_eq!((places(&found), found.same_scoring), (vec!["b/options".to_owned()], true));
    let field = &found.questions[0].fields[0];
    assert_eq!((field.before.clone(), field.after.clone()), (Some(json!(["yes", "no"])), Some(json!(["no", "yes"]))));
}

#[test]
fn a_question_in_another_section_has_moved_and_matters_where_the_section_is_asked_on_another_condition() {
    let before = example();
    let shift = |mut document: Value| {
        let last = document["sections"][1]["questions"].as_array_mut().unwrap().remove(0);
        document["sections"][0]["questions"].as_array_mut().unwrap().insert(0, last);
        document
    };
    let found = changes(&read(&before), &read(&shift(before.clone())));
    assert_eq!((moved(&found), found.same_scoring), (vec!["last"], true));
    let mut hidden = before.clone();
    hidden["sections"][1]["show_if"] = json!({"subject": "tier", "is": "high"});
    let found = changes(&read(&hidden), &read(&shift(hidden.clone())));
    assert_eq!((moved(&found), found.questions[0].affects_scores, found.same_scoring), (vec!["last"], true, false));
}

#[test]
fn an_extension_adds_and_changes_nothing_else() {
    let base = &library::editions()[0];
    let mut extended = base.clone();
    extended.sections[0]
        .questions
        .push(read(&questions(json!([yes_no("own", json!({}))]))).sections[0].questions[0].clone());
    let found = changes(base, &extended);
    assert_eq!((places(&found), moved(&found).len()), (vec!["own".to_owned()], 0));
}

/// Everything in a result that is no word, order or question alone.
fn scored(outcome: &Outcome) -> Value {
    let mut findings: Vec<String> = outcome
        .findings
        .iter()
        .map(|found| format!("{} {:?} {:?} {:?}", found.key, found.severity, found.risk, found.answer))
        .collect();
    let mut knock_outs: Vec<String> =
        outcome.knock_outs.iter().map(|found| format!("{} {}", found.question, found.value)).collect();
    findings.sort();
    knock_outs.sort();
    let mut frameworks: Vec<String> = outcome
        .frameworks
        .iter()
        .flat_map(|framework| framework.principles.iter().map(move |principle| (&framework.framework, principle)))
        .filter_map(|(framework, principle)| {
            Some(format!("{framework} {} {} {:?}", principle.principle, principle.claimed?, principle.evidenced))
        })
        .collect();
    frameworks.sort();
    json!([
        outcome.claimed,
        outcome.evidenced,
        outcome.coverage,
        outcome.counting_count,
        outcome.answered_count,
        findings,
        knock_outs,
        frameworks
    ])
}

/// One change to an edition, of words, order or scores.
fn change(dice: &mut Dice, edition: &mut Edition) {
    let sections = edition.sections.len() as u64;
    let from = usize::try_from(dice.below(sections)).unwrap();
    let into = usize::try_from(dice.below(sections)).unwrap();
    match dice.below(19) {
        0 => dice.shuffle(&mut edition.sections),
        1 => dice.shuffle(&mut edition.principles),
        2 => dice.shuffle(&mut edition.findings),
        3 => dice.shuffle(&mut edition.sections[from].questions),
        4 if edition.sections[from].questions.len() > 1 => {
            let question = edition.sections[from].questions.remove(0);
            edition.sections[into].questions.push(question);
        }
        5 => drop(edition.sections[from].questions.pop()),
        6 => edition.sections[from].show_if = edition.sections[into].show_if.clone(),
        7 => edition.principles[0].framework = Some("other".to_owned()),
        8 => edition.principles[0].weight = 1,
        9 => edition.findings.iter_mut().for_each(|finding| finding.title.push('!')),
        10 => edition.findings.iter_mut().for_each(|finding| finding.severity = Severity::Low),
        11 => "other".clone_into(&mut edition.framework),
        number => {
            let Some(question) = edition.sections[from].questions.first_mut() else { return };
            match number {
                12 => question.text.push('!'),
                13 => question.weight = [0, 10][usize::from(dice.one_in(2))],
                14 => question.required = true,
                15 => question.not_applicable = NotApplicable::WithReason,
                16 => dice.shuffle(&mut question.options),
                17 => question.options.iter_mut().for_each(|choice| choice.knock_out = None),
                _ => question.evidence = Default::default(),
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn where_no_part_affects_scores_every_answer_scores_alike(seed: u64) {
        let mut dice = Dice(seed);
        let before = random_edition(&mut dice, FULL);
        let mut after = before.clone();
        for _ in 0..=dice.below(2) {
            change(&mut dice, &mut after);
        }
        let found = changes(&before, &after);
        for _ in 0..6 {
            let case = random_case(&mut dice, &before);
            if found.same_scoring {
                prop_assert_eq!(scored(&case.outcome(&after)), scored(&case.outcome(&before)), "{:#?}", found);
            }
        }
    }

    #[test]
    fn what_changed_reads_the_same_backwards(seed: u64) {
        let mut dice = Dice(seed);
        let before = random_edition(&mut dice, FULL);
        let mut after = before.clone();
        for _ in 0..=dice.below(3) {
            change(&mut dice, &mut after);
        }
        let there = changes(&before, &after);
        let back = changes(&after, &before);
        prop_assert_eq!(there.same_scoring, back.same_scoring);
        let sorted = |changes: &EditionChanges| {
            let mut places = places(changes);
            places.sort();
            places
        };
        prop_assert_eq!(sorted(&there), sorted(&back));
        prop_assert_eq!(moved(&there).len(), moved(&back).len());
        let read: EditionChanges = serde_json::from_str(&serde_json::to_string(&there).unwrap()).unwrap();
        prop_assert_eq!(read, there);
    }

    #[test]
    fn any_two_editions_can_be_compared(seed: u64) {
        let mut dice = Dice(seed);
        let before = random_edition(&mut dice, FULL);
        let mut document = serde_json::to_value(&before).unwrap();
        for _ in 0..=dice.below(5) {
            mutate(&mut dice, &mut document);
        }
        if let Ok(after) = serde_json::from_value::<Edition>(document) {
            let found = changes(&before, &after);
            let case = random_case(&mut dice, &before);
            if after.check().is_empty() && found.same_scoring {
                prop_assert_eq!(scored(&case.outcome(&after)), scored(&case.outcome(&before)));
            }
        }
    }
}
