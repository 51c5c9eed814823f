#!/usr/bin/env bash
# Tool: sea-orm 2.0.4 (crates.io), the features `proxy` and `sqlx-sqlite` in one build.
# One would guess: features of a crate add up, as Cargo asks of them: a program that reaches one database through a proxy may open
# a SQLite file with the driver too, and so may its tests.
# What happens: it does not compile. What copies a row of SQLite into one of a proxy still boxes texts, bytes and times, which the
# values of this release hold themselves. Each of the two features builds alone.
# Why it matters to a register: Cargo joins the features of all that is built together, so that a test which opens a file breaks
# the program that goes through a proxy, and moving from one way in to the other cannot be done a step at a time.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir src
echo "fn main() {}" >src/main.rs
# builds FEATURES: whether sea-orm compiles with them.
builds() {
  cat >Cargo.toml <<TOML
[package]
name = "finding"
version = "0.0.0"
edition = "2024"
[dependencies]
sea-orm = { version = "=2.0.4", default-features = false, features = [$1] }
TOML
  cargo generate-lockfile --quiet
  local code=0
  cargo check --quiet >errors.txt 2>&1 || code=$?
  if [ "$code" -eq 0 ]; then echo "$1: builds"; else echo "$1: $(grep -c '^error\[E0308\]: mismatched types' errors.txt) mismatched types"; fi
}
{
  builds '"macros", "with-chrono", "proxy"'
  builds '"macros", "with-chrono", "sqlx-sqlite", "runtime-tokio"'
  builds '"macros", "with-chrono", "proxy", "sqlx-sqlite", "runtime-tokio"'
} >output.txt
cargo tree --quiet --depth 1 | grep sea-orm
cat output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
"macros", "with-chrono", "proxy": builds
"macros", "with-chrono", "sqlx-sqlite", "runtime-tokio": builds
"macros", "with-chrono", "proxy", "sqlx-sqlite", "runtime-tokio": 5 mismatched types
EXPECTED
