//! Our own house: the organisation itself as a subject, one in each, kept beside its suppliers and never counted among
//! them. What is asked of suppliers can be asked of it: assessments, evidence, risks, decisions, reviews and what is
//! due are about it as about any subject.
//!
//! It is stored as a supplier that is marked, so that all of this works by its id, and
//! [`crate::scope::Reader`] leaves it out of every list that does not ask for it. It is made on first use.

use diligence_questionnaires::{Rating, Tier};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use validator::Validate;

use crate::{
    assessment::FrameworkNumbers,
    clock::{Day, Moment},
    error::Error,
    fault::Faults,
    id::{SubjectId, SupplierId},
    organisation,
    page::Versioned,
    patch::Change,
    register::{self, RiskCounts},
    scope::{Reader, Writer},
    supplier::{self, NewSupplier, Supplier},
    text,
};

/// Our own house, as it stands today.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Ourselves {
    /// By what evidence, risks and assessments are about it: their `subject_id`. Null until it is made, which its first
    /// change does.
    pub id: Option<SupplierId>,
    /// Its version: 1 until it is made; each change adds one.
    pub version: i64,
    /// What it is called: the organisation's name, if not said otherwise.
    pub name: String,
    /// Who of us looks after it: whose is what is due about it, where it is nobody's by name.
    pub owner: Option<String>,
    /// Anything else worth knowing.
    pub notes: Option<String>,
    /// How much rests on it: always `critical`, so that it is asked everything and looked at as often as the strictest.
    pub tier: Tier,
    /// Its rating.
    pub rating: Rating,
    /// The lowest scores of its approved assessments in every framework.
    pub frameworks: Vec<FrameworkNumbers>,
    /// Risks that count, by what they are called now; they are in no count of the register.
    pub open_risks: RiskCounts,
    /// The first day by which something must be done about it; null where nothing is due.
    pub next_due_on: Option<Day>,
    /// When it was made; null until it is.
    pub created_at: Option<Moment>,
    /// When it was last changed; null until it is made.
    pub updated_at: Option<Moment>,
}

impl Versioned for Ourselves {
    fn id(&self) -> &str {
        self.id.as_ref().map_or("", |id| id.as_str())
    }
    fn version(&self) -> i64 {
        self.version
    }
}

/// What can be said of our own house.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "owner": "Sam Okafor" }))]
pub struct NewOurselves {
    /// What it is called; the organisation's name if not said.
    #[validate(length(min = 1, max = 300))]
    pub name: Option<String>,
    /// Who of us looks after it.
    #[validate(length(min = 1, max = 200))]
    pub owner: Option<String>,
    /// Anything else worth knowing.
    #[validate(length(min = 1, max = 10_000))]
    #[schemars(regex(pattern = crate::text::LINES))]
    pub notes: Option<String>,
}

/// Our own house.
///
/// # Errors
/// [`Error::Database`] only.
pub async fn read(reader: &Reader) -> Result<Ourselves, Error> {
    match supplier::ourselves(reader).await? {
        Some(row) => shown(reader, row).await,
        None => Ok(Ourselves {
            id: None,
            version: 1,
            name: organisation::read(reader).await?.name,
            owner: None,
            notes: None,
            tier: Tier::Critical,
            rating: Rating::Unassessed,
            frameworks: Vec::new(),
            open_risks: RiskCounts::default(),
            next_due_on: None,
            created_at: None,
            updated_at: None,
        }),
    }
}

/// Changes our own house; the first change makes it.
///
/// # Errors
/// [`Error::Stale`] or [`Error::Invalid`].
pub async fn change(writer: &Writer, version: i64, change: Change<NewOurselves>) -> Result<Ourselves, Error> {
    let before = read(writer).await?;
    if before.version != version {
        return Err(Error::Stale { current: before.version });
    }
    let new = change.over(&before)?;
    Faults::of(&new).done()?;
    let row = match supplier::ourselves(writer).await? {
        Some(row) => {
            let value = |text: Option<String>| text.map_or(Value::Null, Value::from);
            let name = match new.name {
                Some(name) => name,
                None => organisation::read(writer).await?.name,
            };
            let fields = [("name", name.into()), ("relationship_owner", value(new.owner)), ("notes", value(new.notes))];
            let fields: Map<String, Value> = fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
            let whole = Change::<NewSupplier>::new(fields).over(&row)?.check()?;
            supplier::put(writer, "change", row, whole).await?
        }
        None => make(writer, new).await?,
    };
    shown(writer, row).await
}

/// Makes our own house, unless it is there.
///
/// # Errors
/// [`Error::Database`] only.
pub async fn ensure(writer: &Writer) -> Result<SupplierId, Error> {
    match supplier::ourselves(writer).await? {
        Some(row) => Ok(row.id),
        None => Ok(make(writer, NewOurselves::default()).await?.id),
    }
}

async fn make(writer: &Writer, new: NewOurselves) -> Result<Supplier, Error> {
    text::check(&new)?;
    let NewOurselves { name, owner, notes } = new;
    let name = match name {
        Some(name) => name,
        None => organisation::read(writer).await?.name,
    };
    let row = NewSupplier { name, relationship_owner: owner, notes, ..NewSupplier::default() };
    let row = supplier::create_ourselves(writer, row).await?;
    register::refresh_now(writer, &row.id).await?;
    Ok(row)
}

async fn shown(reader: &Reader, row: Supplier) -> Result<Ourselves, Error> {
    let id = SubjectId::Supplier(row.id.clone());
    let line = register::lines(reader, [id.clone()]).await?.remove(&id).ok_or(Error::NotFound)?;
    Ok(Ourselves {
        // Version 1 is that of before it was made.
        version: row.version + 1,
        id: Some(row.id),
        name: row.name,
        owner: row.relationship_owner,
        notes: row.notes,
        tier: row.tier.0,
        rating: line.rating,
        frameworks: line.frameworks,
        open_risks: line.open_risks,
        next_due_on: line.next_due_on,
        created_at: Some(row.created_at),
        updated_at: Some(row.updated_at),
    })
}

/// That something cannot be about our own house.
pub(crate) fn not_here(pointer: &str) -> Error {
    let detail = "expected a supplier: this is our own house, which has no products and no dependencies here";
    Error::invalid(pointer, "ourselves", detail)
}
