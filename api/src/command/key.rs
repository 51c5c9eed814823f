//! `diligence key`.

use clap::Subcommand;
use diligence_entities::{
    api_key::{self, ApiKeyFilter, NewApiKey},
    clock::Day,
    error::Error,
    id::ApiKeyId,
    organisation::{self, Organisation},
    role::Role,
    scope::Store,
};

use super::{Failure, block_on, console, open_with, print};
use crate::config::DatabaseFlags;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a key, and the organisation if it is new; prints the key, alone, on standard output
    Create {
        /// Whose register it opens
        #[arg(long, value_name = "NAME")]
        organisation: String,
        /// What it may do: viewer, editor, approver or admin
        #[arg(long)]
        role: Role,
        /// What it is for
        #[arg(long, value_name = "TEXT")]
        name: String,
        /// The last day it opens anything, e.g. 2027-03-03
        #[arg(long, value_name = "DATE")]
        expires_on: Option<Day>,
        #[command(flatten)]
        database: DatabaseFlags,
    },
    /// List keys, never their text: id, role, state, last use, organisation, name, with tabs between
    List {
        /// Only this organisation's
        #[arg(long, value_name = "NAME")]
        organisation: Option<String>,
        #[command(flatten)]
        database: DatabaseFlags,
    },
    /// End a key, at once here and within seconds on other replicas
    Revoke {
        /// The key's id, as `list` shows it
        id: ApiKeyId,
        #[command(flatten)]
        database: DatabaseFlags,
    },
}

pub(super) fn run(command: Command) -> Result<(), Failure> {
    block_on(async {
        match command {
            Command::Create { organisation, role, name, expires_on, database } => {
                let store = open_with(database).await?;
                let organisation = organisation::ensure(&store, &organisation).await?;
                let text = create(&store, &organisation, NewApiKey { name, role, expires_on }).await?;
                print(&format!("{text}\n"))
            }
            Command::List { organisation, database } => list(&open_with(database).await?, organisation.as_deref()).await,
            Command::Revoke { id, database } => revoke(&open_with(database).await?, &id).await,
        }
    })
}

/// Makes a key and gives its text.
pub(super) async fn create(store: &Store, organisation: &Organisation, new: NewApiKey) -> Result<String, Failure> {
    let writer = store.write(&console(&organisation.id)).await?;
    let (_, secret) = api_key::create(&writer, new).await?;
    writer.save().await?;
    Ok(secret.reveal().to_owned())
}

async fn list(store: &Store, only: Option<&str>) -> Result<(), Failure> {
    let organisations = organisation::all(store).await?;
    if let Some(name) = only
        && !organisations.iter().any(|organisation| organisation.name == name)
    {
        return Err(Failure::refused(format!("there is no organisation called {name:?}")));
    }
    let mut text = String::new();
    for organisation in organisations.iter().filter(|organisation| only.is_none_or(|name| organisation.name == name)) {
        let reader = store.read(&console(&organisation.id)).await?;
        let mut filter = ApiKeyFilter { limit: Some(200), ..ApiKeyFilter::default() };
        loop {
            let page = api_key::list(&reader, &filter).await?;
            for key in page.items {
                let state = match (key.revoked_at, key.expires_on) {
                    (Some(at), _) => format!("revoked {}", at.day()),
                    (None, Some(day)) if day < reader.today() => format!("expired {day}"),
                    (None, Some(day)) => format!("until {day}"),
                    (None, None) => "no end".into(),
                };
                let used = key.last_used_at.map_or_else(|| "never".into(), |at| at.to_string());
                // A name may hold anything; a line may not be broken by it.
                let plain = |name: &str| name.replace(char::is_control, " ");
                text.push_str(&format!("{}\t{}\t{state}\t{used}\t{}\t{}\n", key.id, key.role.0, plain(&organisation.name), plain(&key.name)));
            }
            filter.cursor = page.next;
            if filter.cursor.is_none() {
                break;
            }
        }
    }
    print(&text)
}

async fn revoke(store: &Store, id: &ApiKeyId) -> Result<(), Failure> {
    for organisation in organisation::all(store).await? {
        let writer = store.write(&console(&organisation.id)).await?;
        match api_key::read(&writer, id).await {
            Ok(key) => {
                api_key::revoke(&writer, id, key.version).await?;
                writer.save().await?;
                return Ok(());
            }
            Err(Error::NotFound) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Failure::refused(format!("there is no key {id}")))
}
