#!/usr/bin/env bash
# Tool: sqlx 0.9.0 (crates.io) on SQLite, a pool of one connection.
# One would guess: when a statement in a transaction fails because the database may not grow (SQLITE_FULL, as on a full disk) and
# the transaction is dropped, the connection is as good as new: the next begin() begins, and commit() keeps.
# What happens: SQLite ends the transaction by itself, the ROLLBACK that sqlx sends is refused ("no transaction is active"), and
# sqlx goes on counting one transaction as open. The next begin() becomes a SAVEPOINT; outside a transaction that begins one;
# its commit() is a RELEASE. Once a transaction has been begun so and rolled back, the one around it never ends: later commits
# answer Ok, the same connection reads what it wrote, and no other connection ever sees it. It is gone when the program ends.
# Why it matters to a register: after one full disk it acknowledges changes, with status 201, that it never keeps.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir src
cat >Cargo.toml <<'TOML'
[package]
name = "finding"
version = "0.0.0"
edition = "2024"
[dependencies]
sqlx = { version = "=0.9.0", default-features = false, features = ["sqlite", "runtime-tokio"] }
tokio = { version = "1", features = ["macros", "rt-multi-thread"] }
TOML
cat >src/main.rs <<'RUST'
use sqlx::{Connection, Row, sqlite::{SqliteConnectOptions, SqliteConnection, SqlitePoolOptions}};

async fn seen(url: &str) -> i64 {
    let mut other = SqliteConnection::connect(url).await.unwrap();
    sqlx::query("SELECT count(*) FROM supplier").fetch_one(&mut other).await.unwrap().get(0)
}

#[tokio::main]
async fn main() {
    let url = "sqlite://register.db";
    let options: SqliteConnectOptions = url.parse().unwrap();
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options.create_if_missing(true)).await.unwrap();
    sqlx::query("PRAGMA journal_mode = WAL").execute(&pool).await.unwrap();
    sqlx::query("CREATE TABLE supplier (name TEXT)").execute(&pool).await.unwrap();
    // No room: as many pages as there are.
    sqlx::query("PRAGMA max_page_count = 2").execute(&pool).await.unwrap();
    let mut full = pool.begin().await.unwrap();
    let error = sqlx::query("INSERT INTO supplier VALUES (?)").bind("x".repeat(100_000)).execute(&mut *full).await.unwrap_err();
    println!("without room: {}", error.as_database_error().unwrap().message());
    drop(full);
    // Room again.
    sqlx::query("PRAGMA max_page_count = 100000").execute(&pool).await.unwrap();
    // A change that is given up, as one is that somebody else was quicker with.
    let refused = pool.begin().await.unwrap();
    drop(refused);
    for name in ["Harbour", "Haven", "Holm"] {
        let mut change = pool.begin().await.unwrap();
        sqlx::query("INSERT INTO supplier VALUES (?)").bind(name).execute(&mut *change).await.unwrap();
        println!("commit of {name}: {:?}", change.commit().await);
    }
    let own: i64 = sqlx::query("SELECT count(*) FROM supplier").fetch_one(&pool).await.unwrap().get(0);
    println!("seen by the same connection: {own}, by another: {}", seen(url).await);
    drop(pool);
}
RUST
cargo generate-lockfile --quiet
cargo run --quiet >output.txt 2>errors.txt || { cat errors.txt; exit 2; }
cargo tree --quiet --depth 1 | grep sqlx
cat output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
without room: database or disk is full
commit of Harbour: Ok(())
commit of Haven: Ok(())
commit of Holm: Ok(())
seen by the same connection: 3, by another: 0
EXPECTED
