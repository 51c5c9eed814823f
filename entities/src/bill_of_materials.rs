//! Bills of materials with model cards (CycloneDX 1.5 to 1.7, JSON): what a maker says of its model fills the AI profile
//! of a product, and is marked as the maker's word until somebody says something else.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use validator::Validate;

use crate::{
    clock::Day,
    error::Error,
    id::ProductId,
    page::Versioned,
    patch::Change,
    product::{self, AiProfile, NewProduct},
    scope::Writer,
    stored::Json,
};

mod model_card;

/// How to bring in a bill of materials.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct BomQuery {
    /// Which model is meant, by its `bom-ref`, its name, or its name, `@` and version, where the document has several.
    #[validate(length(min = 1, max = 1000))]
    pub component: Option<String>,
    /// Whether to say only what would happen; `false` if not said.
    pub dry_run: Option<bool>,
    /// Whether what the document says takes the place of what is said already and differs; `false` if not said.
    pub overwrite: Option<bool>,
}

/// Whose word something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SaidBy {
    /// The maker of the model, in a document of its own; nobody here has looked whether it is so.
    Maker,
}

/// Where what is said in a field of an AI profile comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfileSource {
    /// Whose word it is.
    pub said_by: SaidBy,
    /// The document: its serial number, or the model that it is about.
    pub document: String,
    /// The day on which it was brought in.
    pub on: Day,
}

/// Where the fields of an AI profile come from, by the field's name; of those that are not here, somebody said it here.
pub type ProfileSources = BTreeMap<String, ProfileSource>;

/// What became of a field that a document says something of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BomOutcome {
    /// Nothing was said of it before.
    Filled,
    /// The same was said before.
    Same,
    /// Something else is said of it, and stays.
    Kept,
    /// Something else was said of it before.
    Replaced,
}

/// What a document says of a field of the AI profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct BomField {
    /// The field of the AI profile.
    pub field: String,
    /// What the document says.
    pub said: String,
    /// What was said of it before; null for nothing.
    pub before: Option<String>,
    /// What became, or would become, of it.
    pub outcome: BomOutcome,
}

/// What became, or would become, of a product's AI profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct BomReport {
    /// The product.
    pub product_id: ProductId,
    /// The product's version as it is now.
    pub version: i64,
    /// Whether this only says what would happen.
    pub dry_run: bool,
    /// The model that the document is about.
    pub component: String,
    /// The document: its serial number, or else the model.
    pub document: String,
    /// What it says, field by field.
    pub fields: Vec<BomField>,
}

impl Versioned for BomReport {
    fn id(&self) -> &str {
        self.product_id.as_str()
    }
    fn version(&self) -> i64 {
        self.version
    }
}

/// What a document says of one model.
struct ModelCard {
    component: String,
    document: String,
    /// What it says, by the field of the AI profile.
    said: Vec<(&'static str, String)>,
}

/// Fills a product's AI profile with what a bill of materials says of a model: what nobody has said anything of, and with
/// `overwrite` what is said otherwise.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], or [`Error::Invalid`] with everything that is wrong with the document, and
/// where it has several models and does not say which it is about, with the code `question`.
pub async fn bring_in(
    writer: &Writer,
    id: &ProductId,
    version: i64,
    document: &Value,
    query: &BomQuery,
) -> Result<BomReport, Error> {
    let before = writer.get_at::<product::Entity>(id.as_str(), version).await?;
    let ModelCard { component, document, said } = model_card::read(document, query.component.as_deref())?;
    let profile = serde_json::to_value(before.ai_profile.as_deref()).unwrap_or_default();
    let (mut fields, mut change, mut sources) = (Vec::new(), Map::new(), ProfileSources::new());
    let source = ProfileSource { said_by: SaidBy::Maker, document: document.clone(), on: writer.today() };
    for (field, said) in said {
        let present = profile.get(field).and_then(Value::as_str).filter(|word| *word != "unknown").map(str::to_owned);
        let outcome = match &present {
            None => BomOutcome::Filled,
            Some(present) if *present == said => BomOutcome::Same,
            Some(_) if query.overwrite == Some(true) => BomOutcome::Replaced,
            Some(_) => BomOutcome::Kept,
        };
        if matches!(outcome, BomOutcome::Filled | BomOutcome::Replaced) {
            change.insert(field.to_owned(), said.clone().into());
            sources.insert(field.to_owned(), source.clone());
        }
        fields.push(BomField { field: field.to_owned(), said, before: present, outcome });
    }
    let mut report = BomReport {
        product_id: before.id.clone(),
        version: before.version,
        dry_run: query.dry_run == Some(true),
        component,
        document,
        fields,
    };
    if change.is_empty() {
        return Ok(report);
    }
    let change = Map::from_iter([("ai_profile".to_owned(), Value::Object(change))]);
    let new = Change::<NewProduct>::new(change).over(&before)?.check()?;
    if !report.dry_run {
        report.version = product::fill(writer, before, new, sources).await?.version;
    }
    Ok(report)
}

/// The sources that still hold: whatever somebody says otherwise is no longer the maker's word.
pub(crate) fn still_said(
    sources: Option<Json<ProfileSources>>,
    before: Option<&AiProfile>,
    after: Option<&AiProfile>,
) -> Option<Json<ProfileSources>> {
    let value = |profile: Option<&AiProfile>| serde_json::to_value(profile).unwrap_or_default();
    let (before, after) = (value(before), value(after));
    let mut sources = sources?.0;
    sources.retain(|field, _| before.get(field.as_str()) == after.get(field.as_str()));
    (!sources.is_empty()).then_some(Json(sources))
}
