//! `diligence key`.

use clap::Subcommand;
use diligence_entities::{
    api_key::{self, ApiKey, ApiKeyFilter, KeyScope, KeyState, NewApiKey, Rotation},
    clock::Day,
    error::Error,
    id::ApiKeyId,
    organisation,
    role::Role,
    scope::{Store, Writer},
};

use super::{Failure, Whose, block_on, console, open_with, organisation_called, print};
use crate::config::DatabaseFlags;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a key, and its organisation where it is new; prints the key, alone, on standard output
    Create {
        #[command(flatten)]
        whose: Whose,
        /// What it may do: viewer, editor, approver or admin
        #[arg(long)]
        role: Role,
        /// Which operations it opens, among those that its role allows: everything, read_only, register_only,
        /// import_only or calendar_only
        #[arg(long, default_value_t)]
        scope: KeyScope,
        /// What it is for
        #[arg(long, value_name = "TEXT")]
        name: String,
        /// The last day it works, e.g. 2027-03-03
        #[arg(long, value_name = "DATE")]
        expires_on: Option<Day>,
        #[command(flatten)]
        database: DatabaseFlags,
    },
    /// List keys, never their text: id, role, state, last use, organisation, name, scope, with tabs between
    List {
        /// Only this organisation's
        #[arg(long, value_name = "NAME")]
        organisation: Option<String>,
        /// Only those that end within 30 days
        #[arg(long)]
        expires_soon: bool,
        #[command(flatten)]
        database: DatabaseFlags,
    },
    /// Make a successor to a key, which works beside it for some days; prints the new key, alone, on standard output
    Rotate {
        /// The key's id, as `list` shows it
        id: ApiKeyId,
        /// For how many days the old key still works, 0 to 30; with 0 it ends at once
        #[arg(long, value_name = "DAYS", default_value_t = Rotation::default().overlap_days)]
        overlap_days: i64,
        /// The last day the new key works [default: as many days as the old one was given]
        #[arg(long, value_name = "DATE")]
        expires_on: Option<Day>,
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
            Command::Create { whose, role, scope, name, expires_on, database } => {
                let store = open_with(database).await?;
                let (_, writer) = whose.change_or_begin(&store).await?;
                let (_, secret) = api_key::create(&writer, NewApiKey { name, role, scope, expires_on }).await?;
                writer.save().await?;
                print(&format!("{}\n", secret.reveal()))
            }
            Command::List { organisation, expires_soon, database } => {
                list(&open_with(database).await?, organisation.as_deref(), expires_soon).await
            }
            Command::Rotate { id, overlap_days, expires_on, database } => {
                rotate(&open_with(database).await?, &id, Rotation { overlap_days, expires_on }).await
            }
            Command::Revoke { id, database } => revoke(&open_with(database).await?, &id).await,
        }
    })
}

async fn list(store: &Store, only: Option<&str>, expires_soon: bool) -> Result<(), Failure> {
    let organisations = match only {
        Some(name) => vec![organisation_called(store, name).await?],
        None => organisation::all(store).await?,
    };
    let mut text = String::new();
    for organisation in organisations {
        let reader = store.read(&console(&organisation.id)).await?;
        let mut filter =
            ApiKeyFilter { limit: Some(200), expires_soon: expires_soon.then_some(true), ..ApiKeyFilter::default() };
        loop {
            let page = api_key::list(&reader, &filter).await?;
            for key in page.items {
                text.push_str(&line(&key, &organisation.name));
            }
            filter.cursor = page.next;
            if filter.cursor.is_none() {
                break;
            }
        }
    }
    print(&text)
}

fn line(key: &ApiKey, organisation: &str) -> String {
    let ApiKey { key, state, days_left } = key;
    let until = match (key.expires_on, days_left) {
        (Some(day), Some(left)) => format!("until {day}, {left} days left"),
        (Some(day), None) => format!("until {day}"),
        (None, _) => "no end".into(),
    };
    let state = match (state, key.revoked_at, &key.replaced_by) {
        (KeyState::Revoked, Some(at), _) => format!("revoked {}", at.day()),
        (KeyState::Expired, ..) => key.expires_on.map_or_else(|| "expired".into(), |day| format!("expired {day}")),
        (KeyState::Replaced, _, Some(successor)) => format!("replaced by {successor}, {until}"),
        _ => until,
    };
    let used = key.last_used_at.map_or_else(|| "never".into(), |at| at.to_string());
    // A name may hold anything; a line may not be broken by it.
    let plain = |name: &str| name.replace(char::is_control, " ");
    format!(
        "{}\t{}\t{state}\t{used}\t{}\t{}\t{}\n",
        key.id,
        key.role.0,
        plain(organisation),
        plain(&key.name),
        key.scope.0
    )
}

/// A change to the organisation of this key, and the key's version.
async fn writer_of(store: &Store, id: &ApiKeyId) -> Result<(Writer, i64), Failure> {
    for organisation in organisation::all(store).await? {
        let writer = store.write(&console(&organisation.id)).await?;
        match api_key::read(&writer, id).await {
            Ok(key) => return Ok((writer, key.key.version)),
            Err(Error::NotFound) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Failure::refused(format!("there is no key {id}")))
}

async fn rotate(store: &Store, id: &ApiKeyId, rotation: Rotation) -> Result<(), Failure> {
    let (writer, version) = writer_of(store, id).await?;
    let (_, secret) = api_key::rotate(&writer, id, version, rotation).await?;
    writer.save().await?;
    print(&format!("{}\n", secret.reveal()))
}

async fn revoke(store: &Store, id: &ApiKeyId) -> Result<(), Failure> {
    let (writer, version) = writer_of(store, id).await?;
    api_key::revoke(&writer, id, version).await?;
    Ok(writer.save().await?)
}
