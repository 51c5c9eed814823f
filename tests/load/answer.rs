//! Answers as they come over a connection, read and thrown away.

use std::io::{self, ErrorKind};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// What is read at once at the most, and how long a head may be.
const ROOM: usize = 256 * 1024;
/// How many headers a head may have.
const HEADERS: usize = 64;

/// A connection that is kept.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Box<[u8]>,
    /// What was received and not looked at yet.
    begin: usize,
    end: usize,
}

/// How an answer begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head {
    pub(crate) status: u16,
    length: Length,
}

#[derive(Clone, Copy, Debug)]
enum Length {
    Known(usize),
    Chunked,
}

impl Head {
    pub(crate) fn is_good(self) -> bool {
        (200..300).contains(&self.status)
    }
}

fn strange(what: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, what)
}

impl Connection {
    pub(crate) async fn open(address: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: vec![0; ROOM].into_boxed_slice(), begin: 0, end: 0 })
    }

    /// Sends a request and reads the head of its answer; [`Self::body`] is to follow.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> io::Result<Head> {
        self.stream.write_all(request).await?;
        loop {
            if let Some((head, size)) = read(&self.buffer[self.begin..self.end])? {
                self.begin += size;
                return Ok(head);
            }
            self.receive().await?;
        }
    }

    /// Reads the body of the answer to the end, and shows it piece by piece.
    pub(crate) async fn body(&mut self, head: Head, mut seen: impl FnMut(&[u8])) -> io::Result<()> {
        match head.length {
            Length::Known(size) => self.take(size, &mut seen).await,
            Length::Chunked => loop {
                let size = self.line().await?;
                if size == 0 {
                    // Nobody sends us trailers: the line after the last chunk is empty.
                    return self.take(2, &mut |_| {}).await;
                }
                self.take(size, &mut seen).await?;
                self.take(2, &mut |_| {}).await?;
            },
        }
    }

    /// How large the next chunk is, as the line before it says.
    async fn line(&mut self) -> io::Result<usize> {
        loop {
            match httparse::parse_chunk_size(&self.buffer[self.begin..self.end]) {
                Ok(httparse::Status::Complete((taken, size))) => {
                    self.begin += taken;
                    return usize::try_from(size).map_err(|_| strange("a chunk is too large"));
                }
                Ok(httparse::Status::Partial) => self.receive().await?,
                Err(_) => return Err(strange("a chunk does not say how large it is")),
            }
        }
    }

    async fn take(&mut self, mut size: usize, seen: &mut impl FnMut(&[u8])) -> io::Result<()> {
        while size > 0 {
            if self.begin == self.end {
                self.receive().await?;
            }
            let end = self.end.min(self.begin.saturating_add(size));
            seen(&self.buffer[self.begin..end]);
            size -= end - self.begin;
            self.begin = end;
        }
        Ok(())
    }

    /// Waits until there is more than there was.
    async fn receive(&mut self) -> io::Result<()> {
        if self.begin > 0 {
            self.buffer.copy_within(self.begin..self.end, 0);
            self.end -= self.begin;
            self.begin = 0;
        }
        if self.end == self.buffer.len() {
            return Err(strange("a head is too long"));
        }
        let size = self.stream.read(&mut self.buffer[self.end..]).await?;
        if size == 0 {
            return Err(io::Error::new(ErrorKind::UnexpectedEof, "the connection was closed before the answer's end"));
        }
        self.end += size;
        Ok(())
    }
}

/// The head at the beginning of `received`, and its size; none while it is not all there.
fn read(received: &[u8]) -> io::Result<Option<(Head, usize)>> {
    // Most of the time nothing has come yet.
    if received.is_empty() {
        return Ok(None);
    }
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let size = match response.parse(received).map_err(|error| io::Error::new(ErrorKind::InvalidData, error))? {
        httparse::Status::Complete(size) => size,
        httparse::Status::Partial => return Ok(None),
    };
    let status = response.code.ok_or_else(|| strange("an answer has no status"))?;
    let header = |name: &str| response.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
    let length = match (header("content-length"), header("transfer-encoding")) {
        (_, Some(encoding)) if encoding.value.eq_ignore_ascii_case(b"chunked") => Length::Chunked,
        (Some(length), None) => {
            let length = std::str::from_utf8(length.value).ok().and_then(|length| length.parse().ok());
            Length::Known(length.ok_or_else(|| strange("the length of an answer is no number"))?)
        }
        _ if status == 204 || status == 304 => Length::Known(0),
        _ => return Err(strange("an answer does not say how long it is")),
    };
    Ok(Some((Head { status, length }, size)))
}
