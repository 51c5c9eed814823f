//! What a supplier does with our data and how much rests on it, and the tier that follows.

use diligence_questionnaires::Tier;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A supplier's part in handling personal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DataRole {
    /// It handles no personal data for us.
    None,
    /// It handles personal data on our instructions.
    Processor,
    /// It decides together with us why and how.
    JointController,
    /// It decides by itself why and how.
    Controller,
}

/// A category of personal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PersonalData {
    /// Names, addresses, telephone numbers.
    Contact,
    /// Bank details, fees, benefits.
    Financial,
    /// Staff records.
    Employment,
    /// Health.
    Health,
    /// Care plans and notes.
    CareRecords,
    /// Fingerprints, faces, voices used to recognise someone.
    Biometric,
    /// Where someone is.
    Location,
    /// Children's data of any kind.
    Children,
    /// Criminal records and allegations.
    Criminal,
}

/// The most sensitive data a supplier holds of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DataSensitivity {
    /// None of ours.
    None,
    /// Business data about no one.
    Business,
    /// Personal data.
    Personal,
    /// Health, care and other special-category data.
    SpecialCategory,
}

/// How far a supplier gets into our systems.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SystemAccess {
    /// Not at all.
    None,
    /// Now and then, watched.
    Limited,
    /// At any time, as an ordinary user or by an interface.
    Standing,
    /// As an administrator.
    Privileged,
}

/// A tier that can be set by hand: any but `unknown`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TierByHand {
    /// Little depends on it.
    Low,
    /// Something depends on it.
    Medium,
    /// Much depends on it.
    High,
    /// Nearly everything depends on it.
    Critical,
}

/// What happens to care when the service stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ServiceCriticality {
    /// Little: we would hardly notice.
    Minor,
    /// It gets harder within a week.
    Important,
    /// It suffers within a day.
    Essential,
    /// People may come to harm within hours.
    Vital,
}

/// How many of the people we support or employ it touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PeopleAffected {
    /// No one.
    None,
    /// A few.
    Few,
    /// Many.
    Many,
    /// Everyone.
    All,
}

/// What a tier is derived from; nothing where nobody has said.
#[derive(Clone, Debug, Default)]
pub struct TierInputs {
    /// The most sensitive data it holds.
    pub data_sensitivity: Option<DataSensitivity>,
    /// How far it gets into our systems.
    pub system_access: Option<SystemAccess>,
    /// What happens when it stops.
    pub service_criticality: Option<ServiceCriticality>,
    /// How many it touches.
    pub people_affected: Option<PeopleAffected>,
    /// Which personal data it handles: special-category data and children's data ask for a high tier, whatever else is
    /// known.
    pub personal_data: Vec<PersonalData>,
}

/// The reason of a tier for which nothing is known of how much rests on the supplier or product.
pub const NOT_PROFILED: &str = "not profiled yet";

impl PersonalData {
    /// Whether it is special-category data (UK GDPR Article 9), about children, or about crime (Article 10).
    #[must_use]
    pub fn is_sensitive(self) -> bool {
        match self {
            Self::Health | Self::CareRecords | Self::Biometric | Self::Children | Self::Criminal => true,
            Self::Contact | Self::Financial | Self::Employment | Self::Location => false,
        }
    }
}

impl TierInputs {
    /// The tier these inputs ask for, and why: the strictest input wins, also over those of which nothing is said; nothing
    /// said at all is `unknown`.
    #[must_use]
    pub fn tier(self) -> (Tier, String) {
        let sensitivity = self.data_sensitivity.map(|input| match input {
            DataSensitivity::None | DataSensitivity::Business => {
                (Tier::Low, "data_sensitivity", crate::stored::word(&input))
            }
            DataSensitivity::Personal => (Tier::Medium, "data_sensitivity", crate::stored::word(&input)),
            DataSensitivity::SpecialCategory => (Tier::High, "data_sensitivity", crate::stored::word(&input)),
        });
        let access = self.system_access.map(|input| {
            let tier = match input {
                SystemAccess::None => Tier::Low,
                SystemAccess::Limited => Tier::Medium,
                SystemAccess::Standing => Tier::High,
                SystemAccess::Privileged => Tier::Critical,
            };
            (tier, "system_access", crate::stored::word(&input))
        });
        let criticality = self.service_criticality.map(|input| {
            let tier = match input {
                ServiceCriticality::Minor => Tier::Low,
                ServiceCriticality::Important => Tier::Medium,
                ServiceCriticality::Essential => Tier::High,
                ServiceCriticality::Vital => Tier::Critical,
            };
            (tier, "service_criticality", crate::stored::word(&input))
        });
        let people = self.people_affected.map(|input| {
            let tier = match input {
                PeopleAffected::None | PeopleAffected::Few => Tier::Low,
                PeopleAffected::Many => Tier::Medium,
                PeopleAffected::All => Tier::High,
            };
            (tier, "people_affected", crate::stored::word(&input))
        });
        let personal = self.personal_data.iter().find(|data| data.is_sensitive());
        let personal = personal.map(|data| (Tier::High, "personal_data", crate::stored::word(data)));
        let given: Vec<_> = [sensitivity, access, criticality, people, personal].into_iter().flatten().collect();
        let Some(strictest) = given.iter().map(|(tier, ..)| *tier).max() else {
            return (Tier::Unknown, NOT_PROFILED.to_owned());
        };
        let because: Vec<String> = given
            .iter()
            .filter(|(tier, ..)| *tier == strictest)
            .map(|(_, name, value)| format!("{name} is {value}"))
            .collect();
        (strictest, because.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strictest_input_decides_the_tier_and_is_named() {
        let inputs = TierInputs {
            data_sensitivity: Some(DataSensitivity::Personal),
            system_access: Some(SystemAccess::Privileged),
            ..TierInputs::default()
        };
        assert_eq!(inputs.tier(), (Tier::Critical, "system_access is privileged".to_owned()));
        assert_eq!(TierInputs::default().tier(), (Tier::Unknown, "not profiled yet".to_owned()));
        let children =
            TierInputs { personal_data: vec![PersonalData::Contact, PersonalData::Children], ..TierInputs::default() };
        assert_eq!(children.tier(), (Tier::High, "personal_data is children".to_owned()));
        let contact = TierInputs { personal_data: vec![PersonalData::Contact], ..TierInputs::default() };
        assert_eq!(contact.tier().0, Tier::Unknown);
    }
}
