//! `diligence serve`.

use std::io;

use diligence_entities::{api_key::NewApiKey, error::Error, organisation, role::Role, scope::Store};
use poem::{
    Server,
    listener::{Acceptor as _, Listener as _, TcpListener},
};
use tracing_subscriber::EnvFilter;

use super::{Failure, block_on, key, open, print};
use crate::{
    app,
    config::{Config, LogFormat, ServeFlags},
};

pub(super) fn run(flags: ServeFlags) -> Result<(), Failure> {
    let config = Config::resolve(flags).map_err(Failure::usage)?;
    start_log(&config)?;
    block_on(serve(config))
}

fn start_log(config: &Config) -> Result<(), Failure> {
    // What the libraries say at `info` is said better by our own lines.
    let quiet = format!("poem=warn,sea_orm_migration=warn,{}", config.log_level);
    let filter = EnvFilter::try_new(quiet).map_err(|error| Failure::usage(format!("the log level {:?} is not understood: {error}", config.log_level)))?;
    let log = tracing_subscriber::fmt().with_writer(io::stderr).with_env_filter(filter).with_target(false);
    match config.log_format {
        LogFormat::Text => log.with_ansi(io::IsTerminal::is_terminal(&io::stderr())).init(),
        LogFormat::Json => log.json().flatten_event(true).with_current_span(false).with_span_list(false).init(),
    }
    Ok(())
}

async fn serve(config: Config) -> Result<(), Failure> {
    // First the port, so that a second start beside a first fails before it touches the data.
    let acceptor = TcpListener::bind(config.listen).into_acceptor().await.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => Failure::port_taken(format!("{} is taken: stop what listens there, or choose another with --listen", config.listen)),
        _ => Failure::other(format!("cannot listen on {}: {error}", config.listen)),
    })?;
    let address = acceptor.local_addr().first().and_then(|address| address.as_socket_addr().copied()).unwrap_or(config.listen);
    let store = open(&config).await?;
    welcome(&store, &format!("http://{address}")).await?;
    let app = app(store.clone(), &config);
    tracing::info!(%address, version = env!("CARGO_PKG_VERSION"), "ready: http://{address}");
    let stopped = Server::new_with_acceptor(acceptor).run_with_graceful_shutdown(app, signal(), Some(config.shutdown_timeout)).await;
    store.close().await;
    tracing::info!("stopped");
    stopped.map_err(|error| Failure::other(format!("the server failed: {error}")))
}

/// In a database without any organisation: makes one, with an administrator's key, and shows once how to get in.
async fn welcome(store: &Store, address: &str) -> Result<(), Failure> {
    const NAME: &str = "My organisation";
    if !organisation::all(store).await?.is_empty() {
        return Ok(());
    }
    let organisation = match organisation::ensure(store, NAME).await {
        Ok(organisation) => organisation,
        // Another replica started at the same moment and shows its key.
        Err(Error::Conflict { .. }) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let text = key::create(store, &organisation, NewApiKey { name: "First key".into(), role: Role::Admin, expires_on: None }).await?;
    print(&format!(
        "\
Welcome to Diligence. The database is new, so here is a way in: the organisation \"{NAME}\" and an administrator's key.
The key is shown this once, so keep it safe:

  {text}

Enter a first supplier:

  curl {address}/api/v1/suppliers -H 'Authorization: Bearer {text}' -H 'Content-Type: application/json' -d '{{\"name\": \"Harbour Care Systems\"}}'

Everything else is described at {address}/docs. More keys: diligence key create --help

"
    ))
}

async fn signal() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut terminate) => {
                tokio::select! { _ = interrupt => {}, _ = terminate.recv() => {} }
            }
            Err(_) => {
                let _ = interrupt.await;
            }
        }
    }
    #[cfg(not(unix))]
    {
        let _ = interrupt.await;
    }
}
