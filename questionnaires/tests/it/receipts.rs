//! Receipts, hashes, and the bytes of a result.

use diligence_questionnaires::receipt::{self, MAX_FACTS};
use diligence_questionnaires::{
    Basis, ENGINE_VERSION, EvidenceFact, EvidenceKind, PortableReceipt, Prepared, Replacement, ReviewedPoints, library,
};
use serde_json::json;

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
    let issued = receipt::issue(&edition, &case.input());
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
    changed = receipt::issue(&edition, &reviewed.input());
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
    let hash = receipt::answers_hash(&case.input());
    case.evidence.reverse();
    assert_eq!(receipt::answers_hash(&case.input()), hash);
    case.answers.insert("n".to_owned(), value(95.0));
    let float = receipt::answers_hash(&case.input());
    case.answers.insert("n".to_owned(), value(95));
    assert_eq!(receipt::answers_hash(&case.input()), float);
    assert_ne!(float, hash);
}

#[test]
fn the_bytes_of_hashes_and_results_never_change() {
    let (edition, case) = (example(), case());
    assert_eq!(ENGINE_VERSION, "1");
    assert_eq!(edition.hash(), "742745dea0b993de4e3d6a2915457e41df65f1a9e53b770322425b3e600ee406");
    assert_eq!(
        receipt::answers_hash(&case.input()),
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
        let receipt = receipt::issue(&edition, &Case { answers: case.answers.clone(), ..Case::default() }.input());
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
