//! `diligence sample`.

use clap::Args;
use diligence_entities::sample;

use super::{Failure, block_on, open_with, print, say};
use crate::config::DatabaseFlags;

#[derive(Args, Debug)]
pub(super) struct Command {
    #[command(flatten)]
    database: DatabaseFlags,
}

pub(super) fn run(command: Command) -> Result<(), Failure> {
    block_on(async {
        let store = open_with(command.database).await?;
        let organisation = sample::create(&store).await?;
        print(&format!("{}\n", organisation.name))?;
        say(&format!(
            "Let someone in with: diligence user create --organisation {:?} --email NAME@example.org --role admin",
            organisation.name
        ));
        Ok(())
    })
}
