//! A supplier's tier: set by hand, or what follows from its profile.

use std::collections::BTreeMap;

use diligence_questionnaires::Tier;
use sea_orm::{ColumnTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};

use super::{Column, Entity, Model, Supplier};
use crate::{
    error::Error,
    profile::TierInputs,
    scope::{Reader, Writer},
    stored::{Word, word},
};

/// The tier, and why: set by hand, or what the inputs ask for.
pub(super) fn of(inputs: TierInputs, by_hand: Option<Tier>, reason: Option<&str>) -> (Tier, String) {
    let (derived, because) = inputs.tier();
    match (by_hand, reason) {
        (Some(tier), Some(reason)) => {
            (tier, format!("set by hand (it would be {}: {because}): {reason}", word(&derived)))
        }
        (by_hand, _) => (by_hand.unwrap_or(derived), because),
    }
}

/// The tier of our own house, and why: whatever it is asked, it is asked in full, and as often as the strictest.
pub(super) fn of_ourselves() -> (Tier, String) {
    (Tier::Critical, "our own house: everything depends on it".to_owned())
}

impl Model {
    /// Whether anything is said of what depends on it, or of what it does with personal data.
    pub(crate) fn is_profiled(&self) -> bool {
        self.data_role.is_some()
            || !self.personal_data.is_empty()
            || self.data_sensitivity.is_some()
            || self.system_access.is_some()
            || self.service_criticality.is_some()
            || self.people_affected.is_some()
    }

    /// The tier by the rules of today, and why.
    fn tier_today(&self) -> (Tier, String) {
        if self.is_ourselves {
            return of_ourselves();
        }
        let inputs = TierInputs {
            data_sensitivity: self.data_sensitivity.map(|input| input.0),
            system_access: self.system_access.map(|input| input.0),
            service_criticality: self.service_criticality.map(|input| input.0),
            people_affected: self.people_affected.map(|input| input.0),
            personal_data: self.personal_data.0.clone(),
        };
        of(inputs, self.tier_override.map(|tier| tier.0), self.tier_override_reason.as_deref())
    }
}

/// Up to `limit` suppliers from after this id on, by id.
pub(crate) async fn from_after(reader: &Reader, id: &str, limit: u64) -> Result<Vec<Supplier>, Error> {
    reader
        .all(reader.find_with_ourselves::<Entity>().filter(Column::Id.gt(id)).order_by_asc(Column::Id).limit(limit))
        .await
}

/// Gives these suppliers the tiers that follow by the rules of today, without new versions: no one's edit may fail for
/// it. Says what each was and is, where it changes.
pub(crate) async fn derive_tiers(writer: &Writer, suppliers: &[Supplier]) -> Result<Vec<(Tier, Tier)>, Error> {
    let mut changed = Vec::new();
    let mut by_tier: BTreeMap<(Tier, String), Vec<String>> = BTreeMap::new();
    for row in suppliers {
        let (tier, reason) = row.tier_today();
        if tier != row.tier.0 {
            changed.push((row.tier.0, tier));
        }
        if tier != row.tier.0 || reason != row.tier_reason {
            by_tier.entry((tier, reason)).or_default().push(row.id.to_string());
        }
    }
    for ((tier, reason), ids) in by_tier {
        let columns: [(Column, sea_orm::Value); 3] = [
            (Column::Tier, Word(tier).into()),
            (Column::TierReason, reason.into()),
            (Column::UpdatedAt, writer.now().into()),
        ];
        writer.set_derived_of_all::<Entity>(&ids, &columns).await?;
    }
    Ok(changed)
}
