//! The tables that can be exported: which columns in which order, and how they are read in batches.
//!
//! A batch is one page of the noun's own list, read in a view of its own: nothing is held while a slow client takes its
//! time, and memory does not grow with rows. New columns come at the end only.

use std::{borrow::Cow, future::Future};

use diligence_entities::{
    assessment::{self, AnswerRow, Assessment, AssessmentFilter},
    audit::{self, AuditEvent, AuditEventFilter},
    decision::{self, Decision, DecisionFilter},
    dependency::{self, Dependency, DependencyFilter},
    due::{self, DueFilter, DueItem},
    error::Error,
    evidence::{self, Evidence, EvidenceFilter},
    incident::{self, Incident, IncidentFilter},
    page::{MAXIMUM_LIMIT, Page},
    product::{self, Product, ProductFilter},
    register::{self, RegisterEntry, RegisterFilter},
    review::{self, Review, ReviewFilter},
    risk::{self, Risk, RiskFilter},
    scope::{Reader, Scope, Store},
    supplier::{self, ContactLine, ContractLine, Supplier, SupplierFilter},
};
use diligence_questionnaires::cells;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};
use validator::{Validate, ValidationErrors};

use crate::csv;

/// Something that can be exported as a table.
pub trait Table: Send + Sync + 'static {
    /// What a row is of, for the audit trail.
    const NOUN: &'static str;
    /// The file's name.
    const FILE: &'static str;
    /// The columns, in their order: the names of the item's fields, with a dot before those of a field inside it.
    const COLUMNS: &'static [&'static str];
    /// Which rows: what the noun's list takes.
    type Filter: Clone + Default + DeserializeOwned + JsonSchema + Validate + Send + Sync;
    /// What a row is made of.
    type Item: Serialize + JsonSchema + Send;

    /// One batch.
    fn batch(
        reader: &Reader,
        filter: Self::Filter,
        cursor: Option<String>,
    ) -> impl Future<Output = Result<Page<Self::Item>, Error>> + Send;
}

macro_rules! tables {
    ($($(#[$doc:meta])* $table:ident $noun:literal $file:literal $list:path: $filter:ty => $item:ty = [$($column:literal)*];)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub enum $table {}
        impl Table for $table {
            const NOUN: &'static str = $noun;
            const FILE: &'static str = $file;
            const COLUMNS: &'static [&'static str] = &[$($column),*];
            type Filter = $filter;
            type Item = $item;
            async fn batch(reader: &Reader, mut filter: $filter, cursor: Option<String>) -> Result<Page<$item>, Error> {
                filter.limit = Some(MAXIMUM_LIMIT);
                filter.cursor = cursor;
                $list(reader, &filter).await
            }
        }
    )*};
}
tables! {
    /// The register: a row for each supplier and product.
    Register "register" "register.csv" register::list: RegisterFilter => RegisterEntry = [
        "subject_id" "subject_type" "supplier_id" "supplier_name" "name" "kind" "status" "identifiers" "tier" "ai_features" "rating"
        "security.claimed" "security.evidenced" "ethical_ai.claimed" "ethical_ai.evidenced" "coverage" "knock_outs"
        "decision" "decision_lapses_on" "decision_lapsed" "stale_reasons" "open_condition_count" "overdue_condition_count"
        "open_risks.low" "open_risks.moderate" "open_risks.high" "open_risks.extreme"
        "next_review_on" "review_overdue" "next_review_id" "certificates" "under_way" "frameworks" "updated_at"
        "next_due_on"
    ];
    /// Suppliers.
    Suppliers "supplier" "suppliers.csv" supplier::list: SupplierFilter => Supplier = [
        "id" "name" "legal_name" "website" "country" "status" "relationship_owner" "identifiers" "contacts" "contracts"
        "data_role" "personal_data" "data_locations" "data_sensitivity" "system_access" "service_criticality" "people_affected"
        "tier_override" "tier_override_reason" "tier" "tier_reason" "rating" "notes" "version" "created_at" "updated_at"
    ];
    /// Products.
    Products "product" "products.csv" product::list: ProductFilter => Product = [
        "id" "supplier_id" "name" "kind" "product_version" "purpose" "status" "ai_features"
        "ai_profile.purpose" "ai_profile.generative" "ai_profile.model" "ai_profile.model_provider" "ai_profile.model_version"
        "ai_profile.trains_on_our_data" "ai_profile.runs_in" "ai_profile.autonomy" "ai_profile.affects" "ai_profile.overseer"
        "ai_profile.contest_route" "ai_profile.manual_fallback" "ai_profile.summarises_speech" "ai_profile.medical_device_class"
        "ai_profile.safety_case_reference" "ai_profile.dpia_reference" "ai_profile.transparency_record" "ai_profile.eu_ai_act_class"
        "rating" "notes" "version" "created_at" "updated_at"
        "ai_profile.training_data" "ai_profile.limitations" "ai_profile.ethical_considerations" "ai_profile.energy_use" "profile_sources"
    ];
    /// Evidence.
    EvidenceTable "evidence" "evidence.csv" evidence::list: EvidenceFilter => Evidence = [
        "id" "subject_id" "supplier_id" "product_id" "kind" "reference" "statement" "scope" "document_version" "issued_on" "expires_on"
        "address" "notes" "version" "created_at" "updated_at" "file.name" "file.media_type" "file.byte_count" "file.sha256"
        "ends_on" "ends_because" "checked_at" "checked_by" "security_check" "exercise"
    ];
    /// Assessments.
    Assessments "assessment" "assessments.csv" assessment::list: AssessmentFilter => Assessment = [
        "id" "subject_id" "supplier_id" "product_id" "questionnaire" "edition" "edition_id" "state" "claimed" "evidenced" "coverage"
        "frameworks" "knock_outs" "started_by" "submitted_by" "submitted_at" "return_comment" "decided_by" "decided_at" "assessed_on"
        "version" "created_at" "updated_at" "information_only" "answered_by" "reviewed_by" "override_reason"
    ];
    /// Risks.
    Risks "risk" "risks.csv" risk::list: RiskFilter => Risk = [
        "id" "subject_id" "supplier_id" "product_id" "title" "description" "likelihood" "impact" "band"
        "residual_likelihood" "residual_impact" "current_band" "treatment" "owner" "actions" "state" "acceptance" "acceptance_expires_on" "closed_reason"
        "origin_assessment_id" "origin_finding" "origin_question" "version" "created_at" "updated_at" "origin_evidence_id"
    ];
    /// Reviews.
    Reviews "review" "reviews.csv" review::list: ReviewFilter => Review = [
        "id" "subject_id" "supplier_id" "product_id" "state" "due_on" "reason" "reason_detail" "counted_from" "triggers"
        "rescheduled_to" "rescheduled_reason" "completed_at" "completed_by" "outcome" "version" "created_at" "updated_at"
    ];
    /// Dependencies.
    Dependencies "dependency" "dependencies.csv" dependency::list: DependencyFilter => Dependency = [
        "id" "subject_id" "supplier_id" "product_id" "rests_on_id" "rests_on_supplier_id" "rests_on_product_id" "kind" "description"
        "version" "created_at" "updated_at"
    ];
    /// Incidents.
    Incidents "incident" "incidents.csv" incident::list: IncidentFilter => Incident = [
        "id" "subject_id" "supplier_id" "product_id" "title" "description" "severity" "personal_data_involved" "occurred_on" "told_on"
        "resolved_on" "lessons" "version" "created_at" "updated_at"
    ];
    /// Decisions, their conditions as JSON in one cell.
    Decisions "decision" "decisions.csv" decision::list: DecisionFilter => Decision = [
        "id" "subject_id" "supplier_id" "product_id" "assessment_id" "questionnaire" "outcome" "comment" "conditions" "lapses_on"
        "stale_since" "stale_reasons" "superseded" "rating" "rests_on" "decided_by" "decided_at" "override_reason"
        "version" "created_at" "updated_at"
    ];
    /// What is due.
    DueItems "due_item" "due.csv" due::list: DueFilter => DueItem = [
        "id" "kind" "state" "due_on" "subject_id" "supplier_id" "name" "supplier_name" "why" "owner" "source_id" "created_at"
        "choices" "updated_at"
    ];
    /// Audit events.
    AuditEvents "audit_event" "audit-events.csv" audit::list: AuditEventFilter => AuditEvent = [
        "sequence" "id" "at" "actor_id" "actor_name" "request_id" "action" "noun" "item_id" "before" "after" "previous_hash" "hash"
        "supplier_id" "product_id"
    ];
}

/// A table with a line for each of something that suppliers have, as many as there may be of each.
macro_rules! lines_of_suppliers {
    ($($(#[$doc:meta])* $table:ident $noun:literal $file:literal $list:path => $item:ty = [$($column:literal)*];)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub enum $table {}
        impl Table for $table {
            const NOUN: &'static str = $noun;
            const FILE: &'static str = $file;
            const COLUMNS: &'static [&'static str] = &[$($column),*];
            type Filter = SupplierFilter;
            type Item = $item;
            async fn batch(
                reader: &Reader,
                mut filter: SupplierFilter,
                cursor: Option<String>,
            ) -> Result<Page<$item>, Error> {
                filter.limit = Some(MAXIMUM_LIMIT);
                filter.cursor = cursor;
                $list(reader, &filter).await
            }
        }
    )*};
}
lines_of_suppliers! {
    /// Contacts: a row for each contact of the suppliers that the filter lets through.
    Contacts "contact" "contacts.csv" supplier::list_contacts => ContactLine = [
        "supplier_id" "supplier_name" "name" "role" "email" "telephone"
    ];
    /// Contracts: a row for each contract with the suppliers that the filter lets through.
    Contracts "contract" "contracts.csv" supplier::list_contracts => ContractLine = [
        "supplier_id" "supplier_name" "reference" "starts_on" "ends_on" "notice_days" "renews_for_months"
        "value.amount_minor" "value.currency"
    ];
}

/// Answers: a row for each stored answer of the assessments that the filter lets through.
#[derive(Debug)]
pub enum Answers {}

impl Table for Answers {
    const NOUN: &'static str = "answers";
    const FILE: &'static str = "answers.csv";
    const COLUMNS: &'static [&'static str] = &[
        "assessment_id",
        "subject_id",
        "questionnaire",
        "edition",
        "state",
        "question",
        "text",
        "visible",
        "value",
        "comment",
        "not_applicable",
        "evidence_ids",
        "weight",
        "points_claimed",
        "points_evidenced",
        "review_reason",
    ];
    type Filter = AssessmentFilter;
    type Item = AnswerRow;
    async fn batch(
        reader: &Reader,
        mut filter: AssessmentFilter,
        cursor: Option<String>,
    ) -> Result<Page<AnswerRow>, Error> {
        // An assessment is some forty rows, each with its text.
        filter.limit = Some(20);
        filter.cursor = cursor;
        let page = assessment::list_answers(reader, &filter).await?;
        Ok(Page { items: page.items.into_iter().flatten().collect(), next: page.next })
    }
}

/// An export under way.
#[derive(Debug)]
pub struct Export<T: Table> {
    store: Store,
    scope: Scope,
    filter: T::Filter,
    with_mark: bool,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Start,
    At(String),
    End,
}

impl<T: Table> Export<T> {
    /// The rows that `filter` lets through; `with_mark` puts a byte-order mark before them.
    pub fn new(store: Store, scope: Scope, filter: T::Filter, with_mark: bool) -> Self {
        Self { store, scope, filter, with_mark, place: Place::Start }
    }

    /// The next part of the file; none at its end.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Database`].
    pub async fn next(&mut self) -> Result<Option<String>, Error> {
        let cursor = match std::mem::replace(&mut self.place, Place::End) {
            Place::End => return Ok(None),
            Place::At(cursor) => Some(cursor),
            Place::Start => None,
        };
        let mark = if self.with_mark && cursor.is_none() { cells::BYTE_ORDER_MARK } else { "" };
        let part = {
            let reader = self.store.read(&self.scope).await?;
            part::<T>(&reader, self.filter.clone(), cursor).await?
        };
        if let Some(cursor) = part.next {
            self.place = Place::At(cursor);
        }
        Ok(Some(format!("{mark}{}", part.text)))
    }
}

/// A part of a table's file.
#[derive(Debug)]
pub struct Part {
    /// Its lines, the names of the columns before the first.
    pub text: String,
    /// How many rows it has.
    pub row_count: usize,
    /// Where the next part begins; none at the end.
    pub next: Option<String>,
}

/// The part of a table's file that begins at this cursor; without one, at its beginning.
///
/// # Errors
/// [`Error::Busy`] or [`Error::Database`].
pub async fn part<T: Table>(reader: &Reader, filter: T::Filter, cursor: Option<String>) -> Result<Part, Error> {
    let mut file = cells::Writer::default();
    if cursor.is_none() {
        file.write(T::COLUMNS);
    }
    let page = T::batch(reader, filter, cursor).await?;
    for item in &page.items {
        let value = serde_json::to_value(item).unwrap_or_default();
        file.write(T::COLUMNS.iter().map(|column| csv::cell(at(&value, column))));
    }
    Ok(Part { text: file.into_text(), row_count: page.items.len(), next: page.next })
}

/// A table of just these rows.
pub(crate) fn table_of<T: Table>(items: &[T::Item]) -> String {
    let mut file = cells::Writer::default();
    file.write(T::COLUMNS);
    for item in items {
        let value = serde_json::to_value(item).unwrap_or_default();
        file.write(T::COLUMNS.iter().map(|column| csv::cell(at(&value, column))));
    }
    file.into_text()
}

/// What the column is of.
fn at<'a>(item: &'a Value, column: &str) -> &'a Value {
    column.split('.').fold(item, |value, name| value.get(name).unwrap_or(&Value::Null))
}

/// Which rows to export: what the list takes, but for its pages, and whether Excel must see that it is UTF-8.
#[derive(Clone, Debug)]
pub struct ExportQuery<F> {
    /// What the list takes.
    pub filter: F,
    /// Whether the file begins with a byte-order mark.
    pub bom: bool,
}

const PAGES: [&str; 2] = ["limit", "cursor"];

impl<'de, F: DeserializeOwned> Deserialize<'de> for ExportQuery<F> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut fields = Map::<String, Value>::deserialize(deserializer)?;
        let bom = fields.shift_remove("bom").and_then(|bom| bom.as_bool()).unwrap_or(false);
        let filter = serde_json::from_value(fields.into()).map_err(serde::de::Error::custom)?;
        Ok(Self { filter, bom })
    }
}

impl<F: JsonSchema> JsonSchema for ExportQuery<F> {
    fn schema_name() -> Cow<'static, str> {
        format!("{}Export", F::schema_name()).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = F::json_schema(generator);
        if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
            for name in PAGES {
                properties.shift_remove(name);
            }
            let description = "Whether the file begins with a byte-order mark, for Excel; `false` by default.";
            properties.insert("bom".into(), json!({ "type": "boolean", "description": description }));
        }
        schema
    }
}

impl<F: Validate> Validate for ExportQuery<F> {
    fn validate(&self) -> Result<(), ValidationErrors> {
        self.filter.validate()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{self, Shape, Side};

    fn properties<'a>(shape: &'a Shape, schema: &'a Value) -> Map<String, Value> {
        let schema = shape.resolve(schema);
        match schema.get("allOf").and_then(Value::as_array).map(Vec::as_slice) {
            Some([only]) => properties(shape, only),
            _ => schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default(),
        }
    }

    /// Every field is a column, or every field inside it is; and every column is a field.
    fn is_whole<T: Table>() {
        let shape = schema::of::<T::Item>(Side::Answer);
        let mut expected = Vec::new();
        for (name, property) in properties(&shape, &shape.schema) {
            let parts: Vec<String> =
                properties(&shape, &property).keys().map(|part| format!("{name}.{part}")).collect();
            if T::COLUMNS.contains(&name.as_str()) {
                expected.push(name)
            } else {
                expected.extend(if parts.is_empty() { vec![name] } else { parts })
            }
        }
        let mut columns: Vec<&str> = T::COLUMNS.to_vec();
        columns.sort_unstable();
        expected.sort_unstable();
        assert_eq!(columns, expected, "{}", T::FILE);
    }

    #[test]
    fn every_stored_field_has_its_column() {
        is_whole::<Register>();
        is_whole::<Suppliers>();
        is_whole::<Products>();
        is_whole::<EvidenceTable>();
        is_whole::<Assessments>();
        is_whole::<Answers>();
        is_whole::<Risks>();
        is_whole::<Reviews>();
        is_whole::<Dependencies>();
        is_whole::<Incidents>();
        is_whole::<Decisions>();
        is_whole::<Contacts>();
        is_whole::<Contracts>();
        is_whole::<DueItems>();
        is_whole::<AuditEvents>();
    }

    #[test]
    fn an_export_takes_what_the_list_takes_but_for_pages() {
        let shape = schema::of::<ExportQuery<SupplierFilter>>(Side::Request);
        let names: Vec<String> = properties(&shape, &shape.schema).keys().cloned().collect();
        assert!(
            names.contains(&"q".to_owned())
                && names.contains(&"bom".to_owned())
                && !names.contains(&"limit".to_owned())
                && !names.contains(&"cursor".to_owned()),
            "{names:?}"
        );
    }
}
