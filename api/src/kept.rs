//! Answers that are kept for whoever asks the same again while nothing has changed.
//!
//! An operation whose answer follows from its organisation's rows, the day and the role of the caller alone says so with
//! `transform = "kept"`, in the place of [`crate::path::boxed`]; one whose answer is a single row with `"kept_row"`, and
//! its path names the row's id.
//!
//! | What | How |
//! |---|---|
//! | never older than the last change | the database is asked how the organisation stands, at every use ([`diligence_entities::scope::Revision`]) |
//! | never for someone else | it is first made sure who asks, as [`crate::auth`] does; callers of another organisation, role or scope have answers of their own |
//! | never too much | [`IN_ALL`] bytes in all, [`AT_MOST`] of one answer; what is asked for least goes first |
//! | only good ones | 200 and whole; whoever says what they have already (`If-None-Match`) is answered anew |

use std::sync::Arc;

use bytes::Bytes;
use diligence_entities::scope::{Revision, Scope, Store};
use poem::{
    Body, Endpoint, EndpointExt as _, Request, Response, Result,
    endpoint::BoxEndpoint,
    http::{HeaderMap, Method, StatusCode, header},
};
use quick_cache::{Weighter, sync::Cache};

use crate::{auth, trail::Trail};

/// How much is kept in all, in bytes.
const IN_ALL: u64 = 32 << 20;
/// How large an answer may be to be kept, in bytes.
const AT_MOST: usize = 256 << 10;
/// About how many answers that makes.
const ABOUT: usize = 16_000;
/// What an answer takes beside what is written in it, about, in bytes.
const BESIDE: usize = 512;

/// The answers that are kept.
#[derive(Clone, Debug)]
pub(crate) struct Kept(Arc<Cache<String, Arc<Answer>, ByBytes>>);

impl Default for Kept {
    fn default() -> Self {
        Self(Arc::new(Cache::with_weighter(ABOUT, IN_ALL, ByBytes)))
    }
}

/// An answer, and at which revision it was asked for.
#[derive(Debug)]
struct Answer {
    revision: u64,
    headers: HeaderMap,
    body: Bytes,
}

#[derive(Clone, Debug)]
struct ByBytes;

impl Weighter<String, Arc<Answer>> for ByBytes {
    fn weight(&self, key: &String, answer: &Arc<Answer>) -> u64 {
        let headers: usize =
            answer.headers.iter().map(|(name, value)| name.as_str().len() + value.as_bytes().len()).sum();
        (BESIDE + key.len() + headers + answer.body.len()) as u64
    }
}

/// An operation whose answer follows from the rows of its organisation, the day and the role of the caller.
pub(crate) fn kept(operation: impl Endpoint<Output = Response> + 'static) -> BoxEndpoint<'static> {
    Keeping { operation: operation.boxed(), is_row: false }.boxed()
}

/// One whose answer follows from a single row, the one by the id in its path, and the day and the role of the caller.
pub(crate) fn kept_row(operation: impl Endpoint<Output = Response> + 'static) -> BoxEndpoint<'static> {
    Keeping { operation: operation.boxed(), is_row: true }.boxed()
}

struct Keeping {
    operation: BoxEndpoint<'static>,
    is_row: bool,
}

impl Endpoint for Keeping {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let Some((kept, key, revision)) = asked(&request).await else { return self.operation.call(request).await };
        let row = if self.is_row { request.raw_path_param("id").map(str::to_owned) } else { None };
        if let Some(answer) = kept.0.get(&key)
            && revision.holds(answer.revision, row.as_deref())
        {
            let mut response = Response::builder().body(Body::from_bytes(answer.body.clone()));
            *response.headers_mut() = answer.headers.clone();
            return Ok(response);
        }
        let (head, body) = self.operation.call(request).await?.into_parts();
        if head.status != StatusCode::OK {
            return Ok(Response::from_parts(head, body));
        }
        let body = body.into_bytes().await?;
        if body.len() <= AT_MOST {
            let answer = Answer { revision: revision.number(), headers: head.headers.clone(), body: body.clone() };
            kept.0.insert(key, Arc::new(answer));
        }
        Ok(Response::from_parts(head, Body::from_bytes(body)))
    }
}

/// What is asked for and by what kind of caller, and how their organisation stands; nothing where that cannot be
/// found out, or where the answer cannot be a kept one: then the operation says what is wrong.
async fn asked(request: &Request) -> Option<(Kept, String, Revision)> {
    if *request.method() != Method::GET
        || [header::IF_NONE_MATCH, header::IF_MATCH].iter().any(|name| request.headers().contains_key(name))
    {
        return None;
    }
    let (kept, store, trail) = (request.data::<Kept>()?, request.data::<Store>()?, request.data::<Trail>()?);
    let (Scope { organisation_id, role, .. }, kind) = auth::known(request, store, trail).await?;
    let revision = store.revision(&organisation_id).await.ok()?;
    let day = store.clock().now().day();
    let address = trail.address.path_and_query()?;
    Some((kept.clone(), format!("{organisation_id} {role} {kind} {day} {address}"), revision))
}
