//! Any JSON as answers, reviewers' points and facts about a subject.
#![no_main]

use std::sync::LazyLock;

use diligence_fuzz::{every_kind, outcome, seeds, some_answers};
use diligence_questionnaires::workbook::{Form, read_csv, write_csv, write_xlsx};
use diligence_questionnaires::{
    Answers, Edition, Review, Subject, check_answers, check_review, check_subject, library, normalise_answer,
};
use libfuzzer_sys::fuzz_target;
use serde::Deserialize;
use serde_json::json;

static EDITION: LazyLock<Edition> = LazyLock::new(every_kind);

#[derive(Default, Deserialize)]
#[serde(default)]
struct Given {
    answers: Answers,
    review: Review,
    subject: Subject,
}

fn inputs() -> Vec<Vec<u8>> {
    let review = json!({"t": {"points": 50}, "y": {"points": 0, "reason": "Seen"}});
    let subject = json!({"tier": "high", "affects": ["staff"], "ai_features": "core"});
    let of = |edition: &Edition| {
        json!({"answers": some_answers(edition), "review": review, "subject": subject}).to_string().into_bytes()
    };
    let whys = json!({"answers": {"y": {"not_applicable": "Why", "comment": "C", "evidence_ids": ["e1", "e2"]}, "m": {"value": ["b", "a"]}}}).to_string();
    [of(&EDITION), whys.into_bytes()].into_iter().chain(library::editions().iter().map(of)).collect()
}

fuzz_target!(
    init: seeds(inputs),
    |data: &[u8]| {
        let Ok(Given { answers, review, subject }) = serde_json::from_slice::<Given>(data) else { return };
        let _ = check_subject(&subject);
        for edition in library::editions().iter().chain([&*EDITION]) {
            let faults = check_answers(edition, &answers);
            let _ = check_review(edition, &review);
            outcome(edition, &answers, &review, &subject);
            let normal: Answers = answers
                .iter()
                .map(|(key, answer)| (key.clone(), edition.question(key).map_or_else(|| answer.clone(), |question| normalise_answer(question, answer.clone()))))
                .collect();
            for (key, answer) in &normal {
                assert!(edition.question(key).is_none_or(|question| normalise_answer(question, answer.clone()) == *answer), "normalising again changes an answer");
            }
            let form = Form { edition, answers: &answers, visible: None, facts: &[], assessment: None };
            let back = read_csv(&write_csv(&form), edition);
            assert!(!faults.is_empty() || back.is_ok(), "answers that fit do not fit in a form: {back:?}");
        }
        let _ = write_xlsx(&Form { edition: &EDITION, answers: &answers, visible: None, facts: &[], assessment: None });
    }
);
