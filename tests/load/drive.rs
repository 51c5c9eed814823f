//! Clients that ask.

use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use crate::answer::Connection;

/// Who asks, where and how long.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) clients: usize,
    pub(crate) seconds: f64,
    /// How many they ask a second, all together; 0 is as many as are answered.
    pub(crate) rate: f64,
    pub(crate) addresses: Vec<String>,
}

/// A request as it goes over the wire. In it `{number:BASE}` stands for a number that no other request of this run has,
/// of nine digits and from BASE on, and `{count:BASE}` for how often this one was sent before, from BASE on. The length
/// that the request says is that of the finished one, so what has no fixed width belongs into its head.
#[derive(Debug)]
pub(crate) struct Template {
    parts: Vec<Part>,
}

#[derive(Debug)]
enum Part {
    Bytes(Vec<u8>),
    Number(u64),
    Count(u64),
}

/// The requests in `all`: each after a line that says how many bytes it has.
pub(crate) fn templates(all: &[u8]) -> Result<Vec<Template>, String> {
    let (mut rest, mut templates) = (all, Vec::new());
    while !rest.is_empty() {
        let place = || format!("request {} on standard input", templates.len() + 1);
        let end = rest.iter().position(|byte| *byte == b'\n');
        let line = end.and_then(|end| std::str::from_utf8(&rest[..end]).ok());
        let (Some(end), Some(Ok(size))) = (end, line.map(str::parse::<usize>)) else {
            return Err(format!("{}: expected a line that says how many bytes it has", place()));
        };
        let Some((request, after)) = rest[end + 1..].split_at_checked(size) else {
            return Err(format!("{}: expected {size} bytes, not {}", place(), rest.len() - end - 1));
        };
        let template = Template::read(request).map_err(|fault| format!("{}: {fault}", place()))?;
        templates.push(template);
        rest = after;
    }
    if templates.is_empty() { Err("standard input: expected a request".to_owned()) } else { Ok(templates) }
}

impl Template {
    fn read(request: &[u8]) -> Result<Self, String> {
        let (mut parts, mut rest) = (Vec::new(), request);
        while let Some((place, name)) = next_mark(rest) {
            let (before, mark) = rest.split_at(place);
            let end =
                mark.iter().position(|byte| *byte == b'}').ok_or_else(|| format!("expected }} after {{{name}:"))?;
            let base = std::str::from_utf8(&mark[name.len() + 2..end]).ok().and_then(|base| base.parse().ok());
            let base = base.ok_or_else(|| format!("expected a number after {{{name}:"))?;
            parts.push(Part::Bytes(before.to_vec()));
            parts.push(if name == NUMBER { Part::Number(base) } else { Part::Count(base) });
            rest = &mark[end + 1..];
        }
        parts.push(Part::Bytes(rest.to_vec()));
        Ok(Self { parts })
    }

    fn is_counted(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Count(_)))
    }

    /// Writes the request anew into `request`.
    fn write(&self, request: &mut Vec<u8>, number: u64, count: u64) {
        request.clear();
        for part in &self.parts {
            match part {
                Part::Bytes(bytes) => request.extend_from_slice(bytes),
                Part::Number(base) => request.extend_from_slice(format!("{:09}", base + number).as_bytes()),
                Part::Count(base) => request.extend_from_slice((base + count).to_string().as_bytes()),
            }
        }
    }
}

const NUMBER: &str = "number";
const COUNT: &str = "count";

/// Where the next mark is, and which.
fn next_mark(text: &[u8]) -> Option<(usize, &'static str)> {
    text.iter().enumerate().filter(|(_, byte)| **byte == b'{').find_map(|(place, _)| {
        let after = &text[place + 1..];
        let is = |name: &&str| after.strip_prefix(name.as_bytes()).is_some_and(|after| after.starts_with(b":"));
        [NUMBER, COUNT].into_iter().find(is).map(|name| (place, name))
    })
}

/// How many requests were answered, and in how many seconds.
pub(crate) async fn drive(plan: &Plan, templates: Vec<Template>) -> Result<String, String> {
    if plan.clients == 0 {
        return Err("CLIENTS: expected at least 1".to_owned());
    }
    let are_counted = templates.iter().any(Template::is_counted);
    if are_counted && !templates.len().is_multiple_of(plan.clients) {
        return Err(format!(
            "expected a multiple of {} requests, not {}: one with {{count:}} belongs to one client",
            plan.clients,
            templates.len()
        ));
    }
    let (templates, mut connections) = (Arc::new(templates), Vec::new());
    for client in 0..plan.clients {
        let address = &plan.addresses[client % plan.addresses.len()];
        connections.push(Connection::open(address).await.map_err(|error| format!("{address}: {error}"))?);
    }
    let start = Instant::now();
    let mut clients = Vec::new();
    for (index, connection) in connections.into_iter().enumerate() {
        let client = Client {
            connection,
            index,
            of: plan.clients,
            templates: Arc::clone(&templates),
            are_counted,
            between: if plan.rate > 0.0 { plan.clients as f64 / plan.rate } else { 0.0 },
            start,
            seconds: plan.seconds,
        };
        clients.push(tokio::spawn(client.run()));
    }
    let mut count = 0;
    for client in clients {
        count += client.await.map_err(|error| error.to_string())??;
    }
    Ok(measured(count, start.elapsed()))
}

/// As `tests/load/run` reads it.
pub(crate) fn measured(count: u64, took: Duration) -> String {
    format!("{{\"count\": {count}, \"seconds\": {:.6}}}", took.as_secs_f64())
}

struct Client {
    connection: Connection,
    index: usize,
    of: usize,
    templates: Arc<Vec<Template>>,
    are_counted: bool,
    /// How long from one request to the next, in seconds; 0 where the next follows the answer.
    between: f64,
    start: Instant,
    seconds: f64,
}

impl Client {
    /// How many answers came.
    async fn run(mut self) -> Result<u64, String> {
        let (mut sent, mut request) = (0_usize, Vec::new());
        // The clients of a rate take turns.
        let first = self.between * self.index as f64 / self.of as f64;
        loop {
            if self.between > 0.0 {
                let when = first + self.between * sent as f64;
                if when >= self.seconds {
                    break;
                }
                tokio::time::sleep_until((self.start + Duration::from_secs_f64(when)).into()).await;
            }
            if self.start.elapsed().as_secs_f64() >= self.seconds {
                break;
            }
            let (place, count) = self.place(sent);
            let number = self.index + self.of * sent;
            self.templates[place].write(&mut request, number as u64, count as u64);
            self.ask(&request).await?;
            sent += 1;
        }
        Ok(sent as u64)
    }

    /// Which request comes next, and how often this client has sent it: each client asks everything in turn, beginning
    /// at another place, but a request that is counted is always one client's.
    fn place(&self, sent: usize) -> (usize, usize) {
        let all = self.templates.len();
        if self.are_counted {
            let own = all / self.of;
            (sent % own * self.of + self.index, sent / own)
        } else {
            ((self.index * all / self.of + sent) % all, sent / all)
        }
    }

    async fn ask(&mut self, request: &[u8]) -> Result<(), String> {
        let fault = |error: io::Error| format!("{}: {error}", first_line(request));
        let head = self.connection.ask(request).await.map_err(fault)?;
        if head.is_good() {
            return self.connection.body(head, |_| {}).await.map_err(fault);
        }
        let mut text = Vec::new();
        self.connection.body(head, |piece| text.extend_from_slice(piece)).await.map_err(fault)?;
        Err(refused(request, head.status, &text))
    }
}

fn first_line(request: &[u8]) -> String {
    let end = request.iter().position(|byte| *byte == b'\r').unwrap_or(request.len());
    String::from_utf8_lossy(&request[..end]).into_owned()
}

fn refused(request: &[u8], status: u16, text: &[u8]) -> String {
    let text = String::from_utf8_lossy(&text[..text.len().min(1000)]).into_owned();
    format!("{} was answered {status}: {text}", first_line(request))
}

/// One request: when the body of its answer began, when it ended, and what it was.
pub(crate) async fn fetch(address: &str, template: &Template) -> Result<String, String> {
    let mut request = Vec::new();
    template.write(&mut request, 0, 0);
    let fault = |error: io::Error| format!("{address}: {error}");
    let mut connection = Connection::open(address).await.map_err(fault)?;
    let start = Instant::now();
    let head = connection.ask(&request).await.map_err(fault)?;
    let (mut began, mut lines, mut size, mut text) = (None, 0_usize, 0_usize, Vec::new());
    let seen = |piece: &[u8]| {
        began.get_or_insert_with(|| start.elapsed());
        lines += piece.iter().filter(|byte| **byte == b'\n').count();
        size += piece.len();
        if !head.is_good() {
            text.extend_from_slice(piece);
        }
    };
    connection.body(head, seen).await.map_err(fault)?;
    if !head.is_good() {
        return Err(refused(&request, head.status, &text));
    }
    let took = start.elapsed();
    let began = began.unwrap_or(took);
    Ok(format!(
        "{{\"lines\": {lines}, \"bytes\": {size}, \"first\": {:.6}, \"seconds\": {:.6}}}",
        began.as_secs_f64(),
        took.as_secs_f64()
    ))
}
