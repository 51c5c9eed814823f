//! Making one of two.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, Condition, QueryFilter as _};
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    ActiveModel, Entity, Merger, MergerField, MergerState, Model, MovedCount, NewMerger, Record, UNDO_DAYS,
    fields::{self, Said},
    places::{self, Cells},
};
use crate::{
    assessment::{self, AssessmentState},
    audit,
    clock::Moment,
    decision::{self, Decision},
    dependency::{self, Dependency},
    error::Error,
    fault::Faults,
    id::{ProductId, SubjectId, SupplierId},
    product::{self, NewProduct},
    published_list, review,
    scope::{Reader, Writer},
    stored::{Json, Word, word},
    subject::{Subject, SubjectType},
    supplier::{self, NewSupplier},
};

/// What a merger would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MergerPlan {
    /// The one that is kept.
    pub kept_id: SubjectId,
    /// What it is called.
    pub kept_name: String,
    /// The one that goes into it.
    pub other_id: SubjectId,
    /// What that is called.
    pub other_name: String,
    /// The fields in which they differ, and what will be said.
    pub fields: Vec<MergerField>,
    /// What goes over, by noun.
    pub moved: Vec<MovedCount>,
    /// What else comes of it, in sentences.
    pub notes: Vec<String>,
}

/// One of two, with what somebody says of it.
pub(super) struct Side {
    pub(super) subject: Subject,
    pub(super) said: Said,
}

impl Side {
    pub(super) fn of(subject: Subject) -> Result<Self, Error> {
        let said = match &subject.product {
            Some(product) => serde_json::to_value(product::merging::said(product)?),
            None => serde_json::to_value(supplier::merging::said(&subject.supplier)?),
        };
        let Ok(Value::Object(said)) = said else {
            return Err(Error::invalid("", "shape", "expected an object"));
        };
        Ok(Self { subject, said })
    }

    pub(super) fn id(&self) -> SubjectId {
        crate::subject::subject_id(&self.subject.supplier.id, self.product_id())
    }

    pub(super) fn supplier_id(&self) -> &SupplierId {
        &self.subject.supplier.id
    }

    pub(super) fn product_id(&self) -> Option<&ProductId> {
        self.subject.product.as_ref().map(|product| &product.id)
    }

    fn version(&self) -> i64 {
        self.subject.product.as_ref().map_or(self.subject.supplier.version, |product| product.version)
    }

    fn created_at(&self) -> Moment {
        self.subject.product.as_ref().map_or(self.subject.supplier.created_at, |product| product.created_at)
    }

    /// Puts what is said into the place of what was.
    pub(super) async fn put(&self, writer: &Writer, action: &'static str, said: Said) -> Result<(), Error> {
        match &self.subject.product {
            Some(product) => {
                let change = vec![(product.clone(), as_said::<NewProduct>(said)?.check()?)];
                product::put_all(writer, action, change).await?;
            }
            None => {
                let change = vec![(self.subject.supplier.clone(), as_said::<NewSupplier>(said)?.check()?)];
                supplier::put_all(writer, action, change).await?;
            }
        }
        Ok(())
    }
}

/// What is said, read.
pub(super) fn as_said<T: serde::de::DeserializeOwned>(said: Said) -> Result<T, Error> {
    serde_json::from_value(Value::Object(said)).map_err(|error| Error::invalid("", "shape", error.to_string()))
}

/// A merger worked out.
struct Worked {
    kept: Side,
    other: Side,
    said: Said,
    fields: Vec<MergerField>,
    cells: Vec<Cells>,
    falling: Vec<Dependency>,
    superseded: Vec<Decision>,
    notes: Vec<String>,
}

/// What merging something into one would do; nothing is changed.
///
/// # Errors
/// As [`merge`], but for [`Error::Stale`].
pub async fn plan(reader: &Reader, kept_id: &SubjectId, new: &NewMerger) -> Result<MergerPlan, Error> {
    let Worked { kept, other, fields, cells, notes, .. } = work_out(reader, kept_id, new).await?;
    Ok(MergerPlan {
        kept_id: kept.id(),
        kept_name: kept.subject.name().to_owned(),
        other_id: other.id(),
        other_name: other.subject.name().to_owned(),
        fields,
        moved: places::counts(&cells),
        notes,
    })
}

async fn work_out(reader: &Reader, kept_id: &SubjectId, new: &NewMerger) -> Result<Worked, Error> {
    match kept_id {
        SubjectId::Supplier(id) => supplier::read(reader, id).await.map(drop)?,
        SubjectId::Product(id) => product::read(reader, id).await.map(drop)?,
    }
    Faults::of_new(new).done()?;
    let kept = Side::of(Subject::find(reader, kept_id, "").await?)?;
    let other = Side::of(Subject::find(reader, &new.other_id, "/other_id").await?)?;
    let mut faults = Faults::default();
    let of_one_sort = kept.product_id().is_some() == other.product_id().is_some();
    faults.expect(
        of_one_sort,
        "/other_id",
        "kind",
        "expected a supplier to merge into a supplier, a product into a product",
    );
    faults.expect(kept.id() != other.id(), "/other_id", "same", "expected another than the one that is kept");
    faults.expect(
        !of_one_sort || kept.product_id().is_none() || kept.supplier_id() == other.supplier_id(),
        "/other_id",
        "other_supplier",
        "expected a product of the same supplier: merge the suppliers first",
    );
    faults.expect(
        !other.subject.supplier.is_ourselves,
        "/other_id",
        "ourselves",
        "expected a supplier or a product of one: our own house is merged with none",
    );
    faults.done()?;
    if kept.subject.supplier.is_ourselves {
        return Err(Error::invalid("", "ourselves", "our own house is merged with none"));
    }
    let (said, fields) = fields::united(&kept.said, &other.said, &new.choices)?;
    // Every limit holds for what is put together too.
    if kept.product_id().is_some() {
        as_said::<NewProduct>(said.clone())?.check()?;
    } else {
        as_said::<NewSupplier>(said.clone())?.check()?;
    }
    let (from, to) = (other.id(), kept.id());
    let falling = dependency::falling(reader, from.as_str(), to.as_str()).await?;
    let parked = review::park(reader, other.supplier_id(), other.product_id()).await?;
    let gone: BTreeSet<String> = falling
        .iter()
        .map(|dependency| dependency.id.to_string())
        .chain(parked.iter().map(|parked| parked.id().to_string()))
        .collect();
    let mut cells = places::find(reader, from.as_str(), to.as_str()).await?;
    for cells in &mut cells {
        cells.retain(|key| !gone.contains(key));
    }
    let superseded = doubles(reader, &from, &to).await?;
    let mut notes: Vec<String> = fields.iter().filter_map(|field| fields::note(field, &new.choices)).collect();
    notes.extend(self::notes(reader, &falling, &superseded, &from, &to).await?);
    Ok(Worked { kept, other, said, fields, cells, falling, superseded, notes })
}

/// The decisions in force on either that a later one on the same questionnaire would stand beside.
async fn doubles(reader: &Reader, from: &SubjectId, to: &SubjectId) -> Result<Vec<Decision>, Error> {
    use decision::Column;
    let select = reader
        .find::<decision::Entity>()
        .filter(Column::SubjectId.is_in([from.as_str(), to.as_str()]))
        .filter(Column::Superseded.eq(false));
    let mut by_questionnaire: BTreeMap<String, Vec<Decision>> = BTreeMap::new();
    for row in reader.all(select).await? {
        by_questionnaire.entry(row.questionnaire.clone()).or_default().push(row);
    }
    let mut doubles = Vec::new();
    for mut rows in by_questionnaire.into_values() {
        rows.sort_by(|one, other| (one.decided_at, &one.id).cmp(&(other.decided_at, &other.id)));
        rows.pop();
        doubles.extend(rows);
    }
    Ok(doubles)
}

async fn notes(
    reader: &Reader,
    falling: &[Dependency],
    superseded: &[Decision],
    from: &SubjectId,
    to: &SubjectId,
) -> Result<Vec<String>, Error> {
    let mut notes = Vec::new();
    for dependency in falling {
        let Dependency { id, kind, .. } = dependency;
        let ends = [dependency.subject_id.as_str(), dependency.rests_on_id.as_str()];
        let is_on_itself = ends.iter().all(|end| [from.as_str(), to.as_str()].contains(end));
        let kind = word(kind).replace('_', " ");
        notes.push(if is_on_itself {
            format!("The dependency {id} ({kind}) falls away: it would be one of the supplier or product on itself.")
        } else {
            format!("The dependency {id} ({kind}) falls away: there is the same one already.")
        });
    }
    for decision in superseded {
        notes.push(format!(
            "The decision {} of {} on the questionnaire {} is superseded: a later one on the same is in force.",
            decision.id,
            decision.decided_at.day(),
            decision.questionnaire
        ));
    }
    use assessment::Column;
    let under_way = [Word(AssessmentState::Open), Word(AssessmentState::Submitted)];
    let select = reader
        .find::<assessment::Entity>()
        .filter(Column::SubjectId.is_in([from.as_str(), to.as_str()]))
        .filter(Column::State.is_in(under_way));
    let mut open: BTreeMap<String, usize> = BTreeMap::new();
    for row in reader.all(select).await? {
        *open.entry(row.questionnaire).or_default() += 1;
    }
    for (questionnaire, count) in open.into_iter().filter(|(_, count)| *count > 1) {
        notes.push(format!(
            "{count} assessments with the questionnaire {questionnaire} are under way: all stay, and each can be finished or deleted."
        ));
    }
    Ok(notes)
}

/// Makes one of two: what hangs on the other goes over to the one that is kept, which is at `version`, and what follows
/// is derived anew.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::Invalid`] with every fault, or
/// [`Error::Conflict`].
pub async fn merge(writer: &Writer, kept_id: &SubjectId, version: i64, new: &NewMerger) -> Result<Merger, Error> {
    let Worked { kept, other, said, fields, cells, falling, superseded, notes } =
        work_out(writer, kept_id, new).await?;
    if kept.version() != version {
        return Err(Error::Stale { current: kept.version() });
    }
    let (from, to) = (other.id(), kept.id());
    let suppliers = [kept.supplier_id().clone(), other.supplier_id().clone()];
    let standings_before = decision::standings(writer, &suppliers).await?;
    let review_of_other = review::park(writer, other.supplier_id(), other.product_id()).await?;
    let review_before = review::park(writer, kept.supplier_id(), kept.product_id()).await?;

    // What is said, while both are there: what was decided on either may be stale for it.
    if kept.product_id().is_none() {
        supplier::merging::let_go_of_identifiers(writer, other.supplier_id()).await?;
    }
    note_change(writer, &other, &said).await?;
    kept.put(writer, "merge", said.clone()).await?;

    let asking = review::park(writer, other.supplier_id(), other.product_id()).await?;
    if let Some(parked) = &asking {
        review::forget_parked(writer, parked).await?;
    }
    crate::register::forget(writer, from.as_str()).await?;
    dependency::fall(writer, &falling).await?;
    if kept.product_id().is_none() {
        published_list::let_go_of_doubles(writer, other.supplier_id(), kept.supplier_id()).await?;
    }
    let settled = places::rename_items(writer, from.as_str(), to.as_str()).await?;
    for cells in &cells {
        places::put(writer, cells).await?;
    }
    places::renew(writer, &cells).await?;
    let ids: Vec<_> = superseded.iter().map(|decision| decision.id.clone()).collect();
    decision::supersede(writer, &ids).await?;
    let over = supersede_assessments(writer, &superseded).await?;
    if let Some(parked) = &asking {
        review::join(writer, kept.supplier_id(), kept.product_id(), parked).await?;
    }
    match other.product_id() {
        Some(id) => product::merging::take_away(writer, id).await?,
        None => supplier::merging::take_away(writer, other.supplier_id()).await?,
    }
    crate::register::refresh_now(writer, kept.supplier_id()).await?;

    let standings_after = decision::standings(writer, &suppliers[..1]).await?;
    let review_after = review::park(writer, kept.supplier_id(), kept.product_id()).await?;
    let became = Side::of(Subject::find(writer, &to, "").await?)?;
    let record = Record {
        other_version: other.version(),
        other_created_at: other.created_at(),
        other: other.said.clone(),
        kept_before: kept.said.clone(),
        kept_after: became.said,
        dependencies: falling.into_iter().map(dependency::Fallen::of).collect(),
        settled,
        superseded: over,
        standings_before,
        standings_after,
        review_of_other,
        review_before,
        review_after,
        cells,
    };
    let noun = if kept.product_id().is_some() { SubjectType::Product } else { SubjectType::Supplier };
    let row = Model {
        id: writer.new_id(),
        organisation_id: writer.scope().organisation_id.clone(),
        version: 1,
        noun: Word(noun),
        state: Word(MergerState::Done),
        kept_name: kept.subject.name().to_owned(),
        other_name: other.subject.name().to_owned(),
        kept_id: to,
        other_id: from,
        moved: Json(places::counts(&record.cells)),
        notes: Json(notes),
        undo_until: writer.today().plus_days(UNDO_DAYS),
        merged_by: writer.scope().actor.name.clone(),
        undone_at: None,
        undone_by: None,
        record: Some(Json(record)),
        created_at: writer.now(),
        updated_at: writer.now(),
    };
    let chosen: Vec<&String> = fields.iter().map(|field| &field.field).collect();
    let mut told = serde_json::to_value(&row).unwrap_or_default();
    if let Value::Object(told) = &mut told {
        told.insert("differing_fields".to_owned(), json!(chosen));
    }
    tell(writer, &kept, "merge", &row, Some(told));
    let gone = json!({ "name": row.other_name, "merged_into": row.kept_id });
    let about = audit::About::new(other.supplier_id().clone(), other.product_id().cloned());
    writer.note_about(about, "merge", noun_of(noun), row.other_id.as_str(), None, Some(gone));
    writer.put_all::<Entity, ActiveModel>(vec![row.clone()], &[]).await?;
    Ok(row)
}

/// The event of a merger, in the history of the one that is kept.
pub(super) fn tell(writer: &Writer, kept: &Side, action: &'static str, row: &Merger, after: Option<Value>) {
    let about = audit::About::new(kept.supplier_id().clone(), kept.product_id().cloned());
    writer.note_about(about, action, "merger", row.id.as_str(), None, after);
}

pub(super) fn noun_of(noun: SubjectType) -> &'static str {
    match noun {
        SubjectType::Supplier => "supplier",
        SubjectType::Product => "product",
    }
}

/// What was decided on the other rests on what is said from now on.
async fn note_change(writer: &Writer, other: &Side, said: &Said) -> Result<(), Error> {
    match &other.subject.product {
        Some(before) => {
            let after = product::merging::with(before, as_said::<NewProduct>(said.clone())?.check()?);
            decision::note_product_change(writer, before, &after).await
        }
        None => {
            let before = &other.subject.supplier;
            let after = supplier::merging::with(before, as_said::<NewSupplier>(said.clone())?.check()?);
            decision::note_supplier_change(writer, before, &after).await
        }
    }
}

/// The assessments of superseded decisions count no more. Says which did.
async fn supersede_assessments(writer: &Writer, superseded: &[Decision]) -> Result<Vec<String>, Error> {
    use assessment::{Column, Entity};
    let ids = superseded.iter().map(|decision| decision.assessment_id.clone());
    let approved = Word(AssessmentState::Approved);
    let select = writer.find::<Entity>().filter(Condition::all().add(Column::Id.is_in(ids)));
    let rows = writer.all(select.filter(Column::State.eq(approved))).await?;
    let ids: Vec<String> = rows.iter().map(|row| row.id.to_string()).collect();
    let over = |row: assessment::Assessment| {
        let after = assessment::Assessment { state: Word(AssessmentState::Superseded), ..row.clone() };
        (row, after)
    };
    let changes = rows.into_iter().map(over).collect();
    writer.replace_all::<Entity, assessment::ActiveModel>("supersede", changes).await?;
    Ok(ids)
}
