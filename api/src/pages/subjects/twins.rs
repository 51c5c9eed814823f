//! What stands on the pages of suppliers and products of their twins: where one went that was merged, and who may be the
//! one that is entered.

use diligence_entities::{error::Error, merger, scope::Reader, twin::Twinned};

use crate::pages::{
    format,
    page::{PageResult, redirect},
};

/// Where one is sent who asks for something that went into another.
pub(in crate::pages) async fn elsewhere(reader: &Reader, id: &str, error: Error) -> PageResult {
    match (&error, merger::merged_into(reader, id).await?) {
        (Error::NotFound, Some(id)) => Ok(redirect(&format::subject_href(&id))),
        _ => Err(error.into()),
    }
}

/// Where those are, and what they are called, that something new may be.
pub(in crate::pages) fn links(twins: Vec<Twinned>) -> Vec<(String, String)> {
    twins.into_iter().map(|twin| (format::subject_href(&twin.id), twin.name)).collect()
}
