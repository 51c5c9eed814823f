//! `diligence serve`.

use std::io;

use diligence_entities::{
    api_key::{self, KeyScope, NewApiKey},
    error::Error,
    invitation, organisation,
    role::Role,
    scope::Store,
};
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

use super::{Failure, block_on, console, key, open, print};
use crate::{
    app,
    config::{Config, LogFormat, ServeFlags},
    link::PublicUrl,
    rest::invitations::url,
    server::{self, Tls},
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

async fn serve(mut config: Config) -> Result<(), Failure> {
    let tls = config.tls.as_ref().map(Tls::read).transpose().map_err(Failure::usage)?;
    // First the port, so that a second start beside a first fails before it touches the data.
    let listener = TcpListener::bind(config.listen).await.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => Failure::port_taken(format!("{} is taken: stop what listens there, or choose another with --listen", config.listen)),
        _ => Failure::other(format!("cannot listen on {}: {error}", config.listen)),
    })?;
    // Port 0 has become a port.
    config.listen = listener.local_addr().unwrap_or(config.listen);
    let store = open(&config).await?;
    let local = Config { public_url: None, ..config.clone() }.link("");
    welcome(&store, &config, &local).await?;
    warn_of_keys(&store).await?;
    if let Some(tls) = &tls {
        read_certificate_again(tls.clone());
    }
    let app = app(store.clone(), &config);
    for warning in exposed(&config) {
        tracing::warn!("{warning}");
    }
    tracing::info!(address = %config.listen, version = env!("CARGO_PKG_VERSION"), "ready: {local}");
    server::run(listener, tls, app, &config, signal()).await;
    store.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// What of this configuration lets others listen in, or makes what is sent between look insecure: a sentence each.
fn exposed(config: &Config) -> Vec<&'static str> {
    let is_proxied = !config.trusted_proxies.is_empty();
    let mut warnings = Vec::new();
    if !config.listen.ip().is_loopback() && config.tls.is_none() && !is_proxied {
        warnings.push(
            "this server listens beyond this machine without encryption: keys and all that is asked and answered can be read on the way. Give it a certificate (tls_certificate, tls_key), or put a proxy with one in front and list it in trusted_proxies",
        );
    }
    if config.public_url.as_ref().is_some_and(PublicUrl::is_secure) && config.tls.is_none() && !is_proxied {
        warnings.push(
            "public_url is https, but this server has no certificate and trusts no proxy, so it takes every connection for an insecure one: list the proxy in trusted_proxies",
        );
    }
    warnings
}

/// Reads the certificate again whenever SIGHUP says that it was renewed.
#[cfg(unix)]
fn read_certificate_again(tls: Tls) {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut hangups) = signal(SignalKind::hangup()) else { return };
    tokio::spawn(async move {
        while hangups.recv().await.is_some() {
            match tls.read_again() {
                Ok(()) => tracing::info!("the certificate was read again"),
                Err(error) => tracing::error!(cause = error, "the certificate could not be read again; the one before stays in use"),
            }
        }
    });
}

#[cfg(not(unix))]
fn read_certificate_again(_: Tls) {}

/// In a database without any organisation but samples: makes one, with an administrator's key, and shows once how to get in.
async fn welcome(store: &Store, config: &Config, address: &str) -> Result<(), Failure> {
    const NAME: &str = "My organisation";
    if organisation::all(store).await?.iter().any(|organisation| !organisation.is_sample) {
        return Ok(());
    }
    let organisation = match organisation::ensure(store, NAME).await {
        Ok(organisation) => organisation,
        // Another replica started at the same moment and shows its key.
        Err(Error::Conflict { .. }) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let text = key::create(store, &organisation, NewApiKey { name: "First key".into(), role: Role::Admin, scope: KeyScope::Everything, expires_on: None }).await?;
    let writer = store.write(&console(&organisation.id)).await?;
    let (_, first) = invitation::create_first(&writer).await?;
    writer.save().await?;
    let link = url(config, &first);
    print(&format!(
        "\
Welcome to Diligence. The database is new. To set it up, open this link in a browser; it is good once, and for a week:

  {link}

For programs, here is an administrator's key of the organisation \"{NAME}\". It is shown this once, so keep it safe:

  {text}

Enter a first supplier:

  curl {address}/api/v1/suppliers -H 'Authorization: Bearer {text}' -H 'Content-Type: application/json' -d '{{\"name\": \"Harbour Care Systems\"}}'

Everything else is described at {address}/docs. More keys and accounts: diligence key create --help, diligence user create --help

"
    ))
}

/// Says in the log whose keys end soon: a key that ends unnoticed stops whatever rests on it.
async fn warn_of_keys(store: &Store) -> Result<(), Failure> {
    for ending in api_key::ending_soon(store).await? {
        let (organisation, first_on) = (ending.organisation_id, ending.first_on);
        tracing::warn!(%organisation, count = ending.key_count, %first_on, "keys end within {} days: see diligence key list --expires-soon", api_key::SOON_DAYS);
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_lets_others_listen_in_is_told_so() {
        let told = |listen: &str, change: fn(&mut Config)| {
            let mut config = Config { listen: listen.parse().expect("an address"), ..Config::default() };
            change(&mut config);
            exposed(&config).iter().map(|warning| warning.split(' ').next().unwrap_or_default()).collect::<Vec<_>>()
        };
        let secure = |config: &mut Config| config.public_url = "https://register.example.org".parse().ok();
        assert_eq!(told("127.0.0.1:80", |_| ()), [""; 0]);
        assert_eq!(told("[::1]:80", |_| ()), [""; 0]);
        assert_eq!(told("0.0.0.0:80", |_| ()), ["this"]);
        assert_eq!(told("127.0.0.1:80", secure), ["public_url"]);
        assert_eq!(told("0.0.0.0:80", |config| config.trusted_proxies = vec!["10.0.0.1/32".parse().expect("a network")]), [""; 0]);
        assert_eq!(told("0.0.0.0:80", |config| config.tls = Some(crate::config::TlsFiles { certificate: "a".into(), key: "b".into() })), [""; 0]);
    }
}
