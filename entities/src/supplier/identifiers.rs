//! Which supplier holds which identifier: each is held by one supplier only.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ColumnTrait as _, QueryFilter as _};

use super::Model;
use crate::{
    error::Error,
    id::SupplierId,
    identifier::{Identifier, Scheme},
    scope::{PORTION, Reader, Writer},
};

/// Which supplier holds an identifier: follows from the suppliers, and lets the database refuse a second holder.
#[expect(unreachable_pub, reason = "sea-orm derives a public entity from the row")]
pub(crate) mod held_identifier {
    use sea_orm::entity::prelude::*;

    use crate::id::{OrganisationId, SupplierId};

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "supplier_identifier")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub organisation_id: OrganisationId,
        #[sea_orm(primary_key, auto_increment = false)]
        pub scheme: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub identifier: String,
        pub supplier_id: SupplierId,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
    crate::scope::belongs!();
}

/// Notes which supplier holds which identifiers, and names those that another one holds.
pub(super) async fn hold_identifiers(writer: &Writer, suppliers: &[Model]) -> Result<(), Error> {
    let known = holders(writer, suppliers.iter().flat_map(|supplier| supplier.identifiers.iter())).await?;
    for supplier in suppliers {
        for (index, identifier) in supplier.identifiers.iter().enumerate() {
            if let Some(holder) = known.get(identifier)
                && *holder != supplier.id
            {
                let pointer = format!("/identifiers/{index}");
                let detail = format!("{identifier} is held by another supplier, {holder}");
                return Err(Error::Conflict {
                    code: "duplicate",
                    detail: detail.clone(),
                    errors: vec![crate::fault::Fault::new(pointer, "duplicate", detail)],
                });
            }
        }
    }
    note_identifiers(writer, suppliers).await
}

/// Notes the identifiers of suppliers, none of which is held by another supplier.
pub(crate) async fn note_identifiers(writer: &Writer, suppliers: &[Model]) -> Result<(), Error> {
    let rows = suppliers
        .iter()
        .flat_map(|supplier| {
            supplier.identifiers.iter().map(|identifier| held_identifier::Model {
                organisation_id: supplier.organisation_id.clone(),
                scheme: crate::stored::word(&identifier.scheme),
                identifier: identifier.id.clone(),
                supplier_id: supplier.id.clone(),
            })
        })
        .collect();
    writer.put_all::<held_identifier::Entity, held_identifier::ActiveModel>(rows, &[]).await
}

/// Which suppliers hold which of `identifiers`, which are canonical.
pub(crate) async fn holders(
    reader: &Reader,
    identifiers: impl IntoIterator<Item = &Identifier>,
) -> Result<BTreeMap<Identifier, SupplierId>, Error> {
    let mut by_scheme: BTreeMap<Scheme, BTreeSet<&str>> = BTreeMap::new();
    for identifier in identifiers {
        by_scheme.entry(identifier.scheme).or_default().insert(&identifier.id);
    }
    let mut known = BTreeMap::new();
    for (scheme, ids) in by_scheme {
        let ids: Vec<&str> = ids.into_iter().collect();
        for portion in ids.chunks(PORTION) {
            let select = reader
                .find::<held_identifier::Entity>()
                .filter(held_identifier::Column::Scheme.eq(crate::stored::word(&scheme)))
                .filter(held_identifier::Column::Identifier.is_in(portion.iter().copied()));
            known.extend(
                reader
                    .all(select)
                    .await?
                    .into_iter()
                    .map(|row| (Identifier { scheme, id: row.identifier }, row.supplier_id)),
            );
        }
    }
    Ok(known)
}
