//! Subjects: what an assessment, a risk or a review is about. One supplier, or one of its products.

use diligence_questionnaires::{Subject as Facts, Tier};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    error::Error,
    id::{ProductId, SubjectId, SupplierId},
    product::{self, AiFeatures, Product},
    scope::Reader,
    stored::word,
    supplier::{self, RelationshipStatus, Supplier},
};

/// A supplier, or a product with its supplier.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    pub(crate) supplier: Supplier,
    pub(crate) product: Option<Product>,
}

/// Whether a subject is a supplier or a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SubjectType {
    /// A supplier.
    Supplier,
    /// A product.
    Product,
}

impl Subject {
    /// The subject by this id; `pointer` says where in the input it was named.
    pub(crate) async fn find(reader: &Reader, id: &SubjectId, pointer: &str) -> Result<Self, Error> {
        let unknown = |error| match error {
            Error::NotFound => Error::unknown(pointer, "supplier or product"),
            other => other,
        };
        match id {
            SubjectId::Supplier(id) => {
                Ok(Self { supplier: supplier::read(reader, id).await.map_err(unknown)?, product: None })
            }
            SubjectId::Product(id) => {
                let product = product::read(reader, id).await.map_err(unknown)?;
                Ok(Self { supplier: supplier::read(reader, &product.supplier_id).await?, product: Some(product) })
            }
        }
    }

    /// The subject that a row with these two columns is about.
    pub(crate) async fn of(
        reader: &Reader,
        supplier_id: &SupplierId,
        product_id: Option<&ProductId>,
    ) -> Result<Self, Error> {
        let product = match product_id {
            Some(id) => Some(product::read(reader, id).await?),
            None => None,
        };
        Ok(Self { supplier: supplier::read(reader, supplier_id).await?, product })
    }

    pub(crate) fn product_id(&self) -> Option<ProductId> {
        self.product.as_ref().map(|product| product.id.clone())
    }

    /// What it is called.
    pub(crate) fn name(&self) -> &str {
        self.product.as_ref().map_or(&self.supplier.name, |product| &product.name)
    }

    pub(crate) fn is_archived(&self) -> bool {
        let gone = RelationshipStatus::Archived;
        self.supplier.status.0 == gone || self.product.as_ref().is_some_and(|product| product.status.0 == gone)
    }

    /// Whether a questionnaire that applies to these may be put to it.
    pub(crate) fn fits(&self, applies_to: &[diligence_questionnaires::AppliesTo]) -> bool {
        use diligence_questionnaires::AppliesTo;
        // Whatever is asked of suppliers and of what they provide can be asked of our own house.
        if self.supplier.is_ourselves {
            return true;
        }
        match &self.product {
            None => applies_to.contains(&AppliesTo::Supplier),
            Some(product) => {
                applies_to.contains(&AppliesTo::Product)
                    || applies_to.contains(&AppliesTo::Ai) && product.ai_features.0 != AiFeatures::None
            }
        }
    }

    /// What conditions in questionnaires may ask about it; what nobody has said is absent.
    pub(crate) fn facts(&self) -> Facts {
        let Self { supplier, product } = self;
        let mut facts = Facts::default();
        let mut say = |fact: &str, values: Vec<String>| {
            facts.set(fact, values);
        };
        say("subject_type", vec![if product.is_some() { "product" } else { "supplier" }.to_owned()]);
        // What is not known is asked as if much depended on it.
        let tier = if supplier.tier.0 == Tier::Unknown { Tier::High } else { supplier.tier.0 };
        say("tier", vec![word(&tier)]);
        say("data_role", supplier.data_role.iter().map(word).collect());
        say("data_sensitivity", supplier.data_sensitivity.iter().map(word).collect());
        say("system_access", supplier.system_access.iter().map(word).collect());
        say("service_criticality", supplier.service_criticality.iter().map(word).collect());
        say("people_affected", supplier.people_affected.iter().map(word).collect());
        say("personal_data", supplier.personal_data.iter().map(word).collect());
        if let Some(product) = product {
            say("kind", vec![word(&product.kind)]);
            say("ai_features", vec![word(&product.ai_features)]);
            if let Some(profile) = &product.ai_profile {
                say("generative", vec![word(&profile.generative)]);
                say("trains_on_our_data", vec![word(&profile.trains_on_our_data)]);
                say("autonomy", profile.autonomy.iter().map(word).collect());
                say("summarises_speech", vec![word(&profile.summarises_speech)]);
                say("medical_device_class", profile.medical_device_class.iter().map(word).collect());
                say("affects", profile.affects.iter().map(word).collect());
            }
        }
        facts
    }
}

/// The id of the product if there is one, else of the supplier.
pub(crate) fn subject_id(supplier_id: &SupplierId, product_id: Option<&ProductId>) -> SubjectId {
    product_id.map_or_else(|| SubjectId::Supplier(supplier_id.clone()), |id| SubjectId::Product(id.clone()))
}
