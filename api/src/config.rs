//! What can be set, and from where: a flag, else the environment, else the configuration file, else the default.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{Args, ValueEnum};
use serde::Deserialize;

/// How the program runs.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen; port 0 takes any free one.
    pub listen: SocketAddr,
    /// `sqlite://FILE` or `postgres://USER@HOST/DATABASE`.
    pub database_url: String,
    /// Database connections at the most, 1 to 1000 (readers, on SQLite; it has one writer besides).
    pub max_connections: u32,
    /// How the log is written.
    pub log_format: LogFormat,
    /// What is logged: `error`, `warn`, `info`, `debug`, `trace`, or a `tracing` filter such as `info,sqlx=debug`.
    pub log_level: String,
    /// How long a request may take until its answer begins, at least a second.
    pub request_timeout: Duration,
    /// How long requests in flight may go on after a signal to stop.
    pub shutdown_timeout: Duration,
}

/// How the log is written, always to standard error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// Lines for people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            database_url: "sqlite://diligence.db".into(),
            max_connections: 8,
            log_format: LogFormat::Text,
            log_level: "info".into(),
            request_timeout: Duration::from_secs(30),
            shutdown_timeout: Duration::from_secs(30),
        }
    }
}

/// Where the data is: for every command that needs a database.
#[derive(Args, Clone, Debug, Default)]
pub struct DatabaseFlags {
    /// sqlite://FILE or postgres://USER@HOST/DATABASE [default: sqlite://diligence.db]
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub database_url: Option<String>,
    /// Database connections at the most [default: 8]
    #[arg(long, env = "DILIGENCE_MAX_CONNECTIONS", value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub max_connections: Option<u32>,
    /// A TOML file with the same names, underscores for hyphens: listen = "0.0.0.0:8080"
    #[arg(long, env = "DILIGENCE_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// How to serve.
#[derive(Args, Clone, Debug, Default)]
pub struct ServeFlags {
    /// Address and port; port 0 takes any free one [default: 127.0.0.1:8080]
    #[arg(long, env = "DILIGENCE_LISTEN", value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "a comment here would become the manual's")]
    pub database: DatabaseFlags,
    /// How the log is written, always to standard error [default: text]
    #[arg(long, env = "DILIGENCE_LOG_FORMAT", value_enum)]
    pub log_format: Option<LogFormat>,
    /// error, warn, info, debug or trace, or a filter such as info,sqlx=debug [default: info]
    #[arg(long, env = "DILIGENCE_LOG_LEVEL", value_name = "LEVEL")]
    pub log_level: Option<String>,
    /// How long a request may take until its answer begins [default: 30]
    #[arg(long, env = "DILIGENCE_REQUEST_TIMEOUT_SECONDS", value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub request_timeout_seconds: Option<u64>,
    /// How long requests in flight may go on after a signal to stop [default: 30]
    #[arg(long, env = "DILIGENCE_SHUTDOWN_TIMEOUT_SECONDS", value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(0..=3600))]
    pub shutdown_timeout_seconds: Option<u64>,
}

/// The configuration file.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    listen: Option<SocketAddr>,
    database_url: Option<String>,
    max_connections: Option<u32>,
    log_format: Option<LogFormat>,
    log_level: Option<String>,
    request_timeout_seconds: Option<u64>,
    shutdown_timeout_seconds: Option<u64>,
}

impl File {
    fn read(path: Option<&Path>) -> Result<Self, String> {
        let Some(path) = path else { return Ok(Self::default()) };
        let place = path.display();
        let text = fs::read_to_string(path).map_err(|error| format!("the configuration file {place} cannot be read: {error}"))?;
        Self::parse(&text).map_err(|error| format!("the configuration file {place}: {error}"))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let file: Self = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| text.get(..span.start).unwrap_or_default().matches('\n').count() + 1);
            format!("line {line}: {}", error.message())
        })?;
        let within = |name: &str, value: Option<u64>, low: u64, high: u64| match value {
            Some(value) if !(low..=high).contains(&value) => Err(format!("{name}: expected {low} to {high}, not {value}")),
            _ => Ok(()),
        };
        within("max_connections", file.max_connections.map(u64::from), 1, 1000)?;
        within("request_timeout_seconds", file.request_timeout_seconds, 1, 3600)?;
        within("shutdown_timeout_seconds", file.shutdown_timeout_seconds, 0, 3600)?;
        Ok(file)
    }
}

impl Config {
    /// What the flags (and, through them, the environment) say, then the file they name, then the defaults.
    ///
    /// # Errors
    /// A sentence on what is wrong with the file.
    pub fn resolve(flags: ServeFlags) -> Result<Self, String> {
        let file = File::read(flags.database.config.as_deref())?;
        Ok(Self::merge(flags, file))
    }

    fn merge(flags: ServeFlags, file: File) -> Self {
        let ServeFlags {
            listen,
            database: DatabaseFlags { database_url, max_connections, config: _ },
            log_format,
            log_level,
            request_timeout_seconds,
            shutdown_timeout_seconds,
        } = flags;
        let default = Self::default();
        Self {
            listen: listen.or(file.listen).unwrap_or(default.listen),
            database_url: database_url.or(file.database_url).unwrap_or(default.database_url),
            max_connections: max_connections.or(file.max_connections).unwrap_or(default.max_connections),
            log_format: log_format.or(file.log_format).unwrap_or(default.log_format),
            log_level: log_level.or(file.log_level).unwrap_or(default.log_level),
            request_timeout: request_timeout_seconds.or(file.request_timeout_seconds).map_or(default.request_timeout, Duration::from_secs),
            shutdown_timeout: shutdown_timeout_seconds.or(file.shutdown_timeout_seconds).map_or(default.shutdown_timeout, Duration::from_secs),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_beats_the_file_and_the_file_beats_the_default() {
        let file = File::parse("database_url = \"sqlite://file.db\"\nmax_connections = 3\n").expect("a good file");
        let flags = ServeFlags { database: DatabaseFlags { max_connections: Some(5), ..DatabaseFlags::default() }, ..ServeFlags::default() };
        let config = Config::merge(flags, file);
        assert_eq!((config.database_url.as_str(), config.max_connections, config.listen.port()), ("sqlite://file.db", 5, 8080));
    }

    #[test]
    fn an_unknown_name_in_the_file_is_refused_by_name_and_line() {
        let told = File::parse("listen = \"127.0.0.1:1\"\n\ndatabase = 3\n").expect_err("refused");
        assert!(told.starts_with("line 3: unknown field `database`"), "{told}");
        assert!(File::parse("max_connections = 0").is_err());
    }
}
