//! Many products at once, by what they are called and whose they are.

use std::collections::BTreeSet;

use sea_orm::{ColumnTrait as _, QueryFilter as _};

use super::{Column, Entity, Product};
use crate::{
    error::Error,
    id::SupplierId,
    scope::{PORTION, Reader},
};

/// The products that have one of these names.
pub(crate) async fn of_names(reader: &Reader, names: &BTreeSet<String>) -> Result<Vec<Product>, Error> {
    let mut found = Vec::new();
    let lower: BTreeSet<String> = names.iter().map(|name| name.to_lowercase()).collect();
    let lower: Vec<String> = lower.into_iter().collect();
    for portion in lower.chunks(PORTION) {
        let rows = reader
            .all(reader.find::<Entity>().filter(Column::SortName.is_in(portion.iter().map(String::as_str))))
            .await?;
        found.extend(rows.into_iter().filter(|product| names.contains(&product.name)));
    }
    Ok(found)
}

/// The products of these suppliers.
pub(crate) async fn of_suppliers(reader: &Reader, suppliers: &[SupplierId]) -> Result<Vec<Product>, Error> {
    let mut found = Vec::new();
    for portion in suppliers.chunks(PORTION) {
        let of_these = Column::SupplierId.is_in(portion.iter().cloned());
        found.extend(reader.all(reader.find::<Entity>().filter(of_these)).await?);
    }
    Ok(found)
}
