//! `diligence openapi`.

use super::{Failure, print};
use crate::document;

pub(super) fn run() -> Result<(), Failure> {
    let text = document::text().map_err(|faults| Failure::other(format!("the document is inconsistent: {}", faults.join("; "))))?;
    print(text)
}
