//! How fast questionnaires are scored, read and prepared, in questions a second.
//!
//! Plain questions, yes-or-no and single choice, all answered: what most questionnaires are made of. Run it with
//! `cargo bench -p diligence-questionnaires`.

#![expect(clippy::unwrap_used, reason = "what is measured here is known to be good")]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use diligence_questionnaires::{Answer, Answers, Edition, Input, Prepared, Review, Subject};
use serde_json::{Value, json};

const PRINCIPLES: usize = 10;
/// A questionnaire as people fill it in, and a very large one.
const SIZES: [usize; 2] = [40, 1_000];
/// From small to the largest there can be: where time grows with the questions, and no faster, the throughput stays.
const GROWING: [usize; 3] = [100, 1_000, 2_000];
const LARGE: usize = 1_000;

fn document(question_count: usize) -> Value {
    let principles: Vec<Value> =
        (0..PRINCIPLES).map(|number| json!({"key": format!("principle_{number}"), "title": format!("Principle {number}"), "weight": 1 + number % 3})).collect();
    let questions: Vec<Value> = (0..question_count).map(question).collect();
    let sections: Vec<Value> = questions
        .chunks(20)
        .enumerate()
        .map(|(number, questions)| json!({"key": format!("section_{number}"), "title": format!("Section {number}"), "questions": questions}))
        .collect();
    json!({
        "key": "load", "title": "A questionnaire to measure with", "edition": "2026.1", "summary": "Plain questions, all of them answered.",
        "framework": "security", "applies_to": ["supplier"], "principles": principles, "sections": sections,
    })
}

fn question(number: usize) -> Value {
    let options = if is_yes_no(number) {
        json!([{"value": "yes", "label": "Yes", "points": 100}, {"value": "no", "label": "No", "points": 0}])
    } else {
        json!([
            {"value": "always", "label": "Always", "points": 100}, {"value": "mostly", "label": "Mostly", "points": 67},
            {"value": "seldom", "label": "Seldom", "points": 33}, {"value": "never", "label": "Never", "points": 0}
        ])
    };
    json!({
        "key": format!("question_{number}"), "principle": format!("principle_{}", number % PRINCIPLES), "weight": 5 + number % 11,
        "text": "Do all accounts that can reach our data need a second factor, besides the password?",
        "type": if is_yes_no(number) { "yes_no" } else { "single_choice" }, "options": options,
    })
}

fn is_yes_no(number: usize) -> bool {
    number.is_multiple_of(2)
}

fn edition(question_count: usize) -> Edition {
    Edition::from_json(&document(question_count).to_string()).unwrap()
}

fn answers(edition: &Edition) -> Answers {
    let answer = |(number, question): (usize, &diligence_questionnaires::Question)| {
        let value = question.options[number % question.options.len()].value.as_str();
        (question.key.clone(), Answer { value: Some(value.into()), ..Answer::default() })
    };
    edition.questions().enumerate().map(answer).collect()
}

/// Measures something with each size of questionnaire, prepared once and answered whole.
fn with_answers(
    criterion: &mut Criterion,
    group: &str,
    sizes: &[usize],
    measured: impl Fn(&Prepared<&Edition>, &Input<'_>),
) {
    let mut group = criterion.benchmark_group(group);
    for size in sizes.iter().copied() {
        let edition = edition(size);
        let (answers, review, subject) = (answers(&edition), Review::new(), Subject::new());
        let input = Input {
            answers: &answers,
            review: &review,
            evidence: &[],
            subject: &subject,
            on: "2026-03-01".parse().unwrap(),
        };
        let prepared = Prepared::new(&edition);
        assert_eq!(prepared.summary(&input).answered_count, u32::try_from(size).unwrap());
        group.throughput(Throughput::Elements(size as u64));
        group.bench_function(BenchmarkId::from_parameter(size), |bencher| {
            bencher.iter(|| measured(&prepared, black_box(&input)))
        });
    }
    group.finish();
}

fn summarise(prepared: &Prepared<&Edition>, input: &Input<'_>) {
    black_box(prepared.summary(input));
}

fn evaluate(prepared: &Prepared<&Edition>, input: &Input<'_>) {
    black_box(prepared.evaluate(input));
}

fn scoring(criterion: &mut Criterion) {
    with_answers(criterion, "summary", &SIZES, summarise);
    with_answers(criterion, "evaluate", &SIZES, evaluate);
}

fn growth(criterion: &mut Criterion) {
    with_answers(criterion, "growth_summary", &GROWING, summarise);
    with_answers(criterion, "growth_evaluate", &GROWING, evaluate);
}

fn reading(criterion: &mut Criterion) {
    let edition = edition(LARGE);
    let (yaml, json) = (edition.to_yaml(), edition.to_json());
    let mut group = criterion.benchmark_group("edition");
    group.throughput(Throughput::Elements(LARGE as u64));
    group.bench_function("from_yaml", |bencher| bencher.iter(|| Edition::from_yaml(black_box(&yaml)).unwrap()));
    group.bench_function("from_json", |bencher| bencher.iter(|| Edition::from_json(black_box(&json)).unwrap()));
    group.bench_function("prepare", |bencher| bencher.iter(|| Prepared::new(black_box(&edition))));
    group.finish();
}

criterion_group!(benches, scoring, growth, reading);
criterion_main!(benches);
