//! The main job, done by the client that progenitor makes of the document; `build.rs` makes it.
//!
//! Called with the address, which ends in `/api/v1`, and with `DILIGENCE_VIEWER_KEY`, `DILIGENCE_EDITOR_KEY` and
//! `DILIGENCE_APPROVER_KEY` set. Says what it saw; stops at the first thing that is not as promised.

// A module of this program and no library: so all of it is checked, and only what is called is compiled to the end.
#[allow(dead_code, unused_imports, clippy::all)]
mod client {
    include!(concat!(env!("OUT_DIR"), "/client.rs"));
}

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::error::Error;
use std::fmt::Display;
use std::hash::{BuildHasher, Hasher};

use chrono::{Days, NaiveDate, Utc};
use client::{Client, ClientInfo, ResponseValue, types};
use futures_util::TryStreamExt;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use serde_json::{Value, json};

type Failure = Box<dyn Error>;
type Answered<Body> = Result<ResponseValue<Body>, client::Error<types::Problem>>;

fn main() -> Result<(), Failure> {
    let address = std::env::args().nth(1).ok_or("give the address of the API")?;
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(main_job(&address))
}

/// A client with the key of this role.
fn with_key(address: &str, role: &str) -> Result<Client, Failure> {
    let key = std::env::var(format!("DILIGENCE_{role}_KEY"))?;
    let headers = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {key}"))?)]);
    Ok(Client::new_with_client(address, reqwest::Client::builder().default_headers(headers).no_proxy().build()?))
}

/// What was answered, which is what the document promises for `status`.
fn the<Body>(answered: Answered<Body>, status: u16) -> Result<ResponseValue<Body>, Failure> {
    let answer = answered?;
    if answer.status() != status {
        Err(format!("expected {status}, got {}", answer.status()).into())
    } else {
        Ok(answer)
    }
}

/// Why it was refused.
fn refused<Body>(answered: Answered<Body>, status: u16) -> Result<types::Problem, Failure> {
    match answered {
        Err(client::Error::ErrorResponse(problem)) if problem.status() == status => {
            let kind = problem.headers().get("Content-Type").ok_or("no Content-Type")?;
            assert!(kind.as_bytes().starts_with(b"application/problem+json"), "{kind:?}");
            Ok(problem.into_inner())
        }
        Err(other) => Err(other.into()),
        Ok(answer) => Err(format!("expected {status}, got {}", answer.status()).into()),
    }
}

fn etag<Body>(answer: &ResponseValue<Body>) -> Result<String, Failure> {
    Ok(answer.headers().get("ETag").ok_or("no ETag")?.to_str()?.to_owned())
}

fn in_days(days: u64) -> NaiveDate {
    Utc::now().date_naive() + Days::new(days)
}

fn tenths(score: f64) -> i64 {
    (10.0 * score).round() as i64
}

/// Points as a number: fractions are texts, such as `33 1/3`. There are two types of them: some may be below nothing.
fn worth(points: impl Display) -> f64 {
    let text = points.to_string();
    let size = text.trim_start_matches('-').split(' ').map(|part| match part.split_once('/') {
        Some((over, under)) => number(over) / number(under),
        None => number(part),
    });
    if text.starts_with('-') { -size.sum::<f64>() } else { size.sum() }
}

fn number(text: &str) -> f64 {
    text.parse().unwrap_or_else(|_| panic!("these are no points: {text}"))
}

/// The answer to a question that is worth most.
fn best(question: &types::Question) -> Value {
    let options = question.options.iter();
    match question.type_ {
        types::QuestionType::YesNo | types::QuestionType::SingleChoice => {
            json!(
                options
                    .max_by(|one, other| worth(&one.points).total_cmp(&worth(&other.points)))
                    .map(|option| &option.value)
            )
        }
        types::QuestionType::MultipleChoice => {
            json!(
                options
                    .filter(|option| worth(&option.points) > 0.0 && option.exclusive != Some(true))
                    .map(|option| &option.value)
                    .collect::<Vec<_>>()
            )
        }
        types::QuestionType::Number => {
            let band = question.bands.iter().max_by(|one, other| worth(&one.points).total_cmp(&worth(&other.points)));
            json!(band.and_then(|band| band.at_least.as_ref()).map_or(0.0, |decimal| decimal.0))
        }
        types::QuestionType::Date => json!(Utc::now().date_naive() - Days::new(30)),
        _ => json!("It is written down, tested twice a year, and the last test is on file."),
    }
}

async fn main_job(address: &str) -> Result<(), Failure> {
    let (viewer, editor) = (with_key(address, "VIEWER")?, with_key(address, "EDITOR")?);
    let approver = with_key(address, "APPROVER")?;
    // So that it can run twice on one register.
    let mark = format!("{:06X}", RandomState::new().build_hasher().finish() & 0xFF_FFFF);

    // A supplier, with its ODS code; made once however often it is sent.
    let name = format!("Rust Care Systems {mark}");
    let code = types::Identifier::builder().scheme(types::Scheme::GbNhs).id(format!("r{mark}").to_lowercase());
    let new = types::NewSupplier::builder()
        .name(name.as_str())
        .identifiers(vec![types::Identifier::try_from(code)?])
        .system_access(types::SystemAccess::Standing);
    let once = format!("made-once-{mark}");
    let made = the(editor.create_supplier().idempotency_key(once.as_str()).body(new.clone()).send().await, 201)?;
    let again = the(editor.create_supplier().idempotency_key(once.as_str()).body(new.clone()).send().await, 201)?;
    let supplier = &made.id;
    assert_eq!(&again.id, supplier, "the same Idempotency-Key");
    assert_eq!(*made.identifiers[0].id, format!("R{mark}"), "the ODS code, in capitals");
    assert_eq!(made.rating, types::Rating::Unassessed);

    // Changed on the right version only; every fault at once; a viewer may not.
    let change = |version: &str, change: types::builder::SupplierChange| {
        editor.change_supplier().id(supplier.as_str()).if_match(version).body(change).send()
    };
    let notes = |text| types::SupplierChange::builder().notes(types::SupplierChangeNotes::try_from(text).ok());
    let country = types::SupplierChangeCountry::try_from("GB")?;
    let changed = the(change(&etag(&made)?, notes("Met in May").country(country)).await, 200)?;
    assert_eq!(changed.country.as_deref(), Some("GB"));
    refused(change(&etag(&made)?, notes("Too late")).await, 412)?;
    // The made types leave out what is None, so that they cannot clear anything: this goes by the HTTP client below.
    let cleared = editor
        .client()
        .patch(format!("{}/suppliers/{}", editor.baseurl(), supplier.as_str()))
        .header("If-Match", etag(&changed)?)
        .json(&json!({ "notes": null }))
        .send()
        .await?
        .error_for_status()?
        .json::<types::Supplier>()
        .await?;
    assert_eq!((cleared.notes, cleared.country.as_deref()), (None, Some("GB")), "null clears, absent leaves");
    assert!(types::NewSupplierName::try_from("").is_err(), "the client itself refuses what the document does");
    let invalid = types::NewSupplier::builder()
        .name(name.as_str())
        .country(types::NewSupplierCountry::try_from("Britain")?)
        .website(types::NewSupplierWebsite::try_from("nowhere at all")?);
    let mut faults = refused(editor.create_supplier().body(invalid).send().await, 422)?.errors;
    faults.sort_by(|one, other| one.pointer.cmp(&other.pointer));
    let places: Vec<_> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
    assert_eq!(places, ["/country", "/website"], "every fault at once");
    refused(viewer.create_supplier().body(new).send().await, 403)?;

    // A product.
    let product = types::NewProduct::builder()
        .supplier_id(supplier.as_str())
        .name("Care notes")
        .kind(types::ProductKind::Software);
    let product = the(editor.create_product().body(product).send().await, 201)?;
    assert_eq!(product.ai_features, types::AiFeatures::Unknown);

    // The questionnaire, as a document.
    let listed = the(viewer.list_questionnaires().send().await, 200)?;
    let latest =
        listed.items.iter().find(|entry| entry.key == "supplier-security").map(|entry| entry.latest_edition.as_str());
    let latest = latest.ok_or("there is no questionnaire supplier-security")?;
    let edition = the(viewer.read_edition().key("supplier-security").edition(latest).send().await, 200)?;
    let questions: Vec<&types::Question> = edition.sections.iter().flat_map(|section| &section.questions).collect();

    // The assessment: answered as questions become visible, submitted, its texts rated, approved.
    let start = types::NewAssessment::builder().questionnaire("supplier-security").subject_id(supplier.as_str());
    let started = the(editor.start_assessment().body(start).send().await, 201)?;
    let (assessment, mut version) = (started.id.as_str(), etag(&started)?);
    let mut progress = the(editor.read_answers().id(assessment).send().await, 200)?.into_inner();
    for round in 0.. {
        assert!(round < 20, "there is no end of questions");
        let mut change = types::AnswerChange(HashMap::new());
        for question in questions.iter().filter(|question| progress.visible.iter().any(|key| *key == *question.key)) {
            if !progress.answers.contains_key(question.key.as_str()) {
                let answer = types::Answer::builder()
                    .value(best(question))
                    .comment(types::AnswerComment::try_from("As the policy says")?);
                change.0.insert(question.key.to_string(), Some(answer.try_into()?));
            }
        }
        if change.is_empty() {
            break;
        }
        let answered =
            the(editor.answer_assessment().id(assessment).if_match(version.as_str()).body(change).send().await, 200)?;
        version = etag(&answered)?;
        progress = answered.into_inner();
    }
    assert!(progress.unanswered_required.is_empty(), "{:?}", progress.unanswered_required);
    assert_eq!(progress.coverage.0, 100.0);
    let submitted = the(editor.submit_assessment().id(assessment).if_match(version.as_str()).send().await, 200)?;
    assert_eq!(submitted.state, types::AssessmentState::Submitted);
    version = etag(&submitted)?;
    if !progress.awaiting_review.is_empty() {
        let mut points = types::PointsChange(HashMap::new());
        for question in &progress.awaiting_review {
            let reason = types::NewPointsReason::try_from("Good, and could be tested more often")?;
            points.0.insert(question.clone(), Some(types::NewPoints::builder().points(80).reason(reason).try_into()?));
        }
        let rated =
            the(approver.rate_assessment().id(assessment).if_match(version.as_str()).body(points).send().await, 200)?;
        assert!(rated.awaiting_review.is_empty(), "{:?}", rated.awaiting_review);
        version = etag(&rated)?;
    }
    let condition = types::NewCondition::builder().text("Send the certificate").owner("A. Person").due_on(in_days(60));
    let decision = types::NewDecision::builder().conditions(vec![types::NewCondition::try_from(condition)?]);
    let approved =
        the(approver.approve_assessment().id(assessment).if_match(version.as_str()).body(decision).send().await, 200)?;
    assert_eq!(approved.state, types::AssessmentState::Approved);

    // The result: contributions sum exactly, nothing is evidenced more than it is claimed.
    let result = the(viewer.read_result().id(assessment).send().await, 200)?;
    let outcome = &result.outcome;
    let (claimed, evidenced) = outcome.claimed.as_ref().zip(outcome.evidenced.as_ref()).ok_or("there are no scores")?;
    let claims = outcome.contributions.iter().map(|part| tenths(part.claimed.0));
    let proofs = outcome.contributions.iter().map(|part| tenths(part.evidenced.0));
    assert_eq!(claims.sum::<i64>(), tenths(claimed.0), "the sum of what every question contributes to claimed");
    assert_eq!(proofs.sum::<i64>(), tenths(evidenced.0), "the sum of what every question contributes to evidenced");
    assert!(claimed.0 >= 90.0 && evidenced.0 <= claimed.0, "{} claimed, {} evidenced", claimed.0, evidenced.0);

    // A risk, and the register, which tells all of it in one line; as CSV too.
    let risk =
        types::NewRisk::builder().subject_id(supplier.as_str()).title("One person knows how").likelihood(3).impact(5);
    let risk = the(editor.create_risk().body(risk).send().await, 201)?;
    assert_eq!(risk.band, types::Severity::Extreme);
    let lines = the(viewer.list_register().supplier_id(supplier.as_str()).send().await, 200)?;
    assert_eq!(lines.items.len(), 2, "the lines of the register");
    let line = lines.items.iter().find(|line| line.subject_id.as_str() == supplier.as_str()).ok_or("no line")?;
    let scores =
        line.security.claimed.as_ref().zip(line.security.evidenced.as_ref()).map(|(one, other)| (one.0, other.0));
    assert_eq!(scores, Some((claimed.0, evidenced.0)), "its scores in the register");
    assert_eq!(line.decision, Some(types::DecisionOutcome::ApprovedWithConditions));
    assert_eq!((line.open_condition_count, line.rating), (1, types::Rating::Unassessed));
    let exported = the(viewer.export_register().supplier_id(supplier.as_str()).send().await, 200)?;
    let pieces: Vec<_> = exported.into_inner_stream().try_collect().await?;
    let csv = String::from_utf8(pieces.concat())?;
    let rows = csv.split("\r\n").filter(|row| row.contains(supplier.as_str()) && row.contains(&name));
    assert_eq!(rows.count(), 2, "the rows of register.csv");
    the(editor.archive_product().id(product.id.as_str()).if_match(etag(&product)?).send().await, 200)?;
    let alone = viewer.list_register().supplier_id(supplier.as_str()).subject_type(types::SubjectType::Supplier);
    let ratings: Vec<_> = the(alone.send().await, 200)?.items.iter().map(|line| line.rating).collect();
    assert_eq!(ratings, [result.rating], "its rating once the product is archived");
    assert!(the(viewer.read_summary().send().await, 200)?.supplier_count >= 1);

    // What is due, and why.
    let due = viewer.list_reviews().supplier_id(supplier.as_str()).due_before(in_days(3700));
    let reviews = the(due.send().await, 200)?;
    assert!(
        !reviews.items.is_empty() && reviews.items.iter().all(|review| !review.reason_detail.is_empty()),
        "no review is due"
    );

    // Rows as JSON: first a dry run, then in earnest, then once more, which changes nothing.
    let code = types::Identifier::builder().scheme(types::Scheme::GbNhs).id(format!("V{mark}"));
    let row = types::SupplierImportRow::builder()
        .name(types::SupplierImportRowName::try_from(format!("Imported, {mark}"))?)
        .identifiers(Some(vec![types::Identifier::try_from(code)?]));
    let rows = types::SupplierImport::builder().rows(vec![types::SupplierImportRow::try_from(row)?]);
    let tried = the(editor.import_suppliers().dry_run(true).body(rows.clone()).send().await, 200)?;
    assert_eq!((tried.applied, tried.created_count), (false, 1), "the dry run");
    let done = the(editor.import_suppliers().dry_run(false).body(rows.clone()).send().await, 200)?;
    assert_eq!((done.applied, done.created_count), (true, 1), "the import");
    assert_eq!(the(editor.import_suppliers().body(rows).send().await, 200)?.unchanged_count, 1, "the same rows again");

    // A file: kept as a draft, looked at, applied.
    let file = format!("name,identifiers\r\n\"Imported, {mark}\",GB-NHS:V{mark}\r\n\"From a file, {mark}\",\r\n");
    let kept = editor.create_import().noun(types::ImportNoun::Suppliers).file_name("list.csv").body(file);
    let draft = the(kept.send().await, 201)?;
    let report = the(editor.read_import_report().id(draft.id.as_str()).send().await, 200)?;
    assert_eq!((report.applied, report.created_count, report.unchanged_count), (false, 1, 1), "what the file would do");
    let applied = the(editor.apply_import().id(draft.id.as_str()).if_match(etag(&draft)?).send().await, 200)?;
    assert_eq!((applied.applied, applied.created_count), (true, 1), "the file");

    println!(
        "the Rust client did the main job: {} questions, claimed {}, evidenced {}, rating {}; of the document were",
        questions.len(),
        claimed.0,
        evidenced.0,
        result.rating
    );
    for line in include_str!(concat!(env!("OUT_DIR"), "/fitted.txt")).lines() {
        println!("  {line}");
    }
    Ok(())
}
