//! Whom rows are about: suppliers and products, named by our id, by an identifier or by name.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sea_orm::{ColumnTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};
use serde_json::{Map, Value};

use super::{
    Row, blame,
    fields::{take_id, take_text},
};
use crate::{
    error::Error,
    fault::Fault,
    id::{ProductId, SubjectId, SupplierId},
    identifier::Identifier,
    product::{self, Product},
    scope::Reader,
    supplier, twin,
};

/// The columns that name what a row is about, besides its own fields.
pub(super) const SUBJECT_NAMES: &[&str] =
    &["id", "supplier_id", "supplier_identifier", "supplier_name", "product_id", "product_name"];
/// The columns that name the two ends of a dependency, besides its own fields.
pub(super) const DEPENDENCY_NAMES: &[&str] = &[
    "id",
    "supplier_id",
    "supplier_identifier",
    "supplier_name",
    "product_id",
    "product_name",
    "rests_on_supplier_id",
    "rests_on_supplier_identifier",
    "rests_on_supplier_name",
    "rests_on_product_id",
    "rests_on_product_name",
];
/// The columns that name the supplier of a contact or a contract.
pub(super) const SUPPLIER_NAMES: &[&str] = &["supplier_id", "supplier_identifier", "supplier_name"];

/// One end of what a row says, as it names it.
#[derive(Clone, Debug)]
pub(super) struct Named {
    /// What stands before the names of its columns: nothing, or `rests_on_`.
    prefix: &'static str,
    subject_id: Option<SubjectId>,
    supplier_id: Option<SupplierId>,
    supplier_identifier: Option<Identifier>,
    supplier_name: Option<String>,
    product_id: Option<ProductId>,
    product_name: Option<String>,
}

/// A supplier or product that is there.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) subject_id: SubjectId,
    pub(super) supplier_id: SupplierId,
    pub(super) is_ourselves: bool,
}

impl Named {
    /// The field that holds its id.
    pub(super) fn field(prefix: &'static str) -> &'static str {
        if prefix.is_empty() { "subject_id" } else { "rests_on_id" }
    }

    /// Takes what names it out of a row.
    pub(super) fn take(fields: &mut Map<String, Value>, prefix: &'static str, faults: &mut Vec<Fault>) -> Self {
        let name = |name: &str| format!("{prefix}{name}");
        let subject_id = take_text(fields, Self::field(prefix)).and_then(|text| {
            let read = text.trim().parse::<SubjectId>();
            let pointer = format!("/{}", Self::field(prefix));
            read.map_err(|detail| blame(faults, Fault::new(pointer, "format", detail))).ok()
        });
        let supplier_id = take_id(fields, &name("supplier_id"), faults);
        let product_id = take_id(fields, &name("product_id"), faults);
        let supplier_identifier = take_text(fields, &name("supplier_identifier")).and_then(|text| {
            let pointer = format!("/{}", name("supplier_identifier"));
            let read = text
                .parse::<Identifier>()
                .map_err(|detail| Fault::new("", "identifier", detail))
                .and_then(|identifier| identifier.canonical());
            read.map_err(|fault| blame(faults, Fault { pointer, ..fault })).ok()
        });
        let mut plain = |column: &str| {
            let text = take_text(fields, &name(column));
            text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
        };
        let (supplier_name, product_name) = (plain("supplier_name"), plain("product_name"));
        Self { prefix, subject_id, supplier_id, supplier_identifier, supplier_name, product_id, product_name }
    }

    /// Whether a row says nothing of it.
    pub(super) fn is_silent(&self) -> bool {
        self.subject_id.is_none()
            && self.supplier_id.is_none()
            && self.supplier_identifier.is_none()
            && self.supplier_name.is_none()
            && self.product_id.is_none()
            && self.product_name.is_none()
    }
}

/// The suppliers and products that rows name, as far as they are there.
#[derive(Default)]
pub(super) struct Ends {
    /// Each with whether it is our own house.
    suppliers: BTreeMap<SupplierId, bool>,
    holders: BTreeMap<Identifier, SupplierId>,
    by_name: BTreeMap<String, Vec<SupplierId>>,
    products: HashMap<ProductId, Product>,
    by_product_name: HashMap<String, Vec<Product>>,
}

impl Ends {
    pub(super) async fn load(reader: &Reader, named: &[&Named]) -> Result<Self, Error> {
        let mut supplier_ids: BTreeSet<String> =
            named.iter().filter_map(|named| named.supplier_id.as_ref()).map(ToString::to_string).collect();
        let mut product_ids: BTreeSet<String> =
            named.iter().filter_map(|named| named.product_id.as_ref()).map(ToString::to_string).collect();
        for id in named.iter().filter_map(|named| named.subject_id.as_ref()) {
            match id {
                SubjectId::Supplier(id) => supplier_ids.insert(id.to_string()),
                SubjectId::Product(id) => product_ids.insert(id.to_string()),
            };
        }
        let identifiers: BTreeSet<Identifier> =
            named.iter().filter_map(|named| named.supplier_identifier.clone()).collect();
        let supplier_names: BTreeSet<String> = named.iter().filter_map(|named| named.supplier_name.clone()).collect();
        let product_names: BTreeSet<String> = named.iter().filter_map(|named| named.product_name.clone()).collect();
        let products = reader.get_many::<product::Entity>(&product_ids).await?;
        let mut by_product_name: HashMap<String, Vec<Product>> = HashMap::new();
        for row in product::of_names(reader, &product_names).await? {
            by_product_name.entry(row.name.clone()).or_default().push(row);
        }
        let suppliers = reader.get_many::<supplier::Entity>(&supplier_ids).await?;
        let mut by_name = supplier::of_names(reader, &supplier_names).await?;
        let missing: BTreeSet<&String> = supplier_names.iter().filter(|name| !by_name.contains_key(*name)).collect();
        if !missing.is_empty() {
            for (name, ids) in as_people_compare(reader, &missing).await? {
                by_name.insert(name, ids);
            }
        }
        Ok(Self {
            suppliers: suppliers.into_iter().map(|row| (row.id, row.is_ourselves)).collect(),
            holders: supplier::holders(reader, &identifiers).await?,
            by_name,
            products: products.into_iter().map(|row| (row.id.clone(), row)).collect(),
            by_product_name,
        })
    }

    /// The supplier that a row names; nothing where it names none, or a fault says why not.
    pub(super) fn supplier(&self, named: &Named, faults: &mut Vec<Fault>) -> Option<SupplierId> {
        let prefix = named.prefix;
        let mut unknown = |column: &str, code: &str, detail: String| {
            blame(faults, Fault::new(format!("/{prefix}{column}"), code, detail));
            None
        };
        if let Some(id) = &named.supplier_id {
            return match self.suppliers.get(id) {
                Some(_) => Some(id.clone()),
                None => unknown("supplier_id", "unknown_id", "expected the id of a supplier that is there".into()),
            };
        }
        if let Some(identifier) = &named.supplier_identifier {
            let detail = "expected an identifier that a supplier holds";
            return match self.holders.get(identifier) {
                Some(id) => Some(id.clone()),
                None => unknown("supplier_identifier", "unknown_identifier", detail.into()),
            };
        }
        let name = named.supplier_name.as_ref()?;
        match self.by_name.get(name).map(Vec::as_slice).unwrap_or_default() {
            [only] => Some(only.clone()),
            [] => unknown("supplier_name", "unknown_name", "expected the name of a supplier that is there".into()),
            several => unknown(
                "supplier_name",
                "ambiguous",
                format!(
                    "expected the name of one supplier, not of {}: say {prefix}supplier_id or {prefix}supplier_identifier",
                    several.len()
                ),
            ),
        }
    }

    /// The supplier or product that a row names; nothing where it names none, or a fault says why not.
    pub(super) fn subject(&self, named: &Named, faults: &mut Vec<Fault>) -> Option<Found> {
        let of_product = |row: &Product| Found {
            subject_id: SubjectId::Product(row.id.clone()),
            supplier_id: row.supplier_id.clone(),
            is_ourselves: false,
        };
        let unknown = |faults: &mut Vec<Fault>, column: &str, code: &str, detail: String| {
            blame(faults, Fault::new(format!("/{column}"), code, detail));
        };
        if let Some(id) = &named.subject_id {
            let found = match id {
                SubjectId::Supplier(id) => self.suppliers.get(id).map(|is_ourselves| Found {
                    subject_id: SubjectId::Supplier(id.clone()),
                    supplier_id: id.clone(),
                    is_ourselves: *is_ourselves,
                }),
                SubjectId::Product(id) => self.products.get(id).map(of_product),
            };
            if found.is_none() {
                let detail = "expected the id of a supplier or product that is there".to_owned();
                unknown(faults, Named::field(named.prefix), "unknown_id", detail);
            }
            return found;
        }
        if let Some(id) = &named.product_id {
            let found = self.products.get(id).map(of_product);
            if found.is_none() {
                let detail = "expected the id of a product that is there".to_owned();
                unknown(faults, &format!("{}product_id", named.prefix), "unknown_id", detail);
            }
            return found;
        }
        let count = faults.len();
        let supplier_id = self.supplier(named, faults);
        if faults.len() > count {
            return None;
        }
        let Some(name) = &named.product_name else {
            return supplier_id.map(|id| Found {
                subject_id: SubjectId::Supplier(id.clone()),
                is_ourselves: self.suppliers.get(&id).copied().unwrap_or_default(),
                supplier_id: id,
            });
        };
        let is_of = |row: &&Product| supplier_id.as_ref().is_none_or(|id| row.supplier_id == *id);
        let rows: Vec<&Product> = self.by_product_name.get(name).into_iter().flatten().filter(is_of).collect();
        let column = format!("{}product_name", named.prefix);
        match rows.as_slice() {
            [only] => Some(of_product(only)),
            [] => {
                let detail = "expected the name of a product that is there, exactly".to_owned();
                unknown(faults, &column, "unknown_name", detail);
                None
            }
            several => {
                let detail =
                    format!("expected the name of one product, not of {}: say whose it is, or its id", several.len());
                unknown(faults, &column, "ambiguous", detail);
                None
            }
        }
    }
}

/// How many names of suppliers are looked at in one go.
const NAMES: u64 = 5000;

/// The suppliers that are called so as people compare names, for each of these names: of the whole register, since no
/// column has names so.
async fn as_people_compare(
    reader: &Reader,
    names: &BTreeSet<&String>,
) -> Result<BTreeMap<String, Vec<SupplierId>>, Error> {
    let mut wanted: HashMap<String, Vec<&String>> = HashMap::new();
    for name in names {
        wanted.entry(twin::compared(name)).or_default().push(*name);
    }
    let (mut found, mut after): (BTreeMap<String, Vec<SupplierId>>, String) = Default::default();
    loop {
        let select = reader
            .find::<supplier::Entity>()
            .filter(supplier::Column::Id.gt(after.as_str()))
            .order_by_asc(supplier::Column::Id)
            .limit(NAMES)
            .select_only()
            .columns([supplier::Column::Id, supplier::Column::Name]);
        let rows: Vec<(SupplierId, String)> = reader.tuples(select).await?;
        let Some((last, _)) = rows.last() else { return Ok(found) };
        after = last.to_string();
        for (id, name) in rows {
            for said in wanted.get(&twin::compared(&name)).into_iter().flatten() {
                found.entry((*said).clone()).or_default().push(id.clone());
            }
        }
        tokio::task::yield_now().await;
    }
}

/// A row with whom it is about taken out of it.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) place: String,
    pub(super) fields: Map<String, Value>,
    pub(super) faults: Vec<Fault>,
    /// Its own id, as it was said.
    pub(super) id: Option<String>,
    pub(super) subject: Named,
    pub(super) rests_on: Option<Named>,
}

impl Draft {
    pub(super) fn new(row: Row, is_dependency: bool) -> Self {
        let Row { place, mut fields, mut faults, .. } = row;
        let id = take_text(&mut fields, "id").map(|id| id.trim().to_owned()).filter(|id| !id.is_empty());
        let rests_on = is_dependency.then(|| Named::take(&mut fields, "rests_on_", &mut faults));
        let subject = Named::take(&mut fields, "", &mut faults);
        Self { place, fields, faults, id, subject, rests_on }
    }

    /// What it names, for [`Ends::load`].
    pub(super) fn named(&self) -> impl Iterator<Item = &Named> {
        std::iter::once(&self.subject).chain(&self.rests_on)
    }
}
