//! The log never stops the service: a pipe that nobody reads, a reader that went away, a disk that is full.

use std::{
    fs::OpenOptions,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
};

use crate::{
    operations::{empty, run},
    server::command,
};

/// How many requests fill every place in which lines could wait: some 200 bytes a line, 64 KiB in a pipe, 4096 lines in
/// the program.
const MANY: usize = 6000;

/// A running program whose output goes nowhere that says where it listens.
struct Quiet {
    process: Child,
    port: u16,
}

impl Quiet {
    fn start(url: &str, output: impl Into<Stdio>, log: impl Into<Stdio>, more: &[&str]) -> Self {
        // A port that is free now; what it listens on is said where nobody reads.
        let port =
            TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port();
        let listen = format!("127.0.0.1:{port}");
        let mut command = command(&[
            "serve",
            "--listen",
            &listen,
            "--database-url",
            url,
            "--stranger-requests-per-minute",
            "0",
            "--address-requests-per-minute",
            "0",
        ]);
        let process = command.args(more).stdout(output).stderr(log).spawn().expect("the program starts");
        let mut started = Self { process, port };
        while TcpStream::connect(&listen).is_err() {
            assert_eq!(started.process.try_wait().expect("a process"), None, "it ended");
            std::thread::yield_now();
        }
        started
    }

    fn connect(&self) -> BufReader<TcpStream> {
        BufReader::new(TcpStream::connect(("127.0.0.1", self.port)).expect("it listens"))
    }

    /// So many requests one after the other on one connection, each of which leaves a line in the log.
    fn ask(&self, count: usize) {
        let mut connection = self.connect();
        for _ in 0..count {
            let said = get(&mut connection, "/health/live");
            assert!(said.ends_with("alive\n"), "{said}");
        }
    }

    /// How many lines of the log were dropped, as it says itself.
    fn dropped(&self) -> usize {
        let metrics = get(&mut self.connect(), "/metrics");
        let (_, count) = metrics.split_once("\ndiligence_log_lines_dropped_total ").expect("a count");
        count.lines().next().and_then(|count| count.parse().ok()).expect("a number")
    }

    /// Stops it as a person would; it must end by itself, and well.
    fn stop(mut self) {
        let sent = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status().expect("kill runs");
        assert!(sent.success());
        assert_eq!(self.process.wait().expect("it ends").code(), Some(0));
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The body that is at this address.
fn get(connection: &mut BufReader<TcpStream>, path: &str) -> String {
    connection.get_mut().write_all(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes()).expect("sent");
    let mut length = 0;
    loop {
        let mut line = String::new();
        assert_ne!(connection.read_line(&mut line).expect("a line of a head"), 0, "it hung up");
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length: ") {
            length = value.trim().parse().expect("a length");
        }
        if line == "\r\n" {
            break;
        }
    }
    let mut body = vec![0; length];
    connection.read_exact(&mut body).expect("a body");
    String::from_utf8(body).expect("text")
}

#[tokio::test]
async fn a_log_in_a_pipe_that_nobody_reads_is_cut_and_goes_on_when_it_is_read() {
    let (url, _folder) = empty().await;
    for format in ["text", "json"] {
        let (reader, log) = std::io::pipe().expect("a pipe");
        let program = Quiet::start(&url, Stdio::null(), log, &["--log-format", format]);
        program.ask(MANY);
        let dropped = program.dropped();
        assert!((500..MANY).contains(&dropped), "{dropped} of {MANY}");
        // One line says how many are missing, and those that come later are there again.
        let mut lines = BufReader::new(reader).lines().map(|line| line.expect("a line"));
        let said =
            lines.find(|line| line.contains("lines of the log could not be written")).expect("a line that says so");
        let told: usize =
            said.split(|letter: char| !letter.is_ascii_digit()).find_map(|part| part.parse().ok()).expect("a number");
        assert!(told >= dropped && (format == "text" || said.starts_with('{')), "{said} of {dropped}");
        let reads = std::thread::spawn(move || lines.filter(|line| line.contains("/health/live")).count());
        program.ask(10);
        assert_eq!(program.dropped(), told);
        program.stop();
        assert!(reads.join().expect("it reads to the end") >= 10);
    }
}

#[tokio::test]
async fn a_program_whose_log_nobody_reads_any_more_stops_when_it_is_told_to() {
    let (url, _folder) = empty().await;
    let (_reader, log) = std::io::pipe().expect("a pipe");
    let program = Quiet::start(&url, Stdio::null(), log, &[]);
    program.ask(MANY);
    program.stop();
}

#[tokio::test]
async fn a_log_whose_reader_went_away_or_whose_disk_is_full_is_dropped_and_answers_go_out() {
    let (url, _folder) = empty().await;
    let gone = || {
        let (reader, log) = std::io::pipe().expect("a pipe");
        drop(reader);
        Stdio::from(log)
    };
    let full = || Stdio::from(OpenOptions::new().write(true).open("/dev/full").expect("a disk that is full"));
    for place in [gone as fn() -> Stdio, full] {
        let program = Quiet::start(&url, place(), place(), &[]);
        program.ask(300);
        // Each of these left a line; the last may not have been tried yet, since lines are gathered.
        let mut tries = 0;
        while program.dropped() < 300 {
            tries += 1;
            assert!(tries < 2000, "{}", program.dropped());
        }
        program.stop();
    }
    // The first start could not show its way in. There is another.
    let key = run(&[
        "key",
        "create",
        "--organisation",
        "My organisation",
        "--role",
        "admin",
        "--name",
        "Second",
        "--database-url",
        &url,
    ]);
    assert!(key.0 == Some(0) && key.1.starts_with("dlg_"), "{key:?}");
}

#[tokio::test]
async fn a_first_start_whose_welcome_nobody_reads_serves_all_the_same() {
    let (url, _folder) = empty().await;
    let (_reader, mut output) = std::io::pipe().expect("a pipe");
    // Full to the last byte, so that not even a word goes in.
    let full = output.try_clone().expect("a second end");
    std::thread::spawn(move || output.write_all(&vec![b'x'; 1 << 20]));
    let program = Quiet::start(&url, full, Stdio::null(), &[]);
    program.ask(1);
    program.stop();
}
