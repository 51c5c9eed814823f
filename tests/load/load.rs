//! What `tests/load/run` measures with: clients that cost little beside what they ask, and the floors.
//!
//! - `drive CLIENTS SECONDS RATE ADDRESS…`: so many clients ask, each on a connection of its own, one request after the
//!   other; the first of them at the first address, the second at the second, and so on. RATE is how many they ask a
//!   second, all together; 0 is as many as are answered. What they ask is read from standard input ([`Template`]).
//! - `fetch ADDRESS`: one client asks once, and says when the answer's body began and how many lines it has.
//! - `constant`: a server that answers everyone the same, until it is ended. It says first where it listens.
//! - `sqlite FILE ROWS SECONDS`: one writer makes durable commits of so many rows each, in a new database.
//!
//! What was measured is printed as one line of JSON. An answer that is not 2xx ends it with 1, and is shown.

#![expect(clippy::print_stdout, reason = "it is read by the program that runs it")]

mod answer;
mod drive;
mod floors;

use std::{env, io::Read as _, process::ExitCode, str::FromStr};

use drive::{Plan, Template};
use tokio::runtime::Builder;

const USAGE: &str =
    "expected drive CLIENTS SECONDS RATE ADDRESS…, fetch ADDRESS, constant, or sqlite FILE ROWS SECONDS";

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    match run(&words.iter().map(String::as_str).collect::<Vec<_>>()) {
        Ok(measured) => {
            println!("{measured}");
            ExitCode::SUCCESS
        }
        Err(fault) => {
            eprintln!("{fault}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[&str]) -> Result<String, String> {
    match words {
        ["drive", clients, seconds, rate, addresses @ ..] if !addresses.is_empty() => {
            let plan = Plan {
                clients: number("CLIENTS", clients)?,
                seconds: number("SECONDS", seconds)?,
                rate: number("RATE", rate)?,
                addresses: addresses.iter().map(|&address| address.to_owned()).collect(),
            };
            // One thread for all clients: they wait for the same sockets, and wake nobody else.
            alone()?.block_on(drive::drive(&plan, templates()?))
        }
        ["fetch", address] => {
            let [template] = templates()?
                .try_into()
                .map_err(|all: Vec<Template>| format!("expected one request, not {}", all.len()))?;
            alone()?.block_on(drive::fetch(address, &template))
        }
        ["constant"] => {
            let threads = Builder::new_multi_thread().enable_all().build();
            threads.map_err(|error| error.to_string())?.block_on(floors::constant())
        }
        ["sqlite", file, rows, seconds] => floors::sqlite(file, number("ROWS", rows)?, number("SECONDS", seconds)?),
        _ => Err(USAGE.to_owned()),
    }
}

fn alone() -> Result<tokio::runtime::Runtime, String> {
    Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())
}

fn number<T: FromStr>(name: &str, word: &str) -> Result<T, String> {
    word.parse().map_err(|_| format!("{name}: expected a number, not {word:?}; {USAGE}"))
}

fn templates() -> Result<Vec<Template>, String> {
    let mut all = Vec::new();
    std::io::stdin().read_to_end(&mut all).map_err(|error| format!("standard input: {error}"))?;
    drive::templates(&all)
}
