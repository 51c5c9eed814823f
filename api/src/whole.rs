//! Answers that are made whole before they are sent, for whoever asks by HTTP/1.0.
//!
//! There an answer whose length is not known ends where the connection does: an export that breaks off, because the
//! program is stopped or the database goes away, cannot be told from one that is complete, and a proxy passes it on as
//! complete. nginx asks so unless it is told `proxy_http_version 1.1`. With its length at its head, what is missing is
//! missed; and what breaks off while it is made is a problem in place of half an answer. Only then is the answer logged
//! and counted, as what it came to.
//!
//! Whoever asks by HTTP/1.1 but cannot pass on that an answer broke off says so with `Via`, in which a step by HTTP/1.0
//! is named (RFC 9110, 7.6.3): the sample for Caddy has it write `1.0 caddy`, since Caddy 2.6 ends every answer
//! of unknown length as if it were complete; the sample for HAProxy `1.0 haproxy` where its client speaks HTTP/2, since
//! HAProxy 2.6 does so there.
//!
//! Up to [`IN_MEMORY`] bytes are gathered in memory, more in a file without a name. All such files together have
//! [`ON_DISK`] of room, and none is made for longer than [`LONGEST`].

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, Write as _},
    mem,
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use futures_util::{FutureExt as _, Stream, StreamExt as _, stream};
use poem::{
    Body, Endpoint, Request, Response, Result,
    http::{HeaderMap, HeaderValue, Method, Version, header},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    middleware::Pending,
    problem::{Problem, Type},
};

/// How much of an answer is gathered in memory, and written to a file and read from it at a time, in bytes.
const IN_MEMORY: usize = 256 << 10;
/// How much room all such files have together, in KiB: 256 MiB, since a temporary folder may be in memory.
const ON_DISK: usize = 256 << 10;
/// How long an answer may take to be made.
const LONGEST: Duration = Duration::from_secs(600);

/// Makes the answers of `inner` whole where they must be.
#[derive(Debug)]
pub(crate) struct Whole<E> {
    inner: E,
    disk: Arc<Semaphore>,
}

impl<E> Whole<E> {
    pub(crate) fn new(inner: E) -> Self {
        Self { inner, disk: Arc::new(Semaphore::new(ON_DISK)) }
    }
}

impl<E: Endpoint<Output = Response>> Endpoint for Whole<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let needs_length = needs_length(&request);
        let response = self.inner.call(request).await?;
        if !needs_length {
            return Ok(response);
        }
        let (mut head, body) = response.into_parts();
        let pending = head.extensions.remove::<Pending>();
        let made = match tokio::time::timeout(LONGEST, made_whole(body, &self.disk)).await {
            Ok(made) => made,
            Err(_) => Err(Problem::new(Type::Timeout, "the answer took too long to be made: ask for it by HTTP/1.1")),
        };
        let body = match made {
            Ok((body, length)) => {
                // Where it is in memory, the server sees how long it is.
                if let Some(length) = length {
                    head.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
                }
                body
            }
            Err(problem) => {
                if let Some(pending) = &pending {
                    pending.came_to(problem.kind.status());
                    tracing::warn!(status = problem.kind.status().as_u16(), request_id = %pending.request_id(), detail = %problem, "an answer could not be made whole");
                }
                let (told, body) = problem.response().into_parts();
                head.status = told.status;
                tell(&mut head.headers, told.headers);
                body
            }
        };
        Ok(Response::from_parts(head, body))
    }
}

/// Whether the answer to a request must be whole before it is sent.
pub(crate) fn needs_length(request: &Request) -> bool {
    *request.method() != Method::HEAD && is_by_http_1_0(request)
}

/// Whether the request came by HTTP/1.0, here or on its way.
fn is_by_http_1_0(request: &Request) -> bool {
    let mut steps = request
        .headers()
        .get_all(header::VIA)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    request.version() < Version::HTTP_11
        || steps.any(|step| matches!(step.split_whitespace().next(), Some("1.0" | "HTTP/1.0")))
}

/// Puts the headers of a problem in the place of those that spoke of an answer.
fn tell(headers: &mut HeaderMap, told: HeaderMap) {
    for name in [
        header::CONTENT_DISPOSITION,
        header::CONTENT_ENCODING,
        header::CONTENT_LENGTH,
        header::ETAG,
        header::LINK,
        header::LOCATION,
    ] {
        headers.remove(name);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for (name, value) in told {
        if let Some(name) = name {
            headers.insert(name, value);
        }
    }
}

/// `body`, all of which is there, and its length where the body itself does not say it.
///
/// # Errors
/// [`Type::Internal`] where it breaks off; [`Type::Overloaded`] where there is no room for it.
async fn made_whole(body: Body, disk: &Arc<Semaphore>) -> Result<(Body, Option<u64>), Problem> {
    let mut parts = body.into_bytes_stream();
    let Some(first) = parts.next().await.transpose().map_err(Problem::internal)? else {
        return Ok((Body::empty(), None));
    };
    // What was there as a whole gives it at once, and then its end.
    let mut next = match parts.next().now_or_never() {
        Some(None) => return Ok((Body::from_bytes(first), None)),
        Some(Some(next)) => Some(next.map_err(Problem::internal)?),
        None => None,
    };
    let mut spool = Spool::default();
    spool.take(&first, disk).await?;
    loop {
        let part = match next.take() {
            Some(part) => part,
            None => match parts.next().await.transpose().map_err(Problem::internal)? {
                Some(part) => part,
                None => return spool.finish(disk).await,
            },
        };
        spool.take(&part, disk).await?;
    }
}

/// An answer while it is gathered.
#[derive(Default)]
struct Spool {
    /// What is not in the file yet.
    held: Vec<u8>,
    file: Option<(File, OwnedSemaphorePermit)>,
    /// How much is in the file, in bytes.
    length: u64,
}

impl Spool {
    async fn take(&mut self, part: &Bytes, disk: &Arc<Semaphore>) -> Result<(), Problem> {
        self.held.extend_from_slice(part);
        if self.held.len() > IN_MEMORY { self.write(disk).await } else { Ok(()) }
    }

    /// Writes what is held to the file.
    async fn write(&mut self, disk: &Arc<Semaphore>) -> Result<(), Problem> {
        let held = mem::take(&mut self.held);
        let length = held.len();
        let more = u32::try_from(length.div_ceil(1024))
            .ok()
            .and_then(|kibibytes| Arc::clone(disk).try_acquire_many_owned(kibibytes).ok())
            .ok_or_else(full)?;
        let (file, place) = match self.file.take() {
            Some((file, mut place)) => {
                place.merge(more);
                (Some(file), place)
            }
            None => (None, more),
        };
        let write = move || {
            let mut file = file.map_or_else(tempfile::tempfile, Ok)?;
            file.write_all(&held).map(|()| file)
        };
        let file = aside(write).await.map_err(|error| {
            tracing::warn!(cause = %error, "an answer could not be written to a temporary file");
            full()
        })?;
        self.file = Some((file, place));
        self.length += length as u64;
        Ok(())
    }

    async fn finish(mut self, disk: &Arc<Semaphore>) -> Result<(Body, Option<u64>), Problem> {
        if self.file.is_none() {
            return Ok((Body::from_vec(self.held), None));
        }
        if !self.held.is_empty() {
            self.write(disk).await?;
        }
        let Some((mut file, place)) = self.file else { return Ok((Body::empty(), None)) };
        let file = aside(move || file.rewind().map(|()| file)).await.map_err(Problem::internal)?;
        Ok((Body::from_bytes_stream(read(file, place, self.length)), Some(self.length)))
    }
}

/// What is in the file, piece by piece; its place is given back at the end.
fn read(
    file: File,
    place: OwnedSemaphorePermit,
    length: u64,
) -> impl Stream<Item = io::Result<Vec<u8>>> + Send + 'static {
    stream::try_unfold((file, place, length), |(mut file, place, left)| async move {
        let size = usize::try_from(left).map_or(IN_MEMORY, |left| left.min(IN_MEMORY));
        if size == 0 {
            return Ok::<_, io::Error>(None);
        }
        let (file, piece) = aside(move || {
            let mut piece = vec![0; size];
            file.read_exact(&mut piece).map(|()| (file, piece))
        })
        .await?;
        Ok(Some((piece, (file, place, left - size as u64))))
    })
}

/// Does `work` with a file where it keeps nobody waiting.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

fn full() -> Problem {
    Problem::new(
        Type::Overloaded,
        "there is no room now to make this answer whole, as HTTP/1.0 needs it: ask for it by HTTP/1.1",
    )
}

#[cfg(test)]
mod tests {
    use poem::{endpoint::make_sync, http::StatusCode};

    use super::*;

    /// Asks for `parts` by this version.
    async fn asked(version: Version, parts: Vec<io::Result<Vec<u8>>>, room: usize) -> Response {
        let parts = std::sync::Mutex::new(Some(parts));
        let inner = make_sync(move |_: Request| {
            let parts = parts.lock().expect("not poisoned").take().unwrap_or_default();
            Response::builder()
                .content_type("text/csv")
                .header(header::CONTENT_DISPOSITION, "attachment")
                .body(Body::from_bytes_stream(stream::iter(parts)))
        });
        let whole = Whole { inner, disk: Arc::new(Semaphore::new(room)) };
        whole.call(Request::builder().version(version).finish()).await.expect("an answer")
    }

    fn parts(count: usize) -> Vec<io::Result<Vec<u8>>> {
        (0..count).map(|number| Ok(vec![u8::try_from(number % 256).unwrap_or_default(); 10_000])).collect()
    }

    #[tokio::test]
    async fn a_stream_is_sent_with_its_length_by_http_1_0_and_as_it_comes_by_http_1_1() {
        for (count, length) in [(3, None), (100, Some("1000000"))] {
            let expected: Vec<u8> = parts(count).into_iter().flat_map(|part| part.expect("a part")).collect();
            let old = asked(Version::HTTP_10, parts(count), ON_DISK).await;
            assert_eq!((old.status(), old.header("content-length")), (StatusCode::OK, length));
            assert_eq!(old.header("content-disposition"), Some("attachment"));
            assert!(old.into_body().into_vec().await.expect("a body") == expected, "{count} parts");
            let new = asked(Version::HTTP_11, parts(count), ON_DISK).await;
            assert_eq!(new.header("content-length"), None);
            assert!(new.into_body().into_vec().await.expect("a body") == expected, "{count} parts");
        }
        let nothing = asked(Version::HTTP_10, Vec::new(), ON_DISK).await;
        assert!(nothing.into_body().into_vec().await.expect("a body").is_empty());
    }

    #[test]
    fn a_step_by_http_1_0_on_the_way_counts_as_one_here() {
        let told = |via: &str| is_by_http_1_0(&Request::builder().header(header::VIA, via).finish());
        for via in ["1.0 caddy", "HTTP/1.0 a", "1.1 a, 1.0 b (c)", "1.1 a,\t1.0\tb"] {
            assert!(told(via), "{via}");
        }
        for via in ["", "1.1 caddy", "1.1 1.0", "2 a, 3 b", ",, ,"] {
            assert!(!told(via), "{via}");
        }
        assert!(is_by_http_1_0(&Request::builder().version(Version::HTTP_10).finish()));
        assert!(is_by_http_1_0(&Request::builder().version(Version::HTTP_09).finish()));
        assert!(!is_by_http_1_0(&Request::builder().finish()));
    }

    #[tokio::test]
    async fn what_breaks_off_is_a_problem_and_not_half_an_answer() {
        for count in [0, 1, 100] {
            let broken = parts(count).into_iter().chain([Err(io::Error::other("a secret cause"))]).collect();
            let told = asked(Version::HTTP_10, broken, ON_DISK).await;
            assert_eq!(told.status(), StatusCode::INTERNAL_SERVER_ERROR, "after {count} parts");
            assert_eq!(
                (told.header("content-type"), told.header("content-disposition"), told.header("cache-control")),
                (Some("application/problem+json"), None, Some("no-store"))
            );
            assert!(!told.into_body().into_string().await.expect("text").contains("secret"));
        }
    }

    #[tokio::test]
    async fn what_finds_no_room_on_the_disk_is_refused_and_the_room_is_given_back() {
        let told = asked(Version::HTTP_10, parts(100), 900).await;
        assert_eq!((told.status(), told.header("retry-after").is_some()), (StatusCode::SERVICE_UNAVAILABLE, true));

        let disk = Arc::new(Semaphore::new(1000));
        let body = Body::from_bytes_stream(stream::iter(parts(100)));
        let (body, length) = made_whole(body, &disk).await.expect("room");
        assert!(length == Some(1_000_000) && disk.available_permits() < 30);
        drop(body);
        assert_eq!(disk.available_permits(), 1000);
    }
}
