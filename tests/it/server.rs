//! The real program, started as a person would.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread::{self, JoinHandle},
};

/// A running `diligence serve` on a free port. It goes with its test.
pub(crate) struct Server {
    /// Where it listens, e.g. `http://127.0.0.1:40123`.
    pub(crate) address: String,
    /// The administrator's key it printed; empty if the database was not new.
    pub(crate) key: String,
    /// The link with which the first account is made, if the database was new.
    pub(crate) link: String,
    /// What it said until it was ready.
    pub(crate) said: String,
    /// The process.
    pub(crate) process: Child,
    /// Reads what it says from then on.
    rest: Option<JoinHandle<String>>,
}

/// The program, as `cargo build` left it beside this test.
pub(crate) fn program() -> PathBuf {
    let test = std::env::current_exe().expect("this test's own path");
    let built = test.parent().and_then(|folder| folder.parent()).expect("the target folder").join("diligence");
    assert!(built.exists(), "{} is not built: run `cargo build`, or ./tests/run, which does", built.display());
    built
}

/// The program with these arguments, away from this shell's own settings.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(program());
    command.args(arguments).env_remove("DATABASE_URL").stdin(Stdio::null());
    command
}

impl Server {
    /// Starts it on this database and waits until it says that it is ready.
    pub(crate) fn start(database_url: &str) -> Self {
        Self::start_with(database_url, &[])
    }

    /// Starts it on this database with more arguments.
    pub(crate) fn start_with(database_url: &str, more: &[&str]) -> Self {
        Self::of(command(&["serve", "--listen", "127.0.0.1:0", "--database-url", database_url]).args(more))
    }

    /// Starts it with no more than so many KiB of addresses.
    pub(crate) fn start_within(kibibytes: u32, database_url: &str) -> Self {
        let limited = format!("ulimit -v {kibibytes} && exec \"$0\" \"$@\"");
        let mut command = Command::new("sh");
        command.args(["-c", &limited]).arg(program()).args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--database-url",
            database_url,
        ]);
        Self::of(command.env_remove("DATABASE_URL").stdin(Stdio::null()))
    }

    /// One that was started otherwise, and listens there.
    pub(crate) fn around(address: String, process: Child) -> Self {
        Self { address, key: String::new(), link: String::new(), said: String::new(), process, rest: None }
    }

    /// Starts this command and waits until it says that it is ready.
    pub(crate) fn of(command: &mut Command) -> Self {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        let process = command
            .stdout(writer.try_clone().expect("a second end"))
            .stderr(writer)
            .spawn()
            .expect("the program starts");
        let mut log = BufReader::new(reader);
        let (mut said, mut address) = (String::new(), String::new());
        while address.is_empty() {
            let mut line = String::new();
            assert_ne!(log.read_line(&mut line).expect("a line"), 0, "it ended before it was ready: {said}");
            if let Some((_, rest)) = line.split_once("ready: ") {
                rest.split_whitespace().next().unwrap_or_default().clone_into(&mut address);
            }
            said.push_str(&line);
        }
        // Whoever writes must be read, or it would stop when the pipe is full.
        let rest = thread::spawn(move || {
            let mut rest = String::new();
            let _ = log.read_to_string(&mut rest);
            rest
        });
        let key = said.split_whitespace().find(|word| word.starts_with("dlg_")).unwrap_or_default().to_owned();
        let link = said.split_whitespace().find(|word| word.contains("/invitations#")).unwrap_or_default().to_owned();
        Self { address, key, link, said, process, rest: Some(rest) }
    }

    /// Stops it as whoever runs it would; gives what it said since it was ready.
    pub(crate) fn stops(mut self) -> String {
        let sent = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status().expect("kill runs");
        assert!(sent.success());
        assert_eq!(self.process.wait().expect("it ends").code(), Some(0));
        self.rest.take().expect("a reader").join().expect("it reads to the end")
    }
}

impl Server {
    /// What the system says of the process's memory under this name, such as `VmHWM` for its peak, in MiB.
    pub(crate) fn memory(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).expect("a running process");
        let line =
            status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).expect("a line with this name");
        line.split_whitespace().next().and_then(|number| number.parse::<u64>().ok()).expect("a number of KiB") / 1024
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
