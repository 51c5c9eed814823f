//! What moves by time alone. Nearly everything that a day changes is worked out when it is read: what is overdue, has
//! expired, has lapsed. Two things are stored and do move: a contract that renews itself goes on to its next term, and a
//! questionnaire's sources grow old. Both are made anew at the turn of a day, and at each start for the days before.
//! With them goes what is kept only for a while: of imports files that nobody applied, and what it takes to undo one; of
//! identity providers what came when one was tried.

use std::collections::BTreeSet;

use sea_orm::{ColumnTrait as _, QueryFilter as _, QuerySelect as _};

use super::{
    Column, DueKind, Entity,
    derive::{Ending, endings, key},
    house, settlement,
};
use crate::{
    error::Error,
    id::{OrganisationId, SupplierId},
    identity_provider, import, organisation,
    role::Role,
    scope::{Actor, PORTION, Reader, Scope, Store},
    stored::Word,
    supplier::{self, RelationshipStatus},
};

/// What has moved in an organisation since it was last made anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turned {
    /// The organisation.
    pub organisation_id: OrganisationId,
    /// How many suppliers have a contract that went on by itself.
    pub supplier_count: usize,
    /// Whether questionnaires in use have grown old, or are so no more.
    pub has_house: bool,
}

/// Makes anew what has moved by time alone, in every organisation; says where something has. Nobody has done anything,
/// so the audit trail says nothing of it, but for a review whose day moves with a contract. Done twice, or by several
/// replicas, it does nothing more.
///
/// # Errors
/// [`Error::Busy`] or [`Error::Database`].
pub async fn all(store: &Store) -> Result<Vec<Turned>, Error> {
    let mut turned = Vec::new();
    for organisation in organisation::all(store).await? {
        let scope = Scope {
            organisation_id: organisation.id,
            actor: Actor { id: "console".into(), name: "console".into() },
            role: Role::Admin,
            request_id: None,
        };
        turned.extend(one(store, &scope).await?);
    }
    Ok(turned)
}

async fn one(store: &Store, scope: &Scope) -> Result<Option<Turned>, Error> {
    // Most days move nothing: then nobody waits for a writer.
    let reader = store.read(scope).await?;
    let (moved, has_house) = (moved(&reader).await?, house::has_moved(&reader).await?);
    drop(reader);
    for portion in moved.chunks(PORTION) {
        let writer = store.write(scope).await?;
        portion.iter().for_each(|id| writer.touch(id));
        writer.save().await?;
    }
    if has_house {
        let writer = store.write(scope).await?;
        house::refresh_all(&writer).await?;
        writer.save().await?;
    }
    import::record::tidy(store, scope).await?;
    identity_provider::trial::tidy(store, scope).await?;
    let organisation_id = scope.organisation_id.clone();
    let turned = Turned { organisation_id, supplier_count: moved.len(), has_house };
    Ok((turned.supplier_count > 0 || has_house).then_some(turned))
}

/// The suppliers with a contract whose term has ended, and another begun, since its item was made or let go.
async fn moved(reader: &Reader) -> Result<Vec<SupplierId>, Error> {
    let today = reader.today();
    let ended = reader
        .find::<Entity>()
        .filter(Column::Kind.eq(Word(DueKind::ContractEnd)))
        .filter(Column::DueOn.lt(today))
        .filter(Column::SupplierId.is_not_null());
    let listed: Vec<(SupplierId,)> = reader.tuples(ended.select_only().column(Column::SupplierId)).await?;
    let let_go = settlement::contracts_let_go(reader, today).await?;
    let ids: BTreeSet<SupplierId> = listed.into_iter().map(|(id,)| id).chain(let_go).collect();
    let ids: Vec<SupplierId> = ids.into_iter().collect();
    let mut moved = Vec::new();
    for portion in ids.chunks(PORTION) {
        let items = super::of_suppliers(reader, portion).await?;
        let listed: BTreeSet<&str> = items
            .iter()
            .filter(|item| item.kind.0 == DueKind::ContractEnd)
            .map(|item| item.item_key.as_str())
            .collect();
        let settled = settlement::of_suppliers(reader, portion).await?;
        let settled: BTreeSet<&str> = settled.iter().map(|row| row.item_key.as_str()).collect();
        for (id, supplier) in supplier::several(reader, portion.iter().cloned()).await? {
            let is_new = |ending: &Ending<'_>| {
                let key = key(DueKind::ContractEnd, id.as_str(), &ending.part);
                !listed.contains(key.as_str()) && !settled.contains(key.as_str())
            };
            let has_moved = endings(&supplier.contracts, today).iter().any(is_new);
            if has_moved && supplier.status.0 != RelationshipStatus::Archived {
                moved.push(id);
            }
        }
    }
    Ok(moved)
}
