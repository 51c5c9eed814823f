//! Two databases, one behaviour: the same schema, the same refusals, a fixed cost.

use std::collections::{BTreeMap, BTreeSet};

use diligence_entities::{
    clock::Clock,
    id::OrganisationId,
    organisation, product, risk,
    role::Role,
    scope::{Actor, OpenError, Scope, Store, StoreOptions},
    supplier,
};
use sea_orm::{ConnectionTrait as _, Database, DatabaseConnection, DbBackend, QueryResult, SqlErr, Statement};
use serde_json::{Value, json};

use crate::{
    harness::{App, On, both, empty_database, id, organisation_called, text},
    roles::assessment,
};

/// A column as far as both databases can say it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Column {
    pub(crate) name: String,
    is_nullable: bool,
}

async fn rows(database: &DatabaseConnection, on_sqlite: &str, on_postgres: &str) -> Vec<QueryResult> {
    let backend = database.get_database_backend();
    let query = if backend == DbBackend::Postgres { on_postgres } else { on_sqlite };
    database.query_all_raw(Statement::from_string(backend, query)).await.expect("rows")
}

fn cell(row: &QueryResult, name: &str) -> String {
    row.try_get("", name).expect("text")
}

/// Every table, by name.
async fn tables(database: &DatabaseConnection) -> Vec<String> {
    let found = rows(
        database,
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
        "SELECT table_name::text AS name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY table_name",
    );
    found.await.iter().map(|row| cell(row, "name")).collect()
}

/// A table's columns, in their order.
pub(crate) async fn columns(database: &DatabaseConnection, table: &str) -> Vec<Column> {
    let on_sqlite = format!(
        "SELECT name, CASE \"notnull\" WHEN 0 THEN 'YES' ELSE 'NO' END AS nullable FROM pragma_table_info('{table}') ORDER BY cid"
    );
    let on_postgres = format!(
        "SELECT column_name::text AS name, is_nullable::text AS nullable FROM information_schema.columns WHERE table_schema = 'public' AND table_name = '{table}' ORDER BY ordinal_position"
    );
    let found = rows(database, &on_sqlite, &on_postgres);
    found
        .await
        .iter()
        .map(|row| Column { name: cell(row, "name"), is_nullable: cell(row, "nullable") == "YES" })
        .collect()
}

/// Every foreign key, as `table (columns) -> table (columns)`.
async fn foreign_keys(database: &DatabaseConnection) -> BTreeSet<String> {
    let found = rows(
        database,
        "SELECT m.name || '#' || k.id AS key, m.name AS child, k.\"from\" AS own, k.\"table\" AS parent, k.\"to\" AS other
         FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) k WHERE m.type = 'table' ORDER BY m.name, k.id, k.seq",
        "SELECT c.conrelid::regclass::text || '#' || c.oid AS key, c.conrelid::regclass::text AS child, a.attname::text AS own, c.confrelid::regclass::text AS parent, b.attname::text AS other
         FROM pg_constraint c CROSS JOIN LATERAL unnest(c.conkey, c.confkey) WITH ORDINALITY AS u (own, other, place)
         JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = u.own JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = u.other
         WHERE c.contype = 'f' ORDER BY c.oid, u.place",
    );
    let mut keys: BTreeMap<String, (String, String, Vec<String>, Vec<String>)> = BTreeMap::new();
    for row in found.await {
        let key = keys
            .entry(cell(&row, "key"))
            .or_insert_with(|| (cell(&row, "child"), cell(&row, "parent"), Vec::new(), Vec::new()));
        key.2.push(cell(&row, "own"));
        key.3.push(cell(&row, "other"));
    }
    keys.into_values()
        .map(|(child, parent, own, other)| format!("{child} ({}) -> {parent} ({})", own.join(", "), other.join(", ")))
        .collect()
}

/// Every index that was asked for by name.
async fn indexes(database: &DatabaseConnection) -> BTreeSet<String> {
    let found = rows(
        database,
        "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
        "SELECT i.relname::text AS name FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_namespace n ON n.oid = i.relnamespace
         LEFT JOIN pg_constraint c ON c.conindid = i.oid AND c.contype IN ('p', 'u') WHERE n.nspname = 'public' AND c.oid IS NULL",
    );
    found.await.iter().map(|row| cell(row, "name")).collect()
}

/// Everything that the schema says, in words that do not depend on the database.
async fn schema(app: &App) -> Value {
    let database = Database::connect(&app.url).await.expect("the database answers");
    let mut described = BTreeMap::new();
    for table in tables(&database).await {
        let columns: Vec<String> = columns(&database, &table)
            .await
            .into_iter()
            .map(|column| format!("{}{}", column.name, if column.is_nullable { "?" } else { "" }))
            .collect();
        described.insert(table, columns);
    }
    json!({ "tables": described, "foreign keys": foreign_keys(&database).await, "indexes": indexes(&database).await })
}

async fn open(url: &str) -> Result<Store, OpenError> {
    Store::open(StoreOptions { url: url.to_owned(), max_connections: 2, clock: Clock::System }).await
}

/// What belongs to a person alone or to nobody, since a person may belong to several organisations.
const OF_NO_ORGANISATION: [&str; 6] =
    ["organisation", "seaql_migrations", "users", "known_device", "sign_in_throttle", "health_check"];

/// The person at the console, for an organisation of this app.
async fn console(app: &App, name: &str) -> Scope {
    scope(&organisation_called(&app.store, name).await.id)
}

fn scope(organisation_id: &OrganisationId) -> Scope {
    Scope {
        organisation_id: organisation_id.clone(),
        actor: Actor { id: "console".into(), name: "console".into() },
        role: Role::Admin,
        request_id: None,
    }
}

/// So many suppliers, each with a product and a risk, in one change.
async fn fill(app: &App, count: usize) {
    let writer = app.store.write(&console(app, "Meadow View Care").await).await.expect("a writer");
    for number in 0..count {
        let supplier = supplier::create(
            &writer,
            serde_json::from_value(json!({ "name": format!("Supplier {number}") })).expect("content"),
        )
        .await
        .expect("a supplier");
        product::create(
            &writer,
            serde_json::from_value(json!({ "supplier_id": supplier.id, "name": "Rota", "kind": "software" }))
                .expect("content"),
        )
        .await
        .expect("a product");
        risk::create(
            &writer,
            serde_json::from_value(
                json!({ "subject_id": supplier.id, "title": "It stops", "likelihood": 2, "impact": 2 }),
            )
            .expect("content"),
        )
        .await
        .expect("a risk");
    }
    writer.save().await.expect("saved");
}

/// How many statements `work` costs.
async fn cost(app: &App, work: impl Future<Output = ()>) -> u64 {
    let before = app.store.statement_count();
    work.await;
    app.store.statement_count() - before
}

#[tokio::test]
async fn both_databases_end_with_the_same_schema() {
    let (sqlite, postgres) = tokio::join!(App::open(On::Sqlite), App::open(On::Postgres));
    let (left, right) = (schema(&sqlite).await, schema(&postgres).await);
    assert!(
        left["tables"].as_object().expect("tables").len() > 15
            && left["foreign keys"].as_array().expect("keys").len() > 25
            && left["indexes"].as_array().expect("indexes").len() > 25
    );
    assert_eq!(left, right);
}

both! {
    async fn every_row_belongs_to_an_organisation_and_hangs_on_rows_of_the_same(app: App) {
        let database = Database::connect(&app.url).await.expect("the database answers");
        let keys = foreign_keys(&database).await;
        for table in tables(&database).await.iter().filter(|table| !OF_NO_ORGANISATION.contains(&table.as_str())) {
            let columns = columns(&database, table).await;
            assert!(columns.iter().any(|column| column.name == "organisation_id" && !column.is_nullable), "{table} does not say whose it is");
            let own: Vec<&String> = keys.iter().filter(|key| key.starts_with(&format!("{table} ("))).collect();
            assert!(!own.is_empty(), "{table} hangs on nothing");
            for key in own {
                assert!(key.ends_with("-> organisation (id)") || key.ends_with("-> users (id)") || key.contains("(organisation_id, ") && key.split("->").nth(1).is_some_and(|parent| parent.contains("(organisation_id, id)") || parent.contains("membership (organisation_id, user_id)")), "{key} may reach into another organisation");
            }
        }
    }

    async fn the_database_itself_refuses_a_child_in_another_organisation_than_its_parent(app: App) {
        let supplier = app.post(&app.editor, "/suppliers", json!({ "name": "Harbour", "identifiers": [{ "scheme": "GB-COH", "id": "04142000" }] })).await.json(201);
        let (product, base) = (app.product(&supplier, "Rota").await, app.product(&supplier, "Cloud").await);
        assessment(&app, &product, "approved").await;
        for (path, body) in [
            ("/dependencies", json!({ "subject_id": id(&product), "rests_on_id": id(&base), "kind": "host" })),
            ("/evidence", json!({ "subject_id": id(&product), "kind": "insurance" })),
            ("/incidents", json!({ "subject_id": id(&product), "title": "It stopped", "severity": "low", "occurred_on": "2027-02-01" })),
        ] {
            app.post(&app.editor, path, body).await.json(201);
        }
        crate::roles::with_file(&app, &app.post(&app.editor, "/evidence", json!({ "subject_id": id(&product), "kind": "insurance" })).await.json(201)).await;
        app.post(&app.editor, "/questionnaire-drafts", json!({ "name": "Begun", "document": "key: begun" })).await.json(201);
        let sent = crate::respondents::sent_evidence(&app).await;
        app.act(&app.editor, &format!("/evidence/{}/accept", id(&sent)), &sent, None).await.json(200);
        crate::roles::target(&app, "read_settlement").await;
        let list = b"CompanyName,CompanyNumber,CompanyStatus\nHARBOUR LIMITED,04142000,Active\n".to_vec();
        let headers = [("content-type", "text/csv")];
        app.raw(&app.editor, poem::http::Method::POST, "/lists/companies_house/refresh", Some(list), &headers).await.json(200);
        // A draft of an import has pieces of its file, one that was applied what it did.
        app.raw(&app.editor, poem::http::Method::POST, "/imports", Some(b"Name\nQuay\n".to_vec()), &[("content-type", "application/octet-stream")]).await.json(201);
        app.post(&app.editor, "/suppliers/import", json!({ "rows": [{ "name": "Quay" }] })).await.json(200);
        let member = crate::roles::user_of(&app, &app.member("viewer").await).await;
        let ours = text(&app.get(&app.admin, "/organisation").await.json(200), "id").to_owned();
        let filling = Database::connect(&app.url).await.expect("the database answers");
        for row in [
            format!("INSERT INTO identity_provider VALUES ('idp', '{ours}', 1, 'Ours', 'https://id.example.org', 'us', NULL, true, NULL, '{{}}', NULL, '[]', false, '', '', NULL, '[]', true, '[]')"),
            format!("INSERT INTO identity VALUES ('{ours}', 'idp', 'https://id.example.org', 'sam', '{}', '')", id(&member)),
            format!("INSERT INTO sign_in_attempt VALUES ('', '{ours}', 'idp', '', '', '', '')"),
            format!("INSERT INTO sign_in_trial VALUES ('tri', '{ours}', 'idp', '', '', '', NULL, '', '')"),
        ] {
            filling.execute_unprepared(&row).await.expect("a row");
        }
        let theirs = text(&app.get(&app.neighbour, "/organisation").await.json(200), "id").to_owned();
        let database = Database::connect(&app.url).await.expect("the database answers");
        let keys = foreign_keys(&database).await;
        let children: BTreeSet<&str> = keys.iter().filter(|key| !key.ends_with("-> organisation (id)") && !key.ends_with("-> users (id)")).filter_map(|key| key.split(' ').next()).collect();
        assert!(children.len() >= 11, "{children:?}");
        for table in children {
            let stays = database.execute_unprepared(&format!("UPDATE {table} SET organisation_id = organisation_id")).await.expect("a change");
            assert!(stays.rows_affected() > 0, "there is no row of {table} to try it on");
            let refused = database.execute_unprepared(&format!("UPDATE {table} SET organisation_id = '{theirs}'")).await.expect_err(table);
            assert!(matches!(refused.sql_err(), Some(SqlErr::ForeignKeyConstraintViolation(_))), "{table}: {refused}");
        }
    }

    async fn a_page_costs_the_same_at_ten_and_at_ten_thousand(app: App) {
        let lists = ["/suppliers", "/products", "/risks", "/register", "/due", "/reviews", "/assessments", "/evidence", "/audit-events", "/register/summary", "/suppliers?q=supplier&sort=-created_at", "/register?rating=unassessed"];
        let subject = app.supplier("Harbour").await;
        app.get(&app.admin, "/suppliers").await;
        let costs = async |limit: usize| {
            let mut costs = Vec::new();
            for list in lists {
                let limit = if list.ends_with("summary") { String::new() } else { format!("{}limit={limit}", if list.contains('?') { '&' } else { '?' }) };
                costs.push((list, cost(&app, async { drop(app.get(&app.admin, &format!("{list}{limit}")).await.json(200)) }).await));
            }
            costs
        };
        app.approved("supplier-security", &subject, crate::harness::best).await;
        fill(&app, 10).await;
        let few = costs(10).await;
        fill(&app, 9_990).await;
        assert_eq!(costs(200).await, few);
        let page = app.get(&app.admin, "/suppliers?limit=200").await.json(200);
        assert!(page["items"].as_array().expect("a list").len() == 200 && page["next"].is_string());
        assert!(few.iter().all(|(_, cost)| (1..=8).contains(cost)), "{few:?}");
    }

    async fn a_change_costs_the_same_whatever_else_there_is(app: App) {
        let mut supplier = app.supplier("Harbour").await;
        let path = format!("/suppliers/{}", id(&supplier));
        let mut costs = Vec::new();
        for more in [1, 2, 50, 100] {
            for _ in 0..more {
                app.product(&supplier, "Rota").await;
            }
            fill(&app, more).await;
            let mut after = Value::Null;
            let changed = cost(&app, async { after = app.patch(&app.editor, &path, &supplier, json!({ "notes": format!("{more}") })).await.json(200) }).await;
            let made = cost(&app, async { drop(app.supplier("Haven").await) }).await;
            let raised = cost(&app, async { drop(app.post(&app.editor, "/risks", json!({ "subject_id": id(&supplier), "title": "x", "likelihood": 1, "impact": 1 })).await.json(201)) }).await;
            supplier = after;
            costs.push((changed, made, raised));
        }
        assert!(costs.iter().all(|cost| *cost == costs[0]), "{costs:?}");
    }

    async fn a_change_that_is_not_saved_leaves_nothing(app: App) {
        let before = app.event_count().await;
        let scope = console(&app, "Meadow View Care").await;
        let writer = app.store.write(&scope).await.expect("a writer");
        let lost = supplier::create(&writer, serde_json::from_value(json!({ "name": "Lost" })).expect("content")).await.expect("a supplier");
        assert_eq!(supplier::read(&writer, &lost.id).await.expect("seen from inside").name, "Lost");
        drop(writer);
        assert_eq!((app.get(&app.viewer, "/suppliers").await.json(200)["items"].clone(), app.event_count().await), (json!([]), before));
        app.get(&app.viewer, &format!("/suppliers/{}", lost.id)).await.faults(404);
        assert_eq!(app.get(&app.viewer, "/register").await.json(200)["items"], json!([]));
        app.supplier("Kept").await;
    }

    async fn a_reader_sees_the_moment_it_was_opened_at(app: App) {
        let scope = console(&app, "Meadow View Care").await;
        let reader = app.store.read(&scope).await.expect("a reader");
        let seen = async || supplier::list(&reader, &supplier::SupplierFilter::default()).await.expect("a page").items.len();
        assert_eq!(seen().await, 0);
        app.supplier("Harbour").await;
        assert_eq!(seen().await, 0);
        drop(reader);
        assert_eq!(app.walk("/suppliers", 200).await.len(), 1);
    }

    async fn a_database_that_a_newer_program_has_changed_is_left_alone(app: App) {
        let database = Database::connect(&app.url).await.expect("the database answers");
        database.execute_unprepared("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_tomorrow', 0)").await.expect("a row");
        let refused = open(&app.url).await.expect_err("refused");
        assert!(matches!(refused, OpenError::NewerSchema(_)));
        assert_eq!(refused.to_string(), "the database was made by a newer version of this program (it has the schema step `m9999_tomorrow`): use that version, or restore a backup");
    }

    async fn what_is_there_is_there_after_a_new_start(app: App) {
        let supplier = app.supplier("Harbour").await;
        let again = open(&app.url).await.expect("it opens");
        let reader = again.read(&console(&app, "Meadow View Care").await).await.expect("a reader");
        let found = supplier::read(&reader, &text(&supplier, "id").parse().expect("an id")).await.expect("a supplier");
        assert_eq!(found.name, "Harbour");
        assert_eq!(organisation::all(&again).await.expect("organisations").len(), 2);
    }
}

async fn eight_at_once(on: On) {
    let (url, _folder) = empty_database(on).await;
    let mut opening = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let url = url.clone();
        opening.spawn(async move { open(&url).await });
    }
    let stores: Vec<Store> = opening.join_all().await.into_iter().map(|store| store.expect("it opens")).collect();
    for store in &stores {
        assert!(organisation::all(store).await.expect("a table of organisations").is_empty());
    }
    let database = Database::connect(&url).await.expect("the database answers");
    let steps = rows(&database, "SELECT version FROM seaql_migrations", "SELECT version FROM seaql_migrations").await;
    let versions: BTreeSet<String> = steps.iter().map(|row| cell(row, "version")).collect();
    assert!(!versions.is_empty() && versions.len() == steps.len(), "{versions:?}");
}

#[tokio::test]
async fn eight_programs_that_start_at_once_on_an_empty_sqlite_file_all_get_ready() {
    eight_at_once(On::Sqlite).await;
}

#[tokio::test]
async fn eight_programs_that_start_at_once_on_an_empty_postgres_database_all_get_ready() {
    eight_at_once(On::Postgres).await;
}
