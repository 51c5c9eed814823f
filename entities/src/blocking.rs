//! Work that takes a processor for long: done beside the threads that answer requests.

use std::sync::Arc;

use sea_orm::DbErr;
use tokio::sync::Semaphore;

use crate::error::Error;

/// Does some work on a thread where nobody else waits, such as reading a document of megabytes.
///
/// # Errors
/// [`Error::Database`], our own failure, where the work did not come to its end.
pub(crate) async fn run_blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Error::Database(DbErr::Custom(format!("a blocking task panicked or was cancelled: {error}"))))
}

/// Where work that takes much memory is done: a few pieces at a time, and a few more that wait.
///
/// A piece keeps its seat until it is done, also where whoever asked for it has hung up meanwhile: a thread cannot be
/// called back.
#[derive(Debug)]
pub(crate) struct Seats {
    seats: Arc<Semaphore>,
    queue: Arc<Semaphore>,
}

impl Seats {
    pub(crate) fn new(at_once: usize, waiting: usize) -> Self {
        Self { seats: Arc::new(Semaphore::new(at_once)), queue: Arc::new(Semaphore::new(at_once + waiting)) }
    }

    /// Does some work when there is a seat for it.
    ///
    /// # Errors
    /// [`Error::Busy`] where too many wait already; as [`run_blocking`].
    pub(crate) async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        let place = Arc::clone(&self.queue).try_acquire_owned().map_err(|_| Error::Busy)?;
        let seat = Arc::clone(&self.seats).acquire_owned().await.map_err(|_| Error::Busy)?;
        run_blocking(move || {
            let done = work();
            drop((seat, place));
            done
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            atomic::{AtomicUsize, Ordering},
            mpsc,
        },
        time::Duration,
    };

    use super::*;

    #[tokio::test]
    async fn work_whose_asker_hung_up_keeps_its_seat_until_it_is_done() {
        let seats = Arc::new(Seats::new(2, 20));
        let (open, closed) = mpsc::channel::<()>();
        let (begun, most) = (Arc::new(AtomicUsize::new(0)), 22);
        let door = Arc::new(std::sync::Mutex::new(closed));
        let asked: Vec<_> = (0..most)
            .map(|_| {
                let (seats, begun, door) = (Arc::clone(&seats), Arc::clone(&begun), Arc::clone(&door));
                tokio::spawn(async move {
                    seats
                        .run(move || {
                            begun.fetch_add(1, Ordering::SeqCst);
                            // Until the door opens.
                            let _ = door.lock().map(|door| door.recv_timeout(Duration::from_secs(60)));
                        })
                        .await
                })
            })
            .collect();
        while begun.load(Ordering::SeqCst) < 2 {
            tokio::task::yield_now().await;
        }
        assert!(matches!(seats.run(|| ()).await, Err(Error::Busy)), "one more than may wait");
        for one in asked {
            one.abort();
            let _ = one.await;
        }
        // Nobody waits any more, and two still work.
        assert_eq!(
            (begun.load(Ordering::SeqCst), seats.seats.available_permits(), seats.queue.available_permits()),
            (2, 0, most - 2)
        );
        drop(open);
        assert!(seats.run(|| ()).await.is_ok());
    }
}
