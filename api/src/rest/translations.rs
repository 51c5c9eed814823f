//! Translations of editions.

use diligence_entities::{
    id::TranslationId,
    questionnaire::DocumentFormat,
    translation::{self, StoredTranslation, TranslationEntry, TranslationFilter, Written},
};
use diligence_questionnaires::Translation;
use poem::{Request, RequestBody};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions, OpenApi,
    registry::{MetaRequest, Registry},
};

use super::{document, tag::Tag};
use crate::{
    answer::{Changed, Created, Done, Item, Listed, Once},
    auth::{By, Editor, Viewer},
    path::{At, boxed},
    payload::{Change, DOCUMENT_LIMIT},
    problem::{Answer, Changing, Creating, Deleting, Listing, Problem, Reading},
    query::Query,
    retry::Retry,
    schema::{self, Side},
    version::{IfMatch, IfNoneMatch},
};

/// A translation as JSON or YAML.
pub(crate) struct TranslationBody(Written);

impl<'a> ApiExtractor<'a> for TranslationBody {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();
    fn register(registry: &mut Registry) {
        schema::register::<Translation>(Side::Request, registry);
    }
    fn request_meta() -> Option<MetaRequest> {
        Some(document::meta::<Translation>("The translation, at most 2 MiB.", &[document::JSON, document::YAML]))
    }
    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let (kind, text) = document::read(request, body, &[document::JSON, document::YAML]).await?;
        let format = if kind == document::JSON { DocumentFormat::Json } else { DocumentFormat::Yaml };
        // Reading a large document is work: other requests need this thread.
        let read =
            tokio::task::spawn_blocking(move || translation::written(format, text)).await.map_err(Problem::internal)?;
        Ok(Self(read.map_err(Problem::from)?))
    }
}

pub(crate) struct Api;

#[OpenApi(tag = "Tag::Questionnaires")]
impl Api {
    /// List translations
    ///
    /// Which editions are translated into which languages, without the translated texts.
    #[oai(path = "/translations", method = "get", operation_id = "list_translations", transform = "boxed")]
    async fn list(
        &self,
        who: By<Viewer>,
        query: Query<TranslationFilter>,
    ) -> Answer<Listed<TranslationEntry>, Listing> {
        let page = translation::list(&who.read().await?, &query).await?;
        Ok(Listed::new(page, &query))
    }

    /// Create a translation
    ///
    /// Of a built-in edition or one of your own. Every text of the edition must be translated. The edition, its hash and its scores do not change.
    #[oai(path = "/translations", method = "post", operation_id = "create_translation", transform = "boxed")]
    async fn create(
        &self,
        who: By<Editor>,
        body: TranslationBody,
        retry: Retry,
    ) -> Answer<Once<Created<StoredTranslation>>, Creating> {
        retry
            .once(&who, async |writer| Ok(Created::new("translations", translation::create(writer, body.0).await?)))
            .await
    }

    /// Read a translation
    #[oai(path = "/translations/:id", method = "get", operation_id = "read_translation", transform = "boxed")]
    async fn read(
        &self,
        who: By<Viewer>,
        id: At<TranslationId>,
        have: IfNoneMatch,
    ) -> Answer<Item<StoredTranslation>, Reading> {
        let translation = translation::read(&who.read().await?, &id).await?;
        Ok(Item::new(translation, &have))
    }

    /// Change a translation
    ///
    /// A JSON merge patch of its texts. Its edition and language cannot be changed.
    #[oai(path = "/translations/:id", method = "patch", operation_id = "change_translation", transform = "boxed")]
    async fn change(
        &self,
        who: By<Editor>,
        id: At<TranslationId>,
        version: IfMatch,
        change: Change<Translation, DOCUMENT_LIMIT>,
    ) -> Answer<Changed<StoredTranslation>, Changing> {
        let writer = who.write().await?;
        let translation = translation::change(&writer, &id, version.0, change.0).await?;
        writer.save().await?;
        Ok(Changed(translation))
    }

    /// Delete a translation
    #[oai(path = "/translations/:id", method = "delete", operation_id = "delete_translation", transform = "boxed")]
    async fn delete(&self, who: By<Editor>, id: At<TranslationId>, version: IfMatch) -> Answer<Done, Deleting> {
        let writer = who.write().await?;
        translation::delete(&writer, &id, version.0).await?;
        writer.save().await?;
        Ok(Done)
    }
}
