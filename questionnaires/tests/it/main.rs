//! What is known about the engine: one binary, a module for each subject.

#![expect(clippy::unwrap_used, unreachable_pub, reason = "tests")]

mod agreement;
mod agreement_library;
mod answers;
mod carry;
mod changes;
mod documents;
mod edges;
mod examples;
mod explain;
mod faults;
mod harness;
mod library;
mod library_editions;
mod merge;
mod movement;
mod outsiders;
mod points;
mod properties;
mod receipts;
mod second_evaluator;
mod spreadsheet;
mod table;
mod translation;
mod workbook;
