//! Receipts at the command line: computed again from the file alone, and what differs is named.

use diligence_questionnaires::PortableReceipt;
use serde_json::{Value, json};

use crate::{
    assessments::{approved, certificate, good},
    harness::{App, On, empty_database, id},
    server::command,
};

fn verify(text: &str, name: &str) -> (Option<i32>, String) {
    let path = std::env::temp_dir().join(format!("diligence_receipt_{}_{name}.json", std::process::id()));
    std::fs::write(&path, text).expect("a file");
    let run = command(&["receipt", "verify", &path.display().to_string()]).output().expect("the program runs");
    std::fs::remove_file(path).expect("gone");
    (run.status.code(), format!("{}{}", String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr)))
}

#[tokio::test]
async fn a_receipt_is_verified_from_the_exported_file_alone_and_says_exactly_what_differs() {
    let app = App::open(On::Sqlite).await;
    let supplier = app.supplier("Harbour").await;
    let paper = certificate(&app, &supplier, "2027-12-31").await;
    let assessment = approved(&app, &supplier, good(&paper)).await;
    let receipt = app.get(&app.viewer, &format!("/assessments/{}/receipt", id(&assessment))).await.text;
    let (code, said) = verify(&receipt, "good");
    assert!(
        code == Some(0)
            && said.contains("the receipt holds: house-check 2027.1 on 2027-03-01, claimed 100.0, evidenced 100.0"),
        "{said}"
    );
    let changed = |pointer: &str, to: Value| {
        let mut file: Value = serde_json::from_str(&receipt).expect("JSON");
        *file.pointer_mut(pointer).expect("a place") = to;
        file.to_string()
    };
    for (name, pointer, to, told) in [
        (
            "score",
            "/receipt/outcome/claimed",
            json!(90.0),
            "/outcome/claimed: the receipt says 90.0, computed again it is 100.0",
        ),
        (
            "answer",
            "/answers/mfa/value",
            json!("no"),
            "/outcome/claimed: the receipt says 100.0, computed again it is 50.0",
        ),
        (
            "named",
            "/answers/mfa/value",
            json!("no"),
            "the answer to \"Is a second factor asked for?\" (mfa), or its review, is not the one that was decided on",
        ),
        ("evidence", "/basis/evidence/0/expires_on", json!("2027-01-01"), "/outcome/evidenced: the receipt says 100.0"),
        ("words", "/edition/sections/0/title", json!("Another"), "/edition_hash: the receipt says"),
        ("unfit", "/answers/mfa/value", json!("perhaps"), "/answers/mfa/value: expected one of"),
    ] {
        let (code, said) = verify(&changed(pointer, to), name);
        assert!(code == Some(6) && said.contains(told), "{name}: {said}");
    }
    assert_eq!(verify("{", "broken").0, Some(6));
    // A rule that came after the questionnaire was published changes nothing of what was proved by it.
    let mut file = PortableReceipt::from_json(&receipt).expect("a portable receipt");
    file.edition.sections[0].questions[0].text = "\u{a0}".to_owned();
    file.receipt = file.recomputed();
    let (code, said) = verify(&serde_json::to_string(&file).expect("JSON"), "older");
    assert!(
        code == Some(0) && said.contains("the receipt holds") && said.contains("/edition/sections/0/questions/0/text"),
        "{said}"
    );
}

#[tokio::test]
async fn a_questionnaire_is_written_checked_published_and_exported_at_the_command_line() {
    let (url, folder) = empty_database(On::Sqlite).await;
    let folder = folder.expect("a folder");
    let run = |arguments: &[&str]| {
        let run =
            command(arguments).current_dir(&folder.0).env("DATABASE_URL", &url).output().expect("the program runs");
        (
            run.status.code(),
            String::from_utf8_lossy(&run.stdout).into_owned(),
            String::from_utf8_lossy(&run.stderr).into_owned(),
        )
    };
    let fine = |arguments: &[&str]| {
        let (code, out, errors) = run(arguments);
        assert_eq!(code, Some(0), "{arguments:?}: {errors}");
        out
    };
    fine(&[
        "key",
        "create",
        "--create-organisation",
        "--organisation",
        "Meadow View",
        "--role",
        "admin",
        "--name",
        "x",
    ]);
    fine(&["questionnaire", "new", "our-visitors", "--title", "Visitors", "--output", "ours.yaml"]);
    assert!(fine(&["questionnaire", "check", "ours.yaml"]).contains("3 questions, no faults"));
    let written = std::fs::read_to_string(folder.0.join("ours.yaml")).expect("a file");
    std::fs::write(
        folder.0.join("cut.yaml"),
        format!("{written}# fine\n").replacen("title: ", "title: Badge #1 of ", 1),
    )
    .expect("a file");
    let said = fine(&["questionnaire", "check", "cut.yaml"]);
    assert!(said.contains("no faults\n  is this meant? line ") && said.contains("(comment_in_text)"), "{said}");
    assert!(fine(&["questionnaire", "preview", "ours.yaml"]).contains("Do your people wear a badge"));
    assert!(fine(&["questionnaire", "what-if", "ours.yaml", "--organisation", "Meadow View"]).contains("\"summary\""));
    fine(&["questionnaire", "publish", "ours.yaml", "--organisation", "Meadow View"]);
    assert_eq!(run(&["questionnaire", "publish", "ours.yaml", "--organisation", "Meadow View"]).0, Some(6));
    let written = std::fs::read_to_string(folder.0.join("ours.yaml")).expect("a file");
    assert_eq!(fine(&["questionnaire", "export", "our-visitors", "--organisation", "Meadow View"]), written);
    std::fs::write(folder.0.join("later.yaml"), written.replace("points: 50", "points: 60")).expect("a file");
    let diff = fine(&["questionnaire", "diff", "ours.yaml", "later.yaml"]);
    assert!(
        diff.contains("changed question checked (scores)") && diff.contains("/bands/at_least_90/points: 50 → 60"),
        "{diff}"
    );
    fine(&[
        "questionnaire",
        "new",
        "our-charter",
        "--title",
        "Ours",
        "--extends",
        "nhs-cyber-charter",
        "--output",
        "charter.yaml",
    ]);
    fine(&["questionnaire", "publish", "charter.yaml", "--organisation", "Meadow View"]);
    // Whatever takes a questionnaire takes what an extension makes of its base.
    assert!(fine(&["questionnaire", "preview", "charter.yaml"]).contains("(our-charter "));
    std::fs::write(folder.0.join("none.json"), "{}").expect("a file");
    fine(&["questionnaire", "score", "charter.yaml", "none.json"]);
    assert!(
        fine(&["questionnaire", "diff", "charter.yaml", "charter.yaml"]).contains("equal answers give equal scores")
    );
    assert!(fine(&["questionnaire", "translate", "charter.yaml", "cy"]).contains("questionnaire: our-charter"));
    fine(&["questionnaire", "sheet", "charter.yaml", "--format", "csv", "--output", "charter.csv"]);
    assert_eq!(fine(&["questionnaire", "answers", "charter.yaml", "charter.csv"]), "{}\n");
    // An extension is known by what it says, however it is written.
    let charter = std::fs::read_to_string(folder.0.join("charter.yaml")).expect("a file");
    std::fs::write(folder.0.join("quoted.yaml"), charter.replace("\nbase:", "\n\"base\" :")).expect("a file");
    assert!(fine(&["questionnaire", "check", "quoted.yaml"]).contains("our-charter"));
    assert!(fine(&["questionnaire", "translate", "ours.yaml", "cy"]).contains("language: cy"));
    fine(&["questionnaire", "sheet", "ours.yaml", "--format", "csv", "--output", "ours.csv"]);
    assert_eq!(fine(&["questionnaire", "answers", "ours.yaml", "ours.csv"]), "{}\n");
    std::fs::write(folder.0.join("wrong.yaml"), written.replace("type: yes_no", "type: yesno")).expect("a file");
    let (code, _, errors) = run(&["questionnaire", "check", "wrong.yaml"]);
    assert!(code == Some(6) && errors.contains("line 24, column 15"), "{errors}");
}
