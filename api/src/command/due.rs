//! `diligence due`.

use clap::Args;
use diligence_entities::due::{self, DueFilter, DueState};

use super::{Failure, block_on, console, open_with, organisation_called, print};
use crate::config::DatabaseFlags;

/// Prints what is overdue or due within 30 days.
#[derive(Args, Debug)]
pub(super) struct Command {
    /// Whose register
    #[arg(long, value_name = "NAME")]
    organisation: String,
    /// Also what is due later
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    database: DatabaseFlags,
}

pub(super) fn run(command: Command) -> Result<(), Failure> {
    let Command { organisation, all, database } = command;
    block_on(async {
        let store = open_with(database).await?;
        let reader = store.read(&console(&organisation_called(&store, &organisation).await?.id)).await?;
        let mut filter = DueFilter { limit: Some(200), ..DueFilter::default() };
        loop {
            let page = due::list(&reader, &filter).await?;
            for item in page.items.iter().filter(|item| all || item.state != DueState::Coming) {
                let (kind, owner) = (item.kind.as_str(), item.owner.as_deref().unwrap_or("-"));
                print(&format!("{}\t{kind}\t{}\t{}\t{owner}\n", item.due_on, item.name, item.why))?;
            }
            match page.next {
                Some(next) => filter.cursor = Some(next),
                None => return Ok(()),
            }
        }
    })
}
