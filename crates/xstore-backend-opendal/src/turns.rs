//! Operations that come to their end also when nobody waits for them any more.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::sync::{Semaphore, oneshot};
use xstore_backend::{Error, ErrorKind, Result};

#[cfg(test)]
mod tests;

/// How long an operation may go on after its future was dropped.
const GRACE: Duration = Duration::from_secs(30);

/// Lets so many operations run at once, each on a task of its own. Where a connection is a process and a handshake, it
/// costs too much to break one off in the middle, and more of them than can be used.
#[derive(Clone)]
pub(crate) struct Turns(Arc<Semaphore>);

impl Turns {
    /// So many at once.
    pub(crate) fn new(at_once: usize) -> Self {
        Self(Arc::new(Semaphore::new(at_once)))
    }

    /// Waits for a turn, and then for the work. Dropped before its turn it does nothing.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        let ended =
            || Error::new(ErrorKind::Unavailable, "the runtime is shutting down").with_retryable(false);
        let turn = Arc::clone(&self.0).acquire_owned().await.map_err(|_| ended())?;
        let (waiting, nobody_waits) = oneshot::channel::<()>();
        let task = tokio::spawn(async move {
            let _turn = turn;
            match select(pin!(work), nobody_waits).await {
                Either::Left((result, _)) => Some(result),
                Either::Right((_, work)) => tokio::time::timeout(GRACE, work).await.ok(),
            }
        });
        let result = task.await;
        drop(waiting);
        match result {
            Ok(Some(result)) => result,
            // Its message was printed by the task; the error shows none of it.
            Err(error) if error.is_panic() => Err(Error::new(ErrorKind::Other, "the operation panicked")),
            Ok(None) | Err(_) => Err(ended()),
        }
    }
}
