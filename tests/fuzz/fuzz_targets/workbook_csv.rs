//! Any text as a form in CSV.
#![no_main]

use diligence_fuzz::{every_kind, must_fit, seeds, some_answers};
use diligence_questionnaires::workbook::{Form, read_csv, write_csv};
use diligence_questionnaires::{Answers, Edition};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static EDITION: LazyLock<Edition> = LazyLock::new(every_kind);

fn forms() -> Vec<Vec<u8>> {
    let form = |answers: &Answers| {
        write_csv(&Form { edition: &EDITION, answers, visible: None, facts: &[], assessment: None }).into_bytes()
    };
    vec![form(&Answers::new()), form(&some_answers(&EDITION))]
}

fuzz_target!(
    init: seeds(forms),
    |text: &str| {
        if let Ok(answers) = read_csv(text, &EDITION) {
            must_fit(&EDITION, &answers);
        }
    }
);
