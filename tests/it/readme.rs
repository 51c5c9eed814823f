//! The README's ten minutes work as written.

use std::process::Command;

use crate::{
    harness::{On, empty_database},
    server::Server,
};

#[tokio::test]
async fn the_ten_minutes_of_the_readme_end_in_a_register_with_a_scored_supplier() {
    let readme = include_str!("../../README.md");
    let section = readme.split("\n## ").find(|section| section.starts_with("Ten minutes")).expect("the section");
    let blocks = section.split("```sh\n").skip(1).filter_map(|rest| rest.split_once("```").map(|(block, _)| block));
    let (url, folder) = empty_database(On::Sqlite).await;
    let folder = folder.expect("a folder");
    let server = Server::start(&url);
    let mut script = format!("set -eu\nexport KEY={}\n", server.key);
    for block in blocks.filter(|block| !block.contains("cargo run") && !block.contains("export KEY")) {
        script.push_str(&block.replace("http://127.0.0.1:8080", &server.address));
    }
    let run = Command::new("bash").arg("-c").arg(&script).current_dir(&folder.0).output().expect("bash runs");
    assert!(run.status.success(), "{}\n{}", String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    let register = std::fs::read_to_string(folder.0.join("register.csv")).expect("a register.csv");
    let mut rows = csv::Reader::from_reader(register.as_bytes());
    let names = rows.headers().expect("a header").clone();
    let row = rows.records().next().expect("a line").expect("that reads");
    let cell = |name: &str| {
        names
            .iter()
            .position(|known| known == name)
            .and_then(|at| row.get(at))
            .unwrap_or_else(|| panic!("a column {name} in {names:?}"))
    };
    assert_eq!(
        (cell("name"), cell("tier"), cell("decision")),
        ("Bright Linen Services", "medium", "approved_with_conditions")
    );
    assert_eq!(cell("identifiers"), "GB-COH:04142000");
    let score = |name: &str| cell(name).parse::<f64>().expect("a score");
    assert!(score("security.claimed") > score("security.evidenced") && score("security.evidenced") > 0.0, "{row:?}");
}
