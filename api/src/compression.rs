//! Answers packed for whoever asks for it, with zstd or gzip: whole ones at once, streams part by part as they come.
//!
//! | What | How |
//! |---|---|
//! | which coding | the one that `Accept-Encoding` wants most; of two alike zstd, which takes a quarter of the time. Whoever refuses everything, `identity` too, is answered plainly: the work is done by then, and an answer that can be read beats none |
//! | which answers | text of any kind, from [`LEAST`] bytes on; nothing that is packed already |
//! | a stream | packed as it comes, and let go whenever nothing more is there yet: the first row does not wait for the second. One that breaks off stays broken off |
//! | how much memory | [`WINDOW_LOG`] bounds what a stream holds, some hundred kB; [`STREAMS`] are packed at once, and further ones go out plainly |
//! | versions | another coding is other bytes, and so has another strong `ETag`: `"3-zstd"`. [`crate::version`] takes it back |
//! | caches | `Vary: Accept-Encoding`, wherever another client could have been given another coding |
//!
//! **What must not be packed.** How long a packed answer is tells how much of it repeats (BREACH): where another site
//! can make a browser ask for a page with words of its choosing, in a person's name, and see how long the answers are,
//! it can guess what else stands on the page, the proof of its forms and the names of suppliers alike. So whoever asks
//! with what browsers send by themselves, a cookie or a password typed once, is given packed answers only where the
//! browser says that a page of ours or the person asked (`Sec-Fetch-Site`). That guards the whole page; to mask the one
//! token in it would leave the rest. A proxy is told to leave such an answer alone as well (`no-transform`). No site
//! can make a browser send a key as `Bearer`.

use std::{
    io::{self, Write as _},
    mem,
    sync::Arc,
    task::Poll,
};

use flate2::write::GzEncoder;
use futures_util::{FutureExt as _, Stream, StreamExt as _, stream};
use poem::{
    Body, Endpoint, Request, Response, Result,
    http::{HeaderMap, HeaderValue, StatusCode, header},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::version;

/// Answers of fewer bytes fit into a packet as they are.
const LEAST: usize = 1 << 10;
/// Up to so many bytes an answer that is there as a whole is packed as a whole, and its length is known.
const WHOLE: usize = 128 << 10;
/// How much goes in, and about how much comes out, at a time.
const PART: usize = 16 << 10;
/// How many streams are packed at once.
const STREAMS: usize = 64;
/// How far zstd looks back: 2 to the power of this, in bytes.
const WINDOW_LOG: u32 = 18;
/// Of 1 to 19.
const ZSTD_LEVEL: i32 = 3;
/// Of 1 to 9.
const GZIP_LEVEL: flate2::Compression = flate2::Compression::new(5);

/// How an answer can be packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Zstd,
    Gzip,
}

impl Coding {
    const fn name(self) -> &'static str {
        match self {
            Self::Zstd => "zstd",
            Self::Gzip => "gzip",
        }
    }
}

/// What `Accept-Encoding` says (RFC 9110, 12.5.3): how much each is wanted, 0 for not at all.
#[derive(Clone, Copy, Debug, Default)]
struct Wishes {
    zstd: Option<f32>,
    gzip: Option<f32>,
    identity: Option<f32>,
    any: Option<f32>,
}

impl Wishes {
    fn of(headers: &HeaderMap) -> Self {
        let mut wishes = Self::default();
        for element in headers
            .get_all(header::ACCEPT_ENCODING)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|line| line.split(','))
        {
            let (name, weight) = element.split_once(';').unwrap_or((element, "q=1"));
            let weight: Option<f32> = weight
                .trim()
                .strip_prefix(['q', 'Q'])
                .and_then(|rest| rest.trim_start().strip_prefix('='))
                .and_then(|text| text.trim().parse().ok());
            // What cannot be read is no wish.
            let weight = weight.filter(|weight| (0.0..=1.0).contains(weight)).unwrap_or(0.0);
            let kept = match name.trim().to_ascii_lowercase().as_str() {
                "zstd" => &mut wishes.zstd,
                "gzip" | "x-gzip" => &mut wishes.gzip,
                "identity" => &mut wishes.identity,
                "*" => &mut wishes.any,
                _ => continue,
            };
            *kept = Some(weight);
        }
        wishes
    }

    /// The coding that is wanted most, if any is wanted as much as none.
    fn best(self) -> Option<Coding> {
        // Whoever takes anything is given what everyone can read.
        let (zstd, gzip) = (self.zstd.unwrap_or(0.0), self.gzip.or(self.any).unwrap_or(0.0));
        let (best, weight) = if zstd >= gzip { (Coding::Zstd, zstd) } else { (Coding::Gzip, gzip) };
        (weight > 0.0 && weight >= self.identity.unwrap_or(0.0)).then_some(best)
    }

    /// Whether a plain answer is refused, so that even a tiny one is better packed.
    fn refuses_plain(self) -> bool {
        self.identity.or(self.any) == Some(0.0)
    }
}

/// Whether another site could have had this asked in a person's name.
fn may_be_guessed_at(headers: &HeaderMap) -> bool {
    let is_basic =
        |value: &HeaderValue| value.as_bytes().get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"basic"));
    let is_sent_unasked =
        headers.contains_key(header::COOKIE) || headers.get_all(header::AUTHORIZATION).iter().any(is_basic);
    is_sent_unasked && !headers.get("sec-fetch-site").is_some_and(|site| site == "same-origin" || site == "none")
}

/// Whether answers of this kind become smaller.
fn can_shrink(headers: &HeaderMap) -> bool {
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_text = essence.starts_with("text/")
        || ["+json", "+xml", "+yaml"].iter().any(|end| essence.ends_with(end))
        || ["json", "x-ndjson", "yaml", "javascript", "xml"]
            .iter()
            .any(|kind| essence.strip_prefix("application/") == Some(kind));
    is_text && !headers.contains_key(header::CONTENT_ENCODING) && !headers.contains_key(header::CONTENT_RANGE)
}

fn add(headers: &mut HeaderMap, name: header::HeaderName, word: &'static str) {
    let with_word = match headers.get(&name).and_then(|value| value.to_str().ok()) {
        Some(before) if before.split(',').any(|known| known.trim().eq_ignore_ascii_case(word)) => return,
        Some(before) => HeaderValue::from_str(&format!("{before}, {word}")).ok(),
        None => Some(HeaderValue::from_static(word)),
    };
    if let Some(value) = with_word {
        headers.insert(name, value);
    }
}

/// Writes what goes in, packed, to memory, from where it is taken.
enum Packer {
    Zstd(Box<zstd::stream::write::Encoder<'static, Vec<u8>>>),
    Gzip(Box<GzEncoder<Vec<u8>>>),
}

impl Packer {
    fn new(coding: Coding) -> io::Result<Self> {
        match coding {
            Coding::Zstd => {
                let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), ZSTD_LEVEL)?;
                encoder.window_log(WINDOW_LOG)?;
                Ok(Self::Zstd(Box::new(encoder)))
            }
            Coding::Gzip => Ok(Self::Gzip(Box::new(GzEncoder::new(Vec::new(), GZIP_LEVEL)))),
        }
    }

    fn write(&mut self, part: &[u8]) -> io::Result<()> {
        match self {
            Self::Zstd(encoder) => encoder.write_all(part),
            Self::Gzip(encoder) => encoder.write_all(part),
        }
    }

    /// Lets go of what was held back to pack it better.
    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Zstd(encoder) => encoder.flush(),
            Self::Gzip(encoder) => encoder.flush(),
        }
    }

    fn out(&mut self) -> &mut Vec<u8> {
        match self {
            Self::Zstd(encoder) => encoder.get_mut(),
            Self::Gzip(encoder) => encoder.get_mut(),
        }
    }

    fn finish(self) -> io::Result<Vec<u8>> {
        match self {
            Self::Zstd(encoder) => encoder.finish(),
            Self::Gzip(encoder) => encoder.finish(),
        }
    }
}

fn whole(coding: Coding, bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut packer = Packer::new(coding)?;
    packer.write(bytes)?;
    packer.finish()
}

/// `parts`, packed as they come.
fn packed<B: AsRef<[u8]> + Send + 'static>(
    mut parts: impl Stream<Item = io::Result<B>> + Send + Unpin + 'static,
    packer: Packer,
    place: OwnedSemaphorePermit,
) -> impl Stream<Item = io::Result<Vec<u8>>> + Send {
    let mut open = Some((packer, place));
    let (mut part, mut done, mut holds_back): (Option<B>, usize, bool) = (None, 0, false);
    let mut step = move |open: &mut Option<(Packer, OwnedSemaphorePermit)>,
                         context: &mut std::task::Context<'_>|
          -> io::Result<Poll<Option<Vec<u8>>>> {
        loop {
            let Some((packer, _)) = open else { return Ok(Poll::Ready(None)) };
            let rest = part.as_ref().and_then(|part| part.as_ref().get(done..)).unwrap_or_default();
            if let Some(next) = rest.get(..rest.len().min(PART)).filter(|next| !next.is_empty()) {
                packer.write(next)?;
                done += next.len();
                holds_back = true;
                if packer.out().len() >= PART {
                    return Ok(Poll::Ready(Some(mem::take(packer.out()))));
                }
                continue;
            }
            match parts.poll_next_unpin(context)? {
                Poll::Ready(Some(next)) => (part, done) = (Some(next), 0),
                Poll::Ready(None) => {
                    return Ok(Poll::Ready(open.take().map(|(packer, _)| packer.finish()).transpose()?));
                }
                Poll::Pending if holds_back => {
                    packer.flush()?;
                    holds_back = false;
                    return Ok(Poll::Ready(Some(mem::take(packer.out()))));
                }
                Poll::Pending => return Ok(Poll::Pending),
            }
        }
    };
    stream::poll_fn(move |context| match step(&mut open, context) {
        Ok(poll) => poll.map(|part| part.map(Ok)),
        Err(error) => {
            open = None;
            Poll::Ready(Some(Err(error)))
        }
    })
}

/// Packs the answers of `inner` for whoever asks for it.
pub(crate) struct Packing<E> {
    inner: E,
    streams: Arc<Semaphore>,
}

impl<E> Packing<E> {
    pub(crate) fn new(inner: E) -> Self {
        Self { inner, streams: Arc::new(Semaphore::new(STREAMS)) }
    }

    async fn pack(&self, response: Response, coding: Coding, refuses_plain: bool) -> Response {
        let (mut head, body) = response.into_parts();
        let mut parts = body.into_bytes_stream();
        // A body that is there as a whole gives it at once, and then its end.
        let first = parts.next().now_or_never();
        let end = match &first {
            Some(Some(Ok(_))) => parts.next().now_or_never(),
            _ => None,
        };
        let body = match (first, end) {
            (Some(Some(Ok(bytes))), Some(None)) if bytes.len() <= WHOLE => {
                let is_worth_it = bytes.len() >= LEAST || refuses_plain;
                match is_worth_it.then(|| whole(coding, &bytes)) {
                    Some(Ok(packed)) if packed.len() < bytes.len() || refuses_plain => packed.into(),
                    _ => return Response::from_parts(head, Body::from_bytes(bytes)),
                }
            }
            (Some(None), _) => return Response::from_parts(head, Body::empty()),
            (first, end) => {
                let parts = stream::iter(first.flatten().into_iter().chain(end.flatten())).chain(parts);
                let (Ok(place), Ok(packer)) = (Arc::clone(&self.streams).try_acquire_owned(), Packer::new(coding))
                else {
                    return Response::from_parts(head, Body::from_bytes_stream(parts));
                };
                Body::from_bytes_stream(packed(parts, packer, place))
            }
        };
        head.headers.remove(header::CONTENT_LENGTH);
        head.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
        let tag = head
            .headers
            .get(header::ETAG)
            .and_then(|tag| tag.to_str().ok())
            .and_then(|tag| version::packed(tag, coding.name()));
        if let Some(tag) = tag.and_then(|tag| HeaderValue::from_str(&tag).ok()) {
            head.headers.insert(header::ETAG, tag);
        }
        Response::from_parts(head, body)
    }
}

impl<E: Endpoint<Output = Response>> Endpoint for Packing<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let wishes = Wishes::of(request.headers());
        let may_be_guessed_at = may_be_guessed_at(request.headers());
        let mut response = self.inner.call(request).await?;
        let is_unchanged = response.status() == StatusCode::NOT_MODIFIED;
        if !is_unchanged && !can_shrink(response.headers()) {
            return Ok(response);
        }
        add(response.headers_mut(), header::VARY, "Accept-Encoding");
        match wishes.best() {
            Some(_) if may_be_guessed_at => {
                add(response.headers_mut(), header::CACHE_CONTROL, "no-transform");
                Ok(response)
            }
            Some(coding) if !is_unchanged => Ok(self.pack(response, coding, wishes.refuses_plain()).await),
            _ => Ok(response),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use futures_util::stream::BoxStream;
    use poem::http::HeaderName;

    use super::*;

    fn headers(sent: &[(HeaderName, &'static str)]) -> HeaderMap {
        sent.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    fn best(accepted: &'static str) -> Option<&'static str> {
        Wishes::of(&headers(&[(header::ACCEPT_ENCODING, accepted)])).best().map(Coding::name)
    }

    #[test]
    fn the_coding_is_the_one_that_is_wanted_most() {
        for (accepted, coding) in [
            ("gzip, deflate, br, zstd", Some("zstd")),
            ("gzip, deflate, br", Some("gzip")),
            ("GZIP", Some("gzip")),
            ("x-gzip", Some("gzip")),
            ("zstd;q=0.5, gzip;q=0.8", Some("gzip")),
            ("zstd ; q = 0.9 , gzip;q=0.8", Some("zstd")),
            ("*", Some("gzip")),
            ("*;q=0.1", Some("gzip")),
            ("gzip;q=0, *", None),
            ("identity;q=0, gzip;q=0.001", Some("gzip")),
            ("identity;q=0.5, gzip;q=0.4", None),
            ("identity, gzip", Some("gzip")),
            ("gzip;q=0", None),
            ("gzip;q=0.0, zstd;q=0.000", None),
            ("gzip;q=2", None),
            ("gzip;q=nan", None),
            ("gzip;level=9", None),
            ("br, deflate", None),
            ("identity;q=0", None),
            ("", None),
            (",;,=;q,", None),
        ] {
            assert_eq!(best(accepted), coding, "{accepted:?}");
        }
        assert_eq!(Wishes::of(&HeaderMap::new()).best(), None);
        for (accepted, refuses) in [
            ("gzip", false),
            ("gzip, identity;q=0", true),
            ("gzip, *;q=0", true),
            ("identity;q=0.1, *;q=0, gzip", false),
        ] {
            assert_eq!(
                Wishes::of(&headers(&[(header::ACCEPT_ENCODING, accepted)])).refuses_plain(),
                refuses,
                "{accepted:?}"
            );
        }
    }

    #[test]
    fn only_what_a_person_or_a_page_of_ours_asks_in_their_name_is_packed() {
        let site = HeaderName::from_static("sec-fetch-site");
        let cookie = (header::COOKIE, "diligence=dls_1");
        let guessed = |sent: &[(HeaderName, &'static str)]| may_be_guessed_at(&headers(sent));
        assert!(guessed(std::slice::from_ref(&cookie)));
        assert!(guessed(&[(header::AUTHORIZATION, "Basic eDp5")]) && guessed(&[(header::AUTHORIZATION, "basic eDp5")]));
        for elsewhere in ["cross-site", "same-site", ""] {
            assert!(guessed(&[cookie.clone(), (site.clone(), elsewhere)]), "{elsewhere}");
        }
        for ours in ["same-origin", "none"] {
            assert!(!guessed(&[cookie.clone(), (site.clone(), ours)]), "{ours}");
        }
        assert!(
            !guessed(&[]) && !guessed(&[(header::AUTHORIZATION, "Bearer dlg_1")]) && !guessed(&[(site, "cross-site")])
        );
    }

    fn unpacked(coding: Coding, bytes: &[u8]) -> String {
        let mut text = String::new();
        match coding {
            Coding::Zstd => {
                zstd::stream::read::Decoder::new(bytes).and_then(|mut reader| reader.read_to_string(&mut text))
            }
            Coding::Gzip => flate2::read::GzDecoder::new(bytes).read_to_string(&mut text),
        }
        .expect("whole");
        text
    }

    /// What can be read of an answer that goes on.
    fn so_far(coding: Coding, bytes: &[u8]) -> String {
        let mut text = Vec::new();
        let mut part = [0; 4096];
        let mut reader: Box<dyn io::Read> = match coding {
            Coding::Zstd => Box::new(zstd::stream::read::Decoder::new(bytes).expect("a reader")),
            Coding::Gzip => Box::new(flate2::read::GzDecoder::new(bytes)),
        };
        while let Ok(count @ 1..) = reader.read(&mut part) {
            text.extend(part.get(..count).unwrap_or_default());
        }
        String::from_utf8(text).expect("text")
    }

    fn packing(
        parts: BoxStream<'static, io::Result<Vec<u8>>>,
        coding: Coding,
    ) -> impl Stream<Item = io::Result<Vec<u8>>> + Unpin {
        let place = Arc::new(Semaphore::new(1)).try_acquire_owned().expect("a place");
        Box::pin(packed(parts, Packer::new(coding).expect("a packer"), place))
    }

    #[tokio::test]
    async fn what_is_there_is_let_go_before_more_comes_and_what_breaks_off_stays_broken() {
        for coding in [Coding::Zstd, Coding::Gzip] {
            let (sender, receiver) = tokio::sync::mpsc::unbounded_channel::<io::Result<Vec<u8>>>();
            let parts =
                stream::unfold(receiver, |mut receiver| async { receiver.recv().await.map(|part| (part, receiver)) })
                    .boxed();
            let mut packed = packing(parts, coding);
            let mut sent = Vec::new();
            sender.send(Ok(b"first\n".to_vec())).expect("sent");
            sent.extend(packed.next().await.expect("a part").expect("no fault"));
            assert_eq!(so_far(coding, &sent), "first\n", "{coding:?}");
            assert!(packed.next().now_or_never().is_none(), "{coding:?} makes something of nothing");
            sender.send(Ok(b"second\n".to_vec())).expect("sent");
            sent.extend(packed.next().await.expect("a part").expect("no fault"));
            assert_eq!(so_far(coding, &sent), "first\nsecond\n", "{coding:?}");
            sender.send(Err(io::Error::other("gone"))).expect("sent");
            assert!(packed.next().await.is_some_and(|part| part.is_err()));
            assert!(packed.next().await.is_none());
        }
    }

    #[tokio::test]
    async fn a_long_stream_comes_out_as_it_went_in() {
        let line = |number: usize| format!("{number},Supplier {number},{}\n", number * 7919 % 10_007);
        let text: String = (0..40_000).map(line).collect();
        for coding in [Coding::Zstd, Coding::Gzip] {
            let parts: Vec<io::Result<Vec<u8>>> =
                text.as_bytes().chunks(70_001).map(|part| Ok(part.to_vec())).collect();
            let parts = packing(stream::iter(parts).boxed(), coding)
                .map(|part| part.expect("no fault"))
                .collect::<Vec<_>>()
                .await;
            assert!(parts.iter().all(|part| part.len() < 4 * PART), "{coding:?} gathers too much");
            let sent = parts.concat();
            assert!(sent.len() < text.len() / 2, "{coding:?}: {}", sent.len());
            assert_eq!(unpacked(coding, &sent), text);
        }
    }

    #[tokio::test]
    async fn when_enough_streams_are_packed_further_ones_go_out_plainly() {
        let inner = poem::endpoint::make_sync(|_: Request| {
            let parts = stream::iter(["first\n", "second\n"].map(Ok::<_, io::Error>)).chain(stream::pending());
            Response::builder().content_type("text/csv").body(Body::from_bytes_stream(parts))
        });
        let packing = Packing::new(inner);
        let ask = async || {
            let request = Request::builder().header(header::ACCEPT_ENCODING, "zstd").finish();
            packing.call(request).await.expect("an answer")
        };
        let mut held = Vec::new();
        for _ in 0..STREAMS {
            let answer = ask().await;
            assert_eq!(answer.header("content-encoding"), Some("zstd"));
            held.push(answer);
        }
        assert_eq!(ask().await.header("content-encoding"), None);
        held.pop();
        assert_eq!(ask().await.header("content-encoding"), Some("zstd"));
    }
}
