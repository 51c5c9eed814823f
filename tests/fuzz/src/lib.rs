//! What every target shares: the questionnaires that inputs are for, the seeds, and what must hold of an edition.

use std::path::PathBuf;

use diligence_questionnaires::workbook::{Form, read_csv, write_csv, write_xlsx};
use diligence_questionnaires::{
    Answer, Answers, Condition, Edition, Input, Outcome, Question, QuestionType, Review, Subject, canonical,
    check_answers, evaluate, library, normalise_answer,
};
use serde_json::{Value, json};

/// With this set, a target writes its seeds into the directory it names, and ends.
const SEEDS: &str = "FUZZ_SEEDS";

/// Writes seeds where they are asked for. Called by every target before its first input.
///
/// # Panics
/// Where a seed cannot be written.
pub fn seeds(make: impl FnOnce() -> Vec<Vec<u8>>) {
    if let Some(directory) = std::env::var_os(SEEDS).map(PathBuf::from) {
        for (number, seed) in make().into_iter().enumerate() {
            std::fs::write(directory.join(format!("seed-{number:03}")), seed).expect("a seed can be written");
        }
        std::process::exit(0);
    }
}

/// The built-in questionnaires, one question at a time: small enough to be changed often.
pub fn small_editions() -> Vec<Edition> {
    library::editions()
        .iter()
        .flat_map(|edition| {
            edition.sections.iter().flat_map(move |section| {
                section.questions.iter().map(move |question| one_question(edition, section, question))
            })
        })
        .collect()
}

fn one_question(edition: &Edition, section: &diligence_questionnaires::Section, question: &Question) -> Edition {
    let mut small = edition.clone();
    small.principles.retain(|principle| principle.key == question.principle);
    small.source.truncate(1);
    small.findings.clear();
    let mut question = question.clone();
    let asks_others =
        |condition: &Option<Condition>| condition.as_ref().is_some_and(|condition| !condition.questions().is_empty());
    if asks_others(&question.show_if) {
        question.show_if = None;
    }
    let mut section = section.clone();
    if asks_others(&section.show_if) {
        section.show_if = None;
    }
    section.questions = vec![question];
    small.sections = vec![section];
    small
}

/// An edition with a question of every kind, for which forms and answers are.
pub fn every_kind() -> Edition {
    let options = |values: &[&str]| {
        Value::from(values.iter().map(|value| json!({"value": value, "label": value, "points": 0})).collect::<Vec<_>>())
    };
    let ask = |key: &str, kind: &str, more: Value| {
        let mut question = json!({"key": key, "principle": "p", "text": key, "type": kind, "weight": 0, "not_applicable": "with_reason"});
        for (name, member) in more.as_object().into_iter().flatten() {
            question[name] = member.clone();
        }
        question
    };
    let document = json!({
        "key": "example", "title": "E", "edition": "2026.1", "summary": "S", "framework": "security", "applies_to": ["supplier"], "principles": [{"key": "p", "title": "P"}],
        "sections": [{"key": "s", "title": "S", "questions": [
            ask("y", "yes_no", json!({"options": options(&["yes", "no"])})),
            ask("c", "single_choice", json!({"options": options(&["a", "b"])})),
            ask("m", "multiple_choice", json!({"options": options(&["a", "b"])})),
            ask("n", "number", json!({"minimum": 0, "maximum": 100})),
            ask("d", "date", json!({})),
            ask("t", "text", json!({})),
            ask("f", "file", json!({})),
        ]}]
    });
    Edition::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults:?}"))
}

/// The first possible answer to every question.
pub fn some_answers(edition: &Edition) -> Answers {
    let value = |question: &Question| match question.kind {
        QuestionType::YesNo | QuestionType::SingleChoice => json!(question.options[0].value),
        QuestionType::MultipleChoice => json!([question.options[0].value]),
        QuestionType::Number => {
            json!(question.minimum.or(question.maximum).map_or_else(|| 1.into(), |number| number.to_json()))
        }
        QuestionType::Date => json!("2025-12-31"),
        QuestionType::Text | QuestionType::File => json!("w"),
    };
    edition
        .questions()
        .map(|question| (question.key.clone(), Answer { value: Some(value(question)), ..Answer::default() }))
        .collect()
}

/// The result of some answers, which is always one.
pub fn outcome(edition: &Edition, answers: &Answers, review: &Review, subject: &Subject) -> Outcome {
    let on = chrono::NaiveDate::from_ymd_opt(2026, 3, 1).unwrap_or_default();
    let outcome = evaluate(edition, &Input { answers, review, evidence: &[], subject, on });
    if let (Some(claimed), Some(evidenced)) = (outcome.claimed, outcome.evidenced) {
        assert!(!review.is_empty() || evidenced <= claimed, "more is evidenced than claimed");
    }
    outcome
}

/// What must hold of every edition that a reader accepted.
pub fn must_hold(edition: &Edition) {
    assert_eq!(edition.check(), [], "an edition that was read has faults");
    let json = edition.to_json();
    assert_eq!(Edition::from_json(&json).as_ref(), Ok(edition), "JSON");
    assert_eq!(Edition::from_yaml(&edition.to_yaml()).as_ref(), Ok(edition), "YAML");
    assert_eq!(Edition::from_csv(&edition.to_csv()).as_ref(), Ok(edition), "CSV");
    let answers = some_answers(edition);
    assert_eq!(check_answers(edition, &answers), [], "the first possible answers do not fit");
    for answers in [&Answers::new(), &answers] {
        let outcome = outcome(edition, answers, &Review::new(), &Subject::new());
        let form = Form { edition, answers, visible: Some(&outcome.visible), facts: &[], assessment: None };
        let back = read_csv(&write_csv(&form), edition).map(|back| canonical::json(&back));
        assert_eq!(back, Ok(canonical::json(answers)), "a form");
        assert!(write_xlsx(&form).is_ok(), "a workbook");
    }
}

/// What must hold of all answers that a reader of forms accepted.
pub fn must_fit(edition: &Edition, answers: &Answers) {
    assert_eq!(check_answers(edition, answers), [], "answers that were read do not fit");
    for (key, answer) in answers {
        let question = edition.question(key);
        assert!(
            question.is_some_and(|question| normalise_answer(question, answer.clone()) == *answer),
            "an answer that was read is not as it is kept"
        );
    }
    outcome(edition, answers, &Review::new(), &Subject::new());
}
