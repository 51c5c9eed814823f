//! Refusals: RFC 9457 problems, the same five members for every failure, the framework's own included.
//!
//! What is deliberately absent: the cause. Causes go to the log, once, here.

use std::{borrow::Cow, fmt, marker::PhantomData};

use diligence_entities::{error::Error, fault::Fault, id::SubjectId};
use poem::{
    Response,
    error::ResponseError,
    http::{HeaderValue, StatusCode, header},
};
use poem_openapi::{
    ApiResponse,
    registry::{MetaHeader, MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry},
};
use schemars::JsonSchema;
use serde::Serialize;

use crate::schema::{self, Side};

/// The content type of a problem.
pub const CONTENT_TYPE: &str = "application/problem+json";

/// The kinds of problem. Each has a stable address, a status and a title.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// The request cannot be read.
    Malformed,
    /// No key and no session, or one that opens nothing; or signing in failed.
    Unauthenticated,
    /// A good key whose role does not suffice.
    Forbidden,
    /// It is one with another by now.
    Merged,
    /// Nothing there, or nothing of this organisation.
    NotFound,
    /// It was there and is over.
    Gone,
    /// Too many requests, or too many tries.
    TooMany,
    /// The request is for another server.
    Misdirected,
    /// The address is known, the method is not.
    MethodNotAllowed,
    /// The request conflicts with the current state.
    Conflict,
    /// It was changed since it was read.
    Stale,
    /// The body is too large.
    TooLarge,
    /// The body is of another media type.
    UnsupportedMediaType,
    /// The content is not acceptable.
    Invalid,
    /// The idempotency key belongs to another request.
    KeyReused,
    /// A change without the version it was made on.
    VersionRequired,
    /// Our fault.
    Internal,
    /// The database is busy.
    Busy,
    /// There is no room left where the database is kept.
    Full,
    /// The database cannot be reached, or what it is kept on fails.
    Unavailable,
    /// More is being sent than there is room for.
    Overloaded,
    /// The request timed out.
    Timeout,
    /// The program cannot serve now.
    NotReady,
}

impl Type {
    /// All of them.
    pub const ALL: [Self; 23] = [
        Self::Malformed,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::Merged,
        Self::NotFound,
        Self::Gone,
        Self::TooMany,
        Self::Misdirected,
        Self::MethodNotAllowed,
        Self::Conflict,
        Self::Stale,
        Self::TooLarge,
        Self::UnsupportedMediaType,
        Self::Invalid,
        Self::KeyReused,
        Self::VersionRequired,
        Self::Internal,
        Self::Busy,
        Self::Full,
        Self::Unavailable,
        Self::Overloaded,
        Self::Timeout,
        Self::NotReady,
    ];

    /// The last part of its address.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::Merged => "merged",
            Self::NotFound => "not-found",
            Self::Gone => "gone",
            Self::TooMany => "too-many-requests",
            Self::Misdirected => "misdirected",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::Conflict => "conflict",
            Self::Stale => "stale",
            Self::TooLarge => "too-large",
            Self::UnsupportedMediaType => "unsupported-media-type",
            Self::Invalid => "invalid",
            Self::KeyReused => "idempotency-key-reused",
            Self::VersionRequired => "version-required",
            Self::Internal => "internal",
            Self::Busy => "busy",
            Self::Full => "insufficient-storage",
            Self::Unavailable => "database-unavailable",
            Self::Overloaded => "overloaded",
            Self::Timeout => "timeout",
            Self::NotReady => "not-ready",
        }
    }

    /// The status it is answered with.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::Merged => StatusCode::MOVED_PERMANENTLY,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Gone => StatusCode::GONE,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::Misdirected => StatusCode::MISDIRECTED_REQUEST,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict => StatusCode::CONFLICT,
            Self::Stale => StatusCode::PRECONDITION_FAILED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Invalid | Self::KeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::VersionRequired => StatusCode::PRECONDITION_REQUIRED,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Busy | Self::Unavailable | Self::Overloaded | Self::Timeout | Self::NotReady => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Full => StatusCode::INSUFFICIENT_STORAGE,
        }
    }

    /// What it is called.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Malformed => "The request cannot be read",
            Self::Unauthenticated => "Not signed in",
            Self::Forbidden => "Not allowed",
            Self::Merged => "Merged into another",
            Self::NotFound => "Not found",
            Self::Gone => "No longer available",
            Self::TooMany => "Too many requests",
            Self::Misdirected => "Misdirected request",
            Self::MethodNotAllowed => "Method not allowed",
            Self::Conflict => "Conflict with existing data",
            Self::Stale => "Changed since it was read",
            Self::TooLarge => "Too large",
            Self::UnsupportedMediaType => "Unsupported media type",
            Self::Invalid => "The content is not acceptable",
            Self::KeyReused => "The idempotency key was used for another request",
            Self::VersionRequired => "A version is required",
            Self::Internal => "Internal server error",
            Self::Busy => "The database is busy",
            Self::Full => "Insufficient storage",
            Self::Unavailable => "The database is not available",
            Self::Overloaded => "Server overloaded",
            Self::Timeout => "Request timed out",
            Self::NotReady => "Not ready",
        }
    }

    /// What it means and what to do about it.
    #[must_use]
    pub const fn explanation(self) -> &'static str {
        match self {
            Self::Malformed => {
                "The body is not valid JSON or repeats a field, or a header or the query string is malformed. `detail` says where. Nothing was changed; correct the request before sending it again."
            }
            Self::Unauthenticated => {
                "The request has no valid key or session, or the credentials are wrong. Programs send `Authorization: Bearer <key>`: an administrator creates keys with `POST /api/v1/keys`, or on the command line with `diligence key create`. People sign in with `POST /api/v1/sessions`. `errors` has a stable code where signing in failed."
            }
            Self::Forbidden => {
                "Your role, the scope of your key or separation of duties does not allow this, or the CSRF token (`X-CSRF-Token`) is missing or wrong. `detail` says which."
            }
            Self::Merged => {
                "What was at this address went into another supplier or product, and everything on it too. `Location` has the address of that one, and `errors` its id, under the code `merged_into`. `GET /api/v1/mergers` lists what went into what."
            }
            Self::NotFound => {
                "Your organisation has nothing at this address. The response does not reveal whether another organisation has."
            }
            Self::Gone => {
                "What was at this address has expired or was revoked, permanently. `detail` says what to ask for instead."
            }
            Self::TooMany => {
                "There were too many requests, or too many attempts at a secret. Repeat the request after the number of seconds in `Retry-After`."
            }
            Self::Misdirected => {
                "The request's `Host` is not a name of this server. Its names are configured with `public_url` and `allowed_hosts`."
            }
            Self::MethodNotAllowed => {
                "The address does not support this method. The `Allow` header lists the methods it supports."
            }
            Self::Conflict => {
                "The request is valid but conflicts with existing data: a duplicate, or a step that the item's state does not allow. `errors` has a stable code for the kind of conflict."
            }
            Self::Stale => {
                "Someone changed the item after you read it. Read it again, look at what changed, and send your change with the new `ETag` in `If-Match`."
            }
            Self::TooLarge => "The body is larger than this operation accepts. Nothing was changed.",
            Self::UnsupportedMediaType => {
                "The `Content-Type` is missing or not accepted by this operation. `detail` lists the accepted types."
            }
            Self::Invalid => {
                "The request is well formed, but its content is invalid. `errors` lists each error with its place (a JSON pointer into the body, or `?name` for a query parameter), a stable code and what was expected. At most 100 are listed, for an import 1,000."
            }
            Self::KeyReused => {
                "An `Idempotency-Key` identifies one request for 24 hours. This one was used with another method, address or body. Use a new key for a new request."
            }
            Self::VersionRequired => {
                "A change must say which version it was made on, so that nobody's work is lost: read the item and send its `ETag` in `If-Match`."
            }
            Self::Internal => {
                "The program failed. Its log has the cause under the `X-Request-Id` of this response; please report it."
            }
            Self::Busy => {
                "Too many requests are waiting for the database. Repeat the request after the number of seconds in `Retry-After`; with an `Idempotency-Key` this is always safe."
            }
            Self::Full => {
                "The database's disk is full, so nothing was changed. Reading still works. Once the server's operator has freed space, the same request succeeds."
            }
            Self::Unavailable => {
                "The database cannot be reached, or its disk fails; the log says which. If the connection was lost while a change was being saved, the change may or may not have been made: with an `Idempotency-Key`, or with the same `If-Match`, it is safe to repeat it after the number of seconds in `Retry-After`."
            }
            Self::Overloaded => {
                "The bodies of other requests use all the memory set aside for them. Nothing was changed; repeat the request after the number of seconds in `Retry-After`, and send a large list in parts."
            }
            Self::Timeout => {
                "The request took longer than this server allows. A change may or may not have been made: with an `Idempotency-Key`, or with the same `If-Match`, it is safe to repeat it after the number of seconds in `Retry-After`."
            }
            Self::NotReady => "The program runs but cannot reach its database at the moment.",
        }
    }

    /// How long a caller should wait before it tries again, where that may help.
    const fn retry_after_seconds(self) -> Option<&'static str> {
        match self {
            Self::Busy | Self::Overloaded | Self::Timeout | Self::NotReady => Some("1"),
            Self::Unavailable => Some("5"),
            Self::Full => Some("60"),
            _ => None,
        }
    }

    fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::UNAUTHORIZED => Self::Unauthenticated,
            StatusCode::FORBIDDEN => Self::Forbidden,
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::GONE => Self::Gone,
            StatusCode::TOO_MANY_REQUESTS => Self::TooMany,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::UnsupportedMediaType,
            StatusCode::SERVICE_UNAVAILABLE => Self::Busy,
            StatusCode::INSUFFICIENT_STORAGE => Self::Full,
            status if status.is_client_error() => Self::Malformed,
            _ => Self::Internal,
        }
    }
}

/// How many faults a problem lists; an import lists as many as it finds useful.
pub const MAXIMUM_ERRORS: usize = 100;

/// Why a request was refused (RFC 9457).
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
struct Written<'a> {
    /// A stable address for the kind of problem, relative to this server; there is an explanation at it.
    #[schemars(example = "/problems/invalid")]
    r#type: String,
    /// What this kind of problem is called.
    #[schemars(example = "The content is not acceptable")]
    title: &'a str,
    /// The HTTP status.
    #[schemars(range(min = 300, max = 599), example = 422)]
    status: u16,
    /// What is wrong this time, for a person.
    #[schemars(example = "the field `name` is missing")]
    detail: &'a str,
    /// Everything that is wrong, place by place; empty where no place is to blame.
    errors: &'a [Fault],
}

/// A refusal.
#[derive(Clone, Debug)]
pub struct Problem {
    /// Which kind.
    pub kind: Type,
    /// What is wrong this time, for a person.
    pub detail: Cow<'static, str>,
    /// Every place that is wrong.
    pub errors: Vec<Fault>,
    header: Option<(header::HeaderName, Cow<'static, str>)>,
}

impl Problem {
    /// A problem of this kind.
    pub fn new(kind: Type, detail: impl Into<Cow<'static, str>>) -> Self {
        let header = match kind {
            Type::Unauthenticated => Some((header::WWW_AUTHENTICATE, "Bearer realm=\"diligence\"".into())),
            _ => kind.retry_after_seconds().map(|seconds| (header::RETRY_AFTER, seconds.into())),
        };
        Self { kind, detail: detail.into(), errors: Vec::new(), header }
    }

    /// Content that is not acceptable; at most [`MAXIMUM_ERRORS`] faults are listed, and how many more there are is
    /// said.
    #[must_use]
    pub fn invalid(errors: Vec<Fault>) -> Self {
        let mut problem = Self::invalid_rows(errors);
        problem.errors.truncate(MAXIMUM_ERRORS);
        problem
    }

    /// Content of an import that is not acceptable; as many faults are listed as there are.
    #[must_use]
    pub fn invalid_rows(errors: Vec<Fault>) -> Self {
        let detail = match errors.as_slice() {
            [] => "the content is not acceptable".into(),
            [only] if only.pointer.is_empty() => only.detail.clone(),
            [only] => format!("{}: {}", only.pointer, only.detail),
            [first, rest @ ..] if first.pointer.is_empty() => format!("{}; and {} more", first.detail, rest.len()),
            [first, rest @ ..] => format!("{}: {}; and {} more", first.pointer, first.detail, rest.len()),
        };
        Self { errors, ..Self::new(Type::Invalid, detail) }
    }

    /// The refusal that never says whether it is absent or another organisation's.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(Type::NotFound, "there is nothing at this address")
    }

    /// What was here went into the one of this id.
    #[must_use]
    pub fn merged_into(id: &SubjectId) -> Self {
        let (noun, nouns) = match id {
            SubjectId::Supplier(_) => ("supplier", "suppliers"),
            SubjectId::Product(_) => ("product", "products"),
        };
        Self {
            errors: vec![Fault::new("", "merged_into", id.as_str())],
            header: Some((header::LOCATION, format!("/api/v1/{nouns}/{id}").into())),
            ..Self::new(Type::Merged, format!("this {noun} went into {id}"))
        }
    }

    /// What keeps somebody from changing an item. Where it went into another this says which one: a change meant for it is
    /// not sent on.
    #[must_use]
    pub(crate) fn of_item(error: Error) -> Self {
        match error {
            Error::MergedInto(id) => Self {
                errors: vec![Fault::new("", "merged_into", id.as_str())],
                ..Self::new(Type::NotFound, format!("what was at this address went into {id}: change that one"))
            },
            other => other.into(),
        }
    }

    /// Too many requests, or too many tries: wait this long.
    #[must_use]
    pub fn too_many(after_seconds: u64) -> Self {
        let after_seconds = after_seconds.max(1);
        let unit = if after_seconds == 1 { "second" } else { "seconds" };
        Self {
            header: Some((header::RETRY_AFTER, after_seconds.to_string().into())),
            ..Self::new(Type::TooMany, format!("too many requests: try again in {after_seconds} {unit}"))
        }
    }

    /// Our fault. `cause` is for the log only.
    pub fn internal(cause: impl fmt::Display) -> Self {
        tracing::error!(cause = %cause, "a request failed");
        Self::new(Type::Internal, "internal error: the log has the cause under the X-Request-Id of this response")
    }

    /// The framework's own refusal, said as ours.
    #[must_use]
    pub fn of_framework(error: &poem::Error) -> Self {
        match Type::of_status(error.status()) {
            Type::NotFound => Self::not_found(),
            Type::Internal => Self::internal(error),
            // A path that cannot be decoded names nothing.
            Type::Malformed if error.is::<poem::error::ParsePathError>() => Self::not_found(),
            kind => Self::new(kind, kind.title().to_lowercase()),
        }
    }

    /// The answer.
    #[must_use]
    pub fn response(&self) -> Response {
        let written = Written {
            r#type: format!("/problems/{}", self.kind.name()),
            title: self.kind.title(),
            status: self.kind.status().as_u16(),
            detail: &self.detail,
            errors: &self.errors,
        };
        let mut response = Response::builder()
            .status(self.kind.status())
            .content_type(CONTENT_TYPE)
            .body(serde_json::to_vec(&written).unwrap_or_default());
        if let Some((name, value)) = &self.header
            && let Ok(value) = HeaderValue::from_str(value)
        {
            response.headers_mut().insert(name, value);
        }
        // What a browser is shown instead is made of this.
        response.set_data(Self {
            kind: self.kind,
            detail: self.detail.clone(),
            errors: Vec::new(),
            header: self.header.clone(),
        });
        response
    }

    /// Adds every place that is wrong.
    #[must_use]
    pub fn with_errors(mut self, errors: Vec<Fault>) -> Self {
        self.errors = errors;
        self
    }

    pub(crate) fn with_challenge(mut self, challenge: &'static str) -> Self {
        self.header = Some((header::WWW_AUTHENTICATE, challenge.into()));
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.detail)
    }
}
impl std::error::Error for Problem {}
impl ResponseError for Problem {
    fn status(&self) -> StatusCode {
        self.kind.status()
    }
    fn as_response(&self) -> Response {
        self.response()
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Self::not_found(),
            Error::MergedInto(id) => Self::merged_into(&id),
            Error::Stale { current } => Self::new(
                Type::Stale,
                format!("the item was changed after you read it: it is now at version {current}"),
            ),
            Error::Invalid(errors) => Self::invalid(errors),
            Error::InvalidRows(errors) => Self::invalid_rows(errors),
            Error::Conflict { code, detail, errors } => {
                let errors = if errors.is_empty() { vec![Fault::new("", code, detail.clone())] } else { errors };
                Self { errors, ..Self::new(Type::Conflict, detail) }
            }
            Error::Unauthenticated { code, detail } => {
                Self { errors: vec![Fault::new("", code, detail.clone())], ..Self::new(Type::Unauthenticated, detail) }
            }
            Error::Forbidden(detail) => Self::new(Type::Forbidden, detail),
            Error::Gone(detail) => Self::new(Type::Gone, detail),
            Error::TooMany { after_seconds } => Self::too_many(after_seconds),
            Error::Busy => Self::new(Type::Busy, "the database is busy: try again in a moment"),
            Error::Full(cause) => {
                tracing::error!(%cause, "the database's disk is full");
                Self::new(Type::Full, "the database's disk is full: nothing was changed")
            }
            Error::Unavailable(cause) => {
                tracing::error!(%cause, "the database cannot be reached, or its disk fails");
                Self::new(Type::Unavailable, "the database cannot be reached at the moment, or its disk fails")
            }
            Error::Database(cause) => Self::internal(cause),
        }
    }
}

/// What a kind of operation can be refused with, besides 401, 429, 503 and 507 (every one) and 403 (where a role is
/// needed).
pub trait Operation: Send + Sync + 'static {
    /// The kinds.
    const REFUSALS: &'static [Type];
    /// Whether it is reached through a link, which can be over.
    const BY_LINK: bool = false;
}

/// An operation that is reached through a link: it can also be refused with 410.
#[derive(Debug)]
pub struct ByLink<K>(PhantomData<fn() -> K>);
impl<K: Operation> Operation for ByLink<K> {
    const REFUSALS: &'static [Type] = K::REFUSALS;
    const BY_LINK: bool = true;
}

macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident: $($kind:ident)*;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub enum $name {}
        impl Operation for $name {
            const REFUSALS: &'static [Type] = &[$(Type::$kind),*];
        }
    )*};
}
operations! {
    /// Reading one item.
    Reading: NotFound Invalid;
    /// Reading one item that may have gone into another.
    Following: Merged NotFound Invalid;
    /// Comparing an item with an earlier one.
    Comparing: NotFound Conflict Invalid;
    /// Reading what is there only while an item is in one state.
    ReadingInState: NotFound Conflict Invalid;
    /// Reading a list, an export or a summary, with a query.
    Listing: Invalid;
    /// Asking something that is too long for an address; nothing is changed.
    Asking: Malformed NotFound TooLarge UnsupportedMediaType Invalid;
    /// Making one or more items from a body.
    Creating: Malformed Conflict TooLarge UnsupportedMediaType Invalid;
    /// Making something under an item, from a body.
    Adding: Malformed NotFound Conflict TooLarge UnsupportedMediaType Invalid;
    /// Changing an item from a body, at a version.
    Changing: Malformed NotFound Conflict Stale TooLarge UnsupportedMediaType Invalid VersionRequired;
    /// Putting an item under a name from a body: a new one, or in the place of a version.
    Putting: Malformed NotFound Conflict Stale TooLarge UnsupportedMediaType Invalid;
    /// Moving an item to another state, at a version, without a body.
    Acting: Malformed NotFound Conflict Stale TooLarge Invalid VersionRequired;
    /// Beginning a visit with a secret.
    Entering: Malformed NotFound TooLarge UnsupportedMediaType Invalid;
    /// Ending a visit.
    Leaving: Invalid;
    /// Signing in, or showing who one is in another way.
    SigningIn: Malformed Unauthenticated Forbidden Conflict TooMany TooLarge UnsupportedMediaType Invalid;
    /// Reading what anyone may, without a query.
    Offering: Invalid;
    /// Looking at what a link's token opens.
    Opening: Malformed NotFound Gone TooMany TooLarge UnsupportedMediaType Invalid;
    /// Accepting what a link's token opens.
    Accepting: Malformed Unauthenticated NotFound Conflict Gone TooMany TooLarge UnsupportedMediaType Invalid;
    /// Changing one's own account or session, with a body that may hold secrets.
    Owning: Malformed NotFound Conflict Gone TooMany TooLarge UnsupportedMediaType Invalid;
    /// Changing one's own account or session, without a body.
    OwnActing: Malformed Conflict TooLarge Invalid;
    /// Taking an item away, at a version.
    Deleting: NotFound Conflict Stale Invalid VersionRequired;
}

/// A refusal by an operation of kind `K`: the document lists exactly what `K` can answer.
pub struct Refused<K>(Problem, PhantomData<fn() -> K>);

/// What an operation of kind `K` gives.
pub type Answer<T, K> = Result<T, Refused<K>>;

impl<K> Refused<K> {
    /// Why, where the caller may not.
    pub(crate) fn forbids(&self) -> Option<&str> {
        (self.0.kind == Type::Forbidden).then(|| &*self.0.detail)
    }
}

impl<K, E: Into<Problem>> From<E> for Refused<K> {
    fn from(error: E) -> Self {
        Self(error.into(), PhantomData)
    }
}
impl<K> From<Refused<K>> for poem::Error {
    fn from(refused: Refused<K>) -> Self {
        refused.0.into()
    }
}

/// The reference to the problem's schema, as answers use it.
pub(crate) fn schema_ref() -> MetaSchemaRef {
    schema::reference::<Written<'static>>(Side::Answer)
}

pub(crate) fn text_header(name: &str, description: &str, example: &str) -> MetaHeader {
    MetaHeader {
        name: name.to_owned(),
        description: Some(description.to_owned()),
        required: true,
        deprecated: false,
        schema: MetaSchemaRef::Inline(Box::new(MetaSchema {
            example: Some(example.into()),
            ..MetaSchema::new("string")
        })),
    }
}

fn meta(kind: Type) -> MetaResponse {
    let headers = match kind {
        Type::Unauthenticated => {
            vec![text_header("WWW-Authenticate", "How to authenticate.", "Bearer realm=\"diligence\"")]
        }
        Type::Busy | Type::Full | Type::TooMany => {
            vec![text_header("Retry-After", "Seconds to wait before trying again.", "1")]
        }
        Type::Merged => vec![text_header("Location", "Where it is now.", "/api/v1/…")],
        _ => Vec::new(),
    };
    MetaResponse {
        description: kind.title(),
        status: Some(kind.status().as_u16()),
        status_range: None,
        content: vec![MetaMediaType { content_type: CONTENT_TYPE, schema: schema_ref() }],
        headers,
    }
}

impl<K: Operation> ApiResponse for Refused<K> {
    fn meta() -> MetaResponses {
        // What an operation lists itself is told apart from what follows from a role: see the document.
        let own = K::REFUSALS.iter().chain(if K::BY_LINK { &[Type::Gone][..] } else { &[] }).map(|kind| {
            let description = match kind {
                Type::Unauthenticated => "Wrong credentials",
                Type::Forbidden => "Not allowed as requested",
                kind => kind.title(),
            };
            MetaResponse { description, ..meta(*kind) }
        });
        let mut responses: Vec<MetaResponse> = own
            .chain([Type::Unauthenticated, Type::Forbidden, Type::TooMany, Type::Busy, Type::Full].map(meta))
            .collect();
        responses.sort_by_key(|response| response.status);
        responses.dedup_by_key(|response| response.status);
        MetaResponses { responses }
    }
    fn register(registry: &mut Registry) {
        schema::register::<Written<'static>>(Side::Answer, registry);
    }
}
