//! Request bodies: read within a limit, checked against the type's own schema, and refused with every fault at once.

use std::{marker::PhantomData, ops::Deref, sync::Arc};

use bytes::Bytes;
use diligence_entities::{
    fault::{Fault, Faults},
    patch,
};
use poem::{Request, RequestBody, http::header};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaMediaType, MetaRequest, MetaSchema, MetaSchemaRef, Registry},
};
use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use validator::Validate;

use crate::{
    answer::FileKind,
    body::{self, Cost, Incoming, Most, STRANGER_LIMIT, Spooled},
    check, json,
    problem::{Problem, Type},
    retry,
    schema::{self, Side},
};

/// How large a body may be, in bytes: 1 MiB.
pub const LIMIT: usize = 1 << 20;
/// How large a body with a questionnaire's document in it may be, in bytes: 5 MiB, since JSON writes some characters as
/// two.
pub const DOCUMENT_LIMIT: usize = 5 << 20;
/// How large a filled-in sheet may be, in bytes: 5 MiB.
pub const SHEET_LIMIT: usize = 5 << 20;
/// How large a bill of materials may be, in bytes: 5 MiB.
pub const BOM_LIMIT: usize = 5 << 20;
/// How large the rows of an import as JSON may be, in bytes: 32 MiB.
pub const IMPORT_LIMIT: usize = 32 << 20;
/// How large a file that is imported may be, in bytes: 256 MiB.
pub const FILE_LIMIT: usize = 256 << 20;

const JSON: &str = "application/json";
const MERGE_PATCH: &str = "application/merge-patch+json";

/// A JSON body of at most `MAXIMUM` bytes that is a `T` in every respect its type can say.
#[derive(Debug)]
pub struct Body<T, const MAXIMUM: usize = LIMIT>(pub T);

impl<T, const MAXIMUM: usize> Deref for Body<T, MAXIMUM> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

/// A JSON body as [`Body`], or none at all for a `T` that says nothing.
#[derive(Debug)]
pub struct MaybeBody<T>(pub T);

/// A JSON merge patch (RFC 7396) of what was made of a `New`: any of its fields; absent leaves, null clears.
#[derive(Debug)]
pub struct Change<New, const MAXIMUM: usize = LIMIT>(pub patch::Change<New>);

/// Takes the body, noting what it was for who comes after (see [`crate::retry`]).
///
/// # Errors
/// As [`body::read`].
pub(crate) async fn take(
    request: &Request,
    body: &mut RequestBody,
    maximum: usize,
    cost: Cost,
) -> Result<Bytes, Problem> {
    let bytes = body::read(request, body, Most { known: maximum, stranger: STRANGER_LIMIT }, cost).await?;
    if let Some(incoming) = request.data::<Incoming>()
        && request.headers().contains_key(retry::NAME)
    {
        incoming.note_fingerprint(retry::fingerprint_of(request, &bytes));
    }
    Ok(bytes)
}

/// Takes the body as a file, as [`take`] takes it as bytes.
///
/// # Errors
/// As [`body::spool`].
pub(crate) async fn take_file(
    request: &Request,
    body: &mut RequestBody,
    maximum: usize,
) -> Result<Arc<Spooled>, Problem> {
    let file = Arc::new(body::spool(request, body, Most { known: maximum, stranger: STRANGER_LIMIT }).await?);
    if let Some(incoming) = request.data::<Incoming>()
        && request.headers().contains_key(retry::NAME)
    {
        let (head, read) = (retry::fingerprint_head(request), Arc::clone(&file));
        // The file may be on disk: other requests need this thread.
        let whole = tokio::task::spawn_blocking(move || head.with(&*read)).await.map_err(Problem::internal)?;
        incoming.note_fingerprint(whole.map_err(Problem::internal)?);
    }
    Ok(file)
}

/// The media type and the charset of `Content-Type`, the first in small letters.
pub(crate) fn content_type(request: &Request) -> (String, Option<String>) {
    let sent = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut parts = sent.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
    let charset = parts
        .filter_map(|part| part.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))
        .map(|(_, value)| value.trim().trim_matches('"').to_owned())
        .filter(|value| !value.is_empty());
    (essence, charset)
}

/// Whether `Content-Type` is one of `known`, with UTF-8 for a charset if it names one.
///
/// # Errors
/// [`Type::UnsupportedMediaType`].
pub(crate) fn expect_content_type(request: &Request, known: &[&'static str]) -> Result<&'static str, Problem> {
    let sent = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut parts = sent.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    let charset = parts
        .filter_map(|part| part.split_once('='))
        .find(|(name, _)| name.eq_ignore_ascii_case("charset"))
        .map(|(_, value)| value.trim_matches('"'));
    let found = known.iter().find(|candidate| essence.eq_ignore_ascii_case(candidate));
    match found {
        Some(found)
            if charset.is_none_or(|charset| {
                charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("utf8")
            }) =>
        {
            Ok(found)
        }
        Some(found) => Err(Problem::new(Type::UnsupportedMediaType, format!("expected {found} in UTF-8"))),
        None => {
            Err(Problem::new(Type::UnsupportedMediaType, format!("expected the Content-Type {}", known.join(" or "))))
        }
    }
}

pub(crate) async fn read(
    request: &Request,
    body: &mut RequestBody,
    known: &[&'static str],
    maximum: usize,
) -> Result<Value, Problem> {
    expect_content_type(request, known)?;
    parse(&take(request, body, maximum, Cost::Json).await?)
}

/// `bytes` as JSON.
///
/// # Errors
/// [`Type::Malformed`] with the place.
pub(crate) fn parse(bytes: &[u8]) -> Result<Value, Problem> {
    json::parse(bytes).map_err(|malformed| {
        let fault = Fault::new("", malformed.code, malformed.detail.clone());
        Problem::new(Type::Malformed, malformed.detail).with_errors(vec![fault])
    })
}

/// `value` as a `T`, or everything that is wrong with it.
///
/// # Errors
/// [`Type::Invalid`] with every fault of the schema and of the `validator` rules beside the fields.
pub fn accept<T: DeserializeOwned + JsonSchema + Validate + 'static>(value: Value) -> Result<T, Problem> {
    let shape = schema::of::<T>(Side::Request);
    let mut faults = check::check(&shape, &value);
    // Faults of content leave the shape whole: then the rules beside the fields can be asked too.
    match serde_json::from_value::<T>(value) {
        Ok(read) => {
            check::merge(&mut faults, Faults::of(&read).into_vec());
            if faults.is_empty() { Ok(read) } else { Err(Problem::invalid(faults)) }
        }
        Err(error) => {
            if faults.is_empty() {
                faults.push(Fault::new("", "shape", error.to_string()));
            }
            Err(Problem::invalid(faults))
        }
    }
}

/// A file as it is, of at most `MAXIMUM` bytes; `IS_READ` where it is not only kept. The document shows it as bytes of
/// whatever kind; the kinds it may say it has are `K`'s.
#[derive(Debug)]
pub struct FileBody<K, const MAXIMUM: usize, const IS_READ: bool = false> {
    /// The media type it says it has; none where it only says that it is bytes.
    pub media_type: Option<&'static str>,
    /// The bytes.
    pub bytes: Vec<u8>,
    kind: PhantomData<fn() -> K>,
}

const BYTES: &str = "application/octet-stream";

impl<'a, K: FileKind, const MAXIMUM: usize, const IS_READ: bool> ApiExtractor<'a> for FileBody<K, MAXIMUM, IS_READ> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();
    fn register(_: &mut Registry) {}
    fn request_meta() -> Option<MetaRequest> {
        let schema = MetaSchemaRef::Inline(Box::new(MetaSchema::new_with_format("string", "binary")));
        Some(MetaRequest {
            description: Some("The file."),
            content: vec![MetaMediaType { content_type: BYTES, schema }],
            required: true,
        })
    }
    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let kinds: Vec<&'static str> = K::MEDIA_TYPES.iter().copied().chain([BYTES]).collect();
        let media_type = Some(expect_content_type(request, &kinds)?).filter(|kind| *kind != BYTES);
        let cost = if IS_READ { Cost::Document } else { Cost::Bytes };
        Ok(Self { media_type, bytes: take(request, body, MAXIMUM, cost).await?.to_vec(), kind: PhantomData })
    }
}

impl<'a, T: DeserializeOwned + JsonSchema + Validate + Send + 'static, const MAXIMUM: usize> ApiExtractor<'a>
    for Body<T, MAXIMUM>
{
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();
    fn register(registry: &mut Registry) {
        schema::register::<T>(Side::Request, registry);
    }
    fn request_meta() -> Option<MetaRequest> {
        Some(MetaRequest {
            description: None,
            content: vec![MetaMediaType { content_type: JSON, schema: schema::reference::<T>(Side::Request) }],
            required: true,
        })
    }
    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let value = read(request, body, &[JSON], MAXIMUM).await?;
        Ok(Self(accept(value)?))
    }
}

impl<'a, T: DeserializeOwned + JsonSchema + Validate + Default + Send + 'static> ApiExtractor<'a> for MaybeBody<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();
    fn register(registry: &mut Registry) {
        schema::register::<T>(Side::Request, registry);
    }
    fn request_meta() -> Option<MetaRequest> {
        <Body<T> as ApiExtractor<'a>>::request_meta().map(|meta| MetaRequest { required: false, ..meta })
    }
    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        options: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        if !request.headers().contains_key(header::CONTENT_TYPE)
            && take(request, body, LIMIT, Cost::Json).await?.is_empty()
        {
            return Ok(Self(T::default()));
        }
        Ok(Self(Body::<T>::from_request(request, body, options).await?.0))
    }
}

impl<'a, New: DeserializeOwned + Serialize + JsonSchema + Send + 'static, const MAXIMUM: usize> ApiExtractor<'a>
    for Change<New, MAXIMUM>
{
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();
    fn register(registry: &mut Registry) {
        schema::register::<New>(Side::Change, registry);
    }
    fn request_meta() -> Option<MetaRequest> {
        // `application/merge-patch+json` is taken too, but generators of clients stumble over a second type for one
        // shape.
        let content = MetaMediaType { content_type: JSON, schema: schema::reference::<New>(Side::Change) };
        Some(MetaRequest { description: None, content: vec![content], required: true })
    }
    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let value = read(request, body, &[MERGE_PATCH, JSON], MAXIMUM).await?;
        let faults = check::check(&schema::of::<New>(Side::Change), &value);
        match value {
            Value::Object(fields) if faults.is_empty() => Ok(Self(patch::Change::new(fields))),
            _ => Err(Problem::invalid(faults).into()),
        }
    }
}
