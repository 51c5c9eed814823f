//! The connections: accepted, encrypted where a certificate is configured, and never kept open by whoever says nothing.
//!
//! poem's own server sets none of hyper's time limits, so that a client which sends its request a letter at a time
//! holds its connection for ever. So hyper is held directly here. Only HTTP/1.1 is spoken; who wants HTTP/2 has a proxy
//! that speaks it.
//!
//! | Limit | How |
//! |---|---|
//! | a TLS handshake | [`HANDSHAKE`] |
//! | a request's head, and an idle connection | `head_timeout` of the configuration |
//! | its size | [`MAXIMUM_HEAD`] and [`MAXIMUM_HEADERS`], else 431 |
//! | its body and what is done with it | `request_timeout`, in [`crate::middleware`]; its size, and what is left of it when the answer is ready, in [`crate::body`] |
//! | an answer that nobody reads | [`STALLED`] |
//! | connections at once | `client_connections` of the configuration; others wait |

use std::{
    convert::Infallible,
    net::SocketAddr,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
};
use poem::{
    Addr, Endpoint, Request, Response,
    http::uri::Scheme,
    web::{LocalAddr, RemoteAddr},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    },
};

use crate::config::{Config, TlsFiles};

/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long an answer may find nobody who reads on.
const STALLED: Duration = Duration::from_secs(60);
/// How large a request's head may be, in bytes.
const MAXIMUM_HEAD: usize = 32 << 10;
/// How much of a connection is read at once, in bytes: by itself hyper would take 400 KiB, of each of thousands of
/// connections.
const MAXIMUM_READ: usize = 64 << 10;
/// How many headers it may have.
const MAXIMUM_HEADERS: usize = 100;

/// The certificate we show, which can be read again.
#[derive(Clone)]
pub(crate) struct Tls {
    files: TlsFiles,
    acceptor: Arc<Mutex<TlsAcceptor>>,
}

impl Tls {
    /// The certificate in `files`.
    ///
    /// # Errors
    /// A sentence on what is wrong with them.
    pub(crate) fn read(files: &TlsFiles) -> Result<Self, String> {
        Ok(Self { files: files.clone(), acceptor: Arc::new(Mutex::new(acceptor(files)?)) })
    }

    /// Reads the files again; while they are wrong, what was read before stays in use.
    ///
    /// # Errors
    /// A sentence on what is wrong with them.
    pub(crate) fn read_again(&self) -> Result<(), String> {
        let new = acceptor(&self.files)?;
        *self.acceptor.lock().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(())
    }

    fn acceptor(&self) -> TlsAcceptor {
        self.acceptor.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn acceptor(TlsFiles { certificate, key }: &TlsFiles) -> Result<TlsAcceptor, String> {
    let (certificate_place, key_place) = (certificate.display(), key.display());
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .map_err(|error| format!("the certificate {certificate_place} cannot be read: {error}"))?;
    if chain.is_empty() {
        return Err(format!("there is no certificate in {certificate_place}"));
    }
    let key =
        PrivateKeyDer::from_pem_file(key).map_err(|error| format!("the key {key_place} cannot be read: {error}"))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(|error| format!("the certificate {certificate_place} and the key {key_place} do not work: {error}"))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Serves `app` until `stop`, then lets the requests in flight finish.
pub(crate) async fn run<E: Endpoint<Output = Response> + 'static>(
    listener: TcpListener,
    tls: Option<Tls>,
    app: E,
    config: &Config,
    stop: impl Future<Output = ()>,
) {
    let app = Arc::new(app);
    let connections = Arc::new(Semaphore::new(config.client_connections as usize));
    let graceful = GracefulShutdown::new();
    let mut stop = pin!(stop);
    loop {
        let next = async {
            // The semaphore is never closed.
            let place = Arc::clone(&connections).acquire_owned().await.ok();
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            () = &mut stop => break,
            next = next => next,
        };
        match accepted {
            Ok((stream, peer)) => {
                let (tls, app, watcher, head_timeout) =
                    (tls.clone(), Arc::clone(&app), graceful.watcher(), config.head_timeout);
                tokio::spawn(async move {
                    connection(stream, peer, tls, app, watcher, head_timeout).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(cause = %error, "a connection could not be accepted");
                // Most likely too many files are open: nothing is gained by asking at once.
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    drop(listener);
    tracing::info!("stopping: requests in flight may finish");
    if tokio::time::timeout(config.shutdown_timeout, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not finish in time");
    }
}

async fn connection<E: Endpoint<Output = Response> + 'static>(
    stream: TcpStream,
    peer: SocketAddr,
    tls: Option<Tls>,
    app: Arc<E>,
    watcher: Watcher,
    head_timeout: Duration,
) {
    let _ = stream.set_nodelay(true);
    let local = LocalAddr(stream.local_addr().map_or_else(|_| Addr::custom("unknown", ""), Addr::SocketAddr));
    let ends = (local, RemoteAddr(Addr::SocketAddr(peer)));
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(STALLED));
    let stream = Box::pin(stream);
    match tls {
        None => serve(stream, ends, Scheme::HTTP, app, watcher, head_timeout).await,
        Some(tls) => match tokio::time::timeout(HANDSHAKE, tls.acceptor().accept(stream)).await {
            Ok(Ok(stream)) => serve(stream, ends, Scheme::HTTPS, app, watcher, head_timeout).await,
            Ok(Err(error)) => tracing::debug!(cause = %error, "a TLS handshake failed"),
            Err(_) => tracing::debug!("a TLS handshake took too long"),
        },
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin + Send + 'static, E: Endpoint<Output = Response> + 'static>(
    stream: S,
    (local, remote): (LocalAddr, RemoteAddr),
    scheme: Scheme,
    app: Arc<E>,
    watcher: Watcher,
    head_timeout: Duration,
) {
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let (app, request) =
            (Arc::clone(&app), Request::from((request, local.clone(), remote.clone(), scheme.clone())));
        async move {
            Ok::<hyper::Response<_>, Infallible>(
                app.call(request).await.unwrap_or_else(|error| error.into_response()).into(),
            )
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head_timeout)
        .max_header_size(MAXIMUM_HEAD)
        .max_headers(MAXIMUM_HEADERS)
        .max_buf_size(MAXIMUM_READ)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(cause = %error, "a connection ended");
    }
}
