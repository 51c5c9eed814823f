#!/usr/bin/env bash
# Tool: sea-orm 2.0.4 (crates.io), the feature `proxy`: a way in for databases that sea-orm has no driver of.
# One would guess: a tuple that a query selects has its values in the order in which they were selected, as with every other way in:
# select_only().column(Name).column(City).into_tuple() gives (name, city).
# What happens: a row of a proxy is a map from names to values, and its third value is that of the third name in the order of the
# alphabet. The tuple comes as (city, name), without an error, since both are text; where types differ, the value counts as null.
# Why it matters to a register: whoever serves it from an embedded database through a proxy exports each supplier's town as its
# name, and a count that is asked for beside a name is 0 or an error, depending on what they are called.
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
sea-orm = { version = "=2.0.4", default-features = false, features = ["macros", "proxy"] }
async-trait = "0.1"
tokio = { version = "1", features = ["macros", "rt"] }
TOML
cat >src/main.rs <<'RUST'
use std::sync::Arc;

use sea_orm::{entity::prelude::*, *};

mod supplier {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "supplier")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        pub name: String,
        pub city: String,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}
use supplier::{Column, Entity};

/// A database of one row.
#[derive(Debug)]
struct One;

#[async_trait::async_trait]
impl ProxyDatabaseTrait for One {
    async fn query(&self, statement: Statement) -> Result<Vec<ProxyRow>, DbErr> {
        println!("{}", statement.sql);
        let row = [("name", "Harbour Care"), ("city", "Bergen")];
        Ok(vec![ProxyRow::new(row.map(|(name, value)| (name.to_owned(), Value::from(value))).into())])
    }
    async fn execute(&self, _: Statement) -> Result<ProxyExecResult, DbErr> {
        Ok(ProxyExecResult::default())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let database = Database::connect_proxy(DbBackend::Sqlite, Arc::new(Box::new(One))).await.unwrap();
    let select = Entity::find().select_only().column(Column::Name).column(Column::City);
    let (name, city): (String, String) = select.into_tuple().one(&database).await.unwrap().unwrap();
    println!("name: {name}, city: {city}");
}
RUST
cargo generate-lockfile --quiet
cargo run --quiet >output.txt 2>errors.txt || { cat errors.txt; exit 2; }
cargo tree --quiet --depth 1 | grep sea-orm
cat output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
SELECT "supplier"."name", "supplier"."city" FROM "supplier" LIMIT ?
name: Bergen, city: Harbour Care
EXPECTED
