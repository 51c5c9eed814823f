//! `diligence serve`.

use std::{io, net::SocketAddr, sync::mpsc::sync_channel, thread, time::Duration};

use diligence_entities::{
    api_key,
    due::turn,
    first_start::{self, WayIn},
    scope::Store,
    upgrade::{self, Upgrade},
};
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

use super::{Failure, block_on, open, print};
use crate::{
    app_and_metrics,
    config::{Config, LogFormat, ServeFlags},
    link::PublicUrl,
    log::{self, Log},
    metrics_key::MetricsKey,
    rest::invitations::url,
    server::{self, Tls},
};

pub(super) fn run(flags: ServeFlags) -> Result<(), Failure> {
    let config = Config::resolve(flags).map_err(Failure::usage)?;
    let log = start_log(&config)?;
    let done = block_on(serve(config));
    log.flush(PATIENCE);
    done
}

fn start_log(config: &Config) -> Result<Log, Failure> {
    // What the libraries say at `info` is said better by our own lines.
    let quiet = format!("poem=warn,sea_orm_migration=warn,{}", config.log_level);
    let filter = EnvFilter::try_new(quiet)
        .map_err(|error| Failure::usage(format!("the log level {:?} is not understood: {error}", config.log_level)))?;
    let format = config.log_format;
    let lines = Log::start(io::stderr(), move |count| dropped(format, count))
        .map_err(|error| Failure::other(format!("the program cannot start its threads: {error}")))?;
    // Neither its own complaints nor those of a panic may wait for whoever reads standard error.
    let log = tracing_subscriber::fmt()
        .with_writer(lines.clone())
        .log_internal_errors(false)
        .with_env_filter(filter)
        .with_target(false);
    match format {
        LogFormat::Text => log.with_ansi(io::IsTerminal::is_terminal(&io::stderr())).init(),
        LogFormat::Json => log.json().flatten_event(true).with_current_span(false).with_span_list(false).init(),
    }
    std::panic::set_hook(Box::new(log::panicked));
    Ok(lines)
}

/// The line that says how many lines of the log are missing before it.
fn dropped(format: LogFormat, count: u64) -> String {
    match format {
        LogFormat::Text => format!("WARN {count} lines of the log could not be written and are missing here"),
        LogFormat::Json => serde_json::json!({ "level": "WARN", "message": "lines of the log could not be written and are missing here", "dropped": count }).to_string(),
    }
}

/// How long whoever starts this program may take to read what it says.
const PATIENCE: Duration = Duration::from_secs(2);

/// Prints what is said once at the start. Where nobody reads it, or it cannot be written, the program serves all the
/// same.
fn print_once(text: String) {
    let (done, printed) = sync_channel(1);
    // Whoever never reads keeps this thread waiting, and nobody else.
    let started = thread::Builder::new().name("welcome".into()).spawn(move || done.send(print(&text)));
    let outcome = started.map_err(|error| error.to_string()).and_then(|_| match printed.recv_timeout(PATIENCE) {
        Ok(outcome) => outcome.map_err(|failure| failure.to_string()),
        Err(_) => Err("nobody reads standard output".into()),
    });
    if let Err(cause) = outcome {
        tracing::warn!(
            cause,
            "the first key and link could not be printed: diligence key create and diligence user invite make others"
        );
    }
}

async fn serve(mut config: Config) -> Result<(), Failure> {
    expect_limited_files();
    let tls = config.tls.as_ref().map(Tls::read).transpose().map_err(Failure::usage)?;
    config.metrics_key =
        config.metrics_key_file.as_deref().map(MetricsKey::read).transpose().map_err(Failure::usage)?;
    // First the port, so that a second start beside a first fails before it touches the data.
    let listener = listen(&mut config.listen, "--listen").await?;
    let metrics_listener = match &mut config.metrics_listen {
        Some(address) => Some(listen(address, "--metrics-listen").await?),
        None => None,
    };
    let store = open(&config).await?;
    let local = Config { public_url: None, ..config.clone() }.link("");
    tell_of_upgrade(&store).await?;
    welcome(&store, &config, &local).await?;
    warn_of_keys(&store).await?;
    read_certificate_again(tls.clone());
    let days = tokio::spawn(turn_days(store.clone()));
    let (app, metrics) = app_and_metrics(store.clone(), &config);
    let stopping = tokio::sync::watch::Sender::new(false);
    let metrics_server = metrics_listener.map(|listener| {
        tracing::info!(address = ?config.metrics_listen, "/metrics is served here alone");
        let (mut stopping, config) = (stopping.subscribe(), config.clone());
        tokio::spawn(async move {
            let stop = async move {
                let _ = stopping.wait_for(|is_so| *is_so).await;
            };
            server::run(listener, None, metrics, &config, stop).await;
        })
    });
    for warning in exposed(&config) {
        tracing::warn!("{warning}");
    }
    tracing::info!(address = %config.listen, version = env!("CARGO_PKG_VERSION"), "ready: {local}");
    server::run(listener, tls, app, &config, signal()).await;
    // What was measured can be read until the last request is answered.
    stopping.send_replace(true);
    if let Some(server) = metrics_server {
        let _ = server.await;
    }
    days.abort();
    store.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// Takes the port of `address`, which says afterwards which one that is.
async fn listen(address: &mut SocketAddr, flag: &str) -> Result<TcpListener, Failure> {
    let listener = TcpListener::bind(*address).await.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => {
            Failure::port_taken(format!("{address} is taken: stop what listens there, or choose another with {flag}"))
        }
        _ => Failure::other(format!("cannot listen on {address}: {error}")),
    })?;
    *address = listener.local_addr().unwrap_or(*address);
    Ok(listener)
}

/// What of this configuration lets others listen in, or makes what is sent between look insecure: a sentence each.
pub(super) fn exposed(config: &Config) -> Vec<&'static str> {
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

/// A limit on how large a file may be (`ulimit -f`) ends a program by a signal unless it takes the signal; then the
/// write fails, which is what we can tell.
#[cfg(target_os = "linux")]
fn expect_limited_files() {
    use tokio::signal::unix::{SignalKind, signal};
    const SIGXFSZ: i32 = 25;
    // It stays taken when this is dropped.
    drop(signal(SignalKind::from_raw(SIGXFSZ)));
}

#[cfg(not(target_os = "linux"))]
fn expect_limited_files() {}

/// Reads the certificate again whenever SIGHUP says that it was renewed. Without one there is nothing to read, and
/// nothing ends.
#[cfg(unix)]
fn read_certificate_again(tls: Option<Tls>) {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut hangups) = signal(SignalKind::hangup()) else { return };
    tokio::spawn(async move {
        while hangups.recv().await.is_some() {
            match tls.as_ref().map_or(Ok(()), Tls::read_again) {
                Ok(()) if tls.is_none() => {
                    tracing::info!("there is no certificate to reload; restart to apply other settings")
                }
                Ok(()) => tracing::info!("the certificate was reloaded"),
                Err(error) => tracing::error!(
                    cause = error,
                    "the certificate could not be reloaded; the previous one stays in use"
                ),
            }
        }
    });
}

#[cfg(not(unix))]
fn read_certificate_again(_: Option<Tls>) {}

/// Shows how to get in, while nobody has come yet.
async fn welcome(store: &Store, config: &Config, address: &str) -> Result<(), Failure> {
    let Some(WayIn { organisation, link, key, is_again }) = first_start::way_in(store).await? else { return Ok(()) };
    let (link, key, name) = (url(config, &link), key.reveal(), organisation.name);
    let greeting = if is_again {
        "Nobody has come in yet. What was shown at an earlier start opens nothing any more"
    } else {
        "Welcome to Diligence. The database is new"
    };
    print_once(format!(
        "\
{greeting}. To set it up, open this link in a browser; it is good once, and for a week:

  {link}

For programs, here is an administrator's key of the organisation \"{name}\". It is shown this once, so keep it safe:

  {key}

Enter a first supplier:

  curl {address}/api/v1/suppliers -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' -d '{{\"name\": \"Harbour Care Systems\"}}'

Everything else is described at {address}/docs. More keys and accounts: diligence key create --help, diligence user create --help

"
    ));
    Ok(())
}

/// Says in the log, once and in a line for each organisation, what changed when its register was derived anew by the
/// rules of a new version.
async fn tell_of_upgrade(store: &Store) -> Result<(), Failure> {
    for row in upgrade::take_done(store).await? {
        let Upgrade {
            organisation_id: organisation,
            supplier_id: _,
            done_at: _,
            unknown_tier_count,
            higher_tier_count,
            stale_approval_count,
            expired_certificate_count,
            refusal_count,
            due_item_count,
        } = row;
        tracing::info!(
            %organisation,
            unknown_tier_count,
            higher_tier_count,
            stale_approval_count,
            expired_certificate_count,
            refusal_count,
            due_item_count,
            "the register follows new rules since this version: tiers that are unknown now: {unknown_tier_count}, tiers that are higher: {higher_tier_count}, approvals out of date: {stale_approval_count}, certificates that are over: {expired_certificate_count}, refusals that keep nothing of an approval before: {refusal_count}, items on the list of what is due: {due_item_count}"
        );
    }
    Ok(())
}

/// Says in the log whose keys end soon: a key that ends unnoticed stops whatever rests on it.
async fn warn_of_keys(store: &Store) -> Result<(), Failure> {
    for ending in api_key::ending_soon(store).await? {
        let (organisation, first_on) = (ending.organisation_id, ending.first_on);
        tracing::warn!(%organisation, count = ending.key_count, %first_on, "keys end within {} days: see diligence key list --expires-soon", api_key::SOON_DAYS);
    }
    Ok(())
}

/// How long it takes at the most until it is seen that a day has turned, also on a machine that slept.
const DAY_SEEN_WITHIN: Duration = Duration::from_secs(15 * 60);

/// Makes anew what moves by time alone: at the start, and whenever a day has turned.
async fn turn_days(store: Store) {
    let mut done = None;
    loop {
        let today = store.clock().now().day();
        if done != Some(today) {
            match turn::all(&store).await {
                Ok(turned) => {
                    done = Some(today);
                    for turn::Turned { organisation_id, supplier_count, has_house } in turned {
                        tracing::info!(%organisation_id, supplier_count, questionnaires = has_house, "a day has turned: contracts that renew themselves have gone on, or questionnaires have grown old");
                    }
                }
                Err(error) => tracing::warn!(%error, "what a day moves could not be made anew; it is tried again"),
            }
        }
        tokio::time::sleep(DAY_SEEN_WITHIN).await;
    }
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
        assert_eq!(
            told("0.0.0.0:80", |config| config.trusted_proxies = vec!["10.0.0.1/32".parse().expect("a network")]),
            [""; 0]
        );
        assert_eq!(
            told("0.0.0.0:80", |config| config.tls =
                Some(crate::config::TlsFiles { certificate: "a".into(), key: "b".into() })),
            [""; 0]
        );
    }
}
