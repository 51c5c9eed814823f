//! `diligence provider`.

use std::path::PathBuf;

use clap::Subcommand;
use diligence_entities::identity_provider::{NewIdentityProvider, is_safe_address};
use ipnet::IpNet;

use super::{Failure, block_on, print, say};
use crate::{
    config::{Config, DatabaseFlags, ServeFlags, network},
    discovery::{Discovered, Discovery},
};

const EXAMPLES: &str = "\
It is asked at ISSUER/.well-known/openid-configuration, over https or, on this machine, over http. One in a private
network is asked only if provider_networks names it, as for signing in.

Examples:
  diligence provider ask https://login.example.org
  diligence provider ask http://127.0.0.1:9000 --role-claim groups --provider-networks 127.0.0.1";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Ask an identity provider what it says of itself; prints what it calls itself, and the scopes, claims and methods
    /// of PKCE that it lists, with tabs between
    #[command(after_help = EXAMPLES)]
    Ask {
        /// Its address: https://login.example.org
        issuer: String,
        /// The claim that is to say someone's role
        #[arg(long, value_name = "NAME")]
        role_claim: Option<String>,
        /// Networks that are not public and that identity providers may be in, with commas between: 10.1.0.0/16
        /// [default: none]
        #[arg(long, env = "DILIGENCE_PROVIDER_NETWORKS", value_name = "NETWORKS", value_delimiter = ',', value_parser = network)]
        provider_networks: Option<Vec<IpNet>>,
        /// A TOML file that has them: provider_networks = ["10.1.0.0/16"]
        #[arg(long, env = "DILIGENCE_CONFIG", value_name = "FILE")]
        config: Option<PathBuf>,
    },
}

pub(super) fn run(command: Command) -> Result<(), Failure> {
    let Command::Ask { issuer, role_claim, provider_networks, config } = command;
    if !is_safe_address(&issuer) {
        return Err(Failure::usage(
            "ISSUER: expected an address that begins with https:// (or http:// on this machine)",
        ));
    }
    let database = DatabaseFlags { config, ..DatabaseFlags::default() };
    let config =
        Config::resolve(ServeFlags { database, provider_networks, ..ServeFlags::default() }).map_err(Failure::usage)?;
    let provider = NewIdentityProvider::usual(&issuer, role_claim);
    let asked = block_on(async {
        let said = Discovered::new(&config).look(&issuer).await;
        Ok(Discovery::of(said, &provider, &issuer))
    })?;
    let Some(name) = asked.calls_itself else {
        return Err(Failure::other(
            "it was not reached within 10 seconds, or did not answer as an identity provider does",
        ));
    };
    let mut text = format!("issuer\t{name}\n");
    for (what, list) in
        [("scopes", asked.scopes_supported), ("claims", asked.claims_supported), ("pkce", asked.pkce_methods)]
    {
        text.push_str(&format!("{what}\t{}\n", list.unwrap_or_default().join(" ")));
    }
    print(&text)?;
    asked.notes.iter().for_each(|note| say(note));
    Ok(())
}
