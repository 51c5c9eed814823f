//! What suppliers have several of, one line each: for tables.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Contact, Contract, Money, Supplier, SupplierFilter, list};
use crate::{clock::Day, error::Error, id::SupplierId, page::Page, scope::Reader};

/// A contact, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ContactLine {
    /// The supplier.
    pub supplier_id: SupplierId,
    /// What the supplier is called.
    pub supplier_name: String,
    /// Who.
    pub name: String,
    /// What they are there for.
    pub role: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Telephone number.
    pub telephone: Option<String>,
}

/// A contract, and with whom it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ContractLine {
    /// The supplier.
    pub supplier_id: SupplierId,
    /// What the supplier is called.
    pub supplier_name: String,
    /// What it is called or numbered.
    pub reference: String,
    /// The first day.
    pub starts_on: Option<Day>,
    /// The last day.
    pub ends_on: Option<Day>,
    /// How many days before its end we must say that we leave.
    pub notice_days: Option<i32>,
    /// For how many months it goes on by itself; null where it ends.
    pub renews_for_months: Option<u32>,
    /// What it is worth over its whole time.
    pub value: Option<Money>,
}

/// The contacts of a page of suppliers; `limit` and `cursor` are those of the suppliers.
///
/// # Errors
/// As [`list`].
pub async fn list_contacts(reader: &Reader, filter: &SupplierFilter) -> Result<Page<ContactLine>, Error> {
    let page = list(reader, filter).await?;
    let lines = |Supplier { id, name, contacts, .. }: Supplier| {
        contacts.0.into_iter().map(move |contact| {
            let Contact { name: called, role, email, telephone } = contact;
            ContactLine { supplier_id: id.clone(), supplier_name: name.clone(), name: called, role, email, telephone }
        })
    };
    Ok(Page { items: page.items.into_iter().flat_map(lines).collect(), next: page.next })
}

/// The contracts of a page of suppliers; `limit` and `cursor` are those of the suppliers.
///
/// # Errors
/// As [`list`].
pub async fn list_contracts(reader: &Reader, filter: &SupplierFilter) -> Result<Page<ContractLine>, Error> {
    let page = list(reader, filter).await?;
    let lines = |Supplier { id, name, contracts, .. }: Supplier| {
        contracts.0.into_iter().map(move |contract| {
            let Contract { reference, starts_on, ends_on, notice_days, renews_for_months, value } = contract;
            ContractLine {
                supplier_id: id.clone(),
                supplier_name: name.clone(),
                reference,
                starts_on,
                ends_on,
                notice_days,
                renews_for_months,
                value,
            }
        })
    };
    Ok(Page { items: page.items.into_iter().flat_map(lines).collect(), next: page.next })
}
