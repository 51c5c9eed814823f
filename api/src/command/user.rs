//! `diligence user`.

use std::io::Read as _;

use clap::{Args, Subcommand};
use diligence_entities::{
    error::Error,
    invitation::{self, Acceptance, Invitation, NewInvitation},
    organisation::{self, Organisation},
    patch::Change,
    role::Role,
    scope::{Store, Writer},
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
