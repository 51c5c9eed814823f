//! What can be seen of a database without changing anything: not a row, not the schema, not the files it is in. Also
//! while the program runs, and as far as it goes where the database does not open.

use std::{
    fs::{self, OpenOptions},
    path::{Path, PathBuf},
    time::Duration,
};

use sea_orm::{
    ConnectionTrait as _, Database, DatabaseConnection, DbErr, QueryResult, RuntimeErr, SqlxPostgresConnector,
    Statement,
    sqlx::{ConnectOptions as _, postgres::PgConnectOptions, sqlite::SqliteConnectOptions},
};

use crate::{
    api_key::SOON_DAYS,
    audit,
    backup::{self, plain},
    clock::{Clock, Day, Moment},
    id::OrganisationId,
    register::{self, Drift, counts},
    role::Role,
    scope::{Actor, OpenError, Scope, Store, Target, address, connect_options, pool_of_one},
};

/// How long the database may take to answer at all.
const PATIENCE: Duration = Duration::from_secs(5);

/// What was seen of a database.
#[derive(Debug)]
pub struct Examination {
    /// SQLite's file; none for PostgreSQL.
    pub place: Option<PathBuf>,
    /// What is in it, or why it does not open.
    pub opened: Result<Opened, String>,
}

/// What was seen of a database that opens.
#[derive(Debug)]
pub struct Opened {
    /// What it is, such as `SQLite 3.51.0`.
    pub server: String,
    /// Why it cannot be written to, if it cannot.
    pub is_read_only: Option<String>,
    /// The schema.
    pub schema: Schema,
    /// How large it is, in bytes.
    pub size: Option<u64>,
    /// How much of it waits in SQLite's `-wal`, in bytes.
    pub wal_size: Option<u64>,
    /// What SQLite's own look at its pages found, if it found anything.
    pub damage: Option<String>,
    /// The time by PostgreSQL's clock.
    pub time: Option<Moment>,
    /// What is known of organisations; none where the schema is not ours.
    pub register: Option<Result<Register, String>>,
}

/// How the schema stands to the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Schema {
    /// There is none yet.
    Absent,
    /// It is that of another program.
    Foreign,
    /// It is ours, with this as its last step.
    Current(String),
    /// It lacks these steps, which the next start takes.
    Behind(Vec<String>),
    /// It has this step, which we do not know.
    Newer(String),
}

/// What was seen of the organisations.
#[derive(Debug)]
pub struct Register {
    /// How many there are.
    pub organisation_count: usize,
    /// When the last event happened, in whichever organisation.
    pub last_event_at: Option<Moment>,
    /// When the last copy was made, or put back.
    pub last_copy_at: Option<Moment>,
    /// How many good keys end within [`SOON_DAYS`], and the first such day.
    pub ending_keys: (i64, Option<Day>),
    /// How many events there are; none where the schema is behind, so that trails cannot be verified.
    pub event_count: Option<i64>,
    /// The trails that are not as they were written: whose, how many faults, and the first of them.
    pub altered_trails: Vec<(String, i64, String)>,
    /// How what follows stands to what it follows from; none where the schema is behind.
    pub derived: Option<Derived>,
}

/// How the register's lines and the list of what is due stand to what they follow from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Derived {
    /// How many items are on the lists of what is due.
    pub due_item_count: i64,
    /// In how many organisations it has yet to be derived by the rules of this program.
    pub waiting_count: i64,
    /// How many numbers of items, by kind and day, are not those of the items.
    pub wrong_count: i64,
    /// The registers in which something is stored otherwise than it follows: whose, and what.
    pub drifted: Vec<(String, Drift)>,
}

/// Looks at the database at `url`.
///
/// # Errors
/// [`OpenError::BadUrl`].
pub async fn examine(url: &str, clock: &Clock) -> Result<Examination, OpenError> {
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        let Target::Postgres(servers) = address::read(url)? else {
            return Err(OpenError::BadUrl("it names no server".into()));
        };
        let mut opened = Err("it names no server".to_owned());
        for server in servers {
            opened = postgres(server, clock).await.map_err(plain);
            // Of several, whichever takes writes is the one that is used.
            if opened.as_ref().is_ok_and(|opened| opened.is_read_only.is_none()) {
                break;
            }
        }
        return Ok(Examination { place: None, opened });
    }
    let place = backup::sqlite_place(url)?;
    let opened = match fs::metadata(&place) {
        Ok(found) if found.is_file() => sqlite(&place, clock).await.map_err(plain),
        Ok(_) => Err(format!("{} is no file", place.display())),
        Err(error) => Err(format!("{}: {error}", place.display())),
    };
    Ok(Examination { place: Some(place), opened })
}

async fn sqlite(place: &Path, clock: &Clock) -> Result<Opened, DbErr> {
    // Before the database is opened: closing a file takes away the locks that this process has on it.
    let is_read_only = OpenOptions::new().append(true).open(place).err().map(|error| error.to_string());
    let beside = |suffix: &str| {
        let mut name = place.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    let wal_size = fs::metadata(beside("-wal")).ok().map(|wal| wal.len());
    // Where nobody has it open, it is read as a file that does not change, and nothing is made beside it.
    let is_still = wal_size.is_none() && fs::metadata(beside("-journal")).is_err();
    let file = place.to_owned();
    let only_read = move |sqlite: SqliteConnectOptions| {
        sqlite
            .filename(&file)
            .read_only(true)
            .immutable(is_still)
            .busy_timeout(PATIENCE)
            .pragma("trusted_schema", "OFF")
    };
    let target = Target::Sqlite(Box::new(only_read(SqliteConnectOptions::new()).disable_statement_logging()));
    let mut how = connect_options("sqlite://");
    how.map_sqlx_sqlite_opts(only_read);
    let connection = Database::connect(how).await?;
    let version: String = only(&connection, "SELECT sqlite_version()").await?;
    let damage = match only::<String>(&connection, "PRAGMA quick_check(1)").await {
        Ok(found) => Some(plain(found)).filter(|found| found != "ok"),
        Err(error) => Some(plain(error)),
    };
    let tables: i64 = only(&connection, "SELECT count(*) FROM sqlite_master WHERE type = 'table'").await?;
    let is_ours: i64 =
        only(&connection, "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'seaql_migrations'")
            .await?;
    let schema = schema(&connection, is_ours == 1, tables == 0).await?;
    let register = register(&connection, &schema, Some(target), clock).await;
    let _ = connection.close().await;
    let size = fs::metadata(place).ok().map(|found| found.len());
    Ok(Opened {
        server: format!("SQLite {version}"),
        is_read_only,
        schema,
        size,
        wal_size,
        damage,
        time: None,
        register,
    })
}

async fn postgres(server: PgConnectOptions, clock: &Clock) -> Result<Opened, DbErr> {
    let how = server.statement_cache_capacity(0);
    // It is asked whether it takes writes, and then only read.
    let target = Target::Postgres(vec![how.clone()]);
    let how = how.options([("default_transaction_read_only", "on")]);
    let pool = pool_of_one().acquire_timeout(PATIENCE).connect_with(how).await;
    let connection = SqlxPostgresConnector::from_sqlx_postgres_pool(
        pool.map_err(|error| DbErr::Conn(RuntimeErr::SqlxError(error.into())))?,
    );
    let version: String =
        only(&connection, "SELECT split_part(version(), ' ', 1) || ' ' || split_part(version(), ' ', 2)").await?;
    let is_standby: bool = only(&connection, "SELECT pg_is_in_recovery()").await?;
    let is_ours: bool = only(&connection, "SELECT to_regclass('seaql_migrations') IS NOT NULL").await?;
    let has_others: bool =
        only(&connection, "SELECT to_regclass('organisation') IS NOT NULL OR to_regclass('users') IS NOT NULL").await?;
    let schema = schema(&connection, is_ours, !has_others).await?;
    let may_write: bool = match schema {
        Schema::Current(_) | Schema::Behind(_) => {
            only(&connection, "SELECT has_table_privilege('audit_event', 'INSERT')").await?
        }
        _ => only(&connection, "SELECT has_schema_privilege(current_schema(), 'CREATE')").await?,
    };
    let is_read_only = match (is_standby, may_write) {
        (true, _) => Some("it is a standby, which follows another server".to_owned()),
        (false, false) => Some("its user may not write".to_owned()),
        (false, true) => None,
    };
    let time: f64 = only(&connection, "SELECT extract(epoch FROM clock_timestamp())::double precision").await?;
    let now = clock.now();
    #[expect(clippy::cast_possible_truncation, reason = "seconds of our time")]
    let time = now.plus_seconds((time - now.time().timestamp() as f64).round() as i64);
    let size: i64 = only(&connection, "SELECT pg_database_size(current_database())").await?;
    let target = Some(target).filter(|_| !is_standby);
    let register = register(&connection, &schema, target, clock).await;
    let _ = connection.close().await;
    Ok(Opened {
        server: version,
        is_read_only,
        schema,
        size: Some(size.unsigned_abs()),
        wal_size: None,
        damage: None,
        time: Some(time),
        register,
    })
}

async fn rows(connection: &DatabaseConnection, sql: &str) -> Result<Vec<QueryResult>, DbErr> {
    connection.query_all_raw(Statement::from_string(connection.get_database_backend(), sql)).await
}

async fn only<T: sea_orm::TryGetable>(connection: &DatabaseConnection, sql: &str) -> Result<T, DbErr> {
    let rows = rows(connection, sql).await?;
    rows.first().ok_or_else(|| DbErr::Custom("the database returned no row".into()))?.try_get_by_index(0)
}

async fn schema(connection: &DatabaseConnection, is_ours: bool, is_empty: bool) -> Result<Schema, DbErr> {
    if !is_ours {
        return Ok(if is_empty { Schema::Absent } else { Schema::Foreign });
    }
    let steps = rows(connection, "SELECT version FROM seaql_migrations ORDER BY version").await?;
    let steps = steps.iter().map(|row| row.try_get_by_index::<String>(0)).collect::<Result<Vec<_>, _>>()?;
    if let Some(step) = backup::unknown(&steps) {
        return Ok(Schema::Newer(plain(step)));
    }
    let missing: Vec<String> = backup::known().into_iter().filter(|step| !steps.contains(step)).collect();
    Ok(match steps.last() {
        None => Schema::Absent,
        Some(last) if missing.is_empty() => Schema::Current(last.clone()),
        Some(_) => Schema::Behind(missing),
    })
}

async fn register(
    connection: &DatabaseConnection,
    schema: &Schema,
    target: Option<Target>,
    clock: &Clock,
) -> Option<Result<Register, String>> {
    match schema {
        Schema::Current(_) => Some(look_at_all(connection, target, clock).await),
        Schema::Behind(_) => Some(look(connection, false, clock).await),
        Schema::Absent | Schema::Foreign | Schema::Newer(_) => None,
    }
}

async fn look_at_all(
    connection: &DatabaseConnection,
    target: Option<Target>,
    clock: &Clock,
) -> Result<Register, String> {
    let found = look(connection, true, clock).await?;
    let derived = match target {
        Some(target) => Some(derived(connection, target, clock).await?),
        None => None,
    };
    Ok(Register { derived, ..found })
}

/// Derives anew what follows, and holds it against what is stored.
async fn derived(connection: &DatabaseConnection, target: Target, clock: &Clock) -> Result<Derived, String> {
    let said = |error: DbErr| plain(error);
    let due_item_count = only(connection, "SELECT count(*) FROM due_item").await.map_err(said)?;
    let waiting_count = only(connection, "SELECT count(*) FROM upgrade WHERE done_at IS NULL").await.map_err(said)?;
    let wrong_lines: i64 = only(connection, counts::WRONG).await.map_err(said)?;
    let wrong_items: i64 = only(connection, WRONG_COUNTS).await.map_err(said)?;
    let wrong_count = wrong_items + wrong_lines;
    let mut found = Derived { due_item_count, waiting_count, wrong_count, drifted: Vec::new() };
    if waiting_count > 0 {
        return Ok(found);
    }
    let store = Store::as_it_is(target, clock.clone()).await.map_err(plain)?;
    for organisation in rows(connection, "SELECT id, name FROM organisation ORDER BY name").await.map_err(said)? {
        let (id, name): (String, String) =
            (organisation.try_get_by_index(0).map_err(said)?, organisation.try_get_by_index(1).map_err(said)?);
        let organisation_id = id.parse().map_err(|_| format!("the organisation {name:?} has an invalid id"))?;
        let actor = Actor { id: "console".into(), name: "console".into() };
        let scope = Scope { organisation_id, actor, role: Role::Admin, request_id: None };
        let reader = store.read(&scope).await.map_err(plain)?;
        let drift = register::drift(&reader).await.map_err(plain)?;
        if drift != Drift::default() {
            found.drifted.push((name, drift));
        }
    }
    store.close().await;
    Ok(found)
}

/// How many of the numbers that are kept of items, by kind and day or month, are not how many items there are.
const WRONG_COUNTS: &str = "SELECT count(*) FROM (
    SELECT organisation_id, kind, due_on FROM (
        SELECT organisation_id, kind, due_on, 1 AS number FROM due_item
        UNION ALL SELECT organisation_id, kind, due_on, -item_count AS number FROM due_count
    ) AS kept GROUP BY organisation_id, kind, due_on HAVING sum(number) <> 0
    UNION ALL SELECT organisation_id, kind, month FROM (
        SELECT organisation_id, kind, substr(due_on, 1, 7) AS month, 1 AS number FROM due_item
        UNION ALL SELECT organisation_id, kind, month, -item_count AS number FROM due_month_count
    ) AS by_month GROUP BY organisation_id, kind, month HAVING sum(number) <> 0
) AS wrong";

async fn look(connection: &DatabaseConnection, is_current: bool, clock: &Clock) -> Result<Register, String> {
    let said = |error: DbErr| plain(error);
    let moment = |text: Option<String>| text.and_then(|text| text.parse::<Moment>().ok());
    let organisations = rows(connection, "SELECT id, name FROM organisation ORDER BY name").await.map_err(said)?;
    let newest = "SELECT max(last.at) FROM audit_head JOIN audit_event AS last ON last.organisation_id = audit_head.organisation_id AND last.sequence = audit_head.sequence";
    let last_event_at = moment(only(connection, newest).await.map_err(said)?);
    // An organisation's own events are found by its id; those of others need not be read.
    let copies = format!(
        "SELECT max(at) FROM audit_event JOIN organisation ON organisation.id = audit_event.organisation_id AND audit_event.item_id = organisation.id WHERE action IN ('{}', '{}')",
        backup::BACK_UP,
        backup::RESTORE
    );
    let last_copy_at = moment(only(connection, &copies).await.map_err(said)?);
    let today = clock.now().day();
    let ending = format!(
        "SELECT count(*), min(expires_on) FROM api_key WHERE revoked_at IS NULL AND expires_on >= '{today}' AND expires_on <= '{}'",
        today.plus_days(SOON_DAYS)
    );
    let ending = rows(connection, &ending).await.map_err(said)?;
    let ending_keys = match ending.first() {
        Some(row) => {
            let first: Option<String> = row.try_get_by_index(1).map_err(said)?;
            (row.try_get_by_index(0).map_err(said)?, first.and_then(|day| day.parse().ok()))
        }
        None => (0, None),
    };
    let mut event_count = 0;
    let mut altered_trails = Vec::new();
    for organisation in organisations.iter().filter(|_| is_current) {
        let (id, name): (String, String) =
            (organisation.try_get_by_index(0).map_err(said)?, organisation.try_get_by_index(1).map_err(said)?);
        let id: OrganisationId = id.parse().map_err(|_| format!("the organisation {name:?} has an invalid id"))?;
        let found = audit::verify_apart(connection, &id).await.map_err(plain)?;
        event_count += found.event_count;
        if let Some(fault) = found.faults.first() {
            altered_trails.push((name, found.fault_count, plain(&fault.detail)));
        }
    }
    Ok(Register {
        organisation_count: organisations.len(),
        last_event_at,
        last_copy_at,
        ending_keys,
        event_count: is_current.then_some(event_count),
        altered_trails,
        derived: None,
    })
}
