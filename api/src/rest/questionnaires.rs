//! Questionnaires and their editions.

use diligence_entities::{
    draft::{self, DraftCheck, NewDraft},
    questionnaire::{
        self, Authored, ChangesFilter, DocumentFilter, DocumentFormat, LanguageFilter, PublishedEdition, Questionnaire,
        QuestionnaireFilter,
    },
};
use diligence_questionnaires::{Edition, EditionChanges};
use poem::{Body, Request, RequestBody};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions, OpenApi,
    registry::{MetaRequest, Registry},
};

use super::{document, tag::Tag};
use crate::{
    answer::{Created, DocumentFile, Done, File, Found, Listed, Once},
    auth::{By, Editor, Viewer},
    path::{At, boxed},
    payload::{self, DOCUMENT_LIMIT},
    problem::{Answer, Asking, Comparing, Creating, Deleting, Listing, Problem, Reading},
    query::Query,
    retry::Retry,
    schema::{self, Side},
    version::IfMatch,
};

/// An edition as JSON, YAML or CSV, checked in every respect.
pub(crate) struct EditionBody(Authored);

impl<'a> ApiExtractor<'a> for EditionBody {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();
    fn register(registry: &mut Registry) {
        schema::register::<Edition>(Side::Request, registry);
    }
    fn request_meta() -> Option<MetaRequest> {
        Some(document::meta::<Edition>("The edition, at most 2 MiB.", &[document::JSON, document::YAML, document::CSV]))
    }
    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let (kind, text) = document::read(request, body, &[document::JSON, document::YAML, document::CSV]).await?;
        let format = match kind {
            document::JSON => DocumentFormat::Json,
            document::CSV => DocumentFormat::Csv,
            _ => DocumentFormat::Yaml,
        };
        // Reading a large document is work: other requests need this thread.
        let read = tokio::task::spawn_blocking(move || questionnaire::authored(format, text))
            .await
            .map_err(Problem::internal)?;
        Ok(Self(read.map_err(Problem::from)?))
    }
}

pub(crate) struct Api;

#[OpenApi(tag = "Tag::Questionnaires")]
impl Api {
    /// List questionnaires
    ///
    /// The built-in ones and your organisation's own, by key.
    #[oai(path = "/questionnaires", method = "get", operation_id = "list_questionnaires", transform = "boxed")]
    async fn list(&self, who: By<Viewer>, query: Query<QuestionnaireFilter>) -> Answer<Listed<Questionnaire>, Listing> {
        let page = questionnaire::list(&who.read().await?, &query).await?;
        Ok(Listed::new(page, &query))
    }

    /// Publish an edition
    ///
    /// An edition of your organisation's own questionnaire. All errors in it are reported at once; once published it never changes. A later edition of the same key needs a higher number.
    #[oai(path = "/questionnaires", method = "post", operation_id = "publish_edition", transform = "boxed")]
    async fn publish(
        &self,
        who: By<Editor>,
        body: EditionBody,
        retry: Retry,
    ) -> Answer<Once<Created<PublishedEdition>>, Creating> {
        retry
            .once(&who, async |writer| {
                let published = questionnaire::publish(writer, body.0).await?;
                let path = format!("questionnaires/{}/editions/{}", published.key, published.edition);
                Ok(Created::at(&path, published))
            })
            .await
    }

    /// Check a document
    ///
    /// Without storing it: reports all errors at once, each with line and column.
    #[oai(path = "/questionnaires/check", method = "post", operation_id = "check_document", transform = "boxed")]
    async fn check(
        &self,
        who: By<Viewer>,
        body: payload::Body<NewDraft, DOCUMENT_LIMIT>,
    ) -> Answer<Found<DraftCheck>, Asking> {
        Ok(Found(draft::check_document(&who.read().await?, body.0).await?))
    }

    /// Read an edition
    ///
    /// The whole document: principles, sections, questions, options and findings, in the language given by `language`.
    #[oai(
        path = "/questionnaires/:key/editions/:edition",
        method = "get",
        operation_id = "read_edition",
        transform = "boxed"
    )]
    async fn read(
        &self,
        who: By<Viewer>,
        key: At<String>,
        edition: At<String>,
        query: Query<LanguageFilter>,
    ) -> Answer<Found<Edition>, Reading> {
        Ok(Found(questionnaire::read(&who.read().await?, &key, &edition, query.language.as_deref()).await?))
    }

    /// Delete an edition
    ///
    /// Only possible for an edition of your own that no assessment ever used; its version is always 1. Others are kept, so that past assessments can be explained.
    #[oai(
        path = "/questionnaires/:key/editions/:edition",
        method = "delete",
        operation_id = "delete_edition",
        transform = "boxed"
    )]
    async fn delete(
        &self,
        who: By<Editor>,
        key: At<String>,
        edition: At<String>,
        version: IfMatch,
    ) -> Answer<Done, Deleting> {
        let writer = who.write().await?;
        questionnaire::delete(&writer, &key, &edition, version.0).await?;
        writer.save().await?;
        Ok(Done)
    }

    /// Export an edition
    ///
    /// As a file to edit: as its author wrote it, with comments, or as YAML, JSON or a spreadsheet-style CSV. Importing it again gives the same edition. For an edition made by an extension, the extension as its author wrote it, or with `format` or `language` the whole edition.
    #[oai(
        path = "/questionnaires/:key/editions/:edition/document",
        method = "get",
        operation_id = "export_edition",
        transform = "boxed"
    )]
    async fn export(
        &self,
        who: By<Viewer>,
        key: At<String>,
        edition: At<String>,
        query: Query<DocumentFilter>,
    ) -> Answer<File<DocumentFile>, Reading> {
        let (format, text) = questionnaire::document(&who.read().await?, &key, &edition, &query).await?;
        who.exports("questionnaire", &format!("{} {}", key.0, edition.0), query.told()).await?;
        let (ending, media_type) = match format {
            DocumentFormat::Yaml => ("yaml", document::YAML),
            DocumentFormat::Json => ("json", document::JSON),
            DocumentFormat::Csv => ("csv", document::CSV),
        };
        Ok(File::new(format!("{}-{}.{ending}", key.0, edition.0), media_type, Body::from_string(text)))
    }

    /// Compare editions
    ///
    /// What changed in an edition since an earlier one: added, removed and changed principles, sections, questions and findings, and whether scores can differ.
    #[oai(
        path = "/questionnaires/:key/editions/:edition/changes",
        method = "get",
        operation_id = "read_changes",
        transform = "boxed"
    )]
    async fn changes(
        &self,
        who: By<Viewer>,
        key: At<String>,
        edition: At<String>,
        query: Query<ChangesFilter>,
    ) -> Answer<Found<EditionChanges>, Comparing> {
        Ok(Found(questionnaire::changes(&who.read().await?, &key, &edition, &query).await?))
    }
}
