//! Rows about products, and the suppliers that they name.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    Asked, How, ImportPlan, Near, Outcome, ProductWork, Row, SameAs, Seen, Verdict, Work, Written, blame, expect_few,
    fields::{Fields, absorb, is_unreadable, take_id, take_text, was},
    leads,
    record::{ImportItem, ItemKind},
    sameness::{ByName, Called, Earlier, There},
    went_into,
};
use crate::{
    decision,
    error::Error,
    fault::Fault,
    id::{ProductId, SupplierId},
    identifier::Identifier,
    merger, policy,
    product::{self, NewProduct, Product},
    register::Known,
    scope::{PORTION, Reader, Writer},
    subject::SubjectType,
    supplier::{self, Supplier},
    twin,
};

/// Works out what bringing in products comes to: by `id`, else by supplier and the name as people compare names, else
/// as new ones. The supplier is named by `supplier_id`, else by `supplier_identifier`, else by `supplier_name`, which
/// must then be one supplier's only: exactly, or as people compare names.
///
/// # Errors
/// [`Error::Invalid`] for more than [`super::MAXIMUM_ROWS`]; what is wrong with a row is in its outcome.
pub async fn products(reader: &Reader, rows: &[Row], how: impl Into<How> + Send) -> Result<ImportPlan, Error> {
    let how: How = how.into();
    expect_few(rows)?;
    let fields = Fields::of::<NewProduct>();
    let mut drafts: Vec<ProductDraft> = rows.iter().cloned().map(ProductDraft::new).collect();
    let known = KnownProducts::load(reader, &mut drafts, how).await?;
    let unknown: Vec<String> = drafts
        .iter()
        .filter_map(|draft| draft.id.as_ref().filter(|id| !known.by_id.contains_key(*id)).map(ToString::to_string))
        .collect();
    let went = merger::went(reader, &unknown).await?;
    let mut asked = Asked { policy_version: policy::read(reader).await?.version, ..Asked::default() };
    asked.identifiers.extend(drafts.iter().filter_map(|draft| draft.supplier_identifier.clone()));
    asked.supplier_names.extend(drafts.iter().filter_map(|draft| draft.supplier_name.clone()));
    asked.compared_names.extend(asked.supplier_names.iter().map(|name| twin::compared(name)));
    let mut seen = Seen::default();
    let mut earlier: HashMap<SupplierId, Earlier> = HashMap::new();
    for (index, draft) in drafts.iter_mut().enumerate() {
        if index % PORTION == 0 {
            tokio::task::yield_now().await;
        }
        match draft.id.as_ref().and_then(|id| went.get(id.as_str())) {
            Some(kept_id) => blame(&mut draft.faults, went_into(kept_id)),
            None => draft.find_target(&known),
        }
        draft.find_by_name(&known, &mut earlier);
        let key = draft.target.as_ref().map(|target| &target.id).or(draft.new_id.as_ref());
        if let Some(key) = key {
            seen.note(key.as_str(), &draft.place, "product", draft.pointer_of_target, &mut draft.faults);
        }
        asked
            .suppliers
            .extend(draft.supplier_id.iter().chain(draft.target.as_ref().map(|target| &target.supplier_id)).cloned());
        draft.build(&fields);
    }

    let outcomes: Vec<Outcome> = drafts.iter_mut().map(|draft| draft.outcome(&fields)).collect();
    if !how.writes(&outcomes) {
        return Ok(ImportPlan { outcomes, asked, work: None });
    }
    let mut work = ProductWork::default();
    for (index, (draft, outcome)) in drafts.into_iter().zip(&outcomes).enumerate() {
        match (outcome.verdict, draft.target, draft.new) {
            (Verdict::Change, Some(before), Some(new)) => work.changes.push((before, new)),
            (Verdict::Create, None, Some(new)) => work.additions.push((index, draft.new_id, new)),
            _ => {}
        }
    }
    let of_changed = work.changes.iter().map(|(before, _)| &before.supplier_id);
    let known = Known::load(
        reader,
        of_changed.chain(work.additions.iter().map(|(.., new)| &new.supplier_id)).cloned().collect(),
    )
    .await?;
    Ok(ImportPlan { outcomes, asked, work: Some(Work::Products(work, known)) })
}

/// Writes all of it.
pub(super) async fn write_products(writer: &Writer, work: ProductWork, known: Known) -> Result<Written, Error> {
    let before: Vec<_> = work.changes.iter().map(|(before, new)| was(before, new)).collect();
    let mut rows = product::put_all(writer, "change", work.changes).await?;
    let mut items: Vec<ImportItem> = rows
        .iter()
        .zip(before)
        .map(|(row, before)| ImportItem::changed(ItemKind::Product, row.id.as_str(), row.version, before))
        .collect();
    let (indexes, new): (Vec<usize>, Vec<_>) =
        work.additions.into_iter().map(|(index, id, new)| (index, (id, new))).unzip();
    let added = product::create_all(writer, new).await?;
    note_new_products(writer, &added).await?;
    items.extend(added.iter().map(|row| ImportItem::created(ItemKind::Product, row.id.as_str(), row.version)));
    let made = indexes.into_iter().zip(added.iter().map(|row| row.id.to_string())).collect();
    rows.extend(added);
    known.follow(writer, Vec::new(), rows).await?;
    Ok(Written { made, items })
}

/// A product on its way in.
struct ProductDraft {
    place: String,
    fields: Map<String, Value>,
    /// What the lines of its notes begin with, where it gives only those.
    leads: Vec<String>,
    faults: Vec<Fault>,
    id: Option<ProductId>,
    /// The id it gives, where that becomes its own.
    new_id: Option<ProductId>,
    same_as: Option<SameAs>,
    supplier_id: Option<SupplierId>,
    supplier_identifier: Option<Identifier>,
    supplier_name: Option<String>,
    name: Option<String>,
    target: Option<Product>,
    pointer_of_target: Option<&'static str>,
    near: Vec<Near>,
    new: Option<NewProduct>,
}

/// What products on their way in refer to.
struct KnownProducts {
    by_id: HashMap<ProductId, Product>,
    /// The names of those of the suppliers that are named.
    of_suppliers: HashMap<SupplierId, twin::Index>,
    /// The ids that something else has, where an id that nothing has becomes that of the new one.
    taken: Option<BTreeSet<String>>,
}

impl KnownProducts {
    /// Finds the suppliers of the drafts, and what is there of them.
    async fn load(reader: &Reader, drafts: &mut [ProductDraft], how: How) -> Result<Self, Error> {
        let suppliers = KnownSuppliers::load(reader, drafts).await?;
        drafts.iter_mut().for_each(|draft| draft.find_supplier(&suppliers));
        let named: BTreeSet<SupplierId> =
            drafts.iter().filter(|draft| draft.id.is_none()).filter_map(|draft| draft.supplier_id.clone()).collect();
        let named: Vec<SupplierId> = named.into_iter().collect();
        let said = drafts.iter().filter_map(|draft| match &draft.same_as {
            Some(SameAs::Known(id)) => Some(id.clone()),
            _ => None,
        });
        let given: BTreeSet<String> =
            drafts.iter().filter_map(|draft| draft.id.as_ref()).map(ToString::to_string).collect();
        let ids: BTreeSet<String> = given.iter().cloned().chain(said).collect();
        let mut by_id: HashMap<ProductId, Product> = HashMap::new();
        for row in reader.get_many::<product::Entity>(&ids).await? {
            by_id.insert(row.id.clone(), row);
        }
        let mut of_suppliers: HashMap<SupplierId, twin::Index> = HashMap::new();
        for row in product::of_suppliers(reader, &named).await? {
            let known = twin::Known { id: row.id.to_string(), name: row.name.clone() };
            of_suppliers.entry(row.supplier_id.clone()).or_default().insert(&twin::compared(&row.name), known);
            by_id.insert(row.id.clone(), row);
        }
        let unknown: BTreeSet<String> =
            given.into_iter().filter(|id| !id.parse::<ProductId>().is_ok_and(|id| by_id.contains_key(&id))).collect();
        let taken = if how.keep_ids { Some(reader.ids_of_anyone::<product::Entity>(&unknown).await?) } else { None };
        Ok(Self { by_id, of_suppliers, taken })
    }
}

/// The suppliers that products on their way in refer to.
struct KnownSuppliers {
    ids: BTreeSet<SupplierId>,
    holders: BTreeMap<Identifier, SupplierId>,
    by_name: BTreeMap<String, Vec<SupplierId>>,
    /// By the name as people compare it, of those names that nobody has exactly.
    by_compared: HashMap<String, Vec<SupplierId>>,
}

impl KnownSuppliers {
    async fn load(reader: &Reader, drafts: &[ProductDraft]) -> Result<Self, Error> {
        let ids: BTreeSet<String> =
            drafts.iter().filter_map(|draft| draft.supplier_id.as_ref()).map(ToString::to_string).collect();
        let identifiers: BTreeSet<Identifier> =
            drafts.iter().filter_map(|draft| draft.supplier_identifier.clone()).collect();
        let names: BTreeSet<String> = drafts.iter().filter_map(|draft| draft.supplier_name.clone()).collect();
        let by_name = supplier::of_names(reader, &names).await?;
        let mut by_compared: HashMap<String, Vec<SupplierId>> = HashMap::new();
        if names.iter().any(|name| !by_name.contains_key(name)) {
            let index = twin::Index::load(reader, SubjectType::Supplier).await?;
            for name in names.iter().filter(|name| !by_name.contains_key(*name)) {
                let compared = twin::compared(name);
                let found = index.exact(&compared).iter().filter_map(|known| known.id.parse().ok()).collect();
                by_compared.insert(compared, found);
            }
        }
        let rows = reader.get_many::<supplier::Entity>(&ids).await?;
        Ok(Self {
            ids: rows.into_iter().filter(|row| !row.is_ourselves).map(|row| row.id).collect(),
            holders: supplier::holders(reader, &identifiers).await?,
            by_name,
            by_compared,
        })
    }

    fn called(&self, name: &str) -> &[SupplierId] {
        let exactly = self.by_name.get(name).map(Vec::as_slice).unwrap_or_default();
        if exactly.is_empty() {
            self.by_compared.get(&twin::compared(name)).map(Vec::as_slice).unwrap_or_default()
        } else {
            exactly
        }
    }
}

impl ProductDraft {
    fn new(row: Row) -> Self {
        let Row { place, mut fields, leads, mut faults, same_as, .. } = row;
        let id = take_id(&mut fields, "id", &mut faults);
        let supplier_id = take_id(&mut fields, "supplier_id", &mut faults);
        let supplier_identifier = take_text(&mut fields, "supplier_identifier").and_then(|text| {
            let read = text
                .parse::<Identifier>()
                .map_err(|detail| Fault::new("", "identifier", detail))
                .and_then(|identifier| identifier.canonical());
            read.map_err(|fault| blame(&mut faults, Fault { pointer: "/supplier_identifier".into(), ..fault })).ok()
        });
        let supplier_name =
            take_text(&mut fields, "supplier_name").map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
        let name = fields.get("name").and_then(Value::as_str).map(|name| name.trim().to_owned());
        Self {
            place,
            fields,
            leads,
            faults,
            id,
            new_id: None,
            same_as,
            supplier_id,
            supplier_identifier,
            supplier_name,
            name,
            target: None,
            pointer_of_target: None,
            near: Vec::new(),
            new: None,
        }
    }

    fn find_supplier(&mut self, known: &KnownSuppliers) {
        let mut unknown =
            |pointer: &str, code: &str, detail: &str| blame(&mut self.faults, Fault::new(pointer, code, detail));
        if let Some(id) = &self.supplier_id {
            if !known.ids.contains(id) {
                unknown("/supplier_id", "unknown_id", "expected the id of a supplier that is there");
                self.supplier_id = None;
            }
        } else if let Some(identifier) = &self.supplier_identifier {
            self.supplier_id = known.holders.get(identifier).cloned();
            if self.supplier_id.is_none() {
                unknown("/supplier_identifier", "unknown_identifier", "expected an identifier that a supplier holds");
            }
        } else if let Some(name) = &self.supplier_name {
            match known.called(name) {
                [only] => self.supplier_id = Some(only.clone()),
                [] => unknown("/supplier_name", "unknown_name", "expected the name of a supplier that is there"),
                several => {
                    let detail = format!(
                        "expected the name of one supplier, not of {}: say supplier_id or supplier_identifier",
                        several.len()
                    );
                    unknown("/supplier_name", "ambiguous", &detail);
                }
            }
        }
    }

    fn find_target(&mut self, known: &KnownProducts) {
        if let Some(id) = &self.id {
            self.pointer_of_target = Some("/id");
            self.target = known.by_id.get(id).cloned();
            let is_free = known.taken.as_ref().map(|taken| !taken.contains(id.as_str()));
            match &self.target {
                None if is_free == Some(true) => self.new_id = Some(id.clone()),
                None if is_free == Some(false) => blame(
                    &mut self.faults,
                    Fault::new("/id", "taken", "expected an id that nothing else has, or none for a new product"),
                ),
                None => blame(
                    &mut self.faults,
                    Fault::new(
                        "/id",
                        "unknown_id",
                        "expected the id of a product that is there, or none for a new one",
                    ),
                ),
                Some(target)
                    if self.supplier_id.as_ref().is_some_and(|supplier_id| *supplier_id != target.supplier_id) =>
                {
                    blame(&mut self.faults, Fault::new("/supplier_id", "fixed", product::FIXED));
                }
                Some(_) => {}
            }
        }
    }

    /// Finds what it is about by its name among the products of its supplier, and notes what it makes otherwise.
    fn find_by_name(&mut self, known: &KnownProducts, earlier: &mut HashMap<SupplierId, Earlier>) {
        let (Some(supplier_id), Some(name)) = (self.supplier_id.clone(), self.name.clone()) else { return };
        if self.target.is_some() || name.is_empty() {
            return;
        }
        let compared = twin::compared(&name);
        let called = Called { compared: &compared, identifiers: &[] };
        let earlier = earlier.entry(supplier_id.clone()).or_default();
        if self.id.is_none() && !self.faults.iter().any(|fault| fault.pointer == "/id") {
            let of_supplier = known.of_suppliers.get(&supplier_id);
            let by_name = match &self.same_as {
                Some(SameAs::New) => earlier.same(called).map_or(ByName::New, |place| ByName::Again(place.to_owned())),
                Some(SameAs::Known(id)) => ByName::Is(id.clone()),
                None => {
                    let there = of_supplier.map(|index| There::find(index, &compared)).unwrap_or_default();
                    let held: HashMap<&str, &[Identifier]> = there.ids().map(|id| (id, &[] as &[Identifier])).collect();
                    there.decide(called, &held, earlier)
                }
            };
            match by_name {
                ByName::Is(id) => {
                    let there = id.parse::<ProductId>().ok().and_then(|id| known.by_id.get(&id));
                    match there.filter(|there| there.supplier_id == supplier_id) {
                        Some(there) => {
                            self.target = Some(there.clone());
                            self.pointer_of_target = Some("/name");
                            self.fields.shift_remove("name");
                        }
                        None => {
                            let detail =
                                format!("expected the answer new, or the id of a product of this supplier, not {id}");
                            blame(&mut self.faults, Fault::new("/name", "unknown_id", detail));
                        }
                    }
                }
                ByName::Again(place) => {
                    let detail = format!("expected one row for each product: {place} is about the same one");
                    blame(&mut self.faults, Fault::new("/name", "duplicate", detail));
                }
                ByName::Question(near) => self.near = near,
                ByName::New => {}
            }
        }
        if self.target.is_none() {
            earlier.note(called, &name, &self.place);
        }
    }

    fn build(&mut self, fields: &Fields) {
        if is_unreadable(&self.faults) {
            return;
        }
        let mut whole = fields.stored(self.target.as_ref());
        let names_supplier = self.faults.iter().any(|fault| fault.pointer.starts_with("/supplier_"));
        match &self.supplier_id {
            Some(id) => {
                whole.insert("supplier_id".into(), id.as_str().into());
            }
            None if self.target.is_none() && !names_supplier => {
                blame(
                    &mut self.faults,
                    Fault::new("/supplier_id", "missing", "expected supplier_id, supplier_identifier or supplier_name"),
                );
            }
            None => {}
        }
        // Something in its place, so that the rest can be checked; the fault is told already.
        whole.entry("supplier_id").or_insert_with(|| SupplierId::new(Uuid::nil()).as_str().into());
        let mut said = std::mem::take(&mut self.fields);
        leads::keep_others(&whole, &mut said, &self.leads);
        let whole = fields.merge(whole, said);
        let Some(new) = fields.read::<NewProduct>(whole, json!({ "name": "-", "kind": "service" }), &mut self.faults)
        else {
            return;
        };
        match new.check() {
            Ok(new) => self.new = Some(new),
            Err(error) => absorb(&mut self.faults, "", error),
        }
    }

    fn outcome(&mut self, fields: &Fields) -> Outcome {
        let verdict = match (&self.new, &self.target) {
            _ if self.faults.is_empty() && !self.near.is_empty() => Verdict::Question,
            (Some(new), Some(target)) if self.faults.is_empty() => {
                if product::differs(target, new) {
                    Verdict::Change
                } else {
                    Verdict::Unchanged
                }
            }
            (Some(_), None) if self.faults.is_empty() => Verdict::Create,
            _ => Verdict::Refused,
        };
        let id = self.target.as_ref().map(|target| target.id.to_string());
        let changes = match &self.new {
            Some(new) if verdict == Verdict::Change => fields.moves(self.target.as_ref(), new),
            _ => Vec::new(),
        };
        Outcome {
            verdict,
            id,
            faults: std::mem::take(&mut self.faults),
            changes,
            evidence_created_count: 0,
            evidence_changed_count: 0,
            near: if verdict == Verdict::Question { std::mem::take(&mut self.near) } else { Vec::new() },
        }
    }
}

/// Makes stale what was decided on suppliers that have new products with AI in them.
async fn note_new_products(writer: &Writer, products: &[Product]) -> Result<(), Error> {
    let suppliers: BTreeSet<&SupplierId> = products.iter().map(|product| &product.supplier_id).collect();
    let suppliers: Vec<SupplierId> = suppliers.into_iter().cloned().collect();
    let mut decided: BTreeMap<SupplierId, Option<Supplier>> = BTreeMap::new();
    for portion in suppliers.chunks(PORTION) {
        decided
            .extend(decision::current(writer, portion).await?.into_iter().map(|decision| (decision.supplier_id, None)));
    }
    let ids: BTreeSet<String> = decided.keys().map(ToString::to_string).collect();
    for row in writer.get_many::<supplier::Entity>(&ids).await? {
        decided.insert(row.id.clone(), Some(row));
    }
    for product in products {
        if let Some(Some(supplier)) = decided.get(&product.supplier_id) {
            decision::note_new_product(writer, supplier, product).await?;
        }
    }
    Ok(())
}
