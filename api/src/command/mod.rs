//! The command line. `--help` is the manual.

use std::{fmt, fs::File, io::Write as _, path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};
use diligence_entities::{
    backup::CopyError,
    clock::Clock,
    error::Error,
    id::OrganisationId,
    organisation::{self, Organisation},
    role::Role,
    scope::{Actor, OpenError, Scope, Store, StoreOptions, Writer},
};

use crate::{
    config::{Config, DatabaseFlags, ServeFlags},
    link::PublicUrl,
    redacted::{redacted, redacted_usage},
};

mod archive;
mod audit;
mod backup;
mod bill_of_materials;
mod bulk;
mod doctor;
mod due;
mod export;
mod health;
mod import;
mod imports;
mod key;
mod link;
mod lists;
mod manual;
mod merge;
mod openapi;
mod provider;
mod questionnaire;
mod receipt;
mod recipe;
mod restore;
mod retention;
mod sample;
mod serve;
mod user;

const CODES: &str = "\
Exit codes:
  0  fine
  1  anything else
  2  the command line or the configuration is wrong
  3  the port is taken
  4  the database cannot be reached or written
  5  the database was made by a newer version of this program
  6  the input was refused";

/// Diligence: a register of suppliers and AI products. One program, one file of data.
///
/// Without a command it serves: http://127.0.0.1:8080, with the data in diligence.db in this folder.
#[derive(Debug, Parser)]
#[command(name = "diligence", version, after_help = CODES, args_conflicts_with_subcommands = true)]
struct Line {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: ServeFlags,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API (also what happens without a command)
    #[command(after_help = CODES)]
    Serve(Box<ServeFlags>),
    /// Import suppliers, products or a whole register
    Import(import::Command),
    /// List what was imported, and undo it
    #[command(subcommand)]
    Imports(imports::Command),
    /// Export a table as CSV, or everything as one archive
    Export(export::Command),
    /// Do something with many suppliers and products at once: all of it or nothing
    #[command(subcommand)]
    Bulk(bulk::Command),
    /// Look at a published list, and take over what it says of suppliers
    #[command(subcommand)]
    Lists(lists::Command),
    /// Fill a product's AI profile with what its maker says in a bill of materials (CycloneDX); prints what became of
    /// each field, with tabs between
    BillOfMaterials(bill_of_materials::Command),
    /// Copy the whole database into one file, also while the program runs
    #[command(after_help = CODES)]
    Backup(backup::Command),
    /// Put a backup back, on SQLite or PostgreSQL, whichever it was made from
    #[command(after_help = CODES)]
    Restore(restore::Command),
    /// Say what is wrong, or will be, with the database and what is around it; changes nothing, also while the program
    /// runs
    Doctor(Box<doctor::Command>),
    /// Verify the audit trail, and keep its end to verify against later
    #[command(subcommand)]
    Audit(audit::Command),
    /// Make, list, rotate and revoke API keys
    #[command(subcommand)]
    Key(key::Command),
    /// Send assessments to suppliers as links: make, list and revoke them
    #[command(subcommand)]
    Link(link::Command),
    /// Merge two suppliers or products that turned out to be one, and undo it
    #[command(subcommand)]
    Merge(merge::Command),
    /// Make, invite, list and remove users, and help those who cannot get in
    #[command(subcommand)]
    User(user::Command),
    /// Ask an identity provider what it says of itself, before people sign in through it
    #[command(subcommand)]
    Provider(provider::Command),
    /// Write, check, try out, publish and export questionnaires
    #[command(subcommand)]
    Questionnaire(questionnaire::Command),
    /// List, check and keep recipes: how a file of somebody else's becomes suppliers, products and the like
    #[command(subcommand)]
    Recipe(recipe::Command),
    /// Recompute an approved assessment's result from its receipt
    #[command(subcommand)]
    Receipt(receipt::Command),
    /// Delete what is past its retention period
    #[command(subcommand)]
    Retention(retention::Command),
    /// Print what is overdue or due within 30 days: day, kind, name, why, whose, with tabs between
    Due(due::Command),
    /// Make a sample register: a separate organisation with invented suppliers and AI products; prints its name
    Sample(sample::Command),
    /// Say whether it serves: exit code 0 if it is ready (for containers and whatever else watches over it)
    Health(health::Command),
    /// Print the manual page of a command, or write those of all (man reads what it is given: diligence man | man -l -)
    Man(manual::Pages),
    /// Print what a shell needs to complete this command line
    Completions(manual::Completions),
    /// Print the OpenAPI document
    Openapi {
        /// That of the respondents' surface
        #[arg(long)]
        respondent: bool,
    },
}

/// Why a command failed: one sentence for standard error, and the exit code.
#[derive(Debug)]
pub struct Failure {
    sentence: String,
    code: u8,
}

impl Failure {
    /// The command line or the configuration is wrong.
    pub(crate) fn usage(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), code: 2 }
    }
    /// The port is taken.
    pub(crate) fn port_taken(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), code: 3 }
    }
    /// The database cannot be reached or written.
    pub(crate) fn database(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), code: 4 }
    }
    /// The database is newer than the program.
    pub(crate) fn newer(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), code: 5 }
    }
    /// The input was refused.
    pub(crate) fn refused(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), code: 6 }
    }
    /// Anything else.
    pub(crate) fn other(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), code: 1 }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.sentence)
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        match &error {
            OpenError::BadUrl(_) => Self::usage(error.to_string()),
            OpenError::NewerSchema(_) => Self::newer(error.to_string()),
            OpenError::Unreachable(_) | OpenError::NotWritable(_) | OpenError::Migration(_) => {
                Self::database(error.to_string())
            }
        }
    }
}

impl From<CopyError> for Failure {
    fn from(error: CopyError) -> Self {
        match error {
            CopyError::Open(error) => error.into(),
            CopyError::Newer { .. } => Self::newer(error.to_string()),
            CopyError::Refused(sentence) => Self::refused(sentence),
            CopyError::Failed(sentence) => Self::other(sentence),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match &error {
            Error::Busy => Self::database("the database is busy: try again in a moment"),
            Error::Full(cause) | Error::Unavailable(cause) => Self::database(format!("{error}: {cause}")),
            Error::Database(cause) => Self::database(format!("the database failed: {cause}")),
            _ => Self::refused(error.to_string()),
        }
    }
}

/// Reads the command line, does what it says, and gives the exit code.
#[must_use]
pub fn main() -> ExitCode {
    let Line { command, serve } = match Line::try_parse() {
        Ok(line) => line,
        Err(error) if error.use_stderr() => {
            let has_address = std::env::args_os().any(|argument| argument.to_string_lossy().contains("://"));
            let _ = write!(std::io::stderr(), "{}", redacted_usage(&error, has_address));
            return ExitCode::from(2);
        }
        // The manual, or the version.
        Err(error) => error.exit(),
    };
    let done = match command.unwrap_or(Command::Serve(Box::new(serve))) {
        Command::Serve(flags) => serve::run(*flags),
        Command::Import(command) => import::run(command),
        Command::Imports(command) => imports::run(command),
        Command::Export(command) => export::run(command),
        Command::Bulk(command) => bulk::run(command),
        Command::Lists(command) => lists::run(command),
        Command::BillOfMaterials(command) => bill_of_materials::run(command),
        Command::Backup(command) => backup::run(command),
        Command::Restore(command) => restore::run(command),
        Command::Doctor(command) => doctor::run(*command),
        Command::Due(command) => due::run(command),
        Command::Audit(command) => audit::run(command),
        Command::Key(command) => key::run(command),
        Command::User(command) => user::run(command),
        Command::Provider(command) => provider::run(command),
        Command::Questionnaire(command) => questionnaire::run(command),
        Command::Recipe(command) => recipe::run(command),
        Command::Receipt(command) => receipt::run(command),
        Command::Link(command) => link::run(command),
        Command::Merge(command) => merge::run(command),
        Command::Retention(command) => retention::run(command),
        Command::Sample(command) => sample::run(command),
        Command::Health(command) => health::run(command),
        Command::Man(pages) => manual::man(pages),
        Command::Completions(completions) => manual::completions(completions),
        Command::Openapi { respondent } => openapi::run(respondent),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure { sentence, code }) => {
            let _ = writeln!(std::io::stderr(), "diligence: {}", redacted(&sentence));
            ExitCode::from(code)
        }
    }
}

/// Writes to standard output. A reader that has gone away (`| head`) is no failure.
///
/// # Errors
/// [`Failure::other`] when the disk is full, say.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    Output::Standard.write(text.as_bytes())
}

/// Writes a line to standard error, beside what is printed.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Where a command writes to.
#[derive(Debug)]
pub(crate) enum Output {
    /// Standard output.
    Standard,
    /// A file.
    File(PathBuf, File),
}

impl Output {
    /// The file at `path`, made or emptied; standard output without one.
    pub(crate) fn new(path: Option<PathBuf>) -> Result<Self, Failure> {
        let Some(path) = path else { return Ok(Self::Standard) };
        match File::create(&path) {
            Ok(file) => Ok(Self::File(path, file)),
            Err(error) => Err(Failure::other(format!("{} cannot be written: {error}", path.display()))),
        }
    }

    pub(crate) fn write(&mut self, part: &[u8]) -> Result<(), Failure> {
        match self {
            Self::Standard => {
                let mut out = std::io::stdout().lock();
                match out.write_all(part).and_then(|()| out.flush()) {
                    Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                        Err(Failure::other(format!("standard output cannot be written: {error}")))
                    }
                    _ => Ok(()),
                }
            }
            Self::File(path, file) => file
                .write_all(part)
                .map_err(|error| Failure::other(format!("{} cannot be written: {error}", path.display()))),
        }
    }
}

/// How many threads do work that would keep requests waiting, at the most: each takes a stack, and what it works on.
const BLOCKING_THREADS: usize = 32;

/// Runs `work` to its end.
pub(crate) fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().max_blocking_threads(BLOCKING_THREADS).build();
    runtime.map_err(|error| Failure::other(format!("the program cannot start its threads: {error}")))?.block_on(work)
}

/// Opens the database that `config` names.
pub(crate) async fn open(config: &Config) -> Result<Store, Failure> {
    Ok(Store::open(StoreOptions {
        url: config.database_url.clone(),
        max_connections: config.max_connections,
        clock: Clock::System,
    })
    .await?)
}

/// Opens the database for a command that is not `serve`.
pub(crate) async fn open_with(database: DatabaseFlags) -> Result<Store, Failure> {
    open(&Config::resolve(ServeFlags { database, ..ServeFlags::default() }).map_err(Failure::usage)?).await
}

/// Where people reach the server: for every command that makes a link.
#[derive(Args, Debug)]
pub(crate) struct Reached {
    /// The address under which people reach the server, for the link: https://register.example.org [default: where it
    /// listens]
    #[arg(long, env = "DILIGENCE_PUBLIC_URL", value_name = "URL")]
    public_url: Option<PublicUrl>,
}

impl Reached {
    /// What links are made with.
    pub(crate) fn config(self, database: DatabaseFlags) -> Result<Config, Failure> {
        Config::resolve(ServeFlags { database, public_url: self.public_url, ..ServeFlags::default() })
            .map_err(Failure::usage)
    }
}

/// The person at the console, who owns the database, acting for an organisation.
pub(crate) fn console(organisation_id: &OrganisationId) -> Scope {
    Scope {
        organisation_id: organisation_id.clone(),
        actor: Actor { id: "console".into(), name: "console".into() },
        role: Role::Admin,
        request_id: None,
    }
}

/// The organisation of this name.
pub(crate) async fn organisation_called(store: &Store, name: &str) -> Result<Organisation, Failure> {
    let all = organisation::all(store).await?;
    organisation::called(name, &all).cloned().ok_or_else(|| {
        let first = "diligence user create --create-organisation makes the first";
        no_organisation(name, &all, if all.is_empty() { first } else { "" })
    })
}

/// Whose register, for a command with which one can begin.
#[derive(Args, Debug)]
pub(crate) struct Whose {
    /// Whose register
    #[arg(long, value_name = "NAME")]
    organisation: String,
    /// Make the organisation if there is none of this name
    #[arg(long)]
    create_organisation: bool,
}

impl Whose {
    /// The organisation; none where it is to be made.
    pub(crate) async fn find(&self, store: &Store) -> Result<Option<Organisation>, Failure> {
        let all = organisation::all(store).await?;
        match organisation::called(&self.organisation, &all) {
            None if !self.create_organisation => {
                Err(no_organisation(&self.organisation, &all, "--create-organisation makes a new one"))
            }
            found => Ok(found.cloned()),
        }
    }

    /// A new organisation, and the change that makes it.
    pub(crate) async fn begin(&self, store: &Store) -> Result<(Organisation, Writer), Failure> {
        Ok(organisation::begin(store, &self.organisation).await?)
    }

    /// The organisation, and a change to it: the one that makes it where it is new.
    pub(crate) async fn change(&self, store: &Store) -> Result<(Organisation, Writer), Failure> {
        match self.find(store).await? {
            Some(organisation) => {
                let writer = store.write(&console(&organisation.id)).await?;
                Ok((organisation, writer))
            }
            None => self.begin(store).await,
        }
    }

    /// The organisation, and a change to it; one that is new is made unasked, which is said together with the names
    /// that are near its own.
    pub(crate) async fn change_or_begin(&self, store: &Store) -> Result<(Organisation, Writer), Failure> {
        let all = organisation::all(store).await?;
        if !self.create_organisation && organisation::called(&self.organisation, &all).is_none() {
            let near = organisation::near(&self.organisation, &all);
            let beside = if near.is_empty() { String::new() } else { format!(", beside {}", quoted(&near, " and ")) };
            say(&format!("organisation: {:?} is new{beside}", self.organisation));
            return self.begin(store).await;
        }
        self.change(store).await
    }
}

/// How many organisations are named where none is near what was typed.
const NAMED: usize = 5;

fn quoted(names: &[&str], joint: &str) -> String {
    names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(joint)
}

/// That no organisation is called so, which may have been meant, and what else there is to do.
fn no_organisation(name: &str, all: &[Organisation], otherwise: &str) -> Failure {
    let near = organisation::near(name, all);
    let known: Vec<&str> = all.iter().map(|organisation| organisation.name.as_str()).collect();
    let meant = match known.get(..NAMED) {
        _ if !near.is_empty() => format!("did you mean {}?", quoted(&near, " or ")),
        _ if known.is_empty() => "there is none yet".to_owned(),
        Some(some) if known.len() > NAMED => {
            format!("there are {} and {} more", quoted(some, ", "), known.len() - NAMED)
        }
        _ if known.len() == 1 => format!("there is only {}", quoted(&known, ", ")),
        _ => format!("there are {}", quoted(&known, ", ")),
    };
    let joint = match (otherwise, meant.ends_with('?')) {
        ("", _) => "",
        (_, true) => " ",
        (_, false) => "; ",
    };
    let name: String = name.chars().take(200).collect();
    Failure::refused(format!("there is no organisation called {name:?}: {meant}{joint}{otherwise}"))
}
