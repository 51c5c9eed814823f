//! Answers: items, lists, deletions and CSV, written straight to bytes, each with the headers it owes.

use std::{borrow::Cow, marker::PhantomData};

use diligence_entities::{
    idempotency::StoredAnswer,
    page::{Page, Versioned},
};
use poem::{
    Body, IntoResponse, Response,
    http::{HeaderName, HeaderValue, StatusCode, header},
};
use poem_openapi::{
    ApiResponse,
    registry::{MetaHeader, MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry},
};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;

use crate::{
    address::ROOT,
    problem::{Problem, text_header},
    query::{Query, encode},
    schema::{self, Side},
    version::{IfNoneMatch, etag},
};

const JSON: &str = "application/json; charset=utf-8";
const DOCUMENTED_JSON: &str = "application/json";
const NDJSON: &str = "application/x-ndjson";

/// An answer written out: what is sent, and what is kept for a retry.
#[derive(Debug)]
pub struct Rendered {
    pub(crate) answer: StoredAnswer,
    /// What a retry is given in place of the body, where the body holds a secret that must not be kept.
    pub(crate) kept_body: Option<String>,
    pub(crate) is_replay: bool,
}

/// An answer that can be written out once and sent again.
pub trait Render: ApiResponse + Send {
    /// Writes it out.
    ///
    /// # Errors
    /// [`crate::problem::Type::Internal`] when the value has no JSON.
    fn render(self) -> Result<Rendered, Problem>;
}

impl Rendered {
    fn new(status: StatusCode, body: String) -> Self {
        Self {
            answer: StoredAnswer { status: status.as_u16(), location: None, etag: None, body },
            kept_body: None,
            is_replay: false,
        }
    }
    fn etag(mut self, version: i64) -> Self {
        self.answer.etag = Some(etag(version));
        self
    }
    fn location(mut self, location: String) -> Self {
        self.answer.location = Some(location);
        self
    }
}

impl IntoResponse for Rendered {
    fn into_response(self) -> Response {
        let Self { answer: StoredAnswer { status, location, etag, body }, is_replay, .. } = self;
        let mut response = Response::builder().status(StatusCode::from_u16(status).unwrap_or(StatusCode::OK));
        if !body.is_empty() {
            response = response.header(header::CONTENT_TYPE, JSON);
        }
        for (name, value) in [(header::LOCATION, location), (header::ETAG, etag)] {
            if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
                response = response.header(name, value);
            }
        }
        if is_replay {
            response = response.header(HeaderName::from_static("idempotency-replayed"), "true");
        }
        response.body(body)
    }
}

fn json<T: Serialize>(value: &T) -> Result<String, Problem> {
    serde_json::to_string(value).map_err(Problem::internal)
}

fn rendered(answer: impl Render) -> Response {
    match answer.render() {
        Ok(rendered) => rendered.into_response(),
        Err(problem) => problem.response(),
    }
}

fn meta(
    status: StatusCode,
    description: &'static str,
    schema: Option<MetaSchemaRef>,
    headers: Vec<MetaHeader>,
) -> MetaResponse {
    let content = schema.map(|schema| MetaMediaType { content_type: DOCUMENTED_JSON, schema });
    MetaResponse {
        description,
        status: Some(status.as_u16()),
        status_range: None,
        content: content.into_iter().collect(),
        headers,
    }
}

fn etag_header() -> MetaHeader {
    text_header("ETag", "The item's version, for `If-Match` and `If-None-Match`.", "\"1\"")
}

macro_rules! rendering {
    ($answer:ident<$($generic:ident),*>, $status:expr, $description:literal, $headers:expr) => {
        impl<$($generic: Serialize + JsonSchema + Versioned + Send + 'static),*> ApiResponse for $answer<$($generic),*> {
            fn meta() -> MetaResponses {
                MetaResponses { responses: vec![meta($status, $description, Some(schema::reference::<$($generic),*>(Side::Answer)), $headers)] }
            }
            fn register(registry: &mut Registry) {
                schema::register::<$($generic),*>(Side::Answer, registry);
            }
        }
        impl<$($generic: Serialize + JsonSchema + Versioned + Send + 'static),*> IntoResponse for $answer<$($generic),*> {
            fn into_response(self) -> Response {
                rendered(self)
            }
        }
    };
}

/// 201: a new item, with where it is and its version.
#[derive(Debug)]
pub struct Created<T> {
    value: T,
    location: String,
    kept_body: Option<String>,
}

impl<T: Versioned> Created<T> {
    /// A new item of `collection`, e.g. `suppliers`.
    pub fn new(collection: &str, value: T) -> Self {
        Self { location: format!("{ROOT}/{collection}/{}", value.id()), value, kept_body: None }
    }
}

impl<T> Created<T> {
    /// A new item of `collection` below another root than the main API's.
    pub fn under(root: &str, collection: &str, value: T) -> Self
    where
        T: Versioned,
    {
        Self { location: format!("{root}/{collection}/{}", value.id()), value, kept_body: None }
    }

    /// A new item at `path` below the API's root.
    pub fn at(path: &str, value: T) -> Self {
        Self { location: format!("{ROOT}/{path}"), value, kept_body: None }
    }
}

impl<T: Versioned + Serialize> Created<T> {
    /// Stores `kept` for retries in place of the item: for an item that shows a secret once.
    #[must_use]
    pub fn keeping(mut self, kept: &T) -> Self {
        self.kept_body = serde_json::to_string(kept).ok();
        self
    }
}

impl<T: Serialize + JsonSchema + Versioned + Send + 'static> Render for Created<T> {
    fn render(self) -> Result<Rendered, Problem> {
        let mut rendered =
            Rendered::new(StatusCode::CREATED, json(&self.value)?).etag(self.value.version()).location(self.location);
        rendered.kept_body = self.kept_body;
        Ok(rendered)
    }
}
rendering!(
    Created<T>,
    StatusCode::CREATED,
    "It was made.",
    vec![text_header("Location", "Where it is.", "/api/v1/…"), etag_header()]
);

/// 200: an item after a change.
#[derive(Debug)]
pub struct Changed<T>(pub T);

impl<T: Serialize + JsonSchema + Versioned + Send + 'static> Render for Changed<T> {
    fn render(self) -> Result<Rendered, Problem> {
        Ok(Rendered::new(StatusCode::OK, json(&self.0)?).etag(self.0.version()))
    }
}
rendering!(Changed<T>, StatusCode::OK, "The item as it is now.", vec![etag_header()]);

/// 200 or 201: an item after it was put under a name that the caller chose.
#[derive(Debug)]
pub struct Put<T> {
    value: T,
    /// Where it is, if there was nothing before.
    made_at: Option<String>,
}

impl<T> Put<T> {
    /// `value` as it is now at `path` below the API's root, and whether there was nothing before.
    pub fn at(path: &str, value: T, is_new: bool) -> Self {
        Self { value, made_at: is_new.then(|| format!("{ROOT}/{path}")) }
    }
}

impl<T: Serialize + JsonSchema + Versioned + Send + 'static> Render for Put<T> {
    fn render(self) -> Result<Rendered, Problem> {
        let status = if self.made_at.is_some() { StatusCode::CREATED } else { StatusCode::OK };
        let rendered = Rendered::new(status, json(&self.value)?).etag(self.value.version());
        Ok(match self.made_at {
            Some(location) => rendered.location(location),
            None => rendered,
        })
    }
}

impl<T: Serialize + JsonSchema + Versioned + Send + 'static> ApiResponse for Put<T> {
    fn meta() -> MetaResponses {
        let schema = || Some(schema::reference::<T>(Side::Answer));
        let location = text_header("Location", "Where it is.", "/api/v1/…");
        MetaResponses {
            responses: vec![
                meta(StatusCode::OK, "The item as it is now.", schema(), vec![etag_header()]),
                meta(StatusCode::CREATED, "It was made.", schema(), vec![location, etag_header()]),
            ],
        }
    }
    fn register(registry: &mut Registry) {
        schema::register::<T>(Side::Answer, registry);
    }
}
impl<T: Serialize + JsonSchema + Versioned + Send + 'static> IntoResponse for Put<T> {
    fn into_response(self) -> Response {
        rendered(self)
    }
}

/// 200: an item after a change that gave it a secret, to be shown once.
#[derive(Debug)]
pub struct Reissued<T> {
    value: T,
    kept_body: Option<String>,
}

impl<T: Serialize> Reissued<T> {
    /// The item, with `kept` in its place for retries.
    pub fn keeping(value: T, kept: &T) -> Self {
        Self { kept_body: serde_json::to_string(kept).ok(), value }
    }
}

impl<T: Serialize + JsonSchema + Versioned + Send + 'static> Render for Reissued<T> {
    fn render(self) -> Result<Rendered, Problem> {
        let mut rendered = Changed(self.value).render()?;
        rendered.kept_body = self.kept_body;
        Ok(rendered)
    }
}
rendering!(Reissued<T>, StatusCode::OK, "The item as it is now.", vec![etag_header()]);

/// An answer that sets cookies.
#[derive(Debug)]
pub struct WithCookies<A> {
    answer: A,
    cookies: Vec<String>,
}

impl<A> WithCookies<A> {
    /// `answer`, with these cookies.
    pub fn new(answer: A, cookies: Vec<String>) -> Self {
        Self { answer, cookies }
    }
}

impl<A: ApiResponse> ApiResponse for WithCookies<A> {
    fn meta() -> MetaResponses {
        let mut meta = A::meta();
        for response in &mut meta.responses {
            response.headers.push(text_header(
                "Set-Cookie",
                "The session's cookie, or its end.",
                "__Host-diligence=dls_…; Path=/; HttpOnly; SameSite=Lax; Secure",
            ));
        }
        meta
    }
    fn register(registry: &mut Registry) {
        A::register(registry);
    }
}
impl<A: IntoResponse> IntoResponse for WithCookies<A> {
    fn into_response(self) -> Response {
        let mut response = self.answer.into_response();
        for cookie in self.cookies {
            if let Ok(value) = HeaderValue::from_str(&cookie) {
                response.headers_mut().append(header::SET_COOKIE, value);
            }
        }
        response
    }
}

/// 200: an item; or 304 for a caller who has it already.
#[derive(Debug)]
pub struct Item<T> {
    value: T,
    seen: Option<String>,
}

impl<T: Versioned> Item<T> {
    /// `value`, unless the caller has this version already.
    pub fn new(value: T, have: &IfNoneMatch) -> Self {
        Self { seen: have.tag_of(value.version()), value }
    }
}

impl<T: Serialize + JsonSchema + Versioned + Send + 'static> ApiResponse for Item<T> {
    fn meta() -> MetaResponses {
        let ok = meta(StatusCode::OK, "The item.", Some(schema::reference::<T>(Side::Answer)), vec![etag_header()]);
        MetaResponses {
            responses: vec![
                ok,
                meta(StatusCode::NOT_MODIFIED, "You have the latest version.", None, vec![etag_header()]),
            ],
        }
    }
    fn register(registry: &mut Registry) {
        schema::register::<T>(Side::Answer, registry);
    }
}

impl<T: Serialize + JsonSchema + Versioned + Send + 'static> IntoResponse for Item<T> {
    fn into_response(self) -> Response {
        if let Some(tag) = self.seen {
            let mut rendered = Rendered::new(StatusCode::NOT_MODIFIED, String::new());
            rendered.answer.etag = Some(tag);
            return rendered.into_response();
        }
        rendered(Changed(self.value))
    }
}

/// 200: something that follows from items and has no version of its own, such as a summary or a verdict.
#[derive(Debug)]
pub struct Found<T>(pub T);

impl<T: Serialize + JsonSchema + Send + 'static> ApiResponse for Found<T> {
    fn meta() -> MetaResponses {
        MetaResponses {
            responses: vec![meta(
                StatusCode::OK,
                "What was asked for.",
                Some(schema::reference::<T>(Side::Answer)),
                Vec::new(),
            )],
        }
    }
    fn register(registry: &mut Registry) {
        schema::register::<T>(Side::Answer, registry);
    }
}
impl<T: Serialize + JsonSchema + Send + 'static> Render for Found<T> {
    fn render(self) -> Result<Rendered, Problem> {
        Ok(Rendered::new(StatusCode::OK, json(&self.0)?))
    }
}
impl<T: Serialize + JsonSchema + Send + 'static> IntoResponse for Found<T> {
    fn into_response(self) -> Response {
        rendered(self)
    }
}

/// 200: what came of moving an item to another state, with the version that the item has now.
#[derive(Debug)]
pub struct Came<T> {
    value: T,
    version: i64,
}

impl<T> Came<T> {
    /// `value` came of it, and the item is at `version` now.
    pub fn of(version: i64, value: T) -> Self {
        Self { value, version }
    }
}

impl<T: Serialize + JsonSchema + Send + 'static> ApiResponse for Came<T> {
    fn meta() -> MetaResponses {
        let schema = Some(schema::reference::<T>(Side::Answer));
        MetaResponses { responses: vec![meta(StatusCode::OK, "What came of it.", schema, vec![etag_header()])] }
    }
    fn register(registry: &mut Registry) {
        schema::register::<T>(Side::Answer, registry);
    }
}
impl<T: Serialize + JsonSchema + Send + 'static> Render for Came<T> {
    fn render(self) -> Result<Rendered, Problem> {
        Ok(Rendered::new(StatusCode::OK, json(&self.value)?).etag(self.version))
    }
}

/// 200: what came of something, with what is shown once.
#[derive(Debug)]
pub struct ShownOnce<T> {
    value: T,
    kept_body: Option<String>,
}

impl<T: Serialize> ShownOnce<T> {
    /// `value`, with `kept` in its place for retries.
    pub fn keeping(value: T, kept: &T) -> Self {
        Self { kept_body: serde_json::to_string(kept).ok(), value }
    }
}

impl<T: Serialize + JsonSchema + Send + 'static> ApiResponse for ShownOnce<T> {
    fn meta() -> MetaResponses {
        Found::<T>::meta()
    }
    fn register(registry: &mut Registry) {
        Found::<T>::register(registry);
    }
}
impl<T: Serialize + JsonSchema + Send + 'static> Render for ShownOnce<T> {
    fn render(self) -> Result<Rendered, Problem> {
        Ok(Rendered { kept_body: self.kept_body, ..Found(self.value).render()? })
    }
}

/// 200: a page of a list, with a link to the next.
#[derive(Debug)]
pub struct Listed<T> {
    page: Page<T>,
    next: Option<String>,
}

impl<T> Listed<T> {
    /// The page that `query` asked for.
    pub fn new<F>(page: Page<T>, query: &Query<F>) -> Self {
        Self { next: page.next.as_deref().map(|cursor| query.next(cursor)), page }
    }
}

/// A page by the name of what is on it, for a page of one thing is not a page of another.
struct Named<T>(PhantomData<T>);

impl<T: JsonSchema> JsonSchema for Named<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("{}Page", T::schema_name()).into()
    }
    fn schema_id() -> Cow<'static, str> {
        format!("{}Page", T::schema_id()).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Page::<T>::json_schema(generator)
    }
}

impl<T: Serialize + JsonSchema + Send + 'static> ApiResponse for Listed<T> {
    fn meta() -> MetaResponses {
        let mut link = text_header(
            "Link",
            "The address of the next page, where there is one.",
            "</api/v1/…?cursor=…>; rel=\"next\"",
        );
        link.required = false;
        MetaResponses {
            responses: vec![meta(
                StatusCode::OK,
                "A page of the list.",
                Some(schema::reference::<Named<T>>(Side::Answer)),
                vec![link],
            )],
        }
    }
    fn register(registry: &mut Registry) {
        schema::register::<Named<T>>(Side::Answer, registry);
    }
}
impl<T: Serialize + JsonSchema + Send + 'static> IntoResponse for Listed<T> {
    fn into_response(self) -> Response {
        let mut response = rendered(Found(self.page));
        if let Some(value) = self.next.and_then(|next| HeaderValue::from_str(&format!("<{next}>; rel=\"next\"")).ok()) {
            response.headers_mut().insert(header::LINK, value);
        }
        response
    }
}

/// 204: done, and nothing to say.
#[derive(Debug)]
pub struct Done;

impl ApiResponse for Done {
    fn meta() -> MetaResponses {
        MetaResponses { responses: vec![meta(StatusCode::NO_CONTENT, "Done.", None, Vec::new())] }
    }
    fn register(_: &mut Registry) {}
}
impl Render for Done {
    fn render(self) -> Result<Rendered, Problem> {
        Ok(Rendered::new(StatusCode::NO_CONTENT, String::new()))
    }
}
impl IntoResponse for Done {
    fn into_response(self) -> Response {
        rendered(self)
    }
}

/// A kind of file that operations give.
pub trait FileKind: Send + Sync + 'static {
    /// The media types it may have.
    const MEDIA_TYPES: &'static [&'static str];
    /// What its `Content-Disposition` may be.
    const DISPOSITION: &'static str;
}

macro_rules! file_kinds {
    ($($(#[$doc:meta])* $kind:ident $name:literal: $($media_type:literal)*;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub enum $kind {}
        impl FileKind for $kind {
            const MEDIA_TYPES: &'static [&'static str] = &[$($media_type),*];
            const DISPOSITION: &'static str = concat!("attachment; filename=\"", $name, "\"");
        }
    )*};
}
file_kinds! {
    /// A table.
    CsvFile "suppliers.csv": "text/csv";
    /// A whole register, to be taken elsewhere.
    ArchiveFile "register.zip": "application/zip";
    /// A calendar.
    CalendarFile "reviews.ics": "text/calendar";
    /// An edition of a questionnaire.
    DocumentFile "supplier-security-2026.1.yaml": "application/yaml" "application/json" "text/csv";
    /// A questionnaire to fill in.
    SheetFile "Bright Linen Services - supplier-security-2026.1.xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" "text/csv";
    /// A published list.
    PublishedListFile "dspt.csv": "text/csv" "application/json" "application/x-ndjson"
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" "application/vnd.ms-excel"
        "application/vnd.oasis.opendocument.spreadsheet";
    /// A bill of materials. XML is taken to say that it is not read.
    BomFile "notes.cdx.json": "application/vnd.cyclonedx+json" "application/json" "application/vnd.cyclonedx+xml" "application/xml"
        "text/xml";
    /// The document behind a piece of evidence.
    EvidenceFile "certificate.pdf": "application/pdf" "image/png" "image/jpeg"
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        "application/vnd.openxmlformats-officedocument.presentationml.presentation"
        "application/vnd.oasis.opendocument.text" "text/plain" "text/csv";
}

/// 200: a file to keep.
#[derive(Debug)]
pub struct File<K> {
    name: String,
    media_type: Cow<'static, str>,
    body: Body,
    kind: PhantomData<fn() -> K>,
}

impl<K> File<K> {
    /// The file `name`, e.g. `suppliers.csv`.
    pub fn new(name: impl Into<String>, media_type: impl Into<Cow<'static, str>>, body: Body) -> Self {
        Self { name: name.into(), media_type: media_type.into(), body, kind: PhantomData }
    }
}

impl<K: FileKind> ApiResponse for File<K> {
    fn meta() -> MetaResponses {
        // A file of JSON or YAML is read as what it holds, every other as text or bytes.
        let schema = |content_type: &str| {
            if [DOCUMENTED_JSON, "application/yaml"].contains(&content_type) {
                MetaSchema::ANY
            } else {
                MetaSchema::new("string")
            }
        };
        let content = |content_type: &&'static str| MetaMediaType {
            content_type,
            schema: MetaSchemaRef::Inline(Box::new(schema(content_type))),
        };
        let response = MetaResponse {
            description: "The file.",
            status: Some(200),
            status_range: None,
            content: K::MEDIA_TYPES.iter().map(content).collect(),
            headers: vec![text_header("Content-Disposition", "The file's name.", K::DISPOSITION)],
        };
        MetaResponses { responses: vec![response] }
    }
    fn register(_: &mut Registry) {}
}
impl<K: FileKind> IntoResponse for File<K> {
    fn into_response(self) -> Response {
        // Old readers see the plain name; the others the whole one (RFC 6266).
        let plain: String = self
            .name
            .chars()
            .map(|letter| if letter.is_ascii_alphanumeric() || "._- ()".contains(letter) { letter } else { '_' })
            .collect();
        let mut disposition = format!("attachment; filename=\"{plain}\"");
        if plain != self.name {
            disposition.push_str(&format!("; filename*=UTF-8''{}", encode(&self.name)));
        }
        let content_type = if self.media_type.starts_with("text/") || self.media_type == DOCUMENTED_JSON {
            format!("{}; charset=utf-8", self.media_type)
        } else {
            self.media_type.into_owned()
        };
        Response::builder()
            .header(header::CONTENT_TYPE, content_type)
            .header(header::CONTENT_DISPOSITION, disposition)
            .body(self.body)
    }
}

/// 200: a stream of lines, each a `T` as JSON.
#[derive(Debug)]
pub struct Lines<T> {
    body: Body,
    line: PhantomData<fn() -> T>,
}

impl<T> Lines<T> {
    /// The lines that `body` streams.
    pub fn new(body: Body) -> Self {
        Self { body, line: PhantomData }
    }
}

impl<T: JsonSchema + 'static> ApiResponse for Lines<T> {
    fn meta() -> MetaResponses {
        let response = MetaResponse {
            description: "One JSON object a line, each line of this shape.",
            status: Some(200),
            status_range: None,
            content: vec![MetaMediaType { content_type: NDJSON, schema: schema::reference::<T>(Side::Answer) }],
            headers: Vec::new(),
        };
        MetaResponses { responses: vec![response] }
    }
    fn register(registry: &mut Registry) {
        schema::register::<T>(Side::Answer, registry);
    }
}
impl<T> IntoResponse for Lines<T> {
    fn into_response(self) -> Response {
        Response::builder().header(header::CONTENT_TYPE, NDJSON).body(self.body)
    }
}

/// An answer that was written out for [`crate::retry`]: documented as an `A`, with the mark of a replay.
#[derive(Debug)]
pub struct Once<A>(pub(crate) Rendered, pub(crate) PhantomData<fn() -> A>);

impl<A> Once<A> {
    /// Whether this is the answer to an earlier request, and nothing was done.
    #[must_use]
    pub fn is_replay(&self) -> bool {
        self.0.is_replay
    }
}

impl<A: ApiResponse> ApiResponse for Once<A> {
    fn meta() -> MetaResponses {
        let mut meta = A::meta();
        for response in &mut meta.responses {
            let mut replayed = text_header(
                "Idempotency-Replayed",
                "`true` where this is the answer to an earlier request with the same `Idempotency-Key`.",
                "true",
            );
            replayed.required = false;
            response.headers.push(replayed);
        }
        meta
    }
    fn register(registry: &mut Registry) {
        A::register(registry);
    }
}
impl<A> IntoResponse for Once<A> {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}
