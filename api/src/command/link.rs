//! `diligence link`.

use clap::Subcommand;
use diligence_entities::{
    assessment,
    clock::Day,
    error::Error,
    id::{AssessmentId, RespondentLinkId},
    organisation,
    respondent_link::{self, Mailing, NewRespondentLink, RespondentLinkFilter},
    scope::Store,
    stored::word,
};

use super::{Failure, Reached, block_on, console, open, open_with, organisation_called, print, say};
use crate::config::{Config, DatabaseFlags};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Send an open assessment to a contact at the supplier; prints the link, alone, on standard output
    Create {
        /// The assessment to be answered
        #[arg(long, value_name = "ID")]
        assessment: AssessmentId,
        /// Who answers
        #[arg(long, value_name = "NAME")]
        contact: String,
        /// What to tell them: who asks, and why
        #[arg(long, value_name = "TEXT")]
        message: Option<String>,
        /// By when answers are wanted, e.g. 2027-03-03
        #[arg(long, value_name = "DATE")]
        due_on: Option<Day>,
        /// The last day it works [default: in 30 days]
        #[arg(long, value_name = "DATE")]
        expires_on: Option<Day>,
        #[command(flatten)]
        reached: Reached,
        #[command(flatten)]
        database: DatabaseFlags,
    },
    /// List links, never their text: id, state, letter, last day, last use, assessment, organisation, contact, with
    /// tabs between
    List {
        /// Only this organisation's
        #[arg(long, value_name = "NAME")]
        organisation: Option<String>,
        #[command(flatten)]
        database: DatabaseFlags,
    },
    /// End a link and every visit through it, at once
    Revoke {
        /// The link's id, as `list` shows it
        id: RespondentLinkId,
        #[command(flatten)]
        database: DatabaseFlags,
    },
}

pub(super) fn run(command: Command) -> Result<(), Failure> {
    block_on(async {
        match command {
            Command::Create { assessment, contact, message, due_on, expires_on, reached, database } => {
                let config = reached.config(database)?;
                let new = NewRespondentLink {
                    assessment_id: assessment,
                    contact_name: contact,
                    email: None,
                    message,
                    due_on,
                    expires_on,
                };
                create(&open(&config).await?, &config, new).await
            }
            Command::List { organisation, database } => {
                list(&open_with(database).await?, organisation.as_deref()).await
            }
            Command::Revoke { id, database } => revoke(&open_with(database).await?, &id).await,
        }
    })
}

async fn create(store: &Store, config: &Config, new: NewRespondentLink) -> Result<(), Failure> {
    for organisation in organisation::all(store).await? {
        let writer = store.write(&console(&organisation.id)).await?;
        match assessment::read(&writer, &new.assessment_id).await {
            Ok(_) => {
                let made = respondent_link::create(&writer, new, Mailing::Impossible).await?;
                writer.save().await?;
                if config.links_open_here_only() {
                    say("This link opens on this computer only: say with --public-url how others reach the program.");
                }
                return print(&format!("{}\n", config.link_of_respondent(made.token.reveal())));
            }
            Err(Error::NotFound) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Failure::refused(format!("there is no assessment {}", new.assessment_id)))
}

async fn list(store: &Store, only: Option<&str>) -> Result<(), Failure> {
    let organisations = match only {
        Some(name) => vec![organisation_called(store, name).await?],
        None => organisation::all(store).await?,
    };
    let mut text = String::new();
    for organisation in organisations {
        let reader = store.read(&console(&organisation.id)).await?;
        let mut filter = RespondentLinkFilter { limit: Some(200), ..RespondentLinkFilter::default() };
        loop {
            let page = respondent_link::list(&reader, &filter).await?;
            for link in page.items {
                let used = link.last_used_at.map_or_else(|| "never".into(), |at| at.to_string());
                // A name may hold anything; a line may not be broken by it.
                let plain = |name: &str| name.replace(char::is_control, " ");
                let (state, mail, contact) = (word(&link.state), word(&link.mail), plain(&link.contact_name));
                text.push_str(&format!(
                    "{}\t{state}\t{mail}\t{}\t{used}\t{}\t{}\t{contact}\n",
                    link.id,
                    link.expires_on,
                    link.assessment_id,
                    plain(&organisation.name)
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

async fn revoke(store: &Store, id: &RespondentLinkId) -> Result<(), Failure> {
    for organisation in organisation::all(store).await? {
        let writer = store.write(&console(&organisation.id)).await?;
        match respondent_link::read(&writer, id).await {
            Ok(link) => {
                respondent_link::revoke(&writer, id, link.version).await?;
                writer.save().await?;
                return Ok(());
            }
            Err(Error::NotFound) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Failure::refused(format!("there is no link {id}")))
}
