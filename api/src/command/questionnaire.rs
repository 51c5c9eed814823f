//! `diligence questionnaire`: the engine without a database.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::Subcommand;
use diligence_entities::clock::{Clock, Day};
use diligence_questionnaires::{
    Answers, Edition, EvidenceFact, Fault, Input, Review, Subject, check_answers, check_review, check_subject, evaluate, library, normalise_answer,
};
use serde::de::DeserializeOwned;

use super::{Failure, print};
use crate::json;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List the built-in questionnaires: key, edition, title, with tabs between
    List,
    /// Check a questionnaire and tell everything that is wrong with it
    Check {
        /// The edition, YAML or JSON
        edition: PathBuf,
    },
    /// Score answers and print the result as JSON
    Score {
        /// The edition, YAML or JSON
        edition: PathBuf,
        /// The answers, JSON: {"question": {"value": "yes"}}
        answers: PathBuf,
        /// The day it is scored on [default: today, UTC]
        #[arg(long, value_name = "DATE")]
        on: Option<Day>,
        /// What is known of the subject, JSON: {"data_role": "processor"}
        #[arg(long, value_name = "FILE")]
        subject: Option<PathBuf>,
        /// The evidence there is, JSON: [{"id": "…", "kind": "iso_27001", "issued_on": …, "expires_on": …}]
        #[arg(long, value_name = "FILE")]
        evidence: Option<PathBuf>,
        /// Reviewers' points, JSON: {"question": {"points": 70, "reason": "…"}}
        #[arg(long, value_name = "FILE")]
        review: Option<PathBuf>,
    },
}

pub(super) fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::List => {
            let lines = library::editions().iter().map(|edition| format!("{}\t{}\t{}\n", edition.key, edition.edition, edition.title));
            print(&lines.collect::<String>())
        }
        Command::Check { edition } => {
            let edition = read_edition(&edition)?;
            print(&format!("{} {}: {} questions, no faults\n", edition.key, edition.edition, edition.questions().count()))
        }
        Command::Score { edition, answers, on, subject, evidence, review } => {
            let edition = read_edition(&edition)?;
            let given: Answers = read(Some(&answers))?;
            let subject_facts: Subject = read(subject.as_deref())?;
            let facts: Vec<EvidenceFact> = read(evidence.as_deref())?;
            let rated: Review = read(review.as_deref())?;
            refuse(&answers, &check_answers(&edition, &given))?;
            refuse(subject.as_deref().unwrap_or(Path::new("the subject")), &check_subject(&subject_facts))?;
            refuse(review.as_deref().unwrap_or(Path::new("the review")), &check_review(&edition, &rated))?;
            let given: Answers = given
                .into_iter()
                .map(|(key, answer)| {
                    let answer = match edition.question(&key) {
                        Some(question) => normalise_answer(question, answer),
                        None => answer,
                    };
                    (key, answer)
                })
                .collect();
            let on = on.unwrap_or_else(|| Clock::System.now().day()).date();
            let outcome = evaluate(&edition, &Input { answers: &given, review: &rated, evidence: &facts, subject: &subject_facts, on });
            let text = serde_json::to_string_pretty(&outcome).map_err(|error| Failure::other(error.to_string()))?;
            print(&format!("{text}\n"))
        }
    }
}

fn read_text(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| Failure::refused(format!("{} cannot be read: {error}", path.display())))
}

fn read_edition(path: &Path) -> Result<Edition, Failure> {
    let text = read_text(path)?;
    let is_json = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    let read = if is_json { Edition::from_json(&text) } else { Edition::from_yaml(&text) };
    match read {
        Ok(edition) => Ok(edition),
        Err(faults) => refuse(path, &faults).and(Err(Failure::refused(format!("{} is no questionnaire", path.display())))),
    }
}

/// Reads a JSON file; what is not given is empty.
fn read<T: DeserializeOwned + Default>(path: Option<&Path>) -> Result<T, Failure> {
    let Some(path) = path else { return Ok(T::default()) };
    let value = json::parse(read_text(path)?.as_bytes()).map_err(|malformed| Failure::refused(format!("{}: {}", path.display(), malformed.detail)))?;
    serde_json::from_value(value).map_err(|error| Failure::refused(format!("{}: {error}", path.display())))
}

/// Tells every fault, one a line, with its place.
fn refuse(path: &Path, faults: &[Fault]) -> Result<(), Failure> {
    if faults.is_empty() {
        return Ok(());
    }
    let line = |fault: &Fault| {
        let place = match (fault.line, fault.column) {
            (Some(line), Some(column)) => format!("line {line}, column {column}"),
            _ if fault.pointer.is_empty() => "the whole".to_owned(),
            _ => fault.pointer.clone(),
        };
        format!("\n  {place}: {} ({})", fault.message, fault.code)
    };
    Err(Failure::refused(format!("{} is refused:{}", path.display(), faults.iter().map(line).collect::<String>())))
}
