//! `diligence receipt`: computing a result again, without any database.

use std::{fs, path::PathBuf};

use clap::Subcommand;
use diligence_questionnaires::{Decided, DecisionMade, PortableReceipt, Receipt};

use super::{Failure, print, questionnaire::refuse};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Compute a receipt's result again from the file alone, and tell exactly what differs
    Verify {
        /// The portable receipt, as `GET /assessments/{id}/receipt` gives it
        receipt: PathBuf,
    },
}

pub(super) fn run(command: Command) -> Result<(), Failure> {
    let Command::Verify { receipt: path } = command;
    let text = fs::read_to_string(&path)
        .map_err(|error| Failure::refused(format!("{} cannot be read: {error}", path.display())))?;
    let file = match PortableReceipt::from_json(&text) {
        Ok(file) => file,
        Err(faults) => return refuse(&path, &faults),
    };
    let differing = file.differing();
    let faults: String = file
        .faults()
        .iter()
        .map(|fault| format!("\n  {}: {} ({})", fault.pointer, fault.message, fault.code))
        .collect();
    let beside = if faults.is_empty() {
        faults
    } else {
        format!("\nby today's rules, which need not be those of its day:{faults}")
    };
    if differing.is_empty() {
        let receipt = &file.receipt;
        let score = |score: Option<diligence_questionnaires::Score>| {
            score.map_or_else(|| "no score".to_owned(), |score| score.to_string())
        };
        return print(&format!(
            "the receipt holds: {} {} on {}, claimed {}, evidenced {}\n{}\nedition {}\nanswers {}{beside}\n",
            receipt.questionnaire,
            receipt.edition,
            receipt.on,
            score(receipt.outcome.claimed),
            score(receipt.outcome.evidenced),
            whose(receipt),
            receipt.edition_hash,
            receipt.answers_hash
        ));
    }
    let lines = differing.iter().map(|sentence| format!("\n  {sentence}"));
    Err(Failure::refused(format!("the receipt {} does not hold:{}{beside}", path.display(), lines.collect::<String>())))
}

/// Whose a receipt is, who decided and when, in a line; and the hash to look for in the audit trail.
fn whose(receipt: &Receipt) -> String {
    let Some(Decided { assessment_id, supplier, product, decision, by, at }) = &receipt.decided else {
        return "a receipt of version 1, which does not say whose it is".to_owned();
    };
    let subject = product.as_ref().map_or_else(
        || format!("{} ({})", supplier.name, supplier.id),
        |product| format!("{} ({}) of {} ({})", product.name, product.id, supplier.name, supplier.id),
    );
    let decision = match decision {
        DecisionMade::Approved => "approved",
        DecisionMade::Refused => "refused",
    };
    let hash = receipt.hash.as_deref().unwrap_or_default();
    format!("{subject} was {decision} by {} ({}) at {at}, assessment {assessment_id}\nreceipt {hash}", by.name, by.id)
}
