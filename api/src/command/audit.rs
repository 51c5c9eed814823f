//! `diligence audit`.

use std::{fs, path::PathBuf};

use clap::Subcommand;
use diligence_entities::{
    audit::{self, Checkpoint, Verification},
    fault::Faults,
    organisation::{self, Organisation},
};

use super::{Failure, Output, block_on, console, open_with, organisation_called, print};
use crate::config::DatabaseFlags;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Say which events were changed, removed, inserted or moved; fails if any was
    Verify {
        /// Whose trail [default: everyone's]
        #[arg(long, value_name = "NAME")]
        organisation: Option<String>,
        /// A checkpoint kept earlier, which the trail must still fit
        #[arg(long, value_name = "FILE")]
        checkpoint: Option<PathBuf>,
        #[command(flatten)]
        database: DatabaseFlags,
    },
    /// Write the end of the trail as it is now; keep it where whoever owns the database cannot write
    Checkpoint {
        /// Whose trail
        #[arg(long, value_name = "NAME")]
        organisation: String,
        /// The file to write [default: standard output]
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
        #[command(flatten)]
        database: DatabaseFlags,
    },
}

pub(super) fn run(command: Command) -> Result<(), Failure> {
    block_on(async {
        match command {
            Command::Verify { organisation, checkpoint, database } => verify(organisation, checkpoint, database).await,
            Command::Checkpoint { organisation, output, database } => {
                let store = open_with(database).await?;
                let reader = store.read(&console(&organisation_called(&store, &organisation).await?.id)).await?;
                let checkpoint = audit::checkpoint(&reader).await?;
                let text = serde_json::to_string(&checkpoint).map_err(|error| Failure::other(error.to_string()))?;
                Output::new(output)?.write(format!("{text}\n").as_bytes())
            }
        }
    })
}

async fn verify(only: Option<String>, checkpoint: Option<PathBuf>, database: DatabaseFlags) -> Result<(), Failure> {
    let checkpoint = checkpoint.map(read).transpose()?;
    let store = open_with(database).await?;
    let mut organisations = organisation::all(&store).await?;
    if let Some(name) = only {
        organisations = vec![organisation_called(&store, &name).await?];
    } else if let Some(checkpoint) = &checkpoint {
        organisations.retain(|organisation| organisation.id == checkpoint.organisation);
        if organisations.is_empty() {
            return Err(Failure::refused(format!(
                "there is no organisation {}, whose checkpoint this is",
                checkpoint.organisation
            )));
        }
    }
    let mut broken = String::new();
    for organisation in &organisations {
        let reader = store.read(&console(&organisation.id)).await?;
        let found = audit::verify(&reader, checkpoint.as_ref()).await?;
        if found.sound {
            print(&sound(organisation, &found))?;
        } else {
            broken.push_str(&faulty(organisation, &found));
        }
    }
    if broken.is_empty() {
        Ok(())
    } else {
        Err(Failure::refused(format!("the audit trail is not as it was written:{broken}")))
    }
}

fn read(path: PathBuf) -> Result<Checkpoint, Failure> {
    let text = fs::read_to_string(&path)
        .map_err(|error| Failure::refused(format!("{} cannot be read: {error}", path.display())))?;
    let checkpoint: Checkpoint = serde_json::from_str(&text)
        .map_err(|error| Failure::refused(format!("{} is no checkpoint: {error}", path.display())))?;
    Faults::of(&checkpoint).done()?;
    Ok(checkpoint)
}

/// A name may hold anything; a line may not be broken by it.
fn plain(name: &str) -> String {
    name.replace(char::is_control, " ")
}

fn sound(organisation: &Organisation, found: &Verification) -> String {
    let against =
        found.checkpoint_sequence.map(|sequence| format!("; it fits the checkpoint at {sequence}")).unwrap_or_default();
    format!(
        "{}: {} events, sound, the last is {} with the hash {}{against}\n",
        plain(&organisation.name),
        found.event_count,
        found.sequence,
        found.hash
    )
}

fn faulty(organisation: &Organisation, found: &Verification) -> String {
    let mut text = String::new();
    for fault in &found.faults {
        text.push_str(&format!("\n  {}: {}", plain(&organisation.name), plain(&fault.detail)));
    }
    let told = i64::try_from(found.faults.len()).unwrap_or_default();
    if found.fault_count > told {
        text.push_str(&format!("\n  {}: and {} more", plain(&organisation.name), found.fault_count - told));
    }
    text
}
