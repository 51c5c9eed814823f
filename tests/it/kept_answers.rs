//! Answers that are kept: never older than the last change, never for someone else, and kept where they can be.

use std::sync::atomic::{AtomicU64, Ordering};

use diligence_entities::scope::{Store, StoreOptions};
use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};
use serde_json::{Value, json};

use crate::harness::{App, Person, both, id, text};

/// Another program on the same database.
async fn beside(app: &App) -> App {
    let options = StoreOptions { url: app.url.clone(), max_connections: 4, clock: app.clock.clone() };
    App::on(Store::open(options).await.expect("a second program"), app)
}

/// What is read of a supplier in each way that is kept.
async fn seen(app: &App, who: &Person, path: &str) -> [Value; 3] {
    let one = app.get(who, path).await.json(200);
    let of = |list: Value, field: &str| {
        let items = list["items"].as_array().expect("a list").clone();
        items.into_iter().find(|item| item[field] == one["id"]).expect("it is listed")
    };
    let listed = of(app.get(who, "/suppliers?limit=200").await.json(200), "id");
    let line = of(app.get(who, "/register?limit=200").await.json(200), "subject_id");
    [one.clone(), listed, line]
}

/// How many statements this takes.
async fn statements(app: &App, path: &str) -> u64 {
    let before = app.store.statement_count();
    app.get(&app.viewer, path).await.json(200);
    app.store.statement_count() - before
}

both! {
    async fn a_change_shows_in_whatever_is_read_after_it_here_and_beside(app: App) {
        let other = beside(&app).await;
        let mut supplier = app.supplier("Harbour").await;
        let path = format!("/suppliers/{}", id(&supplier));
        for (number, writer) in [&app, &other, &app, &app, &other].into_iter().enumerate() {
            for program in [&app, &other] {
                let [one, listed, line] = seen(program, &app.viewer, &path).await;
                assert_eq!((&one, &listed, &line["name"]), (&supplier, &supplier, &supplier["name"]));
                assert_eq!(seen(program, &app.viewer, &path).await[0], supplier, "it is kept");
            }
            let change = json!({ "name": format!("Harbour {number}") });
            supplier = writer.patch(&app.editor, &path, &supplier, change).await.json(200);
        }
        let counts = async |program: &App| program.get(&app.viewer, "/register/summary").await.json(200)["supplier_count"].clone();
        assert_eq!((counts(&app).await, counts(&other).await), (json!(1), json!(1)));
        other.supplier("Haven").await;
        assert_eq!((counts(&app).await, counts(&other).await), (json!(2), json!(2)));
        app.delete(&app.editor, &path, &supplier).await;
        assert_eq!([app.get(&app.viewer, &path).await.status, other.get(&app.viewer, &path).await.status], [404, 404]);
        assert_eq!((counts(&app).await, counts(&other).await), (json!(1), json!(1)));
    }

    async fn no_answer_is_older_than_the_last_change_that_was_acknowledged(app: App) {
        let other = beside(&app).await;
        let suppliers = [app.supplier("Harbour").await, app.supplier("Haven").await, app.supplier("Quay").await];
        let acknowledged: Vec<AtomicU64> = suppliers.iter().map(|_| AtomicU64::new(0)).collect();
        let (changes, are_at_work) = (25, AtomicU64::new(2));
        let write = async |program: &App, which: usize| {
            let path = format!("/suppliers/{}", id(&suppliers[which]));
            let mut supplier = suppliers[which].clone();
            for number in 1..=changes {
                let change = json!({ "notes": number.to_string() });
                supplier = program.patch(&app.editor, &path, &supplier, change).await.json(200);
                acknowledged[which].store(number, Ordering::SeqCst);
            }
            are_at_work.fetch_sub(1, Ordering::SeqCst);
        };
        let number = |supplier: &Value| supplier["notes"].as_str().map_or(0, |notes| notes.parse().expect("a number"));
        let read = async |program: &App| {
            let mut reads = 0_u64;
            while are_at_work.load(Ordering::SeqCst) > 0 || reads < 50 {
                let before: Vec<u64> = acknowledged.iter().map(|number| number.load(Ordering::SeqCst)).collect();
                let listed = program.get(&app.viewer, "/suppliers").await.json(200);
                for (supplier, before) in suppliers.iter().zip(before) {
                    let items = listed["items"].as_array().expect("a list");
                    let listed = items.iter().find(|item| item["id"] == supplier["id"]).expect("it is listed");
                    let one = program.get(&app.viewer, &format!("/suppliers/{}", id(supplier))).await.json(200);
                    assert!(number(listed) >= before && number(&one) >= before, "older than {before}: {listed} {one}");
                }
                reads += 1;
            }
        };
        let readers = [&app, &other, &app, &other].map(&read);
        let [first, second, third, fourth] = readers;
        tokio::join!(write(&app, 0), write(&other, 1), first, second, third, fourth);
        assert_eq!(acknowledged.iter().map(|number| number.load(Ordering::SeqCst)).collect::<Vec<_>>(), [25, 25, 0]);
    }

    async fn what_is_asked_for_again_costs_one_question_until_something_changes(app: App) {
        let (first, second) = (app.supplier("Harbour").await, app.supplier("Haven").await);
        let (path, product) = (format!("/suppliers/{}", id(&first)), app.product(&second, "Chart").await);
        let of_product = format!("/products/{}", id(&product));
        let all = [path.as_str(), &of_product, "/suppliers", "/products?limit=10", "/register", "/register/summary"];
        for path in all {
            statements(&app, path).await;
            assert_eq!(statements(&app, path).await, 1, "{path}");
        }
        // A change of another supplier leaves what follows from one row alone; nothing else.
        let change = json!({ "notes": "New" });
        let second = app.patch(&app.editor, &format!("/suppliers/{}", id(&second)), &second, change.clone()).await.json(200);
        assert_eq!(statements(&app, &path).await, 1);
        for path in ["/suppliers", "/register", "/register/summary"] {
            assert!(statements(&app, path).await > 1, "{path}");
        }
        // What others change is not known by its rows.
        let other = beside(&app).await;
        other.patch(&app.editor, &format!("/suppliers/{}", id(&second)), &second, json!({ "notes": "Newer" })).await.json(200);
        assert!(statements(&app, &path).await > 1);
        assert_eq!(statements(&app, &path).await, 1);
        // A day later another day's answer is asked for.
        app.goes_to("2027-03-02");
        assert!(statements(&app, "/register/summary").await > 1);
    }

    async fn what_is_kept_is_nobody_elses(app: App) {
        let supplier = app.supplier("Harbour").await;
        let path = format!("/suppliers/{}", id(&supplier));
        let key = async |scope: &str| {
            let made = app.post(&app.admin, "/keys", json!({ "name": scope, "role": "editor", "scope": scope })).await.json(201);
            (made.clone(), Person { key: Some(text(&made, "secret").to_owned()) })
        };
        let ((of_register, register), (_, import)) = (key("register_only").await, key("import_only").await);
        for _ in 0..2 {
            for person in [&app.viewer, &app.admin, &register] {
                assert_eq!(app.get(person, &path).await.json(200), supplier);
            }
            for (person, status) in [(&app.neighbour, 404), (&app.stranger, 401), (&import, 403)] {
                assert_eq!(app.get(person, &path).await.status, status);
            }
            assert_eq!(app.get(&app.viewer, &format!("{path}?unknown=1")).await.status, 422);
        }
        app.act(&app.admin, &format!("/keys/{}/revoke", id(&of_register)), &of_register, None).await.json(200);
        assert_eq!(app.get(&register, &path).await.status, 401, "a permission that was taken away");
        let answer = app.get(&app.viewer, &path).await;
        let again = app.get(&app.viewer, &path).await;
        for name in ["etag", "content-type", "cache-control"] {
            assert!(!again.header(name).is_empty() && answer.header(name) == again.header(name), "{name}");
        }
        assert_ne!(answer.header("x-request-id"), again.header("x-request-id"));
    }

    async fn whatever_is_done_to_a_register_is_read_as_if_nothing_were_kept(app: App) {
        // Each step is one change, by one of two programs; after each the two read alike, and as a third does that has kept nothing.
        let steps = prop::collection::vec((0..6_u8, any::<bool>(), 0..3_usize), 12..20);
        let steps = steps.new_tree(&mut TestRunner::deterministic()).expect("steps").current();
        let other = beside(&app).await;
        let mut suppliers = vec![app.processor("Harbour").await, app.minor("Haven").await, app.supplier("Quay").await];
        for (number, (step, is_beside, which)) in steps.into_iter().enumerate() {
            let program = if is_beside { &other } else { &app };
            let path = format!("/suppliers/{}", id(&suppliers[which]));
            let supplier = program.get(&app.viewer, &path).await.json(200);
            let subject = json!(id(&supplier));
            match step {
                0 => drop(program.patch(&app.editor, &path, &supplier, json!({ "notes": number.to_string() })).await.json(200)),
                1 => drop(program.post(&app.editor, "/risks", json!({ "subject_id": subject, "title": "Late", "likelihood": 4, "impact": 4 })).await.json(201)),
                2 => drop(program.post(&app.editor, "/incidents", json!({ "subject_id": subject, "title": "Down", "severity": "high", "occurred_on": "2027-01-20" })).await.json(201)),
                3 => drop(program.product(&supplier, &format!("Chart {number}")).await),
                4 => suppliers.push(program.supplier(&format!("New {number}")).await),
                _ => {
                    let verb = if supplier["status"] == "archived" { "restore" } else { "archive" };
                    drop(program.act(&app.editor, &format!("{path}/{verb}"), &supplier, None).await.json(200));
                }
            }
            let fresh = beside(&app).await;
            let paths = suppliers.iter().map(|supplier| format!("/suppliers/{}", id(supplier)));
            let lists = ["/suppliers", "/products", "/register", "/register/summary"].map(str::to_owned);
            for path in paths.chain(lists) {
                let expected = fresh.get(&app.viewer, &path).await.json(200);
                for program in [&app, &other] {
                    assert_eq!(program.get(&app.viewer, &path).await.json(200), expected, "{path} after step {number} ({step})");
                }
            }
            fresh.store.close().await;
        }
    }
}
