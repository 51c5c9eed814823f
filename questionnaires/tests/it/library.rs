//! The built-in questionnaires: each names its sources, and all of it can be reached.

use std::collections::BTreeSet;

use diligence_questionnaires::answer::FACTS;
use diligence_questionnaires::{
    Answer, Answers, Edition, Input, Prepared, Question, QuestionType, Review, Subject, library,
};
use serde_json::{Value, json};

use crate::{harness::*, properties::Dice};

/// How many profiles and sets of answers are tried at the most.
const TRIES: u64 = 20_000;

fn some_subject(dice: &mut Dice) -> Subject {
    let mut subject = Subject::new();
    for fact in FACTS.iter().filter(|fact| fact.name != "subject_type") {
        if !dice.one_in(4) {
            subject.set(fact.name, [*dice.pick(fact.values)]);
        }
    }
    subject
}

/// An answer by chance, or one of those worth most: a finding may ask that all is well.
fn some_value(dice: &mut Dice, question: &Question, good: bool) -> Value {
    let best = || question.options.iter().max_by_key(|choice| choice.points).unwrap();
    match question.kind {
        QuestionType::YesNo | QuestionType::SingleChoice if good => json!(best().value),
        QuestionType::Number if good => {
            json!(
                question
                    .bands
                    .iter()
                    .max_by_key(|band| band.points)
                    .and_then(|band| band.at_least)
                    .map_or(0, |limit| limit.thousandths() / 1_000)
            )
        }
        QuestionType::YesNo | QuestionType::SingleChoice => json!(dice.pick(&question.options).value),
        QuestionType::MultipleChoice => json!([dice.pick(&question.options).value]),
        QuestionType::Number => {
            let limits: Vec<i64> = question
                .bands
                .iter()
                .filter_map(|band| Some(band.at_least?.thousandths() / 1_000))
                .chain([0])
                .collect();
            json!(*dice.pick(&limits))
        }
        QuestionType::Date => json!(*dice.pick(&["2026-02-01", "2025-01-01", "2019-01-01", "2031-01-01"])),
        QuestionType::Text | QuestionType::File => json!("something"),
    }
}

/// What can be knocked out or found: `question.option` or `question.band`, and the keys of the findings at the end.
fn marks(edition: &Edition) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut knock_outs, mut findings) = (BTreeSet::new(), BTreeSet::new());
    for question in edition.questions() {
        let options = question
            .options
            .iter()
            .map(|choice| (choice.value.clone(), choice.knock_out.is_some(), choice.finding.is_some()));
        let bands = question.bands.iter().map(|band| (band.label(), band.knock_out.is_some(), band.finding.is_some()));
        for (name, knocks_out, finds) in options.chain(bands) {
            if knocks_out {
                knock_outs.insert(question.key.clone());
            }
            if finds {
                findings.insert(format!("{}.{name}", question.key));
            }
        }
    }
    findings.extend(edition.findings.iter().map(|finding| finding.key.clone()));
    (knock_outs, findings)
}

#[test]
fn every_built_in_question_knock_out_and_finding_is_reached_by_some_answers() {
    for edition in library::editions() {
        let prepared = Prepared::new(edition);
        let mut questions: BTreeSet<String> = edition.questions().map(|question| question.key.clone()).collect();
        let (mut knock_outs, mut findings) = marks(edition);
        for seed in 0..TRIES {
            if questions.is_empty() && knock_outs.is_empty() && findings.is_empty() {
                break;
            }
            let mut dice = Dice(seed);
            let subject = some_subject(&mut dice);
            let good = dice.one_in(10);
            let answers: Answers = edition
                .questions()
                .map(|question| {
                    (
                        question.key.clone(),
                        Answer { value: Some(some_value(&mut dice, question, good)), ..Answer::default() },
                    )
                })
                .collect();
            let review = Review::new();
            let outcome = prepared.evaluate(&Input {
                answers: &answers,
                review: &review,
                evidence: &[],
                subject: &subject,
                on: ON.parse().unwrap(),
            });
            questions.retain(|key| !outcome.visible.contains(key));
            knock_outs.retain(|key| !outcome.knock_outs.iter().any(|knock_out| knock_out.question == *key));
            findings.retain(|key| !outcome.findings.iter().any(|finding| finding.key == *key));
        }
        assert_eq!((questions, knock_outs, findings), Default::default(), "{} cannot be reached whole", edition.key);
    }
}

#[test]
fn every_built_in_questionnaire_names_what_it_is_based_on_with_version_and_date() {
    for edition in library::editions() {
        assert!(!edition.source.is_empty(), "{}", edition.key);
        assert!(
            edition.source.iter().all(|source| !source.version.is_empty() && !source.date.is_empty()),
            "{}",
            edition.key
        );
        assert_eq!(edition.language, "en", "{}", edition.key);
    }
}

#[test]
fn built_in_questions_with_one_key_take_one_kind_of_answer_so_that_it_can_serve_all() {
    let mut shared = 0;
    for (number, edition) in library::editions().iter().enumerate() {
        for other in &library::editions()[number + 1..] {
            for question in edition.questions() {
                let Some(same) = other.question(&question.key) else { continue };
                shared += 1;
                let values = |question: &Question| {
                    question.options.iter().map(|choice| choice.value.clone()).collect::<BTreeSet<_>>()
                };
                assert_eq!(
                    (question.kind, values(question)),
                    (same.kind, values(same)),
                    "{} in {} and {}",
                    question.key,
                    edition.key,
                    other.key
                );
            }
        }
    }
    assert!(shared > 50, "{shared}");
}

#[test]
fn what_is_for_information_only_is_never_scored_and_knocks_nothing_out() {
    let edition = library::edition("ai-disclosure", None).unwrap();
    assert!(!edition.is_scored());
    let (knock_outs, findings) = marks(edition);
    assert_eq!((knock_outs.len(), findings.len()), (0, 0));
}

#[test]
fn what_one_begins_with_passes_the_check_whatever_its_title() {
    for title in ["Visitors", "Who: \"us\" or #them?", "-", "true", "'"] {
        let edition = Edition::from_yaml(&library::starter("our-visitors", title, "2027")).unwrap();
        assert_eq!((edition.title.as_str(), edition.edition.as_str()), (title, "2027.1"));
        for base in library::editions() {
            let extension = diligence_questionnaires::Extension::from_yaml(&library::extension_starter(
                base, "our-own", title, "2027",
            ))
            .unwrap();
            assert_eq!(
                extension.apply(base).map(|result| result.questions().count()),
                Ok(base.questions().count() + 1),
                "{}",
                base.key
            );
        }
    }
}
