//! A register that the last program before `m0012_due` wrote, and said of that nothing was due: what a program of today
//! derives of it, once, and what it says about that.

use std::collections::BTreeSet;

use diligence_entities::{
    clock::Clock,
    scope::{OpenError, Store, StoreOptions},
    upgrade::{self, Upgrade},
};
use sea_orm::{ConnectionTrait as _, Database, Statement};
use serde_json::{Value, json};

use crate::{
    doctor::change,
    harness::{App, On, Person, text},
    operations::run,
    server::Server,
    upgrades::{Old, made_of},
};

/// The database: two organisations, nine suppliers that are not archived and a product.
async fn calm(on: On) -> Old {
    made_of("m0011_health", "calm.sql", on).await
}

/// Runs a body on both databases.
macro_rules! on_both {
    ($(async fn $name:ident($on:ident: On) $body:block)*) => {$(
        mod $name {
            use super::*;
            async fn body($on: On) $body
            #[tokio::test]
            async fn on_sqlite() {
                body(On::Sqlite).await;
            }
            #[tokio::test]
            async fn on_postgres() {
                body(On::Postgres).await;
            }
        }
    )*};
}

/// What was derived for the larger of the two organisations, and for the other.
fn of_both(mut rows: Vec<Upgrade>) -> [Upgrade; 2] {
    rows.sort_by_key(|row| -row.due_item_count);
    rows.try_into().expect("two organisations")
}

/// What is counted of an organisation, without how much is due.
fn counted(row: &Upgrade) -> [i64; 5] {
    [
        row.unknown_tier_count,
        row.higher_tier_count,
        row.stale_approval_count,
        row.expired_certificate_count,
        row.refusal_count,
    ]
}

fn names(items: &[Value], field: &str) -> Vec<(String, String)> {
    items.iter().map(|item| (text(item, "name").to_owned(), text(item, field).to_owned())).collect()
}

/// How many items are due, by the counts that home shows.
async fn due_count(app: &App, who: &Person) -> i64 {
    let counts = app.get(who, "/due/counts").await.json(200);
    let number = |count: &Value, field: &str| count[field].as_i64().expect("a number");
    number(&counts, "overdue") + number(&counts, "due") + number(&counts, "coming")
}

async fn open(url: &str) -> Result<Store, OpenError> {
    let clock = Clock::fixed("2027-03-01T09:00:00Z".parse().expect("a time"));
    Store::open(StoreOptions { url: url.to_owned(), max_connections: 2, clock }).await
}

/// Enters so many suppliers more, of which nobody has said anything, as a program of before would have.
async fn enter_many(url: &str, count: usize) {
    let columns = "version, name, legal_name, website, country, status, relationship_owner, contacts, identifiers, contracts, data_role, personal_data, data_locations, data_sensitivity, system_access, service_criticality, people_affected, tier_override, tier_override_reason, tier, tier_reason, rating, notes, created_at, updated_at, sort_name, search_text, organisation_id";
    change(
        url,
        &format!(
            "WITH RECURSIVE many (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM many WHERE number < {count})
            INSERT INTO supplier (id, {columns})
            SELECT 'sup_000000000000700080000000' || substr(CAST(100000000 + number AS text), 2), {columns}
            FROM supplier, many WHERE name = 'Gorse Gardens'"
        ),
    )
    .await;
}

async fn one_text(url: &str, sql: &str) -> String {
    let database = Database::connect(url).await.expect("the database answers");
    let row = database.query_one_raw(Statement::from_string(database.get_database_backend(), sql)).await;
    let found = row.expect("an answer").expect("a row").try_get_by_index(0).expect("text");
    database.close().await.expect("closed");
    found
}

on_both! {
    async fn what_was_calm_without_ground_is_told_and_counted(on: On) {
        let app = calm(on).await.upgraded().await;
        let rows = upgrade::take_done(&app.store).await.expect("numbers");
        let [ours, theirs] = of_both(rows);
        // Of Alder, Fir and Gorse nothing is known; Clover has children's data; the approvals of Alder, Birch and Clover
        // rest on a better rating than they have; a certificate of 2025 and a statement of 2019 are over; Cedar was
        // refused.
        assert_eq!(counted(&ours), [3, 1, 3, 2, 1], "{ours:?}");
        assert_eq!(counted(&theirs), [1, 0, 0, 0, 0], "{theirs:?}");
        assert_eq!(ours.due_item_count, due_count(&app, &app.admin).await);
        assert_eq!(theirs.due_item_count, due_count(&app, &app.neighbour).await);
        assert!(upgrade::take_done(&app.store).await.expect("nothing").is_empty(), "it is said once");

        let lines = app.walk("/register", 50).await;
        let line = |name: &str| lines.iter().find(|line| line["name"] == name).unwrap_or_else(|| panic!("no {name}"));
        let tiers = names(&lines, "tier");
        let ratings = names(&lines, "rating");
        let expected = [
            ("Alder Taxis", "unknown", "moderate"),
            ("Birch Payroll", "low", "high"),
            ("Cedar Care Apps", "medium", "high"),
            ("Cedar Diary", "medium", "unassessed"),
            ("Clover Play Sessions", "high", "moderate"),
            ("Dogwood Laundry", "low", "unassessed"),
            ("Elder Telecoms", "medium", "unassessed"),
            ("Gorse Gardens", "unknown", "unassessed"),
            ("Hazel Hosting", "medium", "low"),
        ];
        assert_eq!(tiers, expected.map(|(name, tier, _)| (name.to_owned(), tier.to_owned())));
        assert_eq!(ratings, expected.map(|(name, _, rating)| (name.to_owned(), rating.to_owned())));
        let stale: Vec<&str> = lines
            .iter()
            .filter(|line| line["stale_reasons"].as_array().is_some_and(|reasons| !reasons.is_empty()))
            .map(|line| text(line, "name"))
            .collect();
        assert_eq!(stale, ["Alder Taxis", "Birch Payroll", "Clover Play Sessions"]);
        assert_eq!(line("Alder Taxis")["stale_reasons"], json!(["rated moderate, and low on the day of the decision"]));
        assert_eq!(line("Cedar Care Apps")["security"]["evidenced"].as_f64(), Some(0.0), "a refusal leaves nothing green");

        // Its approval is over, as it would be today the moment that it was refused.
        let cedar = text(line("Cedar Care Apps"), "subject_id");
        let states: BTreeSet<String> = app
            .walk(&format!("/assessments?subject_id={cedar}"), 50)
            .await
            .iter()
            .map(|assessment| text(assessment, "state").to_owned())
            .collect();
        assert_eq!(states, BTreeSet::from(["refused".to_owned(), "superseded".to_owned()]));

        // The supplier says the same as its line, and keeps its version.
        let unknown = names(&app.walk("/suppliers?tier=unknown", 50).await, "tier_reason");
        let expected = ["Alder Taxis", "Fir Printers", "Gorse Gardens"];
        assert_eq!(unknown, expected.map(|name| (name.to_owned(), "not profiled yet".to_owned())));
        let clover = app.walk("/suppliers?tier=high", 50).await.remove(0);
        assert_eq!((&clover["version"], text(&clover, "tier_reason")), (&json!(1), "personal_data is children"));
        // Those of whom nothing is known are looked at in half a year, not in three.
        assert_eq!(text(line("Gorse Gardens"), "next_review_on"), "2027-05-30");
    }

    async fn everything_that_is_due_is_on_the_list_after_the_first_start(on: On) {
        let app = calm(on).await.upgraded().await;
        let items = app.walk("/due", 50).await;
        let found: BTreeSet<(String, String)> =
            items.iter().map(|item| (text(item, "kind").to_owned(), text(item, "name").to_owned())).collect();
        for (kind, expected) in [
            ("refused_in_use", &["Cedar Care Apps"][..]),
            ("decision_stale", &["Alder Taxis", "Birch Payroll", "Clover Play Sessions", "Hazel Hosting"]),
            ("condition", &["Birch Payroll"]),
            ("evidence_expiry", &["Hazel Hosting"]),
            ("contract_end", &["Dogwood Laundry"]),
            ("contract_notice", &["Dogwood Laundry"]),
            ("profile_unknown", &["Alder Taxis", "Gorse Gardens"]),
            ("ai_unknown", &["Cedar Diary"]),
            ("never_assessed", &["Elder Telecoms"]),
            ("answers_to_review", &["Elder Telecoms"]),
            ("unanswered", &["Dogwood Laundry"]),
            ("action", &["Hazel Hosting"]),
        ] {
            let names: Vec<&str> =
                found.iter().filter(|(found, _)| found == kind).map(|(_, name)| name.as_str()).collect();
            assert_eq!(names, expected, "{kind}");
        }
        let reviews = items.iter().filter(|item| item["kind"] == "review").count();
        assert_eq!(reviews, 9, "each supplier and product that is not archived is looked at again");
        let ended = items.iter().find(|item| item["kind"] == "contract_end").expect("an item");
        assert_eq!((text(ended, "due_on"), text(ended, "state")), ("2026-10-21", "overdue"));
        let clover = items.iter().find(|item| item["name"] == "Clover Play Sessions").expect("an item");
        assert_eq!(clover["owner"], "Ash Grey");
        // Nobody has done anything but the program, which says so in the trail.
        let told = app.walk("/audit-events?action=upgrade", 50).await;
        assert_eq!(told.len(), 1);
        assert_eq!(
            (&told[0]["noun"], &told[0]["actor_id"], &told[0]["after"]["unknown_tier_count"]),
            (&json!("organisation"), &json!("console"), &json!(3))
        );
        let verified = app.get(&app.admin, "/audit-events/verification").await.json(200);
        assert_eq!(verified["sound"], true, "{verified}");
    }

    async fn what_broke_off_in_the_middle_is_gone_on_with_and_counts_nothing_twice(on: On) {
        let old = calm(on).await;
        enter_many(&old.url, 450).await;
        // One that cannot be read stands for whatever ends the program there.
        let id = "sup_00000000000070008000000000000300";
        change(&old.url, &format!("UPDATE supplier SET contracts = 'none' WHERE id = '{id}'")).await;
        let failed = open(&old.url).await.expect_err("it cannot go on");
        assert!(failed.to_string().starts_with("the database could not be brought up to date: "), "{failed}");
        let came_to = "SELECT max(supplier_id) FROM upgrade WHERE done_at IS NULL";
        assert_eq!(one_text(&old.url, came_to).await, "sup_00000000000070008000000000000200");
        change(&old.url, &format!("UPDATE supplier SET contracts = '[]' WHERE id = '{id}'")).await;
        let app = old.upgraded().await;
        let [ours, _] = of_both(upgrade::take_done(&app.store).await.expect("numbers"));
        assert_eq!(counted(&ours), [453, 1, 3, 2, 1], "{ours:?}");
        assert_eq!(ours.due_item_count, due_count(&app, &app.admin).await);
        assert_eq!(app.walk("/due?kind=profile_unknown", 200).await.len(), 452);
        assert_eq!(app.walk("/register?tier=unknown", 200).await.len(), 452);
    }

    async fn programs_that_start_at_the_same_moment_share_the_work_and_one_tells_of_it(on: On) {
        let old = calm(on).await;
        enter_many(&old.url, 450).await;
        let (one, other) = tokio::join!(open(&old.url), open(&old.url));
        let (one, other) = (one.expect("opened"), other.expect("opened"));
        let (first, second) = tokio::join!(upgrade::take_done(&one), upgrade::take_done(&other));
        let told = [first.expect("numbers"), second.expect("numbers")].concat();
        let [ours, theirs] = of_both(told);
        assert_eq!((counted(&ours), counted(&theirs)), ([453, 1, 3, 2, 1], [1, 0, 0, 0, 0]));
        one.close().await;
        other.close().await;
        let app = old.upgraded().await;
        assert_eq!(ours.due_item_count, due_count(&app, &app.admin).await);
        assert_eq!(app.walk("/due?kind=profile_unknown", 200).await.len(), 452);
    }

    async fn the_first_start_says_in_a_line_for_each_organisation_what_changed_and_later_ones_do_not(on: On) {
        let old = calm(on).await;
        // Whatever is done at the console first, the program that serves says it.
        assert_eq!(run(&["user", "list", "--database-url", &old.url]).0, Some(0));
        let told = |server: &Server| {
            let lines = server.said.lines().filter(|line| line.contains("follows new rules"));
            lines.map(str::to_owned).collect::<Vec<String>>()
        };
        let server = Server::start(&old.url);
        let lines = told(&server);
        assert_eq!(lines.len(), 2, "{}", server.said);
        assert!(
            lines.iter().any(|line| line.contains("tiers that are unknown now: 3, tiers that are higher: 1, approvals out of date: 3, certificates that are over: 2, refusals that keep nothing of an approval before: 1,")),
            "{lines:?}"
        );
        assert!(lines.iter().any(|line| line.contains("tiers that are unknown now: 1, tiers that are higher: 0,")), "{lines:?}");
        // Numbers only: a log is read by more people than a register.
        assert!(!lines.iter().any(|line| line.contains("Alder") || line.contains("Larch")), "{lines:?}");
        drop(server);
        assert_eq!(told(&Server::start(&old.url)), [""; 0]);
    }

    async fn the_doctor_knows_a_list_that_is_not_what_follows(on: On) {
        let old = calm(on).await;
        let due = || {
            let (_, out, _) = run(&["doctor", "--json", "--database-url", &old.url]);
            let report: Value = serde_json::from_str(&out).expect("a report");
            let found = report["findings"].as_array().expect("findings").iter().find(|found| found["what"] == "due");
            found.map(|found| (text(found, "mark").to_owned(), format!("{}: {}", text(found, "finding"), found["advice"])))
        };
        assert_eq!(due(), None, "nothing is known of it before the schema is up to date");
        assert_eq!(run(&["user", "list", "--database-url", &old.url]).0, Some(0));
        let (mark, said) = due().expect("a finding");
        assert!(mark == "good" && said.contains("items, each as it follows"), "{mark} {said}");

        let one = "(SELECT min(id) FROM due_item WHERE kind = 'contract_end')";
        let supplier = one_text(&old.url, &format!("SELECT supplier_id FROM due_item WHERE id = {one}")).await;
        change(&old.url, &format!("DELETE FROM due_item WHERE id = {one}")).await;
        let (mark, said) = due().expect("a finding");
        assert!(mark == "look" && said.contains("of \"Larch House\", 1 items of what is due and 0 lines") && said.contains(&supplier), "{mark} {said}");
        change(&old.url, "UPDATE upgrade SET done_at = NULL, supplier_id = ''").await;
        let (mark, said) = due().expect("a finding");
        assert!(mark == "look" && said.contains("not yet derived by the rules of this program"), "{mark} {said}");
        // The next start does what is not done yet; whoever took the item away has to take it from the numbers too.
        for table in ["due_count", "due_month_count"] {
            change(&old.url, &format!("UPDATE {table} SET item_count = item_count - 1 WHERE kind = 'contract_end'")).await;
        }
        assert_eq!(run(&["user", "list", "--database-url", &old.url]).0, Some(0));
        assert_eq!(due().expect("a finding").0, "good");
        change(&old.url, "UPDATE due_count SET item_count = item_count + 1 WHERE kind = 'condition'").await;
        let (mark, said) = due().expect("a finding");
        assert!(mark == "wrong" && said.contains("1 of the numbers that are kept"), "{mark} {said}");
        change(&old.url, "UPDATE due_count SET item_count = item_count - 1 WHERE kind = 'condition'").await;
        change(&old.url, "UPDATE register_count SET item_count = item_count + 1 WHERE sort = 'knocked_out'").await;
        change(&old.url, "DELETE FROM register_count WHERE sort = 'risks'").await;
        let (mark, said) = due().expect("a finding");
        assert!(mark == "wrong" && said.contains("of the numbers that are kept"), "{mark} {said}");
    }
}
