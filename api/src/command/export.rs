//! `diligence export`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use diligence_entities::{
    audit,
    review::ReviewFilter,
    scope::{Scope, Store},
};

use super::{Failure, Output, block_on, console, open_with, organisation_called};
use crate::{
    config::DatabaseFlags,
    tables::{
        Answers, Assessments, AuditEvents, Contacts, Contracts, Decisions, Dependencies, EvidenceTable, Export,
        Incidents, Products, Register, Reviews, Risks, Suppliers, Table,
    },
};

#[derive(Args, Debug)]
pub(super) struct Command {
    /// What to export
    table: Choice,
    /// The file to write [default: standard output; everything needs a file that is not there yet]
    #[arg(conflicts_with = "output")]
    file: Option<PathBuf>,
    /// Whose register
    #[arg(long, value_name = "NAME")]
    organisation: String,
    /// The file to write, over one that is there
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Begin with a byte-order mark, for Excel
    #[arg(long)]
    bom: bool,
    #[command(flatten)]
    database: DatabaseFlags,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Choice {
    /// All of it, as a ZIP archive that another register can be made of
    Everything,
    Register,
    Suppliers,
    Products,
    Evidence,
    Assessments,
    Answers,
    Risks,
    Reviews,
    Dependencies,
    Incidents,
    Decisions,
    Contacts,
    Contracts,
    AuditEvents,
}

pub(super) fn run(command: Command) -> Result<(), Failure> {
    let Command { table, file, organisation, output, bom, database } = command;
    if matches!(table, Choice::Everything) {
        let Some(file) = file.or(output) else {
            return Err(Failure::usage("expected the name of a file: diligence export everything register.zip"));
        };
        return super::archive::export(&file, &organisation, database);
    }
    block_on(async {
        let store = open_with(database).await?;
        let scope = console(&organisation_called(&store, &organisation).await?.id);
        let mut file = Output::new(file.or(output))?;
        match table {
            Choice::Everything => Ok(()),
            Choice::Register => write::<Register>(store, scope, bom, &mut file).await,
            Choice::Suppliers => write::<Suppliers>(store, scope, bom, &mut file).await,
            Choice::Products => write::<Products>(store, scope, bom, &mut file).await,
            Choice::Evidence => write::<EvidenceTable>(store, scope, bom, &mut file).await,
            Choice::Assessments => write::<Assessments>(store, scope, bom, &mut file).await,
            Choice::Answers => write::<Answers>(store, scope, bom, &mut file).await,
            Choice::Risks => write::<Risks>(store, scope, bom, &mut file).await,
            // Those that were done too.
            Choice::Reviews => {
                let every = ReviewFilter { any_state: Some(true), ..ReviewFilter::default() };
                write_of::<Reviews>(store, scope, every, bom, &mut file).await
            }
            Choice::Dependencies => write::<Dependencies>(store, scope, bom, &mut file).await,
            Choice::Incidents => write::<Incidents>(store, scope, bom, &mut file).await,
            Choice::Decisions => write::<Decisions>(store, scope, bom, &mut file).await,
            Choice::Contacts => write::<Contacts>(store, scope, bom, &mut file).await,
            Choice::Contracts => write::<Contracts>(store, scope, bom, &mut file).await,
            Choice::AuditEvents => write::<AuditEvents>(store, scope, bom, &mut file).await,
        }
    })
}

async fn write<T: Table>(store: Store, scope: Scope, bom: bool, output: &mut Output) -> Result<(), Failure> {
    write_of::<T>(store, scope, T::Filter::default(), bom, output).await
}

async fn write_of<T: Table>(
    store: Store,
    scope: Scope,
    filter: T::Filter,
    bom: bool,
    output: &mut Output,
) -> Result<(), Failure> {
    audit::record(&store, &scope, "export", T::NOUN, T::FILE, None).await?;
    let mut export = Export::<T>::new(store, scope, filter, bom);
    while let Some(part) = export.next().await? {
        output.write(part.as_bytes())?;
    }
    Ok(())
}
