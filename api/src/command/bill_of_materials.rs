//! `diligence bill-of-materials`.

use std::{fs, io::Read as _, path::PathBuf};

use clap::Args;
use diligence_entities::{
    bill_of_materials::{self, BomOutcome, BomQuery, BomReport},
    id::ProductId,
    product,
};

use super::{Failure, block_on, console, open_with, organisation_called, print};
use crate::{bill_of_materials::parse, config::DatabaseFlags, payload::BOM_LIMIT};

#[derive(Args, Debug)]
pub(super) struct Command {
    /// The document: CycloneDX 1.5, 1.6 or 1.7 in JSON
    file: PathBuf,
    /// The product whose AI profile it fills
    #[arg(long, value_name = "ID")]
    product: ProductId,
    /// Whose register
    #[arg(long, value_name = "NAME")]
    organisation: String,
    /// Which model is meant, by its bom-ref or its name, where the document has several
    #[arg(long, value_name = "MODEL")]
    component: Option<String>,
    /// Also replace what is said otherwise
    #[arg(long)]
    overwrite: bool,
    /// Only say what would happen
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    database: DatabaseFlags,
}

pub(super) fn run(command: Command) -> Result<(), Failure> {
    let Command { file, product, organisation, component, overwrite, dry_run, database } = command;
    let place = file.display();
    let mut bytes = Vec::new();
    fs::File::open(&file)
        .and_then(|open| open.take(BOM_LIMIT as u64 + 1).read_to_end(&mut bytes))
        .map_err(|error| Failure::refused(format!("{place} cannot be read: {error}")))?;
    if bytes.len() > BOM_LIMIT {
        return Err(Failure::refused(format!("{place} is larger than {BOM_LIMIT} bytes")));
    }
    let document = parse(&bytes).map_err(|problem| {
        let detail = problem.errors.first().map_or(&*problem.detail, |fault| fault.detail.as_str());
        Failure::refused(format!("{place}: {detail}"))
    })?;
    let query = BomQuery { component, dry_run: Some(dry_run), overwrite: Some(overwrite) };
    let report = block_on(async {
        let store = open_with(database).await?;
        let scope = console(&organisation_called(&store, &organisation).await?.id);
        let writer = store.write(&scope).await?;
        let version = product::read(&writer, &product).await?.version;
        let report = bill_of_materials::bring_in(&writer, &product, version, &document, &query).await?;
        writer.save().await?;
        Ok(report)
    })?;
    print(&told(&report))
}

/// A line for each field: what became of it, the field, what the document says.
fn told(report: &BomReport) -> String {
    let mut text = format!("{}\n", report.component);
    for field in &report.fields {
        let outcome = match field.outcome {
            BomOutcome::Filled => "filled",
            BomOutcome::Same => "same",
            BomOutcome::Kept => "kept as it was",
            BomOutcome::Replaced => "replaced",
        };
        text.push_str(&format!("{outcome}\t{}\t{}\n", field.field, field.said.replace('\n', "; ")));
    }
    if report.dry_run {
        text.push_str("a dry run: nothing was changed\n");
    }
    text
}
