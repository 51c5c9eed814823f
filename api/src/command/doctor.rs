//! `diligence doctor`.

use std::{
    fmt,
    net::IpAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;
use diligence_entities::{
    clock::{Clock, Moment},
    doctor::{self, Derived, Examination, Opened, Register, Schema},
};
use openidconnect::reqwest;
use serde::Serialize;

use super::{Failure, block_on, print, serve::exposed};
use crate::{
    config::{Config, ServeFlags},
    link::PublicUrl,
    mail::Mailer,
    server::Tls,
};

/// How long the mail server and the public address may take in all.
const PATIENCE: Duration = Duration::from_secs(20);
/// From how many days on the last backup is old.
const OLD_BACKUP_DAYS: i64 = 7;
/// Below this much room, in bytes, a disk is as good as full.
const NO_ROOM: u64 = 100 << 20;
/// Below this much it soon will be.
const LITTLE_ROOM: u64 = 1 << 30;
/// From how large a `-wal` on, in bytes, something keeps it from being written back.
const LARGE_WAL: u64 = 256 << 20;
/// How many seconds two clocks may differ.
const APART: i64 = 5;
/// From how many seconds on times are wrong in a way that people see.
const FAR_APART: i64 = 60;

const CODES: &str = "\
Each line begins with good, look (it serves, and something is to be done) or wrong.

Exit codes:
  0  nothing is wrong
  1  something is
  2  the command line or the configuration is wrong";

/// Give it the flags, the environment and the configuration that the program is started with. It asks the mail server
/// as for a letter and sends none.
#[derive(Args, Debug)]
#[command(after_help = CODES)]
pub(super) struct Command {
    /// Print one JSON object, for programs
    #[arg(long)]
    json: bool,
    /// Also ask whether this program answers at the public address, as seen from here
    #[arg(long)]
    reach: bool,
    #[command(flatten)]
    serve: Box<ServeFlags>,
}

/// How something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Mark {
    Good,
    Look,
    Wrong,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Finding {
    mark: Mark,
    what: &'static str,
    finding: String,
    /// What to do.
    advice: Option<String>,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.mark {
            Mark::Good => "good",
            Mark::Look => "look",
            Mark::Wrong => "wrong",
        };
        write!(formatter, "{mark:<6}{:<10}{}", self.what, self.finding)?;
        self.advice.as_ref().map_or(Ok(()), |advice| write!(formatter, ": {advice}"))
    }
}

fn good(what: &'static str, finding: impl Into<String>) -> Finding {
    Finding { mark: Mark::Good, what, finding: finding.into(), advice: None }
}

fn look(what: &'static str, finding: impl Into<String>, advice: impl Into<String>) -> Finding {
    Finding { mark: Mark::Look, what, finding: finding.into(), advice: Some(advice.into()) }
}

fn wrong(what: &'static str, finding: impl Into<String>, advice: impl Into<String>) -> Finding {
    Finding { mark: Mark::Wrong, what, finding: finding.into(), advice: Some(advice.into()) }
}

#[derive(Serialize)]
struct Report {
    /// Whether nothing is wrong.
    well: bool,
    findings: Vec<Finding>,
}

pub(super) fn run(command: Command) -> Result<(), Failure> {
    let Command { json, reach, serve } = command;
    let config = Config::resolve(*serve).map_err(Failure::usage)?;
    let findings = block_on(async {
        let clock = Clock::System;
        let examined = doctor::examine(&config.database_url, &clock).await?;
        let mut findings = of_database(&examined, clock.now());
        findings.push(disk(&examined));
        findings.push(address(&config));
        findings.push(proxies(&config));
        findings.push(mail(&config).await?);
        if reach {
            findings.push(reached(&config).await);
        }
        Ok(findings)
    })?;
    let wrong = findings.iter().filter(|finding| finding.mark == Mark::Wrong).count();
    if json {
        let report = serde_json::to_string(&Report { well: wrong == 0, findings })
            .map_err(|error| Failure::other(error.to_string()))?;
        print(&format!("{report}\n"))?;
    } else {
        print(&findings.iter().map(|finding| format!("{}\n", plain(&finding.to_string()))).collect::<String>())?;
    }
    match wrong {
        0 => Ok(()),
        1 => Err(Failure::other("one thing is wrong")),
        more => Err(Failure::other(format!("{more} things are wrong"))),
    }
}

/// A name may hold anything; a line may not be broken by it.
fn plain(text: &str) -> String {
    text.replace(char::is_control, " ")
}

fn of_database(examined: &Examination, now: Moment) -> Vec<Finding> {
    let opened = match &examined.opened {
        Ok(opened) => opened,
        Err(reason) => {
            let advice = match &examined.place {
                Some(_) => {
                    "see that the file is there and may be read, or name another with --database-url; a backup is put back with diligence restore"
                }
                None => "see that the server runs, and that address, user and password in --database-url are right",
            };
            return vec![wrong("database", format!("it does not open ({reason})"), advice)];
        }
    };
    let mut findings = vec![database(examined, opened), schema(&opened.schema)];
    findings.extend(opened.damage.as_ref().map(|damage| {
        wrong(
            "data",
            format!("the file is damaged ({damage})"),
            "stop the program, keep the file, and put the last backup back",
        )
    }));
    if opened.damage.is_none() {
        findings.push(data(opened));
    }
    match &opened.register {
        None => {}
        Some(Err(reason)) => findings.push(wrong(
            "data",
            format!("it cannot be read ({reason})"),
            "keep the database as it is, and put the last backup back beside it",
        )),
        Some(Ok(register)) => {
            findings.extend([times(opened, register, now), backup(register, now), keys(register), audit(register)]);
            findings.extend(register.derived.as_ref().map(due));
        }
    }
    findings
}

fn database(examined: &Examination, opened: &Opened) -> Finding {
    if let Some(reason) = &opened.is_read_only {
        return wrong(
            "database",
            format!("{} can be read and not written ({reason})", opened.server),
            "give the program's user the right to write, or name the server that takes writes",
        );
    }
    let Some(place) = &examined.place else {
        return good("database", format!("{} answers and can be written", opened.server));
    };
    if !can_write(&folder(place)) {
        let finding =
            format!("the folder of {} cannot be written, where SQLite keeps what was just written", place.display());
        return wrong("database", finding, "give the program's user the right to write there");
    }
    #[cfg(unix)]
    if std::fs::metadata(place)
        .is_ok_and(|found| std::os::unix::fs::PermissionsExt::mode(&found.permissions()) & 0o077 != 0)
    {
        return look(
            "database",
            format!("{}; others on this machine may read {}", opened.server, place.display()),
            format!("chmod 600 {}", place.display()),
        );
    }
    good("database", format!("{}; {} can be read and written", opened.server, place.display()))
}

fn schema(schema: &Schema) -> Finding {
    match schema {
        Schema::Current(step) => good("schema", format!("as this program needs it ({step})")),
        Schema::Absent => good("schema", "none yet: the first start makes it"),
        Schema::Behind(missing) => {
            let finding = format!("older than this program; it lacks {}", missing.join(", "));
            look("schema", finding, "make a backup, then start the program, which brings it up to date")
        }
        Schema::Newer(step) => wrong(
            "schema",
            format!("made by a newer version of this program (it has the step {step})"),
            "use that version, or restore a backup",
        ),
        Schema::Foreign => {
            wrong("schema", "that of another program", "name this program's own database with --database-url")
        }
    }
}

fn data(opened: &Opened) -> Finding {
    let size = opened.size.map(size).unwrap_or_default();
    match opened.wal_size {
        Some(waiting) if waiting > LARGE_WAL => look(
            "data",
            format!("{size}, and {} wait in the -wal", self::size(waiting)),
            "something reads without end: see what has the file open, and start the program again",
        ),
        Some(waiting) => good("data", format!("{size}, whole; {} in the -wal", self::size(waiting))),
        None if opened.time.is_none() => good("data", format!("{size}, whole")),
        None => good("data", size),
    }
}

fn times(opened: &Opened, register: &Register, now: Moment) -> Finding {
    if let Some(time) = opened.time {
        let apart = time.seconds_since(now).abs();
        if apart > APART {
            let finding = format!("this machine and the database differ by {apart} seconds");
            let advice = "have both follow a time server";
            return if apart > FAR_APART { wrong("clock", finding, advice) } else { look("clock", finding, advice) };
        }
    }
    match register.last_event_at {
        Some(last) if last.seconds_since(now) > APART => {
            let finding = format!("it says {now}, but something was written at {last} already");
            wrong("clock", finding, "set this machine's clock, and have it follow a time server")
        }
        _ => good(
            "clock",
            format!(
                "{now}{}",
                if opened.time.is_some() { ", as the database has it" } else { ", and nothing was written later" }
            ),
        ),
    }
}

fn backup(register: &Register, now: Moment) -> Finding {
    const ADVICE: &str = "run diligence backup every night, and keep the file on another machine";
    match register.last_copy_at {
        _ if register.organisation_count == 0 => good("backup", "there is nothing to copy yet"),
        None => look("backup", "none was made with diligence backup", ADVICE),
        Some(last) => match now.seconds_since(last) / (24 * 60 * 60) {
            days if days >= OLD_BACKUP_DAYS => {
                look("backup", format!("the last was made {days} days ago, at {last}"), ADVICE)
            }
            _ => good("backup", format!("the last was made at {last}")),
        },
    }
}

fn keys(register: &Register) -> Finding {
    match register.ending_keys {
        (count, Some(day)) if count > 0 => look(
            "keys",
            format!("{count} end within 30 days, the first on {day}"),
            "see diligence key list --expires-soon, and rotate them",
        ),
        _ => good("keys", "none ends within 30 days"),
    }
}

fn audit(register: &Register) -> Finding {
    match (register.altered_trails.first(), register.event_count) {
        (Some((name, count, first)), _) => {
            let others = register.altered_trails.len() - 1;
            let more = if others > 0 { format!(", and those of {others} more organisations") } else { String::new() };
            let finding = format!("the trail of {name:?} is not as it was written ({count} in all; {first}){more}");
            wrong(
                "audit",
                finding,
                "keep the database as it is, and compare it with a backup: diligence audit verify tells all",
            )
        }
        (None, Some(count)) => good("audit", format!("{count} events, each as it was written")),
        (None, None) => {
            look("audit", "not verified, as the schema is older than this program", "ask again once it is up to date")
        }
    }
}

fn due(derived: &Derived) -> Finding {
    let Derived { due_item_count, waiting_count, wrong_count, drifted } = derived;
    if *waiting_count > 0 {
        return look(
            "due",
            format!("the lists of {waiting_count} organisations are not yet derived by the rules of this program"),
            "start the program, which does it first",
        );
    }
    if let Some((name, drift)) = drifted.first() {
        let others = drifted.len() - 1;
        let more = if others > 0 { format!(", and in {others} more organisations") } else { String::new() };
        let (items, lines) = (drift.due_count, drift.line_count);
        let ids: Vec<String> = drift.suppliers.iter().map(ToString::to_string).collect();
        return look(
            "due",
            format!(
                "of {name:?}, {items} items of what is due and {lines} lines of the register are not what follows{more}"
            ),
            format!("save these suppliers again, and they are derived anew: {}", ids.join(", ")),
        );
    }
    if *wrong_count > 0 {
        return wrong(
            "due",
            format!(
                "{wrong_count} of the numbers that are kept of the register and of what is due are not how many there are"
            ),
            "put the last backup back, or keep the database as it is and tell who makes this program",
        );
    }
    good("due", format!("{due_item_count} items, each as it follows"))
}

fn disk(examined: &Examination) -> Finding {
    let mut places = vec![std::env::temp_dir()];
    if let Some(place) = &examined.place {
        places.insert(0, folder(place));
    }
    let needed = examined
        .opened
        .as_ref()
        .ok()
        .filter(|_| examined.place.is_some())
        .and_then(|opened| opened.size)
        .unwrap_or_default();
    let mut told = Vec::new();
    for place in &places {
        match free(place) {
            Ok(room) if room < NO_ROOM => {
                return wrong(
                    "disk",
                    format!("{} are free in {}", size(room), place.display()),
                    "make room: what does not fit is not kept",
                );
            }
            Ok(room) if room < LITTLE_ROOM || room < needed => {
                return look(
                    "disk",
                    format!("{} are free in {}", size(room), place.display()),
                    "make room before it is full; a copy of the data needs as much as it is large",
                );
            }
            Ok(room) => told.push(format!("{} are free in {}", size(room), place.display())),
            Err(reason) => {
                return look(
                    "disk",
                    format!("how much is free in {} is not known ({reason})", place.display()),
                    "see that the folder is there",
                );
            }
        }
    }
    good("disk", told.join(", "))
}

fn address(config: &Config) -> Finding {
    if let Some(Err(reason)) = config.tls.as_ref().map(Tls::read) {
        return wrong("address", reason, "the program does not start without them");
    }
    match &config.public_url {
        None if config.listen.ip().is_loopback() => {
            good("address", format!("on this machine only: {}", config.link("")))
        }
        None => look(
            "address",
            format!("links lead to {}, which others do not reach", config.link("")),
            "set public_url to the address that people use",
        ),
        Some(url) if !url.is_secure() && !is_local(url) => look(
            "address",
            format!("{url} is not encrypted, and browsers do not keep anyone signed in there"),
            "give it a certificate, and https in public_url",
        ),
        Some(url) => good("address", url.to_string()),
    }
}

fn is_local(url: &PublicUrl) -> bool {
    let host = url.host();
    host == "localhost" || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn proxies(config: &Config) -> Finding {
    if let Some(network) = config.trusted_proxies.iter().find(|network| network.prefix_len() == 0) {
        return wrong(
            "proxies",
            format!("everyone is believed about who they are ({network} is in trusted_proxies)"),
            "list the addresses of your proxies alone",
        );
    }
    if let Some(warning) = exposed(config).first() {
        let (finding, advice) = warning.split_once(": ").unwrap_or((warning, "see diligence serve --help"));
        return look("proxies", finding, advice);
    }
    match config.trusted_proxies.len() {
        0 => good("proxies", "none is believed, and none is needed"),
        _ => good(
            "proxies",
            format!(
                "believed are {}",
                config.trusted_proxies.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
            ),
        ),
    }
}

async fn mail(config: &Config) -> Result<Finding, Failure> {
    if config.smtp_url.is_none() {
        return Ok(good("mail", "none is sent: links are handed over by people"));
    }
    let mailer = Mailer::new(config.smtp_url.as_deref(), config.smtp_from.as_deref()).map_err(Failure::usage)?;
    let advice =
        "see that smtp_url names the right server, port, user and password; until then links are handed over by people";
    Ok(match tokio::time::timeout(PATIENCE, mailer.check()).await {
        Ok(Ok(())) => good("mail", "the mail server takes letters from us"),
        Ok(Err(reason)) => wrong("mail", format!("the mail server takes none ({reason})"), advice),
        Err(_) => wrong("mail", "the mail server does not answer in time", advice),
    })
}

/// Whether what answers at the public address is this program.
async fn reached(config: &Config) -> Finding {
    let Some(url) = &config.public_url else {
        return look("reach", "there is no public address to ask", "set public_url to the address that people use");
    };
    let asked = async {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PATIENCE)
            .build()
            .map_err(deepest)?;
        let mut answer = client.get(url.link("/health/live")).send().await.map_err(deepest)?;
        let start = answer.chunk().await.map_err(deepest)?.unwrap_or_default();
        Ok::<_, String>((answer.status(), answer.headers().contains_key("x-request-id"), start))
    };
    match asked.await {
        Ok((status, true, start)) if status == 200 && &start[..] == b"alive\n" => {
            good("reach", format!("{url} is answered by this program"))
        }
        Ok((status, ..)) if status == 421 => wrong(
            "reach",
            format!("{url} is refused by the program that answers there"),
            "start that program with the same public_url",
        ),
        Ok((status, ..)) => wrong(
            "reach",
            format!("{url} is answered by something else (status {status})"),
            "see where the name and the proxy lead",
        ),
        Err(reason) => wrong(
            "reach",
            format!("{url} does not answer from here ({reason})"),
            "see that the name, the proxy and the certificate are right",
        ),
    }
}

/// What lies beneath an error, which says why.
fn deepest(error: reqwest::Error) -> String {
    let mut deepest: &dyn std::error::Error = &error;
    while let Some(deeper) = deepest.source() {
        deepest = deeper;
    }
    plain(&deepest.to_string())
}

fn folder(place: &Path) -> PathBuf {
    place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned()
}

#[cfg(unix)]
fn free(folder: &Path) -> Result<u64, String> {
    let found = rustix::fs::statvfs(folder).map_err(|error| error.to_string())?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}

#[cfg(not(unix))]
fn free(_: &Path) -> Result<u64, String> {
    Err("not asked on this system".into())
}

#[cfg(unix)]
fn can_write(folder: &Path) -> bool {
    rustix::fs::access(folder, rustix::fs::Access::WRITE_OK).is_ok()
}

#[cfg(not(unix))]
fn can_write(_: &Path) -> bool {
    true
}

/// A number of bytes for people.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["bytes", "KiB", "MiB", "GiB", "TiB"];
    let unit = (1..UNITS.len()).rev().find(|unit| bytes >> (10 * unit) > 0).unwrap_or_default();
    format!("{} {}", bytes >> (10 * unit), UNITS.get(unit).unwrap_or(&"bytes"))
}

#[cfg(test)]
mod tests {
    use diligence_entities::{clock::Day, register::Drift};

    use super::*;

    fn now() -> Moment {
        "2027-03-01T09:00:00Z".parse().expect("a time")
    }

    fn register() -> Register {
        Register {
            organisation_count: 1,
            last_event_at: Some(now()),
            last_copy_at: Some(now()),
            ending_keys: (0, None),
            event_count: Some(7),
            altered_trails: Vec::new(),
            derived: Some(Derived::default()),
        }
    }

    fn opened() -> Opened {
        Opened {
            server: "PostgreSQL 15".into(),
            is_read_only: None,
            schema: Schema::Current("m0001".into()),
            size: Some(1 << 20),
            wal_size: None,
            damage: None,
            time: Some(now()),
            register: None,
        }
    }

    #[test]
    fn clocks_that_differ_and_a_clock_that_went_back_are_told() {
        let marks = |time: Option<i64>, last: i64| {
            let opened = Opened { time: time.map(|seconds| now().plus_seconds(seconds)), ..opened() };
            times(&opened, &Register { last_event_at: Some(now().plus_seconds(last)), ..register() }, now()).mark
        };
        assert_eq!(marks(Some(0), 0), Mark::Good);
        assert_eq!(marks(Some(-6), 0), Mark::Look);
        assert_eq!(marks(Some(61), 0), Mark::Wrong);
        assert_eq!((marks(None, 5), marks(None, 6), marks(None, -1_000_000)), (Mark::Good, Mark::Wrong, Mark::Good));
    }

    #[test]
    fn an_old_backup_and_none_are_told_but_for_an_empty_register() {
        let mark = |last: Option<i64>, organisation_count: usize| {
            backup(
                &Register {
                    last_copy_at: last.map(|days| now().plus_hours(-24 * days)),
                    organisation_count,
                    ..register()
                },
                now(),
            )
            .mark
        };
        assert_eq!(
            (mark(Some(6), 1), mark(Some(7), 1), mark(None, 1), mark(None, 0)),
            (Mark::Good, Mark::Look, Mark::Look, Mark::Good)
        );
    }

    #[test]
    fn keys_trails_and_a_large_wal_are_told() {
        let day: Day = "2027-03-09".parse().expect("a day");
        assert_eq!(
            keys(&Register { ending_keys: (2, Some(day)), ..register() }).to_string(),
            "look  keys      2 end within 30 days, the first on 2027-03-09: see diligence key list --expires-soon, and rotate them"
        );
        assert_eq!(
            audit(&Register { altered_trails: vec![("A".into(), 1, "x".into())], ..register() }).mark,
            Mark::Wrong
        );
        assert_eq!(audit(&Register { event_count: None, ..register() }).mark, Mark::Look);
        assert_eq!(data(&Opened { wal_size: Some(LARGE_WAL + 1), ..opened() }).mark, Mark::Look);
        assert_eq!(
            (size(0), size(1023), size(1024), size(5 << 30)),
            ("0 bytes".into(), "1023 bytes".into(), "1 KiB".into(), "5 GiB".into())
        );
    }

    #[test]
    fn lists_that_are_not_what_follows_and_such_that_have_yet_to_be_derived_are_told() {
        assert_eq!(due(&Derived::default()), good("due", "0 items, each as it follows"));
        let waiting = due(&Derived { waiting_count: 2, ..Derived::default() });
        assert!(waiting.mark == Mark::Look && waiting.finding.contains("of 2 organisations"), "{waiting}");
        let drift = Drift { line_count: 1, due_count: 3, ..Drift::default() };
        let told =
            due(&Derived { drifted: vec![("A".into(), drift.clone()), ("B".into(), drift)], ..Derived::default() });
        assert_eq!(told.mark, Mark::Look);
        assert!(told.finding.ends_with(
            "3 items of what is due and 1 lines of the register are not what follows, and in 1 more organisations"
        ));
        assert_eq!(due(&Derived { wrong_count: 1, ..Derived::default() }).mark, Mark::Wrong);
    }

    #[test]
    fn what_is_wrong_around_it_is_told_by_configuration() {
        let mark = |change: fn(&mut Config), of: fn(&Config) -> Finding| {
            let mut config = Config::default();
            change(&mut config);
            of(&config).mark
        };
        assert_eq!((mark(|_| (), address), mark(|_| (), proxies)), (Mark::Good, Mark::Good));
        assert_eq!(mark(|config| config.public_url = "http://register.example.org".parse().ok(), address), Mark::Look);
        assert_eq!(mark(|config| config.public_url = "http://127.0.0.1:80".parse().ok(), address), Mark::Good);
        assert_eq!(mark(|config| config.public_url = "https://register.example.org".parse().ok(), proxies), Mark::Look);
        assert_eq!(
            mark(|config| config.trusted_proxies = vec!["0.0.0.0/0".parse().expect("a network")], proxies),
            Mark::Wrong
        );
        assert_eq!(
            mark(
                |config| config.tls =
                    Some(crate::config::TlsFiles { certificate: "/nowhere".into(), key: "/nowhere".into() }),
                address
            ),
            Mark::Wrong
        );
    }
}
