//! What is known about the engine: one binary, a module for each subject.

#![expect(clippy::unwrap_used, unreachable_pub, reason = "tests")]

mod answers;
mod documents;
mod examples;
mod faults;
mod harness;
mod properties;
mod receipts;
