//! Bringing the register's lines, ratings and reviews up to date with what they follow from.

use std::collections::{BTreeMap, BTreeSet};

use diligence_questionnaires::Rating;
use sea_orm::{ColumnTrait as _, Condition, QueryFilter as _, QueryOrder as _, QuerySelect as _};

use super::{
    ActiveModel, Column, Entity, Model,
    counts::{self, Counted},
    line::{Portion, rank},
};
use crate::{
    due,
    error::Error,
    evidence::Evidence,
    id::{ProductId, SubjectId, SupplierId},
    policy::{self, Policy},
    product::{self, Product},
    review::{self, Looks, Step},
    scope::{PORTION, Reader, Writer},
    stored::Word,
    supplier::{self, Supplier},
};

/// Makes one supplier's lines anew at once, for an operation that answers with what follows.
pub(crate) async fn refresh_now(writer: &Writer, supplier_id: &SupplierId) -> Result<(), Error> {
    refresh(writer, BTreeSet::from([supplier_id.clone()])).await
}

/// Makes the lines of these suppliers and their products anew, their reviews and ratings too.
pub(crate) async fn refresh(writer: &Writer, suppliers: BTreeSet<SupplierId>) -> Result<(), Error> {
    if suppliers.is_empty() {
        return Ok(());
    }
    let policy = policy::read(writer).await?;
    let ids: Vec<SupplierId> = suppliers.into_iter().collect();
    for portion in ids.chunks(PORTION) {
        Portion::load(writer, portion).await?.differences(writer, &policy).carry_out(writer, LINE).await?;
    }
    Ok(())
}

/// What every line, rating and review of the register would be under another policy, as far as it differs.
pub(crate) async fn under(reader: &Reader, policy: &Policy) -> Result<Differences, Error> {
    let mut all = Differences::default();
    each_under(reader, policy, |differences| all.add(differences)).await?;
    Ok(all)
}

/// What of the register and of the list of what is due is stored otherwise than it follows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drift {
    /// How many lines, reviews and ratings.
    pub line_count: i64,
    /// How many items of what is due.
    pub due_count: i64,
    /// The first suppliers that it is about, or whose products.
    pub suppliers: BTreeSet<SupplierId>,
}

/// How many suppliers are named that something stored does not follow from.
const MAXIMUM_NAMED: usize = 3;

/// Looks for what is stored otherwise than it follows, in memory that does not grow with the register.
pub(crate) async fn drift(reader: &Reader) -> Result<Drift, Error> {
    let policy = policy::read(reader).await?;
    let mut found = Drift::default();
    each_under(reader, &policy, |differences| {
        let Differences { lines, steps, ratings, due, .. } = differences;
        let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        found.line_count += count(lines.len() + steps.len() + ratings.len());
        found.due_count += count(due.added.len() + due.changed.len() + due.removed.len());
        let lines = lines.iter().map(|line| &line.supplier_id).chain(steps.iter().filter_map(Step::supplier_id));
        let lines = lines.chain(ratings.iter().map(|(id, ..)| id));
        let items = due.added.iter().chain(due.changed.iter().map(|(row, _)| row)).chain(&due.removed);
        for supplier_id in lines.chain(items.filter_map(|item| item.supplier_id.as_ref())) {
            if found.suppliers.len() < MAXIMUM_NAMED {
                found.suppliers.insert(supplier_id.clone());
            }
        }
    })
    .await?;
    Ok(found)
}

/// Works out what differs under a policy, some suppliers at a time.
async fn each_under(reader: &Reader, policy: &Policy, mut each: impl FnMut(Differences) + Send) -> Result<(), Error> {
    let mut after = String::new();
    loop {
        let select = reader
            .find_with_ourselves::<supplier::Entity>()
            .filter(supplier::Column::Id.gt(after.as_str()))
            .order_by_asc(supplier::Column::Id)
            .limit(PORTION as u64);
        let rows: Vec<(SupplierId,)> = reader.tuples(select.select_only().column(supplier::Column::Id)).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        last.0.as_str().clone_into(&mut after);
        let ids: Vec<SupplierId> = rows.into_iter().map(|(id,)| id).collect();
        let mut portion = Portion::load(reader, &ids).await?;
        for risk in &mut portion.risks {
            risk.call(policy.risk_bands.0);
        }
        for piece in &mut portion.evidence {
            piece.derive(&policy.evidence_validity.0);
        }
        each(portion.differences(reader, policy));
        // It is work: others need this thread.
        tokio::task::yield_now().await;
    }
}

/// Makes every line anew.
pub(crate) async fn refresh_all(writer: &Writer) -> Result<(), Error> {
    let policy = policy::read(writer).await?;
    under(writer, &policy).await?.carry_out_all(writer).await
}

/// Makes the lines of suppliers that this writer has entered, with all the evidence about them that it has, and with
/// what was said of when they were and will be looked at.
pub(crate) async fn enter(
    writer: &Writer,
    suppliers: Vec<Supplier>,
    evidence: Vec<Evidence>,
    looks: BTreeMap<SupplierId, Looks>,
) -> Result<(), Error> {
    if suppliers.is_empty() {
        return Ok(());
    }
    let policy = policy::read(writer).await?;
    let mut portion = Portion { suppliers, evidence, looks, ..Portion::default() };
    let differences = portion.differences(writer, &policy);
    let ids: Vec<SupplierId> = std::mem::take(&mut portion.suppliers).into_iter().map(|row| row.id).collect();
    drop(portion);
    differences.carry_out(writer, &[]).await?;
    writer.leave_alone(&ids);
    Ok(())
}

/// Everything that the lines of some suppliers followed from, before a change to them and their products.
#[derive(Default)]
pub(crate) struct Known(Vec<Portion>);

impl Known {
    /// Of these suppliers.
    pub(crate) async fn load(reader: &Reader, suppliers: BTreeSet<SupplierId>) -> Result<Self, Error> {
        let ids: Vec<SupplierId> = suppliers.into_iter().collect();
        let mut portions = Vec::new();
        for ids in ids.chunks(PORTION) {
            portions.push(Portion::load(reader, ids).await?);
            tokio::task::yield_now().await;
        }
        Ok(Self(portions))
    }

    /// Makes the lines anew, now that these rows have come or have taken the place of others, and nothing else has
    /// changed.
    pub(crate) async fn follow(
        self,
        writer: &Writer,
        suppliers: Vec<Supplier>,
        products: Vec<Product>,
    ) -> Result<(), Error> {
        if self.0.is_empty() {
            return Ok(());
        }
        let policy = policy::read(writer).await?;
        let mut suppliers: BTreeMap<SupplierId, Supplier> =
            suppliers.into_iter().map(|row| (row.id.clone(), row)).collect();
        let mut products: BTreeMap<SupplierId, Vec<Product>> =
            products.into_iter().fold(BTreeMap::new(), |mut all, row| {
                all.entry(row.supplier_id.clone()).or_default().push(row);
                all
            });
        let (mut all, mut done) = (Differences::default(), Vec::new());
        for mut portion in self.0 {
            // A decision may have gone stale for it, which asks for a review: of these, more has changed.
            let decided: BTreeSet<SupplierId> =
                portion.decisions.iter().map(|decision| decision.supplier_id.clone()).collect();
            portion.suppliers.retain(|row| !decided.contains(&row.id));
            for row in &mut portion.suppliers {
                if let Some(new) = suppliers.remove(&row.id) {
                    *row = new;
                }
                let new = products.remove(&row.id).unwrap_or_default();
                portion.products.retain(|row| !new.iter().any(|new| new.id == row.id));
                portion.products.extend(new);
                done.push(row.id.clone());
            }
            all.add(portion.differences(writer, &policy));
        }
        all.carry_out_all(writer).await?;
        writer.leave_alone(&done);
        Ok(())
    }
}

/// Takes away the line of a supplier or product that is about to be taken away itself.
pub(crate) async fn forget(writer: &Writer, subject_id: &str) -> Result<(), Error> {
    due::forget(writer, subject_id).await?;
    let select = writer.find_with_ourselves::<Entity>().filter(Column::SubjectId.eq(subject_id));
    let mut counted = Counted::new();
    writer.all(select).await?.iter().for_each(|line| counts::count(line, -1, &mut counted));
    writer.count_lines(counted);
    writer.clear::<Entity>(Condition::all().add(Column::SubjectId.eq(subject_id))).await?;
    Ok(())
}

/// By what a line is known.
const LINE: &[Column] = &[Column::SubjectId];

/// What is stored of the register and does not follow any more: lines, reviews and ratings.
#[derive(Default)]
pub(crate) struct Differences {
    /// Lines as they are to be.
    pub(super) lines: Vec<Model>,
    /// Those of them that are there, as they are.
    pub(super) before: BTreeMap<SubjectId, Model>,
    /// Reviews to be set, changed or taken away.
    pub(super) steps: Vec<Step>,
    /// Ratings of suppliers, or of products of theirs.
    pub(super) ratings: Vec<(SupplierId, Option<ProductId>, Rating)>,
    /// What is due.
    pub(super) due: due::Changes,
}

impl Differences {
    fn add(&mut self, other: Self) {
        self.lines.extend(other.lines);
        self.before.extend(other.before);
        self.steps.extend(other.steps);
        self.ratings.extend(other.ratings);
        self.due.add(other.due);
    }

    /// Leaves out what is about these suppliers and their products.
    pub(crate) fn without(mut self, suppliers: &BTreeSet<SupplierId>) -> Self {
        self.lines.retain(|line| !suppliers.contains(&line.supplier_id));
        self.steps.retain(|step| step.supplier_id().is_none_or(|id| !suppliers.contains(id)));
        self.ratings.retain(|(id, ..)| !suppliers.contains(id));
        self.due.leave_out(suppliers);
        self
    }

    /// Writes lines, reviews and ratings; a line takes the place of that with the same `key`, and where there is no
    /// key, of none.
    async fn carry_out(mut self, writer: &Writer, key: &[Column]) -> Result<(), Error> {
        let mut by_rating: BTreeMap<i32, (Rating, Vec<String>, Vec<String>)> = BTreeMap::new();
        for (supplier_id, product_id, rating) in self.ratings {
            let (_, suppliers, products) =
                by_rating.entry(rank(rating)).or_insert_with(|| (rating, Vec::new(), Vec::new()));
            match product_id {
                Some(id) => products.push(id.to_string()),
                None => suppliers.push(supplier_id.to_string()),
            }
        }
        for (rating, suppliers, products) in by_rating.into_values() {
            let (rating, now) = (Word(rating), writer.now());
            writer
                .set_derived_of_all::<supplier::Entity>(
                    &suppliers,
                    &[(supplier::Column::Rating, rating.into()), (supplier::Column::UpdatedAt, now.into())],
                )
                .await?;
            writer
                .set_derived_of_all::<product::Entity>(
                    &products,
                    &[(product::Column::Rating, rating.into()), (product::Column::UpdatedAt, now.into())],
                )
                .await?;
        }
        review::carry_out(writer, self.steps).await?;
        self.due.carry_out(writer).await?;
        let mut counted = Counted::new();
        for line in &mut self.lines {
            line.updated_at = writer.now();
            if let Some(before) = self.before.get(&line.subject_id) {
                counts::count(before, -1, &mut counted);
            }
            counts::count(line, 1, &mut counted);
        }
        writer.count_lines(counted);
        writer.put_all::<Entity, ActiveModel>(self.lines, key).await
    }

    /// Writes lines, reviews and ratings, and marks the lines of their suppliers as up to date, so that saving does not
    /// make them again.
    pub(crate) async fn carry_out_all(self, writer: &Writer) -> Result<(), Error> {
        let suppliers: BTreeSet<SupplierId> = self
            .lines
            .iter()
            .map(|line| &line.supplier_id)
            .chain(self.steps.iter().filter_map(Step::supplier_id))
            .cloned()
            .collect();
        self.carry_out(writer, LINE).await?;
        writer.leave_alone(&suppliers);
        Ok(())
    }
}
