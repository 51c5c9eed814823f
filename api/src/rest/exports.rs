//! Exports: every table as CSV.

use futures_util::stream;
use poem::Body;
use poem_openapi::OpenApi;

use super::tag::Tag;
use crate::{
    answer::{CsvFile, File},
    auth::{Admin, By, InRegister, Viewer},
    path::boxed,
    problem::{Answer, Listing},
    query::Query,
    stream::broken,
    tables::{
        Answers, Assessments, AuditEvents, Contacts, Contracts, Decisions, Dependencies, DueItems, EvidenceTable,
        Export, ExportQuery, Incidents, Products, Register, Reviews, Risks, Suppliers, Table,
    },
};

pub(crate) struct Api;

#[OpenApi]
impl Api {
    /// Export the register
    ///
    /// As CSV, with the filters of the list: one row for each supplier and product. RFC 4180 in UTF-8; columns keep their order, new ones come at the end. A list is joined with `;`, identifiers are `SCHEME:ID`, nested values are JSON. A cell that a spreadsheet would run as a formula is prefixed with `'`.
    #[oai(
        path = "/register.csv",
        method = "get",
        operation_id = "export_register",
        transform = "boxed",
        tag = "Tag::Register"
    )]
    async fn register(
        &self,
        who: By<InRegister<Viewer>>,
        query: Query<ExportQuery<<Register as Table>::Filter>>,
    ) -> Answer<File<CsvFile>, Listing> {
        export::<Register, _>(&who, &query).await
    }

    /// Export suppliers
    ///
    /// As CSV, with the filters of the list. The file can be changed and imported again: `POST /suppliers/import`.
    #[oai(
        path = "/suppliers.csv",
        method = "get",
        operation_id = "export_suppliers",
        transform = "boxed",
        tag = "Tag::Suppliers"
    )]
    async fn suppliers(
        &self,
        who: By<InRegister<Viewer>>,
        query: Query<ExportQuery<<Suppliers as Table>::Filter>>,
    ) -> Answer<File<CsvFile>, Listing> {
        export::<Suppliers, _>(&who, &query).await
    }

    /// Export products
    ///
    /// As CSV, with the filters of the list; the AI profile has a column for each of its fields. The file can be changed and imported again: `POST /products/import`.
    #[oai(
        path = "/products.csv",
        method = "get",
        operation_id = "export_products",
        transform = "boxed",
        tag = "Tag::Products"
    )]
    async fn products(
        &self,
        who: By<InRegister<Viewer>>,
        query: Query<ExportQuery<<Products as Table>::Filter>>,
    ) -> Answer<File<CsvFile>, Listing> {
        export::<Products, _>(&who, &query).await
    }

    /// Export evidence
    ///
    /// As CSV, with the filters of the list.
    #[oai(
        path = "/evidence.csv",
        method = "get",
        operation_id = "export_evidence",
        transform = "boxed",
        tag = "Tag::Evidence"
    )]
    async fn evidence(
        &self,
        who: By<Viewer>,
        query: Query<ExportQuery<<EvidenceTable as Table>::Filter>>,
    ) -> Answer<File<CsvFile>, Listing> {
        export::<EvidenceTable, _>(&who, &query).await
    }

    /// Export assessments
    ///
    /// As CSV, with the filters of the list.
    #[oai(
        path = "/assessments.csv",
        method = "get",
        operation_id = "export_assessments",
        transform = "boxed",
        tag = "Tag::Assessments"
    )]
    async fn assessments(
        &self,
        who: By<Viewer>,
        query: Query<ExportQuery<<Assessments as Table>::Filter>>,
    ) -> Answer<File<CsvFile>, Listing> {
        export::<Assessments, _>(&who, &query).await
    }

    /// Export answers
    ///
    /// As CSV: every stored answer of the assessments that match the filters, with its points. Answers to questions that are not visible are marked and do not count.
    #[oai(
        path = "/answers.csv",
        method = "get",
        operation_id = "export_answers",
        transform = "boxed",
        tag = "Tag::Assessments"
    )]
    async fn answers(
        &self,
        who: By<Viewer>,
        query: Query<ExportQuery<<Answers as Table>::Filter>>,
    ) -> Answer<File<CsvFile>, Listing> {
        export::<Answers, _>(&who, &query).await
    }

    /// Export risks
    ///
    /// As CSV, with the filters of the list.
    #[oai(path = "/risks.csv", method = "get", operation_id = "export_risks", transform = "boxed", tag = "Tag::Risks")]
    async fn risks(
        &self,
        who: By<Viewer>,
        query: Query<ExportQuery<<Risks as Table>::Filter>>,
    ) -> Answer<File<CsvFile>, Listing> {
        export::<Risks, _>(&who, &query).await
    }

    /// Export what is due
    ///
    /// CSV (RFC 4180) with the fields of `GET /due`.
    #[oai(path = "/due.csv", method = "get", operation_id = "export_due", transform = "boxed", tag = "Tag::Due")]
    async fn due(
        &self,
        who: By<InRegister<Viewer>>,
        query: Query<ExportQuery<<DueItems as Table>::Filter>>,
    ) -> Answer<File<CsvFile>, Listing> {
        export::<DueItems, _>(&who, &query).await
    }

    /// Export reviews
    ///
    /// As CSV, with the filters of the list.
    #[oai(
        path = "/reviews.csv",
        method = "get",
        operation_id = "export_reviews",
        transform = "boxed",
        tag = "Tag::Reviews"
    )]
    async fn reviews(
        &self,
        who: By<InRegister<Viewer>>,
        query: Query<ExportQuery<<Reviews as Table>::Filter>>,
    ) -> Answer<File<CsvFile>, Listing> {
        export::<Reviews, _>(&who, &query).await
    }

    /// Export dependencies
    ///
    /// As CSV, with the filters of the list. The file can be changed and imported again: `POST /dependencies/import`.
    #[oai(
        path = "/dependencies.csv",
        method = "get",
        operation_id = "export_dependencies",
        transform = "boxed",
        tag = "Tag::Dependencies"
    )]
    async fn dependencies(
        &self,
        who: By<InRegister<Viewer>>,
        query: Query<ExportQuery<<Dependencies as Table>::Filter>>,
    ) -> Answer<File<CsvFile>, Listing> {
        export::<Dependencies, _>(&who, &query).await
    }

    /// Export incidents
    ///
    /// As CSV, with the filters of the list. The file can be changed and imported again: `POST /incidents/import`.
    #[oai(
        path = "/incidents.csv",
        method = "get",
        operation_id = "export_incidents",
        transform = "boxed",
        tag = "Tag::Incidents"
    )]
    async fn incidents(
        &self,
        who: By<Viewer>,
        query: Query<ExportQuery<<Incidents as Table>::Filter>>,
    ) -> Answer<File<CsvFile>, Listing> {
        export::<Incidents, _>(&who, &query).await
    }

    /// Export decisions
    ///
    /// As CSV, with the filters of the list; conditions are JSON.
    #[oai(
        path = "/decisions.csv",
        method = "get",
        operation_id = "export_decisions",
        transform = "boxed",
        tag = "Tag::Decisions"
    )]
    async fn decisions(
        &self,
        who: By<Viewer>,
        query: Query<ExportQuery<<Decisions as Table>::Filter>>,
    ) -> Answer<File<CsvFile>, Listing> {
        export::<Decisions, _>(&who, &query).await
    }

    /// Export contacts
    ///
    /// As CSV: one row for each contact, with its supplier, with the filters of `GET /suppliers`. The file can be changed and imported again: `POST /contacts/import`.
    #[oai(
        path = "/contacts.csv",
        method = "get",
        operation_id = "export_contacts",
        transform = "boxed",
        tag = "Tag::Suppliers"
    )]
    async fn contacts(
        &self,
        who: By<InRegister<Viewer>>,
        query: Query<ExportQuery<<Contacts as Table>::Filter>>,
    ) -> Answer<File<CsvFile>, Listing> {
        export::<Contacts, _>(&who, &query).await
    }

    /// Export contracts
    ///
    /// As CSV: one row for each contract, with its supplier, with the filters of `GET /suppliers`. The file can be changed and imported again: `POST /contracts/import`.
    #[oai(
        path = "/contracts.csv",
        method = "get",
        operation_id = "export_contracts",
        transform = "boxed",
        tag = "Tag::Suppliers"
    )]
    async fn contracts(
        &self,
        who: By<InRegister<Viewer>>,
        query: Query<ExportQuery<<Contracts as Table>::Filter>>,
    ) -> Answer<File<CsvFile>, Listing> {
        export::<Contracts, _>(&who, &query).await
    }

    /// Export audit events
    ///
    /// As CSV, with the filters of the list. Newest first.
    #[oai(
        path = "/audit-events.csv",
        method = "get",
        operation_id = "export_audit_events",
        transform = "boxed",
        tag = "Tag::Audit"
    )]
    async fn audit_events(
        &self,
        who: By<Admin>,
        query: Query<ExportQuery<<AuditEvents as Table>::Filter>>,
    ) -> Answer<File<CsvFile>, Listing> {
        export::<AuditEvents, _>(&who, &query).await
    }
}

async fn export<T: Table, R>(who: &By<R>, query: &Query<ExportQuery<T::Filter>>) -> Answer<File<CsvFile>, Listing> {
    let mut export =
        Export::<T>::new(who.store().clone(), who.scope().clone(), query.filter.filter.clone(), query.filter.bom);
    // The first part before the answer begins, so that what can be refused is refused properly.
    let first = export.next().await?.unwrap_or_default();
    who.exports(T::NOUN, T::FILE, query.told()).await?;
    let parts = stream::try_unfold((Some(first), export), |(first, mut export)| async move {
        let part = match first {
            Some(first) => Some(first),
            None => export.next().await.map_err(broken)?,
        };
        Ok::<_, std::io::Error>(part.map(|part| (part, (None, export))))
    });
    Ok(File::new(T::FILE, "text/csv", Body::from_bytes_stream(parts)))
}
