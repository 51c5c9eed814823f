//! Receipts, hashes, and the bytes of a result.

use diligence_questionnaires::receipt::{self, MAX_FACTS};
use diligence_questionnaires::{
    Basis, Decided, DecisionMade, ENGINE_VERSION, Edition, EvidenceFact, EvidenceKind, Named, PortableReceipt,
    Prepared, Replacement, ReviewedPoints, library,
};
use serde_json::{Value, json};

use crate::harness::*;

fn case() -> Case {
    let mut case = Case::of(answers([("a", value("yes")), ("b", value("no"))]));
    case.evidence = ["y", "x"]
        .map(|id| EvidenceFact {
            id: id.to_owned(),
            kind: EvidenceKind::Other,
            issued_on: None,
            expires_on: None,
            file_sha256: None,
            not_counted: None,
        })
        .into();
    case
}

fn example() -> diligence_questionnaires::Edition {
    edition(&questions(json!([yes_no("a", json!({})), yes_no("b", json!({}))])))
}

#[test]
fn a_receipt_holds_until_anything_in_it_changes() {
    let (edition, case) = (example(), case());
    let issued = receipt::issue_first(&edition, &case.input());
    assert_eq!(receipt::verify(&edition, &case.input(), &issued), []);
    let read: diligence_questionnaires::Receipt =
        serde_json::from_str(&serde_json::to_string(&issued).unwrap()).unwrap();
    assert_eq!(receipt::verify(&edition, &case.input(), &read), []);

    let pointers = |receipt: &diligence_questionnaires::Receipt, case: &Case, edition| -> Vec<String> {
        receipt::verify(edition, &case.input(), receipt).into_iter().map(|difference| difference.pointer).collect()
    };
    let mut changed = issued.clone();
    changed.outcome.claimed = None;
    assert_eq!(pointers(&changed, &case, &edition), ["/outcome/claimed"]);
    changed = issued.clone();
    changed.engine_version = "0".to_owned();
    assert_eq!(pointers(&changed, &case, &edition), ["/engine_version"]);
    changed = issued.clone();
    changed.outcome.visible.pop();
    let difference = &receipt::verify(&edition, &case.input(), &changed)[0];
    assert_eq!(
        (difference.pointer.as_str(), difference.expected.clone(), difference.found.clone()),
        ("/outcome/visible/1", Some(json!("b")), None)
    );

    let replaced = Replacement { from: 100.into(), to: 0.into(), reason: "Seen".to_owned() };
    changed = issued.clone();
    changed.outcome.contributions[0].replaced = Some(replaced);
    let difference = &receipt::verify(&edition, &case.input(), &changed)[0];
    assert_eq!(
        (difference.pointer.as_str(), difference.expected.is_none()),
        ("/outcome/contributions/0/replaced", true)
    );
    let mut reviewed = Case { answers: case.answers.clone(), ..Case::default() };
    reviewed
        .review
        .insert("a".to_owned(), ReviewedPoints { points: 0, reason: Some("Seen".to_owned()), reviewer: None });
    changed = receipt::issue_first(&edition, &reviewed.input());
    changed.outcome.contributions[0].replaced = None;
    let difference = &receipt::verify(&edition, &reviewed.input(), &changed)[0];
    assert_eq!((difference.pointer.as_str(), difference.found.is_none()), ("/outcome/contributions/0/replaced", true));

    let mut other = Case { answers: case.answers.clone(), ..Case::default() };
    assert_eq!(pointers(&issued, &other, &edition), ["/answers_hash"]);
    other.evidence = case.evidence.clone();
    other.answers.insert("b".to_owned(), value("yes"));
    assert!(pointers(&issued, &other, &edition).contains(&"/outcome/claimed".to_owned()));
    let mut reworded = edition.clone();
    reworded.sections[0].questions[0].text = "Really?".to_owned();
    assert_eq!(pointers(&issued, &case, &reworded), ["/edition_hash"]);
}

#[test]
fn hashes_do_not_depend_on_order_or_on_how_a_number_is_written() {
    let mut case = case();
    let hash = receipt::first_answers_hash(&case.input());
    case.evidence.reverse();
    assert_eq!(receipt::first_answers_hash(&case.input()), hash);
    case.answers.insert("n".to_owned(), value(95.0));
    let float = receipt::first_answers_hash(&case.input());
    case.answers.insert("n".to_owned(), value(95));
    assert_eq!(receipt::first_answers_hash(&case.input()), float);
    assert_ne!(float, hash);
}

#[test]
fn the_bytes_of_hashes_and_results_never_change() {
    let (edition, case) = (example(), case());
    assert_eq!(ENGINE_VERSION, "1");
    assert_eq!(edition.hash(), "742745dea0b993de4e3d6a2915457e41df65f1a9e53b770322425b3e600ee406");
    assert_eq!(
        receipt::first_answers_hash(&case.input()),
        "32945cac3eb43ec5593a3b454b0dcf3f6ab5259f2354b8a06bea4d3dd4766685"
    );
    assert_eq!(
        diligence_questionnaires::canonical::sha256(&case.outcome(&edition)),
        "28477529e47e3af2cad564eb018c29d1a68e07e325be971364ef1cc1001dd023"
    );
}

#[test]
fn the_summary_says_what_the_result_says() {
    for edition in library::editions() {
        let outcome = Case::default().outcome(edition);
        let summary = Prepared::new(edition).summary(&Case::default().input());
        assert_eq!(
            (summary.claimed, summary.evidenced, summary.coverage),
            (outcome.claimed, outcome.evidenced, outcome.coverage)
        );
        assert_eq!((summary.counting_count, summary.knocked_out), (outcome.counting_count, outcome.is_knocked_out()));
    }
}

#[test]
fn a_receipt_with_more_evidence_than_anyone_has_is_not_read() {
    let (edition, mut case) = (example(), case());
    case.evidence = vec![case.evidence[0].clone(); MAX_FACTS + 1];
    let file = |evidence: &[EvidenceFact]| {
        let basis = Basis { evidence: evidence.to_vec(), subject: case.subject.clone() };
        let receipt =
            receipt::issue_first(&edition, &Case { answers: case.answers.clone(), ..Case::default() }.input());
        PortableReceipt {
            receipt,
            edition: edition.clone(),
            answers: case.answers.clone(),
            review: case.review.clone(),
            basis,
        }
    };
    let read = |evidence: &[EvidenceFact]| {
        PortableReceipt::from_json(&serde_json::to_string(&file(evidence)).unwrap())
            .map_err(|faults| faults[0].code.clone())
    };
    assert!(read(&case.evidence[1..]).is_ok());
    assert_eq!(read(&case.evidence), Err("too_many".to_owned()));
}

pub fn decided() -> Decided {
    let named = |id: &str, name: &str| Named { id: id.to_owned(), name: name.to_owned() };
    Decided {
        assessment_id: "asm_1".to_owned(),
        supplier: named("sup_1", "Käthe Müßig & Söhne"),
        product: Some(named("pro_1", "Pflegeplan")),
        decision: DecisionMade::Approved,
        by: named("usr_1", "Zoë Ødegård"),
        at: "2027-03-01T09:30:00Z".to_owned(),
    }
}

pub fn file_of(edition: &Edition, case: &Case) -> PortableReceipt {
    PortableReceipt {
        receipt: receipt::issue(edition, &case.input(), decided()),
        edition: edition.clone(),
        answers: case.answers.clone(),
        review: case.review.clone(),
        basis: Basis { evidence: case.evidence.clone(), subject: case.subject.clone() },
    }
}

/// The pointers of what differs in a file of which one place has been changed.
fn differing(file: &PortableReceipt, pointer: &str, to: Value) -> Vec<String> {
    let mut value = serde_json::to_value(file).unwrap();
    *value.pointer_mut(pointer).unwrap() = to;
    let read = PortableReceipt::from_json(&value.to_string()).unwrap();
    read.verify().into_iter().map(|difference| difference.pointer).collect()
}

fn codes(text: &str) -> Vec<String> {
    let faults = PortableReceipt::from_json(text).unwrap_err();
    faults.into_iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect()
}

#[test]
fn a_receipt_says_whose_it_is_and_nobody_can_put_another_name_on_it() {
    let file = file_of(&example(), &case());
    assert_eq!(file.verify(), []);
    let read = PortableReceipt::from_json(&serde_json::to_string(&file).unwrap()).unwrap();
    assert_eq!((read.verify(), &read), (vec![], &file));
    assert_eq!(file.receipt, file.recomputed());
    for (place, to) in [
        ("supplier/name", json!("Another")),
        ("supplier/id", json!("sup_2")),
        ("product/name", json!("Another")),
        ("assessment_id", json!("asm_2")),
        ("decision", json!("refused")),
        ("by/name", json!("Somebody else")),
        ("at", json!("2027-03-02T09:30:00Z")),
    ] {
        assert_eq!(differing(&file, &format!("/receipt/decided/{place}"), to), ["/hash"], "{place}");
    }
    assert_eq!(differing(&file, "/receipt/outcome/claimed", json!(12.5)), ["/outcome/claimed", "/hash"]);
}

#[test]
fn verification_names_the_answer_and_the_evidence_that_differ() {
    let file = file_of(&example(), &case());
    let changed = differing(&file, "/answers/b/value", json!("yes"));
    assert_eq!(changed[..2], ["/answers_hash", "/answer_hashes/b"]);
    let mut other = file.clone();
    other.answers.insert("c/d~".to_owned(), value("yes"));
    other.review.insert("a".to_owned(), ReviewedPoints { points: 1, reason: Some("So".to_owned()), reviewer: None });
    assert_eq!(other.changed_answers().into_iter().collect::<Vec<_>>(), ["a", "c/d~"]);
    let dates = differing(&file, "/basis/evidence/0/kind", json!("dspt"));
    assert_eq!(dates, ["/answers_hash", "/evidence_hashes/y"]);
    let mut known = file.clone();
    known.basis.subject = serde_json::from_value(json!({"tier": "high"})).unwrap();
    let pointers: Vec<String> = known.verify().into_iter().map(|difference| difference.pointer).collect();
    assert_eq!(pointers, ["/answers_hash", "/subject_hash"]);
    let mut turned = file;
    turned.basis.evidence.reverse();
    assert_eq!(turned.verify(), [], "the order of evidence says nothing");
}

#[test]
fn a_file_that_two_readers_could_read_differently_is_refused_with_its_place() {
    let file = serde_json::to_string(&file_of(&example(), &case())).unwrap();
    let twice = file.replacen("\"a\":{\"value\"", "\"a\":{\"value\":\"no\"},\"a\":{\"value\"", 1);
    assert_eq!(codes(&twice), ["/answers/a duplicate_key"]);
    let inside = file.replacen("\"b\":{\"value\"", "\"b\":{\"value\":\"no\",\"value\"", 1);
    assert_eq!(codes(&inside), ["/answers/b/value duplicate_key"]);
    let fault = PortableReceipt::from_json("{\n \"receipt\": 1,\n \"receipt\": 2}").unwrap_err().remove(0);
    assert_eq!((fault.code.as_str(), fault.line, fault.column), ("duplicate_key", Some(3), Some(2)));

    let null = file.replacen("\"b\":{\"value\"", "\"b\":{\"comment\":null,\"value\"", 1);
    assert_eq!(codes(&null), ["/answers/b/comment not_canonical"]);
    let default = file.replacen("\"type\":\"yes_no\"", "\"type\":\"yes_no\",\"weight\":10", 1);
    assert_eq!(codes(&default), ["/edition/sections/0/questions/0/weight not_canonical"]);
    let spelled =
        file.replacen("\"points\":100", "\"points\":100.0", 1).replacen("\"claimed\":50.0", "\"claimed\":50", 1);
    assert_eq!(PortableReceipt::from_json(&spelled).unwrap().verify(), [], "50.0 and 50 are one number");
    assert_ne!(spelled, file);
}

#[test]
fn a_receipt_has_what_its_version_has_and_an_unknown_version_is_refused() {
    let file = serde_json::to_value(file_of(&example(), &case())).unwrap();
    let with = |change: &dyn Fn(&mut serde_json::Map<String, Value>)| {
        let mut file = file.clone();
        change(file["receipt"].as_object_mut().unwrap());
        codes(&file.to_string())
    };
    assert_eq!(
        with(&|receipt| drop(receipt.insert("version".to_owned(), json!(3)))),
        ["/receipt/version unknown_version"]
    );
    assert_eq!(with(&|receipt| drop(receipt.remove("decided"))), ["/receipt/decided missing_key"]);
    assert_eq!(with(&|receipt| drop(receipt.remove("hash"))), ["/receipt/hash missing_key"]);
    assert_eq!(with(&|receipt| drop(receipt.remove("version"))).len(), 5, "version 1 has none of the new members");
    let long = json!({"id": "", "name": "x".repeat(1_001)});
    assert_eq!(
        with(&|receipt| receipt["decided"]["supplier"] = long.clone()),
        ["/receipt/decided/supplier/id length", "/receipt/decided/supplier/name length"]
    );
}

#[test]
fn a_receipt_of_the_first_version_holds_as_it_always_did() {
    let (edition, case) = (example(), case());
    let first = receipt::issue_first(&edition, &case.input());
    let text = serde_json::to_string(&first).unwrap();
    assert!(!text.contains("version\":2") && !text.contains("hashes") && !text.contains("decided"), "{text}");
    // Its bytes are those that were always issued.
    assert_eq!(
        diligence_questionnaires::canonical::sha256(&first),
        "121127a8b015f7c9d0f0821c4d85796c39864f431025892e45a904eb5b0d2beb"
    );
    let file = PortableReceipt { receipt: first, ..file_of(&edition, &case) };
    assert_eq!(PortableReceipt::from_json(&serde_json::to_string(&file).unwrap()).unwrap().verify(), []);
}
