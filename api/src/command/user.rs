//! `diligence user`.

use std::io::Read as _;

use clap::{Args, Subcommand};
use diligence_entities::{
    error::Error,
    identity_provider::{self, IdentityProvider, IdentityProviderFilter, NewIdentity},
    invitation::{self, Acceptance, Invitation, NewInvitation},
    organisation::{self, Organisation},
    patch::Change,
    role::Role,
    scope::{Reader, Store, Writer},
    secret::Token,
    session::{self, SessionFilter, Visit},
    user::{self, NewUser, User, UserFilter},
};
use serde_json::json;

use super::{Failure, Reached, Whose, block_on, console, open, open_with, organisation_called, print, say};
use crate::{
    config::{Config, DatabaseFlags},
    rest::invitations::url,
};

/// Someone of an organisation.
#[derive(Args, Debug)]
pub(super) struct Who {
    /// Their e-mail address
    #[arg(value_name = "EMAIL")]
    email: String,
    /// The organisation they belong to
    #[arg(long, value_name = "NAME")]
    organisation: String,
    #[command(flatten)]
    database: DatabaseFlags,
}

/// Someone to come.
#[derive(Args, Debug)]
pub(super) struct Newcomer {
    /// Their e-mail address
    #[arg(long, value_name = "EMAIL")]
    email: String,
    /// What they may do: viewer, editor, approver or admin
    #[arg(long)]
    role: Role,
    /// Their name, which they can change
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,
    #[command(flatten)]
    reached: Reached,
    #[command(flatten)]
    database: DatabaseFlags,
}

/// What an identity provider calls someone.
#[derive(Args, Debug)]
pub(super) struct Called {
    /// The identity provider: its name, or its id
    #[arg(long, value_name = "NAME")]
    provider: String,
    /// What it calls them (sub), to the letter, as the trial of a provider shows it
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    subject: String,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a user; prints a link, good once and for a week, with which they choose a password
    Create {
        #[command(flatten)]
        whose: Whose,
        #[command(flatten)]
        newcomer: Newcomer,
        /// Read their password from standard input instead of printing a link
        #[arg(long)]
        password_stdin: bool,
    },
    /// Invite someone to an organisation that is there; prints a link, good once and for a week
    Invite {
        /// The organisation they come to
        #[arg(long, value_name = "NAME")]
        organisation: String,
        #[command(flatten)]
        newcomer: Newcomer,
    },
    /// List users: id, role, second factor, organisation, e-mail address, name, with tabs between
    List {
        /// Only this organisation's
        #[arg(long, value_name = "NAME")]
        organisation: Option<String>,
        #[command(flatten)]
        database: DatabaseFlags,
    },
    /// Give a user another role; their sessions in the organisation end
    Role {
        #[command(flatten)]
        who: Who,
        /// What they may do from now on: viewer, editor, approver or admin
        #[arg(long)]
        role: Role,
    },
    /// Remove a user from an organisation; what they did is still recorded
    Remove {
        #[command(flatten)]
        who: Who,
    },
    /// Print a link, good once and for a week, with which a user chooses another password
    ResetPassword {
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        reached: Reached,
    },
    /// Remove a user's second factor; all their sessions end
    ResetMfa {
        #[command(flatten)]
        who: Who,
    },
    /// List a user's sessions in an organisation: id, when they signed in, when it was last used, browser, with tabs
    /// between
    Sessions {
        #[command(flatten)]
        who: Who,
        /// End them all, at once here and within seconds on other replicas
        #[arg(long)]
        end: bool,
    },
    /// List what identity providers call a user: id and name of the provider, since when, its issuer, what it calls
    /// them, with tabs between
    Identities {
        #[command(flatten)]
        who: Who,
    },
    /// Tie a user to what an identity provider calls them: whoever it calls so signs in as them, without any e-mail
    /// address
    Tie {
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        called: Called,
    },
    /// Untie a user from what an identity provider calls them; their sessions in the organisation end
    Untie {
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        called: Called,
    },
}

pub(super) fn run(command: Command) -> Result<(), Failure> {
    block_on(async {
        match command {
            Command::Create { whose, newcomer, password_stdin } => {
                let password = if password_stdin { Some(password()?) } else { None };
                let config = newcomer.reached.config(newcomer.database)?;
                let store = open(&config).await?;
                let (organisation, writer) = whose.change(&store).await?;
                let new = NewInvitation { email: newcomer.email, name: newcomer.name, role: newcomer.role };
                let (invited, token) = invite(writer, new).await?;
                match password {
                    None => print_link(&config, &token),
                    Some(password) => {
                        let acceptance = Acceptance {
                            token: token.reveal().to_owned(),
                            name: None,
                            email: None,
                            organisation_name: None,
                            password,
                            code: None,
                            recovery_code: None,
                        };
                        match invitation::accept(&store, &Visit::default(), &acceptance).await {
                            Ok(accepted) => print(&format!("{}\n", accepted.email)),
                            // Nobody has the link, so it would only be in the way of the next try.
                            Err(error) => {
                                let writer = store.write(&console(&organisation.id)).await?;
                                invitation::revoke(&writer, &invited.id, invited.version).await?;
                                writer.save().await?;
                                Err(error.into())
                            }
                        }
                    }
                }
            }
            Command::Invite { organisation, newcomer } => {
                let config = newcomer.reached.config(newcomer.database)?;
                let store = open(&config).await?;
                let organisation = organisation_called(&store, &organisation).await?;
                let new = NewInvitation { email: newcomer.email, name: newcomer.name, role: newcomer.role };
                let writer = store.write(&console(&organisation.id)).await?;
                print_link(&config, &invite(writer, new).await?.1)
            }
            Command::List { organisation, database } => {
                list(&open_with(database).await?, organisation.as_deref()).await
            }
            Command::Role { who, role } => {
                let (store, organisation, user) = find(who).await?;
                let fields = json!({ "role": role }).as_object().cloned().unwrap_or_default();
                let writer = store.write(&console(&organisation.id)).await?;
                user::change(&writer, &user.id, user.version, Change::<NewUser>::new(fields)).await?;
                save(writer).await
            }
            Command::Remove { who } => {
                let (store, organisation, user) = find(who).await?;
                let writer = store.write(&console(&organisation.id)).await?;
                user::remove(&writer, &user.id, user.version).await?;
                save(writer).await
            }
            Command::ResetPassword { who, reached } => {
                let config = reached.config(who.database.clone())?;
                let (store, organisation, user) = find(who).await?;
                let writer = store.write(&console(&organisation.id)).await?;
                let (_, token) = invitation::create_password_reset(&writer, &user.id, user.version).await?;
                save(writer).await?;
                print_link(&config, &token)
            }
            Command::ResetMfa { who } => {
                let (store, organisation, user) = find(who).await?;
                let writer = store.write(&console(&organisation.id)).await?;
                user::reset_mfa(&writer, &user.id, user.version).await?;
                save(writer).await
            }
            Command::Sessions { who, end } => {
                let (store, organisation, user) = find(who).await?;
                sessions(&store, &organisation, &user, end).await
            }
            Command::Identities { who } => {
                let (store, organisation, user) = find(who).await?;
                identities(&store.read(&console(&organisation.id)).await?, &user).await
            }
            Command::Tie { who, called } => {
                let (store, organisation, user) = find(who).await?;
                let writer = store.write(&console(&organisation.id)).await?;
                let new = called.find(&writer).await?;
                identity_provider::tie(&writer, &user.id, user.version, new).await?;
                save(writer).await
            }
            Command::Untie { who, called } => {
                let (store, organisation, user) = find(who).await?;
                let writer = store.write(&console(&organisation.id)).await?;
                let known = called.find(&writer).await?;
                identity_provider::untie(&writer, &user.id, user.version, known).await?;
                save(writer).await
            }
        }
    })
}

async fn save(writer: Writer) -> Result<(), Failure> {
    Ok(writer.save().await?)
}

/// The first line of standard input: never an argument, which others on the machine can see.
fn password() -> Result<String, Failure> {
    let mut text = String::new();
    std::io::stdin()
        .take(1000)
        .read_to_string(&mut text)
        .map_err(|error| Failure::usage(format!("no password can be read from standard input: {error}")))?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

async fn invite(writer: Writer, new: NewInvitation) -> Result<(Invitation, Token), Failure> {
    let made = invitation::create(&writer, new).await?;
    writer.save().await?;
    Ok(made)
}

fn print_link(config: &Config, token: &Token) -> Result<(), Failure> {
    say("This link is good once, and for a week:");
    print(&format!("{}\n", url(config, token)))
}

async fn find(who: Who) -> Result<(Store, Organisation, User), Failure> {
    let store = open_with(who.database).await?;
    let organisation = organisation_called(&store, &who.organisation).await?;
    let reader = store.read(&console(&organisation.id)).await?;
    match user::by_email(&reader, &who.email).await {
        Ok(user) => {
            drop(reader);
            Ok((store, organisation, user))
        }
        Err(Error::NotFound) => {
            Err(Failure::refused(format!("there is no user {} in {:?}", who.email, organisation.name)))
        }
        Err(error) => Err(error.into()),
    }
}

impl Called {
    /// It, with the id of the provider that is named so.
    async fn find(self, reader: &Reader) -> Result<NewIdentity, Failure> {
        let all = providers(reader).await?;
        let is_meant =
            |provider: &&IdentityProvider| provider.id.as_str() == self.provider || provider.name == self.provider;
        let said = |providers: &[&IdentityProvider]| {
            providers
                .iter()
                .map(|provider| format!("{:?} ({})", provider.name, provider.id))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let identity_provider_id = match all.iter().filter(is_meant).collect::<Vec<_>>().as_slice() {
            [provider] => provider.id.clone(),
            [] if all.is_empty() => {
                return Err(Failure::refused("--provider: the organisation has no identity provider yet"));
            }
            [] => {
                let known = said(&all.iter().collect::<Vec<_>>());
                return Err(Failure::refused(format!(
                    "--provider: there is no identity provider {:?}: expected one of {known}",
                    self.provider
                )));
            }
            several => {
                return Err(Failure::refused(format!(
                    "--provider: several are called {:?}: expected the id of one of {}",
                    self.provider,
                    said(several)
                )));
            }
        };
        Ok(NewIdentity { identity_provider_id, subject: self.subject })
    }
}

/// Every identity provider of an organisation: there are few.
async fn providers(reader: &Reader) -> Result<Vec<IdentityProvider>, Failure> {
    let all = IdentityProviderFilter { limit: Some(200), ..IdentityProviderFilter::default() };
    Ok(identity_provider::list(reader, &all).await?.items)
}

async fn identities(reader: &Reader, user: &User) -> Result<(), Failure> {
    let providers = providers(reader).await?;
    let mut text = String::new();
    for identity in identity_provider::identities(reader, &user.id).await?.identities {
        let provider = providers.iter().find(|provider| provider.id == identity.identity_provider_id);
        text.push_str(&format!(
            "{}\t{}\t{}\t{}\t{}\n",
            identity.identity_provider_id,
            provider.map(|provider| plain(&provider.name)).unwrap_or_default(),
            identity.created_at,
            plain(&identity.issuer),
            plain(&identity.subject)
        ));
    }
    print(&text)
}

/// A text on a line that it may not break.
fn plain(text: &str) -> String {
    text.replace(char::is_control, " ")
}

async fn list(store: &Store, only: Option<&str>) -> Result<(), Failure> {
    let organisations = match only {
        Some(name) => vec![organisation_called(store, name).await?],
        None => organisation::all(store).await?,
    };
    let mut text = String::new();
    for organisation in organisations {
        let reader = store.read(&console(&organisation.id)).await?;
        let mut filter = UserFilter { limit: Some(200), ..UserFilter::default() };
        loop {
            let page = user::list(&reader, &filter).await?;
            for user in page.items {
                let mfa = if user.has_mfa { "mfa" } else { "no mfa" };
                text.push_str(&format!(
                    "{}\t{}\t{mfa}\t{}\t{}\t{}\n",
                    user.id,
                    user.role,
                    plain(&organisation.name),
                    plain(&user.email),
                    plain(&user.name)
                ));
            }
            filter.cursor = page.next;
            if filter.cursor.is_none() {
                break;
            }
        }
    }
    print(&text)
}

async fn sessions(store: &Store, organisation: &Organisation, user: &User, end: bool) -> Result<(), Failure> {
    let writer = store.write(&console(&organisation.id)).await?;
    let filter = SessionFilter { user_id: Some(user.id.clone()), limit: Some(200), cursor: None };
    let mut text = String::new();
    for session in session::list(&writer, &filter).await?.items {
        text.push_str(&format!(
            "{}\t{}\t{}\t{}\n",
            session.id,
            session.created_at,
            session.last_seen_at,
            plain(session.agent.as_deref().unwrap_or_default())
        ));
        if end {
            session::revoke(&writer, &session.id, session.version).await?;
        }
    }
    writer.save().await?;
    print(&text)
}
