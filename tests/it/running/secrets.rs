//! No secret is ever printed: every setting that can hold one, with every sign that people have in passwords, given in
//! every way in which it can be wrong.

use std::fs;

use crate::{harness::Folder, server::command};

/// What must never be said, in passwords of every kind.
const SECRET: &str = "hunter2";
const PASSWORDS: [&str; 10] = [
    "hunter2",
    "hunter2#x",
    "x#hunter2",
    "x/hunter2",
    "hunter2/x",
    "x?hunter2",
    "x@hunter2",
    "x hunter2 y",
    "x%hunter2",
    "x'hunter2\"",
];

/// A run of the program: what is set around it, what stands in its configuration file, and its arguments.
#[derive(Default)]
struct Run {
    around: Vec<(&'static str, String)>,
    file: Option<String>,
    arguments: Vec<String>,
}

impl Run {
    fn of(arguments: &[&str]) -> Self {
        Self { arguments: arguments.iter().map(|&argument| argument.to_owned()).collect(), ..Self::default() }
    }

    fn around(self, name: &'static str, value: &str) -> Self {
        Self { around: vec![(name, value.to_owned())], ..self }
    }

    fn file(self, text: String) -> Self {
        Self { file: Some(text), ..self }
    }
}

/// Every way to say where the database is or who sends letters, right and wrong. None of them ends in serving.
fn ways(password: &str) -> Vec<Run> {
    let database = format!("postgres://dil:{password}@127.0.0.1:1/d");
    let sender = format!("smtps://dil:{password}@127.0.0.1:1");
    let half = format!("postgres://dil:{password}");
    let never = ["--client-connections", "0"];
    let mut ways = vec![
        Run::of(&["key", "list", "--database-url", &database]),
        Run::of(&["key", "list", &format!("--database-url={half}")]),
        Run::of(&["key", "list"]).around("DATABASE_URL", &database),
        Run::of(&["key", "list"]).around("DATABASE_URL", &half),
        Run::of(&["key", "list"]).file(format!("database_url = {database:?}\n")),
        Run::of(&["key", "list"]).file(format!("database_url = {database}\n")),
        Run::of(&["key", "list"]).file(format!("max_connections = {database:?}\n")),
        Run::of(&["key", "list"]).file(format!("{database:?} = 1\n")),
        Run::of(&["key", "list", "--database-url", "sqlite://none.db", "--config", &database]),
        // Too much on the line, misspelt, and in pieces where a space was not quoted.
        Run::of(&["key", "list", &database]),
        Run::of(&[&database]),
        Run::of(&["key", "list", "--databse-url", &database]),
        Run::of(&["key", "list", &format!("--databse-url={database}")]),
        Run::of(&[["key", "list", "--database-url"].as_slice(), &database.split(' ').collect::<Vec<_>>()].concat()),
        Run::of(&[["--database-url"].as_slice(), &database.split(' ').collect::<Vec<_>>(), &never].concat()),
        Run::of(&["health", "--url", &database]),
        Run::of(&["backup", "copy.db", "--database-url", &database]),
        Run::of(&["serve", "--smtp-url", &sender]),
        Run::of(&["serve", "--smtp-url", &sender.replace("smtps", "smpt"), "--smtp-from", "a@example.org"]),
        Run::of(&["serve", "--smtp-url", "smtp://127.0.0.1:1", "--smtp-from", &sender]),
        Run::of(&["serve"]).around("DILIGENCE_SMTP_URL", &sender),
        Run::of(&["serve"]).file(format!("smtp_url = {sender:?}\n")),
        Run::of(&[
            "doctor",
            "--database-url",
            "sqlite://none.db",
            "--smtp-url",
            &sender,
            "--smtp-from",
            "a@example.org",
        ]),
        Run::of(&["doctor", "--database-url", &database]),
    ];
    for flag in
        ["--public-url", "--listen", "--trusted-proxies", "--max-connections", "--log-level", "--metrics-listen"]
    {
        ways.push(Run::of(&["serve", flag, &database, never[0], never[1]]));
    }
    ways
}

/// Runs it in an empty folder and gives what it printed, and whether it was content.
fn printed(number: usize, run: &Run) -> (bool, String) {
    let name = format!("diligence_secrets_{}_{number}", std::process::id());
    let folder = Folder(std::env::temp_dir().join(name));
    fs::create_dir_all(&folder.0).expect("a folder");
    let arguments: Vec<&str> = run.arguments.iter().map(String::as_str).collect();
    let mut command = command(&arguments);
    command.current_dir(&folder.0).envs(run.around.iter().map(|(name, value)| (*name, value)));
    if let Some(text) = &run.file {
        fs::write(folder.0.join("settings.toml"), text).expect("a file");
        command.env("DILIGENCE_CONFIG", "settings.toml");
    }
    let output = command.output().expect("it runs");
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    (output.status.success(), said)
}

#[test]
fn no_password_is_printed_however_wrong_the_setting_is_that_holds_it() {
    let mut number = 0;
    for password in PASSWORDS {
        for run in ways(password) {
            number += 1;
            let (is_content, said) = printed(number, &run);
            let told = format!("{:?} {:?} {:?}", run.arguments, run.around, run.file);
            assert!(!is_content && !said.trim().is_empty(), "{told}: {said}");
            assert!(!said.contains(SECRET), "{told}: {said}");
        }
    }
}

#[test]
fn the_manual_shows_no_secret_that_is_set_around_it() {
    for (number, arguments) in [
        ["serve", "--help"].as_slice(),
        &["doctor", "--help"],
        &["key", "list", "--help"],
        &["--help"],
        &["man", "serve"],
    ]
    .into_iter()
    .enumerate()
    {
        let run = Run::of(arguments);
        let url = |scheme: &str| format!("{scheme}://dil:{SECRET}@127.0.0.1:1");
        let around = vec![("DATABASE_URL", url("postgres")), ("DILIGENCE_SMTP_URL", url("smtps"))];
        let (is_content, said) = printed(10_000 + number, &Run { around, ..run });
        assert!(is_content && said.contains("database") && !said.contains(SECRET), "{arguments:?}: {said}");
    }
}

#[test]
fn what_stands_in_a_file_of_a_key_is_not_printed() {
    for (number, key) in ["hunter2", "hunter2 with spaces in it", "hunter2\nand another line"].into_iter().enumerate() {
        let name = format!("diligence_secrets_key_{}_{number}", std::process::id());
        let folder = Folder(std::env::temp_dir().join(name));
        fs::create_dir_all(&folder.0).expect("a folder");
        let place = folder.0.join("key");
        fs::write(&place, key).expect("a file");
        let place = place.to_str().expect("text");
        for flags in [
            ["--metrics-key-file", place, "--metrics-listen", "127.0.0.1:0"],
            ["--tls-key", place, "--tls-certificate", place],
            ["--config", place, "--metrics-listen", "127.0.0.1:0"],
        ] {
            let run = Run::of(&[["serve", "--listen", "127.0.0.1:0"].as_slice(), &flags].concat());
            let (is_content, said) = printed(20_000 + number, &run);
            assert!(!is_content && !said.contains(SECRET), "{flags:?}: {said}");
        }
    }
}
