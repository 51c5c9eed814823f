//! Receipts checked by two programs that were written from `openapi/receipt.md` alone: they and the engine agree.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use diligence_questionnaires::{EvidenceFact, EvidenceKind, PortableReceipt, ReviewedPoints, canonical, library};
use serde_json::{Value, json};

use crate::harness::*;
use crate::properties::{Dice, FULL, random_case, random_edition};
use crate::receipts::file_of;

/// Files in a folder of their own, which goes with them.
struct Folder(PathBuf);

/// How many folders there were.
static FOLDERS: AtomicU32 = AtomicU32::new(0);

impl Folder {
    fn new() -> Self {
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("receipts_{}_{number}", std::process::id()));
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

/// What the engine and both programs say of these files; expects them to agree.
fn all_say(texts: &[String]) -> Vec<String> {
    let folder = Folder::new();
    let names: Vec<String> = (0..texts.len()).map(|number| format!("{number}.json")).collect();
    names.iter().zip(texts).for_each(|(name, text)| std::fs::write(folder.0.join(name), text).unwrap());
    let python = told("python3", "check_receipt.py", &folder.0, &names);
    let javascript = told("node", "check_receipt.mjs", &folder.0, &names);
    let agreed = names.iter().zip(texts).map(|(name, text)| {
        let said = ours(text).unwrap_or_else(|| panic!("it can be read: {text}"));
        assert_eq!((&python[name], &javascript[name]), (&said, &said), "{text}");
        said
    });
    agreed.collect()
}

/// Every order that these can stand in.
fn orders(pieces: &[EvidenceFact]) -> Vec<Vec<EvidenceFact>> {
    let [first, rest @ ..] = pieces else { return vec![Vec::new()] };
    let with_first = |order: Vec<EvidenceFact>| {
        (0..=order.len()).map(move |place| {
            let mut longer = order.clone();
            longer.insert(place, first.clone());
            longer
        })
    };
    orders(rest).into_iter().flat_map(with_first).collect()
}

#[test]
fn several_pieces_of_evidence_with_one_id_go_by_their_bytes_wherever_they_stand() {
    let piece = |kind: EvidenceKind, issued_on: Option<&str>, expires_on: Option<&str>| EvidenceFact {
        id: "a".to_owned(),
        kind,
        issued_on: issued_on.map(|day| day.parse().unwrap()),
        expires_on: expires_on.map(|day| day.parse().unwrap()),
        file_sha256: None,
        not_counted: None,
    };
    // The order of the bytes is neither that of their kinds, nor that of their days of issue, nor that of their lengths.
    let pieces = [
        piece(EvidenceKind::CyberEssentials, Some("2026-05-01"), None),
        piece(EvidenceKind::Soc2, None, Some("2027-04-30")),
        piece(EvidenceKind::Other, None, None),
        piece(EvidenceKind::Dspt, Some("2026-01-01"), Some("2027-05-01")),
        piece(EvidenceKind::Other, None, None),
    ];
    let edition = edition(&questions(json!([yes_no("mfa", json!({}))])));
    let mut case = Case::of(answers([("mfa", value("yes"))]));
    case.evidence = pieces.to_vec();
    let file = file_of(&edition, &case);
    let sorted = [
        r#"{"expires_on":"2027-04-30","id":"a","kind":"soc_2"}"#,
        r#"{"expires_on":"2027-05-01","id":"a","issued_on":"2026-01-01","kind":"dspt"}"#,
        r#"{"id":"a","issued_on":"2026-05-01","kind":"cyber_essentials"}"#,
        r#"{"id":"a","kind":"other"}"#,
        r#"{"id":"a","kind":"other"}"#,
    ];
    let list: Value = serde_json::from_str(&format!("[{}]", sorted.join(","))).unwrap();
    assert_eq!(canonical::jcs(&list), format!("[{}]", sorted.join(",")));
    assert_eq!(file.receipt.evidence_hashes.as_ref().unwrap()["a"], canonical::jcs_sha256(&list));

    let (mut texts, mut other_texts) = (Vec::new(), Vec::new());
    for order in orders(&pieces) {
        let mut turned = file.clone();
        turned.basis.evidence = order;
        texts.push(serde_json::to_string(&turned).unwrap());
        turned.basis.evidence.pop();
        other_texts.push(serde_json::to_string(&turned).unwrap());
    }
    assert_eq!(texts.len(), 120);
    assert!(all_say(&texts).iter().all(|said| said == "holds"));
    // Also of two that are equal, one is too few.
    assert!(all_say(&other_texts).iter().all(|said| said == "/answers_hash /evidence_hashes/a"));
}

#[test]
fn the_example_of_the_description_holds_and_its_bytes_are_those_that_are_hashed() {
    let page = include_str!("../../../openapi/receipt.md");
    let (before, rest) = page.split_once("```json\n").unwrap();
    let (text, _) = rest.split_once("```").unwrap();
    let file = PortableReceipt::from_json(text).unwrap();
    assert_eq!((file.verify(), file.faults()), (Vec::new(), Vec::new()));
    assert_eq!(all_say(&[text.to_owned()]), ["holds"]);

    // The bytes are set apart, each list of them after the sentence that tells how many they are.
    let example = before.split_once("## An example").unwrap().1;
    let receipt = &file.receipt;
    let (answers, evidence) = (receipt.answer_hashes.as_ref().unwrap(), receipt.evidence_hashes.as_ref().unwrap());
    let hashes = [("these 56 bytes", &answers["hours"]), ("these 142\nbytes", &evidence["evd_1"])];
    let set_apart = example.split("\n\n").filter(|part| part.starts_with("    "));
    let set_apart: Vec<String> = set_apart.map(|part| part.lines().map(str::trim_start).collect()).collect();
    assert_eq!(set_apart.len(), hashes.len());
    for (bytes, (sentence, hash)) in set_apart.iter().zip(hashes) {
        assert!(example.contains(sentence), "{sentence}");
        assert!(sentence.contains(&bytes.len().to_string()), "{bytes}");
        let value: Value = serde_json::from_str(bytes).unwrap();
        assert_eq!((&canonical::jcs(&value), &canonical::jcs_sha256(&value)), (bytes, hash));
    }
}
