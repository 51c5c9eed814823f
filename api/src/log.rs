//! Where the log's lines go: to a queue, from which a thread of its own writes them. Whoever logs never waits and never
//! fails.
//!
//! Standard error can be a pipe that nobody reads, a reader that went away, or a disk that is full. Then lines are
//! dropped and counted (`diligence_log_lines_dropped_total`), and the first line that can be written again says how
//! many. `tracing-appender` drops what does not fit too, but does not count what could not be written, nor say that it
//! is well again.

use std::{
    io::{self, Write},
    panic::PanicHookInfo,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel},
    },
    thread,
    time::Duration,
};

use tracing_subscriber::fmt::MakeWriter;

/// How many lines wait to be written at the most.
const WAITING: usize = 4096;
/// How long a line may be, in bytes; what is longer is cut.
const LONGEST: usize = 16 << 10;

/// How long lines are gathered before they are written: whoever logs would else wake the thread that writes, and a line
/// cost as much as a request.
const GATHERING: Duration = Duration::from_millis(2);
/// How much is written at a time, in bytes.
const GATHERED: usize = 64 << 10;

/// Lines that were dropped since the program began. The log is the program's, and so is the count.
static DROPPED: AtomicU64 = AtomicU64::new(0);

/// How many lines of the log were dropped since the program began.
pub(crate) fn dropped() -> u64 {
    DROPPED.load(Ordering::Relaxed)
}

/// What the queue holds.
enum Message {
    Line(Vec<u8>),
    /// Says when everything before it was written.
    Flush(SyncSender<()>),
}

/// The way into the log.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    queue: SyncSender<Message>,
    dropped: Arc<Dropped>,
}

/// Counts what is dropped, here and for the whole program.
#[derive(Debug, Default)]
struct Dropped(AtomicU64);

impl Dropped {
    fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
        DROPPED.fetch_add(count, Ordering::Relaxed);
    }
}

impl Log {
    /// A log into `out`. `told` makes the line that says how many were dropped.
    ///
    /// # Errors
    /// Where no thread can be started.
    pub(crate) fn start(
        out: impl Write + Send + 'static,
        told: impl Fn(u64) -> String + Send + 'static,
    ) -> io::Result<Self> {
        let (queue, lines) = sync_channel(WAITING);
        let dropped = Arc::new(Dropped::default());
        let of_writer = Arc::clone(&dropped);
        thread::Builder::new().name("log".into()).spawn(move || write_on(out, &lines, &of_writer, told))?;
        Ok(Self { queue, dropped })
    }

    /// Waits until everything so far is written, but not longer than `most`: whoever does not read does not keep the
    /// program from ending.
    pub(crate) fn flush(&self, most: Duration) {
        let (done, written) = sync_channel(1);
        if self.queue.try_send(Message::Flush(done)).is_ok() {
            let _: Result<(), RecvTimeoutError> = written.recv_timeout(most);
        }
    }
}

fn write_on(out: impl Write, lines: &Receiver<Message>, dropped: &Dropped, told: impl Fn(u64) -> String) {
    let mut writing = Writing { out, dropped, told, told_of: 0, is_broken_off: false };
    let (mut gathered, mut count) = (Vec::new(), 0);
    while let Ok(first) = lines.recv() {
        if matches!(first, Message::Line(_)) {
            thread::sleep(GATHERING);
        }
        let mut next = Some(first);
        while let Some(message) = next {
            match message {
                Message::Line(line) => {
                    gathered.extend_from_slice(&line);
                    count += 1;
                    if gathered.len() >= GATHERED {
                        writing.write(&mut gathered, &mut count);
                    }
                }
                Message::Flush(done) => {
                    writing.write(&mut gathered, &mut count);
                    let _ = done.send(());
                }
            }
            next = lines.try_recv().ok();
        }
        writing.write(&mut gathered, &mut count);
    }
}

/// Where lines are written, and what is known of it.
struct Writing<'a, W, T> {
    out: W,
    dropped: &'a Dropped,
    told: T,
    told_of: u64,
    is_broken_off: bool,
}

impl<W: Write, T: Fn(u64) -> String> Writing<'_, W, T> {
    /// Writes so many lines, and how many were dropped before them where that was not said yet.
    fn write(&mut self, lines: &mut Vec<u8>, count: &mut u64) {
        if *count == 0 {
            return;
        }
        let now = self.dropped.0.load(Ordering::Relaxed);
        if now > self.told_of {
            // What a write that failed left behind is no part of the next line.
            let start = if self.is_broken_off { "\n" } else { "" };
            if is_written(&mut self.out, format!("{start}{}\n", (self.told)(now - self.told_of)).as_bytes()) {
                self.told_of = now;
                self.is_broken_off = false;
            } else {
                self.is_broken_off = true;
            }
        }
        if now > self.told_of || !is_written(&mut self.out, lines) {
            self.dropped.add(*count);
            self.is_broken_off = true;
        }
        lines.clear();
        *count = 0;
    }
}

fn is_written(out: &mut impl Write, line: &[u8]) -> bool {
    out.write_all(line).and_then(|()| out.flush()).is_ok()
}

/// One line on its way into the log.
#[derive(Debug)]
pub(crate) struct Line<'a>(&'a Log);

impl Write for Line<'_> {
    /// Takes a whole line. Never fails: `tracing-subscriber` complains on standard error, and would stop where that is
    /// the trouble.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut kept = line.get(..LONGEST).unwrap_or(line).to_vec();
        if kept.len() < line.len() {
            kept.push(b'\n');
        }
        if let Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) = self.0.queue.try_send(Message::Line(kept)) {
            self.0.dropped.add(1);
        }
        Ok(line.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Line<'a>;
    fn make_writer(&'a self) -> Line<'a> {
        Line(self)
    }
}

/// Logs a panic, in place of Rust's own hook, which waits for whoever reads standard error.
pub(crate) fn panicked(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let what = panic.payload_as_str().unwrap_or("no message");
    tracing::error!(place, thread = thread::current().name().unwrap_or_default(), "panic: {what}");
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, PoisonError};

    use super::*;

    fn told(count: u64) -> String {
        format!("{count} dropped")
    }

    fn lines(log: &Log, numbers: std::ops::Range<usize>) {
        numbers.for_each(|number| {
            log.make_writer().write_all(format!("line {number} {}\n", "x".repeat(200)).as_bytes()).expect("never fails")
        });
    }

    /// A reader that does not read until it is told to.
    struct Gate {
        is_open: bool,
        reached: SyncSender<()>,
        open: Receiver<()>,
        written: Arc<Mutex<Vec<u8>>>,
    }
    impl Write for Gate {
        fn write(&mut self, part: &[u8]) -> io::Result<usize> {
            if !self.is_open {
                let _ = self.reached.send(());
                let _ = self.open.recv();
                self.is_open = true;
            }
            self.written.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(part);
            Ok(part.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_log_that_nobody_reads_drops_lines_and_says_so_once_when_it_is_read_again() {
        let ((reached, at_gate), (open, opened), written) = (sync_channel(1), sync_channel(1), Arc::default());
        let log = Log::start(Gate { is_open: false, reached, open: opened, written: Arc::clone(&written) }, told)
            .expect("a thread");
        lines(&log, 0..1);
        at_gate.recv().expect("the first line waits to be read");
        // So many wait, and there is no place for one more.
        lines(&log, 1..20_001);
        let lost = 20_000 - WAITING;
        assert_eq!(log.dropped.0.load(Ordering::Relaxed), lost as u64);
        open.send(()).expect("it is read");
        drop(log);
        assert!(at_gate.recv().is_err(), "everything is written, and the writer is gone");
        let text = String::from_utf8(written.lock().unwrap_or_else(PoisonError::into_inner).clone()).expect("text");
        let starts: Vec<String> =
            text.lines().map(|line| line.split(" x").next().unwrap_or_default().to_owned()).collect();
        let expected: Vec<String> = ["line 0".to_owned(), told(lost as u64)]
            .into_iter()
            .chain((1..=WAITING).map(|number| format!("line {number}")))
            .collect();
        assert_eq!(starts, expected);
    }

    /// A disk: full while it is said to be.
    #[derive(Clone, Default)]
    struct Disk(Arc<Mutex<(bool, Vec<u8>)>>);
    impl Write for Disk {
        fn write(&mut self, part: &[u8]) -> io::Result<usize> {
            let mut disk = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if disk.0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            // A line goes in parts, the last of which may be the one too many.
            let part = &part[..part.len().min(8)];
            disk.1.extend_from_slice(part);
            disk.0 = part == b"and then";
            Ok(part.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_disk_that_was_full_goes_on_with_a_line_that_says_how_many_are_missing() {
        let disk = Disk::default();
        let log = Log::start(disk.clone(), told).expect("a thread");
        let say = |line: &str| {
            log.make_writer().write_all(line.as_bytes()).expect("never fails");
            log.flush(Duration::from_secs(60));
        };
        say("one\n");
        say("and then it is full\n");
        say("lost\n");
        disk.0.lock().unwrap_or_else(PoisonError::into_inner).0 = false;
        say("two\n");
        say("three\n");
        let text = String::from_utf8(disk.0.lock().unwrap_or_else(PoisonError::into_inner).1.clone()).expect("text");
        assert_eq!(text, "one\nand then\n2 dropped\ntwo\nthree\n");
    }

    #[test]
    fn a_reader_that_went_away_stops_nobody_and_a_long_line_is_cut() {
        let (reader, writer) = io::pipe().expect("a pipe");
        drop(reader);
        let log = Log::start(writer, told).expect("a thread");
        lines(&log, 0..100);
        log.flush(Duration::from_secs(60));
        assert!(log.dropped.0.load(Ordering::Relaxed) >= 100);
        let disk = Disk::default();
        let log = Log::start(disk.clone(), told).expect("a thread");
        log.make_writer().write_all(&[b'x'; 3 * LONGEST]).expect("never fails");
        log.flush(Duration::from_secs(60));
        assert_eq!(disk.0.lock().unwrap_or_else(PoisonError::into_inner).1.len(), LONGEST + 1);
    }

    /// What a program does whose log nobody reads: it panics, and goes on. Run by the test below, in a process of its
    /// own.
    #[test]
    #[ignore = "it takes the hook of the whole process"]
    fn child_that_panics() {
        let log = Log::start(io::stderr(), told).expect("a thread");
        tracing_subscriber::fmt().with_writer(log.clone()).log_internal_errors(false).init();
        std::panic::set_hook(Box::new(panicked));
        lines(&log, 0..2 * WAITING);
        for _ in 0..1000 {
            let caught = std::panic::catch_unwind(|| {
                if DROPPED.load(Ordering::Relaxed) < u64::MAX {
                    std::panic::panic_any("a cause")
                }
            });
            assert!(caught.is_err());
        }
        std::process::exit(i32::from(dropped() < 1000));
    }

    #[test]
    fn a_panic_waits_for_nobody_who_reads_the_log() {
        let (_reader, log) = io::pipe().expect("a pipe");
        let own = std::env::current_exe().expect("this test's own path");
        let mut child = std::process::Command::new(own);
        child
            .args(["--exact", "log::tests::child_that_panics", "--ignored", "--nocapture"])
            .stdout(std::process::Stdio::null())
            .stderr(log);
        assert_eq!(child.status().expect("it runs").code(), Some(0));
    }
}
