//! Editions, answers and damage by chance, the same for the same seed.

use diligence_questionnaires::{Edition, EvidenceFact, EvidenceKind, NotApplicable, QuestionType, ReviewedPoints};
use serde_json::{Value, json};

use crate::harness::*;

/// Numbers that look random and come out the same for the same seed.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.roll() % limit.max(1)
    }

    pub fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        let index = usize::try_from(self.below(list.len() as u64)).unwrap();
        &list[index]
    }

    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for index in (1..list.len()).rev() {
            list.swap(index, usize::try_from(self.below(index as u64 + 1)).unwrap());
        }
    }
}

#[derive(Clone, Copy)]
pub struct Shape {
    pub conditions: bool,
    pub information: bool,
}

pub const PLAIN: Shape = Shape { conditions: false, information: true };
pub const FULL: Shape = Shape { conditions: true, information: true };

const SUBJECT_LEAVES: [(&str, &str); 3] = [("tier", "high"), ("data_role", "none"), ("affects", "staff")];

fn condition(dice: &mut Dice, asked: &[(String, &'static str)], depth: u64) -> Value {
    let kind = match dice.below(if depth == 0 { 3 } else { 6 }) {
        1 | 2 if asked.is_empty() => 0,
        kind => kind,
    };
    match kind {
        0 => {
            let (fact, is) = *dice.pick(&SUBJECT_LEAVES);
            json!({"subject": fact, "is": is})
        }
        1 | 2 => {
            let (key, kind) = dice.pick(asked).clone();
            match (kind, dice.below(2)) {
                ("yes_no", 0) => json!({"question": key, "is": "yes"}),
                ("single_choice", 0) => json!({"question": key, "is": "o0"}),
                ("multiple_choice", 0) => json!({"question": key, "includes": "o1"}),
                ("number", 0) => json!({"question": key, "at_least": 40}),
                ("date", 0) => json!({"question": key, "before": "2025-06-01"}),
                _ => json!({"question": key, "answered": dice.one_in(2)}),
            }
        }
        3 => json!({"not": condition(dice, asked, depth - 1)}),
        number => {
            let parts: Vec<Value> = (0..=dice.below(2)).map(|_| condition(dice, asked, depth - 1)).collect();
            if number == 4 { json!({"all": parts}) } else { json!({"any": parts}) }
        }
    }
}

fn finding(dice: &mut Dice) -> Value {
    json!({"severity": dice.pick(&["low", "moderate", "high", "extreme"]), "title": "T", "advice": "A"})
}

fn question(
    dice: &mut Dice,
    number: u64,
    principles: u64,
    asked: &[(String, &'static str)],
    shape: Shape,
) -> (String, &'static str, Value) {
    let kind = *dice.pick(&["yes_no", "single_choice", "multiple_choice", "number", "date", "text", "file"]);
    let key = format!("q{number}");
    let mut question = json!({"key": key, "principle": format!("p{}", dice.below(principles)), "text": "?", "type": kind, "weight": 1 + dice.below(50)});
    if shape.information && dice.one_in(6) {
        question["weight"] = json!(0);
    }
    question["required"] = json!(dice.one_in(3));
    if dice.one_in(2) {
        question["not_applicable"] = json!(if dice.one_in(3) { "without_reason" } else { "with_reason" });
        question["required"] = json!(false);
    }
    if dice.one_in(3) {
        question["evidence"] = json!({"need": "needed", "kinds": ["iso_27001"]});
    }
    if shape.conditions && dice.one_in(2) {
        question["show_if"] = condition(dice, asked, 2);
    }
    let (thirds, costs) = (dice.one_in(3), dice.one_in(4));
    let mut option = |value: &str, points: Value| {
        let mut option = json!({"value": value, "label": "L", "points": points});
        if dice.one_in(8) {
            option["knock_out"] = json!("Why");
        }
        if dice.one_in(4) {
            option["finding"] = finding(dice);
        }
        option
    };
    match kind {
        "yes_no" => question["options"] = json!([option("no", json!(100)), option("yes", json!(0))]),
        "single_choice" => {
            question["options"] = json!([
                option("o0", json!(100)),
                option("o1", if thirds { json!("33 1/3") } else { json!(33) }),
                option("o2", if thirds { json!("200/3") } else { json!(66.67) }),
                option("o3", json!(0))
            ])
        }
        "multiple_choice" => {
            let mut none = option("none", json!(0));
            none["exclusive"] = json!(true);
            let third = || json!("33 1/3");
            let [first, second, last] = match (thirds, costs) {
                (_, true) => [json!(100), json!("-100/7"), json!(-90)],
                (true, false) => [third(), third(), third()],
                (false, false) => [json!(35), json!(20), json!(45)],
            };
            question["options"] = json!([option("o0", first), option("o1", second), option("o2", last), none]);
        }
        "number" => {
            question["bands"] = json!([{"at_least": 90, "points": 100}, {"at_least": 40.5, "points": 30}, {"otherwise": true, "points": 0}])
        }
        "date" => question["bands"] = json!([{"within_months": 6, "points": 100}, {"within_months": 18, "points": 55}]),
        _ => {}
    }
    (key, kind, question)
}

pub fn random_document(dice: &mut Dice, shape: Shape) -> Value {
    let principles = 1 + dice.below(4);
    let list: Vec<Value> = (0..principles)
        .map(|number| {
            let mut principle = json!({"key": format!("p{number}"), "title": "P", "weight": dice.below(6)});
            if dice.one_in(3) {
                principle["framework"] = json!("other");
            }
            principle
        })
        .collect();
    let mut asked: Vec<(String, &'static str)> = Vec::new();
    let mut number = 0;
    let mut sections = Vec::new();
    for section in 0..=dice.below(3) {
        let before = asked.clone();
        let questions: Vec<Value> = (0..=dice.below(6))
            .map(|_| {
                let (key, kind, question) = question(dice, number, principles, &asked, shape);
                asked.push((key, kind));
                number += 1;
                question
            })
            .collect();
        let mut section = json!({"key": format!("s{section}"), "title": "S", "questions": questions});
        if shape.conditions && dice.one_in(3) {
            section["show_if"] = condition(dice, &before, 1);
        }
        sections.push(section);
    }
    let mut document = document(list.into(), sections.into());
    if shape.conditions {
        document["findings"] = (0..dice.below(3))
            .map(|number| with(finding(dice), json!({"key": format!("f{number}"), "when": condition(dice, &asked, 2)})))
            .collect();
    }
    document
}

/// Read without the check: chance makes conditions that exclude one another.
pub fn random_edition(dice: &mut Dice, shape: Shape) -> Edition {
    serde_json::from_value(random_document(dice, shape)).unwrap()
}

pub fn random_value(dice: &mut Dice, kind: QuestionType) -> Value {
    match kind {
        QuestionType::YesNo => json!(dice.pick(&["yes", "no"])),
        QuestionType::SingleChoice => json!(dice.pick(&["o0", "o1", "o2", "o3"])),
        QuestionType::MultipleChoice => {
            let chosen: Vec<&str> = ["o0", "o1", "o2"].into_iter().filter(|_| dice.one_in(2)).collect();
            if chosen.is_empty() { json!(["none"]) } else { json!(chosen) }
        }
        QuestionType::Number => json!(dice.below(1000) as f64 / 10.0),
        QuestionType::Date => json!(format!("202{}-0{}-1{}", 4 + dice.below(3), 1 + dice.below(9), dice.below(10))),
        QuestionType::Text => json!("Words"),
        QuestionType::File => json!("e1"),
    }
}

pub fn random_case(dice: &mut Dice, edition: &Edition) -> Case {
    let mut case = Case::default();
    for question in edition.questions() {
        let mut answer = match dice.below(6) {
            0 => continue,
            1 if question.not_applicable == NotApplicable::WithReason => skipped("Because"),
            1 if question.not_applicable == NotApplicable::WithoutReason => skipped(""),
            _ => value(random_value(dice, question.kind)),
        };
        answer.evidence_ids = (0..dice.below(3)).map(|_| format!("e{}", dice.below(4))).collect();
        case.answers.insert(question.key.clone(), answer);
        if dice.one_in(3) {
            let reason = dice.one_in(2).then(|| "Seen".to_owned());
            let points = u8::try_from(dice.below(101)).unwrap();
            case.review.insert(question.key.clone(), ReviewedPoints { points, reason, reviewer: None });
        }
    }
    for number in 0..dice.below(5) {
        let kind = *dice.pick(&[EvidenceKind::Iso27001, EvidenceKind::Dspt]);
        let day = |dice: &mut Dice| {
            dice.pick(&[None, Some("2026-02-01"), Some("2026-03-01"), Some("2026-04-01")])
                .map(|date| date.parse().unwrap())
        };
        case.evidence.push(EvidenceFact {
            id: format!("e{number}"),
            kind,
            issued_on: day(dice),
            expires_on: day(dice),
            file_sha256: None,
            not_counted: None,
        });
    }
    for (fact, is) in SUBJECT_LEAVES {
        if dice.one_in(2) {
            case.subject.set(fact, [is]);
        }
    }
    case
}

const JUNK: [&str; 12] = [
    "null",
    "true",
    "-1",
    "1e9",
    "\"\"",
    "\"no such thing\"",
    "[]",
    "{}",
    "[{}]",
    "{\"all\": [{\"not\": {}}]}",
    "101",
    "\"a\"",
];

pub fn junk(dice: &mut Dice) -> Value {
    serde_json::from_str(dice.pick::<&str>(&JUNK)).unwrap()
}

/// Replaces, removes or doubles something somewhere in a tree.
pub fn mutate(dice: &mut Dice, value: &mut Value) {
    let stop = dice.one_in(4);
    match value {
        Value::Object(members) if !members.is_empty() => {
            let keys: Vec<String> = members.keys().cloned().collect();
            let key = dice.pick(&keys).clone();
            match (stop, dice.below(3)) {
                (false, _) => mutate(dice, &mut members[&key]),
                (true, 0) => drop(members.shift_remove(&key)),
                (true, 1) => drop(members.insert(format!("{key}x"), json!(1))),
                (true, _) => drop(members.insert(key, junk(dice))),
            }
        }
        Value::Array(items) if !items.is_empty() => {
            let index = usize::try_from(dice.below(items.len() as u64)).unwrap();
            if stop {
                let copy = items[index].clone();
                items.push(copy);
            } else {
                mutate(dice, &mut items[index]);
            }
        }
        leaf => *leaf = junk(dice),
    }
}
