//! Imports of what hangs on suppliers and products: all rows or none, by the same rules as suppliers and products
//! themselves.

use poem_openapi::OpenApi;

use super::{
    imports::{Upload, import},
    tag::Tag,
};
use crate::{
    answer::{Found, Once},
    auth::{Approver, By, Editor, Importing},
    import_reader::{
        ContactImport, ContractImport, DecisionImport, DependencyImport, EvidenceImport, ImportQuery, ImportReport,
        IncidentImport, ReviewImport, RiskImport,
    },
    path::boxed,
    problem::{Answer, Creating},
    query::Query,
    retry::Retry,
};

pub(crate) struct Api;

#[OpenApi]
impl Api {
    /// Import dependencies
    ///
    /// All rows or none, about at most 20,000 dependencies, from a file as `POST /suppliers/import` takes it, or from JSON. A file of our own has the columns of `GET /dependencies.csv`. What a row is about is named by id, by identifier or by name (`supplier_identifier`, `supplier_name` and the like). A row is matched by `id`, else by what rests on what in which way; otherwise it creates one.
    ///
    /// With `dry_run=true` nothing is changed and the result of every row is reported; without it, any error or open question refuses the whole import.
    #[oai(
        path = "/dependencies/import",
        method = "post",
        operation_id = "import_dependencies",
        transform = "boxed",
        tag = "Tag::Dependencies"
    )]
    async fn dependencies(
        &self,
        who: By<Importing<Editor>>,
        query: Query<ImportQuery>,
        body: Upload<DependencyImport>,
        retry: Retry,
    ) -> Answer<Once<Found<ImportReport>>, Creating> {
        import(&who, &query, body, retry).await
    }

    /// Import contacts
    ///
    /// All rows or none, about at most 20,000 contacts, from a file as `POST /suppliers/import` takes it, or from JSON. A file of our own has the columns of `GET /contacts.csv`. What a row is about is named by id, by identifier or by name (`supplier_identifier`, `supplier_name` and the like). A row is matched to a contact of its supplier by e-mail address, else by name; otherwise it creates one.
    ///
    /// With `dry_run=true` nothing is changed and the result of every row is reported; without it, any error or open question refuses the whole import.
    #[oai(
        path = "/contacts/import",
        method = "post",
        operation_id = "import_contacts",
        transform = "boxed",
        tag = "Tag::Suppliers"
    )]
    async fn contacts(
        &self,
        who: By<Importing<Editor>>,
        query: Query<ImportQuery>,
        body: Upload<ContactImport>,
        retry: Retry,
    ) -> Answer<Once<Found<ImportReport>>, Creating> {
        import(&who, &query, body, retry).await
    }

    /// Import contracts
    ///
    /// All rows or none, about at most 20,000 contracts, from a file as `POST /suppliers/import` takes it, or from JSON. A file of our own has the columns of `GET /contracts.csv`. What a row is about is named by id, by identifier or by name (`supplier_identifier`, `supplier_name` and the like). A row is matched to a contract with its supplier by reference; otherwise it creates one.
    ///
    /// With `dry_run=true` nothing is changed and the result of every row is reported; without it, any error or open question refuses the whole import.
    #[oai(
        path = "/contracts/import",
        method = "post",
        operation_id = "import_contracts",
        transform = "boxed",
        tag = "Tag::Suppliers"
    )]
    async fn contracts(
        &self,
        who: By<Importing<Editor>>,
        query: Query<ImportQuery>,
        body: Upload<ContractImport>,
        retry: Retry,
    ) -> Answer<Once<Found<ImportReport>>, Creating> {
        import(&who, &query, body, retry).await
    }

    /// Import evidence
    ///
    /// All rows or none, about at most 20,000 evidence, from a file as `POST /suppliers/import` takes it, or from JSON. A file of our own has the columns of `GET /evidence.csv`. What a row is about is named by id, by identifier or by name (`supplier_identifier`, `supplier_name` and the like). A row is matched by `id`, else by subject, kind, reference and day of issue; otherwise it creates one.
    ///
    /// With `dry_run=true` nothing is changed and the result of every row is reported; without it, any error or open question refuses the whole import.
    #[oai(
        path = "/evidence/import",
        method = "post",
        operation_id = "import_evidence",
        transform = "boxed",
        tag = "Tag::Evidence"
    )]
    async fn evidence(
        &self,
        who: By<Importing<Editor>>,
        query: Query<ImportQuery>,
        body: Upload<EvidenceImport>,
        retry: Retry,
    ) -> Answer<Once<Found<ImportReport>>, Creating> {
        import(&who, &query, body, retry).await
    }

    /// Import incidents
    ///
    /// All rows or none, about at most 20,000 incidents, from a file as `POST /suppliers/import` takes it, or from JSON. A file of our own has the columns of `GET /incidents.csv`. What a row is about is named by id, by identifier or by name (`supplier_identifier`, `supplier_name` and the like). A row is matched by `id`, else by subject, title and day; otherwise it creates one.
    ///
    /// With `dry_run=true` nothing is changed and the result of every row is reported; without it, any error or open question refuses the whole import.
    #[oai(
        path = "/incidents/import",
        method = "post",
        operation_id = "import_incidents",
        transform = "boxed",
        tag = "Tag::Incidents"
    )]
    async fn incidents(
        &self,
        who: By<Importing<Editor>>,
        query: Query<ImportQuery>,
        body: Upload<IncidentImport>,
        retry: Retry,
    ) -> Answer<Once<Found<ImportReport>>, Creating> {
        import(&who, &query, body, retry).await
    }

    /// Import risks
    ///
    /// All rows or none, about at most 20,000 risks, from a file as `POST /suppliers/import` takes it, or from JSON. A file of our own has the columns of `GET /risks.csv`. What a row is about is named by id, by identifier or by name (`supplier_identifier`, `supplier_name` and the like). A row is matched by `id`, else by subject and title; otherwise it creates one.
    ///
    /// With `dry_run=true` nothing is changed and the result of every row is reported; without it, any error or open question refuses the whole import.
    #[oai(
        path = "/risks/import",
        method = "post",
        operation_id = "import_risks",
        transform = "boxed",
        tag = "Tag::Risks"
    )]
    async fn risks(
        &self,
        who: By<Importing<Editor>>,
        query: Query<ImportQuery>,
        body: Upload<RiskImport>,
        retry: Retry,
    ) -> Answer<Once<Found<ImportReport>>, Creating> {
        import(&who, &query, body, retry).await
    }

    /// Import decisions
    ///
    /// All rows or none, about at most 20,000 decisions, from a file as `POST /suppliers/import` takes it, or from JSON. A file of our own has the columns of `GET /decisions.csv`. What a row is about is named by id, by identifier or by name (`supplier_identifier`, `supplier_name` and the like). A row is matched by `id`, else by subject, questionnaire and day; one that is here stays as it is; otherwise it creates one.
    ///
    /// With `dry_run=true` nothing is changed and the result of every row is reported; without it, any error or open question refuses the whole import.
    #[oai(
        path = "/decisions/import",
        method = "post",
        operation_id = "import_decisions",
        transform = "boxed",
        tag = "Tag::Decisions"
    )]
    async fn decisions(
        &self,
        who: By<Importing<Approver>>,
        query: Query<ImportQuery>,
        body: Upload<DecisionImport>,
        retry: Retry,
    ) -> Answer<Once<Found<ImportReport>>, Creating> {
        import(&who, &query, body, retry).await
    }

    /// Import reviews
    ///
    /// All rows or none, about at most 20,000 reviews, from a file as `POST /suppliers/import` takes it, or from JSON. A file of our own has the columns of `GET /reviews.csv`. What a row is about is named by id, by identifier or by name (`supplier_identifier`, `supplier_name` and the like). A row is matched by `id`, else by subject and day; otherwise it creates one.
    ///
    /// With `dry_run=true` nothing is changed and the result of every row is reported; without it, any error or open question refuses the whole import.
    #[oai(
        path = "/reviews/import",
        method = "post",
        operation_id = "import_reviews",
        transform = "boxed",
        tag = "Tag::Reviews"
    )]
    async fn reviews(
        &self,
        who: By<Importing<Editor>>,
        query: Query<ImportQuery>,
        body: Upload<ReviewImport>,
        retry: Retry,
    ) -> Answer<Once<Found<ImportReport>>, Creating> {
        import(&who, &query, body, retry).await
    }
}
