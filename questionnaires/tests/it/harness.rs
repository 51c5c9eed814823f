//! Builders shared by the tests.

use std::collections::BTreeSet;

use diligence_questionnaires::{Answer, Answers, Edition, EvidenceFact, Input, Outcome, Review, Subject, evaluate};
use serde_json::{Value, json};

pub const ON: &str = "2026-03-01";

/// A whole edition around some principles and sections, written as JSON.
pub fn document(principles: Value, sections: Value) -> Value {
    let own: BTreeSet<&str> =
        principles.as_array().unwrap().iter().filter_map(|principle| principle["framework"].as_str()).collect();
    let own: Vec<Value> = own
        .into_iter()
        .filter(|name| !["security", "ethical_ai"].contains(name))
        .map(|name| json!({"key": name, "title": name}))
        .collect();
    let mut document = json!({
        "key": "example", "title": "An example", "edition": "2026.1", "summary": "For tests.", "framework": "security",
        "applies_to": ["supplier"], "principles": principles, "sections": sections
    });
    if !own.is_empty() {
        document["frameworks"] = own.into();
    }
    document
}

/// One principle and one section with these questions.
pub fn questions(questions: Value) -> Value {
    document(json!([{"key": "p", "title": "P"}]), json!([{"key": "s", "title": "S", "questions": questions}]))
}

pub fn edition(document: &Value) -> Edition {
    Edition::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults:#?}\n{document:#}"))
}

/// A yes-or-no question worth 100 for yes, with more members put in.
pub fn yes_no(key: &str, more: Value) -> Value {
    let options = json!([{"value": "yes", "label": "Yes", "points": 100}, {"value": "no", "label": "No", "points": 0}]);
    with(json!({"key": key, "principle": "p", "text": "Is it?", "type": "yes_no", "options": options}), more)
}

pub fn with(mut value: Value, more: Value) -> Value {
    for (key, member) in more.as_object().unwrap() {
        value[key] = member.clone();
    }
    value
}

pub fn value(value: impl Into<Value>) -> Answer {
    Answer { value: Some(value.into()), ..Answer::default() }
}

pub fn skipped(reason: &str) -> Answer {
    Answer { not_applicable: Some(reason.to_owned()), ..Answer::default() }
}

pub fn answers<const N: usize>(list: [(&str, Answer); N]) -> Answers {
    list.into_iter().map(|(key, answer)| (key.to_owned(), answer)).collect()
}

#[derive(Default)]
pub struct Case {
    pub answers: Answers,
    pub review: Review,
    pub evidence: Vec<EvidenceFact>,
    pub subject: Subject,
}

impl Case {
    pub fn of(answers: Answers) -> Self {
        Self { answers, ..Self::default() }
    }

    pub fn input(&self) -> Input<'_> {
        Input {
            answers: &self.answers,
            review: &self.review,
            evidence: &self.evidence,
            subject: &self.subject,
            on: ON.parse().unwrap(),
        }
    }

    pub fn outcome(&self, edition: &Edition) -> Outcome {
        evaluate(edition, &self.input())
    }
}
