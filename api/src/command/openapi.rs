//! `diligence openapi`.

use super::{Failure, print};
use crate::document;

pub(super) fn run(respondent: bool) -> Result<(), Failure> {
    let text = if respondent { document::respondent_text() } else { document::text() };
    let text = text.map_err(|faults| Failure::other(format!("the document is inconsistent: {}", faults.join("; "))))?;
    print(text)
}
