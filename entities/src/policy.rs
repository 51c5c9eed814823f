//! The organisation's policy: bands, matrix, cadence, minimum coverage, who may decide, how long a key may live.
//! Defaults are the field's; all can be set.

use std::collections::BTreeSet;

use diligence_questionnaires::{RatingPolicy, Severity, Tier};
use schemars::JsonSchema;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};
use validator::Validate;

use crate::{
    ahead::{self, Ahead, Opened, Plan},
    clock::{Day, Moment},
    error::Error,
    evidence::{self, Evidence, EvidenceValidity},
    fault::Faults,
    id::{OrganisationId, PolicyId, SupplierId},
    ourselves,
    patch::Change,
    register,
    risk::{self, Risk},
    scope::{Reader, Scope, Store, Writer, owned},
    stored::{Json, Word},
};

/// How often a subject is looked at again, in months, by tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct Cadence {
    /// Months between reviews of a critical supplier.
    #[validate(range(min = 1, max = 120))]
    pub critical: u32,
    /// Months between reviews of a supplier of high tier.
    #[validate(range(min = 1, max = 120))]
    pub high: u32,
    /// Months between reviews of a supplier of medium tier.
    #[validate(range(min = 1, max = 120))]
    pub medium: u32,
    /// Months between reviews of a supplier of low tier.
    #[validate(range(min = 1, max = 120))]
    pub low: u32,
    /// Months between reviews of a supplier of which nobody has said how much depends on it; 6 if not said.
    #[validate(range(min = 1, max = 120))]
    #[serde(default = "unknown_months")]
    pub unknown: u32,
}

/// What is not known is looked at as often as what care cannot go on without.
fn unknown_months() -> u32 {
    6
}

impl Default for Cadence {
    fn default() -> Self {
        Self { critical: 6, high: 12, medium: 24, low: 36, unknown: unknown_months() }
    }
}

impl Cadence {
    /// Months between reviews in this tier.
    #[must_use]
    pub fn months(self, tier: Tier) -> u32 {
        match tier {
            Tier::Critical => self.critical,
            Tier::High => self.high,
            Tier::Medium => self.medium,
            Tier::Low => self.low,
            // What is not known never waits as long as what is known to matter little.
            Tier::Unknown => self.unknown.min(self.medium),
        }
    }
}

/// From which product of likelihood and impact on a risk is called what; below `moderate_from` it is low.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct RiskBands {
    /// From here on moderate.
    #[validate(range(min = 2, max = 25))]
    pub moderate_from: u8,
    /// From here on high.
    #[validate(range(min = 2, max = 25))]
    pub high_from: u8,
    /// From here on extreme.
    #[validate(range(min = 2, max = 25))]
    pub extreme_from: u8,
}

impl Default for RiskBands {
    fn default() -> Self {
        Self { moderate_from: 4, high_from: 8, extreme_from: 15 }
    }
}

impl RiskBands {
    /// What a risk of this likelihood and impact is called.
    #[must_use]
    pub fn band(self, likelihood: i32, impact: i32) -> Severity {
        let product = likelihood * impact;
        if product >= i32::from(self.extreme_from) {
            Severity::Extreme
        } else if product >= i32::from(self.high_from) {
            Severity::High
        } else if product >= i32::from(self.moderate_from) {
            Severity::Moderate
        } else {
            Severity::Low
        }
    }
}

/// Who may not decide on an assessment, though their role lets them. An admin may set it aside for one decision, with a
/// reason that is kept and shown.
///
/// It is about decisions only. Whoever raised a risk may accept it: to raise one is to speak against oneself, and an
/// acceptance names its approver, has a reason and ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SeparationOfDuties {
    /// Nobody is kept from deciding: in a home of two people, the same person answers and decides.
    #[default]
    Off,
    /// Whoever answered or submitted an assessment does not decide on it.
    NotWhoAnswered,
    /// Nor does whoever rated its answers.
    NotWhoAnsweredOrReviewed,
}

/// How often our own house is to be looked at with the two free tools of the National Cyber Security Centre.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct NcscDue {
    /// Months from one *Check your cyber security* to the next; null where none is asked for.
    #[validate(range(min = 1, max = 120))]
    pub security_check_months: Option<u32>,
    /// Months from one exercise, such as from *Exercise in a Box*, to the next; null where none is asked for.
    #[validate(range(min = 1, max = 120))]
    pub exercise_months: Option<u32>,
}

impl NcscDue {
    /// Whether anything is asked for.
    fn asks(self) -> bool {
        self.security_check_months.is_some() || self.exercise_months.is_some()
    }
}

/// The policy as stored.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, JsonSchema)]
#[sea_orm(table_name = "policy")]
#[schemars(rename = "Policy")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PolicyId,
    /// The organisation whose policy it is.
    #[serde(skip)]
    pub organisation_id: OrganisationId,
    /// Its version, from 1; each change adds one.
    pub version: i64,
    /// From score to rating.
    #[schemars(with = "RatingPolicy")]
    pub rating: Json<RatingPolicy>,
    /// How often a subject is looked at again.
    #[schemars(with = "Cadence")]
    pub cadence_months: Json<Cadence>,
    /// What a risk is called.
    #[schemars(with = "RiskBands")]
    pub risk_bands: Json<RiskBands>,
    /// How long evidence counts that does not say itself until when.
    #[schemars(with = "EvidenceValidity")]
    pub evidence_validity: Json<EvidenceValidity>,
    /// How often our own house is to be looked at with the two free tools of the National Cyber Security Centre.
    #[schemars(with = "NcscDue")]
    pub ncsc_due: Json<NcscDue>,
    /// Who may not decide on an assessment.
    #[schemars(with = "SeparationOfDuties")]
    pub separation_of_duties: Word<SeparationOfDuties>,
    /// How many days a key may live at the most, from the day it is made; null for no limit.
    pub maximum_key_days: Option<i64>,
    /// When it was made.
    pub created_at: Moment,
    /// When it was last changed.
    pub updated_at: Moment,
}

pub use Model as Policy;

/// A policy hangs on its organisation alone.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}
owned!("policy", _row => None);

impl Model {
    /// The policy an organisation starts with.
    pub(crate) fn start(id: PolicyId, organisation_id: OrganisationId, now: Moment) -> Self {
        Self {
            id,
            organisation_id,
            version: 1,
            rating: Json::default(),
            cadence_months: Json::default(),
            risk_bands: Json::default(),
            evidence_validity: Json::default(),
            ncsc_due: Json::default(),
            separation_of_duties: Word::default(),
            maximum_key_days: None,
            created_at: now,
            updated_at: now,
        }
    }
}

/// What a policy is made of.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "rating": { "minimum_coverage": 90 }, "cadence_months": { "critical": 3 } }))]
pub struct NewPolicy {
    /// From score to rating.
    #[serde(default)]
    pub rating: RatingPolicy,
    /// How often a subject is looked at again.
    #[validate(nested)]
    #[serde(default)]
    pub cadence_months: Cadence,
    /// What a risk is called.
    #[validate(nested)]
    #[serde(default)]
    pub risk_bands: RiskBands,
    /// How long evidence counts that does not say itself until when.
    #[validate(nested)]
    #[serde(default)]
    pub evidence_validity: EvidenceValidity,
    /// How often our own house is to be looked at with the two free tools of the National Cyber Security Centre; not at
    /// all if not said. Where it is, our own house is made (see `/ourselves`).
    #[validate(nested)]
    #[serde(default)]
    pub ncsc_due: NcscDue,
    /// Who may not decide on an assessment; `off` if not said.
    #[serde(default)]
    pub separation_of_duties: SeparationOfDuties,
    /// How many days a key may live at the most, from the day it is made; null for no limit. Keys that are there
    /// already stay as they are.
    #[validate(range(min = 1, max = 3650))]
    #[serde(default)]
    pub maximum_key_days: Option<i64>,
}

impl From<&Policy> for NewPolicy {
    fn from(policy: &Policy) -> Self {
        Self {
            rating: policy.rating.0,
            cadence_months: policy.cadence_months.0,
            risk_bands: policy.risk_bands.0,
            evidence_validity: policy.evidence_validity.0,
            ncsc_due: policy.ncsc_due.0,
            separation_of_duties: policy.separation_of_duties.0,
            maximum_key_days: policy.maximum_key_days,
        }
    }
}

/// The organisation's policy.
///
/// # Errors
/// [`Error::Database`] only.
pub async fn read(reader: &Reader) -> Result<Policy, Error> {
    reader.one(reader.find::<Entity>()).await?.ok_or(Error::NotFound)
}

/// A change of the policy; every rating, risk band, end of evidence and review date in the register follows at once.
#[derive(Debug)]
pub struct PolicyChange {
    /// The version it is made on.
    pub version: i64,
    /// What is to be otherwise.
    pub change: Change<NewPolicy>,
}

/// What a change of the policy comes to.
pub struct PolicyPlan {
    version: i64,
    new: NewPolicy,
    today: Day,
    risks: Vec<(Risk, Risk)>,
    evidence: Vec<(Evidence, Evidence)>,
    differences: register::Differences,
}

impl Ahead for PolicyChange {
    type Plan = PolicyPlan;

    async fn plan(&self, reader: &Reader) -> Result<PolicyPlan, Error> {
        let before = read(reader).await?;
        if before.version != self.version {
            return Err(Error::Stale { current: before.version });
        }
        let new = checked(self.change.clone().over(&before)?)?;
        let after = with(&before, new.clone());
        let risks = risk::called_otherwise(reader, new.risk_bands).await?;
        let evidence = if new.evidence_validity == before.evidence_validity.0 {
            Vec::new()
        } else {
            evidence::ending_otherwise(reader, &new.evidence_validity).await?
        };
        Ok(PolicyPlan {
            version: self.version,
            new,
            today: reader.today(),
            risks,
            evidence,
            differences: register::under(reader, &after).await?,
        })
    }
}

impl Plan for PolicyPlan {
    async fn holds(&self, writer: &Writer, _: &BTreeSet<SupplierId>) -> Result<bool, Error> {
        // What is about suppliers that have changed is worked out again as it is carried out.
        Ok(self.today == writer.today())
    }
}

impl PolicyPlan {
    /// Sets the policy, and writes what follows from it; what is about suppliers that have `changed` is worked out
    /// here.
    ///
    /// # Errors
    /// [`Error::Stale`] where the policy has been changed since.
    pub async fn carry_out(self, writer: &Writer, changed: &BTreeSet<SupplierId>) -> Result<Policy, Error> {
        let before = read(writer).await?;
        if before.version != self.version {
            return Err(Error::Stale { current: before.version });
        }
        let after = with(&before, self.new);
        let after = writer.replace::<Entity, ActiveModel>("change", &before, after).await?;
        let still: Vec<(Risk, Risk)> =
            self.risks.into_iter().filter(|(risk, _)| !changed.contains(&risk.supplier_id)).collect();
        let called: BTreeSet<SupplierId> = still.iter().map(|(risk, _)| risk.supplier_id.clone()).collect();
        risk::call(writer, still).await?;
        let still: Vec<(Evidence, Evidence)> =
            self.evidence.into_iter().filter(|(piece, _)| !changed.contains(&piece.supplier_id)).collect();
        let ended: BTreeSet<SupplierId> = still.iter().map(|(piece, _)| piece.supplier_id.clone()).collect();
        evidence::end(writer, still).await?;
        self.differences.without(changed).carry_out_all(writer).await?;
        writer.leave_alone(called.iter().chain(&ended));
        let changed: Vec<SupplierId> = changed.iter().cloned().collect();
        risk::call_of_suppliers(writer, &changed, after.risk_bands.0).await?;
        evidence::end_of_suppliers(writer, &changed, &after.evidence_validity.0).await?;
        for supplier_id in &changed {
            writer.touch(supplier_id);
        }
        if after.ncsc_due.asks() {
            // What is asked of nobody would be due nowhere.
            ourselves::ensure(writer).await?;
        }
        Ok(after)
    }
}

/// Changes the policy.
///
/// # Errors
/// [`Error::Stale`], or [`Error::Invalid`] for bands out of order or a matrix where something worse rates better.
pub async fn change(store: &Store, scope: &Scope, change: &PolicyChange) -> Result<Policy, Error> {
    let Opened { plan, changed, writer } = ahead::open(store, scope, change).await?;
    let writer = match writer {
        Some(writer) => writer,
        None => store.write(scope).await?,
    };
    let policy = plan.carry_out(&writer, &changed).await?;
    writer.save().await?;
    Ok(policy)
}

fn with(before: &Policy, new: NewPolicy) -> Policy {
    Model {
        rating: Json(new.rating),
        cadence_months: Json(new.cadence_months),
        risk_bands: Json(new.risk_bands),
        evidence_validity: Json(new.evidence_validity),
        ncsc_due: Json(new.ncsc_due),
        separation_of_duties: Word(new.separation_of_duties),
        maximum_key_days: new.maximum_key_days,
        ..before.clone()
    }
}

/// A policy that can be set, or everything that is wrong with it.
pub(crate) fn checked(new: NewPolicy) -> Result<NewPolicy, Error> {
    let mut faults = Faults::of(&new);
    for fault in new.rating.check() {
        faults.push(crate::fault::Fault::from(fault).within("/rating"));
    }
    let bands = new.risk_bands;
    faults.expect(
        bands.moderate_from < bands.high_from && bands.high_from < bands.extreme_from,
        "/risk_bands",
        "order",
        "expected moderate_from < high_from < extreme_from",
    );
    let cadence = new.cadence_months;
    faults.expect(
        cadence.critical <= cadence.high && cadence.high <= cadence.medium && cadence.medium <= cadence.low,
        "/cadence_months",
        "order",
        "expected critical ≤ high ≤ medium ≤ low: what matters more is looked at no less often",
    );
    faults.done()?;
    Ok(new)
}
