//! What the program stands on, doing as little as it can.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use poem::{Route, Server, endpoint::make_sync, listener::TcpAcceptor};
use rusqlite::{Connection, Error};

use crate::drive::measured;

/// Answers everyone the same, until it is ended.
pub(crate) async fn constant() -> Result<String, String> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.map_err(|error| error.to_string())?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let acceptor = TcpAcceptor::from_tokio(listener).map_err(|error| error.to_string())?;
    println!("{address}");
    let server = Server::new_with_acceptor(acceptor);
    server.run(Route::new().at("/", make_sync(|_| "constant"))).await.map_err(|error| error.to_string())?;
    Ok(String::new())
}

/// One writer's commits, each of so many rows and on the disk before the next begins, as the program's are.
pub(crate) fn sqlite(file: &str, rows: usize, seconds: f64) -> Result<String, String> {
    if Path::new(file).exists() {
        return Err(format!("{file}: expected a file that is not there yet"));
    }
    commits(file, rows, seconds).map_err(|error| format!("{file}: {error}"))
}

fn commits(file: &str, rows: usize, seconds: f64) -> Result<String, Error> {
    let connection = Connection::open(file)?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
        CREATE TABLE floor (id integer NOT NULL PRIMARY KEY, body text NOT NULL);",
    )?;
    let mut insert = connection.prepare("INSERT INTO floor (body) VALUES (?1)")?;
    let body = "x".repeat(200);
    let (start, mut count) = (Instant::now(), 0);
    let end = start + Duration::from_secs_f64(seconds);
    while Instant::now() < end {
        let transaction = connection.unchecked_transaction()?;
        for _ in 0..rows {
            insert.execute([&body])?;
        }
        transaction.commit()?;
        count += 1;
    }
    Ok(measured(count, start.elapsed()))
}
