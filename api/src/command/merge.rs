//! `diligence merge`.

use std::collections::BTreeMap;

use clap::{Args, Subcommand};
use diligence_entities::{
    error::Error,
    id::{MergerId, OrganisationId, ProductId, SubjectId, SupplierId},
    merger::{self, Merger, MergerChoice, MergerPlan, MovedCount, NewMerger},
    organisation, product,
    scope::Store,
    supplier,
};

use super::{Failure, block_on, console, open_with, print};
use crate::config::DatabaseFlags;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Merge one supplier into another; prints what went over, and the merger's id
    Supplier {
        /// The supplier that is kept
        #[arg(value_name = "KEEP")]
        kept: SupplierId,
        /// The supplier that goes into it
        #[arg(value_name = "OTHER")]
        other: SupplierId,
        #[command(flatten)]
        how: How,
    },
    /// Merge one product into another of the same supplier; prints what went over, and the merger's id
    Product {
        /// The product that is kept
        #[arg(value_name = "KEEP")]
        kept: ProductId,
        /// The product that goes into it
        #[arg(value_name = "OTHER")]
        other: ProductId,
        #[command(flatten)]
        how: How,
    },
    /// Undo a merger, for 30 days after it
    Undo {
        /// The merger's id, as it was printed
        id: MergerId,
        #[command(flatten)]
        database: DatabaseFlags,
    },
}

#[derive(Debug, Args)]
pub(super) struct How {
    /// Only say what would go over, and where the two differ
    #[arg(long)]
    dry_run: bool,
    /// A field in which the other's words stay, such as website; may be given several times [default: the kept one's,
    /// the other's where it says nothing, and both of lists]
    #[arg(long, value_name = "FIELD")]
    take: Vec<String>,
    #[command(flatten)]
    database: DatabaseFlags,
}

pub(super) fn run(command: Command) -> Result<(), Failure> {
    block_on(async {
        match command {
            Command::Supplier { kept, other, how } => {
                merge(&SubjectId::Supplier(kept), SubjectId::Supplier(other), how).await
            }
            Command::Product { kept, other, how } => {
                merge(&SubjectId::Product(kept), SubjectId::Product(other), how).await
            }
            Command::Undo { id, database } => undo(&open_with(database).await?, &id).await,
        }
    })
}

async fn merge(kept: &SubjectId, other: SubjectId, how: How) -> Result<(), Failure> {
    let How { dry_run, take, database } = how;
    let choices: BTreeMap<String, MergerChoice> = take.into_iter().map(|field| (field, MergerChoice::Other)).collect();
    let new = NewMerger { other_id: other, choices };
    let store = open_with(database).await?;
    for organisation in organisation::all(&store).await? {
        let Some(version) = version_of(&store, &organisation.id, kept).await? else { continue };
        if dry_run {
            let reader = store.read(&console(&organisation.id)).await?;
            return print(&planned(&merger::plan(&reader, kept, &new).await?));
        }
        let writer = store.write(&console(&organisation.id)).await?;
        let merger = merger::merge(&writer, kept, version, &new).await?;
        writer.save().await?;
        return print(&done(&merger));
    }
    Err(Failure::refused(format!("there is no supplier or product {kept}")))
}

/// The version of a supplier or product of this organisation, if it has one by this id.
async fn version_of(store: &Store, organisation: &OrganisationId, id: &SubjectId) -> Result<Option<i64>, Failure> {
    let reader = store.read(&console(organisation)).await?;
    let version = match id {
        SubjectId::Supplier(id) => supplier::read(&reader, id).await.map(|supplier| supplier.version),
        SubjectId::Product(id) => product::read(&reader, id).await.map(|product| product.version),
    };
    match version {
        Ok(version) => Ok(Some(version)),
        Err(Error::NotFound) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn planned(plan: &MergerPlan) -> String {
    let mut text = format!("{} would go into {}.\n", plan.other_name, plan.kept_name);
    for field in &plan.fields {
        text.push_str(&format!("{}\t{}\t{}\t-> {}\n", field.field, field.kept, field.other, field.after));
    }
    text + &moved(&plan.moved, &plan.notes)
}

fn done(merger: &Merger) -> String {
    let Merger { id, kept_name, other_name, undo_until, moved: counts, notes, .. } = merger;
    let head = format!("{other_name} went into {kept_name}.\n");
    head + &moved(counts, notes) + &format!("{id} can be undone until {undo_until}\n")
}

fn moved(counts: &[MovedCount], notes: &[String]) -> String {
    let counts = counts.iter().map(|moved| format!("{}\t{}\n", moved.noun, moved.count));
    counts.chain(notes.iter().map(|note| format!("{note}\n"))).collect()
}

async fn undo(store: &Store, id: &MergerId) -> Result<(), Failure> {
    for organisation in organisation::all(store).await? {
        let writer = store.write(&console(&organisation.id)).await?;
        match merger::read(&writer, id).await {
            Ok(merger) => {
                let undone = merger::undo(&writer, id, merger.version).await?;
                writer.save().await?;
                let head = format!("{} and {} are two again.\n", undone.kept_name, undone.other_name);
                return print(&(head + &moved(&[], &undone.notes)));
            }
            Err(Error::NotFound) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Failure::refused(format!("there is no merger {id}")))
}
