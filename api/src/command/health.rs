//! `diligence health`: what `/health/ready` says, for whoever watches over the program and has nothing else to ask
//! with.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::Args;
use openidconnect::reqwest;

use super::{Failure, block_on, print};
use crate::config::{Config, DatabaseFlags, ServeFlags};

#[derive(Args, Debug)]
pub(super) struct Command {
    /// Where it is to be asked, if not where it listens by its configuration: https://register.example.org
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// How long the answer may take
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=300))]
    timeout_seconds: u64,
    /// Where it listens [default: 127.0.0.1:8080]
    #[arg(long, env = "DILIGENCE_LISTEN", value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Its configuration file
    #[arg(long, env = "DILIGENCE_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Its certificate, if it serves https
    #[arg(long, env = "DILIGENCE_TLS_CERTIFICATE", value_name = "FILE")]
    tls_certificate: Option<PathBuf>,
    /// The certificate's private key
    #[arg(long, env = "DILIGENCE_TLS_KEY", value_name = "FILE")]
    tls_key: Option<PathBuf>,
}

pub(super) fn run(command: Command) -> Result<(), Failure> {
    let Command { url, timeout_seconds, listen, config, tls_certificate, tls_key } = command;
    let is_own = url.is_none();
    let place = match url {
        Some(url) => format!("{}/health/ready", url.trim_end_matches('/')),
        None => {
            let database = DatabaseFlags { config, ..DatabaseFlags::default() };
            let config =
                Config::resolve(ServeFlags { listen, database, tls_certificate, tls_key, ..ServeFlags::default() })
                    .map_err(Failure::usage)?;
            Config { public_url: None, ..config }.link("/health/ready")
        }
    };
    block_on(async {
        // Its own certificate is for its name elsewhere, not for this machine; and nothing is told that anyone could
        // not know.
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .danger_accept_invalid_certs(is_own)
            .timeout(Duration::from_secs(timeout_seconds))
            .build()
            .map_err(|error| Failure::other(format!("the server cannot be reached: {error}")))?;
        let answer = client.get(&place).send().await.map_err(|error| match () {
            () if error.is_builder() => {
                Failure::usage(format!("{place} is no address: expected one such as https://register.example.org"))
            }
            () if error.is_timeout() => {
                Failure::other(format!("{place} does not answer within {timeout_seconds} seconds"))
            }
            () => Failure::other(format!("{place} does not answer")),
        })?;
        match answer.status().as_u16() {
            200 => print("ready\n"),
            status => {
                Err(Failure::other(format!("{place} answers {status}: it cannot serve now, and its log says why")))
            }
        }
    })
}
