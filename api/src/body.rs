//! How bodies are read: by whom, how much of them, and how much at a time.
//!
//! A body is read once it is known who sends it: the permission comes first among a handler's parameters, and pages ask
//! before their handler begins. Each body has a limit; a stranger's is [`STRANGER_LIMIT`], whatever the operation
//! takes. What is read counts against a bound over all requests:
//!
//! | While a body | it is in | of which there is, for strangers | for others |
//! |---|---|---|---|
//! | comes in | memory up to [`IN_MEMORY`], then a file without a name | 8 MiB and no file | 16 MiB, and 1 GiB on disk |
//! | is dealt with | memory, with what is made of it (see [`Cost`]) | 32 MiB | 256 MiB |
//!
//! A large list that is imported stays in its file, and is read from there ([`spool`]).
//!
//! So whoever sends slowly holds next to nothing. Where there is no place, a request waits for [`PATIENCE`], then it is
//! told to come again. What strangers send takes no place from those who are known. What is left of a body when its
//! answer is ready is read on for a while, so that clients that send first and read then find the answer.

use std::{
    io::{self, Read as _, Seek as _, Write as _},
    pin::Pin,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use diligence_questionnaires::spreadsheet::{OfFile, ReadSeek, Source};
use futures_util::{Stream, StreamExt as _};
use poem::{Body, Request, RequestBody, http::header};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    problem::{Problem, Type},
    trail::Trail,
};

/// How large the body of someone who has not shown who they are may be, in bytes: 64 KiB.
pub(crate) const STRANGER_LIMIT: usize = 64 << 10;
/// How much of a body is kept in memory while it comes in, in bytes.
const IN_MEMORY: usize = 64 << 10;
/// How long a request waits for a place.
const PATIENCE: Duration = Duration::from_secs(5);
/// How much is read of what nobody wants, in bytes: of strangers, and of others.
const LEFT: [usize; 2] = [1 << 20, 64 << 20];
/// How long that may take, likewise.
const LEFT_WITHIN: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(30)];

/// What a body takes in memory while it is dealt with, as a multiple of its bytes and of the parts it falls into.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cost {
    /// Bytes that are passed on as they are: themselves, and the copies that go to the database.
    Bytes,
    /// JSON, as values: `[0,0,0]` takes a hundred bytes where it has two.
    Json,
    /// A form: its fields, and what is made of them.
    Form,
    /// A questionnaire's document: what it says, with the place of everything. Or a workbook as it is sent: what that
    /// unpacks to is bounded where it is read, two at a time.
    Document,
    /// A list that is imported: its rows, what they become, and the result of each.
    List,
}

impl Cost {
    /// In bytes, of a body of so many bytes in so many parts.
    const fn of(self, length: usize, part_count: usize) -> usize {
        let (of_byte, of_part) = match self {
            Self::Bytes => (3, 0),
            Self::Json => (3, 160),
            Self::Form => (4, 160),
            Self::Document => (16, 0),
            Self::List => (3, 160),
        };
        length.saturating_mul(of_byte).saturating_add(part_count.saturating_mul(of_part))
    }

    /// How many parts there are at the most in `bytes`, a piece of a body.
    fn parts_in(self, bytes: &[u8]) -> usize {
        let marks: &[u8] = match self {
            Self::Bytes | Self::Document => return 0,
            Self::Json => b",[{:",
            Self::Form => b"&=",
            Self::List => b",;\t\n[{:",
        };
        bytes.iter().filter(|byte| marks.contains(byte)).count()
    }
}

/// A bound in KiB.
#[derive(Debug)]
struct Pool {
    free: Arc<Semaphore>,
    size: u32,
}

type Permit = OwnedSemaphorePermit;

fn kibibytes(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX)
}

fn full() -> Problem {
    Problem::new(Type::Overloaded, "the server is receiving too much at once: try again in a moment")
}

impl Pool {
    fn of_mebibytes(size: u32) -> Self {
        let size = size * 1024;
        Self { free: Arc::new(Semaphore::new(size as usize)), size }
    }

    fn at_once(&self, bytes: usize) -> Option<Permit> {
        Arc::clone(&self.free).try_acquire_many_owned(kibibytes(bytes)).ok()
    }

    async fn patiently(&self, bytes: usize) -> Result<Permit, Problem> {
        let place = Arc::clone(&self.free).acquire_many_owned(kibibytes(bytes));
        match tokio::time::timeout(PATIENCE, place).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(full()),
        }
    }

    fn used(&self) -> u64 {
        (u64::from(self.size)).saturating_sub(self.free.available_permits() as u64) * 1024
    }
}

/// The places of one kind of caller.
#[derive(Debug)]
struct Places {
    incoming: Pool,
    at_work: Pool,
}

/// What is held of bodies, over all requests.
#[derive(Clone, Debug)]
pub(crate) struct Bodies(Arc<All>);

#[derive(Debug)]
struct All {
    strangers: Places,
    others: Places,
    disk: Pool,
    read_bytes: AtomicU64,
}

impl Default for Bodies {
    fn default() -> Self {
        let places =
            |incoming, at_work| Places { incoming: Pool::of_mebibytes(incoming), at_work: Pool::of_mebibytes(at_work) };
        Self(Arc::new(All {
            strangers: places(8, 32),
            others: places(16, 256),
            disk: Pool::of_mebibytes(1024),
            read_bytes: AtomicU64::new(0),
        }))
    }
}

impl Bodies {
    /// Prometheus' text format.
    pub(crate) fn text(&self) -> String {
        let All { strangers, others, disk, read_bytes } = &*self.0;
        let memory: u64 = [strangers, others].iter().map(|places| places.incoming.used() + places.at_work.used()).sum();
        format!(
            "# HELP diligence_body_bytes What is reserved for the bodies of requests now.\n# TYPE diligence_body_bytes gauge\ndiligence_body_bytes{{place=\"memory\"}} {memory}\ndiligence_body_bytes{{place=\"disk\"}} {}\n# HELP diligence_body_bytes_read_total Bytes of bodies that were read.\n# TYPE diligence_body_bytes_read_total counter\ndiligence_body_bytes_read_total {}\n",
            disk.used(),
            read_bytes.load(Ordering::Relaxed)
        )
    }
}

type Chunks = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// The body of a request as it comes in, which both its handler and whoever clears up after it can read on.
#[derive(Clone)]
struct Tap {
    chunks: Arc<Mutex<Option<Chunks>>>,
    read_bytes: Arc<AtomicU64>,
    bodies: Bodies,
}

impl Stream for Tap {
    type Item = io::Result<Bytes>;
    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut chunks = self.chunks.lock().unwrap_or_else(PoisonError::into_inner);
        let next = match chunks.as_mut() {
            Some(stream) => ready!(stream.as_mut().poll_next(context)),
            None => None,
        };
        match &next {
            Some(Ok(chunk)) => {
                self.read_bytes.fetch_add(chunk.len() as u64, Ordering::Relaxed);
                self.bodies.0.read_bytes.fetch_add(chunk.len() as u64, Ordering::Relaxed);
            }
            _ => *chunks = None,
        }
        Poll::Ready(next)
    }
}

/// The body of one request: how it is read, and what of it is held until the request is done. It is part of the
/// request.
#[derive(Clone)]
pub(crate) struct Incoming(Arc<One>);

struct One {
    tap: Option<Tap>,
    bodies: Bodies,
    announced: Option<u64>,
    /// Whether the client waits to be asked for its body.
    is_awaited: bool,
    held: Mutex<Vec<Arc<Permit>>>,
    fingerprint: OnceLock<String>,
}

fn announced(request: &Request) -> Option<u64> {
    request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse().ok())
}

impl Incoming {
    /// Puts itself between `request` and its body.
    pub(crate) fn of(request: &mut Request, bodies: &Bodies) -> Self {
        let body = request.take_body();
        let tap = (!body.is_empty()).then(|| Tap {
            chunks: Arc::new(Mutex::new(Some(Box::pin(body.into_bytes_stream())))),
            read_bytes: Arc::default(),
            bodies: bodies.clone(),
        });
        request.set_body(tap.clone().map_or_else(Body::empty, Body::from_bytes_stream));
        let is_awaited = request.headers().contains_key(header::EXPECT);
        let one = One {
            tap,
            bodies: bodies.clone(),
            announced: announced(request),
            is_awaited,
            held: Mutex::default(),
            fingerprint: OnceLock::new(),
        };
        let incoming = Self(Arc::new(one));
        request.set_data(incoming.clone());
        incoming
    }

    /// Reads what is left, so that a client which sends all of it first finds its answer; not more than is decent.
    /// Whether the connection is to be closed afterwards, because there is more than that.
    pub(crate) fn read_on(&self, is_known: bool) -> bool {
        let Some(mut tap) = self.0.tap.clone() else { return false };
        let is_left = tap.chunks.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        let read = tap.read_bytes.load(Ordering::Relaxed);
        let left = self.0.announced.map(|announced| announced.saturating_sub(read));
        if !is_left {
            return false;
        }
        // Nothing has been sent, nor will be, by whoever was not told to go on.
        if self.0.is_awaited && read == 0 {
            return true;
        }
        let (most, within) = (LEFT[usize::from(is_known)], LEFT_WITHIN[usize::from(is_known)]);
        tokio::spawn(async move {
            let _ = tokio::time::timeout(within, async {
                let mut read = 0;
                while let Some(Ok(chunk)) = tap.next().await {
                    read += chunk.len();
                    if read > most {
                        break;
                    }
                }
            })
            .await;
            // The connection is closed once nobody holds the body any more.
            *tap.chunks.lock().unwrap_or_else(PoisonError::into_inner) = None;
        });
        left.is_none_or(|left| left > most as u64)
    }

    /// What the body was, for a request that may be sent again; none before it was read.
    pub(crate) fn fingerprint(&self) -> Option<&str> {
        self.0.fingerprint.get().map(String::as_str)
    }

    /// Notes what the body was.
    pub(crate) fn note_fingerprint(&self, fingerprint: String) {
        let _ = self.0.fingerprint.set(fingerprint);
    }
}

/// How much of a body is taken, and how much of a stranger's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Most {
    /// In bytes.
    pub(crate) known: usize,
    /// In bytes.
    pub(crate) stranger: usize,
}

/// Whether it is known who sends this.
pub(crate) fn is_known(request: &Request) -> bool {
    request.data::<Trail>().is_some_and(Trail::is_known)
}

/// Bytes, and the place they take.
struct Held {
    bytes: Vec<u8>,
    _place: Arc<Permit>,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// A body on its way in.
enum Gathered {
    Memory(Vec<u8>, Option<Permit>),
    File(std::fs::File, Permit),
}

fn on_disk(error: io::Error) -> Problem {
    tracing::warn!(cause = %error, "a body could not be written to a temporary file");
    full()
}

/// Does `work` with a file where it keeps nobody waiting.
async fn with_file<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(Problem::internal)?.map_err(on_disk)
}

/// Reads the body, of at most so many bytes. They are held, with what `cost` says is made of them, until the request is
/// done.
///
/// # Errors
/// [`Type::TooLarge`]; [`Type::Malformed`] when the connection breaks off; [`Type::Overloaded`] where there is no place
/// for it.
pub(crate) async fn read(request: &Request, body: &mut RequestBody, most: Most, cost: Cost) -> Result<Bytes, Problem> {
    let is_known = is_known(request);
    let maximum = if is_known { most.known } else { most.stranger.min(most.known) };
    let too_large = || Problem::new(Type::TooLarge, format!("the body may have at most {maximum} bytes"));
    if announced(request).is_some_and(|length| length > maximum as u64) {
        return Err(too_large());
    }
    if body.is_none() {
        return Ok(Bytes::new());
    }
    let incoming = request.data::<Incoming>();
    let bodies = incoming.map_or_else(Bodies::default, |incoming| incoming.0.bodies.clone());
    let places = if is_known { &bodies.0.others } else { &bodies.0.strangers };
    let mut chunks = body.take().map_err(Problem::internal)?.into_bytes_stream();
    let (mut length, mut part_count, mut gathered) = (0, 1, Gathered::Memory(Vec::new(), None));
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Problem::new(Type::Malformed, "the body is incomplete"))?;
        length += chunk.len();
        if length > maximum {
            return Err(too_large());
        }
        part_count += cost.parts_in(&chunk);
        gathered = gathered.with(chunk, length, places, &bodies.0.disk, is_known).await?;
    }
    if length == 0 {
        return Ok(Bytes::new());
    }
    // All at once, and with nothing held that another one waits for: so nobody waits for ever.
    let needed = cost.of(length, part_count);
    if needed > places.at_work.size as usize * 1024 {
        return Err(Problem::new(Type::TooLarge, "the body has too many items for one request: send it in parts"));
    }
    let place = Arc::new(places.at_work.patiently(needed).await?);
    let bytes = match gathered {
        Gathered::Memory(bytes, _) => bytes,
        Gathered::File(mut file, on_disk) => {
            let read = move || {
                let mut bytes = Vec::with_capacity(length);
                file.rewind()?;
                file.read_to_end(&mut bytes)?;
                Ok(bytes)
            };
            let bytes = with_file(read).await?;
            drop(on_disk);
            bytes
        }
    };
    // What is made of the bytes outlives them, at the most until the request is done.
    if let Some(incoming) = incoming {
        incoming.0.held.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&place));
    }
    Ok(Bytes::from_owner(Held { bytes, _place: place }))
}

/// A body that is read as a file, as often as that is wanted; a large one from disk.
pub(crate) struct Spooled {
    content: Content,
    _places: Vec<Arc<Permit>>,
}

enum Content {
    Memory(Vec<u8>),
    File(OfFile),
}

impl std::fmt::Debug for Spooled {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Spooled").field("length", &self.len()).finish_non_exhaustive()
    }
}

impl Source for Spooled {
    fn open(&self) -> io::Result<Box<dyn ReadSeek + Send + '_>> {
        match &self.content {
            Content::Memory(bytes) => bytes.open(),
            Content::File(file) => file.open(),
        }
    }

    fn len(&self) -> u64 {
        match &self.content {
            Content::Memory(bytes) => Source::len(bytes),
            Content::File(file) => Source::len(file),
        }
    }
}

/// What is reserved at the most for what is made of a list that stays in its file, in bytes: its rows about the same are
/// one, and so it does not grow with the list.
const OF_A_LIST: usize = 96 << 20;

/// Reads the body as [`read`] does, of at most so many bytes, and leaves a large one on disk until it is done with.
///
/// # Errors
/// As [`read`].
pub(crate) async fn spool(request: &Request, body: &mut RequestBody, most: Most) -> Result<Spooled, Problem> {
    let is_known = is_known(request);
    let maximum = if is_known { most.known } else { most.stranger.min(most.known) };
    let too_large = || Problem::new(Type::TooLarge, format!("the body may have at most {maximum} bytes"));
    if announced(request).is_some_and(|length| length > maximum as u64) {
        return Err(too_large());
    }
    let incoming = request.data::<Incoming>();
    let bodies = incoming.map_or_else(Bodies::default, |incoming| incoming.0.bodies.clone());
    let places = if is_known { &bodies.0.others } else { &bodies.0.strangers };
    let (mut length, mut part_count, mut gathered) = (0, 1, Gathered::Memory(Vec::new(), None));
    if !body.is_none() {
        let mut chunks = body.take().map_err(Problem::internal)?.into_bytes_stream();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|_| Problem::new(Type::Malformed, "the body is incomplete"))?;
            length += chunk.len();
            if length > maximum {
                return Err(too_large());
            }
            part_count += Cost::List.parts_in(&chunk);
            gathered = gathered.with(chunk, length, places, &bodies.0.disk, is_known).await?;
        }
    }
    let needed = Cost::List.of(length, part_count).clamp(1, OF_A_LIST);
    let place = Arc::new(places.at_work.patiently(needed).await?);
    if let Some(incoming) = incoming {
        incoming.0.held.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&place));
    }
    Ok(match gathered {
        Gathered::Memory(bytes, _) => Spooled { content: Content::Memory(bytes), _places: vec![place] },
        Gathered::File(file, on_disk) => {
            let file = OfFile::new(file).map_err(self::on_disk)?;
            Spooled { content: Content::File(file), _places: vec![place, Arc::new(on_disk)] }
        }
    })
}

impl Gathered {
    /// With one more piece of a body that has so many bytes by now.
    async fn with(
        self,
        chunk: Bytes,
        length: usize,
        places: &Places,
        disk: &Pool,
        has_disk: bool,
    ) -> Result<Self, Problem> {
        match self {
            Self::Memory(mut bytes, permit) => {
                let missing = kibibytes(length) - kibibytes(bytes.len());
                let more = (length <= IN_MEMORY || !has_disk)
                    .then(|| places.incoming.at_once(missing as usize * 1024))
                    .flatten();
                if let Some(more) = more {
                    bytes.extend_from_slice(&chunk);
                    let permit = match permit {
                        Some(mut permit) => {
                            permit.merge(more);
                            permit
                        }
                        None => more,
                    };
                    return Ok(Self::Memory(bytes, Some(permit)));
                }
                let on_disk = Some(()).filter(|()| has_disk).and_then(|()| disk.at_once(length)).ok_or_else(full)?;
                let file = with_file(move || {
                    let mut file = tempfile::tempfile()?;
                    file.write_all(&bytes)?;
                    file.write_all(&chunk)?;
                    Ok(file)
                });
                Ok(Self::File(file.await?, on_disk))
            }
            Self::File(mut file, mut permit) => {
                let missing = kibibytes(length) as usize - permit.num_permits();
                permit.merge(disk.at_once(missing * 1024).ok_or_else(full)?);
                let file = with_file(move || file.write_all(&chunk).map(|()| file));
                Ok(Self::File(file.await?, permit))
            }
        }
    }
}
