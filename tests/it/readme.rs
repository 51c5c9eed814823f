//! The README's ten minutes work as written.

use std::process::Command;

use crate::{
    harness::{On, empty_database},
    server::{Server, program},
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

#[tokio::test]
async fn the_commands_that_fill_the_register_from_a_list_do_what_they_say() {
    let readme = include_str!("../../README.md");
    let section = readme.split("\n## ").find(|section| section.starts_with("Filling it")).expect("the section");
    let blocks = section.split("```sh\n").skip(1).filter_map(|rest| rest.split_once("```").map(|(block, _)| block));
    let (url, folder) = empty_database(On::Sqlite).await;
    let folder = folder.expect("a folder");
    let mut script = String::from("set -eu\ndiligence() { \"$PROGRAM\" \"$@\"; }\n");
    blocks.for_each(|block| script.push_str(block));
    script.push_str("diligence export suppliers --organisation \"My organisation\" --output after.csv\n");
    let run = Command::new("bash")
        .args(["-c", &script])
        .env("PROGRAM", program())
        .env("DATABASE_URL", &url)
        .current_dir(&folder.0)
        .output()
        .expect("bash runs");
    let (told, wrong) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert!(run.status.success(), "{told}\n{wrong}");
    assert!(told.contains("2 new, 0 changed, 0 unchanged, 0 refused"), "{told}");
    let rows = |name: &str| {
        let text = std::fs::read_to_string(folder.0.join(name)).expect("an export");
        csv::Reader::from_reader(text.as_bytes()).records().count()
    };
    assert_eq!(
        (rows("export.csv"), rows("after.csv")),
        (2, 1),
        "the first import was undone, and one row came in since"
    );
    let to_mend = std::fs::read_to_string(folder.0.join("to-mend.csv")).expect("what is to be mended");
    assert!(to_mend.contains("Amber Catering,nowhere at all,") && !to_mend.contains("Willow"), "{to_mend}");
}
