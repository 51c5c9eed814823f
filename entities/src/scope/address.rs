//! The database's address, read without ever saying what is secret in it.

use std::{
    fs::OpenOptions,
    io::{self, ErrorKind},
    path::Path,
    str::FromStr as _,
};

use sea_orm::sqlx::{
    self, ConnectOptions as _,
    postgres::PgConnectOptions,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use super::{OpenError, WAIT, connection::Target};

/// How many servers an address names at the most.
const MAXIMUM_HOSTS: usize = 16;

/// What stands at this address.
///
/// # Errors
/// [`OpenError::BadUrl`], which holds nothing of the address but a scheme.
pub(crate) fn read(url: &str) -> Result<Target, OpenError> {
    let bad = |what: &str| OpenError::BadUrl(what.to_owned());
    match url.split_once(':') {
        Some(("sqlite", _)) if url.contains(":memory:") || url.contains("mode=memory") => Err(bad(
            "an in-memory database is not supported: each connection would have its own, and nothing would be kept",
        )),
        Some(("sqlite", _)) => {
            let options =
                SqliteConnectOptions::from_str(url).map_err(|_| bad("what follows the file's name cannot be read"))?;
            Ok(Target::Sqlite(Box::new(set_up(options))))
        }
        Some(("postgres" | "postgresql", rest)) => Ok(Target::Postgres(hosts(rest).map_err(bad)?)),
        _ => Err(bad("it begins with neither sqlite: nor postgres:")),
    }
}

fn set_up(options: SqliteConnectOptions) -> SqliteConnectOptions {
    options
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(WAIT)
        // What is taken away, a person erased not least, must not stay readable in the file's unused parts.
        .pragma("secure_delete", "ON")
        .foreign_keys(true)
        .disable_statement_logging()
}

/// The servers that `//USER:PASSWORD@ONE,TWO:5433/DATABASE?…` names, in order.
fn hosts(rest: &str) -> Result<Vec<PgConnectOptions>, &'static str> {
    const ENCODE: &str = "a password or name with / ? # @ or % in it is written with %2F %3F %23 %40 %25";
    let rest = rest.strip_prefix("//").ok_or("// is missing after postgres:")?;
    let (authority, tail) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    // What follows a sign in a password would be taken for a name, a host or a port, and those are said.
    if tail.contains(['#', '@']) || authority.matches('@').count() > 1 {
        return Err(ENCODE);
    }
    let (user, names) =
        authority.split_once('@').map_or((String::new(), authority), |(user, names)| (format!("{user}@"), names));
    let names: Vec<&str> = names.split(',').collect();
    if names.len() > MAXIMUM_HOSTS {
        return Err("it names too many servers: expected 16 at the most");
    }
    let read = |name: &&str| -> Result<PgConnectOptions, &'static str> {
        let options = PgConnectOptions::from_str(&format!("postgres://{user}{name}{tail}"))
            .map_err(|_| "a host, port or setting in it cannot be read")?;
        // Poolers refuse what they do not know at the start of a session, and we keep no fractions.
        Ok(options.extra_float_digits(None).disable_statement_logging())
    };
    let hosts: Vec<PgConnectOptions> = names.iter().map(read).collect::<Result<_, _>>()?;
    Ok(hosts
        .into_iter()
        .map(
            |options| {
                if options.get_application_name().is_some() { options } else { options.application_name("diligence") }
            },
        )
        .collect())
}

/// Makes the file of the database if there is none, for its owner alone whatever else is the custom here: SQLite makes
/// the files beside it like it.
pub(super) fn make_file(options: &SqliteConnectOptions) -> Result<(), io::Error> {
    let path: &Path = options.get_filename();
    let mut how = OpenOptions::new();
    how.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut how, 0o600);
    match how.open(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// What a driver says, on one line, for the person at the console; it never holds an address.
pub(super) fn plain(error: &sqlx::Error) -> String {
    let text = match error {
        sqlx::Error::Configuration(cause) => cause.to_string(),
        other => other.to_string(),
    };
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(url: &str) -> String {
        read(url).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn an_address_names_a_file_or_one_server_or_several() {
        assert!(matches!(read("sqlite://x.db"), Ok(Target::Sqlite(_))));
        let Ok(Target::Postgres(hosts)) =
            read("postgres://dil:se%23cret@one,two:5433,[::1]:7/register?sslmode=disable")
        else {
            panic!("no servers")
        };
        let found: Vec<(&str, u16)> = hosts.iter().map(|host| (host.get_host(), host.get_port())).collect();
        assert_eq!(found, [("one", 5432), ("two", 5433), ("[::1]", 7)]);
        assert!(hosts.iter().all(|host| host.get_username() == "dil" && host.get_database() == Some("register")));
    }

    #[test]
    fn an_address_that_cannot_be_read_is_refused_without_what_is_secret_in_it() {
        for url in [
            "postgres://dil:hunter2@one:x/d",
            "postgres://dil:hun#ter2@one/d",
            "postgres://dil:hun/ter2@one/d",
            "postgres://dil:hun?ter2@one/d#ter2",
            "postgres://dil:hun@ter2@one/d",
            "postgres://dil:hunter2@one,two:99999/d",
            "postgres:dil:hunter2@one/d",
            "mysql://dil:hunter2@one/d",
            "hunter2",
            "sqlite://:memory:?password=hunter2",
            "sqlite://x.db?hunter2=hunter2",
        ] {
            let told = told(url);
            assert!(
                told.starts_with("the database address is not understood: ")
                    && !told.contains("hunter2")
                    && !told.contains("ter2")
                    && !told.contains("dil:"),
                "{url}: {told}"
            );
        }
    }
}
