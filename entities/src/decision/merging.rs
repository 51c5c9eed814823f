//! How decisions stand before and after what they are about becomes one with another.

use std::collections::BTreeMap;

use sea_orm::{ColumnTrait as _, QueryFilter as _};
use serde::{Deserialize, Serialize};

use super::{ActiveModel, Column, Decision, Entity, Model};
use crate::{
    clock::Moment,
    error::Error,
    id::{DecisionId, SupplierId},
    scope::{Reader, Writer},
    stored::Json,
};

/// How a decision stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Standing {
    superseded: bool,
    stale_since: Option<Moment>,
    stale_reasons: Vec<String>,
}

impl Standing {
    fn of(row: &Decision) -> Self {
        let stale_reasons = row.stale_reasons.0.clone();
        Self { superseded: row.superseded, stale_since: row.stale_since, stale_reasons }
    }
}

/// How all decisions about these suppliers and their products stand.
pub(crate) async fn standings(
    reader: &Reader,
    suppliers: &[SupplierId],
) -> Result<BTreeMap<DecisionId, Standing>, Error> {
    let select = reader.find::<Entity>().filter(Column::SupplierId.is_in(suppliers.iter().cloned()));
    Ok(reader.all(select).await?.into_iter().map(|row| (row.id.clone(), Standing::of(&row))).collect())
}

/// Has decisions that a later one on the same questionnaire stands beside be superseded by it.
pub(crate) async fn supersede(writer: &Writer, ids: &[DecisionId]) -> Result<(), Error> {
    for id in ids {
        let before = writer.get::<Entity>(id.as_str()).await?;
        let after = Model { superseded: true, ..before.clone() };
        writer.replace::<Entity, ActiveModel>("supersede", &before, after).await?;
    }
    Ok(())
}

/// Has each decision of these suppliers stand as it did before, where `now`, how it stood a moment ago, is still what
/// `after` says it became.
pub(crate) async fn settle_standings(
    writer: &Writer,
    before: &BTreeMap<DecisionId, Standing>,
    after: &BTreeMap<DecisionId, Standing>,
    now: &BTreeMap<DecisionId, Standing>,
) -> Result<(), Error> {
    for (id, is) in now {
        let wanted = match (before.get(id), after.get(id)) {
            (Some(before), Some(after)) if after == is => before,
            _ => is,
        };
        let row = writer.get::<Entity>(id.as_str()).await?;
        if Standing::of(&row) != *wanted {
            let Standing { superseded, stale_since, stale_reasons } = wanted.clone();
            let parted = Model { superseded, stale_since, stale_reasons: Json(stale_reasons), ..row.clone() };
            writer.replace::<Entity, ActiveModel>("derive", &row, parted).await?;
        }
    }
    Ok(())
}
