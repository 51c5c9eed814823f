//! Dependencies that fall away when two suppliers or products become one.

use std::collections::BTreeSet;

use sea_orm::{ColumnTrait as _, Condition, QueryFilter as _};
use serde::{Deserialize, Serialize};

use super::{ActiveModel, Column, Dependency, DependencyKind, Entity, Model};
use crate::{
    clock::Moment,
    error::Error,
    id::{DependencyId, SubjectId},
    scope::{Reader, Writer},
    stored::{Word, word},
    subject::Subject,
};

/// A dependency that fell away, as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fallen {
    id: DependencyId,
    version: i64,
    subject_id: SubjectId,
    rests_on_id: SubjectId,
    kind: DependencyKind,
    description: Option<String>,
    created_at: Moment,
}

impl Fallen {
    /// What is kept of one that falls away.
    pub(crate) fn of(row: Dependency) -> Self {
        let Model { id, version, subject_id, rests_on_id, kind, description, created_at, .. } = row;
        Self { id, version, subject_id, rests_on_id, kind: kind.0, description, created_at }
    }

    /// Its id.
    pub(crate) fn id(&self) -> &DependencyId {
        &self.id
    }
}

/// The dependencies that would be on themselves, or there twice, if what names `from` named `to`.
pub(crate) async fn falling(reader: &Reader, from: &str, to: &str) -> Result<Vec<Dependency>, Error> {
    let ends = [from, to];
    let either = Condition::any().add(Column::SubjectId.is_in(ends)).add(Column::RestsOnId.is_in(ends));
    let mut rows = reader.all(reader.find::<Entity>().filter(either)).await?;
    // Of two that become the same, that stays which names the one that is kept.
    let goes_over = |row: &Dependency| row.subject_id.as_str() == from || row.rests_on_id.as_str() == from;
    rows.sort_by_cached_key(|row| (goes_over(row), row.id.clone()));
    let end = |id: &SubjectId| if id.as_str() == from { to.to_owned() } else { id.to_string() };
    let mut seen = BTreeSet::new();
    rows.retain(|row| {
        let (subject, rests_on) = (end(&row.subject_id), end(&row.rests_on_id));
        subject == rests_on || !seen.insert((subject, rests_on, word(&row.kind)))
    });
    Ok(rows)
}

/// Takes these away, without events of their own.
pub(crate) async fn fall(writer: &Writer, rows: &[Dependency]) -> Result<(), Error> {
    for row in rows {
        writer.clear::<Entity>(Condition::all().add(Column::Id.eq(row.id.clone()))).await?;
        for supplier_id in [&row.supplier_id, &row.rests_on_supplier_id] {
            writer.touch(supplier_id);
        }
    }
    Ok(())
}

/// Puts one back that fell away, if what it joins is there and nothing else joins the two like this; whether it is.
pub(crate) async fn rise(writer: &Writer, fallen: Fallen) -> Result<bool, Error> {
    let Fallen { id, version, subject_id, rests_on_id, kind, description, created_at } = fallen;
    let mut ends = Vec::new();
    for end in [&subject_id, &rests_on_id] {
        match Subject::find(writer, end, "").await {
            Ok(subject) => ends.push(subject),
            Err(Error::Invalid(_)) => return Ok(false),
            Err(error) => return Err(error),
        }
    }
    let [subject, rests_on] = ends.as_slice() else { return Ok(false) };
    let same = writer
        .find::<Entity>()
        .filter(Column::SubjectId.eq(subject_id.as_str()))
        .filter(Column::RestsOnId.eq(rests_on_id.as_str()))
        .filter(Column::Kind.eq(Word(kind)));
    if writer.has(same).await? {
        return Ok(false);
    }
    let row = Model {
        id,
        organisation_id: writer.scope().organisation_id.clone(),
        version: version + 1,
        supplier_id: subject.supplier.id.clone(),
        product_id: subject.product_id(),
        rests_on_supplier_id: rests_on.supplier.id.clone(),
        rests_on_product_id: rests_on.product_id(),
        subject_id,
        rests_on_id,
        kind: Word(kind),
        description,
        created_at,
        updated_at: writer.now(),
    };
    writer.put_all::<Entity, ActiveModel>(vec![row], &[]).await?;
    Ok(true)
}
