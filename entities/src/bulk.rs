//! Many at once: one thing that is done to many suppliers or products, to all of them or to none.
//!
//! What would come of each is worked out ahead, from look-ups in portions, and is the same in a dry run as in earnest;
//! each change has its own version and its own event, as if it were made alone.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use validator::Validate;

use self::doing::Work;
use crate::{
    ahead::{Ahead, Plan},
    clock::Day,
    error::Error,
    fault::{Fault, Faults},
    id::{AssessmentId, RespondentLinkId, SubjectId, SupplierId},
    patch::Change,
    policy,
    product::{self, Product},
    profile::{DataRole, DataSensitivity, PeopleAffected, PersonalData, ServiceCriticality, SystemAccess},
    register::{self, RegisterFilter},
    respondent_link::{Made, MailState, Mailing, check_days},
    review::Rescheduling,
    scope::{Reader, Writer},
    subject::{Subject, SubjectType},
    supplier::{self, NewSupplier, RelationshipStatus, Supplier},
};

mod doing;

/// How many suppliers or products something is done to at once at the most.
pub const MAXIMUM_SUBJECTS: usize = 20_000;
/// How many links are made at once at the most: each may be a letter.
pub const MAXIMUM_LINKS: usize = 1_000;
/// How many faults a refusal lists at the most.
const MAXIMUM_FAULTS: usize = 1_000;

/// What is to be done, and to which.
#[derive(Clone, Debug, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "select": { "filter": { "tier": "high" } }, "do": { "ask": { "questionnaire": "supplier-security" } }, "dry_run": true }))]
pub struct BulkUpdate {
    /// To which it is done.
    #[validate(nested)]
    pub select: BulkSelection,
    /// Of those, to which it is not done.
    #[validate(length(max = 20_000))]
    #[serde(default)]
    pub except: Vec<SubjectId>,
    /// What is done: exactly one thing.
    pub r#do: BulkAction,
    /// Whether to say only what would happen; `false` if not said.
    #[serde(default)]
    pub dry_run: bool,
}

/// Some of the register: either each by its id, or all that a filter shows.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct BulkSelection {
    /// Their ids, at most 20,000.
    #[validate(length(min = 1, max = 20_000))]
    pub ids: Option<Vec<SubjectId>>,
    /// All that the register shows under this filter, on all its pages; without `sort`, `limit` and `cursor`.
    #[validate(nested)]
    pub filter: Option<RegisterFilter>,
}

/// Something that can be done to many: exactly one of these.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BulkAction {
    /// Puts a questionnaire to each.
    pub ask: Option<BulkAsk>,
    /// Sets these fields of each.
    pub set: Option<BulkSettings>,
    /// Moves the open review of each.
    pub reschedule: Option<Rescheduling>,
    /// Archives each.
    pub archive: Option<BulkArchive>,
}

/// That something is archived; there is nothing to say about it.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BulkArchive {}

/// A questionnaire that is put to many.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct BulkAsk {
    /// The key of the questionnaire.
    #[validate(length(min = 1, max = 64))]
    pub questionnaire: String,
    /// Which edition; the latest if not said.
    #[validate(length(min = 1, max = 20))]
    #[serde(default)]
    pub edition: Option<String>,
    /// Whether answers that each gave before are carried over, to be confirmed; yes if not said.
    #[serde(default)]
    pub carry_over: Option<bool>,
    /// Whether each is sent as a link, to at most 1,000: to the supplier's first contact with an e-mail address, else
    /// to its first contact, else to nobody in particular. Without an address, or where this server sends no e-mail,
    /// the link is only handed over.
    #[serde(default)]
    pub with_links: bool,
    /// What they are told; only with links.
    #[validate(length(min = 1, max = 5000))]
    #[serde(default)]
    #[schemars(regex(pattern = crate::text::LINES))]
    pub message: Option<String>,
    /// By when answers are wanted; only with links.
    #[serde(default)]
    pub due_on: Option<Day>,
    /// The last day the links open anything, at most 180 days ahead; 30 days ahead if not said; only with links.
    #[serde(default)]
    pub expires_on: Option<Day>,
}

/// Fields that are set: absent ones stay as they are, null clears. A product has only `status`; the others are its
/// supplier's.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BulkSettings {
    /// Where it stands with us.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<RelationshipStatus>,
    /// Who of us looks after the relationship.
    #[serde(deserialize_with = "said", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub relationship_owner: Option<Option<String>>,
    /// Its part in handling personal data.
    #[serde(deserialize_with = "said", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<DataRole>")]
    pub data_role: Option<Option<DataRole>>,
    /// The categories of personal data it handles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub personal_data: Option<Vec<PersonalData>>,
    /// The most sensitive data it holds.
    #[serde(deserialize_with = "said", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<DataSensitivity>")]
    pub data_sensitivity: Option<Option<DataSensitivity>>,
    /// How far it gets into our systems.
    #[serde(deserialize_with = "said", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<SystemAccess>")]
    pub system_access: Option<Option<SystemAccess>>,
    /// What happens when it stops.
    #[serde(deserialize_with = "said", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<ServiceCriticality>")]
    pub service_criticality: Option<Option<ServiceCriticality>>,
    /// How many people it touches.
    #[serde(deserialize_with = "said", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<PeopleAffected>")]
    pub people_affected: Option<Option<PeopleAffected>>,
}

/// A field that is there, if only to be cleared.
fn said<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

impl BulkSettings {
    /// The fields, as a merge patch.
    fn fields(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(fields)) => fields,
            _ => Map::new(),
        }
    }
}

/// What becomes of one of many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BulkVerdict {
    /// It is done.
    Change,
    /// There is nothing to do.
    Unchanged,
    /// It cannot be done, and so nothing is done to any.
    Refused,
}

/// What became, or would become, of many.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct BulkReport {
    /// Whether this only says what would happen.
    pub dry_run: bool,
    /// Whether it happened: all of it, or nothing.
    pub applied: bool,
    /// How many were selected.
    pub selected_count: i64,
    /// To how many something is done.
    pub change_count: i64,
    /// For how many there is nothing to do.
    pub unchanged_count: i64,
    /// For how many it cannot be done.
    pub refused_count: i64,
    /// Each of them: in the order of the ids, or of the names where a filter selects.
    pub items: Vec<BulkItem>,
}

/// What became, or would become, of one of many.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct BulkItem {
    /// The supplier or product.
    pub id: SubjectId,
    /// What it is called; null where there is none by this id.
    pub name: Option<String>,
    /// In a word.
    pub verdict: BulkVerdict,
    /// Why nothing is done to it; null where something is.
    pub why: Option<String>,
    /// The fields that change.
    pub changes: Vec<BulkChange>,
    /// The assessment that is started; null in a dry run.
    pub assessment_id: Option<AssessmentId>,
    /// The link that is made, and for whom; null where none is.
    pub link: Option<BulkLink>,
}

/// A field that changes.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct BulkChange {
    /// The field.
    pub field: String,
    /// What it says now, as text; null where it says nothing.
    pub before: Option<String>,
    /// What it will say.
    pub after: Option<String>,
}

/// A link to one of many assessments.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct BulkLink {
    /// Its id; null in a dry run.
    pub id: Option<RespondentLinkId>,
    /// Whom it is for.
    pub contact_name: String,
    /// Where it is sent; null where it is only handed over.
    pub email: Option<String>,
    /// What becomes of the letter that carries it; null in a dry run.
    pub mail: Option<MailState>,
    /// The address to hand over. Shown once and not stored: null in a dry run, and in the response to a retry.
    pub url: Option<String>,
}

impl BulkReport {
    /// The report, unless something was refused and it is no dry run: then why.
    ///
    /// # Errors
    /// [`Error::InvalidRows`] with at most 1,000 faults, and one that says how many more there are.
    pub fn accepted(self) -> Result<Self, Error> {
        if self.dry_run || self.applied {
            return Ok(self);
        }
        let refused = self.items.iter().filter(|item| item.verdict == BulkVerdict::Refused);
        let mut faults: Vec<Fault> = refused.take(MAXIMUM_FAULTS).map(BulkItem::fault).collect();
        let more = self.refused_count - count(faults.len());
        if more > 0 {
            faults.push(Fault::new("", "more", format!("and {more} more")));
        }
        Err(Error::InvalidRows(faults))
    }

    /// What is kept of it for a retry: without the addresses of links.
    #[must_use]
    pub fn without_urls(&self) -> Self {
        let mut kept = self.clone();
        kept.items.iter_mut().filter_map(|item| item.link.as_mut()).for_each(|link| link.url = None);
        kept
    }
}

impl BulkItem {
    fn new(id: SubjectId, name: Option<&str>, verdict: BulkVerdict) -> Self {
        Self {
            id,
            name: name.map(str::to_owned),
            verdict,
            why: None,
            changes: Vec::new(),
            assessment_id: None,
            link: None,
        }
    }

    fn because(self, why: impl Into<String>) -> Self {
        Self { why: Some(why.into()), ..self }
    }

    fn fault(&self) -> Fault {
        let name = self.name.as_deref().map(|name| format!("{name} ")).unwrap_or_default();
        let why = self.why.as_deref().unwrap_or_default();
        Fault::new("/select", "refused", format!("{name}({}): {why}", self.id))
    }
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Something that is done to many, checked as far as it can be without them.
#[derive(Clone, Debug)]
pub struct Bulk {
    /// None for suppliers and products alike.
    only: Option<SubjectType>,
    select: BulkSelection,
    except: BTreeSet<SubjectId>,
    doing: Doing,
    dry_run: bool,
}

/// What is done.
#[derive(Clone, Debug)]
enum Doing {
    Ask(BulkAsk),
    Set(BulkSettings),
    Reschedule(Rescheduling),
    Archive,
}

impl Bulk {
    /// Checks what is to be done on `today`, to suppliers or products only where that is said.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every fault.
    pub fn new(update: BulkUpdate, only: Option<SubjectType>, today: Day) -> Result<Self, Error> {
        let BulkUpdate { mut select, except, r#do: action, dry_run } = update;
        let mut faults = Faults::default();
        let one = "expected exactly one of";
        faults.expect(
            select.ids.is_some() != select.filter.is_some(),
            "/select",
            "one",
            format!("{one} ids and filter"),
        );
        if let Some(filter) = &mut select.filter {
            for (name, given) in [
                ("sort", filter.sort.is_some()),
                ("limit", filter.limit.is_some()),
                ("cursor", filter.cursor.is_some()),
            ] {
                let pointer = format!("/select/filter/{name}");
                faults.expect(!given, pointer, "not_here", "not taken here: all that the filter shows is meant");
            }
            let is_of_noun = only.is_none() || filter.subject_type.is_none() || filter.subject_type == only;
            let detail = "expected what this operation is for, or nothing";
            faults.expect(is_of_noun, "/select/filter/subject_type", "choice", detail);
            filter.subject_type = filter.subject_type.or(only);
        }
        let doing = match action {
            BulkAction { ask: Some(ask), set: None, reschedule: None, archive: None } => {
                check_ask(&ask, today, &mut faults);
                Some(Doing::Ask(ask))
            }
            BulkAction { ask: None, set: Some(set), reschedule: None, archive: None } => {
                check_settings(&set, &mut faults);
                Some(Doing::Set(set))
            }
            BulkAction { ask: None, set: None, reschedule: Some(new), archive: None } => {
                within("/do/reschedule", new.check(today), &mut faults)?;
                Some(Doing::Reschedule(new))
            }
            BulkAction { ask: None, set: None, reschedule: None, archive: Some(BulkArchive {}) } => {
                Some(Doing::Archive)
            }
            _ => None,
        };
        faults.expect(doing.is_some(), "/do", "one", format!("{one} ask, set, reschedule and archive"));
        faults.done()?;
        let Some(doing) = doing else { return Err(Error::NotFound) };
        Ok(Self { only, select, except: except.into_iter().collect(), doing, dry_run })
    }

    /// What is left out must be there: else somebody means another one.
    async fn expect_excepted(&self, reader: &Reader, found: &[SubjectId]) -> Result<(), Error> {
        let found: BTreeSet<&SubjectId> = found.iter().collect();
        let others: Vec<SubjectId> = self.except.iter().filter(|id| !found.contains(id)).cloned().collect();
        let there = Targets::load(reader, &others).await?;
        match others.iter().find(|id| there.find(id).is_none()) {
            Some(_) => Err(Error::unknown("/except", "supplier or product")),
            None => Ok(()),
        }
    }

    /// Those that it is done to, each once.
    async fn selected(&self, reader: &Reader) -> Result<Vec<SubjectId>, Error> {
        let found = match (&self.select.ids, &self.select.filter) {
            (Some(ids), _) => ids.clone(),
            (None, Some(filter)) => register::subjects(reader, filter, MAXIMUM_SUBJECTS as u64 + 1).await?,
            (None, None) => Vec::new(),
        };
        if found.len() > MAXIMUM_SUBJECTS {
            let detail = format!("expected at most {MAXIMUM_SUBJECTS} suppliers and products: narrow the filter");
            return Err(Error::invalid("/select", "length", detail));
        }
        self.expect_excepted(reader, &found).await?;
        let mut seen = BTreeSet::new();
        Ok(found.into_iter().filter(|id| !self.except.contains(id) && seen.insert(id.clone())).collect())
    }
}

/// Adds what is wrong further in, or fails for anything else.
fn within(place: &str, done: Result<(), Error>, faults: &mut Faults) -> Result<(), Error> {
    match done {
        Err(Error::Invalid(inner)) => {
            inner.into_iter().for_each(|fault| faults.push(fault.within(place)));
            Ok(())
        }
        other => other,
    }
}

fn check_ask(ask: &BulkAsk, today: Day, faults: &mut Faults) {
    let mut inner = Faults::of_new(ask);
    check_days(&mut inner, today, ask.due_on, ask.expires_on);
    for (name, given) in
        [("message", ask.message.is_some()), ("due_on", ask.due_on.is_some()), ("expires_on", ask.expires_on.is_some())]
    {
        inner.expect(ask.with_links || !given, format!("/{name}"), "links_only", "only with with_links");
    }
    inner.into_vec().into_iter().for_each(|fault| faults.push(fault.within("/do/ask")));
}

fn check_settings(settings: &BulkSettings, faults: &mut Faults) {
    let fields = settings.fields();
    faults.expect(!fields.is_empty(), "/do/set", "required", "expected at least one field to set");
    let plain = NewSupplier { name: "-".into(), ..NewSupplier::default() };
    let checked = Change::<NewSupplier>::new(fields).over(&plain).and_then(NewSupplier::check);
    if let Err(Error::Invalid(inner)) = checked {
        inner.into_iter().for_each(|fault| faults.push(fault.within("/do/set")));
    }
}

/// What is done to many, worked out.
pub struct BulkPlan {
    dry_run: bool,
    items: Vec<BulkItem>,
    /// None in a dry run, and where something is refused.
    work: Option<Work>,
    /// What it rests on: these suppliers, or whichever a filter selects.
    suppliers: BTreeSet<SupplierId>,
    is_filtered: bool,
    policy_version: i64,
}

/// What was done to many.
pub struct Carried {
    /// What became of each.
    pub report: BulkReport,
    /// The links that were made, each with the place of its item in the report.
    pub links: Vec<(usize, Made)>,
}

impl Ahead for Bulk {
    type Plan = BulkPlan;

    async fn plan(&self, reader: &Reader) -> Result<BulkPlan, Error> {
        let ids = self.selected(reader).await?;
        let there = Targets::load(reader, &ids).await?;
        let subjects: Vec<(SubjectId, Option<Subject>)> = ids
            .into_iter()
            .map(|id| {
                let subject = there.find(&id).filter(|subject| self.is_meant(subject));
                (id, subject)
            })
            .collect();
        let suppliers =
            subjects.iter().filter_map(|(_, subject)| Some(subject.as_ref()?.supplier.id.clone())).collect();
        let policy = policy::read(reader).await?;
        let (items, work) = doing::plan(reader, &self.doing, subjects, &policy).await?;
        let is_refused = items.iter().any(|item| item.verdict == BulkVerdict::Refused);
        let does_something = items.iter().any(|item| item.verdict == BulkVerdict::Change);
        Ok(BulkPlan {
            dry_run: self.dry_run,
            items,
            work: (!self.dry_run && !is_refused && does_something).then_some(work),
            suppliers,
            is_filtered: self.select.filter.is_some(),
            policy_version: policy.version,
        })
    }
}

impl Bulk {
    fn is_meant(&self, subject: &Subject) -> bool {
        let kind = if subject.product.is_some() { SubjectType::Product } else { SubjectType::Supplier };
        self.only.is_none_or(|only| only == kind)
    }
}

impl Plan for BulkPlan {
    fn asks_for_change(&self) -> bool {
        self.work.is_some()
    }

    async fn holds(&self, writer: &Writer, changed: &BTreeSet<SupplierId>) -> Result<bool, Error> {
        let is_same = if self.is_filtered { changed.is_empty() } else { self.suppliers.is_disjoint(changed) };
        Ok(is_same && policy::read(writer).await?.version == self.policy_version)
    }
}

impl BulkPlan {
    /// Does it, and says what became of each; of a dry run, and where something was refused, what would have.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Database`].
    pub async fn carry_out(self, writer: Option<&Writer>, mailing: Mailing) -> Result<Carried, Error> {
        let Self { dry_run, mut items, work, .. } = self;
        let links = match (work, writer) {
            (Some(work), Some(writer)) => work.carry_out(writer, mailing, &mut items).await?,
            _ => Vec::new(),
        };
        let how_many = |verdict: BulkVerdict| count(items.iter().filter(|item| item.verdict == verdict).count());
        let refused_count = how_many(BulkVerdict::Refused);
        let report = BulkReport {
            dry_run,
            applied: !dry_run && refused_count == 0,
            selected_count: count(items.len()),
            change_count: how_many(BulkVerdict::Change),
            unchanged_count: how_many(BulkVerdict::Unchanged),
            refused_count,
            items,
        };
        Ok(Carried { report, links })
    }
}

/// The suppliers and products that ids may name.
struct Targets {
    suppliers: BTreeMap<SupplierId, Supplier>,
    products: BTreeMap<String, Product>,
}

impl Targets {
    async fn load(reader: &Reader, ids: &[SubjectId]) -> Result<Self, Error> {
        let product_ids: BTreeSet<String> = ids
            .iter()
            .filter_map(|id| match id {
                SubjectId::Product(id) => Some(id.to_string()),
                SubjectId::Supplier(_) => None,
            })
            .collect();
        let products: BTreeMap<String, Product> = reader
            .get_many::<product::Entity>(&product_ids)
            .await?
            .into_iter()
            .map(|row| (row.id.to_string(), row))
            .collect();
        let own = ids.iter().filter_map(|id| match id {
            SubjectId::Supplier(id) => Some(id.to_string()),
            SubjectId::Product(_) => None,
        });
        let supplier_ids: BTreeSet<String> =
            own.chain(products.values().map(|product| product.supplier_id.to_string())).collect();
        let suppliers = reader.get_many::<supplier::Entity>(&supplier_ids).await?;
        // Our own house is none of the suppliers.
        let suppliers =
            suppliers.into_iter().filter(|row| !row.is_ourselves).map(|row| (row.id.clone(), row)).collect();
        Ok(Self { suppliers, products })
    }

    fn find(&self, id: &SubjectId) -> Option<Subject> {
        match id {
            SubjectId::Supplier(id) => Some(Subject { supplier: self.suppliers.get(id)?.clone(), product: None }),
            SubjectId::Product(id) => {
                let product = self.products.get(id.as_str())?.clone();
                Some(Subject { supplier: self.suppliers.get(&product.supplier_id)?.clone(), product: Some(product) })
            }
        }
    }
}
