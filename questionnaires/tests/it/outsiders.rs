//! Receipts checked by two programs that were written from `openapi/receipt.md` alone: they and the engine agree.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use diligence_questionnaires::{EvidenceFact, EvidenceKind, PortableReceipt, ReviewedPoints, library};
use serde_json::{Value, json};

use crate::harness::*;
use crate::properties::{Dice, FULL, random_case, random_edition};
use crate::receipts::file_of;

/// Files in a folder of their own, which goes with them.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("receipts_{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// What a program says of each file, by its name.
fn told(program: &str, script: &str, folder: &Path, names: &[String]) -> BTreeMap<String, String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/contract").join(script);
    let run = Command::new(program).arg(script.canonicalize().unwrap()).args(names).current_dir(folder).output();
    let run = run.unwrap_or_else(|error| panic!("{program} is needed to check receipts: {error}"));
    let said = String::from_utf8(run.stdout).unwrap();
    let lines = said.lines().map(|line| line.split_once(": ").unwrap());
    let found: BTreeMap<String, String> = lines.map(|(name, said)| (name.to_owned(), said.to_owned())).collect();
    assert_eq!(found.len(), names.len(), "{}", String::from_utf8_lossy(&run.stderr));
    let all_hold = found.values().all(|said| said == "holds");
    assert_eq!(run.status.code(), Some(i32::from(!all_hold)), "{}", String::from_utf8_lossy(&run.stderr));
    found
}

/// What the engine says, as far as it is said of hashes; `None` where it does not read the file.
fn ours(text: &str) -> Option<String> {
    let read = PortableReceipt::from_json(text).ok()?;
    let is_hash = |pointer: &String| {
        ["/answer_hashes/", "/evidence_hashes/"].iter().any(|list| pointer.starts_with(list))
            || ["/edition_hash", "/answers_hash", "/subject_hash", "/hash", "/questionnaire", "/edition"]
                .contains(&pointer.as_str())
    };
    let mut places: Vec<String> =
        read.verify().into_iter().map(|difference| difference.pointer).filter(is_hash).collect();
    places.sort();
    Some(if places.is_empty() { "holds".to_owned() } else { places.join(" ") })
}

fn leaves(value: &Value, pointer: &str, found: &mut Vec<String>) {
    let step = |name: &str| name.replace('~', "~0").replace('/', "~1");
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, member)| leaves(member, &format!("{pointer}/{}", step(name)), found))
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| leaves(item, &format!("{pointer}/{index}"), found))
        }
        _ => found.push(pointer.to_owned()),
    }
}

/// Something else that may stand in the place of a value.
fn another(dice: &mut Dice, value: &Value) -> Value {
    match value {
        Value::Bool(value) => json!(!value),
        Value::Number(number) if dice.one_in(2) => json!(number.as_f64().unwrap() + 0.5),
        Value::Number(number) => json!(number.as_f64().unwrap() + 1.0),
        Value::String(text) => json!(format!("{text}\u{fc}")),
        _ => json!(12.5),
    }
}

/// The same value, spelled otherwise: members from last to first, whole numbers with a decimal point.
fn spelled_otherwise(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            members.iter().rev().map(|(name, member)| (name.clone(), spelled_otherwise(member))).collect()
        }
        Value::Array(items) => items.iter().map(spelled_otherwise).collect(),
        Value::Number(number) => json!(number.as_f64().unwrap()),
        other => other.clone(),
    }
}

/// A case with what readers of JSON like to disagree about.
fn awkward() -> PortableReceipt {
    let text = |key: &str| json!({"key": key, "principle": "p", "text": "Was fällt auf? \u{1f600}", "type": "text"});
    let number = json!({"key": "n", "principle": "p", "text": "How many?", "type": "number",
        "bands": [{"at_least": 18, "points": 100}, {"at_least": 0.001, "points": "33 1/3"}, {"otherwise": true, "points": 0}]});
    let edition = edition(&questions(json!([text("t"), text("u"), number])));
    let mut case = Case::of(answers([
        ("t", value("M\u{fc}\u{df}ig \u{1f600} \"\\/\u{7f}\u{80}\u{2028}\ttab\nline")),
        ("u", value("e\u{301} is not \u{e9}")),
        ("n", value(18.0)),
        ("gone/with~all \u{ff3a}", value(json!([null, 0.001, -0.5, 999_999_999_999_i64, 1e-3]))),
        ("\u{1f600}", value("sorts before \u{ff3a} by code units, behind it by characters")),
    ]));
    case.review.insert("t".to_owned(), ReviewedPoints { points: 50, reason: None, reviewer: Some("Zoë".to_owned()) });
    case.review.insert("only reviewed".to_owned(), ReviewedPoints { points: 1, reason: None, reviewer: None });
    case.evidence = ["\u{ff3a}", "\u{1f600}", "a", "a"]
        .into_iter()
        .zip([EvidenceKind::Other, EvidenceKind::Dspt, EvidenceKind::Policy, EvidenceKind::Dspt])
        .map(|(id, kind)| EvidenceFact {
            id: id.to_owned(),
            kind,
            issued_on: None,
            expires_on: None,
            file_sha256: None,
            not_counted: None,
        })
        .collect();
    file_of(&edition, &case)
}

#[test]
fn two_programs_written_from_the_description_alone_agree_with_the_engine() {
    let mut dice = Dice(27);
    let mut files: Vec<PortableReceipt> = vec![awkward()];
    files.extend((0..12).map(|_| {
        let edition = random_edition(&mut dice, FULL);
        let case = random_case(&mut dice, &edition);
        file_of(&edition, &case)
    }));
    let largest = library::editions().first().unwrap();
    files.push(file_of(largest, &random_case(&mut dice, largest)));

    let mut texts: Vec<String> = Vec::new();
    for file in &files {
        let whole = serde_json::to_value(file).unwrap();
        let text = whole.to_string();
        assert_eq!(ours(&text).as_deref(), Some("holds"));
        texts.push(serde_json::to_string_pretty(&spelled_otherwise(&whole)).unwrap());
        texts.push(text.replacen("{\"value\"", "{\"value\":1,\"value\"", 1));
        texts.push(text);
        let mut places = Vec::new();
        leaves(&whole, "", &mut places);
        for _ in 0..30 {
            let (mut changed, pointer) = (whole.clone(), dice.pick(&places));
            let place = changed.pointer_mut(pointer).unwrap();
            *place = another(&mut dice, place);
            texts.push(changed.to_string());
        }
        for part in ["answers", "review"] {
            let mut changed = whole.clone();
            let members = changed[part].as_object_mut().unwrap();
            let first = members.keys().next().cloned();
            if first.and_then(|key| members.remove(&key)).is_some() {
                texts.push(changed.to_string());
            }
        }
    }

    let folder = Folder::new();
    let names: Vec<String> = (0..texts.len()).map(|number| format!("{number}.json")).collect();
    names.iter().zip(&texts).for_each(|(name, text)| std::fs::write(folder.0.join(name), text).unwrap());
    let python = told("python3", "check_receipt.py", &folder.0, &names);
    let javascript = told("node", "check_receipt.mjs", &folder.0, &names);
    let (mut held, mut named, mut refused) = (0, 0, 0);
    for (name, text) in names.iter().zip(&texts) {
        let (python, javascript) = (&python[name], &javascript[name]);
        match ours(text) {
            Some(said) => {
                assert_eq!((python, javascript), (&said, &said), "{text}");
                held += usize::from(said == "holds");
                named += usize::from(said.contains("/answer_hashes/"));
            }
            // What cannot be read here holds nowhere.
            None => {
                assert!(python != "holds" && javascript != "holds", "{python} {javascript} {text}");
                refused += usize::from(python.starts_with("refused") && javascript.starts_with("refused"));
            }
        }
    }
    assert!(held >= 2 * files.len() && named > 20 && refused >= files.len() / 2, "{held} {named} {refused}");
}

#[test]
fn the_example_of_the_description_is_the_one_that_the_engine_gives() {
    let page = include_str!("../../../openapi/receipt.md");
    let edition = edition(&questions(json!([yes_no("mfa", json!({}))])));
    let mut no = value("no");
    no.comment = Some("Für später".to_owned());
    let hashes = file_of(&edition, &Case::of(answers([("mfa", no)]))).receipt.answer_hashes.unwrap();
    assert!(page.contains(&hashes["mfa"]), "{}", hashes["mfa"]);
}
