//! Safe retries. A POST may carry an `Idempotency-Key`: the answer is kept with the change it made, in the same
//! transaction, and the same request with the same key is given that answer again for 24 hours.

use std::{io::Read as _, marker::PhantomData, ops::AsyncFnOnce};

use diligence_entities::{
    ahead::{self, Ahead, Opened},
    error::Error,
    fault::Fault,
    idempotency::{self, Recall, StoredAnswer},
    respondent::RespondentWriter,
    scope::Writer,
    stored::hex,
};
use diligence_questionnaires::spreadsheet::Source;
use poem::{Request, RequestBody};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaParamIn, MetaSchemaRef},
};
use sha2::{Digest as _, Sha256};

use crate::{
    answer::{Once, Render, Rendered},
    auth::{By, Writes},
    body::{Cost, Incoming},
    payload,
    problem::{Problem, Refused, Type},
    respond::auth::Respondent,
    trail::Trail,
    version::header_schema,
};

pub(crate) const NAME: &str = "Idempotency-Key";

/// The request's `Idempotency-Key`, if it has one, and what the request was. Stands after the body among the
/// parameters.
#[derive(Debug)]
pub struct Retry(Option<Key>);

#[derive(Debug)]
struct Key {
    key: String,
    fingerprint: String,
}

/// Who can open a change.
#[expect(private_bounds, reason = "what keeps answers is nobody else's")]
pub trait Opens: Sync {
    /// The change.
    type Writer: Keeping + Send + Sync;
    /// Opens it.
    fn open(&self) -> impl Future<Output = Result<Self::Writer, Error>> + Send;
}

impl<R: Writes> Opens for By<R> {
    type Writer = Writer;
    async fn open(&self) -> Result<Writer, Error> {
        self.write().await
    }
}

impl Opens for Respondent {
    type Writer = RespondentWriter;
    async fn open(&self) -> Result<RespondentWriter, Error> {
        self.write().await
    }
}

/// A change that can keep its answer for a retry.
trait Keeping: Sized {
    async fn recall(&self, key: &str, fingerprint: &str) -> Result<Recall, Error>;
    async fn remember(&self, key: &str, fingerprint: &str, answer: &StoredAnswer) -> Result<(), Error>;
    async fn save(self) -> Result<(), Error>;
}

impl Keeping for Writer {
    async fn recall(&self, key: &str, fingerprint: &str) -> Result<Recall, Error> {
        idempotency::recall(self, key, fingerprint).await
    }
    async fn remember(&self, key: &str, fingerprint: &str, answer: &StoredAnswer) -> Result<(), Error> {
        idempotency::remember(self, key, fingerprint, answer).await
    }
    async fn save(self) -> Result<(), Error> {
        Self::save(self).await
    }
}

impl Keeping for RespondentWriter {
    async fn recall(&self, key: &str, fingerprint: &str) -> Result<Recall, Error> {
        Self::recall(self, key, fingerprint).await
    }
    async fn remember(&self, key: &str, fingerprint: &str, answer: &StoredAnswer) -> Result<(), Error> {
        Self::remember(self, key, fingerprint, answer).await
    }
    async fn save(self) -> Result<(), Error> {
        Self::save(self).await
    }
}

impl Retry {
    /// Opens a change, does `operation`, writes its answer out once, keeps it, saves, and answers; or gives the kept
    /// answer again.
    ///
    /// # Errors
    /// What `operation` says, or [`Type::KeyReused`].
    pub async fn once<O, A, K, F>(self, who: &O, operation: F) -> Result<Once<A>, Refused<K>>
    where
        O: Opens,
        A: Render,
        F: AsyncFnOnce(&O::Writer) -> Result<A, Error>,
    {
        let writer = who.open().await?;
        let Some(key) = self.0 else { return Ok(do_once(writer, operation).await?) };
        if let Some(kept) = key.kept(&writer).await? {
            return Ok(once(kept));
        }
        match key.do_and_keep(writer, operation).await {
            Ok(rendered) => Ok(once(rendered)),
            // Where the same request ran at the same time and was quicker, this one clashed with what that one made.
            Err(error) if error.kind == Type::Conflict => {
                key.kept(&who.open().await?).await?.map(once).ok_or_else(|| error.into())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Runs `work` ahead of the change, then `operation` with the plan it made, without a writer if the plan writes
    /// nothing.
    ///
    /// # Errors
    /// As [`Retry::once`].
    pub async fn once_ahead<R, W, A, K, F>(self, who: &By<R>, work: W, operation: F) -> Result<Once<A>, Refused<K>>
    where
        R: Writes,
        W: Ahead,
        A: Render,
        F: AsyncFnOnce(W, W::Plan, Option<&Writer>) -> Result<A, Error>,
    {
        let Some(key) = self.0 else {
            let Opened { plan, writer, .. } = Box::pin(ahead::open(who.store(), who, &work)).await?;
            let rendered = Box::pin(operation(work, plan, writer.as_ref())).await?.render()?;
            if let Some(writer) = writer {
                writer.save().await?;
            }
            return Ok(once(rendered));
        };
        if let Some(kept) = key.found(idempotency::recall(&who.read().await?, &key.key, &key.fingerprint).await?)? {
            return Ok(once(kept));
        }
        let Opened { plan, writer, .. } = Box::pin(ahead::open(who.store(), who, &work)).await?;
        let (is_to_be_written, writer) = match writer {
            Some(writer) => (true, writer),
            None => (false, who.write().await?),
        };
        if let Some(kept) = key.kept(&writer).await? {
            return Ok(once(kept));
        }
        match key
            .do_and_keep(writer, async |writer| {
                Box::pin(operation(work, plan, is_to_be_written.then_some(writer))).await
            })
            .await
        {
            Ok(rendered) => Ok(once(rendered)),
            Err(error) if error.kind == Type::Conflict => {
                key.kept(&who.write().await?).await?.map(once).ok_or_else(|| error.into())
            }
            Err(error) => Err(error.into()),
        }
    }
}

async fn do_once<W: Keeping, A: Render>(
    writer: W,
    operation: impl AsyncFnOnce(&W) -> Result<A, Error>,
) -> Result<Once<A>, Problem> {
    let rendered = operation(&writer).await?.render()?;
    writer.save().await?;
    Ok(once(rendered))
}

fn once<A>(rendered: Rendered) -> Once<A> {
    Once(rendered, PhantomData)
}

impl Key {
    async fn kept(&self, writer: &impl Keeping) -> Result<Option<Rendered>, Problem> {
        self.found(writer.recall(&self.key, &self.fingerprint).await?)
    }

    fn found(&self, recall: Recall) -> Result<Option<Rendered>, Problem> {
        match recall {
            Recall::New => Ok(None),
            Recall::Same(answer) => Ok(Some(Rendered { answer, kept_body: None, is_replay: true })),
            Recall::Other => Err(Problem::new(
                Type::KeyReused,
                format!("this {NAME} was used for another request in the last 24 hours"),
            )),
        }
    }

    async fn do_and_keep<W: Keeping, A: Render>(
        &self,
        writer: W,
        operation: impl AsyncFnOnce(&W) -> Result<A, Error>,
    ) -> Result<Rendered, Problem> {
        let rendered = operation(&writer).await?.render()?;
        let kept = StoredAnswer {
            body: rendered.kept_body.clone().unwrap_or_else(|| rendered.answer.body.clone()),
            ..rendered.answer.clone()
        };
        writer.remember(&self.key, &self.fingerprint, &kept).await?;
        writer.save().await?;
        Ok(rendered)
    }
}

/// SHA-256 of method, address and body, each preceded by its length.
fn fingerprint(parts: [&[u8]; 3]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hex(&hash.finalize())
}

fn address_of(request: &Request) -> String {
    let address = request.data::<Trail>().and_then(|trail| trail.address.path_and_query());
    address.map(ToString::to_string).unwrap_or_default()
}

/// What tells a request from another one with the same key, given its body.
pub(crate) fn fingerprint_of(request: &Request, body: &[u8]) -> String {
    fingerprint([request.method().as_str().as_bytes(), address_of(request).as_bytes(), body])
}

/// The same before its body has been read.
#[derive(Debug)]
pub(crate) struct Head(Sha256);

/// What comes before the body in a [`fingerprint`].
pub(crate) fn fingerprint_head(request: &Request) -> Head {
    let mut hash = Sha256::new();
    for part in [request.method().as_str().as_bytes(), address_of(request).as_bytes()] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    Head(hash)
}

impl Head {
    /// The fingerprint with a body that may be too large for memory.
    pub(crate) fn with(self, body: &dyn Source) -> std::io::Result<String> {
        let Self(mut hash) = self;
        hash.update(body.len().to_be_bytes());
        let mut reader = body.open()?;
        let mut piece = vec![0; 64 << 10];
        loop {
            match reader.read(&mut piece)? {
                0 => return Ok(hex(&hash.finalize())),
                length => hash.update(&piece[..length]),
            }
        }
    }
}

impl<'a> ApiExtractor<'a> for Retry {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];
    type ParamType = ();
    type ParamRawType = ();
    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Header)
    }
    fn param_schema_ref() -> Option<MetaSchemaRef> {
        let description = "A unique value for this request, such as a UUID, that makes it safe to retry: for 24 hours, the same key with the same request returns the same response and changes nothing more.";
        Some(header_schema(NAME, description, "4c1b2f6e-7a35-4f0e-9a65-2f4f8f3d1c9b", Some("^[!-~]{1,128}$")))
    }
    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let mut sent = request.headers().get_all(NAME).iter();
        let Some(value) = sent.next() else { return Ok(Self(None)) };
        let key = value.to_str().ok().filter(|key| {
            sent.next().is_none() && (1..=128).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
        });
        let Some(key) = key else {
            let detail = format!("expected one {NAME} of 1 to 128 visible ASCII characters");
            let fault = Fault::new("", "idempotency_key", detail.clone());
            return Err(Problem::new(Type::Malformed, detail).with_errors(vec![fault]).into());
        };
        let fingerprint = match request.data::<Incoming>().and_then(Incoming::fingerprint) {
            Some(fingerprint) => fingerprint.to_owned(),
            // An operation without a body may be sent one all the same.
            None => fingerprint_of(request, &payload::take(request, body, payload::LIMIT, Cost::Bytes).await?),
        };
        Ok(Self(Some(Key { key: key.to_owned(), fingerprint })))
    }
}
