//! Rows about products, and the suppliers that they name.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    Asked, ImportPlan, Outcome, ProductWork, Row, Seen, Verdict, Work, blame, expect_few,
    fields::{Fields, absorb, is_unreadable, take_id, take_text},
};
use crate::{
    decision,
    error::Error,
    fault::Fault,
    id::{ProductId, SupplierId},
    identifier::Identifier,
    policy,
    product::{self, NewProduct, Product},
    register::Known,
    scope::{PORTION, Reader, Writer},
    supplier::{self, Supplier},
};

/// Works out what bringing in products comes to: by `id`, else by supplier and exact name, else as new ones. The
/// supplier is named by `supplier_id`, else by `supplier_identifier`, else by `supplier_name`, which must then be one
/// supplier's only.
///
/// # Errors
/// [`Error::Invalid`] for more than [`super::MAXIMUM_ROWS`]; what is wrong with a row is in its outcome.
pub async fn products(reader: &Reader, rows: &[Row], dry_run: bool) -> Result<ImportPlan, Error> {
    expect_few(rows)?;
    let fields = Fields::of::<NewProduct>();
    let mut drafts: Vec<ProductDraft> = rows.iter().cloned().map(ProductDraft::new).collect();
    let known = KnownProducts::load(reader, &drafts).await?;
    let mut asked = Asked { policy_version: policy::read(reader).await?.version, ..Asked::default() };
    asked.identifiers.extend(drafts.iter().filter_map(|draft| draft.supplier_identifier.clone()));
    asked.supplier_names.extend(drafts.iter().filter_map(|draft| draft.supplier_name.clone()));
    let mut seen = Seen::default();
    for (index, draft) in drafts.iter_mut().enumerate() {
        if index % PORTION == 0 {
            tokio::task::yield_now().await;
        }
        draft.find_supplier(&known);
        draft.find_target(&known);
        let key = match (&draft.target, &draft.supplier_id, &draft.name) {
            (Some(target), ..) => Some(target.id.to_string()),
            (None, Some(supplier_id), Some(name)) => Some(format!("{supplier_id} {name}")),
            _ => None,
        };
        if let Some(key) = key {
            seen.note(&key, &draft.place, "product", draft.pointer_of_target, &mut draft.faults);
        }
        asked
            .suppliers
            .extend(draft.supplier_id.iter().chain(draft.target.as_ref().map(|target| &target.supplier_id)).cloned());
        draft.build(&fields);
    }

    let outcomes: Vec<Outcome> = drafts.iter_mut().map(|draft| draft.outcome(&fields)).collect();
    if dry_run || outcomes.iter().any(|outcome| outcome.verdict == Verdict::Refused) {
        return Ok(ImportPlan { outcomes, asked, work: None });
    }
    let mut work = ProductWork::default();
    for (index, draft) in drafts.into_iter().enumerate() {
        match (draft.target, draft.new) {
            (Some(before), Some(new)) if product::differs(&before, &new) => work.changes.push((before, new)),
            (None, Some(new)) => work.additions.push((index, new)),
            _ => {}
        }
    }
    let of_changed = work.changes.iter().map(|(before, _)| &before.supplier_id);
    let known = Known::load(
        reader,
        of_changed.chain(work.additions.iter().map(|(_, new)| &new.supplier_id)).cloned().collect(),
    )
    .await?;
    Ok(ImportPlan { outcomes, asked, work: Some(Work::Products(work, known)) })
}

/// Gives the ids of those added.
pub(super) async fn write_products(
    writer: &Writer,
    work: ProductWork,
    known: Known,
) -> Result<Vec<(usize, String)>, Error> {
    let mut rows = product::put_all(writer, "change", work.changes).await?;
    let (indexes, new): (Vec<usize>, Vec<NewProduct>) = work.additions.into_iter().unzip();
    let added = product::create_all(writer, new).await?;
    note_new_products(writer, &added).await?;
    let made = indexes.into_iter().zip(added.iter().map(|row| row.id.to_string())).collect();
    rows.extend(added);
    known.follow(writer, Vec::new(), rows).await?;
    Ok(made)
}

/// A product on its way in.
struct ProductDraft {
    place: String,
    fields: Map<String, Value>,
    faults: Vec<Fault>,
    id: Option<ProductId>,
    supplier_id: Option<SupplierId>,
    supplier_identifier: Option<Identifier>,
    supplier_name: Option<String>,
    name: Option<String>,
    target: Option<Product>,
    pointer_of_target: Option<&'static str>,
    new: Option<NewProduct>,
}

/// What products on their way in refer to.
struct KnownProducts {
    suppliers: BTreeSet<SupplierId>,
    holders: BTreeMap<Identifier, SupplierId>,
    by_supplier_name: BTreeMap<String, Vec<SupplierId>>,
    by_id: HashMap<ProductId, Product>,
    by_name: HashMap<(SupplierId, String), Vec<Product>>,
}

impl KnownProducts {
    async fn load(reader: &Reader, drafts: &[ProductDraft]) -> Result<Self, Error> {
        let supplier_ids: BTreeSet<String> =
            drafts.iter().filter_map(|draft| draft.supplier_id.as_ref()).map(ToString::to_string).collect();
        let identifiers: BTreeSet<Identifier> =
            drafts.iter().filter_map(|draft| draft.supplier_identifier.clone()).collect();
        let supplier_names: BTreeSet<String> = drafts.iter().filter_map(|draft| draft.supplier_name.clone()).collect();
        let ids: BTreeSet<String> =
            drafts.iter().filter_map(|draft| draft.id.as_ref()).map(ToString::to_string).collect();
        let names: BTreeSet<String> =
            drafts.iter().filter(|draft| draft.id.is_none()).filter_map(|draft| draft.name.clone()).collect();
        let mut by_name: HashMap<(SupplierId, String), Vec<Product>> = HashMap::new();
        for row in product::of_names(reader, &names).await? {
            by_name.entry((row.supplier_id.clone(), row.name.clone())).or_default().push(row);
        }
        Ok(Self {
            suppliers: reader
                .get_many::<supplier::Entity>(&supplier_ids)
                .await?
                .into_iter()
                .filter(|row| !row.is_ourselves)
                .map(|row| row.id)
                .collect(),
            holders: supplier::holders(reader, &identifiers).await?,
            by_supplier_name: supplier::of_names(reader, &supplier_names).await?,
            by_id: reader
                .get_many::<product::Entity>(&ids)
                .await?
                .into_iter()
                .map(|row| (row.id.clone(), row))
                .collect(),
            by_name,
        })
    }
}

impl ProductDraft {
    fn new(row: Row) -> Self {
        let Row { place, mut fields, mut faults, .. } = row;
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
            faults,
            id,
            supplier_id,
            supplier_identifier,
            supplier_name,
            name,
            target: None,
            pointer_of_target: None,
            new: None,
        }
    }

    fn find_supplier(&mut self, known: &KnownProducts) {
        let mut unknown =
            |pointer: &str, code: &str, detail: &str| blame(&mut self.faults, Fault::new(pointer, code, detail));
        if let Some(id) = &self.supplier_id {
            if !known.suppliers.contains(id) {
                unknown("/supplier_id", "unknown_id", "expected the id of a supplier that is there");
                self.supplier_id = None;
            }
        } else if let Some(identifier) = &self.supplier_identifier {
            self.supplier_id = known.holders.get(identifier).cloned();
            if self.supplier_id.is_none() {
                unknown("/supplier_identifier", "unknown_identifier", "expected an identifier that a supplier holds");
            }
        } else if let Some(name) = &self.supplier_name {
            match known.by_supplier_name.get(name).map(Vec::as_slice).unwrap_or_default() {
                [only] => self.supplier_id = Some(only.clone()),
                [] => {
                    unknown("/supplier_name", "unknown_name", "expected the name of a supplier that is there, exactly")
                }
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
            match &self.target {
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
        } else if let (Some(supplier_id), Some(name)) = (&self.supplier_id, &self.name) {
            self.pointer_of_target = Some("/name");
            match known.by_name.get(&(supplier_id.clone(), name.clone())).map(Vec::as_slice).unwrap_or_default() {
                [] => {}
                [only] => self.target = Some(only.clone()),
                several => {
                    let detail = format!(
                        "expected the name of one product of this supplier, not of {}: say its id",
                        several.len()
                    );
                    blame(&mut self.faults, Fault::new("/name", "ambiguous", detail));
                }
            }
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
        let whole = fields.merge(whole, std::mem::take(&mut self.fields));
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
