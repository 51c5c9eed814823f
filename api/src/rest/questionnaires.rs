//! Questionnaires and their editions.

use diligence_entities::{
    fault::Fault,
    questionnaire::{self, PublishedEdition, Questionnaire, QuestionnaireFilter},
};
use diligence_questionnaires::Edition;
use poem::{Request, RequestBody};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions, OpenApi,
    registry::{MetaMediaType, MetaRequest, Registry},
};

use super::Tag;
use crate::{
    answer::{Created, Found, Listed, Once},
    auth::{By, Editor, Viewer},
    path::At,
    payload,
    problem::{Answer, Creating, Listing, Problem, Reading, Type},
    query::Query,
    retry::Retry,
    schema::{self, Side},
};

/// An edition as JSON or YAML, checked in every respect.
pub(crate) struct EditionBody(Edition);

impl<'a> ApiExtractor<'a> for EditionBody {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();
    fn register(registry: &mut Registry) {
        schema::register::<Edition>(Side::Request, registry);
    }
    fn request_meta() -> Option<MetaRequest> {
        let media = |content_type| MetaMediaType { content_type, schema: schema::reference::<Edition>(Side::Request) };
        Some(MetaRequest { description: Some("The edition, at most 2 MiB."), content: vec![media("application/json"), media("application/yaml")], required: true })
    }
    async fn from_request(request: &'a Request, body: &mut RequestBody, _: ExtractParamOptions<()>) -> poem::Result<Self> {
        let kind = payload::expect_content_type(request, &["application/json", "application/yaml"])?;
        let bytes = payload::take(request, body, diligence_questionnaires::edition::MAX_DOCUMENT_BYTES).await?;
        let text = String::from_utf8(bytes).map_err(|_| Problem::new(Type::Malformed, "the body is not UTF-8"))?;
        let read = if kind == "application/json" { Edition::from_json(&text) } else { Edition::from_yaml(&text) };
        Ok(Self(read.map_err(|faults| Problem::invalid(faults.into_iter().map(Fault::from).collect()))?))
    }
}

pub(crate) struct Api;

#[OpenApi(tag = "Tag::Questionnaires")]
impl Api {
    /// List questionnaires
    ///
    /// The built-in ones and your organisation's own, by key.
    #[oai(path = "/questionnaires", method = "get", operation_id = "list_questionnaires")]
    async fn list(&self, who: By<Viewer>, query: Query<QuestionnaireFilter>) -> Answer<Listed<Questionnaire>, Listing> {
        let page = questionnaire::list(&who.read().await?, &query).await?;
        Ok(Listed::new(page, &query))
    }

    /// Publish an edition
    ///
    /// Of a questionnaire of your own. It is checked as a whole, every fault at once; once published it never changes. A later edition of the same key takes a later number.
    #[oai(path = "/questionnaires", method = "post", operation_id = "publish_edition")]
    async fn publish(&self, who: By<Editor>, body: EditionBody, retry: Retry) -> Answer<Once<Created<PublishedEdition>>, Creating> {
        retry
            .once(&who, async |writer| {
                let published = questionnaire::publish(writer, body.0).await?;
                let path = format!("questionnaires/{}/editions/{}", published.key, published.edition);
                Ok(Created::at(&path, published))
            })
            .await
    }

    /// Read an edition
    ///
    /// The whole document: principles, sections, questions, options, findings.
    #[oai(path = "/questionnaires/:key/editions/:edition", method = "get", operation_id = "read_edition")]
    async fn read(&self, who: By<Viewer>, key: At<String>, edition: At<String>) -> Answer<Found<Edition>, Reading> {
        Ok(Found(questionnaire::read(&who.read().await?, &key, &edition).await?))
    }
}
