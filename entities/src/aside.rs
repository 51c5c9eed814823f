//! Work that takes a processor for long: done beside the threads that answer requests.

use sea_orm::DbErr;

use crate::error::Error;

/// Does some work on a thread where nobody else waits, such as reading a document of megabytes.
///
/// # Errors
/// [`Error::Database`], our own failure, where the work did not come to its end.
pub(crate) async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Error::Database(DbErr::Custom(format!("work was broken off: {error}"))))
}
