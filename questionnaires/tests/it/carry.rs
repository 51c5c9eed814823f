//! Answers carried from earlier assessments.

use chrono::NaiveDate;
use diligence_questionnaires::{
    Answer, Answers, Carried, CarriedBecause, Earlier, Edition, EvidenceFact, EvidenceKind, LeftBecause, LookAgain,
    NotApplicable, QuestionType, carry, check_answers, library, normalise_answer,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::harness::*;
use crate::properties::{Dice, FULL, junk, mutate, random_case, random_edition, random_value};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// An earlier assessment, owned.
struct Before {
    assessment: String,
    edition: Edition,
    answers: Answers,
    visible: Vec<String>,
    answered_on: NaiveDate,
}

impl Before {
    /// One in which every question was visible.
    fn new(assessment: &str, edition: Edition, answers: Answers) -> Self {
        let visible = edition.questions().map(|question| question.key.clone()).collect();
        Self { assessment: assessment.to_owned(), edition, answers, visible, answered_on: day("2025-03-01") }
    }

    fn on(self, date: &str) -> Self {
        Self { answered_on: day(date), ..self }
    }

    fn earlier(&self) -> Earlier<'_> {
        let Self { assessment, edition, answers, visible, answered_on } = self;
        Earlier { assessment, edition, answers, visible, answered_on: *answered_on }
    }
}

fn carried(target: &Edition, before: &[&Before]) -> Carried {
    let earlier: Vec<Earlier<'_>> = before.iter().map(|before| before.earlier()).collect();
    let evidence = ["e0", "e1", "e2", "e3"].map(|id| fact(id, None, None));
    carry(target, &earlier, &evidence, day(ON))
}

fn fact(id: &str, issued_on: Option<&str>, expires_on: Option<&str>) -> EvidenceFact {
    EvidenceFact {
        id: id.to_owned(),
        kind: EvidenceKind::Other,
        issued_on: issued_on.map(day),
        expires_on: expires_on.map(day),
        file_sha256: None,
        not_counted: None,
    }
}

/// An edition with these questions, read without the check.
fn asking(key: &str, list: Value) -> Edition {
    let mut document = questions(list);
    document["key"] = json!(key);
    serde_json::from_value(document).unwrap()
}

/// What one question's answer comes to when the question has become another.
fn from_to(old: Value, answer: Answer, new: Value) -> Result<(Answer, Vec<LookAgain>), LeftBecause> {
    let before = Before::new("a1", asking("example", json!([old])), answers([("q", answer)]));
    let found = carried(&asking("example", json!([new])), &[&before]);
    match (found.answers.get("q"), found.left.as_slice()) {
        (Some(one), []) => Ok((one.answer.clone(), one.look.clone())),
        (None, [left]) => Err(left.because),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_answer_comes_with_everything_and_says_where_it_is_from() {
    let answer = Answer {
        comment: Some("Since May".to_owned()),
        evidence_ids: vec!["e1".to_owned(), "e0".to_owned()],
        ..value("yes")
    };
    let before =
        Before::new("a1", asking("example", json!([yes_no("q", json!({}))])), answers([("q", answer.clone())]));
    let mut target = before.edition.clone();
    target.edition = "2026.2".to_owned();
    let found = carried(&target, &[&before]);
    assert_eq!(
        serde_json::to_value(&found).unwrap(),
        json!({"answers": {"q": {
            "answer": answer, "assessment": "a1", "questionnaire": "example", "edition": "2026.1", "question": "q", "answered_on": "2025-03-01",
            "because": "same_question"
        }}, "left": []})
    );
    assert_eq!(serde_json::from_value::<Carried>(serde_json::to_value(&found).unwrap()).unwrap(), found);
    assert_eq!(carried(&target, &[]), Carried::default());
}

#[test]
fn an_answer_is_looked_at_again_for_each_thing_that_changed() {
    let plain = || yes_no("q", json!({"help": "H", "maps_to": ["dspt/1"]}));
    let choice = |more: Value| {
        let options = json!([{"value": "a", "label": "A", "points": 100}, {"value": "b", "label": "B", "points": 0}]);
        with(json!({"key": "q", "principle": "p", "text": "?", "type": "single_choice", "options": options}), more)
    };
    let number = |more: Value| {
        with(
            json!({"key": "q", "principle": "p", "text": "?", "type": "number", "unit": "%", "bands": [{"at_least": 9, "points": 100}]}),
            more,
        )
    };
    let option = |member: &str, value: Value| {
        let mut question = choice(json!({}));
        question["options"][1][member] = value;
        question
    };
    let finding = json!({"severity": "low", "title": "T", "advice": "A"});
    let more = json!([{"value": "a", "label": "A", "points": 100}, {"value": "b", "label": "B", "points": 0}, {"value": "c", "label": "C", "points": 50}]);
    for (old, answer, new, look) in [
        (
            plain(),
            "yes".into(),
            yes_no(
                "q",
                json!({"help": "H", "required": true, "maps_to": ["dspt/2"], "show_if": {"subject": "tier", "is": "high"}}),
            ),
            None,
        ),
        (plain(), "yes".into(), with(plain(), json!({"text": "Is it really?"})), Some(LookAgain::WordsChanged)),
        (plain(), "yes".into(), with(plain(), json!({"help": "Other"})), Some(LookAgain::WordsChanged)),
        (plain(), "yes".into(), with(plain(), json!({"weight": 99})), Some(LookAgain::PointsChanged)),
        (plain(), "yes".into(), with(plain(), json!({"evidence": {"need": "optional"}})), None),
        (
            plain(),
            "yes".into(),
            with(plain(), json!({"evidence": {"need": "needed"}})),
            Some(LookAgain::EvidenceRuleChanged),
        ),
        (choice(json!({})), "a".into(), option("label", json!("Other")), Some(LookAgain::WordsChanged)),
        (choice(json!({})), "a".into(), option("points", json!(50)), Some(LookAgain::PointsChanged)),
        (choice(json!({})), "a".into(), option("knock_out", json!("Why")), Some(LookAgain::PointsChanged)),
        (choice(json!({})), "a".into(), option("finding", finding), Some(LookAgain::PointsChanged)),
        (choice(json!({})), "a".into(), choice(json!({"options": more})), Some(LookAgain::OptionsChanged)),
        (choice(json!({"options": more})), "a".into(), choice(json!({})), Some(LookAgain::OptionsChanged)),
        (number(json!({})), json!(5), number(json!({"maximum": 100})), None),
        (number(json!({})), json!(5), number(json!({"unit": "days"})), Some(LookAgain::WordsChanged)),
        (
            number(json!({})),
            json!(5),
            number(json!({"bands": [{"at_least": 8, "points": 100}]})),
            Some(LookAgain::PointsChanged),
        ),
    ] {
        let expected = Ok((value(answer.clone()), look.into_iter().collect()));
        assert_eq!(from_to(old.clone(), value(answer), new.clone()), expected, "{old} {new}");
    }
}

#[test]
fn chosen_options_stand_in_the_order_of_the_question_they_are_carried_to() {
    let choice = |values: [&str; 2]| {
        let options = values.map(|value| json!({"value": value, "label": "L", "points": 50}));
        json!({"key": "q", "principle": "p", "text": "?", "type": "multiple_choice", "options": options})
    };
    assert_eq!(
        from_to(choice(["a", "b"]), value(json!(["b", "a"])), choice(["b", "a"])),
        Ok((value(json!(["b", "a"])), vec![]))
    );
    assert_eq!(
        from_to(choice(["b", "a"]), value(json!(["b", "a"])), choice(["a", "b"])),
        Ok((value(json!(["a", "b"])), vec![]))
    );
    assert_eq!(from_to(yes_no("q", json!({})), value(true), yes_no("q", json!({}))), Ok((value("yes"), vec![])));
}

#[test]
fn what_cannot_be_carried_says_why() {
    let skippable = || yes_no("q", json!({"not_applicable": "with_reason"}));
    let choice = |options: &[&str]| {
        let options: Vec<Value> =
            options.iter().map(|value| json!({"value": value, "label": "L", "points": 0})).collect();
        json!({"key": "q", "principle": "p", "text": "?", "type": "multiple_choice", "options": options})
    };
    let number =
        |maximum: u64| json!({"key": "q", "principle": "p", "text": "?", "type": "number", "maximum": maximum});
    let file = || json!({"key": "q", "principle": "p", "text": "?", "type": "file"});
    let text = || json!({"key": "q", "principle": "p", "text": "?", "type": "text"});
    let both = Answer { value: Some("yes".into()), ..skipped("No staff") };
    for (old, answer, new, because) in [
        (skippable(), value("yes"), text(), LeftBecause::TypeChanged),
        (text(), value("e1"), file(), LeftBecause::TypeChanged),
        (skippable(), skipped("No staff"), yes_no("q", json!({})), LeftBecause::NotApplicableNoLongerAllowed),
        (choice(&["a", "b"]), value(json!(["a", "b"])), choice(&["a"]), LeftBecause::ValueNoLongerPossible),
        (number(10), value(9), number(8), LeftBecause::ValueNoLongerPossible),
        (file(), value("e9"), file(), LeftBecause::EvidenceGone),
        (skippable(), both, skippable(), LeftBecause::NeverFitted),
        (number(10), value(11), number(20), LeftBecause::NeverFitted),
        (skippable(), value("yes"), yes_no("other", json!({})), LeftBecause::QuestionGone),
    ] {
        assert_eq!(from_to(old.clone(), answer, new.clone()), Err(because), "{old} {new}");
    }
    assert_eq!(from_to(skippable(), skipped("No staff"), skippable()), Ok((skipped("No staff"), vec![])));
    assert_eq!(from_to(file(), value("e1"), file()), Ok((value("e1"), vec![])));
}

#[test]
fn what_is_left_stands_in_the_order_in_which_it_was_asked() {
    let old = asking("example", json!([yes_no("z", json!({})), yes_no("m", json!({})), yes_no("a", json!({}))]));
    let all = || answers([("a", value("yes")), ("m", value("yes")), ("z", value("yes"))]);
    let (newest, oldest) = (Before::new("new", old.clone(), all()), Before::new("old", old, all()).on("2024-01-01"));
    let found = carried(&asking("example", json!([yes_no("m", json!({}))])), &[&newest, &oldest]);
    let left: Vec<(&str, &str)> =
        found.left.iter().map(|left| (left.question.as_str(), left.assessment.as_str())).collect();
    assert_eq!(left, [("z", "new"), ("a", "new")]);
    let other = carried(&asking("another", json!([yes_no("b", json!({}))])), &[&newest]);
    assert_eq!(other, Carried::default());
}

#[test]
fn nothing_hidden_and_nothing_empty_is_carried_or_left() {
    let edition =
        asking("example", json!(["a", "b", "c", "d"].map(|key| yes_no(key, json!({"not_applicable": "with_reason"})))));
    let comment =
        Answer { comment: Some("Later".to_owned()), evidence_ids: vec!["e1".to_owned()], ..Answer::default() };
    let mut before = Before::new(
        "a1",
        edition.clone(),
        answers([("a", value("yes")), ("b", comment), ("c", skipped(" ")), ("d", value(" "))]),
    );
    before.visible.retain(|key| key != "a");
    before.visible.push("unknown".to_owned());
    before.answers.insert("unknown".to_owned(), value("yes"));
    assert_eq!(carried(&edition, &[&before]), Carried::default());
}

#[test]
fn the_newest_answer_counts_and_an_older_one_never_stands_in_for_it() {
    let edition = || asking("example", json!([yes_no("q", json!({}))]));
    let say = |assessment: &str, answer: &str, date: &str| {
        Before::new(assessment, edition(), answers([("q", value(answer))])).on(date)
    };
    let (newest, older) = (say("newest", "no", "2026-01-01"), say("older", "yes", "2025-01-01"));
    let from =
        |found: &Carried| found.answers.get("q").map(|one| (one.assessment.clone(), one.answer.value.clone().unwrap()));
    let no = Some(("newest".to_owned(), json!("no")));
    assert_eq!(from(&carried(&edition(), &[&newest, &older])), no);
    assert_eq!(from(&carried(&edition(), &[&older, &newest])), no);
    let same_day = say("older", "yes", "2026-01-01");
    assert_eq!(from(&carried(&edition(), &[&newest, &same_day])), no);

    let empty = Before { answers: Answers::new(), ..say("empty", "no", "2026-02-01") };
    assert_eq!(from(&carried(&edition(), &[&empty, &newest, &older])), no);

    // The newest said something that is no longer possible: what was said before that is not what holds now.
    let mut only_yes = yes_no("q", json!({}));
    only_yes["options"].as_array_mut().unwrap().pop();
    let other =
        Before { edition: asking("other", json!([yes_no("q", json!({}))])), ..say("other", "yes", "2026-02-01") };
    let found = carried(&asking("example", json!([only_yes])), &[&other, &newest, &older]);
    assert_eq!(
        (found.answers.len(), found.left[0].because, found.left[0].assessment.as_str()),
        (0, LeftBecause::ValueNoLongerPossible, "newest")
    );
}

#[test]
fn another_questionnaire_answers_where_the_same_one_is_silent() {
    let ask = |key: &str| asking(key, json!([yes_no("q", json!({}))]));
    let say = |key: &str, answer: Answer, date: &str| Before::new(key, ask(key), answers([("q", answer)])).on(date);
    let other = say("other", value("no"), "2026-01-01");
    let found = carried(&ask("example"), &[&other]);
    let one = &found.answers["q"];
    assert_eq!(
        (one.questionnaire.as_str(), one.because, one.look.as_slice()),
        ("other", CarriedBecause::SameQuestion, &[LookAgain::OtherQuestionnaire][..])
    );
    assert_eq!(found.left, []);

    let same = say("example", value("yes"), "2020-01-01");
    assert_eq!(carried(&ask("example"), &[&other, &same]).answers["q"].questionnaire, "example");
    let silent = say("example", Answer::default(), "2026-02-01");
    assert_eq!(carried(&ask("example"), &[&silent, &other]).answers["q"].questionnaire, "other");

    // One that cannot be carried speaks for its questionnaire, and for no other.
    let text = json!([{"key": "q", "principle": "p", "text": "?", "type": "text"}]);
    let newest = Before::new("newest", asking("other", text), answers([("q", value("Words"))])).on("2026-02-01");
    assert_eq!(carried(&ask("example"), &[&newest, &other]), Carried::default());
    let third = say("third", value("yes"), "2019-01-01");
    assert_eq!(carried(&ask("example"), &[&newest, &other, &third]).answers["q"].questionnaire, "third");
}

#[test]
fn one_meaning_in_two_questionnaires_is_one_answer_unless_it_is_in_doubt() {
    let meaning = |key: &str, ids: &[&str]| yes_no(key, json!({"maps_to": ids}));
    let source = |target: Value, old: Value, said: &[&str]| -> Vec<(String, String)> {
        let given = said.iter().map(|key| ((*key).to_owned(), value("yes"))).collect();
        let found = carried(&asking("example", target), &[&Before::new("a1", asking("other", old), given)]);
        assert!(found.answers.values().all(|one| one.question == "own"
            || one.because == CarriedBecause::SameMeaning && one.look[0] == LookAgain::OtherQuestionnaire));
        found.answers.into_iter().map(|(key, one)| (key, one.question)).collect()
    };
    let from = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs.iter().map(|(key, question)| ((*key).to_owned(), (*question).to_owned())).collect()
    };
    let old = || {
        json!([
            meaning("a", &["dspt/1"]),
            meaning("b", &["dspt/2", "dspt/2"]),
            meaning("c", &["dspt/3"]),
            meaning("d", &["dspt/3"])
        ])
    };
    let said = ["a", "b", "c", "d"];
    assert_eq!(
        source(json!([meaning("x", &["dspt/1"]), meaning("y", &["dspt/9", "dspt/2"])]), old(), &said),
        from(&[("x", "a"), ("y", "b")])
    );
    assert_eq!(source(json!([meaning("x", &["dspt/1"]), meaning("y", &["dspt/1"])]), old(), &said), []);
    assert_eq!(source(json!([meaning("x", &["dspt/3"])]), old(), &said), []);
    assert_eq!(source(json!([meaning("x", &["dspt/1", "dspt/2"])]), old(), &said), []);
    assert_eq!(source(json!([meaning("x", &["dspt/1"])]), old(), &["b"]), []);
    let own = json!([meaning("own", &[]), meaning("a", &["dspt/1"])]);
    assert_eq!(source(json!([meaning("own", &["dspt/1"])]), own, &["own", "a"]), from(&[("own", "own")]));

    let renamed =
        Before::new("a1", asking("example", json!([meaning("a", &["dspt/1"])])), answers([("a", value("yes"))]));
    let found = carried(&asking("example", json!([meaning("x", &["dspt/1"])])), &[&renamed]);
    assert_eq!(
        (found.answers["x"].because, found.answers["x"].look.len(), found.left.len()),
        (CarriedBecause::SameMeaning, 0, 0)
    );
}

#[test]
fn evidence_that_no_longer_stands_is_named_and_evidence_that_is_gone_is_left_out() {
    let edition =
        asking("example", json!([yes_no("q", json!({})), {"key": "f", "principle": "p", "text": "?", "type": "file"}]));
    let answer = Answer { evidence_ids: ["valid", "late", "early", "gone"].map(str::to_owned).into(), ..value("yes") };
    let before = Before::new("a1", edition.clone(), answers([("q", answer), ("f", value("late"))]));
    let facts = [
        fact("valid", Some(ON), Some(ON)),
        fact("late", None, Some("2026-02-28")),
        fact("early", Some("2026-03-02"), None),
    ];
    let look = |facts: &[EvidenceFact], key: &str| {
        carry(&edition, &[before.earlier()], facts, day(ON)).answers.get(key).map(|one| one.look.clone())
    };
    let found = carry(&edition, &[before.earlier()], &facts, day(ON));
    assert_eq!(found.answers["q"].answer.evidence_ids, ["valid", "late", "early"]);
    assert_eq!(
        found.answers["q"].look,
        [LookAgain::EvidenceExpired, LookAgain::EvidenceNotYetValid, LookAgain::EvidenceGone]
    );
    assert_eq!(found.answers["f"].look, [LookAgain::EvidenceExpired]);
    let renewed = [fact("late", None, None), fact("late", None, Some("2026-02-28"))];
    assert_eq!(look(&renewed, "f"), Some(vec![]));
    assert_eq!((look(&[], "q"), look(&[], "f")), (Some(vec![LookAgain::EvidenceGone]), None));
}

#[test]
fn the_library_can_be_answered_once() {
    for edition in library::editions() {
        let given: Answers = edition
            .questions()
            .filter_map(|question| {
                Some((
                    question.key.clone(),
                    value(
                        question
                            .options
                            .first()
                            .filter(|_| question.kind != QuestionType::MultipleChoice)?
                            .value
                            .clone(),
                    ),
                ))
            })
            .collect();
        let count = given.len();
        let found = carried(edition, &[&Before::new("a1", edition.clone(), given)]);
        assert_eq!(
            (found.answers.len(), found.left.len(), found.answers.values().any(|one| !one.look.is_empty())),
            (count, 0, false)
        );
    }
}

/// An earlier assessment of a random edition, decided with what was visible then.
fn random_before(dice: &mut Dice, number: u64, key: &str) -> (Before, Case) {
    let mut edition = random_edition(dice, FULL);
    edition.key = key.to_owned();
    edition.sections.iter_mut().flat_map(|section| &mut section.questions).for_each(|question| {
        question.maps_to = (0..dice.below(3)).map(|_| format!("dspt/{}", dice.below(12))).collect();
    });
    let case = random_case(dice, &edition);
    let visible = case.outcome(&edition).visible;
    let answered_on = *dice.pick(&[day("2024-01-01"), day("2025-01-01"), day("2025-06-01")]);
    (Before { assessment: format!("a{number}"), edition, answers: case.answers.clone(), visible, answered_on }, case)
}

fn random_history(dice: &mut Dice) -> (Edition, Vec<Before>, Vec<EvidenceFact>) {
    let history: Vec<Before> = (0..1 + dice.below(4))
        .map(|number| {
            let key = *dice.pick(&["example", "other", "third"]);
            random_before(dice, number, key).0
        })
        .collect();
    let (target, case) = random_before(dice, 9, "example");
    (target.edition, history, case.evidence)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn the_same_edition_takes_every_visible_answer_as_it_is_and_scores_the_same(seed: u64) {
        let mut dice = Dice(seed);
        let (mut before, mut case) = random_before(&mut dice, 1, "example");
        case.evidence = (0..4).map(|number| fact(&format!("e{number}"), None, None)).collect();
        before.answers = before.answers.into_iter().map(|(key, answer)| {
            let answer = normalise_answer(before.edition.question(&key).unwrap(), answer);
            (key, answer)
        }).collect();
        let found = carry(&before.edition, &[before.earlier()], &case.evidence, day(ON));
        let expected: Answers = before.answers.iter().filter(|(key, _)| before.visible.contains(key)).map(|(key, answer)| (key.clone(), answer.clone())).collect();
        let given: Answers = found.answers.iter().map(|(key, one)| (key.clone(), one.answer.clone())).collect();
        prop_assert_eq!(&given, &expected);
        prop_assert_eq!(&found.left, &[]);
        for (key, one) in &found.answers {
            prop_assert_eq!((&one.question, one.look.as_slice(), one.because), (key, &[][..], CarriedBecause::SameQuestion));
        }
        case.answers = before.answers.clone();
        let scored = case.outcome(&before.edition);
        case.answers = given;
        prop_assert_eq!(case.outcome(&before.edition), scored);
    }

    #[test]
    fn carried_answers_pass_the_check_name_known_evidence_and_come_from_what_was_seen(seed: u64) {
        let mut dice = Dice(seed);
        let (target, mut history, evidence) = random_history(&mut dice);
        for answer in history.iter_mut().flat_map(|before| before.answers.values_mut()) {
            if dice.one_in(6) {
                answer.value = Some(junk(&mut dice));
            }
            if dice.one_in(8) {
                answer.not_applicable = Some("Because".to_owned());
            }
        }
        let earlier: Vec<Earlier<'_>> = history.iter().map(Before::earlier).collect();
        let found = carry(&target, &earlier, &evidence, day(ON));
        let given: Answers = found.answers.iter().map(|(key, one)| (key.clone(), one.answer.clone())).collect();
        prop_assert_eq!(check_answers(&target, &given), []);
        let known = |id: &str| evidence.iter().any(|fact| fact.id == id);
        for (key, one) in &found.answers {
            let question = target.question(key).unwrap();
            prop_assert_eq!(normalise_answer(question, one.answer.clone()), one.answer.clone());
            prop_assert!(one.answer.evidence_ids.iter().all(|id| known(id)));
            prop_assert!(question.kind != QuestionType::File || one.answer.value.as_ref().is_none_or(|value| known(value.as_str().unwrap())));
            prop_assert!(one.answer.value.is_some() || question.not_applicable != NotApplicable::No);
            let from = history.iter().find(|before| before.assessment == one.assessment).unwrap();
            prop_assert!(from.visible.contains(&one.question));
            prop_assert_eq!(&from.edition.key, &one.questionnaire);
            prop_assert_eq!(one.look.contains(&LookAgain::OtherQuestionnaire), one.questionnaire != target.key);
            prop_assert_eq!(from.edition.question(&one.question).unwrap().kind, question.kind);
        }
    }

    #[test]
    fn each_answer_of_the_newest_assessment_is_carried_or_left(seed: u64) {
        let mut dice = Dice(seed);
        let (target, history, evidence) = random_history(&mut dice);
        let earlier: Vec<Earlier<'_>> = history.iter().map(Before::earlier).collect();
        let found = carry(&target, &earlier, &evidence, day(ON));
        let latest = history.iter().filter(|before| before.edition.key == target.key).map(|before| before.answered_on).max();
        let Some(newest) = history.iter().find(|before| before.edition.key == target.key && Some(before.answered_on) == latest) else {
            prop_assert_eq!(found.left, []);
            return Ok(());
        };
        for key in newest.answers.keys().filter(|key| newest.visible.contains(key)) {
            let carried = found.answers.values().any(|one| one.assessment == newest.assessment && one.question == *key);
            let left = found.left.iter().filter(|left| left.question == *key && left.assessment == newest.assessment).count();
            prop_assert_eq!(left, usize::from(!carried), "{}", key);
            if let Some(one) = found.answers.get(key) {
                prop_assert_eq!(&one.assessment, &newest.assessment);
            }
        }
        prop_assert!(found.left.iter().all(|left| newest.visible.contains(&left.question)));
    }

    #[test]
    fn the_order_of_anything_but_same_day_assessments_is_irrelevant(seed: u64) {
        let mut dice = Dice(seed);
        let (mut target, mut history, mut evidence) = random_history(&mut dice);
        for (number, before) in history.iter_mut().enumerate() {
            before.answered_on = NaiveDate::from_yo_opt(2024, 1 + u32::try_from(number).unwrap()).unwrap();
        }
        let all = |target: &Edition, history: &[Before], evidence: &[EvidenceFact]| {
            let earlier: Vec<Earlier<'_>> = history.iter().map(Before::earlier).collect();
            let mut found = carry(target, &earlier, evidence, day(ON));
            found.left.sort_by(|left, right| left.question.cmp(&right.question));
            found
        };
        let straight = all(&target, &history, &evidence);
        dice.shuffle(&mut history);
        dice.shuffle(&mut evidence);
        for before in &mut history {
            dice.shuffle(&mut before.visible);
            dice.shuffle(&mut before.edition.sections);
            before.edition.sections.iter_mut().for_each(|section| dice.shuffle(&mut section.questions));
        }
        dice.shuffle(&mut target.sections);
        target.sections.iter_mut().for_each(|section| dice.shuffle(&mut section.questions));
        prop_assert_eq!(all(&target, &history, &evidence), straight);
    }

    #[test]
    fn hidden_answers_change_nothing(seed: u64) {
        let mut dice = Dice(seed);
        let (target, mut history, evidence) = random_history(&mut dice);
        let all = |history: &[Before]| carry(&target, &history.iter().map(Before::earlier).collect::<Vec<_>>(), &evidence, day(ON));
        let straight = all(&history);
        for before in &mut history {
            for question in before.edition.questions().filter(|question| !before.visible.contains(&question.key)) {
                before.answers.insert(question.key.clone(), value(random_value(&mut dice, question.kind)));
            }
        }
        prop_assert_eq!(all(&history), straight);
    }

    #[test]
    fn anything_that_can_be_held_can_be_carried(seed: u64) {
        let mut dice = Dice(seed);
        let (target, history, evidence) = random_history(&mut dice);
        let mut document = serde_json::to_value(&target).unwrap();
        for _ in 0..=dice.below(6) {
            mutate(&mut dice, &mut document);
        }
        if let Ok(damaged) = serde_json::from_value::<Edition>(document) {
            let earlier: Vec<Earlier<'_>> = history.iter().map(Before::earlier).collect();
            drop(carry(&damaged, &earlier, &evidence, day(ON)));
            let back = Earlier { edition: &damaged, ..earlier[0] };
            drop(carry(&target, &[back], &evidence, day(ON)));
        }
    }
}
