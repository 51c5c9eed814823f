//! Any text as an edition in CSV.
#![no_main]

use diligence_fuzz::{must_hold, seeds, small_editions};
use diligence_questionnaires::Edition;
use libfuzzer_sys::fuzz_target;

fuzz_target!(
    init: seeds(|| small_editions().iter().map(|edition| edition.to_csv().into_bytes()).collect()),
    |text: &str| {
        if let Ok(edition) = Edition::from_csv(text) {
            must_hold(&edition);
        }
    }
);
