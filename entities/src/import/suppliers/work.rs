//! What rows about suppliers come to, once it is to be written.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    error::Error,
    evidence::{self, Evidence, NewEvidence},
    id::{SubjectId, SupplierId},
    import::{
        Written,
        fields::was,
        record::{ImportItem, ItemKind},
    },
    register::{self, Known},
    review::{self, Looks},
    scope::Writer,
    supplier::{self, NewSupplier, Supplier},
};

/// Indexes are those of the rows.
#[derive(Default)]
pub(in crate::import) struct SupplierWork {
    pub(super) changes: Vec<(Supplier, NewSupplier)>,
    pub(super) additions: Vec<Addition>,
    /// Those of the additions that have been entered, but for their identifiers.
    added: Vec<(usize, Supplier)>,
    /// Of suppliers that are there.
    pub(super) evidence: Vec<(SupplierId, NewEvidence)>,
    pub(super) changed_evidence: Vec<(Evidence, NewEvidence)>,
    /// At suppliers that are there.
    pub(super) looks: Vec<(Supplier, Looks)>,
    items: Vec<ImportItem>,
}

/// A new supplier, with what comes with it.
pub(super) struct Addition {
    pub(super) index: usize,
    pub(super) id: Option<SupplierId>,
    pub(super) new: NewSupplier,
    pub(super) evidence: Vec<NewEvidence>,
    pub(super) looks: Looks,
}

impl SupplierWork {
    /// Whether there is anything new.
    pub(in crate::import) fn adds(&self) -> bool {
        !self.additions.is_empty()
    }

    /// The suppliers whose lines follow from the change to them alone.
    pub(super) fn alone(&self) -> BTreeSet<SupplierId> {
        let others: BTreeSet<&SupplierId> = self
            .evidence
            .iter()
            .map(|(id, _)| id)
            .chain(self.changed_evidence.iter().map(|(before, _)| &before.supplier_id))
            .chain(self.looks.iter().map(|(supplier, _)| &supplier.id))
            .collect();
        self.changes.iter().map(|(before, _)| &before.id).filter(|id| !others.contains(id)).cloned().collect()
    }

    /// Enters what is new: suppliers, evidence about them, looks at them, and their lines in the register.
    pub(in crate::import) async fn add(&mut self, writer: &Writer) -> Result<(), Error> {
        let additions = std::mem::take(&mut self.additions);
        let (mut new, mut others) = (Vec::with_capacity(additions.len()), Vec::with_capacity(additions.len()));
        for Addition { index, id, new: addition, evidence, looks } in additions {
            new.push((id, addition));
            others.push((index, evidence, looks));
        }
        let rows = supplier::create_all(writer, new).await?;
        let (mut about, mut looks, mut past) = (Vec::new(), BTreeMap::new(), Vec::new());
        for (row, (index, pieces, told)) in rows.iter().zip(others) {
            self.added.push((index, row.clone()));
            about.extend(
                pieces.into_iter().map(|new| {
                    (row.id.clone(), NewEvidence { subject_id: SubjectId::Supplier(row.id.clone()), ..new })
                }),
            );
            past.extend(told.last.map(|day| (row.id.clone(), day)));
            if !told.is_empty() {
                looks.insert(row.id.clone(), told);
            }
        }
        let about = evidence::create_all(writer, about).await?;
        let past = review::note_past(writer, &past).await?;
        let created = |kind: ItemKind, id: &str| ImportItem::created(kind, id, 1);
        self.items.extend(rows.iter().map(|row| created(ItemKind::Supplier, row.id.as_str())));
        self.items.extend(about.iter().map(|row| created(ItemKind::Evidence, row.id.as_str())));
        self.items.extend(past.iter().map(|row| created(ItemKind::Review, row.id.as_str())));
        register::enter(writer, rows, about, looks).await
    }
}

/// Writes all of it.
pub(in crate::import) async fn write_suppliers(
    writer: &Writer,
    mut work: SupplierWork,
    known: Known,
) -> Result<Written, Error> {
    work.add(writer).await?;
    let SupplierWork { changes, added, evidence, changed_evidence, mut looks, mut items, .. } = work;
    let before: Vec<_> = changes.iter().map(|(before, new)| was(before, new)).collect();
    let changed = supplier::put_all(writer, "change", changes).await?;
    for (row, before) in changed.iter().zip(before) {
        items.push(ImportItem::changed(ItemKind::Supplier, row.id.as_str(), row.version, before));
    }
    let now: BTreeMap<&SupplierId, &Supplier> = changed.iter().map(|row| (&row.id, row)).collect();
    for (supplier, _) in &mut looks {
        if let Some(row) = now.get(&supplier.id) {
            *supplier = (*row).clone();
        }
    }
    drop(now);
    known.follow(writer, changed, Vec::new()).await?;
    for row in evidence::create_all(writer, evidence).await? {
        items.push(ImportItem::created(ItemKind::Evidence, row.id.as_str(), row.version));
    }
    for (before, new) in changed_evidence {
        let fields = was(&before, &new);
        let row = evidence::put(writer, before, new).await?;
        items.push(ImportItem::changed(ItemKind::Evidence, row.id.as_str(), row.version, fields));
    }
    let told = review::tell(writer, looks).await?;
    items.extend(ImportItem::of_looks(&told));
    // In its turn only: somebody else may be about to take the same identifier, and each would wait for the other.
    let (indexes, rows): (Vec<usize>, Vec<Supplier>) = added.into_iter().unzip();
    supplier::note_identifiers(writer, &rows).await?;
    let made = indexes.into_iter().zip(rows.iter().map(|row| row.id.to_string())).collect();
    Ok(Written { made, items })
}
